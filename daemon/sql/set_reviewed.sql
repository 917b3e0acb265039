-- Keeps that all cases have been reviewed.  $1 epoch, $2 size of the log with the publication.
SELECT rectify.set_reviewed($1::bigint, $2::bigint)

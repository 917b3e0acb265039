-- Throws away what stood still since $1, at most $2 of a kind.
SELECT rectify.sweep_uploads($1::timestamptz, $2::integer)

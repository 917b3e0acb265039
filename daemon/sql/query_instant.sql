-- When the last event of a log was recorded.  $1 size of the log, NULL: of all; no row for an empty one.
SELECT e.recorded FROM rectify.event AS e
WHERE e.log_index = coalesce($1::bigint, (SELECT h.size FROM rectify.head AS h)) - 1

-- The event that issued a supervision order, as query_ledger_steps.  $1 year, $2 serial, $3 readable units, $4 readable teams ($3
-- and $4 NULL: all), $5 size of the log, NULL: all.
SELECT e.log_index, e.case_no, e.recorded, e.actor, e.record, x.body, f.record,
  (x.body IS NOT NULL AND rectify.is_restricted(c.flags, c.case_no, c.finding_of))::integer
FROM rectify.supervision_order AS o JOIN rectify.event AS e ON e.log_index = o.log_index
JOIN rectify.case_ AS c ON c.case_no = e.case_no
JOIN rectify.event AS f ON f.case_no = e.case_no AND f.version = 1
LEFT JOIN rectify.private AS x ON x.log_index = e.log_index AND NOT CASE WHEN $5::bigint IS NULL
  THEN rectify.is_restricted(c.flags, c.case_no, c.finding_of) ELSE rectify.was_restricted(c.case_no, c.finding_of, $5) END
WHERE o.year = $1::integer AND o.serial = $2::integer
  AND ($3::integer[] IS NULL OR c.unit = ANY ($3) OR c.team = ANY ($4::integer[]))
  AND e.log_index < coalesce($5::bigint, (SELECT h.size FROM rectify.head AS h))

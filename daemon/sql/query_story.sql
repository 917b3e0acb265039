-- The history of a case from its first event on, for the fold that explains it.  $1 case number, $2 rows.
SELECT e.record, x.body
FROM rectify.event AS e LEFT JOIN rectify.private AS x ON x.log_index = e.log_index
WHERE e.case_no = $1::bigint ORDER BY e.version LIMIT $2::integer

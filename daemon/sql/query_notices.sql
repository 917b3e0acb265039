-- One page of notices.  $1 officer or NULL, $2 case number or NULL, $3 last id of the page before, $4 rows.
SELECT n.id, n.case_no, n.kind, n.copy, n.recipient, n.officer, n.created, n.instead_of, n.digest
FROM rectify.notice AS n
WHERE n.id > $3::bigint AND ($1::integer IS NULL OR n.officer = $1)
  AND ($2::bigint IS NULL OR n.id / 16 = ANY (SELECT e.log_index FROM rectify.event AS e WHERE e.case_no = $2))
ORDER BY n.id LIMIT $4::integer

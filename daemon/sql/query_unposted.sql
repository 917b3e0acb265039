-- Notices that are in no letter, with what templates need.  The case as it stands now, its finding's text, the event that caused the
-- notice and what was said with it.  $1 last id of the page before, $2 rows.
SELECT n.id, n.case_no, n.kind, n.copy, n.recipient, n.officer, n.created, n.instead_of, n.digest,
  e.version, e.command, e.rule, e.record, t.body, c.state, f.unit_code, f.inspection, f.category, f.code, x.body
FROM rectify.notice AS n
JOIN rectify.event AS e ON e.log_index = n.id / 16
JOIN rectify.case_ AS c ON c.case_no = n.case_no
JOIN rectify.finding AS f ON f.case_no = c.finding_of
LEFT JOIN rectify.private AS t ON t.log_index = e.log_index
LEFT JOIN rectify.private AS x ON x.log_index = f.log_index
WHERE n.id > $1::bigint AND n.id >= (SELECT m.posted_until FROM rectify.letter_mark AS m)
  AND NOT EXISTS (SELECT FROM rectify.letter_notice AS k WHERE k.notice = n.id)
ORDER BY n.id LIMIT $2::integer

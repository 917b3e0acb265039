-- One page of the evidence of a case.  $1 case number, $2 and $3 log index and ordinal of the last row of the page before, $4 rows.
-- Whose the event was has uploaded the file, or it is not stored; with its event it is erased.
SELECT v.log_index, v.ordinal, v.kind, v.sha256, v.name, v.size, v.measure, e.version, e.actor, e.recorded,
  u.done_at IS NOT NULL AND NOT c.erased AND r.erased_index IS NULL, c.type, coalesce(c.erased, false) OR r.erased_index IS NOT NULL,
  (SELECT min(o.case_no) FROM rectify.evidence AS o WHERE o.sha256 = v.sha256 AND o.case_no > 0 AND o.case_no <> v.case_no)
FROM rectify.evidence AS v
JOIN rectify.event AS e ON e.log_index = v.log_index
LEFT JOIN rectify.erasure AS r ON r.text_index = v.log_index
LEFT JOIN rectify.content AS c ON c.sha256 = v.sha256
LEFT JOIN rectify.upload AS u ON u.sha256 = v.sha256 AND u.officer = e.actor AND u.done_at IS NOT NULL
WHERE v.case_no = $1::bigint AND (v.log_index, v.ordinal) > ($2::bigint, $3::smallint)
ORDER BY v.log_index, v.ordinal
LIMIT $4::integer

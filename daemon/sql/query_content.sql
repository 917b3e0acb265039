-- Some parts of a file that was handed in for a case by somebody who brought it, in an event that was not erased.  $1 case number, $2 SHA-256, $3 the last part of the
-- page before, $4 how many at most.
SELECT p.n, p.bytes
FROM rectify.content AS c
JOIN rectify.content_part AS p ON p.sha256 = c.sha256 AND p.officer = c.officer
WHERE c.sha256 = $2::bytea AND NOT c.erased AND p.n > $3::integer AND EXISTS (
  SELECT FROM rectify.evidence AS v
  JOIN rectify.event AS e ON e.log_index = v.log_index
  JOIN rectify.upload AS u ON u.sha256 = v.sha256 AND u.officer = e.actor AND u.done_at IS NOT NULL
  WHERE v.case_no = $1::bigint AND v.sha256 = c.sha256 AND NOT EXISTS (
    SELECT FROM rectify.erasure AS r WHERE r.text_index = v.log_index AND r.erased_index IS NOT NULL))
ORDER BY p.n
LIMIT $4::integer

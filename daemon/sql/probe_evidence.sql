-- The first other case that the same bytes were handed in for, with its state.  $1 hashes, $2 the case each is handed in
-- for now (0: a new one).  Rows are numbered as asked, from 1; a hash that no other case has gives none.
SELECT q.n, c.case_no, c.state
FROM unnest($1::bytea[], $2::bigint[]) WITH ORDINALITY AS q (sha256, own, n)
CROSS JOIN LATERAL (
  SELECT e.case_no FROM rectify.evidence AS e
  WHERE e.sha256 = q.sha256 AND e.case_no > 0 AND e.case_no <> q.own ORDER BY e.case_no LIMIT 1) AS first
JOIN rectify.case_ AS c ON c.case_no = first.case_no
ORDER BY q.n

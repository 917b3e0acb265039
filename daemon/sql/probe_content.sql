-- Which files are here, and came from whom hands them in.  $1 hashes, $2 officers.  Rows are numbered as asked, from 1; what is not
-- here gives none.
SELECT q.n
FROM unnest($1::bytea[], $2::integer[]) WITH ORDINALITY AS q (sha256, officer, n)
JOIN rectify.content AS c ON c.sha256 = q.sha256 AND NOT c.erased
JOIN rectify.upload AS u ON u.sha256 = q.sha256 AND u.officer = q.officer AND u.done_at IS NOT NULL
ORDER BY q.n

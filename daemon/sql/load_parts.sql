-- Some parts of an upload, in order.  $1 SHA-256, $2 officer, $3 the first one, $4 how many at most.
SELECT p.bytes FROM rectify.content_part AS p
WHERE p.sha256 = $1::bytea AND p.officer = $2::integer AND p.n >= $3::integer ORDER BY p.n LIMIT $4::integer

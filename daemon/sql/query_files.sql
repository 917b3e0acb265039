-- Files of evidence, hashed again, for the doctor; a line each.  $1 the number of the last one of the page before, $2 rows, of which
-- so many are taken as are hashed in a moment.
SELECT concat_ws(E'\t', 'file', encode(f.sha256, 'hex'), f.size, f.erased::integer, coalesce(encode(s.hashed, 'hex'), 'none'),
    coalesce(s.bytes, 0)), f.number, 0::bigint
FROM (
  SELECT c.*, sum(c.size) OVER (ORDER BY c.number) - c.size AS before
  FROM (SELECT * FROM rectify.content AS a WHERE a.number > $1::bigint ORDER BY a.number LIMIT $2::integer) AS c) AS f
CROSS JOIN LATERAL (
  SELECT sha256(string_agg(p.bytes, '' ORDER BY p.n)) AS hashed, sum(octet_length(p.bytes)) AS bytes
  FROM rectify.content_part AS p WHERE p.sha256 = f.sha256 AND p.officer = f.officer) AS s
WHERE f.before < 67108864
ORDER BY f.number

-- As probe_problems.sql, of problems that were found so often that reading each of their findings takes too long: from day to day through the
-- index, and of each day no more findings than count, $4.
WITH RECURSIVE days (n, unit_code, code, day) AS (
  SELECT q.n, q.unit_code, q.code, q.first_day - 1
  FROM unnest($1::text[], $2::text[], $3::date[]) WITH ORDINALITY AS q (unit_code, code, first_day, n)
  UNION ALL
  SELECT d.n, d.unit_code, d.code, f.found_on FROM days AS d CROSS JOIN LATERAL (
    SELECT k.found_on FROM rectify.finding AS k
    WHERE k.unit_code = d.unit_code AND k.code = d.code AND k.found_on > d.day ORDER BY k.found_on LIMIT 1) AS f)
SELECT d.n, d.day, c.count FROM days AS d CROSS JOIN LATERAL (
  SELECT count(*) FROM (
    SELECT FROM rectify.finding AS f WHERE f.unit_code = d.unit_code AND f.code = d.code AND f.found_on = d.day LIMIT $4::bigint) AS k) AS c
WHERE c.count > 0 AND d.day >= ($3::date[])[d.n]

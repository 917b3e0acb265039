-- As probe_kinds.sql, of kinds that were found so often that reading each of their findings takes too long: from day to day through the
-- index, and of each day no more findings than count, $4.
WITH RECURSIVE days (n, parent_code, category, day) AS (
  SELECT q.n, q.parent_code, q.category, q.first_day - 1
  FROM unnest($1::text[], $2::text[], $3::date[]) WITH ORDINALITY AS q (parent_code, category, first_day, n)
  UNION ALL
  SELECT d.n, d.parent_code, d.category, f.found_on FROM days AS d CROSS JOIN LATERAL (
    SELECT k.found_on FROM rectify.finding AS k
    WHERE k.parent_code = d.parent_code AND k.category = d.category AND k.found_on > d.day ORDER BY k.found_on LIMIT 1) AS f)
SELECT d.n, d.day, c.count FROM days AS d CROSS JOIN LATERAL (
  SELECT count(*) FROM (
    SELECT FROM rectify.finding AS f
    WHERE f.parent_code = d.parent_code AND f.category = d.category AND f.found_on = d.day LIMIT $4::bigint) AS k) AS c
WHERE c.count > 0 AND d.day >= ($3::date[])[d.n]

-- Findings on record of the same problem, by the day they were found on.  $1 unit codes, $2 codes, $3 first days, $4 how many are read of a
-- problem, the youngest first: one that gives so many may have more, probe_many_problems.sql.  Rows are numbered as asked, from 1; a problem without
-- findings gives none.
SELECT q.n, d.found_on, d.count
FROM unnest($1::text[], $2::text[], $3::date[]) WITH ORDINALITY AS q (unit_code, code, first_day, n)
CROSS JOIN LATERAL (
  SELECT k.found_on, count(*) FROM (
    SELECT f.found_on FROM rectify.finding AS f
    WHERE f.unit_code = q.unit_code AND f.code = q.code AND f.found_on >= q.first_day ORDER BY f.found_on DESC LIMIT $4::bigint) AS k
  GROUP BY k.found_on) AS d

-- Findings on record of the same problem, by the day they were found on.  $1 unit codes, $2 codes, $3 first and $4 last
-- days, $5 how many are read of a problem, the youngest first: one that gives so many may have more, probe_many_problems.sql.  Rows are
-- numbered as asked, from 1; a problem without findings gives none.
SELECT q.n, d.found_on, d.count
FROM unnest($1::text[], $2::text[], $3::date[], $4::date[]) WITH ORDINALITY AS q (unit_code, code, first_day, last_day, n)
CROSS JOIN LATERAL (
  SELECT k.found_on, count(*) FROM (
    SELECT f.found_on FROM rectify.finding AS f
    WHERE f.unit_code = q.unit_code AND f.code = q.code AND f.found_on BETWEEN q.first_day AND q.last_day
    ORDER BY f.found_on DESC LIMIT $5::bigint) AS k
  GROUP BY k.found_on ORDER BY k.found_on DESC) AS d

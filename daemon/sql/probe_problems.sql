-- Findings on record of the same problem, by the day they were found on.  $1 unit codes, $2 codes, $3 first days, $4 how far
-- to count those of one day.  Rows are numbered as asked, from 1; a problem without findings gives none.
SELECT q.n, d.found_on, least(d.count, $4::integer)
FROM unnest($1::text[], $2::text[], $3::date[]) WITH ORDINALITY AS q (unit_code, code, first_day, n)
CROSS JOIN LATERAL (
  SELECT f.found_on, count(*) FROM rectify.finding AS f
  WHERE f.unit_code = q.unit_code AND f.code = q.code AND f.found_on >= q.first_day GROUP BY f.found_on) AS d

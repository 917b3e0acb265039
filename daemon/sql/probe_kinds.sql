-- Findings on record of the same kind, by the day they were found on.  $1 codes of the units above, $2 categories, $3 first and $4 last
-- days, $5 how many are read of a kind, the youngest first: one that gives so many may have more, probe_many_kinds.sql.  Rows are
-- numbered as asked, from 1; a kind without findings gives none.
SELECT q.n, d.found_on, d.count
FROM unnest($1::text[], $2::text[], $3::date[], $4::date[]) WITH ORDINALITY AS q (parent_code, category, first_day, last_day, n)
CROSS JOIN LATERAL (
  SELECT k.found_on, count(*) FROM (
    SELECT f.found_on FROM rectify.finding AS f
    WHERE f.parent_code = q.parent_code AND f.category = q.category AND f.found_on BETWEEN q.first_day AND q.last_day
    ORDER BY f.found_on DESC LIMIT $5::bigint) AS k
  GROUP BY k.found_on ORDER BY k.found_on DESC) AS d

-- Findings on record of the same kind, by the day they were found on.  $1 codes of the units above, $2 categories, $3 first
-- days, $4 how many are read of a kind, the youngest first: one that gives so many may have more, probe_many_kinds.sql.  Rows are numbered as
-- asked, from 1; a kind without findings gives none.
SELECT q.n, d.found_on, d.count
FROM unnest($1::text[], $2::text[], $3::date[]) WITH ORDINALITY AS q (parent_code, category, first_day, n)
CROSS JOIN LATERAL (
  SELECT k.found_on, count(*) FROM (
    SELECT f.found_on FROM rectify.finding AS f
    WHERE f.parent_code = q.parent_code AND f.category = q.category AND f.found_on >= q.first_day ORDER BY f.found_on DESC LIMIT $4::bigint) AS k
  GROUP BY k.found_on) AS d

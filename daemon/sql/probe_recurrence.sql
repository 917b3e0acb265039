-- Earlier findings of the same problem and of the same kind, in the order asked.  $1 unit codes, $2 codes,
-- $3 codes of the units above, $4 categories, $5 first and $6 last day of the window of the same problem, $7 first day of
-- the window of the same kind (the last day is $6), $8 and $9 how far to count the one and the other.  An empty code or
-- category is not counted: it says nothing.
SELECT
  (SELECT count(*) FROM (
    SELECT FROM rectify.finding AS f
    WHERE q.code <> '' AND f.unit_code = q.unit_code AND f.code = q.code
      AND f.found_on BETWEEN q.problem_from AND q.until LIMIT $8::integer) AS same_problem),
  (SELECT count(*) FROM (
    SELECT FROM rectify.finding AS f
    WHERE q.category <> '' AND q.parent_code <> '' AND f.parent_code = q.parent_code AND f.category = q.category
      AND f.found_on BETWEEN q.kind_from AND q.until LIMIT $9::integer) AS same_kind)
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::date[], $7::date[])
  WITH ORDINALITY AS q (unit_code, code, parent_code, category, problem_from, until, kind_from, n)
ORDER BY q.n

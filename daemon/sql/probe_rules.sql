-- The case whose rule was in force against findings of this kind when they were found.  With its state; the newest rule
-- where there are several.  $1 codes of the units above, $2 categories, $3 days found.  Rows are numbered as asked, from 1; a
-- finding that no rule stood against gives none, nor does one without a category: it is of no kind.
SELECT q.n, c.case_no, c.state
FROM unnest($1::text[], $2::text[], $3::date[]) WITH ORDINALITY AS q (parent_code, category, found_on, n)
CROSS JOIN LATERAL (
  SELECT r.case_no FROM rectify.rule_document AS r
  WHERE q.category <> '' AND q.parent_code <> '' AND r.parent_code = q.parent_code AND r.category = q.category
    AND r.effective_on <= q.found_on
  ORDER BY r.effective_on DESC, r.log_index DESC LIMIT 1) AS newest
JOIN rectify.case_ AS c ON c.case_no = newest.case_no
ORDER BY q.n

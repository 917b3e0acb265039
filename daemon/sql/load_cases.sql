-- One page of the cases with a timer: every open one, and closed ones whose look-back or decision is to come.  $1 last case
-- number of the page before, $2 rows.
SELECT case_no, state FROM rectify.case_
WHERE case_no > $1::bigint AND timed ORDER BY case_no LIMIT $2::integer

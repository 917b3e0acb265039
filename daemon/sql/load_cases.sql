-- One page of open cases.  $1 last case number of the page before, $2 rows.
SELECT case_no, state FROM rectify.case_ WHERE case_no > $1::bigint AND status <= 6 ORDER BY case_no LIMIT $2::integer

-- Cases that are not in memory.  $1 case numbers.
SELECT case_no, state FROM rectify.case_ WHERE case_no = ANY ($1::bigint[])

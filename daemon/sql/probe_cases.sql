-- Cases that are not in memory, and those that they follow from, which wait for them.  $1 case numbers.
SELECT c.case_no, c.state FROM rectify.case_ AS c WHERE c.case_no = ANY ($1::bigint[] || ARRAY(
  SELECT k.parent FROM rectify.case_ AS k WHERE k.case_no = ANY ($1) AND k.parent > 0))

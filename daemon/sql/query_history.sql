-- One page of the history of a case.  $1 case number, $2 last version of the page before, $3 rows.
SELECT e.log_index, e.record, x.body, x.salt, e.actor,
  (SELECT r.erased_index FROM rectify.erasure AS r WHERE r.text_index = e.log_index), e.version,
  s.body, s.signature, s.signer, s.salt
FROM rectify.event AS e LEFT JOIN rectify.private AS x ON x.log_index = e.log_index
  LEFT JOIN rectify.signature AS s ON s.log_index = e.log_index
WHERE e.case_no = $1::bigint AND e.version > $2::integer ORDER BY e.version LIMIT $3::integer

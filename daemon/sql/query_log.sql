-- One page of the log.  $1 first log index, $2 rows.
SELECT e.log_index, e.record, x.body, x.salt, e.actor, 0,
  s.body, s.signature, s.signer, s.salt
FROM rectify.event AS e LEFT JOIN rectify.private AS x ON x.log_index = e.log_index
  LEFT JOIN rectify.signature AS s ON s.log_index = e.log_index
WHERE e.log_index >= $1::bigint ORDER BY e.log_index LIMIT $2::integer

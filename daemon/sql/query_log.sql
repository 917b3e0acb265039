-- One page of the log.  $1 first log index, $2 rows.  The leaf is the one that the tiles keep: a record that was changed shows.
SELECT e.log_index, e.record, x.body, x.salt, e.actor,
  coalesce(
    (SELECT substring(t.hashes FROM (32 * (e.log_index % 256))::integer + 1 FOR 32) FROM rectify.tile AS t
     WHERE t.level = 0 AND t.n = e.log_index / 256),
    (SELECT substring(h.tail FROM (32 * (e.log_index % 256))::integer + 1 FOR 32) FROM rectify.head AS h)) AS leaf
FROM rectify.event AS e LEFT JOIN rectify.private AS x ON x.log_index = e.log_index
WHERE e.log_index >= $1::bigint ORDER BY e.log_index LIMIT $2::integer

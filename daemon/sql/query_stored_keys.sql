-- One page of clients' keys by the event that spoke of each last, for the doctor.  $1 last of the page before, $2 rows.
SELECT concat_ws(E'\t', 'key', k.log_index, encode(k.public_key, 'hex'), k.officer, k.kind, k.from_day - DATE '1970-01-01',
  k.until_day - DATE '1970-01-01', k.revoked::integer), k.log_index, 0::bigint
FROM rectify.client_key AS k WHERE k.log_index > $1::bigint ORDER BY k.log_index LIMIT $2::integer

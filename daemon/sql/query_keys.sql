-- One page of keys.  $1 officer or NULL, $2 last log index of the page before, $3 rows.
SELECT k.public_key, k.officer, k.from_day, k.until_day, k.revoked, k.log_index, k.kind
FROM rectify.client_key AS k
WHERE k.log_index > $2::bigint AND ($1::integer IS NULL OR k.officer = $1)
ORDER BY k.log_index LIMIT $3::integer

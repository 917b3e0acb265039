-- One page of tiles by (level, number), for the doctor.  $1 and $2 the last of the page before, $3 rows.
SELECT concat_ws(E'\t', 'tile', t.level, t.n, encode(sha256(t.hashes), 'hex')), t.level::bigint, t.n
FROM rectify.tile AS t WHERE (t.level, t.n) > ($1::bigint, $2::bigint) ORDER BY t.level, t.n LIMIT $3::integer

-- One page of signed heads.  $1 first size, $2 rows.
SELECT c.size, c.note FROM rectify.checkpoint AS c WHERE c.size >= $1::bigint ORDER BY c.size LIMIT $2::integer

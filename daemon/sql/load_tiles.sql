-- The full tiles under the open tile of the level above.  $1 levels, $2 first tile of each.
SELECT t.level, t.n, t.hashes
FROM unnest($1::smallint[], $2::bigint[]) AS w (level, n)
JOIN rectify.tile AS t ON t.level = w.level AND t.n >= w.n
ORDER BY t.level, t.n

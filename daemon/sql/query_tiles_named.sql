-- Tiles by name, those that are stored.  $1 levels, $2 numbers.
SELECT t.level, t.n, t.hashes
FROM unnest($1::smallint[], $2::bigint[]) AS w (level, n)
JOIN rectify.tile AS t ON t.level = w.level AND t.n = w.n

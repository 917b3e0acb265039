-- Full tiles from which the open tiles of an older log are made.  $1 what each range is for, $2 levels, $3 first and $4 last
-- tile of each range.
SELECT w.purpose, t.hashes
FROM unnest($1::integer[], $2::smallint[], $3::bigint[], $4::bigint[]) AS w (purpose, level, low, high)
JOIN rectify.tile AS t ON t.level = w.level AND t.n BETWEEN w.low AND w.high
ORDER BY w.purpose, t.n

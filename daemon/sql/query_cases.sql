-- One page of cases.  NULL parameters do not restrict.  $1 case numbers, $2 readable units, $3 readable teams ($2 and $3
-- NULL: all), $4 units asked for, $5 statuses, $6 tracks, $7 lights, $8 accountable, $9 open only, $10 due before,
-- $11 order by due instant, $12 and $13 cursor: due instant and case number of the last row, $14 rows, $15 with text,
-- $16 with state, $17 finding id, $18 handler.
SELECT c.case_no, f.id, c.version, c.state, f.unit_code, f.inspection, f.category, f.code, c.due_at, c.due_clock,
  CASE WHEN $15::boolean THEN x.body END, $16::boolean,
  c.status, c.track, c.light, c.unit, c.handler, c.verifier, c.accountable, c.team, c.opened_at, c.first_due_at,
  c.next_fire_at, c.closed_at
FROM rectify.case_ AS c
JOIN rectify.finding AS f ON f.case_no = c.case_no
LEFT JOIN rectify.private AS x ON $15::boolean AND x.log_index = f.log_index
WHERE ($1::bigint[] IS NULL OR c.case_no = ANY ($1))
  AND ($2::integer[] IS NULL OR c.unit = ANY ($2) OR c.team = ANY ($3::integer[]))
  AND ($4::integer[] IS NULL OR c.unit = ANY ($4))
  AND ($5::smallint[] IS NULL OR c.status = ANY ($5))
  AND ($6::smallint[] IS NULL OR c.track = ANY ($6))
  AND ($7::smallint[] IS NULL OR c.light = ANY ($7))
  AND ($8::integer IS NULL OR c.accountable = $8)
  AND (NOT $9::boolean OR c.status <= 6)
  AND ($10::timestamptz IS NULL OR c.due_at < $10)
  AND ($17::uuid IS NULL OR f.id = $17)
  AND ($18::integer IS NULL OR c.handler = $18)
  AND CASE WHEN $11::boolean
    THEN (coalesce(c.due_at, 'infinity'), c.case_no) > ($12::timestamptz, $13::bigint)
    ELSE c.case_no > $13 END
ORDER BY CASE WHEN $11 THEN coalesce(c.due_at, 'infinity') END, c.case_no
LIMIT $14::integer

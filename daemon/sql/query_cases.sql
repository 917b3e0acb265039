-- One page of cases by number.  NULL parameters do not restrict.  $1 case numbers, $2 readable units, $3 readable
-- teams ($2 and $3 NULL: all), $4 units asked for, $5 statuses, $6 tracks, $7 lights, $8 accountable, $9 open only, $10
-- due before, $11 last case number of the page before, $12 rows, $13 with text, $14 with state, $15 finding id,
-- $16 handler, $17 kinds, $18 severities, $19 inspection, $20 category, $21 team, $22 parent, $23 flags, all of them set.
-- A case that follows from another one shows that one's finding: finding_of.
-- The words of a restricted case are there only where one case was asked for by its number; then its reader is recorded.
SELECT c.case_no, f.id, c.version, c.state, f.unit_code, f.inspection, f.category, f.code, c.due_at, c.due_clock,
  CASE WHEN $13::boolean AND (coalesce(cardinality($1::bigint[]), 0) = 1 OR NOT r.restricted) THEN x.body END, $14::boolean,
  c.status, c.track, c.light, c.unit, c.handler, c.verifier, c.accountable, c.team, c.opened_at, c.first_due_at,
  c.next_fire_at, c.closed_at, c.flags, c.parent, c.finding_of,
  r.restricted::integer
FROM rectify.case_ AS c
JOIN rectify.finding AS f ON f.case_no = c.finding_of
CROSS JOIN LATERAL (SELECT rectify.is_restricted(c.flags, c.case_no, c.finding_of) AS restricted) AS r
LEFT JOIN rectify.private AS x ON $13::boolean AND x.log_index = f.log_index
WHERE ($1::bigint[] IS NULL OR c.case_no = ANY ($1))
  AND ($2::integer[] IS NULL OR c.unit = ANY ($2) OR c.team = ANY ($3::integer[]))
  AND ($4::integer[] IS NULL OR c.unit = ANY ($4))
  AND ($5::smallint[] IS NULL OR c.status = ANY ($5))
  AND ($6::smallint[] IS NULL OR c.track = ANY ($6))
  AND ($7::smallint[] IS NULL OR c.light = ANY ($7))
  AND ($8::integer IS NULL OR c.accountable = $8)
  AND (NOT $9::boolean OR c.status <= 6)
  AND ($10::timestamptz IS NULL OR c.due_at < $10)
  AND ($15::uuid IS NULL OR c.case_no = (SELECT e.case_no FROM rectify.event AS e WHERE e.key = $15 AND e.version = 1))
  AND ($16::integer IS NULL OR c.handler = $16)
  AND ($17::smallint[] IS NULL OR f.kind = ANY ($17))
  AND ($18::smallint[] IS NULL OR f.severity = ANY ($18))
  AND ($19::text IS NULL OR f.inspection = $19)
  AND ($20::text IS NULL OR f.category = $20)
  AND ($21::integer IS NULL OR c.team = $21)
  AND ($22::bigint IS NULL OR c.parent = $22)
  AND ($23::integer = 0 OR c.flags & $23 = $23)
  AND c.case_no > $11::bigint
ORDER BY c.case_no
LIMIT $12::integer

-- The events of a page of cases in an older log, to be folded.  $1 case numbers, $2 readable units, $3 readable teams ($2 and $3
-- NULL: all; whoever may read a case today may read its past), $4 finding id, $5 kinds, $6 severities, $7 inspection, $8
-- category, $9 team, $10 parent: what never changes of a case; what does is looked at when it is folded.  $11 first case
-- and $12 last version that was read of it, $13 size of the log, $14 cases, $15 events, $16 with text, $17 last case
-- to look at.  Facts of the finding
-- stand in the first row of each case.
WITH chosen AS MATERIALIZED (
  SELECT c.case_no, c.finding_of
  FROM rectify.case_ AS c JOIN rectify.finding AS f ON f.case_no = c.finding_of
  WHERE c.case_no BETWEEN $11::bigint AND $17::bigint
    AND ($1::bigint[] IS NULL OR c.case_no = ANY ($1))
    AND ($2::integer[] IS NULL OR c.unit = ANY ($2) OR c.team = ANY ($3::integer[]))
    AND ($4::uuid IS NULL OR c.case_no = (SELECT e.case_no FROM rectify.event AS e WHERE e.key = $4))
    AND ($5::smallint[] IS NULL OR f.kind = ANY ($5))
    AND ($6::smallint[] IS NULL OR f.severity = ANY ($6))
    AND ($7::text IS NULL OR f.inspection = $7)
    AND ($8::text IS NULL OR f.category = $8)
    AND ($9::integer IS NULL OR c.team = $9)
    AND ($10::bigint IS NULL OR c.parent = $10)
  ORDER BY c.case_no LIMIT $14::integer),
row AS (
  SELECT e.case_no, e.version, e.record, chosen.finding_of,
    row_number() OVER (PARTITION BY e.case_no ORDER BY e.version) AS n
  FROM chosen JOIN rectify.event AS e ON e.case_no = chosen.case_no
  WHERE e.log_index < $13::bigint AND (e.case_no > $11 OR e.version > $12::integer)
  ORDER BY e.case_no, e.version LIMIT $15::integer)
SELECT r.case_no, r.version, r.record, f.id, f.unit_code, f.inspection, f.category, f.code,
  CASE WHEN $16::boolean THEN x.body END
FROM row AS r
LEFT JOIN rectify.finding AS f ON r.n = 1 AND f.case_no = r.finding_of
LEFT JOIN rectify.private AS x ON r.n = 1 AND $16 AND x.log_index = f.log_index
ORDER BY r.case_no, r.version

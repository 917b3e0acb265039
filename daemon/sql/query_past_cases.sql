-- The events of a page of cases in an older log, to be folded.  $1 case numbers, $2 readable units, $3 readable teams ($2 and $3
-- NULL: all; whoever may read a case today may read its past), $4 finding id, $5 kinds, $6 severities, $7 inspection, $8
-- category, $9 team, $10 parent: what never changes of a case; what does is looked at when it is folded.  $11 first case
-- and $12 last version that was read of it, $13 size of the log, $14 cases, $15 events, $16 with text, $17 last case to
-- look at.  Facts of the finding stand in the first row of each case.
-- Whether it is restricted today stands in the last column but one; in the last, whether the case whose finding it is about was at
-- $18: accountability had been proposed (notice 7), or the office or the body had said so.
WITH chosen AS MATERIALIZED (
  SELECT c.case_no, f.id, f.log_index, f.unit_code, f.inspection, f.category, f.code,
    rectify.is_restricted(c.flags, c.case_no, c.finding_of) AS restricted,
    c.finding_of <> c.case_no AND (
      EXISTS (SELECT FROM rectify.event AS v JOIN rectify.notice AS n ON n.id BETWEEN v.log_index * 16 AND v.log_index * 16 + 15
        WHERE v.case_no = c.finding_of AND v.log_index + 0 < $13::bigint AND v.recorded <= $18::timestamptz AND n.kind = 7)
      OR coalesce((SELECT v.rule = 656 FROM rectify.event AS v
        WHERE v.case_no = c.finding_of AND v.log_index + 0 < $13::bigint AND v.recorded <= $18::timestamptz AND v.rule IN (656, 657)
        ORDER BY v.version DESC LIMIT 1), false)) AS was_restricted
  FROM rectify.case_ AS c JOIN rectify.finding AS f ON f.case_no = c.finding_of
  WHERE c.case_no BETWEEN $11::bigint AND $17::bigint
    AND ($1::bigint[] IS NULL OR c.case_no = ANY ($1))
    AND ($2::integer[] IS NULL OR c.unit = ANY ($2) OR c.team = ANY ($3::integer[]))
    AND ($4::uuid IS NULL OR c.case_no = (SELECT e.case_no FROM rectify.event AS e WHERE e.key = $4 AND e.version = 1))
    AND ($5::smallint[] IS NULL OR f.kind = ANY ($5))
    AND ($6::smallint[] IS NULL OR f.severity = ANY ($6))
    AND ($7::text IS NULL OR f.inspection = $7)
    AND ($8::text IS NULL OR f.category = $8)
    AND ($9::integer IS NULL OR c.team = $9)
    AND ($10::bigint IS NULL OR c.parent = $10)
  ORDER BY c.case_no LIMIT $14::integer),
row AS ( -- by cases (+ 0: not by the log, whose length must not count)
  SELECT c.*, e.version, e.record, e.at, row_number() OVER (PARTITION BY c.case_no ORDER BY e.version) AS n
  FROM chosen AS c CROSS JOIN LATERAL (
    SELECT v.version, v.record, v.log_index AS at FROM rectify.event AS v
    WHERE v.case_no = c.case_no AND v.log_index + 0 < $13::bigint AND (v.case_no > $11 OR v.version > $12::integer)
    ORDER BY v.version LIMIT $15::integer) AS e
  ORDER BY c.case_no, e.version LIMIT $15)
SELECT r.case_no, r.version, r.record, CASE WHEN r.n = 1 THEN r.id END, CASE WHEN r.n = 1 THEN r.unit_code END,
  CASE WHEN r.n = 1 THEN r.inspection END, CASE WHEN r.n = 1 THEN r.category END, CASE WHEN r.n = 1 THEN r.code END,
  CASE WHEN r.n = 1 AND $16::boolean THEN (SELECT x.body FROM rectify.private AS x WHERE x.log_index = r.log_index) END,
  r.at, r.restricted::integer, r.was_restricted::integer
FROM row AS r ORDER BY r.case_no, r.version

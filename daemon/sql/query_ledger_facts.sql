-- What the first events of cases say, for a ledger.  $1 case numbers, $2 for each how many of its events count, $3 readable units,
-- $4 readable teams ($3 and $4 NULL: all), $5 size of the log, NULL: all.  Rows by case and part: 1 plan, 2 progress, 3 found
-- put right, 4 looked back, 5 remark (the last accepted one of each: rules from 600 on accept, but for 620 and 621); 6 evidence since the finding, counted and named; 7 cases
-- that follow from it, with their first record, which says what for.  What was restricted then has no words; the last column: words of
-- what is restricted today.
WITH asked AS MATERIALIZED (
  SELECT a.case_no, a.version, rectify.is_restricted(c.flags, c.case_no, c.finding_of) AS restricted,
    CASE WHEN $5::bigint IS NULL THEN rectify.is_restricted(c.flags, c.case_no, c.finding_of)
      ELSE rectify.was_restricted(c.case_no, c.finding_of, $5) END AS closed
  FROM unnest($1::bigint[], $2::integer[]) AS a (case_no, version)
  JOIN rectify.case_ AS c ON c.case_no = a.case_no
  WHERE $3::integer[] IS NULL OR c.unit = ANY ($3) OR c.team = ANY ($4::integer[])),
done AS MATERIALIZED (
  SELECT a.case_no, a.restricted, a.closed, e.version, e.log_index, e.recorded, e.actor, e.command
  FROM asked AS a CROSS JOIN LATERAL (
    SELECT v.version, v.log_index, v.recorded, v.actor, v.command FROM rectify.event AS v
    WHERE v.case_no = a.case_no AND v.version <= a.version AND v.rule >= 600 AND v.rule NOT IN (620, 621) AND v.command <> 1) AS e),
last AS (
  SELECT DISTINCT ON (d.case_no, k.part) d.case_no, d.restricted, d.closed, k.part, d.log_index, d.recorded, d.actor, d.command
  FROM done AS d CROSS JOIN LATERAL (
    SELECT CASE d.command WHEN 6 THEN 1 WHEN 9 THEN 2 WHEN 19 THEN 3 WHEN 28 THEN 4 WHEN 29 THEN 4 WHEN 10 THEN 5 END) AS k (part)
  WHERE k.part IS NOT NULL ORDER BY d.case_no, k.part, d.version DESC)
SELECT l.case_no, l.part, l.recorded, l.actor, l.command, x.body, 0::bigint, NULL::bytea, (l.restricted AND x.body IS NOT NULL)::integer
FROM last AS l LEFT JOIN rectify.private AS x ON x.log_index = l.log_index AND NOT l.closed
UNION ALL
SELECT d.case_no, 6, NULL, 0, 0::smallint,
  CASE WHEN NOT d.closed THEN string_agg(nullif(v.name, ''), '; ' ORDER BY v.log_index, v.ordinal) END, count(*), NULL,
  (d.restricted AND NOT d.closed)::integer
FROM done AS d CROSS JOIN LATERAL ( -- (OFFSET 0: by the events, however few pieces the planner believes in)
  SELECT e.name, e.log_index, e.ordinal FROM rectify.evidence AS e
  WHERE e.log_index = d.log_index AND e.case_no = d.case_no OFFSET 0) AS v GROUP BY d.case_no, d.restricted, d.closed
UNION ALL
SELECT c.parent, 7, e.recorded, 0, 0::smallint, NULL, c.case_no, e.record, 0
FROM asked AS a JOIN rectify.case_ AS c ON c.parent = a.case_no AND c.parent > 0
JOIN rectify.event AS e ON e.case_no = c.case_no AND e.version = 1
WHERE e.log_index < coalesce($5::bigint, (SELECT h.size FROM rectify.head AS h))
ORDER BY 1, 2, 7

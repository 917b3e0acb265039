-- One page of the steps done on cases.  $1 first log index, NULL: the first one recorded at $3 or later, $2 rows, $4 and before this
-- instant (NULL: no end), $5 size of the log, NULL: all, $6 readable units, $7 readable teams (both NULL: all), $8 by this officer
-- (NULL: anybody), $9 how many events to look at.  Accepted ones (rules from 600 on, but for 620 and 621), without what the
-- daemon notes on other cases, and without who read a case; with the first record of the case, which says whose it was.
-- What was restricted then has no words; the last column: words of what is restricted today.
-- A last row without a case number: there is more, from that log index on.
WITH RECURSIVE log AS (SELECT coalesce($5::bigint, h.size) AS size FROM rectify.head AS h),
seek (low, high) AS ( -- instants do not run back in the log
  SELECT 0::bigint, log.size FROM log WHERE $1::bigint IS NULL
  UNION ALL
  SELECT CASE WHEN e.recorded < $3::timestamptz THEN (s.low + s.high) / 2 + 1 ELSE s.low END,
    CASE WHEN e.recorded < $3 THEN s.high ELSE (s.low + s.high) / 2 END
  FROM seek AS s CROSS JOIN LATERAL (
    SELECT v.recorded FROM rectify.event AS v WHERE v.log_index = (s.low + s.high) / 2 LIMIT 1) AS e
  WHERE s.low < s.high),
span AS (
  SELECT f.first, least(f.first + $9::bigint, log.size) AS beyond, log.size
  FROM log, (SELECT coalesce($1, (SELECT max(s.low) FROM seek AS s WHERE s.low >= s.high)) AS first) AS f),
step AS MATERIALIZED (
  SELECT e.log_index, e.case_no, e.recorded, e.actor, e.record, c.finding_of,
    rectify.is_restricted(c.flags, c.case_no, c.finding_of) AS restricted
  FROM rectify.event AS e JOIN rectify.case_ AS c ON c.case_no = e.case_no
  WHERE e.log_index >= (SELECT span.first FROM span) AND e.log_index < (SELECT span.beyond FROM span) -- (bounds of the index)
    AND e.rule >= 600 AND e.rule NOT IN (620, 621) AND e.command NOT IN (42, 43, 58)
    AND ($4::timestamptz IS NULL OR e.recorded < $4) AND ($8::integer IS NULL OR e.actor = $8)
    AND ($6::integer[] IS NULL OR c.unit = ANY ($6) OR c.team = ANY ($7::integer[]))
  ORDER BY e.log_index LIMIT $2::integer)
SELECT s.log_index, s.case_no, s.recorded, s.actor, s.record, x.body, f.record, (s.restricted AND x.body IS NOT NULL)::integer
FROM step AS s JOIN rectify.event AS f ON f.case_no = s.case_no AND f.version = 1
LEFT JOIN rectify.private AS x ON x.log_index = s.log_index
  AND NOT CASE WHEN $5 IS NULL THEN s.restricted ELSE rectify.was_restricted(s.case_no, s.finding_of, $5) END
UNION ALL
SELECT span.beyond, NULL, NULL, NULL, NULL, NULL, NULL, 0 FROM span
WHERE span.beyond < span.size AND (SELECT count(*) FROM step) < $2
  AND ($4 IS NULL OR (SELECT e.recorded FROM rectify.event AS e WHERE e.log_index = span.beyond) < $4)
ORDER BY 1

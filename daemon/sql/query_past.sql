-- The log as it was at an instant ($1; NULL: at its own last one) or at a size ($2; NULL: all that was recorded until $1).  The
-- present size, epoch, root, open tile; the size that is meant and its instant; the registry and calendar in force then.
-- Last, how many cases it has.  Neither instants nor case numbers run back in the log, so both are found by halving.
WITH RECURSIVE h AS (SELECT size, epoch, root, tail, cases FROM rectify.head),
seek (low, high) AS (
  SELECT 0::bigint, h.size FROM h WHERE $2::bigint IS NULL
  UNION ALL
  SELECT CASE WHEN e.recorded <= $1::timestamptz THEN (s.low + s.high) / 2 + 1 ELSE s.low END,
    CASE WHEN e.recorded <= $1 THEN s.high ELSE (s.low + s.high) / 2 END
  FROM seek AS s CROSS JOIN LATERAL (
    SELECT v.recorded FROM rectify.event AS v WHERE v.log_index = (s.low + s.high) / 2 LIMIT 1) AS e
  WHERE s.low < s.high),
cut AS (SELECT coalesce($2, (SELECT max(s.low) FROM seek AS s WHERE s.low >= s.high)) AS size),
accepted (low, high) AS ( -- the last case whose first event is in it lies in low to high
  SELECT 0::bigint, h.cases FROM h
  UNION ALL
  SELECT CASE WHEN e.log_index < cut.size THEN (a.low + a.high + 1) / 2 ELSE a.low END,
    CASE WHEN e.log_index < cut.size THEN a.high ELSE (a.low + a.high + 1) / 2 - 1 END
  FROM accepted AS a CROSS JOIN cut CROSS JOIN LATERAL (
    SELECT v.log_index FROM rectify.event AS v WHERE v.case_no = (a.low + a.high + 1) / 2 AND v.version = 1 LIMIT 1) AS e
  WHERE a.low < a.high)
SELECT h.size, h.epoch, h.root, h.tail, cut.size,
  coalesce($1, (SELECT e.recorded FROM rectify.event AS e WHERE e.log_index = cut.size - 1)),
  coalesce((SELECT max(d.version) FROM rectify.document AS d WHERE d.kind = 1 AND d.log_index < cut.size), 0),
  coalesce((SELECT max(d.version) FROM rectify.document AS d WHERE d.kind = 3 AND d.log_index < cut.size), 0),
  (SELECT max(a.low) FROM accepted AS a WHERE a.low >= a.high)
FROM h, cut

-- One page of the log.  $1 first log index, $2 rows, $3 whether to tell what the tables hold of each event: a line for each row
-- that follows from the record, as client/command/doctor_rows.c writes it from the record.  What hangs on the log's order is read once
-- for the whole page: event by event it takes four times as long.  What has no index by the log's order is looked up by the page's cases:
-- joined, the whole table would be read and hashed for each page.  The lines are sorted once: an ORDER BY within string_agg sorts each
-- event's for itself.  The leaf is the one that the tiles keep: a record that was changed shows; `|| ''` unpacks a tile once.  65540:
-- what is_restricted() looks at (0008_restricted.sql); it is called only where it may be true, for a call takes longer than the rest of a row.
WITH page AS MATERIALIZED (SELECT v.* FROM rectify.event AS v WHERE v.log_index >= $1::bigint ORDER BY v.log_index LIMIT $2::integer),
last AS MATERIALIZED (SELECT max(p.log_index) AS log_index FROM page AS p),
tiles AS MATERIALIZED (
  SELECT t.n, t.hashes || '' AS hashes FROM rectify.tile AS t
  WHERE t.level = 0 AND t.n BETWEEN $1::bigint / 256 AND (SELECT l.log_index FROM last AS l) / 256),
stored (log_index, part, line) AS (
  SELECT f.log_index, 1, concat_ws(E'\t', 'finding', f.id, f.team, f.unit, f.kind, f.severity, f.found_on - DATE '1970-01-01', f.unit_code,
    f.code, f.category, f.inspection)
  FROM rectify.finding AS f
  WHERE f.case_no = ANY (ARRAY(SELECT p.case_no FROM page AS p)) AND f.log_index BETWEEN $1::bigint AND (SELECT l.log_index FROM last AS l)
  UNION ALL
  SELECT n.id / 16, 16 + n.id % 16, concat_ws(E'\t', 'notice', n.id % 16, n.case_no, n.kind, n.copy::integer, n.recipient, n.officer,
    (extract(epoch FROM n.created) * 1000000)::bigint, n.instead_of)
  FROM rectify.notice AS n WHERE n.id BETWEEN $1::bigint * 16 AND (SELECT l.log_index FROM last AS l) * 16 + 15
  UNION ALL
  SELECT v.log_index, 32 + v.ordinal, concat_ws(E'\t', 'evidence', v.ordinal, v.case_no, v.kind, encode(v.sha256, 'hex'), v.measure)
  FROM rectify.evidence AS v WHERE v.log_index BETWEEN $1::bigint AND (SELECT l.log_index FROM last AS l)
  UNION ALL
  SELECT o.log_index, 1000000 + o.year * 1000000::bigint + o.serial, concat_ws(E'\t', 'order', o.year, o.serial)
  FROM rectify.supervision_order AS o
  WHERE o.case_no = ANY (ARRAY(SELECT p.case_no FROM page AS p)) AND o.log_index BETWEEN $1::bigint AND (SELECT l.log_index FROM last AS l)
  UNION ALL
  SELECT r.log_index, 100000000000, concat_ws(E'\t', 'rule', r.case_no, r.effective_on - DATE '1970-01-01', r.number)
  FROM rectify.rule_document AS r WHERE r.log_index BETWEEN $1::bigint AND (SELECT l.log_index FROM last AS l)
  UNION ALL
  SELECT d.log_index, 100000000001 + d.kind * 100000000::bigint + d.version, concat_ws(E'\t', 'document', d.kind, d.version, encode(d.sha256, 'hex'),
    encode(sha256(convert_to(d.body, 'UTF8')), 'hex'))
  FROM page AS p JOIN rectify.document AS d ON p.command = 50 AND d.log_index = p.log_index),
lines AS (
  SELECT s.log_index, string_agg(s.line, E'\n') AS all_of_it
  FROM (SELECT v.* FROM stored AS v WHERE $3::boolean ORDER BY v.log_index, v.part) AS s GROUP BY s.log_index)
SELECT e.log_index, e.record, x.body, x.salt, e.actor,
  (SELECT r.erased_index FROM rectify.erasure AS r WHERE r.text_index = e.log_index), e.version,
  s.body, s.signature, s.signer, s.salt, CASE WHEN $3::boolean THEN concat_ws(E'\n',
    concat_ws(E'\t', 'event', e.case_no, e.version, e.key, e.command, e.rule, e.actor, (extract(epoch FROM e.recorded) * 1000000)::bigint),
    n.all_of_it, '') END,
  coalesce(
    (SELECT substring(t.hashes FROM (32 * (e.log_index % 256))::integer + 1 FOR 32) FROM tiles AS t WHERE t.n = e.log_index / 256),
    (SELECT substring(h.tail FROM (32 * (e.log_index % 256))::integer + 1 FOR 32) FROM rectify.head AS h)) AS leaf,
  coalesce(CASE WHEN x.body IS NOT NULL THEN (SELECT rectify.is_restricted(c.flags, c.case_no, c.finding_of)::integer
    FROM rectify.case_ AS c WHERE c.case_no = e.case_no AND (c.flags & 65540 <> 0 OR c.finding_of <> c.case_no)) END, 0) AS restricted
FROM page AS e
LEFT JOIN rectify.private AS x ON x.log_index = e.log_index AND x.log_index BETWEEN $1::bigint AND (SELECT l.log_index FROM last AS l)
LEFT JOIN rectify.signature AS s ON s.log_index = e.log_index AND s.log_index BETWEEN $1::bigint AND (SELECT l.log_index FROM last AS l)
LEFT JOIN lines AS n ON n.log_index = e.log_index
ORDER BY e.log_index

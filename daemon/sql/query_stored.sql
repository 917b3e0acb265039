-- The head beside its root, and how many rows each table has, for the doctor; one look at all of them.  In the order that it expects:
-- a server with several processes for a query gives the parts of a UNION ALL in any.
SELECT s.line FROM (
  SELECT 0 AS nth, concat_ws(E'\t', 'head', h.size, h.cases, h.system_events, (extract(epoch FROM h.clock) * 1000000)::bigint,
    encode(sha256(h.frontier), 'hex'), encode(sha256(h.tail), 'hex')) AS line FROM rectify.head AS h
  UNION ALL SELECT 1, concat_ws(E'\t', 'count', 'event', count(*)) FROM rectify.event
  UNION ALL SELECT 2, concat_ws(E'\t', 'count', 'case', count(*)) FROM rectify.case_
  UNION ALL SELECT 3, concat_ws(E'\t', 'count', 'finding', count(*)) FROM rectify.finding
  UNION ALL SELECT 4, concat_ws(E'\t', 'count', 'notice', count(*)) FROM rectify.notice
  UNION ALL SELECT 5, concat_ws(E'\t', 'count', 'evidence', count(*)) FROM rectify.evidence
  UNION ALL SELECT 6, concat_ws(E'\t', 'count', 'order', count(*)) FROM rectify.supervision_order
  UNION ALL SELECT 7, concat_ws(E'\t', 'count', 'rule', count(*)) FROM rectify.rule_document
  UNION ALL SELECT 8, concat_ws(E'\t', 'count', 'document', count(*)) FROM rectify.document
  UNION ALL SELECT 9, concat_ws(E'\t', 'count', 'tile', count(*)) FROM rectify.tile
  -- Letters are in no record; but none tells anybody of another one's notice, or of one that was never written.
  UNION ALL SELECT 10, concat_ws(E'\t', 'count', 'letter_of_another', count(*))
  FROM rectify.letter_notice AS k JOIN rectify.letter AS l ON l.id = k.letter LEFT JOIN rectify.notice AS n ON n.id = k.notice
  WHERE n.officer IS DISTINCT FROM l.officer) AS s
ORDER BY s.nth

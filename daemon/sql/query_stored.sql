-- The head beside its root, and how many rows each table has, for the doctor; one look at all of them.
SELECT concat_ws(E'\t', 'head', h.size, h.cases, h.system_events, (extract(epoch FROM h.clock) * 1000000)::bigint,
  encode(sha256(h.frontier), 'hex'), encode(sha256(h.tail), 'hex')) FROM rectify.head AS h
UNION ALL SELECT concat_ws(E'\t', 'count', 'event', count(*)) FROM rectify.event
UNION ALL SELECT concat_ws(E'\t', 'count', 'case', count(*)) FROM rectify.case_
UNION ALL SELECT concat_ws(E'\t', 'count', 'finding', count(*)) FROM rectify.finding
UNION ALL SELECT concat_ws(E'\t', 'count', 'notice', count(*)) FROM rectify.notice
UNION ALL SELECT concat_ws(E'\t', 'count', 'evidence', count(*)) FROM rectify.evidence
UNION ALL SELECT concat_ws(E'\t', 'count', 'order', count(*)) FROM rectify.supervision_order
UNION ALL SELECT concat_ws(E'\t', 'count', 'rule', count(*)) FROM rectify.rule_document
UNION ALL SELECT concat_ws(E'\t', 'count', 'document', count(*)) FROM rectify.document
UNION ALL SELECT concat_ws(E'\t', 'count', 'tile', count(*)) FROM rectify.tile
-- Letters are in no record; but none tells anybody of another one's notice, or of one that was never written.
UNION ALL SELECT concat_ws(E'\t', 'count', 'letter_of_another', count(*))
FROM rectify.letter_notice AS k JOIN rectify.letter AS l ON l.id = k.letter LEFT JOIN rectify.notice AS n ON n.id = k.notice
WHERE n.officer IS DISTINCT FROM l.officer

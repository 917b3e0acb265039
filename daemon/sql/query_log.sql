-- One page of the log.  $1 first log index, $2 rows, $3 whether to tell what the tables hold of each event: a line for each row
-- that follows from the record, as client/command/doctor_rows.c writes it from the record.  Texts are looked up one
-- by one: merged in, each page would read all texts from the first on.
-- Whether the case is restricted is a value and not an EXISTS, for which the server would go through all cases, once a page.
-- The leaf is the one that the tiles keep: a record that was changed shows.
SELECT e.log_index, e.record, x.body, x.salt, e.actor,
  (SELECT r.erased_index FROM rectify.erasure AS r WHERE r.text_index = e.log_index), e.version,
  s.body, s.signature, s.signer, s.salt, CASE WHEN $3::boolean THEN concat(
  concat_ws(E'\t', 'event', e.case_no, e.version, e.key, e.command, e.rule, e.actor,
    (extract(epoch FROM e.recorded) * 1000000)::bigint) || E'\n',
  (SELECT concat_ws(E'\t', 'finding', f.id, f.team, f.unit, f.kind, f.severity, f.found_on - DATE '1970-01-01', f.unit_code, f.code,
     f.category, f.inspection) || E'\n'
   FROM rectify.finding AS f WHERE f.case_no = e.case_no AND f.log_index = e.log_index),
  (SELECT string_agg(concat_ws(E'\t', 'notice', n.id % 16, n.case_no, n.kind, n.copy::integer, n.recipient, n.officer,
     (extract(epoch FROM n.created) * 1000000)::bigint, n.instead_of) || E'\n', '' ORDER BY n.id)
   FROM rectify.notice AS n WHERE n.id BETWEEN e.log_index * 16 AND e.log_index * 16 + 15),
  (SELECT string_agg(concat_ws(E'\t', 'evidence', v.ordinal, v.case_no, v.kind, encode(v.sha256, 'hex'), v.measure) || E'\n', ''
     ORDER BY v.ordinal)
   FROM rectify.evidence AS v WHERE v.log_index = e.log_index),
  (SELECT string_agg(concat_ws(E'\t', 'order', o.year, o.serial) || E'\n', '' ORDER BY o.year, o.serial)
   FROM rectify.supervision_order AS o WHERE o.case_no = e.case_no AND o.log_index = e.log_index),
  (SELECT concat_ws(E'\t', 'rule', r.case_no, r.effective_on - DATE '1970-01-01', r.number) || E'\n'
   FROM rectify.rule_document AS r WHERE r.log_index = e.log_index),
  (SELECT string_agg(concat_ws(E'\t', 'document', d.kind, d.version, encode(d.sha256, 'hex'),
     encode(sha256(convert_to(d.body, 'UTF8')), 'hex')) || E'\n', '' ORDER BY d.kind, d.version)
   FROM rectify.document AS d WHERE e.command = 50 AND d.log_index = e.log_index)) END,
  coalesce(
    (SELECT substring(t.hashes FROM (32 * (e.log_index % 256))::integer + 1 FOR 32) FROM rectify.tile AS t
     WHERE t.level = 0 AND t.n = e.log_index / 256),
    (SELECT substring(h.tail FROM (32 * (e.log_index % 256))::integer + 1 FOR 32) FROM rectify.head AS h)) AS leaf,
  (x.body IS NOT NULL AND coalesce((SELECT rectify.is_restricted(c.flags, c.case_no, c.finding_of) FROM rectify.case_ AS c
    WHERE c.case_no = e.case_no), false))::integer AS restricted
FROM rectify.event AS e
LEFT JOIN LATERAL (SELECT p.body, p.salt FROM rectify.private AS p WHERE p.log_index = e.log_index LIMIT 1) AS x ON true
LEFT JOIN LATERAL (SELECT g.body, g.signature, g.signer, g.salt FROM rectify.signature AS g WHERE g.log_index = e.log_index LIMIT 1) AS s ON true
WHERE e.log_index >= $1::bigint ORDER BY e.log_index LIMIT $2::integer

-- append(): everything or nothing, and only what follows.
\ir lib.psql
SELECT * FROM no_plan();
CREATE FUNCTION pg_temp.counts() RETURNS text LANGUAGE sql AS $$
  SELECT format('head %s/%s/%s, event %s, tile %s, private %s, evidence %s, finding %s, case %s, notice %s, document %s', h.size, h.cases,
    h.system_events, (SELECT count(*) FROM rectify.event), (SELECT count(*) FROM rectify.tile), (SELECT count(*) FROM rectify.private),
    (SELECT count(*) FROM rectify.evidence), (SELECT count(*) FROM rectify.finding), (SELECT count(*) FROM rectify.case_),
    (SELECT count(*) FROM rectify.notice), (SELECT count(*) FROM rectify.document)) FROM rectify.head AS h
$$;

-- A good batch writes all rows.
SELECT is(pg_temp.append(pg_temp.submits(1, 3)), 'ok, changed', 'three findings are accepted');
SELECT is(pg_temp.counts(), 'head 3/3/0, event 3, tile 0, private 3, evidence 3, finding 3, case 3, notice 3, document 0', 'with all their rows');
SELECT is(pg_temp.append(pg_temp.publication()), 'ok, changed', 'a publication');
SELECT is(pg_temp.counts(), 'head 4/3/1, event 4, tile 1, private 3, evidence 3, finding 3, case 3, notice 3, document 1', 'with its rows');
SELECT results_eq('SELECT log_index, case_no, version FROM rectify.event ORDER BY log_index',
  'VALUES (0::bigint, 1::bigint, 1), (1, 2, 1), (2, 3, 1), (3, 0, 1)', 'events are numbered in their order');
SELECT is(pg_temp.append(pg_temp.events('{2}', 2) || '{"c_unit": [5], "c_light": [3]}'), 'ok, changed', 'a second event of case 2');
SELECT results_eq('SELECT case_no, version, unit, light FROM rectify.case_ ORDER BY case_no',
  'VALUES (1::bigint, 1, 2, 1::smallint), (2, 2, 5, 3::smallint), (3, 1, 2, 1::smallint)', 'moves that case and no other');

-- Another writer was here.
SELECT is(pg_temp.append(pg_temp.events('{1}', 2) || format('{"p_size": %s, "p_new_size": %s}', size, size + 1)::jsonb), 'RF001, unchanged',
  'a log of another size: ' || size) FROM unnest(ARRAY[0, 4, 6]) AS size;
SELECT is(pg_temp.append(pg_temp.events('{1}', 2) || '{"p_epoch": 1}'), 'RF001, unchanged', 'a later epoch');
SELECT is(pg_temp.state_as('rectify_writer', 'SELECT * FROM rectify.take_over()'), 'ok', 'somebody takes over');
SELECT is(pg_temp.append(pg_temp.events('{1}', 2) || '{"p_epoch": 0}'), 'RF001, unchanged', 'an earlier epoch');
SELECT is(pg_temp.append(pg_temp.events('{1}', 2) || format('{"p_new_size": %s}', size)::jsonb), 'RF001, unchanged',
  'a new size that is not that of the events: ' || size) FROM unnest(ARRAY[5, 7]) AS size;
SELECT is(pg_temp.append('{}'), 'RF001, unchanged', 'no event at all');
SELECT is(pg_temp.append(pg_temp.events('{1}', 2) || '{"p_cases": 2}'), 'RF001, unchanged', 'fewer cases than before');
SELECT is(pg_temp.append(pg_temp.events('{1}', 2) || '{"p_system": 0}'), 'RF001, unchanged', 'fewer system events than before');

-- Event numbers follow, and the case's row comes along.
SELECT is(pg_temp.append(pg_temp.events('{1}', 3)), 'RF002, unchanged', 'a gap after what is recorded');
SELECT is(pg_temp.append(pg_temp.submits(4, 4) || '{"e_version": [2], "c_version": [2]}'), 'RF002, unchanged', 'a new case that does not begin with 1');
-- The columns of case 1's row, and two events of it.
CREATE FUNCTION pg_temp.row_of(version integer) RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_object_agg(key, value) || jsonb_build_object('c_version', ARRAY[version])
  FROM jsonb_each(pg_temp.events('{1}', version)) WHERE key LIKE 'c\_%'
$$;
CREATE FUNCTION pg_temp.two(first integer, second integer, row_version integer) RETURNS text LANGUAGE sql AS $$
  SELECT pg_temp.append(pg_temp.events('{1,1}', 2) || pg_temp.row_of(row_version) || jsonb_build_object('e_version', ARRAY[first, second],
    'e_key', ARRAY[md5('a'), md5('b')]))
$$;
CREATE FUNCTION pg_temp.twice(parameters jsonb) RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_object_agg(key, value || value) FROM jsonb_each(parameters)
$$;
SELECT is(pg_temp.two(2, 4, 4), 'RF002, unchanged', 'a gap inside the batch');
SELECT is(pg_temp.two(3, 2, 3), 'RF002, unchanged', 'numbers against the order of the log');
SELECT is(pg_temp.two(2, 2, 2), '23505, unchanged', 'a number twice');
SELECT is(pg_temp.two(1, 2, 2), '23505, unchanged', 'a number that is recorded');
SELECT is(pg_temp.two(2, 3, 2), 'RF002, unchanged', 'a case row behind its events');
SELECT is(pg_temp.two(2, 3, 4), 'RF002, unchanged', 'a case row ahead of its events');
SELECT is(pg_temp.append(pg_temp.events('{1}', 2) - (SELECT array_agg(key) FROM jsonb_object_keys(pg_temp.row_of(2)) AS key)), 'RF002, unchanged',
  'an event without its case row');
SELECT is(pg_temp.append(pg_temp.events('{1}', 2) || (pg_temp.row_of(2) || '{"c_case": [3]}')), 'RF002, unchanged', 'the row of another case');
SELECT is(pg_temp.append(pg_temp.publication() || (pg_temp.row_of(2))), 'RF002, unchanged', 'a case row without an event');
SELECT is(pg_temp.append(pg_temp.publication() || pg_temp.row_of(1)), 'RF002, unchanged', 'nor when it is at the version recorded');
SELECT is(pg_temp.append(pg_temp.submits(4, 4) || '{"p_cases": 3}'), 'RF002, unchanged', 'a case beyond the head''s count');
SELECT is(pg_temp.append(pg_temp.submits(5, 5) || '{"p_cases": 4}'), 'RF002, unchanged', 'a case beyond a count that grows');
SELECT is(pg_temp.append(pg_temp.events('{1}', 2) || pg_temp.twice(pg_temp.row_of(2))), 'RF002, unchanged', 'two rows of a known case');
SELECT is(pg_temp.append(pg_temp.submits(4, 4) || pg_temp.twice(pg_temp.row_of(1)) || '{"c_case": [4, 4]}'), '23505, unchanged', 'two rows of a new case');
SELECT is(pg_temp.append(pg_temp.submits(4, 5) || '{"e_case": [4, 4], "c_case": [4, 4], "f_case": [4, 4]}'), '23505, unchanged', 'two beginnings of a new case');
SELECT is(pg_temp.append(pg_temp.submits(4, 5) || '{"e_version": [1, null], "c_version": [1, null]}'), '23502, unchanged', 'an event without its number');
SELECT is(pg_temp.append(pg_temp.submits(4, 5) || '{"c_finding_of": [4, 4]}'), 'RF002, unchanged', 'a new case about another one''s finding, with one of its own');

-- Nothing is recorded twice.
SELECT is(pg_temp.append(pg_temp.events('{1}', 2) || jsonb_build_object('e_key', ARRAY[md5('3/1')])), '23505, unchanged', 'the key of another event');
SELECT is(pg_temp.append(pg_temp.submits(4, 5) || jsonb_build_object('e_key', ARRAY[md5('x'), md5('x')])), '23505, unchanged', 'a key twice in a batch');
SELECT is(pg_temp.append(pg_temp.submits(4, 4) || '{"f_case": [3]}'), '23505, unchanged', 'a second finding of a case');
SELECT is(pg_temp.append(pg_temp.submits(4, 4) || '{"n_id": [0]}'), '23505, unchanged', 'a notice''s number');
SELECT is(pg_temp.append(pg_temp.submits(4, 4) || '{"x_index": [0]}'), '23505, unchanged', 'a text''s place');
SELECT is(pg_temp.append(pg_temp.publication() || '{"t_n": [0]}'), '23505, unchanged', 'a tile');
SELECT is(pg_temp.append(pg_temp.publication() || '{"d_version": [1]}'), '23505, unchanged', 'a document''s version');
SELECT is(pg_temp.two(2, 3, 3), 'ok, changed', 'two events of one case in one batch');

-- The head counts what there is, and no row belongs to an event outside the batch: log indexes 0 to 6 are taken.
SELECT is(pg_temp.append(pg_temp.submits(4, 4) || format('{"p_cases": %s}', cases)::jsonb), 'RF002, unchanged', 'a head that counts too many cases: ' || cases)
  FROM unnest(ARRAY[5, 1000]) AS cases;
SELECT is(pg_temp.append(pg_temp.publication() || '{"d_version": [2], "t_n": [1], "p_system": 3}'), 'RF002, unchanged', 'a head that counts too many events of no case');
SELECT is(pg_temp.append(pg_temp.submits(4, 4) || '{"p_system": 2}'), 'RF002, unchanged', 'nor when none came');
SELECT is(pg_temp.append(pg_temp.submits(4, 4) || format('{"%s": [%s]}', what, place)::jsonb), 'RF002, unchanged', what || ' beyond the batch: ' || place)
  FROM unnest(ARRAY['x_index', 'v_index', 'f_index']) AS what, unnest(ARRAY[-1, 8, 1000]) AS place;
SELECT is(pg_temp.append(pg_temp.submits(4, 4) || '{"v_index": [6]}'), 'RF002, unchanged', 'evidence of an event before it');
SELECT is(pg_temp.append(pg_temp.submits(4, 4) || format('{"n_id": [%s]}', 16 * place + 15)::jsonb), 'RF002, unchanged', 'a notice of an event beyond it: ' || place)
  FROM unnest(ARRAY[6, 8]) AS place;
SELECT is(pg_temp.append(pg_temp.publication() || format('{"d_version": [2], "t_n": [1], "d_index": [%s]}', place)::jsonb), 'RF002, unchanged', 'a document beyond it: ' || place)
  FROM unnest(ARRAY[6, 8]) AS place;

-- A case is about a finding: its own, or that of the case it follows from.
SELECT is(pg_temp.append(pg_temp.spawns(4, 5, 2)), 'ok, changed', 'two cases that follow from case 2');
SELECT results_eq('SELECT case_no, parent, finding_of FROM rectify.case_ ORDER BY case_no',
  'VALUES (1::bigint, 0::bigint, 1::bigint), (2, 0, 2), (3, 0, 3), (4, 2, 2), (5, 2, 2)', 'have its finding');
SELECT is(pg_temp.append(pg_temp.submits(6, 6) - array['f_case', 'f_id', 'f_index', 'f_team', 'f_unit', 'f_kind', 'f_severity', 'f_found',
  'f_unit_code', 'f_parent_code', 'f_code', 'f_category', 'f_inspection']), 'RF002, unchanged', 'a case without its finding');
SELECT is(pg_temp.append(pg_temp.submits(6, 6) || '{"c_parent": [1], "c_finding_of": [1]}'), 'RF002, unchanged',
  'a finding for a case that is about another one');
SELECT is(pg_temp.append(pg_temp.spawns(6, 6, 5)), 'RF002, unchanged', 'a case about one that has none itself');
SELECT is(pg_temp.append(pg_temp.submits(6, 6) || '{"f_case": [4]}'), 'RF002, unchanged', 'a finding for a case of before');
SELECT is(pg_temp.append(pg_temp.spawns(6, 6, 2) || '{"c_parent": [6]}'), '23514, unchanged', 'a case that follows from itself');
SELECT is(pg_temp.append(pg_temp.events('{4}', 2) || '{"c_flags": [40], "c_parent": [1], "c_finding_of": [1]}'), 'ok, changed', 'later');
SELECT results_eq('SELECT flags, parent, finding_of FROM rectify.case_ WHERE case_no = 4', 'VALUES (40, 2::bigint, 2::bigint)',
  'its marks change, and where it comes from does not');

-- Supervision orders are numbered without a gap within their year; a rule stands under its finding's kind.
SELECT is(pg_temp.append(pg_temp.order_and_rule(1, 4, 2026, 2)), 'RF002, unchanged', 'the first order of a year is not number 2');
SELECT is(pg_temp.append(pg_temp.order_and_rule(1, 4, 2026, 1)), 'ok, changed', 'it is number 1');
SELECT results_eq('SELECT case_no, parent_code, category, effective_on, number FROM rectify.rule_document',
  $$VALUES (1::bigint, 'city' COLLATE "C", 'exits' COLLATE "C", date '2026-03-01', '2026/7')$$, 'the rule is found by what it was issued against');
SELECT is(pg_temp.append(pg_temp.order_and_rule(1, 5, 2026, serial)), CASE serial WHEN 2 THEN 'ok, changed' ELSE 'RF002, unchanged' END,
  'then comes number 2: ' || serial) FROM unnest(ARRAY[1, 3, 2]) AS serial;
SELECT is(pg_temp.append(pg_temp.order_and_rule(1, 6, 2027, 1)), 'ok, changed', 'another year begins with 1');
SELECT is(pg_temp.append(pg_temp.order_and_rule(1, 7, 2026, 3) || '{"r_finding_of": [99]}'), 'RF002, unchanged', 'a rule for no finding');
SELECT is(pg_temp.append(pg_temp.order_and_rule(1, 7, 2026, 3) || '{"r_number": [""]}'), '23514, unchanged', 'a rule without a number');
SELECT is(pg_temp.append(pg_temp.order_and_rule(1, 7, 2026, 3) || '{"o_year": [2026, 2026], "o_serial": [3, 5], "o_case": [1, 1],
  "o_index": [0, 1]}'), 'RF002, unchanged', 'a gap inside the batch');

-- The clock.
CREATE FUNCTION pg_temp.clock_after(change interval) RETURNS text LANGUAGE sql AS $$
  SELECT pg_temp.state_as('rectify_writer', format('SELECT rectify.set_clock(%s, %L)', epoch, clock + change)) FROM rectify.head
$$;
SELECT clock AS clock FROM rectify.head \gset
SELECT is(pg_temp.clock_after('-1 day'), 'ok', 'set_clock to an earlier instant');
SELECT is((SELECT clock FROM rectify.head), :'clock'::timestamptz, 'does not move back');
SELECT is(pg_temp.clock_after('1 day'), 'ok', 'set_clock to a later instant');
SELECT is((SELECT clock FROM rectify.head), :'clock'::timestamptz + interval '1 day', 'moves on');
SELECT is(pg_temp.state_as('rectify_writer', 'SELECT rectify.set_clock(0, ''infinity'')'), 'ok', 'set_clock of another epoch');
SELECT is((SELECT clock FROM rectify.head), :'clock'::timestamptz + interval '1 day', 'moves nothing');
SELECT is(pg_temp.append(pg_temp.submits(6, 6) || '{"p_clock": "1970-01-01 00:00+00"}'), 'ok, changed', 'an append by an earlier clock');
SELECT is((SELECT clock FROM rectify.head), :'clock'::timestamptz + interval '1 day', 'does not move it back');

-- The mark of the reviews moves forward only, not beyond the log, and only for the epoch that is.
CREATE FUNCTION pg_temp.reviewed_after(epoch bigint, mark bigint) RETURNS bigint LANGUAGE sql AS $$
  SELECT pg_temp.state_as('rectify_writer', format('SELECT rectify.set_reviewed(%s, %s)', epoch, mark));
  SELECT reviewed FROM rectify.head
$$;
SELECT epoch AS epoch, size AS size FROM rectify.head \gset
SELECT is(pg_temp.reviewed_after(:epoch, 4), 4::bigint, 'reviewed up to 4');
SELECT is(pg_temp.reviewed_after(:epoch, 3), 4::bigint, 'not back to 3');
SELECT is(pg_temp.reviewed_after(:epoch - 1, 5), 4::bigint, 'not by a daemon of before');
SELECT is(pg_temp.reviewed_after(:epoch, :size + 1), 4::bigint, 'not beyond the log');
SELECT is(pg_temp.reviewed_after(:epoch, :size), :size::bigint, 'up to its end');
SELECT * FROM finish();

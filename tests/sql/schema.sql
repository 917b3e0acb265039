-- The schema explains itself, and what it may hold stands in constraints.
\ir lib.psql
SELECT * FROM no_plan();

SELECT cmp_ok(count(*)::integer, '>=', 12, 'there are tables') FROM pg_temp.relation;
SELECT isnt(obj_description(oid, 'pg_class'), NULL, 'table ' || name || ' has a comment') FROM pg_temp.relation ORDER BY name;
SELECT isnt(obj_description(i.indexrelid, 'pg_class'), NULL, 'index ' || i.indexrelid::regclass || ' has a comment')
FROM pg_catalog.pg_index AS i JOIN pg_temp.relation AS r ON r.oid = i.indrelid
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conindid = i.indexrelid)
ORDER BY i.indexrelid::regclass::text;
SELECT isnt(obj_description(p.oid, 'pg_proc'), NULL, 'function ' || p.proname || ' has a comment')
FROM pg_catalog.pg_proc AS p WHERE p.pronamespace = 'rectify'::regnamespace ORDER BY p.proname;
SELECT isnt_empty(
  format('SELECT FROM pg_catalog.pg_constraint WHERE conrelid = %s AND contype = ''p''', r.oid),
  'table ' || r.name || ' has a primary key') FROM pg_temp.relation AS r ORDER BY r.name;
SELECT is_empty(
  $$SELECT r.name, a.attname FROM pg_temp.relation AS r JOIN pg_catalog.pg_attribute AS a ON a.attrelid = r.oid
    WHERE a.attnum > 0 AND a.atttypid = 'timestamp'::regtype$$, 'every instant has a time zone');

-- An open case has a timer and somebody who must act; only a closed one has a closing date.
SELECT is(pg_temp.append(pg_temp.submits(1, 1) || '{"c_next_fire": [null]}'), '23514, unchanged', 'open without a timer');
SELECT is(pg_temp.append(pg_temp.submits(1, 1) || '{"c_accountable": [0]}'), '23514, unchanged', 'open without an accountable officer');
SELECT is(pg_temp.append(pg_temp.submits(1, 1) || '{"c_status": [7]}'), '23514, unchanged', 'closed without a date');
SELECT is(pg_temp.append(pg_temp.submits(1, 1) || '{"c_closed": ["2026-03-02 00:00+00"]}'), '23514, unchanged', 'open with a closing date');
SELECT is(pg_temp.append(pg_temp.submits(1, 1) || format('{"c_status": [%s]}', status)::jsonb), '23514, unchanged',
  'no such status: ' || status) FROM unnest(ARRAY[0, 11]) AS status;
SELECT is(pg_temp.append(pg_temp.submits(1, 1) || '{"e_record": [""]}'), '23514, unchanged', 'an event without a record');
SELECT is(pg_temp.append(pg_temp.submits(1, 1) || '{"x_salt": ["\\x00"]}'), '23514, unchanged', 'a short salt');
SELECT is(pg_temp.append(pg_temp.submits(1, 1) || '{"p_root": "\\x00"}'), '23514, unchanged', 'a short root');
SELECT is(pg_temp.append(pg_temp.submits(1, 1) || '{"p_tail": ""}'), '23514, unchanged', 'an open tile of another size than the log''s');
SELECT is(pg_temp.append(pg_temp.submits(1, 1)), 'ok, changed', 'the same batch without such a fault');
SELECT is(pg_temp.append(pg_temp.events('{1}', 2) || '{"c_status": [7], "c_accountable": [0], "c_next_fire": [null], "c_due": [null],
  "c_closed": ["2026-03-02 00:00+00"]}'), 'ok, changed', 'a closed case needs neither timer nor officer');
SELECT is(pg_temp.append(pg_temp.events('{1}', 3) || format('{"c_due_clock": [%s]}', clock)::jsonb), CASE clock WHEN 11 THEN 'ok, changed'
  ELSE '23514, unchanged' END, 'a clock is one of clock.def: ' || clock) FROM unnest(ARRAY[12, 11]) AS clock;
SELECT is(pg_temp.append(pg_temp.events('{1}', 4) || jsonb_build_object('c_state', jsonb_build_array('\x' || repeat('00', bytes)))),
  CASE bytes WHEN 2048 THEN 'ok, changed' ELSE '23514, unchanged' END, 'a packed state of so many bytes: ' || bytes)
FROM unnest(ARRAY[2049, 2048]) AS bytes;

-- One head of a unit and one stand-in of an officer at a time; what an older registry says too often is left out.
CREATE FUNCTION pg_temp.project(appointments text, substitutions text) RETURNS text LANGUAGE sql AS $$
  SELECT pg_temp.state_as('rectify_writer', format('SELECT rectify.project_registry(''{1}'', ''{0}'', ''{city}'', ''{City}'', ''{f}'',
    ''{1}'', ''{1}'', ''{a}'', ''{A}'', ''{f}'', %s, %s)', appointments, substitutions))
$$;
SELECT is(pg_temp.project($$'{4,5,6,7}', '{1,1,1,2}', '{3,3,3,3}', '{2026-01-01,2026-06-30,2026-07-01,2026-01-01}',
  '{2026-06-30,2026-12-31,2026-12-31,2026-12-31}'$$, $$'{4,4,4}', '{5,6,7}', '{2026-01-01,2026-01-31,2026-02-01}',
  '{2026-01-31,2026-02-10,2026-02-10}'$$), 'ok', 'a registry with two heads of a unit for a day does not stop the daemon');
SELECT results_eq('SELECT officer, unit, from_day FROM rectify.appointment ORDER BY officer',
  $$VALUES (4, 1, date '2026-01-01'), (6, 1, date '2026-07-01'), (7, 2, date '2026-01-01')$$, 'the earlier head stays');
SELECT results_eq('SELECT officer, stand_in, from_day FROM rectify.substitution ORDER BY from_day',
  $$VALUES (4, 5, date '2026-01-01'), (4, 7, date '2026-02-01')$$, 'so does the earlier stand-in');
SELECT throws_ok($$INSERT INTO rectify.appointment VALUES (8, 2, 3, '2026-12-31', '2027-12-31')$$, '23P01', NULL, 'nobody heads a unit beside another');
SELECT lives_ok($$INSERT INTO rectify.appointment VALUES (8, 2, 2, '2026-12-31', '2027-12-31')$$, 'but handles its cases');
SELECT throws_ok($$INSERT INTO rectify.substitution VALUES (4, 8, '2026-02-10', '2026-02-11')$$, '23P01', NULL, 'nobody stands in beside another');
SELECT throws_ok($$INSERT INTO rectify.substitution VALUES (9, 9, '2026-02-10', '2026-02-11')$$, '23514', NULL, 'nor for himself');
SELECT * FROM finish();

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
SELECT * FROM finish();

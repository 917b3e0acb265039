-- Letters: made once, leased to one at a time, reported; what is kept of them is not changed behind the functions.
\ir lib.psql
SELECT * FROM no_plan();
SELECT is(pg_temp.append(pg_temp.submits(1, 3) || '{"n_officer": [9, 9, 8]}'), 'ok, changed', 'three cases, a notice each');

CREATE FUNCTION pg_temp.key(n integer) RETURNS uuid LANGUAGE sql AS $$ SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
CREATE FUNCTION pg_temp.make(id integer, officer integer, channel text, notices bigint[], epoch bigint DEFAULT 0) RETURNS text LANGUAGE sql AS $$
  SELECT format('SELECT result FROM rectify.make_letters(%s, ''2026-03-02 01:00Z'', 100, ARRAY[%L::uuid], ARRAY[%s], ARRAY[%L], ''{en}'', ''{f}'', ''{s}'', ''{b}'', ''{h}'',
    ''{2026-03-02 02:00Z}'', array_fill(1, ARRAY[cardinality(%L::bigint[])]), %L)', epoch, pg_temp.key(id), officer, channel, notices, notices)
$$;
CREATE FUNCTION pg_temp.lease(at text, request integer, epoch bigint DEFAULT 0) RETURNS text LANGUAGE sql AS $$
  SELECT format('SELECT id, attempts FROM rectify.lease_letters(%s, %L, %L, NULL, 10, %L::timestamptz + interval ''1 minute'')', epoch, at, pg_temp.key(request), at)
$$;
CREATE FUNCTION pg_temp.report(id integer, attempt integer, outcome integer, at text, answer text DEFAULT '') RETURNS text LANGUAGE sql AS $$
  SELECT format('SELECT result, state FROM rectify.report_letters(0, %L, ARRAY[%L::uuid], ARRAY[%s], ARRAY[%s]::smallint[], ARRAY[%L], ARRAY[%L::timestamptz])',
    at, pg_temp.key(id), attempt, outcome, answer, at)
$$;

-- Making.
SELECT results_eq(pg_temp.make(1, 9, 'mail', ARRAY[0, 16]), 'VALUES (1::smallint)', 'a letter of two notices');
SELECT results_eq(pg_temp.make(1, 9, 'mail', ARRAY[16, 0, 16]), 'VALUES (2::smallint)', 'said again, in whichever order, it is the same');
SELECT results_eq(pg_temp.make(1, 9, 'mail', ARRAY[0]), 'VALUES (6::smallint)', 'its id is no other one''s');
SELECT results_eq(pg_temp.make(2, 9, 'mail', ARRAY[16]), 'VALUES (3::smallint)', 'a notice is in one letter of a channel');
SELECT results_eq(pg_temp.make(2, 9, 'sms', ARRAY[16]), 'VALUES (1::smallint)', 'but over another channel in another');
SELECT results_eq(pg_temp.make(3, 8, 'mail', ARRAY[16]), 'VALUES (4::smallint)', 'of another officer it is none');
SELECT results_eq(pg_temp.make(3, 0, 'mail', ARRAY[32]), 'VALUES (5::smallint)', 'nor of nobody');
SELECT is((SELECT posted_until FROM rectify.letter_mark), 32::bigint, 'all below the third notice are posted');
SELECT results_eq(pg_temp.make(4, 8, 'none', ARRAY[32]), 'VALUES (1::smallint)', 'who has no channel');
SELECT is((SELECT posted_until FROM rectify.letter_mark), 33::bigint, 'then all are');
SELECT is(pg_temp.state_as('rectify_writer', pg_temp.make(5, 9, 'Mail', ARRAY[32])), 'ok', 'a notice of somebody else stops it before its channel is looked at');
SELECT is(pg_temp.state_as('rectify_writer', pg_temp.make(5, 8, 'Mail', ARRAY[32])), '23514', 'a channel is a word');

-- Leasing.
SELECT is_empty(pg_temp.lease('2026-03-02 01:59Z', 101), 'not before its time');
SELECT set_eq(pg_temp.lease('2026-03-02 02:00Z', 101), $$VALUES (pg_temp.key(1), 1), (pg_temp.key(2), 1)$$, 'then both, and none for who has no channel');
SELECT set_eq(pg_temp.lease('2026-03-02 02:00:30Z', 101), $$VALUES (pg_temp.key(1), 1), (pg_temp.key(2), 1)$$, 'the same request has them still');
SELECT is_empty(pg_temp.lease('2026-03-02 02:00:59Z', 102), 'nobody else');
SELECT results_eq(pg_temp.report(2, 1, 1, '2026-03-02 02:00:40Z', '250'), 'VALUES (7::smallint, 2::smallint)', 'one is delivered');
SELECT set_eq(pg_temp.lease('2026-03-02 02:01Z', 102), $$VALUES (pg_temp.key(1), 2)$$, 'the other is leased again when the time is over');
SELECT is((SELECT outcome FROM rectify.delivery WHERE letter = pg_temp.key(1) AND attempt = 1), 7::smallint, 'what became of the first attempt nobody knows');
SELECT is(pg_temp.state_as('rectify_writer', pg_temp.lease('2026-03-02 02:05Z', 103, 1)), 'RF001', 'a daemon that was superseded leases nothing');
SELECT is(pg_temp.state_as('rectify_writer', pg_temp.make(6, 8, 'mail', ARRAY[32], 1)), 'RF001', 'and makes nothing');

-- Reporting.
SELECT results_eq(pg_temp.report(1, 1, 2, '2026-03-02 02:01:10Z'), 'VALUES (10::smallint, 1::smallint)', 'a failure of the first attempt is stale');
SELECT results_eq(pg_temp.report(1, 3, 1, '2026-03-02 02:01:10Z'), 'VALUES (11::smallint, 1::smallint)', 'there is no third attempt');
SELECT results_eq(pg_temp.report(1, 2, 2, '2026-03-02 02:01:20Z', '451'), 'VALUES (7::smallint, 1::smallint)', 'the second failed for now');
SELECT results_eq(pg_temp.report(1, 2, 3, '2026-03-02 02:01:20Z', '550'), 'VALUES (10::smallint, 1::smallint)', 'and did not fail otherwise');
SELECT set_eq(pg_temp.lease('2026-03-02 02:02Z', 104), $$VALUES (pg_temp.key(1), 3)$$, 'a third');
SELECT results_eq(pg_temp.report(1, 3, 3, '2026-03-02 02:02:10Z', '550'), 'VALUES (9::smallint, 3::smallint)', 'which is refused: given up');
SELECT results_eq('SELECT case_no FROM rectify.dead_letter ORDER BY 1', 'VALUES (1::bigint), (2::bigint)', 'both cases are to be told');
SELECT is((SELECT count(DISTINCT key) FROM rectify.dead_letter WHERE substr(key::text, 15, 1) = '8' AND substr(key::text, 20, 1) IN ('8', '9', 'a', 'b')), 2::bigint,
  'by keys of their own, UUIDv8');
SELECT results_eq(pg_temp.report(1, 1, 1, '2026-03-02 02:03Z', '250'), 'VALUES (7::smallint, 2::smallint)', 'the first attempt had arrived after all');
SELECT results_eq(pg_temp.report(1, 1, 6, '2026-03-02 02:04Z'), 'VALUES (7::smallint, 2::smallint)', 'and was acknowledged');

-- A letter that was tried too often is given up, too.
SELECT is(pg_temp.append(pg_temp.submits(4, 4)), 'ok, changed', 'a fourth case');
SELECT results_eq(pg_temp.make(7, 9, 'mail', ARRAY[48]), 'VALUES (1::smallint)', 'and its letter');
ALTER TABLE rectify.letter DISABLE TRIGGER guard_row;
UPDATE rectify.letter SET attempts = 1000 WHERE id = pg_temp.key(7);
ALTER TABLE rectify.letter ENABLE ALWAYS TRIGGER guard_row;
SELECT is_empty(pg_temp.lease('2026-03-02 03:00Z', 105), 'after a thousand attempts');
SELECT is((SELECT state FROM rectify.letter WHERE id = pg_temp.key(7)), 3::smallint, 'it is given up');

-- A lease request whose letters were reported gets no other ones.
SELECT is(pg_temp.append(pg_temp.submits(5, 6)), 'ok, changed', 'two cases more');
SELECT results_eq(pg_temp.make(8, 9, 'mail', ARRAY[64]), 'VALUES (1::smallint)', 'a letter');
SELECT set_eq(pg_temp.lease('2026-03-02 04:00Z', 106), $$VALUES (pg_temp.key(8), 1)$$, 'is leased');
SELECT results_eq(pg_temp.report(8, 1, 1, '2026-03-02 04:00:10Z'), 'VALUES (7::smallint, 2::smallint)', 'and delivered');
SELECT results_eq(pg_temp.make(9, 9, 'mail', ARRAY[80]), 'VALUES (1::smallint)', 'another one waits');
SELECT is_empty(pg_temp.lease('2026-03-02 04:00:20Z', 106), 'not for the same request');
SELECT set_eq(pg_temp.lease('2026-03-02 04:00:20Z', 107), $$VALUES (pg_temp.key(9), 1)$$, 'but for another one');

-- What is put off for ever reaches the office.
SELECT results_eq(pg_temp.report(9, 1, 4, '2026-03-02 04:00:30Z'), 'VALUES (7::smallint, 1::smallint)', 'put off');
SELECT set_eq(pg_temp.lease('2026-04-02 00:59Z', 108), $$VALUES (pg_temp.key(9), 2)$$, 'after nearly 31 days');
SELECT results_eq(pg_temp.report(9, 2, 4, '2026-04-02 00:59:30Z'), 'VALUES (7::smallint, 1::smallint)', 'put off again');
SELECT set_eq(pg_temp.lease('2026-04-02 01:00Z', 109), $$VALUES (pg_temp.key(9), 3)$$, 'after 31');
SELECT results_eq(pg_temp.report(9, 3, 4, '2026-04-02 01:00Z'), 'VALUES (9::smallint, 3::smallint)', 'it is given up');

-- Nobody changes what was said, the owner included.
SELECT is(pg_temp.state_as('rectify_admin', statement), 'RF003', 'refused: ' || statement)
FROM unnest(ARRAY['UPDATE rectify.letter SET body = ''x''', 'UPDATE rectify.letter SET body = '''', subject = '''', html = ''''', 'UPDATE rectify.letter SET officer = 8',
  'UPDATE rectify.letter SET state = 1, settled = NULL', 'UPDATE rectify.letter SET attempts = 0, failures = 0', 'DELETE FROM rectify.letter', 'TRUNCATE rectify.letter CASCADE',
  'UPDATE rectify.letter_notice SET notice = notice + 1', 'DELETE FROM rectify.letter_notice', 'UPDATE rectify.delivery SET outcome = 1 WHERE outcome = 3',
  'UPDATE rectify.delivery SET lease = gen_random_uuid()', 'UPDATE rectify.delivery SET answer = ''x''', 'DELETE FROM rectify.delivery', 'DELETE FROM rectify.dead_letter', 'UPDATE rectify.dead_letter SET case_no = 9']) AS statement;
SELECT * FROM finish();

-- Files of evidence: what the writer may do with an upload, and what nobody may do with a file that is here.
\ir lib.psql
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.begin_it(sha bytea, officer integer, size bigint) RETURNS text LANGUAGE sql AS $$
  SELECT b.state || ':' || b.have::text FROM rectify.begin_upload(sha, officer, size, '2026-03-02 00:00+00', 1000000, 2) AS b
$$;
CREATE FUNCTION pg_temp.put_it(sha bytea, officer integer, n integer, data bytea) RETURNS text LANGUAGE sql AS $$
  SELECT k.state || ':' || k.missing FROM rectify.keep_part(sha, officer, n, data, '2026-03-02 00:00+00') AS k
$$;
-- The upload as it stands, finished.
CREATE FUNCTION pg_temp.end_it(sha bytea, officer integer) RETURNS smallint LANGUAGE sql AS $$
  SELECT rectify.finish_upload(sha, officer, coalesce((
    SELECT u.number FROM rectify.upload AS u WHERE u.sha256 = sha AND u.officer = end_it.officer), 0), 15::smallint, '2026-03-02 00:00+00')
$$;
CREATE TEMPORARY TABLE one AS SELECT sha256('abc') AS sha;

SELECT is(pg_temp.begin_it(sha, 1, 3), '0:{}', 'an upload begins') FROM one;
SELECT is(pg_temp.put_it(sha, 2, 0, 'abc'), '5:0', 'nobody goes on with another''s') FROM one;
SELECT is(pg_temp.put_it(sha, 1, 0, 'ab'), '6:0', 'a part has its size') FROM one;
SELECT is(pg_temp.put_it(sha, 1, 1, 'a'), '6:0', 'and there are as many as the size says') FROM one;
SELECT is(pg_temp.put_it(sha, 1, 0, 'abc'), '0:0', 'kept') FROM one;
SELECT is(pg_temp.put_it(sha, 1, 0, 'xyz'), '0:0', 'said again with other bytes') FROM one;
SELECT is(pg_temp.begin_it(sha, 1, 3), '0:{0}', 'what is there is told') FROM one;
SELECT is(pg_temp.end_it(sha, 1), 1::smallint, 'the first one counted: it is whole') FROM one;
SELECT is(pg_temp.begin_it(sha, 1, 3), '1:{}', 'it is here') FROM one;
SELECT is(pg_temp.begin_it(sha, 2, 3), '0:{}', 'but not from somebody else') FROM one;
SELECT is(pg_temp.put_it(sha, 2, 0, 'xyz'), '0:0', 'who brings other bytes') FROM one;
SELECT is(pg_temp.end_it(sha, 2), 7::smallint, 'and has not brought it') FROM one;
SELECT results_eq('SELECT officer, n, bytes FROM rectify.content_part', $$VALUES (1, 0, 'abc'::bytea)$$, 'the file is untouched');
SELECT is(pg_temp.begin_it(sha, 2, 3), '0:{}', 'again') FROM one;
SELECT is(pg_temp.put_it(sha, 2, 0, 'abc'), '0:0', 'with the right ones') FROM one;
SELECT is(pg_temp.end_it(sha, 2), 1::smallint, 'now both have brought it') FROM one;
SELECT results_eq('SELECT officer, n FROM rectify.content_part', 'VALUES (1, 0)', 'and its bytes are kept once');

SELECT throws_ok(statement, 'RF003', NULL, 'refused: ' || statement) FROM unnest(ARRAY['UPDATE rectify.content SET type = 1',
  $$UPDATE rectify.content_part SET bytes = 'x'$$, 'DELETE FROM rectify.content_part', 'TRUNCATE rectify.content_part']) AS statement;
SELECT is(pg_temp.state_as('rectify_writer', statement), '42501', 'the writer may not: ' || statement) FROM unnest(ARRAY['DELETE FROM rectify.upload',
  $$INSERT INTO rectify.content (sha256, size, type, officer, complete_at) VALUES (sha256('x'), 1, 1, 1, now())$$,
  'UPDATE rectify.upload SET done_at = now()']) AS statement;

SELECT is(pg_temp.begin_it(sha256('1'), 3, 600000), '0:{}', 'a first upload');
SELECT is(pg_temp.begin_it(sha256('2'), 3, 600000), '3:{}', 'more bytes than a day has');
SELECT is(pg_temp.begin_it(sha256('2'), 3, 1), '0:{}', 'a small second one');
SELECT is(pg_temp.begin_it(sha256('3'), 3, 1), '4:{}', 'a third is one too many');
-- What is thrown away was begun all the same; an hour later than a day it no longer counts.
SELECT is(pg_temp.begin_it(sha256('4'), 4, 3), '0:{}', 'garbage is announced');
SELECT is(pg_temp.put_it(sha256('4'), 4, 0, 'bad'), '0:0', 'and comes');
SELECT is(pg_temp.end_it(sha256('4'), 4), 7::smallint, 'and is thrown away');
SELECT is(pg_temp.begin_it(sha256('5'), 4, 999998), '3:{}', 'but it was of the bytes of that day');
SELECT is(pg_temp.begin_it(sha256('5'), 4, 999997), '0:{}', 'the rest of them may come');
SELECT rectify.drop_upload(sha256('5'), 4);
SELECT results_eq(format('SELECT state FROM rectify.begin_upload(sha256(''6''), 4, 1, %L, 1000000, 2)', at), format('VALUES (%s::smallint)', state), 'at ' || at)
FROM (VALUES ('2026-03-02 23:59+00', 3), ('2026-03-03 01:00+00', 0)) AS v (at, state);
SELECT rectify.drop_upload(sha256('6'), 4);

-- Begun anew while the old one is looked at: what was looked at is not what is here.
SELECT is(pg_temp.begin_it(sha256('swap'), 5, 3), '0:{}', 'an upload');
SELECT is(pg_temp.put_it(sha256('swap'), 5, 0, 'pdf'), '0:0', 'is looked at');
SELECT number FROM rectify.upload WHERE officer = 5 \gset
SELECT is(pg_temp.begin_it(sha256('swap'), 5, 4), '0:{}', 'meanwhile it is begun with another size');
SELECT is(pg_temp.put_it(sha256('swap'), 5, 0, 'swap'), '0:0', 'and other bytes come');
SELECT is(rectify.finish_upload(sha256('swap'), 5, :number, 15::smallint, '2026-03-02 00:00+00'), 5::smallint, 'the first one is no more');
SELECT is((SELECT count(*) FROM rectify.content WHERE sha256 = sha256('swap')), 0::bigint, 'and nothing is taken unseen');
SELECT is(pg_temp.end_it(sha256('swap'), 5), 1::smallint, 'the second one may be finished by who looked at it');

SELECT is(rectify.sweep_uploads('2026-03-02 00:00+00', 100), 0, 'what was touched then stays');
SELECT is(rectify.sweep_uploads('2026-03-02 00:00:01+00', 100), 4, 'what stood still goes: two uploads, and two files that no event names');
SELECT is((SELECT count(*) FROM rectify.content_part), 0::bigint, 'with its parts');
SELECT is((SELECT count(*) FROM rectify.upload_begun), 1::bigint, 'what was begun since stays counted');
SELECT is(rectify.sweep_uploads('2026-03-09 00:00+00', 100), 0, 'a week later');
SELECT is((SELECT count(*) FROM rectify.upload_begun), 0::bigint, 'nobody needs the count');
INSERT INTO rectify.content_gone VALUES (sha256('gone'));
SELECT is(pg_temp.begin_it(sha256('gone'), 1, 4), '2:{}', 'what was erased is not begun');
SELECT throws_ok(statement, 'RF003', NULL, 'refused: ' || statement)
FROM unnest(ARRAY['DELETE FROM rectify.content_gone', 'UPDATE rectify.content_gone SET sha256 = sha256', 'TRUNCATE rectify.content_gone']) AS statement;
SELECT * FROM finish();

-- Files of evidence: what the writer may do with an upload, and what nobody may do with a file that is here.
\ir lib.psql
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.begin_it(sha bytea, officer integer, size bigint) RETURNS text LANGUAGE sql AS $$
  SELECT b.state || ':' || b.have::text FROM rectify.begin_upload(sha, officer, size, '2026-03-02 00:00+00', 1000000, 2) AS b
$$;
CREATE FUNCTION pg_temp.put_it(sha bytea, officer integer, n integer, data bytea) RETURNS text LANGUAGE sql AS $$
  SELECT k.state || ':' || k.missing FROM rectify.keep_part(sha, officer, n, data, '2026-03-02 00:00+00') AS k
$$;
CREATE TEMPORARY TABLE one AS SELECT sha256('abc') AS sha;

SELECT is(pg_temp.begin_it(sha, 1, 3), '0:{}', 'an upload begins') FROM one;
SELECT is(pg_temp.put_it(sha, 2, 0, 'abc'), '5:0', 'nobody goes on with another''s') FROM one;
SELECT is(pg_temp.put_it(sha, 1, 0, 'ab'), '6:0', 'a part has its size') FROM one;
SELECT is(pg_temp.put_it(sha, 1, 1, 'a'), '6:0', 'and there are as many as the size says') FROM one;
SELECT is(pg_temp.put_it(sha, 1, 0, 'abc'), '0:0', 'kept') FROM one;
SELECT is(pg_temp.put_it(sha, 1, 0, 'xyz'), '0:0', 'said again with other bytes') FROM one;
SELECT is(pg_temp.begin_it(sha, 1, 3), '0:{0}', 'what is there is told') FROM one;
SELECT is(rectify.finish_upload(sha, 1, 15::smallint, '2026-03-02 00:00+00'), true, 'the first one counted: it is whole') FROM one;
SELECT is(pg_temp.begin_it(sha, 1, 3), '1:{}', 'it is here') FROM one;
SELECT is(pg_temp.begin_it(sha, 2, 3), '0:{}', 'but not from somebody else') FROM one;
SELECT is(pg_temp.put_it(sha, 2, 0, 'xyz'), '0:0', 'who brings other bytes') FROM one;
SELECT is(rectify.finish_upload(sha, 2, 15::smallint, '2026-03-02 00:00+00'), false, 'and has not brought it') FROM one;
SELECT results_eq('SELECT officer, n, bytes FROM rectify.content_part', $$VALUES (1, 0, 'abc'::bytea)$$, 'the file is untouched');
SELECT is(pg_temp.begin_it(sha, 2, 3), '0:{}', 'again') FROM one;
SELECT is(pg_temp.put_it(sha, 2, 0, 'abc'), '0:0', 'with the right ones') FROM one;
SELECT is(rectify.finish_upload(sha, 2, 15::smallint, '2026-03-02 00:00+00'), true, 'now both have brought it') FROM one;
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
SELECT is(rectify.sweep_uploads('2026-03-02 00:00+00', 100), 0, 'what was touched then stays');
SELECT is(rectify.sweep_uploads('2026-03-02 00:00:01+00', 100), 3, 'what stood still goes: two uploads, and a file that no event names');
SELECT is((SELECT count(*) FROM rectify.content_part), 0::bigint, 'with its parts');
SELECT * FROM finish();

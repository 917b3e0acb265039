-- Search: how texts are compared, that the index finds what a scan finds and is used, that it follows behind, and that what was erased
-- is not found any more.
\ir lib.psql
SELECT * FROM no_plan();

-- Comparing.
SELECT is(rectify.search_fold(E'  Ｆｉｒｅ　ＥＸＩＴ\n\t７号'), 'fire exit 7号', 'full-width, capitals, spaces');
SELECT is(rectify.search_fold('消防通道'), '消防通道', 'Chinese stays');
SELECT is(rectify.bigrams(ARRAY['消防通道']), ARRAY['消防', '通道', '防通']::text[], 'pairs of characters');
SELECT is(rectify.bigrams(ARRAY['AbAb']), ARRAY['ab', 'ba'], 'each once');
SELECT is(rectify.bigrams(ARRAY['消', '']), '{}'::text[], 'a single character has none');
SELECT is(rectify.bigrams(ARRAY['消防', '通道']), ARRAY['消防', '通道']::text[], 'none across two texts');
SELECT ok(rectify.has_words('The FIRE exit is locked', ARRAY['fire exit', 'Locked']), 'all words');
SELECT ok(NOT rectify.has_words('The fire exit is locked', ARRAY['fire', 'open']), 'not all words');
SELECT ok(NOT rectify.has_words('防消', ARRAY['消防']), 'the order counts');

-- 8,000 findings, of which a few have what is looked for.
SELECT is(pg_temp.state_as('rectify_writer', pg_temp.append_call(pg_temp.submits(1, 8000) || jsonb_build_object('x_body', (
  SELECT array_agg(CASE n % 4000 WHEN 7 THEN '三号楼消防通道被占用 fire exit locked ' || n WHEN 8 THEN '防火门 消 防 ' || n
    ELSE '第' || n || '处问题：台账 ' || md5(n::text) || md5(n::text || 'x') END ORDER BY n) FROM generate_series(1, 8000) AS n)))),
  'ok', '8,000 findings');

-- The index follows, a step at a time.
CREATE FUNCTION pg_temp.step(most integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  at bigint;
BEGIN
  SET LOCAL SESSION AUTHORIZATION rectify_writer;
  SELECT i.indexed INTO at FROM rectify.index_findings((SELECT h.epoch FROM rectify.head AS h), most) AS i;
  RESET SESSION AUTHORIZATION;
  RETURN at;
END
$$;
SELECT is(pg_temp.step(10), 10::bigint, 'ten are taken in');
SELECT is((SELECT count(*) FROM rectify.search), 10::bigint, 'and are there');
SELECT is_empty('SELECT * FROM rectify.index_findings(-1, 10)', 'not for a daemon that was superseded');
SELECT is(pg_temp.step(7989), 7999::bigint, 'and the others, but one');

-- The statement of the daemon, as its reader.
\set text `cat daemon/sql/query_cases_words.sql`
CREATE FUNCTION pg_temp.asked(units integer[], words text[], tail integer) RETURNS text LANGUAGE sql AS $$
  SELECT format('EXECUTE searching(NULL, %L, NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, 0, 500, false, false, NULL, NULL, NULL, NULL, '
    'NULL, NULL, NULL, NULL, 0, %L, %s)', units, words, tail)
$$;
CREATE FUNCTION pg_temp.found(units integer[], words text[], tail integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  row record;
  numbers text := '';
BEGIN
  SET LOCAL SESSION AUTHORIZATION rectify_reader;
  FOR row IN EXECUTE pg_temp.asked(units, words, tail) LOOP numbers := numbers || row.case_no || ' '; END LOOP;
  RESET SESSION AUTHORIZATION;
  RETURN numbers;
END
$$;
SET SESSION AUTHORIZATION rectify_reader;
PREPARE searching AS :text;
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.found(NULL, ARRAY['消防'], 0), '7 4007 ', 'two characters side by side');
SELECT is(pg_temp.found(NULL, ARRAY['消防', 'EXIT'], 0), '7 4007 ', 'Chinese and English');
SELECT is(pg_temp.found(NULL, ARRAY['消防', '4007'], 0), '4007 ', 'all of the words');
SELECT is(pg_temp.found(NULL, ARRAY['ｆｉｒｅ'], 0), '7 4007 ', 'full-width words');
SELECT is(pg_temp.found(NULL, ARRAY['消 防'], 0), '8 4008 ', 'with the space between');
SELECT is(pg_temp.found(NULL, ARRAY['防通', '道'], 0), '7 4007 ', 'a single character narrows');
SELECT is(pg_temp.found(ARRAY[9], ARRAY['消防'], 0), '', 'not the cases of other units');
SELECT is(pg_temp.found(NULL, ARRAY[md5('8000')], 0), '', 'what is not indexed yet is not found without reading it');
SELECT is(pg_temp.found(NULL, ARRAY[md5('8000')], 1), '8000 ', 'nor missed where it is read');
SELECT is(pg_temp.found(NULL, ARRAY[substr(md5('4711'), 5, 9)], 0),
  (SELECT string_agg(f.case_no || ' ', '' ORDER BY f.case_no) FROM rectify.private AS p JOIN rectify.finding AS f USING (log_index)
   WHERE position(substr(md5('4711'), 5, 9) IN p.body) > 0), 'as a scan finds it');

-- By the index, and not by reading the texts: also when the plan is made for any words.
CREATE FUNCTION pg_temp.plan(mode text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  line text;
  plan text := '';
BEGIN
  EXECUTE 'SET LOCAL plan_cache_mode = ' || mode;
  SET LOCAL SESSION AUTHORIZATION rectify_reader;
  FOR line IN EXECUTE 'EXPLAIN (COSTS off) ' || pg_temp.asked(NULL, ARRAY['消防'], 10) LOOP plan := plan || line || E'\n'; END LOOP;
  RESET SESSION AUTHORIZATION;
  RETURN plan;
END
$$;
ANALYZE rectify.search, rectify.private, rectify.finding, rectify.case_;
SELECT ok(pg_temp.plan(mode) LIKE '%Bitmap Index Scan on search_grams%' AND pg_temp.plan(mode) NOT LIKE '%Seq Scan on private%'
  AND pg_temp.plan(mode) NOT LIKE '%Seq Scan on search s%' AND pg_temp.plan(mode) NOT LIKE '%Seq Scan on case_%', mode || ' uses the index') FROM unnest(ARRAY['force_generic_plan', 'force_custom_plan']) AS mode;

-- Erased: the row goes with the text, and by itself never.
SELECT is(pg_temp.state_as('rectify_owner', 'DELETE FROM rectify.search'), 'RF003', 'what is searched stays while the text does');
SELECT throws_ok($$UPDATE rectify.search SET grams = '{}'$$, 'RF003', NULL, 'and is not changed, not even by the superuser');
SELECT is(pg_temp.state_as('rectify_writer', 'INSERT INTO rectify.search VALUES (8001, 8001, ''{}'')'), '42501', 'nor made up');
CREATE FUNCTION pg_temp.says(n bigint, version integer, command integer, rule integer, actor integer) RETURNS jsonb LANGUAGE sql AS $$
  SELECT pg_temp.events(ARRAY[n], version) || jsonb_build_object('e_command', ARRAY[command], 'e_rule', ARRAY[rule], 'e_actor', ARRAY[actor])
$$;
SELECT format('%s; SELECT rectify.project_erasures(''{4006}'', ''{8000}'', ''{7}'', ''{}'', ''{}'')',
  pg_temp.append_call(pg_temp.says(4007, 2, 54, 664, 7))) AS asks \gset
BEGIN;
SET LOCAL SESSION AUTHORIZATION rectify_writer;
:asks;
RESET SESSION AUTHORIZATION;
COMMIT;
SELECT format('%s; SELECT rectify.project_erasures(''{}'', ''{}'', ''{}'', ''{4006}'', ''{8001}'')',
  pg_temp.append_call(pg_temp.says(4007, 3, 55, 665, 8))) AS erases \gset
BEGIN;
SET LOCAL SESSION AUTHORIZATION rectify_writer;
:erases;
RESET SESSION AUTHORIZATION;
COMMIT;
SELECT is_empty('SELECT * FROM rectify.search WHERE case_no = 4007', 'the row is gone');
SELECT is(pg_temp.found(NULL, ARRAY['消防'], 10), '7 ', 'and nothing is found');
SELECT is(pg_temp.step(100), 8000::bigint, 'the index goes on');
SELECT is_empty('SELECT * FROM rectify.search WHERE case_no = 4007', 'and does not bring it back');
SELECT * FROM finish();

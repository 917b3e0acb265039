-- Erasure: a text goes in the transaction that records it, after somebody else asked, and in no other way.
\ir lib.psql
SELECT * FROM no_plan();
SELECT is(pg_temp.append(pg_temp.submits(1, 3)), 'ok, changed', 'three cases, each with a text and a piece of evidence');

-- The parameters for one event of the case: the office (7) asks, the administrator (8) erases.
CREATE FUNCTION pg_temp.says(n bigint, version integer, command integer, rule integer, actor integer) RETURNS jsonb LANGUAGE sql AS $$
  SELECT pg_temp.events(ARRAY[n], version) || jsonb_build_object('e_command', ARRAY[command], 'e_rule', ARRAY[rule], 'e_actor', ARRAY[actor])
$$;
CREATE FUNCTION pg_temp.project(asks text, erases text) RETURNS text LANGUAGE sql AS $$
  SELECT format('SELECT rectify.project_erasures(%s, %s)', asks, erases)
$$;
-- As the daemon does: the append and the projection in one transaction, as the writer.
CREATE FUNCTION pg_temp.both(given jsonb, projection text) RETURNS text LANGUAGE sql AS $$
  SELECT format('%s; %s', pg_temp.append_call(given), projection)
$$;
\set nothing '''{}''::bigint[], ''{}''::bigint[], ''{}''::integer[]'
\set no_erasure '''{}''::bigint[], ''{}''::bigint[]'
CREATE VIEW pg_temp.left_over AS SELECT
  (SELECT array_agg(log_index ORDER BY log_index)::text FROM rectify.private) AS texts,
  (SELECT array_agg(name ORDER BY log_index)::text FROM rectify.evidence) AS names;

-- Nobody asked.
SELECT is(pg_temp.state_as('rectify_writer', pg_temp.both(pg_temp.says(1, 2, 55, 665, 8), pg_temp.project(:'nothing', $$'{0}', '{3}'$$))), 'RF004',
  'what nobody asked for is not erased');
SELECT is((SELECT size FROM rectify.head), 3::bigint, 'and the event is not there either');
-- The office asks for the text of case 1 (log index 0), by event 3.
-- Who says that somebody asked must record it: in another's name, for another event, or of before, it is not believed.
SELECT is(pg_temp.state_as('rectify_writer', pg_temp.project($$'{0}', '{0}', '{99}'$$, :'no_erasure')), 'RF004', 'nobody asked, says the log');
SELECT is(pg_temp.state_as('rectify_writer', pg_temp.both(pg_temp.says(1, 2, 54, 664, 7), pg_temp.project($$'{0}', '{3}', '{99}'$$, :'no_erasure'))),
  'RF004', 'somebody else asked');
SELECT pg_temp.both(pg_temp.says(1, 2, 54, 664, 7), pg_temp.project($$'{0}', '{3}', '{7}'$$, :'no_erasure')) AS statement \gset
BEGIN;
SET LOCAL SESSION AUTHORIZATION rectify_writer;
:statement;
RESET SESSION AUTHORIZATION;
COMMIT;
SELECT is((SELECT asked_by FROM rectify.erasure WHERE text_index = 0), 7, 'the office asks');
SELECT is((SELECT texts FROM pg_temp.left_over), '{0,1,2}', 'which erases nothing');
-- The same person must not erase; another text is not asked for; an event of before, of another kind, or refused does not do.
SELECT is(pg_temp.state_as('rectify_writer', pg_temp.both(pg_temp.says(1, 3, 55, 665, 7), pg_temp.project(:'nothing', $$'{0}', '{4}'$$))), 'RF004',
  'who asked does not erase');
SELECT is(pg_temp.state_as('rectify_writer', pg_temp.both(pg_temp.says(1, 3, 55, 665, 8), pg_temp.project(:'nothing', $$'{1}', '{4}'$$))), 'RF004',
  'nor is another text erased');
SELECT is(pg_temp.state_as('rectify_writer', pg_temp.both(pg_temp.says(1, 3, 10, 630, 8), pg_temp.project(:'nothing', $$'{0}', '{4}'$$))), 'RF004',
  'a remark does not erase');
SELECT is(pg_temp.state_as('rectify_writer', pg_temp.both(pg_temp.says(1, 3, 55, 209, 8), pg_temp.project(:'nothing', $$'{0}', '{4}'$$))), 'RF004',
  'nor does what was refused');
SELECT is(pg_temp.append(pg_temp.says(2, 2, 55, 665, 8)), 'ok, changed', 'an erasure that is recorded alone');
SELECT is(pg_temp.state_as('rectify_writer', pg_temp.project(:'nothing', $$'{0}', '{4}'$$)), 'RF004', 'erases nothing later');
SELECT is(pg_temp.state_as('rectify_writer', 'DELETE FROM rectify.private'), '42501', 'nor does the writer itself');
SELECT is((SELECT texts || names FROM pg_temp.left_over), '{0,1,2}{piece.txt,piece.txt,piece.txt}', 'all is still there');

-- Another person erases, in one transaction.
SELECT pg_temp.both(pg_temp.says(1, 3, 55, 665, 8), pg_temp.project(:'nothing', $$'{0}', '{5}'$$)) AS statement \gset
BEGIN;
SET LOCAL SESSION AUTHORIZATION rectify_writer;
:statement;
RESET SESSION AUTHORIZATION;
-- In this very transaction nothing but that row may go, not even by the superuser.
SELECT is(pg_temp.state_as('rectify_admin', statement), 'RF003', statement || ' is refused meanwhile')
FROM unnest(ARRAY['DELETE FROM rectify.private', 'DELETE FROM rectify.private WHERE log_index = 1', 'UPDATE rectify.private SET body = ''x''',
  'UPDATE rectify.evidence SET name = ''x'' WHERE log_index = 0', 'UPDATE rectify.evidence SET size = 1, name = '''' WHERE log_index = 0',
  'UPDATE rectify.evidence SET name = '''' WHERE log_index = 1', 'DELETE FROM rectify.evidence WHERE log_index = 0', 'TRUNCATE rectify.private']) AS statement;
COMMIT;
SELECT is((SELECT texts || names FROM pg_temp.left_over), '{1,2}{"",piece.txt,piece.txt}', 'that text and that name are gone, no others');
SELECT is((SELECT count(*) FROM rectify.event), 6::bigint, 'and every event is there');

-- It is not taken back, and it opens nothing afterwards.
SELECT is(pg_temp.state_as('rectify_admin', statement), 'RF003', statement || ' is refused afterwards')
FROM unnest(ARRAY['DELETE FROM rectify.erasure', 'UPDATE rectify.erasure SET erased_index = NULL', 'UPDATE rectify.erasure SET text_index = 1',
  'TRUNCATE rectify.erasure', 'DELETE FROM rectify.private WHERE log_index = 1', 'UPDATE rectify.evidence SET name = ''''']) AS statement;
SELECT is(pg_temp.state_as('rectify_owner', 'INSERT INTO rectify.private VALUES (0, decode(md5(''salt''), ''hex''), ''text''); DELETE FROM rectify.private'), 'ok',
  'the owner finds no row to delete');
SELECT is((SELECT texts FROM pg_temp.left_over), '{0,1,2}', 'not even the one that was erased once');
SELECT is(pg_temp.state_as(who, pg_temp.project(:'nothing', :'no_erasure')), CASE who WHEN 'rectify_writer' THEN 'ok' ELSE '42501' END, who || ' calls it')
FROM unnest(ARRAY['rectify_writer', 'rectify_reader']) AS who;
SELECT * FROM finish();

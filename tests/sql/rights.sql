-- Who may what: the writer calls thirteen functions and reads, the reader reads, everybody else has nothing.
\ir lib.psql
SELECT * FROM no_plan();
SELECT is(pg_temp.append(pg_temp.submits(1, 1)), 'ok, changed', 'the writer appends');
SELECT is(pg_temp.append(pg_temp.publication()), 'ok, changed', 'and publishes');

CREATE VIEW pg_temp.person AS SELECT unnest(ARRAY['rectify_writer', 'rectify_reader']) AS who;
SELECT is(pg_temp.state_as(who, 'SELECT * FROM rectify.' || name), CASE name WHEN 'reader_login' THEN '42501' ELSE 'ok' END,
  who || ' reads ' || name)
FROM pg_temp.person, pg_temp.relation ORDER BY who, name;
SELECT is(pg_temp.state_as(who, format(pattern, name, (
  SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = oid AND attnum = 1))), '42501', who || ' may not: ' || format(pattern, name, '...'))
FROM pg_temp.person, pg_temp.relation, unnest(ARRAY['INSERT INTO rectify.%I DEFAULT VALUES', 'UPDATE rectify.%I SET %I = %2$I',
  'DELETE FROM rectify.%I', 'TRUNCATE rectify.%I', 'LOCK TABLE rectify.%I', 'ALTER TABLE rectify.%I ADD COLUMN more integer',
  'ALTER TABLE rectify.%I DISABLE TRIGGER ALL', 'DROP TABLE rectify.%I', 'SELECT FROM rectify.%I FOR UPDATE']) AS pattern;
SELECT is(pg_temp.state_as(who, statement), '42501', who || ' may not: ' || statement)
FROM pg_temp.person, unnest(ARRAY['CREATE TABLE rectify.mine (a integer)', 'CREATE VIEW rectify.mine AS SELECT 1',
  'CREATE FUNCTION rectify.mine() RETURNS integer LANGUAGE sql AS ''SELECT 1''', 'SET ROLE rectify_owner', 'SET ROLE rectify_admin',
  'SET session_replication_role = replica', 'DROP SCHEMA rectify CASCADE', 'CREATE ROLE mine',
  'CREATE OR REPLACE FUNCTION rectify.deny_change() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN RETURN NULL; END''']) AS statement;
SELECT is(pg_temp.state_as('rectify_writer', 'SET ROLE rectify_reader'), '42501', 'nor change into one another');

-- The functions.
CREATE VIEW pg_temp.routine AS
  SELECT p.oid, p.proname::text AS name, p.prosecdef, p.proconfig, p.proowner, p.proacl
  FROM pg_catalog.pg_proc AS p WHERE p.pronamespace = 'rectify'::regnamespace;
SELECT set_eq('SELECT name FROM pg_temp.routine', ARRAY['add_cosignature', 'append', 'deny_change', 'forget_signature',
  'guard_checkpoint', 'guard_erasure', 'guard_evidence', 'guard_key', 'guard_private', 'guard_signature', 'is_being_erased',
  'is_restricted', 'keep_checkpoint', 'officer_of_login', 'oversees_all', 'project_erasures', 'project_keys', 'project_registry',
  'project_signatures', 'readable_teams', 'readable_units', 'scope_of_login', 'set_clock', 'set_reviewed', 'take_over',
  'was_restricted', 'words_are_open', 'check_epoch', 'forget_letters', 'give_up', 'guard_delivery', 'guard_letter', 'lease_letters', 'make_letters',
  'begin_letters', 'erased_since', 'letter_is_open',
  'report_letter', 'report_letters', 'begin_upload', 'drop_upload', 'finish_upload', 'forget_content', 'guard_content',
  'guard_content_part', 'keep_part', 'sweep_uploads', 'lock_content', 'forget_file', 'bigrams', 'forget_search', 'guard_search', 'has_words', 'index_findings',
  'search_fold'],
  'these functions and no more');
SELECT set_eq($$SELECT name FROM pg_temp.routine WHERE has_function_privilege('rectify_writer', oid, 'EXECUTE')$$,
  ARRAY['add_cosignature', 'append', 'keep_checkpoint', 'project_erasures', 'project_keys', 'project_registry',
  'project_signatures', 'set_clock', 'set_reviewed', 'take_over', 'make_letters', 'lease_letters', 'report_letters', 'letter_is_open',
  'begin_upload', 'drop_upload', 'finish_upload', 'keep_part', 'sweep_uploads', 'index_findings'],
  'the writer may call these alone');
SELECT set_eq($$SELECT name FROM pg_temp.routine WHERE has_function_privilege('rectify_reader', oid, 'EXECUTE')$$,
  ARRAY['is_restricted', 'was_restricted', 'letter_is_open', 'bigrams', 'has_words', 'search_fold'], 'the reader may call those that change nothing');
SELECT is(pg_temp.state_as('rectify_writer', 'SELECT * FROM rectify.take_over()'), 'ok', 'take_over, by the writer');
SELECT is(pg_temp.state_as('rectify_reader', 'SELECT * FROM rectify.take_over()'), '42501', 'take_over, by the reader');
SELECT is(pg_temp.state_as('rectify_writer', 'SELECT rectify.set_clock(0, now())'), 'ok', 'set_clock, by the writer');
SELECT is(pg_temp.state_as('rectify_reader', 'SELECT rectify.set_clock(0, now())'), '42501', 'set_clock, by the reader');
SELECT is(pg_temp.state_as('rectify_reader', pg_temp.append_call(pg_temp.submits(2, 2))), '42501', 'append, by the reader');
SELECT is(pg_temp.state_as(who, format('SELECT rectify.project_registry(%s)', (
  SELECT string_agg(format('%L::%s', '{}', format_type(t, NULL)), ', ') FROM pg_catalog.pg_proc AS p, unnest(p.proargtypes) AS t
  WHERE p.oid = 'rectify.project_registry'::regproc))), CASE who WHEN 'rectify_writer' THEN 'ok' ELSE '42501' END,
  'project_registry, by ' || who) FROM pg_temp.person;
SELECT ok('search_path=pg_catalog, pg_temp' = ANY (proconfig), name || ' looks names up in pg_catalog, temporary objects last')
FROM pg_temp.routine ORDER BY name;
SELECT is_empty($$SELECT name FROM pg_temp.routine WHERE proowner <> 'rectify_owner'::regrole$$, 'the owner owns the functions');

-- A caller's own objects cannot stand in for the schema's.
SET SESSION AUTHORIZATION rectify_writer;
CREATE TEMPORARY TABLE head AS SELECT * FROM rectify.head;
CREATE FUNCTION pg_temp.cardinality(anyarray) RETURNS integer LANGUAGE sql AS 'SELECT 0';
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.append(pg_temp.submits(2, 2)), 'ok, changed', 'temporary objects of the caller change nothing');
SELECT is((SELECT size FROM rectify.head), 3::bigint, 'the real head moved');

-- Everybody else, and the owner.
CREATE ROLE passer_by;
SELECT is(pg_temp.state_as('passer_by', 'SELECT FROM rectify.' || name), '42501', 'a passer-by may not read ' || name)
FROM pg_temp.relation ORDER BY name;
SELECT is_empty($$SELECT name FROM pg_temp.routine, aclexplode(coalesce(proacl, acldefault('f', proowner))) AS a WHERE a.grantee = 0$$,
  'PUBLIC may call no function');
SELECT is_empty($$SELECT r.name FROM pg_temp.relation AS r JOIN pg_catalog.pg_class AS c ON c.oid = r.oid,
  aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) AS a WHERE a.grantee = 0$$, 'PUBLIC may touch no table');
SELECT is_empty($$SELECT FROM pg_catalog.pg_namespace AS n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS a
  WHERE n.nspname = 'rectify' AND a.grantee = 0$$, 'PUBLIC may not enter the schema');
SELECT is_empty($$SELECT name FROM pg_temp.relation AS r JOIN pg_catalog.pg_class AS c ON c.oid = r.oid
  WHERE c.relowner <> 'rectify_owner'::regrole$$, 'the owner owns the tables');
SELECT is((SELECT rolcanlogin FROM pg_catalog.pg_roles WHERE rolname = 'rectify_owner'), false, 'the owner cannot log in');
SELECT is_empty($$SELECT rolname FROM pg_catalog.pg_roles WHERE rolname LIKE 'rectify\_%' AND rolname <> 'rectify_admin'
  AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)$$, 'no role of ours is privileged');
SELECT is_empty($$SELECT FROM pg_catalog.pg_auth_members WHERE roleid IN (SELECT oid FROM pg_catalog.pg_roles WHERE rolname LIKE 'rectify\_%')$$,
  'nobody is a member of another');

-- What a later migration makes is closed too until it is opened.
SET ROLE rectify_owner;
CREATE FUNCTION rectify.later() RETURNS integer LANGUAGE sql AS 'SELECT 1';
RESET ROLE;
SELECT is(pg_temp.state_as('rectify_reader', 'SELECT rectify.later()'), '42501', 'a function made later is not everybody''s');
SELECT * FROM finish();

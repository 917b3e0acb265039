-- An auditor's own SQL client sees what the auditor may see; the walls stand for the owner too.
\ir lib.psql
SELECT * FROM no_plan();

-- city (1) > north (2) > north-1 (4); city > south (3); team (5).  Cases 1 to 4 are of units 2, 4, 3 and of none yet.
SELECT is(pg_temp.append(pg_temp.submits(1, 4) || '{"c_unit": [2, 4, 3, 0], "c_team": [5, 5, 3, 3], "c_track": [3, 3, 3, 0], "c_status": [2, 2, 2, 1], "n_officer": [1, 2, 3, 4]}'),
  'ok, changed', 'four cases');
SELECT is(pg_temp.append(pg_temp.publication()), 'ok, changed', 'a publication');
SELECT is(pg_temp.state_as('rectify_writer', format($$SELECT rectify.project_registry(
  '{1,2,3,4,5}', '{0,1,1,2,1}', '{city,north,south,north-1,team}', '{C,N,S,N1,T}', '{f,f,f,f,f}',
  '{1,2,3,4,5,6,7,8}', '{1,2,3,5,1,2,2,2}', '{aud,p-north,h-south,insp,admin,gone,late,left}', '{A,P,H,I,D,G,L,E}', '{f,f,f,f,f,t,f,f}',
  '{1,2,3,4,5,6,7,8}', '{1,2,3,5,1,1,2,1}', '{7,3,2,1,8,7,4,7}',
  '{2020-01-01,2020-01-01,2020-01-01,2020-01-01,2020-01-01,2020-01-01,%s,2020-01-01}',
  '{2100-01-01,2100-01-01,2100-01-01,2100-01-01,2100-01-01,2100-01-01,2100-01-01,%s}', '{}', '{}', '{}', '{}')$$,
  (SELECT greatest(clock, now()) AT TIME ZONE 'UTC' FROM rectify.head)::date + 1,
  (SELECT greatest(clock, now()) AT TIME ZONE 'UTC' FROM rectify.head)::date - 1)), 'ok', 'and people');

CREATE VIEW pg_temp.login AS SELECT * FROM (VALUES
  ('aud', '{1,2,3,4}', true, 'the auditor of the whole'), ('p-north', '{1,2}', false, 'the head of north, and what is below'),
  ('h-south', '{3}', false, 'the handler of south'), ('insp', '{1,2}', false, 'an inspector, by the team'),
  ('admin', '{}', false, 'the administrator, who has no case'), ('gone', '{}', false, 'somebody who has left'),
  ('late', '{}', false, 'an appointment that begins tomorrow'), ('left', '{}', false, 'an appointment that ended yesterday'),
  ('nobody', '{}', false, 'a login that is nobody''s')) AS l (code, cases, oversees, who);
DO $$
DECLARE
  one record;
BEGIN
  FOR one IN SELECT code FROM pg_temp.login LOOP
    EXECUTE format('CREATE ROLE %I LOGIN IN ROLE rectify_auditor', 'l_' || one.code);
    IF one.code <> 'nobody' THEN
      INSERT INTO rectify.reader_login VALUES ('l_' || one.code, one.code);
    END IF;
  END LOOP;
END
$$;

-- What `statement`, which gives one number a row, gives to `who`.
CREATE FUNCTION pg_temp.seen_by(who text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  seen text;
BEGIN
  EXECUTE format('SET LOCAL SESSION AUTHORIZATION %I', who);
  EXECUTE 'SELECT coalesce(array_agg(n ORDER BY n), ''{}'')::text FROM (' || statement || ') AS s (n)' INTO seen;
  RESET SESSION AUTHORIZATION;
  RETURN seen;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE;
END
$$;
SELECT is(pg_temp.seen_by('l_' || code, 'SELECT case_no FROM rectify.case_'), cases, who || ': cases') FROM pg_temp.login;
SELECT is(pg_temp.seen_by('l_' || code, format('SELECT case_no FROM rectify.%I WHERE case_no > 0', name)), cases, who || ': ' || name)
FROM pg_temp.login, unnest(ARRAY['event', 'evidence', 'finding']) AS name;
SELECT is(pg_temp.seen_by('l_' || code, 'SELECT f.case_no FROM rectify.private AS p JOIN rectify.finding AS f USING (log_index)'), cases, who || ': texts')
FROM pg_temp.login;
SELECT is(pg_temp.seen_by('l_' || code, 'SELECT count(*) FROM rectify.event WHERE case_no = 0'), CASE WHEN oversees THEN '{1}' ELSE '{0}' END,
  who || ': the events of no case') FROM pg_temp.login;
SELECT is(pg_temp.seen_by('l_' || code, 'SELECT officer FROM rectify.notice'), CASE WHEN oversees THEN '{1,2,3,4}' WHEN code = 'p-north' THEN '{2}'
  WHEN code = 'h-south' THEN '{3}' WHEN code = 'insp' THEN '{4}' ELSE '{}' END, who || ': notices') FROM pg_temp.login;
SELECT is(pg_temp.seen_by('l_' || code, 'SELECT size FROM rectify.head'), '{5}', who || ': the head') FROM pg_temp.login;
SELECT is(pg_temp.seen_by('l_' || code, 'SELECT 1 FROM rectify.reader_login'), '42501', who || ': not the logins') FROM pg_temp.login;

-- Letters: one's own, and all for who oversees the whole.
SELECT is(pg_temp.state_as('rectify_writer', format($$SELECT * FROM rectify.make_letters(0, now(), 0, ARRAY[%L::uuid, %L::uuid], '{2,3}', '{mail,mail}', '{en,en}', '{f,f}',
  '{s,s}', '{b,b}', '{h,h}', ARRAY[now(), now()], '{1,2}', '{16,32}')$$, md5('2'), md5('3'))), 'ok', 'two letters');
SELECT is(pg_temp.state_as('rectify_writer', 'SELECT * FROM rectify.lease_letters(0, now(), md5(''r'')::uuid, NULL, 10, now() + interval ''1 hour'')'), 'ok', 'are leased');
SELECT is(pg_temp.seen_by('l_' || code, 'SELECT officer FROM rectify.letter'), CASE WHEN oversees THEN '{2,3}' WHEN code = 'p-north' THEN '{2}'
  WHEN code = 'h-south' THEN '{3}' ELSE '{}' END, who || ': letters') FROM pg_temp.login;
SELECT is(pg_temp.seen_by('l_' || code, format('SELECT count(*) FROM rectify.%I', name)), CASE WHEN oversees THEN '{2}' WHEN code IN ('p-north', 'h-south') THEN '{1}'
  ELSE '{0}' END, who || ': ' || name) FROM pg_temp.login, unnest(ARRAY['letter_notice', 'delivery']) AS name;

-- Reading is all they may, and no setting or borrowed identity widens it.
SELECT is(pg_temp.state_as('l_aud', statement), '42501', 'the auditor may not: ' || statement)
FROM unnest(ARRAY['INSERT INTO rectify.event SELECT * FROM rectify.event', 'UPDATE rectify.case_ SET unit = 2', 'DELETE FROM rectify.private',
  'TRUNCATE rectify.notice', 'SET ROLE rectify_owner', 'SET ROLE rectify_writer', 'SET ROLE rectify_reader',
  'SET session_replication_role = replica', 'ALTER TABLE rectify.case_ DISABLE ROW LEVEL SECURITY', 'DROP POLICY auditor_reads ON rectify.case_',
  'CREATE POLICY mine ON rectify.case_ USING (true)', 'SELECT rectify.project_keys(''{}'', ''{}'', ''{}'', ''{}'', ''{}'', ''{}'')',
  'INSERT INTO rectify.reader_login VALUES (''l_nobody'', ''aud'')', 'CREATE TABLE rectify.mine (a integer)']) AS statement;
SELECT is(pg_temp.seen_by('l_h-south', 'SELECT case_no FROM rectify.case_ WHERE set_config(''row_security'', ''off'', true) IS NOT NULL'), '42501',
  'row_security = off is an error, not a way');
SELECT is(pg_temp.state_as('l_h-south', 'SET LOCAL row_security = off; SELECT * FROM rectify.case_'), '42501', 'set before, it is an error');
CREATE FUNCTION pg_temp.leak(bigint) RETURNS boolean COST 0.0001 LANGUAGE plpgsql AS $$ BEGIN RAISE 'leaked %', $1 USING ERRCODE = 'RF999'; END $$;
SELECT is(pg_temp.state_as('l_admin', 'SELECT * FROM rectify.case_ WHERE pg_temp.leak(case_no)'), 'ok', 'a cheap function sees no hidden row');

-- Clients' keys: the writer says what the log says, through the one function; nothing else and nobody else.
SELECT is(pg_temp.state_as('rectify_writer', 'SELECT rectify.project_keys(ARRAY[sha256(''a'')], ''{1}'', ''{2026-01-01}'', ''{2026-12-31}'', ''{f}'', ''{4}'')'), 'ok', 'a key');
SELECT is(pg_temp.state_as('rectify_writer', 'SELECT rectify.project_keys(ARRAY[sha256(''a'')], ''{2}'', ''{2026-01-01}'', ''{2026-12-31}'', ''{f}'', ''{5}'')'), 'RF003', 'does not change hands');
SELECT is(pg_temp.state_as('rectify_writer', 'SELECT rectify.project_keys(ARRAY[sha256(''a'')], ''{1}'', ''{2026-01-01}'', ''{2026-12-31}'', ''{t}'', ''{5}'')'), 'ok', 'is revoked');
SELECT is(pg_temp.state_as('rectify_writer', 'SELECT rectify.project_keys(ARRAY[sha256(''a'')], ''{1}'', ''{2026-01-01}'', ''{2026-12-31}'', ''{f}'', ''{6}'')'), 'RF003', 'and does not come back');
SELECT is(pg_temp.state_as('rectify_admin', 'DELETE FROM rectify.client_key'), 'RF003', 'nor is it deleted');
SELECT is(pg_temp.state_as('rectify_admin', 'TRUNCATE rectify.client_key'), 'RF003', 'nor truncated');
SELECT is(pg_temp.seen_by('l_aud', 'SELECT officer FROM rectify.client_key'), '{1}', 'the auditor sees keys');
SELECT is(pg_temp.seen_by('l_p-north', 'SELECT officer FROM rectify.client_key'), '{}', 'others do not');

-- What makes a case restricted by itself: daemon/sql/query_log.sql asks only about cases with these marks.
SELECT is(array_agg(bit), '{2,16}', 'marks 65540 alone, in the order of their bits') FROM generate_series(0, 30) AS bit
  WHERE rectify.is_restricted(1 << bit, 1, 1);
SELECT * FROM finish();

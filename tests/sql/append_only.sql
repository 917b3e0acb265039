-- What is recorded is not changed: not by the superuser, and not with triggers turned off for replication.
\ir lib.psql
SELECT * FROM no_plan();
SELECT is(pg_temp.append(pg_temp.submits(1, 3)), 'ok, changed', 'three cases are there');
SELECT is(pg_temp.append(pg_temp.publication()), 'ok, changed', 'a publication and a tile too');
SELECT is(pg_temp.append(pg_temp.order_and_rule(1, 2, 2026, 1)), 'ok, changed', 'an order and a rule');

CREATE VIEW pg_temp.kept AS SELECT unnest(ARRAY['event', 'tile', 'private', 'evidence', 'finding', 'notice', 'document',
  'supervision_order', 'rule_document']) AS name;
CREATE VIEW pg_temp.attempt AS
  SELECT format(pattern, k.name, (
    SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = ('rectify.' || k.name)::regclass AND attnum = 1)) AS statement
  FROM pg_temp.kept AS k, unnest(ARRAY['UPDATE rectify.%I SET %I = %2$I', 'DELETE FROM rectify.%I', 'TRUNCATE rectify.%I',
    'TRUNCATE rectify.head, rectify.%I CASCADE']) AS pattern;

SELECT isnt_empty('SELECT FROM rectify.' || name, name || ' has a row to lose') FROM pg_temp.kept;
SELECT pg_temp.contents() AS before \gset
SELECT is(pg_temp.state_as('rectify_admin', statement), 'RF003', 'the superuser: ' || statement) FROM pg_temp.attempt;
-- Row security shows the owner no row to change or delete, so that these find nothing; a truncation meets the trigger.
SELECT is(pg_temp.state_as('rectify_owner', statement), CASE WHEN statement LIKE 'TRUNCATE%' THEN 'RF003' ELSE 'ok' END,
  'the owner: ' || statement) FROM pg_temp.attempt WHERE statement NOT LIKE '%CASCADE';
SELECT is(pg_temp.contents(), :'before', 'and nothing changes');
SET session_replication_role = replica;
SELECT is(pg_temp.state_as('rectify_admin', statement), 'RF003', 'as a replica: ' || statement) FROM pg_temp.attempt;
SET session_replication_role = local;
SELECT is(pg_temp.state_as('rectify_admin', statement), 'RF003', 'as local: ' || statement) FROM pg_temp.attempt;
RESET session_replication_role;
SELECT is(pg_temp.contents(), :'before', 'nothing was lost');
SELECT is(pg_temp.state_as('rectify_admin', $$INSERT INTO rectify.event SELECT log_index, case_no, version, key, command, rule, 99, recorded,
  record FROM rectify.event ON CONFLICT (log_index) DO UPDATE SET actor = excluded.actor$$), 'RF003', 'nor by an upsert');
SELECT * FROM finish();

-- Every statement of daemon/sql can be prepared by the role whose connection uses it (daemon/statements.def).
\ir lib.psql
SELECT * FROM no_plan();
\set files `for file in daemon/sql/*.sql; do name=${file##*/}; printf '\037%s\036%s\036' "${name%.sql}" "$(sed -n "s/^STATEMENT([A-Z_]*, ${name%.sql}, \([0-3]\)).*/\1/p" daemon/statements.def)"; cat "$file"; done`
\set rows `grep -c '^STATEMENT(' daemon/statements.def`

CREATE TEMPORARY TABLE statement AS
  SELECT part[1] AS name, part[2] AS for_writer, part[3] AS text
  FROM regexp_split_to_table(:'files', E'\x1f') AS row, string_to_array(row, E'\x1e') AS part WHERE row <> '';
SELECT is((SELECT count(*) FROM statement WHERE for_writer <> ''), :'rows'::bigint, 'every row of statements.def has its file');
SELECT is((SELECT string_agg(name, ' ') FROM statement WHERE for_writer = ''), NULL, 'every file has its row');
SELECT ok(text ~ '^-- [^\n]*\.', name || ' says what it is for') FROM statement ORDER BY name;
SELECT is(pg_temp.state_as(CASE WHEN for_writer IN ('1', '2') THEN 'rectify_writer' ELSE 'rectify_reader' END, 'PREPARE ' || name || ' AS ' || text), 'ok',
  name || ' can be prepared by the ' || CASE WHEN for_writer IN ('1', '2') THEN 'writer' ELSE 'reader' END) FROM statement ORDER BY name;
-- Preparing looks up names; executing asks for rights.
SELECT is(pg_temp.state_as(CASE WHEN for_writer IN ('1', '2') THEN 'rectify_writer' ELSE 'rectify_reader' END, format('EXECUTE %s%s', name, (
  SELECT '(' || string_agg('NULL', ', ') || ')' FROM pg_catalog.pg_prepared_statements AS p, unnest(p.parameter_types)
  WHERE p.name = s.name))),
  CASE WHEN name IN ('append', 'make_letters', 'lease_letters', 'report_letters') THEN 'RF001' ELSE 'ok' END, name || ' can be executed')
FROM statement AS s ORDER BY name;
SELECT * FROM finish();

-- append() given what no daemon sends: arrays of other lengths, NULLs, numbers and texts of all kinds, parts that are missing.  It is
-- refused and nothing is stored, or it is a batch that keeps the rules between the tables.  The same each time; \set many 20000 for more.
\ir lib.psql
SELECT * FROM no_plan();
\if :{?many}
\else
\set many 250
\endif
SELECT set_config('hostile.many', :'many', false);
SELECT setseed(0.20260213);
SELECT is(pg_temp.append(pg_temp.submits(1, 3)), 'ok, changed', 'three cases to begin with');

-- A parameter set that would be taken.
CREATE FUNCTION pg_temp.good() RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  head rectify.head;
BEGIN
  SELECT * INTO head FROM rectify.head;
  CASE (random() * 3)::integer
    WHEN 0 THEN RETURN pg_temp.submits(head.cases + 1, head.cases + 2);
    WHEN 1 THEN RETURN pg_temp.publication() || CASE WHEN head.size / 256 IN (SELECT n FROM rectify.tile)
      THEN '{"t_level": [], "t_n": [], "t_hashes": []}' ELSE '{}' END::jsonb;
    WHEN 2 THEN RETURN pg_temp.spawns(head.cases + 1, head.cases + 1, 1);
    ELSE RETURN pg_temp.order_and_rule(1, (SELECT k.version + 1 FROM rectify.case_ AS k WHERE k.case_no = 1), 2026,
      1 + (SELECT count(*)::integer FROM rectify.supervision_order));
  END CASE;
END
$$;

-- What may stand in the place of a value; most of it is of a wrong type for most parameters.
CREATE FUNCTION pg_temp.odd() RETURNS jsonb LANGUAGE sql VOLATILE AS $$
  SELECT (ARRAY['null', '0', '1', '-1', '2', '255', '256', '32767', '32768', '2147483647', '-2147483648', '2147483648',
    '9223372036854775807', '-9223372036854775808', '""', '"x"', '"\\x"', '"\\x00"', '"infinity"', '"-infinity"', '"2026-02-30"',
    '"4714-11-24 BC"', '"00000000-0000-0000-0000-000000000000"', '"'' ; DROP TABLE rectify.event; --"', '"\u00ff\ud83d\ude00"', '"NULL"', '"{1,2}"',
    'true', '"' || repeat('a', 70000) || '"'])[1 + (random() * 28)::integer]::jsonb
$$;

-- One parameter made odd: another value, one more, one less, none at all, NULL, or all of them turned round.
CREATE FUNCTION pg_temp.spoil(given jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  name text;
  old jsonb;
  at integer;
BEGIN
  SELECT k INTO name FROM jsonb_object_keys(given) AS k ORDER BY random() LIMIT 1;
  old := given->name;
  IF jsonb_typeof(old) <> 'array' THEN
    RETURN jsonb_set(given, ARRAY[name], pg_temp.odd());
  END IF;
  at := (random() * (jsonb_array_length(old) - 1))::integer;
  RETURN CASE (random() * 6)::integer
    WHEN 0 THEN jsonb_set(given, ARRAY[name], old || jsonb_build_array(pg_temp.odd()))
    WHEN 1 THEN jsonb_set(given, ARRAY[name], old - at)
    WHEN 2 THEN jsonb_set(given, ARRAY[name], '[]')
    WHEN 3 THEN given || jsonb_build_object(name, NULL)
    WHEN 4 THEN jsonb_set(given, ARRAY[name], old || old)
    ELSE jsonb_set(given, ARRAY[name, at::text], pg_temp.odd())
  END;
END
$$;

-- The rules between the tables, each with the number of rows that break it.  `kept`: by append() itself; the others are the daemon's to
-- keep, the doctor and `rectify verify` find where it has not.
CREATE VIEW pg_temp.breach AS
  SELECT 'the head has the size of the log' AS rule, true AS kept, count(*) FROM rectify.head AS h
    WHERE h.size <> (SELECT count(*) FROM rectify.event) OR h.cases < (SELECT count(*) FROM rectify.case_)
  UNION ALL SELECT 'the head counts cases and events of none', false, count(*) FROM rectify.head AS h
    WHERE h.cases <> (SELECT count(*) FROM rectify.case_) OR h.system_events <> (SELECT count(*) FROM rectify.event WHERE case_no = 0)
  UNION ALL SELECT 'log indexes are dense', true, count(*) FROM rectify.event AS e
    WHERE e.log_index >= (SELECT h.size FROM rectify.head AS h) OR e.log_index < 0
  UNION ALL SELECT 'events of a case are dense', true, count(*) FROM rectify.case_ AS k
    WHERE k.version <> (SELECT count(*) FROM rectify.event AS e WHERE e.case_no = k.case_no)
  UNION ALL SELECT 'an event has its case', true, count(*) FROM rectify.event AS e
    WHERE e.case_no > 0 AND NOT EXISTS (SELECT FROM rectify.case_ AS k WHERE k.case_no = e.case_no)
  UNION ALL SELECT 'a text has its event', false, count(*) FROM rectify.private AS p
    WHERE NOT EXISTS (SELECT FROM rectify.event AS e WHERE e.log_index = p.log_index)
  UNION ALL SELECT 'evidence has its event', false, count(*) FROM rectify.evidence AS v
    WHERE NOT EXISTS (SELECT FROM rectify.event AS e WHERE e.log_index = v.log_index AND e.case_no = v.case_no)
  UNION ALL SELECT 'a finding has its event', false, count(*) FROM rectify.finding AS f
    WHERE NOT EXISTS (SELECT FROM rectify.event AS e WHERE e.log_index = f.log_index AND e.case_no = f.case_no AND e.key = f.id)
  UNION ALL SELECT 'a case is about a finding', true, count(*) FROM rectify.case_ AS k
    WHERE NOT EXISTS (SELECT FROM rectify.finding AS f WHERE f.case_no = k.finding_of)
  UNION ALL SELECT 'a finding has its case', true, count(*) FROM rectify.finding AS f
    WHERE NOT EXISTS (SELECT FROM rectify.case_ AS k WHERE k.case_no = f.case_no AND k.finding_of = k.case_no)
  UNION ALL SELECT 'orders have no gaps', true, count(*) FROM (
    SELECT FROM rectify.supervision_order GROUP BY year HAVING max(serial) <> count(*) OR min(serial) <> 1) AS o;

CREATE TABLE pg_temp.tried (n integer, state text, changed boolean, given jsonb, broken text, kept boolean);
DO $$
DECLARE
  given jsonb;
  before text;
  said text;
  now_is text;
  broken text;
  kept boolean;
BEGIN
  before := pg_temp.contents();
  FOR i IN 1..current_setting('hostile.many')::integer LOOP
    given := pg_temp.spoil(pg_temp.good());
    IF random() < 0.3 THEN
      given := pg_temp.spoil(given);
    END IF;
    BEGIN
      said := pg_temp.state_as('rectify_writer', pg_temp.append_call(given));
      now_is := pg_temp.contents();
      SELECT string_agg(b.rule, ', '), bool_or(b.kept) INTO broken, kept FROM pg_temp.breach AS b WHERE b.count > 0;
      IF broken IS NOT NULL THEN
        RAISE EXCEPTION 'undone' USING ERRCODE = 'UNDNE'; -- the next one begins from what is sound
      END IF;
    EXCEPTION
      WHEN SQLSTATE 'UNDNE' THEN NULL;
      WHEN OTHERS THEN
        said := SQLSTATE;
        now_is := before;
        broken := NULL;
    END;
    INSERT INTO pg_temp.tried SELECT i, said, now_is <> before, given, broken, kept;
    IF broken IS NULL THEN
      before := now_is;
    END IF;
  END LOOP;
END
$$;
SELECT diag(state || ': ' || count(*)) FROM pg_temp.tried GROUP BY state ORDER BY state;
SELECT diag('left to the daemon: ' || broken || ': ' || count(*)) FROM pg_temp.tried WHERE broken IS NOT NULL AND NOT kept GROUP BY broken;
SELECT diag(t.n || ' ' || t.state || ' breaks: ' || t.broken || ' by ' || left(t.given::text, 3000))
FROM (SELECT DISTINCT ON (broken) * FROM pg_temp.tried WHERE kept ORDER BY broken, n) AS t;
SELECT ok(count(*) FILTER (WHERE t.state <> 'ok') >= :many / 3, 'many are refused') FROM pg_temp.tried AS t;
SELECT ok(count(*) FILTER (WHERE t.state = 'ok') >= :many / 50, 'and some are no harm, so that the other rules have been tried') FROM pg_temp.tried AS t;
SELECT is(count(*), 0::bigint, 'what is refused leaves nothing') FROM pg_temp.tried AS t WHERE t.state <> 'ok' AND t.changed;
SELECT is(count(*), 0::bigint, 'what is taken breaks no rule that append() keeps') FROM pg_temp.tried AS t WHERE t.kept;
SELECT is(count(*), 0::bigint, 'no error of the server''s own') FROM pg_temp.tried AS t WHERE left(t.state, 2) IN ('XX', '58', '53');
SELECT * FROM finish();

-- The spine: one log of events, the cases folded from it, and what people get told.
--
-- Roles: rectify_owner owns everything and cannot log in; rectify_writer may only call append() and its two small
-- companions, and read; rectify_reader may only read.  Events are append-only by grant and by trigger.

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'rectify_owner') THEN
    CREATE ROLE rectify_owner NOLOGIN;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'rectify_writer') THEN
    CREATE ROLE rectify_writer LOGIN;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'rectify_reader') THEN
    CREATE ROLE rectify_reader LOGIN;
  END IF;
END
$$;

CREATE SCHEMA rectify AUTHORIZATION rectify_owner;
SET LOCAL ROLE rectify_owner;

-- ---- the log ---------------------------------------------------------------------------------------------------

CREATE TABLE rectify.head (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  size bigint NOT NULL CHECK (size >= 0),
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  frontier bytea NOT NULL CHECK (octet_length(frontier) % 32 = 0),
  tail bytea NOT NULL CHECK (octet_length(tail) = 32 * (size % 256)),
  epoch bigint NOT NULL,
  cases bigint NOT NULL CHECK (cases >= 0),
  system_events integer NOT NULL CHECK (system_events >= 0),
  clock timestamptz NOT NULL
) WITH (fillfactor = 20);
COMMENT ON TABLE rectify.head IS 'The one head of the one Merkle log (RFC 6962); moved by compare-and-set only';
COMMENT ON COLUMN rectify.head.frontier IS 'roots of the full subtrees on the right edge, largest first';
COMMENT ON COLUMN rectify.head.tail IS 'leaf hashes of the open tile';
COMMENT ON COLUMN rectify.head.epoch IS 'raised by each daemon that takes over: a stale writer cannot write';
COMMENT ON COLUMN rectify.head.cases IS 'cases accepted so far: the last case number';
COMMENT ON COLUMN rectify.head.system_events IS 'events of case 0: publications and refusals that name no case';
COMMENT ON COLUMN rectify.head.clock IS 'the daemon''s clock at the last commit; a manual clock goes on from here';
INSERT INTO rectify.head VALUES (true, 0, sha256(''), '', '', 0, 0, 0, '1970-01-01 00:00:00+00');

CREATE TABLE rectify.event (
  log_index bigint PRIMARY KEY CHECK (log_index >= 0),
  case_no bigint NOT NULL CHECK (case_no >= 0),
  version integer NOT NULL CHECK (version >= 1),
  key uuid NOT NULL,
  command smallint NOT NULL CHECK (command BETWEEN 1 AND 50),
  rule smallint NOT NULL CHECK (rule BETWEEN 100 AND 699),
  actor integer NOT NULL CHECK (actor >= 0),
  recorded timestamptz NOT NULL,
  record bytea NOT NULL CHECK (octet_length(record) BETWEEN 1 AND 4096),
  CONSTRAINT event_case_version UNIQUE (case_no, version),
  CONSTRAINT event_key UNIQUE (key)
);
COMMENT ON TABLE rectify.event IS 'What happened, for ever. record is hashed; every other column is a projection of it';
COMMENT ON COLUMN rectify.event.case_no IS '0: an event of the system, not of a case';
COMMENT ON COLUMN rectify.event.key IS 'idempotency key: the client''s UUIDv7, or UUIDv8 of a rung';

CREATE TABLE rectify.tile (
  level smallint NOT NULL CHECK (level BETWEEN 0 AND 7),
  n bigint NOT NULL CHECK (n >= 0),
  hashes bytea NOT NULL CHECK (octet_length(hashes) = 8192),
  PRIMARY KEY (level, n)
);
COMMENT ON TABLE rectify.tile IS 'Full tiles of the Merkle tree (C2SP tlog-tiles): 256 hashes each; level l+1 holds the roots of full tiles of level l';

CREATE TABLE rectify.private (
  log_index bigint PRIMARY KEY,
  salt bytea NOT NULL CHECK (octet_length(salt) = 16),
  body text NOT NULL CHECK (octet_length(body) BETWEEN 1 AND 16384)
);
COMMENT ON TABLE rectify.private IS 'Free text of events, beside the log: the record holds SHA-256(salt || body), so that it can be erased without breaking a proof';

CREATE TABLE rectify.evidence (
  log_index bigint NOT NULL,
  ordinal smallint NOT NULL CHECK (ordinal BETWEEN 0 AND 15),
  case_no bigint NOT NULL,
  kind smallint NOT NULL CHECK (kind BETWEEN 1 AND 6),
  sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
  name text NOT NULL CHECK (octet_length(name) <= 255),
  size bigint NOT NULL CHECK (size >= 0),
  PRIMARY KEY (log_index, ordinal)
);
COMMENT ON TABLE rectify.evidence IS 'Evidence handed in, by its hash';
CREATE INDEX evidence_sha256 ON rectify.evidence (sha256);
COMMENT ON INDEX rectify.evidence_sha256 IS 'the same bytes used for another case';

-- ---- findings and cases ----------------------------------------------------------------------------------------

CREATE TABLE rectify.finding (
  case_no bigint PRIMARY KEY CHECK (case_no >= 1),
  id uuid NOT NULL,
  log_index bigint NOT NULL,
  team integer NOT NULL,
  unit integer NOT NULL,
  kind smallint NOT NULL CHECK (kind BETWEEN 1 AND 5),
  severity smallint NOT NULL CHECK (severity BETWEEN 1 AND 4),
  found_on date NOT NULL,
  unit_code text COLLATE "C" NOT NULL CHECK (octet_length(unit_code) BETWEEN 1 AND 63),
  parent_code text COLLATE "C" NOT NULL CHECK (octet_length(parent_code) <= 63),
  code text COLLATE "C" NOT NULL CHECK (octet_length(code) <= 63),
  category text COLLATE "C" NOT NULL CHECK (octet_length(category) <= 63),
  inspection text COLLATE "C" NOT NULL CHECK (octet_length(inspection) <= 63)
);
COMMENT ON TABLE rectify.finding IS 'The facts as reported; they never change. id is the key of the event that accepted it';
COMMENT ON COLUMN rectify.finding.parent_code IS 'unit above the reported one when it was reported, empty when unknown';
CREATE INDEX finding_same_problem ON rectify.finding (unit_code, code, found_on);
COMMENT ON INDEX rectify.finding_same_problem IS 'recurrence: the same problem again in the unit';
CREATE INDEX finding_same_kind ON rectify.finding (parent_code, category, found_on);
COMMENT ON INDEX rectify.finding_same_kind IS 'recurrence: the same kind again under the unit above';

CREATE TABLE rectify.case_ (
  case_no bigint PRIMARY KEY CHECK (case_no >= 1),
  version integer NOT NULL CHECK (version >= 1),
  status smallint NOT NULL CHECK (status BETWEEN 1 AND 10),
  track smallint NOT NULL CHECK (track BETWEEN 0 AND 5),
  light smallint NOT NULL CHECK (light BETWEEN 0 AND 3),
  unit integer NOT NULL,
  handler integer NOT NULL,
  verifier integer NOT NULL,
  accountable integer NOT NULL,
  team integer NOT NULL,
  opened_at timestamptz NOT NULL,
  due_at timestamptz,
  due_clock smallint NOT NULL CHECK (due_clock BETWEEN 0 AND 8),
  first_due_at timestamptz,
  next_fire_at timestamptz,
  closed_at timestamptz,
  state bytea NOT NULL CHECK (octet_length(state) BETWEEN 1 AND 1024),
  CONSTRAINT open_case_has_a_timer CHECK (status > 6 OR next_fire_at IS NOT NULL),
  CONSTRAINT open_case_has_an_accountable_officer CHECK (status > 6 OR accountable > 0),
  CONSTRAINT closed_case_has_a_date CHECK ((status > 6) = (closed_at IS NOT NULL))
) WITH (fillfactor = 80);
COMMENT ON TABLE rectify.case_ IS 'Each case as folded from its events: state is the whole fold, the columns are what ledgers filter on';
COMMENT ON COLUMN rectify.case_.due_at IS 'first instant too late for the accountable officer, of clock due_clock';
CREATE INDEX case_inbox ON rectify.case_ (accountable, due_at) WHERE status <= 6;
COMMENT ON INDEX rectify.case_inbox IS 'an officer''s open cases by due date';
CREATE INDEX case_unit ON rectify.case_ (unit);
COMMENT ON INDEX rectify.case_unit IS 'ledgers and boards by unit';

CREATE TABLE rectify.notice (
  id bigint PRIMARY KEY,
  case_no bigint NOT NULL,
  kind smallint NOT NULL CHECK (kind BETWEEN 1 AND 8),
  copy boolean NOT NULL,
  recipient smallint NOT NULL CHECK (recipient BETWEEN 0 AND 8),
  officer integer NOT NULL CHECK (officer >= 1),
  created timestamptz NOT NULL
);
COMMENT ON TABLE rectify.notice IS 'What an officer must be told; written with the event that caused it';
COMMENT ON COLUMN rectify.notice.id IS 'stable: log index of the event * 16 + ordinal';
CREATE INDEX notice_officer ON rectify.notice (officer, id);
COMMENT ON INDEX rectify.notice_officer IS 'an officer''s notices, newest last';

-- ---- published documents ---------------------------------------------------------------------------------------

CREATE TABLE rectify.document (
  kind smallint NOT NULL CHECK (kind BETWEEN 1 AND 3),
  version integer NOT NULL CHECK (version >= 1),
  file_name text NOT NULL CHECK (octet_length(file_name) <= 255),
  body text NOT NULL CHECK (octet_length(body) <= 3670016),
  sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
  log_index bigint NOT NULL,
  PRIMARY KEY (kind, version)
);
COMMENT ON TABLE rectify.document IS 'Published registries (1), policies (2) and calendars (3), whole and numbered; they never change';

CREATE TABLE rectify.unit (
  id integer PRIMARY KEY CHECK (id >= 1),
  parent integer NOT NULL,
  code text NOT NULL UNIQUE,
  name text NOT NULL,
  retired boolean NOT NULL
);
COMMENT ON TABLE rectify.unit IS 'Units of the registry in force, for SQL; a projection of the registry documents';
CREATE TABLE rectify.officer (
  id integer PRIMARY KEY CHECK (id >= 1),
  unit integer NOT NULL,
  code text NOT NULL UNIQUE,
  name text NOT NULL,
  retired boolean NOT NULL
);
COMMENT ON TABLE rectify.officer IS 'Officers of the registry in force, for SQL; a projection of the registry documents';
CREATE TABLE rectify.appointment (
  officer integer NOT NULL,
  unit integer NOT NULL,
  role smallint NOT NULL CHECK (role BETWEEN 1 AND 8),
  from_day date NOT NULL,
  until_day date NOT NULL CHECK (until_day >= from_day),
  PRIMARY KEY (officer, unit, role, from_day)
);
COMMENT ON TABLE rectify.appointment IS 'Who holds which role over which unit and when; a projection of the registry documents';

-- ---- nothing recorded is changed -------------------------------------------------------------------------------

CREATE FUNCTION rectify.deny_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'rectify.% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'RF003';
END
$$;
COMMENT ON FUNCTION rectify.deny_change() IS 'Trigger: refuses UPDATE, DELETE and TRUNCATE of what is kept for ever';

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['event', 'tile', 'private', 'evidence', 'finding', 'notice', 'document'] LOOP
    EXECUTE format('CREATE TRIGGER deny_row BEFORE UPDATE OR DELETE ON rectify.%I FOR EACH ROW EXECUTE FUNCTION rectify.deny_change()', name);
    EXECUTE format('CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON rectify.%I FOR EACH STATEMENT EXECUTE FUNCTION rectify.deny_change()', name);
    EXECUTE format('ALTER TABLE rectify.%I ENABLE ALWAYS TRIGGER deny_row', name);
    EXECUTE format('ALTER TABLE rectify.%I ENABLE ALWAYS TRIGGER deny_truncate', name);
  END LOOP;
END
$$;

-- ---- the only way in -------------------------------------------------------------------------------------------

-- Appends one batch: moves the head if it still is where the caller left it (RF001 otherwise), checks that each case's
-- event numbers go on in the order of the log without a gap, that its row comes along and that its number is not beyond
-- the head's count (RF002), and writes everything, or nothing.
CREATE FUNCTION rectify.append(
  p_size bigint, p_epoch bigint, p_new_size bigint, p_root bytea, p_frontier bytea, p_tail bytea,
  p_cases bigint, p_system integer, p_clock timestamptz,
  t_level smallint[], t_n bigint[], t_hashes bytea[],
  e_case bigint[], e_version integer[], e_key uuid[], e_command smallint[], e_rule smallint[], e_actor integer[],
  e_recorded timestamptz[], e_record bytea[],
  x_index bigint[], x_salt bytea[], x_body text[],
  v_index bigint[], v_ordinal smallint[], v_case bigint[], v_kind smallint[], v_sha256 bytea[], v_name text[],
  v_size bigint[],
  f_case bigint[], f_id uuid[], f_index bigint[], f_team integer[], f_unit integer[], f_kind smallint[],
  f_severity smallint[], f_found date[], f_unit_code text[], f_parent_code text[], f_code text[], f_category text[],
  f_inspection text[],
  c_case bigint[], c_version integer[], c_status smallint[], c_track smallint[], c_light smallint[], c_unit integer[],
  c_handler integer[], c_verifier integer[], c_accountable integer[], c_team integer[], c_opened timestamptz[],
  c_due timestamptz[], c_due_clock smallint[], c_first_due timestamptz[], c_next_fire timestamptz[],
  c_closed timestamptz[], c_state bytea[],
  n_id bigint[], n_case bigint[], n_kind smallint[], n_copy boolean[], n_recipient smallint[], n_officer integer[],
  n_created timestamptz[],
  d_kind smallint[], d_version integer[], d_file_name text[], d_body text[], d_sha256 bytea[], d_index bigint[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  known bigint;       -- cases before this batch
  fresh bigint := 0;  -- case rows inserted
  moved bigint := 0;  -- case rows updated
BEGIN
  UPDATE rectify.head AS h SET size = p_new_size, root = p_root, frontier = p_frontier, tail = p_tail, cases = p_cases,
    system_events = p_system, clock = greatest(h.clock, p_clock)
  FROM rectify.head AS old
  WHERE h.size = p_size AND h.epoch = p_epoch AND p_new_size = p_size + cardinality(e_case) AND p_new_size > p_size
    AND h.cases <= p_cases AND h.system_events <= p_system AND old.size = p_size
  RETURNING old.cases INTO known;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the log''s head is not at size % of epoch %', p_size, p_epoch USING ERRCODE = 'RF001';
  END IF;
  INSERT INTO rectify.event (log_index, case_no, version, key, command, rule, actor, recorded, record)
  SELECT p_size + u.n - 1, u.case_no, u.version, u.key, u.command, u.rule, u.actor, u.recorded, u.record
  FROM unnest(e_case, e_version, e_key, e_command, e_rule, e_actor, e_recorded, e_record)
    WITH ORDINALITY AS u (case_no, version, key, command, rule, actor, recorded, record, n);

  -- A case is new exactly when its number is beyond the head's count before; only the others have a row to look up.
  IF EXISTS (
    SELECT FROM (
      SELECT u.case_no, max(u.version) AS last, min(u.version - u.nth) AS low, max(u.version - u.nth) AS high
      FROM (
        SELECT u.case_no, u.version, row_number() OVER (PARTITION BY u.case_no ORDER BY u.n) AS nth
        FROM unnest(e_case, e_version) WITH ORDINALITY AS u (case_no, version, n) WHERE u.case_no > 0) AS u
      GROUP BY u.case_no) AS b
    FULL JOIN unnest(c_case, c_version) AS c (case_no, version) ON c.case_no = b.case_no
    WHERE b.case_no IS NULL OR b.case_no > p_cases OR c.version IS DISTINCT FROM b.last OR b.high <> b.low
      OR b.low <> CASE WHEN b.case_no > known THEN 0
        ELSE coalesce((SELECT k.version FROM rectify.case_ AS k WHERE k.case_no = b.case_no), -1) END) THEN
    RAISE EXCEPTION 'event numbers of a case do not follow' USING ERRCODE = 'RF002';
  END IF;

  IF cardinality(t_n) > 0 THEN
    INSERT INTO rectify.tile (level, n, hashes) SELECT * FROM unnest(t_level, t_n, t_hashes);
  END IF;
  IF cardinality(x_index) > 0 THEN
    INSERT INTO rectify.private (log_index, salt, body) SELECT * FROM unnest(x_index, x_salt, x_body);
  END IF;
  IF cardinality(v_index) > 0 THEN
    INSERT INTO rectify.evidence (log_index, ordinal, case_no, kind, sha256, name, size)
    SELECT * FROM unnest(v_index, v_ordinal, v_case, v_kind, v_sha256, v_name, v_size);
  END IF;
  IF cardinality(f_case) > 0 THEN
    INSERT INTO rectify.finding (case_no, id, log_index, team, unit, kind, severity, found_on, unit_code, parent_code,
      code, category, inspection)
    SELECT * FROM unnest(f_case, f_id, f_index, f_team, f_unit, f_kind, f_severity, f_found, f_unit_code,
      f_parent_code, f_code, f_category, f_inspection);
  END IF;
  IF known < ANY (c_case) THEN
    INSERT INTO rectify.case_ (case_no, version, status, track, light, unit, handler, verifier, accountable, team,
      opened_at, due_at, due_clock, first_due_at, next_fire_at, closed_at, state)
    SELECT * FROM unnest(c_case, c_version, c_status, c_track, c_light, c_unit, c_handler, c_verifier, c_accountable,
      c_team, c_opened, c_due, c_due_clock, c_first_due, c_next_fire, c_closed, c_state) AS u (case_no)
    WHERE u.case_no > known;
    GET DIAGNOSTICS fresh = ROW_COUNT;
  END IF;
  IF known >= ANY (c_case) THEN
    UPDATE rectify.case_ AS k SET version = u.version, status = u.status, track = u.track, light = u.light, unit = u.unit,
      handler = u.handler, verifier = u.verifier, accountable = u.accountable, due_at = u.due_at,
      due_clock = u.due_clock, first_due_at = u.first_due_at, next_fire_at = u.next_fire_at, closed_at = u.closed_at,
      state = u.state
    FROM unnest(c_case, c_version, c_status, c_track, c_light, c_unit, c_handler, c_verifier, c_accountable, c_due,
      c_due_clock, c_first_due, c_next_fire, c_closed, c_state) AS u (case_no, version, status, track, light, unit,
      handler, verifier, accountable, due_at, due_clock, first_due_at, next_fire_at, closed_at, state)
    WHERE k.case_no = u.case_no AND u.case_no <= known;
    GET DIAGNOSTICS moved = ROW_COUNT;
  END IF;
  IF fresh + moved <> cardinality(c_case) THEN
    RAISE EXCEPTION 'a case has two rows' USING ERRCODE = 'RF002';
  END IF;
  IF cardinality(n_id) > 0 THEN
    INSERT INTO rectify.notice (id, case_no, kind, copy, recipient, officer, created)
    SELECT * FROM unnest(n_id, n_case, n_kind, n_copy, n_recipient, n_officer, n_created);
  END IF;
  IF cardinality(d_kind) > 0 THEN
    INSERT INTO rectify.document (kind, version, file_name, body, sha256, log_index)
    SELECT * FROM unnest(d_kind, d_version, d_file_name, d_body, d_sha256, d_index);
  END IF;
END
$$;
COMMENT ON FUNCTION rectify.append IS 'Appends one batch of events and all that follows from them, or raises and changes nothing';

-- A daemon that holds the lock takes over: from now on only its epoch can write.
CREATE FUNCTION rectify.take_over() RETURNS SETOF rectify.head
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE rectify.head SET epoch = epoch + 1 RETURNING *;
$$;
COMMENT ON FUNCTION rectify.take_over() IS 'Raises the epoch and returns the head';

-- Keeps a manual clock that moved without an event.
CREATE FUNCTION rectify.set_clock(p_epoch bigint, p_clock timestamptz) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE rectify.head SET clock = p_clock WHERE epoch = p_epoch AND clock <= p_clock RETURNING true;
$$;
COMMENT ON FUNCTION rectify.set_clock(bigint, timestamptz) IS 'Moves the recorded clock forward';

-- Replaces the projection of the registry.  Called in the transaction that appends its publication.
CREATE FUNCTION rectify.project_registry(
  u_id integer[], u_parent integer[], u_code text[], u_name text[], u_retired boolean[],
  o_id integer[], o_unit integer[], o_code text[], o_name text[], o_retired boolean[],
  a_officer integer[], a_unit integer[], a_role smallint[], a_from date[], a_until date[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM rectify.unit;
  DELETE FROM rectify.officer;
  DELETE FROM rectify.appointment;
  INSERT INTO rectify.unit (id, parent, code, name, retired) SELECT * FROM unnest(u_id, u_parent, u_code, u_name, u_retired);
  INSERT INTO rectify.officer (id, unit, code, name, retired) SELECT * FROM unnest(o_id, o_unit, o_code, o_name, o_retired);
  INSERT INTO rectify.appointment (officer, unit, role, from_day, until_day)
  SELECT * FROM unnest(a_officer, a_unit, a_role, a_from, a_until) ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION rectify.project_registry IS 'Replaces the tables unit, officer and appointment';

-- ---- who may what ----------------------------------------------------------------------------------------------

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA rectify FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC; -- of later migrations too
GRANT USAGE ON SCHEMA rectify TO rectify_writer, rectify_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA rectify TO rectify_writer, rectify_reader;
GRANT EXECUTE ON FUNCTION rectify.append, rectify.take_over(), rectify.set_clock(bigint, timestamptz),
  rectify.project_registry TO rectify_writer;

-- The workflow in full: cases that follow from others, numbered supervision orders, rules that were issued, substitutions.
--
-- Forward only.  What is stored already goes on: old cases get what the new columns say of them, and their packed states
-- the one field that every case has now.

SET LOCAL ROLE rectify_owner;

-- ---- what may be stored ------------------------------------------------------------------------------------------

ALTER TABLE rectify.case_ DROP CONSTRAINT case__due_clock_check,
  ADD CONSTRAINT case__due_clock_check CHECK (due_clock BETWEEN 0 AND 11),
  DROP CONSTRAINT case__state_check,
  ADD CONSTRAINT case__state_check CHECK (octet_length(state) BETWEEN 1 AND 2048); -- STATE_BODY_BYTES_MAX
ALTER TABLE rectify.notice DROP CONSTRAINT notice_recipient_check,
  ADD CONSTRAINT notice_recipient_check CHECK (recipient BETWEEN 0 AND 12),
  ADD COLUMN instead_of integer NOT NULL DEFAULT 0 CHECK (instead_of >= 0),
  ADD COLUMN digest bigint NOT NULL DEFAULT 0 CHECK (digest >= 0);
COMMENT ON COLUMN rectify.notice.instead_of IS 'whom the officer stands in for; 0 nobody';
COMMENT ON COLUMN rectify.notice.digest IS 'log index at which a daemon began to make up for missed time; the notices of an officer with the same one are one message; 0: told in time, a message of its own';
ALTER TABLE rectify.evidence ADD COLUMN measure smallint NOT NULL DEFAULT 0 CHECK (measure BETWEEN 0 AND 32);
COMMENT ON COLUMN rectify.evidence.measure IS 'of the plan that it shows done; 0: of the whole';
COMMENT ON COLUMN rectify.evidence.case_no IS 'that it was taken for; 0: the command that handed it in was refused';
DROP INDEX rectify.evidence_sha256;
CREATE INDEX evidence_sha256 ON rectify.evidence (sha256, case_no);
COMMENT ON INDEX rectify.evidence_sha256 IS 'the first other case that the same bytes were handed in for';

-- ---- cases -------------------------------------------------------------------------------------------------------

ALTER TABLE rectify.case_
  ADD COLUMN flags integer NOT NULL DEFAULT 0 CHECK (flags >= 0),
  ADD COLUMN parent bigint NOT NULL DEFAULT 0 CHECK (parent >= 0 AND parent < case_no),
  ADD COLUMN finding_of bigint CHECK (finding_of BETWEEN 1 AND case_no);
COMMENT ON COLUMN rectify.case_.flags IS 'bits of the fold: include/rectify/model.h, enum case_flag';
COMMENT ON COLUMN rectify.case_.parent IS 'the case it follows from; 0: from a finding of its own';
COMMENT ON COLUMN rectify.case_.finding_of IS 'the case whose finding it is about: its own, or that of the first case it follows from';

-- Packed states (message CaseState of proto/rectify/v1/rectify.proto) are fields in ascending order.  The first nine are
-- numbers: the mark of a field is 8 times its number, its value seven bits a byte, the lowest first.
CREATE FUNCTION rectify.state_number(state bytea, field integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  at integer := 0;
  mark integer;
  one integer;
  bits integer;
  value bigint;
BEGIN
  WHILE at < octet_length(state) LOOP
    mark := get_byte(state, at);
    EXIT WHEN mark > 8 * field;
    at := at + 1;
    value := 0;
    bits := 0;
    LOOP
      one := get_byte(state, at);
      value := value | (one & 127)::bigint << bits;
      at := at + 1;
      bits := bits + 7;
      EXIT WHEN one < 128;
    END LOOP;
    IF mark = 8 * field THEN
      RETURN value;
    END IF;
  END LOOP;
  RETURN 0;
END
$$;
-- Field 33 of an old state, which ends before it: the case whose finding it is about.
CREATE FUNCTION rectify.finding_of_itself(case_no bigint) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
  packed bytea := '\x8802';
BEGIN
  WHILE case_no > 127 LOOP
    packed := packed || set_byte('\x00', 0, (case_no & 127)::integer | 128);
    case_no := case_no >> 7;
  END LOOP;
  RETURN packed || set_byte('\x00', 0, case_no::integer);
END
$$;
UPDATE rectify.case_ SET flags = rectify.state_number(state, 9), finding_of = case_no,
  state = state || rectify.finding_of_itself(case_no);
DROP FUNCTION rectify.state_number, rectify.finding_of_itself;
ALTER TABLE rectify.case_ ALTER COLUMN finding_of SET NOT NULL;

CREATE INDEX case_timer ON rectify.case_ (case_no) WHERE next_fire_at IS NOT NULL;
COMMENT ON INDEX rectify.case_timer IS 'what a daemon loads at its start: every open case, and closed ones whose look-back or decision is to come';
CREATE INDEX case_parent ON rectify.case_ (parent) WHERE parent > 0;
COMMENT ON INDEX rectify.case_parent IS 'the cases that follow from one';

-- ---- reviews -----------------------------------------------------------------------------------------------------

ALTER TABLE rectify.head ADD COLUMN reviewed bigint NOT NULL DEFAULT 0 CHECK (reviewed >= 0);
COMMENT ON COLUMN rectify.head.reviewed IS 'size of the log with the newest publication by which every case was reviewed: a daemon that finds a newer one goes through all cases again';

-- Keeps that all cases have been reviewed by what was published up to a size of the log.
CREATE FUNCTION rectify.set_reviewed(p_epoch bigint, p_reviewed bigint) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE rectify.head SET reviewed = p_reviewed WHERE epoch = p_epoch AND reviewed <= p_reviewed AND p_reviewed <= size
  RETURNING true;
$$;
COMMENT ON FUNCTION rectify.set_reviewed(bigint, bigint) IS 'Moves the mark of the reviews forward';

-- ---- supervision orders and rules --------------------------------------------------------------------------------

CREATE TABLE rectify.supervision_order (
  year integer NOT NULL CHECK (year BETWEEN 1970 AND 2200),
  serial integer NOT NULL CHECK (serial >= 1),
  case_no bigint NOT NULL CHECK (case_no >= 1),
  log_index bigint NOT NULL,
  PRIMARY KEY (year, serial)
);
COMMENT ON TABLE rectify.supervision_order IS 'Supervision orders by their numbers, without a gap within a year';
COMMENT ON COLUMN rectify.supervision_order.year IS 'of the day it was issued, as the root unit counts days';
COMMENT ON COLUMN rectify.supervision_order.log_index IS 'of the event that issued it';
CREATE INDEX supervision_order_case ON rectify.supervision_order (case_no);
COMMENT ON INDEX rectify.supervision_order_case IS 'the orders of one case';

CREATE TABLE rectify.rule_document (
  log_index bigint PRIMARY KEY,
  case_no bigint NOT NULL CHECK (case_no >= 1),
  parent_code text COLLATE "C" NOT NULL CHECK (octet_length(parent_code) <= 63),
  category text COLLATE "C" NOT NULL CHECK (octet_length(category) <= 63),
  effective_on date NOT NULL,
  number text NOT NULL CHECK (octet_length(number) BETWEEN 1 AND 63)
);
COMMENT ON TABLE rectify.rule_document IS 'Rules issued against a kind of finding: one of the category under the unit above that comes after it took effect shows that it did not hold';
COMMENT ON COLUMN rectify.rule_document.log_index IS 'of the event that recorded it';
CREATE INDEX rule_document_kind ON rectify.rule_document (parent_code, category, effective_on);
COMMENT ON INDEX rectify.rule_document_kind IS 'the rule that was in force against a kind on a day';

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['supervision_order', 'rule_document'] LOOP
    EXECUTE format('CREATE TRIGGER deny_row BEFORE UPDATE OR DELETE ON rectify.%I FOR EACH ROW EXECUTE FUNCTION rectify.deny_change()', name);
    EXECUTE format('CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON rectify.%I FOR EACH STATEMENT EXECUTE FUNCTION rectify.deny_change()', name);
    EXECUTE format('ALTER TABLE rectify.%I ENABLE ALWAYS TRIGGER deny_row', name);
    EXECUTE format('ALTER TABLE rectify.%I ENABLE ALWAYS TRIGGER deny_truncate', name);
  END LOOP;
END
$$;

-- ---- the registry as tables --------------------------------------------------------------------------------------

-- Ranges of one unit instead of equality: the index that knows ranges needs no extension for them.  Registries of before
-- may name two principals of a unit; the one whom the daemon takes for it stays.
CREATE TABLE rectify.appointment_before AS TABLE rectify.appointment;
DELETE FROM rectify.appointment;
ALTER TABLE rectify.appointment ADD CONSTRAINT one_principal_at_a_time
  EXCLUDE USING gist (int4range(unit, unit, '[]') WITH &&, daterange(from_day, until_day, '[]') WITH &&) WHERE (role = 3);
COMMENT ON CONSTRAINT one_principal_at_a_time ON rectify.appointment IS 'who heads a unit is never in doubt';
INSERT INTO rectify.appointment (officer, unit, role, from_day, until_day)
SELECT officer, unit, role, from_day, until_day FROM rectify.appointment_before ORDER BY unit, role, from_day, officer
ON CONFLICT DO NOTHING;
DROP TABLE rectify.appointment_before;

CREATE TABLE rectify.substitution (
  officer integer NOT NULL,
  stand_in integer NOT NULL CHECK (stand_in <> officer),
  from_day date NOT NULL,
  until_day date NOT NULL CHECK (until_day >= from_day),
  PRIMARY KEY (officer, from_day),
  CONSTRAINT one_stand_in_at_a_time
    EXCLUDE USING gist (int4range(officer, officer, '[]') WITH &&, daterange(from_day, until_day, '[]') WITH &&)
);
COMMENT ON TABLE rectify.substitution IS 'Who stands in for whom and when; a projection of the registry documents';
COMMENT ON CONSTRAINT one_stand_in_at_a_time ON rectify.substitution IS 'whom to ask in an officer''s place is never in doubt';

DROP FUNCTION rectify.project_registry;
CREATE FUNCTION rectify.project_registry(
  u_id integer[], u_parent integer[], u_code text[], u_name text[], u_retired boolean[],
  o_id integer[], o_unit integer[], o_code text[], o_name text[], o_retired boolean[],
  a_officer integer[], a_unit integer[], a_role smallint[], a_from date[], a_until date[],
  s_officer integer[], s_stand_in integer[], s_from date[], s_until date[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM rectify.unit;
  DELETE FROM rectify.officer;
  DELETE FROM rectify.appointment;
  DELETE FROM rectify.substitution;
  INSERT INTO rectify.unit (id, parent, code, name, retired) SELECT * FROM unnest(u_id, u_parent, u_code, u_name, u_retired);
  INSERT INTO rectify.officer (id, unit, code, name, retired) SELECT * FROM unnest(o_id, o_unit, o_code, o_name, o_retired);
  INSERT INTO rectify.appointment (officer, unit, role, from_day, until_day)
  SELECT * FROM unnest(a_officer, a_unit, a_role, a_from, a_until) ON CONFLICT DO NOTHING;
  INSERT INTO rectify.substitution (officer, stand_in, from_day, until_day)
  SELECT * FROM unnest(s_officer, s_stand_in, s_from, s_until) ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION rectify.project_registry IS 'Replaces the tables unit, officer, appointment and substitution';

-- ---- the only way in ---------------------------------------------------------------------------------------------

-- As before (0001_spine.sql), and besides: a new case has a finding, its own or that of the case it follows from (RF002);
-- numbers of supervision orders go on without a gap (RF002); a rule stands under the unit above and the category of the
-- finding that it was issued for.
DROP FUNCTION rectify.append;
CREATE FUNCTION rectify.append(
  p_size bigint, p_epoch bigint, p_new_size bigint, p_root bytea, p_frontier bytea, p_tail bytea,
  p_cases bigint, p_system integer, p_clock timestamptz,
  t_level smallint[], t_n bigint[], t_hashes bytea[],
  e_case bigint[], e_version integer[], e_key uuid[], e_command smallint[], e_rule smallint[], e_actor integer[],
  e_recorded timestamptz[], e_record bytea[],
  x_index bigint[], x_salt bytea[], x_body text[],
  v_index bigint[], v_ordinal smallint[], v_case bigint[], v_kind smallint[], v_sha256 bytea[], v_name text[],
  v_size bigint[], v_measure smallint[],
  f_case bigint[], f_id uuid[], f_index bigint[], f_team integer[], f_unit integer[], f_kind smallint[],
  f_severity smallint[], f_found date[], f_unit_code text[], f_parent_code text[], f_code text[], f_category text[],
  f_inspection text[],
  c_case bigint[], c_version integer[], c_status smallint[], c_track smallint[], c_light smallint[], c_unit integer[],
  c_handler integer[], c_verifier integer[], c_accountable integer[], c_team integer[], c_opened timestamptz[],
  c_due timestamptz[], c_due_clock smallint[], c_first_due timestamptz[], c_next_fire timestamptz[],
  c_closed timestamptz[], c_state bytea[], c_flags integer[], c_parent bigint[], c_finding_of bigint[],
  n_id bigint[], n_case bigint[], n_kind smallint[], n_copy boolean[], n_recipient smallint[], n_officer integer[],
  n_created timestamptz[], n_instead_of integer[], n_digest bigint[],
  d_kind smallint[], d_version integer[], d_file_name text[], d_body text[], d_sha256 bytea[], d_index bigint[],
  o_year integer[], o_serial integer[], o_case bigint[], o_index bigint[],
  r_case bigint[], r_index bigint[], r_finding_of bigint[], r_effective date[], r_number text[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  known bigint;       -- cases before this batch
  fresh bigint := 0;  -- case rows inserted
  moved bigint := 0;  -- case rows updated
  rules bigint;
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
    INSERT INTO rectify.evidence (log_index, ordinal, case_no, kind, sha256, name, size, measure)
    SELECT * FROM unnest(v_index, v_ordinal, v_case, v_kind, v_sha256, v_name, v_size, v_measure);
  END IF;
  IF cardinality(f_case) > 0 THEN
    INSERT INTO rectify.finding (case_no, id, log_index, team, unit, kind, severity, found_on, unit_code, parent_code,
      code, category, inspection)
    SELECT * FROM unnest(f_case, f_id, f_index, f_team, f_unit, f_kind, f_severity, f_found, f_unit_code,
      f_parent_code, f_code, f_category, f_inspection);
  END IF;
  IF known < ANY (c_case) THEN
    INSERT INTO rectify.case_ (case_no, version, status, track, light, unit, handler, verifier, accountable, team,
      opened_at, due_at, due_clock, first_due_at, next_fire_at, closed_at, state, flags, parent, finding_of)
    SELECT * FROM unnest(c_case, c_version, c_status, c_track, c_light, c_unit, c_handler, c_verifier, c_accountable,
      c_team, c_opened, c_due, c_due_clock, c_first_due, c_next_fire, c_closed, c_state, c_flags, c_parent,
      c_finding_of) AS u (case_no)
    WHERE u.case_no > known;
    GET DIAGNOSTICS fresh = ROW_COUNT;
  END IF;
  IF known >= ANY (c_case) THEN
    UPDATE rectify.case_ AS k SET version = u.version, status = u.status, track = u.track, light = u.light, unit = u.unit,
      handler = u.handler, verifier = u.verifier, accountable = u.accountable, due_at = u.due_at,
      due_clock = u.due_clock, first_due_at = u.first_due_at, next_fire_at = u.next_fire_at, closed_at = u.closed_at,
      state = u.state, flags = u.flags
    FROM unnest(c_case, c_version, c_status, c_track, c_light, c_unit, c_handler, c_verifier, c_accountable, c_due,
      c_due_clock, c_first_due, c_next_fire, c_closed, c_state, c_flags) AS u (case_no, version, status, track, light,
      unit, handler, verifier, accountable, due_at, due_clock, first_due_at, next_fire_at, closed_at, state, flags)
    WHERE k.case_no = u.case_no AND u.case_no <= known;
    GET DIAGNOSTICS moved = ROW_COUNT;
  END IF;
  IF fresh + moved <> cardinality(c_case) THEN
    RAISE EXCEPTION 'a case has two rows' USING ERRCODE = 'RF002';
  END IF;
  -- A finding for each new case that is about its own, and for no other.
  IF EXISTS (
    SELECT FROM (
      SELECT u.case_no, u.finding_of FROM unnest(c_case, c_finding_of) AS u (case_no, finding_of) WHERE u.case_no > known) AS c
    FULL JOIN unnest(f_case) AS f (case_no) ON f.case_no = c.case_no
    WHERE c.case_no IS NULL OR (f.case_no IS NOT NULL) <> (c.finding_of = c.case_no)
      OR f.case_no IS NULL AND NOT EXISTS (SELECT FROM rectify.finding AS k WHERE k.case_no = c.finding_of)) THEN
    RAISE EXCEPTION 'a case without the finding it is about, or a finding without its case' USING ERRCODE = 'RF002';
  END IF;
  IF cardinality(n_id) > 0 THEN
    INSERT INTO rectify.notice (id, case_no, kind, copy, recipient, officer, created, instead_of, digest)
    SELECT * FROM unnest(n_id, n_case, n_kind, n_copy, n_recipient, n_officer, n_created, n_instead_of, n_digest);
  END IF;
  IF cardinality(d_kind) > 0 THEN
    INSERT INTO rectify.document (kind, version, file_name, body, sha256, log_index)
    SELECT * FROM unnest(d_kind, d_version, d_file_name, d_body, d_sha256, d_index);
  END IF;
  IF cardinality(o_case) > 0 THEN
    IF EXISTS (
      SELECT FROM unnest(o_year, o_serial) AS u (year, serial) GROUP BY u.year
      HAVING max(u.serial) - min(u.serial) + 1 <> count(*) OR min(u.serial) <> 1 + coalesce((
        SELECT max(k.serial) FROM rectify.supervision_order AS k WHERE k.year = u.year), 0)) THEN
      RAISE EXCEPTION 'numbers of supervision orders do not follow' USING ERRCODE = 'RF002';
    END IF;
    INSERT INTO rectify.supervision_order (year, serial, case_no, log_index)
    SELECT * FROM unnest(o_year, o_serial, o_case, o_index);
  END IF;
  IF cardinality(r_case) > 0 THEN
    INSERT INTO rectify.rule_document (log_index, case_no, parent_code, category, effective_on, number)
    SELECT u.log_index, u.case_no, f.parent_code, f.category, u.effective_on, u.number
    FROM unnest(r_index, r_case, r_finding_of, r_effective, r_number) AS u (log_index, case_no, finding_of, effective_on, number)
    JOIN rectify.finding AS f ON f.case_no = u.finding_of;
    GET DIAGNOSTICS rules = ROW_COUNT;
    IF rules <> cardinality(r_case) THEN
      RAISE EXCEPTION 'a rule for a finding that is not there' USING ERRCODE = 'RF002';
    END IF;
  END IF;
END
$$;
COMMENT ON FUNCTION rectify.append IS 'Appends one batch of events and all that follows from them, or raises and changes nothing';

GRANT SELECT ON rectify.supervision_order, rectify.rule_document, rectify.substitution TO rectify_writer, rectify_reader;
GRANT EXECUTE ON FUNCTION rectify.append, rectify.project_registry, rectify.set_reviewed(bigint, bigint) TO rectify_writer;

-- append() again: of a batch of findings alone, each of them an event and a case of its own, there is nothing to be looked up before its
-- numbers and its findings are known to be right.
--
-- Forward only.

SET LOCAL ROLE rectify_owner;

CREATE OR REPLACE FUNCTION rectify.append(
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
  systems integer;    -- events of no case before it
  fresh bigint := 0;  -- case rows inserted
  moved bigint := 0;  -- case rows updated
  only_opens boolean; -- each event is the first of a case of its own
  rules bigint;
  places bigint[];
BEGIN
  UPDATE rectify.head AS h SET size = p_new_size, root = p_root, frontier = p_frontier, tail = p_tail, cases = p_cases,
    system_events = p_system, clock = greatest(h.clock, p_clock)
  FROM rectify.head AS old
  WHERE h.size = p_size AND h.epoch = p_epoch AND p_new_size = p_size + cardinality(e_case) AND p_new_size > p_size
    AND h.cases <= p_cases AND h.system_events <= p_system AND old.size = p_size
  RETURNING old.cases, old.system_events INTO known, systems;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the log''s head is not at size % of epoch %', p_size, p_epoch USING ERRCODE = 'RF001';
  END IF;
  INSERT INTO rectify.event (log_index, case_no, version, key, command, rule, actor, recorded, record)
  SELECT generate_series(p_size, p_new_size - 1), unnest(e_case), unnest(e_version), unnest(e_key), unnest(e_command),
    unnest(e_rule), unnest(e_actor), unnest(e_recorded), unnest(e_record);

  -- A case is new exactly when its number is beyond the head's count before; only the others have a row to look up.
  only_opens := coalesce(e_case = c_case AND e_version = c_version AND 1 = ALL (e_version) AND known < ALL (e_case)
    AND p_cases >= ALL (e_case), false);
  IF NOT only_opens THEN
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
  END IF;

  IF cardinality(t_n) > 0 THEN
    INSERT INTO rectify.tile (level, n, hashes) SELECT unnest(t_level), unnest(t_n), unnest(t_hashes);
  END IF;
  IF cardinality(x_index) > 0 THEN
    INSERT INTO rectify.private (log_index, salt, body) SELECT unnest(x_index), unnest(x_salt), unnest(x_body);
  END IF;
  IF cardinality(v_index) > 0 THEN
    INSERT INTO rectify.evidence (log_index, ordinal, case_no, kind, sha256, name, size, measure)
    SELECT unnest(v_index), unnest(v_ordinal), unnest(v_case), unnest(v_kind), unnest(v_sha256), unnest(v_name),
      unnest(v_size), unnest(v_measure);
  END IF;
  IF cardinality(f_case) > 0 THEN
    INSERT INTO rectify.finding (case_no, id, log_index, team, unit, kind, severity, found_on, unit_code, parent_code,
      code, category, inspection)
    SELECT unnest(f_case), unnest(f_id), unnest(f_index), unnest(f_team), unnest(f_unit), unnest(f_kind), unnest(f_severity),
      unnest(f_found), unnest(f_unit_code), unnest(f_parent_code), unnest(f_code), unnest(f_category), unnest(f_inspection);
  END IF;
  IF known < ANY (c_case) THEN
    INSERT INTO rectify.case_ (case_no, version, status, track, light, unit, handler, verifier, accountable, team,
      opened_at, due_at, due_clock, first_due_at, next_fire_at, closed_at, state, flags, parent, finding_of)
    SELECT u.* FROM (
      SELECT unnest(c_case) AS case_no, unnest(c_version), unnest(c_status), unnest(c_track), unnest(c_light), unnest(c_unit),
        unnest(c_handler), unnest(c_verifier), unnest(c_accountable), unnest(c_team), unnest(c_opened), unnest(c_due),
        unnest(c_due_clock), unnest(c_first_due), unnest(c_next_fire), unnest(c_closed), unnest(c_state), unnest(c_flags),
        unnest(c_parent), unnest(c_finding_of)) AS u
    WHERE u.case_no > known;
    GET DIAGNOSTICS fresh = ROW_COUNT;
  END IF;
  IF known >= ANY (c_case) THEN
    UPDATE rectify.case_ AS k SET version = u.version, status = u.status, track = u.track, light = u.light, unit = u.unit,
      handler = u.handler, verifier = u.verifier, accountable = u.accountable, due_at = u.due_at,
      due_clock = u.due_clock, first_due_at = u.first_due_at, next_fire_at = u.next_fire_at, closed_at = u.closed_at,
      state = u.state, flags = u.flags
    FROM (
      SELECT unnest(c_case), unnest(c_version), unnest(c_status), unnest(c_track), unnest(c_light), unnest(c_unit),
        unnest(c_handler), unnest(c_verifier), unnest(c_accountable), unnest(c_due), unnest(c_due_clock), unnest(c_first_due),
        unnest(c_next_fire), unnest(c_closed), unnest(c_state), unnest(c_flags))
      AS u (case_no, version, status, track, light, unit, handler, verifier, accountable, due_at, due_clock, first_due_at,
        next_fire_at, closed_at, state, flags)
    WHERE k.case_no = u.case_no AND u.case_no <= known;
    GET DIAGNOSTICS moved = ROW_COUNT;
  END IF;
  IF fresh + moved <> cardinality(c_case) THEN
    RAISE EXCEPTION 'a case has two rows' USING ERRCODE = 'RF002';
  END IF;
  IF known + fresh <> p_cases OR systems + cardinality(array_positions(e_case, 0)) <> p_system THEN
    RAISE EXCEPTION 'the head counts other cases, or events of none, than there are' USING ERRCODE = 'RF002';
  END IF;
  -- A finding for each new case that is about its own, and for no other.  What the others are about is looked up one by one: an
  -- EXISTS here would be free to read all findings there are.
  IF NOT coalesce(only_opens AND c_finding_of = c_case AND f_case = c_case, false) THEN
    IF ARRAY(SELECT u.case_no FROM unnest(c_case, c_finding_of) AS u (case_no, finding_of)
             WHERE u.case_no > known AND u.finding_of = u.case_no ORDER BY u.case_no)
        <> ARRAY(SELECT u.case_no FROM unnest(f_case) AS u (case_no) ORDER BY u.case_no)
      OR EXISTS (
        SELECT FROM unnest(c_case, c_finding_of) AS u (case_no, finding_of) WHERE u.case_no > known AND u.finding_of <> u.case_no
          AND (SELECT k.case_no FROM rectify.finding AS k WHERE k.case_no = u.finding_of) IS NULL) THEN
      RAISE EXCEPTION 'a case without the finding it is about, or a finding without its case' USING ERRCODE = 'RF002';
    END IF;
  END IF;
  IF cardinality(n_id) > 0 THEN
    INSERT INTO rectify.notice (id, case_no, kind, copy, recipient, officer, created, instead_of, digest)
    SELECT unnest(n_id), unnest(n_case), unnest(n_kind), unnest(n_copy), unnest(n_recipient), unnest(n_officer),
      unnest(n_created), unnest(n_instead_of), unnest(n_digest);
  END IF;
  IF cardinality(d_kind) > 0 THEN
    INSERT INTO rectify.document (kind, version, file_name, body, sha256, log_index)
    SELECT unnest(d_kind), unnest(d_version), unnest(d_file_name), unnest(d_body), unnest(d_sha256), unnest(d_index);
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
  places := x_index || v_index || f_index || d_index || o_index || r_index;
  IF p_size > ANY (places) OR p_new_size <= ANY (places) OR 16 * p_size > ANY (n_id) OR 16 * p_new_size <= ANY (n_id) THEN
    RAISE EXCEPTION 'a row of an event that is not in the batch' USING ERRCODE = 'RF002';
  END IF;
END
$$;

-- Walls inside the database: an auditor's own SQL client sees what the auditor may see, and nobody, the owner included, can
-- delete what is kept for ever.
--
-- rectify_auditor is a group for people's own logins.  A database administrator adds a login to it and says whose it is:
--   CREATE ROLE zhao LOGIN PASSWORD '...' IN ROLE rectify_auditor;
--   INSERT INTO rectify.reader_login VALUES ('zhao', 'zhao.min');
-- Row security then asks the registry's appointments, as the daemon does for each query (domain.md §9).  The daemon's own
-- reader sees all rows: it answers for many people, and decides for each of them.
--
-- Forward only.

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'rectify_auditor') THEN
    CREATE ROLE rectify_auditor NOLOGIN;
  END IF;
END
$$;

SET LOCAL ROLE rectify_owner;

CREATE TABLE rectify.reader_login (
  login name PRIMARY KEY,
  officer_code text COLLATE "C" NOT NULL CHECK (octet_length(officer_code) BETWEEN 1 AND 63)
);
COMMENT ON TABLE rectify.reader_login IS 'Whose login is whose: kept by the database administrator';
COMMENT ON COLUMN rectify.reader_login.officer_code IS 'code of the officer in the registry; one who is not there sees nothing';

-- ---- what a login may see ----------------------------------------------------------------------------------------

-- The day that counts is the log's or the server's, whichever is later: what ended yesterday is over also while nothing happens.
CREATE FUNCTION rectify.scope_of_login() RETURNS TABLE (officer integer, unit integer, role smallint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE today AS (
    SELECT greatest((SELECT h.clock FROM rectify.head AS h), now()) AT TIME ZONE 'UTC' AS instant),
  own AS (
    SELECT a.officer, a.unit, a.role
    FROM rectify.reader_login AS l JOIN rectify.officer AS o ON o.code = l.officer_code AND NOT o.retired
      JOIN rectify.appointment AS a ON a.officer = o.id, today
    WHERE l.login = session_user AND today.instant::date BETWEEN a.from_day AND a.until_day),
  reach AS (
    SELECT own.officer, own.unit, own.role FROM own
    UNION
    SELECT reach.officer, u.id, reach.role FROM reach JOIN rectify.unit AS u ON u.parent = reach.unit)
  SELECT reach.officer, reach.unit, reach.role FROM reach
$$;
COMMENT ON FUNCTION rectify.scope_of_login IS 'The units that the login''s officer reaches today, and in which role';

-- Every role but the administrator's (8) reads the cases of its units; an inspector (1) those of the own team as well.  What is
-- unrouted (unit 0) belongs to the root.
CREATE FUNCTION rectify.readable_units() RETURNS integer[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(array_agg(DISTINCT CASE WHEN s.n = 0 THEN 0 ELSE s.unit END), '{}')
  FROM (
    SELECT r.unit, n FROM rectify.scope_of_login() AS r JOIN rectify.unit AS u ON u.id = r.unit,
      generate_series(CASE WHEN u.parent = 0 AND NOT u.retired THEN 0 ELSE 1 END, 1) AS n
    WHERE r.role <> 8) AS s
$$;
COMMENT ON FUNCTION rectify.readable_units IS 'Units whose cases the login may read; 0: those of no unit yet';
CREATE FUNCTION rectify.readable_teams() RETURNS integer[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(array_agg(DISTINCT r.unit), '{}') FROM rectify.scope_of_login() AS r WHERE r.role = 1
$$;
COMMENT ON FUNCTION rectify.readable_teams IS 'Teams whose findings the login may read';
-- The log's events of no case, the registry's documents and the keys: who oversees the whole, as auditor (7) or office (4).
CREATE FUNCTION rectify.oversees_all() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (
    SELECT FROM rectify.scope_of_login() AS r JOIN rectify.unit AS u ON u.id = r.unit
    WHERE r.role IN (4, 7) AND u.parent = 0 AND NOT u.retired)
$$;
COMMENT ON FUNCTION rectify.oversees_all IS 'Whether the login''s officer is auditor or office of the root unit';
CREATE FUNCTION rectify.officer_of_login() RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT o.id FROM rectify.reader_login AS l JOIN rectify.officer AS o ON o.code = l.officer_code WHERE l.login = session_user
$$;
COMMENT ON FUNCTION rectify.officer_of_login IS 'Whose login it is';

-- ---- the policies ------------------------------------------------------------------------------------------------

-- The owner's functions insert everywhere and update where they must; nothing lets the owner delete.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['head', 'event', 'tile', 'private', 'evidence', 'finding', 'case_', 'notice', 'document',
    'supervision_order', 'rule_document', 'client_key'] LOOP
    EXECUTE format('ALTER TABLE rectify.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY owner_reads ON rectify.%I FOR SELECT TO rectify_owner USING (true)', name);
    EXECUTE format('CREATE POLICY owner_adds ON rectify.%I FOR INSERT TO rectify_owner WITH CHECK (true)', name);
    EXECUTE format('CREATE POLICY daemon_reads ON rectify.%I FOR SELECT TO rectify_writer, rectify_reader USING (true)', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['head', 'case_', 'client_key'] LOOP
    EXECUTE format('CREATE POLICY owner_changes ON rectify.%I FOR UPDATE TO rectify_owner USING (true)', name);
  END LOOP;
END
$$;

-- (SELECT f()) is reckoned once a statement, not once a row.
CREATE POLICY auditor_reads ON rectify.case_ FOR SELECT TO rectify_auditor
  USING (unit = ANY ((SELECT rectify.readable_units())::integer[]) OR team = ANY ((SELECT rectify.readable_teams())::integer[]));
CREATE POLICY auditor_reads ON rectify.event FOR SELECT TO rectify_auditor
  USING (CASE WHEN case_no = 0 THEN (SELECT rectify.oversees_all())
    ELSE EXISTS (SELECT FROM rectify.case_ AS c WHERE c.case_no = event.case_no) END);
CREATE POLICY auditor_reads ON rectify.private FOR SELECT TO rectify_auditor
  USING (EXISTS (SELECT FROM rectify.event AS e WHERE e.log_index = private.log_index));
CREATE POLICY auditor_reads ON rectify.evidence FOR SELECT TO rectify_auditor
  USING (EXISTS (SELECT FROM rectify.case_ AS c WHERE c.case_no = evidence.case_no));
CREATE POLICY auditor_reads ON rectify.finding FOR SELECT TO rectify_auditor
  USING (EXISTS (SELECT FROM rectify.case_ AS c WHERE c.case_no = finding.case_no));
CREATE POLICY auditor_reads ON rectify.notice FOR SELECT TO rectify_auditor
  USING (officer = (SELECT rectify.officer_of_login()) OR (SELECT rectify.oversees_all()));
CREATE POLICY auditor_reads ON rectify.document FOR SELECT TO rectify_auditor
  USING (kind <> 1 OR (SELECT rectify.oversees_all())); -- a registry names people
CREATE POLICY auditor_reads ON rectify.supervision_order FOR SELECT TO rectify_auditor
  USING (EXISTS (SELECT FROM rectify.case_ AS c WHERE c.case_no = supervision_order.case_no));
CREATE POLICY auditor_reads ON rectify.rule_document FOR SELECT TO rectify_auditor
  USING (EXISTS (SELECT FROM rectify.case_ AS c WHERE c.case_no = rule_document.case_no));
CREATE POLICY auditor_reads ON rectify.client_key FOR SELECT TO rectify_auditor USING ((SELECT rectify.oversees_all()));
CREATE POLICY auditor_reads ON rectify.head FOR SELECT TO rectify_auditor USING (true);
CREATE POLICY auditor_reads ON rectify.tile FOR SELECT TO rectify_auditor USING (true);

GRANT USAGE ON SCHEMA rectify TO rectify_auditor;
GRANT SELECT ON ALL TABLES IN SCHEMA rectify TO rectify_auditor;
REVOKE ALL ON rectify.reader_login FROM rectify_auditor;
GRANT EXECUTE ON FUNCTION rectify.readable_units, rectify.readable_teams, rectify.oversees_all, rectify.officer_of_login
  TO rectify_auditor;

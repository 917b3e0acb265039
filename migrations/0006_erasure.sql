-- Erasure of personal text.  Two persons: the office asks (command 54), an administrator who did not ask erases (55).  Then
-- the text, its salt and the names of evidence handed in with it go; the hash in the record stays, so every proof holds.
-- What stands beside the log can be taken away in the transaction that records its erasure, row by row, and in no other.
--
-- Forward only.

SET LOCAL ROLE rectify_owner;

CREATE TABLE rectify.erasure (
  text_index bigint PRIMARY KEY,
  asked_index bigint NOT NULL UNIQUE,
  asked_by integer NOT NULL CHECK (asked_by >= 1),
  erased_index bigint UNIQUE CHECK (erased_index > asked_index)
);
COMMENT ON TABLE rectify.erasure IS 'Texts that were asked to be erased, and were; a projection of the log''s events 54 and 55';
COMMENT ON COLUMN rectify.erasure.text_index IS 'log index of the event whose text it is';
COMMENT ON COLUMN rectify.erasure.asked_index IS 'log index of the event that asked last';
COMMENT ON COLUMN rectify.erasure.asked_by IS 'officer who asked: another one erases';
COMMENT ON COLUMN rectify.erasure.erased_index IS 'log index of the event that erased it; NULL: not yet';

CREATE FUNCTION rectify.guard_erasure() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF OLD.erased_index IS NOT NULL OR NEW.text_index <> OLD.text_index OR NEW.asked_index < OLD.asked_index THEN
    RAISE EXCEPTION 'an erasure is not taken back' USING ERRCODE = 'RF003';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION rectify.guard_erasure IS 'What may change: who asked, until it is erased';
CREATE TRIGGER guard_row BEFORE UPDATE ON rectify.erasure FOR EACH ROW EXECUTE FUNCTION rectify.guard_erasure();
CREATE TRIGGER deny_delete BEFORE DELETE ON rectify.erasure FOR EACH ROW EXECUTE FUNCTION rectify.deny_change();
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON rectify.erasure FOR EACH STATEMENT EXECUTE FUNCTION rectify.deny_change();
ALTER TABLE rectify.erasure ENABLE ALWAYS TRIGGER guard_row;
ALTER TABLE rectify.erasure ENABLE ALWAYS TRIGGER deny_delete;
ALTER TABLE rectify.erasure ENABLE ALWAYS TRIGGER deny_truncate;

ALTER TABLE rectify.erasure ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_reads ON rectify.erasure FOR SELECT TO rectify_owner USING (true);
CREATE POLICY owner_adds ON rectify.erasure FOR INSERT TO rectify_owner WITH CHECK (true);
CREATE POLICY owner_changes ON rectify.erasure FOR UPDATE TO rectify_owner USING (true);
CREATE POLICY daemon_reads ON rectify.erasure FOR SELECT TO rectify_writer, rectify_reader USING (true);
CREATE POLICY auditor_reads ON rectify.erasure FOR SELECT TO rectify_auditor
  USING (EXISTS (SELECT FROM rectify.event AS e WHERE e.log_index = erasure.text_index));

-- ---- the one opening in the wall ---------------------------------------------------------------------------------

-- The event that erases it was accepted and was written by this very transaction.
CREATE FUNCTION rectify.is_being_erased(p_index bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (
    SELECT FROM rectify.erasure AS r JOIN rectify.event AS e ON e.log_index = r.erased_index
    WHERE r.text_index = p_index AND e.command = 55 AND e.rule = 665 AND e.xmin = pg_current_xact_id()::xid)
$$;
COMMENT ON FUNCTION rectify.is_being_erased IS 'Whether this transaction records the erasure of the text at this log index';

CREATE FUNCTION rectify.guard_private() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' AND rectify.is_being_erased(OLD.log_index) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'a text goes only with the event that erases it: % refused', TG_OP USING ERRCODE = 'RF003';
END
$$;
COMMENT ON FUNCTION rectify.guard_private IS 'Trigger: a text is never changed, and deleted only in the transaction that records it';
CREATE FUNCTION rectify.guard_evidence() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.name = '' AND rectify.is_being_erased(OLD.log_index) THEN
    OLD.name := '';
    IF NEW IS NOT DISTINCT FROM OLD THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'of evidence only the name goes, with the event that erases it: % refused', TG_OP USING ERRCODE = 'RF003';
END
$$;
COMMENT ON FUNCTION rectify.guard_evidence IS 'Trigger: the name of a piece is blanked only in the transaction that records it; nothing else changes';

DROP TRIGGER deny_row ON rectify.private;
DROP TRIGGER deny_row ON rectify.evidence;
CREATE TRIGGER deny_row BEFORE UPDATE OR DELETE ON rectify.private FOR EACH ROW EXECUTE FUNCTION rectify.guard_private();
CREATE TRIGGER deny_row BEFORE UPDATE OR DELETE ON rectify.evidence FOR EACH ROW EXECUTE FUNCTION rectify.guard_evidence();
ALTER TABLE rectify.private ENABLE ALWAYS TRIGGER deny_row;
ALTER TABLE rectify.evidence ENABLE ALWAYS TRIGGER deny_row;
CREATE POLICY owner_erases ON rectify.private FOR DELETE TO rectify_owner USING (rectify.is_being_erased(log_index));
CREATE POLICY owner_erases ON rectify.evidence FOR UPDATE TO rectify_owner USING (rectify.is_being_erased(log_index));

CREATE FUNCTION rectify.project_erasures(
  a_text bigint[], a_index bigint[], a_officer integer[], r_text bigint[], r_index bigint[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  marked bigint;
BEGIN
  IF EXISTS (
    SELECT FROM unnest(a_text, a_index, a_officer) AS u (text, index, officer)
    WHERE NOT EXISTS (
      SELECT FROM rectify.event AS v
      WHERE v.log_index = u.index AND v.command = 54 AND v.rule = 664 AND v.actor = u.officer AND v.xmin = pg_current_xact_id()::xid)) THEN
    RAISE EXCEPTION 'this transaction does not record that somebody asked for this erasure' USING ERRCODE = 'RF004';
  END IF;
  INSERT INTO rectify.erasure AS e (text_index, asked_index, asked_by)
  SELECT * FROM unnest(a_text, a_index, a_officer)
  ON CONFLICT (text_index) DO UPDATE SET asked_index = excluded.asked_index, asked_by = excluded.asked_by
    WHERE e.erased_index IS NULL;
  UPDATE rectify.erasure AS e SET erased_index = u.index
  FROM unnest(r_text, r_index) AS u (text, index) JOIN rectify.event AS v ON v.log_index = u.index
  WHERE e.text_index = u.text AND v.actor <> e.asked_by;
  GET DIAGNOSTICS marked = ROW_COUNT;
  IF marked <> cardinality(r_text) OR EXISTS (SELECT FROM unnest(r_text) AS u (text) WHERE NOT rectify.is_being_erased(u.text)) THEN
    RAISE EXCEPTION 'nobody else asked for this erasure, or this transaction does not record it' USING ERRCODE = 'RF004';
  END IF;
  DELETE FROM rectify.private AS p WHERE p.log_index = ANY (r_text);
  UPDATE rectify.evidence AS v SET name = '' WHERE v.log_index = ANY (r_text) AND v.name <> '';
END
$$;
COMMENT ON FUNCTION rectify.project_erasures IS 'Keeps what a batch asked to be erased, and erases what it says was erased';

GRANT SELECT ON rectify.erasure TO rectify_writer, rectify_reader, rectify_auditor;
GRANT EXECUTE ON FUNCTION rectify.project_erasures TO rectify_writer;

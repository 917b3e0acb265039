-- Heads of the log that rectify-sign signed, and what witnesses cosigned: kept so that anybody can ask for an earlier one.  What
-- they are worth does not rest on this table: signatures are checked, and other people hold heads of their own.
--
-- Forward only.

SET LOCAL ROLE rectify_owner;

CREATE TABLE rectify.checkpoint (
  size bigint PRIMARY KEY CHECK (size >= 0),
  note text NOT NULL CHECK (octet_length(note) BETWEEN 1 AND 8192)
);
COMMENT ON TABLE rectify.checkpoint IS 'Signed heads (C2SP signed notes of a tlog-checkpoint), one a second at most';
COMMENT ON COLUMN rectify.checkpoint.size IS 'of the log';
COMMENT ON COLUMN rectify.checkpoint.note IS 'the signed note; lines of witnesses may be added, nothing is ever taken away';

CREATE FUNCTION rectify.guard_checkpoint() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.size <> OLD.size OR left(NEW.note, length(OLD.note)) <> OLD.note THEN
    RAISE EXCEPTION 'of a signed head only witnesses'' lines are added' USING ERRCODE = 'RF003';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION rectify.guard_checkpoint IS 'What may change of a checkpoint: more signatures behind it';
CREATE TRIGGER guard_checkpoint BEFORE UPDATE ON rectify.checkpoint FOR EACH ROW EXECUTE FUNCTION rectify.guard_checkpoint();
CREATE TRIGGER deny_delete BEFORE DELETE ON rectify.checkpoint FOR EACH ROW EXECUTE FUNCTION rectify.deny_change();
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON rectify.checkpoint FOR EACH STATEMENT EXECUTE FUNCTION rectify.deny_change();
ALTER TABLE rectify.checkpoint ENABLE ALWAYS TRIGGER guard_checkpoint;
ALTER TABLE rectify.checkpoint ENABLE ALWAYS TRIGGER deny_delete;
ALTER TABLE rectify.checkpoint ENABLE ALWAYS TRIGGER deny_truncate;
ALTER TABLE rectify.checkpoint ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_reads ON rectify.checkpoint FOR SELECT TO rectify_owner USING (true);
CREATE POLICY owner_adds ON rectify.checkpoint FOR INSERT TO rectify_owner WITH CHECK (true);
CREATE POLICY owner_changes ON rectify.checkpoint FOR UPDATE TO rectify_owner USING (true);
CREATE POLICY all_read ON rectify.checkpoint FOR SELECT TO rectify_writer, rectify_reader, rectify_auditor USING (true);

CREATE FUNCTION rectify.keep_checkpoint(p_size bigint, p_note text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO rectify.checkpoint AS c (size, note) SELECT p_size, p_note WHERE p_size IS NOT NULL
  ON CONFLICT (size) DO UPDATE SET note = excluded.note WHERE length(excluded.note) > length(c.note)
$$;
COMMENT ON FUNCTION rectify.keep_checkpoint IS 'Keeps a signed head, or one with more signatures behind it';

-- Whether there is such a head with room; a line that is there already is not added twice.  16: NOTE_SIGNATURES_MAX.
CREATE FUNCTION rectify.add_cosignature(p_size bigint, p_line text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE rectify.checkpoint AS c SET note = CASE WHEN position(p_line IN c.note) = 0 THEN c.note || p_line ELSE c.note END
  WHERE c.size = p_size AND octet_length(c.note) + octet_length(p_line) <= 8192 AND c.note LIKE '%' || E'\n'
    AND (position(p_line IN c.note) > 0 OR regexp_count(c.note, E'\n\u2014 ') < 16)
  RETURNING true
$$;
COMMENT ON FUNCTION rectify.add_cosignature IS 'Adds a witness''s line to a signed head';

GRANT SELECT ON rectify.checkpoint TO rectify_writer, rectify_reader, rectify_auditor;
GRANT EXECUTE ON FUNCTION rectify.keep_checkpoint, rectify.add_cosignature TO rectify_writer;

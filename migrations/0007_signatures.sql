-- Findings may carry the inspector's own signature.  The record of the event commits to it by a salted hash; the bytes that
-- were signed hold personal text, so they stand here, and go with the text when that is erased.  Keys have a kind: to connect,
-- or to sign.
--
-- Forward only.

SET LOCAL ROLE rectify_owner;

-- ---- keys --------------------------------------------------------------------------------------------------------

ALTER TABLE rectify.client_key ADD COLUMN kind smallint NOT NULL DEFAULT 0 CHECK (kind IN (0, 1));
COMMENT ON COLUMN rectify.client_key.kind IS '0 to connect (CURVE), 1 to sign findings (Ed25519)';

CREATE OR REPLACE FUNCTION rectify.guard_key() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF OLD.revoked OR NEW.public_key <> OLD.public_key OR NEW.officer <> OLD.officer OR NEW.kind <> OLD.kind
     OR NEW.log_index <= OLD.log_index THEN
    RAISE EXCEPTION 'a key does not change hands, and a revoked one stays revoked' USING ERRCODE = 'RF003';
  END IF;
  RETURN NEW;
END
$$;

DROP FUNCTION rectify.project_keys;
CREATE FUNCTION rectify.project_keys(
  k_key bytea[], k_officer integer[], k_from date[], k_until date[], k_revoked boolean[], k_index bigint[],
  k_kind smallint[] DEFAULT '{}'
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO rectify.client_key (public_key, officer, from_day, until_day, revoked, log_index, kind)
  SELECT u.key, u.officer, u.first, u.last, u.revoked, u.index, coalesce(u.kind, 0)
  FROM unnest(k_key, k_officer, k_from, k_until, k_revoked, k_index, k_kind)
    AS u (key, officer, first, last, revoked, index, kind)
  ON CONFLICT (public_key) DO UPDATE SET officer = excluded.officer, from_day = excluded.from_day,
    until_day = excluded.until_day, revoked = excluded.revoked, log_index = excluded.log_index, kind = excluded.kind
$$;
COMMENT ON FUNCTION rectify.project_keys IS 'Keeps what a batch''s key events said last of each key';
REVOKE EXECUTE ON FUNCTION rectify.project_keys FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rectify.project_keys TO rectify_writer;

-- ---- signatures --------------------------------------------------------------------------------------------------

CREATE TABLE rectify.signature (
  log_index bigint PRIMARY KEY,
  salt bytea NOT NULL CHECK (octet_length(salt) = 16),
  body bytea NOT NULL CHECK (octet_length(body) BETWEEN 1 AND 65536),
  signature bytea NOT NULL CHECK (octet_length(signature) = 64),
  signer bytea NOT NULL CHECK (octet_length(signer) = 32)
);
COMMENT ON TABLE rectify.signature IS 'What an inspector signed of a finding; the record holds SHA-256(salt || signature || signer || body)';
COMMENT ON COLUMN rectify.signature.log_index IS 'of the event of the finding';
COMMENT ON COLUMN rectify.signature.body IS 'the exact bytes: the finding with its text, so that they are as personal as that';
COMMENT ON COLUMN rectify.signature.signature IS 'Ed25519';
COMMENT ON COLUMN rectify.signature.signer IS 'public key, one that was registered for the acting officer';

-- A statement of somebody's own deletes nothing: only the trigger behind an erasure gets here with a depth of two.
CREATE FUNCTION rectify.guard_signature() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' AND pg_trigger_depth() > 1
     AND NOT EXISTS (SELECT FROM rectify.private AS p WHERE p.log_index = OLD.log_index) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'a signature goes only with the text that it is over: % refused', TG_OP USING ERRCODE = 'RF003';
END
$$;
COMMENT ON FUNCTION rectify.guard_signature IS 'Trigger: a signature is never changed, and deleted only with its text';
CREATE TRIGGER deny_row BEFORE UPDATE OR DELETE ON rectify.signature FOR EACH ROW EXECUTE FUNCTION rectify.guard_signature();
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON rectify.signature FOR EACH STATEMENT EXECUTE FUNCTION rectify.deny_change();
ALTER TABLE rectify.signature ENABLE ALWAYS TRIGGER deny_row;
ALTER TABLE rectify.signature ENABLE ALWAYS TRIGGER deny_truncate;

-- Erasing the text erases what was signed with it.
CREATE FUNCTION rectify.forget_signature() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM rectify.signature AS s WHERE s.log_index = OLD.log_index;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION rectify.forget_signature IS 'Trigger: what was signed goes with the text';
CREATE TRIGGER forget_signature AFTER DELETE ON rectify.private FOR EACH ROW EXECUTE FUNCTION rectify.forget_signature();
ALTER TABLE rectify.private ENABLE ALWAYS TRIGGER forget_signature;
-- The names of evidence were signed too; one that had no text has them alone.
CREATE TRIGGER forget_signature AFTER UPDATE OF name ON rectify.evidence FOR EACH ROW
  WHEN (NEW.name = '' AND OLD.name <> '') EXECUTE FUNCTION rectify.forget_signature();
ALTER TABLE rectify.evidence ENABLE ALWAYS TRIGGER forget_signature;

ALTER TABLE rectify.signature ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_reads ON rectify.signature FOR SELECT TO rectify_owner USING (true);
CREATE POLICY owner_adds ON rectify.signature FOR INSERT TO rectify_owner WITH CHECK (true);
CREATE POLICY owner_erases ON rectify.signature FOR DELETE TO rectify_owner USING (true);
CREATE POLICY daemon_reads ON rectify.signature FOR SELECT TO rectify_writer, rectify_reader USING (true);
CREATE POLICY auditor_reads ON rectify.signature FOR SELECT TO rectify_auditor
  USING (EXISTS (SELECT FROM rectify.event AS e WHERE e.log_index = signature.log_index));

CREATE FUNCTION rectify.project_signatures(s_index bigint[], s_salt bytea[], s_body bytea[], s_signature bytea[], s_signer bytea[])
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO rectify.signature (log_index, salt, body, signature, signer)
  SELECT * FROM unnest(s_index, s_salt, s_body, s_signature, s_signer)
$$;
COMMENT ON FUNCTION rectify.project_signatures IS 'Keeps what a batch''s findings were signed with';
REVOKE EXECUTE ON FUNCTION rectify.guard_signature, rectify.forget_signature, rectify.project_signatures FROM PUBLIC;

GRANT SELECT ON rectify.signature TO rectify_writer, rectify_reader, rectify_auditor;
GRANT EXECUTE ON FUNCTION rectify.project_signatures TO rectify_writer;

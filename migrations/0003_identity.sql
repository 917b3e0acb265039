-- Clients' keys: whose they are and for how long.  A projection of the log's key events (commands 51 and 52), which stay the
-- record; the daemon loads this table at its start, and readers ask it.
--
-- Forward only.

SET LOCAL ROLE rectify_owner;

ALTER TABLE rectify.event DROP CONSTRAINT event_command_check,
  ADD CONSTRAINT event_command_check CHECK (command BETWEEN 1 AND 63);

CREATE TABLE rectify.client_key (
  public_key bytea PRIMARY KEY CHECK (octet_length(public_key) = 32),
  officer integer NOT NULL CHECK (officer >= 1),
  from_day date NOT NULL,
  until_day date NOT NULL CHECK (until_day >= from_day),
  revoked boolean NOT NULL DEFAULT false,
  log_index bigint NOT NULL UNIQUE
);
COMMENT ON TABLE rectify.client_key IS 'Public halves of clients'' keys; a key never changes hands and a revoked one never comes back';
COMMENT ON COLUMN rectify.client_key.officer IS 'whose it is';
COMMENT ON COLUMN rectify.client_key.from_day IS 'first day it may be used, UTC';
COMMENT ON COLUMN rectify.client_key.until_day IS 'last day, UTC';
COMMENT ON COLUMN rectify.client_key.log_index IS 'of the event that spoke of it last';
CREATE INDEX client_key_officer ON rectify.client_key (officer, log_index);
COMMENT ON INDEX rectify.client_key_officer IS 'the keys of one officer, in order';

CREATE FUNCTION rectify.guard_key() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF OLD.revoked OR NEW.public_key <> OLD.public_key OR NEW.officer <> OLD.officer OR NEW.log_index <= OLD.log_index THEN
    RAISE EXCEPTION 'a key does not change hands, and a revoked one stays revoked' USING ERRCODE = 'RF003';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION rectify.guard_key IS 'What may change of a key: its days, and that it is revoked';
CREATE TRIGGER guard_key BEFORE UPDATE ON rectify.client_key FOR EACH ROW EXECUTE FUNCTION rectify.guard_key();
CREATE TRIGGER deny_delete BEFORE DELETE ON rectify.client_key FOR EACH ROW EXECUTE FUNCTION rectify.deny_change();
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON rectify.client_key FOR EACH STATEMENT EXECUTE FUNCTION rectify.deny_change();
ALTER TABLE rectify.client_key ENABLE ALWAYS TRIGGER guard_key;
ALTER TABLE rectify.client_key ENABLE ALWAYS TRIGGER deny_delete;
ALTER TABLE rectify.client_key ENABLE ALWAYS TRIGGER deny_truncate;

CREATE FUNCTION rectify.project_keys(
  k_key bytea[], k_officer integer[], k_from date[], k_until date[], k_revoked boolean[], k_index bigint[]
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO rectify.client_key (public_key, officer, from_day, until_day, revoked, log_index)
  SELECT * FROM unnest(k_key, k_officer, k_from, k_until, k_revoked, k_index)
  ON CONFLICT (public_key) DO UPDATE SET officer = excluded.officer, from_day = excluded.from_day,
    until_day = excluded.until_day, revoked = excluded.revoked, log_index = excluded.log_index
$$;
COMMENT ON FUNCTION rectify.project_keys IS 'Keeps what a batch''s key events said last of each key';

GRANT SELECT ON rectify.client_key TO rectify_writer, rectify_reader;
GRANT EXECUTE ON FUNCTION rectify.project_keys TO rectify_writer;

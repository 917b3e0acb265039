-- The files of evidence: uploaded in parts of 256 KiB, kept by their SHA-256, once, however many handed them in.
--
-- An upload belongs to one officer until it is whole, so that nobody can spoil another's, and everybody brings the whole file
-- once: who knows a hash only does not get the file by it.  What stands in content was hashed here, in the database, so that
-- a daemon that was taken over cannot keep other bytes under a hash either.
--
-- Forward only.

SET LOCAL ROLE rectify_owner;

-- Rules 860 and 861 are about files.
ALTER TABLE rectify.event DROP CONSTRAINT event_rule_check, ADD CONSTRAINT event_rule_check CHECK (rule BETWEEN 100 AND 999);

CREATE TABLE rectify.content (
  sha256 bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
  number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  size bigint NOT NULL CHECK (size BETWEEN 1 AND 268435456),
  type smallint NOT NULL CHECK (type BETWEEN 1 AND 15),
  officer integer NOT NULL CHECK (officer >= 1),
  complete_at timestamptz NOT NULL,
  erased boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE rectify.content IS 'Files of evidence that are here as a whole';
COMMENT ON COLUMN rectify.content.number IS 'for whoever reads them in turn; of no other meaning';
COMMENT ON COLUMN rectify.content.type IS 'content.def: one of those that are taken';
COMMENT ON COLUMN rectify.content.officer IS 'whose upload it was: the parts are kept under it';
COMMENT ON COLUMN rectify.content.erased IS 'the bytes went, with the last event that handed them in; they do not come back';

CREATE TABLE rectify.upload (
  sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
  officer integer NOT NULL CHECK (officer >= 1),
  size bigint NOT NULL CHECK (size BETWEEN 1 AND 268435456),
  begun_at timestamptz NOT NULL,
  touched_at timestamptz NOT NULL,
  done_at timestamptz,
  number bigint GENERATED ALWAYS AS IDENTITY,
  PRIMARY KEY (sha256, officer)
);
COMMENT ON TABLE rectify.upload IS 'Who uploads, or has uploaded, which file';
COMMENT ON COLUMN rectify.upload.number IS 'another one when it is begun anew: what was looked at is then not what is here';
COMMENT ON COLUMN rectify.upload.done_at IS 'the whole file came from this officer; NULL: not yet';
CREATE INDEX upload_officer ON rectify.upload (officer, begun_at);
COMMENT ON INDEX rectify.upload_officer IS 'what an officer began lately';
CREATE INDEX upload_touched ON rectify.upload (touched_at);
COMMENT ON INDEX rectify.upload_touched IS 'what stands still';

CREATE TABLE rectify.content_part (
  sha256 bytea NOT NULL,
  officer integer NOT NULL,
  n integer NOT NULL CHECK (n BETWEEN 0 AND 1023),
  bytes bytea NOT NULL CHECK (octet_length(bytes) BETWEEN 1 AND 262144),
  PRIMARY KEY (sha256, officer, n),
  FOREIGN KEY (sha256, officer) REFERENCES rectify.upload
);
COMMENT ON TABLE rectify.content_part IS 'The bytes, in parts of 262144; the last one may be shorter';
ALTER TABLE rectify.content_part ALTER COLUMN bytes SET STORAGE EXTERNAL; -- what is handed in is compressed already

CREATE TABLE rectify.upload_begun (
  officer integer NOT NULL CHECK (officer >= 1),
  hour timestamptz NOT NULL,
  bytes bigint NOT NULL CHECK (bytes >= 1),
  PRIMARY KEY (officer, hour)
);
COMMENT ON TABLE rectify.upload_begun IS 'How much an officer began to upload in an hour; stays where the upload was thrown away';

CREATE TABLE rectify.content_gone (
  sha256 bytea PRIMARY KEY CHECK (octet_length(sha256) = 32)
);
COMMENT ON TABLE rectify.content_gone IS 'Files that went with the last event that handed them in, here or not: they do not come back';

-- ---- walls -------------------------------------------------------------------------------------------------------

-- Of a file that is here nothing changes but that it is erased.
CREATE FUNCTION rectify.guard_content() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.erased AND NOT OLD.erased THEN
    OLD.erased := true;
    IF NEW IS NOT DISTINCT FROM OLD THEN
      RETURN NEW;
    END IF;
  END IF;
  IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT FROM rectify.evidence AS e WHERE e.sha256 = OLD.sha256) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'a file that was handed in is never changed: % refused', TG_OP USING ERRCODE = 'RF003';
END
$$;
COMMENT ON FUNCTION rectify.guard_content IS 'Trigger: a file is only erased, and deleted only while no event names it';
CREATE FUNCTION rectify.guard_content_part() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE'
     AND NOT EXISTS (SELECT FROM rectify.content AS c WHERE c.sha256 = OLD.sha256 AND c.officer = OLD.officer AND NOT c.erased) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'a part of a file is never changed: % refused', TG_OP USING ERRCODE = 'RF003';
END
$$;
COMMENT ON FUNCTION rectify.guard_content_part IS 'Trigger: parts of a file that is here stay; others may go';
CREATE TRIGGER deny_row BEFORE UPDATE OR DELETE ON rectify.content_gone FOR EACH ROW EXECUTE FUNCTION rectify.deny_change();
CREATE TRIGGER deny_row BEFORE UPDATE OR DELETE ON rectify.content FOR EACH ROW EXECUTE FUNCTION rectify.guard_content();
CREATE TRIGGER deny_row BEFORE UPDATE OR DELETE ON rectify.content_part FOR EACH ROW EXECUTE FUNCTION rectify.guard_content_part();
ALTER TABLE rectify.content_gone ENABLE ALWAYS TRIGGER deny_row;
ALTER TABLE rectify.content ENABLE ALWAYS TRIGGER deny_row;
ALTER TABLE rectify.content_part ENABLE ALWAYS TRIGGER deny_row;

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['content', 'upload', 'content_part', 'upload_begun', 'content_gone'] LOOP
    EXECUTE format('CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON rectify.%I FOR EACH STATEMENT EXECUTE FUNCTION rectify.deny_change()', name);
    EXECUTE format('ALTER TABLE rectify.%I ENABLE ALWAYS TRIGGER deny_truncate', name);
    EXECUTE format('ALTER TABLE rectify.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY owner_keeps ON rectify.%I TO rectify_owner USING (true) WITH CHECK (true)', name);
    EXECUTE format('CREATE POLICY daemon_reads ON rectify.%I FOR SELECT TO rectify_writer, rectify_reader USING (true)', name);
  END LOOP;
END
$$;
CREATE POLICY auditor_reads ON rectify.content FOR SELECT TO rectify_auditor
  USING (EXISTS (SELECT FROM rectify.evidence AS e WHERE e.sha256 = content.sha256));
CREATE POLICY auditor_reads ON rectify.upload FOR SELECT TO rectify_auditor
  USING (EXISTS (SELECT FROM rectify.evidence AS e WHERE e.sha256 = upload.sha256));
CREATE POLICY auditor_reads ON rectify.content_part FOR SELECT TO rectify_auditor
  USING (EXISTS (SELECT FROM rectify.content AS c WHERE c.sha256 = content_part.sha256 AND c.officer = content_part.officer));

-- ---- the only way in ---------------------------------------------------------------------------------------------

-- Begins an upload, or goes on with one.  State: 0 go on, 1 it is here already, 2 it was erased, 3 more bytes in 24 hours than one
-- officer may begin, whatever became of them, 4 too many begun and not finished.  `have`: the parts that are here, of the upload
-- `number`.
CREATE FUNCTION rectify.begin_upload(
  p_sha256 bytea, p_officer integer, p_size bigint, p_now timestamptz, p_day_bytes bigint, p_unfinished integer,
  OUT state smallint, OUT have integer[], OUT number bigint
) LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  known rectify.upload;
  day_bytes bigint;
  unfinished bigint;
BEGIN
  have := '{}';
  IF EXISTS (SELECT FROM rectify.content_gone AS g WHERE g.sha256 = p_sha256) THEN
    state := 2;
    RETURN;
  END IF;
  UPDATE rectify.upload AS u SET touched_at = greatest(u.touched_at, p_now)
  WHERE u.sha256 = p_sha256 AND u.officer = p_officer RETURNING * INTO known;
  IF known.done_at IS NOT NULL THEN
    state := 1;
    RETURN;
  END IF;
  number := known.number;
  IF known.size = p_size THEN
    state := 0;
    SELECT coalesce(array_agg(p.n ORDER BY p.n), '{}') INTO have
    FROM rectify.content_part AS p WHERE p.sha256 = p_sha256 AND p.officer = p_officer;
    RETURN;
  END IF;
  PERFORM rectify.drop_upload(p_sha256, p_officer); -- begun with another size: one of them was a lie
  SELECT coalesce(sum(u.size) FILTER (WHERE date_trunc('hour', u.begun_at, 'UTC') <= p_now - interval '25 hours'), 0), count(*)
  INTO day_bytes, unfinished FROM rectify.upload AS u WHERE u.officer = p_officer AND u.done_at IS NULL;
  day_bytes := day_bytes + coalesce((
    SELECT sum(b.bytes) FROM rectify.upload_begun AS b WHERE b.officer = p_officer AND b.hour > p_now - interval '25 hours'), 0);
  state := CASE WHEN day_bytes + p_size > p_day_bytes THEN 3 WHEN unfinished >= p_unfinished THEN 4 ELSE 0 END;
  IF state = 0 THEN
    INSERT INTO rectify.upload AS u (sha256, officer, size, begun_at, touched_at)
    VALUES (p_sha256, p_officer, p_size, p_now, p_now) RETURNING u.number INTO number;
    INSERT INTO rectify.upload_begun AS b (officer, hour, bytes) VALUES (p_officer, date_trunc('hour', p_now, 'UTC'), p_size)
    ON CONFLICT ON CONSTRAINT upload_begun_pkey DO UPDATE SET bytes = b.bytes + excluded.bytes;
  END IF;
END
$$;
COMMENT ON FUNCTION rectify.begin_upload IS 'Begins an upload or says how far it is';

-- Gives up what is not whole: nothing of it was promised to anybody.
CREATE FUNCTION rectify.drop_upload(p_sha256 bytea, p_officer integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM FROM rectify.upload AS u WHERE u.sha256 = p_sha256 AND u.officer = p_officer AND u.done_at IS NULL FOR UPDATE;
  IF FOUND THEN
    DELETE FROM rectify.content_part AS p WHERE p.sha256 = p_sha256 AND p.officer = p_officer;
    DELETE FROM rectify.upload AS u WHERE u.sha256 = p_sha256 AND u.officer = p_officer;
  END IF;
END
$$;
COMMENT ON FUNCTION rectify.drop_upload IS 'Throws away an upload that is not whole';

-- Keeps one part.  State: 0 kept (also where it was kept before: the first one stays), 1 the file is here already, 5 no such
-- upload was begun, 6 that part has another size.  `missing`: how many parts still are, of the upload `number`.
CREATE FUNCTION rectify.keep_part(
  p_sha256 bytea, p_officer integer, p_n integer, p_bytes bytea, p_now timestamptz,
  OUT state smallint, OUT missing integer, OUT size bigint, OUT number bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  known rectify.upload;
BEGIN
  missing := 0;
  UPDATE rectify.upload AS u SET touched_at = greatest(u.touched_at, p_now)
  WHERE u.sha256 = p_sha256 AND u.officer = p_officer RETURNING * INTO known;
  size := known.size;
  number := known.number;
  IF known.sha256 IS NULL OR known.done_at IS NOT NULL THEN
    state := CASE WHEN known.sha256 IS NULL THEN 5 ELSE 1 END;
    RETURN;
  END IF;
  IF octet_length(p_bytes) <> least(262144, known.size - 262144::bigint * p_n) THEN
    state := 6;
    RETURN;
  END IF;
  INSERT INTO rectify.content_part (sha256, officer, n, bytes) VALUES (p_sha256, p_officer, p_n, p_bytes) ON CONFLICT DO NOTHING;
  state := 0;
  SELECT (known.size + 262143) / 262144 - count(*) INTO missing
  FROM rectify.content_part AS p WHERE p.sha256 = p_sha256 AND p.officer = p_officer;
END
$$;
COMMENT ON FUNCTION rectify.keep_part IS 'Keeps one part of an upload';

-- One at a time for a file, until the end of the transaction: what takes it, and what erases it.
CREATE FUNCTION rectify.lock_content(p_sha256 bytea) RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_advisory_xact_lock(hashtextextended(encode(p_sha256, 'hex'), 860))
$$;
COMMENT ON FUNCTION rectify.lock_content IS 'Holds a file until the transaction ends';

-- All parts of the upload `p_number` are here: hashes them.  State: 1 the file is here from now on (the parts of a second upload of it
-- go), 2 it was erased meanwhile, 5 that upload was thrown away, or begun anew, 7 the bytes are not what was announced, and thrown away.
CREATE FUNCTION rectify.finish_upload(p_sha256 bytea, p_officer integer, p_number bigint, p_type smallint, p_now timestamptz)
RETURNS smallint LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  known rectify.upload;
  hashed bytea;
  bytes bigint;
BEGIN
  PERFORM rectify.lock_content(p_sha256);
  SELECT * INTO known FROM rectify.upload AS u WHERE u.sha256 = p_sha256 AND u.officer = p_officer FOR UPDATE;
  IF EXISTS (SELECT FROM rectify.content_gone AS g WHERE g.sha256 = p_sha256) THEN
    PERFORM rectify.drop_upload(p_sha256, p_officer);
    RETURN 2;
  END IF;
  IF known.number IS DISTINCT FROM p_number OR known.done_at IS NOT NULL THEN
    RETURN CASE WHEN known.done_at IS NULL THEN 5 ELSE 1 END;
  END IF;
  SELECT sha256(string_agg(p.bytes, '' ORDER BY p.n)), sum(octet_length(p.bytes)) INTO hashed, bytes
  FROM rectify.content_part AS p WHERE p.sha256 = p_sha256 AND p.officer = p_officer;
  IF hashed IS DISTINCT FROM p_sha256 OR bytes IS DISTINCT FROM known.size THEN
    PERFORM rectify.drop_upload(p_sha256, p_officer);
    RETURN 7;
  END IF;
  INSERT INTO rectify.content (sha256, size, type, officer, complete_at) VALUES (p_sha256, known.size, p_type, p_officer, p_now)
  ON CONFLICT DO NOTHING;
  UPDATE rectify.upload AS u SET done_at = p_now WHERE u.sha256 = p_sha256 AND u.officer = p_officer;
  IF NOT EXISTS (SELECT FROM rectify.content AS c WHERE c.sha256 = p_sha256 AND c.officer = p_officer) THEN
    DELETE FROM rectify.content_part AS p WHERE p.sha256 = p_sha256 AND p.officer = p_officer;
  END IF;
  RETURN 1;
END
$$;
COMMENT ON FUNCTION rectify.finish_upload IS 'Hashes an upload that is whole, and takes it or throws it away';

-- What stood still since `p_before`: uploads that are not whole, and files that no event names.  At most `p_most` of each; how many
-- went.
CREATE FUNCTION rectify.sweep_uploads(p_before timestamptz, p_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  one record;
  swept integer := 0;
BEGIN
  FOR one IN
    SELECT u.sha256, u.officer FROM rectify.upload AS u
    WHERE u.touched_at < p_before AND u.done_at IS NULL ORDER BY u.touched_at LIMIT p_most FOR UPDATE SKIP LOCKED
  LOOP
    PERFORM rectify.drop_upload(one.sha256, one.officer);
    swept := swept + 1;
  END LOOP;
  FOR one IN
    SELECT c.sha256 FROM rectify.content AS c
    WHERE c.complete_at < p_before AND NOT c.erased AND NOT EXISTS (SELECT FROM rectify.evidence AS e WHERE e.sha256 = c.sha256)
      AND NOT EXISTS (SELECT FROM rectify.upload AS u WHERE u.sha256 = c.sha256 AND u.touched_at >= p_before)
    LIMIT p_most
  LOOP
    DELETE FROM rectify.content AS c WHERE c.sha256 = one.sha256;
    DELETE FROM rectify.content_part AS p WHERE p.sha256 = one.sha256;
    DELETE FROM rectify.upload AS u WHERE u.sha256 = one.sha256;
    swept := swept + 1;
  END LOOP;
  DELETE FROM rectify.upload_begun AS b WHERE b.hour < p_before;
  RETURN swept;
END
$$;
COMMENT ON FUNCTION rectify.sweep_uploads IS 'Throws away uploads that stand still, and files that nobody handed in';

-- ---- erasure -----------------------------------------------------------------------------------------------------

-- A file goes, or never comes, unless another event that stays hands it in for a case, by somebody who has uploaded it.
CREATE FUNCTION rectify.forget_file(p_sha256 bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM rectify.lock_content(p_sha256);
  IF EXISTS (
    SELECT FROM rectify.evidence AS v JOIN rectify.event AS e ON e.log_index = v.log_index
      JOIN rectify.upload AS u ON u.sha256 = v.sha256 AND u.officer = e.actor AND u.done_at IS NOT NULL
    WHERE v.sha256 = p_sha256 AND v.case_no > 0 AND NOT EXISTS (
      SELECT FROM rectify.erasure AS r WHERE r.text_index = v.log_index AND r.erased_index IS NOT NULL)) THEN
    RETURN;
  END IF;
  INSERT INTO rectify.content_gone (sha256) VALUES (p_sha256) ON CONFLICT DO NOTHING;
  PERFORM rectify.drop_upload(u.sha256, u.officer) FROM rectify.upload AS u WHERE u.sha256 = p_sha256 AND u.done_at IS NULL;
  UPDATE rectify.content AS c SET erased = true WHERE c.sha256 = p_sha256 AND NOT c.erased;
  DELETE FROM rectify.content_part AS p WHERE p.sha256 = p_sha256;
END
$$;
COMMENT ON FUNCTION rectify.forget_file IS 'Erases a file, unless somebody else hands it in';

-- By the erasure, not by the names that it blanks: a piece may have none.
CREATE FUNCTION rectify.forget_content() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM rectify.forget_file(v.sha256) FROM rectify.evidence AS v WHERE v.log_index = NEW.text_index;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION rectify.forget_content IS 'Trigger: a file goes with the last event that handed it in';
CREATE TRIGGER forget_content AFTER UPDATE OF erased_index ON rectify.erasure FOR EACH ROW
  WHEN (NEW.erased_index IS NOT NULL) EXECUTE FUNCTION rectify.forget_content();
ALTER TABLE rectify.erasure ENABLE ALWAYS TRIGGER forget_content;

REVOKE EXECUTE ON FUNCTION rectify.guard_content, rectify.guard_content_part, rectify.begin_upload, rectify.drop_upload,
  rectify.keep_part, rectify.finish_upload, rectify.sweep_uploads, rectify.lock_content, rectify.forget_file,
  rectify.forget_content FROM PUBLIC;
GRANT SELECT ON rectify.content, rectify.upload, rectify.content_part TO rectify_writer, rectify_reader, rectify_auditor;
GRANT SELECT ON rectify.upload_begun, rectify.content_gone TO rectify_writer, rectify_reader;
GRANT EXECUTE ON FUNCTION rectify.begin_upload, rectify.drop_upload, rectify.keep_part, rectify.finish_upload,
  rectify.sweep_uploads TO rectify_writer;

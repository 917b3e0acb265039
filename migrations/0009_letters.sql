-- Letters: notices on their way to people.  A notice says what an officer must be told (0001); a letter is what is sent to him
-- over one channel, fixed when it is made, its texts too, so that a second sending says the same.  A courier makes letters,
-- leases those that are due, and reports each attempt.  None of it is in the log: how often a mail server was asked is not the
-- history of a case.  What could not be delivered is: the daemon records it on each case (command 60).
--
-- The functions check the daemon's epoch, as append() does, but do not lock the head: a slow one must not hold up a commit.
-- The clock is the daemon's, so that a manual one works.
--
-- Forward only.

SET LOCAL ROLE rectify_owner;

-- The words that are new, with room for those to come.
ALTER TABLE rectify.event DROP CONSTRAINT event_rule_check, ADD CONSTRAINT event_rule_check CHECK (rule BETWEEN 100 AND 999);
ALTER TABLE rectify.notice DROP CONSTRAINT notice_kind_check, ADD CONSTRAINT notice_kind_check CHECK (kind BETWEEN 1 AND 9);
ALTER TABLE rectify.appointment DROP CONSTRAINT appointment_role_check,
  ADD CONSTRAINT appointment_role_check CHECK (role BETWEEN 1 AND 9);

-- Neither the administrator (8) nor the courier (9) reads cases.
CREATE OR REPLACE FUNCTION rectify.readable_units() RETURNS integer[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(array_agg(DISTINCT CASE WHEN s.n = 0 THEN 0 ELSE s.unit END), '{}')
  FROM (
    SELECT r.unit, n FROM rectify.scope_of_login() AS r JOIN rectify.unit AS u ON u.id = r.unit,
      generate_series(CASE WHEN u.parent = 0 AND NOT u.retired THEN 0 ELSE 1 END, 1) AS n
    WHERE r.role NOT IN (8, 9)) AS s
$$;

-- ---- tables ------------------------------------------------------------------------------------------------------

CREATE TABLE rectify.letter (
  id uuid PRIMARY KEY,
  n bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  officer integer NOT NULL CHECK (officer >= 1),
  channel text COLLATE "C" NOT NULL CHECK (channel ~ '^[a-z][a-z0-9_-]{0,30}$'),
  language text COLLATE "C" NOT NULL CHECK (octet_length(language) <= 15),
  urgent boolean NOT NULL,
  subject text NOT NULL CHECK (octet_length(subject) <= 1000),
  body text NOT NULL CHECK (octet_length(body) <= 49152),
  html text NOT NULL CHECK (octet_length(html) <= 65536),
  made timestamptz NOT NULL,
  not_before timestamptz NOT NULL,
  state smallint NOT NULL CHECK (state BETWEEN 1 AND 4),
  due_at timestamptz NOT NULL,
  lease uuid,
  attempts integer NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND 1000),
  failures integer NOT NULL DEFAULT 0 CHECK (failures BETWEEN 0 AND attempts),
  first_failed timestamptz,
  settled timestamptz,
  opened timestamptz,
  acknowledged timestamptz,
  CONSTRAINT settled_when_it_waits_no_more CHECK ((state = 1) = (settled IS NULL)),
  CONSTRAINT leased_only_while_it_waits CHECK (lease IS NULL OR state = 1)
) WITH (fillfactor = 80);
COMMENT ON TABLE rectify.letter IS 'What is sent to one officer over one channel: fixed when it is made, its texts too';
COMMENT ON COLUMN rectify.letter.id IS 'UUIDv7 made by the courier; the Message-ID follows from it';
COMMENT ON COLUMN rectify.letter.n IS 'for pages: in the order in which they were made';
COMMENT ON COLUMN rectify.letter.channel IS 'mail, wecom, ...; none: the officer has none, and nothing is sent';
COMMENT ON COLUMN rectify.letter.state IS '1 waiting, 2 delivered, 3 given up, 4 no channel (letter_state.def)';
COMMENT ON COLUMN rectify.letter.not_before IS 'as the courier said when it made it, or put it off last';
COMMENT ON COLUMN rectify.letter.due_at IS 'when it may be leased: not_before, or the end of the lease that it is under';
COMMENT ON COLUMN rectify.letter.lease IS 'id of the request that leased it; NULL: nobody has it';
COMMENT ON COLUMN rectify.letter.attempts IS 'leases so far; the number of the last attempt';
COMMENT ON COLUMN rectify.letter.failures IS 'passing failures so far';
COMMENT ON COLUMN rectify.letter.settled IS 'when it was delivered or given up';
COMMENT ON COLUMN rectify.letter.opened IS 'when the officer opened it, where the channel tells';
CREATE INDEX letter_due ON rectify.letter (urgent DESC, due_at, id) WHERE state = 1;
COMMENT ON INDEX rectify.letter_due IS 'what is to be delivered next';
CREATE INDEX letter_lease ON rectify.letter (lease) WHERE lease IS NOT NULL;
COMMENT ON INDEX rectify.letter_lease IS 'what a lease request got, for its repeat';
CREATE INDEX letter_officer ON rectify.letter (officer, n);
COMMENT ON INDEX rectify.letter_officer IS 'the letters of one officer';
CREATE INDEX letter_state ON rectify.letter (state, n) WHERE state IN (1, 3);
COMMENT ON INDEX rectify.letter_state IS 'letters that wait or were given up';

CREATE TABLE rectify.letter_notice (
  notice bigint NOT NULL,
  channel text COLLATE "C" NOT NULL,
  letter uuid NOT NULL REFERENCES rectify.letter,
  PRIMARY KEY (notice, channel)
);
COMMENT ON TABLE rectify.letter_notice IS 'Which notices a letter tells: a notice is in at most one letter of a channel';
COMMENT ON COLUMN rectify.letter_notice.channel IS 'of the letter';
CREATE INDEX letter_notice_letter ON rectify.letter_notice (letter, notice);
COMMENT ON INDEX rectify.letter_notice_letter IS 'the notices of one letter';

CREATE TABLE rectify.delivery (
  letter uuid NOT NULL REFERENCES rectify.letter,
  attempt integer NOT NULL CHECK (attempt BETWEEN 1 AND 1000),
  leased timestamptz NOT NULL,
  ended timestamptz,
  outcome smallint CHECK (outcome IN (1, 2, 3, 4, 7)),
  answer text NOT NULL DEFAULT '' CHECK (octet_length(answer) <= 1000),
  PRIMARY KEY (letter, attempt),
  CONSTRAINT ended_with_an_outcome CHECK ((ended IS NULL) = (outcome IS NULL))
);
COMMENT ON TABLE rectify.delivery IS 'Each attempt to deliver a letter, and what became of it';
COMMENT ON COLUMN rectify.delivery.outcome IS 'delivery.def; NULL: under way';
COMMENT ON COLUMN rectify.delivery.answer IS 'what the server said';

CREATE TABLE rectify.dead_letter (
  letter uuid NOT NULL REFERENCES rectify.letter,
  case_no bigint NOT NULL CHECK (case_no >= 1),
  key uuid NOT NULL UNIQUE,
  PRIMARY KEY (letter, case_no)
);
COMMENT ON TABLE rectify.dead_letter IS 'Cases that a letter given up was about: each gets an event, with this key';
COMMENT ON COLUMN rectify.dead_letter.key IS 'made from letter and case, so that it is recorded once, ever';

CREATE TABLE rectify.letter_mark (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  posted_until bigint NOT NULL CHECK (posted_until >= 0)
);
COMMENT ON TABLE rectify.letter_mark IS 'How far notices are all posted, so that nobody need look again';
COMMENT ON COLUMN rectify.letter_mark.posted_until IS 'each notice with a lower id is in a letter, or is older than letters';
INSERT INTO rectify.letter_mark SELECT true, coalesce(max(n.id) + 1, 0) FROM rectify.notice AS n;

-- ---- what may change ---------------------------------------------------------------------------------------------

-- A statement of somebody's own blanks nothing: only the trigger behind an erasure gets here with a depth of two.
CREATE FUNCTION rectify.guard_letter() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.id <> OLD.id OR NEW.officer <> OLD.officer OR NEW.channel <> OLD.channel OR NEW.language <> OLD.language
     OR NEW.urgent <> OLD.urgent OR NEW.made <> OLD.made OR NEW.attempts < OLD.attempts OR NEW.failures < OLD.failures
     OR OLD.state IN (2, 4) AND NEW.state <> OLD.state OR OLD.state = 3 AND NEW.state NOT IN (2, 3) THEN
    RAISE EXCEPTION 'a letter is fixed when it is made' USING ERRCODE = 'RF003';
  END IF;
  IF (NEW.subject, NEW.body, NEW.html) IS DISTINCT FROM (OLD.subject, OLD.body, OLD.html)
     AND NOT (pg_trigger_depth() > 1 AND NEW.subject = '' AND NEW.body = '' AND NEW.html = '') THEN
    RAISE EXCEPTION 'the texts of a letter go only with the text that they repeat' USING ERRCODE = 'RF003';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION rectify.guard_letter IS 'What may change of a letter: where it stands; its texts go with an erasure only';
CREATE FUNCTION rectify.guard_delivery() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.letter <> OLD.letter OR NEW.attempt <> OLD.attempt OR NEW.leased <> OLD.leased
     OR OLD.outcome IS NOT NULL AND NOT (pg_trigger_depth() > 1 AND NEW.answer = '' AND NEW.outcome = OLD.outcome
       OR OLD.outcome = 7 AND NEW.outcome = 1) THEN
    RAISE EXCEPTION 'how an attempt ended is said once' USING ERRCODE = 'RF003';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION rectify.guard_delivery IS 'What may change of an attempt: how it ended, once; what was not reported may have arrived';

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['letter', 'letter_notice', 'delivery', 'dead_letter', 'letter_mark'] LOOP
    EXECUTE format('CREATE TRIGGER deny_delete BEFORE DELETE ON rectify.%I FOR EACH ROW EXECUTE FUNCTION rectify.deny_change()', name);
    EXECUTE format('CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON rectify.%I FOR EACH STATEMENT EXECUTE FUNCTION rectify.deny_change()', name);
    EXECUTE format('ALTER TABLE rectify.%I ENABLE ALWAYS TRIGGER deny_delete', name);
    EXECUTE format('ALTER TABLE rectify.%I ENABLE ALWAYS TRIGGER deny_truncate', name);
    EXECUTE format('ALTER TABLE rectify.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY owner_reads ON rectify.%I FOR SELECT TO rectify_owner USING (true)', name);
    EXECUTE format('CREATE POLICY owner_adds ON rectify.%I FOR INSERT TO rectify_owner WITH CHECK (true)', name);
    EXECUTE format('CREATE POLICY daemon_reads ON rectify.%I FOR SELECT TO rectify_writer, rectify_reader USING (true)', name);
    EXECUTE format('GRANT SELECT ON rectify.%I TO rectify_writer, rectify_reader, rectify_auditor', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['letter', 'delivery', 'letter_mark'] LOOP
    EXECUTE format('CREATE POLICY owner_changes ON rectify.%I FOR UPDATE TO rectify_owner USING (true)', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['letter_notice', 'dead_letter'] LOOP
    EXECUTE format('CREATE TRIGGER deny_row BEFORE UPDATE ON rectify.%I FOR EACH ROW EXECUTE FUNCTION rectify.deny_change()', name);
    EXECUTE format('ALTER TABLE rectify.%I ENABLE ALWAYS TRIGGER deny_row', name);
  END LOOP;
END
$$;
CREATE TRIGGER guard_row BEFORE UPDATE ON rectify.letter FOR EACH ROW EXECUTE FUNCTION rectify.guard_letter();
CREATE TRIGGER guard_row BEFORE UPDATE ON rectify.delivery FOR EACH ROW EXECUTE FUNCTION rectify.guard_delivery();
ALTER TABLE rectify.letter ENABLE ALWAYS TRIGGER guard_row;
ALTER TABLE rectify.delivery ENABLE ALWAYS TRIGGER guard_row;
CREATE POLICY auditor_reads ON rectify.letter FOR SELECT TO rectify_auditor
  USING (officer = (SELECT rectify.officer_of_login()) OR (SELECT rectify.oversees_all()));
CREATE POLICY auditor_reads ON rectify.letter_notice FOR SELECT TO rectify_auditor
  USING (EXISTS (SELECT FROM rectify.letter AS l WHERE l.id = letter_notice.letter));
CREATE POLICY auditor_reads ON rectify.delivery FOR SELECT TO rectify_auditor
  USING (EXISTS (SELECT FROM rectify.letter AS l WHERE l.id = delivery.letter));
CREATE POLICY auditor_reads ON rectify.dead_letter FOR SELECT TO rectify_auditor
  USING (EXISTS (SELECT FROM rectify.letter AS l WHERE l.id = dead_letter.letter));
CREATE POLICY auditor_reads ON rectify.letter_mark FOR SELECT TO rectify_auditor USING (true);

-- ---- giving up ---------------------------------------------------------------------------------------------------

-- A letter that only tells of other letters that were given up (notice kind 9) is on no case: else one bad address of the office
-- would go on for ever.
CREATE FUNCTION rectify.give_up(p_letter uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE rectify.letter AS l SET state = 3, settled = p_now, lease = NULL WHERE l.id = p_letter;
  INSERT INTO rectify.dead_letter (letter, case_no, key)
  SELECT p_letter, c.case_no, encode(set_byte(set_byte(c.hash, 6, get_byte(c.hash, 6) & 15 | 128), 8, get_byte(c.hash, 8) & 63 | 128), 'hex')::uuid
  FROM (
    SELECT DISTINCT n.case_no, substr(sha256(uuid_send(p_letter) || int8send(n.case_no)), 1, 16) AS hash
    FROM rectify.letter_notice AS k JOIN rectify.notice AS n ON n.id = k.notice
    WHERE k.letter = p_letter AND n.kind <> 9 AND n.case_no > 0) AS c
  ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION rectify.give_up IS 'The letter will not be delivered: its cases are to be told';

-- Erasing a text erases it in the letters that repeat it: all that tell of its case, and of cases about its finding.  One that
-- waits is given up, so that the office tells the officer by another way.
CREATE FUNCTION rectify.forget_letters() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found_letters uuid[] := ARRAY(
    SELECT DISTINCT k.letter
    FROM rectify.event AS e JOIN rectify.case_ AS c ON c.case_no = e.case_no OR c.finding_of = e.case_no
      JOIN rectify.event AS v ON v.case_no = c.case_no
      JOIN rectify.letter_notice AS k ON k.notice BETWEEN v.log_index * 16 AND v.log_index * 16 + 15
    WHERE e.log_index = OLD.log_index AND e.case_no > 0);
BEGIN
  PERFORM rectify.give_up(l.id, h.clock) FROM rectify.letter AS l, rectify.head AS h WHERE l.id = ANY (found_letters) AND l.state = 1;
  UPDATE rectify.letter AS l SET subject = '', body = '', html = '' WHERE l.id = ANY (found_letters);
  UPDATE rectify.delivery AS d SET answer = '' WHERE d.letter = ANY (found_letters) AND d.outcome IS NOT NULL AND d.answer <> '';
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION rectify.forget_letters IS 'Trigger: what letters repeat of a text goes with the text';
CREATE TRIGGER forget_letters AFTER DELETE ON rectify.private FOR EACH ROW EXECUTE FUNCTION rectify.forget_letters();
ALTER TABLE rectify.private ENABLE ALWAYS TRIGGER forget_letters;

-- ---- what a courier asks for -------------------------------------------------------------------------------------

CREATE FUNCTION rectify.check_epoch(p_epoch bigint) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM rectify.head AS h WHERE h.epoch = p_epoch) THEN
    RAISE EXCEPTION 'another daemon has taken over from epoch %', p_epoch USING ERRCODE = 'RF001';
  END IF;
END
$$;
COMMENT ON FUNCTION rectify.check_epoch IS 'Raises when another daemon has taken over';

-- Letters to be made, and which notices each has (m_letter: place of the letter, from 1).  Each gets a result of
-- letter_result.def, and the notice that was in the way.
CREATE FUNCTION rectify.make_letters(
  p_epoch bigint, p_now timestamptz,
  l_id uuid[], l_officer integer[], l_channel text[], l_language text[], l_urgent boolean[], l_subject text[], l_body text[],
  l_html text[], l_not_before timestamptz[], m_letter integer[], m_notice bigint[]
) RETURNS TABLE (result smallint, notice bigint, state smallint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  old rectify.letter;
  own bigint[];
BEGIN
  PERFORM rectify.check_epoch(p_epoch);
  FOR i IN 1 .. cardinality(l_id) LOOP
    own := ARRAY(SELECT DISTINCT u.notice FROM unnest(m_letter, m_notice) AS u (letter, notice) WHERE u.letter = i ORDER BY 1);
    notice := 0;
    state := 0;
    SELECT l.* INTO old FROM rectify.letter AS l WHERE l.id = l_id[i];
    IF FOUND THEN
      state := old.state;
      result := CASE WHEN old.officer = l_officer[i] AND old.channel = l_channel[i]
        AND own = ARRAY(SELECT k.notice FROM rectify.letter_notice AS k WHERE k.letter = old.id ORDER BY 1) THEN 2 ELSE 6 END;
      RETURN NEXT;
      CONTINUE;
    END IF;
    IF l_officer[i] = 0 THEN
      result := 5;
      RETURN NEXT;
      CONTINUE;
    END IF;
    SELECT u.notice INTO notice FROM unnest(own) AS u (notice)
    WHERE NOT EXISTS (SELECT FROM rectify.notice AS n WHERE n.id = u.notice AND n.officer = l_officer[i]) ORDER BY 1 LIMIT 1;
    IF FOUND THEN
      result := 4;
      RETURN NEXT;
      CONTINUE;
    END IF;
    SELECT k.notice INTO notice FROM rectify.letter_notice AS k WHERE k.notice = ANY (own) AND k.channel = l_channel[i] ORDER BY 1 LIMIT 1;
    IF FOUND THEN
      result := 3;
      RETURN NEXT;
      CONTINUE;
    END IF;
    notice := 0;
    result := 1;
    state := CASE WHEN l_channel[i] = 'none' THEN 4 ELSE 1 END;
    INSERT INTO rectify.letter (id, officer, channel, language, urgent, subject, body, html, made, not_before, state, due_at, settled)
    VALUES (l_id[i], l_officer[i], l_channel[i], l_language[i], l_urgent[i], l_subject[i], l_body[i], l_html[i], p_now,
      greatest(l_not_before[i], p_now), state, greatest(l_not_before[i], p_now), CASE WHEN state = 4 THEN p_now END);
    INSERT INTO rectify.letter_notice (notice, channel, letter) SELECT u.notice, l_channel[i], l_id[i] FROM unnest(own) AS u (notice);
    RETURN NEXT;
  END LOOP;
  UPDATE rectify.letter_mark AS m SET posted_until = coalesce(
    (SELECT n.id FROM rectify.notice AS n
     WHERE n.id >= m.posted_until AND NOT EXISTS (SELECT FROM rectify.letter_notice AS k WHERE k.notice = n.id) ORDER BY n.id LIMIT 1),
    (SELECT greatest(m.posted_until, max(n.id) + 1) FROM rectify.notice AS n), m.posted_until);
END
$$;
COMMENT ON FUNCTION rectify.make_letters IS 'Makes letters, each with its notices or not at all; what is there already is left as it is';

-- The letters that the request p_lease got before, or else those that are due now, at most p_count of p_channel (NULL: any), for
-- it until p_until.
CREATE FUNCTION rectify.lease_letters(
  p_epoch bigint, p_now timestamptz, p_lease uuid, p_channel text, p_count integer, p_until timestamptz
) RETURNS SETOF rectify.letter
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  due uuid[];
BEGIN
  PERFORM rectify.check_epoch(p_epoch);
  PERFORM rectify.give_up(l.id, p_now) FROM rectify.letter AS l WHERE l.state = 1 AND l.due_at <= p_now AND l.attempts = 1000;
  IF NOT EXISTS (SELECT FROM rectify.letter AS l WHERE l.lease = p_lease AND l.due_at > p_now) THEN
    due := ARRAY(
      SELECT l.id FROM rectify.letter AS l
      WHERE l.state = 1 AND l.due_at <= p_now AND (p_channel IS NULL OR l.channel = p_channel)
      ORDER BY l.urgent DESC, l.due_at, l.id LIMIT p_count FOR UPDATE SKIP LOCKED);
    UPDATE rectify.delivery AS d SET outcome = 7, ended = p_now WHERE d.letter = ANY (due) AND d.outcome IS NULL;
    UPDATE rectify.letter AS l SET lease = p_lease, due_at = p_until, attempts = l.attempts + 1 WHERE l.id = ANY (due);
    INSERT INTO rectify.delivery (letter, attempt, leased) SELECT l.id, l.attempts, p_now FROM rectify.letter AS l WHERE l.id = ANY (due);
  END IF;
  RETURN QUERY SELECT l.* FROM rectify.letter AS l WHERE l.lease = p_lease AND l.due_at > p_now ORDER BY l.urgent DESC, l.not_before, l.id;
END
$$;
COMMENT ON FUNCTION rectify.lease_letters IS 'Hands out letters that are due; one whose lease has ended is handed out again';

-- What became of one attempt: a result of letter_result.def.
CREATE FUNCTION rectify.report_letter(
  p_now timestamptz, p_letter uuid, p_attempt integer, p_outcome smallint, p_answer text, p_retry timestamptz
) RETURNS smallint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  l rectify.letter;
  d rectify.delivery;
  again timestamptz := least(greatest(p_retry, p_now), p_now + interval '31 days');
BEGIN
  SELECT k.* INTO l FROM rectify.letter AS k WHERE k.id = p_letter FOR UPDATE;
  SELECT k.* INTO d FROM rectify.delivery AS k WHERE k.letter = p_letter AND k.attempt = p_attempt;
  IF NOT FOUND THEN
    RETURN 11;
  END IF;
  IF p_outcome IN (5, 6) THEN
    IF (CASE p_outcome WHEN 5 THEN l.opened ELSE l.acknowledged END) IS NOT NULL THEN
      RETURN 2;
    END IF;
    UPDATE rectify.letter AS k SET opened = coalesce(k.opened, p_now), acknowledged = CASE WHEN p_outcome = 6 THEN p_now END
    WHERE k.id = p_letter;
    RETURN 7;
  END IF;
  IF d.outcome = p_outcome THEN
    RETURN 2;
  END IF;
  IF d.outcome IS NOT NULL AND (d.outcome <> 7 OR p_outcome <> 1) THEN
    RETURN 10;
  END IF;
  UPDATE rectify.delivery AS k SET outcome = p_outcome, ended = p_now, answer = p_answer WHERE k.letter = p_letter AND k.attempt = p_attempt;
  IF p_outcome = 1 THEN
    UPDATE rectify.letter AS k SET state = 2, settled = p_now, lease = NULL WHERE k.id = p_letter AND k.state <> 2;
    RETURN CASE WHEN l.state = 2 THEN 8 ELSE 7 END;
  END IF;
  IF l.state <> 1 THEN
    RETURN 10;
  END IF;
  UPDATE rectify.letter AS k SET lease = NULL, due_at = again, not_before = again,
    failures = k.failures + CASE WHEN p_outcome = 2 THEN 1 ELSE 0 END,
    first_failed = CASE WHEN p_outcome = 2 THEN coalesce(k.first_failed, p_now) ELSE k.first_failed END
  WHERE k.id = p_letter RETURNING k.* INTO l;
  IF p_outcome = 3 OR p_outcome = 2 AND (l.failures >= 100 OR p_now >= l.first_failed + interval '72 hours') THEN
    PERFORM rectify.give_up(p_letter, p_now);
    RETURN 9;
  END IF;
  RETURN 7;
END
$$;
COMMENT ON FUNCTION rectify.report_letter IS 'Notes how one attempt ended: a delivery counts whenever it is said, all else only from who has the letter';

CREATE FUNCTION rectify.report_letters(
  p_epoch bigint, p_now timestamptz, r_letter uuid[], r_attempt integer[], r_outcome smallint[], r_answer text[], r_retry timestamptz[]
) RETURNS TABLE (result smallint, notice bigint, state smallint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM rectify.check_epoch(p_epoch);
  notice := 0;
  FOR i IN 1 .. cardinality(r_letter) LOOP
    result := rectify.report_letter(p_now, r_letter[i], r_attempt[i], r_outcome[i], r_answer[i], r_retry[i]);
    state := coalesce((SELECT l.state FROM rectify.letter AS l WHERE l.id = r_letter[i]), 0);
    RETURN NEXT;
  END LOOP;
END
$$;
COMMENT ON FUNCTION rectify.report_letters IS 'Notes how attempts ended, each by itself';

REVOKE EXECUTE ON FUNCTION rectify.guard_letter, rectify.guard_delivery, rectify.give_up, rectify.forget_letters, rectify.check_epoch,
  rectify.make_letters, rectify.lease_letters, rectify.report_letter, rectify.report_letters FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rectify.make_letters, rectify.lease_letters, rectify.report_letters TO rectify_writer;

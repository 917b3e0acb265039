-- Search in the texts of findings: Chinese words of two characters as well as English ones, through an index.
--
-- The index holds each pair of neighbouring characters.  pg_trgm knows no Chinese under a C locale and no words of two characters
-- anywhere.  The daemon fills it behind the log, when it has nothing else to do, so that taking findings in costs nothing; a search
-- reads the few that are not in it yet by itself.
--
-- Forward only.

SET LOCAL ROLE rectify_owner;

-- As people type: 全角 letters and digits are half-width ones, capitals small ones, and one kind of space is as good as another.
CREATE FUNCTION rectify.search_fold(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT btrim(regexp_replace(lower(translate(p_text,
    '　！＂＃＄％＆＇（）＊＋，－．／０１２３４５６７８９：；＜＝＞？＠ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ［＼］＾＿｀ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ｛｜｝～',
    ' !"#$%&''()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_`abcdefghijklmnopqrstuvwxyz{|}~')),
    '\s+', ' ', 'g'))
$$;
COMMENT ON FUNCTION rectify.search_fold IS 'A text as it is compared in a search: half-width, small letters, single spaces';

CREATE FUNCTION rectify.bigrams(p_texts text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(array_agg(DISTINCT p.pair), '{}')
  FROM unnest(p_texts) WITH ORDINALITY AS t (body, nth), LATERAL (
    SELECT c.one || lead(c.one) OVER (ORDER BY c.n) AS pair
    FROM unnest(string_to_array(rectify.search_fold(t.body), NULL)) WITH ORDINALITY AS c (one, n)) AS p
  WHERE p.pair IS NOT NULL
$$;
COMMENT ON FUNCTION rectify.bigrams IS 'Every pair of neighbouring characters of the texts, as they are compared, each once';

-- Whether a text has all the words.
CREATE FUNCTION rectify.has_words(p_text text, p_words text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 2000 SET search_path = pg_catalog, pg_temp AS $$
  SELECT NOT EXISTS (SELECT FROM unnest(p_words) AS w (word)
    WHERE position(rectify.search_fold(w.word) IN folded.body) = 0)
  FROM (SELECT rectify.search_fold(p_text) AS body) AS folded
$$;
COMMENT ON FUNCTION rectify.has_words IS 'Whether the text has all the words, as they are compared';

CREATE TABLE rectify.search (
  case_no bigint PRIMARY KEY CHECK (case_no >= 1),
  log_index bigint NOT NULL UNIQUE CHECK (log_index >= 0),
  grams text[] NOT NULL
);
COMMENT ON TABLE rectify.search IS 'The findings'' texts as pairs of characters, to be searched; a projection of private, which it goes with';
COMMENT ON COLUMN rectify.search.log_index IS 'of the text in private';
CREATE INDEX search_grams ON rectify.search USING gin (grams);
COMMENT ON INDEX rectify.search_grams IS 'texts by the pairs of characters in them';

CREATE TABLE rectify.search_mark (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  indexed bigint NOT NULL CHECK (indexed >= 0)
);
COMMENT ON TABLE rectify.search_mark IS 'How far the findings are in the table search';
COMMENT ON COLUMN rectify.search_mark.indexed IS 'the last case whose finding was looked at';
INSERT INTO rectify.search_mark VALUES (true, 0);

CREATE INDEX case_same_finding ON rectify.case_ (finding_of) WHERE parent > 0;
COMMENT ON INDEX rectify.case_same_finding IS 'the cases that are about another one''s finding';

-- One step; no row when another daemon has taken over.  The index's list of pending entries is worked off at once, which is several
-- times cheaper than entries one by one, and leaves nothing for a search to read through.
CREATE FUNCTION rectify.index_findings(p_epoch bigint, p_most integer) RETURNS TABLE (indexed bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO rectify.search (case_no, log_index, grams)
  SELECT f.case_no, f.log_index, rectify.bigrams(ARRAY[x.body])
  FROM rectify.search_mark AS m CROSS JOIN rectify.head AS h
    JOIN rectify.finding AS f ON f.case_no > m.indexed AND f.case_no <= m.indexed + p_most
    JOIN rectify.private AS x ON x.log_index = f.log_index
  WHERE h.epoch = p_epoch
  ON CONFLICT (case_no) DO NOTHING;
  SELECT gin_clean_pending_list('rectify.search_grams');
  UPDATE rectify.search_mark AS m SET indexed = least(m.indexed + p_most, h.cases) FROM rectify.head AS h
  WHERE h.epoch = p_epoch RETURNING m.indexed
$$;
COMMENT ON FUNCTION rectify.index_findings IS 'Takes the next findings into the table search; how far they are in it now';

-- ---- what was erased is not found --------------------------------------------------------------------------------

CREATE FUNCTION rectify.guard_search() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' AND pg_trigger_depth() > 1
     AND NOT EXISTS (SELECT FROM rectify.private AS p WHERE p.log_index = OLD.log_index) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'what is searched goes only with the text: % refused', TG_OP USING ERRCODE = 'RF003';
END
$$;
COMMENT ON FUNCTION rectify.guard_search IS 'Trigger: a row of search is never changed, and deleted only with its text';
CREATE TRIGGER deny_row BEFORE UPDATE OR DELETE ON rectify.search FOR EACH ROW EXECUTE FUNCTION rectify.guard_search();
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON rectify.search FOR EACH STATEMENT EXECUTE FUNCTION rectify.deny_change();
ALTER TABLE rectify.search ENABLE ALWAYS TRIGGER deny_row;
ALTER TABLE rectify.search ENABLE ALWAYS TRIGGER deny_truncate;

CREATE FUNCTION rectify.forget_search() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM rectify.search AS s WHERE s.log_index = OLD.log_index;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION rectify.forget_search IS 'Trigger: a text that is erased is no longer found';
CREATE TRIGGER forget_search AFTER DELETE ON rectify.private FOR EACH ROW EXECUTE FUNCTION rectify.forget_search();
ALTER TABLE rectify.private ENABLE ALWAYS TRIGGER forget_search;

ALTER TABLE rectify.search ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_reads ON rectify.search FOR SELECT TO rectify_owner USING (true);
CREATE POLICY owner_adds ON rectify.search FOR INSERT TO rectify_owner WITH CHECK (true);
CREATE POLICY owner_erases ON rectify.search FOR DELETE TO rectify_owner USING (true);
-- Not for auditors: pairs of characters tell a text, also a restricted one; rectify.has_words() looks in those they may read.
CREATE POLICY daemon_reads ON rectify.search FOR SELECT TO rectify_writer, rectify_reader USING (true);
ALTER TABLE rectify.search_mark ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_reads ON rectify.search_mark FOR SELECT TO rectify_owner USING (true);
CREATE POLICY owner_changes ON rectify.search_mark FOR UPDATE TO rectify_owner USING (true);
CREATE POLICY daemon_reads ON rectify.search_mark FOR SELECT TO rectify_writer, rectify_reader USING (true);
CREATE POLICY auditor_reads ON rectify.search_mark FOR SELECT TO rectify_auditor USING (true);
CREATE TRIGGER deny_delete BEFORE DELETE ON rectify.search_mark FOR EACH ROW EXECUTE FUNCTION rectify.deny_change();
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON rectify.search_mark FOR EACH STATEMENT EXECUTE FUNCTION rectify.deny_change();
ALTER TABLE rectify.search_mark ENABLE ALWAYS TRIGGER deny_delete;
ALTER TABLE rectify.search_mark ENABLE ALWAYS TRIGGER deny_truncate;

REVOKE EXECUTE ON FUNCTION rectify.guard_search, rectify.forget_search, rectify.index_findings, rectify.search_fold, rectify.bigrams,
  rectify.has_words FROM PUBLIC;
GRANT SELECT ON rectify.search, rectify.search_mark TO rectify_writer, rectify_reader;
GRANT SELECT ON rectify.search_mark TO rectify_auditor;
GRANT EXECUTE ON FUNCTION rectify.search_fold, rectify.bigrams, rectify.has_words TO rectify_reader, rectify_auditor;
GRANT EXECUTE ON FUNCTION rectify.index_findings TO rectify_writer;

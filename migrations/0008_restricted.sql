-- Restricted cases: who is shown their words is recorded in the log, before they are shown.  The daemon sees to that for those it
-- answers; what is read by SQL of one's own cannot be recorded, so row security shows no words of a restricted case there.
--
-- Forward only.

SET LOCAL ROLE rectify_owner;

-- 65540: the marks RESTRICTED (1 << 16) and ACCOUNTABILITY (1 << 2), include/rectify/model.h, CASE_RESTRICTS.
CREATE FUNCTION rectify.is_restricted(flags integer, case_no bigint, finding_of bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT $1 & 65540 <> 0 OR ($3 <> $2 AND EXISTS (SELECT FROM rectify.case_ AS o WHERE o.case_no = $3 AND o.flags & 65540 <> 0))
$$;
COMMENT ON FUNCTION rectify.is_restricted IS 'Whether a case is restricted, or the one whose finding it is about; fold of the log''s events 56 and 57 and of proposals';

-- As the log of `size` events tells it: ledgers of then have no words of what was restricted then.  656 and 657: the office or the body
-- restricts and frees; notice 7: accountability was proposed.
CREATE FUNCTION rectify.was_restricted(case_no bigint, finding_of bigint, size bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT bool_or(coalesce((
      SELECT v.rule = 656 FROM rectify.event AS v
      WHERE v.case_no = k.case_no AND v.log_index + 0 < $3 AND v.rule IN (656, 657) ORDER BY v.version DESC LIMIT 1), false)
    OR EXISTS (
      SELECT FROM rectify.event AS v JOIN rectify.notice AS n ON n.id BETWEEN v.log_index * 16 AND v.log_index * 16 + 15
      WHERE v.case_no = k.case_no AND v.log_index + 0 < $3 AND n.kind = 7))
  FROM unnest(CASE WHEN $1 = $2 THEN ARRAY[$1] ELSE ARRAY[$1, $2] END) AS k (case_no)
$$;
COMMENT ON FUNCTION rectify.was_restricted IS 'Whether a case, or the one whose finding it is about, was restricted in the log of so many events';

-- Of cases that the login may not read nothing is told, restricted or not: the policies below hide those by themselves.
CREATE FUNCTION rectify.words_are_open(number bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT NOT EXISTS (
    SELECT FROM rectify.case_ AS c WHERE c.case_no = $1 AND CASE WHEN rectify.is_restricted(c.flags, c.case_no, c.finding_of)
      THEN c.unit = ANY ((SELECT rectify.readable_units())::integer[]) OR c.team = ANY ((SELECT rectify.readable_teams())::integer[]) END)
$$;
COMMENT ON FUNCTION rectify.words_are_open IS 'False for restricted cases that the login may read: their words are not for SQL of one''s own';

DROP POLICY auditor_reads ON rectify.private;
CREATE POLICY auditor_reads ON rectify.private FOR SELECT TO rectify_auditor
  USING (EXISTS (SELECT FROM rectify.event AS e WHERE e.log_index = private.log_index AND rectify.words_are_open(e.case_no)));
DROP POLICY auditor_reads ON rectify.evidence;
CREATE POLICY auditor_reads ON rectify.evidence FOR SELECT TO rectify_auditor
  USING (EXISTS (SELECT FROM rectify.case_ AS c WHERE c.case_no = evidence.case_no) AND rectify.words_are_open(case_no));
DROP POLICY auditor_reads ON rectify.signature;
CREATE POLICY auditor_reads ON rectify.signature FOR SELECT TO rectify_auditor
  USING (EXISTS (SELECT FROM rectify.event AS e WHERE e.log_index = signature.log_index AND rectify.words_are_open(e.case_no)));
-- Who read what is for those who oversee.
DROP POLICY auditor_reads ON rectify.event;
CREATE POLICY auditor_reads ON rectify.event FOR SELECT TO rectify_auditor
  USING (CASE WHEN case_no = 0 OR command = 58 THEN (SELECT rectify.oversees_all())
    ELSE EXISTS (SELECT FROM rectify.case_ AS c WHERE c.case_no = event.case_no) END);

REVOKE EXECUTE ON FUNCTION rectify.is_restricted, rectify.was_restricted, rectify.words_are_open FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rectify.is_restricted, rectify.was_restricted TO rectify_reader;
GRANT EXECUTE ON FUNCTION rectify.words_are_open TO rectify_auditor;

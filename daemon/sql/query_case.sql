-- One case, in the columns of query_cases.sql, without words.  $1 case number, $2 readable units, $3 readable teams ($2 and
-- $3 NULL: all).
SELECT c.case_no, f.id, c.version, c.state, f.unit_code, f.inspection, f.category, f.code, c.due_at, c.due_clock,
  NULL::text, false,
  c.status, c.track, c.light, c.unit, c.handler, c.verifier, c.accountable, c.team, c.opened_at, c.first_due_at,
  c.next_fire_at, c.closed_at, c.flags, c.parent, c.finding_of,
  CASE WHEN c.flags = 0 AND c.finding_of = c.case_no THEN 0 ELSE rectify.is_restricted(c.flags, c.case_no, c.finding_of)::integer END
FROM rectify.case_ AS c JOIN rectify.finding AS f ON f.case_no = c.finding_of
WHERE c.case_no = $1::bigint AND ($2::integer[] IS NULL OR c.unit = ANY ($2) OR c.team = ANY ($3::integer[]))

-- One page of cases by number whose finding's text has words.  NULL parameters do not restrict.  $1 case numbers, $2 readable units, $3 readable
-- teams ($2 and $3 NULL: all), $4 units asked for, $5 statuses, $6 tracks, $7 lights, $8 accountable, $9 open only, $10
-- due before, $11 last case number of the page before, $12 rows, $13 with text, $14 with state, $15 finding id,
-- $16 handler, $17 kinds, $18 severities, $19 inspection, $20 category, $21 team, $22 parent, $23 flags, all of them set.
-- A case that follows from another one shows that one's finding: finding_of.
-- $24 the words, one at least of two characters; $25 how many findings that are not indexed yet are read for them.
-- A restricted case is not found: that its text has the words would be words of it, and its reader is not on record.
-- The index gives the candidates; their texts are read in the order of the cases until the page is full.  LATERAL ... LIMIT 1: row by
-- row, since the server cannot know how few texts have the words, and would read all.
WITH fresh AS MATERIALIZED (
  SELECT n.case_no, n.log_index FROM rectify.search_mark AS m
    JOIN rectify.finding AS n ON n.case_no > m.indexed AND n.case_no <= m.indexed + $25::integer),
told AS MATERIALIZED (
  SELECT s.case_no, s.log_index FROM rectify.search AS s WHERE s.grams @> rectify.bigrams($24::text[])
  UNION
  SELECT n.case_no, n.log_index FROM fresh AS n),
about AS MATERIALIZED (
  SELECT t.case_no, t.log_index FROM told AS t
  UNION ALL
  SELECT k.case_no, t.log_index FROM told AS t JOIN rectify.case_ AS k ON k.finding_of = t.case_no AND k.parent > 0)
SELECT c.case_no, f.id, c.version, c.state, f.unit_code, f.inspection, f.category, f.code, c.due_at, c.due_clock,
  CASE WHEN $13::boolean THEN x.body END, $14::boolean,
  c.status, c.track, c.light, c.unit, c.handler, c.verifier, c.accountable, c.team, c.opened_at, c.first_due_at,
  c.next_fire_at, c.closed_at, c.flags, c.parent, c.finding_of, 0
FROM (SELECT a.case_no, a.log_index FROM about AS a WHERE a.case_no > $11::bigint ORDER BY a.case_no OFFSET 0) AS z
CROSS JOIN LATERAL (SELECT k.* FROM rectify.case_ AS k WHERE k.case_no = z.case_no LIMIT 1) AS c
CROSS JOIN LATERAL (SELECT k.* FROM rectify.finding AS k WHERE k.case_no = c.finding_of LIMIT 1) AS f
CROSS JOIN LATERAL (SELECT p.body FROM rectify.private AS p WHERE p.log_index = z.log_index LIMIT 1) AS x
WHERE ($1::bigint[] IS NULL OR c.case_no = ANY ($1))
  AND ($2::integer[] IS NULL OR c.unit = ANY ($2) OR c.team = ANY ($3::integer[]))
  AND ($4::integer[] IS NULL OR c.unit = ANY ($4))
  AND ($5::smallint[] IS NULL OR c.status = ANY ($5))
  AND ($6::smallint[] IS NULL OR c.track = ANY ($6))
  AND ($7::smallint[] IS NULL OR c.light = ANY ($7))
  AND ($8::integer IS NULL OR c.accountable = $8)
  AND (NOT $9::boolean OR c.status <= 6)
  AND ($10::timestamptz IS NULL OR c.due_at < $10)
  AND ($15::uuid IS NULL OR c.case_no = (SELECT e.case_no FROM rectify.event AS e WHERE e.key = $15 AND e.version = 1))
  AND ($16::integer IS NULL OR c.handler = $16)
  AND ($17::smallint[] IS NULL OR f.kind = ANY ($17))
  AND ($18::smallint[] IS NULL OR f.severity = ANY ($18))
  AND ($19::text IS NULL OR f.inspection = $19)
  AND ($20::text IS NULL OR f.category = $20)
  AND ($21::integer IS NULL OR c.team = $21)
  AND ($22::bigint IS NULL OR c.parent = $22)
  AND ($23::integer = 0 OR c.flags & $23 = $23)
  AND NOT rectify.is_restricted(c.flags, c.case_no, c.finding_of)
  AND rectify.has_words(x.body, $24)
ORDER BY z.case_no
LIMIT $12::integer

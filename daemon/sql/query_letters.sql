-- One page of letters, a row an attempt (the last $8 of each), one without attempts has one row.  NULL parameters do not restrict.
-- Who reads a letter is not on record: none has words of restricted cases.
-- $1 officer, $2 case, $3 state, $4 id, $5 with texts, $6 last number of the page before, $7 letters, $8 attempts of each.
SELECT l.n, l.id, l.officer, l.channel, l.language, l.urgent, CASE WHEN o.shown THEN l.subject END,
  CASE WHEN o.shown THEN l.body END, CASE WHEN o.shown THEN l.html END, l.not_before, l.made, l.state, l.attempts, l.failures,
  CASE WHEN l.lease IS NOT NULL THEN l.due_at END, l.settled, l.opened, l.acknowledged,
  (SELECT string_agg(int8send(k.notice), ''::bytea ORDER BY k.notice) FROM rectify.letter_notice AS k WHERE k.letter = l.id),
  (SELECT string_agg(int8send(c.case_no), ''::bytea ORDER BY c.case_no) FROM (
    SELECT DISTINCT n.case_no FROM rectify.letter_notice AS k JOIN rectify.notice AS n ON n.id = k.notice WHERE k.letter = l.id) AS c),
  d.attempt, d.leased, d.ended, d.outcome, d.answer
FROM (
  SELECT * FROM rectify.letter AS l
  WHERE l.n > $6::bigint AND ($1::integer IS NULL OR l.officer = $1) AND ($3::smallint IS NULL OR l.state = $3)
    AND ($4::uuid IS NULL OR l.id = $4)
    AND ($2::bigint IS NULL OR l.id IN (
      SELECT k.letter FROM rectify.event AS e JOIN rectify.letter_notice AS k ON k.notice BETWEEN e.log_index * 16 AND e.log_index * 16 + 15
      WHERE e.case_no = $2))
  ORDER BY l.n LIMIT $7::integer) AS l
CROSS JOIN LATERAL (SELECT $5::boolean AND rectify.letter_is_open(l.id) AS shown) AS o
LEFT JOIN rectify.delivery AS d ON d.letter = l.id AND d.attempt > l.attempts - $8::integer
ORDER BY l.n, d.attempt

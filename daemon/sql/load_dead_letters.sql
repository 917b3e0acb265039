-- Cases that letters given up were about and that have no event of it yet.  $1 rows.
SELECT d.key, d.case_no, l.officer, l.channel, coalesce((
    SELECT v.answer FROM rectify.delivery AS v WHERE v.letter = d.letter AND v.answer <> '' ORDER BY v.attempt DESC LIMIT 1), '')
FROM rectify.dead_letter AS d JOIN rectify.letter AS l ON l.id = d.letter
WHERE l.state = 3 AND NOT EXISTS (SELECT FROM rectify.event AS e WHERE e.key = d.key)
ORDER BY l.settled, d.letter, d.case_no LIMIT $1::integer

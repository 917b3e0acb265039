-- When the next letter may be leased; NULL: none waits.  $1 channel or NULL.
SELECT min(l.due_at) FROM rectify.letter AS l WHERE l.state = 1 AND ($1::text IS NULL OR l.channel = $1)

-- When the next letter may be leased (NULL: none waits), and whether the lease before gave some up.  $1 channel or NULL, $2 the daemon's
-- clock at that lease.
SELECT min(l.due_at) FILTER (WHERE l.state = 1 AND ($1::text IS NULL OR l.channel = $1)),
  coalesce(bool_or(l.state = 3 AND l.settled = $2::timestamptz), false)
FROM rectify.letter AS l WHERE l.state IN (1, 3)

-- Who is active: a session advisory lock.  Only a hint; the epoch in the head is what keeps a stale writer out.
SELECT pg_try_advisory_lock(hashtextextended('rectify.writer', 0))

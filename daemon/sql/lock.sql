-- Who is active: a session advisory lock.  Only a hint; the epoch in the head is what keeps a stale writer out.  The
-- session's statements are all look-ups by key in arrays of changing length: planning them anew each time costs more than
-- running them, and a plan made while a table was small must not scan it for ever.
SELECT pg_try_advisory_lock(hashtextextended('rectify.writer', 0)),
  set_config('plan_cache_mode', 'force_generic_plan', false), set_config('enable_seqscan', 'off', false)

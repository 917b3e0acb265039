-- Who is active: a session advisory lock.  Only a hint; the epoch in the head is what keeps a stale writer out.  Told as well:
-- whether a session of another role holds it, which anybody who may connect can bring about; the head's epoch; and whether
-- what the server says is committed is on the disk, and whether it waits for a standby.  The session's statements are all look-ups by key in arrays of changing
-- length: planning them anew each time costs more than running them, and a plan made while a table was small must not scan it
-- for ever.
--
-- $1 is the process id of the session that had the lock for this daemon before, $2 the daemon's epoch.  Where that session still has it
-- (its line was cut, and the server has not noticed) and nobody took over since, it is ended: the next try finds the lock free.
SELECT pg_try_advisory_lock(k.key),
  EXISTS (
    SELECT FROM pg_catalog.pg_locks AS l JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND (l.classid::bigint << 32 | l.objid::bigint) = k.key
      AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
      AND a.usename <> session_user),
  (SELECT h.epoch FROM rectify.head AS h),
  current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on', current_setting('synchronous_standby_names') <> '',
  set_config('plan_cache_mode', 'force_generic_plan', false), set_config('enable_seqscan', 'off', false)
FROM (SELECT hashtextextended('rectify.writer', 0) AS key) AS k
  LEFT JOIN LATERAL (
    SELECT pg_terminate_backend(l.pid) AS ended
    FROM pg_catalog.pg_locks AS l
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND (l.classid::bigint << 32 | l.objid::bigint) = k.key
      AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
      AND l.pid = $1::integer AND (SELECT h.epoch FROM rectify.head AS h) = $2::bigint) AS old ON true

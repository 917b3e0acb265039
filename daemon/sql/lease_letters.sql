-- Leases letters.  $1 epoch, $2 the daemon's clock, $3 id of the request, $4 channel or NULL, $5 how many, $6 end of the lease.  The
-- numbers of the notices, and of the cases of a letter that must not tell of them, come as they are on the wire of PostgreSQL, one behind
-- the other.  A repeat of a lease changes nothing; the message, which nobody reads, makes its commit wait for the standby, which may not
-- have the first one yet.
SELECT l.id, l.officer, l.channel, l.language, l.urgent, l.subject, l.body, l.html, l.not_before, l.made, l.due_at, l.attempts, l.failures,
  (SELECT string_agg(int8send(k.notice), ''::bytea ORDER BY k.notice) FROM rectify.letter_notice AS k WHERE k.letter = l.id),
  CASE WHEN NOT rectify.letter_is_open(l.id) THEN (SELECT string_agg(int8send(c.case_no), ''::bytea ORDER BY c.case_no) FROM (
    SELECT DISTINCT n.case_no FROM rectify.letter_notice AS k JOIN rectify.notice AS n ON n.id = k.notice WHERE k.letter = l.id) AS c) END,
  pg_logical_emit_message(true, 'rectify', '')
FROM rectify.lease_letters($1::bigint, $2::timestamptz, $3::uuid, $4::text, $5::integer, $6::timestamptz) AS l

-- Notes how attempts ended; a repeat waits for the standby too (lease_letters.sql).  $1 epoch, $2 the daemon's clock, $3 letters, $4 attempts, $5 outcomes, $6 answers, $7 when to try again.
SELECT r.result, r.notice, r.state, pg_logical_emit_message(true, 'rectify', '')
FROM rectify.report_letters($1::bigint, $2::timestamptz, $3::uuid[], $4::integer[], $5::smallint[], $6::text[], $7::timestamptz[]) AS r

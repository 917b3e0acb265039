-- What has been recorded under these idempotency keys.  $1 keys.
SELECT key, log_index, record FROM rectify.event WHERE key = ANY ($1::uuid[])

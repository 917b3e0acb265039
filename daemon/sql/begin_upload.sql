-- Begins an upload: $1 SHA-256, $2 officer, $3 size, $4 now, $5 bytes of one officer in 24 hours, $6 unfinished uploads of one officer.
-- The state, a row for each part that is here, and the number of the upload.
SELECT b.state, h.n, b.number
FROM rectify.begin_upload($1::bytea, $2::integer, $3::bigint, $4::timestamptz, $5::bigint, $6::integer) AS b
LEFT JOIN unnest(b.have) AS h (n) ON true

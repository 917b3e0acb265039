-- Keeps a part of an upload: $1 SHA-256, $2 officer, $3 which part, $4 its bytes, $5 now.
SELECT k.state, k.missing, k.number
FROM rectify.keep_part($1::bytea, $2::integer, $3::integer, $4::bytea, $5::timestamptz) AS k

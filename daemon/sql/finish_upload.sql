-- Hashes an upload and takes it, or throws it away.  $1 SHA-256, $2 officer, $3 content.def, $4 now.
SELECT rectify.finish_upload($1::bytea, $2::integer, $3::smallint, $4::timestamptz)

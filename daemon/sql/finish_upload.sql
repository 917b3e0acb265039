-- Hashes an upload and takes it, or throws it away.  $1 SHA-256, $2 officer, $3 number of the upload, $4 content.def, $5 now.  A state.
SELECT rectify.finish_upload($1::bytea, $2::integer, $3::bigint, $4::smallint, $5::timestamptz)

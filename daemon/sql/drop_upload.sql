-- Throws away an upload that is not whole.  $1 SHA-256, $2 officer.
SELECT rectify.drop_upload($1::bytea, $2::integer)

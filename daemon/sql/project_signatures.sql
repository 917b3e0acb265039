-- The signatures of a batch's findings.  Parameters: those of the function, in order.
SELECT rectify.project_signatures($1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[])

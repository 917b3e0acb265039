-- What a batch said of clients' keys.  Parameters: those of the function, in order.
SELECT rectify.project_keys($1::bytea[], $2::integer[], $3::date[], $4::date[], $5::boolean[], $6::bigint[], $7::smallint[])

-- What a batch asked to be erased, and erased.  Parameters: those of the function, in order.
SELECT rectify.project_erasures($1::bigint[], $2::bigint[], $3::integer[], $4::bigint[], $5::bigint[])

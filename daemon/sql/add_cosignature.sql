-- A witness's line.  Parameters: those of the function, in order.
SELECT rectify.add_cosignature($1::bigint, $2::text)

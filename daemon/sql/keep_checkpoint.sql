-- A signed head.  Parameters: those of the function, in order.
SELECT rectify.keep_checkpoint($1::bigint, $2::text)

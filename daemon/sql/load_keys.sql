-- Every key that was ever registered, in the order of the table in memory.  No parameters.
SELECT public_key, officer, from_day, until_day, revoked, kind FROM rectify.client_key ORDER BY public_key

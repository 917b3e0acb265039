-- Every key that was ever registered.  No parameters.
SELECT public_key, officer, from_day, until_day, revoked, kind FROM rectify.client_key

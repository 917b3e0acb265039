-- Keeps a manual clock that moved without an event.  $1 epoch, $2 the clock.
SELECT rectify.set_clock($1::bigint, $2::timestamptz)

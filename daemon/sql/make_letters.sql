-- Makes letters, in one transaction.  $1 epoch, $2 the daemon's clock, $3 ids, $4 officers, $5 channels, $6 languages, $7 urgent,
-- $8 subjects, $9 bodies, $10 bodies in HTML, $11 not before; $12 and $13 place of the letter, from 1, and a notice of it.
SELECT m.result, m.notice, m.state
FROM rectify.make_letters($1::bigint, $2::timestamptz, $3::uuid[], $4::integer[], $5::text[], $6::text[], $7::boolean[], $8::text[],
  $9::text[], $10::text[], $11::timestamptz[], $12::integer[], $13::bigint[]) AS m

-- Makes letters, in one transaction.  $1 epoch, $2 the daemon's clock, $3 size of the log that they were written of, $4 ids, $5 officers,
-- $6 channels, $7 languages, $8 urgent, $9 subjects, $10 bodies, $11 bodies in HTML, $12 not before; $13 and $14 place of the letter, from
-- 1, and a notice of it.
SELECT m.result, m.notice, m.state
FROM rectify.make_letters($1::bigint, $2::timestamptz, $3::bigint, $4::uuid[], $5::integer[], $6::text[], $7::text[], $8::boolean[],
  $9::text[], $10::text[], $11::text[], $12::timestamptz[], $13::integer[], $14::bigint[]) AS m

-- One batch, all or nothing.  Parameters: those of the function, in order (migrations/0001_spine.sql).
SELECT rectify.append(
  $1::bigint, $2::bigint, $3::bigint, $4::bytea, $5::bytea, $6::bytea, $7::bigint, $8::integer,
  $9::timestamptz, $10::smallint[], $11::bigint[], $12::bytea[], $13::bigint[], $14::integer[], $15::uuid[],
  $16::smallint[], $17::smallint[], $18::integer[], $19::timestamptz[], $20::bytea[], $21::bigint[],
  $22::bytea[], $23::text[], $24::bigint[], $25::smallint[], $26::bigint[], $27::smallint[], $28::bytea[],
  $29::text[], $30::bigint[], $31::bigint[], $32::uuid[], $33::bigint[], $34::integer[], $35::integer[],
  $36::smallint[], $37::smallint[], $38::date[], $39::text[], $40::text[], $41::text[], $42::text[],
  $43::text[], $44::bigint[], $45::integer[], $46::smallint[], $47::smallint[], $48::smallint[],
  $49::integer[], $50::integer[], $51::integer[], $52::integer[], $53::integer[], $54::timestamptz[],
  $55::timestamptz[], $56::smallint[], $57::timestamptz[], $58::timestamptz[], $59::timestamptz[],
  $60::bytea[], $61::bigint[], $62::bigint[], $63::smallint[], $64::boolean[], $65::smallint[], $66::integer[],
  $67::timestamptz[], $68::smallint[], $69::integer[], $70::text[], $71::text[], $72::bytea[], $73::bigint[])

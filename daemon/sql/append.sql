-- One batch, all or nothing.  Parameters: those of the function, in order (migrations/0002_workflow.sql).
SELECT rectify.append(
  $1::bigint, $2::bigint, $3::bigint, $4::bytea, $5::bytea, $6::bytea, $7::bigint, $8::integer, $9::timestamptz,
  $10::smallint[], $11::bigint[], $12::bytea[], $13::bigint[], $14::integer[], $15::uuid[], $16::smallint[],
  $17::smallint[], $18::integer[], $19::timestamptz[], $20::bytea[], $21::bigint[], $22::bytea[], $23::text[],
  $24::bigint[], $25::smallint[], $26::bigint[], $27::smallint[], $28::bytea[], $29::text[], $30::bigint[],
  $31::smallint[], $32::bigint[], $33::uuid[], $34::bigint[], $35::integer[], $36::integer[], $37::smallint[],
  $38::smallint[], $39::date[], $40::text[], $41::text[], $42::text[], $43::text[], $44::text[], $45::bigint[],
  $46::integer[], $47::smallint[], $48::smallint[], $49::smallint[], $50::integer[], $51::integer[], $52::integer[],
  $53::integer[], $54::integer[], $55::timestamptz[], $56::timestamptz[], $57::smallint[], $58::timestamptz[],
  $59::timestamptz[], $60::timestamptz[], $61::bytea[], $62::integer[], $63::bigint[], $64::bigint[], $65::bigint[],
  $66::bigint[], $67::smallint[], $68::boolean[], $69::smallint[], $70::integer[], $71::timestamptz[], $72::integer[],
  $73::bigint[], $74::smallint[], $75::integer[], $76::text[], $77::text[], $78::bytea[], $79::bigint[],
  $80::integer[], $81::integer[], $82::bigint[], $83::bigint[], $84::bigint[], $85::bigint[], $86::bigint[],
  $87::date[], $88::text[])

-- The registry in force as tables.  Parameters: those of the function, in order.
SELECT rectify.project_registry(
  $1::integer[], $2::integer[], $3::text[], $4::text[], $5::boolean[], $6::integer[], $7::integer[], $8::text[],
  $9::text[], $10::boolean[], $11::integer[], $12::integer[], $13::smallint[], $14::date[], $15::date[],
  $16::integer[], $17::integer[], $18::date[], $19::date[])

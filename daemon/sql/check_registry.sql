-- Whether the tables of the registry are those of the registry in force; if not, they are written anew.  Parameters: those of
-- project_registry, and $20 the epoch, without which nothing is written.  Two principals of a unit, and the same appointment
-- twice, are left out by project_registry: what is missing is looked for by key, and principals not at all.
WITH found AS (SELECT
  EXISTS (TABLE rectify.unit EXCEPT SELECT * FROM unnest($1::integer[], $2::integer[], $3::text[], $4::text[], $5::boolean[]))
  OR (SELECT count(*) FROM rectify.unit) <> cardinality($1)
  OR EXISTS (TABLE rectify.officer EXCEPT SELECT * FROM unnest($6::integer[], $7::integer[], $8::text[], $9::text[], $10::boolean[]))
  OR (SELECT count(*) FROM rectify.officer) <> cardinality($6)
  OR EXISTS (TABLE rectify.appointment
             EXCEPT SELECT * FROM unnest($11::integer[], $12::integer[], $13::smallint[], $14::date[], $15::date[]))
  OR EXISTS (SELECT u.officer, u.unit, u.role, u.from_day FROM unnest($11, $12, $13, $14) AS u (officer, unit, role, from_day)
             WHERE u.role <> 3 EXCEPT SELECT a.officer, a.unit, a.role, a.from_day FROM rectify.appointment AS a)
  OR EXISTS (TABLE rectify.substitution EXCEPT SELECT * FROM unnest($16::integer[], $17::integer[], $18::date[], $19::date[]))
  AS differs)
SELECT found.differs, CASE WHEN found.differs AND (SELECT h.epoch FROM rectify.head AS h) = $20::bigint
  THEN rectify.project_registry($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)::text END
FROM found

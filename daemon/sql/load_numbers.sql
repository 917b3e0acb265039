-- What numbers go on from.  The last supervision order's year and number (0 and 0: none yet), whether any rule was ever issued, and
-- the greatest UUIDv7 that is a key (up to the year 2109; NULL: none yet).  Asked for after the head was taken over: no other writer adds
-- to it any more.
SELECT coalesce(max(o.year), 0), coalesce(max(o.serial), 0), EXISTS (SELECT FROM rectify.rule_document),
  (SELECT e.key FROM rectify.event AS e
   WHERE e.key < '04000000-0000-0000-0000-000000000000' AND substr(e.key::text, 15, 1) = '7' ORDER BY e.key DESC LIMIT 1)
FROM (SELECT year, serial FROM rectify.supervision_order ORDER BY year DESC, serial DESC LIMIT 1) AS o

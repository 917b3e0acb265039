-- What numbers go on from.  The last supervision order's year and number (0 and 0: none yet), and whether any rule was ever
-- issued.  Asked for after the head was taken over: no other writer adds to it any more.
SELECT coalesce(max(o.year), 0), coalesce(max(o.serial), 0), EXISTS (SELECT FROM rectify.rule_document)
FROM (SELECT year, serial FROM rectify.supervision_order ORDER BY year DESC, serial DESC LIMIT 1) AS o

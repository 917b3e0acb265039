-- A rung moves next_fire_at and often nothing else of its case's row that an index knows.  An index that asks for next_fire_at made
-- the row's new version stand in every index of the table; one that asks for a column that stays as it is does not, as long as the
-- new version finds room beside the old one: also when all cases of a page are due at one midnight.
--
-- Forward only.  Writes the table of cases anew.

SET LOCAL ROLE rectify_owner;

ALTER TABLE rectify.case_ SET (fillfactor = 50);
ALTER TABLE rectify.case_ ADD COLUMN timed boolean NOT NULL GENERATED ALWAYS AS (next_fire_at IS NOT NULL) STORED;
COMMENT ON COLUMN rectify.case_.timed IS 'whether there is a next_fire_at: the case is among those that a daemon keeps in memory';
DROP INDEX rectify.case_timer;
CREATE INDEX case_timer ON rectify.case_ (case_no) WHERE timed;
COMMENT ON INDEX rectify.case_timer IS 'what a daemon loads at its start: every open case, and closed ones whose look-back or decision is to come';

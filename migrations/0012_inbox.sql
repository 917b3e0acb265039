-- An officer's open cases by due date, straight from an index in that order: of an officer with 60,000 cases the first twenty are read
-- as fast as of one with thirty.
--
-- Forward only.

SET LOCAL ROLE rectify_owner;

DROP INDEX rectify.case_inbox;
CREATE INDEX case_inbox ON rectify.case_ (accountable, coalesce(due_at, 'infinity'::timestamptz), case_no) WHERE status <= 6;
COMMENT ON INDEX rectify.case_inbox IS 'an officer''s open cases in the order of query_cases_by_due.sql';

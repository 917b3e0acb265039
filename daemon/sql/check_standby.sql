-- Whether a commit waits for a standby, and when this session read the server's settings last.  Asked in the batch's transaction and
-- again behind its commit: while that waits the list can be emptied, which releases it without a word.
SELECT current_setting('synchronous_standby_names') <> '' AS on_standby, pg_conf_load_time()

-- Whether the commit that this is the last statement of waits for a standby: the setting can be emptied at any time.
SELECT current_setting('synchronous_standby_names') <> '' AS on_standby

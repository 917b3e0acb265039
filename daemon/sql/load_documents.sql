-- Every published document, calendars first, then policies, then registries, each in order of version.
SELECT kind, version, file_name, body, log_index FROM rectify.document ORDER BY kind DESC, version

-- Every published document, calendars first, then policies, then registries, each in order of version.  With its hash as
-- stored, and the record of the event that published it.
SELECT d.kind, d.version, d.file_name, d.body, d.log_index, d.sha256, e.record
FROM rectify.document AS d LEFT JOIN rectify.event AS e ON e.log_index = d.log_index
ORDER BY d.kind DESC, d.version

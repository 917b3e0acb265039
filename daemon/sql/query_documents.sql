-- Published documents of one kind: all versions without their bodies, or one with its body.  $1 kind, $2 version or 0,
-- $3 last version of the page before, $4 rows.
SELECT d.kind, d.version, d.file_name, d.sha256, d.log_index, CASE WHEN $2::integer <> 0 THEN d.body END
FROM rectify.document AS d
WHERE d.kind = $1::smallint AND ($2::integer = 0 OR d.version = $2) AND d.version > $3::integer
ORDER BY d.version LIMIT $4::integer

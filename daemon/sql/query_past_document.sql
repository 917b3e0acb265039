-- The next version of a published document.  $1 kind, $2 version before.
SELECT d.file_name, d.body FROM rectify.document AS d WHERE d.kind = $1::smallint AND d.version = $2::integer + 1

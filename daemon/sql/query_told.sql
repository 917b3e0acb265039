-- One page of the log as far as the actor may know it: events of cases that he may read, and those that he was told of.  $1 first log
-- index, $2 readable units, $3 readable teams (both NULL: all), $4 the actor, $5 rows.  Of what he was only told
-- there is no text, and none of restricted cases: a push had none.  The columns are those of query_log.sql.
SELECT e.log_index, e.record, CASE WHEN r.words THEN x.body END, CASE WHEN r.words THEN x.salt END, e.actor,
  (SELECT k.erased_index FROM rectify.erasure AS k WHERE k.text_index = e.log_index), e.version,
  NULL::bytea, NULL::bytea, NULL::bytea, NULL::bytea, NULL::text, NULL::bytea, 0 AS restricted
FROM rectify.event AS e JOIN rectify.case_ AS c ON c.case_no = e.case_no
CROSS JOIN LATERAL (SELECT $2::integer[] IS NULL OR c.unit = ANY ($2) OR c.team = ANY ($3::integer[]) AS reads) AS a
CROSS JOIN LATERAL (SELECT a.reads, a.reads AND NOT rectify.is_restricted(c.flags, c.case_no, c.finding_of) AS words) AS r
LEFT JOIN LATERAL (SELECT p.body, p.salt FROM rectify.private AS p WHERE p.log_index = e.log_index LIMIT 1) AS x ON true
WHERE e.log_index >= $1::bigint
  AND (r.reads OR EXISTS (SELECT FROM rectify.notice AS n
    WHERE n.id BETWEEN e.log_index * 16 AND e.log_index * 16 + 15 AND n.officer = $4::integer))
ORDER BY e.log_index LIMIT $5::integer

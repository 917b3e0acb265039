-- The events whose texts are to be erased.  $1 their log indexes.  With the officer who asked for it last and the event that
-- did it already (NULL: none), whether there is anything to erase, and the case's state.  Rows are numbered as asked, from 1; an
-- index without an event gives none.
SELECT q.n, e.case_no, c.state, r.asked_by, r.erased_index,
  EXISTS (SELECT FROM rectify.private AS x WHERE x.log_index = e.log_index)
    OR EXISTS (SELECT FROM rectify.evidence AS v WHERE v.log_index = e.log_index)
FROM unnest($1::bigint[]) WITH ORDINALITY AS q (log_index, n)
JOIN rectify.event AS e ON e.log_index = q.log_index
LEFT JOIN rectify.case_ AS c ON c.case_no = e.case_no
LEFT JOIN rectify.erasure AS r ON r.text_index = e.log_index
ORDER BY q.n

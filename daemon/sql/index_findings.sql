-- Takes the next findings into what is searched; how far they are in it then.  $1 epoch, $2 cases at most.
SELECT i.indexed FROM rectify.index_findings($1::bigint, $2::integer) AS i

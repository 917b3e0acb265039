-- The head as committed.
SELECT size, root, epoch FROM rectify.head

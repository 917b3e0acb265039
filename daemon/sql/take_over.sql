-- Raises the epoch and returns the head.
SELECT size, root, frontier, tail, epoch, cases, system_events, clock, reviewed FROM rectify.take_over()

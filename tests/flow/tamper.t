#!/usr/bin/python3
"""What is stored was changed by somebody who can, or is that of another day: who notices?"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

def test_older_backup():
    """The database under a running daemon is put back to an earlier day."""
    daemon = city()
    client = Client(daemon)
    client.submit(finding(), finding())
    daemon.sql("CREATE TABLE public.head_before AS SELECT * FROM rectify.head")
    later = client.submit(finding())[0].receipt.case_no
    same(later, 3, "a third finding is acknowledged")
    daemon.sql("UPDATE rectify.head AS h SET size = b.size, root = b.root, frontier = b.frontier, tail = b.tail, cases = b.cases, "
               "system_events = b.system_events FROM public.head_before AS b")
    daemon.sql(f"SELECT pg_terminate_backend({daemon.backend('writer')})")
    same(daemon.exit_code(), 2, "it ends with exit code 2, and gives no case number away a second time")
    ok(daemon.saw("store.damaged what=the log is shorter"), "and says why", daemon.tail())


main(test_older_backup)

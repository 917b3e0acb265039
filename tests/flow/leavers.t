#!/usr/bin/python3
"""People and a unit that a registry leaves out: what they left behind is found by their codes, and somebody else acts on it."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

DAEMON = []
LEFT = "".join(line for line in CITY.splitlines(keepends=True) if "south" not in line)  # the unit, its head and its handler
CASES = []  # theirs


def test_leave():
    """The registry without them is published; the office is accountable."""
    DAEMON.append(city())
    Client(DAEMON[0], "insp-1").submit(*[finding(unit="south") for _ in range(3)], finding(unit="north"))
    office = Client(DAEMON[0], "off")
    CASES.extend(row.case_no for row in office.cases(handler=b"h-south"))
    same(len(CASES), 3, "three cases are h-south's")
    outcome = Client(DAEMON[0], "office").publish(1, LEFT)
    ok(outcome.WhichOneof("result") == "receipt", "the south is gone", outcome)
    ok(until(lambda: len(office.cases(accountable=b"off")) == 3), "the office is accountable for its cases")


def test_found():
    """By the code of who left, and of what is gone."""
    office = Client(DAEMON[0], "off")
    for what, conditions in (("handler", {"handler": b"h-south"}), ("unit", {"unit": b"south"})):
        same([row.case_no for row in office.cases(**conditions)], CASES, f"cases by {what}")
    wanted = DAEMON[0].sql("SELECT count(*) FROM rectify.notice JOIN rectify.officer AS o ON o.id = officer WHERE o.code = 'h-south'")
    told = [row for page in office.pages(2, notices=pb.NoticeQuery(officer=b"h-south")) for row in page.notices]
    ok(str(len(told)) == wanted and len(told) >= 3, f"the {wanted} notices that h-south got", len(told))
    same(office.cases(handler=b"h-nowhere"), [], "who never was has none")


def test_authority():
    """They may do nothing any more, and get nothing to do."""
    reply = Client(DAEMON[0], "h-south").ask(ping=pb.Ping())
    ok(reply.WhichOneof("body") == "error" and reply.error.code == ACTOR, "h-south is no actor", reply)
    outcome = Client(DAEMON[0], "off").act(command(HAND_OVER, CASES[0], officer=b"h-south"))[0]
    ok(outcome.WhichOneof("result") == "refusal", "nobody hands a case to h-south", outcome)
    reply = Client(DAEMON[0], "h-north").query(notices=pb.NoticeQuery(officer=b"h-south"))
    ok(isinstance(reply, pb.Error) and reply.code == FORBIDDEN, "whose notices are not everybody's to read", reply)


def test_reminded():
    """Reminders reach whoever acts, and say in whose stead; what is recorded still folds to what is stored."""
    office = Client(DAEMON[0], "off")
    coming = "\n".join(line.decode() for line in office.query(next=pb.NextQuery(case_no=CASES[0])).lines)
    ok(re.search(r"督办.* for .*南办.*\(handler\)", coming), "`next` foretells it", coming)
    size = len(office.query(notices=pb.NoticeQuery(case_no=CASES[0])).notices)
    office.advance(office.ping().now + 30 * 24 * HOUR)
    fired = office.query(notices=pb.NoticeQuery(case_no=CASES[0])).notices[size:]
    mine = [row for row in fired if row.recipient == 1]  # recipient.def: the handler
    ok(mine and {(row.officer, row.instead_of) for row in mine} == {(b"off", b"h-south")}, "off is told in h-south's stead", fired)
    ok(not [row for row in fired if row.officer in (b"h-south", b"p-south")], "and nobody who left", fired)
    done = DAEMON[0].doctor()
    same(done.returncode, 0, f"the doctor finds nothing: {done.stdout[-200:]}{done.stderr}")
    same(DAEMON[0].stop(), 0, "the daemon stops as asked")


main(test_leave, test_found, test_authority, test_reminded)

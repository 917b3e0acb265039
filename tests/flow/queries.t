#!/usr/bin/python3
"""Queries: every case once in any order, whole texts, and nothing that is not the actor's to see."""
import hashlib
import random
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

DAEMON = []
TEXTS = {}
INFINITY = 2**63 - 1


def test_paging():
    """Pages of seven over some sixty cases, closed ones among them."""
    daemon = city()
    DAEMON.append(daemon)
    one, two = Client(daemon, "insp-1"), Client(daemon, "insp-2")
    for kind in (1, 2, 3, 4):
        one.submit(*[finding(kind=kind, unit=unit, text=f"{kind}") for unit in ("north", "north", "north-1", "south") * 3])
    two.submit(*[finding(unit="south", team="team-2") for _ in range(9)], finding(unit="atlantis", team="team-2"))
    close_some(daemon)
    office = Client(daemon, "off")
    total = int(daemon.sql("SELECT count(*) FROM rectify.case_"))
    same(total, 58, "58 cases are there")
    everything = list(range(1, total + 1))
    for limit in (1, 7, 57, 58, 59, 0):
        same([row.case_no for row in office.cases(limit)], everything, f"by number, {limit} a page: each once, in order")
        rows = office.cases(limit, order=1)
        keys = [(row.due or INFINITY, row.case_no) for row in rows]
        ok(keys == sorted(keys) and sorted(row.case_no for row in rows) == everything, f"by due date, {limit} a page: each once, in order", keys)
    ok(sum(row.due == 0 for row in office.cases()) == 3, "three have no due date: they come last")
    same(len({row.due for row in office.cases()}) > 3, True, "there are several due dates")
    pages = office.pages(7, cases=pb.CaseQuery())
    same([len(page.cases) for page in pages[:-1]], [7] * 8, "a page has as many rows as wanted")
    same({page.head.size for page in pages}, {office.ping().head.size}, "each page names the head")


def close_some(daemon):
    """Three cases of the north go all the way."""
    office = Client(daemon, "off")
    numbers = [row.case_no for row in office.cases(unit=b"north", track=[1])][:3]
    for actor, kind, more in (("h-north", SIGN_FOR, {}), ("p-north", TALK, {"text": "谈话"}), ("p-north", ENDORSE, {}),
                              ("h-north", REQUEST_CLOSURE, {"evidence": [Client(daemon, "h-north").piece(kind) for kind in (1, 2)]}),
                              ("verifier", VERIFY_PASS, {})):
        for number in numbers:
            outcome = Client(daemon, actor).act(command(kind, number, **more))[0]
            need(outcome.WhichOneof("result") == "receipt", f"{actor} {kind} {number}: {outcome}")


def test_conditions():
    """Each condition against SQL of our own."""
    office, daemon = Client(DAEMON[0], "off"), DAEMON[0]

    def both(sql, what, **conditions):
        wanted = [int(line) for line in daemon.sql(f"SELECT case_no FROM rectify.case_ JOIN rectify.finding USING (case_no) WHERE {sql} ORDER BY 1").splitlines()]
        ok([row.case_no for row in office.cases(**conditions)] == wanted and 0 < len(wanted) < 58, f"{what}: {len(wanted)} cases", wanted)

    both("status = 7", "status", status=[7])
    both("status <= 6", "open only", open_only=True)
    both("track IN (2, 4)", "tracks", track=[2, 4])
    both("unit_code IN ('north', 'north-1') AND status <> 1", "a unit and its subtree", unit=b"north")
    both("unit_code = 'south'", "a unit without a subtree", unit=b"south")
    both("accountable = (SELECT id FROM rectify.officer WHERE code = 'h-south')", "accountable officer", accountable=b"h-south")
    both("handler = (SELECT id FROM rectify.officer WHERE code = 'h-north-1')", "handler", handler=b"h-north-1")
    both("case_no IN (3, 5)", "numbers", case_no=[3, 5])
    both("status <= 6 AND track = 3 AND unit_code = 'south'", "all together", open_only=True, track=[3], unit=b"south")
    due = int(daemon.sql("SELECT (extract(epoch FROM max(due_at)) * 1000000)::bigint FROM rectify.case_"))
    both(f"due_at < to_timestamp({due} / 1000000.0)", "due before", due_before=due)
    key = bytes.fromhex(daemon.sql("SELECT id FROM rectify.finding WHERE case_no = 9").replace("-", ""))
    same([row.case_no for row in office.cases(finding_id=key)], [9], "by the finding's id")
    same(office.cases(unit=b"nowhere"), [], "an unknown unit has none")


def test_scope():
    """Who may read what."""
    daemon = DAEMON[0]
    units = {"north": ("north", "north-1")}
    sql = "SELECT case_no FROM rectify.case_ JOIN rectify.finding AS f USING (case_no) WHERE {} ORDER BY 1"
    team = "f.team = (SELECT id FROM rectify.unit WHERE code = '{}')"
    for actor, condition in (("off", "true"), ("auditor", "true"), ("insp-1", team.format("team-1")), ("insp-2", team.format("team-2")),
                             ("h-north", f"unit_code IN {units['north']}"), ("h-north-1", "unit_code = 'north-1'"), ("p-south", "unit_code = 'south'")):
        wanted = [int(line) for line in daemon.sql(sql.format(condition)).splitlines()]
        client = Client(daemon, actor)
        same([row.case_no for row in client.cases(5)], wanted, f"{actor} sees {len(wanted)} cases")
        if len(wanted) == 58:
            continue
        hidden = next(number for number in range(1, 59) if number not in wanted)
        same(client.cases(case_no=[hidden, wanted[0]])[0].case_no, wanted[0], f"{actor} does not get another's by its number")
        for what in ({"history": pb.HistoryQuery(case_no=hidden)}, {"why": pb.WhyQuery(case_no=hidden)}, {"notices": pb.NoticeQuery(case_no=hidden)}):
            seen = client.query(**what)
            ok(isinstance(seen, pb.Error) and seen.code == NOT_FOUND, f"{actor}: {next(iter(what))} of a case that is not his: not found", seen)
        history, why = client.query(history=pb.HistoryQuery(case_no=wanted[0])), client.query(why=pb.WhyQuery(case_no=wanted[-1]))
        ok(len(history.events) > 0 and len(why.lines) > 0, f"{actor}: history and why of his own", history, why)
    seen = Client(daemon, "h-north").query(history=pb.HistoryQuery(case_no=4711))
    same(seen.code, NOT_FOUND, "a case that is none answers alike")


def test_log_and_notices():
    """The whole log is for who oversees; notices are for whom they are addressed to."""
    daemon = DAEMON[0]
    for actor in ("h-north", "insp-1", "p-south", "verifier"):
        seen = Client(daemon, actor).query(log=pb.LogQuery())
        ok(isinstance(seen, pb.Error) and seen.code == FORBIDDEN, f"{actor} may not read the log", seen)
    rows = [row for page in Client(daemon, "auditor").pages(50, log=pb.LogQuery()) for row in page.events]
    same([row.log_index for row in rows], list(range(int(daemon.sql("SELECT size FROM rectify.head")))), "the auditor reads all of it, without gaps")
    same([row.log_index for row in Client(daemon, "auditor").query(3, log=pb.LogQuery(from_index=20)).events], [20, 21, 22], "from any index on")
    wrong = [row.log_index for row in rows if row.text and hashlib.sha256(row.salt + row.text).digest() != pb.Event.FromString(row.record).text_commitment]
    ok(not wrong and sum(bool(row.text) for row in rows) > 40, "salt and text hash to what the record commits to", wrong)
    handler = Client(daemon, "h-north")
    own = [row for page in handler.pages(2, notices=pb.NoticeQuery()) for row in page.notices]
    wanted = daemon.sql("SELECT id FROM rectify.notice WHERE officer = (SELECT id FROM rectify.officer WHERE code = 'h-north') ORDER BY id").split()
    same([str(row.id) for row in own], wanted, f"a handler reads his {len(wanted)} notices")
    seen = handler.query(notices=pb.NoticeQuery(officer=b"h-south"))
    ok(isinstance(seen, pb.Error) and seen.code == FORBIDDEN, "but nobody else's", seen)
    ok(len(Client(daemon, "off").query(notices=pb.NoticeQuery(officer=b"h-south")).notices) > 0, "the office does")
    units = [row.code for page in handler.pages(2, units=pb.UnitQuery()) for row in page.units]
    officers = [row.code for page in handler.pages(3, officers=pb.OfficerQuery()) for row in page.officers]
    same((len(units), len(set(units)), len(officers), len(set(officers))), (6, 6, 11, 11), "units and officers, page by page, each once")


def test_cursors():
    """A cursor is the daemon's own; anything else does no harm."""
    daemon = DAEMON[0]
    client, dice = Client(daemon, "off"), random.Random(7)
    for length in (1, 15, 17, 64):
        seen = client.query(cursor=bytes(length), cases=pb.CaseQuery())
        ok(isinstance(seen, pb.Error) and seen.code == FIELD, f"a cursor of {length} bytes is refused", seen)
    odd = [b"\xff" * 16, b"\x7f" + b"\xff" * 15, b"\x80" + bytes(15), bytes(8) + b"\xff" * 8, bytes(16)] + [dice.randbytes(16) for _ in range(20)]
    kinds = ({"cases": pb.CaseQuery(order=1)}, {"cases": pb.CaseQuery()}, {"history": pb.HistoryQuery(case_no=1)}, {"log": pb.LogQuery()},
             {"notices": pb.NoticeQuery()}, {"units": pb.UnitQuery()}, {"officers": pb.OfficerQuery()})
    replies = [client.once(request("off", query=pb.Query(cursor=cursor, **what)), 10) for cursor in odd for what in kinds]
    errors = [reply for reply in replies if reply is None or reply.WhichOneof("body") == "error" and reply.error.code in (BUSY, UNAVAILABLE)]
    ok(not errors, f"{len(replies)} queries with made-up cursors are answered for good", len(errors), *errors[:2])
    nameless = [row for reply in replies for row in [*reply.page.units, *reply.page.officers] if not row.code]
    ok(not nameless, "and show nothing that is not there", *nameless[:2])
    is_served(daemon, "after made-up cursors")


def test_large_texts():
    """Texts larger than a page together: pages end early, the texts arrive byte for byte."""
    daemon = DAEMON[0]
    dice, client, office = random.Random(60), Client(daemon, "insp-1"), Client(daemon, "off")
    while len(TEXTS) < 60:
        text = "".join(chr(dice.choice((dice.randint(0x20, 0x7e), dice.randint(0x4e00, 0x9fff), dice.randint(0x1f300, 0x1f5ff), 9, 10)))
                       for _ in range(8000)).encode()[:16384]
        TEXTS[uuid7()] = text.decode(errors="ignore").encode()
    keys = list(TEXTS)
    for at in range(0, 60, 20):
        client.submit(*[finding(key, text=TEXTS[key]) for key in keys[at:at + 20]])
    first = int(daemon.sql("SELECT max(case_no) FROM rectify.case_")) - 59
    wanted = list(range(first, first + 60))
    for order in (0, 1):
        pages = office.pages(cases=pb.CaseQuery(case_no=wanted, with_text=True, order=order))
        seen = {row.finding_id: row.text for page in pages for row in page.cases}
        same((len(seen), sum(len(page.cases) for page in pages)), (60, 60), f"order {order}: each of the 60 comes once")
        ok(seen == TEXTS, f"order {order}: every text byte for byte", [key.hex() for key in TEXTS if seen.get(key) != TEXTS[key]][:3])
        ok(len(pages) > 1 and max(page.ByteSize() for page in pages) < 1024 * 1024, f"order {order}: {len(pages)} pages, each under 1 MiB",
           [page.ByteSize() for page in pages])
    start = int(daemon.sql(f"SELECT min(log_index) FROM rectify.finding WHERE case_no >= {first}"))
    pages = Client(daemon, "auditor").pages(log=pb.LogQuery(from_index=start))
    texts = {pb.Event.FromString(row.record).finding.id: row.text for page in pages for row in page.events}
    ok({key: texts.get(key) for key in TEXTS} == TEXTS and len(pages) > 1, f"the log brings them too, in {len(pages)} pages")
    history = office.query(history=pb.HistoryQuery(case_no=first)).events
    same(history[0].text, TEXTS[keys[0]], "and so does the history of a case")
    same(daemon.stop(), 0, "the daemon stops as asked")


def test_bounds():
    """Where too much waits, it is said which bound that is, and when to come back.  Of requests that write, as many as may wait to be
    judged may be with the store, and as many again be judged already."""
    daemon = city()
    client = Client(daemon)
    client.submit(finding())
    for name, what, count, words in (
            ("reader", {"query": pb.Query(history=pb.HistoryQuery(case_no=1))}, limit("QUERIES_PER_CLIENT_MAX") + 1, "of this connection wait as may (8)"),
            ("writer", {}, 3 * limit("IDENTITY_REQUESTS_MAX") + 1, "256 requests of this officer wait already")):
        backend = daemon.backend(name)
        os.kill(backend, signal.SIGSTOP)
        try:
            for _ in range(count):
                client.send(request("insp-1", **(what or {"submit": submit_of(finding())})))
            reply = need(client.receive(), "no answer")
            ok(reply.error.code == BUSY and words in reply.error.text.decode() and reply.error.retry_msec > 0, f"{name}: {words}", reply)
        finally:
            os.kill(backend, signal.SIGCONT)
        need(until(lambda: client.receive(0.5) is None), "the rest is answered")
    client.close()


main(test_paging, test_conditions, test_scope, test_log_and_notices, test_cursors, test_large_texts, test_bounds)

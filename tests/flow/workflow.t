#!/usr/bin/python3
"""The whole workflow over the wire: each command taken once and refused once, what follows from it on other cases, numbers
of orders, more time, accountability, substitutes, another policy, previews and bulk."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

DAY = 24 * HOUR
CITY_WIDE = """registry: workflow-city
units:
  - {code: city, name: 市, calendar: cn, zone: Asia/Shanghai}
  - {code: bureau, name: 整改办, parent: city}
  - {code: north, name: 北, parent: city}
  - {code: north-1, name: 北一, parent: north}
  - {code: north-2, name: 北二, parent: north}
  - {code: north-3, name: 北三, parent: north}
  - {code: south, name: 南, parent: city}
  - {code: team-1, name: 一组, parent: city}
officers:
  - {code: office, name: 管理, unit: city}
  - {code: off, name: 督办, unit: bureau}
  - {code: off-2, name: 督办二, unit: bureau}
  - {code: auditor, name: 审计, unit: bureau}
  - {code: verifier, name: 核查, unit: bureau}
  - {code: body, name: 纪委, unit: bureau}
  - {code: p-city, name: 市长, unit: city}
  - {code: p-north, name: 北长, unit: north}
  - {code: h-north, name: 北办, unit: north}
  - {code: h-north-b, name: 北办乙, unit: north}
  - {code: h-north-1, name: 北一办, unit: north-1}
  - {code: h-north-2, name: 北二办, unit: north-2}
  - {code: h-north-3, name: 北三办, unit: north-3}
  - {code: p-south, name: 南长, unit: south}
  - {code: h-south, name: 南办, unit: south}
  - {code: deputy, name: 代理, unit: bureau}
  - {code: insp-1, name: 组员一, unit: team-1}
appointments:
  - {officer: office, role: administrator, unit: city}
  - {officer: off, role: office, unit: city}
  - {officer: off-2, role: office, unit: city, from: 2026-01-02}
  - {officer: auditor, role: auditor, unit: city}
  - {officer: verifier, role: verifier, unit: city}
  - {officer: body, role: body, unit: city}
  - {officer: p-city, role: principal, unit: city}
  - {officer: p-north, role: principal, unit: north}
  - {officer: h-north, role: handler, unit: north}
  - {officer: h-north-b, role: handler, unit: north, from: 2026-01-02}
  - {officer: h-north-1, role: handler, unit: north-1}
  - {officer: h-north-2, role: handler, unit: north-2}
  - {officer: h-north-3, role: handler, unit: north-3}
  - {officer: p-south, role: principal, unit: south}
  - {officer: h-south, role: handler, unit: south}
  - {officer: insp-1, role: inspector, unit: team-1}
"""
ROUTES = """routes:
  - {kind: [prominent], text: "消防通道", track: supervision}
  - {kind: [prominent], category: joint, track: special_rectification, co_units: [south, north-2]}
"""
POLICY = (ROOT / "policy" / "municipal.yaml").read_text().split("\ntests:")[0].replace("routes:\n", ROUTES).replace("evidence: stored", "evidence: named")
COMMANDS = set(range(2, 47)) - {RUNG_DUE, SPAWN, RELATE, REVIEW}
TAKEN, REFUSED, DAEMON = set(), set(), []


def evidence(*kinds, sha=None, measure=0):
    return [pb.Evidence(kind=kind, sha256=sha or os.urandom(32), name=b"a.pdf", size=1, measure=measure) for kind in kinds]


def give(actor, kind, case_no, **more):
    client = Client(DAEMON[0], actor)
    outcome = client.act(command(kind, case_no, **more))[0]
    client.close()
    return outcome


def takes(actor, kind, case_no, **more):
    """It is taken; the receipt."""
    outcome = give(actor, kind, case_no, **more)
    need(outcome.WhichOneof("result") == "receipt", f"{actor} {kind} {case_no}: {outcome}")
    TAKEN.add(kind)
    return outcome.receipt


def refuses(rule, actor, kind, case_no, **more):
    outcome = give(actor, kind, case_no, **more)
    REFUSED.add(kind)
    same(outcome.refusal.rule, rule, f"{actor}, command {kind}: refused by rule {rule}")


def submits(**more):
    client = Client(DAEMON[0])
    outcome = client.submit(finding(**more))[0]
    client.close()
    need(outcome.WhichOneof("result") == "receipt", outcome)
    return outcome.receipt


def row(case_no):
    client = Client(DAEMON[0], "off")
    rows = client.cases(case_no=[case_no])
    client.close()
    return rows[0]


def history(case_no):
    client = Client(DAEMON[0], "off")
    rows = [event for page in client.pages(history=pb.HistoryQuery(case_no=case_no)) for event in page.events]
    client.close()
    return rows


def records(case_no):
    return [pb.Event.FromString(event.record) for event in history(case_no)]


def spawned(parent):
    client = Client(DAEMON[0], "off")
    rows = client.cases(parent=parent)
    client.close()
    return rows


def head_size():
    return int(DAEMON[0].sql("SELECT size FROM rectify.head"))


def advance(until_usec):
    client = Client(DAEMON[0], "off")
    reply = client.advance(until_usec)
    client.close()
    need(reply.WhichOneof("body") == "pong", reply)


def now():
    client = Client(DAEMON[0], "off")
    pong = client.ping()
    client.close()
    return pong.now


def wide_city():
    DAEMON.clear()
    daemon = Daemon().start()
    DAEMON.append(daemon)
    admin = Client(daemon, "office")
    for kind, body in ((1, CITY_WIDE), (2, POLICY)):
        outcome = admin.publish(kind, body)
        need(outcome.WhichOneof("result") == "receipt", f"not published: {outcome}")
    return daemon


# ---- one case after the other -----------------------------------------------------------------------------------

def test_plan_and_closing():
    """special_rectification: a plan with measures, evidence for each, endorsed, checked twice, looked at again."""
    wide_city()
    one = submits().case_no
    refuses(101, "h-north", PLAN_SUBMIT, one, measures=2, evidence=evidence(3))
    refuses(201, "h-south", SIGN_FOR, one)
    takes("h-north", SIGN_FOR, one)
    refuses(183, "h-north", PLAN_SUBMIT, one, evidence=evidence(3))
    refuses(113, "h-north", PLAN_SUBMIT, one, measures=2)
    refuses(180, "off", PLAN_APPROVE, one)
    refuses(180, "off", PLAN_RETURN, one, text="没有")
    takes("h-north", PLAN_SUBMIT, one, measures=3, evidence=evidence(3))
    takes("off", PLAN_RETURN, one, text="措施不具体")
    takes("h-north", PLAN_SUBMIT, one, measures=2, evidence=evidence(3))
    takes("off", PLAN_APPROVE, one)
    refuses(110, "h-north", PROGRESS, one)
    takes("h-north", PROGRESS, one, text="完成一半")
    refuses(110, "h-north", COMMENT, one)
    takes("verifier", COMMENT, one, text="已阅")
    refuses(111, "h-north", ATTACH, one)
    refuses(184, "h-north", ATTACH, one, evidence=evidence(1, measure=3))
    takes("h-north", ATTACH, one, evidence=evidence(1, measure=1))
    refuses(201, "h-north", ENDORSE, one)
    takes("p-north", ENDORSE, one)
    refuses(115, "h-north", REQUEST_CLOSURE, one)
    takes("h-north", REQUEST_CLOSURE, one, evidence=evidence(1, measure=2))
    same(DAEMON[0].sql(f"SELECT string_agg(measure::text, ',' ORDER BY log_index) FROM rectify.evidence WHERE case_no = {one}"), "0,0,1,2",
         "the measures that evidence shows are stored; what was refused is of no case")
    refuses(201, "h-north", VERIFY_PASS, one)
    refuses(110, "verifier", VERIFY_FAIL, one)
    takes("verifier", VERIFY_FAIL, one, text="照片是旧的")
    takes("p-north", ENDORSE, one)
    takes("h-north", REQUEST_CLOSURE, one, evidence=evidence(1))
    takes("verifier", VERIFY_PASS, one)
    refuses(201, "h-north", LOOK_BACK_PASS, one)
    refuses(110, "verifier", LOOK_BACK_RELAPSE, one)
    same(row(one).status, 7, "closed out")
    ok(row(one).next_fire > 0, "and its look-back runs")
    DAEMON[0].kill()
    DAEMON[0].start()
    receipt = takes("verifier", LOOK_BACK_RELAPSE, one, text="又堵了")
    same((receipt.status, receipt.track, receipt.order), (4, 4, b"2026-1"), "relapsed: one track up, by a numbered order")
    refuses(101, "off", REOPEN, one, text="x")
    refuses(102, "h-north", SIGN_FOR, closed_early())


def closed_early():
    """A case of early_warning, closed and looked at again, then opened and closed once more."""
    one = submits(kind=3).case_no
    takes("h-north", SIGN_FOR, one)
    refuses(201, "h-north", TALK, one, text="谈话")
    takes("p-north", TALK, one, text="谈话")
    takes("p-north", ENDORSE, one)
    takes("h-north", REQUEST_CLOSURE, one, evidence=evidence(2))
    takes("verifier", VERIFY_PASS, one)
    takes("verifier", LOOK_BACK_PASS, one)
    same(row(one).next_fire, 0, "an archived case waits for nothing")
    takes("off", REOPEN, one, text="又来了")
    same(row(one).first_due > 0 and row(one).status, 4, "a reopened case keeps its first date")
    takes("p-north", ENDORSE, one)
    refuses(111, "h-north", REQUEST_CLOSURE, one)
    takes("h-north", REQUEST_CLOSURE, one, evidence=evidence(1))
    takes("verifier", VERIFY_PASS, one)
    return one


def test_whose_it_is():
    """Bounced and adjudicated, dispatched, reassigned, handed over, withdrawn."""
    one = submits().case_no
    refuses(110, "h-north", BOUNCE, one)
    takes("h-north", BOUNCE, one, text="不是我们的")
    refuses(110, "off", ADJUDICATE, one, unit="south")
    takes("off", ADJUDICATE, one, unit="south", text="是南边的")
    same(row(one).handler, b"h-south", "another unit has it")
    refuses(164, "h-south", BOUNCE, one, text="也不是我们的")
    refuses(125, "off", REASSIGN, one, text="x")
    takes("off", REASSIGN, one, unit="north", officer="h-north-b", text="改派")
    refuses(123, "off", HAND_OVER, one, officer="h-south")
    takes("p-north", HAND_OVER, one, officer="h-north")
    two = submits(unit="atlantis").case_no
    refuses(120, "off", DISPATCH, two, unit="lemuria")
    takes("off", DISPATCH, two, unit="north-1")
    refuses(110, "insp-1", WITHDRAW, two)
    refuses(191, "off", WITHDRAW_APPROVE, two)
    refuses(191, "off", WITHDRAW_REFUSE, two, text="x")
    takes("insp-1", WITHDRAW, two, text="写错了")
    takes("off", WITHDRAW_REFUSE, two, text="没有写错")
    takes("insp-1", WITHDRAW, two, text="真的写错了")
    takes("off", WITHDRAW_APPROVE, two)
    same(row(two).status, 9, "withdrawn")


def test_more_time():
    """Extension, hold, stage: the dates move by working days."""
    one = submits().case_no
    takes("h-north", SIGN_FOR, one)
    due = row(one).due_text
    same(due, b"2026-02-14", "30 working days from 2026-01-05; the last Saturday works")
    refuses(126, "h-north", EXTENSION_ASK, one, text="x")
    refuses(172, "off", EXTENSION_GRANT, one)
    refuses(172, "off", EXTENSION_REFUSE, one, text="x")
    takes("h-north", EXTENSION_ASK, one, days=10, text="材料未到")
    takes("off", EXTENSION_REFUSE, one, text="不行")
    takes("h-north", EXTENSION_ASK, one, days=10, text="材料真的未到")
    takes("off", EXTENSION_GRANT, one, days=5)
    same(row(one).due_text, b"2026-02-28", "five working days more: the Spring Festival lasts until 2026-02-23, and this Saturday works too")
    refuses(126, "off", HOLD, one, text="x")
    refuses(161, "off", RESUME, one)
    takes("off", HOLD, one, days=20, text="法院查封")
    refuses(160, "h-north", PROGRESS, one, text="x")
    advance(now() + 2 * DAY)
    takes("off", RESUME, one)
    same(row(one).due_text, b"2026-03-03", "a hold over two working days moves it by two")
    refuses(126, "off", STAGE, one, text="x")
    takes("off", STAGE, one, days=100, text="长期坚持")
    same(row(one).status, 6, "staged")
    two = submits().case_no
    takes("h-north", SIGN_FOR, two)
    takes("off", HOLD, two, days=3, text="等")
    advance(now() + 7 * DAY)
    same([event.rule for event in records(two) if event.command == RUNG_DUE][-1], 655, "a hold ends by itself")


# ---- what follows on other cases --------------------------------------------------------------------------------

def test_co_units():
    """The route names co-units, the office adds one; the lead waits for all of them."""
    receipt = submits(category="joint")
    one, at = receipt.case_no, receipt.log_index
    parts = spawned(one)
    same([(part.unit, part.origin, part.case_no) for part in parts], [(b"south", 2, one + 1), (b"north-2", 2, one + 2)], "a case for each co-unit")
    same(DAEMON[0].sql(f"SELECT string_agg(log_index::text, ',' ORDER BY log_index) FROM rectify.event WHERE case_no IN ({one + 1}, {one + 2})"),
         f"{at + 1},{at + 2}", "recorded right behind the finding")
    same(row(one).children, 2, "the lead waits for both")
    refuses(125, "off", CO_UNIT, one, unit="north")
    added = takes("off", CO_UNIT, one, unit="north-1")
    same((row(one).children, [part.unit for part in spawned(one)][-1]), (3, b"north-1"), "one more takes part")
    same(added.case_no, one, "the receipt is of the lead's own event")
    refuses(123, "off", SPLIT, one, unit="south", officer="h-north", text="分")
    takes("off", SPLIT, one, unit="south", officer="p-south", track=1, text="分")
    part = spawned(one)[-1]
    same((part.origin, part.track, part.handler, part.finding_id), (4, 1, b"p-south", row(one).finding_id), "a part is split off, about the same finding")
    same(row(one).children, 3, "nobody waits for it")
    takes("h-north", SIGN_FOR, one)
    takes("h-north", PLAN_SUBMIT, one, measures=1, evidence=evidence(3))
    takes("off", PLAN_APPROVE, one)
    takes("p-north", ENDORSE, one)
    refuses(194, "h-north", REQUEST_CLOSURE, one, evidence=evidence(1, measure=1))
    for child in (one + 1, one + 2, one + 3):
        takes("insp-1", WITHDRAW, child, text="算了")
        takes("off", WITHDRAW_APPROVE, child)
    same((row(one).children, [event.relation for event in records(one) if event.command == RELATE]), (0, [3, 3, 3]), "each that ends is noted")
    takes("h-north", REQUEST_CLOSURE, one, evidence=evidence(1, measure=1))
    same(row(one).same_kind, 0, "spawned cases are no findings: nothing recurs by them")


def test_sweep():
    """The siblings check themselves; a sweep is repeated never, its receipt always."""
    one = submits(unit="north-1").case_no
    refuses(201, "h-north-1", SWEEP, one)
    key, before = uuid7(), head_size()
    receipt = takes("off", SWEEP, one, key=key)
    rows = spawned(one)
    same([(part.unit, part.origin, part.track) for part in rows], [(b"north-2", 3, 1), (b"north-3", 3, 1)], "two siblings, each with a small case")
    same(head_size(), before + 3, "recorded together")
    same(DAEMON[0].sql("SELECT cases FROM rectify.head"), str(rows[-1].case_no), "and counted")
    again = takes("off", SWEEP, one, key=key)
    same((again.repeated, again.log_index, head_size()), (True, receipt.log_index, before + 3), "the same id again: its first receipt, no second cases")
    refuses(125, "off", SWEEP, one)
    many = [command(SWEEP, one) for _ in range(80)]
    client = Client(DAEMON[0], "off")
    error = client.ask(act=act_of(*many)).error
    ok(error.code == TOO_LARGE and b"14000" in error.text and error.field == b"act.commands", "80 sweeps may be 16,080 events: told so", error)
    same(len(client.act(*many[:60])), 60, "60 are judged")


def test_merge():
    """Merged and taken out again: the other case hears of both."""
    one, two, three = (submits().case_no for _ in range(3))
    refuses(192, "off", MERGE_INTO, one, other=one, text="x")
    refuses(193, "off", MERGE_INTO, one, other=10**6, text="x")
    takes("off", MERGE_INTO, one, other=two, text="同一件事")
    same((row(one).status, row(one).merged_into), (10, two), "merged")
    refuses(193, "off", MERGE_INTO, three, other=one, text="已并的不行")
    refuses(101, "off", UNMERGE, two, text="x")
    takes("off", UNMERGE, one, text="不是一回事")
    same([(event.relation, event.other) for event in records(two) if event.command == RELATE], [(1, one), (2, one)], "absorbed and released")


def test_shared_evidence():
    """The same bytes for another case: flagged on both, from the database, in one request, and on a closed case."""
    shared = 1 << 13
    one, two, three = (submits().case_no for _ in range(3))
    sha = os.urandom(32)
    takes("h-north", ATTACH, one, evidence=evidence(1, sha=sha))
    same(row(one).flags & shared, 0, "once is not twice")
    takes("h-north", ATTACH, one, evidence=evidence(1, sha=sha))
    same(row(one).flags & shared, 0, "nor is twice for one case")
    takes("h-north", ATTACH, two, evidence=evidence(1, sha=sha))
    same([row(case).flags & shared for case in (one, two)], [shared, shared], "for another: flagged on both")
    same(records(one)[-1].relation, 5, "and noted on the first")
    sha = os.urandom(32)
    outcomes = Client(DAEMON[0], "h-north").act(*[command(ATTACH, case, evidence=evidence(1, sha=sha)) for case in (three, two)])
    ok(all(outcome.WhichOneof("result") == "receipt" for outcome in outcomes), "both in one request")
    same(row(three).flags & shared, shared, "the first of one request is flagged as well")
    sha = os.urandom(32)
    refuses(201, "h-south", ATTACH, one, evidence=evidence(1, sha=sha))
    four = submits().case_no
    takes("h-north", ATTACH, four, evidence=evidence(1, sha=sha))
    same(row(four).flags & shared, 0, "what was refused was taken for no case")
    takes("insp-1", WITHDRAW, four, text="x")
    takes("off", WITHDRAW_APPROVE, four)
    five = submits().case_no
    takes("h-north", ATTACH, five, evidence=evidence(1, sha=sha))
    same([row(case).flags & shared for case in (four, five)], [shared, shared], "a closed case is flagged too")


def test_rules_and_kinds():
    """A rule against a kind: a later finding shows that it did not hold.  The same kind too often asks for one."""
    one = submits(kind=2, category="fire", unit="south").case_no
    takes("h-south", SIGN_FOR, one)
    refuses(128, "h-south", RULE_ISSUE, one, text="办法", evidence=evidence(4), day=TODAY - 10)
    refuses(113, "h-south", RULE_ISSUE, one, text="办法", number="2026/1", day=TODAY - 10)
    takes("h-south", RULE_ISSUE, one, text="办法", number="2026/1", day=TODAY - 4, evidence=evidence(4))
    same(DAEMON[0].sql("SELECT case_no, parent_code, category, effective_on, number FROM rectify.rule_document"), f"{one}|city|fire|2026-01-01|2026/1", "the rule is on record")
    failed = 1 << 14
    before = submits(category="fire", unit="north").case_no  # found on 2025-12-31
    same(row(before).flags & failed, 0, "found before it took effect")
    DAEMON[0].kill()
    DAEMON[0].start()
    after = submits(category="fire", unit="north", found_on=TODAY - 2).case_no
    same((row(after).flags & failed, records(after)[0].finding.rule_case), (failed, one), "found after: it did not hold")
    same([(event.relation, event.other) for event in records(one)][-1], (6, after), "and the case of the rule hears of it")
    other = submits(category="fire", unit="north-1", found_on=TODAY - 2).case_no
    same(row(other).flags & failed, 0, "a unit below another one is of another kind")
    fourth = submits(category="fire", unit="south", found_on=TODAY - 1).case_no
    same((row(fourth).same_kind, [(case.unit, case.origin, case.track) for case in spawned(fourth)]), (3, [(b"city", 5, 2)]),
         "the fourth of a kind: the unit above gets a case to make a rule")
    fifth = submits(category="fire", unit="south", found_on=TODAY - 1).case_no
    same((row(fifth).same_kind, spawned(fifth)), (4, []), "once, and the case made of it is no finding")


# ---- orders, accountability -------------------------------------------------------------------------------------

def orders():
    return DAEMON[0].sql("SELECT year || '-' || serial FROM rectify.supervision_order ORDER BY log_index").split()


def test_found_often():
    """More findings of one problem and kind than are read when a daemon that has just started meets it, and one found before them."""
    client = Client(DAEMON[0])
    for day in (TODAY - 9, TODAY - 3):
        client.submit(*[finding(code="often", category="often", unit="south", found_on=day) for _ in range(500)])
        client.submit(*[finding(code="often", category="often", unit="south", found_on=day + n % 2) for n in range(7)])
    client.close()
    DAEMON[0].kill()
    DAEMON[0].start()
    today = row(submits(code="often", category="often", unit="south", found_on=TODAY).case_no)
    same((today.same_problem, today.same_kind), (100, 11), "as often as is counted, of more")
    late = row(submits(code="often", category="often", unit="south", found_on=TODAY - 1).case_no)
    same((late.same_problem, late.same_kind), (100, 11), "as often as is counted")
    middle = row(submits(code="often", category="often", unit="north", found_on=TODAY - 8).case_no)
    same((middle.same_problem, middle.same_kind), (0, 11), "of the kind alone")
    between = row(submits(code="often", category="often", unit="south", found_on=TODAY - 5).case_no)
    same((between.same_problem, between.same_kind), (100, 11), "when the youngest that count are all younger, too")
    early = row(submits(code="often", category="often", unit="south", found_on=TODAY - 10).case_no)
    same((early.same_problem, early.same_kind), (0, 0), "found before all of them: none")


def test_orders():
    """Supervision orders are numbered without a gap: in a batch, across batches, across a restart, from 1 each year."""
    had = len(orders())
    numbers = [f"2026-{number}" for number in range(1, had + 1)]
    same(orders(), numbers, f"{had} orders so far, without a gap")
    client = Client(DAEMON[0])
    receipts = [outcome.receipt for outcome in client.submit(*[finding(kind=4, unit="south") for _ in range(3)])]
    same([receipt.order.decode() for receipt in receipts], [f"2026-{had + i}" for i in (1, 2, 3)], "three in one request")
    same(submits(text="消防通道被占用").order.decode(), f"2026-{had + 4}", "a route that asks for words finds them; the next number")
    one = submits().case_no
    takes("h-north", SIGN_FOR, one)
    refuses(131, "off", ESCALATE, submits(kind=5).case_no, text="x")
    same(takes("off", ESCALATE, one, text="太慢").order.decode(), f"2026-{had + 5}", "the office escalates")
    DAEMON[0].kill()
    DAEMON[0].start()
    two = submits(kind=4).case_no
    same(row(two).order.decode(), f"2026-{had + 6}", "the next daemon goes on")
    refuses(201, "h-south", ORDER_SIGN, two)
    refuses(197, "h-north", ORDER_SIGN, submits().case_no)
    takes("h-north", ORDER_SIGN, one)
    same(orders(), [f"2026-{i}" for i in range(1, had + 7)], "none is missing")


def test_accountability():
    """A proposal, the subject's statement, the body's decision, the appeal, the last word."""
    one = submits(kind=5).case_no
    same((row(one).track, row(one).subject), (5, b"p-north"), "accountability is proposed")
    refuses(150, "h-north", STATEMENT, one, text="不是我")
    refuses(151, "body", DECIDE, one, form=4, number="2026/9", text="查明", evidence=evidence(6))
    takes("p-north", STATEMENT, one, text="情况是这样")
    refuses(129, "body", DECIDE, one, text="查明", evidence=evidence(6))
    refuses(128, "body", DECIDE, one, form=4, text="查明", evidence=evidence(6))
    refuses(156, "p-north", APPEAL, one, text="不服")
    takes("body", DECIDE, one, form=4, number="2026/9", text="查明", evidence=evidence(6))
    refuses(155, "body", DECIDE, one, form=1, text="再看", evidence=evidence(6))
    takes("p-north", APPEAL, one, text="不服")
    takes("body", DECIDE, one, form=3, number="2026/10", text="改为通报", evidence=evidence(6))
    refuses(154, "p-north", APPEAL, one, text="仍不服")
    same((row(one).form, [event.number for event in records(one) if event.number and event.rule == 637]), (3, [b"2026/9", b"2026/10"]), "both decisions are on record")


def test_substitute():
    """C for A: the substitute acts, reads and is told in the officer's place; nobody else is."""
    admin = Client(DAEMON[0], "office")
    from_day = DAEMON[0].sql("SELECT (clock AT TIME ZONE 'Asia/Shanghai')::date FROM rectify.head")
    outcome = admin.publish(1, CITY_WIDE + f"substitutions:\n  - {{officer: h-south, by: deputy, from: {from_day}, until: {from_day}}}\n")
    need(outcome.WhichOneof("result") == "receipt", outcome)
    same(DAEMON[0].sql("SELECT count(*) FROM rectify.substitution"), "1", "the substitution is projected")
    watcher = Client(DAEMON[0], "deputy")
    same(watcher.once(request("deputy", watch=pb.Watch())).WhichOneof("body"), "pong", "the deputy watches")
    one, other = submits(unit="south").case_no, submits(unit="north").case_no
    push = need(watcher.receive(10), "a push").push
    same([(notice.officer, notice.instead_of) for notice in push.events[0].notices if notice.officer == b"deputy"], [(b"deputy", b"h-south")], "the push names both")
    deputy = Client(DAEMON[0], "deputy")
    notice = [row for page in deputy.pages(notices=pb.NoticeQuery()) for row in page.notices][-1]
    same((notice.case_no, notice.instead_of, notice.instead_of_name.decode()), (one, b"h-south", "南办"), "told in the officer's place, and so it says")
    seen = {row.case_no for row in deputy.cases()}
    ok(one in seen and other not in seen, "reads what the officer may read, and no more")
    takes("deputy", SIGN_FOR, one)
    event = history(one)[-1]
    same((event.actor, event.on_behalf, event.on_behalf_name.decode()), (b"deputy", b"h-south", "南办"), "signs for the officer, and so it says")
    refuses(201, "deputy", SIGN_FOR, other)
    same(client_error(deputy, history=pb.HistoryQuery(case_no=other)), NOT_FOUND, "and does not read another unit's history")
    advance(now() + DAY)
    same(deputy.cases(), [], "it ends with its day")
    same(client_error(deputy, next=pb.NextQuery(case_no=one)), NOT_FOUND, "for the future of a case too")
    ok(isinstance(Client(DAEMON[0], "h-south").query(next=pb.NextQuery(case_no=one)), pb.Page), "which the officer is told")
    same(client_error(Client(DAEMON[0], "h-south"), documents=pb.DocumentQuery(document=1)), FORBIDDEN, "a registry is not everybody's")
    ok(isinstance(Client(DAEMON[0], "h-south").query(documents=pb.DocumentQuery(document=2)), pb.Page), "a policy is")


def client_error(client, **what):
    page = client.query(**what)
    return page.code if isinstance(page, pb.Error) else page


def test_rebase():
    """Another policy: a case goes on by its own until it is moved."""
    one = submits().case_no
    refuses(125, "off", REBASE, one, text="x")
    before = row(one)
    outcome = Client(DAEMON[0], "office").publish(2, POLICY.replace("rectify: 30wd", "rectify: 25wd"))
    same(outcome.receipt.document_version, 3, "a third version of the policy")
    same((row(one).due, row(one).policy_version), (before.due, 2), "changes nothing for the case")
    takes("off", REBASE, one, text="按新规则")
    ok(row(one).due < before.due and row(one).policy_version == 3, "moved to it, the date is the new one")
    same([event.rebased_to for event in records(one) if event.rebased_to], [3], "before and after are on record")


# ---- preview and bulk -------------------------------------------------------------------------------------------

def test_preview():
    """What would come of each command by itself; nothing comes of it."""
    numbers = [submits(kind=kind).case_no for kind in (1, 3, 4)]
    commands = [command(ESCALATE, number, text="升级") for number in numbers] + [command(ESCALATE, numbers[0], text="升级"),
                command(SIGN_FOR, numbers[1]), command(ESCALATE, 10**6, text="无此事项"), command(RUNG_DUE, numbers[0])]
    client, watcher = Client(DAEMON[0], "off"), Client(DAEMON[0], "auditor")
    watcher.once(request("auditor", watch=pb.Watch()))
    before = DAEMON[0].sql("SELECT size, cases, system_events, root FROM rectify.head"), [row(number).state for number in numbers], orders()
    reply = client.ask(act=pb.Act(commands=commands, preview=True)).outcomes
    ok(reply.preview, "the answer says that it is a preview")
    seen = [(outcome.receipt.rule or outcome.refusal.rule, outcome.receipt.log_index, outcome.receipt.HasField("head"), outcome.receipt.order) for outcome in reply.outcomes]
    same(seen, [(rule, 0, False, b"") for rule in (633, 633, 633, 633, 201, 100, 203)], "each by itself, without numbers")
    same(reply.outcomes[0].receipt.track, 4, "and says where it would lead")
    after = DAEMON[0].sql("SELECT size, cases, system_events, root FROM rectify.head"), [row(number).state for number in numbers], orders()
    same(after, before, "nothing is recorded, no number is taken")
    stranger = Client(DAEMON[0], "h-south").ask(act=pb.Act(commands=commands[:2], preview=True)).outcomes.outcomes
    same([(outcome.refusal.rule, outcome.refusal.case_no) for outcome in stranger], [(100, 0)] * 2, "who may not read a case is told that there is none")
    acted = client.act(*commands[:3])
    same([outcome.receipt.rule for outcome in acted], [633] * 3, "the same ids may then be acted on")
    same(len({outcome.receipt.head.size for outcome in acted}), 1, "in one transaction")
    push = need(watcher.receive(10), "a push").push
    same(push.previous_size, int(before[0].split("|")[0]), "watchers hear of that alone")
    again = client.ask(act=pb.Act(commands=commands[:1], preview=True)).outcomes
    ok(again.outcomes[0].receipt.repeated, "a preview of what was done says that it was")


def test_bulk():
    """Many commands in one request: all of them or none."""
    client, daemon = Client(DAEMON[0], "off"), DAEMON[0]
    numbers = [outcome.receipt.case_no for outcome in Client(daemon).submit(*[finding(unit="north-3") for _ in range(300)])]
    before = head_size()
    outcomes = client.act(*[command(COMMENT, number, text="批量") for number in numbers])
    same([outcome.receipt.log_index for outcome in outcomes], list(range(before, before + 300)), "300 commands, one behind the other")
    same({outcome.receipt.head.size for outcome in outcomes}, {before + 300}, "under one head")
    daemon.sql(f"ALTER TABLE rectify.event ADD CONSTRAINT nothing_more CHECK (case_no <> {numbers[2]} OR version <= 2)")
    commands = [command(COMMENT, number, text="批量二") for number in numbers[:5]]
    reply = client.ask(act=act_of(*commands))
    same((reply.error.code, head_size()), (INTERNAL, before + 300), "where the database refuses one, none is recorded")
    daemon.sql("ALTER TABLE rectify.event DROP CONSTRAINT nothing_more")
    same(len(client.act(*commands)), 5, "and all are when it does not")


def test_largest_threshold():
    """A rule is asked for exactly once, also where the policy's threshold is the largest that may be."""
    most = limit("SAME_KIND_COUNT_MAX")
    Client(DAEMON[0], "office").publish(2, POLICY.replace("same_kind_min: 3", f"same_kind_min: {most}"))
    outcomes = Client(DAEMON[0]).submit(*[finding(unit="south", category="noise") for _ in range(most)])
    outcomes += Client(DAEMON[0]).submit(*[finding(unit="south", category="noise") for _ in range(5)])
    same([index for index, outcome in enumerate(outcomes) if spawned(outcome.receipt.case_no)], [most], "only one of them brings a case")


def test_heaviest():
    """Findings of as much that follows as can be: two co-units each, and sixteen pieces that sixteen other cases have too."""
    shas = [os.urandom(32) for _ in range(16)]
    others = [outcome.receipt.case_no for outcome in Client(DAEMON[0]).submit(*[finding(unit="north-3") for _ in shas])]
    Client(DAEMON[0], "h-north-3").act(*[command(ATTACH, case, evidence=evidence(1, sha=sha)) for case, sha in zip(others, shas)])
    before, open_before = head_size(), row(others[0]).version
    heavy = [finding(category="joint", text="重") for _ in range(500)]
    for one in heavy:
        one.evidence.extend(evidence(1, sha=sha)[0] for sha in shas)
    outcomes = Client(DAEMON[0]).submit(*heavy)
    receipts = [outcome.receipt for outcome in outcomes]
    same([receipt.log_index for receipt in receipts[:3]], [before, before + 19, before + 38], "all that follows stands between them")
    same({receipt.head.size for receipt in receipts}, {before + 500 * 19 + 1}, "9,501 events in one transaction: a rule is asked for, once")
    same(row(others[0]).version, open_before + 500, "each other case was told of each")


def test_new_year():
    """Neglected cases climb into the next year: their orders begin with 1 there, by the days of the root unit."""
    advance(now() + 360 * DAY)
    by_year = {}
    for number in orders():
        by_year.setdefault(number.split("-")[0], []).append(int(number.split("-")[1]))
    submits(kind=4)
    ok(len(by_year["2026"]) > 200 and sorted(by_year) in (["2026"], ["2026", "2027"]), f"{len(by_year['2026'])} orders in the old year", by_year.keys())
    same(orders()[-1], f"2027-{len(by_year.get('2027', [])) + 1}", "the new year has its own numbers")
    ok(all(serials == list(range(1, len(serials) + 1)) for serials in by_year.values()), "without a gap, in the order of the log")
    same(DAEMON[0].sql("SELECT count(*) FROM rectify.supervision_order AS o JOIN rectify.event AS e USING (log_index) "
                       "WHERE o.year <> extract(year FROM e.recorded AT TIME ZONE 'Asia/Shanghai')"), "0", "each in the year of its day")


def test_all_commands():
    """Nothing was left out, and every row is the fold of its events."""
    same(sorted(COMMANDS - TAKEN), [], "every command was taken once")
    same(sorted(COMMANDS - REFUSED), [], "and refused once")
    done = DAEMON[0].doctor()
    ok(done.returncode == 0, "the doctor finds nothing wrong", done.stdout[-1500:], done.stderr[-1500:])
    same(DAEMON[0].sql("SELECT count(*) FROM rectify.case_ AS c LEFT JOIN rectify.finding AS f ON f.case_no = c.finding_of WHERE f.case_no IS NULL"), "0",
         "every case is about a finding")
    same(DAEMON[0].stop(), 0, "stops")


main(test_plan_and_closing, test_whose_it_is, test_more_time, test_co_units, test_sweep, test_merge, test_shared_evidence,
     test_rules_and_kinds, test_found_often, test_orders, test_accountability, test_substitute, test_rebase, test_preview, test_bulk,
     test_largest_threshold, test_new_year, test_heaviest, test_all_commands)

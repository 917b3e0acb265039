#!/usr/bin/python3
"""What was: cases, ledgers and histories as of a date and as known at a head, byte for byte the same after a year of further
events, a new policy, a new calendar, and a registry that renames and moves units."""
import hashlib
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

DAY = 24 * HOUR
THEN = (TODAY + 60) * DAY + 6 * HOUR  # 2026-03-06T06:00Z
AT = "2026-03-06T06:00Z"
CALENDAR = (ROOT / "policy" / "calendar" / "cn.yaml").read_text()
POLICY = (ROOT / "policy" / "municipal.yaml").read_text()
HERE = {}

# The views of one moment: what a live ledger, list and story of then looked like.
VIEWS = {
    "ledger": ("ledger",), "ledger in Chinese, as CSV": ("ledger", "--csv", "--zh"), "ledger as JSON": ("ledger", "--json"),
    "cases": ("cases", "--json"), "overdue ones": ("cases", "--overdue", "--json"), "a subtree": ("cases", "--unit", "north", "--csv"),
    "red and yellow": ("cases", "--light", "red", "--light", "yellow", "--csv"), "one status": ("cases", "--status", "rectifying", "--csv"),
    "one officer's": ("cases", "--officer", "h-north", "--csv"), "open ones of a track": ("cases", "--open", "--track", "supervision", "--csv"),
    "children": ("cases", "--parent", "1", "--csv"), "kind and severity": ("cases", "--kind", "prominent", "--severity", "ordinary", "--csv"),
    "a team's": ("cases", "--team", "team-1", "--csv"), "marked ones": ("cases", "--flag", "endorsed", "--csv"), "few": ("cases", "--limit", "2", "--csv"),
    "a case": ("show", "1"), "a case as JSON": ("show", "1", "--json"), "another case": ("show", "3"),
    "a history": ("history", "1"), "a history as CSV": ("history", "1", "--csv"), "another history": ("history", "2", "--json"),
}


def rectify(*words, actor="auditor"):
    return subprocess.run([BUILD / "rectify", "--as", actor, "--utc", "--en", "--endpoint", HERE["daemon"].endpoint, *map(str, words)],
                          capture_output=True, text=True, timeout=PATIENCE, check=False, env=dict(os.environ, HOME="/nonexistent"))


def views(*more, actor="auditor"):
    """stdout and the head on stderr of each view."""
    seen = {}
    for name, words in VIEWS.items():
        done = rectify(*words, *more, actor=actor)
        need(done.returncode == 0, f"{words} {more}: {done.stdout[-500:]}{done.stderr}")
        seen[name] = (done.stdout, done.stderr)
    return seen


def compare(seen, what):
    wrong = [name for name in VIEWS if seen[name] != HERE["then"][name]]
    ok(not wrong, f"{what}: all {len(VIEWS)} views are those of then, byte for byte", wrong, *(f"{seen[name]}\n{HERE['then'][name]}" for name in wrong[:1]))


def client(actor="off"):
    return Client(HERE["daemon"], actor)


def act(actor, *commands):
    here = client(actor)
    outcomes = here.act(*commands)
    here.close()
    need(all(outcome.WhichOneof("result") == "receipt" for outcome in outcomes), outcomes)
    return outcomes


def advance(until_instant):
    here = client()
    need(here.advance(until_instant).WhichOneof("body") == "pong", "the clock stands")
    here.close()


def publish(kind, body):
    here = client("office")
    outcome = here.publish(kind, body)
    here.close()
    need(outcome.WhichOneof("result") == "receipt", outcome)


def submit(**more):
    here = client(more.pop("actor", "insp-1"))
    outcome, = here.submit(finding(code="7.1", category="exits", **more))
    here.close()
    need(outcome.WhichOneof("result") == "receipt", outcome)
    return outcome.receipt


def test_then():
    """Two months of work: then the views are kept."""
    HERE["daemon"] = city()
    for unit in ("north", "north-1", "south", "north", "nowhere", "south"):
        submit(unit=unit)
    advance((TODAY + 3) * DAY)
    piece = pb.Evidence(kind=3, sha256=bytes(32), name=b"plan.pdf", size=3)
    act("h-north", command(SIGN_FOR, 1), command(PLAN_SUBMIT, 1, measures=1, evidence=[piece]), command(PROGRESS, 1, text="begun"))
    act("off", command(PLAN_APPROVE, 1), command(CO_UNIT, 1, unit="south"), command(COMMENT, 3, text="=1+1, \"said\"\nin two lines"))
    here = client("insp-2")
    refused, = here.act(command(COMMENT, 1, text="not ours"))
    need(refused.WhichOneof("result") == "refusal", refused)
    here.close()
    advance((TODAY + 40) * DAY)
    act("p-south", command(BOUNCE, 6, text="not ours"))
    submit(unit="north", kind=2)
    advance(THEN)
    HERE["then"] = views()
    HERE["size"] = int(HERE["daemon"].sql("SELECT size FROM rectify.head"))
    HERE["root"] = HERE["daemon"].sql("SELECT encode(root, 'hex') FROM rectify.head")
    HERE["cases"] = len(HERE["then"]["cases"][0].splitlines())
    need(HERE["cases"] == 9, HERE["then"]["cases"][0])
    empty = [name for name in VIEWS if name != "marked ones" and len(HERE["then"][name][0].splitlines()) < 2 and "json" not in str(VIEWS[name])]
    ok(not empty, "there is something in each view", empty)
    head = HERE["then"]["ledger"][0].splitlines()[-1]
    same(head, f"9 cases as of 2026-03-06 06:00:00; log of {HERE['size']} events, root {HERE['root']}", "the ledger ends with its head")
    ok(f'"log_size":{HERE["size"]},"root":"{HERE["root"]}","code":null' in HERE["then"]["ledger as JSON"][1], "for programs on stderr",
       HERE["then"]["ledger as JSON"])


def test_at_once():
    """While nothing has come since, the past is the present."""
    compare(views("--as-of", AT), "as of now")
    compare(views("--known-at", HERE["size"], "--as-of", AT), "as known at the last head")


def test_a_year_later():
    """Further events, a new policy, a new calendar, a registry that renames, moves and retires units and people."""
    advance((TODAY + 61) * DAY)
    moved = CALENDAR.replace("  # 2026\n", "  # 2026\n  - {from: 2026-03-09, until: 2026-03-11, kind: holiday, name: 停工, notice: n2026}\n"
                             "  - {from: 2026-03-03, until: 2026-03-05, kind: holiday, name: 停工, notice: n2026}\n")
    need(moved != CALENDAR, "a new calendar")
    publish(3, moved)
    publish(2, POLICY.replace("rectify: 30wd", "rectify: 25wd"))
    renamed = CITY.replace("name: 北,", "name: 新北,").replace("name: 北一,", "name: 新北一,").replace("北办", "新北办")
    renamed = renamed.replace("{code: north-1, name: 新北一, parent: north}", "{code: north-1, name: 新北一, parent: south}")
    renamed = renamed.replace("name: 审计,", "name: 审计局,").replace("name: 督办,", "name: 督办处,")
    publish(1, renamed)
    for unit in ("north", "south", "north-1"):
        submit(unit=unit)
    act("off", command(COMMENT, 1, text="later"), command(ESCALATE, 2, text="later"))
    advance((TODAY + 365) * DAY)
    now = views()
    same([name for name in VIEWS if name not in ("marked ones",) and now[name] == HERE["then"][name]], [], "by now every view is another one")
    compare(views("--as-of", AT), "a year later")
    compare(views("--as-of", AT, "--known-at", HERE["size"]), "as known at that head")
    HERE["daemon"].stop()
    HERE["daemon"].start()
    compare(views("--as-of", AT), "after a restart")
    dated = rectify("ledger", "--as-of", "2026-03-06").stdout.splitlines()
    ok(dated[-1].startswith("9 cases as of 2026-03-06 23:59:59; log of "), "a date is the end of its day", dated[-1])


def test_known_at():
    """What a log of a size knew: nothing of what came behind it."""
    sizes = [int(size) for size in HERE["daemon"].sql("SELECT log_index + 1 FROM rectify.event WHERE case_no = 1 ORDER BY log_index").split()]
    counts = [sum(line.startswith("C-000001,") for line in rectify("history", "1", "--csv", "--known-at", size).stdout.splitlines())
              for size in sizes[:8]]
    same(counts, list(range(1, 9)), "the history of a case grows with the size by one event each")
    before = rectify("history", "1", "--known-at", sizes[0] - 1)
    ok(before.returncode == 1 and "no such case" in before.stderr, "before its first event the case is not there", before.stderr)


def merkle(leaves):
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + merkle(leaves[:split]) + merkle(leaves[split:])).digest()


def test_roots():
    """The root of every size of the log is that of its records, across tiles that were open then and are full now."""
    here = client()
    while int(HERE["daemon"].sql("SELECT size FROM rectify.head")) < 800:
        here.act(*[command(COMMENT, 1, text="more") for _ in range(300)])
    here.close()
    leaves = [hashlib.sha256(b"\0" + bytes.fromhex(record)).digest() for record in
              HERE["daemon"].sql("SELECT encode(record, 'hex') FROM rectify.event ORDER BY log_index").split()]
    here, wrong = client("auditor"), []
    for size in sorted({5, 6, 7, 100, 255, 256, 257, 300, 511, 512, 513, 700, 767, 768, 769, len(leaves) - 1, len(leaves)}):
        page = here.ask(query=pb.Query(limit=1, known_at=size, history=pb.HistoryQuery(case_no=1)))
        if page.WhichOneof("body") != "page":
            page = here.ask(query=pb.Query(limit=1, known_at=size, cases=pb.CaseQuery()))
        if (page.page.head.size, page.page.head.root) != (size, merkle(leaves[:size])):
            wrong.append(size)
    here.close()
    same(wrong, [], "root and size")


def test_a_long_case():
    """A case with more events than one job reads, among others; pages of any length give the same rows."""
    here = client()
    for _ in range(10):
        here.act(*[command(COMMENT, 2, text="x") for _ in range(500)])
    instant = here.ping().now
    live = [(row.case_no, row.version, row.status, row.due, row.accountable_name) for row in here.cases(with_text=True, with_state=True)]
    need(max(version for _, version, *_ in live) > 4096, "a long one")
    for limit in (0, 1, 3):
        rows = [row for page in here.pages(limit, as_of=instant, cases=pb.CaseQuery(with_text=True, with_state=True)) for row in page.cases]
        same([(row.case_no, row.version, row.status, row.due, row.accountable_name) for row in rows], live, f"in pages of {limit or 'any size'}")
    rows = [row for page in here.pages(0, as_of=instant, cases=pb.CaseQuery(case_no=[2], with_state=True)) for row in page.cases]
    same([row.state for row in rows], [row.state for row in here.cases(case_no=[2], with_state=True)], "the state is the stored one, to the byte")
    states = {row.case_no: row.state for row in here.cases(with_state=True)}
    past = {row.case_no: row.state for page in here.pages(0, as_of=instant, cases=pb.CaseQuery(with_state=True)) for row in page.cases}
    same(past, states, "and so are all others")
    size = here.ping().head.size  # who is shown a restricted case is recorded, at this very instant of a clock that stands
    events = [row.log_index for page in here.pages(0, as_of=instant, known_at=size, history=pb.HistoryQuery(case_no=2)) for row in page.events]
    same(len(events), [version for number, version, *_ in live if number == 2][0], "its history is whole")
    here.close()


def test_rights_are_todays():
    """What may not be read today is not read through the past; what may, is."""
    def numbers(*words):
        return {int(line[2:8]) for line in rectify("cases", "--csv", *words, actor="h-south").stdout.splitlines()[1:]}
    today, past = numbers(), numbers("--as-of", AT)
    ok(2 in past and 1 not in past and 4 not in past, "the handler of south sees what has become south's, and not north's", past)
    same(past, {number for number in today if number <= HERE["cases"]}, "exactly what is readable today and was there then")
    for actor, case in (("h-south", 1), ("h-north", 3), ("insp-2", 1)):
        done = rectify("history", case, "--as-of", AT, actor=actor)
        ok(done.returncode == 1 and "no such case" in done.stderr, f"{actor} does not read case {case} of the past", done.stderr)
    same(rectify("history", 2, "--as-of", AT, actor="h-south").returncode, 0, "the history of what has become south's is south's to read")
    same(rectify("history", 2, "--as-of", AT, actor="h-north-1").returncode, 0, "and the unit's own")


def test_what_cannot_be_asked():
    """Refused with a sentence."""
    size = int(HERE["daemon"].sql("SELECT size FROM rectify.head"))
    for words, said in ((("ledger", "--as-of", "2031-01-01"), "still to come"), (("ledger", "--known-at", size + 1), "fewer events"),
                        (("ledger", "--as-of", "2025-01-01"), "before the log began"), (("ledger", "--known-at", "1"), "before the log began"),
                        (("cases", "--as-of", AT, "--by-due"), "does not go with"), (("cases", "--as-of", "soon"), "wants a date"),
                        (("show", "1", "--known-at", "x"), "wants the size")):
        done = rectify(*words)
        ok(done.returncode in (1, 64) and said in done.stderr, f"{' '.join(map(str, words))}: {said}", done.stdout, done.stderr)
    here = client("auditor")
    for what in ({"log": pb.LogQuery()}, {"notices": pb.NoticeQuery()}, {"officers": pb.OfficerQuery()}, {"why": pb.WhyQuery(case_no=1)},
                 {"cases": pb.CaseQuery(order=1)}):
        same(here.query(as_of=THEN, **what).code, FIELD, f"{list(what)[0]} is not asked of the past")
    names = {row.code: row.name.decode() for page in here.pages(units=pb.UnitQuery()) for row in page.units}
    then = {row.code: row.name.decode() for row in here.query(as_of=THEN, units=pb.UnitQuery()).units}
    same((names[b"north"], then[b"north"]), ("新北", "北"), "units are told as they were called")
    here.close()
    is_served(HERE["daemon"], "after all of this")
    same(HERE["daemon"].doctor().returncode, 0, "and the doctor finds nothing wrong")


def test_an_outage():
    """What took effect while no daemon ran, and was recorded later: the log of then does not know it, the log of later does."""
    daemon = HERE["daemon"] = city()
    for unit in ("north", "south"):
        submit(unit=unit)
    advance((TODAY + 25) * DAY)
    size = int(daemon.sql("SELECT size FROM rectify.head"))
    daemon.kill()
    daemon.sql("UPDATE rectify.head SET clock = clock + interval '20 days'")
    daemon.start()
    here = client("auditor")
    here.advance(here.ping().now)
    middle, now = (TODAY + 37) * DAY, int(daemon.sql("SELECT size FROM rectify.head"))
    then = [row for page in here.pages(as_of=middle, cases=pb.CaseQuery()) for row in page.cases]
    later = [row for page in here.pages(as_of=middle, known_at=now, cases=pb.CaseQuery(with_state=True)) for row in page.cases]
    page = here.query(as_of=middle, cases=pb.CaseQuery())
    same((page.head.size, page.now), (size, middle), "the log of then is the one before the outage")
    late = [pb.CaseState.FromString(row.state).version for row in later]
    ok(all(a.case_no == b.case_no and a.version <= b.version for a, b in zip(then, later)) and sum(late) > sum(row.version for row in then),
       "the log of now knows more of that day", [(row.case_no, row.version) for row in then], late)
    wrong = []
    for number, version in enumerate(late, 1):
        events = [pb.Event.FromString(row.record) for page in here.pages(history=pb.HistoryQuery(case_no=number)) for row in page.events]
        past = [pb.Event.FromString(row.record) for page in here.pages(as_of=middle, known_at=now, history=pb.HistoryQuery(case_no=number)) for row in page.events]
        if past != events[:version] or any(event.effective > middle for event in past) or events[version].effective <= middle:
            wrong.append(number)
    same(wrong, [], "and nothing that took effect after it; histories say the same")
    here.close()


def test_the_short_code():
    """With the log's key the ledger prints the code that `rectify verify --printed` takes."""
    key = place() / "log.key"
    public = subprocess.run([BUILD / "rectify", "key", "new", "--for", "log", "--name", "rectify.test/log", key], capture_output=True,
                            text=True, check=True).stdout.strip()
    text = f"rectify.test/log\n{HERE['size']}\n".encode() + __import__("base64").b64encode(bytes.fromhex(HERE["root"])) + b"\n"
    digest = hashlib.sha256(text).hexdigest()[:32]
    code = f"{HERE['size']}:" + "-".join(digest[i:i + 4] for i in range(0, 32, 4))
    done = rectify("ledger", "--as-of", AT, "--log", public)
    same(done.stdout.splitlines()[-1], f"short code {code}", "the head's short code, of then")
    ok(f'"code":"{code}"' in rectify("ledger", "--json", "--as-of", AT, "--log", public).stderr, "for programs too")


main(test_then, test_at_once, test_a_year_later, test_known_at, test_roots, test_a_long_case, test_rights_are_todays,
     test_what_cannot_be_asked, test_the_short_code, test_an_outage)

#!/usr/bin/python3
"""Restricted cases: whoever is shown their words is on record before the answer leaves, once a day; lists, pushes and SQL of one's
own show none of them."""
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

RESTRICT, UNRESTRICT, READ = 56, 57, 58  # command.def
DAY = 24 * HOUR
HERE = {}
SUBSTITUTION = "substitutions:\n  - {officer: h-north, by: insp-2, from: 2026-01-01, until: 2026-12-31}\n"


def client(actor):
    return HERE.setdefault(f"client {actor}", Client(HERE["daemon"], actor))


def reads(case_no=1):
    """(who, on whose behalf) of each read of the case that is on record, in order; straight from the database."""
    names = dict(row.split("|") for row in HERE["daemon"].sql("SELECT id, code FROM rectify.officer").split("\n"))
    found = HERE["daemon"].sql(f"SELECT encode(record, 'hex') FROM rectify.event WHERE command = {READ} AND case_no = {case_no} ORDER BY log_index")
    events = [pb.Event.FromString(bytes.fromhex(row)) for row in found.split()]
    ok(all(event.rule == 658 and event.key[6] >> 4 == 8 for event in events), "rule 658, under a key that no client can make") if events else None
    return [(names[str(event.actor)], names.get(str(event.on_behalf), "")) for event in events]


def one(case_no=1, **more):
    return pb.CaseQuery(case_no=[case_no], with_text=True, **more)


def rectify(*words, actor):
    return subprocess.run([BUILD / "rectify", "--as", actor, "--endpoint", HERE["daemon"].endpoint, *words], capture_output=True, text=True,
                          timeout=PATIENCE, check=False, env={**os.environ, "LC_ALL": "C", "TZ": "UTC"})


def start():
    HERE["daemon"] = city()
    published = client("office").publish(1, CITY + SUBSTITUTION)
    ok(published.WhichOneof("result") == "receipt", "a registry with somebody who stands in", published)
    piece = pb.Evidence(kind=1, sha256=os.urandom(32), name="names a minor.jpg".encode(), size=1)
    first = finding(text="words 1")
    first.evidence.append(piece)
    client("insp-1").submit(first, finding(text="words 2"), finding(text="words 3"))
    same(len(client("off").query(history=pb.HistoryQuery(case_no=1)).events), 1, "nobody has to be recorded for an open case")
    same(reads(), [], "and nobody is")
    HERE["first size"] = client("off").ping().head.size


def test_recorded_once_a_day():
    """Restricted by the office: history, why and show are recorded, once an officer and day."""
    outcome, = client("off").act(command(RESTRICT, 1, text="it names a minor"))
    same(outcome.receipt.rule, 656, "restricted")
    page = client("h-north").query(history=pb.HistoryQuery(case_no=1))
    same((reads(), page.events[0].text), ([("h-north", "")], b"words 1"), "who reads is on record when the answer is there, the handler too")
    same(page.events[-1].log_index, int(HERE["daemon"].sql("SELECT max(log_index) FROM rectify.event")), "and the answer shows the log with it")
    client("h-north").query(history=pb.HistoryQuery(case_no=1))
    client("h-north").query(why=pb.WhyQuery(case_no=1))
    client("h-north").query(cases=one())
    same(reads(), [("h-north", "")], "once a day, whatever is read how often")
    same(client("p-north").query(cases=one()).cases[0].text, b"words 1", "by its number its words are shown")
    ok(client("verifier").query(why=pb.WhyQuery(case_no=1)).lines, "why tells them too")
    same(client("insp-2").query(history=pb.HistoryQuery(case_no=1)).events[0].text, b"words 1", "who stands in reads as well")
    same(reads(), [("h-north", ""), ("p-north", ""), ("verifier", ""), ("insp-2", "h-north")], "each is recorded, and in whose right")
    client("office").advance(client("office").ping().now + DAY)
    client("h-north").query(history=pb.HistoryQuery(case_no=1))
    same(len(reads()), 5, "the next day anew")


def test_what_is_not_recorded():
    """Lists hold no words of it, and so record nobody; who may not read it is told that there is none."""
    before = len(reads())
    texts = {row.case_no: row.text for row in client("off").cases(with_text=True)}
    same(texts, {1: b"", 2: b"words 2", 3: b"words 3"}, "a list has no words of it")
    same([row.text for row in client("off").cases(with_text=True, order=1, case_no=[1, 2])], [b"", b"words 2"], "nor one of some numbers")
    same([row.text for row in client("off").cases(case_no=[1])], [b""], "by its number without words nobody is recorded")
    for what in ({"history": pb.HistoryQuery(case_no=1)}, {"why": pb.WhyQuery(case_no=1)}):
        same(client("h-south").query(**what).code, NOT_FOUND, "who may not read it")
    same(len(client("h-south").query(cases=one()).cases), 0, "is told so")
    ok(client("off").query(next=pb.NextQuery(case_no=1)).lines, "what will happen holds no words")
    ok(client("off").query(notices=pb.NoticeQuery(case_no=1)).notices, "nor do notices")
    same(len(reads()), before, "none of this is on record")
    reply = client("off").ask(act=act_of(command(READ, 1)))
    same(reply.error.code, FIELD, "and nobody can record another's reading")


def facts(page):
    return {row.case_no: (row.remark.decode(), row.evidence.decode()) for row in page.ledger.facts}


def ledger(actor, **more):
    rows = client(actor).cases(**more)
    return client(actor).query(ledger=pb.LedgerQuery(case_no=[row.case_no for row in rows], version=[row.version for row in rows]))


def test_ledgers_files_searches_letters():
    """What ledgers have beside the cases, files and their names, searches and letters: nowhere are words for nobody's record."""
    same(client("off").act(command(COMMENT, 1, text="remark 1"), command(COMMENT, 2, text="remark 2"))[0].receipt.rule, 630, "remarks")
    handler = client("h-north")
    need(handler.act(command(ATTACH, 1, evidence=[handler.piece(1, name="who.txt")]))[0].receipt.rule, "a file is handed in")
    before = len(reads())
    same(facts(ledger("off")), {1: ("", ""), 2: ("remark 2", "")}, "a ledger has no words of it, nor names of its evidence")
    steps = client("off").query(ledger=pb.LedgerQuery(part=1)).ledger.steps
    same({step.event.text for step in steps} & {b"words 1", b"remark 1", b"it names a minor"}, set(), "nor a work ledger")
    ok(b"remark 2" in {step.event.text for step in steps}, "but of the others", steps)
    found = client("off").cases(words=[b"words"], with_text=True)
    same({row.case_no for row in found} & {1, 2, 3}, {2, 3}, "a search does not find it")
    same(len(reads()), before, "none of this is on record")
    pieces = client("auditor").query(evidence=pb.EvidenceQuery(case_no=1)).evidence
    same(pieces[0].name, "names a minor.jpg".encode(), "the list of its evidence is shown")
    same(reads()[-1], ("auditor", ""), "to who is on record then")
    client("verifier").query(content=pb.ContentQuery(case_no=1, sha256=pieces[0].sha256))
    same(reads()[-1], ("verifier", ""), "and so is who asks for a file")


def test_the_past():
    """As of a date and as known at a head it is read as much as today."""
    daemon, now = HERE["daemon"], client("office").ping().now
    client("office").advance(now + DAY)
    before, size = len(reads()), int(daemon.sql("SELECT size FROM rectify.head"))
    page = client("auditor").query(history=pb.HistoryQuery(case_no=1), as_of=now)
    same((page.events[0].text, reads()[before:]), (b"words 1", [("auditor", "")]), "its history as of a date")
    page = client("off").query(cases=one(), known_at=size - 1)
    same((page.cases[0].text, reads()[before + 1:]), (b"words 1", [("off", "")]), "the case as known at a head")
    texts = {row.case_no: row.text for row in client("verifier").query(cases=pb.CaseQuery(with_text=True), as_of=now).cases}
    same(texts, {1: b"", 2: b"words 2", 3: b"words 3"}, "a list of the past has no words of what was restricted then")
    same((len(reads()), reads(0)), (before + 2, []), "and records nobody")
    for _ in range(2):
        texts = {row.case_no: row.text for row in client("verifier").query(cases=pb.CaseQuery(with_text=True), known_at=HERE["first size"]).cases}
        same(texts, {1: b"words 1", 2: b"words 2", 3: b"words 3"}, "one from before it was restricted is what it was")
    same(reads(0), [("verifier", "")], "and who is shown it is on record, as for the whole log")


def test_history():
    """Who read is shown to auditors and the office; others see that something stands there, and can go on counting."""
    rows = client("h-north").query(history=pb.HistoryQuery(case_no=1)).events
    whole = client("auditor").query(history=pb.HistoryQuery(case_no=1)).events
    hidden = [at for at, row in enumerate(whole) if pb.Event.FromString(row.record).command == READ]
    ok(len(hidden) > 5 and len(rows) == len(whole), "the rows are as many", (hidden, len(rows), len(whole)))
    ok(all(rows[at].log_index == whole[at].log_index and not rows[at].record and not rows[at].actor for at in hidden), "but those say nothing")
    done = rectify("history", "1", actor="h-north")
    ok(done.returncode == 0 and "restricted" in done.stdout and "rule 658" not in done.stdout, "history as the handler sees it", done)
    done = rectify("history", "1", actor="auditor")
    ok(done.returncode == 0 and "insp-2" in done.stdout and "for h-north" in done.stdout and "rule 658" in done.stdout, "as the auditor sees it", done)
    done = rectify("show", "1", actor="h-north")
    ok(done.returncode == 0 and "words 1" in done.stdout and "restricted" in done.stdout, "show says that it is restricted", done)
    last = pb.Event.FromString(whole[-1].record).version
    ok(rectify("why", "1", actor="h-north").returncode == 0, "why does not stumble over them")
    same(rectify("unrestrict", "1", "-m", "the name was erased", actor="off").returncode, 0, "rectify unrestrict")
    client("office").advance(client("office").ping().now + DAY)
    before = len(reads())
    client("p-north").query(history=pb.HistoryQuery(case_no=1))
    same(len(reads()), before, "not restricted any longer, nobody is recorded")
    same(rectify("restrict", "1", "-m", "after all", actor="off").returncode, 0, "rectify restrict")
    ok(last > 5, "events were counted on")


def test_whole_log():
    """Who reads the whole log reads its words: an event of no case, once a day."""
    same(reads(0), [("verifier", "")], "nobody has yet, but for the list of the past")
    ok(rectify("doctor", actor="auditor").returncode == 0, "the doctor reads it all")
    client("auditor").query(log=pb.LogQuery())
    client("off").query(log=pb.LogQuery())
    same(reads(0)[1:], [("auditor", ""), ("off", "")], "once an officer and day")
    ok(rectify("doctor", actor="auditor").returncode == 0, "and all is well with it")
    done = rectify("export", "log", str(HERE["daemon"].top / "export"), actor="auditor")
    ok(done.returncode == 0 or "signer" in done.stderr + done.stdout, "an export is such a reading", done)


def test_by_itself():
    """A case in which accountability was proposed is restricted by itself; so is one that is about a restricted case's finding."""
    accused, = client("insp-1").submit(finding(text="whose fault", kind=5, severity=4))
    case = accused.receipt.case_no
    row = client("off").cases(case_no=[case])[0]
    if not row.flags & 4:
        same(client("off").act(command(ESCALATE, case, text="at last", track=5))[0].WhichOneof("result"), "receipt", "escalated to accountability")
        row = client("off").cases(case_no=[case])[0]
    ok(row.flags & 4, "accountability is proposed", row)
    same([row.text for row in client("off").cases(with_text=True) if row.case_no == case], [b""], "its words are in no list")
    client("off").query(history=pb.HistoryQuery(case_no=case))
    same(reads(case), [("off", "")], "who reads it is on record")
    refused, = client("off").act(command(UNRESTRICT, case, text="please"))
    same(refused.refusal.rule, 158, "and it stays so")
    outcome, = client("off").act(command(CO_UNIT, 1, unit="south", officer="h-south"))
    same(outcome.WhichOneof("result"), "receipt", "a co-unit's case of the restricted one")
    child = max(row.case_no for row in client("off").cases(parent=1))
    same([row.text for row in client("off").cases(with_text=True) if row.case_no == child], [b""], "has the same words, in no list")
    same(client("h-south").query(cases=one(child)).cases[0].text, b"words 1", "by its number they are shown")
    same(reads(child), [("h-south", "")], "to who is on record")


def test_pushes():
    """A push cannot wait, so it has no words; and nobody is pushed who read."""
    watcher = Client(HERE["daemon"], "p-north")
    watcher.once(request("p-north", watch=pb.Watch()))
    client("office").advance(client("office").ping().now + DAY)
    client("verifier").query(history=pb.HistoryQuery(case_no=1))
    client("off").act(command(COMMENT, 1, text="secret words"), command(COMMENT, 2, text="open words"))
    seen = {}
    while not {1, 2} <= {case for case, kind in seen if kind == COMMENT}:
        reply = need(watcher.receive(10), "no push came")
        for pushed in reply.push.events:
            event = pb.Event.FromString(pushed.event.record)
            seen[event.case_no, event.command] = pushed.event.text
    same((seen[1, COMMENT], seen[2, COMMENT], (1, READ) in seen), (b"", b"open words", False), "words of the open case alone, and no reading")
    watcher.close()


def test_by_the_log_of_ones_own():
    """What a watch missed is asked for by the log: as a push has no words of restricted cases, this has none."""
    before = len(reads())
    rows = [row for page in client("h-north").pages(log=pb.LogQuery(readable=True)) for row in page.events]
    words = {row.text for row in rows}
    same((b"words 1" in words, b"secret words" in words, b"words 2" in words, b"open words" in words), (False, False, True, True), "words of open cases alone")
    of_it = [row for row in rows if row.record and pb.Event.FromString(row.record).case_no == 1]
    same((len(of_it) > 5, {(row.text, row.salt) for row in of_it}), (True, {(b"", b"")}), "and nothing to try words with")
    same(len(reads()), before, "so nobody is on record for it")


def test_who_read_is_not_told():
    """Not by ledgers, not by a proof, not by asking for a case by the key of the reading."""
    handler, rows = client("h-north"), client("auditor").query(history=pb.HistoryQuery(case_no=1)).events
    events = {row.log_index: pb.Event.FromString(row.record) for row in rows}
    read = {at: event for at, event in events.items() if event.command == READ}
    own = int(HERE["daemon"].sql("SELECT id FROM rectify.officer WHERE code = 'h-north'"))
    others = [at for at, event in read.items() if event.actor != own]
    steps = [pb.Event.FromString(step.event.record) for page in handler.pages(ledger=pb.LedgerQuery(part=1)) for step in page.ledger.steps]
    same((len(steps) > 5, [step for step in steps if step.command == READ]), (True, []), "a work ledger has what was done")
    need(others, read)
    same(handler.query(proof=pb.ProofQuery(case_no=1, log_index=others[0])).code, NOT_FOUND, "a proof of another one's reading")
    mine = min(set(read) - set(others))
    same(pb.Event.FromString(handler.query(proof=pb.ProofQuery(case_no=1, log_index=mine)).record), read[mine], "of one's own it is given")
    same(pb.Event.FromString(client("auditor").query(proof=pb.ProofQuery(case_no=1, log_index=others[0])).record), read[others[0]], "and to auditors")
    for more in ({}, {"order": 1}, {"words": [b"words"]}):
        found = [row.case_no for event in events.values() if event.version > 1 for row in handler.cases(finding_id=event.key, **more)]
        same(found, [], f"no key but the finding's own finds the case {more}")
    same([row.case_no for row in handler.cases(finding_id=events[min(events)].key)], [1], "the finding's finds it")
    for at in (others[0], min(events)):
        page = handler.query(known_at=rows[-1].log_index, cases=pb.CaseQuery(finding_id=events[at].key))
        same([row.case_no for row in page.cases], [1] if at == min(events) else [], "nor in the past")


def test_durable_first():
    """As long as the database cannot record it there is no answer; when it can, the answer comes."""
    daemon = HERE["daemon"]
    client("office").advance(client("office").ping().now + DAY)
    before, writer = len(reads()), daemon.backend("writer")
    os.kill(writer, signal.SIGSTOP)
    try:
        asked = request("p-north", query=pb.Query(history=pb.HistoryQuery(case_no=1)))
        same(client("p-north").once(asked, 1), None, "the writer stands still: no answer")
        same(client("p-north").query(history=pb.HistoryQuery(case_no=2)).events[0].text, b"words 2", "an open case can be read meanwhile")
    finally:
        os.kill(writer, signal.SIGCONT)
    reply = need(until(lambda: client("p-north").receive(1)), "no answer came")
    same((reply.page.events[0].text, len(reads())), (b"words 1", before + 1), "it goes on: recorded, and answered")
    client("p-north").close()
    HERE.pop("client p-north")
    daemon.kill()
    daemon.start()
    client("p-north").query(history=pb.HistoryQuery(case_no=1))
    same(len(reads()), before + 1, "after kill -9 it is known that he is on record")
    done = daemon.doctor()
    ok(done.returncode == 0, "doctor", done.stdout + done.stderr)


def test_own_sql():
    """An auditor's own SQL cannot be recorded, so it shows no words of restricted cases."""
    daemon = HERE["daemon"]
    daemon.sql("CREATE ROLE zhao LOGIN IN ROLE rectify_auditor; CREATE ROLE qian LOGIN IN ROLE rectify_auditor; "
               "INSERT INTO rectify.reader_login VALUES ('zhao', 'auditor'), ('qian', 'p-north')")

    def seen(login, what):
        return daemon.sql(f"SET SESSION AUTHORIZATION {login}; SELECT {what}").split("\n")

    words = "string_agg(body, ',' ORDER BY log_index) FROM rectify.private WHERE body LIKE 'words%'"
    same(seen("zhao", words), ["words 2,words 3"], "texts of open cases alone")
    same(seen("zhao", "count(*) FROM rectify.evidence"), ["0"], "no names of its evidence")
    same(seen("zhao", "rectify.words_are_open(1), rectify.words_are_open(2)"), ["f|t"], "which cases are meant, to who may read them")
    daemon.sql("CREATE ROLE sun LOGIN IN ROLE rectify_auditor; INSERT INTO rectify.reader_login VALUES ('sun', 'h-south')")
    same(seen("sun", "rectify.words_are_open(1), rectify.words_are_open(2)"), ["t|t"], "and nothing of other people's cases")
    ok(until(lambda: daemon.sql("SELECT count(*) FROM rectify.search WHERE case_no = 1") == "1"), "its pairs of characters are in the index")
    done = subprocess.run([PSQL, "-XAtq", "-h", daemon.data / "postgres-socket", "-U", "zhao", "-d", "rectify", "-c", "SELECT grams FROM rectify.search"],
                          capture_output=True, text=True, check=False)
    same((done.stdout, "permission denied" in done.stderr), ("", True), "which is not for auditors")
    ok(int(seen("zhao", "count(*) FROM rectify.case_ WHERE case_no = 1")[0]) == 1, "the case itself is there")
    ok(int(seen("zhao", f"count(*) FROM rectify.event WHERE command = {READ}")[0]) > 5, "who read is for the auditor")
    same(seen("qian", f"count(*) FROM rectify.event WHERE command = {READ}"), ["0"], "and not for a head of a unit")
    ok(int(daemon.sql("SELECT count(*) FROM rectify.evidence")) > 0, "though there are some")


def test_rate():
    """Reading counts as handing in does: nobody reads the log full."""
    daemon = HERE["daemon"] = city("--identity-rate", "1")
    for name in [name for name in HERE if name.startswith("client ")]:
        HERE.pop(name).close()
    client("insp-1").submit(finding(text="words 1"))
    client("off").act(command(RESTRICT, 1, text="x"))
    client("h-north").act(*(command(COMMENT, 1, text="x") for _ in range(500)))
    reply = client("h-north").once(request("h-north", query=pb.Query(history=pb.HistoryQuery(case_no=1))))
    ok(reply.error.code == BUSY and reply.error.retry_msec > 0 and b"identity_rate" in reply.error.text, "which bound, and when to come back", reply)
    same(reads(), [], "and nothing is on record")
    same(daemon.running(), True, "the daemon runs on")


main(start, test_recorded_once_a_day, test_what_is_not_recorded, test_ledgers_files_searches_letters, test_the_past, test_history, test_whole_log, test_by_itself, test_pushes,
     test_by_the_log_of_ones_own, test_who_read_is_not_told,
     test_durable_first, test_own_sql, test_rate)

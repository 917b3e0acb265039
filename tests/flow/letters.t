#!/usr/bin/python3
"""Letters: notices on their way.  Made once, leased again when a lease ends, reported by attempts; what cannot be delivered is on
record and before the office, once, whatever was killed in between."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

DELIVERED, FAILED, REFUSED, DEFERRED, OPENED, ACKNOWLEDGED, EXPIRED = 1, 2, 3, 4, 5, 6, 7  # delivery.def
WAITING, SENT, DEAD, NONE = 1, 2, 3, 4  # letter_state.def
MADE, REPEATED, TAKEN, NOTICE_UNKNOWN, OFFICER_UNKNOWN, ID_TAKEN, RECORDED, DUPLICATE, GIVEN_UP, STALE, LETTER_UNKNOWN, ERASED = range(1, 13)  # letter_result.def
UNDELIVERED, NOTICE_UNDELIVERED, RULE_UNDELIVERED, ERASE_ASK, ERASE, RESTRICT, FREE, READ = 60, 9, 840, 54, 55, 56, 57, 58
MINUTE = HOUR // 60
HERE = {}
POST_CITY = CITY.replace("appointments:", "  - {code: post, name: 投递, unit: city}\nappointments:\n  - {officer: post, role: courier, unit: city}")


def rectify(*words, actor="auditor", language="--en"):
    return subprocess.run([BUILD / "rectify", "--as", actor, language, "--endpoint", HERE["daemon"].endpoint, *map(str, words)],
                          capture_output=True, text=True, timeout=PATIENCE, check=False)


def courier():
    return HERE["courier"]


def unposted(limit=0):
    return [row for page in courier().pages(limit, unposted=pb.UnpostedQuery()) for row in page.notices]


def letter(officer, notices, channel="mail", key=None, **more):
    return pb.Letter(id=key or uuid7(), officer=officer.encode(), channel=channel.encode(), notices=notices, subject="提醒".encode(),
                     body="事项 1\n请处理".encode(), html=b"<p>1</p>", language=b"zh_CN", **more)


def post(*letters):
    return [(one.result, one.state) for one in courier().ask(post=pb.Post(letters=letters, size=courier().ping().head.size)).letters.outcomes]


def lease(count=32, seconds=60, channel="", message=None):
    reply = courier().ask(message or request("post", lease=pb.Lease(count=count, seconds=seconds, channel=channel.encode())))
    return reply.leased


def report(key, attempt, outcome, answer="", retry_at=0):
    one = pb.LetterReport(letter=key, attempt=attempt, outcome=outcome, answer=answer.encode(), retry_at=retry_at)
    said, = courier().ask(report=pb.Report(reports=[one])).letters.outcomes
    return said.result, said.state


def advance(usec):
    office = Client(HERE["daemon"], "office")
    now = office.ping().now + usec
    office.advance(now)
    office.close()
    return now


def rows(**what):
    client = Client(HERE["daemon"], "auditor")
    found = [row for page in client.pages(letters=pb.LetterQuery(**what)) for row in page.letters]
    client.close()
    return found


def notices_of(officer):
    client = Client(HERE["daemon"], "auditor")
    found = [row for page in client.pages(notices=pb.NoticeQuery(officer=officer.encode())) for row in page.notices]
    client.close()
    return found


def post_all(channel="none"):
    """What earlier parts left is put out of the way."""
    for row in unposted():
        need(post(letter(row.officer.decode(), [row.id], channel))[0][0] == MADE, "a notice is posted")


def new_case(**more):
    client = Client(HERE["daemon"])
    outcome, = client.submit(finding(**more))
    client.close()
    return outcome.receipt.case_no


def test_rights():
    """A courier delivers, and reads nothing of cases by itself; nobody else makes letters."""
    HERE["daemon"] = Daemon().start()
    office = Client(HERE["daemon"], "office")
    need(office.publish(1, POST_CITY).WhichOneof("result") == "receipt", "the registry is published")
    office.close()
    HERE["courier"] = Client(HERE["daemon"], "post")
    case_no = new_case()
    for actor in ("auditor", "off", "office", "h-north"):
        client = Client(HERE["daemon"], actor)
        codes = [client.ask(**body).error.code for body in (
            {"query": pb.Query(unposted=pb.UnpostedQuery())}, {"post": pb.Post(letters=[letter("h-north", [0])])},
            {"lease": pb.Lease(count=1, seconds=1)}, {"report": pb.Report(reports=[pb.LetterReport(letter=uuid7(), attempt=1, outcome=1)])})]
        same(codes, [FORBIDDEN] * 4, f"{actor} is no courier")
        client.close()
    same(courier().cases(), [], "a courier sees no case")
    same(courier().query(history=pb.HistoryQuery(case_no=case_no)).code, NOT_FOUND, "nor a history")
    same(courier().query(letters=pb.LetterQuery()).code, FORBIDDEN, "nor what became of letters")
    same(courier().act(command(COMMENT, case_no, text="x"))[0].refusal.rule, 201, "and does nothing to one")
    ok(len(courier().query(documents=pb.DocumentQuery(document=3)).documents) > 0, "calendars it may read, to know working days")


def test_unposted():
    """A notice comes with what a template needs."""
    row = next(row for row in unposted() if row.officer == b"h-north")
    same((row.case_row.unit, row.case_row.unit_name, row.case_row.text, row.case_row.status), (b"north", "北".encode(), "墙面开裂".encode(), 2), "the case")
    ok(row.case_row.due_text and row.case_row.working_days_left > 0 and row.case_row.track > 0 and row.case_row.light == 1, "its date, days, track and light")
    same((row.kind, row.command, row.rule, row.rule_text_zh, row.event_number), (1, SUBMIT, 600, "受理并交办".encode(), 1), "what caused it")
    ok(row.rule_text and row.officer_name == "北办".encode() and row.officer_unit == b"north", "in English too; the officer and the unit")
    few = unposted(1)
    same([one.id for one in few], [one.id for one in unposted()], "page by page it is the same")


def test_post():
    """A letter is made once; a notice is in one letter of a channel."""
    row = next(row for row in unposted() if row.officer == b"h-north")
    first = letter("h-north", [row.id])
    wrong = [letter("nobody", [row.id]), letter("h-south", [row.id]), letter("h-north", [row.id, row.id + 999 * 16]),
             letter("h-north", [row.id], key=first.id, channel="wecom"), letter("h-north", [row.id])]
    same(post(first, *wrong), [(MADE, WAITING), (OFFICER_UNKNOWN, 0), (NOTICE_UNKNOWN, 0), (NOTICE_UNKNOWN, 0), (ID_TAKEN, WAITING), (TAKEN, 0)],
         "each is judged by itself")
    same(post(first, letter("h-north", [row.id], "wecom", not_before=2**51)), [(REPEATED, WAITING), (MADE, WAITING)], "again: the same letter; another channel: another")
    ok(row.id not in [one.id for one in unposted()], "the notice is posted")
    for body, code, field in ((pb.Post(letters=[letter("h-north", [row.id], "Mail!")]), FIELD, "post.letters"), (pb.Post(), FIELD, "post.letters"),
                              (pb.Post(letters=[letter("h-north", [])]), FIELD, "post.letters[0].notices"),
                              (pb.Post(letters=[letter("h-north", range(257))]), TOO_LARGE, "post.letters[0].notices"),
                              (pb.Post(letters=[letter("h-north", range(256)) for _ in range(17)]), TOO_LARGE, "post.letters")):
        error = courier().ask(post=body).error
        same((error.code, error.field.decode()), (code, field), f"refused: {error.text.decode()}")
    HERE["letter"] = first.id


def test_lease():
    """Who leases has it; the same request gets the same; when the lease has ended somebody else gets it."""
    message = request("post", lease=pb.Lease(count=5, seconds=60, channel=b"mail"))
    got = lease(message=message)
    same([(one.letter.id, one.attempt, one.letter.subject.decode()) for one in got.letters], [(HERE["letter"], 1, "提醒")], "the letter, as it was made")
    same((got.letters[0].until - got.now, got.next_due - got.now), (60 * HOUR // 3600, 60 * HOUR // 3600), "for so long")
    same([one.attempt for one in lease(message=message).letters], [1], "the same request, the same lease")
    same(len(lease(channel="mail").letters), 0, "another one gets nothing")
    same(len(lease(channel="wecom").letters), 0, "what is for later waits")
    advance(2 * MINUTE)
    same([one.attempt for one in lease(channel="mail").letters], [2], "after its end it is leased again")
    same(report(HERE["letter"], 1, FAILED, "421"), (STALE, WAITING), "a failure of the first lease says nothing any more")
    same(report(HERE["letter"], 1, DELIVERED, "250 ok"), (RECORDED, SENT), "but a delivery counts")
    same(report(HERE["letter"], 1, DELIVERED, "250 ok"), (REPEATED, SENT), "once")
    same(report(HERE["letter"], 2, DELIVERED, "250 ok"), (DUPLICATE, SENT), "the second one's is a duplicate, on record")
    same(report(HERE["letter"], 3, DELIVERED), (LETTER_UNKNOWN, SENT), "there was no third")
    same(report(uuid7(), 1, DELIVERED), (LETTER_UNKNOWN, 0), "nor such a letter")
    same([report(HERE["letter"], 2, outcome)[0] for outcome in (OPENED, OPENED, ACKNOWLEDGED)], [RECORDED, REPEATED, RECORDED], "receipts")
    row, = rows(id=HERE["letter"], with_body=True)
    same([(one.attempt, one.outcome, one.answer) for one in row.deliveries], [(1, DELIVERED, b"250 ok"), (2, DELIVERED, b"250 ok")], "every attempt is there")
    ok(row.opened and row.acknowledged and row.settled and row.letter.body and row.officer_name, "and the receipts")


def test_failures():
    """A passing failure comes back when it is to, put off is no failure; three days of failing are enough."""
    case_no = new_case()
    mine = next(row for row in unposted() if row.officer == b"h-north")
    one = letter("h-north", [mine.id])
    same(post(one), [(MADE, WAITING)], "a letter")
    now = lease(channel="mail").now
    same(report(one.id, 1, FAILED, "451 later", now + 5 * MINUTE), (RECORDED, WAITING), "failed for now")
    same(report(one.id, 1, FAILED, "451 later", now + 5 * MINUTE), (REPEATED, WAITING), "said twice, counted once")
    got = lease(channel="mail")
    same((len(got.letters), got.next_due), (0, now + 5 * MINUTE), "not before its time")
    now = advance(5 * MINUTE)
    same([(x.attempt, x.failures) for x in lease(channel="mail").letters], [(2, 1)], "then")
    same(report(one.id, 2, DEFERRED, "quiet hours", now + HOUR), (RECORDED, WAITING), "put off")
    advance(HOUR)
    same([(x.attempt, x.failures) for x in lease(channel="mail").letters], [(3, 1)], "which is no failure")
    now = advance(73 * HOUR)
    same([x.attempt for x in lease(channel="mail").letters], [4], "the lease ended meanwhile")
    same(report(one.id, 4, FAILED, "451 still no room"), (GIVEN_UP, DEAD), "after three days it is given up")
    HERE["dead"] = one.id, case_no


def test_dead():
    """What is given up is an event on the case and a line for the office, once; the office's own dead letter ends there."""
    daemon, (key, case_no) = HERE["daemon"], HERE["dead"]
    office = Client(daemon, "auditor")
    seen = need(until(lambda: [row for row in notices_of("off") if row.kind == NOTICE_UNDELIVERED]), "the office is told")
    same([row.case_no for row in seen], [case_no], "of that case")
    events = [(pb.Event.FromString(row.record), row.text.decode()) for row in office.query(history=pb.HistoryQuery(case_no=case_no)).events]
    told = [(event.rule, event.actor, text) for event, text in events if event.command == UNDELIVERED]
    same(told, [(RULE_UNDELIVERED, 0, "mail, h-north 北办: 451 still no room")], "the event says what the server said")
    same(report(key, 4, REFUSED), (STALE, DEAD), "said again, it changes nothing")
    post_all_but = [row for row in unposted() if row.kind == NOTICE_UNDELIVERED]
    mine = letter("off", [post_all_but[0].id])
    same(post(mine), [(MADE, WAITING)], "a letter to the office about it")
    lease(channel="mail")
    same(report(mine.id, 1, REFUSED, "550 no such user"), (GIVEN_UP, DEAD), "cannot be delivered either")
    same(daemon.sql(f"SELECT count(*) FROM rectify.dead_letter WHERE letter = '{mine.id.hex()}'"), "0", "that is on no case: it would go on for ever")
    office.close()


def test_closed_case():
    """A case that was withdrawn meanwhile is told too."""
    post_all()
    case_no = new_case()
    mine = next(row for row in unposted() if row.officer == b"h-north")
    one = letter("h-north", [mine.id])
    need(post(one)[0][0] == MADE, "a letter")
    inspector, office = Client(HERE["daemon"], "insp-1"), Client(HERE["daemon"], "off")
    inspector.act(command(26, case_no, text="x"))
    same(office.act(command(34, case_no))[0].receipt.status, 9, "withdrawn")
    lease(channel="mail")
    same(report(one.id, 1, REFUSED, "550"), (GIVEN_UP, DEAD), "given up")
    ok(until(lambda: [row for row in notices_of("off") if row.kind == NOTICE_UNDELIVERED and row.case_no == case_no]), "the office is told of the closed case")
    inspector.close()
    office.close()


def test_takeover():
    """The daemon is killed with a letter given up and not on record: the standby records it, once; leases go on; the old one is fenced."""
    first = HERE["daemon"]
    post_all()
    new_case()
    mine = [row for row in unposted() if row.officer == b"h-north"]
    one = letter("h-north", [mine[0].id])
    need(post(one)[0][0] == MADE, "a letter")
    got = lease(channel="mail")
    first.process.send_signal(signal.SIGSTOP)  # between the report's transaction and the event's: done by hand
    epoch = first.sql("SELECT epoch FROM rectify.head")
    same(first.sql(f"SELECT result, state FROM rectify.report_letters({epoch}, now(), ARRAY['{one.id.hex()}'::uuid], '{{1}}', '{{3}}', ARRAY['550 gone'], "
                   "ARRAY[now()])"), "9|3", "given up behind a stopped daemon")
    same(first.sql("SELECT count(*) FROM rectify.dead_letter AS d WHERE NOT EXISTS (SELECT FROM rectify.event AS e WHERE e.key = d.key)"), "1", "not on record yet")
    second = Daemon(top=first.top).start(wait=False)
    second.wait_log("store.standby")
    first.kill()
    second.wait_log("ready endpoint=")
    HERE["daemon"] = second
    ok(until(lambda: second.sql("SELECT count(*) FROM rectify.dead_letter AS d WHERE NOT EXISTS (SELECT FROM rectify.event AS e WHERE e.key = d.key)") == "0"),
       "the standby records it")
    same(second.sql(f"SELECT count(*) FROM rectify.event WHERE command = {UNDELIVERED}"), "3", "once")
    fenced = second.sql(f"SELECT * FROM rectify.lease_letters({epoch}, now(), gen_random_uuid(), NULL, 1, now() + interval '1 minute')", check=False)
    ok("another daemon has taken over" in fenced, "the old daemon may lease nothing", fenced)
    same(post(letter("h-north", [mine[0].id], key=one.id)), [(REPEATED, DEAD)], "the new one knows the letters")
    ok(len(got.letters) == 1, "one had been leased")


def test_erasure():
    """An erased text goes from the letters that repeat it; one that waits is given up."""
    daemon = HERE["daemon"]
    post_all()
    case_no = new_case(text="王小明 13900000000")
    mine = [row for row in unposted() if row.officer == b"h-north"]
    secret = letter("h-north", [mine[0].id])
    secret.body = "王小明 13900000000".encode()
    need(post(secret)[0][0] == MADE, "a letter with a name")
    index = daemon.sql(f"SELECT log_index FROM rectify.event WHERE case_no = {case_no} AND version = 1")
    office, admin = Client(daemon, "off"), Client(daemon, "office")
    office.act(command(ERASE_ASK, 0, other=int(index) + 1, number="PIPL 47", text="asked for"))
    same(admin.act(command(ERASE, 0, other=int(index) + 1))[0].receipt.rule, 665, "the text is erased")
    row, = rows(id=secret.id, with_body=True)
    same((row.letter.subject, row.letter.body, row.letter.html, row.state), (b"", b"", b"", DEAD), "from the letter too, which is given up")
    ok(until(lambda: [one for one in notices_of("off") if one.kind == NOTICE_UNDELIVERED and one.case_no == case_no]), "and the office told")
    for client in (office, admin):
        client.close()


def erase(case_no):
    """The text of a case's finding."""
    index = int(HERE["daemon"].sql(f"SELECT log_index FROM rectify.event WHERE case_no = {case_no} AND version = 1"))
    office, admin = Client(HERE["daemon"], "off"), Client(HERE["daemon"], "office")
    office.act(command(ERASE_ASK, 0, other=index + 1, number="PIPL 47", text="asked for"))
    same(admin.act(command(ERASE, 0, other=index + 1))[0].receipt.rule, 665, "the text is erased")
    for client in (office, admin):
        client.close()


def test_erased_meanwhile():
    """A text that is erased between a courier's reading and its posting gets into no letter."""
    daemon = HERE["daemon"]
    post_all()
    secret_case, other_case = new_case(text="李小红 13900000001"), new_case()
    page = courier().query(unposted=pb.UnpostedQuery())
    mine = {row.case_no: letter("h-north", [row.id]) for row in page.notices if row.officer == b"h-north"}
    mine[secret_case].body = "李小红 13900000001".encode()
    both = letter("h-north", [notice for one in mine.values() for notice in one.notices])
    both.body = mine[secret_case].body
    erase(secret_case)

    def outcomes(letters, size):
        return [(one.result, one.notice) for one in courier().ask(post=pb.Post(letters=letters, size=size)).letters.outcomes]

    late = mine[secret_case].notices[0]
    same(outcomes([mine[secret_case], both, mine[other_case]], page.head.size), [(ERASED, late), (ERASED, late), (MADE, 0)], "what tells of it is not made")
    same(outcomes([mine[secret_case]], 0), [(ERASED, late)], "nor for who does not say what he read")
    same(daemon.sql("SELECT count(*) FROM rectify.letter WHERE body LIKE '%13900000001%'"), "0", "the text is in no letter")
    page = courier().query(unposted=pb.UnpostedQuery())
    same([row.case_row.text for row in page.notices if row.case_no == secret_case and row.officer == b"h-north"], [b""], "read again, it is gone")
    mine[secret_case].body = b"x"
    same(outcomes([mine[secret_case]], page.head.size), [(MADE, 0)], "and the letter is made")


def test_erasure_waits_for_couriers():
    """An erasure waits until a request of a courier has ended, and blanks what that one made."""
    daemon = HERE["daemon"]
    post_all()
    case_no = new_case(text="赵小兰 13900000002")
    mine = next(row for row in unposted() if row.officer == b"h-north")
    secret = letter("h-north", [mine.id])
    secret.body = "赵小兰 13900000002".encode()
    need(post(secret)[0][0] == MADE, "a letter")
    need(len(lease(channel="mail").letters) >= 1, "is leased")
    holder = subprocess.Popen([PSQL, "-XAtq", "-h", daemon.data / "postgres-socket", "-U", "rectify_admin", "-d", "rectify"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    epoch = daemon.sql("SELECT epoch FROM rectify.head")
    holder.stdin.write(f"BEGIN; SELECT result FROM rectify.report_letters({epoch}, now(), '{{}}', '{{}}', '{{}}', '{{}}', '{{}}'); SELECT 'held';\n")
    holder.stdin.flush()
    same(holder.stdout.readline().strip(), "held", "a courier's request has begun")
    index = int(daemon.sql(f"SELECT log_index FROM rectify.event WHERE case_no = {case_no} AND version = 1"))
    office, admin = Client(daemon, "off"), Client(daemon, "office")
    office.act(command(ERASE_ASK, 0, other=index + 1, number="PIPL 47", text="asked for"))
    asked = request("office", act=pb.Act(commands=[command(ERASE, 0, other=index + 1)]))
    admin.send(asked)
    ok(until(lambda: daemon.sql("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'rectify.letter_mark'::regclass") == "1"), "the erasure waits for it")
    holder.stdin.write(f"UPDATE rectify.letter SET opened = now() WHERE id = '{secret.id.hex()}'; COMMIT;\n")  # what deadlocked before
    holder.stdin.close()
    holder.wait(PATIENCE)
    same(admin.ask(asked).outcomes.outcomes[0].receipt.rule, 665, "then it is done")
    row, = rows(id=secret.id, with_body=True)
    same((row.letter.body, row.opened > 0), (b"", True), "both are")
    ok("commit.failed" not in daemon.log(), "no commit failed")
    for client in (office, admin):
        client.close()


def test_restricted():
    """A case is restricted after its letter was made: the letter arrives without its words, and nobody reads them in it."""
    daemon = HERE["daemon"]
    post_all()
    while got := lease().letters:
        for one in got:
            report(one.letter.id, one.attempt, DELIVERED)
    case_no = new_case(text="机密")
    mine = next(row for row in unposted() if row.officer == b"h-north")
    secret = letter("h-north", [mine.id])
    secret.subject = secret.body = secret.html = "机密".encode()
    need(post(secret)[0][0] == MADE, "a letter with words of the case")
    daemon.sql("CREATE ROLE zhao LOGIN IN ROLE rectify_auditor; INSERT INTO rectify.reader_login VALUES ('zhao', 'auditor')")
    sees = f"SET SESSION AUTHORIZATION zhao; SELECT count(*) FROM rectify.letter WHERE id = '{secret.id.hex()}'"
    same(daemon.sql(sees), "1", "an auditor's own SQL shows it")
    office = Client(daemon, "off")
    same(office.act(command(RESTRICT, case_no, text="x"))[0].receipt.rule, 656, "restricted")
    row, = rows(id=secret.id, with_body=True)
    same((row.letter.subject, row.letter.body, row.letter.html, row.state), (b"", b"", b"", WAITING), "it is shown without its words")
    same(daemon.sql(sees), "0", "and not to SQL")
    same(daemon.sql("SET SESSION AUTHORIZATION zhao; SELECT count(*) FROM rectify.letter_notice AS k "
                    f"JOIN rectify.notice AS n ON n.id = k.notice WHERE n.case_no = {case_no}"), "0", "nor is what hangs on it")
    message = request("post", lease=pb.Lease(count=32, seconds=60, channel=b"mail"))
    one, = lease(message=message).letters
    same((one.letter.id, one.letter.html, one.letter.notices), (secret.id, b"", [mine.id]), "it still goes")
    ok(f"rectify show {case_no}\n" in one.letter.body.decode() and "机密" not in (one.letter.body + one.letter.subject).decode(), "and says where to read", one)
    same(office.act(command(FREE, case_no, text="x"))[0].receipt.rule, 657, "freed")
    one, = lease(message=message).letters
    same((one.letter.subject, one.letter.html), (secret.subject, secret.html), "its words are there again")
    same(daemon.sql(sees), "1", "to SQL too")
    same(report(secret.id, 1, DELIVERED), (RECORDED, SENT), "delivered")
    same(len(lease(message=message).letters), 0, "the same request gets no other letters")
    office.close()


def test_left():
    """A notice to an officer who left meanwhile is in a letter that goes nowhere."""
    post_all()
    new_case()
    mine = next(row for row in unposted() if row.officer == b"h-north")
    office = Client(HERE["daemon"], "office")
    left = POST_CITY.replace("  - {code: h-north, name: 北办, unit: north}\n", "").replace("  - {officer: h-north, role: handler, unit: north}\n", "")
    need("h-north," not in left, "a registry without the officer")
    same(office.publish(1, left).WhichOneof("result"), "receipt", "the officer leaves")
    again = next(row for row in unposted() if row.id == mine.id)
    gone = letter(again.officer.decode(), [mine.id])
    same(post(gone, gone), [(MADE, NONE), (REPEATED, NONE)], "the letter is made, for no channel")
    ok(mine.id not in [row.id for row in unposted()], "and the notice is posted")
    same(office.publish(1, POST_CITY).WhichOneof("result"), "receipt", "the officer comes back")
    office.close()


def test_many():
    """Many letters: urgent ones first, each leased once; a page has no end."""
    post_all()
    client = Client(HERE["daemon"])
    for _ in range(3):
        client.submit(*(finding() for _ in range(100)))
    client.close()
    waiting = unposted()
    ok(len(waiting) >= 300, f"{len(waiting)} notices")
    letters = [letter(row.officer.decode(), [row.id], urgent=at % 10 == 0) for at, row in enumerate(waiting)]
    for at in range(0, len(letters), 256):
        need({result for result, _ in post(*letters[at:at + 256])} == {MADE}, "all are made")
    same(unposted(), [], "nothing is left")
    seen, urgent = [], []
    while got := lease(channel="mail").letters:
        seen += [one.letter.id for one in got]
        urgent += [one.letter.urgent for one in got]
        reports = [pb.LetterReport(letter=one.letter.id, attempt=one.attempt, outcome=DELIVERED) for one in got]
        need(all(one.result == RECORDED for one in courier().ask(report=pb.Report(reports=reports)).letters.outcomes), "all reported")
    same((len(seen), len(set(seen))), (len(letters), len(letters)), "each was handed out once")
    same(urgent, sorted(urgent, reverse=True), "the urgent ones first")
    mark = HERE["daemon"].sql("SELECT posted_until > (SELECT max(id) FROM rectify.notice) FROM rectify.letter_mark")
    same(mark, "t", "nobody need look at them again")


def test_too_often():
    """A letter that was leased a thousand times and never reported is given up by the next lease."""
    daemon = HERE["daemon"]
    case_no = new_case()
    mine = [row for row in unposted() if row.case_no == case_no and row.officer == b"h-north"]
    one = letter("h-north", [mine[0].id])
    need(post(one)[0][0] == MADE, "a letter")
    daemon.sql(f"ALTER TABLE rectify.letter DISABLE TRIGGER guard_row; UPDATE rectify.letter SET attempts = 1000 WHERE id = '{one.id.hex()}';"
               "ALTER TABLE rectify.letter ENABLE ALWAYS TRIGGER guard_row")
    same(len(lease(channel="mail").letters), 0, "it is not handed out again")
    ok(until(lambda: [row for row in notices_of("off") if row.kind == NOTICE_UNDELIVERED and row.case_no == case_no]), "the office is told")


def test_slow():
    """Somebody holds up the tables of letters: findings and cases do not notice."""
    daemon = HERE["daemon"]
    holder = subprocess.Popen([PSQL, "-XAtq", "-h", daemon.data / "postgres-socket", "-U", "rectify_admin", "-d", "rectify"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    holder.stdin.write("BEGIN; LOCK TABLE rectify.letter IN ACCESS EXCLUSIVE MODE; SELECT 'held';\n")
    holder.stdin.flush()
    same(holder.stdout.readline().strip(), "held", "the table is locked")
    waiting = request("post", lease=pb.Lease(count=1, seconds=1))
    courier().send(waiting)
    need(until(lambda: daemon.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'rectifyd letters' AND wait_event_type = 'Lock'") == "1"),
         "a lease waits for it")
    client = Client(daemon)
    same([outcome.WhichOneof("result") for outcome in client.submit(finding(), finding())], ["receipt"] * 2, "findings are taken meanwhile")
    handler = Client(daemon, "h-north")
    same(handler.act(command(SIGN_FOR, 1))[0].receipt.status, 4, "and commands")
    handler.close()
    client.close()
    holder.stdin.write("COMMIT;\n")
    holder.stdin.close()
    holder.wait(PATIENCE)
    same(courier().ask(waiting).WhichOneof("body"), "leased", "then the lease comes")


def test_command():
    """rectify letters: what was sent to whom, and every attempt."""
    done = rectify("letters", "--officer", "h-north", "--dead")
    ok(done.returncode == 0 and "given up" in done.stdout and "451 still no room" in done.stdout and "mail" in done.stdout, "the dead ones", done.stdout, done.stderr)
    zh = rectify("letters", "--case", HERE["dead"][1], language="--zh")
    ok("无法送达" in zh.stdout and "暂时失败" in zh.stdout and "北办" in zh.stdout, "of a case, in Chinese", zh.stdout, zh.stderr)
    lines = [json.loads(line) for line in rectify("letters", "--json", "--case", HERE["dead"][1]).stdout.splitlines()]
    dead = next(line for line in lines if line["state"] == "dead")
    same([one["outcome"] for one in dead["deliveries"]], ["failed", "deferred", "expired", "failed"], "as JSON")
    ok(rectify("letters", actor="h-north").returncode == 1, "not for everybody")
    inbox = rectify("inbox", actor="off").stdout
    ok("could not be delivered" in inbox and "550 gone" in inbox and "h-north" in inbox, "the office's inbox has a line of each that was given up", inbox)
    ok("could not be delivered" not in rectify("inbox", actor="h-north").stdout, "nobody else's")
    doctor = HERE["daemon"].doctor()
    ok(doctor.returncode == 0, "the doctor finds nothing wrong", doctor.stdout[-1500:], doctor.stderr[-1500:])


main(test_rights, test_unposted, test_post, test_lease, test_failures, test_dead, test_closed_case, test_takeover, test_erasure, test_erased_meanwhile,
     test_erasure_waits_for_couriers, test_restricted, test_left, test_many, test_too_often, test_slow, test_command)

#!/usr/bin/python3
"""What happens to all cases at once: a calendar that changes after dates were set, posts that are emptied, time that was
missed; also when the daemon dies in the middle of it."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

DAY = 24 * HOUR
NOON = 1579492800 * 1_000_000 - 4 * HOUR  # 2020-01-20, noon in Shanghai
START_2020 = "2020-01-20"
FOUND = 18281  # 2020-01-20
DAEMON = []
CALENDAR = (ROOT / "policy" / "calendar" / "cn.yaml").read_text()
# As it was until 2020-01-26: the notice that lengthened the Spring Festival had not come.
BEFORE = "".join(line for line in CALENDAR.splitlines(keepends=True) if "n2020-spring" not in line)
CASES = 730


def wide_city(start):
    DAEMON.clear()
    daemon = Daemon("--clock", "manual", "--clock-start", start, manual=False).start()
    DAEMON.append(daemon)
    publish(3, BEFORE)
    publish(1, CITY)
    return daemon


def publish(kind, body):
    client = Client(DAEMON[0], "office")
    outcome = client.publish(kind, body)
    client.close()
    need(outcome.WhichOneof("result") == "receipt", f"not published: {outcome}")
    return outcome.receipt


def submits(count=1, **more):
    client = Client(DAEMON[0])
    outcomes = client.submit(*[finding(found_on=FOUND, **more) for _ in range(count)])
    client.close()
    need(all(outcome.WhichOneof("result") == "receipt" for outcome in outcomes), outcomes[:1])
    return [outcome.receipt for outcome in outcomes]


def off():
    return Client(DAEMON[0], "off")


def settle():
    """Until all cases are reviewed: the clock is not moved before."""
    client = off()
    stands = client.ping().now
    reply = client.advance(stands)
    client.close()
    need(reply.WhichOneof("body") == "pong", reply)
    return stands


def row(case_no):
    client = off()
    rows = client.cases(case_no=[case_no])
    client.close()
    return rows[0]


def events(case_no):
    client = off()
    rows = [pb.Event.FromString(event.record) for page in client.pages(history=pb.HistoryQuery(case_no=case_no)) for event in page.events]
    client.close()
    return rows


def number(text):
    return int(DAEMON[0].sql(text))


def marks():
    """(what the cases were reviewed by, the newest publication that asks for it)."""
    return DAEMON[0].sql("SELECT reviewed || ' ' || (SELECT max(log_index) + 1 FROM rectify.document WHERE kind IN (1, 3)) FROM rectify.head").split()


def rectify_clock(event):
    return [clock for clock in event.clocks if clock.kind == 4][-1]


def day_of(due):
    """The last day in time, in Shanghai."""
    return DAEMON[0].sql(f"SELECT to_char(to_timestamp({(due - 1) // 1_000_000}) AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD')")


def test_emergency_notice():
    """2020-01-26: a make-up working Saturday six days ahead becomes a holiday."""
    wide_city(START_2020)
    one = submits(kind=3)[0].case_no
    two = submits(kind=4)[0].case_no
    off().act(command(COMMENT, two, text="x"))
    same((row(one).due_text, row(two).due_text), (b"2020-02-07", b"2020-02-14"), "ten and fifteen working days by the calendar of the time")
    first = row(one).calendar_version
    off().advance(NOON + 6 * DAY)
    size = number("SELECT size FROM rectify.head")
    receipt = publish(3, CALENDAR)
    settle()
    same((row(one).due_text, row(two).due_text), (b"2020-02-11", b"2020-02-18"), "two days later: 01-31 and 02-01 no longer work")
    same(row(one).calendar_version, first + 1, "by the new calendar")
    story = events(one)
    same([event.command for event in story if event.command != RUNG_DUE], [SUBMIT, REVIEW], "by an event of its own")
    same((day_of(rectify_clock(story[0]).due), story[0].calendar_version), ("2020-02-07", first), "what was believed before stands where it was")
    same((day_of(rectify_clock(story[-1]).due), story[-1].calendar_version, story[-1].rule), ("2020-02-11", first + 1, 649), "what is believed now behind it")
    same(number("SELECT size FROM rectify.head"), size + 3, "one publication, two reviews")
    ok(row(one).first_due < row(one).due, "the first date stays")
    same(marks(), [str(receipt.log_index + 1)] * 2, "the head keeps that all are reviewed")
    off().advance(NOON + 12 * DAY)
    same([event.fired_clock for event in events(one) if event.command == RUNG_DUE and event.fired_clock == 4], [], "nothing fires by the date that was")  # on 02-01
    size = number("SELECT size FROM rectify.head")
    publish(3, CALENDAR.replace("端午节", "端午"))
    settle()
    same(number("SELECT size FROM rectify.head"), size + 1, "a calendar that moves no date leaves no trace on a case")
    DAEMON[0].stop()
    DAEMON[0].start()
    ok(not DAEMON[0].saw("reviews_left"), "a start with nothing left to review reviews nothing")


def test_posts():
    """A registry that takes the handler away: the case has another one, who is told."""
    one = submits(unit="south")[0].case_no
    same(row(one).handler, b"h-south", "the handler of the south")
    publish(1, CITY.replace("  - {officer: h-south, role: handler, unit: south}\n", ""))
    settle()
    same((row(one).handler, row(one).accountable), (b"p-south", b"p-south"), "has left: the head of the unit has the case")
    client = Client(DAEMON[0], "p-south")
    notices = [notice for page in client.pages(notices=pb.NoticeQuery()) for notice in page.notices]
    same(notices[-1].case_no, one, "and is told")
    same(DAEMON[0].doctor().returncode, 0, "the doctor finds nothing wrong")
    same(DAEMON[0].stop(), 0, "stops")


def test_kill_in_the_middle():
    """Killed while many cases are reviewed: the next daemon goes on, nothing twice, and no rung by an old date before."""
    wide_city(START_2020)
    daemon = DAEMON[0]
    for _ in range(0, CASES, 365):
        submits(365, kind=4)
    same(number("SELECT count(*) FROM rectify.case_ WHERE due_at = '2020-02-14 16:00+00'"), CASES, "a date that will move")
    off().advance(NOON + 6 * DAY)
    receipt = publish(3, CALENDAR)
    daemon.kill()
    done = number(f"SELECT count(*) FROM rectify.event WHERE command = {REVIEW}")
    ok(done < CASES, f"killed when {done} of {CASES} were reviewed")
    daemon.sql("UPDATE rectify.head SET clock = '2020-02-03 00:00+00'")  # nobody serves until then
    daemon.start()
    ok(daemon.saw("reviews_left"), "the next one sees that some are left")
    settle()
    same(DAEMON[0].sql(f"SELECT count(*) || ' ' || count(DISTINCT case_no) FROM rectify.event WHERE command = {REVIEW}"), f"{CASES} {CASES}",
         "every case is reviewed once")
    same(number("SELECT count(*) FROM rectify.case_ WHERE due_at = '2020-02-18 16:00+00'"), CASES, "and has its new date")
    same(number(f"SELECT count(*) FROM rectify.event WHERE command = {RUNG_DUE} AND log_index > {receipt.log_index}"), 0,
         "what fell due by the old one, two days ago, has not fired")
    same(marks(), [str(receipt.log_index + 1)] * 2, "the head keeps it")
    daemon.kill()
    daemon.start()
    same(number(f"SELECT count(*) FROM rectify.event WHERE command = {REVIEW}"), CASES, "once more started: nothing more")
    same(daemon.doctor().returncode, 0, "the doctor finds nothing wrong")


def test_others_are_served():
    """While the cases are reviewed, people are served in between."""
    daemon, client = DAEMON[0], Client(DAEMON[0])
    publish(3, BEFORE)
    receipts = [client.submit(finding(found_on=FOUND))[0].receipt for _ in range(3)]
    settle()
    last = number(f"SELECT max(log_index) FROM rectify.event WHERE command = {REVIEW}")
    ok(receipts[0].log_index < last, "the first one is recorded before the last review", receipts[0].log_index, last)
    same(number(f"SELECT count(*) FROM rectify.event WHERE command = {REVIEW}"), 2 * CASES, "and every case is reviewed again")
    same(daemon.doctor().returncode, 0, "the doctor finds nothing wrong")


def test_kill_in_a_sweep():
    """Killed at any moment around an event and all that follows from it: all of it is recorded, or none, and once."""
    daemon = DAEMON[0]
    text = CITY.replace("  - {code: south,", "".join(f"  - {{code: x{i}, name: 支{i}, parent: north}}\n" for i in range(60)) + "  - {code: south,")
    publish(1, text)
    settle()
    for pause in (0, 1, 2, 4, 8, 16, 32):
        one = submits(unit="north-1")[0].case_no
        message = request("off", act=act_of(command(SWEEP, one)))
        client = off()
        client.send(message)
        client.receive(pause / 1000)
        daemon.kill()
        seen = number(f"SELECT count(*) FROM rectify.case_ WHERE parent = {one}")
        ok(seen in (0, 60), f"killed after {pause} ms: {seen} cases follow")
        daemon.start()
        receipt = client.ask(message).outcomes.outcomes[0].receipt
        ok(receipt.repeated or seen == 0, "sent again: what was recorded is a repeat")
        same((receipt.case_no, number(f"SELECT count(*) FROM rectify.case_ WHERE parent = {one}")), (one, 60), "one sweep, 60 cases")
        client.close()
    same(number("SELECT count(*) - max(case_no) FROM rectify.case_"), 0, "case numbers are dense")
    same(daemon.doctor().returncode, 0, "the doctor finds nothing wrong")
    same(daemon.stop(), 0, "stops")


def test_outage():
    """Three days without a daemon: the missed rungs fire in due order, and each officer gets one digest."""
    daemon = wide_city("2020-03-02")
    submits(5)
    submits(2, unit="south")
    client = off()
    client.advance(client.ping().now + 30 * DAY)
    same(number("SELECT count(*) FROM rectify.notice WHERE digest <> 0"), 0, "in time each notice is a message of its own")
    ok(number("SELECT count(*) FROM rectify.notice") > 30, "and there are some")
    daemon.kill()
    size = number("SELECT size FROM rectify.head")
    daemon.sql("UPDATE rectify.head SET clock = clock + interval '12 days'")
    daemon.start()
    settle()
    fired = [line.split("|") for line in daemon.sql(f"SELECT log_index, record FROM rectify.event WHERE log_index >= {size} ORDER BY 1").splitlines()]
    times = [pb.Event.FromString(bytes.fromhex(record[2:])).effective for _, record in fired]
    ok(len(times) > 10 and times == sorted(times), f"{len(times)} missed rungs fire in due order")
    late = daemon.sql(f"SELECT count(*), count(DISTINCT officer), count(DISTINCT digest), count(DISTINCT (officer, digest)), min(digest) FROM rectify.notice WHERE id >= {size * 16}")
    count, officers, digests, messages, first = map(int, late.split("|"))
    ok(count > 2 * officers and digests == 1 and messages == officers and first == size, f"{count} notices are {officers} messages", late)
    handler = Client(daemon, "h-north")
    notices = [notice for page in handler.pages(notices=pb.NoticeQuery()) for notice in page.notices if notice.digest]
    ok(len(notices) > 1 and {notice.digest for notice in notices} == {size}, "the wire says so", notices[:2])
    before = number("SELECT max(id) FROM rectify.notice")
    client.advance(client.ping().now + 20 * DAY)
    same(number(f"SELECT count(*) FROM rectify.notice WHERE id > {before} AND digest <> 0"), 0, "afterwards each is by itself again")
    daemon.kill()
    daemon.sql("UPDATE rectify.head SET clock = clock + interval '20 days'")
    daemon.start()
    settle()
    same(number("SELECT count(DISTINCT digest) FROM rectify.notice WHERE digest <> 0"), 2, "another outage, another digest")
    same(daemon.doctor().returncode, 0, "the doctor finds nothing wrong")
    same(daemon.stop(), 0, "stops")


main(test_emergency_notice, test_posts, test_kill_in_the_middle, test_others_are_served, test_kill_in_a_sweep, test_outage)

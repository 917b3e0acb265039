#!/usr/bin/python3
"""The manual clock: it stops at each rung on its way, also at the very last instant, and goes on where it stood."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

DAY = 24 * HOUR


def city(daemon):
    office = Client(daemon, "office")
    key = uuid7()
    body = CITY.encode()
    outcome = office.ask(publish=pb.Publish(id=key, document=1, file_name=b"city.yaml", body=body)).outcomes.outcomes[0]
    need(outcome.WhichOneof("result") == "receipt" and outcome.receipt.rule == 660, outcome)
    return Client(daemon, "off")


def advance(client, until_usec):
    return client.ask(clock_advance=pb.ClockAdvance(until=until_usec))


def fired(daemon, case_no):
    return [tuple(map(int, line.split("|"))) for line in daemon.sql(
        "SELECT version, (extract(epoch FROM recorded) * 1000000)::bigint FROM rectify.event "
        f"WHERE case_no = {case_no} AND command = 40 ORDER BY version").splitlines()]


def test_stops_at_each_rung():
    """Every rung is recorded at its own instant, the last one when it is the target itself."""
    daemon = Daemon().start()
    client = city(daemon)
    receipt = Client(daemon).submit(finding())[0].receipt
    row = client.cases(case_no=[receipt.case_no])[0]
    reply = advance(client, row.next_fire)
    same(reply.pong.now, row.next_fire, "advancing to the instant of a rung is answered, at that instant")
    same([at for _, at in fired(daemon, receipt.case_no)], [row.next_fire], "and the rung has fired, once")
    same(advance(client, row.next_fire).pong.now, row.next_fire, "asking again changes nothing")
    same(len(fired(daemon, receipt.case_no)), 1, "not even a rung")
    before = row.next_fire
    row = client.cases(case_no=[receipt.case_no])[0]
    ok(row.next_fire > before, "the next rung lies ahead", row.next_fire, before)
    same(advance(client, row.next_fire - 1).pong.now, row.next_fire - 1, "one microsecond before it")
    same(len(fired(daemon, receipt.case_no)), 1, "nothing fires early")
    return daemon, client, receipt


def test_goes_on_where_it_stood():
    """After kill -9, also when nothing was recorded at the last instant, and whatever --clock-start says."""
    daemon, client, receipt = test_stops_at_each_rung()
    stood = client.ping().now
    daemon.kill()
    daemon.options[daemon.options.index("--clock-start") + 1] = "2030-01-01"
    daemon.start()
    same(client.ping().now, stood, "the clock stands where it stood")
    reply = advance(client, stood + 60 * DAY)
    same(reply.pong.now, stood + 60 * DAY, "and goes on")
    times = [at for _, at in fired(daemon, receipt.case_no)]
    same(times, sorted(times), "rungs fire in due order")
    ok(len(times) > 8, "reminders do not go silent", len(times))
    done = daemon.doctor()
    ok(done.returncode == 0, "doctor finds nothing", done.stdout, done.stderr)
    same(daemon.stop(), 0, "stops")


def test_late_duplicate():
    """A client that asks for an instant again, too late, disturbs nobody: what it sends next is taken in its order."""
    daemon = Daemon().start()
    client = city(daemon)
    until = client.ping().now + DAY
    advance(client, until)
    asks = [request("off", clock_advance=pb.ClockAdvance(until=until)), request("insp-1", submit=submit_of(finding())),
            request("insp-1", submit=submit_of(finding()))]
    for ask in asks:
        client.send(ask)
    replies = {}
    while len(replies) < len(asks):
        reply = need(client.receive(), "a reply")
        replies[reply.id] = reply
    same([replies[ask.id].WhichOneof("body") for ask in asks], ["pong", "outcomes", "outcomes"], "the clock stands there already; the findings are taken")
    same([replies[ask.id].outcomes.outcomes[0].receipt.case_no for ask in asks[1:]], [1, 2], "in order")
    daemon.stop()


def test_real_clock_after_a_demonstration():
    """A real clock that is behind the record stands still: nothing is ever recorded before what lies before it."""
    daemon = Daemon().start()
    client = city(daemon)
    advance(client, client.ping().now + 365 * 30 * DAY)
    stood = client.ping().now
    daemon.stop()
    daemon.options = []
    daemon.start()
    ok(daemon.saw("clock.behind_the_record"), "it says so", daemon.tail())
    same(client.ping().now, stood, "and stands still")
    outcome = Client(daemon).submit(finding())[0]
    same(outcome.receipt.recorded, stood, "what is recorded follows the record")
    reply = client.ask(clock_advance=pb.ClockAdvance(until=stood + DAY))
    same(reply.error.code, CLOCK, "and a real clock cannot be moved")


if __name__ == "__main__":
    main(test_goes_on_where_it_stood, test_late_duplicate, test_real_clock_after_a_demonstration)

#!/usr/bin/python3
"""The system's clock is moved under a daemon with a real clock (libfaketime): +30 days, -2 hours, over the change to summer time.  The
record never goes back, no rung fires early or twice.  The control is the same jump to a daemon that follows it: rungs do fire."""
import calendar
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

LIBRARY = (glob.glob("/usr/lib/*/faketime/libfaketime.so.1") or [""])[0]
DAY, HERE = 24 * 3600, {}


def move(seconds):
    """The system's clock is so far from the true one from now on."""
    fresh = HERE["top"] / "new"
    fresh.write_text(f"{seconds:+d}\n")
    os.replace(fresh, HERE["top"] / "offset")


def faked(daemon):
    daemon.surroundings = {"LD_PRELOAD": LIBRARY, "FAKETIME_TIMESTAMP_FILE": str(HERE["top"] / "offset"), "FAKETIME_NO_CACHE": "1",
                           "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1", "TZ": "Europe/Berlin"}


def rungs(daemon):
    return int(daemon.sql("SELECT count(*) FROM rectify.event WHERE command = 40"))


def recorded(client):
    """When a finding that is handed in now is recorded, in seconds."""
    return client.submit(finding())[0].receipt.recorded / 1_000_000


def test_jumps():
    """+30 days and back, then -2 hours, under load."""
    HERE["top"] = place()
    move(0)
    daemon = HERE["daemon"] = Daemon(manual=False)
    faked(daemon)
    daemon.start()
    publish_city(daemon)
    client, load = Client(daemon), Load(daemon)
    load.start()
    load.wait_more(60)
    before = recorded(client)
    move(30 * DAY)
    need(until(lambda: daemon.saw("clock.stepped")), f"the step is noticed:\n{daemon.tail()}")
    load.wait_more(30)
    after = recorded(client)
    ok(before <= after < before + 3600, f"+30 days: the record goes on evenly, {after - before:.0f} s later")
    same(rungs(daemon), 0, "+30 days: no rung fires")
    move(0)
    need(until(lambda: daemon.saw("clock.step_undone")), f"set right again:\n{daemon.tail()}")
    load.wait_more(30)
    before = recorded(client)
    move(-2 * 3600)
    load.wait_more(60)
    after = recorded(client)
    ok(before <= after < before + 60, f"-2 hours: the record stands still, {after - before:.1f} s later")
    move(0)
    load.wait_more(30)
    load.before |= {bytes.fromhex(line.replace("-", "")) for line in daemon.sql("SELECT id FROM rectify.finding").splitlines()} - load.submitted
    load.end()
    verdict = load.compare(daemon, "after the jumps")
    same(daemon.sql("SELECT count(*) FROM (SELECT recorded < lag(recorded) OVER (ORDER BY log_index) AS back FROM rectify.event) AS e WHERE back"), "0",
         "nowhere in the log does time go back")
    fired = control_followed(daemon)
    publish("R13", "clock moved by +30 days, back, and by -2 hours", "libfaketime", 3, [verdict], (), f"started again, it follows +30 days: {fired} rungs fire")


def control_followed(daemon):
    """The control: the daemon is started again, so that +30 days are meant; then 2 hours back: none fires twice."""
    same(daemon.stop(), 0, "it stops")
    move(30 * DAY)
    daemon.start()
    settled = "SELECT count(*) FROM rectify.case_ WHERE next_fire_at < now() + interval '29 days'"
    need(until(lambda: daemon.sql(settled) == "0"), f"what is due fires: {daemon.sql(settled)}")
    fired = rungs(daemon)
    ok(fired > 0, f"the control, the jump is followed: {fired} rungs fire")
    daemon.stop()
    move(30 * DAY - 2 * 3600)
    daemon.start()
    is_served(daemon, "2 hours back, at a start")
    same(rungs(daemon), fired, "none fires twice")
    done = daemon.doctor()
    ok(done.returncode == 0, "the doctor finds nothing wrong", done.stdout[-800:])
    same(daemon.stop(), 0, "it stops")
    return fired


def test_summer_time():
    """Over 2026-03-29 01:00 UTC, when clocks in Berlin go from 2 to 3."""
    move(calendar.timegm((2026, 3, 29, 0, 59, 57)) - int(time.time()))
    daemon = Daemon(manual=False)
    faked(daemon)
    daemon.start()
    publish_city(daemon, CITY.replace("Asia/Shanghai", "Europe/Berlin"))
    load = Load(daemon)
    load.start()
    load.wait_more(30)
    change = calendar.timegm((2026, 3, 29, 1, 0, 0)) * 1_000_000
    move(calendar.timegm((2026, 3, 29, 0, 59, 58)) - int(time.time()))
    need(until(lambda: max(one.recorded for one in list(load.receipts.values())) > change + 1_000_000), "the change is past")
    load.end()
    verdict = load.compare(daemon, "over the change to summer time")
    most = float(daemon.sql("SELECT max(extract(epoch FROM recorded - before)) FROM (SELECT recorded, lag(recorded) OVER (ORDER BY log_index) AS before "
                            "FROM rectify.event) AS e"))
    ok(0 <= most < 600, f"the longest step of the record is {most:.1f} s, not an hour")
    same(daemon.stop(), 0, "it stops")
    publish("R13", "the change to summer time", "libfaketime", 1, [verdict], (), "as above")


if not LIBRARY:
    print("1..0 # SKIP libfaketime is not installed")
    sys.exit(0)
if SANITIZED:
    print("1..0 # SKIP a sanitizer must be loaded before libfaketime")
    sys.exit(0)
main(test_jumps, test_summer_time)

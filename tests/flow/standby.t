#!/usr/bin/python3
"""A standby: a second daemon on the same data directory waits, and serves when the first cannot."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

RUNNING = []  # the active daemon last


def standby(top):
    daemon = Daemon(top=top).start(wait=False)
    daemon.wait_log("store.standby")
    return daemon


def inode(daemon):
    return os.stat(daemon.socket).st_ino


def test_waits():
    """A standby takes nothing, and goes without leaving a trace."""
    first = city()
    RUNNING.append(first)
    before, server = inode(first), first.postmaster()
    second = standby(first.top)
    same(inode(first), before, "the socket's path stays the first one's")
    is_served(first, "with a standby beside it")
    ok(second.running() and not second.saw("ready endpoint"), "the standby waits", second.tail())
    same(second.stop(), 0, "a standby stops as asked")
    same((first.postmaster(), inode(first)), (server, before), "and leaves PostgreSQL and the socket alone")
    is_served(first, "after it went")


def test_takes_over():
    """kill -9 of the active one under load."""
    first = RUNNING[-1]
    second = standby(first.top)
    load = Load(first)
    load.start()
    load.wait_more(60)
    at = time.monotonic()
    first.kill()
    second.wait_log("ready endpoint=")
    load.wait_more(60)
    took = time.monotonic() - at
    load.end()
    ok(took < 10, f"the standby serves after {took:.1f} s, less than 10")
    ok(set(load.errors) <= {BUSY, UNAVAILABLE}, "clients saw nothing but: try later", load.errors)
    load.compare(second, "after a take-over")
    RUNNING.append(second)


def test_superseded():
    """The active one sleeps, loses its lock, and wakes up when another serves."""
    first = RUNNING[-1]
    second = standby(first.top)
    load = Load(first)
    load.start()
    load.wait_more(60)
    first.process.send_signal(signal.SIGSTOP)
    epoch = int(first.sql("SELECT epoch FROM rectify.head"))
    same(first.sql("SELECT count(*) FROM pg_stat_activity WHERE pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted)"
                   " AND usename = 'rectify_writer'"), "1", "the sleeping one holds the lock")
    time_out = until(lambda: second.saw("ready endpoint="), 2)
    ok(time_out is None, "while it does, the standby waits")
    first.sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
    second.wait_log("ready endpoint=")
    taken = inode(second)
    is_served(second, "the standby")
    load.before |= {bytes.fromhex(line.replace("-", "")) for line in second.sql(
        "SELECT f.id FROM rectify.finding AS f ORDER BY f.case_no DESC LIMIT 1").splitlines()}
    first.process.send_signal(signal.SIGCONT)
    same(first.exit_code(), 75, "the first wakes up, finds itself superseded and exits 75")
    ok(first.saw("store.superseded"), "and says so", first.tail())
    same(inode(second), taken, "the socket's path belongs to the second")
    load.wait_more(60)
    load.end()
    verdict = load.compare(second, "after an awakening")
    publish("R24", "the active daemon sleeps, loses its lock, wakes up", "SIGSTOP", 1, [verdict], (), "simulator: bug 4, the epoch forgotten")
    same(int(second.sql("SELECT epoch FROM rectify.head")), epoch + 1, "only one took over")
    RUNNING.append(second)


def test_client_moves():
    """The active one stands still: a client that is connected to it comes to the one that took over by itself."""
    first = RUNNING[-1]
    second = standby(first.top)
    with open(first.top / "watched", "wb") as out:
        watcher = subprocess.Popen([BUILD / "rectify", "watch", "--endpoint", first.endpoint, "--as", "off", "--json"], stdout=out, stderr=out)
    seen = lambda: (first.top / "watched").read_text().count("\n")
    need(until(lambda: is_served(first, "before") and seen() > 0, pause=1), "the watcher watches")
    first.process.send_signal(signal.SIGSTOP)
    first.sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
    second.wait_log("ready endpoint=")
    lines = seen()
    is_served(second, "the second")
    ok(until(lambda: seen() > lines), "the watcher hears of what the second one recorded", (first.top / "watched").read_text()[-500:])
    watcher.kill()
    watcher.wait()
    first.kill()
    RUNNING.append(second)


def test_handed_over():
    """SIGTERM of the active one: the standby goes on, with a PostgreSQL of its own starting."""
    first = RUNNING[-1]
    second = standby(first.top)
    load = Load(first)
    load.start()
    load.wait_more(60)
    same(first.stop(), 0, "the active one stops as asked")
    second.wait_log("ready endpoint=")
    load.wait_more(60)
    load.end()
    load.compare(second, "after a hand-over")
    same(second.stop(), 0, "the last one stops as asked")
    ok(not second.socket.exists() and second.postmaster() == 0, "and leaves neither socket nor server")


main(test_waits, test_takes_over, test_superseded, test_client_moves, test_handed_over)

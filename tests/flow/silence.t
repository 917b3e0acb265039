#!/usr/bin/python3
"""Somebody holds what the daemon needs, or its server says nothing: it waits, and goes on, and nobody else is needed."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

LOCK = "hashtextextended('rectify.writer', 0)"


class Holder:
    """A session that holds something until it is let go."""

    def __init__(self, daemon, user, text):
        self.process = subprocess.Popen([PSQL, "-XAtq", "-h", daemon.data / "postgres-socket", "-U", user, "-d", "rectify"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.process.stdin.write(f"{text};\n\\echo done\n")
        self.process.stdin.flush()

    def wait(self):
        need(any(line.strip() == "done" for line in self.process.stdout), "what was to be held is held")
        return self

    def let_go(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE)


def backends(daemon, name):
    return [int(line) for line in daemon.sql(f"SELECT pid FROM pg_stat_activity WHERE usename = 'rectify_{name}'").splitlines()]


def ticks(daemon):
    """Processor time used, in hundredths of a second."""
    with open(f"/proc/{daemon.process.pid}/stat", encoding="utf-8") as file:
        return sum(map(int, file.read().rpartition(")")[2].split()[11:13]))


def test_lock_of_a_stranger():
    """Who may connect may take the lock that says which daemon is active: that keeps the next one out, not this one."""
    daemon = city()
    thief = Holder(daemon, "rectify_reader", f"SELECT pg_advisory_lock({LOCK})")
    need(until(lambda: daemon.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") == "1"), "the thief waits")
    daemon.sql(f"SELECT pg_terminate_backend({daemon.backend('writer')})")
    thief.wait()
    ok(until(lambda: daemon.saw("store.lock_taken")), "the lock is a stranger's, and the daemon says so", daemon.tail())
    is_served(daemon, "without the lock")
    second = Daemon(top=daemon.top).start(wait=False)
    second.wait_log("store.standby")
    ok(second.saw("lock=held_by_a_session_that_is_no_daemon"), "a standby waits, and says for whom", second.tail())
    second.kill()
    thief.let_go()
    ok(daemon.running(), "the daemon is the same")
    same(daemon.stop(), 0, "and stops as asked")


def test_stalls():
    """The head is held by a forgotten session, a backend stands still, a table is locked under the reader: each for longer than
    a silent server is waited for."""
    held, still, locked = city(), city(), city()
    old = still.backend("writer")  # before there are two: a standby has one too
    standby = Daemon(top=still.top).start(wait=False)
    standby.wait_log("store.standby")
    asked = {held: "insp-1", still: "insp-1", locked: "off"}
    clients = {daemon: Client(daemon, actor) for daemon, actor in asked.items()}
    holder = Holder(held, "rectify_admin", "BEGIN; SELECT FROM rectify.head FOR UPDATE").wait()
    lock = Holder(locked, "rectify_admin", "BEGIN; LOCK TABLE rectify.private").wait()
    stopped = backends(still, "writer")
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    for daemon in (held, still):
        clients[daemon].send(request("insp-1", submit=submit_of(finding())))
    before, at = ticks(standby), time.monotonic()
    message = request("off", query=pb.Query(cases=pb.CaseQuery(with_text=True)))

    def gave_up():
        clients[locked].once(message, 0.2)
        return held.saw("store.lost") and still.saw("store.lost") and len(re.findall("57014", locked.log())) >= 1

    ok(until(gave_up), "each is given up", held.tail(), still.tail(), locked.tail())
    used = (ticks(standby) - before) / (time.monotonic() - at)
    ok(used < 20, f"a standby whose server says nothing does not spin: {used:.0f} % of a processor")
    reply = until(lambda: clients[held].once(request("insp-1", submit=submit_of(finding())), 2))
    ok(reply and reply.error.code in (BUSY, UNAVAILABLE), "while the head is held, clients are told to come again", reply)
    ok(until(lambda: len(backends(locked, "reader")) <= 1), "no backend of the reader is left behind", backends(locked, "reader"))
    ok(until(lambda: still.saw("store.lock_held")), "the lock is still that of the backend that stands still", still.tail())
    ok(held.running() and still.running(), "no daemon ended itself", held.tail(), still.tail())
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)
    holder.let_go()
    lock.let_go()
    for daemon, what in ((held, "after the head was held"), (locked, "after the lock")):
        is_served(daemon, what)
    is_served(still, "after the backend stood still")
    ok(until(lambda: old not in backends(still, "writer")), "that backend is gone", backends(still, "writer"))
    for daemon in (held, still):
        ok(daemon.doctor().returncode == 0, "the doctor finds nothing wrong")


main(test_lock_of_a_stranger, test_stalls)

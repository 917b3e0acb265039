#!/usr/bin/python3
"""What breaks beside the daemon - PostgreSQL, a second writer, the disk's contents - and what becomes of it."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

DAEMON = []
POISON = "nobody may write this sentence"


def unavailable_now(daemon, load):
    """Whether the daemon answers that it cannot, with a time to wait.  What asks may be stored nevertheless, so `load` knows of it.
    A batch in doubt gets no answer: waiting long for one would miss the second in which others get this one."""
    client, one = Client(daemon), finding()
    load.begin(one.id, one.code.decode())
    reply = client.once(request("insp-1", submit=submit_of(one)), 0.2)
    client.close()
    return reply is not None and reply.WhichOneof("body") == "error" and reply.error.code == UNAVAILABLE and reply.error.retry_msec > 0


def test_backend_killed():
    """kill -9 of the writer's backend under load: PostgreSQL restarts all its sessions."""
    daemon = city()
    DAEMON.append(daemon)
    load = Load(daemon)
    load.start()
    load.wait_more(60)
    os.kill(need(daemon.backend("writer"), "a writer's backend"), signal.SIGKILL)
    daemon.wait_log("store.lost")
    load.wait_more(60)
    os.kill(need(daemon.backend("reader"), "a reader's backend"), signal.SIGKILL)
    daemon.wait_log("store.lost", times=2)
    load.wait_more(60)
    load.end()
    ok(load.errors.get(UNAVAILABLE, 0) > 0, "meanwhile it answered: unavailable", load.errors)
    ok(load.retry_msecs and min(load.retry_msecs) > 0, "each such answer says how long to wait", load.retry_msecs)
    ok(set(load.errors) <= {BUSY, UNAVAILABLE}, "and never an error that is final", load.errors)
    load.compare(daemon, "after two dead backends")
    ok(daemon.running() and daemon.process.poll() is None, "it is the same process all the time")


def test_postmaster_killed():
    """kill -9 of the postmaster under load: the daemon starts it again."""
    daemon = DAEMON[0]
    before = daemon.postmaster()
    load = Load(daemon)
    load.start()
    load.wait_more(60)
    os.kill(before, signal.SIGKILL)
    ok(until(lambda: unavailable_now(daemon, load)), "it says unavailable, with a time to wait")
    ok(until(lambda: daemon.postmaster() not in (0, before)), "PostgreSQL is started again")
    load.wait_more(60)
    load.end()
    load.compare(daemon, "after a dead postmaster")


def test_postgres_stopped():
    """SIGSTOP of PostgreSQL: what needs no database goes on, the rest waits."""
    daemon = DAEMON[0]
    load = Load(daemon)
    load.start()
    load.wait_more(30)
    writer, postmaster = daemon.backend("writer"), daemon.postmaster()
    for pid in (writer, postmaster):
        os.kill(pid, signal.SIGSTOP)
    stood = until(lambda: (seen := load.acknowledged()) is not None and until(lambda: load.acknowledged() > seen, 1) is None)
    ok(stood, "nothing is acknowledged while the database stands still")
    client = Client(daemon)
    pong = client.once(request("insp-1", ping=pb.Ping()), 10)
    ok(pong is not None and pong.pong.cases_total > 0, "a ping is answered from memory", pong)
    units = client.once(request("insp-1", query=pb.Query(units=pb.UnitQuery())), 10)
    ok(units is not None and len(units.page.units) == 6, "so is the list of units", units)
    for pid in (postmaster, writer):
        os.kill(pid, signal.SIGCONT)
    load.wait_more(30)
    load.end()
    load.compare(daemon, "after a pause of PostgreSQL")


def test_poison():
    """A text that the database refuses spoils its own request and no other."""
    daemon = DAEMON[0]
    daemon.sql(f"ALTER TABLE rectify.private ADD CONSTRAINT poison CHECK (body <> '{POISON}') NOT VALID")
    load = Load(daemon, clients=3)
    load.start()
    load.wait_more(15)
    client = Client(daemon, "insp-1")
    bad = finding(text=POISON)
    reply = client.ask(submit=submit_of(finding(), bad))
    ok(reply.WhichOneof("body") == "error" and reply.error.code == INTERNAL, "the refused request is told: internal error", reply)
    ok(b"poison" in reply.error.text, "with what the database said", reply)
    ok(daemon.saw("commit.failed sqlstate=23514"), "and the operator too", daemon.tail())
    load.wait_more(15)
    again = client.ask(submit=submit_of(bad))
    ok(again.error.code == INTERNAL, "sent again, it is refused again", again)
    load.wait_more(15)
    load.end()
    ok(INTERNAL not in load.errors, "nobody else was told so", load.errors)
    load.compare(daemon, "after a poisoned request")
    daemon.sql("ALTER TABLE rectify.private DROP CONSTRAINT poison")
    outcome = client.submit(bad)[0]
    ok(outcome.receipt.case_no > 0 and not outcome.receipt.repeated, "without the constraint it is accepted", outcome)


def test_stale_writer():
    """Somebody raised the epoch: the old one writes nothing more, and takes over again."""
    daemon = DAEMON[0]
    client = Client(daemon, "insp-1")
    epoch = client.ping().head.epoch
    size = client.ping().head.size
    daemon.sql("SELECT FROM rectify.take_over()")
    one = finding()
    outcome = client.submit(one)[0]
    ok(daemon.saw("commit.failed sqlstate=RF001"), "the append of the old epoch is refused with RF001", daemon.tail())
    ok(outcome.receipt.case_no > 0, "the client's resend succeeds", outcome)
    same(outcome.receipt.head.epoch, epoch + 2, "under a new epoch")
    same(outcome.receipt.log_index, size, "and the old one has written nothing in between")
    ok(daemon.doctor().returncode == 0, "the doctor finds nothing wrong")


def test_killed_and_adopted():
    """kill -9 of the daemon leaves PostgreSQL running; the next start adopts it."""
    daemon = DAEMON[0]
    before = daemon.postmaster()
    daemon.kill()
    ok(alive(before) and daemon.postmaster() == before, "PostgreSQL runs on")
    daemon.start()
    same(daemon.postmaster(), before, "the next start adopts it")
    is_served(daemon, "after that")


def test_adopted_while_starting():
    """A server that somebody starts at this moment has noted its process, and not yet where it listens: it is adopted all the same."""
    daemon = DAEMON[0]
    same(daemon.stop(), 0, "it stops")
    faults = [f"{name}={value}" for name, value in preloaded("postgres", FAULT_SLOW=500).items()]
    slow = ["env", *faults, str(Path(PSQL).parent / "postgres"), "-D", str(daemon.data / "postgres")]
    with open(daemon.top / "slow-postgres", "wb") as out:
        whose = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        server = subprocess.Popen(slow, stdout=out, stderr=out, cwd="/", **whose)
    note = daemon.data / "postgres" / "postmaster.pid"
    need(until(lambda: note.exists() and note.read_text().count("\n") >= 4, pause=0.001), "it has noted its process")
    same(note.read_text().split("\n")[4], "", "and not its socket")
    before = daemon.postmaster()
    daemon.start()
    same(daemon.postmaster(), before, "it is adopted")
    is_served(daemon, "after that")
    daemon.kill_server()
    need(until(lambda: daemon.postmaster() not in (0, before)), "the next one is its own again")
    server.wait(PATIENCE)
    need(until(lambda: daemon.saw("cluster.restarted")), "it is up")
    is_served(daemon, "by the next one")


def test_terminated_under_load():
    """SIGTERM under load: what was taken is finished and answered, then all is tidy."""
    daemon = DAEMON[0]
    load = Load(daemon, clients=16)
    load.start()
    load.wait_more(100)
    server = daemon.postmaster()
    same(daemon.stop(), 0, "it exits 0")
    ok(not alive(server) and daemon.postmaster() == 0, "PostgreSQL is stopped")
    ok(not daemon.socket.exists(), "the socket's file is gone")
    ok(daemon.saw("stopped"), "it says so", daemon.tail())
    daemon.start()
    load.wait_more(60)
    load.end()
    load.compare(daemon, "after a stop under load")


def test_terminated_in_vain():
    """SIGTERM while the database does not finish the batch: given up after ten seconds, unacknowledged."""
    daemon = DAEMON[0]
    holder = subprocess.Popen([PSQL, "-XAtq", "-h", daemon.data / "postgres-socket", "-U", "rectify_admin", "-d", "rectify"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    holder.stdin.write("BEGIN; SELECT 'held' FROM rectify.head FOR UPDATE;\n")
    holder.stdin.flush()
    same(holder.stdout.readline().strip(), "held", "the head is held")
    load = Load(daemon)
    load.start()
    need(until(lambda: load.errors.get(BUSY)), "something waits")
    same((daemon.stop(), load.acknowledged()), (0, 0), "it exits 0 and has acknowledged nothing")
    holder.stdin.close()
    holder.wait(PATIENCE)
    daemon.start()
    load.wait_more(30)
    load.end()
    load.compare(daemon, "after a stop in vain")


def test_no_migration_back():
    """A database newer than the program is left alone."""
    daemon = DAEMON[0]
    same(daemon.stop(), 0, "it stops")
    daemon.start()
    daemon.sql("INSERT INTO public.rectify_migration SELECT (jsonb_populate_record(m, '{\"number\": 9999}')).* "
               "FROM public.rectify_migration AS m ORDER BY number DESC LIMIT 1")
    daemon.kill()
    daemon.start(wait=False)
    same(daemon.exit_code(), 69, "it does not start")
    ok(daemon.saw("database is at 9999, this program knows"), "and says why in a sentence", daemon.tail())
    daemon.sql("DELETE FROM public.rectify_migration WHERE number = 9999")
    daemon.start()
    is_served(daemon, "once that is undone")


def test_damaged():
    """A head that does not hash to its root: nobody may build on it."""
    daemon = DAEMON[0]
    size = int(daemon.sql("SELECT size FROM rectify.head"))
    root = daemon.sql("SELECT encode(root, 'hex') FROM rectify.head")
    daemon.sql("UPDATE rectify.head SET root = sha256('mine')")
    daemon.kill()
    daemon.start(wait=False)
    same(daemon.exit_code(), 2, "a tampered root: exit code 2")
    ok(daemon.saw("store.damaged"), "it says damaged", daemon.tail())
    same(daemon.sql("SELECT size FROM rectify.head"), str(size), "and writes nothing")
    daemon.sql(f"UPDATE rectify.head SET root = '\\x{root}'")
    daemon.start()
    is_served(daemon, "with the true root again")
    same(daemon.stop(), 0, "it stops")


main(test_backend_killed, test_postmaster_killed, test_postgres_stopped, test_poison, test_stale_writer, test_killed_and_adopted,
     test_adopted_while_starting, test_terminated_under_load, test_terminated_in_vain, test_no_migration_back, test_damaged)

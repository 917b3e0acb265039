#!/usr/bin/python3
"""What the machine, its environment and other people do to the places that the daemon uses."""
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

TEXT = "墙面开裂 é"


def starts_not(daemon, code, pattern, what):
    daemon.start(wait=False)
    same(daemon.exit_code(), code, f"{what}: exit code {code}")
    ok(daemon.saw(pattern), f"{what}: says why", daemon.tail())


def test_many_connections():
    """Silent connections, more than files may be open: the good clients stay, the database too."""
    daemon = Daemon()
    daemon.files_max = 300
    daemon.start()
    old = Client(daemon, "office")
    need(old.publish(1, CITY).WhichOneof("result") == "receipt", "the registry is published")
    silent = []
    for _ in range(600):
        one = socket.socket(socket.AF_UNIX)
        one.setblocking(False)
        try:
            one.connect(str(daemon.socket))
        except OSError:
            pass
        silent.append(one)
    ok(until(lambda: daemon.saw("door.full") or not daemon.running()) and daemon.running(), "it says that the door is full, and lives",
       daemon.tail())
    daemon.sql(f"SELECT pg_terminate_backend({daemon.backend('writer')})")
    ok(old.ask(ping=pb.Ping()).pong.now > 0, "who was in is served")
    outcome = old.ask(publish=pb.Publish(id=uuid7(), document=1, file_name=b"city.yaml", body=CITY.encode()))
    ok(outcome.WhichOneof("body") == "outcomes", "a lost database connection is made again meanwhile", outcome)
    for one in silent:
        one.close()
    is_served(daemon, "after the flood")
    same(daemon.stop(), 0, "it stops as asked")


def test_variables_of_libpq():
    """Variables for libpq in the environment do not reach the private server's connections."""
    daemon = Daemon()
    daemon.surroundings = {"PGCLIENTENCODING": "LATIN1", "PGHOSTADDR": "192.0.2.1", "PGSERVICE": "none", "PGTARGETSESSIONATTRS": "standby",
                           "PGOPTIONS": "-c default_transaction_read_only=on", "PGUSER": "x"}
    daemon.start(wait=False)
    need(until(lambda: daemon.saw("ready endpoint=") or not daemon.running()) and daemon.running(), f"it starts:\n{daemon.tail()}")
    office = Client(daemon, "office")
    need(office.publish(1, CITY).WhichOneof("result") == "receipt", "the registry is published")
    Client(daemon).submit(finding(text=TEXT))
    same(Client(daemon, "off").cases(with_text=True)[0].text.decode(), TEXT, "a text comes back as it was sent")
    same(daemon.sql("SELECT body FROM rectify.private"), TEXT, "and is stored so")
    daemon.stop()
    daemon.surroundings = {}
    daemon.start()
    is_served(daemon, "in a clean environment")
    ok(daemon.doctor().returncode == 0, "the doctor finds nothing wrong")
    daemon.stop()
    own = Daemon(top=daemon.top)
    own.surroundings = {"PGCLIENTENCODING": "LATIN1"}
    server = Daemon(top=daemon.top).start()
    base = f"host={daemon.data}/postgres-socket dbname=rectify user="
    same(server.sql("SELECT 1"), "1", "a server is there")
    server.kill()  # its PostgreSQL runs on
    own.options += ["--database", base + "rectify_writer", "--database-reader", base + "rectify_reader"]
    own.start()
    Client(own).submit(finding(text=TEXT))
    same(own.sql("SELECT body FROM rectify.private ORDER BY log_index DESC LIMIT 1"), TEXT, "with a database of one's own, encodings neither")
    same(own.stop(), 0, "it stops as asked")


def test_on_the_disk():
    """What is acknowledged is on the disk, whatever the database or the server sets."""
    daemon = city()
    daemon.sql("ALTER DATABASE rectify SET synchronous_commit = off")
    daemon.sql(f"SELECT pg_terminate_backend({daemon.backend('writer')})")
    need(until(lambda: daemon.saw("store.lost") and daemon.saw(r"store.ready epoch=2")), "a new connection")
    # With commits that wait for nobody the log's end on the disk lags behind; with true ones it never does after an answer.
    behind = 0
    client = Client(daemon)
    daemon.sql("ALTER SYSTEM SET wal_writer_delay = '10s'")
    daemon.sql("SELECT pg_reload_conf()")
    for _ in range(20):
        client.submit(finding())
        behind += daemon.sql("SELECT pg_current_wal_insert_lsn() > pg_current_wal_flush_lsn()") == "t"
    # The server's own background writes may be behind at any moment; were the commits the laggards, each of the twenty would be.
    ok(behind < 5, "after each receipt the write-ahead log is flushed", behind)
    daemon.sql("ALTER SYSTEM SET fsync = off")
    daemon.sql("SELECT pg_reload_conf()")
    daemon.sql(f"SELECT pg_terminate_backend({daemon.backend('writer')})")
    ok(until(lambda: daemon.saw("store.not_durable")), "with fsync off it says that it does not serve", daemon.tail())
    reply = client.once(request("insp-1", submit=submit_of(finding())), 10)
    ok(reply is not None and reply.error.code == UNAVAILABLE, "and does not", reply)
    daemon.sql("ALTER SYSTEM RESET fsync")
    daemon.sql("SELECT pg_reload_conf()")
    is_served(daemon, "with fsync on again")
    daemon.stop()


def test_socket_file():
    """Its file removed, or something else in its place."""
    daemon = city()
    old = Client(daemon)
    os.unlink(daemon.socket)
    ok(until(daemon.socket.exists), "a removed file is made again", daemon.tail())
    is_served(daemon, "after that")
    ok(daemon.saw("door.file_gone"), "it says so", daemon.tail())
    ok(old.ping().now > 0, "who was in is served")
    epoch = daemon.sql("SELECT epoch FROM rectify.head")
    same(daemon.stop(), 0, "it stops as asked")
    ok(not daemon.socket.exists(), "and leaves no file")
    daemon.socket.write_text("precious")
    starts_not(daemon, 78, "is no socket", "a file in its place")
    same(daemon.socket.read_text(), "precious", "the file is left alone")
    same(daemon.postmaster(), 0, "and no PostgreSQL is left running")
    daemon.socket.unlink()
    closed = daemon.top / "closed"
    closed.mkdir(mode=0o500)
    daemon.options += ["--endpoint", f"ipc://{closed}/no/s.sock"]
    starts_not(daemon, 78, "endpoint ipc", "a place that is not there")
    same(daemon.postmaster(), 0, "PostgreSQL is stopped again")
    daemon.options = daemon.options[:-2]
    daemon.start()
    ok(int(daemon.sql("SELECT epoch FROM rectify.head")) > int(epoch), "it starts again")
    daemon.stop()


def test_pid_file():
    """It is the active daemon's, also with a standby beside it."""
    top = place()
    (top / "run").mkdir()
    (top / "run").chmod(0o777)
    path = top / "run" / "pid"
    first = Daemon("--pid-file", path, top=top).start()
    same(int(path.read_text()), first.process.pid, "it holds the process id")
    second = Daemon("--pid-file", path, top=top).start(wait=False)
    second.wait_log("store.standby")
    same(int(path.read_text()), first.process.pid, "a standby leaves it alone")
    second.stop()
    same(int(path.read_text()) if path.exists() else None, first.process.pid, "also when it ends")
    third = Daemon("--pid-file", path, top=top).start(wait=False)
    third.wait_log("store.standby")
    first.kill()
    third.wait_log("ready endpoint=")
    same(int(path.read_text()), third.process.pid, "who takes over writes it")
    third.stop()
    ok(not path.exists(), "and removes it at the end")


def test_missing():
    """Things that are not there are named."""
    fresh = Daemon()
    fresh.surroundings = {"TZDIR": "/nonexistent"}
    starts_not(fresh, 78, "tzdata", "no time zones, a new database")
    ok(not (fresh.data / "postgres").exists(), "nothing was made")
    homeless = subprocess.run(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", BUILD / "rectifyd"] if os.geteuid() == 0
                              else [BUILD / "rectifyd"], capture_output=True, text=True, timeout=PATIENCE, check=False,
                              env={name: value for name, value in os.environ.items() if name != "HOME"})
    same(homeless.returncode, 64, "no HOME: exit code 64")
    ok("HOME" in homeless.stderr, "and says why", homeless.stderr)
    late = Daemon(manual=False)
    late.options += ["--clock", "manual", "--clock-start", "2100-12-31"]
    starts_not(late, 78, "beyond all calendars", "a clock after all calendars")
    daemon = city()
    reply = Client(daemon, "office").advance(47846 * 24 * HOUR)
    ok(reply.error.code == FIELD, "a clock is not moved there either", reply)
    daemon.stop()


main(test_many_connections, test_variables_of_libpq, test_on_the_disk, test_socket_file, test_pid_file, test_missing)

#!/usr/bin/python3
"""Patroni and etcd, strictly synchronous, do the failover by themselves, under load: the primary and its Patroni are killed; Patroni is
stopped in its tracks and PostgreSQL killed.  Minutes long, so in `make faults` alone (FAULTS=all)."""
import json
import os
import pwd
import shutil
import socket as sockets
import sys
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position
from servers import ROLES  # noqa: E402 pylint: disable=wrong-import-position

HERE, STARTED, AGAIN = {}, [], []
CONFIG = """scope: rectify
name: {name}
restapi: {{listen: '127.0.0.1:{api}', connect_address: '127.0.0.1:{api}'}}
etcd3: {{host: '127.0.0.1:{etcd}'}}
bootstrap:
  dcs: {{ttl: 20, loop_wait: 2, retry_timeout: 3, maximum_lag_on_failover: 1048576, synchronous_mode: true, synchronous_mode_strict: true,
        postgresql: {{use_pg_rewind: true, parameters: {{wal_retrieve_retry_interval: 200ms, max_connections: 40, wal_keep_size: 256MB}}}}}}
  initdb: [{{encoding: UTF8}}, {{locale: C.UTF-8}}, data-checksums]
postgresql:
  listen: 127.0.0.1:{port}
  connect_address: 127.0.0.1:{port}
  data_dir: {data}
  bin_dir: {bin}
  remove_data_directory_on_rewind_failure: true
  remove_data_directory_on_diverged_timelines: true
  authentication: {{superuser: {{username: super}}, replication: {{username: replicator}}, rewind: {{username: super}}}}
  pg_hba: [local all all trust, host all all 127.0.0.1/32 trust, host replication all 127.0.0.1/32 trust]
  parameters: {{unix_socket_directories: '{top}'}}
"""


def port():
    """One that nobody has at this moment."""
    with sockets.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def run(words, log, user=None):
    with open(log, "ab") as out:
        process = subprocess.Popen([*(["runuser", "-u", user, "--"] if user else []), *map(str, words)], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                   cwd="/", start_new_session=True)
    STARTED.append(process)
    return process


class Node:
    """A PostgreSQL and the Patroni that sees to it."""

    def __init__(self, name, etcd):
        self.name, self.port, self.api, self.top, self.process = name, port(), port(), place(), None
        self.data = self.top / "data"
        self.log, self.config = place() / f"{name}.log", self.top / "patroni.yml"
        self.config.write_text(CONFIG.format(name=name, api=self.api, etcd=etcd, port=self.port, data=self.data, top=self.top, bin=Path(PSQL).parent))
        os.chown(self.top, pwd.getpwnam("postgres").pw_uid, -1)
        self.start()

    def start(self):
        self.process = run(["patroni", self.config], self.log, "postgres")

    def sql(self, text, database="postgres"):
        done = subprocess.run([PSQL, "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", f"host=127.0.0.1 port={self.port} user=super dbname={database} connect_timeout=3",
                               "-c", text], capture_output=True, text=True, timeout=PATIENCE, check=False)
        return done.stdout.strip() if done.returncode == 0 else "error: " + done.stderr.strip()

    def is_primary(self):
        return self.sql("SELECT pg_is_in_recovery()") == "f"

    def patroni(self):
        """Process ids of Patroni: of runuser, and what it started."""
        return family(self.process.pid)

    def postgres(self):
        try:
            return family(int((self.data / "postmaster.pid").read_text().split("\n")[0]))
        except (FileNotFoundError, ValueError):
            return []


class Managed(Daemon):
    """A daemon on whichever node takes writes."""

    def __init__(self):
        etcd, folder = port(), place()
        peers = f"http://127.0.0.1:{port()}"
        run(["etcd", "--name", "one", "--data-dir", folder / "etcd", "--listen-client-urls", f"http://127.0.0.1:{etcd}", "--advertise-client-urls",
             f"http://127.0.0.1:{etcd}", "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", f"one={peers}"],
            folder / "etcd.log")
        self.nodes = [Node("n1", etcd)]
        need(until(self.nodes[0].is_primary), f"the first node is up: {self.nodes[0].log.read_text()[-2000:]}")
        self.nodes.append(Node("n2", etcd))
        need(until(self.streams, 2 * PATIENCE), f"the standby streams: {self.nodes[1].log.read_text()[-2000:]}")
        need(until(lambda: not self.primary().sql(ROLES).startswith("error"), 10), "the roles")
        self.primary().sql("CREATE DATABASE rectify OWNER rectify_admin")
        info = f"host=127.0.0.1,127.0.0.1 port={self.nodes[0].port},{self.nodes[1].port} dbname=rectify target_session_attrs=read-write " \
               "connect_timeout=2 tcp_user_timeout=2000 user=rectify_"
        super().__init__("--database", info + "writer", "--database-reader", info + "reader", "--database-owner", info + "admin", "--durability", "standby")

    def primary(self):
        return need(until(lambda: next((node for node in self.nodes if node.is_primary()), None)), "a primary")

    def streams(self):
        """Whether Patroni itself counts on the standby: until it does it has the primary wait for any, and promotes none."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.nodes[0].api}/cluster", timeout=3) as said:
                return [one["role"] for one in json.load(said)["members"] if one["state"] in ("running", "streaming")].count("sync_standby") == 1
        except (OSError, ValueError):
            return False

    def sql(self, text, check=True):
        said = self.primary().sql(text, "rectify")
        if check and said.startswith("error: "):
            raise Failed(f"{text}: {said}")
        return said


def end_all():
    for node in HERE["daemon"].nodes if "daemon" in HERE else []:
        signal_all(node.patroni() + node.postgres(), signal.SIGKILL)
    for process in STARTED:
        process.kill()
        process.wait()


def fail_over(daemon, stopped):
    """The primary dies; Patroni with it, or it is stopped and wakes up when it is over."""
    node = daemon.primary()
    patroni, postgres = node.patroni(), node.postgres()
    signal_all(patroni, signal.SIGSTOP if stopped else signal.SIGKILL)
    signal_all(postgres, signal.SIGKILL)
    other = next(one for one in daemon.nodes if one is not node)
    need(until(other.is_primary, 2 * PATIENCE), f"the other node is promoted: {other.log.read_text()[-2000:]}")
    promoted = time.monotonic()
    if stopped:
        signal_all(patroni, signal.SIGCONT)
    else:
        node.process.wait(PATIENCE)
        node.start()
    return promoted


def supervise(daemon):
    """As systemd does: a daemon that ended is started again.  The take-over of one that waited too long for a standby may be done after
    it was given up, and then supersedes the daemon itself (75)."""
    if not daemon.running():
        AGAIN.append(daemon.process.poll())
        need(AGAIN[-1] == 75, f"it ended with {AGAIN[-1]}:\n{daemon.tail()}")
        daemon.start(wait=False)
    return False


def state(daemon):
    """What there is to be seen where it stands still."""
    node = daemon.primary()
    return "\n".join([node.name, node.sql("SELECT application_name, state, sync_state FROM pg_stat_replication"), node.sql("SHOW synchronous_standby_names"),
                      node.sql("SELECT pid, usename, wait_event, state, query_start FROM pg_stat_activity WHERE usename = 'rectify_writer'"),
                      node.sql("SELECT pid, granted FROM pg_locks WHERE locktype = 'advisory'"), *(one.log.read_text()[-700:] for one in daemon.nodes)])


def test_failovers():
    """Under load, again and again."""
    daemon = HERE["daemon"] = Managed()
    daemon.start()
    publish_city(daemon)
    load, recovery, times = Load(daemon, commands=True), [], max(2, min(cycles(2), 6))
    load.start()
    for n in range(times):
        load.wait_more(100)
        at = time.monotonic()
        promoted = fail_over(daemon, n % 2 == 1)
        wanted = load.acknowledged() + 60
        need(until(lambda: load.acknowledged() >= wanted or supervise(daemon), 4 * PATIENCE), f"it is acknowledged again\n{state(daemon)}")
        recovery.append(load.silence(at))
        say(f"promoted after {promoted - at:.1f} s, no acknowledgement for {recovery[-1]:.1f} s")
        need(until(daemon.streams, 2 * PATIENCE), "the node that died is back as a standby")
    load.end()
    ok(set(load.errors) <= {BUSY, UNAVAILABLE}, "clients saw nothing but: try later", load.errors)
    say(f"started again by its supervisor {len(AGAIN)} times: {AGAIN}")
    verdict = load.compare(daemon, f"after {times} failovers by Patroni")
    same(daemon.stop(), 0, "it stops as asked")
    publish("R5", "Patroni, strictly synchronous: primary and Patroni killed; Patroni stopped and the primary killed", "Patroni 3.0.2, etcd 3.4", times,
            [verdict], recovery, "an asynchronous standby: see R4")


if not everything():
    print("1..0 # SKIP minutes long: make faults plays it (FAULTS=all)")
    sys.exit(0)
if os.geteuid() != 0 or shutil.which("patroni") is None or shutil.which("etcd") is None:
    print("1..0 # SKIP needs root, patroni and etcd-server")
    sys.exit(0)
atexit.register(end_all)
main(test_failovers)

#!/usr/bin/python3
"""The line to the database, and the line to the clients: cut without a word, cut one way, lossy, slow."""
import os
import socket as sockets
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position
from net import Net, possible  # noqa: E402 pylint: disable=wrong-import-position
from servers import Server, make_database  # noqa: E402 pylint: disable=wrong-import-position

HERE = {}


# ---- the database is elsewhere ----

class Far(Daemon):
    """A daemon whose database lies behind a network."""

    def __init__(self):
        self.net = Net()
        self.server = Server(before=self.net.enter, listen=self.net.inside)
        make_database(self.server)
        info = f"host={self.net.inside} dbname=rectify connect_timeout=2 tcp_user_timeout=2000 user=rectify_"
        super().__init__("--database", info + "writer", "--database-reader", info + "reader", "--database-owner", info + "admin")

    def sql(self, text, check=True):
        return self.server.sql(text, check, "rectify")


def test_database_cut():
    """The line to the database is cut under load, and nobody is told; it heals."""
    daemon = HERE["far"] = Far().start()
    publish_city(daemon)
    load = Load(daemon)
    load.start()
    load.wait_more(100)
    daemon.net.cut()
    at = time.monotonic()
    daemon.wait_log("store.lost")
    ok(time.monotonic() - at < 35, f"it is noticed after {time.monotonic() - at:.1f} s")
    need(until(lambda: load.errors.get(UNAVAILABLE, 0) > 20), "clients are told to come again")
    client = Client(daemon)
    ok(client.once(request("insp-1", ping=pb.Ping()), 5) is not None, "a ping is answered from memory")
    client.close()
    acknowledged = load.acknowledged()
    need(until(lambda: daemon.net.dropped() > 10), "packets are dropped")
    same(load.acknowledged(), acknowledged, "nothing is acknowledged meanwhile")
    daemon.net.heal()
    at = time.monotonic()
    load.wait_more(100)
    say(f"acknowledged again {time.monotonic() - at:.1f} s after the line healed")
    load.end()
    publish("R11", "the line to the database is cut both ways", "nft drop", 1, [load.compare(daemon, "after the cut")], (), "as of R3: who sends once loses")


def answers_lost(daemon, load):
    """Whether a batch is in doubt: the cut may meet the daemon as it reads, not as it commits."""
    doubts, losses = (len(re.findall(word, daemon.log())) for word in ("commit.in_doubt", "store.lost"))
    daemon.net.cut_back()
    daemon.wait_log("store.lost", losses + 1)
    daemon.net.heal()
    load.wait_more(50)
    return len(re.findall("commit.in_doubt", daemon.log())) > doubts


def test_database_answers_lost():
    """The database hears and commits; its answers do not arrive.  The outcome is unknown until the clients' resends settle it."""
    daemon = HERE["far"]
    load = Load(daemon)
    load.start()
    load.wait_more(50)
    times = next((n for n in range(1, 11) if answers_lost(daemon, load)), 0)
    ok(times > 0, f"a batch is in doubt, at cut {times}")
    load.wait_more(50)
    load.end()
    publish("R11", "the database hears, its answers are lost", "nft drop", times, [load.compare(daemon, "after lost answers")], (), "R2: a commit in doubt taken for done loses")


def test_database_lossy():
    """One packet of ten is lost, each way."""
    daemon = HERE["far"]
    daemon.net.lose(10)
    load = Load(daemon)
    load.start()
    load.wait_more(200)
    load.end()
    ok(daemon.net.dropped() > 0, f"{daemon.net.dropped()} packets were lost")
    daemon.net.heal()
    publish("R11", "one packet of ten to or from the database is lost", "nft numgen", 1, [load.compare(daemon, "over a lossy line")], (), "as of R3: who sends once loses")


def test_machine_gone():
    """The active daemon's machine is gone without a word: the server ends its session, and the lock goes to a standby near the server."""
    daemon = HERE["far"]
    near = f"host={daemon.net.inside} dbname=rectify user=rectify_"
    second = Daemon("--database", near + "writer", "--database-reader", near + "reader", "--database-owner", near + "admin")
    second.before = daemon.net.enter
    second.start(wait=False).wait_log("store.standby")
    daemon.net.cut()
    at = time.monotonic()
    daemon.kill()
    second.wait_log("ready endpoint=")
    ok(time.monotonic() - at < 30, f"the standby serves after {time.monotonic() - at:.1f} s, less than 30")
    daemon.net.heal()
    is_served(second, "after the machine went")
    second.stop()


# ---- the clients are elsewhere ----

def remote():
    return Remote(HERE["listen"], HERE["server"], HERE["key"], [(zmq.RECONNECT_IVL, 50), (zmq.HEARTBEAT_IVL, 500), (zmq.HEARTBEAT_TIMEOUT, 2000)])


def load_from_afar():
    load = Load(HERE["daemon"], again=0.5)
    load.make = remote
    load.start()
    return load


def test_door():
    """A daemon that listens behind a network."""
    top, net = place(), Net()
    HERE["net"], HERE["server"], HERE["key"] = net, key_pair(top, "server"), key_pair(top, "own")
    daemon = HERE["daemon"] = Daemon("--listen", f"tcp://{net.inside}:*", "--server-key", str(HERE["server"]["path"]))
    daemon.before = net.enter
    daemon.start()
    publish_city(daemon)
    daemon.wait_log(r"door\.open listen=")
    HERE["listen"] = re.search(r"door\.open listen=(tcp://\S+)", daemon.log()).group(1)
    done = subprocess.run([BUILD / "rectify", "--as", "office", "--endpoint", daemon.endpoint, "key", "register", "insp-1",
                           HERE["key"]["public"]], capture_output=True, text=True, check=False)
    same(done.returncode, 0, "the key is registered")
    load = load_from_afar()
    load.wait_more(100)
    load.end()
    load.compare(daemon, "over a good line")


def established(net, port):
    """Connections to the port that the inner side holds open."""
    done = subprocess.run([*net.enter, "ss", "-Htn", "state", "established"], capture_output=True, text=True, check=True)
    return sum(line.split()[2].endswith(f":{port}") for line in done.stdout.splitlines())


SILENT = """import socket, sys
with socket.create_server((sys.argv[1], 0)) as server:
    print(server.getsockname()[1], flush=True)
    server.accept()[0].recv(1)
"""


def without_heartbeats(net):
    """The control: a connection to somebody inside who waits for a byte and asks for nothing; its port, and our end."""
    process = subprocess.Popen([*net.enter, sys.executable, "-c", SILENT, net.inside], stdout=subprocess.PIPE, text=True)
    atexit.register(process.kill)
    port = int(process.stdout.readline())
    return port, sockets.create_connection((net.inside, port), timeout=5)


def half_open(net, silent):
    """Peers that are gone without a word: the daemon lets go of them; who asks for nothing does not, which is the control."""
    at, door = time.monotonic(), HERE["listen"].rsplit(":", 1)[1]
    need(established(net, door) > 0, "the daemon holds connections that were cut")
    ok(until(lambda: established(net, door) == 0, 25, 0.1), f"the daemon lets go of all that were cut, {time.monotonic() - at:.1f} s later")
    took = time.monotonic() - at
    same(established(net, silent), 1, "the control, a connection without heartbeats: still held")
    publish("R12", "peers that are gone without a word", "nft drop", 1, (), [took], "a connection without heartbeats is held")


def test_clients_cut():
    """The line between clients and daemon is cut under load, and nobody is told; it heals."""
    net = HERE["net"]
    load = load_from_afar()
    load.wait_more(50)
    silent, kept = without_heartbeats(net)
    net.cut()
    need(until(lambda: net.dropped() > 50), "packets are dropped")
    before = load.acknowledged()
    if everything():
        half_open(net, silent)  # 5 s between heartbeats, 15 s for an answer
    need(until(lambda: net.dropped() > 150), "more packets are dropped")
    ok(load.acknowledged() == before, "nothing comes through")
    client = Client(HERE["daemon"])
    ok(client.once(request("insp-1", ping=pb.Ping()), 5) is not None, "who is on the daemon's own machine is answered meanwhile")
    client.close()
    kept.close()
    net.heal()
    load.wait_more(100)
    load.end()
    publish("R11", "the line to the clients is cut both ways", "nft drop", 1, [load.compare(HERE["daemon"], "after the clients' cut")], (), "as of R3: who sends once loses")


def test_answers_lost():
    """Findings arrive, receipts do not: they are sent again until one comes through, and recorded once."""
    net = HERE["net"]
    load = load_from_afar()
    load.wait_more(50)
    net.cut_back()
    need(until(lambda: net.dropped() > 50), "packets are dropped")
    net.heal()
    load.wait_more(100)
    load.end()
    ok(load.repeats > 0, f"{load.repeats} were told that they had been recorded before", load.errors)
    publish("R11", "findings arrive, receipts are lost", "nft drop", 1, [load.compare(HERE["daemon"], "after lost receipts")], (), "as of R3: who sends once loses")


def test_lossy_and_slow():
    """One packet of ten is lost each way, then a line of 512 kbit/s."""
    net = HERE["net"]
    net.lose(10)
    load = load_from_afar()
    load.wait_more(150)
    ok(net.dropped() > 0, f"{net.dropped()} packets were lost")
    net.heal()
    net.slow("512kbit")
    load.wait_more(150)
    load.end()
    publish("R11", "one packet of ten to or from clients is lost; 512 kbit/s", "nft numgen, tc tbf", 1, [load.compare(HERE["daemon"], "over a lossy and a slow line")], (), "as of R3: who sends once loses")


def test_saved_and_sent():
    """The command over a line that is cut: saved here; and received there when it heals."""
    net, spool = HERE["net"], place() / "spool"
    words = [BUILD / "rectify", "--as", "insp-1", "--endpoint", HERE["listen"], "--key", HERE["key"]["path"], "--server",
             HERE["server"]["public"], "--timeout", "2"]
    environment = {**os.environ, "RECTIFY_SPOOL": str(spool)}

    def rectify(*more):
        return subprocess.run([*words, *more], capture_output=True, text=True, check=False, env=environment, timeout=PATIENCE)

    net.cut()
    done = rectify("submit", "--team", "team-1", "--unit", "north", "--kind", "loophole", "--severity", "ordinary", "--found", "2026-01-02", "-m", "线断了")
    same(done.returncode, 75, "with the line cut it is saved here, exit code 75")
    ok("saved here" in done.stderr + done.stdout, "and says so", done.stderr)
    net.heal()
    done = rectify("spool", "send", "--wait")
    same((done.returncode, done.stderr), (0, ""), "when the line has healed it is received there")
    same(HERE["daemon"].sql("SELECT count(*) FROM rectify.finding JOIN rectify.private USING (log_index) WHERE body = '线断了'"), "1", "once")
    HERE["daemon"].stop()


why_not = possible()
if why_not:
    print(f"1..0 # SKIP {why_not}")
    sys.exit(0)
main(test_database_cut, test_database_answers_lost, test_database_lossy, test_machine_gone, test_door, test_clients_cut, test_answers_lost,
     test_lossy_and_slow, test_saved_and_sent)

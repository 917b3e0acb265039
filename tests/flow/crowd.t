#!/usr/bin/python3
"""Too many at the door: over TCP silent connections, slow handshakes and rubbish by the thousand, half and oversized messages, all
officers' clients at once after a restart; and a daemon that gets no more memory or files.  A good client is answered meanwhile."""
import os
import random
import resource
import socket as sockets
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

HERE = {}
dice = random.Random(int(os.environ.get("SEED", "20260105")))
SILENT, SLOW, RUBBISH, STORM = 500, 200, 3000 if everything() else 1000, 1255 if everything() else 300
GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"CURVE".ljust(20, b"\0") + bytes(32)


def remote():
    return Remote(HERE["listen"], HERE["server"], HERE["key"], [(zmq.RECONNECT_IVL, 100), (zmq.HANDSHAKE_IVL, 10000)], HERE["context"])


LISTEN = "0A"  # state of a socket in /proc/net/tcp


def door():
    """Host and port."""
    host, port = HERE["listen"].removeprefix("tcp://").rsplit(":", 1)
    return host, int(port)


def connections():
    """Connections through the door that the daemon holds: sockets with an owner, by the kernel's table, which everybody may read."""
    with open("/proc/net/tcp", encoding="utf-8") as file:
        rows = [line.split() for line in list(file)[1:]]
    return sum(int(row[1].rsplit(":", 1)[1], 16) == door()[1] and row[3] != LISTEN and row[9] != "0" for row in rows)


def opened(first=b""):
    one = sockets.create_connection(door(), timeout=5)
    if first:
        one.sendall(first)
    return one


def gone(one):
    """Whether the other side has ended it; what it said is thrown away."""
    try:
        one.setblocking(False)
        while True:
            if one.recv(4096) == b"":
                return True
    except BlockingIOError:
        return False
    except OSError:
        return True


def start():
    """A door over TCP, a registered key, a client that is in."""
    top, (soft, hard) = place(), resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8192)), hard))  # each client takes some
    HERE["context"] = zmq.Context(io_threads=1)
    HERE["context"].set(zmq.MAX_SOCKETS, 4096)
    HERE["server"], HERE["key"] = key_pair(top, "server"), key_pair(top, "own")
    HERE["daemon"] = daemon = city("--listen", "tcp://127.0.0.1:*", "--server-key", str(HERE["server"]["path"]))
    daemon.wait_log(r"door\.open listen=")
    HERE["listen"] = re.search(r"door\.open listen=(tcp://\S+)", daemon.log()).group(1)
    done = subprocess.run([BUILD / "rectify", "--as", "office", "--endpoint", daemon.endpoint, "key", "register", "insp-1", HERE["key"]["public"]],
                          capture_output=True, text=True, check=False)
    same(done.returncode, 0, "the key is registered")
    HERE["good"] = remote()
    ok(HERE["good"].ping().now > 0, "a client with a key is in")


def answered(what, most=0.5):
    """How long the good client waits: the best of some, for the machine is not ours alone.  That is bounded; that it is answered at all
    is `once`, without a second sending."""
    waits = []
    for _ in range(5):
        at = time.monotonic()
        need(HERE["good"].once(request("insp-1", ping=pb.Ping()), 10), f"{what}: the good client is answered")
        waits.append(time.monotonic() - at)
    ok(min(waits) < most, f"{what}: a good client is answered in {1000 * min(waits):.1f} ms")
    return min(waits)


def attack(what, connect, number):
    """Opens so many connections, each of which the daemon must end by itself; seconds until it has."""
    before, at = connections(), time.monotonic()
    crowd = [connect() for _ in range(number)]
    need(before >= 1 and until(lambda: connections() > before), "the good client and the others are counted")
    wait = answered(f"{number} {what}")
    ended = until(lambda: all(gone(one) for one in crowd), 30, 0.1)
    ok(ended, f"{number} {what}: all are ended by the daemon, {time.monotonic() - at:.1f} s after the first")
    for one in crowd:
        one.close()
    ok(until(lambda: connections() <= before), f"{number} {what}: and nothing of them is left", connections(), before)
    return wait


def test_silent_and_slow():
    """Connections that say nothing; that say a byte now and then; that shake hands and stop in the middle."""
    wait = attack("silent connections", opened, SILENT)
    halves = attack("handshakes that stop in the middle", lambda: opened(GREETING + b"\x04\xc8\x05HELLO"), SLOW)
    crowd = [opened(GREETING[:1]) for _ in range(SLOW)]
    sent, at = 1, time.monotonic()

    def drip():
        """A byte to each; whether all are gone."""
        nonlocal sent
        left = [one for one in crowd if not gone(one)]
        for one in left:
            try:
                one.send(GREETING[sent % len(GREETING):][:1])
            except OSError:
                pass
        sent += 1
        return not left

    ok(until(drip, 30, 0.2), f"{SLOW} that say a byte now and then are cut too, after {time.monotonic() - at:.1f} s and {sent} bytes")
    answered("after them")
    for one in crowd:
        one.close()
    lax = HERE["context"].socket(zmq.ROUTER)
    lax.setsockopt(zmq.HANDSHAKE_IVL, 0)
    lax.setsockopt(zmq.LINGER, 0)
    held = sockets.create_connection(("127.0.0.1", lax.bind_to_random_port("tcp://127.0.0.1")))
    ok(until(lambda: gone(held), 5, 0.1) is None, "the control, a door without that bound: who is silent stays")
    held.close()
    lax.close()
    publish("R25", f"{SILENT} silent connections, {SLOW} handshakes that stop in the middle, {SLOW} of a byte now and then", "raw sockets", 1,
            control="a ROUTER without HANDSHAKE_IVL: who is silent stays; "
            f"a good client of the daemon waits {1000 * max(wait, halves):.1f} ms")


def test_rubbish():
    """Bytes that mean nothing, in thousands of connections; a frame that announces more than may come."""
    before = HERE["daemon"].rss()
    for n in range(0, RUBBISH, 250):
        crowd = [opened(dice.randbytes(dice.choice((1, 60, 700, 5000)))) for _ in range(250)]
        if n % 1000 == 0:
            answered(f"beside {n + 250} connections of rubbish")
        for one in crowd:
            one.close()
    oversized = [opened(GREETING + b"\x02" + (2**40).to_bytes(8, "big") + bytes(1000)) for _ in range(50)]
    ok(until(lambda: all(gone(one) for one in oversized), 30, 0.1), "50 that announce a frame of a TiB are cut")
    for one in oversized:
        one.close()
    grown = HERE["daemon"].rss() - before
    ok(grown < 64 * 1024, f"{RUBBISH} connections of rubbish grow the daemon by {grown} KiB, less than 64 MiB")
    answered("after the rubbish")


def test_storm():
    """The daemon restarts, and everybody comes back at once."""
    daemon, crowd = HERE["daemon"], []
    daemon.options[daemon.options.index("--listen") + 1] = HERE["listen"]
    for _ in range(STORM):
        crowd.append(remote())
    poller = zmq.Poller()
    for one in crowd:
        poller.register(one.socket, zmq.POLLIN)

    def ask_all():
        """Each sends one finding, again after 5 s of silence, or when it is told to; the seconds until all are answered."""
        wanted, at = {one: request("insp-1", submit=submit_of(finding())) for one in crowd}, time.monotonic()
        keys, due = {message.submit.findings[0].id for message in wanted.values()}, dict.fromkeys(wanted, 0)
        by_socket, told = {one.socket: one for one in crowd}, {}
        while wanted and time.monotonic() - at < PATIENCE:
            for one, message in wanted.items():
                if time.monotonic() >= due[one]:
                    one.send(message)
                    due[one] = time.monotonic() + 5
            for socket, _ in poller.poll(20):
                one = by_socket[socket]
                reply = one.receive(0)
                if reply is not None and reply.WhichOneof("body") == "outcomes":
                    told[reply.outcomes.outcomes[0].id] = reply.outcomes.outcomes[0].receipt
                    wanted.pop(one, None)
                elif reply is not None and reply.WhichOneof("body") == "error":
                    due[one] = time.monotonic() + reply.error.retry_msec / 1000
        need(not wanted, f"{len(wanted)} of {len(crowd)} were never answered")
        return time.monotonic() - at, keys, told

    first, _, _ = ask_all()
    say(f"{STORM} clients connect and are answered within {first:.1f} s")
    recovery, checked = [], 0
    for _ in range(cycles(1) if not everything() else min(cycles(1), 5)):
        daemon.kill()
        daemon.start()
        at = time.monotonic()
        _, keys, told = ask_all()
        recovery.append(time.monotonic() - at)
        stored = {bytes.fromhex(line.replace("-", "")) for line in daemon.sql("SELECT id FROM rectify.finding").splitlines()}
        ok(keys == set(told) and keys <= stored, f"{STORM} clients are back and have a receipt for what is stored, after {recovery[-1]:.1f} s")
        checked += len(told)
    for one in crowd:
        one.close()
    answered("after the storm")
    publish("R26", f"{STORM} clients with CURVE come back at once after a restart", "SIGKILL", len(recovery), [audit.Verdict(acknowledged=checked)], recovery,
            "as of R3: who sends once loses")


def starve(slack):
    """One life of the daemon with so many KiB of addresses more than it needs to start; its exit code, or None: it lived."""
    daemon = HERE["daemon"]
    daemon.before = ["prlimit", f"--as={(HERE['needs'] + slack) * 1024}"]
    daemon.start(wait=False)
    need(until(lambda: daemon.saw("ready endpoint=") or not daemon.running()), "it serves, or ends")
    if not daemon.running():
        return daemon.exit_code()
    hungry = [Client(daemon, "off", hwm=1) for _ in range(20)]
    query = request("off", query=pb.Query(cases=pb.CaseQuery(with_text=True)))

    def eat():
        """Pages that nobody reads."""
        for one in hungry:
            one.send(query)
        return not daemon.running()

    died = until(eat, 3, 0.02)
    for one in hungry:
        one.close()
    if not died:
        daemon.kill()
    return daemon.process.poll() if died else None


# The C library reserves more than it needs, 64 MiB for each thread, and does without where there is none: the last ones are too little
# for anybody.
SLACKS = (1024, -2048, -65536, -196608, -458752, -720896)


def test_no_memory():
    """No more memory (RLIMIT_AS): the daemon may end, as it is made to; what it acknowledged is there."""
    daemon = HERE["daemon"]
    if SANITIZED:
        skip("a want of memory", "a sanitizer reserves more addresses than there is memory")
        same(daemon.stop(), 0, "it stops as asked")
        return
    same(daemon.stop(), 0, "it stops")
    daemon.start()
    with open(f"/proc/{daemon.process.pid}/status", encoding="utf-8") as file:
        HERE["needs"] = int(re.search(r"VmPeak:\s+(\d+)", file.read()).group(1))
    load = Load(daemon)
    load.start()
    load.wait_more(30)
    ends = []
    for slack in SLACKS:
        load.wait_more(1)
        daemon.kill()
        ends.append(starve(slack))
        daemon.before = []
        daemon.start()
    say(f"ends with {SLACKS} KiB more than the start had reserved: {ends}")
    ok(any(ends), "memory was wanting: it ended of it, and was started again", ends)
    load.wait_more(30)
    load.end()
    verdict = load.compare(daemon, "after a want of memory")
    publish("R25", "no more memory for the daemon", "RLIMIT_AS", len(ends), [verdict], (), f"it ended of it {sum(end is not None for end in ends)} times")
    same(daemon.stop(), 0, "it stops as asked")


main(start, test_silent_and_slow, test_rubbish, test_storm, test_no_memory)

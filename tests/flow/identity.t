#!/usr/bin/python3
"""Who comes in over TCP: registered keys, each for its officer, until they are revoked or expire; and nobody else."""
import os
import re
import subprocess
import sys

from zmq.utils import z85

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

KEY = 14  # error.def
DAY = 24 * HOUR
HERE = {}


def rectify(*words, actor="office", endpoint=None, key=None, server=None):
    command = [BUILD / "rectify", "--as", actor, "--timeout", "10", "--endpoint", endpoint or HERE["daemon"].endpoint]
    if key:
        command += ["--key", key]
    if server:
        command += ["--server", server]
    return subprocess.run(command + list(words), capture_output=True, text=True, timeout=PATIENCE, check=False)


def new_key(name):
    """A key file made by the command: its path, secret and public half."""
    path = HERE["top"] / name
    public = rectify("key", "new", path).stdout.strip()
    return {"path": path, "public": public, "secret": path.read_text().split()[1]}


class Remote(Client):
    """A DEALER with keys; `wrong` stands in for the daemon's."""

    def __init__(self, key, actor="insp-1", server=None):
        self.key, self.server = key, server or HERE["server"]
        super().__init__(HERE["listen"], actor)

    def open(self):
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        if self.key is not None:
            self.socket.curve_serverkey = z85.encode(bytes.fromhex(self.server["public"]))
            self.socket.curve_publickey = z85.encode(bytes.fromhex(self.key["public"]))
            self.socket.curve_secretkey = z85.encode(bytes.fromhex(self.key["secret"]))
        self.socket.connect(self.endpoint)

    def error(self):
        """Code and text of what a ping is answered with; None when it is fine."""
        reply = self.ask(ping=pb.Ping())
        return (reply.error.code, reply.error.text.decode()) if reply.WhichOneof("body") == "error" else None


def rule_of(done):
    found = re.search(r"rule (\d+)", done.stderr)
    return int(found.group(1)) if found else None


def events():
    return int(HERE["daemon"].sql("SELECT size FROM rectify.head"))


def test_the_door_opens():
    """The daemon proves that a stranger is refused, and only then serves."""
    HERE["top"] = place()
    HERE["daemon"] = Daemon()
    HERE["server"] = new_key("server")
    HERE["server"]["path"].chmod(0o600)
    daemon = HERE["daemon"] = city("--listen", "tcp://127.0.0.1:*", "--server-key", str(HERE["server"]["path"]))
    daemon.wait_log(r"door\.open listen=")
    HERE["listen"] = re.search(r"door\.open listen=(tcp://\S+)", daemon.log()).group(1)
    ok(HERE["listen"].startswith("tcp://127.0.0.1:"), "the door is open after the proof", HERE["listen"])
    for name in ("cmdline", "environ"):
        data = open(f"/proc/{daemon.process.pid}/{name}", "rb").read() if os.geteuid() == 0 or name == "cmdline" else b""
        ok(HERE["server"]["secret"].encode() not in data, f"the secret is not in {name}")
    ok(HERE["server"]["secret"] not in daemon.log(), "nor in the log")
    limits = open(f"/proc/{daemon.process.pid}/limits", encoding="utf-8").read()
    ok(re.search(r"Max core file size\s+0\s+0", limits), "no core file is written", limits)


def test_key_files():
    """A key file that others may read is refused; one that is there is not written over."""
    key = new_key("own")
    same(key["path"].stat().st_mode & 0o777, 0o600, "a new key file is its owner's alone")
    same(rectify("key", "public", key["path"]).stdout.strip(), key["public"], "its public half is shown")
    before = key["path"].read_bytes()
    ok(rectify("key", "new", key["path"]).returncode != 0 and key["path"].read_bytes() == before, "and it is not written over")
    key["path"].chmod(0o640)
    done = rectify("key", "public", key["path"])
    ok(done.returncode != 0 and "others may read" in done.stderr, "one that the group may read is refused", done.stderr)
    refused = Daemon("--listen", "tcp://127.0.0.1:*", "--server-key", str(key["path"]))
    refused.start(wait=False)
    ok(refused.exit_code() == 78, "by the daemon too", refused.tail())
    key["path"].chmod(0o600)
    HERE["own"] = key


def test_strangers():
    """Nobody comes in without a registered key, and who is refused is told so."""
    key, before = HERE["own"], events()
    done = rectify("ping", endpoint=HERE["listen"], actor="insp-1", key=key["path"], server=HERE["server"]["public"])
    ok(done.returncode == 1 and "not registered" in done.stderr, "an unregistered key is told so at once", done.stderr)
    for what, client in (("an unregistered key", Remote(key)), ("no key", Remote(None)), ("a wrong server's key", Remote(key, server=key))):
        client.send(request("insp-1", submit=submit_of(finding())))
        same(client.receive(0.7), None, f"{what}: no answer")
        client.close()
    same(events(), before, "and nothing is on record")
    done = rectify("--timeout", "1", "ping", endpoint=HERE["listen"], actor="insp-1", key=key["path"], server=key["public"])
    ok(done.returncode == 69, "a wrong server key is unreachable, not a hang", done.stderr)


def test_other_mechanisms():
    """Over TCP nothing but CURVE: neither PLAIN, whatever the password, nor NULL, nor raw bytes; and a routing id is nobody's to choose."""
    before = events()
    for what, options in (("NULL", {}), ("PLAIN", {zmq.PLAIN_USERNAME: b"office", zmq.PLAIN_PASSWORD: b"x"}),
                          ("PLAIN, with a public key as password", {zmq.PLAIN_USERNAME: b"insp-1", zmq.PLAIN_PASSWORD: HERE["own"]["public"].encode()})):
        socket = zmq.Context.instance().socket(zmq.DEALER)
        socket.linger = 0
        for name, value in options.items():
            socket.setsockopt(name, value)
        socket.connect(HERE["listen"])
        try:
            socket.send(request("office", submit=submit_of(finding())).SerializeToString(), zmq.NOBLOCK)
        except zmq.Again:
            pass
        same(socket.poll(700), 0, f"{what}: no answer")
        socket.close()
    same(events(), before, "and nothing is on record")


def test_routing_ids():
    """Who calls himself as somebody else does gets none of that one's answers, nor takes them away."""
    first, second = (zmq.Context.instance().socket(zmq.DEALER) for _ in range(2))
    for socket in (first, second):
        socket.linger = 0
        socket.routing_id = b"somebody"
    first.connect(HERE["daemon"].endpoint)
    asked = request("off", watch=pb.Watch())
    first.send(asked.SerializeToString())
    need(first.poll(PATIENCE * 1000), "no answer")
    same(pb.Reply.FromString(first.recv()).WhichOneof("body"), "pong", "somebody watches")
    second.connect(HERE["daemon"].endpoint)
    second.send(request("insp-2", ping=pb.Ping()).SerializeToString())
    stolen = second.poll(500) and pb.Reply.FromString(second.recv()).WhichOneof("body")
    ok(stolen in (0, "pong"), "another one by that name is told nothing, or what he asked for himself", stolen)
    Client(HERE["daemon"]).submit(finding(text="for the first alone"))
    need(first.poll(PATIENCE * 1000), "the first one's push did not come")
    same(pb.Reply.FromString(first.recv()).id, asked.id, "the push goes to whom it belongs")
    same(second.poll(300), 0, "and to nobody else")
    first.close()
    second.close()


def test_memory():
    """The secret is locked into memory, which no core file gets; in the environment of nobody."""
    with open(f"/proc/{HERE['daemon'].process.pid}/status", encoding="utf-8") as file:
        locked = int(re.search(r"VmLck:\s+(\d+)", file.read()).group(1))
    if SANITIZED:
        skip("memory is locked", "AddressSanitizer cannot have its own locked")
    else:
        ok(locked > 0, "memory is locked", locked)


def test_registering():
    """An administrator says whose a key is; the rules of it."""
    key = HERE["own"]["public"]
    same(rule_of(rectify("key", "register", "insp-1", key, actor="off")), 201, "only an administrator registers")
    same(rule_of(rectify("key", "register", "nemo", key)), 121, "the officer must be known")
    same(rule_of(rectify("key", "register", "insp-1", key, "--until", "2025-12-31")), 206, "rule 206: not into the past")
    same(rule_of(rectify("key", "register", "insp-1", key, "--from", "2026-03-01", "--until", "2026-02-01")), 206, "not backwards")
    for weak in ("00" * 32, "01" + "00" * 31, "ec" + "ff" * 30 + "7f"):
        same(rule_of(rectify("key", "register", "insp-1", weak)), 211, "rule 211: nor a key by which anybody comes in")
    same(rectify("key", "register", "insp-1", key).returncode, 0, "registered")
    same(rule_of(rectify("key", "register", "insp-1", key)), 125, "the same again changes nothing")
    same(rule_of(rectify("key", "register", "insp-2", key)), 204, "rule 204: a key does not change hands")
    same(rule_of(rectify("key", "revoke", "00" * 32, "-m", "lost")), 205, "rule 205: an unknown key cannot be revoked")
    ok(key in rectify("key", "list").stdout, "it is listed")
    same(rectify("key", "list", actor="insp-1").returncode, 1, "not for everybody")


def test_the_holder():
    """The key is good for its officer, and for no other."""
    client = Remote(HERE["own"])
    same(client.error(), None, "the holder is served")
    outcome, = client.submit(finding())
    same(outcome.WhichOneof("result"), "receipt", "and submits")
    outcome, = client.submit(finding(team="team-2"))
    same(outcome.refusal.rule, 202, "but not another team's finding")
    before = events()
    client.actor = "off"
    same((client.error() or (0,))[0], KEY, "under another name: an error, whatever the name may do")
    reply = client.ask(act=act_of(command(COMMENT, 1, text="forged")))
    same(reply.error.code, KEY, "for each message")
    same(events(), before, "and nothing is on record")
    done = rectify("ping", endpoint=HERE["listen"], actor="insp-1", key=HERE["own"]["path"], server=HERE["server"]["public"])
    ok(done.returncode == 0, "the command too", done.stderr)
    client.close()


def test_replay():
    """The same id again, over both doors: one effect."""
    client, local, item = Remote(HERE["own"]), Client(HERE["daemon"]), finding()
    first, = client.submit(item)
    again, = client.submit(item)
    other, = local.submit(item)
    ok(again.receipt.repeated and other.receipt.repeated, "a repeat is a repeat")
    same({again.receipt.log_index, other.receipt.log_index}, {first.receipt.log_index}, "of the first")
    client.close()


def test_rotation():
    """Two keys of one officer are valid together; then the old one is revoked, also on connections that are open."""
    HERE["second"] = new_key("second")
    same(rectify("key", "register", "insp-1", HERE["second"]["public"]).returncode, 0, "a second key")
    old, new = Remote(HERE["own"]), Remote(HERE["second"])
    ok(old.error() is None and new.error() is None, "both work")
    watch = request("insp-1", watch=pb.Watch())
    same(old.once(watch).WhichOneof("body"), "pong", "the old one watches")
    same(rectify("key", "revoke", HERE["own"]["public"], "-m", "rotated").returncode, 0, "the old one is revoked")
    ok("revoked" in (old.error() or (0, ""))[1], "the open connection's next message is refused, and says why", old.error())
    same(rule_of(rectify("key", "register", "insp-1", HERE["own"]["public"])), 204, "a revoked key does not come back")
    new.submit(finding())
    same(old.receive(0.7), None, "and its watch is told nothing more")
    done = rectify("ping", endpoint=HERE["listen"], actor="insp-1", key=HERE["own"]["path"], server=HERE["server"]["public"])
    ok(done.returncode == 1 and "revoked" in done.stderr, "nor does it come in again", done.stderr)
    same(new.error(), None, "the new one works on")
    old.close()
    new.close()


def test_days():
    """A key has a first and a last day."""
    HERE["short"] = new_key("short")
    rectify("key", "register", "insp-2", HERE["short"]["public"], "--until", "2026-01-06")
    client = Remote(HERE["short"], "insp-2")
    same(client.error(), None, "it works on its days")
    now = Client(HERE["daemon"], "office").ping().now
    Client(HERE["daemon"], "office").ask(clock_advance=pb.ClockAdvance(until=now + 3 * DAY))
    ok("expired" in (client.error() or (0, ""))[1], "and not after them", client.error())
    rectify("key", "register", "insp-2", HERE["short"]["public"], "--until", "2026-12-31")
    same(client.error(), None, "until it is prolonged")
    client.close()


def test_restart():
    """Keys are read from the record again; what was revoked stays so."""
    daemon = HERE["daemon"]
    daemon.kill()
    daemon.start()
    daemon.wait_log(r"door\.open listen=")
    HERE["listen"] = re.search(r"door\.open listen=(tcp://\S+)", daemon.log()).group(1)
    client = Remote(HERE["second"])
    same(client.error(), None, "a registered key works after kill -9")
    done = rectify("ping", endpoint=HERE["listen"], actor="insp-1", key=HERE["own"]["path"], server=HERE["server"]["public"])
    same(done.returncode, 1, "a revoked one does not")
    kept = daemon.sql("SELECT string_agg(revoked::text, ',' ORDER BY log_index) FROM rectify.client_key")
    ok("true" in kept and "false" in kept, "the table says the same", kept)
    done = daemon.doctor()
    ok(done.returncode == 0, "doctor", done.stdout + done.stderr)
    client.close()


def rules_on_record(daemon):
    return set(daemon.sql("SELECT DISTINCT rule FROM rectify.event WHERE case_no = 0").split())


def counted(daemon):
    """(officer, count) of each summary on record."""
    client, found = Client(daemon, "auditor"), []
    for page in client.pages(log=pb.LogQuery()):
        for row in page.events:
            event = pb.Event.FromString(row.record)
            if event.command == 53:
                found.append((event.subject, event.counted))
    client.close()
    return found


def test_refusals_are_bounded():
    """A flood of refused attempts is on record up to a bound; beyond it it is counted, and the count is on record."""
    daemon, most = HERE["daemon"], limit("IDENTITY_REFUSALS_MAX")
    client, before = Client(daemon, "h-south"), events()
    outcomes = [outcome for _ in range(4) for outcome in client.act(*(command(ESCALATE, 1, text="x") for _ in range(250)))]
    refused = [one for one in outcomes if one.WhichOneof("result") == "refusal"]
    errors = [one for one in outcomes if one.WhichOneof("result") == "error"]
    same((len(refused), len(errors)), (most, 1000 - most), "as many refusals as the bound says, the rest only told")
    ok({one.error.code for one in errors} == {15}, "by an error of its own", errors[:1])
    same(events() - before, most, "the log grew by so many")
    other, = Client(daemon, "p-south").act(command(ESCALATE, 1, text="x"))
    same(other.WhichOneof("result"), "refusal", "others' refusals are on record as before")
    same(counted(daemon), [], "nothing is summed up before the hour")
    Client(daemon, "office").advance(Client(daemon, "office").ping().now + HOUR + 1)
    need(until(lambda: counted(daemon)), "no summary came")
    same([count for _, count in counted(daemon)], [1000 - most], "after an hour the count is on record, once")
    client.act(*(command(ESCALATE, 1, text="x") for _ in range(300)))
    same(daemon.stop(), 0, "it stops")
    daemon.start()
    same([count for _, count in counted(daemon)][1:], [100], "and before a stop what was counted is put on record")
    ok({"661", "662", "663"} <= rules_on_record(daemon), "rule 661, rule 662 and rule 663 are on record", rules_on_record(daemon))
    ok(daemon.doctor().returncode == 0, "doctor")
    client.close()


def test_count_of_keys():
    """There is room for so many keys."""
    daemon, most = HERE["daemon"], limit("KEYS_MAX")
    daemon.sql("INSERT INTO rectify.client_key SELECT sha256(n::text::bytea), 1, '2026-01-01', '2026-12-31', true, 1000000000 + n "
               f"FROM generate_series(1, {most} - (SELECT count(*) FROM rectify.client_key)) AS n")
    daemon.kill()
    daemon.start()
    done = rectify("key", "register", "insp-1", new_key("too-many")["public"])
    same(rule_of(done), 207, "rule 207: one too many is refused")
    same(rectify("key", "register", "insp-1", HERE["second"]["public"], "--until", "2026-12-31").returncode, 0,
         "those that are there can still be prolonged")


def test_rate():
    """An officer may hand in so many items a second, and is told when to come back."""
    daemon = city("--identity-rate", "1")
    client = Client(daemon)
    items = [finding() for _ in range(500)]
    same(len(client.submit(*items)), 500, "the largest request fits at any rate")
    reply = client.once(request("insp-1", submit=submit_of(*(finding() for _ in range(500)))))
    same(reply.error.code, BUSY, "then: later")
    ok(0 < reply.error.retry_msec <= 500_000 and "identity_rate" in reply.error.text.decode(), "when, and which bound", reply)
    other = Client(daemon, "insp-2")
    same(len(other.submit(finding(team="team-2"))), 1, "others are served meanwhile")
    watches = [other.once(request("insp-2", watch=pb.Watch())).WhichOneof("body") for _ in range(limit("IDENTITY_WATCHES_MAX") + 1)]
    same((watches[-2], watches[-1]), ("pong", "error"), "and watch up to their bound")
    client.close()
    other.close()


main(test_the_door_opens, test_key_files, test_strangers, test_other_mechanisms, test_routing_ids, test_memory, test_registering, test_the_holder, test_replay, test_rotation, test_days,
     test_restart, test_refusals_are_bounded, test_count_of_keys,
     test_rate)

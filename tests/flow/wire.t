#!/usr/bin/python3
"""The wire as docs/PROTOCOL.md says it, against a real daemon and without librectify: the example client, repeated ids,
watches, and bytes that no client should send.  Needs build/, PostgreSQL's programs, protoc, python3-zmq.  Prints TAP."""
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

import zmq

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("B", "build")
PATIENCE = 60_000  # msec for what must come
SILENCE = 200  # msec for what must not
count = failed = 0

BASE = pathlib.Path(tempfile.mkdtemp(prefix="rectify-wire-"))
BASE.chmod(0o755)
ENDPOINT = f"ipc://{BASE}/data/rectifyd.sock"
subprocess.run(["protoc", f"--python_out={BASE}", "-I", ROOT / "proto", ROOT / "proto/rectify/v1/rectify.proto"],
               check=True)
sys.path.insert(0, str(BASE))
from rectify.v1 import rectify_pb2 as pb  # noqa: E402


def ok(fine, what, seen=None):
    global count, failed
    count, failed = count + 1, failed + (not fine)
    print(f"{'ok' if fine else 'not ok'} {count} - {what}", flush=True)
    if not fine:
        print(f"# seen: {seen!r}", flush=True)


def key():
    raw = bytearray(random.randbytes(16))
    raw[6], raw[8] = 0x70 | raw[6] & 0x0F, 0x80 | raw[8] & 0x3F
    return bytes(raw)


class Client:
    """A DEALER, or another kind of socket."""

    def __init__(self, kind=zmq.DEALER):
        self.socket = context.socket(kind)
        self.socket.linger = 0
        self.socket.connect(ENDPOINT)

    def send(self, *frames):
        self.socket.send_multipart(frames)

    def receive(self, patience=PATIENCE):
        """The next reply, or None."""
        return pb.Reply.FromString(self.socket.recv_multipart()[-1]) if self.socket.poll(patience) else None

    def ask(self, request):
        """The reply to this request, sent again each second (P-034); others are dropped (P-035)."""
        for _ in range(PATIENCE // 1000):
            self.send(request.SerializeToString())
            while reply := self.receive(1000):
                if reply.id == request.id and not reply.HasField("push") and reply.error.code not in (8, 9):
                    return reply
        return None


def request(**body):
    return pb.Request(version=1, id=key(), actor=b"office", **body)


def finding(**fields):
    return pb.Finding(**{**dict(id=key(), unit=b"city", kind=1, severity=2, code=b"4-601", text=b"x"), **fields})


def submit(*findings):
    return request(submit=pb.Submit(findings=findings))


def test_example():
    run = subprocess.run([ROOT / "tests/flow/example_client.py", ENDPOINT, "office", "city"], text=True,
                         capture_output=True, env={**os.environ, "PYTHONPATH": str(BASE)}, check=False)
    ok(run.returncode == 0 and "receipt\n" in run.stdout and "case_no: 1\n" in run.stdout, "the example client", run)
    run = subprocess.run([ROOT / "tests/flow/example_client.py", ENDPOINT, "nobody", "city"], text=True,
                         capture_output=True, env={**os.environ, "PYTHONPATH": str(BASE)}, check=False)
    ok(run.returncode == 1 and "error 5 at actor" in run.stderr, "P-012: the actor is not in the registry", run)


def test_once_and_only_once(client):
    one = submit(finding(), finding(unit=b"no-such-unit"))
    first, again = client.ask(one).outcomes.outcomes, client.ask(one).outcomes.outcomes
    ok([o.id for o in first] == [f.id for f in one.submit.findings], "P-020: outcomes in the order of the items", first)
    same = all(a.receipt.log_index == b.receipt.log_index and a.receipt.case_no == b.receipt.case_no and
               b.receipt.repeated and not a.receipt.repeated for a, b in zip(first, again))
    ok(same and len(again) == 2, "P-031: the same id gets the first receipt", (first, again))
    other = request(act=pb.Act(commands=[pb.Command(id=one.submit.findings[0].id, command=10, case_no=1, text=b"x")]))
    outcome = client.ask(other).outcomes.outcomes[0]
    ok(outcome.error.code == 12, "P-032: the same id for another command", outcome)
    refused = client.ask(request(act=pb.Act(commands=[pb.Command(id=key(), command=40, case_no=1)]))).outcomes.outcomes[0]
    ok(refused.refusal.rule == 203 and refused.refusal.text_zh != b"", "P-060: a rung is nobody's to fire", refused)


def test_fields(client):
    reply = client.ask(submit(finding(), finding(unit=b"\xff")))
    ok(reply.error.code == 3 and reply.error.field == b"submit.findings[1].unit", "P-024: the path of a field", reply)
    reply = client.ask(pb.Request(version=2, id=key(), actor=b"office", ping=pb.Ping()))
    ok(reply.error.code == 2, "P-010: another version", reply)
    asked = request(ping=pb.Ping())
    client.send(asked.SerializeToString() + b"\x98\x06\x01")
    reply = client.receive()
    ok(reply.error.code == 3 and reply.id == asked.id, "P-014: an unknown field", reply)
    client.send(asked.SerializeToString() + b"\x52\xff\x01")
    reply = client.receive()
    ok(reply.error.code == 1 and reply.id == asked.id, "P-015: a broken request gets its id back", reply)


def test_frames(client):
    requester = Client(zmq.REQ)
    requester.send(request(ping=pb.Ping()).SerializeToString())
    reply = requester.receive()
    ok(reply is not None and reply.HasField("pong"), "P-003: a REQ socket's delimiter", reply)
    client.send(b"", b"a", b"b", b"c")
    ok(client.receive(SILENCE) is None, "P-003: too many frames are dropped")
    giant = Client()
    giant.send(bytes(4 * 1024 * 1024 + 1))
    ok(giant.receive(SILENCE) is None, "P-004: a frame too large is dropped")
    body = b"\x0a\x00" * 500_000  # half a million empty findings
    client.send(b"\x08\x01\x12\x10" + bytes(16) + b"\x52" + b"\xc0\x84\x3d" + body)
    reply = client.receive()
    ok(reply is not None and reply.error.code == 4, "P-005: memory is bounded", reply)
    seed = random.randrange(1 << 32)
    dice = random.Random(seed)
    good = submit(finding()).SerializeToString()
    for turn in range(500):
        bad = bytearray(good)
        for _ in range(dice.randrange(1, 6)):
            bad[dice.randrange(len(bad))] = dice.randrange(256)
        client.send(bytes(bad))
        client.send(dice.randbytes(dice.randrange(1, 300)))
        if turn % 8 == 7:  # no more at a time than the queues hold
            client.ask(request(ping=pb.Ping()))
    reply = client.ask(submit(finding()))  # and what was good by chance is recorded before it (P-037)
    ok(reply is not None and reply.HasField("outcomes"), f"a thousand broken messages leave it well (seed {seed})")


def test_watch(client):
    watcher = Client()
    watch = request(watch=pb.Watch())
    size = watcher.ask(watch).pong.head.size
    client.ask(submit(finding()))
    first = watcher.receive()
    ok(first.id == watch.id and first.push.previous_size == size and first.push.size == size + 1 and
       first.push.events[0].row.case_no > 0, "P-091, P-093: a push follows the head of the pong", first)
    ok(watcher.ask(watch).HasField("pong"), "P-092: a renewal has the same id")
    client.ask(submit(finding()))
    second = watcher.receive()
    ok(second.push.previous_size == first.push.size, "P-093: and the push before it", second)
    watch.watch.stop = True
    watcher.ask(watch)
    client.ask(submit(finding()))
    ok(watcher.receive(SILENCE) is None, "P-092: a watch is stopped")


def test_pages(client):
    seen, cursor = [], b""
    while True:
        page = client.ask(request(query=pb.Query(limit=2, cursor=cursor, cases=pb.CaseQuery()))).page
        seen += [row.case_no for row in page.cases]
        cursor = page.next_cursor
        if not cursor or len(seen) > 1000:
            break
    ok(seen == list(range(1, len(seen) + 1)) and len(seen) > 3, "P-081: pages follow each other", seen)
    reply = client.ask(request(query=pb.Query(cursor=b"not one", cases=pb.CaseQuery())))
    ok(reply.error.field == b"query.cursor", "P-081: a foreign cursor", reply)


context = zmq.Context()
with open(BASE / "log", "wb") as log:
    daemon = subprocess.Popen([BUILD / "rectifyd", "--data", BASE / "data", "--endpoint", ENDPOINT], stderr=log)
try:
    test_example()
    main = Client()
    test_once_and_only_once(main)
    test_fields(main)
    test_frames(main)
    test_watch(main)
    test_pages(main)
finally:
    daemon.terminate()
    ok(daemon.wait(60) == 0, "the daemon is still there, and stops as asked", (BASE / "log").read_text()[-2000:])
    context.destroy(linger=0)
    shutil.rmtree(BASE, ignore_errors=True)
print(f"1..{count}")
sys.exit(1 if failed else 0)

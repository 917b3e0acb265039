#!/usr/bin/python3
"""Hostile and broken clients: whatever they send, the others are served."""
import random
import resource
import socket as sockets
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

DAEMON = []
SEED = int(os.environ.get("SEED", "20260105"))
IDLE = 1000
GROWTH_KIB_MAX = 16 * 1024

FRAME_BYTES_MAX = limit("WIRE_FRAME_BYTES_MAX")


def daemon_and_client():
    return DAEMON[0], Client(DAEMON[0])


def cases(daemon):
    return daemon.sql("SELECT cases FROM rectify.head")


def error_of(client, message):
    """(code, field) of the error that answers."""
    reply = client.once(message, 10)
    if reply is None:
        return None
    kind = reply.WhichOneof("body")
    return (reply.error.code, reply.error.field.decode()) if kind == "error" else kind


def answer(client, frames):
    """The first reply to raw frames."""
    client.send(frames)
    return client.receive(10)


def test_random_bytes():
    """Bytes that mean nothing."""
    print(f"# SEED={SEED}")
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, limits[1]))  # the daemon raises its own: see test_idle
    DAEMON.append(city())
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    daemon, client = daemon_and_client()
    before, dice = cases(daemon), random.Random(SEED)
    strange = []
    for _ in range(400):
        reply = answer(client, [dice.randbytes(dice.choice((0, 1, 2, 7, 60, 700, 9000)))])
        if reply is None or reply.WhichOneof("body") != "error" or reply.error.code not in (MALFORMED, VERSION, FIELD):
            strange.append(reply)
    ok(not strange, "400 random frames: each is answered with an error", *strange[:3])
    valid = bytearray(request("insp-1", submit=submit_of(finding())).SerializeToString())
    answered = 0
    for _ in range(400):
        spoiled = bytearray(valid)
        for _ in range(dice.randint(1, 4)):
            spoiled[dice.randrange(len(spoiled))] = dice.randrange(256)
        answered += answer(client, [bytes(spoiled)]) is not None
    same(answered, 400, "400 spoiled requests: each is answered")
    say(f"cases before {before}, after {cases(daemon)}: a spoiled text is still a text")
    is_served(daemon, "after random bytes")


def test_truncated():
    """A valid request cut at every length."""
    daemon, client = daemon_and_client()
    one = finding()
    one.evidence.add(kind=1, sha256=bytes(32), name="照片".encode(), size=7)
    valid = request("insp-1", submit=submit_of(one)).SerializeToString()
    before = cases(daemon)
    replies = [answer(client, [valid[:length]]) for length in range(len(valid))]
    strange = [(length, reply) for length, reply in enumerate(replies) if reply is None or reply.WhichOneof("body") != "error"]
    ok(not strange, f"cut at each of {len(valid)} lengths: an error", *strange[:3])
    same(cases(daemon), before, "none of them became a case")
    ok(answer(client, [valid]).outcomes.outcomes[0].receipt.case_no == int(before) + 1, "the whole one did")
    is_served(daemon, "after cut requests")


def test_frames():
    """Too many frames, empty frames, a frame too large."""
    daemon, client = daemon_and_client()
    ping = request("insp-1", ping=pb.Ping())
    client.socket.send_multipart([b"", ping.SerializeToString()])
    frames = client.socket.recv_multipart() if client.socket.poll(10000) else []
    same((len(frames), frames[:1]), (2, [b""]), "a request behind an empty delimiter is answered behind one")
    for many in ([b"", b"", ping], [b"", b"x", ping], [ping, b""], [b"x"] * 4, [b""] * 5, [b"x"] * 300):
        client.socket.send_multipart([f if isinstance(f, bytes) else f.SerializeToString() for f in many])
    marker = request("insp-1", ping=pb.Ping())
    reply = answer(client, [marker.SerializeToString()])
    ok(reply is not None and reply.id == marker.id, "messages of other frames are dropped unanswered, what comes next is answered", reply)
    for empty in ([b""], [b"", b""]):
        reply = answer(client, empty)
        ok(reply is not None and reply.WhichOneof("body") == "error", f"{len(empty)} empty frames: an error", reply)
    client.send([bytes(FRAME_BYTES_MAX + 1)])
    ok(client.ping().cases_total > 0, "a client that sent a frame too large connects anew and is served")
    same(cut_after(daemon, FRAME_BYTES_MAX), False, "a frame of the largest size may come")
    same(cut_after(daemon, FRAME_BYTES_MAX + 1), True, "the announcement of a frame one byte larger cuts the connection")
    is_served(daemon, "after strange frames")
    largest = submit_of(*[finding(text="x" * 16000) for _ in range(FRAME_BYTES_MAX // 16200)])
    ok(0.95 * FRAME_BYTES_MAX < largest.ByteSize() < FRAME_BYTES_MAX - 100 and
       len(client.ask(submit=largest).outcomes.outcomes) == len(largest.findings), "a request just under the limit is taken", largest.ByteSize())


def cut_after(daemon, size):
    """Whether a connection that announces a frame of so many bytes is cut within a second."""
    raw = shake_hands(str(daemon.socket))
    raw.send(b"\x02" + size.to_bytes(8, "big") + bytes(1000))

    def ended():
        try:
            return raw.recv(4096) == b""
        except BlockingIOError:
            return False
        except ConnectionError:
            return True
    cut = until(ended, 1)
    raw.close()
    return bool(cut)


def test_fields():
    """Unknown fields and numbers, texts that are none, items too many."""
    daemon, client = daemon_and_client()
    before = cases(daemon)

    def sent(**changes):
        return error_of(client, request("insp-1", submit=submit_of(finding(**changes))))

    same(error_of(client, pb.Request(version=2, id=uuid7(), actor=b"insp-1", ping=pb.Ping()))[0], VERSION, "version 2: not spoken")
    same(error_of(client, pb.Request(version=0, id=uuid7(), actor=b"insp-1", ping=pb.Ping()))[0], VERSION, "no version: not spoken")
    same(error_of(client, request("nobody", ping=pb.Ping()))[0], ACTOR, "an unknown actor")
    same(error_of(client, request("insp-1")), (FIELD, "body"), "no body")
    valid = request("insp-1", submit=submit_of(finding()))
    more = valid.SerializeToString() + b"\xf8\x06\x01"  # field 111
    reply = answer(client, [more])
    same((reply.error.code, reply.id), (FIELD, valid.id), "an unknown field of the envelope")
    nested = finding().SerializeToString() + b"\xf8\x06\x01"
    inner = b"\x0a" + varint(len(nested)) + nested
    raw = request("insp-1").SerializeToString() + b"\x52" + varint(len(inner)) + inner
    same(answer(client, [raw]).error.code, FIELD, "an unknown field of a finding")
    for name, value in (("kind", 6), ("kind", 99), ("severity", 5), ("kind", 2**32 - 1)):
        same(sent(**{name: value}), (FIELD, f"submit.findings[0].{name}"), f"{name} {value} is not known")
    for bad, what in ((b"\xff\xfe", "no UTF-8"), (b"\xc0\xaf", "overlong UTF-8"), (b"\xed\xa0\x80", "a surrogate"), (b"a\0b", "a NUL"),
                      (b"\x1b[31m", "an escape sequence"), (b"", "nothing"), (b"x" * 16385, "16,385 bytes"), ("墙".encode()[:2], "half a character")):
        seen = sent(text=bad)
        ok(seen == (FIELD, "submit.findings[0].text") or bad == b"" and seen == "outcomes", f"a text of {what} is refused", seen)
    same(client.submit(finding(kind=0))[0].refusal.rule, 142, "no kind: a refusal by rule")
    same(error_of(client, request("insp-1", act=act_of(command(99, 1)))), (FIELD, "act.commands[0].command"), "an unknown command")
    same(error_of(client, request("off", act=act_of(command(ESCALATE, 1, text="x", track=77)))), (FIELD, "act.commands[0].track"), "an unknown track")
    same(error_of(client, request("insp-1", submit=submit_of(finding(key=bytes(16))))), (FIELD, "submit.findings[0].id"), "an id that is no UUIDv7")
    same(error_of(client, request("off", query=pb.Query(cases=pb.CaseQuery(status=[200]))))[0], FIELD, "an unknown status in a query")
    same(error_of(client, request("off", query=pb.Query(limit=501, cases=pb.CaseQuery())))[0], FIELD, "501 rows wanted")
    same(error_of(client, request("off", query=pb.Query()))[0] in (MALFORMED, FIELD), True, "a query for nothing")
    same(error_of(client, request("insp-1", submit=pb.Submit()))[0], FIELD, "no findings")
    same(error_of(client, request("insp-1", submit=submit_of(*[finding() for _ in range(501)]))), (TOO_LARGE, "submit.findings"), "501 findings")
    many = one_with_evidence(17)
    same(error_of(client, request("insp-1", submit=submit_of(many))), (TOO_LARGE, "submit.findings[0].evidence"), "17 pieces of evidence")
    say(f"cases {before} before, {cases(daemon)} after")
    same(len(client.submit(*[finding() for _ in range(500)])), 500, "500 findings are taken")
    is_served(daemon, "after strange fields")


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out + bytes([number]))


def one_with_evidence(count):
    one = finding()
    for _ in range(count):
        one.evidence.add(kind=1, sha256=os.urandom(32), name=b"a", size=1)
    return one


def floods():
    """Requests below the frame limit that unpack to as much as possible."""
    head = request("insp-1").SerializeToString()

    def inside(number, body):
        return head + bytes([number << 3 | 2]) + varint(len(body)) + body

    size = FRAME_BYTES_MAX * 15 // 16 & ~15
    evidence = b"\x5a\x00" * (size // 2)
    yield "empty findings", inside(10, b"\x0a\x00" * (size // 2))
    yield "empty evidence", inside(10, b"\x0a" + varint(len(evidence)) + evidence)
    yield "empty commands", inside(11, b"\x0a\x00" * (size // 2))
    yield "case numbers, not packed", inside(12, b"\x52" + varint(size) + b"\x08\x01" * (size // 2))
    yield "case numbers, packed", inside(12, b"\x52" + varint(size + 4) + b"\x0a" + varint(size) + b"\x01" * size)
    yield "bodies over bodies", head + b"\x52\x00\x5a\x00" * (size // 4)
    yield "unknown fields", head + b"\xf8\x06\x01" * (size // 3)
    yield "groups in groups", head + b"\x53" * size


def test_floods():
    """Submessages by the hundred thousand: memory stays bounded."""
    daemon, client = daemon_and_client()
    for what, raw in floods():
        reply = answer(client, [raw])
        ok(reply is not None and reply.WhichOneof("body") == "error", f"{what}: an error", reply)
    warm = daemon.rss()
    for _ in range(10):
        for _, raw in floods():
            answer(client, [raw])
    grown = daemon.rss() - warm
    if SANITIZED:
        skip("what they grow the daemon by", "AddressSanitizer keeps what was freed, to see who still uses it")
    else:
        ok(grown < GROWTH_KIB_MAX, f"80 more grow the daemon by {grown} KiB, less than {GROWTH_KIB_MAX}")
    ok(warm < 256 * 1024, f"{warm} KiB are resident after the first")
    is_served(daemon, "after the floods")


def shake_hands(path):
    """A connection that speaks ZMTP 3.0 as far as the handshake and then falls silent."""
    client = sockets.socket(sockets.AF_UNIX)
    client.connect(path)
    client.setblocking(False)
    greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
    client.send(greeting + b"\x04\x1c\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER")
    return client


def test_idle():
    """A thousand connections that say nothing more."""
    daemon, client = daemon_and_client()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8192)), hard))
    idle = []
    for _ in range(IDLE):
        idle.append(shake_hands(str(daemon.socket)))
    reply = client.once(request("insp-1", ping=pb.Ping()), 10)
    ok(reply is not None, f"with {IDLE} idle connections an old client is served")
    is_served(daemon, f"with {IDLE} idle connections")
    open_files = len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
    ok(open_files >= IDLE, f"they really are open: {open_files} files")
    for one in idle:
        one.close()
    ok(until(lambda: len(os.listdir(f"/proc/{daemon.process.pid}/fd")) < 100), "they are let go when they end")
    is_served(daemon, "after them")


def test_deaf():
    """A client that never reads its replies."""
    daemon, good = daemon_and_client()
    deaf = Client(daemon, "off", hwm=1)
    query = request("off", query=pb.Query(cases=pb.CaseQuery(with_text=True)))
    before, sent = daemon.rss(), 0
    for turn in range(400):
        if deaf.socket.poll(1000, zmq.POLLOUT):
            deaf.socket.send(query.SerializeToString())
            sent += 1
        if turn % 20 == 0:
            good.ping()
    ok(sent == 400, f"it asked {sent} times for pages of 768 KiB and read none", sent)
    grown = daemon.rss() - before
    ok(grown < 160 * 1024, f"what waits for it is bounded: {grown} KiB")
    crowd, reading = [Client(daemon, "off", hwm=1) for _ in range(12)], Client(daemon, "off")
    for _ in range(60):
        for one in crowd:
            one.send(query)
        need(reading.query(cases=pb.CaseQuery(with_text=True)).cases, "who reads is answered meanwhile")
    grown = daemon.rss() - before
    ok(grown < 160 * 1024, f"also what waits for a dozen such clients: {grown} KiB")
    for one in crowd:
        one.close()
    is_served(daemon, "beside a deaf client")
    deaf.close()
    busy = Client(daemon, "off")
    for _ in range(20):
        busy.send(query)
    same(daemon.stop(), 0, "the daemon stops as asked, also with queries under way")


main(test_random_bytes, test_truncated, test_frames, test_fields, test_floods, test_idle, test_deaf)

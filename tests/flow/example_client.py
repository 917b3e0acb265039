#!/usr/bin/python3
"""Submits one finding and prints its receipt: a whole client of rectifyd (docs/PROTOCOL.md) in any language's terms.

    protoc --python_out=build/python -I proto proto/rectify/v1/rectify.proto
    PYTHONPATH=build/python tests/flow/example_client.py ipc:///path/rectifyd.sock OFFICER UNIT
"""
import os, random, sys, time
import zmq
from rectify.v1 import rectify_pb2 as pb

BUSY, UNAVAILABLE = 8, 9  # error.def: the only errors worth sending the same bytes again for


def uuid7():
    """48 bits of milliseconds, version 7, 12 random bits, variant 10, 62 random bits."""
    raw = bytearray((time.time_ns() // 1_000_000).to_bytes(6, "big") + os.urandom(10))
    raw[6], raw[8] = 0x70 | raw[6] & 0x0F, 0x80 | raw[8] & 0x3F
    return bytes(raw)


def ask(socket, request, seconds):
    """Sends until answered: the same bytes each time, 1 s apart, then twice as long each time, give or take 20 %."""
    data, wait, deadline = request.SerializeToString(), 1.0, time.monotonic() + seconds
    while time.monotonic() < deadline:
        socket.send(data)
        again = time.monotonic() + wait * random.uniform(0.8, 1.2)
        wait = min(2 * wait, 30.0)
        while socket.poll(max(0, 1000 * (min(again, deadline) - time.monotonic()))):
            reply = pb.Reply.FromString(socket.recv_multipart()[-1])
            if reply.id != request.id or reply.HasField("push"):
                continue
            if not reply.HasField("error") or reply.error.code not in (BUSY, UNAVAILABLE):
                return reply
            again = time.monotonic() + (reply.error.retry_msec or 1000) / 1000
    sys.exit("no answer: whether it was recorded is unknown; asking again with the same ids settles it")


endpoint, actor, unit = sys.argv[1:4]
socket = zmq.Context().socket(zmq.DEALER)
socket.linger = 0
socket.connect(endpoint)
request = pb.Request(version=1, id=uuid7(), actor=actor.encode())
request.submit.findings.add(id=uuid7(), unit=unit.encode(), kind=1, severity=2, code=b"4-601",
                            found_on=int(time.time() // 86400) - 1, text="灭火器过期 / fire extinguisher expired".encode())
reply = ask(socket, request, 30)
if reply.HasField("error"):
    sys.exit(f"error {reply.error.code} at {reply.error.field.decode()}: {reply.error.text.decode()}")
for outcome in reply.outcomes.outcomes:
    print(outcome.id.hex(), outcome.WhichOneof("result"), getattr(outcome, outcome.WhichOneof("result")), sep="\n")

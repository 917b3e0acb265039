#!/usr/bin/python3
"""Bits rot on the disk while nobody looks: in the database's tables and indexes, in a client's spool.  What is rotten is found and named,
and never given out.  The control is a database without checksums.  CYCLES says how often (`make faults`)."""
import json
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

dice = random.Random(int(os.environ.get("SEED", "20260105")))
HERE = {}
TABLES = ("event", "event_pkey", "private", "finding", "case_", "notice")


def flip(path, bit):
    with open(path, "r+b") as file:
        file.seek(bit // 8)
        byte = file.read(1)[0]
        file.seek(bit // 8)
        file.write(bytes([byte ^ 1 << bit % 8]))


def texts(client):
    """What the daemon gives out of everything: a row of each case, with its text; None: it says that it cannot."""
    rows, cursor = [], b""
    while True:
        query = pb.Query(limit=500, cursor=cursor, cases=pb.CaseQuery(with_text=True))
        reply = client.once(request("off", query=query), 5)
        if reply is None or reply.WhichOneof("body") != "page":
            return None
        rows += reply.page.cases
        cursor = reply.page.next_cursor
        if not cursor:
            return sorted((row.case_no, row.text, row.unit, row.due, row.status) for row in rows)


def after_rot(name, path, bit):
    """Whether it is found; None when nothing was read of it.  Nothing but the truth may be given out."""
    daemon = HERE["daemon"]
    same(daemon.stop(), 0, f"{name}: stopped")
    flip(path, bit)
    daemon.start(wait=False)
    until(lambda: daemon.saw("ready endpoint=") or not daemon.running() or daemon.saw("store.step_failed"))
    found, wrong = not daemon.saw("ready endpoint="), False
    if not found:
        client = Client(daemon, "off")
        given = texts(client)
        client.close()
        wrong = given is not None and given != HERE["truth"]
        found = given is None or daemon.doctor().returncode != 0
    if daemon.running():
        daemon.kill()
    if (server := daemon.postmaster()) != 0:
        daemon.kill_server()
        until(lambda: not alive(server))
    flip(path, bit)
    daemon.start()
    return found, wrong


def rot(times, tables=TABLES, until_missed=False):
    """(bits found, places where something untrue was given out, bits tried)."""
    found, wrong = [], []
    for n in range(times):
        name = tables[n % len(tables)]
        path, size = HERE["files"][name]
        bit = dice.randrange(size * 8)
        seen, lied = after_rot(name, path, bit)
        say(f"{name}, bit {bit}: {'found' if seen else 'not found'}")
        found.append(seen)
        wrong += [(name, bit)] if lied else []
        if until_missed and not seen:
            break
    return found.count(True), wrong, len(found)


def start():
    """A city with cases, all of it on the disk."""
    daemon = HERE["daemon"] = city()
    load = HERE["load"] = Load(daemon, commands=True)
    load.start()
    load.wait_more(200)
    load.end()
    client = Client(daemon, "off")
    HERE["truth"] = need(texts(client), "rows")
    client.close()
    daemon.sql("CHECKPOINT")
    files = {name: daemon.sql(f"SELECT pg_relation_filepath('rectify.{name}')") for name in TABLES}
    HERE["files"] = {name: (daemon.data / "postgres" / path, os.path.getsize(daemon.data / "postgres" / path)) for name, path in files.items()}


def test_database():
    """A bit of a table or an index, anywhere in its pages."""
    times = cycles(2)
    found, wrong, _ = rot(times)
    same((found, wrong), (times, []), f"each of {times} rotten bits is found, and nothing untrue is given out")
    verdict = HERE["load"].compare(HERE["daemon"], "with the bits put right")
    missed = control_no_checksums()
    publish("R27", "a bit rots in a table or an index", "a flipped bit, offline", times, [verdict], (), missed)


def control_no_checksums():
    """The control: the same without checksums; PostgreSQL then takes what it reads."""
    daemon = HERE["daemon"]
    same(daemon.stop(), 0, "stopped")
    tool = [str(Path(PSQL).parent / "pg_checksums"), "--disable", "-D", str(daemon.data / "postgres")]
    subprocess.run((["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []) + tool, check=True, capture_output=True, cwd="/")
    daemon.start()
    found, _, tries = rot(cycles(30), ("event_pkey", "notice"), until_missed=True)  # which bit it is decides: many are seen by what reads the row
    ok(found < tries, f"the control, a database without checksums: {tries - found} of {tries} rotten bits are not found")
    same(daemon.stop(), 0, "it stops")
    return f"without checksums {tries - found} of {tries} are not found"


def test_spool():
    """A bit of a client's spool: what it shows is what was saved, or it says what is wrong."""
    spool = place() / "spool"
    environment = {**os.environ, "RECTIFY_SPOOL": str(spool), "LC_ALL": "C"}
    rows = "".join(json.dumps({"unit": "north", "kind": "loophole", "severity": "ordinary", "team": "team-1", "found": "2026-01-02", "code": str(n),
                               "text": "墙面开裂"}) + "\n" for n in range(20))

    def rectify(*words, stdin=""):
        return subprocess.run([BUILD / "rectify", "--as", "insp-1", "--endpoint", "ipc:///nonexistent/s", *words], capture_output=True, text=True,
                              check=False, env=environment, timeout=PATIENCE, input=stdin)

    need(rectify("submit", "--offline", "--jsonl", "-", stdin=rows).returncode == 0, "twenty are saved")
    shown = rectify("spool", "show", "--json").stdout
    same(shown.count("\n"), 20, "and shown")
    path = max((one for one in [spool, *spool.rglob("*")] if one.is_file()), key=os.path.getsize)
    times, lied, told = 10 * cycles(4), [], 0
    for _ in range(times):
        bit = dice.randrange(os.path.getsize(path) * 8)
        whole = path.read_bytes()
        flip(path, bit)
        done = rectify("spool", "show", "--json")
        told += done.returncode != 0
        lied += [bit] if done.returncode == 0 and done.stdout != shown else []
        path.write_bytes(whole)
    same(lied, [], f"{times} rotten bits in a spool: {told} are told, {times - told} change nothing, none is shown")
    ok(told > 0, "they are told", told)
    publish("R27", "a bit rots in a client's spool", "a flipped bit", times, (), (), f"{told} told, {times - told} in bytes that nobody reads")


main(start, test_database, test_spool)

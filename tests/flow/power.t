#!/usr/bin/python3
"""The power is cut under load: what was acknowledged, what the client's spool said that it keeps, and what the signer has signed are on
the disk.  The control is a disk that lies.  Needs root, for a disk of its own; CYCLES says how often (`make faults`)."""
import json
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position
from power import Disk, possible, programs  # noqa: E402 pylint: disable=wrong-import-position
from signer import Signer  # noqa: E402 pylint: disable=wrong-import-position

dice = random.Random(int(os.environ.get("SEED", "20260105")))
HERE = {}


def on_disk(disk, *options, **surroundings):
    """A daemon whose data lie there; what it says does not."""
    daemon = Daemon(*options, top=disk.top)
    daemon.log_file = place() / "log"
    daemon.log_file.touch()
    daemon.surroundings = {"PG_BIN": None, **surroundings}  # nothing copied: what initdb has synced is there after a cut
    daemon.start()
    publish_city(daemon)
    return daemon


def all_dead(daemon, server):
    daemon.kill()
    signal_all(server, signal.SIGKILL)
    need(until(lambda: not any(alive(pid) for pid in server)), "PostgreSQL is dead")


def amcheck(daemon):
    """PostgreSQL's own opinion of its tables and indexes."""
    return subprocess.run([Path(PSQL).parent / "pg_amcheck", "-h", daemon.data / "postgres-socket", "-U", "rectify_admin", "-d", "rectify",
                           "--install-missing=public", "--heapallindexed"], capture_output=True, text=True, timeout=PATIENCE, check=False)


def control_lying_disk():
    """The control: PostgreSQL on a disk that says "flushed" and has flushed nothing."""
    disk = Disk()
    daemon = on_disk(disk, PG_BIN=programs(FAULT_LIE=1))
    subprocess.run(["sync", "-f", disk.top], check=True)
    load = Load(daemon)
    load.start()
    load.wait_more(100)
    server = daemon.server()
    disk.cut()
    load.end(drop=True)
    all_dead(daemon, server)
    disk.back()
    daemon.surroundings = {"PG_BIN": None}
    daemon.start(wait=False)
    until(lambda: daemon.saw("ready endpoint=") or not daemon.running(), 20)
    lost = load.acknowledged()
    if daemon.saw("ready endpoint="):
        lost = len(load.look(daemon).lost)
    daemon.kill()
    until(lambda: not daemon.postmaster() or daemon.kill_server() and False, 5)
    ok(lost > 0, f"the control, a disk that lies: {lost} of {load.acknowledged()} acknowledged are lost")
    return f"a disk that lies (fsync does nothing): {lost} of {load.acknowledged()} lost"


def test_database():
    """The disk of the database and of the signer's state loses its power, again and again."""
    disk, recovery, times = HERE.setdefault("disk", Disk()), [], cycles(2)
    signer = HERE["signer"] = Signer(disk.top)
    signer.start()
    daemon = HERE["daemon"] = on_disk(disk, "--signer", str(signer.socket))
    load = Load(daemon, commands=True)
    load.start()
    for _ in range(times):
        load.wait_more(dice.randrange(60, 200))
        server = daemon.server()
        at = time.monotonic()
        disk.cut()
        all_dead(daemon, server)
        signer.stop()
        told = max((receipt.head.size for receipt in load.receipts.values() if receipt.head.note), default=0)
        disk.back()
        signed = signer.size()
        ok(signed >= told > 0, f"the signer knows the last head that anybody was told: {signed}, told {told}")
        signer.start()
        daemon.start()
        recovery.append(load.recover(at, 30))
    load.end()
    ok(set(load.errors) <= {BUSY, UNAVAILABLE}, "clients saw nothing but: try later", load.errors)
    verdict = load.compare(daemon, f"after {times} power cuts")
    done = subprocess.run([BUILD / "rectify", "--as", "auditor", "--endpoint", daemon.endpoint, "verify", "--key", signer.public], capture_output=True,
                          text=True, timeout=PATIENCE, check=False)
    ok(done.returncode == 0, "the log is verified with the signer's key", done.stdout, done.stderr)
    done = amcheck(daemon)
    ok(done.returncode == 0, "pg_amcheck finds nothing wrong", done.stdout[-1000:], done.stderr[-1000:])
    publish("R7", "power cut: database and signer's state", "XFS on loop, xfs_io shutdown", times, [verdict], recovery, control_lying_disk())


def saved_until_cut(spool, cut, environment):
    """Rows handed to the spool one by one, until the power goes; how many it said it keeps."""
    text = "".join(json.dumps({"unit": "north", "kind": "loophole", "severity": "ordinary", "team": "team-1", "found": "2026-01-02",
                               "code": f"{os.urandom(6).hex()}", "text": "墙面开裂"}) + "\n" for _ in range(2000))
    command_line = [BUILD / "rectify", "--as", "insp-1", "--offline", "--json", "--endpoint", "ipc:///nonexistent/s", "submit", "--batch", "1", "--jsonl", "-"]
    with subprocess.Popen(command_line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          env={**os.environ, "RECTIFY_SPOOL": str(spool), **environment}) as process:
        feeder = threading.Thread(target=lambda: feed(process, text), daemon=True)
        feeder.start()
        kept = []
        for line in process.stdout:
            row = json.loads(line)
            if row.get("outcome") == "saved":
                kept.append(row["id"])
            if len(kept) == cut[0]:
                cut[1]()
        process.wait(PATIENCE)
    return kept


def feed(process, text):
    try:
        process.stdin.write(text)
        process.stdin.close()
    except (BrokenPipeError, OSError):
        pass


def spool_cut(environment, times):
    """(kept, missing) over some cuts; the first cut at which something is missing is the last one."""
    disk, kept_all, missing = HERE["disk"], 0, 0
    for n in range(times):
        spool = disk.top / f"spool-{n}-{len(environment)}"
        kept = saved_until_cut(spool, (dice.randrange(1, 400), disk.cut), environment)
        disk.back()
        done = subprocess.run([BUILD / "rectify", "--as", "insp-1", "spool", "show", "--json"], capture_output=True, text=True, timeout=PATIENCE,
                              check=False, env={**os.environ, "RECTIFY_SPOOL": str(spool)})
        there = {json.loads(line)["id"] for line in done.stdout.splitlines()}
        kept_all, missing = kept_all + len(kept), missing + len(set(kept) - there)
        if missing:
            break
    return kept_all, missing


def test_spool():
    """The disk of a client's spool loses its power while findings are saved."""
    daemon = HERE["daemon"]
    same(daemon.stop(), 0, "the daemon stops as asked")
    HERE["signer"].stop()
    until(lambda: daemon.postmaster() == 0)
    kept, missing = spool_cut({}, cycles(3))
    ok(kept > 0 and missing == 0, f"{kept} were said to be saved here, and are", missing)
    if SANITIZED:
        skip("the control, a disk that lies", "nothing is preloaded to a program with a sanitizer")
        return
    lied, gone = spool_cut(preloaded("rectify", FAULT_LIE=1), 15)
    ok(gone > 0, f"the control, a disk that lies: {gone} of {lied} are gone")
    publish("R7", "power cut: a client's spool", "XFS on loop, xfs_io shutdown", cycles(3), [audit.Verdict(acknowledged=kept)], [],
            f"a disk that lies: {gone} of {lied} gone")


why_not = possible()
if why_not:
    print(f"1..0 # SKIP {why_not}")
    sys.exit(0)
main(test_database, test_spool)

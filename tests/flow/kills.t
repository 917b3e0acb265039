#!/usr/bin/python3
"""kill -9 in loops, under load: of the daemon at any time and at chosen calls, of the active one beside a standby, of the writer's
backend, of PostgreSQL with all its processes.  Each ends with the audit; each has a control that must lose or double.

CYCLES says how often (`make faults`)."""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

SEED = int(os.environ.get("SEED", "20260105"))
dice = random.Random(SEED)
HERE = {}
CALLS = [(call, side) for call in ("send", "recv", "zmq_send") for side in ("before", "after")]
ACKNOWLEDGED_BEFORE_COMMIT, DOUBT_TAKEN_FOR_DONE = 1, 2  # tests/sim/bugs.txt


def begin(daemon):
    load = Load(daemon, commands=True)
    load.start()
    load.wait_more(30)
    return load


def finish(load, daemon, what):
    load.end()
    say(f"{len(load.submitted)} handed in, {load.acknowledged()} acknowledged, {load.repeats} told again, errors {load.errors}")
    ok(set(load.errors) <= {BUSY, UNAVAILABLE}, f"{what}: clients saw nothing but: try later", load.errors)
    return load.compare(daemon, what)


# ---- the daemon ----

def control_no_resend():
    """The control: clients that send once.  What was under way is gone, and nobody hears of it."""
    daemon, missing = HERE["daemon"], 0
    for _ in range(15):
        load = Load(daemon, clients=32, again=None)
        load.start()
        load.wait_more(60)
        daemon.kill()
        load.end(drop=True)
        daemon.start()
        verdict = load.look(daemon)
        need(verdict.clean(), verdict)
        missing += len(load.submitted) - verdict.stored
        if missing:
            break
    ok(missing > 0, f"the control, clients that send once: {missing} findings never arrived")
    return f"clients that send once: {missing} findings never arrived"


def control_renames():
    """The control: clients that send again under another id."""
    daemon, load = HERE["daemon"], Load(HERE["daemon"], clients=16, again=0.3, renames=True)
    load.start()
    for _ in range(3):
        load.wait_more(60)
        os.kill(daemon.postmaster(), signal.SIGSTOP)
        writer = daemon.process.pid
        os.kill(writer, signal.SIGSTOP)
        need(until(lambda: len(load.submitted) > load.acknowledged() + 96), "it is sent again")
        os.kill(writer, signal.SIGCONT)
        os.kill(daemon.postmaster(), signal.SIGCONT)
    load.wait_more(60)
    load.end(drop=True)
    doubled = len(load.look(daemon).doubled)
    ok(doubled > 0, f"the control, clients that send again under another id: {doubled} findings are there twice")
    return f"another id at each sending: {doubled} doubled"


def test_daemon():
    """kill -9 of the daemon at any time."""
    say(f"SEED={SEED}")
    daemon, recovery, times = HERE.setdefault("daemon", city()), [], cycles(3)
    load = begin(daemon)
    for _ in range(times):
        load.wait_more(dice.randrange(1, 60))
        at = time.monotonic()
        daemon.kill()
        daemon.start()
        recovery.append(load.recover(at, 20))
    verdict = finish(load, daemon, f"after {times} kills of the daemon")
    publish("R3", "kill -9 of rectifyd at any time", "SIGKILL", times, [verdict], recovery, control_no_resend())


def test_daemon_at_calls():
    """kill -9 of the daemon just before or after one of its calls: a batch sent and not answered, answered and nobody told, told."""
    if SANITIZED:
        skip("deaths at a call", "nothing is preloaded to a program with a sanitizer")
        return
    daemon, recovery, times = HERE["daemon"], [], cycles(6)
    load, deaths = begin(daemon), []
    daemon.kill()
    for n in range(times):
        call, side = CALLS[n % len(CALLS)]
        number = dice.randrange(40, 400) if call == "zmq_send" else dice.randrange(150, 1500)
        daemon.surroundings = preloaded("rectifyd", FAULT=f"{call}:{number}:{side}")
        at = time.monotonic()
        daemon.start(wait=False)
        deaths.append((daemon.exit_code(), call, side, number))
        recovery.append(load.silence(at))
    daemon.surroundings = {}
    daemon.start()
    same([death for death in deaths if death[0] != -signal.SIGKILL], [], f"it died {times} times at a call")
    load.wait_more(60)
    verdict = finish(load, daemon, f"after {times} deaths at a call")
    publish("R3", "kill -9 of rectifyd before and after its n-th send, recv, reply", "LD_PRELOAD", times, [verdict], recovery, control_renames())


def test_beside_a_standby():
    """kill -9 of the active daemon and of the standby, in turn: the other one serves."""
    active, recovery, times = HERE["daemon"], [], cycles(3)
    load = begin(active)
    waiting = Daemon(top=active.top)
    for n in range(times):
        waiting.start(wait=False).wait_log("store.standby")
        load.wait_more(20)
        at = time.monotonic()
        if n % 3 == 2:
            waiting.kill()
        else:
            active.kill()
            waiting.wait_log("ready endpoint=")
            active, waiting = waiting, active
            recovery.append(load.recover(at, 20))
    HERE["daemon"] = active
    verdict = finish(load, active, f"after {times} kills beside a standby")
    publish("R3", "kill -9 of the active daemon or its standby", "SIGKILL", times, [verdict], recovery, "as above")


# ---- PostgreSQL ----

def control_bug(bug, fault, what):
    """The control: the daemon with a planted bug, under the same fault, until the audit finds that it lost."""
    daemon = city(bug=bug)
    for n in range(1, 16):
        load = Load(daemon, clients=16)
        load.start()
        load.wait_more(60)
        server = daemon.postmaster()
        fault(daemon)
        until(lambda: daemon.process.poll() is not None or daemon.postmaster() not in (0, server) or daemon.saw("store.lost"))
        load.end(drop=True)
        daemon.kill()  # it may have met its own must(), for the record is not what it believes
        daemon.start()
        lost = len(load.look(daemon).lost)
        if lost:
            break
    daemon.kill()
    ok(lost > 0, f"the control, {what}: {lost} acknowledged are lost after {n} faults")
    return f"{what}: {lost} of {load.acknowledged()} lost"


def kill_backend(daemon):
    try:
        os.kill(need(daemon.backend("writer"), "a writer's backend"), signal.SIGKILL)
    except (Failed, ProcessLookupError):
        say("no backend to be killed")


def test_backend():
    """kill -9 of the writer's backend: PostgreSQL restarts all its sessions; what was under way is in doubt."""
    daemon, recovery, times = HERE["daemon"], [], cycles(3)
    load = begin(daemon)
    for n in range(times):
        at = time.monotonic()
        kill_backend(daemon)
        daemon.wait_log("store.lost", n + 1)
        recovery.append(load.recover(at, 30))
    doubts = len(re.findall("commit.in_doubt", daemon.log()))
    say(f"{doubts} batches in doubt")
    verdict = finish(load, daemon, f"after {times} dead backends")
    publish("R2", "kill -9 of the writer's PostgreSQL backend", "SIGKILL", times, [verdict], recovery,
            control_bug(DOUBT_TAKEN_FOR_DONE, kill_backend, "a commit in doubt taken for done"))


def test_server():
    """kill -9 of the postmaster with all its processes: a power cut for PostgreSQL, but for what the kernel still holds."""
    daemon, recovery, times = HERE["daemon"], [], cycles(3)
    load = begin(daemon)
    for _ in range(times):
        at = time.monotonic()
        before = daemon.kill_server()
        need(until(lambda: daemon.postmaster() not in (0, before)), "PostgreSQL is started again")
        recovery.append(load.recover(at, 30))
    verdict = finish(load, daemon, f"after {times} deaths of PostgreSQL")
    ok(daemon.process.poll() is None, "it is the same daemon all the time", daemon.tail())
    same(daemon.stop(), 0, "it stops as asked")
    publish("R2", "kill -9 of the postmaster with all its processes", "SIGKILL", times, [verdict], recovery,
            control_bug(ACKNOWLEDGED_BEFORE_COMMIT, Daemon.kill_server, "acknowledgement before commit"))


main(test_daemon, test_daemon_at_calls, test_beside_a_standby, test_backend, test_server)

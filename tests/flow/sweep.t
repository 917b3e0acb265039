#!/usr/bin/python3
"""What the C library and the kernel say no to, one call at a time: memory, and the calls that keep things on the disk or carry them.
After each fault everything goes on without, and what was acknowledged is stored, once.  A sample of the places; SWEEP=200 takes so many
of each function, SWEEP=all every one (tests/lib/faults.c makes the faults, docs/RELIABILITY.md has the figures)."""
import collections
import os
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position
from signer import AS_USER, USER  # noqa: E402 pylint: disable=wrong-import-position

SWEEP = os.environ.get("SWEEP", "")
ALL = SWEEP != ""
EIO, ENOMEM, EMFILE, ENOSPC, ECONNRESET = 5, 12, 24, 28, 104
SAVED, UNREACHED = 75, 69
DISK = [("open", EMFILE), ("write", EIO), ("short", ENOSPC), ("pwrite", EIO), ("fsync", EIO), ("fdatasync", EIO), ("ftruncate", EIO),
        ("rename", EIO), ("read", EIO), ("pread", EIO)]
NET = [("send", ECONNRESET), ("recv", ECONNRESET), ("poll", ENOMEM), ("epoll_wait", ENOMEM), ("epoll_ctl", ENOMEM), ("read", EIO),
       ("write", EIO), ("socket", EMFILE), ("connect", ECONNRESET), ("accept4", EMFILE), ("open", EMFILE), ("eventfd", EMFILE),
       ("epoll_create1", EMFILE)]
HERE = {}


class Fault:
    """The environment of one fault, and what became of it."""

    def __init__(self, program, function, at, error, under=None):
        self.log = place() / "struck"
        self.log.parent.chmod(0o1777)  # who gives up root tells too
        self.words = preloaded(program, FAULT=f"{function}:{at}:{error}", FAULT_LOG=self.log)
        if under is not None:
            self.words["FAULT_UNDER"] = str(under)
        self.function, self.under = function, under

    def environment(self, **more):
        return {**os.environ, **self.words, **more}

    def read(self, word):
        found = re.search(rf"^{word} (\d+)$", self.log.read_text(), re.M) if self.log.exists() else None
        return int(found.group(1)) if found else 0

    def how(self, code):
        """How the process ended: what may be, by a word.  A crash in a library that asks for memory and does not look is not ours."""
        if code in (-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGILL):
            found = re.search(r"^crash .*/(lib[a-z]+)[^/]*\.so[^/]*$", self.log.read_text(), re.M)
            return f"crashed in {found.group(1)}" if found else "crashed"
        return {0: "unharmed", -signal.SIGABRT: "aborted", None: "hangs"}.get(code, "ended with an error")

    def struck(self):
        return self.read(self.function) > 0

    def calls(self):
        return self.read("calls")


def points(count, most):
    """Which of `count` calls fail: all, or at most so many, spread out."""
    most = count if SWEEP == "all" else int(SWEEP or most)
    return range(1, count + 1) if count <= most else sorted({1 + i * count // most + (i * 7) % max(1, count // most) for i in range(most)})


def rectify(*words, env=None, fault=None):
    env = {"RECTIFY_SPOOL": "/dev/null/none", **(env or {})}
    env = fault.environment(**env) if fault else {**os.environ, **env}
    return subprocess.run([BUILD / "rectify", *map(str, words)], capture_output=True, text=True, timeout=PATIENCE, check=False, env=env)


def told(name, kinds, wrong):
    struck = sum(kinds.values())
    say(f"{name}: {struck} faults: " + ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items())))
    ok(struck > 0 and not wrong, f"{name}: {struck} faults, and each time what was acknowledged is there once", *wrong[:5])
    ok(not kinds["crashed"] and not kinds["hangs"], f"{name}: each ended in an orderly way or went on", kinds)


# ---- the spool ---------------------------------------------------------------------------------------------------

def save(spool, text, fault=None):
    """A remark that no daemon takes now."""
    return rectify("comment", "1", "-m", text, "--as", "off", "--endpoint", HERE["daemon"].endpoint, "--timeout", "1",
                   env={"RECTIFY_SPOOL": str(spool)}, fault=fault)


def shown(spool):
    done = rectify("spool", "show", "--json", env={"RECTIFY_SPOOL": str(spool)})
    return done.returncode, done.stdout + done.stderr


def save_with(function, error, at):
    """Into a spool that has something: what wrong came of it, how it ended, and what must be in there."""
    top, text = place(), f"{function} {at}"
    need(save(top / "spool", f"{text} before").returncode == SAVED, "there is something in the spool")
    fault = Fault("rectify", function, at, error, top)
    done = save(top / "spool", text, fault)
    code, listed = shown(top / "spool")
    kept = {f"{text} before": (top / "spool", True), text: (top / "spool", done.returncode == SAVED)}
    fine = code == 0 and listed.count('"comment"') >= 1 + (done.returncode == SAVED)
    how = "unharmed" if done.returncode == SAVED else fault.how(done.returncode or 1)
    return how if fault.struck() else None, kept, None if fine else (text, done.returncode, done.stderr, code, listed)


def test_saving():
    """Nobody answers, and the disk says no at each call that saves: said to be saved is saved."""
    HERE["daemon"] = Daemon()
    kinds, wrong, spools, jobs = collections.Counter(), [], HERE.setdefault("spools", {}), []
    with ThreadPoolExecutor(len(DISK)) as pool:
        counts = [Fault("rectify", function, 0, error, place()) for function, error in DISK]
        done = list(pool.map(lambda count: save(count.under / "spool", f"{count.function} counted", count), counts))
        need(all(one.returncode == SAVED for one in done), f"without a fault it is saved: {done}")
        for count, (function, error) in zip(counts, DISK):
            spools[f"{function} counted"] = (count.under / "spool", True)
            jobs += [(function, error, at) for at in points(count.calls(), 6)]
        for how, kept, problem in pool.map(lambda job: save_with(*job), jobs):
            kinds.update([how] if how else [])
            spools.update(kept)
            wrong += [problem] if problem else []
    told("saving", kinds, wrong)


def test_sending():
    """All that was saved goes out, the disk saying no at each call that keeps a receipt."""
    daemon = HERE["daemon"].start()
    client = Client(daemon, "office")
    need(client.publish(1, CITY).WhichOneof("result") == "receipt", "the registry is published")
    need(Client(daemon).submit(finding())[0].receipt.case_no == 1, "case 1 is there")
    kinds, wrong = collections.Counter(), []
    folders = sorted({str(spool) for spool, _ in HERE["spools"].values()})
    for number, spool in enumerate(folders):
        function, error = DISK[number % len(DISK)]
        fault = Fault("rectify", function, 1 + number // len(DISK), error, Path(spool).parent)
        done = rectify("spool", "send", "--as", "off", "--endpoint", daemon.endpoint, env={"RECTIFY_SPOOL": spool}, fault=fault)
        if fault.struck():
            kinds[fault.how(done.returncode)] += 1
        again = rectify("spool", "send", "--as", "off", "--endpoint", daemon.endpoint, env={"RECTIFY_SPOOL": spool})
        if again.returncode != 0:
            wrong.append((function, done.returncode, done.stderr, again.returncode, again.stderr))
    stored = collections.Counter(daemon.sql("SELECT body FROM rectify.private").splitlines())
    for text, (_, kept) in HERE["spools"].items():
        if stored[text] > 1 or (kept and stored[text] != 1):
            wrong.append((text, f"stored {stored[text]} times"))
    told("sending", kinds, wrong)


# ---- a client, without memory -------------------------------------------------------------------------------------

def test_client_memory():
    """A finding is reported, and malloc() says no: what it says of it is true."""
    daemon = HERE["daemon"]
    daemon.running() or daemon.start()
    kinds, wrong = collections.Counter(), []

    def submit(text, fault):
        words = f"--unit north --team team-1 --kind prominent --severity ordinary --found {START}".split()
        return rectify("submit", *words, "-m", text, "--as", "insp-1", "--endpoint", daemon.endpoint, "--timeout", "5", fault=fault)

    count = Fault("rectify", "malloc", 0, ENOMEM)
    done = submit("counted", count)
    need(done.returncode == 0, f"without a fault it is taken: {done}")
    say(f"the client asks for memory {count.calls()} times")
    for at in points(count.calls(), 16):
        fault = Fault("rectify", "malloc", at, ENOMEM)
        done = submit(f"malloc {at}", fault)
        if not fault.struck():
            continue
        kinds[fault.how(done.returncode)] += 1
        stored = int(daemon.sql(f"SELECT count(*) FROM rectify.private WHERE body = 'malloc {at}'"))
        if stored > 1 or (done.returncode == 0 and stored != 1):
            wrong.append((at, stored, done.returncode, done.stdout, done.stderr))
    told("a client without memory", kinds, wrong)


# ---- the daemon ----------------------------------------------------------------------------------------------------

def daemon_turn(fault):
    """One life with a fault, from start to a finding or to its end: how it ended, and what it acknowledged."""
    daemon, one = HERE["daemon"], finding()
    daemon.surroundings = fault.words
    daemon.start(wait=False)
    until(lambda: daemon.saw("ready endpoint=") or not daemon.running(), 20)
    reply, client = None, Client(daemon)
    for _ in range(20):
        if reply is None and daemon.running():
            reply = client.once(request("insp-1", submit=submit_of(one)), 0.5)
    client.close()
    daemon.surroundings = {}
    code = 0 if daemon.running() and reply is not None else daemon.process.poll()
    if daemon.running():
        daemon.kill()
    if reply is not None and reply.WhichOneof("body") == "outcomes" and reply.outcomes.outcomes[0].WhichOneof("result") == "receipt":
        HERE["acknowledged"][one.id] = reply.outcomes.outcomes[0].receipt
    return code


def daemon_calls(function, error):
    """How many there are from the start of a daemon to a finding."""
    fault, daemon = Fault("rectifyd", function, 0, error), HERE["daemon"]
    daemon.surroundings = fault.words
    daemon.start()
    need(Client(daemon).submit(finding())[0].receipt.case_no > 0, "a finding is taken")
    need(daemon.stop() == 0, "it ends as asked")
    daemon.surroundings = {}
    daemon.start()  # so that there is a server for the others, which are killed
    daemon.kill()
    return fault.calls()


def audit(name):
    daemon, wrong = HERE["daemon"].start(), []
    rows = collections.Counter(daemon.sql("SELECT replace(id::text, '-', '') || ' ' || log_index FROM rectify.finding").splitlines())
    for key, receipt in HERE["acknowledged"].items():
        if rows[f"{key.hex()} {receipt.log_index}"] != 1:
            wrong.append(f"{key.hex()} is not stored as its receipt says")
    doctor = daemon.doctor()
    ok(doctor.returncode == 0, f"{name}: the doctor finds nothing wrong", doctor.stdout[-800:], doctor.stderr[-800:])
    daemon.kill()
    return wrong


def sweep_daemon(name, functions, most):
    kinds = collections.Counter()
    HERE["acknowledged"] = {}
    for function, error in functions:
        count = daemon_calls(function, error)
        for at in points(count, most):
            fault = Fault("rectifyd", function, at, error)
            code = daemon_turn(fault)
            if fault.struck():
                kinds[fault.how(code)] += 1
                if fault.how(code) in ("crashed", "hangs"):
                    say(f"{function} {at} of {count}: {code}\n{HERE['daemon'].tail()}")
        say(f"{function}: {count} calls")
    wrong = audit(name)
    say(f"{name}: {len(HERE['acknowledged'])} acknowledged")
    told(name, kinds, wrong)


def test_daemon_memory():
    """malloc() says no to the daemon: at its start, at recovery of what is there, at a finding."""
    HERE["daemon"].running() and HERE["daemon"].stop()
    sweep_daemon("a daemon without memory", [("malloc", ENOMEM)], 12)


def test_daemon_calls():
    """What carries it to its database and its clients says no."""
    sweep_daemon("a daemon and its calls", NET if ALL else NET[:4], 2)


# ---- the signer ----------------------------------------------------------------------------------------------------

def test_signer():
    """The disk says no to the signer that keeps what it signs: no head is signed that it does not know of later."""
    top = place()
    os.chown(top, USER.pw_uid, USER.pw_gid)
    paths = ["--key", top / "log.key", "--state", top / "log.state"]
    subprocess.run([BUILD / "rectify-sign", "new", "--name", "rectify.test/log", *paths], check=True, capture_output=True, **AS_USER)
    socket, daemon = top / "socket", Daemon("--signer", top / "socket")
    kinds, wrong, last = collections.Counter(), [], 0

    def start(fault=None):
        socket.unlink(missing_ok=True)
        process = subprocess.Popen([BUILD / "rectify-sign", "run", *paths, "--socket", socket], stdin=subprocess.DEVNULL, cwd="/",
                                   stderr=subprocess.DEVNULL, env=fault.environment() if fault else None, **AS_USER)
        atexit.register(process.kill)
        until(lambda: socket.exists() or process.poll() is not None)
        return process

    def head():
        done = subprocess.run([BUILD / "rectify-sign", "head", *paths], capture_output=True, text=True, check=False, cwd="/", **AS_USER)
        return int(done.stdout.split("\n")[1]) if done.returncode == 0 else -1

    def signed_after(size):
        """Submits until a head beyond `size` is signed; its size."""
        client = Client(daemon)
        need(client.submit(finding())[0].WhichOneof("result") == "receipt", "a finding is taken")
        client.close()
        return until(lambda: head() if head() > size else 0, 10)

    process = start()
    daemon.start()
    client = Client(daemon, "office")
    need(client.publish(1, CITY).WhichOneof("result") == "receipt", "the registry is published")
    need(last := signed_after(1), "heads are signed")
    for function, error in DISK:
        for at in range(1, 9 if ALL else 2):
            process.kill()
            process.wait(PATIENCE)
            fault = Fault("rectify-sign", function, at, error, top)
            process = start(fault)
            client = Client(daemon)
            if process.poll() is None:
                client.once(request("insp-1", submit=submit_of(finding())), 1)
                until(lambda: fault.struck() or head() > last, 2)
            client.close()
            struck, code = fault.struck(), process.poll()
            process.kill()
            process.wait(PATIENCE)
            if head() < last:
                wrong.append(f"{function} {at}: the signer knows of {head()}, and had signed {last}")
            process = start()
            last = need(signed_after(last), f"{function} {at}: without the fault heads are signed again")
            if struck:
                kinds["unharmed" if code is None else fault.how(code)] += 1
    doctor = daemon.doctor()
    ok(doctor.returncode == 0, "the doctor finds nothing wrong", doctor.stdout[-800:], doctor.stderr[-800:])
    size = int(daemon.sql("SELECT max(size) FROM rectify.checkpoint"))
    ok(0 < size <= head(), f"the signer knows of the newest head of the database, {size}", head())
    told("a signer and its disk", kinds, wrong)
    process.kill()


if SANITIZED:
    print("1..0 # SKIP sanitizers have a malloc() of their own")
    sys.exit(0)
main(test_saving, test_sending, test_client_memory, test_daemon_memory, test_daemon_calls, test_signer)

"""What the flow tests share: a daemon on a private database, clients that speak the wire raw, SQL beside them, TAP.

A test is a list of functions handed to main(); each asserts with ok().  Whatever was started is ended and removed at the
end, also after a failure.  Nothing sleeps for a fixed time: until() waits for what happens by itself, within PATIENCE.

Environment: B, where the programs are (build); RECTIFY_KEEP=1 keeps the data directories.
"""
import atexit
import glob
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

import audit
import zmq
from audit import Operation, cycles, everything, publish  # noqa: F401 pylint: disable=unused-import
from zmq.utils import z85

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("B", "build")
PATIENCE = 60  # seconds after which something that must happen has failed to
SANITIZED = "-fsanitize=" in (BUILD / "flags").read_text()
os.environ.setdefault("RECTIFY_SPOOL", "/dev/null/none")  # as scripts/run_test.sh does
TODAY = 20458  # 2026-01-05, where the manual clock starts
START = "2026-01-05"
HOUR = 3600 * 1_000_000
PART = 256 * 1024  # CONTENT_CHUNK_BYTES
SUBMIT, DISPATCH, SIGN_FOR, PROGRESS, COMMENT, ENDORSE, REQUEST_CLOSURE, REASSIGN = 1, 2, 3, 9, 10, 11, 18, 21  # command.def
VERIFY_PASS, ESCALATE = 19, 22
BOUNCE, ADJUDICATE, PLAN_SUBMIT, PLAN_APPROVE, PLAN_RETURN, EXTENSION_ASK, EXTENSION_GRANT, EXTENSION_REFUSE = 4, 5, 6, 7, 8, 12, 13, 14
HOLD, RESUME, STAGE, VERIFY_FAIL, HAND_OVER, ATTACH, MERGE_INTO, WITHDRAW, REOPEN = 15, 16, 17, 20, 23, 24, 25, 26, 27
LOOK_BACK_PASS, LOOK_BACK_RELAPSE, DECIDE, TALK, RULE_ISSUE, ORDER_SIGN, WITHDRAW_APPROVE, WITHDRAW_REFUSE = 28, 29, 30, 31, 32, 33, 34, 35
UNMERGE, SPLIT, CO_UNIT, SWEEP, RUNG_DUE, SPAWN, RELATE, REVIEW, STATEMENT, APPEAL, REBASE = 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46
MALFORMED, VERSION, FIELD, TOO_LARGE, ACTOR, FORBIDDEN, NOT_FOUND = 1, 2, 3, 4, 5, 6, 7  # error.def
BUSY, UNAVAILABLE, CLOCK, DOCUMENT, KEY_REUSED, INTERNAL = 8, 9, 10, 11, 12, 13

# Small enough to know by heart: two units, one below another, two teams.  `office` is the officer of a fresh database.
CITY = """registry: flow-city
units:
  - {code: city, name: 市, calendar: cn, zone: Asia/Shanghai}
  - {code: north, name: 北, parent: city}
  - {code: north-1, name: 北一, parent: north}
  - {code: south, name: 南, parent: city}
  - {code: team-1, name: 一组, parent: city}
  - {code: team-2, name: 二组, parent: city}
officers:
  - {code: office, name: 整改办, unit: city}
  - {code: off, name: 督办, unit: city}
  - {code: auditor, name: 审计, unit: city}
  - {code: verifier, name: 核查, unit: city}
  - {code: p-north, name: 北长, unit: north}
  - {code: h-north, name: 北办, unit: north}
  - {code: h-north-1, name: 北一办, unit: north-1}
  - {code: p-south, name: 南长, unit: south}
  - {code: h-south, name: 南办, unit: south}
  - {code: insp-1, name: 组员一, unit: team-1}
  - {code: insp-2, name: 组员二, unit: team-2}
appointments:
  - {officer: office, role: administrator, unit: city}
  - {officer: off, role: office, unit: city}
  - {officer: auditor, role: auditor, unit: city}
  - {officer: verifier, role: verifier, unit: city}
  - {officer: p-north, role: principal, unit: north}
  - {officer: h-north, role: handler, unit: north}
  - {officer: h-north-1, role: handler, unit: north-1}
  - {officer: p-south, role: principal, unit: south}
  - {officer: h-south, role: handler, unit: south}
  - {officer: insp-1, role: inspector, unit: team-1}
  - {officer: insp-2, role: inspector, unit: team-2}
"""


# ---- the messages -----------------------------------------------------------------------------------------------

def load_messages():
    """The module made from rectify.proto; made once into the build directory, or beside this run if that is not ours."""
    source, folder = ROOT / "proto" / "rectify" / "v1" / "rectify.proto", BUILD / "python"
    target = folder / "rectify" / "v1" / "rectify_pb2.py"
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        fresh = Path(tempfile.mkdtemp(prefix="rectify-pb-"))
        subprocess.run(["protoc", f"--python_out={fresh}", "-I", ROOT / "proto", source], check=True)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            beside = target.with_suffix(f".{os.getpid()}")
            shutil.copyfile(fresh / "rectify" / "v1" / "rectify_pb2.py", beside)
            os.replace(beside, target)  # another test may be doing the same
            shutil.rmtree(fresh)
        except PermissionError:
            folder = fresh
            atexit.register(shutil.rmtree, fresh, True)
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    from rectify.v1 import rectify_pb2  # pylint: disable=import-error,import-outside-toplevel
    return rectify_pb2


pb = load_messages()


def limit(name):
    """A number of include/rectify/limits.h."""
    text = (ROOT / "include" / "rectify" / "limits.h").read_text()
    product = 1
    for factor in re.search(rf"#define {name} \(?([0-9 *]+)", text).group(1).split("*"):
        product *= int(factor)
    return product


# ---- TAP --------------------------------------------------------------------------------------------------------

count = failed = 0
daemons, folders, loads = [], [], []


def say(text):
    for line in str(text).splitlines():
        print(f"# {line}", flush=True)


def ok(fine, what, *details):
    global count, failed
    count += 1
    failed += not fine
    print(f"{'ok' if fine else 'not ok'} {count} - {what}", flush=True)
    if not fine:
        for detail in details:
            say(detail)
    return bool(fine)


def skip(what, why):
    """A check that cannot be made here, for a reason that is said."""
    global count
    count += 1
    print(f"ok {count} - {what} # SKIP {why}", flush=True)


def same(seen, wanted, what):
    return ok(seen == wanted, what, f"seen:   {seen!r}", f"wanted: {wanted!r}")


class Failed(Exception):
    """Something that the rest of a test needs did not happen."""


def main(*tests):
    began = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for test in tests:
        say(f"---- {test.__name__}: {(test.__doc__ or '').strip()}")
        at, before = time.monotonic(), failed
        try:
            test()
        except Exception:  # pylint: disable=broad-except
            ok(False, f"{test.__name__} runs to its end", traceback.format_exc(), *(d.tail() for d in daemons[-2:]))
            say("the tests after it are left out")
            break
        finally:
            for load in loads:
                load.dropping = True
            loads.clear()
        if (left_out := audit.write(Path(sys.argv[0]).stem, failed == before)) > 0:
            say(f"{left_out} rows of figures are left out: a check failed")
        say(f"{test.__name__} took {time.monotonic() - at:.1f} s")
    clean_up()
    say(f"all took {time.monotonic() - began:.1f} s")
    print(f"1..{count}", flush=True)
    sys.exit(1 if failed else 0)


def until(what, seconds=PATIENCE, pause=0.02):
    """Waits for what() to be true and returns it; None when the time is over."""
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() >= end:
            return None
        time.sleep(pause)


def need(value, what):
    if not value:
        raise Failed(what)
    return value


# ---- processes --------------------------------------------------------------------------------------------------

def family(pid):
    """A process and its children."""
    return [pid, *map(int, subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split())]


def signal_all(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def preloaded(program, **faults):
    """The environment in which a program of that name meets the faults of tests/lib/faults.c.  With a sanitizer there are none: see there."""
    need(program == "postgres" or not SANITIZED, f"nothing is preloaded to a {program} with a sanitizer")
    return {"LD_PRELOAD": str(BUILD / "tests" / "lib" / "faults.so"), "FAULT_PROGRAM": program, **{name: str(value) for name, value in faults.items()}}


def place():
    """A directory in which the daemon makes its data directory, also after giving up root."""
    top = Path(tempfile.mkdtemp(prefix="rf-", dir="/tmp"))
    top.chmod(0o755)
    folders.append(top)
    return top


PSQL = (sorted(glob.glob("/usr/lib/postgresql/*/bin/psql")) or ["psql"])[-1]


class Daemon:
    """A rectifyd.  Two on one place share the data directory: the second is a standby."""

    def __init__(self, *options, top=None, manual=True):
        self.top = top or place()
        self.data = self.top / "data"
        self.endpoint = f"ipc://{self.data}/rectifyd.sock"
        self.socket = self.data / "rectifyd.sock"
        self.options = list(options) + (["--clock", "manual", "--clock-start", START] if manual else [])
        self.log_file = self.top / f"log-{len(daemons)}"
        self.log_file.touch()
        self.process, self.log_from = None, 0
        self.surroundings = {}  # more variables of its environment; None: without it
        self.files_max = None
        self.before = []  # words that go before its command line
        self.program = BUILD / "rectifyd"
        daemons.append(self)

    def plant(self, bug):
        """It is one with this bug of tests/sim/bugs.txt."""
        self.program, self.surroundings = BUILD / "tests" / "lib" / "rectifyd-bugs", {"RECTIFY_BUG": str(bug)}

    def start(self, wait=True):
        self.log_from = self.log_file.stat().st_size
        environment = {name: value for name, value in {**os.environ, **self.surroundings}.items() if value is not None}
        limit = [] if self.files_max is None else ["prlimit", f"--nofile={self.files_max}"]
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen([*self.before, *limit, self.program, "--data", self.data, *self.options],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        if wait:
            self.wait_log(r"ready endpoint=")
        return self

    def log(self):
        """What it said since its start."""
        with open(self.log_file, "rb") as file:
            file.seek(self.log_from)
            return file.read().decode(errors="replace")

    def tail(self):
        return "\n".join(self.log().splitlines()[-15:])

    def saw(self, pattern):
        return re.search(pattern, self.log())

    def wait_log(self, pattern, times=1):
        found = until(lambda: len(re.findall(pattern, self.log())) >= times or self.process.poll() is not None)
        if not found or len(re.findall(pattern, self.log())) < times:
            raise Failed(f"rectifyd did not say {pattern!r}:\n{self.tail()}")

    def exit_code(self, seconds=PATIENCE):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.exit_code()

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE)

    def server(self):
        """Process ids of the private PostgreSQL: the postmaster's and those of all that it started."""
        return family(need(self.postmaster(), "a private server"))

    def kill_server(self):
        """Power off for the private PostgreSQL; the postmaster's process id.  It is stopped first: a backend that it started meanwhile
        would live on, and may wait for ever for a lock of a dead one."""
        os.kill(need(self.postmaster(), "a private server"), signal.SIGSTOP)
        pids = self.server()
        signal_all(pids, signal.SIGKILL)
        return pids[0]

    def running(self):
        return self.process is not None and self.process.poll() is None

    def rss(self):
        """Resident memory in KiB."""
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))

    def postmaster(self):
        """Process id of the private server, 0 when there is none."""
        try:
            with open(self.data / "postgres" / "postmaster.pid", encoding="utf-8") as file:
                pid = int(file.readline())
            return pid if alive(pid) and os.readlink(f"/proc/{pid}/cwd") == str(self.data / "postgres") else 0
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return 0

    def sql(self, text, check=True):
        done = subprocess.run([PSQL, "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", self.data / "postgres-socket", "-U", "rectify_admin",
                               "-d", "rectify", "-c", text], capture_output=True, text=True, timeout=PATIENCE, check=False)
        if check and done.returncode != 0:
            raise Failed(f"{text}: {done.stderr}")
        return done.stdout.strip() if done.returncode == 0 else "error: " + done.stderr.strip()

    def backend(self, name):
        """Process id of the daemon's connection `name` (writer, reader, letters)."""
        return int(self.sql("SELECT coalesce(min(pid), 0) FROM pg_stat_activity "
                            f"WHERE application_name = 'rectifyd {name}' AND datname = 'rectify'"))

    def doctor(self, actor="auditor"):
        return subprocess.run([BUILD / "rectify", "doctor", "--as", actor, "--endpoint", self.endpoint], capture_output=True,
                              text=True, timeout=PATIENCE, check=False)


def keep(names):
    """SQL that copies tables, but for the column that PostgreSQL works out itself."""
    return "".join(f"CREATE TABLE public.kept_{name} AS TABLE rectify.{name}; ALTER TABLE public.kept_{name} DROP COLUMN IF EXISTS timed;" for name in names)


def put_back(names):
    """SQL that makes the tables what they were then."""
    return "".join(f"DELETE FROM rectify.{name}; INSERT INTO rectify.{name} SELECT * FROM public.kept_{name};" for name in names)


def clean_up():
    servers = {daemon.postmaster() for daemon in daemons} - {0}
    for daemon in daemons:
        if daemon.running():
            daemon.process.send_signal(signal.SIGCONT)
            daemon.kill()
    for pid in servers | ({daemon.postmaster() for daemon in daemons} - {0}):
        try:
            os.kill(pid, signal.SIGCONT)
            os.kill(pid, signal.SIGQUIT)  # nothing there is worth a checkpoint
        except ProcessLookupError:
            pass
        until(lambda pid=pid: not alive(pid), 30)
    daemons.clear()
    for folder in folders:
        if not os.environ.get("RECTIFY_KEEP"):
            shutil.rmtree(folder, ignore_errors=True)
    folders.clear()


atexit.register(clean_up)


# ---- messages ---------------------------------------------------------------------------------------------------

def uuid7():
    raw = bytearray((time.time_ns() // 1_000_000).to_bytes(6, "big") + os.urandom(10))
    raw[6], raw[8] = 0x70 | raw[6] & 0x0f, 0x80 | raw[8] & 0x3f
    return bytes(raw)


def finding(key=None, unit="north", team="team-1", kind=1, severity=2, text="墙面开裂", **more):
    """A finding that the default policy routes; of no kind that comes again unless `category` says so."""
    message = pb.Finding(id=key or uuid7(), team=team.encode(), inspection=b"2026-1", unit=unit.encode(), kind=kind,
                         severity=severity, category=more.pop("category", os.urandom(6).hex()).encode(),
                         code=more.pop("code", os.urandom(6).hex()).encode(),
                         found_on=TODAY - 5, text=text.encode() if isinstance(text, str) else text)
    for name, value in more.items():
        setattr(message, name, value)
    return message


def command(kind, case_no, key=None, **more):
    values = {name: value.encode() if isinstance(value, str) else value for name, value in more.items()}
    return pb.Command(id=key or uuid7(), command=kind, case_no=case_no, **values)


def request(actor, **body):
    """A request with a fresh id."""
    return pb.Request(version=1, id=uuid7(), actor=actor.encode(), **body)


def submit_of(*findings):
    return pb.Submit(findings=findings)


def act_of(*commands):
    return pb.Act(commands=commands)


def key_pair(top, name):
    path = top / name
    public = subprocess.run([BUILD / "rectify", "key", "new", path], capture_output=True, text=True, check=True).stdout.strip()
    return {"path": path, "public": public, "secret": path.read_text().split()[1]}


class Client:
    """One DEALER socket."""

    def __init__(self, daemon, actor="insp-1", hwm=1000, context=None):
        self.context, self.actor = context or zmq.Context.instance(), actor
        self.endpoint = daemon if isinstance(daemon, str) else daemon.endpoint
        self.hwm, self.socket = hwm, None
        self.open()

    def open(self):
        self.socket = self.context.socket(zmq.DEALER)
        for option, value in ((zmq.LINGER, 0), (zmq.RECONNECT_IVL, 20), (zmq.SNDHWM, self.hwm), (zmq.RCVHWM, self.hwm)):
            self.socket.setsockopt(option, value)
        self.socket.connect(self.endpoint)

    def close(self):
        self.socket.close()

    def send(self, message):
        """Sends a message or raw frames at once or not at all."""
        frames = message if isinstance(message, list) else [message if isinstance(message, bytes) else message.SerializeToString()]
        try:
            self.socket.send_multipart(frames, zmq.NOBLOCK)
        except zmq.Again:
            pass

    def receive(self, seconds=PATIENCE):
        if not self.socket.poll(int(seconds * 1000)):
            return None
        return pb.Reply.FromString(self.socket.recv_multipart()[-1])

    def once(self, message, seconds=PATIENCE):
        """The first reply to exactly one sending; pushes and other replies that come between are dropped."""
        self.send(message)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            reply = self.receive(left)
            if reply is not None and reply.id == message.id:
                return reply
        return None

    def ask(self, message=None, seconds=PATIENCE, **body):
        """As a client should: sends again after silence, BUSY and UNAVAILABLE, the same bytes."""
        message = message or request(self.actor, **body)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            reply = self.once(message, 1)
            if reply is None:
                continue
            if reply.WhichOneof("body") != "error" or reply.error.code not in (BUSY, UNAVAILABLE):
                return reply
            time.sleep(min(reply.error.retry_msec, 200) / 1000)
        raise Failed(f"no answer from {self.endpoint}")

    def ping(self):
        return self.ask(ping=pb.Ping()).pong

    def submit(self, *findings):
        return list(self.ask(submit=submit_of(*findings)).outcomes.outcomes)

    def act(self, *commands):
        return list(self.ask(act=act_of(*commands)).outcomes.outcomes)

    def query(self, limit=0, cursor=b"", **what):
        """A Page, or the Error; `what` may say as_of and known_at too."""
        reply = self.ask(query=pb.Query(limit=limit, cursor=cursor, **what))
        return reply.page if reply.WhichOneof("body") == "page" else reply.error

    def pages(self, limit=0, **what):
        """All pages of a query."""
        pages, cursor = [], b""
        while True:
            page = self.query(limit, cursor, **what)
            if not isinstance(page, pb.Page):
                raise Failed(f"query refused: {page}")
            pages.append(page)
            cursor = page.next_cursor
            if not cursor:
                return pages
            need(len(pages) < 2000, "the pages have no end")

    def cases(self, limit=0, **what):
        return [row for page in self.pages(limit, cases=pb.CaseQuery(**what)) for row in page.cases]

    def publish(self, kind, body, name="city.yaml"):
        return self.ask(publish=pb.Publish(id=uuid7(), document=kind, file_name=name.encode(), body=body.encode())).outcomes.outcomes[0]

    def upload(self, data, most=None):
        """A file of evidence, its parts one after the other, at most `most` of them; the last reply."""
        sha = hashlib.sha256(data).digest()
        reply = self.ask(upload=pb.Upload(sha256=sha, size=len(data)))
        have = reply.uploaded.have
        for n in range((len(data) + PART - 1) // PART if reply.WhichOneof("body") == "uploaded" and not reply.uploaded.complete else 0):
            if have[n // 8] >> n % 8 & 1:
                continue
            if most == 0:
                break
            most = most and most - 1
            reply = self.ask(part=pb.Part(sha256=sha, n=n, bytes=data[n * PART:(n + 1) * PART]))
        return reply

    def piece(self, kind, data=None, measure=0, name="file.txt"):
        """Evidence whose file this client's actor has uploaded."""
        data = data or f"{os.urandom(8).hex()}\n".encode()
        need(self.upload(data).uploaded.complete, "a file is uploaded")
        return pb.Evidence(kind=kind, sha256=hashlib.sha256(data).digest(), name=name.encode(), size=len(data), measure=measure)

    def advance(self, until_instant):
        return self.ask(clock_advance=pb.ClockAdvance(until=until_instant))


class Remote(Client):
    """One that comes over TCP with a registered key; both keys are of key_pair()."""

    def __init__(self, listen, server, own, options, context=None):
        self.server, self.own, self.options = server, own, options
        super().__init__(listen, context=context)

    def open(self):
        self.socket = self.context.socket(zmq.DEALER)
        for option, value in ((zmq.LINGER, 0), (zmq.RECONNECT_IVL_MAX, 1000), *self.options):
            self.socket.setsockopt(option, value)
        self.socket.curve_serverkey, self.socket.curve_publickey, self.socket.curve_secretkey = (
            z85.encode(bytes.fromhex(key)) for key in (self.server["public"], self.own["public"], self.own["secret"]))
        self.socket.connect(self.endpoint)


def publish_city(daemon, text=CITY):
    client = Client(daemon, "office")
    outcome = client.publish(1, text)
    client.close()
    need(outcome.WhichOneof("result") == "receipt", f"the registry was not published: {outcome}")


def city(*options, bug=0, **more):
    """A daemon that serves the city; for a control, one with a planted bug."""
    daemon = Daemon(*options, **more)
    if bug:
        daemon.plant(bug)
    daemon.start()
    publish_city(daemon)
    return daemon


def is_served(daemon, what):
    """The control after each attack: a well-behaved client is served."""
    client = Client(daemon)
    key = uuid7()
    outcomes = client.submit(finding(key))
    client.close()
    return ok(len(outcomes) == 1 and outcomes[0].id == key and outcomes[0].receipt.case_no > 0,
              f"{what}: a good client is served", outcomes, daemon.tail())


# ---- load -------------------------------------------------------------------------------------------------------

class Load(threading.Thread):
    """`clients` sockets, each with one request under way: a Submit of `each` findings, or now and then a comment or something that is
    refused.  Sent again blindly every `again` seconds until it is answered.  Keeps the history of what was asked and answered.

    The controls: `again=None` never sends a second time; `renames` sends it again under another id."""

    def __init__(self, daemon, clients=8, each=3, again=0.25, renames=False, commands=False):
        super().__init__(daemon=True)
        self.endpoint, self.clients, self.each, self.again, self.renames = daemon.endpoint, clients, each, again, renames
        self.history, self.receipts, self.errors, self.wrong = {}, {}, {}, []
        self.before = {bytes.fromhex(line.replace("-", "")) for line in daemon.sql("SELECT id FROM rectify.finding").splitlines()}
        self.submitted, self.turn, self.commands, self.answered = set(), 0, commands, [time.monotonic()]
        self.retry_msecs, self.repeats = set(), 0
        self.ending, self.dropping, self.problem = False, False, None
        self.make = lambda: Client(self.endpoint)  # one of its sockets
        loads.append(self)

    def acknowledged(self):
        return len(self.receipts)

    def wait_more(self, more, seconds=PATIENCE):
        """Until so many more are acknowledged."""
        wanted = self.acknowledged() + more
        need(until(lambda: self.acknowledged() >= wanted or self.problem, seconds), f"load stands still: {self.errors}")
        need(self.problem is None, self.problem)

    def silence(self, since):
        """The longest time without an acknowledgement that began or went on after `since`."""
        times = [*self.answered, time.monotonic()]
        return max((b - max(a, since) for a, b in zip(times, times[1:]) if b > since), default=0.0)

    def recover(self, since, more=60):
        """Waits for more acknowledgements; how long there were none."""
        self.wait_more(more)
        return self.silence(since)

    def end(self, drop=False):
        """Begins nothing new and waits for what is under way, or drops it."""
        self.dropping, self.ending = drop, True
        self.join(PATIENCE)
        need(not self.is_alive() and self.problem is None, f"load does not end: {self.problem} {self.errors}")

    def begin(self, key, code=""):
        self.history[key] = Operation(key, time.monotonic(), code=code)
        self.submitted.add(key)

    def fresh(self):
        self.turn += 1
        if self.commands and self.turn % 8 == 0 and self.receipts:
            refused = self.turn % 64 == 0  # an inspector has no right to
            case_no = next(iter(self.receipts.values())).case_no
            ask = command(ESCALATE, case_no, text="无权", track=4) if refused else command(COMMENT, case_no, text="看过")
            self.begin(ask.id)
            return request("insp-1", act=act_of(ask))
        findings = [finding() for _ in range(self.each)]
        for one in findings:
            self.begin(one.id, one.code.decode())
        return request("insp-1", submit=submit_of(*findings))

    def renamed(self, message):
        """The control: the same findings under other ids."""
        for one in message.submit.findings:
            one.id = uuid7()
            self.begin(one.id, one.code.decode())
        return message

    def settle(self, key, told, refused=False):
        """An answer's place in the history; the first one counts."""
        one = self.history.get(key)
        if one is not None and one.ended is None:
            one.ended, one.index, one.case_no, one.refused = time.monotonic(), told.log_index, told.case_no, refused
            self.answered.append(one.ended)

    def take(self, reply):
        """Whether the request is answered for good."""
        kind = reply.WhichOneof("body")
        if kind == "error":
            self.errors[reply.error.code] = self.errors.get(reply.error.code, 0) + 1
            self.retry_msecs.add(reply.error.retry_msec)
            return reply.error.code not in (BUSY, UNAVAILABLE)
        for outcome in reply.outcomes.outcomes:
            if outcome.WhichOneof("result") == "refusal" and outcome.refusal.rule == 201 and self.commands:
                self.settle(outcome.id, outcome.refusal, refused=True)
                continue
            if outcome.WhichOneof("result") != "receipt":
                self.wrong.append(outcome)
                continue
            receipt, before = outcome.receipt, self.receipts.get(outcome.id)
            self.repeats += receipt.repeated
            if before is not None and (before.case_no, before.log_index, before.due) != (receipt.case_no, receipt.log_index, receipt.due):
                self.wrong.append((before, receipt))
            self.settle(outcome.id, receipt)
            self.receipts[outcome.id] = receipt
        return True

    def run(self):
        try:
            self.work()
        except Exception:  # pylint: disable=broad-except
            self.problem = traceback.format_exc()

    def work(self):
        sockets = [self.make() for _ in range(self.clients)]
        poller, pending = zmq.Poller(), {}
        for client in sockets:
            poller.register(client.socket, zmq.POLLIN)
        while not self.dropping:
            now = time.monotonic()
            for client in sockets:
                message, when = pending.get(client, (None, 0))
                if message is None and not self.ending:
                    message, when = self.fresh(), 0
                elif message is not None and now >= when and self.renames and message.WhichOneof("body") == "submit":
                    message = self.renamed(message)
                if message is not None and now >= when:
                    client.send(message)
                    pending[client] = (message, now + (self.again or 10**9))
            if self.ending and not pending:
                break
            ready = dict(poller.poll(20))
            for client in sockets:
                while client.socket in ready and client.socket.poll(0):
                    reply = client.receive(0)
                    message = pending.get(client, (None, 0))[0]
                    late = message is None or reply.id != message.id  # to an earlier sending
                    if self.take(reply) and not late:
                        pending.pop(client, None)
        for client in sockets:
            client.close()

    def look(self, daemon):
        """The audit's findings, not judged."""
        heads = {receipt.head.size: receipt.head.root for receipt in self.receipts.values() if receipt.HasField("head")}
        rows = (line.split("|") for line in daemon.sql("SELECT log_index, key, case_no, command, encode(record, 'hex') FROM rectify.event "
                                                       "ORDER BY log_index").splitlines())
        log = [(int(index), bytes.fromhex(key.replace("-", "")), int(case_no), int(kind), bytes.fromhex(record)) for index, key, case_no, kind, record in rows]
        codes = (line.split("|") for line in daemon.sql("SELECT id, code FROM rectify.finding").splitlines())
        return audit.look(self.history, log, self.before, heads, {bytes.fromhex(key.replace("-", "")): code for key, code in codes})

    def compare(self, daemon, what):
        """The audit: acknowledged within stored exactly once, stored within submitted, the clients' order that of the log, every head
        true, the log dense, each row the fold of its events, the doctor content."""
        verdict = self.look(daemon)
        ok(self.receipts and not verdict.lost, f"{what}: every acknowledged id is stored, where its receipt says", verdict)
        ok(not verdict.doubled, f"{what}: none twice, and what was never answered not more than once", verdict)
        ok(not verdict.strange, f"{what}: nothing is stored that was not submitted", verdict)
        ok(not verdict.disordered, f"{what}: what ended before another began stands before it in the log", verdict)
        ok(not verdict.heads, f"{what}: every head that was told is the root of the records", verdict)
        ok(not self.wrong, f"{what}: no answer contradicts another", *self.wrong[:3])
        gaps = daemon.sql("SELECT count(*) = max(log_index) + 1 AND count(*) = (SELECT size FROM rectify.head) AND "
                          "count(DISTINCT key) = count(*) FROM rectify.event")
        same((verdict.gaps, gaps), ([], "t"), f"{what}: log indexes are dense up to the head's size")
        doctor = daemon.doctor()
        ok(doctor.returncode == 0, f"{what}: the doctor finds nothing wrong", doctor.stdout[-1500:], doctor.stderr[-1500:])
        return verdict

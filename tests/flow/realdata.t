#!/usr/bin/python3
"""The real data set through the whole pipe: 26,461 findings of real inspections, submitted in date order under the manual
clock, twice, through a kill -9 of the daemon in the middle; then everything that happened by 2013-06-30 is compared with
figures that tests/flow/realdata/expect.py works out from the CSV, the policy and the calendar alone.

The policy is the one that is shipped, but for what repeats for ever: nobody acts on anything here, so that 26 of 29 rungs would be
repeats.  They come RECTIFY_REPEATS times as far apart (5: ten times in the two years, and 1.2 million events); with
RECTIFY_REPEATS=1 the policy is the shipped one, unchanged, the log has 3.4 million events, and the test takes three times as long.

Needs build/, PostgreSQL's programs, python3-yaml and python3-protobuf with protoc.  Prints TAP.  RECTIFY_KEEP=1 keeps the
data directory.
"""
import csv
import datetime
import io
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "flow" / "realdata"
DATA_SET = ROOT.parent / "shared" / "data" / "minneapolis-findings.csv"
BUILD = ROOT / os.environ.get("B", "build")
ROWS = 26461
KILL_AT = 11000  # cases: the daemon dies when it has acknowledged at least so many
START, UNTIL = "2011-05-02", "2013-06-30T12:00:00Z"
REPEATS = int(os.environ.get("RECTIFY_REPEATS", "5"))
PATIENCE = 60  # seconds without an answer after which a step has failed
UTC = datetime.timezone.utc
CLOCKS = {"sign_for": 1, "plan": 2, "rectify": 4, "adjudicate": 5, "decision": 10}
TRACKS = [None, "early_warning", "new_rules", "special_rectification", "supervision", "accountability"]

sys.path.insert(0, str(HERE))


# ---- TAP --------------------------------------------------------------------------------------------------------

class Tap:
    def __init__(self):
        self.count, self.failed = 0, 0

    def ok(self, fine, what, *details):
        self.count += 1
        self.failed += not fine
        print(f"{'ok' if fine else 'not ok'} {self.count} - {what}", flush=True)
        if not fine:
            for detail in details:
                self.say(detail)
        return fine

    def none(self, wrong, what):
        """Passes when the list of differences is empty; shows the first few."""
        return self.ok(not wrong, what, f"{len(wrong)} differ, such as", *wrong[:5])

    @staticmethod
    def say(text):
        for line in str(text).splitlines():
            print(f"# {line}", flush=True)

    def end(self):
        print(f"1..{self.count}", flush=True)
        return 1 if self.failed else 0


# ---- the daemon and its clients ---------------------------------------------------------------------------------

class Daemon:
    """A rectifyd with a private database in a fresh directory."""

    def __init__(self, base):
        self.data, self.log = base / "data", base / "rectifyd.log"
        self.endpoint = f"ipc://{self.data}/rectifyd.sock"
        self.process = None

    def start(self):
        command = [BUILD / "rectifyd", "--clock", "manual", "--clock-start", START, "--data", self.data,
                   "--endpoint", self.endpoint]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            if self.rectify("ping", "--timeout", "1", check=False).returncode == 0:
                return
        raise RuntimeError("rectifyd does not answer:\n" + self.log_tail())

    def command(self, *words, actor="office"):
        return [str(word) for word in (BUILD / "rectify", "--endpoint", self.endpoint, "--as", actor, *words)]

    def rectify(self, *words, actor="office", check=True):
        done = subprocess.run(self.command(*words, actor=actor), capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            raise RuntimeError(f"rectify {' '.join(map(str, words))}: exit {done.returncode}\n{done.stderr}{self.log_tail()}")
        return done

    def rows(self, *words):
        """The JSON lines that a subcommand prints."""
        return [json.loads(line) for line in self.rectify(*words, "--json").stdout.splitlines()]

    def cases(self):
        return int(self.rows("ping", "--timeout", PATIENCE)[0]["cases_total"])

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(PATIENCE)
        return self.process.returncode if self.process else None

    def end(self):
        """Leaves nothing running, whatever happened before."""
        try:
            self.stop()
        except subprocess.SubprocessError:
            self.kill()
        server = self.data / "postgres" / "postmaster.pid"  # of a daemon that was killed and not started again
        if server.exists():
            os.kill(int(server.read_text().split()[0]), signal.SIGQUIT)

    def log_tail(self):
        return "".join(self.log.read_text(errors="replace").splitlines(keepends=True)[-20:])

    # -- the database, behind the daemon's back --

    def psql_command(self):
        socket = self.data / "postgres-socket"
        elsewhere = self.data / "postgres-socket.path"
        if elsewhere.exists():
            socket = Path(elsewhere.read_text().strip())
        owner = self.data.stat().st_uid
        port = next(socket.glob(".s.PGSQL.*[0-9]")).name.rsplit(".", 1)[1]
        command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(socket), "-p", port, "-U", "rectify_admin", "rectify"]
        return command if owner == os.geteuid() else ["runuser", "-u", pwd.getpwuid(owner).pw_name, "--", *command]

    def sql(self, query):
        """The rows of a query, as lists of texts."""
        copy = f"COPY ({query}) TO STDOUT WITH (FORMAT csv)"
        done = subprocess.run([*self.psql_command(), "-c", copy], capture_output=True, check=True, cwd="/")
        return list(csv.reader(io.StringIO(done.stdout.decode("utf-8"), newline="")))

    def each_record(self, query):
        """(case number, packed record) of each row of a query, as they come."""
        copy = f"COPY ({query}) TO STDOUT"
        with subprocess.Popen([*self.psql_command(), "-c", copy], stdout=subprocess.PIPE, cwd="/") as process:
            for line in process.stdout:
                case_no, record = line.rstrip(b"\n").split(b"\t")
                yield int(case_no), bytes.fromhex(record[3:].decode())  # "\\\\x..."


def event_class(base):
    """The class of recorded events, generated from the published schema."""
    subprocess.run(["protoc", f"--python_out={base}", "-I", ROOT / "proto", "rectify/v1/rectify.proto"], check=True)
    sys.path.insert(0, str(base))
    from rectify.v1 import rectify_pb2  # pylint: disable=import-error,import-outside-toplevel
    return rectify_pb2.Event


# ---- the story --------------------------------------------------------------------------------------------------

def submit(daemon, file):
    """Starts the client that sends the whole file."""
    words = ["submit", "--csv", file, "--map", HERE / "mapping.yaml", "--advance", "--json", "--timeout", PATIENCE]
    out = tempfile.TemporaryFile("w+", dir=daemon.data.parent)
    error = tempfile.TemporaryFile("w+", dir=daemon.data.parent)
    process = subprocess.Popen(daemon.command(*words, actor="inspector-01"), stdout=out, stderr=error)
    process.out, process.error = out, error
    return process


def outcomes(process):
    """Waits for the client: its exit code, how often each outcome came, and what it said on stderr."""
    code = process.wait()
    process.out.seek(0)
    process.error.seek(0)
    counts = Counter(json.loads(line)["outcome"] for line in process.out if line.startswith("{"))
    return code, counts, process.error.read()[-2000:]


def import_with_crash(tap, daemon, file):
    began = time.monotonic()
    client = submit(daemon, file)
    seen = 0
    while seen < KILL_AT and client.poll() is None:
        time.sleep(0.1)  # between looks, so that they are not most of what is done
        seen = daemon.cases()
    if not tap.ok(client.poll() is None and KILL_AT <= seen < ROWS, "the daemon is killed in the middle of the import",
                  f"{seen} cases", *outcomes(client)[2:] if client.poll() is not None else ()):
        return
    daemon.kill()
    tap.say(f"kill -9 when {seen} cases were acknowledged, {time.monotonic() - began:.1f} s after the start")
    again = time.monotonic()
    daemon.start()
    tap.say(f"the next daemon answers after {time.monotonic() - again:.1f} s")
    tap.ok(daemon.cases() >= seen, "nothing that was acknowledged is lost by the kill")
    code, counts, error = outcomes(client)
    seconds = time.monotonic() - began
    tap.ok(code == 0 and counts["accepted"] + counts["repeated"] == ROWS,
           "the client gets over it and ends with every row acknowledged", f"exit {code}, {dict(counts)}", error)
    events = int(daemon.rows("ping")[0]["log_size"])
    tap.say(f"first import: {seconds:.1f} s, {ROWS / seconds:.0f} rows/s with every rung that fell due on the way, "
            f"{events / seconds:.0f} events/s")


def import_again(tap, daemon, file):
    began = time.monotonic()
    code, counts, error = outcomes(submit(daemon, file))
    seconds = time.monotonic() - began
    tap.ok(code == 0 and counts == {"repeated": ROWS}, "the whole file again: every row had been recorded",
           f"exit {code}, {dict(counts)}", error)
    tap.say(f"second import, all repeats: {seconds:.1f} s, {ROWS / seconds:.0f} rows/s")


def run_out(tap, daemon):
    began = time.monotonic()
    daemon.rectify("clock", "advance", UNTIL, "--timeout", PATIENCE)
    pong = daemon.rows("ping")[0]
    tap.say(f"advanced to {UNTIL} in {time.monotonic() - began:.1f} s; the log has {pong['log_size']} events")
    tap.ok(str(pong["now"]).startswith(UNTIL[:-1]), "the clock stands at the end", pong)
    began = time.monotonic()
    doctor = daemon.rectify("doctor", "--timeout", PATIENCE, check=False)
    tap.ok(doctor.returncode == 0, "doctor: the fold of every case's events is its row, and the tree is the log",
           f"exit {doctor.returncode}", doctor.stdout[-2000:], doctor.stderr[-2000:])
    tap.say(f"doctor: {time.monotonic() - began:.1f} s")


# ---- what came of it --------------------------------------------------------------------------------------------

CASES = """
SELECT f.case_no, f.inspection, f.unit_code, f.kind, f.severity, f.category, f.code, f.found_on, x.body,
  coalesce(extract(epoch FROM c.first_due_at)::bigint, 0), c.track, c.light, c.version, c.status,
  extract(epoch FROM c.opened_at)::bigint, coalesce(u.code, ''),
  rectify.is_restricted(c.flags, c.case_no, c.finding_of)
FROM rectify.finding AS f JOIN rectify.case_ AS c USING (case_no)
LEFT JOIN rectify.private AS x USING (log_index) LEFT JOIN rectify.unit AS u ON u.id = c.unit
ORDER BY f.case_no"""
KINDS = [None, "prominent", "loophole", "incipient", "poor_execution", "no_responsibility"]
SEVERITIES = [None, "minor", "ordinary", "major", "urgent"]
LIGHTS = [None, "green", "yellow", "red"]
DISPATCHED, UNROUTED = "2", "1"


def facts(row):
    return (row[1], row[2], KINDS[int(row[3])], SEVERITIES[int(row[4])], row[5], row[6], row[7], row[8])


def check_facts(tap, findings, rows):
    wrong = [f"case {row[0]}: {facts(row)} instead of {tuple(map(str, each))}"
             for each, row in zip(findings, rows) if facts(row) != tuple(map(str, each))]
    tap.none(wrong, "every case holds the facts of its row, text byte for byte, in the order of the file")


def check_outcomes(tap, expected, rows):
    def differences(what, actual, wanted):
        return [f"case {row[0]}: {what} {actual(row)}, expected {wanted(each)}"
                for each, row in zip(expected, rows) if actual(row) != wanted(each)]

    tap.none(differences("first due", lambda row: int(row[9]),
                         lambda each: int(each.first_due.timestamp()) if each.first_due else 0),
             "every first due date is that of the policy and the calendar")
    tap.none(differences("status", lambda row: row[13], lambda each: DISPATCHED if each.track else UNROUTED),
             "routed findings wait to be signed for, those without a unit sit with the office")
    tap.none(differences("track", lambda row: TRACKS[int(row[10])], lambda each: each.track),
             "every untouched case climbed to where the policy says")
    tap.none(differences("light", lambda row: LIGHTS[int(row[11])], lambda each: each.light),
             "every light is the worst that its rungs set")
    tap.none(differences("rungs", lambda row: int(row[12]) - 1, lambda each: len(each.rungs)),
             "every case had as many rungs as fell due")
    tap.say("tracks at the end: " + str(dict(Counter(each.track for each in expected))))


def of_findings(lines, rows):
    """The lines of the findings' own cases."""
    own = {f"C-{int(row[0]):06}" for row in rows}
    return [line for line in lines if line["case"] in own]


def check_through_client(tap, daemon, same_problem, rows, count):
    ledger = daemon.rows("ledger", "--timeout", PATIENCE)
    tap.ok(len(ledger) == count, "the ledger has every case", f"{len(ledger)} lines")
    ledger = of_findings(ledger, rows)
    wrong = [f"case {row[0]}: {line['same_problem']} earlier, expected {again}"
             for again, row, line in zip(same_problem, rows, ledger) if int(line["same_problem"]) != again]
    tap.none(wrong, f"recurrences of (unit, code) are right ({sum(map(bool, same_problem))} cases recur)")
    cases = daemon.rows("cases", "--timeout", PATIENCE)
    tap.ok(len(cases) == count, "`rectify cases` lists every case", f"{len(cases)} lines")
    cases = of_findings(cases, rows)
    wrong = [f"case {row[0]}: {line}" for row, line in zip(rows, cases)
             if (line["track"] or None, line["light"], line["text"])
             != (TRACKS[int(row[10])], LIGHTS[int(row[11])], "" if row[16] == "t" else row[8])]
    tap.none(wrong, "`rectify cases --json` says what the database says, and no words of restricted cases (P-124)")


def check_brought(tap, daemon, expected, brought):
    """A case for the unit above behind each finding that brings one; the outcomes in the order of the case numbers."""
    in_order, wanted = [], []
    for each, rule in zip(expected, brought):
        in_order.append(each)
        if rule:
            wanted.append([str(len(in_order) + 1), str(len(in_order)), rule.track, rule.light, str(len(rule.rungs))])
            in_order.append(rule)
    seen = [[number, parent, TRACKS[int(track)], LIGHTS[int(light)], str(int(version) - 1)] for number, parent, track, light, version
            in daemon.sql("SELECT case_no, parent, track, light, version FROM rectify.case_ WHERE parent > 0 ORDER BY case_no")]
    tap.ok(seen == wanted and wanted, f"the same kind too often: {len(wanted)} cases for the unit above", f"seen {seen}", f"wanted {wanted}")
    return in_order


def check_rungs(tap, daemon, base, expected):
    """Each rung in the records themselves: numbered 0, 1, 2, ... within its clock, in the expected order, at the expected
    instant, and recorded at that instant."""
    event = event_class(base)()
    instants = {id(each): [(CLOCKS[name], int(when.timestamp()) * 1000000) for name, when in each.rungs] for each in expected}
    following, fired, twice, late = {}, [0] * (len(expected) + 1), [], []
    for case_no, record in daemon.each_record("SELECT case_no, record FROM rectify.event WHERE command = 40 ORDER BY log_index"):
        event.ParseFromString(record)
        clock = case_no, event.fired_clock, event.fired_generation
        if event.fired_nth != following.get(clock, 0):
            twice.append(f"case {case_no}, clock {clock[1]} of event {clock[2]}: rung {event.fired_nth} "
                         f"where {following.get(clock, 0)} was next")
        following[clock] = event.fired_nth + 1
        wanted, at = instants[id(expected[case_no - 1])], fired[case_no]
        if at >= len(wanted) or wanted[at] != (event.fired_clock, event.effective) or event.recorded != event.effective:
            late.append(f"case {case_no}, rung {at + 1} of all: clock {event.fired_clock} at {event.effective}, recorded "
                        f"{event.recorded}, expected {wanted[at] if at < len(wanted) else 'none'}")
        fired[case_no] += 1
    tap.none(twice, "no rung fired twice and none was left out")
    tap.none(late, "every rung fired at its own instant, and was recorded then")
    tap.ok(sum(fired) == sum(len(each.rungs) for each in expected), "the log holds as many rungs as fell due", sum(fired))
    notices = daemon.sql("SELECT count(*) FROM rectify.notice")[0]
    tap.say(f"{sum(fired)} rungs, {notices[0]} notices")


def make_policy(path, shipped):
    """The shipped policy with its repeats further apart."""
    further, count = re.subn(r"every: (\d+)wd", lambda found: f"every: {int(found[1]) * REPEATS}wd", shipped.read_text(encoding="utf-8"))
    assert count > 0, "nothing repeats in the shipped policy"
    path.write_text(further, encoding="utf-8")


def publish(tap, daemon, policy):
    daemon.rectify("policy", "publish", policy)
    [[in_force]] = daemon.sql("SELECT body FROM rectify.document WHERE kind = 2 ORDER BY version DESC LIMIT 1")
    tap.ok(in_force == policy.read_text(encoding="utf-8"), "the policy in force is the one that the figures are worked out from", in_force)


def run(tap, daemon, base):
    import expect  # pylint: disable=import-error,import-outside-toplevel
    began = time.monotonic()
    header, rows, units = expect.read(DATA_SET)
    findings = [expect.finding(row) for row in rows]
    file = base / "findings.csv"
    with open(file, "w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, header, lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: row["number"]))
    registry = base / "minneapolis.yaml"
    with open(registry, "wb") as out:
        subprocess.run([HERE / "make_registry.py", DATA_SET], stdout=out, check=True)
    policy = base / "policy.yaml"
    make_policy(policy, expect.POLICY)
    for path in (file, registry, policy):
        path.chmod(0o644)
    tap.ok(len(findings) == ROWS, f"the file has {ROWS} findings", len(findings))
    daemon.start()
    daemon.rectify("registry", "load", registry)
    publish(tap, daemon, policy)
    tap.say(f"prepared in {time.monotonic() - began:.1f} s")
    import_with_crash(tap, daemon, file)
    import_again(tap, daemon, file)
    run_out(tap, daemon)
    same_problem, expected, brought = expect.expect(findings, units, expect.TOP_UNIT,
                                                    datetime.datetime.fromisoformat(UNTIL.replace("Z", "+00:00")), policy)
    rows = daemon.sql(CASES)
    if not tap.ok(len(rows) == ROWS, f"{ROWS} findings and not one more", len(rows)):
        return
    check_facts(tap, findings, rows)
    check_outcomes(tap, expected, rows)
    in_order = check_brought(tap, daemon, expected, brought)
    check_through_client(tap, daemon, same_problem, rows, len(in_order))
    check_rungs(tap, daemon, base, in_order)
    tap.ok(daemon.stop() == 0, "SIGTERM ends the daemon with exit code 0", daemon.process.returncode, daemon.log_tail())


def main():
    if not DATA_SET.exists():
        print(f"1..0 # SKIP the data set is not here: ../shared/data/{DATA_SET.name}")
        return 0
    tap, began = Tap(), time.monotonic()
    base = Path(tempfile.mkdtemp(prefix="rectify-realdata-", dir="/var/tmp"))
    base.chmod(0o755)  # the daemon gives root up and must reach its data directory
    daemon = Daemon(base)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what follows `finally` happens
    try:
        run(tap, daemon, base)
    except (RuntimeError, subprocess.SubprocessError, OSError, KeyError, ValueError) as error:
        tap.ok(False, "the story comes to its end", f"{type(error).__name__}: {error}", daemon.log_tail() if daemon.log.exists() else "")
    finally:
        daemon.end()
        if os.environ.get("RECTIFY_KEEP"):
            tap.say(f"kept: {base}")
        else:
            shutil.rmtree(base, ignore_errors=True)
    tap.say(f"took {time.monotonic() - began:.0f} s")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
"""The command `rectify` itself: first what needs no daemon (dates, help, completion, errors and their exit codes), then
`submit` and the act verbs against a daemon played here, which refuses whole batches, halves of them, single rows, forgets
to answer and answers twice.

Needs build/rectify, python3-zmq, python3-protobuf and protoc.  Prints TAP.
"""
import json
import os
import pty
import re
import subprocess
import sys
import tempfile
import threading
import unicodedata
from pathlib import Path

import zmq

ROOT = Path(__file__).resolve().parents[2]
RECTIFY = ROOT / os.environ.get("B", "build") / "rectify"
COUNT, FAILED = 0, 0
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C", "TZ": "UTC", "RECTIFY_SPOOL": "/dev/null/none"}


def ok(fine, what, *details):
    global COUNT, FAILED
    COUNT += 1
    FAILED += not fine
    print(f"{'ok' if fine else 'not ok'} {COUNT} - {what}")
    for detail in details if not fine else ():
        print("\n".join("# " + line for line in str(detail).splitlines()))


def run(*words, stdin="", **environment):
    return subprocess.run([RECTIFY, *map(str, words)], input=stdin, capture_output=True, text=True, check=False,
                          env={**ENVIRONMENT, **environment}, timeout=60)


def expect(words, code, out=None, error=None, what=None, **more):
    """Exit code, exact stdout where `out` is a string, a pattern of stderr."""
    done = run(*words, **more)
    fine = done.returncode == code and (out is None or done.stdout == out) and (
        error is None or re.search(error, done.stderr) is not None)
    ok(fine, what or "rectify " + " ".join(map(str, words)), f"exit {done.returncode}", done.stdout, done.stderr)
    return done


# ---- without a daemon -------------------------------------------------------------------------------------------

def dates():
    expect(["due", "2026-02-13", "1wd", "--calendar", "cn"], 0, "2026-02-14\n", "^$")
    expect(["due", "2026-02-14", "1wd"], 0, "2026-02-24\n", "^$")
    expect(["due", "2026-09-25", "15wd"], 0, "2026-10-22\n", "^$")
    expect(["due", "2026-02-24", "--", "-1wd"], 0, "2026-02-14\n", "^$")
    expect(["due", "2024-04-20", "--", "-1wd"], 0, "2024-04-19\n", "^$", what="due counts back from a day of rest")
    expect(["due", "1970-01-05", "--", "-9wd"], 64, "", "outside 1970")
    expect(["due", "2026-02-13T09:30", "24h"], 0, "2026-02-14T09:30\n", "^$")
    expect(["due", "2026-07-02", "1wd", "--calendar", "us-federal"], 0, "2026-07-06\n", "^$")
    expect(["due", "2026-12-31", "1wd"], 0, "2027-01-01\n", "provisional")
    expect(["due", "2026-02-13", "1wd", "--why"], 0, None, what="due --why names the notice").stdout
    expect(["due", "2026-02-13", "24h"], 64, "", "date and time")
    expect(["due", "2026-02-29", "1wd"], 64, "", "not a date")
    expect(["due", "2026-02-13", "1w"], 64, "", "not a limit")
    expect(["due", "2026-02-13", "4001wd"], 64, "", "not a limit")
    expect(["due", "2026-02-13", "1wd", "--calendar", "xx"], 64, "", "built in are:.* cn")
    expect(["due", "2026-02-13"], 64, "", "usage: rectify due")
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write("calender: x\n")
        file.flush()
        expect(["due", "2026-02-13", "1wd", "-c", file.name], 78, "", rf"{file.name}:1:1: error", what="due with a bad calendar file")


def width(line):
    """Columns on a terminal."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def names_in_json():
    """The names of JSON lines are not those of the options: --message is `text`."""
    done = run("submit", "--jsonl", "-", "--dry-run", stdin='{"message": "x"}\n')
    names = re.search(r"1:2: error: unknown name 'message'; known are: (.*)", done.stderr)
    told = run("submit", "--help").stdout
    ok(done.returncode == 1 and names is not None and "text" in names[1].split(), "an unknown name in JSON: the known ones are said", done.stderr)
    ok(names is not None and all(re.search(rf"\b{name}\b", told.split("Options:")[0]) for name in names[1].split()),
       "submit --help lists the names of JSON lines", told)


def help_and_completion():
    whole = expect(["--help"], 0, what="rectify --help").stdout
    verbs = [line.split("  ")[1].strip() for line in whole.split("Options,")[0].splitlines() if re.match(r"  [a-z]", line)]
    ok(len(verbs) > 30, "--help lists the commands", whole)
    for verb in verbs:
        text = run(*verb.split(), "--help")
        ok(text.returncode == 0 and f"usage: rectify {verb}" in text.stdout and text.stdout.count(f"  rectify ") >= 1
           and all(width(line) <= 80 for line in text.stdout.splitlines()),
           f"rectify {verb} --help shows its usage and examples in 80 columns", text.stdout, text.stderr)
    ok("KIND, N or KIND/N" in " ".join(run("attach", "--help").stdout.split()), "--help tells what may stand before a file of evidence")
    for verb in ["submit", "act", "ledger"]:
        known = run(*verb.split(), "--help").returncode
        ok(known == (64 if verb == "act" else 0), f"{verb} is {'no ' if verb == 'act' else ''}command")
    expect([], 64, "", "usage: rectify", what="rectify alone, off a terminal, is a usage error")
    expect(["sbmit"], 64, "", "did you mean 'submit'")
    expect(["registry"], 64, "", "did you mean 'registry load'")
    expect(["due", "1", "2", "--calender", "cn"], 64, "", "did you mean '--calendar'")
    expect(["cases", "--light", "gren"], 64, "", "did you mean 'green'")
    expect(["--timeout", "0", "ping"], 64, "", "--timeout wants")
    expect(["ping"], 64, "", "who are you")
    expect(["--as", "x", "show", "C-0"], 64, "", "not a case number")
    expect(["--as", "x", "fail", "1"], 64, "", "-m TEXT")
    expect(["--as", "x", "fail", "1", "1", "-m", "y"], 64, "", "twice")
    expect(["--as", "x", "request-closure", "1", "-e", "plam:x"], 64, "", "did you mean 'plan'")
    expect(["--as", "x", "ping", "--timeout", "1", "--endpoint", "ipc:///nonexistent/sock"], 69, "", "no daemon answered|RECTIFY_ENDPOINT",
           what="no daemon: exit 69")
    expect(["--as", "x", "ping", "--endpoint", "tcp://127.0.0.1:1"], 64, "", "TCP needs the daemon's public key",
           what="TCP needs keys")
    for words, candidates in [(["su"], ["submit"]), (["registry", ""], ["load"]), (["submit", "--kind", "lo"], ["loophole"]),
                              (["--as", "x", "due", "--cal"], ["--calendar"]), (["cases", "--light", ""], ["green", "yellow", "red"]),
                              (["plan", ""], ["submit", "approve", "return"]), (["with"], ["withdraw", "withdrawal"]),
                              (["extension", "g"], ["grant"]), (["decide", "1", "--form", "ad"], ["admonition"]),
                              (["documents", "p"], ["policy"]), (["help", "look-back", ""], ["pass", "relapse"]),
                              (["bulk", "--unit", "u", "plan", "a"], ["approve"]), (["bulk", "--light", "red", "po"], []),
                              (["bulk", "--light", "red", "esc"], ["escalate"]),
                              (["bulk", "--open", "escalate", "--track", "su"], ["supervision"])]:
        expect(["__complete", *words], 0, "".join(c + "\n" for c in candidates))
    script = run("completion", "bash").stdout
    bash = subprocess.run(["bash", "-c", script + "\nCOMP_WORDS=(rectify cloc); COMP_CWORD=1; _rectify; echo \"${COMPREPLY[*]}\""],
                          capture_output=True, text=True, check=False, env={**ENVIRONMENT, "PATH": f"{RECTIFY.parent}:{ENVIRONMENT['PATH']}"})
    ok(bash.stdout == "clock\n", "bash completes `rectify cloc`", bash.stdout, bash.stderr)
    expect(["policy", "check", ROOT / "policy" / "municipal.yaml"], 0, None, "^$", what="policy check of the municipal policy")
    expect(["policy", "check", "/nonexistent"], 65, "", "cannot read")


# ---- a daemon of our own ----------------------------------------------------------------------------------------

NOW = 1767571200000000  # of the daemon: 2026-01-05
REFUSALS = {b"tomorrow": 140, b"their team": 202}  # what a finding of this text is refused by


class Stub(threading.Thread):
    """Answers Submit as told by the texts of the findings; remembers every id that it accepted or refused."""

    def __init__(self, folder, pb):
        super().__init__(daemon=True)
        self.pb, self.endpoint = pb, f"ipc://{folder}/stub.sock"
        self.accepted, self.refused, self.requests, self.sizes, self.silent, self.acts = {}, {}, 0, [], 0, []
        self.previews, self.done, self.known, self.queries = 0, {}, 40, []
        self.knows_previews, self.lost, self.found = True, False, None
        self.silent_after = None  # so many answers more; then it takes what comes and says nothing
        self.socket = zmq.Context.instance().socket(zmq.ROUTER)
        self.socket.bind(self.endpoint)

    def run(self):
        while True:
            frames = self.socket.recv_multipart()
            request = self.pb.Request.FromString(frames[-1])
            self.requests += 1
            if self.silent > 0:
                self.silent -= 1
                continue
            reply = self.pb.Reply(version=1, id=request.id)
            body = request.WhichOneof("body")
            getattr(self, body)(getattr(request, body), reply)
            if self.lost and body == "act" and not request.act.preview:
                continue
            if self.silent_after is not None:
                self.silent_after -= 1
                if self.silent_after < 0:
                    continue
            self.socket.send_multipart([*frames[:-1], reply.SerializeToString()])

    def submit(self, submit, reply):
        self.sizes.append(len(submit.findings))
        for i, finding in enumerate(submit.findings):
            if finding.text == b"bad field":
                reply.error.code, reply.error.field, reply.error.text = 3, f"submit.findings[{i}].unit".encode(), b"is bad"
                return
        if any(f.text == b"too large" for f in submit.findings):
            reply.error.code, reply.error.text = 4, b"more than fits"
            return
        for finding in submit.findings:
            self.found = finding
            outcome = reply.outcomes.outcomes.add(id=finding.id)
            if finding.text in REFUSALS and finding.id not in self.refused:
                outcome.refusal.rule, outcome.refusal.recorded = REFUSALS[finding.text], NOW
                self.refused[finding.id] = finding.text
                continue
            if finding.id in self.refused or (finding.text == b"refuse" and finding.id not in self.accepted):
                outcome.refusal.rule, outcome.refusal.repeated = 120, finding.id in self.refused
                self.refused[finding.id] = finding.text
                continue
            outcome.receipt.repeated = finding.id in self.accepted
            outcome.receipt.case_no = self.accepted.setdefault(finding.id, len(self.accepted) + 1)

    def act(self, act, reply):
        """Refuses case 13; remembers what it did by id."""
        self.previews += act.preview
        reply.outcomes.preview = act.preview and self.knows_previews
        for command in act.commands:
            if not act.preview:
                self.acts.append(command)
            outcome = reply.outcomes.outcomes.add(id=command.id)
            if command.case_no in (13, 1414):
                outcome.refusal.rule, outcome.refusal.case_no = 620 if command.case_no == 13 else 101, command.case_no
                continue
            outcome.receipt.recorded = NOW
            outcome.receipt.rule, outcome.receipt.case_no, outcome.receipt.status = 603, command.case_no, 4
            outcome.receipt.repeated = command.id in self.done
            outcome.receipt.due_text = b"2026-03-27"
            if not act.preview:
                self.done[command.id] = command.case_no

    def upload(self, upload, reply):
        reply.uploaded.complete = True

    def ping(self, _, reply):
        reply.pong.now = NOW

    def watch(self, _, reply):
        reply.error.code, reply.error.text = 5, b"the actor is not in the registry"

    def query(self, query, reply):
        """Cases 1 to `known`, 200 a page; one notice; two documents."""
        self.queries.append(query)
        reply.page.SetInParent()
        what = query.WhichOneof("what")
        if what == "ledger":
            reply.page.ledger.head_at = 1
        if what == "cases":
            first = int(query.cursor or b"1")
            for case_no in range(first, min(first + 200, self.known + 1)):
                reply.page.cases.add(case_no=case_no, status=2, light=1, unit=b"east", due_text=b"2026-03-01", kind=1,
                                     flags=8 + 2048, parent=case_no // 2, extensions=1, extended=8, form=4, order=b"2026-3",
                                     opened=NOW if case_no != 1 else 0, origin=[4, 2, 3][(case_no + 1) % 3], next_fire=NOW, text=b"a wall of words " * 12)
            reply.page.next_cursor = str(first + 200).encode() if first + 200 <= self.known else b""
        elif what == "units":
            reply.page.units.add(code=b"east", name=b"East")
        elif what == "history":
            event = self.pb.Event(format=1, case_no=7, version=1, command=15, rule=620, actor=1, key=bytes(16), recorded=NOW)
            reply.page.events.add(record=event.SerializeToString(), text=b"line after line " * 12)
        elif what == "notices":
            reply.page.notices.add(id=77, case_no=5, kind=2, officer=b"o1", officer_name="王芳".encode(), instead_of=b"o2",
                                   recipient=1, created=1767571200000000)
        elif what == "documents":
            body = b"policy: x\n" if query.documents.version else b""
            if query.documents.version < 3:
                reply.page.documents.add(document=query.documents.document, version=query.documents.version or 2,
                                         file_name=b"x.yaml", sha256=bytes(32), log_index=9, body=body)
        elif what in ("next", "why"):
            zh = getattr(query, what).zh
            reply.page.lines.append(f"{what} {getattr(query, what).case_no} {'zh' if zh else 'en'}".encode())


MAPPING = "\n".join(f"{name}: {{column: {name}}}" for name in ["unit", "kind", "severity", "found", "text"]) + "\n"


class Desk:
    """A folder with a stub, a mapping and the rows to submit."""

    def __init__(self, folder, pb):
        self.folder, self.stub = Path(folder), Stub(folder, pb)
        self.stub.start()
        (self.folder / "map.yaml").write_text(MAPPING)

    def command(self, *words, **more):
        return run("--endpoint", self.stub.endpoint, "--as", "me", "--timeout", "20", *words, **more)

    def submit(self, texts, *words):
        rows = [f"u{i},loophole,major,2026-01-{i % 28 + 1:02},{text}" for i, text in enumerate(texts)]
        (self.folder / "rows.csv").write_text("unit,kind,severity,found,text\n" + "\n".join(rows) + "\n")
        return self.command("submit", "--csv", self.folder / "rows.csv", "--map", self.folder / "map.yaml", *words)


def counts(done):
    return [int(n) for n in re.findall(r"(\d+) (?:accepted|repeated|refused|bad rows)", done.stdout)]


def intake(desk):
    stub = desk.stub
    done = desk.submit(["fine"] * 250, "--batch", "100")
    ok(done.returncode == 0 and counts(done) == [250, 0, 0, 0] and sorted(stub.sizes) == [50, 100, 100], "250 rows go in three requests",
       done.stdout, done.stderr, stub.sizes)
    done = desk.submit(["fine"] * 250, "--batch", "7", "--window", "3")
    ok(done.returncode == 0 and counts(done) == [0, 250, 0, 0], "the same file again doubles nothing", done.stdout, done.stderr)
    stub.accepted.clear()
    texts = ["fine"] * 30
    texts[4] = texts[20] = "bad field"
    done = desk.submit(texts, "--batch", "10")
    ok(done.returncode == 1 and counts(done) == [28, 0, 0, 2] and len(stub.accepted) == 28
       and "rows.csv:6:1: error: unit: is bad" in done.stderr and "rows.csv:22:1: error" in done.stderr,
       "a batch refused for one field is resent without that row", done.stdout, done.stderr)
    stub.accepted.clear()
    texts[4], texts[20] = "too large", "fine"
    done = desk.submit(texts, "--batch", "10")
    ok(done.returncode == 1 and counts(done) == [29, 0, 0, 1] and "rows.csv:6:1: error: more than fits" in done.stderr,
       "a batch that is too large is halved until the row is found", done.stdout, done.stderr)
    stub.accepted.clear()
    saved(desk, stub)
    stub.accepted.clear()
    again(desk)
    stub.accepted.clear()
    stub.silent = 3
    done = desk.submit(["lost answer"] * 20, "--batch", "10")
    ok(done.returncode == 0 and counts(done) == [20, 0, 0, 0], "requests without an answer are sent again", done.stdout, done.stderr)
    stub.accepted.clear()
    stub.silent = 10 ** 6
    done = desk.submit(["never"] * 5, "--timeout", "1")
    stub.silent = 0
    ok(done.returncode == 69 and "5 unknown" in done.stdout and "safe" in done.stderr, "no answer at all: exit 69, and why that is safe",
       done.stdout, done.stderr)


def saved(desk, stub):
    """The answers stop in the middle of a file: what has none, and the rest, is saved, in the order of the rows."""
    spool = {"RECTIFY_SPOOL": str(desk.folder / "rows-spool")}
    texts = [f"row {at}" for at in range(95)]
    rows = "".join(json.dumps({"unit": "u", "kind": "loophole", "severity": "major", "found": "2026-01-05", "text": text}) + "\n" for text in texts)
    (desk.folder / "saved.jsonl").write_text(rows)
    words = ("submit", "--jsonl", desk.folder / "saved.jsonl", "--batch", "10", "--window", "4")
    stub.silent_after = 3
    done = desk.command(*words, "--timeout", "1", **spool)
    stub.silent_after = None
    found = re.search(r"(\d+) accepted, .* (\d+) saved here", done.stdout)
    ok(done.returncode == 75 and found and int(found[1]) + int(found[2]) == 95 and int(found[1]) > 0, "what got no answer is saved", done.stdout, done.stderr)
    shown = desk.command("spool", "show", "--json", **spool).stdout.splitlines()
    ok(found and len(shown) == int(found[2]), "and shown", len(shown))
    before = len(stub.accepted)
    done = desk.command("spool", "send", "--json", **spool)
    same = len(stub.accepted) == 95 and before <= 95
    ok(done.returncode == 0 and same, "sent later: all rows are there, once", len(stub.accepted), before, done.stderr)
    done = desk.command(*words, **spool)
    ok(done.returncode == 0 and "95 repeated" in done.stdout and len(stub.accepted) == 95, "the same file again doubles nothing", done.stdout)


def one(desk):
    """A finding by options."""
    words = ["submit", "--unit", "u", "--kind", "loophole", "--severity", "major", "-m"]
    done = desk.command(*words, "fine")
    ok(done.returncode == 0 and desk.stub.found.found_on == NOW // 86400000000, "without --found the day is the daemon's",
       done.stdout, done.stderr, desk.stub.found)
    done = desk.command(*words, "tomorrow")
    ok(done.returncode == 1 and "the daemon's date is 2026-01-05; say --found DATE" in done.stderr,
       "a date in the daemon's future: its date is said", done.stderr)
    done = desk.command(*words, "their team")
    ok(done.returncode == 1 and "--team" in done.stderr, "another team: --team is said", done.stderr)


def same_id(desk):
    """What was recorded under an id stands; whoever says the id again is told that nothing was looked at."""
    words = ["submit", "--unit", "u", "--kind", "loophole", "--severity", "major", "--id", "019b6767-9400-7d3e-be87-000000000001", "-m"]
    desk.command(*words, "refuse")
    done = desk.command(*words, "refuse", "--team", "mine")
    ok(done.returncode == 1 and "(recorded before; nothing was decided again: use another --id)" in done.stderr,
       "a repeated refusal says that the correction was not looked at", done.stderr)
    done = desk.command(*words, "refuse", "--zh")
    ok("请换用另一个 --id" in done.stderr, "... in Chinese too", done.stderr)
    words[-2] = words[-2][:-1] + "2"
    desk.command(*words, "fine")
    done = desk.command(*words, "something else")
    ok(done.returncode == 0 and "(recorded before; nothing was done again)" in done.stdout, "so does a repeated receipt", done.stdout)


def progress(desk):
    """The bar on a terminal is gone before anything else is said there, wherever the rows come from and go to."""
    row = {"unit": "u", "kind": "loophole", "severity": "major", "found": "2026-01-05", "text": "bar"}
    master, slave = pty.openpty()
    subprocess.run([RECTIFY, "--endpoint", desk.stub.endpoint, "--as", "me", "submit", "--jsonl", "-"], check=False, timeout=60,
                   input=(json.dumps(row) + "\nnothing\n").encode(), stdout=subprocess.DEVNULL, stderr=slave, env=ENVIRONMENT)
    os.close(slave)
    text = os.read(master, 65536).decode()
    os.close(master)
    ok("] 0 rows" in text and re.search(r"\r\x1b\[Kstandard input:2:1: error", text) is not None, "the progress bar is erased before an error",
       repr(text))


def again(desk):
    """A refused row is tried anew by the next run, and never twice once it was accepted."""
    stub = desk.stub
    done = desk.submit(["refuse", "fine"], "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    ok(done.returncode == 1 and sorted(line["outcome"] for line in lines) == ["accepted", "refused"]
       and "rows.csv:2: refused, rule 120" in done.stderr, "a refusal is told by line, on stderr and as JSON", done.stdout, done.stderr)
    before = len(stub.refused)
    done = desk.submit(["refuse", "fine"])
    ok(done.returncode == 1 and counts(done) == [0, 1, 1, 0] and len(stub.refused) == before + 1, "the next run tries a refused row anew",
       done.stdout, done.stderr)
    accept, stub.submit = stub.submit, lambda submit, reply: lenient(stub, accept, submit, reply)
    done = desk.submit(["refuse", "fine"])
    ok(done.returncode == 0 and counts(done) == [1, 1, 0, 0], "and takes it when the rules have come to allow it", done.stdout, done.stderr)
    done = desk.submit(["refuse", "fine"])
    ok(done.returncode == 0 and counts(done) == [0, 2, 0, 0], "after which it is there once", done.stdout, done.stderr)
    stub.submit = accept


def lenient(stub, accept, submit, reply):
    """From now on nothing new is refused."""
    for finding in submit.findings:
        if finding.id not in stub.refused:
            finding.text = b"fine"
    accept(submit, reply)


def acts(desk):
    done = desk.command("sign-for", "7", "C-000013", "c-9", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    ok(done.returncode == 1 and [(line["case"], line["outcome"], line["rule"]) for line in lines]
       == [("C-000007", "accepted", 603), ("C-000013", "refused", 620), ("C-000009", "accepted", 603)],
       "several cases in one command: one outcome each", done.stdout, done.stderr)
    ok(len({command.id for command in desk.stub.acts}) == 3, "each under an id of its own")
    uuid = "019b6767-9400-7d3e-be87-9bc90ebdbdca"
    desk.stub.acts.clear()
    for _ in range(2):
        desk.command("sign-for", "7", "8", "--id", uuid)
    ids = [command.id for command in desk.stub.acts]
    ok(ids[:2] == ids[2:] and len(set(ids)) == 2, "the same --id gives the same ids")
    file = desk.folder / "photo.jpg"
    file.write_bytes(b"abc")
    desk.command("request-closure", "7", "-e", f"plan:{file}", "-m", "-", stdin="done\nand dusted\n\n")
    command = desk.stub.acts[-1]
    ok(command.text == b"done\nand dusted" and command.evidence[0].kind == 3 and command.evidence[0].size == 3
       and command.evidence[0].name == b"photo.jpg" and command.evidence[0].sha256.hex().startswith("ba7816bf8f01cfea"),
       "evidence is named by kind, name, size and SHA-256; - reads the text", command)


# Each verb with all that it takes, and what then stands in its command besides the case and the id.
VERBS = [
    ("dispatch --unit u --officer o --verifier v --track supervision", 2, dict(unit=b"u", officer=b"o", verifier=b"v", track=4)),
    ("sign-for", 3, {}), ("bounce -m x", 4, dict(text=b"x")),
    ("adjudicate -m x --unit u --officer o --verifier v", 5, dict(text=b"x", unit=b"u", officer=b"o", verifier=b"v")),
    ("plan submit --measures 3 -e FILE", 6, dict(measures=3, evidence=[(3, 0)])),
    ("plan approve", 7, {}), ("plan return -m x", 8, dict(text=b"x")),
    ("progress -m x -e 2:FILE -e plan/3:FILE -e decision:FILE", 9, dict(text=b"x", evidence=[(1, 2), (3, 3), (6, 0)])),
    ("comment -m x", 10, dict(text=b"x")), ("endorse", 11, {}),
    ("extension ask --days 20 -m x", 12, dict(days=20, text=b"x")), ("extension grant", 13, {}),
    ("extension grant --days 5wd", 13, dict(days=5)), ("extension refuse -m x", 14, dict(text=b"x")),
    ("hold --days 4000 -m x", 15, dict(days=4000, text=b"x")), ("resume", 16, {}),
    ("stage --days 250 -m x", 17, dict(days=250, text=b"x")), ("request-closure -e 1:FILE", 18, dict(evidence=[(1, 1)])),
    ("pass", 19, {}), ("fail -m x", 20, dict(text=b"x")),
    ("reassign -m x --officer o", 21, dict(text=b"x", officer=b"o")), ("escalate -m x", 22, dict(text=b"x")),
    ("hand-over --officer o", 23, dict(officer=b"o")), ("attach -e FILE", 24, dict(evidence=[(1, 0)])),
    ("merge --into C-9 -m x", 25, dict(other=9, text=b"x")), ("withdraw -m x", 26, dict(text=b"x")),
    ("reopen -m x", 27, dict(text=b"x")), ("look-back pass", 28, {}), ("look-back relapse -m x", 29, dict(text=b"x")),
    ("decide --form admonition --number N-1 -m x -e FILE --officer o", 30,
     dict(form=4, number=b"N-1", text=b"x", evidence=[(6, 0)], officer=b"o")),
    ("decide --form none_held -m x -e FILE", 30, dict(form=1, text=b"x", evidence=[(6, 0)])),
    ("talk -m x -e FILE", 31, dict(text=b"x", evidence=[(2, 0)])),
    ("issue-rule --number N-2 --date 2026-03-01 -m x -e FILE", 32,
     dict(number=b"N-2", day=20513, text=b"x", evidence=[(4, 0)])),
    ("sign-order -e FILE", 33, dict(evidence=[(5, 0)])), ("withdrawal approve", 34, {}),
    ("withdrawal refuse -m x", 35, dict(text=b"x")), ("unmerge -m x", 36, dict(text=b"x")),
    ("split -m x --unit u --track new_rules", 37, dict(text=b"x", unit=b"u", track=2)),
    ("co-unit --unit u", 38, dict(unit=b"u")), ("sweep", 39, {}), ("statement -m x", 44, dict(text=b"x")),
    ("appeal -m x", 45, dict(text=b"x")), ("rebase -m x", 46, dict(text=b"x")),
    ("restrict -m x", 56, dict(text=b"x")), ("unrestrict -m x", 57, dict(text=b"x")),
    ("erase ask --index 811 --ground G-47 -m x", 54, dict(other=812, number=b"G-47", text=b"x")), ("erase --index 811", 55, dict(other=812)),
]
# Command lines that are wrong, and what the message says; none of them reaches the daemon.
WRONG = [
    ("extension ask 7 -m x", "needs --days"), ("extension ask 7 --days 0 -m x", "1 to 4000"), ("hold 7 --days 4001 -m x", "1 to 4000"),
    ("hold 7 --days 24h -m x", "working days"), ("stage 7 -m x", "needs --days"), ("plan submit 7 -e FILE", "needs --measures"),
    ("plan submit 7 --measures 33 -e FILE", "1 to 32"), ("plan submit 7 --measures 1", "needs --evidence"),
    ("issue-rule 7 --number N -m x -e FILE", "needs --date"), ("issue-rule 7 --date 2026-02-30 -m x", "not '2026-02-30'"),
    ("issue-rule 7 --date 2026-02-03 -m x -e FILE", "needs --number"), ("decide 7 -m x -e FILE", "needs --form"),
    ("decide 7 --form admonitoin -m x", "did you mean 'admonition'"), ("decide 7 --form circular -m x -e FILE", "needs --number"),
    ("merge 7 -m x", "needs --into"), ("merge 7 --into 0 -m x", "case number"), ("hand-over 7", "needs --officer"),
    ("co-unit 7", "needs --unit"), ("attach 7", "needs --evidence"), ("bounce 7", "-m TEXT"), ("bounce 7 -m ", "empty|TEXT"),
    ("attach 7 -e 33:FILE", "measures 1 to 32"), ("attach 7 -e plan/0:FILE", "measures 1 to 32"),
    ("attach 7 -e plann/2:FILE", "did you mean 'plan'"), ("attach 7 -e /2:FILE", "KIND, N or KIND/N"), ("co-unit 7 --unit " + "u" * 64, "1 to 63 bytes"),
    ("bulk sign-for --yes", "which cases"), ("bulk --unit u --yes", "which command"), ("bulk --unit u sign-for", "--preview or --yes"),
    ("bulk --unit u signfor --yes", "did you mean 'sign-for'"), ("bulk --unit u ping --yes", "not done to cases"),
    ("bulk --unit u sign-for 7 --yes", "leave out '7'"), ("bulk --unit u sign-for --yes --preview", "either"),
    ("plan", "plan submit"), ("extension deny", "extension refuse"), ("documents polcy", "did you mean 'policy'"),
    ("documents policy x", "number of a version"), ("erase ask 7 --ground G -m x", "needs --index"), ("erase ask 7 --index 1 -m x", "needs --ground"),
    ("erase 7", "needs --index"), ("erase 7 --index x", "log index"), ("cases --as-of soon", "wants a date"), ("show 7 --known-at 0", "size of a log"),
    ("lookback draw --count 3", "are needed"), ("lookback draw --closed 2026-01-02..2026-01-01", "two dates"), ("bulk --unit u erase --yes", "not done to cases|did you mean"), ("next 7 --steps 33", "1 to 32"), ("notices --case x", "case number"),
]


def verbs(desk):
    file = desk.folder / "paper.txt"
    file.write_bytes(b"abc")
    seen = set()
    for line, number, values in VERBS:
        desk.stub.acts.clear()
        words = [word.replace("FILE", str(file)) for word in line.split()]
        done = desk.command(*words, "7")
        command = desk.stub.acts[-1] if desk.stub.acts else None
        expected = desk.stub.pb.Command(command=number, case_no=7)
        if command:
            expected.id = command.id
            expected.evidence.extend(command.evidence)
            for name, value in values.items():
                if name != "evidence":
                    setattr(expected, name, value)
        pieces = [(piece.kind, piece.measure) for piece in command.evidence] if command else []
        ok(done.returncode == 0 and command == expected and pieces == values.get("evidence", []), f"rectify {line}", command,
           done.stdout, done.stderr)
        seen.add(number)
    rows = re.findall(r"^COMMAND\((\d+), \w+, \w+, \"[^\"]*\", (.*?), [01], ", (ROOT / "include/rectify/command.def").read_text(), re.M)
    people = {int(number) for number, roles in rows if roles != "0"} - {1, 50, 51, 52}
    ok(people == seen, "every command that people may give has a verb", people ^ seen)
    before = len(desk.stub.acts) + desk.stub.previews
    for line, message in WRONG:
        words = [word.replace("FILE", str(file)) for word in line.split(" ")]
        done = desk.command(*words)
        ok(done.returncode == 64 and re.search(message, done.stderr) is not None and not done.stdout, f"wrong: rectify {line[:60]}",
           done.stdout, done.stderr)
    ok(len(desk.stub.acts) + desk.stub.previews == before, "nothing wrong reached the daemon")


def previews(desk):
    stub = desk.stub
    stub.acts.clear()
    done = desk.command("sign-for", "7", "13", "--preview", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    ok(done.returncode == 1 and [line["outcome"] for line in lines] == ["would_accept", "would_refuse"] and lines[0]["log_index"] is None
       and not stub.acts, "--preview says what would come of it", done.stdout, done.stderr)
    done = desk.command("sign-for", "7", "--preview")
    ok(done.returncode == 0 and "nothing recorded" in done.stdout and "log" not in done.stdout, "... to a person too", done.stdout)
    stub.knows_previews = False
    done = desk.command("sign-for", "7", "--preview")
    ok(done.returncode == 76 and "does not know previews" in done.stderr, "a daemon that knows no previews is found out", done.stderr)
    stub.knows_previews = True


def bulk(desk):
    stub = desk.stub
    stub.acts.clear()
    stub.done.clear()
    stub.known = 40
    done = desk.command("bulk", "--unit", "east", "--status", "dispatched", "sign-for", "-m", "together", "--preview", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    query = stub.queries[-1].cases
    ok(done.returncode == 1 and len(lines) == 40 and not stub.acts and query.unit == b"east" and list(query.status) == [2],
       "bulk --preview: a row for each case, nothing done", done.stdout[:500], done.stderr)
    ok(sorted({line["outcome"] for line in lines}) == ["would_accept", "would_refuse"] and lines[12]["rule"] == 620
       and lines[0]["status_before"] == "dispatched" and lines[0]["status"] == "rectifying", "... what would come of it", lines[:1])
    uuid, requests = "019b6767-9400-7d3e-be87-9bc90ebdbdca", stub.requests
    done = desk.command("bulk", "--unit", "east", "sign-for", "-m", "together", "--yes", "--csv", "--id", uuid)
    ok(done.returncode == 1 and len(done.stdout.splitlines()) == 41 and len(stub.acts) == 39 and done.stdout.count(",accepted,") == 39
       and done.stdout.count(",left_out,620,") == 1 and all(act.text == b"together" for act in stub.acts),
       "bulk --yes: what would be refused is left out, the rest is done", done.stdout[:500], done.stderr)
    ok(stub.requests - requests == 3, "... by one query, one preview and one request", stub.requests - requests)
    done = desk.command("bulk", "--unit", "east", "sign-for", "-m", "together", "--yes", "--csv", "--id", uuid)
    ok(done.stdout.count(",repeated,") == 39 and len(stub.done) == 39, "the same --id again doubles nothing", done.stdout[:500])
    stub.known = 1
    done = desk.command("bulk", "--unit", "east", "sign-for", "-m", "together", "--yes", "--csv", "--id", uuid)
    ok(done.returncode == 0 and done.stdout.count(",repeated,") == 1 and len(stub.done) == 39, "... also when one case is left of them",
       done.stdout)
    stub.known, stub.lost = 12, True
    stub.done.clear()
    done = desk.command("bulk", "--unit", "east", "comment", "-m", "x", "--yes", "--csv", "--timeout", "1")
    said = re.search(r"--id ([0-9a-f-]{36})", done.stderr)
    ok(done.returncode == 69 and said is not None and len(stub.done) == 12, "no answer: the id to repeat it with is said", done.stderr)
    stub.done.clear()
    spool = {"RECTIFY_SPOOL": str(desk.folder / "spool")}
    done = desk.command("bulk", "--unit", "east", "comment", "-m", "saved", "--yes", "--csv", "--timeout", "1", **spool)
    ok(done.returncode == 75 and done.stdout.count(",saved,") == 12, "no answer, and a spool: saved, each case", done.stdout, done.stderr)
    stub.lost = False
    done = desk.command("spool", "send", "--csv", **spool)
    ok(done.returncode == 0 and done.stdout.count("received,comment,C-0000") == 12 and len(stub.done) == 12, "... and sent later, once", done.stdout)
    stub.done.clear()
    stub.lost = True
    desk.command("bulk", "--unit", "east", "comment", "-m", "x", "--yes", "--csv", "--timeout", "1", "--id", said[1] if said else uuid)
    stub.lost = False
    done = desk.command("bulk", "--unit", "east", "comment", "-m", "x", "--yes", "--csv", "--id", said[1] if said else uuid)
    ok(done.returncode == 0 and done.stdout.count(",repeated,") == 12 and len(stub.done) == 12, "... and with it nothing happens twice",
       done.stdout, done.stderr)
    stub.known = 501
    stub.acts.clear()
    done = desk.command("bulk", "--unit", "east", "sign-for", "--yes")
    ok(done.returncode == 64 and "more than 500" in done.stderr and "--limit 500" in done.stderr and not stub.acts,
       "more cases than one transaction takes are refused, and how to narrow is said", done.stderr)
    done = desk.command("bulk", "--unit", "east", "--limit", "500", "sign-for", "--yes", "--json")
    ok(done.returncode == 1 and len(stub.acts) == 499, "--limit takes the first ones", done.stderr, len(stub.acts))
    stub.known = 0
    done = desk.command("bulk", "--unit", "east", "sign-for", "--yes")
    ok(done.returncode == 0 and "no case is meant" in done.stderr, "no case at all", done.stderr)
    stub.known, stub.knows_previews = 3, False
    done = desk.command("bulk", "--unit", "east", "sign-for", "--yes")
    ok(done.returncode == 76, "without previews there is no bulk", done.stderr)
    stub.knows_previews = True


def tells(desk):
    """What the daemon is asked and how it is shown."""
    stub = desk.stub
    done = desk.command("next", "7", "--steps", "5", "--zh")
    ok(done.stdout == "next 7 zh\n" and stub.queries[-1].next.steps == 5, "next asks for the rungs to come", done.stdout, done.stderr)
    stub.known = 3
    row = json.loads(desk.command("ledger", "--json", "--limit", "1", "--flag", "held", "--parent", "C-9").stdout)
    asked, facts = stub.queries[-2:]  # the cases, and what their events say
    ok(row["marks"] == "held swept" and row["extended"] == 8 and row["extensions"] == 1 and row["form"] == "admonition"
       and row["order"] == "2026-3" and asked.cases.flags == 8 and asked.cases.parent == 9 and list(facts.ledger.case_no) == [1, 2, 3],
       "the ledger tells marks, extensions, orders and decisions", row)
    ok(",中止计时 已举一反三" in desk.command("ledger", "--csv", "--zh").stdout, "... in Chinese too")
    ok(desk.command("why", "7").stdout == "why 7 en\n", "why asks for the story")
    done = desk.command("notices", "--officer", "o1", "--json")
    row = json.loads(done.stdout)
    ok(row["instead_of"] == "o2" and row["kind"] == "reminder" and row["case"] == "C-000005" and row["officer_name"] == "王芳"
       and stub.queries[-1].notices.officer == b"o1", "notices say in whose stead", done.stdout, done.stderr)
    done = desk.command("documents", "--csv")
    ok([line.split(",")[:3] for line in done.stdout.splitlines()[1:]] == [[k, "2", "x.yaml"] for k in ("policy", "calendar", "registry")],
       "documents lists the three kinds", done.stdout, done.stderr)
    ok(desk.command("documents", "policy", "2").stdout == "policy: x\n", "one version prints its body as it was published")
    done = desk.command("documents", "policy", "9")
    ok(done.returncode == 1 and "no version 9" in done.stderr, "a version that is not there", done.stderr)


def nothing(desk):
    """Where there is nothing to show, whether it is for want of rights or of such a unit."""
    desk.stub.known = 0
    done = desk.command("policy", "rehearse", ROOT / "policy" / "municipal.yaml", "--against", "history")
    ok(done.returncode == 1 and not done.stdout and "'me' may read none" in done.stderr, "no findings to rehearse: no table of zeros",
       done.stdout, done.stderr)
    done = desk.command("cases", "--unit", "east")
    ok(done.returncode == 0 and "that you may read" in done.stdout and not done.stderr, "no cases of those that one may read", done.stdout, done.stderr)
    done = desk.command("cases", "--unit", "eats")
    ok(done.returncode == 0 and "no unit 'eats'" in done.stderr, "a unit that there is not is named", done.stdout, done.stderr)
    desk.stub.known = 3


def on_terminal(*words, plain=True, **environment):
    """What is printed on a terminal of 80 columns; `plain`: without what colours it."""
    master, slave = pty.openpty()
    with subprocess.Popen([RECTIFY, *map(str, words)], stdin=slave, stdout=slave, stderr=slave,
                          env={**ENVIRONMENT, **environment}) as child:
        os.close(slave)
        text = b""
        try:
            while chunk := os.read(master, 65536):
                text += chunk
        except OSError:
            pass  # Linux says so that the other side is closed
        child.wait(60)
    os.close(master)
    return re.sub(r"\x1b\[[0-9;]*[mK]" if plain else "^$", "", text.decode()).replace("\r\n", "\n")


def lines(desk):
    """No line on a terminal is left to the terminal to break, and no word is broken."""
    for words, parts in [(["show", "7"], ["otherwise", "a wall of words " * 3, "refused, rule 620", "line after line " * 3]),
                         (["unmerge", "1414", "-m", "x"], ["refused, rule 101", "there is: withdraw"]),
                         (["history", "7"], ["refused, rule 620", "line after line " * 3]), (["ping"], ["log of"])]:
        text = on_terminal("--endpoint", desk.stub.endpoint, "--as", "me", *words)
        whole = " ".join(text.split())
        ok(all(width(line) <= 80 for line in text.splitlines()) and all(part.strip() in whole for part in parts),
           f"{words[0]} keeps to 80 columns", text)


def cut(desk):
    """A text that is cut on a terminal shows where."""
    texts = [line for line in on_terminal("--endpoint", desk.stub.endpoint, "--as", "me", "cases").splitlines() if "C-0" in line]
    ok(len(texts) == 3 and all(line.endswith("…") and 78 <= width(line) <= 80 for line in texts), "a text that is cut ends in ...", texts)


def aftermath(desk):
    """What one would ask next is told at once."""
    done = desk.command("unmerge", "1414", "-m", "x")
    said = " ".join(done.stderr.split())
    ok(done.returncode == 1 and "is dispatched; there is:" in said and re.search(r"\bsign-for, bounce\b", said) and "unmerge" not in said.split(";")[-1],
       "no such move: where the case stands, and what there is", done.stderr)
    desk.stub.known = 9  # but for the first all of this instant: 2, 5 and 8 split off, 3, 6 and 9 of co-units, 4 and 7 of a sweep
    for words, news in ((["split", "7", "-m", "x"], ["8"]), (["co-unit", "7", "--unit", "u"], ["9"]), (["sweep", "7"], ["4", "7"])):
        done = desk.command(*words)
        ok(done.returncode == 0 and re.findall(r"^C-00000(\d)  new: ", done.stdout, re.M) == news, f"{words[0]} names the new cases",
           done.stdout, done.stderr)
    done = desk.command("sweep", "7", "--preview")
    ok("new: " not in done.stdout, "... and a preview none", done.stdout)
    for words, missing in ((["show"], "CASE"), (["due", "2026-02-13"], "LIMIT"), (["policy", "diff", "x"], "FILE"), (["sign-for"], "CASE")):
        done = desk.command(*words)
        ok(done.returncode == 64 and f": {missing} is missing" in done.stderr, f"{words[0]}: {missing} is missing", done.stderr)


def advice(desk):
    """What a wrong command line is answered with helps."""
    me = ["--endpoint", desk.stub.endpoint, "--as", "me"]
    text = on_terminal(*me, "comment", "7", PATH="/nonexistent")
    ok("say -m TEXT, or set VISUAL or EDITOR" in " ".join(text.split()), "no editor: what to do instead", text)
    editor = desk.folder / "editor"
    editor.write_text("#!/bin/sh\necho by the editor > \"$1\"\n")
    editor.chmod(0o755)
    on_terminal(*me, "comment", "7", PATH=f"{desk.folder}:{ENVIRONMENT['PATH']}")
    ok(desk.stub.acts[-1].text == b"by the editor", "without VISUAL and EDITOR it is the program `editor`", desk.stub.acts[-1])
    for words in (["attach", "7"], ["submit", "--unit", "u"], ["bulk", "--unit", "u", "attach", "--yes"]):
        done = desk.command(*words, "-e", "/nonexistent")
        ok(done.returncode == 65 and "cannot read the evidence" in done.stderr, f"{words[0]}: evidence that cannot be read is no wrong word",
           done.stderr)
    done = desk.command("bulk", "--unit", "u", "sign-for", "--limit", "2")
    ok(done.returncode == 64 and "before the command: rectify bulk FILTER... sign-for" in done.stderr, "a filter behind the command", done.stderr)
    done = desk.command("help", "bonce")
    ok(done.returncode == 64 and "did you mean 'bounce'" in done.stderr, "help suggests too", done.stderr)
    done = desk.command("policy", "check", "/nonexistent")
    ok("bytes" not in done.stderr and "cannot read '/nonexistent': No such file" in done.stderr, "a file that is not there is not too large", done.stderr)
    done = desk.command("clock", "advance", "99999d")
    ok(done.returncode == 64 and re.search(r"no further than 2\d\d\d-12-3\d", done.stderr) is not None, "the clock's end", done.stderr)
    done = desk.command("watch")
    ok(done.returncode == 1 and done.stderr.count("is not in the registry") == 1, "watch says an error once", done.stderr)
    ok("\x1b[32m" in on_terminal(*me, "show", "7", plain=False, TERM="xterm") and "\x1b" not in on_terminal(*me, "show", "7", plain=False, TERM="dumb"),
       "a dumb terminal gets no colours")


def chinese(desk):
    """A policy is 规则, the number of a rule 规则号, in tables and in words."""
    for words in (["sign-for", "13"], ["history", "7"], ["sign-for", "13", "--csv"], ["bulk", "--unit", "u", "sign-for", "--preview", "--csv"]):
        done = desk.command(*words, "--zh")
        ok("规则号" in done.stdout + done.stderr, f"{words[0]} says 规则号", done.stdout[:300], done.stderr)
    done = desk.command("ping", "--zh")
    ok("规则版本" in done.stdout and "规则版本" in desk.command("ping", "--zh", "--csv").stdout, "ping says 规则版本", done.stdout)


def manual():
    page = run("__manual").stdout
    made = subprocess.run(["scdoc"], input=page, capture_output=True, text=True, check=False)
    ok(made.returncode == 0 and made.stdout.startswith(".\\\" Generated by scdoc"), "the manual page is one", made.stderr)
    listed = [line.split("  ")[1].strip() for line in run("--help").stdout.split("Options,")[0].splitlines() if re.match(r"  [a-z]", line)]
    ok(all(f"## rectify {verb}\n" in page for verb in listed), "the manual page knows every command")
    zh = run("--zh", "--help").stdout
    nameless = [verb for verb in listed if not re.search(rf"^  {re.escape(verb)} +[\u4e00-\u9fff]", zh, re.M)]
    ok(not nameless, "every command has a name in Chinese", nameless)


def compile_proto(folder):
    subprocess.run(["protoc", f"--proto_path={ROOT / 'proto'}", f"--python_out={folder}", "rectify/v1/rectify.proto"], check=True)
    sys.path.insert(0, folder)
    from rectify.v1 import rectify_pb2
    return rectify_pb2


def main():
    dates()
    help_and_completion()
    names_in_json()
    with tempfile.TemporaryDirectory(prefix="rectify-") as folder:
        desk = Desk(folder, compile_proto(folder))
        intake(desk)
        one(desk)
        same_id(desk)
        progress(desk)
        acts(desk)
        verbs(desk)
        previews(desk)
        bulk(desk)
        tells(desk)
        nothing(desk)
        lines(desk)
        cut(desk)
        aftermath(desk)
        advice(desk)
        chinese(desk)
    manual()
    print(f"1..{COUNT}")
    sys.exit(1 if FAILED else 0)


main()

#!/usr/bin/python3
"""The command `rectify` itself: first what needs no daemon (dates, help, completion, errors and their exit codes), then
`submit` and the act verbs against a daemon played here, which refuses whole batches, halves of them, single rows, forgets
to answer and answers twice.

Needs build/rectify, python3-zmq, python3-protobuf and protoc.  Prints TAP.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import zmq

ROOT = Path(__file__).resolve().parents[2]
RECTIFY = ROOT / os.environ.get("B", "build") / "rectify"
COUNT, FAILED = 0, 0
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C", "TZ": "UTC"}


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


def help_and_completion():
    whole = expect(["--help"], 0, what="rectify --help").stdout
    verbs = [line.split("  ")[1].strip() for line in whole.split("Options,")[0].splitlines() if re.match(r"  [a-z]", line)]
    ok(len(verbs) > 30, "--help lists the commands", whole)
    for verb in verbs:
        text = run(*verb.split(), "--help")
        ok(text.returncode == 0 and f"usage: rectify {verb}" in text.stdout and text.stdout.count(f"  rectify ") >= 1,
           f"rectify {verb} --help shows its usage and examples", text.stdout, text.stderr)
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
    expect(["--as", "x", "ping", "--endpoint", "tcp://127.0.0.1:1"], 64, "", "endpoint", what="TCP is not spoken yet")
    for words, candidates in [(["su"], ["submit"]), (["registry", ""], ["load"]), (["submit", "--kind", "lo"], ["loophole"]),
                              (["--as", "x", "due", "--cal"], ["--calendar"]), (["cases", "--light", ""], ["green", "yellow", "red"])]:
        expect(["__complete", *words], 0, "".join(c + "\n" for c in candidates))
    script = run("completion", "bash").stdout
    bash = subprocess.run(["bash", "-c", script + "\nCOMP_WORDS=(rectify cloc); COMP_CWORD=1; _rectify; echo \"${COMPREPLY[*]}\""],
                          capture_output=True, text=True, check=False, env={**ENVIRONMENT, "PATH": f"{RECTIFY.parent}:{ENVIRONMENT['PATH']}"})
    ok(bash.stdout == "clock\n", "bash completes `rectify cloc`", bash.stdout, bash.stderr)
    expect(["policy", "check", ROOT / "policy" / "municipal.yaml"], 0, None, "^$", what="policy check of the municipal policy")
    expect(["policy", "check", "/nonexistent"], 65, "", "cannot read")


# ---- a daemon of our own ----------------------------------------------------------------------------------------

class Stub(threading.Thread):
    """Answers Submit as told by the texts of the findings; remembers every id that it accepted or refused."""

    def __init__(self, folder, pb):
        super().__init__(daemon=True)
        self.pb, self.endpoint = pb, f"ipc://{folder}/stub.sock"
        self.accepted, self.refused, self.requests, self.sizes, self.silent, self.acts = {}, {}, 0, [], 0, []
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
            if request.WhichOneof("body") == "submit":
                self.submit(request.submit, reply)
            else:
                self.act(request.act, reply)
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
            outcome = reply.outcomes.outcomes.add(id=finding.id)
            if finding.id in self.refused or (finding.text == b"refuse" and finding.id not in self.accepted):
                outcome.refusal.rule, outcome.refusal.repeated = 120, finding.id in self.refused
                self.refused[finding.id] = finding.text
                continue
            outcome.receipt.repeated = finding.id in self.accepted
            outcome.receipt.case_no = self.accepted.setdefault(finding.id, len(self.accepted) + 1)

    def act(self, act, reply):
        for command in act.commands:
            self.acts.append(command)
            outcome = reply.outcomes.outcomes.add(id=command.id)
            if command.case_no == 13:
                outcome.refusal.rule, outcome.refusal.case_no = 620, 13
            else:
                outcome.receipt.rule, outcome.receipt.case_no, outcome.receipt.status = 603, command.case_no, 4


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


def compile_proto(folder):
    subprocess.run(["protoc", f"--proto_path={ROOT / 'proto'}", f"--python_out={folder}", "rectify/v1/rectify.proto"], check=True)
    sys.path.insert(0, folder)
    from rectify.v1 import rectify_pb2
    return rectify_pb2


def main():
    dates()
    help_and_completion()
    with tempfile.TemporaryDirectory(prefix="rectify-") as folder:
        desk = Desk(folder, compile_proto(folder))
        intake(desk)
        acts(desk)
    print(f"1..{COUNT}")
    sys.exit(1 if FAILED else 0)


main()

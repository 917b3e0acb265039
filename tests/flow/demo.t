#!/usr/bin/python3
"""The demonstration tells the truth: deploy/demo/run.sh plays to its end and shows what it promises.

Needs build/ and PostgreSQL's programs.  Prints TAP.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("B", "build")
PATIENCE = 180  # seconds
LINES_MAX = 700
TRACKS = ["early_warning", "new_rules", "special_rectification", "supervision", "accountability"]

# What must be seen, in this order, each as a regular expression for one line.
STORY = [
    ("the registry is published", r"\$ rectify registry load deploy/demo/registry.yaml"),
    ("38 findings arrive", r"38 .*(accepted|recorded)"),
    ("the unknown unit's case is dispatched", r"C-000009  dispatch"),
    ("the handler signs for her case", r"C-000001  sign_for: signed for -> rectifying"),
    ("closing without endorsement is refused", r"refused, rule 112"),
    ("the head of the unit endorses", r"C-000001  endorse"),
    ("closing without evidence is refused", r"refused, rule 111"),
    ("closing without the track's document is refused", r"refused, rule 113"),
    ("the closing is asked for", r"C-000001  request_closure: .* -> verifying"),
    ("a self-review is refused by four eyes", r"refused, rule 620"),
    ("the verifier sends it back", r"C-000001  verify_fail: .* -> rectifying"),
    ("a case is reassigned", r"C-000006  reassign"),
    ("a case is escalated", r"C-000007  escalate: .* supervision"),
    ("lights turn red", r"C-0000.*\bred\b"),
    ("the case is closed out", r"C-000001  verify_pass: verified and closed out"),
    ("22 more arrive", r"22 .*(accepted|recorded)"),
    ("an untouched case climbs to special rectification", r"track special_rectification"),
    ("then to supervision", r"track supervision"),
    ("then accountability is proposed", r"track accountability"),
    ("the ledger names its log", r"60 cases as of 2026-0.*; log of \d+ events, root [0-9a-f]+"),
    ("the history of case 1 is shown", r"\$ rectify history 1"),
    ("a skipped holiday is explained", r"2026-05-01 Fri .*holiday 劳动节"),
    ("a make-up Saturday counts", r"^  2026-02-14$"),
    ("the doctor finds nothing wrong", r"doctor: \d+ events, 60 cases: log root ok, fold = row"),
    ("it ends", r"The end\."),
]


def play(base):
    environment = dict(os.environ, ONCE="1", B=str(BUILD), RECTIFY_DEMO=str(base / "demo"), NO_COLOR="1", RECTIFY_LANG="en")
    environment.pop("RECTIFY_ENDPOINT", None)
    environment.pop("RECTIFY_ACTOR", None)
    return subprocess.run([ROOT / "deploy" / "demo" / "run.sh"], env=environment, stdin=subprocess.DEVNULL, timeout=PATIENCE,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def processes(text):
    """Ids of the processes that have `text` in their command lines."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if text.encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            pass  # it ended meanwhile
    return found


def checks(done):
    """(fine, what) of each thing that must hold."""
    lines = done.stdout.splitlines()
    yield done.returncode == 0, "run.sh exits 0"
    at = 0
    for what, pattern in STORY:
        found = next((i for i in range(at, len(lines)) if re.search(pattern, lines[i])), None)
        yield found is not None, what
        at = at if found is None else found
    for track in TRACKS:
        yield any(line.startswith("  C-") and track in line.split() for line in lines), f"a case is seen in track {track}"
    yield len(lines) <= LINES_MAX, f"it is short enough to be read: {len(lines)} lines, at most {LINES_MAX}"


def main():
    base = Path(tempfile.mkdtemp(prefix="rectify-demo-", dir="/var/tmp"))
    base.chmod(0o755)  # the daemon gives root up and must reach its data directory
    began, count, failed = time.monotonic(), 0, 0
    try:
        done = play(base)
        for fine, what in checks(done):
            count += 1
            failed += not fine
            print(f"{'ok' if fine else 'not ok'} {count} - {what}")
        if failed:
            print("".join(f"# {line}\n" for line in done.stdout.splitlines()), end="")
        left = processes(str(base))
        count += 1
        failed += bool(left)
        print(f"{'not ok' if left else 'ok'} {count} - nothing is left running {left or ''}")
    finally:
        shutil.rmtree(base, ignore_errors=True)
    print(f"# took {time.monotonic() - began:.0f} s")
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

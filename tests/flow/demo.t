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
    ("many are signed for at once", r"3 cases: done 3"),
    ("a bulk preview foretells refusals", r"C-000004 .*would refuse  130"),
    ("the rest is done", r"5 cases: left out 2, done 3"),
    ("a numbered supervision order is signed for", r"^  order +2026-\d+, signed for"),
    ("a case is bounced", r"C-000006  bounce: .* -> bounced"),
    ("the office adjudicates", r"C-000006  adjudicate: .* -> dispatched"),
    ("there is no second bounce", r"refused, rule 164"),
    ("the body may not decide unheard", r"refused, rule 151"),
    ("the subject makes a statement", r"C-000005  statement"),
    ("the body decides", r"C-000005  decide: "),
    ("the decision is shown", r"about o141 .*decided: admonition"),
    ("the handler signs for her case", r"C-000001  sign_for: signed for -> rectifying"),
    ("the same lane is merged", r"C-000010  merge_into: .* -> merged"),
    ("a plan is returned", r"C-000001  plan_return"),
    ("a plan is approved", r"C-000001  plan_approve"),
    ("closing without endorsement is refused", r"refused, rule 112"),
    ("the head of the unit endorses", r"C-000001  endorse"),
    ("closing without evidence for a measure is refused", r"refused, rule 115"),
    ("the closing is asked for", r"C-000001  request_closure: .* -> verifying"),
    ("a self-review is refused by four eyes", r"refused, rule 620"),
    ("somebody acts in another's stead", r"rectify sign-for 15 --as o111"),
    ("a co-unit takes part", r"C-000018  co_unit"),
    ("closing without the talk is refused", r"refused, rule 116"),
    ("the talk is recorded", r"C-000026  talk"),
    ("the small one is closed out", r"C-000026  verify_pass"),
    ("the verifier sends the lane back", r"C-000001  verify_fail: .* -> rectifying"),
    ("an extension asked twenty working days before is taken", r"C-000007  extension_ask: extension asked for"),
    ("the siblings are swept", r"C-000029  sweep"),
    ("each sibling has a case", r"C-0000\d\d .* early_warning +education"),
    ("an extension asked nineteen working days before is refused", r"refused, rule 170"),
    ("the other one is granted", r"C-000007  extension_grant: .* due 2026-03-04"),
    ("a case is put on hold", r"C-000029  hold"),
    ("what comes next is foretold", r"the hold ends"),
    ("a rule is issued", r"C-000002  rule_issue"),
    ("lights turn red", r"C-0000.*\bred\b"),
    ("the case is closed out", r"C-000001  verify_pass: verified and closed out"),
    ("a co-unit keeps its lead open", r"refused, rule 194"),
    ("22 more arrive", r"22 .*(accepted|recorded)"),
    ("the rule did not hold", r"the rule against it did not hold"),
    ("a post is handed over at once", r"\$ rectify bulk --handler o142 --open hand-over"),
    ("the hold ends", r"C-000029  resume: .*due 2026-04-17"),
    ("a closed case relapses", r"C-000026  look_back_relapse: .* -> rectifying, special_rectification"),
    ("the untouched case moved to special rectification", r"track special_rectification; because overdue"),
    ("then to supervision, by a numbered order", r"track supervision; .*supervision order 2026-\d+"),
    ("then accountability is proposed", r"track accountability"),
    ("the ledger names its log", r"74 cases as of 2026-0.*; log of \d+ events, root [0-9a-f]+"),
    ("the history of case 1 is shown", r"\$ rectify history 1"),
    ("C for A", r"o111 黄志强 for o121 何建国  sign_for"),
    ("notices say in whose stead", r"o111 黄志强 .* o121"),
    ("a skipped holiday is explained", r"2026-05-01 Fri .*holiday 劳动节"),
    ("the days by holder add up", r"^  total +78$"),
    ("a make-up Saturday counts", r"^  2026-02-14$"),
    ("what was published is listed", r"^  policy +1 policy/municipal.yaml"),
    ("the doctor finds nothing wrong", r"doctor: \d+ events, 74 cases: log root ok, fold = row"),
    ("a receipt holds without the daemon", r"holds: C-000001 4: plan_submit"),
    ("the verifier finds nothing", r"verify: \d+ records, 74 cases, [1-9]\d* heads, .*nothing was tampered with"),
    ("a letter arrives by mail", r"^  Subject: 【整改提醒汇总】2026年"),
    ("under an id that stays", r"^  Message-ID: <[0-9a-f-]{36}@rectify\.demo\.example>"),
    ("with what was gathered", r"^  2\. .* C-0000\d\d "),
    ("and is on record", r"mail .*delivered"),
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

#!/usr/bin/python3
"""An officer's day: the inbox with what to do and what comes else, cases of whom one stands in for, what one can do with a case, the
weeks that are too full."""
import json
import os
import pty
import select
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

DAY = 24 * HOUR
HERE = {}


def rectify(*words, actor="h-north", language="--en", **more):
    return subprocess.run([BUILD / "rectify", "--as", actor, language, "--endpoint", HERE["daemon"].endpoint, *map(str, words)],
                          capture_output=True, text=True, timeout=PATIENCE, check=False, **more)


def rows(*words, actor="h-north"):
    done = rectify(*words, "--json", actor=actor)
    need(done.returncode == 0, done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def act(actor, kind, case_no, **more):
    client = Client(HERE["daemon"], actor)
    outcome, = client.act(command(kind, case_no, **more))
    client.close()
    return need(outcome.WhichOneof("result") == "receipt" and outcome.receipt, outcome)


def submit(**more):
    client = Client(HERE["daemon"])
    outcome, = client.submit(finding(**more))
    client.close()
    return need(outcome.receipt.case_no, outcome)


def close(case_no):
    """A case of kind incipient goes all the way."""
    act("h-north", SIGN_FOR, case_no)
    act("p-north", TALK, case_no, text="谈话")
    act("p-north", ENDORSE, case_no)
    client = Client(HERE["daemon"], "h-north")
    piece = client.piece(1)
    client.close()
    act("h-north", REQUEST_CLOSURE, case_no, evidence=[piece])
    act("verifier", VERIFY_PASS, case_no)


def advance(day):
    client = Client(HERE["daemon"], "office")
    need(client.advance(day * DAY + 4 * HOUR).WhichOneof("body") == "pong", "the clock moves")
    client.close()


def test_inbox():
    """By due date: what is asked, and what happens else."""
    HERE["daemon"] = city()
    first, second = submit(kind=1), submit(kind=4)  # 30 and 15 working days; both are to be signed for in 2
    act("h-north", SIGN_FOR, first)
    inbox = rows("inbox")
    same([row["case"] for row in inbox], [f"C-{second:06d}", f"C-{first:06d}"], "what falls due first stands first")
    same([row["do"] for row in inbox], ["sign-for | bounce", "plan submit"], "what is asked of the officer")
    ok(all(row["next"] and row["next_at"] > START for row in inbox), "and what comes if nothing is done", inbox)
    urge = next(row for row in inbox if row["case"] == f"C-{second:06d}")
    future = rows("next", second)[0]
    same((urge["next_at"], "urge" in urge["next"]), (future["fires"], "urge" in future["effects"]), "the same that `next` foretells")
    same(rows("inbox", "--limit", 1), inbox[:1], "--limit")
    same(rectify("inbox", "--limit", "0").returncode, 64, "not of nothing")
    shown, = rows("show", second)
    same((shown["next_at"], shown["handler"], shown["team"], shown["rework"], shown["bounces"], shown["measures"], shown["closed"]),
         (urge["next_at"], "h-north", "team-1", 0, 0, 0, ""), "`show --json` tells what `show` does")
    table = rectify("inbox").stdout
    ok("sign-for | bounce" in table and "WHAT TO DO" in table, "for people", table)
    ok("代理" in rectify("inbox", language="--zh").stdout, "in Chinese", rectify("inbox", language="--zh").stderr)
    for name in (second, f"C-{second}", f"c-{second:06d}"):
        same(rectify("show", name).returncode, 0, f"a case may be called {name}")


def test_substitute():
    """Who stands in sees the other's cases, marked; the other one too."""
    day = lambda number: subprocess.run(["date", "-u", "-d", f"@{number * 86400}", "+%F"], capture_output=True, text=True, check=True).stdout.strip()
    client = Client(HERE["daemon"], "office")
    text = CITY + f"substitutions:\n  - {{officer: h-north, by: h-south, from: {day(TODAY)}, until: {day(TODAY + 20)}}}\n"
    same(client.publish(1, text).WhichOneof("result"), "receipt", "h-south stands in for h-north")
    client.close()
    third = submit(unit="south", kind=3)
    seen = {row["case"]: (row["for"], row["do"]) for row in rows("inbox", actor="h-south")}
    same(seen[f"C-{third:06d}"], ("", "sign-for | bounce"), "the own case is marked for nobody")
    same(sorted(person for person, _ in seen.values()), ["", "h-north", "h-north"], "the others for whom they are")
    same({row["for"] for row in rows("inbox")}, {""}, "in the own inbox all are one's own")
    same({row["for"] for row in rows("inbox", "--officer", "h-south", actor="off")}, {"", "h-north"}, "the office sees the same of h-south")
    case_no = next(int(case[2:]) for case, (person, do) in seen.items() if person and do.startswith("sign-for"))
    done = rectify("sign-for", case_no, actor="h-south")
    same(done.returncode, 0, "and does what is asked, in the other's stead")
    client = Client(HERE["daemon"], "office")
    client.publish(1, CITY)
    client.close()
    same({row["for"] for row in rows("inbox", actor="h-south")}, {""}, "when it is over, the other's cases are gone")


def test_possible():
    """`show` says what the reader can do; nothing is recorded by asking."""
    case_no = submit(kind=3)
    size = HERE["daemon"].sql("SELECT size FROM rectify.head")
    can = lambda actor: next((line.split(None, 2)[2] for line in rectify("show", case_no, actor=actor).stdout.splitlines() if line.startswith("you can ")), "")
    ok({"sign-for,", "bounce,"} <= set(can("h-north").split()) and "escalate" not in can("h-north"), "the handler signs or bounces", can("h-north"))
    ok("escalate" in can("off") and "sign-for" not in can("off").split(", "), "the office does other things", can("off"))
    same(can("auditor"), "comment" if "comment" in can("auditor") else "", "the auditor next to nothing")
    same(HERE["daemon"].sql("SELECT size FROM rectify.head"), size, "and nothing of that is on record")
    act("h-north", SIGN_FOR, case_no)
    ok("sign-for" not in can("h-north").split(", ") and "request-closure" in can("h-north") or "progress" in can("h-north"), "after it, the next steps", can("h-north"))
    ok("you can" not in rectify("show", case_no, "--as-of", START).stdout, "of the past nothing is said")


def test_editor():
    """A text that is needed is asked for in an editor on a terminal, and never off one."""
    case_no = submit(kind=3)
    editor = HERE["daemon"].top / "editor"
    editor.write_text("#!/bin/sh\nprintf 'from the editor\\n' > \"$1\"\n")
    editor.chmod(0o755)
    done = rectify("bounce", case_no, stdin=subprocess.DEVNULL, env={**os.environ, "EDITOR": str(editor), "VISUAL": str(editor)})
    ok(done.returncode == 64 and "-m TEXT" in done.stderr, "off a terminal it must be said", done.stderr)
    child, end = pty.fork()
    if child == 0:
        os.environ.update(EDITOR=str(editor), VISUAL=str(editor), TERM="xterm")
        os.execv(BUILD / "rectify", ["rectify", "--as", "h-north", "--en", "--endpoint", HERE["daemon"].endpoint, "bounce", str(case_no)])
    seen = b""
    while select.select([end], [], [], PATIENCE)[0]:
        try:
            data = os.read(end, 65536)
        except OSError:
            break
        if not data:
            break
        seen += data
    _, status = os.waitpid(child, 0)
    same(os.waitstatus_to_exitcode(status), 0, "on one it is taken")
    ok("from the editor" in rectify("history", case_no, actor="auditor").stdout, "what the editor wrote is the text", seen.decode(errors="replace"))


def test_forecast():
    """Too little history is said; with a quarter of it the weeks that are too full are named."""
    done = rectify("forecast")
    ok(done.returncode == 0 and "too little history" in done.stdout, "at first nothing can be said", done.stdout, done.stderr)
    ok(all(row["can_in_all"] is None and row["over"] is False for row in rows("forecast")), "in JSON neither")
    for week in range(10):
        for _ in range(2):
            close(submit(kind=3))
        advance(TODAY + 7 * (week + 1))
    for row in rows("inbox"):  # what was left to lie is another matter
        act("off", HAND_OVER, int(row["case"][2:]), officer="p-north")
    for _ in range(7):
        act("h-north", SIGN_FOR, submit(kind=3))  # ten working days: two weeks
    weeks = rows("forecast", "--weeks", 6)
    mondays = [row["week"] for row in weeks if row["over"]]
    due = {row["week"]: row["due"] for row in weeks}
    same(sum(due.values()), 7, "seven fall due")
    ok(len(mondays) == 1 and due[mondays[0]] == 7, "at two a week they are too many for their week", weeks)
    same([row["can_in_all"] for row in weeks], [2, 4, 6, 8, 10, 12], "two a week can be done")
    text = rectify("forecast").stdout
    ok(f"in the weeks of {mondays[0]}" in text and "2 cases a week" in text, "in words", text)
    ok(mondays[0] in rectify("forecast", language="--zh").stdout, "in Chinese too")
    same(rectify("forecast", "--officer", "h-north", actor="h-south", language="--en").stdout.count("too little"), 1, "who may not read the cases learns nothing")
    same(rectify("forecast", "--weeks", "27").returncode, 64, "not for ever")


main(test_inbox, test_substitute, test_possible, test_editor, test_forecast)

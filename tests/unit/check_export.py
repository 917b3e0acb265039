#!/usr/bin/python3
"""docs/EXPORT.md and scripts/verify.py against the sources: the findings, the columns, the numbers that Python repeats."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


DOC, PYTHON = read("docs/EXPORT.md"), read("scripts/verify.py")
FINDINGS = dict(re.findall(r'^FINDING\([A-Z_]+, "([^"]+)", "([^"]+)"\)', read("verify/finding.def"), re.M))
COLUMNS = re.findall(r"^COLUMN\(([a-z_]+),", read("verify/column.def"), re.M)
NUMBERS = {table: dict((name, int(number)) for number, name in re.findall(r"^[A-Z]+\((\d+), [A-Z_]+, ([a-z_]+),", read(
    f"include/rectify/{table}.def"), re.M)) for table in ("command", "status", "clock", "relation")}


def checks():
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \|$", DOC, re.M))
    yield "the findings of EXPORT.md are those of finding.def", rows == FINDINGS
    named = set(re.findall(r'"([a-z]+(?:-[a-z]+)+|fork|damaged)"', PYTHON))
    yield f"verify.py can name every finding {sorted(set(FINDINGS) - named)}", set(FINDINGS) <= named
    yield "the columns of EXPORT.md", ", ".join(COLUMNS) in " ".join(DOC.split())
    table = re.search(r"COLUMNS = \{(.*?)\}", PYTHON, re.S)[1]
    yield "the columns of verify.py", re.findall(r'"([a-z_]+)":', table) == COLUMNS
    fields = dict(re.findall(r" ([a-z_]+) = (\d+);", re.search(r"message CaseState \{(.*?)\n\}", read("proto/rectify/v1/rectify.proto"), re.S)[1]))
    wrong = [name for name, number in re.findall(r'"([a-z_]+)": (\d+)', table) if fields[name] != number]
    yield f"their fields {wrong}", not wrong
    event = dict((int(number), name) for name, number in re.findall(r" ([a-z_]+) = (\d+);", re.search(
        r"message Event \{(.*?)\n\}", read("proto/rectify/v1/rectify.proto"), re.S)[1]))
    state = dict((int(number), name) for name, number in fields.items())
    pairs = re.findall(r"(\d+): (\d+)", re.search(r"SET = \{(.*?)\}", PYTHON, re.S)[1])
    renamed = {"rebased_to": "policy_version"}
    wrong = [event[int(a)] for a, b in pairs if renamed.get(event[int(a)], event[int(a)]) != state[int(b)]]
    yield f"the fields that an event replaces {wrong}", not wrong
    applied = set(re.findall(r"set\d+\(&state->\w+, event->(\w+)\)", read("core/apply.c"))) | {"rule_day", "merged_into", "rebased_to"}
    replaced = {event[int(a)] for a, _ in pairs}
    yield f"they are those of core/apply.c {sorted(applied ^ replaced)}", applied == replaced
    ask, erase = NUMBERS["command"]["erase_ask"], NUMBERS["command"]["erase"]
    yield "the commands that erase", f"\nERASE_ASK, ERASE = {ask}, {erase} " in PYTHON and all(
        text in DOC for text in (f"`erase` ({erase})", f"`erase_ask` ({ask})"))
    status, clock = NUMBERS["status"], NUMBERS["clock"]
    yield "the numbers of statuses", f"UNROUTED, OPEN_LAST, MERGED = {status['unrouted']}, {status['staged']}, {status['merged']} " in PYTHON
    due = {status["unrouted"]: "adjudicate", status["dispatched"]: "rectify", status["bounced"]: "adjudicate",
           status["rectifying"]: "rectify", status["verifying"]: "verify", status["staged"]: "rectify"}
    relation = NUMBERS["relation"]
    yield "the relations of mergers", f"ABSORBED = { {relation['absorbed']: 1, relation['released']: -1} }  #" in PYTHON
    yield "the clock that a due date is of", f"CLOCK_OF_STATUS = { {of: clock[due[of]] for of in sorted(due)} } " in PYTHON
    refusals = [int(number) for number, refuses in re.findall(r"^RULE\((\d+), [A-Z_]+, (\d)", read("include/rectify/rule.def"), re.M)
                if refuses == "1"]
    yield "the rules that refuse", all(rule < 600 or rule in (620, 621, 860, 861) for rule in refusals)
    accepted = [int(number) for number, refuses in re.findall(r"^RULE\((\d+), [A-Z_]+, (\d)", read("include/rectify/rule.def"), re.M)
                if refuses == "0"]
    yield "and those that accept", all(rule >= 600 and rule not in (620, 621, 860, 861) for rule in accepted)
    yield f"verify.py has fewer than 300 lines ({len(PYTHON.splitlines())})", len(PYTHON.splitlines()) < 300


results = list(checks())
print(f"1..{len(results)}")
for number, (name, right) in enumerate(results, 1):
    print(f"{'ok' if right else 'not ok'} {number} - {name}")
raise SystemExit(0 if all(right for _, right in results) else 1)

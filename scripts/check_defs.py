#!/usr/bin/python3
"""The tables of include/rectify/*.def agree with each other, with words.h and with the specs.  Prints each breach; exit 1."""
import glob
import re
import sys

sys.dont_write_bytecode = True
import defs  # noqa: E402

T = defs.load()
REFUSALS_ABOVE_600 = {620, 621}
DENSE = ["STATUS", "TRACK", "KIND", "SEVERITY", "ROLE", "CLOCK", "LIGHT", "EDGE", "EVIDENCE", "NOTICE", "RECIPIENT", "ORIGIN", "RELATION", "FORM", "HOLDER", "CONDITION", "MARK", "DELIVERY", "LETTER_STATE", "LETTER_RESULT", "FAILURE"]
status = 0


def breach(text):
    global status
    print("defs: " + text)
    status = 1


def counts():
    with open("include/rectify/words.h", encoding="utf-8") as file:
        return {name: int(count) for name, count in re.findall(r"\b([A-Z_]+)_COUNT = (\d+)", file.read())}


def check_numbers():
    count = counts()
    for name, rows in T.items():
        if name == "MOVE":
            continue
        numbers = [row.number for row in rows]
        if numbers != sorted(set(numbers)):
            breach(f"{name}: numbers do not ascend, each once: {numbers}")
        if len({row.NAME for row in rows}) != len(rows):
            breach(f"{name}: an identifier twice")
        for row in rows:
            if hasattr(row, "name") and row.name != row.NAME.lower():
                breach(f"{name} {row.number}: {row.name} is not {row.NAME} in small letters")
        if name in DENSE and numbers != list(range(1, len(rows) + 1)):
            breach(f"{name}: numbers leave gaps: {numbers}")
        if name in count and count[name] != numbers[-1]:
            breach(f"words.h: {name}_COUNT is {count[name]}, the last number is {numbers[-1]}")
        if name in DENSE and name != "FAILURE" and name not in count:
            breach(f"words.h: no {name}_COUNT")


def check_moves():
    rules = {row.number: row for row in T["RULE"]}
    commands = {row.NAME: row for row in T["COMMAND"]}
    statuses = {row.NAME for row in T["STATUS"]}
    seen, moved = set(), set()
    for move in T["MOVE"]:
        what = f"move {move.command} {move.from_} -> {move.to}"
        if move.command not in commands:
            breach(f"{what}: no such command")
            continue
        for name in {move.from_, move.to} - {"NONE"} - statuses:
            breach(f"{what}: no such status {name}")
        if (move.command, move.from_, move.to) in seen:
            breach(f"{what}: twice")
        seen.add((move.command, move.from_, move.to))
        moved.add(move.command)
        if move.rule not in rules:
            breach(f"{what}: rule {move.rule} is not in rule.def")
        if move.rule in rules and rules[move.rule].refuses:
            breach(f"{what}: rule {move.rule} refuses")
    for command in T["COMMAND"]:
        if command.NAME not in moved and command.number < 50:  # from PUBLISH on they are of no case
            breach(f"command {command.NAME} has no move")


def check_rules():
    for row in T["RULE"]:
        if bool(row.refuses) != (row.number < 600 or row.number in REFUSALS_ABOVE_600):
            breach(f"rule {row.number}: refusals are below 600, and {sorted(REFUSALS_ABOVE_600)}")
    refusals = {row.NAME for row in T["RULE"] if row.refuses}
    for row in T["TRACK"]:
        if row.need not in refusals:
            breach(f"track {row.NAME}: no refusal {row.need}")
    role_names = {row.NAME for row in T["ROLE"]}
    for row in T["COMMAND"]:
        for role in set(row.roles) - role_names:
            breach(f"command {row.NAME}: no such role {role}")


def check_tests():
    """Every rule that can be met is met by a test: as `rule N` in a spec, or by number or name elsewhere."""
    text = ""
    for pattern in ("tests/**/*.spec", "tests/unit/*.c", "tests/flow/**/*.t"):
        for path in glob.glob(pattern, recursive=True):
            with open(path, encoding="utf-8") as file:
                text += re.sub(r"#.*", "", file.read()) if path.endswith(".spec") else file.read()
    for row in T["RULE"]:
        met = re.search(rf"\brule[ \"'=:]{{1,4}}{row.number}\b|\bRULE_{row.NAME}\b", text)
        if not met:
            breach(f"rule {row.number} {row.NAME}: no test in tests/ names it")


check_numbers()
check_moves()
check_rules()
check_tests()
sys.exit(status)

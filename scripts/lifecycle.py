#!/usr/bin/python3
"""Prints docs/LIFECYCLE.md from include/rectify/*.def.

lifecycle.py          writes the file, when it is not what the tables say
lifecycle.py --check  exit 1 when the file is not what the tables say
"""
import os
import sys

sys.dont_write_bytecode = True
import defs  # noqa: E402

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "docs", "LIFECYCLE.md")
T = defs.load()
WORD = {table: {row.NAME: row for row in rows} for table, rows in T.items() if hasattr(rows[0], "NAME")}
RULE = {row.number: row for row in T["RULE"]}


def cell(text):
    return str(text).replace("|", "\\|")


def table(heads, rows):
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield "| " + " | ".join(cell(value) for value in row) + " |"
    yield ""


def yes(value):
    return "yes" if value else "no"


def roles(command):
    if command.subject:
        return "the subject in person"
    return ", ".join(WORD["ROLE"][name].name for name in command.roles) or "the daemon itself"


def words(name, *more):
    """A table of number, identifier, Chinese and meaning, and of what `more` (head, function) adds."""
    heads = ["no.", "identifier", "中文", "meaning"] + [head for head, _ in more]
    return table(heads, ([row.number, f"`{row.name}`", row.zh, getattr(row, "text", row.name)] +
                         [show(row) for _, show in more] for row in T[name]))


def diagram():
    """Moves that change the status; one arrow for all commands between two statuses."""
    arrows = {}
    for move in T["MOVE"]:
        if move.from_ != move.to:
            command = WORD["COMMAND"][move.command]
            arrows.setdefault((move.from_, move.to), []).append(command.name)
    yield "```mermaid"
    yield "stateDiagram-v2"
    for row in T["STATUS"]:
        yield f"  {row.name}: {row.name} {row.zh}"
    for (start, end), commands in arrows.items():
        start = "[*]" if start == "NONE" else WORD["STATUS"][start].name
        yield f"  {start} --> {WORD['STATUS'][end].name}: {', '.join(commands)}"
    for row in T["STATUS"]:
        if not row.open and not any(start == row.NAME for start, _ in arrows):
            yield f"  {row.name} --> [*]"
    yield "```"
    yield ""


def matrix():
    """Command by status: where it leads."""
    statuses = [row for row in T["STATUS"] if any(move.from_ == row.NAME for move in T["MOVE"])]
    for command in T["COMMAND"]:
        to = {}
        for move in T["MOVE"]:
            if move.command == command.NAME:
                to.setdefault(move.from_, []).append("stays" if move.to == move.from_ else
                                                     "→ " + WORD["STATUS"][move.to].name)
        if to:
            yield ([f"`{command.name}`"] +
                   [" or ".join(to.get(name, [])) for name in ["NONE"] + [row.NAME for row in statuses]])


def matrix_heads():
    return ["command", "no case yet"] + [f"{row.name} {row.zh}" for row in T["STATUS"]
                                         if any(move.from_ == row.NAME for move in T["MOVE"])]


def move_list():
    for move in T["MOVE"]:
        command, rule = WORD["COMMAND"][move.command], RULE.get(move.rule)
        yield (f"`{command.name}` {command.zh}", "-" if move.from_ == "NONE" else WORD["STATUS"][move.from_].name,
               WORD["STATUS"][move.to].name, move.rule, rule.text if rule else "", roles(command))


def command_list():
    for row in T["COMMAND"]:
        yield row.number, f"`{row.name}`", row.zh, row.text, roles(row), yes(row.needs_text)


def reach(row):
    return {"EVERYBODY": "every officer", "APPOINTED": "who has a role anywhere", "READABLE": "who may read the case",
            "ROOT": ", ".join(WORD["ROLE"][name].name for name in row.roles) + ", over the root unit"}[row.reach]


def query_list():
    for row in T["QUERY"]:
        yield row.number, f"`{row.name}`", row.zh, row.text, reach(row)


def rule_list(refuses):
    return ([row.number, row.zh, row.text] for row in T["RULE"] if row.refuses == refuses)


def need(row):
    rule = WORD["RULE"][row.need]
    return f"rule {rule.number}: {rule.text.partition('needs ')[2]}"


def document():
    yield "<!-- Made by `make docs` from include/rectify/*.def.  Do not edit: change the tables. -->"
    yield "# The life of a case"
    yield ""
    yield "What may happen to a case, who may do it, and by which rule. Every word and number here is one that commands,"
    yield "ledgers and the log use. Limits, ladders and routes are not here: they are policy (`docs/policy.md`)."
    yield ""
    yield "A finding (问题) that is accepted becomes a case (整改事项). A case has one status. A command (命令) moves it or is"
    yield "refused; either way the event is recorded for ever with the number of the rule that decided it."
    yield ""
    yield "## Statuses"
    yield ""
    yield from words("STATUS", ("open", lambda row: yes(row.open)))
    yield "An open case always has one accountable officer and a next timer. On a closed case only a look-back or a decision on"
    yield "accountability can still be due."
    yield ""
    yield "## Moves"
    yield ""
    yield from diagram()
    yield "The same as a table, with the commands that do not change the status. An empty cell: the command is refused there"
    yield "(rule 101; on a closed case rule 102). Where a cell names two ends, what the command asks for decides."
    yield ""
    yield from table(matrix_heads(), matrix())
    yield "## Commands"
    yield ""
    yield "Who may: somebody with an appointment to one of these roles over the case's unit or a unit above it (for an inspector:"
    yield "in the team that found it). Words: whether a reason in words is required."
    yield ""
    yield from table(["no.", "command", "中文", "meaning", "who may", "words"], command_list())
    yield "## Queries"
    yield ""
    yield "Who may read a case: whoever has a role (but administrator or courier) over its unit or a unit above it, the inspectors of the team that"
    yield "found it, and whoever stands in for one of them."
    yield ""
    yield from table(["no.", "query", "中文", "answers", "who may ask"], query_list())
    yield "## Every move and its rule"
    yield ""
    yield from table(["command", "from", "to", "rule", "says", "who may"], move_list())
    yield "## Rules"
    yield ""
    yield "A refusal is an answer and is recorded: who tried what, and which rule said no. It changes nothing else."
    yield ""
    yield "### Refusals"
    yield ""
    yield from table(["rule", "中文", "text"], rule_list(1))
    yield "### Verdicts that accept"
    yield ""
    yield from table(["rule", "中文", "text"], rule_list(0))
    yield "## Roles"
    yield ""
    yield from words("ROLE")
    yield "## Tracks"
    yield ""
    yield "The five measures. Every closing needs evidence and the endorsement of the unit's principal; each track also has a"
    yield "need of its own."
    yield ""
    yield from words("TRACK", ("closing also needs", need))
    yield "A case changes its track for one of these reasons; where each leads is policy:"
    yield ""
    yield from words("EDGE")
    yield "## Kinds of finding"
    yield ""
    yield from words("KIND")
    yield "## Severities"
    yield ""
    yield from words("SEVERITY")
    yield "## Clocks"
    yield ""
    yield "What can run against somebody. Each has a limit and a ladder of reminders in policy."
    yield ""
    yield from words("CLOCK")
    yield "## Holders"
    yield ""
    yield "To whom each working day of an open case is charged."
    yield ""
    yield from words("HOLDER")
    yield "## Lights"
    yield ""
    yield from words("LIGHT")
    yield "## Notices"
    yield ""
    yield "What an officer is told, and in what capacity."
    yield ""
    yield from words("NOTICE")
    yield from words("RECIPIENT")
    yield "A letter tells notices to one officer over one channel. Where it stands, and how an attempt to deliver it ended:"
    yield ""
    yield from words("LETTER_STATE")
    yield from words("DELIVERY")
    yield "What a rung of a ladder may ask of the case before it does anything:"
    yield ""
    yield from words("CONDITION")
    yield "## Evidence"
    yield ""
    yield from words("EVIDENCE")
    yield "## Cases that have to do with each other"
    yield ""
    yield "Where a case comes from, and what is noted on it because something happened on another one:"
    yield ""
    yield from words("ORIGIN")
    yield from words("RELATION")
    yield "## Forms of accountability"
    yield ""
    yield from words("FORM")
    yield "## Errors"
    yield ""
    yield "An error is not a refusal: the request was not judged at all, and nothing was recorded."
    yield ""
    yield from table(["no.", "identifier", "meaning", "send again"], (
        [row.number, f"`{row.name}`", row.text, "later" if row.retry else "no"] for row in T["FAILURE"]))


def main():
    text = "\n".join(document()).rstrip("\n") + "\n"
    try:
        with open(PATH, encoding="utf-8") as file:
            drifted = file.read() != text
    except FileNotFoundError:
        drifted = True
    if drifted and sys.argv[1:] == ["--check"]:
        sys.exit("docs/LIFECYCLE.md is not what include/rectify/*.def says: run `make docs`")
    if drifted:
        with open(PATH, "w", encoding="utf-8") as file:
            file.write(text)


main()

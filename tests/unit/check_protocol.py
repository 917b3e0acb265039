#!/usr/bin/python3
"""docs/PROTOCOL.md against the sources: the tables' numbers, the bounds' values, the statements' numbers, the example."""
import ast, pathlib, re

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/PROTOCOL.md").read_text()
TABLES = "kind severity track status light clock evidence form notice letter_state delivery letter_result recipient edge origin relation mark command error rule".split()


def rows(table):
    """(number, NAME, [the arguments after them]) of each row."""
    for line in (ROOT / f"include/rectify/{table}.def").read_text().splitlines():
        match = re.match(r"[A-Z_]+\((\d+), ([A-Z_]+), (.*)\)$", line)
        if match:
            yield int(match[1]), match[2], match[3]


def table_says(table):
    """What the appendix must hold of a table: one line, or one line a row."""
    if table == "error":
        return [f"| {n} | {name.lower()} | {'yes' if re.search(r', 1, ', rest) else 'no'} | {rest.split(chr(34))[1]} |"
                for n, name, rest in rows(table)]
    if table == "rule":
        return [f"| {n} | {'refusal' if rest[0] == '1' else 'receipt'} | {rest.split(chr(34))[3]} | "
                f"{rest.split(chr(34))[1]} |" for n, name, rest in rows(table)]
    return [f"| `{table}.def` | " + ", ".join(f"{n} {name.lower()}" for n, name, _ in rows(table)) + " |"]


def bounds():
    """The name and value of each number in limits.h; one may be reckoned from those above it."""
    known = {}
    for line in (ROOT / "include/rectify/limits.h").read_text().splitlines():
        match = re.match(r"#define ([A-Z_]+) ([0-9]+|\([0-9A-Z_ *+()]+\))", line)
        if match:
            tree = ast.parse(match[2].strip(), mode="eval")
            known[match[1]] = eval(compile(tree, "limits.h", "eval"), {"__builtins__": {}}, dict(known))
    return known


def wrong_bounds():
    """Names of bounds that the text gives another value, or that do not exist."""
    known = bounds()
    cited = re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`(?:\)? \(|, )?(\d+)?", TEXT)
    bad = [name for name, value in cited if not name.startswith("ZMQ_") and name not in known]
    return bad + [name for name, value in cited if value and name in known and int(value) != known[name]]


SENT = """Request Submit Finding Evidence Act Command Publish Query CaseQuery HistoryQuery LogQuery NoticeQuery WhyQuery
NextQuery DocumentQuery KeyChange KeyQuery CheckpointQuery ProofQuery Cosign UnpostedQuery LetterQuery Post Letter Lease Report LetterReport Watch ClockAdvance""".split()


def unnamed():
    """Fields of what a client sends that the text does not name."""
    proto = (ROOT / "proto/rectify/v1/rectify.proto").read_text()
    for message in SENT:
        body = re.search(rf"^message {message} \{{(.*?)\}}$", re.sub(r"//.*", "", proto), re.M | re.S)[1]
        for name in re.findall(r"(\w+) = \d+;", body):
            if not re.search(rf"[`.]{name}\b", TEXT):
                yield f"{message}.{name}"


def checks():
    for table in TABLES:
        expected = table_says(table)
        yield f"{table}.def", bool(expected) and all(line in TEXT for line in expected)
    numbers = [int(n) for n in re.findall(r"^- \*\*P-(\d{3})\*\*", TEXT, re.M)]
    yield "statements are numbered upwards, each once", numbers == sorted(set(numbers)) and len(numbers) > 40
    yield f"bounds are those of limits.h {wrong_bounds()}", not wrong_bounds()
    yield f"every field of what a client sends is named {list(unnamed())}", not list(unnamed())
    cited = {int(n) for n in re.findall(r"P-(\d{3})", TEXT)}
    yield "statements that are cited exist", cited <= set(numbers)
    yield "the example is the tested one", (ROOT / "tests/flow/example_client.py").read_text() in TEXT


results = list(checks())
print(f"1..{len(results)}")
for number, (name, ok) in enumerate(results, 1):
    print(f"{'ok' if ok else 'not ok'} {number} - PROTOCOL.md: {name}")
raise SystemExit(0 if all(ok for _, ok in results) else 1)

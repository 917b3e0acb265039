"""Reads include/rectify/*.def: the tables of the domain, for the scripts that check and print them."""
import glob
import os
import re

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "include", "rectify")

# The columns of each table, by the name of its rows.
COLUMNS = {
    "STATUS": "number NAME name zh open text",
    "TRACK": "number NAME name zh need text",
    "KIND": "number NAME name zh text",
    "SEVERITY": "number NAME name zh text",
    "ROLE": "number NAME name zh text",
    "CLOCK": "number NAME name zh text",
    "LIGHT": "number NAME name zh",
    "EDGE": "number NAME name zh text",
    "EVIDENCE": "number NAME name zh text",
    "NOTICE": "number NAME name zh text",
    "RECIPIENT": "number NAME name zh text",
    "ORIGIN": "number NAME name zh text",
    "RELATION": "number NAME name zh text",
    "FORM": "number NAME name zh text",
    "HOLDER": "number NAME name zh text",
    "CONDITION": "number NAME name zh text",
    "MARK": "number NAME name zh text",
    "COMMAND": "number NAME name zh roles needs_text text",
    "QUERY": "number NAME name zh reach roles text",
    "RULE": "number NAME refuses zh text",
    "DELIVERY": "number NAME name zh reported text",
    "LETTER_STATE": "number NAME name zh text",
    "LETTER_RESULT": "number NAME name zh ok text",
    "FAILURE": "number NAME name retry text",
    "MOVE": "rule command from_ to",
}
NUMBERS = {"number", "open", "needs_text", "refuses", "retry", "rule", "reported", "ok"}


class Row:
    def __init__(self, columns, values):
        for column, value in zip(columns, values):
            setattr(self, column, int(value) if column in NUMBERS else value)
        if "roles" in columns:
            self.subject = "SUBJECT" in self.roles
            self.roles = re.findall(r"B\((\w+)\)", self.roles)


def split(arguments):
    """The arguments of a row: at commas, but not in strings or parentheses."""
    parts = re.findall(r'(?:"(?:[^"\\]|\\.)*"|\([^()]*\)|[^,"()])+', arguments)
    return [re.sub(r'^"(.*)"$', r"\1", part.strip()) for part in parts]


def read(path):
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    for line in text.splitlines():
        match = re.fullmatch(r"([A-Z_]+)\((.*)\)", line.strip())
        if match is None:
            if line.strip():
                raise ValueError(f"{path}: not a row of a table: {line}")
            continue
        columns = COLUMNS[match[1]].split()
        values = split(match[2])
        if len(values) != len(columns):
            raise ValueError(f"{path}: {len(values)} columns, not {len(columns)}: {line}")
        yield match[1], Row(columns, values)


def load():
    """Rows by table: {"STATUS": [Row, ...], ...}."""
    tables = {name: [] for name in COLUMNS}
    for path in sorted(glob.glob(os.path.join(FOLDER, "*.def"))):
        for name, row in read(path):
            tables[name].append(row)
    return tables

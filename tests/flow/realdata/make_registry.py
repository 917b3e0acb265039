#!/usr/bin/python3
"""Writes a registry (YAML, on stdout) for the inspection findings of a CSV file.

usage: make_registry.py FINDINGS.csv

One root, one unit per unit_code of the file with one officer who is its handler and its head, one unit for the inspection
team with an officer per inspector, and the office (which is the administrator too), verifiers, body and auditor at the
root.  Rows whose unit_code is empty get no unit: their findings are to arrive as unrouted.
"""
import csv
import re
import sys

ROOT = """\
registry: minneapolis
units:
  - {code: minneapolis, name: City of Minneapolis, calendar: us-federal, zone: America/Chicago}
  - {code: team-health, name: Environmental Health inspectors, parent: minneapolis}
"""
CITY_OFFICERS = [
    ("office", "Rectification Office", "office administrator"),
    ("principal-1", "Head of Environmental Health", "principal"),
    ("verifier-1", "First Verifier", "verifier"),
    ("verifier-2", "Second Verifier", "verifier"),
    ("body-1", "Accountability Body", "body"),
    ("auditor-1", "Auditor", "auditor"),
]
APPOINTED = "2011-01-01"


def quoted(text):
    """A YAML double-quoted scalar of one line; control characters and runs of blanks become one blank."""
    flat = re.sub(r"\s+", " ", text).strip()
    return '"' + flat.replace("\\", "\\\\").replace('"', '\\"') + '"'


def read(path):
    """Units (code to the name of the first row) and inspectors of the file, each sorted."""
    units, inspectors = {}, set()
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            inspectors.add(row["inspector"])
            if row["unit_code"]:
                units.setdefault(row["unit_code"], row["unit_name"])
    return sorted(units.items()), sorted(inspectors)


def write(units, inspectors, out):
    out.write(ROOT)
    for code, name in units:
        out.write(f'  - {{code: "{code}", name: {quoted(name)}, parent: minneapolis}}\n')
    out.write("officers:\n")
    for code, name, _ in CITY_OFFICERS:
        out.write(f"  - {{code: {code}, name: {name}, unit: minneapolis}}\n")
    for code in inspectors:
        out.write(f"  - {{code: {code}, name: {code}, unit: team-health}}\n")
    for code, _ in units:
        out.write(f'  - {{code: u{code}, name: Manager of {code}, unit: "{code}"}}\n')
    out.write("appointments:\n")
    for code, _, roles in CITY_OFFICERS:
        for role in roles.split():
            out.write(f"  - {{officer: {code}, role: {role}, unit: minneapolis}}\n")
    for code in inspectors:
        out.write(f"  - {{officer: {code}, role: inspector, unit: team-health, from: {APPOINTED}}}\n")
    for code, _ in units:
        for role in ("handler", "principal"):
            out.write(f'  - {{officer: u{code}, role: {role}, unit: "{code}", from: {APPOINTED}}}\n')


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    write(*read(sys.argv[1]), sys.stdout)

#!/usr/bin/python3
"""Which spec names which rule.

rules_by_spec.py          prints the table: rule, what it says, the specs that name it
rules_by_spec.py --check  exit 1 when a rule is named by no spec; prints which
"""
import glob
import os
import re
import sys

sys.dont_write_bytecode = True
import defs  # noqa: E402

# Decided by the daemon, which no spec plays: named by the tests of the flow ring.
ELSEWHERE = {number: "tests/flow/*.t" for number in (204, 205, 206, 207, 208, 209, 210, 211, 658, 660, 661, 662, 663, 664, 665)}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def cited(path):
    """The numbers after `rule` in what the spec expects: neither in comments nor in asides."""
    text = re.sub(r"(^|\s)#.*", "", read(path), flags=re.M)
    return {int(number) for number in re.findall(r"\brule (\d{3})\b", re.sub(r"\([^)\n]*\)", "", text))}


def specs_by_rule():
    names = {row.number: [] for row in defs.load()["RULE"]}
    for path in sorted(glob.glob("tests/spec/*.spec")):
        for number in cited(path) & set(names):
            names[number].append(os.path.basename(path)[:-len(".spec")])
    for number, pattern in ELSEWHERE.items():
        told = [path for path in sorted(glob.glob(pattern)) if re.search(rf"\brule(?: ==)? {number}\b", read(path))]
        names[number] += [os.path.basename(path) for path in told]
    return names


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    names = specs_by_rule()
    rows = defs.load()["RULE"]
    if sys.argv[1:] == ["--check"]:
        missing = [row for row in rows if not names[row.number]]
        for row in missing:
            print(f"rules: no spec names rule {row.number} ({row.text})")
        sys.exit(bool(missing))
    print("| rule | says | specs |\n|---|---|---|")
    for row in rows:
        print(f"| {row.number} | {row.text} | {', '.join(names[row.number]) or 'none'} |")
    specs = glob.glob("tests/spec/*.spec")
    print(f"\n{sum(bool(names[row.number]) for row in rows)} of {len(rows)} rules are named by {len(specs)} specs.")


main()

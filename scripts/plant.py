#!/usr/bin/python3
"""Puts the bugs of tests/sim/bugs.txt into a copy of a source.  Usage: plant.py SOURCE COPY

Each place must be there exactly once: a bug that no longer fits its source is an error, not a bug that is never found.
"""
import re
import sys

LIST = "tests/sim/bugs.txt"


def places():
    """(bug, file, lines that are there, lines in their place)"""
    bug, file, old, new = None, None, [], []
    with open(LIST, encoding="utf-8") as text:
        for line in [*text.read().split("\n"), "BUG"]:
            if old and not line.startswith(("-", "+")):
                yield bug, file, "\n".join(old), "\n".join(new)
                old, new = [], []
            if line.startswith("BUG "):
                bug = line.split()[1]
            elif line.startswith("FILE "):
                file = line.split()[1]
            elif line.startswith("-"):
                old.append(line[1:])
            elif line.startswith("+"):
                new.append(line[1:])


def main():
    source, copy = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        text = file.read()
    for bug, file, old, new in places():
        if file != source:
            continue
        if not re.search(rf"SIM_BUG\({bug}\)", new):
            sys.exit(f"{LIST}: bug {bug} does not ask for SIM_BUG({bug})")
        if text.count(old) != 1:
            sys.exit(f"{LIST}: bug {bug}: its place is in {source} {text.count(old)} times")
        text = text.replace(old, new)
    with open(copy, "w", encoding="utf-8") as file:
        file.write(f'#include "tests/sim/bugs.h"\n#line 1 "{source}"\n{text}')


main()

#!/usr/bin/python3
"""Functions of C above 70 lines are a breach; prints the median and the share above 40, for the reader.

A function begins at a line in column 0 that opens a brace after a closing parenthesis, and ends at the next "}" in
column 0: the layout that .clang-format gives.
"""
import glob
import re
import statistics
import sys

LINES_MAX = 70
FOLDERS = ["core", "proto", "document", "rehearse", "sign", "verify", "daemon", "client", "client/command", "courier", "tests/unit", "tests/spec", "tests/flow",
           "tests/lib", "tests/fuzz", "tests/sim", "bench", "bench/lib"]


def functions(path):
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    first = 0
    begin = None
    for number, line in enumerate(lines, 1):
        if begin is None:
            if re.match(r"[A-Za-z_]", line):
                first = number if not re.match(r"[a-z_]+:$", line) else first
            if re.search(r"\)[^;={]*\{$", line) and not line.startswith(" ") or (
                    line == "{" and lines[number - 2].rstrip().endswith(")")) or (
                    re.search(r"\) \{$", line) and first and lines[first - 1].endswith((",", "("))):
                begin = first
                name = re.search(r"([A-Za-z_0-9]+)\s*\(", lines[first - 1])
        elif line == "}":
            yield name.group(1) if name else "?", begin, number - begin + 1
            begin = None


def main():
    found = [(length, path, line, name) for folder in FOLDERS for path in sorted(glob.glob(folder + "/*.c"))
             for name, line, length in functions(path)]
    lengths = [length for length, *_ in found]
    if not lengths:
        sys.exit("functions: none found")
    long = [row for row in found if row[0] > LINES_MAX]
    for length, path, line, name in long:
        print(f"{path}:{line}: {name} has {length} lines, above {LINES_MAX}")
    share = 100 * sum(length > 40 for length in lengths) / len(lengths)
    print(f"functions: {len(lengths)}, median {statistics.median(lengths):.0f} lines, longest {max(lengths)}, "
          f"above 40 lines {share:.1f} %")
    sys.exit(1 if long else 0)


main()

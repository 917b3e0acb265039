#!/usr/bin/python3
"""rectify-policy(5) against the sources: every key and word of the language stands in it, and it is a manual page."""
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/man/rectify-policy.5.scd").read_text(encoding="utf-8")
PROSE, _ = PAGE.split("# A COMPLETE EXAMPLE")
NUMBER = 0


def ok(fine, what, *details):
    """One line of TAP."""
    global NUMBER
    NUMBER += 1
    print(f"{'ok' if fine else 'not ok'} {NUMBER} - {what}")
    if not fine:
        for detail in details:
            print(f"# {detail}")


def keys():
    """Every key of a field table of the policy's parser."""
    for path in sorted((ROOT / "document").glob("policy*.c")):
        yield from re.findall(r'\{"([a-z_]+)", (?:true|false)\}', path.read_text(encoding="utf-8"))


def words(table):
    """Every word of a table."""
    return re.findall(r"^[A-Z]+\(\d+, [A-Z_0-9]+, ([a-z_0-9]+),", (ROOT / f"include/rectify/{table}.def").read_text(encoding="utf-8"), re.M)


def main():
    """All checks."""
    missing = sorted({key for key in keys() if not re.search(rf"[*_]{key}[*_]|_{key}: ", PROSE)})
    ok(len(set(keys())) > 60 and not missing, "every key of the language is explained", missing)
    for table in ("track", "kind", "severity", "notice", "recipient", "condition", "edge", "light"):
        missing = [word for word in words(table) if not re.search(rf"[*_]{word}[*_]", PROSE)]
        ok(words(table) and not missing, f"every word of {table}.def is named", missing)
    done = subprocess.run(["scdoc"], input=PAGE.encode(), capture_output=True, check=False)
    ok(done.returncode == 0 and b".TH" in done.stdout, "scdoc makes a page of it", done.stderr.decode())
    print(f"1..{NUMBER}")


main()

#!/usr/bin/python3
"""The figures of the fault tests, as `make faults` left them, into a table.  Usage: faults_table.py FOLDER [--publish]

Writes FOLDER/../faults.md; with --publish the marked part of docs/RELIABILITY.md too, unless a test failed, which is exit 1.  What failed
(NAME.failed) or was skipped (NAME.log) is named under the table, for it has no row."""
import datetime
import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "RELIABILITY.md"
BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"


def cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ")


def seconds(value):
    return "" if value is None else f"{value:.1f}"


def machine():
    """What it was measured on."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False, cwd=ROOT).stdout.strip()
    return f"{datetime.date.today().isoformat()}, commit {commit}, {os.cpu_count()} cores (shared with other work), Linux {platform.release().split('-')[0]}"


def left_out(folder, failed):
    """What has no row, and why."""
    for name in failed:
        yield f"Failed, and the rows of it left out: {name}."
    for path in sorted(folder.glob("*.log")):
        why = re.search(r"^1\.\.0 # SKIP (.*)$", path.read_text(encoding="utf-8", errors="replace"), re.M)
        if why:
            yield f"Skipped: {path.stem}, {why.group(1)}."


def table(folder, failed):
    """Markdown."""
    rows = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    rows.sort(key=lambda row: (int(re.sub(r"\D", "", row["number"]) or 0), row["fault"]))
    if not rows:
        sys.exit(f"{folder}: no figures; `make faults` makes them. {' '.join(left_out(folder, failed))}")
    checked, lost, doubled = (sum(row[name] for row in rows) for name in ("checked", "lost", "doubled"))
    lines = [f"Measured {machine()}: {sum(row['cycles'] for row in rows)} faults, {checked:,} acknowledgements checked, {lost} lost, {doubled} doubled.",
             "", "| | fault | by | cycles | checked | lost | doubled | silent s, median | max | its control |", "|---|---|---|---|---|---|---|---|---|---|"]
    for row in rows:
        lines.append(f"| {row['number']} | {cell(row['fault'])} | {cell(row['tool'])} | {row['cycles']} | {row['checked']:,} | {row['lost']} | "
                     f"{row['doubled']} | {seconds(row['median'])} | {seconds(row['max'])} | {cell(row['control'])} |")
    for text in left_out(folder, failed):
        lines += ["", text]
    return "\n".join(lines) + "\n"


def main():
    folder = Path(sys.argv[1])
    failed = [path.stem for path in sorted(folder.glob("*.failed"))]
    text = table(folder, failed)
    (folder.parent / "faults.md").write_text(text, encoding="utf-8")
    print(text, end="")
    if "--publish" not in sys.argv[2:]:
        return
    if failed:
        sys.exit(f"not published: {', '.join(failed)} failed")
    document = DOCUMENT.read_text(encoding="utf-8")
    if document.count(BEGIN) != 1 or document.count(END) != 1:
        sys.exit(f"{DOCUMENT}: the marks {BEGIN} and {END} must be there once")
    before, rest = document.split(BEGIN)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{text}{END}{rest.split(END)[1]}", encoding="utf-8")


main()

#!/usr/bin/python3
"""Policies: checked, tested, compared and rehearsed without a daemon; published versions are numbered and never change."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

MUNICIPAL = ROOT / "policy" / "municipal.yaml"
SHIPPED = [ROOT / "policy" / name for name in ("municipal.yaml", "food-safety.yaml", "minimal.yaml")]
PLACE = place()
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8", "RECTIFY_ACTOR": "office"}


def run(*words):
    return subprocess.run([BUILD / "rectify", *words], capture_output=True, text=True, timeout=PATIENCE, check=False, env=ENVIRONMENT)


def changed(name, before, after, path=MUNICIPAL):
    text = path.read_text(encoding="utf-8")
    need(before in text, f"{before} is in {path}")
    out = PLACE / name
    out.write_text(text.replace(before, after, 1), encoding="utf-8")
    return out


def rows(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_check():
    for path in SHIPPED:
        done = run("policy", "check", path)
        ok(done.returncode == 0 and ": ok (" in done.stdout and "error" not in done.stderr, f"{path.name} is fine", done.stdout, done.stderr)
    kinds = {row["kind"]: row for row in rows(run("policy", "check", MUNICIPAL, "--json"))}
    same([kinds[kind]["idle_wd"] for kind in ("prominent", "loophole", "incipient", "poor_execution", "no_responsibility")],
         [52, 82, 66, 18, 0], "the longest times of the municipal policy if nobody acts")
    same((kinds["unrouted"]["idle"], kinds["unrouted"]["idle_wd"]), ("never", None), "with the office it stays with the office")
    done = run("policy", "check", changed("hidden.yaml", "  - {kind: [poor_execution], track: supervision}\n",
                                          "  - {kind: [poor_execution], track: supervision}\n  - {severity: minor, track: supervision}\n"))
    ok(done.returncode == 78 and "hidden.yaml:152:5: error: route 7 is never reached" in done.stderr, "a hidden route is an error", done.stderr)
    there = changed("there.yaml", "{kind: [loophole], track: new_rules}", "{kind: loophole, unit: mill, track: new_rules, co_units: moon}")
    done = run("policy", "check", there, "--registry", ROOT / "tests" / "spec" / "hamlet.yaml", "--on", "2026-03-02")
    ok(done.returncode == 78 and "the registry has no unit 'moon' that could take part" in done.stderr and "no unit 'mill'" not in done.stderr
       and "nobody answers for 2 units (hamlet)" in done.stderr and "nobody is 'top' for 5 units" in done.stderr,
       "against a registry: units and people that are not there", done.stdout, done.stderr)
    done = run("policy", "check", changed("two.yaml", "bounce: {max: 1}", "bounse: {max: 1}\nstages: {max: 1wd}"))
    ok(done.returncode == 78 and "two.yaml:31:1: error: a policy has no key 'bounse' (did you mean 'bounce'?)" in done.stderr
       and "two.yaml:32:1: error: a policy has no key 'stages' (did you mean 'stage'?)" in done.stderr,
       "both unknown keys in one pass, each with its place and the nearest word", done.stderr)


    done = run("policy", "check", *SHIPPED)
    ok(done.returncode == 0 and [path for path in SHIPPED if f"{path}: ok (" not in done.stdout] == [], "several files at once", done.stdout, done.stderr)
    found = rows(run("policy", "check", *SHIPPED, "--json"))
    same([row["file"] for row in found if row["kind"] == "unrouted"], [str(path) for path in SHIPPED], "... each named for machines")
    done = run("policy", "check", "/nonexistent", MUNICIPAL)
    ok(done.returncode == 65 and ": ok (" in done.stdout, "... the later ones too, when one cannot be read", done.stdout, done.stderr)
    with open(MUNICIPAL, encoding="utf-8") as file:
        done = subprocess.run([BUILD / "rectify", "policy", "check", "-"], stdin=file, capture_output=True, text=True, check=False)
    ok(done.returncode == 0 and "standard input: ok (" in done.stdout, "- is standard input", done.stdout, done.stderr)


def test_test():
    done = run("policy", "test", *SHIPPED)
    ok(done.returncode == 0 and done.stdout.endswith(" passed, 0 failed\n") and done.stdout.count(" passed\n") > 10,
       "the shipped policies hold what their tests say", done.stdout, done.stderr)
    ok(all(str(path) in done.stdout for path in SHIPPED) and str(MUNICIPAL) not in run("policy", "test", MUNICIPAL).stdout,
       "of several files each row names its own", done.stdout)
    done = run("policy", "test", MUNICIPAL, changed("wrong.yaml", "route: 3, responsible: handler", "route: 4, responsible: handler"))
    ok(done.returncode == 1 and "wrong.yaml:" in done.stderr and "route is 3, not 4" in done.stderr and "15 passed, 1 failed" in done.stdout,
       "what does not hold is said with its place, and the rest is played", done.stdout, done.stderr)
    same(run("policy", "test", PLACE / "none.yaml").returncode, 65, "a file that is not there")


def test_diff():
    draft = changed("draft.yaml", "rectify: 30wd", "rectify: 25wd")
    done = run("policy", "diff", MUNICIPAL, draft)
    ok(done.returncode == 1 and "track special_rectification, limit of rectify 30wd" in done.stdout
       and "prominent, longest time to a proposal if nobody acts" in done.stdout, "what differs, and what it changes", done.stdout)
    done = run("policy", "diff", MUNICIPAL, MUNICIPAL)
    ok(done.returncode == 0 and "do not differ" in done.stdout, "a policy does not differ from itself", done.stdout)


FINDINGS = "unit,date,kind,severity,code,text\nu1,2026-03-02,incipient,minor,A,x\nu1,2026-03-03,incipient,minor,A,x\n,2026-03-03,prominent,major,B,x\nu2,2026-03-04,worse,major,B,x\n"
MAPPING = "unit: {column: unit, empty: unknown}\nfound: {column: date}\nkind: {column: kind}\nseverity: {column: severity}\ncode: {column: code}\ntext: {column: text}\nteam: {constant: t}\n"


def figures(done):
    return {row["figure"]: row["draft"] for row in rows(done) if "figure" in row}


def test_rehearse():
    words = ["policy", "rehearse", MUNICIPAL, "--city", "8x40x400", "--findings", "900", "--seed", "5"]
    one, again, other = run(*words), run(*words), run(*words[:-1], "6")
    ok(one.returncode == 0 and one.stdout == again.stdout and one.stdout != other.stdout, "the same seed gives the same bytes, another does not",
       one.stdout, one.stderr)
    done = run(*words, "--json", "--current", changed("slow.yaml", "rectify: 15wd", "rectify: 60wd"))
    beside = {row["figure"]: row for row in rows(done) if "figure" in row}
    ok(all(row["difference"] == row["draft"] - row["current"] for row in beside.values()) and beside["moved into accountability"]["difference"] > 0
       and beside["findings"]["difference"] == 0, "beside a slower policy more cases climb", done.stdout, done.stderr)
    (PLACE / "f.csv").write_text(FINDINGS, encoding="utf-8")
    (PLACE / "m.yaml").write_text(MAPPING, encoding="utf-8")
    done = run("policy", "rehearse", MUNICIPAL, "--csv", PLACE / "f.csv", "--map", PLACE / "m.yaml", "--idle", "--json")
    seen = figures(done)
    ok(done.returncode == 1 and "f.csv:5:" in done.stderr, "a bad row is said with its place, and the rest is played", done.stderr)
    same([seen[name] for name in ("findings", "unit unknown or nobody there", "began in early_warning", "began in special_rectification",
                                  "accountability proposed", "closed at the end")], [3, 1, 1, 1, 2, 0],
         "three findings: one is nobody's, one had been found before, and nobody does anything")
    for wrong in (["--csv", "x"], ["--city", "1x2"], ["--city", "80x10x1000"], ["--against", "herstory"], ["--seed", "x"]):
        same(run("policy", "rehearse", MUNICIPAL, *wrong).returncode, 64, f"{' '.join(wrong)} is a usage error")


def test_versions():
    """Numbered, immutable; an error leaves nothing; the same text again is the same publication."""
    daemon = city()
    def publish(path, *more):
        return run("policy", "publish", path, "--endpoint", daemon.endpoint, *more)
    def documents():
        return daemon.sql("SELECT version, encode(sha256, 'hex') FROM rectify.document WHERE kind = 2 ORDER BY version")
    def events():
        return int(daemon.sql("SELECT count(*) FROM rectify.event"))
    before, count = documents(), events()
    done = publish(MUNICIPAL)
    ok(done.returncode == 0 and "policy version 1 was published before" in done.stdout, "the text in force again is the same publication",
       done.stdout, done.stderr)
    same(documents(), before, "... and leaves no second version")
    done = publish(changed("bad.yaml", "bounce: {max: 1}", "bounse: {max: 1}"))
    same((done.returncode, documents(), events()), (78, before, count), "an error leaves nothing")
    other = changed("other.yaml", "bounce: {max: 1}", "bounce: {max: 2}")
    done = publish(other)
    ok(done.returncode == 0 and "policy version 2 published" in done.stdout, "another text is version 2", done.stdout, done.stderr)
    ok("policy version 2 was published before" in publish(other).stdout, "published again, it is still version 2")
    ok("policy version 3 published" in publish(MUNICIPAL).stdout, "going back is a version of its own")
    same(len(documents().splitlines()), 3, "three versions in all")
    for sql in ("UPDATE rectify.document SET body = ''", "DELETE FROM rectify.document", "TRUNCATE rectify.document"):
        ok(daemon.sql(sql, check=False).startswith("error"), f"{sql} is refused")
    key = "019c0000-0000-7000-8000-000000000001"
    one, two = publish(other, "--id", key), publish(other, "--id", key)
    ok("version 4 published" in one.stdout and "version 4 was published before" in two.stdout, "one id, one publication", one.stdout, two.stdout)
    done = run("calendar", "publish", ROOT / "policy" / "calendar" / "cn.yaml", "--endpoint", daemon.endpoint)
    ok("was published before" in done.stdout, "a calendar that is in force likewise", done.stdout, done.stderr)
    inspector = Client(daemon, "insp-1")
    inspector.submit(*[finding(unit=unit, kind=3) for unit in ("north", "south", "atlantis")])
    done = run("policy", "rehearse", MUNICIPAL, "--against", "history", "--idle", "--json", "--as", "auditor", "--endpoint", daemon.endpoint)
    seen = figures(done)
    same((seen.get("findings"), seen.get("unit unknown or nobody there"), seen.get("began in early_warning")), (3, 1, 2),
         "a rehearsal over the daemon's own record")
    done = run("policy", "rehearse", other, "--city", "2x4x100", "--findings", "50", "--current", "published", "--json", "--endpoint", daemon.endpoint)
    ok(done.returncode == 0 and all(row["difference"] == 0 for row in rows(done) if "figure" in row), "beside the policy in force, which is the same",
       done.stdout, done.stderr)


main(test_check, test_test, test_diff, test_rehearse, test_versions)

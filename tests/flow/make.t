#!/usr/bin/python3
"""The makefile: it installs into any place, writes nothing in the tree for it, and nothing at all where all is built."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position


def make(*words):
    return subprocess.run(["make", f"B={os.environ.get('B', 'build')}", *words], cwd=ROOT, capture_output=True, text=True, timeout=600,
                          check=False)


def stamps():
    return {path: path.stat().st_mtime_ns for folder in ("docs", "bench", "deploy") for path in (ROOT / folder).rglob("*")}


def test_install():
    """Into a place with a space in its name."""
    if SANITIZED:
        skip("an installation", "make would build all of it anew, without the sanitizer")
        return
    top = place() / "a place"
    before = stamps()
    done = make("install", f"DESTDIR={top}", "PREFIX=/usr")
    ok(done.returncode == 0, "it installs", done.stdout[-500:], done.stderr[-500:])
    same(sorted(str(path.relative_to(top)) for path in top.glob("usr/*bin/*")), ["usr/bin/rectify", "usr/sbin/rectify-courier", "usr/sbin/rectify-sign", "usr/sbin/rectifyd"], "the programs")
    same(sorted(path.name for path in top.glob("usr/lib/*/*/*.service")), ["rectify-courier.service", "rectify-sign.service", "rectifyd.service"], "and their units")
    unit = (top / "usr/lib/systemd/system/rectifyd.service").read_text()
    ok("ExecStart=/usr/sbin/rectifyd " in unit, "which name the place without DESTDIR")
    ok((top / "usr/share/man/man1/rectify.1").stat().st_size > 1000, "and the manual")
    same([path for path, stamp in stamps().items() if before.get(path) != stamp], [], "the tree is as it was")


def test_nothing_to_do():
    """What is built may be read-only: the list of migrations is looked at each time, and not touched."""
    folder = BUILD / "embedded"
    before = folder.stat().st_mtime_ns
    done = subprocess.run(["scripts/embed.sh", folder / "migrations.inc"], cwd=ROOT, check=False)
    same((done.returncode, folder.stat().st_mtime_ns), (0, before), "no file is made beside it")


def test_two_goals():
    """`make lint test`: both install packages and build, so that they must not do it at the same time."""
    outside = {name: value for name, value in os.environ.items() if name not in ("MAKELEVEL", "MAKEFLAGS", "MFLAGS")}

    def in_turn(*goals):
        done = subprocess.run(["make", "-pn", *goals], cwd=ROOT, env=outside, capture_output=True, text=True, timeout=600, check=False)
        return any(line.startswith(".NOTPARALLEL") for line in done.stdout.splitlines())

    ok(in_turn("help", "clean"), "two goals are made in turn")
    ok(not in_turn("help") and not in_turn("all", "tests-built"), "what one goal needs is made beside one another")


def test_directory():
    """A directory that make cannot handle."""
    done = make("B=build dir", "help")
    ok(done.returncode == 2 and "without spaces" in done.stderr, "B with a space is refused with a reason", done.stderr)


main(test_install, test_nothing_to_do, test_two_goals, test_directory)

#!/usr/bin/python3
"""Plants one-line faults into core/, one at a time, and looks whether the unit and spec rings and a few seeds of the simulator find
each.  Called by `make mutate`.  Usage: mutate.py [--count N] [--seed N] [--list] [FILE:LINE...]

The faults are drawn, by the seed, from all that the table below makes of the lines of core/*.c, so that nobody chooses the ones that are
found.  A fault is found when a test fails, hangs or does not compile; one that changes nothing at all is listed, with its reason, in
tests/equivalent.txt.  Prints what was found by what; exit 1 when less than 95 % of those that change something are found.
"""
import argparse
import glob
import hashlib
import os
import random
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

BUILD = os.environ.get("B", "build")
PLACE = f"{BUILD}/mutate"
LEAST = 95  # per cent
PATIENCE = 120  # seconds of one test
LIBS = "-lcmocka -lzmq -lpq -lprotobuf-c -lcrypto -lfyaml -lsmartcols -lxlsxwriter -lcurl".split()
FOLDERS = "proto proto/rectify/v1 document rehearse sign verify daemon client client/command courier".split()
SIM = "-Wl,--wrap=clock_gettime,--wrap=getrandom,--wrap=exit,--wrap=_exit,--wrap=zone_load"
SLOW = ("test_longest", "history", "test_receipt", "test_tiles", "test_spool", "test_workday", "test_merkle_proof")  # asked last

# What may stand in a line, and what a slip of the hand makes of it.
SLIPS = [
    (r"(?<![<>=!-])<=(?!=)", "<"), (r"(?<![<>=!-])>=(?!=)", ">"), (r" < ", " <= "), (r" > ", " >= "), (r" == ", " != "),
    (r" != ", " == "), (r" && ", " || "), (r" \|\| ", " && "), (r" \+ ", " - "), (r" - ", " + "), (r"\+\+", "--"), (r"--", "++"),
    (r" \+= ", " -= "), (r" -= ", " += "), (r" \|= ", " &= "), (r"(?<=[ (])!(?=[a-z(])", ""), (r"\btrue\b", "false"),
    (r"\bfalse\b", "true"), (r"(?<![\w.])0(?![\w.])", "1"), (r"(?<![\w.])1(?![\w.])", "0"), (r"(?<![\w.])1(?![\w.])", "2"),
    (r"\b" r"before\b(?=->)", "after"), (r" \? (.+?) : (.+?)(?=[;,)])", r" ? \2 : \1"), (r"\bcontinue;", "break;"), (r"\bbreak;", ""),
    (r"^( +)(?:[a-z_]+(?:\(|->|\[| = |\+\+).*;)$", r"\1;"),  # a statement is left out
]


def faults():
    """(file, number of line, line, line in its place)"""
    for path in sorted(glob.glob("core/*.c")):
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
        inside = comment = False
        for number, line in enumerate(lines):
            comment = comment or "/*" in line and "*/" not in line
            skip = comment or not inside or "must(" in line or "static const" in line or line.lstrip().startswith(("/*", "#"))
            if "*/" in line:
                comment = False
            inside = line.endswith("{") and not line.startswith(" ") and "=" not in line or inside and line != "}"
            code = line.split("/*")[0]
            for pattern, new in () if skip else SLIPS:
                for match in re.finditer(pattern, code):
                    changed = code[:match.start()] + match.expand(new) + code[match.end():] + line[len(code):]
                    if changed != line:
                        yield path, number, line, changed


def run(words, seconds=PATIENCE):
    """Whether it ends well."""
    try:
        return subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=seconds, check=False,
                              env={**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP", "RECTIFY_SPOOL": "/dev/null/none"}).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def need(words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"mutate.py: {' '.join(words[:4])} ...: {done.stderr[-2000:]}")


def flags():
    with open(f"{BUILD}/flags", encoding="utf-8") as file:
        return file.read().split() + ["-w", "-Wno-error"]


CORE = [path.replace("core/", f"{BUILD}/core/").replace(".c", ".o") for path in sorted(glob.glob("core/*.c"))]


def link_all():
    """Each test program once, with core as a shared library, which is made anew for each fault."""
    os.makedirs(f"{PLACE}/one", exist_ok=True)
    names = [os.path.basename(path)[:-2] for path in sorted(glob.glob("tests/unit/test_*.c"))]
    rest = f"{PLACE}/rest.a"
    if os.path.exists(rest):
        os.remove(rest)
    mains = [f"{BUILD}/{folder}/main.o" for folder in ("daemon", "client/command", "sign", "courier")]
    need(["ar", "rcs", rest, *sorted(path for folder in FOLDERS for path in glob.glob(f"{BUILD}/{folder}/*.o") if path not in mains)])
    need(["cc", "-shared", "-o", f"{PLACE}/libcore.so", *CORE])
    jobs = {name: [f"{BUILD}/tests/unit/{name}.o"] for name in names}
    jobs["history"] = sorted(glob.glob(f"{BUILD}/tests/history/*.o"))
    jobs["spec"] = sorted(glob.glob(f"{BUILD}/tests/spec/*.o"))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda name: need(["cc", *jobs[name], rest, f"-L{PLACE}", "-lcore", "-o", f"{PLACE}/{name}", *LIBS]), jobs))
    return [name for name in jobs if name != "spec"]


def order(path, names):
    """The test of this file first, the specs next, what takes long last.  A name alone is a unit test."""
    stem = os.path.basename(path)[:-2].split("_")[0]
    near = "test_story" if stem == "explain" else f"test_{stem}"
    units = sorted(names, key=lambda name: (not name.startswith(near), name in SLOW))
    first = sum(name.startswith(near) for name in units)
    last = sum(name in SLOW and not name.startswith(near) for name in units)
    return units[:first] + sorted(glob.glob("tests/spec/*.spec")) + units[first:len(units) - last] + units[len(units) - last:]


def find(number, fault, names):
    """By what it is found; None: by nothing."""
    path, at, _, changed = fault
    top = f"{PLACE}/one/{number}"
    os.makedirs(f"{top}/core", exist_ok=True)
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    lines[at] = changed
    with open(f"{top}/{path}", "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
    made = f"{top}/made.o"
    if not run([*flags(), "-c", f"{top}/{path}", "-o", made]):
        return "compiler"
    objects = [made if one.endswith("/" + path.replace(".c", ".o")) else one for one in CORE]
    need(["cc", "-shared", "-o", f"{top}/libcore.so", *objects])
    with_it = ["env", f"LD_LIBRARY_PATH={top}"]
    for name in order(path, names):
        words = [f"{PLACE}/spec", name] if name.endswith(".spec") else [f"{PLACE}/{name}"]
        if not run([*with_it, *words]):
            return os.path.basename(name)
    need(["cc", SIM, *sorted(glob.glob(f"{BUILD}/tests/sim/*.o")), made, f"{BUILD}/tests/sim/program.a", "-o", f"{top}/sim",
          "-lprotobuf-c", "-lcrypto", "-lfyaml"])
    return None if run([f"{top}/sim", "--seeds", "20"]) else "20 seeds"


def equivalents():
    """What is known to change nothing: (file, line in place) of tests/equivalent.txt."""
    known, path, old = set(), None, None
    with open("tests/equivalent.txt", encoding="utf-8") as file:
        for line in file.read().split("\n"):
            if line.startswith("FILE "):
                path = line[5:]
            elif line.startswith("-"):
                old = line[1:].strip()
            elif line.startswith("+"):
                known.add((path, old, line[1:].strip()))
    return known


def draw(count, seed):
    """The same for the same lines: by a hash of seed, file and fault, not by a place in a list that grows."""
    everything = list(faults())
    random.Random(seed).shuffle(everything)
    everything.sort(key=lambda fault: hashlib.sha256(f"{seed}/{fault[0]}/{fault[2]}/{fault[3]}".encode()).digest())
    return everything, everything[:count]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="say which, plant none")
    parser.add_argument("places", nargs="*", metavar="FILE:LINE", help="only what is drawn there")
    given = parser.parse_args()
    everything, chosen = draw(given.count, given.seed)
    chosen = [fault for fault in chosen if not given.places or f"{fault[0]}:{fault[1] + 1}" in given.places]
    known = equivalents()
    print(f"{len(everything)} faults in core/; {len(chosen)} of them, by seed {given.seed}", flush=True)
    if given.list:
        for path, at, old, new in chosen:
            print(f"{path}:{at + 1}\n  -{old.strip()}\n  +{new.strip()}")
        return 0
    names = link_all()
    path, at, old, _ = everything[0]
    by = find("control", (path, at, old, old), names)
    if by is not None:
        sys.exit(f"mutate.py: the control, nothing planted: {by} finds it all the same")
    tally = {"found": 0, "equivalent": 0, "missed": 0}

    def one(numbered):
        number, fault = numbered
        return fault, "equivalent" if (fault[0], fault[2].strip(), fault[3].strip()) in known else find(number, fault, names)

    with ThreadPoolExecutor(int(os.environ.get("JOBS", os.cpu_count()))) as pool:
        for (path, at, old, new), by in pool.map(one, enumerate(chosen)):
            tally["missed" if by is None else "equivalent" if by == "equivalent" else "found"] += 1
            print(f"{by or 'MISSED':<22} {path}:{at + 1}\n  -{old.strip()}\n  +{new.strip()}", flush=True)
    share = 100 * tally["found"] / max(1, tally["found"] + tally["missed"])
    print(f"{tally['found']} found, {tally['missed']} missed, {tally['equivalent']} change nothing: {share:.0f} %")
    return 0 if share >= LEAST else 1


sys.exit(main())

#!/usr/bin/python3
"""Look-backs: the draw is what the head and the cases give and nobody's choice, and its result proves what is said.  Draw and
bound are made a second time here, from docs/LOOKBACK.md alone, and must agree to the byte."""
import base64
import hashlib
import itertools
import json
import math
import os
import random
import subprocess
import sys
from fractions import Fraction

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

DAY = 24 * HOUR
LOG = "rectify.test/log"
HERE = {}


# ---- the second implementation -----------------------------------------------------------------------------------

def draw_file(days, by, plan, value, cases, note):
    """`plan`: ("rate", hundredths of a percent) or ("count", cases); `cases`: {number: stratum}."""
    text = note.decode().split("\n\n")[0] + "\n"
    seed = hashlib.sha256("\n".join(text.split("\n")[:3]).encode() + b"\n" + value.encode()).digest()
    rank = {number: hashlib.sha256(seed + number.to_bytes(8, "big")).digest() for number in cases}
    strata = {}
    for number in sorted(cases, key=lambda number: (cases[number].encode(), number)):
        strata.setdefault(cases[number], []).append(number)
    kind, amount = plan
    if kind == "rate":
        sizes = {name: -(-len(members) * amount // 10000) for name, members in strata.items()}
    else:
        amount = min(amount, len(cases))
        sizes = {name: amount * len(members) // len(cases) for name, members in strata.items()}
        left = amount - sum(sizes.values())
        for name in sorted(strata, key=lambda name: (-(amount * len(strata[name]) % len(cases)), name.encode()))[:left]:
            sizes[name] += 1
    drawn = {number for name, members in strata.items() for number in sorted(members, key=lambda n: (rank[n], n))[:sizes[name]]}
    lines = ["rectify-draw 1", f"closed {days}", f"by {by}", f"{kind} {plan[1]}", f"value {value}", f"seed {seed.hex()}",
             f"drawn {len(drawn)} of {len(cases)}"]
    lines += [f"stratum {sizes[name]} of {len(members)} {name}" for name, members in strata.items()]
    lines += [f"case {number} {'*' if number in drawn else '-'} {rank[number].hex()} {name}" for name, members in strata.items() for number in members]
    return ("\n".join(lines) + "\nhead\n").encode() + note, [(len(members), sizes[name]) for name, members in strata.items()]


def at_most(size, drawn, truly):
    """[P(exactly i are seen)] of one stratum."""
    return [Fraction(math.comb(truly, i) * math.comb(size - truly, drawn - i), math.comb(size, drawn)) if drawn - i <= size - truly else Fraction(0)
            for i in range(drawn + 1)]


def likeliest(strata, truly, bad):
    """The largest P(at most `bad` are seen) over all spreads of `truly` bad cases."""
    best = Fraction(0)
    for spread in itertools.product(*[range(min(size, truly) + 1) for size, _ in strata]):
        if sum(spread) != truly:
            continue
        seen = [Fraction(1)]
        for (size, drawn), here in zip(strata, spread):
            each = at_most(size, drawn, here)
            seen = [sum(seen[k] * each[i - k] for k in range(len(seen)) if 0 <= i - k < len(each)) for i in range(len(seen) + len(each) - 1)]
        best = max(best, sum(seen[:bad + 1]))
    return best


def bound(strata, bad):
    total = sum(size for size, _ in strata)
    return next((truly for truly in range(bad + 1, total + 1) if likeliest(strata, truly, bad) <= Fraction(5, 100)), total + 1)


# ---- running -----------------------------------------------------------------------------------------------------

def rectify(*words, actor="auditor"):
    endpoint = HERE["daemon"].endpoint if "daemon" in HERE else "ipc:///nonexistent"
    return subprocess.run([BUILD / "rectify", "--as", actor, "--utc", "--en", "--endpoint", endpoint, *map(str, words)], capture_output=True,
                          timeout=PATIENCE, check=False)


def head(size, root, key="key"):
    text = HERE["top"] / "head.text"
    text.write_bytes(f"{LOG}\n{size}\n".encode() + base64.b64encode(root) + b"\n")
    return need(rectify("key", "sign", HERE["top"] / key, text).stdout, "a signed head")


def keep(data, name="draw"):
    path = HERE["top"] / name
    path.write_bytes(data)
    return path


def check(data, *more):
    return rectify("lookback", "check", "--key", HERE["public"], *more, keep(data))


def report(data, bad):
    done = rectify("lookback", "report", "--key", HERE["public"], "--bad", bad, "--json", keep(data))
    return json.loads(done.stdout) if done.returncode == 0 else done


def test_draws():
    """Random populations: this file's draws are accepted to the byte, and none that was touched is."""
    HERE["top"] = place()
    for name in ("key", "thief"):
        public = rectify("key", "new", "--for", "log", "--name", LOG, HERE["top"] / name).stdout.decode().strip()
        HERE.setdefault("public", public)
    dice = random.Random(20260213)
    wrong = []
    for number in range(40):
        names = dice.sample(["north", "south", "north 1", "北", "a", "z-9"], dice.randrange(1, 6))
        cases = {case: dice.choice(names) for case in dice.sample(range(1, 5000), dice.randrange(1, 120))}
        plan = ("rate", dice.randrange(1, 10001)) if number % 2 else ("count", dice.randrange(1, 140))
        data, _ = draw_file("2026-01-01..2026-03-31", "unit", plan, dice.choice(["", "7 12 31", "抽签"]), cases, head(9000 + number, dice.randbytes(32)))
        done = check(data)
        if done.returncode != 0:
            wrong.append((plan, done.stderr))
    same(wrong, [], "40 draws of both implementations agree")
    HERE["cases"] = {number: f"u{number % 7}" for number in range(1, 201)}
    note = head(9000, bytes(32))
    good, _ = draw_file("2026-01-01..2026-03-31", "unit", ("count", 20), "", HERE["cases"], note)
    same(check(good).returncode, 0, "one as it is")
    lines = good.split(b"\n")
    drawn, spared = next(i for i, line in enumerate(lines) if b" * " in line), next(i for i, line in enumerate(lines) if b" - " in line)
    swapped = lines[:]
    swapped[drawn], swapped[spared] = lines[drawn].replace(b" * ", b" - "), lines[spared].replace(b" - ", b" * ")
    thief = draw_file("2026-01-01..2026-03-31", "unit", ("count", 20), "", HERE["cases"], head(9000, bytes(32), "thief"))[0]
    for what, data in (("another case is drawn", b"\n".join(swapped)), ("a case is left out", b"\n".join(lines[:spared] + lines[spared + 1:])),
                       ("the rate is another", good.replace(b"count 20", b"count 21")), ("a value is added", good.replace(b"value \n", b"value x\n")),
                       ("a seed of one's own", good.replace(lines[5], b"seed " + b"0" * 64)), ("the days are others", good.replace(b"2026-03-31", b"2026-3-310")),
                       ("another key signed", thief), ("the head is another size", good.replace(b"\n9000\n", b"\n9001\n")), ("it is cut off", good[:-40]),
                       ("a byte is added", good + b"x"), ("it is empty", b"")):
        done = check(data)
        ok(done.returncode == 2 if data != b"" else done.returncode in (2, 65), f"refused: {what}", done.stdout, done.stderr)


def test_bounds():
    """What a result proves: the hypergeometric distribution, to the last case."""
    dice, wrong = random.Random(7), []
    for number in range(40):
        strata = [(size := dice.randrange(3, 14), dice.randrange(1, size + 1)) for _ in range(1 if number % 2 else dice.randrange(2, 4))]
        cases, at = {}, 0
        for index, (size, _) in enumerate(strata):
            for _ in range(size):
                cases[at := at + 1] = f"s{index}"
        amount = dice.randrange(1, 10001)
        data, strata = draw_file("2026-01-01..2026-03-31", "unit", ("rate", amount), "", cases, head(9000, bytes(32)))
        drawn = sum(size for _, size in strata)
        for bad in (0, 1, 2):
            if bad > drawn:
                continue
            said = report(data, bad)
            right = bound(strata, bad)
            conservative = len(strata) > 1 and bad > 0
            fine = said["fewer_than"] >= right if conservative else said["fewer_than"] == right
            if not fine or said["conservative"] != conservative or said["drawn"] != drawn:
                wrong.append((strata, bad, said, right))
    same(wrong, [], "bounds are those of all spreads; with several strata and some bad ones they are never too low")
    data, _ = draw_file("2026-01-01..2026-03-31", "none", ("count", 59), "", {number: "all" for number in range(1, 10001)}, head(9000, bytes(32)))
    said = report(data, 0)
    ok(said["fewer_than"] <= 500 and said["of"] == 10000 and said["proves"], "59 of 59 clean: fewer than 5 % are not", said)
    right = next(truly for truly in range(1, 10001) if math.comb(10000 - truly, 59) * 100 <= 5 * math.comb(10000, 59))
    same(said["fewer_than"], right, "to the case")
    data, _ = draw_file("2026-01-01..2026-03-31", "none", ("count", 58), "", {number: "all" for number in range(1, 1000001, 5)}, head(9000, bytes(32)))
    ok(report(data, 0)["fewer_than"] > 200000 * 5 // 100, "58 of 58 are not enough where there are many")
    data, _ = draw_file("2026-01-01..2026-03-31", "unit", ("rate", 10000), "", {1: "a", 2: "a", 3: "b"}, head(9000, bytes(32)))
    same([report(data, bad)["fewer_than"] for bad in (0, 1)], [1, 2], "where all were looked at, what was seen is what there is")
    same(report(data, 4).returncode, 64, "more bad ones than were drawn are not reported")
    words = rectify("lookback", "report", "--key", HERE["public"], "--bad", 0, keep(data)).stdout.decode()
    same(words, "0 of 3 drawn cases were bad: with 95 % confidence, fewer than 1 of the 3 are (33.34 %)\n", "in words")
    data, _ = draw_file("2026-01-01..2026-03-31", "unit", ("count", 1), "", {1: "a", 2: "a", 3: "b"}, head(9000, bytes(32)))
    same(report(data, 0)["fewer_than"], 3, "one of three clean: not all are bad, and no more than that")
    ok(b"proves nothing" in rectify("lookback", "report", "--key", HERE["public"], "--bad", 1, keep(data)).stdout, "one of one bad proves nothing")


# ---- against a daemon --------------------------------------------------------------------------------------------

def act(actor, *commands):
    client = Client(HERE["daemon"], actor)
    outcomes = client.act(*commands)
    client.close()
    need(all(outcome.WhichOneof("result") == "receipt" for outcome in outcomes), outcomes)


def piece(actor, kind, measure=0):
    client = Client(HERE["daemon"], actor)
    made = client.piece(kind, measure=measure)
    client.close()
    return made


def close(numbers, unit):
    act(f"h-{unit}", *[command(SIGN_FOR, number) for number in numbers],
        *[command(PLAN_SUBMIT, number, measures=1, evidence=[piece(f"h-{unit}", 3)]) for number in numbers])
    act("off", *[command(PLAN_APPROVE, number) for number in numbers])
    act(f"p-{unit}", *[command(ENDORSE, number) for number in numbers])
    act(f"h-{unit}", *[command(REQUEST_CLOSURE, number, evidence=[piece(f"h-{unit}", 1, 1)]) for number in numbers])
    act("verifier", *[command(VERIFY_PASS, number) for number in numbers])


def advance(until_instant):
    client = Client(HERE["daemon"], "off")
    need(client.advance(until_instant).WhichOneof("body") == "pong", "the clock stands")
    client.close()


def signed_head():
    size, root = HERE["daemon"].sql("SELECT size || ' ' || encode(root, 'hex') FROM rectify.head").split()
    return int(size), head(int(size), bytes.fromhex(root))


def drawn_of(*more, note=None):
    return rectify("lookback", "draw", "--closed", "2026-01-06..2026-01-31", "--key", HERE["public"], "--head", note or HERE["head"], *more)


def test_a_quarter():
    """Cases of two units are closed; the head is signed when the last day is over; the draw is what this file makes of it."""
    HERE["daemon"] = city()
    client = Client(HERE["daemon"])
    for unit, count_of in (("north", 12), ("south", 7)):
        client.submit(*[finding(unit=unit) for _ in range(count_of)])
    client.close()
    advance((TODAY + 2) * DAY)
    close(range(1, 11), "north")
    close(range(13, 18), "south")
    early = keep(signed_head()[1], "early")
    done = drawn_of("--rate", 20, note=early)
    ok(done.returncode == 1 and b"too old" in done.stderr, "a head from before the last day is over does not do", done.stderr)
    advance((TODAY + 40) * DAY)
    close([11], "north")  # in February: not of this draw
    size, note = signed_head()
    HERE["head"] = keep(note, "february")
    wanted = {**{number: "north" for number in range(1, 11)}, **{number: "south" for number in range(13, 18)}}
    for words, by, plan, value, strata in (
            (("--rate", "20", "--stratum", "unit"), "unit", ("rate", 2000), "", wanted),
            (("--count", "4", "--stratum", "unit", "--seed", "7 12 31"), "unit", ("count", 4), "7 12 31", wanted),
            (("--rate", "2.5", "--stratum", "kind"), "kind", ("rate", 250), "", {number: "prominent" for number in wanted}),
            (("--count", "999"), "none", ("count", 999), "", {number: "all" for number in wanted})):
        done = drawn_of(*words)
        data, _ = draw_file("2026-01-06..2026-01-31", by, plan, value, strata, note)
        ok(done.returncode == 0 and done.stdout == data, f"{' '.join(words)}: to the byte", done.stdout.decode(), data.decode(), done.stderr)
    data = drawn_of("--rate", 20, "--stratum", "unit").stdout
    same(check(data).returncode, 0, "the draw is repeated")
    same(check(data, "--population").returncode, 0, "and its cases are all that were closed then")
    short, _ = draw_file("2026-01-06..2026-01-31", "unit", ("rate", 2000), "", {number: wanted[number] for number in list(wanted)[1:]}, note)
    same(check(short).returncode, 0, "one that left a case out beforehand agrees with itself")
    done = check(short, "--population")
    ok(done.returncode == 2 and b"not the cases" in done.stderr, "but not with the log", done.stderr)
    HERE["draw"] = data


def test_later():
    """What comes later changes neither the draw nor its check: it is as known at its head."""
    act("off", command(REOPEN, 2, text="it was not"), command(COMMENT, 3, text="later"))
    client = Client(HERE["daemon"], "office")
    need(client.publish(1, CITY.replace("南长", "新南长")).WhichOneof("result") == "receipt", "a new registry")
    client.close()
    advance((TODAY + 300) * DAY)
    same(drawn_of("--rate", 20, "--stratum", "unit").stdout, HERE["draw"], "the same draw a year later")
    same(check(HERE["draw"], "--population").returncode, 0, "and the same check")


def test_what_is_refused():
    """Heads that the key did not sign or that are of another log; plans that are none."""
    size, _ = signed_head()
    forged = keep(head(size, os.urandom(32)), "forged")
    done = drawn_of("--rate", 20, note=forged)
    ok(done.returncode == 2 and b"not the one that was signed" in done.stderr, "a head of another log", done.stderr)
    thief = keep(head(size, bytes(32), "thief"), "thief.head")
    same(drawn_of("--rate", 20, note=thief).returncode, 2, "a head that another key signed")
    for words in ((), ("--rate", "0"), ("--rate", "101"), ("--rate", "1.234"), ("--rate", "5", "--count", "3"), ("--count", "0"),
                  ("--count", "3", "--stratum", "moon"), ("--count", "3", "--seed", "x" * 201)):
        same(drawn_of(*words).returncode, 64, f"not a plan: {' '.join(words)[:40]}")


main(test_draws, test_bounds, test_a_quarter, test_later, test_what_is_refused)

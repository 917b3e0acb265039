#!/usr/bin/python3
"""Score cards and times: recomputed here from the records of the log, by other code; as of a quarter's end the same bytes after a
further year; who may see them; what each point stands on."""
import collections
import datetime
import fractions
import json
import os
import random
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

DAY = 24 * HOUR
HERE = {}
PARENTS = {"city": None, "north": "city", "north-1": "north", "south": "city", "team-1": "city", "team-2": "city"}
COMPONENTS = {  # of policy/municipal.yaml: weight, expected, good, bad
    "on_time": (40, 90, {"kept"}, {"missed"}), "rework": (20, 90, {"passed"}, {"failed"}), "bounce": (10, 95, {"signed"}, {"bounced"}),
    "look_back": (20, 95, {"consolidated"}, {"relapsed"}), "recurrence": (10, 90, {"fresh"}, {"repeated"})}
EXTRAS = {"ordered": (-1, 10), "held_to_account": (-5, 20)}
Mark = collections.namedtuple("Mark", "what case event index day unit")


def rectify(*words, actor="auditor"):
    return subprocess.run([BUILD / "rectify", "--as", actor, "--utc", "--en", "--endpoint", HERE["daemon"].endpoint, *map(str, words)],
                          capture_output=True, text=True, timeout=PATIENCE, check=False, env=dict(os.environ, HOME="/nonexistent"))


def lines(*words, actor="auditor"):
    done = rectify(*words, "--json", actor=actor)
    need(done.returncode == 0, f"{words}: {done.stdout[-300:]}{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


# ---- work ---------------------------------------------------------------------------------------------------------

def tries(client, *commands):
    """Refusals are part of the game."""
    for outcome in client.act(*commands):
        need(outcome.WhichOneof("result") in ("receipt", "refusal") or outcome.error.code not in (INTERNAL, UNAVAILABLE), outcome)


def step(clients, dice, case):
    """Something that somebody does with the case; what is not possible now is refused."""
    files = [dice.randbytes(32).hex().encode() for _ in range(3)]
    unit = HERE["unit_of"].get(case, "south")
    handler, principal = f"h-{unit}", "p-south" if unit == "south" else "p-north"
    kind = dice.randrange(10)
    if kind < 2:
        tries(clients[handler], command(SIGN_FOR, case))
    elif kind == 2:
        tries(clients[handler], command(BOUNCE, case, text="not ours"))
        tries(clients["off"], command(ADJUDICATE, case, text="it is", **({"unit": "south"} if dice.random() < 0.3 else {})))
    elif kind < 5:
        proof = [clients[handler].piece(1, files[n], n) for n in (0, 1)]
        plan = clients[handler].piece(3, files[2])
        tries(clients[handler], command(SIGN_FOR, case), command(ORDER_SIGN, case), command(PLAN_SUBMIT, case, measures=1, evidence=[plan]))
        tries(clients["off"], command(TALK, case, text="talked"), command(PLAN_APPROVE, case))
        tries(clients[principal], command(ENDORSE, case))
        tries(clients[handler], command(REQUEST_CLOSURE, case, evidence=proof[:1]), command(REQUEST_CLOSURE, case, evidence=proof))
    elif kind < 7:
        what = VERIFY_PASS if dice.random() < 0.7 else VERIFY_FAIL
        tries(clients[dice.choice(["verifier", "off"])], command(what, case, text="looked at it"))
    elif kind < 9:
        what = dice.choice([LOOK_BACK_PASS, LOOK_BACK_PASS, LOOK_BACK_RELAPSE, REOPEN, COMMENT, COMMENT, COMMENT, COMMENT])
        tries(clients["off"], command(what, case, text="looked again"))
    else:
        tries(clients[handler], command(EXTENSION_ASK, case, days=10, text="the supplier is late"))
        tries(clients["off"], command(EXTENSION_GRANT, case))


def work(dice, days, each):
    """So many days of it."""
    clients = {actor: Client(HERE["daemon"], actor) for actor in
               ("off", "verifier", "p-north", "p-south", "h-north", "h-north-1", "h-south", "insp-1")}
    for _ in range(days):
        HERE["day"] += 3
        clients["off"].advance(HERE["day"] * DAY + 2 * HOUR)
        for _ in range(dice.randrange(3)):
            unit = dice.choice(["north", "north-1", "south", "south", "nowhere"])
            outcome, = clients["insp-1"].submit(finding(unit=unit, kind=3, severity=dice.choice([1, 2]), code=f"7.{dice.randrange(9)}", category="exits"))
            need(outcome.WhichOneof("result") == "receipt", outcome)
            HERE["cases"] = outcome.receipt.case_no
            HERE["unit_of"][HERE["cases"]] = unit if unit != "nowhere" else "south"
        for _ in range(each):
            step(clients, dice, dice.randint(max(1, HERE["cases"] - 12), HERE["cases"]))
    for client in clients.values():
        client.close()


# ---- the same from the records ------------------------------------------------------------------------------------

def local_day(instant):
    return datetime.date(1970, 1, 1) + datetime.timedelta(days=(instant + 8 * HOUR) // DAY)


def records(size, as_of):
    """case -> its events, as far as the log of that size knew and what had taken effect by then; refusals left out."""
    client, found = Client(HERE["daemon"], "auditor"), collections.defaultdict(list)
    for page in client.pages(log=pb.LogQuery()):
        for row in page.events:
            event = pb.Event.FromString(row.record)
            if event.case_no > 0 and row.log_index < size and event.effective <= as_of:
                found[event.case_no].append((row.log_index, event))
    client.close()
    return {case: [(index, event) for index, event in rows if event.rule >= 600 and event.rule not in (620, 621)] for case, rows in found.items()}


def promises(rows, as_of):
    """Of each limit of the clock `rectify` (4): (met, date's last day, event, index, unit), where it came to something."""
    told, unit, clock, outcome = [], 0, None, {}
    for index, event in rows:
        if clock and clock.state == 1 and clock.due <= event.effective and clock.generation not in outcome:
            outcome[clock.generation] = (False, local_day(clock.due - 1), event.version, index, unit)
        if event.rule == 610 and clock and clock.generation not in outcome:
            outcome[clock.generation] = (True, local_day(clock.due - 1), event.version, index, unit)
        for changed in event.clocks:
            if changed.kind == 4:
                clock = None if changed.state == 3 else changed
        if event.status in (7, 8, 9, 10):
            clock = None if not any(c.kind == 4 and c.state != 3 for c in event.clocks) else clock
        if clock and clock.due > event.effective and clock.generation in outcome and not outcome[clock.generation][0]:
            del outcome[clock.generation]
        unit = event.unit or unit
    if clock and clock.state == 1 and clock.due <= as_of and clock.generation not in outcome:
        outcome[clock.generation] = (False, local_day(clock.due - 1), rows[-1][1].version, rows[-1][0], unit)
    told.extend(outcome.values())
    return told


def marks(size, as_of, units):
    """Everything that counts, as the manual page says it."""
    simple = {603: "signed", 610: "passed", 611: "failed", 622: "consolidated", 623: "relapsed", 624: "reopened"}
    found = set()
    for case, rows in records(size, as_of).items():
        unit, placed, again = 0, False, rows[0][1].finding.same_problem > 0
        own = rows[0][1].origin in (0, 1)
        for index, event in rows:
            put = lambda what, whose, e=event, i=index: found.add(Mark(what, case, e.version, i, str(local_day(e.effective)), units[whose]))
            after = event.unit or unit
            if after and own and not placed:
                placed = True
                put("repeated" if again else "fresh", after)
            if event.rule in simple:
                put(simple[event.rule], unit)
            if event.rule == 605 and after == unit:
                put("bounced", unit)
            if event.rule == 637 and event.form not in (0, 1):
                put("held_to_account", unit)
            if event.order_serial:
                put("ordered", after)
            unit = after
        for met, day, version, index, whose in promises(rows, as_of):
            found.add(Mark("kept" if met else "missed", case, version, index, str(day), units[whose]))
    return found


def within(unit, top):
    while unit is not None and unit != top:
        unit = PARENTS[unit]
    return unit == top


def points_of(weight, expected, good, bad):
    exact = fractions.Fraction(weight * 100) * (good + fractions.Fraction(10 * expected, 100)) / (10 + good + bad)
    return int(exact + fractions.Fraction(1, 2))


def card(all_marks, top, first, last):
    count = collections.Counter(mark.what for mark in all_marks if within(mark.unit, top) and first <= mark.day <= last)
    row, total = {"unit": top}, 0
    for name, (weight, expected, well, badly) in COMPONENTS.items():
        good, bad = sum(count[what] for what in well), sum(count[what] for what in badly)
        row[name], row[f"{name}_good"], row[f"{name}_bad"] = points_of(weight, expected, good, bad), good, bad
        total += row[name]
    for name, (each, most) in EXTRAS.items():
        row[name] = 100 * max(each * count[name], -most)
        total += row[name]
    row["points"] = max(0, total)
    row["grade"] = "advanced" if total >= 9000 else "ordinary" if total >= 7500 else "behind"
    if count["held_to_account"] >= 2:
        row["grade"] = "behind"
    return row, sum(count.values())


def hundredths(number):
    return round(float(number) * 100)


def compare(seen, wanted, what):
    """The rows of `grade` against those of this file."""
    plain = []
    for row in seen:
        plain.append({key: hundredths(value) if key in COMPONENTS or key in EXTRAS or key == "points" else value
                      for key, value in row.items() if key in wanted[0]})
    same(sorted(plain, key=lambda row: row["unit"]), sorted(wanted, key=lambda row: row["unit"]), what)


def cards(all_marks, first, last):
    made = [card(all_marks, unit, first, last) for unit in PARENTS]
    return [row for row, counted in made if counted > 0 or row["unit"] == "city"]


# ---- tests --------------------------------------------------------------------------------------------------------

def test_work():
    """Half a year, by a seed."""
    HERE["daemon"], HERE["day"], HERE["cases"], HERE["unit_of"] = city(), TODAY, 0, {1: "north"}
    dice = random.Random(int(os.environ.get("RECTIFY_SEED", "7")))
    clients = Client(HERE["daemon"], "insp-1")
    clients.submit(finding(unit="north", kind=3, severity=1, code="7.1", category="exits"))
    clients.close()
    HERE["cases"] = 1
    work(dice, 60, 8)
    client = Client(HERE["daemon"], "auditor")
    HERE["units"] = {row.id: row.code.decode() for page in client.pages(units=pb.UnitQuery()) for row in page.units}
    client.close()
    HERE["size"] = int(HERE["daemon"].sql("SELECT size FROM rectify.head"))
    HERE["last"] = int(HERE["daemon"].sql("SELECT (extract(epoch FROM recorded) * 1000000)::bigint FROM rectify.event ORDER BY log_index DESC LIMIT 1"))
    HERE["marks"] = marks(HERE["size"], HERE["last"], HERE["units"])
    seen = {mark.what for mark in HERE["marks"]}
    wanted = {"kept", "missed", "signed", "bounced", "passed", "failed", "fresh", "repeated", "ordered"}
    ok(wanted <= seen, f"{HERE['cases']} cases, {len(HERE['marks'])} things that count, of each kind", seen)


def test_cards():
    for period, first, last in (("2026", "2026-01-01", "2026-12-31"), ("2026Q1", "2026-01-01", "2026-03-31"),
                                ("2026-03", "2026-03-01", "2026-03-31"), ("2026-02-10..2026-05-20", "2026-02-10", "2026-05-20")):
        compare(lines("grade", "--period", period), cards(HERE["marks"], first, last), f"the cards of {period}")


def test_why():
    """Each row is an event; the columns add up."""
    for unit in ("city", "north", "north-1", "south"):
        rows = lines("grade", unit, "--period", "2026Q1", "--why")
        row, = [row for row in lines("grade", unit, "--period", "2026Q1") if row["unit"] == unit]
        for name, (weight, *_rest) in COMPONENTS.items():
            mine = [one for one in rows if one["component"] == name]
            gave, took = sum(hundredths(one["gave"]) for one in mine), sum(hundredths(one["took"]) for one in mine)
            ok((gave, gave + took) == (hundredths(row[name]), 100 * weight), f"{unit}, {name}: what was given and taken adds up", gave, took, row)
        extras = sum(hundredths(one["gave"]) - hundredths(one["took"]) for one in rows if one["component"] == "")
        same(extras, sum(hundredths(row[name]) for name in EXTRAS), f"{unit}: and so do the extras")
        told = {Mark(one["what"], int(one["case"][2:]), one["event"], one["log_index"], one["day"], one["unit"]) for one in rows if one["case"]}
        counted = set().union(*(well | badly for _, _, well, badly in COMPONENTS.values()), EXTRAS)
        wanted = {mark for mark in HERE["marks"] if within(mark.unit, unit) and "2026-01-01" <= mark.day <= "2026-03-31" and mark.what in counted}
        ok(told == wanted, f"{unit}: every event that counts, and no other", told ^ wanted)
    event = max(told, key=lambda mark: mark.index)
    history = {row["event"]: row for row in lines("history", event.case)}
    ok(history[event.event]["log_index"] == event.index, "an event stands in the history where the card says", event)


def test_who_may():
    """A head sees the own unit's card, which is the one that the office sees; nobody sees another's."""
    whole = {row["unit"]: row for row in lines("grade", "--period", "2026Q1")}
    for actor, unit in (("p-north", "north"), ("h-north-1", "north-1"), ("off", "city")):
        rows = lines("grade", unit, "--period", "2026Q1", actor=actor)
        ok(all(whole[row["unit"]] == row for row in rows) and rows[0]["unit"] == unit, f"{actor} sees {unit} as everybody does", rows)
    for actor, words in (("p-north", ()), ("p-north", ("south",)), ("h-north-1", ("north",)), ("insp-1", ("north",))):
        done = rectify("grade", *words, "--period", "2026Q1", actor=actor)
        ok(done.returncode != 0 and done.stdout == "" and "who may read all cases of that unit" in done.stderr, f"{actor} does not see {words}", done)


def test_bad_input():
    for words, said in ((("grade",), "--period is needed"), (("grade", "--period", "2026Q5"), "2026Q5"), (("grade", "--period", "2026-13"), "2026-13"),
                        (("grade", "nowhere", "--period", "2026"), "no unit 'nowhere'"), (("times", "--period", "2026", "--by", "trakc"), "track"),
                        (("grade", "--period", "2026-05-01..2026-04-01"), "wants")):
        done = rectify(*words)
        ok(done.returncode != 0 and done.stdout == "" and said in done.stderr, f"{' '.join(words)}: {said}", done.stderr)


# ---- times --------------------------------------------------------------------------------------------------------

def working_days():
    """The calendar's file, read by this file."""
    text, off = (ROOT / "policy" / "calendar" / "cn.yaml").read_text(), {}
    for row in re.finditer(r"\{(?:date: (\S+)|from: (\S+), until: (\S+)), kind: (holiday|make_up)", text):
        first = datetime.date.fromisoformat(row[1] or row[2])
        for n in range((datetime.date.fromisoformat(row[1] or row[3]) - first).days + 1):
            off[first + datetime.timedelta(days=n)] = row[4] == "holiday"
    return lambda day: not off.get(day, day.weekday() >= 5)


def stages(rows, works):
    """Working days by status: a day belongs to the status in which it began."""
    days, status, since = collections.Counter(), None, None
    for _, event in rows:
        day = local_day(event.effective - 1)
        while since is not None and since < day:
            since += datetime.timedelta(days=1)
            days[status] += works(since)
        since, status = day if since is None else max(since, day), event.status or status
    return days, status


def nearest_rank(values, percent):
    return sorted(values)[max(0, -(-percent * len(values) // 100) - 1)]


def test_times():
    """Of the cases that are closed: the days in each status, by this file's calendar; opened again, those since count too."""
    works, found = working_days(), collections.defaultdict(list)
    names = {1: "unrouted", 2: "dispatched", 3: "bounced", 4: "rectifying", 5: "verifying", 6: "staged"}
    for rows in records(HERE["size"], HERE["last"]).values():
        days, status = stages(rows, works)
        if status not in (7, 8):
            continue
        for number, name in names.items():
            if days[number] > 0:
                found[name].append(days[number])
    wanted = [{"stage": name, "cases": len(v), "p50": nearest_rank(v, 50), "p90": nearest_rank(v, 90), "p99": nearest_rank(v, 99), "max": max(v),
               "sum": sum(v)} for name, v in found.items()]
    seen = lines("times", "--period", "2026", "--by", "stage")
    same(sorted(seen, key=lambda row: row["stage"]), sorted(wanted, key=lambda row: row["stage"]), "by stage, as this file counts")
    need(len(found["rectifying"]) > 5, found)
    sums = {by: sum(row["sum"] for row in lines("times", "--period", "2026", "--by", by)) for by in ("track", "unit", "stage", "holder")}
    ok(len(set(sums.values())) == 1 and sums["track"] > 0, "each working day once, however they are sorted", sums)


# ---- the past -----------------------------------------------------------------------------------------------------

def views(*more):
    told = {}
    for words in (("grade", "--period", "2026Q1"), ("grade", "--period", "2026Q1", "--csv", "--zh"), ("grade", "north", "--period", "2026Q1", "--why"),
                  ("times", "--period", "2026Q1", "--by", "unit"), ("times", "--period", "2026Q1", "--by", "holder", "--json")):
        done = rectify(*words, *more)
        need(done.returncode == 0, f"{words} {more}: {done.stdout[-300:]}{done.stderr}")
        told[words] = done.stdout, done.stderr
    return told


def test_same_bytes_a_year_later():
    """As of the quarter's end, with another policy, other units and another year of events behind it."""
    at = "2026-03-31"
    before, by_then = views("--as-of", at), datetime.datetime(2026, 3, 31, 23, 59, 59, 999999)
    instant = int((by_then - datetime.datetime(1970, 1, 1)).total_seconds()) * 1_000_000 + 999_999
    size = int(HERE["daemon"].sql(f"SELECT count(*) FROM rectify.event WHERE recorded <= '{by_then}+00'"))
    compare(lines("grade", "--period", "2026Q1", "--as-of", at), cards(marks(size, instant, HERE["units"]), "2026-01-01", "2026-03-31"),
            "as of the quarter's end, as this file counts")
    client = Client(HERE["daemon"], "office")
    policy = (ROOT / "policy" / "municipal.yaml").read_text().replace("on_time: {weight: 40, expected: 90}", "on_time: {weight: 40, expected: 10}")
    need(client.publish(2, policy, "municipal.yaml").WhichOneof("result") == "receipt", "a new policy")
    moved = CITY.replace("name: 北一, parent: north}", "name: 新北一, parent: south}").replace("name: 南,", "name: 新南,")
    need(client.publish(1, moved).WhichOneof("result") == "receipt", "a new registry")
    client.advance((TODAY + 365) * DAY)
    client.close()
    same(views("--as-of", at), before, "a year later the same bytes")
    ok(rectify("grade", "--period", "2026Q1").stdout != before[("grade", "--period", "2026Q1")][0], "today's are others")


def test_no_grading():
    client = Client(HERE["daemon"], "office")
    need(client.publish(2, (ROOT / "policy" / "minimal.yaml").read_text(), "minimal.yaml").WhichOneof("result") == "receipt", "a policy without it")
    client.close()
    done = rectify("grade", "--period", "2026")
    ok(done.returncode != 0 and "grades nobody" in done.stderr, "a policy that grades nobody says so", done)
    need(HERE["daemon"].doctor().returncode == 0, "the doctor has nothing to say")


main(test_work, test_cards, test_why, test_who_may, test_bad_input, test_times, test_same_bytes_a_year_later, test_no_grading)

#!/usr/bin/python3
"""What must come of a CSV file of findings that nobody ever acts on, worked out without a line of the project's C.

Reads the CSV, the policy and the calendar (YAML) and says for each finding: first track, recurrences, due dates, and
after all clocks have run until an instant: track, light and the number of rungs fired.  The rules are those of
include/rectify/policy.h and docs/DESIGN.md:

  - the day of the event is not counted, a limit in working days ends with its last day in the unit's zone;
  - a rung before the due date fires that day at remind_at local time, at or after it at the end of its day;
  - `every` repeats the last rung for ever at that distance;
  - earlier findings of the same (unit, code) within the window, the same day included, take the recurrence edge at once;
  - a rung never makes a light milder (docs/policy.md);
  - a rung with `move` takes the edge of the case's track; the limits of the new track count from that rung's instant;
  - the plan's clock starts with the first track that has a limit for it, and goes on through the others;
  - a case that enters `accountability` brings a proposal, and the body's clock starts;
  - the finding that has just so many earlier ones of its kind (unit above, category) as the policy says brings a case for
    the unit above, numbered right behind its own.

usage: expect.py FINDINGS.csv UNTIL     prints a summary; UNTIL like 2013-06-30T12:00:00+00:00
"""
import bisect
import csv
import datetime
import heapq
import sys
import zoneinfo
from collections import Counter, defaultdict, namedtuple
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
POLICY = ROOT / "policy" / "municipal.yaml"
CALENDAR = ROOT / "policy" / "calendar" / "us-federal.yaml"
ZONE = zoneinfo.ZoneInfo("America/Chicago")
TOP_UNIT = "minneapolis"
NOON = datetime.time(12, 0, tzinfo=datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
LIGHTS = ["green", "yellow", "red"]
CLOCKS = ["sign_for", "plan", "rectify", "adjudicate", "decision"]  # in the order of clock.def: of two rungs of one instant the first fires first

Rung = namedtuple("Rung", "at every light move")
Finding = namedtuple("Finding", "inspection unit kind severity category code found_on text")
Outcome = namedtuple("Outcome", "first_track first_due track light rungs")  # rungs: (clock, instant) of each that fired


# ---- the calendar -----------------------------------------------------------------------------------------------

class Calendar:
    """Working days of the years 2005 to 2029 as one sorted list."""

    def __init__(self, path):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        rests = {WEEKDAYS.index(name) for name in document["rest"]}
        special = {}
        for row in document["days"]:
            day, last = row.get("from", row.get("date")), row.get("until", row.get("date"))
            while day <= last:
                special[day] = row["kind"]
                day += DAY
        self.days, day = [], datetime.date(2005, 1, 1)
        while day < datetime.date(2030, 1, 1):
            kind = special.get(day)
            if kind == "make_up" or (kind is None and day.weekday() not in rests):
                self.days.append(day)
            day += DAY

    def add(self, day, count):
        """The count-th working day after `day`, or before it; `day` itself for 0."""
        if count > 0:
            return self.days[bisect.bisect_right(self.days, day) + count - 1]
        if count < 0:
            return self.days[bisect.bisect_left(self.days, day) + count]
        return day


def local(day, minutes=0):
    """`minutes` after local midnight of `day`, as an instant."""
    moment = datetime.time(minutes // 60, minutes % 60)
    return datetime.datetime.combine(day, moment, tzinfo=ZONE).astimezone(datetime.timezone.utc)


# ---- the policy -------------------------------------------------------------------------------------------------

def working_days(text):
    text = str(text)
    assert text.endswith("wd"), f"only working days are known here, not {text}"
    return int(text[:-2])


class Policy:
    def __init__(self, path):
        self.document = yaml.safe_load(path.read_text(encoding="utf-8"))
        hours, minutes = str(self.document["remind_at"]).split(":")
        self.remind_minutes = int(hours) * 60 + int(minutes)
        recurrence = self.document["recurrence"]
        self.window = datetime.timedelta(days=int(recurrence["same_problem"].rstrip("d")))
        self.kind_window = datetime.timedelta(days=int(recurrence["same_kind"].rstrip("d")))
        self.kind_min, self.kind_track = int(recurrence["same_kind_min"]), recurrence["same_kind_track"]
        self.recurrence_edge = recurrence["edge"]
        self.ladders = {name: [self.rung(row) for row in rows] for name, rows in self.document["ladders"].items()}

    @staticmethod
    def rung(row):
        every = working_days(row["every"]) if "every" in row else 0
        return Rung(working_days(row["at"]), every, row.get("light"), row.get("move"))

    def route(self, kind, severity):
        for row in self.document["routes"]:
            assert set(row) <= {"kind", "severity", "track"}, f"a condition that is not known here: {row}"
            if kind in row.get("kind", [kind]) and severity in row.get("severity", [severity]):
                return row["track"]
        raise ValueError(f"no route for {kind}, {severity}")

    def edge(self, track, edge):
        return self.document["tracks"][track].get("edges", {}).get(edge)

    def limit(self, track, clock):
        return working_days(self.document["tracks"][track]["limits"][clock])

    def has(self, track, clock):
        return clock in self.document["tracks"][track]["limits"]

    def ladder(self, track, clock):
        return self.ladders[self.document["tracks"][track]["ladders"][clock]]


# ---- the clocks of one case -------------------------------------------------------------------------------------

class Clock:
    def __init__(self, world, start, limit, ladder):
        calendar, _ = world
        self.due_day = calendar.add(start.astimezone(ZONE).date(), limit)
        self.ladder, self.fired = ladder, 0

    def next(self, world):
        """The next rung and when it fires."""
        calendar, policy = world
        index = min(self.fired, len(self.ladder) - 1)
        rung = self.ladder[index]
        offset = rung.at + rung.every * (self.fired - index)
        day = calendar.add(self.due_day, offset)
        return rung, local(day, policy.remind_minutes) if offset < 0 else local(day + DAY)


def decision(world, start):
    """The clock of the body's decision on a proposal."""
    _, policy = world
    return Clock(world, start, policy.limit("accountability", "decision"), policy.ladder("accountability", "decision"))


def simulate(world, start, first_track, until):
    """Lets the clocks of a case that nobody touches run from `start` to `until`."""
    _, policy = world
    track, light, rungs = first_track, "green", []
    if track is None:
        unrouted = policy.document["unrouted"]
        clocks = {"adjudicate": Clock(world, start, working_days(unrouted["limit"]), policy.ladders[unrouted["ladder"]])}
    else:
        clocks = {name: Clock(world, start, policy.limit(track, name), policy.ladder(track, name))
                  for name in ("sign_for", "plan", "rectify") if policy.has(track, name)}
    if track == "accountability":
        clocks["decision"] = decision(world, start)
    first_due = local(clocks["rectify"].due_day + DAY) if track else None
    heap = [(clock.next(world)[1], CLOCKS.index(name)) for name, clock in clocks.items()]
    heapq.heapify(heap)
    while heap[0][0] <= until:
        when, number = heapq.heappop(heap)
        name = CLOCKS[number]
        clock = clocks[name]
        rung, at = clock.next(world)
        assert at == when
        clock.fired += 1
        rungs.append((name, when))
        light = max(light, rung.light or light, key=LIGHTS.index)
        target = policy.edge(track, rung.move) if rung.move else None
        if target:
            track = target
            clock = clocks[name] = Clock(world, when, policy.limit(track, name), policy.ladder(track, name))
        fresh = {}
        if target and policy.has(target, "plan") and "plan" not in clocks:
            fresh["plan"] = Clock(world, when, policy.limit(target, "plan"), policy.ladder(target, "plan"))
        if target == "accountability" and "decision" not in clocks:
            fresh["decision"] = decision(world, when)
        clocks.update(fresh)
        for other, begun in fresh.items():
            heapq.heappush(heap, (begun.next(world)[1], CLOCKS.index(other)))
        heapq.heappush(heap, (clock.next(world)[1], number))
    return Outcome(first_track, first_due, track, light, rungs)


# ---- the findings -----------------------------------------------------------------------------------------------

KINDS = {"Yes": "prominent", "No": "incipient"}
SEVERITIES = {"1": "major", "2": "ordinary", "3": "minor"}


def finding(row):
    """A row of read() in the words that mapping.yaml gives it."""
    return Finding(row["inspection_id"], row["unit_code"], KINDS.get(row["critical"], "poor_execution"),
                   SEVERITIES.get(row["risk_level"], "ordinary"), row["inspection_kind"], row["code_section"],
                   datetime.date.fromisoformat(row["date"]), row["text"])


def read(path):
    """The header, the rows as dictionaries by date, those of one day in the order of the file, and the unit codes.

    A row without unit_code gets its unit_name for one: as found, and unknown to the registry."""
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    codes = {row["unit_code"] for row in rows} - {""}
    for number, row in enumerate(rows):
        row["number"] = number
        row["unit_code"] = row["unit_code"] or row["unit_name"]
    rows.sort(key=lambda row: row["date"])
    return reader.fieldnames, rows, codes


def recurrences(findings, window, key):
    """For each finding, in order, how many earlier ones have the same key and lie within the window before it."""
    earlier, counts = defaultdict(list), []
    for each in findings:
        name = key(each)
        days = earlier[name]
        counts.append(len(days) - bisect.bisect_left(days, each.found_on - window))
        days.append(each.found_on)
    return counts


def expect(findings, known_units, top_unit, until, policy_file=POLICY):
    """Of the findings in the order of their acceptance, at noon UTC of the day they were found on: earlier ones of the same
    problem, outcomes, and the outcome of the case that each brings behind its own, or None.  All units stand below top_unit."""
    world = Calendar(CALENDAR), Policy(policy_file)
    policy = world[1]
    same_problem = recurrences(findings, policy.window, lambda each: (each.unit, each.code))
    below = [each for each in findings if each.unit in known_units and each.unit != top_unit]
    same_kind = dict(zip(map(id, below), recurrences(below, policy.kind_window, lambda each: each.category)))
    known, outcomes, brought = {}, [], []
    for each, again in zip(findings, same_problem):
        track, rule = None, None
        if same_kind.get(id(each)) == policy.kind_min and each.category:
            rule = simulate(world, datetime.datetime.combine(each.found_on, NOON), policy.kind_track, until)
        brought.append(rule)
        if each.unit in known_units:
            track = policy.route(each.kind, each.severity)
            if again:
                track = policy.edge(track, policy.recurrence_edge) or track
        key = each.found_on, track
        if key not in known:
            known[key] = simulate(world, datetime.datetime.combine(each.found_on, NOON), track, until)
        outcomes.append(known[key])
    return same_problem, outcomes, brought


def main():
    _, rows, codes = read(sys.argv[1])
    findings = [finding(row) for row in rows]
    until = datetime.datetime.fromisoformat(sys.argv[2])
    same_problem, outcomes, brought = expect(findings, codes, TOP_UNIT, until)
    print("cases for the unit above", len(brought) - brought.count(None))
    print("findings", len(findings), "recurring", sum(1 for n in same_problem if n), "rungs", sum(len(each.rungs) for each in outcomes))
    for field in ("first_track", "track", "light"):
        print(field, dict(Counter(getattr(each, field) for each in outcomes)))


if __name__ == "__main__":
    main()

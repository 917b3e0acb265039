#!/usr/bin/python3
"""Checks the calendars of policy/calendar as data, without the program: form, order, citations, and what is known of
each from the law behind it.  Prints TAP.  Needs nothing but Python; run from anywhere."""
import datetime
import pathlib
import re
import sys

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "policy" / "calendar"
DAY = datetime.timedelta(days=1)
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
ROW = re.compile(
    r"  - \{(?:date: (?P<date>\S+)|from: (?P<from>\S+), until: (?P<until>\S+)), kind: (?P<kind>holiday|make_up), "
    r"name: (?P<name>\"[^\"]+\"|[^,\"}]+), notice: (?P<notice>[a-z0-9-]+)(?P<replaces>, replaces: true)?\}$"
)
NOTICE = re.compile(r"  ([a-z0-9-]+): (\"[^\"]+\"|[^\"]+)$")


class Row:
    def __init__(self, match):
        self.first = datetime.date.fromisoformat(match["date"] or match["from"])
        self.last = datetime.date.fromisoformat(match["date"] or match["until"])
        self.kind, self.notice = match["kind"], match["notice"]
        self.name = match["name"].strip('"')
        self.replaces = match["replaces"] is not None

    def days(self):
        return [self.first + DAY * i for i in range((self.last - self.first).days + 1)]


class Calendar:
    """Reads the one form in which the files are written; any other line is an error."""

    def __init__(self, path):
        self.fields, self.notices, self.rows, section = {}, {}, [], ""
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.match(r"\s*#|$", line):
                continue
            top = re.match(r"([a-z]+):(?: (.+))?$", line)
            notice, row = NOTICE.match(line), ROW.match(line)
            if top:
                section = top[1]
                self.fields[section] = (top[2] or "").strip('"')
            elif notice and section == "notices":
                self.notices[notice[1]] = notice[2].strip('"')
            elif row and section == "days":
                self.rows.append(Row(row))
            else:
                raise ValueError(f"{path.name}:{number}: not in the form of a calendar: {line}")
        self.rest = [WEEKDAYS.index(word) for word in re.findall(r"[a-z]+", self.fields["rest"])]
        self.published = [int(year) for year in re.findall(r"\d+", self.fields["published"])]
        self.days = {day: row for row in self.rows for day in row.days()}  # a later row replaces an earlier one

    def rests(self, day):
        return day.weekday() in self.rest


def problems_of_form(calendar, name):
    if calendar.fields["calendar"] != name:
        yield f"the calendar's name is not that of its file: {calendar.fields['calendar']}"
    if list(calendar.fields) != ["calendar", "title", "rest", "published", "notices", "days"]:
        yield f"keys are {list(calendar.fields)}"
    for key in set(row.notice for row in calendar.rows) ^ set(calendar.notices):
        yield f"notice {key} is cited but not listed, or listed but never cited"
    for text in list(calendar.notices.values()) + [row.name for row in calendar.rows]:
        if len(text.encode()) > 255:
            yield f"too long: {text}"


def problems_of_order(calendar):
    seen, last = set(), datetime.date.min
    for row in calendar.rows:
        if row.last < row.first:
            yield f"{row.first}: ends before it begins"
        if row.first < last or (row.first == last and not row.replaces):
            yield f"{row.first}: rows do not ascend"
        if row.replaces != (row.first in seen):
            yield f"{row.first}: given twice without 'replaces', or replaces nothing"
        seen.update(row.days())
        last = row.last


def problems_of_kind(calendar):
    for row in calendar.rows:
        for day in row.days():
            if row.kind == "make_up" and not calendar.rests(day):
                yield f"{day}: a make-up day that works anyway"
        if all(calendar.rests(day) for day in row.days()) and row.kind == "holiday" and not row.replaces:
            if row.first - DAY not in calendar.days and row.last + DAY not in calendar.days:
                yield f"{row.first}: a holiday that changes nothing"


# Days off by law per year: 11 by the State Council's order 644, 13 since its order 795 of 2024-11-10 took effect.  The
# notices only move days about: weekdays off less make-up days give the same number.  The emergency notice of 2020 gave
# two more: Friday 01-31, and the make-up Saturday 02-01 that it took back.
CN_FREE = {2019: 11, 2020: 13, 2021: 11, 2022: 11, 2023: 11, 2024: 11, 2025: 13, 2026: 13}


def problems_of_cn(calendar):
    for year, free in CN_FREE.items():
        days = {day: row for day, row in calendar.days.items() if row.notice[:5] == f"n{year}"}
        off = sum(row.kind == "holiday" and not calendar.rests(day) for day, row in days.items())
        made_up = sum(row.kind == "make_up" for row in days.values())
        if off - made_up != free:
            yield f"{year}: {off} weekdays off less {made_up} make-up days, not {free} days by law"
    in_2026 = [row.kind for day, row in calendar.days.items() if day.year == 2026]
    if (in_2026.count("holiday"), in_2026.count("make_up")) != (33, 6):
        yield f"2026: {in_2026.count('holiday')} days off and {in_2026.count('make_up')} make-up days, not 33 and 6"
    for key, text in calendar.notices.items():
        if not re.search(r"^国办发明电〔20\d\d〕\d+号 国务院办公厅关于.+的通知（20\d\d-\d\d-\d\d）$", text):
            yield f"notice {key} does not give number, title and date"
    for row in calendar.rows:
        issued = calendar.notices.get(row.notice, "")[-11:-1]
        if row.first.isoformat() <= issued:
            yield f"{row.first}: is announced by a notice of {issued}"


def nth(year, month, weekday, count):
    """The count-th weekday of a month; count 0 is the last one of the month before."""
    first = datetime.date(year, month, 1)
    return first + DAY * ((weekday - first.weekday()) % 7 + 7 * (count - 1))


def us_days_by_law(year):
    """5 U.S.C. 6103(a), moved off Saturdays by 6103(b)(1) and off Sundays by Executive Order 11582."""
    days = [datetime.date(year, 1, 1), datetime.date(year, 7, 4), datetime.date(year, 11, 11), datetime.date(year, 12, 25)]
    days += [nth(year, 1, 0, 3), nth(year, 2, 0, 3), nth(year, 6, 0, 0), nth(year, 9, 0, 1), nth(year, 10, 0, 2)]
    days += [nth(year, 11, 3, 4)] + ([datetime.date(year, 6, 19)] if year >= 2021 else [])
    return {day + DAY * {5: -1, 6: 1}.get(day.weekday(), 0) for day in days}


def problems_of_us(calendar):
    law = set().union(*(us_days_by_law(year) for year in range(2010, 2032)))
    law = {day for day in law if 2010 <= day.year <= 2030}
    for day in sorted(law - set(calendar.days)):
        yield f"{day}: a holiday by law is missing"
    for day in sorted(set(calendar.days) - law):
        if not calendar.days[day].notice.startswith("eo1"):  # not eo-11582, the rule of observance
            yield f"{day}: neither by law nor by Executive Order"
    for day in sorted(calendar.days):
        if calendar.rests(day):
            yield f"{day}: is not an observed day"
        if day in law and calendar.days[day].notice.startswith("eo1"):
            yield f"{day}: is a holiday by law, not by Executive Order"


def problems_of_weekdays(calendar):
    if calendar.rows or calendar.rest != [5, 6] or calendar.published != [1970, 2100]:
        yield "is more than Monday to Friday"


OF_FILE = {"cn": problems_of_cn, "us-federal": problems_of_us, "weekdays": problems_of_weekdays}


def main():
    tests, failed = [], 0
    for path in sorted(FOLDER.glob("*.yaml")):
        try:
            calendar = Calendar(path)
        except ValueError as error:
            tests.append((f"{path.stem}: is read", [str(error)]))
            continue
        tests.append((f"{path.stem}: form and citations", list(problems_of_form(calendar, path.stem))))
        tests.append((f"{path.stem}: order", list(problems_of_order(calendar))))
        tests.append((f"{path.stem}: kinds", list(problems_of_kind(calendar))))
        if path.stem in OF_FILE:
            tests.append((f"{path.stem}: what the law says", list(OF_FILE[path.stem](calendar))))
    missing = sorted(name for name in OF_FILE if not (FOLDER / f"{name}.yaml").exists())
    tests.append(("the calendars that ship are there", missing))
    print(f"1..{len(tests)}")
    for number, (title, problems) in enumerate(tests, 1):
        failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {number} - calendar {title}")
        for problem in problems:
            print(f"# {problem}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

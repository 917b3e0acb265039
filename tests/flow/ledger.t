#!/usr/bin/python3
"""What leaves the building: ledgers by each map, the three lists, the work ledger, circulars, printed orders; as CSV, JSON and
spreadsheets, which two other programs read back; and all of it the same a year later."""
import base64
import csv
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from datetime import date, datetime, timedelta

import openpyxl

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

DAY = 24 * HOUR
HERE = {}
MAPS = ("rectification", "problem", "responsibility", "measures", "audit", "discipline")
MANY = 5000
NASTY = ["=1+1", "+1", "-1+1", "@SUM(A1)", "\tleading tab", "a,\"quoted\", b", "first line\nsecond line\n\nfourth", "🔥 着火 👨‍👩‍👧 é",
         "'=already", "=HYPERLINK(\"http://x\",\"y\")", "ends with space ", " begins", "0012", "2026-03-09", "TRUE", "1e5", "&amp;<b>", "＝1+1", "＋1", "－1", "＠SUM(A1)", "\n=1+1", "'＝1"]
FORMULA = tuple("=+-@＝＋－＠\t\r\n")
PLAN = "通道全部畅通\n一、拆除杂物\n二、每周巡查, \"双签\""
MONTH_END = 31 + 28 + 31  # 2026-03-31, in days of the year


def run(*words, actor="auditor", code=0, zone=None):
    """`zone`: as somebody there, and not in UTC."""
    done = subprocess.run([BUILD / "rectify", "--as", actor, *(["--utc"] if zone is None else []), "--endpoint", HERE["daemon"].endpoint, *map(str, words)],
                          capture_output=True, timeout=PATIENCE, check=False, env=dict(os.environ, HOME="/nonexistent", LANG="C.UTF-8", TZ=zone or ""))
    done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
    need(code is None or done.returncode == code, f"{words}: {done.returncode}: {done.stdout[-500:]}{done.stderr}")
    return done


def objects(*words, actor="auditor"):
    return [json.loads(line) for line in run(*words, "--json", actor=actor).stdout.splitlines()]


def table(text):
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def client(actor):
    return Client(HERE["daemon"], actor)


def act(actor, *commands):
    here = client(actor)
    outcomes = here.act(*commands)
    here.close()
    need(all(outcome.WhichOneof("result") == "receipt" for outcome in outcomes), outcomes)
    return [outcome.receipt for outcome in outcomes]


def submit(*findings):
    here = client("insp-1")
    outcomes = here.submit(*findings)
    here.close()
    need(all(outcome.WhichOneof("result") == "receipt" for outcome in outcomes), outcomes[:3])
    return [outcome.receipt.case_no for outcome in outcomes]


def advance(days):
    here = client("off")
    need(here.advance((TODAY + days) * DAY + 6 * HOUR).WhichOneof("body") == "pong", "the clock stands")
    here.close()


def piece(name, measure=0, kind=1, actor="h-north"):
    here = client(actor)
    one = here.piece(kind, measure=measure, name=name)
    here.close()
    return one


def xlsx(path, *words, actor="auditor"):
    run(*words, "--xlsx", path, actor=actor)
    return path.read_bytes()


def plain(cell):
    """What a CSV cell says once a spreadsheet program has taken the apostrophe away that keeps it from being a formula."""
    return cell[1:] if cell[:1] == "'" and cell.lstrip("'")[:1] in FORMULA else cell


def defused(text):
    return "'" + text if text.lstrip("'")[:1] in FORMULA else text


def work():
    """A city of two months, with cases of all fates and texts of all kinds; one case goes its whole way."""
    HERE["daemon"] = city()
    submit(finding(unit="north", text="消防通道堆放杂物", inspection=b"2026-spring"), finding(unit="south", kind=3, text="苗头"), finding(unit="north-1"),
           finding(unit="nowhere"), finding(unit="south"))
    advance(1)
    act("h-north", command(SIGN_FOR, 1), command(PLAN_SUBMIT, 1, measures=2, text="老方案", evidence=[piece("旧.pdf", kind=3)]))
    act("off", command(PLAN_RETURN, 1, text="太粗"))
    act("h-north", command(PLAN_SUBMIT, 1, measures=2, text=PLAN, evidence=[piece("方案.pdf", kind=3)]))
    act("off", command(PLAN_APPROVE, 1), command(CO_UNIT, 3, unit="south"), command(COMMENT, 3, text="=cmd|' /C calc'!A0"))
    here = client("insp-2")
    need(here.act(command(COMMENT, 1, text="refused"))[0].WhichOneof("result") == "refusal", "whoever is not of the case is refused")
    here.close()
    act("h-north", command(PROGRESS, 1, text="第一周"))
    advance(8)
    act("h-north", command(PROGRESS, 1, text="完成一半"), command(ATTACH, 1, evidence=[piece("前.jpg", 1), piece("后.jpg", 2)]))
    act("h-south", command(BOUNCE, 5, text="不归我们管"))
    act("p-north", command(ENDORSE, 1))
    act("h-north", command(REQUEST_CLOSURE, 1, evidence=[piece("报告.pdf")]))
    advance(9)
    act("verifier", command(VERIFY_PASS, 1, text="到位"))
    act("off", command(COMMENT, 1, text="已公示"))
    advance(60)
    submit(*(finding(unit="north", text=text) for text in NASTY))


def test_a_city_at_work():
    """And many cases more."""
    HERE["top"] = place()
    work()
    for at in range(0, MANY, 500):
        submit(*(finding(unit=("north", "south", "north-1")[n % 3], text=f"问题 {n}") for n in range(at, at + 500)))
    HERE["cases"] = int(HERE["daemon"].sql("SELECT cases FROM rectify.head"))
    ok(HERE["cases"] > MANY + len(NASTY) + 5, "there are cases")


def test_a_row_is_complete():
    """Each column of the rectification ledger, for a case that went its whole way."""
    row, = [row for row in objects("ledger", "--type", "rectification", "--inspection", "2026-spring")]
    wanted = {"row": 1, "case": "C-000001", "inspection": "2026-spring", "kind": "prominent", "text": "消防通道堆放杂物", "found_on": "2025-12-31",
              "type": "limit", "goal": "通道全部畅通", "measures": "一、拆除杂物\n二、每周巡查, \"双签\"", "unit_name": "北", "co_unit_names": "",
              "handler_name": "北办", "status": "closed_out", "progress": "完成一半", "light": "green",
              "evidence": "旧.pdf; 方案.pdf; 前.jpg; 后.jpg; 报告.pdf", "closed": "yes", "closed_on": "2026-01-14", "verified_by_name": "核查",
              "look_back": "", "remark": "已公示"}
    same({name: row.get(name) for name in wanted}, wanted, "goal and measures, the last report, evidence, who verified and when, the last remark")
    co, = objects("ledger", "--limit", "1", "--unit", "north-1")
    same((co["co_units"], co["co_unit_names"], co["remark"], co["verified_by"], co["closed"], co["evidence_count"], co["measures_done"]),
         ("south", "南", "=cmd|' /C calc'!A0", "", "no", 0, ""), "co-units; and what is not there is empty")
    full, = objects("ledger", "--inspection", "2026-spring")
    same((full["measures_done"], full["evidence_count"], full["verified_on"], full["progressed_on"]), ("2 / 2", 5, "2026-01-14", "2026-01-13"), "figures and days")
    types = {row["case"]: row["type"] for row in objects("ledger", "--kind", "incipient")}
    ok(types and set(types.values()) == {"limit"}, "ten working days are a limit", types)
    own = HERE["top"] / "own.yaml"
    own.write_text("ledger: own\nof: cases\ntitle: {en: Own, zh: 自用}\nimmediate: 10wd\nlong: 30wd\ncolumns: [{source: case}, {source: type}, {source: kind}]\n")
    seen = {(row["kind"], row["type"]) for row in objects("ledger", "--map", own, "--limit", 3)}
    same(seen, {("prominent", "long"), ("incipient", "immediate")}, "a map says what is put right at once, and what takes long")


def test_csv():
    """Whatever people write comes back, and nothing of it is a formula."""
    rows = table(run("ledger", "--map", "problem", "--csv").stdout)
    same(rows[0][:2] + rows[0][7:8], ["No.", "Case", "Description"], "a map's headings")
    same(len(rows) - 1, HERE["cases"], "a row a case")
    texts = [row[7] for row in rows[1:]]
    missing = [text for text in NASTY if defused(text) not in texts]
    same(missing, [], "commas, quotes, line ends, emoji as they are; an apostrophe before what would be a formula")
    formulas = [cell for row in rows for cell in row if cell[:1] and cell[0] in FORMULA]
    same(formulas, [], "no cell begins like a formula")
    mark = run("ledger", "--map", "problem", "--csv", "--bom", "--limit", 1).stdout
    ok(mark.startswith("\ufeffNo.,") and not run("ledger", "--csv", "--limit", 1).stdout.startswith("\ufeff"), "a byte order mark where it is asked for", mark)
    ok(mark.endswith("\r\n"), "lines end as RFC 4180 says")
    chinese = table(run("ledger", "--type", "rectification", "--csv", "--zh", "--limit", 1).stdout)
    same((chinese[0][0], chinese[0][-1], chinese[1][7], chinese[1][18]), ("序号", "备注", "限期整改", "是"), "in Chinese: headings and words")
    dates = {name: table(run("ledger", "--map", name, "--csv", "--limit", 1, "--zh").stdout)[1] for name in ("audit", "discipline", "rectification")}
    ok("2026年1月14日" in dates["audit"] and "2026.1.14" in dates["discipline"] and "2026-01-14" in dates["rectification"], "dates as the office likes them", dates)
    by_case = {row["case"]: row for row in objects("ledger")}
    wrong = [row[1] for row in rows[1:] if plain(row[7]) != by_case[row[1]]["text"]]
    same(wrong, [], "JSON lines say the same of each case")


def read_by_office(*paths):
    """By path, the rows as LibreOffice reads them; nothing where it is not installed."""
    if shutil.which("soffice") is None:
        say("LibreOffice is not installed: it is left out")
        return {}
    done = subprocess.run(["soffice", f"-env:UserInstallation=file://{HERE['top']}/office", "--headless", "--convert-to",
                           "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false", "--outdir", HERE["top"], *paths],
                          capture_output=True, text=True, timeout=3 * PATIENCE, check=False)
    need(done.returncode == 0 and all(path.with_suffix(".csv").exists() for path in paths), done.stdout + done.stderr)
    return {path: table(path.with_suffix(".csv").read_text(encoding="utf-8")) for path in paths}


def read_by_openpyxl(path):
    sheet = openpyxl.load_workbook(path).active
    return sheet, [list(row) for row in sheet.iter_rows()]


def text_of(cell, dates):
    if isinstance(cell.value, datetime):
        return cell.value.strftime(dates)
    return "" if cell.value is None else str(cell.value)


def test_spreadsheets():
    """Two other programs read from them what the CSV says."""
    written = {}
    for name, dates, count in (("rectification", "%Y-%m-%d", MANY), ("audit", "%Y年%-m月%-d日", 400), ("work", "%Y-%m-%d", 400)):
        path = HERE["top"] / f"{name}.xlsx"
        words = ("ledger", "--map", name, "--zh", "--limit", count)
        xlsx(path, *words)
        ours = [[plain(cell) for cell in row] for row in table(run(*words, "--csv").stdout)]
        sheet, cells = read_by_openpyxl(path)
        theirs = [[text_of(cell, dates) for cell in row] for row in cells]
        ok(theirs[:-1] == ours, f"{name}: openpyxl reads {len(ours)} rows as our CSV has them",
           *[f"{a}\n{b}" for a, b in zip(theirs, ours) if a != b][:2], f"{len(theirs)} {len(ours)}")
        formulas = [cell.coordinate for row in cells for cell in row if cell.data_type == "f"]
        same(formulas, [], f"{name}: no cell is a formula")
        days = [cell for row in cells[1:-1] for cell in row if isinstance(cell.value, datetime)]
        numbers = [row[0].value for row in cells[1:-1]] if name != "audit" else [1]
        ok(len(days) > count * 0.9 and all(isinstance(number, int) for number in numbers), f"{name}: dates are dates, numbers are numbers", len(days))
        ok(sheet.freeze_panes == "A2" and sheet.print_title_rows in ("$1:$1", "1:1") and sheet.column_dimensions["A"].width > 3, f"{name}: the heading stays in view",
           sheet.freeze_panes, sheet.print_title_rows)
        size = HERE["daemon"].sql("SELECT size FROM rectify.head")
        ok(f"日志 {size} 条" in str(cells[-1][0].value), f"{name}: the last row names the head", cells[-1][0].value)
        written[path] = ours
    for path, rows in read_by_office(*written).items():
        ours = written[path]
        theirs = [row + [""] * (len(ours[0]) - len(row)) for row in rows[:-1]]
        if path.stem == "audit":  # LibreOffice has a Chinese date of its own
            ours = [[re.sub(r"^(\d+)年(\d+)月(\d+)日$", r"\1/\2/\3", cell) for cell in row] for row in ours]
        ok(theirs == ours, f"{path.stem}: LibreOffice reads {len(ours)} rows as our CSV has them",
           *[f"{a}\n{b}" for a, b in zip(theirs, ours) if a != b][:2], f"{len(theirs)} {len(ours)}")


def test_the_same_file():
    """The same head of the log gives the same bytes; what cannot be written leaves nothing behind."""
    first = xlsx(HERE["top"] / "a.xlsx", "ledger")
    second = xlsx(HERE["top"] / "b.xlsx", "ledger")
    same(hashlib.sha256(first).hexdigest(), hashlib.sha256(second).hexdigest(), "twice the same spreadsheet, byte for byte")
    head = int(HERE["daemon"].sql("SELECT extract(epoch FROM recorded) FROM rectify.event ORDER BY log_index DESC LIMIT 1").split(".")[0])
    core = zipfile.ZipFile(io.BytesIO(first)).read("docProps/core.xml").decode()
    ok(datetime.utcfromtimestamp(head).strftime("%Y-%m-%dT%H:%M:%SZ") in core, "it was made when the last event was recorded", core)
    same(run("ledger", "--csv").stdout, run("ledger", "--csv").stdout, "and twice the same CSV")
    for words, why in ((("--xlsx", HERE["top"] / "none" / "x.xlsx"), "cannot write"), (("--xlsx", HERE["top"] / "x.xlsx", "--json"), "does not go with"),
                       (("--xlsx", HERE["top"] / "x.xlsx", "--by-due"), "--by-due"), (("--xlsx", HERE["top"] / "x.xlsx", "--known-at", 10 ** 9), "fewer events"),
                       (("--bom",), "--csv")):
        done = run("ledger", *words, code=None)
        ok(done.returncode != 0 and why in done.stderr, f"{' '.join(map(str, words[:1]))}: {why}", done.stderr)
    same(sorted(path.name for path in HERE["top"].glob("x.xlsx*")), [], "no file and no part of one was left")
    kept = (HERE["top"] / "a.xlsx").read_bytes()
    run("ledger", "--xlsx", HERE["top"] / "a.xlsx", "--known-at", 10 ** 9, code=None)
    ok((HERE["top"] / "a.xlsx").read_bytes() == kept, "and the old one stays when the new one fails")


def test_maps():
    """A wrong map is told with the place, all errors at once, and nothing is printed."""
    path = HERE["top"] / "bad.yaml"
    good = "ledger: x\nof: cases\ntitle: {en: X, zh: 某}\ncolumns:\n  - {source: case}\n"
    for text, place_of, why in (
            (good.replace("source: case", "source: cas"), "5:14", "did you mean 'case'?"),
            (good + "  - {source: case}\n", "6:14", "there already"),
            (good.replace("source: case", "source: who"), "5:14", "'who' is no column of a ledger of cases"),
            (good.replace("of: cases", "of: steps").replace("source: case", "source: due"), "5:14", "of a ledger of steps"),
            (good.replace("of: cases", "of: casses"), "2:5", "did you mean 'cases'?"),
            (good.replace("title: {en: X, zh: 某}\n", ""), "1:1", "title"), (good.replace("{en: X, zh: 某}", "{en: X}"), "3:8", "zh"),
            (good.replace("source: case", "source: case, width: 0"), "5:27", "from 1 to 255"),
            (good + "long: 3wd\nimmediate: 5wd\n", "6:7", "more than 'immediate'"), (good + "colums: 1\n", "6:1", "columns"),
            (good + "dates: roman\n", "6:8", "roman"), (good.replace("  - {source: case}", "  []"), "5:3", "at least one"), ("a: [", "2:1", "closing bracket")):
        path.write_text(text)
        done = run("ledger", "--map", path, "--csv", code=78)
        ok(f"{path}:{place_of}" in done.stderr and why in done.stderr and done.stdout == "", f"{place_of}: {why}", done.stderr, text)
    path.write_text(good.replace("of: cases", "of: x").replace("source: case", "source: y, width: z"))
    same(run("ledger", "--map", path, code=78).stderr.count("error:"), 2, "all that can be told at once")
    path.write_text(re.search(r"```yaml\n(.*?)```", (ROOT / "docs" / "LEDGER.md").read_text(), re.S)[1])
    same(table(run("ledger", "--map", path, "--csv", "--zh", "--limit", 1).stdout),
         [["编号", "存在问题", "单位名称", "整改时限"], ["C-000001", "消防通道堆放杂物", "北", ""]], "the map of the manual works")
    for file in sorted((ROOT / "policy" / "ledger").glob("*.yaml")):
        same(run("ledger", "--map", file.stem, "--csv", "--limit", 1).stdout, run("ledger", "--map", file, "--csv", "--limit", 1).stdout,
             f"{file.stem} is built in as it stands in the folder")
    ok("there is no map 'auditt'" in run("ledger", "--map", "auditt", code=64).stderr, "no such map built in")
    ok("cannot read" in run("ledger", "--map", "./none.yaml", code=65).stderr, "no such file")
    for words, why in ((("ledger", "--type", "word"), "did you mean 'work'"), (("ledger", "--type", "work", "--light", "red"), "a ledger of steps knows"),
                       (("ledger", "--map", "audit", "--type", "work"), "one of them is enough"), (("ledger", "--from", "2026-01-01"), "--type work"), (("ledger", "--type", "work", "--from", "soon"), "wants a date"),
                       (("ledger", "--type", "work", "--from", "2026-02-01", "--until", "2026-01-01"), "before --from")):
        ok(why in run(*words, code=64).stderr, f"{' '.join(words)}: {why}")


def test_three_lists():
    """问题清单、责任清单、整改清单."""
    for kind, zh, en in (("problem", "问题描述", "Description"), ("responsibility", "当前责任人", "Who must act now"), ("rectification", "整改措施", "Measures")):
        heads = table(run("lists", "--type", kind, "--csv", "--limit", 1, "--zh").stdout)[0], table(run("lists", "--type", kind, "--csv", "--limit", 1).stdout)[0]
        ok(zh in heads[0] and en in heads[1], f"{kind}: its columns, in both languages", heads)
    same(run("lists", "--csv", "--limit", 3).stdout, run("ledger", "--map", "problem", "--csv", "--limit", 3).stdout, "a list is a ledger by its map")


def steps_by_histories():
    """(log index, case, actor, command) of what was done, from the log itself."""
    here = client("auditor")
    rows = [row for page in here.pages(log=pb.LogQuery()) for row in page.events]
    here.close()
    events = [(row.log_index, pb.Event.FromString(row.record), row.actor.decode()) for row in rows]
    return [(index, event, actor) for index, event, actor in events
            if event.case_no and event.rule >= 600 and event.rule not in (620, 621) and event.command not in (RELATE, REVIEW)]


def test_work_ledger():
    """A line a step: what the log has, in its order, none twice and none left out."""
    log = steps_by_histories()
    path = HERE["top"] / "steps.yaml"
    path.write_text("ledger: steps\nof: steps\ntitle: {en: S, zh: 步}\ncolumns: [" + ", ".join(f"{{source: {name}}}" for name in (
        "log_index", "date", "time", "case", "unit", "what", "who", "who_name", "on_behalf", "result", "note", "row", "unit_name")) + "]\n")
    seen = objects("ledger", "--map", path)
    same([(row["log_index"], int(row["case"][2:])) for row in seen], [(index, event.case_no) for index, event, _ in log], f"all {len(log)} steps of the log")
    need(len(log) > MANY, "there are enough steps for many pages")
    plan = [row for row in seen if row["what"] == "plan_submit"]
    same([(row["date"], row["case"], row["unit"], row["unit_name"], row["who"], row["who_name"], row["note"]) for row in plan],
         [("2026-01-06", "C-000001", "north", "北", "h-north", "北办", note) for note in ("老方案", PLAN)], "date, case, unit, what, who, with the words")
    same([row["note"] for row in seen if row["note"] == "refused"], [], "what was refused was not done")
    day = objects("ledger", "--map", path, "--from", "2026-01-13", "--until", "2026-01-13")
    at = [index for index, event, _ in log if (TODAY + 8) * DAY <= event.recorded < (TODAY + 9) * DAY]
    same([row["log_index"] for row in day], at, "those of one day")
    minute = objects("ledger", "--map", path, "--from", "2026-01-14T06:00Z", "--until", "2026-01-14T06:00:01Z")
    ok([row["what"] for row in minute][:2] == ["verify_pass", "comment"], "to the minute", minute)
    mine = objects("ledger", "--map", path, "--officer", "h-north")
    same([row["log_index"] for row in mine], [index for index, _, actor in log if actor == "h-north"], "those of one officer")
    own = objects("ledger", "--map", path, "--unit", "north", "--until", "2026-01-31")
    ok({row["unit"] for row in own} == {"north", "north-1"}, "those on the cases of a unit and what is below it", {row["unit"] for row in own})
    same(objects("ledger", "--map", path, "--unit", "none"), [], "of a unit that nobody knows: none")
    same(len(objects("ledger", "--map", path, "--limit", 3)), 3, "as many as were asked for")
    south = objects("ledger", "--map", path, actor="h-south")
    readable = {row["case"] for row in objects("cases", actor="h-south")}
    ok(south and {row["case"] for row in south} <= readable, "whoever may read a case sees its steps, and nobody else")
    zh = table(run("ledger", "--type", "work", "--csv", "--zh", "--limit", 2).stdout)
    same((zh[0][5], zh[1][5], zh[1][6]), ("工作事项", "提交问题", "组员一"), "in Chinese")


def test_circular():
    """The figures of January, reckoned again from the cases as of its end and from the log."""
    circular = {row["unit"]: row for row in objects("circular", "2026-01")}
    rows = objects("cases", "--as-of", "2026-01-31")
    unit_of = {row["case"]: row["unit"] if row["unit_name"] else "" for row in rows}
    here = client("auditor")
    there = {f"C-{row.case_no:06d}": row for page in here.pages(as_of=(TODAY + 27) * DAY - 8 * HOUR - 1, cases=pb.CaseQuery()) for row in page.cases}
    here.close()
    end = (TODAY + 27) * DAY - 8 * HOUR - 1  # of January, in the city
    wanted = {}
    for case, row in there.items():
        unit = wanted.setdefault(row.unit.decode(), dict.fromkeys(("new", "closed", "on_time", "open", "overdue", "red", "bounced", "relapsed", "orders"), 0))
        unit["new"] += 1
        unit["closed"] += row.status == 7
        unit["on_time"] += row.status == 7 and row.closed < row.first_due
        unit["open"] += row.status <= 6
        unit["overdue"] += row.status <= 6 and 0 < row.due <= end
        unit["red"] += row.status <= 6 and row.light == 3
    for _, event, _ in steps_by_histories():
        if event.recorded <= end:
            unit = wanted[there[f"C-{event.case_no:06d}"].unit.decode()]
            unit["bounced"] += event.command == BOUNCE
            unit["orders"] += event.order_serial != 0
    same({code: {name: row[name] for name in wanted[code]} for code, row in circular.items()}, wanted, "unit by unit")
    ok(sum(unit["overdue"] for unit in wanted.values()) > 0 and sum(unit["bounced"] for unit in wanted.values()) == 1, "and there is something to count", wanted)
    named = {case for row in circular.values() for case in row["overdue_cases"].split()}
    same(named, {case for case, row in there.items() if row.status <= 6 and 0 < row.due <= end}, "overdue cases by name")
    need(unit_of, "cases")
    text = run("circular", "2026-01", "--zh").stdout
    ok("整改情况通报（2026年01月）" in text and "合计" in text and "超期事项点名" in text and "截至 2026-01-31 23:59:59" in text, "on paper", text)
    page = run("circular", "2026-01", "--zh", "--html").stdout
    ok(page.startswith("<!DOCTYPE html>") and page.count("<table>") == page.count("</table>") == 2 and "截至" in page, "as a page to print", page[:300])
    now = objects("circular", "2026-03")
    same(sum(row["new"] for row in now), MANY + len(NASTY), "the present month, as of now")
    for words, why in ((("2026-13",), "a month is wanted"), (("march",), "a month is wanted"), (("2027-01",), "still to come"), ((), "missing"),
                       (("2026-01", "--html", "--json"), "does not go with")):
        done = run("circular", *words, code=64)
        ok(why in done.stderr or why == "missing", f"circular {' '.join(words)}: {why}", done.stderr)
    HERE["circular"] = run("circular", "2026-01").stdout


def code_of(size, root):
    text = f"rectify.test/log\n{size}\n".encode() + base64.b64encode(bytes.fromhex(root)) + b"\n"
    digest = hashlib.sha256(text).hexdigest()[:32]
    return f"{size}:" + "-".join(digest[i:i + 4] for i in range(0, 32, 4))


def test_printed_order():
    """As the case stood when it was issued, with a code that a verifier checks."""
    number, case_no, index = HERE["daemon"].sql("SELECT year || '-' || serial, case_no, log_index FROM rectify.supervision_order ORDER BY year, serial LIMIT 1").split("|")
    key = HERE["top"] / "log.key"
    public = subprocess.run([BUILD / "rectify", "key", "new", "--for", "log", "--name", "rectify.test/log", key], capture_output=True, text=True, check=True).stdout.strip()
    text = run("order", number, "--log", public).stdout
    row, = objects("ledger", "--known-at", int(index) + 1, "--limit", 5)[int(case_no) - 1:int(case_no)]
    lines = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    ok(lines["Order"] == number and lines["Case"] == f"C-{int(case_no):06d}" and f"event {index} of the log" in lines["On record"] and lines["By"], "number, case, event, date", text)
    ok(row is not None and row["order"] == number and lines["What is wrong"] == row["text"] and row["unit"] in lines["Unit"], "what and whose", row, text)
    rows = objects("history", case_no)
    ok("rectifyd" in lines["Issued by"] and rows, "by the ladder, not by a person", text)
    size = int(index) + 1
    root = run("ledger", "--known-at", size, "--limit", 1).stdout.splitlines()[-1].split()[-1]
    same(lines["Short code"], code_of(size, root), "the code of the log that ends with its event")
    HERE["order"] = (number, text, public)
    ok("督办单号：" in run("order", number, "--zh").stdout and "<h1>督办单</h1>" in run("order", number, "--zh", "--html").stdout, "in Chinese, and as a page to print")
    same(objects("order", number)[0]["number"], number, "for programs")
    ok("no supervision order 2031-9" in run("order", "2031-9", code=1).stderr and "such as 2026-17" in run("order", "17", code=64).stderr, "one that is not there, and no number")
    ok("no supervision order" in run("order", number, actor="insp-2", code=1).stderr, "nor for who may not read the case")
    ledger = run("ledger", "--limit", 1, "--log", public).stdout.splitlines()
    ok(ledger[-1].startswith("short code "), "a ledger has its code", ledger[-1])
    path = HERE["top"] / "coded.xlsx"
    xlsx(path, "ledger", "--limit", 2, "--log", public)
    _, cells = read_by_openpyxl(path)
    ok(ledger[-1].removeprefix("short code ") in str(cells[-1][0].value), "and so has a spreadsheet", cells[-1][0].value)


def views(maps=MAPS, forms=(("--csv",), ("--csv", "--zh"), ("--json",))):
    seen = {}
    for name in maps:
        for more in forms:
            seen[name, *more] = run("ledger", "--map", name, *more, *HERE["at"]).stdout
    seen["all"] = run("ledger", "--json", *HERE["at"]).stdout
    seen["work"] = run("ledger", "--type", "work", "--csv", *HERE["at"]).stdout
    seen["file"] = xlsx(HERE["top"] / "then.xlsx", "ledger", *HERE["at"])
    return seen


def later():
    """What changes each column of the cases 1 to 3, and the names."""
    advance(61)
    act("verifier", command(LOOK_BACK_RELAPSE, 1, text="又堵了"))
    act("h-north-1", command(SIGN_FOR, 3), command(PLAN_SUBMIT, 3, measures=1, text="目标\n措施", evidence=[piece("计划.pdf", kind=3, actor="h-north-1")]),
        command(PROGRESS, 3, text="开始"), command(COMMENT, 3, text="新备注"))
    act("off", command(CO_UNIT, 3, unit="north"), command(REASSIGN, 2, unit="north", text="改派"))
    office = client("office")
    renamed = CITY.replace("name: 北办,", "name: 别人,").replace("name: 北,", "name: 新北,").replace("name: 核查,", "name: 新核查,")
    need(office.publish(1, renamed).WhichOneof("result") == "receipt", "the registry is published")
    office.close()


def test_later():
    """Every column of every map is what it was, whatever came later: events, another registry."""
    HERE["at"] = ()
    live = views(("rectification",), (("--csv", "--zh"),))
    size = HERE["daemon"].sql("SELECT size FROM rectify.head")
    later()
    row, = objects("ledger", "--type", "rectification", "--inspection", "2026-spring")
    same((row["look_back"], row["closed"], row["closed_on"], row["verified_by_name"]), ("relapse", "no", "", ""), "what came later shows now: looked back at, and it came back")
    row, = objects("ledger", "--limit", 1, "--unit", "north-1")
    same((row["goal"], row["measures"], row["progress"], row["remark"], row["co_units"]), ("目标", "措施", "开始", "新备注", "south north"), "and on the other case")
    HERE["at"] = ("--known-at", size)
    again = views(("rectification",), (("--csv", "--zh"),))
    same([name for name in live if live[name] != again[name]], [], f"all {len(live)} are those of then, byte for byte, the spreadsheet too")
    same(run("circular", "2026-01").stdout, HERE["circular"], "and so is the circular of January")
    number, text, public = HERE["order"]
    same(run("order", number, "--log", public).stdout, text, "and the order")
    ok(HERE["daemon"].doctor().returncode == 0, "the doctor finds nothing wrong")


def test_a_year_later():
    """The same of a smaller city, when a year of reminders and escalations has passed, as of the date and as known at the head."""
    big = HERE["daemon"]
    work()
    HERE["at"] = ()
    live, at = views(), ("--as-of", (date(1970, 1, 1) + timedelta(TODAY + 60)).isoformat() + "T06:00Z")
    size = HERE["daemon"].sql("SELECT size FROM rectify.head")
    later()
    advance(60 + 365)
    for HERE["at"] in (at, ("--known-at", size), (*at, "--known-at", size)):
        again = views()
        same([name for name in live if live[name] != again[name]], [], f"{' '.join(HERE['at'])}: all {len(live)} are those of then, byte for byte")
    moved = int(HERE["daemon"].sql("SELECT size FROM rectify.head")) - int(size)
    ok(moved > 500, f"{moved} events came between")
    HERE["daemon"].stop()
    HERE["daemon"] = big


def test_memory():
    """A client of a few megabytes, however many rows: the library's figure, and ours."""
    words = ["ledger", "--xlsx", HERE["top"] / "m.xlsx"]
    timed = subprocess.run([sys.executable, "-c", "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True);"
                            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)", BUILD / "rectify", "--as", "auditor", "--endpoint",
                            HERE["daemon"].endpoint, *words], capture_output=True, text=True, check=False, timeout=PATIENCE)
    need(timed.returncode == 0, timed.stderr)
    kib = int(timed.stdout.split()[-1])
    sanitized = "asan" in str(BUILD)
    ok(kib < 64 * 1024 or sanitized, f"{kib} KiB for {MANY} rows", timed.stdout)


def test_circular_from_elsewhere():
    """A month is one of the root unit: whoever asks from wherever gets the same."""
    HERE["daemon"] = city()
    here = client("off")
    need(here.advance((TODAY + 27) * DAY - 8 * HOUR + HOUR // 2).WhichOneof("body") == "pong", "half past midnight in the city, and still January in Greenwich")
    here.close()
    submit(finding(unit="north"))
    advance(60)
    for month, new in (("2026-01", 0), ("2026-02", 1)):
        ours = run("circular", month, zone="Asia/Shanghai").stdout
        same(sum(row["new"] for row in objects("circular", month)), new, f"opened in {month}")
        for zone in (None, "America/New_York", "Pacific/Kiritimati"):
            same(run("circular", month, zone=zone).stdout, ours, f"asked for in {zone or 'UTC'}")


def test_the_wire():
    """What cannot be asked is refused with a sentence."""
    here = client("auditor")
    for wanted, field in ((pb.LedgerQuery(case_no=[1, 2], version=[1]), b"query.ledger.version"), (pb.LedgerQuery(case_no=[2, 1], version=[1, 1]), b"query.ledger.case_no"),
                          (pb.LedgerQuery(part=1, **{"from": 9}, until=3), b"query.ledger.until"), (pb.LedgerQuery(part=3), b"query.ledger.part")):
        seen = here.query(ledger=wanted)
        same((seen.code, seen.field), (FIELD, field), f"{field.decode()}")
    facts = here.query(ledger=pb.LedgerQuery(case_no=[1], version=[3])).ledger.facts
    same([fact.plan.decode() for fact in facts], ["老方案"], "of the first three events, the plan of then")
    here.close()
    other = client("h-south")
    same(len(other.query(ledger=pb.LedgerQuery(case_no=[1], version=[3])).ledger.facts), 0, "nothing of a case that one may not read")
    other.close()


main(test_a_city_at_work, test_a_row_is_complete, test_csv, test_spreadsheets, test_the_same_file, test_maps, test_three_lists, test_work_ledger,
     test_circular, test_printed_order, test_later, test_a_year_later, test_memory, test_the_wire, test_circular_from_elsewhere)

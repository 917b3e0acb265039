#!/usr/bin/python3
"""Searches: in Chinese and English, before and after the index has followed, only what the actor may read, nothing that was
erased; over the real data set, where it is there, against a scan by this file."""
import csv
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

DATA_SET = ROOT.parent / "shared" / "data" / "minneapolis-findings.csv"
SLOW = 300  # seconds for the index of a large data set
HERE = {"texts": {}}
TEXTS = [("north", "三号楼消防通道被报废面包车占用"), ("north-1", "消防栓无水，防火门常开"), ("south", "The FIRE exit is locked\nand the key is missing"),
         ("south", "第１２条　Ｆｉｒｅ　ｄｏｏｒ 损坏"), ("north", "微型消防站器材更换没有台账"), ("nowhere", "地下车库消 防 箱空置"), ("south", "食堂留样不足")]


def rectify(*words, actor="auditor"):
    return subprocess.run([BUILD / "rectify", "--as", actor, "--utc", "--en", "--endpoint", HERE["daemon"].endpoint, *map(str, words)],
                          capture_output=True, text=True, timeout=PATIENCE, check=False, env=dict(os.environ, HOME="/nonexistent"))


def found(*words, actor="auditor"):
    """The numbers of the cases."""
    done = rectify("search", *words, "--json", actor=actor)
    need(done.returncode == 0, f"{words}: {done.stdout[-300:]}{done.stderr}")
    return [int(json.loads(line)["case"][2:]) for line in done.stdout.splitlines()]


def fold(text):
    text = "".join(chr(ord(c) - 0xfee0) if "！" <= c <= "～" else " " if c == "　" else c for c in text)
    return re.sub(r"\s+", " ", text.lower()).strip()


def scan(*words):
    return [case for case, text in sorted(HERE["texts"].items()) if all(fold(word) in fold(text) for word in words)]


def indexed():
    return int(HERE["daemon"].sql("SELECT indexed FROM rectify.search_mark"))


def submit(texts):
    """[(unit, text)]"""
    client = Client(HERE["daemon"])
    for at in range(0, len(texts), 500):
        outcomes = client.submit(*(finding(unit=unit, text=text, code=f"7.{n}") for n, (unit, text) in enumerate(texts[at:at + 500])))
        for outcome, (_, text) in zip(outcomes, texts[at:at + 500]):
            need(outcome.WhichOneof("result") == "receipt", outcome)
            HERE["texts"][outcome.receipt.case_no] = text
    client.close()


SEARCHES = [("消防",), ("消防", "通道"), ("防通",), ("fire",), ("FIRE", "Exit"), ("fire exit",), ("ｆｉｒｅ",), ("第12条",), ("12条 fire",), ("exit is locked and the",),
            ("消 防",), ("消防", "台"), ("不存在的",), ("防消",)]


def compare(what):
    wrong = [(words, found(*words), scan(*words)) for words in SEARCHES if found(*words) != scan(*words)]
    ok(not wrong, f"{what}: {len(SEARCHES)} searches find what a scan finds", wrong)


def test_at_once_and_indexed():
    HERE["daemon"] = city()
    submit(TEXTS)
    compare("at once")
    need(len(scan("消防")) == 3 and len(scan("fire")) == 2, "the texts")
    need(until(lambda: indexed() == len(TEXTS)), "the index has followed")
    compare("by the index")
    HERE["daemon"].stop()
    HERE["daemon"].start()
    compare("after a restart")
    submit([("north", "消防水池干涸")])
    compare("with a new one")


def test_who_may_read():
    same(found("消防", actor="h-north-1"), [2], "a handler finds the cases of the own unit")
    same(found("消防", actor="h-south"), [], "and none of others")
    same(found("fire", "--unit", "south"), [3, 4], "of one unit")
    done = rectify("search", "消防", actor="h-south")
    ok("C-0" not in done.stdout and not re.search(r"\d", done.stdout) and done.stderr == "", "nor how many there are", done)


def test_for_people():
    done = rectify("search", "exit")
    ok("C-000003  dispatched  south" in done.stdout and "FIRE exit is locked and the key" in done.stdout and "\033" not in done.stdout,
       "a line of the text, on one line, without colours where there is no terminal", done.stdout)
    same(rectify("search", "不存在的").stdout, "no finding that you may read has all of these words; restricted cases are not searched\n", "nothing is found")


def test_bad_input():
    for words, said in ((("消",), "two characters"), (("消 ", "　a"), "two characters"), ((), "search"), (tuple(f"word{n}" for n in range(9)), "search"),
                        (("消" * 22,), "query.cases.words")):
        done = rectify("search", *words)
        ok(done.returncode != 0 and done.stdout == "" and said in done.stderr, f"{len(words)} words: {said}", done)
    client = Client(HERE["daemon"], "auditor")
    for query, said in ((pb.CaseQuery(words=[b"fire"], order=1), "order of their numbers"), (pb.CaseQuery(with_facts=True), "some time")):
        reply = client.ask(query=pb.Query(cases=query))
        ok(reply.error.code == FIELD and said in reply.error.text.decode(), said, reply)
    reply = client.ask(query=pb.Query(known_at=5, cases=pb.CaseQuery(words=[b"fire"])))
    ok(reply.error.code == FIELD and reply.error.field == b"query.cases.words", "not as of the past", reply)
    client.close()


def test_erased():
    at = int(HERE["daemon"].sql("SELECT log_index FROM rectify.finding WHERE case_no = 1"))
    need(rectify("erase", "ask", 1, "--index", at, "--ground", "PIPL 47", "-m", "withdrew consent", actor="off").returncode == 0, "asked")
    need(rectify("erase", 1, "--index", at, actor="office").returncode == 0, "erased")
    del HERE["texts"][1]
    compare("after an erasure")
    same(HERE["daemon"].sql("SELECT count(*) FROM rectify.search WHERE case_no = 1"), "0", "its pairs of characters are gone too")


def test_behind():
    """The mark was lost, or is older than what is there: all is read, and indexed once more by the next daemon."""
    HERE["daemon"].sql("ALTER TABLE rectify.search_mark DISABLE TRIGGER ALL; UPDATE rectify.search_mark SET indexed = 0")
    HERE["daemon"].sql("ALTER TABLE rectify.search_mark ENABLE TRIGGER ALL")
    compare("read again from the first")
    HERE["daemon"].stop()
    HERE["daemon"].start()
    need(until(lambda: indexed() == 8), "the index has followed")
    compare("and indexed again")


def test_real_data():
    """Findings of real inspections: every fifth of 26,461, or with RECTIFY_EVERY=1 all of them."""
    if not DATA_SET.exists():
        skip("findings of real inspections", "the real data set is not here")
        return
    with open(DATA_SET, encoding="utf-8", newline="") as file:
        texts = [("south", row["text"]) for row in csv.DictReader(file) if row["text"]][::int(os.environ.get("RECTIFY_EVERY", "5"))]
    submit(texts)
    say(f"{len(texts)} findings are in, {indexed()} indexed")
    need(until(lambda: indexed() == max(HERE["texts"]), seconds=SLOW, pause=0.5), "the index has followed")
    for words in (("sewage",), ("cutting boards",), ("thermometer", "accurate"), ("Minnesota Rule 4626.0060",), ("MOUSE", "droppings"), ("qu",), ("hand", "soap", "towel"), ("zz",)):
        wanted = scan(*words)
        seen = found(*words)
        ok(seen == wanted, f"{words}: {len(wanted)} cases, as a scan finds them", seen[:20], wanted[:20])
    need(HERE["daemon"].doctor().returncode == 0, "the doctor has nothing to say")


main(test_at_once_and_indexed, test_who_may_read, test_for_people, test_bad_input, test_erased, test_behind, test_real_data)

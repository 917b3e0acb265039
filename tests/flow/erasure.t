#!/usr/bin/python3
"""Erasing personal text: two persons, on record; the text goes, no proof breaks, and whoever checks is told by which event."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

ERASE_ASK, ERASE = 54, 55  # command.def
SECRET = "王小明的电话是 13900000000"
HERE = {}


def rectify(*words, actor="office"):
    return subprocess.run([BUILD / "rectify", "--as", actor, "--en", "--endpoint", HERE["daemon"].endpoint, *map(str, words)],
                          capture_output=True, text=True, timeout=PATIENCE, check=False)


def rule_of(done):
    found = re.search(r"rule (\d+)", done.stderr + done.stdout)
    return int(found.group(1)) if found else None


def history(case_no=1, actor="auditor"):
    return [json.loads(line) for line in rectify("history", case_no, "--json", actor=actor).stdout.splitlines()]


def everything():
    """What the database keeps, as text."""
    daemon = HERE["daemon"]
    return "".join(daemon.sql(f"SELECT string_agg(t::text, '|') FROM rectify.{name} AS t")
                   for name in daemon.sql("SELECT relname FROM pg_class WHERE relnamespace = 'rectify'::regnamespace AND relkind = 'r'").split())


def test_a_text():
    """A finding names a person, in its text and in the name of a file."""
    HERE["daemon"] = city()
    client = Client(HERE["daemon"])
    piece = pb.Evidence(kind=1, sha256=bytes(range(32)), name="王小明.pdf".encode(), size=7)
    outcome, = client.submit(with_piece(piece))
    same(outcome.receipt.case_no, 1, "a case")
    HERE["index"] = outcome.receipt.log_index
    refused, = client.submit(finding(team="team-2", text="不是本组 " + SECRET))
    same(refused.refusal.rule, 202, "and a refused finding, whose text is kept too")
    HERE["refused"] = refused.refusal.log_index
    ok(SECRET in everything() and "王小明" in everything(), "both stand beside the log")
    client.close()


def with_piece(piece):
    one = finding(text=SECRET)
    one.evidence.append(piece)
    return one


def test_who_may():
    """The office of the whole asks, an administrator who did not ask erases; nobody alone."""
    at, before = HERE["index"], everything().count("王小明")
    ask = ("erase", "ask", 1, "--index", at, "--ground", "PIPL 47", "-m", "the person asked for it")
    for actor in ("insp-1", "p-north", "h-north", "auditor", "verifier", "office"):
        same(rule_of(rectify(*ask, actor=actor)), 201, f"{actor} may not ask")
    same(rule_of(rectify("erase", 1, "--index", at)), 209, "rule 209: what nobody asked for is not erased")
    same(rectify(*ask, actor="off").returncode, 0, "the office asks")
    for actor in ("insp-1", "p-north", "auditor", "off"):
        same(rule_of(rectify("erase", 1, "--index", at, actor=actor)), 201, f"{actor} may not erase")
    done = rectify("erase", "ask", 1, "--index", at, "-m", "why", actor="off")
    same(done.returncode, 64, "an erasure without a legal ground is not asked for")
    client = Client(HERE["daemon"], "off")
    outcome, = client.act(command(ERASE_ASK, 1, other=at + 1, text="why"))
    same(outcome.refusal.rule, 128, "rule 128, by the daemon too")
    outcome, = client.act(command(ERASE_ASK, 1, other=at + 1, number="PIPL 47"))
    same(outcome.refusal.rule, 110, "rule 110: and it must say why")
    for other, what in ((at + 10_000, "an index behind the log"), (0, "none"), (1, "an event without a text")):
        outcome, = client.act(command(ERASE_ASK, 0, other=other, number="x", text="why"))
        same(outcome.refusal.rule, 208, f"rule 208: {what}")
    outcome, = client.act(command(ERASE_ASK, 1, other=HERE["refused"] + 1, number="x", text="why"))
    same(outcome.refusal.rule, 208, "rule 208: the text of another case, or of none")
    client.close()
    same(everything().count("王小明"), before, "all of this erased nothing")


def test_one_person_alone():
    """An administrator who is of the office too does not erase what he asked for himself."""
    client = Client(HERE["daemon"], "office")
    both = CITY + "  - {officer: office, role: office, unit: city}\n"
    same(client.publish(1, both).WhichOneof("result"), "receipt", "an administrator is made a member of the office")
    key = uuid7()
    ask, erase = client.act(command(ERASE_ASK, 0, other=HERE["refused"] + 1, number="x", text="why"),
                            command(ERASE, 0, key, other=HERE["refused"] + 1))
    same((ask.receipt.rule, erase.refusal.rule), (664, 209), "he may ask, and may then not erase, in one request or later")
    outcome, = client.act(command(ERASE, 0, other=HERE["refused"] + 1))
    same(outcome.refusal.rule, 209, "rule 209")
    client.close()


def test_erasing():
    """The text, its salt and the name go; the history says by which event; the doctor finds nothing wrong."""
    root = HERE["daemon"].sql("SELECT root FROM rectify.head")
    stranger = Client(HERE["daemon"], "insp-2")
    reply = stranger.ask(act=pb.Act(commands=[command(ERASE, 0, other=HERE["index"] + 1)], preview=True)).outcomes.outcomes[0]
    same((reply.refusal.rule, reply.refusal.case_no, reply.refusal.event_number), (201, 0, 0),
         "a preview tells a stranger nothing of the case whose text it is")
    stranger.close()
    preview = rectify("erase", 1, "--index", HERE["index"], "--preview")
    same(preview.returncode, 0, "a preview is possible")
    same(HERE["daemon"].sql("SELECT root FROM rectify.head"), root, "and does nothing")
    client, key = Client(HERE["daemon"], "office"), uuid7()
    first, second = client.act(command(ERASE, 0, key, other=HERE["index"] + 1), command(ERASE, 1, other=HERE["index"] + 1))
    HERE["by"] = first.receipt.log_index
    same((first.receipt.rule, first.receipt.case_no), (665, 1), "rule 665: it is erased, without naming the case")
    same(second.refusal.rule, 125, "a second time in the same request there is nothing to change")
    again, = client.act(command(ERASE, 0, key, other=HERE["index"] + 1))
    ok(again.receipt.repeated and again.receipt.log_index == HERE["by"], "the same id again is the same erasure")
    reused, = client.act(command(ERASE, 0, key, other=HERE["refused"] + 1))
    same(reused.error.code, KEY_REUSED, "and for another text it is none: that one stays")
    outcome, = client.act(command(ERASE, 1, other=HERE["index"] + 1))
    same(outcome.refusal.rule, 125, "nor later")
    client.close()
    rest = everything()
    same(rest.count(SECRET), 1, "only the refused finding still has it")
    same(HERE["daemon"].sql("SELECT count(*) FROM rectify.evidence WHERE name <> ''"), "0", "the file's name is gone")
    first = history()[0]
    same((first["text"] or "", first["erased_by"]), ("", HERE["by"]), "the history says by which event")
    ok(f"its text was erased by event {HERE['by']}" in rectify("history", 1, actor="auditor").stdout, "in words too")
    asked = next(row for row in history() if row["command"] == "erase_ask" and row["rule"] == 664)
    same((asked["number"], asked["actor"]), ("PIPL 47", "off"), "who asked, and on what ground, stays")
    done = HERE["daemon"].doctor()
    ok(done.returncode == 0 and f"log {HERE['index']}: its text was erased by event {HERE['by']}" in done.stdout,
       "the doctor says so, and finds nothing wrong", done.stdout, done.stderr)
    same(rectify("why", 1, actor="auditor").returncode, 0, "`why` still tells the case")


def test_of_no_case():
    """The text of what concerns no case, asked for by one and erased by another."""
    client = Client(HERE["daemon"], "off")
    outcome, = client.act(command(ERASE_ASK, 0, other=HERE["refused"] + 1, number="PIPL 47", text="asked for"))
    same((outcome.receipt.rule, outcome.receipt.case_no), (664, 0), "rule 664: asked")
    client.actor = "office"
    outcome, = client.act(command(ERASE, 0, other=HERE["refused"] + 1))
    same(outcome.receipt.rule, 665, "erased")
    client.close()
    same(everything().count("王小明"), 0, "nothing of it is left")
    done = HERE["daemon"].doctor()
    ok(done.returncode == 0 and done.stdout.count("was erased by event") == 2, "and the doctor is content", done.stdout, done.stderr)


def test_after_a_restart():
    """The fold is the same for a daemon that starts anew; the case goes on."""
    HERE["daemon"].stop()
    HERE["daemon"].start()
    client = Client(HERE["daemon"], "off")
    outcome, = client.act(command(COMMENT, 1, text="it goes on"))
    same(outcome.receipt.rule, 630, "the case goes on")
    client.close()
    same(HERE["daemon"].doctor().returncode, 0, "and agrees with its events")


def test_a_text_that_went_another_way():
    """What the superuser takes away with triggers off is named: no event erased it, or another one did."""
    daemon = HERE["daemon"]
    daemon.sql("ALTER TABLE rectify.private DISABLE TRIGGER ALL; "
               f"INSERT INTO rectify.private (log_index, salt, body) VALUES ({HERE['index']}, decode(repeat('00', 16), 'hex'), 'back'); "
               "ALTER TABLE rectify.private ENABLE ALWAYS TRIGGER deny_row")
    done = daemon.doctor()
    said = f"log {HERE['index']}: event {HERE['by']} erased the text, and it stands all the same"
    ok(done.returncode == 2 and said in done.stdout, "a text that came back is named", done.stdout)
    last = daemon.sql("SELECT max(log_index) FROM rectify.private")
    for text, said in ((f"DELETE FROM rectify.private WHERE log_index = {last}", f"log {last}: the text is gone, and no event erased it"),
                       (f"INSERT INTO rectify.erasure VALUES ({last}, 0, 1, {HERE['by']} + 100000)", "did not erase it"),):
        daemon.sql(f"ALTER TABLE rectify.private DISABLE TRIGGER ALL; {text}; ALTER TABLE rectify.private ENABLE ALWAYS TRIGGER deny_row")
        done = daemon.doctor()
        ok(done.returncode == 2 and said in done.stdout, said, done.stdout)


main(test_a_text, test_who_may, test_one_person_alone, test_erasing, test_of_no_case, test_after_a_restart,
     test_a_text_that_went_another_way)

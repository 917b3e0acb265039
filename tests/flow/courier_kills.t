#!/usr/bin/python3
"""Ten thousand notices, a courier that is killed fifty times, a server that fails a third of the time: every notice arrives, and what
arrives twice is what the server had taken before its answer, or the courier's report of it, was lost."""
import collections
import logging
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position
from courier import ALL_AT_ONCE, Courier, contacts  # noqa: E402 pylint: disable=wrong-import-position
from sinks import Mail  # noqa: E402 pylint: disable=wrong-import-position

logging.disable(logging.CRITICAL)  # aiosmtpd tells of each conversation that breaks
NOTICES, KILLS = 10000, 50
MINUTE = HOUR // 60
WAITING, SENT, DEAD = 1, 2, 3  # letter_state.def
DELIVERED, FAILED, EXPIRED = 1, 2, 7  # delivery.def
SEED = int(os.environ.get("SEED", "20260105"))
POST_CITY = CITY.replace("appointments:", "  - {code: post, name: 投递, unit: city}\nappointments:\n  - {officer: post, role: courier, unit: city}")
PEOPLE = [line.split("code: ")[1].split(",")[0] for line in CITY.split("officers:")[1].splitlines() if "code: " in line]
dice = random.Random(SEED)
lost_answers, failures = collections.Counter(), collections.Counter()


def behave(what, _envelope, message):
    """A third fails: at the recipient, at the text, by a cut before the text is taken, and by a cut after it."""
    roll = dice.random()
    if what == "rcpt":
        failures["451 to the recipient"] += roll < 0.09
        return "451 4.2.1 come again" if roll < 0.09 else None
    kinds = (("451 to the text", 0.09, "451 4.3.0 come again"), ("cut before the text was taken", 0.18, "drop"),
             ("cut after the text was taken", 0.27, "take and drop"))
    for name, bound, answer in kinds:
        if roll < bound:
            failures[name] += 1
            lost_answers[message["Message-ID"]] += answer == "take and drop"
            return answer
    return None


def small_templates(folder):
    """Short letters: here it is counted how often they arrive, not read what they say."""
    for source in (ROOT / "templates").glob("*/*.txt"):
        target = folder / source.parent.name / source.name
        target.parent.mkdir(exist_ok=True)
        line = "" if source.name == "digest.txt" else "--- line\n{case}\n"
        item = "{items}" if source.name == "digest.txt" else "{case}"
        target.write_text(f"--- subject\n{{count}}\n{line}--- text\n{item}\n--- html\n{item}\n")
    return f"templates: {folder}"


def hand_in(daemon):
    """Findings until so many notices wait."""
    client = Client(daemon)
    while int(daemon.sql("SELECT count(*) FROM rectify.notice")) < NOTICES:
        outcomes = client.submit(*[finding() for _ in range(500)])
        need(all(one.WhichOneof("result") == "receipt" for one in outcomes), "findings are taken")
    client.close()
    return int(daemon.sql("SELECT count(*) FROM rectify.notice"))


def at_work(daemon, now):
    """Letters that can be delivered at this instant, or are a courier's, and notices that no letter tells of yet."""
    return int(daemon.sql(f"""SELECT (SELECT count(*) FROM rectify.letter
      WHERE state = 1 AND (lease IS NOT NULL OR due_at <= timestamptz 'epoch' + {now} * interval '1 microsecond'))
      + (SELECT count(*) FROM rectify.notice AS n WHERE NOT EXISTS (SELECT FROM rectify.letter_notice AS l WHERE l.notice = n.id))"""))


def kill_often(daemon, courier, mail, office):
    """Each life ends after some 200 conversations more, at no particular instant; the clock then goes on, so that leases end."""
    for life in range(KILLS):
        courier.start()
        wanted = mail.asked + dice.randrange(50, 350)
        need(until(lambda: mail.asked >= wanted or courier.process.poll() is not None, pause=0.003), f"life {life} does something")
        need(courier.process.poll() is None, f"the courier ended by itself:\n{courier.log()[-2000:]}")
        courier.kill()
        office.advance(office.ping().now + 4 * MINUTE)


def finish(daemon, courier, office):
    """The clock goes on while no courier has a letter: else a lease would end under one that is at work."""
    left = True
    while left:
        courier.start()
        need(until(lambda: at_work(daemon, office.ping().now) == 0, 300, pause=0.5), f"all arrives in the end\n{courier.log()[-1500:]}")
        need(courier.stop() == 0, f"the courier ends as asked\n{courier.log()[-1500:]}")
        office.advance(office.ping().now + 4 * MINUTE)
        left = int(daemon.sql("SELECT count(*) FROM rectify.letter WHERE state = 1")) > 0


def test_kills():
    """Fifty lives of a courier."""
    say(f"SEED={SEED}")
    began = time.monotonic()
    daemon = Daemon().start()
    office = Client(daemon, "office")
    need(office.publish(1, POST_CITY).WhichOneof("result") == "receipt", "the registry is published")
    notices = hand_in(daemon)
    mail = Mail(behave, light=True)
    courier = Courier(daemon, f"  mail: {{type: smtp, url: '{mail.url}', from: office@example.cn, at_once: 16, timeout: 20}}",
                      contacts(*[f"{{officer: {who}, channels: {{mail: {who}@example.cn}}}}" for who in PEOPLE]), retry="{first: 30, max: 60}",
                      more=f"{ALL_AT_ONCE}\n{small_templates(place())}")
    say(f"{notices} notices after {time.monotonic() - began:.0f} s")
    kill_often(daemon, courier, mail, office)
    say(f"{KILLS} kills after {time.monotonic() - began:.0f} s; {len(mail.taken)} were taken until then")
    finish(daemon, courier, office)
    judge(daemon, mail, notices)
    same(daemon.stop(), 0, "the daemon stops as asked")


def judge(daemon, mail, notices):
    client = Client(daemon, "auditor")
    rows = [row for page in client.pages(letters=pb.LetterQuery()) for row in page.letters]
    client.close()
    told = {number for row in rows for number in row.letter.notices}
    all_notices = int(daemon.sql("SELECT count(*) FROM rectify.notice"))
    ok(len(told) == all_notices >= notices >= NOTICES, f"each of {all_notices} notices is in a letter", len(told))
    same({row.state for row in rows}, {SENT}, f"all {len(rows)} letters are delivered")
    copies = collections.Counter(mail.ids())

    def name(row):
        key = row.letter.id.hex()
        return f"<{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:]}@rectify.example.cn>"

    names = {name(row): row for row in rows}
    same(sorted(set(names) - set(copies))[:3], [], "the server has each letter, by its Message-ID")
    same(sorted(set(copies) - set(names))[:3], [], "and no other")
    twice = {key: count - 1 for key, count in copies.items() if count > 1}
    expired = {key: sum(one.outcome == EXPIRED for one in names[key].deliveries) for key in twice}
    strange = [(key, more, lost_answers[key], expired[key]) for key, more in twice.items() if more > lost_answers[key] + expired[key]]
    same(strange[:3], [], "what arrived twice had been taken before an answer or a report was lost")
    same([key for key, row in names.items() if sum(one.outcome == DELIVERED for one in row.deliveries) != 1][:3], [], "each is delivered once on record")
    attempts = collections.Counter(one.outcome for row in rows for one in row.deliveries)
    answers = sum(min(more, lost_answers[key]) for key, more in twice.items())
    say(f"notices {all_notices}, letters {len(rows)}, kills {KILLS}")
    say(f"attempts {sum(attempts.values())}: delivered {attempts[DELIVERED]}, failed {attempts[FAILED]}, lost with a killed courier {attempts[EXPIRED]}")
    say(f"failures of the server: {dict(failures)}")
    say(f"arrived twice or more: {sum(twice.values())}, of them answer lost {answers}, report lost {sum(twice.values()) - answers}")
    ok(attempts[FAILED] * 5 > sum(attempts.values()), "the server did fail often", attempts)
    ok(attempts[EXPIRED] > 0, "kills did cut attempts off", attempts)


main(test_kills)

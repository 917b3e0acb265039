#!/usr/bin/python3
"""The courier: letters arrive by mail, chat and webhook, whatever servers do and whenever it is killed."""
import os
import random
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position
from sinks import Hook, Mail, certificate  # noqa: E402 pylint: disable=wrong-import-position

MINUTE = HOUR // 60
DAY = 24 * HOUR
WAITING, SENT, DEAD, NONE = 1, 2, 3, 4  # letter_state.def
DELIVERED, FAILED, REFUSED, DEFERRED, EXPIRED = 1, 2, 3, 4, 7  # delivery.def
POST_CITY = CITY.replace("appointments:", "  - {code: post, name: 投递, unit: city}\nappointments:\n  - {officer: post, role: courier, unit: city}")
ALL_AT_ONCE = "urgent: {at_once: [task, reminder, urge, supervision_order, interview, circular, proposal, receipt, undelivered], gather_from: 0}"
HERE = {}


class Courier:
    """A rectify-courier with files of its own."""

    def __init__(self, daemon, channels, contacts, more=ALL_AT_ONCE, times="{quiet: none, digest: none}"):
        self.folder = place()
        self.log_file = self.folder / "courier.log"
        self.process, self.daemon = None, daemon
        self.write("contacts.yaml", contacts)
        self.write("courier.yaml", f"""endpoint: {daemon.endpoint}
officer: post
host: rectify.example.cn
contacts: {self.folder}/contacts.yaml
poll: 1
lease: 60
retry: {{first: 60, max: 600}}
times: {times}
{more}
channels:
{channels.replace("DIR", str(self.folder))}
""")

    def write(self, name, text, mode=0o600):
        path = self.folder / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def command(self, *words):
        return subprocess.run([BUILD / "rectify-courier", *map(str, words)], capture_output=True, text=True, timeout=PATIENCE, check=False)

    def start(self):
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen([BUILD / "rectify-courier", "run", self.folder / "courier.yaml"], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        RUNNING.append(self)
        return self

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def saw(self, pattern):
        return re.search(pattern, self.log())

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


RUNNING = []


def end_all():
    for courier in RUNNING:
        if courier.process.poll() is None:
            courier.kill()


def contacts(*rows):
    return "contacts:\n" + "".join(f"  - {row}\n" for row in rows) if rows else "contacts: []\n"


def letters(**what):
    client = Client(HERE["daemon"], "auditor")
    found = [row for page in client.pages(letters=pb.LetterQuery(**what)) for row in page.letters]
    client.close()
    return found


def ended():
    return RUNNING and RUNNING[-1].process.poll() is not None


def wait(what, saying):
    found = until(lambda: what() or (ended() and "ended"))
    return need(found if found != "ended" else what(), f"{saying}: it did not happen\n{RUNNING[-1].log()[-3000:] if RUNNING else ''}")


def advance(usec):
    office = Client(HERE["daemon"], "office")
    now = office.ping().now + usec
    office.advance(now)
    office.close()
    return now


def submit(count=1, **more):
    client = Client(HERE["daemon"])
    outcomes = client.submit(*[finding(**more) for _ in range(count)])
    client.close()
    need(all(outcome.WhichOneof("result") == "receipt" for outcome in outcomes), "findings are taken")
    return [outcome.receipt.case_no for outcome in outcomes]


def state(letter):
    return letters(id=letter)[0]


def test_begin():
    """A city with a courier; what is told of before it comes has no address."""
    daemon = HERE["daemon"] = Daemon().start()
    client = Client(daemon, "office")
    need(client.publish(1, POST_CITY).WhichOneof("result") == "receipt", "the registry is published")
    client.close()
    submit()
    courier = Courier(daemon, "  log: {type: syslog}", contacts()).start()
    wait(lambda: letters(state=NONE), "letters to nobody are made")
    ok(courier.saw(r"courier\.nowhere letters=\d+ .*no address"), "the courier says how many had no address", courier.log())
    same(courier.stop(), 0, "it ends as asked")


def test_mail():
    """What arrives by mail: headers, both languages, text and HTML, one Message-ID."""
    mail = Mail()
    courier = Courier(HERE["daemon"], f"  mail: {{type: smtp, url: '{mail.url}', from: office@example.cn, from_name: 整改办}}",
                      contacts("{officer: h-north, language: zh_CN, channels: {mail: h-north@example.cn}}",
                               "{officer: p-north, language: en, channels: {mail: p-north@example.cn}}"))
    courier.start()
    submit(text="灭火器过期 <3 具> & \"墙\"")
    wait(lambda: len(mail.taken) >= 1, "a mail arrives")
    message = next(one for one in mail.taken if "h-north@" in one["To"])
    row = wait(lambda: [one for one in letters(officer=b"h-north", state=SENT)], "the letter is delivered")[0]
    key = row.letter.id.hex()
    same(message["Message-ID"], f"<{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:]}@rectify.example.cn>", "the Message-ID is the letter's id")
    same(message["Auto-Submitted"], "auto-generated", "machines do not answer it")
    same(message["Subject"], row.letter.subject.decode(), "the subject arrives as it was made, in Chinese")
    ok("【交办】" in message["Subject"] and "北" in message["Subject"], "and says what it is", message["Subject"])
    same(message["From"], "整改办 <office@example.cn>", "the sender's name is Chinese too")
    same(message.get_content_type(), "multipart/alternative", "text and HTML are alternatives")
    text, html = message.get_body(("plain",)).get_content(), message.get_body(("html",)).get_content()
    ok("灭火器过期 <3 具> & \"墙\"" in text, "the text has the finding", text)
    ok("灭火器过期 &lt;3 具&gt; &amp; &quot;墙&quot;" in html and "<3 具>" not in html, "the HTML has it escaped", html)
    same(len(state(row.letter.id).deliveries), 1, "one attempt is on record")
    ok("250" in state(row.letter.id).deliveries[0].answer.decode(), "with what the server said", state(row.letter.id).deliveries)
    same(courier.stop(), 0, "the courier ends as asked")
    mail.stop()


main(test_begin, test_mail)

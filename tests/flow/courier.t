#!/usr/bin/python3
"""The courier: letters arrive by mail, chat and webhook, whatever servers do and whenever it is killed."""
import logging
import os
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position
from courier import RUNNING, Courier, contacts  # noqa: E402 pylint: disable=wrong-import-position
from sinks import Hook, Mail, certificate  # noqa: E402 pylint: disable=wrong-import-position

logging.disable(logging.CRITICAL)  # aiosmtpd tells of each conversation that breaks, as they do here
MINUTE = HOUR // 60
DAY = 24 * HOUR
WAITING, SENT, DEAD, NONE = 1, 2, 3, 4  # letter_state.def
DELIVERED, FAILED, REFUSED = 1, 2, 3  # delivery.def
POST_CITY = CITY.replace("appointments:", "  - {code: post, name: 投递, unit: city}\nappointments:\n  - {officer: post, role: courier, unit: city}")
HERE = {}


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
    message = wait(lambda: [one for one in list(mail.taken) if "h-north@" in one["To"]], "a mail arrives")[0]
    row = wait(lambda: letters(officer=b"h-north", state=SENT, with_body=True), "the letter is delivered")[0]
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


def test_mail_trouble():
    """4xx, 5xx, a cut, a standstill: what passes is tried again, what does not is dead, and one that stalls holds up nobody."""
    told = {"h-north": "451 4.3.0 come again", "p-north": "550 5.1.1 no such user", "h-south": "drop", "p-south": "stall"}
    calm = []

    def behave(what, envelope, message):
        who = message["To"].split("@")[0].strip("<") if message is not None else None
        return None if calm else told.get(who) if what == "data" and who != "p-north" else None

    mail = Mail(behave)
    plain = mail.handle_RCPT

    async def handle_rcpt(server, session, envelope, address, options):
        return told["p-north"] if address.startswith("p-north@") else await plain(server, session, envelope, address, options)

    mail.handle_RCPT = handle_rcpt
    people = ("h-north", "p-north", "h-south", "p-south", "off", "h-north-1")
    courier = Courier(HERE["daemon"], f"  mail: {{type: smtp, url: '{mail.url}', from: office@example.cn, timeout: 8}}",
                      contacts(*[f"{{officer: {who}, channels: {{mail: {who}@example.cn}}}}" for who in people])).start()
    before = {row.letter.id for row in letters()}
    cases = submit() + submit(unit="south") + submit(unit="north-1")
    for case in cases[:2]:  # heads are told too
        Client(HERE["daemon"], "off").act(command(ESCALATE, case, track=4, text="升级"))
    wait(lambda: any("h-north-1@" in one["To"] for one in mail.taken), "whoever is served is served")

    def of(officer, wanted):
        return [row for row in letters(officer=officer.encode(), state=wanted) if row.letter.id not in before]

    dead = wait(lambda: of("p-north", DEAD), "a letter to nobody known is given up")[0]
    said = state(dead.letter.id).deliveries[0]
    same((said.outcome, said.answer.decode()), (REFUSED, "RCPT failed: 550: 550 5.1.1 no such user"), "550 is for ever, in the server's words")
    waiting = wait(lambda: [row for row in of("h-north", WAITING) if row.failures == 1], "451 passes")[0]
    ok("451 4.3.0 come again" in state(waiting.letter.id).deliveries[0].answer.decode(), "in the server's words")
    now = Client(HERE["daemon"], "office").ping().now
    ok(45 <= (waiting.not_before - now) / 1e6 <= 75, "it is tried again in about a minute", (waiting.not_before - now) / 1e6)
    cut = wait(lambda: [row for row in of("h-south", WAITING) if row.failures == 1], "a connection that is cut passes")[0]
    stalled = wait(lambda: [row for row in of("p-south", WAITING) if row.failures == 1], "a standstill ends by its time")[0]
    ok(re.search("timeout|timed out", state(stalled.letter.id).deliveries[0].answer.decode()), "and says so", state(stalled.letter.id).deliveries)
    calm.append(1)
    advance(5 * MINUTE)
    for row in (waiting, cut, stalled):
        wait(lambda row=row: state(row.letter.id).state == SENT, "what passed is delivered")
    keys = [key for key in mail.ids()]
    same(len(keys), len(set(keys)), "nothing arrived twice")
    outcomes = [one.outcome for one in state(cut.letter.id).deliveries]
    same((outcomes[0], outcomes[-1]), (FAILED, DELIVERED), "both attempts are on record")
    notices = [row.kind for page in Client(HERE["daemon"], "off").pages(notices=pb.NoticeQuery()) for row in page.notices]
    ok(9 in notices, "the office is told of the dead letter", notices)
    same(courier.stop(), 0, "the courier ends as asked")
    mail.stop()


def one_letter(channels, officer="h-north", address="h-north@example.cn", **more):
    """A courier with one channel, and one finding."""
    courier = Courier(HERE["daemon"], channels, contacts(f"{{officer: {officer}, channels: {{way: '{address}'}}}}"), **more)
    return courier


def test_mail_tls():
    """STARTTLS with an authority of one's own, a login; a server that cannot prove itself gets neither password nor letter."""
    top = place()
    authority, context = certificate(top)
    mail = Mail(tls=context, login=("office", "geheim"))
    channel = f"  way: {{type: smtp, url: '{mail.url}', from: a@example.cn, user: office, secret_file: DIR/password, ca_file: {authority}}}"
    courier = one_letter(channel)
    courier.write("password", "geheim\n")
    courier.start()
    submit()
    wait(lambda: mail.taken, "a letter arrives over TLS")
    ok(all(mail.sessions), "each conversation was private")
    same(courier.stop(), 0, "the courier ends")
    (top / "other").mkdir()
    strange, _ = certificate(top / "other")
    for what, authority_used, password, reason in (("an authority that did not sign", strange, "geheim", "certificate|SSL"),
                                                   ("a wrong password", authority, "falsch", "535|Login denied")):
        count = len(mail.taken)
        courier = one_letter(channel.replace(str(authority), str(authority_used)))
        courier.write("password", password)
        courier.start()
        submit()
        wait(lambda courier=courier: courier.saw(r"err: courier\.channel_down channel=way reason=setup"), f"{what}: an alarm")
        ok(courier.saw(f"channel_down .*({reason})"), f"{what}: the log says why", courier.log())
        ok(not letters(officer=b"h-north", state=DEAD) and len(mail.taken) == count, f"{what}: no letter is given up for it, none sent")
        ok(password not in courier.log(), f"{what}: the password is in no log")
        same(courier.stop(), 0, f"{what}: the courier ends")
    courier = one_letter(channel)
    courier.write("password", "geheim\n", 0o644)
    refused = courier.command("check", courier.folder / "courier.yaml")
    ok(refused.returncode == 78 and "chmod 600" in refused.stderr, "a password that others may read is refused", refused)
    courier.write("password", "geheim")
    fine = courier.command("check", courier.folder / "courier.yaml")
    same((fine.returncode, fine.stderr), (0, ""), "else all is well")
    courier.write("contacts.yaml", contacts(), 0o604)
    refused = courier.command("check", courier.folder / "courier.yaml")
    ok(refused.returncode == 78 and "contacts.yaml: error: others may read" in refused.stderr, "and so are contacts", refused)
    mail.stop()
    courier = one_letter(f"  way: {{type: smtp, url: '{mail.url}', from: a@example.cn}}").start()
    advance(HOUR)
    wait(lambda: courier.saw(r"channel_down channel=way|courier\.attempt .*outcome=failed"), "a server that is gone is no end")
    same(courier.stop(), 0, "the courier ends")
    HERE["left"] = [row.letter.id for row in letters(officer=b"h-north", state=WAITING)]
    ok(HERE["left"], "its letters wait")


def test_chat():
    """WeCom, DingTalk, Feishu, a webhook: signed as their vendors say; 200 with an error is a failure."""
    for kind, secret, rate, fault in (("wecom", "", (200, {"errcode": 45009, "errmsg": "api freq out of limit"}), {"errcode": 40058, "errmsg": "invalid"}),
                                      ("dingtalk", "SEC1", (200, {"errcode": 130101, "errmsg": "send too fast"}), {"errcode": 430102, "errmsg": "text"}),
                                      ("feishu", "SEC2", (200, {"code": 11232, "msg": "frequency limited"}), {"code": 9499, "msg": "Bad Request"}),
                                      ("webhook", "SEC3", (429, {}), b"no")):
        script = []
        hook = Hook(kind, secret, lambda _, script=script: script.pop(0) if script else None)
        signed = ", secret_file: DIR/secret" if secret else ""
        courier = one_letter(f"  way: {{type: {kind}, tls: none, url_file: DIR/url{signed}, per_minute: 600}}", officer="h-south", address="13800000000")
        courier.write("url", hook.url + "\n")
        courier.write("secret", secret)
        courier.start()
        submit(unit="south", text="门锁\"坏\"了\n二楼")
        wait(lambda hook=hook: hook.taken, f"{kind}: a letter arrives")
        same(hook.wrong, [], f"{kind}: the signature is right")
        content = str(hook.taken[0])
        ok("门锁\"坏\"了" in content and "13800000000" in content, f"{kind}: text and mention arrive", content)
        known = {row.letter.id for row in letters(officer=b"h-south")}
        script += [(200 if kind != "webhook" else 422, fault)]
        submit(unit="south")
        dead = wait(lambda known=known: [row for row in letters(officer=b"h-south", state=DEAD) if row.letter.id not in known],
                    f"{kind}: what the server will never take is given up")[0]
        ok(state(dead.letter.id).deliveries[0].answer.decode().startswith("HTTP "), f"{kind}: in its words", state(dead.letter.id).deliveries)
        count = len(hook.taken)
        script += [rate]
        submit(unit="south")
        wait(lambda courier=courier: courier.saw(r"courier\.rate channel=way wait=\d+"), f"{kind}: a rate is kept")
        same(len(hook.taken), count, f"{kind}: and nothing more is sent meanwhile")
        ok("SEC" not in courier.log() and "access_token" not in courier.log(), f"{kind}: no secret is in the log")
        same(courier.stop(), 0, f"{kind}: the courier ends")
        advance(HOUR)
        hook.behave = lambda number: (302, {})
        courier.start()
        wait(lambda courier=courier: courier.saw(r"channel_down channel=way reason=setup"), f"{kind}: a redirect is not followed")
        hook.behave = lambda number: None
        wait(lambda courier=courier: courier.saw(r"courier\.attempt .*outcome=failed"), f"{kind}: it passes")
        advance(HOUR)
        wait(lambda hook=hook, count=count: len(hook.taken) > count, f"{kind}: the letter arrives in the end")
        same(hook.wrong, [], f"{kind}: nothing was wrong ever")
        same(courier.stop(), 0, f"{kind}: the courier ends again")
        hook.stop()


def test_seen():
    """A program that takes letters may say that the officer has seen them: it is on record, and the office sees it."""
    answers = [{"opened": 1}, {"acknowledged": 1}, {"acknowledged": 0}]
    hook = Hook("webhook", "SEC4", lambda _: (200, answers.pop(0)))
    courier = one_letter("  way: {type: webhook, tls: none, url_file: DIR/url, secret_file: DIR/secret}", officer="h-south", address="desk-7")
    courier.write("url", hook.url + "\n")
    courier.write("secret", "SEC4")
    courier.start()
    for seen in ((True, False), (True, True), (False, False)):
        known = {row.letter.id for row in letters(officer=b"h-south")}
        submit(unit="south")
        row = wait(lambda known=known: [row for row in letters(officer=b"h-south", state=SENT) if row.letter.id not in known], "a letter is delivered")[0]
        fine = wait(lambda row=row, seen=seen: (state(row.letter.id).opened > 0, state(row.letter.id).acknowledged > 0) == seen, "it is on record")
        ok(fine, f"opened and acknowledged: {seen}", state(row.letter.id))
    same(hook.wrong, [], "nothing was wrong")
    same(courier.stop(), 0, "the courier ends")
    hook.stop()


def test_rate():
    """Not more than the vendor lets through in a minute, however much waits."""
    hook = Hook("wecom")
    courier = one_letter("  way: {type: wecom, tls: none, url_file: DIR/url, per_minute: 3}", officer="h-south", address="-")
    courier.write("url", hook.url)
    courier.start()
    submit(8, unit="south")
    wait(lambda: len(hook.taken) >= 3, "three messages arrive")
    wait(lambda: len(letters(officer=b"h-south", state=WAITING)) >= 5, "the others wait")
    same(courier.stop(), 0, "the courier ends")
    same(len(hook.taken), 3, "three and no more were sent")
    hook.stop()


def test_digest():
    """Quiet hours, a digest at its time on a working day, urgent kinds at once; an outage is one letter."""
    mail = Mail()
    daemon = HERE["daemon"]
    courier = Courier(daemon, f"  mail: {{type: smtp, url: '{mail.url}', from: office@example.cn}}",
                      contacts("{officer: h-north-1, channels: {mail: h@example.cn}}"), more="urgent: {at_once: [interview], gather_from: 6}",
                      times="{quiet: '20:00-07:30', digest: '08:30', calendar: cn, zone: Asia/Shanghai}").start()
    office = Client(daemon, "office")
    day = (office.ping().now + 8 * HOUR) // DAY  # of Shanghai
    friday = day + (4 - (day + 3) % 7) % 7 + 7 * (((day + 3) % 7) >= 4)

    def at(days, hours):
        office.advance(days * DAY + int(hours * HOUR) - 8 * HOUR)

    at(friday, 9)
    wait(lambda: courier.saw(r"courier\.calendar name=cn"), "the published calendar is found")
    wait(lambda: not office_unposted("h-north-1") and not letters(officer=b"h-north-1", state=WAITING), "what waited goes")
    mail.taken.clear()
    submit(3, unit="north-1")
    at(friday, 23)
    at(friday + 1, 9)  # Saturday: nobody works
    at(friday + 2, 9)
    wait(lambda: len(office_unposted("h-north-1")) >= 3, "three notices wait")
    same(mail.taken, [], "nothing was sent after the time for digests, at night, at the weekend")
    at(friday + 3, 8.6)
    wait(lambda: mail.taken, "on Monday one letter arrives")
    text = mail.taken[0].get_body(("plain",)).get_content()
    ok(len(mail.taken) == 1 and re.search(r"共[3-9]项", mail.taken[0]["Subject"]), "with all of them", mail.taken[0]["Subject"])
    same(len(re.findall(r"^\d+\. 交办通知 C-", text, re.M)), 3, "each in a line")
    same(courier.stop(), 0, "the courier ends")
    mail.taken.clear()
    known = {row.letter.id for row in letters(officer=b"h-north-1")}
    at(friday + 90, 10)  # rungs fire while no courier runs, and the letters of others do not matter
    courier.start()
    fresh = wait(lambda: [row for row in letters(officer=b"h-north-1", state=SENT) if row.letter.id not in known], "what was missed arrives")
    ok(len(office_unposted("h-north-1")) == 0 and len(fresh) <= 3, "in few letters, not one for each", len(fresh))
    same(courier.stop(), 0, "the courier ends again")
    mail.stop()


def test_erased_meanwhile():
    """A text that is erased after the courier has read it, and before it writes the letter, is in no letter."""
    mail = Mail()
    daemon = HERE["daemon"]
    courier = Courier(daemon, f"  mail: {{type: smtp, url: '{mail.url}', from: office@example.cn}}",
                      contacts("{officer: h-north-1, channels: {mail: h@example.cn}}"), more="urgent: {at_once: [interview], gather_from: 6}",
                      times="{quiet: none, digest: '08:30', calendar: cn, zone: Asia/Shanghai}").start()
    office, asker = Client(daemon, "office"), Client(daemon, "off")
    day = (office.ping().now + 8 * HOUR) // DAY
    half_past = (day + 7 - (day + 3) % 7 + 1) * DAY + 30 * MINUTE  # a Tuesday, 8:30 in Shanghai
    office.advance(half_past - 20 * 1000000)
    wait(lambda: not office_unposted("h-north-1") and not office_unposted("h-south"), "what waited goes")
    case, = submit(unit="north-1", text="王小明 13900000000")
    submit(unit="south")
    wait(lambda: not office_unposted("h-south"), "a later notice, to nobody, is posted: the courier has read all")
    same(len(office_unposted("h-north-1")), 1, "the one before waits for its time")
    text = int(daemon.sql(f"SELECT log_index FROM rectify.event WHERE case_no = {case} AND version = 1")) + 1
    asker.act(command(54, 0, other=text, number="PIPL 47", text="asked for"))
    same(office.act(command(55, 0, other=text))[0].receipt.rule, 665, "its text is erased")
    office.advance(half_past + 10 * 1000000)
    wait(lambda: not office_unposted("h-north-1"), "its time comes")
    ok(courier.saw(r"courier\.not_posted officer=h-north-1 result=erased"), "the daemon refuses what the courier had read", courier.log()[-2000:])
    same(daemon.sql("SELECT count(*) FROM rectify.letter WHERE body LIKE '%13900000000%'"), "0", "the letter is written anew, without it")
    same(courier.stop(), 0, "the courier ends")
    mail.stop()


def office_unposted(officer):
    client = Client(HERE["daemon"], "post")
    found = [row for page in client.pages(unposted=pb.UnpostedQuery()) for row in page.notices if row.officer == officer.encode()]
    client.close()
    return found


def test_reload():
    """SIGHUP takes new contacts, all or none; who is struck out gets nothing more, and a letter on its way is given up."""
    mail = Mail()
    courier = Courier(HERE["daemon"], f"  mail: {{type: smtp, url: '{mail.url}', from: office@example.cn}}", contacts()).start()
    wait(lambda: courier.saw("courier.started"), "it starts")
    courier.write("contacts.yaml", "contacts:\n  - {officer: h-north, channels: {mial: x}}\n")
    courier.process.send_signal(signal.SIGHUP)
    wait(lambda: courier.saw(r"contacts\.yaml:2:35: error: there is no channel 'mial' \(did you mean 'mail'\?\)"), "a slip is named with its place")
    courier.write("contacts.yaml", contacts("{officer: h-north, channels: {mail: new@example.cn}}"))
    courier.process.send_signal(signal.SIGHUP)
    wait(lambda: courier.saw(r"courier\.reloaded contacts=1"), "the right file is taken")
    submit()
    wait(lambda: any(one["To"] == "<new@example.cn>" or "new@example.cn" in one["To"] for one in mail.taken), "letters go to the new address")
    mail.behave = lambda what, *_: "451 later" if what == "data" else None
    submit()
    row = wait(lambda: [one for one in letters(officer=b"h-north", state=WAITING) if one.failures == 1 and one.letter.id not in HERE["left"]],
               "a letter waits to be tried again")[0]
    courier.write("contacts.yaml", contacts())
    courier.process.send_signal(signal.SIGHUP)
    wait(lambda: courier.saw(r"courier\.reloaded contacts=0"), "the address is struck out")
    advance(10 * MINUTE)
    wait(lambda: state(row.letter.id).state == DEAD, "the letter is given up")
    ok("no address" in state(row.letter.id).deliveries[-1].answer.decode(), "and says why", state(row.letter.id).deliveries)
    same(courier.stop(), 0, "the courier ends")
    mail.stop()


def test_daemon_away():
    """The daemon goes and comes back: the courier waits for it."""
    mail = Mail()
    courier = Courier(HERE["daemon"], f"  mail: {{type: smtp, url: '{mail.url}', from: office@example.cn}}",
                      contacts("{officer: h-south, channels: {mail: s@example.cn}}")).start()
    wait(lambda: courier.saw("courier.started"), "it starts")
    HERE["daemon"].kill()
    wait(lambda: courier.saw(r"courier\.daemon_silent"), "it says once that nobody answers")
    HERE["daemon"].start()
    submit(unit="south")
    wait(lambda: mail.taken, "and goes on")
    ok(courier.saw(r"courier\.daemon_answers"), "which it says too", courier.log())
    same(courier.stop(), 0, "the courier ends")
    same(HERE["daemon"].stop(), 0, "the daemon stops as asked")
    mail.stop()


main(test_begin, test_mail, test_mail_trouble, test_mail_tls, test_chat, test_seen, test_rate, test_digest, test_erased_meanwhile, test_reload, test_daemon_away)

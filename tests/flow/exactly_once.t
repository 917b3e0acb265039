#!/usr/bin/python3
"""Exactly once: the same id is recorded once and answered alike for ever, whatever dies in between."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

KILLS = 5
DAEMON = []


def facts(receipt):
    return (receipt.case_no, receipt.event_number, receipt.log_index, receipt.rule, receipt.recorded, receipt.due,
            receipt.due_text, receipt.status, receipt.track)


def receipts(outcomes):
    return [outcome.receipt for outcome in outcomes if outcome.WhichOneof("result") == "receipt"]


def test_repeats():
    """The same id again: in another request, inside one request, after a restart, from another client."""
    daemon = DAEMON.append(city()) or DAEMON[0]
    client, other = Client(daemon), Client(daemon, "insp-1")
    one = finding()
    first = receipts(client.submit(one))[0]
    ok(first.case_no == 1 and not first.repeated and first.head.size == first.log_index + 1, "a first receipt is not a repeat", first)
    second = receipts(other.submit(finding(), one, finding()))
    same([(r.repeated, r.case_no) for r in second], [(False, 2), (True, 1), (False, 3)], "the same id in another batch is a repeat, its neighbours are not")
    same(facts(second[1]), facts(first), "the repeat says what the first receipt said")
    ok(not second[1].HasField("head"), "the repeat names no head: its own is long past")
    twin = finding()
    pair = client.ask(submit=submit_of(twin, twin)).error
    same((pair.code, pair.field), (FIELD, b"submit.findings[1].id"), "the same id twice in one request is refused")
    changed = finding(one.id, text="another text", kind=2)
    same(facts(receipts(client.submit(changed))[0]), facts(first), "what is sent again under the id changes nothing")

    remark = command(COMMENT, first.case_no, text="看过")
    noted = receipts(client.act(remark))[0]
    refused = command(ESCALATE, first.case_no, text="no right to", track=4)
    refusal = client.act(refused)[0].refusal
    ok(refusal.rule == 201 and not refusal.repeated and refusal.log_index > 0, "a refusal is recorded too", refusal)
    same(daemon.stop(), 0, "the daemon stops")
    daemon.start()
    again = receipts(client.submit(one))[0]
    ok(again.repeated and facts(again) == facts(first), "after a restart the same id brings the same receipt", first, again)
    again = receipts(client.act(remark))[0]
    ok(again.repeated and facts(again) == facts(noted), "so does a command's", noted, again)
    again = client.act(refused)[0].refusal
    same((again.repeated, again.rule, again.log_index, again.event_number), (True, 201, refusal.log_index, refusal.event_number), "and a refusal's")
    size = client.ping().head.size
    client.submit(one)
    same(client.ping().head.size, size, "a repeat adds nothing to the log")

    reused = client.act(command(COMMENT, first.case_no, one.id, text="x"))[0]
    same((reused.WhichOneof("result"), reused.error.code), ("error", KEY_REUSED), "the id of a finding for a comment: key reused")
    reused = client.act(command(COMMENT, 2, remark.id, text="看过"))[0]
    same((reused.WhichOneof("result"), reused.error.code), ("error", KEY_REUSED), "the id of a comment for another case: key reused")
    reused = client.submit(finding(remark.id))[0]
    same((reused.WhichOneof("result"), reused.error.code), ("error", KEY_REUSED), "the id of a comment for a finding: key reused")
    soon = client.ping().now + 1_000_000
    client.advance(soon)  # in one instant nobody can tell whether the case was there
    missing = command(COMMENT, 999999, text="x")
    same(client.act(missing)[0].refusal.rule, 100, "a comment on a case that there is not: refused")
    ok(client.act(missing)[0].refusal.repeated, "and again")
    reused = client.act(command(COMMENT, 2, missing.id, text="x"))[0]
    same((reused.WhichOneof("result"), reused.error.code), ("error", KEY_REUSED), "its id for a case that there is: key reused")
    office, key = Client(daemon, "office"), uuid7()
    office.ask(publish=pb.Publish(id=key, document=1, file_name=b"city.yaml", body=CITY.encode()))
    reused = office.ask(publish=pb.Publish(id=key, document=2, file_name=b"x.yaml", body=b"x")).outcomes.outcomes[0]
    same((reused.WhichOneof("result"), reused.error.code), ("error", KEY_REUSED), "the id of a registry for a policy: key reused")
    mixed = client.act(command(COMMENT, 2, text="y"), command(COMMENT, 3, remark.id, text="z"), command(COMMENT, 3, text="w"))
    same([o.WhichOneof("result") for o in mixed], ["receipt", "error", "receipt"], "one bad id does not spoil its neighbours")
    same(daemon.sql("SELECT count(*) FROM rectify.finding"), "3", "three findings are stored in all")
    ok(daemon.doctor().returncode == 0, "the doctor finds nothing wrong")


def test_rows_of_two():
    """The same row in two people's files is two findings; the same file again is none, and says which lines."""
    daemon, folder = city(), place()
    for n in (1, 2):
        (folder / f"insp-{n}.yaml").write_text("unit: {column: unit}\nfound: {column: date}\ntext: {column: text}\nkind: {constant: prominent}\n"
                                           f"severity: {{constant: ordinary}}\ncategory: {{constant: x}}\nteam: {{constant: team-{n}}}\n")
    (folder / "rows.csv").write_text("unit,date,text\nnorth,2026-01-04,same words\nnorth,2026-01-04,other words\n")

    def submit(who):
        done = subprocess.run([BUILD / "rectify", "submit", "--endpoint", daemon.endpoint, "--as", who, "--csv", folder / "rows.csv", "--map",
                               folder / f"{who}.yaml"], capture_output=True, text=True, timeout=PATIENCE, check=False)
        need(done.returncode == 0, done.stderr)
        return done.stdout

    for who in ("insp-1", "insp-2"):
        said = submit(who)
        ok(said.startswith("2 accepted, 0 repeated"), f"the rows of {who} are accepted", said)
    said = submit("insp-2")
    ok(said.startswith("0 accepted, 2 repeated") and "lines 2-3" in said, "the same file again doubles nothing, and names the lines", said)
    same(daemon.sql("SELECT count(*) FROM rectify.finding"), "4", "four findings are stored")


def test_under_way():
    """The append is held up by a lock on the head: what comes again meanwhile is told "busy", or gets the one receipt."""
    daemon = DAEMON[0]
    holder = subprocess.Popen([PSQL, "-XAtq", "-h", daemon.data / "postgres-socket", "-U", "rectify_admin", "-d", "rectify"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    holder.stdin.write("BEGIN; SELECT 'held' FROM rectify.head FOR UPDATE;\n")
    holder.stdin.flush()
    same(holder.stdout.readline().strip(), "held", "the head is held")
    client, other = Client(daemon), Client(daemon)
    held, one = finding(), finding()
    first, second = (request("insp-1", submit=submit_of(f)) for f in (held, one))
    client.send(first)
    ok(until(lambda: daemon.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'rectify_writer' AND wait_event_type = 'Lock'") == "1"),
       "the append waits")
    client.send(second)  # waits in the batch behind
    for flying, name in ((held, "being committed"), (one, "gathered")):
        reply = other.once(request("insp-1", submit=submit_of(flying)))
        ok(reply and reply.WhichOneof("body") == "error" and reply.error.code == BUSY and reply.error.retry_msec > 0,
           f"the same id while the first is {name}: busy, with a time to wait", reply)
    ok(other.once(request("insp-1", ping=pb.Ping())) is not None, "meanwhile a ping is answered")
    holder.stdin.write("COMMIT;\n")
    holder.stdin.close()
    holder.wait(PATIENCE)
    replies = {}
    while len(replies) < 2:
        reply = need(client.receive(), "an answer")
        replies[reply.id] = reply
    same([receipts(replies[m.id].outcomes.outcomes)[0].repeated for m in (first, second)], [False, False], "both firsts are answered afterwards")
    again = receipts(other.submit(held, one))
    same([(r.repeated, r.case_no) for r in again],
         [(True, replies[m.id].outcomes.outcomes[0].receipt.case_no) for m in (first, second)], "and the later ones get their receipts")


def test_kills():
    """Clients send blindly through kill -9 of the daemon, again and again."""
    daemon = DAEMON[0]
    epoch = int(daemon.sql("SELECT epoch FROM rectify.head"))
    load = Load(daemon)
    load.start()
    for _ in range(KILLS):
        load.wait_more(60)
        server = daemon.postmaster()
        daemon.kill()
        need(alive(server), "PostgreSQL outlives the daemon")
        daemon.start(wait=False)
    load.wait_more(60)
    load.end()
    daemon.wait_log("ready endpoint=")
    say(f"{len(load.submitted)} submitted, {load.acknowledged()} acknowledged, {load.repeats} repeats, errors {load.errors}")
    ok(load.acknowledged() == len(load.submitted), "everything submitted was acknowledged in the end", load.errors)
    ok(load.repeats > 0, "some were sent again and told so")
    same(daemon.sql("SELECT epoch FROM rectify.head"), str(epoch + KILLS), "each start raised the epoch")
    load.compare(daemon, f"after {KILLS} kills")


def test_kill_and_drop():
    """The clients go away with the daemon: what was never acknowledged may be stored or not, but only once."""
    daemon = DAEMON[0]
    load = Load(daemon, clients=16, each=5)
    load.start()
    load.wait_more(200)
    daemon.kill()
    load.end(drop=True)
    daemon.start()
    load.compare(daemon, "after a kill with the clients gone")
    late = Client(daemon)
    keys = sorted(load.submitted - set(load.receipts))
    late.submit(*[finding(key) for key in keys])
    stored = {bytes.fromhex(line.replace("-", "")) for line in daemon.sql("SELECT id FROM rectify.finding").splitlines()}
    ok(load.submitted <= stored, f"sending the {len(keys)} unacknowledged again later completes the set", len(load.submitted - stored))
    same(daemon.sql("SELECT count(*) - count(DISTINCT id) FROM rectify.finding"), "0", "and doubles none")
    same(daemon.stop(), 0, "the last one stops as asked")


main(test_repeats, test_rows_of_two, test_under_way, test_kills, test_kill_and_drop)

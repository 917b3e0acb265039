#!/usr/bin/python3
"""Findings with the inspector's own signature: checked at the door, kept with the event, verified by the doctor, erasable."""
import json
import os
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

HERE = {}
WRONG = 210  # rule.def; rule 210


class Key:
    """A signing key of somebody, made here: another implementation than the client's."""

    def __init__(self):
        self.secret = Ed25519PrivateKey.generate()
        self.public = self.secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message):
        bare = pb.Finding()
        bare.CopyFrom(message)
        bare.ClearField("signature")
        bare.ClearField("signer")
        message.signature, message.signer = self.secret.sign(b"rectify finding 1\n" + bare.SerializeToString(deterministic=True)), self.public
        return message


def rectify(*words, actor="insp-1", timeout=10, spool="/dev/null/none"):
    command = [BUILD / "rectify", "--as", actor, "--timeout", str(timeout), "--endpoint", HERE["daemon"].endpoint, *words]
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=PATIENCE, check=False,
                          env={**os.environ, "LC_ALL": "C", "TZ": "UTC", "RECTIFY_SPOOL": str(spool)})


def change(public, officer="insp-1", **more):
    return pb.KeyChange(id=uuid7(), public_key=public, officer=officer.encode(), kind=1, **more)


def outcome_of(reply):
    return reply.outcomes.outcomes[0]


def start():
    HERE["daemon"] = city()
    HERE["insp"], HERE["office"] = Client(HERE["daemon"], "insp-1"), Client(HERE["daemon"], "office")
    HERE["key"] = Key()
    reply = HERE["office"].ask(key_change=change(HERE["key"].public))
    same(outcome_of(reply).receipt.rule, 661, "a signing key is registered")


def test_door():
    """A right signature is taken; a wrong one is refused by its rule; none at all is fine."""
    insp, key = HERE["insp"], HERE["key"]

    def judge(message, client=insp):
        outcome = client.submit(message)[0]
        return outcome.refusal.rule if outcome.WhichOneof("result") == "refusal" else 0

    same(judge(key.sign(finding())), 0, "signed rightly")
    same(judge(finding()), 0, "not signed at all")
    changed = key.sign(finding())
    changed.text += b"!"
    same(judge(changed), WRONG, "the text was changed")
    for field in ("unit", "category", "code", "inspection", "id"):
        changed = key.sign(finding())
        setattr(changed, field, b"south" if field == "unit" else uuid7() if field == "id" else b"other")
        same(judge(changed), WRONG, f"{field} was changed")
    changed = key.sign(finding())
    changed.kind, changed.severity = 2, 1
    same(judge(changed), WRONG, "the kind was changed")
    changed = key.sign(finding())
    changed.signature = bytes([changed.signature[0] ^ 1]) + changed.signature[1:]
    same(judge(changed), WRONG, "the signature was changed")
    half = key.sign(finding())
    half.ClearField("signer")
    same(judge(half), WRONG, "a signature without its key")
    half = key.sign(finding())
    half.ClearField("signature")
    same(judge(half), WRONG, "a key without a signature")
    stranger = Key()
    same(judge(stranger.sign(finding())), WRONG, "a key that nobody registered")
    other = key.sign(finding(team="team-2"))
    same(judge(other, Client(HERE["daemon"], "insp-2")), WRONG, "another officer's key")
    short = key.sign(finding())
    short.signature = short.signature[:63]
    reply = insp.ask(submit=submit_of(short))
    same((reply.error.code, reply.error.field), (FIELD, b"submit.findings[0].signature"), "a signature of 63 bytes is not one")


def test_kinds():
    """A key to sign with opens no connection, and the other way round; a key keeps its kind."""
    office, raw = HERE["office"], os.urandom(32)
    connect = pb.KeyChange(id=uuid7(), public_key=raw, officer=b"insp-1")
    same(outcome_of(office.ask(key_change=connect)).receipt.rule, 661, "a key to connect is registered")
    same(outcome_of(office.ask(key_change=change(raw))).refusal.rule, 204, "it does not become one to sign with")
    both = Key()
    office.ask(key_change=pb.KeyChange(id=uuid7(), public_key=both.public, officer=b"insp-1"))
    same(HERE["insp"].submit(both.sign(finding()))[0].refusal.rule, WRONG, "a key to connect signs nothing")
    future = Key()
    office.ask(key_change=change(future.public, valid_from=TODAY + 30, valid_until=TODAY + 60))
    same(HERE["insp"].submit(future.sign(finding()))[0].refusal.rule, WRONG, "a key of next month does not sign today")
    gone = Key()
    office.ask(key_change=change(gone.public))
    same(HERE["insp"].submit(gone.sign(finding()))[0].WhichOneof("result"), "receipt", "signed, and then")
    office.ask(key_change=pb.KeyChange(id=uuid7(), public_key=gone.public, revoke=True, text=b"lost"))
    same(HERE["insp"].submit(gone.sign(finding()))[0].refusal.rule, WRONG, "a revoked key signs no more")
    rows = {row.public_key: row.kind for row in office.ask(query=pb.Query(keys=pb.KeyQuery())).page.keys}
    same((rows[raw], rows[gone.public]), (0, 1), "the list of keys tells the kinds apart")
    daemon = HERE["daemon"]
    same(daemon.stop(), 0, "the daemon stops")
    daemon.start()
    same(HERE["insp"].submit(HERE["key"].sign(finding()))[0].WhichOneof("result"), "receipt", "after a restart the keys are known")
    same(HERE["insp"].submit(gone.sign(finding()))[0].refusal.rule, WRONG, "... the revoked one too")


def test_weak_keys():
    """A key for which anybody can sign is not registered; one that got in before the daemon looked is not believed."""
    office, insp, daemon = HERE["office"], HERE["insp"], HERE["daemon"]
    for what, weak in (("the neutral point", b"\x01" + bytes(31)), ("a point of order 4", bytes(32)),
                       ("not of the field", b"\xee" + b"\xff" * 30 + b"\x7f"), ("not on the curve", b"\x02" + bytes(31))):
        same(outcome_of(office.ask(key_change=change(weak))).refusal.rule, 211, f"rule 211: {what}")
    weak = b"\x01" + bytes(31)
    forged = finding(signature=weak + bytes(32), signer=weak)  # R = A = the neutral point, S = 0: holds for all messages
    Ed25519PublicKey.from_public_bytes(weak).verify(forged.signature, b"whatever")
    insider = daemon.sql("SELECT id FROM rectify.officer WHERE code = 'insp-1' ORDER BY id LIMIT 1")
    daemon.sql("INSERT INTO rectify.client_key (public_key, officer, from_day, until_day, revoked, log_index, kind) "
               f"VALUES ('\\x{weak.hex()}', {insider}, '2026-01-01', '2026-12-31', false, 1000000000, 1)")
    daemon.kill()
    daemon.start()
    rows = {row.public_key for row in office.ask(query=pb.Query(keys=pb.KeyQuery())).page.keys}
    ok(weak in rows, "a weak key stands there from before")
    same(insp.submit(forged)[0].refusal.rule, WRONG, "what anybody can sign by it is refused all the same")
    daemon.sql("ALTER TABLE rectify.client_key DISABLE TRIGGER deny_delete; DELETE FROM rectify.client_key WHERE log_index = 1000000000; "
               "ALTER TABLE rectify.client_key ENABLE ALWAYS TRIGGER deny_delete")
    daemon.kill()
    daemon.start()


def test_command():
    """The command signs, offline too; show and history say so; the doctor verifies."""
    top = HERE["top"] = place()
    public = rectify("key", "new", "--for", "person", "--name", "insp-1", top / "me.key").stdout.strip()
    done = rectify("key", "register", "insp-1", public, actor="office")
    ok(done.returncode == 0, "its public half is registered as it is printed", done)
    words = ["--unit", "north", "--kind", "loophole", "--severity", "ordinary", "--team", "team-1", "--found", "2026-01-02"]
    done = rectify("submit", *words, "-m", "by my hand", "--sign", top / "me.key", "--json")
    case = json.loads(done.stdout)["case"]
    ok("signed by insp-1" in rectify("history", case).stdout and "signed by insp-1" in rectify("show", case).stdout, "history and show say who signed")
    rows = "".join(json.dumps({"unit": "north", "kind": "loophole", "severity": "ordinary", "team": "team-1", "found": "2026-01-02",
                               "text": f"row {at}"}) + "\n" for at in range(250))
    (top / "rows.jsonl").write_text(rows)
    done = rectify("submit", "--jsonl", top / "rows.jsonl", "--sign", top / "me.key")
    ok(done.returncode == 0 and "250 accepted" in done.stdout, "a file is signed row by row", done)
    done = rectify("submit", "--jsonl", top / "rows.jsonl", "--sign", top / "me.key", "--offline", spool=top / "spool")
    done = rectify("submit", *words, "-m", "kept", "--sign", top / "me.key", "--offline", spool=top / "spool")
    done = rectify("bundle", "export", top / "out", "--sign", top / "me.key", spool=top / "spool")
    done = rectify("bundle", "import", top / "out", "--from", public, spool=top / "other")
    done = rectify("spool", "send", "--json", spool=top / "other")
    ok(done.returncode == 0 and len(done.stdout.splitlines()) == 251, "signed, saved, carried and sent: received", done.stderr, done.stdout[-300:])
    done = HERE["daemon"].doctor()
    stored = int(HERE["daemon"].sql("SELECT count(*) FROM rectify.signature"))
    ok(done.returncode == 0 and f"{stored} findings signed by their inspectors" in done.stdout and stored > 250, "the doctor verifies each", done.stdout)


def test_doctor_finds():
    """What is stored of a signature is changed behind the daemon's back: named."""
    daemon = HERE["daemon"]
    at = daemon.sql("SELECT max(log_index) FROM rectify.signature")

    def behind(statement):
        daemon.sql(f"ALTER TABLE rectify.signature DISABLE TRIGGER deny_row; {statement}; "
                   "ALTER TABLE rectify.signature ENABLE ALWAYS TRIGGER deny_row")

    for what, change_it, undo in (
            ("signature", "signature = set_byte(signature, 3, get_byte(signature, 3) # 1)", None),
            ("body", "body = body || 'x'::bytea", "body = substr(body, 1, length(body) - 1)"),
            ("signer", "signer = set_byte(signer, 3, get_byte(signer, 3) # 1)", None),
            ("salt", "salt = set_byte(salt, 3, get_byte(salt, 3) # 1)", None)):
        behind(f"UPDATE rectify.signature SET {change_it} WHERE log_index = {at}")
        done = daemon.doctor()
        ok(done.returncode == 2 and f"log {at}: the inspector's signature: it is not what the record commits to" in done.stdout,
           f"a changed {what} is named", done.stdout)
        behind(f"UPDATE rectify.signature SET {undo or change_it} WHERE log_index = {at}")
    daemon.sql(f"CREATE TABLE public.kept AS SELECT * FROM rectify.signature WHERE log_index = {at}")
    behind(f"ALTER TABLE rectify.signature NO FORCE ROW LEVEL SECURITY; ALTER TABLE rectify.signature DISABLE TRIGGER deny_row; "
           f"DELETE FROM rectify.signature WHERE log_index = {at}")
    done = daemon.doctor()
    ok(done.returncode == 2 and f"log {at}: the inspector's signature: what was signed is gone, and its text is not" in done.stdout,
       "one that was taken away is named", done.stdout)
    behind("INSERT INTO rectify.signature SELECT * FROM public.kept; DROP TABLE public.kept; ALTER TABLE rectify.signature FORCE ROW LEVEL SECURITY")
    same(daemon.doctor().returncode, 0, "put back, all is well")
    for statement in (f"UPDATE rectify.signature SET salt = salt WHERE log_index = {at}", f"DELETE FROM rectify.signature WHERE log_index = {at}",
                      "TRUNCATE rectify.signature"):
        ok("refused" in daemon.sql(statement, check=False), f"refused, even to an administrator: {statement.split()[0]}")


def test_erased():
    """Where the text goes, what was signed goes; the proof stays, and the doctor says erased."""
    daemon = HERE["daemon"]
    at = daemon.sql("SELECT max(log_index) FROM rectify.signature")
    before = int(daemon.sql("SELECT count(*) FROM rectify.signature"))
    case = daemon.sql(f"SELECT case_no FROM rectify.event WHERE log_index = {at}")
    done = rectify("erase", "ask", case, "--index", at, "--ground", "PIPL 47", "-m", "the person asked for it", actor="off")
    same(done.returncode, 0, "the office asks for the text to be erased")
    same(rectify("erase", case, "--index", at, actor="office").returncode, 0, "an administrator erases it")
    same(int(daemon.sql("SELECT count(*) FROM rectify.signature")), before - 1, "the bytes that were signed go with the text")
    done = daemon.doctor()
    ok(done.returncode == 0 and f"{before - 1} findings signed by their inspectors, 1 more erased since" in done.stdout,
       "the log is whole all the same", done.stdout)
    ok("signed by insp-1" in rectify("history", case).stdout, "and still tells that it was signed")


main(start, test_door, test_kinds, test_weak_keys, test_command, test_doctor_finds, test_erased)

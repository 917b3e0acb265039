#!/usr/bin/python3
"""Heads of the log are signed by a process of its own; receipts prove what was recorded; history cannot be taken back."""
import atexit
import base64
import hashlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position
from signer import LOG, USER, Signer  # noqa: E402,F401 pylint: disable=wrong-import-position,unused-import

HERE = {}


def rectify(*words, actor="auditor"):
    return subprocess.run([BUILD / "rectify", "--as", actor, "--endpoint", HERE["daemon"].endpoint, *words], capture_output=True,
                          timeout=PATIENCE, check=False)


# ---- RFC 6962 and C2SP, once more, without a line of the project's ---------------------------------------------------

def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def included(record, index, size, proof, root):
    """RFC 9162, 2.1.3.2."""
    fn, sn, at = index, size - 1, hashlib.sha256(b"\x00" + record).digest()
    for one in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            at = node(one, at)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            at = node(at, one)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and at == root


def consistent(old, old_root, size, root, proof):
    """RFC 9162, 2.1.4.2."""
    if old == size:
        return old_root == root and not proof
    path = ([old_root] if old & (old - 1) == 0 else []) + list(proof)
    fn, sn = old - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for one in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            first, second = node(one, first), node(one, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node(second, one)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and first == old_root and second == root


def says(note):
    """Size and root of a note."""
    lines = note.decode().split("\n")
    return int(lines[1]), base64.b64decode(lines[2])


def holds(receipt):
    size, root = says(receipt.head.note)
    return (size, root) == (receipt.head.size, receipt.head.root) and included(receipt.record, receipt.log_index, size,
                                                                              receipt.proof, root)


def checks(text):
    """What `rectify receipt check` says of a receipt: it needs no daemon."""
    return subprocess.run([BUILD / "rectify", "receipt", "check", "--key", HERE["signer"].public, "-"], input=text,
                          capture_output=True, timeout=PATIENCE, check=False)


def as_file(receipt):
    lines = [b"c2sp.org/tlog-proof@v1", b"extra " + base64.b64encode(receipt.record), b"index %d" % receipt.log_index]
    return b"\n".join(lines + [base64.b64encode(one) for one in receipt.proof]) + b"\n\n" + receipt.head.note


# ---- the tests ------------------------------------------------------------------------------------------------------

def test_receipts():
    """Every acknowledgement is a receipt that can be checked without us."""
    signer = HERE["signer"] = Signer()
    signer.start()
    daemon = HERE["daemon"] = city("--signer", str(signer.socket))
    client = HERE["client"] = Client(daemon)
    receipts = [one.receipt for _ in range(5) for one in client.submit(*(finding() for _ in range(60)))]
    ok(all(one.head.note for one in receipts), "every receipt has a signed head")
    ok(all(holds(one) for one in receipts), "and proves that the record is in it")
    done = checks(as_file(receipts[0]))
    ok(done.returncode == 0 and b"holds" in done.stdout, "the command thinks so too", done.stdout, done.stderr)
    for at in (40, 200, len(as_file(receipts[0])) - 20):
        text = bytearray(as_file(receipts[0]))
        text[at] ^= 1
        ok(checks(bytes(text)).returncode != 0, "and does not of a changed one")
    refused = Client(daemon, "h-south").act(command(ESCALATE, 1, text="x"))[0].refusal
    ok(refused.head.note and holds(refused), "a refusal is proved likewise")
    again = client.ask(submit=submit_of(finding(key=receipts[0] and uuid7())))
    ok(holds(again.outcomes.outcomes[0].receipt), "and later ones")
    same(signer.size(), int(daemon.sql("SELECT size FROM rectify.head")), "the signer has signed all of it")


def test_get():
    """The receipt of any event can be had later, by whoever may read the case."""
    done = rectify("receipt", "get", "3", "1")
    ok(done.returncode == 0 and checks(done.stdout).returncode == 0, "by command", done.stderr)
    same(rectify("receipt", "get", "3", "9").returncode, 1, "there is no ninth event")
    ok(rectify("receipt", "get", "3", "1", actor="h-south").returncode != 0, "not by others")
    client = Client(HERE["daemon"], "h-south")
    same(client.query(proof=pb.ProofQuery(log_index=3)).code, NOT_FOUND, "nor by index")
    page = Client(HERE["daemon"], "auditor").query(proof=pb.ProofQuery(log_index=290))
    ok(included(page.record, 290, page.head.size, page.proof, page.head.root), "an auditor may ask for any")
    same(Client(HERE["daemon"], "auditor").query(proof=pb.ProofQuery(log_index=10**6, size=10)).code, FIELD, "what is not there is said")


def test_heads():
    """Heads are kept, and each extends the one before: anybody may ask for the proof."""
    client, daemon = Client(HERE["daemon"], "insp-2"), HERE["daemon"]
    need(until(lambda: int(daemon.sql("SELECT max(size) FROM rectify.checkpoint")) == int(daemon.sql("SELECT size FROM rectify.head"))),
         "the last head is not kept")
    notes = [note for page in client.pages(checkpoints=pb.CheckpointQuery()) for note in page.checkpoints]
    ok(len(notes) >= 2, "there are some", len(notes))
    client.act(command(COMMENT, 1, text="x"))
    wrong = []
    for one in notes:
        size, root = says(one)
        if size == 0:
            continue
        page = client.query(proof=pb.ProofQuery(old_size=size))
        if not consistent(size, root, page.head.size, page.head.root, page.proof):
            wrong.append(size)
    ok(not wrong, "and the log extends each", wrong)


def test_witness():
    """An audit office cosigns heads, and only those that extend the one it knows."""
    daemon, client, top = HERE["daemon"], HERE["client"], HERE["signer"].top
    key, state = top / "witness.key", top / "witness.state"
    public = subprocess.run([BUILD / "rectify", "key", "new", "--for", "witness", "--name", "witness.flow.example", key],
                            capture_output=True, timeout=PATIENCE, check=True).stdout.decode().strip()
    call = ("witness", "--key", key, "--log", HERE["signer"].public, "--state", state)
    for _ in range(3):
        done = rectify(*call)
        ok(done.returncode == 0 and done.stdout.startswith("\u2014 witness.flow.example ".encode()), "a head is cosigned", done.stderr)
        client.submit(finding())
        need(until(lambda: daemon.sql("SELECT count(*) FROM rectify.checkpoint WHERE size = (SELECT size FROM rectify.head)") == "1"), "kept")
    ok(rectify(*call).returncode == 0, "the last one")
    same(daemon.sql("SELECT note LIKE '%witness.flow.example%' FROM rectify.checkpoint ORDER BY size DESC LIMIT 1"), "t",
         "its line stands behind the head")
    ok(rectify(*call, actor="h-south").returncode != 0, "not everybody may hand one in")
    done = rectify("verify", "--key", HERE["signer"].public, "--witness", public)
    ok(done.returncode == 0 and b" 0 cosignatures" not in done.stdout, "the verifier counts them", done.stdout, done.stderr)


def test_lines():
    """What stands behind a head must leave it readable."""
    client = Client(HERE["daemon"], "auditor")
    size = client.query(checkpoints=pb.CheckpointQuery()).checkpoints[-1].split(b"\n")[1]
    for line in ("\u2014 a b c\n", "\u2014 a\n", "\u2014 name +\n"):
        reply = client.ask(cosign=pb.Cosign(size=int(size), line=line.encode()))
        same(reply.error.code, FIELD, f"no signature: {line.strip()}")
    client.close()
    same(rectify("verify", "--key", HERE["signer"].public).returncode, 0, "and all can be verified as before")


def test_silent():
    """A signer that is gone holds nobody up for long; when it is back all is signed again."""
    signer, client = HERE["signer"], HERE["client"]
    signer.stop()
    receipt = client.submit(finding())[0].receipt
    ok(receipt.case_no > 0 and not receipt.head.note, "the receipt leaves without a signature")
    ok(included(receipt.record, receipt.log_index, receipt.head.size, receipt.proof, receipt.head.root), "but with its proof")
    for _ in range(3):
        client.submit(*(finding() for _ in range(100)))
    signer.start()
    ok(until(lambda: signer.size() == client.ping().head.size), "it signs on where it was", HERE["daemon"].tail())
    ok(holds(client.submit(finding())[0].receipt), "and receipts are signed again")


def test_restart():
    """After kill -9 the daemon proves, from its tiles, that it goes on with what was signed."""
    daemon, signer, client = HERE["daemon"], HERE["signer"], HERE["client"]
    for _ in range(2):
        daemon.kill()
        daemon.start()
        ok(holds(client.submit(finding())[0].receipt), "it serves and signs")
    signer.stop()
    client.submit(*(finding() for _ in range(200)))
    client.submit(*(finding() for _ in range(200)))
    daemon.kill()
    signer.start()
    daemon.start()
    ok(holds(client.submit(finding())[0].receipt), "also over a gap of two tiles")
    daemon.kill()
    signer.stop()
    daemon.start(wait=False)
    daemon.wait_log(r"cluster\.starting")
    ok(until(lambda: daemon.saw("seal.waits")), "without the signer it does not serve, and says so", daemon.tail())
    signer.start()
    daemon.wait_log(r"ready endpoint=")
    ok(holds(client.submit(finding())[0].receipt), "until it is there")


def test_verify():
    """The whole log is verified online, and by the second verifier from an export."""
    signer, top = HERE["signer"], HERE["signer"].top
    done = rectify("verify", "--key", signer.public)
    ok(done.returncode == 0, "online", done.stdout, done.stderr)
    path = top / "log.export"
    done = rectify("export", "log", path)
    ok(done.returncode == 0, "exported", done.stderr)
    for command_line in ([BUILD / "rectify", "verify", "--offline", path, "--key", signer.public],
                         [sys.executable, ROOT / "scripts" / "verify.py", "--key", signer.public, path]):
        done = subprocess.run(command_line, capture_output=True, timeout=PATIENCE, check=False)
        ok(done.returncode == 0, f"offline, by {command_line[0]}", done.stdout[-1000:], done.stderr[-1000:])
    ok(rectify("export", "log", path).returncode != 0, "an export is not written over")
    whole = path.read_bytes()
    for cut in (len(whole) // 3, len(whole) // 2, len(whole) - 3):
        path.write_bytes(whole[:cut])
        done = rectify("export", "log", "--resume", path)
        again = subprocess.run([BUILD / "rectify", "verify", "--offline", path, "--key", signer.public], capture_output=True,
                               timeout=PATIENCE, check=False)
        ok(done.returncode == 0 and again.returncode == 0, f"one that was cut off at {cut} is gone on with", done.stderr, again.stdout)
    ok(path.stat().st_size >= len(whole), "to its end")


def test_erased():
    """What two persons erased is missing from an export, which says so, and every verifier says by which event."""
    signer, path = HERE["signer"], HERE["signer"].top / "erased.export"
    index = HERE["daemon"].sql("SELECT min(log_index) FROM rectify.private")
    case_no = HERE["daemon"].sql(f"SELECT coalesce(case_no, 0) FROM rectify.event WHERE log_index = {index}")
    done = rectify("erase", "ask", case_no, "--index", index, "--ground", "PIPL 47", "-m", "the person asked for it", actor="off")
    same(done.returncode, 0, "the office asks for a text to be erased")
    same(rectify("erase", case_no, "--index", index, actor="office").returncode, 0, "an administrator erases it")
    by = HERE["daemon"].sql("SELECT max(log_index) FROM rectify.event WHERE command = 55")
    same(rectify("export", "log", path).returncode, 0, "exported")
    said = f"record {index}: its text was erased by event {by}".encode()
    for command_line in ([BUILD / "rectify", "verify", "--offline", path, "--key", signer.public],
                         [sys.executable, ROOT / "scripts" / "verify.py", "--key", signer.public, path]):
        done = subprocess.run(command_line, capture_output=True, timeout=PATIENCE, check=False)
        ok(done.returncode == 0 and said in done.stdout, f"erased, says {command_line[0]}", done.stdout[-1000:], done.stderr[-1000:])
    done = rectify("verify", "--key", signer.public)
    ok(done.returncode == 0 and said in done.stdout, "and the verifier online", done.stdout[-500:], done.stderr[-500:])


def test_standby():
    """The signer is the active daemon's: a standby leaves it alone, and gets it when the active one stands still."""
    signer = Signer()
    signer.start()
    active = city("--signer", str(signer.socket))
    writer = active.backend("writer")
    standby = Daemon("--signer", str(signer.socket), top=active.top).start(wait=False)
    standby.wait_log("store.standby")
    client = Client(active)
    signer.stop()
    signer.start()

    def is_signed():
        return client.submit(finding())[0].receipt.head.note

    ok(until(is_signed), "after a restart of the signer it is the active daemon's again", active.tail(), standby.tail())
    os.kill(active.process.pid, signal.SIGSTOP)
    active.sql(f"SELECT pg_terminate_backend({writer})")
    standby.wait_log(r"ready endpoint=")
    client.close()
    client = Client(standby)
    ok(until(is_signed), "and the standby's when it takes over, though the one before never let go", standby.tail())
    client.close()
    os.kill(active.process.pid, signal.SIGCONT)
    same(active.exit_code(), 75, "which ends when it goes on")
    same(standby.stop(), 0, "the other ends as asked")
    signer.stop()


def test_tampering():
    """Somebody changes the database behind the daemon's back: the verifier names it."""
    daemon, signer = HERE["daemon"], HERE["signer"]
    daemon.sql("ALTER TABLE rectify.event DISABLE TRIGGER ALL")
    row = daemon.sql("SELECT record FROM rectify.event WHERE log_index = 100")
    daemon.sql("UPDATE rectify.event SET record = set_byte(record, 30, get_byte(record, 30) # 1) WHERE log_index = 100")
    done = rectify("verify", "--key", signer.public)
    ok(done.returncode == 2 and b"100" in done.stdout, "an edited record is found and named", done.stdout[-500:])
    daemon.sql(f"UPDATE rectify.event SET record = '{row}' WHERE log_index = 100")
    daemon.sql("UPDATE rectify.case_ SET handler = handler + 1 WHERE case_no = 7")
    done = rectify("verify", "--key", signer.public)
    ok(done.returncode == 2 and b"handler" in done.stdout, "a column that disagrees with the record, too", done.stdout[-500:])
    daemon.sql("UPDATE rectify.case_ SET handler = handler - 1 WHERE case_no = 7")
    same(rectify("verify", "--key", signer.public).returncode, 0, "and nothing when it is as it was")


def copy(folder, to):
    shutil.rmtree(to, ignore_errors=True)
    subprocess.run(["cp", "-a", folder, to], check=True)


def test_rollback():
    """A database that is older than the last signed head, or another one of its size, stops the daemon."""
    daemon, client = HERE["daemon"], HERE["client"]
    backup = daemon.top / "backup"
    same(daemon.stop(), 0, "stops")
    copy(daemon.data, backup)
    daemon.start()
    client.submit(*(finding() for _ in range(5)))
    same(daemon.stop(), 0, "stops")
    newer = daemon.top / "newer"
    copy(daemon.data, newer)
    copy(backup, daemon.data)
    daemon.start(wait=False)
    same(daemon.exit_code(), 2, "a restored backup is refused")
    ok(daemon.saw("history rolled back"), "by name", daemon.tail())
    unsigned = Daemon(top=daemon.top)  # the same database, without the signer: it grows another history
    unsigned.start()
    other = Client(unsigned)
    other.submit(*(finding() for _ in range(5)))
    same(unsigned.stop(), 0, "stops")
    daemon.start(wait=False)
    same(daemon.exit_code(), 2, "another history of the same size is refused")
    ok(daemon.saw("forked"), "by name", daemon.tail())
    unsigned.start()
    other.submit(*(finding() for _ in range(5)))
    same(unsigned.stop(), 0, "stops")
    daemon.start(wait=False)
    same(daemon.exit_code(), 2, "and a longer one")
    ok(daemon.saw("not shown to extend"), "by name", daemon.tail())
    copy(newer, daemon.data)
    daemon.start()
    ok(holds(client.submit(finding())[0].receipt), "the true one goes on")


main(test_receipts, test_get, test_heads, test_witness, test_lines, test_silent, test_restart, test_verify, test_erased, test_standby, test_tampering, test_rollback)

#!/usr/bin/python3
"""The database is edited by its superuser, past all triggers: what is exported then is named by both verifiers, which share no code,
with nothing but the log's key and a head that was kept elsewhere.  (tamper.t changes exports, in more ways.)"""
import atexit
import os
import pwd
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

LOG = "rectify.flow.example/log"
USER = pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())  # whom the daemon becomes
KEPT = ("head", "event", "tile", "private", "case_", "checkpoint", "erasure")
HERE = {}
TAIL = "set_byte(tail, 32 * 3, get_byte(tail, 32 * 3) # 1)"  # the leaf of record 3
LEAF = "overlay(tail PLACING (SELECT sha256('\\x00'::bytea || record) FROM rectify.event WHERE log_index = {0}) FROM 32 * {0} + 1 FOR 32)"
EDIT = "UPDATE rectify.event SET record = set_byte(record, {1}, get_byte(record, {1}) # 1) WHERE log_index = {0};"
LAST = "(SELECT max(log_index) FROM rectify.event)"

# What is done, and what both must name.
EDITS = (
    ("a byte of a record", EDIT.format(50, 40), {"record-edited", "head-differs"}),
    ("a byte of a record's key, and its leaf in the tile", EDIT.format(50, 16) + f"UPDATE rectify.head SET tail = {LEAF.format(50)}",
     {"tree-rebuilt"}),
    ("a leaf alone", f"UPDATE rectify.head SET tail = {TAIL}", {"record-edited"}),
    ("two records exchanged", "CREATE TEMP TABLE two AS SELECT log_index, record FROM rectify.event WHERE log_index IN (60, 61); "
     "UPDATE rectify.event AS e SET record = two.record FROM two WHERE e.log_index = 121 - two.log_index", {"record-edited", "head-differs"}),
    ("a record removed: no export goes on behind it", "DELETE FROM rectify.event WHERE log_index = 70", {"damaged", "log-shorter"}),
    ("the last records removed", f"DELETE FROM rectify.event WHERE log_index > {LAST} - 5", {"log-shorter"}),
    ("a text edited", "UPDATE rectify.private SET body = 'forged' WHERE log_index = 20", {"text-differs"}),
    ("a text removed", "DELETE FROM rectify.private WHERE log_index = 20", {"text-missing"}),
    ("a text removed, and an erasure feigned", "DELETE FROM rectify.private WHERE log_index = 20; "
     f"INSERT INTO rectify.erasure VALUES (20, 21, 1, {LAST})", {"text-missing"}),
    ("a text added", "INSERT INTO rectify.private VALUES (2, '\\x00000000000000000000000000000000', 'forged')", {"text-unasked"}),
    ("a due date", "UPDATE rectify.case_ SET due_at = due_at + interval '30 d' WHERE case_no = 5", {"column-differs"}),
    ("who must act", "UPDATE rectify.case_ SET accountable = accountable + 1 WHERE case_no = 5", {"column-differs"}),
    ("a case's marks", "UPDATE rectify.case_ SET flags = flags # 8 WHERE case_no = 5", {"column-differs"}),
    ("a case's folded state", "UPDATE rectify.case_ SET state = (SELECT state FROM rectify.case_ WHERE case_no = 6) WHERE case_no = 5", {"row-missing"}),
    ("a byte of a folded state", "UPDATE rectify.case_ SET state = set_byte(state, length(state) - 1, get_byte(state, length(state) - 1) # 1) "
     "WHERE case_no = 8", {"row-not-fold|row-missing"}),
    ("a case's row removed", "DELETE FROM rectify.case_ WHERE case_no = 7", {"row-missing"}),
    ("a signed head's root", "UPDATE rectify.checkpoint SET note = regexp_replace(note, E'\\n([0-9]+)\\n....', E'\\n\\\\1\\nAAAA')",
     {"head-unsigned"}),
)


class Signer:
    """A rectify-sign of the daemon's user."""

    def __init__(self):
        self.folder = place() / "signer"
        self.folder.mkdir(mode=0o700)
        os.chown(self.folder, USER.pw_uid, USER.pw_gid)
        given = {"user": USER.pw_uid, "group": USER.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        self.socket, files = self.folder / "socket", ["--key", self.folder / "key", "--state", self.folder / "state"]
        self.public = subprocess.run([BUILD / "rectify-sign", "new", "--name", LOG, *files], capture_output=True, check=True, cwd="/",
                                     **given).stdout.decode().strip()
        self.process = subprocess.Popen([BUILD / "rectify-sign", "run", *files, "--socket", self.socket], cwd="/",
                                        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **given)
        atexit.register(self.process.kill)
        need(until(self.socket.exists), "the signer does not listen")


def past_triggers(daemon, text):
    names = [name for name in KEPT if name != "checkpoint"] + ["checkpoint"]
    return daemon.sql("".join(f"ALTER TABLE rectify.{name} DISABLE TRIGGER ALL;" for name in names) + text)


def verify():
    """What both say of a fresh export: (exit codes, names of findings, words)."""
    target = HERE["daemon"].top / "export"
    target.unlink(missing_ok=True)
    done = subprocess.run([BUILD / "rectify", "--as", "auditor", "--endpoint", HERE["daemon"].endpoint, "export", "log", target],
                          capture_output=True, text=True, timeout=PATIENCE, check=False)
    need(target.exists(), f"no export: {done.stdout}{done.stderr}")
    key, head = ["--key", HERE["signer"].public], ["--head", HERE["head"]]
    said = [subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=PATIENCE, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})
            for words in ([BUILD / "rectify", "verify", "--offline", target, *key, *head], ["/usr/bin/python3", ROOT / "scripts/verify.py", *key, *head, target])]
    names = [set(re.findall(r"^([a-z]+(?:-[a-z]+)+|fork|damaged): ", one.stdout, re.M)) for one in said]
    return [one.returncode for one in said], names, "\n".join(one.stdout + one.stderr for one in said) + done.stderr


def start():
    signer = HERE["signer"] = Signer()
    daemon = HERE["daemon"] = city("--signer", str(signer.socket))
    client, off = Client(daemon), Client(daemon, "off")
    for _ in range(3):
        client.submit(*[finding(text="words") for _ in range(40)])
        off.act(*(command(COMMENT, at, text="seen") for at in range(1, 20)))
    size, note = client.ping().head.size, b""
    head = need(until(lambda: (last := off.submit(finding())[0].receipt.head) and last.note and last), "no signed head")
    HERE["head"] = daemon.top / "head"
    HERE["head"].write_bytes(head.note)
    need(until(lambda: daemon.sql("SELECT max(size) FROM rectify.checkpoint") == daemon.sql("SELECT size FROM rectify.head")), "the last head is not kept")
    ok(size > 150, "a log of some size", size, note)
    codes, names, words = verify()
    same((codes, names), ([0, 0], [set(), set()]), "before anything is changed both find nothing")
    say(words.splitlines()[-2:])


def test_edits():
    """One after the other, each put back."""
    daemon = HERE["daemon"]
    past_triggers(daemon, keep(KEPT))
    for what, text, expected in EDITS:
        past_triggers(daemon, text)
        codes, (one, other), words = verify()
        fine = codes == [2, 2] and all(set(name.split("|")) & one and set(name.split("|")) & other for name in expected)
        ok(fine, f"{what}: both name {', '.join(sorted(expected))}", codes, one, other, words)
        same(one, other, f"{what}: and neither anything that the other does not")
        past_triggers(daemon, put_back(KEPT))
    codes, names, words = verify()
    same((codes, names), ([0, 0], [set(), set()]), "put back, both find nothing again")
    ok(len(EDITS) >= 12, "in at least twelve ways")


main(start, test_edits)

#!/usr/bin/python3
"""Who knows the log's key calls nothing received that does not prove itself: a liar between the client and the daemon changes
answers in every way, and what was sent stays saved."""
import atexit
import base64
import json
import os
import pwd
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

LOG = "rectify.flow.example/log"
USER = pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())  # whom the daemon becomes
SAVED, TAMPERED = 75, 2
HERE = {}


class Signer:
    """A rectify-sign of the daemon's user."""

    def __init__(self):
        self.folder = place() / "signer"
        self.folder.mkdir(mode=0o700)
        os.chown(self.folder, USER.pw_uid, USER.pw_gid)
        self.socket, self.key, self.process = self.folder / "socket", self.folder / "key", None
        self.files = ["--key", self.key, "--state", self.folder / "state"]
        self.public = self.call("new", "--name", LOG, *self.files).stdout.decode().strip()

    def given(self):
        return {"user": USER.pw_uid, "group": USER.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}

    def call(self, *words):
        return subprocess.run([BUILD / "rectify-sign", *words], capture_output=True, timeout=PATIENCE, check=False, cwd="/", **self.given())

    def start(self):
        self.socket.unlink(missing_ok=True)
        self.process = subprocess.Popen([BUILD / "rectify-sign", "run", *self.files, "--socket", self.socket], cwd="/",
                                        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self.given())
        atexit.register(self.process.kill)
        need(until(self.socket.exists), "the signer does not listen")

    def stop(self):
        self.process.kill()
        self.process.wait(PATIENCE)


class Liar(threading.Thread):
    """Stands where the daemon is looked for, hands on what comes, and gives answers to `lie`, which changes them in place; where it
    says False the answer is kept back.  `forge` changes what is sent on."""

    def __init__(self, endpoint):
        super().__init__(daemon=True)
        self.path = place() / "liar.sock"
        self.endpoint, self.lie, self.forge, self.stopping = f"ipc://{self.path}", None, None, False
        self.front, self.back = (zmq.Context.instance().socket(kind) for kind in (zmq.ROUTER, zmq.DEALER))
        for socket in (self.front, self.back):
            socket.setsockopt(zmq.LINGER, 0)
        self.front.bind(self.endpoint)
        self.back.connect(endpoint)
        self.askers, self.seen = {}, []
        self.start()

    def run(self):
        while not self.stopping:
            if self.front.poll(10):
                who, *_, data = self.front.recv_multipart()
                asked = pb.Request.FromString(data)
                self.askers[asked.id] = who
                if self.forge is not None:
                    self.forge(asked)
                self.back.send(asked.SerializeToString())
            while self.back.poll(0):
                reply = pb.Reply.FromString(self.back.recv_multipart()[-1])
                self.seen.append(pb.Reply.FromString(reply.SerializeToString()))
                if self.lie is None or self.lie(reply) is not False:
                    self.front.send_multipart([self.askers[reply.id], reply.SerializeToString()])


def rectify(*words, spool="spool", actor="insp-1", endpoint=None, timeout=10, log=True):
    environment = {**os.environ, "RECTIFY_SPOOL": str(HERE["top"] / spool), "LC_ALL": "C", "TZ": "UTC", "HOME": str(HERE["top"])}
    if log:
        environment["RECTIFY_LOG"] = HERE["signer"].public
    command = [BUILD / "rectify", "--as", actor, "--timeout", str(timeout), "--endpoint", endpoint or HERE["daemon"].endpoint, *words]
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=PATIENCE, check=False, env=environment)


def submit(text, *words, team="team-1", **more):
    return rectify("submit", "--unit", "north", "--kind", "loophole", "--severity", "ordinary", "--team", team, "--found", "2026-01-02",
                   "-m", text, *words, **more)


def fates(spool="spool"):
    return [json.loads(line)["fate"] for line in rectify("spool", "show", "--json", spool=spool).stdout.splitlines()]


def clean(spool="spool"):
    shutil.rmtree(HERE["top"] / spool, ignore_errors=True)


def start():
    HERE["signer"] = Signer()
    HERE["signer"].start()
    HERE["daemon"] = city("--signer", str(HERE["signer"].socket))
    HERE["top"] = place()
    HERE["liar"] = Liar(HERE["daemon"].endpoint)


def test_honest():
    """What proves itself is received; what is refused rightly is refused."""
    done = submit("as it is")
    ok(done.returncode == 0 and fates() == ["received"], "a receipt that proves itself", done)
    done = rectify("escalate", "1", "-m", "no right to", "--track", "supervision")
    ok(done.returncode == 1 and fates() == ["received", "refused"], "a refusal that proves itself", done)
    rows = "".join(json.dumps({"unit": "north", "kind": "loophole", "severity": "ordinary", "team": "team-1", "found": "2026-01-02",
                               "text": f"row {at}"}) + "\n" for at in range(250))
    (HERE["top"] / "rows.jsonl").write_text(rows)
    done = rectify("submit", "--jsonl", HERE["top"] / "rows.jsonl")
    ok(done.returncode == 0 and fates().count("received") == 251, "a file, each row proved", done)
    (HERE["top"] / ".config/rectify").mkdir(parents=True)
    (HERE["top"] / ".config/rectify/log").write_text(HERE["signer"].public + "\n")
    done = submit("by the file", log=False)
    ok(done.returncode == 0 and fates().count("received") == 252, "the key may stand in ~/.config/rectify/log", done)
    (HERE["top"] / ".config/rectify/log").unlink()
    done = submit("x", "--log", "nonsense")
    ok(done.returncode == 71 and "is not the public key of a log" in done.stderr, "a key that is none is said, and nothing is sent", done)
    clean()


def outcomes(reply):
    return list(reply.outcomes.outcomes) if reply.WhichOneof("body") == "outcomes" else []


def on_receipts(change):
    def lie(reply):
        for outcome in outcomes(reply):
            change(outcome.receipt)
    return lie


def other_signature(receipt):
    (HERE["top"] / "text").write_bytes(receipt.head.note[:receipt.head.note.rindex(b"\n\n") + 1])
    key = HERE["top"] / "thief"
    if not key.exists():
        rectify("key", "new", "--for", "log", "--name", LOG, key)
    receipt.head.note = rectify("key", "sign", key, HERE["top"] / "text").stdout.encode()


def fields_of(receipt, **values):
    for name, value in values.items():
        setattr(receipt, name, value)


def edited(receipt):
    event = pb.Event.FromString(receipt.record)
    event.actor += 1
    receipt.record = event.SerializeToString(deterministic=True)


def flipped(receipt):
    receipt.proof[0] = bytes(byte ^ 1 for byte in receipt.proof[0])


def as_refusal(reply):
    """What was accepted is told as refused, with the proof of the acceptance."""
    for outcome in outcomes(reply):
        receipt = pb.Receipt.FromString(outcome.receipt.SerializeToString())
        outcome.refusal.CopyFrom(pb.Refusal(rule=201, case_no=receipt.case_no, event_number=receipt.event_number, log_index=receipt.log_index,
                                            head=receipt.head, record=receipt.record, proof=receipt.proof))


LIES = {
    "a head that somebody else signed": on_receipts(other_signature),
    "a head whose text was changed": on_receipts(lambda r: fields_of(r.head, note=r.head.note.replace(b"log\n", b"log\n1", 1))),
    "a head that is none": on_receipts(lambda r: fields_of(r.head, note=b"signed")),
    "another case's number": on_receipts(lambda r: fields_of(r, case_no=r.case_no + 1)),
    "another event's number": on_receipts(lambda r: fields_of(r, event_number=r.event_number + 1)),
    "another place in the log": on_receipts(lambda r: fields_of(r, log_index=r.log_index - 1)),
    "another rule": on_receipts(lambda r: fields_of(r, rule=601)),
    "a record that was edited": on_receipts(edited),
    "a record that is none": on_receipts(lambda r: fields_of(r, record=b"\xff" * 30)),
    "a proof that was changed": on_receipts(flipped),
    "a refusal that was none": as_refusal,
}


def test_lies():
    """Each lie is named, exits with 2, and leaves what was sent saved; the truth then settles it, once."""
    liar, client = HERE["liar"], Client(HERE["daemon"])
    for name, lie in LIES.items():
        liar.lie = lie
        done = submit("to the liar", endpoint=liar.endpoint)
        ok(done.returncode == TAMPERED and "does not prove itself" in done.stderr and fates() == ["saved"], name, done)
        before = client.ping().head.size
        done = rectify("spool", "send")
        ok(done.returncode == 0 and fates() == ["received"], f"{name}: the daemon itself proves it", done)
        same(client.ping().head.size, before, "and it is recorded once")
        clean()
    client.close()
    liar.lie = None


def test_another_record():
    """A receipt of something else is none: of another finding with the same id, or of another command."""
    liar = HERE["liar"]
    submit("mine", "--offline")
    key = bytes.fromhex(json.loads(rectify("spool", "show", "--json").stdout)["id"].replace("-", ""))
    outcome, = Client(HERE["daemon"]).submit(finding(key=key, kind=4, severity=1, text="another finding under the same id"))
    ok(outcome.receipt.rule < 610, "somebody recorded another finding under the id")
    liar.lie = None
    done = rectify("spool", "send", endpoint=liar.endpoint)
    ok(done.returncode == TAMPERED and "not what was sent" in done.stderr and fates() == ["saved"], "which is no receipt for this one", done)
    clean()


def test_forged_on_the_way():
    """Who stands between can change what is sent; the receipt then proves something else, and is none."""
    liar, client = HERE["liar"], Client(HERE["daemon"], "off")
    (HERE["top"] / "photo.txt").write_text("what it shows")
    case = client.cases()[0].case_no

    def on_commands(change):
        def forge(request):
            for one in request.act.commands:
                change(one)
        return forge

    def drop(request):
        for one in request.submit.findings:
            one.ClearField("evidence")

    for name, forge, words in (("evidence is dropped", drop, ("submit", "--unit", "north", "--kind", "loophole", "--severity", "ordinary", "--team",
                                                             "team-1", "--found", "2026-01-02", "-m", "x", "-e", HERE["top"] / "photo.txt")),
                               ("another track", on_commands(lambda one: setattr(one, "track", 5)), ("escalate", case, "--track", "supervision", "-m", "x"))):
        liar.forge = forge
        done = rectify(*words, endpoint=liar.endpoint, actor="off" if words[0] == "escalate" else "insp-1")
        ok(done.returncode == TAMPERED and "not what was sent" in done.stderr, name, done)
        clean()
    liar.forge = None
    client.close()


def test_what_is_lacking_is_asked_for():
    """A repeat brings no head, and a head may come without a proof: the client asks, and settles what is proved then."""
    liar = HERE["liar"]
    liar.lie = on_receipts(lambda receipt: receipt.ClearField("proof"))
    done = submit("without a proof", endpoint=liar.endpoint)
    ok(done.returncode == 0 and fates() == ["received"], "the proof is asked for", done)
    liar.lie = lambda reply: not outcomes(reply)
    done = submit("the answer is lost", endpoint=liar.endpoint, timeout=1)
    ok(done.returncode == SAVED and fates()[-1] == "saved", "no answer: saved here", done)
    done = rectify("spool", "send")
    ok(done.returncode == 0 and fates()[-1] == "received", "a repeat is proved when it is asked about", done)
    done = submit("another team's", team="team-2", endpoint=liar.endpoint, timeout=1)
    done = rectify("spool", "send")
    ok(done.returncode == 1 and fates()[-1] == "refused", "a refusal of no case too, to whoever caused it", done)
    index = json.loads(rectify("spool", "show", "--json").stdout.splitlines()[-1])["log_index"]
    seen = [Client(HERE["daemon"], who).query(proof=pb.ProofQuery(log_index=index)) for who in ("insp-2", "insp-1", "auditor")]
    same([isinstance(one, pb.Page) for one in seen], [False, True, True], "but not to others, unless they may read the whole log")
    liar.lie = None
    clean()


def test_without_a_signer():
    """As long as no head is signed nothing is received; then it is."""
    HERE["signer"].stop()
    done = submit("unsigned")
    ok(done.returncode == SAVED and "no signed head" in done.stderr and fates() == ["saved"], "no head, no receipt", done)
    HERE["signer"].start()
    done = need(until(lambda: (sent := rectify("spool", "send")).returncode == 0 and sent), "never received")
    same(fates(), ["received"], "with the head it is received")
    clean()


def signed_head(size, root):
    (HERE["top"] / "text").write_bytes(f"{LOG}\n{size}\n{base64.b64encode(root).decode()}\n".encode())
    key = HERE["top"] / "log.key"
    key.write_bytes(HERE["signer"].key.read_bytes())
    key.chmod(0o600)
    return rectify("key", "sign", key, HERE["top"] / "text").stdout


def test_the_newest_head():
    """A log that went back or forked since its newest head was seen is named, however well its answers are signed."""
    top, liar, client = HERE["top"], HERE["liar"], Client(HERE["daemon"])
    submit("first")
    size = client.ping().head.size
    for what, kept, words in (("a head of the same size with another root", size + 1, "history forked"),
                              ("an older head that the log does not extend", size, "history forked"),
                              ("a head of a log that is not there any more", size + 5, "history rolled back")):
        before = (top / "spool" / "head").read_text()
        (top / "spool" / "head").write_text(signed_head(kept, os.urandom(32)))
        done = submit(what)
        ok(done.returncode == TAMPERED and words in done.stderr and fates()[-1] == "saved", f"{what} was seen", done)
        (top / "spool" / "head").write_text(before)
        done = rectify("spool", "send")
        ok(done.returncode == 0 and fates()[-1] == "received", "with the head that was really seen it goes on", done)
        size = client.ping().head.size
    submit("held back", "--offline")
    liar.lie = lambda reply: not outcomes(reply)
    rectify("spool", "send", endpoint=liar.endpoint, timeout=1)
    old = need([reply for reply in liar.seen if outcomes(reply) and outcomes(reply)[0].receipt.head.note], "no answer was held back")[-1]
    shutil.copytree(top / "spool", top / "other")
    same(rectify("spool", "send", spool="other").returncode, 0, "sent from elsewhere")
    submit("one more", spool="other")
    shutil.copy(top / "other" / "head", top / "spool" / "head")

    def replay(reply):
        if outcomes(reply):
            reply.outcomes.CopyFrom(old.outcomes)
    liar.lie = replay
    done = rectify("spool", "send", endpoint=liar.endpoint)
    ok(done.returncode == TAMPERED and "history rolled back" in done.stderr and fates()[-1] == "saved",
       "a true answer of yesterday, under a head that is older than what was seen", done)
    liar.lie = None
    client.close()


def test_bundles():
    """Receipts that somebody carries are held to the same."""
    top = HERE["top"]
    clean()
    public = rectify("key", "new", "--for", "person", "--name", "insp-1", top / "me").stdout.strip()
    submit("carried", "--offline")
    rectify("bundle", "export", top / "out", "--sign", top / "me")
    rectify("bundle", "import", top / "out", "--from", public, spool="carrier")
    rectify("spool", "send", spool="carrier", log=False)
    rectify("bundle", "export", top / "back", "--sign", top / "me", spool="carrier")
    done = rectify("bundle", "import", top / "back", "--from", public)
    ok(done.returncode == 0 and fates() == ["received"], "a receipt as it was first given proves itself, whoever carries it", done)
    clean()
    submit("carried by a liar", "--offline")
    rectify("bundle", "export", top / "again", "--sign", top / "me")

    def carry(name, lie=None, log=False):
        rectify("bundle", "import", top / "again", "--from", public, spool=name)
        HERE["liar"].lie = lie
        rectify("spool", "send", spool=name, endpoint=HERE["liar"].endpoint, log=log)
        HERE["liar"].lie = None
        rectify("bundle", "export", top / f"{name}.back", "--sign", top / "me", spool=name)
        return rectify("bundle", "import", top / f"{name}.back", "--from", public)

    done = carry("liar", on_receipts(edited))
    ok(done.returncode == TAMPERED and "does not prove itself" in done.stderr and fates() == ["saved"], "a lie that was carried is named", done)
    done = carry("careless")
    ok(done.returncode == 1 and "no signed head" in done.stderr and fates() == ["saved"], "a repeat that nobody asked a proof for settles nothing", done)
    done = carry("careful", log=True)
    ok(done.returncode == 0 and fates() == ["received"], "who knows the key carries proofs", done)


def end():
    HERE["liar"].stopping = True
    HERE["liar"].join(PATIENCE)


main(start, test_honest, test_lies, test_another_record, test_forged_on_the_way, test_what_is_lacking_is_asked_for, test_without_a_signer, test_the_newest_head,
     test_bundles, end)

#!/usr/bin/python3
"""Without a daemon: findings and commands are saved here, say so, and are received there once, in order, when one answers."""
import json
import os
import random
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

MANY = 10000
SAVED, UNREACHABLE = 75, 69
HERE = {}


def rectify(*words, spool="spool", actor="insp-1", endpoint=None, timeout=1, stdin=""):
    command = [BUILD / "rectify", "--as", actor, "--timeout", str(timeout), "--endpoint", endpoint or HERE["daemon"].endpoint, *words]
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=2 * PATIENCE, check=False, input=stdin,
                          env={**os.environ, "RECTIFY_SPOOL": str(HERE["top"] / spool), "LC_ALL": "C", "TZ": "UTC"})


def submit(text, *words, **more):
    return rectify("submit", "--unit", "north", "--kind", "loophole", "--severity", "ordinary", "--team", "team-1", "--found", "2026-01-02",
                   "-m", text, *words, **more)


def rows(*words, **more):
    """The spool, row by row."""
    return [json.loads(line) for line in rectify("spool", "show", "--json", *words, **more).stdout.splitlines()]


def fates(**more):
    return [row["fate"] for row in rows(**more)]


def test_saved_and_received():
    """No daemon answers: saved here.  Any later command that reaches one sends it, in order, behind nothing."""
    daemon = HERE["daemon"]
    done = submit("first")
    ok(done.returncode == SAVED and "saved here, not received there yet" in done.stdout, "no daemon: saved here, exit 75", done)
    done = submit("second", "--offline")
    ok(done.returncode == 0 and "saved here" in done.stdout, "--offline: saved here, as was asked, exit 0", done)
    done = rectify("cases", "--offline")
    ok(done.returncode == 64 and "needs a daemon" in done.stderr, "--offline: what needs a daemon says so", done)
    same(fates(), ["saved", "saved"], "the spool shows both")
    daemon.start()
    done = rectify("spool", "send", timeout=10)
    ok(done.returncode == 0 and "2 sent, 0 saved here" in done.stdout, "sent when a daemon is there", done)
    same([(row["fate"], row["case"]) for row in rows()], [("received", "C-000001"), ("received", "C-000002")], "each with its case, in order")
    done = rectify("comment", "1", "-m", "one", "--offline", "--json")
    ok(json.loads(done.stdout)["outcome"] == "saved", "a command can wait as well", done)
    done = rectify("comment", "1", "-m", "two", "--json", timeout=10)
    ok(json.loads(done.stdout)["outcome"] == "accepted" and "1 received there" not in done.stdout, "a new command queues up behind what waits", done)
    texts = [row["case"] for row in rows()]
    same((len(texts), set(fates())), (4, {"received"}), "and both are received")
    history = rectify("history", "1", timeout=10).stdout
    ok(0 < history.find("one") < history.find("two"), "in the order in which they were said", history)
    rectify("comment", "2", "-m", "left", "--offline")
    done = rectify("ping", timeout=10)
    ok(done.returncode == 0 and "saved here before went out" in done.stderr and fates()[-1] == "received", "a ping sends it too", done)
    rectify("spool", "drop", "--settled")
    same(rows(), [], "--settled forgets what is settled")


def test_refusals():
    """A refusal is an answer: kept, shown, not tried again; what stands behind it goes on."""
    rectify("escalate", "1", "-m", "no right to", "--track", "supervision", "--offline")
    rectify("comment", "1", "-m", "still", "--offline")
    done = rectify("spool", "send", timeout=10)
    ok(done.returncode == 1 and fates() == ["refused", "received"], "a refusal does not stop the next one", done)
    row = rows()[0]
    ok(row["rule"] == 201 and row["log_index"] is not None, "it names its rule and where it stands in the log", row)
    done = rectify("spool", "send", timeout=10)
    ok(done.returncode == 0 and "0 sent" in done.stdout, "it is not tried again", done)
    rectify("comment", "1", "-m", "never mind", "--offline")
    identity = rows()[-1]["id"]
    done = rectify("spool", "drop", identity)
    same((done.returncode, fates()[-1]), (0, "dropped"), "what was dropped is not sent")
    before = HERE["client"].ping().head.size
    rectify("spool", "send", timeout=10)
    same(HERE["client"].ping().head.size, before, "... indeed not")
    done = rectify("comment", "1", "-m", "x", "--offline", actor="nobody-known")
    done = rectify("spool", "send", timeout=10)
    ok(done.returncode == 1 and fates()[-1] == "saved", "an unknown person's waits on: somebody can be registered yet", done)
    rectify("spool", "drop", rows()[-1]["id"])
    rectify("spool", "drop", "--settled")


def test_other_daemon():
    """What was saved for one daemon does not go to another by itself."""
    rectify("comment", "1", "-m", "elsewhere", "--offline", endpoint="ipc:///nonexistent/other.sock")
    rectify("ping", timeout=10)
    same(fates(), ["saved"], "another daemon's commands leave it alone")
    done = rectify("spool", "send", timeout=10)
    same((done.returncode, fates()), (0, ["received"]), "a person may send it there")
    rectify("spool", "drop", "--settled")


def test_several_endpoints():
    """The first is silent: the next one is asked."""
    both = "ipc:///nonexistent/first.sock," + HERE["daemon"].endpoint
    done = submit("by the second door", "--json", endpoint=both, timeout=20)
    ok(done.returncode == 0 and json.loads(done.stdout)["outcome"] == "accepted", "submitted by the second", done)
    context, deaf = zmq.Context.instance(), HERE["top"] / "deaf.sock"
    with context.socket(zmq.ROUTER) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.bind(f"ipc://{deaf}")
        done = submit("past the deaf one", "--json", endpoint=f"ipc://{deaf}," + HERE["daemon"].endpoint, timeout=20)
        ok(done.returncode == 0 and json.loads(done.stdout)["outcome"] == "accepted", "also when the first listens and says nothing", done)
        heard = socket.recv_multipart()
        ok(len(heard) == 2, "it was asked first", heard)


def make_rows(count, seed):
    """JSON lines of findings in a known order: the code says which."""
    dice = random.Random(seed)
    return "".join(json.dumps({"unit": "north", "kind": "loophole", "severity": "ordinary", "team": "team-1", "found": "2026-01-02",
                               "code": f"{seed}-{at:05}", "text": "x" * dice.randint(1, 300)}) + "\n" for at in range(count))


def test_many_through_kills():
    """Thousands saved offline, sent through a daemon that is killed again and again, by a sender that is killed too."""
    daemon, spool = HERE["daemon"], "many"
    text = make_rows(MANY, 7)
    done = rectify("submit", "--jsonl", "-", "--offline", spool=spool, stdin=text)
    ok(done.returncode == 0 and f"{MANY} saved here" in done.stdout, "all are saved", done.stdout, done.stderr)
    say(done.stdout.strip())
    done = rectify("submit", "--jsonl", "-", "--offline", spool=spool, stdin=text)
    ok("0 accepted" in done.stdout and f"{MANY} repeated" in done.stdout, "the same file again saves nothing twice", done.stdout, done.stderr)
    kills = 0
    while kills < 12:
        command = [BUILD / "rectify", "--as", "insp-1", "--endpoint", daemon.endpoint, "spool", "send", "--wait", "--csv"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              env={**os.environ, "RECTIFY_SPOOL": str(HERE["top"] / spool)}) as sender:
            lines = 0
            for _ in sender.stdout:
                lines += 1
                if lines > 650:
                    break
            if lines <= 650:
                break
            kills += 1
            if kills % 3 == 0:
                sender.kill()
            daemon.kill()
            if kills % 3 != 0:
                sender.kill()
        daemon.start()
    done = rectify("spool", "send", "--wait", spool=spool, timeout=60)
    ok(kills == 12 and done.returncode == 0, f"sent through {kills} deaths of daemon and sender", done.stderr)
    seen = daemon.sql("SELECT code FROM rectify.finding WHERE code LIKE '7-%' ORDER BY log_index").split()
    same((len(seen), len(set(seen))), (MANY, MANY), "each was recorded once")
    ok(seen == sorted(seen), "in the order in which they were saved")
    same({row["fate"] for row in rows(spool=spool)}, {"received"}, "and the spool has a receipt for each")


def test_killed_while_saving():
    """Killed at any time while saving: what was counted is there, in order, and the file can be given again."""
    text, spool, dice = make_rows(3000, 8), "killed", random.Random(int(os.environ.get("SEED", "8")))
    source = HERE["top"] / "rows.jsonl"
    source.write_text(text)
    for _ in range(25):
        command = [BUILD / "rectify", "--as", "insp-1", "--offline", "--json", "submit", "--batch", "20", "--jsonl", source]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              env={**os.environ, "RECTIFY_SPOOL": str(HERE["top"] / spool)}) as process:
            for _ in range(dice.randint(1, 400)):
                process.stdout.readline()
            process.kill()
    codes = [row for row in rows(spool=spool)]
    ok(0 < len(codes) <= 3000 and len({row["id"] for row in codes}) == len(codes), "nothing is torn, nothing twice", len(codes))
    done = rectify("submit", "--jsonl", "-", "--offline", spool=spool, stdin=text)
    ok(done.returncode == 0 and f"{len(codes)} repeated" in done.stdout, "the rest is saved by the same command", done.stdout)
    done = rectify("spool", "send", spool=spool, timeout=60)
    seen = HERE["daemon"].sql("SELECT code FROM rectify.finding WHERE code LIKE '8-%' ORDER BY log_index").split()
    ok(done.returncode == 0 and seen == sorted(seen) and len(seen) == 3000, "and all are received, once, in order", len(seen), done.stderr)


def test_full_disk():
    """A full disk: a clear message, nothing half kept."""
    folder = HERE["top"] / "small"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", folder], capture_output=True, check=False).returncode != 0:
        return say("no right to mount: left out")
    try:
        codes = []
        while len(codes) < 100 and (not codes or codes[-1] == 0):
            done = submit("y" * 8000, "--offline", spool="small/spool")
            codes.append(done.returncode)
        ok(codes[-1] == 71 and "the disk is full" in done.stderr and "nothing was kept" in done.stderr, "the disk is full, and that is said", done)
        same(fates(spool="small/spool"), ["saved"] * (len(codes) - 1), "what was saved before is there, and nothing else")
    finally:
        subprocess.run(["umount", folder], check=False)
    return None


def test_bundle():
    """Carried over an air gap: there by a bundle, sent from there, receipts back by a bundle; changed ones are refused."""
    top, field, town = HERE["top"], {"spool": "field"}, {"spool": "town"}
    keys = {}
    for name, code in (("field", "insp-1"), ("town", "town"), ("thief", "insp-1")):
        keys[name] = rectify("key", "new", "--for", "person", "--name", code, top / f"{name}.key").stdout.strip()
    submit("carried", "--offline", **field)
    rectify("comment", "1", "-m", "carried too", "--offline", **field)
    rectify("comment", "1", "-m", "another's", "--offline", actor="off", **field)
    done = rectify("bundle", "export", top / "out", "--sign", top / "field.key", **field)
    ok(done.returncode == 0 and "2 to be sent" in done.stdout and "1 wait that are not insp-1's" in done.stderr, "exported: one's own", done)
    same([row["exported"] for row in rows(**field)], [True, True, False], "it waits on, and is marked")
    again = rectify("bundle", "export", top / "out", "--sign", top / "field.key", **field)
    ok(again.returncode == 65 and "exists" in again.stderr, "no bundle is written over", again)
    whole, refused = (top / "out").read_bytes(), []
    for what in [whole[:at] for at in range(0, len(whole), 7)] + [whole + b"x"] + \
                [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:] for at in range(0, len(whole), 5)]:
        (top / "changed").write_bytes(what)
        refused.append(rectify("bundle", "import", top / "changed", "--from", keys["field"], **town).returncode)
    ok(set(refused) == {2}, f"{len(refused)} bundles that were cut or changed are refused", refused)
    done = rectify("bundle", "import", top / "out", "--from", keys["thief"], **town)
    ok(done.returncode == 2 and "not signed by that key" in done.stderr, "so is one that another key signed", done)
    same(rows(**town), [], "nothing of them was kept")
    done = rectify("bundle", "import", top / "out", "--from", keys["field"], **town)
    ok(done.returncode == 0 and "2 saved here to be sent" in done.stdout, "the true one is taken in", done)
    done = rectify("bundle", "import", top / "out", "--from", keys["field"], **town)
    ok(done.returncode == 0 and "2 known already" in done.stdout and "imported before" in done.stderr, "once more: harmless, and said", done)
    done = rectify("spool", "send", timeout=10, **town)
    same((done.returncode, fates(**town)), (0, ["received", "received"]), "sent from there")
    done = rectify("bundle", "export", top / "back", "--sign", top / "town.key", **town)
    ok("0 to be sent, 2 receipts" in done.stdout, "receipts go back", done)
    done = rectify("bundle", "import", top / "back", "--from", keys["town"], **field)
    ok(done.returncode == 0 and "2 receipts" in done.stdout and fates(**field) == ["received", "received", "saved"], "and settle what waited", done)
    same([row["log_index"] for row in rows(**field)][:2], [row["log_index"] for row in rows(**town)], "with the same receipts")
    done = rectify("bundle", "import", top / "back", "--from", keys["town"], **field)
    ok("imported before" in done.stderr, "receipts once more: harmless", done)
    size = HERE["client"].ping().head.size
    done = rectify("bundle", "import", top / "out", "--from", keys["field"], spool="third")
    done = rectify("spool", "send", timeout=10, spool="third")
    ok(done.returncode == 0 and HERE["client"].ping().head.size == size, "a copy that is sent from a third machine records nothing twice", done)
    with_lie = HERE["top"] / "lie.key"
    rectify("key", "new", "--for", "person", "--name", "off", with_lie)
    rectify("bundle", "export", top / "other", "--sign", with_lie, **field)
    same([row["exported"] for row in rows(**field)], [True, True, True], "the other's own key carries the other's")


def forged(key_file, *items, version=b"rectify bundle 1"):
    """A bundle as its maker's key could sign it, made without the command."""
    from base64 import b64decode, b64encode
    from hashlib import sha256
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    name, identity, encoded = key_file.read_text().strip().removeprefix("PRIVATE+KEY+").split("+", 2)
    body = b"".join(len(item).to_bytes(4, "little") + item for item in items)
    text = b"%s\nfrom %s\nitems %d\nfates 0\nbytes %d\nsha256 %s\n" % (version, name.encode(), len(items), len(body),
                                                                      sha256(body).hexdigest().encode())
    signature = bytes.fromhex(identity) + Ed25519PrivateKey.from_private_bytes(b64decode(encoded)[1:]).sign(text)
    return text + "\n\u2014 ".encode() + name.encode() + b" " + b64encode(signature) + b"\n\n" + body


def test_forged_bundle():
    """What is signed rightly may still be none of the signer's business, or nonsense."""
    top, town = HERE["top"], {"spool": "forged"}
    public = (rectify("key", "public", top / "field.key")).stdout.strip()

    def request(actor, *commands):
        return b"\1" + pb.Request(version=1, id=commands[0].id, actor=actor, act=pb.Act(commands=list(commands))).SerializeToString()

    def take(*items, **more):
        (top / "forged.bundle").write_bytes(forged(top / "field.key", *items, **more))
        return rectify("bundle", "import", top / "forged.bundle", "--from", public, **town)

    one, two = command(COMMENT, 1, text="mine"), command(COMMENT, 1, text="mine too")
    ok(take(request(b"insp-1", one)).returncode == 0 and len(rows(**town)) == 1, "made by hand as it should be: taken", rows(**town))
    done = take(request(b"off", two))
    ok(done.returncode == 2 and "another's name" in done.stderr, "another officer's command: refused", done)
    for what, item in (("two in one", request(b"insp-1", two, command(COMMENT, 1, text="x"))), ("nothing", b""), ("an unknown part", b"\7abc"),
                       ("a cut request", request(b"insp-1", two)[:-3]), ("a fate of nothing", b"\2" + bytes(25)),
                       ("a preview", b"\1" + pb.Request(version=1, id=two.id, actor=b"insp-1", query=pb.Query(keys=pb.KeyQuery())).SerializeToString())):
        done = take(item)
        ok(done.returncode == 2, f"{what}: refused", done)
    ok(take(request(b"insp-1", two), version=b"rectify bundle 2").returncode == 2, "another version: refused")
    done = take(request(b"insp-1", command(COMMENT, 1, one.id, text="something else")))
    ok(done.returncode == 1 and "for something else" in done.stderr, "an id that is used for something else: said, not taken", done)
    many = [request(b"insp-1", command(COMMENT, 1, text=str(at))) for at in range(121)]
    done = take(*many, request(b"off", two))
    ok(done.returncode == 2 and "part 122" in done.stderr, "121 of one's own and another's: refused as one", done)
    same(len(rows(**town)), 1, "none of them was kept")
    submit("never left", "--offline", actor="insp-2", **town)
    waits = next(row["id"] for row in rows(**town) if row["actor"] == "insp-2")
    id_, told = bytes.fromhex(waits.replace("-", "")), pb.Receipt(case_no=77, rule=600, event_number=1, log_index=5, record=b"x")

    def fate(outcome, which=2):  # RECTIFY_RECEIVED
        reply = pb.Reply(version=1, id=id_, outcomes=pb.Outcomes(outcomes=[outcome]))
        return b"\2" + id_ + (10**12).to_bytes(8, "little") + bytes([which]) + reply.SerializeToString()

    done = take(fate(pb.Outcome(id=id_, receipt=told)))
    same((done.returncode, fates(**town)), (0, ["saved", "saved"]), "a receipt for what never left this machine settles nothing")
    for what, part in (("of another item", fate(pb.Outcome(id=two.id, receipt=told))), ("of another kind", fate(pb.Outcome(id=id_, receipt=told), 3))):
        same(take(part).returncode, 2, f"a fate {what}: refused")


def test_over_tcp():
    """With keys: the next of several daemons is asked with the same keys, and what was saved goes there."""
    top = HERE["top"]
    server = rectify("key", "new", top / "server.key").stdout.strip()
    own = rectify("key", "new", top / "own.key").stdout.strip()
    daemon = city("--listen", "tcp://127.0.0.1:*", "--server-key", str(top / "server.key"))
    daemon.wait_log(r"door\.open listen=")
    door = re.search(r"door\.open listen=(tcp://\S+)", daemon.log()).group(1)
    rectify("key", "register", "insp-1", own, actor="office", endpoint=daemon.endpoint, timeout=10)
    keys = ["--key", top / "own.key", "--server", server]
    done = submit("over the wire", *keys, "--offline", endpoint=f"tcp://127.0.0.1:1,{door}", spool="wire")
    ok(done.returncode == 0, "saved for two doors", done)
    done = submit("behind it", *keys, "--json", endpoint=f"tcp://127.0.0.1:1,{door}", spool="wire", timeout=20)
    ok(done.returncode == 0 and json.loads(done.stdout)["outcome"] == "accepted", "the first door is shut: by the second", done)
    same([(row["fate"], row["case"]) for row in rows(spool="wire")], [("received", "C-000001"), ("received", "C-000002")], "both, in order")
    same(daemon.stop(), 0, "that daemon stops")


def start():
    HERE["daemon"] = city()
    HERE["client"] = Client(HERE["daemon"])
    HERE["top"] = place()
    same(HERE["daemon"].stop(), 0, "a daemon that knows the city is away")


main(start, test_saved_and_received, test_refusals, test_other_daemon, test_several_endpoints, test_bundle, test_forged_bundle, test_over_tcp, test_full_disk,
     test_killed_while_saving, test_many_through_kills)

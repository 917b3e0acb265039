#!/usr/bin/python3
"""Files of evidence: uploaded in parts, gone on with after every kind of death, refused by what they are, found when they were altered."""
import hashlib
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

ERASE_ASK, ERASE = 54, 55  # command.def
HERE = {}
LARGE = b"%PDF-1.7\n" + os.urandom(32 * 1024 * 1024 - 9)
DAY = 24 * HOUR


def rectify(*words, actor="insp-1", spool="/dev/null/none", **more):
    return subprocess.run([BUILD / "rectify", "--as", actor, "--en", "--endpoint", HERE["daemon"].endpoint, *map(str, words)],
                          capture_output=True, text=True, timeout=PATIENCE, check=False,
                          env={**os.environ, "RECTIFY_SPOOL": str(spool)}, **more)


def file_of(name, data):
    path = HERE["folder"] / name
    path.write_bytes(data)
    return path


def parts_of(data, officer=None):
    where = f"sha256 = '\\x{hashlib.sha256(data).hexdigest()}'"
    if officer:
        where += f" AND officer = (SELECT id FROM rectify.officer WHERE code = '{officer}')"
    return int(HERE["daemon"].sql(f"SELECT count(*) FROM rectify.content_part WHERE {where}"))


def is_here(data):
    return HERE["daemon"].sql(f"SELECT count(*) FROM rectify.content WHERE sha256 = '\\x{hashlib.sha256(data).hexdigest()}'") == "1"


def case_with(*pieces, actor="insp-1"):
    one = finding()
    one.evidence.extend(pieces)
    client = Client(HERE["daemon"], actor)
    outcome, = client.submit(one)
    client.close()
    return need(outcome.receipt.case_no, "a case")


def slow_put(path, actor="insp-1"):
    """An upload that is in the middle: the daemon's connection for files is held back by a lock."""
    return subprocess.Popen([BUILD / "rectify", "--as", actor, "--en", "--endpoint", HERE["daemon"].endpoint, "--timeout", "50", "evidence", "put", path],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_client_killed():
    """32 MiB: the client dies in the middle; another one goes on from what is there."""
    HERE["daemon"] = city("--evidence-day-mib", "200")
    HERE["folder"] = place()
    HERE["large"] = file_of("large.pdf", LARGE)
    put = slow_put(HERE["large"])
    need(until(lambda: parts_of(LARGE) >= 20, pause=0), "some parts are there")
    put.kill()
    put.communicate()
    at = parts_of(LARGE)
    ok(20 <= at < 128 and not is_here(LARGE), f"killed with {at} of 128 parts there")
    client = Client(HERE["daemon"])
    reply = client.ask(upload=pb.Upload(sha256=hashlib.sha256(LARGE).digest(), size=len(LARGE))).uploaded
    have = sum(bin(byte).count("1") for byte in reply.have)
    ok(have == 128 - reply.missing and at <= have < 128 and not reply.complete, "the daemon says which parts it has", have, reply.missing)
    client.close()


def test_daemon_killed():
    """... and now the daemon dies in the middle, with the client waiting."""
    put = slow_put(HERE["large"])
    at = parts_of(LARGE)
    until(lambda: parts_of(LARGE) > at + 10 or put.poll() is not None, pause=0)
    HERE["daemon"].kill()
    HERE["daemon"].start()
    out, err = put.communicate(timeout=PATIENCE)
    ok(put.returncode == 0 and hashlib.sha256(LARGE).hexdigest() in out, "the client goes on with the daemon that came back", out, err)
    same((is_here(LARGE), parts_of(LARGE)), (True, 128), "the file is whole")
    done = rectify("evidence", "put", HERE["large"])
    ok(done.returncode == 0, "said again, it is there already", done.stderr)


def test_two_upload():
    """Two people have the same file: each brings it, it is kept once; nobody gets it by its hash."""
    puts = [slow_put(HERE["large"], actor) for actor in ("insp-2", "h-north")]
    for put in puts:
        out, err = put.communicate(timeout=PATIENCE)
        ok(put.returncode == 0, "uploaded", out, err)
    same(parts_of(LARGE), 128, "the bytes are kept once")
    film = b"\0\0\0\x20ftypisom" + os.urandom(700_000)
    path = file_of("film.mp4", film)
    puts = [slow_put(path, actor) for actor in ("insp-1", "insp-1", "h-north")]
    same([put.communicate(timeout=PATIENCE) and put.returncode for put in puts], [0, 0, 0], "at the same time, from one person twice")
    same((is_here(film), parts_of(film)), (True, 3), "once")
    secret = b"only insp-2 has this\n"
    client = Client(HERE["daemon"], "insp-2")
    piece = client.piece(1, secret)
    client.close()
    thief = case_with(piece)  # insp-1 knows the hash
    done = rectify("evidence", "get", thief, 1, cwd=HERE["folder"])
    ok(done.returncode == 1 and "only its hash" in done.stderr, "who names a hash without the file gets none", done.stdout, done.stderr)
    same(rectify("evidence", "list", thief, "--json").stdout.count('"absent"'), 1, "and the list says so")


def test_refused():
    """What is not evidence, and what is not what it was said to be."""
    for name, data, said in (("a.pdf", b"\x7fELF" + bytes(60), "a program"), ("b.txt", b"#!/bin/sh\n", "a script"), ("c.jpg", b"<svg onload='x()'/>", "markup"),
                             ("d.docx", b"PK\x03\x04" + bytes(100), "an archive"), ("e.csv", "整改".encode("gb18030"), "UTF-8")):
        done = rectify("attach", 1, "-e", file_of(name, data), actor="h-north")
        ok(done.returncode == 65 and said in done.stderr, f"{name} is {said}", done.stderr)
        client = Client(HERE["daemon"], "h-north")
        reply = client.upload(data)
        ok(reply.error.code == FIELD and said in reply.error.text.decode(), f"... the daemon finds that out too: {said}", reply)
        same(parts_of(data), 0, "and keeps nothing of it")
        client.close()
    client = Client(HERE["daemon"], "h-north")
    sha = hashlib.sha256(b"good").digest()
    same(client.ask(upload=pb.Upload(sha256=sha, size=4)).uploaded.missing, 1, "an upload begins")
    reply = client.ask(part=pb.Part(sha256=sha, n=0, bytes=b"evil"))
    ok(reply.error.code == FIELD and "another SHA-256" in reply.error.text.decode(), "other bytes than announced are refused", reply)
    same(client.ask(part=pb.Part(sha256=sha, n=0, bytes=b"good")).error.code, NOT_FOUND, "and the upload is gone")
    ok(client.upload(b"good").uploaded.complete, "begun again with the right ones it is taken")
    client.ask(upload=pb.Upload(sha256=bytes(32), size=300_000))
    for n, data in ((0, b"short"), (1, bytes(PART)), (2, b"x"), (1023, b"x")):
        same(client.ask(part=pb.Part(sha256=bytes(32), n=n, bytes=data)).error.code, FIELD, f"part {n} of a wrong size")
    for size, code in ((0, FIELD), (32 * 1024 * 1024 + 1, TOO_LARGE), (1 << 62, TOO_LARGE)):
        same(client.ask(upload=pb.Upload(sha256=bytes(32), size=size)).error.code, code, f"{size} bytes")
    same(client.ask(upload=pb.Upload(sha256=b"x", size=1)).error.code, FIELD, "no hash")
    same(client.ask(part=pb.Part(sha256=bytes(32), n=0, bytes=bytes(PART + 1))).error.code, FIELD, "a part too large")
    nobody = Client(HERE["daemon"], "nobody")
    same(nobody.ask(upload=pb.Upload(sha256=bytes(32), size=1)).error.code, ACTOR, "a stranger")
    nobody.close()
    client.close()
    done = rectify("evidence", "put", file_of("too-large.pdf", LARGE + b"x"))
    ok(done.returncode == 1 and "at most 32 MiB" in done.stderr, "too large a file, said in words", done.stderr)


def test_quota():
    """One officer does not fill the disk: bytes in a day, uploads that are not finished."""
    client = Client(HERE["daemon"], "verifier")
    for n in range(6):
        same(client.ask(upload=pb.Upload(sha256=bytes([n]) * 32, size=30 << 20)).uploaded.missing, 120, f"{30 * (n + 1)} MiB")
    reply = client.once(request("verifier", upload=pb.Upload(sha256=bytes([9]) * 32, size=30 << 20)))
    ok(reply.error.code == BUSY and "evidence_day_mib" in reply.error.text.decode(), "a seventh is too much for a day", reply)
    client.actor = "auditor"
    replies = [client.once(request("auditor", upload=pb.Upload(sha256=bytes([n]) * 32, size=1))) for n in range(65)]
    same([reply.WhichOneof("body") for reply in replies], ["uploaded"] * 64 + ["error"], "64 are begun, not 65")
    same(client.ask(upload=pb.Upload(sha256=bytes([3]) * 32, size=1)).uploaded.missing, 1, "one that was begun may go on")
    office = Client(HERE["daemon"], "office")
    office.advance((TODAY + 8) * DAY)
    need(until(lambda: HERE["daemon"].sql("SELECT count(*) FROM rectify.upload WHERE done_at IS NULL") == "0"), "a week later all of them are swept")
    ok(client.once(request("auditor", upload=pb.Upload(sha256=bytes(32), size=1))).uploaded.missing == 1, "and there is room again")
    same((is_here(LARGE), is_here(b"only insp-2 has this\n")), (False, True), "with files that nobody handed in; one that was stays")
    office.close()
    client.close()


def test_closing():
    """A closing rests on files; the same file elsewhere is marked on both cases."""
    photo = file_of("photo.jpg", b"\xff\xd8\xff\xe0" + os.urandom(5000))
    one, two = case_with(), case_with()
    for case_no in (one, two):
        same(rectify("sign-for", case_no, actor="h-north").returncode, 0, "signed for")
    client = Client(HERE["daemon"], "p-north")
    outcome, = client.act(command(REQUEST_CLOSURE, one, evidence=[pb.Evidence(kind=1, sha256=bytes(32), name=b"x", size=1)]))
    same(outcome.refusal.rule, 860, "rule 860: a hash alone closes nothing")
    client.close()
    done = rectify("attach", one, "-e", photo, actor="h-north")
    ok(done.returncode == 0 and is_here(photo.read_bytes()), "attach uploads the file", done.stderr)
    done = rectify("attach", two, "-e", photo, actor="h-north")
    marks = [json.loads(line)["marks"] for line in rectify("cases", "--json", actor="auditor").stdout.splitlines()]
    ok(done.returncode == 0 and sum("evidence_shared" in mark for mark in marks) == 2, "the same file on two cases is marked on both", marks)
    row = json.loads(rectify("evidence", "list", two, "--json", actor="p-north").stdout)
    same((row["file"], row["content"], row["also_in"], row["officer"], row["number"]), ("stored", "jpeg", f"C-{one:06d}", "h-north", 1), "the list says all of it")
    HERE["one"], HERE["photo"] = one, photo


def test_getting():
    """Got back under its own name, never over another file; only by who may read the case."""
    folder = HERE["folder"] / "got"
    folder.mkdir()
    done = rectify("evidence", "get", HERE["one"], 1, actor="p-north", cwd=folder)
    ok(done.returncode == 0 and (folder / "photo.jpg").read_bytes() == HERE["photo"].read_bytes(), "the bytes are those", done.stderr)
    same((folder / "photo.jpg").stat().st_mode & 0o777, 0o600, "for nobody else, and nothing to run")
    done = rectify("evidence", "get", HERE["one"], 1, actor="p-north", cwd=folder)
    ok(done.returncode == 65 and "is there already" in done.stderr, "a second time it is not written over", done.stderr)
    sha = hashlib.sha256(HERE["photo"].read_bytes()).hexdigest()
    done = rectify("evidence", "get", HERE["one"], sha[:8].upper(), "-o", "other.jpg", "--json", actor="p-north", cwd=folder)
    same(json.loads(done.stdout or "{}"), {"file": "other.jpg", "sha256": sha, "size": 5004}, "by its hash, under another name, told as JSON")
    for which, actor, said in ((1, "h-south", "no such case"), (9, "p-north", "no evidence '9'"), ("deadbeef", "p-north", "no evidence"), ("x", "p-north", "neither")):
        done = rectify("evidence", "get", HERE["one"], which, actor=actor, cwd=folder)
        ok(done.returncode in (1, 64) and said in done.stderr, f"{which} for {actor}: {said}", done.stderr)
    bad = b"%PDF-1.4 climbing out\n"
    client = Client(HERE["daemon"])
    piece = client.piece(1, bad)
    piece.name = b"../../.profile"
    client.close()
    done = rectify("evidence", "get", case_with(piece), 1, cwd=folder)
    ok(done.returncode == 0 and (folder / "_.profile").read_bytes() == bad, "a name leads nowhere else", done.stdout, done.stderr)
    same(sorted(path.name for path in folder.iterdir()), ["_.profile", "other.jpg", "photo.jpg"], "nothing half-done is left")


def test_altered():
    """A byte that somebody flipped in the database is found by who fetches the file, and by the doctor."""
    daemon = HERE["daemon"]
    sha = hashlib.sha256(HERE["photo"].read_bytes()).hexdigest()
    same(daemon.doctor().returncode, 0, "the doctor is content before")
    for text in ("UPDATE rectify.content_part SET bytes = ''", "DELETE FROM rectify.content_part", "DELETE FROM rectify.content", "TRUNCATE rectify.content_part",
                 "UPDATE rectify.content SET type = 2"):
        ok("RF003" in daemon.sql(f"SET ROLE rectify_owner; {text}", check=False) or "refused" in daemon.sql(f"SET ROLE rectify_owner; {text}", check=False),
           f"the owner cannot: {text}")
    daemon.sql("ALTER TABLE rectify.content_part DISABLE TRIGGER ALL; UPDATE rectify.content_part SET bytes = set_byte(bytes, 700, get_byte(bytes, 700) # 1) "
               f"WHERE sha256 = '\\x{sha}'; ALTER TABLE rectify.content_part ENABLE ALWAYS TRIGGER deny_row")
    done = rectify("evidence", "get", HERE["one"], 1, "-o", "flipped.jpg", actor="p-north", cwd=HERE["folder"])
    ok(done.returncode == 2 and "SHA-256 differs" in done.stderr and not (HERE["folder"] / "flipped.jpg").exists(), "who fetches it is told, and gets nothing", done.stderr)
    done = daemon.doctor()
    ok(done.returncode == 2 and f"file {sha}: its bytes are not those" in done.stdout, "the doctor names the file", done.stdout)
    daemon.sql("ALTER TABLE rectify.content_part DISABLE TRIGGER ALL; UPDATE rectify.content_part SET bytes = set_byte(bytes, 700, get_byte(bytes, 700) # 1) "
               f"WHERE sha256 = '\\x{sha}'; ALTER TABLE rectify.content_part ENABLE ALWAYS TRIGGER deny_row")
    same(daemon.doctor().returncode, 0, "put back, it is content")


def test_erasing():
    """The file goes with the last text that handed it in, for ever; its hash stays."""
    daemon, data = HERE["daemon"], b"a letter with a name in it\n"
    client = Client(daemon)
    piece = client.piece(1, data)
    client.close()
    cases = [case_with(piece), case_with(piece)]
    indexes = [int(daemon.sql(f"SELECT log_index FROM rectify.finding WHERE case_no = {case_no}")) for case_no in cases]
    for n, (case_no, index) in enumerate(zip(cases, indexes)):
        for actor, kind, more in (("off", ERASE_ASK, {"number": "PIPL 47", "text": "asked for"}), ("office", ERASE, {})):
            client = Client(daemon, actor)
            outcome, = client.act(command(kind, case_no, other=index + 1, **more))
            same(outcome.receipt.rule, 664 if kind == ERASE_ASK else 665, f"{actor} {kind}")
            client.close()
        same(parts_of(data), 1 - n, "the other event still hands it in" if n == 0 else "and now the bytes are gone")
    done = rectify("evidence", "get", cases[0], 1, cwd=HERE["folder"], actor="auditor")
    ok(done.returncode == 1 and "was erased" in done.stderr, "who asks for it is told", done.stderr)
    client = Client(daemon, "insp-2")
    same(client.upload(data).error.code, FORBIDDEN, "it does not come back, by whomever")
    client.close()
    done = daemon.doctor()
    ok(done.returncode == 0, "the doctor is content", done.stdout, done.stderr)


def erase(case_no, index):
    for actor, kind, more in (("off", ERASE_ASK, {"number": "PIPL 47", "text": "asked for"}), ("office", ERASE, {})):
        client = Client(HERE["daemon"], actor)
        outcome, = client.act(command(kind, case_no, other=index + 1, **more))
        same(outcome.receipt.rule, 664 if kind == ERASE_ASK else 665, f"{actor} {kind}")
        client.close()


def finding_at(case_no):
    return int(HERE["daemon"].sql(f"SELECT log_index FROM rectify.finding WHERE case_no = {case_no}"))


def fetched(case_no, data, actor="auditor"):
    client = Client(HERE["daemon"], actor)
    parts = client.query(content=pb.ContentQuery(case_no=case_no, sha256=hashlib.sha256(data).digest())).parts
    client.close()
    return b"".join(parts)


def attach(case_no, piece):
    """By h-north; its log index."""
    client = Client(HERE["daemon"], "h-north")
    outcome, = client.act(command(ATTACH, case_no, evidence=[piece]))
    client.close()
    return need(outcome.receipt.log_index, "a piece is added")


def bare(data):
    """A piece by its hash alone."""
    return pb.Evidence(kind=1, sha256=hashlib.sha256(data).digest(), name=b"x", size=len(data))


def test_erasing_without_names():
    """A piece without a name, and an event that has no text and no name: the file goes all the same."""
    data, added = b"nobody named this\n", b"nor this\n"
    client = Client(HERE["daemon"])
    piece = client.piece(1, data, name="")
    client.close()
    case_no = case_with(piece)
    same(fetched(case_no, data), data, "the file is there")
    client = Client(HERE["daemon"], "h-north")
    at = attach(case_no, client.piece(1, added, name=""))
    client.close()
    for index, what in ((finding_at(case_no), data), (at, added)):
        erase(case_no, index)
        same((parts_of(what), fetched(case_no, what)), (0, b""), "the file is gone")
    rows = [json.loads(line)["file"] for line in rectify("evidence", "list", case_no, "--json").stdout.splitlines()]
    same(rows, ["erased", "erased"], "and the list says so")


def test_erased_before_it_came():
    """The event that names a file is erased before the file comes: it never does, and what was begun is thrown away."""
    data, half = b"this one comes late\n", b"%PDF-1.7\n" + os.urandom(PART)
    case_no = case_with(bare(data), bare(half))
    client = Client(HERE["daemon"])
    same(client.upload(half, most=1).uploaded.missing, 1, "of one file a part is there")
    erase(case_no, finding_at(case_no))
    same(parts_of(half), 0, "it is gone with the event")
    for what in (data, half):
        same(client.upload(what).error.code, FORBIDDEN, "nor does the file come later")
        same((parts_of(what), fetched(case_no, what)), (0, b""), "nothing is kept, nothing is given")
    same(client.ask(part=pb.Part(sha256=hashlib.sha256(half).digest(), n=1, bytes=half[PART:])).error.code, NOT_FOUND, "nor does the rest of it")
    client.close()


def test_pinned():
    """Who only knows the hash keeps no file from being erased; who has it too does, and the erased event gives it to nobody."""
    data, both = b"whoever knows the hash\n", b"two have this one\n"
    client = Client(HERE["daemon"])
    victim, shared = case_with(client.piece(1, data)), case_with(client.piece(1, both))
    client.close()
    pinning, other = case_with(), case_with()
    attach(pinning, bare(data))
    erase(victim, finding_at(victim))
    same((parts_of(data), fetched(victim, data), fetched(pinning, data)), (0, b"", b""), "the file is gone")
    client = Client(HERE["daemon"], "h-north")
    attach(other, client.piece(1, both))
    client.close()
    erase(shared, finding_at(shared))
    same((parts_of(both), fetched(shared, both), fetched(other, both)), (1, b"", both), "of two who have it, one keeps it")
    same(json.loads(rectify("evidence", "list", shared, "--json", actor="auditor").stdout)["file"], "erased", "the list says so")


def test_one_officer():
    """Eight parts of one officer wait for the database, not more; there is room for others meanwhile."""
    daemon = HERE["daemon"]
    holder = subprocess.Popen([PSQL, "-XAtq", "-h", daemon.data / "postgres-socket", "-U", "rectify_admin", "-d", "rectify"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    holder.stdin.write("BEGIN; LOCK TABLE rectify.upload;\n\\echo done\n")
    holder.stdin.flush()
    need(holder.stdout.readline().strip() == "done", "the table is held")
    client, other = Client(daemon, "h-north"), Client(daemon, "p-north")
    for _ in range(9):
        client.send(request("h-north", upload=pb.Upload(sha256=bytes(32), size=1)).SerializeToString())
    reply = client.receive()
    ok(reply.error.code == BUSY and "of this officer" in reply.error.text.decode(), "the ninth is told to come back", reply)
    other.send(request("p-north", upload=pb.Upload(sha256=bytes(32), size=1)).SerializeToString())
    holder.stdin.write("COMMIT;\n")
    holder.stdin.close()
    holder.wait(PATIENCE)
    same([client.receive().WhichOneof("body") for _ in range(8)], ["uploaded"] * 8, "eight are answered")
    same(other.receive().WhichOneof("body"), "uploaded", "and the other officer's")
    client.close()
    other.close()


def test_spool():
    """Said with no daemon: the file waits with what names it, and goes before it."""
    spool, paper = HERE["folder"] / "spool", file_of("paper.txt", "手写记录\n".encode())
    done = rectify("--offline", "submit", "--team", "team-1", "--unit", "north", "--kind", "loophole", "--severity", "ordinary", "-m", "x", "--found", START, "-e", paper,
                   spool=spool)
    copies = list((spool / "files").iterdir())
    ok(done.returncode == 0 and len(copies) == 1, "saved with its file", done.stderr)
    data = paper.read_bytes()
    paper.unlink()  # the copy is what goes
    done = rectify("ping", spool=spool)
    done = rectify("spool", "send", spool=spool)
    ok(done.returncode == 0 and is_here(data), "sent: the file is there", done.stdout, done.stderr)
    same(list((spool / "files").iterdir()), [], "and no copy is left here")
    case_no = int(HERE["daemon"].sql("SELECT max(case_no) FROM rectify.case_"))
    row = json.loads(rectify("evidence", "list", case_no, "--json").stdout)
    same(row["file"], "stored", "it was handed in with its file")
    gone = file_of("gone.txt", b"nobody hears\n")
    HERE["daemon"].stop()
    done = rectify("--timeout", "1", "submit", "--team", "team-1", "--unit", "north", "--kind", "loophole", "--severity", "ordinary", "-m", "y", "--found", START, "-e", gone,
                   spool=spool)
    ok(done.returncode == 75 and len(list((spool / "files").iterdir())) == 1, "no daemon answers: saved, with its file", done.stdout, done.stderr)
    HERE["daemon"].start()
    done = rectify("cases", spool=spool)
    ok(done.returncode == 0 and until(lambda: is_here(b"nobody hears\n")), "it goes out with the next command", done.stderr)


def on_terminal(*words, actor="insp-1"):
    """What a person sees: the program on a pseudo-terminal; its exit code and output."""
    child, end = pty.fork()
    if child == 0:
        os.environ["TERM"] = "xterm"
        os.execv(BUILD / "rectify", ["rectify", "--as", actor, "--en", "--endpoint", HERE["daemon"].endpoint, *map(str, words)])
    seen = b""
    while True:
        ready, _, _ = select.select([end], [], [], PATIENCE)
        try:
            data = os.read(end, 65536) if ready else b""
        except OSError:
            break
        if not data:
            break
        seen += data
    _, status = os.waitpid(child, 0)
    os.close(end)
    return os.waitstatus_to_exitcode(status), seen.decode(errors="replace")


def test_bar():
    """A bar on a terminal, that is gone in the end; none in a pipe."""
    data = b"%PDF-1.7\n" + os.urandom(5_000_000)
    code, seen = on_terminal("evidence", "put", file_of("bar.pdf", data))
    steps = [int(number) for number in re.findall(r" (\d+) %", seen)]
    ok(code == 0 and len(steps) > 5 and steps == sorted(steps) and steps[-1] == 100, "the bar grows to its end", seen[-300:])
    ok(seen.rindex("\r\033[K") > seen.rindex("100 %"), "and is taken away")
    done = rectify("evidence", "put", file_of("pipe.pdf", data + b"x"))
    same((done.returncode, done.stderr), (0, ""), "off a terminal there is none")


def test_standby():
    """The files are the database's: a daemon that takes over has them, and goes on with an upload."""
    first, data = HERE["daemon"], b"%PDF-1.7\n" + os.urandom(3_000_000)
    client = Client(first)
    same(client.upload(data, most=5).uploaded.missing, 7, "an upload is begun")
    client.close()
    second = Daemon(top=first.top).start(wait=False)
    second.wait_log("store.standby")
    first.kill()
    second.wait_log("ready endpoint=")
    HERE["daemon"] = second
    client = Client(second)
    ok(client.upload(data).uploaded.complete, "the standby goes on with it")
    client.close()
    folder = HERE["folder"] / "standby"
    folder.mkdir()
    done = rectify("evidence", "get", HERE["one"], 1, actor="p-north", cwd=folder)
    ok(done.returncode == 0 and (folder / "photo.jpg").read_bytes() == HERE["photo"].read_bytes(), "and gives out what the first one took", done.stderr)
    same(second.doctor().returncode, 0, "the doctor is content")


def test_intake_stays_fast():
    """Findings are taken while three people upload 32 MiB each."""
    puts = [slow_put(file_of(f"load-{n}.pdf", LARGE[:-1] + bytes([n])), actor) for n, actor in enumerate(("insp-1", "insp-2", "h-south"))]
    client, worst, count = Client(HERE["daemon"]), 0, 0
    while any(put.poll() is None for put in puts):
        at = time.monotonic()
        outcome, = client.submit(finding())
        need(outcome.receipt.case_no, "a receipt")
        worst, count = max(worst, time.monotonic() - at), count + 1
    client.close()
    same([put.communicate() and put.returncode for put in puts], [0, 0, 0], "uploaded")
    ok(count >= 20 and worst < 5, f"{count} findings, the slowest answered after {worst * 1000:.0f} ms")


main(test_client_killed, test_daemon_killed, test_two_upload, test_refused, test_quota, test_closing, test_getting, test_altered, test_erasing,
     test_erasing_without_names, test_erased_before_it_came, test_pinned, test_one_officer, test_spool, test_bar, test_standby, test_intake_stays_fast)

#!/usr/bin/python3
"""The commands about keys, forks, witnesses and receipts, as people use them: files, exit codes, what is printed and what is not."""
import base64
import hashlib
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("B", "build")
RECTIFY, SIGN = BUILD / "rectify", BUILD / "rectify-sign"
LOG = "rectify.test/log"
results = []


def ok(right, name, said=""):
    results.append(bool(right))
    print(f"{'ok' if right else 'not ok'} {len(results)} - {name}", flush=True)
    if not right:
        print("\n".join("#   " + line for line in str(said).split("\n")[:20]), flush=True)


def run(*words, stdin=b"", **environment):
    env = dict(os.environ, LC_ALL="C.UTF-8", RECTIFY_LANG="en", **environment)
    done = subprocess.run([str(word) for word in words], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env,
                          timeout=60, cwd=ROOT)
    return done.returncode, done.stdout, done.stderr.decode()


def root_of(leaves):
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\1" + root_of(leaves[:half]) + root_of(leaves[half:])).digest()


def consistency(old, leaves, whole=True):
    """RFC 6962, 2.1.2, by its text."""
    if old == len(leaves):
        return [] if whole else [root_of(leaves)]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    if old <= half:
        return consistency(old, leaves[:half], whole) + [root_of(leaves[half:])]
    return consistency(old - half, leaves[half:], False) + [root_of(leaves[:half])]


def b64(data):
    return base64.b64encode(data).decode()


def keys(city):
    path = city / "ann"
    code, out, err = run(RECTIFY, "key", "new", "--for", "person", "--name", "ann", path)
    ok(code == 0 and out.startswith(b"ann+"), "key new prints the public half", err)
    ok(stat.S_IMODE(path.stat().st_mode) == 0o600, "the secret half is for its owner only")
    ok(path.read_bytes().startswith(b"PRIVATE+KEY+ann+") and path.read_bytes().split(b"+")[-1].strip() not in out,
       "and is not what was printed")
    before = path.read_bytes()
    code, _, err = run(RECTIFY, "key", "new", "--for", "person", "--name", "ann", path)
    ok(code == 65 and path.read_bytes() == before, "a key is never written over", err)
    ok(run(RECTIFY, "key", "public", path)[1] == out, "key public says it again")
    for mode in 0o640, 0o604, 0o620:
        path.chmod(mode)
        code, said, err = run(RECTIFY, "key", "public", path)
        ok(code == 65 and said == b"" and "chmod 600" in err, f"a key of mode {mode:o} is refused", err)
    path.chmod(0o600)
    code, said, _ = run(RECTIFY, "key", "public", "credential:ann", CREDENTIALS_DIRECTORY=str(city))
    ok(code == 0 and said == out, "a key may be a systemd credential")
    ok(run(RECTIFY, "key", "new", "--for", "person", "--name", "two words", city / "x")[0] == 64, "a name has no spaces")
    ok(run(RECTIFY, "key", "new", "--for", "log", city / "x")[0] == 64 and not (city / "x").exists(), "a key for notes has a name")
    code, out, err = run(RECTIFY, "key", "new", city / "curve")
    ok(code == 0 and len(out.strip()) == 64 and bytes.fromhex(out.decode().strip()), "a client's key is one of CURVE", err)
    ok(run(RECTIFY, "key", "public", city / "curve")[1] == out, "and its public half can be made again")
    ok(run(RECTIFY, "key", "new", "--name", "x", "/nonexistent/key")[0] == 65, "a folder that is not there is said")


def fork(city):
    key, state = city / "log.key", city / "log.state"
    code, public, err = run(SIGN, "new", "--name", LOG, "--key", key, "--state", state)
    ok(code == 0 and public.startswith(LOG.encode() + b"+"), "rectify-sign new prints the public key", err)
    (city / "log.pub").write_bytes(public)
    (city / "people").write_bytes(run(RECTIFY, "key", "public", city / "ann")[1] +
                                  run(RECTIFY, "key", "new", "--for", "person", "--name", "ben", city / "ben")[1])
    given = ["--key", key, "--state", state]
    root = b64(hashlib.sha256(b"").digest())
    code, text, err = run(SIGN, "fork-text", *given, "--size", 0, "--root", root, "--reason", "the disks failed")
    ok(code == 0 and text.startswith(b"rectify-fork/v1\ngives-up ") and b"goes-on " + LOG.encode() + b"/2 0 " in text,
       "fork-text says what is given up and where it goes on", err)
    (city / "once").write_bytes(run(RECTIFY, "key", "sign", city / "ann", stdin=text)[1])
    code, _, err = run(SIGN, "fork", *given, "--people", city / "people", "--record", city / "once")
    ok(code == 1 and "two of the people" in err, "one person cannot fork", err)
    (city / "ann-again").write_bytes(run(RECTIFY, "key", "sign", city / "ann", city / "once")[1])
    code, _, err = run(SIGN, "fork", *given, "--people", city / "people", "--record", city / "ann-again")
    ok(code == 1 and "two of the people" in err, "nor one person twice", err)
    (city / "twice").write_bytes(run(RECTIFY, "key", "sign", city / "ben", city / "once")[1])
    (city / "people").chmod(0o666)
    code, _, err = run(SIGN, "fork", *given, "--people", city / "people", "--record", city / "twice")
    ok(code == 78 and "others may change" in err, "a list of people that others may change is none", err)
    (city / "people").chmod(0o644)
    code, head, err = run(SIGN, "fork", *given, "--people", city / "people", "--record", city / "twice")
    ok(code == 0 and head.startswith(LOG.encode() + b"/2\n0\n"), "two people can", err)
    ok((city / "log.state.fork-2").read_bytes() == (city / "twice").read_bytes(), "and their record is kept beside the state")
    code, _, err = run(SIGN, "fork", *given, "--people", city / "people", "--record", city / "twice")
    ok(code == 1 and "not the last head" in err, "the same record forks once", err)


def strangers(city):
    """Who may reach the socket is still not heard unless it is the daemon's user (root is)."""
    path = city / "socket"
    signer = subprocess.Popen([SIGN, "run", "--key", city / "log.key", "--state", city / "log.state", "--socket", path],
                              stderr=subprocess.PIPE)
    try:
        ask = ("import socket, sys, time\n"
               "one = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
               "one.connect(sys.argv[1]); one.send(bytes([1]) + bytes(44)); print(len(one.recv(9000)))")
        until = time.monotonic() + 30
        while not path.exists() and time.monotonic() < until and signer.poll() is None:
            os.sched_yield()
        code, said, err = run(sys.executable, "-c", ask, path)
        ok(code == 0 and int(said) > 45, "the signer answers its own user", err)
        ok(stat.S_IMODE(path.stat().st_mode) == 0o660, "its socket is for owner and group")
        if os.geteuid() != 0:
            return ok(True, "and nobody else # SKIP only root can be somebody else")
        city.chmod(0o711)
        path.chmod(0o666)
        done = subprocess.run([sys.executable, "-c", ask, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, user=65534, timeout=60)
        ok(done.returncode != 0 or done.stdout.strip() == b"0", "and nobody else", done.stdout)
    finally:
        signer.kill()
        said = signer.communicate()[1].decode()
    return ok("sign.stranger uid=65534" in said, "and says who tried", said)


def request(city, key, leaves, old, name=LOG):
    text = f"{name}\n{len(leaves)}\n{b64(root_of(leaves))}\n"
    note = run(RECTIFY, "key", "sign", key, stdin=text.encode())[1]
    proof = "".join(b64(one) + "\n" for one in consistency(old, leaves)) if 0 < old <= len(leaves) else ""
    return f"old {old}\n{proof}\n".encode() + note, note


def witness(city):
    leaves = [hashlib.sha256(b"\0" + bytes([i])).digest() for i in range(100)]
    key = city / "cosigned.key"
    (city / "cosigned.pub").write_bytes(run(RECTIFY, "key", "new", "--for", "log", "--name", LOG, key)[1])
    (city / "wit.pub").write_bytes(run(RECTIFY, "key", "new", "--for", "witness", "--name", "witness.audit", city / "wit")[1])
    base = [RECTIFY, "witness", "--key", city / "wit", "--log", city / "cosigned.pub", "--state", city / "wit.state"]
    text, note = request(city, key, leaves[:40], 0)
    code, line, err = run(*base, "-", stdin=text)
    ok(code == 0 and line.startswith("\u2014 witness.audit ".encode()), "a witness cosigns the first head it sees", err)
    body = base64.b64decode(line.split(b" ")[2])
    ok(len(body) == 4 + 8 + 64, "with a time and a signature")
    text, note = request(city, key, leaves[:77], 40)
    ok(run(*base, "-", stdin=text)[0] == 0, "and one that extends it")
    code, said, err = run(*base, "-", stdin=request(city, key, leaves[:90], 40)[0])
    ok(code == 1 and said == b"77\n" and "409" in err, "409 tells the size that is known", err)
    other = leaves[:50] + [bytes(32)] + leaves[51:]
    code, _, err = run(*base, "-", stdin=request(city, key, other[:90], 77)[0])
    ok(code == 2 and "422" in err, "a rewritten log is 422, exit code 2", err)
    code, _, err = run(*base, "-", stdin=request(city, key, other[:77], 77)[0])
    ok(code == 2 and "fork" in err, "two heads of one size are called a fork, exit code 2", err)
    code, _, err = run(*base, "-", stdin=request(city, city / "ann", leaves[:90], 77)[0])
    ok(code == 1 and "403" in err, "a head that the log did not sign is 403", err)
    code, _, err = run(*base, "-", stdin=b"nonsense")
    ok(code == 1 and "400" in err, "nonsense is 400", err)
    ok(run(RECTIFY, "witness", "--key", city / "ann", "--log", city / "cosigned.pub", "--state", city / "s", "-")[0] == 64,
       "a key of another use does not cosign")
    ok(run(RECTIFY, "key", "sign", city / "wit", stdin=b"text\n")[0] == 65, "nor does a witness's key sign anything else")


def receipts(city):
    code, _, err = run(SIGN, "new", "--name", LOG, "--key", city / "key", "--state", city / "state")
    code, said, err = run(BUILD / "tests/flow/export_city", city / "key", city, 600, 50)
    ok(code == 0, "a made-up history", err)
    check = [RECTIFY, "receipt", "check", "--key", city / "pub"]
    code, said, err = run(*check, city / "receipt")
    ok(code == 0 and said.startswith(b"holds: ") and b"size 301" in said and b"record 300," in said, "a receipt holds without any daemon", err)
    ok(run(*check, "-", stdin=(city / "receipt-late").read_bytes())[0] == 0, "also under a later head, from stdin")
    code, said, err = run(RECTIFY, "receipt", "check", "--key", city / "cosigned.pub", city / "receipt")
    ok(code == 2 and said == b"" and "did not sign" in err, "not by another key", err)
    text = bytearray((city / "receipt").read_bytes())
    text[40] ^= 2
    ok(run(*check, "-", stdin=bytes(text))[0] == 2, "nor with another record")
    ok(run(*check, city / "missing")[0] == 65 and run(RECTIFY, "receipt", "check", city / "receipt")[0] == 64, "nor out of nothing")
    code, said, err = run(*check, "--witness", city / "wit.pub", city / "receipt")
    ok(code == 2 and "did not cosign" in err, "a witness who is named has to have cosigned", err)
    export = ["verify", "--offline", city / "export"]
    ok(run(RECTIFY, *export)[0] == 64 and run(RECTIFY, "verify", "--key", city / "pub")[0] == 64, "verify says what it needs")
    code, said, err = run(RECTIFY, "--json", *export, "--key", city / "pub", "--head", city / "receipt")
    ok(code == 0 and b'"findings":0' in said, "an export is clean, against the head of a receipt", err)
    held = json.loads(run(RECTIFY, "--json", "receipt", "check", "--key", city / "pub", city / "receipt")[1])
    printed = f"{held['size']}:{held['code']}"
    code, said, err = run(RECTIFY, *export, "--key", city / "pub", "--printed", printed)
    ok(code == 0 and "no --head" not in err, "or against the code that a ledger prints", said)
    wrong = printed[:-1] + ("0" if printed[-1] != "0" else "1")
    code, said, err = run(RECTIFY, *export, "--key", city / "pub", "--printed", wrong)
    ok(code == 2 and b"tree-rebuilt: head of size 301 on paper" in said, "with another code it is not", said)
    code, said, err = run(RECTIFY, *export, "--key", city / "pub", "--printed", "9999:" + held["code"])
    ok(code == 2 and b"log-shorter: 600 records are here, 9999 were printed" in said, "nor when paper knows more records", said)
    ok(run(RECTIFY, *export, "--key", city / "pub", "--printed", "301:7f3a")[0] == 64, "half a code is none")
    code, said, err = run(RECTIFY, *export, "--key", city / "cosigned.pub")
    ok(code == 2 and b"head-unsigned" in said, "with another key it is not", said)
    ok(run(RECTIFY, "verify", "--offline", city / "gone", "--key", city / "pub")[0] == 65, "a file that is not there is no tampering")
    ok(run(RECTIFY, "verify", "--offline", "-", "--key", city / "pub", stdin=b"")[0] == 2, "an empty export is damaged")


def main():
    city = pathlib.Path(tempfile.mkdtemp(prefix="rectify-trust-"))
    try:
        for part in keys, fork, strangers, witness, receipts:
            part(city)
    finally:
        shutil.rmtree(city)
    print(f"1..{len(results)}")
    raise SystemExit(0 if all(results) else 1)


main()

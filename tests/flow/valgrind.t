#!/usr/bin/python3
"""Each program under valgrind, from its start to its end: no error, nothing lost.  Short; tests/flow under AddressSanitizer is the long
version (`make sanitize`)."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from courier import Courier, contacts  # noqa: E402 pylint: disable=wrong-import-position
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position
from signer import AS_USER, USER  # noqa: E402 pylint: disable=wrong-import-position

NOTES = place()
NOTES.chmod(0o1777)  # the database server is started by another user, from a child of the daemon
POST_CITY = CITY.replace("appointments:", "  - {code: post, name: 投递, unit: city}\nappointments:\n  - {officer: post, role: courier, unit: city}")
WRONG = 99  # what valgrind ends with when it has found something


def under(name):
    return ["valgrind", "--quiet", "--vgdb=no", "--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite",
            f"--error-exitcode={WRONG}", f"--log-file={NOTES}/{name}.%p"]


def found(name):
    """What valgrind wrote about the processes `name`."""
    notes = need(sorted(NOTES.glob(f"{name}.*")), f"valgrind notes what it finds in {name}")
    return "".join(path.read_text(errors="replace") for path in notes)


def is_clean(name, code, wanted):
    same((code, found(name)), (wanted, ""), f"{name}: it ends with {wanted}, without an error and with nothing lost")


def run(name, *words, wanted=0, said=None, **given):
    done = subprocess.run([*under(name), BUILD / words[0], *map(str, words[1:])], capture_output=True, text=True, timeout=PATIENCE,
                          check=False, **given)
    is_clean(name, done.returncode, wanted)
    if said is not None:
        ok(re.search(said, done.stdout + done.stderr), f"{name}: it says {said!r}", done.stdout, done.stderr)
    return done


def test_daemon_and_clients():
    """A daemon that has served, with its signer; commands that succeed, are refused, find nobody; a courier."""
    top = place()
    os.chown(top, USER.pw_uid, USER.pw_gid)
    key, state, socket = top / "log.key", top / "log.state", top / "signer"
    done = run("new", "rectify-sign", "new", "--name", "rectify.test/log", "--key", key, "--state", state, said="rectify.test/log", **AS_USER)
    log = re.search(r"rectify\.test/log\+\S+", done.stdout).group()
    signer = subprocess.Popen([*under("signer"), BUILD / "rectify-sign", "run", "--key", key, "--state", state, "--socket", socket],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **AS_USER)
    need(until(socket.exists), "the signer listens")
    daemon = Daemon("--signer", socket)
    daemon.before = under("daemon")
    daemon.start(wait=False)
    need(until(lambda: daemon.saw(r"ready endpoint=") or not daemon.running(), 4 * PATIENCE), daemon.tail())  # it is slow under valgrind
    client = Client(daemon, "office")
    need(client.publish(1, POST_CITY).WhichOneof("result") == "receipt", "the registry is published")
    outcome = Client(daemon).submit(finding())[0]
    ok(outcome.receipt.case_no > 0, "under valgrind it serves", outcome)
    at = ["--endpoint", daemon.endpoint]
    run("show", "rectify", "show", outcome.receipt.case_no, "--as", "off", *at, said="墙面开裂")
    run("sign-for", "rectify", "sign-for", outcome.receipt.case_no, "--as", "h-north", *at)
    run("refused", "rectify", "pass", outcome.receipt.case_no, "--as", "h-north", *at, wanted=1)
    run("export", "rectify", "export", "log", top / "log.export", "--as", "auditor", *at)
    run("verify", "rectify", "verify", "--offline", top / "log.export", "--key", log)
    courier = Courier(daemon, "  log: {type: syslog}", contacts())
    courier.before = under("courier")
    courier.start()
    ok(until(lambda: courier.saw(r"courier\.nowhere letters=\d+")), "the courier makes letters", courier.log())
    is_clean("courier", courier.stop(), 0)
    same(daemon.stop(), 0, "SIGTERM ends the daemon")
    is_clean("daemon", daemon.exit_code(), 0)
    signer.send_signal(signal.SIGTERM)
    is_clean("signer", signer.wait(PATIENCE), -signal.SIGTERM)  # it keeps nothing that is not on the disk


def test_spool():
    """Nobody answers: a remark is saved."""
    top = place()
    daemon = Daemon(top=top)
    spool = {**os.environ, "RECTIFY_SPOOL": str(top / "spool")}
    run("saved", "rectify", "comment", "1", "-m", "seen", "--as", "off", "--endpoint", daemon.endpoint, "--timeout", "1", wanted=75, env=spool)
    run("spool", "rectify", "spool", "show", env=spool, said="comment")


if SANITIZED:
    print("1..0 # SKIP a sanitizer looks for the same, and takes the places that valgrind needs")
    sys.exit(0)
if not shutil.which("valgrind"):
    print("1..0 # SKIP valgrind is not installed")
    sys.exit(0)
main(test_daemon_and_clients, test_spool)

#!/usr/bin/python3
"""The program itself: options, configuration, starting, stopping, the background."""
import os
import sys
from datetime import datetime

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

TOP = []  # one database for all tests: making one takes longest


def run(*words, **more):
    return subprocess.run([BUILD / "rectifyd", *words], capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL,
                          check=False, **more)


def fails(code, pattern, what, *words):
    done = run(*words)
    ok(done.returncode == code and re.search(pattern, done.stderr) and done.stdout == "", f"{what}: exit code {code} and a reason",
       done.returncode, done.stderr, done.stdout)


def test_options():
    """What is wrong is said, and nothing is started."""
    done = run("--help")
    ok(done.returncode == 0 and done.stdout.startswith("Usage: rectifyd") and done.stderr == "", "--help", done)
    named = set(re.findall(r"--([a-z-]+)", done.stdout))
    ok({"config", "data", "endpoint", "database", "migrate", "clock", "background", "pid-file", "log-level", "version", "help"} <= named,
       "names its options", named)
    ok(max(len(line) for line in done.stdout.splitlines()) <= 80, "in lines that fit a terminal", done.stdout)
    done = run("--version")
    ok(done.returncode == 0 and re.fullmatch(r"rectifyd \d+\.\d+\.\d+\n", done.stdout), "--version", done)
    top = place()
    data = ("--data", str(top / "data"))
    fails(64, "(unrecognized|unknown) option.*\\n(?s:.*)--help", "an unknown option", "--nonsense")
    fails(64, "requires an argument", "a missing argument", "--data")
    fails(64, "unexpected argument 'x'", "an argument too many", *data, "x")
    fails(64, "not an absolute path", "a relative data directory", "--data", "here")
    fails(64, "must be ipc:///PATH", "tcp", *data, "--endpoint", "tcp://127.0.0.1:5555")
    fails(64, "must be ipc:///PATH", "ipc without a path from the root", *data, "--endpoint", "ipc://here")
    fails(64, "at most 107 bytes", "a path too long", *data, "--endpoint", "ipc:///" + "x" * 120)
    fails(64, "real or manual", "a strange clock", *data, "--clock", "sundial")
    fails(64, "not a date", "a day that is none", *data, "--clock", "manual", "--clock-start", "2026-02-30")
    fails(64, "needs --clock manual", "a start for a real clock", *data, "--clock-start", "2026-01-05")
    fails(64, "no octal mode", "a mode that is none", *data, "--socket-mode", "rw")
    fails(64, "err, warning or info", "a level that is none", *data, "--log-level", "loud")
    fails(64, "need --database", "a reader without a database", *data, "--database-reader", "host=/nowhere")
    ok(not (top / "data").exists(), "none of them made the data directory")
    fails(69, "start.failed", "a database that is not there", "--data", str(top / "other"), "--database", "host=/nowhere dbname=rectify user=x")


def test_configuration():
    """Errors of the file come with file, line and column; options win over it."""
    top = TOP[0]
    file = top / "rectifyd.yaml"
    cases = (("data_dir: /x\nspeed: fast\n", r"rectifyd\.yaml:2:1: .*speed", "an unknown key"),
             ("data_dir: [a, b]\n", r"rectifyd\.yaml:1:11: ", "a list for a text"),
             ("data_dir: /x\nlog_level: \"\"\n", r"rectifyd\.yaml:2:12: ", "an empty value"),
             ("data_dir: /x\ndata_dir: /y\n", r"rectifyd\.yaml:2:1: ", "a key twice"),
             ("data_dir: /x\n  endpoint: {\n", r"rectifyd\.yaml:\d+:\d+: ", "no YAML"),
             ("- a\n", r"rectifyd\.yaml:1:\d+: ", "a list"))
    for text, pattern, what in cases:
        file.write_text(text)
        fails(78, pattern, what, "--config", str(file))
    fails(78, "No such file", "no file", "--config", str(top / "nothing"))
    file.write_text(f"data_dir: {top}/data\nlog_level: loud\n")
    fails(64, "err, warning or info, not 'loud'", "a value from the file is checked too", "--config", str(file))
    file.write_text(f"data_dir: /nowhere/data\nendpoint: ipc://{top}/data/elsewhere.sock\nsocket_mode: \"0600\"\nlog_level: info\n")
    daemon = Daemon("--config", file, top=top).start()
    daemon.endpoint = f"ipc://{top}/data/elsewhere.sock"
    ok(Client(daemon, "office").ping().software.startswith(b"rectifyd "), "endpoint from the file, data directory from the command line")
    same(oct(os.stat(top / "data" / "elsewhere.sock").st_mode & 0o777), "0o600", "the socket has the mode that the file says")
    same(daemon.stop(), 0, "it stops as asked")


def test_migrate():
    """--migrate brings the database up to date and goes."""
    daemon = Daemon("--migrate", manual=False)
    TOP.append(daemon.top)
    daemon.start(wait=False)
    same(daemon.exit_code(), 0, "on nothing it exits 0")
    ok(daemon.saw("migrated") and daemon.postmaster() == 0, "says so, and leaves no server", daemon.tail())
    ok(not daemon.socket.exists(), "nor a socket")
    served = Daemon(top=daemon.top).start()
    server = served.postmaster()
    same(served.sql("SELECT count(*) FROM public.rectify_migration") > "0", True, "the migrations are noted")
    daemon.start(wait=False)
    same(daemon.exit_code(), 0, "beside a daemon that serves it exits 0")
    same(served.postmaster(), server, "and leaves that one's PostgreSQL alone")
    ok(not served.saw("store.lost"), "which loses no connection", served.tail())
    size = Client(served, "office").ping().head.size
    same(served.stop(), 0, "it stops as asked")
    served.start()
    same(Client(served, "office").ping().head.size, size, "a second start in a row publishes nothing again")
    same((served.stop(), served.socket.exists(), served.postmaster()), (0, False, 0), "and stops without a trace")


def test_background():
    """--background with --pid-file."""
    top = TOP[0]
    run_dir = top / "run"
    run_dir.mkdir()
    if os.geteuid() == 0:
        shutil.chown(run_dir, "postgres")
    pid_file = run_dir / "rectifyd.pid"
    daemon = Daemon("--background", "--pid-file", pid_file, top=top)
    daemon.start(wait=False)
    same(daemon.exit_code(), 0, "the program in the foreground exits 0")
    need(until(daemon.socket.exists), "a socket")
    ok(Client(daemon, "office").ping().head.size > 0, "the one in the background serves")
    pid = int(pid_file.read_text())
    ok(alive(pid) and os.readlink(f"/proc/{pid}/exe") == str(BUILD / "rectifyd"), "the file names it")
    same(os.getsid(pid) != os.getsid(0), True, "it has left the terminal's session")
    os.kill(pid, signal.SIGTERM)
    ok(until(lambda: not alive(pid)), "SIGTERM ends it")
    ok(not pid_file.exists() and not daemon.socket.exists() and daemon.postmaster() == 0, "and nothing is left")


def test_signals():
    """SIGHUP changes nothing; SIGINT stops like SIGTERM."""
    daemon = Daemon(top=TOP[0]).start()
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_log("signal.hangup")
    line = daemon.saw(r"(?m)^(\S+)Z rectifyd info: signal\.hangup").group(1)
    ok(abs(datetime.fromisoformat(line + "+00:00").timestamp() - time.time()) < 60, "its log says when, by the real clock", line)
    ok(Client(daemon, "office").ping().head.size > 0, "after SIGHUP it serves")
    daemon.process.send_signal(signal.SIGINT)
    same(daemon.exit_code(), 0, "SIGINT: exit code 0")


def test_stop_while_starting():
    """SIGTERM before it serves: the PostgreSQL that it started ends with it."""
    daemon = Daemon(top=TOP[0])
    for pause in (0, 0.2, 0.6):
        daemon.start(wait=False)
        daemon.wait_log("cluster.starting")
        time.sleep(pause)  # anywhere in the start, by the machine's speed: it must hold everywhere
        same((daemon.stop(), daemon.postmaster()), (0, 0), f"stopped {pause} s after it began to start one, it leaves no server")
    need(daemon.saw("stopped"), "the last of them to end by itself")


def test_migration_fails():
    """Nor does it leave one when the database is not for this program."""
    daemon = Daemon(top=TOP[0]).start()
    daemon.sql("INSERT INTO public.rectify_migration SELECT (jsonb_populate_record(m, '{\"number\": 9999}')).* "
               "FROM public.rectify_migration AS m ORDER BY number DESC LIMIT 1")
    same(daemon.stop(), 0, "it stops")
    daemon.start(wait=False)
    same((daemon.exit_code(), daemon.postmaster()), (69, 0), "a newer database: exit code 69, and no server left")


def test_data_directory():
    """A data directory that cannot be trusted is refused with a sentence."""
    root = os.geteuid() == 0
    modes = {0o777: "everybody"} if root else {0o777: "everybody", 0o775: "its group"}  # root closes the latter itself
    for mode, what in modes.items():
        daemon = Daemon()
        daemon.data.mkdir()
        daemon.data.chmod(mode)
        daemon.start(wait=False)
        code = daemon.exit_code()
        ok(code in (69, 78) and daemon.saw("may be written by"), f"a data directory that {what} may write is refused", code, daemon.tail())
    daemon = Daemon()
    if root:
        daemon.data.mkdir()
        os.chown(daemon.data, 1, 1)
    else:
        daemon.data = Path("/usr")
    daemon.start(wait=False)
    code = daemon.exit_code()
    ok(code in (69, 78) and daemon.saw("belongs to user number"), "a data directory of somebody else is refused", code, daemon.tail())
    if root:
        daemon = Daemon()
        daemon.data.mkdir()
        (daemon.data / "mine").touch()
        daemon.start(wait=False)
        ok(daemon.exit_code() == 78 and daemon.saw("root's and not empty"), "root's own, with something in it, is refused", daemon.tail())


def test_real_clock():
    """The manual clock moves when told; a real one is not moved."""
    daemon = city(manual=False)
    client = Client(daemon, "office")
    pong = client.ping()
    ok(not pong.manual_clock and abs(pong.now / 1e6 - time.time()) < 60, "a real clock shows the time", pong)
    reply = client.advance(pong.now + HOUR)
    ok(reply.WhichOneof("body") == "error" and reply.error.code == CLOCK, "it cannot be moved", reply)
    is_served(daemon, "after that")
    daemon.stop()


main(test_options, test_migrate, test_configuration, test_background, test_signals, test_stop_while_starting,
     test_migration_fails, test_data_directory, test_real_clock)

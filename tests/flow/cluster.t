#!/usr/bin/python3
"""The private cluster and the migrations, as cluster.h and migrate.h promise them, against real PostgreSQL."""
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(os.environ.get("B", "build"))
DRIVER = os.path.join(BUILD, "tests/flow/cluster_driver")
SECONDS_MAX = 60
number = failed = 0
drivers, directories = [], []


def ok(condition, name, seen=None):
    global number, failed
    number += 1
    failed += not condition
    print(f"{'ok' if condition else 'not ok'} {number} - {name}", flush=True)
    if not condition:
        print(f"# seen: {seen!r}", flush=True)


class Driver:
    def __init__(self, data, *files, **environment):
        self.process = subprocess.Popen([DRIVER, data, *files], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env={**os.environ, **environment})
        drivers.append(self.process)
        self.first = None

    def wait(self):
        """The answer to the start."""
        if self.first is None:
            self.first = self.process.stdout.readline().rstrip("\n")
        return self.first

    def conninfo(self):
        return self.wait().removeprefix("ok ")

    def ask(self, line):
        self.wait()
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip("\n")

    def end(self, how):
        answer = self.ask(how)
        self.process.wait(SECONDS_MAX)
        return answer

    def kill(self):
        self.process.kill()
        self.process.wait(SECONDS_MAX)


def place(name="data"):
    """A data directory to be, inside a directory that the account the driver becomes can pass through."""
    top = tempfile.mkdtemp(prefix="rectify-cluster-")
    os.chmod(top, 0o711)
    directories.append(top)
    return os.path.join(top, name)


def sql(conninfo, text):
    done = subprocess.run(["psql", "-XAtq", "-d", conninfo, "-c", text], capture_output=True, text=True,
                          timeout=SECONDS_MAX)
    return done.stdout.strip() if done.returncode == 0 else "error: " + done.stderr.strip()


def pid_of(data):
    try:
        with open(os.path.join(data, "postgres/postmaster.pid"), encoding="utf-8") as file:
            return int(file.readline())
    except FileNotFoundError:
        return 0


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def status(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return dict(line.split(":\t", 1) for line in file if ":\t" in line)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        return [int(word) for word in file.read().split()]


def until(what):
    """Waits for something that happens by itself; bounded."""
    end = time.monotonic() + SECONDS_MAX
    while time.monotonic() < end:
        value = what()
        if value:
            return value
        time.sleep(0.01)
    return False


def answers(conninfo):
    return until(lambda: sql(conninfo, "SELECT 1") == "1")


def test_first_start():
    data = place("state/rectify")  # what is missing above it is made too
    driver = Driver(data)
    ok(driver.wait().startswith("ok host="), "a first start answers", driver.wait())
    conninfo = driver.conninfo()
    settings = "fsync synchronous_commit full_page_writes data_checksums listen_addresses server_encoding".split()
    seen = [sql(conninfo, f"SHOW {name}") for name in settings]
    ok(seen == ["on", "on", "on", "on", "", "UTF8"], "durable, with checksums, without TCP", seen)
    ok(sql(conninfo, "SELECT current_database(), current_user, rolsuper FROM pg_roles WHERE rolname = current_user")
       == "rectify|rectify_admin|t", "database rectify, superuser rectify_admin")
    mode = [oct(os.stat(os.path.join(data, name)).st_mode & 0o777)
            for name in (".", "postgres", "postgres-socket", "postgres-socket/.s.PGSQL.5432")]
    ok(mode == ["0o700", "0o700", "0o700", "0o700"], "nobody else reaches the files or the socket", mode)
    owner = {os.stat(os.path.join(data, name)).st_uid for name in (".", "postgres", "cluster.lock", "postgres.log")}
    ok(len(owner) == 1 and 0 not in owner, "one owner, never root", owner)
    pid = pid_of(data)
    ok(until(lambda: int(status(pid)["SigBlk"], 16) == 0), "the server blocks no signal but while it handles one", status(pid)["SigBlk"])
    ok(os.getsid(pid) == pid, "the server leads a session of its own")
    ok(driver.ask("conninfo rectify_writer") == "conninfo " + conninfo.replace("rectify_admin", "rectify_writer"),
       "a conninfo for another user")
    ok(driver.ask("check") == "check 0", "nothing to do while it runs")
    second = Driver(data)
    ok(second.conninfo() == conninfo and pid_of(data) == pid, "a second daemon adopts the server", second.wait())
    ok(second.end("leave") == "ok" and alive(pid), "leaving does not stop it")
    driver.kill()
    ok(alive(pid) and sql(conninfo, "SELECT 1") == "1", "kill -9 of the daemon does not stop it")
    third = Driver(data)
    ok(third.wait().startswith("ok") and pid_of(data) == pid, "the next daemon adopts it", third.wait())
    ok(third.end("stop") == "ok" and not alive(pid) and pid_of(data) == 0, "stopping an adopted server ends it cleanly")


def test_server_dies():
    data = place()
    driver = Driver(data)
    conninfo = driver.conninfo()
    sql(conninfo, "CREATE TABLE kept (n int)")
    sql(conninfo, "INSERT INTO kept VALUES (7)")
    pid = pid_of(data)
    os.kill(pid, signal.SIGKILL)
    until(lambda: not alive(pid))
    ok(driver.ask("check") == "check 1", "a killed server is started again")
    until(lambda: (driver.ask("check"), sql(conninfo, "SELECT 1"))[1] == "1")
    ok(sql(conninfo, "SELECT n FROM kept") == "7" and pid_of(data) != pid, "and has kept what was committed")

    standby = Driver(data)
    standby.wait()
    driver.end("stop")
    ok(standby.ask("check") == "check 1" and answers(conninfo), "a standby starts what the active daemon stopped")

    pid = pid_of(data)
    standby.kill()
    os.kill(pid, signal.SIGKILL)
    until(lambda: not alive(pid))
    for name in ("postgres/postmaster.pid", "postgres-socket/.s.PGSQL.5432.lock"):
        with open(os.path.join(data, name), "r+", encoding="utf-8") as file:
            rest = file.read().split("\n", 1)[1]
            file.seek(0)
            file.write(f"{os.getpid()}\n{rest}")
            file.truncate()
    third = Driver(data)
    ok(third.wait().startswith("ok"), "locks that name a stranger's process do not stop a start", third.wait())
    ok(sql(conninfo, "SELECT n FROM kept") == "7", "nor lose anything")

    with open(os.path.join(data, "postgres/postgresql.auto.conf"), "a", encoding="utf-8") as file:
        file.write("no_such_setting = 1\n")
    pid = pid_of(data)
    os.kill(pid, signal.SIGKILL)
    until(lambda: not alive(pid))
    seen = []
    for _ in range(12):
        seen.append(third.ask("check"))
        until(lambda: not any(alive(child) for child in children(third.process.pid)))
    ok(seen[0] == "check 1" and "check -1" in seen and seen.count("check 1") <= 5,
       "a server that dies at every start is tried less and less often", seen)
    fourth = Driver(data)
    ok(fourth.wait().startswith("fault") and "no_such_setting" in fourth.wait(),
       "a failed start quotes the server's log", fourth.wait())


def test_log_is_short():
    data = place()
    driver = Driver(data)
    driver.wait()
    log = os.path.join(data, "postgres.log")
    with open(log, "ab") as file:
        file.write(b"x" * (9 << 20))
    ok(driver.ask("check") == "check 0" and os.path.getsize(log) < 4096 and os.path.getsize(log + ".1") == 8 << 20,
       "a full log is moved aside", (os.path.getsize(log)))
    sql(driver.conninfo(), "CREATE TABLE seen_in_log ()")
    with open(log, encoding="utf-8") as file:
        text = file.read()
    ok("seen_in_log" in text and "\0" not in text, "and the server goes on writing at its start", text[:80])
    driver.end("stop")


def slow_programs(top):
    """A directory of programs whose initdb makes half a cluster and then never ends."""
    directory = os.path.join(top, "bin")
    os.mkdir(directory)
    with open(os.path.join(directory, "initdb"), "w", encoding="utf-8") as file:
        file.write('#!/bin/sh\nmkdir "$2" && echo 15 >"$2/PG_VERSION" && echo $$ >"$2/pid" && exec sleep 600\n')
    os.chmod(os.path.join(directory, "initdb"), 0o755)
    os.symlink("/bin/true", os.path.join(directory, "postgres"))
    return directory


def lock_is_held(data):
    with open(os.path.join(data, "cluster.lock"), "r+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_half_made():
    data = place()
    driver = Driver(data, PG_BIN=slow_programs(os.path.dirname(data)))
    note = os.path.join(data, "postgres.new/pid")
    until(lambda: os.path.exists(note) and os.path.getsize(note) > 0)
    with open(note, encoding="utf-8") as file:
        initdb = int(file.read())
    driver.kill()
    ok(alive(initdb) and lock_is_held(data), "initdb holds the lock when its daemon was killed")
    second = Driver(data)
    os.kill(initdb, signal.SIGKILL)
    ok(second.wait().startswith("ok"), "the next start makes it whole", second.wait())
    ok(not os.path.exists(os.path.join(data, "postgres.new")), "and leaves no rest")
    ok(sql(second.conninfo(), "SHOW data_checksums") == "on", "with everything in it")
    second.end("stop")
    os.mkdir(os.path.join(data, "postgres.new"))
    third = Driver(data)
    ok(third.wait().startswith("ok"), "a rest beside a whole cluster disturbs nothing")
    third.end("stop")


def test_odd_paths():
    for name, what in (("d" * 120, "a long path"), ("a, 'b\"", "a path with a comma, a space and quotes")):
        data = place(name)
        driver = Driver(data)
        ok(driver.wait().startswith("ok host=/tmp/rectify-"), f"{what}: the socket lies under /tmp", driver.wait())
        directory = driver.conninfo().split()[0].removeprefix("host=")
        directories.append(directory)
        ok(oct(os.stat(directory).st_mode & 0o777) == "0o700" and sql(driver.conninfo(), "SELECT 1") == "1",
           f"{what}: private and usable")
        driver.end("stop")
        again = Driver(data)
        ok(again.conninfo().split()[0] == "host=" + directory, f"{what}: the same directory next time", again.wait())
        again.end("stop")
        os.chmod(directory, 0o777)
        third = Driver(data)
        other = third.conninfo().split()[0].removeprefix("host=")
        directories.append(other)
        ok(third.wait().startswith("ok") and other != directory, f"{what}: a directory open to others is not used again")
        third.end("stop")


def test_racers():
    data = place()
    racers = [Driver(data) for _ in range(4)]
    seen = [racer.wait() for racer in racers]
    ok(all(line.startswith("ok") for line in seen) and len(set(seen)) == 1, "four at once on an empty directory", seen)
    seen = [racer.ask("check") for racer in racers]
    ok(seen == ["check 0"] * 4, "share one server", seen)
    for racer in racers:
        racer.process.stdin.write("migrate\n")
        racer.process.stdin.flush()
    seen = [racer.process.stdout.readline().strip() for racer in racers]
    ok(seen == ["ok"] * 4, "four migrate at once", seen)
    conninfo = racers[0].conninfo()
    files = len([name for name in os.listdir("migrations") if name.endswith(".sql")])
    ok(sql(conninfo, "SELECT count(*), max(number) FROM rectify_migration") == f"{files}|{files}",
       "each migration is applied once")
    ok(racers[0].ask("migrate") == "ok" and racers[1].ask("verify rectify_reader") == "ok",
       "again changes nothing, and a reader may check")
    for racer in racers[1:]:
        racer.end("leave")
    racers[0].end("stop")


def test_refusals():
    data = place()
    os.mkdir(data)
    os.chmod(data, 0o777)
    line = Driver(data).wait()
    ok(line.startswith("fault") and "may be written" in line, "a directory that others may write", line)
    line = Driver("relative").wait()
    ok(line.startswith("fault") and "absolute" in line, "a relative path", line)
    line = Driver(place(), PG_BIN="/nowhere").wait()
    ok(line.startswith("fault") and "PG_BIN" in line, "programs that are not there", line)
    if os.geteuid() != 0:
        print(f"ok {number + 1} # SKIP root's refusals need root")
        print(f"ok {number + 2} # SKIP root's refusals need root")
        return 2
    data = place()
    os.mkdir(data, 0o755)
    open(os.path.join(data, "something"), "w", encoding="utf-8").close()
    line = Driver(data).wait()
    ok(line.startswith("fault") and "not empty" in line, "root's directory with something in it is not taken", line)
    data = place()
    os.mkdir(data, 0o700)
    os.chown(data, 12345, 12345)
    line = Driver(data).wait()
    ok(line.startswith("fault") and "belongs to user number 12345" in line, "somebody else's directory", line)
    return 0


def write(directory, name, text):
    path = os.path.join(directory, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o644)
    return path


def test_migrations():
    data = place()
    top = os.path.dirname(data)
    one = write(top, "0001_one.sql", "-- 一\nCREATE TABLE public.one (n int);\n")
    two = write(top, "0002_two.sql", "CREATE TABLE public.two (n int);\n")
    first = Driver(data, one)
    ok("no schema" in first.ask("verify"), "an empty database has no schema")
    ok(first.ask("migrate") == "ok" and first.ask("verify") == "ok", "one migration")
    both = Driver(data, one, two)
    ok("database is at 1, this program needs 2" in both.ask("verify"), "a database that is behind")
    ok(both.ask("migrate") == "ok" and both.ask("verify") == "ok", "the second is applied on top")
    line = first.ask("migrate")
    ok("database is at 2, this program knows 1: use the newer program" in line, "a database that is newer", line)
    write(top, "0001_one.sql", "CREATE TABLE public.one (n bigint);\n")
    changed = Driver(data, one, two)
    ok("never changes" in changed.ask("migrate") and "never changes" in changed.ask("verify"),
       "an applied migration that was changed")
    write(top, "0001_one.sql", "-- 一\nCREATE TABLE public.one (n int);\n")

    faults = [
        ("a syntax error", "-- 注释\nCREATE TABLE public.bad (n int);\nSELECT '整改' FROM;\n", "bad.sql:3: error: syntax"),
        ("an unknown table", "CREATE TABLE public.bad (n int);\n\nSELECT 1\n  FROM nowhere;\n", "bad.sql:4: error: relation"),
        ("an error of execution", "CREATE TABLE public.bad (n int);\nSELECT 1/0;\n", "bad.sql:statement 2: error: division"),
        ("an end of the transaction", "CREATE TABLE public.ended ();\nCOMMIT;\n", "must not end the transaction"),
        ("a COPY", "COPY public.one FROM STDIN;\n", "COPY is not possible"),
    ]
    for what, text, expected in faults:
        driver = Driver(data, one, two, write(top, "bad.sql", text))
        line = driver.ask("migrate")
        left = sql(driver.conninfo(), "SELECT count(*), to_regclass('public.bad') FROM rectify_migration")
        ok(expected in line and left == "2|", f"{what} is told and changes nothing", (line, left))
        driver.end("leave")
    holder = subprocess.Popen(["psql", "-XAtq", "-d", first.conninfo()], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True)
    drivers.append(holder)
    holder.stdin.write("BEGIN; SELECT pg_advisory_xact_lock(x'72656374696679'::bigint), 'held';\n")
    holder.stdin.flush()
    holder.stdout.readline()
    waiting = Driver(data, one, two)
    waiting.wait()
    waiting.process.stdin.write("migrate\n")
    waiting.process.stdin.flush()
    query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    ok(until(lambda: sql(first.conninfo(), query) == "1"), "a second who migrates waits for the first")
    holder.stdin.write("COMMIT;\n")
    holder.stdin.flush()
    ok(waiting.process.stdout.readline().strip() == "ok", "and goes on after it")
    first.end("stop")


def main():
    skipped = 0
    if not os.access(DRIVER, os.X_OK):
        sys.exit(f"{DRIVER} is not built")
    try:
        for test in (test_first_start, test_server_dies, test_log_is_short, test_half_made, test_odd_paths, test_racers,
                     test_migrations):
            test()
        skipped = test_refusals()
    finally:
        for process in drivers:
            process.kill()
        for directory in directories:
            for root, _, files in os.walk(directory):
                if "postmaster.pid" in files and (pid := pid_of(os.path.dirname(root))):
                    os.kill(pid, signal.SIGQUIT) if alive(pid) else None
                    until(lambda pid=pid: not alive(pid))
            shutil.rmtree(directory, ignore_errors=True)
    print(f"1..{number + skipped}")
    sys.exit(failed > 0)


main()

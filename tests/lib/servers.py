"""PostgreSQL servers of a test's own, beside the daemon's private one: a primary, a standby, one behind a network."""
import atexit
import os
import pwd
import signal
import subprocess

from harness import PATIENCE, PSQL, Failed, family, need, place, signal_all, until

BIN = os.path.dirname(PSQL) if "/" in PSQL else "/usr/bin"
SERVERS = []
CONFIG = """listen_addresses = '{listen}'
unix_socket_directories = '{top}'
synchronous_standby_names = '{names}'
wal_retrieve_retry_interval = '200ms'
max_connections = 30
fsync = on
"""


class Server:
    """One PostgreSQL: made anew, or as the standby of another.  `names`: synchronous_standby_names; `before`: words that go before
    the server's command line; `listen`: an address, else its socket alone."""

    def __init__(self, names="", primary=None, before=(), listen=""):
        self.top, self.process, self.names = place(), None, names
        self.before, self.listen = list(before), listen
        self.data = self.top / "data"
        SERVERS.append(self)
        if os.geteuid() == 0:
            os.chown(self.top, pwd.getpwnam("postgres").pw_uid, -1)
        if primary is None:
            self.run("initdb", "-D", self.data, "-U", "super", "-A", "trust", "-k", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        else:
            self.run("pg_basebackup", "-D", self.data, "-R", "-X", "stream", "-c", "fast", "--no-sync", "-d",
                     f"host={primary.top} user=super application_name=walreceiver")
        if listen:
            self.run_shell('echo "host all all samenet trust" >> "$1"', str(self.data / "pg_hba.conf"))
        self.start()

    def as_owner(self, *words):
        return ["runuser", "-u", "postgres", "--", *words] if os.geteuid() == 0 else list(words)

    def run_shell(self, script, path, text=""):
        subprocess.run(self.as_owner("sh", "-c", script, "sh", path), input=text, text=True, check=True, cwd="/")

    def run(self, program, *words):
        done = subprocess.run(self.as_owner(f"{BIN}/{program}", *map(str, words)), capture_output=True, text=True, timeout=PATIENCE,
                              check=False, cwd="/")
        need(done.returncode == 0, f"{program}: {done.stderr}")

    def start(self):
        config = CONFIG.format(top=self.top, names=self.names, listen=self.listen)
        self.run_shell('cat > "$1"', str(self.data / "postgresql.conf"), config)
        with open(self.top.parent / (self.top.name + ".log"), "ab") as log:
            self.process = subprocess.Popen(self.before + self.as_owner(f"{BIN}/postgres", "-D", str(self.data)), stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, cwd="/")
        need(until(lambda: not self.sql("SELECT 1", check=False).startswith("error")), "the server starts")

    def sql(self, text, check=True, database="postgres"):
        done = subprocess.run([PSQL, "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", f"host={self.top} user=super dbname={database}", "-c", text],
                              capture_output=True, text=True, timeout=PATIENCE, check=False)
        if check and done.returncode != 0:
            raise Failed(f"{text}: {done.stderr}")
        return done.stdout.strip() if done.returncode == 0 else "error: " + done.stderr.strip()

    def setting(self, name, value):
        self.sql(f"ALTER SYSTEM SET {name} = '{value}'")
        self.sql("SELECT pg_reload_conf()")
        need(until(lambda: self.sql(f"SHOW {name}") == value), f"{name} is {value!r}")

    def streams(self):
        """Whether a standby is so far that commits are waited for."""
        return self.sql("SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')") != "0"

    def pids(self):
        """Of the postmaster and all that it started."""
        with open(self.data / "postmaster.pid", encoding="utf-8") as file:
            return family(int(file.readline()))

    def kill(self):
        """Power off: nothing of it says good-bye."""
        signal_all(self.pids(), signal.SIGKILL)
        self.process.wait(PATIENCE)

    def promote(self):
        self.sql("SELECT pg_promote()")
        need(until(lambda: self.sql("SELECT pg_is_in_recovery()") == "f"), "the standby is promoted")


def end_servers():
    for server in SERVERS:
        try:
            server.kill()
        except (FileNotFoundError, ValueError, OSError):
            pass
        (server.top.parent / (server.top.name + ".log")).unlink(missing_ok=True)


atexit.register(end_servers)

ROLES = """CREATE ROLE rectify_admin LOGIN CREATEROLE; CREATE ROLE rectify_owner NOLOGIN; CREATE ROLE rectify_writer LOGIN;
CREATE ROLE rectify_reader LOGIN; CREATE ROLE rectify_auditor NOLOGIN; GRANT rectify_owner TO rectify_admin;"""


def make_database(server):
    """As deploy/GRANTS.md says."""
    server.sql(ROLES)
    server.sql("CREATE DATABASE rectify OWNER rectify_admin")

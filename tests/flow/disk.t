#!/usr/bin/python3
"""The disk of the database is full, and has room again: nothing is acknowledged meanwhile, nothing acknowledged is lost, nobody has to
start anything anew.  Needs root, for a disk that is small enough to fill."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position
from power import programs  # noqa: E402 pylint: disable=wrong-import-position

SMALL = 320  # MiB
mounted = []


def small_disk():
    top = place()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL}m,mode=755", "tmpfs", top], check=True)
    mounted.append(top)
    return top


def unmount():
    clean_up()
    for top in mounted:
        subprocess.run(["umount", "-l", top], check=False)
        shutil.rmtree(top, ignore_errors=True)
    mounted.clear()


atexit.register(unmount)


def room(top):
    """Bytes that are left."""
    state = os.statvfs(top)
    return state.f_bavail * state.f_frsize


def fill(top):
    """A file that leaves no room.  What others free is taken too."""
    with open(top / "ballast", "ab", buffering=0) as file:
        while room(top) > 0:
            try:
                file.write(bytes(min(1 << 20, room(top))))
            except OSError:
                break


def used_up(daemon, load, top, log_line):
    """Fills again and again, whatever is recycled or freed, until the server has said that it is full."""
    def full():
        fill(top)
        daemon.sql("SELECT pg_switch_wal()", check=False)
        return log_line() and load.errors.get(UNAVAILABLE, 0) > 0
    return until(full, pause=0.1)


def server_says(daemon, pattern):
    path = daemon.data / "postgres.log"
    return path.exists() and re.search(pattern, path.read_text(errors="replace"))


def stands_still(load):
    """Nothing more is acknowledged, however often it is sent again."""
    before, asked = load.acknowledged(), load.errors.get(UNAVAILABLE, 0)
    need(until(lambda: load.errors.get(UNAVAILABLE, 0) >= asked + 20), f"clients are told to come again: {load.errors}")
    return load.acknowledged() - before


def test_all_full():
    """No room at all: not for the write-ahead log either.  PostgreSQL itself gives up; the daemon starts it again when there is room."""
    top = small_disk()
    daemon = city(top=top)
    load = Load(daemon)
    load.start()
    load.wait_more(100)
    ok(used_up(daemon, load, top, lambda: server_says(daemon, "No space left on device")), "the server has no room and says so",
       daemon.tail(), room(top), load.errors)
    same(stands_still(load), 0, "meanwhile nothing is acknowledged")
    ok(daemon.process.poll() is None, "the daemon runs on", daemon.tail())
    (top / "ballast").unlink()
    load.wait_more(100)
    load.end()
    ok(set(load.errors) <= {BUSY, UNAVAILABLE}, "clients saw nothing but: try later", load.errors)
    verdict = load.compare(daemon, "after a full disk")
    publish("R8", "the disk is full, for the write-ahead log too", "tmpfs, a ballast", 1, [verdict], (), "none: nobody can acknowledge what cannot be written")
    say(f"{load.acknowledged()} acknowledged")
    daemon.stop()


def test_data_full():
    """No room for the tables, while the write-ahead log has a disk of its own: each batch is refused, the server stays up."""
    top = small_disk()
    daemon = city(top=top)
    daemon.stop()
    wal, elsewhere = daemon.data / "postgres" / "pg_wal", place()
    shutil.copystat(daemon.data / "postgres", elsewhere)
    owner = os.stat(wal)
    shutil.copytree(wal, elsewhere / "pg_wal")
    for path in (elsewhere, *elsewhere.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)
    shutil.rmtree(wal)
    wal.symlink_to(elsewhere / "pg_wal")
    os.lchown(wal, owner.st_uid, owner.st_gid)
    daemon.start()
    before = daemon.postmaster()
    load = Load(daemon, each=100)
    load.start()
    load.wait_more(100)
    ok(used_up(daemon, load, top, lambda: daemon.saw("commit.failed sqlstate=53100")), "batches are refused with 53100, disk full",
       daemon.tail(), room(top), load.errors)
    same(stands_still(load), 0, "meanwhile nothing is acknowledged")
    (top / "ballast").unlink()
    load.wait_more(300)
    load.end()
    same(daemon.postmaster(), before, "it is the same server all the time")
    ok(set(load.errors) <= {BUSY, UNAVAILABLE}, "clients saw nothing but: try later", load.errors)
    verdict = load.compare(daemon, "after full tables")
    publish("R9", "the disk of the tables is full", "tmpfs, a ballast", 1, [verdict], (), "none: as above")
    daemon.stop()


def test_slow():
    """Each flush of the disk takes 0.2 s longer: fewer batches, larger ones; nothing is told before its flush."""
    daemon = city()
    daemon.stop()
    daemon.surroundings = {"PG_BIN": programs(FAULT_SLOW=200)}
    daemon.start()
    load = Load(daemon, again=2)
    load.start()
    at, before = time.monotonic(), int(daemon.sql("SELECT epoch FROM rectify.head"))
    load.wait_more(200)
    load.end()
    silent, took, batches = load.silence(at), time.monotonic() - at, int(daemon.sql("SELECT count(DISTINCT recorded) FROM rectify.finding JOIN rectify.event USING (log_index)"))
    soonest = min(one.ended - one.began for one in load.history.values() if one.ended is not None)
    ok(soonest >= 0.2, f"no receipt is faster than a flush: {soonest:.2f} s; {load.acknowledged()} in {took:.1f} s, {batches} instants", soonest)
    same(int(daemon.sql("SELECT epoch FROM rectify.head")), before, "the connection is not given up")
    verdict = load.compare(daemon, "on a slow disk")
    daemon.stop()
    swift = control_early()
    ok(swift < 0.2, f"the control, acknowledgement before commit: a receipt after {1000 * swift:.0f} ms")
    publish("R8", "each flush takes 0.2 s longer", "LD_PRELOAD", 1, [verdict], [silent], f"acknowledgement before commit: told after {1000 * swift:.0f} ms")


def control_early():
    """How soon the daemon with that planted bug answers on the slow disk: each time nothing else is on its way."""
    daemon, soonest = city(bug=1), PATIENCE
    daemon.stop()
    daemon.surroundings |= {"PG_BIN": programs(FAULT_SLOW=200)}
    daemon.start()
    client = Client(daemon)
    for count in range(5):
        need(until(lambda: int(daemon.sql("SELECT count(*) FROM rectify.case_")) == count), "the last one is not there")  # pylint: disable=cell-var-from-loop
        began = time.monotonic()
        client.submit(finding())
        soonest = min(soonest, time.monotonic() - began)
    client.close()
    daemon.kill()
    return soonest


if os.geteuid() != 0:
    print("1..0 # SKIP mounting a small disk needs root")
    sys.exit(0)
if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place()], check=False, capture_output=True).returncode != 0:
    print("1..0 # SKIP no disk can be mounted here")
    sys.exit(0)
mounted.append(folders[-1])
main(test_all_full, test_data_full, test_slow)

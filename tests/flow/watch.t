#!/usr/bin/python3
"""Watching: pushes tell each officer what happened to the cases he may see, all of it, and nothing else."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

DAEMON = []
WATCHERS_MAX = limit("WATCHERS_MAX")
MISSED = 300  # pushes of 16 KiB: more than the daemon and the system keep for one who does not read


class Watcher(Client):
    """A client with one watch; follows the chain of sizes."""

    def __init__(self, daemon, actor, hwm=1000, **what):
        super().__init__(daemon, actor, hwm)
        self.request = request(actor, watch=pb.Watch(**what))
        self.pushes, self.gaps = [], []
        reply = self.once(self.request)
        self.first = reply
        self.size = reply.pong.head.size

    def take(self, reply):
        push = reply.push
        if push.previous_size != self.size:
            self.gaps.append((self.size, push.previous_size))
        self.size = push.size
        self.pushes.append(push)

    def drain(self, case_no, seconds=PATIENCE):
        """Takes pushes until one tells of the case."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            reply = self.receive(max(0, end - time.monotonic()))
            if reply is not None and reply.WhichOneof("body") == "push":
                self.take(reply)
                if any(event.row.case_no == case_no for event in self.pushes[-1].events):
                    return True
        return False

    def quiet(self):
        """What lies here though nothing should: asks for a sign of life behind which nothing can be."""
        ping = request(self.actor, ping=pb.Ping())
        self.send(ping)
        while (reply := need(self.receive(), "an answer")).id != ping.id:
            if reply.WhichOneof("body") == "push":
                self.take(reply)
        return self.cases()

    def quiet_all(self):
        """Reads until nothing has come for a while: what was kept for it."""
        while (reply := self.receive(0.5)) is not None:
            if reply.WhichOneof("body") == "push":
                self.take(reply)
        return self.cases()

    def cases(self):
        return [event.row.case_no for push in self.pushes for event in push.events]


def by_unit(daemon, *units):
    wanted = ", ".join(f"'{unit}'" for unit in units)
    return {int(line) for line in daemon.sql(f"SELECT case_no FROM rectify.finding WHERE unit_code IN ({wanted})").splitlines()}


def test_scope():
    """Who sees what."""
    daemon = city()
    DAEMON.append(daemon)
    everyone = {"off": None, "auditor": None, "h-north": ("north", "north-1"), "h-north-1": ("north-1",), "p-south": ("south",),
                "insp-1": "team-1", "insp-2": "team-2"}
    watchers = {name: Watcher(daemon, name) for name in everyone}
    narrow = {"unit": Watcher(daemon, "auditor", unit=b"north"), "case": Watcher(daemon, "auditor", case_no=2),
              "forbidden unit": Watcher(daemon, "h-north", unit=b"south")}
    ok(all(w.first.WhichOneof("body") == "pong" for w in [*watchers.values(), *narrow.values()]), "each watch is answered with the head")
    one, two = Client(daemon, "insp-1"), Client(daemon, "insp-2")
    for unit in ("north", "north-1", "south", "north"):
        one.submit(finding(unit=unit), finding(unit=unit))
    two.submit(finding(unit="south", team="team-2"), finding(unit="north-1", team="team-2"))
    handler = Client(daemon, "h-north")
    handler.act(command(SIGN_FOR, 1))
    Client(daemon, "h-south").act(command(SIGN_FOR, 5))
    refused = Client(daemon, "h-north").act(command(SIGN_FOR, 6))[0]
    same(refused.refusal.rule, 201, "a handler cannot sign for another unit's case")
    total = [int(line) for line in daemon.sql("SELECT case_no FROM rectify.event WHERE case_no > 0 ORDER BY log_index").splitlines()]
    for name, scope in everyone.items():
        if scope is None:
            wanted = total
        elif isinstance(scope, str):
            team = {int(line) for line in daemon.sql("SELECT case_no FROM rectify.finding WHERE team = (SELECT id FROM rectify.unit "
                                                     f"WHERE code = '{scope}')").splitlines()}
            wanted = [case for case in total if case in team]
        else:
            wanted = [case for case in total if case in by_unit(daemon, *scope)]
        same(watchers[name].quiet(), wanted, f"{name} is told of {len(wanted)} events, in order")
        same(watchers[name].gaps, [], f"{name} sees no gap")
    ok(0 < len(watchers["h-north"].cases()) < len(total), "which is less than all for a handler", total)
    same(narrow["unit"].quiet(), [case for case in total if case in by_unit(daemon, "north", "north-1")], "a watch of a unit tells of its subtree")
    same(narrow["case"].quiet(), [2], "a watch of a case tells of it alone")
    same(narrow["forbidden unit"].quiet(), [], "naming a unit does not make it visible")
    same(watchers["off"].size, one.ping().head.size, "who sees all is told up to the head")
    reply = one.ask(watch=pb.Watch(unit=b"atlantis"))
    same((reply.error.code, reply.error.field), (NOT_FOUND, b"watch.unit"), "an unknown unit cannot be watched")


def test_content():
    """A push says what the queries say."""
    daemon = DAEMON[0]
    watcher, client = Watcher(daemon, "off"), Client(daemon, "insp-1")
    text = "消防通道被占用\n\t第二行"
    receipt = client.submit(finding(text=text))[0].receipt
    need(watcher.drain(receipt.case_no), "a push")
    event = watcher.pushes[-1].events[-1]
    same(event.event.log_index, receipt.log_index, "its log index is the receipt's")
    same((event.event.text.decode(), event.event.actor), (text, b"insp-1"), "text and actor come along")
    row = Client(daemon, "off").cases(case_no=[receipt.case_no])[0]
    for name in ("status", "track", "unit", "handler", "due", "due_text", "light", "accountable", "version"):
        same(getattr(event.row, name), getattr(row, name), f"{name} is that of the query")
    recorded = pb.Event.FromString(event.event.record)
    same((recorded.case_no, recorded.version, recorded.status), (row.case_no, 1, row.status), "the record is the event")
    stored = daemon.sql(f"SELECT id FROM rectify.notice WHERE case_no = {receipt.case_no} ORDER BY id").split()
    same([str(notice.id) for notice in event.notices], stored, "its notices are those stored")
    ok(stored, "there are some")


def test_stop_and_renew():
    """A renewed watch is one watch; a stopped one is none."""
    daemon = DAEMON[0]
    watcher, other, client = Watcher(daemon, "off"), Watcher(daemon, "off"), Client(daemon, "insp-1")
    same(watcher.once(watcher.request).WhichOneof("body"), "pong", "a watch is renewed with its own id")
    number = client.submit(finding())[0].receipt.case_no
    same(watcher.quiet(), [number], "and tells of each event once")
    stop = pb.Request(version=1, id=watcher.request.id, actor=b"off", watch=pb.Watch(stop=True))
    same(watcher.once(stop).WhichOneof("body"), "pong", "it is stopped")
    second = client.submit(finding())[0].receipt.case_no
    same(watcher.quiet(), [number], "a stopped watch tells nothing")
    same(other.quiet(), [number, second], "another client's goes on")
    watcher.close()
    third = client.submit(finding())[0].receipt.case_no
    same(other.quiet(), [number, second, third], "it does not mind a watcher that went away")


def test_limit():
    """There is room for so many watches; a stopped one makes room."""
    daemon = DAEMON[0]
    wanted, refused = [], 0
    people = ["off", "auditor", "verifier", "p-north", "h-north", "h-north-1", "p-south", "h-south", "insp-1", "insp-2"]
    crowd = Client(daemon)
    codes = [crowd.once(request(people[i % len(people)], watch=pb.Watch())).WhichOneof("body") for i in range(limit("IDENTITY_WATCHES_MAX") + 1)]
    same((codes.count("pong"), codes[-1]), (limit("IDENTITY_WATCHES_MAX"), "error"), "one connection has 32 places, whomever it names")
    crowd.close()
    clients = [Client(daemon, code) for code in people]
    for i in range(WATCHERS_MAX + 1):  # one officer, or one connection, may not take all the places
        client, one = clients[i % len(people)], request(people[i % len(people)], watch=pb.Watch())
        reply = need(client.once(one), "an answer")
        if reply.WhichOneof("body") == "pong":
            wanted.append((client, one))
        else:
            refused += 1
            last, error = (client, one), reply.error
    ok(refused > 0 and error.code == BUSY and error.retry_msec > 0, "a watch too many is told: busy", refused)
    wanted[0][1].watch.stop = True
    same(wanted[0][0].once(wanted[0][1]).WhichOneof("body"), "pong", "one is stopped")
    same(last[0].once(last[1]).WhichOneof("body"), "pong", "then there is room for another")
    for client, one in wanted[1:] + [last]:
        one.watch.stop = True
        client.once(one)


def test_missed():
    """A watcher that does not read in time misses pushes, sees that it did, and is told again afterwards."""
    daemon = DAEMON[0]
    slow, client = Watcher(daemon, "off", hwm=1), Client(daemon, "insp-1")
    for _ in range(MISSED):
        client.submit(finding(text="长" * 5400))
    had = len(slow.quiet_all())
    number = client.submit(finding())[0].receipt.case_no
    ok(slow.drain(number), "it is told of what comes later")
    ok(slow.gaps, "it sees a gap", len(slow.pushes))
    ok(all(was < now for was, now in slow.gaps), "the gap says from where to where", slow.gaps)
    ok(0 < had < MISSED, f"it had {had} of {MISSED} and missed the others")
    same(len(set(slow.cases())), len(slow.cases()), "it was told nothing twice")
    same(slow.size, client.ping().head.size, "and is up to the head again")
    is_served(daemon, "beside a slow watcher")


def test_through_a_restart():
    """After a restart of PostgreSQL's sessions the chain goes on or shows its gap."""
    daemon = DAEMON[0]
    watcher, client = Watcher(daemon, "off"), Client(daemon, "insp-1")
    first = client.submit(finding())[0].receipt.case_no
    daemon.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'rectify_writer'")
    second = client.submit(finding())[0].receipt.case_no
    same((watcher.quiet(), watcher.gaps), ([first, second], []), "a watch outlives a lost connection to the database")
    same(daemon.stop(), 0, "the daemon stops as asked")


class Watching:
    """A `rectify watch`; the lines that it has written."""

    def __init__(self, daemon, actor, *options):
        self.file = daemon.top / f"watch-{actor}-{len(options)}"
        with open(self.file, "wb") as out:
            self.process = subprocess.Popen([BUILD / "rectify", "--as", actor, "--endpoint", daemon.endpoint, "watch", "--json", *options],
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE)

    def lines(self):
        return [json.loads(line) for line in self.file.read_text(encoding="utf-8").splitlines(keepends=True) if line.endswith("\n")]

    def notices(self):
        return [int(number) for line in self.lines() for number in line["notices"].split()]

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(PATIENCE)
        return self.process.returncode, self.process.stderr.read().decode()


def test_through_a_kill():
    """`rectify watch` goes through a stop and kill -9 of the daemon without losing or repeating a notice."""
    daemon = city()
    client = Client(daemon)
    people = {"off": Watching(daemon, "off"), "h-north": Watching(daemon, "h-north", "--mine"), "h-south": Watching(daemon, "h-south", "--kind", "task"),
              "auditor": Watching(daemon, "auditor", "--unit", "south")}
    while not all(one.lines() for one in people.values()):  # each has begun to watch when it shows something
        client.submit(finding(unit="north"), finding(unit="south"))
        need(all(one.process.poll() is None for one in people.values()), "all go on")
    numbers = [outcome.receipt.case_no for outcome in client.submit(finding(unit="north"), finding(unit="south"))]
    for way in ("kill", "stop", "kill"):
        getattr(daemon, way)()
        daemon = Daemon(top=daemon.top).start()
        for _ in range(3):  # before anybody has renewed a watch
            numbers += [outcome.receipt.case_no for outcome in client.submit(*(finding(unit=unit) for unit in ("north", "south", "north-1")))]
    last = numbers[-3:]
    wanted = {"off": last, "h-north": last[:1], "h-south": last[1:2], "auditor": last[1:2]}
    for name, one in people.items():
        done = until(lambda name=name, one=one: {f"C-{number:06}" for number in wanted[name]} <= {line["case"] for line in one.lines()})
        ok(done, f"{name} sees the last of it", one.lines()[-2:])
        indexes = [line["log_index"] for line in one.lines()]
        same(indexes, sorted(set(indexes)), f"{name}: in order, nothing twice")
    first = people["off"].lines()[0]["log_index"]
    same([line["log_index"] for line in people["off"].lines()],
         [int(line) for line in daemon.sql(f"SELECT log_index FROM rectify.event WHERE case_no > 0 AND log_index >= {first} ORDER BY 1").splitlines()],
         "who sees all lost nothing")
    mine = "n.officer = (SELECT id FROM rectify.officer WHERE code = 'h-north')"
    tasks = "n.kind = 1 AND n.case_no IN (SELECT case_no FROM rectify.finding WHERE unit_code = 'south')"
    for name, what in (("h-north", mine), ("h-south", tasks)):
        seen = people[name].notices()
        stored = daemon.sql(f"SELECT n.id FROM rectify.notice AS n WHERE n.id >= {seen[0]} AND {what} ORDER BY 1").splitlines()
        same(seen, [int(line) for line in stored], f"{name}: each of {len(seen)} notices once")
    same({line["unit"] for line in people["auditor"].lines()}, {"south"}, "a unit that was asked for")
    for name, one in people.items():
        same(one.end(), (0, ""), f"{name}: Ctrl-C ends it, and nothing was complained of")
    DAEMON.append(daemon)


def test_told_only():
    """Whoever may not read a case any more still hears what he is told, and no more."""
    daemon = DAEMON[-1]
    inspector, off, office = Client(daemon, "insp-2"), Client(daemon, "off"), Client(daemon, "office")
    number = inspector.submit(finding(team="team-2"))[0].receipt.case_no
    inspector.act(command(WITHDRAW, number, text="x"))
    gone = CITY.replace("  - {officer: insp-2, role: inspector, unit: team-2}\n", "")
    need(office.publish(1, gone).WhichOneof("result") == "receipt", "he leaves the team")
    watcher, size = Watcher(daemon, "insp-2"), off.ping().head.size
    off.act(command(COMMENT, number, text="geheim"), command(35, number, text="bleibt"))
    need(until(lambda: off.ping().head.size >= size + 2), "both are recorded")
    watcher.quiet_all()
    events = [event for push in watcher.pushes for event in push.events]
    same([(pb.Event.FromString(event.event.record).command, event.event.text, event.HasField("row"), [one.officer for one in event.notices]) for event in events],
         [(35, b"", False, [b"insp-2"])], "a push tells that he was told, without text and case")
    page = inspector.query(log=pb.LogQuery(from_index=size, readable=True))
    same([(pb.Event.FromString(row.record).command, row.text, row.salt) for row in page.events], [(35, b"", b"")], "asking for what was missed tells the same")
    same(inspector.query(log=pb.LogQuery(from_index=size)).code, FORBIDDEN, "the whole log is not his")
    same(len(off.query(log=pb.LogQuery(from_index=size, readable=True)).events), 2, "who may read the case gets both")


main(test_scope, test_content, test_stop_and_renew, test_limit, test_missed, test_through_a_restart, test_through_a_kill, test_told_only)

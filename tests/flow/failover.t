#!/usr/bin/python3
"""A PostgreSQL of one's own with a synchronous standby: what was acknowledged survives the primary, and the daemon finds the new one.

Each fault has its control: without the synchronous standby the same fault loses, and the daemon says so instead of going on."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position
from servers import Server, make_database  # noqa: E402 pylint: disable=wrong-import-position

WARNING_OVERHEARD = 3  # tests/sim/bugs.txt
WAITING = "FROM pg_stat_activity WHERE usename = 'rectify_writer' AND wait_event = 'SyncRep'"  # a commit waits for the standby


class Pair(Daemon):
    """A daemon on two servers: whichever takes writes."""

    def __init__(self, *options, names="walreceiver", standby_names=None):
        self.primary = Server()
        make_database(self.primary)
        self.standby = Server(names if standby_names is None else standby_names, self.primary)
        self.primary.names = names
        self.primary.setting("synchronous_standby_names", names)
        need(names == "" or until(self.primary.streams), "the standby streams")
        hosts = f"{self.primary.top},{self.standby.top}"
        info = f"host={hosts} dbname=rectify target_session_attrs=read-write connect_timeout=2 user=rectify_"
        super().__init__("--database", info + "writer", "--database-reader", info + "reader", "--database-owner", info + "admin", *options)

    def sql(self, text, check=True):
        return self.primary.sql(text, check, "rectify")

    def fail_over(self):
        """The primary dies, the standby takes its place."""
        self.primary.kill()
        self.primary, self.standby = self.standby, self.primary
        self.primary.promote()

    def rebuild(self):
        """The machine that died comes back empty, as the standby of the other."""
        subprocess.run(["rm", "-rf", str(self.standby.data)], check=True)
        self.standby.run("pg_basebackup", "-D", self.standby.data, "-R", "-X", "stream", "-c", "fast", "--no-sync", "-d",
                         f"host={self.primary.top} user=super application_name=walreceiver")
        self.standby.start()
        need(until(self.primary.streams), "the new standby streams")


POST_CITY = CITY.replace("appointments:", "  - {code: post, name: 投递, unit: city}\nappointments:\n  - {officer: post, role: courier, unit: city}")


def one_acknowledged(daemon):
    """The daemon, started, and a client that has one receipt of it."""
    daemon.start()
    publish_city(daemon)
    client = Client(daemon)
    need(client.submit(finding())[0].receipt.case_no == 1, "one is acknowledged")
    return daemon, client


def test_promoted():
    """Three times the primary is killed under load and the standby promoted; nothing that was acknowledged is missing."""
    daemon = Pair("--durability", "standby").start()
    publish_city(daemon)
    load = Load(daemon)
    load.start()
    recovery, times = [], cycles(3)
    for _ in range(times):
        load.wait_more(100)
        at = time.monotonic()
        daemon.fail_over()
        daemon.rebuild()
        recovery.append(load.recover(at, 100))
        say(f"acknowledged again after {time.monotonic() - at:.1f} s, a new base backup included")
    load.end()
    doubts = len(re.findall("commit.in_doubt", daemon.log()))
    ok(daemon.running() and daemon.process.poll() is None, "it is the same daemon all the time", daemon.tail())
    ok(set(load.errors) <= {BUSY, UNAVAILABLE}, "clients saw nothing but: try later", load.errors)
    verdict = load.compare(daemon, f"after {times} failovers")
    say(f"{load.acknowledged()} acknowledged, {doubts} batches in doubt, {load.repeats} findings told again that they are there")
    daemon.stop()
    publish("R4", "the primary is killed, its synchronous standby promoted", "SIGKILL, pg_promote", times, [verdict], recovery, control_asynchronous())


def control_asynchronous():
    """The control: without a synchronous standby the same loses what was acknowledged, and the daemon stops by name."""
    daemon = Pair(names="").start()
    publish_city(daemon)
    standby = daemon.standby
    need(until(lambda: standby.sql("SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming'") == "1"), "the standby streams")
    client = Client(daemon)
    before = [client.submit(finding())[0].receipt for _ in range(5)]
    position = daemon.sql("SELECT pg_current_wal_flush_lsn()")
    need(until(lambda: standby.sql(f"SELECT pg_last_wal_replay_lsn() >= '{position}'") == "t"), "the standby has the first ones")
    standby.setting("primary_conninfo", "")
    need(until(lambda: standby.sql("SELECT count(*) FROM pg_stat_wal_receiver") == "0"), "the standby receives no more")
    after = [client.submit(finding())[0].receipt for _ in range(5)]
    need(all(receipt.case_no > 0 for receipt in before + after), "all are acknowledged")
    daemon.fail_over()
    stored = int(daemon.sql("SELECT count(*) FROM rectify.finding"))
    same(stored, 5, "five acknowledged findings are lost: this is what the fault does")
    same(daemon.exit_code(), 2, "the daemon stops with exit code 2")
    ok(daemon.saw("store.damaged what=the log is shorter or older than what was acknowledged"), "and says why", daemon.tail())
    client.close()
    return f"an asynchronous standby: {len(before + after) - stored} of {len(before + after)} lost, and the daemon stops by name"


def test_one_node_only():
    """The standby's own list of standbys was forgotten: once promoted, it would lose.  Nothing is served from it."""
    daemon = Pair("--durability", "standby", standby_names="").start()
    publish_city(daemon)
    client = Client(daemon)
    receipt = client.submit(finding())[0].receipt
    daemon.fail_over()
    daemon.wait_log("store.not_durable action=not_serving reason=durability is standby")
    again = client.once(request("insp-1", submit=submit_of(finding())))
    ok(again is not None and again.error.code in (BUSY, UNAVAILABLE), "a client is told to come again", again)
    same(daemon.sql("SELECT count(*) FROM rectify.finding"), "1", "and nothing is recorded")
    daemon.primary.names = "walreceiver"
    daemon.primary.setting("synchronous_standby_names", "walreceiver")
    daemon.rebuild()
    more = client.submit(finding())[0].receipt
    ok(receipt.case_no == 1 and more.case_no == 2, "with a list and a standby it goes on", more, daemon.tail())
    client.close()
    daemon.stop()


def test_list_emptied():
    """Somebody empties the list while the daemon serves: the next batch is not acknowledged."""
    daemon, client = one_acknowledged(Pair("--durability", "standby"))
    daemon.primary.setting("synchronous_standby_names", "")
    message = request("insp-1", submit=submit_of(finding()))
    reply = client.once(message, 5)
    ok(reply is None or reply.error.code in (BUSY, UNAVAILABLE), "what only the disk has is not acknowledged", reply)
    daemon.wait_log("commit.in_doubt events=1 text=the settings were read again, or synchronous_standby_names is empty")
    daemon.wait_log("store.not_durable")
    daemon.primary.setting("synchronous_standby_names", "walreceiver")
    need(until(daemon.primary.streams), "the standby is waited for again")
    receipt = client.ask(message).outcomes.outcomes[0].receipt
    ok(receipt.repeated and receipt.case_no == 2, "the resend settles it: it had been recorded", receipt)
    client.close()
    daemon.stop()
    control = Pair().start()
    publish_city(control)
    other = Client(control)
    control.primary.setting("synchronous_standby_names", "")
    ok(other.submit(finding())[0].receipt.case_no == 1, "the control: with durability on disk the same is acknowledged", control.tail())
    other.close()
    control.stop()


def test_list_emptied_while_it_waits():
    """The standby is gone, a commit waits for it, and somebody empties the list: the server lets go without a warning."""
    daemon, client = one_acknowledged(Pair("--durability", "standby"))
    daemon.standby.kill()
    message = request("insp-1", submit=submit_of(finding()))
    client.send(message)
    need(until(lambda: daemon.sql(f"SELECT count(*) {WAITING}") == "1"), "the commit waits for a standby")
    daemon.primary.setting("synchronous_standby_names", "")
    daemon.wait_log("commit.in_doubt")
    reply = client.receive(1)
    ok(reply is None or reply.WhichOneof("body") == "error", "it is not acknowledged", reply)
    daemon.primary.kill()
    daemon.standby.start()
    daemon.standby.promote()
    same(daemon.standby.sql("SELECT count(*) FROM rectify.finding", True, "rectify"), "1", "and rightly so: the standby has it not")
    client.close()


def test_wait_cancelled():
    """Somebody ends the wait for the standby: PostgreSQL says COMMIT with a warning, the daemon says nothing."""
    daemon, client = one_acknowledged(Pair("--durability", "standby"))
    daemon.primary.setting("synchronous_standby_names", "ghost")
    message = request("insp-1", submit=submit_of(finding()))
    client.send(message)
    need(until(lambda: daemon.sql(f"SELECT count(*) {WAITING}") == "1"), "the commit waits for a standby")
    daemon.sql(f"SELECT pg_cancel_backend(pid) {WAITING}")
    daemon.wait_log("pg.notice connection=writer text=.*cancel")
    daemon.wait_log("commit.in_doubt")
    reply = client.receive(1)
    ok(reply is None or reply.WhichOneof("body") == "error", "it is not acknowledged", reply)
    same(daemon.sql("SELECT count(*) FROM rectify.finding"), "2", "though the server has it")
    daemon.primary.setting("synchronous_standby_names", "walreceiver")
    receipt = client.ask(message).outcomes.outcomes[0].receipt
    ok(receipt.repeated and receipt.case_no == 2, "once a standby is there again, the resend settles it", receipt, daemon.tail())
    client.close()
    daemon.stop()
    control_warning_overheard()


def control_warning_overheard():
    """The control: a daemon that takes such a COMMIT for durable."""
    daemon = Pair("--durability", "standby")
    daemon.plant(WARNING_OVERHEARD)
    _, client = one_acknowledged(daemon)
    daemon.standby.kill()
    message = request("insp-1", submit=submit_of(finding()))
    client.send(message)
    receipt = None

    def cancelled():
        nonlocal receipt
        daemon.sql(f"SELECT pg_cancel_backend(pid) {WAITING}")
        reply = client.receive(0.1)
        if reply is not None and reply.WhichOneof("body") == "outcomes":
            receipt = reply.outcomes.outcomes[0].receipt
        return receipt

    need(until(cancelled), f"it is acknowledged:\n{daemon.tail()}")
    daemon.primary.kill()
    daemon.kill()
    daemon.standby.start()
    daemon.standby.promote()
    same((receipt.case_no, daemon.standby.sql("SELECT count(*) FROM rectify.finding", True, "rectify")), (2, "1"),
         "the control, the warning overheard: the second finding was acknowledged, and is lost with the primary")
    publish("R6", "the wait for the standby is cancelled", "pg_cancel_backend", 1, [audit.Verdict(acknowledged=2)], (), "the warning overheard: 1 of 2 lost")
    client.close()


def test_couriers():
    """A courier too is told only what the standby has: also when it asks for the same again, which changes nothing."""
    daemon = Pair("--durability", "standby").start()
    publish_city(daemon, POST_CITY)
    client, courier = Client(daemon), Client(daemon, "post")
    need(client.submit(finding())[0].receipt.case_no == 1, "there is something to tell")
    notice = next(row for page in courier.pages(unposted=pb.UnpostedQuery()) for row in page.notices)
    letter = pb.Letter(id=uuid7(), officer=notice.officer, channel=b"mail", notices=[notice.id], subject=b"a", body=b"b", language=b"en")
    made = courier.ask(post=pb.Post(letters=[letter], size=courier.ping().head.size)).letters.outcomes[0]
    same(made.result, 1, "a letter is made")
    daemon.primary.setting("synchronous_standby_names", "")
    message = request("post", lease=pb.Lease(count=1, seconds=600, channel=b"mail"))
    reply = courier.once(message, 5)
    ok(reply is None or reply.error.code in (BUSY, UNAVAILABLE), "what only the disk has is handed to no courier", reply)
    same(daemon.sql("SELECT attempts FROM rectify.letter"), "1", "though the server has the lease")
    daemon.primary.setting("synchronous_standby_names", "ghost")
    courier.send(message)
    need(until(lambda: daemon.sql(f"SELECT count(*) {WAITING}") == "1"), "the same lease again waits for the standby, as the first one would have")
    daemon.primary.setting("synchronous_standby_names", "walreceiver")
    leased = courier.ask(message).leased.letters
    same([(one.letter.id, one.attempt) for one in leased], [(letter.id, 1)], "once it has it, the courier is handed the letter: the same attempt")
    client.close()
    courier.close()
    daemon.stop()


main(test_promoted, test_one_node_only, test_list_emptied, test_list_emptied_while_it_waits, test_wait_cancelled, test_couriers)

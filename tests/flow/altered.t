#!/usr/bin/python3
"""What is stored was changed by somebody who can, or is that of another day: who notices?"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

HERE = {}


def test_older_backup():
    """The database under a running daemon is put back to an earlier day."""
    daemon = city()
    client = Client(daemon)
    client.submit(finding(), finding())
    daemon.sql("CREATE TABLE public.head_before AS SELECT * FROM rectify.head")
    later = client.submit(finding())[0].receipt.case_no
    same(later, 3, "a third finding is acknowledged")
    daemon.sql("UPDATE rectify.head AS h SET size = b.size, root = b.root, frontier = b.frontier, tail = b.tail, cases = b.cases, "
               "system_events = b.system_events FROM public.head_before AS b")
    daemon.sql(f"SELECT pg_terminate_backend({daemon.backend('writer')})")
    same(daemon.exit_code(), 2, "it ends with exit code 2, and gives no case number away a second time")
    ok(daemon.saw("store.damaged what=the log is shorter"), "and says why", daemon.tail())


KEPT = ("head", "event", "tile", "private", "evidence", "finding", "case_", "notice", "document", "client_key", "supervision_order",
        "rule_document", "letter", "letter_notice")
# What is done, and whether the next start notices by itself.
FLIPS = (
    ("a byte of a record", "UPDATE rectify.event SET record = set_byte(record, 20, get_byte(record, 20) # 1) WHERE log_index = 50", False),
    ("an id", "UPDATE rectify.event SET key = gen_random_uuid() WHERE log_index = 50", False),
    ("when an event was recorded", "UPDATE rectify.event SET recorded = recorded - interval '1 d' WHERE log_index = 50", False),
    ("who did it", "UPDATE rectify.event SET actor = actor + 1 WHERE log_index = 50", False),
    ("a finding's id", "UPDATE rectify.finding SET id = gen_random_uuid() WHERE case_no = 7", False),
    ("a finding's code", "UPDATE rectify.finding SET code = 'zz' WHERE case_no = 7", False),
    ("a finding's date", "UPDATE rectify.finding SET found_on = found_on - 400 WHERE case_no = 7", False),
    ("a finding's row deleted", "DELETE FROM rectify.finding WHERE case_no = 7", False),
    ("a text", "UPDATE rectify.private SET body = 'forged' WHERE log_index = 50", False),
    ("a text added", "INSERT INTO rectify.private VALUES (0, '\\x00000000000000000000000000000000', 'forged')", False),
    ("a due date", "UPDATE rectify.case_ SET due_at = due_at + interval '30 d' WHERE case_no = 5", False),
    ("a case's flags", "UPDATE rectify.case_ SET flags = flags # 4 WHERE case_no = 5", False),
    ("the last case's row deleted", "DELETE FROM rectify.case_ WHERE case_no = 300", False),
    ("a notice deleted", "DELETE FROM rectify.notice WHERE id = (SELECT max(id) FROM rectify.notice)", False),
    ("a notice's officer", "UPDATE rectify.notice SET officer = 1 WHERE id = (SELECT max(id) FROM rectify.notice)", False),
    ("a notice added", "INSERT INTO rectify.notice (id, case_no, kind, copy, recipient, officer, created) "
     "VALUES (99999999, 5, 1, false, 1, 1, now())", False),
    ("a letter about another one's notice", "WITH l AS (INSERT INTO rectify.letter (id, officer, channel, language, urgent, subject, body, html, made, size, "
     "not_before, state, due_at) VALUES (gen_random_uuid(), 1, 'mail', 'en', false, 's', 'b', '', now(), 1, now(), 1, now()) RETURNING id) "
     "INSERT INTO rectify.letter_notice SELECT 99999998, 'mail', l.id FROM l", False),
    ("a hash of evidence", "UPDATE rectify.evidence SET sha256 = sha256('mine')", False),
    ("a policy's text", "UPDATE rectify.document SET body = replace(body, '20wd', '99wd') WHERE kind = 2", True),
    ("a policy's text and hash", "UPDATE rectify.document SET body = 'x', sha256 = sha256('x') WHERE kind = 2", True),
    ("a key added", "INSERT INTO rectify.client_key VALUES (sha256('mine'), 1, '2020-01-01', '2090-01-01', false, 5)", False),
    ("the head's clock", "UPDATE rectify.head SET clock = clock + interval '90 d'", False),
    ("the head's cases", "UPDATE rectify.head SET cases = cases + 10", False),
    ("the head's events of no case", "UPDATE rectify.head SET system_events = system_events + 5", False),
    ("a tile", "UPDATE rectify.tile SET hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1)", True),
    ("the head's tail", "UPDATE rectify.head SET tail = set_byte(tail, 0, get_byte(tail, 0) # 1)", True),
    ("the last event deleted", "DELETE FROM rectify.event WHERE log_index = (SELECT max(log_index) FROM rectify.event)", False),
)


def unlock(daemon, text):
    """As the superuser does it, past triggers."""
    daemon.sql("".join(f"ALTER TABLE rectify.{name} DISABLE TRIGGER ALL;" for name in KEPT) + text)


def test_flips():
    """Everything stored, one thing after another, changed past all triggers."""
    daemon = city()
    client, off = Client(daemon), Client(daemon, "off")
    client.submit(*[finding() for _ in range(300)])
    off.act(command(COMMENT, 5, text="看过"), command(COMMENT, 999999, text="x"))
    one = finding()
    one.evidence.add(kind=1, sha256=os.urandom(32), name="图.jpg".encode(), size=5)
    client.submit(one)
    office = Client(daemon, "office")
    office.ask(key_change=pb.KeyChange(id=uuid7(), officer=b"off", public_key=os.urandom(32), valid_from=TODAY, valid_until=TODAY + 9))
    doctor = daemon.doctor()
    need(doctor.returncode == 0, f"the doctor finds nothing wrong at first: {doctor.stdout} {doctor.stderr}")
    unlock(daemon, keep(KEPT))
    for what, text, at_start in FLIPS:
        unlock(daemon, text)
        doctor = daemon.doctor()
        ok(doctor.returncode not in (0, 69), f"{what}: the doctor notices", doctor.stdout, doctor.stderr)
        if at_start:
            daemon.sql(f"SELECT pg_terminate_backend({daemon.backend('writer')})")
            same(daemon.exit_code(), 2, f"{what}: the daemon notices when it loads it")
        unlock(daemon, put_back(KEPT)
               + "UPDATE rectify.head SET epoch = epoch + 1000 * (SELECT count(*) FROM pg_class)")
        daemon.sql("UPDATE public.kept_head SET epoch = (SELECT epoch FROM rectify.head)")
        if at_start:
            daemon.start()
    daemon.kill()
    daemon.start()
    ok(daemon.doctor().returncode == 0, "put back, nothing is wrong", daemon.doctor().stdout)
    HERE["content"] = daemon


def test_several_processes():
    """A server that uses several processes for a query, whatever it is, gives rows in any order: where no order was asked for it shows."""
    daemon = HERE["content"]
    texts = [[BUILD / "rectify", *words, "--as", "auditor", "--endpoint", daemon.endpoint] for words in
             (["doctor"], ["cases"], ["history", "5"], ["show", "5"], ["why", "5"], ["ledger", "--csv"], ["lists"], ["notices"], ["documents"],
              ["key", "list"], ["unit", "list"], ["officer", "list"])]

    def said():
        return [subprocess.run(words, capture_output=True, timeout=PATIENCE, check=False).stdout for words in texts]

    alone = said()
    for setting in ("max_parallel_workers_per_gather = 4", "max_parallel_workers = 8", "parallel_setup_cost = 0", "parallel_tuple_cost = 0"):
        daemon.sql(f"ALTER SYSTEM SET {setting}")
    for size, what in (("0", "a table by several processes"), ("1GB", "a table by each of several processes")):
        daemon.sql(f"ALTER SYSTEM SET min_parallel_table_scan_size = '{size}'")
        daemon.sql(f"ALTER SYSTEM SET min_parallel_index_scan_size = '{size}'")
        daemon.sql("SELECT pg_reload_conf()")
        reader = daemon.backend("reader")  # what it planned before stays
        daemon.sql(f"SELECT pg_terminate_backend({reader})")
        need(until(lambda was=reader: daemon.backend("reader") not in (0, was)), "the daemon has a new session")
        for words, before, after in zip(texts, alone, said()):
            ok(before == after and before != b"", f"{what}: {' '.join(words[1:-4])}: the same", before[:1000], after[:1000])


def test_registry_tables():
    """The registry's tables, by which the database lets people read, are those of the published registry."""
    daemon = city()
    daemon.stop()
    daemon.start()
    ok(not daemon.saw("registry_tables_differ"), "untouched, they are so after a start", daemon.tail())
    before = daemon.sql("SELECT count(*) FROM rectify.appointment")
    for what, text in (("an appointment added", "INSERT INTO rectify.appointment VALUES (1, 1, 7, '2000-01-01', '2100-01-01')"),
                       ("an appointment removed", "DELETE FROM rectify.appointment WHERE role = 7"),
                       ("an appointment's end moved", "UPDATE rectify.appointment SET until_day = '2999-01-01' WHERE officer = 2"),
                       ("an officer's code", "UPDATE rectify.officer SET code = 'mine' WHERE id = 3")):
        times = len(re.findall("registry_tables_differ", daemon.log()))
        daemon.sql(text)
        daemon.sql(f"SELECT pg_terminate_backend({daemon.backend('writer')})")
        ok(until(lambda: len(re.findall("registry_tables_differ", daemon.log())) > times), f"{what}: the daemon says so", daemon.tail())
        ok(until(lambda: daemon.sql("SELECT count(*) FROM rectify.appointment WHERE until_day < '2900-01-01'") == before and
                 daemon.sql("SELECT count(*) FROM rectify.officer WHERE code = 'mine'") == "0"), f"{what}: and puts it right")
    is_served(daemon, "after that")


main(test_older_backup, test_flips, test_several_processes, test_registry_tables)

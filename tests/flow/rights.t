#!/usr/bin/python3
"""Who may ask what: every role, over the whole and over a part, and every row of query.def, asked for real."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *  # noqa: E402,F403 pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position

sys.path.insert(0, str(ROOT / "scripts"))
import defs  # noqa: E402 pylint: disable=wrong-import-position

T = defs.load()
ROLES = [row.NAME for row in T["ROLE"]]
CASE = 1  # of unit north, found by team-1


def code(role, unit):
    return f"{role.lower()}-{unit}"


def registry():
    """One officer for each role over the root, over the case's unit, over another unit; and one without a role."""
    people = [(role, unit) for role in ROLES for unit in ("city", "north", "south")]
    alone = "".join(line for line in CITY.splitlines(True) if "role: principal" not in line)  # a unit has one
    text = alone.replace("appointments:\n", "".join(f"  - {{code: {code(*one)}, name: x, unit: {one[1]}}}\n" for one in people) +
                        "  - {code: nobody, name: x, unit: city}\nappointments:\n")
    return people, text + "".join(f"  - {{officer: {code(*one)}, role: {one[0].lower()}, unit: {one[1]}}}\n" for one in people)


# What asks for each row: by its name in query.def.
ASKED = {
    "history": {"history": pb.HistoryQuery(case_no=CASE)},
    "why": {"why": pb.WhyQuery(case_no=CASE)},
    "next": {"next": pb.NextQuery(case_no=CASE)},
    "notices": {"notices": pb.NoticeQuery()},
    "notices_of_case": {"notices": pb.NoticeQuery(case_no=CASE)},
    "notices_of_another": {"notices": pb.NoticeQuery(officer=b"h-north")},
    "registered": {"officers": pb.OfficerQuery()},
    "rules": {"documents": pb.DocumentQuery(document=2)},
    "registries": {"documents": pb.DocumentQuery(document=1)},
    "keys": {"keys": pb.KeyQuery()},
    "log": {"log": pb.LogQuery()},
    "proof_of_case": {"proof": pb.ProofQuery(case_no=CASE)},
    "heads": {"checkpoints": pb.CheckpointQuery()},
    "post": {"unposted": pb.UnpostedQuery()},
    "letters": {"letters": pb.LetterQuery()},
    "evidence": {"evidence": pb.EvidenceQuery(case_no=CASE)},
}


def may_read(role, unit):
    """LIFECYCLE.md, Queries.  Any role but administrator and courier reads."""
    return role not in (None, "ADMINISTRATOR", "COURIER") and unit in ("city", "north")


def allowed(row, role, unit):
    if row.reach == "EVERYBODY":
        return True
    if row.reach == "APPOINTED":
        return role is not None
    if row.reach == "READABLE":
        return may_read(role, unit)
    return unit == "city" and role in row.roles


def test_matrix():
    """The answer is what the table says, for each of all."""
    people, text = registry()
    daemon = city()
    author = Client(daemon, "office")
    published = author.publish(1, text)
    ok(published.WhichOneof("result") == "receipt", "the registry", published)
    author.close()
    author = Client(daemon)
    same(author.submit(finding())[0].receipt.case_no, CASE, "a case")
    index = author.query(history=pb.HistoryQuery(case_no=CASE)).events[0].log_index
    ASKED["proof_of_case"]["proof"].log_index = index
    author.close()
    for role, unit in people + [(None, "city")]:
        actor = "nobody" if role is None else code(role, unit)
        client = Client(daemon, actor)
        wrong = []
        for row in T["QUERY"]:
            if row.name == "cosign":
                reply = client.ask(cosign=pb.Cosign(size=1, line=b"x"))
                got = reply.error.code != FORBIDDEN
            elif row.name == "upload":
                reply = client.ask(upload=pb.Upload(sha256=os.urandom(32), size=5))
                got = reply.error.code != FORBIDDEN
            elif row.name == "cases":
                got = len(client.query(cases=pb.CaseQuery()).cases) == 1
            elif row.name == "proof_of_own":
                own, = client.act(command(COMMENT, 999, text="x"))
                got = isinstance(client.query(proof=pb.ProofQuery(log_index=own.refusal.log_index)), pb.Page)
                others = isinstance(client.query(proof=pb.ProofQuery(log_index=index)), pb.Page)
                if others != allowed(next(one for one in T["QUERY"] if one.name == "log"), role, unit):
                    wrong.append("the proof of somebody else's event")
            else:
                seen = client.query(**ASKED[row.name])
                got = not isinstance(seen, pb.Error) or seen.code not in (FORBIDDEN, NOT_FOUND)
            if got != allowed(row, role, unit):
                wrong.append((row.name, "got" if got else "refused"))
        ok(not wrong, f"{actor}: {len(T['QUERY'])} queries", wrong)
        client.close()
    same({row.name for row in T["QUERY"]}, set(ASKED) | {"cases", "cosign", "proof_of_own", "upload"}, "every row of query.def was asked")


main(test_matrix)

#!/usr/bin/python3
"""The tamper suite: an export of a made-up history, changed in many ways; both verifiers must name each of them, and neither may
find anything in the clean one.  RECTIFY_TABLE=1 prints what each said, for docs/EXPORT.md.
"""
import base64
import hashlib
import os
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("B", "build")
FIRST = b"rectify-export 1\n"
ENV = dict(os.environ, LC_ALL="C.UTF-8", RECTIFY_LANG="en", RECTIFY_ENDPOINT="ipc:///nonexistent")
results = []


def ok(right, name, said=""):
    results.append(right)
    print(f"{'ok' if right else 'not ok'} {len(results)} - {name}", flush=True)
    if not right and said:
        print("\n".join("#   " + line for line in str(said).split("\n")[:20]), flush=True)


def run(*words, stdin=b""):
    done = subprocess.run([str(word) for word in words], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=ENV, timeout=60, cwd=ROOT)
    return done.returncode, done.stdout.decode() or done.stderr.decode()


# ---- an export, taken apart and put together ----

def varint_at(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 128:
            return value, at


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])


def message(data):
    """[[field, wire type, value]] in the order of the bytes."""
    rows, at = [], 0
    while at < len(data):
        mark, at = varint_at(data, at)
        value, at = varint_at(data, at)
        if mark & 7 == 2:
            value, at = data[at:at + value], at + value
        rows.append([mark >> 3, mark & 7, value])
    return rows


def packed(rows):
    return b"".join(varint(field << 3 | wire) + (varint(value) if wire == 0 else varint(len(value)) + value)
                    for field, wire, value in rows)


class Event:
    def __init__(self, body):
        self.index, self.leaf, length = struct.unpack_from(">Q32sH", body)
        self.record, self.text = body[42:42 + length], body[42 + length:]

    def pack(self):
        return struct.pack(">Q32sH", self.index, self.leaf, len(self.record)) + self.record + self.text

    def get(self, field):
        return next((value for number, _, value in message(self.record) if number == field), None)

    def set(self, field, value, leaf=False):
        self.record = packed([[number, wire, value if number == field else old] for number, wire, old in message(self.record)])
        if leaf:
            self.renew()

    def renew(self):
        self.leaf = hashlib.sha256(b"\0" + self.record).digest()


class Row:
    def __init__(self, body):
        self.case, *self.columns = struct.unpack_from(">Q18q", body)
        self.state = body[8 + 18 * 8 + 2:]

    def pack(self):
        return struct.pack(">Q18qH", self.case, *self.columns, len(self.state)) + self.state


class Raw:
    def __init__(self, body):
        self.body = body

    def pack(self):
        return self.body


KINDS = {"E": Event, "C": Row}


def read(path):
    data = path.read_bytes()
    at, sections = len(FIRST), []
    while at < len(data):
        tag, length = chr(data[at]), int.from_bytes(data[at + 1:at + 5], "big")
        sections.append([tag, KINDS.get(tag, Raw)(data[at + 5:at + 5 + length])])
        at += 5 + length
    return sections


def write(path, sections):
    counts = [sum(tag == one for tag, _ in sections) for one in "EHC"]
    with path.open("wb") as file:
        file.write(FIRST)
        for tag, section in sections:
            body = struct.pack(">QQQ", *counts) if tag == "Z" else section.pack()
            file.write(tag.encode() + struct.pack(">I", len(body)) + body)


def events(sections):
    return [section for tag, section in sections if tag == "E"]


def rows(sections):
    return [section for tag, section in sections if tag == "C"]


def place(sections, event):
    return next(i for i, (_, section) in enumerate(sections) if section is event)


def renumber(sections):
    for number, event in enumerate(events(sections)):
        event.index = number


def of_case(sections, least):
    """An event in the middle of a case that has many."""
    return next(event for event in events(sections)[300:] if (event.get(3) or 0) >= least and event.get(2) and event.get(35) is None)


# ---- trees and heads ----

def root_of(leaves):
    if len(leaves) == 0:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\1" + root_of(leaves[:half]) + root_of(leaves[half:])).digest()


def head_text(origin, leaves):
    return f"{origin}\n{len(leaves)}\n{base64.b64encode(root_of(leaves)).decode()}\n"


def sign(key, text):
    code, note = run(BUILD / "rectify", "key", "sign", key, stdin=text.encode())
    assert code == 0, note
    return note.encode()


# ---- what is done to it: each returns what both must name; outside heads are given when asked for ----

def edit(city, sections):
    of_case(sections, 3).set(7, 99)
    return {"record-edited", "head-differs"}


def edit_and_leaf(city, sections):
    of_case(sections, 3).set(7, 99, leaf=True)
    return {"tree-rebuilt"}


def remove(city, sections):
    sections.pop(place(sections, of_case(sections, 3)))
    return {"record-missing", "event-number", "head-differs"}


def remove_and_renumber(city, sections):
    sections.pop(place(sections, of_case(sections, 3)))
    renumber(sections)
    return {"event-number", "head-differs"}


def insert(city, sections):
    victim = of_case(sections, 3)
    made = Event(victim.pack())
    made.set(6, b"a key of my own!", leaf=True)
    sections.insert(place(sections, victim) + 1, ["E", made])
    renumber(sections)
    return {"event-number", "head-differs"}


def repeat(city, sections):
    victim = of_case(sections, 3)
    sections.insert(place(sections, victim) + 1, ["E", Event(victim.pack())])
    return {"record-misplaced", "key-twice", "event-number", "head-differs"}


def swap(city, sections):
    first = of_case(sections, 3)
    second = events(sections)[first.index + 7]
    first.record, second.record, first.text, second.text = second.record, first.record, second.text, first.text
    return {"record-edited", "head-differs"}


def swap_places(city, sections):
    one = of_case(sections, 3)
    a, b = place(sections, one), place(sections, events(sections)[one.index + 1])
    sections[a], sections[b] = sections[b], sections[a]
    return {"record-missing", "record-misplaced", "head-differs"}


def swap_all(city, sections):
    """Two records of different cases exchange everything but their indexes: only the heads know."""
    listed = events(sections)
    first = next(event for event in listed[300:] if event.get(2) and listed[event.index + 1].get(2)
                 and event.get(2) != listed[event.index + 1].get(2)
                 and all(one.get(13) is None and one.get(59) is None for one in (event, listed[event.index + 1])))
    second = listed[first.index + 1]
    first.record, second.record, first.leaf, second.leaf = second.record, first.record, second.leaf, first.leaf
    return {"tree-rebuilt"}


def cut_tail(city, sections):
    """The last records, their heads, and the rows of what is left: only a head kept elsewhere knows."""
    drop = [event for event in events(sections) if event.index >= 1280]
    del sections[place(sections, drop[0]):place(sections, rows(sections)[0])]
    return {"log-shorter", "row-unasked", "row-not-fold", "column-differs"}


def cut_tail_not_heads(city, sections):
    for event in events(sections)[-5:]:
        sections.pop(place(sections, event))
    return {"log-shorter"}


def cut_file(city, sections):
    return {"damaged"}


def rebuild(city, sections):
    """A record is changed in every way that its words allow, the tree built anew, heads signed with another key of the name."""
    victim = of_case(sections, 3)
    victim.set(7, 99, leaf=True)
    key = city / "thief"
    if not key.exists():
        assert run(BUILD / "rectify", "key", "new", "--for", "log", "--name", "rectify.test/log", key)[0] == 0
    leaves = []
    for section in sections:
        if section[0] == "E":
            leaves.append(section[1].leaf)
        if section[0] == "H":
            section[1] = Raw(sign(key, head_text("rectify.test/log", leaves)))
    return {"head-unsigned", "tree-rebuilt"}


def sign_again(city, sections):
    leaves = []
    for section in sections:
        if section[0] == "E":
            leaves.append(section[1].leaf)
        if section[0] == "H":
            section[1] = Raw(sign(city / "key", head_text("rectify.test/log", leaves)))


def rebuild_with_the_key(city, sections):
    """The log's own key was stolen, so every head in the export is right: only a head kept elsewhere knows."""
    of_case(sections, 3).set(7, 99, leaf=True)
    sign_again(city, sections)
    return {"fork", "tree-rebuilt"}


def other_log(city, sections):
    leaves = [event.leaf for event in events(sections)[:128]]
    if not (city / "other").exists():
        assert run(BUILD / "rectify", "key", "new", "--for", "log", "--name", "rectify.test/other", city / "other")[0] == 0
    heads = [i for i, (tag, _) in enumerate(sections) if tag == "H"]
    sections[heads[1]][1] = Raw(sign(city / "other", head_text("rectify.test/other", leaves)))
    return {"head-other-log"}


def name_of_another_log(city, sections):
    sections[0][1] = Raw(b"rectify.test/other")
    return {"head-other-log"}


def edit_head(city, sections):
    head = next(section for tag, section in sections if tag == "H")
    head.body = head.body.replace(b"\n64\n", b"\n63\n", 1)
    return {"head-unsigned"}


def two_heads(city, sections):
    leaves = [event.leaf for event in events(sections)]
    text = head_text("rectify.test/log", leaves[:63] + [bytes(32)])
    at = next(i for i, (tag, _) in enumerate(sections) if tag == "H")
    sections.insert(at + 1, ["H", Raw(sign(city / "key", text))])
    return {"fork", "tree-rebuilt"}


def no_heads(city, sections):
    sections[:] = [section for section in sections if section[0] != "H"]
    return {"head-missing"}


def edit_column(city, sections):
    rows(sections)[5].columns[7] += 1  # accountable
    return {"column-differs"}


def edit_due(city, sections):
    row = next(row for row in rows(sections) if row.columns[10] != 0)
    row.columns[10] += 86_400_000_000
    return {"column-differs"}


def edit_state(city, sections):
    row = rows(sections)[5]
    row.state = packed([[field, wire, value + 1 if field == 21 else value] for field, wire, value in message(row.state)])
    return {"row-not-fold"}


def edit_case(city, sections):
    """State and column of a row agree with each other, but not with the events."""
    row = rows(sections)[5]
    row.state = packed([[field, wire, value + 1 if field == 21 else value] for field, wire, value in message(row.state)])
    row.columns[7] += 1
    return {"row-not-fold", "column-differs"}


def edit_clock(city, sections):
    row = next(row for row in rows(sections) if any(field == 30 for field, _, _ in message(row.state)))
    parts = message(row.state)
    clock = next(part for part in parts if part[0] == 30)
    clock[2] = packed([[field, wire, value + 2 if field == 12 else value] for field, wire, value in message(clock[2])])
    row.state = packed(parts)
    return {"row-not-fold"}


def drop_row(city, sections):
    sections.pop(place(sections, rows(sections)[5]))
    return {"row-missing"}


def make_row(city, sections):
    row = Row(rows(sections)[-1].pack())
    row.case += 1000
    sections.insert(-1, ["C", row])
    return {"row-unasked"}


def edit_text(city, sections):
    event = next(event for event in events(sections) if event.text[0] == 1)
    event.text = event.text[:-1] + bytes([event.text[-1] ^ 1])
    return {"text-differs"}


def lose_text(city, sections):
    next(event for event in events(sections) if event.text[0] == 1).text = b"\3"
    return {"text-missing"}


def feign_erasure(city, sections):
    listed = events(sections)
    next(event for event in listed if event.text[0] == 1).text = b"\2" + struct.pack(">Q", listed[-1].index)
    return {"text-missing"}


def erasure_of_another_case(city, sections):
    """An erasure that there was is claimed by a text of another case."""
    listed = events(sections)
    erased = next(event for event in listed if event.text[0] == 2)
    other = next(event for event in listed if event.text[0] == 1 and event.get(2) != erased.get(2))
    other.text = erased.text
    return {"text-missing"}


def drop_erasure(city, sections):
    """The event that erased a text is removed."""
    erased = next(event for event in events(sections) if event.text[0] == 2)
    by = int.from_bytes(erased.text[1:9], "big")
    sections.pop(place(sections, events(sections)[by]))
    return {"record-missing", "text-missing", "event-number", "head-differs"}


def erased_by_a_remark(city, sections):
    """Whoever has the log's key makes a remark of the event that erased: it does not bear the erasure out any more."""
    by = int.from_bytes(next(event for event in events(sections) if event.text[0] == 2).text[1:9], "big")
    victim = events(sections)[by]
    victim.set(4, 10)
    victim.set(5, 630, leaf=True)
    sign_again(city, sections)
    return {"text-missing", "fork", "tree-rebuilt"}


def asked_for(sections):
    """The event that asked for the first erasure, and the one that erased."""
    listed = events(sections)
    by = listed[int.from_bytes(next(event for event in listed if event.text[0] == 2).text[1:9], "big")]
    return next(event for event in listed if event.get(4) == 54 and event.get(59) == by.get(59)), by


def erased_alone(city, sections):
    """Whoever has the log's key makes the one who erased the one who asked."""
    ask, by = asked_for(sections)
    ask.set(7, by.get(7), leaf=True)
    sign_again(city, sections)
    return {"erasure-alone", "fork", "tree-rebuilt"}


def erased_unasked(city, sections):
    """... or a remark of what asked."""
    ask, _ = asked_for(sections)
    ask.set(4, 10)
    ask.set(5, 630, leaf=True)
    sign_again(city, sections)
    return {"erasure-alone", "fork", "tree-rebuilt"}


def add_text(city, sections):
    next(event for event in events(sections) if event.text[0] == 0).text = b"\1" + bytes(16) + b"never said"
    return {"text-unasked"}


def garbage(city, sections):
    event = of_case(sections, 3)
    event.record = b"\xff" * 20
    event.renew()
    return {"record-unreadable", "event-number", "head-differs"}


TAMPERINGS = [edit, edit_and_leaf, remove, remove_and_renumber, insert, repeat, swap, swap_places, swap_all, cut_tail,
              cut_tail_not_heads, cut_file, rebuild, rebuild_with_the_key, other_log, name_of_another_log, edit_head, two_heads, no_heads,
              edit_column, edit_due, edit_state, edit_case, edit_clock, drop_row, make_row, edit_text, lose_text, feign_erasure, erasure_of_another_case,
              drop_erasure, erased_by_a_remark, erased_alone, erased_unasked, add_text, garbage]


def both(city, export, heads):
    heads = [word for head in heads for word in ("--head", city / head)]
    first = run(BUILD / "rectify", "verify", "--offline", export, "--key", city / "pub", *heads)
    second = run(ROOT / "scripts/verify.py", "--key", city / "pub", *heads, export)
    return first, second


def named(said):
    return set(re.findall(r"^([a-z]+(?:-[a-z]+)*): ", said, re.M)) - {"rectify", "verify", "erased"}


def try_tampering(city, tamper):
    sections = read(city / "export")
    expected = tamper(city, sections)
    target = city / "tampered"
    write(target, sections)
    if tamper is cut_file:
        target.write_bytes(target.read_bytes()[:-700])
    heads = ["head-666", "head-1332", "head-2000"]
    if tamper in (rebuild_with_the_key, erased_by_a_remark, erased_alone, erased_unasked):
        heads = ["head-2000"]
    (code_c, said_c), (code_py, said_py) = both(city, target, heads if tamper is not no_heads else [])
    right = code_c == code_py == 2 and expected <= named(said_c) and expected <= named(said_py)
    ok(right, f"{tamper.__name__}: both name {', '.join(sorted(expected))}", said_c + "\n" + said_py)
    ok(named(said_c) == named(said_py), f"{tamper.__name__}: neither names anything else", f"{named(said_c)}\n{named(said_py)}")
    if os.environ.get("RECTIFY_TABLE"):
        first = next((line for line in said_c.split("\n") if line and line.split(":")[0] in expected), "")
        print(f"# | {tamper.__name__} | {', '.join(sorted(named(said_c)))} | {', '.join(sorted(named(said_py)))} | {first} |")


def main():
    city = pathlib.Path(tempfile.mkdtemp(prefix="rectify-tamper-"))
    try:
        assert run(BUILD / "rectify-sign", "new", "--name", "rectify.test/log", "--key", city / "key", "--state", city / "state")[0] == 0
        code, said = run(BUILD / "tests/flow/export_city", city / "key", city, 2000, 64)
        assert code == 0, said
        for heads in [], ["head-666"], ["head-666", "head-1332", "head-2000", "receipt", "receipt-late"]:
            (code_c, said_c), (code_py, said_py) = both(city, city / "export", heads)
            ok(code_c == 0 and code_py == 0, f"a clean export passes both, with {len(heads)} heads kept elsewhere", said_c + said_py)
        ok(said_c.count("erased: ") > 20 and sorted(re.findall("^erased: .*", said_c, re.M)) ==
           sorted(re.findall("^erased: .*", said_py, re.M)), "both say which texts were erased by which event")
        write(city / "again", read(city / "export"))
        ok((city / "again").read_bytes() == (city / "export").read_bytes(), "taking apart and putting together changes nothing")
        for tamper in TAMPERINGS:
            try_tampering(city, tamper)
        sections = read(city / "export")
        cut_tail(city, sections)
        write(city / "tampered", [section for section in sections if section[0] != "C"])
        (_, said_c), (_, said_py) = both(city, city / "tampered", [])
        ok("log-shorter" not in named(said_c) | named(said_py), "without a head kept elsewhere nobody can see that the tail was cut")
    finally:
        shutil.rmtree(city)
    print(f"1..{len(results)}")
    raise SystemExit(0 if all(results) else 1)


main()

#!/usr/bin/python3
"""Verifies an export of the log (docs/EXPORT.md); shares no code with `rectify verify --offline` and must find the same.

verify.py --key PUB [--head FILE]... [--witness PUB]... EXPORT    (PUB: the key's text, or a file)
Exit code 0 when nothing was tampered with, 2 when something was.  Needs Debian's python3-cryptography, nothing else.
"""
import argparse, base64, contextlib, functools, hashlib, os, pathlib, struct, sys  # noqa: E401
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FIRST = b"rectify-export 1\n"
PLACES = {"L": 0, "E": 1, "H": 1, "C": 2, "Z": 3}  # sections, in the order of the file
COLUMNS = {"version": 3, "status": 4, "track": 5, "light": 8, "unit": 15, "handler": 19, "verifier": 20, "accountable": 21,
           "team": 17, "opened": 27, "due": None, "due_clock": None, "first_due": 28, "next_fire": None, "closed": 29, "flags": 9,
           "parent": 32, "finding_of": 33}  # and the fields of CaseState
ERASE_ASK, ERASE = 54, 55  # command.def
PRIME, ORDER_8 = 2**255 - 19, 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826  # for one of these y anybody can sign
UNROUTED, OPEN_LAST, MERGED = 1, 6, 10  # status.def
ABSORBED = {1: 1, 2: -1}  # relation.def
CLOCK_OF_STATUS = {1: 5, 2: 4, 3: 5, 4: 4, 5: 7, 6: 4}  # core/due.c, by status.def and clock.def
# Fields of Event that replace a field of CaseState when they are not 0, and those that the first event brings.
SET = {15: 4, 16: 5, 17: 8, 21: 12, 22: 13, 23: 14, 24: 15, 25: 19, 26: 20, 27: 21, 28: 28, 29: 29, 45: 39, 46: 40, 47: 41, 48: 42, 49: 43,
       44: 38, 50: 44, 51: 45, 53: 47, 54: 48, 55: 49, 52: 46, 40: 34, 57: 22, 65: 50, 66: 51, 67: 52, 68: 53, 69: 54, 70: 55, 71: 56, 72: 57,
       73: 58, 74: 59}
BORN = {2: 2, 7: 18, 8: 27, 10: 22, 11: 23, 59: 32, 60: 31, 61: 33}
BORN_FINDING = {2: 17, 3: 16, 4: 6, 5: 7, 6: 26, 7: 24, 8: 25}

def varint(data, at):
    if data[at] < 128:
        return data[at], at + 1
    end = 1 + next((i for i in range(at, len(data)) if data[i] < 128), len(data))
    return sum((byte & 127) << 7 * i for i, byte in enumerate(data[at:end])), end

def fields(data):
    """A protobuf message as {field: last value} and {field: [all values]}; numbers as they travel, bytes as bytes."""
    last, every, at = {}, {}, 0
    while at < len(data):
        mark, at = varint(data, at)
        value, at = varint(data, at)
        if mark & 7 == 2:
            value, at = data[at:at + value], at + value
        if mark & 7 not in (0, 2) or at > len(data):
            raise ValueError("not a message")
        last[mark >> 3] = value
        every.setdefault(mark >> 3, []).append(value)
    return last, every

def signed(value):
    return (value >> 1) ^ -(value & 1)
def refuses(rule):
    return rule < 600 or rule in (620, 621, 860, 861)
def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()

class Tree:
    """RFC 6962, by its right edge."""
    def __init__(self):
        self.size, self.edge = 0, []
    def append(self, leaf):
        for _ in range((self.size ^ self.size + 1).bit_length() - 1):
            leaf = sha256(b"\1", self.edge.pop(), leaf)
        self.edge.append(leaf)
        self.size += 1
    def root(self):
        return functools.reduce(lambda right, left: sha256(b"\1", left, right), self.edge[::-1]) if self.edge else sha256()

class Key:
    """name+id+base64(algorithm || public key)"""
    def __init__(self, text):
        text = pathlib.Path(text).read_text("ascii") if os.path.exists(text) else text
        self.name, number, body = text.strip().split("+", 2)
        body = base64.b64decode(body, validate=True)
        self.algorithm, self.key = body[0], Ed25519PublicKey.from_public_bytes(body[1:])
        self.id = sha256(self.name.encode(), b"\n", body)[:4]
        y = int.from_bytes(body[1:], "little") % 2**255
        if self.id.hex() != number or self.algorithm not in (1, 4) or y >= PRIME or min(y, PRIME - y) in (0, 1, ORDER_8):
            raise SystemExit("not a public key: " + text)
    def signed(self, text, lines):
        """Whether one of the signature lines is this key's and right; None when none names it."""
        named = None
        for body in (body for name, body in lines if name == self.name):
            named, signature, message = named or False, body[4:], text
            if self.algorithm == 4:
                message = b"cosignature/v1\ntime %d\n" % int.from_bytes(signature[:8], "big") + text
                signature = signature[8:]
            with contextlib.suppress(InvalidSignature):
                self.key.verify(signature, message)
                named = named or body[:4] == self.id
        return named

def note_parts(note):
    """(text, [(name, bytes)]) of a signed note."""
    split = note.rindex(b"\n\n") + 1
    lines = [line.split(" ") for line in note[split + 1:].decode().split("\n")[:-1]]
    if not note.endswith(b"\n") or not lines or any(len(line) != 3 or line[0] != "\u2014" for line in lines):
        raise ValueError("not a note")
    return note[:split], [(name, base64.b64decode(body, validate=True)) for _, name, body in lines]

class Verifier:
    def __init__(self, key, witnesses):
        self.key, self.witnesses, self.tree, self.outside = key, witnesses, Tree(), []
        self.findings = self.heads = self.cosignatures = self.erased = self.size = self.rows = self.covered = self.ahead = 0
        self.cases, self.none, self.keys, self.claims, self.asked, self.seen = {}, 0, set(), {}, {}, {}
        self.compared, self.broken, self.records_wrong, self.told = set(), set(), False, False
    def found(self, name, text):
        self.findings += 1
        self.records_wrong |= name.startswith(("record-", "event-", "key-"))
        print(f"{name}: {text}")
    def check(self, right, name, text):
        if not right:
            self.found(name, text)
    def read_head(self, note, where):
        """(size, root) of a head of this log, signed by its key."""
        try:
            text, lines = note_parts(note)
            origin, size, root = text.decode().split("\n")[:3]
            size, root = int(size), base64.b64decode(root, validate=True)
        except ValueError:
            return self.found("head-unreadable", where)
        base, _, fork = origin.rpartition("/")
        if origin != self.key.name and not (base == self.key.name and fork.isdigit() and int(fork) > 1):
            return self.found("head-other-log", f"{where}: of {origin}")
        if not self.key.signed(text, lines):
            return self.found("head-unsigned", f"{where}, size {size}")
        for witness in self.witnesses:
            good = witness.signed(text, lines)
            self.cosignatures += good is True
            self.check(good is not False, "cosignature-wrong", f"{where}, size {size}: {witness.name}")
        self.heads += 1
        return size, root
    def differs(self, size, where):
        self.check(self.told, "head-differs" if self.records_wrong else "tree-rebuilt",
                   f"{where}, size {size}: records from {self.covered} on are not those that were signed")
        self.told = True
    def check_root(self, size, root, where):
        self.check(self.seen.setdefault(size, root) == root, "fork", f"{where}: two roots of size {size} are signed")
        if self.tree.size == size and self.tree.root() == root:
            self.covered = size
        else:
            self.differs(size, where)
    def check_outside(self):
        while self.outside and self.outside[0][0] <= self.size:
            self.check_root(*self.outside.pop(0))
    def head(self, note, where="head in the export"):
        head = self.read_head(note, where)
        if head and head[0] == self.size:
            self.check_root(*head, where)
        elif head and head[0] < self.size:
            self.differs(head[0], where)
        elif head:
            self.ahead = max(self.ahead, head[0])
    def event(self, body):
        index, leaf, length = struct.unpack_from(">Q32sH", body)
        record, rest = body[42:42 + length], body[42 + length:]
        made = sha256(b"\0", record)
        self.check(index <= self.size, "record-missing", f"records {self.size} to {index - 1}")
        self.check(index >= self.size, "record-misplaced", f"record {index} stands where {self.size} belongs")
        self.check(made == leaf, "record-edited", f"record {index}")
        self.tree.append(made)
        self.size = max(self.size, index + 1)
        try:
            event, every = fields(record)
            if event.get(1) != 1 or len(event[6]) != 16 or 4 not in event or 5 not in event:
                raise ValueError("event")
        except (ValueError, KeyError, IndexError, TypeError):
            self.found("record-unreadable", f"record {index}")
        else:
            self.check(event[6] not in self.keys, "key-twice", f"record {index}")
            self.keys.add(event[6])
            self.text(index, event, rest)
            self.number(index, event, every)
        self.check_outside()
    def text(self, index, event, rest):
        if 13 not in event:
            self.check(rest[0] == 0, "text-unasked", f"record {index}")
        elif rest[0] == 1:
            self.check(sha256(rest[1:]) == event[13], "text-differs", f"record {index}")
        elif rest[0] == 2:
            self.claims[index] = (int.from_bytes(rest[1:9], "big"), event.get(2, 0))
        else:
            self.found("text-missing", f"record {index}")
        if event.get(59) and not refuses(event[5]):
            self.erasure(index, event, event[59] - 1, event.get(2, 0))
    def erasure(self, index, event, text, case):
        if event[4] == ERASE_ASK:
            self.asked[text] = (case, event.get(7))
        elif event[4] == ERASE:
            of, who = self.asked.get(text, (None, None))
            self.check(of == case and who not in (event.get(7), event.get(39)), "erasure-alone", f"record {index}: of record {text}")
            if self.claims.get(text) == (index, case):
                del self.claims[text]
                self.erased += 1
                print(f"erased: record {text}: its text was erased by event {index}")
    def number(self, index, event, every):
        case, number = event.get(2, 0), event.get(3, 0)
        state = self.cases.setdefault(case, {}) if case else {3: self.none}
        self.check(number == state.get(3, 0) + 1, "event-number",
                   f"record {index}: event {number} of case {case} follows number {state.get(3, 0)}")
        self.none = number if case == 0 else self.none
        if case and ((35 in event) != (2 not in state) or (2 not in state and refuses(event[5]))):
            self.check(case in self.broken, "event-unfollowing", f"record {index}: event {number} of case {case}")
            self.broken.add(case)
        elif case:
            state[3] = number
            if not refuses(event[5]):
                fold(state, event, every)
    def row(self, body):
        case, *columns = struct.unpack_from(f">Q{len(COLUMNS)}q", body)
        stored, every = fields(body[8 + 8 * len(COLUMNS) + 2:])
        if case not in self.cases or case in self.compared:
            self.found("row-unasked", f"case {case}")
        elif case not in self.broken:
            state = self.cases[case]
            folded = {1: 1, **{field: value for field, value in state.items() if value and field != 30}}
            clocks = [fields(clock)[0] for clock in every.pop(30, [])]
            same = {field: stored[field] for field in every} == folded and clocks == state.get(30, [])
            self.check(same, "row-not-fold", f"case {case}")
            for name, value, right in zip(COLUMNS, columns, column_values(state)):
                self.check(value == right, "column-differs", f"case {case}: {name} is {value} in the row, {right} by its events")
        self.compared.add(case)
    def sections(self, file):
        part, heads = -1, 0
        if file.read(len(FIRST)) != FIRST:
            return self.found("damaged", "not an export")
        while len(mark := file.read(5)) == 5:
            tag, length = chr(mark[0]), int.from_bytes(mark[1:], "big")
            body, place = file.read(min(length, 1 << 20)), PLACES.get(tag, -1)
            if len(body) < length or place < part or (place > 0) != (part >= 0) or place == part == 3:
                return self.found("damaged", "not an export, or cut off")
            part, heads, self.rows = place, heads + (tag == "H"), self.rows + (tag == "C")
            self.check(tag != "L" or body == self.key.name.encode(), "head-other-log", f"the export is of {body}")
            {"E": self.event, "H": self.head, "C": self.row}.get(tag, lambda _: None)(body)
        if mark or part != 3:
            return self.found("damaged", "cut off")
        self.check(struct.unpack(">QQQ", body) == (self.tree.size, heads, self.rows), "damaged", "not all that was written")
        for case in self.cases.keys() - self.compared:
            self.found("row-missing", f"case {case}")
    def finish(self):
        most = max([self.ahead, *(head[0] for head in self.outside)])
        if most > self.size:
            self.found("log-shorter", f"{self.size} records are here, {most} were signed")
        elif self.ahead:
            self.differs(self.ahead, "head in the export")
        self.check(self.heads or not self.size, "head-missing", f"{self.size} records")
        for index, (by, _) in self.claims.items():
            self.found("text-missing", f"record {index}: event {by} did not erase it")
        print(f"verify.py: {self.tree.size} records, {self.rows} cases, {self.heads} heads, {self.cosignatures} cosignatures, "
              f"{self.erased} texts erased: {'TAMPERED WITH' if self.findings else 'nothing was tampered with'}")
        return 2 if self.findings else 0

def fold(s, event, every):
    """core/apply.c: `s` is a CaseState by field numbers, clocks as dictionaries."""
    if 35 in event:
        finding = fields(event[35])[0]
        s.update({to: event[of] for of, to in BORN.items() if of in event})
        s.update({to: finding[of] for of, to in BORN_FINDING.items() if of in finding})
        s[33] = s.get(33) or s[2]
    s.update({to: event[of] for of, to in SET.items() if event.get(of)})
    s[9] = (s.get(9, 0) | event.get(19, 0)) & ~event.get(20, 0)
    s[60] = min(max(s.get(60, 0) + ABSORBED.get(event.get(58), 0), 0), 65535)
    s.update({**({29: 0} if s[4] <= OPEN_LAST else {}), **({34: 0} if s[4] != MERGED else {})})
    s.update({15: 0, 19: 0, 20: 0, 5: 0} if s[4] == UNROUTED else {})
    s.update({36: event[43], 37: 0} if event.get(43) else {})
    s[35] = s.get(35, 0) + event.get(41, 0) - event.get(42, 0)
    for item in (fields(one)[0] for one in every.get(14, [])):
        s[10] = s.get(10, 0) | 1 << item[1]
        s[37] = s.get(37, 0) | (1 << item[3] - 1 if 3 in item else 0)
    s[11] = min(s.get(11, 0) + len(every.get(14, [])), 65535)
    clocks = s.setdefault(30, [])
    for clock in (fields(one)[0] for one in every.get(30, [])):
        at = next((i for i, old in enumerate(clocks) if old[1] == clock[1]), len(clocks))
        clocks[at:at + 1] = [] if clock[2] == 3 else [clock]
        s[23] = event.get(11) or s.get(23, 0)

def column_values(s):
    due = next((clock for clock in s.get(30, []) if clock[1] == CLOCK_OF_STATUS.get(s.get(4))), {})
    fires = [signed(clock[13]) for clock in s.get(30, []) if clock.get(2) == 1 and clock.get(13)]
    made = {"due": signed(due.get(12, 0)), "due_clock": due.get(1, 0), "next_fire": min(fires, default=0)}
    made.update({name: signed(s.get(of, 0)) for name, of in COLUMNS.items() if of in (27, 28, 29)})  # instants
    return [made[name] if name in made else s.get(of, 0) for name, of in COLUMNS.items()]

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--key", required=True, type=Key)
    parser.add_argument("--witness", action="append", default=[], type=Key)
    parser.add_argument("--head", action="append", default=[])
    parser.add_argument("export")
    given = parser.parse_args()
    verifier = Verifier(given.key, given.witness)
    for path in given.head:
        note = pathlib.Path(path).read_bytes()
        head = verifier.read_head(note.split(b"\n\n", 1)[1] if note.startswith(b"c2sp.org/tlog-proof@v1\n") else note, path)
        verifier.outside += [(*head, path)] if head else []
    verifier.outside.sort(key=lambda head: head[0])
    verifier.check_outside()
    verifier.sections(open(given.export, "rb"))
    sys.exit(verifier.finish())

if __name__ == "__main__": main()  # noqa: E701

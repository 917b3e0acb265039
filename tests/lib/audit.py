"""The audit that every fault test ends with: what clients were told, against what is stored.

Clients keep a history: when each operation began, when it was answered and with what, by one monotonic clock.  The log is a total
order, so the check is one walk along it: what was acknowledged or refused stands at its index, once; what was never answered stands
nowhere or once; what ended before another began stands before it; nothing is there that nobody handed in; every head that was given
out is the root of the records.  Nothing here shares code with the daemon.

look() finds, and judges nothing: controls use it too, which must find something.  publish() and write() keep the figures of `make faults`.
"""
import hashlib
import json
import os
import statistics
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SUBMIT = 1  # command.def


@dataclass
class Operation:
    """What a client wanted under one id.  `index`: where it was told to stand; None: it was never told, it may have happened or not."""
    key: bytes
    began: float
    ended: float = None
    index: int = None
    case_no: int = 0
    refused: bool = False
    code: str = ""  # of a finding: drawn once for each, whatever id it goes under


@dataclass
class Verdict:
    """What is wrong, by kind; each a list."""
    acknowledged: int = 0
    unknown: int = 0
    stored: int = 0
    lost: list = field(default_factory=list)  # answered, and not there, or elsewhere than the answer said
    doubled: list = field(default_factory=list)  # one id, or one finding under two ids, twice
    strange: list = field(default_factory=list)  # handed in by nobody
    disordered: list = field(default_factory=list)  # (earlier in the log, later): in truth it was the other way round
    gaps: list = field(default_factory=list)  # indexes of the log that are left out or taken twice
    heads: list = field(default_factory=list)  # sizes whose root was told wrongly

    KINDS = ("lost", "doubled", "strange", "disordered", "gaps", "heads")

    def clean(self):
        return not any(getattr(self, kind) for kind in self.KINDS)

    def __str__(self):
        wrong = ", ".join(f"{len(getattr(self, kind))} {kind}: {getattr(self, kind)[:3]}" for kind in self.KINDS if getattr(self, kind))
        return f"{self.acknowledged} answered, {self.unknown} never, {self.stored} stored; {wrong or 'nothing wrong'}"


class Tree:
    """RFC 6962, as it grows."""

    def __init__(self):
        self.size, self.peaks = 0, []  # roots of full subtrees, the largest first: (leaves, hash)

    def add(self, record):
        at, leaves = hashlib.sha256(b"\0" + record).digest(), 1
        while self.peaks and self.peaks[-1][0] == leaves:
            at, leaves = hashlib.sha256(b"\1" + self.peaks.pop()[1] + at).digest(), leaves * 2
        self.peaks.append((leaves, at))
        self.size += 1

    def root(self):
        at = self.peaks[-1][1] if self.peaks else hashlib.sha256(b"").digest()
        for _, left in reversed(self.peaks[:-1]):
            at = hashlib.sha256(b"\1" + left + at).digest()
        return at


def look(history, log, before=frozenset(), heads=None, codes=None):
    """A Verdict.  `history`: Operations by their ids; `log`: rows of (index, id, case, command, record) in the order of their indexes;
    `before`: ids of findings that others handed in; `heads`: {size: root} as clients were told; `codes`: {id: code} of stored findings."""
    verdict = Verdict(acknowledged=sum(one.index is not None for one in history.values()),
                      unknown=sum(one.index is None for one in history.values()))
    places, latest, tree, heads = {}, None, Tree(), dict(heads or {})
    for at, (index, key, case_no, command, record) in enumerate(log):
        if index != at:
            verdict.gaps.append(index)
        tree.add(record)
        if tree.size in heads and heads.pop(tree.size) != tree.root():
            verdict.heads.append(tree.size)
        one = history.get(key)
        if one is None:
            if command == SUBMIT and key not in before:
                verdict.strange.append(key.hex())
            continue
        again = key in places
        places.setdefault(key, []).append((index, case_no))
        if again:
            continue
        if latest is not None and one.ended is not None and one.ended < latest.began:
            verdict.disordered.append((latest.key.hex(), key.hex()))
        if latest is None or one.began > latest.began:
            latest = one
    verdict.heads += sorted(heads)  # of sizes that the log never had
    for key, one in history.items():
        seen = places.get(key, [])
        verdict.stored += bool(seen)
        if len(seen) > 1:
            verdict.doubled.append(key.hex())
        if one.index is not None and (one.index, one.case_no) not in seen:
            verdict.lost.append(key.hex())
    findings = {}
    for key, code in (codes or {}).items():
        if key in history:
            findings.setdefault(code, []).append(key.hex())
    verdict.doubled += [keys[-1] for keys in findings.values() if len(keys) > 1]
    return verdict


# ---- the figures of `make faults` ----

def cycles(short):
    """How often a fault is repeated: CYCLES, in `make faults`; a few times in `make test`."""
    return int(os.environ.get("CYCLES") or short)


def everything():
    """Whether this is `make faults`, which takes its time."""
    return os.environ.get("FAULTS") == "all"


rows = []  # of the test that runs


def publish(number, fault, tool, times, verdicts=(), recovery=(), control=""):
    """One row of the table, if nothing fails in the whole test.  `number`: of the programme (R2); `recovery`: seconds of each cycle."""
    verdicts = list(verdicts)
    rows.append({"number": number, "fault": fault, "tool": tool, "cycles": times, "checked": sum(one.acknowledged for one in verdicts),
                 "unknown": sum(one.unknown for one in verdicts), "lost": sum(len(one.lost) for one in verdicts),
                 "doubled": sum(len(one.doubled) for one in verdicts), "median": statistics.median(recovery) if recovery else None,
                 "max": max(recovery) if recovery else None, "control": control})


def write(name, fine):
    """The end of a test of the file `name`: its rows go into FAULTS_OUT if it was `fine`; how many do not because it was not."""
    mine, folder = rows[:], os.environ.get("FAULTS_OUT")
    rows.clear()
    if not fine:
        return len(mine)
    for row in mine if folder else ():
        digest = hashlib.sha256(f"{row['number']} {row['fault']}".encode()).hexdigest()[:8]
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / f"{name}-{row['number']}-{digest}.json").write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0

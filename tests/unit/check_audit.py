#!/usr/bin/python3
"""The audit of the fault tests finds what it is there to find: each anomaly, planted into a history that is in order.  What a test
that failed has published is not kept."""
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
sys.dont_write_bytecode = True
from audit import SUBMIT, Operation, Tree, look, publish, write  # noqa: E402 pylint: disable=wrong-import-position

count = 0


def key(number):
    return number.to_bytes(16, "big")


def story():
    """Ten operations, one after the other, each three seconds long and two behind the last; the tenth was never answered.  All are in
    the log, and every head was told."""
    history = {key(n): Operation(key(n), 2.0 * n, 2.0 * n + 3, n, n + 1, code=str(n)) for n in range(9)}
    history[key(9)] = Operation(key(9), 18.0, code="9")
    log = [(n, key(n), n + 1, SUBMIT, b"record %d" % n) for n in range(10)]
    tree, heads = Tree(), {}
    for _, _, _, _, record in log:
        tree.add(record)
        heads[tree.size] = tree.root()
    return history, log, heads, {key(n): str(n) for n in range(10)}


def finds(what, kind, change):
    """Whether `change` is found as `kind` and nothing else; None: nothing is."""
    history, log, heads, codes = story()
    log = change(history, log, heads, codes) or log
    verdict = look(history, log, heads=heads, codes=codes)
    wrong = [name for name in verdict.KINDS if getattr(verdict, name)]
    ok(wrong == ([kind] if kind else []), f"{what}\n# {verdict}")


def ok(fine, what):
    global count
    count += 1
    print(f"{'ok' if fine else 'not ok'} {count} - {what}")


def kept(fine):
    """How many rows of a test are left out, and how many there are on the disk."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FAULTS_OUT"] = folder
        publish("R0", "none", "nothing", 1)
        return write("check", fine), len(os.listdir(folder))


def renumber(log):
    return [(n, *row[1:]) for n, row in enumerate(log)]


def swap(log, a, b):
    """The two change places, and their records with them."""
    log = list(log)
    log[a], log[b] = log[b], log[a]
    return renumber(log)


def told_so(history, log, heads):
    """Whatever the log says was what clients were told."""
    for index, one, case_no, _, _ in log:
        if history[one].index is not None:
            history[one].index, history[one].case_no = index, case_no
    heads.clear()


def disorder(a, b):
    def change(history, log, heads, _codes):
        log = swap(log, a, b)
        told_so(history, log, heads)
        return log
    return change


def lose(history, log, heads, _codes):
    """The last one that was answered goes, with all behind it: a log that was rolled back."""
    heads.pop(9), heads.pop(10)
    return log[:8]


def twice(history, log, heads, _codes):
    return log + [(10, *log[3][1:4], b"again")]


finds("a history in order: nothing", None, lambda *_: None)
finds("the unanswered one is not there: nothing", None, lambda h, log, heads, c: heads.pop(10) and log[:9])
finds("one that was answered is lost", "lost", lose)
finds("one was told another place", "lost", lambda h, *_: setattr(h[key(4)], "index", 5))
finds("one was told another case", "lost", lambda h, *_: setattr(h[key(4)], "case_no", 4))
finds("one is there twice", "doubled", twice)
finds("the unanswered one is there twice", "doubled", lambda h, log, heads, c: log + [(10, *log[9][1:4], b"again")])
finds("one finding under two ids", "doubled", lambda h, log, heads, c: c.__setitem__(key(9), "8"))
finds("something that nobody handed in", "strange", lambda h, log, heads, c: log + [(10, key(77), 11, SUBMIT, b"x")])
finds("two that overlapped, in the other order: nothing", None, disorder(4, 5))
finds("two that did not, in the other order", "disordered", disorder(4, 6))
finds("the unanswered one first of all", "disordered", disorder(0, 9))
finds("a number of the log is left out", "gaps", lambda h, log, heads, c: log + [(11, key(77), 0, 0, b"rung")])
finds("a record was changed after its head was told", "heads", lambda h, log, heads, c: [(*row[:4], b"x") if row[0] == 9 else row for row in log])
finds("a head of a size that never was", "heads", lambda h, log, heads, c: heads.__setitem__(11, bytes(32)))
ok(kept(True) == (0, 1), "the row of a test that went well is kept")
ok(kept(False) == (1, 0), "the row of a test that failed is not")
ok(kept(True) == (0, 1), "and nothing of it goes into the next one's")
print(f"1..{count}")

"""A network that can be cut, lossy or slow: a namespace of the test's own behind a pair of virtual cables.  Needs root."""
import atexit
import os
import subprocess

from harness import need

made = []


def run(*words, check=True):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if check:
        need(done.returncode == 0, f"{' '.join(words)}: {done.stderr}")
    return done.returncode == 0


class Net:
    """`inside` is the address of whatever is started with the words `net.enter` before it; `outside` that of everybody else."""

    def __init__(self):
        number = os.getpid() % 8192 * 2 + len(made) % 2  # a subnet of four addresses for each
        self.name, self.here, self.there = f"rf-{os.getpid()}-{len(made)}", f"rfh{number}", f"rft{number}"
        base = f"10.{200 + number // 4096}.{number // 64 % 64}"
        self.outside, self.inside = f"{base}.{number % 64 * 4 + 1}", f"{base}.{number % 64 * 4 + 2}"
        self.enter = ["nsenter", f"--net=/run/netns/{self.name}"]
        made.append(self)
        run("ip", "netns", "add", self.name)
        run("ip", "link", "add", self.here, "type", "veth", "peer", "name", self.there)
        run("ip", "link", "set", self.there, "netns", self.name)
        run("ip", "addr", "add", f"{self.outside}/30", "dev", self.here)
        run("ip", "link", "set", self.here, "up")
        run(*self.enter, "ip", "addr", "add", f"{self.inside}/30", "dev", self.there)
        run(*self.enter, "ip", "link", "set", self.there, "up")
        run(*self.enter, "ip", "link", "set", "lo", "up")

    def rules(self, *drops):
        """Both ends' filters: each of `drops` is what to match before a packet that comes in is dropped, after `in ` or `out ` for
        the side that drops it."""
        self.heal()
        for side, words in (("in", self.enter), ("out", [])):
            mine = [drop.split(" ", 1)[1] for drop in drops if drop.startswith(side + " ")]
            if not mine:
                continue
            run(*words, "nft", "add", "table", "inet", self.name)
            run(*words, "nft", f"add chain inet {self.name} c {{ type filter hook input priority 0; }}")
            for match in mine:
                device = self.there if side == "in" else self.here
                run(*words, "nft", f"add rule inet {self.name} c iifname {device} {match} counter drop")

    def heal(self):
        run(*self.enter, "nft", "delete", "table", "inet", self.name, check=False)
        run("nft", "delete", "table", "inet", self.name, check=False)

    def cut(self):
        """Nothing comes through, and nobody is told."""
        self.rules("in ip saddr 0.0.0.0/0", "out ip saddr 0.0.0.0/0")

    def cut_back(self):
        """What is said goes in; no answer comes out."""
        self.rules("out ip saddr 0.0.0.0/0")

    def lose(self, percent):
        self.rules(*(f"{side} numgen random mod 100 < {percent}" for side in ("in", "out")))

    def slow(self, rate):
        """So many bits a second, each way ("512kbit")."""
        for words, device in ((self.enter, self.there), ([], self.here)):
            run(*words, "tc", "qdisc", "replace", "dev", device, "root", "tbf", "rate", rate, "burst", "16kb", "latency", "500ms")

    def dropped(self):
        """Packets that were dropped so far."""
        total = 0
        for words in (self.enter, []):
            done = subprocess.run([*words, "nft", "list", "table", "inet", self.name], capture_output=True, text=True, check=False)
            total += sum(int(line.split("packets ")[1].split()[0]) for line in done.stdout.splitlines() if "packets " in line)
        return total

    def end(self):
        self.heal()
        run("ip", "link", "del", self.here, check=False)
        run("ip", "netns", "del", self.name, check=False)


def possible():
    """Why there can be no such network here; "" when there can."""
    if os.geteuid() != 0:
        return "a network of its own needs root"
    try:
        net = Net()
        net.lose(1)
        net.slow("1mbit")
    except Exception as error:  # pylint: disable=broad-except
        return f"no network of its own can be made here: {error}"
    finally:
        end_all()
    return ""


def end_all():
    for net in made:
        net.end()
    made.clear()


atexit.register(end_all)

"""A rectify-courier with files of its own, for the flow tests; whatever was started is ended with the test."""
import atexit
import re
import signal
import subprocess

from harness import BUILD, PATIENCE, place

ALL_AT_ONCE = "urgent: {at_once: [task, reminder, urge, supervision_order, interview, circular, proposal, receipt, undelivered], gather_from: 0}"
RUNNING = []


class Courier:
    """A rectify-courier with files of its own."""

    def __init__(self, daemon, channels, contacts, more=ALL_AT_ONCE, times="{quiet: none, digest: none}",
                 retry="{first: 60, max: 600}"):
        self.folder = place()
        self.log_file = self.folder / "courier.log"
        self.process, self.daemon = None, daemon
        self.before = []  # words that go before its command line
        self.write("contacts.yaml", contacts)
        self.write("courier.yaml", f"""endpoint: {daemon.endpoint}
officer: post
host: rectify.example.cn
contacts: {self.folder}/contacts.yaml
poll: 1
lease: 60
retry: {retry}
times: {times}
{more}
channels:
{channels.replace("DIR", str(self.folder))}
""")

    def write(self, name, text, mode=0o600):
        path = self.folder / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def command(self, *words):
        return subprocess.run([BUILD / "rectify-courier", *map(str, words)], capture_output=True, text=True, timeout=PATIENCE, check=False)

    def start(self):
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen([*self.before, BUILD / "rectify-courier", "run", self.folder / "courier.yaml"], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        RUNNING.append(self)
        return self

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def saw(self, pattern):
        return re.search(pattern, self.log())

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


def contacts(*rows):
    return "contacts:\n" + "".join(f"  - {row}\n" for row in rows) if rows else "contacts: []\n"


@atexit.register
def end_all():
    for courier in RUNNING:
        if courier.process.poll() is None:
            courier.kill()

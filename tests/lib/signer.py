"""A rectify-sign of a test's own, with a new key."""
import atexit
import os
import pwd
import subprocess

from harness import BUILD, PATIENCE, need, place, until

LOG = "rectify.flow.example/log"
USER = pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())  # whom the daemon becomes
AS_USER = {"user": USER.pw_uid, "group": USER.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}


class Signer:
    """A rectify-sign of the daemon's user."""

    def __init__(self, top=None):
        self.top = top or place()
        self.folder = self.top / "signer"
        self.folder.mkdir(mode=0o700)
        os.chown(self.folder, USER.pw_uid, USER.pw_gid)
        self.socket, self.key, self.state = self.folder / "socket", self.folder / "key", self.folder / "state"
        self.process = None
        self.public = self.call("new", "--name", LOG, "--key", self.key, "--state", self.state).stdout.decode().strip()

    def call(self, *words):
        return subprocess.run([BUILD / "rectify-sign", *words], capture_output=True, timeout=PATIENCE, check=False, cwd="/", **AS_USER)

    def start(self):
        self.socket.unlink(missing_ok=True)
        self.process = subprocess.Popen([BUILD / "rectify-sign", "run", "--key", self.key, "--state", self.state, "--socket",
                                         self.socket], cwd="/", stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **AS_USER)
        atexit.register(self.process.kill)
        need(until(self.socket.exists), "the signer does not listen")

    def stop(self):
        self.process.kill()
        self.process.wait(PATIENCE)

    def size(self):
        """Of the last head signed."""
        return int(self.call("head", "--key", self.key, "--state", self.state).stdout.split(b"\n")[1])

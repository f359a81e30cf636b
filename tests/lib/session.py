#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a command in a private desktop session that leaves nothing behind.

The command gets a home directory, a D-Bus session bus, settings and (unless --bare) an unlocked keyring of its own. The
service org.lids.Progression of the build tree is started by the bus on demand. With --sim a Twenty look-alike runs too,
TWENTY_URL, TWENTY_TOKEN and TWENTY_MEMBER tell about it, and the member is signed in.

The exit code is the command's. This process adopts every orphan below it, so that all of them can be ended by their id.
"""
import argparse
import ctypes
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
NAME = "org.lids.Progression"
SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
DROPPED = ("DBUS_", "XDG_", "GNOME_KEYRING_", "SSH_AUTH_SOCK", "DISPLAY", "WAYLAND_DISPLAY", "BACKEND_HOST", "GSETTINGS_",
           "LANGUAGE", "LIDS_PROGRESSION_")
BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <servicedir>{services}</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
  <!-- As on a desktop, /usr/share/dbus-1/session.conf: a bus that trusts its user. -->
  <limit name="max_incoming_bytes">1000000000</limit>
  <limit name="max_incoming_unix_fds">250000000</limit>
  <limit name="max_outgoing_bytes">1000000000</limit>
  <limit name="max_outgoing_unix_fds">250000000</limit>
  <limit name="max_message_size">1000000000</limit>
  <limit name="max_connections_per_user">100000</limit>
  <limit name="max_names_per_connection">50000</limit>
  <limit name="max_match_rules_per_connection">50000</limit>
  <limit name="max_replies_per_connection">50000</limit>
</busconfig>
"""
libc = ctypes.CDLL(None, use_errno=True)


class SessionError(Exception):
    """The session could not be set up; the text is for the user."""


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def listens(path):
    """Whether somebody takes connections there: the file alone is there a moment earlier."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def descendants():
    """Ids of all living processes below this one."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            parents[int(entry.name)] = int(parent)
    found, level = [], {os.getpid()}
    while level:
        level = {pid for pid, parent in parents.items() if parent in level}
        found += level
    return found


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def end(choose, grace):
    """Asks the chosen descendants to end and waits up to `grace` seconds for them; 0 kills."""
    sig = signal.SIGTERM if grace else signal.SIGKILL
    asked, deadline = set(), time.monotonic() + (grace or 5)
    while time.monotonic() < deadline:
        left = [pid for pid in descendants() if choose(pid)]
        if not left:
            return
        for pid in set(left) - asked:
            for number in (sig, signal.SIGCONT):
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
        asked.update(left)
        reap()
        time.sleep(0.01)


class Session:
    def __init__(self, options):
        self.options = options
        self.build = options.build.resolve()
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="progression-session-"))
        self.services = self.root / "services"
        self.logs = self.root / "logs"
        self.late = set()  # what the others still need while they end
        for name in ("home", "config", "data", "cache", "state", "services", "logs", "bin"):
            (self.root / name).mkdir()
        (self.root / "run").mkdir(mode=0o700)
        self.env = self.environment()

    def environment(self):
        env = {key: value for key, value in os.environ.items() if not key.startswith(DROPPED)}
        env.update(
            HOME=str(self.root / "home"), TMPDIR=os.environ.get("TMPDIR", "/tmp"), LANG="C.UTF-8",
            XDG_RUNTIME_DIR=str(self.root / "run"), XDG_DATA_DIRS="/usr/local/share:/usr/share",
            PATH=f"{self.root / 'bin'}:{SYSTEM_PATH}", GSETTINGS_BACKEND="keyfile",
            GSETTINGS_SCHEMA_DIR=str(self.build / "schemas"), GIO_USE_VFS="local", NO_AT_BRIDGE="1",
            DBUS_SESSION_BUS_ADDRESS=f"unix:path={self.root / 'run' / 'bus'}")
        for name in ("config", "data", "cache", "state"):
            env[f"XDG_{name.upper()}_HOME"] = str(self.root / name)
        for name in ("NO_PROXY", "no_proxy"):
            env[name] = "127.0.0.1,localhost,::1"
        if not self.options.bare:
            # The look-alike is on the loopback: the machine's own network shall not matter.
            env["GIO_USE_NETWORK_MONITOR"] = "base"
            env["LIDS_PROGRESSION_LOCALEDIR"] = str(self.build / "po")
            env["LIDS_PROGRESSION_PLUGIN"] = str(self.build / "plugin" / "hooks" / "lids-progression.so")
        return env

    def start(self, name, *command, stdin=subprocess.DEVNULL):
        """A helper process with its output in a file, ended with the session whatever happens."""
        with open(self.logs / name, "wb") as log:
            child = subprocess.Popen(command, env=self.env, stdin=stdin, stdout=log, stderr=subprocess.STDOUT,
                                     cwd=self.root / "home", preexec_fn=die_with_parent)
        self.late.add(child.pid)
        return child

    def wait_for(self, child, name, ready, what):
        deadline = time.monotonic() + 20
        while not ready():
            if child.poll() is not None or time.monotonic() > deadline:
                raise SessionError(f"{what} did not start:\n{(self.logs / name).read_text(errors='replace')}")
            time.sleep(0.005)

    def start_bus(self):
        self.install_services()
        path = self.root / "run" / "bus"
        config = self.root / "bus.conf"
        config.write_text(BUS_CONFIG.format(socket=path, services=self.services))
        child = self.start("bus", "dbus-daemon", "--nofork", "--nopidfile", f"--config-file={config}")
        self.wait_for(child, "bus", lambda: listens(path), "the bus")

    def install_services(self):
        for name in self.options.activatable:
            shutil.copy(f"/usr/share/dbus-1/services/{name}.service", self.services)
        if self.options.bare:
            return
        for built in self.programs("clients"):
            (self.root / "bin" / built.name).symlink_to(built)
        for daemon in self.programs("plugin/daemon"):
            (self.services / f"{NAME}.service").write_text(f"[D-BUS Service]\nName={NAME}\nExec={daemon}\n")

    def programs(self, folder):
        """The executables that the build tree holds in one folder."""
        return [path for path in (self.build / folder).glob("*") if path.is_file() and os.access(path, os.X_OK)]

    def start_keyring(self):
        child = self.start("keyring", "gnome-keyring-daemon", "--unlock", "--components=secrets", "--foreground",
                           stdin=subprocess.PIPE)
        child.stdin.write(secrets.token_hex(16).encode())
        child.stdin.close()
        wait = ["gdbus", "wait", "--session", "--timeout", "20", "org.freedesktop.secrets"]
        if subprocess.run(wait, env=self.env, stdin=subprocess.DEVNULL).returncode:
            raise SessionError("the keyring did not start:\n" + (self.logs / "keyring").read_text(errors="replace"))

    def start_sim(self):
        found = {}

        def ready():
            lines = (self.logs / "sim").read_text(errors="replace").splitlines()
            found.update(line.split("=", 1) for line in lines if line.startswith("TWENTY_") and "=" in line)
            return {"TWENTY_URL", "TWENTY_TOKEN"} <= found.keys()

        child = self.start("sim", str(self.build / "tests" / "sim" / "twenty-sim"), "--provisioned")
        self.wait_for(child, "sim", ready, "the Twenty look-alike")
        self.env.update(found, TWENTY_PID=str(child.pid), TWENTY_MEMBER=self.new_member(found["TWENTY_URL"]))

    @staticmethod
    def new_member(url):
        member = str(uuid.uuid4())
        body = json.dumps({"id": member, "name": "Sam Sample", "email": f"{member}@example.test"}).encode()
        request = urllib.request.Request(url + "/_sim/members", data=body, method="POST",
                                         headers={"Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        opener.open(request, timeout=10).close()
        return member

    def sign_in(self):
        command = ["progression", "sign-in", "--server", self.env["TWENTY_URL"], "--member", self.env["TWENTY_MEMBER"]]
        done = subprocess.run(command, env=self.env, input=self.env["TWENTY_TOKEN"].encode(), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False, timeout=60)
        if done.returncode:
            raise SessionError("signing in failed:\n" + done.stdout.decode(errors="replace") + self.tail())

    def run(self):
        self.start_bus()
        if not self.options.bare:
            self.start_keyring()
        if self.options.sim:
            self.start_sim()
            self.sign_in()
        try:
            child = subprocess.Popen(self.options.command, env=self.env, preexec_fn=die_with_parent)
        except OSError as error:
            raise SessionError(f"{self.options.command[0]}: {error.strerror}") from error
        code = child.wait()
        code = code if code >= 0 else 128 - code
        if code and not self.options.bare:
            sys.stderr.write(self.tail())
        return code

    def tail(self):
        """What the bus and the services that it started said last."""
        lines = (self.logs / "bus").read_text(errors="replace").splitlines()
        return "".join(f"  service: {line}\n" for line in lines[-40:] if "Failed to set fd limit" not in line)

    def sanitized(self):
        """Whether the sanitizers complained in a process whose exit code nobody sees; shows what they said."""
        found = False
        for log in sorted(self.logs.iterdir()):
            text = log.read_text(errors="replace")
            if re.search(r"(Address|Leak|UndefinedBehavior)Sanitizer|: runtime error: ", text):
                sys.stderr.write(f"session: a report of the sanitizers in {log.name}:\n{text[-20000:]}\n")
                found = True
        return found

    def close(self):
        """Ends everything. Returns False when a process of the session turned out to be broken."""
        # The services flush to the server and speak to the keyring while they end.
        end(lambda pid: pid not in self.late, 8)
        end(lambda pid: True, 2)
        end(lambda pid: True, 0)
        reap()
        fine = not self.sanitized()
        shutil.rmtree(self.root, ignore_errors=True)
        return fine


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"), help="the build directory")
    parser.add_argument("--bare", action="store_true", help="only a home and a bus: no keyring, no service")
    parser.add_argument("--activatable", action="append", default=[], metavar="NAME",
                        help="a service of the system that this bus may start")
    parser.add_argument("--sim", action="store_true", help="with a Twenty look-alike, signed in")
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


def on_signal(number, _frame):
    raise SystemExit(128 + number)


def main():
    options = parse()
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    os.environ["PATH"] = SYSTEM_PATH
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, on_signal)
    session = Session(options)
    code = 125
    try:
        code = session.run()
    except (SessionError, OSError, subprocess.SubprocessError) as error:
        print(f"session: {error}", file=sys.stderr)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        fine = session.close()
    return code if fine else code or 1


if __name__ == "__main__":
    sys.exit(main())

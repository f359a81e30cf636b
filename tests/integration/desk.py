# SPDX-License-Identifier: LGPL-2.1-or-later
"""A rep's desktop session: home, bus, keyring, settings and the real service."""
import contextlib
import datetime
import os
import pathlib
import select
import shutil
import signal
import subprocess
import time
import types

from gi.repository import GLib

from bus import Client, Refused, options
from facts import ACCOUNT, BUILD, CLI, DAEMON, NAME, ON_SERVER, PATIENCE, SLOW, SYNC, equal, wait_for, wait_gone
import session as sessions

SESSIONS = []  # those that are not closed yet


def noon_zone():
    """A zone in which it is around noon now: a test never meets midnight, and no call is an early bird's."""
    offset = 12 - datetime.datetime.now(datetime.timezone.utc).hour
    return f"Etc/GMT{-offset:+d}" if offset else "Etc/GMT"


class Session(sessions.Session):
    """One desktop session: home, bus, unlocked keyring, settings, and the service that the bus starts."""

    def __init__(self, settings=None, wrapper=(), extra=None, keyring=True):
        super().__init__(types.SimpleNamespace(build=BUILD, bare=False, activatable=[], sim=False, command=[]))
        self.env["TZ"] = noon_zone()
        # Whole stacks of what leaks: by them a library's own leak is told. Slow, so for the sessions' programs only.
        if "ASAN_OPTIONS" in self.env:
            self.env["ASAN_OPTIONS"] += ":fast_unwind_on_malloc=0:malloc_context_size=12"
        self.env.update(extra or {})
        self.wrapper = list(wrapper)  # a command, by its full path, that starts the service
        self.daemons = []             # services started by start_daemon()
        self.client = None
        self.member = None
        self.server = None
        self.closed = False
        self.set_settings(**{"push_delay": 60000, **(settings or {})})
        SESSIONS.append(self)
        try:
            self.start_bus()
            if keyring:
                self.start_keyring()
            self.client = Client(self.env["DBUS_SESSION_BUS_ADDRESS"])
        except BaseException:
            self.abandon()
            raise

    def install_services(self):
        super().install_services()
        command = " ".join([*self.wrapper, str(DAEMON)])
        (self.services / f"{NAME}.service").write_text(f"[D-BUS Service]\nName={NAME}\nExec={command}\n", encoding="utf-8")

    @property
    def store(self):
        """The folder of the service's databases."""
        return self.root / "data" / "lids-progression"

    def databases(self):
        return sorted(self.root.joinpath("data").rglob("*.db"))

    def set_settings(self, **values):
        """Writes the settings. A running service hears of them."""
        text = {}
        for key, value in values.items():
            text[key.replace("_", "-")] = GLib.Variant("b" if isinstance(value, bool) else "u" if isinstance(value, int) else "s",
                                                       value).print_(True)
        self.settings = {**getattr(self, "settings", {}), **text}
        folder = self.root / "config" / "glib-2.0" / "settings"
        folder.mkdir(parents=True, exist_ok=True)
        new = folder / "new"
        new.write_text("[org/lids/Progression]\n" + "".join(f"{key}={value}\n" for key, value in self.settings.items()),
                       encoding="utf-8")
        new.rename(folder / "keyfile")

    # the service's process
    def start_daemon(self, *prefix, name="daemon"):
        """Starts the service as a child, not through the bus, and waits until it owns its name."""
        child = self.start(name, *prefix, str(DAEMON))
        self.daemons.append(child)
        wait_for(lambda: self.client.pid() or child.poll() is not None, 20, "the service's name")
        assert child.poll() is None, "the service ended:\n" + (self.logs / name).read_text(errors="replace")
        return child

    def kill(self):
        """SIGKILL to the service. Returns when it is gone from the bus."""
        pid = self.client.pid()
        if not pid:
            return
        os.kill(pid, signal.SIGKILL)
        wait_gone(pid, 10, "the killed service")
        self.await_no_owner()

    def stop(self, timeout=25):
        """SIGTERM to the service, which must end by itself."""
        pid = self.client.pid()
        if not pid:
            return
        os.kill(pid, signal.SIGTERM)
        wait_gone(pid, timeout, "the service")
        self.await_no_owner()

    def await_no_owner(self):
        wait_for(lambda: not self.client.pid(), 10, "the end of the name")
        for child in self.daemons:
            child.poll()

    # the account
    @contextlib.contextmanager
    def secret(self, text):
        """A file descriptor from which a token can be read."""
        reader, writer = os.pipe()
        os.write(writer, text.encode() + b"\n")
        os.close(writer)
        try:
            yield reader
        finally:
            os.close(reader)

    @staticmethod
    def patiently(call):
        """Carries out a call. Where the server counts requests and is not ours, tests wait until it takes more of them."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return call()
            except Refused as error:
                if error.name != "RateLimited" or not ON_SERVER or time.monotonic() > deadline:
                    raise
            select.select([], [], [], 15)  # a request comes back every 600 ms, but only while nobody asks

    def sign_in(self, server, member=None, token=None, provision=True, sync=True):
        """Signs the member in (a new one, if none is given), provisions the server, once for each server, and reads the record, so
        that awards are derived at once."""
        self.server = server
        self.member = member or server.new_member()
        self.patiently(lambda: self.give_token(token or server.token))
        if provision and not server.provisioned:
            self.patiently(self.provision)
            server.provisioned = True
        if sync:
            self.sync_until_well()
        return self.member

    def give_token(self, token):
        with self.secret(token) as fd:
            self.client.call(ACCOUNT, "SignIn", self.server.url, self.member, 0, fd=fd)

    def provision(self, token=None, dry_run=False):
        """ProvisionServer, again while it is still running."""
        for _attempt in range(10):
            try:
                if token is None:
                    return self.client.call(ACCOUNT, "ProvisionServer", options({"dry_run": dry_run}))[0]
                with self.secret(token) as fd:
                    values = {"dry-run": GLib.Variant("b", dry_run), "token": GLib.Variant("h", 0)}
                    return self.client.call(ACCOUNT, "ProvisionServer", values, fd=fd)[0]
            except Refused as error:
                if error.name != "StillRunning":
                    raise
        raise AssertionError("provisioning does not end")

    def cli(self, *arguments, stdin=b"", code=0):
        """The command line; its standard output as text. `code`: what it must exit with."""
        done = subprocess.run([str(CLI), *arguments], env=self.env, input=stdin, capture_output=True, check=False, timeout=60 * SLOW)
        equal(done.returncode, code, f"exit code of {' '.join(arguments)}: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode()

    # earning; each returns (id, earned, total, level, leveled_up)
    def call(self, disposition="CONTACT", duration=150, lead="lead-1", **more):
        return self.client.call(NAME, "RecordCall", disposition, duration, lead, options(more))

    def add(self, event_type, **more):
        return self.client.call(NAME, "AddXP", event_type, options(more))

    def deal(self, deal, **more):
        return self.client.call(NAME, "CloseDeal", deal, options(more))

    def module(self, module, score=1.0):
        return self.client.call(NAME, "CompleteModule", module, score)

    # looking
    def get(self, name):
        return self.client.get(NAME, name)

    def total(self):
        return self.get("TotalXp")

    def sync_state(self):
        return self.client.get(SYNC, "State")

    def reason(self):
        return self.client.get(SYNC, "Reason")

    def pending(self):
        return self.client.get(SYNC, "PendingOperations")

    def operations(self, state=None):
        found, offset = [], 0
        while True:
            values = {"limit": 1000, "offset": offset, **({"state": state} if state else {})}
            page = self.client.call(SYNC, "ListOperations", options(values))[0]
            found += page
            offset += len(page)
            if len(page) < 1000:
                return found

    def audit(self, **values):
        """What the service noted for people to read, newest first."""
        return self.client.call(SYNC, "ListAudit", options(values))[0]

    def events(self, **values):
        """All events that fit, newest first."""
        found, offset = [], 0
        while True:
            page = self.client.call(NAME, "ListEvents", options({**values, "limit": 1000, "offset": offset}))[0]
            found += page
            offset += len(page)
            if len(page) < 1000:
                return found

    # syncing
    def sync(self):
        """SyncNow to its end, however long it runs. Raises Refused."""
        self.patiently(self.sync_once)

    def sync_once(self):
        while True:
            mark = self.client.mark()
            try:
                self.client.call(SYNC, "SyncNow", timeout=40)
                return
            except Refused as error:
                if error.name != "StillRunning":
                    raise
            wait_for(lambda: self.client.seen("SyncFinished", mark) or self.sync_state() != "syncing", what="the end of the sync")

    def try_sync(self):
        """SyncNow; the name of its error, or None."""
        try:
            self.sync()
            return None
        except Refused as error:
            return error.name

    def sync_until_well(self, attempts=20):
        """SyncNow again and again: what failed once may work now. Returns the names of the errors on the way."""
        errors = []
        for _attempt in range(attempts):
            error = self.try_sync()
            if error is None:
                return errors
            errors.append(error)
        raise AssertionError(f"no sync went well: {errors}, {self.client.get(SYNC, 'LastError')}")

    # ending
    def close(self):
        """Ends everything. Fails if the service does not end by itself, left a process behind, or was broken."""
        if self.closed:
            return
        try:
            self.stop()
            for child in self.daemons:
                child.wait(timeout=10)
            self.check_alone()
            broken = self.sanitized()
        finally:
            self.abandon()
        assert not broken, "the sanitizers complained"

    def check_alone(self):
        """Nothing lives in this session but its bus and its keyring."""
        alive = [pid for pid in self.processes() if pid not in self.late]
        names = [pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace") for pid in alive]
        assert not alive, f"left behind: {names}"

    def processes(self):
        """The descendants of this program that belong to this session: below its bus, or with its bus's address."""
        mine = f"DBUS_SESSION_BUS_ADDRESS={self.env['DBUS_SESSION_BUS_ADDRESS']}".encode()
        found = set(self.late)
        below = sessions.descendants()  # parents come before their children
        for pid in below:
            with contextlib.suppress(OSError):
                parent = int(pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
                variables = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
                # The bus gives what it starts its own address, with its id behind a comma.
                if parent in found or any(one == mine or one.startswith(mine + b",") for one in variables):
                    found.add(pid)
        return found.intersection(below)

    def abandon(self):
        """Kills what is left of this session, by its ids."""
        if self.closed:
            return
        self.closed = True
        if self.client:
            self.client.close()
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            wait_gone(pid, 10, "a killed process")
        shutil.rmtree(self.root, ignore_errors=True)
        SESSIONS.remove(self)

    def report(self):
        """What the children said, for a test that failed."""
        for log in sorted(self.logs.iterdir()):
            lines = [line for line in log.read_text(errors="replace").splitlines() if "Failed to set fd limit" not in line]
            if lines:
                yield f"{log.name}:"
                yield from (f"  {line}" for line in lines[-40:])

# SPDX-License-Identifier: LGPL-2.1-or-later
"""A rep's desktop session in which the service is a Flatpak: bus, keyring, portals, and the installation made by `./dev flatpak`."""
import configparser
import contextlib
import os
import pathlib
import shutil
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))
from probe import *  # noqa: E402,F403
from desk import Session  # noqa: E402
from keyrings import start_keyring  # noqa: E402
from servers import CHILDREN  # noqa: E402

ROOT = pathlib.Path(os.environ["PRG_FLATPAK"]).resolve()  # what flatpak/local-runtime and flatpak/build made
APP = NAME
DAEMON_IN_SANDBOX = "/app/libexec/progressiond"
PORTAL = "org.freedesktop.portal.Desktop"
# Of the variables that a test session sets, these would reach into the sandbox and hide what it does by itself.
NOT_INSIDE = ("GSETTINGS_BACKEND", "GSETTINGS_SCHEMA_DIR", "GIO_USE_NETWORK_MONITOR", "LIDS_PROGRESSION_PLUGIN", "GIO_USE_VFS")


class FlatpakSession(Session):
    def __init__(self, portals=True, keyring=True):
        self.portal = None
        super().__init__(keyring=False)
        try:
            if keyring:
                start_keyring(self)
            if portals:
                self.start_portals()
        except BaseException:
            self.abandon()
            raise

    def environment(self):
        env = super().environment()
        for name in NOT_INSIDE:
            env.pop(name, None)
        exports = ROOT / "user" / "exports" / "share"
        env.update(FLATPAK_USER_DIR=str(ROOT / "user"), FLATPAK_SYSTEM_DIR=str(ROOT / "system"),
                   XDG_DATA_DIRS=f"{exports}:/usr/local/share:/usr/share", XDG_CURRENT_DESKTOP="GNOME",
                   XDG_DESKTOP_PORTAL_DIR=str(self.root / "portals"))
        return env

    def install_services(self):
        """The bus knows what Flatpak exports, and nothing of the build tree."""
        shutil.copy(ROOT / "user/exports/share/dbus-1/services" / f"{NAME}.service", self.services)
        shutil.copy("/usr/share/dbus-1/services/org.freedesktop.impl.portal.PermissionStore.service", self.services)

    def start_portals(self):
        """The Secret portal is carried out by the keyring, the network monitor's by a base monitor: the look-alike is on the loopback."""
        (self.root / "portals").mkdir(exist_ok=True)
        shutil.copy("/usr/share/xdg-desktop-portal/portals/gnome-keyring.portal", self.root / "portals")
        before, self.env = self.env, {**self.env, "GIO_USE_NETWORK_MONITOR": "base"}
        self.portal = self.start("portal", "/usr/libexec/xdg-desktop-portal")
        self.env = before
        wait_for(lambda: owner(self.client, PORTAL), 20, "the portals")
        store = owner(self.client, "org.freedesktop.impl.portal.PermissionStore")
        if store:  # the portals let the bus start it
            self.late.add(bus_call(self.client, "GetConnectionUnixProcessID", "(s)", store)[0])

    def processes(self):
        """There is one session at a time: what is in a sandbox shows neither this bus's address nor its parent."""
        servers = {child.pid for child in CHILDREN}
        return {pid for pid in sessions.descendants() if pid not in servers}

    # the sandbox
    @property
    def home(self):
        """The app's folders as the host sees them."""
        return self.root / "home" / ".var" / "app" / APP

    @property
    def store(self):
        return self.home / "data" / "lids-progression"

    def databases(self):
        return sorted(self.store.glob("*.db"))

    def daemon(self):
        """The service's process, 0 = none. The bus knows only the proxy in front of the sandbox."""
        for pid in sessions.descendants():
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{pid}/exe") == DAEMON_IN_SANDBOX:
                    return pid
        return 0

    def signal_daemon(self, number, timeout):
        pid = self.daemon()
        if not pid:
            return
        os.kill(pid, number)
        wait_gone(pid, timeout, "the service")
        self.await_no_owner()
        wait_for(lambda: not self.inside(), 10, "the end of the sandbox")

    def kill(self):
        self.signal_daemon(signal.SIGKILL, 10)

    def stop(self, timeout=25):
        self.signal_daemon(signal.SIGTERM, timeout)

    def inside(self):
        """The processes of sandboxes, and those that keep them."""
        found = []
        for pid in self.processes() - self.late:
            with contextlib.suppress(OSError):
                if pathlib.Path(os.readlink(f"/proc/{pid}/exe")).name in ("bwrap", "flatpak", "xdg-dbus-proxy", "progressiond"):
                    found.append(pid)
        return found

    def info(self):
        """What Flatpak tells the running service of itself."""
        parser = configparser.ConfigParser(strict=False, interpolation=None)
        parser.optionxform = str
        parser.read_string(pathlib.Path(f"/proc/{self.daemon()}/root/.flatpak-info").read_text(encoding="utf-8"))
        return parser

    def flatpak(self, *arguments, stdin=b"", code=0):
        found, output, complaint = run(["flatpak", *arguments], self.env, stdin)
        equal(found, code, f"flatpak {' '.join(arguments)}: {complaint}")
        return output

    def update(self):
        """Installs a build that differs in a date of its description. Returns its commit."""
        built = ROOT / "app"
        described = built / "files/share/metainfo" / f"{APP}.metainfo.xml"
        if not described.exists():
            described = built / "files/share/appdata" / f"{APP}.appdata.xml"
        described.write_text(described.read_text(encoding="utf-8") + f"<!-- built again {time.time_ns()} -->\n", encoding="utf-8")
        self.flatpak("build-export", str(ROOT / "repo"), str(built))
        self.flatpak("update", "--user", "-y", "--noninteractive", APP)
        return self.flatpak("info", "--user", "--show-commit", APP).strip()

    def cli(self, *arguments, stdin=b"", code=0):
        return self.flatpak("run", APP, *arguments, stdin=stdin, code=code)

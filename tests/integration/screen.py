# SPDX-License-Identifier: LGPL-2.1-or-later
"""A screen without a monitor, a person's hands on it, and a screen reader that tells what it shows.

What is shown is read as a screen reader reads it: over AT-SPI, from the program that shows it, with its visible state. The reader hears of
changes, so that wait_for() of facts.py is asked again when something is shown anew."""
import contextlib
import os
import shutil
import signal
import subprocess

from gi.repository import Gio, GLib

from facts import SLOW, wait_for, wait_gone
from servers import CHILDREN

REGISTRY = "org.a11y.atspi.Registry"
ROOT = "/org/a11y/atspi/accessible/root"
ACCESSIBLE = "org.a11y.atspi.Accessible"
FOCUSED, SENSITIVE, SHOWING = 12, 24, 25  # AtspiStateType
SCREEN_COORDINATES = 0
KEY_SYMBOL = 3  # AtspiKeySynthType
ACTIVATED = ("org.a11y.Bus", "org.xfce.Xfconf")
EVENTS = ("object:bounds-changed", "object:property-change", "object:state-changed", "object:children-changed", "object:text-changed", "window:create")


class Screen:
    """An X server in the memory, with the accessibility bus and the settings' daemon of a session."""

    def __init__(self, session, width=800, height=600):
        self.session = session
        for name in ACTIVATED:
            shutil.copy(f"/usr/share/dbus-1/services/{name}.service", session.services)
        self.bus("ReloadConfig")
        with open(session.logs / "xvfb", "wb") as log:
            self.server = subprocess.Popen(["Xvfb", "-displayfd", "1", "-nolisten", "tcp", "-noreset", "-screen", "0", f"{width}x{height}x24"],
                                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        CHILDREN.add(self.server)
        number = self.server.stdout.readline().decode().strip()
        assert number, (session.logs / "xvfb").read_text(errors="replace")
        self.env = {key: value for key, value in session.env.items() if key not in ("NO_AT_BRIDGE", "G_DEBUG")}
        self.env.update(DISPLAY=f":{number}", GDK_BACKEND="x11", GTK_THEME="Adwaita", XDG_CURRENT_DESKTOP="XFCE")
        # The accessibility bus moves the mouse and presses keys, for which it needs the screen.
        self.bus("UpdateActivationEnvironment", GLib.Variant("(a{ss})", ({"DISPLAY": self.env["DISPLAY"]},)))
        self.reader = Reader(session)

    def bus(self, method, arguments=None):
        self.session.client.bus.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", method, arguments,
                                          None, Gio.DBusCallFlags.NONE, 10000 * SLOW, None)

    def close(self):
        """Ends what the session's bus started for the screen, and the screen."""
        self.reader.close()
        for _round in range(5):  # one that ends may have children that stay
            ours = self.session.processes() - self.session.late - {self.session.client.pid()}
            for pid in ours:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
            for pid in ours:
                wait_gone(pid, 10, "a helper of the screen")
        self.server.terminate()
        self.server.wait(timeout=10 * SLOW)
        self.server.stdout.close()
        CHILDREN.discard(self.server)


class Thing:
    """Something on the screen, as it was when it was looked at."""

    def __init__(self, reader, owner, path):
        self.reader, self.owner, self.path = reader, owner, path
        self.role = self.ask("GetRoleName")[0]
        self.name = self.ask("Get", "(ss)", (ACCESSIBLE, "Name"), interface="org.freedesktop.DBus.Properties")[0]
        low, high = self.ask("GetState")[0]
        self.states = low | high << 32
        self.showing = bool(self.states >> SHOWING & 1)
        self.focused = bool(self.states >> FOCUSED & 1)
        self.sensitive = bool(self.states >> SENSITIVE & 1)

    def ask(self, method, signature="()", arguments=(), interface=ACCESSIBLE):
        return self.reader.call(self.owner, self.path, interface, method, GLib.Variant(signature, arguments))

    def children(self):
        for owner, path in self.ask("GetChildren")[0]:
            with contextlib.suppress(GLib.Error):
                yield Thing(self.reader, owner, path)

    def all(self, depth=0):
        """(how deep, thing): this one and all below it, in the order of the screen."""
        yield depth, self
        for child in self.children():
            yield from child.all(depth + 1)

    def value(self):
        """What a bar stands at."""
        return self.ask("Get", "(ss)", ("org.a11y.atspi.Value", "CurrentValue"), interface="org.freedesktop.DBus.Properties")[0]

    def box(self):
        """x, y, width, height in px of the screen."""
        return self.ask("GetExtents", "(u)", (SCREEN_COORDINATES,), interface="org.a11y.atspi.Component")[0]

    def press(self):
        assert self.ask("DoAction", "(i)", (0,), interface="org.a11y.atspi.Action")[0], f"{self} cannot be pressed"

    def __repr__(self):
        return f"{self.role} “{self.name}”{'' if self.showing else ' (hidden)'}"


class Reader:
    """The screen reader's connection to the accessibility bus."""

    def __init__(self, session):
        address = session.client.bus.call_sync("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress", None, None,
                                               Gio.DBusCallFlags.NONE, 20000 * SLOW, None).unpack()[0]
        flags = Gio.DBusConnectionFlags
        self.bus = Gio.DBusConnection.new_for_address_sync(address, flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION,
                                                           None, None)
        self.bus.set_exit_on_close(False)
        self.bus.signal_subscribe(None, None, None, None, None, Gio.DBusSignalFlags.NONE, lambda *_event: None)
        for event in EVENTS:
            self.call(REGISTRY, "/org/a11y/atspi/registry", REGISTRY, "RegisterEvent", GLib.Variant("(sass)", (event, [], "")))

    def call(self, owner, path, interface, method, arguments=None):
        return self.bus.call_sync(owner, path, interface, method, arguments, None, Gio.DBusCallFlags.NONE, 10000 * SLOW,
                                  None).unpack()

    def tree(self, *programs):
        """(how deep, thing): all that the programs have, those named alone if any is."""
        for program in Thing(self, REGISTRY, ROOT).children():
            if not programs or program.name in programs:
                with contextlib.suppress(GLib.Error):  # a window that is closed while we read
                    yield from program.all()

    def find(self, role, name, *programs):
        """The things that are shown, of this role, whose name matches the pattern."""
        return [thing for _depth, thing in self.tree(*programs) if thing.role == role and thing.showing and name.search(thing.name)]

    def wait(self, role, name, *programs):
        return wait_for(lambda: self.find(role, name, *programs), 30, f"a {role} “{name.pattern}” on the screen")

    def generate(self, method, arguments):
        self.call(REGISTRY, "/org/a11y/atspi/registry/deviceeventcontroller", "org.a11y.atspi.DeviceEventController", method, arguments)

    def mouse(self, x, y, what):
        """As in AT-SPI: "b1c" is a click of the first button."""
        self.generate("GenerateMouseEvent", GLib.Variant("(iis)", (x, y, what)))

    def key(self, symbol):
        """Presses and releases the key of an X key symbol."""
        self.generate("GenerateKeyboardEvent", GLib.Variant("(isu)", (symbol, "", KEY_SYMBOL)))

    def close(self):
        self.bus.close_sync(None)

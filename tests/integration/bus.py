# SPDX-License-Identifier: LGPL-2.1-or-later
"""A client on a session's bus: calls of the service, refusals, and everything that it signals."""
import contextlib
import types

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

from facts import NAME, PATH, SLOW, SYNC


class Refused(Exception):
    """An error of the service: `name` is its last word, such as NotSignedIn."""

    def __init__(self, error):
        remote = Gio.DBusError.get_remote_error(error) or f"{error.domain}.{error.code}"
        Gio.DBusError.strip_remote_error(error)
        super().__init__(f"{remote}: {error.message}")
        self.name = remote.rpartition(".")[2]
        self.message = error.message


@contextlib.contextmanager
def refused(*names):
    """The block must be refused with one of these errors; `.error` is it afterwards."""
    seen = types.SimpleNamespace(error=None)
    try:
        yield seen
    except Refused as error:
        assert error.name in names, f"{error}, expected {' or '.join(names)}"
        seen.error = error
    else:
        raise AssertionError(f"not refused, expected {' or '.join(names)}")


SIGNATURES = {"AddXP": "(sa{sv})", "RecordCall": "(susa{sv})", "CloseDeal": "(sa{sv})", "CompleteModule": "(sd)", "PassExam": "(sd)",
              "DefeatBoss": "(s)", "EarnCertification": "(s)", "RecordBossAttempt": "(s)", "AwardBadge": "(s)", "RevokeEvent": "(ss)",
              "ReportMetric": "(sd)", "SetSpecialization": "(s)", "SetActiveTitle": "(s)", "GetEligibility": "(s)",
              "ListEvents": "(a{sv})", "GetDailyMetrics": "(ss)", "GetLeaderboard": "(u)", "ListOperations": "(a{sv})", "ListAudit": "(a{sv})",
              "RetryOperation": "(s)", "DiscardOperation": "(s)", "Export": "(h)", "Import": "(h)", "SignIn": "(ssh)",
              "SignOut": "(a{sv})", "ProvisionServer": "(a{sv})", "SignInWithBrowser": "(sa{sv})"}


def variant(value):
    if isinstance(value, GLib.Variant):
        return value
    if isinstance(value, bool):
        return GLib.Variant("b", value)
    if isinstance(value, int):
        return GLib.Variant("x", value)
    if isinstance(value, float):
        return GLib.Variant("d", value)
    if isinstance(value, dict):
        return GLib.Variant("a{sd}", value)
    return GLib.Variant("s", value)


def options(values):
    """Python names to option keys: occurred_at → occurred-at."""
    return {key.replace("_", "-"): variant(value) for key, value in values.items()}


class Client:
    """A connection to a session's bus: calls, and everything that the service has signalled, in order."""

    def __init__(self, address):
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        self.bus = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
        self.signals = []  # (interface, name, arguments)
        self.owners = []   # changes of the name's owner, "" = gone
        self.bus.signal_subscribe(None, None, None, PATH, None, Gio.DBusSignalFlags.NONE, self._on_signal)
        self.bus.signal_subscribe("org.freedesktop.DBus", "org.freedesktop.DBus", "NameOwnerChanged", "/org/freedesktop/DBus", NAME,
                                  Gio.DBusSignalFlags.NONE, lambda *args: self.owners.append(args[5].unpack()[2]))

    def _on_signal(self, _bus, _sender, _path, interface, name, parameters):
        self.signals.append((interface, name, parameters.unpack()))

    def close(self):
        if not self.bus.is_closed():
            self.bus.close_sync(None)

    def mark(self):
        """The number of signals so far, those included that the service has sent and nobody has looked at."""
        self.get(SYNC, "State")
        while GLib.MainContext.default().iteration(False):
            pass
        return len(self.signals)

    def seen(self, name, since=0):
        """The arguments of the signals of that name since a mark()."""
        return [arguments for _interface, signal_name, arguments in self.signals[since:] if signal_name == name]

    @staticmethod
    def parameters(method, arguments):
        return GLib.Variant(SIGNATURES[method], tuple(arguments)) if arguments else None

    def call(self, interface, method, *arguments, timeout=None, fd=None):
        """A method's answer as a tuple of Python values. `fd`: a file descriptor that the call carries as handle 0."""
        fds = Gio.UnixFDList.new() if fd is not None else None
        if fd is not None:
            fds.append(fd)
        milliseconds = int((timeout or 30) * 1000 * SLOW)
        try:
            answer, _fds = self.bus.call_with_unix_fd_list_sync(
                NAME, PATH, interface, method, self.parameters(method, arguments), None, Gio.DBusCallFlags.NONE, milliseconds, fds, None)
        except GLib.Error as error:
            raise Refused(error) from None
        return answer.unpack()

    def send(self, interface, method, *arguments, done=None):
        """A call whose answer nobody waits for; `done(answer or None, error or None)` runs in the main context."""
        def finish(bus, result):
            try:
                answer, error = bus.call_finish(result).unpack(), None
            except GLib.Error as failure:
                answer, error = None, Refused(failure)
            if done:
                done(answer, error)
        self.bus.call(NAME, PATH, interface, method, self.parameters(method, arguments), None, Gio.DBusCallFlags.NONE, 60000, None,
                      finish)

    def get(self, interface, name):
        try:
            answer = self.bus.call_sync(NAME, PATH, "org.freedesktop.DBus.Properties", "Get",
                                        GLib.Variant("(ss)", (interface, name)), None, Gio.DBusCallFlags.NONE, 30000 * SLOW, None)
        except GLib.Error as error:
            raise Refused(error) from None
        return answer.unpack()[0]

    def pid(self):
        """The process that owns the name, 0 = none."""
        try:
            answer = self.bus.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                        "GetConnectionUnixProcessID", GLib.Variant("(s)", (NAME,)), None, Gio.DBusCallFlags.NONE,
                                        10000, None)
        except GLib.Error:
            return 0
        return answer.unpack()[0]

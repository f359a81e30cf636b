# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of the bus, the keyring and the hosts share beside common.py."""
import contextlib
import os
import pathlib
import re
import signal
import subprocess

from common import (ACCOUNT, BUILD, CLI, LEVELS, NAME, PATH, SLOW, SYNC, Refused, Skip, equal, level_of, need, need_faults, options,
                    sessions, wait_gone)
from common import wait_for as wait_event
from gi.repository import Gio, GLib

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
SO = BUILD / "plugin" / "hooks" / "lids-progression.so"
LIBRARY = BUILD / "clients" / "lib" / "liblids-progression-1.0.so.0"
DAEMON = BUILD / "plugin" / "daemon" / "progressiond"
PEAS_MODULE = BUILD / "plugin" / "hooks" / "liblids-progression-peas.so"  # where libpeas was found
PROPERTIES = "org.freedesktop.DBus.Properties"
BUS = "org.freedesktop.DBus"
INTERFACES = (NAME, SYNC, ACCOUNT)
LONG = 20  # s; the documented end of every method


def xml_of(interface):
    return SOURCE / "dbus" / f"{interface}.xml"


def gdbus_lines(interface):
    """(method, the line) of each documented `gdbus` line of an interface."""
    for block in re.findall(r"\|\[\n(.*?)\]\|", xml_of(interface).read_text(encoding="utf-8"), re.S):
        yield re.search(r" -m (\S+)", block).group(1).rpartition(".")[2], block.strip()


def level_facts(total):
    """Level, its first XP, the next level's (0 at the top), by the domain's table."""
    level = level_of(total)
    return level, LEVELS[level - 1], LEVELS[level] if level < len(LEVELS) else 0


def wait_for(condition, timeout=None, what="the condition"):
    """As common.wait_for(), for conditions that may come true without a signal on this connection."""
    ticker = GLib.timeout_add(25, lambda: True)
    try:
        return wait_event(condition, timeout, what)
    finally:
        GLib.source_remove(ticker)


def drain():
    context = GLib.MainContext.default()
    while context.pending():
        context.iteration(False)


def fence(client):
    """Afterwards all that the service had sent is in `client.signals`."""
    client.get(NAME, "Version")
    drain()


def changes(client, interface, since=0):
    """The PropertiesChanged signals of an interface since a mark: dictionaries."""
    return [arguments[1] for arguments in client.seen("PropertiesChanged", since) if arguments[0] == interface]


def get_all(client, interface):
    return client.bus.call_sync(NAME, PATH, PROPERTIES, "GetAll", GLib.Variant("(s)", (interface,)), None,
                                Gio.DBusCallFlags.NONE, 30000 * SLOW, None).unpack()[0]


def bus_call(client, method, signature, *arguments):
    """A call to the bus itself."""
    return client.bus.call_sync(BUS, "/org/freedesktop/DBus", BUS, method, GLib.Variant(signature, arguments), None,
                                Gio.DBusCallFlags.NONE, 30000 * SLOW, None).unpack()


def owner(client, name=NAME):
    """The unique name of a name's owner; "" = nobody."""
    try:
        return bus_call(client, "GetNameOwner", "(s)", name)[0]
    except GLib.Error:
        return ""


def begin(client, interface, method, signature, *arguments, fds=()):
    """Calls and returns a list that the answer, a tuple or a Refused, comes into."""
    answers = []
    fd_list = Gio.UnixFDList.new()
    for fd in fds:
        fd_list.append(fd)

    def on_answer(connection, result):
        try:
            answers.append(connection.call_with_unix_fd_list_finish(result)[0].unpack())
        except GLib.Error as error:
            answers.append(Refused(error))

    client.bus.call_with_unix_fd_list(NAME, PATH, interface, method, GLib.Variant(signature, arguments), None,
                                      Gio.DBusCallFlags.NONE, 60000 * SLOW, fd_list, None, on_answer)
    return answers


def wait_property(client, interface, name, wanted, timeout=None):
    """Waits until a property is `wanted`, a value or a test of it; returns the value."""
    test = wanted if callable(wanted) else lambda value: value == wanted
    return wait_for(lambda: (test(client.get(interface, name)) and [client.get(interface, name)]), timeout,
                    f"{name} = {wanted}")[0]


def wait_signal(client, name, since=0, timeout=None):
    return wait_for(lambda: client.seen(name, since), timeout, f"the signal {name}")[0]


def run(command, environment, stdin=b"", **more):
    """A command's end: exit code, standard output, standard error (text)."""
    done = subprocess.run([str(word) for word in command], env=environment, input=stdin, capture_output=True, check=False,
                          timeout=60 * SLOW, **more)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


@contextlib.contextmanager
def pipe_of(data):
    """The reading end of a pipe that holds `data` and ends."""
    reader, writer = os.pipe()
    os.write(writer, data)
    os.close(writer)
    try:
        yield reader
    finally:
        os.close(reader)


def stands_still(pid):
    """Whether every thread of a process is stopped."""
    stats = [stat.read_text(encoding="utf-8") for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/stat")]
    return all(stat.rpartition(")")[2].split()[0] == "T" for stat in stats)


@contextlib.contextmanager
def stopped(pid):
    """A process stands still meanwhile. It may be killed so."""
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_for(lambda: stands_still(pid), 10, "the standstill")  # a busy machine lets it run a moment longer
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def locks_of(path):
    """The kinds of locks, READ or WRITE, that anybody has on a file, found without touching them."""
    inode = path.stat().st_ino
    lines = [line.split() for line in pathlib.Path("/proc/locks").read_text(encoding="ascii").splitlines()]
    return [words[3] for words in lines if words[1] == "FLOCK" and words[5].endswith(f":{inode}")]


def make_eligible(session):
    """All that the first promotion, to E-2, asks for."""
    for number in (0, 1):
        session.deal(f"deal-{number}")
        session.module(f"module_{number}")
    session.client.call(NAME, "AwardBadge", "opener_elite.bronze")


def secret_store(session, server, member, token):
    """The documented line that puts a key into the keyring."""
    code, _, complaint = run(["secret-tool", "store", "--label=Progression", "xdg:schema", "org.lids.Progression.Account",
                              "server", server, "member", member], session.env, token.encode() + b"\n")
    equal(code, 0, f"secret-tool: {complaint}")

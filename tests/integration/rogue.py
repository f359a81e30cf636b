# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program on the bus that keeps no rule: it writes bytes of its own to the bus's socket and reads answers only when told to."""
import contextlib
import os
import pathlib
import socket
import struct

from gi.repository import Gio, GLib

from facts import NAME, PATH, SLOW, equal

NO_REPLY = Gio.DBusMessageFlags.NO_REPLY_EXPECTED


def message(interface, method, body=None, path=PATH, flags=Gio.DBusMessageFlags.NONE, destination=NAME):
    """The bytes of a call, with serial 1."""
    call = Gio.DBusMessage.new_method_call(destination, path, interface, method)
    call.set_flags(flags)
    if body is not None:
        call.set_body(body)
    call.set_serial(1)
    return bytes(call.to_blob(Gio.DBusCapabilityFlags.NONE))


class Raw:
    """A connection to a session's bus."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(60 * SLOW)
        self.socket.connect(address.partition("path=")[2].partition(",")[0])
        self.socket.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
        assert self.socket.recv(1000).startswith(b"OK"), "the bus does not let in"
        self.socket.sendall(b"BEGIN\r\n")
        self.serial = 0
        self.buffer = b""
        self.send(message("org.freedesktop.DBus", "Hello", path="/org/freedesktop/DBus", destination="org.freedesktop.DBus"))
        self.answer_to(1)

    def send(self, blob):
        """Sends the bytes of a message (or something like it) with the next serial; returns that."""
        self.serial += 1
        order = "<I" if blob[:1] == b"l" else ">I"
        self.socket.sendall(blob[:8] + struct.pack(order, self.serial) + blob[12:])
        return self.serial

    def receive(self):
        """The next message, None: the bus has closed the connection."""
        while True:
            if len(self.buffer) >= 16:
                needed = Gio.DBusMessage.bytes_needed(self.buffer)
                if len(self.buffer) >= needed:
                    blob, self.buffer = self.buffer[:needed], self.buffer[needed:]
                    return Gio.DBusMessage.new_from_blob(blob, Gio.DBusCapabilityFlags.NONE)
            try:
                piece = self.socket.recv(1 << 20)
            except ConnectionResetError:
                piece = b""
            if not piece:
                return None
            self.buffer += piece

    def answer_to(self, serial):
        """The last word of the error's name, "" = a good answer, None = thrown out by the bus."""
        while True:
            found = self.receive()
            if found is None:
                return None
            if found.get_reply_serial() == serial:
                return (found.get_error_name() or "").rpartition(".")[2]

    def ask(self, blob):
        return self.answer_to(self.send(blob))

    def close(self):
        self.socket.close()


@contextlib.contextmanager
def raw(session):
    client = Raw(session.env["DBUS_SESSION_BUS_ADDRESS"])
    try:
        yield client
    finally:
        client.close()


def memory(pid):
    """What a process holds of memory of its own, in KiB, swapped out or not. Pages of files are left out: whether those count as its own
    depends on which other programs run."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith(("Anonymous:", "Swap:")))


def descriptors(pid):
    """How many pipes, files and devices a process has open. (A connection to the server comes and goes.)"""
    links = []
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            links.append(os.readlink(entry))
    return sum(1 for link in links if link.startswith(("/", "pipe:")))


def unharmed(session, pid, total):
    """The same process serves, and nothing was recorded."""
    equal((session.client.pid(), session.total()), (pid, total), "process and TotalXp")


def text(value):
    return GLib.Variant("s", value)

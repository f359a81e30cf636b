# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program that uses the client library (library-client.c), told what to do and listened to."""
import contextlib
import os
import subprocess

from common import BUILD, SLOW, GLib, equal, sessions, wait_for

PROGRAM = BUILD / "tests" / "integration" / "library-client"


class Failed(Exception):
    """An error of the library: `code` is its nick, such as "not-signed-in"."""

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Program:
    """One program on a session's bus. `properties` and `signals` are what it was told of so far."""

    def __init__(self, session, *arguments, **surroundings):
        self.properties = {}
        self.notified = []  # (name, value) in order
        self.signals = []   # (name, values)
        self.lines = {}     # number of a request → its lines
        self.asked = 0
        self.rest = b""
        self.errors = open(session.logs / f"library-{len(list(session.logs.iterdir()))}", "w+b")  # pylint: disable=consider-using-with
        self.child = subprocess.Popen([PROGRAM, *arguments], env={**session.env, **surroundings}, stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=self.errors, preexec_fn=sessions.die_with_parent)
        os.set_blocking(self.child.stdout.fileno(), False)
        self.watch = GLib.io_add_watch(self.child.stdout.fileno(), GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, self.on_output)
        self.over = False
        wait_for(lambda: "0" in self.lines or self.over, 30, "the client")

    def on_output(self, source, _condition):
        data = b""
        with contextlib.suppress(BlockingIOError):
            data = os.read(source, 65536)
            self.over = not data
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            self.take(line.decode().split("\t"))
        return not self.over

    def take(self, words):
        if words[0] == "notify":
            self.properties[words[1]] = value_of(words[2])
            self.notified.append((words[1], value_of(words[2])))
        elif words[0] == "signal":
            self.signals.append((words[1], tuple(value_of(word) for word in words[2:])))
        else:
            self.lines.setdefault(words[0], []).append(words[1:])

    def send(self, method, *words):
        """Begins a call; its number."""
        self.asked += 1
        line = "\t".join([str(self.asked), method, *(str(word) for word in words)])
        self.child.stdin.write(line.encode() + b"\n")
        self.child.stdin.flush()
        return str(self.asked)

    def is_answered(self, number):
        return self.lines.get(number, [["entry"]])[-1][0] != "entry"

    def answer(self, number):
        """What follows "done" or "earned" in the last line, and the lines of a list before it."""
        wait_for(lambda: self.is_answered(number) or self.over, what="the answer")
        assert not self.over, self.said()
        *entries, last = self.lines[number]
        if last[0] == "error":
            raise Failed(*last[1:])
        if last[0] == "earned":
            name, *numbers = last[1:]
            return (name, *(int(one) for one in numbers[:3]), numbers[3] == "1")
        return last[1:] + [[entry[1:] for entry in entries]] if entries else last[1:]

    def call(self, method, *words):
        return self.answer(self.send(method, *words))

    def record(self, disposition="CONTACT", duration=150, lead="lead-1", own_id=""):
        return self.call("record_call", disposition, duration, lead, own_id)

    def sync(self):
        """SyncNow to its end, however long it runs."""
        while True:
            try:
                self.call("sync_now")
                return
            except Failed as error:
                if error.code != "still-running":
                    raise

    def wait_property(self, name, value):
        wait_for(lambda: self.properties.get(name) == value or self.over, what=f"{name} = {value}, not {self.properties.get(name)}")

    def said(self):
        self.errors.seek(0)
        return f"the program ended: {self.lines.get('0')} {self.errors.read().decode(errors='replace')}"

    def end(self):
        """Ends it; nothing of the client must be left, and nothing have been complained of."""
        self.child.stdin.close()
        wait_for(lambda: self.over, 30 * SLOW, "the program's end")
        code = self.child.wait(timeout=30 * SLOW)
        self.child.stdout.close()
        equal((code, self.lines["0"][-1]), (0, ["finalized"]), self.said())
        self.errors.seek(0)
        equal(self.errors.read(), b"", "what the program complains of")
        self.errors.close()


@contextlib.contextmanager
def program(session, *arguments, **surroundings):
    client = Program(session, *arguments, **surroundings)
    try:
        equal(client.lines.get("0"), [["ready"]], client.said())
        yield client
        client.end()
    finally:
        if client.child.poll() is None:
            client.child.kill()
            client.child.wait()


def value_of(text):
    """What g_strdup_value_contents() made, as a Python value."""
    if text in ("TRUE", "FALSE"):
        return text == "TRUE"
    if text.startswith("["):
        return [value_of(one) for one in text[1:-1].split(", ") if one]
    if text.startswith('"'):
        return text[1:-1].encode("latin-1").decode("unicode_escape").encode("latin-1").decode()
    if text.startswith("(("):  # an enumeration's type, and its value
        return text[2:-1].partition(") ")[2]
    return int(text) if text.lstrip("-").isdigit() else text

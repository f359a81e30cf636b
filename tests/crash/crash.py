# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the crash tests share: the shim's control, a rep whose service is killed, and what must hold afterwards."""
import collections
import contextlib
import mmap
import os
import pathlib
import random
import struct
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))
# pylint: disable=wrong-import-position
from common import (ACCOUNT, BUILD, NAME, PATH, SLOW, SYNC, XP, Gio, GLib, Refused, call_rows, equal, expect_exact, note,  # noqa: E402
                    options, wait_for, wait_gone, worth)

SHIM = BUILD / "tests" / "crash" / "crash-shim.so"
ALL = os.environ.get("PRG_CRASH") == "all"
SEED = int(os.environ.get("PRG_SEED", "1"))
# As in crash-shim.c.
OFF, KILL_BEFORE, KILL_HALF, KILL_AFTER, FAIL = range(5)
DATA, SYNCS, NAMES, SOCKETS = 1, 2, 4, 8
FILES = DATA | SYNCS | NAMES
LAYOUT = struct.Struct("=IIiiIIIi32s")
MODES = {"before": KILL_BEFORE, "half": KILL_HALF, "after": KILL_AFTER}
FOLDER = tempfile.TemporaryDirectory(prefix="progression-crash-")  # for the files of the controls
FAR = 1 << 30  # no call is that far away: everything is only counted


class Control:
    """The file through which the shim in the service is armed."""

    def __init__(self):
        handle, self.path = tempfile.mkstemp(dir=FOLDER.name)
        with open(handle, "r+b") as file:
            file.write(bytes(LAYOUT.size))
            file.flush()
            self.map = mmap.mmap(file.fileno(), LAYOUT.size)

    def arm(self, place, mode, kinds=FILES | SOCKETS, code=0, lasting=False):
        self.disarm()
        # The mode last: the service looks at it first.
        self.map[4:] = LAYOUT.pack(OFF, kinds, place, code, lasting, 0, 0, 0, b"")[4:]
        self.map[:4] = struct.pack("=I", mode)

    def disarm(self):
        self.map[:4] = struct.pack("=I", OFF)

    def _field(self, index):
        return LAYOUT.unpack(self.map[:])[index]

    @property
    def seen(self):
        return self._field(5)

    @property
    def fired(self):
        return bool(self._field(6))

    @property
    def pid(self):
        return self._field(7)

    @property
    def name(self):
        return self._field(8).rstrip(b"\0").decode()


def new_rep(env, variables=(), **more):
    """A signed-in rep whose service carries the shim, however it is started, and these variables in its environment."""
    control = Control()
    more.setdefault("settings", {"push_delay": 60000})
    settings = [f"LD_PRELOAD={SHIM}", f"PRG_CRASH_CONTROL={control.path}", *variables]
    if "ASAN_OPTIONS" in os.environ:  # it wants to be loaded before everything else
        settings.append(f"ASAN_OPTIONS={os.environ['ASAN_OPTIONS']}:verify_asan_link_order=0")
    rep = env.session(wrapper=["/usr/bin/env", *settings], **more)
    rep.control = control
    rep.calls = []  # every call that was ever made for this member
    return rep


CALLS = (("CONTACT", 150), ("CALLBACK", 20), ("VOICEMAIL", 0), ("NO_ANSWER", 0), ("CONTACT", 60))


class Call:
    """One RecordCall; its lead is its own, so that its rows are known by their `ref`."""
    number = 0

    def __init__(self, chance):
        Call.number += 1
        self.lead = f"lead-{Call.number}"
        self.disposition, self.duration = chance.choice(CALLS)
        self.own_id = f"call-{Call.number}" if chance.random() < 0.5 else None
        self.answered = None  # the id that the caller was told
        self.error = None
        self.over = False
        self.present = False

    def arguments(self):
        return self.disposition, self.duration, self.lead, options({"id": self.own_id} if self.own_id else {})

    def send(self, rep):
        rep.calls.append(self)
        rep.client.send(NAME, "RecordCall", *self.arguments(), done=self.finish)

    def finish(self, answer, error):
        self.over, self.error = True, error
        if answer:
            self.answered = answer[0]

    def rows(self):
        return sorted(call_rows(self.disposition, self.duration))

    def worth(self):
        return worth(self.disposition, self.duration)

    def make(self, rep):
        """To its end, and acknowledged."""
        rep.calls.append(self)
        self.answered = rep.client.call(NAME, "RecordCall", *self.arguments())[0]
        self.over = True
        return self


def await_place(rep, is_over, what):
    """Until the place is reached and the service is gone, or the scenario is over. Returns whether it was reached."""
    wait_for(lambda: rep.control.fired or is_over(), what=what)
    if rep.control.fired:
        wait_gone(rep.control.pid, 20, "the killed service")
        with contextlib.suppress(ChildProcessError):
            os.waitpid(rep.control.pid, os.WNOHANG)  # an orphan below the bus is ours
        wait_for(lambda: rep.client.pid() != rep.control.pid, 20, "the end of its name")
    return rep.control.fired


def check_calls(rep):
    """What this machine holds: each acknowledged call once, each other one whole or not at all, nothing else."""
    wait_for(lambda: all(call.over for call in rep.calls), what="the end of the calls")
    events = rep.events()
    equal(len({event["id"] for event in events}), len(events), "different ids of events")
    found = collections.defaultdict(list)
    ids = collections.defaultdict(set)
    for event in events:
        if event["type"] != "first_dial_of_day":
            found[event["ref"]].append(event["type"])
            ids[event["ref"]].add(event["id"])
    for call in rep.calls:
        rows = sorted(found.pop(call.lead, []))
        call.present = bool(rows)
        if rows or call.answered:
            equal(rows, call.rows(), f"rows of the {'acknowledged' if call.answered else 'unanswered'} call {call.lead}")
        if call.answered:
            assert call.answered in ids[call.lead], f"{call.lead} was answered with {call.answered}, found {ids[call.lead]}"
    equal(dict(found), {}, "rows that nobody asked for")
    equal(sum(event["type"] == "first_dial_of_day" for event in events) <= 1, True, "at most one first dial of the day")


def repeat_calls(rep, calls):
    """A caller that repeats a call with an id of its own is told the same, and paid once."""
    for call in calls:
        if call.own_id:
            again = rep.client.call(NAME, "RecordCall", *call.arguments())[0]
            equal(again, call.answered or again, f"id of the repeated call {call.lead}")
            call.answered, call.present = again, True


def expect_settled(server, rep, others=0):
    """After a sync both ends hold exactly the calls that are there. `others`: XP of rows that are no calls', one row each."""
    rep.sync_until_well()
    present = [call for call in rep.calls if call.present]
    first = bool(present)
    total = sum(call.worth() for call in present) + (XP["first_dial_of_day"] if first else 0)
    rows = sum(len(call.rows()) for call in present) + first
    expect_exact(server, rep, total, rows)
    events = rep.events()
    equal({event["id"] for event in events}, {row["id"] for row in server.rows(rep.member)}, "ids here and on the server")
    equal(sum(event["amount"] for event in events), total, "sum of the events")


def expect_sound(rep):
    """No store was taken for damaged."""
    aside = [path.name for path in rep.store.glob("*.damaged-*")]
    equal(aside, [], "files set aside")
    said = rep.client.get(SYNC, "LastError")
    assert "damaged" not in said, said


def sign_in(rep, server):
    """As soon as the service has ended what it does about signing in by itself."""
    deadline = time.monotonic() + 20 * SLOW
    while time.monotonic() < deadline:
        try:
            return rep.sign_in(server, rep.member, sync=False)
        except Refused as error:
            if error.name != "StillRunning":
                raise
    raise AssertionError("signing in is still running")


def sign_out(rep, **values):
    return rep.client.call(ACCOUNT, "SignOut", options(values))[0]


def send_fd(rep, interface, method, signature, arguments, fd, done):
    """A call that carries a file descriptor as handle 0; done(answer or None, error or None)."""
    def finish(bus, result):
        try:
            answer, error = bus.call_with_unix_fd_list_finish(result)[0].unpack(), None
        except GLib.Error as failure:
            answer, error = None, Refused(failure)
        done(answer, error)

    fds = Gio.UnixFDList.new()
    fds.append(fd)
    rep.client.bus.call_with_unix_fd_list(NAME, PATH, interface, method, GLib.Variant(signature, arguments), None, Gio.DBusCallFlags.NONE,
                                          60000, fds, None, finish)


class Scenario:
    """What is done at a place, and what must hold afterwards. One object for each rep."""
    most = 5  # places, unless all are tried

    def __init__(self, sweep):
        self.sweep, self.env, self.chance = sweep, sweep.env, sweep.chance
        self.rep = self.new_rep()

    def new_rep(self):
        return new_rep(self.env)

    def prepare(self):
        """Without danger."""

    def act(self):
        """What is in danger."""
        raise NotImplementedError

    def check(self):
        """Without danger again."""
        raise NotImplementedError


class Sweep:
    """A scenario at one place after the other. A rep goes through some of them, then the next one takes over: its ledger stays short."""
    lives = 12  # of a rep

    def __init__(self, env, kind, title):
        self.env, self.kind, self.title = env, kind, title
        self.chance = random.Random(f"{SEED} {title}")
        self.scenario, self.left = None, 0
        self.count = 0
        self.reached = collections.Counter()  # name of the call → places
        self.failures = []

    def arm(self, control, place):
        raise NotImplementedError

    def wait(self, place):
        """Until the place is passed, or will not come."""

    def run_at(self, place):
        """Returns whether the place was reached."""
        if self.left == 0:
            self.end_rep()
            self.scenario, self.left = self.kind(self), self.lives
        self.left -= 1
        control = self.scenario.rep.control
        self.scenario.prepare()
        self.arm(control, place)
        self.scenario.act()
        self.wait(place)
        control.disarm()
        self.count = self.count or control.seen
        reached = control.fired
        if reached:
            self.reached[control.name] += 1
        self.scenario.check()
        return reached

    def end_rep(self):
        """Its session is closed, and must be in order."""
        if self.scenario:
            self.env.sessions.remove(self.scenario.rep)
            self.scenario.rep.close()
            self.scenario = None

    def attempt(self, place):
        try:
            return self.run_at(place)
        except Exception:  # pylint: disable=broad-except
            self.failures.append(place)
            rep = self.scenario and self.scenario.rep
            note(f"place {place}, at {rep and rep.control.name}:\n{traceback.format_exc()}")
            for line in rep.report() if rep else ():
                note(line)
            if rep:
                rep.control.disarm()
            self.left = 0
            self.env.server.clear_faults()
            return True

    def places(self):
        every = range(1, self.count + 1)
        return every if ALL or self.count <= self.kind.most else sorted(self.chance.sample(every, self.kind.most))

    def run(self):
        """The count first, in an undisturbed run; then the places."""
        self.run_at(FAR)
        assert self.count, "no call that writes"
        for place in self.places():
            self.attempt(place)
        # Threads take turns: another run may have a few places more.
        missed, place = 0, self.count
        while ALL and missed < 3:
            place += 1
            missed = 0 if self.attempt(place) else missed + 1
        self.end_rep()
        kinds = ", ".join(f"{name} {times}" for name, times in sorted(self.reached.items()))
        note(f"places: {self.title}: {self.count} calls that write, tried {sum(self.reached.values())}: {kinds}")
        equal(self.failures, [], f"places of {self.title}, after which something was wrong")

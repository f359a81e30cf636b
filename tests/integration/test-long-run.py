#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service at work: 20 calls a second of four programs while the network comes and goes. Memory grows with what is recorded and by
nothing else, descriptors and threads do not grow, an idle service sleeps, and the total is exact at the end.

Without arguments a short run, counted in calls. `--minutes N`: for so long, with the measuring of idle wake-ups; see ./dev longrun."""
import argparse
import os
import pathlib
import random
import re
import subprocess
import sys
import time
import urllib.parse

from gi.repository import GLib

from common import (NAME, SYNC, XP, Client, equal, expect_exact, need, need_faults, options, run, wait_for, worth)
from rogue import descriptors, memory
from network import Network

PER_SECOND = 20
SHORT = 400            # calls of the short run
SILENT = 400           # calls that record nothing, three times
PHASE = 40             # calls from one change of the network to the next
MAX_BYTES = 2048       # of memory, and of disk, for one operation that is known
STEP = 1024            # KiB by which an allocator grows at once
MAX_WAKE_UPS = 1.5     # wake-ups for an operation, the last third in relation to the one before
MAX_DRIFT = 512        # KiB that calls without a record may add: what an allocator keeps back for itself
MAX_IDLE_DESCRIPTORS = 2
IDLE_INTERVAL = 60     # s between two syncs while idle wake-ups are counted
IDLE_INTERVALS = 3
SANITIZED = "ASAN_OPTIONS" in os.environ
WEATHER = ("fine", "no route", "fine", "outage", "fine", "drop-reply", "fine", "status")


class Facts:
    """What a process uses at one moment."""

    def __init__(self, rep, operations):
        pid = rep.client.pid()
        task = list(pathlib.Path(f"/proc/{pid}/task").iterdir())
        self.operations = operations
        self.memory = memory(pid)
        self.descriptors = descriptors(pid)
        # GLib's pool grows and shrinks; the service's own threads have names.
        self.threads = sum(1 for entry in task if not (entry / "comm").read_text().startswith("pool"))
        self.pool = len(task) - self.threads
        self.disk = sum(path.stat().st_size for path in rep.databases())
        self.switches = sum(int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", (entry / "status").read_text(), re.M)[1]) for entry in task)

    def __str__(self):
        return (f"{self.operations} operations, {self.memory} KiB, {self.descriptors} files, {self.threads}+{self.pool} threads, "
                f"{self.disk // 1024} KiB of database, {self.switches} wake-ups")


class Weather:
    """The network's state changes after so many calls."""

    def __init__(self, server, network):
        self.server, self.network, self.at, self.is_away = server, network, 0, False

    def change(self):
        kind = WEATHER[self.at % len(WEATHER)]
        self.at += 1
        if self.is_away:
            self.network.go_online()
            self.is_away = False
        self.server.clear_faults()
        if kind == "no route" and self.network:
            self.network.go_offline()
            self.is_away = True
        elif kind == "no route":
            self.server.faults({"kind": "drop-request", "times": 0})
        elif kind != "fine":
            self.server.faults({"kind": kind, "times": 0, **({"arg": 503} if kind == "status" else {})})

    def clear(self):
        if self.is_away:
            self.network.go_online()
            self.is_away = False
        self.server.clear_faults()


class Work:
    """Four programs that call in turn; every answer is checked."""

    def __init__(self, rep):
        self.rep = rep
        self.clients = [Client(rep.env["DBUS_SESSION_BUS_ADDRESS"]) for _ in range(4)]
        self.chance = random.Random(1)
        self.total = self.rows = self.sent = self.answered = 0
        self.first_dial = XP["first_dial_of_day"]
        self.errors = []

    def close(self):
        for client in self.clients:
            client.close()

    def done(self, earned):
        def finish(answer, error):
            self.answered += 1
            if error or (earned is not None and answer[1] != earned):
                self.errors.append(f"{error or answer}, expected {earned}")
        return finish

    def earn(self):
        """One call that records: one row, or a call's two."""
        client = self.clients[self.sent % 4]
        self.sent += 1
        if self.sent % 5 == 0:
            earned = worth("VOICEMAIL", 20) + self.first_dial
            self.rows += 2 + (self.first_dial > 0)
            self.first_dial = 0
            client.send(NAME, "RecordCall", "VOICEMAIL", 20, f"lead-{self.sent}", options({"id": f"call-{self.sent}"}), done=self.done(earned))
        else:
            earned = XP["sms_sent"]  # many of them earn no badge
            self.rows += 1
            client.send(NAME, "AddXP", "sms_sent", options({"ref": f"lead-{self.sent}", "details": "a" * self.chance.randrange(60)}),
                        done=self.done(earned))
        self.total += earned
        # A program that listens keeps no history of what it heard.
        del client.signals[:], self.rep.client.signals[:]

    def look(self, number):
        """One call that records nothing: a page, a refusal, a repeated call."""
        client = self.clients[number % 4]
        kind = number % 4
        self.sent += 1
        if kind == 0:
            client.send(NAME, "ListEvents", options({"limit": 50}), done=self.done(None))
        elif kind == 1:
            client.send(SYNC, "ListOperations", options({"limit": 50}), done=self.done(None))
        elif kind == 2:
            client.send(NAME, "RecordCall", "VOICEMAIL", 20, "lead-5", options({"id": "call-5"}), done=self.done(None))
        else:
            client.send(NAME, "DefeatBoss", "nobody", done=self.refusal)
        del client.signals[:]

    def refusal(self, _answer, error):
        self.answered += 1
        if not error or error.name not in ("UnknownId", "InvalidArgument"):
            self.errors.append(f"not refused: {error}")

    def settle(self):
        wait_for(lambda: self.answered == self.sent, 60, "the answers")
        equal(self.errors[:5], [], "answers")


def paced(work, count, weather, samples, seconds=None):
    """20 calls a second; `count` of them, or for so many seconds. A sample of what the process uses for every phase."""
    end = time.monotonic() + seconds if seconds else None
    made = [0]

    def tick():
        work.earn()
        made[0] += 1
        return GLib.SOURCE_CONTINUE

    source = GLib.timeout_add(1000 // PER_SECOND, tick)
    try:
        phase = 0
        while (time.monotonic() < end) if end else (made[0] < count):
            weather.change()
            wait_for(lambda until=(phase + 1) * PHASE: made[0] >= until or (not end and made[0] >= count), 600, "the calls")
            phase += 1
            samples.append(Facts(work.rep, work.rows))
    finally:
        GLib.source_remove(source)
    work.settle()


def per_operation(first, last, what):
    operations = max(last.operations - first.operations, 1)
    return (getattr(last, what) - getattr(first, what)) / operations


def judge(samples):
    """Growth that belongs to the operations is bounded for each of them; nothing else grows."""
    third = len(samples) // 3
    start, middle, end = samples[third], samples[2 * third], samples[-1]
    for name, facts in (("after a third", start), ("after two thirds", middle), ("at the end", end)):
        print(f"# {name}: {facts}", flush=True)
    memories = [1024 * per_operation(*pair, "memory") for pair in ((start, middle), (middle, end))]
    disk = per_operation(start, end, "disk")
    print(f"# bytes for each operation: {memories[0]:.0f}, then {memories[1]:.0f} of memory, {disk:.0f} of disk", flush=True)
    if not SANITIZED:
        growth, operations = end.memory - start.memory, end.operations - start.operations
        assert 1024 * growth <= MAX_BYTES * operations + 1024 * STEP, f"{growth} KiB more for {operations} operations"
    assert disk <= MAX_BYTES, f"{disk:.0f} bytes of disk for each operation"
    equal(max(facts.threads for facts in samples[third:]), min(facts.threads for facts in samples[third:]), "threads")
    if len(samples) >= 3 * 2 * len(WEATHER):  # each third had all kinds of weather
        wake = [per_operation(*pair, "switches") for pair in ((start, middle), (middle, end))]
        print(f"# wake-ups for each operation: {wake[0]:.1f}, then {wake[1]:.1f}", flush=True)
        assert wake[1] <= MAX_WAKE_UPS * wake[0], f"{wake} wake-ups for each operation"
    files = [max(facts.descriptors for facts in part) for part in (samples[third:2 * third], samples[2 * third:])]
    assert files[1] <= files[0] + MAX_IDLE_DESCRIPTORS, f"descriptors {files}"


def without_records(work):
    """Calls that record nothing, as fast as they are answered: what they need is given back."""
    def burst():
        for number in range(SILENT):
            work.look(number)
            if number % 40 == 39:
                work.settle()
        work.settle()
        return Facts(work.rep, work.rows)

    burst()
    before = burst()
    after = burst()
    print(f"# {SILENT} calls without a record: {after.memory - before.memory} KiB", flush=True)
    equal((after.descriptors, after.threads, after.disk), (before.descriptors, before.threads, before.disk), "files, threads, disk")
    if not SANITIZED:
        assert after.memory - before.memory <= MAX_DRIFT, f"{after.memory - before.memory} KiB more"


def wake_ups(rep):
    """Moments in which an idle service is awake, for some intervals; what it does within a second is one moment."""
    rep.set_settings(sync_interval=IDLE_INTERVAL)
    rep.sync()
    trace = rep.root / "wake-ups"
    tracer = subprocess.Popen(["strace", "-f", "-qq", "-ttt", "-o", trace, "-e", "trace=all", "-p", str(rep.client.pid())],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(IDLE_INTERVAL * IDLE_INTERVALS)  # this is what is measured: nobody calls
    tracer.terminate()
    tracer.wait()
    times = [float(found[1]) for found in re.finditer(r"^\d+ +(\d+\.\d+) ", trace.read_text(errors="replace"), re.M)]
    times = [at for at in times if at > times[0] + 2]  # the tracer's own arrival, and the sync before
    moments = [at for at, before in zip(times, [0.0, *times]) if at - before > 1]
    print(f"# idle for {IDLE_INTERVAL * IDLE_INTERVALS} s: awake {len(moments)} times, "
          f"at {[round(at - times[0]) for at in moments]} s", flush=True)
    # The interval varies by a tenth.
    assert 1 <= len(moments) <= IDLE_INTERVALS + 1, f"{len(moments)} moments in {IDLE_INTERVALS} intervals"


def long_run(env, seconds=None):
    need_faults()
    server = env.new_sim("--provisioned")
    server.config(timeline_delay_ms=0, rate_limit=False)
    network = Network(urllib.parse.urlsplit(server.url).port) if os.geteuid() == 0 else None
    work = None
    try:
        more = {"wrapper": network.enter(), "extra": {"GIO_USE_NETWORK_MONITOR": "netlink"}} if network else {}
        rep = env.session(server=server, settings={"push_delay": 1000, "sync_interval": 15}, **more)
        work, weather, samples = Work(rep), Weather(server, network), []
        paced(work, SHORT, weather, samples, seconds)
        weather.clear()
        rep.sync_until_well()
        equal(rep.total(), work.total, "TotalXp")
        judge(samples)
        without_records(work)
        rep.sync_until_well()
        expect_exact(server, rep, work.total, work.rows)
        if seconds:
            need(os.geteuid() == 0, "needs root, to look into a process that is closed to others")
            wake_ups(rep)
            expect_exact(server, rep, work.total, work.rows)
        rep.stop()
    finally:
        if work:
            work.close()
        if network:
            network.close()


def test_calls_while_the_network_comes_and_goes(env):
    long_run(env, SECONDS)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, metavar="N", help="how long the calls go on")
    found = parser.parse_args()
    sys.argv[1:] = []  # the rest is for the runner, which takes names of tests
    return found.minutes * 60 if found.minutes else None


if __name__ == "__main__":
    SECONDS = parse()
    run(globals())

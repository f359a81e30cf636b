#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""SIGKILL at any moment: what was acknowledged is there once, and a caller that repeats an unanswered call is paid once.

The places are seeded: PRG_SEED chooses others. A case is a tenth of the places, on one machine with one ever growing ledger.
"""
import os
import random

import common
from common import NAME, SYNC, XP, GLib, call_rows, equal, expect_exact, need_faults, options, parametrize, wait_for, worth

SEED = int(os.environ.get("PRG_SEED", "1"))
PLACES = 20
CALLS = (("CONTACT", 150), ("CALLBACK", 20), ("VOICEMAIL", 0), ("NO_ANSWER", 0), ("CONTACT", 60))


class Burst:
    """Calls that are sent without waiting for an answer, each with an id of the caller's own."""

    def __init__(self, rep, number, count, chance):
        self.rep = rep
        self.calls = [(f"{number}-{i}", *chance.choice(CALLS)) for i in range(count)]
        self.answers = {}  # caller's id → id of the operation
        self.failed = 0

    def send(self):
        for caller, disposition, duration in self.calls:
            self.rep.client.send(NAME, "RecordCall", disposition, duration, caller, options({"id": caller}),
                                 done=lambda answer, error, at=caller: self.answered(at, answer))

    def answered(self, caller, answer):
        if answer:
            self.answers[caller] = answer[0]
        else:
            self.failed += 1

    def is_over(self):
        return len(self.answers) + self.failed == len(self.calls)

    def wait_answers(self, count):
        wait_for(lambda: len(self.answers) >= count or self.is_over(), what="answers")

    def check_and_repeat(self):
        """The service has been killed: what it had acknowledged is there, and the rest may be asked for again."""
        wait_for(self.is_over, what="the end of the calls")
        known = {event["id"] for event in self.rep.events()}
        equal([caller for caller, found in self.answers.items() if found not in known], [], "acknowledged calls that are lost")
        for caller, disposition, duration in self.calls:
            again = self.rep.call(disposition, duration, caller, id=caller)[0]
            equal(again, self.answers.get(caller, again), "id of the repeated call")

    def total(self):
        return sum(worth(disposition, duration) for _caller, disposition, duration in self.calls)

    def rows(self):
        return sum(len(call_rows(disposition, duration)) for _caller, disposition, duration in self.calls)


def sync_in_background(rep):
    rep.client.send(SYNC, "SyncNow")


def kill_after_answers(env, rep, burst, chance):
    """In the middle of a burst, after a number of D-Bus replies."""
    burst.send()
    if chance.random() < 0.5:
        sync_in_background(rep)
    burst.wait_answers(chance.randint(0, len(burst.calls)))
    rep.kill()


def kill_after_time(env, rep, burst, chance):
    """A few milliseconds after a burst and a sync began."""
    rep.pending()  # it runs
    burst.send()
    sync_in_background(rep)
    late = []
    GLib.timeout_add(chance.randint(0, 25), lambda: late.append(True) or GLib.SOURCE_REMOVE)
    wait_for(lambda: late, what="the moment")
    rep.kill()


def kill_at_request(env, rep, burst, chance):
    """While the server works on a certain request: never done, done without an answer, or done when the next service runs."""
    burst.send()
    burst.wait_answers(len(burst.calls))
    count = chance.randint(1, 7)
    kind = chance.choice(("hang", "hang-then-execute", "drop-reply", "delay"))
    env.server.clear_requests()
    env.server.faults({"kind": kind, "skip": count - 1, "arg": chance.randint(20, 400)})
    over = []
    rep.client.send(SYNC, "SyncNow", done=lambda answer, error: over.append(True))
    while not over and len(env.server.requests_from(count, 20)) < count:
        GLib.MainContext.default().iteration(False)
    rep.kill()
    env.server.clear_faults()


@parametrize({f"places {first * PLACES + 1} to {(first + 1) * PLACES}": (first,) for first in range(10)})
def test_kill(env, first):
    need_faults()
    chance = random.Random(SEED * 1000 + first)
    rep = env.session(settings={"push_delay": 0})
    total, rows = XP["first_dial_of_day"], 1
    for number in range(PLACES):
        burst = Burst(rep, number, chance.randint(1, 12), chance)
        chance.choice((kill_after_answers, kill_after_time, kill_at_request))(env, rep, burst, chance)
        burst.check_and_repeat()
        total += burst.total()
        rows += burst.rows()
        equal(rep.total(), total, f"TotalXp after place {number}")
        rep.sync_until_well()
        expect_exact(env.server, rep, total, rows)
    equal(len({event["id"] for event in rep.events()}), rows, "events")


if __name__ == "__main__":
    common.run(globals())

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A disk that is full, broken or read-only, for the real service: at each call that writes to it, once or from there on.

Who calls is refused with StorageFailed and told what to do; what was acknowledged is there, what was refused is not, also after the
service was killed in the middle of it; and when the disk works again, the service goes on without a restart.

PRG_CRASH=all tries every place; else a seeded sample (PRG_SEED) is tried.
"""
import errno
import json

from crash import (ACCOUNT, FAIL, FILES, SYNC, SYNCS, Call, Refused, Scenario, Sweep, check_calls, equal, expect_settled, expect_sound,
                   sign_in, sign_out, wait_for)
import common
from common import need_faults, parametrize
from releases import STEPS, Update

ADVICE = {"EIO": ("check the disk",), "ENOSPC": ("Free some space",), "EROFS": ("writable for this user",)}
IN_DOUBT = "may be recorded all the same"
# Title: errno, whether every later call fails too, and which calls.
KINDS = {f"{code}, {length}": (code, length == "lasting", FILES) for code in ADVICE for length in ("once", "lasting")}
KINDS["EIO, lasting, syncs alone"] = ("EIO", True, SYNCS)


class Failing(Scenario):
    """Does something while the disk fails."""
    most = 4

    def expect_advice(self, error):
        """The caller is told that it is the disk, which file, and what to do."""
        self.sweep.refused += 1
        equal(error.name, "StorageFailed", f"error ({error.message})")
        assert any(text in error.message for text in ADVICE[self.sweep.code]), error.message
        assert str(self.rep.store) in error.message, error.message

    def expect_refused_are_gone(self):
        check_calls(self.rep)
        there = [call for call in self.rep.calls if call.error and call.present]
        if self.sweep.lasting and self.sweep.kinds == FILES:
            # A disk that takes nothing at all does not let a refusal be undone. Then the caller was told so.
            there = [call for call in there if IN_DOUBT not in call.error.message]
        equal([call.lead for call in there], [], "refused calls that are there")


class Enqueue(Failing):
    """Three calls, one after the other. Every other time the service is killed while the disk still fails."""
    number = 0

    def act(self):
        for _number in range(3):
            call = Call(self.chance)
            try:
                call.make(self.rep)
            except Refused as error:
                call.finish(None, error)
                self.expect_advice(error)
        self.number += 1
        if self.number % 2 == 0:
            self.rep.kill()

    def check(self):
        self.expect_refused_are_gone()
        equal(self.rep.total(), self.expected_total(), "TotalXp")
        Call(self.chance).make(self.rep)  # it goes on
        self.rep.kill()
        self.expect_refused_are_gone()
        expect_settled(self.env.server, self.rep)
        expect_sound(self.rep)

    def expected_total(self):
        there = [call for call in self.rep.calls if call.present]
        return sum(call.worth() for call in there) + (common.XP["first_dial_of_day"] if there else 0)


class Flush(Failing):
    """SyncNow, with calls that wait: what the server took meanwhile is known afterwards, and counted once."""

    def prepare(self):
        Call(self.chance).make(self.rep)

    def act(self):
        try:
            self.rep.client.call(SYNC, "SyncNow")
        except Refused as error:
            self.expect_advice(error)
            said = self.rep.client.get(SYNC, "LastError")
            assert any(text in said for text in ADVICE[self.sweep.code]), said
        if self.chance.random() < 0.5:
            self.rep.kill()

    def check(self):
        self.expect_refused_are_gone()
        expect_settled(self.env.server, self.rep)
        expect_sound(self.rep)


class Start(Failing):
    """The service starts with work that waits. What it cannot do it says, and does when it can."""

    def prepare(self):
        Call(self.chance).make(self.rep)
        self.rep.kill()

    def act(self):
        state = self.rep.sync_state()
        while state == "waiting" and not self.rep.reason() and not self.rep.pending():  # until it is open, or blocked
            state = self.rep.sync_state()
        call = Call(self.chance)
        try:
            call.make(self.rep)
        except Refused as error:
            call.finish(None, error)
            self.expect_advice(error)
            if self.rep.sync_state() == "blocked":
                assert any(text in self.rep.reason() for text in ADVICE[self.sweep.code]), self.rep.reason()

    def check(self):
        wait_for(lambda: self.rep.sync_state() != "blocked", what="a service that works again")
        Call(self.chance).make(self.rep)
        self.expect_refused_are_gone()
        expect_settled(self.env.server, self.rep)
        expect_sound(self.rep)


class Migrate(Update, Start):
    """An update: what the disk refuses of it is done when the disk works again, without another start of the service."""
    most = 1  # of each kind
    log = True

    def check(self):
        wait_for(lambda: self.rep.sync_state() != "blocked", what="a service that works again")
        Call(self.chance).make(self.rep)
        equal(self.expect_kept(), self.shipped + STEPS, "version after the update")
        self.env.server.clear_faults()
        super().check()


class SignOut(Failing):
    """Signing out with work that waits: it happens, for good, or it is refused."""

    def prepare(self):
        if not self.rep.client.get(ACCOUNT, "SignedIn"):
            sign_in(self.rep, self.env.server)
        Call(self.chance).make(self.rep)
        self.waiting = self.rep.pending()
        self.env.server.faults({"kind": "outage", "times": -1})

    def act(self):
        self.done = False
        try:
            self.exported = sign_out(self.rep, pending="export")
            self.done = True
        except Refused as error:
            self.expect_advice(error)

    def check(self):
        self.check_exports()
        if self.done:
            self.rep.kill()
            equal((self.rep.client.get(ACCOUNT, "SignedIn"), self.rep.sync_state()), (False, "signed-out"), "after signing out")
        self.env.server.clear_faults()
        if self.done or self.rep.try_sync() == "NotSignedIn":
            sign_in(self.rep, self.env.server)
        self.expect_refused_are_gone()
        expect_settled(self.env.server, self.rep)
        expect_sound(self.rep)

    def check_exports(self):
        folder = self.rep.store / "exports"
        found = sorted(folder.glob("*.jsonl"))
        if self.done:
            equal([str(path) for path in found], [self.exported], "exported files")
        for path in found:
            equal(len([json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]), 1 + self.waiting, f"lines of {path}")
            path.unlink()


SCENARIOS = {"enqueue": Enqueue, "flush": Flush, "start": Start, "migrate": Migrate, "sign-out": SignOut}


class Failures(Sweep):
    """The disk fails at each place."""

    def __init__(self, env, name, kind):
        super().__init__(env, SCENARIOS[name], f"{name}, {kind}")
        self.code, self.lasting, self.kinds = KINDS[kind]
        self.refused = 0

    def arm(self, control, place):
        control.arm(place, FAIL, self.kinds, getattr(errno, self.code), self.lasting)


@parametrize({f"{name}, {kind}": (name, kind) for name in SCENARIOS for kind in KINDS})
def test_disk(env, name, kind):
    need_faults()
    sweep = Failures(env, name, kind)
    sweep.run()
    common.note(f"{sweep.refused} refusals")


if __name__ == "__main__":
    common.run(globals())

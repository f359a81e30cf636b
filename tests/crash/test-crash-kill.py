#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""SIGKILL at every call that writes: to a file, a folder, the bus or the server.

An undisturbed run of each scenario counts the calls; then the real service is killed at the first, the second … of them, before it
takes effect, with half of its bytes, or after it. Then it starts again and syncs: every acknowledged call is there once, every
other one whole or not at all, the store is sound, and both ends agree.

PRG_CRASH=all tries every place; else a seeded sample (PRG_SEED) is tried.
"""
import collections
import contextlib
import json
import os
import pathlib
import shutil
import sqlite3
import tempfile
import uuid

from crash import (ACCOUNT, ALL, DATA, FILES, MODES, SOCKETS, SYNC, Call, Scenario, Sweep, await_place, check_calls, equal, expect_settled,
                   expect_sound, new_rep, options, repeat_calls, send_fd, sign_in, sign_out)
import common
from common import need_faults, note, parametrize
from releases import OLDEST, PAGE, SHIPPED, Update, rewrite


class Killed(Scenario):
    """Begins something that may be killed."""
    new_calls = 0  # how many of the rep's last calls may have been without an answer

    def is_over(self):
        """All that act() began has ended."""
        raise NotImplementedError

    def check(self):
        """After the kill, or after an undisturbed end."""
        self.check_events()
        repeat_calls(self.rep, self.rep.calls[-self.new_calls:] if self.new_calls else [])
        expect_settled(self.env.server, self.rep)
        self.check_store()

    def check_events(self):
        check_calls(self.rep)

    def check_store(self):
        expect_sound(self.rep)


class Enqueue(Killed):
    """Calls are being recorded; nothing is sent yet."""
    new_calls = 3

    def act(self):
        self.calls = [Call(self.chance) for _number in range(self.new_calls)]
        for call in self.calls:
            call.send(self.rep)

    def is_over(self):
        return all(call.over for call in self.calls)


class Request(Killed):
    """One D-Bus call, with calls recorded before."""
    made = 2

    def prepare(self):
        for _number in range(self.made):
            Call(self.chance).make(self.rep)

    def act(self):
        self.answer, self.error = None, None
        self.send(self.finish)

    def send(self, done):
        raise NotImplementedError

    def finish(self, answer, error):
        self.answer, self.error = answer, error

    def is_over(self):
        return self.answer is not None or self.error is not None


class Flush(Request):
    """Rows are posted, then folded."""

    def send(self, done):
        self.rep.client.send(SYNC, "SyncNow", done=done)


class Fold(Flush):
    """The rows are in the ledger already; the total is not."""

    def prepare(self):
        super().prepare()
        self.env.server.faults({"kind": "outage", "path": "/graphql", "contains": "updateRepProgressions"})
        self.rep.try_sync()
        equal(self.env.server.faults_left(), [], "faults left")
        equal((self.rep.pending(), self.env.server.record(self.rep.member)["ledgerCount"] < len(self.rep.events())), (0, True),
              "nothing to post, something to fold")


class Automatic(Killed):
    """A call that is posted by itself, without SyncNow."""
    new_calls = 1

    def new_rep(self):
        return new_rep(self.env, settings={"push_delay": 0})

    def prepare(self):
        self.mark = self.rep.client.mark()

    def act(self):
        Call(self.chance).send(self.rep)

    def is_over(self):
        return self.rep.client.seen("SyncFinished", self.mark)


class Stop(Killed):
    """SIGTERM: what waits is flushed, the log is brought into the file, the store is closed."""

    def prepare(self):
        Call(self.chance).make(self.rep)

    def act(self):
        os.kill(self.rep.client.pid(), 15)

    def is_over(self):
        return not self.rep.client.pid()


class Start(Killed):
    """The service starts with a log that the last one left, and work that waits."""

    def prepare(self):
        Call(self.chance).make(self.rep)
        self.rep.kill()

    def act(self):
        self.state = None
        self.rep.client.send(SYNC, "ListOperations", options({}), done=self.finish)

    def finish(self, answer, error):
        self.state = answer or error

    def is_over(self):
        return self.state


class Repair(Start):
    """The same with a damaged store: an index is broken, the rows are whole."""

    def prepare(self):
        Call(self.chance).make(self.rep)
        rewrite(self.rep, self.damage)

    @staticmethod
    def damage(path):
        for old in path.parent.glob("*.damaged-*"):
            old.unlink()
        with contextlib.closing(sqlite3.connect(path)) as opened:
            root = opened.execute("SELECT rootpage FROM sqlite_schema WHERE type = 'index' ORDER BY rootpage").fetchone()[0]
        with open(path, "r+b") as file:
            file.seek((root - 1) * PAGE)
            file.write(b"\xff" * PAGE)

    def check_store(self):
        equal(len(list(self.rep.store.glob("*.damaged-*.db"))), 1, "files set aside")


class Migrate(Update, Start):
    """The next release starts with the store as the first one made it: step by step, one version after the other."""
    most = 3

    def check(self):
        self.rep.kill()  # where it was not
        version = self.expect_kept()
        self.sweep.versions[version] += 1
        if version > self.shipped:
            self.expect_refused()
        elif self.chance.random() < 0.5:
            self.use(SHIPPED)  # an update that is taken back before it has begun
            self.check_events()
            self.rep.kill()
        self.expect_updated()


class MigrateLog(Migrate):
    """The same with what the shipped release left when it was killed: a log."""
    log = True


class Import(Request):
    """Three operations of another machine, in one file: all of them or none."""
    made = 1

    def prepare(self):
        super().prepare()
        with tempfile.TemporaryFile() as file:
            self.rep.client.call(SYNC, "Export", 0, fd=file.fileno())
            file.seek(0)
            header, *lines = file.read().decode().splitlines()
        wanted = self.rep.calls[-1]
        operations = [line for line in map(json.loads, lines) if line["ref"] == wanted.lead]
        self.imported = [self.another(wanted) for _number in range(3)]
        self.text = "\n".join([header, *(line for call in self.imported for line in self.lines_of(call, operations))]) + "\n"
        self.rep.calls += self.imported

    def another(self, like):
        call = Call(self.chance)
        call.disposition, call.duration, call.own_id, call.over = like.disposition, like.duration, None, True
        return call

    @staticmethod
    def lines_of(call, operations):
        """The rows of a call, as another machine of the rep would have made them."""
        ids = {operation["id"]: str(uuid.uuid4()) for operation in operations}
        device = str(uuid.uuid4())
        for operation in operations:
            yield json.dumps({**operation, "id": ids[operation["id"]], "cause": ids.get(operation["cause"], ""), "ref": call.lead,
                              "device": device})

    def send(self, done):
        with tempfile.TemporaryFile() as file:
            file.write(self.text.encode())
            file.flush()
            file.seek(0)
            send_fd(self.rep, SYNC, "Import", "(h)", (0,), file.fileno(), done)

    def check_events(self):
        super().check_events()
        there = {call.present for call in self.imported}
        equal(len(there), 1, "imported as a whole")
        if self.answer:
            equal(there, {True}, "the acknowledged import is there")


class SignIn(Request):
    """A rep signs in on this machine for the first time: keyring, list of accounts, a new store."""
    made = 0

    def new_rep(self):
        rep = new_rep(self.env, signed_in=False)
        self.provision(rep)
        return rep

    def provision(self, rep):
        if not self.env.server.provisioned:
            rep.sign_in(self.env.server)

    def prepare(self):
        if self.rep.client.get(ACCOUNT, "SignedIn"):
            sign_out(self.rep)
        self.rep.calls.clear()
        self.rep.member = self.env.server.new_member()

    def send(self, done):
        with self.rep.secret(self.env.server.token) as fd:
            send_fd(self.rep, ACCOUNT, "SignIn", "(ssh)", (self.env.server.url, self.rep.member, 0), fd, done)

    def check(self):
        self.env.server.faults({"kind": "outage", "times": -1})  # what was acknowledged needs no server
        if self.answer is not None:
            equal(self.rep.client.get(ACCOUNT, "SignedIn"), True, "SignedIn after an acknowledged sign-in")
        self.env.server.clear_faults()
        if not self.rep.client.get(ACCOUNT, "SignedIn"):
            sign_in(self.rep, self.env.server)
        Call(self.chance).make(self.rep)
        super().check()


class SignOut(Request):
    """Signing out while something waits. It is there when the rep signs in again."""
    values = {}
    reachable = False
    made = 1

    def prepare(self):
        if not self.rep.client.get(ACCOUNT, "SignedIn"):
            sign_in(self.rep, self.env.server)
        super().prepare()
        self.waiting = self.rep.pending()
        if not self.reachable:
            self.env.server.faults({"kind": "outage", "times": -1})

    def send(self, done):
        self.rep.client.send(ACCOUNT, "SignOut", options(self.values), done=done)

    def check(self):
        signed_in = self.rep.client.get(ACCOUNT, "SignedIn")
        if self.answer is not None:
            equal((signed_in, self.rep.sync_state()), (False, "signed-out"), "after an acknowledged sign-out")
        self.check_exports()
        self.env.server.clear_faults()
        # Killed on its way, it may have taken the token out of the keyring, and no more.
        if not signed_in or self.rep.try_sync() == "NotSignedIn":
            sign_in(self.rep, self.env.server)
        super().check()

    def check_exports(self):
        """Each file is whole."""
        for path in (self.rep.store / "exports").glob("*.jsonl"):
            lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            equal((lines[0]["member"], len(lines)), (self.rep.member, 1 + self.waiting), f"member and lines of {path.name}")
        if self.answer and self.answer[0]:
            assert pathlib.Path(self.answer[0]).exists(), f"{self.answer[0]} is not there"
        shutil.rmtree(self.rep.store / "exports", ignore_errors=True)


class SignOutKeep(SignOut):
    values = {"pending": "keep"}


class SignOutExport(SignOut):
    values = {"pending": "export"}


class SignOutFlush(SignOut):
    reachable = True


SCENARIOS = {"enqueue": Enqueue, "flush": Flush, "fold": Fold, "automatic": Automatic, "stop": Stop, "start": Start, "repair": Repair,
             "migrate": Migrate, "migrate-log": MigrateLog, "import": Import, "sign-in": SignIn, "sign-out-keep": SignOutKeep,
             "sign-out-export": SignOutExport, "sign-out-flush": SignOutFlush}


class Kills(Sweep):
    """The service is killed at each place."""

    def __init__(self, env, name, mode):
        super().__init__(env, SCENARIOS[name], f"{name}, {mode}")
        self.mode, self.kinds = MODES[mode], DATA if mode == "half" else FILES | SOCKETS
        self.versions = collections.Counter()  # of the schema, after which an update was killed

    def arm(self, control, place):
        control.arm(place, self.mode, self.kinds)

    def wait(self, place):
        await_place(self.scenario.rep, self.scenario.is_over, f"place {place} or the end")

    def run(self):
        super().run()
        if self.versions:
            note("left at version: " + ", ".join(f"{version} {times} times" for version, times in sorted(self.versions.items())))
        if self.versions and ALL:
            equal(sorted(self.versions), list(range(OLDEST, max(self.versions) + 1)), "versions that a kill left")


@parametrize({f"{name}, {mode}": (name, mode) for name in SCENARIOS for mode in MODES})
def test_kill(env, name, mode):
    need_faults()
    Kills(env, name, mode).run()


if __name__ == "__main__":
    common.run(globals())

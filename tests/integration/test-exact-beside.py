#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two installations on one machine, as a Flatpak beside a native one: what waits in the other's store is told, and taken over."""
import fcntl
import os
import signal

import common
from probe import changes, locks_of, wait_for
from common import ACCOUNT, NAME, SYNC, XP, call_rows, equal, expect_exact, need_faults, refused, worth

CALL, ROWS = worth("CONTACT", 150), len(call_rows("CONTACT", 150))
FIRST = CALL + XP["first_dial_of_day"]


class Installations:
    """A session with the service of each. Both have one keyring, which in a real Flatpak they have not."""

    def __init__(self, env):
        self.session = env.session(signed_in=False)
        self.flatpak = self.session.root / "home" / ".var" / "app" / NAME / "data"
        self.store = self.flatpak / "lids-progression"

    def start_flatpak(self):
        self.session.stop()
        self.session.start_daemon("/usr/bin/env", f"XDG_DATA_HOME={self.flatpak}")

    def start_native(self):
        self.session.stop()
        self.session.total()  # whoever asks starts it
        self.await_account()

    def await_account(self):
        """The service has found the account in the keyring, and asked the server about it."""
        wait_for(lambda: self.session.client.get(ACCOUNT, "SignedIn"), what="the account")

    def waiting(self):
        return self.session.client.get(SYNC, "WaitingElsewhere")

    def await_waiting(self, count):
        wait_for(lambda: self.waiting() == count, what=f"{count} operations elsewhere, not {self.waiting()}")

    def files(self):
        """What is in the Flatpak's folder; a lock file only holds the number of its last owner."""
        return {path.name: path.read_bytes() for path in self.store.iterdir() if path.suffix != ".lock"}


def leave_work_behind(env):
    """The Flatpak earns without a server and is killed. Returns the two, the native one not started yet, and how many operations wait."""
    need_faults()
    two = Installations(env)
    rep = two.session
    two.start_flatpak()
    rep.sign_in(env.server)
    rep.call("CONTACT", 150, "lead-1")
    rep.sync()
    env.server.stop()
    rep.call("CONTACT", 150, "lead-2")
    rep.deal("deal-1")
    waiting = rep.pending()
    equal(waiting, ROWS + 2, "operations that wait")
    rep.kill()
    env.server.restart()
    return two, waiting


def test_told_and_taken_over(env):
    """By the command line. The other store stays as it is; when its service runs again, nothing is doubled."""
    two, waiting = leave_work_behind(env)
    rep = two.session
    before = two.files()
    two.await_account()
    rep.sync_until_well()
    two.await_waiting(waiting)
    equal((rep.total(), rep.pending()), (FIRST, 0), "total and pending of the native one")
    equal(f"{waiting} operations wait in another" in " ".join(rep.cli("status").split()), True, "the status tells it")
    mark = rep.client.mark()
    equal(f"{waiting} operations added" in rep.cli("import", "--elsewhere"), True, "the import says how many it added")
    equal((two.waiting(), rep.pending()), (0, waiting), "elsewhere, and here")
    wait_for(lambda: any(found.get("WaitingElsewhere") == 0 for found in changes(rep.client, SYNC, mark)), what="the signal of the change")
    equal(two.files(), before, "the other store")
    equal(rep.client.call(SYNC, "ImportElsewhere")[0], 0, "added by a second import")
    rep.call("CONTACT", 150, "lead-3")
    rep.sync()
    total, rows = FIRST + 2 * CALL + XP["deal_closed"] + common.FIRST_DEAL, 3 * ROWS + 3
    expect_exact(env.server, rep, total, rows, deals=1)
    two.start_flatpak()
    rep.sync()
    equal(two.waiting(), 0, "waiting elsewhere, said by the owner of that store")
    expect_exact(env.server, rep, total, rows, deals=1)
    two.start_native()
    rep.sync()
    expect_exact(env.server, rep, total, rows, deals=1)
    equal(two.waiting(), 0, "waiting elsewhere at the end")


def test_the_other_one_sends_it_itself(env):
    """Nobody takes it over. What it sent is not counted as waiting by the next start."""
    two, waiting = leave_work_behind(env)
    rep = two.session
    two.await_account()
    rep.sync_until_well()
    two.await_waiting(waiting)
    two.start_flatpak()
    two.await_account()
    rep.sync_until_well()
    two.start_native()
    rep.sync_until_well()
    equal(rep.client.call(SYNC, "ImportElsewhere")[0], 0, "added")
    equal(two.waiting(), 0, "waiting elsewhere")
    expect_exact(env.server, rep, FIRST + CALL + XP["deal_closed"] + common.FIRST_DEAL, 2 * ROWS + 3, deals=1)


def test_while_its_owner_has_it_open(env):
    """It is left alone: its owner sends it."""
    two, waiting = leave_work_behind(env)
    rep = two.session
    (lock,) = two.store.glob("*.lock")
    with lock.open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        two.start_native()
        rep.sync_until_well()
        equal(rep.client.call(SYNC, "ImportElsewhere")[0], 0, "added while it is in use")
        equal(two.waiting(), 0, "waiting elsewhere while it is in use")
    equal(rep.client.call(SYNC, "ImportElsewhere")[0], waiting, "added afterwards")


def test_its_owner_comes_while_it_is_read(env):
    """The native installation is told to stop in the middle of reading. It gives the bus name up when the Flatpak can open its store."""
    two, waiting = leave_work_behind(env)
    rep = two.session
    (lock,) = two.store.glob("*.lock")
    # The leak checker cannot work beside strace.
    unchecked = f"ASAN_OPTIONS={os.environ.get('ASAN_OPTIONS', '')}:detect_leaks=0"
    rep.start_daemon("/usr/bin/env", unchecked, "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=flock",
                     "-e", "inject=flock:delay_exit=1000000")
    wait_for(lambda: "READ" in locks_of(lock), what="the reading")
    os.kill(rep.client.pid(), signal.SIGTERM)
    wait_for(lambda: not rep.client.pid(), what="the end of the name")
    equal(locks_of(lock), [], "locks of the Flatpak's store")
    two.start_flatpak()
    equal(rep.pending(), waiting, "operations that wait")


def test_another_member(env):
    """What waits for one rep is not shown to another, and not added to it."""
    two, _waiting = leave_work_behind(env)
    rep = two.session
    first = rep.member
    two.await_account()
    rep.sync_until_well()
    rep.sign_in(env.server)
    equal(rep.client.call(SYNC, "ImportElsewhere")[0], 0, "added")
    equal((two.waiting(), rep.total()), (0, 0), "elsewhere and total of another rep")
    rep.sign_in(env.server, first)
    equal(rep.client.call(SYNC, "ImportElsewhere")[0], ROWS + 2, "added for the first rep")


def damage(path):
    data = bytearray(path.read_bytes())
    data[:100] = b"\xff" * 100  # its header: no database any more
    path.write_bytes(data)


def truncate(path):
    os.truncate(path, 0)


def replace_by_a_fifo(path):
    path.unlink()
    os.mkfifo(path)


def replace_by_a_loop(path):
    path.unlink()
    path.symlink_to(path)


@common.parametrize({"a damaged header": (damage,), "an empty file": (truncate,), "a fifo": (replace_by_a_fifo,),
                     "a loop of links": (replace_by_a_loop,)})
def test_a_store_that_cannot_be_read(env, spoil):
    """What can be read of it is taken, once; the native installation goes on in any case."""
    two, _waiting = leave_work_behind(env)
    rep = two.session
    (path,) = two.store.glob("*.db")
    spoil(path)
    two.await_account()
    rep.sync_until_well()
    rep.call("CONTACT", 150, "lead-3")
    added = rep.client.call(SYNC, "ImportElsewhere")[0]
    rep.sync()
    equal(rep.pending(), 0, "pending")
    equal(len(env.server.rows(rep.member)), 2 * ROWS + 1 + added, "rows")


def test_not_signed_in(env):
    rep = env.session(signed_in=False)
    with refused("NotSignedIn"):
        rep.client.call(SYNC, "ImportElsewhere")
    equal(rep.client.get(SYNC, "WaitingElsewhere"), 0, "waiting elsewhere")


if __name__ == "__main__":
    common.run(globals())

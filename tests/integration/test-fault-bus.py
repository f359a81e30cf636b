#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The bus dies and comes back, the name is somebody else's, hosts race for it and are killed: what was acknowledged is counted, once."""
import time

from probe import *  # noqa: F403
from common import expect_exact, parametrize, run as run_tests, wait_for as wait_event
from bus import Client
from hosts import Host, empty_session, wait_owner
from keyrings import start_keyring
from notes import NOTE, Notes

ROUNDS = int(os.environ.get("PRG_TEST_ROUNDS", "4"))  # of the races
ALLOW_REPLACEMENT, REPLACE_EXISTING, DO_NOT_QUEUE = 1, 2, 4
OWNER, QUEUED, EXISTS = 1, 2, 3


def kill_bus(session):
    """Returns when the bus and everything that hung on it are gone; a new one stands at the same address."""
    pid = bus_call(session.client, "GetConnectionUnixProcessID", "(s)", "org.freedesktop.DBus")[0]
    session.client.bus.set_exit_on_close(False)
    os.kill(pid, signal.SIGKILL)
    wait_gone(pid, 10, "the bus")
    session.keyring.kill()
    session.keyring.wait()
    (session.root / "run" / "bus").unlink(missing_ok=True)


def new_bus(session):
    (session.root / "bin" / "progression").unlink(missing_ok=True)
    session.start_bus()
    session.client.close()
    session.client = Client(session.env["DBUS_SESSION_BUS_ADDRESS"])
    start_keyring(session)


def session_with_known_keyring(env, **extra):
    session = env.session(signed_in=False, keyring=False, extra=extra)
    start_keyring(session)
    return session


def test_bus_restart(env):
    """The bus is killed while calls are under way, three times: the service ends cleanly, and on the new bus nothing is missing."""
    session = session_with_known_keyring(env)
    child = session.start_daemon()
    session.sign_in(env.server)
    notes = Notes(session)
    for number in range(3):
        notes.interrupt(kill_bus)
        equal(child.wait(timeout=20 * SLOW), 0, "exit code of the service")
        new_bus(session)
        child = session.start_daemon(name=f"daemon-{number}")
        wait_property(session.client, SYNC, "State", "idle")
    notes.check(env.server)


@parametrize({"default": ("default",), "own": ("own",), "with dconf": ("thread", "dconf")})
def test_bus_restart_under_a_host(env, context, settings="keyfile"):
    """A host outlives its bus, also where dconf uses GLib's shared connection: the plugin neither ends nor hurts it, and is started again
    on another connection."""
    session = session_with_known_keyring(env, GSETTINGS_BACKEND=settings)
    (session.services / f"{NAME}.service").unlink()
    bus_call(session.client, "ReloadConfig", "()")
    host = Host(session, context)
    host.says("start", "started")
    wait_owner(session, host)
    session.sign_in(env.server)
    notes = Notes(session)
    for _ in range(2):
        notes.interrupt(kill_bus)
        host.says("stop", "stopped")
        equal((host.files(), host.threads()), ([], []), "open files and threads")
        host.says("spin", "dispatched 0")
        new_bus(session)
        host.says("connect", "connected")
        host.says("start", "started")
        wait_owner(session, host)
        notes.repeat()
        wait_property(session.client, SYNC, "State", "idle")  # the keyring is reached over the new connection
    notes.check(env.server)
    host.says("stop", "stopped")
    host.quit()


# ---- the name ----
def request_name(client, flags):
    return bus_call(client, "RequestName", "(su)", NAME, flags)[0]


def release_name(client):
    bus_call(client, "ReleaseName", "(s)", NAME)


def stranger(session):
    """Another program of the session; ours does not tell it from the service."""
    return Client(session.env["DBUS_SESSION_BUS_ADDRESS"])


def test_name_taken_before_the_start(env):
    """The service stands in the queue, opens nothing, and serves as soon as the other program lets go."""
    session = env.session(signed_in=False)
    other, third = stranger(session), stranger(session)
    equal(request_name(other, ALLOW_REPLACEMENT), OWNER, "the other program owns the name")
    child = session.start_daemon()
    wait_for(lambda: len(bus_call(session.client, "ListQueuedOwners", "(s)", NAME)[0]) == 2, 20, "the queue")
    equal(session.store.exists(), False, "a store was opened")
    equal(request_name(third, REPLACE_EXISTING), OWNER, "a third program may replace the other")
    equal((child.poll(), session.store.exists()), (None, False), "the service waits")
    for client in (other, third):
        release_name(client)
    wait_for(lambda: session.client.pid() == child.pid, 20, "the service's name")
    session.sign_in(env.server)
    session.add("note_added")
    session.sync()
    expect_exact(env.server, session, NOTE, 1)
    for client in (other, third):
        client.close()


def test_name_cannot_be_taken_from_the_service(env):
    session = env.session()
    other = stranger(session)
    pid = session.client.pid()
    equal(request_name(other, REPLACE_EXISTING | DO_NOT_QUEUE), EXISTS, "answer to a program that would replace the service")
    equal(request_name(other, REPLACE_EXISTING | ALLOW_REPLACEMENT), QUEUED, "answer to one that would also wait")
    session.add("note_added")
    equal(session.client.pid(), pid, "owner of the name")
    # When the service ends, the name is the other's; a service that is started then waits for it.
    os.kill(pid, signal.SIGTERM)
    wait_gone(pid, 20, "the service")
    wait_for(lambda: session.client.pid() == os.getpid(), 20, "the other's turn")
    child = session.start_daemon()
    release_name(other)
    other.close()
    wait_for(lambda: session.client.pid() == child.pid, 20, "the service's name")
    equal(session.total(), NOTE, "TotalXp")
    session.sync()
    expect_exact(env.server, session, NOTE, 1)


# ---- races ----
class Racer:
    """A process that wants the name: the daemon, or a host."""

    def __init__(self, session, number, context=None):
        self.host = Host(session, context) if context else None
        self.process = self.host.process if context else session.start(f"racer-{number}", str(DAEMON))

    def go(self):
        if self.host:
            self.host.process.stdin.write(b"start\n")
            self.host.process.stdin.flush()

    def has_files(self):
        return any("lids-progression/" in os.readlink(entry) for entry in pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir()
                   if entry.is_symlink())

    def end(self):
        self.process.kill()
        self.process.wait()


def test_race(env):
    """Two hosts and the daemon start at the same instant on one bus and one store, and are killed one after the other while calls go
    on: one at a time serves, and every call is counted once. PRG_TEST_ROUNDS sets how often."""
    need(os.geteuid() == 0, "needs root to see the files of the service")
    session = empty_session(env)
    racers = [Racer(session, 0)]
    wait_event(session.client.pid, 20, "an owner")
    session.sign_in(env.server)
    racers[0].end()
    session.await_no_owner()
    notes, owners = Notes(session), set()
    for number in range(1, ROUNDS + 1):
        racers = {racer.process.pid: racer for racer in (Racer(session, number, "default"), Racer(session, number, "own"))}
        for racer in racers.values():
            racer.go()
        late = Racer(session, number)
        racers[late.process.pid] = late
        while racers:
            owner_pid = wait_event(session.client.pid, 20, "an owner")
            known = len(notes.acknowledged)
            notes.send(30)
            notes.some_answered(known + 3)
            equal([pid for pid, racer in racers.items() if racer.has_files()], [owner_pid], "processes with an open store")
            owners.add(racers[owner_pid].host is None)
            racers.pop(owner_pid).end()
            wait_event(lambda gone=owner_pid: session.client.pid() != gone, 20, "the next owner")
            if racers:
                wait_event(session.client.pid, 20, "the next owner")
                notes.repeat()
    last = Racer(session, "last")
    wait_event(session.client.pid, 20, "an owner")
    notes.check(env.server)
    last.process.terminate()
    equal(last.process.wait(timeout=20 * SLOW), 0, "exit code of the last one")
    equal(owners, {True, False}, "the daemon and the hosts had their turns")


if __name__ == "__main__":
    run_tests(globals())

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the plugin costs a host: the time until the service's name is on the bus, and memory. Figures are printed, none is asserted."""
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))
# pylint: disable=wrong-import-position
from desktop import *  # noqa: E402,F403
from common import note, run as run_tests  # noqa: E402
from hosts import empty_session, wait_owner  # noqa: E402

ROUNDS = 3
QUIET = 0.5  # s without work, until a host counts as idle


def memory(pid):
    """MiB of a process, (resident, of that anonymous). Shares of files' pages would depend on what else runs."""
    values = {}
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        words = line.split()
        values[words[0].rstrip(":")] = int(words[1]) / 1024
    return values["Rss"], values["Anonymous"]


def wait_idle(pid):
    """Until the process has used no time for a while."""
    def used():
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]

    last, since = used(), time.monotonic()
    while time.monotonic() - since < QUIET:
        time.sleep(0.05)
        if used() != last:
            last, since = used(), time.monotonic()


def await_name(session, name, start):
    """Milliseconds from `start` until somebody owns the name. The bus tells of it, so that nothing is asked meanwhile."""
    subscription = session.client.bus.signal_subscribe(BUS, BUS, "NameOwnerChanged", "/org/freedesktop/DBus", name,
                                                       Gio.DBusSignalFlags.NONE, lambda *_signal: None)
    wait_for(lambda: owner(session.client, name), 30, name)
    session.client.bus.signal_unsubscribe(subscription)
    return (time.monotonic() - start) * 1000


def start_times(env, kind):
    """Milliseconds until the host's own name (None: it has none) and the service's are on the bus."""
    session = empty_session(env)
    screen = Screen(session) if kind in PROGRAMS.values() else None
    if screen:
        kind.choose(session, PLUGIN)
    start = time.monotonic()
    host = kind(session, screen) if screen else PeasHost(session)
    own = await_name(session, host.name, start) if screen else None
    if not screen:
        host.enable()
    ours = await_name(session, NAME, start)
    host.kill()
    host.forget()
    if screen:
        screen.close()
    return own, ours


def memory_steps(env, kind):
    """memory() of a host at rest: without the plugin, with it, and signed in with a call that is synced."""
    session = empty_session(env)
    screen = Screen(session) if kind in PROGRAMS.values() else None
    host = kind(session, screen) if screen else PeasHost(session)
    if screen:
        wait_for(host.is_up, 30, "the program")
    steps = []

    def measure():
        wait_idle(host.process.pid)
        steps.extend(memory(host.process.pid))

    measure()
    host.enable()
    wait_owner(session, host)
    measure()
    session.sign_in(env.server)
    session.call()
    session.sync()
    measure()
    host.kill()
    host.forget()
    if screen:
        screen.close()
    return steps


def daemon_time(env):
    session = empty_session(env)
    start = time.monotonic()
    session.start_daemon()
    return (time.monotonic() - start) * 1000


def bench(env, title, kind):
    if kind:
        need_program(kind)
    times = [start_times(env, kind) for _ in range(ROUNDS)]
    ours = statistics.median(time for _own, time in times)
    daemon = statistics.median(daemon_time(env) for _ in range(ROUNDS))
    note(f"{title}: from its start to the name on the bus {ours:.0f} ms, the daemon {daemon:.0f} ms: {ours / daemon:.1f} times")
    if kind:
        own = statistics.median(time for time, _ours in times)
        note(f"{title}: its own name after {own:.0f} ms; ours came after {ours / own:.2f} times as long")
    steps = [statistics.median(column) for column in zip(*(memory_steps(env, kind) for _ in range(ROUNDS)))]
    note(f"{title}: memory at rest {steps[0]:.1f} MiB resident, {steps[1]:.1f} anonymous; with the plugin {steps[2] - steps[0]:+.1f} and "
         f"{steps[3] - steps[1]:+.1f}; signed in and synced {steps[4] - steps[0]:+.1f} and {steps[5] - steps[1]:+.1f}")


def test_plain_host(env):
    bench(env, "plain libpeas host", None)


def test_gedit(env):
    bench(env, "gedit", Gedit)


def test_diodon(env):
    bench(env, "Diodon", Diodon)


if __name__ == "__main__":
    run_tests(globals())

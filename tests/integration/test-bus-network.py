#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A network of its own, whose default route comes and goes: Online, automatic syncing, SyncNow, the timing of requests."""
import sys
import time

from probe import *  # noqa: F403
from common import run as run_tests

INSIDE = "PRG_TEST_NETWORK"
ROUTE = ["default", "via", "10.77.0.2", "dev", "prg0"]


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, stdin=subprocess.DEVNULL)


def route(verb):
    ip("route", verb, *ROUTE)


def make_network():
    """The pair's both ends are here: what matters is that there is a route; the look-alike is on the loopback."""
    ip("link", "set", "lo", "up")
    ip("link", "add", "prg0", "type", "veth", "peer", "name", "prg1")
    ip("addr", "add", "10.77.0.1/24", "dev", "prg0")
    for end in ("prg0", "prg1"):
        ip("link", "set", end, "up")
    route("add")


def new_session(env, **settings):
    need(os.environ.get(INSIDE) == "1", "needs root, or the right to make a network namespace")
    need_faults()
    if not subprocess.run(["ip", "route", "show", "default"], capture_output=True, check=True).stdout:
        route("add")
    session = env.session(extra={"GIO_USE_NETWORK_MONITOR": "netlink"}, settings=settings)
    session.sync()
    wait_property(session.client, SYNC, "Online", True, 10)
    return session


def test_route_goes_and_comes(env):
    session = new_session(env)
    client = session.client
    fence(client)
    for _ in range(3):
        mark = len(client.signals)
        route("del")
        wait_property(client, SYNC, "Online", False, 10)
        wait_property(client, SYNC, "State", "offline", 10)
        fence(client)
        equal([values["Online"] for values in changes(client, SYNC, mark) if "Online" in values], [False], "changes of Online")
        mark = len(client.signals)
        route("add")
        wait_property(client, SYNC, "Online", True, 10)
        wait_property(client, SYNC, "State", "idle", 20)
        fence(client)


def test_offline_nothing_is_sent_by_itself(env):
    session = new_session(env, push_delay=50)
    route("del")
    wait_property(session.client, SYNC, "State", "offline", 10)
    env.server.clear_requests()
    session.call("CONTACT", 150)
    equal((session.client.get(SYNC, "NextSync"), session.pending()), (0, 4), "nothing is planned, four rows wait")
    equal(env.server.requests(), [], "requests while offline")
    session.client.call(SYNC, "SyncNow")  # the monitor may be wrong: it is only a hint
    equal((session.pending(), len(env.server.rows(session.member))), (0, 4), "SyncNow tries all the same")
    session.add("email_sent")
    env.server.clear_requests()
    equal(session.pending(), 1, "pending")
    route("add")
    wait_property(session.client, SYNC, "PendingOperations", 0, 30)
    equal(len(env.server.rows(session.member)), 5, "rows when the route is back")


def test_service_that_starts_offline(env):
    session = new_session(env)
    route("del")
    session.stop()
    equal(session.add("email_sent")[1], 10, "earned")
    equal((session.client.get(SYNC, "Online"), session.sync_state()), (False, "offline"), "Online, State")
    route("add")
    wait_property(session.client, SYNC, "Online", True, 10)
    wait_property(session.client, SYNC, "State", "idle", 30)


def batches(env):
    return [request for request in env.server.requests() if request["operation"] == "batch xpEvents"]


def test_changes_close_together_go_out_together(env):
    session = new_session(env, push_delay=1500)
    env.server.clear_requests()
    start = time.monotonic()
    for number in range(5):
        session.add("email_sent", ref=f"mail-{number}")
    said = time.monotonic()
    wait_property(session.client, SYNC, "PendingOperations", 0, 30)
    equal(len(batches(env)), 1, "uploads")
    assert time.monotonic() - start >= 1.5, "sent before the delay was over"
    need(said - start < 1.5, "this machine is too slow for the upper bound")
    assert time.monotonic() - said < 6 * SLOW, f"sent after {time.monotonic() - said:.1f} s"


def test_interval(env):
    session = new_session(env, sync_interval=15)
    env.server.clear_requests()
    planned = session.client.get(SYNC, "NextSync")
    assert 0 < planned / 1e6 - time.time() < 16.6, "NextSync"
    env.server.wait_requests(1, 30000)
    # The service's own plan, which is what GetAll shows, was kept within two seconds.
    assert abs(time.time() - planned / 1e6) < 2 * SLOW, f"asked {time.time() - planned / 1e6:.1f} s after NextSync"
    wait_property(session.client, SYNC, "NextSync", lambda value: value > planned)


if __name__ == "__main__":
    allowed = os.environ.get(INSIDE) != "1" and subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode == 0
    if allowed and os.geteuid() == 0:
        os.environ[INSIDE] = "1"
        os.execvp("unshare", ["unshare", "-n", sys.executable, *sys.argv])
    if os.environ.get(INSIDE) == "1":
        make_network()
    run_tests(globals())

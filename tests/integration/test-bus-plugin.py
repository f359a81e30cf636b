#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The shared object in hosts of its own and others': what it exports, starting, stopping, taking over; the daemon's end."""
import socket
import time

from probe import *  # noqa: F403
from common import parametrize, run as run_tests
from bus import Client
from hosts import Host, empty_session, took_over, wait_owner

WRONG_ABI = BUILD / "tests" / "integration" / "wrong-abi.so"
HOOKS = SOURCE / "plugin" / "hooks"


def test_exported_symbols(env):
    """What is exported is what the map lists, and what docs/hosts.md explains. Our own functions are those of the header."""
    mapped = set(re.findall(r"^ +(\w+);", (HOOKS / "prg-hooks.map").read_text().partition("local:")[0], re.M))
    code, out, complaint = run(["nm", "-D", "--defined-only", SO], os.environ)
    equal(code, 0, complaint)
    symbols = {line.split()[2].partition("@")[0] for line in out.splitlines() if line.split()[1] != "A"}
    equal({name for name in symbols if not name.startswith(("__asan", "__odr_asan", "__ubsan"))}, mapped, "exported symbols")
    declared = set(re.findall(r"^PRG_EXPORT .*?\b(lids_progression_\w+)\(", (HOOKS / "prg-plugin.h").read_text(), re.M | re.S))
    equal(declared, {name for name in mapped if name.startswith("lids_")}, "functions of the header")
    explained = set(re.findall(r"^\| `(\w+)` \| ", (SOURCE / "docs" / "hosts.md").read_text().partition("**Errors")[0], re.M))
    equal(explained, mapped, "symbols that docs/hosts.md explains")


def test_query_has_no_side_effects(env):
    session = empty_session(env)
    host = Host(session)
    equal(host.tell("query").split()[:3], ["info", "1", "1"], "ABI and size")
    equal(host.tell("query").split()[3:], ["lids-progression", "0.1.0", NAME, PATH], "the info")
    equal((owner(session.client), host.files(), host.threads(), session.store.exists()), ("", [], [], False), "side effects")
    host.quit()


@parametrize(["default", "own"])
def test_start_stop_and_start_again(env, context):
    session = empty_session(env)
    host = Host(session, context)
    host.says("start", "started")
    wait_owner(session, host)
    session.sign_in(env.server)
    expected = 0
    for _ in range(3):
        session.call("CONTACT", 150)
        expected += 22 if expected else 47
        host.says("stop", "stopped")
        equal(owner(session.client), "", "owner of the name")
        equal((host.files(), host.threads()), ([], []), "open files and threads")
        host.says("spin", "dispatched 0")
        equal(env.server.record(session.member)["totalXp"] <= expected, True, "never more than was earned")
        host.says("start", "started")
        wait_owner(session, host)
        equal(session.total(), expected, "TotalXp after a new start")
    session.sync()
    equal(env.server.record(session.member)["totalXp"], expected, "totalXp in Twenty")
    host.says("stop", "stopped")
    host.quit()


def test_second_start_on_one_connection(env):
    session = empty_session(env)
    host = Host(session)
    host.says("start", "started")
    wait_owner(session, host)
    answer = host.tell("again")
    equal(answer.split()[0], "refused", answer)
    session.get("Version")
    host.says("stop", "stopped")
    host.says("close", "closed")
    answer = host.tell("again")
    equal((answer.split()[0], "closed" in answer), ("refused", True), answer)
    host.quit()


def test_stop_at_once(env):
    session = empty_session(env)
    host = Host(session, "own")
    for _ in range(20):
        host.says("start", "started")
        host.says("stop", "stopped")
    equal((owner(session.client), host.files()), ("", []), "name and files")
    host.quit()


@parametrize(["default", "own"])
def test_system_bus_that_is_mute(env, context):
    """Nobody says whether there is a NetworkManager: the host is served all the same, and nothing is left when it stops."""
    session = empty_session(env)
    path = str(session.root / "mute")
    with socket.create_server(path, family=socket.AF_UNIX):
        host = Host(session, context, drop=("GIO_USE_NETWORK_MONITOR",), extra={"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={path}"})
        for _ in range(2):
            start = time.monotonic()
            host.says("start", "started")
            wait_owner(session, host)
            equal(session.client.get(SYNC, "Online"), True, "Online")
            assert "prg-network" in host.threads(), host.threads()
            host.says("stop", "stopped")
            assert time.monotonic() - start < 10 * SLOW, f"it took {time.monotonic() - start:.1f} s"
            equal((host.files(), host.threads()), ([], []), "open files and threads")
            host.says("spin", "dispatched 0")
        host.quit()


def test_missing_schema(env):
    """A host into which the plugin was copied without its schema goes on, with the built-in settings."""
    session = empty_session(env)
    host = Host(session, drop=("GSETTINGS_SCHEMA_DIR",))
    host.says("start", "started")
    wait_owner(session, host)
    session.sign_in(env.server)
    session.call("CONTACT", 150)
    session.sync()
    equal(session.total(), 47, "TotalXp")
    assert "schema" in host.complaints(), "the log does not say what is missing"
    host.says("stop", "stopped")
    host.quit()


def test_no_schemas_at_all(env):
    """Where not even the desktop's schemas are found, GIO's module for proxies would abort the host at the first connection: the start is
    refused, and says what to do."""
    session = empty_session(env)
    host = Host(session, drop=("GSETTINGS_SCHEMA_DIR", "GIO_USE_PROXY_RESOLVER"), extra={"XDG_DATA_DIRS": "/nonexistent"})
    answer = host.tell("start")
    assert answer.startswith("refused") and "gsettings-desktop-schemas" in answer, answer
    equal((owner(session.client), host.files(), host.threads()), ("", [], []), "what is left")
    host.quit()
    host = Host(session, drop=("GSETTINGS_SCHEMA_DIR",), extra={"XDG_DATA_DIRS": "/nonexistent", "GIO_USE_PROXY_RESOLVER": "dummy"})
    host.says("start", "started")
    wait_owner(session, host)
    session.sign_in(env.server)
    session.call("CONTACT", 150)
    host.says("stop", "stopped")
    host.quit()


@parametrize(["stopped", "killed"])
def test_second_host_takes_over(env, how):
    session = empty_session(env)
    first = Host(session)
    first.says("start", "started")
    wait_owner(session, first)
    session.sign_in(env.server)
    session.call("CONTACT", 150)
    second = Host(session, "own")
    second.says("start", "started")
    equal((session.client.pid(), second.files()), (first.process.pid, []), "the second one is passive")
    session.add("email_sent")
    start = time.monotonic()
    if how == "stopped":
        first.says("stop", "stopped")
    else:
        first.kill()
    wait_owner(session, second)
    equal(session.total(), 57, "TotalXp")
    took_over(start, how)
    equal(len(session.events()), 5, "events")
    if how == "stopped":  # and back again
        first.says("start", "started")
        second.says("stop", "stopped")
        wait_owner(session, first)
        session.add("email_sent")
        session.sync()
        first.says("stop", "stopped")
        first.quit()
    else:
        session.add("email_sent")
        session.sync()
        second.says("stop", "stopped")
    second.quit()
    equal(env.server.record(session.member)["totalXp"], 67, "totalXp in Twenty")
    equal(len(env.server.rows(session.member)), 6, "rows")


def test_passive_host_stops(env):
    session = empty_session(env)
    first, second = Host(session), Host(session)
    first.says("start", "started")
    wait_owner(session, first)
    second.says("start", "started")
    second.says("stop", "stopped")
    equal(session.client.pid(), first.process.pid, "owner of the name")
    first.says("stop", "stopped")
    equal(owner(session.client), "", "owner of the name")
    first.quit()
    second.quit()


# ---- the daemon ----

def test_daemon_refuses_another_abi(env):
    session = env.session(signed_in=False)
    for path, words in ((WRONG_ABI, ("ABI 2", "1")), (session.root / "nothing.so", ("cannot be loaded",))):
        code, _, complaint = run([DAEMON], {**session.env, "LIDS_PROGRESSION_PLUGIN": str(path)})
        equal(code, 1, "exit code")
        for word in words:
            assert word in complaint, complaint
    code, _, complaint = run([DAEMON], {**session.env, "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"})
    equal((code, "session bus" in complaint), (1, True), complaint)
    equal(run([DAEMON, "--help"], session.env)[0], 1, "exit code with an argument")


@parametrize({"SIGTERM": (signal.SIGTERM,), "SIGINT": (signal.SIGINT,)})
def test_daemon_flushes_and_ends(env, number):
    need_faults()  # and a server whose timeline is not late
    session = env.session(signed_in=False)
    child = session.start_daemon()
    session.sign_in(env.server)
    session.call("CONTACT", 150)
    equal(len(env.server.rows(session.member)), 0, "rows before")
    child.send_signal(number)
    equal(child.wait(timeout=20 * SLOW), 0, "exit code")
    equal(sum(row["xpAmount"] for row in env.server.rows(session.member)), 47, "XP in the ledger")


def test_daemon_ends_with_a_server_that_hangs(env):
    need_faults()
    session = env.session(signed_in=False)
    child = session.start_daemon()
    session.sign_in(env.server)
    session.call("CONTACT", 150)
    env.server.faults({"kind": "hang", "times": -1, "arg": 60000})
    start = time.monotonic()
    child.send_signal(signal.SIGTERM)
    equal(child.wait(timeout=30 * SLOW), 0, "exit code")
    assert time.monotonic() - start < 9 * SLOW, f"it took {time.monotonic() - start:.1f} s; systemd waits 10"
    env.server.clear_faults()
    session.sync()
    equal(env.server.record(session.member)["totalXp"], 47, "totalXp afterwards")


def test_bus_goes_away(env):
    session = env.session(signed_in=False)
    child = session.start_daemon()
    session.sign_in(env.server)
    session.call("CONTACT", 150)
    bus = bus_call(session.client, "GetConnectionUnixProcessID", "(s)", "org.freedesktop.DBus")[0]
    session.client.bus.set_exit_on_close(False)
    os.kill(bus, signal.SIGKILL)
    equal(child.wait(timeout=20 * SLOW), 0, "exit code of the daemon")
    wait_gone(bus, 10, "the bus")
    (session.root / "run" / "bus").unlink(missing_ok=True)
    (session.root / "bin" / "progression").unlink()
    session.start_bus()
    session.client = Client(session.env["DBUS_SESSION_BUS_ADDRESS"])
    equal(session.total(), 47, "TotalXp on a new bus")


def test_started_by_the_bus(env):
    session = env.session(signed_in=False)
    equal(owner(session.client), "", "owner before")
    code, out, complaint = run(["gdbus", "call", "-e", "-d", NAME, "-o", PATH, "-m", f"{PROPERTIES}.Get", NAME, "Version"], session.env)
    equal((code, out.strip()), (0, "(<uint32 1>,)"), complaint)
    assert owner(session.client), "nobody owns the name"


if __name__ == "__main__":
    run_tests(globals())

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The plugin in programs with libpeas 1.0: a plain host, gedit, and the clipboard manager Diodon."""
from desktop import *  # noqa: F403
from common import expect_exact, parametrize, run as run_tests
from hosts import empty_session, wait_owner

WRONG_ABI = BUILD / "tests" / "integration" / "wrong-abi.so"
CALL = 22  # XP of a call with CONTACT and 150 s: dial 2, connected 5, two minutes and more 15
FIRST = 25  # once a day, with the first dial


def gone(session, host):
    """The plugin is disabled and nothing of it is left."""
    wait_for(lambda: not owner(session.client), 20, "the end of the name")
    wait_for(lambda: not host.files() and not host.threads(), 20, "the end of the store and of its thread")


def wait_queued(session, number):
    """The name has an owner and this many processes that wait for it."""
    wait_for(lambda: owner(session.client) and len(bus_call(session.client, "ListQueuedOwners", "(s)", NAME)[0]) == number + 1, 20,
             f"{number} that wait")


def live(env, host):
    """Enables, earns, disables and enables again. Returns with a call that is not in Twenty yet."""
    session = host.session
    host.enable()
    wait_owner(session, host)
    session.sign_in(env.server)
    session.call()
    session.sync()
    expect_exact(env.server, session, FIRST + CALL, 4)
    host.disable()
    gone(session, host)
    host.enable()
    wait_owner(session, host)
    equal(session.total(), FIRST + CALL, "TotalXp after disabling and enabling")
    session.sync()
    session.call()  # sent after a minute, or at the end
    equal(len(env.server.rows(session.member)), 4, "rows before the end")


def end(env, host, rows):
    """The host quits, and what was pending is in Twenty."""
    host.quit()
    equal(len(env.server.rows(host.session.member)), rows, "rows after the end")
    equal(owner(host.session.client), "", "owner of the name")


def test_exported_symbols(env):
    code, out, complaint = run(["nm", "-D", "--defined-only", PEAS_MODULE], os.environ)
    equal(code, 0, complaint)
    symbols = {line.split()[2].partition("@")[0] for line in out.splitlines() if line.split()[1] != "A"}
    equal({name for name in symbols if not name.startswith(("__asan", "__odr_asan", "__ubsan"))}, {"peas_register_types"}, "exported symbols")


def test_plain_host(env):
    session = empty_session(env)
    host = PeasHost(session)
    live(env, host)
    end(env, host, 7)


def test_disabled_and_enabled_at_once(env):
    session = empty_session(env)
    host = PeasHost(session)
    for _ in range(20):
        host.enable()
        host.disable()
    host.enable()
    wait_owner(session, host)
    session.sign_in(env.server)
    for number in range(1, 6):
        session.call()
        before = len(session.client.owners)
        host.disable()
        host.enable()  # while it still stops
        wait_for(lambda since=before: len(session.client.owners) - since == 2, 20, "the name, given up and taken")
        equal(session.total(), FIRST + number * CALL, "TotalXp")
    host.disable()
    gone(session, host)
    host.quit()


@parametrize(["drop", "forget"])
def test_careless_end(env, how):
    """A host that disables the plugin in its last moment, or never: the plugin comes to its end all the same."""
    session = empty_session(env)
    host = PeasHost(session)
    host.enable()
    wait_owner(session, host)
    session.sign_in(env.server)
    session.call()
    host.process.stdin.write(how.encode() + b"\n")
    end(env, host, 4)


def test_forked_child_ends(env):
    """It has the host's memory, and none of its threads: it must not touch the service."""
    need("ASAN_OPTIONS" not in os.environ, "what only the parent's threads know seems to leak in the child")
    session = empty_session(env)
    host = PeasHost(session)
    host.enable()
    wait_owner(session, host)
    session.sign_in(env.server)
    host.says("fork", "ended")
    equal(host.complaints(), "", "what the child said")
    session.call()
    end(env, host, 4)


def test_object_of_another_release(env):
    """Copies, as of an installation by hand: the object beside the module is the one that is loaded."""
    session = empty_session(env)
    folder = session.root / "copies"
    folder.mkdir()
    for file, name in ((PEAS_MODULE, PEAS_MODULE.name), (DESCRIPTION, DESCRIPTION.name), (WRONG_ABI, SO.name)):
        shutil.copy(file, folder / name)
    host = PeasHost(session, folder=folder)
    host.enable()
    host.disable()
    host.quit_with(f"{folder / SO.name} speaks ABI 2 and this host 1")


def test_quit_while_the_server_hangs(env):
    """The end of a host is held up for a few seconds at most."""
    need_faults()
    session = empty_session(env)
    host = PeasHost(session)
    host.enable()
    wait_owner(session, host)
    session.sign_in(env.server)
    session.call()
    env.server.faults({"kind": "hang", "times": -1, "arg": 60000})
    host.quit()
    env.server.clear_faults()
    second = PeasHost(session)
    second.enable()
    wait_owner(session, second)
    session.sync_until_well()
    expect_exact(env.server, session, FIRST + CALL, 4)
    second.quit()


def test_no_session_bus(env):
    session = empty_session(env)
    host = PeasHost(session, more={"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"})
    host.enable()
    wait_for(lambda: "there is no session bus" in host.complaints(), 20, "a warning")
    host.disable()
    host.enable()
    host.quit()


def test_host_with_libsoup_2(env):
    """libsoup 3 would end the process."""
    session = empty_session(env)
    host = PeasHost(session, OLD_SOUP)
    host.enable()
    host.disable()
    host.quit_with("it uses libsoup 2")
    equal(owner(session.client), "", "owner of the name")


# ---- real programs ----
@parametrize({name: (kind,) for name, kind in PROGRAMS.items()})
def test_program(env, kind):
    """Enabled and disabled while the program runs, by the setting behind its list of plugins."""
    need_program(kind)
    session = empty_session(env)
    screen = Screen(session)
    program = kind(session, screen)
    wait_for(program.is_up, 30, "the program's own name")
    live(env, program)
    program.picture(kind.__name__.lower())
    end(env, program, 7)
    screen.close()


@parametrize({name: (kind,) for name, kind in PROGRAMS.items()})
def test_program_is_ended_by_a_signal(env, kind):
    """As at the end of a desktop session. Nobody takes the plugins down, and the next host has all."""
    need_program(kind)
    session = empty_session(env)
    screen = Screen(session)
    kind.choose(session, PLUGIN)
    program = kind(session, screen)
    wait_owner(session, program)
    session.sign_in(env.server)
    session.call()
    program.process.send_signal(signal.SIGTERM)
    program.process.wait(timeout=30 * SLOW)
    equal(program.faults(), [], "faults")
    program.forget()
    after = PeasHost(session)
    after.enable()
    wait_owner(session, after)
    equal(session.total(), FIRST + CALL, "TotalXp")
    end(env, after, 4)
    screen.close()


@parametrize({name: (kind,) for name, kind in PROGRAMS.items()})
def test_program_with_the_plugin_from_its_start(env, kind):
    """As at the next login. An XP that was earned in the last run is there."""
    need_program(kind)
    session = empty_session(env)
    screen = Screen(session)
    first = PeasHost(session)
    first.enable()
    wait_owner(session, first)
    session.sign_in(env.server)
    session.call()
    first.kill()
    kind.choose(session, PLUGIN)
    program = kind(session, screen)
    wait_owner(session, program)
    equal(session.total(), FIRST + CALL, "TotalXp")
    session.sync()
    session.call()
    end(env, program, 7)
    screen.close()


def test_three_hosts_on_one_bus(env):
    """One serves, the others wait in turn; the XP stays exact."""
    for kind in PROGRAMS.values():
        need_program(kind)
    session = empty_session(env)
    screens = [Screen(session), Screen(session)]  # keys for the one are none for the other
    hosts = [PeasHost(session), Diodon(session, screens[0]), Gedit(session, screens[1])]
    for number, host in enumerate(hosts):
        if number:
            wait_for(host.is_up, 30, "the program's own name")
        host.enable()
        wait_queued(session, number)
    session.sign_in(env.server)
    for number, host in enumerate(hosts):
        wait_owner(session, host)
        equal([other.files() for other in hosts[number + 1:]], [[]] * (2 - number), "files of those that wait")
        session.call()
        wait_property(session.client, NAME, "TotalXp", FIRST + (number + 1) * CALL)
        if number < 2:
            host.quit()
    end(env, hosts[2], 10)
    for screen in screens:
        screen.close()


if __name__ == "__main__":
    run_tests(globals())

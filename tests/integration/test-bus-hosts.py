#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The ABI of docs/hosts.md, clause by clause: the worked example, what is left after a stop, threads, hosts that come late, quit early or
do wrong, an upgrade under a running host, and owners that leave one after the other."""
import collections
import shutil
import time

from probe import *  # noqa: F403
from common import expect_exact, note, parametrize, run as run_tests, wait_for as wait_event
from hosts import HOST, Host, empty_session, took_over, wait_owner
from notes import NOTE, Notes

EXAMPLE = SOURCE / "docs" / "examples" / "host.c"
WRONG_ABI = BUILD / "tests" / "integration" / "wrong-abi.so"
NEXT = BUILD / "tests" / "integration" / "next-release.so"


# ---- the worked example ----
def build_example(folder):
    """By the line that the example itself gives, with the public header alone, where it is installed."""
    header = folder / "include" / "lids-progression" / "prg-plugin.h"
    header.parent.mkdir(parents=True)
    shutil.copy(SOURCE / "plugin" / "hooks" / "prg-plugin.h", header)
    shutil.copy(EXAMPLE, folder)
    line = re.search(r"^ \*\s+(cc .*\))", EXAMPLE.read_text(encoding="utf-8"), re.M).group(1)
    flags = "-std=c17 -Wall -Wextra -Werror" + (" -fsanitize=address,undefined" if "ASAN_OPTIONS" in os.environ else "")
    code, _, complaint = run(["sh", "-c", line.replace("cc ", f"cc {flags} ", 1)], {**os.environ, "CPATH": str(folder / "include")},
                             cwd=folder)
    equal((code, complaint), (0, ""), line)
    return folder / "host"


def test_example(env):
    """Built and run as it stands: a call over the bus earns XP, which reaches Twenty, and the host ends cleanly."""
    assert len(EXAMPLE.read_text(encoding="utf-8").splitlines()) < 60, "the example is not short any more"
    session = empty_session(env)
    program = build_example(session.root / "home")
    child = session.start("example", str(program), str(SO))
    wait_for(lambda: session.client.pid() == child.pid, 20, "the example's name")
    session.sign_in(env.server)
    equal(session.add("note_added")[1:3], (NOTE, NOTE), "earned, total")
    child.terminate()
    equal((child.wait(timeout=20 * SLOW), (session.logs / "example").read_text()), (0, ""), "exit code and complaints")
    equal([row["xpAmount"] for row in env.server.rows(session.member)], [NOTE], "rows in Twenty")
    check_refusals(session, program)


def check_refusals(session, program):
    for arguments, words in (([WRONG_ABI], ("does not speak ABI 1", "install")), ([session.root / "none.so"], ("none.so",)), ([], ("Usage",))):
        code, _, complaint = run([program, *arguments], session.env)
        equal(code, 1, f"exit code with {arguments}")
        for word in words:
            assert word in complaint, complaint


# ---- what is left ----
def numbers(host):
    """(threads, open files): how many of each kind the host has."""
    task = pathlib.Path(f"/proc/{host.process.pid}/task")
    threads = collections.Counter((entry / "comm").read_text().strip() for entry in task.iterdir())
    files = collections.Counter()
    for entry in pathlib.Path(f"/proc/{host.process.pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            files[re.sub(r"\d+", "", os.readlink(entry))] += 1
    # GLib's pool ends its threads by itself, some time later.
    return collections.Counter({name: count for name, count in threads.items() if not name.startswith("pool")}), files


def check_unexported(session, address):
    try:
        session.client.bus.call_sync(address, PATH, PROPERTIES, "Get", GLib.Variant("(ss)", (NAME, "Version")), None,
                                     Gio.DBusCallFlags.NONE, 10000 * SLOW, None)
    except GLib.Error as error:
        assert "does not exist" in error.message or "No such" in error.message, error.message
    else:
        raise AssertionError("the object is still there")


@parametrize(["default", "own", "thread"])
def test_nothing_is_left(env, context):
    """After a stop: no timer and no file in the context, no thread, no open file, no name. Later starts leave no more than the first,
    after which GLib's own threads stay."""
    need(os.geteuid() == 0, "needs root to see the files of the host")
    session = empty_session(env)
    host = Host(session, context)
    host.says("connect", "connected")
    before, (threads, files) = host.tell("sources"), numbers(host)
    for turn in range(3):
        host.says("start", "started")
        wait_owner(session, host)
        if turn == 0:
            session.sign_in(env.server)
        session.add("note_added")
        session.sync()
        address = owner(session.client)
        host.says("stop" if turn else "stop elsewhere", "stopped")
        equal(owner(session.client), "", "owner of the name")
        equal(host.tell("sources"), before, "timeout and files of the context")
        equal((host.files(), host.threads()), ([], []), "files of the store, threads of the plugin")
        if turn == 0:
            left = numbers(host)
            equal(set(left[1] - files) - {"anon_inode:[eventfd]", "anon_inode:inotify"}, set(), "files that GLib's threads do not need")
            equal(set(left[0] - threads) - {"gmain", "gdbus"}, set(), "threads that are not GLib's")
        equal(numbers(host), left, f"threads and files after stop {turn + 1}")
        check_unexported(session, address)
    host.says("spin", "dispatched 0")
    host.quit()


# ---- hosts that come late, quit early, do wrong ----
def test_started_before_the_loop_runs(env):
    """Calls that come before the host iterates its context wait for that; nothing is answered wrongly, nothing is lost."""
    session = empty_session(env)
    host = Host(session, "late")
    equal(host.hear(), "started", "the host")
    wait_owner(session, host)
    answers = begin(session.client, NAME, "AddXP", "(sa{sv})", "note_added", {})
    equal((host.files(), answers), ([], []), "what happened without a loop")
    host.process.stdin.write(b"go\n")
    host.process.stdin.flush()
    wait_event(lambda: answers, LONG, "the answer")
    equal(answers[0].name, "NotSignedIn", "the answer")
    session.sign_in(env.server)
    session.add("note_added")
    host.says("stop", "stopped")
    host.quit()


@parametrize({"after a start": ("none", "started\n"), "after a stop": ("quitting", "started\n")})
def test_host_ends_without_a_loop(env, mode, said):
    session = empty_session(env)
    code, out, complaint = run([HOST, SO, mode], session.env)
    equal((code, out, complaint), (0, said, ""), "exit code, output, complaints")
    equal(owner(session.client), "", "owner of the name")


def test_refused_starts(env):
    """A start without a connection, or from a thread that does not have the context, is refused and harms nothing; a stop may come from any
    thread."""
    session = empty_session(env)
    host = Host(session, "thread")
    host.says("connect", "connected")
    for command, word in (("start without a connection", "lend it the session bus"), ("start elsewhere", "thread")):
        answer = host.tell(command)
        assert answer.startswith("refused") and word in answer, answer
    equal(owner(session.client), "", "owner of the name")
    host.says("start", "started")
    wait_owner(session, host)
    host.says("stop elsewhere", "stopped")
    equal(owner(session.client), "", "owner of the name")
    host.quit()


@parametrize(["default", "own", "thread"])
def test_connection_closed_under_the_plugin(env, context):
    """The host closes its connection, or the bus throws it out, while calls are under way: the store is closed, the host lives, and goes on
    with another connection."""
    need(os.geteuid() == 0, "needs root to see the files of the host")
    session = empty_session(env)
    host = Host(session, context)
    host.says("start", "started")
    wait_owner(session, host)
    session.sign_in(env.server)
    notes = Notes(session)
    for _ in range(2):
        notes.interrupt(lambda _session: host.says("close", "closed"))
        wait_for(lambda: not host.files(), 20, "the end of the store")
        host.says("stop", "stopped")
        host.says("connect", "connected")
        host.says("start", "started")
        wait_owner(session, host)
    notes.check(env.server)
    host.says("stop", "stopped")
    host.quit()


@parametrize({"missing": (None, "cannot be read"), "broken": ("{", "found the end")})
def test_rules_file(env, text, words):
    """A rules file that is not there, or no rules: the built-in ones hold in the host, and it is said."""
    session = empty_session(env)
    path = session.root / "home" / "rules.json"
    if text:
        path.write_text(text)
    session.set_settings(rules_file=str(path))
    host = Host(session)
    host.says("start", "started")
    wait_owner(session, host)
    session.sign_in(env.server)
    equal(session.add("note_added")[1], NOTE, "earned")
    found = session.client.get(SYNC, "LastError")
    assert str(path) in found and "built-in rules" in found, found
    host.says("stop", "stopped")
    host.quit()


# ---- an upgrade ----
def test_upgrade_under_a_running_host(env):
    """The object is replaced on disk. The running host serves on with the old one, and can be started again; the next host has the new
    one and takes over."""
    session = empty_session(env)
    path = session.root / "home" / "plugin.so"
    shutil.copy(SO, path)
    first = Host(session, plugin=path)
    first.says("start", "started")
    wait_owner(session, first)
    session.sign_in(env.server)
    session.add("note_added")
    shutil.copy(NEXT, path.with_suffix(".new"))
    path.with_suffix(".new").rename(path)
    session.add("note_added")
    second = Host(session, plugin=path)
    equal(second.tell("query").split()[4], "9.9.9", "version in the next host")
    second.says("start", "started")
    equal(session.client.pid(), first.process.pid, "owner of the name")
    first.says("stop", "stopped")
    wait_owner(session, second)
    equal(session.total(), 2 * NOTE, "TotalXp in the next host")
    first.says("start", "started")
    session.add("note_added")
    second.says("stop", "stopped")
    wait_owner(session, first)
    session.sync()
    expect_exact(env.server, session, 3 * NOTE, 3)
    first.says("stop", "stopped")
    first.quit()
    second.quit()


def test_two_copies_in_one_process(env):
    """A host that loads the new object beside the old one, whose types stay: it may ask it, and is refused a start."""
    session = empty_session(env)
    host = Host(session)
    host.says("start", "started")
    wait_owner(session, host)
    host.says("stop", "stopped")
    host.says(f"load {NEXT}", "loaded")
    equal(host.tell("query").split()[4], "9.9.9", "version of the new one")
    answer = host.tell("start")
    assert answer.startswith("refused") and "restart" in answer, answer
    host.says(f"load {SO}", "loaded")
    host.says("start", "started")
    wait_owner(session, host)
    host.says("stop", "stopped")
    host.quit()


# ---- one owner ----
def unique_names(session, name=NAME):
    return bus_call(session.client, "ListQueuedOwners", "(s)", name)[0]


@parametrize(["stopped", "stopped with a server that hangs", "killed", "ended without a stop"])
def test_takeover(env, how):
    """The bus itself hands the name to the next in its queue: there is no moment without an owner. The next one answers within a second."""
    need_faults()
    session = empty_session(env)
    first, second = Host(session), Host(session, "own")
    first.says("start", "started")
    wait_owner(session, first)
    session.sign_in(env.server)
    second.says("start", "started")
    wait_for(lambda: len(unique_names(session)) == 2, 20, "the queue")
    heir = unique_names(session)[1]
    session.add("note_added")
    mark = len(session.client.owners)
    if "hangs" in how:
        env.server.faults({"kind": "hang", "times": -1, "arg": 5000})
    start = time.monotonic()
    if how == "killed":
        first.kill()
    elif how == "ended without a stop":
        first.end()
    else:
        first.says("stop", "stopped")
    wait_event(lambda: session.client.owners[mark:], 20, "the next owner")
    equal(session.add("note_added")[2], 2 * NOTE, "total at the next owner")
    took_over(start, how)
    equal(session.client.owners[mark:], [heir], "owners")
    env.server.clear_faults()
    session.sync_until_well()
    expect_exact(env.server, session, 2 * NOTE, 2)
    second.says("stop", "stopped")
    second.quit()
    if "stopped" in how:
        first.quit()


def test_takeover_while_the_account_is_switched(env):
    """The owner stops while it sends what the former account left: its store is closed before the name goes to the next."""
    need_faults()
    session = empty_session(env)
    first, second = Host(session), Host(session)
    first.says("start", "started")
    wait_owner(session, first)
    session.sign_in(env.server)
    second.says("start", "started")
    wait_for(lambda: len(unique_names(session)) == 2, 20, "the queue")
    session.add("note_added")
    env.server.faults({"kind": "hang", "method": "POST", "contains": "xpEvents", "arg": 30000})
    with pipe_of(env.server.token.encode()) as fd:
        switched = begin(session.client, ACCOUNT, "SignIn", "(ssh)", env.server.url, env.server.new_member(), 0, fds=[fd])
        wait_for(lambda: not env.server.faults_left(), 20, "what the former account sends")
    first.says("stop", "stopped")
    wait_owner(session, second)
    equal(session.add("note_added")[2], 2 * NOTE, "total at the next owner")
    wait_for(lambda: switched, 20, "the end of SignIn")
    equal(switched[0].name, "Cancelled", "the answer of SignIn")
    session.sync_until_well()
    expect_exact(env.server, session, 2 * NOTE, 2)
    second.says("stop", "stopped")
    second.quit()
    first.quit()


def test_takeover_while_the_store_is_opened(env):
    """The owner is told to stop while its disk is slow: the next one does not find the store locked."""
    session = env.session()
    session.add("note_added")
    session.sync()
    session.stop()
    (session.services / f"{NAME}.service").unlink()
    bus_call(session.client, "ReloadConfig", "()")
    # The leak checker cannot work beside strace.
    unchecked = f"ASAN_OPTIONS={os.environ.get('ASAN_OPTIONS', '')}:detect_leaks=0"
    session.start_daemon("env", unchecked, "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pread64",
                         "-e", "inject=pread64:delay_enter=1500000:when=1")
    second = Host(session)
    second.says("start", "started")
    wait_for(lambda: len(unique_names(session)) == 2, 20, "the queue")
    wait_for(lambda: locks_of(next(session.store.glob("*.lock"))), 20, "the slow opening")
    os.kill(session.client.pid(), signal.SIGTERM)
    wait_owner(session, second)
    equal(session.add("note_added")[2], 2 * NOTE, "total at the next owner")
    session.sync()
    expect_exact(env.server, session, 2 * NOTE, 2)
    second.says("stop", "stopped")
    second.quit()


def test_in_turn(env):
    """Three hosts and the daemon, in all contexts; the owner quits or is killed while calls go on. Each acknowledged call is counted once."""
    session = empty_session(env)
    notes, hosts = Notes(session), [Host(session, context) for context in ("default", "own", "thread")]
    hosts[0].says("start", "started")
    wait_owner(session, hosts[0])
    session.sign_in(env.server)
    for host in hosts[1:]:
        host.says("start", "started")
    daemon = session.start("daemon", str(DAEMON))
    wait_for(lambda: len(unique_names(session)) == 4, 20, "the queue")
    hosts[1].says("stop", "stopped")  # a passive one leaves, and comes back as the last
    hosts[1].says("start", "started")
    wait_for(lambda: len(unique_names(session)) == 4, 20, "the queue")
    last, owners = Host(session), []
    for leave in (lambda: hosts[0].says("stop", "stopped"), hosts[2].kill, daemon.terminate, hosts[1].kill):
        owners.append(session.client.pid())
        start = []
        notes.interrupt(lambda _session, act=leave, at=start: (at.append(time.monotonic()), act()))
        wait_event(lambda: session.client.pid() != owners[-1], 20, "the next owner")
        session.get("TotalXp")
        took_over(start[0], f"owner {len(owners)}, while calls go on")
        if len(owners) == 3:
            last.says("start", "started")
    wait_owner(session, last)
    equal(owners, [process.pid for process in (hosts[0].process, hosts[2].process, daemon, hosts[1].process)], "owners")
    notes.check(env.server)
    equal(daemon.wait(timeout=20 * SLOW), 0, "exit code of the daemon")
    hosts[0].quit()
    last.says("stop", "stopped")
    last.quit()


if __name__ == "__main__":
    run_tests(globals())

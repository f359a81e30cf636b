#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Callers that mean harm: floods, sizes, broken messages, descriptors that hang. Others are served, and memory stays bounded."""
import threading

from probe import *  # noqa: F403
from common import parametrize, refused, run as run_tests
from rogue import NO_REPLY, descriptors, memory, message, raw, unharmed

BURST, RATE = 2000, 200  # commands of one caller, as documented
MOST = 1000              # calls of one caller that may be unanswered
MIB = 1024               # KiB
SANITIZED = "ASAN_OPTIONS" in os.environ
V = GLib.Variant


def add(kind="note_added", flags=0, **values):
    options_ = {key: V("s", value) for key, value in values.items()}
    if kind == "note_added":
        options_["amount"] = V("x", 1)
    return message(NAME, "AddXP", V("(sa{sv})", (kind, options_)), flags=flags)


def flood(client, blob, count):
    """Sends so many calls, from a thread: where nobody reads, a socket is full at some time."""
    def pour():
        with contextlib.suppress(OSError):
            for _ in range(count):
                client.send(blob)
    thread = threading.Thread(target=pour, daemon=True)
    thread.start()
    return thread


def earned(session):
    """The types of all that was announced, in order."""
    return [arguments[1] for arguments in session.client.seen("XpEarned")]


def test_others_take_their_turn(env):
    """A thousand calls are there before the other program's one: it does not wait for half of them."""
    session = env.session()
    pid, expected = session.client.pid(), []
    with raw(session) as attacker:
        with stopped(pid):
            for _ in range(MOST - 10):
                attacker.send(add())
            attacker.ask(message("org.freedesktop.DBus", "GetId", path="/org/freedesktop/DBus", destination="org.freedesktop.DBus"))
            session.client.send(NAME, "AddXP", "email_sent", {}, done=lambda answer, error: expected.append(answer or error))
            session.client.bus.flush_sync(None)
        wait_for(lambda: expected, what="the answer")
        equal(expected[0][1], 10, "what was earned")
        wait_for(lambda: "email_sent" in earned(session), what="the signal, which may be seen after the answer")
        before = earned(session).index("email_sent")
        print(f"# {before} of {MOST - 10} calls came before", flush=True)
        assert before < MOST / 2, f"{before} calls of the flood came before"
        wait_for(lambda: session.total() == MOST - 10 + 10, what="the flood's end")


def test_flood_without_reading(env):
    """50,000 calls of a program that reads no answer, as many as a session bus lets one have: a part is taken, others are served. Until the
    loop sees them GDBus keeps them, which only the bus bounds; this is the bound on what they may need."""
    session = env.session()
    pid = session.client.pid()
    before, files = memory(pid), descriptors(pid)
    with raw(session) as attacker:
        thread = flood(attacker, add(), 50000)
        for number in range(20):
            equal(session.add("email_sent")[1], 10, f"call {number} of another program")
        thread.join(120 * SLOW)
        assert not thread.is_alive(), "the bus does not take the calls"
        session.get("Version")
    taken = session.total() - 200  # so far; what was admitted and waits is at most MOST more
    print(f"# {taken} of 50,000 calls taken; {memory(pid) - before} KiB", flush=True)
    assert 0 < taken < 50000, f"{taken} taken"
    equal(session.client.pid(), pid, "the process")
    equal(descriptors(pid), files, "descriptors")
    if not SANITIZED:
        assert memory(pid) - before < 160 * MIB, f"{memory(pid) - before} KiB more"


def test_refusals_leave_nothing(env):
    """Calls that are refused, for their arguments and for their rate: 20,000 of them need no more memory than 5,000."""
    session = env.session()
    pid = session.client.pid()
    blob = message(NAME, "DefeatBoss", V("(s)", ("nobody",)))

    def ask(count):
        names = set()
        for _ in range(count // 100):
            waiting = {attacker.send(blob) for _ in range(100)}
            while waiting:
                answer = attacker.receive()
                if answer.get_reply_serial() in waiting:
                    waiting.remove(answer.get_reply_serial())
                    names.add((answer.get_error_name() or "").rpartition(".")[2])
        return names

    with raw(session) as attacker:
        names = ask(5000)
        before = memory(pid)
        names |= ask(20000)
    equal(names, {"UnknownId", "RateLimited"}, "answers")
    print(f"# 20,000 refusals: {memory(pid) - before} KiB", flush=True)
    unharmed(session, pid, 0)
    if not SANITIZED:
        assert memory(pid) - before < 2 * MIB, f"{memory(pid) - before} KiB more"


def test_flood_without_answers(env):
    """Calls that want no reply count like others."""
    session = env.session()
    pid = session.client.pid()
    with raw(session) as attacker:
        flood(attacker, add(flags=NO_REPLY), 20000).join(120 * SLOW)
        equal(attacker.ask(message(NAME, "ListEvents", V("(a{sv})", ({},)))) in ("", "RateLimited"), True, "an answer")
    taken = session.total()
    assert 0 < taken < 20000, f"{taken} taken"
    equal(session.client.pid(), pid, "the process")


def test_commands_of_every_interface_have_a_rate(env):
    session = env.session()
    calls = [message(SYNC, "ListOperations", V("(a{sv})", ({},))), message(SYNC, "RetryOperation", V("(s)", ("x",))),
             message(ACCOUNT, "ProvisionServer", V("(a{sv})", ({"x": V("b", True)},))), message(NAME, "ListEvents", V("(a{sv})", ({},)))]
    with raw(session) as attacker:
        serials = {attacker.send(calls[number % len(calls)]): number % len(calls) for number in range(2 * BURST)}
        limited, left = set(), set(serials)
        while left:
            answer = attacker.receive()
            serial = answer.get_reply_serial()
            if serial in left:
                left.remove(serial)
                if (answer.get_error_name() or "").endswith("RateLimited"):
                    limited.add(serials[serial])
        equal(limited, set(range(len(calls))), "methods that were limited")
        equal(attacker.ask(message("org.freedesktop.DBus.Properties", "Get", V("(ss)", (NAME, "Version")))), "", "reading goes on")
    equal(session.client.call(SYNC, "ListOperations", {})[0], [], "another program")


MEGABYTE = "x" * (1 << 20)
LARGE = {
    "AddXP, type": (NAME, "AddXP", V("(sa{sv})", (MEGABYTE, {}))),
    "AddXP, details": (NAME, "AddXP", V("(sa{sv})", ("email_sent", {"details": V("s", MEGABYTE)}))),
    "AddXP, a key": (NAME, "AddXP", V("(sa{sv})", ("email_sent", {MEGABYTE: V("b", True)}))),
    "AddXP, 10,000 keys": (NAME, "AddXP", V("(sa{sv})", ("email_sent", {f"k{n}": V("b", True) for n in range(10000)}))),
    "AddXP, 10,000 multipliers": (NAME, "AddXP", V("(sa{sv})", ("email_sent", {"multipliers": V("a{sd}", {f"m{n}": 1.0
                                                                                                       for n in range(10000)})}))),
    "RecordCall, lead": (NAME, "RecordCall", V("(susa{sv})", ("CONTACT", 1, MEGABYTE, {}))),
    "CloseDeal": (NAME, "CloseDeal", V("(sa{sv})", (MEGABYTE, {}))), "PassExam": (NAME, "PassExam", V("(sd)", (MEGABYTE, 1.0))),
    "DefeatBoss": (NAME, "DefeatBoss", V("(s)", (MEGABYTE,))), "RevokeEvent": (NAME, "RevokeEvent", V("(ss)", ("x", MEGABYTE))),
    "GetDailyMetrics": (NAME, "GetDailyMetrics", V("(ss)", (MEGABYTE, ""))),
    "RetryOperation": (SYNC, "RetryOperation", V("(s)", (MEGABYTE,))),
    "ListOperations": (SYNC, "ListOperations", V("(a{sv})", ({"state": V("s", MEGABYTE)},))),
    "SignIn": (ACCOUNT, "SignIn", V("(ssh)", (MEGABYTE, MEGABYTE, 0))),
    "SignOut": (ACCOUNT, "SignOut", V("(a{sv})", ({"pending": V("s", MEGABYTE)},))),
}


def test_sizes(env):
    session = env.session()
    pid = session.client.pid()
    with raw(session) as attacker:
        for name, (interface, method, body) in LARGE.items():
            equal(attacker.ask(message(interface, method, body)), "TooLarge", name)
        # What fits the whole call, but no argument of it.
        equal(attacker.ask(add(ref="x" * 1025)), "TooLarge", "a ref")
        equal(attacker.ask(message(NAME, "DefeatBoss", V("(s)", ("x" * 60000,)))), "TooLarge", "an id")
        unharmed(session, pid, 0)
        before = memory(pid)
        flood(attacker, message(*LARGE["AddXP, details"]), 300).join(60 * SLOW)
        session.get("Version")
        attacker.ask(add(kind="email_sent"))
    equal(session.total(), 10, "TotalXp")
    if not SANITIZED:
        assert memory(pid) - before < 64 * MIB, f"{memory(pid) - before} KiB more"


def nested(depth):
    value = V("s", "core")
    for _ in range(depth):
        value = V("v", value)
    return value


def wrong_text(blob):
    """The bytes of a call whose one text is not UTF-8 any more."""
    assert blob.count(b"marker") == 1
    return blob.replace(b"marker", b"m\xff\xfeker")


BROKEN = {
    "a text that is no UTF-8": (wrong_text(message(NAME, "DefeatBoss", V("(s)", ("marker",)))), (None,)),
    "a zero within a text": (message(NAME, "DefeatBoss", V("(s)", ("marker",))).replace(b"marker", b"mar\0er"), (None,)),
    "an impossible length": (message(NAME, "DefeatBoss", V("(s)", ("x",)))[:4] + b"\xff\xff\xff\x7f" +
                             message(NAME, "DefeatBoss", V("(s)", ("x",)))[8:], (None,)),
    "60 variants in each other": (message(NAME, "AddXP", V("(sa{sv})", ("email_sent", {"details": nested(55)}))),
                                  ("InvalidArgument", None)),
    "200 variants in each other": (message(NAME, "AddXP", V("(sa{sv})", ("email_sent", {"details": nested(40)})))
                                   .replace(b"\x01v\x00", b"\x01v\x00" * 5), (None,)),
    "no arguments": (message(NAME, "AddXP"), ("InvalidArgs",)),
    "other arguments": (message(NAME, "AddXP", V("(ss)", ("email_sent", "x"))), ("InvalidArgs",)),
    "more arguments": (message(NAME, "DefeatBoss", V("(ss)", ("redhawk", "x"))), ("InvalidArgs",)),
    "an unknown method": (message(NAME, "GiveMeXP", V("(x)", (1000,))), ("UnknownMethod",)),
    "a method of another interface": (message(SYNC, "AddXP", V("(sa{sv})", ("email_sent", {}))), ("UnknownMethod",)),
    "another path": (message(NAME, "AddXP", V("(sa{sv})", ("email_sent", {})), path="/"), ("UnknownMethod",)),
    "writing a property": (message("org.freedesktop.DBus.Properties", "Set", V("(ssv)", (NAME, "TotalXp", V("x", 1000)))),
                           ("InvalidArgs", "PropertyReadOnly")),
    "a handle without a descriptor": (message(SYNC, "Import", V("(h)", (0,))), ("InvalidArgument", "InconsistentMessage")),
    "a handle far out": (message(SYNC, "Export", V("(h)", (2 ** 31 - 1,))), ("InvalidArgument", "InconsistentMessage")),
    "a negative handle": (message(ACCOUNT, "SignIn", V("(ssh)", ("", "x", -1))), ("InvalidArgument", "InconsistentMessage")),
}


@parametrize({name: (name,) for name in BROKEN})
def test_broken_messages(env, name):
    blob, expected = BROKEN[name]
    session = shared_session(env)
    pid, total = session.client.pid(), session.total()
    with raw(session) as attacker:
        found = attacker.ask(blob)
        assert found in expected, f"{found}, expected one of {expected}"
    unharmed(session, pid, total)


SHARED = []


def shared_session(env):
    if not SHARED:
        SHARED.append(env.keep(env.session()))
    return SHARED[0]


def test_signals_that_others_send(env):
    """The bus's own signal, sent by a caller, moves nothing: the service listens to the bus alone."""
    session = shared_session(env)
    pid, total = session.client.pid(), session.total()
    fake = Gio.DBusMessage.new_signal("/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged")
    fake.set_body(V("(sss)", ("org.freedesktop.secrets", ":1.0", "")))
    fake.set_destination(owner(session.client))
    fake.set_serial(1)
    with raw(session) as attacker:
        attacker.send(bytes(fake.to_blob(Gio.DBusCapabilityFlags.NONE)))
        attacker.ask(message(NAME, "DefeatBoss", V("(s)", ("nobody",))))
    unharmed(session, pid, total)
    equal(session.client.get(ACCOUNT, "SignedIn"), True, "SignedIn")


# ---- descriptors ----
def begin_import(client, fd):
    return begin(client, SYNC, "Import", "(h)", 0, fds=[fd])


def import_from(session, path, flags=os.O_RDONLY):
    fd = os.open(path, flags)
    try:
        with refused("InvalidArgument", "TooLarge", "StorageFailed") as seen:
            session.client.call(SYNC, "Import", 0, fd=fd)
        return seen.error.name
    finally:
        os.close(fd)


def test_descriptors_that_never_end(env):
    session = shared_session(env)
    pid, total, files = session.client.pid(), session.total(), descriptors(session.client.pid())
    for path, flags in (("/dev/zero", os.O_RDONLY), ("/dev/urandom", os.O_RDONLY), ("/", os.O_RDONLY), ("/etc/passwd", os.O_PATH)):
        import_from(session, path, flags)
    fd = os.open("/dev/zero", os.O_RDONLY)
    with refused("InvalidArgument"):
        session.client.call(ACCOUNT, "SignIn", env.server.url, session.member, 0, fd=fd)
    os.close(fd)
    reader, writer = os.pipe()
    os.close(reader)  # nobody will read: the kernel would end a process for that
    with refused("StorageFailed"):
        session.client.call(SYNC, "Export", 0, fd=writer)
    os.close(writer)
    unharmed(session, pid, total)
    wait_for(lambda: descriptors(pid) == files, what="descriptors that are closed again")


def test_descriptors_that_hang(env):
    """One program holds two of them, all together six; the rest of the service goes on, name look-ups and the disk included."""
    session = shared_session(env)
    pid, total, files = session.client.pid(), session.total(), descriptors(session.client.pid())
    from bus import Client
    attackers = [Client(session.env["DBUS_SESSION_BUS_ADDRESS"]) for _ in range(4)]
    pipes = [os.pipe() for _ in range(12)]
    try:
        answers = [begin_import(attackers[number % 4], pipes[number][0]) for number in range(12)]
        wait_for(lambda: sum(len(answer) for answer in answers) == 6, what="the refusals")
        refusals = [answer[0] for answer in answers if answer]
        equal({error.name for error in refusals}, {"RateLimited"}, "refusals")
        with refused("RateLimited"):  # as long as they hang; the others' slots are not this program's
            session.client.call(SYNC, "Import", 0, fd=pipes[0][0])
        session.add("email_sent")
        session.sync()
        for _reader, writer in pipes:
            os.close(writer)
        wait_for(lambda: all(answers), what="the answers")
        equal({answer[0].name for answer in answers}, {"RateLimited", "InvalidArgument"}, "the end of what hung")
        with open(session.root / "home" / "export", "w+b") as file:
            session.client.call(SYNC, "Export", 0, fd=file.fileno())
            file.seek(0)
            equal(session.client.call(SYNC, "Import", 0, fd=file.fileno()), (0,), "afterwards")
    finally:
        for attacker in attackers:
            attacker.close()
        for reader, _writer in pipes:
            os.close(reader)
    unharmed(session, pid, total + 10)
    wait_for(lambda: descriptors(pid) == files, what="descriptors that are closed again")


def test_descriptors_that_nobody_asked_for(env):
    session = shared_session(env)
    pid, files = session.client.pid(), descriptors(session.client.pid())
    with open("/dev/null", "rb") as null:
        for _ in range(200):
            begin(session.client, NAME, "ListEvents", "(a{sv})", {}, fds=[null.fileno()] * 10)
        session.get("Version")
    wait_for(lambda: descriptors(pid) == files, what="descriptors that are closed again")


# ---- files that a setting or a folder names ----
def test_hostile_rules_files(env):
    session = env.session()
    session.sync()
    pid, before = session.client.pid(), memory(session.client.pid())
    fifo, link, huge = (session.root / name for name in ("fifo", "link", "huge"))
    os.mkfifo(fifo)
    link.symlink_to("/dev/zero")
    with open(huge, "wb") as file:
        file.truncate(1 << 33)
    deep = session.root / "deep"
    deep.write_text("[" * 1000000)
    for path in ("/dev/zero", fifo, link, huge, deep, "/", "/proc/self/mem"):
        session.set_settings(rules_file=str(path))
        wait_for(lambda: str(path) in session.client.get(SYNC, "LastError"), what=f"the complaint about {path}")
        equal(session.add("email_sent")[1], 10, "the built-in rules hold")
    equal(session.client.pid(), pid, "the process")
    if not SANITIZED:
        assert memory(pid) - before < 64 * MIB, f"{memory(pid) - before} KiB more"


def test_hostile_import_file(env):
    session = env.session()
    session.sync()
    pid = session.client.pid()
    with open(session.root / "home" / "export", "w+b") as file:
        session.client.call(SYNC, "Export", 0, fd=file.fileno())
        file.seek(0)
        header = file.read().splitlines()[0]
    bad = {"brackets": b"[" * 10000000, "a deep header": b'{"format":' * 1000000, "no line end": b"{" + b" " * 66 * (1 << 20),
           "a deep row": header + b"\n" + b'{"a":' * 1000000, "a long row": header + b'\n{"id":"' + b"x" * 10000000,
           "a foreign member": header.replace(session.member.encode(), b"8b4f0a52-6a0c-4f55-9a53-0b1f6a3f2c11")}
    for name, data in bad.items():
        with open(session.root / "home" / "import", "w+b") as file:
            file.write(data)
            file.seek(0)
            with refused("InvalidArgument", "TooLarge") as seen:
                session.client.call(SYNC, "Import", 0, fd=file.fileno())
            assert len(seen.error.message) < 1000, f"{name}: a message of {len(seen.error.message)} bytes"
        unharmed(session, pid, 0)


if __name__ == "__main__":
    run_tests(globals())

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Options: wrong types, unknown keys and bad values are refused by name and record nothing; what fits is taken."""
import datetime

from probe import *  # noqa: F403
from common import FIRST_DEAL, parametrize, refused, run as run_tests

V = GLib.Variant
DAY = 86400 * 1000000
# One value of every basic type, and containers.
VALUES = {
    "b": V("b", True), "y": V("y", 7), "n": V("n", 7), "q": V("q", 7), "i": V("i", 7), "u": V("u", 7), "x": V("x", 7), "t": V("t", 7),
    "d": V("d", 7.0), "s": V("s", "text"), "o": V("o", "/a"), "g": V("g", "s"), "h": V("h", 0), "v": V("v", V("x", 7)),
    "as": V("as", ["a"]), "ay": V("ay", b"a"), "(x)": V("(x)", (7,)), "a{sv}": V("a{sv}", {}), "a{sd}": V("a{sd}", {}), "av": V("av", []),
}
INTEGERS = set("ynqiuxt")
# What each kind of option takes. A dictionary of numbers may come with each number boxed.
TAKES = {"text": {"s"}, "id": {"s"}, "integer": INTEGERS, "count": INTEGERS, "instant": INTEGERS | {"s"},
         "factors": {"a{sd}", "a{sv}"}, "flag": {"b"}, "handle": {"h"}, "choice": {"s"}}
EARNING = {"id": "id", "occurred-at": "instant", "details": "text"}
METHODS = {
    "AddXP": (NAME, ("email_sent",), {**EARNING, "ref": "text", "amount": "integer", "multipliers": "factors"}),
    "RecordCall": (NAME, ("CONTACT", 150, "lead"), EARNING),
    "CloseDeal": (NAME, ("deal",), {"occurred-at": "instant", "details": "text", "amount": "integer", "multipliers": "factors"}),
    "ListEvents": (NAME, (), {"since": "instant", "until": "instant", "type": "text", "limit": "count", "offset": "count"}),
    "ListOperations": (SYNC, (), {"state": "choice", "limit": "count", "offset": "count"}),
    "ListAudit": (SYNC, (), {"limit": "count"}),
    "SignOut": (ACCOUNT, (), {"pending": "choice"}),
    "ProvisionServer": (ACCOUNT, (), {"dry-run": "flag", "token": "handle"}),
}
DOCUMENTED_KEYS = {"AddXP": {"amount", "multipliers", "ref", "details", "occurred-at", "id"},
                   "RecordCall": {"id", "occurred-at", "details"}, "CloseDeal": {"amount", "multipliers", "details", "occurred-at"},
                   "ListEvents": {"since", "until", "type", "limit", "offset"}, "ListOperations": {"state", "limit", "offset"},
                   "ListAudit": {"limit"},
                   "SignOut": {"pending"}, "ProvisionServer": {"dry-run", "token"}}


def facts(session):
    return session.total(), len(session.events()), session.client.get(ACCOUNT, "SignedIn")


def refuse(session, method, key, value, names=("InvalidArgument",)):
    """The call is refused with a sentence that names the key."""
    interface, arguments, _keys = METHODS[method]
    with refused(*names) as seen:
        session.client.call(interface, method, *arguments, {key: value})
    assert key in seen.error.message, f"{method}: “{seen.error.message}” does not name {key}"
    assert len(seen.error.message) < 600, f"{method}: a message of {len(seen.error.message)} characters"


@parametrize(list(METHODS))
def test_wrong_types(env, method):
    session = env.session()
    interface, arguments, keys = METHODS[method]
    equal(set(keys), DOCUMENTED_KEYS[method], "keys")
    before = facts(session)
    for key, kind in keys.items():
        for signature, value in VALUES.items():
            if signature not in TAKES[kind]:
                refuse(session, method, key, value)
    for key in ("", "Id", "ID", "amount ", "occurred_at", "x" * 10000, "ключ", "%s%n"):
        with refused("InvalidArgument") as seen:
            session.client.call(interface, method, *arguments, {key: V("s", "a")})
        assert key[:30] in seen.error.message, f"{method}: “{seen.error.message}” does not name {key[:30]!r}"
        for known in keys:
            assert known in seen.error.message, f"{method}: “{seen.error.message}” does not offer {known}"
    equal(facts(session), before, "what is recorded")


def test_a_value_that_is_quoted_up_to_the_middle_of_a_letter(env):
    session = env.session()
    long = "a" * 63 + "ä" * 10
    for key, value in (("occurred-at", V("s", long)), (long, V("b", True)), ("multipliers", V("a{sv}", {long: V("s", "x")}))):
        with refused("InvalidArgument") as seen:
            session.client.call(NAME, "AddXP", "email_sent", {key: value})
        assert "a" * 63 in seen.error.message, f"“{seen.error.message}” does not quote what was found"
    equal((session.total(), session.events()), (0, []), "what is recorded")


def test_one_bad_key_among_good_ones_records_nothing(env):
    session = env.session()
    good = {"amount": V("x", 5), "ref": V("s", "a"), "details": V("s", "b"), "id": V("s", "my-1")}
    for key, value in (("multipliers", V("a{sd}", {"m": 0.0})), ("occurred-at", V("s", "soon")), ("nonsense", V("b", True))):
        with refused("InvalidArgument"):
            session.client.call(NAME, "AddXP", "email_sent", {**good, key: value})
    equal((session.total(), session.events()), (0, []), "what is recorded")
    equal(session.client.call(NAME, "AddXP", "email_sent", good)[1], 5, "earned with the good ones")


def when(session, made):
    return next(event["occurred-at"] for event in session.events() if event["id"] == made)


def test_every_integer_type_is_taken(env):
    session = env.session()
    total = 0
    for signature in sorted(INTEGERS):
        earned = session.client.call(NAME, "AddXP", "email_sent", {"amount": V(signature, 7)})[1:3]
        total += 7
        equal(earned, (7, total), f"amount of type {signature}")
    now = int(datetime.datetime.now().timestamp() * 1000000)
    for signature in "xt":
        made = session.client.call(NAME, "AddXP", "email_sent", {"occurred-at": V(signature, now - 1000000)})[0]
        equal(when(session, made), now - 1000000, f"occurred-at of type {signature}")
    for signature in sorted(INTEGERS):
        page = session.client.call(NAME, "ListEvents", {"limit": V(signature, 3), "offset": V(signature, 1)})[0]
        equal(len(page), 3, f"limit of type {signature}")


def test_every_number_is_a_factor(env):
    session = env.session()
    for signature in sorted(INTEGERS):
        boxed = V("a{sv}", {"m": V(signature, 2)})
        equal(session.client.call(NAME, "AddXP", "email_sent", {"multipliers": boxed})[1], 20, f"a factor of type {signature}")
    session.add("dial_made")  # the day's first, which pays more
    equal(session.add("dial", multipliers={"a": 1.25})[1], 3, "2 × 1.25, half up")
    equal(session.add("call_connected", multipliers={"a": 1.1})[1], 6, "5 × 1.1")
    # In byte order of the names, each step rounded half up; another order would give another number.
    equal(session.add("note_added", multipliers={"b": 10.0, "a": 0.5})[1], 20, "3 × 0.5 = 1.5 → 2, × 10")
    equal(session.add("note_added", multipliers={"a": 10.0, "b": 0.5})[1], 15, "3 × 10, × 0.5")
    equal(session.add("note_added", multipliers={"a": 10.0, "B": 0.5})[1], 20, "capital letters come first")


BAD = {
    "amount": [V("x", 100001), V("x", -1), V("x", -(2 ** 63)), V("x", 2 ** 63 - 1), V("t", 2 ** 64 - 1), V("d", float("nan"))],
    "multipliers": [V("a{sd}", {"m": value}) for value in (float("nan"), float("inf"), float("-inf"), -1.0, 0.0, 1e300, 10.001)] +
                   [V("a{sd}", {"": 1.0}), V("a{sd}", {"n" * 129: 1.0}), V("a{sd}", {f"m{n}": 1.0 for n in range(17)}),
                    V("a{sv}", {"m": V("s", "2")}), V("a{sv}", {"m": V("v", V("d", 2.0))})],
    "id": [V("s", ""), V("s", "i" * 129), V("s", "i" * 10240), V("s", "é" * 129)],
    "ref": [V("s", "r" * 1025), V("s", "r" * 10240)],
    "details": [V("s", "d" * (16 * 1024 + 1)), V("s", "é" * (8 * 1024 + 1))],
}
# A sentence about a value that is too large is as clear under either name.
LARGE = ("InvalidArgument", "TooLarge")


@parametrize(list(BAD))
def test_bad_values(env, key):
    session = env.session()
    for value in BAD[key]:
        with refused(*LARGE) as seen:
            session.client.call(NAME, "AddXP", "email_sent", {key: value})
        equal(seen.error.message.strip() != "" and len(seen.error.message) < 600, True, "a clear sentence")
    equal((session.total(), session.events()), (0, []), "what is recorded")


def test_longest_values_are_taken(env):
    session = env.session()
    longest = {"id": "i" * 128, "ref": "r" * 1024, "details": "d" * (16 * 1024)}
    session.client.call(NAME, "AddXP", "email_sent", {key: V("s", value) for key, value in longest.items()})
    event = session.events()[0]
    equal(event["ref"], longest["ref"], "ref")
    assert longest["details"] in event["details"], "details are cut"
    session.client.call(NAME, "AddXP", "email_sent", {"id": V("s", "é" * 128)})
    session.client.call(NAME, "AddXP", "email_sent", {"amount": V("x", 100000)})
    session.client.call(NAME, "CloseDeal", "d" * 1024, {})
    session.sync()
    equal(session.total(), 10 + 10 + 100000 + 300 + FIRST_DEAL, "TotalXp")
    equal(len(env.server.rows(session.member)), 5, "rows")


def test_times(env):
    session = env.session()
    now = datetime.datetime.now(datetime.timezone.utc)
    bad = ["", "yesterday", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01", "12:00", "2026-01-01T25:00:00Z",
           "2026-01-01T00:00:00", "-1", "9" * 400, (now + datetime.timedelta(hours=1)).isoformat(),
           (now - datetime.timedelta(days=9)).isoformat(), "1969-12-31T23:59:59Z", "0001-01-01T00:00:00Z"]
    numbers = [-1, -(2 ** 63), 2 ** 63 - 1, 1, int((now.timestamp() + 3600) * 1000000), int(now.timestamp() * 1000000) - 9 * DAY]
    for value in [V("s", entry) for entry in bad] + [V("x", entry) for entry in numbers] + [V("t", 2 ** 64 - 1)]:
        refuse(session, "AddXP", "occurred-at", value)
    equal((session.total(), session.events()), (0, []), "what is recorded")
    hour = (now - datetime.timedelta(hours=1)).replace(microsecond=0)
    good = [hour.strftime("%Y-%m-%dT%H:%M:%SZ"), hour.isoformat(),
            hour.astimezone(datetime.timezone(datetime.timedelta(hours=5, minutes=30))).isoformat(),
            hour.strftime("%Y-%m-%dT%H:%M:%S.000000Z")]
    for entry in good:
        made = session.client.call(NAME, "AddXP", "email_sent", {"occurred-at": V("s", entry)})[0]
        equal(when(session, made), int(hour.timestamp() * 1000000), entry)


def raw_string_message(session, payload):
    """A call of AddXP whose text has these bytes, as no library of ours would send it. The error's name, or "closed"."""
    import socket
    link = socket.socket(socket.AF_UNIX)
    link.connect(session.env["DBUS_SESSION_BUS_ADDRESS"].partition("unix:path=")[2])
    link.settimeout(20)
    uid = str(os.getuid()).encode().hex()
    link.sendall(b"\0AUTH EXTERNAL " + uid.encode() + b"\r\n")
    link.recv(4096)
    link.sendall(b"BEGIN\r\n")

    def message(serial, method, destination, path, interface, body, signature):
        def header_string(code, kind, value):
            pad = b"" if kind == b"g" else b""
            length = bytes([len(value)]) if kind == b"g" else len(value).to_bytes(4, "little")
            return bytes([code, 1]) + kind + b"\0" + pad + length + value + b"\0"
        fields = b""
        for entry in ((1, b"o", path), (2, b"s", interface), (3, b"s", method), (6, b"s", destination)) + (((8, b"g", signature),) if signature else ()):
            fields += b"\0" * (-len(fields) % 8) + header_string(*entry)
        head = b"l\x01\x00\x01" + len(body).to_bytes(4, "little") + serial.to_bytes(4, "little") + len(fields).to_bytes(4, "little") + fields
        return head + b"\0" * (-len(head) % 8) + body

    link.sendall(message(1, b"Hello", b"org.freedesktop.DBus", b"/org/freedesktop/DBus", b"org.freedesktop.DBus", b"", b""))
    link.recv(65536)
    body = len(payload).to_bytes(4, "little") + payload + b"\0"
    body += b"\0" * (-len(body) % 4) + (0).to_bytes(4, "little")
    body += b"\0" * (-len(body) % 8)
    link.sendall(message(2, b"AddXP", NAME.encode(), PATH.encode(), NAME.encode(), body, b"sa{sv}"))
    try:
        while True:
            data = link.recv(65536)
            if not data:
                return "closed"
            if b"Error." in data:
                return data[data.index(b"Error.") - 24:][:80].decode(errors="replace")
    except ConnectionResetError:
        return "closed"
    finally:
        link.close()


def test_bytes_that_are_no_text(env):
    session = env.session()
    for payload in (b"email_sent\0x", b"email\xff", b"\xed\xa0\x80", b"\xc0\x80"):
        found = raw_string_message(session, payload)
        assert found == "closed" or "Error" in found, f"{payload}: {found}"
    equal((session.total(), session.events()), (0, []), "what is recorded")


def test_wrong_signatures(env):
    session = env.session()
    for parameters in (V("(s)", ("email_sent",)), V("(sas)", ("email_sent", [])), V("(sa{ss})", ("email_sent", {})), V("(xa{sv})", (1, {}))):
        try:
            session.client.bus.call_sync(NAME, PATH, NAME, "AddXP", parameters, None, Gio.DBusCallFlags.NONE, 30000, None)
        except GLib.Error as error:
            equal(Gio.DBusError.get_remote_error(error), "org.freedesktop.DBus.Error.InvalidArgs", str(parameters))
        else:
            raise AssertionError(f"{parameters} was taken")
    equal((session.total(), session.events()), (0, []), "what is recorded")


@parametrize({"RecordCall disposition": ("RecordCall", ("HELLO", 1, "", {})), "RecordCall empty": ("RecordCall", ("", 1, "", {})),
              "RecordCall lower case": ("RecordCall", ("contact", 1, "", {})),
              "RecordCall too long": ("RecordCall", ("CONTACT", 86401, "", {})),
              "CloseDeal empty": ("CloseDeal", ("", {})), "CompleteModule nan": ("CompleteModule", ("module_0", float("nan"))),
              "CompleteModule 1.1": ("CompleteModule", ("module_0", 1.1)), "PassExam -0.1": ("PassExam", ("operative_certification", -0.1)),
              "PassExam inf": ("PassExam", ("operative_certification", float("inf"))), "AddXP empty": ("AddXP", ("", {})),
              "AddXP a sentence": ("AddXP", ("an event", {"amount": V("x", 1)})), "RevokeEvent no reason": ("RevokeEvent", ("x", "")),
              "GetDailyMetrics bad day": ("GetDailyMetrics", ("2026-02-30", "")),
              "GetDailyMetrics bad order": ("GetDailyMetrics", ("2026-03-02", "2026-03-01"))})
def test_bad_arguments(env, method, arguments):
    session = env.session()
    with refused("InvalidArgument"):
        session.client.call(NAME, method, *arguments)
    equal((session.total(), session.events()), (0, []), "what is recorded")


if __name__ == "__main__":
    run_tests(globals())

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The client library with the real service: what it shows, and that a call counts once whatever happens to the service."""
import json
import os
import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "crash"))
# pylint: disable=wrong-import-position
import common  # noqa: E402
import crash  # noqa: E402
from common import (ACCOUNT, BUILD, NAME, SYNC, XP, call_rows, equal, expect_exact, level_of, need_faults, options, parametrize, refused,  # noqa: E402
                    sessions, wait_for, worth)
from library import Failed, program  # noqa: E402

# The client's name of a property → interface and member, where it is not just spelled otherwise.
RENAMED = {"sync-state": (SYNC, "State"), "member-id": (ACCOUNT, "WorkspaceMemberId")}
OF_SYNC = ("reason", "online", "pending-operations", "quarantined-operations", "waiting-elsewhere", "last-sync", "next-sync", "last-error")
OF_ACCOUNT = ("signed-in", "server", "member-name")
OWN = ("flags", "running")
CALL = worth("CONTACT", 150)
ROWS = len(call_rows("CONTACT", 150))
FIRST = XP["first_dial_of_day"]


def failed(code, function, *arguments):
    """The call must fail with that error; its message."""
    try:
        answer = function(*arguments)
    except Failed as error:
        equal(error.code, code, str(error))
        return error.message
    raise AssertionError(f"{answer}, expected {code}")


def on_bus(rep, name):
    camel = "".join(part.capitalize() for part in name.split("-"))
    interface = SYNC if name in OF_SYNC else ACCOUNT if name in OF_ACCOUNT else NAME
    value = rep.client.get(*RENAMED.get(name, (interface, camel)))
    return f"LIDS_SYNC_STATE_{value.upper().replace('-', '_')}" if name == "sync-state" else value


def expect_mirror(rep, client):
    """What the client shows is what the service says, property by property."""
    for name in client.properties:
        if name not in OWN:
            wait_for(lambda at=name: client.properties[at] == on_bus(rep, at), 20, f"{name}: {client.properties[name]}, {on_bus(rep, name)}")


def test_properties_and_signals(env):
    rep = env.session()
    with program(rep) as client:
        equal(client.properties["running"], True, "running")
        equal((client.properties["level"], client.properties["total-xp"]), (1, 0), "level and total at once")
        expect_mirror(rep, client)
        mark, before = rep.client.mark(), len(client.notified)
        client.call("close_deal", "deal-1")
        client.record()
        total = rep.total()
        client.wait_property("total-xp", total)
        equal(client.properties["level"], level_of(total), "level")
        expect_mirror(rep, client)
        client.sync()
        client.wait_property("pending-xp", 0)
        client.wait_property("sync-state", "LIDS_SYNC_STATE_IDLE")
        expect_mirror(rep, client)
        # Only what differs is notified of.
        for name in {name for name, _value in client.notified[before:]}:
            values = [value for what, value in client.notified[before:] if what == name]
            equal([one for one, two in zip(values, values[1:]) if one == two], [], f"{name} was notified of without a change")
        for name in ("XpEarned", "LevelUp", "BadgeUnlocked", "SyncFinished"):
            own = "".join("-" + letter.lower() if letter.isupper() else letter for letter in name)[1:]
            wait_for(lambda at=name, mine=own: rep.client.seen(at, mark) and
                     rep.client.seen(at, mark) == [values for what, values in client.signals if what == mine], 20, own)


def test_everything_once(env):
    """Each method arrives as what it is: asked again over the bus, the service knows it."""
    rep = env.session()
    with program(rep) as client:
        name, earned, total, level, _up = client.record(own_id="mine")
        equal((earned, total, level), (CALL + FIRST, CALL + FIRST, level_of(CALL + FIRST)), "a call")
        equal(client.record(own_id="mine"), (name, earned, total, level, False), "the same call")
        equal(rep.call(id="mine")[0], name, "the same call over the bus")
        assert "mine" in failed("id-reused", client.record, "VOICEMAIL", 0, "lead-1", "mine")
        equal(client.record()[1], CALL, "another call")
        equal(client.call("add_xp", "email_sent", "mail")[1], XP["email_sent"], "an event")
        equal(rep.add("email_sent", id="mail")[1], XP["email_sent"], "the same over the bus")
        deal = client.call("close_deal", "deal-1")
        equal((rep.deal("deal-1")[0], rep.deal("deal-1")[1]), (deal[0], 0), "the same deal")
        module = client.call("complete_module", "module_0", 0.9)
        equal(rep.module("module_0", 0.9)[0], module[0], "the same module")
        equal(client.call("earn_certification", "leadership")[0], rep.client.call(NAME, "EarnCertification", "leadership")[0], "certification")
        equal(client.call("award_badge", "objection_master.bronze"), ["1"], "a badge")
        equal(client.call("award_badge", "objection_master.bronze"), ["0"], "the same badge")
        before = rep.total()
        equal(client.call("revoke_event", name, "wrong lead"), [str(rep.total())], "a revocation")
        equal(rep.total() < before, True, "XP was taken back")
        client.call("report_metric", "mentees", 2)
        client.sync()
        expect_mirror(rep, client)
        equal(len(env.server.rows(rep.member)), len(rep.events()), "rows")


def test_lists(env):
    """Each list holds what the service says, field by field."""
    rep = env.session()
    with program(rep) as client:
        client.call("close_deal", "deal-1")
        client.sync()
        [entries] = client.call("list_badges")
        said = rep.client.call(NAME, "GetBadges")[0]
        equal([[one[0], one[1], one[2], one[3], float(one[4]), float(one[5]), one[6], one[7] == "1", one[8]] for one in entries],
              [[one[key] for key in ("id", "name", "tier", "next-tier", "progress", "needed", "passes", "known", "why")] for one in said],
              "badges")
        eligible, entries = client.call("get_eligibility", "E-2")
        expected, gates = rep.client.call(NAME, "GetEligibility", "E-2")
        equal(eligible == "1", expected, "eligible")
        equal([[one[0], one[1], one[4] == "1", one[5], one[6] == "1"] for one in entries],
              [[one[key] for key in ("kind", "id", "met", "passes", "suspended")] for one in gates], "gates")
        equal([(one[2], one[3]) for one in entries],
              [(text_of(one["needed"]), text_of(one["have"]) if "have" in one else "") for one in gates], "what they need and have")
        ramp_up, entries = client.call("get_efficiency")
        expected, rates = rep.client.call(NAME, "GetEfficiency")
        equal(ramp_up == "1", expected, "in ramp-up")
        equal([[one[0], one[1], one[2] == "1", float(one[3]), one[4], int(one[5]), int(one[6])] for one in entries],
              [[one["metric"], one["key"], "value" in one, one.get("value", 0.0), one["tier"], one["numerator"], one["denominator"]]
               for one in rates], "rates")
        as_of, entries = client.call("get_leaderboard", 10)
        board, expected = rep.client.call(NAME, "GetLeaderboard", 10)
        equal(int(as_of), expected, "time of the leaderboard")
        equal([[int(one[0]), one[1], one[2], int(one[3]), int(one[4]), one[5], one[6] == "1"] for one in entries],
              [[one[key] for key in ("position", "name", "member", "total-xp", "level", "rank", "me")] for one in board], "leaderboard")
        for method, plain in (("list_events", "ListEvents"), ("get_daily_metrics", "GetDailyMetrics")):
            wanted = rep.client.call(NAME, plain, *((options({}),) if plain == "ListEvents" else ("", "")))[0]
            equal(common.GLib.Variant.parse(None, client.call(method)[0], None, None).unpack(), wanted, plain)


def test_raw_proxies(env):
    """What the generated proxies bring (answers, properties, a signal, a file descriptor) is what the service says on the bus."""
    server = env.new_sim("--provisioned")
    rep = env.session(server=server)
    rep.deal("deal-1")
    rep.sync()
    server.patch_record(rep.member, {"totalXp": rep.total() - 1})
    rep.sync()
    level = level_of(rep.total())
    server.stop()
    file = rep.root / "export"
    said = subprocess.run([BUILD / "tests" / "integration" / "library-raw", file], env=rep.env, stdin=subprocess.DEVNULL, capture_output=True,
                          check=False, text=True, timeout=60 * common.SLOW, preexec_fn=sessions.die_with_parent)
    equal((said.returncode, said.stderr), (0, ""), "how it ends")
    found = {word: common.GLib.Variant.parse(None, value, None, None).unpack()
             for word, value in (line.split("\t") for line in said.stdout.splitlines())}
    [dial] = [event for event in rep.events(type="dial_made")]
    equal(found.pop("RecordCall"), (dial["id"], CALL + FIRST, rep.total(), level_of(rep.total()), level_of(rep.total()) > level), "RecordCall")
    with refused("InvalidArgument") as seen:
        rep.client.call(NAME, "GetDailyMetrics", "no day", "")
    equal(found.pop("refused"), seen.error.message.rpartition("InvalidArgument: ")[2], "what it is refused with")
    for word, expected in {"GetEfficiency": rep.client.call(NAME, "GetEfficiency"), "EfficiencyMetrics": rep.get("EfficiencyMetrics"),
                           "Name": rep.get("Name"), "ListAudit": rep.audit(), "WorkspaceMemberId": rep.member}.items():
        assert expected, word
        equal(found.pop(word), expected, word)
    equal(found, {}, "what else it says")
    exported = [json.loads(line) for line in file.read_text().splitlines()[1:]]
    equal([one["id"] for one in exported], [one["id"] for one in rep.operations()], "what was exported")


def text_of(value):
    kind = "b" if isinstance(value, bool) else "d" if isinstance(value, float) else "s"
    return common.GLib.Variant(kind, value).print_(False)


def test_errors_of_the_service(env):
    rep = env.session(signed_in=False)
    with program(rep) as client:
        equal(client.properties["signed-in"], False, "signed in")
        assert failed("not-signed-in", client.record)
        wait_for(lambda: [name for name, _values in client.signals if name == "sign-in-required"], what="sign-in-required")
    rep.sign_in(env.server)
    with program(rep) as client:
        for code, method, words in (("unknown-event-type", "add_xp", ("flown", "")), ("unknown-id", "complete_module", ("flying", 1)),
                                    ("invalid-argument", "record_call", ("MAYBE", 1, "", "")), ("not-eligible", "promote", ()),
                                    ("not-eligible", "complete_module", ("module_0", 0.1)), ("unknown-id", "revoke_event", ("x", "why")),
                                    ("unknown-id", "retry_operation", ("x",)), ("unknown-id", "discard_operation", ("x",)),
                                    ("unknown-id", "get_eligibility", ("general",)), ("unknown-id", "set_specialization", ("sleeper",)),
                                    ("not-eligible", "set_active_title", ("King",)), ("unknown-id", "record_boss_attempt", ("nobody",)),
                                    ("unknown-id", "defeat_boss", ("nobody",)), ("unknown-id", "pass_exam", ("flying", 1))):
            assert "org.lids" not in failed(code, client.call, method, *words), "the message is for people"
        equal(rep.total(), 0, "TotalXp")


# ---- the service comes and goes ----
def test_restarts(env):
    rep = env.session()
    with program(rep) as client:
        for number, end in enumerate((rep.kill, rep.stop, rep.kill), 1):
            client.record()
            client.wait_property("total-xp", number * CALL + FIRST)
            end()
            client.wait_property("running", False)
            equal(client.properties["total-xp"], number * CALL + FIRST, "the last total is kept")
        equal(client.record()[2], 4 * CALL + FIRST, "total after the service came back")
        client.wait_property("running", True)
        expect_mirror(rep, client)
        client.sync()
        expect_exact(env.server, rep, 4 * CALL + FIRST, 4 * ROWS + 1)


def test_client_before_service(env):
    """A client that may not start the service waits for it; a call starts it."""
    rep = env.session()
    rep.stop()
    with program(rep, "--do-not-start") as waiting:
        equal((waiting.properties["running"], waiting.properties["level"]), (False, 0), "running, level")
        equal(rep.client.pid(), 0, "the service runs")
        equal(waiting.record()[1], CALL + FIRST, "a call")
        waiting.wait_property("running", True)
        expect_mirror(rep, waiting)
    rep.stop()
    with program(rep) as client:
        equal((client.properties["running"], client.properties["total-xp"]), (True, CALL + FIRST), "running, total")


def reload_bus(rep):
    rep.client.bus.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "ReloadConfig", None, None,
                             common.Gio.DBusCallFlags.NONE, 10000, None)


@parametrize({"not installed": (None,), "its program is missing": ("/nonexistent/progressiond",), "its program fails": ("/bin/false",)})
def test_missing_service(env, command):
    rep = env.session()
    service = rep.services / f"{NAME}.service"
    whole = service.read_text()
    rep.stop()
    if command:
        service.write_text(f"[D-BUS Service]\nName={NAME}\nExec={command}\n")
    else:
        service.unlink()
    reload_bus(rep)
    with program(rep) as client:
        equal(client.properties["running"], False, "running")
        assert "cannot be reached" in failed("unavailable", client.record)
        service.write_text(whole)
        reload_bus(rep)
        equal(client.record()[1], CALL + FIRST, "a call when it is there again")
        client.wait_property("total-xp", CALL + FIRST)


def test_no_bus(env):
    rep = env.session(signed_in=False)
    try:
        with program(rep, DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent/bus") as client:
            raise AssertionError(client.properties)
    except AssertionError as error:
        assert "unavailable" in str(error) and "There is no session bus" in str(error), error


# ---- in the middle of a call ----
# The method, its arguments with a place for a number, what it pays each time and what it adds to the ledger.
CASES = {"call": ("record_call", ("CONTACT", 150, "lead-{}", ""), CALL, call_rows("CONTACT", 150)),
         "event": ("add_xp", ("email_sent", ""), XP["email_sent"], ["email_sent"]),
         "certification": ("earn_certification", ("certificate-{}",), None, ["certification_earned"])}


@parametrize({f"{name}, {mode}": (name, mode) for name in CASES for mode in ("before", "after")})
def test_killed_at_each_write(env, name, mode):
    """The service is killed at each of its writes to a file or the bus in turn: the caller notices nothing, and it counts once."""
    need_faults()
    method, words, value, kinds = CASES[name]
    rep = crash.new_rep(env)
    made, fired = 0, True
    with program(rep) as client:
        total = client.record()[2]  # the day's first dial is over
        while fired:
            made += 1
            rep.total()  # it runs
            rep.control.arm(made, crash.MODES[mode])
            _id, earned, after, *_rest = client.call(method, *(str(word).format(made) for word in words))
            rep.control.disarm()
            fired = crash.await_place(rep, lambda: True, "the place")
            # What pays once says 0 when it is repeated; what has an id gets the first answer.
            equal(earned if value else after - total, value or XP["certification_earned"], f"XP at place {made}")
            total += value or XP["certification_earned"]
            equal(after, total, f"the total at place {made}")
            client.wait_property("total-xp", total)
        assert made > 5, f"only {made} places"
        client.sync()
        first = call_rows("CONTACT", 150) + ["first_dial_of_day"]
        expect_exact(env.server, rep, total, len(first) + made * len(kinds))
        common.note(f"{made} places")


def test_killed_under_many_calls(env):
    """Calls that the service has not looked at, or not answered, when it is killed or stopped."""
    rep = env.session()
    with program(rep) as client:
        client.record()
        for end in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGTERM):
            pid = rep.client.pid()
            os.kill(pid, signal.SIGSTOP)
            numbers = [client.send("record_call", "CONTACT", 150, f"lead-{i}", "") for i in range(20)]
            os.kill(pid, end)
            os.kill(pid, signal.SIGCONT)
            equal({client.answer(number)[1] for number in numbers}, {CALL}, "what each call brought")
        client.sync()
        expect_exact(env.server, rep, 81 * CALL + FIRST, 81 * ROWS + 1)


def test_what_must_not_be_repeated(env):
    """A promotion may take effect twice. So its answer is not asked for again, and the caller is told."""
    rep = env.session()
    with program(rep) as client:
        os.kill(rep.client.pid(), signal.SIGSTOP)
        number = client.send("promote")
        mark = client.send("sync_now")
        rep.kill()
        assert "may have done" in failed("no-answer", client.answer, number)
        client.answer(mark)  # this one was repeated, and so the service is there


if __name__ == "__main__":
    common.run(globals())

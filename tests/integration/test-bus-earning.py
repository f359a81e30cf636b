#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a caller may rely on: the own id, what pays once, refusals that say what to do, revocation, limits."""
import json
import time

from probe import *  # noqa: F403
from common import FIRST_DEAL, XP, parametrize, refused, run as run_tests

FIRST_DIAL = XP["first_dial_of_day"]
RATE, BURST = 200, 2000  # commands a second from one caller, as documented
MAX_PENDING = 100000


def test_same_id_same_arguments(env):
    session = env.session()
    first = session.add("email_sent", id="mail-1", ref="lead-1", details="text", amount=7, multipliers={"m": 2.0})
    call = session.call("CONTACT", 150, "lead-1", id="call-1")
    equal((first[1], call[1]), (14, 2 + 5 + 15 + FIRST_DIAL), "earned")
    rows = len(session.events())
    for again in ("at once", "after a restart", "after a crash", "after a sync"):
        if again == "after a restart":
            session.stop()
        elif again == "after a crash":
            session.kill()
        elif again == "after a sync":
            session.sync()
        fence(session.client)
        mark = len(session.client.signals)
        equal(session.add("email_sent", id="mail-1", ref="lead-1", details="text", amount=7, multipliers={"m": 2.0}), first, again)
        equal(session.call("CONTACT", 150, "lead-1", id="call-1"), call, again)
        fence(session.client)
        equal(session.client.seen("XpEarned", mark), [], f"XpEarned {again}")
        equal((session.total(), len(session.events())), (first[1] + call[1], rows), f"what is recorded {again}")
    equal(len(env.server.rows(session.member)), rows, "rows")


CHANGED = {
    "ref": ("AddXP", ("email_sent", {"ref": "other"})), "amount": ("AddXP", ("email_sent", {"amount": 11})),
    "details": ("AddXP", ("email_sent", {"details": "other"})), "a factor": ("AddXP", ("email_sent", {"multipliers": {"m": 1.0}})),
    "type": ("AddXP", ("sms_sent", {})), "time": ("AddXP", ("email_sent", {"occurred-at": "now"})),
    "method": ("RecordCall", ("CONTACT", 150, "", {})), "the default amount said aloud": ("AddXP", ("email_sent", {"amount": 10})),
}


@parametrize({name: (name,) for name in CHANGED})
def test_same_id_other_arguments(env, name):
    session = env.session()
    first = session.add("email_sent", id="one")
    method, arguments = CHANGED[name]
    values = {key: int(time.time() * 1000000) - 1000000 if value == "now" else value for key, value in arguments[-1].items()}
    for end in (None, session.stop):
        if end:
            end()
        with refused("IdReused") as seen:
            session.client.call(NAME, method, *arguments[:-1], options({**values, "id": "one"}))
        assert "one" in seen.error.message, seen.error.message
        equal((session.total(), len(session.events())), (10, 1), "what is recorded")
    equal(session.add("email_sent", id="one"), first, "the first answer")


def test_same_id_of_two_members(env):
    need_faults()  # and two members
    server = env.server
    session = env.session()
    session.add("email_sent", id="one")
    session.sync()
    session.sign_in(server, server.new_member())
    equal(session.add("sms_sent", id="one")[1], XP["sms_sent"], "earned by the second member")


def test_what_pays_once(env):
    session = env.session()
    client = session.client
    session.add("note_added", amount=9200)
    cases = {"deal": (lambda: session.deal("deal-1"), 300 + FIRST_DEAL), "module": (lambda: session.module("module_0", 0.8), 50),
             "exam": (lambda: client.call(NAME, "PassExam", "operative_certification", 0.96), 100),
             "boss": (lambda: client.call(NAME, "DefeatBoss", "redhawk"), 1000 + 500)}
    total = 9200
    for name, (pay, worth) in cases.items():
        first = pay()
        total += worth
        equal(first[1:3], (worth, total), name)
        rows = len(session.events())
        for end in (None, session.sync, session.stop):
            if end:
                end()
            again = pay()
            equal((again[0], again[1], again[2], again[4]), (first[0], 0, total, False), f"{name} again")
            equal(len(session.events()), rows, f"rows after {name} again")
    equal(session.deal("deal-1", amount=5)[1], 0, "a paid deal with another amount")


def test_module_paid_elsewhere(env):
    session = env.session()
    session.sync()
    env.server.patch_record(session.member, {"completedModules": json.dumps(["module_1"]), "totalXp": 50})
    session.sync()
    equal(session.module("module_1", 0.9)[1:3], (0, 50), "a module that another program paid")


def test_gates(env):
    session = env.session()
    client = session.client
    for call in (lambda: session.module("module_0", 0.79), lambda: session.module("module_6", 1.0), lambda: session.module("module_5", 0.99),
                 lambda: client.call(NAME, "DefeatBoss", "redhawk"),
                 lambda: client.call(NAME, "PassExam", "operative_certification", 0.1)):
        with refused("NotEligible"):
            call()
    for call in (lambda: session.module("module_9", 1.0), lambda: client.call(NAME, "DefeatBoss", "dragon"),
                 lambda: client.call(NAME, "PassExam", "driving", 1.0)):
        with refused("UnknownId"):
            call()
    equal((session.total(), session.events()), (0, []), "what is recorded")
    for number, score in enumerate((0.80, 0.80, 0.80, 0.80, 0.85, 1.0, 0.80)):
        equal(session.module(f"module_{number}", score)[1], (50, 50, 50, 50, 75, 100, 300)[number], f"module_{number}")


# Types that have a method of their own, and those that the service awards.
OWN_METHOD = {"deal_closed": "CloseDeal", "module_passed": "CompleteModule", "exam_passed": "PassExam", "elite_exam_bonus": "PassExam",
              "boss_defeated": "DefeatBoss", "deal_revoked": "RevokeEvent", "under_thirty_second_call": "RecordCall",
              "early_call": "RecordCall"}
DERIVED = ("first_dial_of_day", "streak_day", "streak_bonus", "badge_earned", "title_earned", "external_activity")


@parametrize([*OWN_METHOD, *DERIVED])
def test_types_that_are_not_added(env, kind):
    session = env.session()
    for more in ({}, {"amount": 5, "ref": "x"}):
        with refused("InvalidArgument") as seen:
            session.add(kind, **more)
        if kind in OWN_METHOD:
            assert OWN_METHOD[kind] in seen.error.message, seen.error.message
        else:
            assert "service" in seen.error.message, seen.error.message
    equal((session.total(), session.events()), (0, []), "what is recorded")


def test_unknown_type(env):
    session = env.session()
    with refused("UnknownEventType") as seen:
        session.add("coffee_made")
    assert "coffee_made" in seen.error.message and "amount" in seen.error.message, seen.error.message
    equal((session.total(), session.events()), (0, []), "what is recorded")
    equal(session.add("coffee_made", amount=4)[1], 4, "with an amount")
    session.sync()
    equal([row["eventType"] for row in env.server.rows(session.member)], ["coffee_made"], "the row")


EFFICIENCY_ELITE = 100  # efficiency_elite.bronze: two appointments within 40 dials of a day
ALIASES = {"dial": "dial_made", "connect": "call_connected", "voicemail": "voicemail_left", "appointment": "appointment_set",
           "email_replied": "email_reply", "sms_replied": "sms_reply", "referral": "referral_generated"}
SOURCES = {"dial_made": 2 + FIRST_DIAL, "call_connected": 5, "two_plus_minute_call": 15, "callback_scheduled": 25,
           "appointment_set": 100, "appointment_held": 50, "voicemail_left": 8, "email_sent": 10, "email_reply": 30, "sms_sent": 8,
           "sms_reply": 20, "sms_enrollment": 35, "note_added": 3, "referral_generated": 150, "objection_handled": 0}


def test_the_catalogue(env):
    session = env.session()
    total = 0
    for kind, worth in SOURCES.items():
        total += worth
        equal(session.add(kind)[1:3], (worth, total), kind)
    for alias, kind in ALIASES.items():
        worth = 2 if kind == "dial_made" else SOURCES[kind]
        worth += EFFICIENCY_ELITE if kind == "appointment_set" else 0  # the second one, after few dials
        total += worth
        equal(session.add(alias)[1:3], (worth, total), alias)
        equal(len(session.events(type=alias)), len(session.events(type=kind)), f"events of {alias}")
    equal({event["type"] for event in session.events()} & set(ALIASES), set(), "aliases in the history")


@parametrize({"call": ("CALLBACK",), "event": ("event",), "deal": ("deal",)})
def test_revocation(env, what):
    session = env.session()
    session.add("note_added")
    if what == "event":
        made, back = session.add("email_sent"), 10
    elif what == "deal":
        made, back = session.deal("deal-1"), 300
    else:
        made, back = session.call("CALLBACK", 200), 2 + 5 + 25 + 15  # the day's first dial stays paid
    total, rows = session.total() - back, len(session.events())
    if what == "deal":
        equal(session.get("ClosedDeals"), 1, "ClosedDeals")
    for again in (None, None, session.sync, session.stop):
        if again:
            again()
        equal(session.client.call(NAME, "RevokeEvent", made[0], "wrong button"), (total,), "the total")
        equal((session.total(), len(session.events())), (total, rows + 1), "what is recorded")
    equal(session.get("ClosedDeals"), 0, "ClosedDeals")
    row = next(event for event in session.events() if event["ref"] == made[0])
    equal((row["amount"], json.loads(row["details"])["reason"]), (-back, "wrong button"), "the compensating row")
    session.sync()
    equal(env.server.record(session.member)["totalXp"], total, "totalXp in Twenty")


def test_revocation_lowers_the_days_counters(env):
    session = env.session()
    made = session.call("CONTACT", 150)
    session.call("CONTACT", 10)
    session.client.call(NAME, "RevokeEvent", made[0], "wrong button")
    day = session.client.call(NAME, "GetDailyMetrics", "", "")[0][-1]
    equal({key: day[key] for key in ("dials", "connects", "callsOver2Min", "callsUnder30s")},
          {"dials": 1, "connects": 1, "callsOver2Min": 0, "callsUnder30s": 1}, "the day")


def test_what_cannot_be_revoked(env):
    session = env.session()
    session.call("CONTACT", 150)
    made = session.add("email_sent")[0]
    session.client.call(NAME, "RevokeEvent", made, "x")
    kinds = {event["type"]: event["id"] for event in session.events()}
    for kind in ("first_dial_of_day", "correction"):
        with refused("NotEligible"):
            session.client.call(NAME, "RevokeEvent", kinds[kind], "x")
    for unknown in ("8b4f0a52-6a0c-4f55-9a53-0b1f6a3f2c11", "nonsense", "%s"):
        with refused("UnknownId"):
            session.client.call(NAME, "RevokeEvent", unknown, "x")


def test_correction(env):
    session = env.session()
    session.add("email_sent")
    equal(session.add("correction", amount=-4)[1:3], (-4, 6), "a correction")
    with refused("InvalidArgument"):
        session.add("correction")
    with refused("InvalidArgument"):
        session.add("email_sent", amount=-4)
    session.sync()
    equal(env.server.record(session.member)["totalXp"], 6, "totalXp in Twenty")


def test_events_filter(env):
    session = env.session()
    now = int(time.time() * 1000000)
    for hours in range(10):
        session.add("note_added", occurred_at=now - hours * 3600 * 1000000 // 10, ref=f"n{hours}")
    session.add("email_sent", occurred_at=now - 1)
    refs = [event["ref"] for event in session.events(type="note_added")]
    equal(refs, [f"n{n}" for n in range(10)], "newest first")
    equal([e["ref"] for e in session.events(type="note_added", since=now - 3 * 360000000, until=now)], ["n1", "n2", "n3"], "since, until")
    page = session.client.call(NAME, "ListEvents", options({"type": "note_added", "limit": 3, "offset": 4}))[0]
    equal([e["ref"] for e in page], ["n4", "n5", "n6"], "limit and offset")
    event = page[0]
    equal(set(event), {"id", "type", "amount", "ref", "occurred-at", "local-day", "zone", "details", "cause", "device", "state"}, "keys")


def pour(session, count):
    """So many events of 1 XP as fast as it goes, 100 of them under way; the refusals."""
    refusals, left = [], [count]

    def ask():
        session.client.send(NAME, "AddXP", "note_added", {"amount": GLib.Variant("x", 1)}, done=done)

    def done(_answer, error):
        left[0] -= 1
        if error:
            refusals.append(error)
        if left[0] >= 100:
            ask()

    for _ in range(100):
        ask()
    wait_for(lambda: left[0] == 0, 120, "the answers")
    return refusals


def test_rate_limit(env):
    session = env.session()
    start = time.monotonic()
    count = 6 * BURST
    refusals = pour(session, count)
    seconds = time.monotonic() - start
    need(seconds * RATE + BURST < count, "this machine is too slow to exceed the rate")
    assert refusals, f"{count} calls in {seconds:.1f} s and none refused"
    equal({error.name for error in refusals}, {"RateLimited"}, "the refusals")
    assert str(RATE) in refusals[0].message, refusals[0].message
    taken = count - len(refusals)
    assert BURST <= taken <= BURST + RATE * (seconds + 1), f"{taken} of {count} taken in {seconds:.1f} s"
    equal(session.total(), taken, "TotalXp: one for each that was taken")
    other = Client_of(session)
    equal(other.call(NAME, "AddXP", "email_sent", {})[1], 10, "another program is not slowed")
    other.close()


def Client_of(session):  # pylint: disable=invalid-name
    from bus import Client
    return Client(session.env["DBUS_SESSION_BUS_ADDRESS"])


def test_queue_limit(env):
    """Fills the queue by an import: operations are worth what an export says."""
    server = env.new_sim("--provisioned")
    # The stacks by which leaks are told cost most of the time here.
    quick = {"ASAN_OPTIONS": os.environ["ASAN_OPTIONS"]} if SLOW > 1 else {}
    session = env.session(server=server, extra=quick)
    session.sync()
    session.add("email_sent")
    server.stop()
    with open(session.root / "export", "w+b") as file:
        session.client.call(SYNC, "Export", 0, fd=file.fileno())
        file.seek(0)
        header, line = file.read().decode().splitlines()
    operation = json.loads(line)
    with open(session.root / "import", "w+b") as file:
        file.write(header.encode() + b"\n")
        for number in range(MAX_PENDING - 1):
            operation["id"] = f"00000000-0000-4000-8000-{number:012x}"
            operation["seq"] = number + 10
            file.write(json.dumps(operation).encode() + b"\n")
        file.flush()
        file.seek(0)
        try:
            equal(session.client.call(SYNC, "Import", 0, fd=file.fileno(), timeout=60), (MAX_PENDING - 1,), "added")
        except Refused as error:
            equal((error.name, SLOW > 1), ("StillRunning", True), "the answer, which the sanitizers may delay")
    wait_for(lambda: session.pending() == MAX_PENDING, what="all that was imported")
    with refused("TooLarge") as seen:
        session.add("email_sent")
    assert str(MAX_PENDING) in seen.error.message and "sync" in seen.error.message, seen.error.message
    equal(session.total(), 10 * MAX_PENDING, "TotalXp")
    server.restart()


if __name__ == "__main__":
    run_tests(globals())

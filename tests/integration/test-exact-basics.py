#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""One rep on one or two machines: what is earned arrives once, after an outage and at the limits of a batch too."""
import common
from common import FIRST_DEAL, ON_SERVER, XP, call_plan, call_rows, equal, expect_exact, gather, options, parametrize, worth

FIRST_DIAL = XP["first_dial_of_day"]
MODULE = 50


def test_one_call_arrives(env):
    rep = env.session()
    _id, earned, total, level, leveled_up = rep.call("CONTACT", 150)
    expected = worth("CONTACT", 150) + FIRST_DIAL
    equal((earned, total, level, leveled_up), (expected, expected, 1, False), "answer")
    rep.sync()
    expect_exact(env.server, rep, expected, len(call_rows("CONTACT", 150)) + 1)


def test_two_machines_of_one_rep(env):
    settings = {"push_delay": 0 if not ON_SERVER else 2000}
    one = env.session(settings=settings)
    two = env.session(settings=settings, member=one.member)
    kinds = [("CONTACT", 150), ("CALLBACK", 10), ("VOICEMAIL", 20), ("NO_ANSWER", 0), ("CONTACT", 60)]
    plans = [[call_plan(*kinds[i % len(kinds)], f"lead-{machine}-{i}") for i in range(30)] for machine in (1, 2)]
    for plan in plans:
        plan.insert(7, ("CloseDeal", ("deal-7", options({}))))
        plan.insert(15, ("CompleteModule", ("module_0", 0.9)))
    gather([one, two], plans)
    for session in (one, two, one, two):
        session.sync_until_well()
    total = 12 * sum(worth(*kind) for kind in kinds) + FIRST_DIAL + XP["deal_closed"] + FIRST_DEAL + MODULE
    rows = 12 * sum(len(call_rows(*kind)) for kind in kinds) + 4
    record = expect_exact(env.server, [one, two], total, rows, deals=1)
    equal(record["completedModules"], '["module_0"]', "completedModules")
    for session in (one, two):
        equal(len({event["id"] for event in session.events()}), rows, "events known on each machine")


def test_two_machines_take_turns(env):
    one = env.session()
    two = env.session(member=one.member)
    for turn in range(6):
        session = (one, two)[turn % 2]
        session.call("CONTACT", 150, f"lead-{turn}")
        session.deal(f"deal-{turn // 2}")
        session.sync()
    for session in (one, two):
        session.sync()
    total = 6 * worth("CONTACT", 150) + FIRST_DIAL + 3 * XP["deal_closed"] + FIRST_DEAL
    expect_exact(env.server, [one, two], total, 6 * 3 + 1 + 4, deals=3)


def expect_history(session, leads):
    """ListEvents tells every dial, newest first, in the order in which they were made."""
    events = session.events()
    times = [event["occurred-at"] for event in events]
    equal(times, sorted(times, reverse=True), "order of the events")
    dials = [event["ref"] for event in events if event["type"] == "dial_made"]
    equal(list(reversed(dials)), leads, "dials in order")
    return events


def test_outage_of_a_thousand_operations(env):
    rep = env.session()
    if not ON_SERVER:
        env.server.stop()
    leads = [f"lead-{number}" for number in range(500)]
    gather([rep], [[call_plan("VOICEMAIL", 20, lead) for lead in leads]])
    total = 500 * worth("VOICEMAIL", 20) + FIRST_DIAL
    equal((rep.total(), rep.pending()), (total, 1001), "total and pending while the server is away")
    if not ON_SERVER:
        equal(rep.try_sync(), "Offline", "SyncNow while the server is away")
        equal((rep.total(), rep.pending()), (total, 1001), "after a failed sync")
        env.server.restart()
    rep.sync()
    expect_exact(env.server, rep, total, 1001)
    equal(len(expect_history(rep, leads)), 1001, "events")
    # Another machine of the rep sees the same history.
    other = env.session(member=rep.member)
    equal(other.total(), total, "total on another machine")
    equal(len(expect_history(other, leads)), 1001, "events on another machine")
    expect_exact(env.server, [rep, other], total, 1001)


@parametrize({f"{limit} rows a batch, {rows} to send": (limit, rows)
              for limit in (60, 200) for rows in (1, 59, 60, 61, 120, 121, 199, 200, 201)})
def test_limits(env, limit, rows):
    if limit == 60:
        common.need_faults()
        env.server.config(batch_max=60)
    rep = env.session()
    gather([rep], [[("AddXP", ("note_added", options({"ref": f"lead-{i}"}))) for i in range(rows)]])
    rep.sync()
    expect_exact(env.server, rep, rows * XP["note_added"], rows)


@parametrize({"60 rows a batch": (60,), "200 rows a batch": (200,)})
def test_calls_of_several_rows_over_the_limit(env, limit):
    if limit == 60:
        common.need_faults()
        env.server.config(batch_max=60)
    rep = env.session()
    gather([rep], [[call_plan("CALLBACK", 150, f"lead-{i}") for i in range(101)]])
    rep.sync()
    expect_exact(env.server, rep, 101 * worth("CALLBACK", 150) + FIRST_DIAL, 101 * 4 + 1)


if __name__ == "__main__":
    common.run(globals())

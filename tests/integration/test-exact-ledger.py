#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ledgers of another shape than our own machines make: many kinds, rows made or edited by hand, rows with long texts."""
import uuid

import common
from common import XP, call_plan, call_rows, equal, expect_exact, expect_service, gather, need_faults, parametrize, worth

CALL, ROWS = worth("CONTACT", 150), len(call_rows("CONTACT", 150))
FIRST = CALL + XP["first_dial_of_day"]


def kinds_plan(count):
    """One event of each of so many kinds of a caller's own, 1 XP each."""
    return [("AddXP", (f"own_kind_{number:02}", common.options({"amount": 1}))) for number in range(count)]


@parametrize({"a server that shows fifty groups unless asked for more": (True,), "an older one that shows all and cannot be asked": (False,)})
def test_more_kinds_than_a_server_shows(env, limited):
    """Each of two machines finds the other's rows among more groups than one answer holds by default."""
    need_faults()
    env.server.config(groups_limited=limited)
    rep = env.session()
    gather([rep], [kinds_plan(51)])
    rep.sync()
    expect_exact(env.server, rep, 51, 51)
    other = env.session(member=rep.member)
    gather([other], [kinds_plan(51)])
    for session in (other, rep, other):
        session.sync()
    expect_exact(env.server, [rep, other], 102, 102)
    for session in (rep, other):
        session.call("CONTACT", 150, "lead-1")
        session.sync()
    rep.sync()
    expect_exact(env.server, [rep, other], 102 + FIRST + CALL, 102 + 2 * ROWS + 1)


def test_a_server_that_is_replaced_by_a_newer_one(env):
    """It showed all groups, and shows fifty from now on. The service runs all the time, and the total does not fall."""
    need_faults()
    env.server.config(groups_limited=False)
    rep = env.session()
    other = env.session(member=rep.member)
    gather([rep, other], [kinds_plan(51), kinds_plan(51)])
    for session in (rep, other, rep):
        session.sync()
    expect_exact(env.server, [rep, other], 102, 102)
    env.server.config(groups_limited=True)
    for _round in range(2):
        for session in (rep, other):
            session.add("note_added")
            session.sync()
    rep.sync()
    expect_exact(env.server, [rep, other], 102 + 4 * XP["note_added"], 106)


def post_row(server, record, **values):
    return server.api("POST", "/rest/xpEvents", {"repId": record, **values})["createXpEvent"]["id"]


def patch_row(server, row, **values):
    server.api("PATCH", f"/rest/xpEvents/{row}", values)


@parametrize({"with an amount alone": ({"xpAmount": 5},), "of another member": ({"xpAmount": 5, "workspaceMemberId": str(uuid.uuid4())},),
              "with nothing at all": ({},)})
def test_a_row_made_by_hand(env, values):
    """From the rep's page in Twenty: it hangs on the record, so it counts, whoever's name is in it."""
    rep = env.session()
    rep.call("CONTACT", 150, "lead-1")
    rep.sync()
    post_row(env.server, env.server.record(rep.member)["id"], **values)
    rep.sync()
    total = FIRST + values.get("xpAmount", 0)
    expect_service(rep, total)
    equal(rep.sync_state(), "idle", "State")
    rep.call("CONTACT", 150, "lead-2")
    rep.sync()
    expect_service(rep, total + CALL)
    record = env.server.record(rep.member)
    equal((record["totalXp"], record["ledgerCount"]), (total + CALL, 2 * ROWS + 2), "totalXp and ledgerCount")


@parametrize({"the amount": ({"xpAmount": 1},), "the kind": ({"eventType": "call_recorded_elsewhere"},),
              "amount and kind": ({"xpAmount": -7, "eventType": "correction"},)})
def test_a_row_edited_by_hand(env, values):
    """The ledger is what counts: the machine that made the row and another one take over what stands there, and go on."""
    rep = env.session()
    rep.call("CONTACT", 150, "lead-1")
    rep.sync()
    other = env.session(member=rep.member)
    other.sync()
    row = next(row for row in env.server.rows(rep.member) if row["eventType"] == "call_connected")
    patch_row(env.server, row["id"], **values)
    total = FIRST - row["xpAmount"] + values.get("xpAmount", row["xpAmount"])
    for session in (rep, other):
        session.sync()
    expect_exact(env.server, [rep, other], total, ROWS + 1)
    equal([entry["event"] for entry in rep.audit() if entry["event"] == "edited"], ["edited"], "audit")
    for session in (rep, other):
        session.call("CONTACT", 150, "lead-2")
        session.sync()
    rep.sync()
    expect_exact(env.server, [rep, other], total + 2 * CALL, 3 * ROWS + 1)
    event = next(event for event in rep.events() if event["id"] == row["id"])
    equal((event["amount"], event["type"]), (values.get("xpAmount", row["xpAmount"]), values.get("eventType", row["eventType"])),
          "the event as it is listed")


@parametrize({"control characters": ("\x01",), "quotes": ('"',)})
def test_long_details(env, character):
    """As many and as long as callers may make them: each is some hundred kilobytes on the wire."""
    need_faults()
    rep = env.session()
    text = character * (16 * 1024)
    gather([rep], [[("AddXP", ("note_added", common.options({"details": text, "ref": str(number)}))) for number in range(200)]])
    rep.sync_until_well()
    expect_exact(env.server, rep, 200 * XP["note_added"], 200)
    other = env.session(member=rep.member)
    other.sync_until_well()
    expect_exact(env.server, [rep, other], 200 * XP["note_added"], 200)


if __name__ == "__main__":
    common.run(globals())

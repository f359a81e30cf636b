#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The record and the ledger as they may be found: missing, deleted, made again, twice, without fields, damaged, from a backup."""
import json
import uuid

import common
from common import FIRST_DEAL, ON_SERVER, SYNC, XP, call_rows, equal, expect_exact, need_faults, parametrize, worth

FIRST_DIAL = XP["first_dial_of_day"]
CALL = worth("CONTACT", 150) + FIRST_DIAL
CALL_ROWS = len(call_rows("CONTACT", 150)) + 1
MAIL = XP["email_sent"]
LEDGER_FIELDS = ("ledgerXp", "ledgerCount", "externalXp", "externalDeals")


def prompt_timeline(env):
    """What the timeline tells is there at once, else a fold may wait for it."""
    if not ON_SERVER:
        env.server.config(timeline_delay_ms=0)


def with_a_call(env, **more):
    prompt_timeline(env)
    rep = env.session(**more)
    rep.call("CONTACT", 150)
    rep.sync()
    expect_exact(env.server, rep, CALL, CALL_ROWS)
    return rep


def new_member_without_record(env):
    """A member of a provisioned server, signed in on a machine that has not looked for the record yet."""
    if not env.server.provisioned:
        env.session()
    member = env.server.new_member()
    prompt_timeline(env)
    return member


def delete(server, plural, identifier, soft=False):
    status, value = server.send("DELETE", f"/rest/{plural}/{identifier}" + ("?soft_delete=true" if soft else ""))
    equal(status, 200, f"status of the deletion: {value}")


def restore_deleted(server, plural, identifier):
    status, value = server.send("PATCH", f"/rest/restore/{plural}?{server.query(filter=f'id[eq]:{identifier}')}")
    equal(status, 200, f"status of the restoration: {value}")


def expect_blocked(rep, errors, *words, pending=None):
    """SyncNow is refused, the state says why in words a person can act on, and the queue is kept."""
    error = rep.try_sync()
    assert error in errors, f"error of SyncNow: {error}, expected {errors}"
    equal(rep.sync_state(), "blocked", "State")
    for word in words:
        assert word in rep.reason(), f"Reason does not name {word}: {rep.reason()}"
    if pending is not None:
        equal(rep.pending(), pending, "PendingOperations")


# ---- the record ----
def test_missing_record_is_created(env):
    member = new_member_without_record(env)
    equal(env.server.records(member), [], "records before")
    rep = env.session(member=member)
    record = env.server.record(member)
    equal((record["totalXp"], record["ledgerXp"], record["ledgerCount"], record["externalXp"]), (0, 0, 0, 0), "the new record")
    rep.call("CONTACT", 150)
    rep.sync()
    expect_exact(env.server, rep, CALL, CALL_ROWS)
    equal(len(env.server.records(member)), 1, "records")


def test_two_machines_create_one_record(env):
    member = new_member_without_record(env)
    one, two = env.session(signed_in=False), env.session(signed_in=False)
    for rep in (one, two):
        rep.sign_in(env.server, member, sync=False)
    one.call("CONTACT", 150)
    two.add("email_sent")
    over = []
    for rep in (one, two):
        rep.client.send(SYNC, "SyncNow", done=lambda answer, error: over.append(error))
    common.wait_for(lambda: len(over) == 2, what="the end of both syncs")
    for rep in (one, two, one, two):
        rep.sync_until_well()
    equal(len(env.server.records(member)), 1, "records")
    expect_exact(env.server, [one, two], CALL + MAIL, CALL_ROWS + 1)


@parametrize({"all": ({},), "with deals": ({"closedDeals": 2},), "with a level of its own": ({"currentLevel": 6},)})
def test_record_of_another_program(env, more):
    member = new_member_without_record(env)
    env.server.api("POST", "/rest/repProgressions", {"name": "Sam Sample", "workspaceMemberId": member, "totalXp": 500, **more})
    rep = env.session(member=member)
    deals = more.get("closedDeals", 0)
    first = FIRST_DEAL if deals else 0  # the badge of the deals that the other program closed
    equal((rep.total(), rep.get("ClosedDeals")), (500 + first, deals), "total and deals at first")
    rep.call("CONTACT", 150)
    rep.deal("deal-1")
    rep.sync()
    total = 500 + CALL + XP["deal_closed"] + FIRST_DEAL
    record = expect_exact(env.server, rep, total, CALL_ROWS + 2, external=500, deals=deals + 1)
    equal(record["externalDeals"], deals, "externalDeals")


def test_soft_deleted_record(env):
    rep = with_a_call(env)
    record = env.server.record(rep.member)
    delete(env.server, "repProgressions", record["id"], soft=True)
    rep.add("email_sent", ref="message-1")
    expect_blocked(rep, ("ServerError",), "record", "deleted")
    waiting = rep.pending()
    rep.add("email_sent", ref="message-2")
    expect_blocked(rep, ("ServerError",), "record", "deleted", pending=waiting + 1)
    equal(rep.total(), CALL + 2 * MAIL, "TotalXp meanwhile")
    restore_deleted(env.server, "repProgressions", record["id"])
    rep.sync()
    expect_exact(env.server, rep, CALL + 2 * MAIL, CALL_ROWS + 2)
    equal(env.server.record(rep.member)["id"], record["id"], "id of the record")


def test_hard_deleted_record_made_again_by_another_program(env):
    rep = with_a_call(env)
    delete(env.server, "repProgressions", env.server.record(rep.member)["id"])
    new = env.server.api("POST", "/rest/repProgressions",
                         {"name": "Sam Sample", "workspaceMemberId": rep.member, "totalXp": 40})["createRepProgression"]
    rep.add("email_sent")
    rep.sync_until_well()
    # Nothing of the ledger was ever in the new record's total: what stands there is another program's.
    expect_exact(env.server, rep, 40 + CALL + MAIL, CALL_ROWS + 1, external=40)
    equal({row["repId"] for row in env.server.rows(rep.member)}, {new["id"]}, "records of the rows")


def test_hard_deleted_record(env):
    rep = with_a_call(env)
    delete(env.server, "repProgressions", env.server.record(rep.member)["id"])
    rep.add("email_sent")
    rep.sync_until_well()
    record = expect_exact(env.server, rep, CALL + MAIL, CALL_ROWS + 1)
    equal({row["repId"] for row in env.server.rows(rep.member)}, {record["id"]}, "records of the rows")


def test_several_records(env):
    """The member's field need not be unique on every server: the oldest record counts, nothing is summed, and it is told."""
    server = env.new_sim("--provisioned")
    server.provisioned = True
    server.config(timeline_delay_ms=0)
    server.let_members_repeat()
    member = server.new_member()
    oldest, younger = (server.api("POST", "/rest/repProgressions", {"workspaceMemberId": member, "totalXp": total})["createRepProgression"]
                       for total in (100, 70))
    rep = env.session(server=server, member=member)
    equal(rep.total(), 100, "TotalXp")
    rep.call("CONTACT", 150)
    rep.sync()
    equal(rep.total(), 100 + CALL, "TotalXp after the call")
    found = {record["id"]: record["totalXp"] for record in server.records(member)}
    equal(found, {oldest["id"]: 100 + CALL, younger["id"]: 70}, "totals of the records")
    equal({row["repId"] for row in server.rows(member)}, {oldest["id"]}, "record of the rows")
    rep.sync()
    reports = [entry for entry in rep.audit() if entry["event"] == "several-records"]
    equal([(json.loads(entry["text"]), entry["flagged"]) for entry in reports],
          [({"event": "several-records", "records": 2, "used": oldest["id"]}, False)], "reports")


# ---- the fields ----
@parametrize({"hidden": ("hide",), "dropped": ("drop-field",)})
def test_missing_field(env, how):
    server = env.new_sim()
    server.config(timeline_delay_ms=0)
    rep = env.session(server=server)
    rep.call("CONTACT", 150)
    rep.sync()
    server.control("POST", how, {"object": "repProgression", "field": "foldToken"})
    rep.add("email_sent")
    expect_blocked(rep, ("SchemaMissing",), "repProgression.foldToken")
    waiting = rep.pending()
    rep.add("sms_sent")
    expect_blocked(rep, ("SchemaMissing",), "repProgression.foldToken", pending=waiting + 1)
    equal(rep.total(), CALL + MAIL + XP["sms_sent"], "TotalXp meanwhile")
    if how == "hide":
        server.control("DELETE", "hide")
    else:
        equal(rep.provision(), ["repProgression.foldToken"], "what was created")
    rep.sync_until_well()
    expect_exact(server, rep, CALL + MAIL + XP["sms_sent"], CALL_ROWS + 2)


@parametrize({" and ".join(fields): (fields,) for fields in (("ledgerXp",), ("ledgerCount",), ("externalXp",), LEDGER_FIELDS)})
def test_ledger_fields_emptied_by_a_person(env, fields):
    member = new_member_without_record(env)
    env.server.api("POST", "/rest/repProgressions", {"name": "Sam Sample", "workspaceMemberId": member, "totalXp": 500, "closedDeals": 3})
    rep = env.session(member=member)
    rep.call("CONTACT", 150)
    rep.deal("deal-1")
    rep.sync()
    total = 500 + CALL + XP["deal_closed"] + FIRST_DEAL
    expect_exact(env.server, rep, total, CALL_ROWS + 2, external=500, deals=4)
    env.server.patch_record(member, {field: None for field in fields})
    rep.add("email_sent")
    rep.sync_until_well()
    record = expect_exact(env.server, rep, total + MAIL, CALL_ROWS + 3, external=500, deals=4)
    equal(record["externalDeals"], 3, "externalDeals")


def test_ledger_fields_emptied_while_no_machine_knows_them(env):
    """A new machine cannot know what others gave: it keeps everything and asks a person, who sets externalXp."""
    rep = with_a_call(env)
    rep.stop()
    env.server.patch_record(rep.member, {field: None for field in LEDGER_FIELDS})
    other = env.session(signed_in=False)
    other.sign_in(env.server, rep.member, sync=False)
    other.add("email_sent")
    expect_blocked(other, ("ServerError",), "ledger", "externalXp", pending=1)
    env.server.patch_record(rep.member, {"externalXp": 0})
    other.sync_until_well()
    other.sync()
    expect_exact(env.server, other, CALL + MAIL, CALL_ROWS + 1)


# ---- own rows ----
def test_own_row_soft_deleted(env):
    """A person's correction: the row is void, its XP leaves the total, and it is not sent again."""
    rep = with_a_call(env)
    rep.add("email_sent", ref="message-1")
    rep.sync()
    row = next(row for row in env.server.rows(rep.member) if row["eventType"] == "email_sent")
    delete(env.server, "xpEvents", row["id"], soft=True)
    rep.add("sms_sent")
    for _round in range(3):
        rep.sync_until_well()
    equal([each["id"] for each in rep.operations("voided")], [row["id"]], "voided operations")
    expect_exact(env.server, rep, CALL + XP["sms_sent"], CALL_ROWS + 1)
    if not ON_SERVER:
        equal([each["id"] for each in env.server.deleted_rows(rep.member)], [row["id"]], "deleted rows on the server")


def test_own_row_soft_deleted_and_nothing_new(env):
    """Fewer rows than were folded may be a lagging answer: believed when it is still so 20 seconds later."""
    rep = with_a_call(env)
    row = next(row for row in env.server.rows(rep.member) if row["eventType"] == "two_plus_minute_call")
    delete(env.server, "xpEvents", row["id"], soft=True)
    equal(rep.try_sync(), "ServerError", "error of the first reading")
    equal((rep.sync_state(), rep.total()), ("waiting", CALL), "state and TotalXp after it")
    common.wait_for(lambda: rep.sync_state() == "idle", what="the second reading")
    equal(rep.total(), CALL - XP["two_plus_minute_call"], "TotalXp after it")
    rep.sync()
    expect_exact(env.server, rep, CALL - XP["two_plus_minute_call"], CALL_ROWS - 1)
    equal([each["id"] for each in rep.operations("voided")], [row["id"]], "voided operations")


def test_soft_deleted_row_restored(env):
    rep = with_a_call(env)
    rep.add("email_sent")
    rep.sync()
    row = next(row for row in env.server.rows(rep.member) if row["eventType"] == "email_sent")
    delete(env.server, "xpEvents", row["id"], soft=True)
    rep.add("sms_sent")
    rep.sync_until_well()
    equal(rep.total(), CALL + XP["sms_sent"], "TotalXp after the deletion")
    restore_deleted(env.server, "xpEvents", row["id"])
    rep.sync_until_well()
    expect_exact(env.server, rep, CALL + MAIL + XP["sms_sent"], CALL_ROWS + 2)
    equal(rep.operations("voided"), [], "voided operations")


@parametrize({"one row": (1,), "all rows": (CALL_ROWS,)})
def test_own_rows_hard_deleted(env, count):
    """No correction but a loss: the rows are sent again."""
    rep = with_a_call(env)
    rows = env.server.rows(rep.member)
    for row in rows[:count]:
        delete(env.server, "xpEvents", row["id"])
    rep.add("email_sent")
    rep.sync_until_well()
    expect_exact(env.server, rep, CALL + MAIL, CALL_ROWS + 1)
    equal({row["id"] for row in rows} - {row["id"] for row in env.server.rows(rep.member)}, set(), "rows that are missing")


def test_rows_of_another_machine_hard_deleted(env):
    """Only their own machine sends them again; until then the others do not take the rest down."""
    one = with_a_call(env)
    two = env.session(member=one.member)
    two.add("email_sent")
    two.sync()
    row = next(row for row in env.server.rows(one.member) if row["eventType"] == "dial_made")
    delete(env.server, "xpEvents", row["id"])
    two.try_sync()
    for rep in (one, two):
        rep.sync_until_well()
    expect_exact(env.server, [one, two], CALL + MAIL, CALL_ROWS + 1)


@parametrize({"with a call since": (True,), "nothing new": (False,)})
def test_server_restored_from_a_backup(env, new):
    need_faults()
    one = with_a_call(env)
    two = env.session(member=one.member)
    env.server.backup()
    one.add("email_sent", ref="message-1")
    one.deal("deal-1")
    one.sync()
    two.call("VOICEMAIL", 20)
    two.add("sms_sent")
    two.sync()
    one.sync()
    total = CALL + MAIL + XP["deal_closed"] + FIRST_DEAL + worth("VOICEMAIL", 20) + XP["sms_sent"]
    rows = CALL_ROWS + 3 + len(call_rows("VOICEMAIL", 20)) + 1
    expect_exact(env.server, [one, two], total, rows, deals=1)
    env.server.restore()
    if new:
        one.add("note_added")
        total, rows = total + XP["note_added"], rows + 1
    for rep in (one, two, one, two):
        rep.sync_until_well()
    expect_exact(env.server, [one, two], total, rows, deals=1)


def test_foreign_row_with_an_id_of_ours(env):
    """Somebody else's row cannot be taken for ours: the operation is set aside, the others arrive."""
    prompt_timeline(env)
    rep = env.session()
    identifier = rep.add("email_sent", ref="message-1")[0]
    env.server.api("POST", "/rest/xpEvents", {
        "id": identifier, "name": "x", "eventType": "note_added", "xpAmount": 3, "workspaceMemberId": str(uuid.uuid4()), "device": "x",
        "seq": 1, "ref": "", "occurredAt": "2026-01-01T00:00:00.000Z", "localDay": "2026-01-01", "details": "{}"})
    rep.add("sms_sent")
    rep.try_sync()
    rep.try_sync()
    equal([each["id"] for each in rep.operations("quarantined")], [identifier], "quarantined operations")
    equal([row["eventType"] for row in env.server.rows(rep.member)], ["sms_sent"], "rows")
    equal(env.server.record(rep.member)["totalXp"], XP["sms_sent"], "totalXp")
    if ON_SERVER:
        delete(env.server, "xpEvents", identifier)


if __name__ == "__main__":
    common.run(globals())

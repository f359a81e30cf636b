#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the server refuses for a reason of its own stops nothing else, and what is exported is earned once, wherever it is imported."""
import json
import os
import pathlib
import tempfile
import uuid

import common
from common import ON_SERVER, SYNC, XP, call_rows, equal, expect_exact, need_faults, options, parametrize, refused, worth

from probe import begin

FIRST_DIAL = XP["first_dial_of_day"]
BAD = "lead-the-server-dislikes"
LEADS = ("lead-1", "lead-2", BAD, "lead-3", "lead-4")
CALL = worth("CALLBACK", 150)
EMAIL_EXPERT = 50  # email_expert.bronze, for 50 e-mails
CALL_ROWS = call_rows("CALLBACK", 150)


# ---- quarantine ----
def test_what_was_folded_before_is_retried_with_its_xp(env):
    """A module's row is lost on the server and refused when it is sent again. The record still lists the module, by our own fold: no other
    program has paid for it."""
    need_faults()
    rep = env.session()
    rep.module("module_0")
    rep.sync()
    total = rep.total()
    rows = env.server.rows(rep.member)
    row = next(row for row in rows if row["eventType"] == "module_passed")
    env.server.api("DELETE", f"/rest/xpEvents/{row['id']}")
    refuse(env, "module_0")
    rep.add("sms_sent")
    sync_past(rep)
    equal([each["id"] for each in rep.operations("quarantined")], [row["id"]], "quarantined operations")
    refuse(env, "")
    rep.cli("retry", row["id"])
    rep.sync_until_well()
    expect_exact(env.server, rep, total + XP["sms_sent"], len(rows) + 1)
    equal([each["xpAmount"] for each in env.server.rows(rep.member) if each["id"] == row["id"]], [row["xpAmount"]], "XP of the module's row")


def refuse(env, text=BAD):
    need_faults()
    env.server.config(refuse_value=text, timeline_delay_ms=0)


def quarantined(rep):
    return rep.client.get(SYNC, "QuarantinedOperations")


def sync_past(rep):
    """Syncs until nothing but refused operations is left: one refusal may only be understood once others were accepted."""
    for _attempt in range(5):
        rep.try_sync()
        if rep.pending() == 0:
            return
    raise AssertionError(f"{rep.pending()} operations are still pending: {rep.client.get(SYNC, 'LastError')}")


def with_a_refused_call(env):
    """A rep with five calls, one of them refused; the id of its dial."""
    refuse(env)
    rep = env.session()
    ids = {lead: rep.call("CALLBACK", 150, lead)[0] for lead in LEADS}
    sync_past(rep)
    return rep, ids


def test_refused_call_is_set_aside_alone(env):
    rep, ids = with_a_refused_call(env)
    rows = env.server.rows(rep.member)
    equal(sorted(row["ref"] for row in rows if row["eventType"] == "dial_made"), sorted(set(LEADS) - {BAD}), "leads on the server")
    equal([row for row in rows if row["ref"] == BAD], [], "rows of the refused call")
    aside = rep.operations("quarantined")
    equal(sorted(each["kind"] for each in aside), sorted(CALL_ROWS), "kinds of the quarantined operations")
    assert ids[BAD] in {each["id"] for each in aside}, "the dial of the refused call is not quarantined"
    for each in aside:
        assert BAD in each["note"], f"the note does not hold the server's words: {each}"
    equal(quarantined(rep), len(CALL_ROWS), "QuarantinedOperations")
    equal(rep.pending(), 0, "PendingOperations")
    common.wait_for(lambda: len(rep.client.seen("OperationQuarantined")) >= len(CALL_ROWS), what="the signals")
    told = rep.client.seen("OperationQuarantined")
    equal(sorted(identifier for identifier, _reason in told), sorted(each["id"] for each in aside), "ids of the signals, each once")
    for _identifier, reason in told:
        assert BAD in reason, f"the signal does not hold the server's words: {reason}"
    # The total keeps what was acknowledged; the server has the rest.
    equal(rep.total(), 5 * CALL + FIRST_DIAL, "TotalXp")
    equal(env.server.record(rep.member)["totalXp"], 4 * CALL + FIRST_DIAL, "totalXp")
    equal(rep.sync_state(), "idle", "State")


def test_retry_after_the_refusal_is_lifted(env):
    rep, ids = with_a_refused_call(env)
    rep.client.call(SYNC, "RetryOperation", ids[BAD])
    sync_past(rep)
    equal(quarantined(rep), len(CALL_ROWS), "QuarantinedOperations while the server refuses it still")
    env.server.config(refuse_value="")
    rep.client.call(SYNC, "RetryOperation", ids[BAD])
    equal((quarantined(rep), rep.pending()), (0, len(CALL_ROWS)), "quarantined and pending after RetryOperation")
    rep.sync()
    expect_exact(env.server, rep, 5 * CALL + FIRST_DIAL, 5 * len(CALL_ROWS) + 1)
    with refused("NotEligible"):
        rep.client.call(SYNC, "RetryOperation", ids[BAD])
    with refused("UnknownId"):
        rep.client.call(SYNC, "RetryOperation", "11111111-1111-4111-8111-111111111111")


def test_discarded_call_leaves_the_total(env):
    rep, ids = with_a_refused_call(env)
    rep.client.call(SYNC, "DiscardOperation", ids[BAD])
    equal(rep.total(), 4 * CALL + FIRST_DIAL, "TotalXp")
    env.server.config(refuse_value="")
    rep.add("email_sent")
    rep.sync()
    expect_exact(env.server, rep, 4 * CALL + FIRST_DIAL + XP["email_sent"], 4 * len(CALL_ROWS) + 2)
    equal(sorted(each["kind"] for each in rep.operations("discarded")), sorted(CALL_ROWS), "discarded operations")
    with refused("NotEligible"):
        rep.client.call(SYNC, "DiscardOperation", ids["lead-1"])


def test_decided_twice_at_once(env):
    """The second decision finds what the first has left, although that was not on disk yet when it came."""
    rep, ids = with_a_refused_call(env)
    discard, retry = (begin(rep.client, SYNC, method, "(s)", ids[BAD]) for method in ("DiscardOperation", "RetryOperation"))
    common.wait_for(lambda: discard and retry, what="both answers")
    equal(discard[0], (), "DiscardOperation")
    equal(getattr(retry[0], "name", retry[0]), "NotEligible", "RetryOperation")
    equal((rep.total(), quarantined(rep), rep.pending()), (4 * CALL + FIRST_DIAL, 0, 0), "TotalXp, quarantined, pending")


def test_quarantine_outlives_a_crash(env):
    rep, ids = with_a_refused_call(env)
    rep.kill()
    equal(quarantined(rep), len(CALL_ROWS), "QuarantinedOperations after a crash")
    equal(rep.total(), 5 * CALL + FIRST_DIAL, "TotalXp after a crash")
    env.server.config(refuse_value="")
    rep.sync()
    equal(quarantined(rep), len(CALL_ROWS), "QuarantinedOperations: nothing is sent again by itself")
    rep.client.call(SYNC, "RetryOperation", ids[BAD])
    rep.sync()
    expect_exact(env.server, rep, 5 * CALL + FIRST_DIAL, 5 * len(CALL_ROWS) + 1)


def test_some_refused_among_many(env):
    """Three of a large batch are refused: the others all arrive."""
    refuse(env)
    rep = env.session()
    plan = [("AddXP", ("email_sent", options({"ref": f"{BAD}-{i}" if i in (3, 40, 77) else f"message-{i}"}))) for i in range(80)]
    common.gather([rep], [plan])
    sync_past(rep)
    equal(quarantined(rep), 3, "QuarantinedOperations")
    equal(len(env.server.rows(rep.member)), 77 + 1, "rows")
    equal(env.server.record(rep.member)["totalXp"], 77 * XP["email_sent"] + EMAIL_EXPERT, "totalXp")
    env.server.config(refuse_value="")
    for each in rep.operations("quarantined"):
        rep.client.call(SYNC, "RetryOperation", each["id"])
    rep.sync()
    expect_exact(env.server, rep, 80 * XP["email_sent"] + EMAIL_EXPERT, 80 + 1)


# ---- export and import ----
def export(rep):
    """What Export writes, as bytes."""
    with tempfile.TemporaryFile() as file:
        rep.client.call(SYNC, "Export", 0, fd=file.fileno())
        file.seek(0)
        return file.read()


def import_(rep, data):
    """How many operations Import adds."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        return rep.client.call(SYNC, "Import", 0, fd=os.dup(file.fileno()))[0]


def test_imported_twice_at_once(env):
    """Each operation is added by one of the two, whichever comes first."""
    one = env.session()
    two = env.session(member=one.member)
    one.add("email_sent")
    header, line = export(one).decode().splitlines()
    operation, count = json.loads(line), 3000
    lines = [json.dumps({**operation, "id": str(uuid.uuid4()), "seq": 10 + number}) for number in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "export"
        path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
        with open(path, "rb") as first, open(path, "rb") as second:
            answers = [begin(two.client, SYNC, "Import", "(h)", 0, fds=[file.fileno()]) for file in (first, second)]
            common.wait_for(lambda: all(answers), what="both answers")
    equal(sorted(answer[0] for answer in answers), [(0,), (count,)], "added")
    equal((two.pending(), two.total()), (count, count * XP["email_sent"]), "pending, TotalXp")


def prepare_export(env):
    """Two machines of a rep; the first has a call, a deal and a message to send, and its export."""
    if not ON_SERVER:
        env.server.config(timeline_delay_ms=0)
    one = env.session()
    two = env.session(member=one.member)
    one.call("CALLBACK", 150)
    one.deal("deal-1")
    one.add("email_sent", ref="message-1")
    rows = len(CALL_ROWS) + 4
    equal(one.pending(), rows, "operations to export")
    return one, two, CALL + FIRST_DIAL + XP["deal_closed"] + common.FIRST_DEAL + XP["email_sent"], rows


def test_export_and_import(env):
    one, two, total, rows = prepare_export(env)
    data = export(one)
    lines = data.decode().splitlines()
    header = json.loads(lines[0])
    equal({key: header[key] for key in ("format", "version", "member")},
          {"format": "org.lids.Progression.export", "version": 1, "member": one.member}, "header")
    equal(len(lines), rows + 1, "lines")
    equal(import_(two, data), rows, "operations added")
    equal((two.total(), two.pending()), (total, rows), "total and pending on the other machine")
    equal(import_(two, data), 0, "operations added by the second import")
    two.sync()
    equal(import_(two, data), 0, "operations added by an import after the sync")
    expect_exact(env.server, two, total, rows, deals=1)
    # The first machine was not lost after all: it sends the same operations, and nothing is doubled.
    one.sync()
    for session in (two, one):
        session.sync()
    expect_exact(env.server, [one, two], total, rows, deals=1)
    equal(import_(one, data), 0, "operations added on the first machine")


def test_import_where_they_were_made(env):
    one, _two, total, rows = prepare_export(env)
    data = export(one)
    one.sync()
    equal(export(one).decode().splitlines()[1:], [], "lines of an export with nothing pending")
    equal(import_(one, data), 0, "operations added")
    expect_exact(env.server, one, total, rows, deals=1)


def test_import_on_a_machine_that_knows_them_from_the_ledger(env):
    one, two, total, rows = prepare_export(env)
    data = export(one)
    one.sync()
    two.sync()
    equal(import_(two, data), 0, "operations added")
    two.sync()
    expect_exact(env.server, [one, two], total, rows, deals=1)


def test_import_of_what_the_ledger_has_but_the_machine_does_not_know(env):
    """Sent by the first, imported by the second before it looks: read back, not doubled."""
    one, two, total, rows = prepare_export(env)
    data = export(one)
    one.sync()
    equal(import_(two, data), rows, "operations added")
    two.sync_until_well()
    one.sync()
    expect_exact(env.server, [one, two], total, rows, deals=1)


def test_quarantined_operations_are_exported(env):
    rep, _ids = with_a_refused_call(env)
    lines = [json.loads(line) for line in export(rep).decode().splitlines()[1:]]
    equal(sorted(line["kind"] for line in lines), sorted(CALL_ROWS), "kinds")


# Name of the damage: what becomes of the lines, and the number of the line that is to be named.
DAMAGES = {
    "malformed last line": (lambda lines: [*lines[:-1], lines[-1][:-4]], lambda lines: len(lines)),
    "malformed second line": (lambda lines: [lines[0], "{", *lines[2:]], lambda lines: 2),
    "no operation": (lambda lines: [*lines[:3], "[]", *lines[3:]], lambda lines: 4),
    "an operation without an id": (lambda lines: [*lines, "{}"], lambda lines: len(lines) + 1),
    "a header of another format": (lambda lines: ['{"format":"something","version":1}', *lines[1:]], lambda lines: 1),
    "a newer version": (lambda lines: [lines[0].replace('"version":1', '"version":99'), *lines[1:]], lambda lines: 1),
    "no header": (lambda lines: lines[1:], lambda lines: 1),
    "nothing": (lambda lines: [], lambda lines: 1),
}


@parametrize({name: damage for name, damage in DAMAGES.items()})
def test_malformed_import(env, damage, number):
    one, two, total, rows = prepare_export(env)
    lines = export(one).decode().splitlines()
    damaged = damage(lines)
    assert damaged != lines, "the damage changed nothing"
    with refused("InvalidArgument") as seen:
        import_(two, "".join(line + "\n" for line in damaged).encode())
    assert f"ine {number(lines)}" in seen.error.message, f"line {number(lines)} is not named: {seen.error}"
    equal((two.total(), two.pending(), two.operations()), (0, 0, []), "total and queue after it")
    # The whole file is still good.
    equal(import_(two, "".join(line + "\n" for line in lines).encode()), rows, "operations of the undamaged file")
    two.sync()
    expect_exact(env.server, two, total, rows, deals=1)


def test_import_with_a_line_twice(env):
    one, two, total, rows = prepare_export(env)
    lines = export(one).splitlines(keepends=True)
    equal(import_(two, b"".join([*lines, lines[1]])), rows, "operations added")
    two.sync()
    expect_exact(env.server, two, total, rows, deals=1)


def test_import_of_another_member(env):
    one, two, _total, _rows = prepare_export(env)
    with refused("InvalidArgument"):
        import_(two, export(one).replace(one.member.encode(), str(uuid.uuid4()).encode()))
    equal((two.total(), two.pending()), (0, 0), "total and queue after it")


if __name__ == "__main__":
    common.run(globals())

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The leaderboard: all reps of a workspace over several pages, the own row, the kept answer, and what stands in its way."""
import time
import uuid

from probe import *  # noqa: F403
from common import parametrize, refused, run as run_tests

MINUTE = 60  # s; an answer is kept so long
KEYS = {"position", "name", "member", "total-xp", "level", "rank", "me"}


def workspace(env, *records):
    """A look-alike of its own with these records of other reps, and a session whose record was read."""
    server = env.new_sim("--provisioned")
    server.provisioned = True
    add_records(server, records)
    return server, env.session(server=server)


def add_records(server, records):
    for start in range(0, len(records), 200):
        server.api("POST", "/rest/batch/repProgressions", [{"id": str(uuid.uuid4()), **record} for record in records[start:start + 200]])


def rep(member, total, **more):
    return {"workspaceMemberId": member, "name": f"Rep {member}", "totalXp": total, **more}


def board(session, limit=0):
    return session.client.call(NAME, "GetLeaderboard", limit)


def totals(entries):
    return {entry["member"]: entry["total-xp"] for entry in entries}


def fetches(server):
    """How many pages were asked for."""
    return len([request for request in server.requests() if request["operation"] == "repProgressions"])


def age(server, session, seconds):
    """The server's clock, and by the next answer ours, goes on by so many seconds."""
    server.config(clock_offset_ms=server.settings.get("clock_offset_ms", 0) + seconds * 1000)
    session.sync()


def test_many_reps_over_several_pages(env):
    others = {f"m{number:03}": number // 2 * 10 for number in range(250)}  # each total twice
    server, session = workspace(env, *(rep(member, total) for member, total in others.items()))
    session.add("note_added", amount=1000)
    session.sync()
    server.clear_requests()
    entries, as_of = board(session)
    equal(fetches(server), 2, "pages of 200 for 251 reps")
    equal(totals(entries), {**others, session.member: 1000}, "the totals")
    equal([entry["total-xp"] for entry in entries], sorted([*others.values(), 1000], reverse=True), "highest first")
    for entry in entries:
        equal(set(entry), KEYS, "keys")
        equal(entry["position"], 1 + sum(1 for other in entries if other["total-xp"] > entry["total-xp"]), f"position of {entry}")
        equal(entry["level"], level_of(entry["total-xp"]), f"level of {entry}")
        equal(entry["me"], entry["member"] == session.member, f"me of {entry}")
        equal(entry["rank"], "E-1", "rank")
    assert 0 <= time.time() - as_of / 1e6 < 60 * SLOW, f"as_of {as_of}"
    for limit in (1, 7, 1000):
        equal(board(session, limit), (entries[:limit], as_of), f"limit {limit}")
    equal(fetches(server), 2, "pages asked for after all")


def test_own_row_is_this_machines_view(env):
    server, session = workspace(env, rep("a", 100), rep("b", 50))
    session.add("note_added", amount=70)
    session.sync()
    equal([(entry["position"], entry["member"]) for entry in board(session)[0]], [(1, "a"), (2, session.member), (3, "b")], "the order")
    session.add("note_added", amount=30)
    entries, as_of = board(session)
    equal([(entry["position"], entry["total-xp"]) for entry in entries], [(1, 100), (1, 100), (3, 50)], "with what is not sent yet")
    session.add("note_added", amount=200)
    entries, later = board(session)
    equal((entries[0]["member"], entries[0]["total-xp"], entries[0]["level"], later), (session.member, 300, level_of(300), as_of),
          "sorted anew, out of the kept answer")
    equal(entries[0]["name"], session.get("Name"), "the own name")


def test_a_rep_without_a_record(env):
    server = env.new_sim("--provisioned")
    server.provisioned = True
    add_records(server, [rep("a", 5)])
    session = env.session(signed_in=False)
    server.faults({"kind": "outage", "contains": "workspaceMemberId", "path": "/rest/repProgressions", "times": 0})
    session.sign_in(server, sync=False)
    entries = board(session)[0]
    equal([(entry["member"], entry["total-xp"]) for entry in entries], [("a", 5), (session.member, 0)], "the own row is added")


MALFORMED = {
    "floats": ({"totalXp": 12.75}, (12, "E-1")), "negative": ({"totalXp": -50}, (-50, "E-1")),
    "huge": ({"totalXp": 9007199254740992}, (9007199254740992, "E-1")), "beyond counting": ({"totalXp": 1e300}, (9007199254740992, "E-1")),
    "rank by its inner name": ({"currentRank": "operative"}, (7, "E-4")), "rank in small letters": ({"currentRank": "e4"}, (7, "E-4")),
    "no rank at all": ({"currentRank": "General"}, (7, "E-1")), "null rank": ({"currentRank": None}, (7, "E-1")),
    "an impossible level": ({"currentLevel": 99.5}, (7, "E-1")), "broken lists": ({"badges": "[[[", "efficiencyMetrics": "{"}, (7, "E-1")),
}


def test_malformed_rows_of_others(env):
    records = [{**rep(case, 7), **values} for case, (values, _expected) in MALFORMED.items()]
    server, session = workspace(env, *records, rep("null", None), rep("", 99), rep(None, 99), rep("nameless", 3, name=None),
                                rep("loud", 2, name="Bell\x07\u202eright\n\x1b[31m" + "é" * 300), rep("fine", 1))
    found = {entry["member"]: entry for entry in board(session)[0]}
    for case, (_values, (total, rank)) in MALFORMED.items():
        equal((found[case]["total-xp"], found[case]["rank"], found[case]["level"]), (total, rank, max(level_of(total), 1)), case)
    equal(set(found), {*MALFORMED, "nameless", "loud", "fine", session.member}, "members")
    equal(found["nameless"]["name"], "", "a null name")
    name = found["loud"]["name"]
    assert name.isprintable() and len(name) <= 200 and name.startswith("Bell"), repr(name)
    session.stop()
    equal({entry["member"]: entry for entry in board(session)[0]}, found, "the kept answer")


def test_one_record_of_each_member(env):
    server = env.new_sim("--provisioned")
    server.provisioned = True
    server.let_members_repeat()
    session = env.session(server=server)
    add_records(server, [rep("a", 10)])
    add_records(server, [rep("a", 500), rep("b", 20)])
    gone = str(uuid.uuid4())
    add_records(server, [{**rep("c", 900), "id": gone}])
    status, _value = server.send("DELETE", f"/rest/repProgressions/{gone}?soft_delete=true")
    equal(status, 200, "status of the deletion")
    equal(totals(board(session)[0]), {"a": 10, "b": 20, session.member: 0}, "the record in use; deleted ones are not shown")


def test_kept_for_a_minute(env):
    server, session = workspace(env, rep("a", 10))
    first = board(session)
    server.patch_record("a", {"totalXp": 20})
    server.clear_requests()
    for again in ("at once", "after a restart", "after a crash"):
        if again == "after a restart":
            session.stop()
        if again == "after a crash":
            session.kill()
        equal(board(session), first, again)
    age(server, session, MINUTE // 2)
    equal(board(session), first, "after half a minute")
    age(server, session, MINUTE)
    entries, as_of = board(session)
    equal(totals(entries)["a"], 20, "after a minute and a half")
    assert as_of >= first[1] + MINUTE * 1000000, f"{as_of} after {first[1]}"
    age(server, session, -10 * MINUTE)
    equal(board(session)[1] < as_of, True, "an answer from the future is not believed")


def test_offline(env):
    server, session = workspace(env, rep("a", 10))
    server.stop()
    with refused("Offline") as seen:
        board(session)
    assert seen.error.message, "Offline without a word"
    server.restart()
    entries, as_of = board(session)
    age(server, session, 2 * MINUTE)
    server.stop()
    equal(board(session), (entries, as_of), "the last answer, with its time")
    session.add("note_added", amount=25)
    session.stop()
    found, later = board(session)
    equal((found[0]["member"], found[0]["total-xp"], later), (session.member, 25, as_of), "after a restart, the own row as it is now")
    server.restart()
    server.patch_record("a", {"totalXp": 30})
    session.sync_until_well()
    entries, later = board(session)
    equal((entries[0]["total-xp"], later > as_of), (30, True), "when the server is back")


def test_the_account_is_left_and_another_comes(env):
    server, session = workspace(env, rep("a", 10))
    first = session.member
    board(session)
    session.client.call(ACCOUNT, "SignOut", {})
    with refused("NotSignedIn"):
        board(session)
    server.stop()
    server.restart()
    session.sign_in(server, server.new_member())
    server.clear_requests()
    found = {entry["member"]: entry["me"] for entry in board(session)[0]}
    equal(found, {"a": False, first: False, session.member: True}, "who is me")
    equal(fetches(server), 1, "the other account's answer is not used")


def test_calls_at_once_share_a_fetch(env):
    server, session = workspace(env, *(rep(f"m{number}", number) for number in range(250)))
    server.clear_requests()
    server.faults({"kind": "delay", "contains": "DescNullsLast", "arg": 300, "times": 2})
    answers = [begin(session.client, NAME, "GetLeaderboard", "(u)", limit) for limit in [*range(1, 20), 0]]
    total = session.add("note_added", amount=500)[2]
    wait_for(lambda: all(answers), what="the answers")
    equal([len(answer[0][0]) for answer in answers], [*range(1, 20), 251], "entries")
    equal({answer[0][0][0]["total-xp"] for answer in answers}, {total}, "what was earned meanwhile counts")
    equal(fetches(server), 2, "pages")


def test_beside_a_sync(env):
    """Look-ups and the sync take turns; nothing is lost and nothing is doubled."""
    server, session = workspace(env, *(rep(f"m{number}", number) for number in range(450)))
    server.config(latency_ms=20, batch_max=60)
    for number in range(200):
        session.add("note_added", amount=1, ref=str(number))
    sync = begin(session.client, SYNC, "SyncNow", "()")
    found = begin(session.client, NAME, "GetLeaderboard", "(u)", 0)
    wait_for(lambda: sync and found, what="both answers")
    if isinstance(sync[0], Refused):
        equal((sync[0].name, SLOW > 1), ("StillRunning", True), "SyncNow, which the sanitizers may delay")
        session.sync()
    if isinstance(found[0], Refused):
        equal((found[0].name, SLOW > 1), ("StillRunning", True), "GetLeaderboard, which the sanitizers may delay")
        wait_for(lambda: len(board(session)[0]) == 451, what="the answer that was waited for")
    else:
        equal(len(found[0][0]), 451, "the leaderboard")
    equal(session.total(), 200, "TotalXp")
    record = server.record(session.member)
    equal((record["totalXp"], record["ledgerCount"], session.pending()), (200, 200, 0), "in Twenty")


REFUSALS = {"permission": "PermissionDenied", "auth-expired": "AuthenticationFailed"}


@parametrize(list(REFUSALS))
def test_what_the_server_refuses(env, kind):
    server, session = workspace(env, rep("a", 10))
    board(session)
    age(server, session, 2 * MINUTE)
    server.faults({"kind": kind, "contains": "DescNullsLast"})
    with refused(REFUSALS[kind]) as seen:
        board(session)
    if kind == "permission":
        assert "role" in seen.error.message and "other reps" in seen.error.message, seen.error.message
    equal(totals(board(session)[0])["a"], 10, "afterwards")


def test_totals_that_the_role_may_not_see(env):
    server, session = workspace(env, rep("a", 10))
    server.control("POST", "hide", {"object": "repProgression", "field": "totalXp"})
    with refused("PermissionDenied"):
        board(session)
    server.control("DELETE", "hide")
    equal(len(board(session)[0]), 2, "reps")


FAILURES = {"rate-limited": "RateLimited", "outage": "ServerError", "garbage": "ServerError", "drop-request": "Offline", "truncate": "ServerError"}


@parametrize(list(FAILURES))
def test_what_fails(env, kind):
    server, session = workspace(env, *(rep(f"m{number}", number) for number in range(250)))
    fault = {"kind": kind, "contains": "DescNullsLast", "skip": 1}  # the second page
    server.faults(fault)
    with refused(FAILURES[kind]):
        board(session)
    wait_for(lambda: try_board(session), what="an answer")
    entries, as_of = board(session)
    age(server, session, 2 * MINUTE)
    server.faults(fault)
    equal(board(session), (entries, as_of), "half an answer is none: the last whole one")


def try_board(session):
    try:
        return board(session)
    except Refused as error:
        equal(error.name, "RateLimited", "only the pause that a server wants is waited for")
        return None


def test_a_slow_server(env):
    """With an answer from before that one is given, without one StillRunning; both within 20 s, and what comes later is kept."""
    server, session = workspace(env, rep("a", 10))
    other = env.session(server=server)
    entries, as_of = board(session)
    age(server, session, 2 * MINUTE)
    other.sync()
    hang = {"kind": "delay", "contains": "DescNullsLast", "arg": 20500 * SLOW}
    server.faults(hang, hang)
    start = time.monotonic()
    last = begin(session.client, NAME, "GetLeaderboard", "(u)", 0)
    none = begin(other.client, NAME, "GetLeaderboard", "(u)", 0)
    wait_for(lambda: last and none, what="both answers")
    need(time.monotonic() - start < LONG + 5, "this machine is too slow to tell")
    equal(last[0], (entries, as_of), "the last answer")
    equal(getattr(none[0], "name", none[0]), "StillRunning", "without one")


def test_the_end_of_the_service_meanwhile(env):
    server, session = workspace(env, rep("a", 10))
    server.faults({"kind": "hang", "contains": "DescNullsLast", "arg": 60000})
    answer = begin(session.client, NAME, "GetLeaderboard", "(u)", 0)
    session.add("email_sent")
    session.stop()
    wait_for(lambda: answer, what="an answer")
    equal(getattr(answer[0], "name", answer[0]), "Cancelled", "the answer")
    equal(server.record(session.member)["totalXp"], 10, "what was earned did not wait for it")


if __name__ == "__main__":
    run_tests(globals())

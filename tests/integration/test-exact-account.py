#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Leaving with work to send, changing users, tokens that end, a server that moves: nothing is lost or mixed up."""
import json
import pathlib

import common
from common import (ACCOUNT, SYNC, XP, call_rows, equal, expect_exact, expect_record, gather, call_plan, need_faults, options, parametrize,
                    refused, worth)
from probe import secret_store, wait_for, wait_property

CALL = worth("CONTACT", 150)
ROWS = len(call_rows("CONTACT", 150))
FIRST = CALL + XP["first_dial_of_day"]


def sign_out(rep, **values):
    return rep.client.call(ACCOUNT, "SignOut", options(values))[0]


def test_a_server_that_was_never_provisioned(env):
    need_faults()
    server = env.new_sim()
    rep = env.session(signed_in=False)
    rep.sign_in(server, provision=False, sync=False)
    equal(rep.try_sync(), "SchemaMissing", "error of the sync")
    rep.call("CONTACT", 150)
    missing = rep.provision(dry_run=True)
    assert "xpEvent" in missing and "repProgression.foldToken" in missing, missing
    equal(rep.provision(), missing, "created, as the dry run said")
    equal(rep.provision(), [], "created by a repetition")
    rep.sync_until_well()
    expect_exact(server, rep, FIRST, ROWS + 1)


def test_signing_out_sends_first(env):
    rep = env.session()
    rep.call("CONTACT", 150)
    equal(sign_out(rep), "", "exported file")
    equal(len(env.server.rows(rep.member)), ROWS + 1, "rows in the ledger")
    equal((rep.client.get(ACCOUNT, "SignedIn"), rep.sync_state()), (False, "signed-out"), "after signing out")
    with refused("NotSignedIn"):
        rep.call("CONTACT", 150)
    rep.sign_in(env.server, rep.member)
    expect_exact(env.server, rep, FIRST, ROWS + 1)


def away(env, rep):
    """A call that waits while the server is away."""
    env.server.stop()
    rep.call("CONTACT", 150)
    equal(rep.pending(), ROWS + 1, "pending")


def test_signing_out_with_pending_work_is_refused(env):
    need_faults()
    rep = env.session()
    away(env, rep)
    with refused("PendingOperations"):
        sign_out(rep)
    equal((rep.client.get(ACCOUNT, "SignedIn"), rep.pending(), rep.total()), (True, ROWS + 1, FIRST), "after the refusal")
    env.server.restart()
    rep.sync_until_well()
    expect_exact(env.server, rep, FIRST, ROWS + 1)


def test_signing_out_keeps_pending_work(env):
    need_faults()
    rep = env.session()
    away(env, rep)
    equal(sign_out(rep, pending="keep"), "", "exported file")
    env.server.restart()
    rep.sign_in(env.server, rep.member)
    expect_exact(env.server, rep, FIRST, ROWS + 1)


def test_signing_out_exports_pending_work(env):
    """The file reaches the server from another machine too, and from both only once."""
    need_faults()
    rep = env.session()
    away(env, rep)
    exported = pathlib.Path(sign_out(rep, pending="export"))
    lines = exported.read_text(encoding="utf-8").splitlines()
    equal(json.loads(lines[0])["member"], rep.member, "member of the export")
    equal((len(lines), exported.stat().st_mode & 0o777), (ROWS + 2, 0o600), "lines and mode of the export")
    env.server.restart()
    other = env.session(member=rep.member)
    with open(exported, "rb") as file:
        equal(other.client.call(common.SYNC, "Import", 0, fd=file.fileno())[0], ROWS + 1, "imported operations")
    other.sync()
    rep.sign_in(env.server, rep.member)
    other.sync()
    expect_exact(env.server, [rep, other], FIRST, ROWS + 1)


def test_two_users_of_one_desktop(env):
    """One leaves work behind that waits; the other's goes out; none of it lands with the wrong member."""
    need_faults()
    rep = env.session()
    first = rep.member
    away(env, rep)
    sign_out(rep, pending="keep")
    env.server.restart()
    second = rep.sign_in(env.server)
    equal(rep.total(), 0, "total of the second user")
    rep.call("VOICEMAIL", 0)
    rep.sync()
    expect_exact(env.server, rep, worth("VOICEMAIL", 0) + XP["first_dial_of_day"], 3)
    equal(env.server.rows(first), [], "rows of the first user")
    rep.sign_in(env.server, first)  # without signing out
    expect_exact(env.server, rep, FIRST, ROWS + 1)
    rep.member = second
    expect_record(env.server, second, worth("VOICEMAIL", 0) + XP["first_dial_of_day"], 3)


def unauthorized(env, kind):
    """A rep whose token is refused in the middle of a sync, and the total that is earned by then."""
    need_faults()
    rep = env.session()
    gather([rep], [[call_plan("CONTACT", 150, f"lead-{i}") for i in range(70)]])
    env.server.faults({"kind": kind, "times": 0, "skip": 1})
    equal(rep.try_sync(), "AuthenticationFailed", "error of the sync")
    equal((rep.sync_state(), rep.client.get(ACCOUNT, "SignedIn")), ("paused", True), "state")
    wait_for(lambda: rep.client.seen("SignInRequired"), 10, "SignInRequired")
    rep.call("CONTACT", 150)
    total = 71 * CALL + XP["first_dial_of_day"]
    equal(rep.total(), total, "total while signed out by the server")
    env.server.clear_faults()
    return rep, total


def expired(env, kind):
    rep, total = unauthorized(env, kind)
    rep.sign_in(env.server, rep.member, token=env.server.new_token())
    expect_exact(env.server, rep, total, 71 * ROWS + 1)


def test_a_token_that_expires(env):
    expired(env, "auth-expired")


def test_a_key_that_is_revoked(env):
    expired(env, "auth-revoked")


@parametrize(["SignIn", "secret-tool"])
def test_the_same_key_again(env, how):
    """The server refused it for a while only. Given again, it is tried again, without a SyncNow."""
    rep, total = unauthorized(env, "auth-expired")
    if how == "SignIn":
        rep.give_token(env.server.token)
        wait_property(rep.client, SYNC, "State", "idle")
    else:
        # Again and again: it is told by its time, in seconds, that an item was stored anew.
        wait_for(lambda: secret_store(rep, env.server.url, rep.member, env.server.token) or rep.sync_state() == "idle", what="idle")
    expect_exact(env.server, rep, total, 71 * ROWS + 1)


def test_a_token_with_an_end(env):
    """Not a fault: the server's own clock ends the token between two calls."""
    need_faults()
    rep = env.session(signed_in=False)
    token = env.server.new_token()
    rep.sign_in(env.server, token=token)
    rep.call("CONTACT", 150)
    rep.sync()
    env.server.control("POST", "revoke", {"token": token})
    rep.call("CONTACT", 150)
    equal(rep.try_sync(), "AuthenticationFailed", "error of the sync")
    rep.stop()  # earning goes on after a new start too
    rep.call("CONTACT", 150)
    equal((rep.total(), rep.pending()), (FIRST + 2 * CALL, 2 * ROWS), "total and pending")
    rep.sign_in(env.server, rep.member, token=env.server.new_token())
    expect_exact(env.server, rep, FIRST + 2 * CALL, 3 * ROWS + 1)


def test_a_server_that_moved(env):
    """The same workspace at another address: the queue comes along, and nothing is sent to the old one."""
    need_faults()
    rep = env.session()
    rep.call("CONTACT", 150)
    rep.sync()
    away_total = FIRST + CALL
    env.server.stop()
    rep.call("CONTACT", 150)
    token = env.server.token
    url, _token = env.server.start()
    old, env.server.url = env.server.url, url
    assert old != url, "the look-alike took the same port again"
    rep.sign_in(env.server, rep.member, token=token)
    equal(rep.client.get(ACCOUNT, "Server"), url, "Server")
    expect_exact(env.server, rep, away_total, 2 * ROWS + 1)
    equal(len(rep.databases()), 1, "databases")


if __name__ == "__main__":
    common.run(globals())

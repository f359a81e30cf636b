#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The keyring is locked, killed, stopped or replaced while a call to it is under way. Earning never stops, nobody is asked for anything,
and the token is found again without a new sign-in."""
import time

from probe import *  # noqa: F403
from common import XP, expect_exact, parametrize, run as run_tests, wait_for as wait_event
from keyrings import PASSWORD, SECRETS, end_keyring, lock, start_keyring, unlock

MAIL = XP["email_sent"]


def new_session(env, signed_in=True):
    need_faults()
    session = env.session(signed_in=False, keyring=False)
    start_keyring(session)
    if signed_in:
        session.sign_in(env.server)
        session.add("email_sent")
        session.sync()
    return session


def ends_exact(env, session, mails):
    """The token is there again without anybody's doing; what was earned meanwhile arrives once."""
    wait_property(session.client, SYNC, "State", "idle", 60)
    session.sync_until_well()
    expect_exact(env.server, session, mails * MAIL, mails)
    assert "Prompt" not in (session.logs / "bus").read_text(errors="replace"), "somebody was asked"


def begin_sign_in(session, server, member):
    """SignIn, until the server has confirmed the key: what is under way then is the store in the keyring."""
    server.clear_requests()
    with pipe_of(server.token.encode()) as fd:
        answers = begin(session.client, ACCOUNT, "SignIn", "(ssh)", server.url, member, 0, fds=[fd])
    server.wait_requests(2)
    return answers


def replace_keyring(session):
    """Another daemon takes the name from the one that has it, which may stand still."""
    old = session.keyring
    before = owner(session.client, SECRETS)
    # A directory of its own: it would else ask the old one to leave, and wait for the answer.
    child = session.start("keyring-2", "gnome-keyring-daemon", "--replace", "--unlock", "--components=secrets", "--foreground",
                          f"--control-directory={session.root / 'run' / 'another'}", stdin=subprocess.PIPE)
    child.stdin.write(PASSWORD)
    child.stdin.close()
    session.keyring = child
    return old, before


# ---- locked ----
def test_locked_before_the_first_sign_in(env):
    """A refused sign-in leaves nothing behind; unlocked, the same call goes well."""
    session = new_session(env, signed_in=False)
    lock(session)
    member = env.server.new_member()
    with pipe_of(env.server.token.encode()) as fd:
        answers = begin(session.client, ACCOUNT, "SignIn", "(ssh)", env.server.url, member, 0, fds=[fd])
        wait_event(lambda: answers, LONG + 5, "an answer")
    equal(answers[0].name, "KeyringLocked", "answer")
    equal((session.client.get(ACCOUNT, "SignedIn"), session.databases()), (False, []), "what is kept")
    unlock(session)
    session.sign_in(env.server, member)
    session.add("email_sent")
    ends_exact(env, session, 1)


def test_locked_while_a_sign_in_is_under_way(env):
    """Locked between the server's yes and the store: the account in use stays in use."""
    session = new_session(env)
    first = session.member
    env.server.config(latency_ms=300)
    answers = begin_sign_in(session, env.server, env.server.new_member())
    lock(session)
    wait_event(lambda: answers, LONG + 5, "an answer")
    env.server.config(latency_ms=0)
    equal(answers[0].name, "KeyringLocked", "answer")
    equal(session.client.get(ACCOUNT, "WorkspaceMemberId"), first, "the member")
    session.add("email_sent")
    session.sync()  # with the token in use
    unlock(session)
    ends_exact(env, session, 2)


def test_locked_and_unlocked_while_running(env):
    """Ten times, with a restart of the service in between: no sign-in is asked for."""
    session = new_session(env)
    mark = session.client.mark()
    for number in range(10):
        lock(session)
        if number == 5:
            session.stop()
        session.add("email_sent")
        unlock(session)
    ends_exact(env, session, 11)
    equal(session.client.seen("SignInRequired", mark), [], "SignInRequired")


# ---- killed ----
def test_killed_while_a_lookup_is_under_way(env):
    session = new_session(env)
    session.stop()
    with stopped(session.keyring.pid):
        session.add("email_sent")  # the service is there, and its lookup waits
        end_keyring(session)
    session.add("email_sent")
    wait_property(session.client, SYNC, "State", "paused")
    assert "keyring" in session.reason(), session.reason()
    start_keyring(session)
    ends_exact(env, session, 3)


def test_killed_while_a_store_is_under_way(env):
    """The sign-in ends with an error that says what to do, the account in use stays in use; the same call goes well afterwards."""
    session = new_session(env)
    first, second = session.member, env.server.new_member()
    with stopped(session.keyring.pid):
        answers = begin_sign_in(session, env.server, second)
        session.add("email_sent")
        end_keyring(session)
    wait_event(lambda: answers, LONG + 5, "an answer")
    equal(answers[0].name, "KeyringUnavailable", "answer")
    equal(session.client.get(ACCOUNT, "WorkspaceMemberId"), first, "the member")
    start_keyring(session)
    ends_exact(env, session, 2)
    session.sign_in(env.server, second)
    session.add("email_sent")
    ends_exact(env, session, 1)


# ---- standing still ----
def test_standing_still(env):
    """A keyring that hangs for longer than a call may take: XP is earned, the reason says what is wrong, and when it goes on the token is
    found although nobody calls SyncNow."""
    session = new_session(env)
    session.stop()
    mark = len(session.client.signals)
    with stopped(session.keyring.pid):
        session.add("email_sent")
        wait_property(session.client, SYNC, "Reason", lambda reason: "does not answer" in reason, 30)
        session.add("email_sent")
        equal((session.sync_state(), session.pending()), ("paused", 2), "State, pending")
    wait_property(session.client, SYNC, "State", "idle", 60)
    ends_exact(env, session, 3)
    equal(session.client.seen("SignInRequired", mark), [], "SignInRequired")


# ---- replaced ----
@parametrize(["lookup", "store"])
def test_replaced_while_a_call_is_under_way(env, call):
    """The old daemon stands still and holds the call; the new one has the name: the call goes to it, long before its time is over."""
    session = new_session(env)
    member, mails = session.member, 2
    if call == "lookup":
        session.stop()
    with stopped(session.keyring.pid):
        if call == "lookup":
            session.add("email_sent")
        else:
            member, mails = env.server.new_member(), 1
            answers = begin_sign_in(session, env.server, member)
        old, before = replace_keyring(session)
        wait_for(lambda: owner(session.client, SECRETS) not in ("", before), 20, "the new keyring's name")
        start = time.monotonic()
        if call == "store":
            wait_event(lambda: answers, LONG + 5, "an answer")
            equal(answers[0], (), "answer of SignIn")
            session.member = member
            session.add("email_sent")
        wait_property(session.client, SYNC, "State", "idle", 30)
        assert time.monotonic() - start < 10 * SLOW, "the call waited for the old daemon"
        old.kill()
    old.wait()
    equal(session.client.get(ACCOUNT, "WorkspaceMemberId"), member, "the member")
    ends_exact(env, session, mails)


if __name__ == "__main__":
    run_tests(globals())

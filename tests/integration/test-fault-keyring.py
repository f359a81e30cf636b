#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The keyring is locked, killed, stopped or replaced while a call to it is under way. Earning never stops, nobody is asked for anything,
and the token is found again without a new sign-in."""
import time

from probe import *  # noqa: F403
from common import XP, expect_exact, parametrize, run as run_tests, wait_for as wait_event
from bus import Client
from keyrings import SECRETS, end_keyring, lock, start_keyring, unlock

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
def silent_service(session):
    """A secret service that never answers; returns its connection and the names of the calls that it holds."""
    other, calls = Client(session.env["DBUS_SESSION_BUS_ADDRESS"]), []

    def hold(_bus, message, incoming):
        if not incoming or message.get_message_type() != Gio.DBusMessageType.METHOD_CALL:
            return message
        calls.append(message.get_member())
        return None

    other.bus.add_filter(hold)
    equal(bus_call(other, "RequestName", "(su)", SECRETS, 0)[0], 1, "the silent service owns the name")
    return other, calls


@parametrize(["lookup", "store"])
def test_replaced_while_a_call_is_under_way(env, call):
    """A secret service holds the call, lives on, and hands the name to gnome-keyring: nobody waits until the call's time is over."""
    session = new_session(env)
    mails = 2
    if call == "lookup":
        session.stop()
    end_keyring(session)
    other, calls = silent_service(session)
    start = time.monotonic()
    if call == "store":
        answers = begin_sign_in(session, env.server, env.server.new_member())
    session.add("email_sent")
    wait_for(lambda: calls, 20, "a call to the silent service")
    bus_call(other, "ReleaseName", "(s)", SECRETS)
    start_keyring(session)
    if call == "store":
        wait_event(lambda: answers, LONG + 5, "an answer")
        assert answers[0] == () or answers[0].name == "KeyringUnavailable", answers[0]
        mails = 1 if answers[0] == () else mails
        session.member = session.client.get(ACCOUNT, "WorkspaceMemberId")
    wait_property(session.client, SYNC, "State", "idle", 30)
    assert time.monotonic() - start < 10 * SLOW, "somebody waited for the silent service"
    if mails == 1:
        session.add("email_sent")
    ends_exact(env, session, mails)
    other.close()


@parametrize(["lookup", "store"])
def test_killed_and_replaced_at_once(env, call):
    """Five times, while a call is on its way: it ends well or says what is wrong, and then all is well."""
    session = new_session(env)
    mails = 1
    for _ in range(5):
        answers = [()]
        if call == "lookup":
            session.stop()
        else:
            answers = begin_sign_in(session, env.server, session.member)
        session.add("email_sent")
        mails += 1
        session.keyring.kill()
        session.keyring.wait()
        start_keyring(session)
        wait_event(lambda found=answers: found, LONG + 5, "an answer")
        assert answers[0] == () or answers[0].name == "KeyringUnavailable", answers[0]
    ends_exact(env, session, mails)


if __name__ == "__main__":
    run_tests(globals())

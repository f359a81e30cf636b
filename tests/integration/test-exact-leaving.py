#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""XP that is earned while somebody signs out: it is in the count, in the file, or refused. What cannot be counted is not called nothing."""
import fcntl
import pathlib

from probe import *  # noqa: F403
from common import XP, expect_exact, parametrize, refused, run as run_tests
from keyrings import start_keyring

MAIL = XP["email_sent"]


def add(session):
    return begin(session.client, NAME, "AddXP", "(sa{sv})", "email_sent", {})


def sign_out(session, **values):
    return begin(session.client, ACCOUNT, "SignOut", "(a{sv})", options(values))


def last_account(session):
    """Whom the next start would serve."""
    text = (session.store / "accounts.ini").read_text(encoding="utf-8")
    return re.search(r"^account=(.*)$", text, re.M).group(1)


def new_session(env):
    """One whose keyring is at hand."""
    rep = env.session(signed_in=False, keyring=False)
    start_keyring(rep)
    rep.sign_in(env.server)
    return rep


def introspect(session):
    """The service's answer to what it answers always: calls that came before have been looked at."""
    session.client.bus.call_sync(NAME, PATH, "org.freedesktop.DBus.Introspectable", "Introspect", None, None, Gio.DBusCallFlags.NONE,
                                 10000 * SLOW, None)


def rows_in(exported):
    return len(pathlib.Path(exported).read_text(encoding="utf-8").splitlines()) - 1


def test_earned_just_before(env):
    """Its answer is on the way when the sign-out comes: it counts as pending."""
    need_faults()
    rep = env.session()
    env.server.stop()
    earned, left = add(rep), sign_out(rep)
    wait_for(lambda: earned and left, LONG + 5, "both answers")
    equal(earned[0][1], MAIL, "earned")
    equal(left[0].name, "PendingOperations", "the answer of SignOut")
    equal((rep.client.get(ACCOUNT, "SignedIn"), rep.pending()), (True, 1), "the account")
    env.server.restart()
    rep.sync_until_well()
    expect_exact(env.server, rep, MAIL, 1)


def test_earned_just_before_is_sent(env):
    """With a server it is sent, and the sign-out goes on."""
    rep = env.session()
    earned, left = add(rep), sign_out(rep)
    wait_for(lambda: earned and left, LONG + 5, "both answers")
    equal((earned[0][1], left[0]), (MAIL, ("",)), "answers")
    equal([row["xpAmount"] for row in env.server.rows(rep.member)], [MAIL], "rows in Twenty")


@parametrize(["refuse", "export"])
def test_earned_while_the_keyring_is_slow(env, policy):
    """The account is forgotten, the keyring has not answered yet: a call waits, and is refused once the account has left."""
    need_faults()
    rep = new_session(env)
    env.server.stop()
    if policy == "export":
        rep.add("email_sent")
    known = len(rep.events())
    with stopped(rep.keyring.pid):
        left = sign_out(rep, pending=policy)
        wait_for(lambda: last_account(rep) == "", what="the end of the account in the list")
        earned = add(rep)
        introspect(rep)
    wait_for(lambda: earned and left, LONG + 5, "both answers")
    equal(isinstance(left[0], tuple), True, f"the answer of SignOut: {left[0]}")
    assert isinstance(earned[0], Refused) and earned[0].name == "NotSignedIn", f"the answer of AddXP: {earned[0]}"
    if policy == "export":
        equal(rows_in(left[0][0]), known, "rows in the exported file")
    env.server.restart()
    rep.sign_in(env.server, rep.member)
    expect_exact(env.server, rep, known * MAIL, known)


def test_a_look_at_the_keyring_that_ends_meanwhile(env):
    """It began with the service and is given up while the account is leaving: calls go on waiting."""
    need_faults()
    rep = new_session(env)
    env.server.stop()
    rep.stop()
    with stopped(rep.keyring.pid):
        equal(rep.total(), 0, "total of the service that has just been started")
        mark = rep.client.mark()
        left = sign_out(rep)
        wait_for(lambda: last_account(rep) == "", what="the end of the account in the list")
        wait_for(lambda: any("Reason" in found for found in changes(rep.client, SYNC, mark)), LONG, "the end of the look")
        earned = add(rep)
        introspect(rep)
    wait_for(lambda: earned and left, LONG + 5, "both answers")
    equal(isinstance(left[0], tuple), True, f"the answer of SignOut: {left[0]}")
    assert isinstance(earned[0], Refused) and earned[0].name == "NotSignedIn", f"the answer of AddXP: {earned[0]}"


def test_a_keyring_that_never_answers(env):
    """The sign-out fails; what came meanwhile is earned then, by the same account."""
    need_faults()
    rep = new_session(env)
    env.server.stop()
    with stopped(rep.keyring.pid):
        left = sign_out(rep)
        wait_for(lambda: last_account(rep) == "", what="the end of the account in the list")
        earned = add(rep)
        wait_for(lambda: left, LONG + 5, "the answer of SignOut")
        equal((left[0].name, earned), ("KeyringUnavailable", []), "the answers of SignOut and, before it, of AddXP")
        wait_for(lambda: earned, what="the answer of AddXP")
    equal(earned[0][1:3], (MAIL, MAIL), "earned, total")
    equal(rep.client.get(ACCOUNT, "SignedIn"), True, "SignedIn")
    env.server.restart()
    rep.sync_until_well()
    expect_exact(env.server, rep, MAIL, 1)


# ---- a store that cannot be opened ----
@contextlib.contextmanager
def store_held(session):
    """The service runs, and another process has its store."""
    session.stop()
    lock = next(session.store.glob("*.lock"))
    with open(lock, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        wait_property(session.client, SYNC, "State", "blocked")
        yield


@parametrize(["refuse", "export"])
def test_a_store_that_cannot_be_read(env, policy):
    """What waits in it cannot be told: that is no success."""
    need_faults()
    rep = env.session()
    env.server.stop()
    rep.add("email_sent")
    with store_held(rep):
        with refused("StorageFailed") as seen:
            rep.client.call(ACCOUNT, "SignOut", options({"pending": policy}))
        assert "pending=keep" in seen.error.message and "in use by" in seen.error.message, seen.error.message
        equal(rep.client.get(ACCOUNT, "SignedIn"), True, "SignedIn")
    wait_property(rep.client, SYNC, "PendingOperations", 1)
    env.server.restart()
    rep.sync_until_well()
    expect_exact(env.server, rep, MAIL, 1)


def test_a_store_that_is_left_behind(env):
    """With pending=keep the account leaves all the same, for good, and nothing is lost."""
    need_faults()
    rep = env.session()
    env.server.stop()
    rep.add("email_sent")
    with store_held(rep):
        equal(rep.client.call(ACCOUNT, "SignOut", options({"pending": "keep"})), ("",), "the answer")
    equal((rep.client.get(ACCOUNT, "SignedIn"), last_account(rep)), (False, ""), "the account")
    env.server.restart()
    rep.sign_in(env.server, rep.member)
    expect_exact(env.server, rep, MAIL, 1)


# ---- another account ----
def known_and_new(env):
    """A session in which two members are known, the first in use, and the second's database."""
    rep = env.session()
    first, known = rep.member, set(rep.databases())
    second = rep.sign_in(env.server)
    (database,) = set(rep.databases()) - known
    rep.sign_in(env.server, first)
    return rep, second, database


def test_a_switch_to_a_store_that_cannot_be_opened(env):
    """The account is the new one all the same, and the error says so; it earns as soon as its store can be opened."""
    need_faults()  # and two members
    rep, second, database = known_and_new(env)
    aside = database.with_suffix(".aside")
    database.rename(aside)
    for extra in ("-wal", "-shm"):
        pathlib.Path(f"{database}{extra}").unlink(missing_ok=True)
    database.mkdir()
    rep.member = second
    with refused("StorageFailed") as seen:
        rep.give_token(env.server.token)
    assert "signed in" in seen.error.message.lower(), seen.error.message
    equal((rep.client.get(ACCOUNT, "WorkspaceMemberId"), rep.sync_state()), (second, "blocked"), "the account")
    with refused("StorageFailed"):
        rep.add("email_sent")
    rep.stop()  # also after a new start
    equal((rep.client.get(ACCOUNT, "WorkspaceMemberId"), last_account(rep) in database.name), (second, True), "the account")
    database.rmdir()
    aside.rename(database)
    wait_property(rep.client, SYNC, "State", lambda state: state != "blocked")
    rep.add("email_sent")
    rep.sync()
    expect_exact(env.server, rep, MAIL, 1)


def test_damage_of_one_account_is_not_told_of_the_next(env):
    need_faults()  # and two members
    rep, second, database = known_and_new(env)
    rep.sign_in(env.server, second)
    rep.stop()
    with open(database, "r+b") as file:
        file.write(b"this is not a database" * 40)
    wait_property(rep.client, SYNC, "LastError", lambda text: "damaged" in text)
    rep.sign_in(env.server)
    equal(rep.client.get(SYNC, "LastError"), "", "LastError of the next account")


if __name__ == "__main__":
    run_tests(globals())

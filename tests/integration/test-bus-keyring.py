#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The keyring: locked, unlocked, replaced, absent, standing still, and written to by secret-tool."""
import time

from probe import *  # noqa: F403
from common import expect_exact, parametrize, refused, run as run_tests
from keyrings import end_keyring, lock, start_keyring, unlock

FIRST_ANSWER = 5  # s; the service waits one second for the keyring, the rest is for a slow machine


def new_session(env, server=None, signed_in=True):
    session = env.session(signed_in=False, keyring=False)
    start_keyring(session)
    if signed_in:
        session.sign_in(server or env.server)
        session.call("CONTACT", 150)
        session.sync()
    return session


def earns_and_waits(session, total):
    """The cache is served, XP is taken and queued."""
    equal(session.total(), total, "TotalXp from the cache")
    equal(session.add("email_sent")[1:3], (10, total + 10), "earned")
    equal((session.client.get(ACCOUNT, "SignedIn"), session.pending() >= 1), (True, True), "signed in, pending")


def test_locked_at_start(env):
    session = new_session(env)
    total = session.total()
    session.stop()
    end_keyring(session)
    start_keyring(session, unlock=False)
    mark = len(session.client.signals)
    earns_and_waits(session, total)
    equal(wait_property(session.client, SYNC, "State", "paused"), "paused", "State")
    assert "locked" in session.reason(), session.reason()
    with refused("KeyringLocked"):
        session.client.call(SYNC, "SyncNow")
    equal(len(env.server.rows(session.member)), 4, "rows: nothing was sent")
    unlock(session)
    wait_property(session.client, SYNC, "State", "idle")
    session.sync()
    equal(env.server.record(session.member)["totalXp"], total + 10, "totalXp after unlocking")
    assert not session.client.seen("SignInRequired", mark), "an unlock is no sign-in"
    prompts = session.env["XDG_RUNTIME_DIR"]
    assert prompts and "Prompt" not in (session.logs / "bus").read_text(), "a prompter was called"


def test_locked_while_in_use(env):
    session = new_session(env)
    lock(session)
    session.add("email_sent")
    session.sync()
    equal(env.server.record(session.member)["totalXp"], session.total(), "the token in use stays in use")


def test_sign_in_with_a_locked_keyring(env):
    session = new_session(env, signed_in=False)
    end_keyring(session)
    start_keyring(session, unlock=False)
    with pipe_of(env.server.token.encode()) as fd, refused("KeyringLocked", "KeyringUnavailable"):
        session.client.call(ACCOUNT, "SignIn", env.server.url, env.server.new_member(), 0, fd=fd)
    equal(session.client.get(ACCOUNT, "SignedIn"), False, "SignedIn")


def test_killed_and_restarted(env):
    session = new_session(env)
    end_keyring(session)
    session.add("email_sent")
    session.sync()  # the token in use stays in use
    start_keyring(session)
    session.add("email_sent")
    session.sync()
    session.stop()
    equal(session.total(), 47 + 20, "TotalXp")
    session.add("email_sent")
    session.sync()  # the new service asks the new keyring
    member = env.server.new_member()
    with pipe_of(env.server.token.encode()) as fd:  # and stores in it
        session.client.call(ACCOUNT, "SignIn", env.server.url, member, 0, fd=fd)
    equal(session.client.get(ACCOUNT, "WorkspaceMemberId"), member, "the new member")


def test_replaced_under_a_running_service(env):
    """A proxy of the old keyring must not be used for the new one."""
    session = new_session(env)
    for _ in range(3):
        end_keyring(session)
        start_keyring(session)
        member = env.server.new_member()
        with pipe_of(env.server.token.encode()) as fd:
            session.client.call(ACCOUNT, "SignIn", env.server.url, member, 0, fd=fd)
        equal(session.client.get(ACCOUNT, "WorkspaceMemberId"), member, "the new member")


def test_absent(env):
    session = new_session(env)
    total = session.total()
    session.stop()
    end_keyring(session)
    earns_and_waits(session, total)
    wait_property(session.client, SYNC, "Reason", lambda reason: "keyring" in reason.lower() and "answer" in reason)
    equal(session.sync_state(), "paused", "State")
    with refused("KeyringUnavailable"):
        session.client.call(SYNC, "SyncNow")
    start_keyring(session)
    wait_property(session.client, SYNC, "State", "idle")
    session.sync()
    equal(env.server.record(session.member)["totalXp"], total + 10, "totalXp when it is back")


def test_absent_and_nobody_signed_in(env):
    session = env.session(signed_in=False, keyring=False)
    with refused("NotSignedIn"):
        session.add("email_sent")
    with pipe_of(env.server.token.encode()) as fd, refused("KeyringUnavailable"):
        session.client.call(ACCOUNT, "SignIn", env.server.url, env.server.new_member(), 0, fd=fd)
    equal((session.client.get(ACCOUNT, "SignedIn"), session.databases()), (False, []), "what is kept")


def test_secret_tool_signs_in(env):
    session = new_session(env, signed_in=False)
    member = env.server.new_member()
    env.server.control("POST", "provision")
    with refused("NotSignedIn"):
        session.add("email_sent")
    secret_store(session, env.server.url, member, env.server.token)
    wait_property(session.client, ACCOUNT, "SignedIn", True)
    session.add("email_sent")
    session.sync()
    equal(env.server.record(member)["totalXp"], 10, "totalXp in Twenty")


def test_secret_tool_before_the_first_start(env):
    session = new_session(env, signed_in=False)
    member = env.server.new_member()
    secret_store(session, env.server.url, member, env.server.token)
    wait_property(session.client, ACCOUNT, "WorkspaceMemberId", member)


def test_secret_tool_with_a_bad_token(env):
    session = new_session(env, signed_in=False)
    session.get("Version")
    mark = len(session.client.signals)
    secret_store(session, env.server.url, env.server.new_member(), "nonsense")
    wait_signal(session.client, "SignInRequired", mark)
    equal(session.client.get(ACCOUNT, "SignedIn"), False, "SignedIn")
    assert "nonsense" not in session.reason(), "the token is in Reason"


def items(session):
    """The attributes of all accounts in the keyring."""
    _code, out, complaint = run(["secret-tool", "search", "--all", "--unlock", "xdg:schema", "org.lids.Progression.Account"], session.env)
    return [line for line in (out + complaint).splitlines() if re.match(r"attribute\.(server|member)", line)]


def newest(session):
    """When the newest item was stored, as secret-tool tells it."""
    _code, out, complaint = run(["secret-tool", "search", "--all", "--unlock", "xdg:schema", "org.lids.Progression.Account"], session.env)
    return max(re.findall(r"^modified = (.*)$", out + complaint, re.M))


def secret_store_newer(session, *item):
    """Stored again until it is the newest: the keyring counts in seconds."""
    before = newest(session)
    wait_for(lambda: secret_store(session, *item) or newest(session) > before, what="a newer item")


@parametrize({"capitals": (str.upper, ""), "a slash": (str, "/"), "both": (str.upper, "/")})
def test_an_item_spelled_differently(env, spell, end):
    """It means the same account as SignIn's would: one store, one record; and signing out removes it."""
    need_faults()
    session = new_session(env, signed_in=False)
    session.server, session.member = env.server, env.server.new_member()
    env.server.control("POST", "provision")
    session.get("Version")
    secret_store(session, env.server.url + end, spell(session.member), env.server.token)
    wait_property(session.client, ACCOUNT, "WorkspaceMemberId", session.member)
    session.add("email_sent")
    session.sync()
    session.stop()
    session.add("email_sent")
    wait_property(session.client, SYNC, "State", "idle")
    expect = session.total()
    session.sync()
    expect_exact(env.server, session, expect, 2)
    equal((expect, len(session.databases())), (20, 1), "total, databases")
    session.client.call(ACCOUNT, "SignOut", {})
    equal(items(session), [], "what is left in the keyring")
    session.sign_in(env.server, session.member, provision=False)
    expect_exact(env.server, session, 20, 2)


def test_two_spellings_of_one_account(env):
    """One by secret-tool, one by SignIn: signing out removes both."""
    session = new_session(env)
    secret_store(session, env.server.url + "/", session.member.upper(), env.server.token)
    session.stop()
    equal(session.client.get(ACCOUNT, "WorkspaceMemberId"), session.member, "WorkspaceMemberId")
    session.client.call(ACCOUNT, "SignOut", {})
    equal(items(session), [], "what is left in the keyring")


def test_own_item_in_capitals_beside_another(env):
    """A newer item of somebody else does not take the account over at the next start."""
    session = new_session(env, signed_in=False)
    member = env.server.new_member()
    env.server.control("POST", "provision")
    session.get("Version")
    secret_store(session, env.server.url, member.upper(), env.server.token)
    wait_property(session.client, ACCOUNT, "WorkspaceMemberId", member)
    session.stop()
    secret_store_newer(session, env.server.url, env.server.new_member(), env.server.token)
    wait_property(session.client, SYNC, "State", "idle")
    equal(session.client.get(ACCOUNT, "WorkspaceMemberId"), member, "WorkspaceMemberId")


def test_an_item_that_names_no_member(env):
    session = new_session(env, signed_in=False)
    session.get("Version")
    secret_store(session, env.server.url, "robin", env.server.token)
    wait_property(session.client, SYNC, "Reason", lambda reason: "UUID" in reason and "robin" in reason)
    equal((session.client.get(ACCOUNT, "SignedIn"), session.databases()), (False, []), "signed in, databases")
    secret_store_newer(session, env.server.url, env.server.new_member(), env.server.token)
    wait_property(session.client, ACCOUNT, "SignedIn", True, 10)


def test_news_while_an_item_waits_for_its_server(env):
    """An item whose server does not answer is tried again once a minute; what comes into the keyring meanwhile is used at once."""
    session = new_session(env, signed_in=False)
    member = env.server.new_member()
    session.get("Version")
    secret_store(session, "http://127.0.0.1:1", member, env.server.token)
    wait_property(session.client, SYNC, "Reason", lambda reason: "cannot be used" in reason)
    secret_store_newer(session, env.server.url, member, env.server.token)
    wait_property(session.client, ACCOUNT, "Server", env.server.url, 10)


def test_token_replaced_with_secret_tool(env):
    need_faults()  # and keys made for it
    session = new_session(env, signed_in=False)
    server = env.server
    session.server, session.member = server, server.new_member()
    first, second = server.new_token("admin"), server.new_token("admin")
    server.control("POST", "provision")
    with pipe_of(first.encode()) as fd:
        session.client.call(ACCOUNT, "SignIn", server.url, session.member, 0, fd=fd)
    session.sync()
    server.control("POST", "revoke", {"token": first})
    session.add("email_sent")
    mark = len(session.client.signals)
    with refused("AuthenticationFailed"):
        session.sync()
    wait_signal(session.client, "SignInRequired", mark)
    equal(session.sync_state(), "paused", "State")
    equal(session.add("email_sent")[2], 20, "earning goes on")
    secret_store(session, server.url, session.member, second)
    wait_property(session.client, SYNC, "State", "idle")
    session.sync()
    equal(server.record(session.member)["totalXp"], 20, "totalXp with the new token")


def test_standing_still_at_start(env):
    session = new_session(env)
    total = session.total()
    session.stop()
    with stopped(session.keyring.pid):
        start = time.monotonic()
        earns_and_waits(session, total)
        equal(time.monotonic() - start < FIRST_ANSWER * SLOW, True, f"first answers after {time.monotonic() - start:.1f} s")
        with refused("KeyringUnavailable"):
            session.client.call(SYNC, "SyncNow")
        wait_property(session.client, SYNC, "Reason", lambda reason: "does not answer" in reason, LONG)
    wait_property(session.client, SYNC, "State", "idle", 90)  # it looks again
    session.sync()
    equal(env.server.record(session.member)["totalXp"], total + 10, "totalXp when it goes on")


def test_standing_still_at_sign_in(env):
    session = new_session(env, signed_in=False)
    session.get("Version")
    with stopped(session.keyring.pid), pipe_of(env.server.token.encode()) as fd:
        answers = begin(session.client, ACCOUNT, "SignIn", "(ssh)", env.server.url, env.server.new_member(), 0, fds=[fd])
        with refused("NotSignedIn"):  # the bus is served meanwhile
            session.add("email_sent")
        wait_for(lambda: answers, LONG + 5, "an answer")
    assert answers[0].name in ("KeyringUnavailable", "StillRunning"), answers[0]
    equal(session.client.get(ACCOUNT, "SignedIn"), False, "SignedIn")


def test_calls_wait_for_a_store_on_a_slow_disk(env):
    """The keyring speaks up while the store is being opened: a call waits for the store, it is not refused."""
    session = new_session(env)
    total = session.total()
    session.stop()
    # The leak checker cannot work beside strace.
    unchecked = f"ASAN_OPTIONS={os.environ.get('ASAN_OPTIONS', '')}:detect_leaks=0"
    slowly = ("env", unchecked, "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pread64", "-e", "inject=pread64:delay_enter=3000000:when=1")
    session.start_daemon(*slowly)
    run(["secret-tool", "store", "--label=another", "some", "thing"], session.env, b"secret")
    _id, earned, found, _level, _up = session.call("CONTACT", 150)
    equal(found, total + earned, "TotalXp after the call")


if __name__ == "__main__":
    run_tests(globals())

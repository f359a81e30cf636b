#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Flatpak as a rep has it: started by the bus, called from outside the sandbox. `./dev flatpak` builds and installs it first."""
import tempfile

from sandbox import *  # noqa: F403
from common import call_rows, expect_exact, note, refused, run as run_tests
from keyrings import lock, secrets_call, unlock


def flatpak_session(env, signed_in=True, **more):
    session = FlatpakSession(**more)
    env.sessions.append(session)
    if signed_in:
        session.sign_in(env.server)
    return session


def test_earns_and_survives_sigkill(env):
    session = flatpak_session(env)
    app = session.info()["Application"]["name"]
    equal(app, APP, "the app that answers")
    total, rows = 0, 0
    for number in range(3):
        _id, earned, found, _level, _up = session.call("CONTACT", 150, f"lead-{number}")
        total, rows = total + earned, rows + len(call_rows("CONTACT", 150)) + (number == 0)
        equal(found, total, "total in the answer")
        session.kill()
        equal(session.total(), total, "TotalXp after SIGKILL")
    session.sync_until_well()
    expect_exact(env.server, session, total, rows)
    equal(len({row["device"] for row in env.server.rows(session.member)}), 1, "devices: the machine is told by the same id each time")
    equal(len(session.databases()), 1, f"databases in {session.store}")
    equal([str(path) for path in (session.root / "data").rglob("*.db")], [], "databases outside of the app's folder")


def test_the_key_is_in_the_portals_file(env):
    """libsecret keeps a file of its own that the Secret portal's key opens: the keyring holds that key, not the token."""
    session = flatpak_session(env)
    for attributes, number in (({"xdg:schema": f"{NAME}.Account"}, 0), ({"app_id": APP}, 1)):
        found = secrets_call(session, "/org/freedesktop/secrets", "org.freedesktop.Secret.Service", "SearchItems", "(a{ss})", attributes)
        equal(len(found[0]) + len(found[1]), number, f"items of the keyring with {attributes}")
    held = session.home / "data" / "keyrings" / "default.keyring"
    equal(held.stat().st_mode & 0o077, 0, "rights of others on the file")
    for path in session.home.rglob("*"):
        if path.is_file():
            assert env.server.token.encode() not in path.read_bytes(), f"the token is in {path}"


def test_signing_out_and_in_again(env):
    session = flatpak_session(env)
    session.client.call(ACCOUNT, "SignOut", options({}))
    equal(session.client.get(ACCOUNT, "SignedIn"), False, "SignedIn")
    session.stop()
    equal(session.client.get(ACCOUNT, "SignedIn"), False, "SignedIn after a restart: the item is gone")
    session.sign_in(env.server)
    equal(session.add("email_sent")[1], 10, "earned")


def test_command_line(env):
    session = flatpak_session(env, signed_in=False)
    member = env.server.new_member()
    env.server.control("POST", "provision")
    session.cli("sign-in", "--server", env.server.url, "--member", member, stdin=env.server.token.encode())
    session.cli("call", "CONTACT", "--duration", "150", "--lead", "lead-1")
    assert "47" in session.cli("status"), session.cli("status")
    equal(session.total(), 47, "TotalXp from outside")


def test_settings(env):
    session = flatpak_session(env)
    session.flatpak("run", "--command=gsettings", APP, "set", NAME, "sync-interval", "86400")
    equal(session.flatpak("run", "--command=gsettings", APP, "get", NAME, "sync-interval").strip(), "uint32 86400", "sync-interval")
    later = (time.time() + 80000 / 2) * 1e6
    wait_property(session.client, SYNC, "NextSync", lambda moment: moment > later)
    session.stop()
    session.sync()
    wait_property(session.client, SYNC, "NextSync", lambda moment: moment > later)


def test_sees_nothing_of_the_host(env):
    session = flatpak_session(env, signed_in=False)
    session.get("Version")
    with tempfile.TemporaryDirectory(prefix="outside-", dir=ROOT) as folder:
        for path in (session.root / "home" / "diary", pathlib.Path(folder) / "diary"):
            path.write_text("private", encoding="utf-8")
            code, found, complaint = run(["flatpak", "run", "--command=cat", APP, path], session.env)
            equal((code, found, "No such file" in complaint), (1, "", True), f"{path} in the sandbox: {complaint}")
            equal(session.flatpak("run", f"--filesystem={path}", "--command=cat", APP, str(path)), "private", "the same, if it were allowed")
    found = session.flatpak("run", "--command=sh", APP, "-c", "gdbus call -e -d org.freedesktop.secrets -o /org/freedesktop/secrets -m "
                            "org.freedesktop.DBus.Peer.Ping || echo no keyring")
    assert "no keyring" in found, found
    context = session.info()["Context"]
    equal({key: value for key, value in context.items() if value}, {"shared": "network;"}, "what the app may")


def test_no_portal_no_keyring(env):
    """Without portals there is no place for the token; XP is earned all the same where an account is known."""
    session = flatpak_session(env)
    session.call("CONTACT", 150)
    session.sync_until_well()
    total = session.total()
    session.stop()
    session.portal.kill()
    session.portal.wait()
    wait_for(lambda: not owner(session.client, PORTAL), 10, "the end of the portals")
    equal(session.add("email_sent")[2], total + 10, "total")
    wait_property(session.client, SYNC, "State", "paused")
    assert "keyring" in session.reason(), session.reason()
    with refused("KeyringUnavailable"):
        session.client.call(SYNC, "SyncNow")
    session.start_portals()
    wait_property(session.client, SYNC, "State", "idle")
    session.sync_until_well()
    equal(env.server.record(session.member)["totalXp"], total + 10, "totalXp when the portals are back")


def test_keyring_locked_at_start(env):
    """The portal gives no key. The service serves, queues, says why, and works again when somebody asks after an unlock."""
    session = flatpak_session(env)
    total = session.add("email_sent")[2]
    session.sync_until_well()
    session.stop()
    lock(session)
    equal(session.add("email_sent")[2], total + 10, "total")
    wait_property(session.client, SYNC, "State", "paused")
    assert "portal" in session.reason() and "unlock" in session.reason().lower(), session.reason()
    with refused("KeyringUnavailable", "KeyringLocked"):
        session.client.call(SYNC, "SyncNow")
    unlock(session)
    equal(session.try_sync() in (None, "KeyringUnavailable"), True, "SyncNow looks again")
    wait_property(session.client, SYNC, "State", "idle")
    session.sync_until_well()
    equal(env.server.record(session.member)["totalXp"], total + 10, "totalXp after the unlock")


def test_keyring_that_answers_late(env):
    """The user leaves the portal's prompt open: the service says so, asks no second time, and takes the answer when it comes."""
    session = flatpak_session(env)
    total = session.add("email_sent")[2]
    session.sync_until_well()
    session.stop()
    with stopped(session.keyring.pid):
        equal(session.add("email_sent")[2], total + 10, "total")
        wait_property(session.client, SYNC, "Reason", lambda reason: "does not answer" in reason, LONG + 5)
        with refused("KeyringUnavailable"):
            session.client.call(SYNC, "SyncNow")
        pid = session.daemon()
    wait_property(session.client, SYNC, "State", "idle")
    equal(session.daemon(), pid, "the service's process is still the same")
    session.sync_until_well()
    equal(env.server.record(session.member)["totalXp"], total + 10, "totalXp after the answer")


def test_network_is_not_announced_as_lost(env):
    """The portal's monitor knows nothing at first; a rep must not read “offline” at each start."""
    session = flatpak_session(env)
    session.stop()
    del session.client.signals[:]
    seen = [session.client.get(SYNC, "Online")]
    wait_property(session.client, SYNC, "State", "idle")
    seen += [values["Online"] for values in changes(session.client, SYNC) if "Online" in values]
    states = [values["State"] for values in changes(session.client, SYNC) if "State" in values]
    equal(set(seen), {True}, "Online")
    assert "offline" not in states, states


def test_update(env):
    """A new build comes while the service runs: that one goes on, the next is the new one, with the old one's store."""
    session = flatpak_session(env)
    total = session.call("CONTACT", 150)[2]
    old = session.info()["Instance"]["app-commit"]
    new = session.update()
    assert old != new, "there is no other build"
    _id, earned, found, _level, _up = session.call("CONTACT", 150, "lead-2")
    total += earned
    equal(found, total, "total of the running service")
    equal(session.info()["Instance"]["app-commit"], old, "the running service is the old one")
    session.kill()
    equal(session.total(), total, "total of the new service")
    equal(session.info()["Instance"]["app-commit"], new, "the new service is the new one")
    session.sync_until_well()
    expect_exact(env.server, session, total, 1 + 2 * len(call_rows("CONTACT", 150)))


def test_call_into_the_sandbox(env):
    """The line of the documentation, typed outside."""
    session = flatpak_session(env)
    line = f"gdbus call -e -d {NAME} -o {PATH} -m {NAME}.RecordCall CONTACT 145 lead-7 {{}}"
    code, answer, complaint = run(line.split(), session.env)
    equal(code, 0, complaint)
    note(f"$ {line}")
    note(answer)
    assert answer.endswith(", int64 47, int64 47, uint32 1, false)\n"), answer


if __name__ == "__main__":
    run_tests(globals())

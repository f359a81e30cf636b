#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Flatpak as a rep has it: started by the bus, called from outside the sandbox. `./dev flatpak` builds and installs it first."""
from sandbox import *  # noqa: F403
from common import expect_exact, refused, run as run_tests
from keyrings import end_keyring, lock, unlock


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
    device = None
    total, rows = 0, 0
    for round_ in range(3):
        _id, earned, found, _level, _up = session.call("CONTACT", 150, f"lead-{round_}")
        total, rows = total + earned, rows + len(call_rows("CONTACT", 150)) + (round_ == 0)
        equal(found, total, "total in the answer")
        found = {operation["device"] for operation in session.operations()} if device is None else {device}
        equal(len(found), 1, "devices")
        device = found.pop()
        session.kill()
        equal(session.total(), total, "TotalXp after SIGKILL")
        again = {operation["device"] for operation in session.operations()}
        equal(again <= {device}, True, f"the device's id {again} is still {device}")
    session.sync_until_well()
    expect_exact(env.server, session, total, rows)
    equal(len(session.databases()), 1, f"databases in {session.store}")
    equal([str(path) for path in (session.root / "data").rglob("*.db")], [], "databases outside of the app's folder")


def test_the_key_is_in_the_portals_file(env):
    """libsecret keeps a file of its own that the Secret portal's key opens: the keyring holds that key, not the token."""
    session = flatpak_session(env)
    code, found, _ = run(["secret-tool", "search", "--all", "xdg:schema", f"{NAME}.Account"], session.env)
    equal((code, found), (0, ""), "accounts in the keyring") if code == 0 else equal(found, "", "accounts in the keyring")
    code, found, complaint = run(["secret-tool", "search", "--all", "app_id", APP], session.env)
    assert "app_id" in found + complaint, f"the portal's key is not in the keyring: {found} {complaint}"
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
    (session.root / "home" / "diary").write_text("private")
    script = f"ls {session.root}/home; ls /work /root/.ssh; gdbus call -e -d org.freedesktop.secrets -o /org/freedesktop/secrets -m " \
             "org.freedesktop.DBus.Peer.Ping || echo no keyring"
    found = session.flatpak("run", "--command=sh", APP, "-c", script)
    assert "diary" not in found and "no keyring" in found, found
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


if __name__ == "__main__":
    run_tests(globals())

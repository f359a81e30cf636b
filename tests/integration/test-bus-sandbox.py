#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is different in a sandbox, tried without one: GLib asks portals for the network, libsecret keeps a file of its own. The sandbox itself is
tried by `./dev flatpak`."""
from probe import *  # noqa: F403
from common import refused, run as run_tests

PORTAL = "org.freedesktop.portal.Desktop"
MONITOR = """<node><interface name="org.freedesktop.portal.NetworkMonitor">
  <method name="GetStatus"><arg type="a{sv}" direction="out"/></method>
  <signal name="changed"/>
  <property name="version" type="u" access="read"/>
</interface></node>"""


class Portal:
    """The portal of the network's state. It answers when the test says so."""

    def __init__(self, client):
        self.asked = []
        self.client = client
        info = Gio.DBusNodeInfo.new_for_xml(MONITOR).interfaces[0]
        client.bus.register_object("/org/freedesktop/portal/desktop", info, self.on_call, lambda *_: GLib.Variant("u", 3), None)
        equal(bus_call(client, "RequestName", "(su)", PORTAL, 4)[0], 1, "the portal's name")

    def on_call(self, *arguments):
        self.asked.append(arguments[-1])

    def answer(self, available):
        wait_for(lambda: self.asked, 20, "the question")
        status = {"available": GLib.Variant("b", available), "metered": GLib.Variant("b", False),
                  "connectivity": GLib.Variant("u", 4 if available else 1)}
        while self.asked:
            self.asked.pop().return_value(GLib.Variant("(a{sv})", (status,)))


def look(session, interface, name):
    """A property, while the portal is served."""
    answers = begin(session.client, PROPERTIES, "Get", "(ss)", interface, name)
    return wait_for(lambda: answers, 30, name)[0][0]


def portal_session(env):
    session = env.session(signed_in=False, extra={"GTK_USE_PORTAL": "1", "GIO_USE_NETWORK_MONITOR": "portal"})
    return session, Portal(session.client)


def test_first_answer_of_the_portals_monitor(env):
    """It says “offline” before it has asked anybody: not to be passed on."""
    session, portal = portal_session(env)
    equal(look(session, SYNC, "Online"), True, "Online before the portal has answered")
    portal.answer(True)
    equal(look(session, SYNC, "Online"), True, "Online")
    drain()
    equal({values["Online"] for values in changes(session.client, SYNC) if "Online" in values} - {True}, set(), "changes of Online")


def test_portal_that_is_offline(env):
    """It never signals an “offline” that was its first answer too."""
    session, portal = portal_session(env)
    equal(look(session, SYNC, "Online"), True, "Online before the portal has answered")
    portal.answer(False)
    wait_for(lambda: not look(session, SYNC, "Online"), 20, "Online = False")


def test_portal_that_goes_offline_and_comes_back(env):
    session, portal = portal_session(env)
    look(session, SYNC, "Online")
    for available in (True, False, True):
        portal.answer(available)
        wait_for(lambda wanted=available: look(session, SYNC, "Online") == wanted, 20, f"Online = {available}")
        session.client.bus.emit_signal(None, "/org/freedesktop/portal/desktop", "org.freedesktop.portal.NetworkMonitor", "changed", None)


def file_session(env):
    extra = {"SECRET_BACKEND": "file", "SECRET_FILE_TEST_PASSWORD": "a password"}
    return env.session(signed_in=False, keyring=False, extra=extra)


def test_file_of_libsecret(env):
    """No keyring on the bus: the token is in libsecret's own file, and found there after a restart."""
    session = file_session(env)
    session.sign_in(env.server)
    total = session.add("email_sent")[2]
    session.kill()
    session.sync()
    equal(env.server.record(session.member)["totalXp"], total, "totalXp after a restart")
    held = list(session.root.rglob("*.keyring"))
    equal(len(held), 1, f"libsecret's files: {held}")
    assert env.server.token.encode() not in held[0].read_bytes(), "the token can be read"
    session.client.call(ACCOUNT, "SignOut", options({}))
    session.stop()
    equal(session.client.get(ACCOUNT, "SignedIn"), False, "SignedIn after signing out")


def test_file_of_libsecret_that_cannot_be_read(env):
    session = file_session(env)
    session.sign_in(env.server)
    total = session.add("email_sent")[2]
    session.stop()
    held = next(session.root.rglob("*.keyring"))
    held.write_bytes(b"this is no keyring")
    equal(session.add("email_sent")[2], total + 10, "total: earning goes on")
    wait_property(session.client, SYNC, "State", "paused")
    assert "keyring" in session.reason(), session.reason()
    with refused("KeyringUnavailable"):
        session.client.call(SYNC, "SyncNow")


if __name__ == "__main__":
    run_tests(globals())

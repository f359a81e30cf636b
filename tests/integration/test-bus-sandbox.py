#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is different in a sandbox, tried without one: GLib asks portals for the network, libsecret keeps a file of its own. The sandbox itself is
tried by `./dev flatpak`."""
import threading

from probe import *  # noqa: F403
from common import parametrize, refused, run as run_tests

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


# ---- the Secret portal ----
SECRET = """<node><interface name="org.freedesktop.portal.Secret">
  <method name="RetrieveSecret"><arg type="h" direction="in"/><arg type="a{sv}" direction="in"/><arg type="o" direction="out"/></method>
  <property name="version" type="u" access="read"/>
</interface></node>"""
KEY = bytes(range(64))
GIVEN, REFUSED, FAILED = 0, 1, 2


class SecretPortal:
    """A Secret portal that answers when the test says so, as one does that asks the user. It serves from a thread of its own: the service's
    first question waits for it."""

    def __init__(self, address):
        self.asked = []
        self.answers = []
        self.count = 0
        self.answer_at_once = False
        self.context = GLib.MainContext.new()
        self.loop = GLib.MainLoop.new(self.context, False)
        ready = threading.Event()
        self.thread = threading.Thread(target=self.serve, args=(address, ready), daemon=True)
        self.thread.start()
        assert ready.wait(20), "the portal did not start"

    def serve(self, address, ready):
        self.context.push_thread_default()
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        self.bus = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
        info = Gio.DBusNodeInfo.new_for_xml(SECRET).interfaces[0]
        self.bus.register_object("/org/freedesktop/portal/desktop", info, self.on_call, lambda *_: GLib.Variant("u", 1), None)
        self.bus.call_sync(BUS, "/org/freedesktop/DBus", BUS, "RequestName", GLib.Variant("(su)", (PORTAL, 4)), None,
                           Gio.DBusCallFlags.NONE, 20000, None)
        clock = GLib.timeout_source_new(20)
        clock.set_callback(lambda *_: self.say())
        clock.attach(self.context)
        ready.set()
        self.loop.run()
        self.context.pop_thread_default()

    def on_call(self, _bus, sender, _path, _interface, _method, parameters, invocation):
        token = parameters.unpack()[1].get("handle_token", f"n{self.count}")
        path = f"/org/freedesktop/portal/desktop/request/{sender[1:].replace('.', '_')}/{token}"
        fd = invocation.get_message().get_unix_fd_list().get(0)
        invocation.return_value(GLib.Variant("(o)", (path,)))
        self.count += 1
        self.asked.append((sender, path, fd))
        if self.answer_at_once:
            self.answer(GIVEN)

    def answer(self, response):
        while self.asked:
            sender, path, fd = self.asked.pop()
            if response == GIVEN:
                os.write(fd, KEY)
            os.close(fd)
            self.answers.append([sender, path, response, 0])

    def say(self):
        """Again and again: libsecret 0.20 begins to listen only after it has the request's path, and may miss an answer."""
        for answer in [answer for answer in self.answers if answer[3] < 100 and not self.bus.is_closed()]:
            sender, path, response, answer[3] = *answer[:3], answer[3] + 1
            self.bus.emit_signal(sender, path, "org.freedesktop.portal.Request", "Response", GLib.Variant("(ua{sv})", (response, {})))
        return GLib.SOURCE_CONTINUE

    def close(self):
        self.loop.quit()
        self.thread.join()
        if not self.bus.is_closed():
            self.bus.close_sync(None)


def portal_of_secrets(env):
    """A signed-in session whose service was stopped, with 10 XP, and its portal, which answers no more by itself."""
    session = env.session(signed_in=False, keyring=False, extra={"SNAP_NAME": "progression"})
    portal = SecretPortal(session.env["DBUS_SESSION_BUS_ADDRESS"])
    env.extra.append(portal)
    portal.answer_at_once = True
    session.sign_in(env.server)
    session.add("email_sent")
    session.sync()
    session.stop()
    portal.answer_at_once = False
    portal.count = 0
    return session, portal


def test_portal_that_answers_late(env):
    """The prompt stays open: the caller is told in time, no second prompt comes, and the answer is taken when it comes."""
    session, portal = portal_of_secrets(env)
    equal(session.add("email_sent")[2], 20, "total: earning goes on")
    wait_property(session.client, SYNC, "Reason", lambda reason: "does not answer" in reason, LONG + 5)
    with refused("KeyringUnavailable"):
        session.client.call(SYNC, "SyncNow")
    fence(session.client)
    equal(portal.count, 1, "prompts")
    portal.answer(GIVEN)
    wait_property(session.client, SYNC, "State", "idle")
    session.sync()
    equal(env.server.record(session.member)["totalXp"], 20, "totalXp after the answer")


@parametrize({"the user refused": (REFUSED,), "it failed": (FAILED,)})
def test_portal_that_gives_no_key(env, response):
    """Not asked again by itself at once, but when the user wants something."""
    session, portal = portal_of_secrets(env)
    equal(session.add("email_sent")[2], 20, "total: earning goes on")
    wait_for(lambda: portal.asked, 20, "the question")
    portal.answer(response)
    wait_property(session.client, SYNC, "Reason", lambda reason: "portal" in reason)
    equal((session.sync_state(), portal.count), ("paused", 1), "State, prompts")
    with refused("KeyringUnavailable"):
        session.client.call(SYNC, "SyncNow")
    wait_for(lambda: portal.asked, 20, "the next question")
    portal.answer(GIVEN)
    wait_property(session.client, SYNC, "State", "idle")
    session.sync()
    equal(env.server.record(session.member)["totalXp"], 20, "totalXp at last")


def test_portal_that_ends_with_its_prompt_open(env):
    """The next portal is asked anew."""
    session, portal = portal_of_secrets(env)
    equal(session.add("email_sent")[2], 20, "total: earning goes on")
    wait_for(lambda: portal.asked, 20, "the question")
    portal.close()
    env.extra.remove(portal)
    wait_property(session.client, SYNC, "State", "paused")
    another = SecretPortal(session.env["DBUS_SESSION_BUS_ADDRESS"])
    env.extra.append(another)
    another.answer_at_once = True
    wait_property(session.client, SYNC, "State", "idle")
    session.sync()
    equal(env.server.record(session.member)["totalXp"], 20, "totalXp by the next portal")


if __name__ == "__main__":
    run_tests(globals())

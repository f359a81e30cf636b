# SPDX-License-Identifier: LGPL-2.1-or-later
"""The keyring of a session in the hands of a test: a gnome-keyring whose password is known, started, ended, locked and unlocked."""
from probe import *  # noqa: F403

PASSWORD = b"a password"
SECRETS = "org.freedesktop.secrets"
COLLECTION = "/org/freedesktop/secrets/collection/login"


def start_keyring(session, unlock=True):
    """A keyring whose password is known here."""
    arguments = ["--unlock"] if unlock else []
    child = session.start("keyring", "gnome-keyring-daemon", *arguments, "--components=secrets", "--foreground", stdin=subprocess.PIPE)
    if unlock:
        child.stdin.write(PASSWORD)
    child.stdin.close()
    wait_for(lambda: owner(session.client, SECRETS) or None, 20, "the keyring's name") if session.client else None
    session.keyring = child
    return child


def end_keyring(session):
    session.keyring.kill()
    session.keyring.wait()
    wait_for(lambda: not owner(session.client, SECRETS), 20, "the end of the keyring's name")


def secrets_call(session, path, interface, method, signature, *arguments):
    return session.client.bus.call_sync(SECRETS, path, interface, method, GLib.Variant(signature, arguments), None,
                                        Gio.DBusCallFlags.NONE, 20000, None).unpack()


def unlock(session):
    """With the password, without a prompt."""
    link = secrets_call(session, "/org/freedesktop/secrets", "org.freedesktop.Secret.Service", "OpenSession", "(sv)", "plain",
                        GLib.Variant("s", ""))[1]
    secrets_call(session, "/org/freedesktop/secrets", "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface",
                 "UnlockWithMasterPassword", "(o(oayays))", COLLECTION, (link, b"", PASSWORD, "text/plain"))


def lock(session):
    secrets_call(session, "/org/freedesktop/secrets", "org.freedesktop.Secret.Service", "Lock", "(ao)", [COLLECTION])

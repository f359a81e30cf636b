#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files and folders are for their owner only: whatever the umask, whatever lay there before, wherever a link leads."""
import stat

from probe import *  # noqa: F403
from common import parametrize, refused, run as run_tests

POWERLESS = ["/usr/bin/setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]


def start(session, *before):
    """The service with the loosest umask."""
    return session.start_daemon(*before, "/bin/sh", "-c", 'umask 000; exec "$0"')


def modes(folder):
    """path → mode of everything in a folder, itself included."""
    return {str(path.relative_to(folder.parent)): stat.S_IMODE(path.lstat().st_mode) for path in [folder, *folder.rglob("*")]}


def check_private(session):
    found = modes(session.store)
    wrong = {name: oct(mode) for name, mode in found.items()
             if mode != (0o700 if (session.store.parent / name).is_dir() else 0o600)}
    equal(wrong, {}, "modes")
    return set(found)


def work(session, server):
    session.sign_in(server)
    session.call("CONTACT", 150)
    session.sync()
    names = check_private(session)
    assert any(name.endswith("-wal") for name in names) and any(name.endswith("accounts.ini") for name in names), names


def export(session, server):
    """A sign-out that writes what could not be sent to a file of its own."""
    server.stop()
    session.call("CONTACT", 150)
    path = pathlib.Path(session.client.call(ACCOUNT, "SignOut", options({"pending": "export"}))[0])
    equal((path.parent, path.is_symlink()), (session.store / "exports", False), "where the export is")
    return path


def test_new_files(env):
    server = env.new_sim("--provisioned")
    session = env.session(signed_in=False)
    start(session)
    work(session, server)
    export(session, server)
    check_private(session)
    server.restart()


def test_files_that_were_opened_up(env):
    """Somebody made all of it readable and writable for everybody; the next start makes it private again."""
    server = env.new_sim("--provisioned")
    session = env.session(signed_in=False)
    start(session)
    work(session, server)
    session.stop()
    (session.store / "exports").mkdir()
    for path in [session.store, *session.store.rglob("*")]:
        path.chmod(0o777 if path.is_dir() else 0o666)
    start(session)
    session.call("CONTACT", 150)
    session.sync()
    export(session, server)
    check_private(session)
    server.restart()


def test_damaged_store(env):
    """What is set aside, and what takes its place."""
    session = env.session(signed_in=False)
    start(session)
    work(session, env.server)
    session.stop()
    database = next(session.store.glob("*.db"))
    database.write_bytes(b"x" * 8192)
    database.chmod(0o666)
    start(session)
    session.sync()
    names = check_private(session)
    assert any(".damaged-" in name for name in names), "nothing was set aside"


LINKS = {"the database": "{account}.db", "the lock": "{account}.lock", "the next database": "{account}.fresh"}


@parametrize({name: (name,) for name in LINKS})
def test_links_in_the_folder(env, name):
    """A link in the place of a file is never written through."""
    session = env.session(signed_in=False)
    start(session)
    session.sign_in(env.server)
    session.stop()
    account = next(session.store.glob("*.db")).stem
    victim = session.root / "victim"
    victim.write_text("precious")
    victim.chmod(0o644)
    place = session.store / LINKS[name].format(account=account)
    if name == "the next database":
        next(session.store.glob("*.db")).unlink()
    place.unlink(missing_ok=True)
    place.symlink_to(victim)
    start(session)
    if name == "the next database":
        equal(session.total(), 0, "TotalXp of a new store")
    else:
        with refused("StorageFailed") as seen:
            session.call("CONTACT", 150)
        assert str(place) in seen.error.message, seen.error.message
    equal((victim.read_text(), stat.S_IMODE(victim.stat().st_mode)), ("precious", 0o644), "the file that the link leads to")


def test_link_in_the_place_of_the_accounts(env):
    session = env.session(signed_in=False)
    victim = session.root / "victim"
    victim.write_text("precious")
    session.store.mkdir(mode=0o700)
    (session.store / "accounts.ini").symlink_to(victim)
    start(session)
    work(session, env.server)
    equal(victim.read_text(), "precious", "the file that the link leads to")
    equal((session.store / "accounts.ini").is_symlink(), False, "the list is a file of its own")


def test_another_users_folder(env):
    need(os.geteuid() == 0, "needs root to give a folder away")
    session = env.session(signed_in=False)
    session.store.mkdir(mode=0o777)
    session.store.chmod(0o777)
    os.chown(session.store, 12345, 12345)
    start(session)
    with refused("StorageFailed") as seen:
        session.sign_in(env.server, sync=False)
    assert "another user (12345)" in seen.error.message, seen.error.message
    equal([path.name for path in session.store.iterdir()], [], "what was written there")


def test_folder_that_cannot_be_written(env):
    need(os.geteuid() == 0, "needs root, to give up what root may")
    session = env.session(signed_in=False)
    (session.root / "data").chmod(0o500)
    try:
        start(session, *POWERLESS)
        with refused("StorageFailed") as seen:
            session.sign_in(env.server, sync=False)
        assert "lids-progression" in seen.error.message, seen.error.message
    finally:
        (session.root / "data").chmod(0o700)


def test_relative_data_home(env):
    session = env.session(signed_in=False)
    session.env["XDG_DATA_HOME"] = "here/data"
    start(session)
    session.sign_in(env.server)
    home = session.root / "home"
    equal((home / "here").exists(), False, "a folder where the service stands")
    equal(len(list((home / ".local" / "share" / "lids-progression").glob("*.db"))), 1, "stores in the usual place")
    assert "XDG_DATA_HOME" in (session.logs / "daemon").read_text(), "nothing is said of it"


if __name__ == "__main__":
    run_tests(globals())

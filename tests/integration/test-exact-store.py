#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The database on this machine's disk: damaged, held by another process, or on a disk that takes no more."""
import ctypes
import os
import pathlib
import sqlite3
import subprocess

import common
from common import XP, call_rows, equal, expect_exact, need, need_faults, parametrize, refused, worth

CALL = worth("CONTACT", 150)
ROWS = len(call_rows("CONTACT", 150))
FIRST = CALL + XP["first_dial_of_day"]
PAGE = 4096


def truncate(path):
    os.truncate(path, path.stat().st_size // 2)


def overwrite_end(path):
    """Later pages: those of rows, not of the schema."""
    with open(path, "r+b") as file:
        file.seek(path.stat().st_size - 3 * PAGE)
        file.write(os.urandom(3 * PAGE))


def overwrite_header(path):
    with open(path, "r+b") as file:
        file.write(b"this is not a database" * 40)


def empty(path):
    path.write_bytes(b"")


DAMAGE = {"cut in half": (truncate,), "last pages overwritten": (overwrite_end,), "header overwritten": (overwrite_header,),
          "emptied": (empty,)}


def close_cleanly(rep):
    """Everything is in the main file after this: no journal can heal what the test breaks."""
    rep.stop()
    path = rep.databases()[0]
    database = sqlite3.connect(path)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    for extra in ("-wal", "-shm"):
        pathlib.Path(str(path) + extra).unlink(missing_ok=True)
    return path


@parametrize(DAMAGE)
def test_damaged_after_all_was_sent(env, damage):
    """Set aside, said so, and rebuilt from Twenty."""
    rep = env.session()
    for number in range(40):
        rep.call("CONTACT", 150, f"lead-{number}")
    rep.sync()
    total, rows = FIRST + 39 * CALL, 40 * ROWS + 1
    expect_exact(env.server, rep, total, rows)
    path = close_cleanly(rep)
    damage(path)
    rep.sync_until_well()
    expect_exact(env.server, rep, total, rows)
    if damage is not empty:
        said = (rep.logs / "bus").read_text(errors="replace")
        assert "damaged" in said or "malformed" in said or "not a database" in said, said
        equal(len(list(path.parent.glob(f"{path.stem}*.damaged-*"))) >= 1, True, "files set aside: " + str(list(path.parent.iterdir())))
    rep.call("CONTACT", 150)
    rep.sync()
    expect_exact(env.server, rep, total + CALL, rows + ROWS)


def test_damaged_with_work_that_waits(env):
    """The rows that are still readable are taken over: what was not sent yet is sent."""
    need_faults()
    rep = env.session()
    for number in range(60):
        rep.add("note_added", ref=f"lead-{number}")
    rep.sync()
    rep.stop()
    env.server.stop()
    waiting = [rep.add("email_sent", ref=f"message-{number}")[0] for number in range(5)]
    path = close_cleanly(rep)
    root = index_root(path)
    need(root, "the store has no index to damage")
    with open(path, "r+b") as file:  # an index is broken, the rows themselves are whole
        file.seek((root - 1) * PAGE)
        file.write(os.urandom(PAGE))
    env.server.restart()
    rep.sync_until_well()
    total = 60 * XP["note_added"] + 5 * XP["email_sent"]
    expect_exact(env.server, rep, total, 65)
    equal({row["id"] for row in env.server.rows(rep.member)} >= set(waiting), True, "the waiting operations arrived")


def index_root(path):
    database = sqlite3.connect(path)
    try:
        equal(database.execute("PRAGMA page_size").fetchone()[0], PAGE, "page size")
        row = database.execute("SELECT rootpage FROM sqlite_schema WHERE type='index' AND tbl_name='operations' ORDER BY rootpage").fetchone()
        return row and row[0]
    finally:
        database.close()


def test_the_store_is_held_by_another_process(env):
    """A second service on the same files: it says who holds them and touches nothing."""
    rep = env.session()
    rep.call("CONTACT", 150)
    other = env.session(signed_in=False, extra={"XDG_DATA_HOME": rep.env["XDG_DATA_HOME"]})
    holder = rep.client.pid()
    with refused("StorageFailed") as seen:
        other.call("CONTACT", 150)
    assert str(holder) in seen.error.message, seen.error.message
    rep.sync()
    expect_exact(env.server, rep, FIRST, ROWS + 1)


def mount(*arguments):
    return subprocess.run(["mount", *arguments], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def in_own_mounts(env):
    """This program's mounts are its own from here on, and so are those of its children."""
    need(os.geteuid() == 0, "needs root for a disk of its own")
    libc = ctypes.CDLL(None, use_errno=True)
    clone_newns = 0x20000
    need(libc.unshare(clone_newns) == 0 and mount("--make-rprivate", "/"), "mounts cannot be made here")


@parametrize({"full": ("full",), "read-only": ("read-only",)})
def test_a_disk_that_takes_no_more(env, kind):
    """The call is refused and nothing of it stays; what was acknowledged before is kept, and goes out later."""
    in_own_mounts(env)
    rep = env.session(signed_in=False)
    disk = rep.store
    disk.mkdir()
    need(mount("-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)), "tmpfs cannot be mounted")
    try:
        rep.sign_in(env.server)
        rep.call("CONTACT", 150, "lead-before")
        filler = disk / "filler"
        if kind == "full":
            with open(filler, "wb", buffering=0) as file:
                try:
                    while file.write(b"x" * 4096):
                        pass
                except OSError:
                    pass
        else:
            rep.stop()
            need(mount("-o", "remount,ro", str(disk)), "the disk cannot be made read-only")
        # A little room may be left in the files that exist: the first refusal counts.
        taken = 0
        with refused("StorageFailed"):
            while True:
                rep.call("CONTACT", 150, f"lead-{taken}", details="x" * 8000)
                taken += 1
        if kind == "full":
            equal(rep.total(), FIRST + taken * CALL, "total after the refusal")
            filler.unlink()
        else:
            need(mount("-o", "remount,rw", str(disk)), "the disk cannot be made writable again")
            rep.stop()
        rep.sync_until_well()
        expect_exact(env.server, rep, FIRST + taken * CALL, (1 + taken) * ROWS + 1)
        rep.call("CONTACT", 150, "lead-after")
        rep.sync()
        expect_exact(env.server, rep, FIRST + (1 + taken) * CALL, (2 + taken) * ROWS + 1)
    finally:
        rep.stop()
        subprocess.run(["umount", "-l", str(disk)], check=False)


if __name__ == "__main__":
    common.run(globals())

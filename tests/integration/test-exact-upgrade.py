#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Updating from each released version: what it left on the disk is there, goes to Twenty once, and its exports can be imported."""
import pathlib
import shutil
import sqlite3

import common
import story
from common import ACCOUNT, SYNC, equal, expect_exact, need_faults, parametrize

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "releases"
RELEASES = {path.name: (path,) for path in sorted(FOLDER.iterdir())}


def place(session, release):
    """The release's files, as it left them in the folder of the store."""
    session.store.mkdir(mode=0o700)
    shutil.copy(release / "accounts.ini", session.store)
    for source in release.glob("*.sql"):
        database = sqlite3.connect(session.store / f"{source.stem}.db")
        database.executescript(source.read_text(encoding="utf-8"))
        database.close()


def schema_of(path):
    """(version, all tables and indexes) of a store that nobody has open."""
    database = sqlite3.connect(path)
    try:
        return (database.execute("PRAGMA user_version").fetchone()[0],
                sorted(database.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall(), key=repr))
    finally:
        database.close()


def stored_ids(path):
    database = sqlite3.connect(path)
    try:
        return {row[0] for row in database.execute("SELECT id FROM operations")}
    finally:
        database.close()


def import_(rep, release):
    with open(release / "export.jsonl", "rb") as file:
        return rep.client.call(SYNC, "Import", 0, fd=file.fileno())[0]


def updated(env, release):
    """A session that goes on with what the release left; nobody has the key yet."""
    rep = env.session(signed_in=False)
    place(rep, release)
    equal((rep.total(), rep.pending()), (story.TOTAL, story.WAITING_ROWS), "total and pending")
    equal(rep.client.get(ACCOUNT, "WorkspaceMemberId"), story.MEMBER, "the account")
    return rep


def sign_in(sim, rep):
    """On a server that knows nothing of the rep yet, as after a restored backup: all rows must be sent, with their ids."""
    sim.control("POST", "members", {"id": story.MEMBER, "name": "Sam Sample", "email": "sam@example.test"})
    rep.sign_in(sim, story.MEMBER)


@parametrize(RELEASES)
def test_what_was_earned_is_there(env, release):
    need_faults()
    rep = updated(env, release)
    events = rep.events()
    equal((len(events), sum(event["amount"] for event in events)), (story.ROWS, story.TOTAL), "events and their sum")
    equal(story.first_call(rep)[1:3], (story.CALL_XP, story.CALL_XP), "earned and total of a call that is repeated")
    equal((rep.total(), rep.pending()), (story.TOTAL, story.WAITING_ROWS), "total and pending after it")
    rep.stop()
    fresh = env.session()
    fresh.stop()
    equal(schema_of(rep.databases()[0]), schema_of(fresh.databases()[0]), "the store's schema, and that of a new one")


@parametrize(RELEASES)
def test_it_goes_to_twenty_once(env, release):
    need_faults()
    sim = env.new_sim()
    rep = updated(env, release)
    rep.stop()
    ids = stored_ids(rep.databases()[0])
    sign_in(sim, rep)
    rep.sync()
    expect_exact(sim, rep, story.TOTAL, story.ROWS, deals=1)
    equal({row["id"] for row in sim.rows(story.MEMBER)}, ids, "ids of the rows")
    equal(import_(rep, release), 0, "operations added by an import of what was sent")


@parametrize(RELEASES)
def test_its_export_is_taken_by_another_machine(env, release):
    """And sent from there; the machine it came from sends the same later."""
    need_faults()
    sim = env.new_sim()
    other = env.session(signed_in=False)
    sign_in(sim, other)
    equal(import_(other, release), story.WAITING_ROWS, "operations added")
    other.sync()
    rep = updated(env, release)
    sign_in(sim, rep)
    for one in (rep, other):
        one.sync()
    expect_exact(sim, [rep, other], story.TOTAL, story.ROWS, deals=1)


def test_every_schema_was_released(env):
    """There is a recording of each version of the store's schema before this one's: a step of the schema is never without its test."""
    need_faults()
    fresh = env.session()
    fresh.stop()
    recorded = set()
    for release, in RELEASES.values():
        for source in release.glob("*.sql"):
            database = sqlite3.connect(":memory:")
            database.executescript(source.read_text(encoding="utf-8"))
            recorded.add(database.execute("PRAGMA user_version").fetchone()[0])
            database.close()
    now = schema_of(fresh.databases()[0])[0]
    equal(recorded | {now}, set(range(1, now + 1)), "versions of the schema that are recorded, and this one")


if __name__ == "__main__":
    common.run(globals())

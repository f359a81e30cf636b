#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Records what this version leaves on a rep's disk, for test-exact-upgrade.py. Run once for each release (docs/release.md):

    PRG_BUILD=build /usr/bin/python3 tests/integration/record-release.py

writes tests/fixtures/releases/VERSION/: the list of accounts, the store as SQL, and an export. A recording is never made anew.
"""
import json
import os
import pathlib
import sqlite3
import subprocess
import sys

import common
import story
from common import BUILD, SYNC, equal

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "releases"


def version():
    said = subprocess.run(["meson", "introspect", str(BUILD), "--projectinfo"], stdout=subprocess.PIPE, check=True).stdout
    return json.loads(said)["version"]


def dump(path):
    """The database as SQL; its two numbers, which SQLite's own dump leaves out, at the end."""
    database = sqlite3.connect(path)
    try:
        numbers = [f"PRAGMA {name} = {database.execute(f'PRAGMA {name}').fetchone()[0]};" for name in ("user_version", "application_id")]
        return "\n".join([*database.iterdump(), *numbers, ""])
    finally:
        database.close()


def main():
    folder = FOLDER / version()
    if folder.exists():
        sys.exit(f"{folder} is there already: a released version does not change")
    os.environ["PATH"] = common.sessions.SYSTEM_PATH
    env = common.Environment()
    try:
        env.server.control("POST", "members", {"id": story.MEMBER, "name": "Sam Sample", "email": "sam@example.test"})
        rep = env.session(member=story.MEMBER)
        story.tell(rep, env.server)
        equal((rep.total(), rep.pending()), (story.TOTAL, story.WAITING_ROWS), "total and pending")
        folder.mkdir(parents=True)
        with open(folder / "export.jsonl", "w+b") as file:
            rep.client.call(SYNC, "Export", 0, fd=file.fileno())
        rep.stop()
        (folder / "accounts.ini").write_bytes((rep.store / "accounts.ini").read_bytes())
        for path in rep.databases():
            (folder / f"{path.stem}.sql").write_text(dump(path), encoding="utf-8")
        env.end_of_test()
    finally:
        env.close()
        common.clean_up()
    print(folder)


if __name__ == "__main__":
    main()

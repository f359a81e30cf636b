#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""From one machine to another, each with a home and a machine id of its own: an export and an import, and a home that is copied."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import uuid

import common
from common import XP, call_rows, equal, expect_exact, need, need_faults, worth

CALL, ROWS = worth("CONTACT", 150), len(call_rows("CONTACT", 150))
FIRST = CALL + XP["first_dial_of_day"]
START = """#!/bin/sh -e
mount -t tmpfs tmpfs {folder}
mkdir {folder}/upper {folder}/work
echo {id} >{folder}/upper/machine-id
mount -t overlay -o lowerdir=/etc,upperdir={folder}/upper,workdir={folder}/work overlay /etc
exec "$@"
"""


class Machines:
    """Sessions whose service sees an /etc/machine-id of its own."""

    def __init__(self, env):
        need(os.geteuid() == 0, "needs root for an /etc of its own")
        self.env = env
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="progression-machines-"))
        self.folder = self.root / "etc"  # in each service's own mounts something else
        self.folder.mkdir()

    def __enter__(self):
        return self

    def __exit__(self, *_what):
        for session in list(self.env.sessions):
            session.stop()  # its service runs with the files that go now
        shutil.rmtree(self.root)

    def new(self, **more):
        start = self.root / f"start-{len(self.env.sessions)}"
        start.write_text(START.format(folder=self.folder, id=uuid.uuid4().hex), encoding="ascii")
        start.chmod(0o755)
        wrapper = ["/usr/bin/unshare", "--mount", str(start)]
        tried = subprocess.run([*wrapper, "/bin/true"], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        need(tried.returncode == 0, f"no /etc of its own can be made here: {tried.stderr.decode()}")
        return self.env.session(wrapper=wrapper, **more)


def devices(env, member):
    return {row["device"] for row in env.server.rows(member)}


def test_export_there_import_here(env):
    """With the command line. The old machine comes back later and sends the same: nothing is doubled."""
    with Machines(env) as machines:
        old = machines.new()
        old.call("CONTACT", 150, "lead-1")
        old.sync()
        old.call("CONTACT", 150, "lead-2")
        old.deal("deal-1")
        waiting = old.pending()
        equal(waiting, ROWS + 2, "operations that wait")
        old.cli("export", str(machines.root / "operations.jsonl"))
        new = machines.new(member=old.member)
        equal(new.total(), FIRST, "what the new machine has from Twenty")
        equal(str(waiting) in new.cli("import", str(machines.root / "operations.jsonl")), True, "the import says how many it added")
        new.call("CONTACT", 150, "lead-3")
        new.sync()
        total, rows = FIRST + 2 * CALL + XP["deal_closed"] + common.FIRST_DEAL, 3 * ROWS + 3
        expect_exact(env.server, new, total, rows, deals=1)
        for session in (old, new):
            session.sync()
        expect_exact(env.server, [old, new], total, rows, deals=1)
        equal(len(devices(env, old.member)), 2, "devices in the ledger")
        old.deal("deal-1")  # the same deal, on both: paid once
        new.deal("deal-1")
        for session in (old, new):
            session.sync()
        expect_exact(env.server, [old, new], total, rows, deals=1)


def test_a_home_that_is_copied(env):
    """With what waits in it, and both machines go on. The copy is a device of its own: what it earns is not taken for the other's."""
    need_faults()
    with Machines(env) as machines:
        old = machines.new()
        old.call("CONTACT", 150, "lead-1")
        old.sync()
        before = devices(env, old.member)
        env.server.stop()
        old.call("CONTACT", 150, "lead-2")
        old.stop()
        env.server.restart()
        new = machines.new(signed_in=False)
        shutil.copytree(old.store, new.store)
        equal((new.total(), new.pending()), (FIRST + CALL, ROWS), "total and pending of the copy")
        new.sign_in(env.server, old.member)
        # Each earns and sends, beside the same two calls.
        for number, session in enumerate((old, new, old)):
            session.call("CONTACT", 150, f"lead-of-its-own-{number}")
            session.sync()
        for session in (old, new):
            session.sync()
        expect_exact(env.server, [old, new], FIRST + 4 * CALL, 5 * ROWS + 1)
        equal((len(before), len(devices(env, old.member))), (1, 2), "devices before and after")


def test_a_machine_stays_the_same_device(env):
    """However often the service is started."""
    with Machines(env) as machines:
        rep = machines.new()
        for number in range(3):
            rep.stop()
            rep.call("CONTACT", 150, f"lead-{number}")
            rep.sync()
        expect_exact(env.server, rep, FIRST + 2 * CALL, 3 * ROWS + 1)
        equal(len(devices(env, rep.member)), 1, "devices")


if __name__ == "__main__":
    common.run(globals())

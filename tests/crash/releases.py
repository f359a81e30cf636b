# SPDX-License-Identifier: LGPL-2.1-or-later
"""A rep whose service is updated: from the shipped release, or from what an older one left, to the next one (next-steps.c)."""
import collections
import contextlib
import functools
import pathlib
import random
import shutil
import sqlite3
import tempfile

from crash import BUILD, FOLDER, NAME, SEED, Call, Scenario, check_calls, equal, expect_settled, expect_sound, new_rep, options, sign_in, sign_out
from common import refused

SHIPPED = BUILD / "plugin" / "hooks" / "lids-progression.so"
NEXT = BUILD / "tests" / "crash" / "next-store.so"
STEPS = 2  # that the next release has more
RECORDED = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "releases"
OLDEST = 1
TABLES = ("operations", "base", "meta", "audit")
PAGE = 4096


def database(rep):
    found = [path for path in rep.databases() if ".damaged-" not in path.name]
    equal(len(found), 1, "databases")
    return found[0]


def rewrite(rep, change):
    """Stops the service at once and changes its database, which is whole then, without a log."""
    rep.kill()
    path = database(rep)
    with contextlib.closing(sqlite3.connect(path)) as opened:
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    change(path)


@functools.cache
def recorded_schema(version):
    """The statements of a version of the schema, as a release of it left them."""
    for source in sorted(RECORDED.glob("*/*.sql")):
        with contextlib.closing(sqlite3.connect(":memory:")) as opened:
            opened.executescript(source.read_text(encoding="utf-8"))
            if opened.execute("PRAGMA user_version").fetchone()[0] == version:
                return ";".join(row[0] for row in opened.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"))
    raise AssertionError(f"no release with version {version} of the schema is recorded")


def make_old(path):
    """The store as the first released version made it, and without a log: SQLite's older journal is in use."""
    old = path.with_suffix(".old")
    with contextlib.closing(sqlite3.connect(old)) as made:
        made.executescript(f"PRAGMA synchronous = OFF; PRAGMA page_size = {PAGE}; PRAGMA user_version = {OLDEST};"
                           f"PRAGMA application_id = {0x50524700 | OLDEST}; {recorded_schema(OLDEST)}")
        made.execute("ATTACH ? AS new", (str(path),))
        for table in TABLES:
            names = ", ".join(row[1] for row in made.execute(f"PRAGMA main.table_info({table})"))
            made.execute(f"INSERT INTO main.{table} ({names}) SELECT {names} FROM new.{table}")
        made.commit()
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    old.rename(path)


Stored = collections.namedtuple("Stored", "version operations base days")


def look(path):
    """What the store holds. A copy is read: SQLite would bring the log into the file."""
    with tempfile.TemporaryDirectory(dir=FOLDER.name) as folder:
        for file in path.parent.glob(f"{path.name}*"):
            shutil.copy(file, folder)
        with contextlib.closing(sqlite3.connect(pathlib.Path(folder) / path.name)) as opened:
            opened.row_factory = sqlite3.Row
            equal(opened.execute("PRAGMA integrity_check").fetchone()[0], "ok", "integrity of the store")
            version = opened.execute("PRAGMA user_version").fetchone()[0]
            equal(opened.execute("PRAGMA application_id").fetchone()[0], 0x50524700 | version, "application_id")
            tables = {row[0] for row in opened.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
            days = opened.execute("SELECT * FROM days").fetchall() if "days" in tables else ()
            return Stored(version, [dict(row) for row in opened.execute("SELECT * FROM operations ORDER BY position")],
                          [tuple(row) for row in opened.execute("SELECT * FROM base")], {row[0]: tuple(row)[1:] for row in days})


def contents(folder):
    """Every byte of a store's folder but what says who has it open."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.suffix != ".lock"}


class Update(Scenario):
    """Operations in each state that the shipped release leaves, and then the next one."""
    log = False  # the store as the shipped release left it when it was killed; else as the first release made it

    def new_rep(self):
        self.plugin = pathlib.Path(tempfile.mkdtemp(dir=FOLDER.name)) / "plugin.so"
        self.use(SHIPPED)
        return new_rep(self.env, variables=[f"LIDS_PROGRESSION_PLUGIN={self.plugin}"])

    def use(self, release):
        """What is started from now on."""
        new = self.plugin.with_suffix(".new")
        new.symlink_to(release)
        new.rename(self.plugin)

    def prepare(self):
        self.begin()
        self.record()
        self.rep.kill()
        self.shipped = look(database(self.rep)).version
        if not self.log:
            rewrite(self.rep, make_old)
        self.before = look(database(self.rep))
        equal(self.before.version, self.shipped if self.log else OLDEST, "version before the update")
        equal({row["state"] for row in self.before.operations}, {0, 2, 3}, "states: new, in the ledger, folded")
        self.env.server.faults({"kind": "outage", "times": -1})  # what changes now is changed by the update alone
        self.use(NEXT)

    def begin(self):
        """The same each time, so that a place is always the same one: a member who is new, on a disk without a store."""
        sign_out(self.rep)  # else it would be signed in again with what the keyring holds
        self.rep.kill()
        shutil.rmtree(self.rep.store)
        self.use(SHIPPED)
        self.rep.calls.clear()
        self.rep.member = self.env.server.new_member()
        sign_in(self.rep, self.env.server)

    def record(self):
        """Calls that are in the total, one that is in the ledger only, one that waits."""
        chance = random.Random(SEED)
        for _number in range(4):
            Call(chance).make(self.rep)
        self.rep.sync_until_well()
        Call(chance).make(self.rep)
        self.env.server.faults({"kind": "outage", "path": "/graphql", "contains": "updateRepProgressions"})
        self.rep.try_sync()
        equal(self.env.server.faults_left(), [], "faults left")
        Call(chance).make(self.rep)

    def expect_kept(self):
        """A whole version, with all that was there before. Returns which version."""
        now = look(database(self.rep))
        names = self.before.operations[0].keys()
        kept = {row["id"] for row in self.before.operations}
        equal([{name: row[name] for name in names} for row in now.operations if row["id"] in kept], self.before.operations, "operations")
        equal(now.base, self.before.base, "base")
        more = now.version - self.shipped
        if more >= 1:
            equal({row["id"]: row["earned_on"] for row in now.operations if row["id"] in kept},
                  {row["id"]: f"{row['local_day']} in {row['zone']}" for row in self.before.operations}, "what the first step has made")
        if more >= 2:
            equal(now.days, self.days(), "what the second step has made")
        return now.version

    def days(self):
        found = collections.defaultdict(lambda: (0, 0))
        for row in self.before.operations:
            number, amount = found[f"{row['local_day']} in {row['zone']}"]
            found[f"{row['local_day']} in {row['zone']}"] = number + 1, amount + row["amount"]
        return dict(found)

    def expect_refused(self):
        """The shipped release says that a newer one wrote the store, and does not touch it."""
        before = contents(self.rep.store)
        self.use(SHIPPED)
        with refused("StorageFailed") as seen:
            self.rep.client.call(NAME, "RecordCall", "CONTACT", 150, "lead-refused", options({}))
        assert "newer version" in seen.error.message and str(database(self.rep)) in seen.error.message, seen.error.message
        self.rep.kill()
        equal(contents(self.rep.store), before, "the files of a newer version")

    def expect_updated(self):
        """The next release opens what is left, and says all of it, here and in Twenty."""
        self.use(NEXT)
        check_calls(self.rep)
        self.rep.kill()
        equal(self.expect_kept(), self.shipped + STEPS, "version after the update")
        self.expect_refused()
        self.use(NEXT)
        self.env.server.clear_faults()
        check_calls(self.rep)
        expect_settled(self.env.server, self.rep)
        expect_sound(self.rep)

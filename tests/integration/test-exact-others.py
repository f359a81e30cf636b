#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Other programs write the record while we fold, blindly: our XP stays exact and theirs is taken in."""
import json

import common
from common import XP, call_rows, equal, expect_exact, need_faults, parametrize, worth

CALL = worth("CONTACT", 150)
ROWS = len(call_rows("CONTACT", 150))
FIRST = CALL + XP["first_dial_of_day"]
MODULE = 50


def rep_with_one_call(env):
    rep = env.session()
    rep.call("CONTACT", 150)
    rep.sync()
    expect_exact(env.server, rep, FIRST, ROWS + 1)
    return rep


@parametrize({f"{amount} XP after {after} folds": (amount, after) for amount in (10, 100, 300) for after in (0, 1, 2, 3)})
def test_a_blind_writer_of_an_award(env, amount, after):
    """It reads the total, we fold some times, it writes back the sum: what it erased is restored, what it gave is kept."""
    need_faults()
    rep = rep_with_one_call(env)
    env.server.foreign(rep.member, {"totalXp": f"+{amount}"}, after)
    total, rows = FIRST, ROWS + 1
    for _fold in range(after + 1):
        rep.call("CONTACT", 150)
        total, rows = total + CALL, rows + ROWS
        rep.sync()
    equal(env.server.control("GET", "foreign")["pending"], 0, "writes of the other app that are still to come")
    rep.sync()
    expect_exact(env.server, rep, total + amount, rows, external=amount)


def test_what_looks_like_an_award_is_accepted_and_flagged(env):
    """50 XP of ours erased by +100: it looks like an honest +50. Never a total above the truth; a person can see it."""
    need_faults()
    rep = rep_with_one_call(env)
    env.server.foreign(rep.member, {"totalXp": "+100"}, 1)
    rep.module("module_0")
    rep.sync()
    rep.sync()
    expect_exact(env.server, rep, FIRST + MODULE + 50, ROWS + 2, external=50)


def test_a_person_corrects_the_total(env):
    need_faults()
    rep = rep_with_one_call(env)
    person = env.server.new_member("Kim Sample")
    env.server.foreign(rep.member, {"totalXp": "-20"}, 0, by=f"member:{person}")
    rep.sync()
    expect_exact(env.server, rep, FIRST - 20, ROWS + 1, ledger=FIRST, external=-20)
    rep.call("CONTACT", 150)
    rep.sync()
    expect_exact(env.server, rep, FIRST + CALL - 20, 2 * ROWS + 1, ledger=FIRST + CALL, external=-20)


def test_a_module_of_the_other_app_comes_first(env):
    need_faults()
    rep = rep_with_one_call(env)
    env.server.foreign(rep.member, {"totalXp": f"+{MODULE}", "completedModules": "json+module_0"})
    equal(rep.module("module_0")[1], MODULE, "earned before the other app's module is known")
    rep.sync()
    record = expect_exact(env.server, rep, FIRST + MODULE, ROWS + 2, ledger=FIRST, external=MODULE)
    equal(json.loads(record["completedModules"]), ["module_0"], "completedModules")
    equal(rep.module("module_0")[1], 0, "earned by the repeated module")


@parametrize({f"after {after} folds": (after,) for after in (1, 2, 3)})
def test_a_module_that_our_ledger_paid(env, after):
    """The other app gives the same module on top of a total that it read before: the module pays once."""
    need_faults()
    rep = rep_with_one_call(env)
    env.server.foreign(rep.member, {"totalXp": f"+{MODULE}", "completedModules": "json+module_0"}, after)
    rep.module("module_0")
    rep.sync()
    total, rows = FIRST + MODULE, ROWS + 2
    for _fold in range(after):
        rep.call("CONTACT", 150)
        total, rows = total + CALL, rows + ROWS
        rep.sync()
    rep.sync()
    record = expect_exact(env.server, rep, total, rows)
    equal(json.loads(record["completedModules"]), ["module_0"], "completedModules")


def test_the_timeline_is_late(env):
    """The proof of what was erased comes a second later; SyncNow waits for it, and ends with the fold."""
    need_faults()
    rep = rep_with_one_call(env)
    env.server.config(timeline_delay_ms=1000)
    env.server.foreign(rep.member, {"totalXp": "+300"}, 1)
    rep.call("CONTACT", 150)
    rep.sync()
    rep.sync()
    expect_exact(env.server, rep, FIRST + CALL + 300, 2 * ROWS + 1, external=300)


if __name__ == "__main__":
    common.run(globals())

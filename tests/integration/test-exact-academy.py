#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service beside RedHawk Academy: both see one truth, and where the Academy overwrites blindly, docs/sync-protocol.md, “Other programs'
writes”, holds sentence by sentence. Random interleavings are compared with a count of their own."""
import random

import common
from academy import MODULE_XP, Academy, members_of
from common import FIRST_DEAL, XP, call_rows, equal, expect_exact, expect_service, level_of, need, need_faults, parametrize, worth
from probe import SOURCE

CALL = worth("CONTACT", 150)
ROWS = len(call_rows("CONTACT", 150))
FIRST = CALL + XP["first_dial_of_day"]
CERTIFICATION = 300
TWO_53 = 2**53


def start(env, n_devices=1):
    """Devices of one rep with one call in Twenty, and the Academy."""
    need_faults()
    devices = [env.session()]
    devices[0].call("CONTACT", 150)
    devices[0].sync()
    devices += [env.session(member=devices[0].member) for _ in range(n_devices - 1)]
    return *devices, Academy(env.server, devices[0].member)


def settle(*devices):
    for _round in range(2):
        for device in devices:
            device.sync()


def flagged(*devices):
    return [entry for device in devices for entry in device.audit(limit=1000) if entry["flagged"]]


def folds(server):
    return sum("updateRepProgressions" in (request["operation"] or "") for request in server.requests())


# ---- careful: nothing overlaps ----
def test_both_see_one_truth(env):
    rep, academy = start(env)
    total, rows = FIRST, ROWS + 1
    external = 0
    for write in (lambda: academy.battle(3, "perfect"), lambda: academy.battle(5, "loss"), lambda: academy.battle(1, "abandoned"),
                  lambda: academy.module("module_0"), lambda: academy.certificate("leadership")):
        external += write().finish()
        equal(academy.read()["totalXp"], total + external, "what the Academy reads after its write")
        rep.sync()
        rep.call("CONTACT", 150)
        rep.sync()
        total, rows = total + CALL, rows + ROWS
        record = expect_exact(env.server, rep, total + external, rows, external=external)
        equal(academy.read()["totalXp"], record["totalXp"], "what the Academy reads")
    equal(external, 450 + 150 + 10 + 50, "what the Academy gave")
    equal((rep.get("CompletedModules"), rep.get("Certifications")), (["module_0"], ["leadership"]), "sets here")
    equal(rep.module("module_1")[1], 50, "a module here")
    rep.sync()
    equal(academy.module("module_1").finish(), 0, "the Academy sees it")
    equal(flagged(rep), [], "flags in the audit")


def test_its_level_is_healed_once(env):
    """Its formula makes 7 of 647 XP; ours 4. One fold heals it; another sync has nothing to do, and what it writes again is healed again."""
    rep, academy = start(env)
    for number in (1, 2):
        academy.battle(4, "perfect").finish()
        total = FIRST + 600 * number
        equal(academy.read()["currentLevel"], total // 100 + 1, "as the Academy writes it")
        assert level_of(total) != total // 100 + 1, "the formulas agree here: nothing is tried"
        env.server.clear_requests()
        rep.sync()
        equal((academy.read()["currentLevel"], folds(env.server)), (level_of(total), 1), "healed, by folds")
        env.server.clear_requests()
        rep.sync()
        equal(folds(env.server), 0, "folds of a sync without news")
        equal(rep.get("Level"), level_of(total), "Level")


def test_it_reads_what_is_earned_here(env):
    rep, academy = start(env)
    rep.add("note_added", amount=9200)
    rep.client.call(common.NAME, "DefeatBoss", "redhawk")
    rep.sync()
    record = academy.read()
    equal(members_of(record["defeatedBosses"]), ["redhawk"], "defeatedBosses")
    equal(members_of(record["badges"]), rep.get("Badges"), "badges")
    assert "redhawk_slayer.gold" in rep.get("Badges"), rep.get("Badges")
    total = rep.total()
    academy.module("module_2").finish()
    rep.sync()
    record = academy.read()
    equal((record["totalXp"], members_of(record["defeatedBosses"]), rep.total()), (total + 50, ["redhawk"], total + 50), "after its write")


# ---- what pays once, whoever is first ----
@parametrize(["there, then here", "there, unknown here", "here, then there", "here unsent, then there", "at the same time",
              "two devices, then there", "there between two devices"])
def test_a_module_pays_once(env, order):
    one, two, academy = start(env, 2)
    earned = []
    if order == "there, then here":
        academy.module("module_0").finish()
        one.sync()
        earned = [one.module("module_0")[1]]
    elif order == "there, unknown here":
        academy.module("module_0").finish()
        earned = [one.module("module_0")[1]]
    elif order == "here, then there":
        earned = [one.module("module_0")[1]]
        one.sync()
        equal(academy.module("module_0").finish(), 0, "what the Academy gives")
    elif order == "here unsent, then there":
        earned = [one.module("module_0")[1]]
        equal(academy.module("module_0").finish(), 50, "what the Academy gives")
    elif order == "at the same time":
        write = academy.module("module_0")
        earned = [one.module("module_0")[1]]
        one.sync()
        write.finish()
    elif order == "two devices, then there":
        earned = [one.module("module_0")[1], two.module("module_0")[1]]
        academy.module("module_0").finish()
    else:
        earned = [one.module("module_0")[1]]
        one.sync()
        write = academy.award(50, completedModules="module_1")
        earned.append(two.module("module_1")[1])
        write.finish()
        two.sync()
        one.module("module_1")
    settle(one, two)
    expected = FIRST + (100 if order == "there between two devices" else 50)
    for device in (one, two):
        expect_service(device, expected)
    record = env.server.record(one.member)
    equal((record["totalXp"], record["ledgerXp"] + record["externalXp"]), (expected, expected), "in Twenty")
    equal(set(members_of(record["completedModules"])), {"module_0", "module_1"} if expected > FIRST + 50 else {"module_0"}, "modules")
    equal(one.module("module_0")[1], 0, "again")
    assert all(xp in (0, 50) for xp in earned), earned


@parametrize({"there first": (True,), "here first": (False,)})
def test_a_certification_pays_once(env, there_first):
    """The Academy gives no XP for it: what it wrote down first is not paid here either."""
    rep, academy = start(env)
    need('name="EarnCertification"' in (SOURCE / "dbus" / "org.lids.Progression.xml").read_text(), "this version cannot earn certifications")
    if there_first:
        academy.certificate("leadership").finish()
    earned = rep.client.call(common.NAME, "EarnCertification", "leadership")[1]
    equal(earned, CERTIFICATION, "shown before Twenty was asked")
    settle(rep)
    equal(academy.certificate("leadership").values, {}, "the Academy sees it")
    equal(rep.client.call(common.NAME, "EarnCertification", "leadership")[1], 0, "again")
    total = FIRST if there_first else FIRST + CERTIFICATION
    expect_exact(env.server, rep, total, ROWS + 2)
    equal(members_of(academy.read()["certifications"]), ["leadership"], "certifications")


# ---- blind: it reads, we fold, it writes ----
def work(rep, n_folds):
    for _fold in range(n_folds):
        rep.call("CONTACT", 150)
        rep.sync()
    return n_folds * CALL, n_folds * ROWS


ACTIONS = {"win": lambda academy: academy.battle(2, "win"), "perfect": lambda academy: academy.battle(3, "perfect"),
           "loss": lambda academy: academy.battle(2, "loss"), "abandoned": lambda academy: academy.battle(1, "abandoned"),
           "module": lambda academy: academy.module("module_4")}


@parametrize({f"{name} after {folds_} folds": (name, folds_) for name in ACTIONS for folds_ in range(4)})
def test_an_award_after_folds(env, name, n_folds):
    """“M − N is an award: accepted.” “It is not, but M − B is: exactly N − B is restored, once.” Here no sum looks like another award."""
    rep, academy = start(env)
    write = ACTIONS[name](academy)
    total, rows = work(rep, n_folds)
    xp = write.finish()
    settle(rep)
    expect_exact(env.server, rep, FIRST + total + xp, ROWS + 1 + rows, external=xp)
    entries = [entry for entry in rep.audit() if entry["event"] == "other-program"]
    assert n_folds == 0 or any('"restored":%d' % total in entry["text"].replace(" ", "") for entry in entries), entries
    settle(rep)
    expect_exact(env.server, rep, FIRST + total + xp, ROWS + 1 + rows, external=xp)


def patch(env, rep, total, token=None):
    env.server.patch_record(rep.member, {"totalXp": total}, token)


def test_more_than_an_award(env):
    """“More than that going up: accepted, and flagged.”"""
    rep, _academy = start(env)
    patch(env, rep, FIRST + 37)
    settle(rep)
    expect_exact(env.server, rep, FIRST + 37, ROWS + 1, external=37)
    equal(len(flagged(rep)), 1, "flags")


def test_several_totals_explain_it(env):
    """“If several totals explain it, the least is restored, and it is flagged.” 100 added to what stood before 50 and 22."""
    rep, academy = start(env)
    write = academy.battle(1, "win")
    rep.module("module_0")
    rep.sync()
    work(rep, 1)
    write.finish()
    settle(rep)
    expect_exact(env.server, rep, FIRST + 100 + CALL, 2 * ROWS + 2, ledger=FIRST + 50 + CALL, external=50)
    equal(len(flagged(rep)), 1, "flags")


def test_a_key_lowers_it(env):
    """“A key lowered the total, and nothing explains it: the total before is restored, and it is flagged.”"""
    rep, _academy = start(env)
    patch(env, rep, FIRST - 7)
    settle(rep)
    expect_exact(env.server, rep, FIRST, ROWS + 1)
    equal(len(flagged(rep)), 1, "flags")


def test_a_second_write_puts_it_back(env):
    """“What may have been put back is taken off again.” A sleeps through a fold and erases it; B had read the total with it, and erases A's."""
    rep, academy = start(env)
    a = academy.battle(1, "loss")
    total, rows = work(rep, 1)
    b = academy.battle(2, "win")
    truth = FIRST + total + a.finish() + b.finish()
    settle(rep)
    found = rep.total()
    assert FIRST + total + b.xp <= found <= truth, (found, truth)
    assert found == truth or flagged(rep), rep.audit()
    expect_exact(env.server, rep, found, ROWS + 1 + rows, external=found - FIRST - total)


@parametrize({"up": (13,), "down": (-20,)})
def test_a_person_corrects(env, change):
    """“Another member wrote: a person's correction, accepted up or down.”"""
    rep, _academy = start(env)
    person = env.server.new_member("Kim Sample")
    patch(env, rep, FIRST + change, env.server.new_token("member", member=person))
    settle(rep)
    expect_exact(env.server, rep, FIRST + change, ROWS + 1, ledger=FIRST, external=change)


def test_a_module_that_the_ledger_paid(env):
    """“The write adds a module that the ledger has paid: that part is not accepted.” What comes with it in the same write is."""
    rep, academy = start(env)
    write = academy.award(MODULE_XP["module_5"] + 30, completedModules="module_5")
    rep.call("CONTACT", 150)
    for module in ("module_0", "module_1", "module_2", "module_3", "module_4"):
        rep.module(module)
    equal(rep.module("module_5")[1], 100, "earned here")
    write.finish()
    settle(rep)
    total = FIRST + CALL + sum(MODULE_XP[module] for module in list(MODULE_XP)[:6])
    found = rep.total()
    assert total <= found <= total + 30, (found, total)
    expect_service(rep, found)
    equal(env.server.record(rep.member)["totalXp"], found, "in Twenty")


def test_two_windows_of_the_academy(env):
    """Both read, one writes a module, the other overwrites total and set: the first module's XP is proven and restored, and as it was paid,
    it is not paid again here."""
    rep, academy = start(env)
    first, second = academy.module("module_4"), academy.module("module_0")
    first.finish()
    second.finish()
    settle(rep)
    record = expect_exact(env.server, rep, FIRST + 75 + 50, ROWS + 1, external=75 + 50)
    equal(set(members_of(record["completedModules"])), {"module_0", "module_4"}, "completedModules")
    equal(rep.module("module_0")[1], 0, "earned here again")


def test_a_module_known_here_is_overwritten(env):
    """One window reads, another gives a module, we fold it, and then the first overwrites the set, with just the total that stands there: its
    own 50 XP are lost, which nothing proves, so there is a flag. No module is forgotten, so none is paid twice."""
    rep, academy = start(env)
    asleep = academy.module("module_2")
    academy.module("module_3").finish()
    rep.sync()
    asleep.finish()
    settle(rep)
    equal(len(flagged(rep)), 1, f"flags in {rep.audit()}")
    record = expect_exact(env.server, rep, FIRST + 50, ROWS + 1, external=50)
    equal(set(members_of(record["completedModules"])), {"module_2", "module_3"}, "completedModules")
    equal(rep.module("module_3")[1], 0, "earned here again")


def test_beyond_what_can_be_counted(env):
    """“A total of 2^53 or more: what was folded last is written back.”"""
    rep, _academy = start(env)
    patch(env, rep, TWO_53)
    settle(rep)
    expect_exact(env.server, rep, FIRST, ROWS + 1)


@parametrize({"a gain": (37, 37), "a loss": (-7, 0)})
def test_without_a_timeline(env, change, external):
    """“It is waited for, three times three seconds. After that a gain is accepted, a loss by a key restored, both flagged.”"""
    rep, _academy = start(env)
    env.server.config(timeline_delay_ms=3600000)
    patch(env, rep, FIRST + change)
    common.wait_for(lambda: rep.try_sync() or env.server.record(rep.member)["totalXp"] - FIRST == external and flagged(rep), 60,
                    "the decision without a timeline")
    expect_exact(env.server, rep, FIRST + external, ROWS + 1, external=external)
    equal(len(flagged(rep)), 1, "flags")


# ---- at random, against a count of its own ----
class Truth:
    """What a rep has earned, counted by hand from the domain's rules: each module and the first deal's badge once, everything else as often as
    it happened."""

    def __init__(self):
        self.xp = FIRST
        self.modules = set()
        self.deals = 0

    def module(self, module):
        if module not in self.modules:
            self.modules.add(module)
            self.xp += MODULE_XP[module]

    def deal(self):
        self.xp += XP["deal_closed"] + (0 if self.deals else FIRST_DEAL)
        self.deals += 1


def act_here(device, truth, chance):
    """One thing that a rep does on a device, perhaps a sync. Four deals at most: the fifth gives another badge."""
    what = chance.choice(("call", "mail", "deal" if truth.deals < 4 else "mail", "module", "module", "sync", "sync"))
    if what == "call":
        device.call("CONTACT", 150)
        truth.xp += CALL
    elif what == "mail":
        device.add("email_sent")
        truth.xp += XP["email_sent"]
    elif what == "deal":
        device.deal(f"deal {truth.deals}")
        truth.deal()
    elif what == "module":
        module = f"module_{chance.randrange(5)}"
        device.module(module)
        truth.module(module)
    else:
        device.sync()


def begin_there(academy, chance):
    """A write of the Academy, and the module that it is for."""
    if chance.random() < 0.4:
        module = f"module_{chance.randrange(5)}"
        return academy.module(module), module
    return academy.battle(chance.randint(1, 5), chance.choice(("win", "perfect", "loss", "abandoned"))), None


def end_there(write, module, truth):
    xp = write.finish()
    if module is None:
        truth.xp += xp
    elif xp:
        truth.module(module)


@parametrize({f"seed {seed}": (seed,) for seed in range(12)})
def test_random_without_overlap(env, seed):
    """Two devices, and an Academy that writes at once what it has read: exact."""
    one, two, academy = start(env, 2)
    chance, truth = random.Random(seed), Truth()
    for _step in range(16):
        if chance.random() < 0.3:
            end_there(*begin_there(academy, chance), truth)
        else:
            act_here(chance.choice((one, two)), truth, chance)
    settle(one, two)
    for device in (one, two):
        expect_service(device, truth.xp)
    record = env.server.record(one.member)
    equal((record["totalXp"], record["ledgerXp"] + record["externalXp"]), (truth.xp, truth.xp), "in Twenty")
    equal(set(members_of(record["completedModules"])), truth.modules, "modules")


@parametrize({f"seed {seed}": (seed,) for seed in range(24)})
def test_random_with_overlap(env, seed):
    """An Academy in two windows that sleeps between reading and writing: never above the truth, and below it only with a flag."""
    rep, academy = start(env)
    chance, truth, asleep = random.Random(1000 + seed), Truth(), []
    for _step in range(16):
        dice = chance.random()
        if dice < 0.25 and len(asleep) < 2:
            asleep.append(begin_there(academy, chance))
        elif dice < 0.45 and asleep:
            end_there(*asleep.pop(chance.randrange(len(asleep))), truth)
        else:
            act_here(rep, truth, chance)
    for write, module in asleep:
        end_there(write, module, truth)
    settle(rep)
    found = rep.total()
    expect_service(rep, found)
    record = env.server.record(rep.member)
    equal((record["totalXp"], record["ledgerXp"] + record["externalXp"]), (found, found), "in Twenty")
    assert found <= truth.xp, f"{found} XP, above the truth of {truth.xp}: {rep.audit()}"
    assert found == truth.xp or flagged(rep), f"{found} XP of {truth.xp}, and no flag: {rep.audit()}"
    equal(set(members_of(record["completedModules"])), truth.modules, "modules")


if __name__ == "__main__":
    common.run(globals())

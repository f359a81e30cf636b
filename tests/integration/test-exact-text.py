#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Another program spoils a field of the record: the sync goes on, the next fold heals the field, and nothing else is touched."""
import datetime
import json
import sqlite3

import common
from common import FIRST_DEAL, ON_SERVER, XP, call_rows, equal, expect_exact, level_of, parametrize, worth

MODULE = 50
FIRST_DIAL = XP["first_dial_of_day"]
TOTAL = worth("CONTACT", 150) + FIRST_DIAL + XP["deal_closed"] + FIRST_DEAL + MODULE
ROWS = len(call_rows("CONTACT", 150)) + 4
# What another program has put into the record; the ledger has no row of it, but for the badge of the first deal.
SETS = {"badges": ["first_blood.bronze", "night_owl.bronze"], "completedModules": ["module_0", "module_1"], "certifications": ["sdr_foundations"],
        "defeatedBosses": ["a_boss_of_old"], "passedExams": ["operative_certification"]}
RANK = "E-3"
NUMBERS = {"currentLevel": level_of(TOTAL), "closedDeals": 1, "streakDays": 1, "totalXp": TOTAL}
LONG = "x" * (100 << 10)
SET_TEXTS = {"malformed JSON": '["module_0"', "an object": '{"module_0": true}', "a number": "7", "a text": '"module_0"',
             "numbers in an array": "[1, 2]", "nested arrays": '[["module_0"]]', "null": None, "nothing": "", "the word null": "null",
             "100 KiB": LONG, "deep": "[" * 5000, "a comment": '/* here */ ["module_0"]'}
METRIC_TEXTS = {"malformed JSON": '{"sub30sDropRate": ', "an array": "[1]", "null": None, "nothing": "", "100 KiB": LONG,
                "texts for numbers": '{"sub30sDropRate": "high", "twoPlusMinRate": null}'}
RANK_TEXTS = {"nonsense": "Grand Wizard", "null": None, "nothing": "", "100 KiB": LONG, "lower case nonsense": "e-99"}
# The bookkeeping of the folds; every fold writes it anew.
BOOKKEEPING = ("foldToken", "foldLog", "updatedAt")


def prepare(env):
    """A rep with XP of every kind and a record in which another program has written too, read by this machine."""
    if not ON_SERVER:
        env.server.config(timeline_delay_ms=0)  # else the fold may wait for what the timeline tells
    rep = env.session()
    rep.call("CONTACT", 150)
    rep.deal("deal-1")
    rep.module("module_0")
    rep.sync()
    env.server.patch_record(rep.member, {**{field: json.dumps(ids) for field, ids in SETS.items()}, "currentRank": RANK})
    rep.sync()
    expect_exact(env.server, rep, TOTAL, ROWS, deals=1)
    return rep


def values(record):
    """A record's fields, arrays of ids as sets."""
    found = {field: value for field, value in record.items() if field not in BOOKKEEPING and not isinstance(value, dict)}
    return {**found, **{field: set(json.loads(found[field])) for field in SETS}}


def rates(record):
    """The metrics that are calculated, without the time at which they were."""
    metrics = json.loads(record["efficiencyMetrics"])
    assert isinstance(metrics, dict), metrics
    return {name: value for name, value in metrics.items() if isinstance(value, (int, float))}


def await_healing(server, rep, field, value):
    """A real server's timeline comes late, and the fold waits for it, three readings long at most."""
    for _reading in range(4):
        if not ON_SERVER or server.record(rep.member)[field] not in (value, None, ""):
            return
        rep.sync()


def reports(rep):
    """What the service noted for people to read about fields that cannot be read; it must not be running."""
    found = []
    for path in rep.databases():
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            for (text,) in database.execute("SELECT text FROM audit ORDER BY position"):
                found += json.loads(text).get("unreadable", [])
        finally:
            database.close()
    return found


def spoil(env, rep, field, value, name="efficiencyMetrics"):
    """Writes the value as another program would, syncs, and compares everything with what was there before."""
    server = env.server
    before = server.record(rep.member)
    server.patch_record(rep.member, {field: value})
    rep.sync()
    if field not in BOOKKEEPING:
        await_healing(server, rep, field, value)
    after = server.record(rep.member)
    equal({field: value for field, value in values(after).items() if field != name},
          {field: value for field, value in values(before).items() if field != name}, "the healed record")
    equal(rates(after), rates(before), "the metrics")
    equal(rep.get("Rank"), RANK, "Rank")
    equal(set(rep.get("CompletedModules")), set(SETS["completedModules"]), "CompletedModules")
    equal(set(rep.get("Badges")), set(SETS["badges"]), "Badges")
    # And it goes on.
    rep.call("VOICEMAIL", 20)
    rep.sync()
    rows = ROWS + len(call_rows("VOICEMAIL", 20))
    record = expect_exact(server, rep, TOTAL + worth("VOICEMAIL", 20), rows, deals=1)
    for each, ids in SETS.items():
        equal(sorted(json.loads(record[each])), sorted(ids), each)
    equal(record["currentRank"], RANK, "currentRank")


def set_cases():
    for field in SETS:
        for name, text in SET_TEXTS.items():
            yield f"{field} {name}", (field, text)


@parametrize(dict(set_cases()))
def test_spoilt_set(env, field, text):
    spoil(env, prepare(env), field, text)


@parametrize({name: (text,) for name, text in METRIC_TEXTS.items()})
def test_spoilt_metrics(env, text):
    spoil(env, prepare(env), "efficiencyMetrics", text)


@parametrize({name: (text,) for name, text in RANK_TEXTS.items()})
def test_spoilt_rank(env, text):
    spoil(env, prepare(env), "currentRank", text)


def test_internal_name_of_a_rank(env):
    rep = prepare(env)
    env.server.patch_record(rep.member, {"currentRank": "operative"})
    rep.sync()
    await_healing(env.server, rep, "currentRank", "operative")
    equal(rep.get("Rank"), "E-4", "Rank")
    equal(env.server.record(rep.member)["currentRank"], "E-4", "currentRank, as it is written on the wire")
    expect_exact(env.server, rep, TOTAL, ROWS, deals=1)


@parametrize({f"{field} {name}": (field, text) for field in ("foldToken", "foldLog")
              for name, text in {"null": None, "nothing": "", "100 KiB": LONG, "malformed": '{"folds": ['}.items()})
def test_spoilt_bookkeeping(env, field, text):
    rep = prepare(env)
    spoil(env, rep, field, text)
    record = env.server.record(rep.member)
    assert record[field] and record[field] != text, f"{field} was not written anew: {record[field][:100]}"


@parametrize({f"{field} {value}": (field, value) for field in ("currentLevel", "closedDeals", "streakDays")
              for value in (-1, NUMBERS[field] + 0.5, 1e300, -1e300, 2 ** 63, None)})
def test_spoilt_number(env, field, value):
    spoil(env, prepare(env), field, value)


@parametrize({"negative": (-5,), "a fraction": (TOTAL + 0.25,), "huge": (1e300,), "huge and negative": (-1e300,), "null": (None,)})
def test_spoilt_total(env, value):
    spoil(env, prepare(env), "totalXp", value)


def test_activity_in_the_future(env):
    rep = prepare(env)
    later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=400)
    spoil(env, rep, "lastActivityDate", later.strftime("%Y-%m-%dT%H:%M:%S.000Z"))
    assert rep.get("LastActivity") < later.timestamp() * 1e6, "LastActivity lies in the future"
    equal(rep.get("StreakDays"), 1, "StreakDays")


def test_everything_at_once(env):
    """A record of which no field can be read, on a machine that knows it and on a new one."""
    rep = prepare(env)
    broken = {**{field: "{" for field in SETS}, "efficiencyMetrics": LONG, "currentRank": "none", "currentLevel": -7,
              "streakDays": 0.5, "lastActivityDate": None}
    env.server.patch_record(rep.member, broken)
    other = env.session(member=rep.member)
    equal(other.total(), TOTAL, "total on a new machine")
    rep.sync()
    other.sync()
    record = expect_exact(env.server, [rep, other], TOTAL, ROWS, deals=1)
    equal((record["currentLevel"], record["streakDays"]), (level_of(TOTAL), 1), "level and streak")
    assert "module_0" in json.loads(record["completedModules"]), record["completedModules"]


def test_reported_once(env):
    """Each field that cannot be read is told by name, once, and not again when it is healed."""
    rep = prepare(env)
    env.server.patch_record(rep.member, {"badges": "[", "currentRank": "Grand Wizard", "closedDeals": -4})
    rep.sync()
    await_healing(env.server, rep, "badges", "[")
    rep.add("email_sent")
    rep.sync()
    expect_exact(env.server, rep, TOTAL + XP["email_sent"], ROWS + 1, deals=1)
    rep.stop()
    equal(sorted(report.partition(":")[0] for report in reports(rep)), ["badges", "closedDeals", "currentRank"], "fields reported")


if __name__ == "__main__":
    common.run(globals())

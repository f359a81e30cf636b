#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The built-in catalogue fits its JSON Schema, the schema refuses what it should, and the service's own check refuses the same and, beyond it,
only what SEMANTIC names."""

import copy
import json
import random
import subprocess
import sys
import unittest

import jsonschema

CATALOGUE, SCHEMA, PROGRESSION = sys.argv[1:4]


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def put(path, value):
    """Returns a mutation that sets the value at `path`."""

    def mutate(rules):
        for key in path[:-1]:
            rules = rules[key]
        rules[path[-1]] = value

    return mutate


def drop(*path):
    """Returns a mutation that removes the key at `path`."""

    def mutate(rules):
        for key in path[:-1]:
            rules = rules[key]
        del rules[path[-1]]

    return mutate


BAD = {
    "unknown key": put(["colour"], "red"),
    "unknown key of a source": put(["sources", 0, "colour"], "red"),
    "no version": drop("version"),
    "no limits": drop("limits"),
    "first level": put(["levels", 0], 1),
    "text as XP": put(["sources", 0, "xp"], "2"),
    "fraction of XP": put(["sources", 0, "xp"], 2.5),
    "negative XP": put(["sources", 0, "xp"], -2),
    "per cent": put(["modules", 0, "passScore"], 80),
    "counter": put(["sources", 0, "metric"], "totalXp"),
    "method": put(["sources", 0, "method"], "AddXP"),
    "measure of XP": put(["badges", 0, "measure"], "xp"),
    "measure of the level": put(["badges", 6, "measure"], "level"),
    "rate of XP": put(["badges", 0, "of"], "total_xp"),
    "counter of XP": put(["badges", 3, "of"], "xp"),
    "tier": put(["badges", 0, "tiers", "iron"], {"threshold": 0.1, "xp": 1}),
    "tier without XP": drop("badges", 0, "tiers", "bronze", "xp"),
    "key of another measure": put(["badges", 6, "among"], "dials"),
    "early hour": put(["calls", "earlyBeforeHour"], 24),
    "unit": put(["reportedMetrics", 0, "unit"], "percent"),
    "rank": put(["ranks", 0, "rank"], "sdr_1"),
    "direction": put(["ranks", 3, "metric", "passes"], "under"),
    "multiplier": put(["specializations", 0, "multipliers", "dial_made"], 0),
    "battle": drop("external", "battles", "loss"),
    "back-dating": put(["limits", "backdateDays"], 400),
}


def source_of(rules, kind):
    return next(source for source in rules["sources"] if source["kind"] == kind)


def badge_of(rules, badge):
    return next(found for found in rules["badges"] if found["id"] == badge)


# What a schema cannot say, in the words of the check, and a mutation that breaks each.
SEMANTIC = {
    "more than the level before": lambda rules: rules["levels"].insert(1, rules["levels"][2] + 1),
    "an id that is not used above": lambda rules: rules["exams"][1].update(id=rules["exams"][0]["id"]),
    "a name that is not used elsewhere": lambda rules: source_of(rules, "email_sent").update(aliases=["dial_made"]),
    "a kind that the service knows how to derive": lambda rules: source_of(rules, "note_added").update(derived=True),
    "no counter for a derived award": lambda rules: source_of(rules, "streak_day").update(metric="dials"),
    "true, as the service makes this kind": lambda rules: source_of(rules, "deal_closed").update(paysOnce=False),
    "false, as the service makes this kind": lambda rules: source_of(rules, "correction").update(activity=True),
    "one: the service makes this kind": lambda rules: rules["sources"].remove(source_of(rules, "correction")),
    "limits.maxAmount at most": lambda rules: rules["limits"].update(maxAmount=1),
    "limits.maxMultiplier at most": lambda rules: rules["limits"].update(maxMultiplier=1),
    "three decimals at most": lambda rules: rules["specializations"][0]["multipliers"].update(dial_made=1.0001),
    "calls.longSeconds at most": lambda rules: rules["calls"].update(shortSeconds=rules["calls"]["longSeconds"] + 1),
    "a kind of sources": lambda rules: badge_of(rules, "email_expert").update(of="letter_sent"),
    "a kind of sources that the call does not make anyway": lambda rules: rules["calls"]["dispositions"][0].update(kinds=["dial_made"]),
    "a module above this one": lambda rules: rules["modules"][0].update(needs=["module_6"]),
    "a module of modules": lambda rules: rules["external"]["modules"].update(module_9=50),
    "passScore at least": lambda rules: rules["exams"][0].update(eliteScore=0.1),
    "an exam of exams": lambda rules: rules["ranks"][4].update(exam="no_exam"),
    "a boss of bosses": lambda rules: rules["ranks"][4].update(boss="no_boss"),
    "a badge and tier of badges": lambda rules: rules["bosses"][0].update(badge="redhawk_slayer.silver"),
    "a harder condition than the tier below": lambda rules: badge_of(rules, "closer")["tiers"]["silver"].update(count=1),
    "a level of the table": lambda rules: rules["levels"].pop(),
    "at least the level of the rank before": lambda rules: rules["ranks"][5].update(level=2),
    "a metric that nothing else gives": lambda rules: rules["reportedMetrics"][0].update(id="show_rate"),
    "a measured rate or a ratio of reportedMetrics": lambda rules: rules["ranks"][6]["metric"].update(of="charm"),
    "no such gate, as reportedMetrics has no count “mentees”": lambda rules: rules.update(
        reportedMetrics=[metric for metric in rules["reportedMetrics"] if metric["id"] != "mentees"]),
    "an easier threshold than the one before": lambda rules: rules["efficiency"]["tiers"]["show_rate"].update(above=0.99),
}
SAMPLE = 0.15
NUMBERS = (-1, 0, 1, 2, 7, 23, 24, 31, 32, 100, 101, 366, 367, 86400, 86401, 1000000, 1000001, 2**53, 2**53 + 2, 0.0004, 0.5, 0.9995, 1.5, 2.0)
TEXTS = ("", "x", "x" * 64, "x" * 65, "x" * 80, "x" * 81, "é" * 80, "X", "x y", "x-y", "_x", "1x", "x\u0007", "x\u0085", "E-0", "E-9", "E-10", "E4",
         "x.gold", "x.iron", "closer.gold", "gold", "dials", "xp", "level", "show_rate", "below", "lower", "AddXP", "Promote")  # no newline: Python's “$” differs from the standard's there
OTHERS = (None, True, False, 7, "x", [], {}, ["x"], {"x": 1})


def places(value, path=()):
    """Every place of a JSON value with what stands there."""
    yield path, value
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, path + (key,))


def kind_of(rules, path):
    """Places of one kind have the same rules: numbers of elements do not matter, but for badges, where the measure decides."""
    if path[:1] == ("badges",) and len(path) > 1:
        return ("badges", rules["badges"][path[1]]["measure"], *path[2:])
    return tuple("*" if isinstance(key, int) else key for key in path)


def replacements(value, alike):
    """What is tried in the place of a value; `alike`: other values of places of this kind."""
    yield from (other for other in OTHERS if type(other) is not type(value) or isinstance(other, (bool, list, dict)))
    if isinstance(value, str):
        yield from (*TEXTS, *alike)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from (*NUMBERS, *alike)
    elif isinstance(value, list) and value:
        yield from (value + value[:1], value[::-1], value * 1001)
    elif isinstance(value, dict):
        yield {**value, "colour": 1}


def mutations(rules):
    """(what was done, whether a whole number has a decimal point, the catalogue): one change each, of each kind of place."""
    kinds = {}
    for path, value in places(rules):
        kinds.setdefault(kind_of(rules, path), []).append((path, value))
    for found in kinds.values():
        path, value = found[len(found) // 2]
        simple = [other for _path, other in found if isinstance(other, (str, int, float))]
        for new in replacements(value, simple[:1] + simple[-1:]):
            if path and new != value:
                mutant = copy.deepcopy(rules)
                put(path, new)(mutant)
                yield f"{path} = {new!r}"[:200], isinstance(new, float) and new.is_integer(), mutant
        if path and isinstance(path[-1], str):
            mutant = copy.deepcopy(rules)
            drop(*path)(mutant)
            yield f"without {path}", False, mutant
    for what, change in SEMANTIC.items():
        mutant = copy.deepcopy(rules)
        change(mutant)
        yield what, False, mutant


class Catalogue(unittest.TestCase):
    def setUp(self):
        self.rules = load(CATALOGUE)
        self.validator = jsonschema.Draft202012Validator(load(SCHEMA))

    def test_schema_is_one(self):
        jsonschema.Draft202012Validator.check_schema(load(SCHEMA))

    def test_built_in_fits(self):
        self.assertEqual([error.message for error in self.validator.iter_errors(self.rules)], [])

    def test_bad_ones_do_not(self):
        for name, mutate in BAD.items():
            with self.subTest(name):
                rules = copy.deepcopy(self.rules)
                mutate(rules)
                self.assertFalse(self.validator.is_valid(rules))

    def faults(self, rules):
        """What the service's check says; [] = taken."""
        done = subprocess.run([PROGRESSION, "--json", "rules", "check", "-"], input=json.dumps(rules).encode(), capture_output=True, check=False)
        found = json.loads(done.stdout)
        self.assertEqual((done.returncode, found["valid"]), (1, False) if found["faults"] else (0, True))
        return found["faults"]

    def test_check_agrees_with_schema(self):
        """A sample of the mutations, the same in each run; all of them with --all, in a minute or two."""
        seen, counts, chance = set(), {True: 0, False: 0}, random.Random(1)
        for what, has_point, rules in mutations(self.rules):
            if what not in SEMANTIC and "--all" not in sys.argv and chance.random() > SAMPLE:
                continue
            faults = self.faults(rules)
            fits = self.validator.is_valid(rules)
            counts[fits] += 1
            with self.subTest(what):
                if not fits:
                    self.assertTrue(faults, "the schema refuses it, the check does not")
                for fault in faults if fits and not has_point else ():
                    expected = fault["problem"].rpartition(", expected ")[2]
                    self.assertIn(expected, SEMANTIC, fault)
                    seen.add(expected)
                for fault in faults:
                    self.assertGreater(fault["line"], 0)
                    self.assertRegex(fault["problem"], r"^found .*expected .", fault)
        self.assertEqual(set(SEMANTIC) - seen, set(), "rules of the table that no mutation reaches")
        self.assertGreater(min(counts.values()), 200, counts)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

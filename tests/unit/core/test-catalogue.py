#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The built-in catalogue fits its JSON Schema, and the schema refuses what it should."""

import copy
import json
import sys
import unittest

import jsonschema

CATALOGUE, SCHEMA = sys.argv[1:3]


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


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

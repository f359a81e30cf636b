#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts single cases in meson's testlog.json and prints `N passed, N failed, N skipped`. A TAP program gives its cases, another one counts
as one case. Given a second word, it first prints the comments of the tests that begin with it. Fails when a case failed, and when nothing passed: a run of nothing proves nothing."""
import collections
import json
import pathlib
import re
import sys

CASE = re.compile(r"^(not )?ok\b[^#]*(?:#\s*(skip|todo)\b)?", re.I)
GOOD = {"OK", "EXPECTEDFAIL"}


def count(test):
    counts = collections.Counter()
    for line in (test.get("stdout") or "").splitlines():
        found = CASE.match(line)
        if found:
            counts["skipped" if found[2] else "failed" if found[1] else "passed"] += 1
    if test["result"] == "SKIP":
        counts["skipped"] += not counts
    elif test["result"] in GOOD:
        counts["passed"] += not counts
    elif not counts["failed"]:  # it crashed or ran out of time, perhaps after some good cases
        counts["failed"] += 1
    return counts


def notes(test, word):
    return [line[2:] for line in (test.get("stdout") or "").splitlines() if line.startswith(f"# {word}")]


def main():
    log = pathlib.Path(sys.argv[1])
    total = collections.Counter()
    if log.exists():
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            test = json.loads(line)
            total += count(test)
            for note in notes(test, sys.argv[2]) if len(sys.argv) > 2 else ():
                print(note)
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())

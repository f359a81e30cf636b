#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The real service over midnight, over a day with 23 hours, and over the date line: streak_day and first_dial_of_day pay once for each
local day, and Twenty holds the same. Every zone and every change of the clocks is tried in tests/unit/core/test-zones.c."""
import calendar
import glob
import os
import shutil
import time

import common
from common import DAEMON, XP, equal, expect_record, expect_service, need, need_faults, run

DIAL = XP["dial_made"]
FIRST = XP["first_dial_of_day"]
STREAK = 10


class Clock:
    """The time of a service and its server, which a test sets; the time between runs on."""

    def __init__(self, env):
        need_faults()
        found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
        need(found, "libfaketime is not installed")
        self.server = env.new_sim("--provisioned")
        self.server.provisioned = True
        self.file = self.server.root / "time"
        self.wrapper = ["/usr/bin/env", f"LD_PRELOAD={common.preload(found[0])}", f"FAKETIME_TIMESTAMP_FILE={self.file}", "FAKETIME_NO_CACHE=1",
                        "FAKETIME_DONT_FAKE_MONOTONIC=1"]

    def set(self, utc):
        """`utc`: YYYY-MM-DDTHH:MM:SS"""
        ahead = calendar.timegm(time.strptime(utc, "%Y-%m-%dT%H:%M:%S")) - int(time.time())
        new = self.file.with_suffix(".new")
        new.write_text(f"{ahead:+d}\n", encoding="ascii")
        new.rename(self.file)
        self.server.config(clock_offset_ms=ahead * 1000)


def live(rep, clock, moments, before=lambda number: None):
    """A dial at each moment: (UTC, streak afterwards, earned). Then both ends must agree."""
    total = rows = 0
    for number, (utc, streak, earned) in enumerate(moments):
        before(number)
        clock.set(utc)
        answer = rep.call("NO_ANSWER", 0)
        equal((answer[1], rep.get("StreakDays")), (earned, streak), f"earned and streak at {utc}")
        total += earned
        rows += {DIAL: 1, DIAL + FIRST: 2, DIAL + FIRST + STREAK: 3, DIAL + STREAK: 2}[earned]
    rep.sync()
    rep.sync()
    expect_service(rep, total)
    # Calls before nine o'clock have one more row, without XP.
    rows += sum(row["eventType"] == "early_call" for row in clock.server.rows(rep.member))
    record = expect_record(clock.server, rep.member, total, rows)
    equal(record["streakDays"], moments[-1][1], "streakDays in Twenty")


def test_midnight_and_a_short_day(env):
    """Berlin, 27 to 29 March 2027: on the 28th the clocks go from two to three."""
    clock = Clock(env)
    clock.set("2027-03-27T22:59:30")
    rep = env.session(server=clock.server, wrapper=clock.wrapper, extra={"TZ": "Europe/Berlin"})
    live(rep, clock, (("2027-03-27T22:59:40", 1, DIAL + FIRST), ("2027-03-27T23:00:10", 2, DIAL + FIRST + STREAK),
                      ("2027-03-28T00:59:50", 2, DIAL), ("2027-03-28T01:00:00", 2, DIAL), ("2027-03-28T21:59:30", 2, DIAL),
                      ("2027-03-28T22:00:00", 3, DIAL + FIRST + STREAK)))


def test_clock_set_back_over_midnight(env):
    """The service's clock goes back by hours, and the server's with it; then both are right again."""
    clock = Clock(env)
    clock.set("2027-01-10T12:00:00")
    rep = env.session(server=clock.server, wrapper=clock.wrapper, extra={"TZ": "UTC"})
    live(rep, clock, (("2027-01-10T12:00:10", 1, DIAL + FIRST), ("2027-01-11T01:00:00", 2, DIAL + FIRST + STREAK),
                      ("2027-01-10T22:00:00", 2, DIAL), ("2027-01-11T01:30:00", 2, DIAL), ("2027-01-12T01:00:00", 3, DIAL + FIRST + STREAK)))


def test_over_the_date_line(env):
    """The system's zone is changed while the service runs: to Honolulu, where a day is lived twice, and to Auckland, where one is left out."""
    need(os.geteuid() == 0, "needs root for an /etc of its own")
    clock = Clock(env)
    etc = clock.server.root / "etc"
    shutil.copytree("/etc", etc, symlinks=True, ignore=shutil.ignore_patterns("*shadow*", "ssh", "ssl"))

    def travel(zone):
        (etc / "new").symlink_to(f"/usr/share/zoneinfo/{zone}")
        (etc / "new").rename(etc / "localtime")

    travel("Asia/Tokyo")
    clock.set("2027-01-09T00:59:00")
    start = clock.server.root / "start"
    start.write_text(f"#!/bin/sh\nmount --bind {etc} /etc && unset TZ && exec {' '.join(clock.wrapper)} {DAEMON}\n", encoding="ascii")
    start.chmod(0o755)
    rep = env.session(server=clock.server, wrapper=["/usr/bin/unshare", "--mount", str(start)])
    zones = {2: "Pacific/Honolulu", 5: "Pacific/Auckland"}
    live(rep, clock, (("2027-01-09T01:00:00", 1, DIAL + FIRST), ("2027-01-10T09:00:00", 2, DIAL + FIRST + STREAK),
                      ("2027-01-10T09:30:00", 2, DIAL),  # the 9th again
                      ("2027-01-10T20:00:00", 2, DIAL),  # the 10th again
                      ("2027-01-12T02:00:00", 3, DIAL + FIRST + STREAK),  # the 11th
                      ("2027-01-12T20:00:00", 4, DIAL + FIRST + STREAK)),  # the 13th: there was no 12th
         lambda number: number in zones and travel(zones[number]))
    days = [event["local-day"] for event in reversed(rep.events(type="dial_made"))]
    equal(days, [f"2027-01-{day:02d}" for day in (9, 10, 9, 10, 11, 13)], "local days")


if __name__ == "__main__":
    run(globals())

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clocks that jump by a day and machines that sleep: days are counted right, what pays once a day pays once, syncing goes on, and nothing
storms after the wake-up. libfaketime moves the service's clock; the look-alike keeps its own."""
import datetime
import glob
import time

import hostile
from probe import *  # noqa: F403
from common import XP, expect_exact, parametrize, preload, run as run_tests

DAY = 86400
LIBRARY = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
FIRST_DIAL = XP["first_dial_of_day"]
STREAK_DAY = 10  # for each day of a streak but its first
DIAL = XP["dial_made"] + XP["voicemail_left"]  # a voicemail is worth this, each time


class Clock:
    """The clock of a session's service: seconds ahead of the real one."""

    def __init__(self, folder):
        self.file = folder / "clock"
        self.set(0)

    def set(self, seconds):
        new = self.file.with_suffix(".new")
        new.write_text(f"{seconds:+d}s\n", encoding="ascii")
        new.rename(self.file)

    def wrapper(self):
        return ["/usr/bin/env", f"LD_PRELOAD={preload(LIBRARY[0])}", f"FAKETIME_TIMESTAMP_FILE={self.file}", "FAKETIME_NO_CACHE=1",
                "FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_DONT_RESET=1"]


def new_session(env, tmp, ahead=0, **more):
    need_faults()
    need(LIBRARY, "libfaketime is not here")
    clock = Clock(tmp)
    clock.set(ahead)
    session = env.session(wrapper=clock.wrapper(), **more)
    return session, clock


def day_of(session, ahead=0):
    """The rep's day, so many seconds from now."""
    zone = datetime.timezone(datetime.timedelta(hours=-int(session.env["TZ"].replace("Etc/GMT", "") or 0)))
    return (datetime.datetime.now(zone) + datetime.timedelta(seconds=ahead)).date().isoformat()


def days(session, kind):
    """The days on which events of that type count, oldest first."""
    return sorted(event["local-day"] for event in session.events(type=kind))


def dial(session):
    return session.call("VOICEMAIL", 20)[1]


@parametrize({"a day ahead": (DAY,), "a day back": (-DAY,)})
def test_jump_while_running(env, jump):
    """Both machine and Twenty jump: another day. What pays once a day pays for it, and not again when the clocks are back."""
    session, clock = new_session(env, env.server.root)
    equal(dial(session), DIAL + FIRST_DIAL, "the first dial")
    equal(dial(session), DIAL, "the second one")
    session.sync()
    clock.set(jump)
    env.server.config(clock_offset_ms=jump * 1000)
    session.sync()  # so that the server's clock is known
    equal(dial(session), DIAL + FIRST_DIAL + STREAK_DAY, "the first dial of the other day")
    equal(dial(session), DIAL, "the second one")
    session.sync()
    clock.set(0)
    env.server.config(clock_offset_ms=0)
    session.sync()
    equal(dial(session), DIAL, "the third dial of the first day")
    session.sync_until_well()
    equal(days(session, "first_dial_of_day"), sorted([day_of(session), day_of(session, jump)]), "days of first dials")
    expect_exact(env.server, session, 5 * DIAL + 2 * FIRST_DIAL + STREAK_DAY, len(session.events()))


@parametrize({"a day ahead": (DAY,), "a day behind": (-DAY,)})
def test_wrong_clock(env, ahead):
    """The machine's clock alone is wrong, from the start: the server's counts, so all calls fall on the server's day."""
    session, _clock = new_session(env, env.server.root, ahead=ahead)
    for _ in range(3):
        dial(session)
    session.sync()
    equal(days(session, "first_dial_of_day"), [day_of(session)], "days of first dials")
    for event in session.events():
        assert abs(event["occurred-at"] / 1e6 - time.time()) < 300, f"{event['type']} at {event['occurred-at']}"
    planned = session.client.get(SYNC, "NextSync") / 1e6 - time.time()
    assert abs(planned - ahead) < 3600, f"NextSync is {planned:.0f} s away"
    expect_exact(env.server, session, 3 * DIAL + FIRST_DIAL, len(session.events()))


def test_clock_put_back_while_running(env):
    """The machine's clock falls back by a day, Twenty's does not: the service noticed that no time has gone back."""
    session, clock = new_session(env, env.server.root)
    dial(session)
    session.sync()
    clock.set(-DAY)
    equal(dial(session), DIAL, "another dial of the same day")
    equal(set(days(session, "dial_made")), {day_of(session)}, "days of dials")
    session.sync()
    clock.set(0)
    equal(dial(session), DIAL, "another dial when the clock is right again")
    session.sync_until_well()
    equal(set(days(session, "dial_made")), {day_of(session)}, "days of dials")
    expect_exact(env.server, session, 3 * DIAL + FIRST_DIAL, len(session.events()))


def test_clock_ahead_and_no_server(env):
    """Ten days ahead, and nobody who knows better, while calls are recorded: their rows go out with the server's time, the machine's is
    kept beside it. The call then belongs to the server's day, whose first dial it is; the award of the wrong day stands, and is not paid
    again when that day comes."""
    session, clock = new_session(env, env.server.root)
    session.stop()
    env.server.stop()
    clock.set(10 * DAY)
    recorded = {event["id"] for event in session.events()}
    equal((dial(session), len(recorded)), (DIAL + FIRST_DIAL, 0), "earned, and recorded before")
    recorded = {event["id"] for event in session.events()}
    env.server.restart()
    session.sync_until_well()
    now = datetime.datetime.now(datetime.timezone.utc)
    rows = env.server.rows(session.member)
    for row in rows:
        at = datetime.datetime.fromisoformat(row["occurredAt"].replace("Z", "+00:00"))
        assert at < now + datetime.timedelta(minutes=5), f"{row['eventType']} at {row['occurredAt']}"
        assert row["localDay"] <= (now.date() + datetime.timedelta(days=1)).isoformat(), f"{row['eventType']} on {row['localDay']}"
        equal("occurred-at" in row["details"], row["id"] in recorded, f"the machine's own time in {row['details']}")
    equal(dial(session), DIAL, "another dial of the server's day")
    session.sync_until_well()
    equal(days(session, "first_dial_of_day"), [day_of(session)] * 2, "days of first dials")
    expect_exact(env.server, session, 2 * DIAL + 2 * FIRST_DIAL, len(session.events()))


def test_suspend(env):
    """The machine sleeps over a day with a call unsent, four times: each time one cycle, not one for each interval that was missed."""
    session, clock = new_session(env, env.server.root, settings={"sync_interval": 15})
    total = 0
    for number in range(1, 5):
        total += session.call("VOICEMAIL", 20)[1]
        session.sync()
        env.server.clear_requests()
        mark = session.client.mark()
        before = hostile.switches(session.client.pid())
        with stopped(session.client.pid()):
            clock.set(number * DAY)
            env.server.config(clock_offset_ms=number * DAY * 1000)
        total += session.add("email_sent", ref=f"mail-{number}")[1]
        session.sync()
        cycles = len(session.client.seen("SyncFinished", mark))
        requests = len(env.server.requests())
        assert cycles <= 3 and requests <= 12, f"{cycles} cycles and {requests} requests after the wake-up"
        assert hostile.switches(session.client.pid()) - before < 1000, "a storm of wake-ups"
    equal(len(set(days(session, "first_dial_of_day"))), 4, "days with a first dial")
    session.sync_until_well()
    expect_exact(env.server, session, total, len(session.events()))


if __name__ == "__main__":
    run_tests(globals())

# SPDX-License-Identifier: LGPL-2.1-or-later
"""What every part of the integration tests knows: paths, the rules of the domain, plain claims, waiting."""
import os
import pathlib
import re
import select
import subprocess
import sys

from gi.repository import GLib

sys.dont_write_bytecode = True

BUILD = pathlib.Path(os.environ.get("PRG_BUILD", "build")).resolve()
SIM = BUILD / "tests" / "sim" / "twenty-sim"
CLI = BUILD / "clients" / "progression"
DAEMON = BUILD / "plugin" / "daemon" / "progressiond"
ON_SERVER = os.environ.get("PRG_TEST_SERVER") == "1"
NAME = "org.lids.Progression"
PATH = "/org/lids/Progression"
SYNC = NAME + ".Sync"
ACCOUNT = NAME + ".Account"
PATIENCE = 300 if ON_SERVER else 60  # s; a real server lets a workspace's keys make 100 requests a minute
SLOW = 5 if os.environ.get("ASAN_OPTIONS") else 1


def preload(library):
    """What LD_PRELOAD must be for the daemon, so that it comes with `library`: a sanitizer wants to be loaded first."""
    linked = subprocess.run(["ldd", DAEMON], capture_output=True, check=True).stdout.decode()
    return ":".join([*re.findall(r"lib[au]san\.so\S* => (\S+)", linked), str(library)])


# ---- the rules of the domain that the expectations are made of ----
XP = {"dial_made": 2, "call_connected": 5, "two_plus_minute_call": 15, "callback_scheduled": 25, "voicemail_left": 8,
      "under_thirty_second_call": 0, "first_dial_of_day": 25, "email_sent": 10, "sms_sent": 8, "note_added": 3, "deal_closed": 300,
      "appointment_set": 100, "certification_earned": 300}
LEVELS = (0, 100, 250, 500, 850, 1300, 1900, 2700, 3800, 5200, 7000, 9200, 12000, 15500, 20000, 25000, 30000, 36000, 43000,
          51000, 60000, 70000, 82000, 96000, 112000)
FIRST_DEAL = 250  # first_blood.bronze: one more row with the first deal


def level_of(total):
    return sum(1 for needed in LEVELS if total >= needed)


def call_rows(disposition, duration):
    """The event types of a call's rows, first_dial_of_day left out."""
    rows = ["dial_made"]
    if disposition in ("CONTACT", "CALLBACK"):
        rows.append("call_connected")
    if disposition == "VOICEMAIL":
        rows.append("voicemail_left")
    if disposition == "CALLBACK":
        rows.append("callback_scheduled")
    if disposition in ("CONTACT", "CALLBACK") and duration >= 120:
        rows.append("two_plus_minute_call")
    if disposition in ("CONTACT", "CALLBACK") and duration < 30:
        rows.append("under_thirty_second_call")
    return rows


def worth(disposition, duration):
    return sum(XP[row] for row in call_rows(disposition, duration))


class Skip(Exception):
    """The case cannot be tried here; the text says why."""


def need(condition, reason):
    if not condition:
        raise Skip(reason)


def need_faults():
    need(not ON_SERVER, "needs a look-alike that can fail on demand")


def equal(found, expected, what):
    assert found == expected, f"{what}: {str(found)[:2000]!r}, expected {str(expected)[:2000]!r}"


# ---- waiting: always for something that arrives, never for time to pass ----
def wait_for(condition, timeout=None, what="the condition"):
    """Runs the default main context until the condition holds; it is asked again after everything that arrives on a bus."""
    timeout = (timeout or PATIENCE) * SLOW
    late = []
    timer = GLib.timeout_add(int(timeout * 1000), lambda: late.append(True) or GLib.SOURCE_REMOVE)
    context = GLib.MainContext.default()
    try:
        while True:
            value = condition()
            if value:
                return value
            assert not late, f"{what} did not come within {timeout} s"
            context.iteration(True)
    finally:
        if not late:
            GLib.source_remove(timer)


def wait_gone(pid, timeout, what):
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        assert poll.poll(timeout * 1000 * SLOW), f"{what} ({pid}) did not end within {timeout * SLOW} s"
    finally:
        os.close(handle)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the integration tests share: private sessions with the real service, servers, a D-Bus client, a TAP runner.

A test is a function `test_…(env)`; `run(globals())` runs them. Everything that a test starts is ended by its process id when it
is over, whatever happened, and the test fails if the service does not end by itself or leaves a process behind.

The Twenty server is a look-alike of its own for each test program, or, with PRG_TEST_SERVER=1, the one that TWENTY_URL and
TWENTY_TOKEN name. There the test uses a workspace member without a record, and removes what it made.
"""
import atexit
import os
import pathlib
import signal
import sys
import time
import traceback

import gi

gi.require_version("Gio", "2.0")
sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
# pylint: disable=wrong-import-position,unused-import
from gi.repository import Gio, GLib  # noqa: E402,F401

import session as sessions  # noqa: E402
from bus import Client, Refused, options, refused, variant  # noqa: E402,F401
from desk import SESSIONS, Session, noon_zone  # noqa: E402,F401
from facts import (ACCOUNT, BUILD, CLI, DAEMON, FIRST_DEAL, LEVELS, NAME, ON_SERVER, PATH, PATIENCE, SIM, SLOW, SYNC, XP,  # noqa: E402,F401
                   Skip, call_rows, equal, level_of, need, need_faults, preload, wait_for, wait_gone, worth)
from servers import CHILDREN, RealServer, Server, Sim  # noqa: E402,F401


# ---- the claims ----
def expect_record(server, member, total, rows, ledger=None, external=0, deals=0):
    """Twenty holds exactly this: the record's numbers, and as many rows as the ledger should have, none twice."""
    ledger = total - external if ledger is None else ledger
    found = server.rows(member)
    ids = [row["id"] for row in found]
    equal(len(ids), len(set(ids)), "different ids in the ledger")
    equal(len(ids), rows, f"rows in the ledger {sorted(row['eventType'] for row in found)}"[:2000])
    equal(sum(row["xpAmount"] for row in found), ledger, "sum of the ledger")
    record = server.record(member)
    assert record, "there is no record"
    equal(record["totalXp"], total, "totalXp")
    equal(record["ledgerXp"], ledger, "ledgerXp")
    equal(record["ledgerCount"], rows, "ledgerCount")
    equal(record["externalXp"], external, "externalXp")
    equal(record["closedDeals"], deals, "closedDeals")
    equal(record["currentLevel"], level_of(total), "currentLevel")
    return record


def expect_service(session, total):
    """The service shows exactly this total and has nothing left to send."""
    equal(session.total(), total, "TotalXp of the service")
    equal(session.get("PendingXp"), 0, "PendingXp")
    equal(session.get("Level"), level_of(total), "Level")
    equal(session.pending(), 0, "PendingOperations")
    equal(session.client.get(SYNC, "QuarantinedOperations"), 0, "QuarantinedOperations")
    equal(session.operations(), [], "operations that are not in the ledger")


def expect_exact(server, session, total, rows, **more):
    """Both ends agree: nothing lost, nothing twice, nothing pending."""
    others = session if isinstance(session, (list, tuple)) else [session]
    deadline = time.monotonic() + PATIENCE
    while ON_SERVER and time.monotonic() < deadline:
        # A real server writes its timeline late, and a fold may wait for that.
        record = server.record(others[0].member)
        if record and record["totalXp"] == total and record["ledgerCount"] == rows:
            break
        mark = others[0].client.mark()
        wait_for(lambda since=mark: others[0].client.seen("SyncFinished", since), what="the next sync")
        for one in others:
            one.sync_until_well()
    for one in others:
        expect_service(one, total)
        equal(one.sync_state(), "idle", f"State ({one.reason()})")
    return expect_record(server, others[0].member, total, rows, **more)


# ---- many at once ----
AT_ONCE = 50  # calls without an answer; the service takes 1,000 of one program


def call_plan(disposition="CONTACT", duration=150, lead="lead-1", **more):
    """One call for gather()."""
    return "RecordCall", (disposition, duration, lead, options(more))


def gather(sessions_, plans):
    """Each session makes its plan's calls, (method, arguments), without waiting for answers, all sessions at the same time.
    Returns the answers of each session, in the plan's order; an error fails."""
    answers = [{} for _plan in plans]
    under_way, errors = [0], []

    def finish(which, step, answer, error):
        under_way[0] -= 1
        answers[which][step] = answer
        if error:
            errors.append(str(error))

    for step in range(max(len(plan) for plan in plans)):
        for which, plan in enumerate(plans):
            if step < len(plan):
                under_way[0] += 1
                method, arguments = plan[step]
                sessions_[which].client.send(NAME, method, *arguments,
                                             done=lambda answer, error, at=(which, step): finish(*at, answer, error))
        wait_for(lambda: under_way[0] < AT_ONCE, what="room for more calls")
    wait_for(lambda: under_way[0] == 0, what="the answers")
    equal(errors, [], "errors")
    return [[found[step] for step in sorted(found)] for found in answers]


# ---- the runner ----
class Environment:
    """What a test gets: sessions that are closed after it, and the program's server."""

    def __init__(self):
        self._server = None
        self.sessions = []
        self.extra = []

    @property
    def server(self):
        if self._server is None:
            self._server = RealServer() if ON_SERVER else Sim()
            self.reset_server()
        return self._server

    def new_sim(self, *arguments, **more):
        """Another look-alike, gone after the test."""
        need_faults()
        self.extra.append(Sim(*arguments, **more))
        self.extra[-1].config(timeline_delay_ms=0)  # else a fold may wait for what the timeline tells
        return self.extra[-1]

    def session(self, signed_in=True, server=None, member=None, settings=None, **more):
        """A new session; signed in as a new member of the server unless told otherwise."""
        session = Session(settings, **more)
        self.sessions.append(session)
        if signed_in:
            session.sign_in(server or self.server, member)
        return session

    def keep(self, session):
        """This session outlives the test: the program closes it at its end."""
        self.sessions.remove(session)
        return session

    def reset_server(self):
        """Our own server runs without faults. Its timeline is never late: each fold would wait for it."""
        if self._server is None or ON_SERVER:
            return
        if not self._server.is_running():
            self._server.restart()
        self._server.clear_faults()
        self._server.config(rate_limit=False, latency_ms=0, batch_max=200, refuse_value="", timeline_delay_ms=0, clock_offset_ms=0)

    def end_of_test(self):
        """Closes what the test made; the first error is raised after all is closed."""
        errors = []
        for thing in [*self.sessions, *self.extra]:
            try:
                thing.close()
            except Exception as error:  # pylint: disable=broad-except
                errors.append(error)
        self.sessions, self.extra = [], []
        self.reset_server()
        if errors:
            raise errors[0]

    def close(self):
        for session in list(SESSIONS):
            session.close()
        if self._server:
            self._server.close()


def parametrize(values):
    """A test function for each value: `values` is a dict of case name to arguments, or a list of names."""
    def decorate(function):
        function.cases = values if isinstance(values, dict) else {value: (value,) for value in values}
        return function
    return decorate


def collect(namespace):
    for name, function in list(namespace.items()):
        if name.startswith("test_") and callable(function):
            title = name[5:].replace("_", " ")
            for case, arguments in getattr(function, "cases", {"": ()}).items():
                yield f"{title}: {case}" if case else title, function, arguments


def clean_up():
    for session in list(SESSIONS):
        session.abandon()
    for child in list(CHILDREN):
        child.kill()
        child.wait()


def note(text):
    for line in str(text).splitlines():
        print(f"# {line}", flush=True)


def run_one(env, function, arguments):
    """None, or a Skip, or what went wrong."""
    problem = None
    try:
        function(env, *arguments)
    except Skip as skip:
        problem = skip
    except Exception as error:  # pylint: disable=broad-except
        problem = error
        note(traceback.format_exc())
        for session in env.sessions:
            for line in session.report():
                note(line)
    try:
        env.end_of_test()
    except Exception as error:  # pylint: disable=broad-except
        if problem is None or isinstance(problem, Skip):
            problem = error
            note(traceback.format_exc())
    return problem


def run(namespace):
    """Runs the tests of a program and prints TAP; arguments choose those whose title holds one of them."""
    sessions.libc.prctl(sessions.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    os.environ["PATH"] = sessions.SYSTEM_PATH
    os.environ["LC_ALL"] = "C.UTF-8"
    atexit.register(clean_up)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, sessions.on_signal)
    wanted = sys.argv[1:]
    tests = [test for test in collect(namespace) if not wanted or any(word in test[0] for word in wanted)]
    print(f"1..{len(tests)}", flush=True)
    failed, env = 0, Environment()
    for number, (title, function, arguments) in enumerate(tests, 1):
        start = time.monotonic()
        problem = run_one(env, function, arguments)
        seconds = time.monotonic() - start
        if isinstance(problem, Skip):
            print(f"ok {number} - {title} # SKIP {problem}", flush=True)
        elif problem:
            failed += 1
            print(f"not ok {number} - {title}", flush=True)
        else:
            print(f"ok {number} - {title}", flush=True)
        note(f"{seconds:.2f} s")
    try:
        env.close()
    except Exception:  # pylint: disable=broad-except
        note(traceback.format_exc())
        failed += 1
        print(f"not ok {len(tests) + 1} - the end of the program", flush=True)
    sys.exit(1 if failed else 0)

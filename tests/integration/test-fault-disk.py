#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A disk that is slower than any caller's patience: every call is answered in time, and its answer is true."""
import contextlib
import time

from probe import *  # noqa: F403
from common import run as run_tests

DELAY = 24  # s; longer than the service's 20 seconds
# The leak checker cannot work beside strace.
UNCHECKED = f"ASAN_OPTIONS={os.environ.get('ASAN_OPTIONS', '')}:detect_leaks=0"


def delaying(calls):
    return ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:delay_enter={DELAY * 1000000}:when=1"]


@contextlib.contextmanager
def slow_disk(session, calls):
    """The next of these system calls of the running service lasts long."""
    need(os.geteuid() == 0, "needs root: the service cannot be traced by its user")
    tracer = session.start("strace", *[word for word in delaying(calls) if word != "-qq"], "-p", str(session.client.pid()))
    wait_for(lambda: "attached" in (session.logs / "strace").read_text(), 20, "strace")
    try:
        yield
    finally:
        tracer.terminate()
        tracer.wait(timeout=DELAY + 10)


def dial(session):
    """The command line records a call of the same kind as record()."""
    return subprocess.Popen([CLI, "call", "VOICEMAIL", "--duration", "20"], env=session.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def record(session, **values):
    """RecordCall without waiting; the list of its answer, and when it was sent."""
    return begin(session.client, NAME, "RecordCall", "(susa{sv})", "VOICEMAIL", 20, "", options(values)), time.monotonic()


def await_in_time(answers, start):
    wait_for(lambda: answers, LONG + 5, "an answer")
    assert time.monotonic() - start <= LONG * SLOW, f"answered after {time.monotonic() - start:.1f} s"
    assert isinstance(answers[0], Refused), answers[0]
    return answers[0]


def await_program(program):
    out, complaint = program.communicate(timeout=3 * LONG * SLOW)
    equal((program.returncode, complaint), (0, ""), out)


def expect_calls(env, session, count):
    equal(len(session.events(type="voicemail_left")), count, "calls in the history")
    session.sync()
    equal(len([row for row in env.server.rows(session.member) if row["eventType"] == "voicemail_left"]), count, "calls in the ledger")


def test_a_store_that_opens_too_late(env):
    """A call that waits for the store is refused in time and not carried out later. Whoever repeats it is served."""
    session = env.session()
    session.stop()
    session.start_daemon("env", UNCHECKED, *delaying("pread64"), "-P", str(session.databases()[0]))
    answers, start = record(session)
    program = dial(session)
    read = begin(session.client, PROPERTIES, "Get", "(ss)", NAME, "TotalXp")
    error = await_in_time(answers, start)
    equal(error.name, "StorageFailed", "the answer")
    assert "Nothing was recorded" in error.message, error.message
    equal(await_in_time(read, start).name, "StorageFailed", "the answer to who reads a property")
    await_program(program)
    expect_calls(env, session, 1)


def test_a_commit_that_lasts_too_long(env):
    """A call that is being written is answered in time, by an error that leaves it open; the same id learns the answer."""
    session = env.session()
    with slow_disk(session, "fsync,fdatasync"):
        answers, start = record(session, id="mine")
        program = dial(session)
        error = await_in_time(answers, start)
        equal(error.name, "StillRunning", "the answer")
        assert "same id" in error.message, error.message
        again, _start = record(session, id="mine")
        wait_for(lambda: again, LONG, "the answer to the same id")
        await_program(program)
    row, earned = again[0][:2]
    equal(earned, 2 + 8 + 25, "what the first call brought")
    assert row in {event["id"] for event in session.events(type="dial_made")}, row
    expect_calls(env, session, 2)


if __name__ == "__main__":
    run_tests(globals())

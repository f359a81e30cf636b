#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""1,000 calls of 20 programs at the same time give exactly their sum, here and in Twenty."""
import json
import subprocess
import sys

from common import NAME, PATIENCE, SLOW, equal, expect_exact, options, run, wait_for
from bus import Client

PROGRAMS, CALLS = 20, 50
FIRST_LINE = "ready\n"


def calls_of(program):
    """50 calls of mixed kinds. Deals, modules, certifications and badges are the same in several programs: they pay once."""
    lead = f"lead-{program}"
    for number in range(CALLS):
        yield (("RecordCall", ("CONTACT", 150, lead, options({"id": f"{program}-{number}"}))),
               ("AddXP", ("email_sent", options({"ref": f"{lead}-{number}"}))),
               ("CloseDeal", (f"deal-{number // 10}", options({}))),
               ("RecordCall", ("VOICEMAIL", 20, lead, options({}))),
               ("CompleteModule", (f"module_{number % 4}", 0.9)),
               ("AddXP", ("appointment_set", options({"multipliers": {"m": 1.25}}))),
               ("RecordCall", ("CALLBACK", 10, lead, options({}))),
               ("EarnCertification", (f"certification-{number % 3}",)),
               ("AddXP", ("correction", options({"amount": -3}))),
               ("AddXP", ("note_added", options({"id": f"{program}-{number}"}))))[number % 10]


def be_a_program(program, address):
    """One of the programs: waits for the start, makes its calls, some at once, and tells what it was told."""
    client = Client(address)
    answers = []
    print(FIRST_LINE, end="", flush=True)
    sys.stdin.readline()
    for method, arguments in calls_of(program):
        client.send(NAME, method, *arguments, done=lambda answer, error: answers.append(str(error) if error else answer))
    wait_for(lambda: len(answers) == CALLS, what="the answers")
    client.close()
    print(json.dumps(answers))


def test_a_thousand_calls_of_twenty_programs(env):
    session = env.session()
    children = [subprocess.Popen([sys.executable, __file__, "--program", str(number), session.env["DBUS_SESSION_BUS_ADDRESS"]],
                                 env=session.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for number in range(PROGRAMS)]
    try:
        for child in children:
            equal(child.stdout.readline(), FIRST_LINE, "a program that starts")
        for child in children:
            child.stdin.write("go\n")
            child.stdin.flush()
        answers = [answer for child in children for answer in json.loads(child.communicate(timeout=PATIENCE * SLOW)[0])]
    finally:
        for child in children:
            child.kill()
            child.wait()
    equal([answer for answer in answers if isinstance(answer, str)], [], "errors")
    equal(len(answers), PROGRAMS * CALLS, "answers")
    total = sum(earned for _id, earned, *_rest in answers)
    equal(session.total(), total, "TotalXp and the sum of what was earned")
    rows = len(session.events())
    session.sync_until_well()
    equal(len({event["id"] for event in session.events()}), rows, "events")
    expect_exact(env.server, session, total, rows, deals=CALLS // 10)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--program"]:
        be_a_program(int(sys.argv[2]), sys.argv[3])
    else:
        run(globals())

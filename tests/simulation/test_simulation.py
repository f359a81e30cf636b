#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The simulation itself: it finds what is wrong, makes it small, and tells it again (TAP).

Its model server is given a flaw, since the shipped code shall have none."""
import re
import subprocess
import sys

SIMULATION = sys.argv[1]
FAILED = re.compile(r"^seed (\d+) failed: (.+)\n  made smaller: (.+)\n  replay: \./dev simulate (.+)$", re.M)
LAST = re.compile(r"(\d+) histories held, (\d+) failed; (\d+) exact, (\d+) with something flagged")


def simulate(*arguments):
    done = subprocess.run([SIMULATION, *arguments], capture_output=True, text=True, check=False, timeout=240)
    return done.returncode, done.stdout


def last_line(output):
    return [int(number) for number in LAST.fullmatch(output.splitlines()[-1]).groups()]


def number_after(option, arguments):
    return int(re.search(rf"{option} (\d+)", arguments)[1])


def finds(flaw, *words):
    """A run with the flaw fails, is made smaller, and its replay fails in the same way. Returns the replay's output."""
    code, output = simulate("--histories", "60", "--flaw", flaw)
    assert code == 1, f"exit code {code}"
    assert last_line(output)[1] > 0, output
    found = FAILED.search(output)
    assert found, output
    seed, _, failure, arguments = found.groups()
    assert any(word in failure for word in words), failure
    assert number_after("--replay", arguments) == int(seed)
    code, told = simulate(*[part.strip("'") for part in arguments.split(" ")])
    assert code == 1, "the replay held"
    assert f"FAILED: {failure}" in told, told[-600:]
    assert last_line(told)[:2] == [0, 1]
    return arguments, told


def test_server_that_adds_twice():
    arguments, told = finds("adds-twice", "above")
    # No fault is needed for it, one machine and one command are enough.
    assert "--devices 1 " in arguments and "--earnings 1 " in arguments and "--faults ''" in arguments, arguments
    assert "swap" in told and "earned" in told


def test_server_that_forgets_is_survived():
    # Every batch of several rows loses one after it was accepted: the owner sees it by its own count, and sends it again.
    code, output = simulate("--histories", "60", "--flaw", "forgets")
    assert code == 0 and last_line(output)[:2] == [60, 0], output


def test_server_that_renames():
    _, told = finds("renames", "nobody earned")
    assert "post" in told


def test_same_result_with_any_number_of_processes():
    for family in ((), ("--blind",), ("--flaw", "adds-twice")):
        one, three = (simulate("--histories", "700", "--jobs", jobs, *family) for jobs in ("1", "3"))
        assert one == three, family


def test_devices_and_faults_as_told():
    code, output = simulate("--histories", "40", "--devices", "3", "--faults", "limit,hang")
    assert code == 0
    struck = output.splitlines()[-2]
    assert re.fullmatch(r"struck: hang [1-9]\d* limit [1-9]\d*", struck), struck


def test_help_names_every_fault():
    _, text = simulate("--help")
    _, output = simulate("--histories", "1", "--faults", ",".join(re.findall(r"^  ([a-z]+) +[a-z0-9A-Z]", text, re.M)))
    for name in ("loss reply duplicate reorder delay hang crash stale limit outage token restore outside blind disk "
                 "damage gone export revoke retry night").split():
        assert re.search(rf"^  {name} ", text, re.M), name
        assert name in output, name


def test_bad_arguments():
    for arguments in (("--faults", "gremlins"), ("--devices", "5"), ("--histories", "0"), ("more",)):
        assert simulate(*arguments)[0] == 2, arguments


def main():
    tests = [(name[5:], test) for name, test in globals().items() if name.startswith("test_")]
    failed = 0
    print(f"1..{len(tests)}")
    for number, (name, test) in enumerate(tests, 1):
        try:
            test()
            print(f"ok {number} - {name}", flush=True)
        except (AssertionError, AttributeError, TypeError, subprocess.TimeoutExpired) as error:
            failed += 1
            text = str(error).replace("\n", "\n#   ")
            print(f"not ok {number} - {name}\n#   {type(error).__name__}: {text}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

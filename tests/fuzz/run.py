#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the fuzzers for a while, two at a time, each over its seeds and what earlier runs found (kept in the build directory).

Usage: run.py BUILD [TARGET…] [--seconds N]     one line per target; the exit code tells whether something was found"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
OPTIONS = ["-max_len=16384", "-timeout=25", "-rss_limit_mb=4096", "-print_final_stats=1"]
ENVIRONMENT = {
    # libFuzzer looks for leaks after each suspicious run. At the end the table of interned strings would be taken for one: GLib leaves
    # the old table behind whenever it grows.
    "ASAN_OPTIONS": "detect_leaks=1:leak_check_at_exit=0:strict_string_checks=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "LSAN_OPTIONS": f"suppressions={ROOT / 'tests/lsan.supp'}:print_suppressions=0",
    "G_SLICE": "always-malloc",
}


def last(pattern, text):
    found = re.findall(pattern, text)
    return found[-1] if found else "?"


def fuzz(build, name, seconds):
    """Runs one target. Returns (TRUE if nothing was found, what to print)."""
    program = build / "tests/fuzz" / f"fuzz-{name}"
    found, crashes = build / "fuzz-found" / name, build / "fuzz-crashes"
    for folder in (found, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    command = [program, *OPTIONS, f"-max_total_time={seconds}", f"-artifact_prefix={crashes / name}-", found, build / "tests/fuzz/seeds" / name]
    log = crashes / f"{name}.log"
    with open(log, "wb") as output:
        code = subprocess.run(command, env={**os.environ, **ENVIRONMENT}, stdin=subprocess.DEVNULL, stdout=output,
                              stderr=subprocess.STDOUT, check=False).returncode
    text = log.read_text(encoding="utf-8", errors="replace")
    runs, speed = last(r"stat::number_of_executed_units: +(\d+)", text), last(r"stat::average_exec_per_sec: +(\d+)", text)
    edges, size = last(r"cov: (\d+)", text), last(r"corp: (\d+)", text)
    line = f"{name:10} {runs:>10} runs {speed:>7}/s {edges:>6} edges {size:>6} inputs"
    if code == 0:
        return True, line
    artifact = last(r"Test unit written to (\S+)", text)
    return False, "\n".join([f"{line}   FAILED", text[-3000:], f"input:    {artifact}", f"replay:   {program} {artifact}",
                             f"minimise: {program} -minimize_crash=1 -max_total_time=60 {artifact}", f"log:      {log}"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--seconds", type=int, default=20)
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    known = sorted(path.stem.removeprefix("fuzz-") for path in (ROOT / "tests/fuzz").glob("fuzz-*.c")
                   if (build / "tests/fuzz" / path.stem).exists())
    unknown = set(arguments.targets) - set(known)
    if unknown:
        parser.error(f"no such target: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    good = True
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for fine, text in pool.map(lambda name: fuzz(build, name, arguments.seconds), arguments.targets or known):
            print(text, flush=True)
            good = good and fine
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

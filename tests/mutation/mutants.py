#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Breaks the core and the sync in one line at a time, and looks whether the tests notice.

usage: mutants.py [NAME…]   (all by default; mutants.json holds them)

Works on a copy of the tree. A mutant is caught when the unit tests of core or sync, or else a part of the simulation, fail. One that
nothing notices is a hole in the tests: the exit code is 1.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SIMULATION = "tests/simulation/progression-simulation"
HISTORIES = "3000"


def run(*command, cwd=None):
    return subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)


def copy_tree(target):
    """What git knows, and what it would take."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        source = ROOT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)


class Tree:
    def __init__(self, folder):
        self.folder = folder
        self.build = folder / "build"
        copy_tree(folder)
        done = run("meson", "setup", str(self.build), cwd=folder)
        assert done.returncode == 0, done.stdout
        done = self.compile()
        assert done.returncode == 0, done.stdout
        noticed = self.noticed_by()
        assert noticed is None, f"the tests fail without any mutant: {noticed}"

    def compile(self):
        """All of core and sync. `meson test` links the tests that it needs."""
        return run("ninja", "-C", str(self.build), SIMULATION)

    def noticed_by(self):
        """Who fails; None = nobody."""
        done = run("meson", "test", "-C", str(self.build), "--suite", "core", "--suite", "sync", "--maxfail", "1",
                   "--num-processes", "2", "--timeout-multiplier", "3")
        if done.returncode != 0:
            return next((line.split(" / ")[-1].split()[0] for line in done.stdout.splitlines()
                         if " / " in line and any(word in line for word in ("FAIL", "ERROR", "TIMEOUT"))), "a unit test")
        simulation = str(self.build / SIMULATION)
        for family in ((), ("--blind",)):
            if run("timeout", "300", simulation, "--histories", HISTORIES, "--seed", "1", *family).returncode != 0:
                return " ".join(["the simulation", *family])
        return None

    def breaks(self, mutant):
        """The mutant in the tree; returns who noticed."""
        path = self.folder / mutant["file"]
        text = path.read_text(encoding="utf-8")
        found = text.count(mutant["line"])
        assert found == 1, f"{mutant['name']}: the line stands {found} times in {mutant['file']}; mend mutants.json"
        path.write_text(text.replace(mutant["line"], mutant["broken"]), encoding="utf-8")
        try:
            done = self.compile()
            assert done.returncode == 0, f"{mutant['name']} does not compile:\n{done.stdout}"
            return self.noticed_by()
        finally:
            path.write_text(text, encoding="utf-8")


def main():
    mutants = json.loads((pathlib.Path(__file__).parent / "mutants.json").read_text(encoding="utf-8"))
    chosen = [mutant for mutant in mutants if mutant["name"] in sys.argv[1:] or not sys.argv[1:]]
    assert chosen, f"no such mutant; there are: {', '.join(mutant['name'] for mutant in mutants)}"
    os.environ["G_DEBUG"] = "fatal-criticals"
    caught = 0
    with tempfile.TemporaryDirectory(prefix="progression-mutants-") as folder:
        tree = Tree(pathlib.Path(folder))
        for mutant in chosen:
            who = tree.breaks(mutant)
            caught += who is not None
            print(f"{'caught  ' if who else 'SURVIVED'} {mutant['name']:40} {who or mutant['file']}", flush=True)
    print(f"{caught} of {len(chosen)} mutants caught")
    return caught != len(chosen)


if __name__ == "__main__":
    sys.exit(main())

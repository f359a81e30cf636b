#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The library as a stranger gets it: installed into a folder, found with pkg-config, and used by the examples in four languages."""
import atexit
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree

import common
from common import BUILD, XP, call_rows, equal, expect_exact, need, parametrize, worth

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent.parent / "clients" / "examples"
PACKAGE = "liblids-progression-1.0"
MEMORY = {"MALLOC_PERTURB_": "165"}  # what is read after it was freed is nonsense


class Installed:
    """What `meson install` made, once for all tests, and how programs find it."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="progression-library-"))
        atexit.register(shutil.rmtree, self.folder)
        self.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", self.folder], os.environ)
        package = self.only("*.pc")
        package.write_text(package.read_text().replace("prefix=/", f"prefix={self.folder}/", 1))
        self.paths = {"LD_LIBRARY_PATH": str(self.only("*.so.0").parent), "GI_TYPELIB_PATH": str(self.only("*.typelib").parent)}
        self.env = {**os.environ, **self.paths, "PKG_CONFIG_PATH": str(package.parent)}

    def only(self, pattern):
        found = [path for path in self.folder.rglob(pattern) if "lids" in path.name.lower()]
        equal(len(found), 1, f"files {pattern}: {found}")
        return found[0]

    def run(self, command, environment):
        done = subprocess.run([str(word) for word in command], env=environment, capture_output=True, check=False, text=True,
                              stdin=subprocess.DEVNULL, cwd=self.folder, timeout=120)
        equal(done.returncode, 0, f"exit code of {command[0]}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def flags(self, *options):
        return self.run(["pkg-config", *options, PACKAGE], self.env).split()


@functools.lru_cache
def install():
    need("asan" not in os.environ.get("ASAN_OPTIONS", ""), "these programs are not linked with the sanitizers")
    return Installed()


def build_c(installed):
    program = installed.folder / "record-call"
    warnings = ["-std=c17", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror"]
    installed.run(["cc", *warnings, EXAMPLES / "record-call.c", "-o", program, *installed.flags("--cflags", "--libs")], installed.env)
    return [program]


def build_vala(installed):
    program = installed.folder / "record-call"
    options = [f"--vapidir={installed.only('*.vapi').parent}", f"--pkg={PACKAGE}", "-o", program]
    for flag in installed.flags("--cflags", "--libs"):
        options += ["-X", flag]
    installed.run(["valac", *options, EXAMPLES / "record-call.vala"], installed.env)
    return [program]


LANGUAGES = {"C": (build_c,), "Vala": (build_vala,), "Python": (lambda _installed: ["/usr/bin/python3", EXAMPLES / "record-call.py"],),
             "JavaScript": (lambda _installed: ["gjs", EXAMPLES / "record-call.js"],)}


@parametrize(LANGUAGES)
def test_example(env, command):
    """It says what the call is worth, and Twenty's look-alike holds exactly that call."""
    installed = install()
    program = [str(word) for word in command(installed)]
    rep = env.session()
    surroundings = {**rep.env, **installed.paths, **MEMORY}
    total = worth("CONTACT", 145) + XP["first_dial_of_day"]
    said = installed.run(program, surroundings)
    equal(said.splitlines(), [f"{rep.get('Name')}, level 1", f"+{total} XP, {total} in total, level 1", "In Twenty. Pending: 0 XP"],
          "what it says")
    expect_exact(env.server, rep, total, len(call_rows("CONTACT", 145)) + 1)
    equal({row["ref"] for row in env.server.rows(rep.member) if row["eventType"] == "dial_made"}, {"lead-7"}, "the lead")
    # Nobody serves: a sentence and an exit code, no hang.
    without_service(rep)
    failed = subprocess.run(program, capture_output=True, check=False, text=True, timeout=60, stdin=subprocess.DEVNULL, env=surroundings)
    equal(failed.returncode, 1, f"exit code without a service ({failed.stderr})")
    assert "cannot be reached" in failed.stderr, failed.stderr


def without_service(rep):
    """The bus cannot start the service any more."""
    (rep.services / f"{common.NAME}.service").unlink()
    rep.client.bus.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "ReloadConfig", None, None,
                             common.Gio.DBusCallFlags.NONE, 10000, None)
    rep.stop()


@parametrize({"Python": ("/usr/bin/python3", "py"), "JavaScript": ("gjs", "js")})
def test_lists(env, interpreter, ending):
    """Lists of structures arrive whole and stay so: each entry as the service says it. A raw proxy says the same as the bus."""
    installed = install()
    rep = env.session()
    rep.deal("deal-1")
    script = pathlib.Path(__file__).resolve().with_name(f"library-lists.{ending}")
    said = json.loads(installed.run([interpreter, script], {**rep.env, **installed.paths, **MEMORY}))
    badges = rep.client.call(common.NAME, "GetBadges")[0]
    eligible, gates = rep.client.call(common.NAME, "GetEligibility", "E-2")
    equal(said["badges"], [[one[key] for key in ("id", "name", "tier", "next-tier", "needed", "known")] for one in badges], "badges")
    equal(said["owned"], rep.get("Badges"), "the badges that the rep has")
    equal(said["eligible"], eligible, "eligible")
    equal((said["total"], said["efficiency"]), (rep.total(), list(rep.client.call(common.NAME, "GetEfficiency"))), "raw proxy")
    equal(said["gates"], [[one["kind"], one["id"], one["needed"], one.get("have"), one["met"]] for one in gates], "gates")


def exported(library):
    names = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, check=True, text=True).stdout.split("\n")
    return [line.split()[-1] for line in names if line and line.split()[-2] != "A"]


def test_exports(env):
    """The library exports what its description documents, each symbol with its version, and nothing else."""
    installed = install()
    root = xml.etree.ElementTree.parse(installed.only("*.gir")).getroot()
    documented = {element.get("{http://www.gtk.org/introspection/c/1.0}identifier") for element in root.iter()}
    types = {element.get("{http://www.gtk.org/introspection/glib/1.0}get-type") for element in root.iter()}
    expected = {f"{name}@@LIDS_PROGRESSION_1.0" for name in (documented | types) - {None} if name.startswith("lids_")}
    library = installed.only("*.so.0")
    equal(sorted(exported(library)), sorted(expected), "symbols")
    assert "SONAME               liblids-progression-1.0.so.0\n" in installed.run(["objdump", "-p", library], os.environ) + "\n"


def test_undocumented_symbol_is_noticed(env):
    """Whole, the reference is built with the library. A function that has lost its documentation is named, and it alone."""
    installed = install()
    whole = installed.only("*.gir").read_text()
    start = whole.index("<doc ", whole.index('<method name="record_call_async"'))
    spoilt = installed.folder / "Lids-1.0.gir"
    spoilt.write_text(whole[:start] + whole[whole.index("</doc>", start) + len("</doc>"):])
    done = subprocess.run(["gi-docgen", "check", "--quiet", "--fatal-warnings", "--config", BUILD / "clients" / "lib" / "lids.toml", spoilt],
                          capture_output=True, check=False, text=True, timeout=60)
    equal(done.returncode, 1, "exit code of gi-docgen")
    equal(re.findall(r"Symbol '([\w.]+)'", done.stdout + done.stderr), ["Lids.ProgressionClient.record_call_async"], "what it names")


if __name__ == "__main__":
    common.run(globals())

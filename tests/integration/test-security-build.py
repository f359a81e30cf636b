#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the compiler, the linker and systemd do against an attacker: the programs that are installed, and the unit that starts them."""
import json
import re
import shlex
import tempfile

from probe import *  # noqa: F403
from common import parametrize, run as run_tests

PROGRAMS = {"plugin": SO, "daemon": DAEMON, "command line": CLI, "library": LIBRARY}
LOADED = {"plugin", "library", "libpeas module"}
if PEAS_MODULE.exists():
    PROGRAMS["libpeas module"] = PEAS_MODULE
SANITIZED = "ASAN_OPTIONS" in os.environ
# No optimiser, and code of the compiler's own in between: not the programs that are shipped.
COVERED = "PRG_COVERAGE" in os.environ
MAX_EXPOSURE = 62  # tenths; docs/security.md names it
UNIT = BUILD / "data" / "lids-progression.service"


def readelf(program, *switches):
    code, out, complaint = run(["readelf", "-W", *switches, program], os.environ)
    equal((code, complaint), (0, ""), "readelf")
    return out


@parametrize({name: (name,) for name in PROGRAMS})
def test_how_it_is_linked(env, name):
    program = PROGRAMS[name]
    segments, dynamic = readelf(program, "-l"), readelf(program, "-d")
    equal(re.search(r"^Elf file type is (\S+)", segments, re.M)[1], "DYN", "position-independent")
    equal(re.search(r"GNU_STACK.* (\S+)\s+0x", segments)[1], "RW", "the stack's rights")
    assert "GNU_RELRO" in segments, "no read-only relocations"
    assert re.search(r"\(FLAGS_1\).*\bNOW\b", dynamic), "symbols are bound late: the table of functions stays writable"
    equal([line for line in segments.splitlines() if re.search(r"^\s+LOAD .* RWE ", line)], [], "writable and executable segments")
    assert "TEXTREL" not in dynamic, "code is written to when it is loaded"
    if name not in LOADED:
        assert re.search(r"\(FLAGS_1\).*\bPIE\b", dynamic), "not a position-independent program"


@parametrize({name: (name,) for name in PROGRAMS})
def test_how_it_is_compiled(env, name):
    symbols = set(re.findall(r"\bUND (\w+)", readelf(PROGRAMS[name], "--dyn-syms")))
    assert "__stack_chk_fail" in symbols, "no stack protector"
    need(not SANITIZED and not COVERED, "what looks at the program takes the place of fortified functions")
    # What wipes a secret knows its buffer's size; the few lines of the others copy nothing.
    equal("__explicit_bzero_chk" in symbols, name in ("plugin", "command line"), "fortified functions")
    equal(symbols & {"gets", "strcpy", "strcat", "sprintf", "vsprintf", "system", "popen", "alloca"}, set(), "functions without a bound")


def test_every_file_is_compiled_so(env):
    flags = {"-fstack-protector-strong", "-fstack-clash-protection", "-Werror=format-security"}
    if not SANITIZED and not COVERED:
        flags.add("-D_FORTIFY_SOURCE=3")
    if os.uname().machine == "x86_64":
        flags.add("-fcf-protection")
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        if re.search(r"(^|/)(plugin|clients)/", entry["file"]):
            missing = flags - set(shlex.split(entry["command"]))
            equal(missing, set(), f"flags of {entry['file']}")


# ---- the unit ----
def analyze(*arguments):
    with tempfile.TemporaryDirectory(prefix="progression-unit-") as folder:
        unit = pathlib.Path(folder) / UNIT.name
        unit.write_text(re.sub(r"^ExecStart=.*", f"ExecStart={DAEMON}", UNIT.read_text(), flags=re.M))
        # man pages of a build that is not installed cannot be found
        environment = {**os.environ, "XDG_RUNTIME_DIR": folder, "SYSTEMD_UNIT_PATH": f"{folder}:"}
        return run(["systemd-analyze", arguments[0], "--user", *arguments[1:], unit], environment)


def test_unit_is_understood(env):
    code, out, complaint = analyze("verify", "--man=no")
    equal((code, out, complaint), (0, "", ""), "systemd-analyze verify")  # an unknown key is a warning with exit code 0


def test_unit_exposure(env):
    code, out, complaint = analyze("security", "--offline=true", "--no-pager", f"--threshold={MAX_EXPOSURE}")
    level = re.search(r"Overall exposure level.*?: ([0-9.]+)", out)
    print(f"# {level[0] if level else out + complaint}", flush=True)
    equal(code, 0, f"exposure above {MAX_EXPOSURE / 10}: {complaint}")
    documented = re.search(r"exposure level\s+(?:is|of)\s+\**([0-9.]+)", (SOURCE / "docs" / "security.md").read_text())
    equal(documented and documented[1], level[1], "the number in docs/security.md")


def allowed_calls():
    """The system calls that the unit's filter lets through."""
    sets, current = {}, None
    for line in run(["systemd-analyze", "syscall-filter", "--no-pager"], os.environ)[1].splitlines():
        if line.startswith("@"):
            current = sets.setdefault(line.strip(), set())
        elif line.startswith("    ") and not line.strip().startswith("#"):
            current.add(line.strip())
        elif line.startswith("#"):
            current = set()

    def members(name):
        if not name.startswith("@"):
            return {name}
        return set().union(*(members(each) for each in sets[name]), set()) | {each for each in sets[name] if not each.startswith("@")}

    allowed = set()
    for line in re.findall(r"^SystemCallFilter=(.*)", UNIT.read_text(), re.M):
        chosen = set().union(*(members(name) for name in line.lstrip("~").split()))
        allowed = allowed - chosen if line.startswith("~") else allowed | chosen
    return allowed


# Tried, and done without: GLib asks whether it may set its threads' scheduling; SQLite gives a new file to its folder's owner, as root only.
TOLERATED = {"sched_setattr", "fchown"}


def test_the_filter_lets_all_calls_through(env):
    """The service, from its start to its end, makes no system call that its unit refuses, and goes on where it may be refused one."""
    need(not SANITIZED, "the leak check cannot work under strace, and makes calls of its own")
    session = env.session(signed_in=False)
    traced = session.root / "calls"
    tracer = session.start_daemon("/usr/bin/strace", "--follow-forks", "--summary-only",
                                  f"--inject={','.join(sorted(TOLERATED))}:error=EPERM", "--output", str(traced))
    session.sign_in(env.server)
    session.call("CONTACT", 150)
    session.sync()
    with open(session.root / "home" / "export", "w+b") as file:
        session.client.call(SYNC, "Export", 0, fd=file.fileno())
        file.seek(0)
        session.client.call(SYNC, "Import", 0, fd=file.fileno())
    session.set_settings(push_delay=1000)
    session.client.call(ACCOUNT, "SignOut", {})
    session.stop()
    tracer.wait(timeout=20)  # it writes at its end
    made = {line.split()[-1] for line in traced.read_text().splitlines() if re.match(r"\s*[0-9.]+\s", line)} - {"total"}
    assert len(made) > 40, f"strace saw too little: {sorted(made)}"
    equal(made - allowed_calls(), TOLERATED if os.geteuid() == 0 else TOLERATED - {"fchown"}, "system calls that the unit refuses")


if __name__ == "__main__":
    run_tests(globals())

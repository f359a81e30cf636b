#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line: each subcommand, its JSON against the bus, exit codes, the prompt, completion, the manual page."""
import json
import pty
import select
import termios

from probe import *  # noqa: F403
from common import FIRST_DEAL, parametrize, run as run_tests

OK, REFUSED, USAGE, SIGNED_OUT, OFFLINE, PENDING, UNREACHABLE = range(7)
COMMANDS = ("status", "call", "xp", "deal", "module", "exam", "boss", "revoke", "events", "metrics", "operations", "audit", "retry",
            "discard", "sync", "sign-in", "sign-out", "provision", "export", "import")


def cli(session, *arguments, stdin=b"", code=OK):
    found, out, complaint = run([CLI, *arguments], session.env, stdin, cwd=session.root / "home")
    equal(found, code, f"exit code of progression {' '.join(map(str, arguments))}: {complaint}")
    for line in (out + complaint).splitlines():
        assert len(line) <= 80 or code != OK or "--json" in arguments, f"{len(line)} columns: {line}"
    if code not in (OK, SIGNED_OUT):
        equal((out, bool(complaint)), ("", True), "a refusal is on standard error")
    return out or complaint


def said(session, *arguments, **more):
    return json.loads(cli(session, "--json", *arguments, **more))


def test_status(env):
    session = env.session()
    session.call("CONTACT", 150)
    session.sync()
    found = said(session, "status")
    for key, interface in (("progression", NAME), ("sync", SYNC), ("account", ACCOUNT)):
        equal(found[key], get_all(session.client, interface), key)
    text = cli(session, "status")
    for word in ("Sam Sample", "47", "E-1", "idle", env.server.url):
        assert word in text, f"no {word} in {text}"
    equal(said(session, "status"), json.loads(cli(session, "status", "--json")), "--json before and after the command")


def test_earning(env):
    session = env.session()
    answer = said(session, "call", "contact", "--duration", "150", "--lead", "lead-1", "--id", "c1", "--details", "text")
    equal({key: answer[key] for key in ("earned", "total", "level", "leveled_up")},
          {"earned": 47, "total": 47, "level": 1, "leveled_up": False}, "call")
    equal(said(session, "call", "CONTACT", "--duration", "150", "--lead", "lead-1", "--id", "c1", "--details", "text"), answer, "repeated")
    cases = ((("xp", "email_sent", "--ref", "m"), 10), (("xp", "note_added", "--amount", "9500"), 9500), (("deal", "d1"), 300 + FIRST_DEAL),
             (("module", "module_0", "0.9"), 50), (("exam", "operative_certification", "0.96"), 100), (("boss", "redhawk"), 1500),
             (("deal", "d1"), 0), (("xp", "correction", "--amount", "-50"), -50))
    total = 47
    for arguments, worth in cases:
        answer = said(session, *arguments)
        total += worth
        equal((answer["earned"], answer["total"]), (worth, total), arguments[0])
        equal(answer["total"], session.total(), "TotalXp")
    made = session.add("email_sent")[0]
    assert str(total) in cli(session, "revoke", made, "--reason", "by mistake"), "revoke tells the total"
    equal(session.total(), total, "TotalXp after it")
    text = cli(session, "call", "VOICEMAIL", "--at", "2999-01-01", code=REFUSED)
    assert "future" in text, text


def test_lists(env):
    session = env.session()
    session.call("CALLBACK", 150, lead="Ω" * 300)
    session.add("email_sent", ref="x" * 500)
    equal(said(session, "events"), session.client.call(NAME, "ListEvents", {})[0], "events")
    equal(len(said(session, "events", "--limit", "2")), 2, "--limit")
    equal([event["type"] for event in said(session, "events", "--type", "email_sent")], ["email_sent"], "--type")
    equal(said(session, "events", "--until", "2020-01-01"), [], "--until")
    equal(len(said(session, "events", "--since", "2020-01-01T00:00:00Z")), 6, "--since")
    equal(said(session, "metrics"), session.client.call(NAME, "GetDailyMetrics", "", "")[0], "metrics")
    equal(said(session, "metrics", "--from", "2020-01-01", "--to", "2020-01-02"), [], "--from, --to")
    equal(said(session, "operations"), session.operations(), "operations")
    equal(said(session, "audit"), session.audit(), "audit")
    for command in ("events", "metrics", "operations"):
        assert len(cli(session, command).splitlines()) >= 2, command
    assert "Everything" in cli(session, "sync"), "sync"
    equal(said(session, "sync"), {}, "sync in JSON")
    equal(len(said(session, "operations", "--state", "folded")) + len(said(session, "operations", "--state", "ledgered")), 6, "--state")
    assert "Nothing" in cli(session, "operations"), "nothing waits"


def test_quarantine(env):
    need_faults()
    session = env.session()
    env.server.config(refuse_value="poison")
    bad = [session.add("email_sent", ref=f"poison-{n}")[0] for n in (1, 2)]
    session.add("email_sent", ref="good")
    session.sync_until_well()
    wait_property(session.client, SYNC, "QuarantinedOperations", 2)
    equal({row["id"] for row in said(session, "operations", "--state", "quarantined")}, set(bad), "quarantined")
    assert "uarantined" in cli(session, "status"), "status tells of it"
    env.server.config(refuse_value="")
    cli(session, "retry", bad[0])
    cli(session, "discard", bad[1])
    cli(session, "sync")
    equal((session.total(), said(session, "operations")), (20, []), "afterwards")
    cli(session, "retry", bad[0], code=REFUSED)


def test_export_and_import(env):
    server = env.new_sim("--provisioned")
    session = env.session(server=server)
    session.sync()
    server.stop()
    session.call("CONTACT", 150)
    cli(session, "export", "operations.jsonl")
    path = session.root / "home" / "operations.jsonl"
    equal((len(path.read_text().splitlines()), path.stat().st_mode & 0o777), (5, 0o600), "lines, mode")
    equal(run([CLI, "export"], session.env)[1], path.read_text(), "to standard output")
    equal(said(session, "import", "operations.jsonl"), {"added": 0}, "known already")
    equal("0" in cli(session, "import", "-", stdin=path.read_bytes()), True, "from standard input")
    cli(session, "import", "no-such-file", code=USAGE)
    cli(session, "import", "-", stdin=b"nonsense\n", code=REFUSED)
    cli(session, "sync", code=OFFLINE)
    cli(session, "sign-out", code=PENDING)
    equal(pathlib.Path(said(session, "sign-out", "--pending", "export")).exists(), True, "the exported file")
    cli(session, "sync", code=SIGNED_OUT)
    server.restart()


def test_signing_in_and_out(env):
    session = env.session(signed_in=False)
    server, member = env.server, env.server.new_member()
    cli(session, "status", code=SIGNED_OUT)
    for arguments in (("xp", "email_sent"), ("events",), ("sync",), ("sign-out",)):
        cli(session, *arguments, code=SIGNED_OUT)
    arguments = ("sign-in", "--server", server.url, "--member", member)
    cli(session, *arguments, stdin=b"nonsense\n", code=REFUSED)
    cli(session, "sign-in", "--server", "http://127.0.0.1:1", "--member", member, stdin=b"x\n", code=OFFLINE)
    cli(session, "sign-in", code=USAGE)
    cli(session, *arguments, stdin=server.token.encode() + b"\n")
    session.member = member
    cli(session, "provision", "--dry-run")
    cli(session, "provision", "--admin-token", stdin=server.token.encode() + b"\n")
    equal(said(session, "provision", "--dry-run"), [], "nothing is missing")
    cli(session, "sign-out")
    equal(session.client.get(ACCOUNT, "SignedIn"), False, "SignedIn")


def read_until(master, word, transcript):
    while word not in transcript[0]:
        ready, _, _ = select.select([master], [], [], 20 * SLOW)
        assert ready, f"no {word} in {transcript[0]}"
        transcript[0] += os.read(master, 4096)


@parametrize(["token", "interrupt"])
def test_prompt_without_echo(env, what):
    session = env.session(signed_in=False)
    server, member = env.server, env.server.new_member()
    child, master = pty.fork()
    if child == 0:
        os.execve(CLI, [str(CLI), "sign-in", "--server", server.url, "--member", member], session.env)
    transcript = [b""]
    read_until(master, b"API key: ", transcript)
    ready = GLib.timeout_add(10, lambda: True)
    wait_for(lambda: not termios.tcgetattr(master)[3] & termios.ECHO, 10, "the end of the echo")
    arguments = pathlib.Path(f"/proc/{child}/cmdline").read_bytes()
    assert server.token.encode() not in arguments, "the token is in the arguments"
    os.write(master, server.token.encode() + b"\n" if what == "token" else b"\x03")
    status = None
    with contextlib.suppress(OSError):
        while True:
            transcript[0] += os.read(master, 4096)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.close(master)
    assert server.token.encode() not in transcript[0], "the token was echoed"
    equal(status, OK if what == "token" else USAGE, transcript[0].decode())
    equal(session.client.get(ACCOUNT, "SignedIn"), what == "token", "SignedIn")


def test_usage(env):
    session = env.session(signed_in=False)
    text = cli(session, "--help")
    for command in COMMANDS:
        assert f"\n  {command}" in text, f"--help does not name {command}"
        assert "Usage" in cli(session, command, "--help"), command
    assert "0.1.0" in cli(session, "--version"), "--version"
    for arguments in ((), ("dance",), ("--dance",), ("call",), ("call", "CONTACT", "more"), ("call", "CONTACT", "--duration", "x"),
                      ("call", "CONTACT", "--duration", "-1"), ("xp", "email_sent", "--amount", "1.5"), ("module", "module_0"),
                      ("events", "--since", "soon"), ("xp", "email_sent", "--at", "soon"), ("status", "more"), ("sync", "--dance")):
        cli(session, *arguments, code=USAGE)
    broken = {**session.env, "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}
    equal(run([CLI, "status"], broken)[0], UNREACHABLE, "without a bus")
    (session.services / f"{NAME}.service").unlink()
    session.stop()
    bus_call(session.client, "ReloadConfig", "()")
    cli(session, "status", code=UNREACHABLE)


def completions(*words):
    """What bash offers for the last word."""
    script = f"""source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() {{ :; }}
_progression; printf '%s\\n' "${{COMPREPLY[@]}}" """
    code, out, complaint = run(["bash", "-c", script, "bash", SOURCE / "clients" / "progression.bash", *words], os.environ)
    equal((code, complaint), (0, ""), "bash")
    return set(out.split())


def test_completion(env):
    equal(completions("progression", ""), {*COMMANDS, "--json", "--help", "--version"}, "commands")
    equal(completions("progression", "si"), {"sign-in", "sign-out"}, "a beginning")
    equal(completions("progression", "call", ""), {"CONTACT", "CALLBACK", "VOICEMAIL", "NO_ANSWER", "NOT_INTERESTED", "WRONG_NUMBER", "DNC"},
          "dispositions")
    equal(completions("progression", "call", "CONTACT", "--d"), {"--duration", "--details"}, "options")
    equal(completions("progression", "sign-out", "--pending", ""), {"refuse", "keep", "export"}, "policies")
    equal(completions("progression", "--json", "st"), {"status"}, "after an option")
    session = env.session(signed_in=False)
    for command in COMMANDS:
        known = set(re.findall(r"--[a-z-]+", cli(session, command, "--help"))) - {"--help-all", "--help"}
        equal(completions("progression", command, "--") - {"--help"}, known, f"options of {command}")


def test_manual_page(env):
    page = SOURCE / "clients" / "progression.1"
    code, out, complaint = run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page], {**os.environ, "MANWIDTH": "80"})
    equal((code, complaint), (0, ""), "man")
    text = page.read_text().replace("\\-", "-")
    for word in (*COMMANDS, "--json", "--version"):
        assert re.search(rf"\b{word}\b" if word[0] != "-" else word, text), f"the page does not name {word}"
    for code in range(7):
        assert f".B {code}" in text, f"the page does not explain exit code {code}"


if __name__ == "__main__":
    run_tests(globals())

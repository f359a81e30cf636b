#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line: each subcommand, its JSON against the bus, exit codes, the prompt, completion, the manual page."""
import json
import pty
import select
import stat
import sys
import tempfile
import termios
import time
import unicodedata

from probe import *  # noqa: F403
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "crash"))
import crash  # noqa: E402  pylint: disable=wrong-import-position
from common import FIRST_DEAL, XP, call_rows, expect_exact, parametrize, worth, run as run_tests

OK, REFUSED, USAGE, SIGNED_OUT, OFFLINE, PENDING, UNREACHABLE = range(7)
COMMANDS = ("status", "rank", "gates", "badges", "metrics", "leaderboard", "call", "xp", "deal", "module", "exam", "boss", "boss-attempt",
            "certification", "report", "specialization", "title", "promote", "revoke", "events", "operations", "audit", "retry", "discard",
            "sync", "sign-in", "sign-out", "provision", "export", "import", "rules")
FOLDER = tempfile.TemporaryDirectory(prefix="progression-locales-")


def columns(text):
    """What a terminal needs: East Asian characters take two columns, combining ones none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def cli(session, *arguments, stdin=b"", code=OK):
    found, out, complaint = run([CLI, *arguments], session.env, stdin, cwd=session.root / "home")
    equal(found, code, f"exit code of progression {' '.join(map(str, arguments))}: {complaint}")
    for line in (out + complaint).splitlines():
        assert columns(line) <= 80 or code != OK or "--json" in arguments, f"{columns(line)} columns: {line}"
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
    for word in (session.client.get(ACCOUNT, "MemberName"), "47", "E-1", "idle", env.server.url):
        assert word in text, f"no {word} in {text}"
    equal(said(session, "status"), json.loads(cli(session, "status", "--json")), "--json before and after the command")


@parametrize({"call": (("call", "CONTACT", "--duration", "150", "--lead", "lead"), worth("CONTACT", 150), call_rows("CONTACT", 150)),
              "event": (("xp", "email_sent"), XP["email_sent"], ["email_sent"])})
def test_killed_before_it_answers(env, words, value, kinds):
    """The service is killed after each of its writes in turn: the command notices nothing, and it counts once."""
    need_faults()
    session = crash.new_rep(env)
    total, made, fired = said(session, "call", "CONTACT", "--duration", "150")["total"], 0, True
    while fired:
        made += 1
        session.total()  # it runs
        session.control.arm(made, crash.MODES["after"])
        answer = said(session, *words)
        session.control.disarm()
        fired = crash.await_place(session, lambda: True, "the place")
        total += value
        equal((answer["earned"], answer["total"]), (value, total), f"earned and total at place {made}")
    assert made > 5, f"only {made} places"
    session.sync()
    expect_exact(env.server, session, total, len(call_rows("CONTACT", 150)) + 1 + made * len(kinds))


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
    need_faults()  # a server whose timeline is not late: what waits, waits until the end
    session = env.session()
    session.call("CALLBACK", 150, lead="Ω" * 300)
    session.add("email_sent", ref="x" * 500)
    equal(said(session, "events"), session.client.call(NAME, "ListEvents", {})[0], "events")
    equal(len(said(session, "events", "--limit", "2")), 2, "--limit")
    equal([event["type"] for event in said(session, "events", "--type", "email_sent")], ["email_sent"], "--type")
    equal(said(session, "events", "--until", "2020-01-01"), [], "--until")
    equal(len(said(session, "events", "--since", "2020-01-01T00:00:00Z")), 6, "--since")
    ramp_up, rates = session.client.call(NAME, "GetEfficiency")
    days = session.client.call(NAME, "GetDailyMetrics", "", "")[0]
    equal(said(session, "metrics"), {"ramp_up": ramp_up, "rates": rates, "days": days}, "metrics")
    equal(said(session, "metrics", "--from", "2020-01-01", "--to", "2020-01-02")["days"], [], "--from, --to")
    equal(said(session, "operations"), session.operations(), "operations")
    equal(said(session, "audit"), session.audit(), "audit")
    for command in ("events", "metrics", "operations"):
        assert len(cli(session, command).splitlines()) >= 2, command
    assert "Everything" in cli(session, "sync"), "sync"
    equal(said(session, "sync"), {"quarantined": 0}, "sync in JSON")
    equal(len(said(session, "operations", "--state", "folded")) + len(said(session, "operations", "--state", "ledgered")), 6, "--state")
    assert "Nothing" in cli(session, "operations"), "nothing waits"


def test_days(env):
    session = env.session()
    session.add("note_added")
    session.add("note_added", occurred_at=int(time.time() - 86400) * 1000000)
    equal([len(said(session, "metrics", "--days", str(n))["days"]) for n in (1, 2, 30)], [1, 2, 2], "--days")
    equal(said(session, "metrics", "--days", "2", "--to", "2020-01-02")["days"], [], "--days, --to")
    text = cli(session, "metrics", "--days", "2")
    assert "Ramp-up" in text and "sub_30s_drop_rate" in text and "unknown" in text, text
    for arguments in (("--days", "-1"), ("--days", "100000"), ("--days", "2", "--from", "2020-01-01"), ("--days", "2", "--to", "soon")):
        cli(session, "metrics", *arguments, code=USAGE)


def test_standing(env):
    session = env.session()
    equal(said(session, "rank"), {"rank": "E-1", "name": "SDR 1", "next-rank": "E-2", "next-name": "SDR 2"}, "rank")
    eligible, gates = session.client.call(NAME, "GetEligibility", "")
    equal(said(session, "gates"), {"eligible": eligible, "gates": gates}, "gates")
    equal(said(session, "gates", "manager"), said(session, "gates", "E-7"), "gates of a rank, by its id")
    text = cli(session, "gates", "E-4")
    for word in ("missing", "below 0.5", "unknown (ramp-up)", "operative_certification", "appointment_setter", "silver", "Not all"):
        assert word in text, f"no {word} in {text}"
    cli(session, "gates", "E-9", code=REFUSED)
    equal(said(session, "badges"), session.client.call(NAME, "GetBadges")[0], "badges")
    text = cli(session, "badges")
    for word in ("Closer", "bronze", "0 of 5", "above 0.03", "rate-unknown"):
        assert word in text, f"no {word} in {text}"
    refusal = cli(session, "promote", code=REFUSED)
    for word in ("E-2", "level 3", "deals 2", "opener_elite.bronze", "module_0", "module_1"):
        assert word in refusal, f"no {word} in {refusal}"
    make_eligible(session)
    assert "All gates are met" in cli(session, "gates"), "gates"
    equal(said(session, "promote"), {"rank": "E-2"}, "promote")
    assert cli(session, "rank").startswith("E-2 SDR 2\nNext: E-3"), "rank"
    env.server.patch_record(session.member, {"currentRank": "manager"})
    session.sync()
    assert "highest" in cli(session, "rank") and "no higher rank" in cli(session, "gates"), "at the top"


def test_choosing_and_reporting(env):
    session = env.session()
    session.add("note_added", amount=9200)
    equal(said(session, "certification", "leadership")["earned"], 300, "certification")
    equal([said(session, "boss-attempt", "redhawk") for _ in range(2)], [{"attempts": 1}, {"attempts": 2}], "boss-attempt")
    cli(session, "boss", "redhawk")
    for arguments, name, value in ((("specialization", "closer"), "Specialization", "closer"),
                                   (("title", "RedHawk Conqueror"), "ActiveTitle", "RedHawk Conqueror"), (("title", ""), "ActiveTitle", "")):
        equal(said(session, *arguments), {}, arguments[0])
        equal(session.get(name), value, name)
    assert "closer" in cli(session, "specialization", "closer"), "specialization"
    equal(said(session, "report", "mentees", "3"), {}, "report")
    equal(next(gate["have"] for gate in said(session, "gates", "E-6")["gates"] if gate["kind"] == "mentees"), 3, "mentees")
    for arguments in (("specialization", "sleeper"), ("title", "King"), ("report", "mentees", "1.5"), ("report", "dials", "3"),
                      ("certification", "x" * 129), ("boss-attempt", "dragon")):
        cli(session, *arguments, code=REFUSED)
    cli(session, "report", "mentees", "three", code=USAGE)


def test_leaderboard(env):
    server = env.new_sim("--provisioned")
    server.provisioned = True
    names = {"wide": "東京の営業担当者" * 12, "combining": "e\u0301" * 60, "plain": "A very long name of somebody " * 3, "short": "Kim"}
    server.api("POST", "/rest/batch/repProgressions", [{"workspaceMemberId": member, "name": name, "totalXp": 100 * number, "currentRank": "e3"}
                                                       for number, (member, name) in enumerate(names.items(), 1)])
    session = env.session(server=server)
    entries, as_of = session.client.call(NAME, "GetLeaderboard", 0)
    equal(said(session, "leaderboard"), {"entries": entries, "as_of": as_of}, "leaderboard")
    equal(said(session, "leaderboard", "--limit", "2")["entries"], entries[:2], "--limit")
    lines = cli(session, "leaderboard").splitlines()
    assert "you" in lines[5] and "As of" in lines[6], lines
    equal(len({columns(line[:line.index("E-")]) for line in lines[1:6]}), 1, "the columns stand below each other")
    equal(sum("…" in line for line in lines), 3, "names that are cut")
    cli(session, "leaderboard", "--limit", "-1", code=USAGE)
    server.stop()
    equal(said(session, "leaderboard")["as_of"], as_of, "offline")
    other = env.session(server=server, signed_in=False)
    for command in ("rank", "gates", "badges", "metrics", "leaderboard", "promote"):
        cli(other, command, code=SIGNED_OUT)
    server.restart()


def test_leaderboard_offline_at_first(env):
    server = env.new_sim("--provisioned")
    session = env.session(server=server)
    server.stop()
    cli(session, "leaderboard", code=OFFLINE)
    server.restart()


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
    assert cli(session, "sync", code=REFUSED).startswith("2 operations were refused"), "sync tells of it"
    code, out, complaint = run([CLI, "--json", "sync"], session.env)
    equal((code, json.loads(out), "refused" in complaint), (REFUSED, {"quarantined": 2}, True), "sync in JSON")
    env.server.config(refuse_value="")
    cli(session, "retry", bad[0])
    cli(session, "discard", bad[1])
    assert "Everything" in cli(session, "sync"), "nothing is refused any more"
    equal((session.total(), said(session, "operations")), (20, []), "afterwards")
    cli(session, "retry", bad[0], code=REFUSED)


def reflow(text):
    """Words as they follow each other, wherever the lines end."""
    return " ".join(text.split())


def test_lists_are_not_cut(env):
    """A long kind, a long reference, why an operation was refused and why a write was judged are read in full."""
    need_faults()
    session = env.session()
    about = " ".join(f"word{number}" for number in range(30))
    session.call("CONTACT", 10)
    session.add("note_added", ref=about, amount=100000)
    for command in ("operations", "events"):
        text = cli(session, command)
        assert "under_thirty_second_call" in text and "+100000" in text, text
    lines = cli(session, "events").splitlines()
    column = lines[0].index("word0")
    assert about in reflow(" ".join(line[column:] for line in lines if "word" in line)), "the reference, below its column"
    poison = about.replace("word", "poison")
    env.server.config(refuse_value=poison)
    session.add("email_sent", ref=poison)
    session.sync_until_well()
    wait_property(session.client, SYNC, "QuarantinedOperations", 1)
    note = session.operations("quarantined")[0]["note"]
    assert len(note) > 80, f"too short to be cut: {note}"
    assert reflow(note) in reflow(cli(session, "operations", "--state", "quarantined")), "the note"
    total = env.server.record(session.member)["totalXp"]
    env.server.foreign(session.member, {"totalXp": "-20"}, 0, by=f"member:{env.server.new_member('Kim Sample')}")
    session.sync()
    lines = cli(session, "audit").splitlines()
    equal(lines[0].split()[2:], ["other-program"], "the event")
    equal(lines[1].strip(), f"corrected by a person from {total} to {total - 20}", "the reason")
    equal(reflow(" ".join(lines[2:])), f"total: {total - 20}, external: -20, restored: 0, refused: 0, ledger: {total}, ledgerBefore: {total}", "numbers")
    env.server.patch_record(session.member, {"completedModules": "nonsense"})
    session.sync()
    assert "unreadable: completedModules" in reflow(cli(session, "audit", "--limit", "1")), "what could not be read"


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


def test_export_that_fails_keeps_the_file(env):
    session = env.session(signed_in=False)
    home = session.root / "home"
    path = home / "operations.jsonl"
    path.write_text("what was saved before\n", encoding="utf-8")
    cli(session, "export", "operations.jsonl", code=SIGNED_OUT)
    equal((path.read_text(encoding="utf-8"), os.listdir(home)), ("what was saved before\n", ["operations.jsonl"]), "the folder")
    cli(session, "export", "new.jsonl", code=SIGNED_OUT)
    cli(session, "export", "no-such-folder/operations.jsonl", code=USAGE)
    cli(session, "export", ".", code=USAGE)
    equal(os.listdir(home), ["operations.jsonl"], "the folder")


def test_export_replaces(env):
    """A regular file is replaced as a whole, also behind a link; a pipe, or what the shell opened, is written to."""
    need_faults()  # as above
    session = env.session()
    session.add("note_added")
    home = session.root / "home"
    expected = run([CLI, "export"], session.env)[1]
    equal(len(expected.splitlines()), 2, "a header and an operation")
    (home / "old").write_text("x" * 100000, encoding="utf-8")
    (home / "link").symlink_to("old")
    cli(session, "export", "link")
    equal(((home / "old").read_text(encoding="utf-8"), (home / "link").is_symlink()), (expected, True), "behind the link")
    equal((home / "old").stat().st_mode & 0o777, 0o600, "mode")
    equal(sorted(os.listdir(home)), ["link", "old"], "the folder")
    os.mkfifo(home / "pipe")
    reader = os.open(home / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    cli(session, "export", "pipe")
    equal((os.read(reader, 65536).decode(), stat.S_ISFIFO((home / "pipe").stat().st_mode)), (expected, True), "a pipe")
    os.close(reader)
    equal(run([CLI, "export", "/dev/stdout"], session.env)[1], expected, "/dev/stdout")
    with open(home / "redirected", "w+", encoding="utf-8") as file:
        subprocess.run([CLI, "export", "/dev/stdout"], env=session.env, stdout=file, check=True, timeout=60 * SLOW)
        file.seek(0)
        equal(file.read(), expected, "/dev/stdout where the shell opened a file")


def latin_1():
    """The environment of a person whose terminal speaks ISO 8859-1. The locale is made here: few machines have it."""
    name = "de_DE.ISO-8859-1"
    target = pathlib.Path(FOLDER.name) / name
    if not target.exists():
        code, _, complaint = run(["localedef", "-i", "de_DE", "-f", "ISO-8859-1", target], os.environ)
        equal(code, 0, f"localedef (of the package locales): {complaint}")
    return {"LC_ALL": name, "LOCPATH": FOLDER.name, "LANGUAGE": "en"}


@parametrize({"C": ({"LC_ALL": "C"}, "M\u00fcller".encode()), "UTF-8": ({"LC_ALL": "C.UTF-8"}, "M\u00fcller".encode()),
              "UTF-8 in Latin-1": (None, "M\u00fcller".encode()), "Latin-1": (None, b"M\xfcller")})
def test_words_in_any_locale(env, variables, name):
    """What is typed arrives, whatever the locale; JSON is UTF-8 in all of them."""
    session = env.session()
    session.env.update(variables or latin_1())
    name = os.fsdecode(name)
    equal(said(session, "call", "CONTACT", "--lead", name, f"--details={name}")["earned"], worth("CONTACT", 0) + XP["first_dial_of_day"],
          "an option's value")
    equal(said(session, "deal", "--", name)["earned"], 300 + FIRST_DEAL, "a word")
    session.client.call(NAME, "CloseDeal", "M\u00fcller", {})
    found = json.loads(subprocess.run([CLI, "--json", "events"], env=session.env, capture_output=True, check=True).stdout.decode("utf-8"))
    equal({event["ref"] for event in found if event["type"] in ("dial_made", "deal_closed")}, {"M\u00fcller"}, "references")
    equal(sum(event["type"] == "deal_closed" for event in found), 1, "deals")
    equal({json.loads(event["details"])["text"] for event in found if event["type"] == "dial_made"}, {"M\u00fcller"}, "details")


@parametrize(["C", "C.UTF-8"])
def test_words_in_no_encoding(env, locale):
    """Bytes that mean nothing here are refused, with the word and what to do; they never become one and the same id."""
    session = env.session()
    session.env["LC_ALL"] = locale
    bad = os.fsdecode(b"M\xfcller")
    for arguments in (("deal", bad), ("module", bad, "0.9"), ("call", "CONTACT", "--lead", bad), ("call", "CONTACT", f"--details={bad}"),
                      ("deal", "--", bad), ("events", "--type", bad), ("deal", f"--{bad}"), (bad,), (f"--{bad}",)):
        complaint = cli(session, *arguments, code=USAGE)
        assert "\\374ller" in complaint, complaint
    assert "UTF-8" in cli(session, "deal", bad, code=USAGE), "what to do"
    equal(session.total(), 0, "TotalXp")


@parametrize(["C", "C.UTF-8"])
def test_file_names_are_bytes(env, locale):
    session = env.session()
    session.env["LC_ALL"] = locale
    session.add("note_added")
    for name in (b"M\xfcller.jsonl", "M\u00fcller.jsonl".encode()):
        path = session.root / "home" / os.fsdecode(name)
        cli(session, "export", path.name)
        equal((os.fsencode(path.name) in os.listdir(os.fsencode(path.parent)), path.stat().st_mode & 0o777), (True, 0o600), "the file")
        equal(said(session, "import", path.name), {"added": 0}, "import")
        path.write_text((SOURCE / "data" / "rules.json").read_text(encoding="utf-8"), encoding="utf-8")
        equal(said(session, "rules", "check", path.name)["valid"], True, "rules check")
        assert "is good" in cli(session, "rules", "check", path.name), "rules check"
    for command in (("import",), ("rules", "check")):
        assert "ller" in cli(session, *command, os.fsdecode(b"no-such-M\xfcller"), code=USAGE), "the error names the file"


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
    code, out, complaint = run(["sh", "-c", 'exec "$0" "$@" <&-', CLI, *arguments], session.env)
    equal((code, out, complaint), (USAGE, "", "No token was given\n"), "without standard input")
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
    for each in (page, SOURCE / "plugin" / "daemon" / "progressiond.8"):
        code, _out, complaint = run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", each], {**os.environ, "MANWIDTH": "80"})
        equal((code, complaint), (0, ""), f"man {each.name}")
    text = page.read_text().replace("\\-", "-")
    for word in (*COMMANDS, "--json", "--version"):
        assert re.search(rf"\b{word}\b" if word[0] != "-" else word, text), f"the page does not name {word}"
    for code in range(7):
        assert f".B {code}" in text, f"the page does not explain exit code {code}"


if __name__ == "__main__":
    run_tests(globals())

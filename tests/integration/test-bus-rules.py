#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A rules file is followed while it changes: taken or refused at once, seen on the bus, never in force by halves. And the command line's
check, and the page for administrators, whose commands are run."""
import json
import re
import shutil

from probe import *  # noqa: F403
from common import run as run_tests

RULES = SOURCE / "data" / "rules.json"
PAGE = SOURCE / "docs" / "rules.md"


def catalogue(version, first=100, mail=10, **more):
    """The built-in rules with another start of level 2 and another worth of an e-mail."""
    rules = json.loads(RULES.read_text())
    rules.update(version=version, **more)
    rules["levels"][1] = first
    next(source for source in rules["sources"] if source["kind"] == "email_sent")["xp"] = mail
    return json.dumps(rules, indent=1)


class File:
    """A rules file of a session, in a folder of its own."""

    def __init__(self, session, name="rules/rules.json"):
        self.session = session
        self.path = session.root / "home" / name
        self.path.parent.mkdir(parents=True, exist_ok=True)

    def replace(self, text):
        """As editors do: a new file is renamed over the old one."""
        new = self.path.with_suffix(".new")
        new.write_text(text)
        new.rename(self.path)

    def use(self):
        code, _, complaint = run(["gsettings", "set", NAME, "rules-file", self.path], self.session.env)
        equal((code, complaint), (0, ""), "gsettings")


def last_error(session, *words):
    """Waits for a LastError with these words, none: for an empty one."""
    found = wait_property(session.client, SYNC, "LastError",
                          lambda text: all(word in text for word in words) if words else text == "")
    if words:
        assert str(words[0]) in " ".join(session.cli("status").split()), "progression status does not tell"
    return found


def wait_next(session, xp):
    wait_property(session.client, NAME, "NextLevelXp", xp)


def rep_with_file(env, text, **more):
    session = env.session(**more)
    rules = File(session)
    rules.replace(text)
    rules.use()
    return session, rules


def test_followed_while_it_changes(env):
    session, rules = rep_with_file(env, catalogue(2, 90))
    wait_next(session, 90)
    rules.path.write_text(catalogue(3, 91))  # in place
    wait_next(session, 91)
    rules.replace(catalogue(4, 92))
    wait_next(session, 92)
    rules.path.unlink()
    last_error(session, "version 4", "stays in force", "No such file")
    equal(session.get("NextLevelXp"), 92, "after it was removed")
    rules.path.write_text(catalogue(5, 93))
    wait_next(session, 93)
    last_error(session)
    shutil.rmtree(rules.path.parent)
    last_error(session, "version 5", "No such file")
    rules.path.parent.mkdir()
    rules.path.write_text(catalogue(6, 94))
    wait_next(session, 94)
    other = rules.path.with_name("other.json")
    other.write_text(catalogue(7, 95))
    link = rules.path.with_suffix(".link")
    link.symlink_to(other.name)
    link.rename(rules.path)
    wait_next(session, 95)
    other.write_text(catalogue(8, 96))
    wait_next(session, 96)
    last_error(session)


def test_a_bad_one_changes_nothing(env):
    """The last good rules stay, whatever comes, and each refusal names line and key; a restart has the built-in ones and says so."""
    session, rules = rep_with_file(env, catalogue(2, 90, mail=12))
    wait_next(session, 90)
    good = rules.path.read_text()
    half = good[:len(good) // 2]
    cases = ((half, (f"{rules.path}:", "found")), ("", (f"{rules.path}:1: the whole file: found the end",)),
             (good.replace('"dial_made"', '"dial made"', 1), (".kind: found \"dial made\", expected an id",)),
             (good.replace('"backdateDays"', '"backDateDays"'), ("limits.backDateDays: found an unknown key, expected one of",)))
    for number, (text, words) in enumerate(cases):
        mark = session.client.mark()
        rules.path.write_text(text)
        last_error(session, "version 2", *words, "progression rules check")
        equal(session.add("email_sent", id=f"mail {number}")[1], 12, "what an e-mail brings")
        equal([change for change in changes(session.client, NAME, mark) if "NextLevelXp" in change], [], "changes")
    session.stop()
    last_error(session, "the built-in rules stay in force", "limits.backDateDays")
    equal((session.get("NextLevelXp"), session.add("email_sent")[1]), (100, 10), "after a restart")
    rules.replace(good)
    wait_next(session, 90)
    last_error(session)


def test_seen_beside_another_error(env):
    need_faults()
    server = env.new_sim("--provisioned")
    session, rules = rep_with_file(env, "{}", server=server)
    last_error(session, "the built-in rules")
    server.stop()
    assert session.try_sync(), "a sync without a server went well"
    found = last_error(session, "the built-in rules")
    assert not found.startswith("The rules file"), f"“{found}” tells of the rules alone"
    rules.replace(catalogue(2, 90))
    wait_next(session, 90)
    assert "rules" not in session.client.get(SYNC, "LastError"), "the refused file is still told"
    server.restart()


def test_one_change_on_the_bus(env):
    """Level and its limits: one PropertiesChanged; LevelUp once, also after a step back and a restart."""
    session, rules = rep_with_file(env, catalogue(2))
    session.sync()
    session.add("email_sent", amount=60)
    session.sync()
    total = session.total()
    equal(session.get("Level"), 1, "before")
    mark = session.client.mark()
    rules.replace(catalogue(3, 50))
    wait_property(session.client, NAME, "Level", 2)
    fence(session.client)
    found = changes(session.client, NAME, mark)
    equal(len(found), 1, f"PropertiesChanged: {found}")
    equal({key: found[0][key] for key in ("Level", "LevelXp", "NextLevelXp")}, {"Level": 2, "LevelXp": 50, "NextLevelXp": 250}, "changes")
    equal(session.total(), total, "what was earned stays")
    wait_signal(session.client, "LevelUp", mark)
    rules.replace(catalogue(4, 100))
    wait_property(session.client, NAME, "Level", 1)
    rules.replace(catalogue(5, 50))
    wait_property(session.client, NAME, "Level", 2)
    session.stop()
    equal(session.get("Level"), 2, "after a restart")
    session.add("email_sent")
    session.sync()
    fence(session.client)
    equal(session.client.seen("LevelUp", mark), [(1, 2)], "LevelUp")


def test_awards_that_become_due(env):
    """A counter's badge gets a lower tier in the new rules: awarded at once, once, and in one change with the level."""
    rules = json.loads(catalogue(2))
    mails = next(badge for badge in rules["badges"] if badge["id"] == "email_expert")
    session, file = rep_with_file(env, json.dumps(rules))
    for _mail in range(3):
        session.add("email_sent")
    session.sync()
    equal((session.total(), session.get("Badges")), (30, []), "before")
    rules["version"] = 3
    mails["tiers"]["bronze"].update(count=2, xp=90)
    mark = session.client.mark()
    file.replace(json.dumps(rules))
    wait_property(session.client, NAME, "Badges", ["email_expert.bronze"])
    fence(session.client)
    found = [change for change in changes(session.client, NAME, mark) if {"Level", "Badges", "TotalXp"} & set(change)]
    equal([(change.get("Level"), change.get("TotalXp"), change.get("Badges")) for change in found], [(2, 120, ["email_expert.bronze"])],
          "one change")
    wait_signal(session.client, "BadgeUnlocked", mark)
    wait_signal(session.client, "LevelUp", mark)
    rules["version"] = 4
    rules["levels"][2] = 251
    file.replace(json.dumps(rules))
    wait_next(session, 251)
    session.sync()
    session.stop()
    equal(session.total(), 120, "after a restart")
    record = env.server.record(session.member)
    equal((record["totalXp"], record["ledgerXp"], record["currentLevel"]), (120, 120, 2), "in Twenty")
    equal((session.client.seen("BadgeUnlocked", mark), session.client.seen("LevelUp", mark)), ([("email_expert.bronze",)], [(1, 2)]), "signals")


def test_an_older_catalogue_leaves_the_newer_level(env):
    """During a roll-out one machine has version 2 and another still the built-in rules: the level in Twenty is version 2's."""
    new, rules = rep_with_file(env, catalogue(2, 20))
    wait_next(new, 20)
    new.add("email_sent", amount=30)
    new.sync()
    equal(env.server.record(new.member)["currentLevel"], 2, "by version 2")
    old = env.session(member=new.member)
    old.add("email_sent", amount=5)
    old.sync()
    record = env.server.record(new.member)
    equal((record["totalXp"], record["currentLevel"]), (35, 2), "after the older machine's fold")
    equal((old.get("Level"), new.get("Level")), (1, 2), "each machine shows by its own rules")
    old_rules = File(old)
    old_rules.replace(catalogue(3, 34))
    old_rules.use()
    wait_property(old.client, NAME, "Level", 2)


def test_check_without_a_session(env):
    """No bus, no home, no service: the check is the parser's own."""
    folder = pathlib.Path(env.session(signed_in=False).root)
    bare = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    good, bad = folder / "good.json", folder / "bad.json"
    good.write_text(catalogue(7))
    text = catalogue(7).replace('"dial_made"', '"dial made"', 1).replace('"backdateDays": 7', '"backdateDays": 400')
    bad.write_text(text)
    lines = [number for number, line in enumerate(text.splitlines(), 1) if "dial made" in line or "backdateDays" in line]
    equal(run([CLI, "rules", "check", good], bare), (0, f"{good} is good: version 7, 25 levels.\n", ""), "a good one")
    code, out, complaint = run([CLI, "rules", "check", bad], bare)
    equal((code, out), (1, ""), "a bad one")
    equal([line.partition(": found")[0] for line in complaint.splitlines()],
          [f"{bad}:{lines[0]}: sources[0].kind", f"{bad}:{lines[1]}: limits.backdateDays"], "all faults, by line")
    code, out, complaint = run([CLI, "--json", "rules", "check", "-"], bare, text.encode())
    found = json.loads(out)
    equal((code, complaint, found["valid"], found["version"]), (1, "", False, 0), "as JSON")
    equal([(fault["line"], fault["key"]) for fault in found["faults"]],
          [(lines[0], "sources[0].kind"), (lines[1], "limits.backdateDays")], "faults as JSON")
    code, out, _ = run([CLI, "rules", "check", good, "--json"], bare)
    equal((code, json.loads(out)), (0, {"valid": True, "version": 7, "faults": []}), "a good one as JSON")
    equal(run([CLI, "rules", "show"], bare), (0, RULES.read_text(), ""), "rules show")
    for arguments in (("check", folder / "none"), ("check", folder), ("check",), ("show", good), ("dance",), ()):
        code, out, complaint = run([CLI, "rules", *arguments], bare)
        equal((code, out, bool(complaint)), (2, "", True), f"rules {arguments}")


def commands_of_page():
    """The shell lines of the page, block by block."""
    return re.findall(r"(?:^    .*\n)+", PAGE.read_text(), re.M)


def test_the_page_for_administrators(env):
    """Every command of docs/rules.md, in order, with the path of the machine replaced by one of the session."""
    session = env.session()
    session.add("email_sent", amount=120)
    equal(session.get("Level"), 2, "by the built-in table")
    blocks = commands_of_page()
    target = session.root / "etc" / "rules.json"
    text = "".join(line[4:] + "\n" for block in blocks for line in block.splitlines())
    assert text.startswith("rules=/etc/lids-progression/rules.json\n"), "the page's first command names the file"
    text = text.replace("rules=/etc/lids-progression/rules.json", f"rules={target}", 1).replace("sudo ", "")
    code, out, complaint = run(["bash", "-euo", "pipefail", "-c", text], session.env, cwd=session.root / "home")
    equal((code, complaint), (0, ""), f"the page's commands: {out}")
    wait_property(session.client, NAME, "Level", 3)
    rules = json.loads(target.read_text())
    equal((session.get("LevelXp"), session.get("NextLevelXp"), rules["version"]), (*rules["levels"][2:4], 2), "the page's table")
    equal(session.get("TotalXp"), 120, "TotalXp")


def test_the_page_names_every_key(env):
    """Sections and keys of the schema are all explained."""
    page = PAGE.read_text()
    schema = json.loads((SOURCE / "data" / "rules.schema.json").read_text())
    keys = set()

    def walk(node):
        if isinstance(node, dict):
            keys.update(node["properties"] if isinstance(node.get("properties"), dict) else ())
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(schema)
    missing = sorted(key for key in keys if f"`{key}`" not in page)
    equal(missing, [], "keys that docs/rules.md does not explain")


if __name__ == "__main__":
    run_tests(globals())

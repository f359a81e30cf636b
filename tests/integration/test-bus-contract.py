#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The interface files say what the running service does: introspection, the documented lines, properties, signals."""
import xml.etree.ElementTree as ET

from probe import *  # noqa: F403
from common import FIRST_DEAL, XP, parametrize, run as run_tests

MEMBER_IN_DOCS = "6f1c2b34-9d0e-4a55-8c7b-2f4e6a8b0c1d"
ID_IN_DOCS = "8b4f0a52-6a0c-4f55-9a53-0b1f6a3f2c11"
SERVER_IN_DOCS = "https://crm.example.com"
REDHAWK_LEVEL_XP = 9200  # level 12 unlocks the boss


def shape(node):
    """An interface's members with their types, in order; annotations that only the code generator reads left out."""
    found = []
    for member in node:
        if member.tag == "annotation":
            continue
        arguments = [(arg.get("name"), arg.get("type"), arg.get("direction", "out")) for arg in member.iter("arg")]
        signals = [a.get("value") for a in member.iter("annotation") if a.get("name") == "org.freedesktop.DBus.Property.EmitsChangedSignal"]
        # "true" is the default of that annotation.
        found.append((member.tag, member.get("name"), member.get("type"), member.get("access"), arguments, signals or ["true"]))
    return sorted(found)


@parametrize(INTERFACES)  # noqa: F405
def test_introspection_equals_the_file(env, interface):
    session = env.session(signed_in=False)
    text = session.client.bus.call_sync(NAME, PATH, "org.freedesktop.DBus.Introspectable", "Introspect", None, None,
                                        Gio.DBusCallFlags.NONE, 30000, None).unpack()[0]
    running = {node.get("name"): node for node in ET.fromstring(text).iter("interface")}
    equal(sorted(name for name in running if name.startswith(NAME)), sorted(INTERFACES), "interfaces at the object")
    written = ET.parse(xml_of(interface)).getroot().find("interface")
    equal(shape(running[interface]), shape(written), interface)


def run_line(session, folder, line, replaced):
    for old, new in replaced.items():
        line = line.replace(old, new)
    code, out, complaint = run(["bash", "-c", line], session.env, cwd=folder)
    equal(code, 0, f"exit code of {line}: {complaint}")
    return out


def quarantine(session, server):
    """Two operations that the server refuses for a reason of their own; their ids."""
    server.config(refuse_value="poison")
    refused = [session.add("email_sent", ref=f"poison-{n}")[0] for n in (1, 2)]
    session.add("email_sent", ref="good")
    session.sync_until_well()
    wait_property(session.client, SYNC, "QuarantinedOperations", 2)
    server.config(refuse_value="")
    return refused


def test_every_documented_line_runs(env):
    need_sim(env)
    session = env.session(signed_in=False)
    server, member = env.server, env.server.new_member()
    server.control("POST", "provision")
    folder = session.root / "home"
    (folder / "api-key.txt").write_text(server.token + "\n")
    replaced = {SERVER_IN_DOCS: server.url, MEMBER_IN_DOCS: member, ID_IN_DOCS: "?"}
    lines = {method: line for interface in INTERFACES for method, line in gdbus_lines(interface)}
    documented = {method.get("name") for interface in INTERFACES for method in ET.parse(xml_of(interface)).iter("method")}
    equal(sorted(lines), sorted(documented), "methods with a line")
    run_line(session, folder, lines.pop("SignIn"), replaced)
    session.member = member
    session.add("note_added", amount=REDHAWK_LEVEL_XP)
    make_eligible(session)
    refused = quarantine(session, server)
    for method, operation in (("RetryOperation", refused[0]), ("DiscardOperation", refused[1]), ("RevokeEvent", session.call()[0])):
        run_line(session, folder, lines.pop(method), {**replaced, ID_IN_DOCS: operation})
    last = lines.pop("SignOut")
    run_line(session, folder, lines.pop("Export"), replaced)
    run_line(session, folder, lines.pop("Import"), replaced)
    for line in lines.values():
        run_line(session, folder, line, replaced)
    run_line(session, folder, last, replaced)
    equal(session.client.get(ACCOUNT, "SignedIn"), False, "SignedIn after the last line")


def need_sim(env):
    need(hasattr(env.server, "config"), "needs a look-alike")


def check_consistent(values):
    """TotalXp and what is derived from it come together and agree."""
    if "TotalXp" not in values:
        return
    level, first, following = level_facts(values["TotalXp"])
    for name, expected in (("Level", level), ("LevelXp", first), ("NextLevelXp", following)):
        equal(values.get(name, expected), expected, f"{name} with TotalXp {values['TotalXp']}")


def test_one_properties_changed_for_each_transaction(env):
    session = env.session()
    client, total = session.client, 0
    before = get_all(client, NAME)
    for call, worth in ((lambda: session.call("CONTACT", 150), 25 + 2 + 5 + 15), (lambda: session.add("email_sent"), 10),
                        (lambda: session.deal("deal-1"), 300 + FIRST_DEAL), (lambda: session.module("module_0"), 50)):
        fence(client)
        mark = len(client.signals)
        answer = call()
        fence(client)
        found = changes(client, NAME, mark)
        equal(len(found), 1, "PropertiesChanged of one transaction")
        total += worth
        equal((answer[1], answer[2]), (worth, total), "earned and total")
        equal(found[0]["TotalXp"], total, "TotalXp in the signal")
        before.update(found[0])
        check_consistent(before)
        equal(before, get_all(client, NAME), "the signals' properties and those that are read")
    fence(client)
    mark = len(client.signals)
    session.deal("deal-1")
    fence(client)
    equal(changes(client, NAME, mark), [], "PropertiesChanged of a call that records nothing")


@parametrize({str(start): (start,) for start in (0, 99, 100, 249, 250, 5199, 5200, 111999, 112000, 112001)})
def test_levels_follow_the_table(env, start):
    session = env.session()
    left = start
    while left > 0:  # 100,000 are the most that one event may bring
        amount = min(left, 100000)
        session.add("note_added", amount=amount)
        left -= amount
    values = get_all(session.client, NAME)
    equal(values["TotalXp"], start, "TotalXp")
    equal((values["Level"], values["LevelXp"], values["NextLevelXp"]), level_facts(start), "the level")


def test_one_xp_signal_for_each_row(env):
    session = env.session()
    client = session.client
    fence(client)
    mark = len(client.signals)
    dial = session.call("CALLBACK", 200, "lead-9")[0]
    fence(client)
    seen = client.seen("XpEarned", mark)
    expected = {"dial_made": 2, "call_connected": 5, "callback_scheduled": 25, "two_plus_minute_call": 15, "first_dial_of_day": 25}
    equal({kind: amount for _id, kind, amount, _total in seen}, expected, "XpEarned")
    equal(len(seen), len(expected), "number of XpEarned")
    equal(seen[0][0], dial, "the first signal's id")
    running = 0
    for _id, _kind, amount, total in seen:
        running += amount
        equal(total, running, "the running total")
    equal(sorted(row["id"] for row in session.events()), sorted(found[0] for found in seen), "rows and signals")


def test_news_once_also_over_a_restart(env):
    session = env.session()
    client = session.client
    session.sync()
    mark = len(client.signals)
    session.add("note_added", amount=REDHAWK_LEVEL_XP)
    session.client.call(NAME, "DefeatBoss", "redhawk")
    session.deal("deal-1")
    session.sync()
    fence(client)
    equal(client.seen("LevelUp", mark), [(1, 12)], "LevelUp")
    equal(client.seen("BadgeUnlocked", mark), [("redhawk_slayer.gold",), ("first_blood.bronze",)], "BadgeUnlocked")
    equal(client.seen("BossDefeated", mark), [("redhawk",)], "BossDefeated")
    for end in (session.stop, session.kill):
        end()
        mark = len(client.signals)
        session.sync()
        session.client.call(NAME, "DefeatBoss", "redhawk")
        session.deal("deal-1")
        fence(client)
        for signal_name in ("LevelUp", "BadgeUnlocked", "BossDefeated", "RankUp", "XpEarned"):
            equal(client.seen(signal_name, mark), [], f"{signal_name} after a restart")


def test_first_base_after_sign_in_is_no_news(env):
    first = env.session()
    first.add("note_added", amount=REDHAWK_LEVEL_XP)
    first.client.call(NAME, "DefeatBoss", "redhawk")
    first.sync()
    first.stop()
    second = env.session(signed_in=False)
    second.sign_in(env.server, first.member)
    total = REDHAWK_LEVEL_XP + 1000 + 500
    wait_property(second.client, NAME, "TotalXp", total)
    fence(second.client)
    for signal_name in ("XpEarned", "LevelUp", "RankUp", "BadgeUnlocked", "BossDefeated"):
        equal(second.client.seen(signal_name), [], signal_name)
    equal(second.get("Level"), level_of(total), "Level")
    equal(second.get("Badges"), ["redhawk_slayer.gold"], "Badges")
    equal(second.get("DefeatedBosses"), ["redhawk"], "DefeatedBosses")


def test_xp_from_elsewhere(env):
    session = env.session()
    client = session.client
    session.add("email_sent")
    session.sync()
    fence(client)
    mark = len(client.signals)
    env.server.patch_record(session.member, {"totalXp": 1310})
    session.sync()
    fence(client)
    equal(client.seen("XpEarned", mark), [("", "external", 1300, 1310)], "XpEarned")
    equal(client.seen("LevelUp", mark), [(1, 6)], "LevelUp")
    equal(session.total(), 1310, "TotalXp")


def test_sync_signals(env):
    session = env.session()
    client = session.client
    session.sync()
    fence(client)
    mark = len(client.signals)
    session.call("NO_ANSWER", 0)
    session.sync()
    fence(client)
    finished = client.seen("SyncFinished", mark)
    equal([ok for ok, _pushed, _changed in finished], [True] * len(finished), "ok of SyncFinished")
    equal(sum(pushed for _ok, pushed, _changed in finished), 2, "operations pushed: the dial and the day's first")
    for values in changes(client, SYNC, mark):
        equal(set(values) - {"State", "Reason", "PendingOperations", "QuarantinedOperations", "LastSync", "NextSync", "LastError"},
              set(), "properties that change in a sync")
    assert client.get(SYNC, "LastSync") > 0, "LastSync is not set"
    equal(session.events()[0]["amount"] in (XP["dial_made"], 25), True, "the newest event")


if __name__ == "__main__":
    run_tests(globals())

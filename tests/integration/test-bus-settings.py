#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Settings apply at once, with dconf and with the keyfile backend; a rules file is taken or refused with line and key."""
import json
import time

from probe import *  # noqa: F403
from common import parametrize, refused, run as run_tests

BACKENDS = ("keyfile", "dconf")
RULES = SOURCE / "data" / "rules.json"


def new_session(env, backend, **more):
    if backend == "keyfile":
        return env.session(**more)
    server = pathlib.Path("/usr/libexec/dconf-service")
    need(server.exists(), "dconf-service is not installed")
    session = env.session(signed_in=False, extra={"GSETTINGS_BACKEND": "dconf"})
    session.late.add(session.start("dconf", str(server)).pid)
    wait_for(lambda: owner(session.client, "ca.desrt.dconf"), 20, "dconf")
    change(session, "push-delay", "60000")
    if more.get("signed_in", True):
        session.sign_in(env.server)
    return session


def change(session, key, value):
    code, _, complaint = run(["gsettings", "set", NAME, key, value], session.env)
    equal((code, complaint), (0, ""), f"gsettings set {key}")


@parametrize(BACKENDS)
def test_push_delay(env, backend):
    need_faults()
    session = new_session(env, backend)
    session.sync()
    change(session, "sync-interval", "86400")
    session.add("email_sent")
    wait_property(session.client, SYNC, "NextSync", lambda value: 30 < value / 1e6 - time.time() < 61)
    change(session, "push-delay", "0")
    session.add("email_sent")
    wait_property(session.client, SYNC, "PendingOperations", 0)
    equal(env.server.state(session.member)["ledger"]["count"], 2, "rows")


@parametrize(BACKENDS)
def test_sync_interval(env, backend):
    session = new_session(env, backend)
    session.sync()
    for interval in (15, 86400, 600):
        change(session, "sync-interval", str(interval))
        # The plan is drawn again at once; 15 s may be over before this is asked.
        wait_property(session.client, SYNC, "NextSync", lambda value: value / 1e6 - time.time() < 1.11 * interval and
                      (interval == 15 or value / 1e6 - time.time() > 0.89 * interval - 5), 10)
    code, _, _ = run(["gsettings", "set", NAME, "sync-interval", "14"], session.env)
    equal(code, 1, "less than 15 s")


@parametrize(BACKENDS)
def test_server_url(env, backend):
    need_faults()
    session = new_session(env, backend, signed_in=False)
    session.get("Version")
    with pipe_of(env.server.token.encode()) as fd, refused("InvalidArgument"):
        session.client.call(ACCOUNT, "SignIn", "", env.server.new_member(), 0, fd=fd)
    change(session, "server-url", env.server.url)
    for _ in range(200):
        try:
            with pipe_of(env.server.token.encode()) as fd:
                session.client.call(ACCOUNT, "SignIn", "", env.server.new_member(), 0, fd=fd)
            break
        except Refused as error:  # the new value is on its way to the service
            equal(error.name, "InvalidArgument", "SignIn")
    equal(session.client.get(ACCOUNT, "Server"), env.server.url, "Server")


def earned_after(session, expected):
    """What an e-mail brings, asked again until the new rules have arrived; the XP of the tries before are returned too."""
    for _ in range(500):
        earned = session.add("email_sent")[1]
        if earned == expected:
            return
    raise AssertionError(f"an e-mail brings {earned}, expected {expected}")


@parametrize(BACKENDS)
def test_rules_file(env, backend):
    session = new_session(env, backend)
    client = session.client
    equal(session.add("email_sent")[1], 10, "with the built-in rules")
    rules = session.root / "home" / "rules.json"
    rules.write_text(RULES.read_text().replace('"kind": "email_sent", "xp": 10', '"kind": "email_sent", "xp": 12'))
    change(session, "rules-file", str(rules))
    earned_after(session, 12)
    before = session.total()
    assert 20 <= before < 100, before
    levels = json.loads(rules.read_text())
    levels["levels"][1] = 20
    other = session.root / "home" / "levels.json"
    other.write_text(json.dumps(levels))
    change(session, "rules-file", str(other))
    wait_property(client, NAME, "Level", 2)
    assert level_of(before) == 1, "the built-in table says otherwise"
    equal(session.total(), before, "what was earned stays")
    change(session, "rules-file", "")
    wait_property(client, NAME, "Level", level_of(before))
    earned_after(session, 10)
    session.stop()
    change(session, "rules-file", str(rules))
    equal(session.add("email_sent")[1], 12, "after a start")


BAD_RULES = {
    "no file": (None, ("rules.json",)), "no JSON": (lambda text: text.replace('"levels": [', '"levels": [[', 1), (":8:", "levels")),
    "a wrong value": (lambda text: text.replace('"kind": "email_sent", "xp": 10', '"kind": "email_sent", "xp": "ten"'), (":19:", "sources[10].xp")),
    "an unknown key": (lambda text: text.replace('"limits"', '"limit"'), ("limit",)),
    "levels that fall": (lambda text: text.replace("0, 100, 250", "0, 250, 100"), (":5:", "levels[2]")),
    "an empty file": (lambda text: "", (":1:",)),
}


@parametrize({name: (name,) for name in BAD_RULES})
def test_bad_rules_file(env, name):
    session = new_session(env, "keyfile")
    session.sync()
    spoil, words = BAD_RULES[name]
    rules = session.root / "home" / "rules.json"
    if spoil:
        text = RULES.read_text()
        assert spoil(text) != text, "nothing is spoilt"
        rules.write_text(spoil(text))
    change(session, "rules-file", str(rules))
    found = wait_property(session.client, SYNC, "LastError", lambda value: value != "")
    for word in (*words, "built-in"):
        assert word in found, f"LastError “{found}” does not say {word}"
    equal(session.add("email_sent")[1], 10, "the built-in rules hold")
    change(session, "rules-file", "")
    wait_property(session.client, SYNC, "LastError", "")


if __name__ == "__main__":
    run_tests(globals())

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A network that flaps ten times a second, and names that do not resolve, at once or never. Needs root."""
import time

import hostile
from gi.repository import GLib
from probe import *  # noqa: F403
from common import XP, expect_exact, note, run as run_tests, wait_for as wait_event
from network import NameServer, new_network

FLIPS = 60  # of the route, 100 ms apart


def flap(network, between):
    """Takes the route away and gives it back, every 100 ms, and calls `between` after each flip; ends with a route."""
    flips = [0]

    def flip():
        flips[0] += 1
        (network.go_offline if flips[0] % 2 else network.go_online)()
        between()
        return flips[0] < FLIPS

    GLib.timeout_add(100, flip)
    wait_event(lambda: flips[0] >= FLIPS, 60, "the flips")


def test_flapping(env):
    """Six seconds of it, with a call in each gap: every call is counted once; the server and the processor hardly notice."""
    need_faults()
    network = new_network(env)
    rep = env.session(wrapper=network.enter(), extra={"GIO_USE_NETWORK_MONITOR": "netlink"})
    wait_property(rep.client, SYNC, "Online", True, 10)
    answers, errors = [], []

    def earn():
        rep.client.send(NAME, "AddXP", "note_added", {"ref": GLib.Variant("s", f"note-{len(answers)}")},
                        done=lambda answer, error: (errors if error else answers).append(error or answer))

    env.server.clear_requests()
    start = time.monotonic()
    before, mark = hostile.switches(rep.client.pid()), rep.client.mark()
    flap(network, earn)
    requests = len(env.server.requests())
    wakes = hostile.switches(rep.client.pid()) - before
    wait_event(lambda: len(answers) + len(errors) == FLIPS, 30, "the answers")
    wait_event(lambda: rep.client.seen("SyncFinished", mark), 30, "the end of the cycle that made the requests")
    flips = [values["Online"] for values in changes(rep.client, SYNC, mark) if "Online" in values]
    cycles = len(rep.client.seen("SyncFinished", mark))
    note(f"{cycles} cycles, {requests} requests, {wakes} wake-ups, {len(flips)} changes of Online")
    equal(errors, [], "errors of earning")
    assert len(flips) >= FLIPS // 2, f"the service saw only {len(flips)} changes: nothing was tried"
    seconds = time.monotonic() - start
    assert cycles <= 2 + seconds / 10, f"{cycles} cycles"
    assert requests <= 10 * cycles, f"{requests} requests"
    assert wakes <= 30 * (FLIPS + len(answers)), f"{wakes} wake-ups"
    wait_property(rep.client, SYNC, "PendingOperations", 0, 60)
    rep.sync_until_well()
    expect_exact(env.server, rep, FLIPS * XP["note_added"], FLIPS)


def named_rep(env, options):
    """A rep of a server that is known by its name alone; returns the rep, the server's front, the name server and the network."""
    need_faults()
    authority = hostile.Authority()
    front = hostile.Front(env.server, host="crm.example.test", tls=authority.context("crm", host="DNS:crm.example.test"))
    network = new_network(env, front.url)
    names = NameServer(network.near, network.host)
    env.extra.extend([front, names, authority])
    file = authority.root / "resolv.conf"
    file.write_text(f"nameserver {network.near}\noptions {options}\n", encoding="ascii")
    wrapper = hostile.with_file(file, "/etc/resolv.conf", *authority.wrapper(*network.enter()))
    rep = env.session(wrapper=wrapper, signed_in=False)
    rep.sign_in(front)
    return rep, front, names, network


def test_name_that_does_not_resolve(env):
    """Unknown, a broken name server, one that never answers: the reason names the name, and all arrives when it is known again."""
    rep, _front, names, _network = named_rep(env, "timeout:1 attempts:1")
    rep.stop()  # a name that is known is not asked for again while its address answers
    total = 0
    for mode in ("unknown", "broken", "silent"):
        names.mode = mode
        asked = names.questions
        rep.add("email_sent", ref=mode)
        total += XP["email_sent"]
        equal(rep.try_sync(), "Offline", f"{mode}: error of SyncNow")
        assert names.questions > asked, "the name server was not asked"
        for text in (rep.client.get(SYNC, "LastError"), rep.reason()):
            for word in ("cannot be resolved", "crm.example.test", "Check the network"):
                assert word in text, f"{mode}: “{text}” does not say “{word}”"
        equal((rep.sync_state(), rep.total(), rep.pending()), ("waiting", total, total // XP["email_sent"]), "State, total, pending")
    names.mode = "good"
    rep.sync_until_well()
    expect_exact(env.server, rep, total, 3)


def test_server_that_moves(env):
    """The address behind the name changes while the service runs: it asks for the name again, and needs no restart."""
    rep, front, names, network = named_rep(env, "timeout:1 attempts:1")
    rep.add("email_sent")
    rep.sync()
    names.address = network.move()
    front.drop()
    rep.add("email_sent")
    wait_property(rep.client, SYNC, "State", "idle")
    rep.sync_until_well()
    expect_exact(env.server, rep, 2 * XP["email_sent"], 2)


def test_name_server_that_hangs(env):
    """The resolver itself would wait for minutes: the deadline holds all the same, and the service ends while it still waits."""
    rep, _front, names, _network = named_rep(env, "timeout:30 attempts:5")
    rep.stop()
    names.mode = "silent"
    mark = rep.client.mark()
    answers = begin(rep.client, SYNC, "SyncNow", "()")
    wait_event(lambda: answers, LONG + 5, "the answer of SyncNow")
    equal(answers[0].name, "StillRunning", "error of SyncNow")
    rep.add("email_sent")
    wait_event(lambda: rep.client.seen("SyncFinished", mark), 60, "the deadline")
    assert "30 seconds" in rep.reason(), rep.reason()
    equal((rep.total(), rep.pending()), (XP["email_sent"], 1), "total and pending")
    rep.stop()
    names.mode = "good"
    equal(rep.total(), XP["email_sent"], "TotalXp after a new start")
    wait_property(rep.client, SYNC, "PendingOperations", 0, 60)
    rep.sync_until_well()
    expect_exact(env.server, rep, XP["email_sent"], 1)


if __name__ == "__main__":
    run_tests(globals())

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real loss of the network: the service lives in a network namespace of its own, and its route to the server is taken away and given
back. Needs root."""
import common
from common import SYNC, XP, call_plan, equal, expect_exact, gather, need_faults, wait_for, worth
from network import new_network

FIRST_DIAL = XP["first_dial_of_day"]


def test_outage_of_a_thousand_operations(env):
    """The service notices by itself that the network is gone and that it is back, and then sends everything once."""
    need_faults()
    env.server.config(timeline_delay_ms=0)
    network = new_network(env)
    rep = env.session(wrapper=network.enter(), extra={"GIO_USE_NETWORK_MONITOR": "netlink"}, settings={"push_delay": 100})
    equal(rep.client.get(SYNC, "Online"), True, "Online at first")
    network.go_offline()
    wait_for(lambda: not rep.client.get(SYNC, "Online"), 10, "the loss of the network")
    gather([rep], [[call_plan("VOICEMAIL", 20, f"lead-{number}") for number in range(500)]])
    total = 500 * worth("VOICEMAIL", 20) + FIRST_DIAL
    equal((rep.total(), rep.pending()), (total, 1001), "total and pending without a network")
    equal(rep.sync_state(), "offline", "State without a network")
    equal(rep.try_sync(), "Offline", "SyncNow tries all the same")
    equal(env.server.rows(rep.member), [], "rows in the ledger")
    network.go_online()
    wait_for(lambda: rep.client.get(SYNC, "Online"), 10, "the network")
    wait_for(lambda: rep.pending() == 0, 60, "the upload")  # nobody asks for it
    rep.sync()
    expect_exact(env.server, rep, total, 1001)
    equal(len({event["id"] for event in rep.events()}), 1001, "events")
    rep.stop()


if __name__ == "__main__":
    common.run(globals())

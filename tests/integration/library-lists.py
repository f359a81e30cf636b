#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The library's lists, and what a raw proxy says, in Python: prints them as JSON, after their memory had time to be taken by others."""
import gc
import json

import gi

gi.require_version("Lids", "1.0")
from gi.repository import Gio, GLib, Lids  # noqa: E402

loop = GLib.MainLoop()
found = {}


def on_client(_source, result):
    found["client"] = Lids.ProgressionClient.new_finish(result)
    found["client"].list_badges_async(None, on_badges)


def on_badges(client, result):
    found["badges"] = client.list_badges_finish(result)
    client.get_eligibility_async("E-2", None, on_gates)


def on_gates(client, result):
    found["gates"], found["eligible"] = client.get_eligibility_finish(result)
    loop.quit()


Lids.ProgressionClient.new_async(None, Lids.ProgressionClientFlags.NONE, None, on_client)
loop.run()
raw = Lids.DbusProgressionProxy.new_for_bus_sync(Gio.BusType.SESSION, Gio.DBusProxyFlags.NONE, "org.lids.Progression",
                                                 "/org/lids/Progression", None)
ramp_up, rates = raw.call_get_efficiency_sync(None)
gc.collect()
print(json.dumps({"badges": [[badge.id, badge.name, badge.tier, badge.next_tier, badge.needed, badge.known] for badge in found["badges"]],
                  "owned": found["client"].get_badges(), "eligible": found["eligible"],
                  "total": raw.props.total_xp, "efficiency": [ramp_up, rates.unpack()],
                  "gates": [[gate.kind, gate.id, gate.needed.unpack(), gate.have.unpack() if gate.have is not None else None, gate.met]
                            for gate in found["gates"]]}))

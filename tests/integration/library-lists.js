#!/usr/bin/gjs
// SPDX-License-Identifier: LGPL-2.1-or-later
// The library's lists, and what a raw proxy says, in JavaScript: prints them as JSON, after their memory had time to be taken by others.
imports.gi.versions.Lids = '1.0';
const {Gio, GLib, Lids} = imports.gi;

const Client = Lids.ProgressionClient;
Gio._promisify(Client, 'new_async', 'new_finish');
for (const method of ['list_badges', 'get_eligibility'])
    Gio._promisify(Client.prototype, `${method}_async`, `${method}_finish`);

async function main() {
    const client = await Client.new_async(null, Lids.ProgressionClientFlags.NONE, null);
    const badges = await client.list_badges_async(null);
    const [gates, eligible] = await client.get_eligibility_async('E-2', null);
    const raw = Lids.DbusProgressionProxy.new_for_bus_sync(Gio.BusType.SESSION, Gio.DBusProxyFlags.NONE, 'org.lids.Progression',
        '/org/lids/Progression', null);
    const [, rampUp, rates] = raw.call_get_efficiency_sync(null); // the first: that it succeeded
    imports.system.gc();
    print(JSON.stringify({
        badges: badges.map(badge => [badge.id, badge.name, badge.tier, badge.next_tier, badge.needed, badge.known]),
        owned: client.badges,
        eligible,
        total: raw.total_xp,
        efficiency: [rampUp, rates.recursiveUnpack()],
        gates: gates.map(gate => [gate.kind, gate.id, gate.needed.deepUnpack(), gate.have ? gate.have.deepUnpack() : null, gate.met]),
    }));
}

const loop = GLib.MainLoop.new(null, false);
main().catch(error => printerr(error.message)).finally(() => loop.quit());
loop.run();

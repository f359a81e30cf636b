#!/usr/bin/gjs
// SPDX-License-Identifier: LGPL-2.1-or-later
// Records a call, tells what it brought, and waits until it is in Twenty.
imports.gi.versions.Lids = '1.0';
const {Gio, GLib, Lids} = imports.gi;

const Client = Lids.ProgressionClient;
Gio._promisify(Client, 'new_async', 'new_finish');
for (const method of ['record_call', 'sync_now'])
    Gio._promisify(Client.prototype, `${method}_async`, `${method}_finish`);

async function main() {
    const client = await Client.new_async(null, Lids.ProgressionClientFlags.NONE, null);
    print(`${client.name}, level ${client.level}`);
    const earned = await client.record_call_async('CONTACT', 145, 'lead-7', null, null);
    print(`+${earned.earned} XP, ${earned.total} in total, level ${earned.level}`);
    await client.sync_now_async(null);
    print(`In Twenty. Pending: ${client.pendingXp} XP`);
    return 0;
}

let code = 1;
const loop = GLib.MainLoop.new(null, false);
main().then(done => { code = done; }).catch(error => printerr(error.message)).finally(() => loop.quit());
loop.run();
imports.system.exit(code);

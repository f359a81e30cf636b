// SPDX-License-Identifier: LGPL-2.1-or-later
// Records a call, tells what it brought, and waits until it is in Twenty.
//
//   valac --pkg liblids-progression-1.0 record-call.vala

async void record () throws Error {
    var client = yield new Lids.ProgressionClient (null, Lids.ProgressionClientFlags.NONE, null);
    print ("%s, level %u\n", client.name, client.level);
    var earned = yield client.record_call_async ("CONTACT", 145, "lead-7", null, null);
    print ("+%" + int64.FORMAT + " XP, %" + int64.FORMAT + " in total, level %u\n", earned.earned, earned.total, earned.level);
    yield client.sync_now_async (null);
    print ("In Twenty. Pending: %" + int64.FORMAT + " XP\n", client.pending_xp);
}

int main () {
    var loop = new MainLoop ();
    var code = 0;
    record.begin ((source, result) => {
        try {
            record.end (result);
        } catch (Error error) {
            printerr ("%s\n", error.message);
            code = 1;
        }
        loop.quit ();
    });
    loop.run ();
    return code;
}

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Records a call, tells what it brought, and waits until it is in Twenty."""
import sys

import gi

gi.require_version("Lids", "1.0")
from gi.repository import GLib, Lids  # noqa: E402


class Example:
    def __init__(self):
        self.loop = GLib.MainLoop()
        self.code = 0
        Lids.ProgressionClient.new_async(None, Lids.ProgressionClientFlags.NONE, None, self.step, self.on_client)

    def step(self, source, result, then):
        """Every answer comes here; what is refused ends the program."""
        try:
            then(source, result)
        except GLib.Error as error:
            print(error.message, file=sys.stderr)
            self.code = 1
            self.loop.quit()

    def on_client(self, _source, result):
        client = Lids.ProgressionClient.new_finish(result)
        print(f"{client.get_name()}, level {client.get_level()}")
        client.record_call_async("CONTACT", 145, "lead-7", None, None, self.step, self.on_recorded)

    def on_recorded(self, client, result):
        earned = client.record_call_finish(result)
        print(f"+{earned.earned} XP, {earned.total} in total, level {earned.level}")
        client.sync_now_async(None, self.step, self.on_synced)

    def on_synced(self, client, result):
        client.sync_now_finish(result)
        print(f"In Twenty. Pending: {client.get_pending_xp()} XP")
        self.loop.quit()


example = Example()
example.loop.run()
sys.exit(example.code)

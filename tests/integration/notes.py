# SPDX-License-Identifier: LGPL-2.1-or-later
"""A load of calls with ids of their own, repeated until each is acknowledged, and counted at the end on both sides."""
from probe import *  # noqa: F403
from common import XP, expect_exact, wait_for as wait_event

NOTE = XP["note_added"]  # no badge counts notes


class Notes:
    """Notes that are told of with ids of their own, and told again until each is acknowledged."""

    def __init__(self, session):
        self.session = session
        self.made = 0
        self.open = set()
        self.acknowledged = {}  # id: the operation's id

    def tell(self, name):
        self.open.add(name)

        def done(answer, error):
            if answer:
                first = self.acknowledged.setdefault(name, answer[0])
                equal(answer[0], first, f"{name} was acknowledged twice, with other ids")
                self.open.discard(name)
            else:
                assert error.name in ("NoReply", "ServiceUnknown", "NameHasNoOwner", "Disconnected", "Closed", "Cancelled", "18"), error
        self.session.client.send(NAME, "AddXP", "note_added", options({"id": name}), done=done)

    def send(self, count):
        for _ in range(count):
            self.made += 1
            self.tell(f"note-{self.made}")

    def some_answered(self, count):
        wait_event(lambda: len(self.acknowledged) >= count, what="answers")

    def interrupt(self, fault):
        """Does that to the session while notes are under way, some of them answered."""
        known = len(self.acknowledged)
        self.send(40)
        self.some_answered(known + 5)
        fault(self.session)

    def repeat(self):
        """Tells again what was not acknowledged, until all is."""
        for name in sorted(self.open):
            self.tell(name)
        wait_event(lambda: not self.open, what="the answers of what was repeated")

    def check(self, server):
        """Every acknowledged note is an event, none twice, and both ends agree."""
        session = self.session
        self.repeat()
        ids = [event["id"] for event in session.events()]
        equal(len(ids), len(set(ids)), "different events")
        equal(set(ids), set(self.acknowledged.values()), "events")
        session.sync_until_well()
        expect_exact(server, session, self.made * NOTE, self.made)
        equal({row["id"] for row in server.rows(session.member)}, set(ids), "rows in Twenty")

# SPDX-License-Identifier: LGPL-2.1-or-later
"""What happened to a rep before a release was recorded (record-release.py), and what must be true of it in every later version.

It never changes: the recordings in tests/fixtures/releases/ are of it. What a later version can store besides is another story, told after it.
"""
from facts import FIRST_DEAL, XP, call_rows, worth

MEMBER = "5f0c1c1e-8a43-4d3b-9d0f-6a2c7c1d9b10"
CONTACT = ("CONTACT", 150, "lead-1")
VOICEMAIL = ("VOICEMAIL", 0, "lead-2")
CALL_XP = worth(*CONTACT[:2]) + XP["first_dial_of_day"]
SENT_XP = CALL_XP + XP["deal_closed"] + FIRST_DEAL
SENT_ROWS = len(call_rows(*CONTACT[:2])) + 3
WAITING_XP = worth(*VOICEMAIL[:2]) + XP["email_sent"]
WAITING_ROWS = len(call_rows(*VOICEMAIL[:2])) + 1
TOTAL, ROWS = SENT_XP + WAITING_XP, SENT_ROWS + WAITING_ROWS


def first_call(rep):
    """Returns (id, earned, total, level, leveled_up), the same each time: the call has an id of its caller's."""
    return rep.call(*CONTACT, id="call-1")


def tell(rep, server):
    """A call and a deal that are in Twenty, then a call and a message that wait for the server, which is away at the end."""
    first_call(rep)
    rep.deal("deal-1")
    rep.sync_until_well()
    server.stop()
    rep.call(*VOICEMAIL, id="call-2")
    rep.add("email_sent", ref="message-1")

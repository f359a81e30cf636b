# SPDX-License-Identifier: LGPL-2.1-or-later
"""RedHawk Academy as Twenty sees it: a program of its own that knows nothing of the ledger. It reads the record, adds to what it read, and
writes that back, by plain HTTP and a key; its level has a formula of its own."""
import json

MODULE_XP = {"module_0": 50, "module_1": 50, "module_2": 50, "module_3": 50, "module_4": 75, "module_5": 100, "module_6": 300}
WIN, PERFECT_WIN, LOSS, ABANDONED = 100, 150, 30, 10


def members_of(text):
    """A set that stands in a TEXT field; what cannot be read is empty."""
    try:
        found = json.loads(text or "[]")
    except ValueError:
        return []
    return found if isinstance(found, list) else []


class Write:
    """A write that was thought out from what was read. It goes out when finish() is called, whatever has happened since."""

    def __init__(self, academy, record, values, xp):
        self.academy = academy
        self.record = record
        self.values = values
        self.xp = xp

    def finish(self):
        if self.values:
            status, value = self.academy.server.send("PATCH", f"/rest/repProgressions/{self.record['id']}", self.values, self.academy.token)
            assert status == 200, f"the Academy's PATCH: {status} {value}"
        return self.xp


class Academy:
    def __init__(self, server, member, token=None):
        self.server = server
        self.member = member
        self.token = token or server.token

    def read(self):
        query = self.server.query(filter=f'workspaceMemberId[eq]:"{self.member}"', limit=1)
        status, value = self.server.send("GET", f"/rest/repProgressions?{query}", None, self.token)
        assert status == 200, f"the Academy's GET: {status} {value}"
        return value["data"]["repProgressions"][0]

    def award(self, xp, **sets):
        """Reads, and adds: XP, and members of sets."""
        record = self.read()
        total = (record["totalXp"] or 0) + xp
        values = {"totalXp": total, "currentLevel": total // 100 + 1} if xp else {}
        for name, item in sets.items():
            values[name] = json.dumps([*members_of(record[name]), item])
        return Write(self, record, values, xp)

    # what a rep does there; each returns a Write
    def battle(self, level, result):
        return self.award({"win": WIN * level, "perfect": PERFECT_WIN * level, "loss": LOSS * level, "abandoned": ABANDONED}[result])

    def module(self, module):
        """Nothing to write if it reads that the module is done."""
        if module in members_of(self.read()["completedModules"]):
            return Write(self, None, {}, 0)
        return self.award(MODULE_XP[module], completedModules=module)

    def certificate(self, certification):
        if certification in members_of(self.read()["certifications"]):
            return Write(self, None, {}, 0)
        return self.award(0, certifications=certification)

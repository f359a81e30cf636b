#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The look-alike's control API and its faults: other tests build on them (TAP)."""
import argparse
import json
import os
import sys
import tempfile
import threading
import time
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import Sim                                   # noqa: E402

MEMBER = "20202020-0000-4000-8000-00000000a001"
RECORD = "aaaaaaaa-0000-4000-8000-000000000001"
ONE = "/rest/repProgressions/" + RECORD
FOLD = ('mutation($f:RepProgressionFilterInput!,$d:RepProgressionUpdateInput!)'
        '{updateRepProgressions(filter:$f,data:$d){id totalXp updatedAt}}')


class Control:
    def __init__(self, sim):
        self.sim = sim

    # Helpers
    def fresh(self):
        self.sim.control("DELETE", "faults")
        self.sim.control("POST", "config", {"rate_limit": False, "latency_ms": 0, "refuse_value": "", "batch_max": 200,
                                            "timeline_delay_ms": 0, "clock_offset_ms": 0, "rest_update_many": True})
        self.sim.control("DELETE", "log")
        self.call("DELETE", ONE)
        self.sim.api("POST", "/rest/repProgressions",
                     {"id": RECORD, "name": "Robin", "workspaceMemberId": MEMBER, "totalXp": 100})

    def call(self, method, path, value=None, timeout=5, token=None):
        headers = {"Authorization": "Bearer " + (token or self.sim.token), "Content-Type": "application/json"}
        return self.sim.send(method, path, None if value is None else json.dumps(value).encode(), headers, timeout)

    def total(self):
        return self.sim.control("GET", "state?member=" + MEMBER)["record"]["totalXp"]

    def faults(self, *faults):
        self.sim.control("POST", "faults", list(faults))

    def fold(self, total):
        body = {"query": FOLD, "variables": {"f": {"id": {"eq": RECORD}}, "d": {"totalXp": total}}}
        return self.call("POST", "/graphql", body)

    def timeline(self):
        query = urllib.parse.quote("targetRepProgressionId[eq]:" + RECORD)
        answer = self.call("GET", f"/rest/timelineActivities?filter={query}&order_by=createdAt[AscNullsFirst]")
        return [(row["name"], row["properties"].get("diff")) for row in answer.body()["data"]["timelineActivities"]]

    # Faults
    def test_request_dropped_is_not_executed(self):
        self.faults({"kind": "drop-request", "path": "/rest"})
        assert self.call("PATCH", ONE, {"totalXp": 1}) is None
        assert self.total() == 100

    def test_reply_dropped_is_executed(self):
        self.faults({"kind": "drop-reply", "path": "/rest"})
        assert self.call("PATCH", ONE, {"totalXp": 1}) is None
        assert self.total() == 1

    def test_duplicate_executes_twice(self):
        self.faults({"kind": "duplicate", "method": "POST"})
        row = {"id": "bbbbbbbb-0000-4000-8000-000000000001", "workspaceMemberId": "dup"}
        assert self.call("POST", "/rest/xpEvents", row).body()["messages"] == ["A duplicate entry was detected"]
        assert self.call("GET", "/rest/xpEvents/" + row["id"]).status == 200

    def test_hang_is_not_executed(self):
        self.faults({"kind": "hang", "arg": 50})
        assert self.call("PATCH", ONE, {"totalXp": 1}) is None
        assert self.total() == 100

    def test_hung_request_is_executed_after_the_client_left(self):
        self.faults({"kind": "hang-then-execute", "arg": 300})
        assert self.call("PATCH", ONE, {"totalXp": 7}, timeout=0.05) is None
        assert self.total() == 100
        deadline = time.monotonic() + 5
        while self.total() != 7:
            assert time.monotonic() < deadline, "never executed"

    def test_delay_and_latency(self):
        self.faults({"kind": "delay", "arg": 120})
        before = time.monotonic()
        assert self.call("GET", ONE).status == 200
        assert time.monotonic() - before >= 0.12
        self.sim.control("POST", "config", {"latency_ms": 60})
        before = time.monotonic()
        assert self.call("GET", ONE).status == 200
        assert time.monotonic() - before >= 0.06

    def test_spoilt_answers(self):
        self.faults({"kind": "garbage"}, {"kind": "garbage-after"}, {"kind": "truncate"}, {"kind": "huge", "arg": 5000})
        assert self.call("PATCH", ONE, {"totalXp": 1}).text.startswith("<!DOCTYPE html>")
        assert self.total() == 100
        assert self.call("PATCH", ONE, {"totalXp": 2}).text.startswith("<!DOCTYPE html>")
        assert self.total() == 2
        cut = self.call("GET", ONE)
        assert cut.status == 200 and isinstance(cut.body(), str) and cut.text.startswith('{"data"')
        assert len(self.call("GET", ONE).text) == 5000

    def test_refusals(self):
        self.faults({"kind": "status", "arg": 503}, {"kind": "redirect", "arg": "http://127.0.0.1:1/x"},
                    {"kind": "auth-expired"}, {"kind": "auth-revoked"}, {"kind": "permission"}, {"kind": "rate-limited"})
        assert self.call("GET", ONE).status == 503
        moved = self.call("GET", ONE)
        assert (moved.status, moved.headers["Location"]) == (302, "http://127.0.0.1:1/x")
        assert self.call("GET", ONE).status == 401
        assert self.call("GET", ONE).status == 403
        assert self.call("GET", ONE).body()["code"] == "PERMISSION_DENIED"
        assert self.call("GET", ONE).status == 429
        assert self.sim.control("GET", "faults") == {"faults": []}

    def test_skip_contains_and_order(self):
        self.faults({"kind": "status", "arg": 500, "skip": 1, "contains": "marked"},
                    {"kind": "status", "arg": 502, "contains": "marked", "times": 0})
        assert self.call("GET", ONE).status == 200
        answers = [self.call("PATCH", ONE, {"name": "marked"}).status for _ in range(3)]
        assert answers == [502, 500, 502], answers

    def test_stale_read(self):
        self.sim.control("POST", "backup")
        self.call("PATCH", ONE, {"totalXp": 200})
        self.faults({"kind": "stale-read", "times": 0})
        assert self.call("GET", ONE).body()["data"]["repProgression"]["totalXp"] == 100
        self.call("PATCH", ONE, {"totalXp": 300})
        self.fold(400)
        assert self.call("GET", ONE).body()["data"]["repProgression"]["totalXp"] == 100
        self.sim.control("DELETE", "faults")
        assert self.total() == 400

    # State
    def test_backup_and_restore(self):
        self.sim.control("POST", "backup")
        self.call("PATCH", ONE, {"totalXp": 1})
        self.call("POST", "/rest/xpEvents", {"workspaceMemberId": MEMBER, "eventType": "x", "xpAmount": 5})
        assert self.sim.control("GET", "state?member=" + MEMBER)["ledger"]["sum"] == 5
        self.sim.control("POST", "restore")
        state = self.sim.control("GET", "state?member=" + MEMBER)
        assert state["record"]["totalXp"] == 100 and state["ledger"] == {"count": 0, "sum": 0, "by_type": {}}

    def test_every_write_is_newer_as_shown(self):
        times = [self.fold(i).body()["data"]["updateRepProgressions"][0]["updatedAt"] for i in range(20)]
        assert times == sorted(set(times)), times

    def test_times_are_finer_than_shown(self):
        shown = self.fold(1).body()["data"]["updateRepProgressions"][0]["updatedAt"]
        exact = {"and": [{"id": {"eq": RECORD}}, {"updatedAt": {"gte": shown}}, {"updatedAt": {"lte": shown}}]}
        body = {"query": FOLD, "variables": {"f": exact, "d": {"totalXp": 2}}}
        assert self.call("POST", "/graphql", body).body()["data"] == {"updateRepProgressions": []}

    def test_refused_value(self):
        self.sim.control("POST", "config", {"refuse_value": "poison"})
        answer = self.call("POST", "/rest/batch/xpEvents", [{"name": "fine"}, {"ref": "a poison b"}])
        assert answer.status == 400 and "poison" in answer.body()["messages"][0], answer.text
        assert answer.body()["error"] == "BadRequestException"

    def test_old_server(self):
        self.sim.control("POST", "config", {"batch_max": 60, "rest_update_many": False})
        assert self.call("POST", "/rest/batch/xpEvents", [{"name": "b"}] * 61).status == 400
        assert self.call("PATCH", "/rest/repProgressions?filter=id[eq]:" + RECORD, {"totalXp": 1}).status == 400
        assert self.total() == 100

    def test_clock(self):
        self.sim.control("POST", "config", {"clock_offset_ms": -86400000})
        row = self.call("PATCH", ONE, {"totalXp": 5})
        day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400))
        assert row.body()["data"]["updateRepProgression"]["updatedAt"].startswith(day), row.text
        assert time.strftime("%d %b %Y", time.gmtime(time.time() - 86400)) in row.headers["Date"]

    # Roles and members
    def test_member_token(self):
        token = self.sim.control("POST", "tokens", {"member": MEMBER})["token"]
        row = self.call("PATCH", ONE, {"totalXp": 5}, token=token).body()["data"]["updateRepProgression"]
        assert row["updatedBy"] == {"source": "MANUAL", "workspaceMemberId": MEMBER, "name": "Robin Sample",
                                    "context": {}}
        assert self.call("GET", "/rest/metadata/objects", token=token).status == 403

    def test_hidden_and_dropped_field(self):
        self.sim.control("POST", "hide", {"object": "repProgression", "field": "foldLog"})
        assert "foldLog" not in self.call("GET", ONE).body()["data"]["repProgression"]
        self.sim.control("DELETE", "hide")
        assert "foldLog" in self.call("GET", ONE).body()["data"]["repProgression"]
        self.sim.control("POST", "backup")
        self.sim.control("POST", "drop-field", {"object": "repProgression", "field": "foldLog"})
        refused = self.call("PATCH", ONE, {"foldLog": "x"}).body()["messages"]
        assert refused == ["Object repProgression doesn't have any \"foldLog\" field."]
        self.sim.control("POST", "restore")
        assert self.call("PATCH", ONE, {"foldLog": "x"}).status == 200

    # Other writers
    def test_foreign_write_after_a_fold(self):
        self.sim.control("POST", "foreign", {"member": MEMBER, "after": 1, "by": "key",
                                             "set": {"totalXp": "+50", "completedModules": "json+module_1"}})
        assert self.sim.control("GET", "foreign") == {"pending": 1} and self.total() == 100
        self.fold(500)
        assert self.sim.control("GET", "foreign") == {"pending": 0} and self.total() == 150
        record = self.sim.control("GET", "state?member=" + MEMBER)["record"]
        assert json.loads(record["completedModules"]) == ["module_1"]

    def test_timeline_merges_a_members_writes_only(self):
        writes = [("key", 1), ("key", 2), ("member:" + MEMBER, 3), ("member:" + MEMBER, 4)]
        for by, total in writes:
            self.sim.control("POST", "foreign", {"member": MEMBER, "after": 0, "by": by, "set": {"totalXp": total}})
        deadline = time.monotonic() + 5
        while len(self.timeline()) < 4 or self.timeline()[-1][1]["totalXp"]["after"] != 4:
            assert time.monotonic() < deadline, self.timeline()
        changes = [(diff["totalXp"]["before"], diff["totalXp"]["after"]) for name, diff in self.timeline()[1:]]
        assert changes == [(100, 1), (1, 2), (2, 4)], changes

    # Limits and log
    def test_rate_limit_returns_a_token_only_to_the_patient(self):
        self.sim.control("POST", "config", {"rate_limit": True})
        assert [self.call("GET", ONE).status for _ in range(101)] == [200] * 100 + [429]
        token = self.sim.control("POST", "tokens", {"member": MEMBER})["token"]
        assert self.call("GET", ONE, token=token).status == 200
        last = time.monotonic()
        while self.call("GET", ONE).status == 429:
            assert time.monotonic() < last + 5, "no token returns"
        assert time.monotonic() - last > 0.3
        assert self.call("GET", ONE).status == 429

    def test_log_waits(self):
        seen = []

        def wait():
            seen.append(self.sim.control("GET", "log?wait=2&timeout_ms=5000"))
        waiter = threading.Thread(target=wait)
        self.sim.control("DELETE", "log")
        waiter.start()
        self.call("GET", ONE)
        self.fold(3)
        waiter.join()
        requests = seen[0]["requests"]
        assert [item["operation"] for item in requests] == ["get repProgressions", "updateRepProgressions"], requests
        assert self.sim.token not in json.dumps(requests)
        assert len(self.sim.control("GET", "log?wait=9&timeout_ms=50")["requests"]) == 2


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sim", required=True)
    options = parser.parse_args()
    names = [name for name in vars(Control) if name.startswith("test_")]
    failed = 0
    print(f"1..{len(names) + 1}")
    with tempfile.TemporaryDirectory() as folder:
        sim = Sim(options.sim, os.path.join(folder, "sim.log"))
        sim.control("POST", "provision")
        for number, name in enumerate(names, 1):
            control = Control(sim)
            try:
                control.fresh()
                getattr(control, name)()
                print(f"ok {number} - {name[5:]}")
            except (AssertionError, AttributeError, KeyError, TypeError) as error:
                failed += 1
                print(f"not ok {number} - {name[5:]}\n#   {type(error).__name__}: {error}")
        code = sim.close()
        failed += code != 0
        print(f"{'ok' if code == 0 else 'not ok'} {len(names) + 1} - stops cleanly ({code})")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

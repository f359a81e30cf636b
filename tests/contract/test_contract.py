#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Replays the recorded exchanges of a real Twenty against the look-alike (TAP).

    test_contract.py --sim PATH [--only ID] [--verbose]

Every exchange of tests/fixtures/contract.jsonl is compared, or listed in left-out.json with a
reason; anything else is a failure. Expectations come from the recording only.
"""
import argparse
import gzip
import json
import os
import re
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import Sim                                   # noqa: E402
from matching import CUT_TEXT, Matcher                   # noqa: E402
from rules import Rules                                  # noqa: E402
from setups import State                                 # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURE = os.path.join(HERE, "..", "fixtures", "contract.jsonl")
# The recording shows how positions run up to here; later ones depend on rows it does not show.
POSITIONS_END = "patch-found"
# Tokens that the recording writes with another one's word.
BEARER = {"oauth-garbage-bearer": "garbage"}
# Bodies that JSON lines cannot hold as they were sent.
RAW = {"http-request-gzip": gzip.compress(b'{"name":"gz"}'), "http-charset-latin1": b'{"name":"caf\xe9"}',
       "http-invalid-utf8": b'{"name":"caf\xe9"}'}
EVENT = {"workspaceMemberId": "wm-b", "eventType": "deal.closed", "occurredAt": "2026-11-22T07:00:00.000Z",
         "details": "{}"}
# How the first items of a cut list go on.
LISTS = {"seed": lambda i: {"workspaceMemberId": f"seed-{i:03d}", "totalXp": i, "name": f"Seed {i}"},
         "event": lambda i: dict(EVENT, name=f"e{i}", xpAmount=i), "z": lambda i: {"name": "z"}}


def whole(value):
    """A request's body with what the recording cut out of it."""
    if isinstance(value, str):
        cut = CUT_TEXT.match(value)
        return cut[1] + "x" * (int(cut[2]) - len(cut[1])) if cut else value
    if isinstance(value, dict):
        return {key: whole(item) for key, item in value.items()}
    if isinstance(value, list) and value and isinstance(value[-1], dict) and "__TRUNCATED__" in value[-1]:
        make = next(make for make in LISTS.values() if [make(0), make(1)] == value[:2])
        return [make(i) for i in range(int(value[-1]["__TRUNCATED__"].split()[0]))]
    return [whole(item) for item in value] if isinstance(value, list) else value


def whole_text(text):
    """A long body that was not parsed: the cut is at its end, the x's and the closing quote are missing."""
    cut = re.match(r'(.*?)\.\.\.<TRUNCATED, (\d+) chars>$', text, re.S)
    return cut[1] + "x" * (int(cut[2]) - len(cut[1]) - 2) + '"}' if cut else text


class Replay:
    def __init__(self, sim, other, recording, left_out):
        self.matcher = Matcher()
        self.recording = {item["id"]: item for item in recording}
        self.state = State(sim, other, self.matcher, self.recording)
        self.sim, self.other = sim, other
        self.left_out = left_out
        self.used = set()
        self.positions_known = True

    def reason(self, name):
        for key, reason in self.left_out.items():
            if name == key or (key.endswith("*") and name.startswith(key[:-1])):
                self.used.add(key)
                return reason
        return None

    def body_of(self, name, body):
        if name in RAW:
            return RAW[name]
        if body is None:
            return None
        text = whole_text(body) if isinstance(body, str) else json.dumps(whole(body), ensure_ascii=False)
        text = self.matcher.translate(text)
        self.matcher.note_request(text if len(text) < 100000 else "")
        return text.encode()

    def headers_of(self, name, request):
        headers = dict(request.get("headers") or {})
        if name in BEARER:
            headers["Authorization"] = "Bearer " + BEARER[name]
        sim = self.sim
        if "Authorization" in headers:
            word = headers["Authorization"].removeprefix("Bearer ").strip()
            sim = self.other if word == "OTHER_WORKSPACE_TOKEN" else sim
            token = self.sim.tokens.get(word)
            if token is not None:
                headers["Authorization"] = "Bearer " + token
        if "If-None-Match" in headers:
            headers["If-None-Match"] = self.matcher.there.get(headers["If-None-Match"], headers["If-None-Match"])
        return sim, headers

    def send(self, exchange):
        request = exchange["request"]
        path = self.matcher.translate(request["path"])
        self.matcher.note_request(path)
        path = path.replace("<about 16 KiB>", "x" * 16384)
        sim, headers = self.headers_of(exchange["id"], request)
        body = self.body_of(exchange["id"], request.get("body"))
        if body is not None and not any(key.lower() == "content-type" for key in headers):
            headers["Content-Type"] = "application/json"
        silent = exchange["response"]["status"] is None
        return sim.send(request["method"], path, body, headers, timeout=1 if silent else 60)

    def differences(self, exchange, answer):
        recorded = exchange["response"]
        if recorded["status"] is None:
            if answer is not None:
                yield f"no answer expected, {answer.status} given"
            return
        if answer is None:
            yield "no answer"
            return
        if answer.status != recorded["status"]:
            yield f"status {recorded['status']} expected, {answer.status} given: {answer.text[:300]}"
            return
        for key in ("content-type", "etag", "cache-control"):
            there, here = recorded["headers"].get(key), answer.headers.get(key)
            if there is None and recorded.get("headersPartial"):
                continue
            if (there is None) != (here is None) or (key == "content-type" and there != here):
                yield f"header {key}: {there} expected, {here} given"
        rules = Rules(exchange["id"], self.positions_known)
        body = recorded.get("body")
        if body in (None, ""):
            if answer.text != "":
                yield f"empty body expected, {answer.text[:100]} given"
        else:
            yield from self.matcher.compare(body, answer.body(), rules)

    def run(self, exchange):
        name = exchange["id"]
        if name == POSITIONS_END:
            self.positions_known = False
        self.state.prepare(name)
        return list(self.differences(exchange, self.send(exchange)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sim", required=True)
    options = parser.parse_args()
    with open(FIXTURE, encoding="utf-8") as file:
        recording = [json.loads(line) for line in file]
    with open(os.path.join(HERE, "left-out.json"), encoding="utf-8") as file:
        left_out = json.load(file)
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    print(f"1..{len(recording) + 2}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        sims = [Sim(options.sim, os.path.join(folder, name)) for name in ("sim.log", "other.log")]
        try:
            replay(sims, recording, left_out, counts)
        finally:
            codes = [sim.close() for sim in sims]
    fine = codes == [0, 0]
    counts["passed" if fine else "failed"] += 1
    print(f"{'ok' if fine else 'not ok'} {len(recording) + 2} - the look-alike stops cleanly {codes}")
    print(f"# {counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] else 0


def replay(sims, recording, left_out, counts):
    run = Replay(*sims, recording, left_out)
    run.state.start()
    for number, exchange in enumerate(recording, 1):
        reason = run.reason(exchange["id"])
        if reason is not None:
            counts["skipped"] += 1
            print(f"ok {number} - {exchange['id']} # SKIP {reason}")
            continue
        try:
            wrong = run.run(exchange)
        except (AssertionError, KeyError, AttributeError, StopIteration) as error:
            wrong = [f"{type(error).__name__}: {error}"]
        counts["failed" if wrong else "passed"] += 1
        print(f"{'not ok' if wrong else 'ok'} {number} - {exchange['id']}", flush=True)
        for line in wrong[:8]:
            print(f"#   {line}")
    idle = set(left_out) - run.used
    counts["failed" if idle else "passed"] += 1
    print(f"{'not ok' if idle else 'ok'} {len(recording) + 1} - every entry of left-out.json is needed {sorted(idle)}")


if __name__ == "__main__":
    sys.exit(main())

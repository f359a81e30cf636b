#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the seed corpus of every target: FOLDER/<target>/<name>, from the recorded exchanges with a real server, the built-in rules,
and the committed inputs of corpus/. What a byte at the front means is told by the target's LLVMFuzzerTestOneInput().

Usage: seeds.py FOLDER STAMP CONTRACT RULES"""
import json
import pathlib
import re
import shutil
import struct
import sys

CORPUS = pathlib.Path(__file__).parent / "corpus"
STATUSES = [200, 201, 0, 301, 400, 401, 403, 404, 413, 429, 500, 503]
SCHEMA_STATUSES = [200, 201, 400, 401, 403, 404, 429, 500, 0, 301]
DISCOVER, CREATE, READ, SWAP, POST, READ_BACK, FETCH, TIMELINE, RELINK, ERROR, SIGN_IN = range(11)
# How our client would read a recorded answer.
KINDS = [
    ('"createRepProgression"', CREATE), ('"updateRepProgressions"', SWAP), ('"createXpEvents"', POST), ('"updateXpEvents"', RELINK),
    ('"timelineActivities"', TIMELINE), ('"repProgressions":{', READ), ('"xpEvents":{"totalCount"', READ_BACK), ('"xpEvents":{', FETCH),
    ('"repProgressions":[', DISCOVER), ('"workspaceMember"', SIGN_IN), ('"currentWorkspace"', SIGN_IN),
]
RECORD_KEYS = """name workspaceMemberId totalXp currentLevel currentRank closedDeals badges streakDays completedModules certifications
defeatedBosses passedExams efficiencyMetrics lastActivityDate ledgerXp ledgerCount externalXp externalDeals foldToken foldLog createdAt
deletedAt""".split()
MAX_ANSWER = 20000


def complete(value):
    """The answer as our own, larger selection would have drawn it."""
    if isinstance(value, list):
        return [complete(item) for item in value]
    if not isinstance(value, dict):
        return value
    value = {key: complete(item) for key, item in value.items()}
    if "totalXp" in value and "updatedAt" in value:
        value = {**dict.fromkeys(RECORD_KEYS), **value}
    if len(value.get("groupByDimensionValues") or []) == 1:
        value["groupByDimensionValues"] = [None] + value["groupByDimensionValues"]
    return value


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def answers(exchanges):
    for one in exchanges:
        response = one["response"]
        body = compact(complete(response.get("body"))) if "body" in response else ""
        status = STATUSES.index(response["status"]) if response["status"] in STATUSES else STATUSES.index(500)
        if len(body) > MAX_ANSWER or one["id"].startswith("sse-"):
            continue
        kind = next((kind for part, kind in KINDS if part in body), ERROR)
        flags = 16 + ("xpEventsGroupBy" in body) + 2 * ('"unlinked"' in body)
        yield one["id"], bytes([kind, flags, status]) + body.encode()
        yield one["id"] + "-for-others", bytes([kind, flags | 32, status]) + body.encode()
        if kind == FETCH:  # the same rows, as the answer to the question for single ones
            yield one["id"] + "-read-back", bytes([READ_BACK, flags, status]) + body.encode()


def schemas(exchanges):
    """The answers to one run of provisioning each: a list, then what was created or refused."""
    lists, rest = [], []
    for one in exchanges:
        if "/rest/metadata/" not in one["request"]["path"] or one["response"].get("body") is None:
            continue
        status = one["response"]["status"]
        text = bytes([SCHEMA_STATUSES.index(status) if status in SCHEMA_STATUSES else 7]) + compact(one["response"]["body"]).encode()
        is_list = one["request"]["method"] == "GET" and "objects" in one["request"]["path"] and status == 200
        (lists if is_list else rest).append((one["id"], text))
    empty = bytes([0]) + b'{"data":{"objects":[]}}'
    made = bytes([1]) + b'{"id":"f3974152-e0fd-41fb-9461-6f0a697aba85"}'
    for name, text in lists:
        yield name + "-dry", b"\1" + text
        yield name, b"\0" + b"\xff".join([text] + [made] * 40)
    for name, text in rest:
        yield name, b"\0" + b"\xff".join([empty, made, made, text, made, empty])
    yield "all-created", b"\0" + b"\xff".join([empty] + [made] * 31)


def rules(text):
    yield "builtin", b"\1" + text.encode()
    yield "builtin-unedited", b"\0"
    names = ', "names": {"de": "Neuling", "pt_BR": "Novato"},'
    yield "names-by-language", b"\1" + re.sub('("name": "[^"]*"),', lambda match: match[1] + names, text).encode()
    for at in range(0, 900, 7):
        for action in (0, 1, 2):
            yield f"edit-{at}-{action}", b"\0" + struct.pack("<HHB", at, at * 31 % 900, action) + bytes([at % 4, at % 15])


def imports(exchanges):
    day, lines = "2026-11-22", []
    for one in exchanges:
        for row in find_rows(one["response"].get("body")):
            lines.append(compact({
                "id": row["id"], "device": row.get("device") or "", "seq": row.get("seq") or 0, "kind": row["eventType"],
                "amount": row.get("xpAmount") or 0, "ref": row.get("ref") or "", "localDay": row.get("localDay") or day,
                "occurredAt": row.get("occurredAt") or "2026-11-22T07:00:00.000001Z", "zone": "Europe/Berlin",
                "details": row.get("details") or "", "cause": "", "createdAt": row.get("createdAt") or "2026-11-22T07:00:00.000Z"}))
    unique = sorted(set(lines))
    for i in range(0, min(len(unique), 60), 3):
        yield f"rows-{i}", b"\2" + "\n".join(unique[i:i + 3]).encode()
    yield "header-alone", b"\1" + compact({"format": "org.lids.Progression.export", "version": 1,
                                           "member": "6f1c2b34-9d0e-4a55-8c7b-2f4e6a8b0c1d"}).encode()
    yield "token", b"\0eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl\n"


def find_rows(value):
    if isinstance(value, list):
        for item in value:
            yield from find_rows(item)
    elif isinstance(value, dict):
        if isinstance(value.get("eventType"), str) and isinstance(value.get("id"), str) and len(value["id"]) == 36:
            yield value
        for item in value.values():
            yield from find_rows(item)


def texts(exchanges):
    """Everything that stands in a TEXT of a recorded record or row, read as everything that such a text may be."""
    found = set()

    def walk(value):
        if isinstance(value, dict):
            for key, item in value.items():
                if key in ("badges", "completedModules", "efficiencyMetrics", "foldLog", "details", "name") and isinstance(item, str):
                    found.add(item[:2000])
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)
    for one in exchanges:
        walk(one["response"].get("body"))
        for text in (one["response"].get("body") or {}).get("messages", []) if isinstance(one["response"].get("body"), dict) else []:
            found.add(str(text)[:2000])
    for i, text in enumerate(sorted(found)[:40]):
        for entry in range(8):
            yield f"{entry}-{i}", bytes([entry]) + text.encode()


def options():
    """Dictionaries in GVariant's text form are in corpus/; here is one as bytes: {'id': <'x'>, 'limit': <7>}."""
    first = b"id\0" + b"\0" * 5 + b"x\0\0s" + b"\x02"
    second = b"limit\0" + b"\0" * 2 + struct.pack("<i", 7) + b"\0i" + b"\x05"
    first += b"\0" * (-len(first) % 8)
    yield "two-entries-as-bytes", b"\0" + first + second + bytes([13, len(first) + len(second)])
    yield "empty-as-bytes", b"\0"


def large():
    """Nasty inputs whose nastiness is their size."""
    most = 2**53
    group = '{"groupByDimensionValues":["d","k"],"totalCount":%d,"sumXpAmount":%d}'
    read = '{"data":{"repProgressions":{"edges":[]},"xpEventsGroupBy":[%s]}}'
    fetch = '{"data":{"xpEvents":{"edges":[],"pageInfo":{"hasNextPage":false}},"xpEventsGroupBy":[%s]}}'
    page = b'\0{"data":[],"pageInfo":{"hasNextPage":true,"endCursor":"%d"}}'
    yield "answer", "error-deep", bytes([ERROR, 0, 0]) + b"[" * 100000
    yield "answer", "groups-that-overflow", bytes([READ, 17, 0]) + (read % ",".join([group % (most, most)] * 1100)).encode()
    yield "answer", "groups-below-zero-that-overflow", bytes([READ, 17, 0]) + (read % ",".join([group % (0, -most)] * 1100)).encode()
    yield "answer", "older-that-overflows", bytes([FETCH, 20, 0]) + (fetch % ",".join(['{"totalCount":%d}' % most] * 1100)).encode()
    yield "import", "header-deep", b"1" + b"[" * 60000
    yield "import", "header-deep-objects", b"1" + b'{"format":' * 20000
    line = '{"id":"00000000-0000-4000-8000-%012d","kind":"k","amount":9007199254740992,"occurredAt":1}'
    yield "import", "amounts-that-overflow", b"2" + "\n".join(line % i for i in range(1100)).encode()
    yield "rules", "long-key-many-values", b'1{"' + b"k" * 20000 + b'":[' + b"0," * 20000 + b"0]}"
    yield "rules", "deep", b"1" + b'{"a":' * 20000
    yield "schema", "pages-without-end", b"0" + b"\xff".join(page % i for i in range(110))
    yield "text", "base-deep", b"5" + b'{"record":' * 20000
    yield "text", "fold-log-long", b"6v1 c=4294967295 d=2147483647 " + b"1>2 " * 900


def write(folder, name, data):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def main():
    folder, stamp, contract, catalogue = map(pathlib.Path, sys.argv[1:5])
    exchanges = [json.loads(line) for line in contract.read_text(encoding="utf-8").splitlines()]
    shutil.rmtree(folder, ignore_errors=True)
    made = {"answer": answers(exchanges), "schema": schemas(exchanges), "rules": rules(catalogue.read_text(encoding="utf-8")),
            "import": imports(exchanges), "text": texts(exchanges), "options": options()}
    for target, seeds in made.items():
        for name, data in seeds:
            write(folder / target, name, data)
    for target, name, data in large():
        write(folder / target, name, data)
    for path in sorted(CORPUS.glob("*/*")):
        write(folder / path.parent.name, path.name, path.read_bytes())
    stamp.touch()


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes tests/fixtures/contract.jsonl from a raw recording.

    make-fixture.py RECORDING > ../fixtures/contract.jsonl

Real people, hosts and workspaces get invented names of the same sorting order (the server sorts
the words of a search vector), headers that no test reads are dropped, and so are the bodies of
exchanges that left-out.json lists.
"""
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

# Built from pieces so that the names themselves do not stand in this repository.
WORDS = [
    (r"\b" + "jo" + r"ny\.i" + r"ve@app" + r"le\.dev\b", "lou.dale@meadow.test"),
    (r"\b" + "sc" + r"ott\.forst" + r"all@app" + r"le\.dev\b", "kim.harbor@meadow.test"),
    (r"\b" + "t" + r"im@app" + r"le\.dev\b", "pat@meadow.test"),
    (r"\b" + "Jo" + r"ny\b", "Lou"), (r"\b" + "jo" + r"ny\b", "lou"),
    (r"\b" + "I" + r"ve\b", "Dale"), (r"\b" + "i" + r"ve\b", "dale"),
    (r"\b" + "Sc" + r"ott\b", "Kim"), (r"\b" + "sc" + r"ott\b", "kim"),
    (r"\b" + "Forst" + r"all\b", "Harbor"), (r"\b" + "forst" + r"all\b", "harbor"),
    (r"\b" + "T" + r"im\b", "Pat"), (r"\b" + "t" + r"im\b", "pat"),
    (r"\b" + "App" + r"le\b", "Meadow"), (r"\b" + "app" + r"le\b", "meadow"),
    (r"\by" + r"c\.localhost\b", "other.example.test"), (r"\by" + r"c-key\b", "other-key"),
    (r"\bground" + r"-truth\b", "recorder"),
]
KEPT = ("content-type", "etag", "location", "cache-control")


def renamed(value):
    if isinstance(value, str):
        for pattern, word in WORDS:
            value = re.sub(pattern, word, value)
        return value
    if isinstance(value, list):
        return [renamed(item) for item in value]
    if isinstance(value, dict):
        return {renamed(key): renamed(item) for key, item in value.items()}
    return value


def left_out(name, table):
    return any(name == key or (key.endswith("*") and name.startswith(key[:-1])) for key in table)


def main():
    with open(os.path.join(HERE, "left-out.json"), encoding="utf-8") as file:
        table = json.load(file)
    with open(sys.argv[1], encoding="utf-8") as file:
        for line in file:
            exchange = json.loads(line)
            request, response = exchange["request"], exchange["response"]
            if left_out(exchange["id"], table):
                request = {key: request[key] for key in ("method", "path")}
                response = {"status": response["status"]}
            else:
                headers = response.get("headers") or {}
                # Later parts of the recording kept the content type alone.
            complete = "connection" in headers
            response = dict(response, headers={key: headers[key] for key in KEPT if key in headers})
            if not complete:
                response["headersPartial"] = True
            kept = {"id": exchange["id"], "request": request, "response": response}
            if exchange.get("note"):
                kept["note"] = exchange["note"]
            print(json.dumps(renamed(kept), ensure_ascii=False, separators=(",", ":")))


main()

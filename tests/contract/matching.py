# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares a recorded answer with the one given now, and carries server-made values (ids, times,
cursors, tags) over into later requests. Every expectation comes from the recording."""
import base64
import json
import re
from datetime import datetime, timedelta, timezone

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.I)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
TIME_IN_PATH = re.compile(r"\d{4}-\d\d-\d\dT\d\d%3A\d\d%3A\d\d\.\d{3}Z")
CURSOR = re.compile(r"eyJ[A-Za-z0-9+/]+=*")
CUT_LIST = re.compile(r"(\d+) items in total")
CUT_TEXT = re.compile(r"(.*?)\.\.\.<TRUNCATED, (\d+) chars>$", re.S)
# Names that the database makes up.
MADE_UP = [(re.compile(r"(FK|IDX)_[0-9a-f]{27}"), r"\1_*"),
           (re.compile(r"universalIdentifier: " + UUID.pattern), "universalIdentifier: *")]


def open_cursor(text):
    try:
        value = json.loads(base64.b64decode(text, validate=True))
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def close_cursor(value):
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return base64.b64encode(text.encode()).decode()


def kind(value):
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "number"
    return type(value).__name__


class Matcher:
    def __init__(self):
        self.there = {}       # recorded id, time or tag → the one of now
        self.sent = set()     # ids and times that clients chose themselves

    # Requests --------------------------------------------------------------------------------
    def translate(self, text):
        """A recorded request's text with the server-made values of now."""
        def one_id(match):
            return self.there.get(match[0].lower(), match[0])

        def one_time(match):
            return self.time_there(match[0]) or match[0]

        def one_cursor(match):
            value = open_cursor(match[0])
            return match[0] if value is None else close_cursor(json.loads(self.translate(json.dumps(value))))

        text = TIME_IN_PATH.sub(lambda match: match[0].replace("%3A", ":"), text)
        text = UUID.sub(one_id, text)
        text = TIME.sub(one_time, text)
        return CURSOR.sub(one_cursor, text)

    def time_there(self, text):
        """The time that stands for @text; a client also sends a time it read plus one millisecond."""
        if text in self.sent:
            return text
        if text in self.there:
            return self.there[text]
        before = shift(text, -1)
        return shift(self.there[before], 1) if before in self.there else None

    def note_request(self, text):
        for found in UUID.findall(text):
            if found.lower() not in self.there:
                self.sent.add(found.lower())
        for found in TIME.findall(text):
            if found not in self.there and shift(found, -1) not in self.there:
                self.sent.add(found)

    # Answers ---------------------------------------------------------------------------------
    def compare(self, recorded, given, rules, path=""):
        """Yields what differs. @rules: see rules.py."""
        if isinstance(recorded, str) and CUT_TEXT.match(recorded) and isinstance(given, str):
            head, length = CUT_TEXT.match(recorded).groups()
            if len(given) != int(length) or not given.startswith(head):
                yield f"{path}: a text of {length} characters expected, {len(given)} given"
            return
        if kind(recorded) != kind(given) and not rules.may_be_either(path, recorded, given):
            yield f"{path}: {kind(recorded)} expected, {kind(given)} given ({given!r:.80})"
        elif isinstance(recorded, dict) and isinstance(given, dict):
            yield from self.compare_objects(recorded, given, rules, path)
        elif isinstance(recorded, list) and isinstance(given, list):
            yield from self.compare_lists(recorded, given, rules, path)
        elif isinstance(recorded, str) and isinstance(given, str):
            yield from self.compare_texts(recorded, given, rules, path)
        elif recorded != given and not rules.free(path):
            yield f"{path}: {recorded!r} expected, {given!r} given"

    def compare_objects(self, recorded, given, rules, path):
        missing = {key for key in recorded if key not in given and not rules.optional(path, key)}
        extra = {key for key in given if key not in recorded and not rules.optional(path, key)}
        if missing or extra:
            yield f"{path}: keys missing {sorted(missing)}, too many {sorted(extra)}"
        for key in recorded:
            if key in given:
                yield from self.compare(recorded[key], given[key], rules, f"{path}.{key}")

    def compare_lists(self, recorded, given, rules, path):
        recorded = list(recorded)
        length = len(recorded)
        if recorded and isinstance(recorded[-1], dict) and "__TRUNCATED__" in recorded[-1]:
            length = int(CUT_LIST.match(recorded.pop()["__TRUNCATED__"])[1])
        if length != len(given) and not rules.any_length(path):
            yield f"{path}: {length} items expected, {len(given)} given"
            return
        if rules.any_order(path):
            given = sorted_like(recorded, given, rules.order_key)
        for place, (one, other) in enumerate(zip(recorded, given)):
            yield from self.compare(one, other, rules, f"{path}[{place}]")

    def compare_texts(self, recorded, given, rules, path):
        if UUID.fullmatch(recorded):
            yield from self.compare_ids(recorded, given, rules, path)
        elif TIME.fullmatch(recorded):
            yield from self.compare_times(recorded, given, rules, path)
        elif open_cursor(recorded) is not None:
            value = open_cursor(given)
            if value is None:
                yield f"{path}: a cursor expected, {given!r:.60} given"
            else:
                yield from self.compare(open_cursor(recorded), value, rules, path)
        elif rules.free(path):
            return
        else:
            for pattern, star in MADE_UP:
                recorded, given = pattern.sub(star, recorded), pattern.sub(star, given)
            recorded = UUID.sub(lambda match: self.there.get(match[0].lower(), match[0]), recorded)
            if recorded != given:
                yield f"{path}: {recorded!r:.300} expected, {given!r:.300} given"

    def compare_ids(self, recorded, given, rules, path):
        if not UUID.fullmatch(given):
            yield f"{path}: an id expected, {given!r:.60} given"
        elif rules.free(path):
            return
        elif recorded in self.sent:
            if recorded != given:
                yield f"{path}: the client's id {recorded} expected, {given} given"
        elif self.there.setdefault(recorded, given) != given:
            yield f"{path}: the id that was {self.there[recorded]} is {given}"

    def compare_times(self, recorded, given, rules, path):
        if not TIME.fullmatch(given):
            yield f"{path}: a time expected, {given!r:.60} given"
        elif rules.free(path) or rules.free_time(path):
            return
        elif recorded in self.sent:
            if recorded != given:
                yield f"{path}: the client's time {recorded} expected, {given} given"
        elif self.there.setdefault(recorded, given) != given:
            yield f"{path}: the time that was {self.there[recorded]} is {given}"


def shift(text, milliseconds):
    time = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    time += timedelta(milliseconds=milliseconds)
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03d}Z"


def sorted_like(recorded, given, key):
    """@given in the order of @recorded, paired by key; unpaired items at the end."""
    rest = list(given)
    out = []
    for item in recorded:
        match = next((other for other in rest if key(other) == key(item)), None)
        if match is not None:
            rest.remove(match)
            out.append(match)
    return out + rest if len(out) == len(recorded) else given

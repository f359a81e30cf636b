# SPDX-License-Identifier: LGPL-2.1-or-later
"""Twenty servers: a look-alike of our own that can fail on demand, or a real one."""
import fcntl
import http.client
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time
import urllib.parse
import uuid

from facts import PATIENCE, SIM, Skip, equal, need, need_faults
import session as sessions

CHILDREN = set()  # Popen objects of look-alikes
RECORD_FIELDS = ("id name workspaceMemberId totalXp currentLevel currentRank closedDeals badges streakDays completedModules "
                 "certifications defeatedBosses passedExams efficiencyMetrics lastActivityDate ledgerXp ledgerCount externalXp "
                 "externalDeals foldToken foldLog createdAt updatedAt deletedAt")


class Server:
    """A Twenty server, seen through its public API."""

    def __init__(self, url, token):
        self.url = url
        self.token = token
        self.provisioned = False
        self.members = []  # those that tests of this program earned for

    # requests
    def send(self, method, path, body=None, token=None, timeout=60):
        """(status, value of the answer); asks again while the rate limit says so."""
        parts = urllib.parse.urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Authorization": "Bearer " + (token or self.token)}
        deadline = time.monotonic() + PATIENCE
        while True:
            connection = kind(parts.hostname, parts.port, timeout=timeout)
            try:
                connection.request(method, path, data, headers)
                answer = connection.getresponse()
                status, text = answer.status, answer.read().decode("utf-8", "replace")
            finally:
                connection.close()
            if not (status == 429 or "LIMIT_REACHED" in text) or time.monotonic() > deadline:
                break
            select.select([], [], [], 2)  # a token comes back only while nobody asks
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text

    def api(self, method, path, body=None, token=None):
        """The data of an answer that must be good."""
        status, value = self.send(method, path, body, token)
        assert status in (200, 201) and isinstance(value, dict) and "errors" not in value, f"{method} {path}: {status} {value}"
        return value.get("data")

    @staticmethod
    def query(**values):
        return urllib.parse.urlencode(values, quote_via=urllib.parse.quote)

    def list(self, plural, condition, order="createdAt"):
        """All living rows of an object that fit a filter."""
        found, after = [], None
        while True:
            values = {"filter": condition, "limit": 60, "order_by": order}
            if after:
                values["starting_after"] = after
            status, value = self.send("GET", f"/rest/{plural}?{self.query(**values)}")
            assert status == 200, f"list {plural}: {status} {value}"
            found += value["data"][plural]
            after = value["pageInfo"]["endCursor"]
            if not value["pageInfo"]["hasNextPage"]:
                return found

    # what a test looks at
    def records(self, member):
        return self.list("repProgressions", f'workspaceMemberId[eq]:"{member}"')

    def record(self, member):
        records = self.records(member)
        return records[0] if records else None

    def rows(self, member):
        return self.list("xpEvents", f'workspaceMemberId[eq]:"{member}"')

    # what a test does as somebody else
    def patch_record(self, member, values, token=None):
        return self.api("PATCH", f"/rest/repProgressions/{self.record(member)['id']}", values, token)

    def new_member(self):
        raise NotImplementedError

    def control(self, *_arguments, **_more):
        raise Skip("needs a look-alike that can fail on demand")

    def close(self):
        pass


class RealServer(Server):
    """A server that is not ours: only what the tests make is touched, and it is removed."""

    def __init__(self):
        super().__init__(os.environ["TWENTY_URL"].rstrip("/"), os.environ["TWENTY_TOKEN"])
        self.locks = []

    def new_member(self):
        """A member of the workspace without a record of its own; one test program at a time uses it."""
        if self.members:
            self.remove(self.members[0])
            return self.members[0]
        status, value = self.send("GET", "/rest/workspaceMembers?limit=60")
        assert status == 200, f"the members cannot be read: {status} {value}"
        free = [entry["id"] for entry in value["data"]["workspaceMembers"] if not self.is_used(entry["id"])]
        need(free, "every member of the workspace has a record of its own")
        lock = open(f"{tempfile.gettempdir()}/progression-member-{free[0]}.lock", "w", encoding="ascii")
        fcntl.flock(lock, fcntl.LOCK_EX)
        self.locks.append(lock)
        need(not self.is_used(free[0]), "another test run left a record behind")
        self.members.append(free[0])
        return free[0]

    def is_used(self, member):
        for plural in ("repProgressions", "xpEvents"):
            values = self.query(filter=f'workspaceMemberId[eq]:"{member}"', limit=1)
            status, value = self.send("GET", f"/rest/{plural}?{values}")
            if status == 200 and value["data"][plural]:
                return True
        return False

    def remove(self, member):
        """Removes the record and the rows of a member of ours: by their ids, many at once where the server can."""
        for plural in ("xpEvents", "repProgressions"):
            ids = [entry["id"] for entry in self.list(plural, f'workspaceMemberId[eq]:"{member}"')]
            for start in range(0, len(ids), 200):
                self.destroy(plural, ids[start:start + 200])

    def destroy(self, plural, ids):
        query = f"mutation($ids:[UUID!]){{destroy{plural[0].upper()}{plural[1:]}(filter:{{id:{{in:$ids}}}}){{id}}}}"
        status, value = self.send("POST", "/graphql", {"query": query, "variables": {"ids": ids}})
        if status == 200 and isinstance(value, dict) and "errors" not in value:
            return
        for one in ids:
            status, value = self.send("DELETE", f"/rest/{plural}/{one}")
            assert status in (200, 404), f"remove {plural}: {status} {value}"

    def close(self):
        try:
            for member in self.members:
                self.remove(member)
        finally:
            for lock in self.locks:
                lock.close()


class Sim(Server):
    """A look-alike of its own, with faults."""

    def __init__(self, *arguments, port=0):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="progression-sim-"))
        self.log = self.root / "log"
        self.process = None
        self.settings = {}
        url, token = self.start(*arguments, port=port)
        super().__init__(url, token)

    def start(self, *arguments, port=0):
        """Starts (again, on the same data) and returns address and token."""
        command = [str(SIM), "--port", str(port), "--data", str(self.root / "data"), *arguments]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                                            preexec_fn=sessions.die_with_parent)
        CHILDREN.add(self.process)
        lines = [self.process.stdout.readline().decode().strip().partition("=")[2] for _ in range(2)]
        assert all(lines), "the look-alike did not start:\n" + self.log.read_text(errors="replace")
        return lines

    def stop(self):
        """The server is away: its port refuses connections. Its data stay."""
        self.process.terminate()
        code = self.process.wait(timeout=20)
        self.process.stdout.close()
        CHILDREN.discard(self.process)
        equal(code, 0, "exit code of the look-alike")

    def is_running(self):
        return self.process in CHILDREN

    def restart(self, *arguments):
        """Back at the same address, with the same settings."""
        self.start(*arguments, port=urllib.parse.urlsplit(self.url).port)
        self.config(**self.settings)

    def close(self):
        try:
            if self.is_running():
                self.stop()
        finally:
            shutil.rmtree(self.root, ignore_errors=True)

    # control
    def control(self, method, path, value=None, timeout=60):
        connection = http.client.HTTPConnection("127.0.0.1", urllib.parse.urlsplit(self.url).port, timeout=timeout)
        try:
            connection.request(method, "/_sim/" + path, None if value is None else json.dumps(value).encode(),
                               {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        assert answer.status == 200, f"{method} {path}: {answer.status} {text}"
        return json.loads(text)

    def faults(self, *faults):
        """Each is a dict: kind, and where wanted method, path, contains, times, skip, arg."""
        return self.control("POST", "faults", list(faults))

    def clear_faults(self):
        self.control("DELETE", "faults")

    def faults_left(self):
        return self.control("GET", "faults")["faults"]

    def config(self, **settings):
        self.settings.update(settings)
        return self.control("POST", "config", settings)

    def foreign(self, member, values, after=0, by="key"):
        return self.control("POST", "foreign", {"member": member, "after": after, "set": values, "by": by})

    def let_members_repeat(self):
        """From now on a member may have several records: the field is not unique on every server."""
        objects = self.send("GET", "/rest/metadata/objects")[1]["data"]["objects"]
        progressions = next(each for each in objects if each["nameSingular"] == "repProgression")
        self.control("POST", "drop-field", {"object": "repProgression", "field": "workspaceMemberId"})
        status, value = self.send("POST", "/rest/metadata/fields", {
            "objectMetadataId": progressions["id"], "name": "workspaceMemberId", "label": "Workspace member id", "type": "TEXT"})
        equal(status, 201, f"status of the new field {value}")

    def backup(self):
        self.control("POST", "backup")

    def restore(self):
        self.control("POST", "restore")

    def new_token(self, role="admin", **more):
        return self.control("POST", "tokens", {"role": role, **more})["token"]

    def requests(self):
        return self.control("GET", "log")["requests"]

    def clear_requests(self):
        self.control("DELETE", "log")

    def wait_requests(self, count, timeout_ms=20000):
        """Blocks until so many requests are in the log; returns the log."""
        requests = self.requests_from(count, timeout_ms)
        assert len(requests) >= count, f"{len(requests)} requests came, {count} were awaited: {requests}"
        return requests

    def requests_from(self, count, timeout_ms):
        """The log when so many requests are in it, or after a while."""
        return self.control("GET", f"log?wait={count}&timeout_ms={timeout_ms}")["requests"]

    def state(self, member):
        return self.control("GET", "state?member=" + member)

    # the same as on a real server, without its tokens
    def records(self, member):
        return [record for record in self.state(member)["records"] if not record.get("deletedAt")]

    def rows(self, member):
        return self.state(member)["rows"]

    def deleted_rows(self, member):
        return self.state(member)["deleted_rows"]

    def new_member(self, name="Sam Sample"):
        member = str(uuid.uuid4())
        self.control("POST", "members", {"id": member, "name": name, "email": f"{member}@example.test"})
        self.members.append(member)
        return member

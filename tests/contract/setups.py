# SPDX-License-Identifier: LGPL-2.1-or-later
"""The state that a recorded exchange presupposes where no earlier exchange of the recording makes it."""
import json

RECORD = "aaaaaaaa-0000-4000-8000-000000000001"
# Set by the server, or not among the fields that a PATCH of the record may bring.
NOT_WRITTEN = {"id", "createdAt", "updatedAt", "deletedAt", "createdBy", "updatedBy", "position", "searchVector"}
MEMBERS = [("20202020-0687-4c41-b707-ed1bfca972a7", "Pat Meadow", "pat@meadow.test"),
           ("20202020-1111-4a01-8001-000000000003", "Kim Harbor", "kim.harbor@meadow.test"),
           ("20202020-77d5-4cb6-b60a-f4a835a85d61", "Lou Dale", "lou.dale@meadow.test")]
# Objects of the recorded workspace that its timeline has columns for.
OTHERS = ["person people", "pet pets", "rocket rockets", "surveyResult surveyResults",
          "employmentHistory employmentHistories", "petCareAgreement petCareAgreements"]


class State:
    def __init__(self, sim, other, matcher, recording):
        self.sim = sim
        self.other = other          # a second workspace, with the new metadata format
        self.matcher = matcher
        self.recording = recording  # id → exchange

    def prepare(self, name):
        method = getattr(self, "before_" + name.replace("-", "_").replace("^", "_"), None)
        if method is not None:
            method()

    # Helpers -----------------------------------------------------------------------------------
    def object(self, singular, plural):
        made = self.sim.api("POST", "/rest/metadata/objects", {
            "nameSingular": singular, "namePlural": plural, "labelSingular": singular, "labelPlural": plural})
        return made["createOneObject"]["id"]

    def fields(self, singular, **types):
        objects = self.sim.api("GET", "/rest/metadata/objects?limit=100")["objects"]
        ids = {item["nameSingular"]: item["id"] for item in objects}
        for name, kind in types.items():
            body = {"objectMetadataId": ids[singular], "name": name, "label": name, "type": kind}
            if kind.startswith("→"):
                target, label = kind[1:].split(":")
                body["type"] = "RELATION"
                body["relationCreationPayload"] = {"type": "MANY_TO_ONE", "targetObjectMetadataId": ids[target],
                                                   "targetFieldLabel": label, "targetFieldIcon": "IconList"}
            self.sim.api("POST", "/rest/metadata/fields", body)

    def rows(self, sim, plural, rows):
        for start in range(0, len(rows), 200):
            sim.api("POST", "/rest/batch/" + plural, rows[start:start + 200])

    def record_as(self, name, **changes):
        """The record's values as the recorded answer of @name shows them, but for what it changed."""
        data = self.recording[name]["response"]["body"]["data"]
        record = next(iter(data.values()))
        record = record[0] if isinstance(record, list) else record
        values = {key: value for key, value in record.items() if key not in NOT_WRITTEN}
        self.sim.api("PATCH", "/rest/repProgressions/" + RECORD, dict(values, **changes))

    def total(self, plural):
        return self.sim.graphql("{%s(first:0){totalCount}}" % plural)[plural]["totalCount"]

    def fault(self, kind, **more):
        self.sim.control("DELETE", "faults")
        self.sim.control("POST", "faults", [dict({"kind": kind, "times": 0}, **more)])

    # Before everything -------------------------------------------------------------------------
    def start(self):
        for sim in (self.sim, self.other):
            sim.control("POST", "config", {"microseconds": False})
        self.sim.api("DELETE", "/rest/workspaceMembers/20202020-0000-4000-8000-00000000a001")
        for member, name, email in MEMBERS:
            self.sim.control("POST", "members", {"id": member, "name": name, "email": email})
        for pair in OTHERS:
            self.object(*pair.split())
        self.other.control("POST", "config", {"metadata_format": "old"})
        self.other.api("POST", "/rest/metadata/objects", {
            "nameSingular": "person", "namePlural": "people", "labelSingular": "Person", "labelPlural": "People"})
        self.other.control("POST", "config", {"metadata_format": "new"})
        for sim in (self.sim, self.other):
            self.rows(sim, "people", [{"name": f"p{i}"} for i in range(1200)])
        self.tokens()

    def tokens(self):
        def make(word, sim=self.sim, **order):
            self.sim.tokens[word] = sim.control("POST", "tokens", order)["token"]
        make("TOKEN", role="admin", name="recorder")
        self.sim.token = self.sim.tokens["TOKEN"]
        make("OTHER_WORKSPACE_TOKEN", sim=self.other, role="admin", name="other-key")
        for role in ("readonly", "noaccess", "nodelete", "objlevel", "fieldlevel"):
            make("TOKEN_" + role.upper(), role=role, name=role)
        for word in ("USER_TOKEN", "ACCESS_TOKEN", "SESSION_TOKEN"):
            make(word, role="admin", member=MEMBERS[0][0])
        make("TOKEN_REVOKED", role="admin", name="revoked")
        self.sim.tokens["garbage"] = "garbage"
        self.sim.tokens["TOKEN_WITH_BAD_SIGNATURE"] = self.sim.tokens["TOKEN"] + "x"

    # Clocks and tokens ---------------------------------------------------------------------------
    def now(self, name):
        """This exchange asks for what is newer than the moment of asking."""
        self.matcher.there["2026-11-22T07:24:29.857Z"] = self.latest()

    def latest(self):
        found = self.sim.graphql("{repProgressions(orderBy:[{updatedAt:DescNullsLast}],first:1){edges{node{updatedAt}}}}")
        return found["repProgressions"]["edges"][0]["node"]["updatedAt"]

    def before_list_filter_updatedAt_gt(self):
        self.now("list-filter-updatedAt-gt")

    def before_auth_short_lived_ok(self):
        answer = self.sim.control("POST", "tokens", {"role": "admin", "name": "short", "ttl_ms": 400})
        self.sim.tokens["TOKEN_SHORT_LIVED"] = answer["token"]

    def before_auth_expired(self):
        headers = {"Authorization": "Bearer " + self.sim.tokens["TOKEN_SHORT_LIVED"]}
        for _ in range(5000):
            if self.sim.send("GET", "/rest/repProgressions?limit=0", None, headers).status != 200:
                return
        raise AssertionError("the key does not expire")

    def before_auth_revoked(self):
        self.sim.control("POST", "revoke", {"token": self.sim.tokens["TOKEN_REVOKED"]})

    # Records -------------------------------------------------------------------------------------
    def before_gql_find_many(self):
        """The recorder counted it up to 100 by compare-and-swap."""
        self.sim.api("PATCH", "/rest/repProgressions/" + RECORD, {"totalXp": 100})

    def before_gql_workspaceMembers(self):
        for i in range(1005 - self.total("workspaceMembers")):
            self.sim.control("POST", "members", {"id": f"99999999-0000-4000-8000-{i:012d}", "name": f"Member {i}",
                                                 "email": f"member{i}@meadow.test"})

    def before_cas_or_token_repeat(self):
        self.record_as("cas-or-token-repeat")

    def before_http_etag_get(self):
        self.record_as("http-etag-get")

    def before_http_if_none_match(self):
        """The tag of the answer before, as a client keeps it."""
        recorded = self.recording["http-etag-get"]["response"]["headers"]["etag"]
        headers = {"Authorization": "Bearer " + self.sim.tokens["TOKEN"]}
        answer = self.sim.send("GET", "/rest/repProgressions/" + RECORD, None, headers)
        self.matcher.there[recorded] = answer.headers["ETag"]

    def before_patch_many_no_filter_small(self):
        self.fields("rocket", helpedPets="→pet:helpedByRockets")
        data = self.recording["patch-many-no-filter-small"]["response"]["body"]["data"]["updateRockets"]
        maker = {"source": "MANUAL", "name": "", "workspaceMemberId": None}
        for place, row in enumerate(data):
            self.sim.api("POST", "/rest/rockets", {"id": row["id"], "name": row["name"], "createdBy": maker,
                                                   "position": row["position"], "createdAt": row["createdAt"]})
            self.matcher.sent.update((row["id"], row["createdAt"]))

    def before_delete_many_no_filter(self):
        """The recorder made three rows, numbered from 0."""
        self.rows(self.sim, "gtScratches", [{"name": str(i)} for i in range(3)])

    # Limits --------------------------------------------------------------------------------------
    def before_rate_429_rest_get(self):
        self.sim.control("POST", "config", {"rate_limit": True})
        headers = {"Authorization": "Bearer " + self.sim.tokens["TOKEN"]}
        for _ in range(100):
            assert self.sim.send("GET", "/rest/repProgressions?limit=0", None, headers).status == 200

    def before_rate_gql_5_roots(self):
        self.sim.control("POST", "config", {"rate_limit": False})

    def before_perm_field_read(self):
        self.sim.control("POST", "hide", {"object": "repProgression", "field": "badges", "role": "fieldlevel"})
        self.record_as("perm-field-read", badges="")

    # Outages -------------------------------------------------------------------------------------
    def before_down_pg_get(self):
        self.fault("outage", path="/rest")
        self.sim.control("POST", "faults", [{"kind": "outage", "path": "/graphql", "times": 0}])

    def before_down_pg_back(self):
        self.sim.control("DELETE", "faults")

    def before_down_pg_cold_get(self):
        self.fault("outage-500", path="/rest")
        self.other.control("POST", "faults", [{"kind": "outage-500", "path": "/rest"}])
        self.sim.control("POST", "faults", [{"kind": "outage-500", "path": "/graphql", "times": 0}])

    def before_down_pg_cold_back(self):
        self.sim.control("DELETE", "faults")

    def before_down_redis_get(self):
        self.fault("hang", arg=60000)

    def before_down_redis_back(self):
        self.sim.control("DELETE", "faults")
        self.record_as("down-redis-back")

    # Ledger --------------------------------------------------------------------------------------
    def before_gql_three_roots(self):
        body = self.recording["gql-three-roots"]["response"]["body"]["data"]
        wanted, there = body["repProgressions"]["totalCount"], self.total("repProgressions")
        self.rows(self.sim, "repProgressions", [{"name": "filler"}] * (wanted - there))
        wanted, there = body["xpEvents"]["totalCount"], self.total("xpEvents")
        self.rows(self.sim, "xpEvents", [{"name": "filler"}] * (wanted - there))

    def before_oauth_rest_create(self):
        self.fields("xpEvent", rep="→repProgression:XP events")

    def before_ledger_sum_and_record(self):
        self.sim.api("PATCH", "/rest/repProgressions/" + RECORD, {"totalXp": 34203})
        stamp = self.matcher.there["d9aae223-64ed-461f-aeeb-2c2b9372d38a"]
        self.rows(self.sim, "xpEvents", [{"repId": stamp, "xpAmount": 2}] * 5000)
        found = self.sim.graphql('{repProgression(filter:{id:{eq:"%s"}}){updatedAt}}' % RECORD)
        self.matcher.there["2026-11-22T07:56:43.649Z"] = found["repProgression"]["updatedAt"]

    def before_ledger_record_create(self):
        self.fields("repProgression", ledgerXp="NUMBER", ledgerCount="NUMBER", externalXp="NUMBER", foldLog="TEXT")

    def before_timeline(self):
        """The queue's worker needs a moment."""
        path = self.matcher.translate(self.recording["timeline"]["request"]["path"])
        headers = {"Authorization": "Bearer " + self.sim.tokens["TOKEN"]}
        wanted = self.recording["timeline"]["response"]["body"]["totalCount"]
        for _ in range(5000):
            if self.sim.send("GET", path, None, headers).body()["totalCount"] >= wanted:
                return

    def before_leaderboard(self):
        body = self.recording["leaderboard"]["response"]["body"]["data"]["repProgressions"]
        for edge in body["edges"][3:]:
            self.sim.api("POST", "/rest/repProgressions", edge["node"])
            self.matcher.sent.add(edge["node"]["id"])
        there = self.sim.graphql("{repProgressions(filter:{totalXp:{is:NOT_NULL}},first:0){totalCount}}")
        missing = body["totalCount"] - there["repProgressions"]["totalCount"]
        self.rows(self.sim, "repProgressions", [{"name": "filler", "totalXp": 1}] * missing)

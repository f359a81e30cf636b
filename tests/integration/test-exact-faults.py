#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every kind of request that the service makes meets every kind of failure once; the end is always exact."""
import uuid

import common
from common import XP, call_rows, equal, expect_exact, need_faults, parametrize, worth

FIRST_DIAL = XP["first_dial_of_day"]
# What hits one kind of request only, as the look-alike's faults select it.
REQUESTS = {
    "discover": {"method": "GET", "path": "/rest/repProgressions"},
    "create": {"method": "POST", "path": "/rest/repProgressions"},
    "initialise": {"path": "/graphql", "contains": "updateRepProgressions"},
    "read": {"path": "/graphql", "contains": "repProgressions("},
    "post": {"method": "POST", "path": "/rest/batch/xpEvents"},
    "read-back": {"path": "/graphql", "contains": "id:{in:$ids}"},
    "fetch": {"path": "/graphql", "contains": "xpEvents("},
    "timeline": {"method": "GET", "path": "/rest/timelineActivities"},
    "fold": {"path": "/graphql", "contains": "updateRepProgressions"},
    "relink": {"path": "/graphql", "contains": "updateXpEvents"},
}
# Name of the failure: the fault's argument.
FAULTS = {"drop-reply": 0, "drop-request": 0, "duplicate": 0, "garbage": 0, "garbage-after": 0, "truncate": 0, "hang": 100,
          "hang-then-execute": 100, "outage": 0, "outage-500": 0, "rate-limited": 0, "huge": 9 << 20, "redirect": "", "delay": 100,
          "status": 502, "stale-read": 0}
EARLY = ("discover", "create", "initialise")  # these come with the first cycle, which nobody asks for
READS = ("discover", "read", "read-back", "fetch", "timeline")


def post_row(server, member, amount):
    """A row of another machine of the rep, as that machine would post it."""
    row = {"id": str(uuid.uuid4()), "name": "email_sent", "eventType": "email_sent", "xpAmount": amount, "workspaceMemberId": member,
           "device": str(uuid.uuid4()), "seq": 1, "ref": "", "occurredAt": server.record(member)["createdAt"],
           "localDay": server.record(member)["createdAt"][:10], "details": "{}", "repId": server.record(member)["id"]}
    server.api("POST", "/rest/xpEvents", row)


def prepare(env, request):
    """A rep for whom the next cycle makes that request, with the total that others gave and the rows that they made."""
    server = env.server
    rep = env.session(signed_in=False)
    if request in ("discover", "create"):
        return rep, 0, 0
    if request == "initialise":
        member = server.new_member()
        server.api("POST", "/rest/repProgressions", {"name": "Sam", "workspaceMemberId": member, "totalXp": 100})
        rep.member = member
        return rep, 100, 0
    rep.sign_in(server)
    if request == "timeline":
        server.patch_record(rep.member, {"totalXp": 50})
        return rep, 50, 0
    if request == "fetch":
        post_row(server, rep.member, 10)
        return rep, 0, 1
    return rep, 0, 0


def arm(env, request, kind):
    server = env.server
    argument = f"{server.url}/elsewhere" if kind == "redirect" else FAULTS[kind]
    if kind == "stale-read":
        server.backup()
    if request == "read-back":
        server.faults({"kind": "drop-reply", **REQUESTS["post"]})
    server.faults({"kind": kind, "arg": argument, **REQUESTS[request]})


def settle(rep, request, kind):
    """Syncs until it goes well. A rate limit makes the service slow for a while: waited for once, else a restart forgets it."""
    if kind == "rate-limited":
        equal(rep.try_sync(), "RateLimited", "error of the sync")
        if request != "post":
            rep.kill()
    rep.sync_until_well()


def settle_early(env, rep, kind):
    for _attempt in range(20):
        rep.try_sync()
        if not env.server.faults_left():
            break
    if kind == "rate-limited":
        rep.kill()
    rep.sync_until_well()


def cases():
    for request in REQUESTS:
        for kind in FAULTS:
            if kind != "stale-read" or request in READS:
                yield f"{request} {kind}", (request, kind)


@parametrize(dict(cases()))
def test_failure(env, request, kind):
    need_faults()
    server = env.server
    rep, external, rows = prepare(env, request)
    if request in EARLY:
        if not server.provisioned:
            env.session()
        arm(env, request, kind)
        rep.sign_in(server, member=rep.member, sync=False)
        settle_early(env, rep, kind)
        total = external
    else:
        total = external + 10 * rows
    rep.call("CONTACT", 150)
    rep.call("VOICEMAIL", 0)
    rep.add("email_sent", ref="message-1")
    total += worth("CONTACT", 150) + worth("VOICEMAIL", 0) + FIRST_DIAL + XP["email_sent"]
    rows += len(call_rows("CONTACT", 150)) + len(call_rows("VOICEMAIL", 0)) + 2
    if request == "relink":
        rep.sync()
        old = server.record(rep.member)
        equal(server.send("DELETE", f"/rest/repProgressions/{old['id']}")[0], 200, "status of the deletion")
    if request not in EARLY:
        arm(env, request, kind)
    if request in EARLY:
        rep.sync_until_well()
    else:
        settle(rep, request, kind)
    equal(server.faults_left(), [], "faults that hit nothing")
    expect_exact(server, rep, total, rows, external=external)
    if kind == "redirect":
        paths = [entry["path"] for entry in server.requests() if "elsewhere" in entry["path"]]
        equal(paths, [], "requests that followed the redirect")
    # The next thing earned finds its way without another fault.
    rep.add("sms_sent")
    rep.sync()
    expect_exact(server, rep, total + XP["sms_sent"], rows + 1, external=external)


if __name__ == "__main__":
    common.run(globals())

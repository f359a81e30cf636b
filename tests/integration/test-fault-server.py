#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Servers that are none, or mean harm: captive portals, redirects, answers without end or measure, bytes that trickle. Whatever comes,
XP is earned, waits on the disk, the state says why in plain words, and it arrives once when the fault is over."""
import hostile
from probe import *  # noqa: F403
from common import XP, call_rows, expect_exact, refused, parametrize, run as run_tests, worth
from common import wait_for as wait_event

FIRST_DIAL = XP["first_dial_of_day"]
MOST_GROWTH = 24 << 20  # bytes; an answer is read up to 8 MiB, and copied once when it is parsed
ADVICE = "kept on this machine"


class Rep:
    """A rep behind a front of its own, with one call in the ledger; each later call is worth the same."""

    def __init__(self, env, **more):
        need_faults()
        self.server = env.server
        self.front = hostile.Front(env.server)
        env.extra.append(self.front)
        self.session = env.session(signed_in=False, **more)
        self.session.sign_in(self.front)
        self.total = self.rows = 0
        self.earn()
        self.session.sync()

    def earn(self):
        first = self.rows == 0
        self.session.call("CONTACT", 150)
        self.total += worth("CONTACT", 150) + (FIRST_DIAL if first else 0)
        self.rows += len(call_rows("CONTACT", 150)) + (1 if first else 0)
        if first:
            self.rows = len(self.session.events())

    def fails(self, errors, words, timeout=None):
        """A sync fails with one of the errors; State, Reason and LastError say these words; what was earned waits and is not shown
        as sent."""
        session = self.session
        pending = session.pending()
        error = session.try_sync()
        assert error in errors, f"{error}, expected one of {errors}: {session.client.get(SYNC, 'LastError')}"
        self.explains(words)
        equal(session.pending(), pending, "pending operations")
        equal(session.total(), self.total, "TotalXp meanwhile")

    def explains(self, words):
        session = self.session
        equal(session.sync_state(), "waiting", "State")
        reason, error = session.reason(), session.client.get(SYNC, "LastError")
        assert reason.startswith(error) and ADVICE in reason, reason
        for text in (reason, error):
            for word in words:
                assert word in text, f"“{text}” does not say “{word}”"
            assert self.server.token not in text and "Bearer" not in text, "a secret in an error"

    def recovers(self, asked=False):
        """What waited goes out, once: by itself, or where failures came in a row because somebody asks."""
        if not asked:
            wait_property(self.session.client, SYNC, "PendingOperations", 0, 60)
        self.session.sync_until_well()
        expect_exact(self.server, self.session, self.total, self.rows)


# name: (how the front behaves, the error of SyncNow, what the message says)
ANSWERS = {
    "captive portal with a page": (hostile.html, "ServerError", ("web page", "captive portal", "browser")),
    "captive portal with a login page elsewhere": (hostile.redirect("http://login.portal.test/?to=%s"), "ServerError",
                                                   ("Redirected", "captive portal", "browser")),
    "10 MiB": (hostile.huge(10 << 20), "ServerError", ("larger than 8 MiB", "address")),
    "200 MiB": (hostile.huge(200 << 20), "ServerError", ("larger than 8 MiB", "address")),
    "body without an end": (hostile.endless, "ServerError", ("larger than 8 MiB", "address")),
    "Content-Length too large": (hostile.claim_more, "ServerError", ("No complete answer", "network")),
    "Content-Length too small": (hostile.claim_less, "ServerError", ("cannot be read", "address")),
    "a million arrays in each other": (hostile.nested, "ServerError", ("cannot be read", "address")),
    "compressed unasked": (hostile.bomb, "ServerError", ("cannot be read", "address")),
    "closed without a word": (hostile.silent, "Offline", ("No complete answer", "cut off", "network")),
}


@parametrize(ANSWERS)
def test_answer(env, behave, error, words):
    rep = Rep(env)
    before = hostile.memory(rep.session.client.pid())
    rep.front.turn(behave)
    rep.earn()
    rep.fails((error,), words)
    grown = hostile.memory(rep.session.client.pid()) - before
    assert SLOW > 1 or grown < MOST_GROWTH, f"{grown >> 20} MiB more memory"
    assert rep.front.poured < 64 << 20, f"{rep.front.poured >> 20} MiB were taken"
    rep.front.turn()
    rep.recovers()


def test_redirect_to_another_origin(env):
    """The token belongs to the origin it was stored for: the other server hears nothing."""
    rep = Rep(env)
    other = hostile.Front(env.server)
    env.extra.append(other)
    for status in ("301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"):
        rep.front.turn(hostile.redirect(other.url + "%s", status))
        rep.earn()
        rep.fails(("ServerError",), ("Redirected", status[:3], "address"))
    rep.front.turn()
    rep.recovers(asked=True)
    equal([(request.path, request.authorization) for request in other.requests], [], "requests at the other origin")


def test_redirect_to_the_same_origin(env):
    """Not followed either: a POST that is sent twice by the library would be out of the service's sight."""
    rep = Rep(env)
    rep.front.turn(hostile.redirect(rep.front.url + "/elsewhere%s", "307 Temporary Redirect"))
    seen = len(rep.front.requests)
    rep.earn()
    rep.fails(("ServerError",), ("Redirected", "address"))
    equal([request.path for request in rep.front.requests[seen:] if request.path.startswith("/elsewhere")], [], "followed")
    rep.front.turn()
    rep.recovers()


def test_clock_of_a_captive_portal(env):
    """A router that believes in 1970 says so in each of its pages: nothing of it reaches the days of the rep."""
    rep = Rep(env)
    rep.front.turn(lambda front, connection, request: connection.answer("200 OK", hostile.PORTAL, [
        "Content-Type: text/html", "Date: Thu, 01 Jan 1970 00:10:00 GMT"]) or True)
    rep.fails(("ServerError",), ("captive portal",))
    days = {event["local-day"] for event in rep.session.events()}
    rep.earn()
    equal({event["local-day"] for event in rep.session.events()}, days, "days of the events")
    rep.front.turn()
    rep.recovers()


def test_sign_in_behind_a_captive_portal(env):
    """Nothing is kept of a sign-in that a page answered; the same call goes well once the portal lets through."""
    need_faults()
    front = hostile.Front(env.server)
    env.extra.append(front)
    session = env.session(signed_in=False)
    front.turn(hostile.html)
    member = env.server.new_member()
    with pipe_of(env.server.token.encode()) as fd, refused("ServerError") as seen:
        session.client.call(ACCOUNT, "SignIn", front.url, member, 0, fd=fd)
    for word in ("captive portal", "browser"):
        assert word in seen.error.message, seen.error.message
    equal((session.client.get(ACCOUNT, "SignedIn"), session.databases()), (False, []), "what is kept")
    front.turn()
    session.sign_in(front, member)
    session.add("email_sent")
    session.sync()
    expect_exact(env.server, session, XP["email_sent"], len(session.events()))


def test_trickling_bytes(env):
    """Slow loris, in the headers and in the body, at the same time for two reps: the deadline holds, whatever keeps coming."""
    reps = [(Rep(env), part) for part in ("headers", "body")]
    under_way = []
    for rep, part in reps:
        rep.front.turn(hostile.drip(part))
        under_way.append((rep.session.client.mark(), begin(rep.session.client, SYNC, "SyncNow", "()")))
    for (rep, _part), (mark, answers) in zip(reps, under_way):
        wait_event(lambda answers=answers: answers, LONG + 5, "the answer of SyncNow")
        equal(answers[0].name, "StillRunning", "error of SyncNow")
        equal(rep.session.sync_state(), "syncing", "State while bytes come")
        rep.earn()
    for (rep, _part), (mark, _answers) in zip(reps, under_way):
        wait_event(lambda rep=rep, mark=mark: rep.session.client.seen("SyncFinished", mark), 60, "the deadline")
        rep.explains(("30 seconds", "slow"))
        assert rep.front.drips > 5, "nothing trickled"
    for rep, _part in reps:
        rep.front.turn()
        rep.recovers()


def test_many_syncs_that_go_on(env):
    """A program asks for more of them than it may have calls under way: once they are answered, its other calls are carried out."""
    rep = Rep(env)
    rep.front.turn(hostile.drip("body"))
    answers = [begin(rep.session.client, SYNC, "SyncNow", "()") for _call in range(33)]
    wait_event(lambda: all(answers), LONG + 5, "the answers of SyncNow")
    equal(rep.session.sync_state(), "syncing", "State")
    mark = rep.session.client.mark()
    rep.earn()
    equal(rep.session.client.seen("SyncFinished", mark), [], "syncs that ended before the call was answered")
    rep.front.turn()
    rep.recovers()


if __name__ == "__main__":
    run_tests(globals())

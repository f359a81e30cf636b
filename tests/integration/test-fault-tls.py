#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""TLS, good and bad: an authority of the test alone is trusted. Where the certificate is not right no request, and so no token, leaves."""
import ssl

import hostile
from probe import *  # noqa: F403
from common import XP, expect_exact, refused, run as run_tests

ADVICE = "kept on this machine"


def new_authority(env):
    need_faults()
    authority = hostile.Authority()
    env.extra.append(authority)
    return authority


def new_rep(env, authority, **more):
    front = hostile.Front(env.server, host="localhost", **more)
    env.extra.append(front)
    return front, env.session(signed_in=False, wrapper=authority.wrapper())


def test_exchange_over_tls(env):
    """Sign-in, a call, an upload and a fold, all of it encrypted with a certificate that a trusted authority signed."""
    authority = new_authority(env)
    front, session = new_rep(env, authority, tls=authority.context("good"))
    session.sign_in(front)
    session.call("CONTACT", 150)
    session.sync()
    expect_exact(env.server, session, 47, len(session.events()))
    assert front.handshakes > 0 and front.requests, "nothing went through the front"
    equal({request.authorization for request in front.requests}, {f"Bearer {front.token}"}, "keys")


# name: (the server's context, what the message says)
def bad_servers(authority):
    stranger = hostile.Authority()
    try:
        return {
            "self-signed": (authority.context("self", signed=False), ("certificate is refused", "trusts")),
            "signed by another authority": (stranger.context("stranger"), ("certificate is refused", "trusts")),
            "expired": (authority.context("expired", days=-1), ("certificate is refused", "expired", "clock")),
            "another server's": (authority.context("other", host="DNS:other.test"), ("certificate is refused", "another server")),
            "TLS 1.0 only": (authority.context("old", newest=ssl.TLSVersion.TLSv1), ("No encrypted connection", "obsolete", "TLS 1.2")),
            "handshake broken off": (hostile.hang_up, ("encrypted connection", "address")),
            "no TLS at all": (hostile.speak_plainly, ("No encrypted connection", "address")),
        }
    finally:
        stranger.close()


def test_server_that_turns_bad(env):
    """One after the other, under a rep who is signed in: each is named, nothing is sent, all arrives when the server is right again."""
    authority = new_authority(env)
    good = authority.context("good")
    front, session = new_rep(env, authority, tls=good)
    session.sign_in(front)
    total = 47
    session.call("CONTACT", 150)
    session.sync()
    for name, (tls, words) in bad_servers(authority).items():
        front.turn(tls=tls)
        seen = len(front.requests)
        session.add("email_sent", ref=name)
        total += XP["email_sent"]
        equal(session.try_sync(), "Offline", f"{name}: error of SyncNow")
        for text in (session.client.get(SYNC, "LastError"), session.reason()):
            for word in words:
                assert word in text, f"{name}: “{text}” does not say “{word}”"
        assert ADVICE in session.reason(), session.reason()
        equal((session.sync_state(), session.total()), ("waiting", total), f"{name}: State and total")
        equal(len(front.requests), seen, f"{name}: requests")
    equal(session.pending(), 7, "pending")
    front.turn(tls=good)
    session.sync_until_well()
    expect_exact(env.server, session, total, len(session.events()))


def test_sign_in_with_a_bad_certificate(env):
    authority = new_authority(env)
    front, session = new_rep(env, authority, tls=authority.context("self", signed=False))
    with pipe_of(env.server.token.encode()) as fd, refused("Offline") as seen:
        session.client.call(ACCOUNT, "SignIn", front.url, env.server.new_member(), 0, fd=fd)
    assert "certificate is refused" in seen.error.message, seen.error.message
    equal((front.requests, session.client.get(ACCOUNT, "SignedIn"), session.databases()), ([], False, []), "what is kept")


if __name__ == "__main__":
    run_tests(globals())

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Signing in and out: what is checked before anything is kept, and what stays behind. (Where the token is not: test-security-token.py.)"""
import uuid

from probe import *  # noqa: F403
from common import parametrize, refused, run as run_tests

MAX_TOKEN = 16 * 1024
EARNING = {"AddXP": ("email_sent", {}), "RecordCall": ("CONTACT", 1, "", {}), "CloseDeal": ("deal", {}),
           "CompleteModule": ("module_0", 1.0), "PassExam": ("operative_certification", 1.0), "DefeatBoss": ("redhawk",),
           "RevokeEvent": ("x", "y"), "ListEvents": ({},), "GetDailyMetrics": ("", "")}
OTHERS = {"SyncNow": (), "ListOperations": ({},), "ListAudit": ({},), "RetryOperation": ("x",), "DiscardOperation": ("x",)}


@parametrize([*EARNING, *OTHERS])
def test_nobody_is_signed_in(env, method):
    session = env.session(signed_in=False)
    interface, arguments = (NAME, EARNING[method]) if method in EARNING else (SYNC, OTHERS[method])
    with refused("NotSignedIn") as seen:
        session.client.call(interface, method, *arguments)
    assert "sign in" in seen.error.message.lower(), seen.error.message
    fence(session.client)
    equal(len(session.client.seen("SignInRequired")) >= 1, True, "SignInRequired")
    equal(session.client.get(SYNC, "State"), "signed-out", "State")
    equal(get_all(session.client, ACCOUNT), {"SignedIn": False, "Server": "", "WorkspaceMemberId": "", "MemberName": "", "Method": ""},
          "the account")
    values = get_all(session.client, NAME)
    equal({key: values[key] for key in ("Name", "TotalXp", "Level", "LevelXp", "NextLevelXp", "Rank")},
          {"Name": "", "TotalXp": 0, "Level": 1, "LevelXp": 0, "NextLevelXp": 100, "Rank": ""}, "the rep")
    assert values["Version"] == 1, values["Version"]


def kept(session):
    """What a sign-in leaves behind: keyring items and stores."""
    _code, out, complaint = run(["secret-tool", "search", "--all", "--unlock", "xdg:schema", "org.lids.Progression.Account"], session.env)
    return [line for line in (out + complaint).splitlines() if "attribute." in line] + session.databases()


def sign_in(session, server, member, data):
    with pipe_of(data) as fd:
        session.client.call(ACCOUNT, "SignIn", server, member, 0, fd=fd)


def test_good_sign_in(env):
    need_faults()
    session = env.session(signed_in=False)
    member = env.server.new_member("Robin Rep")
    fence(session.client)
    mark = len(session.client.signals)
    sign_in(session, env.server.url, member.upper(), env.server.token.encode())
    fence(session.client)
    expected = {"SignedIn": True, "Server": env.server.url, "WorkspaceMemberId": member, "MemberName": "Robin Rep", "Method": "api-key"}
    equal(get_all(session.client, ACCOUNT), expected, "the account")
    merged = {}
    for values in changes(session.client, ACCOUNT, mark):
        merged.update(values)
    equal(merged, expected, "PropertiesChanged")
    equal(session.get("Name"), "Robin Rep", "Name")
    found = "\n".join(str(line) for line in kept(session))
    assert f"server = {env.server.url}" in found and f"member = {member}" in found, found


FAILURES = {
    "bad token": ("AuthenticationFailed", {"data": b"eyJhbGciOiJIUzI1NiJ9.e30.bad"}),
    "unknown member": ("UnknownId", {"member": "8b4f0a52-6a0c-4f55-9a53-0b1f6a3f2c11"}),
    "no uuid": ("InvalidArgument", {"member": "robin"}), "empty member": ("InvalidArgument", {"member": ""}),
    "nobody listens": ("Offline", {"server": "http://127.0.0.1:1"}),
    "plain http abroad": ("InvalidArgument", {"server": "http://crm.example.com"}),
    "no url": ("InvalidArgument", {"server": "crm example"}), "a path": ("InvalidArgument", {"server": "ftp://127.0.0.1/x"}),
    "a user": ("InvalidArgument", {"server": "http://me:secret@127.0.0.1:1"}),
    "no server, none preset": ("InvalidArgument", {"server": ""}),
    "empty token": ("InvalidArgument", {"data": b""}), "a newline": ("InvalidArgument", {"data": b"\n"}),
    "huge token": ("InvalidArgument TooLarge", {"data": b"x" * (MAX_TOKEN + 1)}),
    "much too huge token": ("InvalidArgument TooLarge", {"data": b"x" * 60000}),
    "bytes": ("InvalidArgument", {"data": b"\xff\xfe\0"}), "a line break within": ("InvalidArgument", {"data": b"ab\r\nX: y"}),
}


@parametrize({name: (name,) for name in FAILURES})
def test_failed_sign_in_keeps_nothing(env, name):
    need_faults()
    names, more = FAILURES[name]
    session = env.session(signed_in=False)
    values = {"server": env.server.url, "member": env.server.new_member(), "data": env.server.token.encode(), **more}
    with refused(*names.split()) as seen:
        sign_in(session, values["server"], values["member"], values["data"])
    for secret in (values["data"].decode(errors="replace").strip(), "secret@"):
        assert not secret or secret not in seen.error.message, "the token is in the error"
    equal(session.client.get(ACCOUNT, "SignedIn"), False, "SignedIn")
    equal(kept(session), [], "what is kept")
    with refused("NotSignedIn"):
        session.add("email_sent")


@parametrize({"a directory": ("directory",), "a writing end": ("writer",)})
def test_descriptors_that_cannot_be_read(env, kind):
    session = env.session(signed_in=False)
    reader, writer = os.pipe()
    fd = os.open("/", os.O_RDONLY) if kind == "directory" else os.dup(writer)
    try:
        with refused("InvalidArgument", "StorageFailed"):
            session.client.call(ACCOUNT, "SignIn", env.server.url, str(uuid.uuid4()), 0, fd=fd)
    finally:
        for each in (reader, writer, fd):
            os.close(each)
    equal(kept(session), [], "what is kept")


def test_no_descriptor(env):
    session = env.session(signed_in=False)
    for handle in (0, 5, -1):
        with refused("InvalidArgument", "InvalidArgs", "InconsistentMessage"):
            session.client.call(ACCOUNT, "SignIn", env.server.url, str(uuid.uuid4()), handle)


def test_hanging_descriptor(env):
    """A token that never ends: StillRunning in time, other calls are served, and it signs in when the rest comes."""
    need_faults()
    session = env.session(signed_in=False)
    member = env.server.new_member()
    reader, writer = os.pipe()
    os.write(writer, env.server.token[:10].encode())
    answers = begin(session.client, ACCOUNT, "SignIn", "(ssh)", env.server.url, member, 0, fds=[reader])
    with refused("NotSignedIn"):
        session.add("email_sent")
    wait_for(lambda: answers, LONG + 5, "an answer")
    equal(answers[0].name, "StillRunning", "the answer")
    os.write(writer, env.server.token[10:].encode() + b"\n")
    os.close(writer)
    os.close(reader)
    wait_property(session.client, ACCOUNT, "SignedIn", True)


def test_server_that_hangs(env):
    """The answer does not wait for the end, so LastError tells it."""
    need_faults()
    session = env.session(signed_in=False)
    env.server.faults({"kind": "hang", "times": -1, "arg": 60000})
    with pipe_of(env.server.token.encode()) as fd:
        answers = begin(session.client, ACCOUNT, "SignIn", "(ssh)", env.server.url, env.server.new_member(), 0, fds=[fd])
        wait_for(lambda: answers, LONG + 5, "an answer")
    equal(answers[0].name, "StillRunning", "the answer")
    mark = session.client.mark()
    equal(session.client.get(SYNC, "LastError"), "", "LastError while it goes on")
    error = wait_property(session.client, SYNC, "LastError", lambda text: text, 2 * LONG)
    assert error.startswith("SignIn: ") and "within 30 seconds" in error, error
    session.client.mark()  # a signal may be seen after the answer
    equal([values["LastError"] for values in changes(session.client, SYNC, mark) if "LastError" in values], [error], "how its end is told")
    equal(session.client.get(ACCOUNT, "SignedIn"), False, "SignedIn")
    env.server.clear_faults()
    sign_in(session, env.server.url, env.server.new_member(), env.server.token.encode())
    assert "SignIn" not in session.client.get(SYNC, "LastError"), "a sign-in that went well ends it"


@parametrize({"setting": ("setting",), "BACKEND_HOST": ("host",), "BACKEND_HOST with a scheme": ("url",), "both": ("both",)})
def test_preset_server(env, how):
    need_faults()
    url = env.server.url
    host = {"host": url, "url": url + "/", "both": "http://127.0.0.1:1"}.get(how)
    session = env.session(signed_in=False, extra={"BACKEND_HOST": host} if host else {},
                          settings={"server_url": url} if how in ("setting", "both") else {})
    sign_in(session, "", env.server.new_member(), env.server.token.encode())
    equal(session.client.get(ACCOUNT, "Server"), url, "Server")


def test_second_sign_in_meanwhile(env):
    need_faults()
    session = env.session(signed_in=False)
    session.get("Version")
    env.server.faults({"kind": "delay", "times": 1, "arg": 1500})
    member = env.server.new_member()
    with pipe_of(env.server.token.encode()) as one, pipe_of(env.server.token.encode()) as two:
        first = begin(session.client, ACCOUNT, "SignIn", "(ssh)", env.server.url, member, 0, fds=[one])
        second = begin(session.client, ACCOUNT, "SignIn", "(ssh)", env.server.url, member, 0, fds=[two])
        wait_for(lambda: first and second, 30, "both answers")
    equal(sorted(type(answer[0]).__name__ for answer in (first, second)), ["Refused", "tuple"], "answers")
    equal(session.client.get(ACCOUNT, "SignedIn"), True, "SignedIn")


def pending_session(env, server):
    session = env.session(server=server)
    session.sync()
    server.stop()
    session.call("CONTACT", 150)
    return session


@parametrize(["refuse", "keep", "export"])
def test_sign_out_with_something_pending(env, policy):
    server = env.new_sim("--provisioned")
    session = pending_session(env, server)
    client, total = session.client, session.total()
    values = options({"pending": policy} if policy != "refuse" else {})
    if policy == "refuse":
        with refused("PendingOperations") as seen:
            client.call(ACCOUNT, "SignOut", values)
        assert "keep" in seen.error.message and "export" in seen.error.message, seen.error.message
        equal((client.get(ACCOUNT, "SignedIn"), session.pending()), (True, 4), "the account")
    else:
        exported = client.call(ACCOUNT, "SignOut", values)[0]
        equal([line for line in kept(session) if "attribute" in str(line)], [], "keyring")
        equal(client.get(ACCOUNT, "SignedIn"), False, "SignedIn")
        if policy == "export":
            path = pathlib.Path(exported)
            equal((path.parent, path.stat().st_mode & 0o777), (session.store / "exports", 0o600), "the exported file")
            equal(len(path.read_text().splitlines()), 1 + 4, "lines")
        else:
            equal(exported, "", "no file")
    server.restart()
    session.sign_in(server, session.member, provision=False)
    equal(session.total(), total, "TotalXp after the next sign-in")
    session.sync()
    equal(server.record(session.member)["totalXp"], total, "totalXp in Twenty")
    equal(len(server.rows(session.member)), 4, "rows")


def test_sign_out_sends_what_waits(env):
    session = env.session()
    session.call("CONTACT", 150)
    total, member = session.total(), session.member
    equal(session.client.call(ACCOUNT, "SignOut", {}), ("",), "the answer")
    equal(env.server.record(member)["totalXp"], total, "totalXp in Twenty")
    with refused("NotSignedIn"):
        session.client.call(ACCOUNT, "SignOut", {})


def test_provisioning(env):
    server = env.new_sim()
    session = env.session(signed_in=False)
    session.server, session.member = server, server.new_member()
    sign_in(session, server.url, session.member, server.token.encode())
    missing = session.provision(dry_run=True)
    assert "xpEvent" in missing and "repProgression.foldToken" in missing, missing
    equal(session.provision(dry_run=True), missing, "a dry run changes nothing")
    with refused("PermissionDenied"):
        session.provision(token=server.new_token("member", member=session.member))
    with refused("AuthenticationFailed"):
        session.provision(token="nonsense")
    equal(session.provision(token=server.new_token("admin")), missing, "created")
    equal(session.provision(), [], "the second time")
    session.call("CONTACT", 150)
    session.sync()
    equal(server.record(session.member)["totalXp"], session.total(), "totalXp in Twenty")


if __name__ == "__main__":
    run_tests(globals())

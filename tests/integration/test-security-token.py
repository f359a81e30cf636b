#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The token is in the keyring and in the Authorization header, and nowhere else: not in any form, whatever goes wrong."""
import base64
import http.client
import http.server
import json
import ssl
import threading
import urllib.parse

from probe import *  # noqa: F403
from common import parametrize, refused, run as run_tests

LOUD = {"G_MESSAGES_DEBUG": "all", "G_DBUS_DEBUG": "all", "SECRET_DEBUG": "all", "SOUP_DEBUG": "3", "SOUP_LOG": "3", "G_DEBUG": "fatal-criticals",
        "PRG_DEBUG": "all", "LIDS_PROGRESSION_DEBUG": "all"}
PIECE = 20  # characters of a token's own part that are a leak
POWERLESS = ["/usr/bin/setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]


def forms(token):
    """What a leak could look like: the token and its pieces, plain, in base64, URL-encoded, in hex, in UTF-16."""
    found = set()
    secret = token.rpartition(".")[2]  # the parts before are the same for every token
    for start in range(0, len(secret) - PIECE + 1, PIECE // 2):
        found.add(secret[start:start + PIECE].encode())
    for text in (token, "Bearer " + token, *[part for part in token.split(".") if len(part) >= PIECE]):
        data = text.encode()
        found |= {data, urllib.parse.quote(text, safe="").encode(), data.hex().encode(), data.hex().upper().encode(), data[::-1],
                  text.encode("utf-16-le"), b" ".join(b"%02x" % byte for byte in data)}
        for shift in range(3):  # base64 of a text that holds it, at each place within three bytes
            middle = base64.b64encode(b"\0" * shift + data)
            found |= {middle[4:-4], middle[4:-4].replace(b"+", b"-").replace(b"/", b"_")}
    return found - {b""}


class Proxy(http.server.ThreadingHTTPServer):
    """Between the service and the look-alike: passes on, or answers with what it was sent."""
    daemon_threads = True

    def __init__(self, target, context=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.target = urllib.parse.urlsplit(target)
        self.mode = "pass"
        self.seen = []
        scheme = "http"
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)
            scheme = "https"
        self.url = f"{scheme}://127.0.0.1:{self.server_port}"
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)
        self.thread.start()

    def handle_error(self, request, client_address):
        pass

    def stop(self):
        self.shutdown()
        self.server_close()
        self.thread.join()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_arguments):
        pass

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        token = self.headers.get("Authorization", "")
        self.server.seen.append(token)
        getattr(self, "mode_" + self.server.mode)(token, body)

    do_GET = do_POST = do_PATCH = do_DELETE = handle_any

    def answer(self, status, text, **headers):
        data = text.encode()
        self.send_response(status, headers.pop("reason", None))
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def mode_pass(self, token, body):
        connection = http.client.HTTPConnection(self.server.target.hostname, self.server.target.port, timeout=60)
        headers = {"Authorization": token, "Content-Type": self.headers.get("Content-Type", "application/json")}
        connection.request(self.command, self.path, body or None, headers)
        reply = connection.getresponse()
        self.answer(reply.status, reply.read().decode(), Date=reply.getheader("Date", ""))
        connection.close()

    def error(self, status, token):
        messages = [f"Token invalid: {token}", token]
        self.answer(status, json.dumps({"statusCode": status, "error": token, "messages": messages,
                                        "errors": [{"message": messages[0], "extensions": {"code": token, "userFriendlyMessage": token}}]}),
                    reason=token)

    def mode_401(self, token, _body):
        self.error(401, token)

    def mode_403(self, token, _body):
        self.error(403, token)

    def mode_400(self, token, _body):
        self.error(400, token)

    def mode_500(self, token, _body):
        self.error(500, token)

    def mode_200(self, token, _body):
        """A good status, and errors of GraphQL that repeat the token."""
        self.answer(200, json.dumps({"data": None, "errors": [{"message": f"Variable {token} is not allowed",
                                                                "extensions": {"code": "BAD_USER_INPUT", "token": token}}]}))

    def mode_echo(self, token, body):
        self.answer(200, token + self.path + body.decode(errors="replace"))

    def mode_redirect(self, token, _body):
        self.answer(302, "", Location=f"http://localhost:{self.server.target.port}/?token={urllib.parse.quote(token)}")

    def mode_drop(self, _token, _body):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        self.close_connection = True


class Watch:
    """Everything that a session says and keeps, from a moment on."""

    def __init__(self, session):
        self.session = session
        self.heard = []  # texts of errors, answers and properties
        self.looks = 0
        self.traffic = session.root / "traffic"
        with open(self.traffic, "wb") as traffic:
            self.monitor = subprocess.Popen(["dbus-monitor", "--address", session.env["DBUS_SESSION_BUS_ADDRESS"], "--binary"],
                                            stdout=traffic, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=session.env)
        wait_for(lambda: session.get("Version") and self.traffic.stat().st_size, 20, "the monitor")
        self.processes = {}

    def look(self):
        """Environment and command line of each process, and all properties."""
        self.looks += 1
        for pid in self.session.processes():
            for name in ("environ", "cmdline"):
                with contextlib.suppress(OSError):
                    self.processes[f"{name} of {pid}, {self.looks}"] = pathlib.Path(f"/proc/{pid}/{name}").read_bytes()
        for interface in INTERFACES:
            self.heard.append(repr(get_all(self.session.client, interface)))

    def hear(self, text):
        self.heard.append(str(text))

    def end(self):
        if self.monitor.poll() is None:
            self.monitor.terminate()
            self.monitor.wait()

    def find(self, token):
        """Where the token is, in any form. The keyring's own file is encrypted, and read like any other."""
        self.heard += [repr(signal_) for signal_ in self.session.client.signals]
        places = {f"heard {number}": text.encode() for number, text in enumerate(self.heard)}
        places.update(self.processes)
        for path in self.session.root.rglob("*"):
            if path.is_file() and not path.is_symlink():
                places[str(path.relative_to(self.session.root))] = path.read_bytes()
        wanted = forms(token)
        return sorted(name for name, data in places.items() if any(form in data for form in wanted)), places


def give(session, url, member, token, watch):
    with pipe_of(token.encode() + b"\n") as fd:
        try:
            session.client.call(ACCOUNT, "SignIn", url, member, 0, fd=fd, timeout=40)
            watch.hear("signed in")
        except Refused as error:
            watch.hear(error)
            return error.name
    return ""


def certificate(folder):
    key, cert = folder / "key.pem", folder / "cert.pem"
    run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "1", "-subj", "/CN=127.0.0.1"],
        os.environ)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


def test_the_search_finds_leaks(env):
    """The search is not blind: it finds each form in each kind of place."""
    need_faults()
    server = env.new_sim("--provisioned")
    session = env.session(signed_in=False)
    watch = Watch(session)
    try:
        token = server.token
        shapes = {"plain": token, "base64": base64.b64encode(f"user:{token}".encode()).decode(), "quoted": urllib.parse.quote(token + "/+", safe=""),
                  "half": token[len(token) - 43:], "hex": token.encode().hex(), "dump": " ".join(f"{byte:02x}" for byte in token.encode())}
        for name, text in shapes.items():
            (session.root / "data" / name).write_text(f"… {text} …")
        session.env["LEAK"] = token
        child = session.start("child", "/bin/sleep", "1000")
        watch.look()
        session.client.bus.emit_signal(None, "/x", "x.y", "Z", GLib.Variant("(s)", (token,)))
        session.client.bus.flush_sync(None)
        wait_for(lambda: token.encode() in watch.traffic.read_bytes(), 20, "the traffic")
        found, _places = watch.find(token)
        for name in [*(f"data/{shape}" for shape in shapes), "traffic", f"environ of {child.pid}, 1"]:
            assert name in found, f"{name} is not found: {found}"
    finally:
        watch.end()
        with contextlib.suppress(NameError):
            child.kill()
            child.wait()


ECHOES = ("401", "403", "400", "500", "200", "echo", "redirect", "drop")


def test_the_token_is_nowhere(env):
    need_faults()
    server = env.new_sim("--provisioned")
    session = env.session(signed_in=False)
    session.env.update(LOUD)
    bus_call(session.client, "UpdateActivationEnvironment", "(a{ss})", LOUD)
    token, member = server.token, server.new_member()
    proxy = Proxy(server.url)
    folder = server.root / "tls"
    folder.mkdir()
    encrypted = Proxy(server.url, certificate(folder))
    watch = Watch(session)
    try:
        # signing in, and everything that can be wrong with it
        for mode in ECHOES:
            proxy.mode = mode
            assert give(session, proxy.url, member, token, watch) != "", f"signed in by a server that answers {mode}"
            watch.look()
        assert give(session, encrypted.url, member, token, watch) != "", "signed in with a certificate that nobody signed"
        for wrong in (token + "x", token + " x", "é" + token, token * 200):
            assert give(session, server.url, member, wrong, watch) != "", "signed in with another token"
        proxy.mode = "pass"
        code, out, complaint = run([CLI, "sign-in", "--server", proxy.url, "--member", member], session.env, token.encode())
        equal(code, 0, complaint)
        watch.hear(out + complaint)
        session.server, session.member = server, member
        # work, and everything that can go wrong with it
        session.call("CONTACT", 150)
        session.sync()
        for mode in ECHOES:
            proxy.mode = mode
            session.add("email_sent", details=f"while the server answers {mode}")
            watch.hear(session.try_sync())
            watch.look()
            for command in (["status"], ["--json", "status"], ["operations"], ["sync"]):
                watch.hear(run([CLI, *command], session.env))
            watch.hear(run([CLI, "provision", "--dry-run", "--admin-token"], session.env, token.encode()))
        proxy.mode = "pass"
        session.stop()
        session.sync_until_well()  # a new process, which found the token in the keyring
        watch.look()
        equal(server.record(member)["totalXp"], session.total(), "totalXp in Twenty")
        with open(session.root / "home" / "export", "wb") as file:
            session.add("email_sent")
            session.client.call(SYNC, "Export", 0, fd=file.fileno())
        server.control("POST", "revoke", {"token": token})
        watch.hear(session.try_sync())
        watch.hear(session.client.call(ACCOUNT, "SignOut", options({"pending": "export"})))
        watch.look()
        session.stop()
        watch.end()
        assert f"Bearer {token}" in proxy.seen, "the proxy saw no token"
        found, places = watch.find(token)
        equal(found, [], f"places with the token, of {len(places)}")
        assert len(places["traffic"]) > 50000 and len(places["logs/bus"]) > 10000, "the monitor or the log saw nothing"
        assert any(name.startswith("data/lids-progression/exports/") for name in places), "no export was looked at"
        assert any(name.startswith("environ") for name in places), "no process was looked at"
    finally:
        watch.end()
        proxy.stop()
        encrypted.stop()


# ---- memory that others could read ----
def cores(folder):
    return [path for path in folder.rglob("core*") if path.is_file()]


@parametrize({"SIGABRT": (signal.SIGABRT,), "SIGSEGV": (signal.SIGSEGV,), "SIGQUIT": (signal.SIGQUIT,)})
def test_no_core_file(env, number):
    """Even where the limit was lifted before: an ordinary process leaves a file there, the service none."""
    pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
    session = env.session(signed_in=False)
    home = session.root / "home"
    # Who starts the tests in the background may have them ignore SIGQUIT.
    unlimited = ["/usr/bin/env", "--default-signal", "/usr/bin/prlimit", "--core=unlimited"]
    ordinary = session.start("ordinary", *unlimited, "/bin/sleep", "1000")
    wait_for(lambda: b"sleep" in pathlib.Path(f"/proc/{ordinary.pid}/cmdline").read_bytes().split(b"\0")[0], 10, "sleep")
    ordinary.send_signal(number)
    ordinary.wait(timeout=20)
    need("ASAN_OPTIONS" not in os.environ, "the sanitizers catch the signals")
    need(pattern.startswith("core") and cores(home), f"core files do not come to the folder here ({pattern})")
    for path in cores(home):
        path.unlink()
    child = session.start_daemon(*unlimited)
    session.sign_in(env.server)
    child.send_signal(number)
    equal(child.wait(timeout=20), -number, "how it ended")
    equal(cores(session.root), [], "core files")


def test_nobody_attaches(env):
    """A debugger of the same user gets at an ordinary process, and not at the service."""
    need(os.geteuid() == 0, "needs root, to give up what root may")
    session = env.session(wrapper=POWERLESS)
    ordinary = session.start("ordinary", *POWERLESS, "/bin/sleep", "1000")
    wait_for(lambda: b"sleep" in pathlib.Path(f"/proc/{ordinary.pid}/cmdline").read_bytes().split(b"\0")[0], 10, "sleep")

    def attach(pid):
        code, out, complaint = run([*POWERLESS, "timeout", "--signal=INT", "2", "strace", "-e", "trace=none", "-p", str(pid)], session.env)
        return "Operation not permitted" in out + complaint, code, out + complaint

    try:
        denied, _code, words = attach(ordinary.pid)
        need(not denied, f"nothing can be traced here: {words}")
        denied, _code, words = attach(session.client.pid())
        assert denied, f"the service can be traced: {words}"
        for name in ("mem", "environ", "maps"):
            equal(run([*POWERLESS, "head", "-c", "1", f"/proc/{session.client.pid()}/{name}"], session.env)[0], 1, f"reading {name}")
        equal(run([*POWERLESS, "head", "-c", "1", f"/proc/{ordinary.pid}/maps"], session.env)[0], 0, "reading an ordinary process")
    finally:
        ordinary.kill()
        ordinary.wait()


if __name__ == "__main__":
    run_tests(globals())

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hostile servers: what stands between the service and Twenty. A Front passes requests on to the look-alike until it is told to
misbehave; an Authority makes certificates, good and bad ones."""
import contextlib
import http.client
import os
import pathlib
import select
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import urllib.parse

from facts import need

PORTAL = b"<!DOCTYPE html><html><title>Welcome</title><body>Please accept the terms to use this network.</body></html>"
BLOCK = b" " * 65536
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding", "content-length")


class Request:
    """One HTTP request as it came in."""

    def __init__(self, method, path, headers, body):
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body

    @property
    def authorization(self):
        return self.headers.get("authorization", "")


class Connection:
    """One accepted connection, with TLS or without."""

    def __init__(self, stream):
        self.stream = stream
        self.buffer = b""

    def read_until(self, mark):
        while mark not in self.buffer:
            data = self.stream.recv(65536)
            if not data:
                raise EOFError
            self.buffer += data
        head, _mark, self.buffer = self.buffer.partition(mark)
        return head

    def read_request(self):
        lines = self.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        method, path, _version = lines[0].split(" ", 2)
        headers = {}
        for line in lines[1:]:
            name, _colon, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", 0))
        while len(self.buffer) < length:
            data = self.stream.recv(65536)
            if not data:
                raise EOFError
            self.buffer += data
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return Request(method, path, headers, body)

    def send(self, data):
        self.stream.sendall(data)

    def answer(self, status, body=b"", headers=(), length=None):
        """`length`: what Content-Length claims, if that is not the truth."""
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def wait_closed(self, front):
        """Until the other side goes, or the front does."""
        while not front.closing and self in front.connections:
            ready, _write, _error = select.select([self.stream], [], [], 0.2)
            if ready and not self.stream.recv(65536):
                return


# ---- how a front can misbehave; each returns False to close the connection ----
def html(_front, connection, _request):
    """A captive portal that answers everything with a page."""
    connection.answer("200 OK", PORTAL, ["Content-Type: text/html; charset=utf-8"])
    return True


def redirect(location, status="302 Found"):
    """Sends everything elsewhere; "%s" in the location is the request's own path."""
    def behave(_front, connection, request):
        target = location.replace("%s", request.path)
        connection.answer(status, PORTAL, [f"Location: {target}", "Content-Type: text/html"])
        return True
    return behave


def drip(part):
    """Slow loris: headers or body come a byte a second, for ever."""
    def behave(front, connection, _request):
        if part == "body":
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
        text = b"HTTP/1.1 200 OK\r\nX-Wait: " if part == "headers" else b'{"data": '
        for number in range(1000):
            connection.send(text[number:number + 1] or b" ")
            front.drips += 1
            ready, _write, _error = select.select([connection.stream], [], [], 1)
            if front.closing or (ready and not connection.stream.recv(65536)):
                break
        return False
    return behave


def huge(size):
    """An answer of so many bytes with its true length."""
    def behave(front, connection, _request):
        connection.send(f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n\r\n".encode())
        front.pour(connection, size)
        return False
    return behave


def endless(front, connection, _request):
    """A body without an end."""
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = f"{len(BLOCK):x}\r\n".encode() + BLOCK + b"\r\n"
    while not front.closing:
        connection.send(chunk)
        front.poured += len(BLOCK)
    return False


def claim_more(_front, connection, _request):
    """Content-Length promises more than comes."""
    connection.answer("200 OK", b'{"data":{}}', ["Content-Type: application/json"], length=4096)
    return False


def claim_less(_front, connection, _request):
    """Content-Length promises less than comes; what is left over looks like the answer to the next request."""
    forged = b'{"data":{"repProgressions":[]}}'
    left_over = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(forged), forged)
    connection.answer("200 OK", b'{"data"' + left_over, ["Content-Type: application/json"], length=7)
    return True


def nested(_front, connection, _request):
    """A million arrays in each other."""
    connection.answer("200 OK", b"[" * 1000000 + b"]" * 1000000, ["Content-Type: application/json"])
    return True


def bomb(_front, connection, _request):
    """Compressed without having been asked for it."""
    connection.answer("200 OK", bytes.fromhex("1f8b0800000000000003") + BLOCK, ["Content-Type: application/json", "Content-Encoding: gzip"])
    return True


def silent(_front, connection, _request):
    """The connection is closed without a word."""
    return False


class Front:
    """A server on the loopback in front of a look-alike, used in its place (`url`, `token`, `new_member()`). `behave` is None (pass
    on) or one of the functions above; `tls` is None or the context with which connections begin."""

    def __init__(self, sim, tls=None, host="127.0.0.1"):
        self.sim = sim
        self.behave = None
        self.tls = tls
        self.requests = []      # those that came, in order
        self.handshakes = 0     # TLS handshakes that went well
        self.refusals = []      # what TLS handshakes failed with
        self.poured = self.drips = 0
        self.closing = False
        self.connections = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://{host}:{self.port}"
        threading.Thread(target=self.accept, daemon=True).start()

    def __getattr__(self, name):
        return getattr(self.sim, name)

    @property
    def provisioned(self):
        return self.sim.provisioned

    @provisioned.setter
    def provisioned(self, value):
        self.sim.provisioned = value

    def turn(self, behave=None, tls=None):
        """From now on it behaves so; connections that are open end."""
        self.behave = behave
        if tls is not None:
            self.tls = tls
        self.drop()

    def drop(self):
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.stream.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.closing = True
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.drop()

    def accept(self):
        while not self.closing:
            try:
                raw, _address = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(raw,), daemon=True).start()

    def shake_hands(self, raw):
        if self.tls is None:
            return raw
        if callable(self.tls):
            return self.tls(raw)
        raw.settimeout(20)
        stream = self.tls.wrap_socket(raw, server_side=True)
        stream.settimeout(None)
        self.handshakes += 1
        return stream

    def serve(self, raw):
        connection = None
        try:
            connection = Connection(self.shake_hands(raw))
            self.connections.append(connection)
            while self.answer(connection, connection.read_request()):
                pass
        except ssl.SSLError as error:
            self.refusals.append(str(error))
        except (OSError, EOFError):
            pass
        finally:
            if connection in self.connections:
                self.connections.remove(connection)
            with contextlib.suppress(OSError):
                (connection.stream if connection else raw).close()

    def answer(self, connection, request):
        self.requests.append(request)
        behave = self.behave or pass_on
        return behave(self, connection, request)

    def pour(self, connection, size):
        while size > 0 and not self.closing:
            connection.send(BLOCK[:size])
            self.poured += min(size, len(BLOCK))
            size -= len(BLOCK)


def pass_on(front, connection, request):
    """What the look-alike says, word for word."""
    inner = http.client.HTTPConnection("127.0.0.1", urllib.parse.urlsplit(front.sim.url).port, timeout=60)
    try:
        headers = {name: value for name, value in request.headers.items() if name not in HOP_BY_HOP and name != "host"}
        inner.request(request.method, request.path, request.body or None, headers)
        answer = inner.getresponse()
        body = answer.read()
    except http.client.HTTPException:
        return False
    finally:
        inner.close()
    kept = [f"{name}: {value}" for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP]
    connection.answer(f"{answer.status} {answer.reason}", body, kept)
    return True


# ---- TLS ----
def hang_up(raw):
    """The handshake is broken off after the client's first word."""
    raw.recv(5)
    raw.close()
    raise EOFError


def speak_plainly(raw):
    """No TLS at all where TLS is expected."""
    raw.recv(65536)
    raw.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    raw.close()
    raise EOFError


def with_file(file, place, *command):
    """A command that starts the service in a mount namespace in which this file stands in the place of the system's."""
    need(os.geteuid() == 0, "needs root for a mount namespace of its own")
    need(os.path.exists(place), f"this system has no {place}")
    script = file.with_suffix(".sh")
    script.write_text(f"#!/bin/sh\nmount --bind {file} {os.path.realpath(place)} && exec \"$@\"\n", encoding="ascii")
    script.chmod(0o755)
    return [*command, "/usr/bin/unshare", "-m", str(script)]


class Authority:
    """A certificate authority of the test, in a folder of its own."""

    def __init__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="progression-ca-"))
        self.bundle = self.root / "ca.pem"
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "ca.key", "-out",
                     "ca.pem", "-days", "30", "-subj", "/CN=Test authority")

    def openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], cwd=self.root, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode(errors="replace")

    def context(self, name, host="DNS:localhost,IP:127.0.0.1", days=30, signed=True, newest=None):
        """A server's TLS context with a certificate for these hosts. `days` below 0: expired. `newest`: the newest version spoken."""
        key, request, certificate, more = (f"{name}.{ending}" for ending in ("key", "csr", "pem", "ext"))
        (self.root / more).write_text(f"subjectAltName={host}\n", encoding="ascii")
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", request, "-subj",
                     f"/CN={name}")
        signer = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"] if signed else ["-signkey", key]
        self.openssl("x509", "-req", "-in", request, *signer, "-days", str(days), "-extfile", more, "-out", certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if newest:
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = newest
        context.load_cert_chain(self.root / certificate, self.root / key)
        return context

    def wrapper(self, *command):
        """A command that starts the service in a mount namespace whose trusted authorities are this one alone: GnuTLS reads the
        system's bundle and heeds no variable."""
        return with_file(self.bundle, BUNDLE, *command)

    def close(self):
        shutil.rmtree(self.root, ignore_errors=True)


def memory(pid):
    """The most memory that a process ever held, in bytes."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"no such process: {pid}")


def switches(pid):
    """How often the threads of a process went to sleep by themselves: each time something woke them."""
    total = 0
    for status in pathlib.Path(f"/proc/{pid}/task").glob("*/status"):
        with contextlib.suppress(OSError):
            text = status.read_text(encoding="ascii")
            total += int(text.partition("\nvoluntary_ctxt_switches:")[2].split()[0])
    return total

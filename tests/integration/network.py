# SPDX-License-Identifier: LGPL-2.1-or-later
"""A network that can be lost: a namespace of its own for the service, whose only way to the server is a default route. Needs root.

Run as a program it is the relay inside the namespace."""
import contextlib
import os
import socket
import subprocess
import sys
import threading
import urllib.parse


def forward(listener, target):
    """Passes every connection on to another address, until the listener is closed."""
    def pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def serve():
        while True:
            try:
                client, _address = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(target, timeout=5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            for pair in ((client, server), (server, client)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()


def relay(port, host):
    """Runs inside the namespace: its loopback address stands for the server, which is behind the route."""
    listener = socket.create_server(("127.0.0.1", port))
    forward(listener, (host, port))
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    relay(int(sys.argv[1]), sys.argv[2])
    sys.exit(0)

# pylint: disable=wrong-import-position
from facts import equal, need  # noqa: E402
from servers import CHILDREN  # noqa: E402
import session as sessions  # noqa: E402


class Network:
    """A namespace joined to this one by a pair of devices. `host` is reached over its default route only."""

    made = 0

    def __init__(self, port):
        need(os.geteuid() == 0, "needs root for a network of its own")
        Network.made += 1
        number = (os.getpid() + 20011 * Network.made) % 60000  # the devices of one that is gone may linger a moment
        self.device = f"prg{number}"
        self.near, self.far = f"10.{200 + number % 50}.{number // 256}.1", f"10.{200 + number % 50}.{number // 256}.2"
        self.host = f"10.{100 + number % 50}.{number // 256}.1"
        # The relay is started when the namespace's loopback device is up.
        self.child = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo; read -r _; exec \"$@\"", "sh", sys.executable,
                                       os.path.abspath(__file__), str(port), self.host], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL, preexec_fn=sessions.die_with_parent)
        CHILDREN.add(self.child)
        need(self.child.stdout.readline() == b"\n", "network namespaces cannot be made here")
        self.listener = None
        try:
            self.connect()
            self.listener = socket.create_server((self.host, port))
            forward(self.listener, ("127.0.0.1", port))
            self.child.stdin.write(b"\n")
            self.child.stdin.flush()
            equal(self.child.stdout.readline(), b"ready\n", "the relay")
        except BaseException:
            self.close()
            raise

    def enter(self):
        return ["/usr/bin/nsenter", "-t", str(self.child.pid), "-n"]

    def run(self, *command, inside=False):
        done = subprocess.run([*(self.enter() if inside else []), *command], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        return done.returncode == 0

    def connect(self):
        need(self.run("ip", "link", "add", self.device, "type", "veth", "peer", "name", "up0", "netns", str(self.child.pid)),
             "pairs of network devices cannot be made here")
        for command, inside in ((("ip", "addr", "add", self.near + "/30", "dev", self.device), False),
                                (("ip", "addr", "add", self.host + "/32", "dev", self.device), False),
                                (("ip", "link", "set", self.device, "up"), False),
                                (("ip", "link", "set", "lo", "up"), True),
                                (("ip", "addr", "add", self.far + "/30", "dev", "up0"), True),
                                (("ip", "link", "set", "up0", "up"), True)):
            assert self.run(*command, inside=inside), command
        self.go_online()

    def go_online(self):
        assert self.run("ip", "route", "add", "default", "via", self.near, inside=True), "the route cannot be added"

    def go_offline(self):
        assert self.run("ip", "route", "del", "default", inside=True), "the route cannot be deleted"

    def close_listener(self):
        """The server's address refuses connections from now on."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self.listener.close()

    def move(self):
        """The server leaves `host` for another address, which is returned."""
        port = self.listener.getsockname()[1]
        self.close_listener()
        self.listener = socket.create_server((self.near, port))
        forward(self.listener, ("127.0.0.1", port))
        return self.near

    def close(self):
        if self.listener:
            self.close_listener()
        self.child.kill()  # the devices go with the namespace
        self.child.wait()
        CHILDREN.discard(self.child)


def new_network(env, url=None):
    """A network to the program's server, or to another one on the loopback; gone after the test."""
    network = Network(urllib.parse.urlsplit(url or env.server.url).port)
    env.extra.append(network)
    return network


class NameServer:
    """A name server that knows one address for every name. `mode`: "good", "unknown" (NXDOMAIN), "broken" (SERVFAIL), "silent"."""

    CODES = {"good": 0, "broken": 2, "unknown": 3}

    def __init__(self, listen, address):
        self.address = address
        self.mode = "good"
        self.questions = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((listen, 53))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                question, sender = self.socket.recvfrom(4096)
            except OSError:
                return
            if not question:
                return
            self.questions += 1
            if self.mode != "silent":
                self.socket.sendto(self.answer(question), sender)

    def answer(self, question):
        end = question.index(b"\0", 12) + 5  # after the name come its type and class
        wants_address = question[end - 4:end - 2] == b"\0\1"
        found = self.mode == "good" and wants_address
        head = question[:2] + bytes([0x81, 0x80 | self.CODES[self.mode]]) + b"\0\1" + bytes([0, found]) + b"\0\0\0\0"
        record = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + socket.inet_aton(self.address) if found else b""
        return head + question[12:end] + record

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)  # wakes the thread, although it says that there is no connection
        self.socket.close()

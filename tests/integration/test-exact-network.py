#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real loss of the network: the service lives in a network namespace of its own, and its route to the server is taken away and given
back. Needs root."""
import os
import pathlib
import socket
import subprocess
import sys
import threading
import urllib.parse

import common
from common import SYNC, XP, call_plan, equal, expect_exact, gather, need, need_faults, wait_for, worth

FIRST_DIAL = XP["first_dial_of_day"]


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
            for pair in ((client, server), (server, client)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()


def relay(port, host):
    """Runs inside the namespace: its loopback address stands for the server, which is behind the route."""
    listener = socket.create_server(("127.0.0.1", port))
    forward(listener, (host, port))
    print("ready", flush=True)
    sys.stdin.read()


class Network:
    """A namespace joined to this one by a pair of devices. `host` is reached over its default route only."""

    def __init__(self, port):
        number = os.getpid() % 60000
        self.device = f"prg{number}"
        self.near, self.far = f"10.{200 + number % 50}.{number // 256}.1", f"10.{200 + number % 50}.{number // 256}.2"
        self.host = f"10.{100 + number % 50}.{number // 256}.1"
        command = ["unshare", "-n", sys.executable, os.path.abspath(__file__), "--relay", str(port), self.host]
        # The relay is started when the namespace's loopback device is up.
        self.child = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo; read -r _; exec \"$@\"", "sh", *command[2:]],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                      preexec_fn=common.sessions.die_with_parent)
        common.CHILDREN.add(self.child)
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

    def close(self):
        if self.listener:
            self.listener.close()
        self.child.kill()  # the devices go with the namespace
        self.child.wait()
        common.CHILDREN.discard(self.child)


def test_outage_of_a_thousand_operations(env):
    """The service notices by itself that the network is gone and that it is back, and then sends everything once."""
    need_faults()
    need(os.geteuid() == 0, "needs root for a network of its own")
    env.server.config(timeline_delay_ms=0)
    network = Network(urllib.parse.urlsplit(env.server.url).port)
    try:
        rep = env.session(wrapper=network.enter(), extra={"GIO_USE_NETWORK_MONITOR": "netlink"}, settings={"push_delay": 100})
        equal(rep.client.get(SYNC, "Online"), True, "Online at first")
        network.go_offline()
        wait_for(lambda: not rep.client.get(SYNC, "Online"), 10, "the loss of the network")
        gather([rep], [[call_plan("VOICEMAIL", 20, f"lead-{number}") for number in range(500)]])
        total = 500 * worth("VOICEMAIL", 20) + FIRST_DIAL
        equal((rep.total(), rep.pending()), (total, 1001), "total and pending without a network")
        equal(rep.sync_state(), "offline", "State without a network")
        equal(rep.try_sync(), "Offline", "SyncNow tries all the same")
        equal(env.server.rows(rep.member), [], "rows in the ledger")
        network.go_online()
        wait_for(lambda: rep.client.get(SYNC, "Online"), 10, "the network")
        wait_for(lambda: rep.pending() == 0, 60, "the upload")  # nobody asks for it
        rep.sync()
        expect_exact(env.server, rep, total, 1001)
        equal(len({event["id"] for event in rep.events()}), 1001, "events")
        rep.stop()
    finally:
        network.close()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--relay"]:
        relay(int(sys.argv[2]), sys.argv[3])
    else:
        common.run(globals())

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hosts of the plugin that are not ours, steered by the test."""
import time

from probe import *  # noqa: F403
from common import note

HOST = BUILD / "tests" / "integration" / "integration-host"
# GLib's own threads, which no plugin may end, and the host's.
OTHER_THREADS = ("gdbus", "gmain", "pool", "dconf", "worker")
# s, from the moment in which the owner is told to stop or dies to the next one's first answer. The product promises it.
TAKEOVER = 1 * SLOW


class Host:
    """A process that loads the plugin and does what it is told."""

    def __init__(self, session, context="default", drop=(), plugin=SO, extra=None):
        environment = {key: value for key, value in session.env.items() if key not in drop}
        environment.update(extra or {})
        self.start(session, [HOST, plugin, context], environment)

    def start(self, session, command, environment):
        self.session = session
        self.log = open(session.logs / f"host-{time.monotonic_ns()}", "w+b")
        self.process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
                                        cwd=session.root / "home", preexec_fn=sessions.die_with_parent)

    def tell(self, command):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()
        return self.hear()

    def hear(self):
        return self.process.stdout.readline().decode().strip()

    def says(self, command, answer):
        equal(self.tell(command), answer, command)

    def complaints(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def files(self):
        """Open files of the store."""
        links = []
        for entry in pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                links.append(os.readlink(entry))
        return [link for link in links if "lids-progression/" in link]

    def threads(self):
        names = [(entry / "comm").read_text().strip() for entry in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir()
                 if entry.name != str(self.process.pid)]
        return [name for name in names if not name.startswith(OTHER_THREADS)]

    def quit(self):
        self.process.stdin.write(b"quit\n")
        self.process.stdin.close()
        equal(self.process.wait(timeout=20 * SLOW), 0, f"exit code of the host: {self.complaints()}")
        self.forget()

    def forget(self):
        self.process.stdout.close()
        self.log.close()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        """The process ends without having stopped its plugin."""
        self.process.stdin.close()
        equal(self.process.wait(timeout=20 * SLOW), 3, "exit code of a host with a plugin")


def empty_session(env):
    """A session in which only the hosts of the test serve the name."""
    session = env.session(signed_in=False)
    (session.services / f"{NAME}.service").unlink()
    bus_call(session.client, "ReloadConfig", "()")
    return session


def wait_owner(session, host):
    wait_for(lambda: session.client.pid() == host.process.pid, 20, "the host's name")


def took_over(start, how):
    """Called at the next owner's first answer. @start: when the owner was told to stop, or died."""
    seconds = time.monotonic() - start
    note(f"{how}: the next owner's first answer after {1000 * seconds:.0f} ms")
    assert seconds < TAKEOVER, f"{how}: the next owner took {seconds:.2f} s"

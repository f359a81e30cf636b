# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hosts with libpeas: a plain one, and real desktop programs on a screen of their own."""
import shutil

from probe import *  # noqa: F403
from hosts import Host

PEAS_HOST = BUILD / "tests" / "integration" / "peas-host"
NO_GETTEXT = BUILD / "tests" / "integration" / "no-gettext.so"
OLD_SOUP = BUILD / "tests" / "integration" / "old-soup.so"
DESCRIPTION = BUILD / "plugin" / "hooks" / "lids-progression.plugin"
PLUGIN = "lids-progression-peas"


def install_plugin(folder):
    """Links to the module and its description, as `meson install` makes them for a host."""
    folder.mkdir(parents=True)
    for file in (PEAS_MODULE, DESCRIPTION):
        (folder / file.name).symlink_to(file)
    return folder


def sanitized(environment):
    """What a program needs in which only the plugin is built with the sanitizers. Its own leaks are not looked for."""
    if "ASAN_OPTIONS" not in environment:
        return {}
    libraries = re.findall(r"=> (/\S+/lib(?:asan|ubsan)\.so\S*)", run(["ldd", PEAS_MODULE], os.environ)[1])
    return {"LD_PRELOAD": " ".join([*libraries, str(NO_GETTEXT)]), "ASAN_OPTIONS": environment["ASAN_OPTIONS"] + ":detect_leaks=0"}


class PeasHost(Host):
    """A plain libpeas host."""

    def __init__(self, session, *libraries, folder=None, more=None):
        folder = folder or session.root / "peas"
        if not folder.exists():
            install_plugin(folder)
        self.start(session, [PEAS_HOST, folder, *libraries], {**session.env, **(more or {})})

    def enable(self):
        self.says("enable", "enabled")

    def disable(self):
        self.says("disable", "disabled")

    def quit_with(self, words):
        """Quits, and the log holds these words."""
        assert words in self.complaints(), f"not in the log: {self.complaints()}"
        self.quit()


class Screen:
    """An X server without a screen, for one session."""

    def __init__(self, session, size="1024x640x24"):
        reader, writer = os.pipe()
        with open(session.logs / "screen", "wb") as log:
            self.process = subprocess.Popen(["Xvfb", "-displayfd", str(writer), "-nolisten", "tcp", "-noreset", "-screen", "0", size],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[writer],
                                            preexec_fn=sessions.die_with_parent)
        os.close(writer)
        with os.fdopen(reader) as answer:  # the number comes when the server takes connections
            self.name = f":{int(answer.readline())}"
        session.late.add(self.process.pid)

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=20 * SLOW)


class Program(Host):
    """A desktop program: its command, the folder of its data, the settings of its plugins, its name on the bus."""

    def __init__(self, session, screen, more=None):
        self.screen = screen
        folder = session.root / "data" / self.folder / "plugins"
        if not folder.exists():
            install_plugin(folder)
        environment = {**session.env, **sanitized(session.env), "DISPLAY": screen.name, "GDK_BACKEND": "x11", **(more or {})}
        self.start(session, self.command, environment)

    @classmethod
    def choose(cls, session, *plugins):
        """Enables exactly these plugins, as the program's own preferences do."""
        code, _, complaint = run(["gsettings", "set", cls.schema, "active-plugins", str(list(plugins))], session.env)
        equal((code, complaint), (0, ""), "gsettings")

    def enable(self):
        self.choose(self.session, PLUGIN)

    def disable(self):
        self.choose(self.session)

    def is_up(self):
        return owner(self.session.client, self.name)

    def quit(self):
        self.ask_to_quit()
        code = self.process.wait(timeout=30 * SLOW)
        equal((code, self.faults()), (0, []), f"the end of {self.command[0]}: {self.complaints()}")
        self.forget()

    def faults(self):
        """What GLib counts as a fault of a program. Warnings that Diodon gives without the plugin too are none of ours."""
        return re.findall(r"^.*(?:CRITICAL|ERROR|lids-progression-WARNING).*$", self.complaints(), re.M)

    def picture(self, name):
        """A picture of the screen, if somebody wants to look at it: PRG_PICTURES names the folder."""
        if os.environ.get("PRG_PICTURES"):
            target = pathlib.Path(os.environ["PRG_PICTURES"]) / f"{name}.png"
            subprocess.run(["import", "-display", self.screen.name, "-window", "root", target], check=True, timeout=60 * SLOW)


class Gedit(Program):
    command, folder, schema = ["gedit"], "gedit", "org.gnome.gedit.plugins"
    name = "org.gnome.gedit"

    def ask_to_quit(self):
        """The action of its menu."""
        self.session.client.bus.call_sync(self.name, "/org/gnome/gedit", "org.gtk.Actions", "Activate",
                                          GLib.Variant("(sava{sv})", ("quit", [], {})), None, Gio.DBusCallFlags.NONE, 30000 * SLOW, None)


class Diodon(Program):
    command, folder, schema = ["diodon"], "diodon", "net.launchpad.Diodon.plugins"
    name = "net.launchpad.Diodon"

    def ask_to_quit(self):
        """The last line of its menu. The keys are lost until the menu is up."""
        self.session.client.bus.call_sync(self.name, "/net/launchpad/Diodon", "org.gtk.Application", "Activate",
                                          GLib.Variant("(a{sv})", ({},)), None, Gio.DBusCallFlags.NONE, 30000 * SLOW, None)
        wait_for(self.chose_last_line, 30, "the program's end")

    def chose_last_line(self):
        run(["xdotool", "key", "Up", "Return"], {**self.session.env, "DISPLAY": self.screen.name})
        return self.process.poll() is not None


PROGRAMS = {"gedit": Gedit, "diodon": Diodon}


def need_program(kind):
    for command in ("Xvfb", "xdotool", *kind.command):
        need(shutil.which(command), f"{command} is not installed")

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The applet in the real xfce4-panel, inside the panel's process and in a wrapper: what it shows is read as a screen reader reads it.

The panel looks for plugins in the system's folders alone: this program has namespaces of its own, where they hold the applet too."""
import shutil
import sys
import tempfile

from probe import *  # noqa: F403
from common import FIRST_DEAL, XP, parametrize, worth, run as run_tests
from screen import Screen

INSIDE = "PRG_TEST_NAMESPACES"
APPLET = BUILD / "clients" / "panel" / "liblids-progression-panel.so"
LIBRARY = BUILD / "clients" / "lib"
DESKTOP = BUILD / "clients" / "panel" / "lids-progression.desktop"
WIDGETS = BUILD / "tests" / "integration" / "panel-widgets"
PANEL, WRAPPER = "xfce4-panel", "wrapper-2.0"  # what the programs call themselves
MODES = {PANEL: "lids-progression", WRAPPER: "lids-progression-wrapped"}
HORIZONTAL, VERTICAL, DESKBAR = range(3)
# The wrapper's main() disconnects from the panel's proxy at its end, which is too late if its window is gone already.
XFCE_RACE = re.compile(r"\(wrapper-2\.0:.*gsignal\.c.* has no handler with id")
CONFIG = """<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="length" type="uint" value="100"/>
      <property name="mode" type="uint" value="0"/>
      <property name="size" type="uint" value="28"/>
      <property name="nrows" type="uint" value="1"/>
      <property name="plugin-ids" type="array"><value type="int" value="1"/></property>
    </property>
  </property>
  <property name="plugins" type="empty"><property name="plugin-1" type="string" value="{plugin}"/></property>
</channel>
"""


def pattern(text):
    return re.compile(text)


def system_folder(variable):
    answer = subprocess.run(["pkg-config", f"--variable={variable}", "libxfce4panel-2.0"], capture_output=True, check=True)
    return pathlib.Path(answer.stdout.decode().strip())


def mount_applet():
    """Lays copies of the panel's folders, with the applet in them, over the folders. Only this program and its children see that."""
    copy = pathlib.Path(tempfile.mkdtemp(prefix="progression-panel-"))
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", copy], check=True)
    modules = system_folder("libdir") / "xfce4" / "panel" / "plugins"
    entries = system_folder("prefix") / "share" / "xfce4" / "panel" / "plugins"
    shutil.copytree(modules, copy / "modules")
    shutil.copytree(entries, copy / "entries")
    shutil.copy(APPLET, copy / "modules")
    text = DESKTOP.read_text(encoding="utf-8")
    assert "\nX-XFCE-Internal=TRUE\n" in text, text
    (copy / "entries" / f"{MODES[PANEL]}.desktop").write_text(text, encoding="utf-8")
    (copy / "entries" / f"{MODES[WRAPPER]}.desktop").write_text(text.replace("Internal=TRUE", "Internal=FALSE"), encoding="utf-8")
    for folder, place in ((copy / "modules", modules), (copy / "entries", entries)):
        subprocess.run(["mount", "--bind", folder, place], check=True)
    subprocess.run(["umount", "--lazy", copy], check=True)
    copy.rmdir()


def hide_other_screens():
    """Screens have numbers that are the machine's: here are no others, neither in the folder nor in the network's namespace."""
    pathlib.Path("/tmp/.X11-unix").mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", "/tmp/.X11-unix"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


class Desk:
    """A session with a screen and a panel that has nothing but the applet."""

    def __init__(self, env, program, session=None, **more):
        need("ASAN_OPTIONS" not in os.environ, "a panel that is not built with the sanitizers cannot load what is")
        need(os.environ.get(INSIDE) == "1", "needs root, or the right to make namespaces")
        need_faults()  # a real server is not in this network
        self.program = program
        self.session = session or env.session(**more)
        self.screen = Screen(self.session)
        env.sessions.insert(0, self)  # closed before its session
        folder = self.session.root / "config" / "xfce4" / "xfconf" / "xfce-perchannel-xml"
        folder.mkdir(parents=True)
        (folder / "xfce4-panel.xml").write_text(CONFIG.format(plugin=MODES[program]), encoding="utf-8")
        self.log = self.session.logs / "panel"
        with open(self.log, "wb") as log:
            self.panel = subprocess.Popen([PANEL, "--disable-wm-check"], env={**self.screen.env, "LD_LIBRARY_PATH": str(LIBRARY)}, stdin=subprocess.DEVNULL, stdout=log,
                                          stderr=subprocess.STDOUT, cwd=self.session.root / "home",
                                          preexec_fn=sessions.die_with_parent)
        self.session.late.add(self.panel.pid)

    def find(self, role, name):
        return self.screen.reader.find(role, pattern(name), self.program)

    def shows(self, role, name):
        """The thing of the applet's program that shows this, as soon as it does."""
        return self.screen.reader.wait(role, pattern(name), self.program)[0]

    def shows_not(self, role, name):
        wait_event(lambda: not self.find(role, name), 30, f"the end of “{name}”")

    def applet(self, fits=lambda box: box[2] > 80):
        """Where the applet stands, as soon as it fits: first there is an icon alone, and text when it heard of the service. GTK shows a
        screen reader what is in a wrapper as an empty box of the panel."""
        def look():
            found = [thing for depth, thing in self.screen.reader.tree(PANEL) if depth == 3 and thing.role == "panel"]
            return next((box for box in (thing.box() for thing in found) if fits(box)), None)
        return wait_event(look, 30, "the applet's place and size")

    def click(self, button=1, fits=None):
        self.click_box(self.applet(fits) if fits else self.applet(), button)

    def click_box(self, box, button=1):
        x, y, width, height = box
        self.screen.reader.mouse(x + width // 2, y + height // 2, f"b{button}c")

    def run(self, *command):
        done = subprocess.run(command, env=self.screen.env, capture_output=True, check=False, timeout=30 * SLOW, stdin=subprocess.DEVNULL)
        equal(done.returncode, 0, f"{command}: {done.stderr.decode(errors='replace')}")

    def set(self, name, value):
        self.run("xfconf-query", "-c", "xfce4-panel", "-p", f"/panels/panel-1/{name}", "-s", str(value))

    def processes(self):
        """Name to id of the panel and its wrapper."""
        found = {}
        for pid in self.session.processes():
            with contextlib.suppress(OSError):
                found[pathlib.Path(os.readlink(f"/proc/{pid}/exe")).name] = pid
        return {name: found[name] for name in (PANEL, WRAPPER) if name in found}

    def quit(self):
        """The panel ends by itself, and nobody complained of us."""
        wrapper = self.processes().get(WRAPPER)
        self.run(PANEL, "--quit")
        equal(self.panel.wait(timeout=20 * SLOW), 0, "exit code of the panel")
        if wrapper:
            wait_gone(wrapper, 20, "the wrapper")
        said = self.log.read_text(errors="replace")
        bad = [line for line in said.splitlines() if re.search("CRITICAL|WARNING|progression", line) and not XFCE_RACE.search(line)]
        equal(bad, [], "complaints")

    def report(self):
        """What is on the screen, for a test that failed."""
        with contextlib.suppress(GLib.Error):
            yield from (f"screen: {'  ' * depth}{thing} {thing.box() if depth else ''}" for depth, thing in self.screen.reader.tree())

    def close(self):
        if self.panel.poll() is None:
            self.panel.kill()
            self.panel.wait()
        self.screen.close()


def open_popup(desk, shows="^Last sync"):
    """Clicks on the applet. The panel makes room for a wrapper's window before that is mapped, and a click in between falls on the panel:
    there one clicks again, as a person does."""
    for patience in (10, 10, 30) if desk.program == WRAPPER else (30,):
        desk.click()
        try:
            return wait_event(lambda: desk.find("label", shows), patience, "the popup")
        except AssertionError as error:
            failure = error
    raise failure


both = parametrize({program: (program,) for program in MODES})


@both
def test_call_is_shown(env, program):
    """A call earns 2 + 5 + 15 XP, the first of a day 25 more. The popup is open meanwhile."""
    desk = Desk(env, program)
    open_popup(desk)
    desk.shows("label", "^Level 1$")
    desk.shows("label", "^0 XP, 100 to level 2$")
    desk.session.call("CONTACT", 150)
    total = worth("CONTACT", 150) + XP["first_dial_of_day"]
    desk.shows("label", f"^{total} XP, {100 - total} to level 2$")
    equal(desk.shows("progress bar", f"^{total} XP").value(), total / 100, "the bar")
    desk.shows("label", "^4 operations wait to be sent$")
    if program == PANEL:
        desk.shows("toggle button", f"^SDR 1, Level 1, {total} XP, {100 - total} to level 2, Not sent yet: 4 to send$")
    equal(sorted(desk.processes()), sorted({PANEL, program}), "processes")
    desk.quit()


@both
def test_engine_is_elsewhere(env, program):
    desk = Desk(env, program)
    open_popup(desk)
    maps = {name: pathlib.Path(f"/proc/{pid}/maps").read_text(encoding="utf-8") for name, pid in desk.processes().items()}
    equal([name for name, text in maps.items() if APPLET.name in text], [program], "who has the applet")
    equal([name for name, text in maps.items() if SO.name in text or "libsqlite3" in text], [], "who has the engine")
    desk.quit()


@both
def test_missing_and_sync_now(env, program):
    desk = Desk(env, program)
    desk.session.deal("deal-1")
    open_popup(desk)
    desk.shows("label", "^For SDR 2$")
    level = level_of(XP["deal_closed"] + FIRST_DEAL)
    assert level >= 3, "the level's gate is met"
    deals = desk.shows("label", "^Deals 1 of 2$")
    equal(desk.shows("progress bar", "^Deals 1 of 2$").value(), 0.5, deals)
    desk.shows("label", "^Badge Opener elite: bronze$")
    desk.shows("label", "^Module 1: missing$")
    equal(desk.find("label", "^Level 4 of"), [], "the gate that is met")
    desk.session.module("module_1")
    desk.shows_not("label", "^Module 1: missing$")
    desk.shows("push button", "^Sync now$").press()
    desk.shows("label", "^Everything is sent$")
    desk.shows("label", "^Synced$")
    equal(env.server.record(desk.session.member)["totalXp"], desk.session.total(), "Twenty's total")
    desk.quit()


@both
def test_keyboard(env, program):
    """A key of the desktop opens it, Return syncs, Escape closes."""
    desk = Desk(env, program)
    desk.applet()
    desk.session.add("note_added")
    desk.run(PANEL, f"--plugin-event={MODES[program]}:popup")
    desk.shows("label", "^1 operation waits to be sent$")
    button = desk.shows("push button", "^Sync now$")
    wait_event(lambda: desk.shows("push button", "^Sync now$").focused, 30, f"the focus of {button}")
    desk.screen.reader.key(0xff0d)
    desk.shows("label", "^Everything is sent$")
    desk.screen.reader.key(0xff1b)
    desk.shows_not("push button", "^Sync now$")
    desk.quit()


def test_widgets(env):
    """What GTK draws: a screen reader is told the button's name, not its parts."""
    need("ASAN_OPTIONS" not in os.environ, "GTK and its friends leak on purpose")
    screen = Screen(env.session(signed_in=False))
    try:
        done = subprocess.run([WIDGETS], env=screen.env, capture_output=True, check=False, timeout=60 * SLOW, stdin=subprocess.DEVNULL)
        equal(done.returncode, 0, done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace"))
    finally:
        screen.close()


def test_failing_server(env):
    server = env.new_sim("--provisioned")
    server.provisioned = True
    desk = Desk(env, PANEL, server=server)
    desk.session.add("note_added")
    server.stop()
    open_popup(desk)
    desk.shows("push button", "^Sync now$").press()
    desk.shows("label", "^Will try again$")
    error = desk.session.client.get(SYNC, "LastError")
    assert error and desk.find("label", f"^{re.escape(error)}$"), f"“{error}” is shown"
    desk.shows("toggle button", "Will try again: 1 to send")
    desk.quit()


def test_signed_out(env):
    desk = Desk(env, PANEL, signed_in=False)
    desk.shows("toggle button", "^Not signed in")
    open_popup(desk, "^Not signed in$")
    desk.shows("label", "progression sign-in")
    equal(desk.shows("push button", "^Sync now$").sensitive, False, "Sync now")
    desk.session.sign_in(env.server)
    desk.shows("toggle button", "^SDR 1, Level 1, 0 XP")
    desk.shows_not("label", "progression sign-in")
    desk.quit()


def test_service_that_ends(env):
    """The applet says so, and a click starts the service again."""
    desk = Desk(env, PANEL)
    desk.shows("toggle button", "^SDR 1")
    desk.session.kill()
    desk.shows("toggle button", "^The progression service does not answer")
    desk.click(fits=lambda box: box[2] < 80)
    desk.shows("toggle button", "^SDR 1")
    desk.quit()


def test_no_service(env):
    session = env.session(signed_in=False)
    (session.services / f"{NAME}.service").unlink()
    bus_call(session.client, "ReloadConfig", "()")
    desk = Desk(env, PANEL, session)
    desk.shows("toggle button", "^The progression service does not answer, A click here tries to start it$")
    desk.click(fits=lambda box: box[2] < 80)
    desk.shows("label", f"{NAME}.*(was not provided|no such|not found)")
    desk.quit()


@both
def test_sizes_and_modes(env, program):
    """Live: what there is room for follows the panel."""
    desk = Desk(env, program)
    full = desk.applet(lambda box: box[2] > 80)
    desk.set("size", 22)
    short = desk.applet(lambda box: box[3] <= 22 and box[2] < full[2] - 20)
    desk.set("mode", VERTICAL)
    desk.applet(lambda box: box[2] <= 22 and box[3] < short[2])
    desk.set("size", 48)
    desk.applet(lambda box: 40 <= box[2] <= 48 and box[3] > 30)
    desk.set("mode", DESKBAR)
    desk.set("size", 40)
    desk.set("nrows", 4)
    desk.applet(lambda box: 150 <= box[2] <= 160 and box[3] < 60)
    desk.set("nrows", 1)
    desk.set("mode", HORIZONTAL)
    desk.set("size", 28)
    desk.applet(lambda box: box[2:] == full[2:])
    open_popup(desk)
    desk.quit()


@both
def test_removed_and_added(env, program):
    desk = Desk(env, program)
    open_popup(desk)
    wrapper = desk.processes().get(WRAPPER)
    desk.click()
    desk.shows_not("push button", "^Sync now$")
    desk.click(button=3)
    desk.click_box(desk.shows("menu item", "^Remove$").box())
    desk.click_box(desk.shows("push button", "^Remove$").box())
    if wrapper:
        wait_gone(wrapper, 20, "the wrapper")
    wait_event(lambda: not desk.screen.reader.find("toggle button", pattern("SDR 1")), 30, "the applet's end")
    desk.session.call()
    desk.run(PANEL, f"--add={MODES[program]}")
    open_popup(desk)
    desk.shows("label", "^47 XP, 53 to level 2$")
    desk.quit()


def test_wakes_up_never(env):
    """When all is shown, the wrapper waits for something to happen, without an end: as soon as its accessibility bridge has forgotten what it
    told the reader, which takes that 15 seconds."""
    desk = Desk(env, WRAPPER)
    desk.applet()
    pid = desk.processes()[WRAPPER]
    machine = os.uname().machine
    need(machine == "x86_64", f"which system call is poll() on {machine} is not known here")
    with ticking():
        wait_event(lambda: waits_without_end(pid), 20, "a wait without an end")
    desk.quit()


def waits_without_end(pid):
    """Whether its main loop is in poll(…, n, -1). Xlib's own short waits have one file."""
    words = pathlib.Path(f"/proc/{pid}/syscall").read_text(encoding="utf-8").split()
    return words[0] == "7" and int(words[2], 16) > 1 and int(words[3], 16) & 0xffffffff == 0xffffffff


@contextlib.contextmanager
def ticking():
    """The kernel tells nobody that a process begins to wait: wait_event() asks again and again."""
    timer = GLib.timeout_add(20, lambda: GLib.SOURCE_CONTINUE)
    try:
        yield
    finally:
        GLib.source_remove(timer)


if __name__ == "__main__":
    unshare = ["unshare", "--mount", "--propagation", "private", "--net"]
    if os.environ.get(INSIDE) != "1" and os.geteuid() == 0 and subprocess.run([*unshare, "true"], check=False).returncode == 0:
        os.environ[INSIDE] = "1"
        os.execvp("unshare", [*unshare, sys.executable, *sys.argv])
    if os.environ.get(INSIDE) == "1":
        mount_applet()
        hide_other_screens()
    run_tests(globals())

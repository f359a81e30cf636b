#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `meson install` puts where, and whether systemd and the bus understand it."""
import configparser
import json
import shutil
import tempfile
import xml.etree.ElementTree

from probe import *  # noqa: F403
from common import run as run_tests


def installed():
    """(the folder, what is in it below the prefix, the prefix)."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="progression-install-"))
    done = subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", folder], capture_output=True,
                          check=False, stdin=subprocess.DEVNULL)
    equal(done.returncode, 0, done.stderr.decode())
    found = json.loads(subprocess.run(["meson", "introspect", BUILD, "--buildoptions"], capture_output=True, check=True).stdout)
    values = {option["name"]: option["value"] for option in found}
    return folder, values


def peas_files(library):
    """The module for libpeas, its description, and links to both where gedit and Diodon look."""
    files = ("liblids-progression-peas.so", "lids-progression.plugin")
    return [f"{library}/{folder}/{file}" for folder in ("lids-progression", "gedit/plugins", "diodon/plugins") for file in files]


def check_links(prefix, values):
    """Each link in a host's folder leads to the installed file; the folder of this test stands in for the root."""
    for link in (path for path in prefix.rglob("plugins/*") if path.is_symlink()):
        equal(os.readlink(link), f"{values['prefix']}/{values['libdir']}/lids-progression/{link.name}", str(link))


def test_files(env):
    folder, values = installed()
    try:
        prefix = folder / values["prefix"].lstrip("/")
        found = sorted(str(path.relative_to(prefix)) for path in folder.rglob("*")
                       if not path.is_dir() and "share/doc/liblids-progression-1.0/" not in str(path))
        library, libexec = values["libdir"], values["libexecdir"]
        hosts = peas_files(library) if PEAS_MODULE.exists() else []
        equal(found, sorted([*hosts, "bin/progression", f"{libexec}/progressiond", f"{library}/lids-progression/lids-progression.so",
                             "include/lids-progression/prg-plugin.h", *library_files(library), "lib/systemd/user/lids-progression.service",
                             f"share/applications/{NAME}.desktop", "share/bash-completion/completions/progression",
                             *(f"share/dbus-1/interfaces/{interface}.xml" for interface in INTERFACES),
                             f"share/dbus-1/services/{NAME}.service", f"share/glib-2.0/schemas/{NAME}.gschema.xml",
                             *(f"share/doc/lids-progression/api/{page.name}" for page in (BUILD / "dbus").glob("*.html")),
                             *panel_files(library),
                             f"share/icons/hicolor/scalable/apps/{NAME}.svg", f"share/icons/hicolor/symbolic/apps/{NAME}-symbolic.svg",
                             "share/lids-progression/rules.json", "share/lids-progression/rules.schema.json",
                             *(f"share/locale/{language}/LC_MESSAGES/{NAME}.mo" for language in ("de", "es")),
                             "share/man/man1/progression.1", "share/man/man8/progressiond.8", f"share/metainfo/{NAME}.metainfo.xml"]), "files")
        for name in ("bin/progression", f"{libexec}/progressiond"):
            equal(os.access(prefix / name, os.X_OK), True, f"{name} can be run")
        check_links(prefix, values)
        check_service_file(prefix, values)
        check_unit(prefix, values)
        check_metainfo(prefix)
    finally:
        shutil.rmtree(folder)


def library_files(library):
    """The client library's; those for other languages where their tools were there."""
    yield from (f"include/lids-progression/lids-{name}.h" for name in ("dbus", "enum-types", "macros", "progression", "progression-client",
                                                                        "progression-error", "progression-types"))
    yield from (f"{library}/liblids-progression-1.0.so{version}" for version in ("", ".0", ".0.1.0"))
    yield f"{library}/pkgconfig/liblids-progression-1.0.pc"
    if (BUILD / "clients" / "lib" / "Lids-1.0.gir").exists():
        yield from ("share/gir-1.0/Lids-1.0.gir", f"{library}/girepository-1.0/Lids-1.0.typelib",
                    "share/vala/vapi/liblids-progression-1.0.deps", "share/vala/vapi/liblids-progression-1.0.vapi")


def panel_files(library):
    """The applet's, where GTK and the panel's library were there."""
    if (BUILD / "clients" / "panel" / "liblids-progression-panel.so").exists():
        yield from (f"{library}/xfce4/panel/plugins/liblids-progression-panel.so", "share/xfce4/panel/plugins/lids-progression.desktop")


def check_service_file(prefix, values):
    """The bus starts the file that is there, and systemd the unit that is there."""
    parser = configparser.ConfigParser(strict=True, interpolation=None)
    parser.optionxform = str
    parser.read(prefix / "share" / "dbus-1" / "services" / f"{NAME}.service")
    daemon = f"{values['prefix']}/{values['libexecdir']}/progressiond"
    equal({key: dict(parser[key]) for key in parser.sections()},
          {"D-BUS Service": {"Name": NAME, "Exec": daemon, "SystemdService": "lids-progression.service"}}, "the service file")


def check_metainfo(prefix):
    """What app stores are told is this version."""
    newest = xml.etree.ElementTree.parse(prefix / "share" / "metainfo" / f"{NAME}.metainfo.xml").find("releases/release")
    project = json.loads(subprocess.run(["meson", "introspect", BUILD, "--projectinfo"], capture_output=True, check=True).stdout)
    equal(newest.get("version"), project["version"], "the newest release of the metainfo")


def check_unit(prefix, values):
    unit = prefix / "lib" / "systemd" / "user" / "lids-progression.service"
    text = unit.read_text()
    daemon = f"{values['prefix']}/{values['libexecdir']}/progressiond"
    for line in ("Type=dbus", f"BusName={NAME}", f"ExecStart={daemon}"):
        assert line in text.splitlines(), f"no line {line}"


def test_service_file_as_the_bus_reads_it(env):
    """The installed file, with the build's programs in its place, starts the service."""
    folder, values = installed()
    try:
        session = env.session(signed_in=False)
        prefix = folder / values["prefix"].lstrip("/")
        text = (prefix / "share" / "dbus-1" / "services" / f"{NAME}.service").read_text()
        daemon = prefix / values["libexecdir"] / "progressiond"
        text = text.replace(f"{values['prefix']}/{values['libexecdir']}/progressiond", str(daemon))
        (session.services / f"{NAME}.service").write_text(text)
        plugin = prefix / values["libdir"] / "lids-progression" / "lids-progression.so"
        bus_call(session.client, "UpdateActivationEnvironment", "(a{ss})", {"LIDS_PROGRESSION_PLUGIN": str(plugin)})
        bus_call(session.client, "ReloadConfig", "()")
        equal(session.get("Version"), 1, "Version")
        equal(os.readlink(f"/proc/{session.client.pid()}/exe"), str(daemon), "the program")
        assert str(plugin) in pathlib.Path(f"/proc/{session.client.pid()}/maps").read_text(), "the plugin"
        session.stop()
    finally:
        shutil.rmtree(folder)


def test_no_build_paths_in_the_programs(env):
    """Nothing that is installed names the build directory, but for debug sections."""
    need("asan" not in os.environ.get("ASAN_OPTIONS", "") and "PRG_COVERAGE" not in os.environ, "what looks at the program keeps paths in it")
    for program in (SO, DAEMON, CLI, LIBRARY, *([PEAS_MODULE] if PEAS_MODULE.exists() else [])):
        with tempfile.NamedTemporaryFile() as stripped:
            run(["objcopy", "--strip-debug", program, stripped.name], os.environ)
            data = pathlib.Path(stripped.name).read_bytes()
            equal(str(BUILD).encode() in data, False, f"{program.name} names the build directory")


if __name__ == "__main__":
    run_tests(globals())

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""House rules that no compiler knows: one owner for each outside system, a licence line in each source, no goto, no notes to self."""
import pathlib
import re
import sys

LICENCE = "SPDX-License-Identifier: LGPL-2.1-or-later"
SOURCES = {".c", ".h", ".py", ".sh", ".build", ".xml"}
SKIPPED = re.compile(r"^(\.git|build.*|__pycache__|fixtures|subprojects)$")
# What only one file of the product may name: a header, or the functions of a part of GIO.
OWNED = {
    "SQLite": r'#\s*include\s*[<"]sqlite3\.h',
    "libsoup": r'#\s*include\s*[<"]libsoup/',
    "libsecret": r'#\s*include\s*[<"]libsecret/',
    "the network monitor": r"\bg_network_monitor_\w+\s*\(",
    "GSettings": r"\bg_settings_\w+\s*\(",
}
PRODUCT = ("plugin", "clients", "dbus")


def files(root):
    for path in sorted(root.iterdir()):
        if path.is_dir() and not path.is_symlink() and not SKIPPED.match(path.name):
            yield from files(path)
        elif path.is_file():
            yield path


def is_script(path):
    with open(path, "rb") as file:
        return file.read(2) == b"#!"


def code_of(text):
    """The text without comments and strings, line for line."""
    blank = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.S)
    return blank.sub(lambda match: "\n" * match.group(0).count("\n"), text)


def check_file(path, text):
    if (path.suffix in SOURCES or is_script(path)) and LICENCE not in "\n".join(text.splitlines()[:6]):
        yield f"{path}: no line '{LICENCE}' at the top"
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b", line):
            yield f"{path}:{number}: a note to self"
    if path.suffix in (".c", ".h"):
        for number, line in enumerate(code_of(text).splitlines(), 1):
            if re.search(r"\bgoto\b", line):
                yield f"{path}:{number}: goto"


def check_owners(texts):
    for system, pattern in OWNED.items():
        users = [str(path) for path, text in texts.items() if re.search(pattern, text)]
        if len(users) > 1:
            yield f"{system} is used by more than one file: {', '.join(users)}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    found, product = [], {}
    for path in files(root):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        name = path.relative_to(root)
        found += check_file(path, text)
        if name.parts[0] in PRODUCT and path.suffix in (".c", ".h"):
            product[name] = text
    found += check_owners(product)
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found or not product else 0


if __name__ == "__main__":
    sys.exit(main())

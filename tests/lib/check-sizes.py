#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fails when a C function has more than 60 lines or a file more than 600. A function body stands between braces in column 0."""
import pathlib
import sys

MAX_FUNCTION = 60
MAX_FILE = 600
FOLDERS = ("clients", "dbus", "plugin", "tests")


def functions(lines):
    """Pairs of (line number of the opening brace, lines of the body)."""
    start = None
    for number, line in enumerate(lines, 1):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start is not None:
            yield start, number - start - 1
            start = None


def complaints(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    if len(lines) > MAX_FILE:
        yield f"{path}: {len(lines)} lines, {MAX_FILE} are allowed"
    if path.suffix == ".c":
        for start, size in functions(lines):
            if size > MAX_FUNCTION:
                yield f"{path}:{start}: a function of {size} lines, {MAX_FUNCTION} are allowed"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    files = [path for folder in FOLDERS for suffix in ("*.c", "*.h", "*.py", "*.sh") for path in (root / folder).rglob(suffix)]
    found = [text for path in sorted(files) for text in complaints(path)]
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main())

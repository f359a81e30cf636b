#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints the sanitizers' reports in a folder, and exits 1 if there is one that counts.

usage: sanitizer-reports.py FOLDER

Two leaks are not ours; a suppression could only name whole libraries, and would hide what we forget to free of them.
- libsoup 3.2 waits for an answer with a GTask that only its GSource knows, and loses it when the connection is gone before the source was
  called. It is told by its stack: g_task_new, called by libsoup itself.
- libsecret 0.20, where it keeps a file of its own, does not free a file that it could not make sense of, nor the mark (etag) of the one read
  before. GIO read both in the background, so that nobody but GIO and GLib is in the stack.
"""
import pathlib
import re
import sys

FRAME = re.compile(r"^\s+#\d+ 0x[0-9a-f]+ (?:in (\S+) )?(.*)$", re.MULTILINE)


def is_libsoups(leak):
    frames = FRAME.findall(leak)
    created = next((number for number, (function, _place) in enumerate(frames) if function == "g_task_new"), None)
    return created is not None and created + 1 < len(frames) and "libsoup-3.0.so" in frames[created + 1][1]


# What GIO makes of a file's text, in steps, and of its etag.
MADE_BY_GIO = {"g_byte_array_set_size": lambda size: size % 8192 == 0, "g_strdup": lambda size: size <= 40}


def is_libsecrets(leak):
    frames = FRAME.findall(leak)
    made = next((number for number, (function, _place) in enumerate(frames) if function in MADE_BY_GIO), None)
    if made is None or made + 1 == len(frames):
        return False
    size, count = map(int, re.search(r"leak of (\d+) byte\(s\) in (\d+)", leak).groups())
    callers = [place for _function, place in frames[made + 1:]]
    return (MADE_BY_GIO[frames[made][0]](size / count) and "libgio-2.0.so" in callers[0] and
            all(re.search(r"lib(gio|glib)-2\.0\.so", place) for place in callers))


def is_others(leak):
    return is_libsoups(leak) or is_libsecrets(leak)


def counts(report):
    """Everything does, but a report of leaks in which every leak is another library's own."""
    leaks = re.findall(r"^(?:Direct|Indirect) leak of .*?(?=\n\n|\Z)", report, re.MULTILINE | re.DOTALL)
    return "LeakSanitizer: detected memory leaks" not in report or not leaks or not all(map(is_others, leaks))


def main():
    reports = {path: path.read_text(errors="replace") for path in sorted(pathlib.Path(sys.argv[1]).iterdir())}
    found = {path: text for path, text in reports.items() if counts(text)}
    for path, text in found.items():
        print(f"==> {path} <==\n{text}")
    if len(reports) > len(found):
        print(f"{len(reports) - len(found)} reports of other libraries' own leaks left out")
    if found:
        print(f"{len(found)} reports of the sanitizers")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

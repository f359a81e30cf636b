#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes a page to read of one interface file: gdbus-codegen writes its text, docutils sets it.

usage: api-reference.py GDBUS-CODEGEN INTERFACE.xml OUTPUT.html"""
import pathlib
import re
import subprocess
import sys
import tempfile

import docutils.core


def text_of(codegen, interface):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([codegen, "--output-directory", folder, "--generate-rst", "text", interface], check=True)
        (made,) = pathlib.Path(folder).iterdir()
        return made.read_text(encoding="utf-8")


def mended(text):
    """gdbus-codegen leaves the marks of command lines and of code as they are, and takes the indentation off lists."""
    text = re.sub(r"^ *\|\[\s*(.*?)\s*\]\|", r"::\n\n    \1\n", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"(?<![:`])`([^`\n]+)`(?!`)", r"``\1``", text)
    lines, in_list = [], False
    for line in text.split("\n"):
        in_list = line.startswith("- ") or (in_list and line != "")
        lines.append("  " + line if in_list and not line.startswith("- ") else line)
    return "\n".join(lines)


def main():
    codegen, interface, output = sys.argv[1:]
    settings = {"halt_level": 2, "report_level": 2, "input_encoding": "unicode", "embed_stylesheet": True}
    page = docutils.core.publish_string(mended(text_of(codegen, interface)), writer_name="html5", settings_overrides=settings)
    pathlib.Path(output).write_bytes(page)


if __name__ == "__main__":
    main()

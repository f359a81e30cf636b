#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""All that names the version names the same one: meson.build, NEWS, the Debian changelog, the AppStream data."""
import pathlib
import re
import sys

# Where it stands, as the first thing that fits.
PLACES = {
    "meson.build": r"^\s*version:\s*'([^']+)'",
    "NEWS": r"\A(\S+)\n=+\n",
    "debian/changelog": r"\A\S+ \(([^)]+)\) ",
    "**/*.metainfo.xml*": r"<release\b[^>]*\bversion=\"([^\"]+)\"",
}


def versions(root):
    """{file: version, None if it names none}."""
    found = {}
    for pattern, version in PLACES.items():
        for path in sorted(root.glob(pattern)):
            if not re.match(r"build|\.git", path.relative_to(root).parts[0]):
                match = re.search(version, path.read_text(encoding="utf-8"), re.M)
                found[str(path.relative_to(root))] = match and match[1]
    return found


def main():
    found = versions(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "."))
    fine = len(found) >= 3 and len(set(found.values())) == 1 and None not in found.values()
    if not fine:
        print(*(f"{path}: {version or 'no version'}" for path, version in found.items()), sep="\n")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())

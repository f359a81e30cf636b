#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""xgettext reads no JSON: writes the names of the built-in rules as a C file that it reads. Arguments: rules.json, the file to write."""
import json
import sys

SECTIONS = {"ranks": "rank", "badges": "badge", "specializations": "specialization"}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        rules = json.load(file)
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        for section, context in SECTIONS.items():
            for entry in rules[section]:
                file.write(f"/* Translators: a {context} of the built-in rules: {entry['id']} */\n"
                           f"C_({json.dumps(context)}, {json.dumps(entry['name'], ensure_ascii=False)})\n")


if __name__ == "__main__":
    main()

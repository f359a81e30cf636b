#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The translations are whole: every file with a sentence for people is listed, each language has all of today's sentences and no other,
none is missing or doubtful, and formats, blanks and line ends agree. Usage: check-translations.py SOURCE [xgettext arguments …]."""
import ast
import pathlib
import re
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(sys.argv[1])
XGETTEXT = sys.argv[2:]
FOLDERS = ("clients", "plugin", "schemas", "data")
MARKED = r"(?<![\w.])(?:_|N_|C_|NC_|g?_?d?ngettext)\s*\("
CODE = re.compile(MARKED)
# xgettext knows the macros of inttypes.h and no others: it would end the sentence there.
CUT = re.compile(MARKED + r'(?:\s|[\w()]+,|"(?:\\.|[^"\\\n])*"|PRI\w+)*\bG_\w+_FORMAT')
LANGUAGES = (SOURCE / "po" / "LINGUAS").read_text(encoding="utf-8").split()


def without_comments(text):
    return re.sub(r'("(?:\\.|[^"\\\n])*")|/\*.*?\*/|//[^\n]*', lambda match: match[1] or " ", text, flags=re.S)


def translatable():
    """(path, text) of the files that have something to translate."""
    for folder in FOLDERS:
        for path in sorted((SOURCE / folder).rglob("*")):
            if path.suffix in (".c", ".h"):
                text = without_comments(path.read_text(encoding="utf-8"))
                if CODE.search(text):
                    yield path.relative_to(SOURCE), text
            elif path.name.endswith((".gschema.xml", ".desktop.in", ".metainfo.xml.in")):
                yield path.relative_to(SOURCE), ""


def entries(text):
    """{(context, sentence): {keyword: text}} of a PO file, obsolete ones left out."""
    found = {}
    for block in re.split(r"\n\s*\n", text):
        entry, keyword = {}, None
        for line in block.splitlines():
            match = re.match(r'(?:(msg\w+(?:\[\d\])?) )?(".*")$', line)
            if match:
                keyword = match[1] or keyword
                # The escapes of PO are Python's; the file is UTF-8.
                entry[keyword] = entry.get(keyword, "") + ast.literal_eval(match[2])
        if entry.get("msgid"):
            found[entry.get("msgctxt"), entry["msgid"]] = entry
    return found


def template():
    with tempfile.TemporaryDirectory(prefix="progression-po-") as folder:
        made = pathlib.Path(folder) / "made.pot"
        subprocess.run(["xgettext", f"--directory={SOURCE}", f"--files-from={SOURCE / 'po' / 'POTFILES'}", f"--output={made}", *XGETTEXT],
                       check=True)
        return entries(made.read_text(encoding="utf-8"))


def check_files():
    listed = (SOURCE / "po" / "POTFILES").read_text(encoding="utf-8").split()
    found = dict(translatable())
    for path in sorted(set(map(str, found)) - set(listed)):
        yield f"{path} is not listed in po/POTFILES"
    for path in sorted(set(listed) - set(map(str, found))):
        yield f"po/POTFILES lists {path}, where nothing is to be translated"
    if listed != sorted(listed):
        yield "po/POTFILES is not sorted"
    for path, text in found.items():
        for match in CUT.finditer(text):
            yield f"{path}: a sentence with a macro that xgettext does not know; use PRId64: {match[0][:70]}"


def check_sentences(language, wanted):
    have = entries((SOURCE / "po" / f"{language}.po").read_text(encoding="utf-8"))
    for key in wanted.keys() - have.keys():
        yield f"{language}.po lacks {key} (./dev translations)"
    for key in have.keys() - wanted.keys():
        yield f"{language}.po has {key}, which is nowhere said (./dev translations)"
    for key in wanted.keys() & have.keys():
        if have[key].get("msgid_plural") != wanted[key].get("msgid_plural"):
            yield f"{language}.po has another plural of {key}"
        for keyword, text in have[key].items():
            if keyword.startswith("msgstr") and blanks(text) != blanks(key[1]):
                yield f"{language}.po: blanks at the ends of {text!r} and {key[1]!r} differ"


def blanks(text):
    return text[:len(text) - len(text.lstrip())], text[len(text.rstrip()):]


def check_whole(language):
    """gettext's own check: formats, plurals, headers."""
    done = subprocess.run(["msgfmt", "--check", "--statistics", "--output-file=/dev/null", SOURCE / "po" / f"{language}.po"],
                          capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"})
    if done.returncode or not re.fullmatch(r"\d+ translated messages\.\n", done.stderr):
        yield f"{language}.po: {done.stderr}"


def main():
    wanted = template()
    cases = {"every file is listed": list(check_files()), "there are sentences": [] if len(wanted) > 100 else [f"{len(wanted)} found"]}
    for language in LANGUAGES:
        cases[f"{language} has today's sentences"] = list(check_sentences(language, wanted))
        cases[f"{language} is whole"] = list(check_whole(language))
    print(f"1..{len(cases)}")
    for number, (name, faults) in enumerate(cases.items(), 1):
        for fault in faults:
            print(fault.strip(), file=sys.stderr)
        print("not ok" if faults else "ok", number, name)
    return int(any(cases.values()))


if __name__ == "__main__":
    sys.exit(main())

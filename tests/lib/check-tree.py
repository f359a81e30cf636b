#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""House rules that no compiler knows: one owner for each outside system, a licence line in each source, no goto, no notes to self, and in
the product no shell, no copy without a bound, no formatted SQL, no secret that is printed."""
import json
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
    "file monitors": r"\bg_file_monitor\w*\s*\(",
}
PRODUCT = ("plugin", "clients", "dbus")
# A shell, a copy without a bound, a name for a file that another one may take first.
UNSAFE = (r"\b(system|popen|exec[lv]p?e?|g_spawn_command_line_\w+|gets|strcpy|stpcpy|strcat|v?sprintf|alloca|g_alloca|g_newa0?|tmpnam|tempnam|"
          r"mktemp|sqlite3_v?mprintf|sqlite3_v?snprintf)\s*\(")
SQL = re.compile(r'"\s*(?:SELECT|INSERT|UPDATE|DELETE|REPLACE|CREATE|ALTER|DROP|ATTACH|PRAGMA|VACUUM|BEGIN|WITH)\s(?:\\.|[^"\\])*"')
# What makes a text out of other texts. A statement's values are bound, never written into it.
BUILDERS = r"\b(g_strdup_printf|g_strconcat|g_strjoinv?|g_string_\w+|g_snprintf|snprintf|asprintf|g_str\w*replace)\s*\("
# The statements that are built, and why.
BUILT_SQL = {"PRAGMA user_version = %d; PRAGMA application_id = %d": "a pragma takes no parameter; both are constants of the schema's history"}
# What a person may read later, and the words that hold a secret.
PRINTERS = (r"\b(g_debug|g_info|g_message|g_warning|g_critical|g_error|g_log\w*|g_print|g_printerr|g_strdup_printf|g_set_error\w*|g_error_new\w*|"
            r"g_prefix_error|g_string_append_printf|g_string_printf|g_task_return_new_error|g_dbus_method_invocation_return_\w*error\w*|"
            r"[fdsv]*n?printf|f?puts|syslog|g_setenv|setenv|g_environ_setenv)\s*\(")
SECRET = r"\b(?!fold_token\b)(?:\w+_)?(?:token|secret|password|bearer)\b(?!\s*\()"


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


def without_comments(text):
    """The text with its strings, line for line."""
    return re.sub(r'("(?:\\.|[^"\\\n])*")|/\*.*?\*/|//[^\n]*', lambda match: match[1] or "\n" * match[0].count("\n"), text, flags=re.S)


def calls(code, pattern):
    """(line, name, arguments) of each call of a function; strings may be in the arguments."""
    for match in re.finditer(pattern, code):
        depth, end = 1, match.end()
        for token in re.finditer(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\])\'|[()]', code[match.end():]):
            depth += {"(": 1, ")": -1}.get(token[0], 0)
            if depth == 0:
                end = match.end() + token.start()
                break
        yield code.count("\n", 0, match.start()) + 1, match[1], code[match.end():end]


def check_product(path, text):
    """What an attacker would look for first."""
    bare, code = code_of(text), without_comments(text)
    for line, name, _arguments in calls(bare, UNSAFE):
        yield f"{path}:{line}: {name}() is not to be used"
    for line, name, arguments in calls(code, BUILDERS):
        for statement in SQL.findall(arguments):
            if statement.strip('"') not in BUILT_SQL:
                yield f"{path}:{line}: {name}() builds SQL; bind the values"
    for statement in SQL.finditer(code):
        if re.search(r"%[-0-9.l]*[a-zA-Z]", statement[0]) and statement[0].strip('"') not in BUILT_SQL:
            yield f"{path}:{code.count(chr(10), 0, statement.start()) + 1}: SQL with a place for text; bind the values"
    for line, name, arguments in calls(code, PRINTERS):
        found = re.search(SECRET, re.sub(r'"(?:\\.|[^"\\\n])*"', '""', arguments))
        if found:
            yield f"{path}:{line}: {name}() is given “{found[0]}”: a secret is never printed"


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


def check_mutants(root):
    """A mutant whose line has changed proves nothing."""
    listed = root / "tests" / "mutation" / "mutants.json"
    for mutant in json.loads(listed.read_text(encoding="utf-8")) if listed.exists() else []:
        path = root / mutant["file"]
        found = path.read_text(encoding="utf-8").count(mutant["line"]) if path.exists() else 0
        if found != 1:
            yield f"{listed}: {mutant['name']}: its line stands {found} times in {mutant['file']}"


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
            found += check_product(name, text)
    found += check_owners(product)
    found += check_mutants(root)
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found or not product else 0


if __name__ == "__main__":
    sys.exit(main())

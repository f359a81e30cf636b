#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The house rules can fail: each finds its bad lines in a tree of one file, and none finds fault with good ones."""
import json
import pathlib
import subprocess
import sys
import tempfile

CHECKER = pathlib.Path(__file__).resolve().parent / "check-tree.py"
LICENCE = "/* SPDX-License-Identifier: LGPL-2.1-or-later */\n"
GOOD = """
/* system("ls") and strcpy(a, b) in a comment; g_debug("%s", token); goto */
static const char sql[] = "SELECT text FROM audit WHERE at = ?1";
int f(char *token) {
  run(self, "PRAGMA foreign_keys = ON", error);
  g_autofree char *stamp = g_strdup_printf("PRAGMA user_version = %d; PRAGMA application_id = %d", 1, 2);
  g_debug("the token of %s is refused (%s)", server, fold_token);
  g_message("system(%d) strcpy( token", 1);
  explicit_bzero(token, strlen(token));
  return snprintf(text, sizeof text, "%d", 1);
}
"""
BAD = {
    "a shell": ('system("ls");', "system() is not to be used"),
    "a pipe": ('FILE *f = popen("ls", "r");', "popen()"),
    "a command line": ("g_spawn_command_line_async(text, NULL);", "g_spawn_command_line_async()"),
    "strcpy": ("strcpy(a, b);", "strcpy()"), "sprintf": ('sprintf(a, "%s", b);', "sprintf()"),
    "gets": ("gets(a);", "gets()"), "alloca": ("char *a = alloca (n);", "alloca()"),
    "SQL with a hole": ('run(self, "DELETE FROM meta WHERE key = \'%s\'");', "SQL with a place for text"),
    "SQL in a format": ('x = g_strdup_printf("SELECT * FROM %s", name);', "g_strdup_printf() builds SQL"),
    "SQL in pieces": ('x = g_strconcat("DELETE FROM meta WHERE key = ", key, NULL);', "g_strconcat() builds SQL"),
    "SQL over lines": ('x = g_strconcat(\n  "SELECT a",\n  f(")"), NULL);', "g_strconcat() builds SQL"),
    "SQLite's own format": ('x = sqlite3_mprintf("%Q", key);', "sqlite3_mprintf()"),
    "a token in the log": ('g_debug("signed in with %s", self->token);', "g_debug() is given “token”"),
    "a token in an error": ('g_set_error(error, D, 1,\n  "bad key: %s", admin_token);', "g_set_error() is given “admin_token”"),
    "a token in the environment": ('g_setenv("KEY", token, TRUE);', "g_setenv() is given “token”"),
    "a header in a text": ('x = g_strdup_printf("Authorization: %s", bearer);', "g_strdup_printf() is given “bearer”"),
    "goto": ("goto out;", "goto"),
    "a note to self": ("/* FIX" "ME */", "a note to self"),
    "no licence": (None, "no line"),
}


MUTANTS = json.dumps([{"name": "a stale mutant", "file": "plugin/bad.c", "line": "gone", "broken": ""}])


def check(text, mutants="[]"):
    with tempfile.TemporaryDirectory(prefix="progression-rules-") as folder:
        path = pathlib.Path(folder) / "plugin" / "bad.c"
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
        listed = pathlib.Path(folder) / "tests" / "mutation" / "mutants.json"
        listed.parent.mkdir(parents=True)
        listed.write_text(mutants, encoding="utf-8")
        done = subprocess.run([sys.executable, CHECKER, folder], capture_output=True, check=False)
        return done.returncode, done.stdout.decode()


def main():
    cases = [("good code", *check(LICENCE + GOOD), 0, "")]
    cases += [(name, *check("int x;\n" if line is None else LICENCE + "\n" + line + "\n"), 1, words) for name, (line, words) in BAD.items()]
    cases += [("a stale mutant", *check(LICENCE + GOOD, MUTANTS), 1, "a stale mutant: its line stands 0 times")]
    print(f"1..{len(cases)}")
    failed = 0
    for number, (name, code, found, expected, words) in enumerate(cases, 1):
        fine = code == expected and (words in found if words else not found)
        failed += not fine
        print(f"{'' if fine else 'not '}ok {number} - {name}" + ("" if fine else f" # {found!r}"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

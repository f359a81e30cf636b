/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-store-steps.h"

/*
 * History of the schema. PRAGMA user_version holds the version; application_id holds it a second time ("PRG"
 * and the version), so that a damaged header is not taken for a newer version. A version is never changed
 * once released: add a step to the end of steps[], a line here, and a database of the version before to the
 * tests.
 *
 *   1  operations, base, meta, audit
 *
 * A new column comes behind the others, and has a default: the rescue of a damaged file writes rows without it.
 *
 * Each row that counts carries a check sum of its other columns: SQLite notices damaged pages, not a flipped
 * digit.
 */
static const char *const steps[] = {
  /* 0 → 1 */
  "CREATE TABLE operations ("
  "  position INTEGER PRIMARY KEY," /* the order of the first commit */
  "  id TEXT NOT NULL UNIQUE,"
  "  device TEXT NOT NULL,"
  "  seq INTEGER NOT NULL,"
  "  kind TEXT NOT NULL,"
  "  amount INTEGER NOT NULL,"
  "  ref TEXT NOT NULL,"
  "  occurred_at INTEGER NOT NULL,"
  "  local_day TEXT NOT NULL,"
  "  zone TEXT NOT NULL,"
  "  details TEXT NOT NULL,"
  "  cause TEXT NOT NULL,"
  "  created_at INTEGER NOT NULL,"
  "  state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 8),"
  "  in_base INTEGER NOT NULL CHECK (in_base IN (0, 1)),"
  "  note TEXT,"
  "  answer TEXT,"
  "  sum INTEGER NOT NULL"
  ") STRICT;"
  "CREATE TABLE base ("
  "  one INTEGER PRIMARY KEY CHECK (one = 1),"
  "  text TEXT NOT NULL,"
  "  sum INTEGER NOT NULL"
  ") STRICT;"
  "CREATE TABLE meta ("
  "  position INTEGER PRIMARY KEY,"
  "  key TEXT NOT NULL UNIQUE,"
  "  value TEXT NOT NULL,"
  "  sum INTEGER NOT NULL"
  ") STRICT;"
  "CREATE TABLE audit ("
  "  position INTEGER PRIMARY KEY,"
  "  at INTEGER NOT NULL,"
  "  text TEXT NOT NULL"
  ") STRICT;",
};

int
prg_store_steps_version(void)
{
  return (int)G_N_ELEMENTS(steps);
}

const char *
prg_store_steps_from(int version)
{
  return version >= 0 && version < prg_store_steps_version() ? steps[version] : NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The steps of a release to come, in the place of the shipped prg-store-steps.c: all that are shipped, and two more. The first
 * writes every operation anew, the second needs what the first has made; so there is a place between two versions. What they
 * make is known to tests/crash/releases.py.
 */
#include "next-steps.h"

#define prg_store_steps_version shipped_version
#define prg_store_steps_from shipped_from
#include "prg-store-steps.c"
#undef prg_store_steps_version
#undef prg_store_steps_from

static const char *const more[NEXT_STEPS] = {
  "ALTER TABLE operations ADD COLUMN earned_on TEXT NOT NULL DEFAULT '';"
  "UPDATE operations SET earned_on = local_day || ' in ' || zone;",
  "CREATE TABLE days ("
  "  earned_on TEXT PRIMARY KEY,"
  "  operations INTEGER NOT NULL,"
  "  amount INTEGER NOT NULL"
  ") STRICT;"
  "INSERT INTO days SELECT earned_on, count(*), sum(amount) FROM operations GROUP BY earned_on;",
};

gboolean next_steps_off;

/* With the names above, prg-store-steps.h has declared the shipped ones only. */
int prg_store_steps_version(void);
const char *prg_store_steps_from(int version);

int
prg_store_steps_version(void)
{
  return shipped_version() + (next_steps_off ? 0 : NEXT_STEPS);
}

const char *
prg_store_steps_from(int version)
{
  const int further = version - shipped_version();

  if (further < 0)
    return shipped_from(version);
  return further < NEXT_STEPS ? more[further] : NULL;
}

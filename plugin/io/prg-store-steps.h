/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * The schema of the store's database, step by step. Nothing else is in this file's object, so that a program
 * of the tests can bring steps of its own in its place (tests/crash/next-steps.c) and is then what a later
 * release would be: the linker takes an object out of a library only for what is still missing.
 */

/* The version that this program writes: that after the last step. */
int prg_store_steps_version(void);
/* The SQL that makes the next version out of @version; 0 is an empty file. It runs in a transaction of its own.
 * Returns: (transfer none) (nullable): NULL if there is no such step */
const char *prg_store_steps_from(int version);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-error.h"
#include "prg-store.h"

#define ACCOUNT "workspace.member"

/* An own directory, removed with all in it at the end. */
typedef struct {
  char *root;      /* (owned) */
  char *directory; /* (owned) below @root, not there yet */
} Fixture;
void fixture_set_up(Fixture *self, gconstpointer data);
void fixture_tear_down(Fixture *self, gconstpointer data);
void fixture_remove(const char *directory);

/* Operation number @i: every field differs from any other's, some texts are long, non-ASCII or look like SQL.
 */
PrgOperation *fixture_operation(guint i);
char *fixture_operation_id(guint i);
void fixture_put(GPtrArray *changes, guint i, PrgOperationState state);
/* One commit for every @per_commit of the operations [from, to), state NEW; must succeed. */
void fixture_fill(PrgStore *store, guint from, guint to, guint per_commit);

/* Opens and asserts that nothing was out of the ordinary. */
PrgStore *fixture_open(const char *directory, PrgSnapshot **snapshot);
void fixture_close(PrgStore *store);
/* TRUE if all fields are those of fixture_operation(). */
gboolean fixture_operation_is(const PrgOperation *operation, guint i);
const PrgEntry *fixture_entry(PrgSnapshot *snapshot, guint index);
/* The path of a file in @directory with @part in its name, NULL if there is none. */
char *fixture_find(const char *directory, const char *part);
char *fixture_path(const char *directory, const char *suffix);
GBytes *fixture_read(const char *path);
void fixture_write(const char *path, const void *bytes, gsize length);
guint fixture_n_threads(void);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "store-fixture.h"

/*
 * What the file system refuses. Calls of this program stand in front of the C library's, for SQLite too, and fail
 * once, at a chosen call, or from there on.
 */
typedef struct {
  gint countdown; /* 1: the next call fails; 0: none does */
  int code;
  gboolean lasting; /* and all after it */
  guint calls;
} Fault;
extern Fault write_fault, sync_fault, read_fault, truncate_fault;
void faults_clear(void);

/* A refusal by the store that names @directory and gives the advice (nullable). */
void assert_refused(const GError *error, const char *directory, const char *advice);
void assert_nothing_set_aside(const char *directory);
/* The store holds the operations [0, n), and nothing else. */
void assert_holds(const char *directory, guint n);
/* That is what another process would find if this one died now. */
void assert_holds_after_crash(Fixture *self, guint n);
/* The new operations [from, to). Returns: (transfer full) */
GPtrArray *some_changes(guint from, guint to);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * `foldLog`: plain text for people and programs, kept in the record by every fold, the newest entry last:
 * "v1 c=<catalogue version> d=<deals folded> p=<promotions folded> <total seen>><total written> …". Other programs may put anything there.
 */

/* What a fold has counted. */
typedef struct {
  guint catalogue; /* its version */
  gint64 deals;
  gint64 promotions;
} PrgFoldCounts;

/* Deals that the last fold counted, -1 = not told. */
gint64 prg_fold_log_deals(const char *log);
/* Rows `promoted` that were in the ledger at the last fold, -1 = not told. */
gint64 prg_fold_log_promotions(const char *log);
/* The newest catalogue version that folded, 0 = not told. */
guint prg_fold_log_catalogue(const char *log);
/* Appends the totals around the last @n_folds folds to @totals (element-type gint64). */
void prg_fold_log_totals(const char *log, guint n_folds, GArray *totals);
/* The text after one more fold; at least the last twelve are kept. Returns: (transfer full) */
char *prg_fold_log_next(const char *log, const PrgFoldCounts *counts, gint64 seen, gint64 written);

G_END_DECLS

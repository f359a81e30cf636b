/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SQLite: one database holds the whole state, so that a backup is a copy of it. */
#pragma once

#include "sim.h"

G_BEGIN_DECLS

sqlite3 *sim_store_open(const char *path, GError **error);
sqlite3 *sim_store_copy(sqlite3 *from);
void sim_store_copy_into(sqlite3 *from, sqlite3 *to);

/* Values to bind: GVariants of type s, x or d; NULL binds null. Sinks floating references. */
GPtrArray *sim_values_new(void);
void sim_values_add(GPtrArray *values, GVariant *value);
GVariant *sim_text_value(const char *text);

/* NULL and an error of the record API if SQLite refuses. */
sqlite3_stmt *sim_prepare(sqlite3 *db, const char *sql, GPtrArray *values);
gboolean sim_run(sqlite3 *db, const char *sql, GPtrArray *values, GError **error);
/* For statements that cannot fail unless the program is wrong. */
void sim_must(sqlite3 *db, const char *sql, GPtrArray *values);
gint64 sim_count(sqlite3 *db, const char *sql, GPtrArray *values);
const char *sim_column_text(sqlite3_stmt *statement, int column);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sqlite3_stmt, sqlite3_finalize)

G_END_DECLS

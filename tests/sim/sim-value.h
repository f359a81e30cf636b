/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One value between JSON and SQLite, checked as the server checks it. */
#pragma once

#include "sim-schema.h"

G_BEGIN_DECLS

/* A value that a client writes. NULL in @value stands for null, also for an empty TEXT. */
gboolean sim_value_write(SimField *field, JsonNode *node, GVariant **value, GError **error);
/* A value that a filter compares with. */
gboolean sim_value_compare(SimField *field, JsonNode *node, GVariant **value, GError **error);
JsonNode *sim_value_read(SimField *field, sqlite3_stmt *row, int column);

G_END_DECLS

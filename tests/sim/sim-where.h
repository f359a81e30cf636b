/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Filters: the REST language is turned into GraphQL's form, and that into SQL. */
#pragma once

#include "sim-schema.h"

G_BEGIN_DECLS

typedef struct {
  GString *sql;          /* (owned) a condition, never empty */
  GPtrArray *values;     /* (owned) */
  gboolean on_update;    /* an update's filter: some comparisons answer 500 there */
  gboolean says_deleted; /* the filter mentions deletedAt */
} SimWhere;

SimWhere *sim_where_new(gboolean on_update);
void sim_where_free(SimWhere *where);
/* Adds @filter (nullable: everything) with AND. */
gboolean sim_where_add(SimWhere *where, SimObject *object, JsonObject *filter, GError **error);
/* Rows that reads see: not the soft-deleted ones, unless the filter speaks of deletion. */
void sim_where_live(SimWhere *where);
gboolean sim_unknown_field(SimObject *object, const char *name, GError **error);

/* The REST language. */
JsonObject *sim_filter_parse(SimObject *object, const char *text, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimWhere, sim_where_free)

G_END_DECLS

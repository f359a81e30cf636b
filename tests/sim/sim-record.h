/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The records of any object: reading, writing, and the timeline that writes leave. */
#pragma once

#include "sim-where.h"

G_BEGIN_DECLS

typedef struct {
  SimField *field;
  gboolean descending, nulls_last;
} SimOrder;

typedef struct {
  JsonObject *filter; /* (unowned) (nullable) in GraphQL's form */
  GArray *order;      /* (unowned) (nullable) (element-type SimOrder) */
  const char *after;  /* (nullable) cursor */
  const char *before; /* (nullable) cursor */
  guint limit;
} SimFind;

typedef struct {
  GPtrArray *records; /* (owned) (element-type JsonObject) */
  GPtrArray *cursors; /* (owned) (element-type utf8) */
  gint64 total;
  gboolean has_next, has_previous;
} SimPage;

typedef enum { SIM_SOFT_DELETE, SIM_DESTROY, SIM_RESTORE } SimRemoval;

void sim_page_free(SimPage *page);
SimPage *sim_record_find(SimContext *context, SimObject *object, const SimFind *find, GError **error);
/* (nullable) A live record by id. */
JsonObject *sim_record_get(SimContext *context, SimObject *object, const char *id, GError **error);

/* The columns of a record's SELECT, and one row of it; @all shows hidden fields too. */
char *sim_record_columns(SimObject *object);
JsonObject *sim_record_read(SimContext *context, SimObject *object, sqlite3_stmt *row, gboolean all);

/* Every write is all or nothing, and answers the rows as they are afterwards (transfer full). */
JsonArray *
sim_record_create(SimContext *context, SimObject *object, JsonArray *rows, gboolean upsert, GError **error);
JsonObject *
sim_record_update_one(SimContext *context, SimObject *object, const char *id, JsonNode *data, GError **error);
JsonArray *sim_record_update_many(SimContext *context,
                                  SimObject *object,
                                  JsonObject *filter,
                                  JsonNode *data,
                                  GError **error);
JsonArray *sim_record_remove(SimContext *context,
                             SimObject *object,
                             JsonObject *filter,
                             SimRemoval removal,
                             GError **error);
JsonObject *sim_record_remove_one(SimContext *context,
                                  SimObject *object,
                                  const char *id,
                                  SimRemoval removal,
                                  GError **error);

/* Parts that the writing files share. */
JsonObject *sim_record_row(SimContext *context, SimObject *object, const char *id, gboolean all);
char *sim_record_actor(SimIdentity *identity);
JsonObject *sim_filter_id(const char *id);
void sim_savepoint(sqlite3 *db);
void sim_savepoint_end(sqlite3 *db, gboolean keep);

void sim_timeline_add(SimContext *context,
                      SimObject *object,
                      const char *what,
                      JsonObject *before,
                      JsonObject *after);
void sim_timeline_flush(Sim *sim);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimPage, sim_page_free)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Soft delete, destroy, restore. */
#include "sim-record.h"

static JsonObject *
only_id(const char *id)
{
  JsonObject *object = json_object_new();
  json_object_set_string_member(object, "id", id);
  return object;
}

/* The rows that point at a destroyed record stay, their relation is null; its timeline goes with it. */
static void
let_go(SimContext *context, SimObject *object, GPtrArray *id)
{
  for (guint i = 0; i < context->schema->objects->len; i++) {
    SimObject *other = context->schema->objects->pdata[i];
    for (guint j = 0; j < other->fields->len; j++) {
      SimField *field = other->fields->pdata[j];
      if (field->kind != SIM_KIND_ONE || g_strcmp0(field->target, object->id) != 0)
        continue;
      g_autofree char *sql =
          other->system ? g_strdup_printf("DELETE FROM %s WHERE \"%s\" = ?", other->table, field->column)
                        : g_strdup_printf("UPDATE %s SET \"%s\" = NULL WHERE \"%s\" = ?", other->table,
                                          field->column, field->column);
      sim_must(context->db, sql, id);
    }
  }
}

static JsonObject *
destroy(SimContext *context, SimObject *object, const char *id)
{
  g_autofree char *sql = g_strdup_printf("DELETE FROM %s WHERE id = ?", object->table);
  g_autoptr(GPtrArray) values = sim_values_new();
  sim_values_add(values, sim_text_value(id));
  let_go(context, object, values);
  sim_must(context->db, "DELETE FROM timeline WHERE record = ?", values);
  sim_must(context->db, sql, values);
  return only_id(id);
}

static JsonObject *
mark(SimContext *context, SimObject *object, const char *id, gboolean deleted, gint64 now)
{
  g_autofree char *sql =
      g_strdup_printf("UPDATE %s SET deletedAt = ?, updatedAt = ? WHERE id = ?", object->table);
  g_autoptr(JsonObject) before = sim_record_row(context, object, id, TRUE);
  g_autoptr(GPtrArray) values = sim_values_new();
  sim_values_add(values, deleted ? g_variant_new_int64(now) : NULL);
  sim_values_add(values, g_variant_new_int64(now));
  sim_values_add(values, sim_text_value(id));
  sim_must(context->db, sql, values);
  g_autoptr(JsonObject) after = sim_record_row(context, object, id, TRUE);
  sim_timeline_add(context, object, deleted ? "deleted" : "restored", before, after);
  return sim_record_row(context, object, id, FALSE);
}

static JsonObject *
remove_row(SimContext *context, SimObject *object, const char *id, SimRemoval removal, gint64 now)
{
  if (removal == SIM_DESTROY)
    return destroy(context, object, id);
  return mark(context, object, id, removal == SIM_SOFT_DELETE, now);
}

JsonArray *
sim_record_remove(SimContext *context,
                  SimObject *object,
                  JsonObject *filter,
                  SimRemoval removal,
                  GError **error)
{
  g_autoptr(SimWhere) where = sim_where_new(FALSE);
  if (!sim_where_add(where, object, filter, error))
    return NULL;
  g_autofree char *sql =
      g_strdup_printf("SELECT id FROM %s WHERE %s ORDER BY rowid", object->table, where->sql->str);
  g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
  {
    g_autoptr(sqlite3_stmt) row = sim_prepare(context->db, sql, where->values);
    while (sqlite3_step(row) == SQLITE_ROW)
      g_ptr_array_add(ids, g_strdup(sim_column_text(row, 0)));
  }
  gint64 now = sim_write_time(context->sim);
  JsonArray *rows = json_array_new();
  sim_savepoint(context->db);
  for (guint i = 0; i < ids->len; i++)
    json_array_add_object_element(rows, remove_row(context, object, ids->pdata[i], removal, now));
  sim_savepoint_end(context->db, TRUE);
  return rows;
}

JsonObject *
sim_record_remove_one(SimContext *context,
                      SimObject *object,
                      const char *id,
                      SimRemoval removal,
                      GError **error)
{
  g_autofree char *lower = g_ascii_strdown(id, -1);
  g_autoptr(JsonObject) filter = sim_filter_id(lower);
  g_autoptr(JsonArray) rows = sim_record_remove(context, object, filter, removal, error);
  if (rows == NULL)
    return NULL;
  if (json_array_get_length(rows) == 0) {
    g_set_error_literal(error, SIM_ERROR, SIM_ERR_NOT_FOUND, "Record not found");
    return NULL;
  }
  return json_object_ref(json_array_get_object_element(rows, 0));
}

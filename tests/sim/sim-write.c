/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing records. Each request is one savepoint: all of it or nothing. */
#include "sim-record.h"
#include "sim-value.h"

#include <string.h>

/* One INSERT or UPDATE being put together. */
typedef struct {
  GPtrArray *columns; /* (owned) (element-type utf8) */
  GPtrArray *values;  /* (owned) */
} Assignment;

static void
assignment_free(Assignment *assignment)
{
  g_ptr_array_unref(assignment->columns);
  g_ptr_array_unref(assignment->values);
  g_free(assignment);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Assignment, assignment_free)

void
sim_savepoint(sqlite3 *db)
{
  sqlite3_exec(db, "SAVEPOINT request", NULL, NULL, NULL);
}

void
sim_savepoint_end(sqlite3 *db, gboolean keep)
{
  sqlite3_exec(db, keep ? "RELEASE request" : "ROLLBACK TO request; RELEASE request", NULL, NULL, NULL);
}

char *
sim_record_actor(SimIdentity *identity)
{
  g_autoptr(JsonObject) actor = json_object_new();
  json_object_set_string_member(actor, "source", identity->member != NULL ? "MANUAL" : "API");
  json_object_set_member(actor, "workspaceMemberId", sim_json_string(identity->member));
  json_object_set_string_member(actor, "name", identity->name);
  json_object_set_object_member(actor, "context", json_object_new());
  return sim_json_print_object(actor);
}

static void
assign(Assignment *assignment, const char *column, GVariant *value)
{
  g_ptr_array_add(assignment->columns, g_strdup(column));
  sim_values_add(assignment->values, value);
}

static void
assign_missing(Assignment *assignment, const char *column, GVariant *value)
{
  if (g_ptr_array_find_with_equal_func(assignment->columns, column, g_str_equal, NULL)) {
    if (value != NULL)
      g_variant_unref(g_variant_ref_sink(value));
    return;
  }
  assign(assignment, column, value);
}

static gboolean
check_related(SimContext *context, SimObject *object, SimField *field, JsonNode *node, GError **error)
{
  if (field->kind != SIM_KIND_ONE || field->target == NULL || !sim_json_is_string(node))
    return TRUE;
  SimObject *target = sim_schema_by_id(context->schema, field->target);
  g_autoptr(JsonObject) related = sim_record_row(context, target, json_node_get_string(node), TRUE);
  if (related != NULL)
    return TRUE;
  g_autofree char *seed = g_strdup_printf("%s.%s", object->singular, field->name);
  g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA1, seed, -1);
  g_set_error(error, SIM_ERROR, SIM_ERR_BAD_REQUEST,
              "insert or update on table \"_%s\" violates foreign key constraint \"FK_%.27s\"",
              object->singular, sum);
  return FALSE;
}

static gboolean
refuses(SimContext *context, const char *key, JsonNode *node, GError **error)
{
  const char *refused = context->sim->config.refuse_value;
  g_autofree char *text = refused != NULL ? sim_json_print(node) : NULL;
  if (text == NULL || strstr(text, refused) == NULL)
    return FALSE;
  g_set_error(error, SIM_ERROR, SIM_ERR_ARGS, "Invalid value '%s' for field \"%s\"", refused, key);
  return TRUE;
}

static gboolean
assign_field(SimContext *context,
             SimObject *object,
             Assignment *assignment,
             const char *key,
             JsonNode *node,
             GError **error)
{
  SimField *field = sim_object_field(object, key);
  GVariant *value = NULL;
  if (field == NULL)
    return sim_unknown_field(object, key, error);
  g_autofree char *hidden = g_strdup_printf("%s.%s", object->singular, field->name);
  if (context->hidden != NULL && g_hash_table_contains(context->hidden, hidden)) {
    g_set_error(error, SIM_ERROR, SIM_ERR_PERMISSION,
                SIM_DENIED ": no permission to write field \"%s\" on \"%s\"", field->name, object->singular);
    return FALSE;
  }
  if (refuses(context, key, node, error) || !sim_value_write(field, node, &value, error))
    return FALSE;
  if (!check_related(context, object, field, node, error)) {
    g_clear_pointer(&value, g_variant_unref);
    return FALSE;
  }
  assign(assignment, field->column, value);
  return TRUE;
}

/* @data: an object; of anything else the first key is unknown. */
static Assignment *
read_data(SimContext *context, SimObject *object, JsonNode *data, GError **error)
{
  g_autoptr(Assignment) assignment = g_new0(Assignment, 1);
  assignment->columns = g_ptr_array_new_with_free_func(g_free);
  assignment->values = sim_values_new();
  if (sim_json_object(data) == NULL) {
    sim_unknown_field(object, "0", error);
    return NULL;
  }
  g_autoptr(GList) keys = json_object_get_members(json_node_get_object(data));
  for (GList *l = keys; l != NULL; l = l->next) {
    JsonNode *node = json_object_get_member(json_node_get_object(data), l->data);
    if (!assign_field(context, object, assignment, l->data, node, error))
      return NULL;
  }
  return g_steal_pointer(&assignment);
}

static gint64
update_time(SimContext *context, gint64 now)
{
  /* Reads show milliseconds only: the rest makes a client that compares for equality miss. */
  return now + (context->sim->config.microseconds ? 1 + now / 1000 % 997 : 0);
}

static double
next_position(SimContext *context, SimObject *object)
{
  g_autofree char *sql =
      g_strdup_printf("SELECT min(position) FROM %s WHERE deletedAt IS NULL", object->table);
  g_autoptr(sqlite3_stmt) row = sim_prepare(context->db, sql, NULL);
  gboolean some = sqlite3_step(row) == SQLITE_ROW && sqlite3_column_type(row, 0) != SQLITE_NULL;
  return some ? sqlite3_column_double(row, 0) - 1 : 0;
}

static char *
assigned_id(Assignment *assignment)
{
  guint place = 0;
  if (!g_ptr_array_find_with_equal_func(assignment->columns, "id", g_str_equal, &place))
    return NULL;
  return g_variant_dup_string(assignment->values->pdata[place], NULL);
}

static char *
insert_row(SimContext *context, SimObject *object, Assignment *assignment, gint64 now, GError **error)
{
  g_autofree char *random = g_uuid_string_random();
  g_autofree char *actor = sim_record_actor(context->identity);
  assign_missing(assignment, "id", g_variant_new_string(random));
  assign_missing(assignment, "createdAt", g_variant_new_int64(now));
  assign_missing(assignment, "updatedAt", g_variant_new_int64(update_time(context, now)));
  assign_missing(assignment, "position", g_variant_new_double(next_position(context, object)));
  assign_missing(assignment, "createdBy", g_variant_new_string(actor));
  assign_missing(assignment, "updatedBy", g_variant_new_string(actor));
  g_autoptr(GString) sql = g_string_new("INSERT INTO ");
  g_string_append_printf(sql, "%s (", object->table);
  for (guint i = 0; i < assignment->columns->len; i++)
    g_string_append_printf(sql, "%s\"%s\"", i > 0 ? "," : "", (char *)assignment->columns->pdata[i]);
  g_string_append(sql, ") VALUES (?");
  for (guint i = 1; i < assignment->columns->len; i++)
    g_string_append(sql, ",?");
  g_string_append_c(sql, ')');
  return sim_run(context->db, sql->str, assignment->values, error) ? assigned_id(assignment) : NULL;
}

static gboolean
update_row(SimContext *context,
           SimObject *object,
           Assignment *assignment,
           const char *id,
           gint64 now,
           GError **error)
{
  g_autofree char *actor = sim_record_actor(context->identity);
  g_autoptr(GString) sql = g_string_new("UPDATE ");
  g_string_append_printf(sql, "%s SET ", object->table);
  assign_missing(assignment, "updatedAt", g_variant_new_int64(update_time(context, now)));
  assign_missing(assignment, "updatedBy", g_variant_new_string(actor));
  for (guint i = 0; i < assignment->columns->len; i++)
    g_string_append_printf(sql, "%s\"%s\" = ?", i > 0 ? ", " : "", (char *)assignment->columns->pdata[i]);
  g_string_append(sql, " WHERE id = ?");
  sim_values_add(assignment->values, sim_text_value(id));
  gboolean fine = sim_run(context->db, sql->str, assignment->values, error);
  g_ptr_array_set_size(assignment->values, (gint)assignment->values->len - 1);
  return fine;
}

static char *
find_by(SimContext *context, SimObject *object, const char *column, GVariant *value)
{
  if (value == NULL)
    return NULL;
  g_autofree char *sql = g_strdup_printf("SELECT id FROM %s WHERE \"%s\" = ?", object->table, column);
  g_autoptr(GPtrArray) values = sim_values_new();
  sim_values_add(values, value);
  g_autoptr(sqlite3_stmt) row = sim_prepare(context->db, sql, values);
  return sqlite3_step(row) == SQLITE_ROW ? g_strdup(sim_column_text(row, 0)) : NULL;
}

/* The row that an upsert means: FALSE if two keys name different rows. */
static gboolean
find_existing(SimContext *context, SimObject *object, Assignment *assignment, char **existing, GError **error)
{
  g_autoptr(GString) keys = g_string_new(NULL);
  gboolean clash = FALSE;
  *existing = NULL;
  for (guint i = 0; i < assignment->columns->len; i++) {
    const char *column = assignment->columns->pdata[i];
    SimField *field = sim_object_field(object, column);
    if (!field->unique && !g_str_equal(column, "id"))
      continue;
    GVariant *value = assignment->values->pdata[i];
    g_autofree char *id = find_by(context, object, column, value);
    if (id == NULL)
      continue;
    g_string_append_printf(keys, "%s%s (%s: %s)", keys->len > 0 ? "; " : "", column, column,
                           g_variant_get_string(value, NULL));
    clash = clash || (*existing != NULL && !g_str_equal(*existing, id));
    if (*existing == NULL)
      *existing = g_steal_pointer(&id);
  }
  if (!clash)
    return TRUE;
  g_clear_pointer(existing, g_free);
  g_set_error(error, SIM_ERROR, SIM_ERR_BAD_REQUEST,
              "Multiple records found with the same unique field values for %s. Cannot determine which "
              "record to update.",
              keys->str);
  return FALSE;
}

static void
forget_id(Assignment *assignment)
{
  guint place = 0;
  if (!g_ptr_array_find_with_equal_func(assignment->columns, "id", g_str_equal, &place))
    return;
  g_ptr_array_remove_index(assignment->columns, place);
  g_ptr_array_remove_index(assignment->values, place);
}

static gboolean
upsert_row(SimContext *context,
           SimObject *object,
           Assignment *assignment,
           const char *id,
           gint64 now,
           GError **error)
{
  g_autoptr(JsonObject) before = sim_record_row(context, object, id, TRUE);
  forget_id(assignment);
  assign_missing(assignment, "deletedAt", NULL);
  if (!update_row(context, object, assignment, id, now, error))
    return FALSE;
  g_autoptr(JsonObject) after = sim_record_row(context, object, id, TRUE);
  sim_timeline_add(context, object, "updated", before, after);
  return TRUE;
}

static void
remember(GPtrArray *ids, const char *id)
{
  if (!g_ptr_array_find_with_equal_func(ids, id, g_str_equal, NULL))
    g_ptr_array_add(ids, g_strdup(id));
}

/* An upsert decides by what is there before the batch: rows found are updated, and answered, first. */
static gboolean
create_rows(SimContext *context,
            SimObject *object,
            GPtrArray *assignments,
            gboolean upsert,
            GPtrArray *ids,
            GError **error)
{
  gint64 now = sim_write_time(context->sim);
  g_autoptr(GPtrArray) fresh = g_ptr_array_new();
  g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < assignments->len; i++) {
    char *existing = NULL;
    if (upsert && !find_existing(context, object, assignments->pdata[i], &existing, error))
      return FALSE;
    g_ptr_array_add(found, existing);
  }
  for (guint i = 0; i < assignments->len; i++) {
    const char *id = found->pdata[i];
    if (id == NULL) {
      g_ptr_array_add(fresh, assignments->pdata[i]);
      continue;
    }
    if (!upsert_row(context, object, assignments->pdata[i], id, now, error))
      return FALSE;
    remember(ids, id);
  }
  for (guint i = 0; i < fresh->len; i++) {
    g_autofree char *id = insert_row(context, object, fresh->pdata[i], now, error);
    if (id == NULL)
      return FALSE;
    remember(ids, id);
    g_autoptr(JsonObject) after = sim_record_row(context, object, id, TRUE);
    sim_timeline_add(context, object, "created", NULL, after);
  }
  return TRUE;
}

static JsonArray *
rows_of(SimContext *context, SimObject *object, GPtrArray *ids)
{
  JsonArray *rows = json_array_new();
  for (guint i = 0; i < ids->len; i++)
    json_array_add_object_element(rows, sim_record_row(context, object, ids->pdata[i], FALSE));
  return rows;
}

JsonArray *
sim_record_create(SimContext *context, SimObject *object, JsonArray *rows, gboolean upsert, GError **error)
{
  guint length = json_array_get_length(rows);
  if (length > context->sim->config.batch_max) {
    g_set_error(error, SIM_ERROR, SIM_ERR_BATCH_MAX, "Maximum number of records to upsert is %u.",
                context->sim->config.batch_max);
    return NULL;
  }
  g_autoptr(GPtrArray) assignments = g_ptr_array_new_with_free_func((GDestroyNotify)assignment_free);
  for (guint i = 0; i < length; i++) {
    Assignment *assignment = read_data(context, object, json_array_get_element(rows, i), error);
    if (assignment == NULL)
      return NULL;
    g_ptr_array_add(assignments, assignment);
  }
  g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
  sim_savepoint(context->db);
  gboolean fine = create_rows(context, object, assignments, upsert, ids, error);
  sim_savepoint_end(context->db, fine);
  return fine ? rows_of(context, object, ids) : NULL;
}

static GPtrArray *
matching(SimContext *context, SimObject *object, SimWhere *where)
{
  g_autofree char *sql = g_strdup_printf("SELECT id FROM %s WHERE %s ORDER BY rowid LIMIT %d", object->table,
                                         where->sql->str, SIM_PAGE_MAX + 1);
  GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(sqlite3_stmt) row = sim_prepare(context->db, sql, where->values);
  while (sqlite3_step(row) == SQLITE_ROW)
    g_ptr_array_add(ids, g_strdup(sim_column_text(row, 0)));
  return ids;
}

static gboolean
check_id_kept(SimObject *object, Assignment *assignment, const char *id, GError **error)
{
  g_autofree char *given = assigned_id(assignment);
  if (given == NULL || g_str_equal(given, id))
    return TRUE;
  g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA1, object->singular, -1);
  g_set_error(error, SIM_ERROR, SIM_ERR_BAD_REQUEST,
              "update or delete on table \"_%s\" violates foreign key constraint \"FK_%.27s\" on table "
              "\"timelineActivity\"",
              object->singular, sum);
  return FALSE;
}

/* @where: the filter of a compare-and-swap; a row that it no longer matches leaves no trace in the timeline.
 */
static gboolean
update_rows(SimContext *context,
            SimObject *object,
            GPtrArray *ids,
            Assignment *assignment,
            SimWhere *where,
            GError **error)
{
  gint64 now = sim_write_time(context->sim);
  g_autoptr(GPtrArray) before = g_ptr_array_new_with_free_func((GDestroyNotify)json_object_unref);
  for (guint i = 0; i < ids->len; i++) {
    g_ptr_array_add(before, sim_record_row(context, object, ids->pdata[i], TRUE));
    if (!check_id_kept(object, assignment, ids->pdata[i], error) ||
        !update_row(context, object, assignment, ids->pdata[i], now, error))
      return FALSE;
  }
  g_autoptr(GPtrArray) still = where != NULL ? matching(context, object, where) : NULL;
  for (guint i = 0; i < ids->len; i++) {
    g_autoptr(JsonObject) after = sim_record_row(context, object, ids->pdata[i], TRUE);
    if (still == NULL || g_ptr_array_find_with_equal_func(still, ids->pdata[i], g_str_equal, NULL))
      sim_timeline_add(context, object, "updated", before->pdata[i], after);
  }
  return TRUE;
}

JsonObject *
sim_record_update_one(SimContext *context, SimObject *object, const char *id, JsonNode *data, GError **error)
{
  g_autoptr(Assignment) assignment = read_data(context, object, data, error);
  if (assignment == NULL)
    return NULL;
  g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(ids, g_ascii_strdown(id, -1));
  g_autoptr(JsonObject) row = sim_record_row(context, object, ids->pdata[0], TRUE);
  if (row == NULL) {
    g_set_error_literal(error, SIM_ERROR, SIM_ERR_NOT_FOUND, "Record not found");
    return NULL;
  }
  sim_savepoint(context->db);
  gboolean fine = update_rows(context, object, ids, assignment, NULL, error);
  sim_savepoint_end(context->db, fine);
  return fine ? sim_record_row(context, object, ids->pdata[0], FALSE) : NULL;
}

JsonArray *
sim_record_update_many(SimContext *context,
                       SimObject *object,
                       JsonObject *filter,
                       JsonNode *data,
                       GError **error)
{
  g_autoptr(Assignment) assignment = read_data(context, object, data, error);
  g_autoptr(SimWhere) where = sim_where_new(TRUE);
  if (assignment == NULL || !sim_where_add(where, object, filter, error))
    return NULL;
  g_autoptr(GPtrArray) ids = matching(context, object, where);
  if (ids->len > SIM_PAGE_MAX) {
    g_set_error(error, SIM_ERROR, SIM_ERR_TOO_MANY, "Cannot update more than %d records at once",
                SIM_PAGE_MAX);
    return NULL;
  }
  sim_savepoint(context->db);
  gboolean fine = update_rows(context, object, ids, assignment, where, error);
  sim_savepoint_end(context->db, fine);
  if (fine && ids->len > 0 && g_str_equal(object->singular, "repProgression"))
    context->fold_written = TRUE;
  return fine ? rows_of(context, object, ids) : NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* timelineActivities: one row for every write, made by a queue worker and so a little later. */
#include "sim-record.h"

#include <string.h>

#define MERGE_US (10 * 60 * G_USEC_PER_SEC)
#define SYSTEM_ACTOR "{\"source\":\"MANUAL\",\"workspaceMemberId\":null,\"name\":\"System\",\"context\":null}"

static JsonObject *
difference(JsonObject *before, JsonObject *after)
{
  static const char *const silent[] = { "updatedAt", "updatedBy", "searchVector", NULL };
  JsonObject *diff = json_object_new();
  g_autoptr(GList) keys = json_object_get_members(after);
  for (GList *l = keys; l != NULL; l = l->next) {
    JsonNode *old = json_object_get_member(before, l->data);
    JsonNode *new = json_object_get_member(after, l->data);
    if (g_strv_contains(silent, l->data) || (old != NULL && json_node_equal(old, new)))
      continue;
    JsonObject *change = json_object_new();
    json_object_set_member(change, "after", sim_json_copy(new));
    json_object_set_member(change, "before", sim_json_copy(old));
    json_object_set_object_member(diff, l->data, change);
  }
  return diff;
}

/* The rows of one record are a millisecond apart at least: readers order by the time shown. */
static gint64
due_time(SimContext *context, const char *record)
{
  g_autoptr(GPtrArray) values = sim_values_new();
  sim_values_add(values, sim_text_value(record));
  gint64 last = sim_count(context->db, "SELECT max(due) FROM timeline WHERE record = ?", values);
  return MAX(g_get_real_time() + context->sim->config.timeline_delay_ms * 1000, last + 1000);
}

void
sim_timeline_add(SimContext *context,
                 SimObject *object,
                 const char *what,
                 JsonObject *before,
                 JsonObject *after)
{
  if (object->system)
    return;
  g_autoptr(JsonObject) diff =
      before != NULL && after != NULL ? difference(before, after) : json_object_new();
  if (g_str_equal(what, "updated") && json_object_get_size(diff) == 0)
    return;
  g_autofree char *capital = sim_capital(object->singular);
  g_autofree char *target = g_strdup_printf("target%sId", capital);
  g_autofree char *name = g_strdup_printf("%s.%s", object->singular, what);
  g_autofree char *text = sim_json_print_object(diff);
  gint64 due = due_time(context, json_object_get_string_member(after, "id"));
  const char *texts[] = { name, target, json_object_get_string_member(after, "id"), context->identity->member,
                          before != NULL ? text : NULL };
  g_autoptr(GPtrArray) values = sim_values_new();
  sim_values_add(values, g_variant_new_int64(due));
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    sim_values_add(values, sim_text_value(texts[i]));
  sim_must(context->db, "INSERT INTO timeline VALUES (?,?,?,?,?,?)", values);
}

static char *
properties_of(JsonObject *diff)
{
  g_autoptr(JsonObject) properties = json_object_new();
  if (diff != NULL)
    json_object_set_object_member(properties, "diff", json_object_ref(diff));
  return sim_json_print_object(properties);
}

static void
merge_into(JsonObject *diff, JsonObject *older)
{
  g_autoptr(GList) keys = json_object_get_members(older);
  for (GList *l = keys; l != NULL; l = l->next) {
    JsonObject *old = json_object_get_object_member(older, l->data);
    JsonObject *new =
        json_object_has_member(diff, l->data) ? json_object_get_object_member(diff, l->data) : NULL;
    if (new == NULL)
      json_object_set_object_member(diff, l->data, json_object_ref(old));
    else
      json_object_set_member(new, "before", sim_json_copy(json_object_get_member(old, "before")));
  }
}

/* A signed-in member's writes within ten minutes become one row; those made with keys do not. */
static gboolean
merge_row(Sim *sim, sqlite3_stmt *pending, JsonObject *diff, gint64 when)
{
  const char *member = sim_column_text(pending, 4);
  if (member == NULL || diff == NULL)
    return FALSE;
  g_autofree char *sql = g_strdup_printf(
      "SELECT id, properties FROM r_timelineActivity WHERE \"%s\" = ? AND workspaceMemberId = ?"
      " AND name = ? AND createdAt > ? ORDER BY createdAt DESC LIMIT 1",
      sim_column_text(pending, 2));
  g_autoptr(GPtrArray) values = sim_values_new();
  sim_values_add(values, sim_text_value(sim_column_text(pending, 3)));
  sim_values_add(values, sim_text_value(member));
  sim_values_add(values, sim_text_value(sim_column_text(pending, 1)));
  sim_values_add(values, g_variant_new_int64(when - MERGE_US));
  g_autoptr(sqlite3_stmt) row = sim_prepare(sim->db, sql, values);
  if (sqlite3_step(row) != SQLITE_ROW)
    return FALSE;
  g_autoptr(JsonNode) old = json_from_string(sim_column_text(row, 1), NULL);
  JsonObject *older = sim_json_object(json_object_get_member(json_node_get_object(old), "diff"));
  if (older != NULL)
    merge_into(diff, older);
  g_autofree char *properties = properties_of(diff);
  g_autoptr(GPtrArray) changes = sim_values_new();
  sim_values_add(changes, sim_text_value(properties));
  sim_values_add(changes, g_variant_new_int64(when));
  sim_values_add(changes, sim_text_value(sim_column_text(row, 0)));
  sim_must(sim->db, "UPDATE r_timelineActivity SET properties = ?, updatedAt = ? WHERE id = ?", changes);
  return TRUE;
}

/* The object may have been deleted before the worker came to its last writes. */
static gboolean
has_target(Sim *sim, const char *column)
{
  g_autoptr(GPtrArray) values = sim_values_new();
  sim_values_add(values, sim_text_value(column));
  return sim_count(sim->db, "SELECT count(*) FROM pragma_table_info('r_timelineActivity') WHERE name = ?",
                   values) > 0;
}

static void
write_row(Sim *sim, sqlite3_stmt *pending)
{
  if (!has_target(sim, sim_column_text(pending, 2)))
    return;
  gint64 when = (sqlite3_column_int64(pending, 0) + sim->config.clock_offset_us) / 1000 * 1000;
  const char *text = sim_column_text(pending, 5);
  g_autoptr(JsonNode) node = text != NULL ? json_from_string(text, NULL) : NULL;
  JsonObject *diff = sim_json_object(node);
  if (merge_row(sim, pending, diff, when))
    return;
  g_autofree char *id = g_uuid_string_random();
  g_autofree char *properties = properties_of(diff);
  g_autofree char *sql = g_strdup_printf("INSERT INTO r_timelineActivity (id, properties, name, createdBy, "
                                         "updatedBy, position, workspaceMemberId, \"%s\","
                                         " createdAt, updatedAt, happensAt) VALUES (?, ?, ?, '" SYSTEM_ACTOR
                                         "', '" SYSTEM_ACTOR "', 0, ?, ?, ?, ?, ?)",
                                         sim_column_text(pending, 2));
  const char *texts[] = { id, properties, sim_column_text(pending, 1), sim_column_text(pending, 4),
                          sim_column_text(pending, 3) };
  g_autoptr(GPtrArray) values = sim_values_new();
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    sim_values_add(values, sim_text_value(texts[i]));
  for (guint i = 0; i < 3; i++)
    sim_values_add(values, g_variant_new_int64(when));
  sim_must(sim->db, sql, values);
}

void
sim_timeline_flush(Sim *sim)
{
  g_autoptr(GPtrArray) values = sim_values_new();
  sim_values_add(values, g_variant_new_int64(g_get_real_time()));
  if (sim_count(sim->db, "SELECT count(*) FROM timeline WHERE due <= ?", values) == 0)
    return;
  sim_savepoint(sim->db);
  {
    g_autoptr(sqlite3_stmt) row =
        sim_prepare(sim->db, "SELECT * FROM timeline WHERE due <= ? ORDER BY due, rowid", values);
    while (sqlite3_step(row) == SQLITE_ROW)
      write_row(sim, row);
  }
  sim_must(sim->db, "DELETE FROM timeline WHERE due <= ?", values);
  sim_savepoint_end(sim->db, TRUE);
}

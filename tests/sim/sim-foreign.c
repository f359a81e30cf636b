/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Another program that reads the record, waits, and writes blindly what it has computed. */
#include "sim-auth.h"
#include "sim-record.h"
#include "sim-server.h"

#include <string.h>

void
sim_foreign_free(gpointer data)
{
  SimForeign *foreign = data;
  g_free(foreign->record);
  g_clear_pointer(&foreign->data, json_node_unref);
  g_free(foreign->member);
  g_free(foreign);
}

static char *
record_of(Sim *sim, const char *member)
{
  g_autoptr(GPtrArray) values = sim_values_new();
  sim_values_add(values, sim_text_value(member));
  g_autoptr(sqlite3_stmt) row = sim_prepare(sim->db,
                                            "SELECT id FROM r_repProgression WHERE workspaceMemberId = ? AND "
                                            "deletedAt IS NULL ORDER BY createdAt, id",
                                            values);
  return row != NULL && sqlite3_step(row) == SQLITE_ROW ? g_strdup(sim_column_text(row, 0)) : NULL;
}

static JsonNode *
appended(const char *old, const char *item)
{
  g_autofree char *message = NULL;
  g_autoptr(JsonNode) node = old != NULL && *old != '\0' ? sim_json_parse(old, &message) : NULL;
  g_autoptr(JsonNode) list = json_node_new(JSON_NODE_ARRAY);
  json_node_take_array(list, json_array_new());
  JsonArray *array = json_node_get_array(sim_json_array(node) != NULL ? node : list);
  json_array_add_string_element(array, item);
  g_autofree char *text = sim_json_print(sim_json_array(node) != NULL ? node : list);
  return sim_json_string(text);
}

/* "+N" and "-N" on numbers, "json+item" on a list in a TEXT; anything else is the value itself. */
static JsonNode *
computed(SimField *field, JsonNode *old, JsonNode *order)
{
  const char *text = sim_json_is_string(order) ? json_node_get_string(order) : NULL;
  if (text != NULL && field != NULL && field->kind == SIM_KIND_NUMBER) {
    double base = sim_json_is_number(old) ? json_node_get_double(old) : 0;
    return sim_json_number(base + g_ascii_strtod(text, NULL));
  }
  if (text != NULL && g_str_has_prefix(text, "json+"))
    return appended(sim_json_is_string(old) ? json_node_get_string(old) : NULL, text + strlen("json+"));
  return sim_json_copy(order);
}

static char *
member_name(Sim *sim, const char *member)
{
  g_autoptr(GPtrArray) values = sim_values_new();
  sim_values_add(values, sim_text_value(member));
  g_autoptr(sqlite3_stmt) row =
      sim_prepare(sim->db,
                  "SELECT trim(json_extract(name, '$.firstName') || ' ' || json_extract(name, '$.lastName'))"
                  " FROM r_workspaceMember WHERE id = ?",
                  values);
  return g_strdup(sqlite3_step(row) == SQLITE_ROW ? sim_column_text(row, 0) : "Unknown");
}

static void
write_now(Sim *sim, const SimForeign *foreign)
{
  g_autoptr(SimIdentity) identity = g_new0(SimIdentity, 1);
  g_autoptr(GError) error = NULL;
  identity->role = g_strdup("admin");
  identity->member = g_strdup(foreign->member);
  identity->name = foreign->member != NULL ? member_name(sim, foreign->member) : g_strdup("another app");
  SimContext context = { .sim = sim, .db = sim->db, .schema = sim_schema_get(sim), .identity = identity };
  SimObject *object = sim_schema_singular(context.schema, "repProgression");
  JsonObject *row = sim_record_update_one(&context, object, foreign->record, foreign->data, &error);
  if (row != NULL)
    json_object_unref(row);
  else
    g_warning("a foreign write failed: %s", error->message);
}

gboolean
sim_foreign_add(Sim *sim, JsonObject *order, char **message)
{
  JsonObject *set = sim_json_object(json_object_get_member(order, "set"));
  const char *by = sim_json_text(order, "by");
  SimObject *object = sim_schema_singular(sim_schema_get(sim), "repProgression");
  const char *member = sim_json_text(order, "member");
  g_autofree char *id = object != NULL && member != NULL ? record_of(sim, member) : NULL;
  if (id == NULL || set == NULL) {
    *message = g_strdup(id == NULL ? "no record of this member" : "set is missing");
    return FALSE;
  }
  SimContext context = { .sim = sim, .db = sim->db, .schema = sim_schema_get(sim) };
  g_autoptr(JsonObject) record = sim_record_row(&context, object, id, TRUE);
  JsonObject *data = json_object_new();
  g_autoptr(GList) keys = json_object_get_members(set);
  for (GList *l = keys; l != NULL; l = l->next)
    json_object_set_member(data, l->data,
                           computed(sim_object_field(object, l->data),
                                    json_object_get_member(record, l->data),
                                    json_object_get_member(set, l->data)));
  SimForeign *foreign = g_new0(SimForeign, 1);
  foreign->record = g_steal_pointer(&id);
  foreign->data = json_node_new(JSON_NODE_OBJECT);
  json_node_take_object(foreign->data, data);
  foreign->member = by != NULL && g_str_has_prefix(by, "member:") ? g_strdup(by + strlen("member:")) : NULL;
  foreign->after = sim_json_int(order, "after", 0);
  if (foreign->after > 0) {
    g_ptr_array_add(sim->foreign, foreign);
    return TRUE;
  }
  write_now(sim, foreign);
  sim_foreign_free(foreign);
  return TRUE;
}

void
sim_foreign_step(Sim *sim)
{
  for (guint i = 0; i < sim->foreign->len;) {
    SimForeign *foreign = sim->foreign->pdata[i];
    foreign->after--;
    if (foreign->after > 0) {
      i++;
      continue;
    }
    write_now(sim, foreign);
    g_ptr_array_remove_index(sim->foreign, i);
  }
}

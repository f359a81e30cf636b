/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-value.h"

#include <string.h>

static gboolean
refuse_number(SimField *field, JsonNode *node, GError **error)
{
  g_autofree char *shown = sim_json_inspect(node);
  g_set_error(error, SIM_ERROR, SIM_ERR_ARGS,
              "Invalid number value %s for field \"%s\"\x1f"
              "Invalid value for number: \"%s\"",
              shown, field->name, shown);
  return FALSE;
}

static gboolean
refuse_text(SimField *field, JsonNode *node, GError **error)
{
  g_autofree char *shown = sim_json_inspect(node);
  g_set_error(error, SIM_ERROR, SIM_ERR_ARGS,
              "Invalid string value %s for text field \"%s\"\x1f"
              "Invalid value for text: \"%s\"",
              shown, field->name, shown);
  return FALSE;
}

static gboolean
refuse_time(SimField *field, JsonNode *node, GError **error)
{
  g_autofree char *shown = sim_json_inspect(node);
  g_set_error(error, SIM_ERROR, SIM_ERR_ARGS,
              "Invalid value %s for date-time field \"%s\". Expected format: 'YYYY-MM-DDTHH:mm:ssZ'\x1f"
              "Invalid value for date-time: \"%s\"",
              shown, field->name, shown);
  return FALSE;
}

static gboolean
check_text(SimField *field, JsonNode *node, GVariant **value, GError **error)
{
  if (!sim_json_is_string(node))
    return refuse_text(field, node, error);
  const char *text = json_node_get_string(node);
  if (strstr(text, SIM_NUL_MARK) != NULL) {
    g_set_error_literal(error, SIM_ERROR, SIM_ERR_INTERNAL, "Data validation error.");
    return FALSE;
  }
  *value = *text != '\0' || field->kind != SIM_KIND_TEXT ? g_variant_new_string(text) : NULL;
  return TRUE;
}

static gboolean
check_time(SimField *field, JsonNode *node, GVariant **value, GError **error)
{
  gint64 us = 0;
  if (!sim_json_is_string(node) || !sim_time_parse(json_node_get_string(node), &us))
    return refuse_time(field, node, error);
  *value = g_variant_new_int64(us);
  return TRUE;
}

static gboolean
check_uuid(SimField *field, JsonNode *node, GVariant **value, GError **error)
{
  if (!sim_json_is_string(node) || !sim_uuid_valid(json_node_get_string(node))) {
    g_autofree char *shown = sim_json_inspect(node);
    g_set_error(error, SIM_ERROR, SIM_ERR_ARGS, "Invalid UUID value %s for field \"%s\"", shown,
                field->column);
    return FALSE;
  }
  g_autofree char *lower = g_ascii_strdown(json_node_get_string(node), -1);
  *value = g_variant_new_string(lower);
  return TRUE;
}

static gboolean
check_boolean(SimField *field, JsonNode *node, GVariant **value, GError **error)
{
  if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_BOOLEAN) {
    g_autofree char *shown = sim_json_inspect(node);
    g_set_error(error, SIM_ERROR, SIM_ERR_ARGS, "Invalid boolean value %s for field \"%s\"", shown,
                field->name);
    return FALSE;
  }
  *value = g_variant_new_int64(json_node_get_boolean(node));
  return TRUE;
}

/* An actor is kept with the four keys that the server always shows. */
static void
check_json(SimField *field, JsonNode *node, GVariant **value)
{
  JsonObject *object = sim_json_object(node);
  if (object == NULL || !g_str_equal(field->type, "ACTOR")) {
    g_autofree char *text = sim_json_print(node);
    *value = g_variant_new_string(text);
    return;
  }
  g_autoptr(JsonObject) actor = json_object_new();
  static const char *const keys[] = { "source", "workspaceMemberId", "name", "context" };
  for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
    json_object_set_member(actor, keys[i], sim_json_copy(json_object_get_member(object, keys[i])));
  g_autofree char *text = sim_json_print_object(actor);
  *value = g_variant_new_string(text);
}

gboolean
sim_value_compare(SimField *field, JsonNode *node, GVariant **value, GError **error)
{
  *value = NULL;
  if (node == NULL || JSON_NODE_HOLDS_NULL(node))
    return TRUE;
  switch (field->kind) {
  case SIM_KIND_NUMBER:
    if (!sim_json_is_number(node))
      return refuse_number(field, node, error);
    *value = g_variant_new_double(json_node_get_double(node));
    return TRUE;
  case SIM_KIND_TIME:
    return check_time(field, node, value, error);
  case SIM_KIND_UUID:
  case SIM_KIND_ONE:
    return check_uuid(field, node, value, error);
  case SIM_KIND_BOOLEAN:
    return check_boolean(field, node, value, error);
  case SIM_KIND_JSON:
    check_json(field, node, value);
    return TRUE;
  default:
    return check_text(field, node, value, error);
  }
}

gboolean
sim_value_write(SimField *field, JsonNode *node, GVariant **value, GError **error)
{
  if (g_str_equal(field->name, "id") &&
      !(sim_json_is_string(node) && sim_uuid_valid(json_node_get_string(node)))) {
    g_autofree char *shown =
        sim_json_is_string(node) ? g_strdup(json_node_get_string(node)) : sim_json_inspect(node);
    g_set_error(error, SIM_ERROR, SIM_ERR_QUERY_INPUT, "Value \"%s\" is not a valid UUID", shown);
    return FALSE;
  }
  return sim_value_compare(field, node, value, error);
}

JsonNode *
sim_value_read(SimField *field, sqlite3_stmt *row, int column)
{
  if (sqlite3_column_type(row, column) == SQLITE_NULL)
    return field->kind == SIM_KIND_TEXT ? sim_json_string("") : json_node_new(JSON_NODE_NULL);
  switch (field->kind) {
  case SIM_KIND_NUMBER:
    return sim_json_number(sqlite3_column_double(row, column));
  case SIM_KIND_TIME: {
    g_autofree char *text = sim_time_format(sqlite3_column_int64(row, column));
    return sim_json_string(text);
  }
  case SIM_KIND_BOOLEAN: {
    JsonNode *node = json_node_new(JSON_NODE_VALUE);
    json_node_set_boolean(node, sqlite3_column_int(row, column) != 0);
    return node;
  }
  case SIM_KIND_JSON:
    return json_from_string(sim_column_text(row, column), NULL);
  default:
    return sim_json_string(sim_column_text(row, column));
  }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-where.h"
#include "sim-value.h"

#include <string.h>

SimWhere *
sim_where_new(gboolean on_update)
{
  SimWhere *where = g_new0(SimWhere, 1);
  where->sql = g_string_new("1");
  where->values = sim_values_new();
  where->on_update = on_update;
  return where;
}

void
sim_where_free(SimWhere *where)
{
  g_string_free(where->sql, TRUE);
  g_ptr_array_unref(where->values);
  g_free(where);
}

void
sim_where_live(SimWhere *where)
{
  if (!where->says_deleted)
    g_string_append(where->sql, " AND deletedAt IS NULL");
}

gboolean
sim_unknown_field(SimObject *object, const char *name, GError **error)
{
  g_set_error(error, SIM_ERROR, SIM_ERR_ARGS, "Object %s doesn't have any \"%s\" field.", object->singular,
              name);
  return FALSE;
}

/* These three forms break the server's UPDATE … WHERE … RETURNING. */
static gboolean
breaks_update(SimWhere *where, SimField *field, const char *op, JsonNode *node)
{
  if (!where->on_update)
    return FALSE;
  if (field->kind == SIM_KIND_TIME)
    return g_str_equal(op, "eq") || g_str_equal(op, "neq");
  if (field->kind != SIM_KIND_TEXT)
    return FALSE;
  return g_str_equal(op, "is") ||
         (g_str_equal(op, "eq") && sim_json_is_string(node) && *json_node_get_string(node) == '\0');
}

static gboolean
add_in(SimWhere *where, SimField *field, JsonNode *node, GError **error)
{
  JsonArray *array = sim_json_array(node);
  guint length = array != NULL ? json_array_get_length(array) : 0;
  g_string_append_printf(where->sql, "\"%s\" IN (", field->column);
  for (guint i = 0; i < length; i++) {
    GVariant *value = NULL;
    if (!sim_value_compare(field, json_array_get_element(array, i), &value, error))
      return FALSE;
    sim_values_add(where->values, value);
    g_string_append(where->sql, i > 0 ? ",?" : "?");
  }
  g_string_append_c(where->sql, ')');
  return TRUE;
}

static gboolean
add_is(SimWhere *where, SimField *field, JsonNode *node)
{
  gboolean null = !sim_json_is_string(node) || g_str_equal(json_node_get_string(node), "NULL");
  g_string_append_printf(where->sql, "\"%s\" IS %sNULL", field->column, null ? "" : "NOT ");
  return TRUE;
}

static gboolean
add_like(SimWhere *where, SimField *field, const char *op, JsonNode *node, GError **error)
{
  GVariant *value = NULL;
  if (!sim_value_compare(field, node, &value, error))
    return FALSE;
  gboolean ilike = g_str_equal(op, "ilike");
  g_autofree char *text = value != NULL ? g_variant_dup_string(value, NULL) : g_strdup("");
  g_clear_pointer(&value, g_variant_unref);
  g_autofree char *pattern = g_str_equal(op, "startsWith") ? g_strconcat(text, "%", NULL)
                             : g_str_equal(op, "endsWith") ? g_strconcat("%", text, NULL)
                             : ilike                       ? g_utf8_strdown(text, -1)
                                                           : g_strdup(text);
  g_string_append_printf(where->sql, ilike ? "lower(\"%s\") LIKE ?" : "\"%s\" LIKE ?", field->column);
  sim_values_add(where->values, sim_text_value(pattern));
  return TRUE;
}

static gboolean
add_operator(SimWhere *where, SimField *field, const char *op, JsonNode *node, GError **error)
{
  static const char *const names[] = { "eq", "neq", "gt", "gte", "lt", "lte" };
  static const char *const signs[] = { "=", "<>", ">", ">=", "<", "<=" };
  if (breaks_update(where, field, op, node)) {
    g_set_error_literal(error, SIM_ERROR, SIM_ERR_INTERNAL, "Data validation error.");
    return FALSE;
  }
  if (g_str_equal(op, "in"))
    return add_in(where, field, node, error);
  if (g_str_equal(op, "is"))
    return add_is(where, field, node);
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    GVariant *value = NULL;
    if (!g_str_equal(op, names[i]))
      continue;
    if (!sim_value_compare(field, node, &value, error))
      return FALSE;
    if (value == NULL) {
      g_string_append_printf(where->sql, "\"%s\" IS %sNULL", field->column, i == 1 ? "NOT " : "");
    } else {
      g_string_append_printf(where->sql, "\"%s\" %s ?", field->column, signs[i]);
      sim_values_add(where->values, value);
    }
    return TRUE;
  }
  if (g_str_equal(op, "like") || g_str_equal(op, "ilike") || g_str_equal(op, "startsWith") ||
      g_str_equal(op, "endsWith"))
    return add_like(where, field, op, node, error);
  g_set_error(error, SIM_ERROR, SIM_ERR_BAD_REQUEST, "The \"%s\" operator is not supported", op);
  return FALSE;
}

static gboolean
add_field(SimWhere *where, SimObject *object, const char *key, JsonNode *node, GError **error)
{
  SimField *field = sim_object_field(object, key);
  JsonObject *operators = sim_json_object(node);
  if (field == NULL)
    return sim_unknown_field(object, key, error);
  if (g_str_equal(key, "deletedAt"))
    where->says_deleted = TRUE;
  g_string_append(where->sql, "(1");
  g_autoptr(GList) names = operators != NULL ? json_object_get_members(operators) : NULL;
  for (GList *l = names; l != NULL; l = l->next) {
    g_string_append(where->sql, " AND ");
    if (!add_operator(where, field, l->data, json_object_get_member(operators, l->data), error))
      return FALSE;
  }
  g_string_append_c(where->sql, ')');
  return TRUE;
}

static gboolean add_object(SimWhere *where, SimObject *object, JsonObject *filter, GError **error);

static gboolean
add_list(SimWhere *where,
         SimObject *object,
         JsonNode *node,
         const char *glue,
         const char *empty,
         GError **error)
{
  JsonArray *array = sim_json_array(node);
  guint length = array != NULL ? json_array_get_length(array) : 0;
  if (length == 0)
    g_string_append(where->sql, empty);
  for (guint i = 0; i < length; i++) {
    JsonObject *item = sim_json_object(json_array_get_element(array, i));
    g_string_append(where->sql, i > 0 ? glue : "(");
    if (item != NULL && !add_object(where, object, item, error))
      return FALSE;
    if (item == NULL)
      g_string_append_c(where->sql, '1');
  }
  if (length > 0)
    g_string_append_c(where->sql, ')');
  return TRUE;
}

static gboolean
add_object(SimWhere *where, SimObject *object, JsonObject *filter, GError **error)
{
  g_autoptr(GList) keys = json_object_get_members(filter);
  g_string_append(where->sql, "(1");
  for (GList *l = keys; l != NULL; l = l->next) {
    JsonNode *node = json_object_get_member(filter, l->data);
    gboolean fine;
    g_string_append(where->sql, " AND ");
    if (g_str_equal(l->data, "and")) {
      fine = add_list(where, object, node, " AND ", "1", error);
    } else if (g_str_equal(l->data, "or")) {
      fine = add_list(where, object, node, " OR ", "1", error);
    } else if (g_str_equal(l->data, "not") && sim_json_object(node) != NULL) {
      g_string_append(where->sql, "NOT ");
      fine = add_object(where, object, sim_json_object(node), error);
    } else {
      fine = add_field(where, object, l->data, node, error);
    }
    if (!fine)
      return FALSE;
  }
  g_string_append_c(where->sql, ')');
  return TRUE;
}

gboolean
sim_where_add(SimWhere *where, SimObject *object, JsonObject *filter, GError **error)
{
  if (filter == NULL)
    return TRUE;
  g_string_append(where->sql, " AND ");
  return add_object(where, object, filter, error);
}

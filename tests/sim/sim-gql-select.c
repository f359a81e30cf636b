/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers in the shape that a selection asks for. */
#include "sim-gql.h"
#include "sim-value.h"

#include <string.h>

#define NESTED_PAGE 60
#define DEFAULT_GROUPS 50

static JsonNode *
take_object(JsonObject *object)
{
  JsonNode *node = json_node_new(JSON_NODE_OBJECT);
  json_node_take_object(node, object);
  return node;
}

static JsonNode *
select_keys(JsonNode *value, GPtrArray *selection)
{
  JsonObject *from = sim_json_object(value);
  if (from == NULL || selection == NULL)
    return sim_json_copy(value);
  JsonObject *out = json_object_new();
  for (guint i = 0; i < selection->len; i++) {
    const SimSelection *item = selection->pdata[i];
    json_object_set_member(out, item->alias,
                           select_keys(json_object_get_member(from, item->name), item->selection));
  }
  return take_object(out);
}

static JsonNode *
select_related(SimContext *context,
               SimObject *object,
               SimField *field,
               JsonObject *record,
               const SimSelection *item)
{
  SimObject *target = field->target != NULL ? sim_schema_by_id(context->schema, field->target) : NULL;
  if (target == NULL)
    return json_node_new(JSON_NODE_NULL);
  if (field->kind == SIM_KIND_ONE) {
    const char *id = sim_json_text(record, field->column);
    g_autoptr(JsonObject) related = id != NULL ? sim_record_get(context, target, id, NULL) : NULL;
    return related != NULL ? sim_select_record(context, target, related, item->selection)
                           : json_node_new(JSON_NODE_NULL);
  }
  for (guint i = 0; i < target->fields->len; i++) {
    SimField *back = target->fields->pdata[i];
    if (back->kind != SIM_KIND_ONE || g_strcmp0(back->target, object->id) != 0)
      continue;
    g_autoptr(JsonObject) filter = json_object_new();
    JsonObject *equals = json_object_new();
    json_object_set_string_member(equals, "eq", json_object_get_string_member(record, "id"));
    json_object_set_object_member(filter, back->column, equals);
    JsonNode *node =
        sim_select_connection(context, target, item->arguments, filter, item->selection, TRUE, NULL);
    return node != NULL ? node : json_node_new(JSON_NODE_NULL);
  }
  return json_node_new(JSON_NODE_NULL);
}

JsonNode *
sim_select_record(SimContext *context, SimObject *object, JsonObject *record, GPtrArray *selection)
{
  JsonObject *out = json_object_new();
  for (guint i = 0; selection != NULL && i < selection->len; i++) {
    const SimSelection *item = selection->pdata[i];
    JsonNode *value = json_object_get_member(record, item->name);
    SimField *field = sim_object_named(object, item->name);
    /* A field that does not exist is null, not an error. */
    if (value != NULL)
      json_object_set_member(out, item->alias, select_keys(value, item->selection));
    else if (field != NULL && item->selection != NULL &&
             (field->kind == SIM_KIND_ONE || field->kind == SIM_KIND_MANY))
      json_object_set_member(out, item->alias, select_related(context, object, field, record, item));
    else
      json_object_set_member(out, item->alias, json_node_new(JSON_NODE_NULL));
  }
  return take_object(out);
}

GArray *
sim_order_parse(SimObject *object, JsonNode *node, GError **error)
{
  g_autoptr(GArray) order = g_array_new(FALSE, FALSE, sizeof(SimOrder));
  g_autoptr(JsonArray) list = json_array_new();
  if (sim_json_object(node) != NULL)
    json_array_add_element(list, sim_json_copy(node));
  JsonArray *items = sim_json_array(node) != NULL ? sim_json_array(node) : list;
  for (guint i = 0; i < json_array_get_length(items); i++) {
    JsonObject *item = sim_json_object(json_array_get_element(items, i));
    g_autoptr(GList) keys = item != NULL ? json_object_get_members(item) : NULL;
    for (GList *l = keys; l != NULL; l = l->next) {
      const char *way = sim_json_text(item, l->data);
      SimOrder entry = { .field = sim_object_field(object, l->data) };
      if (entry.field == NULL) {
        g_set_error(error, SIM_ERROR, SIM_ERR_FIELD, "Field \"%s\" does not exist or is not sortable",
                    (char *)l->data);
        return NULL;
      }
      entry.descending = way != NULL && g_str_has_prefix(way, "Desc");
      entry.nulls_last = way != NULL && g_str_has_suffix(way, "Last");
      if (!g_str_equal(entry.field->column, "id"))
        g_array_append_val(order, entry);
    }
  }
  return g_steal_pointer(&order);
}

static JsonNode *
read_aggregate(SimField *field, gboolean average, sqlite3_stmt *row, int column)
{
  if (sqlite3_column_type(row, column) == SQLITE_NULL)
    return json_node_new(JSON_NODE_NULL);
  return average ? sim_json_number(sqlite3_column_double(row, column)) : sim_value_read(field, row, column);
}

/* sumXpAmount → sum("xpAmount"); NULL if the name is no aggregate. */
static char *
aggregate_sql(SimObject *object, const char *name, SimField **field)
{
  static const char *const functions[] = { "sum", "avg", "min", "max" };
  for (guint i = 0; i < G_N_ELEMENTS(functions); i++) {
    if (!g_str_has_prefix(name, functions[i]) || !g_ascii_isupper(name[3]))
      continue;
    g_autofree char *key = g_strdup(name + 3);
    *key = g_ascii_tolower(*key);
    *field = sim_object_field(object, key);
    return *field != NULL ? g_strdup_printf("%s(\"%s\")", functions[i], (*field)->column) : NULL;
  }
  return NULL;
}

static JsonNode *
aggregate(SimContext *context, SimObject *object, SimWhere *where, const char *name)
{
  SimField *field = NULL;
  g_autofree char *term = aggregate_sql(object, name, &field);
  if (term == NULL)
    return json_node_new(JSON_NODE_NULL);
  g_autofree char *sql = g_strdup_printf("SELECT %s FROM %s WHERE %s", term, object->table, where->sql->str);
  g_autoptr(sqlite3_stmt) row = sim_prepare(context->db, sql, where->values);
  sqlite3_step(row);
  return read_aggregate(field, g_str_has_prefix(name, "avg"), row, 0);
}

static JsonNode *
select_page_info(const SimPage *page, GPtrArray *selection)
{
  g_autoptr(JsonObject) info = json_object_new();
  guint length = page->cursors->len;
  json_object_set_boolean_member(info, "hasNextPage", page->has_next);
  json_object_set_boolean_member(info, "hasPreviousPage", page->has_previous);
  json_object_set_member(info, "startCursor", sim_json_string(length > 0 ? page->cursors->pdata[0] : NULL));
  json_object_set_member(info, "endCursor",
                         sim_json_string(length > 0 ? page->cursors->pdata[length - 1] : NULL));
  g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
  json_node_set_object(node, info);
  return select_keys(node, selection);
}

static JsonNode *
select_edges(SimContext *context, SimObject *object, const SimPage *page, GPtrArray *selection)
{
  JsonArray *edges = json_array_new();
  for (guint i = 0; i < page->records->len; i++) {
    JsonObject *edge = json_object_new();
    for (guint j = 0; selection != NULL && j < selection->len; j++) {
      const SimSelection *item = selection->pdata[j];
      JsonNode *value = g_str_equal(item->name, "node")
                            ? sim_select_record(context, object, page->records->pdata[i], item->selection)
                            : sim_json_string(page->cursors->pdata[i]);
      json_object_set_member(edge, item->alias, value);
    }
    json_array_add_object_element(edges, edge);
  }
  JsonNode *node = json_node_new(JSON_NODE_ARRAY);
  json_node_take_array(node, edges);
  return node;
}

static SimPage *
find_page(SimContext *context, SimObject *object, JsonObject *arguments, JsonObject *filter, GError **error)
{
  g_autoptr(GArray) order = sim_order_parse(object, json_object_get_member(arguments, "orderBy"), error);
  if (order == NULL)
    return NULL;
  gint64 limit = sim_json_int(arguments, "first", sim_json_int(arguments, "last", SIM_PAGE_MAX));
  SimFind find = { .filter = filter,
                   .order = order,
                   .after = sim_json_text(arguments, "after"),
                   .before = sim_json_text(arguments, "before"),
                   .limit = (guint)CLAMP(limit, 0, SIM_PAGE_MAX) };
  return sim_record_find(context, object, &find, error);
}

JsonNode *
sim_select_connection(SimContext *context,
                      SimObject *object,
                      JsonObject *arguments,
                      JsonObject *filter,
                      GPtrArray *selection,
                      gboolean nested,
                      GError **error)
{
  g_autoptr(SimPage) page = find_page(context, object, arguments, filter, error);
  g_autoptr(SimWhere) where = sim_where_new(FALSE);
  if (page == NULL || !sim_where_add(where, object, filter, error))
    return NULL;
  sim_where_live(where);
  JsonObject *out = json_object_new();
  for (guint i = 0; selection != NULL && i < selection->len; i++) {
    const SimSelection *item = selection->pdata[i];
    JsonNode *value;
    /* Nested under a record the server counts its page, not the rows. */
    if (g_str_equal(item->name, "totalCount"))
      value = sim_json_number((double)(nested ? MIN(page->total, NESTED_PAGE) : page->total));
    else if (g_str_equal(item->name, "edges"))
      value = select_edges(context, object, page, item->selection);
    else if (g_str_equal(item->name, "pageInfo"))
      value = select_page_info(page, item->selection);
    else
      value = aggregate(context, object, where, item->name);
    json_object_set_member(out, item->alias, value);
  }
  return take_object(out);
}

static GPtrArray *
group_fields(SimObject *object, JsonNode *node, GError **error)
{
  g_autoptr(GPtrArray) fields = g_ptr_array_new();
  JsonArray *items = sim_json_array(node);
  for (guint i = 0; items != NULL && i < json_array_get_length(items); i++) {
    JsonObject *item = sim_json_object(json_array_get_element(items, i));
    g_autoptr(GList) keys = item != NULL ? json_object_get_members(item) : NULL;
    for (GList *l = keys; l != NULL; l = l->next) {
      SimField *field = sim_object_field(object, l->data);
      if (field == NULL) {
        sim_unknown_field(object, l->data, error);
        return NULL;
      }
      g_ptr_array_add(fields, field);
    }
  }
  if (fields->len > 0)
    return g_steal_pointer(&fields);
  g_set_error_literal(error, SIM_ERROR, SIM_ERR_BAD_REQUEST,
                      "Missing required argument: \"groupBy\" (array)");
  return NULL;
}

static JsonNode *
dimensions(GPtrArray *fields, sqlite3_stmt *row)
{
  JsonArray *values = json_array_new();
  for (guint i = 0; i < fields->len; i++) {
    gboolean null = sqlite3_column_type(row, (int)i) == SQLITE_NULL;
    json_array_add_element(values, null ? json_node_new(JSON_NODE_NULL)
                                        : sim_value_read(fields->pdata[i], row, (int)i));
  }
  JsonNode *node = json_node_new(JSON_NODE_ARRAY);
  json_node_take_array(node, values);
  return node;
}

static JsonObject *
read_group(SimObject *object, GPtrArray *fields, GPtrArray *selection, sqlite3_stmt *row)
{
  JsonObject *group = json_object_new();
  for (guint i = 0; i < selection->len; i++) {
    const SimSelection *item = selection->pdata[i];
    SimField *field = NULL;
    int column = (int)(fields->len + i);
    g_autofree char *term = aggregate_sql(object, item->name, &field);
    JsonNode *value = g_str_equal(item->name, "groupByDimensionValues") ? dimensions(fields, row)
                      : g_str_equal(item->name, "totalCount")
                          ? sim_json_number(sqlite3_column_double(row, column))
                      : term != NULL ? read_aggregate(field, g_str_has_prefix(item->name, "avg"), row, column)
                                     : json_node_new(JSON_NODE_NULL);
    json_object_set_member(group, item->alias, value);
  }
  return group;
}

/* What is no number above 0 counts as absent. */
static gint64
group_limit(JsonObject *arguments)
{
  gint64 limit = sim_json_int(arguments, "limit", 0);

  return limit > 0 ? limit : DEFAULT_GROUPS;
}

static char *
group_sql(SimObject *object, GPtrArray *fields, GPtrArray *selection, SimWhere *where, gint64 limit)
{
  g_autoptr(GString) columns = g_string_new(NULL);
  g_autoptr(GString) keys = g_string_new(NULL);
  for (guint i = 0; i < fields->len; i++) {
    SimField *field = fields->pdata[i];
    g_string_append_printf(keys, "%s\"%s\"", i > 0 ? "," : "", field->column);
  }
  for (guint i = 0; i < selection->len; i++) {
    const SimSelection *item = selection->pdata[i];
    SimField *field = NULL;
    g_autofree char *term = aggregate_sql(object, item->name, &field);
    g_string_append_printf(columns, ",%s", term != NULL ? term : "count(*)");
  }
  return g_strdup_printf("SELECT %s%s FROM %s WHERE %s GROUP BY %s LIMIT %" G_GINT64_FORMAT, keys->str,
                         columns->str, object->table, where->sql->str, keys->str, limit);
}

JsonNode *
sim_select_groups(SimContext *context,
                  SimObject *object,
                  JsonObject *arguments,
                  GPtrArray *selection,
                  GError **error)
{
  g_autoptr(GPtrArray) none = g_ptr_array_new();
  g_autoptr(GPtrArray) fields = group_fields(object, json_object_get_member(arguments, "groupBy"), error);
  g_autoptr(SimWhere) where = sim_where_new(FALSE);
  JsonObject *filter = sim_json_object(json_object_get_member(arguments, "filter"));
  if (fields == NULL || !sim_where_add(where, object, filter, error))
    return NULL;
  sim_where_live(where);
  GPtrArray *wanted = selection != NULL ? selection : none;
  gint64 limit = context->sim->config.groups_limited ? group_limit(arguments) : -1;
  g_autofree char *sql = group_sql(object, fields, wanted, where, limit);
  g_autoptr(sqlite3_stmt) row = sim_prepare(context->db, sql, where->values);
  JsonArray *groups = json_array_new();
  while (sqlite3_step(row) == SQLITE_ROW)
    json_array_add_object_element(groups, read_group(object, fields, wanted, row));
  JsonNode *node = json_node_new(JSON_NODE_ARRAY);
  json_node_take_array(node, groups);
  return node;
}

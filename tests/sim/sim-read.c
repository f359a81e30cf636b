/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading records: pages with cursors as the server makes them. */
#include "sim-record.h"
#include "sim-value.h"

#include <string.h>

void
sim_page_free(SimPage *page)
{
  g_ptr_array_unref(page->records);
  g_ptr_array_unref(page->cursors);
  g_free(page);
}

char *
sim_record_columns(SimObject *object)
{
  g_autoptr(GString) out = g_string_new(NULL);
  for (guint i = 0; i < object->fields->len; i++) {
    SimField *field = object->fields->pdata[i];
    if (field->column != NULL)
      g_string_append_printf(out, "%s\"%s\"", out->len > 0 ? "," : "", field->column);
  }
  return g_string_free(g_steal_pointer(&out), FALSE);
}

static gboolean
is_hidden(SimContext *context, SimObject *object, SimField *field)
{
  if (context->hidden == NULL)
    return FALSE;
  g_autofree char *key = g_strdup_printf("%s.%s", object->singular, field->name);
  return g_hash_table_contains(context->hidden, key);
}

static char *
search_text(JsonObject *record)
{
  JsonObject *name = sim_json_object(json_object_get_member(record, "name"));
  if (name == NULL)
    return sim_search_vector(sim_json_text(record, "name"));
  g_autofree char *full = g_strjoin(" ", sim_json_text(name, "firstName"), sim_json_text(name, "lastName"),
                                    sim_json_text(record, "userEmail"), NULL);
  return sim_search_vector(full);
}

JsonObject *
sim_record_read(SimContext *context, SimObject *object, sqlite3_stmt *row, gboolean all)
{
  JsonObject *record = json_object_new();
  int column = 0;
  for (guint i = 0; i < object->fields->len; i++) {
    SimField *field = object->fields->pdata[i];
    if (field->column == NULL)
      continue;
    if (field->active && (all || !is_hidden(context, object, field)))
      json_object_set_member(record, field->column, sim_value_read(field, row, column));
    column++;
  }
  g_autofree char *search = search_text(record);
  json_object_set_string_member(record, "searchVector", search);
  return record;
}

JsonObject *
sim_record_row(SimContext *context, SimObject *object, const char *id, gboolean all)
{
  g_autofree char *columns = sim_record_columns(object);
  g_autofree char *sql = g_strdup_printf("SELECT %s FROM %s WHERE id = ?", columns, object->table);
  g_autoptr(GPtrArray) values = sim_values_new();
  sim_values_add(values, sim_text_value(id));
  g_autoptr(sqlite3_stmt) row = sim_prepare(context->db, sql, values);
  return sqlite3_step(row) == SQLITE_ROW ? sim_record_read(context, object, row, all) : NULL;
}

/* Times are shown, and so put into cursors, in milliseconds. */
static char *
order_term(const SimOrder *order)
{
  return order->field->kind == SIM_KIND_TIME ? g_strdup_printf("(\"%s\"/1000)", order->field->column)
                                             : g_strdup_printf("\"%s\"", order->field->column);
}

static char *
order_clause(GArray *order, gboolean backwards)
{
  g_autoptr(GString) out = g_string_new(NULL);
  for (guint i = 0; order != NULL && i < order->len; i++) {
    const SimOrder *item = &g_array_index(order, SimOrder, i);
    g_autofree char *term = order_term(item);
    g_string_append_printf(out, "%s %s NULLS %s, ", term, item->descending != backwards ? "DESC" : "ASC",
                           item->nulls_last != backwards ? "LAST" : "FIRST");
  }
  g_string_append_printf(out, "id %s", backwards ? "DESC" : "ASC");
  return g_string_free(g_steal_pointer(&out), FALSE);
}

static JsonObject *
open_cursor(const char *cursor, GArray *order, GError **error)
{
  gsize length = 0;
  g_autofree guchar *bytes = g_base64_decode(cursor, &length);
  g_autofree char *text = g_strndup((const char *)bytes, length);
  g_autofree char *message = NULL;
  g_autoptr(JsonNode) node = g_utf8_validate(text, -1, NULL) ? sim_json_parse(text, &message) : NULL;
  JsonObject *object = sim_json_object(node);
  if (object == NULL) {
    g_set_error(error, SIM_ERROR, SIM_ERR_BAD_REQUEST, "Invalid cursor: %s", cursor);
    return NULL;
  }
  guint expected = (order != NULL ? order->len : 0) + 1;
  gboolean fits = json_object_get_size(object) == expected && json_object_has_member(object, "id");
  for (guint i = 0; fits && i + 1 < expected; i++)
    fits = json_object_has_member(object, g_array_index(order, SimOrder, i).field->column);
  if (!fits) {
    g_set_error_literal(error, SIM_ERROR, SIM_ERR_CURSOR, "Invalid cursor");
    return NULL;
  }
  return json_object_ref(object);
}

static gboolean
add_key(SimWhere *where, const SimOrder *order, JsonObject *cursor, const char *sign, GError **error)
{
  g_autofree char *term = order_term(order);
  GVariant *value = NULL;
  if (!sim_value_compare(order->field, json_object_get_member(cursor, order->field->column), &value, error))
    return FALSE;
  if (value != NULL && order->field->kind == SIM_KIND_TIME) {
    GVariant *ms = g_variant_new_int64(g_variant_get_int64(value) / 1000);
    g_variant_unref(g_variant_ref_sink(value));
    value = ms;
  }
  /* A null in the cursor compares with nothing: the server's next page is then empty. */
  g_string_append_printf(where->sql, "%s %s ?", term, sign);
  sim_values_add(where->values, value);
  return TRUE;
}

static gboolean
add_cursor(SimWhere *where, GArray *order, const char *text, gboolean backwards, GError **error)
{
  g_autoptr(JsonObject) cursor = open_cursor(text, order, error);
  if (cursor == NULL)
    return FALSE;
  guint n = order != NULL ? order->len : 0;
  g_string_append(where->sql, " AND (0");
  for (guint i = 0; i <= n; i++) {
    g_string_append(where->sql, " OR (1");
    for (guint j = 0; j < i; j++) {
      g_string_append(where->sql, " AND ");
      if (!add_key(where, &g_array_index(order, SimOrder, j), cursor, "=", error))
        return FALSE;
    }
    g_string_append(where->sql, " AND ");
    if (i == n) {
      g_string_append(where->sql, backwards ? "id < ?" : "id > ?");
      sim_values_add(where->values, sim_text_value(sim_json_text(cursor, "id")));
    } else {
      const SimOrder *item = &g_array_index(order, SimOrder, i);
      if (!add_key(where, item, cursor, item->descending != backwards ? "<" : ">", error))
        return FALSE;
    }
    g_string_append_c(where->sql, ')');
  }
  g_string_append_c(where->sql, ')');
  return TRUE;
}

static char *
make_cursor(JsonObject *record, GArray *order)
{
  g_autoptr(JsonObject) cursor = json_object_new();
  for (guint i = 0; order != NULL && i < order->len; i++) {
    const char *key = g_array_index(order, SimOrder, i).field->column;
    json_object_set_member(cursor, key, sim_json_copy(json_object_get_member(record, key)));
  }
  json_object_set_string_member(cursor, "id", json_object_get_string_member(record, "id"));
  g_autofree char *text = sim_json_print_object(cursor);
  return g_base64_encode((const guchar *)text, strlen(text));
}

static void
read_page(SimContext *context, SimObject *object, const SimFind *find, sqlite3_stmt *row, SimPage *page)
{
  gboolean backwards = find->before != NULL;
  gboolean more = FALSE;
  while (sqlite3_step(row) == SQLITE_ROW) {
    if (page->records->len == find->limit) {
      more = TRUE;
      break;
    }
    /* The cursor needs the ordering fields even where the role does not see them. */
    g_autoptr(JsonObject) whole = sim_record_read(context, object, row, TRUE);
    gint place = backwards ? 0 : -1;
    g_ptr_array_insert(page->records, place, sim_record_read(context, object, row, FALSE));
    g_ptr_array_insert(page->cursors, place, make_cursor(whole, find->order));
  }
  page->has_next = more && !backwards;
  page->has_previous = more && backwards;
}

SimPage *
sim_record_find(SimContext *context, SimObject *object, const SimFind *find, GError **error)
{
  gboolean backwards = find->before != NULL;
  g_autoptr(SimWhere) where = sim_where_new(FALSE);
  if (!sim_where_add(where, object, find->filter, error))
    return NULL;
  sim_where_live(where);
  g_autofree char *count =
      g_strdup_printf("SELECT count(*) FROM %s WHERE %s", object->table, where->sql->str);
  gint64 total = sim_count(context->db, count, where->values);
  const char *cursor = backwards ? find->before : find->after;
  if (cursor != NULL && !add_cursor(where, find->order, cursor, backwards, error))
    return NULL;
  SimPage *page = g_new0(SimPage, 1);
  page->records = g_ptr_array_new_with_free_func((GDestroyNotify)json_object_unref);
  page->cursors = g_ptr_array_new_with_free_func(g_free);
  page->total = total;
  g_autofree char *columns = sim_record_columns(object);
  g_autofree char *order = order_clause(find->order, backwards);
  g_autofree char *sql = g_strdup_printf("SELECT %s FROM %s WHERE %s ORDER BY %s LIMIT %u", columns,
                                         object->table, where->sql->str, order, find->limit + 1);
  g_autoptr(sqlite3_stmt) row = sim_prepare(context->db, sql, where->values);
  read_page(context, object, find, row, page);
  return page;
}

JsonObject *
sim_filter_id(const char *id)
{
  JsonObject *filter = json_object_new();
  JsonObject *operators = json_object_new();
  json_object_set_string_member(operators, "eq", id);
  json_object_set_object_member(filter, "id", operators);
  return filter;
}

JsonObject *
sim_record_get(SimContext *context, SimObject *object, const char *id, GError **error)
{
  g_autofree char *lower = g_ascii_strdown(id, -1);
  g_autoptr(JsonObject) filter = sim_filter_id(lower);
  SimFind find = { .filter = filter, .limit = 1 };
  g_autoptr(SimPage) page = sim_record_find(context, object, &find, error);
  if (page == NULL)
    return NULL;
  if (page->records->len == 0) {
    g_set_error_literal(error, SIM_ERROR, SIM_ERR_NOT_FOUND, "Record not found");
    return NULL;
  }
  return json_object_ref(page->records->pdata[0]);
}

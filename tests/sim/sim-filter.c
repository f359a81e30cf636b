/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The REST filter language: and(field[op]:value,or(…),not(…)), values optionally in double quotes. */
#include "sim-where.h"

#include <math.h>
#include <string.h>

static const char comparators[] =
    "eq, neq, in, containsAny, is, gt, gte, lt, lte, startsWith, endsWith, like, ilike";

static JsonObject *parse_item(SimObject *object, const char *text, GError **error);

/* Cuts at commas outside quotes and brackets. */
static GPtrArray *
split(const char *text)
{
  GPtrArray *parts = g_ptr_array_new_with_free_func(g_free);
  int round = 0;
  int square = 0;
  gboolean quoted = FALSE;
  const char *start = text;
  const char *p = text;
  for (; *p != '\0'; p++) {
    if (*p == '"')
      quoted = !quoted;
    round += *p == '(' ? 1 : *p == ')' ? -1 : 0;
    square += *p == '[' ? 1 : *p == ']' ? -1 : 0;
    if (*p == ',' && !quoted && round == 0 && square == 0) {
      g_ptr_array_add(parts, g_strndup(start, (gsize)(p - start)));
      start = p + 1;
    }
  }
  g_ptr_array_add(parts, g_strndup(start, (gsize)(p - start)));
  return parts;
}

static gpointer
invalid(const char *text, GError **error)
{
  g_set_error(error, SIM_ERROR, SIM_ERR_BAD_REQUEST, "'filter' invalid for '%s'. eg: price[gte]:10", text);
  return NULL;
}

static char *
unquote(const char *text)
{
  gsize length = strlen(text);
  if (length >= 2 && text[0] == '"' && text[length - 1] == '"')
    return g_strndup(text + 1, length - 2);
  return g_strdup(text);
}

/* The text of a value takes the type of its field. */
static JsonNode *
typed(SimField *field, const char *text)
{
  g_autofree char *plain = unquote(text);
  if (field == NULL || (field->kind != SIM_KIND_NUMBER && field->kind != SIM_KIND_BOOLEAN))
    return sim_json_string(plain);
  JsonNode *node = json_node_new(JSON_NODE_VALUE);
  if (field->kind == SIM_KIND_BOOLEAN) {
    json_node_set_boolean(node, g_str_equal(plain, "true"));
    return node;
  }
  char *end = NULL;
  double value = g_ascii_strtod(plain, &end);
  json_node_set_double(node, end != plain ? value : (double)NAN);
  return node;
}

static JsonNode *
typed_list(SimField *field, const char *text, GError **error)
{
  gsize length = strlen(text);
  if (length < 2 || text[0] != '[' || text[length - 1] != ']') {
    g_set_error(error, SIM_ERROR, SIM_ERR_BAD_REQUEST,
                "'filter' invalid for 'in' operator. Received '%s' but array value expected eg: "
                "'field[in]:[value_1,value_2]'",
                text);
    return NULL;
  }
  g_autofree char *inner = g_strndup(text + 1, length - 2);
  g_autoptr(GPtrArray) parts = split(inner);
  JsonArray *array = json_array_new();
  for (guint i = 0; i < parts->len && length > 2; i++)
    json_array_add_element(array, typed(field, parts->pdata[i]));
  JsonNode *node = json_node_new(JSON_NODE_ARRAY);
  json_node_take_array(node, array);
  return node;
}

static JsonObject *
parse_base(SimObject *object, const char *text, GError **error)
{
  const char *open = strchr(text, '[');
  const char *close = open != NULL ? strstr(open, "]:") : NULL;
  if (close == NULL || open == text || close[2] == '\0')
    return invalid(text, error);
  g_autofree char *name = g_strndup(text, (gsize)(open - text));
  g_autofree char *op = g_strndup(open + 1, (gsize)(close - open - 1));
  g_auto(GStrv) known = g_strsplit(comparators, ", ", -1);
  if (!g_strv_contains((const char *const *)known, op)) {
    g_set_error(error, SIM_ERROR, SIM_ERR_BAD_REQUEST, "'filter' invalid for '%s', comparator %s not in %s",
                text, op, comparators);
    return NULL;
  }
  SimField *field = sim_object_field(object, name);
  if (field == NULL) {
    sim_unknown_field(object, name, error);
    return NULL;
  }
  JsonNode *value = g_str_equal(op, "in")   ? typed_list(field, close + 2, error)
                    : g_str_equal(op, "is") ? sim_json_string(close + 2)
                                            : typed(field, close + 2);
  if (value == NULL)
    return NULL;
  JsonObject *operators = json_object_new();
  JsonObject *result = json_object_new();
  json_object_set_member(operators, op, value);
  json_object_set_object_member(result, name, operators);
  return result;
}

static JsonObject *
parse_group(SimObject *object, const char *text, const char *word, GError **error)
{
  gsize head = strlen(word) + 1;
  gsize length = strlen(text);
  g_autofree char *inner = g_strndup(text + head, length - head - 1);
  if (*inner == '\0')
    return invalid(text, error);
  g_autoptr(GPtrArray) parts = split(inner);
  g_autoptr(JsonArray) items = json_array_new();
  for (guint i = 0; i < parts->len; i++) {
    JsonObject *item = parse_item(object, parts->pdata[i], error);
    if (item == NULL)
      return NULL;
    json_array_add_object_element(items, item);
  }
  JsonObject *result = json_object_new();
  if (!g_str_equal(word, "not")) {
    json_object_set_array_member(result, word, g_steal_pointer(&items));
    return result;
  }
  JsonObject *both = json_object_new();
  json_object_set_array_member(both, "and", g_steal_pointer(&items));
  json_object_set_object_member(result, "not", both);
  return result;
}

static JsonObject *
parse_item(SimObject *object, const char *text, GError **error)
{
  static const char *const words[] = { "and", "or", "not" };
  for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
    gsize length = strlen(words[i]);
    if (g_str_has_prefix(text, words[i]) && text[length] == '(' && g_str_has_suffix(text, ")"))
      return parse_group(object, text, words[i], error);
  }
  return parse_base(object, text, error);
}

JsonObject *
sim_filter_parse(SimObject *object, const char *text, GError **error)
{
  static const char *const words[] = { "and(", "or(", "not(" };
  int balance = 0;
  for (const char *p = text; *p != '\0'; p++)
    balance += *p == '(' ? 1 : *p == ')' ? -1 : 0;
  if (balance != 0) {
    g_set_error(error, SIM_ERROR, SIM_ERR_BAD_REQUEST,
                "'filter' invalid. %d %s bracket%s missing in the query", ABS(balance),
                balance > 0 ? "close" : "open", ABS(balance) > 1 ? "s are" : " is");
    return NULL;
  }
  g_autoptr(GPtrArray) parts = split(text);
  for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
    if (parts->len == 1 && g_str_has_prefix(text, words[i]))
      return parse_item(object, text, error);
  }
  g_autofree char *whole = g_strconcat("and(", text, ")", NULL);
  return parse_item(object, whole, error);
}

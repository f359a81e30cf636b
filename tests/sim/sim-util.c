/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-util.h"

#include <math.h>
#include <string.h>

gboolean
sim_uuid_valid(const char *text)
{
  /* The server takes versions 1 to 5 of the RFC variant only. */
  return text != NULL &&
         g_regex_match_simple("^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
                              text, G_REGEX_CASELESS, 0);
}

/* A stable UUID of version 5's form: ids of the data model must not change between runs. */
char *
sim_uuid_from(const char *seed)
{
  g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA1, seed, -1);
  return g_strdup_printf("%.8s-%.4s-5%.3s-a%.3s-%.12s", sum, sum + 8, sum + 13, sum + 17, sum + 20);
}

char *
sim_time_format(gint64 us)
{
  gint64 seconds = us >= 0 ? us / 1000000 : -((-us + 999999) / 1000000);
  gint64 rest = us - seconds * 1000000;
  g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(seconds);
  g_autofree char *head = g_date_time_format(time, "%Y-%m-%dT%H:%M:%S");
  return g_strdup_printf("%s.%03dZ", head, (int)(rest / 1000));
}

char *
sim_time_http(gint64 us)
{
  g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(us / 1000000);
  return g_date_time_format(time, "%a, %d %b %Y %H:%M:%S GMT");
}

static gint64
fraction_us(const char *digits)
{
  gint64 value = 0;
  gint64 unit = 100000;
  for (; digits != NULL && *digits != '\0' && unit > 0; digits++, unit /= 10)
    value += (*digits - '0') * unit;
  return value;
}

gboolean
sim_time_parse(const char *text, gint64 *us)
{
  g_autoptr(GRegex) regex = g_regex_new(
      "^(\\d{4}-\\d{2}-\\d{2})(?:T(\\d{2}:\\d{2}(?::\\d{2})?)(?:\\.(\\d{1,9}))?(Z|[+-]\\d{2}:?\\d{2})?)?$", 0,
      0, NULL);
  g_autoptr(GMatchInfo) match = NULL;
  if (!g_regex_match(regex, text, 0, &match))
    return FALSE;
  g_autofree char *day = g_match_info_fetch(match, 1);
  g_autofree char *clock = g_match_info_fetch(match, 2);
  g_autofree char *fraction = g_match_info_fetch(match, 3);
  g_autofree char *zone = g_match_info_fetch(match, 4);
  gboolean has_clock = clock != NULL && *clock != '\0';
  g_autofree char *iso = g_strdup_printf("%sT%s%s%s", day, has_clock ? clock : "00:00:00",
                                         has_clock && strlen(clock) == 5 ? ":00" : "",
                                         zone != NULL && *zone != '\0' ? zone : "Z");
  g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(iso, NULL);
  if (time == NULL)
    return FALSE;
  *us = g_date_time_to_unix(time) * 1000000 + fraction_us(fraction);
  return TRUE;
}

JsonNode *
sim_json_string(const char *text)
{
  JsonNode *node = json_node_new(text != NULL ? JSON_NODE_VALUE : JSON_NODE_NULL);
  if (text != NULL)
    json_node_set_string(node, text);
  return node;
}

JsonNode *
sim_json_number(double value)
{
  JsonNode *node = json_node_new(JSON_NODE_VALUE);
  if (value == floor(value) && fabs(value) < 9.2e18)
    json_node_set_int(node, (gint64)value);
  else
    json_node_set_double(node, value);
  return node;
}

JsonNode *
sim_json_copy(JsonNode *node)
{
  return node != NULL ? json_node_copy(node) : json_node_new(JSON_NODE_NULL);
}

char *
sim_json_print(JsonNode *node)
{
  return json_to_string(node, FALSE);
}

char *
sim_json_print_object(JsonObject *object)
{
  g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
  json_node_set_object(node, object);
  return json_to_string(node, FALSE);
}

gboolean
sim_json_is_string(JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;
}

gboolean
sim_json_is_number(JsonNode *node)
{
  if (node == NULL || !JSON_NODE_HOLDS_VALUE(node))
    return FALSE;
  GType type = json_node_get_value_type(node);
  return (type == G_TYPE_INT64 || type == G_TYPE_DOUBLE) && isfinite(json_node_get_double(node));
}

JsonObject *
sim_json_object(JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

JsonArray *
sim_json_array(JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

const char *
sim_json_text(JsonObject *object, const char *key)
{
  JsonNode *node = object != NULL ? json_object_get_member(object, key) : NULL;
  return sim_json_is_string(node) ? json_node_get_string(node) : NULL;
}

gint64
sim_json_int(JsonObject *object, const char *key, gint64 fallback)
{
  JsonNode *node = object != NULL ? json_object_get_member(object, key) : NULL;
  return sim_json_is_number(node) ? (gint64)json_node_get_double(node) : fallback;
}

gboolean
sim_json_flag(JsonObject *object, const char *key, gboolean fallback)
{
  JsonNode *node = object != NULL ? json_object_get_member(object, key) : NULL;
  if (node == NULL || !JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_BOOLEAN)
    return fallback;
  return json_node_get_boolean(node);
}

static char *
inspect_array(JsonArray *array)
{
  g_autoptr(GString) out = g_string_new("[");
  guint length = json_array_get_length(array);
  for (guint i = 0; i < length; i++) {
    g_autofree char *item = sim_json_inspect(json_array_get_element(array, i));
    g_string_append_printf(out, "%s%s", i > 0 ? ", " : " ", item);
  }
  g_string_append(out, length > 0 ? " ]" : "]");
  return g_string_free(g_steal_pointer(&out), FALSE);
}

static char *
inspect_object(JsonObject *object)
{
  g_autoptr(GString) out = g_string_new("{");
  g_autoptr(GList) keys = json_object_get_members(object);
  for (GList *l = keys; l != NULL; l = l->next) {
    g_autofree char *item = sim_json_inspect(json_object_get_member(object, l->data));
    g_string_append_printf(out, "%s%s: %s", l != keys ? ", " : " ", (char *)l->data, item);
  }
  g_string_append(out, keys != NULL ? " }" : "}");
  return g_string_free(g_steal_pointer(&out), FALSE);
}

char *
sim_json_inspect(JsonNode *node)
{
  if (node == NULL || JSON_NODE_HOLDS_NULL(node))
    return g_strdup("null");
  if (JSON_NODE_HOLDS_ARRAY(node))
    return inspect_array(json_node_get_array(node));
  if (JSON_NODE_HOLDS_OBJECT(node))
    return inspect_object(json_node_get_object(node));
  if (sim_json_is_string(node))
    return g_strdup_printf("'%s'", json_node_get_string(node));
  if (!sim_json_is_number(node) && json_node_get_value_type(node) != G_TYPE_BOOLEAN)
    return g_strdup(isnan(json_node_get_double(node)) ? "NaN" : "Infinity");
  return json_to_string(node, FALSE);
}

static int
compare_text(gconstpointer a, gconstpointer b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

char *
sim_search_vector(const char *text)
{
  g_autofree char *lower = g_utf8_strdown(text != NULL ? text : "", -1);
  g_auto(GStrv) words = g_regex_split_simple("[^\\p{L}\\p{N}.@]+", lower, 0, 0);
  g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(g_free);
  guint place = 0;
  for (guint i = 0; words[i] != NULL; i++) {
    if (*words[i] != '\0')
      g_ptr_array_add(parts, g_strdup_printf("'%s':%u", words[i], ++place));
  }
  g_ptr_array_sort(parts, compare_text);
  g_ptr_array_add(parts, NULL);
  return g_strjoinv(" ", (char **)parts->pdata);
}

char *
sim_capital(const char *name)
{
  char *copy = g_strdup(name);
  *copy = g_ascii_toupper(*copy);
  return copy;
}

char *
sim_camel(const char *label)
{
  g_auto(GStrv) words = g_strsplit_set(label, " -_", -1);
  g_autoptr(GString) out = g_string_new(NULL);
  for (guint i = 0; words[i] != NULL; i++) {
    g_autofree char *word = g_ascii_strdown(words[i], -1);
    if (out->len > 0)
      *word = g_ascii_toupper(*word);
    g_string_append(out, word);
  }
  return g_string_free(g_steal_pointer(&out), FALSE);
}

char *
sim_sha1_base64(const char *data, gsize length)
{
  g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA1);
  g_checksum_update(sum, (const guchar *)data, (gssize)length);
  guint8 digest[20];
  gsize size = sizeof digest;
  g_checksum_get_digest(sum, digest, &size);
  char *text = g_base64_encode(digest, size);
  text[27] = '\0'; /* the server's tag leaves the padding out */
  return text;
}

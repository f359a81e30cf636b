/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-json.h"
#include "prg-rules-private.h"
#include "prg-rules-shape.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* The line of @path, or of the nearest thing around it: a key that is missing has no line of its own. */
static guint
find_line(GHashTable *lines, const char *path)
{
  g_autofree char *near = g_strdup(path);

  for (gsize length = strlen(near); length > 0; length--) {
    gpointer line;

    near[length] = '\0';
    line = g_hash_table_lookup(lines, near);
    if (line != NULL)
      return GPOINTER_TO_UINT(line);
    while (length > 1 && near[length - 1] != '.' && near[length - 1] != '[')
      length--;
  }
  return 1;
}

void
prg_rules_fault_free(PrgRulesFault *self)
{
  g_free(self->path);
  g_free(self->problem);
  g_free(self);
}

void
prg_rules_check_tell(PrgRulesCheck *self, guint line, const char *path, const char *problem)
{
  PrgRulesFault *fault = g_new0(PrgRulesFault, 1);

  fault->line = line;
  fault->path = g_strdup(*path != '\0' ? path : _("the whole file"));
  fault->problem = g_strdup(problem);
  g_ptr_array_add(self->faults, fault);
}

void
prg_rules_check_fail(PrgRulesCheck *self, const char *path, const char *found, const char *expected)
{
  g_autofree char *problem = g_strdup_printf(_("found %s, expected %s"), found, expected);

  prg_rules_check_tell(self, find_line(self->lines, path), path, problem);
}

/* A value in words, short enough for a message. */
static char *
describe(JsonNode *node)
{
  g_autofree char *text = NULL;
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  switch (json_node_get_node_type(node)) {
  case JSON_NODE_OBJECT:
    return g_strdup(_("an object"));
  case JSON_NODE_ARRAY:
    return g_strdup_printf(_("an array of %u"), json_array_get_length(json_node_get_array(node)));
  case JSON_NODE_NULL:
    return g_strdup("null");
  case JSON_NODE_VALUE:
  default:
    break;
  }
  if (json_node_get_value_type(node) == G_TYPE_BOOLEAN)
    return g_strdup(json_node_get_boolean(node) ? "true" : "false");
  if (json_node_get_value_type(node) == G_TYPE_INT64)
    return g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
  if (json_node_get_value_type(node) == G_TYPE_DOUBLE)
    return g_strdup(g_ascii_formatd(buffer, sizeof buffer, "%.15g", json_node_get_double(node)));
  text = g_utf8_strlen(json_node_get_string(node), -1) > 80
             ? g_utf8_substring(json_node_get_string(node), 0, 80)
             : g_strdup(json_node_get_string(node));
  return prg_json_quote(text);
}

static void
fail_value(PrgRulesCheck *self, const char *path, JsonNode *node, const char *expected)
{
  g_autofree char *found = describe(node);

  prg_rules_check_fail(self, path, found, expected);
}

/* "one of a, b, c" */
static char *
list_keys(const PrgShapeField *fields)
{
  g_autoptr(GString) text = g_string_new(NULL);

  for (guint i = 0; fields[i].key != NULL; i++)
    g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", fields[i].key);
  return g_strdup_printf(_("one of %s"), text->str);
}

static const PrgShapeField *
find_field(const PrgShapeField *fields, const char *key)
{
  for (guint i = 0; fields[i].key != NULL; i++) {
    if (g_str_equal(fields[i].key, key))
      return &fields[i];
  }
  return NULL;
}

static char *
join(const char *path, const char *key)
{
  return *path == '\0' ? g_strdup(key) : g_strconcat(path, ".", key, NULL);
}

static void check_value(PrgRulesCheck *self, const char *path, JsonNode *node, const PrgShape *shape);

static void
check_known_key(PrgRulesCheck *self, const char *path, const PrgShapeField *fields, const char *key)
{
  g_autofree char *member_path = join(path, key);
  g_autofree char *expected = list_keys(fields);

  if (find_field(fields, key) == NULL)
    prg_rules_check_fail(self, member_path, _("an unknown key"), expected);
}

static void
check_field(PrgRulesCheck *self, const char *path, JsonObject *object, const PrgShapeField *field)
{
  g_autofree char *member_path = join(path, field->key);
  JsonNode *node = json_object_get_member(object, field->key);

  if (node != NULL)
    check_value(self, member_path, node, field->shape);
  else if (!field->optional)
    prg_rules_check_fail(self, member_path, _("no such key"), _(field->shape->expected));
}

static void
check_object(PrgRulesCheck *self, const char *path, JsonObject *object, const PrgShapeField *fields)
{
  JsonObjectIter iter;
  const char *key;

  json_object_iter_init_ordered(&iter, object);
  while (json_object_iter_next_ordered(&iter, &key, NULL))
    check_known_key(self, path, fields, key);
  for (guint i = 0; fields[i].key != NULL; i++)
    check_field(self, path, object, &fields[i]);
}

static void
check_variant(PrgRulesCheck *self, const char *path, JsonObject *object, const PrgShape *shape)
{
  g_autofree char *selector_path = join(path, shape->selector);
  g_autofree char *expected = list_keys(shape->fields);
  JsonNode *node = json_object_get_member(object, shape->selector);
  const PrgShapeField *variant = NULL;

  if (node == NULL) {
    prg_rules_check_fail(self, selector_path, _("no such key"), expected);
    return;
  }
  if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING)
    variant = find_field(shape->fields, json_node_get_string(node));
  if (variant == NULL)
    fail_value(self, selector_path, node, expected);
  else
    check_object(self, path, object, variant->shape->fields);
}

static void
check_map(PrgRulesCheck *self, const char *path, JsonNode *node, const PrgShape *shape)
{
  JsonObject *object = json_node_get_object(node);
  JsonObjectIter iter;
  const char *key;
  JsonNode *member;

  if (json_object_get_size(object) < shape->min || json_object_get_size(object) > shape->max) {
    fail_value(self, path, node, _(shape->expected));
    return;
  }
  json_object_iter_init_ordered(&iter, object);
  while (json_object_iter_next_ordered(&iter, &key, &member)) {
    g_autofree char *member_path = join(path, key);

    if (shape->is_valid(key))
      check_value(self, member_path, member, shape->items);
    else
      prg_rules_check_fail(self, member_path, _("an unknown key"), _(shape->expected));
  }
}

static void
check_array(PrgRulesCheck *self, const char *path, JsonNode *node, const PrgShape *shape)
{
  JsonArray *array = json_node_get_array(node);
  guint length = json_array_get_length(array);

  if (length < shape->min || length > shape->max) {
    fail_value(self, path, node, _(shape->expected));
    return;
  }
  for (guint i = 0; i < length; i++) {
    g_autofree char *element_path = g_strdup_printf("%s[%u]", path, i);

    check_value(self, element_path, json_array_get_element(array, i), shape->items);
  }
}

/* Whether @node has the JSON type that @shape asks for. */
static gboolean
has_type(JsonNode *node, PrgShapeType type)
{
  GType value_type = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node) : G_TYPE_INVALID;

  switch (type) {
  case PRG_SHAPE_BOOLEAN:
    return value_type == G_TYPE_BOOLEAN;
  case PRG_SHAPE_INTEGER:
    return value_type == G_TYPE_INT64;
  case PRG_SHAPE_NUMBER:
    return value_type == G_TYPE_INT64 || value_type == G_TYPE_DOUBLE;
  case PRG_SHAPE_STRING:
    return value_type == G_TYPE_STRING;
  case PRG_SHAPE_ARRAY:
    return JSON_NODE_HOLDS_ARRAY(node);
  case PRG_SHAPE_MAP:
  case PRG_SHAPE_OBJECT:
  case PRG_SHAPE_VARIANT:
  default:
    return JSON_NODE_HOLDS_OBJECT(node);
  }
}

static void
check_number(PrgRulesCheck *self, const char *path, JsonNode *node, const PrgShape *shape)
{
  double value = json_node_get_double(node);

  if (value < shape->min || value > shape->max)
    fail_value(self, path, node, _(shape->expected));
}

static void
check_value(PrgRulesCheck *self, const char *path, JsonNode *node, const PrgShape *shape)
{
  if (!has_type(node, shape->type)) {
    fail_value(self, path, node, _(shape->expected));
    return;
  }
  switch (shape->type) {
  case PRG_SHAPE_INTEGER:
  case PRG_SHAPE_NUMBER:
    check_number(self, path, node, shape);
    break;
  case PRG_SHAPE_STRING:
    if (!shape->is_valid(json_node_get_string(node)))
      fail_value(self, path, node, _(shape->expected));
    break;
  case PRG_SHAPE_ARRAY:
    check_array(self, path, node, shape);
    break;
  case PRG_SHAPE_MAP:
    check_map(self, path, node, shape);
    break;
  case PRG_SHAPE_OBJECT:
    check_object(self, path, json_node_get_object(node), shape->fields);
    break;
  case PRG_SHAPE_VARIANT:
    check_variant(self, path, json_node_get_object(node), shape);
    break;
  case PRG_SHAPE_BOOLEAN:
  default:
    break;
  }
}

void
prg_rules_check_shape(PrgRulesCheck *self, JsonNode *root)
{
  check_value(self, "", root, &prg_rules_shape);
}

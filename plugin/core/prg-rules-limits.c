/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-rules-private.h"

#include <glib/gi18n-lib.h>

/* No award of the catalogue is larger than what it lets one event bring. */

static void check_xp(PrgRulesCheck *self, const char *path, JsonNode *node, gint64 most);

static void
check_amount(PrgRulesCheck *self, const char *path, JsonNode *node, gint64 most)
{
  g_autofree char *found = NULL;

  if (json_node_get_int(node) <= most)
    return;
  found = g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
  prg_rules_check_fail(self, path, found, _("limits.maxAmount at most"));
}

static void
check_members(PrgRulesCheck *self, const char *path, JsonObject *object, gint64 most)
{
  JsonObjectIter iter;
  const char *key;
  JsonNode *node;

  json_object_iter_init_ordered(&iter, object);
  while (json_object_iter_next_ordered(&iter, &key, &node)) {
    g_autofree char *member_path = g_strconcat(path, ".", key, NULL);

    if (g_str_equal(key, "xp"))
      check_amount(self, member_path, node, most);
    else
      check_xp(self, member_path, node, most);
  }
}

/* Every "xp" in or below @node. */
static void
check_xp(PrgRulesCheck *self, const char *path, JsonNode *node, gint64 most)
{
  JsonArray *array = JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

  if (JSON_NODE_HOLDS_OBJECT(node))
    check_members(self, path, json_node_get_object(node), most);
  for (guint i = 0; array != NULL && i < json_array_get_length(array); i++) {
    g_autofree char *element_path = g_strdup_printf("%s[%u]", path, i);

    check_xp(self, element_path, json_array_get_element(array, i), most);
  }
}

void
prg_rules_check_limits(PrgRulesCheck *self, JsonObject *root)
{
  static const char *const sections[] = { "sources", "modules", "bosses", "badges" };
  gint64 most = json_object_get_int_member(json_object_get_object_member(root, "limits"), "maxAmount");

  for (guint i = 0; i < G_N_ELEMENTS(sections); i++)
    check_xp(self, sections[i], json_object_get_member(root, sections[i]), most);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-keyring-quiet.h"

/* A proxy for a well-known name follows the name's owner, with a match rule. */
static void
name_owner(guint n_properties, GObjectConstructParam *properties)
{
  GValue *name = NULL;
  GDBusProxy *service = NULL;

  for (guint i = 0; i < n_properties; i++)
    if (g_str_equal(properties[i].pspec->name, "g-name"))
      name = properties[i].value;
    else if (g_str_equal(properties[i].pspec->name, "service"))
      service = g_value_get_object(properties[i].value);
  if (name == NULL || service == NULL)
    return;
  g_autofree char *owner = g_dbus_proxy_get_name_owner(service);
  if (owner != NULL)
    g_value_set_string(name, owner);
}

GObject *
prg_keyring_quiet_constructor(GType type, guint n_properties, GObjectConstructParam *properties)
{
  GObjectClass *parent_class = g_type_class_peek_parent(g_type_class_peek(type));

  name_owner(n_properties, properties);
  GObject *object = parent_class->constructor(type, n_properties, properties);
  g_object_set(object, "g-bus-type", G_BUS_TYPE_NONE, "g-flags", G_DBUS_PROXY_FLAGS_NO_MATCH_RULE, NULL);
  return object;
}

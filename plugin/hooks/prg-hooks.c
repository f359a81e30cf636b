/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define PRG_EXPORT __attribute__((visibility("default")))

#include "prg-plugin.h"
#include "prg-service.h"

#define FLUSH_MS 3000

struct _PrgPlugin {
  PrgService *service; /* (owned) */
  PrgPluginStopped callback;
  gpointer user_data;
};

const PrgPluginInfo *
lids_progression_query(void)
{
  static const PrgPluginInfo info = {
    .abi_version = LIDS_PROGRESSION_ABI_VERSION,
    .size = sizeof(PrgPluginInfo),
    .name = "lids-progression",
    .version = PRG_VERSION,
    .bus_name = PRG_SERVICE_NAME,
    .object_path = PRG_SERVICE_PATH,
  };

  return &info;
}

PrgPlugin *
lids_progression_start(GDBusConnection *connection, GMainContext *context, GError **error)
{
  g_return_val_if_fail(G_IS_DBUS_CONNECTION(connection), NULL);
  if (g_dbus_connection_is_closed(connection)) {
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The connection to the bus is closed");
    return NULL;
  }
  PrgService *service =
      prg_service_start(connection, context ? context : g_main_context_default(), PRG_SCHEMA_DIR, error);
  if (service == NULL)
    return NULL;
  PrgPlugin *plugin = g_new0(PrgPlugin, 1);
  plugin->service = service;
  return plugin;
}

static void
on_stopped(gpointer user_data)
{
  g_autofree PrgPlugin *plugin = user_data;

  if (plugin->callback)
    plugin->callback(plugin->user_data);
}

void
lids_progression_stop(PrgPlugin *plugin, PrgPluginStopped callback, gpointer user_data)
{
  g_return_if_fail(plugin != NULL);
  plugin->callback = callback;
  plugin->user_data = user_data;
  prg_service_stop(g_steal_pointer(&plugin->service), FLUSH_MS, on_stopped, plugin);
}

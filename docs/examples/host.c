/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host of the plugin: serves org.lids.Progression from this process until SIGTERM or SIGINT. Usage: host PLUGIN
 *   cc -o host host.c $(pkg-config --cflags --libs gio-2.0 gmodule-2.0) */
#include <glib-unix.h>
#include <gmodule.h>
#include <lids-progression/prg-plugin.h>

static PrgPluginStopFunc stop;
static PrgPlugin *plugin;

static gboolean
load_and_start(const char *path, GDBusConnection *connection, GError **error)
{
  GModule *module = g_module_open_full(path, G_MODULE_BIND_LOCAL, error); /* stays loaded */
  PrgPluginQueryFunc query = NULL;
  PrgPluginStartFunc start = NULL;

  if (module == NULL)
    return FALSE;
  if (!g_module_symbol(module, "lids_progression_query", (gpointer *)&query) ||
      query()->abi_version != LIDS_PROGRESSION_ABI_VERSION ||
      !g_module_symbol(module, "lids_progression_start", (gpointer *)&start) ||
      !g_module_symbol(module, "lids_progression_stop", (gpointer *)&stop)) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                "%s does not speak ABI %d; install the release that does", path,
                LIDS_PROGRESSION_ABI_VERSION);
    return FALSE;
  }
  plugin =
      start(connection, NULL, error); /* returns at once; NULL: all happens in the default main context */
  return plugin != NULL;
}

static gboolean
on_signal(gpointer loop)
{
  if (plugin != NULL) /* the loop runs until the plugin is through: then it ends the loop */
    stop(g_steal_pointer(&plugin), (PrgPluginStopped)g_main_loop_quit, loop);
  return G_SOURCE_CONTINUE;
}

int
main(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
  g_autoptr(GDBusConnection) connection = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, &error);

  if (argc != 2 || connection == NULL || !load_and_start(argv[1], connection, &error)) {
    g_printerr("%s\n", error != NULL ? error->message : "Usage: host PLUGIN");
    return 1;
  }
  g_unix_signal_add(SIGTERM, on_signal, loop);
  g_unix_signal_add(SIGINT, on_signal, loop);
  g_main_loop_run(loop);
  return 0;
}

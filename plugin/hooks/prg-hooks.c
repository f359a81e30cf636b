/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define PRG_EXPORT __attribute__((visibility("default")))

#include "prg-plugin.h"
#include "prg-service.h"

#include <glib/gi18n-lib.h>

#define FLUSH_MS 3000

struct _PrgPlugin {
  PrgService *service;   /* (owned) */
  GMainContext *context; /* (owned) */
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

/* GLib knows one type of a name in a process, so one copy of this object works there. A second one comes with an
 * upgrade under a running host, or from another folder. */
static gboolean
is_only_copy(void)
{
  static gsize answer; /* 1: the types are this copy's, 2: another's */

  if (g_once_init_enter(&answer))
    g_once_init_leave(&answer, g_type_from_name("PrgSession") == 0 ? 1 : 2);
  return answer == 1;
}

static gboolean
check_connection(GDBusConnection *connection, GError **error)
{
  if (!G_IS_DBUS_CONNECTION(connection) || g_dbus_connection_get_unique_name(connection) == NULL) {
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                        _("The plugin needs a connection to a message bus; lend it the session bus"));
    return FALSE;
  }
  if (g_dbus_connection_is_closed(connection)) {
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CLOSED,
                        _("The connection to the bus is closed; lend the plugin another one"));
    return FALSE;
  }
  return TRUE;
}

static PrgPlugin *
start(GDBusConnection *connection, GMainContext *context, GError **error)
{
  PrgService *service = prg_service_start(connection, context, PRG_SCHEMA_DIR, error);

  if (service == NULL)
    return NULL;
  PrgPlugin *plugin = g_new0(PrgPlugin, 1);
  plugin->service = service;
  plugin->context = g_main_context_ref(context);
  return plugin;
}

/* The host has chosen the locale, and it stays as it is: only our own domain is told where its translations are. */
static void
bind_translations(void)
{
  const char *directory = g_getenv("LIDS_PROGRESSION_LOCALEDIR");

  bindtextdomain(GETTEXT_PACKAGE, directory ? directory : PRG_LOCALE_DIR);
  bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
}

PrgPlugin *
lids_progression_start(GDBusConnection *connection, GMainContext *context, GError **error)
{
  GMainContext *used = context ? context : g_main_context_default();

  bind_translations();
  if (!check_connection(connection, error))
    return NULL;
  if (!is_only_copy()) {
    g_set_error_literal(
        error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
        _("Another copy of the plugin works in this process; restart the program to use this one"));
    return NULL;
  }
  if (!g_main_context_acquire(used)) {
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_BUSY,
                        _("Another thread iterates the main context; start the plugin from that one"));
    return NULL;
  }
  PrgPlugin *plugin = start(connection, used, error);
  g_main_context_release(used);
  return plugin;
}

static void
on_stopped(gpointer user_data)
{
  g_autofree PrgPlugin *plugin = user_data;
  g_autoptr(GMainContext) context G_GNUC_UNUSED = plugin->context;

  if (plugin->callback)
    plugin->callback(plugin->user_data);
}

static gboolean
on_stop(gpointer user_data)
{
  PrgPlugin *plugin = user_data;

  prg_service_stop(g_steal_pointer(&plugin->service), FLUSH_MS, on_stopped, plugin);
  return G_SOURCE_REMOVE;
}

void
lids_progression_stop(PrgPlugin *plugin, PrgPluginStopped callback, gpointer user_data)
{
  g_return_if_fail(plugin != NULL);
  plugin->callback = callback;
  plugin->user_data = user_data;
  /* At once where this thread has the context, and from its loop otherwise. */
  g_main_context_invoke(plugin->context, on_stop, plugin);
}

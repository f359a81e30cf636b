/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host of its own for the plugin: loads the shared object, lends it a bus connection and a main loop, and
 * stops it in order. */
#include "prg-load.h"

#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <locale.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

typedef struct {
  GMainLoop *loop;             /* (owned) */
  GDBusConnection *connection; /* (owned) (nullable) */
  PrgLoaded loaded;
  PrgPlugin *plugin; /* (owned) (nullable) */
  gboolean is_stopping;
} Daemon;

/* The token passes through this process's memory: no core file, no debugger of another program, no readable
 * files. */
static void
harden(void)
{
  const struct rlimit none = { 0, 0 };

  if (setrlimit(RLIMIT_CORE, &none) != 0)
    g_warning("Core files cannot be switched off");
  if (prctl(PR_SET_DUMPABLE, 0) != 0)
    g_warning("This process stays dumpable");
  umask(077);
}

/* The plugin leaves the locale alone, as it does in any host. */
static void
choose_language(void)
{
  const char *directory = g_getenv("LIDS_PROGRESSION_LOCALEDIR");

  setlocale(LC_ALL, "");
  bindtextdomain(GETTEXT_PACKAGE, directory ? directory : PRG_LOCALE_DIR);
  bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
  textdomain(GETTEXT_PACKAGE);
}

static gboolean
load(Daemon *self, const char *path)
{
  g_autoptr(GError) error = NULL;

  if (prg_load(path, &self->loaded, &error))
    return TRUE;
  g_printerr(_("The plugin cannot be loaded: %s\n"), error->message);
  return FALSE;
}

static void
on_stopped(gpointer user_data)
{
  Daemon *self = user_data;

  g_main_loop_quit(self->loop);
}

static void
stop(Daemon *self)
{
  if (self->is_stopping)
    return;
  self->is_stopping = TRUE;
  self->loaded.stop(g_steal_pointer(&self->plugin), on_stopped, self);
}

static gboolean
on_signal(gpointer user_data)
{
  stop(user_data);
  return G_SOURCE_CONTINUE;
}

static void
on_bus_closed(GDBusConnection *connection, gboolean remote_peer_vanished, GError *error, gpointer user_data)
{
  stop(user_data);
}

static gboolean
connect_bus(Daemon *self)
{
  g_autoptr(GError) error = NULL;

  self->connection = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, &error);
  if (self->connection == NULL) {
    g_printerr(_("There is no session bus: %s\n"), error->message);
    return FALSE;
  }
  g_dbus_connection_set_exit_on_close(self->connection, FALSE);
  g_signal_connect(self->connection, "closed", G_CALLBACK(on_bus_closed), self);
  self->plugin = self->loaded.start(self->connection, NULL, &error);
  if (self->plugin == NULL)
    g_printerr(_("The service cannot start: %s\n"), error->message);
  return self->plugin != NULL;
}

static int
run(Daemon *self)
{
  guint sources[2];

  if (!connect_bus(self))
    return 1;
  sources[0] = g_unix_signal_add(SIGTERM, on_signal, self);
  sources[1] = g_unix_signal_add(SIGINT, on_signal, self);
  g_main_loop_run(self->loop);
  for (guint i = 0; i < G_N_ELEMENTS(sources); i++)
    g_source_remove(sources[i]);
  g_signal_handlers_disconnect_by_data(self->connection, self);
  return 0;
}

int
main(int argc, char **argv)
{
  const char *path = g_getenv("LIDS_PROGRESSION_PLUGIN");
  Daemon self = { 0 };
  int status = 1;

  harden();
  choose_language();
  self.loop = g_main_loop_new(NULL, FALSE);
  if (argc > 1)
    g_printerr(_("%s takes no arguments; the path of the plugin may be set in LIDS_PROGRESSION_PLUGIN\n"),
               argv[0]);
  else if (load(&self, path ? path : PRG_PLUGIN_PATH))
    status = run(&self);
  g_clear_object(&self.connection);
  g_main_loop_unref(self.loop);
  return status;
}

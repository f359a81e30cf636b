/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A small host of the plugin, steered by lines on standard input: query, start, again, stop, spin, connect, close, quit.
 * It answers
 * each with a line. */
#include "prg-plugin.h"

#include <dlfcn.h>
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>

typedef struct {
  GMainContext *context;       /* (owned) (nullable) NULL = the default one */
  GMainLoop *loop;             /* (owned) */
  GIOChannel *input;           /* (owned) */
  GDBusConnection *connection; /* (owned) (nullable) */
  PrgPlugin *plugin;           /* (owned) (nullable) */
  const PrgPluginInfo *(*query)(void);
  PrgPlugin *(*start)(GDBusConnection *connection, GMainContext *context, GError **error);
  void (*stop)(PrgPlugin *plugin, PrgPluginStopped callback, gpointer user_data);
} Host;

static void G_GNUC_PRINTF(1, 2) say(const char *format, ...)
{
  va_list arguments;

  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  putchar('\n');
  fflush(stdout);
}

static gboolean
load(Host *self, const char *path)
{
  void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);

  if (module == NULL) {
    say("error %s", dlerror());
    return FALSE;
  }
  *(void **)&self->query = dlsym(module, "lids_progression_query");
  *(void **)&self->start = dlsym(module, "lids_progression_start");
  *(void **)&self->stop = dlsym(module, "lids_progression_stop");
  /* It must survive this: its types cannot be unregistered. */
  dlclose(module);
  return self->query != NULL && self->start != NULL && self->stop != NULL;
}

static GDBusConnection *
connect_bus(void)
{
  g_autofree char *address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SESSION, NULL, NULL);

  return g_dbus_connection_new_for_address_sync(
      address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
      NULL, NULL, NULL);
}

static void
do_query(Host *self)
{
  const PrgPluginInfo *info = self->query();

  say("info %u %u %s %s %s %s", info->abi_version, (guint)(info->size == sizeof *info), info->name,
      info->version, info->bus_name, info->object_path);
}

/* A host may end without stopping its plugin; it still knew it. */
static PrgPlugin *volatile last_started;

static PrgPlugin *
do_start(Host *self)
{
  g_autoptr(GError) error = NULL;

  if (self->connection == NULL)
    self->connection = connect_bus();
  PrgPlugin *plugin = self->start(self->connection, self->context, &error);
  if (g_main_context_get_thread_default() != self->context)
    say("error the thread's default context was changed");
  else if (plugin == NULL)
    say("refused %s", error->message);
  else
    say("started");
  last_started = plugin;
  return last_started;
}

static void
on_stopped(gpointer user_data)
{
  say("stopped");
}

/* Another connection, in the place of one that may be dead. */
static void
do_connect(Host *self)
{
  g_clear_object(&self->connection);
  self->connection = connect_bus();
  say(self->connection != NULL ? "connected" : "error connect");
}

/* What is still to be dispatched after a stop would run in a host that may have gone. */
static void
do_spin(Host *self)
{
  guint dispatched = 0;
  gint64 end = g_get_monotonic_time() + G_USEC_PER_SEC;
  g_autoptr(GMainContext) context =
      g_main_context_ref(self->context ? self->context : g_main_context_default());

  while (g_get_monotonic_time() < end && dispatched < 1000)
    if (g_main_context_iteration(context, FALSE))
      dispatched++;
    else
      g_usleep(1000);
  say("dispatched %u", dispatched);
}

static gboolean
obey(Host *self, const char *command)
{
  if (g_str_equal(command, "query"))
    do_query(self);
  else if (g_str_equal(command, "start"))
    self->plugin = do_start(self);
  else if (g_str_equal(command, "again"))
    (void)do_start(self);
  else if (g_str_equal(command, "stop"))
    self->stop(g_steal_pointer(&self->plugin), on_stopped, self);
  else if (g_str_equal(command, "spin"))
    do_spin(self);
  else if (g_str_equal(command, "connect"))
    do_connect(self);
  else if (g_str_equal(command, "close"))
    say(g_dbus_connection_close_sync(self->connection, NULL, NULL) ? "closed" : "error close");
  else
    return FALSE;
  return TRUE;
}

static gboolean
on_input(GIOChannel *channel, GIOCondition condition, gpointer user_data)
{
  Host *self = user_data;
  g_autofree char *line = NULL;

  if (g_io_channel_read_line(channel, &line, NULL, NULL, NULL) != G_IO_STATUS_NORMAL ||
      !obey(self, g_strchomp(line))) {
    g_main_loop_quit(self->loop);
    return G_SOURCE_REMOVE;
  }
  return G_SOURCE_CONTINUE;
}

static void
run(Host *self)
{
  g_autoptr(GSource) source = NULL;

  self->loop = g_main_loop_new(self->context, FALSE);
  self->input = g_io_channel_unix_new(0);
  source = g_io_create_watch(self->input, G_IO_IN | G_IO_HUP);
  g_source_set_callback(source, G_SOURCE_FUNC(on_input), self, NULL);
  g_source_attach(source, self->context);
  g_main_loop_run(self->loop);
  g_source_destroy(source);
  g_io_channel_unref(self->input);
  g_main_loop_unref(self->loop);
}

/* Usage: host PLUGIN default|own|none; "none": starts, and ends without ever running a main loop. */
int
main(int argc, char **argv)
{
  Host self = { 0 };

  if (argc != 3 || !load(&self, argv[1]))
    return 2;
  if (g_str_equal(argv[2], "none"))
    return do_start(&self) ? 0 : 1;
  if (g_str_equal(argv[2], "own"))
    self.context = g_main_context_new();
  if (self.context != NULL)
    g_main_context_push_thread_default(self.context);
  run(&self);
  if (self.context != NULL)
    g_main_context_pop_thread_default(self.context);
  g_clear_object(&self.connection);
  g_clear_pointer(&self.context, g_main_context_unref);
  return self.plugin == NULL ? 0 : 3;
}

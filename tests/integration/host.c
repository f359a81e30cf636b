/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host of the plugin that also does what no good host does, steered by lines on standard input (see obey()). It answers each
 * with a line. */
#include "prg-plugin.h"

#include <dlfcn.h>
#include <glib-unix.h>
#include <libintl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  GMainContext *context;       /* (owned) (nullable) NULL = the default one */
  GMainLoop *loop;             /* (owned) */
  GMainLoop *main_loop;        /* (owned) (nullable) beside that of a thread */
  GIOChannel *input;           /* (owned) */
  GDBusConnection *connection; /* (owned) (nullable) */
  PrgPlugin *plugin;           /* (owned) (nullable) */
  PrgPluginQueryFunc query;
  PrgPluginStartFunc start;
  PrgPluginStopFunc stop;
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

/* The call may return a moment before the connection knows that it is closed. */
static void
do_close(Host *self)
{
  gboolean done = g_dbus_connection_close_sync(self->connection, NULL, NULL);

  while (done && !g_dbus_connection_is_closed(self->connection))
    g_thread_yield();
  say(done ? "closed" : "error close");
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

/* The context's timeout, -1 where no timer or ready source is, and its number of files, of which one is its own. */
static void
do_sources(Host *self)
{
  g_autoptr(GMainContext) context =
      g_main_context_ref(self->context ? self->context : g_main_context_default());
  GPollFD files[64];
  int timeout, priority;

  g_main_context_prepare(context, &priority);
  int count = g_main_context_query(context, G_MAXINT, &timeout, files, G_N_ELEMENTS(files));
  say("sources %d %d", timeout, count);
}

static void
do_start_without(Host *self)
{
  g_autoptr(GError) error = NULL;

  last_started = self->start(NULL, self->context, &error);
  say(last_started ? "started" : "refused %s", last_started ? "" : error->message);
}

static gpointer
start_in_thread(gpointer user_data)
{
  Host *self = user_data;
  g_autoptr(GError) error = NULL;

  last_started = self->start(self->connection, self->context, &error);
  say(last_started ? "started" : "refused %s", last_started ? "" : error->message);
  return NULL;
}

static gpointer
stop_in_thread(gpointer user_data)
{
  Host *self = user_data;

  self->stop(g_steal_pointer(&self->plugin), on_stopped, self);
  return NULL;
}

static gboolean
obey(Host *self, const char *command)
{
  if (g_str_equal(command, "query"))
    do_query(self);
  else if (g_str_has_prefix(command, "load "))
    say(load(self, command + strlen("load ")) ? "loaded" : "error load");
  else if (g_str_equal(command, "sources"))
    do_sources(self);
  else if (g_str_equal(command, "start without a connection"))
    do_start_without(self);
  else if (g_str_equal(command, "start elsewhere"))
    g_thread_join(g_thread_new("elsewhere", start_in_thread, self));
  else if (g_str_equal(command, "stop elsewhere"))
    g_thread_join(g_thread_new("elsewhere", stop_in_thread, self));
  else if (g_str_equal(command, "start"))
    self->plugin = do_start(self);
  else if (g_str_equal(command, "again"))
    (void)do_start(self);
  else if (g_str_equal(command, "stop"))
    self->stop(g_steal_pointer(&self->plugin), on_stopped, self);
  else if (g_str_equal(command, "spin"))
    do_spin(self);
  else if (g_str_equal(command, "speak"))
    say(setlocale(LC_ALL, "") != NULL ? "speaks" : "error no such locale");
  else if (g_str_equal(command, "locale"))
    say("%s %s", setlocale(LC_ALL, NULL), textdomain(NULL));
  else if (g_str_equal(command, "connect"))
    do_connect(self);
  else if (g_str_equal(command, "close"))
    do_close(self);
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

/* Blocks, without a main loop, until a line comes. */
static void
wait_for_line(void)
{
  char byte;

  while (read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n')
    continue;
}

static void
run_in_own_context(Host *self)
{
  self->context = g_main_context_new();
  g_main_context_push_thread_default(self->context);
  run(self);
  g_main_context_pop_thread_default(self->context);
}

static gboolean
quit_main_loop(gpointer loop)
{
  g_main_loop_quit(loop);
  return G_SOURCE_REMOVE;
}

static gpointer
run_in_thread(gpointer user_data)
{
  Host *self = user_data;

  run_in_own_context(self);
  g_main_context_invoke(NULL, quit_main_loop, self->main_loop);
  return NULL;
}

/* The plugin lives in a thread, on a connection of the main thread, whose loop runs too. */
static void
run_beside_main_loop(Host *self)
{
  self->connection = connect_bus();
  self->main_loop = g_main_loop_new(NULL, FALSE);
  GThread *thread = g_thread_new("worker", run_in_thread, self);
  g_main_loop_run(self->main_loop);
  g_thread_join(thread);
  g_main_loop_unref(self->main_loop);
}

static int
run_mode(Host *self, const char *mode)
{
  if (g_str_equal(mode, "thread")) {
    run_beside_main_loop(self);
  } else if (g_str_equal(mode, "own")) {
    run_in_own_context(self);
  } else {
    if (!g_str_equal(mode, "default") && (self->plugin = do_start(self)) == NULL)
      return 1;
    if (g_str_equal(mode, "none"))
      return 0;
    if (g_str_equal(mode, "quitting")) {
      self->stop(g_steal_pointer(&self->plugin), on_stopped, self);
      return 0;
    }
    if (g_str_equal(mode, "late"))
      wait_for_line();
    run(self);
  }
  return self->plugin == NULL ? 0 : 3;
}

/* Usage: host PLUGIN MODE. In the default context (default), one of its own (own), one of its own in a thread (thread); started before
 * there is a loop, which waits for a line (late), or ends without one: at once (none), after a stop (quitting). */
int
main(int argc, char **argv)
{
  Host self = { 0 };

  if (argc != 3 || !load(&self, argv[1]))
    return 2;
  int code = run_mode(&self, argv[2]);
  g_clear_object(&self.connection);
  g_clear_pointer(&self.context, g_main_context_unref);
  return code;
}

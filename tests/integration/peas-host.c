/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plain host with libpeas 1.0, steered by lines on standard input: enable, disable, fork, drop, forget, quit. It
 * answers the first three with a line. */
#include <glib-unix.h>
#include <gmodule.h>
#include <libpeas/peas.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#define PLUGIN "lids-progression-peas"

typedef struct {
  GMainLoop *loop;              /* (owned) */
  PeasEngine *engine;           /* (owned) */
  PeasExtensionSet *extensions; /* (owned) */
  GIOChannel *input;            /* (owned) */
  gboolean is_forgetful;        /* ends without taking anything down */
} Host;

static void
say(const char *text)
{
  puts(text);
  fflush(stdout);
}

static void
on_added(PeasExtensionSet *set, PeasPluginInfo *info, PeasExtension *extension, gpointer user_data)
{
  peas_activatable_activate(PEAS_ACTIVATABLE(extension));
}

static void
on_removed(PeasExtensionSet *set, PeasPluginInfo *info, PeasExtension *extension, gpointer user_data)
{
  peas_activatable_deactivate(PEAS_ACTIVATABLE(extension));
}

/* A child that ends as a program does, and not by _exit(). */
static gboolean
child_ends(void)
{
  int status = 1;
  pid_t child = fork();

  if (child == 0)
    exit(0);
  return waitpid(child, &status, 0) == child && status == 0;
}

static void
obey(Host *self, const char *command)
{
  PeasPluginInfo *info = peas_engine_get_plugin_info(self->engine, PLUGIN);

  if (g_str_equal(command, "enable"))
    say(peas_engine_load_plugin(self->engine, info) ? "enabled" : "error enable");
  else if (g_str_equal(command, "disable"))
    say(peas_engine_unload_plugin(self->engine, info) ? "disabled" : "error disable");
  else if (g_str_equal(command, "fork"))
    say(child_ends() ? "ended" : "error fork");
  else
    g_main_loop_quit(self->loop);
  if (g_str_equal(command, "drop")) /* and the loop ends before the plugin has stopped */
    peas_engine_unload_plugin(self->engine, info);
  self->is_forgetful = g_str_equal(command, "forget");
}

static gboolean
on_input(GIOChannel *channel, GIOCondition condition, gpointer user_data)
{
  Host *self = user_data;
  g_autofree char *line = NULL;

  if (g_io_channel_read_line(channel, &line, NULL, NULL, NULL) != G_IO_STATUS_NORMAL) {
    g_main_loop_quit(self->loop);
    return G_SOURCE_REMOVE;
  }
  obey(self, g_strchomp(line));
  return G_SOURCE_CONTINUE;
}

/* Usage: peas-host FOLDER [LIBRARY]: where the module and its description are; what this program uses otherwise. */
int
main(int argc, char **argv)
{
  static Host self;

  if (argc < 2 || (argc > 2 && g_module_open(argv[2], 0) == NULL))
    return 2;
  self.loop = g_main_loop_new(NULL, FALSE);
  self.engine = peas_engine_new();
  peas_engine_add_search_path(self.engine, argv[1], NULL);
  self.extensions = peas_extension_set_new(self.engine, PEAS_TYPE_ACTIVATABLE, "object", self.engine, NULL);
  g_signal_connect(self.extensions, "extension-added", G_CALLBACK(on_added), &self);
  g_signal_connect(self.extensions, "extension-removed", G_CALLBACK(on_removed), &self);
  self.input = g_io_channel_unix_new(0);
  g_io_add_watch(self.input, G_IO_IN | G_IO_HUP, on_input, &self);
  g_main_loop_run(self.loop);
  if (self.is_forgetful)
    return 0;
  g_io_channel_unref(self.input);
  g_object_unref(self.extensions);
  g_object_unref(self.engine);
  g_main_loop_unref(self.loop);
  return 0;
}

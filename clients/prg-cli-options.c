/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-cli.h"

#include <glib/gi18n-lib.h>
#include <stdarg.h>
#include <string.h>

int
prg_cli_usage(const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start(arguments, format);
  message = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  g_printerr("%s\n", message);
  return PRG_EXIT_USAGE;
}

char *
prg_cli_show(const char *bytes)
{
  return g_utf8_validate(bytes, -1, NULL) ? g_strdup(bytes) : g_strescape(bytes, NULL);
}

const char *
prg_cli_arguments(const PrgCliCommand *command)
{
  return *command->arguments ? _(command->arguments) : "";
}

/* @word as UTF-8: valid UTF-8 stays as it is, whatever the locale is; else it is in the locale's encoding. (transfer full) (nullable) if it
 * is neither, which is told: the bus would make all such words into one. */
static char *
to_utf8(const char *word)
{
  char *text =
      g_utf8_validate(word, -1, NULL) ? g_strdup(word) : g_locale_to_utf8(word, -1, NULL, NULL, NULL);
  g_autofree char *shown = text ? NULL : prg_cli_show(word);

  if (text == NULL)
    prg_cli_usage(
        _("“%s” is neither UTF-8 nor in the encoding of this locale. Write it in UTF-8, or set LC_ALL to a "
          "locale that has its encoding"),
        shown);
  return text;
}

/* (transfer full) (nullable) with the command's name before them */
static GStrv
read_arguments(const PrgCliCommand *command, int argc, char **argv)
{
  g_auto(GStrv) arguments = g_new0(char *, (gsize)argc + 1);

  for (int i = 0; i < argc; i++)
    if ((arguments[i] = command->takes_files ? g_strdup(argv[i]) : to_utf8(argv[i])) == NULL)
      return NULL;
  return g_steal_pointer(&arguments);
}

/* GLib would convert a value from the locale's encoding. It is UTF-8 already, and is taken as a file's name is. */
static void
take_as_they_are(GOptionEntry *entries)
{
  for (; entries->long_name; entries++)
    if (entries->arg == G_OPTION_ARG_STRING)
      entries->arg = G_OPTION_ARG_FILENAME;
}

int
prg_cli_parse(PrgCli *cli,
              const PrgCliCommand *command,
              GOptionEntry *entries,
              int argc,
              char **argv,
              guint minimum,
              guint maximum,
              char ***words)
{
  g_autofree char *usage = g_strdup_printf("%s %s", command->name, prg_cli_arguments(command));
  g_autoptr(GOptionContext) context = g_option_context_new(usage);
  g_auto(GStrv) arguments = read_arguments(command, argc, argv);
  g_autoptr(GError) error = NULL;
  GOptionEntry global[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &cli->json, N_("Print JSON instead of text"), NULL },
    G_OPTION_ENTRY_NULL,
  };

  if (arguments == NULL)
    return PRG_EXIT_USAGE;
  g_option_context_set_translation_domain(context, GETTEXT_PACKAGE);
  g_option_context_set_summary(context, command->summary);
  if (entries) {
    take_as_they_are(entries);
    g_option_context_add_main_entries(context, entries, NULL);
  }
  g_option_context_add_main_entries(context, global, NULL);
  if (!g_option_context_parse_strv(context, &arguments, &error))
    return prg_cli_usage("%s", error->message);
  char **first = arguments + (g_strcmp0(arguments[1], "--") == 0 ? 2 : 1);
  guint n = g_strv_length(first);
  if (n < minimum || n > maximum)
    return prg_cli_usage(_("Usage: progression %s"), usage);
  *words = g_strdupv(first);
  return PRG_EXIT_OK;
}

int
prg_cli_parse_time(const char *text, gint64 *microseconds)
{
  g_autoptr(GTimeZone) zone = g_time_zone_new_local();
  g_autofree char *full = strlen(text) == 10 ? g_strconcat(text, "T00:00:00", NULL) : g_strdup(text);
  g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(full, zone);

  if (time == NULL)
    return prg_cli_usage(_("“%s” is no time: write 2026-03-01, 2026-03-01T09:30 or 2026-03-01T09:30:00Z"),
                         text);
  *microseconds = g_date_time_to_unix(time) * G_USEC_PER_SEC + g_date_time_get_microsecond(time);
  return PRG_EXIT_OK;
}

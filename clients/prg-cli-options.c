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

const char *
prg_cli_arguments(const PrgCliCommand *command)
{
  return *command->arguments ? _(command->arguments) : "";
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
  g_autoptr(GError) error = NULL;
  GOptionEntry global[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &cli->json, N_("Print JSON instead of text"), NULL },
    G_OPTION_ENTRY_NULL,
  };

  g_option_context_set_translation_domain(context, GETTEXT_PACKAGE);
  g_option_context_set_summary(context, command->summary);
  if (entries)
    g_option_context_add_main_entries(context, entries, NULL);
  g_option_context_add_main_entries(context, global, NULL);
  if (!g_option_context_parse(context, &argc, &argv, &error))
    return prg_cli_usage("%s", error->message);
  guint n = (guint)MAX(argc - 1, 0);
  if (n > 0 && g_str_equal(argv[1], "--")) {
    argv++;
    n--;
  }
  if (n < minimum || n > maximum)
    return prg_cli_usage(_("Usage: progression %s"), usage);
  *words = g_new0(char *, n + 1);
  for (guint i = 0; i < n; i++)
    (*words)[i] = g_strdup(argv[i + 1]);
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-cli.h"

#include <json-glib/json-glib.h>

#define COLUMNS 80

void
prg_cli_print_json(GVariant *value)
{
  g_autoptr(GVariant) owned = g_variant_ref_sink(value);
  g_autoptr(JsonNode) root = json_gvariant_serialize(owned);
  g_autofree char *text = json_to_string(root, TRUE);

  g_print("%s\n", text);
}

/* @text cut or padded to @width characters; the last field of a line is not padded. */
static void
append_field(GString *line, const char *text, int width, gboolean is_last)
{
  glong length = g_utf8_strlen(text, -1);

  if (length > width) {
    g_autofree char *cut = g_utf8_substring(text, 0, MAX(width - 1, 0));
    g_string_append_printf(line, "%s…", cut);
  } else {
    g_string_append(line, text);
    for (glong i = length; i < width && !is_last; i++)
      g_string_append_c(line, ' ');
  }
  if (!is_last)
    g_string_append_c(line, ' ');
}

void
prg_cli_print_row(const char *const *fields, const int *widths, guint n)
{
  g_autoptr(GString) line = g_string_new(NULL);
  int used = 0;

  for (guint i = 0; i < n; i++) {
    int width = widths[i] ? widths[i] : COLUMNS - used;
    append_field(line, fields[i], width, i + 1 == n);
    used += width + 1;
  }
  g_print("%s\n", line->str);
}

char *
prg_cli_format_time(gint64 microseconds)
{
  g_autoptr(GDateTime) utc =
      microseconds ? g_date_time_new_from_unix_utc(microseconds / G_USEC_PER_SEC) : NULL;
  g_autoptr(GDateTime) local = utc ? g_date_time_to_local(utc) : NULL;

  return local ? g_date_time_format(local, "%Y-%m-%d %H:%M") : g_strdup("never");
}

const char *
prg_cli_dict_text(GVariant *dict, const char *key)
{
  const char *text = "";

  g_variant_lookup(dict, key, "&s", &text);
  return text;
}

gint64
prg_cli_dict_number(GVariant *dict, const char *key)
{
  gint64 number = 0;

  g_variant_lookup(dict, key, "x", &number);
  return number;
}

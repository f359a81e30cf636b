/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-cli.h"

#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS 80

void
prg_cli_print_json(GVariant *value)
{
  g_autoptr(GVariant) owned = g_variant_ref_sink(value);
  g_autoptr(JsonNode) root = json_gvariant_serialize(owned);
  g_autofree char *text = json_to_string(root, TRUE);

  puts(text);
}

/* Columns that a terminal needs for @c: East Asian characters take two, combining ones none. */
static int
width_of(gunichar c)
{
  if (g_unichar_iszerowidth(c))
    return 0;
  return g_unichar_iswide(c) ? 2 : 1;
}

int
prg_cli_width(const char *text)
{
  int width = 0;

  for (const char *p = text; *p; p = g_utf8_next_char(p))
    width += width_of(g_utf8_get_char(p));
  return width;
}

char *
prg_cli_right(const char *text, int width)
{
  return g_strdup_printf("%*s%s", MAX(width - prg_cli_width(text), 0), "", text);
}

/* The end of the longest beginning of @text that fits into @width columns. */
static const char *
fit(const char *text, int width)
{
  const char *end = text;

  while (*end && (width -= width_of(g_utf8_get_char(end))) >= 0)
    end = g_utf8_next_char(end);
  return end;
}

/* The end of the first line of @text: after a word or, if a word alone is too long, within it. */
static const char *
line_end(const char *text, int width)
{
  const char *end = fit(text, width);
  const char *space = *end && *end != ' ' ? g_strrstr_len(text, end - text, " ") : NULL;

  if (space && space > text)
    return space;
  return *text && end == text ? g_utf8_next_char(text) : end;
}

/* @text cut or padded to @width columns; the last field of a line is not padded. */
static void
append_field(GString *line, const char *text, int width, gboolean is_last)
{
  int used = prg_cli_width(text);

  if (used > width) {
    g_autofree char *cut = g_strndup(text, (gsize)(fit(text, width - 1) - text));
    g_string_append_printf(line, "%s…", cut);
    used = prg_cli_width(cut) + 1;
  } else {
    g_string_append(line, text);
  }
  for (; used < width && !is_last; used++)
    g_string_append_c(line, ' ');
  if (!is_last)
    g_string_append_c(line, ' ');
}

/* As much of @text as goes into a line. Returns: what goes on below it */
static const char *
append_line(GString *line, const char *text, int width)
{
  const char *end = line_end(text, width);

  g_string_append_len(line, text, end - text);
  return end + strspn(end, " ");
}

void
prg_cli_print_row(const char *const *fields, const int *widths, guint n)
{
  g_autoptr(GString) line = g_string_new(NULL);
  const char *rest = widths[n - 1] ? "" : fields[n - 1];
  int used = 0;

  for (guint i = 0; i < n && widths[i]; i++) {
    append_field(line, fields[i], widths[i], i + 1 == n);
    used += widths[i] + 1;
  }
  do {
    rest = append_line(line, rest, COLUMNS - used);
    g_print("%s\n", g_strchomp(line->str));
    g_string_printf(line, "%*s", used, "");
  } while (*rest);
}

int
prg_cli_print_list(PrgCli *cli, GVariant *list, const char *nothing, void (*print)(GVariant *dict))
{
  GVariantIter iter;
  GVariant *child;

  if (cli->json) {
    prg_cli_print_json(list);
    return PRG_EXIT_OK;
  }
  if (g_variant_n_children(list) == 0)
    g_print("%s\n", nothing);
  g_variant_iter_init(&iter, list);
  while ((child = g_variant_iter_next_value(&iter)) != NULL) {
    print(child);
    g_variant_unref(child);
  }
  return PRG_EXIT_OK;
}

char *
prg_cli_format_time(gint64 microseconds)
{
  g_autoptr(GDateTime) utc =
      microseconds ? g_date_time_new_from_unix_utc(microseconds / G_USEC_PER_SEC) : NULL;
  g_autoptr(GDateTime) local = utc ? g_date_time_to_local(utc) : NULL;

  /* Translators: a date and time as people write them, of at most 16 characters; see date(1) for the letters. */
  return local ? g_date_time_format(local, _("%Y-%m-%d %H:%M")) : g_strdup(_("never"));
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-fold-log.h"
#include <string.h>

#define ENTRIES 12
#define MAX_LENGTH 4096

static char **
split(const char *log)
{
  return g_strsplit(strlen(log) < MAX_LENGTH ? log : "", " ", -1);
}

static char *
find_value(const char *log, const char *key)
{
  g_auto(GStrv) words = split(log);
  for (guint i = 0; words[i]; i++)
    if (g_str_has_prefix(words[i], key))
      return g_strdup(words[i] + strlen(key));
  return NULL;
}

static gint64
find_count(const char *log, const char *key)
{
  g_autofree char *text = find_value(log, key);
  gint64 count = -1;
  return text && g_ascii_string_to_signed(text, 10, 0, G_MAXINT32, &count, NULL) ? count : -1;
}

gint64
prg_fold_log_deals(const char *log)
{
  return find_count(log, "d=");
}

gint64
prg_fold_log_promotions(const char *log)
{
  return find_count(log, "p=");
}

guint
prg_fold_log_catalogue(const char *log)
{
  g_autofree char *text = find_value(log, "c=");
  guint64 version = 0;
  return text && g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32, &version, NULL) ? (guint)version : 0;
}

static gboolean
parse_entry(const char *word, gint64 *seen, gint64 *written)
{
  g_auto(GStrv) parts = g_strsplit(word, ">", 3);
  return g_strv_length(parts) == 2 &&
         g_ascii_string_to_signed(parts[0], 10, -(G_GINT64_CONSTANT(1) << 53), G_GINT64_CONSTANT(1) << 53,
                                  seen, NULL) &&
         g_ascii_string_to_signed(parts[1], 10, -(G_GINT64_CONSTANT(1) << 53), G_GINT64_CONSTANT(1) << 53,
                                  written, NULL);
}

void
prg_fold_log_totals(const char *log, guint n_folds, GArray *totals)
{
  g_auto(GStrv) words = split(log);
  gint64 seen, written;
  for (guint i = g_strv_length(words); i > 0 && n_folds > 0; i--) {
    if (!parse_entry(words[i - 1], &seen, &written))
      continue;
    g_array_append_val(totals, written);
    g_array_append_val(totals, seen);
    n_folds--;
  }
}

char *
prg_fold_log_next(const char *log, const PrgFoldCounts *counts, gint64 seen, gint64 written)
{
  g_auto(GStrv) words = split(log);
  GString *text = g_string_new(NULL);
  gint64 a, b;
  guint n = 0;
  /* The newest catalogue that ever folded: what it derived stands until one as new folds. */
  g_string_append_printf(text, "v1 c=%u d=%" G_GINT64_FORMAT " p=%" G_GINT64_FORMAT,
                         MAX(counts->catalogue, prg_fold_log_catalogue(log)), counts->deals,
                         counts->promotions);
  for (guint i = 0; words[i]; i++)
    n += parse_entry(words[i], &a, &b);
  for (guint i = 0; words[i]; i++)
    if (parse_entry(words[i], &a, &b) && n-- < ENTRIES)
      g_string_append_printf(text, " %s", words[i]);
  g_string_append_printf(text, " %" G_GINT64_FORMAT ">%" G_GINT64_FORMAT, seen, written);
  return g_string_free(text, FALSE);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-error.h"

G_BEGIN_DECLS

/*
 * Options of D-Bus methods (a{sv}), checked by a table: an unknown key and a value of another type are
 * refused by name.
 */
typedef enum {
  PRG_OPTION_TEXT,        /* char * (owned); range = bytes */
  PRG_OPTION_ID,          /* char * (owned); range = characters */
  PRG_OPTION_INTEGER,     /* gint64, any D-Bus integer that fits the range */
  PRG_OPTION_BOOLEAN,     /* gboolean */
  PRG_OPTION_INSTANT,     /* gint64 µs UTC, or ISO 8601 text with a zone */
  PRG_OPTION_MULTIPLIERS, /* GTree * (owned), name → gint64 * thousandths, in byte order */
  PRG_OPTION_HANDLE,      /* gint32, index of a file descriptor */
} PrgOptionType;

typedef struct {
  const char *key;
  PrgOptionType type;
  gint64 minimum; /* of the number, the text's length, or the multiplier's thousandths; both 0: no limit */
  gint64 maximum;
  gsize value; /* offset of the value in the target */
  gsize
      present; /* offset of a gboolean in the target; 0 = none (so no target begins with one that matters) */
} PrgOptionSpec;

/* Reads @options (a{sv}) into @target, which holds the defaults. On error @target may be partly filled; its
 * owned values stay the caller's. PRG_ERROR_INVALID_ARGUMENT naming key, found and expected; TOO_LARGE for a
 * text over its limit. */
gboolean prg_options_read(GVariant *options,
                          const PrgOptionSpec *specs,
                          guint n_specs,
                          gpointer target,
                          GError **error);

/* The same checks for a plain argument. @minimum and @maximum in bytes. */
gboolean
prg_options_check_text(const char *name, const char *text, gsize minimum, gsize maximum, GError **error);

/* "name=thousandths,…" in byte order: part of the text by which a repeated call is known. (transfer full) */
char *prg_options_multipliers_to_string(GTree *multipliers);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lids-words.h"

#include <glib/gi18n-lib.h>
#include <math.h>

const char *
lids_words_of(const char *context, const char *word)
{
  return *word ? g_dpgettext2(GETTEXT_PACKAGE, context, word) : word;
}

char *
lids_words_number(double number)
{
  /* %g writes 12345 as 1.234e+04. Beyond 1e15 a double no longer tells one number from the next. */
  gboolean long_one = fabs(number) >= 1000 && fabs(number) < 1e15;

  return g_strdup_printf(long_one ? "%.0f" : "%.4g", number);
}

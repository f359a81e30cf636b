/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-names.h"

#include <glib/gi18n-lib.h>
#include <locale.h>

/* GLib's list comes from the environment. A host that has set no locale speaks English all the same, as gettext does. */
static gboolean
speaks_english(void)
{
  const char *locale = setlocale(LC_MESSAGES, NULL);

  return locale == NULL || g_str_equal(locale, "C") || g_str_equal(locale, "POSIX");
}

const char *
prg_names_show(const PrgRules *rules, const char *what, const char *id, const char *name)
{
  const char *const *languages = g_get_language_names_with_category("LC_MESSAGES");

  for (guint i = 0; !speaks_english() && languages[i] && !g_str_equal(languages[i], "C"); i++) {
    const char *own = prg_rules_name_in(rules, what, id, languages[i]);
    if (own)
      return own;
  }
  return *name ? g_dpgettext2(GETTEXT_PACKAGE, what, name) : name;
}

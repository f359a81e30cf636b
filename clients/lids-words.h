/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the interface says, as people read it: for the command line and the applet. */

/* A word of the interface ("idle", "gold") in the person's language; one that nobody translated stays as it is.
 * @context: "state", "gate", "tier", "rating" or "why" */
const char *lids_words_of(const char *context, const char *word);

/* A number without needless digits, with the locale's decimal sign. (transfer full) */
char *lids_words_number(double number);

G_END_DECLS

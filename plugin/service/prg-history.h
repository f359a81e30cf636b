/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-book.h"
#include <gio/gio.h>

G_BEGIN_DECLS

/* What the book knows, as D-Bus values. Each checks its filter (a{sv}) and returns (transfer floating)
 * (nullable) aa{sv}. */
GVariant *prg_history_events(PrgBook *book, GVariant *filter, GError **error);
GVariant *prg_history_operations(PrgBook *book, GVariant *filter, GError **error);
/* @from, @to: "YYYY-MM-DD" or ""; @today: the rep's local day. */
GVariant *
prg_history_days(const PrgView *view, const char *from, const char *to, const char *today, GError **error);

G_END_DECLS

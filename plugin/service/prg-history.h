/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-book.h"
#include "prg-store.h"
#include <gio/gio.h>

G_BEGIN_DECLS

/* An operation's note, which is kept in English or as the server said it, in the language of this process. @note: (nullable)
 * Returns: (transfer none) */
const char *prg_history_note(const char *note);

/* What the book knows, as D-Bus values. Each checks its filter (a{sv}) and returns (transfer floating)
 * (nullable) aa{sv}. */
GVariant *prg_history_events(PrgBook *book, GVariant *filter, GError **error);
GVariant *prg_history_operations(PrgBook *book, GVariant *filter, GError **error);
/* ListAudit's filter: its @limit. */
gboolean prg_history_audit_limit(GVariant *filter, guint *limit, GError **error);
/* @entries: (element-type PrgStoreAudit). Returns: (transfer floating) aa{sv} */
GVariant *prg_history_audit(GPtrArray *entries);
/* @from, @to: "YYYY-MM-DD" or ""; @today: the rep's local day. */
GVariant *
prg_history_days(const PrgView *view, const char *from, const char *to, const char *today, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-board.h"
#include "prg-book.h"
#include <gio/gio.h>

G_BEGIN_DECLS

/* How a rep stands, as the out arguments of D-Bus methods. Each returns (transfer floating). @today: the rep's local day. */

/* (baa{sv}); @rank "" = the next one. (nullable) NULL with UNKNOWN_ID */
GVariant *prg_standing_eligibility(const PrgView *view,
                                   const PrgRules *rules,
                                   const char *rank,
                                   const char *today,
                                   GError **error);
GVariant *prg_standing_badges(const PrgView *view, const PrgRules *rules, const char *today); /* (aa{sv}) */
GVariant *
prg_standing_efficiency(const PrgView *view, const PrgRules *rules, const char *today); /* (baa{sv}) */
/* (aa{sv}x), the first @limit places, 0 = all. The rep of @book, called @name, is shown as @view has him. */
GVariant *prg_standing_leaderboard(const PrgBoard *board,
                                   PrgBook *book,
                                   const PrgView *view,
                                   const char *name,
                                   guint limit);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Calendar days as text "YYYY-MM-DD"; pure arithmetic, no zone, no clock. Day numbers count from 1970-01-01. */
gboolean prg_day_parse(const char *text, gint *number); /* FALSE: no valid day of the years 1970–9999 */
char *prg_day_format(gint number);                      /* (transfer full) */
/* The local day and zone name of the instant @utc_us (µs) in @zone. Returns: (transfer full) */
char *prg_day_of(gint64 utc_us, GTimeZone *zone);

/* The instant at which the local day after that of @utc_us begins, whatever the zone's clocks do in that night. */
gint64 prg_day_end(gint64 utc_us, GTimeZone *zone);

/* The hour, 0–23, that the clocks in @zone show at that instant. */
gint prg_hour_of(gint64 utc_us, GTimeZone *zone);

/* ISO 8601 with zone → µs UTC; FALSE if it is none. */
gboolean prg_instant_parse(const char *text, gint64 *utc_us);
/* "2026-11-22T08:53:00.413Z", milliseconds, as Twenty shows it. Returns: (transfer full) */
char *prg_instant_format(gint64 utc_us);

G_END_DECLS

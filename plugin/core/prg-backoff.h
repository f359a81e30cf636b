/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define PRG_BACKOFF_MIN G_USEC_PER_SEC

/* How long to wait before the next try: exponential with full jitter, evenly spread over [1 s, min(@max, 1 s
 * × 2^attempt)].
 * @attempt: failures in a row, 0 and 1 alike are the first; @max: µs, less than 1 s counts as 1 s; @random:
 * 64 random bits. Returns: µs */
gint64 prg_backoff_delay(guint attempt, gint64 max, guint64 random);

/**
 * PrgBucket: a token bucket. Full it holds @capacity tokens; one returns every @interval µs. All times are µs
 * of one clock, which the caller reads; a clock that runs backwards refills nothing and takes nothing away.
 */
typedef struct {
  guint capacity;
  gint64 interval;
  guint tokens;
  gint64 since; /* the moment up to which refills are counted */
} PrgBucket;

void prg_bucket_init(PrgBucket *self, guint capacity, gint64 interval, gint64 now);
gboolean prg_bucket_take(PrgBucket *self, gint64 now);     /* FALSE: empty */
void prg_bucket_drain(PrgBucket *self, gint64 now);        /* the server said that it is empty */
gint64 prg_bucket_wait(const PrgBucket *self, gint64 now); /* µs until a token is there, 0 = now */

G_END_DECLS

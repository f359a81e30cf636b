/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A token bucket for each caller on the bus: a burst of PRG_LIMITER_BURST commands, then PRG_LIMITER_RATE a
 * second. Pure: the caller brings the time. */
#define PRG_LIMITER_BURST 2000
#define PRG_LIMITER_RATE 200

typedef struct _PrgLimiter PrgLimiter;
PrgLimiter *prg_limiter_new(void);
void prg_limiter_free(PrgLimiter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgLimiter, prg_limiter_free)

/* Takes one command of @sender at @now (µs, monotonic); FALSE: too many. */
gboolean prg_limiter_take(PrgLimiter *self, const char *sender, gint64 now);
guint prg_limiter_n_senders(PrgLimiter *self);

G_END_DECLS

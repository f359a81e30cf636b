/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * PrgCallers: whose call is carried out next, and how many may wait.
 *
 * Each caller on the bus has a queue of its own and the callers take turns, so that a flood of one delays the
 * others by one call each. At most PRG_CALLERS_MAX_RUNNING calls of a caller are carried out at the same
 * time. What waits is bounded, for one caller and for all together. Pure: the caller brings the time.
 */
#define PRG_CALLERS_MAX_RUNNING 32
#define PRG_CALLERS_MAX_UNANSWERED 1000
#define PRG_CALLERS_MAX_ALL 4000

typedef struct _PrgCallers PrgCallers;
PrgCallers *prg_callers_new(void);
/* Nothing may wait any more: prg_callers_drain() first. */
void prg_callers_free(PrgCallers *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgCallers, prg_callers_free)

/* Queues @call of @sender at @now (µs, monotonic). @counts: it is a command, which has a rate (see
 * prg-limiter.h); reading a property is none. RATE_LIMITED: @call is not taken. */
gboolean prg_callers_push(PrgCallers *self,
                          const char *sender,
                          gpointer call,
                          gboolean counts,
                          gint64 now,
                          GError **error);
/* The next call; it runs until prg_callers_done(). (transfer full) (nullable) NULL: none may start now */
gpointer prg_callers_pop(PrgCallers *self);
/* A call of @sender that was popped has been answered. */
void prg_callers_done(PrgCallers *self, const char *sender);
/* When the call that has waited longest was pushed; G_MAXINT64: none waits. */
gint64 prg_callers_oldest(PrgCallers *self);
/* Any call that was pushed at @since or before and waits still, whoever's turn it is; it does not run. (transfer full) (nullable) */
gpointer prg_callers_expire(PrgCallers *self, gint64 since);
/* Likewise, however short it has waited. (transfer full) (nullable) */
gpointer prg_callers_drain(PrgCallers *self);
/* How many callers have a call that may start now. */
guint prg_callers_n_ready(PrgCallers *self);
/* How many callers are remembered. */
guint prg_callers_n_callers(PrgCallers *self);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * PrgJobs: counts what is under way, so that stopping can wait for the last callback. Reference counted.
 *
 * Everything asynchronous in this layer begins with prg_jobs_begin(), passes the cancellable, and ends with
 * prg_jobs_end() in its callback.
 */
typedef struct _PrgJobs PrgJobs;
PrgJobs *prg_jobs_new(GMainContext *context);
PrgJobs *prg_jobs_ref(PrgJobs *self);
void prg_jobs_unref(PrgJobs *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgJobs, prg_jobs_unref)

GMainContext *prg_jobs_get_context(PrgJobs *self);     /* (transfer none) */
GCancellable *prg_jobs_get_cancellable(PrgJobs *self); /* (transfer none) cancelled by prg_jobs_cancel() */
GCancellable *prg_jobs_begin(PrgJobs *self);           /* (transfer none) the cancellable */
void prg_jobs_end(PrgJobs *self);
void prg_jobs_cancel(PrgJobs *self);
gboolean prg_jobs_is_cancelled(PrgJobs *self);

/* Calls @callback from the context's loop once nothing is under way. One waiter. */
void prg_jobs_wait(PrgJobs *self, void (*callback)(gpointer user_data), gpointer user_data);

/* A timer on the jobs' context; destroy and unref it to stop it. Returns: (transfer full) */
GSource *prg_jobs_add_timer(PrgJobs *self, guint milliseconds, GSourceFunc callback, gpointer user_data);
/* Stops a timer kept in *@timer, if there is one. */
void prg_timer_clear(GSource **timer);

G_END_DECLS

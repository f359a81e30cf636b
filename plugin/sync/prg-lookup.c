/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-clock.h"
#include "prg-engine-private.h"
#include "prg-error.h"

#include <glib/gi18n-lib.h>

/* Look-ups: requests of others, between those of the machine. */

/* A longer pause than this is an answer of its own. */
#define PATIENCE (15 * G_USEC_PER_SEC)

static gint64
wait_of(PrgEngine *self)
{
  gint64 mono = prg_clock_monotonic();
  return MAX(prg_machine_request_wait(self->machine, mono), self->lookup_after - mono);
}

/* Why @task is not worth waiting for. (transfer full) (nullable) */
static GError *
why_not(PrgEngine *self, GTask *task, gint64 wait)
{
  GCancellable *cancellable = g_task_get_cancellable(task);
  if (self->stopping || self->closing || (cancellable && g_cancellable_is_cancelled(cancellable)))
    return g_error_new_literal(PRG_ERROR, PRG_ERROR_CANCELLED, "Cancelled");
  if (!self->twenty)
    return g_error_new_literal(PRG_ERROR, PRG_ERROR_NOT_SIGNED_IN,
                               _("There is no usable token: sign in, or unlock the keyring."));
  if (wait > PATIENCE)
    return g_error_new(PRG_ERROR, PRG_ERROR_RATE_LIMITED,
                       ngettext("The server wants no request for another %d second",
                                "The server wants no request for another %d seconds",
                                (gulong)(wait / G_USEC_PER_SEC)),
                       (int)(wait / G_USEC_PER_SEC));
  return NULL;
}

/* The first one that may go out now; what has to fail is answered. (transfer full) (nullable) */
static GTask *
take_next(PrgEngine *self)
{
  GTask *task;
  self->lookup_at = 0;
  /* Whoever hears of a failure may have begun another look-up. */
  while (!self->cancellable && (task = g_queue_peek_head(&self->lookups)) != NULL) {
    gint64 wait = wait_of(self);
    GError *error = why_not(self, task, wait);
    if (!error && wait > 0) {
      self->lookup_at = prg_clock_monotonic() + wait;
      return NULL;
    }
    g_queue_pop_head(&self->lookups);
    if (!error)
      return task;
    g_task_return_error(task, error);
    g_object_unref(task);
  }
  return NULL;
}

static void
note_limit(PrgEngine *self, const PrgAnswer *answer)
{
  gint64 mono = prg_clock_monotonic();
  if (answer->outcome != PRG_OUTCOME_RETRY)
    return;
  prg_machine_drain_requests(self->machine, mono);
  self->lookup_after = mono + answer->retry_after;
}

/* @answer: (transfer full) (nullable) */
static void
answer_task(GTask *task, PrgAnswer *answer)
{
  if (!answer)
    g_task_return_new_error(task, PRG_ERROR, PRG_ERROR_CANCELLED, "Cancelled");
  else if (answer->outcome == PRG_OUTCOME_OK)
    g_task_return_pointer(task, g_steal_pointer(&answer), (GDestroyNotify)prg_answer_free);
  else
    g_task_return_error(task, prg_engine_error_of(answer->outcome, answer->reached, answer->message));
  prg_answer_free(answer);
}

static void
looked_up(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  g_autoptr(PrgEngine) self = g_object_ref(g_task_get_source_object(task));
  PrgAnswer *answer = prg_twenty_exchange_finish(PRG_TWENTY(source), result, NULL);
  PrgRequest *deferred = g_steal_pointer(&self->deferred);
  if (self->lookup_cancel_id != 0)
    g_cancellable_disconnect(g_task_get_cancellable(task), self->lookup_cancel_id);
  self->lookup_cancel_id = 0;
  g_clear_object(&self->cancellable);
  if (answer)
    note_limit(self, answer);
  if (deferred)
    prg_lane_send(self, deferred);
  /* Otherwise the end of the machine's own request tells of it. */
  if (self->credentials_changed && !self->cancellable) {
    prg_lane_push_event(self, PRG_INPUT_CREDENTIALS, NULL, NULL);
    self->credentials_changed = FALSE;
  }
  answer_task(task, answer);
  prg_lane_run(self);
}

static void
on_caller_cancelled(GCancellable *caller, GCancellable *own)
{
  g_cancellable_cancel(own);
}

void
prg_lookup_begin(PrgEngine *self)
{
  GTask *task = self->lookup_last ? NULL : take_next(self);
  if (!task)
    return;
  GCancellable *caller = g_task_get_cancellable(task);
  self->lookup_last = TRUE;
  self->cancellable = g_cancellable_new();
  if (caller)
    self->lookup_cancel_id = g_cancellable_connect(caller, G_CALLBACK(on_caller_cancelled),
                                                   g_object_ref(self->cancellable), g_object_unref);
  prg_machine_take_request(self->machine, prg_clock_monotonic());
  prg_twenty_exchange_async(self->twenty, g_task_get_task_data(task), self->cancellable, looked_up, task);
}

void
prg_lookup_run(PrgEngine *self)
{
  if (self->cancellable)
    return;
  self->lookup_last = FALSE; /* the machine has nothing to send */
  prg_lookup_begin(self);
}

void
prg_lookup_stop(PrgEngine *self)
{
  if (self->lookup_last && self->cancellable)
    g_cancellable_cancel(self->cancellable);
}

void
prg_engine_look_up_async(PrgEngine *self,
                         PrgRequest *request,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  GTask *task = g_task_new(self, cancellable, callback, user_data);
  g_task_set_source_tag(task, prg_engine_look_up_async);
  g_task_set_check_cancellable(task, FALSE);
  g_task_set_task_data(task, request, (GDestroyNotify)prg_request_free);
  g_queue_push_tail(&self->lookups, task);
  prg_lane_run(self);
}

PrgAnswer *
prg_engine_look_up_finish(PrgEngine *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer(G_TASK(result), error);
}

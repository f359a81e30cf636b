/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-calendar.h"
#include "prg-clock.h"
#include "prg-engine-private.h"
#include "prg-error.h"

#include <glib/gi18n-lib.h>

G_DEFINE_FINAL_TYPE(PrgEngine, prg_engine, G_TYPE_OBJECT)

guint prg_engine_signals[PRG_ENGINE_N_SIGNALS];

G_STATIC_ASSERT((int)PRG_ENGINE_BLOCKED == (int)PRG_MACHINE_BLOCKED);

const char *
prg_engine_state_to_string(PrgEngineState state)
{
  return prg_machine_state_to_string((PrgMachineState)state);
}

/* ---- life ---- */

static void
prg_engine_dispose(GObject *object)
{
  PrgEngine *self = PRG_ENGINE(object);
  prg_lane_stop_timer(self);
  if (self->stop_timer)
    g_source_destroy(self->stop_timer);
  g_clear_pointer(&self->stop_timer, g_source_unref);
  g_clear_object(&self->twenty);
  g_clear_object(&self->store);
  G_OBJECT_CLASS(prg_engine_parent_class)->dispose(object);
}

static void
prg_engine_finalize(GObject *object)
{
  PrgEngine *self = PRG_ENGINE(object);
  g_queue_clear_full(&self->jobs, (GDestroyNotify)prg_job_free);
  g_queue_clear_full(&self->events, (GDestroyNotify)prg_event_free);
  g_queue_clear_full(&self->lookups, g_object_unref);
  g_clear_pointer(&self->deferred, prg_request_free);
  g_clear_pointer(&self->machine, prg_machine_free);
  g_clear_pointer(&self->book, prg_book_free);
  g_clear_pointer(&self->context, g_main_context_unref);
  g_clear_pointer(&self->waiters, g_ptr_array_unref);
  g_clear_pointer(&self->zone, g_time_zone_unref);
  g_clear_object(&self->cancellable);
  g_free(self->random_id);
  g_free(self->zone_name);
  g_free(self->shown_text);
  G_OBJECT_CLASS(prg_engine_parent_class)->finalize(object);
}

static void
prg_engine_class_init(PrgEngineClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS(klass);
  GType type = G_TYPE_FROM_CLASS(klass);
  object_class->dispose = prg_engine_dispose;
  object_class->finalize = prg_engine_finalize;
  prg_engine_signals[PRG_ENGINE_TAKEN] =
      g_signal_new("taken", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_PTR_ARRAY);
  prg_engine_signals[PRG_ENGINE_STATE_CHANGED] =
      g_signal_new("state-changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  prg_engine_signals[PRG_ENGINE_SYNC_FINISHED] =
      g_signal_new("sync-finished", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3,
                   G_TYPE_BOOLEAN, G_TYPE_UINT, G_TYPE_BOOLEAN);
  prg_engine_signals[PRG_ENGINE_SIGN_IN_REQUIRED] = g_signal_new(
      "sign-in-required", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
prg_engine_init(PrgEngine *self)
{
  self->context = g_main_context_ref_thread_default();
  self->waiters = g_ptr_array_new_with_free_func(g_object_unref);
  self->shown_text = g_strdup("");
  g_queue_init(&self->jobs);
  g_queue_init(&self->events);
  g_queue_init(&self->lookups);
}

PrgEngine *
prg_engine_new(PrgStore *store, PrgBook *book)
{
  PrgEngine *self = g_object_new(PRG_TYPE_ENGINE, NULL);
  self->store = store;
  self->book = book;
  self->machine = prg_machine_new(book);
  return self;
}

void
prg_engine_start(PrgEngine *self)
{
  self->started = TRUE;
  prg_lane_push_event(self, PRG_INPUT_CREDENTIALS, NULL, NULL);
  prg_lane_run(self);
}

/* ---- the moment ---- */

static gint64
now_of_server(PrgEngine *self)
{
  return prg_machine_time(self->machine, prg_clock_monotonic(), prg_clock_wall());
}

void
prg_engine_refresh_zone(PrgEngine *self)
{
  g_clear_pointer(&self->zone, g_time_zone_unref);
  g_free(self->zone_name);
  self->zone = prg_clock_zone();
  self->zone_name = prg_clock_zone_name();
}

const PrgMoment *
prg_engine_get_moment(PrgEngine *self)
{
  prg_engine_refresh_zone(self);
  g_free(self->random_id);
  self->random_id = prg_clock_uuid();
  self->moment = (PrgMoment){ .member = prg_book_get_member(self->book),
                              .device = prg_book_get_device(self->book),
                              .next_seq = prg_book_next_seq(self->book),
                              .random_id = self->random_id,
                              .now = now_of_server(self),
                              .zone = self->zone,
                              .zone_name = self->zone_name };
  return &self->moment;
}

const PrgView *
prg_engine_get_view(PrgEngine *self)
{
  g_autoptr(GTimeZone) zone = prg_clock_zone();
  g_autofree char *today = prg_day_of(now_of_server(self), zone);
  return prg_book_view(self->book, today);
}

/* ---- waiting callers ---- */

GError *
prg_engine_error_of(PrgOutcome outcome, gboolean reached, const char *message)
{
  static const struct {
    PrgOutcome outcome;
    PrgError error;
  } table[] = {
    { PRG_OUTCOME_AUTH, PRG_ERROR_AUTHENTICATION_FAILED },
    { PRG_OUTCOME_FORBIDDEN, PRG_ERROR_PERMISSION_DENIED },
    { PRG_OUTCOME_SCHEMA_MISSING, PRG_ERROR_SCHEMA_MISSING },
    { PRG_OUTCOME_RETRY, PRG_ERROR_RATE_LIMITED },
  };
  PrgError code = outcome == PRG_OUTCOME_UNKNOWN && !reached ? PRG_ERROR_OFFLINE : PRG_ERROR_SERVER_ERROR;
  for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
    if (table[i].outcome == outcome)
      code = table[i].error;
  return g_error_new_literal(PRG_ERROR, code, message);
}

static GError *
error_of_cycle(PrgEngine *self)
{
  const char *message = prg_machine_get_last_error(self->machine);
  if (self->storage_failed)
    return g_error_new_literal(PRG_ERROR, PRG_ERROR_STORAGE_FAILED, message);
  return prg_engine_error_of(prg_machine_get_outcome(self->machine), self->reached, message);
}

void
prg_engine_tell_waiters(PrgEngine *self, gboolean ok, guint pushed, gboolean changed)
{
  g_autoptr(GPtrArray) waiters = g_steal_pointer(&self->waiters);
  self->waiters = g_ptr_array_new_with_free_func(g_object_unref);
  for (guint i = 0; i < waiters->len; i++) {
    PrgSyncResult *result = g_new0(PrgSyncResult, 1);
    *result = (PrgSyncResult){ pushed, changed };
    if (ok) {
      g_task_return_pointer(g_ptr_array_index(waiters, i), result, g_free);
    } else {
      g_free(result);
      g_task_return_error(g_ptr_array_index(waiters, i), error_of_cycle(self));
    }
  }
}

/* ---- callers ---- */

PrgBook *
prg_engine_get_book(PrgEngine *self)
{
  return self->book;
}

PrgStore *
prg_engine_get_store(PrgEngine *self)
{
  return self->store;
}

PrgEngineState
prg_engine_get_state(PrgEngine *self)
{
  return (PrgEngineState)prg_machine_get_state(self->machine);
}

const char *
prg_engine_get_reason(PrgEngine *self)
{
  return prg_machine_get_reason(self->machine);
}

const char *
prg_engine_get_last_error(PrgEngine *self)
{
  return prg_machine_get_last_error(self->machine);
}

gint64
prg_engine_get_last_sync(PrgEngine *self)
{
  return prg_machine_get_last_sync(self->machine);
}

gint64
prg_engine_get_next_sync(PrgEngine *self)
{
  return prg_machine_get_next_sync(self->machine, prg_clock_monotonic(), prg_clock_wall());
}

void
prg_engine_set_twenty(PrgEngine *self, PrgTwenty *twenty)
{
  g_set_object(&self->twenty, twenty);
  if (self->cancellable) {
    /* The old token's request ends first; only then the machine hears of the new one. */
    self->credentials_changed = TRUE;
    g_cancellable_cancel(self->cancellable);
  } else if (self->started) {
    prg_lane_push_event(self, PRG_INPUT_CREDENTIALS, NULL, NULL);
    prg_lane_run(self);
  }
}

void
prg_engine_set_member_name(PrgEngine *self, const char *name)
{
  prg_machine_set_member_name(self->machine, name);
}

void
prg_engine_set_network(PrgEngine *self, gboolean online, gboolean metered)
{
  PrgEvent *event = prg_lane_push_event(self, PRG_INPUT_NETWORK, NULL, NULL);
  event->online = online;
  event->metered = metered;
  prg_lane_run(self);
}

void
prg_engine_set_timing(PrgEngine *self, guint sync_interval_s, guint push_delay_ms, gboolean sync_on_metered)
{
  prg_machine_set_timing(self->machine, (gint64)sync_interval_s * G_USEC_PER_SEC,
                         push_delay_ms * G_TIME_SPAN_MILLISECOND, sync_on_metered);
  prg_lane_run(self);
}

void
prg_engine_retry(PrgEngine *self)
{
  if (!self->cancellable)
    prg_lane_push_event(self, PRG_INPUT_CREDENTIALS, NULL, NULL);
  else
    self->credentials_changed = TRUE;
  prg_lane_run(self);
}

static void
push_job(PrgEngine *self, PrgJob *job)
{
  if (self->closing) {
    g_task_return_new_error(job->task, PRG_ERROR, PRG_ERROR_CANCELLED,
                            _("The service is stopping; nothing was recorded. Try again."));
    prg_job_free(job);
    return;
  }
  g_queue_push_tail(&self->jobs, job);
  prg_lane_run(self);
}

void
prg_engine_submit_async(PrgEngine *self,
                        PrgPlanFunc plan,
                        gpointer plan_data,
                        GDestroyNotify plan_destroy,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  PrgJob *job = g_new0(PrgJob, 1);
  *job = (PrgJob){ .plan = plan,
                   .plan_data = plan_data,
                   .plan_destroy = plan_destroy,
                   .task = g_task_new(self, cancellable, callback, user_data) };
  g_task_set_source_tag(job->task, prg_engine_submit_async);
  /* What is committed is committed: a caller that went away does not turn it into an error. */
  g_task_set_check_cancellable(job->task, FALSE);
  push_job(self, job);
}

gboolean
prg_engine_submit_finish(PrgEngine *self, GAsyncResult *result, guint *n_changes, GError **error)
{
  g_autoptr(GPtrArray) changes = g_task_propagate_pointer(G_TASK(result), error);
  if (changes && n_changes)
    *n_changes = changes->len;
  return changes != NULL;
}

void
prg_engine_commit_async(PrgEngine *self,
                        GPtrArray *changes,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  PrgJob *job = g_new0(PrgJob, 1);
  job->changes = g_ptr_array_ref(changes);
  job->task = g_task_new(self, cancellable, callback, user_data);
  g_task_set_source_tag(job->task, prg_engine_commit_async);
  g_task_set_check_cancellable(job->task, FALSE);
  push_job(self, job);
}

/* @rules: (nullable) */
static void
push_derivation(PrgEngine *self, PrgRules *rules)
{
  PrgJob *job = g_new0(PrgJob, 1);
  job->is_derivation = TRUE;
  job->rules = rules ? prg_rules_ref(rules) : NULL;
  job->task = g_task_new(self, NULL, NULL, NULL);
  g_task_set_source_tag(job->task, push_derivation);
  push_job(self, job);
}

void
prg_engine_award_due(PrgEngine *self)
{
  push_derivation(self, NULL);
}

void
prg_engine_set_rules(PrgEngine *self, PrgRules *rules)
{
  push_derivation(self, rules);
}

gboolean
prg_engine_commit_finish(PrgEngine *self, GAsyncResult *result, GError **error)
{
  return prg_engine_submit_finish(self, result, NULL, error);
}

void
prg_engine_sync_async(PrgEngine *self,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  GTask *task = g_task_new(self, cancellable, callback, user_data);
  g_task_set_source_tag(task, prg_engine_sync_async);
  if (!self->twenty || self->closing) {
    g_task_return_new_error(task, PRG_ERROR, PRG_ERROR_NOT_SIGNED_IN,
                            _("There is no usable token: sign in, or unlock the keyring."));
    g_object_unref(task);
    return;
  }
  g_ptr_array_add(self->waiters, task);
  prg_lane_push_event(self, PRG_INPUT_SYNC_NOW, NULL, NULL);
  prg_lane_run(self);
}

gboolean
prg_engine_sync_finish(PrgEngine *self,
                       GAsyncResult *result,
                       guint *pushed,
                       gboolean *changed,
                       GError **error)
{
  g_autofree PrgSyncResult *sync = g_task_propagate_pointer(G_TASK(result), error);
  if (!sync)
    return FALSE;
  if (pushed)
    *pushed = sync->pushed;
  if (changed)
    *changed = sync->changed;
  return TRUE;
}

/* ---- stopping ---- */

static void
store_closed(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(PrgEngine) self = user_data;
  g_autoptr(GTask) task = g_steal_pointer(&self->stopping);
  GError *error = NULL;
  prg_store_close_finish(PRG_STORE(source), result, &error);
  self->started = FALSE;
  if (error)
    g_task_return_error(task, error);
  else
    g_task_return_boolean(task, TRUE);
}

/* Commands that were taken are carried out; then the store is closed. */
void
prg_engine_close_when_idle(PrgEngine *self)
{
  if (!self->closing || !self->stopping || self->committing || self->cancellable || self->stop_timer)
    return;
  if (g_task_get_task_data(self->stopping))
    return;
  g_task_set_task_data(self->stopping, self, NULL);
  prg_engine_tell_waiters(self, FALSE, 0, FALSE);
  prg_store_close_async(self->store, store_closed, g_object_ref(self));
}

static void
begin_close(PrgEngine *self)
{
  if (self->closing)
    return;
  self->closing = TRUE;
  if (self->stop_timer)
    g_source_destroy(self->stop_timer);
  g_clear_pointer(&self->stop_timer, g_source_unref);
  prg_lane_stop_timer(self);
  if (self->cancellable)
    g_cancellable_cancel(self->cancellable);
  prg_lane_run(self);
}

static gboolean
flush_timed_out(gpointer user_data)
{
  begin_close(user_data);
  return G_SOURCE_REMOVE;
}

static void
flushed(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(PrgEngine) self = PRG_ENGINE(g_object_ref(source));
  prg_engine_sync_finish(self, result, NULL, NULL, NULL);
  begin_close(self);
}

void
prg_engine_stop_async(PrgEngine *self, guint timeout_ms, GAsyncReadyCallback callback, gpointer user_data)
{
  self->stopping = g_task_new(self, NULL, callback, user_data);
  g_task_set_source_tag(self->stopping, prg_engine_stop_async);
  prg_lookup_stop(self);
  self->started = TRUE; /* so that the lane drains even if nothing ever ran */
  if (timeout_ms == 0 || !self->twenty || prg_book_n_pending(self->book) == 0) {
    begin_close(self);
    return;
  }
  self->stop_timer = g_timeout_source_new(timeout_ms);
  g_source_set_callback(self->stop_timer, flush_timed_out, self, NULL);
  g_source_attach(self->stop_timer, self->context);
  prg_engine_sync_async(self, NULL, flushed, NULL);
}

void
prg_engine_stop_flushing(PrgEngine *self)
{
  g_return_if_fail(self->stopping != NULL);
  begin_close(self);
}

gboolean
prg_engine_stop_finish(PrgEngine *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean(G_TASK(result), error);
}

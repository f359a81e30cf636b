/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-clock.h"
#include "prg-engine-private.h"

/*
 * One lane: at most one commit is under way, and nothing is planned while it is. So every command and every
 * step of the machine sees all that was committed before it, and what is planned can be committed as it
 * stands.
 */

void
prg_job_free(PrgJob *job)
{
  if (job->plan_destroy)
    job->plan_destroy(job->plan_data);
  g_clear_pointer(&job->changes, g_ptr_array_unref);
  g_clear_object(&job->task);
  g_clear_pointer(&job->rules, prg_rules_unref);
  g_free(job);
}

void
prg_event_free(PrgEvent *event)
{
  prg_answer_free(event->answer);
  g_free(event->message);
  g_free(event);
}

PrgEvent *
prg_lane_push_event(PrgEngine *self, PrgInputKind kind, PrgAnswer *answer, const char *message)
{
  PrgEvent *event = g_new0(PrgEvent, 1);
  event->kind = kind;
  event->answer = answer;
  event->message = g_strdup(message);
  event->online = self->twenty != NULL; /* CREDENTIALS */
  g_queue_push_tail(&self->events, event);
  return event;
}

static void
exchanged(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(PrgEngine) self = user_data;
  PrgAnswer *answer = prg_twenty_exchange_finish(PRG_TWENTY(source), result, NULL);
  g_clear_object(&self->cancellable);
  self->reached = answer && answer->reached;
  prg_lane_push_event(self, answer ? PRG_INPUT_ANSWER : PRG_INPUT_LOST, answer, NULL);
  if (self->credentials_changed)
    prg_lane_push_event(self, PRG_INPUT_CREDENTIALS, NULL, NULL);
  self->credentials_changed = FALSE;
  prg_lane_run(self);
}

static void
send_now(PrgEngine *self, const PrgRequest *request)
{
  self->lookup_last = FALSE;
  self->cancellable = g_cancellable_new();
  prg_twenty_exchange_async(self->twenty, request, self->cancellable, exchanged, g_object_ref(self));
}

void
prg_lane_send(PrgEngine *self, PrgRequest *request)
{
  if (!self->twenty || self->closing) {
    prg_request_free(request);
    prg_lane_push_event(self, PRG_INPUT_LOST, NULL, NULL);
    return;
  }
  if (!self->cancellable)
    prg_lookup_begin(self);
  if (self->cancellable) {
    self->deferred = request;
  } else {
    send_now(self, request);
    prg_request_free(request);
  }
}

static void
tell_taken(PrgEngine *self, GPtrArray *changes)
{
  g_signal_emit(self, prg_engine_signals[PRG_ENGINE_TAKEN], 0, changes);
}

static void
finish_job(PrgEngine *self, PrgJob *job, GPtrArray *changes, GError *error)
{
  if (error)
    g_task_return_error(job->task, error);
  else
    g_task_return_pointer(job->task, g_ptr_array_ref(changes), (GDestroyNotify)g_ptr_array_unref);
  prg_job_free(job);
}

/* A commit under way: of a command, or of the machine (@job NULL). */
typedef struct {
  PrgEngine *engine;  /* (owned) */
  GPtrArray *changes; /* (owned) */
  PrgJob *job;        /* (owned) (nullable) */
} Commit;

static void
commit_free(Commit *commit)
{
  g_object_unref(commit->engine);
  g_ptr_array_unref(commit->changes);
  g_free(commit);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Commit, commit_free)

static void
committed(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(Commit) commit = user_data;
  PrgEngine *self = commit->engine;
  GError *error = NULL;
  prg_store_commit_finish(PRG_STORE(source), result, &error);
  self->committing = FALSE;
  self->storage_failed = error != NULL;
  if (!error) {
    prg_book_take(self->book, commit->changes);
    tell_taken(self, commit->changes);
  } else if (commit->job && commit->job->rules) {
    /* The rules hold all the same; the awards come with the next operation or pull. */
    g_autoptr(GPtrArray) none = prg_changes_new();
    tell_taken(self, none);
  }
  if (commit->job) {
    prg_lane_push_event(self, PRG_INPUT_WAKE, NULL, NULL);
    finish_job(self, commit->job, commit->changes, error);
  } else {
    prg_lane_push_event(self, error ? PRG_INPUT_COMMIT_FAILED : PRG_INPUT_COMMITTED, NULL,
                        error ? error->message : NULL);
    g_clear_error(&error);
  }
  prg_lane_run(self);
}

static void
begin_commit(PrgEngine *self, GPtrArray *changes, PrgJob *job)
{
  Commit *commit = g_new0(Commit, 1);
  *commit = (Commit){ g_object_ref(self), g_ptr_array_ref(changes), job };
  self->committing = TRUE;
  prg_store_commit_async(self->store, changes, NULL, committed, commit);
}

/* ---- the lane ---- */

static void
handle_step(PrgEngine *self, PrgStep *step)
{
  if (step->changes)
    begin_commit(self, step->changes, NULL);
  if (step->request)
    prg_lane_send(self, g_steal_pointer(&step->request));
  if (step->sign_in_required)
    g_signal_emit(self, prg_engine_signals[PRG_ENGINE_SIGN_IN_REQUIRED], 0,
                  prg_machine_get_last_error(self->machine));
  if (!step->finished)
    return;
  /* Where nothing was to be sent, the next request comes after an interval. */
  if (step->pushed == 0 && self->twenty)
    prg_twenty_rest(self->twenty);
  if (step->forced)
    prg_engine_tell_waiters(self, step->ok, step->pushed, step->changed);
  g_signal_emit(self, prg_engine_signals[PRG_ENGINE_SYNC_FINISHED], 0, step->ok, step->pushed, step->changed);
}

static void
run_event(PrgEngine *self, PrgEvent *event)
{
  g_autofree char *token = prg_clock_uuid();
  g_auto(PrgStep) step = { 0 };
  prg_engine_refresh_zone(self);
  PrgInput input = { .kind = event->kind,
                     .mono = prg_clock_monotonic(),
                     .wall = prg_clock_wall(),
                     .random = prg_clock_random(),
                     .token = token,
                     .zone = self->zone,
                     .zone_name = self->zone_name,
                     .answer = event->answer,
                     .message = event->message,
                     .online = event->online,
                     .metered = event->metered };
  prg_machine_step(self->machine, &input, &step);
  handle_step(self, &step);
}

/* New rules, and the awards that are due by them, become visible together. */
static void
plan_due(PrgEngine *self, PrgJob *job)
{
  if (job->rules)
    prg_book_set_rules(self->book, job->rules);
  job->changes = prg_book_plan_due(self->book, prg_engine_get_moment(self));
  if (job->rules && job->changes->len == 0)
    tell_taken(self, job->changes);
}

static void
run_job(PrgEngine *self, PrgJob *job)
{
  GError *error = NULL;
  if (job->is_derivation)
    plan_due(self, job);
  if (job->plan)
    job->changes = job->plan(self, job->plan_data, &error);
  if (!job->changes || job->changes->len == 0) {
    g_autoptr(GPtrArray) none = prg_changes_new();
    finish_job(self, job, none, error);
    return;
  }
  begin_commit(self, job->changes, job);
}

void
prg_lane_stop_timer(PrgEngine *self)
{
  if (self->timer)
    g_source_destroy(self->timer);
  g_clear_pointer(&self->timer, g_source_unref);
  self->timer_at = 0;
}

static gboolean
timer_fired(gpointer user_data)
{
  PrgEngine *self = user_data;
  prg_lane_stop_timer(self);
  prg_lane_push_event(self, PRG_INPUT_WAKE, NULL, NULL);
  prg_lane_run(self);
  return G_SOURCE_REMOVE;
}

static void
set_timer(PrgEngine *self)
{
  gint64 at = self->closing ? 0 : prg_machine_get_wake_at(self->machine);
  if (self->lookup_at != 0 && !self->closing)
    at = at == 0 ? self->lookup_at : MIN(at, self->lookup_at);
  if (at == self->timer_at)
    return;
  prg_lane_stop_timer(self);
  if (at == 0)
    return;
  gint64 wait = MAX(at - prg_clock_monotonic(), 0);
  self->timer = g_timeout_source_new((guint)MIN((wait + 999) / 1000, G_MAXINT));
  self->timer_at = at;
  g_source_set_callback(self->timer, timer_fired, self, NULL);
  g_source_attach(self->timer, self->context);
}

static void
tell_state(PrgEngine *self)
{
  g_autofree char *text =
      g_strdup_printf("%s|%s|%" G_GINT64_FORMAT "|%" G_GINT64_FORMAT, prg_engine_get_reason(self),
                      prg_engine_get_last_error(self), prg_engine_get_last_sync(self), self->timer_at);
  PrgEngineState state = prg_engine_get_state(self);
  if (state == self->shown_state && g_str_equal(text, self->shown_text))
    return;
  self->shown_state = state;
  prg_record_set(&self->shown_text, text);
  g_signal_emit(self, prg_engine_signals[PRG_ENGINE_STATE_CHANGED], 0);
}

void
prg_lane_run(PrgEngine *self)
{
  /* A timer's source runs without a thread-default context; what is started here must come back to the engine's. */
  g_autoptr(GMainContextPusher) pusher G_GNUC_UNUSED = g_main_context_pusher_new(self->context);
  if (self->pumping || !self->started)
    return;
  g_autoptr(PrgEngine) alive G_GNUC_UNUSED = g_object_ref(self);
  self->pumping = TRUE;
  while (!self->committing) {
    PrgEvent *event = g_queue_pop_head(&self->events);
    if (event) {
      run_event(self, event);
      prg_event_free(event);
      continue;
    }
    PrgJob *job = g_queue_pop_head(&self->jobs);
    if (!job)
      break;
    run_job(self, job);
  }
  self->pumping = FALSE;
  prg_lookup_run(self);
  set_timer(self);
  if (!self->closing)
    tell_state(self);
  prg_engine_close_when_idle(self);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-machine-private.h"

#include <glib/gi18n-lib.h>

/* When cycles start and what the machine says of itself; what a cycle does is in prg-cycle.c. */

static const char *const state_names[] = { NC_("state", "signed-out"), NC_("state", "offline"),
                                           NC_("state", "idle"),       NC_("state", "syncing"),
                                           NC_("state", "waiting"),    NC_("state", "paused"),
                                           NC_("state", "blocked") };

const char *
prg_machine_state_to_string(PrgMachineState state)
{
  return state_names[state];
}

void
prg_step_clear(PrgStep *step)
{
  g_clear_pointer(&step->request, prg_request_free);
  g_clear_pointer(&step->changes, g_ptr_array_unref);
  *step = (PrgStep){ 0 };
}

static guint
stored_batch_limit(PrgBook *book)
{
  const char *text = prg_book_get_meta(book, "batch.limit");
  guint64 limit = text ? g_ascii_strtoull(text, NULL, 10) : 0;
  return limit >= 1 && limit <= 200 ? (guint)limit : 200;
}

PrgMachine *
prg_machine_new(PrgBook *book)
{
  PrgMachine *self = g_new0(PrgMachine, 1);
  self->book = book;
  self->member_name = g_strdup("");
  self->reason = g_strdup("");
  self->last_error = g_strdup("");
  self->record_id = g_strdup(prg_book_get_base(book)->record->id);
  self->cursor = g_strdup("");
  self->refusal = g_strdup("");
  self->interval = 300 * G_USEC_PER_SEC;
  self->push_delay = 2 * G_USEC_PER_SEC;
  self->online = TRUE;
  self->state = PRG_MACHINE_SIGNED_OUT;
  self->batch_limit = stored_batch_limit(book);
  self->page = PRG_MAX_PAGE;
  const char *attempt = prg_book_get_meta(book, "backoff.attempt");
  self->attempt = attempt ? (guint)MIN(g_ascii_strtoull(attempt, NULL, 10), 30) : 0;
  const char *last = prg_book_get_meta(book, "sync.last");
  self->last_sync = last ? g_ascii_strtoll(last, NULL, 10) : 0;
  /* Half of what a workspace's key may do: others share it. */
  prg_bucket_init(&self->bucket, 50, 1200 * 1000, 0);
  return self;
}

void
prg_machine_free(PrgMachine *self)
{
  if (!self)
    return;
  prg_cycle_clear(self);
  g_free(self->member_name);
  g_free(self->reason);
  g_free(self->last_error);
  g_free(self->record_id);
  g_free(self->cursor);
  g_free(self->refusal);
  g_free(self);
}

void
prg_machine_set_timing(PrgMachine *self, gint64 interval_us, gint64 push_delay_us, gboolean sync_on_metered)
{
  /* A running wait becomes that of the new interval, so that a change acts at once; a look that is due is not
   * put off. */
  if (self->pull_from != 0 && self->pull_at > self->pull_from)
    self->pull_at =
        self->pull_from + (gint64)((double)(self->pull_at - self->pull_from) * interval_us / self->interval);
  self->interval = interval_us;
  self->push_delay = push_delay_us;
  self->sync_on_metered = sync_on_metered;
}

void
prg_machine_set_member_name(PrgMachine *self, const char *name)
{
  prg_record_set(&self->member_name, name);
}

void
prg_machine_set_reason(PrgMachine *self, PrgMachineState state, const char *reason)
{
  self->state = state;
  prg_record_set(&self->reason, reason);
}

gint64
prg_machine_now(PrgMachine *self, const PrgInput *input)
{
  return prg_machine_time(self, input->mono, input->wall);
}

PrgMoment
prg_machine_moment(PrgMachine *self, const PrgInput *input)
{
  return (PrgMoment){ .member = prg_book_get_member(self->book),
                      .device = prg_book_get_device(self->book),
                      .next_seq = prg_book_next_seq(self->book),
                      .random_id = input->token,
                      .now = prg_machine_now(self, input),
                      .zone = input->zone,
                      .zone_name = input->zone_name };
}

void
prg_machine_ask(PrgMachine *self, PrgStep *step, PrgRequest *request)
{
  self->n_requests++;
  self->busy = TRUE;
  step->request = request;
}

void
prg_machine_commit(PrgMachine *self, PrgStep *step, GPtrArray *changes, PrgPhase then)
{
  self->busy = TRUE;
  self->after_commit = then;
  step->changes = changes;
}

/* ---- timers ---- */

static gint64
pull_interval(PrgMachine *self)
{
  return self->metered && !self->sync_on_metered ? 4 * self->interval : self->interval;
}

static gint64
push_delay(PrgMachine *self)
{
  gint64 delay = self->push_delay << MIN(self->slow, 16);
  return MIN(delay, self->interval);
}

static void
plan_pull(PrgMachine *self, const PrgInput *input)
{
  gint64 interval = pull_interval(self);
  gint64 jitter = (gint64)(input->random % (guint64)(interval / 5 + 1)) - interval / 10; /* ±10 % */
  self->pull_at = input->mono + interval + jitter;
  self->pull_from = input->mono;
}

/* New operations start the debounce; more of them push it back, but not beyond five times the delay after the
 * first. */
static void
plan_push(PrgMachine *self, const PrgInput *input)
{
  guint pending = prg_book_n_pending(self->book);
  if (pending == 0) {
    self->push_at = self->push_first = 0;
  } else if (self->push_at == 0) {
    self->push_first = input->mono;
    self->push_at = input->mono + push_delay(self);
  } else if (pending > self->seen_pending) {
    self->push_at = MIN(input->mono + push_delay(self), self->push_first + 5 * push_delay(self));
  }
  self->seen_pending = pending;
}

static gint64
earliest(gint64 a, gint64 b)
{
  if (a == 0 || b == 0)
    return a + b;
  return MIN(a, b);
}

gint64
prg_machine_get_wake_at(PrgMachine *self)
{
  if (self->busy || !self->has_token)
    return 0;
  if (self->phase != PRG_PHASE_REST)
    return self->throttled_until;
  /* Asked for during the cycle that has just ended: at once. */
  if (self->forced_again)
    return 1;
  switch (self->state) {
  case PRG_MACHINE_IDLE:
    return earliest(earliest(self->pull_at, self->push_at), self->fold_at);
  case PRG_MACHINE_WAITING:
    return self->retry_at;
  case PRG_MACHINE_BLOCKED:
    return self->pull_at;
  default:
    return 0;
  }
}

gint64
prg_machine_get_next_sync(PrgMachine *self, gint64 mono, gint64 wall)
{
  gint64 at = prg_machine_get_wake_at(self);
  return at == 0 ? 0 : wall + MAX(at - mono, 0);
}

/* ---- the end of a cycle ---- */

static void
end_well(PrgMachine *self, const PrgInput *input)
{
  self->attempt = 0;
  if (self->slow > 0)
    self->slow--;
  self->last_sync = prg_machine_now(self, input);
  prg_machine_set_reason(self, PRG_MACHINE_IDLE, "");
}

static void
end_in_wait(PrgMachine *self, const PrgInput *input, gint64 retry_after)
{
  self->attempt = MIN(self->attempt + 1, 30);
  if (self->outcome == PRG_OUTCOME_RETRY) {
    self->slow = MIN(self->slow + 1, 16);
    prg_bucket_drain(&self->bucket, input->mono);
  }
  gint64 delay = prg_backoff_delay(self->attempt, self->interval, input->random);
  self->retry_at = input->mono + MAX(delay, retry_after);
  gboolean ends = g_str_has_suffix(self->last_error, ".") || g_str_has_suffix(self->last_error, "?");
  g_autofree char *reason = g_strconcat(self->last_error, ends ? " " : ". ",
                                        _("XP is kept on this machine and sent when this is over."), NULL);
  prg_machine_set_reason(self, PRG_MACHINE_WAITING, reason);
}

/* What was decided in prg_cycle_end() becomes timers here, where the input's clock is at hand. */
static void
settle_timers(PrgMachine *self, const PrgInput *input, PrgStep *step, gint64 retry_after)
{
  self->retry_at = 0;
  plan_pull(self, input);
  switch (self->outcome) {
  case PRG_OUTCOME_OK:
    end_well(self, input);
    break;
  case PRG_OUTCOME_AUTH:
    prg_machine_set_reason(self, PRG_MACHINE_PAUSED, self->last_error);
    step->sign_in_required = TRUE;
    break;
  case PRG_OUTCOME_FORBIDDEN:
  case PRG_OUTCOME_SCHEMA_MISSING:
  case PRG_OUTCOME_CONFLICT: /* used for: eight lost races on an unchanged record, a deleted record, damage */
    prg_machine_set_reason(self, PRG_MACHINE_BLOCKED, self->last_error);
    self->discovered = FALSE;
    break;
  default:
    end_in_wait(self, input, retry_after);
    break;
  }
  self->push_at = 0;
  plan_push(self, input);
}

/* The backoff outlives a restart, so that a crash loop is no flood. */
static void
store_backoff(PrgMachine *self, const PrgInput *input, PrgStep *step)
{
  const char *stored = prg_book_get_meta(self->book, "backoff.attempt");
  if (self->attempt == 0 && !stored)
    return;
  GPtrArray *changes = prg_changes_new();
  g_autofree char *attempt = g_strdup_printf("%u", self->attempt);
  g_autofree char *until =
      g_strdup_printf("%" G_GINT64_FORMAT, input->wall + MAX(self->retry_at - input->mono, 0));
  prg_changes_meta(changes, "backoff.attempt", self->attempt ? attempt : NULL);
  prg_changes_meta(changes, "backoff.until", self->attempt ? until : NULL);
  prg_machine_commit(self, step, changes, PRG_PHASE_REST);
}

static void
finish_cycle(PrgMachine *self, const PrgInput *input, PrgStep *step)
{
  step->finished = TRUE;
  step->ok = self->outcome == PRG_OUTCOME_OK;
  step->forced = self->forced;
  step->pushed = self->pushed;
  step->changed = self->changed;
  settle_timers(self, input, step, self->retry_after);
  prg_cycle_clear(self);
  self->phase = PRG_PHASE_REST;
  if (!self->has_token)
    prg_machine_set_reason(self, PRG_MACHINE_SIGNED_OUT, "");
  else if (self->state == PRG_MACHINE_IDLE && !self->discovered) {
    self->pull_at = input->mono; /* the token changed while this cycle ran */
    self->pull_from = 0;
  } else if (!self->online && self->state != PRG_MACHINE_PAUSED && self->state != PRG_MACHINE_BLOCKED)
    prg_machine_set_reason(self, PRG_MACHINE_OFFLINE, "");
  store_backoff(self, input, step);
}

/* ---- inputs ---- */

static gboolean
is_due(gint64 at, const PrgInput *input)
{
  return at != 0 && at <= input->mono;
}

static gboolean
wants_cycle(PrgMachine *self, const PrgInput *input)
{
  if (!self->has_token)
    return FALSE;
  if (self->forced_again)
    return TRUE;
  switch (self->state) {
  case PRG_MACHINE_IDLE:
    return is_due(self->pull_at, input) || is_due(self->push_at, input) || is_due(self->fold_at, input);
  case PRG_MACHINE_WAITING:
    return is_due(self->retry_at, input);
  case PRG_MACHINE_BLOCKED:
    return is_due(self->pull_at, input);
  default:
    return FALSE;
  }
}

/* A network that came back is used at once; one that comes and goes all the time is not asked again each time. */
static gint64
plan_return(PrgMachine *self, const PrgInput *input)
{
  gint64 at = MAX(input->mono, self->return_allowed_at);
  if (at == input->mono)
    self->return_allowed_at = input->mono + PRG_RETURN_PAUSE;
  /* A server that asked for a pause gets it. */
  return self->outcome == PRG_OUTCOME_RETRY ? MAX(at, self->retry_at) : at;
}

static void
set_network(PrgMachine *self, const PrgInput *input)
{
  gboolean back = input->online && !self->online;
  self->online = input->online;
  self->metered = input->metered;
  if (self->phase != PRG_PHASE_REST || !self->has_token)
    return;
  if (!self->online && (self->state == PRG_MACHINE_IDLE || self->state == PRG_MACHINE_WAITING)) {
    prg_machine_set_reason(self, PRG_MACHINE_OFFLINE, "");
  } else if (back && self->state == PRG_MACHINE_OFFLINE) {
    prg_machine_set_reason(self, PRG_MACHINE_IDLE, "");
    self->pull_at = plan_return(self, input);
    self->pull_from = 0;
  }
}

/* What is left of the backoff that an earlier run stored. */
static gint64
stored_wait(PrgMachine *self, const PrgInput *input)
{
  const char *until = prg_book_get_meta(self->book, "backoff.until");
  if (!until)
    return 0;
  return CLAMP(g_ascii_strtoll(until, NULL, 10) - input->wall, 0, self->interval);
}

static void
set_credentials(PrgMachine *self, const PrgInput *input)
{
  self->has_token = input->online;
  self->discovered = FALSE;
  if (self->phase != PRG_PHASE_REST) {
    /* One that waits for its rate budget is never woken again without a token. */
    if (!self->has_token && !self->busy)
      prg_cycle_end(self, PRG_OUTCOME_UNKNOWN, _("Signed out."), 0);
    return;
  }
  if (!self->has_token) {
    prg_machine_set_reason(self, PRG_MACHINE_SIGNED_OUT, "");
    return;
  }
  gint64 wait = stored_wait(self, input);
  self->pull_at = input->mono;
  self->pull_from = 0;
  self->retry_at = input->mono + wait;
  prg_machine_set_reason(self,
                         !self->online ? PRG_MACHINE_OFFLINE
                         : wait > 0    ? PRG_MACHINE_WAITING
                                       : PRG_MACHINE_IDLE,
                         "");
}

static void
ask_for_sync(PrgMachine *self)
{
  /* A cycle that is running began before this request; what it left out another one must do. */
  if (self->phase == PRG_PHASE_REST || !self->forced)
    self->forced_again = TRUE;
}

static void
note_server_time(PrgMachine *self, const PrgInput *input)
{
  /* What is not of Twenty's, such as a captive portal's page, says nothing about Twenty's clock. */
  if (input->answer->server_time == 0 || input->answer->outcome == PRG_OUTCOME_UNKNOWN)
    return;
  /* The Date header counts whole seconds, and the answer was under way: less than that is noise. */
  self->wall_is_off = ABS(input->answer->server_time - input->wall) >= 5 * G_USEC_PER_SEC;
  self->epoch = (self->wall_is_off ? input->answer->server_time : input->wall) - input->mono;
}

static void
take_input(PrgMachine *self, const PrgInput *input, PrgStep *step)
{
  switch (input->kind) {
  case PRG_INPUT_WAKE:
    plan_push(self, input);
    break;
  case PRG_INPUT_NETWORK:
    set_network(self, input);
    break;
  case PRG_INPUT_CREDENTIALS:
    set_credentials(self, input);
    break;
  case PRG_INPUT_SYNC_NOW:
    ask_for_sync(self);
    break;
  case PRG_INPUT_ANSWER:
    self->busy = FALSE;
    note_server_time(self, input);
    prg_cycle_answer(self, input, step);
    break;
  case PRG_INPUT_COMMITTED:
    self->busy = FALSE;
    self->phase = self->after_commit;
    break;
  case PRG_INPUT_COMMIT_FAILED:
    self->busy = FALSE;
    if (self->phase != PRG_PHASE_REST)
      prg_cycle_end(self, PRG_OUTCOME_UNKNOWN, input->message, 0);
    break;
  case PRG_INPUT_LOST:
    self->busy = FALSE;
    prg_cycle_end(self, PRG_OUTCOME_UNKNOWN, _("The request was cancelled."), 0);
    break;
  }
}

void
prg_machine_step(PrgMachine *self, const PrgInput *input, PrgStep *step)
{
  take_input(self, input, step);
  if (self->busy)
    return;
  if (self->phase == PRG_PHASE_REST && wants_cycle(self, input))
    prg_cycle_begin(self, input);
  if (self->phase != PRG_PHASE_REST && self->phase != PRG_PHASE_END)
    prg_cycle_advance(self, input, step);
  if (self->phase == PRG_PHASE_END)
    finish_cycle(self, input, step);
}

/* ---- what it says of itself ---- */

PrgMachineState
prg_machine_get_state(PrgMachine *self)
{
  return self->phase == PRG_PHASE_REST ? self->state : PRG_MACHINE_SYNCING;
}

const char *
prg_machine_get_reason(PrgMachine *self)
{
  return self->reason;
}

PrgOutcome
prg_machine_get_outcome(PrgMachine *self)
{
  return self->outcome;
}

const char *
prg_machine_get_last_error(PrgMachine *self)
{
  return self->last_error;
}

gint64
prg_machine_get_last_sync(PrgMachine *self)
{
  return self->last_sync;
}

/* Time does not go back, whatever happens to this machine's clock. A jump ahead may be true: a virtual machine that
 * was paused counted less time than passed. The next answer tells. */
gint64
prg_machine_time(PrgMachine *self, gint64 mono, gint64 wall)
{
  gint64 counted = self->epoch + mono;
  if (self->epoch == 0)
    return wall;
  return self->wall_is_off ? counted : MAX(counted, wall);
}

gint64
prg_machine_request_wait(PrgMachine *self, gint64 mono)
{
  gint64 wait = prg_bucket_wait(&self->bucket, mono);
  /* A server that asked for a pause gets it from everybody. */
  if (self->state == PRG_MACHINE_WAITING && self->outcome == PRG_OUTCOME_RETRY)
    wait = MAX(wait, self->retry_at - mono);
  return wait;
}

void
prg_machine_take_request(PrgMachine *self, gint64 mono)
{
  prg_bucket_take(&self->bucket, mono);
}

void
prg_machine_drain_requests(PrgMachine *self, gint64 mono)
{
  prg_bucket_drain(&self->bucket, mono);
}

gboolean
prg_machine_is_busy(PrgMachine *self)
{
  return self->busy;
}

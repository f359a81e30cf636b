/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-machine-private.h"

#include <glib/gi18n-lib.h>

/* One cycle, from the first request to the settled base. */

void
prg_cycle_clear(PrgMachine *self)
{
  g_clear_pointer(&self->reading, prg_base_free);
  g_clear_pointer(&self->batch, g_ptr_array_unref);
  g_clear_pointer(&self->asked, g_ptr_array_unref);
  g_clear_pointer(&self->absent, g_hash_table_unref);
  g_clear_pointer(&self->skipped, g_hash_table_unref);
  g_clear_pointer(&self->accepted_kinds, g_hash_table_unref);
  g_clear_pointer(&self->relink, g_ptr_array_unref);
  g_clear_pointer(&self->verify, g_ptr_array_unref);
  g_clear_pointer(&self->fetched, g_hash_table_unref);
  g_clear_pointer(&self->timeline, g_ptr_array_unref);
  g_clear_pointer(&self->fold, prg_fold_free);
  g_clear_pointer(&self->folded, prg_record_free);
  prg_judgement_clear(&self->judgement);
  self->judgement = (PrgJudgement){ 0 };
  prg_record_set(&self->cursor, "");
  self->split = self->n_requests = self->n_conflicts = self->n_rounds = self->n_verified = 0;
  self->wait_until = self->conflict_updated_at = self->throttled_until = self->retry_after = self->older = 0;
  self->fetch_done = self->rescan = self->judged = self->need_fold = self->did_fold = self->rebase = FALSE;
  self->timeline_wanted = self->probed = self->dropped_record = self->changed = self->whole = self->forced =
      FALSE;
  self->pushed = 0;
}

static gboolean
take_due(gint64 *at, const PrgInput *input)
{
  if (*at == 0 || *at > input->mono)
    return FALSE;
  *at = 0;
  return TRUE;
}

void
prg_cycle_begin(PrgMachine *self, const PrgInput *input)
{
  prg_cycle_clear(self);
  self->forced = self->forced_again;
  self->forced_again = FALSE;
  self->absent = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  self->skipped = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  self->accepted_kinds = g_hash_table_new(g_str_hash, g_str_equal);
  self->relink = g_ptr_array_new_with_free_func(g_free);
  gboolean fold_due = take_due(&self->fold_at, input);
  if (!self->discovered) {
    self->ready = FALSE;
    self->phase = PRG_PHASE_DISCOVER;
  } else if (!self->ready) {
    self->whole = TRUE;
    self->phase = PRG_PHASE_READ;
  } else if (prg_book_n_pending(self->book) > 0) {
    self->phase = PRG_PHASE_RESOLVE;
  } else if (self->forced || fold_due || self->attempt > 0 || self->glances >= PRG_WHOLE_EVERY) {
    /* A cycle that failed left something open, which a glance at the record would not show. */
    self->phase = PRG_PHASE_READ;
  } else {
    self->phase = PRG_PHASE_GLANCE;
  }
}

void
prg_cycle_end(PrgMachine *self, PrgOutcome outcome, const char *message, gint64 retry_after)
{
  self->phase = PRG_PHASE_END;
  self->outcome = outcome;
  self->retry_after = retry_after;
  prg_record_set(&self->last_error, message);
}

void
prg_cycle_fail(PrgMachine *self, const PrgAnswer *answer)
{
  PrgOutcome outcome = answer->outcome;
  gboolean about_fields = outcome == PRG_OUTCOME_FORBIDDEN || outcome == PRG_OUTCOME_SCHEMA_MISSING;
  if (about_fields && self->phase != PRG_PHASE_DISCOVER && !self->dropped_record) {
    /* The record as it is found tells by name all the fields that are missing or hidden. */
    self->dropped_record = TRUE;
    self->discovered = FALSE;
    self->n_rounds++;
    self->phase = PRG_PHASE_DISCOVER;
    return;
  }
  /* A phase that has no use for these saw something it cannot act on: look again later. */
  if (outcome == PRG_OUTCOME_OK || outcome == PRG_OUTCOME_CONFLICT || outcome == PRG_OUTCOME_DUPLICATE)
    outcome = PRG_OUTCOME_UNKNOWN;
  prg_cycle_end(self, outcome, answer->message, answer->retry_after);
}

/* ---- asking ---- */

static PrgRequest *
new_request(PrgMachine *self, PrgRequestKind kind)
{
  PrgRequest *request = prg_request_new(kind);
  prg_record_set(&request->member, prg_book_get_member(self->book));
  if (kind != PRG_REQUEST_DISCOVER)
    prg_record_set(&request->record_id, self->record_id);
  return request;
}

static void
ask_creation(PrgMachine *self, const PrgInput *input, PrgStep *step)
{
  g_autofree char *id = prg_operation_pays_once_id(prg_book_get_member(self->book), "record", "");
  PrgRequest *request = new_request(self, PRG_REQUEST_CREATE);
  prg_record_set(&request->record_id, id);
  prg_record_set(&request->member_name, self->member_name);
  request->fold = prg_fold_for_creation(self, input);
  prg_machine_ask(self, step, request);
}

static void
ask_reading(PrgMachine *self, gboolean full, PrgStep *step)
{
  PrgRequest *request = new_request(self, PRG_REQUEST_READ);
  request->full = full;
  request->unlinked = full && self->whole;
  prg_machine_ask(self, step, request);
}

static void
ask_relink(PrgMachine *self, PrgStep *step)
{
  PrgRequest *request = new_request(self, PRG_REQUEST_RELINK);
  if (self->relink->len > 0) {
    guint n = MIN(self->relink->len, 200);
    request->ids = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < n; i++)
      g_ptr_array_add(request->ids, g_strdup(g_ptr_array_index(self->relink, i)));
    g_ptr_array_remove_range(self->relink, 0, n);
  }
  prg_machine_ask(self, step, request);
}

static void
dispatch(PrgMachine *self, const PrgInput *input, PrgStep *step)
{
  switch (self->phase) {
  case PRG_PHASE_DISCOVER:
    prg_machine_ask(self, step, new_request(self, PRG_REQUEST_DISCOVER));
    break;
  case PRG_PHASE_CREATE:
    ask_creation(self, input, step);
    break;
  case PRG_PHASE_GLANCE:
  case PRG_PHASE_READ:
    ask_reading(self, self->phase == PRG_PHASE_READ, step);
    break;
  case PRG_PHASE_INITIALISE:
    prg_fold_initialise(self, input, step);
    break;
  case PRG_PHASE_RELINK:
    ask_relink(self, step);
    break;
  case PRG_PHASE_RESOLVE:
    prg_push_resolve(self, step);
    break;
  case PRG_PHASE_MARK:
    prg_push_mark(self, input, step);
    break;
  case PRG_PHASE_POST:
    prg_push_post(self, step);
    break;
  case PRG_PHASE_VERIFY:
    prg_push_verify(self, step);
    break;
  case PRG_PHASE_FETCH:
    prg_rows_fetch(self, input, step);
    break;
  case PRG_PHASE_FETCHED:
    prg_rows_after(self, input);
    break;
  case PRG_PHASE_TIMELINE:
    prg_reading_timeline(self, step);
    break;
  case PRG_PHASE_FOLD:
    prg_fold_request(self, input, step);
    break;
  case PRG_PHASE_SETTLE:
    prg_fold_settle(self, input, step);
    break;
  case PRG_PHASE_SETTLED:
    prg_fold_settled(self);
    break;
  case PRG_PHASE_REST:
  case PRG_PHASE_END:
    break;
  }
}

void
prg_cycle_advance(PrgMachine *self, const PrgInput *input, PrgStep *step)
{
  self->throttled_until = 0;
  while (!self->busy && self->phase != PRG_PHASE_END) {
    if (self->n_requests > PRG_MAX_REQUESTS || self->n_rounds > PRG_MAX_ROUNDS) {
      prg_cycle_end(self, PRG_OUTCOME_UNKNOWN,
                    _("The server's answers contradict each other; trying again later."), 0);
      return;
    }
    if (self->wait_until > input->mono && prg_push_has_work(self)) {
      /* Earned while the timeline is waited for: it is sent first, and the reading after that waits on. */
      self->wait_until = 0;
      self->n_rounds++;
      self->phase = PRG_PHASE_RESOLVE;
    }
    gint64 wait = MAX(prg_bucket_wait(&self->bucket, input->mono), self->wait_until - input->mono);
    if (wait > 0 && self->phase < PRG_PHASE_SETTLE && self->phase != PRG_PHASE_MARK) {
      self->throttled_until = input->mono + wait;
      return;
    }
    dispatch(self, input, step);
  }
  if (step->request)
    prg_bucket_take(&self->bucket, input->mono);
}

/* ---- discovering the record ---- */

/* The living record in use. */
static const PrgRecord *
choose_record(GPtrArray *records, guint *n_living)
{
  const PrgRecord *best = NULL;
  *n_living = 0;
  for (guint i = 0; i < records->len; i++) {
    const PrgRecord *record = g_ptr_array_index(records, i);
    if (record->deleted)
      continue;
    (*n_living)++;
    if (!best || prg_record_compare_use(record, best) < 0)
      best = record;
  }
  return best;
}

static char *
join_names(GPtrArray *names)
{
  GString *text = g_string_new(NULL);
  for (guint i = 0; i < names->len; i++)
    g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", (const char *)g_ptr_array_index(names, i));
  return g_string_free(text, FALSE);
}

/* Several living records: reported once, never summed. */
static void
report_duplicates(PrgMachine *self, const PrgInput *input, PrgStep *step, guint n_living, const char *chosen)
{
  g_autofree char *seen = g_strdup_printf("%u %s", n_living, chosen);
  if (g_strcmp0(prg_book_get_meta(self->book, "reported.records"), seen) == 0)
    return;
  GPtrArray *changes = prg_changes_new();
  g_autofree char *text =
      g_strdup_printf("{\"event\":\"several-records\",\"records\":%u,\"used\":\"%s\"}", n_living, chosen);
  prg_changes_meta(changes, "reported.records", seen);
  prg_changes_audit(changes, prg_machine_now(self, input), text);
  prg_machine_commit(self, step, changes, PRG_PHASE_READ);
}

static void
discovered(PrgMachine *self, const PrgInput *input, PrgStep *step)
{
  const PrgAnswer *answer = input->answer;
  if (answer->outcome != PRG_OUTCOME_OK) {
    prg_cycle_fail(self, answer);
    return;
  }
  if (answer->missing && answer->missing->len > 0) {
    g_autofree char *names = join_names(answer->missing);
    g_autofree char *message = g_strdup_printf(
        _("Twenty lacks, or hides from this key, the fields: %s. Provision the server or widen the role."),
        names);
    prg_cycle_end(self, PRG_OUTCOME_SCHEMA_MISSING, message, 0);
    return;
  }
  guint n_living = 0;
  const PrgRecord *record = answer->records ? choose_record(answer->records, &n_living) : NULL;
  if (record) {
    self->discovered = TRUE;
    self->whole = TRUE;
    self->phase = PRG_PHASE_READ;
    prg_record_set(&self->record_id, record->id);
    if (n_living > 1)
      report_duplicates(self, input, step, n_living, record->id);
  } else if (answer->records && answer->records->len > 0) {
    prg_cycle_end(self, PRG_OUTCOME_CONFLICT,
                  _("record deleted: this rep's record was deleted in Twenty. Restore it there; XP is kept "
                    "here until then."),
                  0);
  } else {
    self->phase = PRG_PHASE_CREATE;
  }
}

static void
created(PrgMachine *self, const PrgInput *input)
{
  const PrgAnswer *answer = input->answer;
  gboolean look_again = answer->outcome == PRG_OUTCOME_OK || answer->outcome == PRG_OUTCOME_DUPLICATE;
  /* A duplicate that no search shows is not waited for. A record that vanished in this cycle has used up rounds before. */
  self->n_rounds += answer->outcome == PRG_OUTCOME_DUPLICATE ? PRG_MAX_ROUNDS / 4 : 1;
  if (look_again && self->n_rounds < PRG_MAX_ROUNDS)
    self->phase = PRG_PHASE_DISCOVER;
  else
    prg_cycle_fail(self, answer);
}

/* ---- reading ---- */

static void
glanced(PrgMachine *self, const PrgInput *input)
{
  const PrgAnswer *answer = input->answer;
  if (answer->outcome != PRG_OUTCOME_OK) {
    prg_cycle_fail(self, answer);
    return;
  }
  const PrgRecord *known = prg_book_get_base(self->book)->record;
  const PrgRecord *record =
      answer->records && answer->records->len > 0 ? g_ptr_array_index(answer->records, 0) : NULL;
  if (record && !record->deleted && record->updated_at == known->updated_at) {
    self->glances++;
    prg_cycle_end(self, PRG_OUTCOME_OK, "", 0);
  } else {
    self->phase = PRG_PHASE_READ;
  }
}

static void
read_whole(PrgMachine *self, const PrgInput *input, PrgStep *step)
{
  if (input->answer->outcome != PRG_OUTCOME_OK) {
    prg_cycle_fail(self, input->answer);
    return;
  }
  self->glances = 0;
  self->fetch_done = self->rescan = self->judged = self->rebase = FALSE;
  g_clear_pointer(&self->timeline, g_ptr_array_unref);
  prg_reading_evaluate(self, input, step);
}

static void
relinked(PrgMachine *self, const PrgInput *input)
{
  self->n_rounds++;
  if (input->answer->outcome == PRG_OUTCOME_REFUSED && self->n_rounds < 4) {
    /* Too many rows for one request: by the ids that are known here, a page at a time. */
    for (guint i = 0; i < prg_book_n_entries(self->book); i++)
      g_ptr_array_add(self->relink, g_strdup(prg_book_get_entry(self->book, i)->operation->id));
  } else if (input->answer->outcome != PRG_OUTCOME_OK) {
    prg_cycle_fail(self, input->answer);
    return;
  }
  self->phase = self->relink->len > 0 ? PRG_PHASE_RELINK : PRG_PHASE_READ;
}

void
prg_cycle_answer(PrgMachine *self, const PrgInput *input, PrgStep *step)
{
  switch (self->phase) {
  case PRG_PHASE_DISCOVER:
    discovered(self, input, step);
    break;
  case PRG_PHASE_CREATE:
    created(self, input);
    break;
  case PRG_PHASE_GLANCE:
    glanced(self, input);
    break;
  case PRG_PHASE_READ:
    read_whole(self, input, step);
    break;
  case PRG_PHASE_INITIALISE:
  case PRG_PHASE_FOLD:
    prg_fold_answered(self, input, step);
    break;
  case PRG_PHASE_RELINK:
    relinked(self, input);
    break;
  case PRG_PHASE_RESOLVE:
  case PRG_PHASE_VERIFY:
    prg_push_resolved(self, input, step);
    break;
  case PRG_PHASE_POST:
    prg_push_posted(self, input, step);
    break;
  case PRG_PHASE_FETCH:
    prg_rows_fetched(self, input, step);
    break;
  case PRG_PHASE_TIMELINE:
    prg_reading_timeline_answered(self, input);
    break;
  default:
    break;
  }
}

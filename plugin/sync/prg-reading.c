/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-machine-private.h"

#include <glib/gi18n-lib.h>

/* What a whole reading means: the table "found → done" of the protocol. */

/* How long the timeline is waited for, each time that it is not whole yet: nine seconds in all. */
static const gint64 timeline_waits[] = { G_USEC_PER_SEC / 2, 3 * G_USEC_PER_SEC / 2, 3 * G_USEC_PER_SEC,
                                         4 * G_USEC_PER_SEC };
#define MAX_TIMELINE_TRIES G_N_ELEMENTS(timeline_waits)

static void
add_fault(PrgRecord *record, const char *field, const char *what)
{
  g_ptr_array_add(record->faults, g_strdup_printf("%s: %s", field, what));
}

/* A lastActivityDate in the future would freeze the streak: it is not believed, and healed by the next fold.
 */
static void
refuse_future(PrgRecord *record, gint64 now)
{
  if (record->last_activity <= now + PRG_MAX_AHEAD)
    return;
  record->last_activity = 0;
  add_fault(record, "lastActivityDate", "in the future");
}

gboolean
prg_reading_is_faulty(const PrgRecord *record, const char *field)
{
  for (guint i = 0; i < record->faults->len; i++)
    if (g_str_has_prefix(g_ptr_array_index(record->faults, i), field))
      return TRUE;
  return FALSE;
}

/* No program counts that far: what was folded last is believed instead. */
static void
refuse_huge_total(PrgRecord *record)
{
  if (ABS(record->total_xp.value) < PRG_MAX_TOTAL || !record->external_xp.known || !record->ledger_xp.known)
    return;
  add_fault(record, "totalXp", "too large");
  record->total_xp.value = record->external_xp.value + record->ledger_xp.value;
}

/* The sets are append-only: an empty one where there were ids was emptied by accident. */
static gboolean
is_emptied(const PrgIdSet *set, const PrgIdSet *known)
{
  return prg_id_set_size(set) == 0 && prg_id_set_size(known) > 0;
}

/* Of a set's last known ids those that no row is known of. The others come back with their rows; and if a restored backup has lost such a
 * row, the set must not say that it is paid. (transfer full) */
static PrgIdSet *
ids_without_rows(PrgMachine *self, const PrgIdSet *known, const char *kind)
{
  PrgIdSet *kept = prg_id_set_new();
  for (guint i = 0; i < prg_id_set_size(known); i++) {
    const char *ref = prg_id_set_get(known, i);
    g_autofree char *id = prg_operation_pays_once_id(prg_book_get_member(self->book), kind, ref);
    if (!prg_book_find(self->book, id))
      prg_id_set_add(kept, ref);
  }
  return kept;
}

/* A set or rank that another program made unreadable or emptied keeps its last known value: the next fold writes it back. */
static void
keep_last_known(PrgMachine *self, PrgRecord *record)
{
  const PrgRecord *known = prg_machine_base(self)->record;
  const struct {
    const char *field, *kind;
    PrgIdSet **set;
    const PrgIdSet *known;
  } sets[] = {
    { "badges", "badge_earned", &record->badges, known->badges },
    { "completedModules", "module_passed", &record->completed_modules, known->completed_modules },
    { "certifications", "certification_earned", &record->certifications, known->certifications },
    { "defeatedBosses", "boss_defeated", &record->defeated_bosses, known->defeated_bosses },
    { "passedExams", "exam_passed", &record->passed_exams, known->passed_exams },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(sets); i++) {
    gboolean faulty = prg_reading_is_faulty(record, sets[i].field);
    if (!faulty && !is_emptied(*sets[i].set, sets[i].known))
      continue;
    if (!faulty)
      add_fault(record, sets[i].field, "emptied");
    prg_id_set_free(*sets[i].set);
    *sets[i].set = ids_without_rows(self, sets[i].known, sets[i].kind);
  }
  if (*record->current_rank != '\0' || *known->current_rank == '\0')
    return;
  if (!prg_reading_is_faulty(record, "currentRank"))
    add_fault(record, "currentRank", "emptied");
  prg_record_set(&record->current_rank, known->current_rank);
}

static gboolean
lacks_ledger_fields(const PrgRecord *record)
{
  return !record->ledger_xp.known || !record->ledger_count.known || !record->external_xp.known;
}

/* TRUE: rows are looked for, or that was done in vain. */
static gboolean
verifies_own_rows(PrgMachine *self)
{
  g_autoptr(GPtrArray) ids = prg_rows_suspects(self);
  if (ids->len == 0)
    return FALSE;
  if (self->n_verified >= 3) {
    prg_cycle_end(self, PRG_OUTCOME_UNKNOWN,
                  _("Twenty shows fewer of this machine's rows than it acknowledged; looking again later."),
                  0);
    return TRUE;
  }
  self->n_verified++;
  self->n_rounds++;
  g_clear_pointer(&self->verify, g_ptr_array_unref);
  self->verify = g_steal_pointer(&ids);
  self->phase = PRG_PHASE_VERIFY;
  return TRUE;
}

/* The ledger shows fewer rows than were folded. A second such reading of the same fold, 20 s or more later,
 * is no lag. */
static gboolean
is_stale(PrgMachine *self, const PrgInput *input, PrgStep *step)
{
  const PrgRecord *record = self->reading->record;
  const char *token = prg_book_get_meta(self->book, "stale.token");
  const char *at = prg_book_get_meta(self->book, "stale.at");
  if (self->reading->ledger_count >= record->ledger_count.value)
    return FALSE;
  gint64 since = at ? g_ascii_strtoll(at, NULL, 10) : 0;
  gboolean same = token && g_str_equal(token, record->fold_token);
  if (same && input->wall - since >= PRG_STALE_AFTER) {
    self->rebase = TRUE;
    return FALSE;
  }
  prg_cycle_end(self, PRG_OUTCOME_UNKNOWN,
                _("Twenty shows fewer ledger rows than were folded; looking again in 20 seconds."),
                PRG_STALE_AFTER + G_USEC_PER_SEC);
  if (!same || since > input->wall) {
    GPtrArray *changes = prg_changes_new();
    g_autofree char *now = g_strdup_printf("%" G_GINT64_FORMAT, input->wall);
    prg_changes_meta(changes, "stale.token", record->fold_token);
    prg_changes_meta(changes, "stale.at", now);
    prg_machine_commit(self, step, changes, PRG_PHASE_END);
  }
  return TRUE;
}

/* Any other reading clears the mark, so that two lags far apart are not taken for one loss. */
static void
clear_stale_mark(PrgMachine *self, PrgStep *step)
{
  if (self->reading->ledger_count < self->reading->record->ledger_count.value ||
      !prg_book_get_meta(self->book, "stale.token"))
    return;
  GPtrArray *changes = prg_changes_new();
  prg_changes_meta(changes, "stale.token", NULL);
  prg_changes_meta(changes, "stale.at", NULL);
  prg_machine_commit(self, step, changes, self->phase);
}

/* At a first reading, or after the store was damaged, equal counts prove nothing: all rows are looked at. */
static gboolean
needs_rows(PrgMachine *self)
{
  const PrgBase *base = prg_machine_base(self);
  if (self->fetch_done)
    return FALSE;
  if (!base->known)
    return self->reading->ledger_count > 0 || prg_book_n_on_ledger(self->book) > 0;
  return !prg_rows_agree(self, base->older);
}

static gint64
outside_xp(const PrgRecord *record)
{
  return record->total_xp.value - record->external_xp.value - record->ledger_xp.value;
}

static gboolean
was_changed(PrgMachine *self)
{
  return prg_machine_base(self)->known &&
         prg_machine_base(self)->record->updated_at != self->reading->record->updated_at;
}

/* Another program wrote, and nobody has folded since. */
static gboolean
was_changed_by_others(PrgMachine *self)
{
  return was_changed(self) &&
         g_str_equal(prg_machine_base(self)->record->fold_token, self->reading->record->fold_token);
}

static gboolean
needs_timeline(PrgMachine *self)
{
  gboolean news = !prg_machine_base(self)->known || was_changed(self) ||
                  outside_xp(self->reading->record) != 0 || prg_book_get_meta(self->book, "timeline.wanted");
  return !self->judged && !self->timeline && news;
}

static gboolean
differs(PrgNumber number, gint64 value)
{
  return !number.known || number.value != value || number.raw != (double)number.value;
}

static gboolean
needs_fold(PrgMachine *self)
{
  const PrgRecord *record = self->reading->record;
  return self->rebase || differs(record->ledger_xp, self->reading->ledger_sum) ||
         differs(record->ledger_count, self->reading->ledger_count) ||
         differs(record->external_xp, self->judgement.external) ||
         differs(record->total_xp, self->judgement.external + self->reading->ledger_sum) || self->heal ||
         self->judgement.reason != NULL;
}

static void
judge(PrgMachine *self)
{
  self->judged = TRUE;
  prg_judgement_clear(&self->judgement);
  self->judgement = (PrgJudgement){ 0 };
  prg_attribution_judge(self->book, self->reading->record, self->timeline, &self->judgement);
  self->need_fold = needs_fold(self);
}

static void
fold_or_settle(PrgMachine *self, const PrgInput *input)
{
  gboolean allowed = self->forced || input->mono >= self->fold_allowed_at;
  self->phase = self->need_fold && allowed ? PRG_PHASE_FOLD : PRG_PHASE_SETTLE;
  if (!self->need_fold || allowed)
    return;
  self->fold_at = self->fold_allowed_at;
  /* What was found out must not be forgotten when this reading has become the base. */
  self->timeline_wanted = self->judgement.reason != NULL;
}

/* The timeline is written by a queue worker, a little late: a fold that depends on it waits, a few times. Who asked for the sync waits with
 * it, and reads again; else the reading is settled without, and another cycle folds. */
static gboolean
waits_for_timeline(PrgMachine *self, const PrgInput *input)
{
  if (self->timeline_tries >= MAX_TIMELINE_TRIES || !self->timeline ||
      prg_timeline_is_complete(self->reading->record, self->timeline)) {
    self->timeline_tries = 0;
    return FALSE;
  }
  gint64 until = input->mono + timeline_waits[self->timeline_tries++];
  if (self->forced) {
    self->wait_until = until;
    self->phase = PRG_PHASE_READ;
    return TRUE;
  }
  self->timeline_wanted = self->need_fold = TRUE;
  self->fold_at = until;
  self->phase = PRG_PHASE_SETTLE;
  return TRUE;
}

/* The reading is whole and to be believed: rows, then who wrote, then the fold. */
void
prg_reading_go_on(PrgMachine *self, const PrgInput *input)
{
  if (needs_rows(self)) {
    self->phase = PRG_PHASE_FETCH;
  } else if (needs_timeline(self)) {
    self->phase = PRG_PHASE_TIMELINE;
  } else if (!waits_for_timeline(self, input)) {
    judge(self);
    fold_or_settle(self, input);
  }
}

static void
keep_reading(PrgMachine *self, const PrgInput *input)
{
  const PrgAnswer *answer = input->answer;
  prg_base_free(self->reading);
  self->reading =
      prg_base_new(g_ptr_array_index(answer->records, 0), answer->groups, prg_machine_base(self)->older);
  self->older = self->reading->older;
  self->unlinked = answer->unlinked;
  self->probed = FALSE;
  refuse_future(self->reading->record, prg_machine_now(self, input));
  refuse_huge_total(self->reading->record);
  keep_last_known(self, self->reading->record);
}

/* A record without ledger fields: new to the ledger, damaged, or created anew by another program. In the last case the rep's rows
 * hang on a dead record or on none, and must be seen before anybody says what of the total is theirs. */
static void
initialise(PrgMachine *self)
{
  self->ready = FALSE;
  if (self->unlinked > 0)
    self->phase = PRG_PHASE_RELINK;
  else if (!verifies_own_rows(self))
    self->phase = PRG_PHASE_INITIALISE;
}

void
prg_reading_evaluate(PrgMachine *self, const PrgInput *input, PrgStep *step)
{
  const PrgAnswer *answer = input->answer;
  if (!answer->records || answer->records->len == 0 ||
      ((PrgRecord *)g_ptr_array_index(answer->records, 0))->deleted) {
    self->discovered = FALSE;
    self->n_rounds += 10;
    self->phase = PRG_PHASE_DISCOVER;
    return;
  }
  keep_reading(self, input);
  if (lacks_ledger_fields(self->reading->record)) {
    initialise(self);
    return;
  }
  self->ready = TRUE;
  if (self->unlinked > 0) {
    self->phase = PRG_PHASE_RELINK;
  } else if (prg_push_has_work(self)) {
    self->n_rounds++;
    self->phase = PRG_PHASE_RESOLVE;
  } else if (!verifies_own_rows(self) && !is_stale(self, input, step)) {
    self->whole = FALSE;
    self->changed = self->changed || was_changed(self);
    self->heal = self->heal || was_changed_by_others(self);
    prg_reading_go_on(self, input);
  }
  if (!self->busy)
    clear_stale_mark(self, step);
}

/* ---- timeline ---- */

void
prg_reading_timeline(PrgMachine *self, PrgStep *step)
{
  const char *fold_at = prg_book_get_meta(self->book, "fold.at");
  PrgRequest *request = prg_request_new(PRG_REQUEST_TIMELINE);
  prg_record_set(&request->member, prg_book_get_member(self->book));
  prg_record_set(&request->record_id, self->record_id);
  prg_record_set(&request->cursor, self->cursor);
  /* A server that was restored shows an older fold than the one known here: when the wait was in vain, from the beginning. */
  if (fold_at && self->timeline_tries < MAX_TIMELINE_TRIES)
    request->since = g_ascii_strtoll(fold_at, NULL, 10) - 30 * G_TIME_SPAN_MINUTE;
  prg_machine_ask(self, step, request);
}

void
prg_reading_timeline_answered(PrgMachine *self, const PrgInput *input)
{
  PrgAnswer *answer = input->answer;
  if (!self->timeline)
    self->timeline = g_ptr_array_new_with_free_func((GDestroyNotify)prg_timeline_row_free);
  if (answer->outcome == PRG_OUTCOME_FORBIDDEN || answer->outcome == PRG_OUTCOME_SCHEMA_MISSING ||
      answer->outcome == PRG_OUTCOME_REFUSED) {
    /* This role may not see who wrote: the judgement does without. */
    self->timeline_tries = MAX_TIMELINE_TRIES;
    prg_record_set(&self->cursor, "");
  } else if (answer->outcome != PRG_OUTCOME_OK) {
    prg_cycle_fail(self, answer);
    return;
  } else {
    if (answer->timeline)
      g_ptr_array_extend_and_steal(self->timeline, g_steal_pointer(&answer->timeline));
    prg_record_set(&self->cursor, answer->next_cursor);
  }
  if (*self->cursor != '\0')
    return;
  prg_timeline_order(self->timeline);
  prg_reading_go_on(self, input);
}

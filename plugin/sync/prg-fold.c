/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-json.h"
#include "prg-machine-private.h"
#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>

/* Writing the record by compare-and-swap, and settling: the reading becomes the base. */

/* ---- initialising ---- */

static PrgFold *
new_fold(const PrgInput *input, char *log)
{
  PrgFold *fold = prg_fold_new();
  fold->fold_token = g_strdup(input->token);
  fold->fold_log = log;
  return fold;
}

static PrgFoldCounts
counts_of(PrgMachine *self, gint64 deals, gint64 promotions)
{
  return (PrgFoldCounts){ prg_rules_get_version(prg_book_get_rules(self->book)), deals, promotions };
}

PrgFold *
prg_fold_for_creation(PrgMachine *self, const PrgInput *input)
{
  PrgFoldCounts counts = counts_of(self, 0, 0);
  return new_fold(input, prg_fold_log_next("", &counts, 0, 0));
}

static void
ask_swap(PrgMachine *self, PrgStep *step, PrgFold *fold)
{
  PrgRequest *request = prg_request_new(PRG_REQUEST_SWAP);
  prg_record_set(&request->member, prg_book_get_member(self->book));
  prg_record_set(&request->record_id, self->record_id);
  request->before = prg_record_copy(self->reading->record);
  request->fold = fold;
  prg_machine_ask(self, step, request);
}

/* No fold ever touched this record, although the rep's ledger has rows: another program created it anew. */
static gboolean
is_recreated(PrgMachine *self)
{
  const PrgRecord *record = self->reading->record;
  const PrgBase *base = prg_book_get_base(self->book);
  return self->reading->ledger_count > 0 && *record->fold_token == '\0' && *record->fold_log == '\0' &&
         (record->total_xp.value == 0 || (base->known && !g_str_equal(base->record->id, record->id)));
}

/* Whether the record that was lost ever had this total, as far as its log of folds goes back. */
static gboolean
is_earlier_total(const PrgRecord *lost, gint64 total)
{
  g_autoptr(GArray) totals = g_array_new(FALSE, FALSE, sizeof(gint64));
  prg_fold_log_totals(lost->fold_log, G_MAXUINT, totals);
  for (guint i = 0; i < totals->len; i++)
    if (g_array_index(totals, gint64, i) == total)
      return TRUE;
  return FALSE;
}

/* What of the new total is not the ledger's. One that may hold the ledger's XP (as large as that, or a total that stood there before)
 * is taken to hold it: never twice. Any other is an award of the program that created the record. */
static gint64
external_of_recreated(PrgMachine *self)
{
  const PrgRecord *lost = prg_book_get_base(self->book)->record;
  gint64 total = self->reading->record->total_xp.value;
  gint64 held = lost->ledger_xp.known ? lost->ledger_xp.value : self->reading->ledger_sum;
  return total >= held || is_earlier_total(lost, total) ? MAX(total - held, 0) : total;
}

/* What externalXp must have been, when a ledger field is null although the ledger holds rows. */
static gboolean
recover_external(PrgMachine *self, gint64 *external)
{
  const PrgRecord *record = self->reading->record;
  const PrgBase *base = prg_book_get_base(self->book);
  gboolean known = base->known && g_str_equal(base->record->id, record->id) && base->record->ledger_xp.known;
  /* Restored from a backup made before the ledger began: nothing of the ledger can be in such a total. */
  gboolean never_folded =
      known && *record->fold_token == '\0' && record->total_xp.value <= base->record->external_xp.value;
  if (is_recreated(self))
    *external = external_of_recreated(self);
  else if (never_folded)
    *external = record->total_xp.value;
  else if (known)
    *external = record->total_xp.value - base->record->ledger_xp.value;
  else if (record->external_xp.known)
    *external = record->external_xp.value;
  else if (record->ledger_xp.known)
    *external = record->total_xp.value - record->ledger_xp.value;
  else
    return FALSE;
  return TRUE;
}

/* The audit is written before the fold that it explains, once per state of the record: a crash in between
 * must not lose it. TRUE: the machine comes back to its phase when it is on disk. */
static gboolean
audit_once(PrgMachine *self, const PrgInput *input, PrgStep *step, const char *text)
{
  const PrgRecord *record = self->reading->record;
  g_autofree char *state = g_strdup_printf("%s %" G_GINT64_FORMAT, record->fold_token, record->updated_at);
  if (g_strcmp0(prg_book_get_meta(self->book, "audit.last"), state) == 0)
    return FALSE;
  GPtrArray *changes = prg_changes_new();
  prg_changes_meta(changes, "audit.last", state);
  prg_changes_audit(changes, prg_machine_now(self, input), text);
  prg_machine_commit(self, step, changes, self->phase);
  return TRUE;
}

static gboolean
audit_recreated(PrgMachine *self, const PrgInput *input, PrgStep *step, gint64 external)
{
  gint64 total = self->reading->record->total_xp.value;
  if (!is_recreated(self) || total == 0)
    return FALSE;
  g_autofree char *text = g_strdup_printf("{\"event\":\"record-recreated\",\"total\":%" G_GINT64_FORMAT
                                          ",\"external\":%" G_GINT64_FORMAT ",\"flagged\":true}",
                                          total, external);
  return audit_once(self, input, step, text);
}

void
prg_fold_initialise(PrgMachine *self, const PrgInput *input, PrgStep *step)
{
  const PrgRecord *record = self->reading->record;
  gint64 external = record->total_xp.value;
  if (self->reading->ledger_count > 0 && !recover_external(self, &external)) {
    prg_cycle_end(
        self, PRG_OUTCOME_CONFLICT,
        _("ledger fields damaged: ledgerXp, ledgerCount or externalXp of this rep's record are empty "
          "although the ledger has rows. "
          "Set externalXp to the XP that other programs gave; XP is kept here until then."),
        0);
    return;
  }
  if (audit_recreated(self, input, step, external))
    return;
  gint64 deals = record->closed_deals.value;
  gint64 rows = prg_base_deals(self->reading);
  gint64 folded = prg_fold_log_deals(record->fold_log);
  /* Nobody knows which promotions this rank holds: then it is taken to hold all of them. */
  gint64 promotions = prg_fold_log_promotions(record->fold_log);
  if (promotions < 0)
    promotions = prg_base_count_of(self->reading, "promoted");
  PrgFoldCounts counts = counts_of(self, MAX(folded, 0), promotions);
  PrgFold *fold = new_fold(
      input, prg_fold_log_next(record->fold_log, &counts, record->total_xp.value, record->total_xp.value));
  fold->set_ledger = fold->set_external = fold->set_external_deals = TRUE;
  fold->ledger_xp = record->total_xp.value - external;
  fold->external_xp = external;
  fold->external_deals =
      MAX(self->reading->ledger_count > 0 && folded < 0 ? deals - rows : deals - MAX(folded, 0), 0);
  if (record->external_deals.known && self->reading->ledger_count > 0)
    fold->external_deals = record->external_deals.value;
  ask_swap(self, step, fold);
}

/* ---- folding ---- */

static char *
set_to_json(const PrgIdSet *set)
{
  g_autoptr(JsonBuilder) builder = json_builder_new();
  json_builder_begin_array(builder);
  for (guint i = 0; i < prg_id_set_size(set); i++)
    json_builder_add_string_value(builder, prg_id_set_get(set, i));
  json_builder_end_array(builder);
  g_autoptr(JsonNode) root = json_builder_get_root(builder);
  return prg_json_print(root);
}

static char *
changed_set(const PrgRecord *record, const char *field, const PrgIdSet *before, const PrgIdSet *after)
{
  return prg_reading_is_faulty(record, field) || !prg_id_set_equal(before, after) ? set_to_json(after) : NULL;
}

static gboolean
differs(PrgNumber number, gint64 value)
{
  return !number.known || number.raw != (double)value;
}

/* Deals that other programs closed: like externalXp, but a lower number is a correction only when a person
 * wrote it. */
static gint64
external_deals(PrgMachine *self)
{
  const PrgRecord *record = self->reading->record;
  gint64 folded = prg_fold_log_deals(record->fold_log);
  gint64 closed = record->closed_deals.value;
  if (!record->external_deals.known)
    return closed - MAX(folded, 0);
  if (folded < 0 || prg_reading_is_faulty(record, "closedDeals"))
    return record->external_deals.value;
  gint64 outside = closed - record->external_deals.value - folded;
  gboolean person = *record->updated_by && !g_str_equal(record->updated_by, prg_book_get_member(self->book));
  return record->external_deals.value + (person ? outside : MAX(outside, 0));
}

static void
set_numbers(PrgMachine *self, PrgFold *fold, const PrgRecord *after)
{
  const PrgRecord *record = self->reading->record;
  gint64 rows = prg_base_deals(self->reading);
  fold->total_xp = after->total_xp.value;
  fold->set_total = differs(record->total_xp, fold->total_xp);
  fold->ledger_xp = self->reading->ledger_sum;
  fold->ledger_count = self->reading->ledger_count;
  fold->set_ledger =
      differs(record->ledger_xp, fold->ledger_xp) || differs(record->ledger_count, fold->ledger_count);
  fold->external_xp = self->judgement.external;
  fold->set_external = differs(record->external_xp, fold->external_xp);
  fold->external_deals = external_deals(self);
  fold->set_external_deals = differs(record->external_deals, fold->external_deals);
  fold->closed_deals = fold->external_deals + rows;
  fold->set_deals = differs(record->closed_deals, fold->closed_deals);
}

/* Another program's rank stands; an own promotion, or an unreadable rank, is written. */
static void
set_rank(PrgMachine *self, PrgFold *fold, const PrgRecord *after)
{
  const PrgRecord *record = self->reading->record;
  if (g_str_equal(after->current_rank, record->current_rank) && !prg_reading_is_faulty(record, "currentRank"))
    return;
  fold->current_rank = g_strdup(*after->current_rank ? after->current_rank
                                                     : prg_rules_lowest_rank(prg_book_get_rules(self->book)));
}

/* Fields that follow from the others: they ride along, and an older catalogue does not overwrite a newer
 * one's. */
static void
set_derived(PrgMachine *self, PrgFold *fold, const PrgView *view)
{
  const PrgRecord *record = self->reading->record, *after = view->record;
  if (prg_fold_log_catalogue(record->fold_log) <= prg_rules_get_version(prg_book_get_rules(self->book))) {
    fold->current_level = after->current_level.value;
    fold->set_level = differs(record->current_level, fold->current_level);
    if (g_strcmp0(after->efficiency_metrics, record->efficiency_metrics) != 0)
      fold->efficiency_metrics = g_strdup(after->efficiency_metrics);
  }
  fold->streak_days = after->streak_days.value;
  fold->set_streak = differs(record->streak_days, fold->streak_days);
  fold->last_activity = after->last_activity;
  fold->set_activity = after->last_activity != record->last_activity && after->last_activity > 0;
  fold->badges = changed_set(record, "badges", record->badges, after->badges);
  fold->completed_modules =
      changed_set(record, "completedModules", record->completed_modules, after->completed_modules);
  fold->certifications = changed_set(record, "certifications", record->certifications, after->certifications);
  fold->defeated_bosses =
      changed_set(record, "defeatedBosses", record->defeated_bosses, after->defeated_bosses);
  fold->passed_exams = changed_set(record, "passedExams", record->passed_exams, after->passed_exams);
  set_rank(self, fold, after);
}

static PrgFold *
build_fold(PrgMachine *self, const PrgInput *input)
{
  const PrgRecord *record = self->reading->record;
  g_autoptr(PrgView) view = prg_book_view_over(self->book, self->reading, TRUE);
  view->record->total_xp = prg_number(self->judgement.external + self->reading->ledger_sum);
  const PrgIdSet *given = self->judgement.modules;
  for (guint i = 0; given && i < prg_id_set_size(given); i++)
    prg_id_set_add(view->record->completed_modules, prg_id_set_get(given, i));
  g_autofree char *today = prg_day_of(prg_machine_now(self, input), input->zone);
  prg_view_finish(view, prg_book_get_rules(self->book), today);
  PrgFoldCounts counts =
      counts_of(self, prg_base_deals(self->reading), prg_base_count_of(self->reading, "promoted"));
  PrgFold *fold = new_fold(input, prg_fold_log_next(record->fold_log, &counts, record->total_xp.value,
                                                    view->record->total_xp.value));
  set_numbers(self, fold, view->record);
  set_derived(self, fold, view);
  return fold;
}

static gboolean
writes_anything(const PrgFold *fold)
{
  return fold->set_total || fold->set_ledger || fold->set_external || fold->set_external_deals ||
         fold->set_deals || fold->set_level || fold->set_streak || fold->set_activity || fold->badges ||
         fold->completed_modules || fold->certifications || fold->defeated_bosses || fold->passed_exams ||
         fold->current_rank;
}

static char *
audit_text(PrgMachine *self)
{
  g_autoptr(JsonBuilder) builder = json_builder_new();
  const struct {
    const char *name;
    gint64 value;
  } numbers[] = {
    { "total", self->reading->record->total_xp.value },
    { "external", self->judgement.external },
    { "restored", self->judgement.restored },
    { "refused", self->judgement.refused },
    { "ledger", self->reading->ledger_sum },
    { "ledgerBefore", self->reading->record->ledger_xp.value },
  };
  json_builder_begin_object(builder);
  json_builder_set_member_name(builder, "event");
  json_builder_add_string_value(builder, self->rebase ? "re-based" : "other-program");
  json_builder_set_member_name(builder, "unreadable");
  json_builder_begin_array(builder);
  for (guint i = 0; i < self->reading->record->faults->len; i++)
    json_builder_add_string_value(builder, g_ptr_array_index(self->reading->record->faults, i));
  json_builder_end_array(builder);
  for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
    json_builder_set_member_name(builder, numbers[i].name);
    json_builder_add_int_value(builder, numbers[i].value);
  }
  json_builder_set_member_name(builder, "flagged");
  json_builder_add_boolean_value(builder, self->judgement.flagged);
  json_builder_set_member_name(builder, "reason");
  json_builder_add_string_value(builder, self->judgement.reason ? self->judgement.reason : "");
  json_builder_end_object(builder);
  g_autoptr(JsonNode) root = json_builder_get_root(builder);
  return prg_json_print(root);
}

static gboolean
commit_audit(PrgMachine *self, const PrgInput *input, PrgStep *step)
{
  if (!self->judgement.reason && !self->rebase && self->reading->record->faults->len == 0)
    return FALSE;
  g_autofree char *text = audit_text(self);
  return audit_once(self, input, step, text);
}

void
prg_fold_request(PrgMachine *self, const PrgInput *input, PrgStep *step)
{
  if (commit_audit(self, input, step))
    return;
  g_autoptr(PrgFold) fold = build_fold(self, input);
  if (writes_anything(fold) || self->rebase || self->judgement.reason) {
    ask_swap(self, step, g_steal_pointer(&fold));
    return;
  }
  self->heal = FALSE;
  self->need_fold = FALSE;
  self->phase = PRG_PHASE_SETTLE;
}

static void
lost_race(PrgMachine *self)
{
  gint64 updated_at = self->reading->record->updated_at;
  self->n_conflicts = updated_at == self->conflict_updated_at ? self->n_conflicts + 1 : 1;
  self->conflict_updated_at = updated_at;
  self->n_rounds++;
  if (self->n_conflicts >= PRG_MAX_CONFLICTS)
    prg_cycle_end(self, PRG_OUTCOME_CONFLICT,
                  _("fold refused: Twenty does not accept the compare-and-swap of an unchanged record. XP is "
                    "kept in the ledger."),
                  0);
  else
    self->phase = PRG_PHASE_READ;
}

void
prg_fold_answered(PrgMachine *self, const PrgInput *input, PrgStep *step)
{
  const PrgAnswer *answer = input->answer;
  if (answer->outcome == PRG_OUTCOME_CONFLICT) {
    lost_race(self);
  } else if (answer->outcome != PRG_OUTCOME_OK) {
    prg_cycle_fail(self, answer);
  } else if (self->phase == PRG_PHASE_INITIALISE || !answer->records || answer->records->len == 0) {
    self->n_rounds++;
    self->phase = PRG_PHASE_READ;
  } else {
    self->folded = prg_record_copy(g_ptr_array_index(answer->records, 0));
    self->did_fold = TRUE;
    self->heal = FALSE;
    self->fold_allowed_at = input->mono + PRG_FOLD_PAUSE;
    self->changed = self->changed || self->judgement.external != self->reading->record->external_xp.value;
    self->phase = PRG_PHASE_SETTLE;
  }
}

/* ---- settling ---- */

/* Everything on the ledger is part of the base now; what is folded is marked, what was refused for its own
 * sake set aside. */
static void
settle_entries(PrgMachine *self, GPtrArray *changes)
{
  gboolean folded = prg_book_n_pending(self->book) == 0 && (!self->need_fold || self->did_fold);
  gboolean any_skipped = g_hash_table_size(self->skipped) > 0;
  for (guint i = 0; i < prg_book_n_entries(self->book); i++) {
    const PrgEntry *entry = prg_book_get_entry(self->book, i);
    const PrgOperation *operation = entry->operation;
    PrgOperationState state =
        entry->state == PRG_OPERATION_LEDGERED && folded ? PRG_OPERATION_FOLDED : entry->state;
    const char *note = NULL;
    /* What was refused may have come into the ledger since: then another machine's row was there. */
    gboolean may_be_refused = any_skipped && (state == PRG_OPERATION_NEW || state == PRG_OPERATION_SENT);
    const char *kind = may_be_refused ? g_hash_table_lookup(self->skipped, operation->id) : NULL;
    if (kind && g_hash_table_contains(self->accepted_kinds, kind)) {
      state = PRG_OPERATION_QUARANTINED;
      note = self->refusal;
    }
    if (state != entry->state || entry->in_base != prg_operation_state_is_on_ledger(state))
      prg_changes_state(changes, operation->id, state, prg_operation_state_is_on_ledger(state), note);
  }
}

static void
settle_meta(PrgMachine *self, const PrgInput *input, GPtrArray *changes)
{
  const PrgBase *base = prg_book_get_base(self->book);
  gint64 now = prg_machine_now(self, input);
  g_autofree char *last = g_strdup_printf("%" G_GINT64_FORMAT, now);
  prg_changes_meta(changes, "sync.last", last);
  if (self->timeline_wanted || prg_book_get_meta(self->book, "timeline.wanted"))
    prg_changes_meta(changes, "timeline.wanted", self->timeline_wanted ? "1" : NULL);
  /* A re-base that may not be folded yet must not be doubted anew when its time has come. */
  gboolean rebase_waits = self->rebase && !self->did_fold;
  if (!rebase_waits && prg_book_get_meta(self->book, "stale.token")) {
    prg_changes_meta(changes, "stale.token", NULL);
    prg_changes_meta(changes, "stale.at", NULL);
  }
  /* Since when the timeline must be read to find the last fold: a lower bound. */
  gint64 fold_at = 0;
  if (self->did_fold)
    fold_at = self->folded->updated_at;
  else if (base->known && !g_str_equal(base->record->fold_token, self->reading->record->fold_token))
    fold_at = base->record->updated_at;
  if (fold_at != 0) {
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, fold_at);
    prg_changes_meta(changes, "fold.at", text);
  }
}

/* Whether the record's last activity is that of a row. Its day is the row's own then, wherever somebody looks at it now. Twenty shows whole
 * milliseconds. */
static gboolean
is_activity_of_a_row(PrgMachine *self, gint64 at)
{
  for (guint i = 0; i < prg_book_n_entries(self->book); i++)
    if (ABS(prg_book_get_entry(self->book, i)->operation->occurred_at - at) <= G_TIME_SPAN_MILLISECOND)
      return TRUE;
  return FALSE;
}

/* A day on which only another app saw the rep is active too: a marker without XP, the same on every device.
 */
static void
plan_activity(PrgMachine *self, const PrgView *view, const PrgMoment *moment, GPtrArray *changes)
{
  gint64 at = self->reading->record->last_activity; /* as read: a fold has put our own there since */
  gint64 limit = (gint64)prg_rules_backdate_days(prg_book_get_rules(self->book)) * G_TIME_SPAN_DAY;
  if (at == 0 || at < moment->now - limit || is_activity_of_a_row(self, at))
    return;
  g_autofree char *day = prg_day_of(at, moment->zone);
  const PrgDay *known = prg_view_get_day(view, day);
  if ((known && known->active) || prg_book_is_paid("external_activity", day, self->book))
    return;
  PrgAward award = { "external_activity", day, 0, day, NULL };
  g_autoptr(PrgOperation) operation = prg_earn_award(moment, &award, prg_book_next_seq(self->book), "");
  prg_changes_put(changes, operation, PRG_OPERATION_NEW, FALSE);
}

static void
plan_awards(PrgMachine *self, const PrgInput *input, const PrgBase *base, GPtrArray *changes)
{
  PrgMoment moment = prg_machine_moment(self, input);
  g_autofree char *today = prg_day_of(moment.now, moment.zone);
  g_autoptr(PrgView) view = prg_book_view_over(self->book, base, FALSE);
  plan_activity(self, view, &moment, changes);
  for (guint i = 0; i < changes->len; i++) {
    const PrgChange *change = g_ptr_array_index(changes, i);
    if (change->kind == PRG_CHANGE_PUT)
      prg_apply(view, prg_book_get_rules(self->book), change->operation, PRG_APPLY_NEW);
  }
  prg_view_finish(view, prg_book_get_rules(self->book), today);
  prg_book_plan_awards(self->book, view, &moment, "", changes);
}

/* One that says nothing new is not written again: a long idle day is no wear for the disk. */
static void
put_base(PrgMachine *self, const PrgBase *base, GPtrArray *changes)
{
  if (prg_base_equal(base, prg_book_get_base(self->book)))
    return;
  g_autofree char *text = prg_base_to_json(base);
  PrgChange *change = prg_changes_base(changes, text);
  change->parsed = prg_base_copy(base);
  change->parsed_free = (GDestroyNotify)prg_base_free;
}

void
prg_fold_settle(PrgMachine *self, const PrgInput *input, PrgStep *step)
{
  GPtrArray *changes = prg_changes_new();
  /* A fold's answer says what stands in Twenty now. */
  const PrgRecord *record = self->did_fold ? self->folded : self->reading->record;
  g_autoptr(PrgBase) read = prg_base_new(record, self->reading->groups, self->older);
  g_autoptr(PrgBase) base = prg_base_settled(read);
  settle_meta(self, input, changes);
  settle_entries(self, changes);
  put_base(self, base, changes);
  if (prg_book_get_base(self->book)->known || prg_book_n_entries(self->book) > 0)
    plan_awards(self, input, base, changes);
  prg_machine_commit(self, step, changes, PRG_PHASE_SETTLED);
}

void
prg_fold_settled(PrgMachine *self)
{
  if (self->forced && prg_push_has_work(self) && self->n_rounds < PRG_MAX_ROUNDS) {
    self->n_rounds++;
    self->did_fold = FALSE;
    g_clear_pointer(&self->folded, prg_record_free);
    self->phase = PRG_PHASE_RESOLVE;
  } else if (g_hash_table_size(self->skipped) > 0 && prg_book_n_pending(self->book) > 0) {
    prg_cycle_end(self, PRG_OUTCOME_REFUSED, self->refusal, 0);
  } else {
    prg_cycle_end(self, PRG_OUTCOME_OK, "", 0);
  }
}

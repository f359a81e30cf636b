/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-attribution.h"
#include "prg-fold-log.h"

/* How many folds may lie between a blind writer's read and its write: beyond that an agreement of numbers is
 * chance. */
#define MAX_FOLDS_SLEPT_THROUGH 4

void
prg_judgement_clear(PrgJudgement *self)
{
  g_clear_pointer(&self->reason, g_free);
  g_clear_pointer(&self->modules, prg_id_set_free);
}

/* What the record's total would be if nobody but us had ever written since the last fold. */
static gint64
settled_total(const PrgRecord *record)
{
  return record->external_xp.value + record->ledger_xp.value;
}

/* The total that stands in Twenty, in the words of the timeline: what is too large is told as the largest. */
static gint64
total_in_timeline(const PrgRecord *record)
{
  double raw = record->total_xp.raw;
  if (ABS(raw) < (double)PRG_MAX_TOTAL)
    return record->total_xp.value;
  return raw < 0 ? -PRG_MAX_TOTAL : PRG_MAX_TOTAL;
}

static const PrgTimelineRow *
row_at(GPtrArray *timeline, guint index)
{
  return g_ptr_array_index(timeline, index);
}

/* The first row from @index on that was written in the same instant and on top of @total; @index if there is none. */
static guint
find_next(GPtrArray *timeline, guint index, gint64 total)
{
  gint64 at = row_at(timeline, index)->at;
  for (guint i = index; i < timeline->len && row_at(timeline, i)->at == at; i++)
    if (row_at(timeline, i)->has_total && row_at(timeline, i)->total_before == total)
      return i;
  return index;
}

/* The server tells times in milliseconds, and rows of the same one in the order of their random ids. */
void
prg_timeline_order(GPtrArray *timeline)
{
  gboolean known = FALSE;
  gint64 total = 0;
  for (guint i = 0; i < timeline->len; i++) {
    guint next = known ? find_next(timeline, i, total) : i;
    if (next != i)
      g_ptr_array_insert(timeline, (gint)i, g_ptr_array_steal_index(timeline, next));
    known = known || row_at(timeline, i)->has_total;
    if (row_at(timeline, i)->has_total)
      total = row_at(timeline, i)->total_after;
  }
}

/* Index of the first row after the last fold that the record shows; FALSE if that fold is not told yet. */
static gboolean
first_after_fold(const PrgRecord *record, GPtrArray *timeline, guint *first)
{
  for (guint i = timeline->len; i > 0; i--) {
    const PrgTimelineRow *row = row_at(timeline, i - 1);
    if (!row->is_fold)
      continue;
    *first = i;
    /* A creation is told without its fields. */
    return *row->token_after == '\0' || g_str_equal(row->token_after, record->fold_token);
  }
  *first = 0;
  return FALSE;
}

gboolean
prg_timeline_is_complete(const PrgRecord *record, GPtrArray *timeline)
{
  guint first = 0;
  if (!timeline || !first_after_fold(record, timeline, &first))
    return FALSE;
  gint64 total = settled_total(record);
  for (guint i = first; i < timeline->len; i++) {
    const PrgTimelineRow *row = row_at(timeline, i);
    if (!row->has_total)
      continue;
    if (row->total_before != total)
      return FALSE;
    total = row->total_after;
  }
  return total == total_in_timeline(record);
}

/* Totals that a blind writer may have read before the write @index, if it slept through at most @max_folds folds:
 * those of the timeline, and of the fold log, which reaches further back than the timeline was read. */
static GArray *
earlier_totals(const PrgRecord *record, GPtrArray *timeline, guint index, guint max_folds)
{
  GArray *totals = g_array_new(FALSE, FALSE, sizeof(gint64));
  guint folds = 0;
  for (guint i = index; i > 0; i--) {
    const PrgTimelineRow *row = row_at(timeline, i - 1);
    folds += row->is_fold;
    if (folds > max_folds)
      break;
    if (row->has_total)
      g_array_append_val(totals, row->total_before);
  }
  prg_fold_log_totals(record->fold_log, max_folds, totals);
  return totals;
}

/* The least XP that a blind write to @written erased, given that it overwrote the total @overwritten: the writer had read an earlier total
 * B and added an award to it. 0 = no earlier total explains the write. @most: (out) (optional) the largest of all explanations. */
static gint64
erased_by(const PrgRules *rules, GArray *totals, gint64 overwritten, gint64 written, gint64 *most)
{
  gint64 least = 0;
  for (guint i = 0; i < totals->len; i++) {
    gint64 total = g_array_index(totals, gint64, i);
    gint64 erased = overwritten - total;
    if (erased == 0 || !prg_rules_is_external_award(rules, written - total))
      continue;
    /* A total that stood higher before (a loss that was restored in part) explains the write without any loss. */
    if (erased < 0)
      return 0;
    least = least == 0 ? erased : MIN(least, erased);
    if (most)
      *most = MAX(*most, erased);
  }
  return least;
}

static gint64
paid_module_xp(PrgBook *book, const PrgTimelineRow *row, gint64 award)
{
  const PrgRules *rules = prg_book_get_rules(book);
  gint64 refused = 0;
  for (guint i = 0; i < prg_id_set_size(row->modules_added); i++) {
    const char *module = prg_id_set_get(row->modules_added, i);
    gint64 xp = prg_rules_external_module_xp(rules, module);
    g_autofree char *id = prg_operation_pays_once_id(prg_book_get_member(book), "module_passed", module);
    const PrgEntry *entry = prg_book_find(book, id);
    gboolean paid = entry && entry->operation->amount > 0 && entry->operation->created_at > 0;
    gint64 rest = award - refused - xp;
    if (paid && xp > 0 && rest >= 0 && (rest == 0 || prg_rules_is_external_award(rules, rest)))
      refused += xp;
  }
  return refused;
}

#define SLEPT_AT_MOST (10 * G_TIME_SPAN_MINUTE)

/* A blind writer gave a module that the ledger had paid, and was folded, while the writer slept: the set that it wrote is the one that
 * stood there, so that the timeline does not show the module. Its award tells. */
static gint64
repeated_module_xp(PrgBook *book, const PrgTimelineRow *row, gint64 award, gint64 restored)
{
  for (guint i = 0; i < prg_book_n_entries(book); i++) {
    const PrgEntry *entry = prg_book_get_entry(book, i);
    const PrgOperation *operation = entry->operation;
    gboolean recent = operation->created_at > row->at - SLEPT_AT_MOST && operation->created_at <= row->at &&
                      operation->amount > 0;
    if (!recent || operation->amount > restored || !g_str_equal(operation->kind, "module_passed"))
      continue;
    if (prg_rules_external_module_xp(prg_book_get_rules(book), operation->ref) == award)
      return award;
  }
  return 0;
}

static void tell(GString *reason, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
tell(GString *reason, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  if (reason->len > 0)
    g_string_append(reason, "; ");
  g_string_append_vprintf(reason, format, arguments);
  va_end(arguments);
}

/* Earlier totals before one write. Only a near one proves a loss; how great it was, any one may tell. */
typedef struct {
  GArray *near; /* (owned) */
  GArray *all;  /* (owned) */
} Totals;

static void
totals_clear(Totals *self)
{
  g_array_unref(self->near);
  g_array_unref(self->all);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Totals, totals_clear)

static gint64
proven_loss(const PrgRules *rules, const Totals *totals, gint64 overwritten, gint64 written, gint64 *most)
{
  if (erased_by(rules, totals->near, overwritten, written, NULL) == 0)
    return 0;
  return erased_by(rules, totals->all, overwritten, written, most);
}

/* What of the XP restored so far this write may have put back itself, because its writer had read a total from before
 * the loss: so much is not restored a second time. */
static gint64
put_back_by(const PrgRules *rules,
            GArray *totals,
            const PrgTimelineRow *row,
            gboolean explained,
            gint64 restored)
{
  gint64 n = row->total_before, m = row->total_after, most = 0;
  for (guint i = 0; i < totals->len; i++) {
    gint64 total = g_array_index(totals, gint64, i);
    if (prg_rules_is_external_award(rules, m - total))
      most = MAX(most, total - n);
  }
  /* Nothing tells what the writer of an unknown amount had read. */
  if (!explained && most == 0 && m > n)
    most = restored;
  return MIN(most, restored);
}

/* The write itself is an award; it, or an earlier one that put just the total that stood there, may hide a
 * loss: no proof, so only a mark. */
static void
suspect_award(const PrgRules *rules,
              const Totals *totals,
              const PrgTimelineRow *row,
              PrgJudgement *judgement,
              GString *reason)
{
  gint64 n = row->total_before, m = row->total_after;
  gint64 maybe = MAX(proven_loss(rules, totals, n, m, NULL), proven_loss(rules, totals, n, n, NULL));
  if (maybe == 0)
    return;
  judgement->flagged = TRUE;
  tell(reason,
       "%" G_GINT64_FORMAT " to %" G_GINT64_FORMAT " is an award, but may have erased %" G_GINT64_FORMAT, n,
       m, maybe);
}

/* XP that a program's write erased and that is restored; negative: it put back what was restored before. */
static gint64
restore_after(const PrgRules *rules,
              const Totals *totals,
              const PrgTimelineRow *row,
              PrgJudgement *judgement,
              GString *reason)
{
  gint64 n = row->total_before, m = row->total_after, most = 0;
  gint64 erased = proven_loss(rules, totals, n, m, &most);
  gboolean award = prg_rules_is_external_award(rules, m - n);
  gint64 back = put_back_by(rules, totals->all, row, award || erased > 0, judgement->restored);
  judgement->flagged = judgement->flagged || back > 0 || (!award && (erased == 0 || most > erased));
  if (back > 0) {
    tell(reason, "%" G_GINT64_FORMAT " to %" G_GINT64_FORMAT " may have put back %" G_GINT64_FORMAT, n, m,
         back);
    return -back;
  }
  if (award) {
    suspect_award(rules, totals, row, judgement, reason);
    return 0;
  }
  if (erased > 0) {
    tell(reason, "%" G_GINT64_FORMAT " to %" G_GINT64_FORMAT " erased %" G_GINT64_FORMAT ", restored", n, m,
         erased);
    return erased;
  }
  if (m < n && *row->member == '\0') {
    tell(reason, "a program lowered %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT ", restored", n, m);
    return n - m;
  }
  tell(reason, "%" G_GINT64_FORMAT " to %" G_GINT64_FORMAT " is no known award, accepted", n, m);
  return 0;
}

static gboolean
is_by_person(PrgBook *book, const PrgTimelineRow *row)
{
  return *row->member != '\0' && !g_str_equal(row->member, prg_book_get_member(book));
}

/* One write of another program, from N to M. Returns what externalXp gains by it. */
static gint64
judge_write(PrgBook *book,
            const PrgRecord *record,
            GPtrArray *timeline,
            guint index,
            PrgJudgement *judgement,
            GString *reason)
{
  const PrgTimelineRow *row = row_at(timeline, index);
  gint64 n = row->total_before, m = row->total_after;
  if (MAX(ABS(n), ABS(m)) >= PRG_MAX_TOTAL) {
    tell(reason, "%" G_GINT64_FORMAT " to %" G_GINT64_FORMAT " is beyond what can be counted, undone", n, m);
    return 0;
  }
  if (is_by_person(book, row)) {
    tell(reason, "corrected by a person from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, n, m);
    return m - n;
  }
  g_auto(Totals) totals = { earlier_totals(record, timeline, index, MAX_FOLDS_SLEPT_THROUGH),
                            earlier_totals(record, timeline, index, G_MAXUINT) };
  gint64 restored = restore_after(prg_book_get_rules(book), &totals, row, judgement, reason);
  judgement->restored += restored;
  gint64 refused = paid_module_xp(book, row, m - n + restored);
  if (restored > 0 && prg_id_set_size(row->modules_added) == 0) {
    refused = repeated_module_xp(book, row, m - n + restored, restored);
    judgement->flagged = judgement->flagged || refused > 0;
  }
  if (refused > 0)
    tell(reason, "%" G_GINT64_FORMAT " not accepted: the ledger has paid for that module", refused);
  judgement->refused += refused;
  return m - n + restored - refused;
}

/* A blind write may have put exactly the total that stood there. Before @index the timeline then tells nothing of it, or only of the other
 * fields that it changed. */
static void
suspect_equal_total(PrgBook *book,
                    const PrgRecord *record,
                    GPtrArray *timeline,
                    guint index,
                    gint64 total,
                    PrgJudgement *judgement,
                    GString *reason)
{
  g_autoptr(GArray) totals = earlier_totals(record, timeline, index, MAX_FOLDS_SLEPT_THROUGH);
  gint64 erased = erased_by(prg_book_get_rules(book), totals, total, total, NULL);
  if (erased == 0)
    return;
  judgement->flagged = TRUE;
  tell(reason, "a write left the total at %" G_GINT64_FORMAT "; it may have erased %" G_GINT64_FORMAT, total,
       erased);
}

/* Every write since the last fold, in order. */
static void
judge_writes(PrgBook *book,
             const PrgRecord *record,
             GPtrArray *timeline,
             guint first,
             PrgJudgement *judgement,
             GString *reason)
{
  gint64 total = settled_total(record);
  for (guint i = first; i < timeline->len; i++) {
    const PrgTimelineRow *row = row_at(timeline, i);
    if (row->has_total) {
      judgement->external += judge_write(book, record, timeline, i, judgement, reason);
      total = row->total_after;
    } else if (!is_by_person(book, row)) {
      suspect_equal_total(book, record, timeline, i, total, judgement, reason);
    }
  }
  /* Nothing but updatedAt tells of a write that changed no field. */
  if (timeline->len > 0 && record->updated_at > row_at(timeline, timeline->len - 1)->at)
    suspect_equal_total(book, record, timeline, timeline->len, record->total_xp.value, judgement, reason);
}

static void
judge_without_timeline(PrgBook *book, const PrgRecord *record, PrgJudgement *judgement, GString *reason)
{
  gint64 outside = record->total_xp.value - settled_total(record);
  if (outside == 0)
    return;
  judgement->flagged = TRUE;
  if (outside < 0 &&
      (*record->updated_by == '\0' || g_str_equal(record->updated_by, prg_book_get_member(book)))) {
    judgement->restored = -outside;
    tell(reason,
         "a program lowered the total by %" G_GINT64_FORMAT ", restored; the timeline does not tell more",
         -outside);
    return;
  }
  judgement->external += outside;
  tell(reason, "%+" G_GINT64_FORMAT " accepted; the timeline does not tell where it came from", outside);
}

static void
add_all(PrgIdSet *set, const PrgIdSet *more)
{
  for (guint i = 0; more && i < prg_id_set_size(more); i++)
    prg_id_set_add(set, prg_id_set_get(more, i));
}

/* A sleeping writer overwrites another one's modules as it does the total. A module that is lost so would be paid again when somebody
 * passes it here. A person may have taken one out on purpose: then the set that stands there counts. (nullable) */
static PrgIdSet *
modules_given(PrgBook *book, GPtrArray *timeline, guint first)
{
  g_autoptr(PrgIdSet) modules = prg_id_set_new();
  for (guint i = first; i < timeline->len; i++) {
    const PrgTimelineRow *row = row_at(timeline, i);
    if (is_by_person(book, row))
      return NULL;
    add_all(modules, row->modules_added);
    add_all(modules, row->modules_removed);
  }
  return g_steal_pointer(&modules);
}

void
prg_attribution_judge(PrgBook *book, const PrgRecord *record, GPtrArray *timeline, PrgJudgement *judgement)
{
  GString *reason = g_string_new(NULL);
  judgement->external = record->external_xp.value;
  if (prg_timeline_is_complete(record, timeline)) {
    guint first = 0;
    first_after_fold(record, timeline, &first);
    judgement->modules = modules_given(book, timeline, first);
    judge_writes(book, record, timeline, first, judgement, reason);
  } else {
    judge_without_timeline(book, record, judgement, reason);
  }
  if (reason->len > 0)
    judgement->reason = g_string_free(reason, FALSE);
  else
    g_string_free(reason, TRUE);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-book.h"
#include "prg-calendar.h"
#include "prg-error.h"
#include "prg-fold-log.h"

#include <glib/gi18n-lib.h>
#include <string.h>

struct _PrgBook {
  PrgRules *rules;    /* (owned) */
  char *member;       /* (owned) */
  char *device;       /* (owned) */
  GPtrArray *entries; /* (owned) (element-type PrgEntry) in order of first commit */
  GHashTable *by_id;  /* (owned) id → PrgEntry, borrowed from entries */
  GHashTable *meta;   /* (owned) */
  PrgBase *base;      /* (owned) */
  PrgView *view;      /* (owned) (nullable) cache for @view_day */
  char *view_day;     /* (owned) (nullable) */
  guint counts[PRG_OPERATION_DISCARDED + 1];
  gsize n_bytes; /* of the entries' texts */
  gint64 newest_row;
  gint64 last_seq;
};

static gsize
size_of(const PrgEntry *entry)
{
  return prg_operation_size(entry->operation) + (entry->note ? strlen(entry->note) : 0) +
         (entry->answer ? strlen(entry->answer) : 0);
}

/* Adds (@sign 1) an entry to the running figures, or takes it out (-1). */
static void
tally(PrgBook *self, const PrgEntry *entry, int sign)
{
  const gsize waiting = prg_operation_state_is_unsettled(entry->state) ? size_of(entry) : 0;

  self->counts[entry->state] += sign;
  self->n_bytes += sign < 0 ? -waiting : waiting;
  if (sign < 0)
    return;
  if (prg_operation_state_is_on_ledger(entry->state))
    self->newest_row = MAX(self->newest_row, entry->operation->created_at);
  if (g_str_equal(entry->operation->device, self->device))
    self->last_seq = MAX(self->last_seq, entry->operation->seq);
}

static void
forget_view(PrgBook *self)
{
  g_clear_pointer(&self->view, prg_view_free);
  g_clear_pointer(&self->view_day, g_free);
}

PrgBook *
prg_book_new(PrgRules *rules, const char *member, const char *device, PrgSnapshot *snapshot)
{
  g_autoptr(PrgSnapshot) owned = snapshot;
  PrgBook *self = g_new0(PrgBook, 1);
  self->rules = prg_rules_ref(rules);
  self->member = g_strdup(member);
  self->device = g_strdup(device);
  self->entries = g_steal_pointer(&owned->entries);
  self->meta = g_steal_pointer(&owned->meta);
  self->base = prg_base_from_json(owned->base);
  self->by_id = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < self->entries->len; i++) {
    PrgEntry *entry = g_ptr_array_index(self->entries, i);
    g_hash_table_insert(self->by_id, (gpointer)entry->operation->id, entry);
    tally(self, entry, 1);
  }
  return self;
}

void
prg_book_free(PrgBook *self)
{
  if (!self)
    return;
  forget_view(self);
  g_hash_table_unref(self->by_id);
  g_ptr_array_unref(self->entries);
  g_hash_table_unref(self->meta);
  prg_base_free(self->base);
  prg_rules_unref(self->rules);
  g_free(self->member);
  g_free(self->device);
  g_free(self);
}

void
prg_book_set_rules(PrgBook *self, PrgRules *rules)
{
  prg_rules_ref(rules);
  prg_rules_unref(self->rules);
  self->rules = rules;
  forget_view(self);
}

PrgRules *
prg_book_get_rules(PrgBook *self)
{
  return self->rules;
}

const char *
prg_book_get_member(PrgBook *self)
{
  return self->member;
}

const char *
prg_book_get_device(PrgBook *self)
{
  return self->device;
}

/* ---- taking over what was committed ---- */

static void
put(PrgBook *self, PrgChange *change)
{
  PrgEntry *entry = g_hash_table_lookup(self->by_id, change->operation->id);
  if (entry) {
    tally(self, entry, -1);
    g_hash_table_remove(self->by_id, entry->operation->id);
    prg_operation_unref(entry->operation);
  } else {
    entry = g_new0(PrgEntry, 1);
    g_ptr_array_add(self->entries, entry);
  }
  entry->operation = prg_operation_ref(change->operation);
  entry->state = change->state;
  entry->in_base = change->in_base;
  if (change->note)
    prg_record_set(&entry->note, change->note);
  if (change->answer)
    prg_record_set(&entry->answer, change->answer);
  g_hash_table_insert(self->by_id, (gpointer)entry->operation->id, entry);
  tally(self, entry, 1);
}

static void
set_created_at(PrgBook *self, PrgEntry *entry, gint64 created_at)
{
  PrgOperation fields = *entry->operation;
  fields.created_at = created_at;
  PrgOperation *operation = prg_operation_new(&fields);
  g_hash_table_remove(self->by_id, entry->operation->id);
  prg_operation_unref(entry->operation);
  entry->operation = operation;
  g_hash_table_insert(self->by_id, (gpointer)operation->id, entry);
}

static void
set_state(PrgBook *self, const PrgChange *change)
{
  PrgEntry *entry = g_hash_table_lookup(self->by_id, change->id);
  g_return_if_fail(entry != NULL);
  tally(self, entry, -1);
  entry->state = change->state;
  entry->in_base = change->in_base;
  if (change->note)
    prg_record_set(&entry->note, change->note);
  if (change->created_at != 0 && change->created_at != entry->operation->created_at)
    set_created_at(self, entry, change->created_at);
  tally(self, entry, 1);
}

/* Of two choices the later one in the ledger stays, and promotions act in its order: a new createdAt may turn them round. */
static gboolean
moves_choice(const PrgEntry *entry, const PrgChange *change)
{
  static const char *const kinds[] = { "specialization_chosen", "title_chosen", "metric_reported", "promoted",
                                       NULL };
  return change->created_at != 0 && change->created_at != entry->operation->created_at &&
         g_strv_contains(kinds, entry->operation->kind);
}

/* Whether the cached view stays right with @change folded into it in place. */
static gboolean
keeps_view(PrgBook *self, const PrgChange *change)
{
  const PrgEntry *entry;
  switch (change->kind) {
  case PRG_CHANGE_META:
  case PRG_CHANGE_AUDIT:
    return TRUE;
  case PRG_CHANGE_PUT:
    return !g_hash_table_contains(self->by_id, change->operation->id) &&
           !prg_operation_state_is_gone(change->state);
  case PRG_CHANGE_STATE:
    entry = g_hash_table_lookup(self->by_id, change->id);
    return entry && entry->in_base == change->in_base &&
           prg_operation_state_is_gone(entry->state) == prg_operation_state_is_gone(change->state) &&
           !moves_choice(entry, change);
  case PRG_CHANGE_BASE:
  default:
    return FALSE;
  }
}

static void
take_one(PrgBook *self, PrgChange *change)
{
  if (!keeps_view(self, change))
    forget_view(self);
  switch (change->kind) {
  case PRG_CHANGE_PUT:
    if (self->view)
      prg_apply(self->view, self->rules, change->operation,
                change->in_base ? PRG_APPLY_COUNTED : PRG_APPLY_NEW);
    put(self, change);
    break;
  case PRG_CHANGE_STATE:
    set_state(self, change);
    break;
  case PRG_CHANGE_BASE:
    prg_base_free(self->base);
    self->base = change->parsed ? g_steal_pointer(&change->parsed) : prg_base_from_json(change->text);
    break;
  case PRG_CHANGE_META:
    if (change->text)
      g_hash_table_replace(self->meta, g_strdup(change->id), g_strdup(change->text));
    else
      g_hash_table_remove(self->meta, change->id);
    break;
  case PRG_CHANGE_AUDIT:
    break;
  }
}

void
prg_book_take(PrgBook *self, GPtrArray *changes)
{
  for (guint i = 0; i < changes->len; i++)
    take_one(self, g_ptr_array_index(changes, i));
  if (self->view)
    prg_view_finish(self->view, self->rules, self->view_day);
}

/* ---- reading ---- */

const PrgBase *
prg_book_get_base(PrgBook *self)
{
  return self->base;
}

const char *
prg_book_get_meta(PrgBook *self, const char *key)
{
  return g_hash_table_lookup(self->meta, key);
}

gint64
prg_book_next_seq(PrgBook *self)
{
  return self->last_seq + 1;
}

const PrgEntry *
prg_book_find(PrgBook *self, const char *id)
{
  return g_hash_table_lookup(self->by_id, id);
}

guint
prg_book_n_entries(PrgBook *self)
{
  return self->entries->len;
}

const PrgEntry *
prg_book_get_entry(PrgBook *self, guint index)
{
  return g_ptr_array_index(self->entries, index);
}

guint
prg_book_n_in_state(PrgBook *self, PrgOperationState state)
{
  return self->counts[state];
}

guint
prg_book_n_pending(PrgBook *self)
{
  return self->counts[PRG_OPERATION_NEW] + self->counts[PRG_OPERATION_SENT];
}

gboolean
prg_book_check_room(PrgBook *self, guint n_operations, gsize n_bytes, GError **error)
{
  if (prg_book_n_pending(self) + n_operations > PRG_BOOK_MAX_PENDING)
    g_set_error(error, PRG_ERROR, PRG_ERROR_TOO_LARGE,
                _("At most %d operations may wait to be sent; sync before adding more. Nothing was recorded"),
                PRG_BOOK_MAX_PENDING);
  else if (self->n_bytes + n_bytes > (gsize)PRG_BOOK_MAX_MIB * 1024 * 1024)
    g_set_error(error, PRG_ERROR, PRG_ERROR_TOO_LARGE,
                _("%d MiB of operations wait to be sent, which is all that may; sync before adding more. "
                  "Nothing was recorded"),
                PRG_BOOK_MAX_MIB);
  else
    return TRUE;
  return FALSE;
}

guint
prg_book_n_on_ledger(PrgBook *self)
{
  return self->counts[PRG_OPERATION_LEDGERED] + self->counts[PRG_OPERATION_FOLDED] +
         self->counts[PRG_OPERATION_REMOTE] + self->counts[PRG_OPERATION_SUPERSEDED];
}

gint64
prg_book_newest_row(PrgBook *self)
{
  return self->newest_row;
}

gint64
prg_book_pending_xp(PrgBook *self)
{
  guint64 sum = 0; /* wraps around as the view's sums do, whatever an import brought */
  if (prg_book_n_pending(self) + self->counts[PRG_OPERATION_QUARANTINED] == 0)
    return 0;
  for (guint i = 0; i < self->entries->len; i++) {
    const PrgEntry *entry = g_ptr_array_index(self->entries, i);
    if (!prg_operation_state_is_on_ledger(entry->state) && !prg_operation_state_is_gone(entry->state))
      sum += (guint64)entry->operation->amount;
  }
  return (gint64)sum;
}

gboolean
prg_book_is_unresolved(PrgBook *self)
{
  /* Operations whose outcome is unknown do not disturb the view: no reading is believed, and the base not
   * replaced, before they are resolved. So only a rep of whom nothing was ever read is unresolved. */
  return !self->base->known;
}

/* ---- the view ---- */

static void
set_base_sums(PrgView *view, const PrgBase *base)
{
  PrgRecord *record = view->record;
  gint64 folded = record->ledger_xp.known ? record->ledger_xp.value : 0;
  gint64 total = record->total_xp.known ? record->total_xp.value : 0;
  record->total_xp = prg_number(total + base->ledger_sum - folded);
  gint64 deals = prg_base_deals(base);
  if (record->external_deals.known)
    record->closed_deals = prg_number(record->external_deals.value + deals);
  for (guint i = 0; i < base->groups->len; i++) {
    const PrgGroup *group = &g_array_index(base->groups, PrgGroup, i);
    gint64 *count = g_hash_table_lookup(view->kind_counts, group->kind);
    if (!count) {
      count = g_new0(gint64, 1);
      g_hash_table_insert(view->kind_counts, (gpointer)group->kind, count);
    }
    *count += group->count;
  }
}

static PrgView *
new_view_over(const PrgBase *base)
{
  PrgView *view = prg_view_new();
  if (base->known) {
    prg_record_free(view->record);
    view->record = prg_record_copy(base->record);
    /* What a fold has carried into the rank must not act again: the rank may have been set otherwise since. */
    view->n_promotions = prg_base_count_of(base, "promoted");
    view->n_folded = prg_fold_log_promotions(base->record->fold_log);
    view->has_older = base->older > 0;
    set_base_sums(view, base);
  }
  return view;
}

PrgView *
prg_book_view_over(PrgBook *self, const PrgBase *base, gboolean ledger_only)
{
  PrgView *view = new_view_over(base);
  for (guint i = 0; i < self->entries->len; i++) {
    const PrgEntry *entry = g_ptr_array_index(self->entries, i);
    if (prg_operation_state_is_on_ledger(entry->state))
      prg_apply(view, self->rules, entry->operation, PRG_APPLY_COUNTED);
    else if (!ledger_only && !prg_operation_state_is_gone(entry->state))
      prg_apply(view, self->rules, entry->operation, PRG_APPLY_NEW);
  }
  return view;
}

static PrgView *
build_view(PrgBook *self)
{
  PrgView *view = new_view_over(self->base);
  for (guint i = 0; i < self->entries->len; i++) {
    const PrgEntry *entry = g_ptr_array_index(self->entries, i);
    if (!prg_operation_state_is_gone(entry->state))
      prg_apply(view, self->rules, entry->operation, entry->in_base ? PRG_APPLY_COUNTED : PRG_APPLY_NEW);
  }
  return view;
}

const PrgView *
prg_book_view(PrgBook *self, const char *today)
{
  if (!self->view)
    self->view = build_view(self);
  if (g_strcmp0(self->view_day, today) != 0) {
    prg_record_set(&self->view_day, today);
    prg_view_finish(self->view, self->rules, today);
  }
  return self->view;
}

/* ---- commands ---- */

/* Event types that put their ref into a set of the record. */
static const PrgIdSet *
set_of(const PrgRecord *record, const char *kind)
{
  const struct {
    const char *kind;
    const PrgIdSet *set;
  } sets[] = {
    { "module_passed", record->completed_modules },
    { "badge_earned", record->badges },
    { "exam_passed", record->passed_exams },
    { "boss_defeated", record->defeated_bosses },
    { "certification_earned", record->certifications },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(sets); i++)
    if (g_str_equal(sets[i].kind, kind))
      return sets[i].set;
  return NULL;
}

static gboolean
base_holds(const PrgRecord *record, const char *kind, const char *ref)
{
  const PrgIdSet *set = set_of(record, kind);
  return set && prg_id_set_contains(set, ref);
}

gboolean
prg_book_is_set_kind(PrgBook *self, const char *kind)
{
  return set_of(self->base->record, kind) != NULL;
}

gboolean
prg_book_is_paid(const char *kind, const char *ref, gpointer user_data)
{
  PrgBook *self = user_data;
  g_autofree char *id = prg_operation_pays_once_id(self->member, kind, ref);
  return g_hash_table_contains(self->by_id, id) || base_holds(self->base->record, kind, ref);
}

gboolean
prg_book_base_holds(const PrgRecord *record, const PrgOperation *operation)
{
  return base_holds(record, operation->kind, operation->ref);
}

typedef struct {
  PrgBook *book;
  GPtrArray *changes;
} Paid;

static gboolean
is_paid_or_planned(const char *kind, const char *ref, gpointer user_data)
{
  Paid *paid = user_data;
  for (guint i = 0; i < paid->changes->len; i++) {
    const PrgChange *change = g_ptr_array_index(paid->changes, i);
    if (change->kind == PRG_CHANGE_PUT && g_str_equal(change->operation->kind, kind) &&
        g_str_equal(change->operation->ref, ref))
      return TRUE;
  }
  return prg_book_is_paid(kind, ref, paid->book);
}

static gint64
next_seq_after(PrgBook *self, GPtrArray *changes)
{
  gint64 seq = prg_book_next_seq(self);
  for (guint i = 0; i < changes->len; i++) {
    const PrgChange *change = g_ptr_array_index(changes, i);
    if (change->kind == PRG_CHANGE_PUT && g_str_equal(change->operation->device, self->device))
      seq = MAX(seq, change->operation->seq + 1);
  }
  return seq;
}

guint
prg_book_plan_awards(PrgBook *self,
                     const PrgView *view,
                     const PrgMoment *moment,
                     const char *cause,
                     GPtrArray *changes)
{
  Paid paid = { self, changes };
  g_autofree char *today = prg_day_of(moment->now, moment->zone);
  g_autoptr(GPtrArray) awards = prg_derive(view, self->rules, today, is_paid_or_planned, &paid);
  gint64 seq = next_seq_after(self, changes);
  for (guint i = 0; i < awards->len; i++) {
    g_autoptr(PrgOperation) operation = prg_earn_award(moment, g_ptr_array_index(awards, i), seq++, cause);
    prg_changes_put(changes, operation, PRG_OPERATION_NEW, FALSE);
  }
  return awards->len;
}

GPtrArray *
prg_book_plan_due(PrgBook *self, const PrgMoment *moment)
{
  GPtrArray *changes = prg_changes_new();
  g_autofree char *today = prg_day_of(moment->now, moment->zone);
  prg_book_plan_awards(self, prg_book_view(self, today), moment, "", changes);
  return changes;
}

GPtrArray *
prg_book_plan(PrgBook *self, GPtrArray *operations, const PrgMoment *moment)
{
  GPtrArray *changes = prg_changes_new();
  if (operations->len == 0)
    return changes;
  g_autofree char *today = prg_day_of(moment->now, moment->zone);
  g_autoptr(PrgView) view = prg_view_copy(prg_book_view(self, today));
  for (guint i = 0; i < operations->len; i++) {
    PrgOperation *operation = g_ptr_array_index(operations, i);
    prg_changes_put(changes, operation, PRG_OPERATION_NEW, FALSE);
    prg_apply(view, self->rules, operation, PRG_APPLY_NEW);
  }
  prg_view_finish(view, self->rules, today);
  const PrgOperation *first = g_ptr_array_index(operations, 0);
  if (!prg_book_is_unresolved(self))
    prg_book_plan_awards(self, view, moment, first->id, changes);
  return changes;
}

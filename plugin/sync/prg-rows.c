/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-machine-private.h"

#include <glib/gi18n-lib.h>

/* The ledger's rows: whether those held here are those that are there, and fetching them. */

/* ---- comparing ---- */

static guint
group_hash(gconstpointer key)
{
  const PrgGroup *group = key;
  return g_direct_hash(group->device) * 31 + g_direct_hash(group->kind);
}

static gboolean
group_equal(gconstpointer a, gconstpointer b)
{
  const PrgGroup *one = a, *other = b;
  return one->device == other->device && one->kind == other->kind; /* interned */
}

static PrgGroup *
group_of(GHashTable *groups, const char *device, const char *kind)
{
  const PrgGroup key = { device, kind, 0, 0 };
  PrgGroup *group = g_hash_table_lookup(groups, &key);
  if (!group) {
    group = g_memdup2(&key, sizeof key);
    g_hash_table_add(groups, group);
  }
  return group;
}

/* By device and event type: what the ledger shows minus the rows that are held here. (transfer full) a set of PrgGroup */
static GHashTable *
ledger_differences(PrgMachine *self)
{
  GHashTable *differences = g_hash_table_new_full(group_hash, group_equal, g_free, NULL);
  for (guint i = 0; i < self->reading->groups->len; i++) {
    const PrgGroup *shown = &g_array_index(self->reading->groups, PrgGroup, i);
    PrgGroup *group = group_of(differences, shown->device, shown->kind);
    group->count += shown->count;
    group->sum += shown->sum;
  }
  for (guint i = 0; i < prg_book_n_entries(self->book); i++) {
    const PrgEntry *entry = prg_book_get_entry(self->book, i);
    if (!prg_entry_is_on_ledger(entry))
      continue;
    PrgGroup *group = group_of(differences, entry->operation->device, entry->operation->kind);
    group->count--;
    group->sum -= entry->operation->amount;
  }
  return differences;
}

static gboolean
is_short(const PrgGroup *difference)
{
  return difference->count < 0 || (difference->count == 0 && difference->sum != 0);
}

/* The server went back in time: rows that were made after the state it shows may be gone. */
static gboolean
was_restored(PrgMachine *self)
{
  const PrgBase *base = prg_machine_base(self);
  return base->known && g_str_equal(base->record->id, self->reading->record->id) &&
         self->reading->record->updated_at < base->record->updated_at && self->n_verified == 0;
}

/* Own acknowledged rows that must be looked for one by one: those of an event type of which the ledger shows fewer than it acknowledged (a hard
 * delete, a restored backup, a row without its record; by type, because a restored backup may bring one row back and lose another), and
 * after a restored backup those that are younger than it. */
GPtrArray *
prg_rows_suspects(PrgMachine *self)
{
  g_autoptr(GHashTable) differences = ledger_differences(self);
  GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
  const char *device = prg_book_get_device(self->book);
  gint64 since = was_restored(self) ? self->reading->record->updated_at : G_MAXINT64;
  for (guint i = 0; i < prg_book_n_entries(self->book); i++) {
    const PrgEntry *entry = prg_book_get_entry(self->book, i);
    const PrgOperation *operation = entry->operation;
    if (!prg_entry_is_acknowledged(entry) || !g_str_equal(operation->device, device))
      continue;
    if (is_short(group_of(differences, operation->device, operation->kind)) || operation->created_at >= since)
      g_ptr_array_add(ids, g_strdup(operation->id));
  }
  return ids;
}

/* Whether the rows held here, and @older ones that are not, are those that the ledger counted. By device and type: equal totals may hide that
 * one row was deleted and another one came. */
gboolean
prg_rows_agree(PrgMachine *self, gint64 older)
{
  g_autoptr(GHashTable) differences = ledger_differences(self);
  GHashTableIter iter;
  gpointer value;
  g_hash_table_iter_init(&iter, differences);
  while (g_hash_table_iter_next(&iter, &value, NULL)) {
    const PrgGroup *difference = value;
    if (difference->count < 0)
      return FALSE;
    older -= difference->count;
  }
  return older == 0;
}

/* Rows that the ledger counted and that are not held here. What came to be held since does not make up for them: it is of another device or
 * type. */
static gint64
count_missing(PrgMachine *self)
{
  g_autoptr(GHashTable) differences = ledger_differences(self);
  GHashTableIter iter;
  gpointer value;
  gint64 missing = 0;
  g_hash_table_iter_init(&iter, differences);
  while (g_hash_table_iter_next(&iter, &value, NULL))
    missing += MAX(((const PrgGroup *)value)->count, 0);
  return missing;
}

/* ---- fetching ---- */

static gint64
first_fetch_from(PrgMachine *self, const PrgInput *input)
{
  return prg_machine_now(self, input) - PRG_FIRST_FETCH_DAYS * G_TIME_SPAN_DAY;
}

static gint64
fetch_from(PrgMachine *self, const PrgInput *input)
{
  gint64 newest = prg_book_newest_row(self->book);
  if (self->rescan || newest == 0)
    return first_fetch_from(self, input);
  return newest - 10 * G_TIME_SPAN_MINUTE;
}

/* The whole window is fetched, and what was met is noted. */
static void
begin_rescan(PrgMachine *self)
{
  self->rescan = TRUE;
  g_clear_pointer(&self->fetched, g_hash_table_unref);
  self->fetched = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  self->phase = PRG_PHASE_FETCH;
}

void
prg_rows_fetch(PrgMachine *self, const PrgInput *input, PrgStep *step)
{
  PrgRequest *request = prg_request_new(PRG_REQUEST_FETCH);
  /* Whoever knows nothing yet must not believe a row of its own that it does not meet. */
  if (!prg_machine_base(self)->known && !self->rescan)
    begin_rescan(self);
  prg_record_set(&request->member, prg_book_get_member(self->book));
  prg_record_set(&request->record_id, self->record_id);
  prg_record_set(&request->cursor, self->cursor);
  if (*self->cursor == '\0')
    self->fetch_since = fetch_from(self, input);
  request->since = self->fetch_since;
  request->page = self->page;
  prg_machine_ask(self, step, request);
}

static gboolean
is_set_aside(const PrgEntry *entry)
{
  return entry->state == PRG_OPERATION_QUARANTINED || entry->state == PRG_OPERATION_DISCARDED;
}

/* It was refused, and perhaps given up; but a request that was under way for long, or another machine that imported it, has brought it
 * into the ledger, where it counts. */
static gboolean
is_taken_after_all(const PrgEntry *entry, const PrgOperation *row)
{
  return is_set_aside(entry) && g_str_equal(entry->operation->kind, row->kind) &&
         g_str_equal(entry->operation->ref, row->ref);
}

/* A row of the ledger as a change of the book, if it tells anything new. */
static void
take_row(PrgMachine *self, const PrgRow *row, GPtrArray *changes)
{
  const PrgOperation *operation = row->operation;
  /* Whoever's name is in it: it hangs on the record, so it counts. */
  if (row->deleted)
    return;
  const PrgEntry *entry = prg_book_find(self->book, operation->id);
  gboolean own = g_str_equal(operation->device, prg_book_get_device(self->book));
  if (!entry || entry->state == PRG_OPERATION_VOIDED) {
    prg_changes_put(changes, row->operation, own ? PRG_OPERATION_LEDGERED : PRG_OPERATION_REMOTE, TRUE);
    self->changed = TRUE;
  } else if (entry->state == PRG_OPERATION_NEW || entry->state == PRG_OPERATION_SENT ||
             is_taken_after_all(entry, operation)) {
    prg_push_resolve_row(self, entry, row, changes);
  } else if (is_set_aside(entry)) {
    /* Another meaning under the same id (two machines were given the same one by their callers): ours cannot be sent, theirs cannot be held. */
    self->older += self->rescan;
  } else if (prg_entry_is_on_ledger(entry) && !g_str_equal(entry->operation->device, operation->device)) {
    /* A restored server took another machine's row of the same id this time. */
    prg_changes_put(changes, row->operation, own ? PRG_OPERATION_LEDGERED : PRG_OPERATION_SUPERSEDED,
                    entry->in_base);
  } else if (prg_push_row_was_edited(entry, row)) {
    prg_push_take_edited(self, entry, row, changes);
  } else if (entry->operation->created_at != operation->created_at) {
    prg_changes_state(changes, operation->id, entry->state, entry->in_base, NULL)->created_at =
        operation->created_at;
  }
}

/* After a rescan: other machines' rows of the window that the ledger no longer has. */
static void
void_missing(PrgMachine *self, GPtrArray *changes)
{
  for (guint i = 0; i < prg_book_n_entries(self->book); i++) {
    const PrgEntry *entry = prg_book_get_entry(self->book, i);
    if (entry->state == PRG_OPERATION_REMOTE && entry->operation->created_at >= self->fetch_since &&
        !g_hash_table_contains(self->fetched, entry->operation->id))
      prg_changes_state(changes, entry->operation->id, PRG_OPERATION_VOIDED, FALSE,
                        N_("no longer in the ledger"));
  }
}

/* Rows of the ledger that were never replicated, because they were older than the first fetch went back. Told
 * by the server for the days before the window, where no replica lags any more; what is known of those days
 * is taken off. */
static gint64
count_older(PrgMachine *self, gint64 since, gint64 told)
{
  gint64 known = 0;
  for (guint i = 0; i < prg_book_n_entries(self->book); i++) {
    const PrgEntry *entry = prg_book_get_entry(self->book, i);
    known += prg_entry_is_on_ledger(entry) && entry->operation->created_at > 0 &&
             entry->operation->created_at < since;
  }
  return MAX(told - known, 0);
}

/* @ids: (transfer full). FALSE: there is nothing to look for. */
static gboolean
begin_verify(PrgMachine *self, GPtrArray *ids)
{
  g_autoptr(GPtrArray) owned = ids;
  if (ids->len == 0)
    return FALSE;
  self->n_verified++;
  g_clear_pointer(&self->verify, g_ptr_array_unref);
  self->verify = g_steal_pointer(&owned);
  self->phase = PRG_PHASE_VERIFY;
  return TRUE;
}

/* Rows of the window that were earned here, and that a rescan did not meet, although equal counts hid it. What another machine's row had
 * superseded is sent again too: that machine may be gone. */
static gboolean
misses_rows_of_rescan(PrgMachine *self)
{
  if (!self->rescan || self->n_verified >= 3)
    return FALSE;
  g_autoptr(GPtrArray) missing = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < prg_book_n_entries(self->book); i++) {
    const PrgEntry *entry = prg_book_get_entry(self->book, i);
    gboolean earned = prg_entry_is_acknowledged(entry) || entry->state == PRG_OPERATION_SUPERSEDED;
    if (earned && entry->operation->created_at >= self->fetch_since &&
        !g_hash_table_contains(self->fetched, entry->operation->id))
      g_ptr_array_add(missing, g_strdup(entry->operation->id));
  }
  return begin_verify(self, g_steal_pointer(&missing));
}

/* Other machines' rows from before the window, of an event type of which the ledger has fewer: deleted or edited since. They are looked for
 * one by one; those of the window a rescan has told of. */
static gboolean
misses_older_rows(PrgMachine *self)
{
  if (!self->rescan || self->n_verified >= 3)
    return FALSE;
  g_autoptr(GHashTable) differences = ledger_differences(self);
  g_autoptr(GPtrArray) missing = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < prg_book_n_entries(self->book); i++) {
    const PrgEntry *entry = prg_book_get_entry(self->book, i);
    const PrgOperation *operation = entry->operation;
    gboolean others = entry->state == PRG_OPERATION_REMOTE || entry->state == PRG_OPERATION_SUPERSEDED;
    if (others && operation->created_at < self->fetch_since &&
        is_short(group_of(differences, operation->device, operation->kind)))
      g_ptr_array_add(missing, g_strdup(operation->id));
  }
  return begin_verify(self, g_steal_pointer(&missing));
}

/* The last page is in the book: do the numbers agree now? More rows here than were read have arrived since;
 * missing ones are a lagging answer, or were deleted since: no award may be derived without them. */
void
prg_rows_after(PrgMachine *self, const PrgInput *input)
{
  if (!self->rescan && !prg_rows_agree(self, self->older)) {
    begin_rescan(self);
  } else if (misses_rows_of_rescan(self) || misses_older_rows(self)) {
    self->n_rounds++;
  } else if (count_missing(self) > self->older) {
    self->n_rounds += 10;
    self->phase = PRG_PHASE_READ;
  } else {
    self->fetch_done = TRUE;
    prg_reading_go_on(self, input);
  }
}

void
prg_rows_fetched(PrgMachine *self, const PrgInput *input, PrgStep *step)
{
  const PrgAnswer *answer = input->answer;
  if (answer->too_large && self->page > 1) {
    self->page = (self->page + 3) / 4;
    return;
  }
  if (answer->outcome != PRG_OUTCOME_OK) {
    prg_cycle_fail(self, answer);
    return;
  }
  GPtrArray *changes = prg_changes_new();
  if (*self->cursor == '\0' && self->rescan)
    self->older = count_older(self, self->fetch_since, answer->older);
  for (guint i = 0; answer->rows && i < answer->rows->len; i++) {
    const PrgRow *row = g_ptr_array_index(answer->rows, i);
    take_row(self, row, changes);
    if (self->fetched)
      g_hash_table_add(self->fetched, g_strdup(row->operation->id));
  }
  self->page = MIN(self->page * 2, PRG_MAX_PAGE);
  prg_record_set(&self->cursor, answer->next_cursor);
  if (*self->cursor == '\0' && self->rescan)
    void_missing(self, changes);
  self->phase = PRG_PHASE_FETCH;
  prg_machine_commit(self, step, changes, *self->cursor == '\0' ? PRG_PHASE_FETCHED : PRG_PHASE_FETCH);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-machine-private.h"

#include <glib/gi18n-lib.h>

/* From the outbox to the ledger: mark, post, and read back whatever was not a clear yes. */

#define MAX_ID_PAGE 200
/* Of texts, in a batch or in the rows that are asked for by id. JSON makes at most twice as much of them: Twenty takes 10 MiB, and 8 are
 * read of an answer. */
#define MAX_BATCH_BYTES (2 * 1024 * 1024)
#define MIN_NAMED 4 /* bytes of a value that is looked for in a refusal */

/* Something that pays once across programs, and was never sent: first it must be known whether the ledger holds its row, and only then
 * whether the record's set holds it without one. In this order a server that is restored in between deceives nobody. */
static gboolean
needs_probe(PrgMachine *self, const PrgEntry *entry)
{
  return entry->state == PRG_OPERATION_NEW && prg_book_is_set_kind(self->book, entry->operation->kind) &&
         !g_hash_table_contains(self->absent, entry->operation->id);
}

/* The record holds what this one pays for, and the ledger has rows that are not here: its own may be among them, posted since it was looked
 * for. Before they are fetched nobody knows whether another program has paid. */
static gboolean
must_wait_for_rows(PrgMachine *self, const PrgEntry *entry)
{
  return entry->state == PRG_OPERATION_NEW && self->reading && !self->fetch_done &&
         prg_book_base_holds(self->reading->record, entry->operation) &&
         !prg_rows_agree(self, prg_machine_base(self)->known ? prg_machine_base(self)->older : 0);
}

static gboolean
may_be_sent(PrgMachine *self, const PrgEntry *entry)
{
  const char *id = entry->operation->id;
  if (g_hash_table_contains(self->skipped, id) || must_wait_for_rows(self, entry))
    return FALSE;
  if (entry->state == PRG_OPERATION_NEW)
    return !needs_probe(self, entry);
  return entry->state == PRG_OPERATION_SENT && g_hash_table_contains(self->absent, id);
}

gboolean
prg_push_has_work(PrgMachine *self)
{
  if (prg_book_n_pending(self->book) == 0)
    return FALSE;
  for (guint i = 0; i < prg_book_n_entries(self->book); i++) {
    const PrgEntry *entry = prg_book_get_entry(self->book, i);
    gboolean pending = entry->state == PRG_OPERATION_NEW || entry->state == PRG_OPERATION_SENT;
    if (pending && !g_hash_table_contains(self->skipped, entry->operation->id) &&
        !must_wait_for_rows(self, entry))
      return TRUE;
  }
  return FALSE;
}

/* ---- reading back ---- */

static void
ask_for_ids(PrgMachine *self, PrgStep *step, GPtrArray *ids)
{
  g_clear_pointer(&self->asked, g_ptr_array_unref);
  self->asked = ids;
  PrgRequest *request = prg_request_new(PRG_REQUEST_READ_BACK);
  prg_record_set(&request->member, prg_book_get_member(self->book));
  prg_record_set(&request->record_id, self->record_id);
  request->ids = g_ptr_array_ref(ids);
  prg_machine_ask(self, step, request);
}

/* SENT operations first: no sum is believed before their fate is known. With them, what needs a probe. */
void
prg_push_resolve(PrgMachine *self, PrgStep *step)
{
  g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
  guint limit = prg_book_n_pending(self->book) > 0 ? MIN(self->batch_limit, MAX_ID_PAGE) : 0;
  gsize n_bytes = 0;
  for (guint i = 0; i < prg_book_n_entries(self->book) && ids->len < limit && n_bytes < MAX_BATCH_BYTES;
       i++) {
    const PrgEntry *entry = prg_book_get_entry(self->book, i);
    gboolean probe = needs_probe(self, entry);
    gboolean sent =
        entry->state == PRG_OPERATION_SENT && !g_hash_table_contains(self->absent, entry->operation->id);
    if (probe || sent) {
      g_ptr_array_add(ids, g_strdup(entry->operation->id));
      n_bytes += prg_operation_size(entry->operation);
    }
    self->probed = self->probed || probe;
  }
  if (ids->len > 0)
    ask_for_ids(self, step, g_steal_pointer(&ids));
  else
    self->phase = self->probed ? PRG_PHASE_READ : PRG_PHASE_MARK;
}

void
prg_push_verify(PrgMachine *self, PrgStep *step)
{
  if (self->verify->len == 0) {
    /* What is missing is sent again, but nothing before the record is known. */
    PrgPhase next = self->ready ? PRG_PHASE_RESOLVE : PRG_PHASE_READ;
    self->phase = self->relink->len > 0 ? PRG_PHASE_RELINK : next;
    return;
  }
  GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
  gsize n_bytes = 0;
  while (ids->len < MIN(self->verify->len, MAX_ID_PAGE) && n_bytes < MAX_BATCH_BYTES) {
    const char *id = g_ptr_array_index(self->verify, ids->len);
    const PrgEntry *entry = prg_book_find(self->book, id);
    g_ptr_array_add(ids, g_strdup(id));
    n_bytes += entry ? prg_operation_size(entry->operation) : 0;
  }
  g_ptr_array_remove_range(self->verify, 0, ids->len);
  ask_for_ids(self, step, ids);
}

/* Every device makes the same row of it, perhaps with another amount: its id tells. So a revocation pays once too, whatever its type. */
static gboolean
pays_once(PrgMachine *self, const PrgOperation *operation)
{
  const PrgSource *source = prg_rules_find_source(prg_book_get_rules(self->book), operation->kind);
  if (source && source->pays_once)
    return TRUE;
  g_autofree char *id =
      prg_operation_pays_once_id(prg_book_get_member(self->book), operation->kind, operation->ref);
  return g_str_equal(id, operation->id);
}

static void
audit_row(PrgMachine *self, GPtrArray *changes, const char *event, const PrgOperation *operation)
{
  g_autofree char *text = g_strdup_printf("{\"event\":\"%s\",\"id\":\"%s\",\"amount\":%" G_GINT64_FORMAT "}",
                                          event, operation->id, operation->amount);
  prg_changes_audit(changes, operation->occurred_at, text);
}

/* Its row is in the ledger. Another machine that imported it may have sent what pays once with another amount: the ledger's counts. */
static void
acknowledge_row(PrgMachine *self, const PrgEntry *entry, const PrgRow *row, GPtrArray *changes)
{
  const PrgOperation *ours = entry->operation, *theirs = row->operation;
  if (ours->amount != theirs->amount || !g_str_equal(ours->kind, theirs->kind))
    prg_changes_put(changes, row->operation, PRG_OPERATION_LEDGERED, entry->in_base)->note =
        g_strdup(N_("its row in Twenty says something else"));
  else
    prg_changes_state(changes, ours->id, PRG_OPERATION_LEDGERED, entry->in_base, NULL)->created_at =
        theirs->created_at;
  g_hash_table_add(self->accepted_kinds, (gpointer)ours->kind);
  self->pushed++;
}

void
prg_push_resolve_row(PrgMachine *self, const PrgEntry *entry, const PrgRow *row, GPtrArray *changes)
{
  const PrgOperation *ours = entry->operation, *theirs = row->operation;
  gboolean meant = g_str_equal(row->member, prg_book_get_member(self->book)) &&
                   g_str_equal(ours->kind, theirs->kind) && g_str_equal(ours->ref, theirs->ref) &&
                   (ours->amount == theirs->amount || pays_once(self, ours));
  /* A device gives each number once: it is our row, and somebody has edited it before we knew that it arrived. */
  gboolean edited = g_str_equal(ours->device, theirs->device) && ours->seq == theirs->seq;
  g_hash_table_remove(self->absent, ours->id);
  if (row->deleted) {
    prg_changes_state(changes, ours->id, PRG_OPERATION_VOIDED, FALSE, N_("its row was deleted in Twenty"))
        ->created_at = theirs->created_at;
    audit_row(self, changes, "voided", ours);
  } else if (!meant && !edited) {
    prg_changes_state(changes, ours->id, PRG_OPERATION_QUARANTINED, entry->in_base,
                      N_("Twenty holds another row with this id. It cannot be sent; compare the two, then "
                         "discard this one."));
  } else if (!g_str_equal(ours->device, theirs->device)) {
    prg_changes_put(changes, row->operation, PRG_OPERATION_SUPERSEDED, entry->in_base)->note =
        g_strdup(N_("another device's row was there first"));
  } else {
    acknowledge_row(self, entry, row, changes);
  }
  if (!row->deleted && !g_str_equal(row->record_id, self->record_id))
    g_ptr_array_add(self->relink, g_strdup(ours->id));
}

gboolean
prg_push_row_was_edited(const PrgEntry *entry, const PrgRow *row)
{
  return prg_entry_is_on_ledger(entry) && (entry->operation->amount != row->operation->amount ||
                                           !g_str_equal(entry->operation->kind, row->operation->kind));
}

/* The ledger is what counts. */
void
prg_push_take_edited(PrgMachine *self, const PrgEntry *entry, const PrgRow *row, GPtrArray *changes)
{
  prg_changes_put(changes, row->operation, entry->state, entry->in_base)->note =
      g_strdup(N_("its row was edited in Twenty"));
  if (g_str_equal(entry->operation->device, prg_book_get_device(self->book)))
    audit_row(self, changes, "edited", entry->operation);
  self->changed = TRUE;
}

/* A row that was acknowledged before, as VERIFY finds it now. */
static void
verify_row(PrgMachine *self, const PrgEntry *entry, const PrgRow *row, GPtrArray *changes)
{
  const gboolean is_elsewhere = !row->deleted && !g_str_equal(row->record_id, self->record_id);
  if (row->deleted) {
    prg_changes_state(changes, entry->operation->id, PRG_OPERATION_VOIDED, FALSE,
                      N_("its row was deleted in Twenty"));
    audit_row(self, changes, "voided", entry->operation);
  } else if (!g_str_equal(row->operation->device, entry->operation->device)) {
    prg_changes_put(changes, row->operation, PRG_OPERATION_SUPERSEDED, entry->in_base);
  } else if (prg_push_row_was_edited(entry, row)) {
    prg_push_take_edited(self, entry, row, changes);
  }
  if (is_elsewhere && entry->state == PRG_OPERATION_REMOTE && *row->record_id != '\0')
    prg_changes_state(changes, entry->operation->id, PRG_OPERATION_VOIDED, FALSE,
                      N_("its row belongs to another record now"));
  else if (is_elsewhere)
    g_ptr_array_add(self->relink, g_strdup(entry->operation->id));
}

static const PrgRow *
find_row(GPtrArray *rows, const char *id)
{
  for (guint i = 0; rows && i < rows->len; i++) {
    const PrgRow *row = g_ptr_array_index(rows, i);
    if (g_str_equal(row->operation->id, id))
      return row;
  }
  return NULL;
}

/* Not there: it is sent (again), unless it is another machine's. Its amount stays where the view has it until the next believed reading. */
static void
note_absent(PrgMachine *self, const PrgEntry *entry, GPtrArray *changes)
{
  if (entry->state == PRG_OPERATION_REMOTE) {
    prg_changes_state(changes, entry->operation->id, PRG_OPERATION_VOIDED, FALSE,
                      N_("no longer in the ledger"));
    return;
  }
  g_hash_table_add(self->absent, g_strdup(entry->operation->id));
  if (entry->state != PRG_OPERATION_SENT && entry->state != PRG_OPERATION_NEW)
    prg_changes_state(changes, entry->operation->id, PRG_OPERATION_SENT, entry->in_base,
                      N_("its row was missing; sent again"));
}

void
prg_push_resolved(PrgMachine *self, const PrgInput *input, PrgStep *step)
{
  const PrgAnswer *answer = input->answer;
  if (answer->outcome != PRG_OUTCOME_OK) {
    prg_cycle_fail(self, answer);
    return;
  }
  GPtrArray *changes = prg_changes_new();
  for (guint i = 0; i < self->asked->len; i++) {
    const char *id = g_ptr_array_index(self->asked, i);
    const PrgEntry *entry = prg_book_find(self->book, id);
    const PrgRow *row = find_row(answer->rows, id);
    if (!entry)
      continue;
    if (!row)
      note_absent(self, entry, changes);
    else if (self->phase == PRG_PHASE_VERIFY)
      verify_row(self, entry, row, changes);
    else
      prg_push_resolve_row(self, entry, row, changes);
  }
  PrgPhase next = self->phase;
  if (next == PRG_PHASE_RESOLVE && self->relink->len > 0)
    next = PRG_PHASE_RELINK;
  prg_machine_commit(self, step, changes, next);
}

/* ---- posting ---- */

static const char *
group_of(const PrgOperation *operation)
{
  return *operation->cause ? operation->cause : operation->id;
}

static guint
batch_size(PrgMachine *self)
{
  return self->split > 0 ? MIN(self->split, self->batch_limit) : self->batch_limit;
}

/* The oldest operations that fit, those of one call together unless a call alone is too large for a batch. */
static GPtrArray *
choose_batch(PrgMachine *self)
{
  GPtrArray *batch = g_ptr_array_new_with_free_func((GDestroyNotify)prg_operation_unref);
  guint limit = batch_size(self);
  guint group_start = 0;
  gsize n_bytes = 0;
  for (guint i = 0; i < prg_book_n_entries(self->book); i++) {
    const PrgEntry *entry = prg_book_get_entry(self->book, i);
    if (!may_be_sent(self, entry))
      continue;
    if (batch->len > 0 &&
        !g_str_equal(group_of(entry->operation), group_of(g_ptr_array_index(batch, batch->len - 1))))
      group_start = batch->len;
    n_bytes += prg_operation_size(entry->operation);
    if (batch->len == limit || (batch->len > 0 && n_bytes > MAX_BATCH_BYTES)) {
      if (group_start > 0 && group_start < batch->len)
        g_ptr_array_set_size(batch, group_start);
      break;
    }
    g_ptr_array_add(batch, prg_operation_ref(entry->operation));
  }
  return batch;
}

/* Another program has paid for it already, before we ever sent it: it goes out as a fact without XP. */
static PrgOperation *
without_amount(const PrgOperation *operation)
{
  PrgOperation fields = *operation;
  fields.amount = 0;
  fields.details = "{\"superseded\":true}";
  return prg_operation_new(&fields);
}

static const PrgRecord *
pulled_record(PrgMachine *self)
{
  return self->reading ? self->reading->record : prg_book_get_base(self->book)->record;
}

/* What goes out for an operation of the batch, where that is not the operation itself. (transfer full) (nullable) */
static PrgOperation *
replacement(PrgMachine *self, const PrgInput *input, const PrgOperation *operation, const char **event)
{
  *event = "superseded";
  if (operation->amount != 0 && pays_once(self, operation) &&
      prg_book_base_holds(pulled_record(self), operation))
    return without_amount(operation);
  *event = "clock-ahead";
  return prg_operation_not_after(operation, prg_machine_now(self, input), input->zone);
}

void
prg_push_mark(PrgMachine *self, const PrgInput *input, PrgStep *step)
{
  g_clear_pointer(&self->batch, g_ptr_array_unref);
  self->batch = choose_batch(self);
  if (self->batch->len == 0) {
    self->split = 0;
    self->phase = PRG_PHASE_READ;
    return;
  }
  GPtrArray *changes = prg_changes_new();
  for (guint i = 0; i < self->batch->len; i++) {
    PrgOperation *operation = g_ptr_array_index(self->batch, i);
    const PrgEntry *entry = prg_book_find(self->book, operation->id);
    if (entry->state != PRG_OPERATION_NEW)
      continue;
    const char *event = NULL;
    PrgOperation *sent = replacement(self, input, operation, &event);
    if (sent) {
      const char *note = sent->amount != operation->amount ? N_("Twenty held it already")
                                                           : N_("This machine's clock was ahead of Twenty's");
      prg_changes_put(changes, sent, PRG_OPERATION_SENT, FALSE)->note = g_strdup(note);
      audit_row(self, changes, event, operation);
      prg_operation_unref(operation);
      self->batch->pdata[i] = sent;
    } else {
      prg_changes_state(changes, operation->id, PRG_OPERATION_SENT, FALSE, NULL);
    }
  }
  prg_machine_commit(self, step, changes, PRG_PHASE_POST);
}

void
prg_push_post(PrgMachine *self, PrgStep *step)
{
  PrgRequest *request = prg_request_new(PRG_REQUEST_POST);
  prg_record_set(&request->member, prg_book_get_member(self->book));
  prg_record_set(&request->record_id, self->record_id);
  request->operations = g_ptr_array_ref(self->batch);
  /* Until it is read back, nothing is known of a row that was sent. */
  for (guint i = 0; i < self->batch->len; i++)
    g_hash_table_remove(self->absent, ((PrgOperation *)g_ptr_array_index(self->batch, i))->id);
  prg_machine_ask(self, step, request);
}

static void
acknowledge(PrgMachine *self, const PrgAnswer *answer, PrgStep *step)
{
  GPtrArray *changes = prg_changes_new();
  for (guint i = 0; i < self->batch->len; i++) {
    const PrgOperation *operation = g_ptr_array_index(self->batch, i);
    const PrgEntry *entry = prg_book_find(self->book, operation->id);
    const PrgRow *row = find_row(answer->rows, operation->id);
    PrgChange *change =
        prg_changes_state(changes, operation->id, PRG_OPERATION_LEDGERED, entry->in_base, NULL);
    change->created_at = row ? row->operation->created_at : 0;
    g_hash_table_add(self->accepted_kinds, (gpointer)operation->kind);
  }
  self->pushed += self->batch->len;
  prg_machine_commit(self, step, changes, PRG_PHASE_MARK);
}

/* Whether @value stands in @message by itself, not as a part of another word. One of a few characters may be there by chance, unless it
 * is quoted. */
static gboolean
names_value(const char *message, const char *value)
{
  const gsize length = strlen(value);
  for (const char *at = length > 0 ? strstr(message, value) : NULL; at; at = strstr(at + 1, value)) {
    const char before = at > message ? at[-1] : ' ';
    const char after = at[length] != '\0' ? at[length] : ' ';
    gboolean quoted = strchr("\"'`", before) && strchr("\"'`", after);
    gboolean alone = !g_ascii_isalnum(before) && !g_ascii_isalnum(after);
    if (quoted || (alone && length >= MIN_NAMED))
      return TRUE;
  }
  return FALSE;
}

/* Whether a refusal is about a value of @operation itself, and not about the server's state. */
static gboolean
names_own_value(const PrgOperation *operation, const char *message)
{
  const char *values[] = { operation->id, operation->ref, operation->kind, operation->details,
                           operation->local_day };
  for (gsize i = 0; i < G_N_ELEMENTS(values); i++)
    if (names_value(message, values[i]))
      return TRUE;
  return FALSE;
}

/* Its amount stays where the view has it until the next believed reading. */
static void
quarantine(PrgMachine *self, const PrgOperation *operation, const char *message, GPtrArray *changes)
{
  const PrgEntry *entry = prg_book_find(self->book, operation->id);
  prg_changes_state(changes, operation->id, PRG_OPERATION_QUARANTINED, entry->in_base, message);
  g_hash_table_remove(self->absent, operation->id);
}

/* One operation (or one call) alone was refused. */
static void
refused_alone(PrgMachine *self, const PrgAnswer *answer, PrgStep *step)
{
  GPtrArray *changes = prg_changes_new();
  for (guint i = 0; i < self->batch->len; i++) {
    const PrgOperation *operation = g_ptr_array_index(self->batch, i);
    if (names_own_value(operation, answer->message) ||
        g_hash_table_contains(self->accepted_kinds, operation->kind))
      quarantine(self, operation, answer->message, changes);
    else
      g_hash_table_replace(self->skipped, g_strdup(operation->id), (gpointer)operation->kind);
  }
  self->split = 0;
  prg_record_set(&self->refusal, answer->message);
  prg_machine_commit(self, step, changes, PRG_PHASE_RESOLVE);
}

static guint
next_lower_limit(guint limit)
{
  return limit > 60 ? 60 : 1;
}

static void
learn_limit(PrgMachine *self, PrgStep *step)
{
  self->batch_limit = next_lower_limit(self->batch_limit);
  g_autofree char *text = g_strdup_printf("%u", self->batch_limit);
  GPtrArray *changes = prg_changes_new();
  prg_changes_meta(changes, "batch.limit", text);
  prg_machine_commit(self, step, changes, PRG_PHASE_RESOLVE);
}

static void
refused(PrgMachine *self, const PrgAnswer *answer, PrgStep *step)
{
  if (strstr(answer->message, "Maximum number of") && self->batch->len > 1) {
    learn_limit(self, step);
  } else if (!self->dropped_record) {
    /* The record may be gone, which refuses every row of it: read it again before a row is blamed. */
    self->dropped_record = TRUE;
    self->discovered = FALSE;
    self->n_rounds++;
    self->phase = PRG_PHASE_DISCOVER;
  } else if (self->batch->len > 1) {
    self->split = (self->batch->len + 1) / 2;
    self->phase = PRG_PHASE_RESOLVE;
  } else {
    refused_alone(self, answer, step);
  }
}

void
prg_push_posted(PrgMachine *self, const PrgInput *input, PrgStep *step)
{
  const PrgAnswer *answer = input->answer;
  switch (answer->outcome) {
  case PRG_OUTCOME_OK:
    acknowledge(self, answer, step);
    break;
  case PRG_OUTCOME_REFUSED:
    refused(self, answer, step);
    break;
  case PRG_OUTCOME_DUPLICATE:
  case PRG_OUTCOME_UNKNOWN:
    /* Some or all may be there: ask. An unreachable server ends the cycle at that question. */
    self->n_rounds += 5;
    self->phase = PRG_PHASE_RESOLVE;
    break;
  default:
    prg_cycle_fail(self, answer);
    break;
  }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig.h"

static void
boot(Rig *self, PrgSnapshot *snapshot)
{
  self->boot = self->now - 1;
  self->book = prg_book_new(self->rules, MEMBER, DEVICE, snapshot);
  self->machine = prg_machine_new(self->book);
}

Rig *
rig_new(gint64 total)
{
  Rig *self = g_new0(Rig, 1);
  self->rules = prg_rules_new_builtin();
  self->zone = g_time_zone_new_utc();
  self->now = NOW;
  self->random = G_MAXUINT64 / 2;
  self->log = g_string_new("");
  self->batches = g_array_new(FALSE, FALSE, sizeof(guint));
  self->ids = g_ptr_array_new_with_free_func(g_free);
  self->audits = g_ptr_array_new_with_free_func(g_free);
  self->server = sim_server_new(MEMBER, NOW - 60 * SECOND);
  if (total >= 0)
    sim_server_create_record(self->server, total);
  boot(self, prg_snapshot_new());
  return self;
}

void
rig_free(Rig *self)
{
  prg_step_clear(&self->step);
  prg_machine_free(self->machine);
  prg_book_free(self->book);
  sim_server_free(self->server);
  prg_rules_unref(self->rules);
  g_time_zone_unref(self->zone);
  g_string_free(self->log, TRUE);
  g_array_unref(self->batches);
  g_ptr_array_unref(self->audits);
  g_ptr_array_unref(self->ids);
  g_free(self);
}

static void
copy_meta(PrgBook *book, PrgSnapshot *snapshot)
{
  static const char *const keys[] = { "batch.limit", "backoff.attempt", "backoff.until",
                                      "sync.last",   "stale.token",     "stale.at",
                                      "fold.at",     "timeline.wanted", "reported.records",
                                      "audit.last" };
  for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
    if (prg_book_get_meta(book, keys[i]))
      g_hash_table_insert(snapshot->meta, g_strdup(keys[i]), g_strdup(prg_book_get_meta(book, keys[i])));
}

void
rig_restart(Rig *self, gboolean empty_disk)
{
  PrgSnapshot *snapshot = prg_snapshot_new();
  for (guint i = 0; !empty_disk && i < prg_book_n_entries(self->book); i++) {
    const PrgEntry *entry = prg_book_get_entry(self->book, i);
    add_entry(snapshot, prg_operation_ref(entry->operation), entry->state, entry->in_base);
  }
  if (!empty_disk) {
    copy_meta(self->book, snapshot);
    snapshot->base =
        prg_book_get_base(self->book)->known ? prg_base_to_json(prg_book_get_base(self->book)) : NULL;
  }
  prg_step_clear(&self->step);
  prg_machine_free(self->machine);
  prg_book_free(self->book);
  boot(self, snapshot);
}

static void
feed(Rig *self, PrgInput *input)
{
  g_autofree char *token = g_strdup_printf("99999999-9999-4999-8999-%012u", ++self->n_ids);
  input->mono = self->now - self->boot;
  input->wall = self->now;
  input->random = self->random;
  input->token = token;
  input->zone = self->zone;
  input->zone_name = "UTC";
  prg_step_clear(&self->step);
  prg_machine_step(self->machine, input, &self->step);
  self->sign_in_required |= self->step.sign_in_required;
  if (!self->step.finished)
    return;
  self->n_finished++;
  self->finished_ok = self->step.ok;
  self->was_forced = self->step.forced;
}

void
rig_feed(Rig *self, PrgInputKind kind, PrgAnswer *answer, gboolean online)
{
  g_autoptr(PrgAnswer) owned = answer;
  PrgInput input = { .kind = kind, .answer = owned, .message = "the disk is full", .online = online };
  feed(self, &input);
}

void
rig_network(Rig *self, gboolean online, gboolean metered)
{
  PrgInput input = { .kind = PRG_INPUT_NETWORK, .online = online, .metered = metered };
  feed(self, &input);
}

/* ---- the disk ---- */

void
rig_commit(Rig *self)
{
  g_autoptr(GPtrArray) changes = g_steal_pointer(&self->step.changes);
  for (guint i = 0; i < changes->len; i++) {
    const PrgChange *change = g_ptr_array_index(changes, i);
    if (change->kind == PRG_CHANGE_AUDIT)
      g_ptr_array_add(self->audits, g_strdup(change->text));
  }
  prg_book_take(self->book, changes);
  rig_feed(self, PRG_INPUT_COMMITTED, NULL, FALSE);
}

void
rig_fail_commit(Rig *self)
{
  g_assert_nonnull(self->step.changes);
  rig_feed(self, PRG_INPUT_COMMIT_FAILED, NULL, FALSE);
}

/* ---- the server ---- */

static gboolean
holds_ref(const PrgRequest *request, const char *ref)
{
  for (guint i = 0; ref && request->kind == PRG_REQUEST_POST && i < request->operations->len; i++)
    if (g_str_equal(((PrgOperation *)g_ptr_array_index(request->operations, i))->ref, ref))
      return TRUE;
  return FALSE;
}

static PrgAnswer *
execute(Rig *self)
{
  const PrgRequest *request = self->step.request;
  if (holds_ref(request, self->refuse_ref))
    return prg_answer_new(PRG_OUTCOME_REFUSED, "Data validation error.");
  sim_server_set_time(self->server, self->now);
  PrgAnswer *answer = sim_server_execute(self->server, request);
  answer->server_time = self->server_ahead ? self->now + self->server_ahead : 0;
  return answer;
}

void
rig_answer(Rig *self, PrgAnswer *answer)
{
  const PrgRequest *request = self->step.request;
  g_assert_nonnull(request);
  g_string_append_printf(self->log, "%s%s", self->log->len ? " " : "",
                         prg_request_kind_to_string(request->kind));
  if (request->kind == PRG_REQUEST_POST)
    g_array_append_val(self->batches, request->operations->len);
  rig_feed(self, PRG_INPUT_ANSWER, answer, FALSE);
}

void
rig_outcome(Rig *self, PrgOutcome outcome, const char *message)
{
  rig_answer(self, prg_answer_new(outcome, message));
}

void
rig_serve(Rig *self)
{
  rig_answer(self, execute(self));
}

void
rig_lose_reply(Rig *self)
{
  prg_answer_free(execute(self));
  rig_outcome(self, PRG_OUTCOME_UNKNOWN, "The connection was lost.");
}

/* ---- running ---- */

/* One turn; FALSE at rest. */
static gboolean
turn(Rig *self)
{
  self->now += 1000;
  if (self->step.changes) {
    rig_commit(self);
  } else if (self->step.request) {
    rig_serve(self);
  } else if (g_str_equal(prg_machine_state_to_string(prg_machine_get_state(self->machine)), "syncing")) {
    self->now = MAX(self->now, prg_machine_get_wake_at(self->machine) + self->boot); /* the rate budget */
    rig_feed(self, PRG_INPUT_WAKE, NULL, FALSE);
  } else {
    return FALSE;
  }
  return TRUE;
}

void
rig_run(Rig *self)
{
  for (guint i = 0; turn(self); i++)
    g_assert_cmpuint(i, <, 5000);
}

const PrgRequest *
rig_until(Rig *self, PrgRequestKind kind)
{
  while (!self->step.request || self->step.request->kind != kind) {
    gboolean turned = turn(self);
    g_assert_true(turned);
  }
  return self->step.request;
}

void
rig_sign_in(Rig *self)
{
  rig_feed(self, PRG_INPUT_CREDENTIALS, NULL, TRUE);
  rig_run(self);
}

void
rig_sync(Rig *self)
{
  rig_feed(self, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  rig_run(self);
}

void
rig_wake(Rig *self)
{
  gint64 at = prg_machine_get_wake_at(self->machine);
  g_assert_cmpint(at, !=, 0);
  self->now = MAX(self->now, at + self->boot);
  rig_feed(self, PRG_INPUT_WAKE, NULL, FALSE);
  rig_run(self);
}

/* ---- hands ---- */

static PrgOperation *
new_operation(Rig *self, const char *kind, const char *ref, gint64 amount, const char *device)
{
  const PrgSource *source = prg_rules_find_source(self->rules, kind);
  g_autofree char *id = numbered_id(++self->n_ids);
  g_autoptr(PrgOperation) operation = source && source->pays_once
                                          ? make_once(kind, ref, amount, device)
                                          : make_operation(id, kind, ref, amount, device);
  PrgOperation fields = *operation;
  fields.details = self->details ? self->details : "{}";
  return prg_operation_new(&fields);
}

const char *
rig_earn(Rig *self, const char *kind, const char *ref, gint64 amount)
{
  g_autoptr(GPtrArray) operations = g_ptr_array_new_with_free_func((GDestroyNotify)prg_operation_unref);
  PrgMoment moment = { MEMBER, DEVICE, prg_book_next_seq(self->book), "", self->now, self->zone, "UTC" };
  PrgOperation *operation = new_operation(self, kind, ref, amount, DEVICE);
  operation->seq = moment.next_seq;
  g_ptr_array_add(operations, operation);
  g_autoptr(GPtrArray) changes = prg_book_plan(self->book, operations, &moment);
  prg_book_take(self->book, changes);
  if (!prg_machine_is_busy(self->machine))
    rig_feed(self, PRG_INPUT_WAKE, NULL, FALSE);
  g_ptr_array_add(self->ids, g_strdup(operation->id));
  return self->ids->pdata[self->ids->len - 1];
}

void
rig_post_elsewhere(Rig *self, const char *kind, const char *ref, gint64 amount)
{
  g_autoptr(PrgRequest) request = prg_request_new(PRG_REQUEST_POST);
  request->operations = g_ptr_array_new_with_free_func((GDestroyNotify)prg_operation_unref);
  prg_record_set(&request->record_id, rig_record(self)->id);
  g_ptr_array_add(request->operations, new_operation(self, kind, ref, amount, OTHER_DEVICE));
  sim_server_set_time(self->server, self->now);
  g_autoptr(PrgAnswer) answer = sim_server_execute(self->server, request);
  g_assert_cmpint(answer->outcome, ==, PRG_OUTCOME_OK);
}

PrgRecord *
rig_record(Rig *self)
{
  return (PrgRecord *)sim_server_record(self->server);
}

void
rig_touch(Rig *self)
{
  sim_server_set_time(self->server, self->now);
  sim_server_patch_total(self->server, sim_server_total(self->server), NULL, "");
}

gint64
rig_total(Rig *self)
{
  return prg_book_view(self->book, TODAY)->record->total_xp.value;
}

PrgOperationState
rig_state_of(Rig *self, const char *id)
{
  const PrgEntry *entry = prg_book_find(self->book, id);
  g_assert_nonnull(entry);
  return entry->state;
}

guint
rig_count_audits(Rig *self, const char *text)
{
  guint count = 0;
  for (guint i = 0; i < self->audits->len; i++)
    count += strstr(g_ptr_array_index(self->audits, i), text) != NULL;
  return count;
}

void
rig_clear_log(Rig *self)
{
  g_string_truncate(self->log, 0);
  g_array_set_size(self->batches, 0);
}

gboolean
rig_asked(Rig *self, PrgRequestKind kind)
{
  g_auto(GStrv) words = g_strsplit(self->log->str, " ", -1);
  return g_strv_contains((const char *const *)words, prg_request_kind_to_string(kind));
}

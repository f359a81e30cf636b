/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-server-private.h"

static const char *const flaw_names[] = { "none", "adds-twice", "forgets", "renames" };

gboolean
sim_flaw_from_string(const char *name, SimFlaw *flaw)
{
  for (guint i = 0; i < G_N_ELEMENTS(flaw_names); i++)
    if (g_str_equal(flaw_names[i], name)) {
      *flaw = (SimFlaw)i;
      return TRUE;
    }
  return FALSE;
}

const char *
sim_flaw_to_string(SimFlaw flaw)
{
  return flaw_names[flaw];
}

static void
row_free(SimRow *row)
{
  prg_operation_unref(row->operation);
  g_free(row);
}

static void
timeline_row_clear(gpointer data)
{
  PrgTimelineRow *row = data;
  g_free(row->token_after);
  g_free(row->member);
  prg_id_set_free(row->modules_added);
}

static void
timeline_row_unref(gpointer row)
{
  g_rc_box_release_full(row, timeline_row_clear);
}

SimServer *
sim_server_new(const char *member, gint64 now)
{
  SimServer *self = g_new0(SimServer, 1);
  self->member = g_strdup(member);
  self->rows = g_ptr_array_new_with_free_func((GDestroyNotify)row_free);
  self->by_id = g_hash_table_new(g_str_hash, g_str_equal);
  self->timeline = g_ptr_array_new_with_free_func(timeline_row_unref);
  self->now = now;
  self->batch_limit = 200;
  return self;
}

void
sim_server_set_world(SimServer *self, SimWorld *world)
{
  self->world = world;
}

void
sim_server_set_flaw(SimServer *self, SimFlaw flaw)
{
  self->flaw = flaw;
}

static void
note_fault(const SimServer *self, SimFault fault)
{
  if (self->world)
    sim_struck(self->world, fault);
}

void
sim_server_free(SimServer *self)
{
  if (!self)
    return;
  g_free(self->member);
  g_clear_pointer(&self->record, prg_record_free);
  g_hash_table_unref(self->by_id);
  g_ptr_array_unref(self->rows);
  g_ptr_array_unref(self->timeline);
  g_free(self);
}

/* @operation: (transfer full) */
static void
add_row(SimServer *self, PrgOperation *operation, const char *record_id, gboolean deleted)
{
  SimRow *row = g_new0(SimRow, 1);
  row->operation = operation;
  row->record_id = g_intern_string(record_id);
  row->deleted = deleted;
  g_ptr_array_add(self->rows, row);
  g_hash_table_insert(self->by_id, (gpointer)row->operation->id, row);
}

static PrgTimelineRow *
copy_timeline_row(const PrgTimelineRow *row)
{
  PrgTimelineRow *copy = g_new0(PrgTimelineRow, 1);
  *copy = *row;
  copy->token_after = g_strdup(row->token_after);
  copy->member = g_strdup(row->member);
  copy->modules_added = prg_id_set_copy(row->modules_added);
  return copy;
}

SimServer *
sim_server_copy(const SimServer *self)
{
  SimServer *copy = sim_server_new(self->member, self->now);
  copy->world = self->world;
  copy->flaw = self->flaw;
  copy->record = self->record ? prg_record_copy(self->record) : NULL;
  for (guint i = 0; i < self->rows->len; i++) {
    const SimRow *row = g_ptr_array_index(self->rows, i);
    add_row(copy, prg_operation_ref(row->operation), row->record_id, row->deleted);
  }
  for (guint i = 0; i < self->timeline->len; i++)
    g_ptr_array_add(copy->timeline, g_rc_box_acquire(g_ptr_array_index(self->timeline, i)));
  copy->timeline_lag = self->timeline_lag;
  copy->refused = self->refused;
  copy->refuses_silently = self->refuses_silently;
  copy->batch_limit = self->batch_limit;
  copy->n_folds = self->n_folds;
  return copy;
}

void
sim_server_set_time(SimServer *self, gint64 now)
{
  self->now = MAX(self->now, now);
}

void
sim_server_set_timeline_lag(SimServer *self, gint64 lag)
{
  self->timeline_lag = lag;
}

void
sim_server_set_refused(SimServer *self, const char *text)
{
  self->refused = text;
}

void
sim_server_set_silent(SimServer *self, gboolean silent)
{
  self->refuses_silently = silent;
}

void
sim_server_set_batch_limit(SimServer *self, guint limit)
{
  self->batch_limit = limit;
}

/* ---- the record ---- */

static gint64
shown_time(gint64 us)
{
  return us - us % 1000;
}

static gint64
tick(SimServer *self)
{
  self->now += 400; /* several writes fit into the millisecond that is shown */
  return self->now;
}

void
sim_server_write_timeline(SimServer *self,
                          const PrgRecord *before,
                          const char *member,
                          const char *module,
                          gboolean fold)
{
  PrgTimelineRow *row = g_rc_box_new0(PrgTimelineRow);
  row->at = self->record->updated_at;
  row->total_before = before->total_xp.value;
  row->total_after = self->record->total_xp.value;
  row->has_total = row->total_before != row->total_after;
  row->is_fold = fold;
  row->token_after = g_strdup(fold ? self->record->fold_token : "");
  row->member = g_strdup(member);
  row->modules_added = prg_id_set_new();
  if (module)
    prg_id_set_add(row->modules_added, module);
  if (row->has_total || fold || module)
    g_ptr_array_add(self->timeline, row);
  else
    timeline_row_unref(row);
}

void
sim_server_touch(SimServer *self, const char *member)
{
  self->record->updated_at = tick(self);
  prg_record_set(&self->record->updated_by, member);
}

static PrgRecord *
shown_record(const SimServer *self)
{
  PrgRecord *record = prg_record_copy(self->record);
  record->updated_at = shown_time(record->updated_at);
  record->created_at = shown_time(record->created_at);
  return record;
}

static void
add_records(const SimServer *self, PrgAnswer *answer, gboolean filter, const char *id)
{
  answer->records = g_ptr_array_new_with_free_func((GDestroyNotify)prg_record_free);
  if (self->record && (!filter || g_str_equal(self->record->id, id)))
    g_ptr_array_add(answer->records, shown_record(self));
}

static PrgAnswer *
create_record(SimServer *self, const PrgRequest *request)
{
  if (self->record)
    return prg_answer_new(PRG_OUTCOME_DUPLICATE, "A duplicate entry was detected");
  self->record = prg_record_new();
  prg_record_set(&self->record->id, request->record_id);
  prg_record_set(&self->record->workspace_member_id, request->member);
  self->record->total_xp = self->record->ledger_xp = self->record->ledger_count = self->record->external_xp =
      prg_number(0);
  self->record->external_deals = self->record->closed_deals = prg_number(0);
  prg_record_set(&self->record->fold_token, request->fold->fold_token);
  prg_record_set(&self->record->fold_log, request->fold->fold_log);
  sim_server_touch(self, "");
  self->record->created_at = self->record->updated_at;
  g_autoptr(PrgRecord) nothing = prg_record_new();
  sim_server_write_timeline(self, nothing, "", NULL, TRUE);
  PrgTimelineRow *told = g_ptr_array_index(self->timeline, self->timeline->len - 1);
  prg_record_set(&told->token_after, ""); /* a creation is told without a diff */
  PrgAnswer *answer = prg_answer_new(PRG_OUTCOME_OK, "");
  add_records(self, answer, FALSE, NULL);
  return answer;
}

static gboolean
same_number(PrgNumber a, PrgNumber b)
{
  return a.known == b.known && (!a.known || a.raw == b.raw);
}

static gboolean
swap_matches(const SimServer *self, const PrgRequest *request)
{
  const PrgRecord *now = self->record, *before = request->before;
  if (!now || now->deleted || !g_str_equal(now->id, request->record_id))
    return FALSE;
  if (same_number(now->total_xp, before->total_xp) && same_number(now->ledger_xp, before->ledger_xp) &&
      same_number(now->ledger_count, before->ledger_count) &&
      same_number(now->external_xp, before->external_xp) && now->updated_at >= before->updated_at &&
      now->updated_at < before->updated_at + 1000)
    return TRUE;
  return g_str_equal(now->fold_token, request->fold->fold_token) &&
         (!request->fold->set_total || now->total_xp.raw == (double)request->fold->total_xp);
}

static void
take_set(PrgIdSet **field, const char *json)
{
  if (!json)
    return;
  prg_id_set_free(*field);
  *field = prg_id_set_new();
  g_auto(GStrv) parts = g_strsplit_set(json, "[]\",", -1);
  for (guint i = 0; parts[i]; i++)
    if (*parts[i])
      prg_id_set_add(*field, parts[i]);
}

static void
take_fold(PrgRecord *record, const PrgFold *fold)
{
  if (fold->set_total)
    record->total_xp = prg_number(fold->total_xp);
  if (fold->set_ledger) {
    record->ledger_xp = prg_number(fold->ledger_xp);
    record->ledger_count = prg_number(fold->ledger_count);
  }
  if (fold->set_external)
    record->external_xp = prg_number(fold->external_xp);
  if (fold->set_external_deals)
    record->external_deals = prg_number(fold->external_deals);
  if (fold->set_deals)
    record->closed_deals = prg_number(fold->closed_deals);
  if (fold->set_level)
    record->current_level = prg_number(fold->current_level);
  if (fold->set_streak)
    record->streak_days = prg_number(fold->streak_days);
  if (fold->set_activity)
    record->last_activity = fold->last_activity;
  take_set(&record->completed_modules, fold->completed_modules);
  take_set(&record->badges, fold->badges);
  take_set(&record->passed_exams, fold->passed_exams);
  take_set(&record->certifications, fold->certifications);
  take_set(&record->defeated_bosses, fold->defeated_bosses);
  if (fold->current_rank)
    prg_record_set(&record->current_rank, fold->current_rank);
  if (fold->efficiency_metrics)
    prg_record_set(&record->efficiency_metrics, fold->efficiency_metrics);
  prg_record_set(&record->fold_token, fold->fold_token);
  prg_record_set(&record->fold_log, fold->fold_log);
}

static PrgAnswer *
swap(SimServer *self, const PrgRequest *request)
{
  if (!swap_matches(self, request))
    return prg_answer_new(PRG_OUTCOME_CONFLICT, "");
  g_autoptr(PrgRecord) before = prg_record_copy(self->record);
  take_fold(self->record, request->fold);
  gint64 gained = self->record->total_xp.value - before->total_xp.value;
  if (self->flaw == SIM_FLAW_ADDS_TWICE && gained > 0)
    self->record->total_xp = prg_number(self->record->total_xp.value + gained);
  sim_server_touch(self, "");
  gboolean moved = !g_str_equal(before->fold_token, self->record->fold_token);
  sim_server_write_timeline(self, before, "", NULL, moved);
  self->n_folds++;
  PrgAnswer *answer = prg_answer_new(PRG_OUTCOME_OK, "");
  add_records(self, answer, FALSE, NULL);
  return answer;
}

/* ---- rows ---- */

static PrgRow *
shown_row(const SimServer *self, const SimRow *row)
{
  PrgRow *shown = g_new0(PrgRow, 1);
  PrgOperation fields = *row->operation;
  fields.created_at = shown_time(fields.created_at);
  shown->operation = prg_operation_new(&fields);
  shown->member = g_strdup(self->member);
  shown->record_id = g_strdup(row->record_id);
  shown->deleted = row->deleted;
  return shown;
}

static PrgAnswer *
refuse_row(const SimServer *self, const PrgOperation *operation)
{
  note_fault(self, SIM_FAULT_REFUSE);
  g_autofree char *message = g_strdup_printf("Invalid value '%s' for field \"ref\"", operation->ref);
  return prg_answer_new(PRG_OUTCOME_REFUSED, self->refuses_silently ? "Data validation error." : message);
}

static PrgAnswer *
refuse_rows(const SimServer *self, const PrgRequest *request)
{
  if (request->operations->len > self->batch_limit) {
    note_fault(self, SIM_FAULT_REFUSE);
    return prg_answer_new(PRG_OUTCOME_REFUSED, "Maximum number of records to upsert is exceeded.");
  }
  if (!self->record || !g_str_equal(self->record->id, request->record_id))
    return prg_answer_new(PRG_OUTCOME_REFUSED, "Data validation error.");
  for (guint i = 0; i < request->operations->len; i++) {
    const PrgOperation *operation = g_ptr_array_index(request->operations, i);
    if (self->refused && strstr(operation->ref, self->refused))
      return refuse_row(self, operation);
    if (g_hash_table_contains(self->by_id, operation->id))
      return prg_answer_new(PRG_OUTCOME_DUPLICATE, "A duplicate entry was detected");
  }
  return NULL;
}

static PrgOperation *
new_row(SimServer *self, const PrgOperation *posted, gint64 created)
{
  PrgOperation fields = *posted;
  fields.created_at = created;
  if (self->flaw == SIM_FLAW_RENAMES)
    fields.id = "99999999-9999-4999-8999-999999999999";
  return prg_operation_new(&fields);
}

static PrgAnswer *
post(SimServer *self, const PrgRequest *request)
{
  PrgAnswer *refusal = refuse_rows(self, request);
  if (refusal)
    return refusal;
  PrgAnswer *answer = prg_answer_new(PRG_OUTCOME_OK, "");
  answer->rows = g_ptr_array_new_with_free_func((GDestroyNotify)prg_row_free);
  gint64 created = tick(self);
  for (guint i = 0; i < request->operations->len; i++) {
    PrgOperation *operation = new_row(self, g_ptr_array_index(request->operations, i), created);
    if (self->world)
      sim_world_check_row(self->world, operation);
    add_row(self, operation, request->record_id, FALSE);
    g_ptr_array_add(answer->rows, shown_row(self, g_ptr_array_index(self->rows, self->rows->len - 1)));
  }
  if (self->flaw == SIM_FLAW_FORGETS && request->operations->len > 1) {
    const SimRow *last = g_ptr_array_index(self->rows, self->rows->len - 1);
    g_hash_table_remove(self->by_id, last->operation->id);
    g_ptr_array_set_size(self->rows, (gint)self->rows->len - 1);
  }
  return answer;
}

static PrgAnswer *
read_back(const SimServer *self, const PrgRequest *request)
{
  PrgAnswer *answer = prg_answer_new(PRG_OUTCOME_OK, "");
  answer->rows = g_ptr_array_new_with_free_func((GDestroyNotify)prg_row_free);
  for (guint i = 0; i < request->ids->len; i++) {
    const SimRow *row = g_hash_table_lookup(self->by_id, g_ptr_array_index(request->ids, i));
    if (row)
      g_ptr_array_add(answer->rows, shown_row(self, row));
  }
  return answer;
}

static PrgAnswer *
fetch(const SimServer *self, const PrgRequest *request)
{
  PrgAnswer *answer = prg_answer_new(PRG_OUTCOME_OK, "");
  answer->rows = g_ptr_array_new_with_free_func((GDestroyNotify)prg_row_free);
  guint skip = *request->cursor ? (guint)g_ascii_strtoull(request->cursor, NULL, 10) : 0, seen = 0;
  guint page = MIN(request->page, 7); /* small pages, so that they are met */
  for (guint i = 0; i < self->rows->len; i++) {
    const SimRow *row = g_ptr_array_index(self->rows, i);
    if (row->deleted || !g_str_equal(row->record_id, request->record_id))
      continue;
    if (row->operation->created_at < request->since)
      answer->older++;
    if (row->operation->created_at < request->since || seen++ < skip)
      continue;
    if (answer->rows->len == page) {
      g_free(answer->next_cursor);
      answer->next_cursor = g_strdup_printf("%u", skip + page);
      break;
    }
    g_ptr_array_add(answer->rows, shown_row(self, row));
  }
  return answer;
}

static void
count_group(GArray *groups, const PrgOperation *operation)
{
  for (guint i = 0; i < groups->len; i++) {
    PrgGroup *group = &g_array_index(groups, PrgGroup, i);
    if (group->device == operation->device && group->kind == operation->kind) { /* interned */
      group->count++;
      group->sum += operation->amount;
      return;
    }
  }
  PrgGroup group = { operation->device, operation->kind, 1, operation->amount };
  g_array_append_val(groups, group);
}

PrgAnswer *
sim_server_torn_read(SimServer *self, SimServer *ledger, const PrgRequest *request)
{
  PrgAnswer *answer = prg_answer_new(PRG_OUTCOME_OK, "");
  add_records(self, answer, TRUE, request->record_id);
  answer->unlinked = request->unlinked ? 0 : -1;
  if (request->full)
    answer->groups = g_array_new(FALSE, TRUE, sizeof(PrgGroup));
  for (guint i = 0; i < ledger->rows->len; i++) {
    const SimRow *row = g_ptr_array_index(ledger->rows, i);
    if (row->deleted)
      continue;
    if (request->full && g_str_equal(row->record_id, request->record_id))
      count_group(answer->groups, row->operation);
    if (request->unlinked && *row->record_id == '\0')
      answer->unlinked++;
  }
  return answer;
}

static PrgAnswer *
relink(SimServer *self, const PrgRequest *request)
{
  if (!self->record || !g_str_equal(self->record->id, request->record_id))
    return prg_answer_new(PRG_OUTCOME_REFUSED, "Data validation error.");
  for (guint i = 0; i < self->rows->len; i++) {
    SimRow *row = g_ptr_array_index(self->rows, i);
    gboolean named =
        request->ids && g_ptr_array_find_with_equal_func(request->ids, row->operation->id, g_str_equal, NULL);
    if (named || (!request->ids && *row->record_id == '\0')) {
      row->record_id = g_intern_string(request->record_id);
    }
  }
  return prg_answer_new(PRG_OUTCOME_OK, "");
}

static PrgAnswer *
tell_timeline(const SimServer *self, const PrgRequest *request)
{
  PrgAnswer *answer = prg_answer_new(PRG_OUTCOME_OK, "");
  answer->timeline = g_ptr_array_new_with_free_func((GDestroyNotify)prg_timeline_row_free);
  for (guint i = 0; i < self->timeline->len; i++) {
    const PrgTimelineRow *row = g_ptr_array_index(self->timeline, i);
    if (row->at < request->since)
      continue;
    if (row->at + self->timeline_lag <= self->now)
      g_ptr_array_add(answer->timeline, copy_timeline_row(row));
    else
      note_fault(self, SIM_FAULT_TIMELINE);
  }
  return answer;
}

PrgAnswer *
sim_server_execute(SimServer *self, const PrgRequest *request)
{
  PrgAnswer *answer;
  switch (request->kind) {
  case PRG_REQUEST_DISCOVER:
    answer = prg_answer_new(PRG_OUTCOME_OK, "");
    add_records(self, answer, FALSE, NULL);
    return answer;
  case PRG_REQUEST_CREATE:
    return create_record(self, request);
  case PRG_REQUEST_READ:
    return sim_server_torn_read(self, self, request);
  case PRG_REQUEST_SWAP:
    return swap(self, request);
  case PRG_REQUEST_POST:
    return post(self, request);
  case PRG_REQUEST_READ_BACK:
    return read_back(self, request);
  case PRG_REQUEST_FETCH:
    return fetch(self, request);
  case PRG_REQUEST_TIMELINE:
    return tell_timeline(self, request);
  case PRG_REQUEST_RELINK:
    return relink(self, request);
  default:
    g_assert_not_reached();
  }
}

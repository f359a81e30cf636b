/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-server-private.h"

/* The model server as other programs and persons use it. */

void
sim_server_create_record(SimServer *self, gint64 total)
{
  self->record = prg_record_new();
  prg_record_set(&self->record->id, "11111111-1111-4111-8111-111111111111");
  prg_record_set(&self->record->workspace_member_id, self->member);
  self->record->total_xp = prg_number(total);
  sim_server_touch(self, "");
  self->record->created_at = self->record->updated_at;
}

gboolean
sim_server_has_record(const SimServer *self)
{
  return self->record && !self->record->deleted;
}

const PrgRecord *
sim_server_record(const SimServer *self)
{
  return self->record;
}

gint64
sim_server_total(const SimServer *self)
{
  return self->record ? self->record->total_xp.value : 0;
}

gint64
sim_server_ledger_sum(const SimServer *self)
{
  gint64 sum = 0;
  for (guint i = 0; i < self->rows->len; i++) {
    const SimRow *row = g_ptr_array_index(self->rows, i);
    if (!row->deleted)
      sum += row->operation->amount;
  }
  return sum;
}

gint64
sim_server_ledger_count(const SimServer *self, const char *kind)
{
  gint64 count = 0;
  for (guint i = 0; i < self->rows->len; i++) {
    const SimRow *row = g_ptr_array_index(self->rows, i);
    count += !row->deleted && (!kind || g_str_equal(row->operation->kind, kind));
  }
  return count;
}

gboolean
sim_server_is_behind(const SimServer *self, const SimServer *other)
{
  return self->rows->len != other->rows->len || !self->record || !other->record ||
         self->record->updated_at != other->record->updated_at;
}

guint
sim_server_n_rows(const SimServer *self)
{
  return self->rows->len;
}

guint
sim_server_n_folds(const SimServer *self)
{
  return self->n_folds;
}

void
sim_server_patch_total(SimServer *self, gint64 total, const char *module, const char *member)
{
  g_autoptr(PrgRecord) before = prg_record_copy(self->record);
  self->record->total_xp = prg_number(total);
  if (module)
    prg_id_set_add(self->record->completed_modules, module);
  sim_server_touch(self, member);
  sim_server_write_timeline(self, before, member, module, FALSE);
}

gboolean
sim_server_has_module(const SimServer *self, const char *module)
{
  return prg_id_set_contains(self->record->completed_modules, module);
}

void
sim_server_soft_delete_record(SimServer *self, gboolean deleted)
{
  self->record->deleted = deleted;
  sim_server_touch(self, "");
}

void
sim_server_hard_delete_record(SimServer *self)
{
  g_clear_pointer(&self->record, prg_record_free);
  g_ptr_array_set_size(self->timeline, 0);
  for (guint i = 0; i < self->rows->len; i++) {
    SimRow *row = g_ptr_array_index(self->rows, i);
    row->record_id = g_intern_string("");
  }
}

const char *
sim_server_row_id(const SimServer *self, guint nth)
{
  return nth < self->rows->len ? ((const SimRow *)g_ptr_array_index(self->rows, nth))->operation->id : NULL;
}

gboolean
sim_server_row_pays_for_set(const SimServer *self, const char *id)
{
  const SimRow *row = g_hash_table_lookup(self->by_id, id);
  return row && (g_str_equal(row->operation->kind, "module_passed") ||
                 g_str_equal(row->operation->kind, "badge_earned"));
}

void
sim_server_delete_row(SimServer *self, const char *id, gboolean hard)
{
  SimRow *row = g_hash_table_lookup(self->by_id, id);
  if (hard) {
    g_hash_table_remove(self->by_id, id);
    g_ptr_array_remove(self->rows, row);
  } else {
    row->deleted = TRUE;
  }
}

void
sim_server_move_row(SimServer *self, const char *id, const char *record_id)
{
  ((SimRow *)g_hash_table_lookup(self->by_id, id))->record_id = g_intern_string(record_id);
}

PrgOperation *
sim_server_edit_row(SimServer *self, const char *id, const char *kind, gint64 amount)
{
  SimRow *row = g_hash_table_lookup(self->by_id, id);
  PrgOperation fields = *row->operation;
  fields.kind = kind ? kind : fields.kind;
  fields.amount = amount;
  PrgOperation *edited = prg_operation_new(&fields);
  g_hash_table_steal(self->by_id, id);
  prg_operation_unref(row->operation);
  row->operation = edited;
  g_hash_table_insert(self->by_id, (gpointer)edited->id, row);
  return edited;
}

guint
sim_server_find_row(const SimServer *self, const char *id, gint64 *amount, gboolean *linked)
{
  const SimRow *row = g_hash_table_lookup(self->by_id, id);
  if (!row)
    return 0;
  *amount = row->operation->amount;
  *linked = self->record && g_str_equal(row->record_id, self->record->id);
  return row->deleted ? 2 : 1;
}

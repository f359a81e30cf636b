/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-change.h"

void
prg_change_free(PrgChange *self)
{
  if (self == NULL)
    return;
  g_clear_pointer(&self->operation, prg_operation_unref);
  g_free(self->id);
  g_free(self->note);
  g_free(self->answer);
  g_free(self->text);
  if (self->parsed != NULL)
    self->parsed_free(self->parsed);
  g_free(self);
}

GPtrArray *
prg_changes_new(void)
{
  return g_ptr_array_new_with_free_func((GDestroyNotify)prg_change_free);
}

static PrgChange *
changes_add(GPtrArray *self, PrgChangeKind kind)
{
  PrgChange *change = g_new0(PrgChange, 1);

  change->kind = kind;
  g_ptr_array_add(self, change);
  return change;
}

PrgChange *
prg_changes_put(GPtrArray *self, PrgOperation *operation, PrgOperationState state, gboolean in_base)
{
  PrgChange *change = changes_add(self, PRG_CHANGE_PUT);

  change->operation = prg_operation_ref(operation);
  change->state = state;
  change->in_base = in_base;
  return change;
}

PrgChange *
prg_changes_state(GPtrArray *self,
                  const char *id,
                  PrgOperationState state,
                  gboolean in_base,
                  const char *note)
{
  PrgChange *change = changes_add(self, PRG_CHANGE_STATE);

  change->id = g_strdup(id);
  change->state = state;
  change->in_base = in_base;
  change->note = g_strdup(note);
  return change;
}

PrgChange *
prg_changes_base(GPtrArray *self, const char *text)
{
  PrgChange *change = changes_add(self, PRG_CHANGE_BASE);

  change->text = g_strdup(text);
  return change;
}

void
prg_changes_meta(GPtrArray *self, const char *key, const char *value)
{
  PrgChange *change = changes_add(self, PRG_CHANGE_META);

  change->id = g_strdup(key);
  change->text = g_strdup(value);
}

void
prg_changes_audit(GPtrArray *self, gint64 at, const char *json)
{
  PrgChange *change = changes_add(self, PRG_CHANGE_AUDIT);

  change->at = at;
  change->text = g_strdup(json);
}

void
prg_entry_free(PrgEntry *self)
{
  if (self == NULL)
    return;
  g_clear_pointer(&self->operation, prg_operation_unref);
  g_free(self->note);
  g_free(self->answer);
  g_free(self);
}

PrgSnapshot *
prg_snapshot_new(void)
{
  PrgSnapshot *self = g_new0(PrgSnapshot, 1);

  self->entries = g_ptr_array_new_with_free_func((GDestroyNotify)prg_entry_free);
  self->meta = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
prg_snapshot_free(PrgSnapshot *self)
{
  if (self == NULL)
    return;
  g_clear_pointer(&self->entries, g_ptr_array_unref);
  g_clear_pointer(&self->meta, g_hash_table_unref);
  g_free(self->base);
  g_free(self);
}

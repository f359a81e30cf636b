/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-record.h"

#include <string.h>

#define LOOKED_THROUGH 12 /* so few ids are found faster without an index */

struct _PrgIdSet {
  GPtrArray *ids;    /* (owned) (element-type utf8) in order of first sight */
  GHashTable *index; /* (owned) (nullable) the same strings, owned by @ids */
};

PrgIdSet *
prg_id_set_new(void)
{
  PrgIdSet *self = g_new0(PrgIdSet, 1);

  self->ids = g_ptr_array_new_with_free_func(g_free);
  return self;
}

PrgIdSet *
prg_id_set_copy(const PrgIdSet *self)
{
  PrgIdSet *set = prg_id_set_new();

  for (guint i = 0; i < self->ids->len; i++)
    prg_id_set_add(set, g_ptr_array_index(self->ids, i));
  return set;
}

void
prg_id_set_free(PrgIdSet *self)
{
  if (self == NULL)
    return;
  g_clear_pointer(&self->index, g_hash_table_unref);
  g_ptr_array_unref(self->ids);
  g_free(self);
}

static void
begin_index(PrgIdSet *self)
{
  self->index = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < self->ids->len; i++)
    g_hash_table_add(self->index, g_ptr_array_index(self->ids, i));
}

gboolean
prg_id_set_add(PrgIdSet *self, const char *id)
{
  char *copy;

  if (prg_id_set_contains(self, id))
    return FALSE;
  copy = g_strdup(id);
  g_ptr_array_add(self->ids, copy);
  if (self->index != NULL)
    g_hash_table_add(self->index, copy);
  else if (self->ids->len > LOOKED_THROUGH)
    begin_index(self);
  return TRUE;
}

gboolean
prg_id_set_contains(const PrgIdSet *self, const char *id)
{
  if (self->index != NULL)
    return g_hash_table_contains(self->index, id);
  for (guint i = 0; i < self->ids->len; i++) {
    if (g_str_equal(g_ptr_array_index(self->ids, i), id))
      return TRUE;
  }
  return FALSE;
}

guint
prg_id_set_size(const PrgIdSet *self)
{
  return self->ids->len;
}

const char *
prg_id_set_get(const PrgIdSet *self, guint index)
{
  return g_ptr_array_index(self->ids, index);
}

gboolean
prg_id_set_equal(const PrgIdSet *a, const PrgIdSet *b)
{
  if (a->ids->len != b->ids->len)
    return FALSE;
  for (guint i = 0; i < a->ids->len; i++) {
    if (!prg_id_set_contains(b, g_ptr_array_index(a->ids, i)))
      return FALSE;
  }
  return TRUE;
}

/* Every owned string of a record, so that new, copy and free cannot forget one. */
static const gsize record_strings[] = {
  G_STRUCT_OFFSET(PrgRecord, id),
  G_STRUCT_OFFSET(PrgRecord, name),
  G_STRUCT_OFFSET(PrgRecord, workspace_member_id),
  G_STRUCT_OFFSET(PrgRecord, current_rank),
  G_STRUCT_OFFSET(PrgRecord, efficiency_metrics),
  G_STRUCT_OFFSET(PrgRecord, fold_token),
  G_STRUCT_OFFSET(PrgRecord, fold_log),
  G_STRUCT_OFFSET(PrgRecord, updated_by),
};

static const gsize record_sets[] = {
  G_STRUCT_OFFSET(PrgRecord, badges),         G_STRUCT_OFFSET(PrgRecord, completed_modules),
  G_STRUCT_OFFSET(PrgRecord, certifications), G_STRUCT_OFFSET(PrgRecord, defeated_bosses),
  G_STRUCT_OFFSET(PrgRecord, passed_exams),
};

#define STRING_AT(record, i) ((char **)G_STRUCT_MEMBER_P(record, record_strings[i]))
#define SET_AT(record, i) ((PrgIdSet **)G_STRUCT_MEMBER_P(record, record_sets[i]))

PrgRecord *
prg_record_new(void)
{
  PrgRecord *self = g_new0(PrgRecord, 1);

  for (guint i = 0; i < G_N_ELEMENTS(record_strings); i++)
    *STRING_AT(self, i) = g_strdup("");
  for (guint i = 0; i < G_N_ELEMENTS(record_sets); i++)
    *SET_AT(self, i) = prg_id_set_new();
  self->faults = g_ptr_array_new_with_free_func(g_free);
  return self;
}

PrgRecord *
prg_record_copy(const PrgRecord *self)
{
  PrgRecord *record = g_new0(PrgRecord, 1);

  *record = *self;
  for (guint i = 0; i < G_N_ELEMENTS(record_strings); i++)
    *STRING_AT(record, i) = g_strdup(*STRING_AT(self, i));
  for (guint i = 0; i < G_N_ELEMENTS(record_sets); i++)
    *SET_AT(record, i) = prg_id_set_copy(*SET_AT(self, i));
  record->faults = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < self->faults->len; i++)
    g_ptr_array_add(record->faults, g_strdup(g_ptr_array_index(self->faults, i)));
  return record;
}

void
prg_record_free(PrgRecord *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS(record_strings); i++)
    g_free(*STRING_AT(self, i));
  for (guint i = 0; i < G_N_ELEMENTS(record_sets); i++)
    prg_id_set_free(*SET_AT(self, i));
  g_ptr_array_unref(self->faults);
  g_free(self);
}

gint
prg_record_compare_use(const PrgRecord *a, const PrgRecord *b)
{
  if (a->created_at != b->created_at)
    return a->created_at < b->created_at ? -1 : 1;
  return strcmp(a->id, b->id);
}

void
prg_record_set(char **field, const char *value)
{
  char *copy = g_strdup(value != NULL ? value : "");

  g_free(*field);
  *field = copy;
}

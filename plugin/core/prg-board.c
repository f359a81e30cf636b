/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-board.h"

#include <string.h>

PrgBoard *
prg_board_new(gint64 as_of)
{
  PrgBoard *self = g_new0(PrgBoard, 1);

  self->records = g_ptr_array_new_with_free_func((GDestroyNotify)prg_record_free);
  self->as_of = as_of;
  return self;
}

PrgBoard *
prg_board_copy(const PrgBoard *self)
{
  PrgBoard *board = g_new0(PrgBoard, 1);

  board->records = g_ptr_array_ref(self->records);
  board->as_of = self->as_of;
  return board;
}

void
prg_board_free(PrgBoard *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref(self->records);
  g_free(self);
}

static void
keep_used(GHashTable *used, PrgRecord *record)
{
  const PrgRecord *other = g_hash_table_lookup(used, record->workspace_member_id);

  if (*record->workspace_member_id != '\0' && !record->deleted &&
      (other == NULL || prg_record_compare_use(record, other) < 0))
    g_hash_table_replace(used, record->workspace_member_id, record);
}

static gint
compare_places(gconstpointer a, gconstpointer b)
{
  const PrgRecord *one = ((const PrgPlace *)a)->record;
  const PrgRecord *other = ((const PrgPlace *)b)->record;
  gint order;

  if (one->total_xp.value != other->total_xp.value)
    return one->total_xp.value > other->total_xp.value ? -1 : 1;
  order = strcmp(one->name, other->name);
  return order != 0 ? order : strcmp(one->workspace_member_id, other->workspace_member_id);
}

static void
number_places(GArray *places)
{
  for (guint i = 0; i < places->len; i++) {
    PrgPlace *place = &g_array_index(places, PrgPlace, i);
    const PrgPlace *above = i > 0 ? &g_array_index(places, PrgPlace, i - 1) : NULL;
    gboolean tie = above != NULL && above->record->total_xp.value == place->record->total_xp.value;

    place->position = tie ? above->position : i + 1;
  }
}

GArray *
prg_board_rank(const PrgBoard *self, const PrgRecord *own)
{
  GArray *places = g_array_new(FALSE, TRUE, sizeof(PrgPlace));
  g_autoptr(GHashTable) used = g_hash_table_new(g_str_hash, g_str_equal);
  GHashTableIter iter;
  gpointer record;

  for (guint i = 0; i < self->records->len; i++)
    keep_used(used, g_ptr_array_index(self->records, i));
  if (own != NULL)
    g_hash_table_replace(used, own->workspace_member_id, (gpointer)own);
  g_hash_table_iter_init(&iter, used);
  while (g_hash_table_iter_next(&iter, NULL, &record)) {
    PrgPlace place = { 0, record };
    g_array_append_val(places, place);
  }
  g_array_sort(places, compare_places);
  number_places(places);
  g_array_set_size(places, MIN(places->len, PRG_BOARD_MAX));
  return places;
}

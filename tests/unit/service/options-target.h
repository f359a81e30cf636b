/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-options.h"

/* One option of every type. */
#define TARGET_MAX_TEXT 8
#define TARGET_MAX_ID 4
#define TARGET_MAX_THOUSANDTHS 10000

typedef struct {
  gboolean unused;
  char *text;
  char *id;
  gint64 amount;
  gboolean has_amount;
  gint64 limit;
  gboolean flag;
  gint64 at;
  GTree *multipliers;
  gint32 handle;
} Target;

static inline void
target_clear(Target *target)
{
  g_free(target->text);
  g_free(target->id);
  g_clear_pointer(&target->multipliers, g_tree_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Target, target_clear)

static const PrgOptionSpec specs[] = {
  { "text", PRG_OPTION_TEXT, 0, TARGET_MAX_TEXT, G_STRUCT_OFFSET(Target, text), 0 },
  { "id", PRG_OPTION_ID, 1, TARGET_MAX_ID, G_STRUCT_OFFSET(Target, id), 0 },
  { "amount", PRG_OPTION_INTEGER, 0, 0, G_STRUCT_OFFSET(Target, amount),
    G_STRUCT_OFFSET(Target, has_amount) },
  { "limit", PRG_OPTION_INTEGER, 1, 100, G_STRUCT_OFFSET(Target, limit), 0 },
  { "flag", PRG_OPTION_BOOLEAN, 0, 0, G_STRUCT_OFFSET(Target, flag), 0 },
  { "at", PRG_OPTION_INSTANT, 0, 0, G_STRUCT_OFFSET(Target, at), 0 },
  { "multipliers", PRG_OPTION_MULTIPLIERS, 0, TARGET_MAX_THOUSANDTHS, G_STRUCT_OFFSET(Target, multipliers),
    0 },
  { "handle", PRG_OPTION_HANDLE, 0, 0, G_STRUCT_OFFSET(Target, handle), 0 },
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-record.h"

G_BEGIN_DECLS

/* Reps that are fetched and shown, at most. */
#define PRG_BOARD_MAX 1000

/**
 * PrgBoard: what Twenty said of all reps, and when. Of a record only id, name, member, total, rank and creation count here.
 */
typedef struct {
  GPtrArray *records; /* (owned) (element-type PrgRecord) */
  gint64 as_of;       /* µs UTC */
} PrgBoard;
PrgBoard *prg_board_new(gint64 as_of);
PrgBoard *prg_board_copy(const PrgBoard *self);
void prg_board_free(PrgBoard *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgBoard, prg_board_free)

typedef struct {
  guint position;          /* from 1; equal totals share one, and the next ones are left out: 1, 2, 2, 4 */
  const PrgRecord *record; /* (not owned) */
} PrgPlace;

/* The leaderboard: each member once, with the record in use; highest total first, equal ones by name. @own (nullable) is
 * what this machine shows of its rep: it stands in for that member's record, or is added. Records without a member are
 * nobody's. At most PRG_BOARD_MAX places. Returns: (transfer full) (element-type PrgPlace) */
GArray *prg_board_rank(const PrgBoard *self, const PrgRecord *own);

G_END_DECLS

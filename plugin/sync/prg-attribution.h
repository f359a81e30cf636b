/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-book.h"

/* Where a NUMBER of Twenty stops being an exact integer: no total is that large. */
#define PRG_MAX_TOTAL (G_GINT64_CONSTANT(1) << 53)

G_BEGIN_DECLS

/*
 * Other programs read totalXp, add to it and write it back, blindly. This decides, write by write, what such
 * a write means for externalXp. Pure. It never makes a total above the truth: it restores only what the
 * timeline proves to be erased, and the least that fits.
 */
typedef struct {
  gint64 external;  /* externalXp as it is to be from now on */
  gint64 restored;  /* XP given back of what a blind write erased */
  gint64 refused;   /* XP not accepted, because our ledger has paid for the same module */
  gboolean flagged; /* something may have been lost that cannot be proven: for the audit */
  char *reason;     /* (owned) (nullable) for the audit, NULL = nothing to tell */
  /* (owned) (nullable) modules that stood there, or that programs gave, since the last fold: paid, also if a program overwrote the set
   * since */
  PrgIdSet *modules;
} PrgJudgement;
void prg_judgement_clear(PrgJudgement *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PrgJudgement, prg_judgement_clear)

/* Brings rows of one instant into the order in which the totals follow each other. @timeline: (element-type PrgTimelineRow) oldest first */
void prg_timeline_order(GPtrArray *timeline);

/* Whether the timeline tells the whole way from the last fold to the record as read (it is written a little
 * late). */
gboolean prg_timeline_is_complete(const PrgRecord *record, GPtrArray *timeline);

/* @timeline (nullable) (element-type PrgTimelineRow) oldest first: NULL or incomplete = cannot be had.
 * @own_member: the rep. */
void
prg_attribution_judge(PrgBook *book, const PrgRecord *record, GPtrArray *timeline, PrgJudgement *judgement);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-operation.h"
#include "prg-record.h"
#include "prg-rules.h"

G_BEGIN_DECLS

/* What one local day holds. Counters follow the order of PrgMetric. */
typedef struct {
  const char *day; /* "YYYY-MM-DD", interned */
  gint64 counters[PRG_N_METRICS];
  gint64 xp;
  gboolean active; /* counts for the streak */
  gint64
      first_at; /* µs UTC of its first activity, 0 = only another app's, whose time says less than a row's */
  gint64 last_at; /* likewise, of its last */
  gint64 streak;  /* days of the streak that ended here, as its streak_day award knew them; 0 = not told */
} PrgDay;

/* A counter as it may be shown: corrections that arrive before what they correct make it negative for a while. */
gint64 prg_day_get_counter(const PrgDay *self, PrgMetric metric);

/* When a choice (specialization, title) was made; the latest wins. */
typedef struct {
  gint64 created_at; /* the ledger's, G_MAXINT64 = not in the ledger yet; 0 = nothing chosen */
  gint64 occurred_at;
} PrgChoiceTime;

/* As strcmp(). */
gint prg_choice_time_compare(PrgChoiceTime a, PrgChoiceTime b);

/* What ReportMetric said last. */
typedef struct {
  double value;
  PrgChoiceTime time;
} PrgReported;

/* A row `promoted`, as far as the rank's rule needs it. */
typedef struct {
  const char *from, *to; /* interned; "" = none that the catalogue knows: such a row changes nothing */
  PrgChoiceTime time;
  gboolean is_counted; /* it is one of the rows of the ledger that the base counts */
} PrgPromotion;

/**
 * PrgView: the rep as this machine shows it: the record, plus what only the ledger's rows tell.
 */
typedef struct {
  PrgRecord *record; /* (owned) sums and sets as they stand with everything known */
  GTree *days;       /* (owned) interned day → PrgDay, ascending */
  /* (owned) interned kind → gint64*, rows of it over the rep's whole life, less those that known corrections took back */
  GHashTable *kind_counts;
  GHashTable *boss_attempts; /* (owned) boss → gint64*, of the rows that are known here */
  GHashTable *reported;      /* (owned) metric → PrgReported; last writer by the ledger's createdAt */
  GArray *promotions;        /* (owned) (element-type PrgPromotion) */
  char *read_rank;           /* (owned) (nullable) the rank without @promotions; NULL = not finished yet */
  gint64 n_promotions;       /* rows `promoted` that the base counts */
  gint64 n_folded;      /* the oldest so many of them are in @read_rank already; -1 = not told: all of them */
  gboolean has_older;   /* the ledger holds rows older than those known here */
  char *specialization; /* (owned) "" = none; last writer by the ledger's createdAt */
  char *active_title;   /* (owned) "" = none; likewise */
  PrgIdSet *titles;     /* (owned) */
  PrgChoiceTime specialization_time;
  PrgChoiceTime title_time;
} PrgView;

PrgView *prg_view_new(void);
PrgView *prg_view_copy(const PrgView *self);
void prg_view_free(PrgView *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgView, prg_view_free)

const PrgDay *prg_view_get_day(const PrgView *self, const char *day); /* (nullable) */
gint64 prg_view_get_kind_count(const PrgView *self, const char *kind);
/* Attempts at @boss that failed, as far as rows are known: exact on a machine that was there, since the first fetch on a new one. */
gint64 prg_view_get_boss_attempts(const PrgView *self, const char *boss);
/* The first active day that is known. Returns: (nullable) */
const char *prg_view_get_first_day(const PrgView *self);

/* Which sums already hold an operation's amount. */
typedef enum {
  PRG_APPLY_NEW, /* none: fold all of it */
  PRG_APPLY_COUNTED, /* the base read from Twenty holds its XP, deals and kind count: fold the rest (days, sets, activity) */
} PrgApplyMode;

/* The only place where an operation changes a record. Pure; never awards; applying the operations of a set in any order
 * gives the same view (last writers aside, which go by created_at). Unknown kinds count their XP and activity only. */
void prg_apply(PrgView *view, const PrgRules *rules, const PrgOperation *operation, PrgApplyMode mode);

/* Derived values of @view at the local day @today ("YYYY-MM-DD"): rank, level, streak, metrics. Call after the last apply; may be called
 * again after more of them. A promotion raises the rank only if the record stands where it started. */
void prg_view_finish(PrgView *view, const PrgRules *rules, const char *today);

/* Consecutive active days that end today or yesterday; of those before the known rows, what a streak_day award in the
 * unbroken run tells. Travel does not break it. A day ahead of today counts as its continuation: who crosses the date line eastward lives
 * a day twice. And who crosses it westward lives a day less: a day that no activity fell on is passed over if the last activity before and
 * the first after it are less than the shortest day apart. */
#define PRG_MAX_STREAK 40000
guint prg_view_streak(const PrgView *view, const char *today);
/* The same, ending at the day @number, which must be active itself; 0 if it is not. */
guint prg_view_streak_at(const PrgView *view, gint number);
/* The active day that the day @number continues: the one before it, or before one that travel left out; -1 = none. */
gint prg_view_day_before(const PrgView *view, gint number);

/* An award whose condition holds. */
typedef struct {
  const char *kind; /* interned */
  char *ref;        /* (owned) */
  gint64 amount;
  char *local_day; /* (owned) the day it belongs to */
  char *details;   /* (owned) (nullable) JSON object: {"streak": N} of a streak_day */
} PrgAward;
void prg_award_free(PrgAward *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgAward, prg_award_free)

/* Tells whether an award of @kind and @ref is paid already (in the store or the ledger). */
typedef gboolean (*PrgIsPaid)(const char *kind, const char *ref, gpointer user_data);

/* The awards that are due: first dial of a day, streak day, badges, titles, in that order, one pass; only days within the
 * catalogue's back-dating limit of @today. Pure. Returns: (transfer full) (element-type PrgAward) */
GPtrArray *prg_derive(const PrgView *view,
                      const PrgRules *rules,
                      const char *today,
                      PrgIsPaid is_paid,
                      gpointer user_data);

G_END_DECLS

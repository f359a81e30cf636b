/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-change.h"
#include "prg-view.h"

G_BEGIN_DECLS

/*
 * Which signals a transaction raises. Pure: from what was committed, the rep before and after, and what was
 * announced before.
 *
 * Account values: `announced.level`, `announced.rank`, `announced.badges` (JSON array). They are committed
 * before the signals go out, so that a level, rank or badge is announced once per account, at most: after a
 * crash in between it stays unsaid.
 */
#define PRG_META_ANNOUNCED_LEVEL "announced.level"
#define PRG_META_ANNOUNCED_RANK "announced.rank"
#define PRG_META_ANNOUNCED_BADGES "announced.badges"

/* The rep as far as signals go. */
typedef struct {
  gboolean base_known; /* the record was read from Twenty at least once */
  gint64 total;
  guint level;
  char *rank;       /* (owned) "E-1" while unset */
  PrgIdSet *badges; /* (owned) */
  PrgIdSet *bosses; /* (owned) */
} PrgFacts;
PrgFacts *prg_facts_new(const PrgView *view, const PrgRules *rules, gboolean base_known);
void prg_facts_free(PrgFacts *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgFacts, prg_facts_free)

/* The rank to show: the record's, the lowest one while it has none. */
const char *prg_facts_rank_of(const PrgRecord *record);

typedef struct {
  gboolean known; /* FALSE: nothing was ever announced for this account */
  guint level;
  char *rank;       /* (owned) */
  PrgIdSet *badges; /* (owned) */
} PrgAnnounced;
/* From the account values, each (nullable). */
PrgAnnounced *prg_announced_new(const char *level, const char *rank, PrgIdSet *badges);
void prg_announced_free(PrgAnnounced *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgAnnounced, prg_announced_free)

typedef enum {
  PRG_NEWS_XP_EARNED,      /* @id, @text = event type, @amount, @total */
  PRG_NEWS_LEVEL_UP,       /* @amount = from, @total = to */
  PRG_NEWS_RANK_UP,        /* @id = from, @text = to */
  PRG_NEWS_BADGE_UNLOCKED, /* @text */
  PRG_NEWS_BOSS_DEFEATED,  /* @text */
} PrgNewsKind;

typedef struct {
  PrgNewsKind kind;
  char *id;   /* (owned) (nullable) */
  char *text; /* (owned) (nullable) */
  gint64 amount;
  gint64 total;
} PrgNews;
void prg_news_free(PrgNews *self);

/* Brings @announced up to date; *@moved tells whether it changed and must be committed.
 * Returns: (transfer full) (element-type PrgNews) the signals, in order */
GPtrArray *prg_announce(GPtrArray *changes,
                        const PrgFacts *before,
                        const PrgFacts *after,
                        PrgAnnounced *announced,
                        gboolean *moved);

G_END_DECLS

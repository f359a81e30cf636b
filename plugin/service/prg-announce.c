/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-announce.h"

#include <string.h>

#define LOWEST_RANK "E-1"
#define EXTERNAL "external"

const char *
prg_facts_rank_of(const PrgRecord *record)
{
  return record->current_rank && *record->current_rank ? record->current_rank : LOWEST_RANK;
}

PrgFacts *
prg_facts_new(const PrgView *view, const PrgRules *rules, gboolean base_known)
{
  PrgFacts *self = g_new0(PrgFacts, 1);

  self->base_known = base_known;
  self->total = view->record->total_xp.value;
  self->level = prg_rules_level_for(rules, self->total);
  self->rank = g_strdup(prg_facts_rank_of(view->record));
  self->badges = prg_id_set_copy(view->record->badges);
  self->bosses = prg_id_set_copy(view->record->defeated_bosses);
  return self;
}

void
prg_facts_free(PrgFacts *self)
{
  if (self == NULL)
    return;
  g_free(self->rank);
  prg_id_set_free(self->badges);
  prg_id_set_free(self->bosses);
  g_free(self);
}

PrgAnnounced *
prg_announced_new(const char *level, const char *rank, PrgIdSet *badges)
{
  PrgAnnounced *self = g_new0(PrgAnnounced, 1);
  guint64 number = 1;

  self->known = level != NULL && g_ascii_string_to_unsigned(level, 10, 1, G_MAXUINT, &number, NULL);
  self->level = (guint)number;
  self->rank = g_strdup(rank ? rank : LOWEST_RANK);
  self->badges = badges ? prg_id_set_copy(badges) : prg_id_set_new();
  return self;
}

void
prg_announced_free(PrgAnnounced *self)
{
  if (self == NULL)
    return;
  g_free(self->rank);
  prg_id_set_free(self->badges);
  g_free(self);
}

void
prg_news_free(PrgNews *self)
{
  if (self == NULL)
    return;
  g_free(self->id);
  g_free(self->text);
  g_free(self);
}

static PrgNews *
add_news(GPtrArray *news, PrgNewsKind kind, const char *id, const char *text)
{
  PrgNews *item = g_new0(PrgNews, 1);

  item->kind = kind;
  item->id = g_strdup(id);
  item->text = g_strdup(text);
  g_ptr_array_add(news, item);
  return item;
}

/* One signal for each own row; what is left of the difference came from elsewhere. So the amounts always add
 * up to the total. */
static void
announce_xp(GPtrArray *changes, const PrgFacts *before, const PrgFacts *after, GPtrArray *news)
{
  gint64 own = 0;

  for (guint i = 0; i < changes->len; i++) {
    const PrgChange *change = g_ptr_array_index(changes, i);
    if (change->kind == PRG_CHANGE_PUT && change->state == PRG_OPERATION_NEW)
      own += change->operation->amount;
  }
  gint64 elsewhere = after->total - before->total - own;
  gint64 total = after->total - own;
  if (elsewhere != 0 && before->base_known) {
    PrgNews *item = add_news(news, PRG_NEWS_XP_EARNED, "", EXTERNAL);
    item->amount = elsewhere;
    item->total = total;
  }
  for (guint i = 0; i < changes->len; i++) {
    const PrgChange *change = g_ptr_array_index(changes, i);
    if (change->kind != PRG_CHANGE_PUT || change->state != PRG_OPERATION_NEW)
      continue;
    PrgNews *item = add_news(news, PRG_NEWS_XP_EARNED, change->operation->id, change->operation->kind);
    total += change->operation->amount;
    item->amount = change->operation->amount;
    item->total = total;
  }
}

static void
announce_level(const PrgFacts *after, PrgAnnounced *announced, GPtrArray *news)
{
  if (after->level <= announced->level)
    return;
  PrgNews *item = add_news(news, PRG_NEWS_LEVEL_UP, NULL, NULL);
  item->amount = announced->level;
  item->total = after->level;
  announced->level = after->level;
}

/* Ranks are "E-1" … "E-7": their order is that of their numbers. */
static gint64
rank_number(const char *rank)
{
  return g_str_has_prefix(rank, "E-") ? g_ascii_strtoll(rank + 2, NULL, 10) : 0;
}

static void
announce_rank(const PrgFacts *after, PrgAnnounced *announced, GPtrArray *news)
{
  if (rank_number(after->rank) <= rank_number(announced->rank))
    return;
  add_news(news, PRG_NEWS_RANK_UP, announced->rank, after->rank);
  prg_record_set(&announced->rank, after->rank);
}

static void
announce_badges(const PrgFacts *after, PrgAnnounced *announced, GPtrArray *news)
{
  for (guint i = 0; i < prg_id_set_size(after->badges); i++)
    if (prg_id_set_add(announced->badges, prg_id_set_get(after->badges, i)))
      add_news(news, PRG_NEWS_BADGE_UNLOCKED, NULL, prg_id_set_get(after->badges, i));
}

static void
announce_bosses(const PrgFacts *before, const PrgFacts *after, GPtrArray *news)
{
  for (guint i = 0; i < prg_id_set_size(after->bosses); i++)
    if (!prg_id_set_contains(before->bosses, prg_id_set_get(after->bosses, i)))
      add_news(news, PRG_NEWS_BOSS_DEFEATED, NULL, prg_id_set_get(after->bosses, i));
}

/* A rep's history from before this machine is no news. */
static void
adopt_silently(const PrgFacts *after, PrgAnnounced *announced)
{
  announced->known = TRUE;
  announced->level = MAX(announced->level, after->level);
  if (rank_number(after->rank) > rank_number(announced->rank))
    prg_record_set(&announced->rank, after->rank);
  for (guint i = 0; i < prg_id_set_size(after->badges); i++)
    prg_id_set_add(announced->badges, prg_id_set_get(after->badges, i));
}

GPtrArray *
prg_announce(GPtrArray *changes,
             const PrgFacts *before,
             const PrgFacts *after,
             PrgAnnounced *announced,
             gboolean *moved)
{
  GPtrArray *news = g_ptr_array_new_with_free_func((GDestroyNotify)prg_news_free);

  announce_xp(changes, before, after, news);
  guint n_xp = news->len;
  *moved = FALSE;
  /* Before the first reading nobody knows what level the rep has. */
  if (!after->base_known)
    return news;
  if (!announced->known || !before->base_known) {
    adopt_silently(after, announced);
    *moved = TRUE;
    return news;
  }
  announce_level(after, announced, news);
  announce_rank(after, announced, news);
  announce_badges(after, announced, news);
  *moved = news->len > n_xp;
  announce_bosses(before, after, news);
  return news;
}

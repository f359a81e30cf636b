/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-view.h"

#include "prg-calendar.h"
#include "prg-metrics.h"
#include <string.h>

#define DAY_US (G_GINT64_CONSTANT(86400) * G_USEC_PER_SEC)
/* No zone's calendar day is shorter, but for days that a zone leaves out whole (Antarctica/Troll puts its clocks on by two hours). */
#define SHORTEST_DAY_US (22 * (gint64)3600 * G_USEC_PER_SEC)

static gint
compare_days(gconstpointer a, gconstpointer b, gpointer user_data)
{
  return strcmp(a, b);
}

PrgView *
prg_view_new(void)
{
  PrgView *self = g_new0(PrgView, 1);

  self->record = prg_record_new();
  self->days = g_tree_new_full(compare_days, NULL, NULL, g_free);
  self->kind_counts = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
  self->boss_attempts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  self->reported = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  self->promotions = g_array_new(FALSE, FALSE, sizeof(PrgPromotion));
  self->specialization = g_strdup("");
  self->active_title = g_strdup("");
  self->titles = prg_id_set_new();
  return self;
}

static gboolean
copy_day(gpointer key, gpointer value, gpointer days)
{
  g_tree_insert(days, key, g_memdup2(value, sizeof(PrgDay)));
  return FALSE;
}

static gpointer
keep_key(gconstpointer key)
{
  return (gpointer)key;
}

/* A copy of a table of plain structs of @size. @copy_key makes the copy's keys, which @free_key (nullable) frees. */
static GHashTable *
copy_table(GHashTable *table, gsize size, gpointer (*copy_key)(gconstpointer key), GDestroyNotify free_key)
{
  GHashTable *copy = g_hash_table_new_full(g_str_hash, g_str_equal, free_key, g_free);
  GHashTableIter iter;
  gpointer key, value;

  g_hash_table_iter_init(&iter, table);
  while (g_hash_table_iter_next(&iter, &key, &value))
    g_hash_table_insert(copy, copy_key(key), g_memdup2(value, size));
  return copy;
}

static gpointer
copy_text(gconstpointer text)
{
  return g_strdup(text);
}

PrgView *
prg_view_copy(const PrgView *self)
{
  PrgView *view = g_new0(PrgView, 1);

  *view = *self;
  view->record = prg_record_copy(self->record);
  view->days = g_tree_new_full(compare_days, NULL, NULL, g_free);
  g_tree_foreach(self->days, copy_day, view->days);
  view->kind_counts = copy_table(self->kind_counts, sizeof(gint64), keep_key, NULL);
  view->boss_attempts = copy_table(self->boss_attempts, sizeof(gint64), copy_text, g_free);
  view->reported = copy_table(self->reported, sizeof(PrgReported), copy_text, g_free);
  view->promotions = g_array_copy(self->promotions);
  view->read_rank = g_strdup(self->read_rank);
  view->specialization = g_strdup(self->specialization);
  view->active_title = g_strdup(self->active_title);
  view->titles = prg_id_set_copy(self->titles);
  return view;
}

void
prg_view_free(PrgView *self)
{
  if (self == NULL)
    return;
  prg_record_free(self->record);
  g_tree_unref(self->days);
  g_hash_table_unref(self->kind_counts);
  g_hash_table_unref(self->boss_attempts);
  g_hash_table_unref(self->reported);
  g_array_unref(self->promotions);
  g_free(self->read_rank);
  g_free(self->specialization);
  g_free(self->active_title);
  prg_id_set_free(self->titles);
  g_free(self);
}

const PrgDay *
prg_view_get_day(const PrgView *self, const char *day)
{
  return g_tree_lookup(self->days, day);
}

gint64
prg_day_get_counter(const PrgDay *self, PrgMetric metric)
{
  return MAX(self->counters[metric], 0);
}

gint64
prg_view_get_kind_count(const PrgView *self, const char *kind)
{
  const gint64 *count = g_hash_table_lookup(self->kind_counts, kind);

  return count != NULL ? MAX(*count, 0) : 0;
}

gint64
prg_view_get_boss_attempts(const PrgView *self, const char *boss)
{
  const gint64 *count = g_hash_table_lookup(self->boss_attempts, boss);

  return count != NULL ? MAX(*count, 0) : 0;
}

const char *
prg_view_get_first_day(const PrgView *self)
{
  for (GTreeNode *node = g_tree_node_first(self->days); node != NULL; node = g_tree_node_next(node)) {
    const PrgDay *day = g_tree_node_value(node);

    if (day->active)
      return day->day;
  }
  return NULL;
}

static gint
compare_times(gint64 a, gint64 b)
{
  return (a > b) - (a < b);
}

gint
prg_choice_time_compare(PrgChoiceTime a, PrgChoiceTime b)
{
  gint order = compare_times(a.created_at, b.created_at);

  return order != 0 ? order : compare_times(a.occurred_at, b.occurred_at);
}

/* (nullable) the day @number, if it is active */
static const PrgDay *
active_day(const PrgView *view, gint number)
{
  g_autofree char *day = prg_day_format(number);
  const PrgDay *found = number >= 0 ? prg_view_get_day(view, day) : NULL;

  return found != NULL && found->active ? found : NULL;
}

gint
prg_view_day_before(const PrgView *view, gint number)
{
  const PrgDay *day = active_day(view, number);
  const PrgDay *earlier = active_day(view, number - 2);
  gint64 between;

  if (active_day(view, number - 1) != NULL)
    return number - 1;
  if (day == NULL || earlier == NULL || day->first_at == 0 || earlier->last_at == 0)
    return -1;
  between = day->first_at - earlier->last_at;
  return between > 0 && between < SHORTEST_DAY_US ? number - 2 : -1;
}

guint
prg_view_streak_at(const PrgView *view, gint number)
{
  const PrgDay *day;
  gint64 longest = 0;

  for (gint64 back = 0; back < PRG_MAX_STREAK && (day = active_day(view, number)) != NULL; back++) {
    longest = MAX(longest, back + MAX(day->streak, 1));
    number = prg_view_day_before(view, number);
  }
  return (guint)MIN(longest, PRG_MAX_STREAK);
}

guint
prg_view_streak(const PrgView *view, const char *today)
{
  gint number;

  if (!prg_day_parse(today, &number))
    return 0;
  if (active_day(view, number + 1) != NULL &&
      (active_day(view, number - 1) == NULL || prg_view_day_before(view, number + 1) >= 0))
    return prg_view_streak_at(view, number + 1);
  return prg_view_streak_at(view, active_day(view, number) != NULL ? number : number - 1);
}

/* The instant that the metrics speak of: the last activity if it was today, else the start of the day. No
 * clock is asked, so that the same rows give the same text. */
static gint64
calculated_at(const PrgView *view, const char *today)
{
  gint number = 0;
  gint64 start;

  (void)prg_day_parse(today, &number);
  start = number * DAY_US;
  return view->record->last_activity >= start && view->record->last_activity < start + DAY_US
             ? view->record->last_activity
             : start;
}

/* In the order in which they act: the ledger's, then what is not counted there yet. */
static gint
compare_promotions(gconstpointer a, gconstpointer b)
{
  const PrgPromotion *one = a, *two = b;
  gint order = two->is_counted - one->is_counted;

  if (order == 0)
    order = prg_choice_time_compare(one->time, two->time);
  if (order == 0)
    order = strcmp(one->from, two->from);
  return order != 0 ? order : strcmp(one->to, two->to);
}

/* A compare-and-set: so it does not matter who else promoted or set the rank since. */
static const char *
promote(const PrgRules *rules, const char *rank, const PrgPromotion *promotion)
{
  gint from = prg_rules_rank_order(rules, promotion->from), to = prg_rules_rank_order(rules, promotion->to);
  gboolean acts = *promotion->from != '\0' && *promotion->to != '\0' && to > from &&
                  prg_rules_rank_order(rules, rank) == from;

  return acts ? promotion->to : rank;
}

/* How many of the @n_held promotions that the base counts are in the rank already: of those folded, the ones not held here are the
 * oldest. */
static gint64
count_folded(const PrgView *view, gint64 n_held)
{
  return view->n_folded < 0 ? n_held : view->n_folded - MAX(view->n_promotions - n_held, 0);
}

static void
finish_rank(PrgView *view, const PrgRules *rules)
{
  const char *rank;
  gint64 n_held = 0, n_folded;

  if (view->read_rank == NULL)
    view->read_rank = g_strdup(view->record->current_rank);
  rank = view->read_rank;
  g_array_sort(view->promotions, compare_promotions);
  for (guint i = 0; i < view->promotions->len; i++)
    n_held += g_array_index(view->promotions, PrgPromotion, i).is_counted;
  n_folded = count_folded(view, n_held);
  for (guint i = 0; i < view->promotions->len; i++) {
    const PrgPromotion *promotion = &g_array_index(view->promotions, PrgPromotion, i);

    if (!promotion->is_counted || i >= n_folded)
      rank = promote(rules, rank, promotion);
  }
  prg_record_set(&view->record->current_rank, rank);
}

void
prg_view_finish(PrgView *view, const PrgRules *rules, const char *today)
{
  PrgRecord *record = view->record;
  PrgMetrics metrics;
  g_autofree char *text = NULL;

  finish_rank(view, rules);
  prg_metrics_over(view, rules, today, prg_rules_metrics_days(rules), &metrics);
  text = prg_metrics_to_json(&metrics, record->efficiency_metrics, calculated_at(view, today));
  prg_record_set(&record->efficiency_metrics, text);
  record->current_level = prg_number(prg_rules_level_for(rules, record->total_xp.value));
  record->streak_days = prg_number(prg_view_streak(view, today));
}

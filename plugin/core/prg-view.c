/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-view.h"

#include "prg-calendar.h"
#include "prg-json.h"
#include "prg-metrics.h"
#include <string.h>

#define DAY_US (G_GINT64_CONSTANT(86400) * G_USEC_PER_SEC)
#define MAX_STREAK 40000

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

PrgView *
prg_view_copy(const PrgView *self)
{
  PrgView *view = g_new0(PrgView, 1);
  GHashTableIter iter;
  gpointer kind, count;

  *view = *self;
  view->record = prg_record_copy(self->record);
  view->days = g_tree_new_full(compare_days, NULL, NULL, g_free);
  g_tree_foreach(self->days, copy_day, view->days);
  view->kind_counts = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
  g_hash_table_iter_init(&iter, self->kind_counts);
  while (g_hash_table_iter_next(&iter, &kind, &count))
    g_hash_table_insert(view->kind_counts, kind, g_memdup2(count, sizeof(gint64)));
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

  return count != NULL ? *count : 0;
}

/* Sums wrap around rather than stop at a limit: only so does their order not matter, whatever a row holds. */
static gint64
add(gint64 a, gint64 b)
{
  return (gint64)((guint64)a + (guint64)b);
}

static void
add_number(PrgNumber *number, gint64 amount)
{
  *number = prg_number(add(number->value, amount));
}

static void
apply_sums(PrgView *view, const PrgOperation *operation)
{
  gint64 *count = g_hash_table_lookup(view->kind_counts, operation->kind);

  if (count == NULL) {
    count = g_new0(gint64, 1);
    g_hash_table_insert(view->kind_counts, (gpointer)operation->kind, count);
  }
  *count = add(*count, 1);
  add_number(&view->record->total_xp, operation->amount);
  if (g_str_equal(operation->kind, "deal_closed"))
    add_number(&view->record->closed_deals, 1);
  else if (g_str_equal(operation->kind, "deal_revoked"))
    add_number(&view->record->closed_deals, -1);
}

/* What a compensating row takes from the counters of its day: {"counters": {"dials": -1}}. */
static void
apply_counters(PrgDay *day, const char *details)
{
  g_autoptr(JsonNode) root = prg_json_parse_object(details, strlen(details));
  JsonNode *node = root != NULL ? json_object_get_member(json_node_get_object(root), "counters") : NULL;
  JsonObject *counters = node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;

  for (int i = 0; counters != NULL && i < PRG_N_METRICS; i++) {
    JsonNode *value = json_object_get_member(counters, prg_metric_to_string((PrgMetric)i));

    if (value != NULL && JSON_NODE_HOLDS_VALUE(value) && json_node_get_value_type(value) == G_TYPE_INT64)
      day->counters[i] = add(day->counters[i], json_node_get_int(value));
  }
}

static PrgDay *
ensure_day(PrgView *view, const char *local_day)
{
  PrgDay *day = g_tree_lookup(view->days, local_day);

  if (day == NULL) {
    day = g_new0(PrgDay, 1);
    day->day = g_intern_string(local_day);
    g_tree_insert(view->days, (gpointer)day->day, day);
  }
  return day;
}

static void
apply_day(PrgView *view, const PrgOperation *operation, const PrgSource *source)
{
  PrgDay *day;

  if (!prg_day_parse(operation->local_day, NULL))
    return;
  day = ensure_day(view, operation->local_day);
  day->xp = add(day->xp, operation->amount);
  if (source == NULL || source->activity)
    day->active = TRUE;
  if (source != NULL && source->metric != PRG_METRIC_NONE)
    day->counters[source->metric] = add(day->counters[source->metric], 1);
  if (g_str_equal(operation->kind, "correction") || g_str_equal(operation->kind, "deal_revoked"))
    apply_counters(day, operation->details);
}

static void
apply_sets(PrgView *view, const PrgOperation *operation)
{
  const struct {
    const char *kind;
    PrgIdSet *set;
  } unions[] = {
    { "badge_earned", view->record->badges },
    { "module_passed", view->record->completed_modules },
    { "exam_passed", view->record->passed_exams },
    { "boss_defeated", view->record->defeated_bosses },
    { "certification_earned", view->record->certifications },
    { "title_earned", view->titles },
  };

  for (guint i = 0; i < G_N_ELEMENTS(unions) && *operation->ref != '\0'; i++) {
    if (g_str_equal(operation->kind, unions[i].kind))
      prg_id_set_add(unions[i].set, operation->ref);
  }
}

static gint
compare_times(gint64 a, gint64 b)
{
  return (a > b) - (a < b);
}

/* The later choice stays; of two made at the same instant the one with the greater text, so that every
 * machine shows the same. */
static void
apply_choice(char **choice, PrgChoiceTime *time, const PrgOperation *operation)
{
  PrgChoiceTime made = { operation->created_at != 0 ? operation->created_at : G_MAXINT64,
                         operation->occurred_at };
  gint order = compare_times(made.created_at, time->created_at);

  if (order == 0)
    order = compare_times(made.occurred_at, time->occurred_at);
  if (order == 0)
    order = strcmp(operation->ref, *choice);
  if (order <= 0)
    return;
  *time = made;
  prg_record_set(choice, operation->ref);
}

void
prg_apply(PrgView *view, const PrgRules *rules, const PrgOperation *operation, PrgApplyMode mode)
{
  const PrgSource *source = prg_rules_find_source(rules, operation->kind);

  if (mode == PRG_APPLY_NEW)
    apply_sums(view, operation);
  apply_day(view, operation, source);
  apply_sets(view, operation);
  if (g_str_equal(operation->kind, "specialization_chosen"))
    apply_choice(&view->specialization, &view->specialization_time, operation);
  else if (g_str_equal(operation->kind, "title_chosen"))
    apply_choice(&view->active_title, &view->title_time, operation);
  if (source == NULL || source->activity)
    view->record->last_activity = MAX(view->record->last_activity, operation->occurred_at);
}

static gboolean
is_active(const PrgView *view, gint number)
{
  g_autofree char *day = prg_day_format(number);
  const PrgDay *found = number >= 0 ? prg_view_get_day(view, day) : NULL;

  return found != NULL && found->active;
}

guint
prg_view_streak(const PrgView *view, const char *today)
{
  gint number;
  guint streak = 0;

  if (!prg_day_parse(today, &number))
    return 0;
  if (is_active(view, number))
    streak = is_active(view, number + 1) ? 1 : 0;
  else if (is_active(view, number - 1))
    number--;
  else
    number++;
  for (; streak < MAX_STREAK && is_active(view, number); number--)
    streak++;
  return streak;
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

void
prg_view_finish(PrgView *view, const PrgRules *rules, const char *today)
{
  PrgRecord *record = view->record;
  PrgMetrics metrics;
  g_autofree char *text = NULL;

  prg_metrics_over(view, rules, today, prg_rules_metrics_days(rules), &metrics);
  text = prg_metrics_to_json(&metrics, record->efficiency_metrics, calculated_at(view, today));
  prg_record_set(&record->efficiency_metrics, text);
  record->current_level = prg_number(prg_rules_level_for(rules, record->total_xp.value));
  record->streak_days = prg_number(prg_view_streak(view, today));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-view.h"

#include "prg-calendar.h"
#include "prg-json.h"
#include <string.h>

/* The one reducer. */

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

/* @key: (transfer full) */
static void
add_count(GHashTable *counts, gpointer key, gint64 amount)
{
  gint64 *count = g_hash_table_lookup(counts, key);
  gint64 sum = add(count != NULL ? *count : 0, amount);

  g_hash_table_replace(counts, key, g_memdup2(&sum, sizeof sum));
}

static void
apply_sums(PrgView *view, const PrgOperation *operation)
{
  add_count(view->kind_counts, (gpointer)operation->kind, 1);
  add_number(&view->record->total_xp, operation->amount);
  if (g_str_equal(operation->kind, "deal_closed"))
    add_number(&view->record->closed_deals, 1);
  else if (g_str_equal(operation->kind, "deal_revoked"))
    add_number(&view->record->closed_deals, -1);
}

static JsonNode *
member_of(JsonObject *object, const char *key, GType type)
{
  JsonNode *node = json_object_get_member(object, key);

  return node != NULL && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type ? node : NULL;
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
apply_activity(PrgDay *day, const PrgOperation *operation, const PrgSource *source)
{
  day->active = TRUE;
  /* Another app's activity is written down when it is found, which may be days later. */
  if (source != NULL && source->derived)
    return;
  day->first_at = day->first_at == 0 ? operation->occurred_at : MIN(day->first_at, operation->occurred_at);
  day->last_at = MAX(day->last_at, operation->occurred_at);
}

/* NULL for a local day that is none. */
static PrgDay *
apply_day(PrgView *view, const PrgOperation *operation, const PrgSource *source)
{
  PrgDay *day;

  if (!prg_day_parse(operation->local_day, NULL))
    return NULL;
  day = ensure_day(view, operation->local_day);
  day->xp = add(day->xp, operation->amount);
  if (source == NULL || source->activity)
    apply_activity(day, operation, source);
  if (source != NULL && source->metric != PRG_METRIC_NONE)
    day->counters[source->metric] = add(day->counters[source->metric], 1);
  return day;
}

/* Calls @each for the integers of the object @key of @details. */
static void
each_integer(JsonObject *details,
             const char *key,
             void (*each)(PrgView *view, const PrgRules *rules, PrgDay *day, const char *name, gint64 value),
             PrgView *view,
             const PrgRules *rules,
             PrgDay *day)
{
  JsonNode *node = json_object_get_member(details, key);
  JsonObjectIter iter;
  const char *name;

  if (node == NULL || !JSON_NODE_HOLDS_OBJECT(node))
    return;
  json_object_iter_init(&iter, json_node_get_object(node));
  while (json_object_iter_next(&iter, &name, &node)) {
    if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64)
      each(view, rules, day, name, json_node_get_int(node));
  }
}

static void
take_counter(PrgView *view, const PrgRules *rules, PrgDay *day, const char *name, gint64 value)
{
  for (int i = 0; day != NULL && i < PRG_N_METRICS; i++) {
    if (g_str_equal(name, prg_metric_to_string((PrgMetric)i)))
      day->counters[i] = add(day->counters[i], value);
  }
}

static void
take_kind(PrgView *view, const PrgRules *rules, PrgDay *day, const char *name, gint64 value)
{
  const PrgSource *source = prg_rules_find_source(rules, name);

  if (source != NULL)
    add_count(view->kind_counts, (gpointer)source->kind, value);
}

static void
take_attempts(PrgView *view, const PrgRules *rules, PrgDay *day, const char *name, gint64 value)
{
  add_count(view->boss_attempts, g_strdup(name), value);
}

/* What a compensating row takes back besides XP: from the counters of its day, the events of the rep's life, the attempts at a boss:
 * {"counters": {"dials": -1}, "kinds": {"dial_made": -1}, "attempts": {"redhawk": -1}}. The ledger's own counts know nothing of
 * it, so it counts whatever the base holds. */
static void
apply_correction(PrgView *view, const PrgRules *rules, PrgDay *day, JsonObject *details)
{
  each_integer(details, "counters", take_counter, view, rules, day);
  each_integer(details, "kinds", take_kind, view, rules, day);
  each_integer(details, "attempts", take_attempts, view, rules, day);
}

/* More knowledge only adds: of two tellings of one day the longer streak stays. */
static void
apply_streak(PrgDay *day, JsonObject *details)
{
  JsonNode *node = member_of(details, "streak", G_TYPE_INT64);

  if (day != NULL && node != NULL)
    day->streak = MAX(day->streak, CLAMP(json_node_get_int(node), 0, PRG_MAX_STREAK));
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

static PrgChoiceTime
time_of(const PrgOperation *operation)
{
  return (PrgChoiceTime){ operation->created_at != 0 ? operation->created_at : G_MAXINT64,
                          operation->occurred_at };
}

/* The later choice stays; of two made at the same instant the one with the greater text, so that every
 * machine shows the same. */
static void
apply_choice(char **choice, PrgChoiceTime *time, const PrgOperation *operation)
{
  PrgChoiceTime made = time_of(operation);
  gint order = prg_choice_time_compare(made, *time);

  if (order == 0)
    order = strcmp(operation->ref, *choice);
  if (order <= 0)
    return;
  *time = made;
  prg_record_set(choice, operation->ref);
}

/* Likewise; of two at the same instant the greater value. */
static void
apply_reported(PrgView *view, const PrgOperation *operation, JsonObject *details)
{
  const PrgReported *before = g_hash_table_lookup(view->reported, operation->ref);
  JsonNode *node = json_object_get_member(details, "value");
  PrgReported now = { 0, time_of(operation) };
  gint order = 1;

  if (node == NULL || !JSON_NODE_HOLDS_VALUE(node) ||
      (json_node_get_value_type(node) != G_TYPE_INT64 && json_node_get_value_type(node) != G_TYPE_DOUBLE))
    return;
  now.value = json_node_get_double(node);
  if (before != NULL)
    order = prg_choice_time_compare(now.time, before->time);
  if (order > 0 || (order == 0 && now.value > before->value))
    g_hash_table_replace(view->reported, g_strdup(operation->ref), g_memdup2(&now, sizeof now));
}

static const char *
intern_rank(const PrgRules *rules, const char *text)
{
  const char *rank = prg_rules_canonical_rank(rules, text);

  return g_intern_string(rank != NULL ? rank : "");
}

/* Rows that make no sense are kept too: the ledger counts them. */
static void
apply_promotion(PrgView *view,
                const PrgRules *rules,
                const PrgOperation *operation,
                JsonObject *details,
                PrgApplyMode mode)
{
  JsonNode *from = details != NULL ? member_of(details, "from", G_TYPE_STRING) : NULL;
  PrgPromotion promotion = {
    .from = intern_rank(rules, from != NULL ? json_node_get_string(from) : ""),
    .to = intern_rank(rules, operation->ref),
    .time = time_of(operation),
    .is_counted = mode == PRG_APPLY_COUNTED,
  };

  g_array_append_val(view->promotions, promotion);
}

/* What an operation of this kind tells in its details. */
static void
apply_details(PrgView *view,
              const PrgRules *rules,
              const PrgOperation *operation,
              PrgDay *day,
              PrgApplyMode mode)
{
  static const char *const kinds[] = { "correction", "deal_revoked",    "streak_day",
                                       "promoted",   "metric_reported", NULL };
  g_autoptr(JsonNode) root = NULL;
  JsonObject *details;

  /* Most kinds tell nothing here: their details are not parsed. */
  if (!g_strv_contains(kinds, operation->kind))
    return;
  root = prg_json_parse_object(operation->details, strlen(operation->details));
  details = root != NULL ? json_node_get_object(root) : NULL;
  if (g_str_equal(operation->kind, "promoted"))
    apply_promotion(view, rules, operation, details, mode);
  else if (details == NULL)
    return;
  else if (g_str_equal(operation->kind, "streak_day"))
    apply_streak(day, details);
  else if (g_str_equal(operation->kind, "metric_reported"))
    apply_reported(view, operation, details);
  else
    apply_correction(view, rules, day, details);
}

void
prg_apply(PrgView *view, const PrgRules *rules, const PrgOperation *operation, PrgApplyMode mode)
{
  const PrgSource *source = prg_rules_find_source(rules, operation->kind);
  PrgDay *day;

  if (mode == PRG_APPLY_NEW)
    apply_sums(view, operation);
  day = apply_day(view, operation, source);
  apply_sets(view, operation);
  apply_details(view, rules, operation, day, mode);
  if (g_str_equal(operation->kind, "boss_attempted"))
    add_count(view->boss_attempts, g_strdup(operation->ref), 1);
  else if (g_str_equal(operation->kind, "specialization_chosen"))
    apply_choice(&view->specialization, &view->specialization_time, operation);
  else if (g_str_equal(operation->kind, "title_chosen"))
    apply_choice(&view->active_title, &view->title_time, operation);
  if (source == NULL || source->activity)
    view->record->last_activity = MAX(view->record->last_activity, operation->occurred_at);
}

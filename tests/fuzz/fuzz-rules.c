/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files of rules: any bytes, and edits of the built-in catalogue, which get past the first checks. What is taken must also work:
 * levels, every event type, and the awards that follow from them.
 */
#include "fuzz.h"

#include "prg-badges.h"
#include "prg-earn.h"
#include "prg-error.h"
#include "prg-gates.h"
#include "prg-rules-private.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#define MEMBER "11111111-1111-4111-8111-111111111111"
#define TODAY "2026-11-20"
#define NOW ((G_GINT64_CONSTANT(20777) * 86400 + 36000) * G_USEC_PER_SEC)
#define MAX_EDITS 8
#define MAX_PASSES 4 /* badges follow from bosses, and nothing from badges */

/* --- edits of the built-in catalogue --- */

/* Where a value stands. */
typedef struct {
  JsonNode *parent; /* (not owned) an object or an array */
  char *key;        /* (owned) (nullable) */
  guint index;
} Slot;

static void
slot_clear(gpointer data)
{
  g_free(((Slot *)data)->key);
}

static void
collect(GArray *slots, JsonNode *node)
{
  if (JSON_NODE_HOLDS_OBJECT(node)) {
    g_autoptr(GList) names = json_object_get_members(json_node_get_object(node));
    for (GList *l = names; l != NULL; l = l->next) {
      Slot slot = { node, g_strdup(l->data), 0 };
      g_array_append_val(slots, slot);
      collect(slots, json_object_get_member(json_node_get_object(node), l->data));
    }
  } else if (JSON_NODE_HOLDS_ARRAY(node)) {
    JsonArray *array = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(array); i++) {
      Slot slot = { node, NULL, i };
      g_array_append_val(slots, slot);
      collect(slots, json_array_get_element(array, i));
    }
  }
}

static JsonNode *
slot_get(const Slot *slot)
{
  return slot->key != NULL ? json_object_get_member(json_node_get_object(slot->parent), slot->key)
                           : json_array_get_element(json_node_get_array(slot->parent), slot->index);
}

static void
slot_remove(const Slot *slot)
{
  if (slot->key != NULL)
    json_object_remove_member(json_node_get_object(slot->parent), slot->key);
  else
    json_array_remove_element(json_node_get_array(slot->parent), slot->index);
}

/* Takes @node. An array grows by it. */
static void
slot_set(const Slot *slot, JsonNode *node)
{
  if (slot->key != NULL)
    json_object_set_member(json_node_get_object(slot->parent), slot->key, node);
  else
    json_array_add_element(json_node_get_array(slot->parent), node);
}

/* json_node_copy() shares objects: one put into itself would have no end. */
static JsonNode *
copy_of(JsonNode *node)
{
  g_autofree char *text = json_to_string(node, FALSE);

  return json_from_string(text, NULL);
}

static JsonNode *
new_value(FuzzInput *input)
{
  static const gint64 numbers[] = { 0,   1,    2,     9,      10,      31, 99,         100,
                                    366, 1000, 86400, 999999, 1000000, -1, FUZZ_TWO_53 };
  static const double ratios[] = { 0, 0.001, 0.5, 1, 1.0005, 99.9995, 100, -0.0, 1e300 };
  JsonNode *node = json_node_alloc();

  switch (fuzz_below(input, 5)) {
  case 0:
    return json_node_init_int(node, numbers[fuzz_below(input, G_N_ELEMENTS(numbers))]);
  case 1:
    return json_node_init_double(node, ratios[fuzz_below(input, G_N_ELEMENTS(ratios))]);
  case 2:
    return json_node_init_boolean(node, fuzz_byte(input) & 1);
  case 3:
    return json_node_init_null(node);
  default: {
    g_autofree char *text = fuzz_text(input);
    return json_node_init_string(node, text);
  }
  }
}

static void
edit(FuzzInput *input, JsonNode *root)
{
  g_autoptr(GArray) slots = g_array_new(FALSE, FALSE, sizeof(Slot));

  g_array_set_clear_func(slots, slot_clear);
  collect(slots, root);
  if (slots->len == 0)
    return;
  guint at = fuzz_byte(input) | (guint)fuzz_byte(input) << 8;
  guint from = fuzz_byte(input) | (guint)fuzz_byte(input) << 8;
  const Slot *slot = &g_array_index(slots, Slot, at % slots->len);
  switch (fuzz_below(input, 4)) {
  case 0:
    slot_remove(slot);
    break;
  case 1: /* ids that exist, in places where they do not belong */
    slot_set(slot, copy_of(slot_get(&g_array_index(slots, Slot, from % slots->len))));
    break;
  default:
    slot_set(slot, new_value(input));
    break;
  }
}

static char *
edited_catalogue(FuzzInput *input)
{
  static char *builtin;

  if (builtin == NULL)
    g_assert_true(g_file_get_contents(PRG_RULES_FILE, &builtin, NULL, NULL));
  g_autoptr(JsonNode) root = json_from_string(builtin, NULL);
  for (guint i = 0; i < MAX_EDITS && input->at < input->end; i++)
    edit(input, root);
  return json_to_string(root, FALSE);
}

/* --- use --- */

typedef struct {
  const PrgRules *rules;
  PrgView *view;
  GHashTable *paid;
  gint64 sum;
} Rep;

static const PrgEarnRequest plain = { .kind = "",
                                      .ref = "",
                                      .details = "",
                                      .caller_id = "",
                                      .disposition = "" };

static PrgMoment
now(void)
{
  static GTimeZone *utc;

  if (utc == NULL)
    utc = g_time_zone_new_utc();
  return (PrgMoment){ MEMBER, "d", 1, "33333333-3333-4333-8333-333333333333", NOW, utc, "UTC" };
}

static void
record(Rep *self, const PrgOperation *operation)
{
  const PrgSource *source = prg_rules_find_source(self->rules, operation->kind);

  g_assert_true(g_uuid_string_is_valid(operation->id));
  fuzz_check_text(operation->ref);
  fuzz_check_text(operation->details);
  if (source == NULL || !source->pays_once || g_hash_table_add(self->paid, g_strdup(operation->id))) {
    prg_apply(self->view, self->rules, operation, PRG_APPLY_NEW);
    self->sum += operation->amount;
  }
  g_assert_cmpint(self->view->record->total_xp.value, ==, self->sum);
}

typedef GPtrArray *(
    *Earn)(const PrgView *, const PrgRules *, const PrgMoment *, const PrgEarnRequest *, GError **);

/* A refused call changes nothing; what is earned stays within the catalogue's own limit. */
static void
earn(Rep *self, Earn func, const PrgEarnRequest *request)
{
  g_autoptr(GError) error = NULL;
  PrgMoment moment = now();
  g_autoptr(GPtrArray) made = func(self->view, self->rules, &moment, request, &error);

  fuzz_check_error(made != NULL, error);
  for (guint i = 0; made != NULL && i < made->len; i++) {
    const PrgOperation *operation = g_ptr_array_index(made, i);
    g_assert_cmpint(operation->amount, >=, 0);
    g_assert_cmpint(operation->amount, <=, prg_rules_max_amount(self->rules));
    record(self, operation);
  }
}

static void
earn_sources(Rep *self)
{
  GHashTableIter iter;
  gpointer kind, value;

  g_hash_table_iter_init(&iter, self->rules->sources);
  while (g_hash_table_iter_next(&iter, &kind, &value)) {
    const PrgSource *source = value;
    PrgEarnRequest request = plain;
    g_assert_true(prg_rules_find_source(self->rules, source->kind) == source);
    g_assert_cmpint(source->metric, <, PRG_N_METRICS);
    request.kind = source->kind;
    request.ref = "ref";
    earn(self, prg_earn_xp, &request);
    request.has_amount = TRUE;
    request.amount = prg_rules_max_amount(self->rules);
    earn(self, prg_earn_xp, &request);
    request.amount = G_MAXINT64;
    earn(self, prg_earn_xp, &request);
  }
}

static void
earn_calls(Rep *self)
{
  const gint64 durations[] = { 0, prg_rules_short_call_s(self->rules), prg_rules_long_call_s(self->rules),
                               86400, 86401 };
  const char *const *ids = prg_rules_get_disposition_ids(self->rules);

  for (guint i = 0; ids[i] != NULL; i++) {
    for (guint k = 0; k < G_N_ELEMENTS(durations); k++) {
      PrgEarnRequest request = plain;
      request.disposition = ids[i];
      request.duration_s = durations[k];
      earn(self, prg_earn_call, &request);
    }
  }
}

static void
earn_twice(Rep *self, const char *id, Earn func)
{
  PrgEarnRequest request = plain;

  request.ref = id;
  request.score = 1;
  earn(self, func, &request);
  earn(self, func, &request); /* what pays once, paid already */
}

/* @func for every id of @table. */
static void
earn_each(Rep *self, GHashTable *table, Earn func)
{
  GHashTableIter iter;
  gpointer id;

  g_hash_table_iter_init(&iter, table);
  while (g_hash_table_iter_next(&iter, &id, NULL))
    earn_twice(self, id, func);
}

static void
earn_badges(Rep *self)
{
  for (guint i = 0; i < prg_rules_n_badges(self->rules); i++) {
    const PrgBadge *badge = prg_rules_get_badge(self->rules, i);
    for (guint tier = 0; tier < badge->n_tiers; tier++)
      earn_twice(self, badge->tiers[tier].id, prg_earn_badge);
  }
}

/* Up to the top, if every gate can be met. */
static void
climb(Rep *self)
{
  for (guint i = 0; i < self->rules->ranks->len; i++) {
    const PrgRank *rank = &g_array_index(self->rules->ranks, PrgRank, i);
    g_autoptr(GPtrArray) gates = prg_gates_of(self->view, self->rules, rank->rank, TODAY);
    g_autofree char *missing = prg_gates_missing(gates);
    fuzz_check_text(missing);
    g_assert_true(prg_gates_met(gates) == (*missing == '\0'));
    earn(self, prg_earn_promotion, &plain);
  }
}

static void
check_standing(Rep *self)
{
  g_autoptr(GPtrArray) standing = prg_badges_standing(self->view, self->rules, TODAY);

  g_assert_cmpuint(standing->len, ==, prg_rules_n_badges(self->rules));
  for (guint i = 0; i < standing->len; i++) {
    const PrgBadgeStanding *badge = g_ptr_array_index(standing, i);
    fuzz_check_text(badge->name);
    g_assert_true(isfinite(badge->measured.progress) && isfinite(badge->measured.needed));
  }
}

static gboolean
is_paid(const char *kind, const char *ref, gpointer user_data)
{
  Rep *self = user_data;
  g_autofree char *id = prg_operation_pays_once_id(MEMBER, kind, ref);

  return g_hash_table_contains(self->paid, id);
}

/* Awards come to an end, and none comes twice. */
static void
derive(Rep *self)
{
  PrgMoment moment = now();
  guint passes = 0, n;

  do {
    g_autoptr(GPtrArray) awards = prg_derive(self->view, self->rules, TODAY, is_paid, self);
    n = awards->len;
    for (guint i = 0; i < n; i++) {
      g_autoptr(PrgOperation) operation = prg_earn_award(&moment, g_ptr_array_index(awards, i), 1, "");
      g_assert_false(g_hash_table_contains(self->paid, operation->id));
      g_assert_cmpint(operation->amount, >=, 0);
      g_assert_cmpint(operation->amount, <=, 1000000);
      record(self, operation);
    }
  } while (n > 0 && ++passes < MAX_PASSES);
  g_assert_cmpuint(n, ==, 0);
}

static void
check_names(const PrgRules *rules)
{
  GHashTableIter iter;
  gpointer value;

  for (guint i = 0; i < rules->ranks->len; i++) {
    const PrgRank *rank = &g_array_index(rules->ranks, PrgRank, i);
    fuzz_check_text(rank->name);
    g_assert_cmpstr(prg_rules_canonical_rank(rules, rank->rank), ==, rank->rank);
    g_assert_cmpstr(prg_rules_rank_name(rules, rank->rank), ==, rank->name);
  }
  g_hash_table_iter_init(&iter, rules->specializations);
  while (g_hash_table_iter_next(&iter, NULL, &value))
    fuzz_check_text(((const PrgSpecialization *)value)->name);
  g_hash_table_iter_init(&iter, rules->bosses);
  while (g_hash_table_iter_next(&iter, NULL, &value))
    fuzz_check_text(((const PrgBoss *)value)->title);
  g_hash_table_iter_init(&iter, rules->names);
  while (g_hash_table_iter_next(&iter, NULL, &value)) {
    g_assert_cmpstr(value, !=, "");
    fuzz_check_text(value);
  }
}

static void
check_level(const PrgRules *rules, gint64 xp)
{
  guint level = prg_rules_level_for(rules, xp);

  g_assert_cmpuint(level, >=, 1);
  g_assert_cmpuint(level, <=, prg_rules_n_levels(rules));
  g_assert_true(level == 1 || prg_rules_level_xp(rules, level) <= xp);
  if (level < prg_rules_n_levels(rules))
    g_assert_cmpint(prg_rules_next_level_xp(rules, level), >, xp);
  else
    g_assert_cmpint(prg_rules_next_level_xp(rules, level), ==, 0);
}

static void
check_levels(const PrgRules *rules)
{
  static const gint64 edges[] = { G_MININT64, -FUZZ_TWO_53, -1, 0, 1, FUZZ_TWO_53, G_MAXINT64 };

  for (guint i = 0; i < G_N_ELEMENTS(edges); i++)
    check_level(rules, edges[i]);
  for (guint level = 1; level <= prg_rules_n_levels(rules); level++) {
    check_level(rules, prg_rules_level_xp(rules, level));
    check_level(rules, prg_rules_level_xp(rules, level) - 1);
  }
}

/* The best of reps does everything there is to do. */
static void
live(const PrgRules *rules, const char *specialization)
{
  g_autoptr(PrgView) view = prg_view_new();
  g_autoptr(GHashTable) paid = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  Rep self = { .rules = rules, .view = view, .paid = paid };

  view->record->total_xp = prg_number(prg_rules_level_xp(rules, prg_rules_n_levels(rules)));
  self.sum = view->record->total_xp.value;
  prg_record_set(&view->specialization, specialization);
  earn_sources(&self);
  earn_calls(&self);
  earn_each(&self, rules->modules, prg_earn_module);
  earn_each(&self, rules->exams, prg_earn_exam);
  earn_each(&self, rules->bosses, prg_earn_boss);
  earn_each(&self, rules->bosses, prg_earn_boss_attempt);
  earn_badges(&self);
  earn_each(&self, rules->specializations, prg_earn_specialization);
  earn_each(&self, rules->reported_metrics, prg_earn_metric);
  earn_each(&self, rules->modules, prg_earn_deal);
  prg_view_finish(view, rules, TODAY);
  derive(&self);
  climb(&self);
  prg_view_finish(view, rules, TODAY);
  check_standing(&self);
  fuzz_check_text(view->record->efficiency_metrics);
  fuzz_check_xp(view->record->current_level.value);
}

static void
use(const PrgRules *rules)
{
  GHashTableIter iter;
  gpointer id;

  check_names(rules);
  check_levels(rules);
  g_hash_table_iter_init(&iter, rules->specializations);
  live(rules, g_hash_table_iter_next(&iter, &id, NULL) ? id : "");
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  FuzzInput input = { data, data + size };
  gboolean raw = fuzz_byte(&input) & 1;
  gsize length = 0;
  g_autofree char *text = raw ? fuzz_rest(&input, &length) : edited_catalogue(&input);
  g_autoptr(GError) error = NULL;
  g_autoptr(PrgRules) rules = prg_rules_new_from_json(text, raw ? (gssize)length : -1, "rules.json", &error);

  fuzz_check_error(rules != NULL, error);
  if (rules != NULL)
    use(rules);
  return 0;
}

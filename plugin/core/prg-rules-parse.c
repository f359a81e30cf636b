/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-error.h"
#include "prg-json.h"
#include "prg-rules-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* Everything below reads a catalogue that has passed both checks. */

static const char *
keep(PrgRules *self, const char *text)
{
  return g_string_chunk_insert_const(self->strings, text);
}

static const char *
member(PrgRules *self, JsonObject *object, const char *key)
{
  return keep(self, json_object_get_string_member_with_default(object, key, ""));
}

/* `names`, if @object has them. */
static void
keep_names(PrgRules *self, const char *what, const char *id, JsonObject *object)
{
  JsonObjectIter iter;
  const char *language;
  JsonNode *node;

  if (!json_object_has_member(object, "names"))
    return;
  json_object_iter_init(&iter, json_object_get_object_member(object, "names"));
  while (json_object_iter_next(&iter, &language, &node))
    g_hash_table_insert(self->names, g_strjoin("\n", what, id, language, NULL),
                        (gpointer)keep(self, json_node_get_string(node)));
}

static gint64 *
box(gint64 value)
{
  gint64 *boxed = g_new(gint64, 1);

  *boxed = value;
  return boxed;
}

static gint64
thousandths(double multiplier)
{
  return (gint64)llround(multiplier * 1000);
}

/* The texts of an array, kept by @self, zero-terminated. */
static const char **
keep_list(PrgRules *self, JsonArray *array, gboolean interned)
{
  guint length = array != NULL ? json_array_get_length(array) : 0;
  const char **list = g_new0(const char *, length + 1);

  for (guint i = 0; i < length; i++) {
    const char *text = json_array_get_string_element(array, i);
    list[i] = interned ? g_intern_string(text) : keep(self, text);
  }
  g_ptr_array_add(self->arrays, list);
  return list;
}

typedef void (*ElementFunc)(PrgRules *self, JsonObject *element);

static void
each_element(PrgRules *self, JsonObject *parent, const char *key, ElementFunc func)
{
  JsonArray *array = json_object_get_array_member(parent, key);

  for (guint i = 0; i < json_array_get_length(array); i++)
    func(self, json_array_get_object_element(array, i));
}

static int
metric_of(const char *name)
{
  for (int i = 0; i < PRG_N_METRICS; i++) {
    if (g_strcmp0(name, prg_metric_to_string((PrgMetric)i)) == 0)
      return i;
  }
  return PRG_METRIC_NONE;
}

static void
parse_source(PrgRules *self, JsonObject *object)
{
  PrgSource *source = g_new0(PrgSource, 1);

  source->kind = g_intern_string(json_object_get_string_member(object, "kind"));
  source->xp = json_object_get_int_member(object, "xp");
  source->metric = metric_of(json_object_get_string_member_with_default(object, "metric", NULL));
  source->activity = json_object_get_boolean_member_with_default(object, "activity", TRUE);
  source->pays_once = json_object_get_boolean_member_with_default(object, "paysOnce", FALSE);
  source->derived = json_object_get_boolean_member_with_default(object, "derived", FALSE);
  source->method = g_intern_string(json_object_get_string_member_with_default(object, "method", ""));
  g_hash_table_insert(self->sources, (gpointer)source->kind, source);
  if (json_object_has_member(object, "aliases")) {
    const char **aliases = keep_list(self, json_object_get_array_member(object, "aliases"), FALSE);

    for (guint i = 0; aliases[i] != NULL; i++)
      g_hash_table_insert(self->aliases, (gpointer)aliases[i], source);
  }
}

static void
parse_disposition(PrgRules *self, JsonObject *object)
{
  PrgDisposition *disposition = g_new0(PrgDisposition, 1);

  disposition->id = g_intern_string(json_object_get_string_member(object, "id"));
  disposition->connected = json_object_get_boolean_member(object, "connected");
  disposition->kinds = keep_list(self, json_object_get_array_member(object, "kinds"), TRUE);
  g_hash_table_insert(self->dispositions, (gpointer)disposition->id, disposition);
}

static void
parse_calls(PrgRules *self, JsonObject *calls)
{
  JsonArray *dispositions = json_object_get_array_member(calls, "dispositions");
  guint length = json_array_get_length(dispositions);

  self->long_call_s = json_object_get_int_member(calls, "longSeconds");
  self->short_call_s = json_object_get_int_member(calls, "shortSeconds");
  self->early_hour = (gint)json_object_get_int_member(calls, "earlyBeforeHour");
  each_element(self, calls, "dispositions", parse_disposition);
  self->disposition_ids = g_new0(const char *, length + 1);
  for (guint i = 0; i < length; i++)
    self->disposition_ids[i] =
        g_intern_string(json_object_get_string_member(json_array_get_object_element(dispositions, i), "id"));
  g_ptr_array_add(self->arrays, self->disposition_ids);
}

static void
parse_specialization(PrgRules *self, JsonObject *object)
{
  PrgSpecialization *specialization = g_new0(PrgSpecialization, 1);
  JsonObjectIter iter;
  const char *kind;
  JsonNode *node;

  specialization->id = member(self, object, "id");
  specialization->name = member(self, object, "name");
  keep_names(self, PRG_NAME_SPECIALIZATION, specialization->id, object);
  specialization->unlock_level = (guint)json_object_get_int_member(object, "level");
  g_hash_table_insert(self->specializations, (gpointer)specialization->id, specialization);
  json_object_iter_init(&iter, json_object_get_object_member(object, "multipliers"));
  while (json_object_iter_next(&iter, &kind, &node))
    g_hash_table_insert(self->bonuses, g_strconcat(specialization->id, "\n", kind, NULL),
                        box(thousandths(json_node_get_double(node))));
}

static void
parse_module(PrgRules *self, JsonObject *object)
{
  PrgModule *module = g_new0(PrgModule, 1);

  module->id = member(self, object, "id");
  module->pass_score = json_object_get_double_member(object, "passScore");
  module->xp = json_object_get_int_member(object, "xp");
  module->needs = keep_list(self, json_object_get_array_member(object, "needs"), FALSE);
  g_hash_table_insert(self->modules, (gpointer)module->id, module);
}

static void
parse_exam(PrgRules *self, JsonObject *object)
{
  PrgExam *exam = g_new0(PrgExam, 1);

  exam->id = member(self, object, "id");
  exam->pass_score = json_object_get_double_member(object, "passScore");
  exam->elite_score = json_object_get_double_member(object, "eliteScore");
  g_hash_table_insert(self->exams, (gpointer)exam->id, exam);
}

static void
parse_boss(PrgRules *self, JsonObject *object)
{
  PrgBoss *boss = g_new0(PrgBoss, 1);

  boss->id = member(self, object, "id");
  boss->unlock_level = (guint)json_object_get_int_member(object, "level");
  boss->xp = json_object_get_int_member(object, "xp");
  boss->badge = member(self, object, "badge");
  boss->title = member(self, object, "title");
  g_hash_table_insert(self->bosses, (gpointer)boss->id, boss);
}

static int
rate_of(const char *name)
{
  for (int i = 0; i < PRG_N_RATES; i++) {
    if (g_strcmp0(name, prg_rate_to_string((PrgRate)i)) == 0)
      return i;
  }
  return -1;
}

static gint64
integer(JsonObject *object, const char *key)
{
  return json_object_get_int_member_with_default(object, key, 0);
}

static PrgBadgeTier
parse_tier(PrgRules *self, const char *badge, const char *tier, JsonObject *object)
{
  g_autofree char *id = g_strconcat(badge, ".", tier, NULL);

  return (PrgBadgeTier){
    .tier = tier,
    .id = keep(self, id),
    .xp = integer(object, "xp"),
    .count = integer(object, "count"),
    .within = integer(object, "within"),
    .threshold = json_object_get_double_member_with_default(object, "threshold", 0),
    .days = (gint)integer(object, "days"),
    .minimum = integer(object, "minimum"),
  };
}

static void
parse_tiers(PrgRules *self, PrgBadge *badge, JsonObject *tiers)
{
  PrgBadgeTier *list = g_new0(PrgBadgeTier, PRG_N_TIERS);

  g_ptr_array_add(self->arrays, list);
  badge->tiers = list;
  for (int order = 1; order <= PRG_N_TIERS; order++) {
    const char *tier = prg_tier_from_order(order);

    if (!json_object_has_member(tiers, tier))
      continue;
    list[badge->n_tiers] = parse_tier(self, badge->id, tier, json_object_get_object_member(tiers, tier));
    g_hash_table_insert(self->badge_tiers, (gpointer)list[badge->n_tiers].id, &list[badge->n_tiers]);
    badge->n_tiers++;
  }
}

static const char *const measure_names[] = {
  [PRG_MEASURE_RATE] = "rate",   [PRG_MEASURE_WITHIN] = "within", [PRG_MEASURE_ROWS] = "rows",
  [PRG_MEASURE_DEALS] = "deals", [PRG_MEASURE_STREAK] = "streak", [PRG_MEASURE_BOSS] = "boss",
};

static PrgMeasureKind
measure_of(const char *name)
{
  guint i = 0;

  while (i + 1 < G_N_ELEMENTS(measure_names) && !g_str_equal(measure_names[i], name))
    i++;
  return (PrgMeasureKind)i;
}

static void
parse_badge(PrgRules *self, JsonObject *object)
{
  const char *of = json_object_get_string_member_with_default(object, "of", "");
  PrgBadge badge = {
    .id = member(self, object, "id"),
    .name = member(self, object, "name"),
    .measure = measure_of(json_object_get_string_member(object, "measure")),
    .among = metric_of(json_object_get_string_member_with_default(object, "among", NULL)),
    .subject = "",
    .passes = "at-least",
  };

  if (badge.measure == PRG_MEASURE_RATE)
    badge.passes = member(self, object, "passes");
  badge.of = badge.measure == PRG_MEASURE_RATE ? rate_of(of) : metric_of(of);
  if (badge.measure == PRG_MEASURE_ROWS || badge.measure == PRG_MEASURE_BOSS)
    badge.subject = g_intern_string(of);
  keep_names(self, PRG_NAME_BADGE, badge.id, object);
  parse_tiers(self, &badge, json_object_get_object_member(object, "tiers"));
  g_array_append_val(self->badges, badge);
}

static const char **
optional_list(PrgRules *self, JsonObject *object, const char *key)
{
  return keep_list(
      self, json_object_has_member(object, key) ? json_object_get_array_member(object, key) : NULL, FALSE);
}

static void
parse_rank(PrgRules *self, JsonObject *object)
{
  JsonObject *metric =
      json_object_has_member(object, "metric") ? json_object_get_object_member(object, "metric") : NULL;
  PrgRank rank = {
    .rank = member(self, object, "rank"),
    .id = member(self, object, "id"),
    .name = member(self, object, "name"),
    .level = (guint)integer(object, "level"),
    .deals = integer(object, "deals"),
    .badges = optional_list(self, object, "badges"),
    .modules = optional_list(self, object, "modules"),
    .metric = metric != NULL ? member(self, metric, "of") : "",
    .metric_passes = metric != NULL ? member(self, metric, "passes") : "",
    .metric_threshold = metric != NULL ? json_object_get_double_member(metric, "threshold") : 0,
    .boss = member(self, object, "boss"),
    .exam = member(self, object, "exam"),
    .certification = member(self, object, "certification"),
    .mentees = integer(object, "mentees"),
  };

  keep_names(self, PRG_NAME_RANK, rank.rank, object);
  g_array_append_val(self->ranks, rank);
}

static void
parse_reported_metric(PrgRules *self, JsonObject *object)
{
  PrgReportedMetric *metric = g_new0(PrgReportedMetric, 1);

  metric->id = member(self, object, "id");
  metric->is_count = g_str_equal(json_object_get_string_member(object, "unit"), "count");
  g_hash_table_insert(self->reported_metrics, (gpointer)metric->id, metric);
}

const char *const prg_rate_tier_names[PRG_N_RATE_TIERS] = { NC_("rating", "elite"), NC_("rating", "above"),
                                                            NC_("rating", "satisfactory") };

static void
parse_rate_tiers(PrgRules *self, JsonObject *tiers)
{
  for (int rate = 0; rate < PRG_N_RATES; rate++) {
    const char *name = prg_rate_to_string((PrgRate)rate);
    JsonObject *object =
        json_object_has_member(tiers, name) ? json_object_get_object_member(tiers, name) : NULL;
    PrgRateTiers *parsed = &self->rate_tiers[rate];

    parsed->is_set = object != NULL;
    for (int i = 0; object != NULL && i < PRG_N_RATE_TIERS; i++)
      parsed->thresholds[i] = json_object_get_double_member(object, prg_rate_tier_names[i]);
    parsed->lower_is_better =
        object != NULL && g_str_equal(json_object_get_string_member(object, "better"), "lower");
  }
}

/* Which kinds count into which daily counter. */
static void
index_kinds(PrgRules *self)
{
  guint n_sources = g_hash_table_size(self->sources);
  guint counts[PRG_N_METRICS] = { 0 };
  GHashTableIter iter;
  gpointer source;

  for (int i = 0; i < PRG_N_METRICS; i++) {
    self->kinds_of[i] = g_new0(const char *, n_sources + 1);
    g_ptr_array_add(self->arrays, self->kinds_of[i]);
  }
  g_hash_table_iter_init(&iter, self->sources);
  while (g_hash_table_iter_next(&iter, NULL, &source)) {
    int metric = ((const PrgSource *)source)->metric;
    if (metric != PRG_METRIC_NONE)
      self->kinds_of[metric][counts[metric]++] = ((const PrgSource *)source)->kind;
  }
}

static void
parse_external(PrgRules *self, JsonObject *external)
{
  JsonObject *battles = json_object_get_object_member(external, "battles");
  gint64 levels = json_object_get_int_member(battles, "levels");
  JsonObjectIter iter;
  const char *module;
  JsonNode *node;

  json_object_iter_init(&iter, json_object_get_object_member(external, "modules"));
  while (json_object_iter_next(&iter, &module, &node)) {
    g_hash_table_insert(self->external_modules, g_strdup(module), box(json_node_get_int(node)));
    g_hash_table_add(self->external_amounts, box(json_node_get_int(node)));
  }
  for (gint64 level = 1; level <= levels; level++) {
    g_hash_table_add(self->external_amounts, box(level * json_object_get_int_member(battles, "win")));
    g_hash_table_add(self->external_amounts, box(level * json_object_get_int_member(battles, "perfectWin")));
    g_hash_table_add(self->external_amounts, box(level * json_object_get_int_member(battles, "loss")));
  }
  g_hash_table_add(self->external_amounts, box(json_object_get_int_member(battles, "abandoned")));
}

static void
parse_limits(PrgRules *self, JsonObject *root)
{
  JsonObject *limits = json_object_get_object_member(root, "limits");
  JsonObject *efficiency = json_object_get_object_member(root, "efficiency");

  self->max_amount = json_object_get_int_member(limits, "maxAmount");
  self->max_multiplier = thousandths(json_object_get_double_member(limits, "maxMultiplier"));
  self->backdate_days = (gint)json_object_get_int_member(limits, "backdateDays");
  self->metrics_days = (gint)json_object_get_int_member(efficiency, "days");
  self->ramp_up_dials = json_object_get_int_member(efficiency, "rampUpDials");
  parse_rate_tiers(self, json_object_get_object_member(efficiency, "tiers"));
}

static PrgRules *
rules_alloc(void)
{
  PrgRules *self = g_atomic_rc_box_new0(PrgRules);

  self->strings = g_string_chunk_new(1024);
  self->arrays = g_ptr_array_new_with_free_func(g_free);
  self->levels = g_array_new(FALSE, FALSE, sizeof(gint64));
  self->sources = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
  self->aliases = g_hash_table_new(g_str_hash, g_str_equal);
  self->dispositions = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
  self->modules = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
  self->exams = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
  self->bosses = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
  self->specializations = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
  self->bonuses = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  self->badges = g_array_new(FALSE, FALSE, sizeof(PrgBadge));
  self->badge_tiers = g_hash_table_new(g_str_hash, g_str_equal);
  self->reported_metrics = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
  self->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  self->ranks = g_array_new(FALSE, FALSE, sizeof(PrgRank));
  self->external_modules = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  self->external_amounts = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
  return self;
}

static PrgRules *
rules_build(JsonObject *root)
{
  PrgRules *self = rules_alloc();
  JsonArray *levels = json_object_get_array_member(root, "levels");

  self->version = (guint)json_object_get_int_member(root, "version");
  for (guint i = 0; i < json_array_get_length(levels); i++) {
    gint64 xp = json_array_get_int_element(levels, i);
    g_array_append_val(self->levels, xp);
  }
  each_element(self, root, "sources", parse_source);
  index_kinds(self);
  parse_calls(self, json_object_get_object_member(root, "calls"));
  each_element(self, root, "specializations", parse_specialization);
  each_element(self, root, "modules", parse_module);
  each_element(self, root, "exams", parse_exam);
  each_element(self, root, "bosses", parse_boss);
  each_element(self, root, "reportedMetrics", parse_reported_metric);
  each_element(self, root, "badges", parse_badge);
  each_element(self, root, "ranks", parse_rank);
  parse_external(self, json_object_get_object_member(root, "external"));
  parse_limits(self, root);
  return self;
}

/* The text as JSON; NULL after a fault. Returns: (transfer none) (nullable) kept by @parser */
static JsonNode *
parse_json(PrgRulesCheck *check, JsonParser *parser, const char *json, gsize length)
{
  g_auto(PrgJsonFault) fault = { 0 };
  g_autoptr(GError) error = NULL;

  if (length > PRG_RULES_MAX_BYTES) {
    prg_rules_check_fail(check, "", _("more than 4 MiB"), _("a catalogue of rules"));
    return NULL;
  }
  if (!prg_json_scan(json, length, check->lines, &fault)) {
    prg_rules_check_tell(check, fault.line, fault.path, fault.problem);
    return NULL;
  }
  if (!json_parser_load_from_data(parser, json, (gssize)length, &error)) {
    prg_rules_check_fail(check, "", error->message, _("a catalogue of rules"));
    return NULL;
  }
  return json_parser_get_root(parser);
}

PrgRules *
prg_rules_parse(const char *json, gsize length, GPtrArray *faults)
{
  g_autoptr(GHashTable) lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(JsonParser) parser = json_parser_new_immutable();
  PrgRulesCheck check = { lines, faults };
  JsonNode *root = parse_json(&check, parser, json, length);

  if (root != NULL)
    prg_rules_check_shape(&check, root);
  if (faults->len == 0) {
    prg_rules_check_references(&check, json_node_get_object(root));
    prg_rules_check_limits(&check, json_node_get_object(root));
  }
  return faults->len == 0 ? rules_build(json_node_get_object(root)) : NULL;
}

PrgRules *
prg_rules_new_from_json(const char *json, gssize length, const char *name, GError **error)
{
  g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func((GDestroyNotify)prg_rules_fault_free);
  PrgRules *rules = prg_rules_parse(json, length < 0 ? strlen(json) : (gsize)length, faults);

  if (rules == NULL) {
    const PrgRulesFault *first = g_ptr_array_index(faults, 0);
    g_set_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT, "%s:%u: %s: %s", name, first->line, first->path,
                first->problem);
  }
  return rules;
}

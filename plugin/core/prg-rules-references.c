/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-json.h"
#include "prg-metrics.h"
#include "prg-rules-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>

/* The shape of everything is known to be right here: only what needs two places of the catalogue is looked
 * at. */

typedef struct {
  PrgRulesCheck *check;
  JsonObject *root;
  GHashTable *kinds, *modules, *exams, *bosses; /* (owned) sets of ids */
  GHashTable *badges;                           /* (owned) set of badge.tier */
  GHashTable *rates, *counts; /* (owned) sets of metrics: ratios, measured or reported, and reported counts */
} References;

/* What the code itself makes or reads: these kinds must exist, and behave as it expects. */
static const struct {
  const char *kind;
  gboolean pays_once, derived, activity;
} required_kinds[] = {
  { "dial_made", FALSE, FALSE, TRUE },
  { "two_plus_minute_call", FALSE, FALSE, TRUE },
  { "under_thirty_second_call", FALSE, FALSE, TRUE },
  { "early_call", FALSE, FALSE, TRUE },
  { "deal_closed", TRUE, FALSE, TRUE },
  { "deal_revoked", TRUE, FALSE, FALSE },
  { "correction", FALSE, FALSE, FALSE },
  { "module_passed", TRUE, FALSE, TRUE },
  { "exam_passed", TRUE, FALSE, TRUE },
  { "elite_exam_bonus", TRUE, FALSE, TRUE },
  { "certification_earned", TRUE, FALSE, TRUE },
  { "boss_attempted", FALSE, FALSE, TRUE },
  { "boss_defeated", TRUE, FALSE, TRUE },
  { "first_dial_of_day", TRUE, TRUE, FALSE },
  { "streak_day", TRUE, TRUE, FALSE },
  { "badge_earned", TRUE, TRUE, FALSE },
  { "title_earned", TRUE, TRUE, FALSE },
  { "external_activity", TRUE, TRUE, TRUE },
  { "title_chosen", FALSE, FALSE, FALSE },
  { "specialization_chosen", FALSE, FALSE, FALSE },
  { "promoted", FALSE, FALSE, FALSE },
  { "metric_reported", FALSE, FALSE, FALSE },
};

G_GNUC_PRINTF(1, 2)
static char *
path_of(const char *format, ...)
{
  va_list args;
  char *path;

  va_start(args, format);
  path = g_strdup_vprintf(format, args);
  va_end(args);
  return path;
}

/* Consumes @path. */
static void
fail_text(References *self, char *path, const char *found, const char *expected)
{
  g_autofree char *owned = path;
  g_autofree char *quoted = prg_json_quote(found);

  prg_rules_check_fail(self->check, owned, quoted, expected);
}

/* Consumes @path. */
static void
fail_number(References *self, char *path, double found, const char *expected)
{
  g_autofree char *owned = path;
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  prg_rules_check_fail(self->check, owned, g_ascii_formatd(text, sizeof text, "%.15g", found), expected);
}

static JsonObject *
section(References *self, const char *key)
{
  return json_object_get_object_member(self->root, key);
}

static guint
length_of(References *self, const char *key)
{
  return json_array_get_length(json_object_get_array_member(self->root, key));
}

static JsonObject *
element(References *self, const char *key, guint index)
{
  return json_array_get_object_element(json_object_get_array_member(self->root, key), index);
}

/* Takes the @key of every object of the array @name into @set; none may come twice. */
static void
collect(References *self, const char *name, JsonArray *array, const char *key, GHashTable *set)
{
  for (guint i = 0; i < json_array_get_length(array); i++) {
    const char *id = json_object_get_string_member(json_array_get_object_element(array, i), key);

    if (!g_hash_table_add(set, (gpointer)id))
      fail_text(self, path_of("%s[%u].%s", name, i, key), id, _("an id that is not used above"));
  }
}

static void
collect_section(References *self, const char *name, const char *key, GHashTable *set)
{
  collect(self, name, json_object_get_array_member(self->root, name), key, set);
}

/* Every text of the array @key of @object, if it has one, must be in @set. */
static void
check_list(References *self,
           const char *path,
           JsonObject *object,
           const char *key,
           GHashTable *set,
           const char *expected)
{
  JsonArray *array;

  if (!json_object_has_member(object, key))
    return;
  array = json_object_get_array_member(object, key);
  for (guint i = 0; i < json_array_get_length(array); i++) {
    const char *id = json_array_get_string_element(array, i);

    if (!g_hash_table_contains(set, id))
      fail_text(self, path_of("%s.%s[%u]", path, key, i), id, expected);
  }
}

static void
check_one(References *self,
          const char *path,
          JsonObject *object,
          const char *key,
          GHashTable *set,
          const char *expected)
{
  const char *id = json_object_get_string_member_with_default(object, key, NULL);

  if (id != NULL && !g_hash_table_contains(set, id))
    fail_text(self, path_of("%s.%s", path, key), id, expected);
}

/* A level that something waits for must exist. */
static void
check_level(References *self, const char *path, JsonObject *object)
{
  gint64 level = json_object_get_int_member(object, "level");

  if (level > length_of(self, "levels"))
    fail_number(self, path_of("%s.level", path), (double)level, _("a level of the table"));
}

static void
check_levels(References *self)
{
  JsonArray *levels = json_object_get_array_member(self->root, "levels");
  gint64 before = json_array_get_int_element(levels, 0);

  if (before != 0)
    fail_number(self, path_of("levels[0]"), (double)before, _("0 for level 1"));
  for (guint i = 1; i < json_array_get_length(levels); i++) {
    gint64 xp = json_array_get_int_element(levels, i);

    if (xp <= before)
      fail_number(self, path_of("levels[%u]", i), (double)xp, _("more than the level before"));
    before = xp;
  }
}

static gboolean
flag(JsonObject *source, const char *key, gboolean by_default)
{
  return json_object_get_boolean_member_with_default(source, key, by_default);
}

static void
check_flag(References *self, guint index, const char *key, gboolean by_default, gboolean expected)
{
  g_autofree char *path = path_of("sources[%u].%s", index, key);
  gboolean found = flag(element(self, "sources", index), key, by_default);

  if (found != expected)
    prg_rules_check_fail(self->check, path, found ? "true" : "false",
                         expected ? _("true, as the service makes this kind")
                                  : _("false, as the service makes this kind"));
}

static void
check_required_kind(References *self, guint required)
{
  const char *kind = required_kinds[required].kind;
  g_autofree char *found = NULL;

  for (guint i = 0; i < length_of(self, "sources"); i++) {
    if (!g_str_equal(json_object_get_string_member(element(self, "sources", i), "kind"), kind))
      continue;
    check_flag(self, i, "paysOnce", FALSE, required_kinds[required].pays_once);
    check_flag(self, i, "derived", FALSE, required_kinds[required].derived);
    check_flag(self, i, "activity", TRUE, required_kinds[required].activity);
    return;
  }
  found = g_strdup_printf(_("no source of kind %s"), kind);
  prg_rules_check_fail(self->check, "sources", found, _("one: the service makes this kind"));
}

static gboolean
is_required_kind(const char *kind)
{
  for (guint i = 0; i < G_N_ELEMENTS(required_kinds); i++) {
    if (g_str_equal(required_kinds[i].kind, kind))
      return TRUE;
  }
  return FALSE;
}

static void
check_aliases(References *self, guint index, GHashTable *aliases)
{
  JsonObject *source = element(self, "sources", index);
  JsonArray *array;

  if (!json_object_has_member(source, "aliases"))
    return;
  array = json_object_get_array_member(source, "aliases");
  for (guint i = 0; i < json_array_get_length(array); i++) {
    const char *alias = json_array_get_string_element(array, i);

    if (g_hash_table_contains(self->kinds, alias) || !g_hash_table_add(aliases, (gpointer)alias))
      fail_text(self, path_of("sources[%u].aliases[%u]", index, i), alias,
                _("a name that is not used elsewhere"));
  }
}

static void
check_source(References *self, guint index, GHashTable *aliases)
{
  JsonObject *source = element(self, "sources", index);
  const char *kind = json_object_get_string_member(source, "kind");

  if (flag(source, "derived", FALSE) && !is_required_kind(kind))
    fail_text(self, path_of("sources[%u].derived", index), kind,
              _("a kind that the service knows how to derive"));
  if (flag(source, "derived", FALSE) && json_object_has_member(source, "metric"))
    fail_text(self, path_of("sources[%u].metric", index), json_object_get_string_member(source, "metric"),
              _("no counter for a derived award"));
  check_aliases(self, index, aliases);
}

static void
check_sources(References *self)
{
  g_autoptr(GHashTable) aliases = g_hash_table_new(g_str_hash, g_str_equal);

  collect_section(self, "sources", "kind", self->kinds);
  for (guint i = 0; i < length_of(self, "sources"); i++)
    check_source(self, i, aliases);
  for (guint i = 0; i < G_N_ELEMENTS(required_kinds); i++)
    check_required_kind(self, i);
}

/* A call's rows have ids made from its own id and their kind, so that no kind may come twice. */
static void
check_disposition_kinds(References *self, guint index, JsonArray *kinds)
{
  g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

  g_hash_table_add(seen, (gpointer) "dial_made");
  g_hash_table_add(seen, (gpointer) "two_plus_minute_call");
  g_hash_table_add(seen, (gpointer) "under_thirty_second_call");
  g_hash_table_add(seen, (gpointer) "early_call");
  for (guint i = 0; i < json_array_get_length(kinds); i++) {
    const char *kind = json_array_get_string_element(kinds, i);

    if (!g_hash_table_contains(self->kinds, kind) || !g_hash_table_add(seen, (gpointer)kind))
      fail_text(self, path_of("calls.dispositions[%u].kinds[%u]", index, i), kind,
                _("a kind of sources that the call does not make anyway"));
  }
}

static void
check_calls(References *self)
{
  g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
  JsonObject *calls = section(self, "calls");
  JsonArray *dispositions = json_object_get_array_member(calls, "dispositions");
  gint64 short_s = json_object_get_int_member(calls, "shortSeconds");

  if (short_s > json_object_get_int_member(calls, "longSeconds"))
    fail_number(self, path_of("calls.shortSeconds"), (double)short_s, _("calls.longSeconds at most"));
  collect(self, "calls.dispositions", dispositions, "id", ids);
  for (guint i = 0; i < json_array_get_length(dispositions); i++) {
    JsonObject *disposition = json_array_get_object_element(dispositions, i);

    check_disposition_kinds(self, i, json_object_get_array_member(disposition, "kinds"));
  }
}

static void
check_multiplier(References *self, guint index, const char *kind, double value)
{
  double thousandths = value * 1000;
  g_autofree char *path = path_of("specializations[%u].multipliers.%s", index, kind);

  if (!g_hash_table_contains(self->kinds, kind))
    fail_text(self, g_strdup(path), kind, _("a kind of sources"));
  if (fabs(thousandths - round(thousandths)) > 1e-6)
    fail_number(self, g_strdup(path), value, _("three decimals at most"));
  if (value > json_object_get_double_member(section(self, "limits"), "maxMultiplier"))
    fail_number(self, g_strdup(path), value, _("limits.maxMultiplier at most"));
}

static void
check_specializations(References *self)
{
  g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);

  collect_section(self, "specializations", "id", ids);
  for (guint i = 0; i < length_of(self, "specializations"); i++) {
    JsonObject *specialization = element(self, "specializations", i);
    JsonObject *multipliers = json_object_get_object_member(specialization, "multipliers");
    g_autofree char *path = path_of("specializations[%u]", i);
    JsonObjectIter iter;
    const char *kind;
    JsonNode *node;

    check_level(self, path, specialization);
    json_object_iter_init_ordered(&iter, multipliers);
    while (json_object_iter_next_ordered(&iter, &kind, &node))
      check_multiplier(self, i, kind, json_node_get_double(node));
  }
}

/* A module may need only modules above it, so that no two can wait for each other. */
static void
check_modules(References *self)
{
  for (guint i = 0; i < length_of(self, "modules"); i++) {
    JsonObject *module = element(self, "modules", i);
    const char *id = json_object_get_string_member(module, "id");
    g_autofree char *path = path_of("modules[%u]", i);

    check_list(self, path, module, "needs", self->modules, _("a module above this one"));
    if (!g_hash_table_add(self->modules, (gpointer)id))
      fail_text(self, path_of("modules[%u].id", i), id, _("an id that is not used above"));
  }
}

static void
check_exams(References *self)
{
  collect_section(self, "exams", "id", self->exams);
  for (guint i = 0; i < length_of(self, "exams"); i++) {
    double elite = json_object_get_double_member(element(self, "exams", i), "eliteScore");

    if (elite < json_object_get_double_member(element(self, "exams", i), "passScore"))
      fail_number(self, path_of("exams[%u].eliteScore", i), elite, _("passScore at least"));
  }
}

static void
check_bosses(References *self)
{
  for (guint i = 0; i < length_of(self, "bosses"); i++) {
    g_autofree char *path = path_of("bosses[%u]", i);

    check_level(self, path, element(self, "bosses", i));
    check_one(self, path, element(self, "bosses", i), "badge", self->badges, _("a badge and tier of badges"));
  }
}

static void
check_reported(References *self)
{
  for (guint i = 0; i < length_of(self, "reportedMetrics"); i++) {
    JsonObject *metric = element(self, "reportedMetrics", i);
    const char *id = json_object_get_string_member(metric, "id");
    gboolean is_count = g_str_equal(json_object_get_string_member(metric, "unit"), "count");

    /* The measured rates are in the set already. */
    if (g_hash_table_contains(self->rates, id) || g_hash_table_contains(self->counts, id))
      fail_text(self, path_of("reportedMetrics[%u].id", i), id, _("a metric that nothing else gives"));
    g_hash_table_add(is_count ? self->counts : self->rates, (gpointer)id);
  }
}

static double
tier_number(JsonObject *tier, const char *key)
{
  return json_object_get_double_member_with_default(tier, key, 0);
}

/* A higher tier must be harder: it satisfies a lower one. */
static void
check_tier_order(References *self, guint index, const char *key, gboolean falling)
{
  JsonObject *tiers = json_object_get_object_member(element(self, "badges", index), "tiers");
  JsonObject *before = NULL;

  for (int order = 1; order <= PRG_N_TIERS; order++) {
    const char *name = prg_tier_from_order(order);
    JsonObject *tier;

    if (!json_object_has_member(tiers, name))
      continue;
    tier = json_object_get_object_member(tiers, name);
    if (before != NULL && (falling ? tier_number(tier, key) >= tier_number(before, key)
                                   : tier_number(tier, key) <= tier_number(before, key)))
      fail_number(self, path_of("badges[%u].tiers.%s.%s", index, name, key), tier_number(tier, key),
                  _("a harder condition than the tier below"));
    before = tier;
  }
}

static void
check_badge(References *self, guint index)
{
  JsonObject *badge = element(self, "badges", index);
  const char *measure = json_object_get_string_member(badge, "measure");
  g_autofree char *path = path_of("badges[%u]", index);

  if (g_str_equal(measure, "rate"))
    check_tier_order(self, index, "threshold",
                     g_str_equal(json_object_get_string_member(badge, "passes"), "below"));
  else if (g_str_equal(measure, "boss"))
    check_one(self, path, badge, "of", self->bosses, _("a boss of bosses"));
  else
    check_tier_order(self, index, "count", FALSE);
  if (g_str_equal(measure, "rows"))
    check_one(self, path, badge, "of", self->kinds, _("a kind of sources"));
}

static void
check_badges(References *self)
{
  g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);

  collect_section(self, "badges", "id", ids);
  collect_section(self, "bosses", "id", self->bosses);
  for (guint i = 0; i < length_of(self, "badges"); i++) {
    JsonObject *badge = element(self, "badges", i);
    JsonObject *tiers = json_object_get_object_member(badge, "tiers");

    check_badge(self, i);
    for (int order = 1; order <= PRG_N_TIERS; order++) {
      const char *tier = prg_tier_from_order(order);
      if (json_object_has_member(tiers, tier))
        g_hash_table_add(self->badges,
                         g_strconcat(json_object_get_string_member(badge, "id"), ".", tier, NULL));
    }
  }
}

static void
check_rank(References *self, guint index)
{
  JsonObject *rank = element(self, "ranks", index);
  g_autofree char *path = path_of("ranks[%u]", index);
  gint64 level = json_object_get_int_member(rank, "level");

  if (index > 0 && level < json_object_get_int_member(element(self, "ranks", index - 1), "level"))
    fail_number(self, path_of("%s.level", path), (double)level, _("at least the level of the rank before"));
  if (json_object_has_member(rank, "metric")) {
    g_autofree char *metric_path = path_of("%s.metric", path);
    check_one(self, metric_path, json_object_get_object_member(rank, "metric"), "of", self->rates,
              _("a measured rate or a ratio of reportedMetrics"));
  }
  if (json_object_has_member(rank, "mentees") && !g_hash_table_contains(self->counts, PRG_METRIC_MENTEES))
    fail_number(self, path_of("%s.mentees", path), (double)json_object_get_int_member(rank, "mentees"),
                _("no such gate, as reportedMetrics has no count “mentees”"));
  check_level(self, path, rank);
  check_list(self, path, rank, "badges", self->badges, _("a badge and tier of badges"));
  check_list(self, path, rank, "modules", self->modules, _("a module of modules"));
  check_one(self, path, rank, "boss", self->bosses, _("a boss of bosses"));
  check_one(self, path, rank, "exam", self->exams, _("an exam of exams"));
}

static void
check_ranks(References *self)
{
  g_autoptr(GHashTable) ranks = g_hash_table_new(g_str_hash, g_str_equal);
  g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);

  collect_section(self, "ranks", "rank", ranks);
  collect_section(self, "ranks", "id", ids);
  for (guint i = 0; i < length_of(self, "ranks"); i++)
    check_rank(self, i);
}

static void
check_efficiency(References *self)
{
  JsonObject *tiers = json_object_get_object_member(section(self, "efficiency"), "tiers");
  JsonObjectIter iter;
  const char *key;
  JsonNode *node;

  json_object_iter_init_ordered(&iter, tiers);
  while (json_object_iter_next_ordered(&iter, &key, &node)) {
    JsonObject *tier = json_node_get_object(node);
    double sign = g_str_equal(json_object_get_string_member(tier, "better"), "lower") ? 1 : -1;

    for (guint i = 1; i < PRG_N_RATE_TIERS; i++) {
      if (sign * tier_number(tier, prg_rate_tier_names[i]) <=
          sign * tier_number(tier, prg_rate_tier_names[i - 1]))
        fail_number(self, path_of("efficiency.tiers.%s.%s", key, prg_rate_tier_names[i]),
                    tier_number(tier, prg_rate_tier_names[i]), _("an easier threshold than the one before"));
    }
  }
}

static void
check_external(References *self)
{
  JsonObject *modules = json_object_get_object_member(section(self, "external"), "modules");
  JsonObjectIter iter;
  const char *module;

  json_object_iter_init_ordered(&iter, modules);
  while (json_object_iter_next_ordered(&iter, &module, NULL)) {
    if (!g_hash_table_contains(self->modules, module))
      fail_text(self, path_of("external.modules.%s", module), module, _("a module of modules"));
  }
}

void
prg_rules_check_references(PrgRulesCheck *check, JsonObject *root)
{
  g_autoptr(GHashTable) kinds = g_hash_table_new(g_str_hash, g_str_equal);
  g_autoptr(GHashTable) modules = g_hash_table_new(g_str_hash, g_str_equal);
  g_autoptr(GHashTable) exams = g_hash_table_new(g_str_hash, g_str_equal);
  g_autoptr(GHashTable) bosses = g_hash_table_new(g_str_hash, g_str_equal);
  g_autoptr(GHashTable) badges = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GHashTable) rates = g_hash_table_new(g_str_hash, g_str_equal);
  g_autoptr(GHashTable) counts = g_hash_table_new(g_str_hash, g_str_equal);
  References self = { check, root, kinds, modules, exams, bosses, badges, rates, counts };

  for (int i = 0; i < PRG_N_RATES; i++)
    g_hash_table_add(rates, (gpointer)prg_rate_to_string((PrgRate)i));
  check_levels(&self);
  check_sources(&self);
  check_calls(&self);
  check_specializations(&self);
  check_modules(&self);
  check_exams(&self);
  check_badges(&self);
  check_bosses(&self);
  check_reported(&self);
  check_ranks(&self);
  check_efficiency(&self);
  check_external(&self);
}

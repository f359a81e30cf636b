/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-rules-private.h"

#include "prg-rules-resource.h"
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#define BUILTIN_PATH "/org/lids/Progression/rules.json"
#define TWO_53 (G_GINT64_CONSTANT(1) << 53)

static const char *const metric_names[PRG_N_METRICS] = {
  [PRG_METRIC_DIALS] = "dials",
  [PRG_METRIC_CONNECTS] = "connects",
  [PRG_METRIC_CALLS_UNDER_30S] = "callsUnder30s",
  [PRG_METRIC_CALLS_OVER_2MIN] = "callsOver2Min",
  [PRG_METRIC_APPOINTMENTS] = "appointments",
  [PRG_METRIC_SHOWS] = "shows",
  [PRG_METRIC_DEALS] = "deals",
  [PRG_METRIC_SMS_ENROLLMENTS] = "smsEnrollments",
};

const char *
prg_metric_to_string(PrgMetric metric)
{
  return (guint)metric < PRG_N_METRICS ? metric_names[metric] : "";
}

GBytes *
prg_rules_builtin_json(void)
{
  /* Asked by name: a constructor in a static library is not linked in unless something refers to it. */
  return g_resource_lookup_data(prg_rules_get_resource(), BUILTIN_PATH, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
}

PrgRules *
prg_rules_new_builtin(void)
{
  g_autoptr(GBytes) bytes = prg_rules_builtin_json();
  gsize length = 0;
  const char *json = g_bytes_get_data(bytes, &length);

  return prg_rules_new_from_json(json, (gssize)length, BUILTIN_PATH, NULL);
}

PrgRules *
prg_rules_ref(PrgRules *self)
{
  return g_atomic_rc_box_acquire(self);
}

static void
rules_clear(gpointer data)
{
  PrgRules *self = data;

  g_array_unref(self->levels);
  g_hash_table_unref(self->aliases);
  g_hash_table_unref(self->sources);
  g_hash_table_unref(self->dispositions);
  g_hash_table_unref(self->modules);
  g_hash_table_unref(self->exams);
  g_hash_table_unref(self->bosses);
  g_hash_table_unref(self->specializations);
  g_hash_table_unref(self->bonuses);
  g_hash_table_unref(self->badge_tiers);
  g_array_unref(self->badges);
  g_hash_table_unref(self->reported_metrics);
  g_array_unref(self->ranks);
  g_hash_table_unref(self->external_modules);
  g_hash_table_unref(self->external_amounts);
  g_ptr_array_unref(self->arrays);
  g_hash_table_unref(self->names);
  g_string_chunk_free(self->strings);
}

void
prg_rules_unref(PrgRules *self)
{
  g_atomic_rc_box_release_full(self, rules_clear);
}

guint
prg_rules_get_version(const PrgRules *self)
{
  return self->version;
}

guint
prg_rules_n_levels(const PrgRules *self)
{
  return self->levels->len;
}

gint64
prg_rules_level_xp(const PrgRules *self, guint level)
{
  return g_array_index(self->levels, gint64, CLAMP(level, 1, self->levels->len) - 1);
}

gint64
prg_rules_next_level_xp(const PrgRules *self, guint level)
{
  return level < self->levels->len ? prg_rules_level_xp(self, level + 1) : 0;
}

guint
prg_rules_level_for(const PrgRules *self, gint64 xp)
{
  guint level = 1;

  while (level < self->levels->len && xp >= prg_rules_level_xp(self, level + 1))
    level++;
  return level;
}

const PrgSource *
prg_rules_find_source(const PrgRules *self, const char *kind_or_alias)
{
  const PrgSource *source = g_hash_table_lookup(self->sources, kind_or_alias);

  return source != NULL ? source : g_hash_table_lookup(self->aliases, kind_or_alias);
}

const PrgDisposition *
prg_rules_find_disposition(const PrgRules *self, const char *id)
{
  return g_hash_table_lookup(self->dispositions, id);
}

const char *const *
prg_rules_get_disposition_ids(const PrgRules *self)
{
  return self->disposition_ids;
}

gint64
prg_rules_long_call_s(const PrgRules *self)
{
  return self->long_call_s;
}

gint64
prg_rules_short_call_s(const PrgRules *self)
{
  return self->short_call_s;
}

gint
prg_rules_early_hour(const PrgRules *self)
{
  return self->early_hour;
}

const PrgModule *
prg_rules_find_module(const PrgRules *self, const char *id)
{
  return g_hash_table_lookup(self->modules, id);
}

const PrgExam *
prg_rules_find_exam(const PrgRules *self, const char *id)
{
  return g_hash_table_lookup(self->exams, id);
}

const PrgBoss *
prg_rules_find_boss(const PrgRules *self, const char *id)
{
  return g_hash_table_lookup(self->bosses, id);
}

const PrgSpecialization *
prg_rules_find_specialization(const PrgRules *self, const char *id)
{
  return g_hash_table_lookup(self->specializations, id);
}

const PrgReportedMetric *
prg_rules_find_reported_metric(const PrgRules *self, const char *id)
{
  return g_hash_table_lookup(self->reported_metrics, id);
}

gboolean
prg_reported_metric_is_valid(const PrgReportedMetric *self, double value)
{
  if (self->is_count)
    return value >= 0 && value <= PRG_MAX_REPORTED_COUNT && floor(value) == value;
  return value >= 0 && value <= 1;
}

const char *const *
prg_rules_kinds_of(const PrgRules *self, PrgMetric metric)
{
  return self->kinds_of[metric];
}

gboolean
prg_passes(const char *passes, double value, double threshold)
{
  if (g_str_equal(passes, "below"))
    return value < threshold;
  if (g_str_equal(passes, "above"))
    return value > threshold;
  return value >= threshold;
}

static const char *const tier_names[PRG_N_TIERS + 1] = { "", NC_("tier", "bronze"), NC_("tier", "silver"),
                                                         NC_("tier", "gold"), NC_("tier", "platinum") };

int
prg_tier_to_order(const char *tier)
{
  for (int order = 1; order <= PRG_N_TIERS; order++) {
    if (g_strcmp0(tier, tier_names[order]) == 0)
      return order;
  }
  return 0;
}

const char *
prg_tier_from_order(int order)
{
  return order >= 0 && order <= PRG_N_TIERS ? tier_names[order] : "";
}

guint
prg_rules_n_badges(const PrgRules *self)
{
  return self->badges->len;
}

const PrgBadge *
prg_rules_get_badge(const PrgRules *self, guint index)
{
  return &g_array_index(self->badges, PrgBadge, index);
}

gint64
prg_rules_badge_xp(const PrgRules *self, const char *badge)
{
  const PrgBadgeTier *tier = g_hash_table_lookup(self->badge_tiers, badge);

  return tier != NULL ? tier->xp : -1;
}

char *
prg_rules_normalise_rank(const char *text)
{
  GString *plain = g_string_new(NULL);

  for (; *text != '\0'; text++) {
    if (g_ascii_isalnum(*text))
      g_string_append_c(plain, g_ascii_tolower(*text));
    else if (strchr("-_ ", *text) == NULL)
      g_string_append_c(plain, *text);
  }
  return g_string_free(plain, FALSE);
}

static gboolean
is_spelling(const char *plain, const char *spelling)
{
  g_autofree char *normal = prg_rules_normalise_rank(spelling);

  return g_str_equal(plain, normal);
}

const PrgRank *
prg_rules_find_rank(const PrgRules *self, const char *text)
{
  g_autofree char *plain = prg_rules_normalise_rank(text != NULL ? text : "");

  for (guint i = 0; i < self->ranks->len; i++) {
    const PrgRank *rank = &g_array_index(self->ranks, PrgRank, i);

    if (is_spelling(plain, rank->rank) || is_spelling(plain, rank->id) || is_spelling(plain, rank->name))
      return rank;
  }
  return NULL;
}

const char *
prg_rules_canonical_rank(const PrgRules *self, const char *text)
{
  const PrgRank *rank = prg_rules_find_rank(self, text);

  return rank != NULL ? rank->rank : NULL;
}

gint
prg_rules_rank_order(const PrgRules *self, const char *rank)
{
  if (*rank == '\0')
    return 0;
  for (guint i = 0; i < self->ranks->len; i++) {
    if (g_str_equal(g_array_index(self->ranks, PrgRank, i).rank, rank))
      return (gint)i;
  }
  return -1;
}

const char *
prg_rules_lowest_rank(const PrgRules *self)
{
  return g_array_index(self->ranks, PrgRank, 0).rank;
}

const char *
prg_rules_next_rank(const PrgRules *self, const char *rank)
{
  gint order = prg_rules_rank_order(self, rank);

  return order >= 0 && (guint)order + 1 < self->ranks->len
             ? g_array_index(self->ranks, PrgRank, order + 1).rank
             : NULL;
}

const char *
prg_rules_rank_name(const PrgRules *self, const char *rank)
{
  gint order = *rank != '\0' ? prg_rules_rank_order(self, rank) : -1;

  return order >= 0 ? g_array_index(self->ranks, PrgRank, order).name : "";
}

gint64
prg_rules_specialization_bonus(const PrgRules *self, const char *specialization, const char *kind)
{
  g_autofree char *key = g_strconcat(specialization, "\n", kind, NULL);
  const gint64 *bonus = g_hash_table_lookup(self->bonuses, key);

  return bonus != NULL ? *bonus : 1000;
}

gint64
prg_rules_multiply(gint64 amount, gint64 thousandths)
{
  __int128 product = (__int128)amount * thousandths + 500;
  __int128 quotient = product / 1000 - (product % 1000 < 0 ? 1 : 0);

  return (gint64)CLAMP(quotient, -(__int128)TWO_53, (__int128)TWO_53);
}

gboolean
prg_rules_is_external_award(const PrgRules *self, gint64 amount)
{
  return g_hash_table_contains(self->external_amounts, &amount);
}

gint64
prg_rules_external_module_xp(const PrgRules *self, const char *module)
{
  const gint64 *xp = g_hash_table_lookup(self->external_modules, module);

  return xp != NULL ? *xp : 0;
}

gint64
prg_rules_max_amount(const PrgRules *self)
{
  return self->max_amount;
}

gint64
prg_rules_max_multiplier(const PrgRules *self)
{
  return self->max_multiplier;
}

gint
prg_rules_backdate_days(const PrgRules *self)
{
  return self->backdate_days;
}

gint
prg_rules_metrics_days(const PrgRules *self)
{
  return self->metrics_days;
}

gint64
prg_rules_ramp_up_dials(const PrgRules *self)
{
  return self->ramp_up_dials;
}

const char *
prg_rules_name_in(const PrgRules *self, const char *what, const char *id, const char *language)
{
  g_autofree char *key = g_strjoin("\n", what, id, language, NULL);

  return g_hash_table_lookup(self->names, key);
}

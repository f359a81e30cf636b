/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-metrics.h"
#include "prg-rules.h"
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Thresholds of a rate: elite, above, satisfactory. */
#define PRG_N_RATE_TIERS 3
typedef struct {
  gboolean is_set;
  gboolean lower_is_better;
  double thresholds[PRG_N_RATE_TIERS];
} PrgRateTiers;

struct _PrgRules {
  GStringChunk *strings; /* (owned) every string of the catalogue that is not interned */
  GPtrArray *arrays;     /* (owned) zero-terminated string arrays */
  guint version;
  GArray *levels;               /* (owned) (element-type gint64) */
  GHashTable *sources;          /* (owned) kind → PrgSource */
  GHashTable *aliases;          /* (owned) alias → PrgSource of @sources */
  GHashTable *dispositions;     /* (owned) id → PrgDisposition */
  const char **disposition_ids; /* in @arrays */
  GHashTable *modules;          /* (owned) id → PrgModule */
  GHashTable *exams;            /* (owned) id → PrgExam */
  GHashTable *bosses;           /* (owned) id → PrgBoss */
  GHashTable *specializations;  /* (owned) id → PrgSpecialization */
  GHashTable *bonuses;          /* (owned) "specialization\nkind" → gint64* thousandths */
  GHashTable *names;            /* (owned) "rank\nE-4\nde" → the name in a language */
  GArray *badges;               /* (owned) (element-type PrgBadge) in the catalogue's order */
  GHashTable *badge_tiers;      /* (owned) "badge.tier" → PrgBadgeTier of @badges */
  GHashTable *reported_metrics; /* (owned) id → PrgReportedMetric */
  GArray *ranks;                /* (owned) (element-type PrgRank) lowest first */
  PrgRateTiers rate_tiers[PRG_N_RATES];
  const char **kinds_of[PRG_N_METRICS]; /* in @arrays */
  GHashTable *external_modules;         /* (owned) module → gint64* XP */
  GHashTable *external_amounts;         /* (owned) set of gint64* */
  gint64 long_call_s;
  gint64 short_call_s;
  gint early_hour;
  gint64 max_amount;
  gint64 max_multiplier;
  gint backdate_days;
  gint metrics_days;
  gint64 ramp_up_dials;
};

/* "E-4", "e4" and "e 4" alike. Returns: (transfer full) */
char *prg_rules_normalise_rank(const char *text);

extern const char *const prg_rate_tier_names[PRG_N_RATE_TIERS]; /* best first */

/* What a check reports into. It goes on after a fault, so that a person hears of all of them at once. */
typedef struct {
  GHashTable *lines; /* path → line */
  GPtrArray *faults; /* (element-type PrgRulesFault) */
} PrgRulesCheck;

/* @problem: "found …, expected …"; @path "" = the whole file. */
void prg_rules_check_tell(PrgRulesCheck *self, guint line, const char *path, const char *problem);
/* The same with the line of @path, or of what is around it. */
void prg_rules_check_fail(PrgRulesCheck *self, const char *path, const char *found, const char *expected);
/* Types, ranges, formats and keys of the whole catalogue, by table. What it lets through without a fault may be read without
 * further tests. */
void prg_rules_check_shape(PrgRulesCheck *self, JsonNode *root);
/* Everything that needs two places of the catalogue: order, unique ids, references. The shape is right. */
void prg_rules_check_references(PrgRulesCheck *self, JsonObject *root);
/* No award larger than limits.maxAmount. The shape is right. */
void prg_rules_check_limits(PrgRulesCheck *self, JsonObject *root);

G_END_DECLS

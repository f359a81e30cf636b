/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define PRG_RULES_MAX_BYTES (4 * 1024 * 1024) /* of a catalogue's text */

/* Daily counters, in the order and by the names of the domain. */
typedef enum {
  PRG_METRIC_DIALS,
  PRG_METRIC_CONNECTS,
  PRG_METRIC_CALLS_UNDER_30S,
  PRG_METRIC_CALLS_OVER_2MIN,
  PRG_METRIC_APPOINTMENTS,
  PRG_METRIC_SHOWS,
  PRG_METRIC_DEALS,
  PRG_METRIC_SMS_ENROLLMENTS,
} PrgMetric;
#define PRG_N_METRICS 8
#define PRG_METRIC_NONE (-1)

const char *prg_metric_to_string(PrgMetric metric); /* "dials", "connects", "callsUnder30s", … */

/**
 * PrgRules: the catalogue: levels, XP sources, modules, badges, ranks … Immutable, reference counted.
 */
typedef struct _PrgRules PrgRules;

/* One thing that is wrong with a catalogue. */
typedef struct {
  guint line;    /* from 1: of the key, or of what is around a missing one */
  char *path;    /* (owned) the key: "badges[0].tiers.bronze", or "the whole file" */
  char *problem; /* (owned) "found …, expected …" */
} PrgRulesFault;
void prg_rules_fault_free(PrgRulesFault *self);

/* Parses and checks a whole catalogue. @faults: (element-type PrgRulesFault) takes everything that is wrong: of a text that is no JSON the
 * first place; order, ids and references only once all keys and values are right by themselves. Returns: (transfer full) (nullable) NULL
 * if there is any */
PrgRules *prg_rules_parse(const char *json, gsize length, GPtrArray *faults);
/* The same for those who need the first fault alone. @name is used in messages (a file name). The message of an error says file, line,
 * key, what was found and what was expected; PRG_ERROR_INVALID_ARGUMENT. Returns: (transfer full) (nullable) */
PrgRules *prg_rules_new_from_json(const char *json, gssize length, const char *name, GError **error);
/* The built-in catalogue (GResource /org/lids/Progression/rules.json). Never fails. Returns: (transfer full) */
PrgRules *prg_rules_new_builtin(void);
GBytes *prg_rules_builtin_json(void); /* (transfer full) its text */
PrgRules *prg_rules_ref(PrgRules *self);
void prg_rules_unref(PrgRules *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgRules, prg_rules_unref)

guint prg_rules_get_version(const PrgRules *self); /* the catalogue's own version number, from 1 */

/* Levels: 1 … count. */
guint prg_rules_level_for(const PrgRules *self, gint64 xp);
guint prg_rules_n_levels(const PrgRules *self);
gint64 prg_rules_level_xp(const PrgRules *self, guint level);      /* XP at which @level starts */
gint64 prg_rules_next_level_xp(const PrgRules *self, guint level); /* 0 at the top */

/* One event type. */
typedef struct {
  const char *kind; /* interned */
  gint64 xp;
  int metric;         /* PrgMetric it counts into, or PRG_METRIC_NONE */
  gboolean activity;  /* makes its local day active */
  gboolean pays_once; /* id is v5(member, kind, ref) */
  gboolean derived;   /* only derive() makes it */
  const char *method; /* the D-Bus method that makes it, "" = AddXP (interned) */
} PrgSource;

/* Resolves aliases ("dial" → dial_made). Returns: (nullable) (transfer none) */
const PrgSource *prg_rules_find_source(const PrgRules *self, const char *kind_or_alias);

typedef struct {
  const char *id; /* disposition, interned */
  gboolean connected;
  const char *const *kinds; /* (array zero-terminated=1) rows it makes besides dial_made, in order */
} PrgDisposition;
const PrgDisposition *prg_rules_find_disposition(const PrgRules *self, const char *id); /* (nullable) */
const char *const *prg_rules_get_disposition_ids(const PrgRules *self);
gint64
prg_rules_long_call_s(const PrgRules *self); /* a connected call of at least this is two_plus_minute_call */
gint64 prg_rules_short_call_s(
    const PrgRules *self); /* a connected call of less than this is under_thirty_second_call */
gint prg_rules_early_hour(const PrgRules *self); /* a call before this local hour is early_call too */

typedef struct {
  const char *id;
  double pass_score; /* 0–1 */
  gint64 xp;
  const char *const *needs; /* ids that must be completed before */
} PrgModule;
const PrgModule *prg_rules_find_module(const PrgRules *self, const char *id); /* (nullable) */

typedef struct {
  const char *id;
  double pass_score;  /* 0–1 */
  double elite_score; /* from this on elite_exam_bonus is paid */
} PrgExam;
const PrgExam *prg_rules_find_exam(const PrgRules *self, const char *id); /* (nullable) */

typedef struct {
  const char *id;
  guint unlock_level;
  gint64 xp;
  const char *badge; /* `badge.tier` or "" */
  const char *title; /* or "" */
} PrgBoss;
const PrgBoss *prg_rules_find_boss(const PrgRules *self, const char *id); /* (nullable) */

/* "at-least", "below" or "above" (both strictly). */
gboolean prg_passes(const char *passes, double value, double threshold);

/* Tiers of badges: 1 = "bronze", 2 = "silver", 3 = "gold", 4 = "platinum", 0 = "" or anything else. */
#define PRG_N_TIERS 4
int prg_tier_to_order(const char *tier);
const char *prg_tier_from_order(int order); /* "" out of range */

/* What decides about a badge's tiers. None of it is XP or level, so that no award waits for another. */
typedef enum {
  PRG_MEASURE_RATE,   /* a rate over a window below or above a threshold */
  PRG_MEASURE_WITHIN, /* at least so much of one daily counter within so much of another */
  PRG_MEASURE_ROWS,   /* events of a kind, over the rep's whole life */
  PRG_MEASURE_DEALS,  /* closed deals, whoever closed them */
  PRG_MEASURE_STREAK, /* consecutive active days */
  PRG_MEASURE_BOSS,   /* a defeated boss */
} PrgMeasureKind;

typedef struct {
  const char *tier; /* "bronze" … */
  const char *id;   /* "closer.gold" */
  gint64 xp;
  gint64 count;     /* WITHIN, ROWS, DEALS, STREAK */
  gint64 within;    /* WITHIN */
  double threshold; /* RATE */
  gint days;        /* RATE, WITHIN: the window; 0 = the rep's whole life */
  gint64 minimum;   /* RATE: least denominator, 0 = any */
} PrgBadgeTier;

typedef struct {
  const char *id;
  const char *name; /* for people */
  PrgMeasureKind measure;
  int of;                    /* RATE: PrgRate; WITHIN: PrgMetric */
  int among;                 /* WITHIN: PrgMetric */
  const char *subject;       /* ROWS: the kind (interned); BOSS: the boss; else "" */
  const char *passes;        /* RATE: "below" or "above", both strictly; else "at-least" */
  const PrgBadgeTier *tiers; /* (array length=n_tiers) lowest first */
  guint n_tiers;
} PrgBadge;
guint prg_rules_n_badges(const PrgRules *self);
const PrgBadge *prg_rules_get_badge(const PrgRules *self, guint index); /* in the catalogue's order */

/* XP of a `badge.tier`, -1 if the catalogue does not know it. */
gint64 prg_rules_badge_xp(const PrgRules *self, const char *badge);

/* A rank and its gates. */
typedef struct {
  const char *rank; /* "E-4" */
  const char *id;   /* "operative" */
  const char *name; /* for people */
  guint level;
  gint64 deals;
  const char *const *badges;  /* (array zero-terminated=1) `badge.tier` */
  const char *const *modules; /* (array zero-terminated=1) */
  const char *metric;         /* a measured rate or a reported metric, "" = none */
  const char *metric_passes;  /* "below" or "above", both strictly */
  double metric_threshold;
  const char *boss;          /* "" = none */
  const char *exam;          /* "" = none */
  const char *certification; /* "" = none */
  gint64 mentees;            /* 0 = none */
} PrgRank;
/* Any spelling of a rank: "E-4", "e4", "operative". Returns: (nullable) (transfer none) */
const PrgRank *prg_rules_find_rank(const PrgRules *self, const char *text);
/* "E-4" for any spelling of a rank; NULL if unknown. */
const char *prg_rules_canonical_rank(const PrgRules *self, const char *text);
const char *prg_rules_rank_name(const PrgRules *self, const char *rank); /* display name, "" if unknown */
/* From 0 for the lowest rank; "" (a record without a rank) counts as the lowest; -1 = unknown. */
gint prg_rules_rank_order(const PrgRules *self, const char *rank);
const char *prg_rules_lowest_rank(const PrgRules *self);
/* The rank above @rank ("" counts as the lowest). Returns: (nullable) NULL at the top, and for an unknown one */
const char *prg_rules_next_rank(const PrgRules *self, const char *rank);

typedef struct {
  const char *id;
  const char *name;   /* for people */
  guint unlock_level; /* may be chosen from this level on */
} PrgSpecialization;
const PrgSpecialization *prg_rules_find_specialization(const PrgRules *self, const char *id); /* (nullable) */

/* A metric that ReportMetric may report: gates need it and nothing here measures it. */
typedef struct {
  const char *id;
  gboolean is_count; /* a whole number from 0 on; else a ratio from 0 to 1 */
} PrgReportedMetric;
const PrgReportedMetric *prg_rules_find_reported_metric(const PrgRules *self,
                                                        const char *id); /* (nullable) */
#define PRG_METRIC_MENTEES "mentees" /* the reported metric that the gate of that name reads */
#define PRG_MAX_REPORTED_COUNT 1000000
/* Whether @value is one that @metric may have. */
gboolean prg_reported_metric_is_valid(const PrgReportedMetric *self, double value);

/* Every kind of event that counts into @metric. Returns: (array zero-terminated=1) (transfer none) interned */
const char *const *prg_rules_kinds_of(const PrgRules *self, PrgMetric metric);

/* The name that the catalogue itself gives in @language ("de", "pt_BR") to a PRG_NAME_…: a rank by its `rank`, the others by id.
 * Returns: (nullable) (transfer none) NULL: it has none, `name` and its translation hold */
#define PRG_NAME_RANK "rank"
#define PRG_NAME_BADGE "badge"
#define PRG_NAME_SPECIALIZATION "specialization"
const char *prg_rules_name_in(const PrgRules *self, const char *what, const char *id, const char *language);

/* The multiplier in thousandths that @specialization gives @kind; 1000 = none. */
gint64 prg_rules_specialization_bonus(const PrgRules *self, const char *specialization, const char *kind);
/* One multiplication step: nearest integer, half up; saturates at ±2^53. */
gint64 prg_rules_multiply(gint64 amount, gint64 thousandths);

/* Sizes of the awards other programs make to totalXp. */
gboolean prg_rules_is_external_award(const PrgRules *self, gint64 amount);
/* XP that another program pays for a module; 0 = unknown module. */
gint64 prg_rules_external_module_xp(const PrgRules *self, const char *module);

/* Limits. */
gint64 prg_rules_max_amount(const PrgRules *self);     /* largest XP of one event */
gint64 prg_rules_max_multiplier(const PrgRules *self); /* thousandths */
gint prg_rules_backdate_days(const PrgRules *self);    /* how old occurred-at may be */
gint prg_rules_metrics_days(const PrgRules *self);     /* window of the efficiency metrics */
gint64 prg_rules_ramp_up_dials(const PrgRules *self);

G_END_DECLS

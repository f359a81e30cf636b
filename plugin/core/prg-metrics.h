/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-rules.h"
#include "prg-view.h"

G_BEGIN_DECLS

/* The five rates of the domain, in its order. */
typedef enum {
  PRG_RATE_SUB_30S_DROP,
  PRG_RATE_CALL_TO_APPT,
  PRG_RATE_TWO_PLUS_MIN,
  PRG_RATE_SHOW,
  PRG_RATE_SMS_ENROLLMENT,
} PrgRate;
#define PRG_N_RATES 5

const char *prg_rate_to_string(PrgRate rate); /* as gates and badges name it: "sub_30s_drop_rate" … */
const char *prg_rate_to_key(PrgRate rate);    /* as efficiencyMetrics names it: "sub30sDropRate" … */
PrgMetric prg_rate_numerator(PrgRate rate);
PrgMetric prg_rate_denominator(PrgRate rate);

/* What a window of local days adds up to. */
typedef struct {
  gint64 totals[PRG_N_METRICS]; /* daily counters, a day's counter below 0 counts as 0 */
  gboolean known[PRG_N_RATES];  /* FALSE: the denominator is 0, the rate is unknown, not 0 */
  double rates[PRG_N_RATES];    /* 0–1 */
  gint64 denominators[PRG_N_RATES];
  gboolean ramp_up; /* too few dials in the window: shown, not judged */
} PrgMetrics;

/* The @days local days that end with @last_day ("YYYY-MM-DD"). Pure. */
void prg_metrics_over(const PrgView *view,
                      const PrgRules *rules,
                      const char *last_day,
                      gint days,
                      PrgMetrics *metrics);

/* The same over the rep's whole life, from the counts of rows: also of those that this machine never held. */
void prg_metrics_over_life(const PrgView *view, const PrgRules *rules, PrgMetrics *metrics);

/* How good a value of @rate is: "elite", "above", "satisfactory" (a boundary belongs to the better tier), "" = below all. For a
 * rate that is known, and outside ramp-up; who asks looks at that. */
const char *prg_metrics_tier(const PrgRules *rules, PrgRate rate, double value);

/* A metric by the name that gates use. */
typedef struct {
  gboolean known;
  double value;     /* 0 if unknown */
  gboolean ramp_up; /* a measured rate that is not judged now */
} PrgMetricValue;
/* @metric as it stands at @today: a measured rate over the catalogue's window; else what was reported last (ReportMetric); else the key of the
 * record's efficiencyMetrics, in the catalogue's spelling or in camelCase (`cadenceCompletion`), if it is a number that the metric
 * may have. Call after prg_view_finish(). */
PrgMetricValue
prg_metrics_find(const PrgView *view, const PrgRules *rules, const char *metric, const char *today);

/* The text of `efficiencyMetrics`: the rates known, lastCalculated = @calculated_at (µs UTC), and the keys of
 * @existing that are not ours. @existing (nullable) may be anything; what is no JSON object is dropped.
 * Returns: (transfer full) */
char *prg_metrics_to_json(const PrgMetrics *metrics, const char *existing, gint64 calculated_at);

G_END_DECLS

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

/* What a window of local days adds up to. */
typedef struct {
  gint64 totals[PRG_N_METRICS]; /* daily counters, a day's counter below 0 counts as 0 */
  gboolean known[PRG_N_RATES];  /* FALSE: the denominator is 0, the rate is unknown, not 0 */
  double rates[PRG_N_RATES];    /* 0–1 */
  gboolean ramp_up;             /* too few dials in the window: shown, not judged */
} PrgMetrics;

/* The @days local days that end with @last_day ("YYYY-MM-DD"). Pure. */
void prg_metrics_over(const PrgView *view,
                      const PrgRules *rules,
                      const char *last_day,
                      gint days,
                      PrgMetrics *metrics);

/* The text of `efficiencyMetrics`: the rates known, lastCalculated = @calculated_at (µs UTC), and the keys of
 * @existing that are not ours. @existing (nullable) may be anything; what is no JSON object is dropped.
 * Returns: (transfer full) */
char *prg_metrics_to_json(const PrgMetrics *metrics, const char *existing, gint64 calculated_at);

G_END_DECLS

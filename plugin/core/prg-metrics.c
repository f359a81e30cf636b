/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-metrics.h"

#include "prg-calendar.h"
#include "prg-json.h"
#include <string.h>

#define LAST_CALCULATED "lastCalculated"

static const struct {
  const char *name; /* in gates and badges */
  const char *key;  /* in efficiencyMetrics */
  PrgMetric numerator, denominator;
} rate_table[PRG_N_RATES] = {
  [PRG_RATE_SUB_30S_DROP] = { "sub_30s_drop_rate", "sub30sDropRate", PRG_METRIC_CALLS_UNDER_30S,
                              PRG_METRIC_CONNECTS },
  [PRG_RATE_CALL_TO_APPT] = { "call_to_appt_rate", "callToApptRate", PRG_METRIC_APPOINTMENTS,
                              PRG_METRIC_CONNECTS },
  [PRG_RATE_TWO_PLUS_MIN] = { "two_plus_min_rate", "twoPlusMinRate", PRG_METRIC_CALLS_OVER_2MIN,
                              PRG_METRIC_CONNECTS },
  [PRG_RATE_SHOW] = { "show_rate", "showRate", PRG_METRIC_SHOWS, PRG_METRIC_APPOINTMENTS },
  [PRG_RATE_SMS_ENROLLMENT] = { "sms_enrollment_rate", "smsEnrollmentRate", PRG_METRIC_SMS_ENROLLMENTS,
                                PRG_METRIC_CONNECTS },
};

const char *
prg_rate_to_string(PrgRate rate)
{
  return (guint)rate < PRG_N_RATES ? rate_table[rate].name : "";
}

const char *
prg_rate_to_key(PrgRate rate)
{
  return (guint)rate < PRG_N_RATES ? rate_table[rate].key : "";
}

static void
add_day(PrgMetrics *metrics, const PrgDay *day)
{
  for (int i = 0; i < PRG_N_METRICS; i++)
    metrics->totals[i] += MIN(prg_day_get_counter(day, (PrgMetric)i), G_MAXINT32);
}

void
prg_metrics_over(const PrgView *view,
                 const PrgRules *rules,
                 const char *last_day,
                 gint days,
                 PrgMetrics *metrics)
{
  gint last;

  memset(metrics, 0, sizeof *metrics);
  for (gint back = 0; prg_day_parse(last_day, &last) && back < days && back <= last; back++) {
    g_autofree char *day = prg_day_format(last - back);
    const PrgDay *found = prg_view_get_day(view, day);

    if (found != NULL)
      add_day(metrics, found);
  }
  for (int i = 0; i < PRG_N_RATES; i++) {
    gint64 denominator = metrics->totals[rate_table[i].denominator];

    metrics->known[i] = denominator > 0;
    /* An appointment of last week may be held this week: more shows than appointments are still a rate of 1.
     */
    if (denominator > 0)
      metrics->rates[i] = MIN((double)metrics->totals[rate_table[i].numerator] / (double)denominator, 1.0);
  }
  metrics->ramp_up = metrics->totals[PRG_METRIC_DIALS] < prg_rules_ramp_up_dials(rules);
}

static gboolean
is_ours(const char *key)
{
  for (int i = 0; i < PRG_N_RATES; i++) {
    if (g_str_equal(key, rate_table[i].key))
      return TRUE;
  }
  return g_str_equal(key, LAST_CALCULATED);
}

static void
keep_foreign_keys(JsonObject *object, const char *existing)
{
  g_autoptr(JsonNode) root = existing != NULL ? prg_json_parse_object(existing, strlen(existing)) : NULL;
  JsonObjectIter iter;
  const char *key;
  JsonNode *node;

  if (root == NULL)
    return;
  json_object_iter_init_ordered(&iter, json_node_get_object(root));
  while (json_object_iter_next_ordered(&iter, &key, &node)) {
    if (!is_ours(key))
      json_object_set_member(object, key, json_node_copy(node));
  }
}

char *
prg_metrics_to_json(const PrgMetrics *metrics, const char *existing, gint64 calculated_at)
{
  g_autoptr(JsonObject) object = json_object_new();
  g_autofree char *instant = prg_instant_format(calculated_at);

  for (int i = 0; i < PRG_N_RATES; i++) {
    if (metrics->known[i])
      json_object_set_double_member(object, rate_table[i].key, metrics->rates[i]);
  }
  json_object_set_string_member(object, LAST_CALCULATED, instant);
  keep_foreign_keys(object, existing);
  return prg_json_print_object(object);
}

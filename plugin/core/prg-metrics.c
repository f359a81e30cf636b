/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-metrics.h"

#include "prg-calendar.h"
#include "prg-json.h"
#include "prg-rules-private.h"
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

PrgMetric
prg_rate_numerator(PrgRate rate)
{
  return rate_table[rate].numerator;
}

PrgMetric
prg_rate_denominator(PrgRate rate)
{
  return rate_table[rate].denominator;
}

static void
add_day(PrgMetrics *metrics, const PrgDay *day)
{
  for (int i = 0; i < PRG_N_METRICS; i++)
    metrics->totals[i] += MIN(prg_day_get_counter(day, (PrgMetric)i), G_MAXINT32);
}

static void
take_rates(PrgMetrics *metrics, const PrgRules *rules)
{
  for (int i = 0; i < PRG_N_RATES; i++) {
    gint64 denominator = metrics->totals[rate_table[i].denominator];

    metrics->denominators[i] = denominator;
    metrics->known[i] = denominator > 0;
    /* An appointment of last week may be held this week: more shows than appointments are still a rate of 1. */
    if (denominator > 0)
      metrics->rates[i] = MIN((double)metrics->totals[rate_table[i].numerator] / (double)denominator, 1.0);
  }
  metrics->ramp_up = metrics->totals[PRG_METRIC_DIALS] < prg_rules_ramp_up_dials(rules);
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
  take_rates(metrics, rules);
}

void
prg_metrics_over_life(const PrgView *view, const PrgRules *rules, PrgMetrics *metrics)
{
  memset(metrics, 0, sizeof *metrics);
  for (int i = 0; i < PRG_N_METRICS; i++) {
    const char *const *kinds = prg_rules_kinds_of(rules, (PrgMetric)i);

    for (guint k = 0; kinds[k] != NULL; k++)
      metrics->totals[i] += MIN(prg_view_get_kind_count(view, kinds[k]), G_MAXINT32);
  }
  take_rates(metrics, rules);
}

const char *
prg_metrics_tier(const PrgRules *rules, PrgRate rate, double value)
{
  const PrgRateTiers *tiers = &rules->rate_tiers[rate];

  for (int i = 0; tiers->is_set && i < PRG_N_RATE_TIERS; i++) {
    if (tiers->lower_is_better ? value <= tiers->thresholds[i] : value >= tiers->thresholds[i])
      return prg_rate_tier_names[i];
  }
  return "";
}

/* "cadence_completion" → "cadenceCompletion" */
static char *
camel_case(const char *name)
{
  GString *text = g_string_new(NULL);
  gboolean raise = FALSE;

  for (; *name != '\0'; name++) {
    if (*name != '_')
      g_string_append_c(text, raise ? g_ascii_toupper(*name) : *name);
    raise = *name == '_';
  }
  return g_string_free(text, FALSE);
}

/* A number among the record's efficiencyMetrics that is not ours. */
static gboolean
find_in_record(const PrgView *view, const PrgReportedMetric *metric, double *value)
{
  const char *text = view->record->efficiency_metrics;
  g_autoptr(JsonNode) root = prg_json_parse_object(text, strlen(text));
  g_autofree char *camel = camel_case(metric->id);
  const char *keys[] = { metric->id, camel };

  for (guint i = 0; root != NULL && i < G_N_ELEMENTS(keys); i++) {
    JsonNode *node = json_object_get_member(json_node_get_object(root), keys[i]);

    if (node == NULL || !JSON_NODE_HOLDS_VALUE(node) ||
        (json_node_get_value_type(node) != G_TYPE_INT64 && json_node_get_value_type(node) != G_TYPE_DOUBLE))
      continue;
    *value = json_node_get_double(node);
    if (prg_reported_metric_is_valid(metric, *value))
      return TRUE;
  }
  return FALSE;
}

static PrgMetricValue
find_reported(const PrgView *view, const PrgReportedMetric *metric)
{
  const PrgReported *reported = g_hash_table_lookup(view->reported, metric->id);
  PrgMetricValue found = { FALSE, 0, FALSE };

  if (reported != NULL && prg_reported_metric_is_valid(metric, reported->value))
    found = (PrgMetricValue){ TRUE, reported->value, FALSE };
  else if (find_in_record(view, metric, &found.value))
    found.known = TRUE;
  else
    found.value = 0;
  return found;
}

PrgMetricValue
prg_metrics_find(const PrgView *view, const PrgRules *rules, const char *metric, const char *today)
{
  const PrgReportedMetric *reported = prg_rules_find_reported_metric(rules, metric);
  PrgMetrics metrics;

  if (reported != NULL)
    return find_reported(view, reported);
  prg_metrics_over(view, rules, today, prg_rules_metrics_days(rules), &metrics);
  for (int i = 0; i < PRG_N_RATES; i++) {
    if (g_str_equal(metric, rate_table[i].name))
      return (PrgMetricValue){ metrics.known[i], metrics.rates[i], metrics.ramp_up };
  }
  return (PrgMetricValue){ FALSE, 0, FALSE };
}

static gboolean
is_ours(const char *key, gsize length)
{
  for (int i = 0; i < PRG_N_RATES; i++) {
    if (strlen(rate_table[i].key) == length && memcmp(key, rate_table[i].key, length) == 0)
      return TRUE;
  }
  return length == strlen(LAST_CALCULATED) && memcmp(key, LAST_CALCULATED, length) == 0;
}

/* Whether @text has no key of other programs. It nearly always is our own text from before, and parsing costs far more than this look:
 * every comma that may separate two keys must be followed by a key of ours. In doubt FALSE. */
static gboolean
holds_only_ours(const char *text)
{
  for (char expected = '{'; *text == expected; expected = ',') {
    const char *key = text + 1;
    const char *end = *key == '"' ? strchr(key + 1, '"') : NULL;

    if (end == NULL || end[1] != ':' || !is_ours(key + 1, (gsize)(end - key - 1)))
      return FALSE;
    text = end + strcspn(end, ",}");
  }
  return text[0] == '}' && text[1] == '\0';
}

static void
put_key(GString *text, const char *key)
{
  g_string_append_printf(text, "%c\"%s\":", text->len == 0 ? '{' : ',', key);
}

static void
put_double(GString *text, double value)
{
  char digits[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append(text, g_ascii_dtostr(digits, sizeof digits, value));
  if (strpbrk(digits, ".en") == NULL) /* still a double for who reads it */
    g_string_append(text, ".0");
}

static void
put_foreign_keys(GString *text, const char *existing)
{
  g_autoptr(JsonNode) root = prg_json_parse_object(existing, strlen(existing));
  JsonObjectIter iter;
  const char *key;
  JsonNode *node;

  if (root == NULL)
    return;
  json_object_iter_init_ordered(&iter, json_node_get_object(root));
  while (json_object_iter_next_ordered(&iter, &key, &node)) {
    g_autofree char *quoted = prg_json_quote(key);
    g_autofree char *value = json_to_string(node, FALSE);

    if (!is_ours(key, strlen(key)))
      g_string_append_printf(text, ",%s:%s", quoted, value);
  }
}

char *
prg_metrics_to_json(const PrgMetrics *metrics, const char *existing, gint64 calculated_at)
{
  GString *text = g_string_new(NULL);
  g_autofree char *instant = prg_instant_format(calculated_at);

  for (int i = 0; i < PRG_N_RATES; i++) {
    if (!metrics->known[i])
      continue;
    put_key(text, rate_table[i].key);
    put_double(text, metrics->rates[i]);
  }
  put_key(text, LAST_CALCULATED);
  g_string_append_printf(text, "\"%s\"", instant);
  if (existing != NULL && *existing != '\0' && !holds_only_ours(existing))
    put_foreign_keys(text, existing);
  g_string_append_c(text, '}');
  return g_string_free(text, FALSE);
}

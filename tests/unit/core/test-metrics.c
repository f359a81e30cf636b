/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core-helpers.h"
#include "prg-metrics.h"
#include <json-glib/json-glib.h>

static PrgRules *rules;

static void
test_names(void)
{
  static const char *const names[][2] = {
    { "sub_30s_drop_rate", "sub30sDropRate" },      { "call_to_appt_rate", "callToApptRate" },
    { "two_plus_min_rate", "twoPlusMinRate" },      { "show_rate", "showRate" },
    { "sms_enrollment_rate", "smsEnrollmentRate" },
  };

  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    g_assert_cmpstr(prg_rate_to_string((PrgRate)i), ==, names[i][0]);
    g_assert_cmpstr(prg_rate_to_key((PrgRate)i), ==, names[i][1]);
  }
}

static void
test_rates(void)
{
  g_autoptr(PrgView) view = prg_view_new();
  PrgMetrics metrics;

  apply_rows(view, rules, "dial_made", 100, 0);
  apply_rows(view, rules, "dial_made", 100, 6);
  apply_rows(view, rules, "call_connected", 40, 3);
  apply_rows(view, rules, "under_thirty_second_call", 10, 3);
  apply_rows(view, rules, "two_plus_minute_call", 20, 2);
  apply_rows(view, rules, "appointment_set", 4, 1);
  apply_rows(view, rules, "appointment_held", 3, 0);
  apply_rows(view, rules, "sms_enrollment", 2, 0);
  prg_metrics_over(view, rules, TODAY, 7, &metrics);
  for (int i = 0; i < PRG_N_RATES; i++)
    g_assert_true(metrics.known[i]);
  g_assert_cmpfloat(metrics.rates[PRG_RATE_SUB_30S_DROP], ==, 0.25);
  g_assert_cmpfloat(metrics.rates[PRG_RATE_CALL_TO_APPT], ==, 0.1);
  g_assert_cmpfloat(metrics.rates[PRG_RATE_TWO_PLUS_MIN], ==, 0.5);
  g_assert_cmpfloat(metrics.rates[PRG_RATE_SHOW], ==, 0.75);
  g_assert_cmpfloat(metrics.rates[PRG_RATE_SMS_ENROLLMENT], ==, 0.05);
  g_assert_cmpint(metrics.totals[PRG_METRIC_DIALS], ==, 200);
  g_assert_false(metrics.ramp_up);
}

/* Seven days: today and the six before it. */
static void
test_window(void)
{
  g_autoptr(PrgView) view = prg_view_new();
  PrgMetrics metrics;

  apply_rows(view, rules, "dial_made", 1, -1);
  apply_rows(view, rules, "dial_made", 2, 0);
  apply_rows(view, rules, "dial_made", 4, 6);
  apply_rows(view, rules, "dial_made", 8, 7);
  prg_metrics_over(view, rules, TODAY, 7, &metrics);
  g_assert_cmpint(metrics.totals[PRG_METRIC_DIALS], ==, 6);
  prg_metrics_over(view, rules, TODAY, 1, &metrics);
  g_assert_cmpint(metrics.totals[PRG_METRIC_DIALS], ==, 2);
  prg_metrics_over(view, rules, "2026-11-21", 9, &metrics);
  g_assert_cmpint(metrics.totals[PRG_METRIC_DIALS], ==, 15);
  prg_metrics_over(view, rules, "1970-01-03", 7, &metrics);
  g_assert_cmpint(metrics.totals[PRG_METRIC_DIALS], ==, 0);
  prg_metrics_over(view, rules, "no day", 7, &metrics);
  g_assert_cmpint(metrics.totals[PRG_METRIC_DIALS], ==, 0);
}

static void
test_unknown_and_ramp_up(void)
{
  g_autoptr(PrgView) view = prg_view_new();
  PrgMetrics metrics;

  apply_rows(view, rules, "dial_made", 199, 0);
  apply_rows(view, rules, "appointment_set", 2, 0);
  prg_metrics_over(view, rules, TODAY, 7, &metrics);
  g_assert_false(metrics.known[PRG_RATE_SUB_30S_DROP]);
  g_assert_false(metrics.known[PRG_RATE_CALL_TO_APPT]);
  g_assert_false(metrics.known[PRG_RATE_TWO_PLUS_MIN]);
  g_assert_true(metrics.known[PRG_RATE_SHOW]);
  g_assert_cmpfloat(metrics.rates[PRG_RATE_SHOW], ==, 0);
  g_assert_false(metrics.known[PRG_RATE_SMS_ENROLLMENT]);
  g_assert_true(metrics.ramp_up);
  apply_rows(view, rules, "dial_made", 1, 0);
  prg_metrics_over(view, rules, TODAY, 7, &metrics);
  g_assert_false(metrics.ramp_up);
}

/* Shows of older appointments, and corrections that came before what they correct. */
static void
test_ratios_stay_ratios(void)
{
  g_autoptr(PrgView) view = prg_view_new();
  const PrgOperation early = { .kind = "correction",
                               .local_day = TODAY,
                               .details = "{\"counters\":{\"connects\":-3}}" };
  g_autoptr(PrgOperation) correction = prg_operation_new(&early);
  PrgMetrics metrics;

  apply_rows(view, rules, "appointment_set", 1, 0);
  apply_rows(view, rules, "appointment_held", 3, 0);
  apply_rows(view, rules, "call_connected", 2, 1);
  prg_apply(view, rules, correction, PRG_APPLY_NEW);
  prg_metrics_over(view, rules, TODAY, 7, &metrics);
  g_assert_cmpfloat(metrics.rates[PRG_RATE_SHOW], ==, 1);
  g_assert_cmpint(metrics.totals[PRG_METRIC_CONNECTS], ==, 2);
  g_assert_cmpfloat(metrics.rates[PRG_RATE_CALL_TO_APPT], ==, 0.5);
}

static JsonObject *
parse(JsonParser *parser, const char *text)
{
  g_assert_true(json_parser_load_from_data(parser, text, -1, NULL));
  return json_node_get_object(json_parser_get_root(parser));
}

static void
test_json(void)
{
  g_autoptr(PrgView) view = prg_view_new();
  g_autoptr(JsonParser) parser = json_parser_new();
  g_autofree char *text = NULL;
  PrgMetrics metrics;
  JsonObject *object;

  apply_rows(view, rules, "call_connected", 4, 0);
  apply_rows(view, rules, "two_plus_minute_call", 1, 0);
  prg_metrics_over(view, rules, TODAY, 7, &metrics);
  text = prg_metrics_to_json(&metrics,
                             "{\"showRate\": 85, \"team_conversion\": 0.07, \"lastCalculated\": \"never\","
                             " \"nested\": {\"a\": [1, null]}, \"twoPlusMinRate\": 9}",
                             NOW);
  object = parse(parser, text);
  g_assert_cmpfloat(json_object_get_double_member(object, "twoPlusMinRate"), ==, 0.25);
  g_assert_cmpfloat(json_object_get_double_member(object, "callToApptRate"), ==, 0);
  g_assert_false(json_object_has_member(object, "showRate"));
  g_assert_cmpfloat(json_object_get_double_member(object, "team_conversion"), ==, 0.07);
  g_assert_true(json_object_has_member(object, "nested"));
  g_assert_cmpstr(json_object_get_string_member(object, "lastCalculated"), ==, "2026-11-20T10:00:00.000Z");
  g_assert_cmpuint(json_object_get_size(object), ==, 7);
}

/* A key of another program is kept, wherever it hides among ours. */
static void
test_json_keeps_foreign_keys(void)
{
  const char *const texts[] = {
    "{\"x\":1}",
    "{\"x\":1,\"showRate\":0.5}",
    "{\"showRate\":0.5,\"x\":1}",
    "{\"showRate\":0.5, \"x\":1}",
    "{\"showRate\":\"a,\",\"x\":1}",
    "{\"showRate\":{\"showRate\":2},\"x\":1}",
    "{\"showRate\":[1,2],\"x\":1}",
    "{\"lastCalculated\":\"}\",\"x\":1}",
    " {\"lastCalculated\":\"\",\"x\":1}",
  };

  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    PrgMetrics metrics = { 0 };
    g_autofree char *text = prg_metrics_to_json(&metrics, texts[i], NOW);
    g_autofree char *again = prg_metrics_to_json(&metrics, text, NOW);

    g_assert_cmpstr(text, ==, "{\"lastCalculated\":\"2026-11-20T10:00:00.000Z\",\"x\":1}");
    g_assert_cmpstr(again, ==, text);
  }
}

static void
test_json_of_hostile_text(void)
{
  g_autofree char *deep = g_strnfill(200000, '[');
  const char *const texts[] = { NULL,          "",         "null",    "[]", "7", "{", "{\"a\":1}{",
                                "{\"a\":NaN}", "\xff\xfe", "{/* */}", deep };

  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    PrgMetrics metrics = { 0 };
    g_autofree char *text = prg_metrics_to_json(&metrics, texts[i], NOW);

    g_assert_cmpstr(text, ==, "{\"lastCalculated\":\"2026-11-20T10:00:00.000Z\"}");
  }
}

/* The domain's table of tiers; a boundary belongs to the better tier. */
static void
test_tiers(void)
{
  static const struct {
    PrgRate rate;
    gboolean lower;
    double elite, above, satisfactory;
  } tiers[] = {
    { PRG_RATE_SUB_30S_DROP, TRUE, 0.35, 0.50, 0.70 },    { PRG_RATE_CALL_TO_APPT, FALSE, 0.067, 0.05, 0.02 },
    { PRG_RATE_TWO_PLUS_MIN, FALSE, 0.35, 0.26, 0.15 },   { PRG_RATE_SHOW, FALSE, 0.85, 0.76, 0.60 },
    { PRG_RATE_SMS_ENROLLMENT, FALSE, 0.05, 0.03, 0.01 },
  };

  g_assert_cmpuint(G_N_ELEMENTS(tiers), ==, PRG_N_RATES);
  for (guint i = 0; i < G_N_ELEMENTS(tiers); i++) {
    double worse = tiers[i].lower ? 0.0001 : -0.0001;
    PrgRate rate = tiers[i].rate;

    g_assert_cmpstr(prg_metrics_tier(rules, rate, tiers[i].lower ? 0 : 1), ==, "elite");
    g_assert_cmpstr(prg_metrics_tier(rules, rate, tiers[i].elite), ==, "elite");
    g_assert_cmpstr(prg_metrics_tier(rules, rate, tiers[i].elite + worse), ==, "above");
    g_assert_cmpstr(prg_metrics_tier(rules, rate, tiers[i].above), ==, "above");
    g_assert_cmpstr(prg_metrics_tier(rules, rate, tiers[i].above + worse), ==, "satisfactory");
    g_assert_cmpstr(prg_metrics_tier(rules, rate, tiers[i].satisfactory), ==, "satisfactory");
    g_assert_cmpstr(prg_metrics_tier(rules, rate, tiers[i].satisfactory + worse), ==, "");
  }
}

/* The whole life is what the counts of rows say, also of rows that no day here holds. */
static void
test_over_life(void)
{
  g_autoptr(PrgView) view = prg_view_new();
  PrgMetrics metrics;

  prg_metrics_over_life(view, rules, &metrics);
  g_assert_false(metrics.known[PRG_RATE_SHOW]);
  g_assert_true(metrics.ramp_up);
  apply_rows(view, rules, "dial_made", 200, 400);
  apply_rows(view, rules, "appointment_set", 4, 400);
  apply_rows(view, rules, "appointment_held", 3, 0);
  g_tree_remove_all(view->days);
  prg_metrics_over_life(view, rules, &metrics);
  g_assert_cmpint(metrics.denominators[PRG_RATE_SHOW], ==, 4);
  g_assert_cmpfloat(metrics.rates[PRG_RATE_SHOW], ==, 0.75);
  g_assert_false(metrics.ramp_up);
}

int
main(int argc, char **argv)
{
  int result;

  g_test_init(&argc, &argv, NULL);
  rules = prg_rules_new_builtin();
  g_test_add_func("/metrics/names", test_names);
  g_test_add_func("/metrics/rates", test_rates);
  g_test_add_func("/metrics/window", test_window);
  g_test_add_func("/metrics/unknown-and-ramp-up", test_unknown_and_ramp_up);
  g_test_add_func("/metrics/ratios-stay-ratios", test_ratios_stay_ratios);
  g_test_add_func("/metrics/json", test_json);
  g_test_add_func("/metrics/json-keeps-foreign-keys", test_json_keeps_foreign_keys);
  g_test_add_func("/metrics/json-of-hostile-text", test_json_of_hostile_text);
  g_test_add_func("/metrics/tiers", test_tiers);
  g_test_add_func("/metrics/over-life", test_over_life);
  result = g_test_run();
  prg_rules_unref(rules);
  return result;
}

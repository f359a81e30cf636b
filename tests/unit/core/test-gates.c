/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core-helpers.h"
#include "prg-gates.h"

/* The domain's table of ranks, written from that page. */

static PrgRules *rules;

typedef struct {
  const char *rank, *id;
  gint64 level_xp; /* where the level starts */
  const char *gates;
} RankRow;

#define MODULES_0_1 "module module_0 1; module module_1 1; "
#define MODULES_0_3 MODULES_0_1 "module module_2 1; module module_3 1; "
#define MODULES_0_5 MODULES_0_3 "module module_4 1; module module_5 1; "

static const RankRow ranks[] = {
  { "E-1", "sdr_1", 0, "level 1; deals 0; " },
  { "E-2", "sdr_2", 250, "level 3; deals 2; badge opener_elite bronze; " MODULES_0_1 },
  { "E-3", "sdr_3", 1300,
    "level 6; deals 10; badge opener_elite silver; badge conversion_champion bronze; " MODULES_0_3 },
  { "E-4", "operative", 5200,
    "level 10; deals 25; badge opener_elite gold; badge conversion_champion silver; badge "
    "appointment_setter silver; " MODULES_0_5
    "metric sub_30s_drop_rate below 0.5; exam operative_certification 1; " },
  { "E-5", "senior_operative", 20000,
    "level 15; deals 100; badge conversion_champion gold; badge closer gold; " MODULES_0_5
    "module module_6 1; metric call_to_appt_rate above 0.05; boss redhawk 1; exam senior_certification 1; " },
  { "E-6", "team_lead", 36000,
    "level 18; deals 25; badge conversion_champion gold; badge show_rate_champion silver; " MODULES_0_5
    "module module_6 1; metric cadence_completion above 0.7; mentees 2; " },
  { "E-7", "manager", 112000,
    "level 25; deals 50; badge conversion_champion platinum; module module_6 1; metric team_conversion above "
    "0.05; certification leadership 1; " },
};

static char *
dump(GPtrArray *gates)
{
  GString *text = g_string_new(NULL);

  for (guint i = 0; i < gates->len; i++) {
    const PrgGate *gate = g_ptr_array_index(gates, i);

    g_string_append_printf(text, "%s%s%s ", gate->kind, *gate->id != '\0' ? " " : "", gate->id);
    if (!g_str_equal(gate->passes, "at-least"))
      g_string_append_printf(text, "%s ", gate->passes);
    if (gate->type == PRG_GATE_TIER)
      g_string_append_printf(text, "%s; ", gate->needed_tier);
    else
      g_string_append_printf(text, "%g; ", gate->needed);
  }
  return g_string_free(text, FALSE);
}

static void
test_table(void)
{
  g_autoptr(PrgView) view = prg_view_new();

  for (guint i = 0; i < G_N_ELEMENTS(ranks); i++) {
    g_autoptr(GPtrArray) gates = prg_gates_of(view, rules, ranks[i].rank, TODAY);
    g_autoptr(GPtrArray) by_id = prg_gates_of(view, rules, ranks[i].id, TODAY);
    g_autofree char *text = dump(gates);
    g_autofree char *text_by_id = dump(by_id);

    g_assert_cmpstr(text, ==, ranks[i].gates);
    g_assert_cmpstr(text_by_id, ==, ranks[i].gates);
    g_assert_true(prg_gates_met(gates) == (i == 0));
    g_assert_cmpint(prg_rules_rank_order(rules, ranks[i].rank), ==, (gint)i);
    g_assert_cmpstr(prg_rules_next_rank(rules, ranks[i].rank), ==, i < 6 ? ranks[i + 1].rank : NULL);
  }
  g_assert_null(prg_gates_of(view, rules, "E-8", TODAY));
  g_assert_null(prg_gates_of(view, rules, "", TODAY));
  g_assert_cmpstr(prg_rules_lowest_rank(rules), ==, "E-1");
  g_assert_cmpstr(prg_rules_next_rank(rules, ""), ==, "E-2");
  g_assert_null(prg_rules_next_rank(rules, "E-9"));
  g_assert_cmpint(prg_rules_rank_order(rules, "E-9"), ==, -1);
  g_assert_cmpint(prg_rules_rank_order(rules, ""), ==, 0);
}

static void
add_all(PrgIdSet *set, const char *const *ids)
{
  for (; *ids != NULL; ids++)
    prg_id_set_add(set, *ids);
}

/* A rep who has everything that any rank asks for, each thing just so. Left out: @without, an id. */
static PrgView *
new_top_view(gint64 xp, gint64 deals, const char *without)
{
  static const char *const modules[] = { "module_0", "module_1", "module_2", "module_3",
                                         "module_4", "module_5", "module_6", NULL };
  static const char *const badges[] = { "opener_elite.gold",         "conversion_champion.platinum",
                                        "appointment_setter.silver", "closer.gold",
                                        "show_rate_champion.silver", NULL };
  PrgView *view = prg_view_new();

  add_all(view->record->badges, badges);
  for (guint i = 0; modules[i] != NULL; i++) {
    if (g_strcmp0(modules[i], without) != 0)
      prg_id_set_add(view->record->completed_modules, modules[i]);
  }
  if (g_strcmp0(without, "redhawk") != 0)
    prg_id_set_add(view->record->defeated_bosses, "redhawk");
  if (g_strcmp0(without, "leadership") != 0)
    prg_id_set_add(view->record->certifications, "leadership");
  if (g_strcmp0(without, "operative_certification") != 0)
    prg_id_set_add(view->record->passed_exams, "operative_certification");
  if (g_strcmp0(without, "senior_certification") != 0)
    prg_id_set_add(view->record->passed_exams, "senior_certification");
  apply_rows(view, rules, "dial_made", 200, 0);
  apply_rows(view, rules, "call_connected", 100, 0);
  apply_rows(view, rules, "under_thirty_second_call", 49, 0);
  apply_rows(view, rules, "appointment_set", 6, 0);
  apply_told(view, rules, "metric_reported", "cadence_completion", TODAY, "{\"value\":0.71}");
  apply_told(view, rules, "metric_reported", "team_conversion", TODAY, "{\"value\":0.051}");
  apply_told(view, rules, "metric_reported", "mentees", TODAY, "{\"value\":2}");
  view->record->total_xp = prg_number(xp);
  view->record->closed_deals = prg_number(deals);
  prg_view_finish(view, rules, TODAY);
  return view;
}

static char *
missing_for(const PrgView *view, const char *rank)
{
  g_autoptr(GPtrArray) gates = prg_gates_of(view, rules, rank, TODAY);
  char *text = prg_gates_missing(gates);

  g_assert_true(prg_gates_met(gates) == (*text == '\0'));
  return text;
}

static void
assert_missing(const PrgView *view, const char *rank, const char *expected)
{
  g_autofree char *text = missing_for(view, rank);

  g_assert_cmpstr(text, ==, expected);
}

/* Just enough meets every gate, one less of XP or deals does not. */
static void
test_just_enough(void)
{
  static const gint64 deals[] = { 0, 2, 10, 25, 100, 25, 50 };
  static const guint levels[] = { 1, 3, 6, 10, 15, 18, 25 };

  for (guint i = 0; i < G_N_ELEMENTS(ranks); i++) {
    g_autoptr(PrgView) enough = new_top_view(ranks[i].level_xp, deals[i], NULL);
    g_autoptr(PrgView) less_xp = new_top_view(ranks[i].level_xp - 1, deals[i], NULL);
    g_autoptr(PrgView) less_deals = new_top_view(ranks[i].level_xp, deals[i] - 1, NULL);
    g_autofree char *level = g_strdup_printf("level %u (now %u)", levels[i], levels[i] - 1);
    g_autofree char *deal = g_strdup_printf("deals %d (now %d)", (int)deals[i], (int)deals[i] - 1);

    assert_missing(enough, ranks[i].rank, "");
    assert_missing(less_xp, ranks[i].rank, i == 0 ? "" : level);
    assert_missing(less_deals, ranks[i].rank, deal);
  }
}

static void
test_flags(void)
{
  static const struct {
    const char *without, *rank, *missing;
  } cases[] = {
    { "module_0", "E-2", "module module_0" },
    { "module_1", "E-3", "module module_1" },
    { "module_3", "E-3", "module module_3" },
    { "module_5", "E-4", "module module_5" },
    { "module_6", "E-5", "module module_6" },
    { "module_6", "E-6", "module module_6" },
    { "module_6", "E-7", "module module_6" },
    { "module_5", "E-7", "" },
    { "redhawk", "E-5", "boss redhawk" },
    { "operative_certification", "E-4", "exam operative_certification" },
    { "senior_certification", "E-5", "exam senior_certification" },
    { "leadership", "E-7", "certification leadership" },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(PrgView) view = new_top_view(112000, 100, cases[i].without);
    g_test_message("%s without %s", cases[i].rank, cases[i].without);
    assert_missing(view, cases[i].rank, cases[i].missing);
  }
}

/* A higher tier satisfies a lower one; a lower one is named. */
static void
test_tiers(void)
{
  static const char *const tiers[] = { "", "bronze", "silver", "gold", "platinum" };

  for (guint t = 0; t < G_N_ELEMENTS(tiers); t++) {
    g_autoptr(PrgView) view = new_top_view(112000, 100, NULL);
    g_autofree char *held = g_strconcat("conversion_champion.", tiers[t], NULL);
    g_autoptr(GPtrArray) gates = NULL;
    const PrgGate *gate;

    prg_id_set_free(view->record->badges);
    view->record->badges = prg_id_set_new();
    prg_id_set_add(view->record->badges, "closer.gold");
    prg_id_set_add(view->record->badges, held);
    gates = prg_gates_of(view, rules, "E-5", TODAY);
    gate = g_ptr_array_index(gates, 2);
    g_assert_cmpstr(gate->id, ==, "conversion_champion");
    g_assert_cmpstr(gate->needed_tier, ==, "gold");
    g_assert_cmpstr(gate->have_tier, ==, tiers[t]);
    g_assert_cmpfloat(gate->needed, ==, 3);
    g_assert_cmpfloat(gate->have, ==, t);
    g_assert_true(gate->met == (t >= 3));
    assert_missing(view, "E-5",
                   t >= 3   ? ""
                   : t == 0 ? "badge conversion_champion.gold (now none)"
                   : t == 1 ? "badge conversion_champion.gold (now bronze)"
                            : "badge conversion_champion.gold (now silver)");
  }
}

/* ---- metrics ---- */

typedef struct {
  guint dials, connects, short_calls, appointments;
  const char *missing_e4, *missing_e5;
} RateCase;

static void
test_measured_rates(void)
{
  static const RateCase cases[] = {
    { 200, 100, 49, 6, "", "" },
    { 200, 100, 50, 5, "sub_30s_drop_rate below 0.5 (now 0.5)", "call_to_appt_rate above 0.05 (now 0.05)" },
    { 200, 100, 51, 4, "sub_30s_drop_rate below 0.5 (now 0.51)", "call_to_appt_rate above 0.05 (now 0.04)" },
    { 199, 100, 49, 6, "sub_30s_drop_rate below 0.5 (not judged during ramp-up)",
      "call_to_appt_rate above 0.05 (not judged during ramp-up)" },
    { 200, 0, 0, 6, "sub_30s_drop_rate below 0.5 (unknown)", "call_to_appt_rate above 0.05 (unknown)" },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(PrgView) view = new_top_view(112000, 100, NULL);

    g_tree_remove_all(view->days);
    apply_rows(view, rules, "dial_made", cases[i].dials, 0);
    apply_rows(view, rules, "call_connected", cases[i].connects, 0);
    apply_rows(view, rules, "under_thirty_second_call", cases[i].short_calls, 0);
    apply_rows(view, rules, "appointment_set", cases[i].appointments, 0);
    g_test_message("case %u", i);
    assert_missing(view, "E-4", cases[i].missing_e4);
    assert_missing(view, "E-5", cases[i].missing_e5);
  }
}

/* In ramp-up a rate is shown and not judged; what is reported has no ramp-up. */
static void
test_ramp_up(void)
{
  g_autoptr(PrgView) view = new_top_view(112000, 100, NULL);
  g_autoptr(GPtrArray) gates = NULL;

  g_tree_remove_all(view->days);
  apply_rows(view, rules, "dial_made", 10, 0);
  apply_rows(view, rules, "call_connected", 10, 0);
  apply_rows(view, rules, "under_thirty_second_call", 1, 0);
  gates = prg_gates_of(view, rules, "E-4", TODAY);
  for (guint i = 0; i < gates->len; i++) {
    const PrgGate *gate = g_ptr_array_index(gates, i);
    gboolean is_rate = g_str_equal(gate->kind, "metric");

    g_assert_true(gate->suspended == is_rate);
    g_assert_true(gate->met == !is_rate);
    g_assert_true(gate->known);
    if (is_rate)
      g_assert_cmpfloat(gate->have, ==, 0.1);
  }
  assert_missing(view, "E-6", "");
  assert_missing(view, "E-7", "");
}

typedef struct {
  const char *reported; /* details of a row, NULL = none */
  const char *record;   /* efficiencyMetrics */
  const char *missing;  /* for E-6: cadence_completion > 0.70 */
} ReportedCase;

/* A row beats the record; the record's key counts in both spellings; what is no ratio is unknown. */
static void
test_reported_metrics(void)
{
  static const ReportedCase cases[] = {
    { NULL, "", "cadence_completion above 0.7 (unknown)" },
    { NULL, "{\"cadence_completion\":0.9}", "" },
    { NULL, "{\"cadenceCompletion\":0.9}", "" },
    { NULL, "{\"cadenceCompletion\":1}", "" },
    { NULL, "{\"cadenceCompletion\":0.7}", "cadence_completion above 0.7 (now 0.7)" },
    { NULL, "{\"cadenceCompletion\":90}", "cadence_completion above 0.7 (unknown)" },
    { NULL, "{\"cadenceCompletion\":-0.1}", "cadence_completion above 0.7 (unknown)" },
    { NULL, "{\"cadenceCompletion\":\"0.9\"}", "cadence_completion above 0.7 (unknown)" },
    { NULL, "{\"cadenceCompletion\":null}", "cadence_completion above 0.7 (unknown)" },
    { NULL, "{\"cadence_completion\":{},\"cadenceCompletion\":0.8}", "" },
    { NULL, "[0.9]", "cadence_completion above 0.7 (unknown)" },
    { "{\"value\":0.71}", "{\"cadenceCompletion\":0.1}", "" },
    { "{\"value\":0.7}", "{\"cadenceCompletion\":0.9}", "cadence_completion above 0.7 (now 0.7)" },
    { "{\"value\":0}", "", "cadence_completion above 0.7 (now 0)" },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(PrgView) view = new_top_view(36000, 25, NULL);

    g_hash_table_remove(view->reported, "cadence_completion");
    if (cases[i].reported != NULL)
      apply_told(view, rules, "metric_reported", "cadence_completion", TODAY, cases[i].reported);
    prg_record_set(&view->record->efficiency_metrics, cases[i].record);
    prg_view_finish(view, rules, TODAY);
    g_test_message("case %u", i);
    assert_missing(view, "E-6", cases[i].missing);
  }
}

static void
test_mentees(void)
{
  static const struct {
    const char *record, *missing;
  } cases[] = {
    { "{}", "mentees 2 (unknown)" },
    { "{\"mentees\":1}", "mentees 2 (now 1)" },
    { "{\"mentees\":2}", "" },
    { "{\"mentees\":3}", "" },
    { "{\"mentees\":2.5}", "mentees 2 (unknown)" },
    { "{\"mentees\":-2}", "mentees 2 (unknown)" },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(PrgView) view = new_top_view(36000, 25, NULL);

    g_hash_table_remove(view->reported, "mentees");
    prg_record_set(&view->record->efficiency_metrics, cases[i].record);
    prg_view_finish(view, rules, TODAY);
    assert_missing(view, "E-6", cases[i].missing);
  }
}

/* Every gate that is missing is named at once. */
static void
test_all_missing(void)
{
  g_autoptr(PrgView) view = prg_view_new();

  assert_missing(view, "E-2",
                 "level 3 (now 1), deals 2 (now 0), badge opener_elite.bronze (now none), module module_0, "
                 "module module_1");
  assert_missing(view, "E-7",
                 "level 25 (now 1), deals 50 (now 0), badge conversion_champion.platinum (now none), module "
                 "module_6, team_conversion above 0.05 (unknown), certification leadership");
}

int
main(int argc, char **argv)
{
  int result;

  g_test_init(&argc, &argv, NULL);
  rules = prg_rules_new_builtin();
  g_test_add_func("/gates/table", test_table);
  g_test_add_func("/gates/just-enough", test_just_enough);
  g_test_add_func("/gates/flags", test_flags);
  g_test_add_func("/gates/tiers", test_tiers);
  g_test_add_func("/gates/measured-rates", test_measured_rates);
  g_test_add_func("/gates/ramp-up", test_ramp_up);
  g_test_add_func("/gates/reported-metrics", test_reported_metrics);
  g_test_add_func("/gates/mentees", test_mentees);
  g_test_add_func("/gates/all-missing", test_all_missing);
  result = g_test_run();
  prg_rules_unref(rules);
  return result;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../shuffle.h"
#include "core-helpers.h"

static PrgRules *rules;

static void
dump_set(GString *text, const char *name, const PrgIdSet *set)
{
  g_autoptr(GPtrArray) ids = g_ptr_array_new();

  for (guint i = 0; i < prg_id_set_size(set); i++)
    g_ptr_array_add(ids, (gpointer)prg_id_set_get(set, i));
  for (guint i = 1; i < ids->len; i++) {
    for (guint k = i; k > 0 && strcmp(ids->pdata[k - 1], ids->pdata[k]) > 0; k--) {
      gpointer swap = ids->pdata[k];
      ids->pdata[k] = ids->pdata[k - 1];
      ids->pdata[k - 1] = swap;
    }
  }
  g_string_append_printf(text, "%s:", name);
  for (guint i = 0; i < ids->len; i++)
    g_string_append_printf(text, " %s", (const char *)ids->pdata[i]);
  g_string_append_c(text, '\n');
}

static gboolean
dump_day(gpointer key, gpointer value, gpointer data)
{
  const PrgDay *day = value;

  g_string_append_printf(data, "%s %" G_GINT64_FORMAT " %d %" G_GINT64_FORMAT, day->day, day->xp, day->active,
                         day->streak);
  for (int i = 0; i < PRG_N_METRICS; i++)
    g_string_append_printf(data, " %" G_GINT64_FORMAT, day->counters[i]);
  g_string_append_c(data, '\n');
  return FALSE;
}

static int
compare_keys(gconstpointer a, gconstpointer b)
{
  return strcmp(a, b);
}

static void
dump_tables(GString *text, const PrgView *view)
{
  g_autoptr(GList) bosses = g_list_sort(g_hash_table_get_keys(view->boss_attempts), compare_keys);
  g_autoptr(GList) metrics = g_list_sort(g_hash_table_get_keys(view->reported), compare_keys);

  for (GList *boss = bosses; boss != NULL; boss = boss->next)
    g_string_append_printf(text, "attempts %s %" G_GINT64_FORMAT "\n", (const char *)boss->data,
                           prg_view_get_boss_attempts(view, boss->data));
  for (GList *metric = metrics; metric != NULL; metric = metric->next) {
    const PrgReported *reported = g_hash_table_lookup(view->reported, metric->data);
    g_string_append_printf(text, "reported %s %g\n", (const char *)metric->data, reported->value);
  }
}

/* Everything of a view, in an order that does not depend on how it came about. */
static char *
dump(const PrgView *view)
{
  GString *text = g_string_new(NULL);
  const PrgRecord *record = view->record;
  g_autoptr(GList) kinds = g_list_sort(g_hash_table_get_keys(view->kind_counts), compare_keys);

  g_string_append_printf(text,
                         "%d %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
                         "\n%s\n%s|%s|%s|%" G_GINT64_FORMAT " %" G_GINT64_FORMAT "\n",
                         record->total_xp.known, record->total_xp.value, record->closed_deals.value,
                         record->last_activity, record->efficiency_metrics, record->current_rank,
                         view->specialization, view->active_title, record->current_level.value,
                         record->streak_days.value);
  dump_set(text, "badges", record->badges);
  dump_set(text, "modules", record->completed_modules);
  dump_set(text, "exams", record->passed_exams);
  dump_set(text, "bosses", record->defeated_bosses);
  dump_set(text, "certifications", record->certifications);
  dump_set(text, "titles", view->titles);
  for (GList *kind = kinds; kind != NULL; kind = kind->next)
    g_string_append_printf(text, "%s %" G_GINT64_FORMAT "\n", (const char *)kind->data,
                           prg_view_get_kind_count(view, kind->data));
  dump_tables(text, view);
  g_tree_foreach(view->days, dump_day, text);
  return g_string_free(text, FALSE);
}

static const char *
pick(const char *const *texts, guint count)
{
  return texts[g_test_rand_int_range(0, (gint)count)];
}

static PrgOperation *
random_operation(void)
{
  static const char *const kinds[] = {
    "dial_made",
    "call_connected",
    "two_plus_minute_call",
    "appointment_set",
    "deal_closed",
    "deal_revoked",
    "correction",
    "badge_earned",
    "module_passed",
    "exam_passed",
    "boss_defeated",
    "title_earned",
    "title_chosen",
    "streak_day",
    "specialization_chosen",
    "certification_earned",
    "first_dial_of_day",
    "made_elsewhere",
    "dial",
    "boss_attempted",
    "metric_reported",
    "promoted",
    "promoted",
    "promoted",
  };
  static const char *const refs[] = { "",        "a",   "b",   "closer", "speed_dialer", "closer.gold",
                                      "mentees", "E-2", "E-3", "E-4",    "operative" };
  static const char *const days[] = {
    "2026-11-17", "2026-11-18", "2026-11-19", TODAY, "2026-11-21", "no day", ""
  };
  static const char *const details[] = { "",
                                         "{\"counters\":{\"dials\":-1}}",
                                         "{\"counters\":{\"connects\":-2,\"deals\":-1}}",
                                         "{\"counters\":7}",
                                         "[",
                                         "{\"counters\":{\"dials\":\"x\"}}",
                                         "{\"kinds\":{\"dial_made\":-1,\"nothing\":-1}}",
                                         "{\"attempts\":{\"a\":-1},\"kinds\":[]}",
                                         "{\"streak\":12}",
                                         "{\"streak\":40,\"value\":2}",
                                         "{\"streak\":-3,\"value\":0.5}",
                                         "{\"from\":\"E-1\"}",
                                         "{\"from\":\"sdr_2\"}",
                                         "{\"from\":\"E-3\"}",
                                         "{\"from\":7,\"value\":\"x\"}" };
  const PrgOperation fields = {
    .id = FRESH_ID,
    .kind = pick(kinds, G_N_ELEMENTS(kinds)),
    .amount = g_test_rand_int_range(0, 20) == 0 ? (gint64)g_test_rand_int() * (G_GINT64_CONSTANT(1) << 31)
                                                : g_test_rand_int_range(-50, 300),
    .ref = pick(refs, G_N_ELEMENTS(refs)),
    .occurred_at = NOW + g_test_rand_int_range(-3, 3),
    .local_day = pick(days, G_N_ELEMENTS(days)),
    .details = pick(details, G_N_ELEMENTS(details)),
    .created_at = g_test_rand_int_range(0, 4),
  };

  return prg_operation_new(&fields);
}

static char *
apply_all(GPtrArray *operations, PrgApplyMode mode)
{
  g_autoptr(PrgView) view = prg_view_new();

  view->n_promotions = operations->len / 3;
  view->n_folded = operations->len / 4;
  for (guint i = 0; i < operations->len; i++)
    prg_apply(view, rules, g_ptr_array_index(operations, i), mode);
  prg_view_finish(view, rules, TODAY);
  return dump(view);
}

static void
test_order_does_not_matter(void)
{
  for (guint round = 0; round < 1500; round++) {
    g_autoptr(GPtrArray) operations = g_ptr_array_new_with_free_func((GDestroyNotify)prg_operation_unref);
    guint count = (guint)g_test_rand_int_range(1, 40);
    PrgApplyMode mode = round % 2 == 0 ? PRG_APPLY_NEW : PRG_APPLY_COUNTED;
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;

    for (guint i = 0; i < count; i++)
      g_ptr_array_add(operations, random_operation());
    first = apply_all(operations, mode);
    shuffle(operations);
    second = apply_all(operations, mode);
    g_assert_cmpstr(first, ==, second);
  }
}

/* finish() may run as often as it likes, and a copy is equal and apart. */
static void
test_finish_and_copy(void)
{
  for (guint round = 0; round < 1000; round++) {
    g_autoptr(PrgView) view = prg_view_new();
    g_autoptr(PrgView) copy = NULL;
    g_autofree char *once = NULL;
    g_autofree char *twice = NULL;
    g_autofree char *copied = NULL;
    g_autofree char *after = NULL;

    for (guint i = 0; i < 10; i++) {
      g_autoptr(PrgOperation) operation = random_operation();
      prg_apply(view, rules, operation, PRG_APPLY_NEW);
    }
    prg_view_finish(view, rules, TODAY);
    once = dump(view);
    prg_view_finish(view, rules, TODAY);
    twice = dump(view);
    copy = prg_view_copy(view);
    copied = dump(copy);
    apply_row(copy, rules, "dial_made", 2, "", TODAY);
    apply_row(copy, rules, "badge_earned", 2, "new.gold", TODAY);
    after = dump(view);
    g_assert_cmpstr(once, ==, twice);
    g_assert_cmpstr(once, ==, copied);
    g_assert_cmpstr(once, ==, after);
  }
}

static void
test_sums(void)
{
  g_autoptr(PrgView) view = prg_view_new();

  apply_row(view, rules, "dial_made", 2, "", TODAY);
  apply_row(view, rules, "dial_made", 3, "", "2026-11-19");
  apply_row(view, rules, "deal_closed", 300, "d1", TODAY);
  apply_row(view, rules, "made_elsewhere", 7, "", TODAY);
  prg_view_finish(view, rules, TODAY);
  g_assert_cmpint(view->record->total_xp.value, ==, 312);
  g_assert_cmpint(view->record->current_level.value, ==, 3);
  g_assert_cmpint(view->record->closed_deals.value, ==, 1);
  g_assert_cmpint(prg_view_get_kind_count(view, "dial_made"), ==, 2);
  g_assert_cmpint(prg_view_get_kind_count(view, "made_elsewhere"), ==, 1);
  g_assert_cmpint(prg_view_get_kind_count(view, "note_added"), ==, 0);
  g_assert_cmpint(prg_view_get_day(view, TODAY)->xp, ==, 309);
  g_assert_cmpint(prg_view_get_day(view, TODAY)->counters[PRG_METRIC_DIALS], ==, 1);
  g_assert_cmpint(prg_view_get_day(view, TODAY)->counters[PRG_METRIC_DEALS], ==, 1);
  g_assert_cmpint(prg_view_get_day(view, "2026-11-19")->xp, ==, 3);
  g_assert_cmpint(view->record->last_activity, ==, NOW);
  g_assert_cmpint(view->record->streak_days.value, ==, 2);
}

/* What the base read from the server holds already is not counted again; days, sets and activity are not part
 * of it. */
static void
test_counted(void)
{
  g_autoptr(PrgView) view = prg_view_new();
  g_autoptr(PrgOperation) deal = make_operation("deal_closed", 300, "d1", TODAY);
  g_autoptr(PrgOperation) module = make_operation("module_passed", 50, "module_0", TODAY);

  view->record->total_xp = prg_number(350);
  view->record->closed_deals = prg_number(1);
  prg_apply(view, rules, deal, PRG_APPLY_COUNTED);
  prg_apply(view, rules, module, PRG_APPLY_COUNTED);
  g_assert_cmpint(view->record->total_xp.value, ==, 350);
  g_assert_cmpint(view->record->closed_deals.value, ==, 1);
  g_assert_cmpint(prg_view_get_kind_count(view, "deal_closed"), ==, 0);
  g_assert_cmpint(prg_view_get_day(view, TODAY)->xp, ==, 350);
  g_assert_cmpint(prg_view_get_day(view, TODAY)->counters[PRG_METRIC_DEALS], ==, 1);
  g_assert_true(prg_id_set_contains(view->record->completed_modules, "module_0"));
  g_assert_cmpint(view->record->last_activity, ==, NOW);
}

static void
test_unions(void)
{
  g_autoptr(PrgView) view = prg_view_new();
  const struct {
    const char *kind;
    PrgIdSet *set;
  } unions[] = {
    { "badge_earned", view->record->badges },
    { "module_passed", view->record->completed_modules },
    { "exam_passed", view->record->passed_exams },
    { "boss_defeated", view->record->defeated_bosses },
    { "certification_earned", view->record->certifications },
    { "title_earned", view->titles },
  };

  for (guint i = 0; i < G_N_ELEMENTS(unions); i++) {
    apply_row(view, rules, unions[i].kind, 0, "x", TODAY);
    apply_row(view, rules, unions[i].kind, 0, "x", TODAY);
    apply_row(view, rules, unions[i].kind, 0, "", TODAY);
    g_assert_cmpuint(prg_id_set_size(unions[i].set), ==, 1);
    g_assert_true(prg_id_set_contains(unions[i].set, "x"));
  }
}

static void
test_activity(void)
{
  static const struct {
    const char *kind;
    gboolean active;
  } kinds[] = {
    { "dial_made", TRUE },         { "note_added", TRUE },     { "external_activity", TRUE },
    { "objection_handled", TRUE }, { "made_elsewhere", TRUE }, { "exam_passed", TRUE },
    { "correction", FALSE },       { "deal_revoked", FALSE },  { "first_dial_of_day", FALSE },
    { "streak_day", FALSE },       { "badge_earned", FALSE },  { "title_earned", FALSE },
    { "promoted", FALSE },         { "title_chosen", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
    g_autoptr(PrgView) view = prg_view_new();

    apply_row(view, rules, kinds[i].kind, 1, "x", TODAY);
    g_test_message("%s", kinds[i].kind);
    g_assert_true(prg_view_get_day(view, TODAY)->active == kinds[i].active);
    g_assert_true((view->record->last_activity != 0) == kinds[i].active);
  }
}

static void
choose(PrgView *view, const char *kind, const char *ref, gint64 created_at, gint64 occurred_at)
{
  const PrgOperation fields = {
    .kind = kind, .ref = ref, .created_at = created_at, .occurred_at = occurred_at
  };
  g_autoptr(PrgOperation) operation = prg_operation_new(&fields);

  prg_apply(view, rules, operation, PRG_APPLY_NEW);
}

/* The ledger's time decides, whatever the clients' clocks said; what is not in the ledger yet is newer than
 * all of it. */
static void
test_last_choice_wins(void)
{
  g_autoptr(PrgView) view = prg_view_new();

  choose(view, "specialization_chosen", "closer", 200, 5);
  choose(view, "specialization_chosen", "speed_dialer", 100, 900);
  g_assert_cmpstr(view->specialization, ==, "closer");
  choose(view, "specialization_chosen", "referral_master", 0, 10);
  g_assert_cmpstr(view->specialization, ==, "referral_master");
  choose(view, "specialization_chosen", "speed_dialer", 0, 9);
  g_assert_cmpstr(view->specialization, ==, "referral_master");
  choose(view, "specialization_chosen", "closer", 999999, 20);
  g_assert_cmpstr(view->specialization, ==, "referral_master");
  choose(view, "title_chosen", "One", 1, 1);
  choose(view, "title_chosen", "", 2, 2);
  g_assert_cmpstr(view->active_title, ==, "");
}

static void
test_negative_total(void)
{
  g_autoptr(PrgView) view = prg_view_new();

  apply_row(view, rules, "dial_made", 2, "", TODAY);
  apply_row(view, rules, "correction", -500, "", TODAY);
  prg_view_finish(view, rules, TODAY);
  g_assert_cmpint(view->record->total_xp.value, ==, -498);
  g_assert_cmpint(view->record->current_level.value, ==, 1);
}

static void
test_counters_below_zero(void)
{
  g_autoptr(PrgView) view = prg_view_new();
  const PrgOperation fields = { .kind = "correction",
                                .local_day = TODAY,
                                .details = "{\"counters\":{\"dials\":-2}}" };
  g_autoptr(PrgOperation) correction = prg_operation_new(&fields);

  prg_apply(view, rules, correction, PRG_APPLY_NEW);
  g_assert_cmpint(prg_day_get_counter(prg_view_get_day(view, TODAY), PRG_METRIC_DIALS), ==, 0);
  for (guint i = 0; i < 3; i++)
    apply_row(view, rules, "dial_made", 2, "", TODAY);
  g_assert_cmpint(prg_day_get_counter(prg_view_get_day(view, TODAY), PRG_METRIC_DIALS), ==, 1);
}

/* What is taken back is taken from the rep's life too, whatever the base counts. */
static void
test_correction_of_kinds(void)
{
  g_autoptr(PrgView) view = prg_view_new();

  for (guint i = 0; i < 3; i++)
    apply_row(view, rules, "appointment_set", 100, "", TODAY);
  apply_told(view, rules, "correction", "x", "no day",
             "{\"kinds\":{\"appointment_set\":-1,\"appointment\":-1}}");
  g_assert_cmpint(prg_view_get_kind_count(view, "appointment_set"), ==, 1);
  apply_told(view, rules, "correction", "y", TODAY, "{\"kinds\":{\"appointment_set\":-5}}");
  g_assert_cmpint(prg_view_get_kind_count(view, "appointment_set"), ==, 0);
}

static void
test_boss_attempts(void)
{
  g_autoptr(PrgView) view = prg_view_new();

  g_assert_cmpint(prg_view_get_boss_attempts(view, "redhawk"), ==, 0);
  apply_row(view, rules, "boss_attempted", 0, "redhawk", TODAY);
  apply_row(view, rules, "boss_attempted", 0, "redhawk", TODAY);
  apply_row(view, rules, "boss_attempted", 0, "other", TODAY);
  g_assert_cmpint(prg_view_get_boss_attempts(view, "redhawk"), ==, 2);
  g_assert_cmpint(prg_view_get_boss_attempts(view, "other"), ==, 1);
  apply_told(view, rules, "correction", "x", TODAY, "{\"attempts\":{\"redhawk\":-1}}");
  g_assert_cmpint(prg_view_get_boss_attempts(view, "redhawk"), ==, 1);
}

static void
report(PrgView *view, const char *metric, const char *details, gint64 created_at, gint64 occurred_at)
{
  const PrgOperation fields = { .kind = "metric_reported",
                                .ref = metric,
                                .details = details,
                                .created_at = created_at,
                                .occurred_at = occurred_at };
  g_autoptr(PrgOperation) operation = prg_operation_new(&fields);

  prg_apply(view, rules, operation, PRG_APPLY_NEW);
}

static double
reported(const PrgView *view, const char *metric)
{
  const PrgReported *found = g_hash_table_lookup(view->reported, metric);

  g_assert_nonnull(found);
  return found->value;
}

static void
test_last_report_wins(void)
{
  g_autoptr(PrgView) view = prg_view_new();

  report(view, "mentees", "{\"value\":2}", 200, 5);
  report(view, "mentees", "{\"value\":7}", 100, 900);
  g_assert_cmpfloat(reported(view, "mentees"), ==, 2);
  report(view, "mentees", "{\"value\":1}", 0, 10);
  g_assert_cmpfloat(reported(view, "mentees"), ==, 1);
  report(view, "mentees", "{\"value\":\"9\"}", 0, 11);
  report(view, "mentees", "nonsense", 0, 12);
  g_assert_cmpfloat(reported(view, "mentees"), ==, 1);
  report(view, "team_conversion", "{\"value\":0.06}", 1, 1);
  g_assert_cmpfloat(reported(view, "team_conversion"), ==, 0.06);
  g_assert_cmpfloat(reported(view, "mentees"), ==, 1);
}

int
main(int argc, char **argv)
{
  int result;

  g_test_init(&argc, &argv, NULL);
  rules = prg_rules_new_builtin();
  g_test_add_func("/apply/order-does-not-matter", test_order_does_not_matter);
  g_test_add_func("/apply/finish-and-copy", test_finish_and_copy);
  g_test_add_func("/apply/sums", test_sums);
  g_test_add_func("/apply/counted", test_counted);
  g_test_add_func("/apply/unions", test_unions);
  g_test_add_func("/apply/activity", test_activity);
  g_test_add_func("/apply/last-choice-wins", test_last_choice_wins);
  g_test_add_func("/apply/negative-total", test_negative_total);
  g_test_add_func("/apply/counters-below-zero", test_counters_below_zero);
  g_test_add_func("/apply/correction-of-kinds", test_correction_of_kinds);
  g_test_add_func("/apply/boss-attempts", test_boss_attempts);
  g_test_add_func("/apply/last-report-wins", test_last_report_wins);
  result = g_test_run();
  prg_rules_unref(rules);
  return result;
}

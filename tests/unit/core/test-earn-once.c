/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "earn-helpers.h"

static void
test_modules(void)
{
  static const struct {
    const char *id;
    double pass;
    gint64 xp;
  } modules[] = {
    { "module_0", 0.80, 50 }, { "module_1", 0.80, 50 },  { "module_2", 0.80, 50 },  { "module_3", 0.80, 50 },
    { "module_4", 0.85, 75 }, { "module_5", 1.00, 100 }, { "module_6", 0.80, 300 },
  };
  g_autoptr(PrgView) view = view_with(0, "");
  PrgEarnRequest request = plain;

  for (guint i = 0; i < G_N_ELEMENTS(modules); i++) {
    g_autoptr(GPtrArray) rows = NULL, again = NULL;
    g_autofree char *id = prg_operation_pays_once_id(MEMBER, "module_passed", modules[i].id);

    request.ref = "module_6";
    request.score = 1;
    if (i < 6)
      assert_refused(prg_earn_module, view, &request, PRG_ERROR_NOT_ELIGIBLE);
    request.ref = modules[i].id;
    request.score = modules[i].pass - 0.0001;
    assert_refused(prg_earn_module, view, &request, PRG_ERROR_NOT_ELIGIBLE);
    request.score = modules[i].pass;
    rows = prg_earn_module(view, rules, &moment, &request, NULL);
    g_assert_cmpuint(rows->len, ==, 1);
    g_assert_cmpstr(row(rows, 0)->id, ==, id);
    g_assert_cmpint(row(rows, 0)->amount, ==, modules[i].xp);
    prg_apply(view, rules, row(rows, 0), PRG_APPLY_NEW);
    again = prg_earn_module(view, rules, &moment, &request, NULL);
    g_assert_cmpuint(again->len, ==, 0);
  }
  g_assert_cmpint(view->record->total_xp.value, ==, 675);
}

static void
test_bad_scores(void)
{
  static const double wrong[] = { -0.01, 1.01, NAN, INFINITY, -INFINITY, 85 };
  g_autoptr(PrgView) view = view_with(0, "");
  PrgEarnRequest request = plain;

  for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
    request.score = wrong[i];
    request.ref = "module_0";
    assert_refused(prg_earn_module, view, &request, PRG_ERROR_INVALID_ARGUMENT);
    request.ref = "operative_certification";
    assert_refused(prg_earn_exam, view, &request, PRG_ERROR_INVALID_ARGUMENT);
    request.ref = "cadence_completion";
    assert_refused(prg_earn_metric, view, &request, PRG_ERROR_INVALID_ARGUMENT);
  }
}

static void
test_exams(void)
{
  static const char *const exams[] = { "operative_certification", "senior_certification" };
  g_autoptr(PrgView) view = view_with(0, "");
  PrgEarnRequest request = plain;

  for (guint i = 0; i < G_N_ELEMENTS(exams); i++) {
    g_autoptr(GPtrArray) low = NULL, elite = NULL, again = NULL;
    g_autofree char *bonus = prg_operation_pays_once_id(MEMBER, "elite_exam_bonus", exams[i]);

    request.ref = exams[i];
    request.score = 0.5;
    assert_refused(prg_earn_exam, view, &request, PRG_ERROR_NOT_ELIGIBLE);
    request.score = 0.9499;
    low = prg_earn_exam(view, rules, &moment, &request, NULL);
    g_assert_cmpuint(low->len, ==, 1);
    g_assert_cmpint(row(low, 0)->amount, ==, 0);
    request.score = 0.95;
    elite = prg_earn_exam(view, rules, &moment, &request, NULL);
    g_assert_cmpuint(elite->len, ==, 2);
    g_assert_cmpstr(row(elite, 0)->kind, ==, "exam_passed");
    g_assert_cmpstr(row(elite, 1)->kind, ==, "elite_exam_bonus");
    g_assert_cmpint(row(elite, 1)->amount, ==, 100);
    g_assert_cmpstr(row(elite, 1)->id, ==, bonus);
    g_assert_cmpstr(row(elite, 1)->cause, ==, row(elite, 0)->id);
    prg_apply(view, rules, row(elite, 0), PRG_APPLY_NEW);
    again = prg_earn_exam(view, rules, &moment, &request, NULL);
    g_assert_cmpuint(again->len, ==, 0);
  }
}

static void
test_boss(void)
{
  g_autoptr(PrgView) early = view_with(9199, "");
  g_autoptr(PrgView) view = view_with(9200, ""); /* level 12 */
  PrgEarnRequest request = plain;
  g_autoptr(GPtrArray) rows = NULL, again = NULL, attempt = NULL;

  request.ref = "redhawk";
  assert_refused(prg_earn_boss, early, &request, PRG_ERROR_NOT_ELIGIBLE);
  assert_refused(prg_earn_boss_attempt, early, &request, PRG_ERROR_NOT_ELIGIBLE);
  attempt = prg_earn_boss_attempt(view, rules, &moment, &request, NULL);
  g_assert_cmpint(row(attempt, 0)->amount, ==, 0);
  g_assert_cmpstr(row(attempt, 0)->id, ==, FRESH_ID);
  rows = prg_earn_boss(view, rules, &moment, &request, NULL);
  g_assert_cmpuint(rows->len, ==, 1);
  g_assert_cmpint(row(rows, 0)->amount, ==, 1000);
  prg_apply(view, rules, row(rows, 0), PRG_APPLY_NEW);
  again = prg_earn_boss(view, rules, &moment, &request, NULL);
  g_assert_cmpuint(again->len, ==, 0);
}

static void
test_unknown_ids(void)
{
  static const EarnFunc funcs[] = { prg_earn_module,       prg_earn_exam,  prg_earn_boss,
                                    prg_earn_boss_attempt, prg_earn_badge, prg_earn_specialization,
                                    prg_earn_metric };
  g_autoptr(PrgView) view = view_with(112000, "");
  PrgEarnRequest request = plain;

  request.score = 1;
  for (guint i = 0; i < G_N_ELEMENTS(funcs); i++) {
    request.ref = "nothing_of_the_kind";
    assert_refused(funcs[i], view, &request, PRG_ERROR_UNKNOWN_ID);
    request.ref = "";
    assert_refused(funcs[i], view, &request, PRG_ERROR_INVALID_ARGUMENT);
  }
  assert_refused(prg_earn_deal, view, &request, PRG_ERROR_INVALID_ARGUMENT);
  assert_refused(prg_earn_certification, view, &request, PRG_ERROR_INVALID_ARGUMENT);
}

static void
test_badges_and_certifications(void)
{
  g_autoptr(PrgView) view = view_with(0, "");
  PrgEarnRequest request = plain;
  g_autoptr(GPtrArray) badge = NULL, again = NULL, certification = NULL, repeated = NULL;

  request.ref = "closer.silver";
  badge = prg_earn_badge(view, rules, &moment, &request, NULL);
  g_assert_cmpint(row(badge, 0)->amount, ==, 500);
  prg_apply(view, rules, row(badge, 0), PRG_APPLY_NEW);
  again = prg_earn_badge(view, rules, &moment, &request, NULL);
  g_assert_cmpuint(again->len, ==, 0);
  request.ref = "leadership";
  certification = prg_earn_certification(view, rules, &moment, &request, NULL);
  g_assert_cmpint(row(certification, 0)->amount, ==, 300);
  prg_apply(view, rules, row(certification, 0), PRG_APPLY_NEW);
  repeated = prg_earn_certification(view, rules, &moment, &request, NULL);
  g_assert_cmpuint(repeated->len, ==, 0);
}

static void
test_choices(void)
{
  g_autoptr(PrgView) low = view_with(849, "");
  g_autoptr(PrgView) view = view_with(850, ""); /* level 5 */
  PrgEarnRequest request = plain;
  g_autoptr(GPtrArray) chosen = NULL, again = NULL, title = NULL, none = NULL;

  request.ref = "closer";
  assert_refused(prg_earn_specialization, low, &request, PRG_ERROR_NOT_ELIGIBLE);
  chosen = prg_earn_specialization(view, rules, &moment, &request, NULL);
  prg_apply(view, rules, row(chosen, 0), PRG_APPLY_NEW);
  g_assert_cmpstr(view->specialization, ==, "closer");
  again = prg_earn_specialization(view, rules, &moment, &request, NULL);
  g_assert_cmpuint(again->len, ==, 0);
  request.ref = "RedHawk Conqueror";
  assert_refused(prg_earn_title, view, &request, PRG_ERROR_NOT_ELIGIBLE);
  prg_id_set_add(view->titles, "RedHawk Conqueror");
  title = prg_earn_title(view, rules, &moment, &request, NULL);
  prg_apply(view, rules, row(title, 0), PRG_APPLY_NEW);
  g_assert_cmpstr(view->active_title, ==, "RedHawk Conqueror");
  request.ref = "";
  none = prg_earn_title(view, rules, &moment, &request, NULL);
  g_assert_cmpuint(none->len, ==, 1);
}

static void
test_metric(void)
{
  g_autoptr(PrgView) view = view_with(0, "");
  PrgEarnRequest request = plain;
  g_autoptr(GPtrArray) rows = NULL;

  request.ref = "cadence_completion";
  request.score = 0.75;
  rows = prg_earn_metric(view, rules, &moment, &request, NULL);
  g_assert_cmpint(row(rows, 0)->amount, ==, 0);
  g_assert_cmpstr(row(rows, 0)->details, ==, "{\"value\":0.75}");
}

/* A count is a whole number. */
static void
test_count_reported(void)
{
  static const double wrong[] = { -1, 0.5, NAN, INFINITY, 1000001 };
  static const double right[] = { 0, 2, 1000000 };
  g_autoptr(PrgView) view = view_with(0, "");
  PrgEarnRequest request = plain;

  request.ref = "mentees";
  for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
    request.score = wrong[i];
    assert_refused(prg_earn_metric, view, &request, PRG_ERROR_INVALID_ARGUMENT);
  }
  for (guint i = 0; i < G_N_ELEMENTS(right); i++) {
    g_autoptr(GPtrArray) rows = NULL;
    const PrgReported *reported;

    request.score = right[i];
    rows = prg_earn_metric(view, rules, &moment, &request, NULL);
    prg_apply(view, rules, row(rows, 0), PRG_APPLY_NEW);
    reported = g_hash_table_lookup(view->reported, "mentees");
    g_assert_cmpfloat(reported->value, ==, right[i]);
  }
}

/* Before nine on the clocks where the rep is, whatever they show elsewhere. */
static void
test_early_calls(void)
{
  static const struct {
    const char *instant, *zone;
    gboolean early;
  } cases[] = {
    { "2026-11-20T08:59:59Z", "UTC", TRUE },
    { "2026-11-20T09:00:00Z", "UTC", FALSE },
    { "2026-11-20T00:00:00Z", "UTC", TRUE },
    { "2026-11-19T23:59:59Z", "UTC", FALSE },
    { "2026-11-19T13:59:59Z", "America/New_York", TRUE },
    { "2026-11-19T14:00:00Z", "America/New_York", FALSE },
    { "2026-11-20T03:29:59Z", "Asia/Kolkata", TRUE },
    { "2026-11-20T03:30:00Z", "Asia/Kolkata", FALSE },
  };
  g_autoptr(PrgView) view = view_with(0, "");
  GTimeZone *utc = moment.zone;

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(cases[i].zone);
    g_autoptr(GPtrArray) call = NULL, dial = NULL, other = NULL;
    PrgEarnRequest request = plain;

    moment.zone = zone;
    g_test_message("%s in %s", cases[i].instant, cases[i].zone);
    g_assert_true(prg_instant_parse(cases[i].instant, &request.occurred_at));
    request.disposition = "DNC";
    call = prg_earn_call(view, rules, &moment, &request, NULL);
    request.kind = "dial";
    dial = prg_earn_xp(view, rules, &moment, &request, NULL);
    request.kind = "email_sent";
    other = prg_earn_xp(view, rules, &moment, &request, NULL);
    g_assert_cmpuint(call->len, ==, cases[i].early ? 2 : 1);
    g_assert_cmpuint(dial->len, ==, cases[i].early ? 2 : 1);
    g_assert_cmpuint(other->len, ==, 1);
    if (!cases[i].early)
      continue;
    g_assert_cmpstr(row(call, 1)->kind, ==, "early_call");
    g_assert_cmpint(row(call, 1)->amount, ==, 0);
    g_assert_cmpstr(row(call, 1)->cause, ==, row(call, 0)->id);
    g_assert_cmpstr(row(call, 1)->local_day, ==, row(call, 0)->local_day);
  }
  moment.zone = utc;
}

/* A revoked call is taken from everything that it counted into, a revoked attempt from the boss's. */
static void
test_revoked_counts(void)
{
  g_autoptr(PrgView) view = view_with(9200, "");
  PrgEarnRequest request = plain;
  g_autoptr(GPtrArray) call = NULL, attempt = NULL, revoked = NULL, taken_back = NULL;

  request.disposition = "CONTACT";
  request.occurred_at = NOW - 2 * 3600 * (gint64)G_USEC_PER_SEC;
  call = prg_earn_call(view, rules, &moment, &request, NULL);
  request.ref = "redhawk";
  attempt = prg_earn_boss_attempt(view, rules, &moment, &request, NULL);
  for (guint i = 0; i < call->len; i++)
    prg_apply(view, rules, row(call, i), PRG_APPLY_NEW);
  prg_apply(view, rules, row(attempt, 0), PRG_APPLY_NEW);
  g_assert_cmpint(prg_view_get_kind_count(view, "early_call"), ==, 1);
  g_assert_cmpint(prg_view_get_boss_attempts(view, "redhawk"), ==, 1);
  revoked = prg_earn_revocation(rules, &moment, call, "wrong button", NULL);
  taken_back = prg_earn_revocation(rules, &moment, attempt, "wrong button", NULL);
  prg_apply(view, rules, row(revoked, 0), PRG_APPLY_NEW);
  prg_apply(view, rules, row(taken_back, 0), PRG_APPLY_NEW);
  for (guint i = 0; i < call->len; i++)
    g_assert_cmpint(prg_view_get_kind_count(view, row(call, i)->kind), ==, 0);
  g_assert_cmpint(prg_view_get_boss_attempts(view, "redhawk"), ==, 0);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/earn/modules", test_modules);
  g_test_add_func("/earn/bad-scores", test_bad_scores);
  g_test_add_func("/earn/exams", test_exams);
  g_test_add_func("/earn/boss", test_boss);
  g_test_add_func("/earn/unknown-ids", test_unknown_ids);
  g_test_add_func("/earn/badges-and-certifications", test_badges_and_certifications);
  g_test_add_func("/earn/choices", test_choices);
  g_test_add_func("/earn/metric", test_metric);
  g_test_add_func("/earn/count-reported", test_count_reported);
  g_test_add_func("/earn/early-calls", test_early_calls);
  g_test_add_func("/earn/revoked-counts", test_revoked_counts);
  return run_earn_tests();
}

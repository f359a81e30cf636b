/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "earn-helpers.h"

static void
test_xp_row(void)
{
  g_autoptr(PrgView) view = view_with(0, "");
  PrgEarnRequest request = plain;
  g_autoptr(GPtrArray) rows = NULL;

  request.kind = "dial";
  request.ref = "lead-1";
  request.details = "a \"note\"";
  rows = prg_earn_xp(view, rules, &moment, &request, NULL);
  g_assert_cmpuint(rows->len, ==, 1);
  g_assert_cmpstr(row(rows, 0)->id, ==, FRESH_ID);
  g_assert_cmpstr(row(rows, 0)->device, ==, DEVICE);
  g_assert_cmpint(row(rows, 0)->seq, ==, 41);
  g_assert_cmpstr(row(rows, 0)->kind, ==, "dial_made");
  g_assert_cmpint(row(rows, 0)->amount, ==, 2);
  g_assert_cmpstr(row(rows, 0)->ref, ==, "lead-1");
  g_assert_cmpint(row(rows, 0)->occurred_at, ==, NOW);
  g_assert_cmpstr(row(rows, 0)->local_day, ==, TODAY);
  g_assert_cmpstr(row(rows, 0)->zone, ==, "UTC");
  g_assert_cmpstr(row(rows, 0)->details, ==, "{\"text\":\"a \\\"note\\\"\"}");
  g_assert_cmpstr(row(rows, 0)->cause, ==, "");
  g_assert_cmpint(row(rows, 0)->created_at, ==, 0);
}

static void
test_open_sources(void)
{
  static const struct {
    const char *kind;
    gint64 xp;
  } sources[] = {
    { "dial_made", 2 },
    { "call_connected", 5 },
    { "two_plus_minute_call", 15 },
    { "callback_scheduled", 25 },
    { "appointment_set", 100 },
    { "appointment_held", 50 },
    { "voicemail_left", 8 },
    { "email_sent", 10 },
    { "email_reply", 30 },
    { "sms_sent", 8 },
    { "sms_reply", 20 },
    { "sms_enrollment", 35 },
    { "note_added", 3 },
    { "referral_generated", 150 },
    { "objection_handled", 0 },
    { "connect", 5 },
    { "voicemail", 8 },
    { "appointment", 100 },
    { "email_replied", 30 },
    { "sms_replied", 20 },
    { "referral", 150 },
  };
  g_autoptr(PrgView) view = view_with(0, "");

  for (guint i = 0; i < G_N_ELEMENTS(sources); i++) {
    PrgEarnRequest request = plain;

    request.kind = sources[i].kind;
    g_test_message("%s", sources[i].kind);
    g_assert_cmpint(earn_amount(view, &request), ==, sources[i].xp);
  }
}

static void
test_closed_sources(void)
{
  static const char *const kinds[] = { "deal_closed",       "module_passed",        "exam_passed",
                                       "elite_exam_bonus",  "streak_bonus",         "streak_day",
                                       "first_dial_of_day", "certification_earned", "badge_earned",
                                       "title_earned",      "boss_defeated",        "specialization_chosen",
                                       "promoted",          "deal_revoked",         "external_activity" };
  g_autoptr(PrgView) view = view_with(0, "");

  for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
    PrgEarnRequest request = plain;

    request.kind = kinds[i];
    request.has_amount = TRUE;
    request.amount = 1;
    request.ref = "x";
    g_test_message("%s", kinds[i]);
    assert_refused(prg_earn_xp, view, &request, PRG_ERROR_INVALID_ARGUMENT);
  }
}

static void
test_unknown_types(void)
{
  static const char *const wrong[] = { "", "7up", "a b", "é", "x\n", "_x" };
  g_autoptr(PrgView) view = view_with(0, "");
  PrgEarnRequest request = plain;

  request.kind = "coffee_drunk";
  assert_refused(prg_earn_xp, view, &request, PRG_ERROR_UNKNOWN_EVENT_TYPE);
  request.has_amount = TRUE;
  request.amount = 9;
  g_assert_cmpint(earn_amount(view, &request), ==, 9);
  request.amount = 0;
  g_assert_cmpint(earn_amount(view, &request), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
    request.kind = wrong[i];
    assert_refused(prg_earn_xp, view, &request, PRG_ERROR_INVALID_ARGUMENT);
  }
}

static void
test_amounts(void)
{
  g_autoptr(PrgView) view = view_with(0, "");
  PrgEarnRequest request = plain;

  request.kind = "email_sent";
  request.has_amount = TRUE;
  request.amount = 100000;
  g_assert_cmpint(earn_amount(view, &request), ==, 100000);
  request.amount = 100001;
  assert_refused(prg_earn_xp, view, &request, PRG_ERROR_TOO_LARGE);
  request.amount = G_MAXINT64;
  assert_refused(prg_earn_xp, view, &request, PRG_ERROR_TOO_LARGE);
  request.amount = -1;
  assert_refused(prg_earn_xp, view, &request, PRG_ERROR_INVALID_ARGUMENT);
  request.kind = "correction";
  g_assert_cmpint(earn_amount(view, &request), ==, -1);
  request.amount = G_MININT64;
  assert_refused(prg_earn_xp, view, &request, PRG_ERROR_TOO_LARGE);
  request.has_amount = FALSE;
  assert_refused(prg_earn_xp, view, &request, PRG_ERROR_INVALID_ARGUMENT);
}

static GTree *
multipliers_of(const char *a, gint64 x, const char *b, gint64 y)
{
  GTree *tree = g_tree_new_full((GCompareDataFunc)(void (*)(void))strcmp, NULL, NULL, g_free);

  g_tree_insert(tree, (gpointer)a, g_memdup2(&x, sizeof x));
  if (b != NULL)
    g_tree_insert(tree, (gpointer)b, g_memdup2(&y, sizeof y));
  return tree;
}

static void
test_multipliers(void)
{
  static const struct {
    const char *specialization, *kind;
    const char *a;
    gint64 x;
    const char *b;
    gint64 y;
    gint64 expected;
  } cases[] = {
    { "", "dial_made", "bonus", 1250, NULL, 0, 3 },      /* 2 × 1.25 = 3 */
    { "", "call_connected", "bonus", 1100, NULL, 0, 6 }, /* 5 × 1.1 = 6 */
    { "speed_dialer", "dial_made", "bonus", 1000, NULL, 0, 3 },
    { "speed_dialer", "dial_made", "bonus", 1500, NULL, 0, 5 }, /* 3 × 1.5 = 4.5 → 5, not 2 × 1.875 = 4 */
    { "", "call_connected", "b", 500, "a", 1100, 3 },           /* a first: 5 × 1.1 = 6, × 0.5 = 3 */
    { "", "call_connected", "a", 500, "b", 1100, 3 },           /* 5 × 0.5 = 3, × 1.1 = 3.3 → 3 */
    { "", "note_added", "B", 500, "a", 1500, 3 }, /* byte order: B before a: 3 × .5 = 2, × 1.5 = 3 */
    { "", "note_added", "a", 10000, NULL, 0, 30 },
    { "", "note_added", "a", 1, NULL, 0, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(PrgView) view = view_with(0, cases[i].specialization);
    g_autoptr(GTree) tree = multipliers_of(cases[i].a, cases[i].x, cases[i].b, cases[i].y);
    PrgEarnRequest request = plain;

    request.kind = cases[i].kind;
    request.multipliers = tree;
    g_test_message("case %u", i);
    g_assert_cmpint(earn_amount(view, &request), ==, cases[i].expected);
  }
}

static void
test_bad_multipliers(void)
{
  static const gint64 wrong[] = { 0, -1, 10001, G_MAXINT64, G_MININT64 };
  g_autoptr(PrgView) view = view_with(0, "");
  g_autoptr(GTree) many = multipliers_of("a", 1000, NULL, 0);
  PrgEarnRequest request = plain;

  request.kind = "dial_made";
  for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
    g_autoptr(GTree) tree = multipliers_of("a", wrong[i], NULL, 0);

    request.multipliers = tree;
    assert_refused(prg_earn_xp, view, &request, PRG_ERROR_INVALID_ARGUMENT);
  }
  for (guint i = 0; i < 20; i++) {
    gint64 one = 1000;
    g_autofree char *name = g_strdup_printf("m%u", i);
    g_tree_insert(many, (gpointer)g_intern_string(name), g_memdup2(&one, sizeof one));
  }
  request.multipliers = many;
  assert_refused(prg_earn_xp, view, &request, PRG_ERROR_TOO_LARGE);
}

static void
test_specialization_bonuses(void)
{
  static const struct {
    const char *specialization, *kind;
    gint64 expected;
  } cases[] = {
    { "speed_dialer", "dial_made", 3 },
    { "speed_dialer", "call_connected", 6 },
    { "relationship_builder", "appointment_set", 150 },
    { "relationship_builder", "callback_scheduled", 33 },
    { "closer", "appointment_set", 120 },
    { "referral_master", "referral_generated", 300 },
    { "referral_master", "email_reply", 39 },
    { "closer", "dial_made", 2 },
  };
  g_autoptr(PrgView) closer = view_with(0, "closer");
  PrgEarnRequest deal = plain;
  g_autoptr(GPtrArray) rows = NULL;

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(PrgView) view = view_with(0, cases[i].specialization);
    PrgEarnRequest request = plain;

    request.kind = cases[i].kind;
    g_assert_cmpint(earn_amount(view, &request), ==, cases[i].expected);
  }
  deal.ref = "deal-1";
  rows = prg_earn_deal(closer, rules, &moment, &deal, NULL);
  g_assert_cmpint(row(rows, 0)->amount, ==, 525);
}

static void
test_times(void)
{
  static const struct {
    gint64 occurred_at, expected; /* expected 0 = refused */
    const char *day;
  } cases[] = {
    { 0, NOW, TODAY },
    { NOW, NOW, TODAY },
    { NOW + 5 * 60 * (gint64)G_USEC_PER_SEC, NOW, TODAY },
    { NOW + 5 * 60 * (gint64)G_USEC_PER_SEC + 1, 0, NULL },
    { NOW - DAY_US, NOW - DAY_US, "2026-11-19" },
    { NOW - 7 * DAY_US - 36000 * (gint64)G_USEC_PER_SEC, NOW - 7 * DAY_US - 36000 * (gint64)G_USEC_PER_SEC,
      "2026-11-13" },
    { NOW - 7 * DAY_US - 36000 * (gint64)G_USEC_PER_SEC - 1, 0, NULL },
    { 1, 0, NULL },
    { -1, 0, NULL },
    { G_MAXINT64, 0, NULL },
  };
  g_autoptr(PrgView) view = view_with(0, "");

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    PrgEarnRequest request = plain;
    g_autoptr(GPtrArray) rows = NULL;

    request.kind = "dial_made";
    request.occurred_at = cases[i].occurred_at;
    g_test_message("case %u", i);
    if (cases[i].expected == 0) {
      assert_refused(prg_earn_xp, view, &request, PRG_ERROR_INVALID_ARGUMENT);
      continue;
    }
    rows = prg_earn_xp(view, rules, &moment, &request, NULL);
    g_assert_cmpint(row(rows, 0)->occurred_at, ==, cases[i].expected);
    g_assert_cmpstr(row(rows, 0)->local_day, ==, cases[i].day);
  }
}

static void
test_texts(void)
{
  g_autoptr(PrgView) view = view_with(0, "");
  g_autofree char *id129 = g_strnfill(129, 'x');
  g_autofree char *ref1025 = g_strnfill(1025, 'x');
  g_autofree char *text16385 = g_strnfill(16385, 'x');
  PrgEarnRequest request = plain;

  request.kind = "dial_made";
  request.ref = ref1025;
  assert_refused(prg_earn_xp, view, &request, PRG_ERROR_TOO_LARGE);
  request.ref = ref1025 + 1;
  g_assert_cmpint(earn_amount(view, &request), ==, 2);
  request.ref = "a\tb";
  assert_refused(prg_earn_xp, view, &request, PRG_ERROR_INVALID_ARGUMENT);
  request.ref = "\xff";
  assert_refused(prg_earn_xp, view, &request, PRG_ERROR_INVALID_ARGUMENT);
  request.ref = "";
  request.caller_id = id129;
  assert_refused(prg_earn_xp, view, &request, PRG_ERROR_TOO_LARGE);
  request.caller_id = "";
  request.details = text16385;
  assert_refused(prg_earn_xp, view, &request, PRG_ERROR_TOO_LARGE);
  request.details = text16385 + 1;
  g_assert_cmpint(earn_amount(view, &request), ==, 2);
}

static void
test_caller_id(void)
{
  g_autoptr(PrgView) view = view_with(0, "");
  g_autofree char *expected = prg_operation_pays_once_id(MEMBER, "caller", "mine");
  g_autofree char *deal_id = prg_operation_pays_once_id(MEMBER, "deal_closed", "deal-1");
  PrgEarnRequest request = plain;
  g_autoptr(GPtrArray) rows = NULL, deal = NULL;

  request.kind = "dial_made";
  request.caller_id = "mine";
  rows = prg_earn_xp(view, rules, &moment, &request, NULL);
  g_assert_cmpstr(row(rows, 0)->id, ==, expected);
  request.ref = "deal-1";
  deal = prg_earn_deal(view, rules, &moment, &request, NULL);
  g_assert_cmpstr(row(deal, 0)->id, ==, deal_id);
}

static void
test_calls(void)
{
  static const struct {
    const char *disposition;
    const char *kinds[3]; /* besides dial_made, without the rows that the duration makes */
    gint64 xp;            /* all of it, without them */
    gboolean connected;
  } calls[] = {
    { "CONTACT", { "call_connected" }, 7, TRUE },
    { "CALLBACK", { "call_connected", "callback_scheduled" }, 32, TRUE },
    { "VOICEMAIL", { "voicemail_left" }, 10, FALSE },
    { "NO_ANSWER", { NULL }, 2, FALSE },
    { "NOT_INTERESTED", { NULL }, 2, FALSE },
    { "WRONG_NUMBER", { NULL }, 2, FALSE },
    { "DNC", { NULL }, 2, FALSE },
  };
  static const gint64 durations[] = { 0, 29, 30, 119, 120, 86400 };
  g_autoptr(PrgView) view = view_with(0, "");

  for (guint i = 0; i < G_N_ELEMENTS(calls) * G_N_ELEMENTS(durations); i++) {
    guint c = i / G_N_ELEMENTS(durations);
    gint64 duration = durations[i % G_N_ELEMENTS(durations)];
    const char *extra = !calls[c].connected ? NULL
                        : duration < 30     ? "under_thirty_second_call"
                        : duration >= 120   ? "two_plus_minute_call"
                                            : NULL;
    PrgEarnRequest request = plain;
    g_autoptr(GPtrArray) rows = NULL;
    gint64 sum = 0;
    guint n = 1;

    request.disposition = calls[c].disposition;
    request.duration_s = duration;
    request.ref = "lead-1";
    g_test_message("%s of %d s", request.disposition, (int)duration);
    rows = prg_earn_call(view, rules, &moment, &request, NULL);
    g_assert_cmpstr(row(rows, 0)->kind, ==, "dial_made");
    for (guint k = 0; calls[c].kinds[k] != NULL; k++)
      g_assert_cmpstr(row(rows, n++)->kind, ==, calls[c].kinds[k]);
    if (extra != NULL)
      g_assert_cmpstr(row(rows, n++)->kind, ==, extra);
    g_assert_cmpuint(rows->len, ==, n);
    for (guint k = 0; k < n; k++)
      sum += row(rows, k)->amount;
    g_assert_cmpint(sum, ==, calls[c].xp + (calls[c].connected && duration >= 120 ? 15 : 0));
  }
}

static void
test_call_rows(void)
{
  g_autoptr(PrgView) view = view_with(0, "");
  PrgEarnRequest request = plain;
  g_autoptr(GPtrArray) rows = NULL, again = NULL;
  g_autofree char *id = prg_operation_pays_once_id(MEMBER, "caller", "call-7");

  request.disposition = "CALLBACK";
  request.duration_s = 130;
  request.ref = "lead-1";
  request.details = "later";
  request.caller_id = "call-7";
  rows = prg_earn_call(view, rules, &moment, &request, NULL);
  again = prg_earn_call(view, rules, &moment, &request, NULL);
  g_assert_cmpstr(row(rows, 0)->id, ==, id);
  g_assert_cmpstr(row(rows, 0)->cause, ==, "");
  g_assert_cmpstr(row(rows, 0)->details, ==,
                  "{\"disposition\":\"CALLBACK\",\"duration\":130,\"text\":\"later\"}");
  for (guint i = 1; i < rows->len; i++) {
    g_autofree char *child = prg_operation_child_id(id, row(rows, i)->kind);

    g_assert_cmpstr(row(rows, i)->id, ==, child);
    g_assert_cmpstr(row(rows, i)->id, ==, row(again, i)->id);
    g_assert_cmpstr(row(rows, i)->cause, ==, id);
    g_assert_cmpint(row(rows, i)->seq, ==, 41 + i);
    g_assert_cmpstr(row(rows, i)->local_day, ==, TODAY);
  }
}

static void
test_bad_calls(void)
{
  g_autoptr(PrgView) view = view_with(0, "");
  PrgEarnRequest request = plain;

  request.disposition = "CHAT";
  assert_refused(prg_earn_call, view, &request, PRG_ERROR_INVALID_ARGUMENT);
  request.disposition = "";
  assert_refused(prg_earn_call, view, &request, PRG_ERROR_INVALID_ARGUMENT);
  request.disposition = "CONTACT";
  request.duration_s = -1;
  assert_refused(prg_earn_call, view, &request, PRG_ERROR_INVALID_ARGUMENT);
  request.duration_s = 86401;
  assert_refused(prg_earn_call, view, &request, PRG_ERROR_INVALID_ARGUMENT);
}

static void
test_call_with_specialization(void)
{
  g_autoptr(PrgView) view = view_with(0, "speed_dialer");
  PrgEarnRequest request = plain;
  g_autoptr(GPtrArray) rows = NULL;

  request.disposition = "CONTACT";
  request.duration_s = 60;
  rows = prg_earn_call(view, rules, &moment, &request, NULL);
  g_assert_cmpint(row(rows, 0)->amount, ==, 3);
  g_assert_cmpint(row(rows, 1)->amount, ==, 6);
}

/* A mis-clicked CALLBACK of two minutes, yesterday. */
static void
test_revocation(void)
{
  g_autoptr(PrgView) view = view_with(0, "");
  PrgEarnRequest request = plain;
  g_autoptr(GPtrArray) call = NULL, rows = NULL, again = NULL;
  g_autofree char *id = NULL;
  const PrgDay *day;

  request.disposition = "CALLBACK";
  request.duration_s = 120;
  request.occurred_at = NOW - DAY_US;
  call = prg_earn_call(view, rules, &moment, &request, NULL);
  for (guint i = 0; i < call->len; i++)
    prg_apply(view, rules, row(call, i), PRG_APPLY_NEW);
  g_assert_cmpint(view->record->total_xp.value, ==, 47);
  rows = prg_earn_revocation(rules, &moment, call, "wrong button", NULL);
  id = prg_operation_pays_once_id(MEMBER, "correction", FRESH_ID);
  g_assert_cmpuint(rows->len, ==, 1);
  g_assert_cmpstr(row(rows, 0)->id, ==, id);
  g_assert_cmpstr(row(rows, 0)->kind, ==, "correction");
  g_assert_cmpstr(row(rows, 0)->ref, ==, FRESH_ID);
  g_assert_cmpint(row(rows, 0)->amount, ==, -47);
  g_assert_cmpstr(row(rows, 0)->local_day, ==, "2026-11-19");
  g_assert_cmpint(row(rows, 0)->occurred_at, ==, NOW);
  g_assert_cmpstr(
      row(rows, 0)->details, ==,
      "{\"reason\":\"wrong button\",\"counters\":{\"dials\":-1,\"connects\":-1,\"callsOver2Min\":-1},"
      "\"kinds\":{\"dial_made\":-1,\"call_connected\":-1,\"callback_scheduled\":-1,\"two_plus_minute_call\":-"
      "1}}");
  prg_apply(view, rules, row(rows, 0), PRG_APPLY_NEW);
  day = prg_view_get_day(view, "2026-11-19");
  for (int i = 0; i < PRG_N_METRICS; i++)
    g_assert_cmpint(day->counters[i], ==, 0);
  g_assert_cmpint(day->xp, ==, 0);
  g_assert_cmpint(view->record->total_xp.value, ==, 0);
  again = prg_earn_revocation(rules, &moment, rows, "again", NULL);
  g_assert_null(again);
}

static void
test_revoked_deal(void)
{
  g_autoptr(PrgView) view = view_with(0, "");
  PrgEarnRequest request = plain;
  g_autoptr(GPtrArray) deal = NULL, rows = NULL;

  request.ref = "deal-1";
  deal = prg_earn_deal(view, rules, &moment, &request, NULL);
  g_assert_cmpint(row(deal, 0)->amount, ==, 300);
  rows = prg_earn_revocation(rules, &moment, deal, "", NULL);
  g_assert_cmpstr(row(rows, 0)->kind, ==, "deal_revoked");
  g_assert_cmpint(row(rows, 0)->amount, ==, -300);
  prg_apply(view, rules, row(deal, 0), PRG_APPLY_NEW);
  g_assert_cmpint(view->record->closed_deals.value, ==, 1);
  prg_apply(view, rules, row(rows, 0), PRG_APPLY_NEW);
  g_assert_cmpint(view->record->closed_deals.value, ==, 0);
  g_assert_cmpint(prg_view_get_day(view, TODAY)->counters[PRG_METRIC_DEALS], ==, 0);
}

static void
test_award(void)
{
  const PrgAward due = { "streak_day", (char *)TODAY, 10, (char *)TODAY };
  g_autoptr(PrgOperation) operation = prg_earn_award(&moment, &due, 99, FRESH_ID);
  g_autofree char *id = prg_operation_pays_once_id(MEMBER, "streak_day", TODAY);

  g_assert_cmpstr(operation->id, ==, id);
  g_assert_cmpint(operation->seq, ==, 99);
  g_assert_cmpint(operation->amount, ==, 10);
  g_assert_cmpstr(operation->local_day, ==, TODAY);
  g_assert_cmpstr(operation->cause, ==, FRESH_ID);
  g_assert_cmpint(operation->occurred_at, ==, NOW);
}
int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/earn/xp-row", test_xp_row);
  g_test_add_func("/earn/open-sources", test_open_sources);
  g_test_add_func("/earn/closed-sources", test_closed_sources);
  g_test_add_func("/earn/unknown-types", test_unknown_types);
  g_test_add_func("/earn/amounts", test_amounts);
  g_test_add_func("/earn/multipliers", test_multipliers);
  g_test_add_func("/earn/bad-multipliers", test_bad_multipliers);
  g_test_add_func("/earn/specialization-bonuses", test_specialization_bonuses);
  g_test_add_func("/earn/times", test_times);
  g_test_add_func("/earn/texts", test_texts);
  g_test_add_func("/earn/caller-id", test_caller_id);
  g_test_add_func("/earn/calls", test_calls);
  g_test_add_func("/earn/call-rows", test_call_rows);
  g_test_add_func("/earn/bad-calls", test_bad_calls);
  g_test_add_func("/earn/call-with-specialization", test_call_with_specialization);
  g_test_add_func("/earn/revocation", test_revocation);
  g_test_add_func("/earn/revoked-deal", test_revoked_deal);
  g_test_add_func("/earn/award", test_award);
  return run_earn_tests();
}

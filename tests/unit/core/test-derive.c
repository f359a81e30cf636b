/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core-helpers.h"

static PrgRules *rules;

/* Paid awards as "kind ref", as a store would know them. */
static gboolean
is_paid(const char *kind, const char *ref, gpointer paid)
{
  g_autofree char *key = g_strconcat(kind, " ", ref, NULL);

  return g_hash_table_contains(paid, key);
}

static GHashTable *
new_paid(void)
{
  return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

/* "kind ref amount day\n" for each */
static char *
list(GPtrArray *awards)
{
  GString *text = g_string_new(NULL);

  for (guint i = 0; i < awards->len; i++) {
    const PrgAward *award = g_ptr_array_index(awards, i);
    g_string_append_printf(text, "%s %s %d %s\n", award->kind, award->ref, (int)award->amount,
                           award->local_day);
  }
  return g_string_free(text, FALSE);
}

/* Awards what is due until nothing is; returns how many passes it took. */
static guint
settle(PrgView *view, GHashTable *paid, const char *today)
{
  for (guint pass = 0;; pass++) {
    g_autoptr(GPtrArray) awards = prg_derive(view, rules, today, is_paid, paid);

    if (awards->len == 0)
      return pass;
    g_assert_cmpuint(pass, <, 5);
    for (guint i = 0; i < awards->len; i++) {
      const PrgAward *award = g_ptr_array_index(awards, i);

      g_assert_true(g_hash_table_add(paid, g_strconcat(award->kind, " ", award->ref, NULL)));
      apply_row(view, rules, award->kind, award->amount, award->ref, award->local_day);
    }
  }
}

static void
assert_due(PrgView *view, GHashTable *paid, const char *expected)
{
  g_autoptr(GPtrArray) awards = prg_derive(view, rules, TODAY, is_paid, paid);
  g_autofree char *text = list(awards);

  g_assert_cmpstr(text, ==, expected);
}

static void
test_first_dial(void)
{
  g_autoptr(PrgView) view = prg_view_new();
  g_autoptr(GHashTable) paid = new_paid();

  assert_due(view, paid, "");
  apply_row(view, rules, "email_sent", 10, "", TODAY);
  assert_due(view, paid, "");
  apply_row(view, rules, "dial_made", 2, "", TODAY);
  apply_row(view, rules, "dial_made", 2, "", TODAY);
  assert_due(view, paid, "first_dial_of_day 2026-11-20 25 2026-11-20\n");
  g_hash_table_add(paid, g_strdup("first_dial_of_day " TODAY));
  assert_due(view, paid, "");
}

static void
test_streak_day(void)
{
  g_autoptr(PrgView) view = prg_view_new();
  g_autoptr(GHashTable) paid = new_paid();

  apply_row(view, rules, "email_sent", 10, "", "2026-11-18");
  apply_row(view, rules, "email_sent", 10, "", TODAY);
  assert_due(view, paid, "");
  /* A gap that another device's rows fill makes two days due. */
  apply_row(view, rules, "external_activity", 0, "2026-11-19", "2026-11-19");
  assert_due(view, paid, "streak_day 2026-11-19 10 2026-11-19\nstreak_day 2026-11-20 10 2026-11-20\n");
}

static void
test_order_of_awards(void)
{
  g_autoptr(PrgView) view = prg_view_new();
  g_autoptr(GHashTable) paid = new_paid();

  apply_row(view, rules, "boss_defeated", 1000, "redhawk", TODAY);
  apply_row(view, rules, "dial_made", 2, "", TODAY);
  apply_row(view, rules, "dial_made", 2, "", "2026-11-19");
  assert_due(view, paid,
             "first_dial_of_day 2026-11-19 25 2026-11-19\n"
             "first_dial_of_day 2026-11-20 25 2026-11-20\n"
             "streak_day 2026-11-20 10 2026-11-20\n"
             "badge_earned redhawk_slayer.gold 500 2026-11-20\n"
             "title_earned RedHawk Conqueror 0 2026-11-20\n");
  g_assert_cmpuint(settle(view, paid, TODAY), ==, 1);
  g_assert_true(prg_id_set_contains(view->record->badges, "redhawk_slayer.gold"));
  g_assert_true(prg_id_set_contains(view->titles, "RedHawk Conqueror"));
  g_assert_cmpint(view->record->total_xp.value, ==, 1000 + 4 + 50 + 10 + 500);
}

static void
test_badge_of_the_record_is_never_paid(void)
{
  g_autoptr(PrgView) view = prg_view_new();
  g_autoptr(GHashTable) paid = new_paid();

  prg_id_set_add(view->record->defeated_bosses, "redhawk");
  prg_id_set_add(view->record->defeated_bosses, "someone_elses_boss");
  prg_id_set_add(view->record->badges, "redhawk_slayer.gold");
  assert_due(view, paid, "title_earned RedHawk Conqueror 0 2026-11-20\n");
}

static void
test_window(void)
{
  static const struct {
    const char *day;
    gboolean due;
  } days[] = {
    { "2026-11-12", FALSE }, { "2026-11-13", TRUE },  { TODAY, TRUE },
    { "2026-11-21", TRUE },  { "2026-11-22", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS(days); i++) {
    g_autoptr(PrgView) view = prg_view_new();
    g_autoptr(GPtrArray) awards = NULL;

    apply_row(view, rules, "dial_made", 2, "", days[i].day);
    awards = prg_derive(view, rules, TODAY, NULL, NULL);
    g_test_message("%s", days[i].day);
    g_assert_cmpuint(awards->len, ==, days[i].due ? 1 : 0);
  }
}

static void
test_revoked_dial(void)
{
  g_autoptr(PrgView) view = prg_view_new();
  g_autoptr(GHashTable) paid = new_paid();
  const PrgOperation fields = { .kind = "correction",
                                .local_day = TODAY,
                                .details = "{\"counters\":{\"dials\":-1}}" };
  g_autoptr(PrgOperation) correction = prg_operation_new(&fields);

  apply_row(view, rules, "dial_made", 2, "", TODAY);
  prg_apply(view, rules, correction, PRG_APPLY_NEW);
  assert_due(view, paid, "");
}

static void
test_no_day(void)
{
  g_autoptr(PrgView) view = prg_view_new();
  g_autoptr(GPtrArray) awards = NULL;

  apply_row(view, rules, "dial_made", 2, "", TODAY);
  awards = prg_derive(view, rules, "today", NULL, NULL);
  g_assert_cmpuint(awards->len, ==, 0);
}

/* Whatever comes in whatever order over some weeks: every award once, one pass settles, and each was
 * deserved. */
static void
test_never_twice(void)
{
  static const char *const kinds[] = { "dial_made", "email_sent", "correction", "boss_defeated",
                                       "external_activity" };

  for (guint round = 0; round < 1000; round++) {
    g_autoptr(PrgView) view = prg_view_new();
    g_autoptr(GHashTable) paid = new_paid();

    for (guint step = 0; step < 30; step++) {
      g_autofree char *today = day_after(TODAY, (gint)step / 3);
      g_autofree char *day = day_after(today, g_test_rand_int_range(-9, 2));
      const char *kind = kinds[g_test_rand_int_range(0, G_N_ELEMENTS(kinds))];

      apply_row(view, rules, kind, g_test_rand_int_range(-5, 5), "redhawk", day);
      g_assert_cmpuint(settle(view, paid, today), <=, 1);
    }
    /* Ten days give a streak of a week at most besides the boss's badge. */
    g_assert_cmpint(prg_view_get_kind_count(view, "badge_earned"), ==, prg_id_set_size(view->record->badges));
    g_assert_cmpint(prg_view_get_kind_count(view, "badge_earned"), <=, 2);
    g_assert_cmpint(prg_view_get_kind_count(view, "title_earned"), ==,
                    prg_id_set_contains(view->record->badges, "redhawk_slayer.gold"));
  }
}

/* An award never makes another day active, so that none can start a chain. */
static void
test_awards_make_no_activity(void)
{
  g_autoptr(PrgView) view = prg_view_new();
  g_autoptr(GHashTable) paid = new_paid();

  apply_row(view, rules, "streak_day", 10, "2026-11-19", "2026-11-19");
  apply_row(view, rules, "first_dial_of_day", 25, TODAY, TODAY);
  assert_due(view, paid, "");
  g_assert_cmpuint(prg_view_streak(view, TODAY), ==, 0);
}

int
main(int argc, char **argv)
{
  int result;

  g_test_init(&argc, &argv, NULL);
  rules = prg_rules_new_builtin();
  g_test_add_func("/derive/first-dial", test_first_dial);
  g_test_add_func("/derive/streak-day", test_streak_day);
  g_test_add_func("/derive/order-of-awards", test_order_of_awards);
  g_test_add_func("/derive/badge-of-the-record-is-never-paid", test_badge_of_the_record_is_never_paid);
  g_test_add_func("/derive/window", test_window);
  g_test_add_func("/derive/revoked-dial", test_revoked_dial);
  g_test_add_func("/derive/no-day", test_no_day);
  g_test_add_func("/derive/never-twice", test_never_twice);
  g_test_add_func("/derive/awards-make-no-activity", test_awards_make_no_activity);
  result = g_test_run();
  prg_rules_unref(rules);
  return result;
}

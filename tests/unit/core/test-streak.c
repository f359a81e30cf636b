/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core-helpers.h"

/* Consecutive days of the calendar, over zones, clocks and machines. */

static PrgRules *rules;

static void
test_streaks(void)
{
  static const struct {
    const char *days[6];
    guint streak;
  } cases[] = {
    { { NULL }, 0 },
    { { TODAY }, 1 },
    { { "2026-11-19" }, 1 },
    { { "2026-11-18" }, 0 },
    { { "2026-11-18", "2026-11-19", TODAY }, 3 },
    { { "2026-11-18", "2026-11-19" }, 2 },
    { { "2026-11-17", "2026-11-19", TODAY }, 2 },
    { { TODAY, "2026-11-21" }, 2 }, /* tomorrow has begun elsewhere */
    { { "2026-11-19", "2026-11-21" }, 1 },
    { { "2026-11-21" }, 1 },
    { { "2026-11-22" }, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(PrgView) view = prg_view_new();

    for (guint k = 0; cases[i].days[k] != NULL; k++)
      apply_row(view, rules, "note_added", 3, "", cases[i].days[k]);
    g_test_message("case %u", i);
    g_assert_cmpuint(prg_view_streak(view, TODAY), ==, cases[i].streak);
  }
}

/* Over both DST changes, the year's end and a leap day: always the days of the calendar, never 24 hours. */
static void
test_long_streak(void)
{
  g_autoptr(PrgView) view = prg_view_new();
  g_autoptr(GTimeZone) zone = g_time_zone_new_identifier("America/New_York");
  gint64 instant = 0;

  g_assert_true(prg_instant_parse("2023-12-31T23:50:00-05:00", &instant));
  for (guint streak = 1; streak <= 400; streak++) {
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(instant / G_USEC_PER_SEC);
    g_autoptr(GDateTime) local = g_date_time_to_timezone(utc, zone);
    g_autoptr(GDateTime) next = g_date_time_add_days(local, 1);
    g_autofree char *day = prg_day_of(instant, zone);

    apply_row(view, rules, "note_added", 3, "", day);
    g_assert_cmpuint(prg_view_streak(view, day), ==, streak);
    instant = g_date_time_to_unix(next) * G_USEC_PER_SEC;
  }
}

/* A flight from Tokyo to Honolulu lives one day twice: the streak neither breaks nor grows by it. */
static void
test_date_line(void)
{
  g_autoptr(PrgView) view = prg_view_new();
  g_autoptr(GTimeZone) tokyo = g_time_zone_new_identifier("Asia/Tokyo");
  g_autoptr(GTimeZone) honolulu = g_time_zone_new_identifier("Pacific/Honolulu");
  g_autofree char *there = prg_day_of(NOW + 6 * 3600 * (gint64)G_USEC_PER_SEC, tokyo); /* 2026-11-21, 01:00 */
  g_autofree char *here =
      prg_day_of(NOW + 14 * 3600 * (gint64)G_USEC_PER_SEC, honolulu); /* 2026-11-20, 14:00 */

  apply_row(view, rules, "note_added", 3, "", TODAY);
  g_assert_cmpuint(prg_view_streak(view, TODAY), ==, 1);
  apply_row(view, rules, "note_added", 3, "", there);
  g_assert_cmpuint(prg_view_streak(view, there), ==, 2);
  g_assert_cmpstr(here, ==, TODAY);
  apply_row(view, rules, "note_added", 3, "", here);
  g_assert_cmpuint(prg_view_streak(view, here), ==, 2);
  apply_row(view, rules, "note_added", 3, "", "2026-11-21");
  g_assert_cmpuint(prg_view_streak(view, "2026-11-21"), ==, 2);
}

/* The award of a day tells how long the streak was; so a machine that holds only the last days knows the whole of it. */
static void
test_streak_told_by_award(void)
{
  static const struct {
    const char *details;
    guint streak; /* on the third day of three known ones, the award being of the first */
  } cases[] = {
    { "{\"streak\":88}", 90 },
    { "{\"streak\":2}", 4 },
    { "{\"streak\":1}", 3 },
    { "{\"streak\":0}", 3 },
    { "{\"streak\":-5}", 3 },
    { "{\"streak\":\"88\"}", 3 },
    { "{\"streak\":8.5}", 3 },
    { "{}", 3 },
    { "", 3 },
    { "[88]", 3 },
    { "{\"streak\":1000000}", 40000 },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(PrgView) view = prg_view_new();

    apply_row(view, rules, "note_added", 3, "", "2026-11-18");
    apply_row(view, rules, "note_added", 3, "", "2026-11-19");
    apply_row(view, rules, "note_added", 3, "", TODAY);
    apply_told(view, rules, "streak_day", "2026-11-18", "2026-11-18", cases[i].details);
    g_test_message("%s", cases[i].details);
    g_assert_cmpuint(prg_view_streak(view, TODAY), ==, cases[i].streak);
  }
}

/* An award before a gap says nothing about the streak after it; of two in one run the longer telling counts. */
static void
test_streak_anchors_in_the_run(void)
{
  g_autoptr(PrgView) view = prg_view_new();

  apply_row(view, rules, "note_added", 3, "", "2026-11-16");
  apply_row(view, rules, "note_added", 3, "", "2026-11-18");
  apply_row(view, rules, "note_added", 3, "", "2026-11-19");
  apply_row(view, rules, "note_added", 3, "", TODAY);
  apply_told(view, rules, "streak_day", "2026-11-16", "2026-11-16", "{\"streak\":50}");
  g_assert_cmpuint(prg_view_streak(view, TODAY), ==, 3);
  apply_told(view, rules, "streak_day", "2026-11-19", "2026-11-19", "{\"streak\":2}");
  apply_told(view, rules, "streak_day", TODAY, TODAY, "{\"streak\":3}");
  g_assert_cmpuint(prg_view_streak(view, TODAY), ==, 3);
  apply_row(view, rules, "note_added", 3, "", "2026-11-17");
  g_assert_cmpuint(prg_view_streak(view, TODAY), ==, 54); /* 50 days to the 16th, and four more */
  g_assert_cmpuint(prg_view_streak(view, "2026-11-21"), ==, 54);
  g_assert_cmpuint(prg_view_streak(view, "2026-11-22"), ==, 0);
}

/* What the awards themselves tell: day after day on one machine, then on one that holds only the last days. */
static void
test_awards_tell(void)
{
  g_autoptr(PrgView) old = prg_view_new();
  g_autoptr(PrgView) fresh = prg_view_new();

  for (gint day = 0; day < 100; day++) {
    g_autofree char *today = day_after(TODAY, day);
    g_autoptr(GPtrArray) awards = NULL;

    apply_row(old, rules, "note_added", 3, "", today);
    awards = prg_derive(old, rules, today, NULL, NULL);
    for (guint i = 0; i < awards->len; i++) {
      const PrgAward *award = g_ptr_array_index(awards, i);
      gboolean is_last = g_str_equal(award->kind, "streak_day") && g_str_equal(award->local_day, today);

      if (is_last) {
        apply_told(old, rules, award->kind, award->ref, award->local_day, award->details);
        if (day >= 65)
          apply_told(fresh, rules, award->kind, award->ref, award->local_day, award->details);
      }
    }
    if (day >= 65)
      apply_row(fresh, rules, "note_added", 3, "", today);
    g_assert_cmpuint(prg_view_streak(old, today), ==, (guint)day + 1);
    if (day >= 65)
      g_assert_cmpuint(prg_view_streak(fresh, today), ==, (guint)day + 1);
  }
}

int
main(int argc, char **argv)
{
  int result;

  g_test_init(&argc, &argv, NULL);
  rules = prg_rules_new_builtin();
  g_test_add_func("/streak/days", test_streaks);
  g_test_add_func("/streak/long", test_long_streak);
  g_test_add_func("/streak/date-line", test_date_line);
  g_test_add_func("/streak/told-by-award", test_streak_told_by_award);
  g_test_add_func("/streak/anchors-in-the-run", test_streak_anchors_in_the_run);
  g_test_add_func("/streak/awards-tell", test_awards_tell);
  result = g_test_run();
  prg_rules_unref(rules);
  return result;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core-helpers.h"
#include "prg-badges.h"

/* The domain's badges, written from that page: each tier is due from exactly there, with its XP. */

static PrgRules *rules;

/* XP of the award of @badge that is due, -1 = it is not. */
static gint64
due_xp(const PrgView *view, const char *badge)
{
  g_autoptr(GPtrArray) awards = prg_derive(view, rules, TODAY, NULL, NULL);
  gint64 xp = -1;

  for (guint i = 0; i < awards->len; i++) {
    const PrgAward *award = g_ptr_array_index(awards, i);

    if (!g_str_equal(award->kind, "badge_earned") || !g_str_equal(award->ref, badge))
      continue;
    g_assert_cmpint(xp, ==, -1);
    g_assert_cmpstr(award->local_day, ==, TODAY);
    xp = award->amount;
  }
  return xp;
}

/* ---- counters ---- */

typedef struct {
  const char *badge;
  const char *kind; /* NULL = deals */
  gint64 count, xp;
} CounterTier;

static const CounterTier counter_tiers[] = {
  { "appointment_setter.bronze", "appointment_set", 10, 100 },
  { "appointment_setter.silver", "appointment_set", 50, 300 },
  { "appointment_setter.gold", "appointment_set", 200, 750 },
  { "appointment_setter.platinum", "appointment_set", 1000, 2000 },
  { "closer.bronze", NULL, 5, 150 },
  { "closer.silver", NULL, 25, 500 },
  { "closer.gold", NULL, 100, 1500 },
  { "closer.platinum", NULL, 500, 5000 },
  { "first_blood.bronze", NULL, 1, 250 },
  { "email_expert.bronze", "email_sent", 50, 50 },
  { "email_expert.silver", "email_sent", 250, 150 },
  { "email_expert.gold", "email_sent", 1000, 400 },
  { "email_expert.platinum", "email_sent", 5000, 1000 },
  { "objection_master.bronze", "objection_handled", 25, 50 },
  { "objection_master.silver", "objection_handled", 100, 100 },
  { "objection_master.gold", "objection_handled", 500, 200 },
  { "objection_master.platinum", "objection_handled", 1000, 500 },
  { "early_bird.bronze", "early_call", 10, 75 },
  { "early_bird.silver", "early_call", 50, 200 },
  { "early_bird.gold", "early_call", 200, 500 },
};

static void
test_counters(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(counter_tiers); i++) {
    const CounterTier *tier = &counter_tiers[i];
    g_autoptr(PrgView) view = prg_view_new();

    g_test_message("%s", tier->badge);
    if (tier->kind == NULL)
      view->record->closed_deals = prg_number(tier->count - 1);
    else
      apply_rows(view, rules, tier->kind, tier->count - 1, 20);
    g_assert_cmpint(due_xp(view, tier->badge), ==, -1);
    if (tier->kind == NULL)
      view->record->closed_deals = prg_number(tier->count);
    else
      apply_rows(view, rules, tier->kind, 1, 0);
    g_assert_cmpint(due_xp(view, tier->badge), ==, tier->xp);
    prg_id_set_add(view->record->badges, tier->badge);
    g_assert_cmpint(due_xp(view, tier->badge), ==, -1);
  }
}

static void
test_streak_warrior(void)
{
  static const struct {
    const char *badge;
    gint days;
    gint64 xp;
  } tiers[] = {
    { "streak_warrior.bronze", 7, 100 },
    { "streak_warrior.silver", 30, 350 },
    { "streak_warrior.gold", 90, 1000 },
    { "streak_warrior.platinum", 365, 5000 },
  };

  for (guint i = 0; i < G_N_ELEMENTS(tiers); i++) {
    g_autoptr(PrgView) view = prg_view_new();

    for (gint day = 0; day < tiers[i].days - 1; day++)
      apply_rows(view, rules, "note_added", 1, day);
    g_assert_cmpint(due_xp(view, tiers[i].badge), ==, -1);
    apply_rows(view, rules, "note_added", 1, tiers[i].days - 1);
    g_assert_cmpint(due_xp(view, tiers[i].badge), ==, tiers[i].xp);
  }
}

/* On a machine that holds only the last days, by what the awards tell. */
static void
test_streak_warrior_on_a_new_machine(void)
{
  g_autoptr(PrgView) view = prg_view_new();
  g_autofree char *first = day_after(TODAY, -34);

  for (gint day = 0; day < 35; day++)
    apply_rows(view, rules, "note_added", 1, day);
  g_assert_cmpint(due_xp(view, "streak_warrior.gold"), ==, -1);
  apply_told(view, rules, "streak_day", first, first, "{\"streak\":331}");
  g_assert_cmpint(due_xp(view, "streak_warrior.gold"), ==, 1000);
  g_assert_cmpint(due_xp(view, "streak_warrior.platinum"), ==, 5000);
}

static void
test_boss(void)
{
  g_autoptr(PrgView) view = prg_view_new();

  g_assert_cmpint(due_xp(view, "redhawk_slayer.gold"), ==, -1);
  prg_id_set_add(view->record->defeated_bosses, "redhawk");
  g_assert_cmpint(due_xp(view, "redhawk_slayer.gold"), ==, 500);
}

/* ---- rates over a window ---- */

typedef struct {
  const char *badge;
  const char *numerator;
  gboolean below;
  gint percent, days;
  gint64 xp;
} RateTier;

#define DROP "under_thirty_second_call"
#define LONG "two_plus_minute_call"

static const RateTier rate_tiers[] = {
  { "opener_elite.bronze", DROP, TRUE, 50, 7, 100 },
  { "opener_elite.silver", DROP, TRUE, 40, 14, 250 },
  { "opener_elite.gold", DROP, TRUE, 35, 21, 500 },
  { "opener_elite.platinum", DROP, TRUE, 30, 28, 1000 },
  { "conversion_champion.bronze", "appointment_set", FALSE, 3, 7, 150 },
  { "conversion_champion.silver", "appointment_set", FALSE, 5, 14, 350 },
  { "conversion_champion.gold", "appointment_set", FALSE, 7, 21, 700 },
  { "conversion_champion.platinum", "appointment_set", FALSE, 10, 28, 1500 },
  { "engagement_master.bronze", LONG, FALSE, 20, 7, 100 },
  { "engagement_master.silver", LONG, FALSE, 25, 14, 250 },
  { "engagement_master.gold", LONG, FALSE, 30, 21, 500 },
  { "engagement_master.platinum", LONG, FALSE, 35, 28, 1000 },
};

/* @percent of 100 connected calls on the first day of the window, with @dials. */
static PrgView *
new_rate_view(const RateTier *tier, gint percent, gint64 dials, gint days)
{
  PrgView *view = prg_view_new();

  apply_rows(view, rules, "dial_made", dials, days - 1);
  apply_rows(view, rules, "call_connected", 100, days - 1);
  apply_rows(view, rules, tier->numerator, percent, days - 1);
  return view;
}

static void
test_rates(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(rate_tiers); i++) {
    const RateTier *tier = &rate_tiers[i];
    gint better = tier->percent + (tier->below ? -1 : 1);
    g_autoptr(PrgView) at = new_rate_view(tier, tier->percent, 200, tier->days);
    g_autoptr(PrgView) past = new_rate_view(tier, better, 200, tier->days);
    g_autoptr(PrgView) ramp_up = new_rate_view(tier, better, 199, tier->days);
    g_autoptr(PrgView) too_new = new_rate_view(tier, better, 200, tier->days - 1);
    g_autoptr(PrgView) too_old = new_rate_view(tier, better, 200, tier->days + 1);

    g_test_message("%s", tier->badge);
    g_assert_cmpint(due_xp(at, tier->badge), ==, -1);
    g_assert_cmpint(due_xp(past, tier->badge), ==, tier->xp);
    g_assert_cmpint(due_xp(ramp_up, tier->badge), ==, -1);
    g_assert_cmpint(due_xp(too_new, tier->badge), ==, -1);
    g_assert_cmpint(due_xp(too_old, tier->badge), ==, -1); /* nothing is in the window */
    too_new->has_older = TRUE;                             /* rows that this machine never held came before */
    g_assert_cmpint(due_xp(too_new, tier->badge), ==, tier->xp);
  }
}

/* ---- show rate: the rep's whole life, at least so many appointments ---- */

static void
test_show_rate(void)
{
  static const struct {
    const char *badge;
    gint percent;
    gint64 minimum, xp;
  } tiers[] = {
    { "show_rate_champion.bronze", 70, 5, 100 },
    { "show_rate_champion.silver", 75, 10, 250 },
    { "show_rate_champion.gold", 80, 20, 500 },
    { "show_rate_champion.platinum", 85, 30, 1000 },
  };

  for (guint i = 0; i < G_N_ELEMENTS(tiers); i++) {
    g_autoptr(PrgView) few = prg_view_new();
    g_autoptr(PrgView) many = prg_view_new();

    g_test_message("%s", tiers[i].badge);
    apply_rows(few, rules, "dial_made", 200, 300);
    apply_rows(few, rules, "appointment_set", tiers[i].minimum - 1, 200);
    apply_rows(few, rules, "appointment_held", tiers[i].minimum - 1, 100);
    g_assert_cmpint(due_xp(few, tiers[i].badge), ==, -1);
    apply_rows(few, rules, "appointment_set", 1, 0);
    apply_rows(few, rules, "appointment_held", 1, 0);
    g_assert_cmpint(due_xp(few, tiers[i].badge), ==, tiers[i].xp);
    apply_rows(many, rules, "dial_made", 199, 300);
    apply_rows(many, rules, "appointment_set", 100, 200);
    apply_rows(many, rules, "appointment_held", tiers[i].percent, 100);
    apply_rows(many, rules, "dial_made", 1, 0);
    g_assert_cmpint(due_xp(many, tiers[i].badge), ==, -1);
    apply_rows(many, rules, "appointment_held", 1, 0);
    g_assert_cmpint(due_xp(many, tiers[i].badge), ==, tiers[i].xp);
  }
}

/* ---- appointments within dials ---- */

static void
test_efficiency_elite(void)
{
  static const struct {
    const char *badge;
    gint64 appointments, dials;
    gint days;
    gint64 xp;
  } tiers[] = {
    { "efficiency_elite.bronze", 2, 40, 1, 100 },
    { "efficiency_elite.silver", 3, 50, 7, 300 },
    { "efficiency_elite.gold", 5, 75, 7, 600 },
    { "efficiency_elite.platinum", 10, 100, 14, 1200 },
  };

  for (guint i = 0; i < G_N_ELEMENTS(tiers); i++) {
    g_autoptr(PrgView) view = prg_view_new();
    g_autoptr(PrgView) too_new = prg_view_new();

    g_test_message("%s", tiers[i].badge);
    apply_rows(view, rules, "dial_made", tiers[i].dials, tiers[i].days - 1);
    apply_rows(view, rules, "appointment_set", tiers[i].appointments - 1, tiers[i].days - 1);
    g_assert_cmpint(due_xp(view, tiers[i].badge), ==, -1);
    apply_rows(view, rules, "appointment_set", 1, 0);
    g_assert_cmpint(due_xp(view, tiers[i].badge), ==, tiers[i].xp); /* in ramp-up as well */
    apply_rows(view, rules, "dial_made", 1, 0);
    g_assert_cmpint(due_xp(view, tiers[i].badge), ==, -1);
    if (tiers[i].days == 1)
      continue;
    apply_rows(too_new, rules, "dial_made", 1, tiers[i].days - 2);
    apply_rows(too_new, rules, "appointment_set", tiers[i].appointments, 0);
    g_assert_cmpint(due_xp(too_new, tiers[i].badge), ==, -1);
  }
}

/* ---- paying ---- */

/* Lower tiers that are still unpaid come along; what the record holds is not paid, whoever put it there. */
static void
test_lower_tiers(void)
{
  g_autoptr(PrgView) view = prg_view_new();

  view->record->closed_deals = prg_number(100);
  prg_id_set_add(view->record->badges, "closer.silver");
  g_assert_cmpint(due_xp(view, "first_blood.bronze"), ==, 250);
  g_assert_cmpint(due_xp(view, "closer.bronze"), ==, 150);
  g_assert_cmpint(due_xp(view, "closer.silver"), ==, -1);
  g_assert_cmpint(due_xp(view, "closer.gold"), ==, 1500);
  g_assert_cmpint(due_xp(view, "closer.platinum"), ==, -1);
}

static void
test_revoked(void)
{
  g_autoptr(PrgView) view = prg_view_new();

  apply_rows(view, rules, "appointment_set", 10, 0);
  apply_told(view, rules, "correction", "x", TODAY,
             "{\"counters\":{\"appointments\":-1},\"kinds\":{\"appointment_set\":-1}}");
  g_assert_cmpint(due_xp(view, "appointment_setter.bronze"), ==, -1);
  apply_rows(view, rules, "appointment_set", 1, 0);
  g_assert_cmpint(due_xp(view, "appointment_setter.bronze"), ==, 100);
}

/* ---- standing ---- */

/* "badge tier next progress/needed passes why\n" of one badge */
static void
assert_standing(const PrgView *view, const char *badge, const char *expected)
{
  g_autoptr(GPtrArray) standings = prg_badges_standing(view, rules, TODAY);
  g_autofree char *text = NULL;

  for (guint i = 0; i < standings->len; i++) {
    const PrgBadgeStanding *standing = g_ptr_array_index(standings, i);

    if (g_str_equal(standing->id, badge))
      text = g_strdup_printf("%s|%s|%g of %g %s|%d%s%s", standing->tier, standing->next_tier,
                             standing->measured.progress, standing->measured.needed,
                             standing->measured.passes, standing->measured.known,
                             *standing->measured.why != '\0' ? " " : "", standing->measured.why);
  }
  g_assert_cmpstr(text, ==, expected);
}

static void
test_standing_of_everything(void)
{
  static const char *const ids[] = { "opener_elite",     "conversion_champion", "engagement_master",
                                     "efficiency_elite", "show_rate_champion",  "appointment_setter",
                                     "closer",           "streak_warrior",      "email_expert",
                                     "objection_master", "early_bird",          "first_blood",
                                     "redhawk_slayer" };
  g_autoptr(PrgView) view = prg_view_new();
  g_autoptr(GPtrArray) standings = prg_badges_standing(view, rules, TODAY);

  g_assert_cmpuint(standings->len, ==, G_N_ELEMENTS(ids));
  for (guint i = 0; i < G_N_ELEMENTS(ids); i++) {
    const PrgBadgeStanding *standing = g_ptr_array_index(standings, i);

    g_assert_cmpstr(standing->id, ==, ids[i]);
    g_assert_cmpstr(standing->name, !=, "");
    g_assert_cmpstr(standing->tier, ==, "");
    g_assert_cmpstr(standing->next_tier, ==, i == 12 ? "gold" : "bronze");
    g_assert_false(standing->measured.holds);
  }
}

static void
test_standing_of_counters(void)
{
  g_autoptr(PrgView) view = prg_view_new();

  assert_standing(view, "closer", "|bronze|0 of 5 at-least|1");
  view->record->closed_deals = prg_number(7);
  prg_id_set_add(view->record->badges, "closer.bronze");
  assert_standing(view, "closer", "bronze|silver|7 of 25 at-least|1");
  /* The highest one counts, whoever skipped the one between. */
  prg_id_set_add(view->record->badges, "closer.gold");
  assert_standing(view, "closer", "gold|platinum|7 of 500 at-least|1");
  prg_id_set_add(view->record->badges, "closer.platinum");
  assert_standing(view, "closer", "platinum||7 of 500 at-least|1");
  assert_standing(view, "redhawk_slayer", "|gold|0 of 1 at-least|1");
  prg_id_set_add(view->record->badges, "redhawk_slayer.gold");
  assert_standing(view, "redhawk_slayer", "gold||0 of 1 at-least|1");
}

static void
test_standing_of_rates(void)
{
  g_autoptr(PrgView) view = prg_view_new();

  assert_standing(view, "opener_elite", "|bronze|0 of 0.5 below|0 rate-unknown");
  apply_rows(view, rules, "call_connected", 10, 0);
  apply_rows(view, rules, "under_thirty_second_call", 2, 0);
  assert_standing(view, "opener_elite", "|bronze|0.2 of 0.5 below|0 window-not-covered");
  apply_rows(view, rules, "note_added", 1, 6);
  assert_standing(view, "opener_elite", "|bronze|0.2 of 0.5 below|0 ramp-up");
  apply_rows(view, rules, "dial_made", 200, 3);
  assert_standing(view, "opener_elite", "|bronze|0.2 of 0.5 below|1");
  apply_rows(view, rules, "appointment_set", 4, 0);
  apply_rows(view, rules, "appointment_held", 4, 0);
  assert_standing(view, "show_rate_champion", "|bronze|1 of 0.7 above|0 too-few");
  apply_rows(view, rules, "appointment_set", 1, 0);
  assert_standing(view, "show_rate_champion", "|bronze|0.8 of 0.7 above|1");
  assert_standing(view, "efficiency_elite", "|bronze|5 of 2 at-least|1");
  apply_rows(view, rules, "dial_made", 41, 0);
  assert_standing(view, "efficiency_elite", "|bronze|5 of 2 at-least|1 too-many");
}

int
main(int argc, char **argv)
{
  int result;

  g_test_init(&argc, &argv, NULL);
  rules = prg_rules_new_builtin();
  g_test_add_func("/badges/counters", test_counters);
  g_test_add_func("/badges/streak-warrior", test_streak_warrior);
  g_test_add_func("/badges/streak-warrior-on-a-new-machine", test_streak_warrior_on_a_new_machine);
  g_test_add_func("/badges/boss", test_boss);
  g_test_add_func("/badges/rates", test_rates);
  g_test_add_func("/badges/show-rate", test_show_rate);
  g_test_add_func("/badges/efficiency-elite", test_efficiency_elite);
  g_test_add_func("/badges/lower-tiers", test_lower_tiers);
  g_test_add_func("/badges/revoked", test_revoked);
  g_test_add_func("/badges/standing/everything", test_standing_of_everything);
  g_test_add_func("/badges/standing/counters", test_standing_of_counters);
  g_test_add_func("/badges/standing/rates", test_standing_of_rates);
  result = g_test_run();
  prg_rules_unref(rules);
  return result;
}

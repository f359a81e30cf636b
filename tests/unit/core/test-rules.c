/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core-helpers.h"
#include "prg-rules.h"

/* Every number here is written from the domain, none from the catalogue. */

static PrgRules *rules;

static void
test_levels(void)
{
  static const gint64 xp[] = { 0,     100,   250,   500,   850,   1300,  1900,  2700,  3800,
                               5200,  7000,  9200,  12000, 15500, 20000, 25000, 30000, 36000,
                               43000, 51000, 60000, 70000, 82000, 96000, 112000 };

  g_assert_cmpuint(prg_rules_n_levels(rules), ==, 25);
  g_assert_cmpuint(G_N_ELEMENTS(xp), ==, 25);
  for (guint level = 1; level <= 25; level++) {
    g_assert_cmpint(prg_rules_level_xp(rules, level), ==, xp[level - 1]);
    g_assert_cmpint(prg_rules_next_level_xp(rules, level), ==, level < 25 ? xp[level] : 0);
    g_assert_cmpuint(prg_rules_level_for(rules, xp[level - 1] - 1), ==, level > 1 ? level - 1 : 1);
    g_assert_cmpuint(prg_rules_level_for(rules, xp[level - 1]), ==, level);
    g_assert_cmpuint(prg_rules_level_for(rules, xp[level - 1] + 1), ==, level);
  }
  g_assert_cmpuint(prg_rules_level_for(rules, -5000), ==, 1);
  g_assert_cmpuint(prg_rules_level_for(rules, G_MAXINT64), ==, 25);
  g_assert_cmpuint(prg_rules_level_for(rules, G_MININT64), ==, 1);
}

static void
test_level_is_monotone(void)
{
  for (guint i = 0; i < 20000; i++) {
    gint64 low = g_test_rand_int_range(-1000, 130000);
    gint64 high = low + g_test_rand_int_range(0, 30000);

    g_assert_cmpuint(prg_rules_level_for(rules, low), <=, prg_rules_level_for(rules, high));
  }
}

static void
test_sources(void)
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
    { "deal_closed", 300 },
    { "voicemail_left", 8 },
    { "email_sent", 10 },
    { "email_reply", 30 },
    { "sms_sent", 8 },
    { "sms_reply", 20 },
    { "sms_enrollment", 35 },
    { "note_added", 3 },
    { "referral_generated", 150 },
    { "first_dial_of_day", 25 },
    { "streak_day", 10 },
    { "module_passed", 50 },
    { "elite_exam_bonus", 100 },
    { "certification_earned", 300 },
    /* without XP */
    { "objection_handled", 0 },
    { "under_thirty_second_call", 0 },
    { "external_activity", 0 },
    { "title_earned", 0 },
    { "exam_passed", 0 },
    { "correction", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS(sources); i++) {
    const PrgSource *source = prg_rules_find_source(rules, sources[i].kind);

    g_test_message("%s", sources[i].kind);
    g_assert_nonnull(source);
    g_assert_cmpint(source->xp, ==, sources[i].xp);
    g_assert_true(source->kind == g_intern_string(sources[i].kind));
  }
  g_assert_null(prg_rules_find_source(rules, "dance"));
  g_assert_null(prg_rules_find_source(rules, ""));
  g_assert_null(prg_rules_find_source(rules, "DIAL"));
}

static void
test_aliases(void)
{
  static const char *const aliases[][2] = {
    { "dial", "dial_made" },
    { "connect", "call_connected" },
    { "voicemail", "voicemail_left" },
    { "appointment", "appointment_set" },
    { "email_replied", "email_reply" },
    { "sms_replied", "sms_reply" },
    { "referral", "referral_generated" },
    { "streak_bonus", "streak_day" },
  };

  for (guint i = 0; i < G_N_ELEMENTS(aliases); i++) {
    g_test_message("%s", aliases[i][0]);
    g_assert_nonnull(prg_rules_find_source(rules, aliases[i][0]));
    g_assert_true(prg_rules_find_source(rules, aliases[i][0]) == prg_rules_find_source(rules, aliases[i][1]));
  }
}

static void
test_source_flags(void)
{
  static const char *const once[] = { "deal_closed",          "module_passed",
                                      "exam_passed",          "boss_defeated",
                                      "certification_earned", "badge_earned",
                                      "first_dial_of_day",    "streak_day" };
  static const char *const derived[] = { "first_dial_of_day", "streak_day", "badge_earned", "title_earned",
                                         "external_activity" };
  static const char *const idle[] = { "first_dial_of_day", "streak_day", "badge_earned",
                                      "title_earned",      "correction", "deal_revoked" };
  static const char *const open[] = { "dial_made", "call_connected", "email_sent", "note_added",
                                      "referral_generated" };

  for (guint i = 0; i < G_N_ELEMENTS(once); i++)
    g_assert_true(prg_rules_find_source(rules, once[i])->pays_once);
  for (guint i = 0; i < G_N_ELEMENTS(derived); i++)
    g_assert_true(prg_rules_find_source(rules, derived[i])->derived);
  for (guint i = 0; i < G_N_ELEMENTS(idle); i++)
    g_assert_false(prg_rules_find_source(rules, idle[i])->activity);
  for (guint i = 0; i < G_N_ELEMENTS(open); i++) {
    const PrgSource *source = prg_rules_find_source(rules, open[i]);

    g_assert_true(source->activity && !source->pays_once && !source->derived);
    g_assert_cmpstr(source->method, ==, "");
  }
  g_assert_cmpstr(prg_rules_find_source(rules, "deal_closed")->method, ==, "CloseDeal");
  g_assert_cmpstr(prg_rules_find_source(rules, "module_passed")->method, ==, "CompleteModule");
  g_assert_cmpstr(prg_rules_find_source(rules, "exam_passed")->method, ==, "PassExam");
  g_assert_cmpstr(prg_rules_find_source(rules, "boss_defeated")->method, ==, "DefeatBoss");
  g_assert_cmpstr(prg_rules_find_source(rules, "certification_earned")->method, ==, "EarnCertification");
}

static void
test_counters(void)
{
  static const struct {
    const char *kind, *counter;
  } counters[] = {
    { "dial_made", "dials" },
    { "call_connected", "connects" },
    { "under_thirty_second_call", "callsUnder30s" },
    { "two_plus_minute_call", "callsOver2Min" },
    { "appointment_set", "appointments" },
    { "appointment_held", "shows" },
    { "deal_closed", "deals" },
    { "sms_enrollment", "smsEnrollments" },
  };

  g_assert_cmpuint(G_N_ELEMENTS(counters), ==, PRG_N_METRICS);
  for (guint i = 0; i < G_N_ELEMENTS(counters); i++) {
    int metric = prg_rules_find_source(rules, counters[i].kind)->metric;

    g_assert_cmpint(metric, ==, (int)i);
    g_assert_cmpstr(prg_metric_to_string((PrgMetric)metric), ==, counters[i].counter);
  }
  g_assert_cmpint(prg_rules_find_source(rules, "email_sent")->metric, ==, PRG_METRIC_NONE);
}

static void
test_dispositions(void)
{
  static const char *const ids[] = { "CONTACT",        "CALLBACK",     "VOICEMAIL", "NO_ANSWER",
                                     "NOT_INTERESTED", "WRONG_NUMBER", "DNC" };
  const char *const *known = prg_rules_get_disposition_ids(rules);

  for (guint i = 0; i < G_N_ELEMENTS(ids); i++) {
    g_assert_cmpstr(known[i], ==, ids[i]);
    g_assert_true(prg_rules_find_disposition(rules, ids[i])->connected == (i < 2));
  }
  g_assert_null(known[G_N_ELEMENTS(ids)]);
  g_assert_null(prg_rules_find_disposition(rules, "contact"));
  g_assert_cmpint(prg_rules_long_call_s(rules), ==, 120);
  g_assert_cmpint(prg_rules_short_call_s(rules), ==, 30);
}

static void
test_modules(void)
{
  static const double scores[] = { 0.80, 0.80, 0.80, 0.80, 0.85, 1.00, 0.80 };
  static const gint64 xp[] = { 50, 50, 50, 50, 75, 100, 300 };

  for (guint i = 0; i < 7; i++) {
    g_autofree char *id = g_strdup_printf("module_%u", i);
    const PrgModule *module = prg_rules_find_module(rules, id);

    g_assert_nonnull(module);
    g_assert_cmpfloat(module->pass_score, ==, scores[i]);
    g_assert_cmpint(module->xp, ==, xp[i]);
    g_assert_cmpint(prg_rules_external_module_xp(rules, id), ==, xp[i]);
    g_assert_cmpuint(g_strv_length((char **)module->needs), ==, i == 6 ? 6 : 0);
  }
  for (guint i = 0; i < 6; i++) {
    g_autofree char *id = g_strdup_printf("module_%u", i);
    g_assert_cmpstr(prg_rules_find_module(rules, "module_6")->needs[i], ==, id);
  }
  g_assert_null(prg_rules_find_module(rules, "module_7"));
  g_assert_cmpint(prg_rules_external_module_xp(rules, "module_7"), ==, 0);
}

static void
test_exams_and_boss(void)
{
  const PrgBoss *boss = prg_rules_find_boss(rules, "redhawk");

  g_assert_nonnull(prg_rules_find_exam(rules, "operative_certification"));
  g_assert_nonnull(prg_rules_find_exam(rules, "senior_certification"));
  g_assert_cmpfloat(prg_rules_find_exam(rules, "operative_certification")->elite_score, ==, 0.95);
  g_assert_cmpfloat(prg_rules_find_exam(rules, "senior_certification")->elite_score, ==, 0.95);
  g_assert_null(prg_rules_find_exam(rules, "leadership"));
  g_assert_cmpuint(boss->unlock_level, ==, 12);
  g_assert_cmpint(boss->xp, ==, 1000);
  g_assert_cmpstr(boss->badge, ==, "redhawk_slayer.gold");
  g_assert_cmpstr(boss->title, ==, "RedHawk Conqueror");
  g_assert_null(prg_rules_find_boss(rules, "bluehawk"));
}

static void
test_badges(void)
{
  static const struct {
    const char *badge;
    gint64 xp[4]; /* bronze, silver, gold, platinum; -1 = no such tier */
  } badges[] = {
    { "opener_elite", { 100, 250, 500, 1000 } },
    { "conversion_champion", { 150, 350, 700, 1500 } },
    { "engagement_master", { 100, 250, 500, 1000 } },
    { "efficiency_elite", { 100, 300, 600, 1200 } },
    { "show_rate_champion", { 100, 250, 500, 1000 } },
    { "appointment_setter", { 100, 300, 750, 2000 } },
    { "closer", { 150, 500, 1500, 5000 } },
    { "streak_warrior", { 100, 350, 1000, 5000 } },
    { "email_expert", { 50, 150, 400, 1000 } },
    { "objection_master", { 50, 100, 200, 500 } },
    { "early_bird", { 75, 200, 500, -1 } },
    { "first_blood", { 250, -1, -1, -1 } },
    { "redhawk_slayer", { -1, -1, 500, -1 } },
    { "unheard_of", { -1, -1, -1, -1 } },
  };
  static const char *const tiers[] = { "bronze", "silver", "gold", "platinum" };

  for (guint i = 0; i < G_N_ELEMENTS(badges); i++) {
    for (guint t = 0; t < 4; t++) {
      g_autofree char *badge = g_strconcat(badges[i].badge, ".", tiers[t], NULL);

      g_test_message("%s", badge);
      g_assert_cmpint(prg_rules_badge_xp(rules, badge), ==, badges[i].xp[t]);
    }
  }
  g_assert_cmpint(prg_rules_badge_xp(rules, "closer"), ==, -1);
}

static void
test_ranks(void)
{
  static const char *const ranks[][4] = {
    { "E-1", "sdr_1", "e1", "E1" },
    { "E-2", "sdr_2", "e-2", "E 2" },
    { "E-3", "sdr_3", "E_3", "SDR_3" },
    { "E-4", "operative", "e4", "Operative" },
    { "E-5", "senior_operative", "Senior Operative", "senior-operative" },
    { "E-6", "team_lead", "E6", "Team Lead" },
    { "E-7", "manager", "MANAGER", "e-7" },
  };
  static const char *const wrong[] = { "", "E-0", "E-8", "E-", "boss", "oper", "E--4x" };

  for (guint i = 0; i < G_N_ELEMENTS(ranks); i++) {
    for (guint k = 0; k < 4; k++)
      g_assert_cmpstr(prg_rules_canonical_rank(rules, ranks[i][k]), ==, ranks[i][0]);
    g_assert_cmpstr(prg_rules_rank_name(rules, ranks[i][0]), !=, "");
  }
  for (guint i = 0; i < G_N_ELEMENTS(wrong); i++)
    g_assert_null(prg_rules_canonical_rank(rules, wrong[i]));
  g_assert_null(prg_rules_canonical_rank(rules, NULL));
  g_assert_cmpstr(prg_rules_rank_name(rules, "E-4"), ==, "Operative");
  g_assert_cmpstr(prg_rules_rank_name(rules, "E-9"), ==, "");
}

static void
test_specializations(void)
{
  static const struct {
    const char *specialization, *kind;
    gint64 thousandths;
  } bonuses[] = {
    { "speed_dialer", "dial_made", 1250 },
    { "speed_dialer", "call_connected", 1100 },
    { "relationship_builder", "appointment_set", 1500 },
    { "relationship_builder", "callback_scheduled", 1300 },
    { "closer", "deal_closed", 1750 },
    { "closer", "appointment_set", 1200 },
    { "referral_master", "referral_generated", 2000 },
    { "referral_master", "email_reply", 1300 },
    { "speed_dialer", "deal_closed", 1000 },
    { "closer", "dial_made", 1000 },
    { "", "dial_made", 1000 },
    { "gardener", "dial_made", 1000 },
  };

  for (guint i = 0; i < G_N_ELEMENTS(bonuses); i++)
    g_assert_cmpint(prg_rules_specialization_bonus(rules, bonuses[i].specialization, bonuses[i].kind), ==,
                    bonuses[i].thousandths);
  g_assert_cmpuint(prg_rules_find_specialization(rules, "closer")->unlock_level, ==, 5);
  g_assert_null(prg_rules_find_specialization(rules, "gardener"));
}

static void
test_multiply(void)
{
  static const gint64 cases[][3] = {
    { 2, 1250, 3 },   { 5, 1100, 6 },   { 100, 1500, 150 }, { 300, 1750, 525 }, { 150, 2000, 300 },
    { 25, 1300, 33 }, { 1, 500, 1 },    { 1, 499, 0 },      { 3, 500, 2 },      { -1, 500, 0 },
    { -3, 500, -1 },  { -5, 1100, -5 }, { -5, 1101, -6 },   { 0, 10000, 0 },    { 7, 1000, 7 },
    { -7, 1000, -7 }, { 1, 1, 0 },      { 1000, 1, 1 },
  };
  const gint64 most = G_GINT64_CONSTANT(1) << 53;

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_test_message("%d × %d", (int)cases[i][0], (int)cases[i][1]);
    g_assert_cmpint(prg_rules_multiply(cases[i][0], cases[i][1]), ==, cases[i][2]);
  }
  g_assert_cmpint(prg_rules_multiply(G_MAXINT64, G_MAXINT64), ==, most);
  g_assert_cmpint(prg_rules_multiply(G_MININT64, G_MAXINT64), ==, -most);
  g_assert_cmpint(prg_rules_multiply(most, 1000), ==, most);
}

/* Half up: the product is never more than half a thousand below or above a thousand times the result. */
static void
test_multiply_rounds_half_up(void)
{
  for (guint i = 0; i < 100000; i++) {
    gint64 amount = g_test_rand_int_range(-100000, 100001);
    gint64 thousandths = g_test_rand_int_range(1, 10001);
    gint64 error = amount * thousandths - prg_rules_multiply(amount, thousandths) * 1000;

    g_assert_cmpint(error, >=, -500);
    g_assert_cmpint(error, <, 500);
  }
}

static void
test_external_awards(void)
{
  static const gint64 sizes[] = { 50, 75, 100, 300, 200, 400, 500, 150, 450, 600, 750, 30, 60, 90, 120, 10 };
  static const gint64 others[] = { 0, -50, 1, 2, 25, 180, 250, 350, 550, 700, 1000, 900 };

  for (guint i = 0; i < G_N_ELEMENTS(sizes); i++)
    g_assert_true(prg_rules_is_external_award(rules, sizes[i]));
  for (guint i = 0; i < G_N_ELEMENTS(others); i++)
    g_assert_false(prg_rules_is_external_award(rules, others[i]));
}

static void
test_limits(void)
{
  g_assert_cmpint(prg_rules_max_amount(rules), ==, 100000);
  g_assert_cmpint(prg_rules_max_multiplier(rules), ==, 10000);
  g_assert_cmpint(prg_rules_backdate_days(rules), ==, 7);
  g_assert_cmpint(prg_rules_metrics_days(rules), ==, 7);
  g_assert_cmpint(prg_rules_ramp_up_dials(rules), ==, 200);
  g_assert_cmpuint(prg_rules_get_version(rules), ==, 1);
  g_assert_false(prg_rules_find_reported_metric(rules, "cadence_completion")->is_count);
  g_assert_false(prg_rules_find_reported_metric(rules, "team_conversion")->is_count);
  g_assert_true(prg_rules_find_reported_metric(rules, "mentees")->is_count);
  g_assert_null(prg_rules_find_reported_metric(rules, "show_rate"));
}

/* A name may be given by language, too. */
static void
test_names(void)
{
  g_autoptr(GBytes) builtin = prg_rules_builtin_json();
  g_autoptr(GString) json = g_string_new(g_bytes_get_data(builtin, NULL));
  g_autoptr(GError) error = NULL;

  g_string_truncate(json, g_bytes_get_size(builtin));
  g_assert_cmpuint(
      g_string_replace(json, "\"name\": \"SDR 1\"",
                       "\"name\": \"Rookie\", \"names\": { \"de\": \"Neuling\", \"pt_BR\": \"Novato\" }", 0),
      ==, 1);
  g_assert_cmpuint(g_string_replace(json, "\"name\": \"Early Bird\"",
                                    "\"name\": \"Lark\", \"names\": { \"swe\": \"Lärka\" }", 0),
                   ==, 1);
  g_autoptr(PrgRules) own = prg_rules_new_from_json(json->str, (gssize)json->len, "own.json", &error);
  g_assert_no_error(error);
  g_assert_cmpstr(prg_rules_rank_name(own, "E-1"), ==, "Rookie");
  g_assert_cmpstr(prg_rules_name_in(own, PRG_NAME_RANK, "E-1", "de"), ==, "Neuling");
  g_assert_cmpstr(prg_rules_name_in(own, PRG_NAME_RANK, "E-1", "pt_BR"), ==, "Novato");
  g_assert_null(prg_rules_name_in(own, PRG_NAME_RANK, "E-1", "pt"));
  g_assert_null(prg_rules_name_in(own, PRG_NAME_RANK, "E-2", "de"));
  g_assert_null(prg_rules_name_in(own, PRG_NAME_BADGE, "E-1", "de"));
  g_assert_cmpstr(prg_rules_name_in(own, PRG_NAME_BADGE, "early_bird", "swe"), ==, "Lärka");
  g_assert_null(prg_rules_name_in(rules, PRG_NAME_RANK, "E-1", "de"));
}

int
main(int argc, char **argv)
{
  int result;

  g_test_init(&argc, &argv, NULL);
  rules = prg_rules_new_builtin();
  g_test_add_func("/rules/levels", test_levels);
  g_test_add_func("/rules/level-is-monotone", test_level_is_monotone);
  g_test_add_func("/rules/sources", test_sources);
  g_test_add_func("/rules/aliases", test_aliases);
  g_test_add_func("/rules/source-flags", test_source_flags);
  g_test_add_func("/rules/counters", test_counters);
  g_test_add_func("/rules/dispositions", test_dispositions);
  g_test_add_func("/rules/modules", test_modules);
  g_test_add_func("/rules/exams-and-boss", test_exams_and_boss);
  g_test_add_func("/rules/badges", test_badges);
  g_test_add_func("/rules/ranks", test_ranks);
  g_test_add_func("/rules/specializations", test_specializations);
  g_test_add_func("/rules/multiply", test_multiply);
  g_test_add_func("/rules/multiply-rounds-half-up", test_multiply_rounds_half_up);
  g_test_add_func("/rules/external-awards", test_external_awards);
  g_test_add_func("/rules/limits", test_limits);
  g_test_add_func("/rules/names", test_names);
  result = g_test_run();
  prg_rules_unref(rules);
  return result;
}

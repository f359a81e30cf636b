/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands about how the rep stands: rank, gates, badges, efficiency, leaderboard. */
#include "lids-words.h"
#include "prg-cli.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#define MAX_DAYS 3660

/* ---- rank, gates ---- */

/* @texts: the rank, its name, the next one, its name */
static void
print_rank(const char *const *texts)
{
  g_print("%s %s\n", texts[0], texts[1]);
  if (*texts[2])
    g_print(_("Next: %s %s\n"), texts[2], texts[3]);
  else
    g_print("%s\n", _("The highest rank"));
}

int
prg_cli_rank(PrgCli *cli, int argc, char **argv)
{
  static const char *const names[] = { "Rank", "RankName", "NextRank", "NextRankName" };
  static const char *const keys[] = { "rank", "name", "next-rank", "next-name" };
  const char *texts[G_N_ELEMENTS(names)] = { "", "", "", "" };
  g_autoptr(GVariantDict) properties = NULL;
  g_auto(GVariantBuilder) builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);
  g_auto(GStrv) words = NULL;
  int code = prg_cli_parse(cli, prg_cli_find("rank"), NULL, argc, argv, 0, 0, &words);

  if (code == PRG_EXIT_OK)
    code = prg_cli_get_all(cli, "", &properties);
  if (code != PRG_EXIT_OK)
    return code;
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    g_variant_dict_lookup(properties, names[i], "&s", &texts[i]);
    g_variant_builder_add(&builder, "{sv}", keys[i], g_variant_new_string(texts[i]));
  }
  if (cli->json)
    prg_cli_print_json(g_variant_builder_end(&builder));
  else if (*texts[0])
    print_rank(texts);
  if (*texts[0] == '\0')
    g_printerr("%s\n", _("Nobody is signed in; see progression sign-in --help"));
  return *texts[0] ? PRG_EXIT_OK : PRG_EXIT_NOT_SIGNED_IN;
}

/* (transfer full) @value: (nullable) d, s or b, as gates have it */
static char *
format_value(GVariant *value)
{
  if (value == NULL)
    return g_strdup(_("unknown"));
  if (g_variant_is_of_type(value, G_VARIANT_TYPE_DOUBLE))
    return lids_words_number(g_variant_get_double(value));
  if (g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN))
    return g_strdup(g_variant_get_boolean(value) ? _("yes") : _("no"));
  const char *tier = g_variant_get_string(value, NULL);
  return g_strdup(lids_words_of("tier", *tier ? tier : "none"));
}

static gboolean
flag_of(GVariant *dict, const char *key)
{
  gboolean flag = FALSE;

  g_variant_lookup(dict, key, "b", &flag);
  return flag;
}

static double
double_of(GVariant *dict, const char *key)
{
  double number = 0;

  g_variant_lookup(dict, key, "d", &number);
  return number;
}

static const int gate_widths[] = { 7, 13, 24, 12, 0 };

static void
print_gate(GVariant *gate)
{
  const char *passes = prg_cli_dict_text(gate, "passes");
  g_autoptr(GVariant) needed = g_variant_lookup_value(gate, "needed", NULL);
  g_autoptr(GVariant) have = g_variant_lookup_value(gate, "have", NULL);
  g_autofree char *wanted = format_value(needed);
  g_autofree char *found = format_value(have);
  g_autofree char *goal = g_str_equal(passes, "at-least")
                              ? g_strdup(wanted)
                              : g_strdup_printf("%s %s", lids_words_of("gate", passes), wanted);
  g_autofree char *now = g_strconcat(found, flag_of(gate, "suspended") ? _(" (ramp-up)") : "", NULL);

  prg_cli_print_row((const char *[]){ flag_of(gate, "met") ? C_("gate", "met") : C_("gate", "missing"),
                                      lids_words_of("gate", prg_cli_dict_text(gate, "kind")),
                                      prg_cli_dict_text(gate, "id"), goal, now },
                    gate_widths, G_N_ELEMENTS(gate_widths));
}

int
prg_cli_gates(PrgCli *cli, int argc, char **argv)
{
  const char *const head[] = { "", _("Gate"), "", _("Needed"), _("Now") };
  g_auto(GStrv) words = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) gates = NULL;
  gboolean eligible;
  int code = prg_cli_parse(cli, prg_cli_find("gates"), NULL, argc, argv, 0, 1, &words);

  if (code == PRG_EXIT_OK)
    code =
        prg_cli_call(cli, "", "GetEligibility", g_variant_new("(s)", words[0] ? words[0] : ""), NULL, &reply);
  if (code != PRG_EXIT_OK)
    return code;
  g_variant_get(reply, "(b@aa{sv})", &eligible, &gates);
  if (cli->json) {
    prg_cli_print_json(g_variant_new_parsed("{'eligible': <%b>, 'gates': <%@aa{sv}>}", eligible, gates));
    return PRG_EXIT_OK;
  }
  if (g_variant_n_children(gates) > 0)
    prg_cli_print_row(head, gate_widths, G_N_ELEMENTS(head));
  prg_cli_print_list(cli, gates, _("There is no higher rank"), print_gate);
  if (g_variant_n_children(gates) > 0)
    g_print("%s\n", eligible ? _("All gates are met") : _("Not all gates are met"));
  return PRG_EXIT_OK;
}

int
prg_cli_promote(PrgCli *cli, int argc, char **argv)
{
  g_auto(GStrv) words = NULL;
  g_autoptr(GVariant) reply = NULL;
  const char *rank;
  int code = prg_cli_parse(cli, prg_cli_find("promote"), NULL, argc, argv, 0, 0, &words);

  if (code == PRG_EXIT_OK)
    code = prg_cli_call(cli, "", "Promote", NULL, NULL, &reply);
  if (code != PRG_EXIT_OK)
    return code;
  g_variant_get(reply, "(&s)", &rank);
  if (cli->json)
    prg_cli_print_json(g_variant_new_parsed("{'rank': <%s>}", rank));
  else
    g_print(_("Promoted to %s\n"), rank);
  return PRG_EXIT_OK;
}

/* ---- badges ---- */

static const int badge_widths[] = { 20, 8, 8, 19, 0 };

static void
print_badge(GVariant *badge)
{
  const char *next = prg_cli_dict_text(badge, "next-tier");
  const char *passes = prg_cli_dict_text(badge, "passes");
  const char *tier = prg_cli_dict_text(badge, "tier");
  g_autofree char *have = lids_words_number(double_of(badge, "progress"));
  g_autofree char *needed = lids_words_number(double_of(badge, "needed"));
  g_autofree char *way = g_str_equal(passes, "at-least")
                             ? g_strdup_printf(_("%s of %s"), have, needed)
                             : g_strdup_printf("%s, %s %s", have, lids_words_of("gate", passes), needed);

  prg_cli_print_row((const char *[]){ prg_cli_dict_text(badge, "name"),
                                      *tier ? lids_words_of("tier", tier) : "-",
                                      *next ? lids_words_of("tier", next) : "-", *next ? way : "",
                                      lids_words_of("why", prg_cli_dict_text(badge, "why")) },
                    badge_widths, G_N_ELEMENTS(badge_widths));
}

int
prg_cli_badges(PrgCli *cli, int argc, char **argv)
{
  const char *const head[] = { _("Badge"), _("Tier"), _("Next"), _("Progress"), "" };
  g_auto(GStrv) words = NULL;
  g_autoptr(GVariant) reply = NULL;
  int code = prg_cli_parse(cli, prg_cli_find("badges"), NULL, argc, argv, 0, 0, &words);

  if (code == PRG_EXIT_OK)
    code = prg_cli_call(cli, "", "GetBadges", NULL, NULL, &reply);
  if (code != PRG_EXIT_OK)
    return code;
  g_autoptr(GVariant) badges = g_variant_get_child_value(reply, 0);
  if (!cli->json)
    prg_cli_print_row(head, badge_widths, G_N_ELEMENTS(head));
  return prg_cli_print_list(cli, badges, _("The catalogue has no badges"), print_badge);
}

/* ---- metrics ---- */

static const char *const metric_keys[] = { "dials",         "connects",       "callsUnder30s",
                                           "callsOver2Min", "appointments",   "shows",
                                           "deals",         "smsEnrollments", "xp" };
static const int metric_widths[] = { 10, 6, 6, 6, 6, 6, 6, 6, 6, 8 };

static void
print_day(GVariant *dict)
{
  char texts[G_N_ELEMENTS(metric_keys)][24];
  const char *fields[G_N_ELEMENTS(metric_keys) + 1] = { prg_cli_dict_text(dict, "day") };

  for (guint i = 0; i < G_N_ELEMENTS(metric_keys); i++) {
    g_snprintf(texts[i], sizeof texts[i], "%" G_GINT64_FORMAT, prg_cli_dict_number(dict, metric_keys[i]));
    fields[i + 1] = texts[i];
  }
  prg_cli_print_row(fields, metric_widths, G_N_ELEMENTS(fields));
}

static const int rate_widths[] = { 22, 9, 14, 0 };

static void
print_rate(GVariant *rate)
{
  const char *tier = prg_cli_dict_text(rate, "tier");
  g_autoptr(GVariant) value = g_variant_lookup_value(rate, "value", G_VARIANT_TYPE_DOUBLE);
  g_autofree char *percent = value ? g_strdup_printf("%6.1f %%", 100 * g_variant_get_double(value))
                                   : g_strdup(C_("column", "unknown"));
  g_autofree char *parts =
      g_strdup_printf(_("%" PRId64 " of %" PRId64), prg_cli_dict_number(rate, "numerator"),
                      prg_cli_dict_number(rate, "denominator"));

  prg_cli_print_row((const char *[]){ prg_cli_dict_text(rate, "metric"), percent,
                                      *tier ? lids_words_of("rating", tier) : "-", parts },
                    rate_widths, 4);
}

/* @efficiency: GetEfficiency's reply; @days: aa{sv} */
static int
print_metrics(PrgCli *cli, GVariant *efficiency, GVariant *days)
{
  const char *const rate_head[] = { _("Rate of the last days"), "", _("Tier"), _("Made of") };
  /* Translators: the head of a narrow column: 6 characters at most; a day and XP: 8. */
  const char *const day_head[] = { C_("column", "Day"),   C_("column", "Dials"), C_("column", "Conn."),
                                   C_("column", "<30s"),  C_("column", ">2min"), C_("column", "Appts"),
                                   C_("column", "Shows"), C_("column", "Deals"), C_("column", "SMS"),
                                   C_("column", "XP") };
  g_autoptr(GVariant) rates = NULL;
  gboolean ramp_up;

  g_variant_get(efficiency, "(b@aa{sv})", &ramp_up, &rates);
  if (cli->json) {
    prg_cli_print_json(g_variant_new_parsed("{'ramp_up': <%b>, 'rates': <%@aa{sv}>, 'days': <%@aa{sv}>}",
                                            ramp_up, rates, days));
    return PRG_EXIT_OK;
  }
  prg_cli_print_row(rate_head, rate_widths, G_N_ELEMENTS(rate_head));
  prg_cli_print_list(cli, rates, "", print_rate);
  if (ramp_up)
    g_print("%s\n", _("Ramp-up: too few dials yet; rates are shown, not judged"));
  g_print("\n");
  prg_cli_print_row(day_head, metric_widths, G_N_ELEMENTS(day_head));
  return prg_cli_print_list(cli, days, _("Nothing is known of these days"), print_day);
}

/* (transfer full) the local day @days - 1 days before @to or, without one, before today; NULL: @to is no day */
static char *
first_of(int days, const char *to)
{
  g_autoptr(GTimeZone) zone = g_time_zone_new_local();
  g_autofree char *noon = to ? g_strconcat(to, "T12:00:00", NULL) : NULL;
  g_autoptr(GDateTime) last = noon ? g_date_time_new_from_iso8601(noon, zone) : g_date_time_new_now(zone);
  g_autoptr(GDateTime) first = last ? g_date_time_add_days(last, 1 - days) : NULL;

  return first ? g_date_time_format(first, "%Y-%m-%d") : NULL;
}

int
prg_cli_metrics(PrgCli *cli, int argc, char **argv)
{
  g_autofree char *from = NULL;
  g_autofree char *to = NULL;
  int n_days = 0;
  g_auto(GStrv) words = NULL;
  g_autoptr(GVariant) efficiency = NULL;
  g_autoptr(GVariant) reply = NULL;
  GOptionEntry entries[] = {
    { "days", 0, 0, G_OPTION_ARG_INT, &n_days, N_("So many days (default: 7)"), N_("N") },
    { "from", 0, 0, G_OPTION_ARG_STRING, &from, N_("First day"), N_("DAY") },
    { "to", 0, 0, G_OPTION_ARG_STRING, &to, N_("Last day (default: today)"), N_("DAY") },
    G_OPTION_ENTRY_NULL,
  };
  int code = prg_cli_parse(cli, prg_cli_find("metrics"), entries, argc, argv, 0, 0, &words);

  if (code == PRG_EXIT_OK && n_days != 0 && (n_days < 1 || n_days > MAX_DAYS || from))
    code = prg_cli_usage(_("--days is from 1 to %d, and not together with --from"), MAX_DAYS);
  if (code == PRG_EXIT_OK && n_days != 0 && (from = first_of(n_days, to)) == NULL)
    code = prg_cli_usage(_("“%s” is no day: write 2026-03-01"), to);
  if (code == PRG_EXIT_OK)
    code = prg_cli_call(cli, "", "GetEfficiency", NULL, NULL, &efficiency);
  if (code == PRG_EXIT_OK)
    code = prg_cli_call(cli, "", "GetDailyMetrics", g_variant_new("(ss)", from ? from : "", to ? to : ""),
                        NULL, &reply);
  if (code != PRG_EXIT_OK)
    return code;
  g_autoptr(GVariant) days = g_variant_get_child_value(reply, 0);
  return print_metrics(cli, efficiency, days);
}

/* ---- the leaderboard ---- */

static const int place_widths[] = { 6, 36, 5, 6, 12, 0 };

static void
print_place(GVariant *place)
{
  guint position = 0, level = 0;

  g_variant_lookup(place, "position", "u", &position);
  g_variant_lookup(place, "level", "u", &level);
  g_autofree char *number = g_strdup_printf("%5u", position);
  g_autofree char *of_level = g_strdup_printf("%5u", level);
  g_autofree char *total = g_strdup_printf("%12" G_GINT64_FORMAT, prg_cli_dict_number(place, "total-xp"));

  prg_cli_print_row((const char *[]){ number, prg_cli_dict_text(place, "name"),
                                      prg_cli_dict_text(place, "rank"), of_level, total,
                                      flag_of(place, "me") ? _("<- you") : "" },
                    place_widths, G_N_ELEMENTS(place_widths));
}

int
prg_cli_leaderboard(PrgCli *cli, int argc, char **argv)
{
  g_autofree char *position = prg_cli_right(_("Pos"), 5);
  g_autofree char *xp = prg_cli_right(_("XP"), 12);
  const char *const head[] = { position, _("Name"), _("Rank"), _("Level"), xp, "" };
  int limit = 20;
  gint64 as_of;
  g_auto(GStrv) words = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) places = NULL;
  GOptionEntry entries[] = {
    { "limit", 0, 0, G_OPTION_ARG_INT, &limit, N_("The first N reps (default: 20; 0 = all)"), N_("N") },
    G_OPTION_ENTRY_NULL,
  };
  int code = prg_cli_parse(cli, prg_cli_find("leaderboard"), entries, argc, argv, 0, 0, &words);

  if (code == PRG_EXIT_OK && limit < 0)
    code = prg_cli_usage(_("A limit is not negative"));
  if (code == PRG_EXIT_OK)
    code = prg_cli_call(cli, "", "GetLeaderboard", g_variant_new("(u)", (guint)limit), NULL, &reply);
  if (code != PRG_EXIT_OK)
    return code;
  g_variant_get(reply, "(@aa{sv}x)", &places, &as_of);
  if (cli->json) {
    prg_cli_print_json(g_variant_new_parsed("{'entries': <%@aa{sv}>, 'as_of': <%x>}", places, as_of));
    return PRG_EXIT_OK;
  }
  g_autofree char *time = prg_cli_format_time(as_of);
  prg_cli_print_row(head, place_widths, G_N_ELEMENTS(head));
  prg_cli_print_list(cli, places, _("Nobody has XP yet"), print_place);
  g_print(_("As of %s\n"), time);
  return PRG_EXIT_OK;
}

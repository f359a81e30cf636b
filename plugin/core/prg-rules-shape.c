/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-rules-shape.h"

#include "prg-metrics.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* The form of a catalogue. */

static gboolean
is_identifier(const char *text)
{
  gsize length = strlen(text);

  return length <= 64 && g_ascii_islower(text[0]) &&
         strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

static gboolean
is_disposition(const char *text)
{
  gsize length = strlen(text);

  return length <= 64 && g_ascii_isupper(text[0]) && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == length;
}

static gboolean
is_rank(const char *text)
{
  return g_ascii_isupper(text[0]) && text[1] == '-' && g_ascii_isdigit(text[2]) && text[2] != '0' &&
         text[3] == '\0';
}

static gboolean
is_name(const char *text)
{
  glong length = g_utf8_strlen(text, -1);

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
    if (g_unichar_iscntrl(g_utf8_get_char(p)))
      return FALSE;
  }
  return length >= 1 && length <= 80;
}

static gboolean
is_tier(const char *text)
{
  static const char *const tiers[] = { "bronze", "silver", "gold", "platinum", NULL };

  return g_strv_contains(tiers, text);
}

static gboolean
is_badge_tier(const char *text)
{
  const char *dot = strchr(text, '.');
  g_autofree char *badge = dot != NULL ? g_strndup(text, (gsize)(dot - text)) : NULL;

  return dot != NULL && is_identifier(badge) && is_tier(dot + 1);
}

static gboolean
is_language(const char *text)
{
  gsize length = strspn(text, "abcdefghijklmnopqrstuvwxyz");

  if (length < 2 || length > 3)
    return FALSE;
  text += length;
  return *text == '\0' ||
         (*text == '_' && g_ascii_isupper(text[1]) && g_ascii_isupper(text[2]) && text[3] == '\0');
}

static gboolean
is_metric(const char *text)
{
  for (int i = 0; i < PRG_N_METRICS; i++) {
    if (g_str_equal(text, prg_metric_to_string((PrgMetric)i)))
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_rate(const char *text)
{
  for (int i = 0; i < PRG_N_RATES; i++) {
    if (g_str_equal(text, prg_rate_to_string((PrgRate)i)))
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_direction(const char *text)
{
  return g_str_equal(text, NC_("gate", "below")) || g_str_equal(text, NC_("gate", "above"));
}

static gboolean
is_better(const char *text)
{
  return g_str_equal(text, "lower") || g_str_equal(text, "higher");
}

static gboolean
is_unit(const char *text)
{
  return g_str_equal(text, "ratio") || g_str_equal(text, "count");
}

static gboolean
is_method(const char *text)
{
  static const char *const methods[] = {
    "RecordCall",        "CloseDeal",         "CompleteModule", "PassExam",    "DefeatBoss",
    "EarnCertification", "RecordBossAttempt", "AwardBadge",     "RevokeEvent", "ReportMetric",
    "SetSpecialization", "SetActiveTitle",    "Promote",        NULL
  };

  return g_strv_contains(methods, text);
}

#define METRIC_NAMES \
  N_("one of dials, connects, callsUnder30s, callsOver2Min, appointments, shows, deals, smsEnrollments")
#define RATE_NAMES \
  N_("one of sub_30s_drop_rate, call_to_appt_rate, two_plus_min_rate, show_rate, sms_enrollment_rate")
#define TWO_53 9007199254740992.0

static const PrgShape boolean = { PRG_SHAPE_BOOLEAN, N_("true or false") };
static const PrgShape version = { PRG_SHAPE_INTEGER, N_("an integer from 1 to 1000000"), 1, 1e6 };
static const PrgShape level_xp = { PRG_SHAPE_INTEGER, N_("an integer from 0 to 2^53"), 0, TWO_53 };
static const PrgShape xp = { PRG_SHAPE_INTEGER, N_("an integer from 0 to 1000000"), 0, 1e6 };
static const PrgShape count = { PRG_SHAPE_INTEGER, N_("an integer from 1 to 1000000"), 1, 1e6 };
static const PrgShape deals = { PRG_SHAPE_INTEGER, N_("an integer from 0 to 1000000"), 0, 1e6 };
static const PrgShape level = { PRG_SHAPE_INTEGER, N_("an integer from 1 to 100"), 1, 100 };
static const PrgShape window_days = { PRG_SHAPE_INTEGER, N_("an integer from 1 to 366"), 1, 366 };
static const PrgShape seconds = { PRG_SHAPE_INTEGER, N_("an integer from 1 to 86400"), 1, 86400 };
static const PrgShape hour = { PRG_SHAPE_INTEGER, N_("an integer from 1 to 23"), 1, 23 };
static const PrgShape ratio = { PRG_SHAPE_NUMBER, N_("a number from 0 to 1"), 0, 1 };
static const PrgShape multiplier = { PRG_SHAPE_NUMBER, N_("a number from 0.001 to 100"), 0.001, 100 };
static const PrgShape name = { PRG_SHAPE_STRING, N_("a text of 1 to 80 characters"), .is_valid = is_name };
static const PrgShape identifier = { PRG_SHAPE_STRING, N_("an id (a–z, 0–9, _, a letter first, 64 at most)"),
                                     .is_valid = is_identifier };
static const PrgShape disposition_id = { PRG_SHAPE_STRING, N_("a disposition (A–Z, _)"),
                                         .is_valid = is_disposition };
static const PrgShape rank_id = { PRG_SHAPE_STRING, N_("a rank such as E-1"), .is_valid = is_rank };
static const PrgShape badge_tier = { PRG_SHAPE_STRING, N_("badge.tier, such as closer.gold"),
                                     .is_valid = is_badge_tier };
static const PrgShape metric = { PRG_SHAPE_STRING, METRIC_NAMES, .is_valid = is_metric };
static const PrgShape rate = { PRG_SHAPE_STRING, RATE_NAMES, .is_valid = is_rate };
static const PrgShape direction = { PRG_SHAPE_STRING, N_("below or above"), .is_valid = is_direction };
static const PrgShape better = { PRG_SHAPE_STRING, N_("lower or higher"), .is_valid = is_better };
static const PrgShape unit = { PRG_SHAPE_STRING, N_("ratio or count"), .is_valid = is_unit };
static const PrgShape method = { PRG_SHAPE_STRING, N_("the name of a D-Bus method that makes events"),
                                 .is_valid = is_method };

static const PrgShape names = {
  PRG_SHAPE_MAP, N_("an object of 1 to 100 names by language, such as de or pt_BR"), 1, 100, is_language,
  &name
};

#define LIST(of, least)                                                          \
  {                                                                              \
    PRG_SHAPE_ARRAY, N_("an array of 1000 at most"), least, 1000, .items = &(of) \
  }
#define OBJECT(of)                                    \
  {                                                   \
    PRG_SHAPE_OBJECT, N_("an object"), .fields = (of) \
  }

static const PrgShape identifiers = LIST(identifier, 0);
static const PrgShape badge_tiers = LIST(badge_tier, 0);

static const PrgShape levels = { PRG_SHAPE_ARRAY, N_("an array of 1 to 100 levels"), 1, 100,
                                 .items = &level_xp };

static const PrgShapeField source_fields[] = {
  { "kind", &identifier },
  { "xp", &xp },
  { "metric", &metric, TRUE },
  { "aliases", &identifiers, TRUE },
  { "activity", &boolean, TRUE },
  { "paysOnce", &boolean, TRUE },
  { "derived", &boolean, TRUE },
  { "method", &method, TRUE },
  { NULL },
};
static const PrgShape source = OBJECT(source_fields);
static const PrgShape sources = LIST(source, 1);

static const PrgShapeField disposition_fields[] = {
  { "id", &disposition_id },
  { "connected", &boolean },
  { "kinds", &identifiers },
  { NULL },
};
static const PrgShape disposition = OBJECT(disposition_fields);
static const PrgShape dispositions = LIST(disposition, 1);
static const PrgShapeField call_fields[] = {
  { "longSeconds", &seconds },
  { "shortSeconds", &seconds },
  { "earlyBeforeHour", &hour },
  { "dispositions", &dispositions },
  { NULL },
};
static const PrgShape calls = OBJECT(call_fields);

static const PrgShape multipliers = {
  PRG_SHAPE_MAP, N_("an object of 1 to 100 multipliers"), 1, 100, is_identifier, &multiplier
};
static const PrgShapeField specialization_fields[] = {
  { "id", &identifier },           { "name", &name }, { "names", &names, TRUE }, { "level", &level },
  { "multipliers", &multipliers }, { NULL },
};
static const PrgShape specialization = OBJECT(specialization_fields);
static const PrgShape specializations = LIST(specialization, 0);

static const PrgShapeField module_fields[] = {
  { "id", &identifier }, { "passScore", &ratio }, { "xp", &xp }, { "needs", &identifiers }, { NULL },
};
static const PrgShape module = OBJECT(module_fields);
static const PrgShape modules = LIST(module, 0);

static const PrgShapeField exam_fields[] = {
  { "id", &identifier },
  { "passScore", &ratio },
  { "eliteScore", &ratio },
  { NULL },
};
static const PrgShape exam = OBJECT(exam_fields);
static const PrgShape exams = LIST(exam, 0);

static const PrgShapeField boss_fields[] = {
  { "id", &identifier },          { "level", &level },      { "xp", &xp },
  { "badge", &badge_tier, TRUE }, { "title", &name, TRUE }, { NULL },
};
static const PrgShape boss = OBJECT(boss_fields);
static const PrgShape bosses = LIST(boss, 0);

static const PrgShapeField reported_fields[] = {
  { "id", &identifier },
  { "unit", &unit },
  { NULL },
};
static const PrgShape reported_metric = OBJECT(reported_fields);
static const PrgShape reported_metrics = LIST(reported_metric, 0);

static const PrgShapeField gate_fields[] = {
  { "of", &identifier },
  { "passes", &direction },
  { "threshold", &ratio },
  { NULL },
};
static const PrgShape gate = OBJECT(gate_fields);
static const PrgShapeField rank_fields[] = {
  { "rank", &rank_id },
  { "id", &identifier },
  { "name", &name },
  { "names", &names, TRUE },
  { "level", &level },
  { "deals", &deals },
  { "badges", &badge_tiers, TRUE },
  { "modules", &identifiers, TRUE },
  { "metric", &gate, TRUE },
  { "boss", &identifier, TRUE },
  { "exam", &identifier, TRUE },
  { "mentees", &count, TRUE },
  { "certification", &identifier, TRUE },
  { NULL },
};
static const PrgShape rank = OBJECT(rank_fields);
static const PrgShape ranks = { PRG_SHAPE_ARRAY, N_("an array of 1 to 9 ranks"), 1, 9, .items = &rank };

/* What a badge measures decides which keys it and its tiers have. None of them is XP or level: an award that
 * waits for XP would make the order of awards matter. */
#define TIERS(of)                                                                            \
  {                                                                                          \
    PRG_SHAPE_MAP, N_("an object with bronze, silver, gold, platinum"), 1, 4, is_tier, &(of) \
  }
#define BADGE_FIELDS(tiers)                                                                        \
  { "id", &identifier }, { "name", &name }, { "names", &names, TRUE }, { "measure", &identifier }, \
  {                                                                                                \
    "tiers", &(tiers)                                                                              \
  }

static const PrgShapeField rate_tier_fields[] = {
  { "threshold", &ratio },
  { "days", &window_days, TRUE },
  { "minimum", &count, TRUE },
  { "xp", &xp },
  { NULL },
};
static const PrgShape rate_tier = OBJECT(rate_tier_fields);
static const PrgShape rate_tiers = TIERS(rate_tier);
static const PrgShapeField rate_badge_fields[] = {
  BADGE_FIELDS(rate_tiers),
  { "of", &rate },
  { "passes", &direction },
  { NULL },
};
static const PrgShape rate_badge = OBJECT(rate_badge_fields);

static const PrgShapeField within_tier_fields[] = {
  { "count", &count }, { "within", &count }, { "days", &window_days }, { "xp", &xp }, { NULL },
};
static const PrgShape within_tier = OBJECT(within_tier_fields);
static const PrgShape within_tiers = TIERS(within_tier);
static const PrgShapeField within_badge_fields[] = {
  BADGE_FIELDS(within_tiers),
  { "of", &metric },
  { "among", &metric },
  { NULL },
};
static const PrgShape within_badge = OBJECT(within_badge_fields);

static const PrgShapeField count_tier_fields[] = { { "count", &count }, { "xp", &xp }, { NULL } };
static const PrgShape count_tier = OBJECT(count_tier_fields);
static const PrgShape count_tiers = TIERS(count_tier);
static const PrgShapeField rows_badge_fields[] = { BADGE_FIELDS(count_tiers),
                                                   { "of", &identifier },
                                                   { NULL } };
static const PrgShape rows_badge = OBJECT(rows_badge_fields);
static const PrgShapeField plain_badge_fields[] = { BADGE_FIELDS(count_tiers), { NULL } };
static const PrgShape plain_badge = OBJECT(plain_badge_fields);

static const PrgShapeField boss_tier_fields[] = { { "xp", &xp }, { NULL } };
static const PrgShape boss_tier = OBJECT(boss_tier_fields);
static const PrgShape boss_tiers = TIERS(boss_tier);
static const PrgShapeField boss_badge_fields[] = { BADGE_FIELDS(boss_tiers),
                                                   { "of", &identifier },
                                                   { NULL } };
static const PrgShape boss_badge = OBJECT(boss_badge_fields);

static const PrgShapeField badge_variants[] = {
  { "rate", &rate_badge },
  { "within", &within_badge },
  { "rows", &rows_badge },
  { "deals", &plain_badge },
  { "streak", &plain_badge },
  { "boss", &boss_badge },
  { NULL },
};
static const PrgShape badge = { PRG_SHAPE_VARIANT, N_("an object"), .fields = badge_variants,
                                .selector = "measure" };
static const PrgShape badges = LIST(badge, 0);

static const PrgShapeField efficiency_tier_fields[] = {
  { "better", &better }, { "elite", &ratio }, { "above", &ratio }, { "satisfactory", &ratio }, { NULL },
};
static const PrgShape efficiency_tier = OBJECT(efficiency_tier_fields);
static const PrgShape efficiency_tiers = { PRG_SHAPE_MAP, RATE_NAMES, 0,
                                           PRG_N_RATES,   is_rate,    &efficiency_tier };
static const PrgShapeField efficiency_fields[] = {
  { "days", &window_days },
  { "rampUpDials", &deals },
  { "tiers", &efficiency_tiers },
  { NULL },
};
static const PrgShape efficiency = OBJECT(efficiency_fields);

static const PrgShape external_modules = {
  PRG_SHAPE_MAP, N_("an object of 1000 modules at most"), 0, 1000, is_identifier, &xp
};
static const PrgShape battle_levels = { PRG_SHAPE_INTEGER, N_("an integer from 0 to 100"), 0, 100 };
static const PrgShapeField battle_fields[] = {
  { "levels", &battle_levels }, { "win", &xp }, { "perfectWin", &xp }, { "loss", &xp },
  { "abandoned", &xp },         { NULL },
};
static const PrgShape battles = OBJECT(battle_fields);
static const PrgShapeField external_fields[] = { { "modules", &external_modules },
                                                 { "battles", &battles },
                                                 { NULL } };
static const PrgShape external = OBJECT(external_fields);

static const PrgShape max_amount = { PRG_SHAPE_INTEGER, N_("an integer from 1 to 1000000"), 1, 1e6 };
static const PrgShape max_multiplier = { PRG_SHAPE_NUMBER, N_("a number from 1 to 100"), 1, 100 };
static const PrgShape backdate_days = { PRG_SHAPE_INTEGER, N_("an integer from 0 to 31"), 0, 31 };
static const PrgShapeField limit_fields[] = {
  { "maxAmount", &max_amount },
  { "maxMultiplier", &max_multiplier },
  { "backdateDays", &backdate_days },
  { NULL },
};
static const PrgShape limits = OBJECT(limit_fields);

static const PrgShapeField catalogue_fields[] = {
  { "$schema", &name, TRUE },    { "version", &version },
  { "levels", &levels },         { "sources", &sources },
  { "calls", &calls },           { "specializations", &specializations },
  { "modules", &modules },       { "exams", &exams },
  { "bosses", &bosses },         { "reportedMetrics", &reported_metrics },
  { "ranks", &ranks },           { "badges", &badges },
  { "efficiency", &efficiency }, { "external", &external },
  { "limits", &limits },         { NULL },
};
const PrgShape prg_rules_shape = OBJECT(catalogue_fields);

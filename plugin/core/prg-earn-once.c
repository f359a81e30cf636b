/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-earn-private.h"

#include "prg-calendar.h"
#include "prg-error.h"
#include "prg-gates.h"
#include "prg-json.h"
#include <glib/gi18n-lib.h>
#include <string.h>

/* What pays once, and what a rep chooses. */

/* Opens `earning`; NULL on the spot if the request is not acceptable. */
#define BEGIN(earning)                                                          \
  g_auto(PrgEarning) earning = { view, rules, moment, request, 0, NULL, NULL }; \
  if (!prg_earning_begin(&(earning), error) || !check_ref(request, error))      \
  return NULL

static gboolean
check_ref(const PrgEarnRequest *request, GError **error)
{
  return *request->ref != '\0' || prg_earning_fail(error, PRG_ERROR_INVALID_ARGUMENT, _("the id is empty"));
}

static gboolean
check_ratio(double value, GError **error)
{
  return (value >= 0 && value <= 1) ||
         prg_earning_fail(error, PRG_ERROR_INVALID_ARGUMENT, _("the score must be a number from 0 to 1"));
}

static gboolean
check_level(PrgEarning *earning, const char *what, guint needed, GError **error)
{
  guint level = prg_rules_level_for(earning->rules, earning->view->record->total_xp.value);

  return level >= needed ||
         prg_earning_fail(error, PRG_ERROR_NOT_ELIGIBLE, _("%s unlocks at level %u, this is level %u"), what,
                          needed, level);
}

/* @message: with one place for the id */
G_GNUC_PRINTF(1, 0)
static gboolean
fail_unknown(const char *message, const char *id, GError **error)
{
  return prg_earning_fail(error, PRG_ERROR_UNKNOWN_ID, message, id);
}

/* A row of what pays once, or of a choice, with the caller's text. */
static void
add_row(PrgEarning *earning, const char *kind, gint64 amount, const char *cause)
{
  g_autofree char *details = prg_earning_text(earning->request->details);

  prg_earning_add(earning, kind, prg_earning_first_id(earning, kind), amount, details, cause);
}

GPtrArray *
prg_earn_deal(const PrgView *view,
              const PrgRules *rules,
              const PrgMoment *moment,
              const PrgEarnRequest *request,
              GError **error)
{
  const PrgSource *source = prg_rules_find_source(rules, "deal_closed");
  gint64 amount;
  BEGIN(earning);

  if (request->has_amount && request->amount < 0) {
    prg_earning_fail(error, PRG_ERROR_INVALID_ARGUMENT, _("only a correction may take XP away"));
    return NULL;
  }
  if (!prg_earning_price(&earning, source->kind, request->has_amount ? request->amount : source->xp, &amount,
                         error))
    return NULL;
  add_row(&earning, source->kind, amount, "");
  return prg_earning_end(&earning);
}

/* Every module that @module waits for must be completed. */
static gboolean
check_needs(PrgEarning *earning, const PrgModule *module, GError **error)
{
  for (guint i = 0; module->needs[i] != NULL; i++) {
    if (!prg_id_set_contains(earning->view->record->completed_modules, module->needs[i]))
      return prg_earning_fail(error, PRG_ERROR_NOT_ELIGIBLE, _("%s needs %s first"), module->id,
                              module->needs[i]);
  }
  return TRUE;
}

static gboolean
check_pass(const char *id, double score, double pass_score, GError **error)
{
  return score >= pass_score ||
         prg_earning_fail(error, PRG_ERROR_NOT_ELIGIBLE, _("%s is passed from %.2f, this is %.4f"), id,
                          pass_score, score);
}

GPtrArray *
prg_earn_module(const PrgView *view,
                const PrgRules *rules,
                const PrgMoment *moment,
                const PrgEarnRequest *request,
                GError **error)
{
  const PrgModule *module = prg_rules_find_module(rules, request->ref);
  BEGIN(earning);

  if (module == NULL && !fail_unknown(_("the catalogue has no module “%s”"), request->ref, error))
    return NULL;
  if (!check_ratio(request->score, error))
    return NULL;
  if (prg_id_set_contains(view->record->completed_modules, module->id))
    return prg_earning_end(&earning);
  if (!check_pass(module->id, request->score, module->pass_score, error) ||
      !check_needs(&earning, module, error))
    return NULL;
  add_row(&earning, "module_passed", module->xp, "");
  return prg_earning_end(&earning);
}

GPtrArray *
prg_earn_exam(const PrgView *view,
              const PrgRules *rules,
              const PrgMoment *moment,
              const PrgEarnRequest *request,
              GError **error)
{
  const PrgExam *exam = prg_rules_find_exam(rules, request->ref);
  BEGIN(earning);

  if (exam == NULL && !fail_unknown(_("the catalogue has no exam “%s”"), request->ref, error))
    return NULL;
  if (!check_ratio(request->score, error))
    return NULL;
  if (prg_id_set_contains(view->record->passed_exams, exam->id))
    return prg_earning_end(&earning);
  if (!check_pass(exam->id, request->score, exam->pass_score, error))
    return NULL;
  add_row(&earning, "exam_passed", prg_rules_find_source(rules, "exam_passed")->xp, "");
  if (request->score >= exam->elite_score) {
    const PrgOperation *passed = g_ptr_array_index(earning.operations, 0);
    add_row(&earning, "elite_exam_bonus", prg_rules_find_source(rules, "elite_exam_bonus")->xp, passed->id);
  }
  return prg_earning_end(&earning);
}

GPtrArray *
prg_earn_boss(const PrgView *view,
              const PrgRules *rules,
              const PrgMoment *moment,
              const PrgEarnRequest *request,
              GError **error)
{
  const PrgBoss *boss = prg_rules_find_boss(rules, request->ref);
  BEGIN(earning);

  if (boss == NULL && !fail_unknown(_("the catalogue has no boss “%s”"), request->ref, error))
    return NULL;
  if (prg_id_set_contains(view->record->defeated_bosses, boss->id))
    return prg_earning_end(&earning);
  if (!check_level(&earning, boss->id, boss->unlock_level, error))
    return NULL;
  add_row(&earning, "boss_defeated", boss->xp, "");
  return prg_earning_end(&earning);
}

GPtrArray *
prg_earn_boss_attempt(const PrgView *view,
                      const PrgRules *rules,
                      const PrgMoment *moment,
                      const PrgEarnRequest *request,
                      GError **error)
{
  const PrgBoss *boss = prg_rules_find_boss(rules, request->ref);
  BEGIN(earning);

  if (boss == NULL && !fail_unknown(_("the catalogue has no boss “%s”"), request->ref, error))
    return NULL;
  if (!check_level(&earning, boss->id, boss->unlock_level, error))
    return NULL;
  add_row(&earning, "boss_attempted", prg_rules_find_source(rules, "boss_attempted")->xp, "");
  return prg_earning_end(&earning);
}

GPtrArray *
prg_earn_certification(const PrgView *view,
                       const PrgRules *rules,
                       const PrgMoment *moment,
                       const PrgEarnRequest *request,
                       GError **error)
{
  BEGIN(earning);

  if (!prg_id_set_contains(view->record->certifications, request->ref))
    add_row(&earning, "certification_earned", prg_rules_find_source(rules, "certification_earned")->xp, "");
  return prg_earning_end(&earning);
}

GPtrArray *
prg_earn_badge(const PrgView *view,
               const PrgRules *rules,
               const PrgMoment *moment,
               const PrgEarnRequest *request,
               GError **error)
{
  gint64 xp = prg_rules_badge_xp(rules, request->ref);
  BEGIN(earning);

  if (xp < 0 && !fail_unknown(_("the catalogue has no badge “%s”"), request->ref, error))
    return NULL;
  if (!prg_id_set_contains(view->record->badges, request->ref))
    add_row(&earning, "badge_earned", xp, "");
  return prg_earning_end(&earning);
}

GPtrArray *
prg_earn_specialization(const PrgView *view,
                        const PrgRules *rules,
                        const PrgMoment *moment,
                        const PrgEarnRequest *request,
                        GError **error)
{
  const PrgSpecialization *specialization = prg_rules_find_specialization(rules, request->ref);
  BEGIN(earning);

  if (specialization == NULL &&
      !fail_unknown(_("the catalogue has no specialization “%s”"), request->ref, error))
    return NULL;
  if (!check_level(&earning, specialization->id, specialization->unlock_level, error))
    return NULL;
  if (!g_str_equal(view->specialization, specialization->id))
    add_row(&earning, "specialization_chosen", 0, "");
  return prg_earning_end(&earning);
}

GPtrArray *
prg_earn_title(const PrgView *view,
               const PrgRules *rules,
               const PrgMoment *moment,
               const PrgEarnRequest *request,
               GError **error)
{
  g_auto(PrgEarning) earning = { view, rules, moment, request, 0, NULL, NULL };

  if (!prg_earning_begin(&earning, error))
    return NULL;
  if (*request->ref != '\0' && !prg_id_set_contains(view->titles, request->ref)) {
    prg_earning_fail(error, PRG_ERROR_NOT_ELIGIBLE, _("the rep has not earned the title “%s”"), request->ref);
    return NULL;
  }
  if (!g_str_equal(view->active_title, request->ref))
    add_row(&earning, "title_chosen", 0, "");
  return prg_earning_end(&earning);
}

GPtrArray *
prg_earn_metric(const PrgView *view,
                const PrgRules *rules,
                const PrgMoment *moment,
                const PrgEarnRequest *request,
                GError **error)
{
  const PrgReportedMetric *metric = prg_rules_find_reported_metric(rules, request->ref);
  g_autoptr(JsonObject) object = json_object_new();
  g_autofree char *details = NULL;
  BEGIN(earning);

  if (metric == NULL) {
    fail_unknown(_("the catalogue has no metric to report “%s”"), request->ref, error);
    return NULL;
  }
  if (!prg_reported_metric_is_valid(metric, request->score)) {
    if (metric->is_count)
      prg_earning_fail(error, PRG_ERROR_INVALID_ARGUMENT, _("%s must be a whole number from 0 to %d"),
                       metric->id, PRG_MAX_REPORTED_COUNT);
    else
      prg_earning_fail(error, PRG_ERROR_INVALID_ARGUMENT, _("%s must be a number from 0 to 1"), metric->id);
    return NULL;
  }
  json_object_set_double_member(object, "value", request->score);
  details = prg_json_print_object(object);
  prg_earning_add(&earning, "metric_reported", prg_earning_first_id(&earning, "metric_reported"), 0, details,
                  "");
  return prg_earning_end(&earning);
}

static gboolean
check_gates(PrgEarning *earning, const char *rank, GError **error)
{
  g_autofree char *today = prg_day_of(earning->moment->now, earning->moment->zone);
  g_autoptr(GPtrArray) gates = prg_gates_of(earning->view, earning->rules, rank, today);
  g_autofree char *missing = prg_gates_missing(gates);

  return prg_gates_met(gates) ||
         prg_earning_fail(error, PRG_ERROR_NOT_ELIGIBLE, _("%s still needs %s"), rank, missing);
}

GPtrArray *
prg_earn_promotion(const PrgView *view,
                   const PrgRules *rules,
                   const PrgMoment *moment,
                   const PrgEarnRequest *request,
                   GError **error)
{
  const char *from =
      *view->record->current_rank != '\0' ? view->record->current_rank : prg_rules_lowest_rank(rules);
  const char *to = prg_rules_next_rank(rules, from);
  PrgEarnRequest promotion = *request;
  g_auto(PrgEarning) earning = { view, rules, moment, &promotion, 0, NULL, NULL };
  g_autoptr(JsonObject) object = json_object_new();
  g_autofree char *details = NULL;

  /* The ref is the service's own here. */
  promotion.ref = to != NULL ? to : "";
  if (!prg_earning_begin(&earning, error))
    return NULL;
  if (to == NULL) {
    prg_earning_fail(error, PRG_ERROR_NOT_ELIGIBLE, _("%s is the highest rank"), from);
    return NULL;
  }
  if (!check_gates(&earning, to, error))
    return NULL;
  json_object_set_string_member(object, "from", from);
  details = prg_json_print_object(object);
  prg_earning_add(&earning, "promoted", prg_earning_first_id(&earning, "promoted"), 0, details, "");
  return prg_earning_end(&earning);
}

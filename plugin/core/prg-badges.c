/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-badges.h"

#include "prg-calendar.h"
#include "prg-metrics.h"

#include <glib/gi18n-lib.h>

/* A condition is judged over its whole window or not at all: a new rep's first good day earns no badge of a week. Rows that this
 * machine never held lie before any window that is judged. */
static gboolean
is_covered(const PrgView *view, gint days, const char *today)
{
  const char *first = prg_view_get_first_day(view);
  gint first_number, today_number;

  if (days == 0 || view->has_older)
    return TRUE;
  return first != NULL && prg_day_parse(first, &first_number) && prg_day_parse(today, &today_number) &&
         first_number <= today_number - (days - 1);
}

/* What is asked: one tier of one badge. */
typedef struct {
  const PrgView *view;
  const PrgRules *rules;
  const PrgBadge *badge;
  const PrgBadgeTier *tier;
  const char *today;
} Question;

static void
measure_rate(const Question *self, PrgMeasured *measured)
{
  const PrgBadgeTier *tier = self->tier;
  int rate = self->badge->of;
  PrgMetrics metrics;

  if (tier->days > 0)
    prg_metrics_over(self->view, self->rules, self->today, tier->days, &metrics);
  else
    prg_metrics_over_life(self->view, self->rules, &metrics);
  measured->progress = metrics.rates[rate];
  measured->needed = tier->threshold;
  if (!metrics.known[rate])
    measured->why = NC_("why", "rate-unknown");
  else if (metrics.denominators[rate] < tier->minimum)
    measured->why = NC_("why", "too-few");
  else if (!is_covered(self->view, tier->days, self->today))
    measured->why = NC_("why", "window-not-covered");
  else if (metrics.ramp_up)
    measured->why = NC_("why", "ramp-up");
  measured->known = *measured->why == '\0';
  measured->holds = measured->known && prg_passes(measured->passes, measured->progress, measured->needed);
}

/* Not a rate: few dials are no reason to wait, they are the point. */
static void
measure_within(const Question *self, PrgMeasured *measured)
{
  const PrgBadgeTier *tier = self->tier;
  PrgMetrics metrics;
  gboolean too_many;

  prg_metrics_over(self->view, self->rules, self->today, tier->days, &metrics);
  too_many = metrics.totals[self->badge->among] > tier->within;
  measured->progress = (double)metrics.totals[self->badge->of];
  measured->needed = (double)tier->count;
  measured->known = is_covered(self->view, tier->days, self->today);
  if (!measured->known)
    measured->why = NC_("why", "window-not-covered");
  else if (too_many)
    measured->why = NC_("why", "too-many");
  measured->holds = measured->known && !too_many && measured->progress >= measured->needed;
}

static gint64
count_of(const Question *self)
{
  const PrgRecord *record = self->view->record;

  switch (self->badge->measure) {
  case PRG_MEASURE_ROWS:
    return prg_view_get_kind_count(self->view, self->badge->subject);
  case PRG_MEASURE_DEALS:
    return record->closed_deals.value;
  case PRG_MEASURE_STREAK:
    return prg_view_streak(self->view, self->today);
  case PRG_MEASURE_BOSS:
    return prg_id_set_contains(record->defeated_bosses, self->badge->subject) ? 1 : 0;
  case PRG_MEASURE_RATE:
  case PRG_MEASURE_WITHIN:
  default:
    return 0;
  }
}

static void
measure_count(const Question *self, PrgMeasured *measured)
{
  measured->progress = (double)count_of(self);
  measured->needed = self->badge->measure == PRG_MEASURE_BOSS ? 1 : (double)self->tier->count;
  measured->holds = measured->progress >= measured->needed;
}

void
prg_badges_measure(const PrgView *view,
                   const PrgRules *rules,
                   const PrgBadge *badge,
                   const PrgBadgeTier *tier,
                   const char *today,
                   PrgMeasured *measured)
{
  Question question = { view, rules, badge, tier, today };

  *measured = (PrgMeasured){ .passes = badge->passes, .known = TRUE, .why = "" };
  if (badge->measure == PRG_MEASURE_RATE)
    measure_rate(&question, measured);
  else if (badge->measure == PRG_MEASURE_WITHIN)
    measure_within(&question, measured);
  else
    measure_count(&question, measured);
}

const char *
prg_badges_held_tier(const PrgView *view, const char *badge)
{
  for (int order = PRG_N_TIERS; order > 0; order--) {
    const char *tier = prg_tier_from_order(order);
    g_autofree char *id = g_strconcat(badge, ".", tier, NULL);

    if (prg_id_set_contains(view->record->badges, id))
      return tier;
  }
  return "";
}

static PrgBadgeStanding *
standing_of(const PrgView *view, const PrgRules *rules, const PrgBadge *badge, const char *today)
{
  PrgBadgeStanding *standing = g_new0(PrgBadgeStanding, 1);
  const PrgBadgeTier *next = &badge->tiers[badge->n_tiers - 1];
  int held;

  standing->id = badge->id;
  standing->name = badge->name;
  standing->tier = prg_badges_held_tier(view, badge->id);
  standing->next_tier = "";
  held = prg_tier_to_order(standing->tier);
  for (guint i = badge->n_tiers; i > 0 && prg_tier_to_order(badge->tiers[i - 1].tier) > held; i--) {
    next = &badge->tiers[i - 1];
    standing->next_tier = next->tier;
  }
  prg_badges_measure(view, rules, badge, next, today, &standing->measured);
  return standing;
}

GPtrArray *
prg_badges_standing(const PrgView *view, const PrgRules *rules, const char *today)
{
  GPtrArray *standings = g_ptr_array_new_with_free_func(g_free);

  for (guint i = 0; i < prg_rules_n_badges(rules); i++)
    g_ptr_array_add(standings, standing_of(view, rules, prg_rules_get_badge(rules, i), today));
  return standings;
}

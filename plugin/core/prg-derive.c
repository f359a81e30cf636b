/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-view.h"

#include "prg-badges.h"
#include "prg-calendar.h"

typedef struct {
  const PrgView *view;
  const PrgRules *rules;
  gint today;
  PrgIsPaid is_paid; /* (nullable) */
  gpointer user_data;
  GPtrArray *awards; /* (element-type PrgAward) */
} Derivation;

/* Whether an award is due for @number, of which @day is known. */
typedef gboolean (*DayCondition)(Derivation *self, gint number, const PrgDay *day);
/* What the award of @number tells besides. Returns: (transfer full) (nullable) */
typedef char *(*DayDetails)(Derivation *self, gint number);

void
prg_award_free(PrgAward *self)
{
  if (self == NULL)
    return;
  g_free(self->ref);
  g_free(self->local_day);
  g_free(self->details);
  g_free(self);
}

/* Two bosses may give one title. */
static gboolean
is_awarded(Derivation *self, const char *kind, const char *ref)
{
  for (guint i = 0; i < self->awards->len; i++) {
    const PrgAward *due = g_ptr_array_index(self->awards, i);

    if (g_str_equal(due->kind, kind) && g_str_equal(due->ref, ref))
      return TRUE;
  }
  return self->is_paid != NULL && self->is_paid(kind, ref, self->user_data);
}

/* @details: (transfer full) (nullable) */
static void
award(Derivation *self, const char *kind, const char *ref, gint64 amount, gint number, char *details)
{
  g_autofree char *owned = details;
  PrgAward *due;

  if (is_awarded(self, kind, ref))
    return;
  due = g_new0(PrgAward, 1);
  due->kind = g_intern_string(kind);
  due->ref = g_strdup(ref);
  due->amount = amount;
  due->local_day = prg_day_format(number);
  due->details = g_steal_pointer(&owned);
  g_ptr_array_add(self->awards, due);
}

static const PrgDay *
find_day(Derivation *self, gint number)
{
  g_autofree char *day = prg_day_format(number);

  return number >= 0 ? prg_view_get_day(self->view, day) : NULL;
}

static gboolean
has_dial(Derivation *self, gint number, const PrgDay *day)
{
  return day->counters[PRG_METRIC_DIALS] >= 1;
}

static gboolean
continues_streak(Derivation *self, gint number, const PrgDay *day)
{
  return day->active && prg_view_day_before(self->view, number) >= 0;
}

/* A machine that fetches only the last rows knows by this how long the streak was. */
static char *
tell_streak(Derivation *self, gint number)
{
  return g_strdup_printf("{\"streak\":%u}", prg_view_streak_at(self->view, number));
}

/* Days older than the back-dating limit are settled; the day after today may have begun for a rep who
 * travels. */
static void
derive_days(Derivation *self, const char *kind, DayCondition is_due, DayDetails tell)
{
  const PrgSource *source = prg_rules_find_source(self->rules, kind);
  gint first = self->today - prg_rules_backdate_days(self->rules);

  for (gint number = MAX(first, 0); number <= self->today + 1; number++) {
    const PrgDay *day = find_day(self, number);

    if (day != NULL && is_due(self, number, day))
      award(self, kind, day->day, source->xp, number, tell != NULL ? tell(self, number) : NULL);
  }
}

static void
derive_badge(Derivation *self, const PrgBadge *badge, const char *today)
{
  for (guint i = 0; i < badge->n_tiers; i++) {
    const PrgBadgeTier *tier = &badge->tiers[i];
    PrgMeasured measured;

    if (prg_id_set_contains(self->view->record->badges, tier->id))
      continue;
    prg_badges_measure(self->view, self->rules, badge, tier, today, &measured);
    if (measured.holds)
      award(self, "badge_earned", tier->id, tier->xp, self->today, NULL);
  }
}

static void
derive_badges(Derivation *self, gboolean of_rates, const char *today)
{
  for (guint i = 0; i < prg_rules_n_badges(self->rules); i++) {
    const PrgBadge *badge = prg_rules_get_badge(self->rules, i);
    gboolean is_rate = badge->measure == PRG_MEASURE_RATE || badge->measure == PRG_MEASURE_WITHIN;

    if (is_rate == of_rates)
      derive_badge(self, badge, today);
  }
}

static void
derive_titles(Derivation *self)
{
  const PrgIdSet *defeated = self->view->record->defeated_bosses;

  for (guint i = 0; i < prg_id_set_size(defeated); i++) {
    const PrgBoss *boss = prg_rules_find_boss(self->rules, prg_id_set_get(defeated, i));

    if (boss != NULL && *boss->title != '\0' && !prg_id_set_contains(self->view->titles, boss->title))
      award(self, "title_earned", boss->title, 0, self->today, NULL);
  }
}

GPtrArray *
prg_derive(const PrgView *view,
           const PrgRules *rules,
           const char *today,
           PrgIsPaid is_paid,
           gpointer user_data)
{
  Derivation self = { .view = view, .rules = rules, .is_paid = is_paid, .user_data = user_data };

  self.awards = g_ptr_array_new_with_free_func((GDestroyNotify)prg_award_free);
  if (!prg_day_parse(today, &self.today))
    return self.awards;
  derive_days(&self, "first_dial_of_day", has_dial, NULL);
  derive_days(&self, "streak_day", continues_streak, tell_streak);
  derive_badges(&self, FALSE, today);
  derive_badges(&self, TRUE, today);
  derive_titles(&self);
  return self.awards;
}

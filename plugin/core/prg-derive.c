/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-view.h"

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

void
prg_award_free(PrgAward *self)
{
  if (self == NULL)
    return;
  g_free(self->ref);
  g_free(self->local_day);
  g_free(self);
}

/* Two bosses may give one badge. */
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

static void
award(Derivation *self, const char *kind, const char *ref, gint64 amount, gint number)
{
  PrgAward *due;

  if (is_awarded(self, kind, ref))
    return;
  due = g_new0(PrgAward, 1);
  due->kind = g_intern_string(kind);
  due->ref = g_strdup(ref);
  due->amount = amount;
  due->local_day = prg_day_format(number);
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
  const PrgDay *before = find_day(self, number - 1);

  return day->active && before != NULL && before->active;
}

/* Days older than the back-dating limit are settled; the day after today may have begun for a rep who
 * travels. */
static void
derive_days(Derivation *self, const char *kind, DayCondition is_due)
{
  const PrgSource *source = prg_rules_find_source(self->rules, kind);
  gint first = self->today - prg_rules_backdate_days(self->rules);

  for (gint number = MAX(first, 0); number <= self->today + 1; number++) {
    const PrgDay *day = find_day(self, number);

    if (day != NULL && is_due(self, number, day))
      award(self, kind, day->day, source->xp, number);
  }
}

/* @each is called for every boss of the record that the catalogue knows. */
static void
derive_bosses(Derivation *self, void (*each)(Derivation *self, const PrgBoss *boss))
{
  const PrgIdSet *defeated = self->view->record->defeated_bosses;

  for (guint i = 0; i < prg_id_set_size(defeated); i++) {
    const PrgBoss *boss = prg_rules_find_boss(self->rules, prg_id_set_get(defeated, i));

    if (boss != NULL)
      each(self, boss);
  }
}

static void
derive_boss_badge(Derivation *self, const PrgBoss *boss)
{
  if (*boss->badge != '\0' && !prg_id_set_contains(self->view->record->badges, boss->badge))
    award(self, "badge_earned", boss->badge, prg_rules_badge_xp(self->rules, boss->badge), self->today);
}

static void
derive_boss_title(Derivation *self, const PrgBoss *boss)
{
  if (*boss->title != '\0' && !prg_id_set_contains(self->view->titles, boss->title))
    award(self, "title_earned", boss->title, 0, self->today);
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
  derive_days(&self, "first_dial_of_day", has_dial);
  derive_days(&self, "streak_day", continues_streak);
  derive_bosses(&self, derive_boss_badge);
  derive_bosses(&self, derive_boss_title);
  return self.awards;
}

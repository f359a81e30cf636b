/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-gates.h"

#include "prg-badges.h"
#include "prg-metrics.h"
#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct {
  const PrgView *view;
  const PrgRules *rules;
  const char *today;
  GPtrArray *gates; /* (element-type PrgGate) */
} Standing;

void
prg_gate_free(PrgGate *self)
{
  if (self == NULL)
    return;
  g_free(self->id);
  g_free(self);
}

static PrgGate *
add_gate(Standing *self, const char *kind, const char *id, PrgGateType type, double needed)
{
  PrgGate *gate = g_new0(PrgGate, 1);

  gate->kind = kind;
  gate->id = g_strdup(id);
  gate->type = type;
  gate->needed = needed;
  gate->known = TRUE;
  gate->needed_tier = gate->have_tier = "";
  gate->passes = "at-least";
  g_ptr_array_add(self->gates, gate);
  return gate;
}

static void
add_number(Standing *self, const char *kind, gint64 needed, gint64 have)
{
  PrgGate *gate = add_gate(self, kind, "", PRG_GATE_NUMBER, (double)needed);

  gate->have = (double)have;
  gate->met = have >= needed;
}

static void
add_flag(Standing *self, const char *kind, const char *id, const PrgIdSet *set)
{
  PrgGate *gate;

  if (*id == '\0')
    return;
  gate = add_gate(self, kind, id, PRG_GATE_FLAG, 1);
  gate->met = prg_id_set_contains(set, id);
  gate->have = gate->met ? 1 : 0;
}

static void
add_badge(Standing *self, const char *badge_tier)
{
  const char *dot = strrchr(badge_tier, '.');
  g_autofree char *badge = g_strndup(badge_tier, (gsize)(dot - badge_tier));
  int needed = prg_tier_to_order(dot + 1);
  const char *held = prg_badges_held_tier(self->view, badge);
  PrgGate *gate = add_gate(self, NC_("gate", "badge"), badge, PRG_GATE_TIER, needed);

  gate->needed_tier = prg_tier_from_order(needed);
  gate->have_tier = held;
  gate->have = prg_tier_to_order(held);
  gate->met = gate->have >= gate->needed;
}

static void
add_metric(Standing *self, const PrgRank *rank)
{
  PrgMetricValue metric;
  PrgGate *gate;

  if (*rank->metric == '\0')
    return;
  metric = prg_metrics_find(self->view, self->rules, rank->metric, self->today);
  gate = add_gate(self, NC_("gate", "metric"), rank->metric, PRG_GATE_NUMBER, rank->metric_threshold);
  gate->passes = rank->metric_passes;
  gate->known = metric.known;
  gate->have = metric.value;
  gate->suspended = metric.ramp_up;
  gate->met = metric.known && !metric.ramp_up && prg_passes(gate->passes, gate->have, gate->needed);
}

static void
add_mentees(Standing *self, const PrgRank *rank)
{
  PrgMetricValue mentees;
  PrgGate *gate;

  if (rank->mentees == 0)
    return;
  mentees = prg_metrics_find(self->view, self->rules, PRG_METRIC_MENTEES, self->today);
  gate = add_gate(self, NC_("gate", "mentees"), "", PRG_GATE_NUMBER, (double)rank->mentees);
  gate->known = mentees.known;
  gate->have = mentees.value;
  gate->met = mentees.known && gate->have >= gate->needed;
}

GPtrArray *
prg_gates_of(const PrgView *view, const PrgRules *rules, const char *rank_text, const char *today)
{
  const PrgRank *rank = prg_rules_find_rank(rules, rank_text);
  const PrgRecord *record = view->record;
  Standing self = { view, rules, today, NULL };

  if (rank == NULL)
    return NULL;
  self.gates = g_ptr_array_new_with_free_func((GDestroyNotify)prg_gate_free);
  add_number(&self, NC_("gate", "level"), rank->level, prg_rules_level_for(rules, record->total_xp.value));
  add_number(&self, NC_("gate", "deals"), rank->deals, record->closed_deals.value);
  for (guint i = 0; rank->badges[i] != NULL; i++)
    add_badge(&self, rank->badges[i]);
  for (guint i = 0; rank->modules[i] != NULL; i++)
    add_flag(&self, NC_("gate", "module"), rank->modules[i], record->completed_modules);
  add_metric(&self, rank);
  add_flag(&self, NC_("gate", "boss"), rank->boss, record->defeated_bosses);
  add_flag(&self, NC_("gate", "exam"), rank->exam, record->passed_exams);
  add_mentees(&self, rank);
  add_flag(&self, NC_("gate", "certification"), rank->certification, record->certifications);
  return self.gates;
}

gboolean
prg_gates_met(GPtrArray *gates)
{
  for (guint i = 0; i < gates->len; i++) {
    if (!((const PrgGate *)g_ptr_array_index(gates, i))->met)
      return FALSE;
  }
  return TRUE;
}

/* The same text in every locale. */
static const char *
format_number(char buffer[G_ASCII_DTOSTR_BUF_SIZE], double value)
{
  return g_ascii_formatd(buffer, G_ASCII_DTOSTR_BUF_SIZE, "%.4g", value);
}

/* What is shown of where the rep stands. (transfer full) */
static char *
describe_have(const PrgGate *gate)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  if (gate->type == PRG_GATE_TIER)
    return g_strdup(g_dpgettext2(GETTEXT_PACKAGE, "tier",
                                 *gate->have_tier != '\0' ? gate->have_tier : NC_("tier", "none")));
  if (gate->have == (double)(gint64)gate->have)
    return g_strdup_printf("%" G_GINT64_FORMAT, (gint64)gate->have);
  return g_strdup(format_number(number, gate->have));
}

static void
append_state(GString *text, const PrgGate *gate)
{
  g_autofree char *have = describe_have(gate);

  if (gate->type == PRG_GATE_FLAG)
    return;
  g_string_append(text, " (");
  if (gate->suspended)
    g_string_append(text, _("not judged during ramp-up"));
  else if (!gate->known)
    g_string_append(text, _("unknown"));
  else
    g_string_append_printf(text, _("now %s"), have);
  g_string_append(text, ")");
}

static void
append_gate(GString *text, const PrgGate *gate)
{
  const char *kind = g_dpgettext2(GETTEXT_PACKAGE, "gate", gate->kind);
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append(text, text->len > 0 ? ", " : "");
  if (g_str_equal(gate->kind, "metric"))
    g_string_append_printf(text, "%s %s %s", gate->id, g_dpgettext2(GETTEXT_PACKAGE, "gate", gate->passes),
                           format_number(number, gate->needed));
  else if (gate->type == PRG_GATE_TIER)
    g_string_append_printf(text, "%s %s.%s", kind, gate->id, gate->needed_tier);
  else if (gate->type == PRG_GATE_FLAG)
    g_string_append_printf(text, "%s %s", kind, gate->id);
  else
    g_string_append_printf(text, "%s %" G_GINT64_FORMAT, kind, (gint64)gate->needed);
  append_state(text, gate);
}

char *
prg_gates_missing(GPtrArray *gates)
{
  GString *text = g_string_new(NULL);

  for (guint i = 0; i < gates->len; i++) {
    const PrgGate *gate = g_ptr_array_index(gates, i);

    if (!gate->met)
      append_gate(text, gate);
  }
  return g_string_free(text, FALSE);
}

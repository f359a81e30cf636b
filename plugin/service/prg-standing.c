/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-standing.h"
#include "prg-announce.h"
#include "prg-badges.h"
#include "prg-error.h"
#include "prg-gates.h"
#include "prg-metrics.h"
#include "prg-names.h"

#include <glib/gi18n-lib.h>

static void
add(GVariantBuilder *builder, const char *key, GVariant *value)
{
  g_variant_builder_add(builder, "{sv}", key, value);
}

static void
add_text(GVariantBuilder *builder, const char *key, const char *value)
{
  add(builder, key, g_variant_new_string(value));
}

/* ---- gates ---- */

static GVariant *
gate_value(const PrgGate *gate, double number, const char *tier)
{
  switch (gate->type) {
  case PRG_GATE_TIER:
    return g_variant_new_string(tier);
  case PRG_GATE_FLAG:
    return g_variant_new_boolean(number != 0);
  case PRG_GATE_NUMBER:
  default:
    return g_variant_new_double(number);
  }
}

static void
add_gate(GVariantBuilder *list, const PrgGate *gate)
{
  g_variant_builder_open(list, G_VARIANT_TYPE_VARDICT);
  add_text(list, "kind", gate->kind);
  add_text(list, "id", gate->id);
  add(list, "needed", gate_value(gate, gate->needed, gate->needed_tier));
  if (gate->known)
    add(list, "have", gate_value(gate, gate->have, gate->have_tier));
  add(list, "met", g_variant_new_boolean(gate->met));
  add_text(list, "passes", gate->passes);
  add(list, "suspended", g_variant_new_boolean(gate->suspended));
  g_variant_builder_close(list);
}

GVariant *
prg_standing_eligibility(const PrgView *view,
                         const PrgRules *rules,
                         const char *rank,
                         const char *today,
                         GError **error)
{
  const char *asked = *rank ? rank : prg_rules_next_rank(rules, view->record->current_rank);
  GVariantBuilder list;

  g_variant_builder_init(&list, G_VARIANT_TYPE("aa{sv}"));
  if (asked == NULL) /* the top: there is nothing to be eligible for */
    return g_variant_new("(baa{sv})", FALSE, &list);
  g_autoptr(GPtrArray) gates = prg_gates_of(view, rules, asked, today);
  if (gates == NULL) {
    g_variant_builder_clear(&list);
    g_set_error(error, PRG_ERROR, PRG_ERROR_UNKNOWN_ID, _("The catalogue has no rank “%.64s”"), rank);
    return NULL;
  }
  for (guint i = 0; i < gates->len; i++)
    add_gate(&list, g_ptr_array_index(gates, i));
  return g_variant_new("(baa{sv})", prg_gates_met(gates), &list);
}

/* ---- badges ---- */

static void
add_badge(GVariantBuilder *list, const PrgRules *rules, const PrgBadgeStanding *badge)
{
  g_variant_builder_open(list, G_VARIANT_TYPE_VARDICT);
  add_text(list, "id", badge->id);
  add_text(list, "name", prg_names_show(rules, PRG_NAME_BADGE, badge->id, badge->name));
  add_text(list, "tier", badge->tier);
  add_text(list, "next-tier", badge->next_tier);
  add(list, "progress", g_variant_new_double(badge->measured.progress));
  add(list, "needed", g_variant_new_double(badge->measured.needed));
  add_text(list, "passes", badge->measured.passes);
  add(list, "known", g_variant_new_boolean(badge->measured.known));
  add_text(list, "why", badge->measured.why);
  g_variant_builder_close(list);
}

GVariant *
prg_standing_badges(const PrgView *view, const PrgRules *rules, const char *today)
{
  g_autoptr(GPtrArray) badges = prg_badges_standing(view, rules, today);
  GVariantBuilder list;

  g_variant_builder_init(&list, G_VARIANT_TYPE("aa{sv}"));
  for (guint i = 0; i < badges->len; i++)
    add_badge(&list, rules, g_ptr_array_index(badges, i));
  return g_variant_new("(aa{sv})", &list);
}

/* ---- efficiency ---- */

static void
add_rate(GVariantBuilder *list, const PrgRules *rules, const PrgMetrics *metrics, PrgRate rate)
{
  gboolean judged = metrics->known[rate] && !metrics->ramp_up;

  g_variant_builder_open(list, G_VARIANT_TYPE_VARDICT);
  add_text(list, "metric", prg_rate_to_string(rate));
  add_text(list, "key", prg_rate_to_key(rate));
  if (metrics->known[rate])
    add(list, "value", g_variant_new_double(metrics->rates[rate]));
  add_text(list, "tier", judged ? prg_metrics_tier(rules, rate, metrics->rates[rate]) : "");
  add(list, "numerator", g_variant_new_int64(metrics->totals[prg_rate_numerator(rate)]));
  add(list, "denominator", g_variant_new_int64(metrics->totals[prg_rate_denominator(rate)]));
  g_variant_builder_close(list);
}

GVariant *
prg_standing_efficiency(const PrgView *view, const PrgRules *rules, const char *today)
{
  PrgMetrics metrics;
  GVariantBuilder list;

  prg_metrics_over(view, rules, today, prg_rules_metrics_days(rules), &metrics);
  g_variant_builder_init(&list, G_VARIANT_TYPE("aa{sv}"));
  for (int rate = 0; rate < PRG_N_RATES; rate++)
    add_rate(&list, rules, &metrics, (PrgRate)rate);
  return g_variant_new("(baa{sv})", metrics.ramp_up, &list);
}

/* ---- the leaderboard ---- */

static void
add_place(GVariantBuilder *list, const PrgRules *rules, const PrgPlace *place, const char *me)
{
  const PrgRecord *record = place->record;

  g_variant_builder_open(list, G_VARIANT_TYPE_VARDICT);
  add(list, "position", g_variant_new_uint32(place->position));
  add_text(list, "name", record->name);
  add_text(list, "member", record->workspace_member_id);
  add(list, "total-xp", g_variant_new_int64(record->total_xp.value));
  add(list, "level", g_variant_new_uint32(prg_rules_level_for(rules, record->total_xp.value)));
  add_text(list, "rank", prg_facts_rank_of(record));
  add(list, "me", g_variant_new_boolean(g_str_equal(record->workspace_member_id, me)));
  g_variant_builder_close(list);
}

GVariant *
prg_standing_leaderboard(const PrgBoard *board,
                         PrgBook *book,
                         const PrgView *view,
                         const char *name,
                         guint limit)
{
  g_autoptr(PrgRecord) own = prg_record_copy(view->record);
  GVariantBuilder list;

  prg_record_set(&own->workspace_member_id, prg_book_get_member(book));
  prg_record_set(&own->name, name);
  g_autoptr(GArray) places = prg_board_rank(board, own);
  g_variant_builder_init(&list, G_VARIANT_TYPE("aa{sv}"));
  for (guint i = 0; i < places->len && (limit == 0 || i < limit); i++)
    add_place(&list, prg_book_get_rules(book), &g_array_index(places, PrgPlace, i), own->workspace_member_id);
  return g_variant_new("(aa{sv}x)", &list, board->as_of);
}

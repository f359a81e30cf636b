/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-rules.h"
#include "prg-view.h"

G_BEGIN_DECLS

/* How a gate compares. */
typedef enum {
  PRG_GATE_NUMBER, /* @have against @needed, as @passes says */
  PRG_GATE_TIER,   /* @have_tier is @needed_tier or a higher one */
  PRG_GATE_FLAG,   /* it is there (1) or it is not (0) */
} PrgGateType;

/* One thing that a rank asks for, and how the rep stands. */
typedef struct {
  const char
      *kind; /* "level", "deals", "badge", "module", "metric", "exam", "boss", "mentees", "certification" */
  char *id;  /* (owned) the badge (without its tier), module, metric …; "" for level, deals, mentees */
  PrgGateType type;
  double needed, have; /* TIER: 0 = none, 1 = bronze … 4 = platinum; FLAG: 0 or 1 */
  gboolean known;      /* FALSE: nobody knows @have (which is 0 then), so the gate is not met */
  const char *needed_tier, *have_tier; /* TIER: "bronze" …, "" = none; else "" */
  const char *passes;                  /* "at-least", "below" or "above" (both strictly) */
  gboolean met;
  /* A rate that is measured here, while the rep is in ramp-up: shown (@have, @known), not judged, so not met. */
  gboolean suspended;
} PrgGate;
void prg_gate_free(PrgGate *self);

/* Every gate of @rank (any spelling) as @view stands at the local day @today: level, deals, badges, modules, metric, boss, exam,
 * mentees, certification, in this order, those that the rank does not have left out. Pure.
 * Returns: (transfer full) (element-type PrgGate) (nullable) NULL for a rank that the catalogue does not know. */
GPtrArray *prg_gates_of(const PrgView *view, const PrgRules *rules, const char *rank, const char *today);

gboolean prg_gates_met(GPtrArray *gates); /* all of them */

/* What is missing, for people: "level 10 (now 7), badge opener_elite.gold (now silver), module module_5, sub_30s_drop_rate
 * below 0.5 (unknown)"; "" if all gates are met. Returns: (transfer full) */
char *prg_gates_missing(GPtrArray *gates);

G_END_DECLS

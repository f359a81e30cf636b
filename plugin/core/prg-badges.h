/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-rules.h"
#include "prg-view.h"

G_BEGIN_DECLS

/* How a view stands to one tier's condition. */
typedef struct {
  double progress;    /* what counts: rows, deals, days, a rate … */
  double needed;      /* what the tier asks for */
  const char *passes; /* "at-least", "below" or "above" (both strictly) */
  gboolean
      known; /* FALSE: not judged now, @why says why; then @progress is shown all the same, 0 if there is none */
  /* "" or what stands in the way besides the number: "rate-unknown" (a denominator of 0), "too-few" (less than the tier's minimum),
   * "window-not-covered" (active for fewer days than the window has), "ramp-up" (too few dials in the window), and, with
   * @known TRUE, "too-many" (more dials than the appointments may take). */
  const char *why;
  gboolean holds; /* the tier is earned, as things stand */
} PrgMeasured;

/* The one place that measures a badge. Pure; reads no XP and no badge. */
void prg_badges_measure(const PrgView *view,
                        const PrgRules *rules,
                        const PrgBadge *badge,
                        const PrgBadgeTier *tier,
                        const char *today,
                        PrgMeasured *measured);

/* The highest tier of @badge (an id without tier) in the record's set: "bronze" …, "" = none. */
const char *prg_badges_held_tier(const PrgView *view, const char *badge);

/* One badge of the catalogue, for people. */
typedef struct {
  const char *id, *name; /* of the rules: valid as long as they are */
  const char *tier;      /* the highest one held, "" = none */
  const char *next_tier; /* the lowest one above it, "" = there is none */
  PrgMeasured measured;  /* of @next_tier; without one, of the highest tier there is */
} PrgBadgeStanding;

/* Every badge of the catalogue, in its order. Returns: (transfer full) (element-type PrgBadgeStanding) */
GPtrArray *prg_badges_standing(const PrgView *view, const PrgRules *rules, const char *today);

G_END_DECLS

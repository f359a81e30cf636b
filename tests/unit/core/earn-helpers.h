/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core-helpers.h"
#include <math.h>

typedef GPtrArray *(
    *EarnFunc)(const PrgView *, const PrgRules *, const PrgMoment *, const PrgEarnRequest *, GError **);

static PrgRules *rules;
static PrgMoment moment = { MEMBER, DEVICE, 41, FRESH_ID, NOW, NULL, "UTC" };
static const PrgEarnRequest plain = { .kind = "",
                                      .ref = "",
                                      .details = "",
                                      .caller_id = "",
                                      .disposition = "" };

static inline PrgView *
view_with(gint64 xp, const char *specialization)
{
  PrgView *view = prg_view_new();

  view->record->total_xp = prg_number(xp);
  prg_record_set(&view->specialization, specialization);
  return view;
}

static inline const PrgOperation *
row(GPtrArray *rows, guint index)
{
  g_assert_nonnull(rows);
  g_assert_cmpuint(index, <, rows->len);
  return g_ptr_array_index(rows, index);
}

/* @earn with @request must refuse with @code. */
static inline void
assert_refused(EarnFunc earn, const PrgView *view, const PrgEarnRequest *request, gint code)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rows = earn(view, rules, &moment, request, &error);

  g_assert_null(rows);
  g_assert_error(error, PRG_ERROR, code);
}

static inline gint64
earn_amount(const PrgView *view, const PrgEarnRequest *request)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rows = prg_earn_xp(view, rules, &moment, request, &error);

  g_assert_no_error(error);
  g_assert_cmpuint(rows->len, ==, 1);
  return row(rows, 0)->amount;
}

/* Runs the tests added so far with the built-in rules on a clock of UTC. */
static inline int
run_earn_tests(void)
{
  g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
  int result;

  rules = prg_rules_new_builtin();
  moment.zone = utc;
  result = g_test_run();
  prg_rules_unref(rules);
  return result;
}

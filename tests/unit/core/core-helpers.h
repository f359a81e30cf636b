/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-calendar.h"
#include "prg-earn.h"
#include "prg-error.h"
#include "prg-view.h"
#include <string.h>

#define MEMBER "11111111-1111-4111-8111-111111111111"
#define DEVICE "22222222-2222-4222-8222-222222222222"
#define FRESH_ID "33333333-3333-4333-8333-333333333333"
#define TODAY "2026-11-20"
#define DAY_US (G_GINT64_CONSTANT(86400) * G_USEC_PER_SEC)

/* 2026-11-20T10:00:00Z, worked out by hand: 20,777 days after the epoch. */
#define NOW ((G_GINT64_CONSTANT(20777) * 86400 + 36000) * G_USEC_PER_SEC)

static inline PrgOperation *
make_operation(const char *kind, gint64 amount, const char *ref, const char *day)
{
  const PrgOperation fields = {
    .id = FRESH_ID,
    .device = DEVICE,
    .seq = 1,
    .kind = kind,
    .amount = amount,
    .ref = ref,
    .occurred_at = NOW,
    .local_day = day,
    .zone = "UTC",
  };

  return prg_operation_new(&fields);
}

/* Applies one row that nothing holds yet. */
static inline void
apply_row(PrgView *view, PrgRules *rules, const char *kind, gint64 amount, const char *ref, const char *day)
{
  g_autoptr(PrgOperation) operation = make_operation(kind, amount, ref, day);

  prg_apply(view, rules, operation, PRG_APPLY_NEW);
}

/* Applies one row with @details that the base counts. */
static inline void
apply_told(PrgView *view,
           PrgRules *rules,
           const char *kind,
           const char *ref,
           const char *day,
           const char *details)
{
  const PrgOperation fields = { .kind = kind, .ref = ref, .local_day = day, .details = details };
  g_autoptr(PrgOperation) operation = prg_operation_new(&fields);

  prg_apply(view, rules, operation, PRG_APPLY_COUNTED);
}

static inline char *
day_after(const char *day, gint days)
{
  gint number;

  g_assert_true(prg_day_parse(day, &number));
  return prg_day_format(number + days);
}

/* Applies @count rows of @kind without XP, @days_ago days before TODAY. */
static inline void
apply_rows(PrgView *view, PrgRules *rules, const char *kind, gint64 count, gint days_ago)
{
  g_autofree char *day = day_after(TODAY, -days_ago);

  for (gint64 i = 0; i < count; i++)
    apply_row(view, rules, kind, 0, "", day);
}

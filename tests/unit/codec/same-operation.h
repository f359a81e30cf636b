/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-operation.h"

static inline void
assert_same(const PrgOperation *a, const PrgOperation *b)
{
  g_assert_cmpstr(a->id, ==, b->id);
  g_assert_cmpstr(a->device, ==, b->device);
  g_assert_cmpint(a->seq, ==, b->seq);
  g_assert_cmpstr(a->kind, ==, b->kind);
  g_assert_cmpint(a->amount, ==, b->amount);
  g_assert_cmpstr(a->ref, ==, b->ref);
  g_assert_cmpint(a->occurred_at, ==, b->occurred_at);
  g_assert_cmpstr(a->local_day, ==, b->local_day);
  g_assert_cmpstr(a->zone, ==, b->zone);
  g_assert_cmpstr(a->details, ==, b->details);
  g_assert_cmpstr(a->cause, ==, b->cause);
  g_assert_cmpint(a->created_at, ==, b->created_at);
}

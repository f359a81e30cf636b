/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Puts @array into any order, by the test's seed. */
static inline void
shuffle(GPtrArray *array)
{
  for (guint i = array->len; i > 1; i--) {
    guint k = (guint)g_test_rand_int_range(0, (gint)i);
    gpointer swap = array->pdata[i - 1];

    array->pdata[i - 1] = array->pdata[k];
    array->pdata[k] = swap;
  }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* splitmix64: a seed gives the same history on every machine. */
typedef struct {
  guint64 state;
} SimRandom;

static inline guint64
sim_random(SimRandom *self)
{
  guint64 z = (self->state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/* 0 … n − 1 */
static inline guint
sim_below(SimRandom *self, guint n)
{
  return (guint)(sim_random(self) % n);
}

static inline gboolean
sim_percent(SimRandom *self, guint percent)
{
  return sim_below(self, 100) < percent;
}

/* A UUID v4. Returns: (transfer full) */
static inline char *
sim_uuid(SimRandom *self)
{
  guint64 a = sim_random(self), b = sim_random(self);
  return g_strdup_printf("%08x-%04x-4%03x-%04x-%04x%08x", (guint)(a >> 32), (guint)(a >> 16) & 0xffff,
                         (guint)a & 0xfff, 0x8000 | ((guint)(b >> 48) & 0x3fff), (guint)(b >> 32) & 0xffff,
                         (guint)b);
}

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

/* A UUID v4 */
typedef struct {
  char text[37];
} SimUuid;

static inline SimUuid
sim_uuid(SimRandom *self)
{
  SimUuid uuid = { "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx" };
  guint64 bits = 0;
  guint left = 0;
  for (char *at = uuid.text; *at; at++) {
    if (*at != 'x')
      continue;
    if (left == 0)
      bits = sim_random(self), left = 16;
    *at = "0123456789abcdef"[bits & 0xf];
    bits >>= 4;
    left--;
  }
  return uuid;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-backoff.h"

gint64
prg_backoff_delay(guint attempt, gint64 max, guint64 random)
{
  guint shift = CLAMP(attempt, 1, 40);
  gint64 ceiling = MAX(PRG_BACKOFF_MIN, MIN(max, (gint64)PRG_BACKOFF_MIN << shift));
  guint64 span = (guint64)(ceiling - PRG_BACKOFF_MIN) + 1;

  /* The upper half of a 128-bit product spreads evenly, without the bias of a remainder. */
  return PRG_BACKOFF_MIN + (gint64)(((unsigned __int128)random * span) >> 64);
}

void
prg_bucket_init(PrgBucket *self, guint capacity, gint64 interval, gint64 now)
{
  self->capacity = MAX(capacity, 1);
  self->interval = MAX(interval, 1);
  self->tokens = self->capacity;
  self->since = now;
}

/* Whole intervals since the last refill, not more than fit. */
static guint
bucket_refill(const PrgBucket *self, gint64 now)
{
  gint64 passed = now > self->since ? (now - self->since) / self->interval : 0;

  return (guint)MIN(passed, (gint64)(self->capacity - self->tokens));
}

static void
bucket_update(PrgBucket *self, gint64 now)
{
  guint refill = bucket_refill(self, now);

  self->tokens += refill;
  if (self->tokens == self->capacity || now < self->since)
    self->since = now;
  else
    self->since += refill * self->interval;
}

gboolean
prg_bucket_take(PrgBucket *self, gint64 now)
{
  bucket_update(self, now);
  if (self->tokens == 0)
    return FALSE;
  self->tokens--;
  return TRUE;
}

void
prg_bucket_drain(PrgBucket *self, gint64 now)
{
  self->tokens = 0;
  self->since = now;
}

gint64
prg_bucket_wait(const PrgBucket *self, gint64 now)
{
  if (self->tokens + bucket_refill(self, now) > 0)
    return 0;
  return self->interval - MAX(now - self->since, 0);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-limiter.h"

/* Above this many callers, those whose bucket is full again are forgotten. */
#define MANY_SENDERS 64

typedef struct {
  double tokens;
  gint64 at; /* µs, when @tokens was right */
} Bucket;

struct _PrgLimiter {
  GHashTable *buckets; /* (owned) sender → Bucket */
};

PrgLimiter *
prg_limiter_new(void)
{
  PrgLimiter *self = g_new0(PrgLimiter, 1);

  self->buckets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
prg_limiter_free(PrgLimiter *self)
{
  g_hash_table_unref(self->buckets);
  g_free(self);
}

static void
refill(Bucket *bucket, gint64 now)
{
  double earned = (double)MAX(now - bucket->at, 0) * PRG_LIMITER_RATE / G_USEC_PER_SEC;

  bucket->tokens = MIN(bucket->tokens + earned, PRG_LIMITER_BURST);
  bucket->at = now;
}

static gboolean
is_full(gpointer key, gpointer value, gpointer user_data)
{
  Bucket *bucket = value;

  refill(bucket, *(gint64 *)user_data);
  return bucket->tokens >= PRG_LIMITER_BURST;
}

gboolean
prg_limiter_take(PrgLimiter *self, const char *sender, gint64 now)
{
  Bucket *bucket = g_hash_table_lookup(self->buckets, sender);

  if (bucket == NULL) {
    if (g_hash_table_size(self->buckets) >= MANY_SENDERS)
      g_hash_table_foreach_remove(self->buckets, is_full, &now);
    bucket = g_new0(Bucket, 1);
    bucket->tokens = PRG_LIMITER_BURST;
    bucket->at = now;
    g_hash_table_insert(self->buckets, g_strdup(sender), bucket);
  }
  refill(bucket, now);
  if (bucket->tokens < 1)
    return FALSE;
  bucket->tokens -= 1;
  return TRUE;
}

guint
prg_limiter_n_senders(PrgLimiter *self)
{
  return g_hash_table_size(self->buckets);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-backoff.h"

#define SECOND ((gint64)G_USEC_PER_SEC)
#define INTERVAL (300 * SECOND)

static guint64
random_bits(void)
{
  return (guint64)(guint32)g_test_rand_int() << 32 | (guint32)g_test_rand_int();
}

static void
test_ceiling(void)
{
  /* 1 s × 2^attempt until the sync interval. */
  static const gint64 ceilings[] = { 2, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300 };

  for (guint attempt = 0; attempt < G_N_ELEMENTS(ceilings); attempt++) {
    g_assert_cmpint(prg_backoff_delay(attempt, INTERVAL, 0), ==, SECOND);
    g_assert_cmpint(prg_backoff_delay(attempt, INTERVAL, G_MAXUINT64), ==, ceilings[attempt] * SECOND);
  }
  g_assert_cmpint(prg_backoff_delay(G_MAXUINT, INTERVAL, G_MAXUINT64), ==, INTERVAL);
  g_assert_cmpint(prg_backoff_delay(5, 0, G_MAXUINT64), ==, SECOND);
  g_assert_cmpint(prg_backoff_delay(5, -1, random_bits()), ==, SECOND);
}

/* Full jitter: the whole span is used, evenly. */
static void
test_spread(void)
{
  guint buckets[10] = { 0 };

  for (guint i = 0; i < 20000; i++) {
    gint64 delay = prg_backoff_delay(20, 11 * SECOND, random_bits());

    g_assert_cmpint(delay, >=, SECOND);
    g_assert_cmpint(delay, <=, 11 * SECOND);
    buckets[MIN((delay - SECOND) / SECOND, 9)]++;
  }
  for (guint i = 0; i < G_N_ELEMENTS(buckets); i++) {
    g_assert_cmpuint(buckets[i], >, 1700);
    g_assert_cmpuint(buckets[i], <, 2300);
  }
}

static void
test_bucket(void)
{
  PrgBucket bucket;

  prg_bucket_init(&bucket, 2, 600, 1000);
  g_assert_cmpint(prg_bucket_wait(&bucket, 1000), ==, 0);
  g_assert_true(prg_bucket_take(&bucket, 1000));
  g_assert_true(prg_bucket_take(&bucket, 1100));
  g_assert_false(prg_bucket_take(&bucket, 1100));
  g_assert_cmpint(prg_bucket_wait(&bucket, 1100), ==, 500);
  g_assert_false(prg_bucket_take(&bucket, 1599));
  g_assert_cmpint(prg_bucket_wait(&bucket, 1600), ==, 0);
  g_assert_true(prg_bucket_take(&bucket, 1600));
  g_assert_false(prg_bucket_take(&bucket, 1600));
}

static void
test_bucket_keeps_no_more_than_fits(void)
{
  PrgBucket bucket;

  prg_bucket_init(&bucket, 3, 10, 0);
  for (guint i = 0; i < 3; i++)
    g_assert_true(prg_bucket_take(&bucket, 1000000));
  g_assert_false(prg_bucket_take(&bucket, 1000000));
  prg_bucket_drain(&bucket, 1000005);
  g_assert_cmpint(prg_bucket_wait(&bucket, 1000005), ==, 10);
  prg_bucket_init(&bucket, 2, 10, 0);
  prg_bucket_drain(&bucket, 0);
  g_assert_false(prg_bucket_take(&bucket, 9));
  g_assert_true(prg_bucket_take(&bucket, 10));
}

static void
test_bucket_clock_backwards(void)
{
  PrgBucket bucket;

  prg_bucket_init(&bucket, 1, 100, 5000);
  g_assert_true(prg_bucket_take(&bucket, 5000));
  g_assert_false(prg_bucket_take(&bucket, 10));
  g_assert_cmpint(prg_bucket_wait(&bucket, 10), ==, 100);
  g_assert_true(prg_bucket_take(&bucket, 110));
}

/* In any span of time no more leaves the bucket than it held plus what came back. */
static void
test_bucket_rate(void)
{
  for (guint round = 0; round < 1000; round++) {
    guint capacity = (guint)g_test_rand_int_range(1, 50), taken = 0;
    gint64 interval = g_test_rand_int_range(1, 1000), now = 0;
    PrgBucket bucket;

    prg_bucket_init(&bucket, capacity, interval, 0);
    for (guint i = 0; i < 200; i++) {
      gint64 wait = prg_bucket_wait(&bucket, now);
      gboolean ok = prg_bucket_take(&bucket, now);

      g_assert_true(ok == (wait == 0));
      taken += ok ? 1 : 0;
      now += ok ? g_test_rand_int_range(0, (gint)interval) : wait;
    }
    g_assert_cmpint(taken, <=, capacity + now / interval);
    g_assert_cmpuint(taken, >=, MIN(capacity, 100));
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/backoff/ceiling", test_ceiling);
  g_test_add_func("/backoff/spread", test_spread);
  g_test_add_func("/bucket/take", test_bucket);
  g_test_add_func("/bucket/keeps-no-more-than-fits", test_bucket_keeps_no_more_than_fits);
  g_test_add_func("/bucket/clock-backwards", test_bucket_clock_backwards);
  g_test_add_func("/bucket/rate", test_bucket_rate);
  return g_test_run();
}

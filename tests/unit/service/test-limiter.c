/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-limiter.h"

static guint
take_at_once(PrgLimiter *limiter, const char *sender, gint64 now, guint wanted)
{
  guint taken = 0;

  for (guint i = 0; i < wanted; i++)
    taken += prg_limiter_take(limiter, sender, now) ? 1 : 0;
  return taken;
}

static void
test_burst(void)
{
  g_autoptr(PrgLimiter) limiter = prg_limiter_new();

  g_assert_cmpuint(take_at_once(limiter, ":1.1", 0, 5000), ==, 2000);
  g_assert_cmpuint(take_at_once(limiter, ":1.2", 0, 1000), ==, 1000);
}

static void
test_refill(void)
{
  g_autoptr(PrgLimiter) limiter = prg_limiter_new();

  take_at_once(limiter, ":1.1", 0, 2000);
  g_assert_cmpuint(take_at_once(limiter, ":1.1", G_USEC_PER_SEC, 5000), ==, 200);
  g_assert_cmpuint(take_at_once(limiter, ":1.1", 3 * G_USEC_PER_SEC, 5000), ==, 400);
  /* Never more than one burst, however long it was quiet. */
  g_assert_cmpuint(take_at_once(limiter, ":1.1", 1000 * G_USEC_PER_SEC, 5000), ==, 2000);
}

static void
test_clock_that_stands(void)
{
  g_autoptr(PrgLimiter) limiter = prg_limiter_new();

  take_at_once(limiter, ":1.1", 10 * G_USEC_PER_SEC, 2000);
  g_assert_false(prg_limiter_take(limiter, ":1.1", 10 * G_USEC_PER_SEC));
  g_assert_false(prg_limiter_take(limiter, ":1.1", 9 * G_USEC_PER_SEC));
}

static void
test_quiet_senders_are_forgotten(void)
{
  g_autoptr(PrgLimiter) limiter = prg_limiter_new();

  for (int i = 0; i < 10000; i++) {
    g_autofree char *sender = g_strdup_printf(":1.%d", i);
    g_assert_true(prg_limiter_take(limiter, sender, (gint64)i * G_USEC_PER_SEC));
  }
  g_assert_cmpuint(prg_limiter_n_senders(limiter), <=, 65);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/limiter/burst", test_burst);
  g_test_add_func("/limiter/refill", test_refill);
  g_test_add_func("/limiter/clock-that-stands", test_clock_that_stands);
  g_test_add_func("/limiter/quiet-senders-are-forgotten", test_quiet_senders_are_forgotten);
  return g_test_run();
}

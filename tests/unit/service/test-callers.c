/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-callers.h"
#include "prg-error.h"

static gboolean
push(PrgCallers *callers, const char *sender, int call)
{
  g_autoptr(GError) error = NULL;
  gboolean taken = prg_callers_push(callers, sender, GINT_TO_POINTER(call), FALSE, 0, &error);

  if (!taken)
    g_assert_error(error, PRG_ERROR, PRG_ERROR_RATE_LIMITED);
  return taken;
}

static void
drain(PrgCallers *callers)
{
  while (prg_callers_drain(callers) != NULL)
    ;
}

/* One of the quiet caller's calls waits for at most one of each other's, however many those are. */
static void
test_turns(void)
{
  g_autoptr(PrgCallers) callers = prg_callers_new();

  for (int i = 1; i <= 500; i++)
    g_assert_true(push(callers, ":1.flood", i));
  g_assert_true(push(callers, ":1.quiet", 1001));
  g_assert_true(push(callers, ":1.quiet", 1002));
  g_assert_cmpuint(prg_callers_n_ready(callers), ==, 2);
  int before = 0;
  for (int seen = 0; seen < 2;) {
    int call = GPOINTER_TO_INT(prg_callers_pop(callers));
    g_assert_cmpint(call, ==, call > 1000 ? 1001 + seen : before + 1);
    if (call > 1000)
      seen++;
    else
      before++;
    prg_callers_done(callers, call > 1000 ? ":1.quiet" : ":1.flood");
  }
  g_assert_cmpint(before, ==, 2);
  drain(callers);
}

static void
test_running_is_bounded(void)
{
  g_autoptr(PrgCallers) callers = prg_callers_new();

  for (int i = 1; i <= 100; i++)
    g_assert_true(push(callers, ":1.1", i));
  for (int i = 1; i <= PRG_CALLERS_MAX_RUNNING; i++)
    g_assert_cmpint(GPOINTER_TO_INT(prg_callers_pop(callers)), ==, i);
  g_assert_null(prg_callers_pop(callers));
  g_assert_true(push(callers, ":1.2", 1001));
  g_assert_cmpint(GPOINTER_TO_INT(prg_callers_pop(callers)), ==, 1001);
  prg_callers_done(callers, ":1.1");
  g_assert_cmpint(GPOINTER_TO_INT(prg_callers_pop(callers)), ==, PRG_CALLERS_MAX_RUNNING + 1);
  drain(callers);
}

static void
test_waiting_is_bounded(void)
{
  g_autoptr(PrgCallers) callers = prg_callers_new();
  guint all = 0;

  for (int i = 1; i <= PRG_CALLERS_MAX_UNANSWERED; i++)
    all += push(callers, ":1.1", i);
  g_assert_cmpuint(all, ==, PRG_CALLERS_MAX_UNANSWERED);
  g_assert_false(push(callers, ":1.1", 1));
  /* What runs counts too, until it is answered. */
  g_assert_nonnull(prg_callers_pop(callers));
  g_assert_false(push(callers, ":1.1", 1));
  prg_callers_done(callers, ":1.1");
  g_assert_true(push(callers, ":1.1", 1));
  for (int i = 1; i <= 10000; i++) {
    g_autofree char *name = g_strdup_printf(":2.%d", i);
    all += push(callers, name, i);
  }
  g_assert_cmpuint(all, ==, PRG_CALLERS_MAX_ALL);
  drain(callers);
  g_assert_true(push(callers, ":1.1", 1));
  drain(callers);
}

/* Who has waited too long goes, whoever it is; who runs, or came later, does not. */
static void
test_expiry(void)
{
  g_autoptr(PrgCallers) callers = prg_callers_new();

  g_assert_cmpint(prg_callers_oldest(callers), ==, G_MAXINT64);
  for (int i = 1; i <= 4; i++)
    g_assert_true(
        prg_callers_push(callers, i % 2 ? ":1.1" : ":1.2", GINT_TO_POINTER(i), FALSE, i * 10, NULL));
  g_assert_cmpint(GPOINTER_TO_INT(prg_callers_pop(callers)), ==, 1);
  g_assert_cmpint(prg_callers_oldest(callers), ==, 20);
  g_assert_null(prg_callers_expire(callers, 19));
  g_assert_cmpint(GPOINTER_TO_INT(prg_callers_expire(callers, 20)), ==, 2);
  g_assert_cmpint(prg_callers_oldest(callers), ==, 30);
  int first = GPOINTER_TO_INT(prg_callers_expire(callers, 40));
  int second = GPOINTER_TO_INT(prg_callers_expire(callers, 40));
  g_assert_cmpint(MIN(first, second), ==, 3);
  g_assert_cmpint(MAX(first, second), ==, 4);
  g_assert_cmpint(prg_callers_oldest(callers), ==, G_MAXINT64);
  g_assert_cmpuint(prg_callers_n_ready(callers), ==, 0);
  g_assert_cmpuint(prg_callers_n_callers(callers), ==, 1);
  prg_callers_done(callers, ":1.1");
  g_assert_cmpuint(prg_callers_n_callers(callers), ==, 0);
}

static void
test_rate(void)
{
  g_autoptr(PrgCallers) callers = prg_callers_new();
  guint taken = 0;

  for (int i = 0; i < 5000; i++) {
    taken += prg_callers_push(callers, ":1.1", GINT_TO_POINTER(1), TRUE, 0, NULL);
    g_assert_true(push(callers, ":1.2", 1)); /* reading has no rate */
    drain(callers);
  }
  g_assert_cmpuint(taken, ==, 2000);
}

/* Any order of calls and answers: each call comes out once, in its caller's order, and nobody is remembered
 * afterwards. */
static void
test_any_order(void)
{
  static const char *const names[] = { ":1.1", ":1.2", ":1.3" };
  g_autoptr(PrgCallers) callers = prg_callers_new();
  int pushed[3] = { 0 }, popped[3] = { 0 }, done[3] = { 0 };

  for (int i = 0; i < 100000; i++) {
    int who = g_test_rand_int_range(0, 3);
    switch (g_test_rand_int_range(0, 3)) {
    case 0:
      pushed[who] += push(callers, names[who], (who + 1) * 1000000 + pushed[who]);
      break;
    case 1: {
      int call = GPOINTER_TO_INT(prg_callers_pop(callers));
      if (call != 0) {
        int of = call / 1000000 - 1;
        g_assert_cmpint(call % 1000000, ==, popped[of]++);
      }
      break;
    }
    default:
      if (done[who] < popped[who]) {
        prg_callers_done(callers, names[who]);
        done[who]++;
      }
    }
    for (int of = 0; of < 3; of++)
      g_assert_cmpint(popped[of] - done[of], <=, PRG_CALLERS_MAX_RUNNING);
  }
  for (int of = 0; of < 3; of++)
    while (done[of] < popped[of]) {
      prg_callers_done(callers, names[of]);
      done[of]++;
    }
  for (gpointer call; (call = prg_callers_drain(callers)) != NULL;)
    popped[GPOINTER_TO_INT(call) / 1000000 - 1]++;
  for (int of = 0; of < 3; of++)
    g_assert_cmpint(popped[of], ==, pushed[of]);
  g_assert_cmpuint(prg_callers_n_callers(callers), ==, 0);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/callers/turns", test_turns);
  g_test_add_func("/callers/running-is-bounded", test_running_is_bounded);
  g_test_add_func("/callers/waiting-is-bounded", test_waiting_is_bounded);
  g_test_add_func("/callers/expiry", test_expiry);
  g_test_add_func("/callers/rate", test_rate);
  g_test_add_func("/callers/any-order", test_any_order);
  return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig.h"

/* When the machine wakes, waits, pauses and stops. */

#define INTERVAL (300 * SECOND)

static Rig *
new_idle_rig(void)
{
  Rig *rig = rig_new(500);
  rig_sign_in(rig);
  rig_assert_state(rig, "idle");
  rig_clear_log(rig);
  return rig;
}

/* µs until it wants to wake, -1 = never */
static gint64
wait_of(Rig *rig)
{
  gint64 at = prg_machine_get_wake_at(rig->machine);
  return at == 0 ? -1 : at + rig->boot - rig->now;
}

static void
end_cycle_with(Rig *rig, PrgAnswer *answer)
{
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  while (!rig->step.request) {
    if (rig->step.changes) {
      rig_commit(rig);
      continue;
    }
    g_assert_cmpint(wait_of(rig), >, 0); /* the rate budget */
    rig->now += wait_of(rig);
    rig_feed(rig, PRG_INPUT_WAKE, NULL, FALSE);
  }
  rig_answer(rig, answer);
  rig_run(rig);
}

/* ---- timers ---- */

static void
test_debounce(void)
{
  g_autoptr(Rig) rig = new_idle_rig();
  gint64 first = rig->now;
  rig_earn(rig, "note_added", "", 1);
  g_assert_cmpint(wait_of(rig), ==, 2 * SECOND);
  for (guint i = 0; i < 6; i++) {
    rig->now += 1500000;
    rig_earn(rig, "note_added", "", 1);
    /* 2 s after the last, at most 10 s after the first */
    g_assert_cmpint(wait_of(rig), ==, MIN(2 * SECOND, first + 10 * SECOND - rig->now));
  }
  g_assert_false(rig_asked(rig, PRG_REQUEST_POST));
  rig_wake(rig);
  g_assert_cmpuint(rig->batches->len, ==, 1);
  g_assert_cmpuint(prg_book_n_pending(rig->book), ==, 0);
}

/* Waking for no new reason does not push the debounce back. */
static void
test_debounce_of_nothing_new(void)
{
  g_autoptr(Rig) rig = new_idle_rig();
  rig_earn(rig, "note_added", "", 1);
  rig->now += SECOND;
  rig_feed(rig, PRG_INPUT_WAKE, NULL, FALSE);
  g_assert_cmpint(wait_of(rig), ==, SECOND);
}

static void
test_jitter(void)
{
  gint64 least = G_MAXINT64, most = 0;
  g_autoptr(Rig) rig = new_idle_rig();
  for (guint i = 0; i < 500; i++) {
    rig->random = ((guint64)g_test_rand_int() << 32) ^ (guint64)(guint32)g_test_rand_int();
    gint64 due = rig->now + wait_of(rig);
    rig_wake(rig);
    gint64 wait = wait_of(rig), moved = rig->now - due; /* the cycle itself takes a little */
    g_assert_cmpint(moved, <, SECOND);
    g_assert_cmpint(wait, >=, INTERVAL * 9 / 10 - moved);
    g_assert_cmpint(wait, <=, INTERVAL * 11 / 10);
    least = MIN(least, wait);
    most = MAX(most, wait);
  }
  g_assert_cmpint(least, <, INTERVAL * 92 / 100);
  g_assert_cmpint(most, >, INTERVAL * 108 / 100);
}

static void
test_interval_changes_at_once(void)
{
  g_autoptr(Rig) rig = new_idle_rig();
  gint64 wait = wait_of(rig);
  /* From 300 s: the same share of the new interval, so that its bounds of ±10 % hold. The clock of the test has
   * moved on a little. */
  prg_machine_set_timing(rig->machine, 60 * SECOND, 2 * SECOND, FALSE);
  g_assert_cmpint(ABS(wait_of(rig) - wait / 5), <, SECOND / 100);
  prg_machine_set_timing(rig->machine, 86400 * SECOND, 2 * SECOND, FALSE);
  g_assert_cmpint(ABS(wait_of(rig) - wait * 288), <, 10 * SECOND);
}

static void
test_metered(void)
{
  g_autoptr(Rig) rig = new_idle_rig();
  rig_network(rig, TRUE, TRUE);
  rig_wake(rig);
  g_assert_cmpint(wait_of(rig), >=, 4 * INTERVAL * 9 / 10);
  g_assert_cmpint(wait_of(rig), <=, 4 * INTERVAL * 11 / 10);
  prg_machine_set_timing(rig->machine, INTERVAL, 2 * SECOND, TRUE); /* sync-on-metered */
  rig_wake(rig);
  g_assert_cmpint(wait_of(rig), <=, INTERVAL * 11 / 10);
}

/* ---- the network ---- */

static void
test_offline(void)
{
  g_autoptr(Rig) rig = new_idle_rig();
  rig_network(rig, FALSE, FALSE);
  rig_assert_state(rig, "offline");
  const char *id = rig_earn(rig, "note_added", "", 3);
  g_assert_cmpint(wait_of(rig), ==, -1);
  rig_sync(rig); /* a hint is no proof */
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_FOLDED);
  rig_assert_state(rig, "offline");
  g_assert_cmpint(wait_of(rig), ==, -1);
  rig_clear_log(rig);
  rig_network(rig, TRUE, FALSE);
  rig_run(rig);
  g_assert_true(rig_asked(rig, PRG_REQUEST_READ)); /* at once */
  rig_assert_state(rig, "idle");
}

static void
test_return_honours_a_pause(void)
{
  g_autoptr(Rig) rig = new_idle_rig();
  PrgAnswer *answer = prg_answer_new(PRG_OUTCOME_RETRY, "Limit reached");
  answer->retry_after = 120 * SECOND;
  end_cycle_with(rig, answer);
  rig_network(rig, FALSE, FALSE);
  rig_network(rig, TRUE, FALSE);
  g_assert_null(rig->step.request);
  g_assert_cmpint(wait_of(rig), >=, 119 * SECOND);
}

/* Ten changes a second for a minute: the first return is used at once, and then one in ten seconds. */
static void
test_flapping(void)
{
  g_autoptr(Rig) rig = new_idle_rig();
  guint cycles = rig->n_finished;
  rig_earn(rig, "note_added", "", 3);
  for (guint i = 0; i < 300; i++) {
    rig->now += SECOND / 10;
    rig_network(rig, FALSE, FALSE);
    rig->now += SECOND / 10;
    rig_network(rig, TRUE, FALSE);
    rig_run(rig);
    if (i == 0)
      g_assert_cmpuint(rig->n_finished, ==, cycles + 1);
  }
  g_assert_cmpuint(rig->n_finished, >=, cycles + 5);
  g_assert_cmpuint(rig->n_finished, <=, cycles + 7);
  g_assert_cmpuint(prg_book_n_pending(rig->book), ==, 0);
  rig_assert_state(rig, "idle");
}

/* ---- backoff ---- */

static void
test_backoff_grows(void)
{
  g_autoptr(Rig) rig = new_idle_rig();
  rig->random = G_MAXUINT64; /* the end of the jitter */
  static const gint64 waits[] = { 2, 4, 8, 16, 32, 64, 128, 256, 300, 300 };
  for (gsize i = 0; i < G_N_ELEMENTS(waits); i++) {
    end_cycle_with(rig, prg_answer_new(PRG_OUTCOME_UNKNOWN, "timed out"));
    rig_assert_state(rig, "waiting");
    rig_assert_reason(rig, "timed out");
    g_assert_cmpint(ABS(wait_of(rig) - waits[i] * SECOND), <, SECOND / 10);
  }
  rig_wake(rig);
  rig_assert_state(rig, "idle");
  end_cycle_with(rig, prg_answer_new(PRG_OUTCOME_UNKNOWN, "timed out"));
  g_assert_cmpint(wait_of(rig), <=, 2 * SECOND);
}

static void
test_backoff_survives_a_restart(void)
{
  g_autoptr(Rig) rig = new_idle_rig();
  rig->random = G_MAXUINT64;
  for (guint i = 0; i < 6; i++)
    end_cycle_with(rig, prg_answer_new(PRG_OUTCOME_UNKNOWN, "timed out"));
  gint64 until = rig->now + wait_of(rig);
  rig->now += 10 * SECOND;
  rig_restart(rig, FALSE);
  rig_feed(rig, PRG_INPUT_CREDENTIALS, NULL, TRUE);
  rig_assert_state(rig, "waiting");
  g_assert_null(rig->step.request);
  g_assert_cmpint(ABS(rig->now + wait_of(rig) - until), <, SECOND);
  end_cycle_with(rig, prg_answer_new(PRG_OUTCOME_UNKNOWN, "timed out"));
  g_assert_cmpint(wait_of(rig), >, 100 * SECOND); /* the seventh failure, not the first */
  rig_wake(rig);
  g_assert_null(prg_book_get_meta(rig->book, "backoff.until"));
}

/* A clock that was put back must not stop the service for years. */
static void
test_stored_wait_is_bounded(void)
{
  g_autoptr(Rig) rig = new_idle_rig();
  end_cycle_with(rig, prg_answer_new(PRG_OUTCOME_UNKNOWN, "timed out"));
  rig->now -= 400 * G_TIME_SPAN_DAY;
  rig_restart(rig, FALSE);
  rig_feed(rig, PRG_INPUT_CREDENTIALS, NULL, TRUE);
  g_assert_cmpint(wait_of(rig), <=, INTERVAL);
}

static void
test_rate_limit(void)
{
  g_autoptr(Rig) rig = new_idle_rig();
  for (guint i = 0; i < 3; i++) {
    PrgAnswer *answer = prg_answer_new(PRG_OUTCOME_RETRY, "Limit reached");
    answer->retry_after = 400 * SECOND; /* longer than the interval: honoured all the same */
    end_cycle_with(rig, answer);
    rig_assert_state(rig, "waiting");
    g_assert_cmpint(wait_of(rig), >=, 399 * SECOND);
  }
  /* Three times doubled; each quiet cycle takes one doubling back. */
  for (gint64 delay = 8; delay >= 2; delay /= 2) {
    rig_wake(rig);
    rig_assert_state(rig, "idle");
    rig->now += SECOND;
    rig_earn(rig, "note_added", "", 1);
    g_assert_cmpint(wait_of(rig), ==, (delay > 4 ? 8 : delay) * SECOND);
  }
}

/* ---- the token ---- */

static void
test_token_refused(void)
{
  g_autoptr(Rig) rig = new_idle_rig();
  end_cycle_with(rig, prg_answer_new(PRG_OUTCOME_AUTH, "Token has expired."));
  rig_assert_state(rig, "paused");
  rig_assert_reason(rig, "expired");
  g_assert_true(rig->sign_in_required);
  g_assert_cmpint(wait_of(rig), ==, -1);
  const char *id = rig_earn(rig, "note_added", "", 3); /* earning goes on */
  g_assert_cmpint(rig_total(rig), ==, 503);
  g_assert_cmpint(wait_of(rig), ==, -1);
  rig_sign_in(rig);
  rig_assert_state(rig, "idle");
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_FOLDED);
}

static void
test_signed_out(void)
{
  g_autoptr(Rig) rig = rig_new(500);
  rig_assert_state(rig, "signed-out");
  rig_earn(rig, "note_added", "", 3);
  g_assert_cmpint(wait_of(rig), ==, -1);
  g_assert_null(rig->step.request);
  rig_sign_in(rig);
  rig_feed(rig, PRG_INPUT_CREDENTIALS, NULL, FALSE);
  rig_assert_state(rig, "signed-out");
  g_assert_cmpint(wait_of(rig), ==, -1);
}

/* The token goes while a commit is under way. */
static void
test_signed_out_in_a_cycle(void)
{
  g_autoptr(Rig) rig = new_idle_rig();
  rig_earn(rig, "note_added", "", 3);
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  g_assert_nonnull(rig->step.changes);
  g_autoptr(GPtrArray) changes = g_ptr_array_ref(rig->step.changes);
  rig_feed(rig, PRG_INPUT_CREDENTIALS, NULL, FALSE);
  rig->step.changes = g_steal_pointer(&changes);
  rig_commit(rig);
  rig_feed(rig, PRG_INPUT_LOST, NULL, FALSE); /* nothing may be sent without a token */
  while (rig->step.changes)
    rig_commit(rig);
  rig_assert_state(rig, "signed-out");
  g_assert_cmpint(wait_of(rig), ==, -1);
}

static void
test_blocked(void)
{
  static const struct {
    PrgOutcome outcome;
    const char *message;
  } cases[] = { { PRG_OUTCOME_FORBIDDEN, "PERMISSION_DENIED: xpEvents" },
                { PRG_OUTCOME_SCHEMA_MISSING, "Object repProgression not found" } };
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(Rig) rig = new_idle_rig();
    const char *id = rig_earn(rig, "note_added", "", 3);
    rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
    /* The first time the record is looked at for what is missing by name; the second time it is final. */
    for (guint refusal = 0; refusal < 2; refusal++) {
      rig_until(rig, PRG_REQUEST_POST);
      rig_outcome(rig, cases[i].outcome, cases[i].message);
    }
    rig_run(rig);
    rig_assert_state(rig, "blocked");
    rig_assert_reason(rig, cases[i].message);
    g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_SENT); /* never about an operation */
    rig_wake(rig);
    rig_assert_state(rig, "idle");
    g_assert_cmpuint(prg_book_n_pending(rig->book), ==, 0);
  }
}

/* ---- idle ---- */

static void
test_glance(void)
{
  g_autoptr(Rig) rig = new_idle_rig();
  rig_wake(rig);
  g_assert_cmpstr(rig->log->str, ==, "read");
  rig_feed(rig, PRG_INPUT_WAKE, NULL, FALSE);
  g_assert_null(rig->step.request); /* one wake-up per interval */
  rig->now += 10 * SECOND;
  rig_touch(rig);
  rig_clear_log(rig);
  rig->now = MAX(rig->now, prg_machine_get_wake_at(rig->machine) + rig->boot);
  rig_feed(rig, PRG_INPUT_WAKE, NULL, FALSE);
  g_assert_false(rig->step.request->full);
  rig_serve(rig);
  g_assert_cmpint(rig->step.request->kind, ==, PRG_REQUEST_READ);
  g_assert_true(rig->step.request->full); /* updatedAt moved */
  rig_run(rig);
}

static void
test_whole_after_six(void)
{
  g_autoptr(Rig) rig = new_idle_rig();
  for (guint i = 0; i < 14; i++) {
    rig->now = MAX(rig->now, prg_machine_get_wake_at(rig->machine) + rig->boot);
    rig_feed(rig, PRG_INPUT_WAKE, NULL, FALSE);
    g_assert_cmpint(rig->step.request->full, ==, i % 7 == 6);
    rig_run(rig);
  }
}

/* A row whose owner never folds it is found all the same. */
static void
test_orphan_is_found(void)
{
  g_autoptr(Rig) rig = new_idle_rig();
  rig_post_elsewhere(rig, "note_added", "", 3);
  for (guint i = 0; i < 7; i++)
    rig_wake(rig);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 503);
}

static void
test_sync_now_joins(void)
{
  g_autoptr(Rig) rig = new_idle_rig();
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  guint before = rig->n_finished;
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE); /* the cycle that runs will do */
  /* The request asked for before the second input is still the one under way. */
  sim_server_set_time(rig->server, rig->now);
  g_autoptr(PrgRequest) request = prg_request_new(PRG_REQUEST_READ);
  prg_record_set(&request->record_id, rig_record(rig)->id);
  request->full = TRUE;
  rig_feed(rig, PRG_INPUT_ANSWER, sim_server_execute(rig->server, request), FALSE);
  rig_run(rig);
  g_assert_cmpuint(rig->n_finished, ==, before + 1);
  g_assert_true(rig->was_forced);
}

/* An automatic cycle began before the person asked: it may have left something out, so another one follows at once. */
static void
test_sync_now_in_an_automatic_cycle(void)
{
  g_autoptr(Rig) rig = new_idle_rig();
  rig->now = MAX(rig->now, prg_machine_get_wake_at(rig->machine) + rig->boot);
  rig_feed(rig, PRG_INPUT_WAKE, NULL, FALSE);
  PrgRequest *request = g_steal_pointer(&rig->step.request);
  g_assert_false(request->full);
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  rig->step.request = request;
  rig_run(rig);
  g_assert_false(rig->was_forced);
  g_assert_cmpint(wait_of(rig), <=, 0);
  g_assert_cmpint(prg_machine_get_wake_at(rig->machine), !=, 0);
  rig_wake(rig);
  g_assert_true(rig->was_forced);
}

/* How far the server's clock is ahead of this machine's, as the machine believes. */
static gint64
ahead_of(Rig *rig)
{
  return prg_machine_time(rig->machine, rig->now - rig->boot, rig->now) - rig->now;
}

static void
test_server_clock(void)
{
  g_autoptr(Rig) rig = new_idle_rig();
  g_assert_cmpint(ahead_of(rig), ==, 0);
  rig->server_ahead = 3600 * SECOND;
  rig_sync(rig);
  g_assert_cmpint(ahead_of(rig), ==, 3600 * SECOND);
  g_assert_cmpint(ABS(prg_machine_get_last_sync(rig->machine) - (rig->now + 3600 * SECOND)), <, SECOND);
  rig->server_ahead = -2 * SECOND; /* whole seconds and a slow network: noise */
  rig_sync(rig);
  g_assert_cmpint(ahead_of(rig), ==, 0);
}

/* This machine's clock alone jumps: back is never believed, ahead until the next answer. */
static void
test_clock_jumps(void)
{
  g_autoptr(Rig) rig = new_idle_rig();
  rig->server_ahead = SECOND; /* it tells the time, and agrees */
  rig_sync(rig);
  gint64 mono = rig->now - rig->boot;
  g_assert_cmpint(prg_machine_time(rig->machine, mono, rig->now - G_TIME_SPAN_DAY), ==, rig->now);
  g_assert_cmpint(prg_machine_time(rig->machine, mono, rig->now + G_TIME_SPAN_DAY), ==,
                  rig->now + G_TIME_SPAN_DAY);
  rig->server_ahead = -G_TIME_SPAN_DAY; /* an answer: the clock is ahead */
  rig_sync(rig);
  g_assert_cmpint(ahead_of(rig), ==, -G_TIME_SPAN_DAY);
  mono = rig->now - rig->boot;
  g_assert_cmpint(prg_machine_time(rig->machine, mono, 0), ==, rig->now - G_TIME_SPAN_DAY);
}

/* Others' requests count like the machine's own, and wait where it must wait. */
static void
test_requests_of_others(void)
{
  g_autoptr(Rig) rig = rig_new(0);
  guint n = 0;

  rig_sign_in(rig);
  for (; prg_machine_request_wait(rig->machine, rig->now - rig->boot) == 0; n++)
    prg_machine_take_request(rig->machine, rig->now - rig->boot);
  g_assert_cmpuint(n, >, 30);
  g_assert_cmpuint(n, <, 50); /* signing in took some */
  rig_earn(rig, "email_sent", "x", 10);
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, TRUE);
  g_assert_null(rig->step.request); /* nothing is left for the machine */
  rig_wake(rig);
  g_assert_cmpint(rig_total(rig), ==, 10);
}

static void
test_pause_for_others(void)
{
  g_autoptr(Rig) rig = rig_new(0);

  rig_sign_in(rig);
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, TRUE);
  PrgAnswer *answer = prg_answer_new(PRG_OUTCOME_RETRY, "Too many requests");
  answer->retry_after = 90 * SECOND;
  rig_answer(rig, answer);
  rig_run(rig);
  rig_assert_state(rig, "waiting");
  g_assert_cmpint(prg_machine_request_wait(rig->machine, rig->now - rig->boot), >=, 89 * SECOND);
}

/* The token goes while a cycle waits for its rate budget. */
static void
test_signed_out_in_budget_wait(void)
{
  g_autoptr(Rig) rig = rig_new(500);
  rig_sign_in(rig);
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  rig_outcome(rig, PRG_OUTCOME_RETRY, "Limit reached"); /* empties the budget */
  while (rig->step.changes)
    rig_commit(rig);
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  rig_assert_state(rig, "syncing");
  g_assert_null(rig->step.request);
  rig_feed(rig, PRG_INPUT_CREDENTIALS, NULL, FALSE);
  while (rig->step.changes)
    rig_commit(rig);
  rig_assert_state(rig, "signed-out");
  rig->now += 60 * SECOND;
  rig_sign_in(rig);
  rig_assert_state(rig, "idle");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/timing/debounce", test_debounce);
  g_test_add_func("/timing/debounce/nothing-new", test_debounce_of_nothing_new);
  g_test_add_func("/timing/jitter", test_jitter);
  g_test_add_func("/timing/interval-changes-at-once", test_interval_changes_at_once);
  g_test_add_func("/timing/metered", test_metered);
  g_test_add_func("/timing/offline", test_offline);
  g_test_add_func("/timing/return-honours-a-pause", test_return_honours_a_pause);
  g_test_add_func("/timing/flapping", test_flapping);
  g_test_add_func("/timing/backoff/grows", test_backoff_grows);
  g_test_add_func("/timing/backoff/survives-a-restart", test_backoff_survives_a_restart);
  g_test_add_func("/timing/backoff/is-bounded", test_stored_wait_is_bounded);
  g_test_add_func("/timing/rate-limit", test_rate_limit);
  g_test_add_func("/timing/token-refused", test_token_refused);
  g_test_add_func("/timing/signed-out", test_signed_out);
  g_test_add_func("/timing/signed-out/in-a-cycle", test_signed_out_in_a_cycle);
  g_test_add_func("/timing/blocked", test_blocked);
  g_test_add_func("/timing/glance", test_glance);
  g_test_add_func("/timing/whole-after-six", test_whole_after_six);
  g_test_add_func("/timing/orphan-is-found", test_orphan_is_found);
  g_test_add_func("/timing/sync-now-joins", test_sync_now_joins);
  g_test_add_func("/timing/sync-now-in-an-automatic-cycle", test_sync_now_in_an_automatic_cycle);
  g_test_add_func("/timing/server-clock", test_server_clock);
  g_test_add_func("/timing/requests-of-others", test_requests_of_others);
  g_test_add_func("/timing/pause-for-others", test_pause_for_others);
  g_test_add_func("/timing/clock-jumps", test_clock_jumps);
  g_test_add_func("/timing/signed-out-in-budget-wait", test_signed_out_in_budget_wait);
  return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig.h"

/* From the outbox to the ledger, whatever the server answers. */

static Rig *
new_ready_rig(gint64 total)
{
  Rig *rig = rig_new(total);
  rig_sign_in(rig);
  rig->now += 300 * SECOND;
  rig_clear_log(rig);
  return rig;
}

/* Exactly one row of @id, with @amount. */
static void
assert_one_row(Rig *rig, const char *id, gint64 expected)
{
  gint64 amount = 0;
  gboolean linked = FALSE;
  g_assert_cmpuint(sim_server_find_row(rig->server, id, &amount, &linked), ==, 1);
  g_assert_cmpint(amount, ==, expected);
  g_assert_true(linked);
}

static void
test_states_of_one(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  const char *id = rig_earn(rig, "note_added", "", 3);
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_NEW);
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  rig_until(rig, PRG_REQUEST_POST);
  /* On disk before the request goes out: a crash now means "outcome unknown". */
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_SENT);
  rig_serve(rig);
  rig_commit(rig);
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_LEDGERED);
  rig_run(rig);
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_FOLDED);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 503);
  g_assert_true(rig->finished_ok && rig->was_forced);
}

static void
test_duplicate(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  const char *one = rig_earn(rig, "note_added", "", 3);
  const char *two = rig_earn(rig, "note_added", "", 4);
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  rig_until(rig, PRG_REQUEST_POST);
  rig_outcome(rig, PRG_OUTCOME_DUPLICATE, "A duplicate entry was detected");
  rig_run(rig);
  g_assert_true(g_str_has_prefix(rig->log->str, "post read-back post"));
  assert_one_row(rig, one, 3);
  assert_one_row(rig, two, 4);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 507);
}

static void
test_reply_lost(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  const char *id = rig_earn(rig, "note_added", "", 3);
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  rig_until(rig, PRG_REQUEST_POST);
  rig_lose_reply(rig);
  rig_run(rig);
  g_assert_cmpuint(rig->batches->len, ==, 1); /* read back, not sent again */
  g_assert_true(rig_asked(rig, PRG_REQUEST_READ_BACK));
  assert_one_row(rig, id, 3);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 503);
}

/* A person takes the row away before the machine knows that it arrived: a correction, told once and not sent again. */
static void
test_reply_lost_row_deleted(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  const char *id = rig_earn(rig, "note_added", "", 3);
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  rig_until(rig, PRG_REQUEST_POST);
  rig_lose_reply(rig);
  sim_server_delete_row(rig->server, id, FALSE);
  rig_until(rig, PRG_REQUEST_READ_BACK);
  rig_serve(rig);
  rig_commit(rig);
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_VOIDED);
  rig_run(rig);
  rig->now += 120 * SECOND;
  rig_sync(rig);
  gint64 amount;
  gboolean linked;
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_VOIDED);
  g_assert_cmpuint(sim_server_find_row(rig->server, id, &amount, &linked), ==, 2); /* still deleted */
  g_assert_cmpuint(rig->batches->len, ==, 1);
  g_assert_cmpuint(rig_count_audits(rig, "voided"), ==, 1);
  g_assert_cmpint(rig_total(rig), ==, 500);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 500);
}

static void
test_server_gone(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  const char *id = rig_earn(rig, "note_added", "", 3);
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  rig_until(rig, PRG_REQUEST_POST);
  rig_outcome(rig, PRG_OUTCOME_UNKNOWN, "timed out");
  rig_until(rig, PRG_REQUEST_READ_BACK);
  rig_outcome(rig, PRG_OUTCOME_UNKNOWN, "timed out");
  rig_run(rig);
  rig_assert_state(rig, "waiting");
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_SENT);
  g_assert_cmpint(rig_total(rig), ==, 503); /* shown all the time */
  rig_restart(rig, FALSE);
  rig_sign_in(rig);
  rig_wake(rig);
  assert_one_row(rig, id, 3);
  g_assert_cmpint(rig_total(rig), ==, 503);
}

/* Another meaning of our id, not this device's own row as somebody edited it: a person must look. */
static void
test_other_meaning(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  const char *id = rig_earn(rig, "note_added", "", 3);
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  rig_until(rig, PRG_REQUEST_POST);
  PrgOperation *operation = g_ptr_array_index(rig->step.request->operations, 0);
  g_autoptr(PrgOperation) theirs = make_operation(id, "note_added", "", 4, DEVICE);
  PrgOperation fields = *theirs;
  fields.seq = operation->seq + 1;
  prg_operation_unref(operation);
  rig->step.request->operations->pdata[0] = prg_operation_new(&fields);
  rig_lose_reply(rig);
  rig_run(rig);
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_QUARANTINED);
  g_assert_nonnull(prg_book_find(rig->book, id)->note);
}

/* Another device's row of the same pays-once id: its amount stands, ours leaves the view. */
static void
test_other_device_first(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  const char *id = rig_earn(rig, "deal_closed", "deal-1", 300);
  rig_post_elsewhere(rig, "deal_closed", "deal-1", 525);
  rig_sync(rig);
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_SUPERSEDED);
  assert_one_row(rig, id, 525);
  /* The first deal's badge was due as well. */
  g_assert_cmpint(rig_total(rig), ==, 1025 + 250);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 1025 + 250);
  g_assert_cmpint(rig_record(rig)->closed_deals.value, ==, 1);
}

/* ---- refusals ---- */

static void
test_refused_by_name(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  const char *good = rig_earn(rig, "note_added", "a", 3);
  const char *bad = rig_earn(rig, "email_sent", "bad-ref", 10);
  const char *also_good = rig_earn(rig, "sms_sent", "c", 8);
  sim_server_set_refused(rig->server, "bad-ref");
  rig_sync(rig);
  g_assert_cmpint(rig_state_of(rig, bad), ==, PRG_OPERATION_QUARANTINED);
  g_assert_nonnull(strstr(prg_book_find(rig->book, bad)->note, "bad-ref"));
  assert_one_row(rig, good, 3);
  assert_one_row(rig, also_good, 8);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 511);
  g_assert_cmpint(prg_book_pending_xp(rig->book), ==, 10);
  /* A refusal may mean that the record is gone: it was read again before any row was blamed. */
  g_assert_true(g_str_has_prefix(rig->log->str, "post discover read"));
}

static void
test_refused_wordless(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  const char *good = rig_earn(rig, "note_added", "a", 3);
  const char *bad = rig_earn(rig, "note_added", "odd", 3);
  const char *also_good = rig_earn(rig, "note_added", "c", 3);
  rig->refuse_ref = "odd";
  rig_sync(rig);
  /* Another one of the same shape was accepted in the same flush: it is the row. */
  g_assert_cmpint(rig_state_of(rig, bad), ==, PRG_OPERATION_QUARANTINED);
  assert_one_row(rig, good, 3);
  assert_one_row(rig, also_good, 3);
}

static void
test_refused_not_blamed(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  const char *only = rig_earn(rig, "note_added", "odd", 3);
  const char *other = rig_earn(rig, "email_sent", "fine", 10);
  rig->refuse_ref = "odd";
  rig_sync(rig);
  g_assert_cmpint(rig_state_of(rig, only), ==, PRG_OPERATION_SENT);
  assert_one_row(rig, other, 10); /* it blocks nobody else */
  rig_assert_state(rig, "waiting");
  g_assert_cmpint(prg_machine_get_outcome(rig->machine), ==, PRG_OUTCOME_REFUSED);
  rig->refuse_ref = NULL;
  rig_wake(rig);
  rig_sync(rig);
  assert_one_row(rig, only, 3);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 513);
}

/* ---- batches ---- */

static guint
batch(Rig *rig, guint index)
{
  g_assert_cmpuint(index, <, rig->batches->len);
  return g_array_index(rig->batches, guint, index);
}

static void
earn_many(Rig *rig, guint count)
{
  for (guint i = 0; i < count; i++)
    rig_earn(rig, "note_added", "", 1);
}

static void
test_boundaries(void)
{
  static const struct {
    guint limit, count, first, second;
  } cases[] = {
    { 200, 60, 60, 0 }, { 200, 200, 200, 0 }, { 200, 201, 200, 1 }, { 60, 60, 60, 0 }, { 60, 61, 60, 1 }
  };
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(Rig) rig = new_ready_rig(500);
    if (cases[i].limit == 60) { /* learned before */
      g_autoptr(GPtrArray) changes = prg_changes_new();
      prg_changes_meta(changes, "batch.limit", "60");
      prg_book_take(rig->book, changes);
      rig_restart(rig, FALSE);
      rig_sign_in(rig);
      rig_clear_log(rig);
    }
    earn_many(rig, cases[i].count);
    rig_sync(rig);
    g_assert_cmpuint(batch(rig, 0), ==, cases[i].first);
    g_assert_cmpuint(rig->batches->len, ==, cases[i].second ? 2 : 1);
    if (cases[i].second)
      g_assert_cmpuint(batch(rig, 1), ==, cases[i].second);
    g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 500 + (gint64)cases[i].count);
  }
}

static void
test_limit_learned(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  sim_server_set_batch_limit(rig->server, 60);
  earn_many(rig, 61);
  rig_sync(rig);
  g_assert_cmpuint(batch(rig, 0), ==, 61);
  g_assert_cmpuint(batch(rig, 1), ==, 60);
  g_assert_cmpuint(batch(rig, 2), ==, 1);
  g_assert_cmpstr(prg_book_get_meta(rig->book, "batch.limit"), ==, "60");
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 561);
  rig_restart(rig, FALSE);
  rig_sign_in(rig);
  rig_clear_log(rig);
  earn_many(rig, 61);
  rig_sync(rig);
  g_assert_cmpuint(batch(rig, 0), ==, 60);
}

static void
test_limit_of_one(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  sim_server_set_batch_limit(rig->server, 1);
  earn_many(rig, 61);
  rig_sync(rig);
  g_assert_cmpuint(batch(rig, 0), ==, 61);
  g_assert_cmpuint(batch(rig, 1), ==, 60);
  g_assert_cmpuint(batch(rig, 2), ==, 1);
  g_assert_cmpstr(prg_book_get_meta(rig->book, "batch.limit"), ==, "1");
  g_assert_cmpuint(sim_server_n_rows(rig->server), ==, 61);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 561);
}

static void
earn_call(Rig *rig, guint number)
{
  g_autoptr(GPtrArray) changes = prg_changes_new();
  g_autofree char *call = numbered_id(100000 + number);
  static const char *const kinds[] = { "dial_made", "call_connected", "two_plus_minute_call" };
  for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
    g_autofree char *child = prg_operation_child_id(call, kinds[i]);
    g_autoptr(PrgOperation) row = make_operation(i == 0 ? call : child, kinds[i], "lead", 1, DEVICE);
    PrgOperation fields = *row;
    fields.cause = i == 0 ? "" : call;
    g_autoptr(PrgOperation) caused = prg_operation_new(&fields);
    prg_changes_put(changes, caused, PRG_OPERATION_NEW, FALSE);
  }
  prg_book_take(rig->book, changes);
}

static void
test_calls_stay_together(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  for (guint i = 0; i < 70; i++)
    earn_call(rig, i);
  rig_sync(rig);
  g_assert_cmpuint(batch(rig, 0), ==, 198);
  g_assert_cmpuint(batch(rig, 1), ==, 12);
  g_assert_cmpuint(sim_server_n_rows(rig->server) - (guint)rig_record(rig)->ledger_count.value, ==, 0);
}

/* ---- paid elsewhere ---- */

static void
test_superseded(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  rig_earn(rig, "module_passed", "module_0", 50);
  const char *id = g_ptr_array_index(rig->ids, 0);
  sim_server_set_time(rig->server, rig->now);
  sim_server_patch_total(rig->server, 550, "module_0", ""); /* the other program paid it meanwhile */
  rig_sync(rig);
  assert_one_row(rig, id, 0);
  g_assert_cmpstr(prg_book_find(rig->book, id)->operation->details, ==, "{\"superseded\":true}");
  g_assert_cmpint(rig_total(rig), ==, 550);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 550);
  g_assert_cmpuint(rig_count_audits(rig, "superseded"), ==, 1);
}

/* Once it was sent its amount stays, whoever adds the module then. */
static void
test_sent_is_not_superseded(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  const char *id = rig_earn(rig, "module_passed", "module_0", 50);
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  rig_until(rig, PRG_REQUEST_POST);
  rig_outcome(rig, PRG_OUTCOME_UNKNOWN, "timed out");
  prg_id_set_add(rig_record(rig)->completed_modules, "module_0");
  rig_run(rig);
  assert_one_row(rig, id, 50);
}

/* ---- the disk ---- */

static void
test_commit_fails_before_sending(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  const char *id = rig_earn(rig, "note_added", "", 3);
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  rig_fail_commit(rig);
  rig_run(rig);
  rig_assert_state(rig, "waiting");
  rig_assert_reason(rig, "the disk is full");
  g_assert_false(rig->finished_ok);
  g_assert_false(rig_asked(rig, PRG_REQUEST_POST));
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_NEW);
  rig_wake(rig);
  assert_one_row(rig, id, 3);
}

/* Every commit of a cycle may fail once: nothing is lost, nothing counts twice. */
static void
test_any_commit_fails(void)
{
  for (guint failing = 0; failing < 8; failing++) {
    g_autoptr(Rig) rig = new_ready_rig(500);
    const char *id = rig_earn(rig, "note_added", "", 3);
    rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
    for (guint seen = 0; rig->step.changes || rig->step.request;) {
      if (rig->step.request)
        rig_serve(rig);
      else if (seen++ == failing)
        rig_fail_commit(rig);
      else
        rig_commit(rig);
    }
    rig->now += 400 * SECOND;
    rig_sync(rig);
    rig_assert_state(rig, "idle");
    assert_one_row(rig, id, 3);
    g_assert_cmpint(rig_total(rig), ==, 503);
    g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 503);
  }
}

/* The process dies before or after every request and commit of a cycle. */
static void
test_crash_anywhere(void)
{
  for (guint at = 0; at < 20; at++) {
    g_autoptr(Rig) rig = new_ready_rig(500);
    const char *module = rig_earn(rig, "module_passed", "module_0", 50);
    const char *note = rig_earn(rig, "note_added", "", 3);
    rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
    for (guint i = 0; i < at && (rig->step.changes || rig->step.request); i++) {
      if (rig->step.request)
        rig_serve(rig);
      else
        rig_commit(rig);
    }
    g_assert_cmpint(rig_total(rig), ==, 553);
    rig_restart(rig, FALSE);
    g_assert_cmpint(rig_total(rig), ==, 553);
    rig->now += 400 * SECOND;
    rig_sign_in(rig);
    rig_sync(rig);
    assert_one_row(rig, module, 50);
    assert_one_row(rig, note, 3);
    g_assert_cmpint(rig_total(rig), ==, 553);
    g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 553);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/push/states-of-one", test_states_of_one);
  g_test_add_func("/push/duplicate", test_duplicate);
  g_test_add_func("/push/reply-lost", test_reply_lost);
  g_test_add_func("/push/reply-lost-row-deleted", test_reply_lost_row_deleted);
  g_test_add_func("/push/server-gone", test_server_gone);
  g_test_add_func("/push/other-meaning", test_other_meaning);
  g_test_add_func("/push/other-device-first", test_other_device_first);
  g_test_add_func("/push/refused/by-name", test_refused_by_name);
  g_test_add_func("/push/refused/wordless", test_refused_wordless);
  g_test_add_func("/push/refused/not-blamed", test_refused_not_blamed);
  g_test_add_func("/push/batch/boundaries", test_boundaries);
  g_test_add_func("/push/batch/limit-learned", test_limit_learned);
  g_test_add_func("/push/batch/limit-of-one", test_limit_of_one);
  g_test_add_func("/push/batch/calls-stay-together", test_calls_stay_together);
  g_test_add_func("/push/superseded", test_superseded);
  g_test_add_func("/push/sent-is-not-superseded", test_sent_is_not_superseded);
  g_test_add_func("/push/disk/before-sending", test_commit_fails_before_sending);
  g_test_add_func("/push/disk/any-commit", test_any_commit_fails);
  g_test_add_func("/push/crash-anywhere", test_crash_anywhere);
  return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig.h"

/* What a reading finds, and what is done: one test for each row of the protocol's table. */

static void
test_no_record(void)
{
  g_autoptr(Rig) rig = rig_new(-1);
  rig_sign_in(rig);
  g_autofree char *id = prg_operation_pays_once_id(MEMBER, "record", "");
  g_assert_true(g_str_has_prefix(rig->log->str, "discover create discover read"));
  g_assert_cmpstr(rig_record(rig)->id, ==, id);
  rig_assert_state(rig, "idle");
  g_assert_true(prg_book_get_base(rig->book)->known);
}

/* Two devices create at once: the second meets the first one's record. */
static void
test_no_record_twice(void)
{
  g_autoptr(Rig) rig = rig_new(-1);
  rig_feed(rig, PRG_INPUT_CREDENTIALS, NULL, TRUE);
  rig_until(rig, PRG_REQUEST_CREATE);
  rig_lose_reply(rig);
  rig_run(rig);
  rig_assert_state(rig, "waiting");
  rig_wake(rig);
  rig_assert_state(rig, "idle");
}

/* What was earned before anything was known makes its awards due with the first reading: tomorrow the day's would be lost. */
static void
test_awards_with_first_reading(void)
{
  g_autoptr(Rig) rig = rig_new(-1);
  rig_earn(rig, "dial_made", "lead", 2);
  g_assert_cmpint(rig_total(rig), ==, 2);
  rig_sign_in(rig);
  g_assert_cmpint(rig_total(rig), ==, 27);
  rig_sync(rig);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 27);
  g_assert_cmpint(rig_record(rig)->ledger_count.value, ==, 2);
}

static void
test_uninitialised(void)
{
  g_autoptr(Rig) rig = rig_new(500);
  rig_earn(rig, "note_added", "", 3);
  rig_feed(rig, PRG_INPUT_CREDENTIALS, NULL, TRUE);
  const PrgRequest *swap = rig_until(rig, PRG_REQUEST_SWAP);
  /* Before the first row is posted, by comparison with empty fields. */
  g_assert_false(rig_asked(rig, PRG_REQUEST_POST));
  g_assert_false(swap->before->ledger_xp.known);
  g_assert_true(swap->fold->set_ledger && swap->fold->set_external);
  g_assert_cmpint(swap->fold->external_xp, ==, 500);
  g_assert_cmpint(swap->fold->ledger_xp, ==, 0);
  g_assert_cmpint(swap->fold->ledger_count, ==, 0);
  g_assert_false(swap->fold->set_total);
  rig_run(rig);
  const PrgRecord *record = rig_record(rig);
  g_assert_cmpint(record->total_xp.value, ==, 503);
  g_assert_cmpint(record->external_xp.value, ==, 500);
  g_assert_cmpint(record->ledger_xp.value, ==, 3);
  g_assert_cmpint(record->ledger_count.value, ==, 1);
  g_assert_cmpint(rig_total(rig), ==, 503);
}

static void
empty_ledger_fields(Rig *rig)
{
  PrgRecord *record = rig_record(rig);
  record->ledger_xp = record->ledger_count = record->external_xp = (PrgNumber){ 0 };
  rig->now += 120 * SECOND;
  rig_touch(rig);
}

static void
test_damaged_known(void)
{
  g_autoptr(Rig) rig = rig_new(500);
  rig_earn(rig, "note_added", "", 3);
  rig_sign_in(rig);
  empty_ledger_fields(rig);
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  const PrgRequest *swap = rig_until(rig, PRG_REQUEST_SWAP);
  g_assert_cmpint(swap->fold->external_xp, ==, 500); /* 503 less the 3 last known to be folded */
  rig_run(rig);
  rig_assert_state(rig, "idle");
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 503);
  g_assert_cmpint(rig_record(rig)->external_xp.value, ==, 500);
}

static void
test_damaged_unknown(void)
{
  g_autoptr(Rig) rig = rig_new(500);
  rig_earn(rig, "note_added", "", 3);
  rig_sign_in(rig);
  empty_ledger_fields(rig);
  rig_restart(rig, TRUE);
  rig_sign_in(rig);
  rig_assert_state(rig, "blocked");
  rig_assert_reason(rig, "ledgerXp");
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 503);
  g_assert_false(rig_record(rig)->ledger_xp.known);
  rig_earn(rig, "note_added", "", 3); /* XP is queued */
  g_assert_cmpuint(prg_book_n_pending(rig->book), ==, 1);
}

static void
test_missing_keys(void)
{
  g_autoptr(Rig) rig = rig_new(500);
  rig_feed(rig, PRG_INPUT_CREDENTIALS, NULL, TRUE);
  rig_until(rig, PRG_REQUEST_DISCOVER);
  PrgAnswer *answer = prg_answer_new(PRG_OUTCOME_OK, "");
  answer->missing = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(answer->missing, g_strdup("repProgression.foldToken"));
  g_ptr_array_add(answer->missing, g_strdup("xpEvent.ref"));
  rig_answer(rig, answer);
  rig_run(rig);
  rig_assert_state(rig, "blocked");
  rig_assert_reason(rig, "repProgression.foldToken, xpEvent.ref");
  g_assert_cmpint(prg_machine_get_outcome(rig->machine), ==, PRG_OUTCOME_SCHEMA_MISSING);
  rig_wake(rig); /* provisioned meanwhile: found by itself */
  rig_assert_state(rig, "idle");
}

static PrgRecord *
add_record(PrgAnswer *answer, const char *id, gint64 created_at, gboolean deleted)
{
  PrgRecord *record = prg_record_new();
  prg_record_set(&record->id, id);
  record->created_at = created_at;
  record->deleted = deleted;
  if (!answer->records)
    answer->records = g_ptr_array_new_with_free_func((GDestroyNotify)prg_record_free);
  g_ptr_array_add(answer->records, record);
  return record;
}

static void
test_several_records(void)
{
  g_autoptr(Rig) rig = rig_new(500);
  const char *low = "11111111-1111-4111-8111-111111111111"; /* the model server's */
  for (guint i = 0; i < 2; i++) {
    rig_feed(rig, PRG_INPUT_CREDENTIALS, NULL, TRUE);
    rig_until(rig, PRG_REQUEST_DISCOVER);
    PrgAnswer *answer = prg_answer_new(PRG_OUTCOME_OK, "");
    add_record(answer, "00000000-0000-4000-8000-000000000000", NOW - 5, FALSE); /* lowest id, not oldest */
    add_record(answer, "22222222-1111-4111-8111-111111111111", NOW - 10, FALSE);
    add_record(answer, low, NOW - 10, FALSE);
    add_record(answer, "00000000-1111-4111-8111-111111111111", NOW - 20, TRUE); /* oldest, deleted */
    rig_answer(rig, answer);
    g_assert_cmpstr(rig_until(rig, PRG_REQUEST_READ)->record_id, ==, low);
    rig_run(rig);
    rig_assert_state(rig, "idle");
    g_assert_cmpint(rig_total(rig), ==, 500); /* never summed */
    g_assert_cmpuint(rig_count_audits(rig, "several-records"), ==, 1);
    g_assert_cmpuint(rig_count_audits(rig, low), ==, 1);
  }
}

static void
test_deleted(void)
{
  g_autoptr(Rig) rig = rig_new(500);
  rig_sign_in(rig);
  const char *row = rig_earn(rig, "note_added", "", 3);
  sim_server_soft_delete_record(rig->server, TRUE);
  rig_clear_log(rig);
  rig_sync(rig);
  rig_assert_state(rig, "blocked");
  rig_assert_reason(rig, "record deleted");
  g_assert_false(rig_asked(rig, PRG_REQUEST_CREATE));
  g_assert_false(rig_asked(rig, PRG_REQUEST_SWAP));
  g_assert_cmpint(rig_total(rig), ==, 503);
  sim_server_soft_delete_record(rig->server, FALSE);
  rig_wake(rig);
  rig_assert_state(rig, "idle");
  g_assert_cmpint(rig_state_of(rig, row), ==, PRG_OPERATION_FOLDED);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 503);
}

static void
test_recreated(void)
{
  g_autoptr(Rig) rig = rig_new(500);
  const char *mine = rig_earn(rig, "note_added", "", 3);
  rig_sign_in(rig);
  rig_post_elsewhere(rig, "note_added", "", 5);
  rig_sync(rig);
  sim_server_hard_delete_record(rig->server);
  rig_clear_log(rig);
  rig_sync(rig);
  g_assert_true(rig_asked(rig, PRG_REQUEST_CREATE));
  g_assert_true(rig_asked(rig, PRG_REQUEST_RELINK));
  gint64 amount;
  gboolean linked = FALSE;
  g_assert_cmpuint(sim_server_find_row(rig->server, mine, &amount, &linked), ==, 1);
  g_assert_true(linked);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 8);
  g_assert_cmpint(rig_record(rig)->ledger_count.value, ==, 2);
  g_assert_cmpint(rig_total(rig), ==, 8);
}

/* Another program creates the deleted record anew, with @total: rows of 8 XP stand in the ledger, 500 came from elsewhere. */
static Rig *
new_recreated_rig(gint64 total)
{
  Rig *rig = rig_new(500);
  rig_earn(rig, "note_added", "", 3);
  rig_sign_in(rig);
  rig_post_elsewhere(rig, "note_added", "", 5);
  rig_sync(rig);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 508);
  sim_server_hard_delete_record(rig->server);
  sim_server_create_record(rig->server, total);
  prg_record_set(&rig_record(rig)->id, "33333333-1111-4111-8111-111111111111");
  rig_sync(rig);
  rig_assert_state(rig, "idle");
  g_assert_cmpint(rig_record(rig)->ledger_count.value, ==, 2);
  g_assert_cmpint(rig_total(rig), ==, rig_record(rig)->total_xp.value);
  return rig;
}

/* With the total that it remembered, which holds the ledger's XP: not counted a second time, and flagged. */
static void
test_recreated_with_total(void)
{
  g_autoptr(Rig) rig = new_recreated_rig(508);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 508);
  g_assert_cmpint(rig_record(rig)->external_xp.value, ==, 500);
  g_assert_cmpuint(rig_count_audits(rig, "record-recreated"), ==, 1);
  g_assert_cmpuint(rig_count_audits(rig, "\"flagged\":true"), ==, 1);
}

/* With nothing: the ledger's XP is all there is. */
static void
test_recreated_empty(void)
{
  g_autoptr(Rig) rig = new_recreated_rig(0);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 8);
  g_assert_cmpint(rig_record(rig)->external_xp.value, ==, 0);
  g_assert_cmpuint(rig_count_audits(rig, "record-recreated"), ==, 0);
}

/* With less than the ledger gave: an award of that program. */
static void
test_recreated_with_award(void)
{
  g_autoptr(Rig) rig = new_recreated_rig(6);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 14);
  g_assert_cmpint(rig_record(rig)->external_xp.value, ==, 6);
  g_assert_cmpuint(rig_count_audits(rig, "record-recreated"), ==, 1);
}

/* With a total that stood there before most of the ledger: it is known from the log of folds, and not counted again. */
static void
test_recreated_with_earlier_total(void)
{
  g_autoptr(Rig) rig = rig_new(0);
  rig_earn(rig, "note_added", "", 3);
  rig_sign_in(rig);
  rig_earn(rig, "note_added", "", 100);
  rig_sync(rig);
  sim_server_hard_delete_record(rig->server);
  sim_server_create_record(rig->server, 3);
  prg_record_set(&rig_record(rig)->id, "33333333-1111-4111-8111-111111111111");
  rig_sync(rig);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 103);
  g_assert_cmpint(rig_record(rig)->external_xp.value, ==, 0);
}

/* With an operation that waits for the next cycle. */
static void
test_recreated_and_pending(void)
{
  g_autoptr(Rig) rig = rig_new(500);
  rig_earn(rig, "note_added", "", 3);
  rig_sign_in(rig);
  rig_earn(rig, "note_added", "", 7);
  sim_server_hard_delete_record(rig->server);
  sim_server_create_record(rig->server, 503);
  prg_record_set(&rig_record(rig)->id, "33333333-1111-4111-8111-111111111111");
  rig_clear_log(rig);
  rig_sync(rig);
  g_assert_nonnull(strstr(rig->log->str, "relink"));
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 510);
  g_assert_cmpint(rig_record(rig)->external_xp.value, ==, 500);
}

static void
test_own_rows_missing(void)
{
  g_autoptr(Rig) rig = rig_new(500);
  const char *lost = rig_earn(rig, "note_added", "", 3);
  rig_earn(rig, "note_added", "", 3);
  rig_sign_in(rig);
  /* Another row comes, so that the total count is as before. */
  sim_server_delete_row(rig->server, lost, TRUE);
  rig_post_elsewhere(rig, "note_added", "", 4);
  rig_clear_log(rig);
  rig_sync(rig);
  g_assert_true(rig_asked(rig, PRG_REQUEST_READ_BACK));
  gint64 amount = 0;
  gboolean linked;
  g_assert_cmpuint(sim_server_find_row(rig->server, lost, &amount, &linked), ==, 1);
  g_assert_cmpint(amount, ==, 3);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 510);
  g_assert_cmpint(rig_total(rig), ==, 510);
  g_assert_cmpint(rig_state_of(rig, lost), ==, PRG_OPERATION_FOLDED);
}

/* A person deleted it: that is a correction, and not sent again. */
static void
test_own_row_soft_deleted(void)
{
  g_autoptr(Rig) rig = rig_new(500);
  const char *row = rig_earn(rig, "note_added", "", 3);
  rig_earn(rig, "note_added", "", 3);
  rig_sign_in(rig);
  sim_server_delete_row(rig->server, row, FALSE);
  for (guint i = 0; i < 3; i++) {
    rig->now += 25 * SECOND;
    rig_sync(rig);
  }
  g_assert_cmpint(rig_state_of(rig, row), ==, PRG_OPERATION_VOIDED);
  g_assert_cmpuint(rig_count_audits(rig, "voided"), ==, 1);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 503);
  g_assert_cmpint(rig_total(rig), ==, 503);
}

/* ---- a lagging count ---- */

/* A server with one row of ours and, not in @old yet, one of another device; both are folded. */
static Rig *
new_stale_rig(SimServer **old)
{
  Rig *rig = rig_new(500);
  rig_earn(rig, "note_added", "", 3);
  rig_sign_in(rig);
  *old = sim_server_copy(rig->server);
  rig_post_elsewhere(rig, "note_added", "", 5);
  rig_sync(rig);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 508);
  return rig;
}

/* A cycle whose reading has the record of now and the ledger of @old. */
static void
read_stale(Rig *rig, SimServer *old)
{
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  const PrgRequest *request = rig_until(rig, PRG_REQUEST_READ);
  rig_answer(rig, sim_server_torn_read(rig->server, old, request));
  rig_run(rig);
}

static void
test_stale_then_rebase(void)
{
  SimServer *old = NULL;
  g_autoptr(Rig) rig = new_stale_rig(&old);
  rig_clear_log(rig);
  read_stale(rig, old);
  rig_assert_state(rig, "waiting");
  g_assert_false(rig_asked(rig, PRG_REQUEST_SWAP));
  g_assert_cmpint(rig_total(rig), ==, 508); /* the last view stays */
  g_assert_cmpstr(prg_book_get_meta(rig->book, "stale.token"), ==, rig_record(rig)->fold_token);
  gint64 wait = prg_machine_get_wake_at(rig->machine) + rig->boot - rig->now;
  g_assert_cmpint(wait, >=, 20 * SECOND);
  rig->now += 5 * SECOND; /* too soon to be sure */
  read_stale(rig, old);
  g_assert_false(rig_asked(rig, PRG_REQUEST_SWAP));
  rig_restart(rig, FALSE); /* the mark is on disk */
  rig->now += 16 * SECOND;
  sim_server_free(rig->server); /* it is no lag: the row is gone */
  rig->server = g_steal_pointer(&old);
  PrgRecord *record = rig_record(rig);
  record->ledger_xp = prg_number(8);
  record->ledger_count = prg_number(2);
  record->total_xp = prg_number(508);
  prg_record_set(&record->fold_token, prg_book_get_meta(rig->book, "stale.token"));
  record->updated_at = prg_book_get_base(rig->book)->record->updated_at;
  rig_sign_in(rig);
  rig_wake(rig); /* when the stored wait is over */
  rig_assert_state(rig, "idle");
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 503);
  g_assert_cmpint(rig_record(rig)->external_xp.value, ==, 500); /* never raised to keep the total */
  g_assert_cmpint(rig_total(rig), ==, 503);
  g_assert_cmpuint(rig_count_audits(rig, "re-based"), ==, 1);
  g_assert_null(prg_book_get_meta(rig->book, "stale.token"));
}

static void
test_other_reading_clears(void)
{
  SimServer *old = NULL;
  g_autoptr(Rig) rig = new_stale_rig(&old);
  read_stale(rig, old);
  g_assert_nonnull(prg_book_get_meta(rig->book, "stale.token"));
  rig->now += 10 * SECOND;
  rig_sync(rig); /* whole again */
  g_assert_null(prg_book_get_meta(rig->book, "stale.token"));
  rig->now += 30 * SECOND;
  rig_clear_log(rig);
  read_stale(rig, old); /* another lag: the first of its own */
  g_assert_false(rig_asked(rig, PRG_REQUEST_SWAP));
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 508);
  sim_server_free(old);
}

/* Even if the cycle of that other reading comes to nothing. */
static void
test_broken_reading_clears(void)
{
  SimServer *old = NULL;
  g_autoptr(Rig) rig = new_stale_rig(&old);
  read_stale(rig, old);
  rig->now += 10 * SECOND;
  rig_post_elsewhere(rig, "note_added", "", 7);
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  rig_until(rig, PRG_REQUEST_FETCH);
  rig_outcome(rig, PRG_OUTCOME_UNKNOWN, "The connection was lost.");
  rig_run(rig);
  g_assert_null(prg_book_get_meta(rig->book, "stale.token"));
  sim_server_free(old);
}

/* A restored server shows a fold that is hours older than the one known here. Who wrote since then is told all the same: a person's correction
 * is not taken for a program's loss. */
static void
test_restored_timeline(void)
{
  g_autoptr(Rig) rig = rig_new(500);
  rig_earn(rig, "note_added", "", 3);
  rig_sign_in(rig);
  SimServer *backup = sim_server_copy(rig->server);
  rig->now += 7200 * SECOND;
  rig_earn(rig, "email_sent", "", 10);
  rig_run(rig);
  rig_sync(rig);
  sim_server_free(rig->server);
  rig->server = backup;
  rig->now += 60 * SECOND;
  sim_server_set_time(rig->server, rig->now);
  sim_server_patch_total(rig->server, 503 - 40, NULL, PERSON);
  sim_server_patch_total(rig->server, 503 - 40 + 10, NULL, "");
  for (guint i = 0; i < 6; i++) {
    rig->now += 30 * SECOND;
    rig_sync(rig);
  }
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 513 - 40 + 10);
  g_assert_cmpint(rig_record(rig)->external_xp.value, ==, 500 - 40 + 10);
  g_assert_cmpint(rig_total(rig), ==, 483);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/found/no-record", test_no_record);
  g_test_add_func("/found/no-record/twice", test_no_record_twice);
  g_test_add_func("/found/awards-with-first-reading", test_awards_with_first_reading);
  g_test_add_func("/found/uninitialised", test_uninitialised);
  g_test_add_func("/found/damaged/known", test_damaged_known);
  g_test_add_func("/found/damaged/unknown", test_damaged_unknown);
  g_test_add_func("/found/missing-keys", test_missing_keys);
  g_test_add_func("/found/several-records", test_several_records);
  g_test_add_func("/found/deleted", test_deleted);
  g_test_add_func("/found/recreated", test_recreated);
  g_test_add_func("/found/recreated/with-total", test_recreated_with_total);
  g_test_add_func("/found/recreated/empty", test_recreated_empty);
  g_test_add_func("/found/recreated/with-award", test_recreated_with_award);
  g_test_add_func("/found/recreated/with-earlier-total", test_recreated_with_earlier_total);
  g_test_add_func("/found/recreated/pending", test_recreated_and_pending);
  g_test_add_func("/found/own-rows-missing", test_own_rows_missing);
  g_test_add_func("/found/own-row-soft-deleted", test_own_row_soft_deleted);
  g_test_add_func("/found/restored/timeline", test_restored_timeline);
  g_test_add_func("/found/stale/then-rebase", test_stale_then_rebase);
  g_test_add_func("/found/stale/cleared", test_other_reading_clears);
  g_test_add_func("/found/stale/cleared-by-a-broken-cycle", test_broken_reading_clears);
  return g_test_run();
}

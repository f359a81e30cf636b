/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-fold-log.h"
#include "rig.h"

/* What a fold writes, when, and what becomes of other programs' writes. */

static Rig *
new_idle_rig(gint64 total)
{
  Rig *rig = rig_new(total);
  rig_sign_in(rig);
  rig->now += 300 * SECOND;
  rig_clear_log(rig);
  return rig;
}

static const PrgFold *
next_fold(Rig *rig)
{
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  return rig_until(rig, PRG_REQUEST_SWAP)->fold;
}

static void
patch_total(Rig *rig, gint64 total)
{
  rig->now += SECOND;
  sim_server_set_time(rig->server, rig->now);
  sim_server_patch_total(rig->server, total, NULL, "");
}

/* ---- when ---- */

static void
test_once_a_minute(void)
{
  g_autoptr(Rig) rig = new_idle_rig(500);
  rig_earn(rig, "note_added", "", 3);
  rig_wake(rig);
  g_assert_true(rig_asked(rig, PRG_REQUEST_SWAP));
  gint64 folded = rig->now;
  rig->now += 10 * SECOND;
  rig_clear_log(rig);
  const char *id = rig_earn(rig, "note_added", "", 3);
  rig_wake(rig);
  /* Posting is urgent, folding is not. */
  g_assert_true(rig_asked(rig, PRG_REQUEST_POST));
  g_assert_false(rig_asked(rig, PRG_REQUEST_SWAP));
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_LEDGERED);
  g_assert_cmpint(rig_total(rig), ==, 506);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 503);
  rig_wake(rig);
  g_assert_cmpint(rig->now - folded, >=, 59 * SECOND);
  g_assert_cmpint(rig->now - folded, <=, 62 * SECOND);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 506);
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_FOLDED);
}

static void
test_forced_at_once(void)
{
  g_autoptr(Rig) rig = new_idle_rig(500);
  for (gint64 i = 1; i <= 3; i++) {
    rig_earn(rig, "note_added", "", 3);
    rig_sync(rig);
    g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 500 + 3 * i);
  }
}

static void
test_no_fold_for_nothing(void)
{
  g_autoptr(Rig) rig = new_idle_rig(500);
  rig_sync(rig);
  rig_sync(rig);
  g_assert_false(rig_asked(rig, PRG_REQUEST_SWAP));
}

/* What was earned while the fold was on its way is no part of it: until that has gone out too, nothing counts as folded. */
static void
test_folded_when_nothing_waits(void)
{
  g_autoptr(Rig) rig = new_idle_rig(500);
  const char *first = rig_earn(rig, "note_added", "", 3);
  next_fold(rig);
  const char *second = rig_earn(rig, "note_added", "", 3);
  rig_serve(rig);
  rig_commit(rig);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 503);
  g_assert_cmpint(rig_state_of(rig, first), ==, PRG_OPERATION_LEDGERED);
  g_assert_cmpint(rig_state_of(rig, second), ==, PRG_OPERATION_NEW);
  rig_run(rig);
  rig_sync(rig);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 506);
  g_assert_cmpint(rig_state_of(rig, first), ==, PRG_OPERATION_FOLDED);
  g_assert_cmpint(rig_state_of(rig, second), ==, PRG_OPERATION_FOLDED);
}

/* ---- conflicts ---- */

static void
test_eight_conflicts(void)
{
  g_autoptr(Rig) rig = new_idle_rig(500);
  rig_earn(rig, "note_added", "", 3);
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  for (guint i = 0; i < 8; i++) {
    rig_until(rig, PRG_REQUEST_SWAP);
    rig_outcome(rig, PRG_OUTCOME_CONFLICT, "");
  }
  rig_run(rig);
  rig_assert_state(rig, "blocked");
  rig_assert_reason(rig, "fold refused");
  g_assert_cmpint(rig_total(rig), ==, 503); /* in the ledger, and shown */
  g_assert_cmpint(sim_server_ledger_sum(rig->server), ==, 3);
  rig_wake(rig);
  rig_assert_state(rig, "idle");
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 503);
}

/* A record that changes is a race, however often it is lost. */
static void
test_conflicts_on_a_changing_record(void)
{
  g_autoptr(Rig) rig = new_idle_rig(500);
  rig_earn(rig, "note_added", "", 3);
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  for (guint i = 0; i < 12; i++) {
    rig_until(rig, PRG_REQUEST_SWAP);
    patch_total(rig, rig_record(rig)->total_xp.value + 10);
    rig_serve(rig);
  }
  rig_run(rig);
  rig_assert_state(rig, "idle");
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 500 + 3 + 120);
}

/* Its reply is lost; the repeat finds this fold's own token, or the next reading what it wrote. */
static void
test_reply_lost(void)
{
  g_autoptr(Rig) rig = new_idle_rig(500);
  rig_earn(rig, "note_added", "", 3);
  next_fold(rig);
  rig_lose_reply(rig);
  rig_run(rig);
  rig_sync(rig);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 503);
  g_assert_cmpint(rig_total(rig), ==, 503);
}

/* ---- what ---- */

static void
test_only_what_changed(void)
{
  g_autoptr(Rig) rig = new_idle_rig(500);
  rig_earn(rig, "note_added", "", 3);
  rig_sync(rig);
  rig_earn(rig, "note_added", "", 3);
  const PrgFold *fold = next_fold(rig);
  g_assert_true(fold->set_total && fold->set_ledger);
  g_assert_cmpint(fold->total_xp, ==, 506);
  g_assert_cmpint(fold->ledger_xp, ==, 6);
  g_assert_cmpint(fold->ledger_count, ==, 2);
  g_assert_false(fold->set_external || fold->set_deals || fold->set_external_deals || fold->set_level);
  g_assert_null(fold->badges);
  g_assert_null(fold->completed_modules);
  g_assert_null(fold->current_rank);
  g_assert_cmpuint(strlen(fold->fold_token), ==, 36);
  g_assert_true(g_str_has_suffix(fold->fold_log, " 503>506"));
  g_autofree char *token = g_strdup(fold->fold_token);
  rig_run(rig);
  rig_earn(rig, "note_added", "", 3);
  g_assert_cmpstr(next_fold(rig)->fold_token, !=, token); /* a token never repeats */
}

/* What is not in the ledger yet is not written, or another program's award could never be told from it. */
static void
test_ledger_only(void)
{
  g_autoptr(Rig) rig = new_idle_rig(500);
  patch_total(rig, 530);
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  rig_until(rig, PRG_REQUEST_TIMELINE);
  const char *id = rig_earn(rig, "module_passed", "module_0", 50); /* while the fold is being prepared */
  const PrgFold *fold = rig_until(rig, PRG_REQUEST_SWAP)->fold;
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_NEW);
  g_assert_null(fold->completed_modules);
  g_assert_false(fold->set_total);
  rig_run(rig);
  rig_sync(rig);
  g_assert_true(prg_id_set_contains(rig_record(rig)->completed_modules, "module_0"));
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 580);
}

static void
test_older_catalogue(void)
{
  g_autoptr(Rig) rig = new_idle_rig(500);
  PrgRecord *record = rig_record(rig);
  record->current_level = prg_number(9); /* of a catalogue that nobody here knows */
  prg_record_set(&record->efficiency_metrics, "{\"newer\":1}");
  g_autofree char *log = prg_fold_log_next("", &(PrgFoldCounts){ 99, 0, 0 }, 500, 500);
  prg_record_set(&record->fold_log, log);
  rig_touch(rig);
  for (guint i = 0; i < 2; i++) {
    rig_earn(rig, "note_added", "", 3);
    const PrgFold *fold = next_fold(rig);
    g_assert_true(fold->set_total);
    g_assert_false(fold->set_level);
    g_assert_null(fold->efficiency_metrics);
    g_assert_cmpuint(prg_fold_log_catalogue(fold->fold_log), ==, 99);
    rig_run(rig);
  }
  g_assert_cmpint(record->current_level.value, ==, 9);
}

static void
test_deals(void)
{
  g_autoptr(Rig) rig = rig_new(500);
  rig_record(rig)->closed_deals = prg_number(4);
  rig_sign_in(rig);
  rig_earn(rig, "deal_closed", "d", 300);
  rig_sync(rig);
  g_assert_cmpint(rig_record(rig)->closed_deals.value, ==, 5);
  g_assert_cmpint(rig_record(rig)->external_deals.value, ==, 4);
  rig->now += 60 * SECOND;
  rig_record(rig)->closed_deals = prg_number(6); /* another program closed one */
  rig_touch(rig);
  rig_sync(rig);
  g_assert_cmpint(rig_record(rig)->closed_deals.value, ==, 6);
  g_assert_cmpint(rig_record(rig)->external_deals.value, ==, 5);
}

/* ---- unreadable fields ---- */

static void
spoil(Rig *rig, const char *fault)
{
  PrgRecord *record = rig_record(rig);
  g_ptr_array_add(record->faults, g_strdup(fault));
  rig->now += SECOND;
  rig_touch(rig);
}

static void
test_malformed_set(void)
{
  g_autoptr(Rig) rig = rig_new(500);
  prg_id_set_add(rig_record(rig)->badges, "closer.gold"); /* another program's */
  rig_sign_in(rig);
  PrgRecord *record = rig_record(rig);
  prg_id_set_free(record->badges);
  record->badges = prg_id_set_new();
  rig->now += 120 * SECOND;
  spoil(rig, "badges: not a JSON array");
  const PrgFold *fold = next_fold(rig);
  g_assert_cmpstr(fold->badges, ==, "[\"closer.gold\"]"); /* as last known */
  rig_run(rig);
  g_assert_true(prg_id_set_contains(prg_book_view(rig->book, TODAY)->record->badges, "closer.gold"));
}

/* The sets only ever grow: an empty one was emptied by accident. */
static void
test_emptied(void)
{
  g_autoptr(Rig) rig = rig_new(500);
  PrgRecord *record = rig_record(rig);
  prg_id_set_add(record->certifications, "c");
  prg_record_set(&record->current_rank, "E-4");
  rig_sign_in(rig);
  prg_id_set_free(record->certifications);
  record->certifications = prg_id_set_new();
  prg_record_set(&record->current_rank, "");
  rig->now += 120 * SECOND;
  rig_touch(rig);
  const PrgFold *fold = next_fold(rig);
  g_assert_cmpstr(fold->certifications, ==, "[\"c\"]");
  g_assert_cmpstr(fold->current_rank, ==, "E-4");
  g_assert_null(fold->badges);
}

/* No program counts that far: what was folded last is believed, and written back. */
static void
test_huge_total(void)
{
  g_autoptr(Rig) rig = new_idle_rig(500);
  rig_earn(rig, "note_added", "", 3);
  rig_sync(rig);
  patch_total(rig, G_GINT64_CONSTANT(1) << 53);
  rig_sync(rig);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 503);
  g_assert_cmpint(rig_record(rig)->external_xp.value, ==, 500);
  g_assert_cmpint(rig_total(rig), ==, 503);
  rig_assert_state(rig, "idle");
}

static void
test_unreadable_rank(void)
{
  g_autoptr(Rig) rig = rig_new(500);
  prg_record_set(&rig_record(rig)->current_rank, "E-4");
  rig_sign_in(rig);
  rig_earn(rig, "note_added", "", 3);
  rig_sync(rig); /* from here on no automatic fold for a minute */
  prg_record_set(&rig_record(rig)->current_rank, "");
  spoil(rig, "currentRank: unknown rank");
  rig_earn(rig, "note_added", "", 3);
  rig_wake(rig);
  g_assert_cmpstr(prg_book_view(rig->book, TODAY)->record->current_rank, ==, "E-4");
  g_assert_cmpstr(next_fold(rig)->current_rank, ==, "E-4");
}

static void
test_rank_never_known(void)
{
  g_autoptr(Rig) rig = rig_new(500);
  g_ptr_array_add(rig_record(rig)->faults, g_strdup("currentRank: unknown rank"));
  rig_earn(rig, "note_added", "", 3);
  rig_feed(rig, PRG_INPUT_CREDENTIALS, NULL, TRUE);
  rig_until(rig, PRG_REQUEST_SWAP); /* initialises */
  rig_serve(rig);
  g_assert_cmpstr(rig_until(rig, PRG_REQUEST_SWAP)->fold->current_rank, ==, "E-1");
}

static void
test_activity_in_the_future(void)
{
  g_autoptr(Rig) rig = new_idle_rig(500);
  rig_record(rig)->last_activity = rig->now + 100 * G_TIME_SPAN_DAY;
  rig_touch(rig);
  rig_earn(rig, "note_added", "", 3);
  const PrgFold *fold = next_fold(rig);
  g_assert_true(fold->set_activity);
  g_assert_cmpint(fold->last_activity, ==, NOW);
}

/* ---- other programs ---- */

static void
test_award_accepted(void)
{
  g_autoptr(Rig) rig = new_idle_rig(500);
  rig_earn(rig, "note_added", "", 3);
  rig_sync(rig);
  patch_total(rig, 553);
  rig_sync(rig);
  g_assert_cmpint(rig_record(rig)->external_xp.value, ==, 550);
  g_assert_cmpint(rig_total(rig), ==, 553);
}

/* A blind award on what stood before our fold: what it erased comes back, once, and is told. */
static void
test_blind_award_restored(void)
{
  g_autoptr(Rig) rig = new_idle_rig(500);
  rig_earn(rig, "note_added", "", 17);
  rig_sync(rig);
  patch_total(rig, 550); /* read 500, added 50 */
  for (guint i = 0; i < 3; i++) {
    rig_sync(rig);
    g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 567);
    g_assert_cmpint(rig_record(rig)->external_xp.value, ==, 550);
  }
  g_assert_cmpuint(rig_count_audits(rig, "\"restored\":17"), ==, 1);
}

static void
test_timeline_late(void)
{
  g_autoptr(Rig) rig = new_idle_rig(500);
  rig_earn(rig, "note_added", "", 17);
  rig_wake(rig);
  rig->now += 120 * SECOND;
  sim_server_set_timeline_lag(rig->server, 5 * SECOND);
  patch_total(rig, 550);
  rig_clear_log(rig);
  rig_feed(rig, PRG_INPUT_CREDENTIALS, NULL, TRUE); /* a pull */
  rig_run(rig);
  g_assert_true(rig_asked(rig, PRG_REQUEST_TIMELINE));
  g_assert_false(rig_asked(rig, PRG_REQUEST_SWAP)); /* the timeline is worth a little waiting */
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 550);
  for (guint i = 0; i < 3; i++)
    rig_wake(rig);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 567);
}

/* What is in the ledger while a fold waits is not folded yet. */
static void
test_ledgered_while_the_timeline_is_late(void)
{
  g_autoptr(Rig) rig = new_idle_rig(500);
  sim_server_set_timeline_lag(rig->server, 5 * SECOND);
  patch_total(rig, 550);
  const char *id = rig_earn(rig, "note_added", "", 17);
  rig_wake(rig);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 550);
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_LEDGERED);
  rig_sync(rig);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 567);
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_FOLDED);
}

/* Who asks for a sync gets one that ends with the fold, as long as the timeline comes within some seconds. */
static void
test_timeline_late_and_asked_for(void)
{
  g_autoptr(Rig) rig = new_idle_rig(500);
  rig_earn(rig, "note_added", "", 17);
  rig_sync(rig);
  rig->now += 10 * SECOND; /* less than a minute since the last fold */
  sim_server_set_timeline_lag(rig->server, 5 * SECOND);
  patch_total(rig, 550);
  gint64 began = rig->now;
  rig_sync(rig);
  g_assert_cmpint(rig->now - began, >=, 5 * SECOND);
  g_assert_cmpint(rig->now - began, <, 6 * SECOND);
  g_assert_cmpint(prg_machine_get_state(rig->machine), ==, PRG_MACHINE_IDLE);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 567);
}

/* Nobody waits for ever: without a timeline what stands is accepted, and flagged. */
static void
test_timeline_forbidden(void)
{
  g_autoptr(Rig) rig = new_idle_rig(500);
  rig_earn(rig, "note_added", "", 17);
  rig_sync(rig);
  patch_total(rig, 617);
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  rig_until(rig, PRG_REQUEST_TIMELINE);
  rig_outcome(rig, PRG_OUTCOME_FORBIDDEN, "PERMISSION_DENIED: timelineActivities");
  rig_run(rig);
  rig_assert_state(rig, "idle");
  g_assert_cmpint(rig_record(rig)->external_xp.value, ==, 600);
  g_assert_cmpuint(rig_count_audits(rig, "\"flagged\":true"), ==, 1);
}

/* A blind write that put just the total that stood there, seen within the minute after a fold: told all the same, even if the
 * process dies before it could fold. */
static void
test_equal_total_is_flagged(void)
{
  g_autoptr(Rig) rig = new_idle_rig(500);
  rig_earn(rig, "email_sent", "", 10);
  rig_sync(rig);
  patch_total(rig, 510); /* read 500, added 10 */
  rig_feed(rig, PRG_INPUT_CREDENTIALS, NULL, TRUE);
  rig_run(rig);
  rig_restart(rig, FALSE);
  rig_sign_in(rig);
  rig_wake(rig);
  rig->now += 120 * SECOND;
  rig_sync(rig);
  g_assert_cmpuint(rig_count_audits(rig, "\"flagged\":true"), ==, 1);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 510);
}

/* What is earned while the timeline is waited for is sent at once. */
static void
test_earned_while_the_timeline_is_late(void)
{
  g_autoptr(Rig) rig = new_idle_rig(500);
  sim_server_set_timeline_lag(rig->server, 20 * SECOND);
  patch_total(rig, 550);
  gint64 began = rig->now;
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  rig_until(rig, PRG_REQUEST_TIMELINE);
  rig_serve(rig);
  g_assert_null(rig->step.request); /* it waits */
  rig_assert_state(rig, "syncing");
  rig_earn(rig, "note_added", "", 17);
  rig_until(rig, PRG_REQUEST_POST);
  g_assert_cmpint(rig->now - began, <, SECOND / 2);
  rig_run(rig);
  rig_sync(rig);
  g_assert_cmpint(rig_total(rig), ==, rig_record(rig)->total_xp.value);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/fold/once-a-minute", test_once_a_minute);
  g_test_add_func("/fold/forced-at-once", test_forced_at_once);
  g_test_add_func("/fold/not-for-nothing", test_no_fold_for_nothing);
  g_test_add_func("/fold/folded-when-nothing-waits", test_folded_when_nothing_waits);
  g_test_add_func("/fold/conflicts/eight", test_eight_conflicts);
  g_test_add_func("/fold/conflicts/changing-record", test_conflicts_on_a_changing_record);
  g_test_add_func("/fold/reply-lost", test_reply_lost);
  g_test_add_func("/fold/only-what-changed", test_only_what_changed);
  g_test_add_func("/fold/ledger-only", test_ledger_only);
  g_test_add_func("/fold/older-catalogue", test_older_catalogue);
  g_test_add_func("/fold/deals", test_deals);
  g_test_add_func("/fold/malformed-set", test_malformed_set);
  g_test_add_func("/fold/emptied", test_emptied);
  g_test_add_func("/fold/huge-total", test_huge_total);
  g_test_add_func("/fold/rank/unreadable", test_unreadable_rank);
  g_test_add_func("/fold/rank/never-known", test_rank_never_known);
  g_test_add_func("/fold/activity-in-the-future", test_activity_in_the_future);
  g_test_add_func("/fold/others/award", test_award_accepted);
  g_test_add_func("/fold/others/blind-award", test_blind_award_restored);
  g_test_add_func("/fold/others/timeline-late", test_timeline_late);
  g_test_add_func("/fold/others/timeline-late-and-asked-for", test_timeline_late_and_asked_for);
  g_test_add_func("/fold/others/ledgered-while-it-is-late", test_ledgered_while_the_timeline_is_late);
  g_test_add_func("/fold/others/earned-while-it-is-late", test_earned_while_the_timeline_is_late);
  g_test_add_func("/fold/others/timeline-forbidden", test_timeline_forbidden);
  g_test_add_func("/fold/others/equal-total", test_equal_total_is_flagged);
  return g_test_run();
}

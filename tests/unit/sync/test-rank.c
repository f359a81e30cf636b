/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-fold-log.h"
#include "rig.h"

/* Promotions on their way into the record, and everybody else who sets the rank. */

#define FROM_1 "{\"from\":\"E-1\"}"
#define FROM_2 "{\"from\":\"E-2\"}"

static Rig *
new_ranked_rig(const char *rank)
{
  Rig *rig = rig_new(500);
  prg_record_set(&rig_record(rig)->current_rank, rank);
  rig_sign_in(rig);
  rig->now += 120 * SECOND;
  return rig;
}

static const char *
shown(Rig *rig)
{
  return prg_book_view(rig->book, TODAY)->record->current_rank;
}

static const char *
promote(Rig *rig, const char *to, const char *from)
{
  rig->details = from;
  const char *id = rig_earn(rig, "promoted", to, 0);
  rig->details = NULL;
  return id;
}

static void
promote_elsewhere(Rig *rig, const char *to, const char *from)
{
  rig->details = from;
  rig_post_elsewhere(rig, "promoted", to, 0);
  rig->details = NULL;
}

/* Another program, or a manager, sets the rank. */
static void
set_rank(Rig *rig, const char *rank)
{
  rig->now += SECOND;
  prg_record_set(&rig_record(rig)->current_rank, rank);
  rig_touch(rig);
}

static void
settle(Rig *rig, const char *expected)
{
  for (guint i = 0; i < 2; i++) {
    rig_sync(rig);
    rig->now += 120 * SECOND;
    g_assert_cmpstr(shown(rig), ==, expected);
    g_assert_cmpstr(rig_record(rig)->current_rank, ==, expected);
  }
}

static void
test_promoted(void)
{
  static const char *const ranks[] = { "", "E-1" };
  for (gsize i = 0; i < G_N_ELEMENTS(ranks); i++) {
    g_autoptr(Rig) rig = new_ranked_rig(ranks[i]);
    promote(rig, "E-2", FROM_1);
    g_assert_cmpstr(shown(rig), ==, "E-2"); /* at once, offline */
    rig_restart(rig, FALSE);
    g_assert_cmpstr(shown(rig), ==, "E-2");
    rig_sign_in(rig);
    settle(rig, "E-2");
    g_assert_cmpint(prg_fold_log_promotions(rig_record(rig)->fold_log), ==, 1);
    rig_restart(rig, FALSE);
    g_assert_cmpstr(shown(rig), ==, "E-2");
    rig_restart(rig, TRUE);
    rig_sign_in(rig);
    settle(rig, "E-2");
  }
}

/* In the ledger and not folded yet: it acts on this machine and on every other. */
static void
test_unfolded(void)
{
  g_autoptr(Rig) rig = new_ranked_rig("E-1");
  rig_earn(rig, "note_added", "", 3);
  rig_sync(rig); /* no automatic fold for a minute */
  const char *id = promote(rig, "E-2", FROM_1);
  rig_wake(rig);
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_LEDGERED);
  g_assert_cmpstr(rig_record(rig)->current_rank, ==, "E-1");
  g_assert_cmpstr(shown(rig), ==, "E-2");
  rig_restart(rig, TRUE);
  rig_feed(rig, PRG_INPUT_CREDENTIALS, NULL, TRUE);
  rig_until(rig, PRG_REQUEST_SWAP);
  g_assert_cmpstr(rig->step.request->fold->current_rank, ==, "E-2");
  rig_run(rig);
  settle(rig, "E-2");
}

static void
test_promoted_elsewhere(void)
{
  g_autoptr(Rig) rig = new_ranked_rig("E-1");
  promote_elsewhere(rig, "E-2", FROM_1);
  settle(rig, "E-2");
}

/* The same promotion on two devices is one. */
static void
test_promoted_twice(void)
{
  g_autoptr(Rig) rig = new_ranked_rig("E-1");
  promote(rig, "E-2", FROM_1);
  promote_elsewhere(rig, "E-2", FROM_1);
  settle(rig, "E-2");
  g_assert_cmpint(prg_fold_log_promotions(rig_record(rig)->fold_log), ==, 2);
  promote(rig, "E-3", FROM_2);
  promote_elsewhere(rig, "E-3", FROM_2);
  settle(rig, "E-3");
}

/* A manager demotes: the rows that a fold has carried stay without effect, also on a new machine; a new promotion acts. */
static void
test_demoted(void)
{
  g_autoptr(Rig) rig = new_ranked_rig("E-1");
  promote(rig, "E-2", FROM_1);
  settle(rig, "E-2");
  set_rank(rig, "E-1");
  settle(rig, "E-1");
  rig_earn(rig, "note_added", "", 3);
  settle(rig, "E-1");
  rig_restart(rig, TRUE);
  rig_sign_in(rig);
  settle(rig, "E-1");
  promote(rig, "E-2", FROM_1);
  settle(rig, "E-2");
}

/* Another program's rank stands, though a promotion was on its way. */
static void
test_set_elsewhere(void)
{
  static const char *const ranks[] = { "E-4", "E-3" };
  for (gsize i = 0; i < G_N_ELEMENTS(ranks); i++) {
    g_autoptr(Rig) rig = new_ranked_rig("E-1");
    promote(rig, "E-2", FROM_1);
    set_rank(rig, ranks[i]);
    settle(rig, ranks[i]);
  }
}

static void
test_unreadable(void)
{
  g_autoptr(Rig) rig = new_ranked_rig("E-1");
  promote(rig, "E-2", FROM_1);
  settle(rig, "E-2");
  g_ptr_array_add(rig_record(rig)->faults, g_strdup("currentRank: unknown rank"));
  set_rank(rig, "");
  rig_earn(rig, "note_added", "", 3);
  rig_sync(rig);
  g_assert_cmpstr(shown(rig), ==, "E-2");
  g_assert_cmpstr(rig_record(rig)->current_rank, ==, "E-2");
  g_assert_cmpuint(rig_count_audits(rig, "currentRank"), >=, 1);
}

/* Somebody emptied the log: which promotions the rank holds is not known, so it is taken to hold all of the ledger. */
static void
test_log_unreadable(void)
{
  static const char *const logs[] = { "", "hello", "v1 c=1 d=0 500>500" };
  for (gsize i = 0; i < G_N_ELEMENTS(logs); i++) {
    g_autoptr(Rig) rig = new_ranked_rig("E-1");
    promote(rig, "E-2", FROM_1);
    settle(rig, "E-2");
    prg_record_set(&rig_record(rig)->fold_log, logs[i]);
    set_rank(rig, "E-1");
    settle(rig, "E-1");
    rig_earn(rig, "note_added", "", 3);
    settle(rig, "E-1");
    promote(rig, "E-2", FROM_1);
    settle(rig, "E-2");
  }
}

/* A backup from before the promotion: its log is from before it too. The row is sent again, and acts again; but not one that the
 * backup's rank holds already. */
static void
test_restored_backup(void)
{
  g_autoptr(Rig) rig = new_ranked_rig("E-1");
  promote(rig, "E-2", FROM_1);
  settle(rig, "E-2");
  SimServer *backup = sim_server_copy(rig->server);
  promote(rig, "E-3", FROM_2);
  settle(rig, "E-3");
  sim_server_free(rig->server);
  rig->server = backup;
  rig->now += 120 * SECOND;
  rig_sync(rig);
  settle(rig, "E-3");
  g_assert_cmpuint(sim_server_n_rows(rig->server), ==, 2);
  set_rank(rig, "E-1");
  settle(rig, "E-1");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/rank/promoted", test_promoted);
  g_test_add_func("/rank/unfolded", test_unfolded);
  g_test_add_func("/rank/promoted-elsewhere", test_promoted_elsewhere);
  g_test_add_func("/rank/promoted-twice", test_promoted_twice);
  g_test_add_func("/rank/demoted", test_demoted);
  g_test_add_func("/rank/set-elsewhere", test_set_elsewhere);
  g_test_add_func("/rank/unreadable", test_unreadable);
  g_test_add_func("/rank/log-unreadable", test_log_unreadable);
  g_test_add_func("/rank/restored-backup", test_restored_backup);
  return g_test_run();
}

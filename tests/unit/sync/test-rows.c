/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig.h"

#define FIRST_DEAL 250 /* first_blood.bronze */

/* Rows that came into the ledger, or left it, without this machine having a part in it. */

static Rig *
new_ready_rig(gint64 total)
{
  Rig *rig = rig_new(total);
  rig_sign_in(rig);
  rig->now += 300 * SECOND;
  rig_clear_log(rig);
  return rig;
}

/* A row as another machine sent it that had imported it from this one: this machine's device id. */
static void
post_for(Rig *rig, PrgOperation *operation)
{
  g_autoptr(PrgRequest) request = prg_request_new(PRG_REQUEST_POST);
  request->operations = g_ptr_array_new_with_free_func((GDestroyNotify)prg_operation_unref);
  prg_record_set(&request->record_id, rig_record(rig)->id);
  g_ptr_array_add(request->operations, operation);
  sim_server_set_time(rig->server, rig->now);
  g_autoptr(PrgAnswer) answer = sim_server_execute(rig->server, request);
  g_assert_cmpint(answer->outcome, ==, PRG_OUTCOME_OK);
}

static void
assert_settled(Rig *rig, gint64 total)
{
  rig_assert_state(rig, "idle");
  g_assert_cmpstr(prg_machine_get_last_error(rig->machine), ==, "");
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, total);
  g_assert_cmpint(rig_total(rig), ==, total);
  g_assert_cmpint(prg_book_pending_xp(rig->book), ==, 0);
}

/* The record holds the module because another machine has sent this machine's own row and folded it. This one sends it without XP, and finds
 * it there with XP. */
static void
test_imported_elsewhere(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  const char *id = rig_earn(rig, "module_passed", "module_0", 50);
  prg_id_set_add(rig_record(rig)->completed_modules, "module_0");
  rig_touch(rig);
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  const PrgRequest *post = rig_until(rig, PRG_REQUEST_POST);
  g_assert_cmpint(((PrgOperation *)g_ptr_array_index(post->operations, 0))->amount, ==, 0);
  post_for(rig, make_once("module_passed", "module_0", 50, DEVICE));
  rig_run(rig);
  g_assert_cmpint(prg_book_find(rig->book, id)->operation->amount, ==, 50);
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_FOLDED);
  assert_settled(rig, 550);
}

static void
set_state(Rig *rig, const char *id, PrgOperationState state)
{
  g_autoptr(GPtrArray) changes = prg_changes_new();
  prg_changes_state(changes, id, state, FALSE, "");
  prg_book_take(rig->book, changes);
}

/* Refused, so set aside, perhaps given up; then a request that hung for long brings the row all the same. */
static void
test_refused_and_there(gconstpointer discarded)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  const char *id = rig_earn(rig, "email_sent", "bad-ref", 10);
  g_autoptr(PrgOperation) operation = prg_operation_ref(prg_book_find(rig->book, id)->operation);
  sim_server_set_refused(rig->server, "bad-ref");
  rig_sync(rig);
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_QUARANTINED);
  if (discarded)
    set_state(rig, id, PRG_OPERATION_DISCARDED);
  sim_server_set_refused(rig->server, NULL);
  post_for(rig, prg_operation_ref(operation));
  rig_sync(rig);
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_FOLDED);
  assert_settled(rig, 510);
}

/* Refused in this cycle, and in the same cycle another machine's row of it is there. */
static void
test_refused_then_superseded(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  const char *odd = rig_earn(rig, "deal_closed", "odd", 300);
  rig_earn(rig, "deal_closed", "fine", 300);
  rig->refuse_ref = "odd";
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  for (guint i = 0; i < 3; i++) { /* both, then each alone */
    rig_until(rig, PRG_REQUEST_POST);
    rig_serve(rig);
  }
  post_for(rig, make_once("deal_closed", "odd", 525, OTHER_DEVICE));
  rig_run(rig);
  g_assert_cmpint(rig_state_of(rig, odd), ==, PRG_OPERATION_SUPERSEDED);
  assert_settled(rig, 500 + 300 + 525 + FIRST_DEAL);
}

static void
put_new(Rig *rig, PrgOperation *operation)
{
  g_autoptr(PrgOperation) owned = operation;
  g_autoptr(GPtrArray) changes = prg_changes_new();
  prg_changes_put(changes, owned, PRG_OPERATION_NEW, FALSE);
  prg_book_take(rig->book, changes);
}

/* Two machines revoke one call; one of them does not know all rows of it. */
static void
test_revoked_twice(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  put_new(rig, make_once("correction", "a call", -2, DEVICE));
  post_for(rig, make_once("correction", "a call", -7, OTHER_DEVICE));
  rig_sync(rig);
  g_autofree char *id = prg_operation_pays_once_id(MEMBER, "correction", "a call");
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_SUPERSEDED);
  assert_settled(rig, 493);
}

/* Callers of two machines gave the same id to different things. The later one is set aside, and nothing else is held up by it. */
static void
test_same_id_on_two_machines(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  g_autofree char *id = prg_operation_pays_once_id(MEMBER, "caller", "call-17");
  put_new(rig, make_operation(id, "note_added", "", 3, DEVICE));
  post_for(rig, make_operation(id, "email_sent", "", 10, OTHER_DEVICE));
  for (guint i = 0; i < 3; i++) {
    const char *other = rig_earn(rig, "sms_sent", "", 8);
    rig->now += 120 * SECOND;
    rig_sync(rig);
    rig_assert_state(rig, "idle");
    g_assert_cmpint(rig_state_of(rig, other), ==, PRG_OPERATION_FOLDED);
    g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_QUARANTINED);
    g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 510 + 8 * (i + 1));
  }
  set_state(rig, id, PRG_OPERATION_DISCARDED);
  rig_sync(rig);
  assert_settled(rig, 534);
}

/* One row was deleted and another one came: their number is the same. */
static void
test_equal_counts(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  rig_post_elsewhere(rig, "note_added", "old", 3);
  rig_sync(rig);
  g_autofree char *old = g_strdup(sim_server_row_id(rig->server, 0));
  g_assert_cmpint(rig_state_of(rig, old), ==, PRG_OPERATION_REMOTE);
  sim_server_delete_row(rig->server, old, FALSE);
  rig_post_elsewhere(rig, "email_sent", "new", 10);
  rig->now += 120 * SECOND;
  rig_sync(rig);
  g_assert_cmpint(rig_state_of(rig, sim_server_row_id(rig->server, 1)), ==, PRG_OPERATION_REMOTE);
  g_assert_cmpint(rig_state_of(rig, old), ==, PRG_OPERATION_VOIDED);
  assert_settled(rig, 510);
}

/* Between the counting and the fetching a person deletes another machine's badge, and a row of another kind arrives: as many rows, but
 * the award would be derived a second time on top of a sum that holds it. */
static void
test_deleted_while_fetching(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  rig_post_elsewhere(rig, "deal_closed", "deal-1", 300);
  rig_post_elsewhere(rig, "badge_earned", "first_blood.bronze", FIRST_DEAL);
  g_autofree char *badge = g_strdup(sim_server_row_id(rig->server, 1));
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  rig_until(rig, PRG_REQUEST_FETCH);
  sim_server_delete_row(rig->server, badge, FALSE);
  rig_post_elsewhere(rig, "note_added", "", 3);
  rig_clear_log(rig);
  rig_until(rig, PRG_REQUEST_SWAP);
  g_assert_nonnull(strstr(rig->log->str, "read")); /* counted again before anything is believed */
  g_assert_cmpint(rig_total(rig), <=, 500 + 300 + FIRST_DEAL + 3);
  rig_run(rig);
  rig_sync(rig);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 500 + 300 + 3);
  g_assert_cmpint(rig_total(rig), ==, 500 + 300 + 3);
}

/* A deal was closed on two machines. Its row, the other one's, is lost, and so is the other machine: this one has earned it too. */
static void
test_superseded_and_missing(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  const char *id = rig_earn(rig, "deal_closed", "deal-1", 300);
  rig_post_elsewhere(rig, "deal_closed", "deal-1", 525);
  rig_sync(rig);
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_SUPERSEDED);
  sim_server_delete_row(rig->server, id, TRUE);
  for (guint i = 0; i < 2; i++) { /* at first it may be a lagging replica */
    rig->now += 120 * SECOND;
    rig_sync(rig);
  }
  gint64 amount = 0;
  gboolean linked = FALSE;
  g_assert_cmpuint(sim_server_find_row(rig->server, id, &amount, &linked), ==, 1);
  g_assert_cmpint(amount, ==, 525);
  assert_settled(rig, 1025 + FIRST_DEAL);
}

/* A folded row is lost, and refused when it is sent again: until the next believed reading its amount is where it was. */
static void
test_missing_and_refused(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  const char *id = rig_earn(rig, "sms_sent", "bad-ref", 8);
  rig_sync(rig);
  assert_settled(rig, 508);
  sim_server_delete_row(rig->server, id, TRUE);
  sim_server_set_refused(rig->server, "bad-ref");
  rig->now += 120 * SECOND;
  rig_sync(rig);
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_QUARANTINED);
  g_assert_cmpint(rig_total(rig), ==, 508);
}

/* Another machine sends and folds the same module after this one has looked for its row. The record holds it then; so will the ledger, unless a
 * backup is restored just now. It is not sent as one that another program has paid. */
static void
test_folded_meanwhile(gconstpointer restored)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  const char *id = rig_earn(rig, "module_passed", "module_0", 50);
  SimServer *backup = sim_server_copy(rig->server);
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  rig_until(rig, PRG_REQUEST_READ_BACK);
  rig_serve(rig);
  post_for(rig, make_once("module_passed", "module_0", 50, OTHER_DEVICE));
  prg_id_set_add(rig_record(rig)->completed_modules, "module_0");
  rig_touch(rig);
  rig_until(rig, PRG_REQUEST_FETCH);
  g_assert_cmpuint(rig->batches->len, ==, 0);
  if (restored) {
    sim_server_free(rig->server);
    rig->server = g_steal_pointer(&backup);
  }
  rig_run(rig);
  for (guint i = 0; i < 2; i++) {
    rig->now += 120 * SECOND;
    rig_sync(rig);
  }
  g_assert_cmpint(rig_state_of(rig, id), ==, restored ? PRG_OPERATION_FOLDED : PRG_OPERATION_SUPERSEDED);
  assert_settled(rig, 550);
  sim_server_free(backup);
}

/* All that was saved from a damaged store is a deal that another machine had closed too. Its row is lost; one of another deal, of the same
 * machine, makes the counts equal. */
static void
test_saved_and_missing(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  g_autoptr(GPtrArray) changes = prg_changes_new();
  g_autoptr(PrgOperation) saved =
      with_created_at(make_once("deal_closed", "deal-1", 300, OTHER_DEVICE), NOW - SECOND);
  rig_restart(rig, TRUE);
  prg_changes_put(changes, saved, PRG_OPERATION_SUPERSEDED, FALSE);
  prg_book_take(rig->book, changes);
  post_for(rig, make_once("deal_closed", "deal-2", 300, OTHER_DEVICE));
  rig_sign_in(rig);
  rig->now += 120 * SECOND;
  rig_sync(rig);
  g_assert_cmpint(rig_state_of(rig, saved->id), ==, PRG_OPERATION_FOLDED);
  assert_settled(rig, 500 + 300 + 300 + FIRST_DEAL);
}

/* A backup from before the first module is restored. The empty set is no accident: the module must be sent with its XP, not as one that
 * another program has paid. */
static void
test_set_of_restored_backup(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  SimServer *backup = sim_server_copy(rig->server);
  rig_post_elsewhere(rig, "module_passed", "module_0", 50);
  rig_sync(rig);
  g_assert_true(sim_server_has_module(rig->server, "module_0"));
  sim_server_free(rig->server);
  rig->server = backup;
  rig->now += 120 * SECOND;
  rig_sync(rig);
  rig->now += 120 * SECOND;
  rig_sync(rig);
  g_assert_false(sim_server_has_module(rig->server, "module_0"));
  assert_settled(rig, 500);
}

/* A restored backup brings a deleted row back and has lost another one of the same kind and amount, so that numbers and sums are as before. */
static void
test_restored_with_equal_counts(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  const char *back = rig_earn(rig, "note_added", "first", 3);
  rig_sync(rig);
  SimServer *backup = sim_server_copy(rig->server);
  sim_server_delete_row(rig->server, back, FALSE);
  for (guint i = 0; i < 2; i++) {
    rig->now += 120 * SECOND;
    rig_sync(rig);
  }
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 500);
  const char *lost = rig_earn(rig, "note_added", "second", 3);
  rig->now += 120 * SECOND;
  rig_sync(rig);
  g_assert_cmpint(rig_total(rig), ==, 503);
  sim_server_free(rig->server);
  rig->server = backup;
  for (guint i = 0; i < 2; i++) {
    rig->now += 120 * SECOND;
    rig_sync(rig);
  }
  gint64 amount;
  gboolean linked;
  g_assert_cmpuint(sim_server_find_row(rig->server, back, &amount, &linked), ==, 1);
  g_assert_cmpuint(sim_server_find_row(rig->server, lost, &amount, &linked), ==, 1);
  assert_settled(rig, 506);
}

/* A reading that says nothing new is no reason to write the base, or to make the view anew. */
static void
test_nothing_new(void)
{
  g_autoptr(Rig) rig = new_ready_rig(500);
  rig_post_elsewhere(rig, "note_added", "a", 3);
  rig_sync(rig);
  const PrgView *view = prg_book_view(rig->book, TODAY);
  rig->now += 120 * SECOND;
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  while (!rig->step.changes)
    rig_serve(rig);
  for (guint i = 0; i < rig->step.changes->len; i++)
    g_assert_cmpint(((PrgChange *)g_ptr_array_index(rig->step.changes, i))->kind, !=, PRG_CHANGE_BASE);
  rig_run(rig);
  g_assert_true(prg_book_view(rig->book, TODAY) == view);
  assert_settled(rig, 503);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/rows/imported-elsewhere", test_imported_elsewhere);
  g_test_add_data_func("/rows/refused-and-there", NULL, test_refused_and_there);
  g_test_add_data_func("/rows/discarded-and-there", "discarded", test_refused_and_there);
  g_test_add_func("/rows/refused-then-superseded", test_refused_then_superseded);
  g_test_add_func("/rows/revoked-twice", test_revoked_twice);
  g_test_add_func("/rows/same-id-on-two-machines", test_same_id_on_two_machines);
  g_test_add_func("/rows/equal-counts", test_equal_counts);
  g_test_add_func("/rows/deleted-while-fetching", test_deleted_while_fetching);
  g_test_add_func("/rows/superseded-and-missing", test_superseded_and_missing);
  g_test_add_func("/rows/missing-and-refused", test_missing_and_refused);
  g_test_add_data_func("/rows/folded-meanwhile", NULL, test_folded_meanwhile);
  g_test_add_data_func("/rows/folded-and-restored-meanwhile", "restored", test_folded_meanwhile);
  g_test_add_func("/rows/saved-and-missing", test_saved_and_missing);
  g_test_add_func("/rows/set-of-restored-backup", test_set_of_restored_backup);
  g_test_add_func("/rows/restored-with-equal-counts", test_restored_with_equal_counts);
  g_test_add_func("/rows/nothing-new", test_nothing_new);
  return g_test_run();
}

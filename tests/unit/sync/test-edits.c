/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig.h"

/* Rows that a person made, changed or removed in Twenty, and days as they are seen from elsewhere: the ledger counts as it stands, and
 * nothing is held up. */

static Rig *
new_ready_rig(void)
{
  Rig *rig = rig_new(500);
  rig_sign_in(rig);
  rig->now += 300 * SECOND;
  rig_clear_log(rig);
  return rig;
}

static void
sync_later(Rig *rig)
{
  rig->now += 120 * SECOND;
  rig_clear_log(rig);
  rig_sync(rig);
}

static void
assert_settled(Rig *rig, gint64 total)
{
  rig_assert_state(rig, "idle");
  g_assert_cmpstr(prg_machine_get_last_error(rig->machine), ==, "");
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, total);
  g_assert_cmpint(rig_total(rig), ==, total);
}

static const PrgOperation *
operation(Rig *rig, const char *id)
{
  return prg_book_find(rig->book, id)->operation;
}

/* ---- edited ---- */

static void
test_own_amount(void)
{
  g_autoptr(Rig) rig = new_ready_rig();
  const char *id = rig_earn(rig, "note_added", "", 17);
  rig_sync(rig);
  sim_server_edit_row(rig->server, id, NULL, 2);
  sync_later(rig);
  assert_settled(rig, 502);
  g_assert_cmpint(operation(rig, id)->amount, ==, 2);
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_FOLDED);
  g_assert_cmpuint(rig_count_audits(rig, "\"event\":\"edited\""), ==, 1);
  sync_later(rig);
  g_assert_cmpuint(rig_count_audits(rig, "\"event\":\"edited\""), ==, 1);
}

static void
test_own_kind(void)
{
  g_autoptr(Rig) rig = new_ready_rig();
  const char *id = rig_earn(rig, "note_added", "", 17);
  const char *other = rig_earn(rig, "note_added", "", 3);
  rig_sync(rig);
  sim_server_edit_row(rig->server, id, "email_sent", 17);
  sync_later(rig);
  assert_settled(rig, 520);
  g_assert_cmpstr(operation(rig, id)->kind, ==, "email_sent");
  g_assert_cmpstr(operation(rig, other)->kind, ==, "note_added");
}

/* It arrived, the reply was lost, and somebody changed it before it was read back. */
static void
test_own_before_it_is_known(void)
{
  g_autoptr(Rig) rig = new_ready_rig();
  const char *id = rig_earn(rig, "note_added", "", 17);
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  rig_until(rig, PRG_REQUEST_POST);
  rig_lose_reply(rig);
  sim_server_edit_row(rig->server, id, "email_sent", 5);
  rig_run(rig);
  sync_later(rig);
  assert_settled(rig, 505);
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_FOLDED);
  g_assert_cmpint(operation(rig, id)->amount, ==, 5);
}

static void
test_kind_of_another_machine(void)
{
  g_autoptr(Rig) rig = new_ready_rig();
  rig_post_elsewhere(rig, "note_added", "", 3);
  rig_sync(rig);
  g_autofree char *id = g_strdup(sim_server_row_id(rig->server, 0));
  sim_server_edit_row(rig->server, id, "email_sent", 3);
  sync_later(rig);
  assert_settled(rig, 503);
  g_assert_cmpstr(operation(rig, id)->kind, ==, "email_sent");
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_REMOTE);
}

/* ---- older than what is fetched ---- */

/* Deleted or edited, softly or for good: it is looked for once, and then no window is fetched again for it. */
static void
test_old_row(gconstpointer how)
{
  g_autoptr(Rig) rig = new_ready_rig();
  rig_post_elsewhere(rig, "note_added", "old", 3);
  rig_post_elsewhere(rig, "note_added", "old-too", 4);
  rig_sync(rig);
  g_autofree char *id = g_strdup(sim_server_row_id(rig->server, 0));
  const gboolean edited = g_str_equal(how, "edited");
  rig->now += 40 * G_TIME_SPAN_DAY;
  rig_sync(rig);
  if (edited)
    sim_server_edit_row(rig->server, id, "email_sent", 3);
  else
    sim_server_delete_row(rig->server, id, g_str_equal(how, "gone"));
  for (guint i = 0; i < 3; i++)
    sync_later(rig);
  assert_settled(rig, edited ? 507 : 504);
  g_assert_cmpint(rig_state_of(rig, id), ==, edited ? PRG_OPERATION_REMOTE : PRG_OPERATION_VOIDED);
  sync_later(rig);
  g_assert_false(rig_asked(rig, PRG_REQUEST_FETCH));
  g_assert_false(rig_asked(rig, PRG_REQUEST_READ_BACK));
}

/* A person gave it to another rep: it stays there, and nobody looks for it again. */
static void
test_old_row_moved(void)
{
  g_autoptr(Rig) rig = new_ready_rig();
  rig_post_elsewhere(rig, "note_added", "old", 3);
  rig_sync(rig);
  g_autofree char *id = g_strdup(sim_server_row_id(rig->server, 0));
  rig->now += 40 * G_TIME_SPAN_DAY;
  rig_sync(rig);
  sim_server_move_row(rig->server, id, "99999999-8888-4777-8666-555555555555");
  for (guint i = 0; i < 3; i++)
    sync_later(rig);
  assert_settled(rig, 500);
  gint64 amount;
  gboolean linked;
  g_assert_cmpuint(sim_server_find_row(rig->server, id, &amount, &linked), ==, 1);
  g_assert_false(linked);
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_VOIDED);
  sync_later(rig);
  g_assert_false(rig_asked(rig, PRG_REQUEST_FETCH) || rig_asked(rig, PRG_REQUEST_READ_BACK) ||
                 rig_asked(rig, PRG_REQUEST_RELINK));
}

/* Rows with texts so long that an answer holds few of them: the page shrinks until it fits, and grows again behind them. */
static void
test_pages(void)
{
  g_autoptr(Rig) rig = new_ready_rig();
  for (guint i = 0; i < 900; i++)
    rig_post_elsewhere(rig, "note_added", "", 1);
  rig_feed(rig, PRG_INPUT_SYNC_NOW, NULL, FALSE);
  guint expected = 200;
  for (guint i = 0; i < 4; i++) {
    const PrgRequest *request = rig_until(rig, PRG_REQUEST_FETCH);
    g_assert_cmpuint(request->page, ==, expected);
    PrgAnswer *answer = prg_answer_new(PRG_OUTCOME_UNKNOWN, "too large");
    answer->too_large = TRUE;
    rig_answer(rig, answer);
    expected = (expected + 3) / 4;
  }
  guint page = 0;
  for (guint seen = 0; seen < 900; seen += page) {
    page = rig_until(rig, PRG_REQUEST_FETCH)->page;
    g_assert_cmpuint(page, ==, MIN(expected, 200));
    expected *= 2;
    rig_serve(rig);
  }
  g_assert_cmpuint(page, ==, 200);
  rig_run(rig);
  assert_settled(rig, 1400);
}

/* ---- days ---- */

/* The instant of the last row lies on another day where somebody looks at it later: nobody was active on that one. */
static void
test_travel(gconstpointer zone)
{
  g_autoptr(Rig) rig = new_ready_rig();
  rig_earn(rig, "note_added", "", 17);
  rig_sync(rig);
  guint n_entries = prg_book_n_entries(rig->book);
  g_time_zone_unref(rig->zone);
  rig->zone = g_time_zone_new_identifier(zone);
  for (guint i = 0; i < 3; i++) {
    rig->now += 12 * G_TIME_SPAN_HOUR;
    rig_sync(rig);
    assert_settled(rig, 517);
    g_assert_cmpuint(prg_book_n_entries(rig->book), ==, n_entries);
  }
}

/* Another machine's row is no activity of another program. */
static void
test_other_machine_elsewhere(void)
{
  g_autoptr(Rig) rig = new_ready_rig();
  rig_post_elsewhere(rig, "note_added", "", 3);
  g_time_zone_unref(rig->zone);
  rig->zone = g_time_zone_new_identifier("+14");
  rig_sync(rig);
  sync_later(rig);
  assert_settled(rig, 503);
  g_assert_cmpuint(prg_book_n_entries(rig->book), ==, 1);
}

/* Another program's is, also when this rep has earned since, before the record was read. */
static void
test_activity_of_another_program(void)
{
  g_autoptr(Rig) rig = new_ready_rig();
  rig_record(rig)->last_activity = rig->now - 26 * G_TIME_SPAN_HOUR;
  rig_touch(rig);
  rig_earn(rig, "note_added", "", 17);
  sync_later(rig);
  guint markers = 0;
  for (guint i = 0; i < prg_book_n_entries(rig->book); i++)
    markers += g_str_equal(prg_book_get_entry(rig->book, i)->operation->kind, "external_activity");
  g_assert_cmpuint(markers, ==, 1);
}

/* ---- refusals ---- */

/* A ref of a letter stands in every message, by chance. */
static void
test_short_ref(void)
{
  g_autoptr(Rig) rig = new_ready_rig();
  const char *id = rig_earn(rig, "note_added", "a", 17);
  rig->refuse_ref = "a";
  rig_sync(rig);
  g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_SENT);
  rig->refuse_ref = NULL;
  sync_later(rig);
  assert_settled(rig, 517);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/edits/own-amount", test_own_amount);
  g_test_add_func("/edits/own-kind", test_own_kind);
  g_test_add_func("/edits/own-before-it-is-known", test_own_before_it_is_known);
  g_test_add_func("/edits/kind-of-another-machine", test_kind_of_another_machine);
  g_test_add_data_func("/edits/old-row/deleted", "deleted", test_old_row);
  g_test_add_data_func("/edits/old-row/gone", "gone", test_old_row);
  g_test_add_data_func("/edits/old-row/edited", "edited", test_old_row);
  g_test_add_func("/edits/old-row/moved", test_old_row_moved);
  g_test_add_func("/edits/pages", test_pages);
  g_test_add_data_func("/edits/travel/east", "+14", test_travel);
  g_test_add_data_func("/edits/travel/west", "-12", test_travel);
  g_test_add_func("/edits/other-machine-elsewhere", test_other_machine_elsewhere);
  g_test_add_func("/edits/activity-of-another-program", test_activity_of_another_program);
  g_test_add_func("/edits/short-ref", test_short_ref);
  return g_test_run();
}

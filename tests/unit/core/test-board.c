/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-board.h"

static void
add_rep(PrgBoard *board, const char *member, const char *id, gint64 total, gint64 created_at)
{
  PrgRecord *record = prg_record_new();

  prg_record_set(&record->id, id);
  prg_record_set(&record->workspace_member_id, member);
  prg_record_set(&record->name, member);
  record->total_xp = prg_number(total);
  record->created_at = created_at;
  g_ptr_array_add(board->records, record);
}

static void
assert_places(const PrgBoard *board, const PrgRecord *own, const char *expected)
{
  g_autoptr(GArray) places = prg_board_rank(board, own);
  g_autoptr(GString) found = g_string_new(NULL);

  for (guint i = 0; i < places->len; i++) {
    const PrgPlace *place = &g_array_index(places, PrgPlace, i);
    g_string_append_printf(found, "%s%u %s %" G_GINT64_FORMAT, i > 0 ? ", " : "", place->position,
                           place->record->workspace_member_id, place->record->total_xp.value);
  }
  g_assert_cmpstr(found->str, ==, expected);
}

static void
test_ties(void)
{
  g_autoptr(PrgBoard) board = prg_board_new(0);

  assert_places(board, NULL, "");
  add_rep(board, "d", "1", 10, 1);
  add_rep(board, "c", "2", 20, 1);
  add_rep(board, "b", "3", 20, 1);
  add_rep(board, "a", "4", 30, 1);
  assert_places(board, NULL, "1 a 30, 2 b 20, 2 c 20, 4 d 10");
  add_rep(board, "e", "5", -10, 1);
  add_rep(board, "f", "6", 30, 1);
  assert_places(board, NULL, "1 a 30, 1 f 30, 3 b 20, 3 c 20, 5 d 10, 6 e -10");
}

static void
test_own(void)
{
  g_autoptr(PrgBoard) board = prg_board_new(0);
  g_autoptr(PrgRecord) own = prg_record_new();

  prg_record_set(&own->workspace_member_id, "me");
  own->total_xp = prg_number(20);
  add_rep(board, "a", "1", 20, 1);
  add_rep(board, "b", "2", 10, 1);
  assert_places(board, own, "1 me 20, 1 a 20, 3 b 10"); /* a rep without a name comes first among equals */
  add_rep(board, "me", "3", 5, 1);
  assert_places(board, own, "1 me 20, 1 a 20, 3 b 10");
  own->total_xp = prg_number(0);
  assert_places(board, own, "1 a 20, 2 b 10, 3 me 0");
}

static void
test_record_in_use(void)
{
  g_autoptr(PrgBoard) board = prg_board_new(0);

  add_rep(board, "a", "9", 10, 5);
  add_rep(board, "a", "1", 99, 6); /* younger */
  add_rep(board, "b", "2", 99, 7);
  add_rep(board, "b", "1", 20, 7); /* as old, a lower id */
  add_rep(board, "", "3", 99, 1);  /* nobody's */
  add_rep(board, "c", "4", 99, 1);
  ((PrgRecord *)g_ptr_array_index(board->records, 5))->deleted = TRUE;
  add_rep(board, "c", "5", 30, 2);
  assert_places(board, NULL, "1 c 30, 2 b 20, 3 a 10");
}

/* Whatever the totals: everybody once, in order, and a position is one more than there are better ones. */
static void
test_any(void)
{
  for (guint run = 0; run < 200; run++) {
    g_autoptr(PrgBoard) board = prg_board_new(0);
    guint n = (guint)g_test_rand_int_range(0, 60);

    for (guint i = 0; i < n; i++) {
      g_autofree char *member = g_strdup_printf("member-%u", i);
      add_rep(board, member, member, g_test_rand_int_range(-3, 12), 1);
    }
    g_autoptr(GArray) places = prg_board_rank(board, NULL);
    g_assert_cmpuint(places->len, ==, n);
    for (guint i = 0; i < n; i++) {
      const PrgPlace *place = &g_array_index(places, PrgPlace, i);
      guint better = 0;
      for (guint k = 0; k < n; k++)
        better += g_array_index(places, PrgPlace, k).record->total_xp.value > place->record->total_xp.value;
      g_assert_cmpuint(place->position, ==, better + 1);
      if (i > 0)
        g_assert_cmpint(g_array_index(places, PrgPlace, i - 1).record->total_xp.value, >=,
                        place->record->total_xp.value);
    }
  }
}

static void
test_most(void)
{
  g_autoptr(PrgBoard) board = prg_board_new(0);

  for (guint i = 0; i < PRG_BOARD_MAX + 50; i++) {
    g_autofree char *member = g_strdup_printf("%u", i);
    add_rep(board, member, member, i, 1);
  }
  g_autoptr(GArray) places = prg_board_rank(board, NULL);
  g_assert_cmpuint(places->len, ==, PRG_BOARD_MAX);
  g_assert_cmpint(g_array_index(places, PrgPlace, PRG_BOARD_MAX - 1).record->total_xp.value, ==, 50);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/board/ties", test_ties);
  g_test_add_func("/board/own", test_own);
  g_test_add_func("/board/record-in-use", test_record_in_use);
  g_test_add_func("/board/any", test_any);
  g_test_add_func("/board/most", test_most);
  return g_test_run();
}

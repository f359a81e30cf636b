/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-announce.h"

typedef struct {
  PrgRules *rules;
  PrgView *view;
  GPtrArray *changes;
  PrgAnnounced *announced;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
  fixture->rules = prg_rules_new_builtin();
  fixture->view = prg_view_new();
  fixture->changes = prg_changes_new();
  fixture->announced = prg_announced_new("1", "E-1", NULL);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
  prg_rules_unref(fixture->rules);
  prg_view_free(fixture->view);
  g_ptr_array_unref(fixture->changes);
  prg_announced_free(fixture->announced);
}

static PrgFacts *
facts(Fixture *fixture, gboolean base_known)
{
  return prg_facts_new(fixture->view, fixture->rules, base_known);
}

/* An own operation, recorded and already part of the view. */
static void
earn(Fixture *fixture, const char *id, const char *kind, gint64 amount)
{
  const PrgOperation fields = { .id = id, .kind = kind, .amount = amount };
  g_autoptr(PrgOperation) operation = prg_operation_new(&fields);

  prg_changes_put(fixture->changes, operation, PRG_OPERATION_NEW, FALSE);
  fixture->view->record->total_xp = prg_number(fixture->view->record->total_xp.value + amount);
}

static void
assert_xp(GPtrArray *news, guint index, const char *id, const char *type, gint64 amount, gint64 total)
{
  g_assert_cmpuint(index, <, news->len);
  const PrgNews *item = g_ptr_array_index(news, index);
  g_assert_cmpint(item->kind, ==, PRG_NEWS_XP_EARNED);
  g_assert_cmpstr(item->id, ==, id);
  g_assert_cmpstr(item->text, ==, type);
  g_assert_cmpint(item->amount, ==, amount);
  g_assert_cmpint(item->total, ==, total);
}

static const PrgNews *
find(GPtrArray *news, PrgNewsKind kind)
{
  for (guint i = 0; i < news->len; i++)
    if (((const PrgNews *)g_ptr_array_index(news, i))->kind == kind)
      return g_ptr_array_index(news, i);
  return NULL;
}

static void
test_one_for_each_row(Fixture *fixture, gconstpointer data)
{
  g_autoptr(PrgFacts) before = facts(fixture, TRUE);
  gboolean moved;

  earn(fixture, "a", "dial_made", 2);
  earn(fixture, "b", "call_connected", 5);
  earn(fixture, "c", "under_thirty_second_call", 0);
  g_autoptr(PrgFacts) after = facts(fixture, TRUE);
  g_autoptr(GPtrArray) news = prg_announce(fixture->changes, before, after, fixture->announced, &moved);
  g_assert_cmpuint(news->len, ==, 3);
  assert_xp(news, 0, "a", "dial_made", 2, 2);
  assert_xp(news, 1, "b", "call_connected", 5, 7);
  assert_xp(news, 2, "c", "under_thirty_second_call", 0, 7);
  g_assert_false(moved);
}

static void
test_elsewhere_is_one(Fixture *fixture, gconstpointer data)
{
  g_autoptr(PrgFacts) before = facts(fixture, TRUE);
  gboolean moved;

  fixture->view->record->total_xp = prg_number(75);
  g_autoptr(PrgFacts) after = facts(fixture, TRUE);
  g_autoptr(GPtrArray) news = prg_announce(fixture->changes, before, after, fixture->announced, &moved);
  g_assert_cmpuint(news->len, ==, 1);
  assert_xp(news, 0, "", "external", 75, 75);
}

static void
test_own_and_elsewhere(Fixture *fixture, gconstpointer data)
{
  g_autoptr(PrgFacts) before = facts(fixture, TRUE);
  gboolean moved;

  fixture->view->record->total_xp = prg_number(50);
  earn(fixture, "a", "badge_earned", 10);
  g_autoptr(PrgFacts) after = facts(fixture, TRUE);
  g_autoptr(GPtrArray) news = prg_announce(fixture->changes, before, after, fixture->announced, &moved);
  g_assert_cmpuint(news->len, ==, 2);
  assert_xp(news, 0, "", "external", 50, 50);
  assert_xp(news, 1, "a", "badge_earned", 10, 60);
}

static void
test_level_once(Fixture *fixture, gconstpointer data)
{
  g_autoptr(PrgFacts) first = facts(fixture, TRUE);
  gboolean moved;

  /* 250 XP is level 3 by the table of levels. */
  earn(fixture, "a", "deal_closed", 300);
  g_autoptr(PrgFacts) up = facts(fixture, TRUE);
  g_autoptr(GPtrArray) news = prg_announce(fixture->changes, first, up, fixture->announced, &moved);
  const PrgNews *level = find(news, PRG_NEWS_LEVEL_UP);
  g_assert_nonnull(level);
  g_assert_cmpint(level->amount, ==, 1);
  g_assert_cmpint(level->total, ==, 3);
  g_assert_true(moved);

  /* A correction takes it away, a call brings it back: no second time. */
  g_ptr_array_set_size(fixture->changes, 0);
  fixture->view->record->total_xp = prg_number(0);
  g_autoptr(PrgFacts) down = facts(fixture, TRUE);
  g_autoptr(GPtrArray) lost = prg_announce(fixture->changes, up, down, fixture->announced, &moved);
  g_assert_null(find(lost, PRG_NEWS_LEVEL_UP));
  earn(fixture, "b", "deal_closed", 300);
  g_autoptr(GPtrArray) again = prg_announce(fixture->changes, down, up, fixture->announced, &moved);
  g_assert_null(find(again, PRG_NEWS_LEVEL_UP));
  g_assert_false(moved);
}

static void
test_rank_badge_boss(Fixture *fixture, gconstpointer data)
{
  g_autoptr(PrgFacts) before = facts(fixture, TRUE);
  gboolean moved;

  prg_record_set(&fixture->view->record->current_rank, "E-3");
  prg_id_set_add(fixture->view->record->badges, "closer.bronze");
  prg_id_set_add(fixture->view->record->defeated_bosses, "redhawk");
  g_autoptr(PrgFacts) after = facts(fixture, TRUE);
  g_autoptr(GPtrArray) news = prg_announce(fixture->changes, before, after, fixture->announced, &moved);
  g_assert_cmpuint(news->len, ==, 3);
  g_assert_cmpstr(find(news, PRG_NEWS_RANK_UP)->id, ==, "E-1");
  g_assert_cmpstr(find(news, PRG_NEWS_RANK_UP)->text, ==, "E-3");
  g_assert_cmpstr(find(news, PRG_NEWS_BADGE_UNLOCKED)->text, ==, "closer.bronze");
  g_assert_cmpstr(find(news, PRG_NEWS_BOSS_DEFEATED)->text, ==, "redhawk");
  g_assert_true(moved);
  g_autoptr(GPtrArray) again = prg_announce(fixture->changes, after, after, fixture->announced, &moved);
  g_assert_cmpuint(again->len, ==, 0);
}

static void
test_first_base_is_silent(Fixture *fixture, gconstpointer data)
{
  g_autoptr(PrgAnnounced) announced = prg_announced_new(NULL, NULL, NULL);
  g_autoptr(PrgFacts) before = facts(fixture, FALSE);
  gboolean moved;

  fixture->view->record->total_xp = prg_number(52000);
  prg_record_set(&fixture->view->record->current_rank, "E-5");
  prg_id_set_add(fixture->view->record->badges, "closer.gold");
  prg_id_set_add(fixture->view->record->defeated_bosses, "redhawk");
  g_autoptr(PrgFacts) after = facts(fixture, TRUE);
  g_autoptr(GPtrArray) news = prg_announce(fixture->changes, before, after, announced, &moved);
  g_assert_cmpuint(news->len, ==, 0);
  g_assert_true(moved);
  /* 51,000 XP is level 20. */
  g_assert_cmpuint(announced->level, ==, 20);
  g_assert_cmpstr(announced->rank, ==, "E-5");
  g_assert_true(prg_id_set_contains(announced->badges, "closer.gold"));
}

/* Earned between sign-in and the first reading: rows are told, a level nobody can know is not. */
static void
test_before_the_first_base(Fixture *fixture, gconstpointer data)
{
  g_autoptr(PrgAnnounced) announced = prg_announced_new(NULL, NULL, NULL);
  g_autoptr(PrgFacts) before = facts(fixture, FALSE);
  gboolean moved;

  earn(fixture, "a", "deal_closed", 300);
  g_autoptr(PrgFacts) after = facts(fixture, FALSE);
  g_autoptr(GPtrArray) news = prg_announce(fixture->changes, before, after, announced, &moved);
  g_assert_cmpuint(news->len, ==, 1);
  assert_xp(news, 0, "a", "deal_closed", 300, 300);
  g_assert_false(moved);
}

/* In any order of gains and losses: amounts add up to the total, and no level is told twice. */
static void
test_any_order(Fixture *fixture, gconstpointer data)
{
  gint64 sum = 0;
  guint told = 1;

  for (int round = 0; round < 2000; round++) {
    g_autoptr(PrgFacts) before = facts(fixture, TRUE);
    gboolean moved;
    g_ptr_array_set_size(fixture->changes, 0);
    if (g_test_rand_bit())
      fixture->view->record->total_xp =
          prg_number(fixture->view->record->total_xp.value + g_test_rand_int_range(-100, 100));
    for (int rows = g_test_rand_int_range(0, 3); rows > 0; rows--)
      earn(fixture, "x", "email_sent", g_test_rand_int_range(0, 60));
    g_autoptr(PrgFacts) after = facts(fixture, TRUE);
    g_autoptr(GPtrArray) news = prg_announce(fixture->changes, before, after, fixture->announced, &moved);
    for (guint i = 0; i < news->len; i++) {
      const PrgNews *item = g_ptr_array_index(news, i);
      if (item->kind == PRG_NEWS_XP_EARNED) {
        sum += item->amount;
        g_assert_cmpint(item->total, ==, sum);
      } else if (item->kind == PRG_NEWS_LEVEL_UP) {
        g_assert_cmpint(item->amount, ==, told);
        g_assert_cmpint(item->total, >, told);
        told = (guint)item->total;
      }
    }
    g_assert_cmpint(sum, ==, after->total);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add("/announce/" path, Fixture, NULL, set_up, func, tear_down)
  ADD("one-for-each-row", test_one_for_each_row);
  ADD("elsewhere-is-one", test_elsewhere_is_one);
  ADD("own-and-elsewhere", test_own_and_elsewhere);
  ADD("level-once", test_level_once);
  ADD("rank-badge-boss", test_rank_badge_boss);
  ADD("first-base-is-silent", test_first_base_is_silent);
  ADD("before-the-first-base", test_before_the_first_base);
  ADD("any-order", test_any_order);
  return g_test_run();
}

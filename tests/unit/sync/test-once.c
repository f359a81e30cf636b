/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig.h"

/* What pays once pays once, though two devices and another program all report it. */

typedef struct {
  const char *kind, *ref;
  gint64 amount;
  gsize set;      /* of the record, where another program puts it */
  gint64 derived; /* XP of what comes along: a boss gives a badge */
} OnceCase;

static const OnceCase cases[] = {
  { "module_passed", "module_0", 50, G_STRUCT_OFFSET(PrgRecord, completed_modules), 0 },
  { "badge_earned", "email_expert.silver", 150, G_STRUCT_OFFSET(PrgRecord, badges), 0 },
  { "exam_passed", "operative_certification", 0, G_STRUCT_OFFSET(PrgRecord, passed_exams), 0 },
  { "boss_defeated", "redhawk", 1000, G_STRUCT_OFFSET(PrgRecord, defeated_bosses), 500 },
  { "certification_earned", "leadership", 300, G_STRUCT_OFFSET(PrgRecord, certifications), 0 },
};

static PrgIdSet *
set_of(PrgRecord *record, const OnceCase *test)
{
  return G_STRUCT_MEMBER(PrgIdSet *, record, test->set);
}

/* Another program puts it into the record's set, and pays nothing that could be told apart. */
static void
put_elsewhere(Rig *rig, const OnceCase *test)
{
  rig->now += SECOND;
  prg_id_set_add(set_of(rig_record(rig), test), test->ref);
  rig_touch(rig);
}

static void
assert_all(Rig *rig, const OnceCase *test, gint64 total)
{
  rig_sync(rig);
  rig->now += 120 * SECOND;
  rig_sync(rig);
  g_test_message("%s %s", test->kind, test->ref);
  g_assert_cmpint(rig_total(rig), ==, total);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, total);
  g_assert_true(prg_id_set_contains(set_of(rig_record(rig), test), test->ref));
  g_assert_true(prg_id_set_contains(set_of(prg_book_view(rig->book, TODAY)->record, test), test->ref));
}

static Rig *
new_signed_in_rig(void)
{
  Rig *rig = rig_new(500);
  rig_sign_in(rig);
  rig->now += 120 * SECOND;
  return rig;
}

static void
test_here_alone(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(Rig) rig = new_signed_in_rig();
    rig_earn(rig, cases[i].kind, cases[i].ref, cases[i].amount);
    assert_all(rig, &cases[i], 500 + cases[i].amount + cases[i].derived);
  }
}

static void
test_two_devices(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(Rig) rig = new_signed_in_rig();
    const char *id = rig_earn(rig, cases[i].kind, cases[i].ref, cases[i].amount);
    rig_post_elsewhere(rig, cases[i].kind, cases[i].ref, cases[i].amount);
    assert_all(rig, &cases[i], 500 + cases[i].amount + cases[i].derived);
    g_assert_cmpint(rig_state_of(rig, id), ==, PRG_OPERATION_SUPERSEDED);
  }
}

/* It was here first and unsent, and another program's award reaches Twenty before it. */
static void
test_another_program(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(Rig) rig = new_signed_in_rig();
    rig_earn(rig, cases[i].kind, cases[i].ref, cases[i].amount);
    g_assert_cmpint(rig_total(rig), ==, 500 + cases[i].amount + cases[i].derived);
    put_elsewhere(rig, &cases[i]);
    assert_all(rig, &cases[i], 500 + cases[i].derived);
  }
}

static void
test_both(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    for (guint order = 0; order < 2; order++) {
      g_autoptr(Rig) rig = new_signed_in_rig();
      rig_earn(rig, cases[i].kind, cases[i].ref, cases[i].amount);
      if (order == 0)
        put_elsewhere(rig, &cases[i]);
      rig_post_elsewhere(rig, cases[i].kind, cases[i].ref, cases[i].amount);
      if (order == 1)
        put_elsewhere(rig, &cases[i]);
      assert_all(rig, &cases[i], 500 + cases[i].amount + cases[i].derived);
    }
  }
}

/* The machine is new: what the record holds already is not earned again by anything that is derived. */
static void
test_new_machine(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(Rig) rig = new_signed_in_rig();
    rig_earn(rig, cases[i].kind, cases[i].ref, cases[i].amount);
    rig_sync(rig);
    rig_restart(rig, TRUE);
    rig_sign_in(rig);
    rig_earn(rig, "note_added", "", 3);
    assert_all(rig, &cases[i], 503 + cases[i].amount + cases[i].derived);
  }
}

/* A deal has no set: its row alone decides. Closed on two devices it is one deal, and one first deal. */
static void
test_deal_and_its_badge(void)
{
  g_autoptr(Rig) rig = new_signed_in_rig();
  rig_earn(rig, "deal_closed", "d", 300);
  rig_post_elsewhere(rig, "deal_closed", "d", 300);
  rig_post_elsewhere(rig, "badge_earned", "first_blood.bronze", 250);
  rig_sync(rig);
  g_assert_cmpint(rig_record(rig)->closed_deals.value, ==, 1);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 500 + 300 + 250);
  g_assert_cmpint(rig_total(rig), ==, 500 + 300 + 250);
}

static void
test_bonus_of_an_exam(void)
{
  g_autoptr(Rig) rig = new_signed_in_rig();
  rig_earn(rig, "exam_passed", "senior_certification", 0);
  rig_earn(rig, "elite_exam_bonus", "senior_certification", 100);
  rig_post_elsewhere(rig, "exam_passed", "senior_certification", 0);
  rig_post_elsewhere(rig, "elite_exam_bonus", "senior_certification", 100);
  rig_sync(rig);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 600);
}

/* ---- awards whose cause comes from Twenty ---- */

/* Another program defeats the boss, closes the deals: the badges follow, once, on whichever machine sees it first. */
static void
test_cause_elsewhere(void)
{
  g_autoptr(Rig) rig = new_signed_in_rig();
  PrgRecord *record = rig_record(rig);
  prg_id_set_add(record->defeated_bosses, "redhawk");
  record->closed_deals = prg_number(5);
  rig->now += SECOND;
  rig_touch(rig);
  rig_sync(rig);
  rig_sync(rig);
  g_assert_true(prg_id_set_contains(rig_record(rig)->badges, "redhawk_slayer.gold"));
  g_assert_true(prg_id_set_contains(rig_record(rig)->badges, "first_blood.bronze"));
  g_assert_true(prg_id_set_contains(rig_record(rig)->badges, "closer.bronze"));
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 500 + 500 + 250 + 150);
  g_assert_true(prg_id_set_contains(prg_book_view(rig->book, TODAY)->titles, "RedHawk Conqueror"));
  rig_restart(rig, TRUE);
  rig_sign_in(rig);
  rig->now += 120 * SECOND;
  rig_sync(rig);
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 1400);
}

/* Other devices' rows count for this rep's badges. */
static void
test_rows_elsewhere(void)
{
  g_autoptr(Rig) rig = new_signed_in_rig();
  for (guint i = 0; i < 9; i++)
    rig_post_elsewhere(rig, "appointment_set", "", 100);
  rig_sync(rig);
  g_assert_false(prg_id_set_contains(rig_record(rig)->badges, "appointment_setter.bronze"));
  rig_earn(rig, "appointment_set", "", 100);
  rig_sync(rig);
  g_assert_true(prg_id_set_contains(rig_record(rig)->badges, "appointment_setter.bronze"));
  /* Two appointments within forty dials of one day earn one more badge. */
  g_assert_cmpint(rig_record(rig)->total_xp.value, ==, 500 + 10 * 100 + 100 + 100);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/once/here-alone", test_here_alone);
  g_test_add_func("/once/two-devices", test_two_devices);
  g_test_add_func("/once/another-program", test_another_program);
  g_test_add_func("/once/both", test_both);
  g_test_add_func("/once/new-machine", test_new_machine);
  g_test_add_func("/once/deal-and-its-badge", test_deal_and_its_badge);
  g_test_add_func("/once/bonus-of-an-exam", test_bonus_of_an_exam);
  g_test_add_func("/once/cause-elsewhere", test_cause_elsewhere);
  g_test_add_func("/once/rows-elsewhere", test_rows_elsewhere);
  return g_test_run();
}

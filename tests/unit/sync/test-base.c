/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-fold-log.h"
#include "sync-helpers.h"
#include <math.h>

/* ---- the fold log ---- */

static void
test_log_next(void)
{
  g_autofree char *first = prg_fold_log_next("", &(PrgFoldCounts){ 3, 2, 1 }, 100, 102);
  g_assert_cmpstr(first, ==, "v1 c=3 d=2 p=1 100>102");
  g_autofree char *second = prg_fold_log_next(first, &(PrgFoldCounts){ 3, 4, 5 }, 102, -7);
  g_assert_cmpstr(second, ==, "v1 c=3 d=4 p=5 100>102 102>-7");
  g_assert_cmpint(prg_fold_log_deals(second), ==, 4);
  g_assert_cmpint(prg_fold_log_promotions(second), ==, 5);
  g_assert_cmpuint(prg_fold_log_catalogue(second), ==, 3);
}

/* An older program's fold does not hide that a newer catalogue derived the fields before. */
static void
test_log_newest_catalogue(void)
{
  g_autofree char *newer = prg_fold_log_next("", &(PrgFoldCounts){ 9, 0, 0 }, 0, 1);
  g_autofree char *older = prg_fold_log_next(newer, &(PrgFoldCounts){ 2, 0, 0 }, 1, 2);
  g_assert_cmpuint(prg_fold_log_catalogue(older), ==, 9);
}

static void
test_log_length(void)
{
  g_autofree char *log = g_strdup("");
  for (int i = 0; i < 100; i++) {
    g_autofree char *old = log;
    log = prg_fold_log_next(old, &(PrgFoldCounts){ 1, 0, 0 }, i, i + 1);
  }
  g_autoptr(GArray) totals = g_array_new(FALSE, FALSE, sizeof(gint64));
  prg_fold_log_totals(log, G_MAXUINT, totals);
  g_assert_cmpuint(totals->len, >=, 2 * 8); /* at least the last eight folds */
  g_assert_cmpuint(strlen(log), <, 1000);
  g_assert_cmpint(g_array_index(totals, gint64, 0), ==, 100);
  g_assert_cmpint(g_array_index(totals, gint64, 1), ==, 99);
  g_array_set_size(totals, 0);
  prg_fold_log_totals(log, 4, totals);
  g_assert_cmpuint(totals->len, ==, 8);
}

static void
test_log_hostile(void)
{
  static const char *const texts[] = {
    "null",
    "v1",
    "v1 c= d= p=",
    "v1 c=-1 d=-1 p=-1",
    "v1 c=99999999999999999999 d=99999999999999999999 p=99999999999999999999",
    "v1 c=1x d=1x p=1x",
    ">",
    "1>",
    ">1",
    "1>2>3",
    "0x10>0x20",
    "1.5>2",
    "99999999999999999999>1",
    "\xff\xfe 1\t2",
    "\n\n\n",
    "{\"json\":[1,2]}",
    "%s%n%d>%n",
  };
  for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(GArray) totals = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autofree char *shown = g_strescape(texts[i], NULL);
    g_test_message("text: %s", shown);
    g_assert_cmpint(prg_fold_log_deals(texts[i]), ==, -1);
    g_assert_cmpint(prg_fold_log_promotions(texts[i]), ==, -1);
    g_assert_cmpuint(prg_fold_log_catalogue(texts[i]), ==, 0);
    prg_fold_log_totals(texts[i], G_MAXUINT, totals);
    g_assert_cmpuint(totals->len, ==, 0);
    g_autofree char *next = prg_fold_log_next(texts[i], &(PrgFoldCounts){ 1, 0, 0 }, 5, 6);
    g_assert_cmpstr(next, ==, "v1 c=1 d=0 p=0 5>6");
  }
}

/* Whatever somebody put there, the next log is short and clean. */
static void
test_log_long(void)
{
  g_autofree char *noise = g_strnfill(10 * 1024, '7');
  g_autoptr(GString) entries = g_string_new("v1 c=5 d=6");
  while (entries->len < 10 * 1024)
    g_string_append(entries, " 1>2");
  const char *const texts[] = { noise, entries->str };
  for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autofree char *next = prg_fold_log_next(texts[i], &(PrgFoldCounts){ 1, 0, 0 }, 5, 6);
    g_assert_cmpuint(strlen(next), <, 200);
    g_assert_true(g_str_has_suffix(next, " 5>6"));
  }
}

static void
test_log_random(void)
{
  static const char alphabet[] = "0123456789>-= cdpv.x\t";
  for (guint i = 0; i < 20000; i++) {
    char text[64];
    guint length = (guint)g_test_rand_int_range(0, sizeof text);
    for (guint k = 0; k < length; k++)
      text[k] = alphabet[g_test_rand_int_range(0, sizeof alphabet - 1)];
    text[length < sizeof text ? length : length - 1] = '\0';
    g_autofree char *next = prg_fold_log_next(text, &(PrgFoldCounts){ 2, 3, 4 }, 5, 6);
    g_assert_cmpint(prg_fold_log_deals(next), ==, 3);
    g_assert_cmpint(prg_fold_log_promotions(next), ==, 4);
    g_assert_cmpuint(prg_fold_log_catalogue(next), >=, 2);
    g_autofree char *again = prg_fold_log_next(next, &(PrgFoldCounts){ 2, 3, 0 }, 6, 7);
    g_assert_true(g_str_has_suffix(again, " 5>6 6>7"));
  }
}

/* ---- the base ---- */

static void
fill_sets(PrgRecord *record)
{
  prg_id_set_add(record->badges, "closer.gold");
  prg_id_set_add(record->badges, "closer.silver");
  prg_id_set_add(record->completed_modules, "module_0");
  prg_id_set_add(record->certifications, "c \"quoted\" \\ and ünïcode");
  prg_id_set_add(record->defeated_bosses, "redhawk");
  prg_id_set_add(record->passed_exams, "operative_certification");
}

static PrgRecord *
full_record(void)
{
  PrgRecord *record = prg_record_new();
  prg_record_set(&record->id, RECORD);
  prg_record_set(&record->name, "Ada \"Rep\" Ünal\n");
  prg_record_set(&record->workspace_member_id, MEMBER);
  prg_record_set(&record->current_rank, "E-4");
  prg_record_set(&record->efficiency_metrics, "{\"show_rate\":0.5}");
  prg_record_set(&record->fold_token, "token");
  prg_record_set(&record->fold_log, "v1 c=1 d=2 1>2");
  prg_record_set(&record->updated_by, PERSON);
  record->total_xp = (PrgNumber){ TRUE, 1234, 1234.75 };
  record->current_level = prg_number(5);
  record->closed_deals = prg_number(7);
  record->streak_days = prg_number(0);
  record->ledger_xp = (PrgNumber){ TRUE, -3, -2.5 };
  record->ledger_count = prg_number(G_GINT64_CONSTANT(1) << 53);
  record->external_xp = prg_number(-100);
  fill_sets(record);
  record->last_activity = NOW;
  record->created_at = NOW - 1;
  record->updated_at = NOW + 1;
  return record;
}

static GArray *
some_groups(void)
{
  GArray *groups = g_array_new(FALSE, TRUE, sizeof(PrgGroup));
  const PrgGroup rows[] = { { g_intern_string(DEVICE), g_intern_string("dial_made"), 5, 10 },
                            { g_intern_string(""), g_intern_string("deal_closed"), 2, 600 },
                            { g_intern_string(OTHER_DEVICE), g_intern_string("dial_made"), 1, 2 },
                            { g_intern_string(DEVICE), g_intern_string("correction"), 1, -20 } };
  g_array_append_vals(groups, rows, G_N_ELEMENTS(rows));
  return groups;
}

static void
assert_number(PrgNumber a, PrgNumber b)
{
  g_assert_cmpint(a.known, ==, b.known);
  g_assert_cmpint(a.value, ==, b.value);
  g_assert_true(a.raw == b.raw);
}

static void
assert_numbers(const PrgRecord *a, const PrgRecord *b)
{
  assert_number(a->total_xp, b->total_xp);
  assert_number(a->current_level, b->current_level);
  assert_number(a->closed_deals, b->closed_deals);
  assert_number(a->streak_days, b->streak_days);
  assert_number(a->ledger_xp, b->ledger_xp);
  assert_number(a->ledger_count, b->ledger_count);
  assert_number(a->external_xp, b->external_xp);
  assert_number(a->external_deals, b->external_deals);
  g_assert_cmpint(a->last_activity, ==, b->last_activity);
  g_assert_cmpint(a->created_at, ==, b->created_at);
  g_assert_cmpint(a->updated_at, ==, b->updated_at);
}

static void
assert_texts(const PrgRecord *a, const PrgRecord *b)
{
  g_assert_cmpstr(a->id, ==, b->id);
  g_assert_cmpstr(a->name, ==, b->name);
  g_assert_cmpstr(a->workspace_member_id, ==, b->workspace_member_id);
  g_assert_cmpstr(a->current_rank, ==, b->current_rank);
  g_assert_cmpstr(a->efficiency_metrics, ==, b->efficiency_metrics);
  g_assert_cmpstr(a->fold_token, ==, b->fold_token);
  g_assert_cmpstr(a->fold_log, ==, b->fold_log);
  g_assert_cmpstr(a->updated_by, ==, b->updated_by);
  g_assert_true(prg_id_set_equal(a->badges, b->badges));
  g_assert_true(prg_id_set_equal(a->completed_modules, b->completed_modules));
  g_assert_true(prg_id_set_equal(a->certifications, b->certifications));
  g_assert_true(prg_id_set_equal(a->defeated_bosses, b->defeated_bosses));
  g_assert_true(prg_id_set_equal(a->passed_exams, b->passed_exams));
}

static void
test_base_round_trip(void)
{
  g_autoptr(PrgRecord) record = full_record();
  g_autoptr(GArray) groups = some_groups();
  g_autoptr(PrgBase) base = prg_base_new(record, groups, 42);
  g_autofree char *text = prg_base_to_json(base);
  g_autoptr(PrgBase) back = prg_base_from_json(text);
  g_assert_true(back->known);
  assert_numbers(record, back->record);
  assert_texts(record, back->record);
  g_assert_cmpint(back->older, ==, 42);
  g_assert_cmpint(back->ledger_count, ==, 9);
  g_assert_cmpint(back->ledger_sum, ==, 592);
  g_assert_cmpint(prg_base_count_of(back, "dial_made"), ==, 6);
  g_assert_cmpint(prg_base_count_of(back, "deal_closed"), ==, 2);
  g_assert_cmpint(prg_base_count_of(back, "nothing"), ==, 0);
  g_autofree char *again = prg_base_to_json(back);
  g_assert_cmpstr(again, ==, text);
}

/* What the machine takes over at once is what a restart reads, whatever Twenty held. */
static void
test_base_settled(void)
{
  static const double raws[] = { 0, 17, -3.5, 1e300, -1e300, 9007199254740992.0, 2.25 };
  for (gsize i = 0; i < G_N_ELEMENTS(raws); i++) {
    g_autoptr(PrgRecord) record = full_record();
    g_autoptr(GArray) groups = some_groups();
    record->total_xp = (PrgNumber){ TRUE, (gint64)CLAMP(floor(raws[i]), -0x1p53, 0x1p53), raws[i] };
    record->ledger_xp = (PrgNumber){ 0 };
    g_ptr_array_add(record->faults, g_strdup("badges: not a JSON array"));
    g_autoptr(PrgBase) read = prg_base_new(record, groups, 42);
    g_autoptr(PrgBase) settled = prg_base_settled(read);
    g_autofree char *text = prg_base_to_json(settled);
    g_autoptr(PrgBase) back = prg_base_from_json(text);
    g_assert_true(prg_base_equal(settled, back));
    g_assert_cmpint(settled->record->total_xp.value, ==, back->record->total_xp.value);
    g_assert_cmpuint(settled->record->faults->len, ==, 0);
    prg_record_set(&back->record->fold_token, "another");
    g_assert_false(prg_base_equal(settled, back));
  }
}

/* A damaged cache is no reason to fail: nothing is known, or only what could be read. */
static void
test_base_damaged(void)
{
  static const char *const texts[] = {
    NULL, "", "null", "[]", "{", "{}", "{\"record\":null}", "{\"record\":[]}", "17"
  };
  for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(PrgBase) base = prg_base_from_json(texts[i]);
    g_assert_false(base->known);
    g_assert_cmpint(base->ledger_count, ==, 0);
  }
  g_autoptr(PrgBase) odd = prg_base_from_json("{\"record\":{\"id\":7,\"totalXp\":\"x\",\"ledgerXp\":[],"
                                              "\"badges\":{},\"passedExams\":[1,null,\"e\",[]],"
                                              "\"updatedAt\":\"now\"},\"groups\":[1,[],[1,2,3,4],[\"d\","
                                              "\"k\",2,6],[\"d\",\"k\",{},[]],null],\"older\":\"x\"}");
  g_assert_true(odd->known);
  g_assert_cmpstr(odd->record->id, ==, "");
  g_assert_false(odd->record->ledger_xp.known);
  g_assert_false(odd->record->total_xp.known);
  g_assert_cmpuint(prg_id_set_size(odd->record->passed_exams), ==, 1);
  g_assert_cmpint(prg_base_count_of(odd, "k"), ==, 2);
  g_assert_cmpint(odd->ledger_sum, ==, 6);
  g_assert_cmpint(odd->older, ==, 0);
}

/* Cut anywhere, or with any byte turned: no crash, no warning. */
static void
test_base_cut(void)
{
  g_autoptr(PrgRecord) record = full_record();
  g_autoptr(GArray) groups = some_groups();
  g_autoptr(PrgBase) base = prg_base_new(record, groups, 42);
  g_autofree char *text = prg_base_to_json(base);
  gsize length = strlen(text);
  for (gsize i = 0; i < length; i++) {
    g_autofree char *cut = g_strndup(text, i);
    g_autoptr(PrgBase) left = prg_base_from_json(cut);
    g_assert_false(left->known);
  }
  for (guint i = 0; i < 2000; i++) {
    g_autofree char *turned = g_strdup(text);
    turned[g_test_rand_int_range(0, (gint)length)] = (char)g_test_rand_int_range(1, 127);
    g_autoptr(PrgBase) left = prg_base_from_json(turned);
    g_autofree char *again = prg_base_to_json(left);
    g_assert_nonnull(again);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/fold-log/next", test_log_next);
  g_test_add_func("/fold-log/newest-catalogue", test_log_newest_catalogue);
  g_test_add_func("/fold-log/length", test_log_length);
  g_test_add_func("/fold-log/hostile", test_log_hostile);
  g_test_add_func("/fold-log/long", test_log_long);
  g_test_add_func("/fold-log/random", test_log_random);
  g_test_add_func("/base/round-trip", test_base_round_trip);
  g_test_add_func("/base/settled", test_base_settled);
  g_test_add_func("/base/damaged", test_base_damaged);
  g_test_add_func("/base/cut", test_base_cut);
  return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-attribution.h"
#include "prg-fold-log.h"
#include "sync-helpers.h"

/*
 * What other programs' writes mean. The sizes of their awards are those of the domain: modules 50, 75, 100, 300;
 * battles of level 1 to 5: won 100 or 150 a level, lost 30 a level, abandoned 10. So 7, 13, 17, 33 and 45 are none.
 *
 * A script tells the timeline, oldest first: F a fold, K a write with a key, O one of the rep, signed in, P one of
 * another person, C the record's creation; then the totals before and after, then a module added, or with a minus removed.
 */
typedef struct {
  const char *name;
  gint64 external; /* as the last fold left it */
  const char *script;
  const char *fold_log;
  const char *updated_by;
  guint missing;   /* rows at the end that the timeline does not tell yet */
  gboolean absent; /* no timeline can be had */
  gboolean silent; /* the record was written once more, and its total stayed */
  gint64 expected, restored, refused;
  gboolean flagged, quiet; /* quiet: nothing is written into the audit */
} Case;

static const Case cases[] = {
  { .name = "nothing happened", .external = 1000, .script = "F 1000>1007", .expected = 1000, .quiet = TRUE },
  { .name = "award",
    .external = 1000,
    .script = "F 1000>1007, K 1007>1057",
    .expected = 1050,
    .quiet = TRUE },
  { .name = "award of the rep, signed in",
    .external = 1000,
    .script = "F 1000>1007, O 1007>1057",
    .expected = 1050,
    .quiet = TRUE },
  { .name = "two awards; between them a write may have left the total as it stood",
    .external = 1000,
    .script = "F 1000>1007, K 1007>1057, K 1057>1357",
    .expected = 1350,
    .flagged = TRUE },
  { .name = "award on a total from before the fold",
    .external = 1000,
    .script = "F 1000>1017, K 1017>1050",
    .expected = 1050,
    .restored = 17 },
  { .name = "likewise, and the total falls",
    .external = 1000,
    .script = "F 1000>1017, F 1017>1080, K 1080>1060",
    .expected = 1060,
    .restored = 80 },
  { .name = "three folds slept through",
    .external = 1000,
    .script = "F 1000>1007, F 1007>1024, F 1024>1055, K 1055>1100",
    .expected = 1100,
    .restored = 55 },
  { .name = "the fold log reaches further back than the timeline",
    .external = 1000,
    .script = "F 1017>1025, K 1025>1050",
    .fold_log = "v1 c=1 d=0 1000>1017 1017>1025",
    .expected = 1050,
    .restored = 25 },
  { .name = "five folds are too many",
    .external = 1000,
    .script = "F 1000>1007, F 1007>1014, F 1014>1021, F 1021>1028, F 1028>1035, K 1035>1150",
    .expected = 1115,
    .flagged = TRUE },
  { .name = "ambiguous: the least is restored",
    .external = 1000,
    .script = "F 1000>1010, F 1010>1023, K 1023>1060",
    .expected = 1050,
    .restored = 13,
    .flagged = TRUE },
  { .name = "an award that may have erased",
    .external = 1000,
    .script = "F 1000>1010, K 1010>1060",
    .expected = 1050,
    .flagged = TRUE },
  { .name = "up, but no award",
    .external = 1000,
    .script = "F 1000>1007, K 1007>1040",
    .expected = 1033,
    .flagged = TRUE },
  { .name = "a key lowers the total",
    .external = 1000,
    .script = "F 1000>1007, K 1007>990",
    .expected = 1000,
    .restored = 17,
    .flagged = TRUE },
  { .name = "the rep lowers the total by hand",
    .external = 1000,
    .script = "F 1000>1007, O 1007>990",
    .expected = 983,
    .flagged = TRUE },
  { .name = "a person adds", .external = 1000, .script = "F 1000>1007, P 1007>1107", .expected = 1100 },
  { .name = "a person takes away", .external = 1000, .script = "F 1000>1007, P 1007>907", .expected = 900 },
  { .name = "a person after an erasing award",
    .external = 1000,
    .script = "F 1000>1017, K 1017>1050, P 1050>1000",
    .expected = 1000,
    .restored = 17 },
  { .name = "module that the ledger paid",
    .external = 1000,
    .script = "F 1000>1057, K 1057>1107 module_0",
    .expected = 1000,
    .refused = 50 },
  { .name = "likewise, with a battle won",
    .external = 1000,
    .script = "F 1000>1057, K 1057>1207 module_0",
    .expected = 1100,
    .refused = 50 },
  { .name = "likewise, and it erased the fold",
    .external = 1000,
    .script = "F 1000>1057, K 1057>1050 module_0",
    .expected = 1000,
    .restored = 57,
    .refused = 50 },
  { .name = "module that the ledger holds without XP",
    .external = 1000,
    .script = "F 1000>1007, K 1007>1057 module_1",
    .expected = 1050,
    .quiet = TRUE },
  { .name = "module that only they know",
    .external = 1000,
    .script = "F 1000>1007, K 1007>1082 module_4",
    .expected = 1075,
    .quiet = TRUE },
  { .name = "module without its XP in the award",
    .external = 1000,
    .script = "F 1000>1057, K 1057>1087 module_0",
    .expected = 1030,
    .quiet = TRUE },
  { .name = "creation", .external = 0, .script = "C 0>0, K 0>50", .expected = 50, .quiet = TRUE },
  { .name = "the fold is not told yet, up",
    .external = 1000,
    .script = "K 900>1000, F 1000>1007, K 1007>1057",
    .missing = 2,
    .expected = 1050,
    .flagged = TRUE },
  { .name = "the write is not told yet, down by a key",
    .external = 1000,
    .script = "F 1000>1007, K 1007>990",
    .missing = 1,
    .expected = 1000,
    .restored = 17,
    .flagged = TRUE },
  { .name = "no timeline, down by a person",
    .external = 1000,
    .script = "F 1000>1007, P 1007>990",
    .updated_by = PERSON,
    .absent = TRUE,
    .expected = 983,
    .flagged = TRUE },
  { .name = "no timeline, up",
    .external = 1000,
    .script = "F 1000>1007, K 1007>1057",
    .absent = TRUE,
    .expected = 1050,
    .flagged = TRUE },
  { .name = "no timeline, nothing happened",
    .external = 1000,
    .script = "F 1000>1007",
    .absent = TRUE,
    .expected = 1000,
    .quiet = TRUE },
  { .name = "rows of one member merged, up",
    .external = 1000,
    .script = "F 1000>1007, O 1000>1107",
    .updated_by = MEMBER,
    .expected = 1100,
    .flagged = TRUE },
  { .name = "rows of one member merged, down",
    .external = 1000,
    .script = "F 1000>1107, O 1000>1050",
    .updated_by = MEMBER,
    .expected = 1000,
    .restored = 57,
    .flagged = TRUE },
  { .name = "exactly the same total, of an award's size above an earlier one",
    .external = 1000,
    .script = "F 1000>1010",
    .silent = TRUE,
    .expected = 1000,
    .flagged = TRUE },
  { .name = "exactly the same total, and a module besides",
    .external = 1000,
    .script = "F 1000>1050, K 1050>1050 module_2",
    .expected = 1000,
    .flagged = TRUE },
  { .name = "a module without XP, and no total explains an award",
    .external = 1000,
    .script = "F 1000>1007, K 1007>1007 module_2",
    .expected = 1000,
    .quiet = TRUE },
  { .name = "a person adds a module",
    .external = 1000,
    .script = "F 1000>1050, P 1050>1050 module_2",
    .expected = 1000,
    .quiet = TRUE },
  { .name = "another field written",
    .external = 1000,
    .script = "F 1000>1007",
    .silent = TRUE,
    .expected = 1000,
    .quiet = TRUE },
  { .name = "a second blind writer puts back what the first erased",
    .external = 100,
    .script = "F 100>140, K 140>110, K 110>190",
    .expected = 160,
    .restored = 10,
    .flagged = TRUE },
  { .name = "after a loss a write of unknown size may have put it back",
    .external = 100,
    .script = "F 100>140, K 140>110, K 110>157",
    .expected = 117,
    .flagged = TRUE },
};

static void
add_row(GPtrArray *timeline, char kind, gint64 before, gint64 after, const char *module)
{
  PrgTimelineRow *row = g_new0(PrgTimelineRow, 1);
  row->at = NOW + (gint64)timeline->len * G_USEC_PER_SEC;
  row->total_before = before;
  row->total_after = after;
  row->has_total = before != after;
  row->is_fold = kind == 'F' || kind == 'C';
  row->token_after = kind == 'F' ? g_strdup_printf("token-%u", timeline->len) : g_strdup("");
  row->member = g_strdup(kind == 'P' ? PERSON : kind == 'O' ? MEMBER : "");
  row->modules_added = prg_id_set_new();
  row->modules_removed = prg_id_set_new();
  if (module && *module == '-')
    prg_id_set_add(row->modules_removed, module + 1);
  else if (module && *module)
    prg_id_set_add(row->modules_added, module);
  g_ptr_array_add(timeline, row);
}

static GPtrArray *
parse_script(const char *script)
{
  GPtrArray *timeline = g_ptr_array_new_with_free_func((GDestroyNotify)prg_timeline_row_free);
  g_auto(GStrv) rows = g_strsplit(script, ", ", -1);
  for (guint i = 0; rows[i]; i++) {
    char kind, module[20] = "";
    long long before, after;
    g_assert_cmpint(sscanf(rows[i], "%c %lld>%lld %19s", &kind, &before, &after, module), >=, 3);
    add_row(timeline, kind, before, after, module);
  }
  return timeline;
}

/* The record as all these rows left it. */
static PrgRecord *
record_after(GPtrArray *timeline, gint64 external)
{
  PrgRecord *record = prg_record_new();
  record->external_xp = prg_number(external);
  for (guint i = 0; i < timeline->len; i++) {
    const PrgTimelineRow *row = g_ptr_array_index(timeline, i);
    record->total_xp = prg_number(row->total_after);
    record->updated_at = row->at;
    if (!row->is_fold)
      continue;
    record->ledger_xp = prg_number(row->total_after - external);
    prg_record_set(&record->fold_token, *row->token_after ? row->token_after : "token-of-creation");
  }
  return record;
}

/* A book whose ledger paid module_0, and holds module_1 without XP. */
static PrgBook *
make_book(PrgRules *rules)
{
  PrgSnapshot *snapshot = prg_snapshot_new();
  add_entry(snapshot, with_created_at(make_once("module_passed", "module_0", 50, DEVICE), NOW),
            PRG_OPERATION_FOLDED, TRUE);
  add_entry(snapshot, with_created_at(make_once("module_passed", "module_1", 0, DEVICE), NOW),
            PRG_OPERATION_FOLDED, TRUE);
  return prg_book_new(rules, MEMBER, DEVICE, snapshot);
}

static void
test_case(gconstpointer data)
{
  const Case *test = data;
  g_autoptr(PrgRules) rules = prg_rules_new_builtin();
  g_autoptr(PrgBook) book = make_book(rules);
  g_autoptr(GPtrArray) timeline = parse_script(test->script);
  g_autoptr(PrgRecord) record = record_after(timeline, test->external);
  g_auto(PrgJudgement) judgement = { 0 };
  prg_record_set(&record->fold_log, test->fold_log);
  prg_record_set(&record->updated_by, test->updated_by);
  if (test->silent)
    record->updated_at += G_USEC_PER_SEC;
  g_ptr_array_set_size(timeline, (gint)(timeline->len - test->missing));
  prg_attribution_judge(book, record, test->absent ? NULL : timeline, &judgement);
  g_test_message("reason: %s", judgement.reason ? judgement.reason : "none");
  g_assert_cmpint(judgement.external, ==, test->expected);
  g_assert_cmpint(judgement.restored, ==, test->restored);
  g_assert_cmpint(judgement.refused, ==, test->refused);
  g_assert_cmpint(judgement.flagged, ==, test->flagged);
  g_assert_cmpint(judgement.reason == NULL, ==, test->quiet);
}

/* Modules that one program gave and another overwrote are told, those from before the fold are not, and a person has the last word. */
static void
test_modules(void)
{
  static const struct {
    const char *script, *expected; /* NULL: what stands in the record counts */
  } scripts[] = {
    { "F 1000>1007, K 1007>1082 module_4, K 1082>1057 module_0, K 1057>1057 module_5",
      "module_4 module_0 module_5" },
    { "K 900>1000 module_3, F 1000>1007, O 1007>1057 module_2", "module_2" },
    { "F 1000>1007, K 1007>1057 -module_3, O 1057>1107 module_0", "module_3 module_0" },
    { "F 1000>1007, K 1007>1082 module_4, P 1082>1007", NULL },
    { "F 1000>1007, P 1007>1007 -module_3", NULL },
  };
  g_autoptr(PrgRules) rules = prg_rules_new_builtin();
  g_autoptr(PrgBook) book = make_book(rules);
  for (gsize i = 0; i < G_N_ELEMENTS(scripts); i++) {
    g_autoptr(GPtrArray) timeline = parse_script(scripts[i].script);
    g_autoptr(PrgRecord) record = record_after(timeline, 1000);
    g_autoptr(GString) found = g_string_new(NULL);
    g_auto(PrgJudgement) judgement = { 0 };
    prg_attribution_judge(book, record, timeline, &judgement);
    g_assert_cmpint(judgement.modules == NULL, ==, scripts[i].expected == NULL);
    for (guint k = 0; judgement.modules && k < prg_id_set_size(judgement.modules); k++)
      g_string_append_printf(found, "%s%s", k ? " " : "", prg_id_set_get(judgement.modules, k));
    if (scripts[i].expected)
      g_assert_cmpstr(found->str, ==, scripts[i].expected);
  }
}

/* Rows of one millisecond come in any order. */
static void
test_order(void)
{
  static const char *const told[] = {
    "F 1000>1007, K 1007>1082, K 1082>1057, K 1057>1107",
    "F 1000>1007, K 1082>1057, K 1057>1107, K 1007>1082",
    "F 1000>1007, K 1057>1107, K 1007>1082, K 1082>1057",
  };
  for (gsize i = 0; i < G_N_ELEMENTS(told); i++) {
    g_autoptr(GPtrArray) timeline = parse_script(told[i]);
    for (guint k = 1; k < timeline->len; k++)
      ((PrgTimelineRow *)g_ptr_array_index(timeline, k))->at = NOW + G_USEC_PER_SEC;
    prg_timeline_order(timeline);
    gint64 total = 1000;
    for (guint k = 0; k < timeline->len; k++) {
      const PrgTimelineRow *row = g_ptr_array_index(timeline, k);
      g_assert_cmpint(row->total_before, ==, total);
      total = row->total_after;
    }
    g_assert_cmpint(total, ==, 1107);
  }
  /* Those of different instants stay as they are told. */
  g_autoptr(GPtrArray) timeline = parse_script("F 1000>1007, K 1082>1057, K 1007>1082");
  prg_timeline_order(timeline);
  g_assert_cmpint(((PrgTimelineRow *)g_ptr_array_index(timeline, 1))->total_before, ==, 1082);
}

/* ---- random histories ---- */

#define WRITERS 3
#define MAX_STEPS 40

typedef struct {
  gint64 base, award;
  guint asleep; /* steps, 0 = there is none */
} Writer;

typedef struct {
  PrgBook *book;
  GPtrArray *timeline;
  gint64 total, external, ledger;
  char *fold_log;
  char *token; /* (owned) */
  gint64 truth;
  Writer writers[WRITERS];
  gboolean only_at_once;
} History;

static const gint64 awards[] = { 10, 30, 50, 60, 75, 90, 100, 120, 150, 200, 300, 450 };

static void
write_total(History *self, gint64 total)
{
  if (total != self->total)
    add_row(self->timeline, 'K', self->total, total, NULL);
  self->total = total;
}

static gint64
some_award(void)
{
  return awards[g_test_rand_int_range(0, G_N_ELEMENTS(awards))];
}

static void
run_writer(History *self, Writer *writer)
{
  if (writer->asleep == 0) {
    *writer =
        (Writer){ self->total, some_award(), (guint)g_test_rand_int_range(1, self->only_at_once ? 2 : 9) };
  } else if (--writer->asleep == 0) {
    self->truth += writer->award;
    write_total(self, (self->only_at_once ? self->total : writer->base) + writer->award);
  }
}

/* What the server tells: all, or not yet the newest. */
static GPtrArray *
told_timeline(History *self)
{
  guint length = self->timeline->len;
  GPtrArray *told = g_ptr_array_new();
  if (!self->only_at_once && g_test_rand_int_range(0, 10) == 0)
    length -= MIN(length, 2);
  for (guint i = 0; i < length; i++)
    g_ptr_array_add(told, g_ptr_array_index(self->timeline, i));
  return told;
}

static void
fold(History *self)
{
  g_autoptr(PrgRecord) record = prg_record_new();
  g_autoptr(GPtrArray) told = told_timeline(self);
  g_auto(PrgJudgement) judgement = { 0 };
  gboolean absent = !self->only_at_once && g_test_rand_int_range(0, 15) == 0;
  record->total_xp = prg_number(self->total);
  record->external_xp = prg_number(self->external);
  record->ledger_xp = prg_number(self->ledger);
  record->updated_at = NOW + (gint64)self->timeline->len * G_USEC_PER_SEC;
  prg_record_set(&record->fold_token, self->token);
  prg_record_set(&record->fold_log, self->fold_log);
  prg_attribution_judge(self->book, record, absent ? NULL : told, &judgement);
  g_assert_cmpint(judgement.external, <=, self->truth);
  if (self->only_at_once)
    g_assert_cmpint(judgement.external, ==, self->truth);
  gint64 before = self->total;
  self->external = judgement.external;
  self->ledger += g_test_rand_int_range(0, 60);
  self->total = self->external + self->ledger;
  g_autofree char *old_log = self->fold_log;
  self->fold_log = prg_fold_log_next(old_log, &(PrgFoldCounts){ 1, 0, 0 }, before, self->total);
  add_row(self->timeline, 'F', before, self->total, NULL);
  g_free(self->token);
  self->token = g_strdup(((PrgTimelineRow *)self->timeline->pdata[self->timeline->len - 1])->token_after);
}

static void
run_history(PrgBook *book, gboolean only_at_once)
{
  History history = { .book = book,
                      .timeline = g_ptr_array_new_with_free_func((GDestroyNotify)prg_timeline_row_free),
                      .fold_log = g_strdup(""),
                      .token = g_strdup("token-of-creation"),
                      .only_at_once = only_at_once };
  add_row(history.timeline, 'C', 0, 0, NULL);
  guint steps = (guint)g_test_rand_int_range(5, MAX_STEPS);
  for (guint i = 0; i < steps; i++) {
    guint who = (guint)g_test_rand_int_range(0, WRITERS + 1);
    if (who < WRITERS)
      run_writer(&history, &history.writers[who]);
    else
      fold(&history);
  }
  fold(&history);
  g_ptr_array_unref(history.timeline);
  g_free(history.fold_log);
  g_free(history.token);
}

/* Three blind writers at a time, who sleep as long as they like, a timeline that may be late or absent: what is
 * made of it is never more than was given. */
static void
test_never_above(void)
{
  g_autoptr(PrgRules) rules = prg_rules_new_builtin();
  g_autoptr(PrgBook) book = make_book(rules);
  for (guint i = 0; i < 20000; i++)
    run_history(book, FALSE);
}

/* Nobody sleeps and the timeline tells all: not one XP is missing. */
static void
test_exact_at_once(void)
{
  g_autoptr(PrgRules) rules = prg_rules_new_builtin();
  g_autoptr(PrgBook) book = make_book(rules);
  for (guint i = 0; i < 3000; i++)
    run_history(book, TRUE);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *path = g_strdup_printf("/attribution/%s", cases[i].name);
    g_test_add_data_func(path, &cases[i], test_case);
  }
  g_test_add_func("/attribution/modules", test_modules);
  g_test_add_func("/attribution/order", test_order);
  g_test_add_func("/attribution/never-above-the-truth", test_never_above);
  g_test_add_func("/attribution/exact-when-nobody-sleeps", test_exact_at_once);
  return g_test_run();
}

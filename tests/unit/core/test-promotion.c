/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "earn-helpers.h"

/* Promote, and what its rows do to the rank. */

static GPtrArray *
promote(const PrgView *view, GError **error)
{
  PrgEarnRequest request = plain;

  return prg_earn_promotion(view, rules, &moment, &request, error);
}

/* A rep with all that E-2 asks for. */
static PrgView *
new_eligible_view(const char *rank)
{
  PrgView *view = view_with(250, "");

  view->record->closed_deals = prg_number(2);
  prg_id_set_add(view->record->badges, "opener_elite.bronze");
  prg_id_set_add(view->record->completed_modules, "module_0");
  prg_id_set_add(view->record->completed_modules, "module_1");
  prg_record_set(&view->record->current_rank, rank);
  prg_view_finish(view, rules, TODAY);
  return view;
}

static void
test_row(void)
{
  static const char *const ranks[] = { "E-1", "" };

  for (guint i = 0; i < G_N_ELEMENTS(ranks); i++) {
    g_autoptr(PrgView) view = new_eligible_view(ranks[i]);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) rows = promote(view, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(rows->len, ==, 1);
    g_assert_cmpstr(row(rows, 0)->kind, ==, "promoted");
    g_assert_cmpstr(row(rows, 0)->ref, ==, "E-2");
    g_assert_cmpstr(row(rows, 0)->details, ==, "{\"from\":\"E-1\"}");
    g_assert_cmpstr(row(rows, 0)->id, ==, FRESH_ID);
    g_assert_cmpint(row(rows, 0)->amount, ==, 0);
    prg_apply(view, rules, row(rows, 0), PRG_APPLY_NEW);
    prg_view_finish(view, rules, TODAY);
    g_assert_cmpstr(view->record->current_rank, ==, "E-2");
    g_assert_cmpint(view->record->total_xp.value, ==, 250);
  }
}

static void
test_not_eligible(void)
{
  g_autoptr(PrgView) view = new_eligible_view("E-1");
  g_autoptr(PrgView) above = new_eligible_view("E-2");
  g_autoptr(PrgView) top = new_eligible_view("E-7");
  g_autoptr(GError) error = NULL, above_error = NULL, top_error = NULL;

  view->record->closed_deals = prg_number(1);
  view->record->total_xp = prg_number(249);
  g_assert_null(promote(view, &error));
  g_assert_error(error, PRG_ERROR, PRG_ERROR_NOT_ELIGIBLE);
  g_assert_cmpstr(error->message, ==, "E-2 still needs level 3 (now 2), deals 2 (now 1)");
  /* One rank at a time: E-3 asks for more. */
  g_assert_null(promote(above, &above_error));
  g_assert_error(above_error, PRG_ERROR, PRG_ERROR_NOT_ELIGIBLE);
  g_assert_null(promote(top, &top_error));
  g_assert_error(top_error, PRG_ERROR, PRG_ERROR_NOT_ELIGIBLE);
  g_assert_cmpstr(top_error->message, ==, "E-7 is the highest rank");
}

/* ---- what the rows do ---- */

typedef struct {
  const char *to, *from;
  gint64 created_at; /* 0 = not in the ledger */
  gboolean is_counted;
} Row;

static void
apply_promoted(PrgView *view, const Row *promoted)
{
  g_autofree char *details =
      promoted->from != NULL ? g_strdup_printf("{\"from\":\"%s\"}", promoted->from) : g_strdup("{}");
  const PrgOperation fields = { .kind = "promoted",
                                .ref = promoted->to,
                                .details = details,
                                .occurred_at = NOW,
                                .created_at = promoted->created_at };
  g_autoptr(PrgOperation) operation = prg_operation_new(&fields);

  prg_apply(view, rules, operation, promoted->is_counted ? PRG_APPLY_COUNTED : PRG_APPLY_NEW);
}

typedef struct {
  const char *rank;              /* of the record */
  gint64 n_promotions, n_folded; /* rows that the ledger holds, and that folds have carried */
  Row rows[4];
  const char *expected;
} RankCase;

static const RankCase rank_cases[] = {
  /* compare-and-set: only from where it started */
  { "E-1", 0, 0, { { "E-2", "E-1", 0, FALSE } }, "E-2" },
  { "", 0, 0, { { "E-2", "E-1", 0, FALSE } }, "E-2" },
  { "E-2", 0, 0, { { "E-2", "E-1", 0, FALSE } }, "E-2" },
  { "E-4", 0, 0, { { "E-2", "E-1", 0, FALSE } }, "E-4" },
  { "E-1", 0, 0, { { "E-3", "E-2", 0, FALSE } }, "E-1" },
  /* two devices at once, and one after the other, in either order of arrival */
  { "E-1", 0, 0, { { "E-2", "E-1", 0, FALSE }, { "E-2", "E-1", 7, FALSE } }, "E-2" },
  { "E-1", 2, 0, { { "E-3", "E-2", 9, TRUE }, { "E-2", "E-1", 7, TRUE } }, "E-3" },
  { "E-1", 2, 0, { { "E-3", "E-2", 7, TRUE }, { "E-2", "E-1", 9, TRUE } }, "E-2" },
  /* another spelling */
  { "E-3", 0, 0, { { "operative", "sdr_3", 0, FALSE } }, "E-4" },
  /* what a fold has carried does not act again: a manager has demoted since */
  { "E-1", 1, 1, { { "E-2", "E-1", 7, TRUE } }, "E-1" },
  { "E-1", 2, 1, { { "E-2", "E-1", 7, TRUE }, { "E-3", "E-2", 9, TRUE } }, "E-1" },
  { "E-2", 2, 1, { { "E-2", "E-1", 7, TRUE }, { "E-3", "E-2", 9, TRUE } }, "E-3" },
  { "E-1", 2, 1, { { "E-2", "E-1", 7, TRUE }, { "E-2", "E-1", 9, TRUE } }, "E-2" },
  /* nobody knows what was folded: all of the ledger */
  { "E-1", 1, -1, { { "E-2", "E-1", 7, TRUE } }, "E-1" },
  { "E-1", 1, -1, { { "E-2", "E-1", 7, TRUE }, { "E-2", "E-1", 0, FALSE } }, "E-2" },
  /* own rows that are not in the ledger act on top of it */
  { "E-1", 1, 0, { { "E-2", "E-1", 7, TRUE }, { "E-3", "E-2", 0, FALSE } }, "E-3" },
  { "E-1", 1, 1, { { "E-2", "E-1", 7, TRUE }, { "E-2", "E-1", 0, FALSE } }, "E-2" },
  /* a machine that does not hold the older ones, all of them folded, or one of them not */
  { "E-3", 3, 2, { { "E-4", "E-3", 7, TRUE } }, "E-4" },
  { "E-3", 3, 3, { { "E-4", "E-3", 7, TRUE } }, "E-3" },
  { "E-3", 3, 1, { { "E-4", "E-3", 7, TRUE } }, "E-4" },
  /* a row that came after the count was read, or a count that fell */
  { "E-1", 1, 0, { { "E-2", "E-1", 7, TRUE }, { "E-3", "E-2", 9, TRUE } }, "E-3" },
  { "E-1", 1, 3, { { "E-2", "E-1", 7, TRUE } }, "E-1" },
  /* never down, and nothing that makes no sense; such a row is counted all the same */
  { "E-5", 0, 0, { { "E-2", "E-5", 0, FALSE } }, "E-5" },
  { "E-2", 0, 0, { { "E-2", "E-2", 0, FALSE } }, "E-2" },
  { "E-2", 0, 0, { { "E-9", "E-2", 0, FALSE } }, "E-2" },
  { "E-1", 0, 0, { { "E-2", NULL, 0, FALSE } }, "E-1" },
  { "E-1", 0, 0, { { "E-2", "boss", 0, FALSE } }, "E-1" },
  { "E-1", 2, 1, { { "E-2", NULL, 7, TRUE }, { "E-2", "E-1", 9, TRUE } }, "E-2" },
};

static void
assert_rank(const RankCase *test, gboolean backwards)
{
  g_autoptr(PrgView) view = prg_view_new();
  guint n_rows = 0;

  prg_record_set(&view->record->current_rank, test->rank);
  view->n_promotions = test->n_promotions;
  view->n_folded = test->n_folded;
  while (n_rows < G_N_ELEMENTS(test->rows) && test->rows[n_rows].to != NULL)
    n_rows++;
  for (guint i = 0; i < n_rows; i++) {
    apply_promoted(view, &test->rows[backwards ? n_rows - 1 - i : i]);
    prg_view_finish(view, rules, TODAY); /* as often as one likes */
  }
  g_assert_cmpstr(view->record->current_rank, ==, test->expected);
}

static void
test_ranks(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(rank_cases); i++) {
    g_test_message("case %u", i);
    assert_rank(&rank_cases[i], FALSE);
    assert_rank(&rank_cases[i], TRUE);
  }
}

/* Demoted by a manager, the rep may be promoted again: no row stands in the way. */
static void
test_again(void)
{
  g_autoptr(PrgView) view = new_eligible_view("E-1");
  const Row folded = { "E-2", "E-1", 7, TRUE };
  g_autoptr(GPtrArray) rows = NULL;

  view->n_promotions = view->n_folded = 1;
  apply_promoted(view, &folded);
  prg_view_finish(view, rules, TODAY);
  g_assert_cmpstr(view->record->current_rank, ==, "E-1");
  rows = promote(view, NULL);
  prg_apply(view, rules, row(rows, 0), PRG_APPLY_NEW);
  prg_view_finish(view, rules, TODAY);
  g_assert_cmpstr(view->record->current_rank, ==, "E-2");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/promotion/row", test_row);
  g_test_add_func("/promotion/not-eligible", test_not_eligible);
  g_test_add_func("/promotion/ranks", test_ranks);
  g_test_add_func("/promotion/again", test_again);
  return run_earn_tests();
}

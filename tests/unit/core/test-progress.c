/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "earn-helpers.h"

/* Whatever a rep does in whatever order: what must hold of every history. */

typedef struct {
  PrgView *view;    /* (owned) */
  GHashTable *ids;  /* (owned) set of the ids recorded */
  GHashTable *paid; /* (owned) set of "kind ref" */
  GPtrArray *log;   /* (owned) (element-type PrgOperation) */
  const char *device;
  guint n_ids;
} Rep;

static Rep *
rep_new(const char *device)
{
  Rep *self = g_new0(Rep, 1);

  self->view = prg_view_new();
  self->ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  self->paid = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  self->log = g_ptr_array_new_with_free_func((GDestroyNotify)prg_operation_unref);
  self->device = device;
  return self;
}

static void
rep_free(Rep *self)
{
  prg_view_free(self->view);
  g_hash_table_unref(self->ids);
  g_hash_table_unref(self->paid);
  g_ptr_array_unref(self->log);
  g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rep, rep_free)

static gboolean
is_paid(const char *kind, const char *ref, gpointer paid)
{
  g_autofree char *key = g_strconcat(kind, " ", ref, NULL);

  return g_hash_table_contains(paid, key);
}

/* As the store does: an id that is there already is not recorded again. */
static gboolean
record(Rep *self, PrgOperation *operation)
{
  if (!g_hash_table_add(self->ids, g_strdup(operation->id)))
    return FALSE;
  g_hash_table_add(self->paid, g_strconcat(operation->kind, " ", operation->ref, NULL));
  g_ptr_array_add(self->log, prg_operation_ref(operation));
  prg_apply(self->view, rules, operation, PRG_APPLY_NEW);
  return TRUE;
}

static void
derive(Rep *self, const PrgMoment *now, const char *today)
{
  g_autoptr(GPtrArray) awards = prg_derive(self->view, rules, today, is_paid, self->paid);

  for (guint i = 0; i < awards->len; i++) {
    g_autoptr(PrgOperation) award = prg_earn_award(now, g_ptr_array_index(awards, i), 1, "");
    g_assert_true(record(self, award));
  }
}

static const char *
pick(const char *const *texts, guint count)
{
  return texts[g_test_rand_int_range(0, (gint)count)];
}

static EarnFunc
random_request(PrgEarnRequest *request)
{
  static const char *const kinds[] = {
    "appointment_set", "appointment_held",  "email_sent", "note_added",
    "dial_made",       "objection_handled", "sms_reply",  "sms_enrollment"
  };
  static const char *const dispositions[] = { "CONTACT", "CALLBACK", "VOICEMAIL", "DNC" };
  static const char *const refs[] = { "module_0",   "module_1",      "module_6",
                                      "redhawk",    "closer",        "operative_certification",
                                      "leadership", "closer.bronze", "mentees" };
  static const EarnFunc funcs[] = { prg_earn_module,         prg_earn_exam,          prg_earn_boss,
                                    prg_earn_deal,           prg_earn_certification, prg_earn_badge,
                                    prg_earn_specialization, prg_earn_metric,        prg_earn_boss_attempt,
                                    prg_earn_promotion,      prg_earn_title };

  *request = plain;
  request->kind = pick(kinds, G_N_ELEMENTS(kinds));
  request->disposition = pick(dispositions, G_N_ELEMENTS(dispositions));
  request->duration_s = g_test_rand_int_range(0, 200);
  request->score = g_test_rand_int_range(0, 5) / 4.0;
  if (g_test_rand_int_range(0, 20) == 0) {
    request->has_amount = TRUE;
    request->amount = g_test_rand_int_range(0, 3000);
  }
  if (g_test_rand_bit())
    return g_test_rand_bit() ? prg_earn_xp : prg_earn_call;
  request->ref = pick(refs, G_N_ELEMENTS(refs));
  return funcs[g_test_rand_int_range(0, G_N_ELEMENTS(funcs))];
}

/* One thing that the rep does at @now; the awards that it makes due come with it. */
static void
act(Rep *self, gint64 now)
{
  g_autofree char *id = g_strdup_printf("%08x-0000-4000-8000-%012u", g_str_hash(self->device), ++self->n_ids);
  PrgMoment here = { MEMBER, self->device, 1, id, now, moment.zone, "UTC" };
  g_autofree char *today = prg_day_of(now, moment.zone);
  g_autoptr(GPtrArray) rows = NULL;
  PrgEarnRequest request;
  EarnFunc earn = random_request(&request);

  rows = earn(self->view, rules, &here, &request, NULL);
  for (guint i = 0; rows != NULL && i < rows->len; i++) {
    if (!record(self, g_ptr_array_index(rows, i)))
      break;
  }
  prg_view_finish(self->view, rules, today);
  derive(self, &here, today);
  prg_view_finish(self->view, rules, today);
}

/* No own operation but a correction takes XP, level, badges or rank away. */
static void
test_never_less(void)
{
  for (guint round = 0; round < 150; round++) {
    g_autoptr(Rep) rep = rep_new(DEVICE);
    gint64 now = NOW, total = 0, level = 1;
    guint n_badges = 0;
    gint rank = 0;

    for (guint step = 0; step < 80; step++) {
      const PrgRecord *now_record = rep->view->record;

      now += g_test_rand_int_range(0, 20) * (gint64)3600 * G_USEC_PER_SEC;
      act(rep, now);
      g_assert_cmpint(now_record->total_xp.value, >=, total);
      g_assert_cmpint(now_record->current_level.value, >=, level);
      g_assert_cmpuint(prg_id_set_size(now_record->badges), >=, n_badges);
      g_assert_cmpint(prg_rules_rank_order(rules, now_record->current_rank), >=, rank);
      total = now_record->total_xp.value;
      level = now_record->current_level.value;
      n_badges = prg_id_set_size(now_record->badges);
      rank = prg_rules_rank_order(rules, now_record->current_rank);
    }
  }
}

static int
compare_ids(gconstpointer a, gconstpointer b)
{
  return strcmp(a, b);
}

static char *
dump(const PrgView *view)
{
  const PrgRecord *shown = view->record;
  const PrgIdSet *sets[] = { shown->badges,          shown->completed_modules, shown->passed_exams,
                             shown->defeated_bosses, shown->certifications,    view->titles };
  GString *text = g_string_new(NULL);

  g_string_append_printf(text, "%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %s %u %s %s", shown->total_xp.value,
                         shown->closed_deals.value, shown->current_rank, (guint)shown->streak_days.value,
                         shown->efficiency_metrics, view->specialization);
  for (guint i = 0; i < G_N_ELEMENTS(sets); i++) {
    GTree *sorted = g_tree_new(compare_ids);
    for (guint k = 0; k < prg_id_set_size(sets[i]); k++)
      g_tree_insert(sorted, (gpointer)prg_id_set_get(sets[i], k), NULL);
    for (GTreeNode *node = g_tree_node_first(sorted); node != NULL; node = g_tree_node_next(node))
      g_string_append_printf(text, " %s", (const char *)g_tree_node_key(node));
    g_string_append_c(text, '\n');
    g_tree_unref(sorted);
  }
  return g_string_free(text, FALSE);
}

/* Two devices that know nothing of each other; their rows in one ledger, each row once, in any order that either could have
 * sent them in: one record. */
static void
test_interleavings(void)
{
  for (guint round = 0; round < 60; round++) {
    g_autoptr(Rep) one = rep_new(DEVICE), two = rep_new("44444444-4444-4444-8444-444444444444");
    g_autofree char *first = NULL;
    gint64 now = NOW;

    for (guint step = 0; step < 60; step++) {
      now += g_test_rand_int_range(0, 10) * (gint64)3600 * G_USEC_PER_SEC;
      act(g_test_rand_bit() ? one : two, now);
    }
    for (guint order = 0; order < 6; order++) {
      g_autoptr(GHashTable) winners = g_hash_table_new(g_str_hash, g_str_equal);
      g_autoptr(PrgView) view = prg_view_new();
      g_autofree char *today = prg_day_of(now, moment.zone);
      g_autofree char *text = NULL;
      guint i = 0, k = 0;

      /* The row that the ledger took first stands: here always the first device's. */
      for (guint n = 0; n < one->log->len; n++)
        g_hash_table_add(winners, (gpointer)((PrgOperation *)one->log->pdata[n])->id);
      while (i < one->log->len || k < two->log->len) {
        gboolean from_one = k == two->log->len || (i < one->log->len && g_test_rand_bit());
        const PrgOperation *operation = from_one ? one->log->pdata[i++] : two->log->pdata[k++];
        if (from_one || !g_hash_table_contains(winners, operation->id))
          prg_apply(view, rules, operation, PRG_APPLY_NEW);
      }
      prg_view_finish(view, rules, today);
      text = dump(view);
      if (order == 0)
        first = g_steal_pointer(&text);
      else
        g_assert_cmpstr(text, ==, first);
    }
  }
}

/* What pays once is offered again, what has an id of the caller's is sent again: nothing moves. */
static void
test_repeats(void)
{
  for (guint round = 0; round < 300; round++) {
    g_autoptr(Rep) rep = rep_new(DEVICE);
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    guint n_rows;

    for (guint step = 0; step < 20; step++)
      act(rep, NOW);
    before = dump(rep->view);
    n_rows = rep->log->len;
    for (guint i = 0; i < n_rows; i++)
      g_assert_false(record(rep, rep->log->pdata[i]));
    derive(rep, &moment, TODAY);
    prg_view_finish(rep->view, rules, TODAY);
    after = dump(rep->view);
    g_assert_cmpuint(rep->log->len, ==, n_rows);
    g_assert_cmpstr(before, ==, after);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/progress/never-less", test_never_less);
  g_test_add_func("/progress/interleavings", test_interleavings);
  g_test_add_func("/progress/repeats", test_repeats);
  return run_earn_tests();
}

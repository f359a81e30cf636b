/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../shuffle.h"
#include "prg-error.h"
#include "sync-helpers.h"

static PrgRules *rules;

/* A base of a record with @external XP from elsewhere, and an empty ledger. Returns: (transfer full) */
static char *
base_text(gint64 external, const char *module)
{
  g_autoptr(PrgRecord) record = prg_record_new();
  prg_record_set(&record->id, RECORD);
  prg_record_set(&record->current_rank, "E-1");
  prg_record_set(&record->fold_log, "v1 c=1 d=0 p=0");
  record->total_xp = record->external_xp = prg_number(external);
  record->ledger_xp = record->ledger_count = record->external_deals = record->closed_deals = prg_number(0);
  if (module)
    prg_id_set_add(record->completed_modules, module);
  g_autoptr(PrgBase) base = prg_base_new(record, NULL, 0);
  return prg_base_to_json(base);
}

static PrgBook *
new_book(gint64 external, const char *module)
{
  PrgSnapshot *snapshot = prg_snapshot_new();
  snapshot->base = base_text(external, module);
  return prg_book_new(rules, MEMBER, DEVICE, snapshot);
}

static PrgBook *
new_empty_book(void)
{
  return prg_book_new(rules, MEMBER, DEVICE, prg_snapshot_new());
}

static PrgMoment
moment_of(PrgBook *book, GTimeZone *zone)
{
  return (PrgMoment){ .member = MEMBER,
                      .device = DEVICE,
                      .next_seq = prg_book_next_seq(book),
                      .random_id = "77777777-7777-4777-8777-777777777777",
                      .now = NOW,
                      .zone = zone,
                      .zone_name = "UTC" };
}

static GPtrArray *
plan_one(PrgBook *book, PrgOperation *operation)
{
  g_autoptr(GTimeZone) zone = g_time_zone_new_utc();
  g_autoptr(GPtrArray) operations = g_ptr_array_new_with_free_func((GDestroyNotify)prg_operation_unref);
  PrgMoment moment = moment_of(book, zone);
  g_ptr_array_add(operations, operation);
  return prg_book_plan(book, operations, &moment);
}

static void
take_one(PrgBook *book, PrgOperation *operation, PrgOperationState state, gboolean in_base)
{
  g_autoptr(PrgOperation) owned G_GNUC_UNUSED = operation;
  g_autoptr(GPtrArray) changes = prg_changes_new();
  prg_changes_put(changes, operation, state, in_base);
  prg_book_take(book, changes);
}

static void
take_state(PrgBook *book, const char *id, PrgOperationState state, gboolean in_base)
{
  g_autoptr(GPtrArray) changes = prg_changes_new();
  prg_changes_state(changes, id, state, in_base, NULL);
  prg_book_take(book, changes);
}

static gint64
total_of(PrgBook *book)
{
  return prg_book_view(book, TODAY)->record->total_xp.value;
}

static const PrgChange *
change_at(GPtrArray *changes, guint index)
{
  g_assert_cmpuint(index, <, changes->len);
  return g_ptr_array_index(changes, index);
}

/* ---- planning ---- */

static void
test_plan_derives(void)
{
  g_autoptr(PrgBook) book = new_book(100, NULL);
  g_autofree char *id = numbered_id(1);
  g_autoptr(GPtrArray) changes = plan_one(book, make_operation(id, "dial_made", "lead", 2, DEVICE));
  /* The first dial of the day pays 25 more, in the same transaction, and names its cause. */
  g_assert_cmpuint(changes->len, ==, 2);
  const PrgChange *dial = change_at(changes, 0), *award = change_at(changes, 1);
  g_assert_cmpint(dial->kind, ==, PRG_CHANGE_PUT);
  g_assert_cmpint(dial->state, ==, PRG_OPERATION_NEW);
  g_assert_cmpint(award->kind, ==, PRG_CHANGE_PUT);
  g_assert_cmpstr(award->operation->kind, ==, "first_dial_of_day");
  g_assert_cmpstr(award->operation->ref, ==, TODAY);
  g_assert_cmpstr(award->operation->cause, ==, id);
  g_assert_cmpint(award->operation->amount, ==, 25);
  g_autofree char *once = prg_operation_pays_once_id(MEMBER, "first_dial_of_day", TODAY);
  g_assert_cmpstr(award->operation->id, ==, once);
  g_assert_null(award->answer);
  /* Planning changes nothing; taking does. */
  g_assert_cmpint(total_of(book), ==, 100);
  prg_book_take(book, changes);
  g_assert_cmpint(total_of(book), ==, 127);
  g_assert_cmpint(prg_book_pending_xp(book), ==, 27);
  g_assert_cmpuint(prg_book_n_pending(book), ==, 2);
}

static void
test_plan_pays_once(void)
{
  g_autoptr(PrgBook) book = new_book(0, NULL);
  g_autofree char *one = numbered_id(1);
  g_autofree char *two = numbered_id(2);
  g_autoptr(GPtrArray) first = plan_one(book, make_operation(one, "dial_made", "lead", 2, DEVICE));
  prg_book_take(book, first);
  g_autoptr(GPtrArray) second = plan_one(book, make_operation(two, "dial_made", "lead", 2, DEVICE));
  g_assert_cmpuint(second->len, ==, 1);
  prg_book_take(book, second);
  g_assert_cmpint(total_of(book), ==, 29);
}

/* Of a rep of whom nothing was ever read no award is due: the ledger may hold it. */
static void
test_plan_waits_for_base(void)
{
  g_autoptr(PrgBook) book = new_empty_book();
  g_autofree char *id = numbered_id(1);
  g_assert_true(prg_book_is_unresolved(book));
  g_autoptr(GPtrArray) changes = plan_one(book, make_operation(id, "dial_made", "lead", 2, DEVICE));
  g_assert_cmpuint(changes->len, ==, 1);
  prg_book_take(book, changes);
  g_assert_cmpint(total_of(book), ==, 2);
}

static void
test_plan_nothing(void)
{
  g_autoptr(PrgBook) book = new_book(0, NULL);
  g_autoptr(GTimeZone) zone = g_time_zone_new_utc();
  g_autoptr(GPtrArray) none = g_ptr_array_new();
  PrgMoment moment = moment_of(book, zone);
  g_autoptr(GPtrArray) changes = prg_book_plan(book, none, &moment);
  g_assert_cmpuint(changes->len, ==, 0);
}

static void
test_plan_sequence(void)
{
  g_autoptr(PrgBook) book = new_book(0, NULL);
  g_autofree char *id = numbered_id(1);
  g_assert_cmpint(prg_book_next_seq(book), ==, 1);
  g_autoptr(GPtrArray) changes = plan_one(book, make_operation(id, "dial_made", "lead", 2, DEVICE));
  g_assert_cmpint(change_at(changes, 1)->operation->seq, ==, 2);
  prg_book_take(book, changes);
  g_assert_cmpint(prg_book_next_seq(book), ==, 3);
  /* Another device counts for itself. */
  PrgOperation *other =
      make_operation("88888888-8888-4888-8888-888888888888", "dial_made", "", 2, OTHER_DEVICE);
  other->seq = 99;
  take_one(book, other, PRG_OPERATION_REMOTE, TRUE);
  g_assert_cmpint(prg_book_next_seq(book), ==, 3);
}

/* A day that ends can make an award due that no operation makes: a week's window is covered now. */
static void
test_plan_due(void)
{
  g_autoptr(PrgBook) book = new_book(0, NULL);
  g_autoptr(PrgBook) unread = new_empty_book();
  g_autoptr(GTimeZone) zone = g_time_zone_new_utc();
  PrgMoment moment = moment_of(book, zone);
  for (guint i = 0; i < 3; i++) {
    g_autofree char *id = numbered_id(i);
    take_one(book, make_operation(id, "appointment_set", "", 100, DEVICE), PRG_OPERATION_LEDGERED, FALSE);
  }
  g_autoptr(GPtrArray) today = prg_book_plan_due(book, &moment);
  g_assert_cmpuint(today->len, ==, 1);
  g_assert_cmpstr(change_at(today, 0)->operation->ref, ==, "efficiency_elite.bronze");
  g_assert_cmpstr(change_at(today, 0)->operation->cause, ==, "");
  prg_book_take(book, today);
  moment.now += 5 * G_TIME_SPAN_DAY;
  g_autoptr(GPtrArray) early = prg_book_plan_due(book, &moment);
  g_assert_cmpuint(early->len, ==, 0);
  moment.now += G_TIME_SPAN_DAY;
  g_autoptr(GPtrArray) due = prg_book_plan_due(book, &moment);
  g_assert_cmpuint(due->len, ==, 1);
  g_assert_cmpstr(change_at(due, 0)->operation->ref, ==, "efficiency_elite.silver");
  g_autoptr(GPtrArray) none = prg_book_plan_due(unread, &moment);
  g_assert_cmpuint(none->len, ==, 0);
}

/* ---- paid already ---- */

static void
test_is_paid(void)
{
  g_autoptr(PrgBook) book = new_book(50, "module_0");
  g_assert_true(prg_book_is_paid("module_passed", "module_0", book)); /* the record's set */
  g_assert_false(prg_book_is_paid("module_passed", "module_1", book));
  g_assert_false(prg_book_is_paid("deal_closed", "module_0", book));
  take_one(book, make_once("module_passed", "module_1", 50, DEVICE), PRG_OPERATION_NEW, FALSE);
  g_assert_true(prg_book_is_paid("module_passed", "module_1", book)); /* the outbox */
  take_one(book, make_once("deal_closed", "d", 300, OTHER_DEVICE), PRG_OPERATION_REMOTE, TRUE);
  g_assert_true(prg_book_is_paid("deal_closed", "d", book)); /* the ledger */
  g_assert_true(prg_book_is_set_kind(book, "badge_earned"));
  g_assert_true(prg_book_is_set_kind(book, "certification_earned"));
  g_assert_false(prg_book_is_set_kind(book, "deal_closed"));
  g_assert_false(prg_book_is_set_kind(book, "first_dial_of_day"));
}

/* ---- states ---- */

typedef struct {
  PrgOperationState state;
  gboolean counts, pending_xp, pending, ledger;
} StateCase;

static void
test_states(void)
{
  static const StateCase cases[] = {
    { PRG_OPERATION_NEW, TRUE, TRUE, TRUE, FALSE },
    { PRG_OPERATION_SENT, TRUE, TRUE, TRUE, FALSE },
    { PRG_OPERATION_LEDGERED, TRUE, FALSE, FALSE, TRUE },
    { PRG_OPERATION_FOLDED, TRUE, FALSE, FALSE, TRUE },
    { PRG_OPERATION_QUARANTINED, TRUE, TRUE, FALSE, FALSE },
    { PRG_OPERATION_VOIDED, FALSE, FALSE, FALSE, FALSE },
    { PRG_OPERATION_SUPERSEDED, TRUE, FALSE, FALSE, TRUE },
    { PRG_OPERATION_DISCARDED, FALSE, FALSE, FALSE, FALSE },
  };
  g_autofree char *id = numbered_id(1);
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    const StateCase *test = &cases[i];
    g_autoptr(PrgBook) book = new_book(100, NULL);
    take_one(book, make_operation(id, "note_added", "", 3, DEVICE), PRG_OPERATION_NEW, FALSE);
    g_assert_cmpint(total_of(book), ==, 103);
    take_state(book, id, test->state, FALSE);
    g_assert_cmpint(total_of(book), ==, test->counts ? 103 : 100);
    g_assert_cmpint(prg_book_pending_xp(book), ==, test->pending_xp ? 3 : 0);
    g_assert_cmpuint(prg_book_n_pending(book), ==, test->pending);
    g_assert_cmpuint(prg_book_n_on_ledger(book), ==, test->ledger);
    g_assert_cmpuint(prg_book_n_in_state(book, test->state), ==, 1);
    g_assert_cmpuint(prg_book_n_entries(book), ==, 1);
  }
}

/* An operation that the base holds adds its day, and not its XP. */
static void
test_in_base(void)
{
  g_autoptr(PrgBook) book = new_book(100, NULL);
  g_autofree char *id = numbered_id(1);
  take_one(book, make_operation(id, "dial_made", "", 2, OTHER_DEVICE), PRG_OPERATION_REMOTE, TRUE);
  const PrgView *view = prg_book_view(book, TODAY);
  g_assert_cmpint(view->record->total_xp.value, ==, 100);
  g_assert_cmpint(prg_view_get_day(view, TODAY)->counters[PRG_METRIC_DIALS], ==, 1);
  g_assert_cmpint(view->record->streak_days.value, ==, 1);
}

/* record + ledger sum − ledgerXp: what was posted and not folded yet counts. */
static void
test_view_of_unfolded_ledger(void)
{
  g_autoptr(PrgRecord) record = prg_record_new();
  record->total_xp = prg_number(140);
  record->external_xp = prg_number(100);
  record->ledger_xp = prg_number(40);
  record->ledger_count = prg_number(20);
  record->external_deals = prg_number(3);
  record->closed_deals = prg_number(4);
  g_autoptr(GArray) groups = g_array_new(FALSE, TRUE, sizeof(PrgGroup));
  const PrgGroup rows[] = { { g_intern_string(DEVICE), g_intern_string("dial_made"), 20, 40 },
                            { g_intern_string(OTHER_DEVICE), g_intern_string("deal_closed"), 2, 600 },
                            { g_intern_string(OTHER_DEVICE), g_intern_string("deal_revoked"), 1, -300 } };
  g_array_append_vals(groups, rows, G_N_ELEMENTS(rows));
  g_autoptr(PrgBase) base = prg_base_new(record, groups, 0);
  PrgSnapshot *snapshot = prg_snapshot_new();
  snapshot->base = prg_base_to_json(base);
  g_autoptr(PrgBook) book = prg_book_new(rules, MEMBER, DEVICE, snapshot);
  const PrgView *view = prg_book_view(book, TODAY);
  g_assert_cmpint(view->record->total_xp.value, ==, 100 + 340);
  g_assert_cmpint(view->record->closed_deals.value, ==, 3 + 2 - 1);
  g_assert_cmpint(prg_view_get_kind_count(view, "dial_made"), ==, 20);
}

static void
test_ledger_only(void)
{
  g_autoptr(PrgBook) book = new_book(100, NULL);
  take_one(book, make_once("module_passed", "module_0", 50, DEVICE), PRG_OPERATION_NEW, FALSE);
  take_one(book, make_once("module_passed", "module_1", 50, DEVICE), PRG_OPERATION_LEDGERED, FALSE);
  g_autoptr(PrgView) fold = prg_book_view_over(book, prg_book_get_base(book), TRUE);
  g_assert_false(prg_id_set_contains(fold->record->completed_modules, "module_0"));
  g_assert_true(prg_id_set_contains(fold->record->completed_modules, "module_1"));
  g_autoptr(PrgView) all = prg_book_view_over(book, prg_book_get_base(book), FALSE);
  g_assert_true(prg_id_set_contains(all->record->completed_modules, "module_0"));
}

static void
test_meta(void)
{
  g_autoptr(PrgBook) book = new_book(0, NULL);
  g_autoptr(GPtrArray) changes = prg_changes_new();
  prg_changes_meta(changes, "key", "value");
  prg_book_take(book, changes);
  g_assert_cmpstr(prg_book_get_meta(book, "key"), ==, "value");
  g_autoptr(GPtrArray) removal = prg_changes_new();
  prg_changes_meta(removal, "key", NULL);
  prg_book_take(book, removal);
  g_assert_null(prg_book_get_meta(book, "key"));
}

/* Of two choices the later one in the ledger stays, also when this device hears of its own one's time last. */
static void
test_choice_turns(void)
{
  g_autoptr(PrgBook) book = new_book(0, NULL);
  g_autofree char *mine = numbered_id(1);
  g_autofree char *theirs = numbered_id(2);
  take_one(book, make_operation(mine, "specialization_chosen", "closer", 0, DEVICE), PRG_OPERATION_SENT,
           FALSE);
  g_assert_cmpstr(prg_book_view(book, TODAY)->specialization, ==, "closer");
  g_autoptr(GPtrArray) changes = prg_changes_new();
  prg_changes_state(changes, mine, PRG_OPERATION_LEDGERED, FALSE, NULL)->created_at = NOW + 5;
  prg_book_take(book, changes);
  PrgOperation *other = make_operation(theirs, "specialization_chosen", "speed_dialer", 0, OTHER_DEVICE);
  take_one(book, with_created_at(other, NOW + 10), PRG_OPERATION_REMOTE, TRUE);
  g_assert_cmpstr(prg_book_view(book, TODAY)->specialization, ==, "speed_dialer");
}

/* ---- the view kept up to date equals one built anew ---- */

static int
compare_texts(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
dump_set(GString *text, const PrgIdSet *set)
{
  g_autoptr(GPtrArray) ids = g_ptr_array_new();
  for (guint i = 0; i < prg_id_set_size(set); i++)
    g_ptr_array_add(ids, (gpointer)prg_id_set_get(set, i));
  g_ptr_array_sort(ids, compare_texts);
  for (guint i = 0; i < ids->len; i++)
    g_string_append_printf(text, " %s", (const char *)ids->pdata[i]);
  g_string_append_c(text, '\n');
}

static gboolean
dump_day(gpointer key, gpointer value, gpointer text)
{
  const PrgDay *day = value;
  g_string_append_printf(text, "%s %" G_GINT64_FORMAT " %d %" G_GINT64_FORMAT, day->day, day->xp, day->active,
                         day->streak);
  for (guint i = 0; i < PRG_N_METRICS; i++)
    g_string_append_printf(text, " %" G_GINT64_FORMAT, day->counters[i]);
  g_string_append_c(text, '\n');
  return FALSE;
}

static void
dump_kinds(GString *text, const PrgView *view)
{
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
  GHashTableIter iter;
  gpointer kind, count;
  g_hash_table_iter_init(&iter, view->kind_counts);
  while (g_hash_table_iter_next(&iter, &kind, &count))
    g_ptr_array_add(lines, g_strdup_printf("%s=%" G_GINT64_FORMAT, (char *)kind, *(gint64 *)count));
  g_ptr_array_sort(lines, compare_texts);
  for (guint i = 0; i < lines->len; i++)
    g_string_append_printf(text, "%s\n", (char *)lines->pdata[i]);
  g_string_append_printf(text, "%s, attempts %" G_GINT64_FORMAT "\n", view->record->current_rank,
                         prg_view_get_boss_attempts(view, "redhawk"));
  const PrgReported *reported = g_hash_table_lookup(view->reported, "mentees");
  g_string_append_printf(text, "mentees %g\n", reported ? reported->value : -1);
}

static char *
dump(const PrgView *view)
{
  const PrgRecord *record = view->record;
  const PrgIdSet *sets[] = { record->badges,       record->completed_modules, record->certifications,
                             record->passed_exams, record->defeated_bosses,   view->titles };
  GString *text = g_string_new(NULL);
  g_string_append_printf(text,
                         "%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
                         " %" G_GINT64_FORMAT "\n%s|%s\n%s\n",
                         record->total_xp.value, record->current_level.value, record->closed_deals.value,
                         record->streak_days.value, record->last_activity, view->specialization,
                         view->active_title, record->efficiency_metrics);
  for (gsize i = 0; i < G_N_ELEMENTS(sets); i++)
    dump_set(text, sets[i]);
  dump_kinds(text, view);
  g_tree_foreach(view->days, dump_day, text);
  return g_string_free(text, FALSE);
}

static PrgOperation *
random_operation(guint number)
{
  static const char *const kinds[] = { "dial_made",      "call_connected",
                                       "note_added",     "deal_closed",
                                       "deal_revoked",   "correction",
                                       "module_passed",  "badge_earned",
                                       "title_earned",   "specialization_chosen",
                                       "title_chosen",   "from_a_newer_version",
                                       "promoted",       "promoted",
                                       "boss_attempted", "metric_reported",
                                       "streak_day" };
  static const char *const refs[] = { "closer",  "speed_dialer", "module_0", "closer.gold", "deal-1",
                                      "redhawk", "mentees",      "E-2",      "E-3" };
  static const char *const details[] = { "{\"counters\":{\"dials\":-1}}",
                                         "{\"from\":\"E-1\",\"streak\":9,\"value\":1}",
                                         "{\"from\":\"E-2\",\"streak\":3,\"value\":2}",
                                         "{\"kinds\":{\"dial_made\":-1},\"attempts\":{\"redhawk\":-1}}" };
  static const char *const days[] = { "2026-11-18", "2026-11-19", "2026-11-20", "2026-11-21", "not a day" };
  g_autofree char *id = numbered_id(number);
  const PrgOperation fields = { .id = id,
                                .device = g_intern_string(g_test_rand_bit() ? DEVICE : OTHER_DEVICE),
                                .seq = g_test_rand_int_range(1, 100),
                                .kind = g_intern_string(kinds[g_test_rand_int_range(0, G_N_ELEMENTS(kinds))]),
                                .amount = g_test_rand_int_range(-50, 300),
                                .ref = refs[g_test_rand_int_range(0, G_N_ELEMENTS(refs))],
                                .occurred_at = NOW + g_test_rand_int_range(-10, 10),
                                .local_day =
                                    g_intern_string(days[g_test_rand_int_range(0, G_N_ELEMENTS(days))]),
                                .zone = "UTC",
                                .details = details[g_test_rand_int_range(0, G_N_ELEMENTS(details))],
                                .created_at = g_test_rand_bit() ? NOW + g_test_rand_int_range(0, 10) : 0 };
  return prg_operation_new(&fields);
}

static void
random_change(PrgBook *book, GPtrArray *changes, guint *n_known)
{
  PrgOperationState state = (PrgOperationState)g_test_rand_int_range(0, PRG_OPERATION_DISCARDED + 1);
  int kind = g_test_rand_int_range(0, 12);
  if (*n_known == 0 || kind < 5) {
    gboolean again = *n_known > 0 && kind == 0;
    g_autoptr(PrgOperation) operation =
        random_operation(again ? (guint)g_test_rand_int_range(0, (gint)*n_known) : (*n_known)++);
    prg_changes_put(changes, operation, state, g_test_rand_bit());
  } else if (kind < 10) {
    g_autofree char *id = numbered_id((guint)g_test_rand_int_range(0, (gint)*n_known));
    const PrgEntry *entry = prg_book_find(book, id);
    gboolean in_base = entry && g_test_rand_bit() ? entry->in_base : g_test_rand_bit();
    prg_changes_state(changes, id, state, in_base, NULL)->created_at =
        g_test_rand_bit() ? NOW + g_test_rand_int_range(0, 10) : 0;
  } else if (kind == 10) {
    prg_changes_meta(changes, "key", "value");
    prg_changes_audit(changes, NOW, "{}");
  } else {
    g_autofree char *text = base_text(g_test_rand_int_range(0, 1000), "module_5");
    prg_changes_base(changes, text);
  }
}

static void
test_incremental_view(void)
{
  for (guint i = 0; i < 400; i++) {
    g_autoptr(PrgBook) book =
        g_test_rand_bit() ? new_book(g_test_rand_int_range(0, 500), NULL) : new_empty_book();
    guint n_known = 0;
    for (guint k = 0; k < 25; k++) {
      g_autoptr(GPtrArray) changes = prg_changes_new();
      (void)prg_book_view(book, TODAY);
      for (int n = g_test_rand_int_range(1, 5); n > 0; n--)
        random_change(book, changes, &n_known);
      prg_book_take(book, changes);
      g_autofree char *kept = dump(prg_book_view(book, TODAY));
      prg_book_set_rules(book, rules); /* forgets the view */
      g_autofree char *anew = dump(prg_book_view(book, TODAY));
      g_assert_cmpstr(kept, ==, anew);
    }
  }
}

/* ---- one fold, whichever device writes it ---- */

/* What @device would fold of a ledger that holds @rows, which came to it in any order: its own ones acknowledged, the other's
 * replicated. */
static char *
fold_on(const char *device, GPtrArray *rows)
{
  PrgSnapshot *snapshot = prg_snapshot_new();
  snapshot->base = base_text(100, "module_5");
  shuffle(rows);
  for (guint i = 0; i < rows->len; i++) {
    PrgOperation *operation = rows->pdata[i];
    gboolean own = g_str_equal(operation->device, device);
    add_entry(snapshot, prg_operation_ref(operation), own ? PRG_OPERATION_LEDGERED : PRG_OPERATION_REMOTE,
              TRUE);
  }
  g_autoptr(PrgBook) book = prg_book_new(rules, MEMBER, device, snapshot);
  g_autoptr(PrgView) view = prg_book_view_over(book, prg_book_get_base(book), TRUE);
  prg_view_finish(view, rules, TODAY);
  return dump(view);
}

static void
test_same_fold(void)
{
  for (guint i = 0; i < 300; i++) {
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)prg_operation_unref);
    for (guint k = 0; k < 40; k++)
      g_ptr_array_add(rows, with_created_at(random_operation(k), NOW + g_test_rand_int_range(1, 10)));
    g_autofree char *here = fold_on(DEVICE, rows);
    g_autofree char *there = fold_on(OTHER_DEVICE, rows);
    g_assert_cmpstr(here, ==, there);
  }
}

/* Memory is bounded by what operations hold, not only by how many they are. */
static void
test_room(void)
{
  g_autoptr(PrgBook) book = new_book(0, NULL);
  g_autofree char *large = g_strnfill(16 * 1024, 'x');
  const guint fitting = PRG_BOOK_MAX_MIB * 64;

  g_assert_true(prg_book_check_room(book, PRG_BOOK_MAX_PENDING, 0, NULL));
  for (guint i = 0; i < fitting; i++) {
    g_autofree char *id = numbered_id(i);
    g_autoptr(PrgOperation) plain = make_operation(id, "email_sent", "", 10, DEVICE);
    PrgOperation fields = *plain;
    fields.details = large;
    if (!prg_book_check_room(book, 1, strlen(large), NULL))
      break;
    take_one(book, prg_operation_new(&fields), PRG_OPERATION_NEW, FALSE);
  }
  guint taken = prg_book_n_entries(book);
  g_assert_cmpuint(taken, <, fitting); /* ids and fields count too */
  g_assert_cmpuint(taken, >, fitting * 9 / 10);
  g_autoptr(GError) error = NULL;
  g_assert_false(prg_book_check_room(book, 1, strlen(large), &error));
  g_assert_error(error, PRG_ERROR, PRG_ERROR_TOO_LARGE);
  g_clear_error(&error);
  /* What was sent makes room again, however much there is of it. */
  g_autoptr(GPtrArray) changes = prg_changes_new();
  for (guint i = 0; i < taken / 2; i++)
    prg_changes_state(changes, prg_book_get_entry(book, i)->operation->id, PRG_OPERATION_FOLDED, TRUE, NULL);
  prg_book_take(book, changes);
  g_assert_true(prg_book_check_room(book, taken / 2, taken / 2 * strlen(large), &error));
  g_assert_no_error(error);
  taken -= taken / 2;
  g_assert_false(prg_book_check_room(book, PRG_BOOK_MAX_PENDING - taken + 1, 0, &error));
  g_assert_error(error, PRG_ERROR, PRG_ERROR_TOO_LARGE);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  rules = prg_rules_new_builtin();
  g_test_add_func("/book/plan/derives", test_plan_derives);
  g_test_add_func("/book/plan/pays-once", test_plan_pays_once);
  g_test_add_func("/book/plan/waits-for-a-base", test_plan_waits_for_base);
  g_test_add_func("/book/plan/nothing", test_plan_nothing);
  g_test_add_func("/book/plan/sequence", test_plan_sequence);
  g_test_add_func("/book/plan/due", test_plan_due);
  g_test_add_func("/book/is-paid", test_is_paid);
  g_test_add_func("/book/states", test_states);
  g_test_add_func("/book/in-base", test_in_base);
  g_test_add_func("/book/view-of-unfolded-ledger", test_view_of_unfolded_ledger);
  g_test_add_func("/book/ledger-only", test_ledger_only);
  g_test_add_func("/book/meta", test_meta);
  g_test_add_func("/book/choice-turns", test_choice_turns);
  g_test_add_func("/book/room", test_room);
  g_test_add_func("/book/incremental-view", test_incremental_view);
  g_test_add_func("/book/same-fold", test_same_fold);
  int code = g_test_run();
  prg_rules_unref(rules);
  return code;
}

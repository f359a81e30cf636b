/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core-helpers.h"
#include "prg-change.h"
#include "prg-exchange.h"
#include "prg-json.h"

/* The plain data that layers hand to each other: copies are apart, and nothing leaks (run under a leak
 * checker). */

/* A large set looks ids up otherwise than a small one; nobody notices. */
static void
test_large_id_set(void)
{
  g_autoptr(PrgIdSet) set = prg_id_set_new();
  for (guint i = 0; i < 100; i++) {
    g_autofree char *id = g_strdup_printf("id-%u", i);
    g_assert_false(prg_id_set_contains(set, id));
    g_assert_true(prg_id_set_add(set, id));
    g_assert_false(prg_id_set_add(set, id));
    g_autoptr(PrgIdSet) copy = prg_id_set_copy(set);
    g_assert_true(prg_id_set_equal(set, copy));
    g_assert_cmpuint(prg_id_set_size(copy), ==, i + 1);
    g_assert_true(prg_id_set_contains(copy, "id-0"));
    g_assert_cmpstr(prg_id_set_get(copy, i), ==, id);
  }
}

static void
test_id_set(void)
{
  g_autoptr(PrgIdSet) set = prg_id_set_new();
  g_autoptr(PrgIdSet) other = prg_id_set_new();
  g_autoptr(PrgIdSet) copy = NULL;

  g_assert_true(prg_id_set_add(set, "b"));
  g_assert_true(prg_id_set_add(set, "a"));
  g_assert_false(prg_id_set_add(set, "b"));
  g_assert_cmpuint(prg_id_set_size(set), ==, 2);
  g_assert_cmpstr(prg_id_set_get(set, 0), ==, "b");
  g_assert_cmpstr(prg_id_set_get(set, 1), ==, "a");
  copy = prg_id_set_copy(set);
  prg_id_set_add(other, "a");
  g_assert_false(prg_id_set_equal(set, other));
  prg_id_set_add(other, "b");
  g_assert_true(prg_id_set_equal(set, other));
  prg_id_set_add(other, "c");
  g_assert_false(prg_id_set_equal(other, set));
  g_assert_false(prg_id_set_contains(copy, "c"));
  g_assert_true(prg_id_set_equal(set, copy));
}

static void
test_record(void)
{
  g_autoptr(PrgRecord) record = prg_record_new();
  g_autoptr(PrgRecord) copy = NULL;

  g_assert_cmpstr(record->id, ==, "");
  g_assert_cmpstr(record->efficiency_metrics, ==, "");
  g_assert_false(record->total_xp.known);
  g_assert_cmpuint(record->faults->len, ==, 0);
  prg_record_set(&record->name, "Ada");
  prg_record_set(&record->name, record->name);
  prg_record_set(&record->fold_log, NULL);
  record->total_xp = prg_number(7);
  prg_id_set_add(record->badges, "x.gold");
  g_ptr_array_add(record->faults, g_strdup("badges: not a JSON array"));
  copy = prg_record_copy(record);
  prg_record_set(&record->name, "Bea");
  prg_id_set_add(record->badges, "y.gold");
  g_assert_cmpstr(copy->name, ==, "Ada");
  g_assert_cmpstr(copy->fold_log, ==, "");
  g_assert_cmpint(copy->total_xp.value, ==, 7);
  g_assert_cmpuint(prg_id_set_size(copy->badges), ==, 1);
  g_assert_cmpstr(g_ptr_array_index(copy->faults, 0), ==, "badges: not a JSON array");
}

static void
test_changes(void)
{
  g_autoptr(GPtrArray) changes = prg_changes_new();
  g_autoptr(PrgOperation) operation = make_operation("dial_made", 2, "", TODAY);
  PrgChange *put = prg_changes_put(changes, operation, PRG_OPERATION_NEW, FALSE);

  put->answer = g_strdup("{}");
  prg_changes_state(changes, "id", PRG_OPERATION_QUARANTINED, TRUE, "why")->created_at = 4;
  prg_changes_base(changes, "{}");
  prg_changes_meta(changes, "key", NULL);
  prg_changes_audit(changes, 9, "{}");
  g_assert_cmpuint(changes->len, ==, 5);
  for (guint i = 0; i < changes->len; i++)
    g_assert_cmpint(((PrgChange *)g_ptr_array_index(changes, i))->kind, ==, (PrgChangeKind)i);
  g_assert_true(put->operation == operation);
  g_assert_null(((PrgChange *)g_ptr_array_index(changes, 3))->text);
  g_assert_cmpint(((PrgChange *)g_ptr_array_index(changes, 4))->at, ==, 9);
}

static void
test_snapshot(void)
{
  g_autoptr(PrgSnapshot) snapshot = prg_snapshot_new();
  PrgEntry *entry = g_new0(PrgEntry, 1);

  entry->operation = make_operation("dial_made", 2, "", TODAY);
  entry->note = g_strdup("why");
  g_ptr_array_add(snapshot->entries, entry);
  g_hash_table_insert(snapshot->meta, g_strdup("k"), g_strdup("v"));
  snapshot->base = g_strdup("{}");
  g_assert_cmpstr(g_hash_table_lookup(snapshot->meta, "k"), ==, "v");
}

static void
test_exchange(void)
{
  g_autoptr(PrgRequest) request = prg_request_new(PRG_REQUEST_SWAP);
  g_autoptr(PrgAnswer) answer = prg_answer_new(PRG_OUTCOME_RETRY, NULL);
  PrgTimelineRow *write = g_new0(PrgTimelineRow, 1);
  PrgRow *row = g_new0(PrgRow, 1);

  g_assert_cmpstr(request->cursor, ==, "");
  g_assert_cmpstr(request->record_id, ==, "");
  request->before = prg_record_new();
  request->fold = prg_fold_new();
  prg_record_set(&request->fold->fold_token, "t");
  g_assert_null(request->fold->badges);
  g_assert_cmpstr(answer->message, ==, "");
  g_assert_cmpint(answer->unlinked, ==, -1);
  answer->timeline = g_ptr_array_new_with_free_func((GDestroyNotify)prg_timeline_row_free);
  write->modules_added = prg_id_set_new();
  write->member = g_strdup("");
  g_ptr_array_add(answer->timeline, write);
  answer->rows = g_ptr_array_new_with_free_func((GDestroyNotify)prg_row_free);
  row->operation = make_operation("dial_made", 2, "", TODAY);
  row->member = g_strdup(MEMBER);
  g_ptr_array_add(answer->rows, row);
}

static void
test_names(void)
{
  g_assert_cmpstr(prg_outcome_to_string(PRG_OUTCOME_OK), ==, "ok");
  g_assert_cmpstr(prg_outcome_to_string(PRG_OUTCOME_UNKNOWN), ==, "unknown");
  g_assert_cmpstr(prg_outcome_to_string(PRG_OUTCOME_SCHEMA_MISSING), ==, "schema-missing");
  g_assert_cmpstr(prg_request_kind_to_string(PRG_REQUEST_DISCOVER), ==, "discover");
  g_assert_cmpstr(prg_request_kind_to_string(PRG_REQUEST_RELINK), ==, "relink");
  g_assert_cmpstr(g_quark_to_string(PRG_ERROR), ==, "prg-error-quark");
}

/* What json-glib prints so that nobody else reads it. */
static void
test_json_print(void)
{
  g_autoptr(JsonObject) object = json_object_new();
  g_autofree char *text = NULL;

  json_object_set_string_member(object, "a\x1f", "\\\"\x1f e+22.0");
  json_object_set_double_member(object, "b", 1e22);
  json_object_set_double_member(object, "c", -2.5e-7);
  json_object_set_double_member(object, "d", 10);
  text = prg_json_print_object(object);
  g_assert_cmpstr(
      text, ==,
      "{\"a\\u001f\":\"\\\\\\\"\\u001f e+22.0\",\"b\":1e+22,\"c\":-2.4999999999999999e-07,\"d\":10.0}");
}

static void
test_json_surrogates(void)
{
  static const struct {
    const char *text;
    gboolean sound;
  } cases[] = {
    { "\"\\ud83c\\udf96\"", TRUE }, { "\"\\ud83c\"", FALSE },        { "\"\\ud83cx\"", FALSE },
    { "\"\\udf96\"", FALSE },       { "\"\\ud83c\\u0041\"", FALSE }, { "\"\\ud83c\\n\"", FALSE }
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
    g_assert_true(prg_json_scan(cases[i].text, strlen(cases[i].text), NULL, NULL) == cases[i].sound);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/plain/id-set", test_id_set);
  g_test_add_func("/plain/id-set/large", test_large_id_set);
  g_test_add_func("/plain/record", test_record);
  g_test_add_func("/plain/changes", test_changes);
  g_test_add_func("/plain/snapshot", test_snapshot);
  g_test_add_func("/plain/exchange", test_exchange);
  g_test_add_func("/plain/names", test_names);
  g_test_add_func("/plain/json-print", test_json_print);
  g_test_add_func("/plain/json-surrogates", test_json_surrogates);
  return g_test_run();
}

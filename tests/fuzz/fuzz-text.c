/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts that lie in a record's or a row's TEXT, in the store or in a file: sets of ids, details, metrics, the base, the fold log. */
#include "fuzz.h"

#include "prg-book.h"
#include "prg-codec-private.h"
#include "prg-error.h"
#include "prg-fold-log.h"
#include "prg-json.h"
#include "prg-metrics.h"

#include <string.h>

#define TODAY "2026-11-22"

static PrgRules *rules;

static void
check_id_set(const char *text)
{
  g_autoptr(PrgIdSet) set = NULL;
  g_autoptr(PrgIdSet) again = NULL;

  if (!prg_codec_id_set_from_json(text, &set)) {
    g_assert_null(set);
    return;
  }
  g_autofree char *printed = prg_codec_id_set_to_json(set);
  g_assert_true(prg_codec_id_set_from_json(printed, &again));
  g_assert_true(prg_id_set_equal(set, again));
  for (guint i = 0; i < prg_id_set_size(set); i++) {
    fuzz_check_text(prg_id_set_get(set, i));
    g_assert_cmpstr(prg_id_set_get(set, i), ==, prg_id_set_get(again, i));
  }
}

static void
check_operation(const char *text, gsize length)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(PrgOperation) operation = prg_codec_operation_from_json(text, (gssize)length, &error);

  fuzz_check_error(operation != NULL, error);
  if (operation == NULL)
    return;
  g_autofree char *line = prg_codec_operation_to_json(operation);
  g_autoptr(PrgOperation) again = prg_codec_operation_from_json(line, -1, NULL);
  g_assert_nonnull(again);
  g_autofree char *second = prg_codec_operation_to_json(again);
  g_assert_cmpstr(second, ==, line);
}

static void
check_strings(JsonNode *node)
{
  if (JSON_NODE_HOLDS_OBJECT(node)) {
    g_autoptr(GList) names = json_object_get_members(json_node_get_object(node));
    for (GList *l = names; l != NULL; l = l->next) {
      fuzz_check_text(l->data);
      check_strings(json_object_get_member(json_node_get_object(node), l->data));
    }
  } else if (JSON_NODE_HOLDS_ARRAY(node)) {
    for (guint i = 0; i < json_array_get_length(json_node_get_array(node)); i++)
      check_strings(json_array_get_element(json_node_get_array(node), i));
  } else if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING) {
    fuzz_check_text(json_node_get_string(node));
  }
}

/* What one of the two strict readers takes it can print, and read again as the same. */
static void
check_object(const char *text, gsize length)
{
  g_autoptr(JsonNode) root = prg_json_parse_object(text, length);
  g_autoptr(JsonNode) wire = prg_wire_parse(text, (gssize)length);
  g_auto(PrgJsonFault) fault = { 0 };
  gboolean sound = prg_json_scan(text, length, NULL, &fault);

  g_assert_true(sound || (fault.problem != NULL && fault.path != NULL && fault.line >= 1));
  g_assert_true(root == NULL || sound);
  if (!sound)
    fuzz_check_text(fault.problem);
  if (wire != NULL)
    check_strings(wire);
  if (root == NULL)
    return;
  check_strings(root);
  g_assert_nonnull(wire);
  g_autofree char *printed = prg_json_print_object(json_node_get_object(root));
  fuzz_check_text(printed);
  g_autoptr(JsonNode) again = prg_json_parse_object(printed, strlen(printed));
  g_assert_nonnull(again);
  g_assert_true(json_node_equal(root, again));
}

static void
check_quote(const char *text)
{
  g_autofree char *quoted = prg_json_quote(text);
  g_autofree char *object = g_strdup_printf("{\"k\":%s}", quoted);
  g_autoptr(JsonNode) root = prg_json_parse_object(object, strlen(object));

  g_assert_nonnull(root);
  g_assert_cmpstr(json_object_get_string_member(json_node_get_object(root), "k"), ==, text);
}

/* Other programs' keys stay, and ours are there. */
static void
check_metrics(const char *existing)
{
  PrgMetrics metrics = { .known = { TRUE }, .rates = { 0.25 } };
  g_autofree char *text = prg_metrics_to_json(&metrics, existing, 0);
  g_autoptr(JsonNode) root = prg_json_parse_object(text, strlen(text));
  g_autoptr(JsonNode) old = prg_json_parse_object(existing, strlen(existing));

  fuzz_check_text(text);
  g_assert_nonnull(root);
  JsonObject *object = json_node_get_object(root);
  g_assert_true(json_object_get_double_member(object, "sub30sDropRate") == 0.25);
  g_assert_cmpstr(json_object_get_string_member(object, "lastCalculated"), ==, "1970-01-01T00:00:00.000Z");
  g_autoptr(GList) names = old == NULL ? NULL : json_object_get_members(json_node_get_object(old));
  for (GList *l = names; l != NULL; l = l->next)
    g_assert_true(json_object_has_member(object, l->data) || strstr(l->data, "Rate") != NULL);
}

static void
check_base(const char *text)
{
  g_autoptr(PrgBase) base = prg_base_from_json(text);
  g_autofree char *printed = prg_base_to_json(base);
  g_autoptr(PrgBase) again = prg_base_from_json(printed);
  g_autofree char *second = prg_base_to_json(again);

  fuzz_check_text(printed);
  g_assert_cmpstr(second, ==, printed);
  g_assert_cmpint(again->ledger_sum, ==, base->ledger_sum);
  fuzz_check_xp(base->record->total_xp.value);
  fuzz_check_xp(base->ledger_sum);
  fuzz_check_xp(base->ledger_count);
  PrgSnapshot *snapshot = prg_snapshot_new();
  snapshot->base = g_strdup(text);
  if (rules == NULL)
    rules = prg_rules_new_builtin();
  g_autoptr(PrgBook) book = prg_book_new(rules, "m", "d", snapshot);
  fuzz_check_text(prg_book_view(book, TODAY)->record->efficiency_metrics);
}

static void
check_fold_log(const char *text)
{
  g_autoptr(GArray) totals = g_array_new(FALSE, FALSE, sizeof(gint64));
  const PrgFoldCounts counts = { 3, 7, 2 };
  g_autofree char *next = prg_fold_log_next(text, &counts, -5, FUZZ_TWO_53);

  prg_fold_log_totals(text, 4, totals);
  g_assert_cmpuint(totals->len, <=, 8);
  for (guint i = 0; i < totals->len; i++)
    fuzz_check_xp(g_array_index(totals, gint64, i));
  g_assert_cmpint(prg_fold_log_deals(text), >=, -1);
  g_assert_cmpint(prg_fold_log_deals(next), ==, 7);
  g_assert_cmpint(prg_fold_log_promotions(text), >=, -1);
  g_assert_cmpint(prg_fold_log_promotions(next), ==, 2);
  g_assert_cmpuint(prg_fold_log_catalogue(next), ==, MAX(3, prg_fold_log_catalogue(text)));
  g_array_set_size(totals, 0);
  prg_fold_log_totals(next, 1, totals);
  g_assert_cmpuint(totals->len, ==, 2);
  g_assert_cmpint(g_array_index(totals, gint64, 0), ==, FUZZ_TWO_53);
  g_assert_cmpint(g_array_index(totals, gint64, 1), ==, -5);
}

static void
check_message(const char *text)
{
  g_autofree char *clean = prg_codec_clean_message(text);
  g_autofree char *again = prg_codec_clean_message(clean);
  g_autofree char *lower = g_ascii_strdown(clean, -1);

  fuzz_check_text(clean);
  g_assert_cmpint(g_utf8_strlen(clean, -1), <=, 500);
  g_assert_cmpstr(again, ==, clean);
  const char *bearer = strstr(lower, "bearer ");
  for (gsize i = 7; bearer != NULL && i < 16; i++)
    if (strchr("abcdefghijklmnopqrstuvwxyz0123456789", bearer[i]) == NULL || bearer[i] == '\0')
      bearer = NULL;
  g_assert_null(bearer);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  FuzzInput input = { data, data + size };
  guint entry = fuzz_below(&input, 8);
  gsize length = 0;
  g_autofree char *bytes = fuzz_rest(&input, &length);
  g_autofree char *cut = g_strndup(bytes, length);
  g_autofree char *text = g_utf8_make_valid(cut, -1);

  switch (entry) {
  case 0:
    check_id_set(cut);
    break;
  case 1:
    check_operation(bytes, length);
    break;
  case 2:
    check_object(bytes, length);
    break;
  case 3:
    check_quote(text);
    break;
  case 4:
    check_metrics(text);
    break;
  case 5:
    check_base(text);
    break;
  case 6:
    check_fold_log(text);
    break;
  default:
    check_message(cut);
    break;
  }
  return 0;
}

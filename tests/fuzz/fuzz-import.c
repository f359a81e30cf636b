/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Import files and tokens: all or nothing, and an export of what was imported is the same import. */
#include "fuzz.h"

#include "../unit/codec/same-operation.h"
#include "prg-calendar.h"
#include "prg-codec-private.h"
#include "prg-error.h"
#include "prg-transfer.h"

#include <string.h>

#define MEMBER "6f1c2b34-9d0e-4a55-8c7b-2f4e6a8b0c1d"
#define DEVICE "22222222-2222-4222-8222-222222222222"
#define TODAY "2026-11-20"

static PrgRules *rules;

static void
check_operation(const PrgOperation *operation)
{
  const char *const texts[] = { operation->device, operation->kind,    operation->ref,  operation->local_day,
                                operation->zone,   operation->details, operation->cause };
  g_autoptr(JsonNode) details = *operation->details == '\0' ? NULL : prg_wire_parse(operation->details, -1);

  g_assert_true(g_uuid_string_is_valid(operation->id));
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    fuzz_check_text(texts[i]);
  fuzz_check_xp(operation->amount);
  g_assert_cmpint(operation->seq, >=, 0);
  g_assert_true(*operation->local_day == '\0' || prg_day_parse(operation->local_day, NULL));
  g_assert_true(*operation->details == '\0' || (details != NULL && JSON_NODE_HOLDS_OBJECT(details)));
}

static char *
write_export(GPtrArray *operations)
{
  g_autofree char *header = prg_transfer_header(MEMBER);
  g_autoptr(GString) text = g_string_new(header);

  for (guint i = 0; i < operations->len; i++) {
    g_autofree char *line = prg_codec_operation_to_json(g_ptr_array_index(operations, i));
    g_assert_null(strchr(line, '\n'));
    g_string_append_printf(text, "\n%s", line);
  }
  return g_string_free(g_steal_pointer(&text), FALSE);
}

static void
check_export(GPtrArray *operations)
{
  g_autofree char *text = write_export(operations);
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) again = prg_transfer_parse(text, strlen(text), MEMBER, &error);

  g_assert_no_error(error);
  g_assert_cmpuint(again->len, ==, operations->len);
  for (guint i = 0; i < again->len; i++)
    assert_same(g_ptr_array_index(again, i), g_ptr_array_index(operations, i));
}

/* Into an empty book: everything is there once, waits, and is exported again as it came. */
static void
check_import(GPtrArray *operations)
{
  g_autoptr(PrgBook) book = prg_book_new(rules, MEMBER, DEVICE, prg_snapshot_new());
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) changes = prg_transfer_plan(book, operations, &error);
  guint64 sum = 0; /* wraps around, as the view's sums do */

  g_assert_no_error(error);
  g_assert_cmpuint(changes->len, ==, operations->len);
  prg_book_take(book, changes);
  g_assert_cmpuint(prg_book_n_entries(book), ==, operations->len);
  g_assert_cmpuint(prg_book_n_pending(book), ==, operations->len);
  for (guint i = 0; i < operations->len; i++)
    sum += (guint64)((const PrgOperation *)g_ptr_array_index(operations, i))->amount;
  g_assert_cmpint(prg_book_pending_xp(book), ==, (gint64)sum);
  g_assert_cmpint(prg_book_view(book, TODAY)->record->total_xp.value, ==, (gint64)sum);
  fuzz_check_text(prg_book_view(book, TODAY)->record->efficiency_metrics);
  g_autoptr(GPtrArray) picked = prg_transfer_pick(book);
  check_export(picked);
  g_autoptr(GPtrArray) nothing = prg_transfer_plan(book, operations, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(nothing->len, ==, 0);
}

static void
check_file(const char *text, gsize length)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) operations = prg_transfer_parse(text, length, MEMBER, &error);

  fuzz_check_error(operations != NULL, error);
  if (operations == NULL) {
    g_assert_cmpint(error->code, ==, PRG_ERROR_INVALID_ARGUMENT);
    g_assert_true(g_str_has_prefix(error->message, "Line "));
    return;
  }
  for (guint i = 0; i < operations->len; i++)
    check_operation(g_ptr_array_index(operations, i));
  check_import(operations);
}

static void
check_token(const char *bytes, gsize length)
{
  g_autoptr(GError) error = NULL;
  char *token = prg_transfer_parse_token(bytes, length, &error);

  fuzz_check_error(token != NULL, error);
  for (const char *p = token; p != NULL && *p != '\0'; p++)
    g_assert_true(g_ascii_isgraph(*p));
  g_assert_true(token == NULL || memcmp(token, bytes, strlen(token)) == 0);
  prg_transfer_wipe(token);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  FuzzInput input = { data, data + size };
  guint entry = fuzz_below(&input, 3);
  gsize length = 0;
  g_autofree char *bytes = fuzz_rest(&input, &length);

  if (rules == NULL)
    rules = prg_rules_new_builtin();
  if (entry == 0) {
    check_token(bytes, length);
  } else if (entry == 1) {
    check_file(bytes, length);
  } else {
    g_autofree char *header = prg_transfer_header(MEMBER);
    g_autoptr(GString) whole = g_string_new(header);
    g_string_append_c(whole, '\n');
    g_string_append_len(whole, bytes, (gssize)length);
    check_file(whole->str, whole->len);
  }
  return 0;
}

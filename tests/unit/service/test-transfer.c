/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-codec.h"
#include "prg-error.h"
#include "prg-transfer.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define MEMBER "6f1c2b34-9d0e-4a55-8c7b-2f4e6a8b0c1d"

static PrgOperation *
operation_new(int number)
{
  g_autofree char *id = g_strdup_printf("00000000-0000-4000-8000-%012d", number);
  const PrgOperation fields = {
    .id = id,
    .device = "11111111-1111-4111-8111-111111111111",
    .seq = number,
    .kind = "email_sent",
    .amount = 10,
    .ref = "lead \"7\"\n",
    .occurred_at = G_GINT64_CONSTANT(1772443800000000),
    .local_day = "2026-03-02",
    .zone = "Europe/Berlin",
    .details = "{\"text\":\"ä\"}",
  };

  return prg_operation_new(&fields);
}

static GString *
export_new(const char *member, int n)
{
  g_autofree char *header = prg_transfer_header(member);
  GString *text = g_string_new(header);

  g_string_append_c(text, '\n');
  for (int i = 1; i <= n; i++) {
    g_autoptr(PrgOperation) operation = operation_new(i);
    g_autofree char *line = prg_codec_operation_to_json(operation);
    g_string_append_printf(text, "%s\n", line);
  }
  return text;
}

static void
test_round_trip(void)
{
  g_autoptr(GString) text = export_new(MEMBER, 3);
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) operations = prg_transfer_parse(text->str, text->len, MEMBER, &error);

  g_assert_no_error(error);
  g_assert_cmpuint(operations->len, ==, 3);
  for (guint i = 0; i < operations->len; i++) {
    g_autoptr(PrgOperation) expected = operation_new((int)i + 1);
    const PrgOperation *found = g_ptr_array_index(operations, i);
    g_assert_cmpstr(found->id, ==, expected->id);
    g_assert_cmpint(found->amount, ==, 10);
    g_assert_cmpstr(found->ref, ==, "lead \"7\"\n");
    g_assert_cmpstr(found->zone, ==, "Europe/Berlin");
  }
}

static void
test_empty_export(void)
{
  g_autofree char *header = prg_transfer_header(MEMBER);
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) operations = prg_transfer_parse(header, strlen(header), MEMBER, &error);

  g_assert_no_error(error);
  g_assert_cmpuint(operations->len, ==, 0);
}

static void
test_same_line_twice(void)
{
  g_autoptr(GString) text = export_new(MEMBER, 2);
  g_autoptr(GString) again = export_new(MEMBER, 2);
  g_autoptr(GError) error = NULL;

  g_string_append(text, strchr(again->str, '\n') + 1);
  g_autoptr(GPtrArray) operations = prg_transfer_parse(text->str, text->len, MEMBER, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(operations->len, ==, 2);
}

static void
assert_refused_as(PrgError code, const char *text, gsize length, const char *named)
{
  g_autoptr(GError) error = NULL;

  g_assert_null(prg_transfer_parse(text, length, MEMBER, &error));
  g_assert_error(error, PRG_ERROR, (int)code);
  g_assert_nonnull(strstr(error->message, named));
}

static void
assert_refused(const char *text, gsize length, const char *words)
{
  assert_refused_as(PRG_ERROR_INVALID_ARGUMENT, text, length, words);
}

static void
test_refusals(void)
{
  g_autoptr(GString) broken = export_new(MEMBER, 2);
  g_autoptr(GString) cut = export_new(MEMBER, 2);
  g_autoptr(GString) foreign = export_new("99999999-9999-4999-8999-999999999999", 1);
  g_autoptr(GString) binary = export_new(MEMBER, 1);

  g_string_append(broken, "{\"id\":5}\n");
  assert_refused(broken->str, broken->len, "Line 4");
  assert_refused(cut->str, cut->len - 5, "Line 3");
  assert_refused(foreign->str, foreign->len, "another member");
  assert_refused("", 0, "Line 1");
  assert_refused("{}\n", 3, "Line 1");
  assert_refused("[]", 2, "Line 1");
  g_string_append_len(binary, "\0\n", 2);
  assert_refused(binary->str, binary->len, "Line 3");
}

/* A file cut or damaged anywhere is refused or complete, never half taken and never a crash. */
static void
test_damaged(void)
{
  g_autoptr(GString) good = export_new(MEMBER, 3);

  for (int round = 0; round < 2000; round++) {
    g_autofree char *text = g_memdup2(good->str, good->len);
    gsize place = (gsize)g_test_rand_int_range(0, (gint32)good->len);
    g_autoptr(GError) error = NULL;
    text[place] = (char)g_test_rand_int_range(0, 256);
    g_autoptr(GPtrArray) operations = prg_transfer_parse(text, good->len, MEMBER, &error);
    g_assert_true((operations != NULL) == (error == NULL));
    if (operations)
      g_assert_cmpuint(operations->len, <=, 3);
  }
}

/* A text of nothing but brackets would take a parser that recurses to the end of its stack. */
static void
test_deep_nesting(void)
{
  const guint depth = 1000000;
  g_autofree char *brackets = g_strnfill(depth, '[');
  g_autofree char *header = g_strdup_printf("{\"format\":%s", brackets);
  g_autoptr(GString) rows = export_new(MEMBER, 1);
  g_autofree char *row = g_strdup_printf("%s{\"id\":%s", rows->str, brackets);

  assert_refused(brackets, depth, "Line 1");
  assert_refused(header, strlen(header), "Line 1");
  assert_refused(row, strlen(row), "Line 3");
}

/* (transfer full) a line of an export with one member changed */
static char *
line_with(int number, const char *member, const char *value)
{
  g_autoptr(PrgOperation) operation = operation_new(number);
  g_autofree char *line = prg_codec_operation_to_json(operation);
  g_autoptr(JsonNode) root = json_from_string(line, NULL);
  g_autoptr(JsonNode) node = json_from_string(value, NULL);

  json_object_set_member(json_node_get_object(root), member, g_steal_pointer(&node));
  return json_to_string(root, FALSE);
}

static void
test_amounts_that_cannot_be_counted(void)
{
  static const char *const amounts[] = { "1000000001", "-1000000001", "9007199254740992",
                                         "-9007199254740992" };

  for (guint i = 0; i < G_N_ELEMENTS(amounts); i++) {
    g_autoptr(GString) text = export_new(MEMBER, 1);
    g_autofree char *line = line_with(2, "amount", amounts[i]);
    g_string_append(text, line);
    assert_refused(text->str, text->len, amounts[i]);
  }
}

/* Refused at the first line too many; what was refused does not stay in the table of interned words. */
static void
test_too_many_words(void)
{
  g_autoptr(GString) text = export_new(MEMBER, 1);

  for (int i = 0; i < 5000; i++) {
    g_autofree char *zone = g_strdup_printf("\"Made/Up%d\"", i);
    g_autofree char *line = line_with(i + 2, "zone", zone);
    g_string_append_printf(text, "%s\n", line);
  }
  assert_refused_as(PRG_ERROR_TOO_LARGE, text->str, text->len, "1000 different");
  g_assert_cmpuint(g_quark_try_string("Made/Up10"), !=, 0);
  g_assert_cmpuint(g_quark_try_string("Made/Up1001"), ==, 0);
}

static void
test_too_many_operations(void)
{
  g_autoptr(GString) text = export_new(MEMBER, PRG_BOOK_MAX_PENDING + 1);

  assert_refused_as(PRG_ERROR_TOO_LARGE, text->str, text->len, "100000");
}

static void
test_token(void)
{
  const struct {
    const char *bytes;
    const char *token; /* NULL: refused */
  } cases[] = {
    { "abc.def-1", "abc.def-1" },
    { "abc\n", "abc" },
    { "abc\r\n", "abc" },
    { "abc\n\n", NULL },
    { "", NULL },
    { "\n", NULL },
    { "a b", NULL },
    { "a\tb", NULL },
    { "a\x7f", NULL },
    { "a\xc3\xa4", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GError) error = NULL;
    g_autofree char *token = prg_transfer_parse_token(cases[i].bytes, strlen(cases[i].bytes), &error);
    g_assert_cmpstr(token, ==, cases[i].token);
    if (cases[i].token == NULL)
      g_assert_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT);
  }
  g_autofree char *longest = g_strnfill(16 * 1024, 'x');
  g_autofree char *too_long = g_strnfill(16 * 1024 + 1, 'x');
  g_autofree char *taken = prg_transfer_parse_token(longest, strlen(longest), NULL);
  g_assert_cmpstr(taken, ==, longest);
  g_assert_null(prg_transfer_parse_token(too_long, strlen(too_long), NULL));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/transfer/round-trip", test_round_trip);
  g_test_add_func("/transfer/empty-export", test_empty_export);
  g_test_add_func("/transfer/same-line-twice", test_same_line_twice);
  g_test_add_func("/transfer/refusals", test_refusals);
  g_test_add_func("/transfer/damaged", test_damaged);
  g_test_add_func("/transfer/deep-nesting", test_deep_nesting);
  g_test_add_func("/transfer/amounts-that-cannot-be-counted", test_amounts_that_cannot_be_counted);
  g_test_add_func("/transfer/too-many-words", test_too_many_words);
  g_test_add_func("/transfer/too-many-operations", test_too_many_operations);
  g_test_add_func("/transfer/token", test_token);
  return g_test_run();
}

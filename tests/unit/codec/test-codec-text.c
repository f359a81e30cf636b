/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-calendar.h"
#include "prg-codec.h"
#include "prg-error.h"
#include "same-operation.h"

#include <string.h>

#define REP "fbd10b80-ddf7-4997-8c50-8174b84f5de5"
#define ROW "e3f6d10f-f287-4151-bac0-bb182faca72d"

/* --- reading one record --- */

/* A record in which @name holds the JSON @value; every other field is sound. */
static PrgAnswer *
read_with(const char *name, const char *value)
{
  static const char *const fields[][2] = {
    { "totalXp", "1234" },
    { "currentLevel", "3" },
    { "currentRank", "\"E-2\"" },
    { "closedDeals", "2" },
    { "badges", "\"[\\\"a.gold\\\"]\"" },
    { "streakDays", "5" },
    { "completedModules", "\"[\\\"m1\\\",\\\"m2\\\"]\"" },
    { "certifications", "\"[]\"" },
    { "defeatedBosses", "\"\"" },
    { "passedExams", "null" },
    { "efficiencyMetrics", "\"{\\\"dials\\\":1}\"" },
    { "lastActivityDate", "\"2026-11-22T07:00:00.000Z\"" },
    { "ledgerXp", "1000" },
    { "ledgerCount", "40" },
    { "externalXp", "234" },
    { "externalDeals", "0" },
    { "foldToken", "\"t\"" },
    { "foldLog", "\"l\"" },
    { "name", "\"Ada Example\"" },
    { "workspaceMemberId", "\"member\"" },
    { "createdAt", "\"2026-11-01T00:00:00.000Z\"" },
    { "updatedAt", "\"2026-11-22T08:53:00.413Z\"" },
    { "deletedAt", "null" },
    { "updatedBy", "{\"source\":\"MANUAL\",\"workspaceMemberId\":\"somebody\"}" },
  };
  g_autoptr(GString) body =
      g_string_new("{\"data\":{\"repProgressions\":{\"edges\":[{\"node\":{\"id\":\"" REP "\"");
  for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
    g_string_append_printf(body, ",\"%s\":%s", fields[i][0],
                           g_strcmp0(fields[i][0], name) == 0 ? value : fields[i][1]);
  g_string_append(body, "}}]}}}");
  g_autoptr(PrgRequest) request = prg_request_new(PRG_REQUEST_READ);
  prg_record_set(&request->record_id, REP);
  return prg_codec_decode(request, 200, body->str, body->len, NULL);
}

static const PrgRecord *
only_record(const PrgAnswer *answer)
{
  g_assert_cmpstr(answer->message, ==, "");
  g_assert_cmpint(answer->outcome, ==, PRG_OUTCOME_OK);
  g_assert_cmpuint(answer->records->len, ==, 1);
  return g_ptr_array_index(answer->records, 0);
}

static void
test_sound(void)
{
  g_autoptr(PrgAnswer) answer = read_with(NULL, NULL);
  const PrgRecord *record = only_record(answer);
  gint64 activity = 0;
  g_assert_true(prg_instant_parse("2026-11-22T07:00:00Z", &activity));
  g_assert_cmpuint(record->faults->len, ==, 0);
  g_assert_cmpint(record->total_xp.value, ==, 1234);
  g_assert_cmpstr(record->current_rank, ==, "E-2");
  g_assert_cmpuint(prg_id_set_size(record->completed_modules), ==, 2);
  g_assert_cmpuint(prg_id_set_size(record->passed_exams), ==, 0);
  g_assert_cmpstr(record->efficiency_metrics, ==, "{\"dials\":1}");
  g_assert_cmpint(record->last_activity, ==, activity);
  g_assert_cmpstr(record->updated_by, ==, "somebody");
  g_assert_cmpstr(record->workspace_member_id, ==, "member");
}

/* One spoiled TEXT field is named and empty; nothing else of the record is lost. */
static void
test_spoiled_texts(void)
{
  static const char *const names[] = { "badges",         "completedModules", "certifications",
                                       "defeatedBosses", "passedExams",      "efficiencyMetrics",
                                       "currentRank",    "lastActivityDate" };
  static const char *const values[] = { "\"[\"",
                                        "\"[1]\"",
                                        "\"[null]\"",
                                        "\"[[\\\"a\\\"]]\"",
                                        "\"a,b\"",
                                        "\"null\"",
                                        "\"[\\\"a\\\"] x\"",
                                        "\"[\\\"a\\\",]\"",
                                        "\"operative?\"",
                                        "\" \"",
                                        "7",
                                        "true",
                                        "[\"a\"]",
                                        "{\"a\":1}",
                                        "\"\\u0001\"",
                                        "\"\\ud800\"",
                                        "\"//[]\"" };
  for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
    for (gsize k = 0; k < G_N_ELEMENTS(values); k++) {
      g_autoptr(PrgAnswer) answer = read_with(names[i], values[k]);
      const PrgRecord *record = only_record(answer);
      g_test_message("%s = %s", names[i], values[k]);
      g_assert_cmpuint(record->faults->len, ==, 1);
      g_assert_true(g_str_has_prefix(g_ptr_array_index(record->faults, 0), names[i]));
      g_assert_cmpint(record->total_xp.value, ==, 1234);
      gboolean badges = g_str_equal(names[i], "badges");
      g_assert_cmpuint(prg_id_set_size(record->badges), ==, badges ? 0 : 1);
    }
}

static void
test_empty_texts(void)
{
  static const char *const names[] = { "badges",    "completedModules", "efficiencyMetrics", "currentRank",
                                       "foldToken", "foldLog",          "lastActivityDate" };
  for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
    g_autoptr(PrgAnswer) null = read_with(names[i], "null");
    g_assert_cmpuint(only_record(null)->faults->len, ==, 0);
    if (g_str_equal(names[i], "lastActivityDate"))
      continue;
    g_autoptr(PrgAnswer) empty = read_with(names[i], "\"\"");
    g_assert_cmpuint(only_record(empty)->faults->len, ==, 0);
  }
}

static void
test_numbers(void)
{
  static const struct {
    const char *json;
    gboolean known;
    gint64 value;
    double raw;
  } cases[] = {
    { "null", FALSE, 0, 0 },
    { "0", TRUE, 0, 0 },
    { "-7", TRUE, -7, -7 },
    { "10.9", TRUE, 10, 10.9 },
    { "-0.5", TRUE, -1, -0.5 },
    { "9007199254740992", TRUE, G_GINT64_CONSTANT(9007199254740992), 9007199254740992.0 },
    { "9007199254740993", TRUE, G_GINT64_CONSTANT(9007199254740992), 9007199254740992.0 },
    { "1e300", TRUE, G_GINT64_CONSTANT(9007199254740992), 1e300 },
    { "18446744073709551615", TRUE, G_GINT64_CONSTANT(9007199254740992), 18446744073709551615.0 },
    { "-100000000000000000000000", TRUE, G_GINT64_CONSTANT(-9007199254740992), -1e23 },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(PrgAnswer) answer = read_with("totalXp", cases[i].json);
    const PrgNumber total = only_record(answer)->total_xp;
    g_test_message("%s", cases[i].json);
    g_assert_cmpint(total.known, ==, cases[i].known);
    g_assert_cmpint(total.value, ==, cases[i].value);
    g_assert_cmpfloat(total.raw, ==, cases[i].raw);
  }
}

/* What the arithmetic stands on is right or the answer is not believed. */
static void
test_spoiled_sums(void)
{
  static const char *const names[] = { "totalXp",    "ledgerXp",      "ledgerCount",
                                       "externalXp", "externalDeals", "updatedAt" };
  static const char *const values[] = { "\"12\"", "true", "[]", "{}", "1e999" };
  for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
    for (gsize k = 0; k < G_N_ELEMENTS(values); k++) {
      g_autoptr(PrgAnswer) answer = read_with(names[i], values[k]);
      g_assert_cmpint(answer->outcome, ==, PRG_OUTCOME_UNKNOWN);
    }
}

static void
test_negative_counter(void)
{
  g_autoptr(PrgAnswer) answer = read_with("closedDeals", "-3");
  const PrgRecord *record = only_record(answer);
  g_assert_cmpint(record->closed_deals.value, ==, 0);
  g_assert_cmpfloat(record->closed_deals.raw, ==, -3);
  g_assert_cmpstr(g_ptr_array_index(record->faults, 0), ==, "closedDeals: negative");
}

/* More than anybody counts is no count, and not believed. */
static void
test_huge_counter(void)
{
  static const char *const values[] = { "1e300", "9223372036854775808", "2147483648" };
  for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
    g_autoptr(PrgAnswer) answer = read_with("closedDeals", values[i]);
    const PrgRecord *record = only_record(answer);
    g_assert_cmpint(record->closed_deals.value, ==, 0);
    g_assert_cmpfloat(record->closed_deals.raw, ==, g_ascii_strtod(values[i], NULL));
    g_assert_cmpstr(g_ptr_array_index(record->faults, 0), ==, "closedDeals: too large");
  }
}

/* The server shows milliseconds; another may show more. */
static void
test_instants(void)
{
  g_autoptr(PrgAnswer) answer = read_with("updatedAt", "\"2026-11-22T08:53:00.413999Z\"");
  gint64 second = 0;
  g_assert_true(prg_instant_parse("2026-11-22T08:53:00Z", &second));
  g_assert_cmpint(only_record(answer)->updated_at, ==, second + 413999);
}

/* --- one row --- */

static PrgAnswer *
fetch_row(const char *members)
{
  g_autofree char *body = g_strdup_printf("{\"data\":{\"xpEvents\":{\"edges\":[{\"node\":{\"id\":\"" ROW "\","
                                          "\"createdAt\":\"2026-11-22T23:30:00.000Z\"%s}}],"
                                          "\"pageInfo\":{\"hasNextPage\":true,\"endCursor\":\"c1\"}}}}",
                                          members);
  g_autoptr(PrgRequest) request = prg_request_new(PRG_REQUEST_FETCH);
  return prg_codec_decode(request, 200, body, strlen(body), NULL);
}

static void
test_bare_row(void)
{
  g_autoptr(PrgAnswer) answer = fetch_row("");
  g_assert_cmpint(answer->outcome, ==, PRG_OUTCOME_OK);
  g_assert_cmpstr(answer->next_cursor, ==, "c1");
  const PrgRow *row = g_ptr_array_index(answer->rows, 0);
  g_assert_cmpint(row->operation->occurred_at, ==, row->operation->created_at);
  g_assert_cmpstr(row->operation->local_day, ==, "2026-11-22");
  g_assert_cmpstr(row->operation->kind, ==, "");
  g_assert_cmpstr(row->operation->zone, ==, "");
  g_assert_cmpstr(row->record_id, ==, "");
  g_assert_cmpint(row->operation->amount, ==, 0);
}

/* The rows before the window are counted by the server, with the first page. */
static void
test_older(void)
{
  static const struct {
    const char *groups;
    PrgOutcome outcome;
    gint64 older;
  } cases[] = {
    { ",\"xpEventsGroupBy\":[{\"totalCount\":3},{\"totalCount\":39}]", PRG_OUTCOME_OK, 42 },
    { ",\"xpEventsGroupBy\":[]", PRG_OUTCOME_OK, 0 },
    { "", PRG_OUTCOME_UNKNOWN, 0 },
    { ",\"xpEventsGroupBy\":null", PRG_OUTCOME_UNKNOWN, 0 },
    { ",\"xpEventsGroupBy\":[{\"totalCount\":-1}]", PRG_OUTCOME_UNKNOWN, 0 },
    { ",\"xpEventsGroupBy\":[{}]", PRG_OUTCOME_UNKNOWN, 0 },
  };
  g_autoptr(PrgRequest) request = prg_request_new(PRG_REQUEST_FETCH);
  request->since = 1;
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *body = g_strdup_printf(
        "{\"data\":{\"xpEvents\":{\"edges\":[],\"pageInfo\":{\"hasNextPage\":false}}%s}}", cases[i].groups);
    g_autoptr(PrgAnswer) answer = prg_codec_decode(request, 200, body, strlen(body), NULL);
    g_assert_cmpint(answer->outcome, ==, cases[i].outcome);
    g_assert_cmpint(answer->older, ==, cases[i].older);
  }
}

static void
test_foreign_details(void)
{
  static const char *const cases[][3] = {
    /* column, details, zone */
    { "\"\"", "", "" },
    { "null", "", "" },
    { "\"free \\\"text\\\"\"", "{\"text\":\"free \\\"text\\\"\"}", "" },
    { "\"[1]\"", "{\"text\":\"[1]\"}", "" },
    { "\"{\\\"a\\\":1\"", "{\"text\":\"{\\\"a\\\":1\"}", "" },
    { "\"{\\\"a\\\":1}\"", "{\"a\":1}", "" },
    { "\"{\\\"a\\\":1,\\\"zone\\\":\\\"Europe/Berlin\\\"}\"", "{\"a\":1}", "Europe/Berlin" },
    { "\"{\\\"zone\\\":\\\"Europe/Berlin\\\"}\"", "", "Europe/Berlin" },
    { "\"{\\\"zone\\\":7,\\\"cause\\\":\\\"because\\\"}\"", "{\"zone\":7,\"cause\":\"because\"}", "" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *members = g_strdup_printf(",\"details\":%s", cases[i][0]);
    g_autoptr(PrgAnswer) answer = fetch_row(members);
    g_assert_cmpint(answer->outcome, ==, PRG_OUTCOME_OK);
    const PrgRow *row = g_ptr_array_index(answer->rows, 0);
    g_assert_cmpstr(row->operation->details, ==, cases[i][1]);
    g_assert_cmpstr(row->operation->zone, ==, cases[i][2]);
  }
}

static void
test_long_words(void)
{
  g_autofree char *novel = g_strnfill(100000, 'x');
  g_autofree char *members =
      g_strdup_printf(",\"eventType\":\"%s\",\"device\":\"%s\",\"localDay\":\"%s\"", novel, novel, novel);
  g_autoptr(PrgAnswer) answer = fetch_row(members);
  const PrgRow *row = g_ptr_array_index(answer->rows, 0);
  g_assert_cmpuint(strlen(row->operation->kind), ==, 64);
  g_assert_cmpuint(strlen(row->operation->device), ==, 64);
  g_assert_cmpstr(row->operation->local_day, ==, "2026-11-22");
}

/* --- operations --- */

static char *
random_text(guint max)
{
  static const gunichar letters[] = { 'a', 'Z',  '"',  '\\',   '/',     ' ',    '\n', '\t',
                                      0x1, 0x7f, 0xe9, 0x6f22, 0x1f396, 0x2028, '{',  '%' };
  GString *text = g_string_new(NULL);
  for (gint n = g_test_rand_int_range(0, (gint)max + 1); n > 0; n--)
    g_string_append_unichar(text, letters[g_test_rand_int_range(0, G_N_ELEMENTS(letters))]);
  return g_string_free(text, FALSE);
}

/* A few odd words again and again: they are interned, which is for ever. */
static const char *
random_word(void)
{
  static char *words[200];
  guint index = (guint)g_test_rand_int_range(0, G_N_ELEMENTS(words));
  if (words[index] == NULL) {
    g_autofree char *end = random_text(12);
    words[index] = g_strconcat("w", end, NULL);
  }
  return words[index];
}

static PrgOperation *
random_operation(void)
{
  g_autofree char *id = g_uuid_string_random();
  g_autofree char *ref = random_text(30);
  g_autofree char *day = prg_day_format(g_test_rand_int_range(20000, 20100));
  PrgOperation fields = {
    .id = id,
    .device = random_word(),
    .seq = g_test_rand_int_range(0, G_MAXINT32),
    .kind = random_word(),
    .amount = (gint64)g_test_rand_double_range(-9e15, 9e15),
    .ref = ref,
    .occurred_at = (gint64)g_test_rand_double_range(0, 4e15),
    .local_day = day,
    .zone = g_test_rand_bit() ? random_word() : "",
    .details = g_test_rand_bit() ? "{\"text\":\"a\\\"\\u0001\"}" : "",
    .cause = g_test_rand_bit() ? id : "",
    .created_at = g_test_rand_bit() ? (gint64)g_test_rand_double_range(0, 4e15) : 0,
  };
  return prg_operation_new(&fields);
}

static void
test_operation_round_trip(void)
{
  for (guint i = 0; i < 2000; i++) {
    g_autoptr(PrgOperation) operation = random_operation();
    g_autofree char *line = prg_codec_operation_to_json(operation);
    g_autoptr(GError) error = NULL;
    g_assert_null(strchr(line, '\n'));
    g_autoptr(PrgOperation) again = prg_codec_operation_from_json(line, -1, &error);
    g_assert_no_error(error);
    assert_same(operation, again);
  }
}

/* Out to the ledger and back: nothing is lost but what is finer than a millisecond. */
static void
test_row_round_trip(void)
{
  for (guint i = 0; i < 1000; i++) {
    g_autoptr(PrgOperation) random = random_operation();
    PrgOperation fields = *random;
    fields.occurred_at -= fields.occurred_at % 1000;
    fields.created_at = 0;
    g_autoptr(PrgOperation) operation = prg_operation_new(&fields);
    g_autoptr(PrgRequest) request = prg_request_new(PRG_REQUEST_POST);
    prg_record_set(&request->record_id, REP);
    prg_record_set(&request->member, "member");
    g_clear_pointer(&request->operations, g_ptr_array_unref);
    request->operations = g_ptr_array_new_with_free_func((GDestroyNotify)prg_operation_unref);
    g_ptr_array_add(request->operations, prg_operation_ref(operation));
    g_autoptr(PrgWireRequest) wire = prg_codec_encode(request);
    g_autoptr(GString) body = g_string_new(wire->body);
    g_string_insert(body, 2, "\"createdAt\":\"2026-11-22T08:53:00.413Z\",");
    g_string_prepend(body, "{\"data\":{\"createXpEvents\":");
    g_string_append(body, "}}");
    g_autoptr(PrgAnswer) answer = prg_codec_decode(request, 201, body->str, body->len, NULL);
    g_assert_cmpint(answer->outcome, ==, PRG_OUTCOME_OK);
    const PrgRow *row = g_ptr_array_index(answer->rows, 0);
    PrgOperation seen = *row->operation;
    seen.created_at = 0;
    g_autoptr(PrgOperation) copy = prg_operation_new(&seen);
    assert_same(operation, copy);
    g_assert_cmpstr(row->record_id, ==, REP);
    g_assert_cmpstr(row->member, ==, "member");
  }
}

#define GOOD_START \
  "{\"id\":\"" ROW "\",\"kind\":\"dial_made\",\"amount\":2,\"occurredAt\":\"2026-11-22T08:00:00Z\""

static void
test_operation_refused(void)
{
  static const char *const lines[] = {
    "",
    "x",
    "[]",
    "{}",
    "\"x\"",
    "{\"id\":\"" ROW "\"}",
    GOOD_START,
    GOOD_START "} {}",
    GOOD_START "} // comment",
    GOOD_START ",\"seq\":-1}",
    GOOD_START ",\"seq\":1.5}",
    GOOD_START ",\"seq\":\"1\"}",
    GOOD_START ",\"localDay\":\"2026-02-30\"}",
    GOOD_START ",\"details\":\"[]\"}",
    GOOD_START ",\"details\":\"{\"}",
    GOOD_START ",\"details\":{}}",
    GOOD_START ",\"device\":7}",
    GOOD_START ",\"createdAt\":\"yesterday\"}",
    "{\"id\":\"nope\",\"kind\":\"dial_made\",\"amount\":2,\"occurredAt\":\"2026-11-22T08:00:00Z\"}",
    "{\"id\":\"" ROW "\",\"kind\":\"\",\"amount\":2,\"occurredAt\":\"2026-11-22T08:00:00Z\"}",
    "{\"id\":\"" ROW "\",\"kind\":\"dial_made\",\"amount\":1e20,\"occurredAt\":\"2026-11-22T08:00:00Z\"}",
    "{\"id\":\"" ROW "\",\"kind\":\"dial_made\",\"amount\":2.5,\"occurredAt\":\"2026-11-22T08:00:00Z\"}",
    "{\"id\":\"" ROW "\",\"kind\":\"dial_made\",\"amount\":2}",
  };
  g_autoptr(PrgOperation) good = prg_codec_operation_from_json(GOOD_START "}", -1, NULL);
  g_assert_nonnull(good);
  for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
    g_autoptr(GError) error = NULL;
    g_test_message("%s", lines[i]);
    g_assert_null(prg_codec_operation_from_json(lines[i], -1, &error));
    g_assert_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT);
  }
}

/* --- id sets --- */

static void
test_id_sets(void)
{
  for (guint i = 0; i < 1000; i++) {
    g_autoptr(PrgIdSet) set = prg_id_set_new();
    for (gint n = g_test_rand_int_range(0, 8); n > 0; n--) {
      g_autofree char *id = random_text(6);
      prg_id_set_add(set, id);
    }
    g_autofree char *text = prg_codec_id_set_to_json(set);
    g_autoptr(PrgIdSet) again = NULL;
    g_assert_true(prg_codec_id_set_from_json(text, &again));
    g_assert_true(prg_id_set_equal(set, again));
    g_assert_cmpuint(prg_id_set_size(set), ==, prg_id_set_size(again));
  }
  static const char *const refused[] = { "",    " ",      "x",      "{}",       "null",     "\"a\"",
                                         "[1]", "[null]", "[\"a\"", "[\"a\"]]", "[\"a\",]", "[[]]" };
  for (gsize i = 0; i < G_N_ELEMENTS(refused); i++) {
    PrgIdSet *set = NULL;
    g_assert_false(prg_codec_id_set_from_json(refused[i], &set));
    g_assert_null(set);
  }
}

/* --- messages --- */

static char *
message_of(const char *said)
{
  g_autofree char *body = g_strdup_printf("{\"error\":\"BadRequestException\",\"messages\":[\"%s\"]}", said);
  char *message = NULL;
  g_assert_cmpint(prg_codec_classify(400, body, strlen(body), &message), ==, PRG_OUTCOME_REFUSED);
  return message;
}

static void
test_messages(void)
{
  g_autofree char *novel = g_strnfill(5000, 'x');
  g_autofree char *cut = message_of(novel);
  g_assert_cmpint(g_utf8_strlen(cut, -1), ==, 500);
  g_autofree char *controls = message_of("a\\u0007b\\nc\\u001b[31md\\u202ee");
  g_assert_cmpstr(controls, ==, "a b c [31md e");
  g_autofree char *bearer = message_of("Bearer abc.def-123456 refused");
  g_assert_cmpstr(bearer, ==, "* refused");
  g_autofree char *jwt = message_of("bad eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.abc_-");
  g_assert_cmpstr(jwt, ==, "bad *");
}

/* A value quoted in a message must not be taken for the server's own words. */
static void
test_quoted_values(void)
{
  g_autofree char *a = message_of("Invalid number value 'connect ECONNREFUSED' for field \\\"seq\\\"");
  g_autofree char *b =
      message_of("Invalid number value 'A duplicate entry was detected' for field \\\"seq\\\"");
  g_autofree char *c = message_of("Invalid number value 'object 'x' not found' for field \\\"seq\\\"");
  g_assert_nonnull(a);
  g_assert_nonnull(b);
  g_assert_nonnull(c);
}

/* A token is found behind any sign that shows nothing. */
static void
test_hidden_tokens(void)
{
  static const char *const cases[] = { "Bearer\\tabcdefghijklmnop", "Bearer\\u200babcdefghijklmnop",
                                       "\\u0001Bearer abcdefghijklmnop" };
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *message = message_of(cases[i]);
    g_assert_cmpstr(message, ==, "*");
  }
}

static void
test_deep(void)
{
  g_autoptr(GString) body = g_string_new("{\"data\":");
  for (guint i = 0; i < 1000000; i++)
    g_string_append_c(body, '[');
  g_assert_cmpint(prg_codec_classify(200, body->str, body->len, NULL), ==, PRG_OUTCOME_UNKNOWN);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/codec/text/sound", test_sound);
  g_test_add_func("/codec/text/spoiled-texts", test_spoiled_texts);
  g_test_add_func("/codec/text/empty-texts", test_empty_texts);
  g_test_add_func("/codec/text/numbers", test_numbers);
  g_test_add_func("/codec/text/spoiled-sums", test_spoiled_sums);
  g_test_add_func("/codec/text/negative-counter", test_negative_counter);
  g_test_add_func("/codec/text/huge-counter", test_huge_counter);
  g_test_add_func("/codec/text/instants", test_instants);
  g_test_add_func("/codec/text/bare-row", test_bare_row);
  g_test_add_func("/codec/text/older", test_older);
  g_test_add_func("/codec/text/foreign-details", test_foreign_details);
  g_test_add_func("/codec/text/long-words", test_long_words);
  g_test_add_func("/codec/text/operation-round-trip", test_operation_round_trip);
  g_test_add_func("/codec/text/row-round-trip", test_row_round_trip);
  g_test_add_func("/codec/text/operation-refused", test_operation_refused);
  g_test_add_func("/codec/text/id-sets", test_id_sets);
  g_test_add_func("/codec/text/messages", test_messages);
  g_test_add_func("/codec/text/quoted-values", test_quoted_values);
  g_test_add_func("/codec/text/hidden-tokens", test_hidden_tokens);
  g_test_add_func("/codec/text/deep", test_deep);
  return g_test_run();
}

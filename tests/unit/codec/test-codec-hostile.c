/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recording.h"

#include <string.h>

/* Bytes that no sound server sends: every beginning of every recorded answer, and seeded mutations of each.
 * Nothing may crash, and whatever is called OK must have the promised shape. */

#define MUTATIONS 2000

static GPtrArray *recordings; /* (element-type Recording) one of each body */

/* Many refusals were recorded word for word alike; and one long stream of events, which this client never reads. */
static void
drop_needless(void)
{
  g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < recordings->len;) {
    const Recording *one = g_ptr_array_index(recordings, i);
    if (g_hash_table_contains(seen, one->body) || g_str_has_prefix(one->id, "sse-"))
      g_ptr_array_remove_index(recordings, i);
    else
      g_hash_table_add(seen, ((const Recording *)g_ptr_array_index(recordings, i++))->body);
  }
}

/* The way our client would read the recorded answer. */
static PrgRequestKind
kind_of(const Recording *one)
{
  static const struct {
    const char *part;
    PrgRequestKind kind;
  } kinds[] = {
    { "\"createRepProgression\"", PRG_REQUEST_CREATE },
    { "\"updateRepProgressions\"", PRG_REQUEST_SWAP },
    { "\"createXpEvents\"", PRG_REQUEST_POST },
    { "\"updateXpEvents\"", PRG_REQUEST_RELINK },
    { "\"timelineActivities\"", PRG_REQUEST_TIMELINE },
    { "\"repProgressions\":{", PRG_REQUEST_READ },
    { "\"xpEvents\":{\"totalCount\"", PRG_REQUEST_READ_BACK },
    { "\"xpEvents\":{", PRG_REQUEST_FETCH },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
    if (strstr(one->body, kinds[i].part) != NULL)
      return kinds[i].kind;
  return PRG_REQUEST_DISCOVER;
}

/* Exactly @length bytes with nothing behind them, so that a sanitizer sees a step too far. */
static PrgOutcome
feed(const PrgRequest *request, guint status, const char *bytes, gsize length)
{
  g_autofree char *exact = g_memdup2(bytes, length);
  g_autoptr(PrgAnswer) answer = prg_codec_decode(request, status, exact, length, NULL);
  g_assert_nonnull(answer->message);
  g_assert_true(g_utf8_validate(answer->message, -1, NULL));
  g_assert_cmpint(g_utf8_strlen(answer->message, -1), <=, 500);
  if (answer->outcome == PRG_OUTCOME_OK)
    recording_assert_shape(request, answer);
  return answer->outcome;
}

static void
test_truncations(void)
{
  for (guint i = 0; i < recordings->len; i++) {
    const Recording *one = g_ptr_array_index(recordings, i);
    g_autofree char *body = recording_complete(one);
    g_autoptr(PrgRequest) request = recording_request(one, kind_of(one));
    for (gsize length = 0; length < strlen(body); length++)
      g_assert_cmpint(feed(request, 200, body, length), !=, PRG_OUTCOME_OK);
  }
}

/* --- mutations --- */

static void
mutate_bytes(GString *text)
{
  gsize at = (gsize)g_test_rand_int_range(0, (gint)text->len);
  switch (g_test_rand_int_range(0, 4)) {
  case 0:
    text->str[at] = (char)g_test_rand_int_range(0, 256);
    break;
  case 1:
    g_string_erase(text, (gssize)at, 1);
    break;
  case 2:
    g_string_insert_len(text, (gssize)at, "\"{[]},:0\\", 1 + g_test_rand_int_range(0, 8));
    break;
  default:
    text->str[at] ^= (char)(1 << g_test_rand_int_range(0, 7));
    break;
  }
}

/* Puts another JSON value where one stood: still JSON, but of another shape. */
static void
mutate_value(GString *text)
{
  static const char *const values[] = { "null",         "true",   "0",
                                        "-1",           "1e308",  "99999999999999999999",
                                        "\"\"",         "\"x\"",  "\"\\u0000\"",
                                        "\"\\udc00\"",  "[]",     "{}",
                                        "[null]",       "[[{}]]", "{\"edges\":[]}",
                                        "{\"id\":\"\"}" };
  char *start = text->str + g_test_rand_int_range(0, (gint)text->len);
  char *colon = strchr(start, ':');
  if (colon == NULL)
    return;
  gsize at = (gsize)(colon + 1 - text->str);
  gsize length = strcspn(text->str + at, ",}]");
  g_string_erase(text, (gssize)at, (gssize)length);
  g_string_insert(text, (gssize)at, values[g_test_rand_int_range(0, G_N_ELEMENTS(values))]);
}

static void
mutate(GString *text)
{
  for (gint n = g_test_rand_int_range(1, 4); n > 0 && text->len > 0; n--) {
    if (g_test_rand_bit())
      mutate_value(text);
    else
      mutate_bytes(text);
  }
}

static void
test_mutations(void)
{
  static const guint statuses[] = { 200, 201, 200, 201, 400, 403, 500, 429 };
  for (guint i = 0; i < recordings->len; i++) {
    const Recording *one = g_ptr_array_index(recordings, i);
    g_autofree char *body = recording_complete(one);
    g_autoptr(PrgRequest) request = recording_request(one, kind_of(one));
    for (guint n = 0; n < MUTATIONS && *body != '\0'; n++) {
      g_autoptr(GString) text = g_string_new(body);
      mutate(text);
      feed(request, statuses[n % G_N_ELEMENTS(statuses)], text->str, text->len);
    }
  }
}

/* Every answer read as the answer to every other question. */
static void
test_wrong_questions(void)
{
  for (guint i = 0; i < recordings->len; i++) {
    const Recording *one = g_ptr_array_index(recordings, i);
    g_autofree char *body = recording_complete(one);
    for (gint kind = PRG_REQUEST_DISCOVER; kind <= PRG_REQUEST_BOARD; kind++) {
      g_autoptr(PrgRequest) request = recording_request(one, (PrgRequestKind)kind);
      feed(request, one->status, body, strlen(body));
    }
  }
}

static PrgOutcome
outcome_of(PrgRequestKind kind, const char *before, const char *piece, const char *after, guint n)
{
  g_autoptr(GString) body = g_string_new(before);
  g_autoptr(PrgRequest) request = prg_request_new(kind);
  prg_record_set(&request->record_id, "x");
  request->full = TRUE;
  request->since = 1;
  for (guint i = 0; i < n; i++)
    g_string_append_printf(body, "%s%s", i > 0 ? "," : "", piece);
  g_string_append(body, after);
  g_autoptr(PrgAnswer) answer = prg_codec_decode(request, 200, body->str, body->len, NULL);
  return answer->outcome;
}

/* Each number is within bounds, their sum is not: such a ledger is not believed. */
static void
test_sums_beyond_bounds(void)
{
  static const char read[] = "{\"data\":{\"repProgressions\":{\"edges\":[]},\"xpEventsGroupBy\":[";
  static const char fetch[] =
      "{\"data\":{\"xpEvents\":{\"edges\":[],\"pageInfo\":{\"hasNextPage\":false}},\"xpEventsGroupBy\":[";
  static const char rows[] =
      "{\"groupByDimensionValues\":[\"d\",\"k\"],\"totalCount\":9007199254740992,\"sumXpAmount\":0}";
  static const char xp[] =
      "{\"groupByDimensionValues\":[\"d\",\"k\"],\"totalCount\":0,\"sumXpAmount\":-9007199254740992}";
  const char *const pieces[] = { rows, xp };
  for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++) {
    g_assert_cmpint(outcome_of(PRG_REQUEST_READ, read, pieces[i], "]}}", 1), ==, PRG_OUTCOME_OK);
    g_assert_cmpint(outcome_of(PRG_REQUEST_READ, read, pieces[i], "]}}", 2), ==, PRG_OUTCOME_UNKNOWN);
    g_assert_cmpint(outcome_of(PRG_REQUEST_READ, read, pieces[i], "]}}", 1100), ==, PRG_OUTCOME_UNKNOWN);
  }
  g_assert_cmpint(outcome_of(PRG_REQUEST_FETCH, fetch, rows, "]}}", 1), ==, PRG_OUTCOME_OK);
  g_assert_cmpint(outcome_of(PRG_REQUEST_FETCH, fetch, rows, "]}}", 1100), ==, PRG_OUTCOME_UNKNOWN);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  recordings = recording_load();
  drop_needless();
  g_test_add_func("/codec/hostile/truncations", test_truncations);
  g_test_add_func("/codec/hostile/mutations", test_mutations);
  g_test_add_func("/codec/hostile/wrong-questions", test_wrong_questions);
  g_test_add_func("/codec/hostile/sums-beyond-bounds", test_sums_beyond_bounds);
  int result = g_test_run();
  g_ptr_array_unref(recordings);
  return result;
}

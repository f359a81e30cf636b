/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The leaderboard on the wire and on this disk. */
#include "recording.h"

#include <string.h>

static GPtrArray *recordings;

#define ID "\"id\":\"aaaaaaaa-0000-4000-8000-00000000000"

static PrgAnswer *
decode(guint status, const char *body)
{
  g_autoptr(PrgRequest) request = prg_request_new(PRG_REQUEST_BOARD);
  g_autoptr(PrgRules) rules = prg_rules_new_builtin();

  prg_record_set(&request->cursor, "before");
  return prg_codec_decode(request, status, body, strlen(body), rules);
}

static const PrgRecord *
record_at(const PrgAnswer *answer, guint index)
{
  g_assert_cmpuint(index, <, answer->records->len);
  return g_ptr_array_index(answer->records, index);
}

static JsonObject *
body_of(const PrgWireRequest *wire)
{
  g_autoptr(JsonNode) node = json_from_string(wire->body, NULL);

  g_assert_cmpstr(wire->method, ==, "POST");
  g_assert_cmpstr(wire->path, ==, "/graphql");
  return json_object_ref(json_node_get_object(node));
}

/* What the recorded request asked for, word by word, is part of ours. */
static void
test_request(void)
{
  static const char *const parts[] = { "filter:{totalXp:{is:NOT_NULL}}", "orderBy:[{totalXp:DescNullsLast}]",
                                       "pageInfo{hasNextPage endCursor}",
                                       "id name workspaceMemberId totalXp" };
  g_autofree char *recorded = json_to_string(recording_find(recordings, "leaderboard")->sent, FALSE);
  g_autoptr(PrgRequest) request = prg_request_new(PRG_REQUEST_BOARD);

  request->page = 200;
  g_autoptr(PrgWireRequest) first = prg_codec_encode(request);
  g_autoptr(JsonObject) body = body_of(first);
  const char *query = json_object_get_string_member(body, "query");
  for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
    g_assert_nonnull(strstr(query, parts[i]));
    g_assert_nonnull(strstr(recorded, parts[i]));
  }
  g_assert_null(strstr(query, "after"));
  g_assert_cmpint(json_object_get_int_member(json_object_get_object_member(body, "variables"), "n"), ==, 200);
  prg_record_set(&request->cursor, "next\"page");
  g_autoptr(PrgWireRequest) later = prg_codec_encode(request);
  g_autoptr(JsonObject) next = body_of(later);
  g_assert_nonnull(strstr(json_object_get_string_member(next, "query"), "after:$c"));
  g_assert_cmpstr(json_object_get_string_member(json_object_get_object_member(next, "variables"), "c"), ==,
                  "next\"page");
}

static void
test_recorded(void)
{
  const Recording *one = recording_find(recordings, "leaderboard");
  g_autoptr(PrgAnswer) answer = decode(one->status, one->body);

  g_assert_cmpint(answer->outcome, ==, PRG_OUTCOME_OK);
  g_assert_cmpuint(answer->records->len, ==, 5);
  g_assert_cmpint(record_at(answer, 0)->total_xp.value, ==, G_GINT64_CONSTANT(9007199254740992));
  g_assert_cmpstr(record_at(answer, 2)->name, ==, "Upserted by id");
  g_assert_cmpstr(record_at(answer, 2)->workspace_member_id, ==, "20202020-77d5-4cb6-b60a-f4a835a85d61");
  g_assert_cmpint(record_at(answer, 2)->total_xp.value, ==, 34203);
  g_assert_cmpstr(record_at(answer, 2)->current_rank, ==, ""); /* "Closer" is none */
  g_assert_cmpstr(answer->next_cursor, ==,
                  "eyJ0b3RhbFhwIjozMTMsImlkIjoiMGUwNjlhZDAtNWZiMi00NGFhLWIwMDItYTg1MzA5ZTQxYWY2In0=");
  const Recording *denied = recording_find(recordings, "perm-read-denied-gql");
  g_autoptr(PrgAnswer) refusal = decode(denied->status, denied->body);
  g_assert_cmpint(refusal->outcome, ==, PRG_OUTCOME_FORBIDDEN);
}

#define PAGE(nodes, info) "{\"data\":{\"repProgressions\":{\"edges\":[" nodes "],\"pageInfo\":" info "}}}"
#define LAST "{\"hasNextPage\":false,\"endCursor\":null}"

static void
test_malformed_rows(void)
{
  g_autoptr(PrgAnswer) answer = decode(
      200, PAGE("{\"node\":{" ID "1\",\"totalXp\":12.9,\"currentRank\":\"operative\",\"name\":null}},"
                "{\"node\":null},7,{\"node\":{\"id\":\"x\",\"totalXp\":1}},{\"node\":{" ID
                "2\",\"totalXp\":null}},"
                "{\"node\":{" ID "3\",\"totalXp\":\"much\"}},{\"node\":{" ID "4\"}},"
                "{\"node\":{" ID
                "5\",\"totalXp\":-1e300,\"currentRank\":[],\"name\":\"a\\u0007b\\u202e\",\"createdAt\":7}}",
                LAST));

  g_assert_cmpint(answer->outcome, ==, PRG_OUTCOME_OK);
  g_assert_cmpuint(answer->records->len, ==, 2);
  g_assert_cmpint(record_at(answer, 0)->total_xp.value, ==, 12);
  g_assert_cmpstr(record_at(answer, 0)->current_rank, ==, "E-4");
  g_assert_cmpstr(record_at(answer, 0)->name, ==, "");
  g_assert_cmpint(record_at(answer, 1)->total_xp.value, ==, -G_GINT64_CONSTANT(9007199254740992));
  g_assert_cmpstr(record_at(answer, 1)->name, ==, "a b");
}

static void
test_no_answer(void)
{
  static const char *const bodies[] = {
    "{}",
    "{\"data\":null}",
    "{\"data\":{\"repProgressions\":null}}",
    PAGE("", "null"),
    PAGE("", "{\"hasNextPage\":true,\"endCursor\":null}"),       /* more, but not where */
    PAGE("", "{\"hasNextPage\":true,\"endCursor\":\"before\"}"), /* the page that was asked for */
  };

  for (guint i = 0; i < G_N_ELEMENTS(bodies); i++) {
    g_autoptr(PrgAnswer) answer = decode(200, bodies[i]);
    g_assert_cmpint(answer->outcome, ==, PRG_OUTCOME_UNKNOWN);
  }
}

static void
test_on_disk(void)
{
  const Recording *one = recording_find(recordings, "leaderboard");
  g_autoptr(PrgAnswer) answer = decode(one->status, one->body);
  g_autoptr(PrgBoard) board = prg_board_new(1795643887794320);

  for (guint i = 0; i < answer->records->len; i++) {
    PrgRecord *record = prg_record_copy(record_at(answer, i));
    record->created_at = (gint64)i * 1000000;
    g_ptr_array_add(board->records, record);
  }
  g_autofree char *text = prg_codec_board_to_json(board);
  g_autoptr(PrgBoard) back = prg_codec_board_from_json(text);
  g_assert_nonnull(back);
  g_autofree char *again = prg_codec_board_to_json(back);
  g_assert_cmpstr(again, ==, text);
  g_assert_cmpint(back->as_of, ==, board->as_of);
  g_assert_cmpuint(back->records->len, ==, 5);
  for (guint cut = 0; cut < strlen(text); cut += 7) {
    g_autofree char *part = g_strndup(text, cut);
    g_assert_null(prg_codec_board_from_json(part));
  }
  g_assert_null(prg_codec_board_from_json("{\"asOf\":\"x\",\"reps\":[]}"));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  recordings = recording_load();
  g_test_add_func("/codec/board/request", test_request);
  g_test_add_func("/codec/board/recorded", test_recorded);
  g_test_add_func("/codec/board/malformed-rows", test_malformed_rows);
  g_test_add_func("/codec/board/no-answer", test_no_answer);
  g_test_add_func("/codec/board/on-disk", test_on_disk);
  int result = g_test_run();
  g_ptr_array_unref(recordings);
  return result;
}

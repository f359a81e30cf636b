/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-calendar.h"
#include "recording.h"

#include <string.h>

#define REP "fbd10b80-ddf7-4997-8c50-8174b84f5de5"
#define ID_A "e3f6d10f-f287-4151-bac0-bb182faca72d"
#define ID_B "49ef9e07-d78f-4a8f-85ac-8a5dbda7252c"

static GPtrArray *recordings;

/* --- helpers --- */

static gint64
instant(const char *text)
{
  gint64 utc_us = 0;
  g_assert_true(prg_instant_parse(text, &utc_us));
  return utc_us;
}

static PrgRequest *
request_new(PrgRequestKind kind)
{
  PrgRequest *request = prg_request_new(kind);
  prg_record_set(&request->member, "rec2-fbd10b80");
  prg_record_set(&request->record_id, REP);
  return request;
}

static JsonObject *
parse(const char *text)
{
  g_autoptr(GError) error = NULL;
  JsonNode *node = json_from_string(text, &error);
  g_assert_no_error(error);
  JsonObject *object = json_object_ref(json_node_get_object(node));
  json_node_unref(node);
  return object;
}

static void
assert_json(JsonNode *found, const char *expected)
{
  g_autoptr(JsonNode) wanted = json_from_string(expected, NULL);
  g_autofree char *text = json_to_string(found, FALSE);
  g_assert_nonnull(wanted);
  if (!json_node_equal(found, wanted))
    g_error("found    %s\nexpected %s", text, expected);
}

/* The variables of a GraphQL request; its text must hold no value, only names. */
static JsonObject *
get_variables(const PrgWireRequest *wire, JsonObject **keep)
{
  g_assert_cmpstr(wire->method, ==, "POST");
  g_assert_cmpstr(wire->path, ==, "/graphql");
  *keep = parse(wire->body);
  const char *query = json_object_get_string_member(*keep, "query");
  g_assert_null(strstr(query, REP));
  g_assert_null(strstr(query, "rec2"));
  return json_object_get_object_member(*keep, "variables");
}

static JsonObject *
get_recorded_variables(const char *id)
{
  const Recording *one = recording_find(recordings, id);
  return json_object_get_object_member(json_node_get_object(one->sent), "variables");
}

/* The recorded filter kept its token in foldLog, before there was a field for it. */
static char *
recorded_filter(const char *id)
{
  g_autofree char *text = json_to_string(json_object_get_member(get_recorded_variables(id), "f"), FALSE);
  g_autoptr(GString) renamed = g_string_new(text);
  g_string_replace(renamed, "foldLog", "foldToken", 0);
  return g_string_free(g_steal_pointer(&renamed), FALSE);
}

static PrgRecord *
state(gint64 total, const char *updated_at)
{
  PrgRecord *record = prg_record_new();
  prg_record_set(&record->id, REP);
  record->total_xp = prg_number(total);
  record->updated_at = instant(updated_at);
  return record;
}

/* --- the record --- */

static void
test_discover(void)
{
  g_autoptr(PrgRequest) request = prg_request_new(PRG_REQUEST_DISCOVER);
  prg_record_set(&request->member, "wm-del");
  g_autoptr(PrgWireRequest) wire = prg_codec_encode(request);
  const Recording *one = recording_find(recordings, "soft-filter-or");
  g_autoptr(GString) unquoted = g_string_new(wire->path);
  g_string_replace(unquoted, "%22", "", 0);
  g_assert_cmpstr(wire->method, ==, "GET");
  g_assert_null(wire->body);
  g_assert_true(g_str_has_prefix(unquoted->str, one->path));
  g_assert_cmpstr(unquoted->str + strlen(one->path), ==, "&order_by=createdAt%5BAscNullsFirst%5D&limit=60");
  g_assert_nonnull(strstr(wire->path, "workspaceMemberId%5Beq%5D%3A%22wm-del%22%2C"));
}

/* Nothing of a member's id can leave the filter's value. */
static void
test_escapes(void)
{
  g_autoptr(PrgRequest) request = prg_request_new(PRG_REQUEST_DISCOVER);
  prg_record_set(&request->member, "a b&limit=0#x?y%z+\r\nX: 1/\xc3\xa9");
  g_autoptr(PrgWireRequest) wire = prg_codec_encode(request);
  g_assert_nonnull(strstr(wire->path, "%22a%20b%26limit%3D0%23x%3Fy%25z%2B%0D%0AX%3A%201%2F%C3%A9%22"));
  for (const char *p = wire->path; *p != '\0'; p++)
    g_assert_true(g_ascii_isgraph(*p));
  g_autoptr(PrgWireRequest) member = prg_codec_encode_member("../x?y");
  g_assert_cmpstr(member->path, ==, "/rest/workspaceMembers/..%2Fx%3Fy");
}

/* A quote would end the value, and what follows it would be read as another condition. */
static void
test_quotes(void)
{
  g_autoptr(PrgRequest) request = prg_request_new(PRG_REQUEST_DISCOVER);
  prg_record_set(&request->member, "x\"),or(id[is]:NOT_NULL,name[eq]:\"");
  g_autoptr(PrgWireRequest) wire = prg_codec_encode(request);
  g_autofree char *plain = g_uri_unescape_string(wire->path, NULL);
  g_assert_true(g_str_has_prefix(
      plain, "/rest/repProgressions?filter=and(workspaceMemberId[eq]:\"x),or(id[is]:NOT_NULL,"
             "name[eq]:\",or(deletedAt[is]:NOT_NULL,deletedAt[is]:NULL))&"));
}

static void
test_create(void)
{
  g_autoptr(PrgRequest) request = request_new(PRG_REQUEST_CREATE);
  prg_record_set(&request->member_name, "Ada \"Quote\" Example");
  request->fold = prg_fold_new();
  request->fold->fold_token = g_strdup("tok");
  request->fold->fold_log = g_strdup("log");
  g_autoptr(PrgWireRequest) wire = prg_codec_encode(request);
  g_autoptr(JsonNode) body = json_from_string(wire->body, NULL);
  g_assert_cmpstr(wire->method, ==, "POST");
  g_assert_cmpstr(wire->path, ==, "/rest/repProgressions");
  assert_json(
      body,
      "{\"id\":\"" REP "\",\"name\":\"Ada \\\"Quote\\\" Example\",\"workspaceMemberId\":\"rec2-fbd10b80\","
      "\"totalXp\":0,\"ledgerXp\":0,\"ledgerCount\":0,\"externalXp\":0,\"externalDeals\":0,\"closedDeals\":0,"
      "\"currentLevel\":1,\"currentRank\":\"E-1\",\"foldToken\":\"tok\",\"foldLog\":\"log\"}");
}

static void
test_read(void)
{
  g_autoptr(PrgRequest) request = request_new(PRG_REQUEST_READ);
  g_autoptr(PrgWireRequest) bare = prg_codec_encode(request);
  g_autoptr(JsonObject) keep = NULL;
  get_variables(bare, &keep);
  g_assert_null(strstr(bare->body, "xpEvents"));
  assert_json(json_object_get_member(keep, "variables"), "{\"id\":\"" REP "\"}");
  request->full = TRUE;
  request->unlinked = TRUE;
  g_autoptr(PrgWireRequest) whole = prg_codec_encode(request);
  g_autoptr(JsonObject) body = NULL;
  get_variables(whole, &body);
  const char *query = json_object_get_string_member(body, "query");
  g_assert_nonnull(strstr(
      query, "xpEventsGroupBy(filter:{repId:{eq:$id}},groupBy:[{device:true},{eventType:true}],limit:10000)"
             "{groupByDimensionValues totalCount sumXpAmount}"));
  g_assert_nonnull(strstr(
      query, "unlinked:xpEvents(filter:{workspaceMemberId:{eq:$m},repId:{is:NULL}},first:1){totalCount}"));
  g_assert_nonnull(
      strstr(query, "{and:[{id:{eq:$id}},{or:[{deletedAt:{is:NULL}},{deletedAt:{is:NOT_NULL}}]}]}"));
  assert_json(json_object_get_member(body, "variables"), "{\"id\":\"" REP "\",\"m\":\"rec2-fbd10b80\"}");
}

static void
assert_swap(PrgRequest *request, const char *filter, const char *data)
{
  g_autoptr(PrgWireRequest) wire = prg_codec_encode(request);
  g_autoptr(JsonObject) keep = NULL;
  JsonObject *variables = get_variables(wire, &keep);
  assert_json(json_object_get_member(variables, "f"), filter);
  assert_json(json_object_get_member(variables, "d"), data);
}

static void
test_swap_initialise(void)
{
  g_autoptr(PrgRequest) request = request_new(PRG_REQUEST_SWAP);
  g_autofree char *filter = recorded_filter("ledger-init-cas");
  request->before = state(2500, "2026-11-22T08:53:00.527Z");
  request->fold = prg_fold_new();
  request->fold->set_ledger = request->fold->set_external = request->fold->set_external_deals = TRUE;
  request->fold->external_xp = 2500;
  request->fold->external_deals = 3;
  request->fold->fold_token = g_strdup("tok-652d43f6f80240b0a051cbd926302619");
  request->fold->fold_log = g_strdup("log");
  assert_swap(request, filter,
              "{\"ledgerXp\":0,\"ledgerCount\":0,\"externalXp\":2500,\"externalDeals\":3,"
              "\"foldToken\":\"tok-652d43f6f80240b0a051cbd926302619\",\"foldLog\":\"log\"}");
}

static void
test_swap_fold(void)
{
  g_autoptr(PrgRequest) request = request_new(PRG_REQUEST_SWAP);
  g_autofree char *filter = recorded_filter("fold-cas");
  request->before = state(2500, "2026-11-22T08:53:01.256Z");
  request->before->ledger_xp = prg_number(0);
  request->before->ledger_count = prg_number(0);
  request->before->external_xp = prg_number(2500);
  PrgFold *fold = request->fold = prg_fold_new();
  fold->set_total = fold->set_ledger = fold->set_deals = TRUE;
  fold->total_xp = 2804;
  fold->ledger_xp = 304;
  fold->ledger_count = 4;
  fold->closed_deals = 1;
  fold->fold_token = g_strdup("tok-97fd0ef523df4f389ba6048825c0c4a1");
  fold->fold_log = g_strdup("log");
  assert_swap(request, filter,
              "{\"totalXp\":2804,\"ledgerXp\":304,\"ledgerCount\":4,\"closedDeals\":1,"
              "\"foldToken\":\"tok-97fd0ef523df4f389ba6048825c0c4a1\",\"foldLog\":\"log\"}");
}

/* Every other field, and numbers that another program left as fractions or beyond what an integer of a double
 * holds. */
static void
test_swap_rest(void)
{
  g_autoptr(PrgRequest) request = request_new(PRG_REQUEST_SWAP);
  request->before = state(0, "2026-11-22T08:53:01.256Z");
  request->before->total_xp = (PrgNumber){ TRUE, 10, 10.25 };
  request->before->ledger_xp = (PrgNumber){ TRUE, G_GINT64_CONSTANT(9007199254740992), 1e300 };
  request->before->ledger_count = (PrgNumber){ TRUE, -1, -0.5 };
  PrgFold *fold = request->fold = prg_fold_new();
  fold->set_level = fold->set_streak = fold->set_activity = TRUE;
  fold->current_level = 4;
  fold->streak_days = 9;
  fold->last_activity = instant("2026-11-22T07:00:00.000Z");
  fold->badges = g_strdup("[\"a.gold\"]");
  fold->completed_modules = g_strdup("[\"m\"]");
  fold->certifications = g_strdup("[\"c\"]");
  fold->defeated_bosses = g_strdup("[\"b\"]");
  fold->passed_exams = g_strdup("[\"e\"]");
  fold->current_rank = g_strdup("E-2");
  fold->efficiency_metrics = g_strdup("{\"x\":1}");
  fold->fold_token = g_strdup("t");
  fold->fold_log = g_strdup("l");
  assert_swap(request,
              "{\"and\":[{\"id\":{\"eq\":\"" REP "\"}},{\"deletedAt\":{\"is\":\"NULL\"}},{\"or\":[{\"and\":["
              "{\"totalXp\":{\"eq\":10.25}},{\"ledgerXp\":{\"eq\":1e300}},{\"ledgerCount\":{\"eq\":-0.5}},"
              "{\"externalXp\":{\"is\":\"NULL\"}},{\"updatedAt\":{\"gte\":\"2026-11-22T08:53:01.256Z\"}},"
              "{\"updatedAt\":{\"lt\":\"2026-11-22T08:53:01.257Z\"}}]},{\"and\":[{\"foldToken\":{\"eq\":"
              "\"t\"}}]}]}]}",
              "{\"currentLevel\":4,\"streakDays\":9,\"lastActivityDate\":\"2026-11-22T07:00:00.000Z\","
              "\"badges\":\"[\\\"a.gold\\\"]\",\"completedModules\":\"[\\\"m\\\"]\",\"certifications\":\"["
              "\\\"c\\\"]\","
              "\"defeatedBosses\":\"[\\\"b\\\"]\",\"passedExams\":\"[\\\"e\\\"]\",\"currentRank\":\"E-2\","
              "\"efficiencyMetrics\":\"{\\\"x\\\":1}\",\"foldToken\":\"t\",\"foldLog\":\"l\"}");
}

/* --- rows --- */

static void
test_post(void)
{
  g_autoptr(PrgRequest) request = request_new(PRG_REQUEST_POST);
  PrgOperation fields = { .id = ID_A,
                          .device = "dev",
                          .seq = 7,
                          .kind = "dial_made",
                          .amount = 2,
                          .ref = "lead-1",
                          .occurred_at = instant("2026-11-22T07:00:00.123Z"),
                          .local_day = "2026-11-21",
                          .zone = "America/Denver",
                          .details = "{\"disposition\":\"CONTACT\"}",
                          .cause = ID_B };
  PrgOperation plain = {
    .id = ID_B, .kind = "correction", .amount = -5, .occurred_at = instant("2026-11-22T07:00:00.000Z")
  };
  g_clear_pointer(&request->operations, g_ptr_array_unref);
  request->operations = g_ptr_array_new_with_free_func((GDestroyNotify)prg_operation_unref);
  g_ptr_array_add(request->operations, prg_operation_new(&fields));
  g_ptr_array_add(request->operations, prg_operation_new(&plain));
  g_autoptr(PrgWireRequest) wire = prg_codec_encode(request);
  g_autoptr(JsonNode) body = json_from_string(wire->body, NULL);
  g_assert_cmpstr(wire->path, ==, "/rest/batch/xpEvents");
  assert_json(body,
              "[{\"id\":\"" ID_A "\",\"name\":\"dial_made\",\"repId\":\"" REP
              "\",\"workspaceMemberId\":\"rec2-fbd10b80\","
              "\"device\":\"dev\",\"seq\":7,\"eventType\":\"dial_made\",\"xpAmount\":2,\"ref\":\"lead-1\","
              "\"occurredAt\":\"2026-11-22T07:00:00.123Z\",\"localDay\":\"2026-11-21\","
              "\"details\":\"{\\\"disposition\\\":\\\"CONTACT\\\",\\\"zone\\\":\\\"America/"
              "Denver\\\",\\\"cause\\\":\\\"" ID_B "\\\"}\"},"
              "{\"id\":\"" ID_B "\",\"name\":\"correction\",\"repId\":\"" REP
              "\",\"workspaceMemberId\":\"rec2-fbd10b80\","
              "\"device\":\"\",\"seq\":0,\"eventType\":\"correction\",\"xpAmount\":-5,\"ref\":\"\","
              "\"occurredAt\":\"2026-11-22T07:00:00.000Z\",\"localDay\":\"\",\"details\":\"\"}]");
}

static void
set_ids(PrgRequest *request)
{
  g_clear_pointer(&request->ids, g_ptr_array_unref);
  request->ids = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(request->ids, g_strdup(ID_A));
  g_ptr_array_add(request->ids, g_strdup(ID_B));
}

static void
test_read_back(void)
{
  g_autoptr(PrgRequest) request = request_new(PRG_REQUEST_READ_BACK);
  set_ids(request);
  g_autoptr(PrgWireRequest) wire = prg_codec_encode(request);
  g_autoptr(JsonObject) keep = NULL;
  get_variables(wire, &keep);
  g_assert_nonnull(
      strstr(json_object_get_string_member(keep, "query"),
             "{and:[{id:{in:$ids}},{or:[{deletedAt:{is:NULL}},{deletedAt:{is:NOT_NULL}}]}]},first:$n"));
  assert_json(json_object_get_member(keep, "variables"), "{\"ids\":[\"" ID_A "\",\"" ID_B "\"],\"n\":2}");
}

#define WINDOW(op) \
  "{\"and\":[{\"repId\":{\"eq\":\"" REP "\"}},{\"createdAt\":{\"" op "\":\"2026-11-22T08:00:00.000Z\"}}]}"

static void
assert_fetch(PrgRequest *request, const char *variables, const char *has, const char *has_not)
{
  g_autoptr(PrgWireRequest) wire = prg_codec_encode(request);
  g_autoptr(JsonObject) keep = NULL;
  get_variables(wire, &keep);
  const char *query = json_object_get_string_member(keep, "query");
  g_assert_nonnull(strstr(query, "orderBy:[{createdAt:AscNullsFirst},{id:AscNullsFirst}]"));
  g_assert_true(has == NULL || strstr(query, has) != NULL);
  g_assert_null(strstr(query, has_not));
  assert_json(json_object_get_member(keep, "variables"), variables);
}

static void
test_fetch(void)
{
  g_autoptr(PrgRequest) request = request_new(PRG_REQUEST_FETCH);
  request->page = 5000;
  assert_fetch(request, "{\"f\":{\"and\":[{\"repId\":{\"eq\":\"" REP "\"}}]},\"n\":200}", NULL, "after");
  assert_fetch(request, "{\"f\":{\"and\":[{\"repId\":{\"eq\":\"" REP "\"}}]},\"n\":200}", NULL, "GroupBy");
  request->page = 60;
  request->since = instant("2026-11-22T08:00:00.000Z");
  assert_fetch(request, "{\"f\":" WINDOW("gte") ",\"n\":60,\"o\":" WINDOW("lt") "}",
               "xpEventsGroupBy(filter:$o,groupBy:[{eventType:true}],limit:10000)", "after");
  request->all_groups = TRUE; /* a server that knows no limit */
  assert_fetch(request, "{\"f\":" WINDOW("gte") ",\"n\":60,\"o\":" WINDOW("lt") "}",
               "xpEventsGroupBy(filter:$o,groupBy:[{eventType:true}])", "limit");
  prg_record_set(&request->cursor, "next\"page");
  assert_fetch(request, "{\"f\":" WINDOW("gte") ",\"n\":60,\"c\":\"next\\\"page\"}", "after:$c", "GroupBy");
}

static void
test_timeline(void)
{
  g_autoptr(PrgRequest) request = request_new(PRG_REQUEST_TIMELINE);
  g_autoptr(PrgWireRequest) wire = prg_codec_encode(request);
  g_autoptr(GString) unquoted = g_string_new(wire->path);
  g_string_replace(unquoted, "%22", "", 0);
  g_assert_cmpstr(unquoted->str, ==, recording_find(recordings, "timeline")->path);
  request->since = instant("2026-11-22T08:00:00.000Z");
  prg_record_set(&request->cursor, "a=b&c");
  g_autoptr(PrgWireRequest) later = prg_codec_encode(request);
  g_assert_nonnull(strstr(later->path, "%2CcreatedAt%5Bgte%5D%3A%222026-11-22T08%3A00%3A00.000Z%22&"));
  g_assert_true(g_str_has_suffix(later->path, "&starting_after=a%3Db%26c"));
}

static void
test_relink(void)
{
  g_autoptr(PrgRequest) request = request_new(PRG_REQUEST_RELINK);
  g_autoptr(PrgWireRequest) all = prg_codec_encode(request);
  g_autoptr(JsonObject) keep = NULL;
  get_variables(all, &keep);
  assert_json(
      json_object_get_member(keep, "variables"),
      "{\"f\":{\"and\":[{\"workspaceMemberId\":{\"eq\":\"rec2-fbd10b80\"}},{\"repId\":{\"is\":\"NULL\"}}]},"
      "\"d\":{\"repId\":\"" REP "\"}}");
  set_ids(request);
  g_autoptr(PrgWireRequest) some = prg_codec_encode(request);
  g_autoptr(JsonObject) body = NULL;
  get_variables(some, &body);
  assert_json(json_object_get_member(body, "variables"),
              "{\"f\":{\"and\":[{\"workspaceMemberId\":{\"eq\":\"rec2-fbd10b80\"}},{\"id\":{\"in\":[\"" ID_A
              "\",\"" ID_B "\"]}}]},\"d\":{\"repId\":\"" REP "\"}}");
}

/* An empty filter changes every row of the workspace: better no program than such a request. */
static void
test_empty(void)
{
  static const PrgRequestKind kinds[] = { PRG_REQUEST_RELINK, PRG_REQUEST_SWAP, PRG_REQUEST_READ,
                                          PRG_REQUEST_CREATE };
  const char *child = g_getenv("PRG_TEST_EMPTY");
  if (g_test_subprocess() && child != NULL) {
    g_autoptr(PrgRequest) request = request_new(kinds[*child - '0']);
    prg_record_set(child[1] == 'm' ? &request->member : &request->record_id, "");
    prg_wire_request_free(prg_codec_encode(request));
    return;
  }
  static const char *const cases[] = { "0m", "0r", "1r", "2r", "3m", "3r" };
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_setenv("PRG_TEST_EMPTY", cases[i], TRUE);
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr("*assertion failed*");
  }
  g_unsetenv("PRG_TEST_EMPTY");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  recordings = recording_load();
  g_test_add_func("/codec/request/discover", test_discover);
  g_test_add_func("/codec/request/escapes", test_escapes);
  g_test_add_func("/codec/request/quotes", test_quotes);
  g_test_add_func("/codec/request/create", test_create);
  g_test_add_func("/codec/request/read", test_read);
  g_test_add_func("/codec/request/swap-initialise", test_swap_initialise);
  g_test_add_func("/codec/request/swap-fold", test_swap_fold);
  g_test_add_func("/codec/request/swap-rest", test_swap_rest);
  g_test_add_func("/codec/request/post", test_post);
  g_test_add_func("/codec/request/read-back", test_read_back);
  g_test_add_func("/codec/request/fetch", test_fetch);
  g_test_add_func("/codec/request/timeline", test_timeline);
  g_test_add_func("/codec/request/relink", test_relink);
  g_test_add_func("/codec/request/empty", test_empty);
  int result = g_test_run();
  g_ptr_array_unref(recordings);
  return result;
}

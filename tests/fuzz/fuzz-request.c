/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests made of hostile ids, members, tokens and texts: whatever they hold, the request says exactly that and no more. A filter
 * that a value could bend would read, or write, the rows of somebody else.
 */
#include "fuzz.h"

#include "fuzz-filter.h"
#include "prg-calendar.h"
#include "prg-codec-private.h"
#include "prg-json.h"

#include <math.h>
#include <string.h>

#define N_KINDS (PRG_REQUEST_RELINK + 1)
#define MAX_IDS 4

/* --- the request --- */

static void
take_text(FuzzInput *input, char **field, const char *if_empty)
{
  g_autofree char *text = fuzz_text(input);

  prg_record_set(field, *text == '\0' ? if_empty : text);
}

static PrgNumber
take_number(FuzzInput *input)
{
  g_autofree char *text = fuzz_text(input);
  double raw = g_ascii_strtod(text, NULL);

  if (*text == '\0' || !isfinite(raw))
    return (PrgNumber){ FALSE, 0, 0 };
  return (PrgNumber){ TRUE, (gint64)CLAMP(floor(raw), -(double)FUZZ_TWO_53, (double)FUZZ_TWO_53), raw };
}

static void
take_swap(FuzzInput *input, PrgRequest *request)
{
  PrgFold *fold = request->fold = prg_fold_new();
  guint8 flags = fuzz_byte(input);

  request->before = prg_record_new();
  request->before->total_xp = take_number(input);
  request->before->ledger_xp = take_number(input);
  request->before->updated_at = fuzz_number(input) % (G_TIME_SPAN_DAY * 3000000); /* as instants are read */
  take_text(input, &fold->fold_token, "t");
  fold->fold_log = fuzz_text(input);
  fold->badges = fuzz_text(input);
  fold->set_total = (flags & 1) != 0;
  fold->set_ledger = (flags & 2) != 0;
  fold->set_activity = (flags & 4) != 0;
  fold->total_xp = fuzz_number(input) % (FUZZ_TWO_53 + 1);
  fold->last_activity = fuzz_number(input);
}

/* Details are the text of an object, or empty: who makes an operation sees to that. */
static char *
take_details(FuzzInput *input)
{
  g_autofree char *text = fuzz_text(input);
  g_autoptr(JsonNode) root = prg_json_parse_object(text, strlen(text));

  return root != NULL ? json_to_string(root, FALSE) : g_strdup("");
}

static PrgOperation *
take_operation(FuzzInput *input)
{
  g_autofree char *id = fuzz_text(input);
  g_autofree char *kind = fuzz_text(input);
  g_autofree char *ref = fuzz_text(input);
  g_autofree char *zone = fuzz_text(input);
  g_autofree char *cause = fuzz_text(input);
  g_autofree char *details = take_details(input);
  const PrgOperation fields = { .id = id,
                                .device = "d",
                                .kind = kind,
                                .ref = ref,
                                .zone = zone,
                                .cause = cause,
                                .details = details,
                                .local_day = "2026-11-22",
                                .seq = 7,
                                .amount = fuzz_number(input) % (FUZZ_TWO_53 + 1),
                                .occurred_at = fuzz_number(input) };

  return prg_operation_new(&fields);
}

static PrgRequest *
take_request(FuzzInput *input)
{
  PrgRequest *request = prg_request_new((PrgRequestKind)fuzz_below(input, N_KINDS));
  guint8 flags = fuzz_byte(input);

  request->full = (flags & 1) != 0;
  request->unlinked = (flags & 2) != 0;
  take_text(input, &request->member, "m");
  take_text(input, &request->member_name, "");
  take_text(input, &request->record_id, "r");
  take_text(input, &request->cursor, "");
  request->since = fuzz_number(input);
  request->page = (guint)fuzz_number(input);
  if (request->kind == PRG_REQUEST_SWAP)
    take_swap(input, request);
  request->operations = g_ptr_array_new_with_free_func((GDestroyNotify)prg_operation_unref);
  request->ids = g_ptr_array_new_with_free_func(g_free);
  guint n = fuzz_below(input, MAX_IDS) + (request->kind == PRG_REQUEST_RELINK ? 0 : 1);
  for (guint i = 0; i < n; i++) {
    if (request->kind == PRG_REQUEST_POST)
      g_ptr_array_add(request->operations, take_operation(input));
    else
      g_ptr_array_add(request->ids, fuzz_text(input));
  }
  return request;
}

/* --- JSON bodies --- */

static JsonNode *
parse_body(const PrgWireRequest *wire)
{
  g_autoptr(GError) error = NULL;

  g_assert_cmpstr(wire->method, ==, "POST");
  fuzz_check_text(wire->body);
  JsonNode *root = json_from_string(wire->body, &error);
  g_assert_no_error(error);
  return root;
}

static void
check_value(JsonObject *object, const char *name, const char *expected)
{
  g_assert_cmpstr(json_object_get_string_member(object, name), ==, expected);
}

/* @list[@index] is {@field: {@op: @expected}} and nothing else. */
static void
check_condition(JsonArray *list, guint index, const char *field, const char *op, const char *expected)
{
  JsonObject *condition = json_array_get_object_element(list, index);
  JsonObject *comparison = json_object_get_object_member(condition, field);

  g_assert_cmpuint(json_object_get_size(condition), ==, 1);
  g_assert_cmpuint(json_object_get_size(comparison), ==, 1);
  check_value(comparison, op, expected);
}

/* A compare-and-swap compares with the very number that was read. */
static void
check_number(JsonArray *list, guint index, const char *field, PrgNumber number)
{
  JsonObject *comparison = json_object_get_object_member(json_array_get_object_element(list, index), field);

  if (number.known)
    g_assert_true(json_object_get_double_member(comparison, "eq") == number.raw);
  else
    check_value(comparison, "is", "NULL");
}

static JsonArray *
get_list(JsonObject *object, const char *name, guint length)
{
  JsonArray *list = json_object_get_array_member(object, name);

  g_assert_cmpuint(json_object_get_size(object), ==, 1);
  g_assert_cmpuint(json_array_get_length(list), ==, length);
  return list;
}

static void
check_ids(JsonArray *list, const GPtrArray *ids)
{
  g_assert_cmpuint(json_array_get_length(list), ==, ids->len);
  for (guint i = 0; i < ids->len; i++)
    g_assert_cmpstr(json_array_get_string_element(list, i), ==, g_ptr_array_index(ids, i));
}

static void
check_instant(JsonArray *list, guint index, const char *field, const char *op, gint64 utc_us)
{
  g_autofree char *text = prg_instant_format(utc_us);

  check_condition(list, index, field, op, text);
}

static void
check_swap(JsonObject *variables, const PrgRequest *request)
{
  const PrgFold *fold = request->fold;
  JsonObject *data = json_object_get_object_member(variables, "d");
  JsonArray *all = get_list(json_object_get_object_member(variables, "f"), "and", 3);
  JsonArray *states = get_list(json_array_get_object_element(all, 2), "or", 2);
  JsonArray *before = get_list(json_array_get_object_element(states, 0), "and", 6);
  JsonArray *after = get_list(json_array_get_object_element(states, 1), "and", fold->set_total ? 2 : 1);

  check_condition(all, 0, "id", "eq", request->record_id);
  check_condition(all, 1, "deletedAt", "is", "NULL");
  check_number(before, 0, "totalXp", request->before->total_xp);
  check_number(before, 1, "ledgerXp", request->before->ledger_xp);
  check_instant(before, 4, "updatedAt", "gte", request->before->updated_at);
  check_condition(after, fold->set_total ? 1 : 0, "foldToken", "eq", fold->fold_token);
  check_value(data, "foldToken", fold->fold_token);
  check_value(data, "foldLog", fold->fold_log);
  check_value(data, "badges", fold->badges);
  g_assert_true(json_object_has_member(data, "totalXp") == fold->set_total);
  g_assert_true(!fold->set_total || json_object_get_int_member(data, "totalXp") == fold->total_xp);
}

static void
check_fetch(JsonObject *variables, const PrgRequest *request)
{
  gboolean later = *request->cursor != '\0', bounded = request->since > 0;
  JsonArray *window = get_list(json_object_get_object_member(variables, "f"), "and", bounded ? 2 : 1);
  gint64 n = json_object_get_int_member(variables, "n");

  check_condition(window, 0, "repId", "eq", request->record_id);
  if (bounded)
    check_instant(window, 1, "createdAt", "gte", request->since);
  g_assert_true(n >= 1 && n <= 200);
  g_assert_true(json_object_has_member(variables, "c") == later);
  if (later)
    check_value(variables, "c", request->cursor);
  g_assert_true(json_object_has_member(variables, "o") == (bounded && !later));
  if (bounded && !later)
    check_condition(get_list(json_object_get_object_member(variables, "o"), "and", 2), 0, "repId", "eq",
                    request->record_id);
}

/* Only rows of the member, and of those either the named ones or the ones without a record. */
static void
check_relink(JsonObject *variables, const PrgRequest *request)
{
  JsonArray *all = get_list(json_object_get_object_member(variables, "f"), "and", 2);
  JsonObject *data = json_object_get_object_member(variables, "d");

  check_condition(all, 0, "workspaceMemberId", "eq", request->member);
  if (request->ids->len == 0)
    check_condition(all, 1, "repId", "is", "NULL");
  else
    check_ids(get_list(json_object_get_object_member(json_array_get_object_element(all, 1), "id"), "in",
                       request->ids->len),
              request->ids);
  g_assert_cmpuint(json_object_get_size(data), ==, 1);
  check_value(data, "repId", request->record_id);
}

static void
check_variables(JsonObject *variables, const PrgRequest *request)
{
  switch (request->kind) {
  case PRG_REQUEST_READ:
    check_value(variables, "id", request->record_id);
    g_assert_true(json_object_has_member(variables, "m") == request->unlinked);
    if (request->unlinked)
      check_value(variables, "m", request->member);
    break;
  case PRG_REQUEST_SWAP:
    check_swap(variables, request);
    break;
  case PRG_REQUEST_READ_BACK:
    check_ids(json_object_get_array_member(variables, "ids"), request->ids);
    g_assert_cmpint(json_object_get_int_member(variables, "n"), ==, request->ids->len);
    break;
  case PRG_REQUEST_FETCH:
    check_fetch(variables, request);
    break;
  case PRG_REQUEST_RELINK:
    check_relink(variables, request);
    break;
  case PRG_REQUEST_DISCOVER:
  case PRG_REQUEST_CREATE:
  case PRG_REQUEST_POST:
  case PRG_REQUEST_TIMELINE:
  default:
    g_assert_not_reached();
  }
}

/* The text of the query is the same for every value: what differs stands in the variables. */
static void
check_query(JsonObject *body, const PrgRequest *request)
{
  g_autoptr(PrgRequest) harmless = prg_request_new(request->kind);
  g_autoptr(PrgWireRequest) wire = NULL;

  prg_record_set(&harmless->member, "m");
  prg_record_set(&harmless->record_id, "r");
  prg_record_set(&harmless->cursor, *request->cursor != '\0' ? "c" : "");
  harmless->since = request->since;
  harmless->full = request->full;
  harmless->unlinked = request->unlinked;
  harmless->ids = g_ptr_array_new();
  g_ptr_array_add(harmless->ids, "i");
  harmless->before = prg_record_new();
  harmless->fold = prg_fold_new();
  harmless->fold->fold_token = g_strdup("t");
  wire = prg_codec_encode(harmless);
  g_autoptr(JsonNode) other = parse_body(wire);
  check_value(body, "query", json_object_get_string_member(json_node_get_object(other), "query"));
}

static void
check_graphql(const PrgWireRequest *wire, const PrgRequest *request)
{
  g_autoptr(JsonNode) root = parse_body(wire);
  JsonObject *body = json_node_get_object(root);

  g_assert_cmpstr(wire->path, ==, "/graphql");
  g_assert_cmpuint(json_object_get_size(body), ==, 2);
  check_query(body, request);
  check_variables(json_object_get_object_member(body, "variables"), request);
}

/* --- REST --- */

static void
check_create(const PrgWireRequest *wire, const PrgRequest *request)
{
  g_autoptr(JsonNode) root = parse_body(wire);
  JsonObject *body = json_node_get_object(root);

  g_assert_cmpstr(wire->path, ==, "/rest/repProgressions");
  check_value(body, "id", request->record_id);
  check_value(body, "name", request->member_name);
  check_value(body, "workspaceMemberId", request->member);
  g_assert_cmpint(json_object_get_int_member(body, "totalXp"), ==, 0);
}

static gboolean
is_short(const char *text)
{
  return g_utf8_strlen(text, -1) <= 64;
}

/* The ledger shows the row as it was sent: read back it is the same operation. */
static void
check_read_back(JsonObject *json, const PrgOperation *sent)
{
  g_autoptr(JsonNode) own = *sent->details == '\0' ? NULL : json_from_string(sent->details, NULL);
  JsonObject *details = own == NULL ? NULL : json_node_get_object(own);
  PrgRow *row;

  json_object_set_string_member(json, "createdAt", "2026-11-22T08:53:00.527Z");
  row = prg_codec_row_from_json(json);
  g_assert_true((row != NULL) == g_uuid_string_is_valid(sent->id));
  if (row == NULL)
    return;
  g_assert_cmpint(row->operation->amount, ==, sent->amount);
  g_assert_cmpstr(row->operation->ref, ==, sent->ref);
  g_assert_true(!is_short(sent->kind) || g_str_equal(row->operation->kind, sent->kind));
  if (details == NULL ||
      (!json_object_has_member(details, "zone") && !json_object_has_member(details, "cause"))) {
    g_autoptr(JsonNode) found =
        *row->operation->details == '\0' ? NULL : json_from_string(row->operation->details, NULL);
    g_assert_true(!is_short(sent->zone) || g_str_equal(row->operation->zone, sent->zone));
    if (is_short(sent->zone) && (*sent->cause == '\0' || g_uuid_string_is_valid(sent->cause)) &&
        details != NULL && json_object_get_size(details) > 0) {
      g_assert_nonnull(found);
      g_assert_true(json_node_equal(found, own));
    }
  }
  prg_row_free(row);
}

static void
check_post(const PrgWireRequest *wire, const PrgRequest *request)
{
  g_autoptr(JsonNode) root = parse_body(wire);
  JsonArray *rows = json_node_get_array(root);

  g_assert_cmpstr(wire->path, ==, "/rest/batch/xpEvents");
  g_assert_cmpuint(json_array_get_length(rows), ==, request->operations->len);
  for (guint i = 0; i < request->operations->len; i++) {
    const PrgOperation *operation = g_ptr_array_index(request->operations, i);
    JsonObject *row = json_array_get_object_element(rows, i);
    check_value(row, "id", operation->id);
    check_value(row, "repId", request->record_id);
    check_value(row, "workspaceMemberId", request->member);
    check_value(row, "eventType", operation->kind);
    check_value(row, "ref", operation->ref);
    g_assert_cmpint(json_object_get_int_member(row, "xpAmount"), ==, operation->amount);
    check_read_back(row, operation);
  }
}

/* In the filter of the REST API a quote ends a value and cannot be escaped: it is left out, so that nothing can follow it. */
static char *
without_quotes(const char *text)
{
  g_auto(GStrv) parts = g_strsplit(text, "\"", -1);

  return g_strjoinv("", parts);
}

static void
check_discover(const PrgWireRequest *wire, const PrgRequest *request)
{
  g_autofree char *filter = fuzz_filter_of(wire->path, "/rest/repProgressions");
  g_autoptr(GPtrArray) whole = fuzz_filter_split(filter);
  g_autofree char *member = without_quotes(request->member);

  g_assert_cmpuint(whole->len, ==, 1);
  g_autoptr(GPtrArray) all = fuzz_filter_group(g_ptr_array_index(whole, 0), "and");
  g_assert_cmpuint(all->len, ==, 2);
  fuzz_filter_check(g_ptr_array_index(all, 0), "workspaceMemberId", "eq", member);
  g_autoptr(GPtrArray) either = fuzz_filter_group(g_ptr_array_index(all, 1), "or");
  g_assert_cmpuint(either->len, ==, 2);
  fuzz_filter_check(g_ptr_array_index(either, 0), "deletedAt", "is", "NOT_NULL");
  fuzz_filter_check(g_ptr_array_index(either, 1), "deletedAt", "is", "NULL");
}

static void
check_timeline(const PrgWireRequest *wire, const PrgRequest *request)
{
  g_autofree char *filter = fuzz_filter_of(wire->path, "/rest/timelineActivities");
  g_autoptr(GPtrArray) all = fuzz_filter_split(filter);
  g_autofree char *id = without_quotes(request->record_id);
  g_autofree char *cursor = fuzz_filter_parameter(wire->path, "starting_after");

  g_assert_cmpuint(all->len, ==, request->since > 0 ? 2 : 1);
  fuzz_filter_check(g_ptr_array_index(all, 0), "targetRepProgressionId", "eq", id);
  if (request->since > 0) {
    g_autofree char *since = prg_instant_format(request->since);
    fuzz_filter_check(g_ptr_array_index(all, 1), "createdAt", "gte", since);
  }
  g_assert_cmpstr(cursor == NULL ? "" : cursor, ==, request->cursor);
}

static void
check_member(const char *member)
{
  g_autoptr(PrgWireRequest) wire = prg_codec_encode_member(member);
  static const char prefix[] = "/rest/workspaceMembers/";

  g_assert_cmpstr(wire->method, ==, "GET");
  g_assert_true(g_str_has_prefix(wire->path, prefix));
  g_assert_null(strpbrk(wire->path + strlen(prefix), "/?#& "));
  g_autofree char *again = g_uri_unescape_string(wire->path + strlen(prefix), NULL);
  g_assert_cmpstr(again, ==, member);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  FuzzInput input = { data, data + size };
  g_autoptr(PrgRequest) request = take_request(&input);
  g_autoptr(PrgWireRequest) wire = prg_codec_encode(request);

  for (const char *p = wire->path; *p != '\0'; p++)
    g_assert_true(g_ascii_isgraph(*p) && *p != '"' && *p != '#');
  g_assert_true(g_str_equal(wire->method, "GET") == (wire->body == NULL));
  check_member(request->member);
  if (request->kind == PRG_REQUEST_DISCOVER)
    check_discover(wire, request);
  else if (request->kind == PRG_REQUEST_TIMELINE)
    check_timeline(wire, request);
  else if (request->kind == PRG_REQUEST_CREATE)
    check_create(wire, request);
  else if (request->kind == PRG_REQUEST_POST)
    check_post(wire, request);
  else
    check_graphql(wire, request);
  return 0;
}

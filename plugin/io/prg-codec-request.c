/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-calendar.h"
#include "prg-codec-private.h"

#include <string.h>

/*
 * Reading is REST where the raw keys or a recorded page form matter, GraphQL everywhere else. Writing many
 * rows by filter is GraphQL, because servers of 2025 have no REST update-many. Values travel in GraphQL
 * variables, never in its text.
 */

#define PAGE_REST "60"
#define MAX_ROWS 200 /* of one request, whatever it does with them */

#define RECORD_FIELDS                                                                              \
  "id name workspaceMemberId totalXp currentLevel currentRank closedDeals badges streakDays "      \
  "completedModules certifications defeatedBosses passedExams efficiencyMetrics lastActivityDate " \
  "ledgerXp ledgerCount externalXp externalDeals foldToken foldLog createdAt updatedAt deletedAt " \
  "updatedBy{source workspaceMemberId}"
#define ROW_FIELDS                                                                                 \
  "id name repId workspaceMemberId device seq eventType xpAmount ref occurredAt localDay details " \
  "createdAt deletedAt"
/* Soft-deleted rows are hidden unless a filter names deletedAt. */
#define DELETED_TOO "{or:[{deletedAt:{is:NULL}},{deletedAt:{is:NOT_NULL}}]}"

/* --- building JSON --- */

static void
add_text(JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name(builder, name);
  json_builder_add_string_value(builder, value);
}

static void
add_int(JsonBuilder *builder, const char *name, gint64 value)
{
  json_builder_set_member_name(builder, name);
  json_builder_add_int_value(builder, value);
}

static void
add_instant(JsonBuilder *builder, const char *name, gint64 utc_us)
{
  g_autofree char *text = prg_instant_format(utc_us);
  add_text(builder, name, text);
}

/* {field:{op:"value"}} */
static void
add_condition(JsonBuilder *builder, const char *field, const char *op, const char *value)
{
  json_builder_begin_object(builder);
  json_builder_set_member_name(builder, field);
  json_builder_begin_object(builder);
  add_text(builder, op, value);
  json_builder_end_object(builder);
  json_builder_end_object(builder);
}

static void
add_instant_condition(JsonBuilder *builder, const char *field, const char *op, gint64 utc_us)
{
  g_autofree char *text = prg_instant_format(utc_us);
  add_condition(builder, field, op, text);
}

/* A NUMBER as it was read: null, or exactly what the server holds. */
static void
add_number_condition(JsonBuilder *builder, const char *field, PrgNumber number)
{
  if (!number.known) {
    add_condition(builder, field, "is", "NULL");
    return;
  }
  json_builder_begin_object(builder);
  json_builder_set_member_name(builder, field);
  json_builder_begin_object(builder);
  json_builder_set_member_name(builder, "eq");
  if (number.raw == (double)number.value && ABS(number.value) <= PRG_WIRE_MAX_SAFE)
    json_builder_add_int_value(builder, number.value);
  else
    json_builder_add_double_value(builder, number.raw);
  json_builder_end_object(builder);
  json_builder_end_object(builder);
}

static void
add_in_condition(JsonBuilder *builder, const char *field, const GPtrArray *values)
{
  json_builder_begin_object(builder);
  json_builder_set_member_name(builder, field);
  json_builder_begin_object(builder);
  json_builder_set_member_name(builder, "in");
  json_builder_begin_array(builder);
  for (guint i = 0; i < values->len; i++)
    json_builder_add_string_value(builder, g_ptr_array_index(values, i));
  json_builder_end_array(builder);
  json_builder_end_object(builder);
  json_builder_end_object(builder);
}

static void
begin_list(JsonBuilder *builder, const char *name)
{
  json_builder_begin_object(builder);
  json_builder_set_member_name(builder, name);
  json_builder_begin_array(builder);
}

static void
end_list(JsonBuilder *builder)
{
  json_builder_end_array(builder);
  json_builder_end_object(builder);
}

static char *
finish(JsonBuilder *builder)
{
  g_autoptr(JsonNode) root = json_builder_get_root(builder);
  return prg_wire_print(root);
}

/* Opens {"query":…,"variables":{ */
static JsonBuilder *
begin_graphql(const char *query)
{
  JsonBuilder *builder = json_builder_new();
  json_builder_begin_object(builder);
  add_text(builder, "query", query);
  json_builder_set_member_name(builder, "variables");
  json_builder_begin_object(builder);
  return builder;
}

static PrgWireRequest *
end_graphql(JsonBuilder *builder)
{
  json_builder_end_object(builder);
  json_builder_end_object(builder);
  return prg_wire_request_new("POST", g_strdup("/graphql"), finish(builder));
}

/* --- the record --- */

/* name[op]:"value" of a REST filter. Quotes guard commas and brackets in a value. A quote inside has no escape, and what follows it
 * could be read as another condition: it is left out, so the worst is that nothing is found. */
static void
append_condition(GString *filter, const char *name_and_op, const char *value)
{
  g_auto(GStrv) parts = g_strsplit(value, "\"", -1);
  g_autofree char *plain = g_strjoinv("", parts);
  g_string_append_printf(filter, "%s:\"%s\"", name_and_op, plain);
}

/* The answer is checked for the member. */
static PrgWireRequest *
encode_discover(const PrgRequest *request)
{
  g_autoptr(GString) filter = g_string_new("and(");
  append_condition(filter, "workspaceMemberId[eq]", request->member);
  g_string_append(filter, ",or(deletedAt[is]:NOT_NULL,deletedAt[is]:NULL))");
  g_autofree char *escaped = g_uri_escape_string(filter->str, NULL, FALSE);
  g_autofree char *order = g_uri_escape_string("createdAt[AscNullsFirst]", NULL, FALSE);
  return prg_wire_request_new(
      "GET",
      g_strconcat("/rest/repProgressions?filter=", escaped, "&order_by=", order, "&limit=" PAGE_REST, NULL),
      NULL);
}

static PrgWireRequest *
encode_create(const PrgRequest *request)
{
  static const char *const zeros[] = { "totalXp",    "ledgerXp",      "ledgerCount",
                                       "externalXp", "externalDeals", "closedDeals" };
  g_autoptr(JsonBuilder) builder = json_builder_new();
  json_builder_begin_object(builder);
  add_text(builder, "id", request->record_id);
  add_text(builder, "name", request->member_name == NULL ? "" : request->member_name);
  add_text(builder, "workspaceMemberId", request->member);
  for (gsize i = 0; i < G_N_ELEMENTS(zeros); i++)
    add_int(builder, zeros[i], 0);
  add_int(builder, "currentLevel", 1);
  add_text(builder, "currentRank", "E-1");
  if (request->fold != NULL && request->fold->fold_token != NULL)
    add_text(builder, "foldToken", request->fold->fold_token);
  if (request->fold != NULL && request->fold->fold_log != NULL)
    add_text(builder, "foldLog", request->fold->fold_log);
  json_builder_end_object(builder);
  return prg_wire_request_new("POST", g_strdup("/rest/repProgressions"), finish(builder));
}

static const char *
limit_of_groups(const PrgRequest *request)
{
  return request->all_groups ? "" : ",limit:" G_STRINGIFY(PRG_MAX_GROUPS);
}

/* Each root may stand only once; a relation's rows must be counted at the root (nested they are counted by
 * the page). */
static PrgWireRequest *
encode_read(const PrgRequest *request)
{
  g_autoptr(GString) query = g_string_new("query($id:UUID!");
  if (request->unlinked)
    g_string_append(query, ",$m:String!");
  g_string_append(query, "){repProgressions(filter:{and:[{id:{eq:$id}}," DELETED_TOO "]},first:2)"
                         "{edges{node{" RECORD_FIELDS "}}}");
  if (request->full)
    g_string_append_printf(
        query,
        " xpEventsGroupBy(filter:{repId:{eq:$id}},groupBy:[{device:true},{eventType:true}]%s)"
        "{groupByDimensionValues totalCount sumXpAmount}",
        limit_of_groups(request));
  if (request->unlinked)
    g_string_append(
        query, " unlinked:xpEvents(filter:{workspaceMemberId:{eq:$m},repId:{is:NULL}},first:1){totalCount}");
  g_string_append_c(query, '}');
  g_autoptr(JsonBuilder) builder = begin_graphql(query->str);
  add_text(builder, "id", request->record_id);
  if (request->unlinked)
    add_text(builder, "m", request->member);
  return end_graphql(builder);
}

/* The state before, or the state after with our own token. The second makes a repeat harmless, and keeps the
 * filter true after the write: Twenty announces a change to other programs only then. The server shows whole
 * milliseconds of updatedAt but may store more, so equality is an interval of one. */
static void
add_swap_states(JsonBuilder *builder, const PrgRecord *before, const PrgFold *fold)
{
  begin_list(builder, "or");
  begin_list(builder, "and");
  add_number_condition(builder, "totalXp", before->total_xp);
  add_number_condition(builder, "ledgerXp", before->ledger_xp);
  add_number_condition(builder, "ledgerCount", before->ledger_count);
  add_number_condition(builder, "externalXp", before->external_xp);
  add_instant_condition(builder, "updatedAt", "gte", before->updated_at);
  add_instant_condition(builder, "updatedAt", "lt", before->updated_at + G_TIME_SPAN_MILLISECOND);
  end_list(builder);
  begin_list(builder, "and");
  if (fold->set_total)
    add_number_condition(builder, "totalXp", prg_number(fold->total_xp));
  add_condition(builder, "foldToken", "eq", fold->fold_token);
  end_list(builder);
  end_list(builder);
}

static void
add_fold_numbers(JsonBuilder *builder, const PrgFold *fold)
{
  if (fold->set_total)
    add_int(builder, "totalXp", fold->total_xp);
  if (fold->set_ledger) {
    add_int(builder, "ledgerXp", fold->ledger_xp);
    add_int(builder, "ledgerCount", fold->ledger_count);
  }
  if (fold->set_external)
    add_int(builder, "externalXp", fold->external_xp);
  if (fold->set_external_deals)
    add_int(builder, "externalDeals", fold->external_deals);
  if (fold->set_deals)
    add_int(builder, "closedDeals", fold->closed_deals);
  if (fold->set_level)
    add_int(builder, "currentLevel", fold->current_level);
  if (fold->set_streak)
    add_int(builder, "streakDays", fold->streak_days);
  if (fold->set_activity)
    add_instant(builder, "lastActivityDate", fold->last_activity);
}

static void
add_fold(JsonBuilder *builder, const PrgFold *fold)
{
  const struct {
    const char *name;
    const char *value;
  } texts[] = {
    { "badges", fold->badges },
    { "completedModules", fold->completed_modules },
    { "certifications", fold->certifications },
    { "defeatedBosses", fold->defeated_bosses },
    { "passedExams", fold->passed_exams },
    { "currentRank", fold->current_rank },
    { "efficiencyMetrics", fold->efficiency_metrics },
    { "foldToken", fold->fold_token },
    { "foldLog", fold->fold_log },
  };
  json_builder_begin_object(builder);
  add_fold_numbers(builder, fold);
  for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
    if (texts[i].value != NULL)
      add_text(builder, texts[i].name, texts[i].value);
  json_builder_end_object(builder);
}

static PrgWireRequest *
encode_swap(const PrgRequest *request)
{
  const PrgFold *fold = request->fold;
  g_assert(request->before != NULL && fold != NULL && fold->fold_token != NULL && *fold->fold_token != '\0');
  g_autoptr(JsonBuilder) builder =
      begin_graphql("mutation($f:RepProgressionFilterInput!,$d:RepProgressionUpdateInput!)"
                    "{updateRepProgressions(filter:$f,data:$d){" RECORD_FIELDS "}}");
  json_builder_set_member_name(builder, "f");
  begin_list(builder, "and");
  add_condition(builder, "id", "eq", request->record_id);
  add_condition(builder, "deletedAt", "is", "NULL");
  add_swap_states(builder, request->before, fold);
  end_list(builder);
  json_builder_set_member_name(builder, "d");
  add_fold(builder, fold);
  return end_graphql(builder);
}

/* --- rows --- */

static void
add_row(JsonBuilder *builder, const PrgRequest *request, const PrgOperation *operation)
{
  g_autofree char *details = prg_codec_pack_details(operation);
  json_builder_begin_object(builder);
  add_text(builder, "id", operation->id);
  add_text(builder, "name", operation->kind);
  add_text(builder, "repId", request->record_id);
  add_text(builder, "workspaceMemberId", request->member);
  add_text(builder, "device", operation->device);
  add_int(builder, "seq", operation->seq);
  add_text(builder, "eventType", operation->kind);
  add_int(builder, "xpAmount", operation->amount);
  add_text(builder, "ref", operation->ref);
  add_instant(builder, "occurredAt", operation->occurred_at);
  add_text(builder, "localDay", operation->local_day);
  add_text(builder, "details", details);
  json_builder_end_object(builder);
}

static PrgWireRequest *
encode_post(const PrgRequest *request)
{
  g_assert(request->operations != NULL && request->operations->len > 0 &&
           request->operations->len <= MAX_ROWS);
  g_autoptr(JsonBuilder) builder = json_builder_new();
  json_builder_begin_array(builder);
  for (guint i = 0; i < request->operations->len; i++)
    add_row(builder, request, g_ptr_array_index(request->operations, i));
  json_builder_end_array(builder);
  return prg_wire_request_new("POST", g_strdup("/rest/batch/xpEvents"), finish(builder));
}

static PrgWireRequest *
encode_read_back(const PrgRequest *request)
{
  g_assert(request->ids != NULL && request->ids->len > 0 && request->ids->len <= MAX_ROWS);
  g_autoptr(JsonBuilder) builder =
      begin_graphql("query($ids:[UUID!],$n:Int!){xpEvents(filter:{and:[{id:{in:$ids}}," DELETED_TOO
                    "]},first:$n){edges{node{" ROW_FIELDS "}}}}");
  json_builder_set_member_name(builder, "ids");
  json_builder_begin_array(builder);
  for (guint i = 0; i < request->ids->len; i++)
    json_builder_add_string_value(builder, g_ptr_array_index(request->ids, i));
  json_builder_end_array(builder);
  add_int(builder, "n", request->ids->len);
  return end_graphql(builder);
}

/* The rows of the record created from @since on, or (@op "lt") before it. */
static void
add_window(JsonBuilder *builder, const char *name, const PrgRequest *request, const char *op)
{
  json_builder_set_member_name(builder, name);
  begin_list(builder, "and");
  add_condition(builder, "repId", "eq", request->record_id);
  if (request->since > 0)
    add_instant_condition(builder, "createdAt", op, request->since);
  end_list(builder);
}

/* The first page also counts what lies before the window. By groups, because a root may stand only once in a
 * request. */
static PrgWireRequest *
encode_fetch(const PrgRequest *request)
{
  gboolean later = request->cursor != NULL && *request->cursor != '\0';
  gboolean older = !later && request->since > 0;
  g_autofree char *query = g_strdup_printf(
      "query($f:XpEventFilterInput!,$n:Int!%s%s){xpEvents(filter:$f,first:$n%s,"
      "orderBy:[{createdAt:AscNullsFirst},{id:AscNullsFirst}])"
      "{edges{node{" ROW_FIELDS "}} pageInfo{hasNextPage endCursor}}%s%s%s}",
      later ? ",$c:String!" : "", older ? ",$o:XpEventFilterInput!" : "", later ? ",after:$c" : "",
      older ? " xpEventsGroupBy(filter:$o,groupBy:[{eventType:true}]" : "",
      older ? limit_of_groups(request) : "", older ? "){groupByDimensionValues totalCount}" : "");
  g_autoptr(JsonBuilder) builder = begin_graphql(query);
  add_window(builder, "f", request, "gte");
  add_int(builder, "n", CLAMP(request->page, 1, MAX_ROWS));
  if (later)
    add_text(builder, "c", request->cursor);
  if (older)
    add_window(builder, "o", request, "lt");
  return end_graphql(builder);
}

static PrgWireRequest *
encode_timeline(const PrgRequest *request)
{
  g_autoptr(GString) filter = g_string_new(NULL);
  append_condition(filter, "targetRepProgressionId[eq]", request->record_id);
  if (request->since > 0) {
    g_autofree char *since = prg_instant_format(request->since);
    g_string_append_c(filter, ',');
    append_condition(filter, "createdAt[gte]", since);
  }
  g_autofree char *escaped = g_uri_escape_string(filter->str, NULL, FALSE);
  g_autofree char *order = g_uri_escape_string("createdAt[AscNullsFirst]", NULL, FALSE);
  g_autofree char *cursor = g_uri_escape_string(request->cursor == NULL ? "" : request->cursor, NULL, FALSE);
  return prg_wire_request_new("GET",
                              g_strconcat("/rest/timelineActivities?filter=", escaped, "&order_by=", order,
                                          "&limit=" PAGE_REST, *cursor != '\0' ? "&starting_after=" : "",
                                          cursor, NULL),
                              NULL);
}

/* The server refuses to update more than 200 rows at once ("Cannot update more than 200 records at once"):
 * then the caller names the rows by @ids, so many at a time. The member stands in the filter either way. */
static PrgWireRequest *
encode_relink(const PrgRequest *request)
{
  gboolean by_ids = request->ids != NULL && request->ids->len > 0;
  g_assert(!by_ids || request->ids->len <= MAX_ROWS);
  g_autoptr(JsonBuilder) builder = begin_graphql("mutation($f:XpEventFilterInput!,$d:XpEventUpdateInput!)"
                                                 "{updateXpEvents(filter:$f,data:$d){id}}");
  json_builder_set_member_name(builder, "f");
  begin_list(builder, "and");
  add_condition(builder, "workspaceMemberId", "eq", request->member);
  if (by_ids)
    add_in_condition(builder, "id", request->ids);
  else
    add_condition(builder, "repId", "is", "NULL");
  end_list(builder);
  json_builder_set_member_name(builder, "d");
  json_builder_begin_object(builder);
  add_text(builder, "repId", request->record_id);
  json_builder_end_object(builder);
  return end_graphql(builder);
}

/* Reps without a total have no place, and the server's cursor does not get past them. Soft-deleted ones are hidden. */
static PrgWireRequest *
encode_board(const PrgRequest *request)
{
  gboolean later = request->cursor != NULL && *request->cursor != '\0';
  g_autofree char *query = g_strdup_printf(
      "query($n:Int!%s){repProgressions(filter:{totalXp:{is:NOT_NULL}},orderBy:[{totalXp:DescNullsLast}],"
      "first:$n%s){edges{node{id name workspaceMemberId totalXp currentRank createdAt}} "
      "pageInfo{hasNextPage endCursor}}}",
      later ? ",$c:String!" : "", later ? ",after:$c" : "");
  g_autoptr(JsonBuilder) builder = begin_graphql(query);
  add_int(builder, "n", CLAMP(request->page, 1, MAX_ROWS));
  if (later)
    add_text(builder, "c", request->cursor);
  return end_graphql(builder);
}

PrgWireRequest *
prg_codec_encode(const PrgRequest *request)
{
  static PrgWireRequest *(*const encoders[])(const PrgRequest *) = {
    [PRG_REQUEST_DISCOVER] = encode_discover, [PRG_REQUEST_CREATE] = encode_create,
    [PRG_REQUEST_READ] = encode_read,         [PRG_REQUEST_SWAP] = encode_swap,
    [PRG_REQUEST_POST] = encode_post,         [PRG_REQUEST_READ_BACK] = encode_read_back,
    [PRG_REQUEST_FETCH] = encode_fetch,       [PRG_REQUEST_TIMELINE] = encode_timeline,
    [PRG_REQUEST_RELINK] = encode_relink,     [PRG_REQUEST_BOARD] = encode_board,
  };
  g_assert((gsize)request->kind < G_N_ELEMENTS(encoders));
  /* An empty filter changes every row of the workspace: no request is built without what names its rows. */
  gboolean needs_record = request->kind != PRG_REQUEST_DISCOVER && request->kind != PRG_REQUEST_READ_BACK &&
                          request->kind != PRG_REQUEST_BOARD;
  gboolean needs_member = request->kind == PRG_REQUEST_DISCOVER || request->kind == PRG_REQUEST_CREATE ||
                          request->kind == PRG_REQUEST_POST || request->kind == PRG_REQUEST_RELINK ||
                          request->unlinked;
  g_assert(!needs_record || (request->record_id != NULL && *request->record_id != '\0'));
  g_assert(!needs_member || (request->member != NULL && *request->member != '\0'));
  return encoders[request->kind](request);
}

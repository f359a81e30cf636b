/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-codec-private.h"
#include "prg-schema.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_WORD 64
#define MAX_NAME 200

/* One decoder per request: FALSE = the answer has not the shape that was asked for. */
typedef struct {
  const PrgRequest *request;
  const PrgRules *rules; /* (nullable) */
  JsonObject *top;
  JsonObject *data;
  PrgAnswer *answer;
} Decode;

/* --- records --- */

static gboolean
is_own_id(const Decode *self, const PrgRecord *record)
{
  return g_ascii_strcasecmp(record->id, self->request->record_id) == 0;
}

/* Adds the record of @json; FALSE if it is none, or not the one asked for. */
static gboolean
take_record(Decode *self, JsonObject *json, gboolean strict)
{
  g_autoptr(PrgRecord) record = prg_codec_record_from_json(json, self->rules, strict);
  if (record == NULL || !is_own_id(self, record))
    return FALSE;
  g_ptr_array_add(self->answer->records, g_steal_pointer(&record));
  return TRUE;
}

static void
begin_records(Decode *self)
{
  self->answer->records = g_ptr_array_new_with_free_func((GDestroyNotify)prg_record_free);
}

/* The keys of a REST record tell what exists and may be seen: GraphQL answers null for an unknown field. */
static void
note_missing(Decode *self, JsonObject *json)
{
  guint n_fields = 0;
  const PrgSchemaField *fields = prg_schema_fields(&n_fields);
  for (guint i = 0; i < n_fields; i++)
    if (g_str_equal(fields[i].object, "repProgression") && !json_object_has_member(json, fields[i].name))
      g_ptr_array_add(self->answer->missing, g_strconcat("repProgression.", fields[i].name, NULL));
}

static gboolean
decode_discover(Decode *self)
{
  JsonArray *array = prg_wire_get_array(self->data, "repProgressions");
  begin_records(self);
  self->answer->missing = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; array != NULL && i < json_array_get_length(array); i++) {
    JsonObject *json = prg_wire_array_object(array, i);
    g_autoptr(PrgRecord) record = prg_codec_record_from_json(json, self->rules, FALSE);
    if (record == NULL)
      return FALSE;
    if (i == 0)
      note_missing(self, json);
    /* The filter is text that a member's id could bend; a record of somebody else is none of ours. */
    if (!json_object_has_member(json, "workspaceMemberId") ||
        g_str_equal(record->workspace_member_id, self->request->member))
      g_ptr_array_add(self->answer->records, g_steal_pointer(&record));
  }
  return array != NULL;
}

static gboolean
decode_create(Decode *self)
{
  begin_records(self);
  return take_record(self, prg_wire_get_object(self->data, "createRepProgression"), FALSE);
}

/* --- reading --- */

/* The nodes of a GraphQL connection, one by one. */
static JsonArray *
get_edges(const Decode *self, const char *root)
{
  return prg_wire_get_array(prg_wire_get_object(self->data, root), "edges");
}

static JsonObject *
get_node(JsonArray *edges, guint index)
{
  return prg_wire_get_object(prg_wire_array_object(edges, index), "node");
}

/* "" for null; FALSE for anything but a text. */
static gboolean
read_dimension(JsonArray *values, guint index, const char **word)
{
  JsonNode *node = json_array_get_element(values, index);
  *word = g_intern_static_string("");
  if (JSON_NODE_HOLDS_NULL(node))
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING)
    return FALSE;
  g_autofree char *valid = g_utf8_make_valid(json_node_get_string(node), -1);
  g_autofree char *cut = prg_wire_cut(valid, MAX_WORD);
  *word = g_intern_string(cut);
  return TRUE;
}

static gboolean
read_group(JsonObject *json, PrgGroup *group)
{
  JsonArray *values = prg_wire_get_array(json, "groupByDimensionValues");
  if (values == NULL || json_array_get_length(values) != 2)
    return FALSE;
  PrgNumber count, sum;
  if (prg_wire_get_number(json, "totalCount", &count) != PRG_WIRE_VALUE || count.value < 0 ||
      prg_wire_get_number(json, "sumXpAmount", &sum) == PRG_WIRE_WRONG)
    return FALSE;
  group->count = count.value;
  group->sum = sum.value; /* null = all amounts are null = 0 */
  return read_dimension(values, 0, &group->device) && read_dimension(values, 1, &group->kind);
}

/* All of them: NULL also when the server may have left some out. */
static JsonArray *
get_groups(const Decode *self)
{
  JsonArray *groups = prg_wire_get_array(self->data, "xpEventsGroupBy");
  gboolean whole =
      groups != NULL && (self->request->all_groups || json_array_get_length(groups) < PRG_MAX_GROUPS);
  return whole ? groups : NULL;
}

static gboolean
decode_groups(Decode *self)
{
  JsonArray *array = get_groups(self);
  if (array == NULL)
    return FALSE;
  self->answer->groups = g_array_new(FALSE, TRUE, sizeof(PrgGroup));
  gint64 count = 0, sum = 0;
  for (guint i = 0; i < json_array_get_length(array); i++) {
    PrgGroup group = { 0 };
    if (!read_group(prg_wire_array_object(array, i), &group))
      return FALSE;
    count += group.count;
    sum += group.sum;
    if (count > PRG_WIRE_MAX_SAFE || ABS(sum) > PRG_WIRE_MAX_SAFE)
      return FALSE;
    g_array_append_val(self->answer->groups, group);
  }
  return TRUE;
}

static gboolean
decode_unlinked(Decode *self)
{
  PrgNumber count;
  if (prg_wire_get_number(prg_wire_get_object(self->data, "unlinked"), "totalCount", &count) !=
          PRG_WIRE_VALUE ||
      count.value < 0)
    return FALSE;
  self->answer->unlinked = count.value;
  return TRUE;
}

static gboolean
decode_read(Decode *self)
{
  JsonArray *edges = get_edges(self, "repProgressions");
  if (edges == NULL || json_array_get_length(edges) > 1)
    return FALSE;
  begin_records(self);
  if (json_array_get_length(edges) == 1 && !take_record(self, get_node(edges, 0), TRUE))
    return FALSE;
  if (self->request->full && !decode_groups(self))
    return FALSE;
  return !self->request->unlinked || decode_unlinked(self);
}

static gboolean
decode_swap(Decode *self)
{
  JsonArray *array = prg_wire_get_array(self->data, "updateRepProgressions");
  guint length = array == NULL ? 0 : json_array_get_length(array);
  if (array == NULL || length > 1)
    return FALSE;
  begin_records(self);
  if (length == 1)
    return take_record(self, prg_wire_array_object(array, 0), TRUE);
  self->answer->outcome = PRG_OUTCOME_CONFLICT;
  g_free(self->answer->message);
  self->answer->message = g_strdup(_("The record changed in between"));
  return TRUE;
}

/* --- rows --- */

static void
begin_rows(Decode *self)
{
  self->answer->rows = g_ptr_array_new_with_free_func((GDestroyNotify)prg_row_free);
}

static gboolean
take_row(Decode *self, JsonObject *json)
{
  PrgRow *row = prg_codec_row_from_json(json);
  if (row != NULL)
    g_ptr_array_add(self->answer->rows, row);
  return row != NULL;
}

static gboolean
has_row(const Decode *self, const char *id)
{
  for (guint i = 0; i < self->answer->rows->len; i++) {
    const PrgRow *row = g_ptr_array_index(self->answer->rows, i);
    if (g_ascii_strcasecmp(row->operation->id, id) == 0)
      return TRUE;
  }
  return FALSE;
}

/* All or nothing: an answer that shows other rows than were sent proves nothing. */
static gboolean
decode_post(Decode *self)
{
  JsonArray *array = prg_wire_get_array(self->data, "createXpEvents");
  const GPtrArray *operations = self->request->operations;
  if (array == NULL || operations == NULL || json_array_get_length(array) != operations->len)
    return FALSE;
  begin_rows(self);
  for (guint i = 0; i < json_array_get_length(array); i++)
    if (!take_row(self, prg_wire_array_object(array, i)))
      return FALSE;
  for (guint i = 0; i < operations->len; i++)
    if (!has_row(self, ((const PrgOperation *)g_ptr_array_index(operations, i))->id))
      return FALSE;
  return TRUE;
}

static gboolean
decode_rows(Decode *self, guint limit)
{
  JsonArray *edges = get_edges(self, "xpEvents");
  if (edges == NULL || json_array_get_length(edges) > limit)
    return FALSE;
  begin_rows(self);
  for (guint i = 0; i < json_array_get_length(edges); i++)
    if (!take_row(self, get_node(edges, i)))
      return FALSE;
  return TRUE;
}

static gboolean
decode_read_back(Decode *self)
{
  const GPtrArray *ids = self->request->ids;
  if (ids == NULL || !decode_rows(self, ids->len))
    return FALSE;
  for (guint i = 0; i < self->answer->rows->len; i++) {
    const PrgRow *row = g_ptr_array_index(self->answer->rows, i);
    gboolean asked = FALSE;
    for (guint k = 0; k < ids->len && !asked; k++)
      asked = g_ascii_strcasecmp(g_ptr_array_index(ids, k), row->operation->id) == 0;
    if (!asked)
      return FALSE;
  }
  return TRUE;
}

/* FALSE: another page is promised, but not where; or the page asked for came again. */
static gboolean
take_cursor(Decode *self, JsonObject *page_info)
{
  if (page_info == NULL)
    return FALSE;
  g_autofree char *cursor = prg_wire_dup_text(page_info, "endCursor");
  gboolean more = prg_wire_get_true(page_info, "hasNextPage");
  if (more && (*cursor == '\0' || g_strcmp0(cursor, self->request->cursor) == 0))
    return FALSE;
  g_free(self->answer->next_cursor);
  self->answer->next_cursor = more ? g_steal_pointer(&cursor) : g_strdup("");
  return TRUE;
}

/* Asked for with the first page of a window only. */
static gboolean
count_older(Decode *self)
{
  gboolean first = self->request->cursor == NULL || *self->request->cursor == '\0';
  if (!first || self->request->since <= 0)
    return TRUE;
  JsonArray *groups = get_groups(self);
  for (guint i = 0; groups != NULL && i < json_array_get_length(groups); i++) {
    PrgNumber count;
    if (prg_wire_get_number(prg_wire_array_object(groups, i), "totalCount", &count) != PRG_WIRE_VALUE ||
        count.value < 0)
      return FALSE;
    self->answer->older += count.value;
    if (self->answer->older > PRG_WIRE_MAX_SAFE)
      return FALSE;
  }
  return groups != NULL;
}

static gboolean
decode_fetch(Decode *self)
{
  JsonObject *root = prg_wire_get_object(self->data, "xpEvents");
  return decode_rows(self, G_MAXUINT) && count_older(self) &&
         take_cursor(self, prg_wire_get_object(root, "pageInfo"));
}

static gboolean
decode_timeline(Decode *self)
{
  JsonArray *array = prg_wire_get_array(self->data, "timelineActivities");
  if (array == NULL)
    return FALSE;
  self->answer->timeline = g_ptr_array_new_with_free_func((GDestroyNotify)prg_timeline_row_free);
  for (guint i = 0; i < json_array_get_length(array); i++) {
    gboolean malformed = FALSE;
    PrgTimelineRow *row = prg_codec_timeline_from_json(prg_wire_array_object(array, i), &malformed);
    if (malformed)
      return FALSE;
    if (row != NULL)
      g_ptr_array_add(self->answer->timeline, row);
  }
  return take_cursor(self, prg_wire_get_object(self->top, "pageInfo"));
}

static gboolean
decode_relink(Decode *self)
{
  JsonArray *array = prg_wire_get_array(self->data, "updateXpEvents");
  for (guint i = 0; array != NULL && i < json_array_get_length(array); i++) {
    g_autofree char *id = prg_wire_dup_text(prg_wire_array_object(array, i), "id");
    if (!g_uuid_string_is_valid(id))
      return FALSE;
  }
  return array != NULL;
}

/* Whatever stands in another rep's record, the others keep their places. A total that was not null when the server chose the rows
 * and is null here is hidden from this key. */
static gboolean
decode_board(Decode *self)
{
  JsonObject *root = prg_wire_get_object(self->data, "repProgressions");
  JsonArray *edges = get_edges(self, "repProgressions");
  begin_records(self);
  for (guint i = 0; edges != NULL && i < json_array_get_length(edges); i++) {
    g_autoptr(PrgRecord) record = prg_codec_record_from_json(get_node(edges, i), self->rules, FALSE);
    if (record == NULL || !record->total_xp.known)
      continue;
    g_autofree char *cut = prg_wire_cut(record->name, MAX_NAME);
    g_free(record->name);
    record->name = prg_codec_clean_message(cut);
    g_ptr_array_add(self->answer->records, g_steal_pointer(&record));
  }
  return edges != NULL && take_cursor(self, prg_wire_get_object(root, "pageInfo"));
}

/* --- all of them --- */

static gboolean
decode_data(Decode *self)
{
  static gboolean (*const decoders[])(Decode *) = {
    [PRG_REQUEST_DISCOVER] = decode_discover, [PRG_REQUEST_CREATE] = decode_create,
    [PRG_REQUEST_READ] = decode_read,         [PRG_REQUEST_SWAP] = decode_swap,
    [PRG_REQUEST_POST] = decode_post,         [PRG_REQUEST_READ_BACK] = decode_read_back,
    [PRG_REQUEST_FETCH] = decode_fetch,       [PRG_REQUEST_TIMELINE] = decode_timeline,
    [PRG_REQUEST_RELINK] = decode_relink,     [PRG_REQUEST_BOARD] = decode_board,
  };
  return self->data != NULL && (gsize)self->request->kind < G_N_ELEMENTS(decoders) &&
         decoders[self->request->kind](self);
}

gboolean
prg_codec_knows_no_limit(const PrgRequest *request, const PrgAnswer *answer)
{
  return !request->all_groups && answer->outcome != PRG_OUTCOME_OK &&
         strstr(answer->message, "Unknown argument \"limit\"") != NULL;
}

PrgAnswer *
prg_codec_decode(const PrgRequest *request,
                 guint status,
                 const char *body,
                 gsize length,
                 const PrgRules *rules)
{
  g_autoptr(JsonNode) root = NULL;
  g_autofree char *message = NULL;
  PrgOutcome outcome = prg_codec_open(status, body, length, &root, &message);
  g_autoptr(PrgAnswer) answer = prg_answer_new(outcome, message);
  if (outcome != PRG_OUTCOME_OK)
    return g_steal_pointer(&answer);
  JsonObject *top = prg_wire_object_of(root);
  Decode decode = { request, rules, top, prg_wire_get_object(top, "data"), answer };
  if (decode_data(&decode))
    return g_steal_pointer(&answer);
  g_autofree char *text = g_strdup_printf(_("The server's answer to \"%s\" has an unexpected shape"),
                                          prg_request_kind_to_string(request->kind));
  return prg_answer_new(PRG_OUTCOME_UNKNOWN, text);
}

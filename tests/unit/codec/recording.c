/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recording.h"

#include <string.h>

static void
recording_free(Recording *self)
{
  g_free(self->id);
  g_free(self->path);
  g_free(self->body);
  g_clear_pointer(&self->sent, json_node_unref);
  g_clear_pointer(&self->answer, json_node_unref);
  g_free(self);
}

static Recording *
recording_parse(const char *line)
{
  g_autoptr(JsonNode) root = json_from_string(line, NULL);
  g_assert_nonnull(root);
  JsonObject *object = json_node_get_object(root);
  JsonObject *request = json_object_get_object_member(object, "request");
  JsonObject *response = json_object_get_object_member(object, "response");
  Recording *self = g_new0(Recording, 1);
  self->id = g_strdup(json_object_get_string_member(object, "id"));
  self->path = g_strdup(json_object_get_string_member(request, "path"));
  self->sent = json_object_has_member(request, "body") ? json_object_dup_member(request, "body") : NULL;
  self->status = (guint)json_object_get_int_member_with_default(response, "status", 0);
  self->answer = json_object_has_member(response, "body") ? json_object_dup_member(response, "body") : NULL;
  self->body = self->answer == NULL ? g_strdup("") : json_to_string(self->answer, FALSE);
  return self;
}

GPtrArray *
recording_load(void)
{
  const char *path = g_getenv("PRG_CONTRACT");
  g_autofree char *text = NULL;
  g_autoptr(GError) error = NULL;
  g_assert_nonnull(path);
  g_file_get_contents(path, &text, NULL, &error);
  g_assert_no_error(error);
  GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)recording_free);
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (*lines[i] == '{')
      g_ptr_array_add(all, recording_parse(lines[i]));
  g_assert_cmpuint(all->len, >, 400);
  return all;
}

const Recording *
recording_find(GPtrArray *all, const char *id)
{
  for (guint i = 0; i < all->len; i++) {
    const Recording *one = g_ptr_array_index(all, i);
    if (g_str_equal(one->id, id))
      return one;
  }
  g_error("no recorded exchange \"%s\"", id);
}

/* --- completing --- */

static void
complete_record(JsonObject *object)
{
  static const char *const keys[] = { "name",
                                      "workspaceMemberId",
                                      "totalXp",
                                      "currentLevel",
                                      "currentRank",
                                      "closedDeals",
                                      "badges",
                                      "streakDays",
                                      "completedModules",
                                      "certifications",
                                      "defeatedBosses",
                                      "passedExams",
                                      "efficiencyMetrics",
                                      "lastActivityDate",
                                      "ledgerXp",
                                      "ledgerCount",
                                      "externalXp",
                                      "externalDeals",
                                      "foldToken",
                                      "foldLog",
                                      "createdAt",
                                      "deletedAt" };
  for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
    if (!json_object_has_member(object, keys[i]))
      json_object_set_null_member(object, keys[i]);
}

static void
complete_group(JsonObject *object)
{
  JsonArray *old = json_object_get_array_member(object, "groupByDimensionValues");
  if (json_array_get_length(old) != 1)
    return;
  JsonArray *both = json_array_new();
  json_array_add_null_element(both);
  json_array_add_element(both, json_array_dup_element(old, 0));
  json_object_set_array_member(object, "groupByDimensionValues", both);
}

static void
complete_node(JsonNode *node)
{
  if (JSON_NODE_HOLDS_ARRAY(node)) {
    JsonArray *array = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(array); i++)
      complete_node(json_array_get_element(array, i));
    return;
  }
  if (!JSON_NODE_HOLDS_OBJECT(node))
    return;
  JsonObject *object = json_node_get_object(node);
  if (json_object_has_member(object, "totalXp") && json_object_has_member(object, "updatedAt"))
    complete_record(object);
  if (json_object_has_member(object, "groupByDimensionValues"))
    complete_group(object);
  g_autoptr(GList) values = json_object_get_values(object);
  for (GList *l = values; l != NULL; l = l->next)
    complete_node(l->data);
}

char *
recording_complete(const Recording *self)
{
  g_autoptr(JsonNode) copy = json_from_string(self->body, NULL);
  if (copy == NULL)
    return g_strdup(self->body);
  complete_node(copy);
  return json_to_string(copy, FALSE);
}

/* --- the request --- */

/* The first UUID under a key "id", or the first of "ids", wherever it stands. */
static const char *
first_id(JsonNode *node)
{
  const char *found = NULL;
  if (JSON_NODE_HOLDS_ARRAY(node)) {
    JsonArray *array = json_node_get_array(node);
    for (guint i = 0; found == NULL && i < json_array_get_length(array); i++)
      found = first_id(json_array_get_element(array, i));
    return found;
  }
  if (!JSON_NODE_HOLDS_OBJECT(node))
    return NULL;
  JsonObject *object = json_node_get_object(node);
  g_autoptr(GList) names = json_object_get_members(object);
  for (GList *l = names; found == NULL && l != NULL; l = l->next) {
    JsonNode *member = json_object_get_member(object, l->data);
    gboolean text = JSON_NODE_HOLDS_VALUE(member) && json_node_get_value_type(member) == G_TYPE_STRING;
    if (text && (g_str_equal(l->data, "id") || g_str_equal(l->data, "eq")) &&
        g_uuid_string_is_valid(json_node_get_string(member)))
      found = json_node_get_string(member);
    else
      found = first_id(member);
  }
  return found;
}

static void
take_ids(PrgRequest *request, JsonNode *sent)
{
  request->ids = g_ptr_array_new_with_free_func(g_free);
  if (sent == NULL || !JSON_NODE_HOLDS_OBJECT(sent))
    return;
  JsonObject *query = json_node_get_object(sent);
  JsonObject *variables =
      json_object_has_member(query, "variables") ? json_object_get_object_member(query, "variables") : NULL;
  JsonArray *ids = variables != NULL && json_object_has_member(variables, "ids")
                       ? json_object_get_array_member(variables, "ids")
                       : NULL;
  for (guint i = 0; ids != NULL && i < json_array_get_length(ids); i++)
    g_ptr_array_add(request->ids, g_strdup(json_array_get_string_element(ids, i)));
  if (variables != NULL && json_object_has_member(variables, "i"))
    g_ptr_array_add(request->ids, g_strdup(json_object_get_string_member(variables, "i")));
}

static void
take_operations(PrgRequest *request, JsonNode *sent)
{
  request->operations = g_ptr_array_new_with_free_func((GDestroyNotify)prg_operation_unref);
  JsonArray *rows = sent != NULL && JSON_NODE_HOLDS_ARRAY(sent) ? json_node_get_array(sent) : NULL;
  for (guint i = 0; rows != NULL && i < json_array_get_length(rows); i++) {
    PrgOperation fields = { .id = json_object_get_string_member_with_default(
                                json_array_get_object_element(rows, i), "id",
                                "00000000-0000-4000-8000-000000000000") };
    g_ptr_array_add(request->operations, prg_operation_new(&fields));
  }
}

PrgRequest *
recording_request(const Recording *self, PrgRequestKind kind)
{
  PrgRequest *request = prg_request_new(kind);
  const char *id = self->sent == NULL ? NULL : first_id(self->sent);
  if (id != NULL)
    prg_record_set(&request->record_id, id);
  prg_record_set(&request->member, "rec2-fbd10b80");
  request->full = kind == PRG_REQUEST_READ && strstr(self->body, "xpEventsGroupBy") != NULL;
  g_clear_pointer(&request->ids, g_ptr_array_unref);
  g_clear_pointer(&request->operations, g_ptr_array_unref);
  if (kind == PRG_REQUEST_READ_BACK)
    take_ids(request, self->sent);
  if (kind == PRG_REQUEST_POST)
    take_operations(request, self->sent);
  return request;
}

/* --- shape --- */

static void
assert_record(const PrgRecord *record)
{
  g_assert_true(g_uuid_string_is_valid(record->id));
  g_assert_nonnull(record->badges);
  g_assert_nonnull(record->completed_modules);
  g_assert_true(g_utf8_validate(record->name, -1, NULL));
  g_assert_true(g_utf8_validate(record->fold_token, -1, NULL));
  g_assert_cmpint(record->closed_deals.value, >=, 0);
}

static void
assert_row(const PrgRow *row)
{
  g_assert_true(g_uuid_string_is_valid(row->operation->id));
  g_assert_cmpint(row->operation->created_at, !=, 0);
  g_assert_cmpuint(strlen(row->operation->local_day), ==, 10);
  g_assert_cmpint(g_utf8_strlen(row->operation->kind, -1), <=, 64);
  g_assert_cmpint(g_utf8_strlen(row->operation->device, -1), <=, 64);
  g_assert_true(*row->operation->details == '\0' || *row->operation->details == '{');
  g_assert_nonnull(row->member);
  g_assert_nonnull(row->record_id);
}

static void
assert_groups(const PrgAnswer *answer)
{
  g_assert_nonnull(answer->groups);
  for (guint i = 0; i < answer->groups->len; i++) {
    const PrgGroup *group = &g_array_index(answer->groups, PrgGroup, i);
    g_assert_nonnull(group->device);
    g_assert_nonnull(group->kind);
    g_assert_cmpint(group->count, >=, 0);
  }
}

void
recording_assert_shape(const PrgRequest *request, const PrgAnswer *answer)
{
  gboolean records = request->kind == PRG_REQUEST_DISCOVER || request->kind == PRG_REQUEST_CREATE ||
                     request->kind == PRG_REQUEST_READ || request->kind == PRG_REQUEST_SWAP ||
                     request->kind == PRG_REQUEST_BOARD;
  g_assert_true(!records || answer->records != NULL);
  for (guint i = 0; records && i < answer->records->len; i++)
    assert_record(g_ptr_array_index(answer->records, i));
  if (request->kind == PRG_REQUEST_CREATE || request->kind == PRG_REQUEST_SWAP)
    g_assert_cmpuint(answer->records->len, ==, 1);
  if (request->kind == PRG_REQUEST_READ && request->full)
    assert_groups(answer);
  gboolean rows = request->kind == PRG_REQUEST_POST || request->kind == PRG_REQUEST_READ_BACK ||
                  request->kind == PRG_REQUEST_FETCH;
  g_assert_true(!rows || answer->rows != NULL);
  for (guint i = 0; rows && i < answer->rows->len; i++)
    assert_row(g_ptr_array_index(answer->rows, i));
  if (request->kind == PRG_REQUEST_POST)
    g_assert_cmpuint(answer->rows->len, ==, request->operations->len);
  if (request->kind == PRG_REQUEST_FETCH || request->kind == PRG_REQUEST_TIMELINE ||
      request->kind == PRG_REQUEST_BOARD)
    g_assert_nonnull(answer->next_cursor);
  if (request->kind == PRG_REQUEST_TIMELINE)
    g_assert_nonnull(answer->timeline);
}

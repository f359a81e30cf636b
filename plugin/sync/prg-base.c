/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-book.h"
#include "prg-json.h"
#include <math.h>
#include <string.h>

/* The base is kept as one JSON text: a cache of what Twenty said, rebuilt from Twenty when it cannot be read.
 */

#define MAX_NUMBER 9007199254740992.0 /* 2^53 */

static GArray *
copy_groups(GArray *groups)
{
  GArray *copy = g_array_new(FALSE, TRUE, sizeof(PrgGroup));
  if (groups && groups->len > 0)
    g_array_append_vals(copy, groups->data, groups->len);
  return copy;
}

PrgBase *
prg_base_new(const PrgRecord *record, GArray *groups, gint64 older)
{
  PrgBase *self = g_new0(PrgBase, 1);
  self->known = record != NULL;
  self->record = record ? prg_record_copy(record) : prg_record_new();
  self->groups = copy_groups(groups);
  self->older = older;
  for (guint i = 0; i < self->groups->len; i++) {
    const PrgGroup *group = &g_array_index(self->groups, PrgGroup, i);
    self->ledger_count += group->count;
    self->ledger_sum += group->sum;
  }
  return self;
}

PrgBase *
prg_base_copy(const PrgBase *self)
{
  return prg_base_new(self->known ? self->record : NULL, self->groups, self->older);
}

void
prg_base_free(PrgBase *self)
{
  if (!self)
    return;
  prg_record_free(self->record);
  g_array_unref(self->groups);
  g_free(self);
}

gint64
prg_base_count_of(const PrgBase *self, const char *kind)
{
  gint64 count = 0;
  for (guint i = 0; i < self->groups->len; i++) {
    const PrgGroup *group = &g_array_index(self->groups, PrgGroup, i);
    if (g_str_equal(group->kind, kind))
      count += group->count;
  }
  return count;
}

gint64
prg_base_deals(const PrgBase *self)
{
  return prg_base_count_of(self, "deal_closed") - prg_base_count_of(self, "deal_revoked");
}

/* One table serves writing and reading; the order is the record's. */
typedef struct {
  const char *name;
  gsize offset;
} Field;

static const Field text_fields[] = {
  { "id", G_STRUCT_OFFSET(PrgRecord, id) },
  { "name", G_STRUCT_OFFSET(PrgRecord, name) },
  { "workspaceMemberId", G_STRUCT_OFFSET(PrgRecord, workspace_member_id) },
  { "currentRank", G_STRUCT_OFFSET(PrgRecord, current_rank) },
  { "efficiencyMetrics", G_STRUCT_OFFSET(PrgRecord, efficiency_metrics) },
  { "foldToken", G_STRUCT_OFFSET(PrgRecord, fold_token) },
  { "foldLog", G_STRUCT_OFFSET(PrgRecord, fold_log) },
  { "updatedBy", G_STRUCT_OFFSET(PrgRecord, updated_by) },
};

static const Field number_fields[] = {
  { "totalXp", G_STRUCT_OFFSET(PrgRecord, total_xp) },
  { "currentLevel", G_STRUCT_OFFSET(PrgRecord, current_level) },
  { "closedDeals", G_STRUCT_OFFSET(PrgRecord, closed_deals) },
  { "streakDays", G_STRUCT_OFFSET(PrgRecord, streak_days) },
  { "ledgerXp", G_STRUCT_OFFSET(PrgRecord, ledger_xp) },
  { "ledgerCount", G_STRUCT_OFFSET(PrgRecord, ledger_count) },
  { "externalXp", G_STRUCT_OFFSET(PrgRecord, external_xp) },
  { "externalDeals", G_STRUCT_OFFSET(PrgRecord, external_deals) },
};

static const Field set_fields[] = {
  { "badges", G_STRUCT_OFFSET(PrgRecord, badges) },
  { "completedModules", G_STRUCT_OFFSET(PrgRecord, completed_modules) },
  { "certifications", G_STRUCT_OFFSET(PrgRecord, certifications) },
  { "defeatedBosses", G_STRUCT_OFFSET(PrgRecord, defeated_bosses) },
  { "passedExams", G_STRUCT_OFFSET(PrgRecord, passed_exams) },
};

static const Field time_fields[] = {
  { "lastActivityDate", G_STRUCT_OFFSET(PrgRecord, last_activity) },
  { "createdAt", G_STRUCT_OFFSET(PrgRecord, created_at) },
  { "updatedAt", G_STRUCT_OFFSET(PrgRecord, updated_at) },
};

#define AT(record, field, type) (G_STRUCT_MEMBER(type, (record), (field)->offset))

/* A number that is out of bounds is kept as what it was taken for. */
static double
kept_number(PrgNumber number)
{
  return ABS(number.raw) <= MAX_NUMBER ? number.raw : (double)number.value;
}

PrgBase *
prg_base_settled(const PrgBase *self)
{
  PrgBase *base = prg_base_copy(self);
  g_ptr_array_set_size(base->record->faults, 0);
  for (gsize i = 0; i < G_N_ELEMENTS(number_fields); i++) {
    PrgNumber *number = &AT(base->record, &number_fields[i], PrgNumber);
    number->raw = number->known ? kept_number(*number) : 0;
    number->value = number->known ? (gint64)floor(number->raw) : 0;
  }
  return base;
}

static gboolean
same_number(PrgNumber a, PrgNumber b)
{
  return a.known == b.known && a.raw == b.raw;
}

static gboolean
same_ids(const PrgIdSet *a, const PrgIdSet *b)
{
  if (prg_id_set_size(a) != prg_id_set_size(b))
    return FALSE;
  for (guint i = 0; i < prg_id_set_size(a); i++)
    if (!g_str_equal(prg_id_set_get(a, i), prg_id_set_get(b, i)))
      return FALSE;
  return TRUE;
}

static gboolean
same_record(PrgRecord *a, PrgRecord *b)
{
  for (gsize i = 0; i < G_N_ELEMENTS(text_fields); i++)
    if (!g_str_equal(AT(a, &text_fields[i], char *), AT(b, &text_fields[i], char *)))
      return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS(number_fields); i++)
    if (!same_number(AT(a, &number_fields[i], PrgNumber), AT(b, &number_fields[i], PrgNumber)))
      return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS(set_fields); i++)
    if (!same_ids(AT(a, &set_fields[i], PrgIdSet *), AT(b, &set_fields[i], PrgIdSet *)))
      return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS(time_fields); i++)
    if (AT(a, &time_fields[i], gint64) != AT(b, &time_fields[i], gint64))
      return FALSE;
  return TRUE;
}

static gboolean
same_groups(GArray *a, GArray *b)
{
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++) {
    const PrgGroup *one = &g_array_index(a, PrgGroup, i), *other = &g_array_index(b, PrgGroup, i);
    if (one->device != other->device || one->kind != other->kind || one->count != other->count ||
        one->sum != other->sum) /* the strings are interned */
      return FALSE;
  }
  return TRUE;
}

gboolean
prg_base_equal(const PrgBase *a, const PrgBase *b)
{
  return a->known == b->known && a->older == b->older && same_groups(a->groups, b->groups) &&
         same_record(a->record, b->record);
}

static void
add_record(JsonBuilder *builder, PrgRecord *record)
{
  for (gsize i = 0; i < G_N_ELEMENTS(text_fields); i++) {
    json_builder_set_member_name(builder, text_fields[i].name);
    json_builder_add_string_value(builder, AT(record, &text_fields[i], char *));
  }
  for (gsize i = 0; i < G_N_ELEMENTS(number_fields); i++) {
    PrgNumber number = AT(record, &number_fields[i], PrgNumber);
    json_builder_set_member_name(builder, number_fields[i].name);
    if (number.known)
      json_builder_add_double_value(builder, kept_number(number));
    else
      json_builder_add_null_value(builder);
  }
  for (gsize i = 0; i < G_N_ELEMENTS(set_fields); i++) {
    const PrgIdSet *set = AT(record, &set_fields[i], PrgIdSet *);
    json_builder_set_member_name(builder, set_fields[i].name);
    json_builder_begin_array(builder);
    for (guint k = 0; k < prg_id_set_size(set); k++)
      json_builder_add_string_value(builder, prg_id_set_get(set, k));
    json_builder_end_array(builder);
  }
  for (gsize i = 0; i < G_N_ELEMENTS(time_fields); i++) {
    json_builder_set_member_name(builder, time_fields[i].name);
    json_builder_add_int_value(builder, AT(record, &time_fields[i], gint64));
  }
}

static void
add_groups(JsonBuilder *builder, GArray *groups)
{
  json_builder_begin_array(builder);
  for (guint i = 0; i < groups->len; i++) {
    const PrgGroup *group = &g_array_index(groups, PrgGroup, i);
    json_builder_begin_array(builder);
    json_builder_add_string_value(builder, group->device);
    json_builder_add_string_value(builder, group->kind);
    json_builder_add_int_value(builder, group->count);
    json_builder_add_int_value(builder, group->sum);
    json_builder_end_array(builder);
  }
  json_builder_end_array(builder);
}

char *
prg_base_to_json(const PrgBase *self)
{
  g_autoptr(JsonBuilder) builder = json_builder_new();
  json_builder_begin_object(builder);
  json_builder_set_member_name(builder, "record");
  json_builder_begin_object(builder);
  add_record(builder, self->record);
  json_builder_end_object(builder);
  json_builder_set_member_name(builder, "groups");
  add_groups(builder, self->groups);
  json_builder_set_member_name(builder, "older");
  json_builder_add_int_value(builder, self->older);
  json_builder_end_object(builder);
  g_autoptr(JsonNode) root = json_builder_get_root(builder);
  return prg_json_print(root);
}

static JsonNode *
member_of(JsonObject *object, const char *name, GType type)
{
  JsonNode *node = json_object_get_member(object, name);
  return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type ? node : NULL;
}

static void
read_number(JsonObject *object, const Field *field, PrgRecord *record)
{
  JsonNode *node = json_object_get_member(object, field->name);
  gboolean number =
      node && JSON_NODE_HOLDS_VALUE(node) &&
      (json_node_get_value_type(node) == G_TYPE_DOUBLE || json_node_get_value_type(node) == G_TYPE_INT64);
  double raw = number ? json_node_get_double(node) : 0;
  if (!number || !(ABS(raw) <= MAX_NUMBER))
    return;
  AT(record, field, PrgNumber) = (PrgNumber){ TRUE, (gint64)floor(raw), raw };
}

static gboolean
is_group(JsonArray *row)
{
  static const GType types[] = { G_TYPE_STRING, G_TYPE_STRING, G_TYPE_INT64, G_TYPE_INT64 };
  if (json_array_get_length(row) != G_N_ELEMENTS(types))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
    JsonNode *node = json_array_get_element(row, i);
    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != types[i])
      return FALSE;
  }
  return TRUE;
}

static void
read_set(JsonObject *object, const Field *field, PrgRecord *record)
{
  JsonNode *node = json_object_get_member(object, field->name);
  if (!node || !JSON_NODE_HOLDS_ARRAY(node))
    return;
  JsonArray *array = json_node_get_array(node);
  for (guint i = 0; i < json_array_get_length(array); i++) {
    JsonNode *item = json_array_get_element(array, i);
    if (JSON_NODE_HOLDS_VALUE(item) && json_node_get_value_type(item) == G_TYPE_STRING)
      prg_id_set_add(AT(record, field, PrgIdSet *), json_node_get_string(item));
  }
}

static PrgRecord *
read_record(JsonObject *object)
{
  PrgRecord *record = prg_record_new();
  for (gsize i = 0; i < G_N_ELEMENTS(text_fields); i++) {
    JsonNode *node = member_of(object, text_fields[i].name, G_TYPE_STRING);
    if (node)
      prg_record_set(&AT(record, &text_fields[i], char *), json_node_get_string(node));
  }
  for (gsize i = 0; i < G_N_ELEMENTS(number_fields); i++)
    read_number(object, &number_fields[i], record);
  for (gsize i = 0; i < G_N_ELEMENTS(set_fields); i++)
    read_set(object, &set_fields[i], record);
  for (gsize i = 0; i < G_N_ELEMENTS(time_fields); i++) {
    JsonNode *node = member_of(object, time_fields[i].name, G_TYPE_INT64);
    if (node)
      AT(record, &time_fields[i], gint64) = json_node_get_int(node);
  }
  return record;
}

/* Sums that nobody could have counted: the text is damaged. */
static gboolean
is_countable(const GArray *groups, gint64 older)
{
  gint64 count = 0, sum = 0;
  for (guint i = 0; i < groups->len; i++) {
    const PrgGroup *group = &g_array_index(groups, PrgGroup, i);
    if (ABS((double)group->count) > MAX_NUMBER || ABS((double)group->sum) > MAX_NUMBER)
      return FALSE;
    count += group->count;
    sum += group->sum;
    if (ABS(count) > (gint64)MAX_NUMBER || ABS(sum) > (gint64)MAX_NUMBER)
      return FALSE;
  }
  return ABS((double)older) <= MAX_NUMBER;
}

static GArray *
read_groups(JsonObject *object)
{
  GArray *groups = g_array_new(FALSE, TRUE, sizeof(PrgGroup));
  JsonNode *node = json_object_get_member(object, "groups");
  if (!node || !JSON_NODE_HOLDS_ARRAY(node))
    return groups;
  JsonArray *array = json_node_get_array(node);
  for (guint i = 0; i < json_array_get_length(array); i++) {
    JsonNode *item = json_array_get_element(array, i);
    if (!JSON_NODE_HOLDS_ARRAY(item) || !is_group(json_node_get_array(item)))
      continue;
    JsonArray *row = json_node_get_array(item);
    PrgGroup group = { g_intern_string(json_array_get_string_element(row, 0)),
                       g_intern_string(json_array_get_string_element(row, 1)),
                       json_array_get_int_element(row, 2), json_array_get_int_element(row, 3) };
    g_array_append_val(groups, group);
  }
  return groups;
}

PrgBase *
prg_base_from_json(const char *json)
{
  g_autoptr(JsonNode) root = json ? prg_json_parse_object(json, strlen(json)) : NULL;
  if (!root)
    return prg_base_new(NULL, NULL, 0);
  JsonObject *object = json_node_get_object(root);
  JsonNode *node = json_object_get_member(object, "record");
  if (!node || !JSON_NODE_HOLDS_OBJECT(node))
    return prg_base_new(NULL, NULL, 0);
  g_autoptr(PrgRecord) record = read_record(json_node_get_object(node));
  g_autoptr(GArray) groups = read_groups(object);
  JsonNode *node_older = member_of(object, "older", G_TYPE_INT64);
  gint64 older = node_older ? json_node_get_int(node_older) : 0;
  return is_countable(groups, older) ? prg_base_new(record, groups, older) : prg_base_new(NULL, NULL, 0);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-schema.h"
#include "prg-codec-private.h"
#include "prg-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/*
 * Order: read the list of all objects page by page (their fields come with them); stop if a field has another
 * type than ours; create the missing objects; then the missing fields; then the relation, which needs both
 * objects. Every step is decided from what the server holds, so a run that broke off half-way is simply run
 * again.
 */

#define OBJECT_RECORD "repProgression"
#define OBJECT_ROW "xpEvent"
#define MAX_PAGES 100

static const PrgSchemaField schema_fields[] = {
  { OBJECT_RECORD, "workspaceMemberId", "Workspace member id", "TEXT", TRUE },
  { OBJECT_RECORD, "totalXp", "Total XP", "NUMBER", FALSE },
  { OBJECT_RECORD, "currentLevel", "Current level", "NUMBER", FALSE },
  { OBJECT_RECORD, "currentRank", "Current rank", "TEXT", FALSE },
  { OBJECT_RECORD, "closedDeals", "Closed deals", "NUMBER", FALSE },
  { OBJECT_RECORD, "badges", "Badges", "TEXT", FALSE },
  { OBJECT_RECORD, "streakDays", "Streak days", "NUMBER", FALSE },
  { OBJECT_RECORD, "completedModules", "Completed modules", "TEXT", FALSE },
  { OBJECT_RECORD, "certifications", "Certifications", "TEXT", FALSE },
  { OBJECT_RECORD, "defeatedBosses", "Defeated bosses", "TEXT", FALSE },
  { OBJECT_RECORD, "passedExams", "Passed exams", "TEXT", FALSE },
  { OBJECT_RECORD, "efficiencyMetrics", "Efficiency metrics", "TEXT", FALSE },
  { OBJECT_RECORD, "lastActivityDate", "Last activity date", "DATE_TIME", FALSE },
  { OBJECT_RECORD, "ledgerXp", "Ledger XP", "NUMBER", FALSE },
  { OBJECT_RECORD, "ledgerCount", "Ledger count", "NUMBER", FALSE },
  { OBJECT_RECORD, "externalXp", "External XP", "NUMBER", FALSE },
  { OBJECT_RECORD, "externalDeals", "External deals", "NUMBER", FALSE },
  { OBJECT_RECORD, "foldToken", "Fold token", "TEXT", FALSE },
  { OBJECT_RECORD, "foldLog", "Fold log", "TEXT", FALSE },
  { OBJECT_ROW, "workspaceMemberId", "Workspace member id", "TEXT", FALSE },
  { OBJECT_ROW, "device", "Device", "TEXT", FALSE },
  { OBJECT_ROW, "seq", "Sequence", "NUMBER", FALSE },
  { OBJECT_ROW, "eventType", "Event type", "TEXT", FALSE },
  { OBJECT_ROW, "xpAmount", "XP amount", "NUMBER", FALSE },
  { OBJECT_ROW, "ref", "Reference", "TEXT", FALSE },
  { OBJECT_ROW, "occurredAt", "Occurred at", "DATE_TIME", FALSE },
  { OBJECT_ROW, "localDay", "Local day", "TEXT", FALSE },
  { OBJECT_ROW, "details", "Details", "TEXT", FALSE },
  { OBJECT_ROW, "rep", "Rep", "RELATION", FALSE },
};

typedef struct {
  const char *singular, *plural, *label, *labels, *icon;
} SchemaObject;

static const SchemaObject schema_objects[] = {
  { OBJECT_RECORD, "repProgressions", "Rep Progression", "Rep Progressions", "IconTrophy" },
  { OBJECT_ROW, "xpEvents", "XP Event", "XP Events", "IconBolt" },
};
#define N_OBJECTS G_N_ELEMENTS(schema_objects)

typedef enum {
  STEP_LIST,
  STEP_OBJECT,
  STEP_FIELD,
  STEP_DONE,
} Step;

struct _PrgSchemaPlan {
  gboolean dry_run;
  Step step;
  guint index;  /* of the object or field that is under way */
  char *cursor; /* (owned) of the list's next page, "" = first */
  guint pages;
  guint relists;        /* how often the list was begun anew because an object turned out to exist */
  char *ids[N_OBJECTS]; /* (owned) (nullable) of the objects */
  GHashTable *types;    /* (owned) (element-type utf8 utf8) "repProgression.totalXp" → "NUMBER" */
  GPtrArray *created;   /* (owned) (element-type utf8) */
};

const PrgSchemaField *
prg_schema_fields(guint *n_fields)
{
  *n_fields = G_N_ELEMENTS(schema_fields);
  return schema_fields;
}

PrgSchemaPlan *
prg_schema_plan_new(gboolean dry_run)
{
  PrgSchemaPlan *self = g_new0(PrgSchemaPlan, 1);
  self->dry_run = dry_run;
  self->cursor = g_strdup("");
  self->types = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  self->created = g_ptr_array_new_with_free_func(g_free);
  return self;
}

void
prg_schema_plan_free(PrgSchemaPlan *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < N_OBJECTS; i++)
    g_free(self->ids[i]);
  g_free(self->cursor);
  g_hash_table_unref(self->types);
  g_ptr_array_unref(self->created);
  g_free(self);
}

static guint
object_index(const char *singular)
{
  guint i = 0;
  while (i < N_OBJECTS && !g_str_equal(schema_objects[i].singular, singular))
    i++;
  return i;
}

static char *
field_path(const PrgSchemaField *field)
{
  return g_strconcat(field->object, ".", field->name, NULL);
}

static gboolean
has_field(const PrgSchemaPlan *self, const PrgSchemaField *field)
{
  g_autofree char *path = field_path(field);
  return g_hash_table_contains(self->types, path);
}

/* --- what to ask next --- */

static void
add_text(JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name(builder, name);
  json_builder_add_string_value(builder, value);
}

static PrgWireRequest *
finish_post(JsonBuilder *builder, const char *path)
{
  json_builder_end_object(builder);
  g_autoptr(JsonNode) root = json_builder_get_root(builder);
  return prg_wire_request_new("POST", g_strdup(path), prg_wire_print(root));
}

static PrgWireRequest *
encode_list(const PrgSchemaPlan *self)
{
  g_autofree char *cursor = g_uri_escape_string(self->cursor, NULL, FALSE);
  return prg_wire_request_new(
      "GET",
      g_strconcat("/rest/metadata/objects?limit=60", *cursor != '\0' ? "&starting_after=" : "", cursor, NULL),
      NULL);
}

static PrgWireRequest *
encode_object(const SchemaObject *object)
{
  g_autoptr(JsonBuilder) builder = json_builder_new();
  json_builder_begin_object(builder);
  add_text(builder, "nameSingular", object->singular);
  add_text(builder, "namePlural", object->plural);
  add_text(builder, "labelSingular", object->label);
  add_text(builder, "labelPlural", object->labels);
  add_text(builder, "icon", object->icon);
  return finish_post(builder, "/rest/metadata/objects");
}

static void
add_relation(JsonBuilder *builder, const char *target_id)
{
  json_builder_set_member_name(builder, "relationCreationPayload");
  json_builder_begin_object(builder);
  add_text(builder, "type", "MANY_TO_ONE");
  add_text(builder, "targetObjectMetadataId", target_id);
  add_text(builder, "targetFieldLabel", "XP events");
  add_text(builder, "targetFieldIcon", "IconBolt");
  json_builder_end_object(builder);
}

static PrgWireRequest *
encode_field(const PrgSchemaPlan *self, const PrgSchemaField *field)
{
  g_autoptr(JsonBuilder) builder = json_builder_new();
  json_builder_begin_object(builder);
  add_text(builder, "objectMetadataId", self->ids[object_index(field->object)]);
  add_text(builder, "name", field->name);
  add_text(builder, "label", field->label);
  add_text(builder, "type", field->type);
  if (field->unique) {
    json_builder_set_member_name(builder, "isUnique");
    json_builder_add_boolean_value(builder, TRUE);
  }
  if (g_str_equal(field->type, "RELATION"))
    add_relation(builder, self->ids[object_index(OBJECT_RECORD)]);
  return finish_post(builder, "/rest/metadata/fields");
}

PrgWireRequest *
prg_schema_plan_next(PrgSchemaPlan *self)
{
  switch (self->step) {
  case STEP_LIST:
    return encode_list(self);
  case STEP_OBJECT:
    return encode_object(&schema_objects[self->index]);
  case STEP_FIELD:
    return encode_field(self, &schema_fields[self->index]);
  case STEP_DONE:
  default:
    return NULL;
  }
}

/* --- what the answers mean --- */

/* Moves to the first thing that is still missing, from the present step on. */
static void
advance(PrgSchemaPlan *self)
{
  if (self->step == STEP_OBJECT) {
    while (self->index < N_OBJECTS && self->ids[self->index] != NULL)
      self->index++;
    if (self->index < N_OBJECTS)
      return;
    self->step = STEP_FIELD;
    self->index = 0;
  }
  while (self->index < G_N_ELEMENTS(schema_fields) && has_field(self, &schema_fields[self->index]))
    self->index++;
  if (self->index == G_N_ELEMENTS(schema_fields))
    self->step = STEP_DONE;
}

static void
note_all_missing(PrgSchemaPlan *self)
{
  for (guint i = 0; i < N_OBJECTS; i++)
    if (self->ids[i] == NULL)
      g_ptr_array_add(self->created, g_strdup(schema_objects[i].singular));
  for (guint i = 0; i < G_N_ELEMENTS(schema_fields); i++)
    if (!has_field(self, &schema_fields[i]))
      g_ptr_array_add(self->created, field_path(&schema_fields[i]));
}

static gboolean
fail(GError **error, PrgError code, const char *step, const char *what)
{
  g_set_error(error, PRG_ERROR, code, "%s: %s", step, what);
  return FALSE;
}

/* FALSE: it is switched off in Twenty, so it would be neither usable nor creatable. */
static gboolean
check_active(JsonObject *json, const char *path, GError **error)
{
  gboolean inactive = json_object_has_member(json, "isActive") && !prg_wire_get_true(json, "isActive");
  return !inactive || fail(error, PRG_ERROR_SERVER_ERROR, path, _("exists, but is deactivated in Twenty"));
}

static gboolean
note_field(PrgSchemaPlan *self, const char *object, JsonObject *json, GError **error)
{
  g_autofree char *name = prg_wire_dup_text(json, "name");
  g_autofree char *type = prg_wire_dup_text(json, "type");
  for (guint i = 0; i < G_N_ELEMENTS(schema_fields); i++) {
    const PrgSchemaField *field = &schema_fields[i];
    if (!g_str_equal(field->object, object) || !g_str_equal(field->name, name))
      continue;
    g_autofree char *path = field_path(field);
    if (!g_str_equal(type, field->type)) {
      g_autofree char *shown = prg_codec_clean_message(type);
      g_autofree char *what = g_strdup_printf(_("has type %s, but must be %s"), shown, field->type);
      return fail(error, PRG_ERROR_SERVER_ERROR, path, what);
    }
    if (!check_active(json, path, error))
      return FALSE;
    g_hash_table_replace(self->types, g_steal_pointer(&path), g_steal_pointer(&type));
    return TRUE;
  }
  return TRUE;
}

static gboolean
note_object(PrgSchemaPlan *self, JsonObject *json, GError **error)
{
  g_autofree char *singular = prg_wire_dup_text(json, "nameSingular");
  g_autofree char *id = prg_wire_dup_text(json, "id");
  guint index = object_index(singular);
  if (index == N_OBJECTS)
    return TRUE;
  if (!g_uuid_string_is_valid(id))
    return fail(error, PRG_ERROR_SERVER_ERROR, singular, _("the list of objects cannot be read"));
  if (!check_active(json, singular, error))
    return FALSE;
  prg_record_set(&self->ids[index], id);
  JsonArray *fields = prg_wire_get_array(json, "fields");
  for (guint i = 0; fields != NULL && i < json_array_get_length(fields); i++) {
    JsonObject *field = prg_wire_array_object(fields, i);
    if (field != NULL && !note_field(self, singular, field, error))
      return FALSE;
  }
  return TRUE;
}

static void
finish_list(PrgSchemaPlan *self)
{
  self->step = STEP_OBJECT;
  self->index = 0;
  if (self->dry_run) {
    note_all_missing(self);
    self->step = STEP_DONE;
    return;
  }
  advance(self);
}

static gboolean
feed_list(PrgSchemaPlan *self, JsonObject *top, GError **error)
{
  /* `{data:{objects:[…]}}` or, on newer workspaces, `{data:[…]}` */
  JsonArray *objects = prg_wire_get_array(top, "data");
  if (objects == NULL)
    objects = prg_wire_get_array(prg_wire_get_object(top, "data"), "objects");
  if (objects == NULL)
    return fail(error, PRG_ERROR_SERVER_ERROR, _("Listing the objects"),
                _("the answer has an unexpected shape"));
  for (guint i = 0; i < json_array_get_length(objects); i++) {
    JsonObject *object = prg_wire_array_object(objects, i);
    if (object != NULL && !note_object(self, object, error))
      return FALSE;
  }
  JsonObject *page = prg_wire_get_object(top, "pageInfo");
  g_autofree char *cursor = prg_wire_dup_text(page, "endCursor");
  if (!prg_wire_get_true(page, "hasNextPage")) {
    finish_list(self);
    return TRUE;
  }
  if (*cursor == '\0' || g_str_equal(cursor, self->cursor) || ++self->pages >= MAX_PAGES)
    return fail(error, PRG_ERROR_SERVER_ERROR, _("Listing the objects"), _("the pages do not end"));
  prg_record_set(&self->cursor, cursor);
  return TRUE;
}

static gboolean
feed_object(PrgSchemaPlan *self, JsonObject *top, GError **error)
{
  const char *singular = schema_objects[self->index].singular;
  JsonObject *object = prg_wire_get_object(prg_wire_get_object(top, "data"), "createOneObject");
  g_autofree char *id = prg_wire_dup_text(object != NULL ? object : top, "id");
  if (!g_uuid_string_is_valid(id))
    return fail(error, PRG_ERROR_SERVER_ERROR, singular,
                _("created, but the answer has an unexpected shape"));
  prg_record_set(&self->ids[self->index], id);
  g_ptr_array_add(self->created, g_strdup(singular));
  advance(self);
  return TRUE;
}

static gboolean
feed_field(PrgSchemaPlan *self, JsonObject *top, GError **error)
{
  const PrgSchemaField *field = &schema_fields[self->index];
  g_autofree char *path = field_path(field);
  JsonObject *made = prg_wire_get_object(prg_wire_get_object(top, "data"), "createOneField");
  g_autofree char *id = prg_wire_dup_text(made != NULL ? made : top, "id");
  if (!g_uuid_string_is_valid(id))
    return fail(error, PRG_ERROR_SERVER_ERROR, path, _("created, but the answer has an unexpected shape"));
  g_ptr_array_add(self->created, g_strdup(path));
  g_hash_table_replace(self->types, g_steal_pointer(&path), g_strdup(field->type));
  advance(self);
  return TRUE;
}

/* --- refusals --- */

/* The first message with @code in `errors.<part>[].errors[]`, where validation hides its reasons; @code NULL
 * = any. */
static char *
find_reason(JsonObject *top, const char *part, const char *code)
{
  JsonArray *items = prg_wire_get_array(prg_wire_get_object(top, "errors"), part);
  for (guint i = 0; items != NULL && i < json_array_get_length(items); i++) {
    JsonArray *reasons = prg_wire_get_array(prg_wire_array_object(items, i), "errors");
    for (guint k = 0; reasons != NULL && k < json_array_get_length(reasons); k++) {
      JsonObject *reason = prg_wire_array_object(reasons, k);
      g_autofree char *found = prg_wire_dup_text(reason, "code");
      if (code == NULL || g_str_equal(found, code))
        return prg_wire_dup_text(reason, "message");
    }
  }
  return NULL;
}

static gboolean
already_exists(const PrgSchemaPlan *self, JsonObject *top)
{
  g_autofree char *object = find_reason(top, "objectMetadata", "OBJECT_ALREADY_EXISTS");
  g_autofree char *name = find_reason(top, "objectMetadata", "NOT_AVAILABLE");
  g_autofree char *field = find_reason(top, "fieldMetadata", "NOT_AVAILABLE");
  g_autofree char *code = prg_wire_dup_text(top, "code");
  gboolean bare = g_str_equal(code, "OBJECT_ALREADY_EXISTS") || g_str_equal(code, "NOT_AVAILABLE");
  if (self->step == STEP_OBJECT)
    return bare || object != NULL || name != NULL;
  return self->step == STEP_FIELD && (bare || field != NULL);
}

/* Somebody else was faster. A field needs no more; an object must be listed again for its id. */
static gboolean
skip_existing(PrgSchemaPlan *self, GError **error)
{
  if (self->step == STEP_FIELD) {
    const PrgSchemaField *field = &schema_fields[self->index];
    g_hash_table_replace(self->types, field_path(field), g_strdup(field->type));
    advance(self);
    return TRUE;
  }
  if (self->relists++ >= N_OBJECTS)
    return fail(error, PRG_ERROR_SERVER_ERROR, schema_objects[self->index].singular,
                _("exists already, but is not in the list of objects"));
  self->step = STEP_LIST;
  self->pages = 0;
  prg_record_set(&self->cursor, "");
  return TRUE;
}

static char *
step_name(const PrgSchemaPlan *self)
{
  if (self->step == STEP_LIST)
    return g_strdup(_("Listing the objects"));
  if (self->step == STEP_OBJECT)
    return g_strdup_printf(_("Creating %s"), schema_objects[self->index].singular);
  g_autofree char *path = field_path(&schema_fields[self->index]);
  return g_strdup_printf(_("Creating %s"), path);
}

static gboolean
feed_failure(PrgSchemaPlan *self, PrgOutcome outcome, const char *message, JsonObject *top, GError **error)
{
  if (outcome == PRG_OUTCOME_REFUSED && already_exists(self, top))
    return skip_existing(self, error);
  g_autofree char *step = step_name(self);
  g_autofree char *reason =
      find_reason(top, self->step == STEP_OBJECT ? "objectMetadata" : "fieldMetadata", NULL);
  g_autofree char *text = reason == NULL ? g_strdup(message) : g_strdup_printf("%s (%s)", message, reason);
  g_autofree char *clean = prg_codec_clean_message(text);
  PrgError code = outcome == PRG_OUTCOME_AUTH        ? PRG_ERROR_AUTHENTICATION_FAILED
                  : outcome == PRG_OUTCOME_FORBIDDEN ? PRG_ERROR_PERMISSION_DENIED
                                                     : PRG_ERROR_SERVER_ERROR;
  return fail(error, code, step, clean);
}

gboolean
prg_schema_plan_feed(PrgSchemaPlan *self, guint status, const char *body, gsize length, GError **error)
{
  g_autofree char *message = NULL;
  PrgOutcome outcome = prg_codec_classify(status, body, length, &message);
  g_autoptr(JsonNode) root = prg_wire_parse(body, (gssize)length);
  JsonObject *top = prg_wire_object_of(root);
  if (outcome != PRG_OUTCOME_OK)
    return feed_failure(self, outcome, message, top, error);
  switch (self->step) {
  case STEP_LIST:
    return feed_list(self, top, error);
  case STEP_OBJECT:
    return feed_object(self, top, error);
  case STEP_FIELD:
    return feed_field(self, top, error);
  case STEP_DONE:
  default:
    return TRUE;
  }
}

GPtrArray *
prg_schema_plan_get_created(PrgSchemaPlan *self)
{
  GPtrArray *copy = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < self->created->len; i++)
    g_ptr_array_add(copy, g_strdup(g_ptr_array_index(self->created, i)));
  return copy;
}

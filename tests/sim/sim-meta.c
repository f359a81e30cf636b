/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /rest/metadata/objects and fields, in both answer formats. */
#include "sim-meta.h"
#include "sim-auth.h"
#include "sim-rest.h"

#include <string.h>

#define APPLICATION_ID "7a64f949-7cb8-422f-b8de-0e87b68b3872"

/* Answers to writes and answers to reads have different keys. */
typedef enum { FORM_READ, FORM_WRITE } Form;

static JsonNode *
take_object(JsonObject *object)
{
  JsonNode *node = json_node_new(JSON_NODE_OBJECT);
  json_node_take_object(node, object);
  return node;
}

static void
set_time(JsonObject *object, const char *key, gint64 us)
{
  g_autofree char *text = sim_time_format(us);
  json_object_set_string_member(object, key, text);
}

static void
set_json(JsonObject *object, const char *key, const char *text)
{
  json_object_set_member(object, key,
                         text != NULL ? json_from_string(text, NULL) : json_node_new(JSON_NODE_NULL));
}

static void
set_common(JsonObject *out,
           const char *id,
           const char *description,
           const char *icon,
           gint64 created,
           gint64 updated)
{
  g_autofree char *universal = sim_uuid_from(id);
  json_object_set_string_member(out, "id", id);
  json_object_set_string_member(out, "universalIdentifier", universal);
  json_object_set_string_member(out, "applicationId", APPLICATION_ID);
  json_object_set_string_member(out, "workspaceId", SIM_WORKSPACE_ID);
  json_object_set_boolean_member(out, "isLabelSyncedWithName", FALSE);
  if (description != NULL)
    json_object_set_string_member(out, "description", description);
  if (icon != NULL)
    json_object_set_string_member(out, "icon", icon);
  set_time(out, "createdAt", created);
  set_time(out, "updatedAt", updated);
}

static JsonObject *
field_json(const SimField *field, Form form)
{
  JsonObject *out = json_object_new();
  set_common(out, field->id, field->description, field->icon, field->created, field->updated);
  json_object_set_string_member(out, "type", field->type);
  json_object_set_string_member(out, "name", field->name);
  json_object_set_string_member(out, "label", field->label);
  json_object_set_string_member(out, "objectMetadataId", field->object_id);
  json_object_set_boolean_member(out, "isActive", field->active);
  json_object_set_boolean_member(out, "isSystem", field->system);
  json_object_set_boolean_member(out, "isUIEditable", !field->system);
  json_object_set_boolean_member(out, "isUIReadOnly", field->system);
  json_object_set_boolean_member(out, "isNullable", field->nullable);
  json_object_set_boolean_member(out, "isUnique", field->unique);
  if (form == FORM_WRITE || field->default_value != NULL)
    set_json(out, "defaultValue", field->default_value);
  if (form == FORM_WRITE)
    json_object_set_null_member(out, "options");
  if (field->settings != NULL)
    set_json(out, "settings", field->settings);
  return out;
}

static JsonArray *
fields_json(const SimObject *object)
{
  JsonArray *list = json_array_new();
  for (guint i = 0; i < object->fields->len; i++)
    json_array_add_object_element(list, field_json(object->fields->pdata[i], FORM_READ));
  return list;
}

static JsonObject *
object_json(SimObject *object, Form form, gboolean with_fields)
{
  JsonObject *out = json_object_new();
  SimField *name = sim_object_named(object, "name");
  set_common(out, object->id, object->description, object->icon, object->created, object->updated);
  json_object_set_string_member(out, "nameSingular", object->singular);
  json_object_set_string_member(out, "namePlural", object->plural);
  json_object_set_string_member(out, "labelSingular", object->label);
  json_object_set_string_member(out, "labelPlural", object->labels);
  json_object_set_boolean_member(out, "isRemote", FALSE);
  json_object_set_boolean_member(out, "isActive", object->active);
  json_object_set_boolean_member(out, "isSystem", object->system);
  json_object_set_boolean_member(out, "isUIEditable", TRUE);
  json_object_set_boolean_member(out, "isUICreatable", !object->system);
  json_object_set_boolean_member(out, "isUIReadOnly", FALSE);
  json_object_set_boolean_member(out, "isSearchable", !object->system);
  json_object_set_member(out, "labelIdentifierFieldMetadataId",
                         sim_json_string(name != NULL ? name->id : NULL));
  if (form == FORM_WRITE)
    json_object_set_null_member(out, "imageIdentifierFieldMetadataId");
  if (with_fields)
    json_object_set_array_member(out, "fields", fields_json(object));
  return out;
}

/* The old format wraps twice, the new one not at all. */
static SimReply *
reply(SimContext *context, guint status, const char *key, JsonObject *value)
{
  if (context->sim->config.new_metadata)
    return sim_reply_json(status, take_object(value));
  JsonObject *data = json_object_new();
  JsonObject *body = json_object_new();
  json_object_set_object_member(data, key, value);
  json_object_set_object_member(body, "data", data);
  return sim_reply_json(status, take_object(body));
}

static SimReply *
refuse(guint status, const char *message, const char *code)
{
  JsonObject *body = json_object_new();
  JsonArray *messages = json_array_new();
  json_array_add_string_element(messages, message);
  json_object_set_int_member(body, "statusCode", status);
  json_object_set_string_member(body, "error", "Error");
  json_object_set_array_member(body, "messages", messages);
  json_object_set_string_member(body, "code", code);
  return sim_reply_json(status, take_object(body));
}

static int
by_id_down(gconstpointer a, gconstpointer b)
{
  return strcmp(json_object_get_string_member(*(JsonObject *const *)b, "id"),
                json_object_get_string_member(*(JsonObject *const *)a, "id"));
}

static JsonObject *
page_info(JsonArray *page, gboolean more)
{
  JsonObject *info = json_object_new();
  guint length = json_array_get_length(page);
  json_object_set_boolean_member(info, "hasNextPage", more);
  if (length == 0)
    return info;
  const char *first = json_object_get_string_member(json_array_get_object_element(page, 0), "id");
  const char *last = json_object_get_string_member(json_array_get_object_element(page, length - 1), "id");
  json_object_set_string_member(info, "startCursor", first);
  json_object_set_string_member(info, "endCursor", last);
  return info;
}

static SimReply *
reply_list(SimContext *context, const SimRequest *request, const char *key, GPtrArray *items)
{
  g_autofree char *limit_text = sim_request_param(request, "limit");
  g_autofree char *after = sim_request_param(request, "starting_after");
  guint limit = limit_text != NULL ? (guint)g_ascii_strtoull(limit_text, NULL, 10) : 1000;
  JsonArray *page = json_array_new();
  gboolean more = FALSE;
  g_ptr_array_sort(items, by_id_down);
  for (guint i = 0; i < items->len && !more; i++) {
    JsonObject *item = items->pdata[i];
    if (after != NULL && strcmp(json_object_get_string_member(item, "id"), after) >= 0)
      continue;
    more = json_array_get_length(page) == limit;
    if (!more)
      json_array_add_object_element(page, json_object_ref(item));
  }
  JsonObject *body = json_object_new();
  JsonObject *info = page_info(page, more);
  if (context->sim->config.new_metadata) {
    json_object_set_array_member(body, "data", page);
  } else {
    JsonObject *data = json_object_new();
    json_object_set_array_member(data, key, page);
    json_object_set_object_member(body, "data", data);
  }
  json_object_set_object_member(body, "pageInfo", info);
  json_object_set_int_member(body, "totalCount", items->len);
  return sim_reply_json(200, take_object(body));
}

static SimReply *
list_objects(SimContext *context, const SimRequest *request)
{
  g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func((GDestroyNotify)json_object_unref);
  for (guint i = 0; i < context->schema->objects->len; i++)
    g_ptr_array_add(items, object_json(context->schema->objects->pdata[i], FORM_READ, TRUE));
  return reply_list(context, request, "objects", items);
}

static SimReply *
list_fields(SimContext *context, const SimRequest *request)
{
  g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func((GDestroyNotify)json_object_unref);
  for (guint i = 0; i < context->schema->objects->len; i++) {
    const SimObject *object = context->schema->objects->pdata[i];
    for (guint j = 0; j < object->fields->len; j++)
      g_ptr_array_add(items, field_json(object->fields->pdata[j], FORM_READ));
  }
  return reply_list(context, request, "fields", items);
}

static SimField *
field_by_id(SimSchema *schema, const char *id, SimObject **owner)
{
  for (guint i = 0; i < schema->objects->len; i++) {
    SimObject *object = schema->objects->pdata[i];
    for (guint j = 0; j < object->fields->len; j++) {
      SimField *field = object->fields->pdata[j];
      if (!g_str_equal(field->id, id))
        continue;
      *owner = object;
      return field;
    }
  }
  return NULL;
}

static SimReply *
create_object(SimContext *context, JsonObject *body)
{
  Sim *sim = context->sim;
  SimObjectSpec spec = {
    .singular = sim_json_text(body, "nameSingular"),
    .plural = sim_json_text(body, "namePlural"),
    .label = sim_json_text(body, "labelSingular"),
    .labels = sim_json_text(body, "labelPlural"),
    .description = sim_json_text(body, "description"),
    .icon = sim_json_text(body, "icon"),
  };
  if (spec.singular == NULL || spec.plural == NULL || spec.label == NULL || spec.labels == NULL ||
      !g_regex_match_simple("^[a-z][a-zA-Z0-9]*$", spec.singular, 0, 0))
    return refuse(400, "Object name is missing or not valid", "INVALID_OBJECT_INPUT");
  if (sim_schema_singular(context->schema, spec.singular) != NULL ||
      sim_schema_plural(context->schema, spec.plural) != NULL)
    return sim_meta_object_exists(spec.singular, spec.plural);
  g_autofree char *id = sim_schema_create_object(sim->db, &spec, sim_now(sim));
  sim_schema_touch(sim);
  context->schema = sim_schema_get(sim);
  return reply(context, 201, "createOneObject",
               object_json(sim_schema_by_id(context->schema, id), FORM_WRITE, TRUE));
}

static SimReply *
refuse_type(void)
{
  static const char text[] =
      "type must be one of the following values: ACTOR, ADDRESS, ARRAY, BOOLEAN, CURRENCY, DATE, "
      "DATE_TIME, EMAILS, FILES, FULL_NAME, LINKS, MORPH_RELATION, MULTI_SELECT, NUMBER, "
      "NUMERIC, PHONES, POSITION, RATING, RAW_JSON, RELATION, RICH_TEXT, SELECT, TEXT, "
      "TS_VECTOR, UUID";
  JsonObject *body = json_object_new();
  JsonArray *messages = json_array_new();
  json_array_add_string_element(messages, text);
  json_object_set_array_member(body, "message", messages);
  json_object_set_string_member(body, "error", "Bad Request");
  json_object_set_int_member(body, "statusCode", 400);
  return sim_reply_json(400, take_object(body));
}

static void
not_available(JsonArray *list, const char *name, const char *by, const char *by_user)
{
  g_autofree char *message =
      g_strdup_printf("Name \"%s\" is not available as it is already used by %s", name, by);
  g_autofree char *user =
      g_strdup_printf("Name \"%s\" is not available as it is already used by %s", name, by_user);
  sim_meta_errors_add(list, "NOT_AVAILABLE", message, user, name);
}

static gboolean
check_near(SimMetaErrors *errors, SimObject *object, const char *name, gboolean relation)
{
  static const char *const keys[] = { "objectMetadataUniversalIdentifier", NULL };
  gboolean shaped = g_regex_match_simple("^[a-z][a-zA-Z0-9]*$", name, 0, 0);
  g_autofree char *join = g_strconcat(name, "Id", NULL);
  gboolean taken = sim_object_named(object, name) != NULL;
  gboolean join_taken = relation && sim_object_field(object, join) != NULL;
  if (shaped && !taken && !join_taken)
    return TRUE;
  JsonArray *list = sim_meta_errors_entity(errors, "fieldMetadata", name, keys);
  if (!shaped)
    sim_meta_errors_add(
        list, "INVALID_FIELD_INPUT",
        "Name is not valid: it must start with lowercase letter and contain only alphanumeric letters", NULL,
        name);
  if (taken)
    not_available(list, name, "another field", "another field");
  if (join_taken)
    not_available(list, join, "another join column name", "join column name");
  return FALSE;
}

static gboolean
check_far(SimMetaErrors *errors, SimObject *target, const char *name)
{
  static const char *const keys[] = { "objectMetadataUniversalIdentifier", NULL };
  if (sim_object_named(target, name) == NULL)
    return TRUE;
  JsonArray *list = sim_meta_errors_entity(errors, "fieldMetadata", name, keys);
  not_available(list, name, "another field", "another field");
  sim_meta_errors_add(
      list, "FIELD_METADATA_NOT_FOUND",
      "Relation field target metadata not found in both existing and about to be created field metadatas",
      "Relation field target metadata not found", NULL);
  return FALSE;
}

static void
add_relation_index(SimMetaErrors *errors)
{
  g_autofree char *id = g_uuid_string_random();
  g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA1, id, -1);
  g_autofree char *name = g_strdup_printf("IDX_%.27s", sum);
  JsonArray *list = sim_meta_errors_entity(errors, "index", name, NULL);
  sim_meta_errors_add(list, "INDEX_ALREADY_EXISTS", "Index with same name already exists", NULL, NULL);
  sim_meta_errors_add(list, "INDEX_FIELD_NOT_FOUND", "Could not find index field related field metadata",
                      "Field referenced in index does not exist", NULL);
}

static SimReply *
made_field(SimContext *context, const char *id)
{
  SimObject *owner = NULL;
  sim_schema_touch(context->sim);
  context->schema = sim_schema_get(context->sim);
  return reply(context, 201, "createOneField",
               field_json(field_by_id(context->schema, id, &owner), FORM_WRITE));
}

static SimReply *
create_relation(SimContext *context, SimObject *object, JsonObject *body, const char *name)
{
  JsonNode *node = json_object_get_member(body, "relationCreationPayload");
  JsonObject *payload = sim_json_object(node);
  const char *target_id = sim_json_text(payload, "targetObjectMetadataId");
  const char *label = sim_json_text(payload, "targetFieldLabel");
  SimObject *target = target_id != NULL ? sim_schema_by_id(context->schema, target_id) : NULL;
  g_autoptr(SimMetaErrors) errors = sim_meta_errors_new();
  if (target == NULL || label == NULL || g_strcmp0(sim_json_text(payload, "type"), "MANY_TO_ONE") != 0)
    return refuse(400, "Relation creation payload is not valid", "INVALID_FIELD_INPUT");
  g_autofree char *back = sim_camel(label);
  gboolean near = check_near(errors, object, name, TRUE);
  gboolean far = check_far(errors, target, back);
  if (near && far) {
    g_autofree char *id =
        sim_schema_relate(context->sim->db, object, name, sim_json_text(body, "label"), target, label,
                          sim_json_text(payload, "targetFieldIcon"), sim_now(context->sim));
    return made_field(context, id);
  }
  sim_meta_errors_views(errors);
  sim_meta_errors_views(errors);
  if (!near)
    add_relation_index(errors);
  return sim_meta_errors_reply(errors, "fields");
}

static char *
member_text(JsonObject *body, const char *key)
{
  JsonNode *node = json_object_get_member(body, key);
  return node != NULL && !JSON_NODE_HOLDS_NULL(node) ? sim_json_print(node) : NULL;
}

static SimReply *
create_field(SimContext *context, JsonObject *body)
{
  static const char *const types[] = { "ACTOR",    "ADDRESS",      "ARRAY",     "BOOLEAN", "CURRENCY",
                                       "DATE",     "DATE_TIME",    "EMAILS",    "FILES",   "FULL_NAME",
                                       "LINKS",    "NUMBER",       "NUMERIC",   "PHONES",  "RATING",
                                       "RAW_JSON", "RELATION",     "RICH_TEXT", "SELECT",  "TEXT",
                                       "UUID",     "MULTI_SELECT", NULL };
  const char *object_id = sim_json_text(body, "objectMetadataId");
  const char *name = sim_json_text(body, "name");
  const char *type = sim_json_text(body, "type");
  SimObject *object = object_id != NULL ? sim_schema_by_id(context->schema, object_id) : NULL;
  if (type == NULL || !g_strv_contains(types, type))
    return refuse_type();
  if (object == NULL)
    return refuse(404, "Object metadata not found", "OBJECT_METADATA_NOT_FOUND");
  if (name == NULL)
    return refuse(400, "Name is missing", "INVALID_FIELD_INPUT");
  if (g_str_equal(type, "RELATION"))
    return create_relation(context, object, body, name);
  g_autoptr(SimMetaErrors) errors = sim_meta_errors_new();
  if (!check_near(errors, object, name, FALSE)) {
    sim_meta_errors_views(errors);
    return sim_meta_errors_reply(errors, "fields");
  }
  g_autofree char *default_value = member_text(body, "defaultValue");
  g_autofree char *settings = member_text(body, "settings");
  const char *label = sim_json_text(body, "label");
  SimFieldSpec spec = { .name = name,
                        .label = label != NULL ? label : name,
                        .type = type,
                        .description = sim_json_text(body, "description"),
                        .icon = sim_json_text(body, "icon"),
                        .default_value = default_value,
                        .settings = settings,
                        .unique = sim_json_flag(body, "isUnique", FALSE) };
  g_autofree char *id = sim_schema_create_field(context->sim->db, object->id, &spec, sim_now(context->sim));
  return made_field(context, id);
}

static void
change(SimContext *context, const char *table, const char *column, const char *id, GVariant *value)
{
  g_autofree char *sql = g_strdup_printf("UPDATE %s SET %s = ?, updated = ? WHERE id = ?", table, column);
  g_autoptr(GPtrArray) values = sim_values_new();
  sim_values_add(values, value);
  sim_values_add(values, g_variant_new_int64(sim_now(context->sim)));
  sim_values_add(values, sim_text_value(id));
  sim_must(context->sim->db, sql, values);
}

static SimReply *
patch_field(SimContext *context, JsonObject *body, const char *id)
{
  SimObject *owner = NULL;
  SimField *field = field_by_id(context->schema, id, &owner);
  if (field == NULL)
    return refuse(404, "Field metadata not found", "FIELD_METADATA_NOT_FOUND");
  if (sim_json_flag(body, "isUnique", FALSE) && !field->unique) {
    g_autofree char *index = g_uuid_string_random();
    g_autofree char *message =
        g_strdup_printf("Migration action 'create' for 'index' (universalIdentifier: %s) failed", index);
    return sim_reply_json(500, sim_json_string(message));
  }
  if (sim_json_text(body, "label") != NULL)
    change(context, "meta_field", "label", id, g_variant_new_string(sim_json_text(body, "label")));
  if (json_object_has_member(body, "isActive"))
    change(context, "meta_field", "active", id, g_variant_new_int64(sim_json_flag(body, "isActive", TRUE)));
  sim_schema_touch(context->sim);
  context->schema = sim_schema_get(context->sim);
  return reply(context, 200, "updateOneField",
               field_json(field_by_id(context->schema, id, &owner), FORM_WRITE));
}

static SimReply *
patch_object(SimContext *context, JsonObject *body, const char *id)
{
  if (sim_schema_by_id(context->schema, id) == NULL)
    return refuse(404, "Object metadata not found", "OBJECT_METADATA_NOT_FOUND");
  if (json_object_has_member(body, "isActive"))
    change(context, "meta_object", "active", id, g_variant_new_int64(sim_json_flag(body, "isActive", TRUE)));
  sim_schema_touch(context->sim);
  context->schema = sim_schema_get(context->sim);
  return reply(context, 200, "updateOneObject",
               object_json(sim_schema_by_id(context->schema, id), FORM_WRITE, TRUE));
}

static SimReply *
one_object(SimContext *context, const char *id, gboolean drop)
{
  SimObject *object = sim_schema_by_id(context->schema, id);
  if (object == NULL)
    return refuse(404, "Object metadata not found", "OBJECT_METADATA_NOT_FOUND");
  if (!drop)
    return reply(context, 200, "object", object_json(object, FORM_READ, TRUE));
  SimReply *answer = reply(context, 200, "deleteOneObject", object_json(object, FORM_WRITE, FALSE));
  sim_schema_drop_object(context->sim->db, object);
  sim_schema_touch(context->sim);
  return answer;
}

static SimReply *
one_field(SimContext *context, const char *id, gboolean drop)
{
  SimObject *owner = NULL;
  SimField *field = field_by_id(context->schema, id, &owner);
  if (field == NULL)
    return refuse(404, "Field metadata not found", "FIELD_METADATA_NOT_FOUND");
  if (!drop)
    return reply(context, 200, "field", field_json(field, FORM_READ));
  SimReply *answer = reply(context, 200, "deleteOneField", field_json(field, FORM_WRITE));
  sim_schema_drop_field(context->sim->db, owner, field);
  sim_schema_touch(context->sim);
  return answer;
}

static SimReply *
write_metadata(SimContext *context, const SimRequest *request, gboolean objects, const char *id)
{
  SimReply *refusal = NULL;
  g_autoptr(JsonNode) node = sim_body_parse(request, &refusal);
  JsonObject *body = sim_json_object(node);
  if (node == NULL)
    return refusal;
  if (body == NULL)
    return refuse(400, "An object is expected", "INVALID_INPUT");
  if (g_str_equal(request->method, "POST") && id == NULL)
    return objects ? create_object(context, body) : create_field(context, body);
  if (id == NULL)
    return sim_reply_not_found(request);
  return objects ? patch_object(context, body, id) : patch_field(context, body, id);
}

SimReply *
sim_metadata(SimContext *context, const SimRequest *request)
{
  g_auto(GStrv) parts = g_strsplit(request->path + strlen("/rest/metadata/"), "/", -1);
  gboolean objects = g_strcmp0(parts[0], "objects") == 0;
  gboolean reading = g_str_equal(request->method, "GET") || g_str_equal(request->method, "HEAD");
  gboolean drop = g_str_equal(request->method, "DELETE");
  if (!objects && g_strcmp0(parts[0], "fields") != 0)
    return sim_reply_not_found(request);
  if (!sim_may(context, NULL, SIM_MAY_METADATA, NULL))
    return refuse(403, SIM_DENIED, "PERMISSION_DENIED");
  const char *id = parts[1];
  if (reading && id == NULL)
    return objects ? list_objects(context, request) : list_fields(context, request);
  if ((reading || drop) && id != NULL)
    return objects ? one_object(context, id, drop) : one_field(context, id, drop);
  return write_metadata(context, request, objects, id);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-meta.h"

SimMetaErrors *
sim_meta_errors_new(void)
{
  SimMetaErrors *errors = g_new0(SimMetaErrors, 1);
  errors->groups = json_object_new();
  errors->summary = json_object_new();
  return errors;
}

void
sim_meta_errors_free(SimMetaErrors *errors)
{
  json_object_unref(errors->groups);
  json_object_unref(errors->summary);
  g_free(errors);
}

static void
set_random(JsonObject *object, const char *key)
{
  g_autofree char *id = g_uuid_string_random();
  json_object_set_string_member(object, key, id);
}

JsonArray *
sim_meta_errors_entity(SimMetaErrors *errors, const char *group, const char *name, const char *const *keys)
{
  JsonObject *entity = json_object_new();
  JsonObject *information = json_object_new();
  JsonArray *list = json_array_new();
  if (!json_object_has_member(errors->groups, group))
    json_object_set_array_member(errors->groups, group, json_array_new());
  set_random(information, "universalIdentifier");
  if (name != NULL)
    json_object_set_string_member(information, "name", name);
  for (; keys != NULL && *keys != NULL; keys++)
    set_random(information, *keys);
  json_object_set_string_member(entity, "status", "fail");
  json_object_set_array_member(entity, "errors", list);
  json_object_set_object_member(entity, "flatEntityMinimalInformation", information);
  json_object_set_string_member(entity, "metadataName", group);
  json_object_set_string_member(entity, "type", "create");
  json_array_add_object_element(json_object_get_array_member(errors->groups, group), entity);
  json_object_set_int_member(errors->summary, group, sim_json_int(errors->summary, group, 0) + 1);
  errors->total++;
  return list;
}

void
sim_meta_errors_add(JsonArray *list,
                    const char *code,
                    const char *message,
                    const char *user,
                    const char *value)
{
  JsonObject *error = json_object_new();
  json_object_set_string_member(error, "code", code);
  if (value != NULL)
    json_object_set_string_member(error, "value", value);
  json_object_set_string_member(error, "message", message);
  json_object_set_string_member(error, "userFriendlyMessage", user != NULL ? user : message);
  json_array_add_object_element(list, error);
}

SimReply *
sim_meta_errors_reply(SimMetaErrors *errors, const char *what)
{
  g_autofree char *message = g_strdup_printf("Multiple validation errors occurred while creating %s", what);
  JsonObject *body = json_object_new();
  json_object_set_int_member(errors->summary, "totalErrors", errors->total);
  json_object_set_int_member(body, "statusCode", 400);
  json_object_set_string_member(body, "error", "METADATA_VALIDATION_ERROR");
  json_object_set_string_member(body, "message", message);
  json_object_set_object_member(body, "errors", json_object_ref(errors->groups));
  json_object_set_object_member(body, "summary", json_object_ref(errors->summary));
  json_object_set_string_member(body, "userFriendlyMessage", "Many validation errors");
  JsonNode *node = json_node_new(JSON_NODE_OBJECT);
  json_node_take_object(node, body);
  return sim_reply_json(400, node);
}

void
sim_meta_errors_views(SimMetaErrors *errors)
{
  static const char *const keys[] = { "viewUniversalIdentifier", "fieldMetadataUniversalIdentifier", NULL };
  for (guint i = 0; i < 2; i++) {
    JsonArray *list = sim_meta_errors_entity(errors, "viewField", NULL, keys);
    sim_meta_errors_add(list, "INVALID_VIEW_DATA", "Field metadata not found", NULL, NULL);
  }
}

static void
add_indexes(SimMetaErrors *errors)
{
  for (guint i = 0; i < 5; i++) {
    g_autofree char *id = g_uuid_string_random();
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA1, id, -1);
    g_autofree char *name = g_strdup_printf("IDX_%.27s", sum);
    JsonArray *list = sim_meta_errors_entity(errors, "index", name, NULL);
    if (i == 4)
      sim_meta_errors_add(list, "INDEX_OBJECT_NOT_FOUND", "Could not find index related object metadata",
                          "Index related object not found", NULL);
    sim_meta_errors_add(list, "INDEX_ALREADY_EXISTS", "Index with same name already exists", NULL, NULL);
    if (i == 4)
      sim_meta_errors_add(list, "INDEX_FIELD_NOT_FOUND", "Could not find index field related field metadata",
                          "Field referenced in index does not exist", NULL);
  }
}

static void
add_search(SimMetaErrors *errors)
{
  static const char *const keys[] = { "objectMetadataUniversalIdentifier", NULL };
  JsonArray *list = sim_meta_errors_entity(errors, "searchFieldMetadata", NULL, keys);
  sim_meta_errors_add(list, "FIELD_METADATA_NOT_FOUND", "Field metadata not found", NULL, NULL);
  sim_meta_errors_add(list, "TS_VECTOR_FIELD_METADATA_NOT_FOUND", "TS_VECTOR field metadata not found",
                      "Search vector field not found", NULL);
  sim_meta_errors_add(list, "OBJECT_METADATA_NOT_FOUND", "Object metadata not found", NULL, NULL);
}

/* The server tries to make the object with all that belongs to it, and lists every piece that fails:
 * its thirteen fields and the four at the other ends of its relations. */
SimReply *
sim_meta_object_exists(const char *singular, const char *plural)
{
  static const char *const field_keys[] = { "objectMetadataUniversalIdentifier", NULL };
  static const char *const view_keys[] = { "viewUniversalIdentifier", "fieldMetadataUniversalIdentifier",
                                           NULL };
  static const char *const names[] = {
    "name",        "id",          "createdAt",  "createdBy",    "deletedAt",
    "position",    "updatedAt",   "updatedBy",  "searchVector", "timelineActivities",
    "attachments", "noteTargets", "taskTargets"
  };
  g_autofree char *capital = sim_capital(singular);
  g_autofree char *target = g_strconcat("target", capital, NULL);
  g_autoptr(SimMetaErrors) errors = sim_meta_errors_new();
  for (guint i = 0; i < G_N_ELEMENTS(names) + 4; i++) {
    JsonArray *list = sim_meta_errors_entity(errors, "fieldMetadata",
                                             i < G_N_ELEMENTS(names) ? names[i] : target, field_keys);
    sim_meta_errors_add(list, "OBJECT_METADATA_NOT_FOUND", "Object metadata not found",
                        "Field to create related object not found", NULL);
  }
  JsonArray *list = sim_meta_errors_entity(errors, "objectMetadata", NULL, NULL);
  sim_meta_errors_add(list, "OBJECT_ALREADY_EXISTS", "Object already exists", NULL, NULL);
  JsonArray *entities = json_object_get_array_member(errors->groups, "objectMetadata");
  JsonObject *information = json_object_get_object_member(json_array_get_object_element(entities, 0),
                                                          "flatEntityMinimalInformation");
  json_object_set_string_member(information, "namePlural", plural);
  json_object_set_string_member(information, "nameSingular", singular);
  for (guint i = 0; i < 2; i++)
    sim_meta_errors_add(sim_meta_errors_entity(errors, "view", NULL, NULL), "INVALID_VIEW_DATA",
                        "Object metadata not found", NULL, NULL);
  for (guint i = 0; i < 9; i++) {
    list = sim_meta_errors_entity(errors, "viewField", NULL, view_keys);
    sim_meta_errors_add(list, "INVALID_VIEW_DATA", "Field metadata not found", NULL, NULL);
    sim_meta_errors_add(list, "INVALID_VIEW_DATA", "View not found", NULL, NULL);
  }
  add_indexes(errors);
  add_search(errors);
  return sim_meta_errors_reply(errors, "object");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /metadata: who is signed in, and the workspace. The data model is served by REST only. */
#include "sim-gql.h"

#define CHARSET "application/json; charset=utf-8"

static JsonObject *
workspace(void)
{
  JsonObject *object = json_object_new();
  json_object_set_string_member(object, "id", SIM_WORKSPACE_ID);
  json_object_set_string_member(object, "displayName", "Sample");
  json_object_set_string_member(object, "subdomain", "sample");
  json_object_set_int_member(object, "metadataVersion", 1);
  return object;
}

static JsonObject *
user(JsonObject *member)
{
  JsonObject *object = json_object_new();
  JsonObject *name = sim_json_object(json_object_get_member(member, "name"));
  const char *id = sim_json_text(member, "userId");
  g_autofree char *membership = sim_uuid_from(id);
  JsonObject *link = json_object_new();
  json_object_set_string_member(link, "id", membership);
  json_object_set_string_member(object, "id", id);
  json_object_set_string_member(object, "email", sim_json_text(member, "userEmail"));
  json_object_set_string_member(object, "firstName", sim_json_text(name, "firstName"));
  json_object_set_string_member(object, "lastName", sim_json_text(name, "lastName"));
  json_object_set_object_member(object, "workspaceMember", json_object_ref(member));
  json_object_set_object_member(object, "currentUserWorkspace", link);
  json_object_set_object_member(object, "currentWorkspace", workspace());
  return object;
}

static JsonNode *
pick(JsonNode *value, GPtrArray *selection)
{
  JsonObject *from = sim_json_object(value);
  if (from == NULL || selection == NULL)
    return sim_json_copy(value);
  JsonObject *out = json_object_new();
  for (guint i = 0; i < selection->len; i++) {
    const SimSelection *item = selection->pdata[i];
    json_object_set_member(out, item->alias, pick(json_object_get_member(from, item->name), item->selection));
  }
  JsonNode *node = json_node_new(JSON_NODE_OBJECT);
  json_node_take_object(node, out);
  return node;
}

static SimReply *
forbidden(void)
{
  JsonNode *error =
      sim_graphql_error("Forbidden resource", "FORBIDDEN", NULL, sim_json_string("An error occurred."));
  JsonArray *errors = json_array_new();
  g_autoptr(JsonObject) body = json_object_new();
  json_array_add_element(errors, error);
  json_object_set_array_member(body, "errors", errors);
  json_object_set_null_member(body, "data");
  return sim_reply_new(200, CHARSET, sim_json_print_object(body));
}

/* The whole answer of one root before the selection; NULL: there is no such root. */
static JsonObject *
whole(SimContext *context, const SimSelection *root)
{
  if (g_str_equal(root->name, "currentWorkspace"))
    return workspace();
  if (!g_str_equal(root->name, "currentUser") || context->identity->member == NULL)
    return NULL;
  SimObject *members = sim_schema_singular(context->schema, "workspaceMember");
  g_autoptr(JsonObject) member = sim_record_row(context, members, context->identity->member, TRUE);
  return member != NULL ? user(member) : NULL;
}

SimReply *
sim_graphql_metadata(SimContext *context, const SimRequest *request)
{
  SimReply *refusal = NULL;
  g_autoptr(SimDocument) document = sim_gql_open(request, &refusal);
  if (document == NULL)
    return refusal;
  JsonObject *data = json_object_new();
  g_autoptr(JsonObject) body = json_object_new();
  json_object_set_object_member(body, "data", data);
  for (guint i = 0; i < document->roots->len; i++) {
    const SimSelection *root = document->roots->pdata[i];
    JsonObject *value = whole(context, root);
    if (value == NULL && g_str_equal(root->name, "currentUser"))
      return forbidden();
    if (value == NULL)
      return sim_gql_errors_only(sim_gql_no_such_field(root, document->mutation));
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, value);
    json_object_set_member(data, root->alias, pick(node, root->selection));
  }
  return sim_reply_new(200, CHARSET, sim_json_print_object(body));
}

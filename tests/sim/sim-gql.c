/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs a document over the records: each root on its own, no transaction around them. */
#include "sim-gql.h"
#include "sim-auth.h"

#include <string.h>

#define CHARSET "application/json; charset=utf-8"

typedef enum {
  ROOT_FIND_MANY,
  ROOT_FIND_ONE,
  ROOT_GROUP_BY,
  ROOT_CREATE,
  ROOT_UPDATE,
  ROOT_DELETE,
  ROOT_DESTROY,
  ROOT_RESTORE,
} RootKind;

typedef struct {
  SimObject *object;
  RootKind kind;
  gboolean many;
} Root;

static gboolean
find_query(SimSchema *schema, const char *name, Root *root)
{
  g_autofree char *stem = g_str_has_suffix(name, "GroupBy") ? g_strndup(name, strlen(name) - 7) : NULL;
  root->kind = stem != NULL ? ROOT_GROUP_BY : ROOT_FIND_MANY;
  root->object = sim_schema_plural(schema, stem != NULL ? stem : name);
  if (root->object != NULL)
    return TRUE;
  root->kind = ROOT_FIND_ONE;
  root->object = sim_schema_singular(schema, name);
  return root->object != NULL;
}

static gboolean
find_mutation(SimSchema *schema, const char *name, Root *root)
{
  static const char *const verbs[] = { "create", "update", "delete", "destroy", "restore" };
  for (guint i = 0; i < G_N_ELEMENTS(verbs); i++) {
    gsize length = strlen(verbs[i]);
    if (!g_str_has_prefix(name, verbs[i]) || !g_ascii_isupper(name[length]))
      continue;
    g_autofree char *object = g_strdup(name + length);
    *object = g_ascii_tolower(*object);
    root->kind = ROOT_CREATE + i;
    root->object = sim_schema_plural(schema, object);
    root->many = root->object != NULL;
    if (!root->many)
      root->object = sim_schema_singular(schema, object);
    return root->object != NULL;
  }
  return FALSE;
}

static JsonNode *
select_rows(SimContext *context, SimObject *object, JsonArray *rows, GPtrArray *selection)
{
  if (rows == NULL)
    return NULL;
  JsonArray *out = json_array_new();
  for (guint i = 0; i < json_array_get_length(rows); i++)
    json_array_add_element(
        out, sim_select_record(context, object, json_array_get_object_element(rows, i), selection));
  json_array_unref(rows);
  JsonNode *node = json_node_new(JSON_NODE_ARRAY);
  json_node_take_array(node, out);
  return node;
}

static JsonNode *
select_row(SimContext *context, SimObject *object, JsonObject *row, GPtrArray *selection)
{
  if (row == NULL)
    return NULL;
  JsonNode *node = sim_select_record(context, object, row, selection);
  json_object_unref(row);
  return node;
}

static JsonNode *
missing(const char *name, const char *type, GError **error)
{
  g_set_error(error, SIM_ERROR, SIM_ERR_QUERY_INPUT, "Missing required argument: \"%s\" (%s)", name, type);
  return NULL;
}

static JsonNode *
run_create(SimContext *context, const Root *root, const SimSelection *item, GError **error)
{
  JsonNode *data = json_object_get_member(item->arguments, "data");
  gboolean upsert = sim_json_flag(item->arguments, "upsert", FALSE);
  if (data == NULL)
    return missing("data", root->many ? "array" : "object", error);
  g_autoptr(JsonArray) rows = json_array_new();
  if (root->many && sim_json_array(data) != NULL) {
    json_array_unref(rows);
    rows = json_array_ref(sim_json_array(data));
  } else {
    json_array_add_element(rows, sim_json_copy(data));
  }
  JsonArray *made = sim_record_create(context, root->object, rows, upsert, error);
  if (made == NULL || root->many)
    return select_rows(context, root->object, made, item->selection);
  JsonNode *node =
      sim_select_record(context, root->object, json_array_get_object_element(made, 0), item->selection);
  json_array_unref(made);
  return node;
}

static JsonNode *
run_update(SimContext *context, const Root *root, const SimSelection *item, GError **error)
{
  JsonNode *data = json_object_get_member(item->arguments, "data");
  JsonObject *filter = sim_json_object(json_object_get_member(item->arguments, "filter"));
  const char *id = sim_json_text(item->arguments, "id");
  if (root->many && filter == NULL)
    return missing("filter", "object", error);
  if (!root->many && id == NULL)
    return missing("id", "string", error);
  if (data == NULL)
    return missing("data", "object", error);
  if (root->many)
    return select_rows(context, root->object,
                       sim_record_update_many(context, root->object, filter, data, error), item->selection);
  return select_row(context, root->object, sim_record_update_one(context, root->object, id, data, error),
                    item->selection);
}

static JsonNode *
run_remove(SimContext *context, const Root *root, const SimSelection *item, GError **error)
{
  SimRemoval removal = root->kind == ROOT_DELETE    ? SIM_SOFT_DELETE
                       : root->kind == ROOT_DESTROY ? SIM_DESTROY
                                                    : SIM_RESTORE;
  JsonObject *filter = sim_json_object(json_object_get_member(item->arguments, "filter"));
  const char *id = sim_json_text(item->arguments, "id");
  if (root->many ? filter == NULL : id == NULL)
    return missing(root->many ? "filter" : "id", root->many ? "object" : "string", error);
  if (root->many)
    return select_rows(context, root->object,
                       sim_record_remove(context, root->object, filter, removal, error), item->selection);
  return select_row(context, root->object, sim_record_remove_one(context, root->object, id, removal, error),
                    item->selection);
}

static JsonNode *
run_find_one(SimContext *context, const Root *root, const SimSelection *item, GError **error)
{
  JsonObject *filter = sim_json_object(json_object_get_member(item->arguments, "filter"));
  SimFind find = { .filter = filter, .limit = 1 };
  g_autoptr(SimPage) page = sim_record_find(context, root->object, &find, error);
  if (page == NULL)
    return NULL;
  if (page->records->len == 0) {
    g_set_error_literal(error, SIM_ERROR, SIM_ERR_NOT_FOUND, "Record not found");
    return NULL;
  }
  return sim_select_record(context, root->object, page->records->pdata[0], item->selection);
}

static JsonNode *
run_root(SimContext *context, const Root *root, const SimSelection *item, GError **error)
{
  static const SimAction actions[] = { SIM_MAY_READ,  SIM_MAY_READ,   SIM_MAY_READ,    SIM_MAY_WRITE,
                                       SIM_MAY_WRITE, SIM_MAY_DELETE, SIM_MAY_DESTROY, SIM_MAY_DELETE };
  if (!sim_may(context, root->object, actions[root->kind], error))
    return NULL;
  switch (root->kind) {
  case ROOT_FIND_MANY:
    return sim_select_connection(context, root->object, item->arguments,
                                 sim_json_object(json_object_get_member(item->arguments, "filter")),
                                 item->selection, FALSE, error);
  case ROOT_FIND_ONE:
    return run_find_one(context, root, item, error);
  case ROOT_GROUP_BY:
    return sim_select_groups(context, root->object, item->arguments, item->selection, error);
  case ROOT_CREATE:
    return run_create(context, root, item, error);
  case ROOT_UPDATE:
    return run_update(context, root, item, error);
  default:
    return run_remove(context, root, item, error);
  }
}

static SimReply *
reply_data(JsonObject *data, JsonArray *errors)
{
  g_autoptr(JsonObject) body = json_object_new();
  json_object_set_object_member(body, "data", data);
  if (json_array_get_length(errors) > 0)
    json_object_set_array_member(body, "errors", json_array_ref(errors));
  return sim_reply_new(200, "application/json", sim_json_print_object(body));
}

static SimReply *
run_document(SimContext *context, SimDocument *document, const Root *roots)
{
  g_autoptr(JsonArray) errors = json_array_new();
  JsonObject *data = json_object_new();
  g_autoptr(GError) limited = NULL;
  sim_rate_take(context, &limited);
  for (guint i = 0; i < document->roots->len; i++) {
    const SimSelection *item = document->roots->pdata[i];
    g_autoptr(GError) error = limited != NULL ? g_error_copy(limited) : NULL;
    JsonNode *value = error == NULL ? run_root(context, &roots[i], item, &error) : NULL;
    if (value == NULL)
      json_array_add_element(errors, sim_error_graphql(error));
    json_object_set_member(data, item->alias, value != NULL ? value : json_node_new(JSON_NODE_NULL));
  }
  return reply_data(data, errors);
}

static const char *
repeated_root(SimDocument *document)
{
  for (guint i = 0; i < document->roots->len; i++) {
    const SimSelection *a = document->roots->pdata[i];
    for (guint j = 0; j < i; j++) {
      const SimSelection *b = document->roots->pdata[j];
      if (g_str_equal(a->name, b->name))
        return a->name;
    }
  }
  return NULL;
}

SimReply *
sim_gql_errors_only(JsonNode *error)
{
  g_autoptr(JsonObject) body = json_object_new();
  JsonArray *errors = json_array_new();
  json_array_add_element(errors, error);
  json_object_set_array_member(body, "errors", errors);
  return sim_reply_new(200, CHARSET, sim_json_print_object(body));
}

/* What does not fit the schema, at @root. */
static JsonNode *
invalid_query(const SimSelection *root, const char *message)
{
  JsonObject *where = json_object_new();
  json_object_set_int_member(where, "line", root->line);
  json_object_set_int_member(where, "column", root->column);
  JsonArray *locations = json_array_new();
  json_array_add_object_element(locations, where);
  JsonObject *error = json_object_new();
  json_object_set_string_member(error, "message", message);
  json_object_set_array_member(error, "locations", locations);
  JsonNode *node = json_node_new(JSON_NODE_OBJECT);
  json_node_take_object(node, error);
  return node;
}

JsonNode *
sim_gql_no_such_field(const SimSelection *root, gboolean mutation)
{
  g_autofree char *message = g_strdup_printf("Cannot query field \"%s\" on type \"%s\".", root->name,
                                             mutation ? "Mutation" : "Query");
  return invalid_query(root, message);
}

static JsonNode *
no_such_argument(const SimSelection *root, const char *name)
{
  g_autofree char *message =
      g_strdup_printf("Unknown argument \"%s\" on field \"Query.%s\".", name, root->name);
  return invalid_query(root, message);
}

static SimReply *
refuse_body(const char *message)
{
  JsonObject *error = json_object_new();
  json_object_set_string_member(error, "message", message);
  JsonNode *node = json_node_new(JSON_NODE_OBJECT);
  json_node_take_object(node, error);
  SimReply *reply = sim_gql_errors_only(node);
  reply->status = 400;
  return reply;
}

SimDocument *
sim_gql_open(const SimRequest *request, SimReply **refusal)
{
  g_autofree char *message = NULL;
  g_autofree char *query = g_str_equal(request->method, "GET") ? sim_request_param(request, "query") : NULL;
  g_autoptr(JsonNode) node = query == NULL ? sim_json_parse(request->body, &message) : NULL;
  JsonObject *body = sim_json_object(node);
  JsonNode *error = NULL;
  if (sim_json_array(node) != NULL) {
    *refusal = refuse_body("Batching is not supported.");
    return NULL;
  }
  const char *text = query != NULL ? query : sim_json_text(body, "query");
  if (text == NULL) {
    *refusal = refuse_body("Must provide query string.");
    return NULL;
  }
  JsonObject *variables = body != NULL ? sim_json_object(json_object_get_member(body, "variables")) : NULL;
  SimDocument *document = sim_gql_parse(text, variables, &error);
  if (document == NULL)
    *refusal = sim_gql_errors_only(error);
  return document;
}

SimReply *
sim_graphql(SimContext *context, const SimRequest *request)
{
  SimReply *refusal = NULL;
  g_autoptr(SimDocument) document = sim_gql_open(request, &refusal);
  if (document == NULL)
    return refusal;
  const char *repeated = repeated_root(document);
  g_autofree Root *roots = g_new0(Root, document->roots->len);
  for (guint i = 0; i < document->roots->len; i++) {
    const SimSelection *item = document->roots->pdata[i];
    /* GET reaches the server's core schema only, which knows no records. */
    gboolean known = !g_str_equal(request->method, "GET") &&
                     (document->mutation ? find_mutation(context->schema, item->name, &roots[i])
                                         : find_query(context->schema, item->name, &roots[i]));
    if (!known)
      return sim_gql_errors_only(sim_gql_no_such_field(item, document->mutation));
    if (roots[i].kind == ROOT_GROUP_BY && !context->sim->config.groups_limited &&
        json_object_has_member(item->arguments, "limit"))
      return sim_gql_errors_only(no_such_argument(item, "limit"));
  }
  if (repeated == NULL)
    return run_document(context, document, roots);
  g_autoptr(GError) error =
      g_error_new(SIM_ERROR, SIM_ERR_DUPLICATE_ROOT, "Duplicate root resolver: \"%s\"", repeated);
  g_autoptr(JsonArray) errors = json_array_new();
  json_array_add_element(errors, sim_error_graphql(error));
  return reply_data(json_object_new(), errors);
}

SimReply *
sim_graphql_stranger(const SimRequest *request)
{
  SimReply *refusal = NULL;
  g_autoptr(SimDocument) document = sim_gql_open(request, &refusal);
  if (document == NULL)
    return refusal;
  return sim_gql_errors_only(sim_gql_no_such_field(document->roots->pdata[0], document->mutation));
}

SimReply *
sim_graphql_all_fail(const SimRequest *request, const GError *error)
{
  SimReply *refusal = NULL;
  g_autoptr(SimDocument) document = sim_gql_open(request, &refusal);
  if (document == NULL)
    return refusal;
  g_autoptr(JsonArray) errors = json_array_new();
  JsonObject *data = json_object_new();
  for (guint i = 0; i < document->roots->len; i++) {
    const SimSelection *item = document->roots->pdata[i];
    json_array_add_element(errors, sim_error_graphql(error));
    json_object_set_null_member(data, item->alias);
  }
  return reply_data(data, errors);
}

char *
sim_graphql_operation(const SimRequest *request)
{
  SimReply *refusal = NULL;
  g_autoptr(SimDocument) document = sim_gql_open(request, &refusal);
  g_clear_pointer(&refusal, sim_reply_free);
  if (document == NULL)
    return NULL;
  g_autoptr(GString) names = g_string_new(NULL);
  for (guint i = 0; i < document->roots->len; i++) {
    const SimSelection *item = document->roots->pdata[i];
    g_string_append_printf(names, "%s%s", i > 0 ? "," : "", item->name);
  }
  return g_string_free(g_steal_pointer(&names), FALSE);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The REST record API. */
#include "sim-rest.h"
#include "sim-auth.h"
#include "sim-gql.h"

#include <math.h>
#include <string.h>

/* One call, taken apart. */
typedef struct {
  SimContext *context;
  const SimRequest *request;
  SimObject *object;
  const char *id; /* (nullable) */
  gboolean batch, restore;
} Call;

static SimReply *
fail(GError *error)
{
  SimReply *reply = sim_reply_error(error);
  g_error_free(error);
  return reply;
}

static SimReply *refuse(SimErrorCode code, const char *format, ...) G_GNUC_PRINTF(2, 3);

static SimReply *
refuse(SimErrorCode code, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autoptr(GError) error = g_error_new_valist(SIM_ERROR, (int)code, format, args);
  va_end(args);
  return sim_reply_error(error);
}

SimReply *
sim_reply_not_found(const SimRequest *request)
{
  g_autofree char *message = g_strdup_printf("Cannot %s %s", request->method, request->path);
  JsonObject *body = json_object_new();
  json_object_set_string_member(body, "message", message);
  json_object_set_string_member(body, "error", "Not Found");
  json_object_set_int_member(body, "statusCode", 404);
  JsonNode *node = json_node_new(JSON_NODE_OBJECT);
  json_node_take_object(node, body);
  return sim_reply_json(404, node);
}

static SimReply *
refuse_json(const char *message)
{
  JsonObject *body = json_object_new();
  json_object_set_string_member(body, "message", message);
  json_object_set_string_member(body, "error", "Bad Request");
  json_object_set_int_member(body, "statusCode", 400);
  JsonNode *node = json_node_new(JSON_NODE_OBJECT);
  json_node_take_object(node, body);
  return sim_reply_json(400, node);
}

JsonNode *
sim_body_parse(const SimRequest *request, SimReply **refusal)
{
  g_autofree char *message = NULL;
  if (*request->body == '\0') {
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, json_object_new());
    return node;
  }
  if (request->content_type == NULL || !g_str_has_prefix(request->content_type, "application/json")) {
    *refusal = refuse(SIM_ERR_TYPE, "Cannot create property 'position' on string '%s'", request->body);
    return NULL;
  }
  JsonNode *node = sim_json_parse(request->body, &message);
  if (node == NULL)
    *refusal = refuse_json(message);
  return node;
}

/* {"data":{key:value}}, takes @value. */
static SimReply *
reply_data(guint status, const char *verb, const char *name, JsonNode *value)
{
  g_autofree char *capital = *verb != '\0' ? sim_capital(name) : g_strdup(name);
  g_autofree char *key = g_strconcat(verb, capital, NULL);
  JsonObject *data = json_object_new();
  JsonObject *body = json_object_new();
  json_object_set_member(data, key, value);
  json_object_set_object_member(body, "data", data);
  JsonNode *node = json_node_new(JSON_NODE_OBJECT);
  json_node_take_object(node, body);
  return sim_reply_json(status, node);
}

static SimReply *
reply_rows(guint status, const char *verb, SimObject *object, JsonArray *rows)
{
  JsonNode *node = json_node_new(JSON_NODE_ARRAY);
  json_node_take_array(node, rows);
  return reply_data(status, verb, object->plural, node);
}

static SimReply *
reply_row(guint status, const char *verb, SimObject *object, JsonObject *row)
{
  JsonNode *node = json_node_new(JSON_NODE_OBJECT);
  json_node_take_object(node, row);
  return reply_data(status, verb, object->singular, node);
}

/* @filter stays NULL without a filter parameter. FALSE: the parameter is wrong. */
static gboolean
read_filter(Call *call, JsonObject **filter, GError **error)
{
  g_autofree char *text = sim_request_param(call->request, "filter");
  *filter = text != NULL ? sim_filter_parse(call->object, text, error) : NULL;
  return text == NULL || *filter != NULL;
}

static GArray *
read_order(Call *call, GError **error)
{
  static const char *const ways[] = { "AscNullsFirst", "AscNullsLast", "DescNullsFirst", "DescNullsLast",
                                      NULL };
  g_autofree char *text = sim_request_param(call->request, "order_by");
  g_auto(GStrv) parts = g_strsplit(text != NULL ? text : "", ",", -1);
  g_autoptr(JsonArray) list = json_array_new();
  for (guint i = 0; parts[i] != NULL; i++) {
    char *open = strchr(parts[i], '[');
    g_autofree char *name = open != NULL ? g_strndup(parts[i], (gsize)(open - parts[i])) : g_strdup(parts[i]);
    g_autofree char *way = open != NULL ? g_strndup(open + 1, strcspn(open + 1, "]")) : g_strdup(ways[0]);
    if (!g_strv_contains(ways, way)) {
      g_set_error(
          error, SIM_ERROR, SIM_ERR_BAD_REQUEST,
          "'order_by' direction '%s' invalid. Allowed values are 'AscNullsFirst', 'AscNullsLast', "
          "'DescNullsFirst', 'DescNullsLast'. eg: ?order_by=field_1[AscNullsFirst],field_2[DescNullsLast],"
          "field_3",
          way);
      return NULL;
    }
    JsonObject *item = json_object_new();
    json_object_set_string_member(item, name, way);
    json_array_add_object_element(list, item);
  }
  g_autoptr(JsonNode) node = json_node_new(JSON_NODE_ARRAY);
  json_node_set_array(node, list);
  return sim_order_parse(call->object, node, error);
}

static gboolean
read_limit(Call *call, guint *limit, GError **error)
{
  g_autofree char *text = sim_request_param(call->request, "limit");
  char *end = NULL;
  double value = text != NULL ? floor(g_ascii_strtod(text, &end) + 0.5) : SIM_PAGE_REST;
  if (text != NULL && (end == text || value < 0)) {
    g_set_error(error, SIM_ERROR, SIM_ERR_BAD_REQUEST, "limit '%s' is invalid. Should be an integer", text);
    return FALSE;
  }
  *limit = (guint)MIN(value, SIM_PAGE_MAX);
  return TRUE;
}

/* Relations are not shown: depth=1 answers as depth=0. */
static gboolean
check_depth(Call *call, GError **error)
{
  g_autofree char *text = sim_request_param(call->request, "depth");
  if (text == NULL || g_str_equal(text, "0") || g_str_equal(text, "1"))
    return TRUE;
  g_set_error(error, SIM_ERROR, SIM_ERR_BAD_REQUEST, "'depth=%s' parameter invalid. Allowed values are 0, 1",
              text);
  return FALSE;
}

static SimReply *
reply_page(Call *call, SimPage *page, gboolean backwards)
{
  JsonObject *body = json_object_new();
  JsonObject *data = json_object_new();
  JsonObject *info = json_object_new();
  JsonArray *rows = json_array_new();
  guint length = page->records->len;
  for (guint i = 0; i < length; i++)
    json_array_add_object_element(rows, json_object_ref(page->records->pdata[i]));
  json_object_set_array_member(data, call->object->plural, rows);
  /* Going backwards, the server names the page's ends before it turns the rows round. */
  char **ends = (char **)page->cursors->pdata;
  json_object_set_member(info, "startCursor",
                         sim_json_string(length > 0 ? ends[backwards ? length - 1 : 0] : NULL));
  json_object_set_member(info, "endCursor",
                         sim_json_string(length > 0 ? ends[backwards ? 0 : length - 1] : NULL));
  json_object_set_boolean_member(info, "hasNextPage", page->has_next);
  json_object_set_boolean_member(info, "hasPreviousPage", page->has_previous);
  json_object_set_object_member(body, "data", data);
  json_object_set_int_member(body, "totalCount", page->total);
  json_object_set_object_member(body, "pageInfo", info);
  JsonNode *node = json_node_new(JSON_NODE_OBJECT);
  json_node_take_object(node, body);
  return sim_reply_json(200, node);
}

static SimReply *
run_list(Call *call)
{
  g_autoptr(JsonObject) filter = NULL;
  GError *error = NULL;
  SimFind find = { 0 };
  if (!read_filter(call, &filter, &error) || !read_limit(call, &find.limit, &error) ||
      !check_depth(call, &error))
    return fail(error);
  g_autoptr(GArray) order = read_order(call, &error);
  if (order == NULL)
    return fail(error);
  g_autofree char *after = sim_request_param(call->request, "starting_after");
  g_autofree char *before = sim_request_param(call->request, "ending_before");
  find.filter = filter;
  find.order = order;
  find.after = after;
  find.before = before;
  g_autoptr(SimPage) page = sim_record_find(call->context, call->object, &find, &error);
  if (page == NULL)
    return fail(error);
  return reply_page(call, page, before != NULL);
}

static SimReply *
run_get(Call *call)
{
  GError *error = NULL;
  if (call->id == NULL)
    return run_list(call);
  if (!sim_uuid_valid(call->id))
    return refuse(SIM_ERR_BAD_REQUEST, "'%s' is not a valid UUID", call->id);
  if (!check_depth(call, &error))
    return fail(error);
  JsonObject *record = sim_record_get(call->context, call->object, call->id, &error);
  if (record == NULL)
    return fail(error);
  return reply_row(200, "", call->object, record);
}

static SimReply *
run_create(Call *call)
{
  SimReply *refusal = NULL;
  GError *error = NULL;
  g_autoptr(JsonNode) body = sim_body_parse(call->request, &refusal);
  if (body == NULL)
    return refusal;
  g_autofree char *upsert = sim_request_param(call->request, "upsert");
  gboolean merging = g_strcmp0(upsert, "true") == 0;
  if (call->batch) {
    if (sim_json_array(body) == NULL)
      return refuse(SIM_ERR_TYPE, "args.data.forEach is not a function");
    JsonArray *rows =
        sim_record_create(call->context, call->object, json_node_get_array(body), merging, &error);
    return rows != NULL ? reply_rows(201, "create", call->object, rows) : fail(error);
  }
  g_autoptr(JsonArray) one = json_array_new();
  json_array_add_element(one, sim_json_copy(body));
  g_autoptr(JsonArray) rows = sim_record_create(call->context, call->object, one, merging, &error);
  if (rows == NULL)
    return fail(error);
  return reply_row(201, "create", call->object, json_object_ref(json_array_get_object_element(rows, 0)));
}

static SimReply *
run_update_many(Call *call, JsonNode *body)
{
  g_autoptr(JsonObject) filter = NULL;
  GError *error = NULL;
  if (!call->context->sim->config.rest_update_many)
    return refuse(SIM_ERR_BAD_REQUEST,
                  "update %s query invalid. Id missing. eg: /rest/%s/"
                  "0d4389ef-ea9c-4ae8-ada1-1cddc440fb56",
                  call->object->singular, call->object->plural);
  if (!read_filter(call, &filter, &error))
    return fail(error);
  JsonArray *rows = sim_record_update_many(call->context, call->object, filter, body, &error);
  return rows != NULL ? reply_rows(200, "update", call->object, rows) : fail(error);
}

static SimReply *
run_update(Call *call)
{
  SimReply *refusal = NULL;
  GError *error = NULL;
  if (call->id != NULL && !sim_uuid_valid(call->id))
    return refuse(SIM_ERR_BAD_REQUEST, "'%s' is not a valid UUID", call->id);
  g_autoptr(JsonNode) body = sim_body_parse(call->request, &refusal);
  if (body == NULL)
    return refusal;
  if (call->id == NULL)
    return run_update_many(call, body);
  JsonObject *row = sim_record_update_one(call->context, call->object, call->id, body, &error);
  return row != NULL ? reply_row(200, "update", call->object, row) : fail(error);
}

static SimReply *
run_remove(Call *call, SimRemoval removal)
{
  const char *verb = removal == SIM_RESTORE ? "restore" : "delete";
  g_autoptr(JsonObject) filter = NULL;
  GError *error = NULL;
  if (call->id != NULL && !sim_uuid_valid(call->id))
    return refuse(SIM_ERR_BAD_REQUEST, "'%s' is not a valid UUID", call->id);
  if (call->id != NULL) {
    JsonObject *row = sim_record_remove_one(call->context, call->object, call->id, removal, &error);
    return row != NULL ? reply_row(200, verb, call->object, row) : fail(error);
  }
  if (!read_filter(call, &filter, &error))
    return fail(error);
  if (filter == NULL)
    return refuse(SIM_ERR_BAD_REQUEST,
                  "Filters are mandatory for bulk %s operations. Please provide at least one "
                  "filter to prevent accidental %s of all records.",
                  removal == SIM_DESTROY ? "destroy" : verb,
                  removal == SIM_RESTORE ? "restoration" : "deletion");
  JsonArray *rows = sim_record_remove(call->context, call->object, filter, removal, &error);
  return rows != NULL ? reply_rows(200, verb, call->object, rows) : fail(error);
}

static SimReply *
run_group_by(Call *call)
{
  static SimSelection values = { .name = (char *)"groupByDimensionValues",
                                 .alias = (char *)"groupByDimensionValues" };
  g_autofree char *text = sim_request_param(call->request, "group_by");
  g_autofree char *message = NULL;
  GError *error = NULL;
  g_autoptr(JsonObject) arguments = json_object_new();
  g_autoptr(JsonObject) filter = NULL;
  if (!read_filter(call, &filter, &error))
    return fail(error);
  JsonNode *groups = sim_json_parse(text != NULL ? text : "", &message);
  if (groups != NULL)
    json_object_set_member(arguments, "groupBy", groups);
  if (filter != NULL)
    json_object_set_object_member(arguments, "filter", json_object_ref(filter));
  g_autoptr(GPtrArray) selection = g_ptr_array_new();
  g_ptr_array_add(selection, &values);
  JsonNode *rows = sim_select_groups(call->context, call->object, arguments, selection, &error);
  return rows != NULL ? sim_reply_json(200, rows) : fail(error);
}

static SimReply *
run_method(Call *call)
{
  const char *method = call->request->method;
  g_autofree char *soft = sim_request_param(call->request, "soft_delete");
  gboolean deleting = g_str_equal(method, "DELETE");
  gboolean destroy = deleting && g_strcmp0(soft, "true") != 0;
  gboolean reading = g_str_equal(method, "GET") || g_str_equal(method, "HEAD");
  SimAction action = reading         ? SIM_MAY_READ
                     : destroy       ? SIM_MAY_DESTROY
                     : deleting      ? SIM_MAY_DELETE
                     : call->restore ? SIM_MAY_DELETE
                                     : SIM_MAY_WRITE;
  GError *error = NULL;
  if (!sim_rate_take(call->context, &error) || !sim_may(call->context, call->object, action, &error))
    return fail(error);
  if (reading && g_strcmp0(call->id, "groupBy") == 0)
    return run_group_by(call);
  if (reading)
    return run_get(call);
  if (g_str_equal(method, "POST"))
    return run_create(call);
  if (deleting)
    return run_remove(call, destroy ? SIM_DESTROY : SIM_SOFT_DELETE);
  return call->restore ? run_remove(call, SIM_RESTORE) : run_update(call);
}

static SimReply *
no_object(SimContext *context, const char *name)
{
  SimObject *meant = sim_schema_singular(context->schema, name);
  if (meant != NULL)
    return refuse(SIM_ERR_BAD_REQUEST, "object '%s' not found. Did you mean '%s'?", name, meant->plural);
  return refuse(SIM_ERR_BAD_REQUEST, "object '%s' not found. eg: companies", name);
}

SimReply *
sim_rest(SimContext *context, const SimRequest *request)
{
  Call call = { .context = context, .request = request };
  g_autofree char *path = g_uri_unescape_string(request->path, NULL);
  g_auto(GStrv) parts = g_strsplit(path + strlen("/rest/"), "/", -1);
  char **at = parts;
  call.batch = g_strcmp0(at[0], "batch") == 0;
  call.restore = g_strcmp0(at[0], "restore") == 0;
  if (call.batch || call.restore)
    at++;
  guint length = g_strv_length(at);
  /* The server cuts the word "rest" out of a path's second half. */
  if (length == 3 && g_str_equal(at[2], "restore"))
    return refuse(SIM_ERR_BAD_REQUEST, "'%s%s' is not a valid UUID", at[1], "ore");
  if (length == 0 || length > 2 || (length == 2 && (call.batch || call.restore)))
    return refuse(SIM_ERR_BAD_REQUEST,
                  "Query path '%s' invalid. Valid examples: /rest/companies/id or /rest/companies or "
                  "/rest/batch/companies",
                  path);
  call.object = sim_schema_plural(context->schema, at[0]);
  call.id = length == 2 && *at[1] != '\0' ? at[1] : NULL;
  if (call.object == NULL || !call.object->active)
    return no_object(context, at[0]);
  return run_method(&call);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests, replies, and how an error is worded in REST and in GraphQL. */
#include "sim.h"

#include <string.h>

#define CHARSET "application/json; charset=utf-8"

typedef struct {
  guint status;
  const char *rest_name;
  const char *rest_code;
  const char *gql_code;
  const char *gql_sub;
  const char *user; /* NULL: the message itself where the code has a sub code */
} Wording;

static const Wording wordings[] = {
  [SIM_ERR_BAD_REQUEST] = { 400, "BadRequestException", NULL, "BAD_USER_INPUT", "INVALID_QUERY_INPUT",
                            "An error occurred." },
  [SIM_ERR_ARGS] = { 400, "BadRequestException", NULL, "BAD_USER_INPUT", "INVALID_ARGS_DATA", NULL },
  [SIM_ERR_DUPLICATE] = { 400, "BadRequestException", NULL, "BAD_USER_INPUT", NULL,
                          "This record already exists. Please check your data and try again." },
  [SIM_ERR_QUERY_INPUT] = { 400, "Error", "INVALID_QUERY_INPUT", "BAD_USER_INPUT", "INVALID_QUERY_INPUT",
                            "An error occurred." },
  [SIM_ERR_NOT_FOUND] = { 404, "NotFoundException", NULL, "NOT_FOUND", "RECORD_NOT_FOUND",
                          "This record does not exist or has been deleted." },
  [SIM_ERR_TOO_MANY] = { 400, "Error", "TOO_MANY_RECORDS_TO_UPDATE", "BAD_USER_INPUT", NULL,
                         "You can only update up to 200 records at once." },
  [SIM_ERR_BATCH_MAX] = { 400, "BadRequestException", NULL, "BAD_USER_INPUT", "TOO_MANY_RECORDS_TO_UPDATE",
                          NULL },
  [SIM_ERR_INTERNAL] = { 500, "InternalServerErrorException", NULL, "INTERNAL_SERVER_ERROR", NULL, NULL },
  [SIM_ERR_PERMISSION] = { 400, "Error", "PERMISSION_DENIED", "FORBIDDEN", "PERMISSION_DENIED",
                           "User does not have permission." },
  [SIM_ERR_LIMIT] = { 429, "HttpException", NULL, "BAD_USER_INPUT", "LIMIT_REACHED",
                      "Rate limit reached. Please try again later." },
  [SIM_ERR_CURSOR] = { 400, "Error", "INVALID_CURSOR", "BAD_USER_INPUT", "INVALID_CURSOR",
                       "An error occurred." },
  [SIM_ERR_FIELD] = { 400, "Error", "FIELD_NOT_FOUND", "BAD_USER_INPUT", "FIELD_NOT_FOUND",
                      "An error occurred." },
  [SIM_ERR_TYPE] = { 400, "TypeError", NULL, "INTERNAL_SERVER_ERROR", NULL, NULL },
  [SIM_ERR_OUTAGE] = { 400, "Error", NULL, "INTERNAL_SERVER_ERROR", NULL, NULL },
  [SIM_ERR_DUPLICATE_ROOT] = { 400, "Error", NULL, "BAD_USER_INPUT", NULL, NULL },
};

G_DEFINE_QUARK(sim - error - quark, sim_error)

SimReply *
sim_reply_new(guint status, const char *type, char *body)
{
  SimReply *reply = g_new0(SimReply, 1);
  reply->status = status;
  reply->type = g_strdup(type);
  reply->body = body;
  return reply;
}

SimReply *
sim_reply_json(guint status, JsonNode *node)
{
  SimReply *reply = sim_reply_new(status, CHARSET, sim_json_print(node));
  reply->etag = TRUE;
  json_node_unref(node);
  return reply;
}

void
sim_reply_free(SimReply *reply)
{
  g_free(reply->type);
  g_free(reply->body);
  g_free(reply->location);
  g_free(reply->tag);
  g_free(reply);
}

/* A message may carry its user-friendly twin behind a unit separator. */
static char *
split_message(const GError *error, char **user)
{
  const char *mark = strchr(error->message, '\x1f');
  if (user != NULL)
    *user = mark != NULL ? g_strdup(mark + 1) : NULL;
  return mark != NULL ? g_strndup(error->message, (gsize)(mark - error->message)) : g_strdup(error->message);
}

SimReply *
sim_reply_error(const GError *error)
{
  const Wording *wording = &wordings[error->code];
  g_autofree char *message = split_message(error, NULL);
  JsonObject *body = json_object_new();
  JsonArray *messages = json_array_new();
  json_array_add_string_element(messages, message);
  json_object_set_int_member(body, "statusCode", wording->status);
  json_object_set_string_member(body, "error", wording->rest_name);
  json_object_set_array_member(body, "messages", messages);
  if (wording->rest_code != NULL)
    json_object_set_string_member(body, "code", wording->rest_code);
  JsonNode *node = json_node_new(JSON_NODE_OBJECT);
  json_node_take_object(node, body);
  return sim_reply_json(wording->status, node);
}

SimReply *
sim_reply_gate(guint status, const char *message, const char *error)
{
  JsonObject *body = json_object_new();
  JsonArray *messages = json_array_new();
  json_array_add_string_element(messages, message);
  json_object_set_int_member(body, "statusCode", status);
  json_object_set_array_member(body, "messages", messages);
  json_object_set_string_member(body, "error", error);
  g_autofree char *text = sim_json_print_object(body);
  json_object_unref(body);
  return sim_reply_new(status, "application/json", g_steal_pointer(&text));
}

JsonNode *
sim_graphql_error(const char *message, const char *code, const char *sub_code, JsonNode *user_message)
{
  JsonObject *body = json_object_new();
  JsonObject *extensions = json_object_new();
  json_object_set_string_member(body, "message", message);
  if (sub_code != NULL)
    json_object_set_string_member(extensions, "subCode", sub_code);
  if (user_message != NULL)
    json_object_set_member(extensions, "userFriendlyMessage", user_message);
  json_object_set_string_member(extensions, "code", code);
  json_object_set_object_member(body, "extensions", extensions);
  JsonNode *node = json_node_new(JSON_NODE_OBJECT);
  json_node_take_object(node, body);
  return node;
}

JsonNode *
sim_error_graphql(const GError *error)
{
  const Wording *wording = &wordings[error->code];
  g_autofree char *own = NULL;
  g_autofree char *message = split_message(error, &own);
  const char *user = own != NULL ? own : wording->user;
  if (user == NULL && wording->gql_sub != NULL)
    user = message;
  return sim_graphql_error(message, wording->gql_code, wording->gql_sub,
                           user != NULL ? sim_json_string(user) : NULL);
}

void
sim_request_free(SimRequest *request)
{
  g_free(request->method);
  g_free(request->path);
  g_free(request->query);
  g_free(request->body);
  g_free(request->content_type);
  g_free(request->authorization);
  g_free(request->none_match);
  g_free(request);
}

SimRequest *
sim_request_copy(const SimRequest *request)
{
  SimRequest *copy = g_new0(SimRequest, 1);
  copy->method = g_strdup(request->method);
  copy->path = g_strdup(request->path);
  copy->query = g_strdup(request->query);
  copy->body = g_strdup(request->body);
  copy->body_length = request->body_length;
  copy->content_type = g_strdup(request->content_type);
  copy->authorization = g_strdup(request->authorization);
  copy->none_match = g_strdup(request->none_match);
  return copy;
}

char *
sim_request_param(const SimRequest *request, const char *name)
{
  if (request->query == NULL)
    return NULL;
  g_auto(GStrv) parts = g_strsplit(request->query, "&", -1);
  for (guint i = 0; parts[i] != NULL; i++) {
    char *equals = strchr(parts[i], '=');
    g_autofree char *key =
        equals != NULL ? g_strndup(parts[i], (gsize)(equals - parts[i])) : g_strdup(parts[i]);
    if (!g_str_equal(key, name))
      continue;
    g_autofree char *raw = g_strdup(equals != NULL ? equals + 1 : "");
    g_strdelimit(raw, "+", ' ');
    char *value = g_uri_unescape_string(raw, NULL);
    return value != NULL ? value : g_steal_pointer(&raw);
  }
  return NULL;
}

gint64
sim_now(Sim *sim)
{
  return g_get_real_time() + sim->config.clock_offset_us;
}

gint64
sim_write_time(Sim *sim)
{
  gint64 now = sim_now(sim) / 1000 * 1000;
  gint64 least = sim->last_write / 1000 * 1000 + 1000;
  gint64 ahead = least - now;
  /* A clock that a test set back starts anew: only a small lead is a second write in one millisecond. */
  if (ahead > 0 && ahead < 60 * G_USEC_PER_SEC)
    now = least;
  sim->last_write = now;
  return now;
}

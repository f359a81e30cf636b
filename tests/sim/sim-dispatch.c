/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One request from its text to its answer, in one go: nothing else runs in between. */
#include "sim-auth.h"
#include "sim-gql.h"
#include "sim-rest.h"
#include "sim-server.h"

#include <string.h>

#define BODY_MAX (10 * 1024 * 1024)

static SimReply *
json_string_reply(const char *text)
{
  return sim_reply_json(500, sim_json_string(text));
}

static SimReply *
healthy(void)
{
  SimReply *reply = sim_reply_new(200, "application/json; charset=utf-8",
                                  g_strdup("{\"status\":\"ok\",\"info\":{},\"error\":{},\"details\":{}}"));
  reply->etag = TRUE;
  reply->no_store = TRUE;
  return reply;
}

static SimReply *
open_page(const SimRequest *request)
{
  if (g_str_equal(request->path, "/healthz"))
    return healthy();
  if (g_str_equal(request->method, "OPTIONS"))
    return sim_reply_new(204, NULL, NULL);
  return NULL;
}

/* The body parser stands before everything else. */
static SimReply *
body_refused(const SimRequest *request)
{
  const char *charset = request->content_type != NULL ? strstr(request->content_type, "charset=") : NULL;
  if (request->body_length > BODY_MAX)
    return json_string_reply("request entity too large");
  if (charset == NULL || g_ascii_strncasecmp(charset + 8, "utf-8", 5) == 0)
    return NULL;
  g_autofree char *name = g_ascii_strup(charset + 8, -1);
  g_autofree char *message = g_strdup_printf("unsupported charset \"%s\"", name);
  return json_string_reply(message);
}

static SimReply *
route(SimContext *context, const SimRequest *request)
{
  const char *path = request->path;
  if (g_str_equal(path, "/graphql"))
    return sim_graphql(context, request);
  if (g_str_equal(path, "/metadata"))
    return sim_graphql_metadata(context, request);
  if (g_str_has_prefix(path, "/rest/metadata/"))
    return sim_metadata(context, request);
  return sim_rest(context, request);
}

void
sim_reply_tag(SimReply *reply, const SimRequest *request)
{
  if (!reply->etag || reply->body == NULL || reply->tag != NULL)
    return;
  g_autofree char *sum = sim_sha1_base64(reply->body, strlen(reply->body));
  reply->tag = g_strdup_printf("W/\"%zx-%s\"", strlen(reply->body), sum);
  if (reply->status != 200 || g_strcmp0(request->none_match, reply->tag) != 0)
    return;
  reply->status = 304;
  g_clear_pointer(&reply->body, g_free);
  g_clear_pointer(&reply->type, g_free);
}

static gboolean
is_graphql(const char *path)
{
  return g_str_equal(path, "/graphql") || g_str_equal(path, "/metadata");
}

static gboolean
is_api(const char *path)
{
  return is_graphql(path) || g_str_has_prefix(path, "/rest/");
}

static gboolean
is_read(const SimRequest *request)
{
  SimReply *refusal = NULL;
  if (!is_graphql(request->path))
    return g_str_equal(request->method, "GET");
  g_autoptr(SimDocument) document = sim_gql_open(request, &refusal);
  g_clear_pointer(&refusal, sim_reply_free);
  return document != NULL && !document->mutation;
}

static SimReply *
serve(Sim *sim, const SimRequest *request, SimIdentity *identity, gboolean stale)
{
  gboolean old = stale && sim->snapshot != NULL && is_read(request);
  g_autoptr(SimSchema) old_schema = old ? sim_schema_load(sim->snapshot) : NULL;
  g_autoptr(GHashTable) hidden = sim_hidden_fields(sim->db, identity->role);
  SimContext context = { .sim = sim, .identity = identity, .hidden = hidden };
  context.db = old ? sim->snapshot : sim->db;
  context.schema = old ? old_schema : sim_schema_get(sim);
  SimReply *reply = route(&context, request);
  if (context.fold_written)
    sim_foreign_step(sim);
  return reply;
}

SimReply *
sim_dispatch(Sim *sim, const SimRequest *request, gboolean stale)
{
  sim_timeline_flush(sim);
  SimReply *reply = open_page(request);
  if (reply == NULL && !is_api(request->path))
    reply = sim_reply_not_found(request);
  if (reply == NULL)
    reply = body_refused(request);
  if (reply == NULL) {
    g_autoptr(SimIdentity) identity = NULL;
    SimAuth auth = sim_auth_check(sim, request->authorization, &identity);
    if (auth == SIM_AUTH_FINE)
      reply = serve(sim, request, identity, stale);
    else if (auth == SIM_AUTH_NONE && is_graphql(request->path))
      reply = sim_graphql_stranger(request);
    else
      reply = sim_auth_refuse(auth, is_graphql(request->path));
  }
  sim_reply_tag(reply, request);
  return reply;
}

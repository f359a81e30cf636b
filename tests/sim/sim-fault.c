/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Faults that tests order: which request they hit and what they make of it. */
#include "sim-auth.h"
#include "sim-gql.h"
#include "sim-server.h"

#include <string.h>

static const char *const kinds[] = {
  "drop-request",
  "drop-reply",
  "duplicate",
  "outage",
  "outage-500",
  "hang",
  "hang-then-execute",
  "delay",
  "garbage",
  "garbage-after",
  "truncate",
  "status",
  "rate-limited",
  "auth-expired",
  "auth-revoked",
  "permission",
  "stale-read",
  "redirect",
  "huge",
  NULL,
};

void
sim_fault_free(SimFault *fault)
{
  g_free(fault->kind);
  g_free(fault->method);
  g_free(fault->path);
  g_free(fault->contains);
  g_free(fault->text);
  g_free(fault);
}

SimFault *
sim_fault_read(JsonObject *object, char **message)
{
  const char *kind = sim_json_text(object, "kind");
  if (kind == NULL || !g_strv_contains(kinds, kind)) {
    *message = g_strdup_printf("unknown fault kind '%s'", kind != NULL ? kind : "");
    return NULL;
  }
  SimFault *fault = g_new0(SimFault, 1);
  fault->kind = g_strdup(kind);
  fault->method = g_strdup(sim_json_text(object, "method"));
  fault->path = g_strdup(sim_json_text(object, "path"));
  fault->contains = g_strdup(sim_json_text(object, "contains"));
  fault->text = g_strdup(sim_json_text(object, "arg"));
  fault->arg = sim_json_int(object, "arg", 0);
  fault->times = sim_json_int(object, "times", 1);
  fault->skip = sim_json_int(object, "skip", 0);
  return fault;
}

static gboolean
fits(const SimFault *fault, const SimRequest *request)
{
  if (fault->method != NULL && g_ascii_strcasecmp(fault->method, request->method) != 0)
    return FALSE;
  if (fault->path != NULL && !g_str_has_prefix(request->path, fault->path))
    return FALSE;
  if (fault->contains == NULL)
    return TRUE;
  g_autofree char *query = g_uri_unescape_string(request->query != NULL ? request->query : "", NULL);
  return strstr(request->path, fault->contains) != NULL || strstr(request->body, fault->contains) != NULL ||
         (query != NULL && strstr(query, fault->contains) != NULL);
}

SimFault *
sim_fault_take(Sim *sim, const SimRequest *request)
{
  for (guint i = 0; i < sim->faults->len; i++) {
    SimFault *fault = sim->faults->pdata[i];
    if (!fits(fault, request))
      continue;
    if (fault->skip > 0) {
      fault->skip--;
      continue;
    }
    SimFault *copy = g_memdup2(fault, sizeof *fault);
    copy->kind = g_strdup(fault->kind);
    copy->method = g_strdup(fault->method);
    copy->path = g_strdup(fault->path);
    copy->contains = g_strdup(fault->contains);
    copy->text = g_strdup(fault->text);
    if (fault->times == 1)
      g_ptr_array_remove_index(sim->faults, i);
    else if (fault->times > 1)
      fault->times--;
    return copy;
  }
  return NULL;
}

static gboolean
is_graphql(const SimRequest *request)
{
  return g_str_equal(request->path, "/graphql") || g_str_equal(request->path, "/metadata");
}

static SimReply *
api_error(const SimRequest *request, SimErrorCode code, const char *message)
{
  g_autoptr(GError) error = g_error_new_literal(SIM_ERROR, (int)code, message);
  return is_graphql(request) ? sim_graphql_all_fail(request, error) : sim_reply_error(error);
}

static SimReply *
cold_outage(const SimRequest *request)
{
  if (!is_graphql(request))
    return sim_reply_gate(500, "connect ECONNREFUSED 127.0.0.1:55432", "ECONNREFUSED");
  return sim_reply_new(
      200, "application/json",
      g_strdup("{\"errors\":[{\"message\":\"Internal Server Error\",\"extensions\":{\"code\":"
               "\"INTERNAL_SERVER_ERROR\"}}]}"));
}

static SimReply *
garbage(void)
{
  return sim_reply_new(200, "text/html",
                       g_strdup("<!DOCTYPE html><html><body>Welcome to the hotel</body></html>"));
}

static SimReply *
huge(gint64 size)
{
  static const char head[] = "{\"data\":\"";
  gsize length = (gsize)MAX(size, 16);
  char *body = g_malloc(length + 1);
  memset(body, 'x', length);
  memcpy(body, head, sizeof head - 1);
  memcpy(body + length - 2, "\"}", 3);
  return sim_reply_new(200, "application/json; charset=utf-8", body);
}

static SimReply *
status_only(guint status)
{
  g_autofree char *message = g_strdup_printf("Status %u", status);
  return sim_reply_gate(status, message, "Error");
}

static SimReply *
redirect(const char *where)
{
  SimReply *reply = sim_reply_new(302, NULL, NULL);
  reply->location = g_strdup(where);
  return reply;
}

SimReply *
sim_fault_answer(const SimFault *fault, const SimRequest *request)
{
  const char *kind = fault->kind;
  if (g_str_equal(kind, "outage"))
    return api_error(request, SIM_ERR_OUTAGE, "connect ECONNREFUSED 127.0.0.1:55432");
  if (g_str_equal(kind, "outage-500"))
    return cold_outage(request);
  if (g_str_equal(kind, "garbage"))
    return garbage();
  if (g_str_equal(kind, "status"))
    return status_only((guint)fault->arg);
  if (g_str_equal(kind, "rate-limited"))
    return api_error(request, SIM_ERR_LIMIT, "Limit reached (100 tokens per 60000 ms)");
  if (g_str_equal(kind, "permission"))
    return api_error(request, SIM_ERR_PERMISSION, SIM_DENIED);
  if (g_str_equal(kind, "auth-expired"))
    return sim_auth_refuse(SIM_AUTH_EXPIRED, is_graphql(request));
  if (g_str_equal(kind, "auth-revoked"))
    return sim_auth_refuse(SIM_AUTH_REVOKED, is_graphql(request));
  if (g_str_equal(kind, "redirect"))
    return redirect(fault->text);
  if (g_str_equal(kind, "huge"))
    return huge(fault->arg);
  return NULL;
}

void
sim_fault_spoil(const SimFault *fault, SimReply *reply)
{
  if (g_str_equal(fault->kind, "garbage-after")) {
    g_autoptr(SimReply) page = garbage();
    reply->status = 200;
    g_clear_pointer(&reply->tag, g_free);
    g_free(reply->body);
    g_free(reply->type);
    reply->body = g_steal_pointer(&page->body);
    reply->type = g_steal_pointer(&page->type);
  } else if (g_str_equal(fault->kind, "truncate") && reply->body != NULL) {
    reply->body[strlen(reply->body) / 2] = '\0';
  }
}

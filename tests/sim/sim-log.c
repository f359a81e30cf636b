/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was asked, for assertions. Tokens appear as the start of their hash only. */
#include "sim-gql.h"
#include "sim-server.h"

#include <string.h>

void
sim_log_free(SimLogEntry *entry)
{
  g_free(entry->method);
  g_free(entry->path);
  g_free(entry->operation);
  g_free(entry->fault);
  g_free(entry->authorization);
  g_free(entry);
}

static char *
rest_operation(const SimRequest *request)
{
  g_auto(GStrv) parts = g_strsplit(request->path, "/", -1);
  guint length = g_strv_length(parts);
  if (length < 3 || !g_str_equal(parts[1], "rest"))
    return NULL;
  if (g_str_equal(parts[2], "metadata"))
    return g_strdup("metadata");
  gboolean word = length > 3 && (g_str_equal(parts[2], "batch") || g_str_equal(parts[2], "restore"));
  const char *object = word ? parts[3] : parts[2];
  gboolean one = !word && length > 3;
  const char *verb = word                                     ? parts[2]
                     : g_str_equal(request->method, "POST")   ? "create"
                     : g_str_equal(request->method, "DELETE") ? "delete"
                     : g_str_equal(request->method, "GET")    ? (one ? "get" : "list")
                                                              : (one ? "update" : "update-many");
  return g_strdup_printf("%s %s", verb, object);
}

SimLogEntry *
sim_log_add(Sim *sim, const SimRequest *request, const SimFault *fault)
{
  gboolean graphql = g_str_equal(request->path, "/graphql") || g_str_equal(request->path, "/metadata");
  SimLogEntry *entry = g_new0(SimLogEntry, 1);
  entry->n = sim->log->len > 0 ? ((SimLogEntry *)sim->log->pdata[sim->log->len - 1])->n + 1 : 1;
  entry->method = g_strdup(request->method);
  entry->path = g_strconcat(request->path, request->query != NULL ? "?" : NULL, request->query, NULL);
  entry->operation = graphql ? sim_graphql_operation(request) : rest_operation(request);
  entry->fault = fault != NULL ? g_strdup(fault->kind) : NULL;
  if (request->authorization != NULL) {
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, request->authorization, -1);
    entry->authorization = g_strndup(sum, 12);
  }
  g_ptr_array_add(sim->log, entry);
  return entry;
}

SimLogEntry *
sim_log_find(Sim *sim, guint n)
{
  for (guint i = sim->log->len; i > 0; i--) {
    SimLogEntry *entry = sim->log->pdata[i - 1];
    if (entry->n == n)
      return entry;
  }
  return NULL;
}

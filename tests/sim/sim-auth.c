/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-auth.h"

#include <math.h>

#define BUCKET 100
#define REFILL_US (600 * 1000)

static const struct {
  const char *role;
  gboolean read, write, remove, destroy, metadata;
} roles[] = {
  { "admin", TRUE, TRUE, TRUE, TRUE, TRUE },         { "readonly", TRUE, FALSE, FALSE, FALSE, FALSE },
  { "noaccess", FALSE, FALSE, FALSE, FALSE, FALSE }, { "nodelete", TRUE, TRUE, FALSE, FALSE, FALSE },
  { "objlevel", TRUE, TRUE, TRUE, TRUE, FALSE },     { "fieldlevel", TRUE, TRUE, TRUE, TRUE, FALSE },
  { "member", TRUE, TRUE, TRUE, TRUE, FALSE },
};

static int
role_index(const char *role)
{
  for (guint i = 0; i < G_N_ELEMENTS(roles); i++) {
    if (g_strcmp0(roles[i].role, role) == 0)
      return (int)i;
  }
  return -1;
}

gboolean
sim_role_known(const char *role)
{
  return role_index(role) >= 0;
}

void
sim_identity_free(SimIdentity *identity)
{
  g_free(identity->name);
  g_free(identity->role);
  g_free(identity->member);
  g_free(identity);
}

SimAuth
sim_auth_check(Sim *sim, const char *authorization, SimIdentity **identity)
{
  g_autofree char *header = g_strstrip(g_strdup(authorization != NULL ? authorization : ""));
  *identity = NULL;
  if (!g_str_has_prefix(header, "Bearer ") || header[7] == '\0')
    return SIM_AUTH_NONE;
  g_autoptr(GPtrArray) values = sim_values_new();
  sim_values_add(values, sim_text_value(header + 7));
  g_autoptr(sqlite3_stmt) row =
      sim_prepare(sim->db, "SELECT name, role, member, expires, revoked FROM token WHERE token = ?", values);
  if (sqlite3_step(row) != SQLITE_ROW)
    return SIM_AUTH_INVALID;
  if (sqlite3_column_int(row, 4))
    return SIM_AUTH_REVOKED;
  if (sqlite3_column_int64(row, 3) != 0 && sqlite3_column_int64(row, 3) <= g_get_real_time())
    return SIM_AUTH_EXPIRED;
  *identity = g_new0(SimIdentity, 1);
  (*identity)->name = g_strdup(sim_column_text(row, 0));
  (*identity)->role = g_strdup(sim_column_text(row, 1));
  (*identity)->member = g_strdup(sim_column_text(row, 2));
  return SIM_AUTH_FINE;
}

static JsonNode *
translated(const char *id, const char *message)
{
  JsonObject *object = json_object_new();
  json_object_set_string_member(object, "id", id);
  json_object_set_string_member(object, "message", message);
  JsonNode *node = json_node_new(JSON_NODE_OBJECT);
  json_node_take_object(node, object);
  return node;
}

SimReply *
sim_auth_refuse(SimAuth auth, gboolean graphql)
{
  gboolean revoked = auth == SIM_AUTH_REVOKED;
  const char *message = revoked                    ? "This API Key is revoked"
                        : auth == SIM_AUTH_EXPIRED ? "Token has expired."
                        : auth == SIM_AUTH_NONE    ? "Missing authentication token"
                                                   : "Token invalid.";
  if (!graphql) {
    gboolean forbidden = revoked || auth == SIM_AUTH_NONE;
    return sim_reply_gate(forbidden ? 403 : 401, message,
                          forbidden ? "FORBIDDEN_EXCEPTION" : "UNAUTHENTICATED");
  }
  JsonNode *error =
      revoked ? sim_graphql_error(message, "FORBIDDEN", "FORBIDDEN_EXCEPTION",
                                  translated("q5OVn+", "You do not have permission to perform this action."))
              : sim_graphql_error(message, "UNAUTHENTICATED", "UNAUTHENTICATED",
                                  translated("z+7x/s", "You must be authenticated to perform this action."));
  g_autoptr(JsonObject) body = json_object_new();
  JsonArray *errors = json_array_new();
  json_array_add_element(errors, error);
  json_object_set_array_member(body, "errors", errors);
  return sim_reply_new(200, "application/json", sim_json_print_object(body));
}

gboolean
sim_may(SimContext *context, SimObject *object, SimAction action, GError **error)
{
  int i = role_index(context->identity->role);
  gboolean fine = i >= 0 && (action == SIM_MAY_READ      ? roles[i].read
                             : action == SIM_MAY_WRITE   ? roles[i].write
                             : action == SIM_MAY_DELETE  ? roles[i].remove
                             : action == SIM_MAY_DESTROY ? roles[i].destroy
                                                         : roles[i].metadata);
  /* The object-level role: progressions are for reading only. */
  if (object != NULL && action != SIM_MAY_READ && g_str_equal(context->identity->role, "objlevel") &&
      g_str_equal(object->singular, "repProgression"))
    fine = FALSE;
  if (!fine)
    g_set_error_literal(error, SIM_ERROR, SIM_ERR_PERMISSION, SIM_DENIED);
  return fine;
}

GHashTable *
sim_hidden_fields(sqlite3 *db, const char *role)
{
  g_autoptr(GPtrArray) values = sim_values_new();
  sim_values_add(values, sim_text_value(role));
  g_autoptr(sqlite3_stmt) row =
      sim_prepare(db, "SELECT object, field FROM hidden WHERE role = ? OR role = '*'", values);
  GHashTable *hidden = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  while (sqlite3_step(row) == SQLITE_ROW)
    g_hash_table_add(hidden, g_strdup_printf("%s.%s", sim_column_text(row, 0), sim_column_text(row, 1)));
  return hidden;
}

/* The server counts whole tokens since the last accepted call and forgets the rest: calls that keep
 * coming faster than one in 600 ms never see a token return. */
gboolean
sim_rate_take(SimContext *context, GError **error)
{
  Sim *sim = context->sim;
  gint64 now = g_get_monotonic_time();
  if (!sim->config.rate_limit || context->identity->member != NULL)
    return TRUE;
  double available = MIN(sim->tokens + floor((double)(now - sim->refilled) / REFILL_US), BUCKET);
  if (available < 1) {
    g_set_error(error, SIM_ERROR, SIM_ERR_LIMIT, "Limit reached (%d tokens per 60000 ms)", BUCKET);
    return FALSE;
  }
  sim->tokens = available - 1;
  sim->refilled = now;
  return TRUE;
}

char *
sim_token_make(Sim *sim, const char *name, const char *role, const char *member, gint64 ttl_us)
{
  g_autofree char *a = g_uuid_string_random();
  g_autofree char *b = g_uuid_string_random();
  char *token = g_strdup_printf("sim.%s.%s", a, b);
  const char *texts[] = { token, name, role, member };
  g_autoptr(GPtrArray) values = sim_values_new();
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    sim_values_add(values, sim_text_value(texts[i]));
  sim_values_add(values, g_variant_new_int64(ttl_us > 0 ? g_get_real_time() + ttl_us : 0));
  sim_must(sim->db, "INSERT INTO token VALUES (?,?,?,?,?,0)", values);
  return token;
}

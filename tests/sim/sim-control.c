/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /_sim/…: what tests order and ask. See README.md. */
#include "sim-auth.h"
#include "sim-record.h"
#include "sim-server.h"

#include <string.h>

/* A long poll on the log. */
typedef struct {
  Sim *sim;                   /* (unowned) */
  SoupServerMessage *message; /* (owned) */
  guint count;
  guint timer;
  gboolean gone;
} SimWait;

typedef SimReply *(*Handler)(Sim *sim, const SimRequest *request, JsonNode *body);

static SimReply *
reply_object(guint status, JsonObject *object)
{
  JsonNode *node = json_node_new(JSON_NODE_OBJECT);
  json_node_take_object(node, object);
  SimReply *reply = sim_reply_json(status, node);
  reply->etag = FALSE;
  return reply;
}

static SimReply *
fine(void)
{
  return reply_object(200, json_object_new());
}

static SimReply *
wrong(const char *message)
{
  JsonObject *object = json_object_new();
  json_object_set_string_member(object, "error", message);
  return reply_object(400, object);
}

static void
set_text(JsonObject *object, const char *key, const char *text)
{
  json_object_set_member(object, key, sim_json_string(text));
}

static SimReply *
post_faults(Sim *sim, const SimRequest *request, JsonNode *body)
{
  (void)request;
  g_autoptr(JsonArray) one = json_array_new();
  JsonArray *list = sim_json_array(body);
  if (list == NULL) {
    json_array_add_element(one, sim_json_copy(body));
    list = one;
  }
  for (guint i = 0; i < json_array_get_length(list); i++) {
    g_autofree char *message = NULL;
    JsonObject *item = sim_json_object(json_array_get_element(list, i));
    SimFault *fault = sim_fault_read(item, &message);
    if (fault == NULL)
      return wrong(message);
    g_ptr_array_add(sim->faults, fault);
  }
  return fine();
}

static SimReply *
get_faults(Sim *sim, const SimRequest *request, JsonNode *body)
{
  (void)request;
  (void)body;
  JsonArray *list = json_array_new();
  for (guint i = 0; i < sim->faults->len; i++) {
    const SimFault *fault = sim->faults->pdata[i];
    JsonObject *item = json_object_new();
    set_text(item, "kind", fault->kind);
    set_text(item, "method", fault->method);
    set_text(item, "path", fault->path);
    set_text(item, "contains", fault->contains);
    json_object_set_int_member(item, "times", fault->times);
    json_object_set_int_member(item, "skip", fault->skip);
    json_array_add_object_element(list, item);
  }
  JsonObject *object = json_object_new();
  json_object_set_array_member(object, "faults", list);
  return reply_object(200, object);
}

static SimReply *
delete_faults(Sim *sim, const SimRequest *request, JsonNode *body)
{
  (void)request;
  (void)body;
  g_ptr_array_set_size(sim->faults, 0);
  return fine();
}

static SimReply *
post_backup(Sim *sim, const SimRequest *request, JsonNode *body)
{
  (void)request;
  (void)body;
  sim_timeline_flush(sim);
  g_clear_pointer(&sim->snapshot, sqlite3_close);
  sim->snapshot = sim_store_copy(sim->db);
  return fine();
}

static SimReply *
post_restore(Sim *sim, const SimRequest *request, JsonNode *body)
{
  (void)request;
  (void)body;
  if (sim->snapshot == NULL)
    return wrong("no backup");
  sim_store_copy_into(sim->snapshot, sim->db);
  sim_schema_touch(sim);
  return fine();
}

static SimReply *
post_tokens(Sim *sim, const SimRequest *request, JsonNode *body)
{
  (void)request;
  JsonObject *order = sim_json_object(body);
  const char *member = sim_json_text(order, "member");
  const char *role = sim_json_text(order, "role");
  const char *name = sim_json_text(order, "name");
  if (role == NULL)
    role = member != NULL ? "member" : "admin";
  if (!sim_role_known(role))
    return wrong("unknown role");
  g_autofree char *full = NULL;
  if (member != NULL && name == NULL) {
    g_autoptr(GPtrArray) values = sim_values_new();
    sim_values_add(values, sim_text_value(member));
    g_autoptr(sqlite3_stmt) row = sim_prepare(
        sim->db,
        "SELECT trim(json_extract(name, '$.firstName') || ' ' || json_extract(name, '$.lastName'))"
        " FROM r_workspaceMember WHERE id = ?",
        values);
    if (sqlite3_step(row) != SQLITE_ROW)
      return wrong("unknown member");
    full = g_strdup(sim_column_text(row, 0));
  }
  g_autofree char *token = sim_token_make(sim,
                                          full != NULL   ? full
                                          : name != NULL ? name
                                                         : role,
                                          role, member, sim_json_int(order, "ttl_ms", 0) * 1000);
  JsonObject *answer = json_object_new();
  json_object_set_string_member(answer, "token", token);
  return reply_object(200, answer);
}

static SimReply *
post_revoke(Sim *sim, const SimRequest *request, JsonNode *body)
{
  (void)request;
  g_autoptr(GPtrArray) values = sim_values_new();
  sim_values_add(values, sim_text_value(sim_json_text(sim_json_object(body), "token")));
  sim_must(sim->db, "UPDATE token SET revoked = 1 WHERE token = ?", values);
  return sqlite3_changes(sim->db) == 1 ? fine() : wrong("unknown token");
}

void
sim_member_add(Sim *sim, const char *id, const char *name, const char *email)
{
  static const char actor[] =
      "{\"source\":\"MANUAL\",\"workspaceMemberId\":null,\"name\":\"System\",\"context\":null}";
  g_auto(GStrv) words = g_strsplit(name, " ", 2);
  g_autoptr(JsonObject) full = json_object_new();
  json_object_set_string_member(full, "firstName", words[0] != NULL ? words[0] : "");
  json_object_set_string_member(full, "lastName", words[0] != NULL && words[1] != NULL ? words[1] : "");
  g_autofree char *names = sim_json_print_object(full);
  g_autofree char *seed = g_strconcat("user ", id, NULL);
  g_autofree char *user = sim_uuid_from(seed);
  const char *texts[] = { id, names, email, user, actor, actor };
  g_autoptr(GPtrArray) values = sim_values_new();
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    sim_values_add(values, sim_text_value(texts[i]));
  gint64 now = sim_now(sim) / 1000 * 1000;
  sim_values_add(values, g_variant_new_int64(now));
  sim_values_add(values, g_variant_new_int64(now));
  sim_must(sim->db,
           "INSERT OR REPLACE INTO r_workspaceMember (id, name, userEmail, userId, createdBy, updatedBy, "
           "createdAt,"
           " updatedAt, position, colorScheme, locale, calendarStartDay, timeZone, dateFormat, timeFormat, "
           "numberFormat)"
           " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 'Light', 'en', 7, 'system', 'SYSTEM', 'SYSTEM', 'SYSTEM')",
           values);
}

static SimReply *
post_members(Sim *sim, const SimRequest *request, JsonNode *body)
{
  (void)request;
  JsonObject *order = sim_json_object(body);
  const char *id = sim_json_text(order, "id");
  const char *name = sim_json_text(order, "name");
  const char *email = sim_json_text(order, "email");
  if (!sim_uuid_valid(id) || name == NULL || email == NULL)
    return wrong("id (a UUID), name and email are needed");
  sim_member_add(sim, id, name, email);
  return fine();
}

static SimReply *
post_provision(Sim *sim, const SimRequest *request, JsonNode *body)
{
  (void)request;
  (void)body;
  sim_schema_provision(sim);
  return fine();
}

static gboolean
find_field(Sim *sim, JsonNode *body, SimObject **object, SimField **field)
{
  const char *name = sim_json_text(sim_json_object(body), "object");
  const char *key = sim_json_text(sim_json_object(body), "field");
  *object = name != NULL ? sim_schema_singular(sim_schema_get(sim), name) : NULL;
  *field = *object != NULL && key != NULL ? sim_object_named(*object, key) : NULL;
  return *field != NULL;
}

static SimReply *
post_hide(Sim *sim, const SimRequest *request, JsonNode *body)
{
  (void)request;
  SimObject *object;
  SimField *field;
  const char *role = sim_json_text(sim_json_object(body), "role");
  if (!find_field(sim, body, &object, &field))
    return wrong("no such field");
  g_autoptr(GPtrArray) values = sim_values_new();
  sim_values_add(values, sim_text_value(role != NULL ? role : "*"));
  sim_values_add(values, sim_text_value(object->singular));
  sim_values_add(values, sim_text_value(field->name));
  sim_must(sim->db, "INSERT INTO hidden VALUES (?, ?, ?)", values);
  return fine();
}

static SimReply *
delete_hide(Sim *sim, const SimRequest *request, JsonNode *body)
{
  (void)request;
  (void)body;
  sim_must(sim->db, "DELETE FROM hidden", NULL);
  return fine();
}

static SimReply *
post_drop_field(Sim *sim, const SimRequest *request, JsonNode *body)
{
  (void)request;
  SimObject *object;
  SimField *field;
  if (!find_field(sim, body, &object, &field))
    return wrong("no such field");
  sim_schema_drop_field(sim->db, object, field);
  sim_schema_touch(sim);
  return fine();
}

static SimReply *
post_foreign(Sim *sim, const SimRequest *request, JsonNode *body)
{
  (void)request;
  g_autofree char *message = NULL;
  if (sim_json_object(body) == NULL || !sim_foreign_add(sim, json_node_get_object(body), &message))
    return wrong(message != NULL ? message : "an object is needed");
  return fine();
}

static SimReply *
get_foreign(Sim *sim, const SimRequest *request, JsonNode *body)
{
  (void)request;
  (void)body;
  JsonObject *object = json_object_new();
  json_object_set_int_member(object, "pending", sim->foreign->len);
  return reply_object(200, object);
}

static SimReply *
post_config(Sim *sim, const SimRequest *request, JsonNode *body)
{
  (void)request;
  JsonObject *order = sim_json_object(body);
  SimConfig *config = &sim->config;
  const char *format = sim_json_text(order, "metadata_format");
  if (order == NULL)
    return wrong("an object is needed");
  gboolean limited = sim_json_flag(order, "rate_limit", config->rate_limit);
  if (limited && !config->rate_limit)
    sim->tokens = 100;
  config->rate_limit = limited;
  config->rest_update_many = sim_json_flag(order, "rest_update_many", config->rest_update_many);
  config->microseconds = sim_json_flag(order, "microseconds", config->microseconds);
  config->latency_ms = (guint)sim_json_int(order, "latency_ms", config->latency_ms);
  config->groups_limited = sim_json_flag(order, "groups_limited", config->groups_limited);
  config->batch_max = (guint)sim_json_int(order, "batch_max", config->batch_max);
  config->timeline_delay_ms = (guint)sim_json_int(order, "timeline_delay_ms", config->timeline_delay_ms);
  config->clock_offset_us = sim_json_int(order, "clock_offset_ms", config->clock_offset_us / 1000) * 1000;
  if (format != NULL)
    config->new_metadata = g_str_equal(format, "new");
  if (json_object_has_member(order, "refuse_value")) {
    const char *refused = sim_json_text(order, "refuse_value");
    g_free(config->refuse_value);
    config->refuse_value = refused != NULL && *refused != '\0' ? g_strdup(refused) : NULL;
  }
  return fine();
}

static SimReply *
get_log(Sim *sim, const SimRequest *request, JsonNode *body)
{
  (void)request;
  (void)body;
  JsonArray *list = json_array_new();
  for (guint i = 0; i < sim->log->len; i++) {
    const SimLogEntry *entry = sim->log->pdata[i];
    JsonObject *item = json_object_new();
    json_object_set_int_member(item, "n", entry->n);
    set_text(item, "method", entry->method);
    set_text(item, "path", entry->path);
    set_text(item, "operation", entry->operation);
    set_text(item, "fault", entry->fault);
    set_text(item, "authorization", entry->authorization);
    json_object_set_member(
        item, "status", entry->status > 0 ? sim_json_number(entry->status) : json_node_new(JSON_NODE_NULL));
    json_array_add_object_element(list, item);
  }
  JsonObject *object = json_object_new();
  json_object_set_array_member(object, "requests", list);
  return reply_object(200, object);
}

static SimReply *
delete_log(Sim *sim, const SimRequest *request, JsonNode *body)
{
  (void)request;
  (void)body;
  g_ptr_array_set_size(sim->log, 0);
  return fine();
}

static JsonArray *
all_rows(SimContext *context, SimObject *object, const char *member, const char *condition)
{
  JsonArray *rows = json_array_new();
  g_autofree char *columns = sim_record_columns(object);
  g_autofree char *sql =
      g_strdup_printf("SELECT %s FROM %s WHERE workspaceMemberId = ? AND %s ORDER BY createdAt, id", columns,
                      object->table, condition);
  g_autoptr(GPtrArray) values = sim_values_new();
  sim_values_add(values, sim_text_value(member));
  g_autoptr(sqlite3_stmt) row = sim_prepare(context->db, sql, values);
  while (row != NULL && sqlite3_step(row) == SQLITE_ROW)
    json_array_add_object_element(rows, sim_record_read(context, object, row, TRUE));
  return rows;
}

static JsonObject *
ledger_of(JsonArray *rows)
{
  JsonObject *ledger = json_object_new();
  JsonObject *types = json_object_new();
  gint64 sum = 0;
  for (guint i = 0; i < json_array_get_length(rows); i++) {
    JsonObject *row = json_array_get_object_element(rows, i);
    const char *name = sim_json_text(row, "eventType");
    gint64 amount = sim_json_int(row, "xpAmount", 0);
    JsonObject *type;
    if (!json_object_has_member(types, name))
      json_object_set_object_member(types, name, json_object_new());
    type = json_object_get_object_member(types, name);
    json_object_set_int_member(type, "count", sim_json_int(type, "count", 0) + 1);
    json_object_set_int_member(type, "sum", sim_json_int(type, "sum", 0) + amount);
    sum += amount;
  }
  json_object_set_int_member(ledger, "count", json_array_get_length(rows));
  json_object_set_int_member(ledger, "sum", sum);
  json_object_set_object_member(ledger, "by_type", types);
  return ledger;
}

static SimReply *
get_state(Sim *sim, const SimRequest *request, JsonNode *body)
{
  (void)body;
  g_autofree char *member = sim_request_param(request, "member");
  SimContext context = { .sim = sim, .db = sim->db, .schema = sim_schema_get(sim) };
  SimObject *reps = sim_schema_singular(context.schema, "repProgression");
  SimObject *events = sim_schema_singular(context.schema, "xpEvent");
  if (member == NULL || reps == NULL || events == NULL)
    return wrong("member is missing, or the schema");
  sim_timeline_flush(sim);
  JsonArray *records = all_rows(&context, reps, member, "1");
  g_autoptr(JsonArray) live = all_rows(&context, reps, member, "deletedAt IS NULL");
  JsonArray *rows = all_rows(&context, events, member, "deletedAt IS NULL");
  JsonObject *object = json_object_new();
  json_object_set_member(
      object, "record",
      sim_json_copy(json_array_get_length(live) > 0 ? json_array_get_element(live, 0) : NULL));
  json_object_set_array_member(object, "records", records);
  json_object_set_object_member(object, "ledger", ledger_of(rows));
  json_object_set_array_member(object, "rows", rows);
  json_object_set_array_member(object, "deleted_rows",
                               all_rows(&context, events, member, "deletedAt IS NOT NULL"));
  return reply_object(200, object);
}

static const struct {
  const char *method, *path;
  Handler handler;
} handlers[] = {
  { "POST", "/_sim/faults", post_faults },       { "GET", "/_sim/faults", get_faults },
  { "DELETE", "/_sim/faults", delete_faults },   { "POST", "/_sim/backup", post_backup },
  { "POST", "/_sim/restore", post_restore },     { "POST", "/_sim/tokens", post_tokens },
  { "POST", "/_sim/revoke", post_revoke },       { "POST", "/_sim/members", post_members },
  { "POST", "/_sim/provision", post_provision }, { "POST", "/_sim/hide", post_hide },
  { "DELETE", "/_sim/hide", delete_hide },       { "POST", "/_sim/drop-field", post_drop_field },
  { "POST", "/_sim/foreign", post_foreign },     { "GET", "/_sim/foreign", get_foreign },
  { "POST", "/_sim/config", post_config },       { "GET", "/_sim/log", get_log },
  { "DELETE", "/_sim/log", delete_log },         { "GET", "/_sim/state", get_state },
};

static SimReply *
run(Sim *sim, const SimRequest *request)
{
  g_autofree char *message = NULL;
  g_autoptr(JsonNode) body = *request->body != '\0' ? sim_json_parse(request->body, &message) : NULL;
  if (message != NULL)
    return wrong(message);
  for (guint i = 0; i < G_N_ELEMENTS(handlers); i++) {
    if (g_str_equal(handlers[i].method, request->method) && g_str_equal(handlers[i].path, request->path))
      return handlers[i].handler(sim, request, body);
  }
  return reply_object(404, json_object_new());
}

static void
on_wait_gone(SimWait *wait)
{
  wait->gone = TRUE;
}

void
sim_wait_free(gpointer data)
{
  SimWait *wait = data;
  if (wait->timer != 0)
    g_source_remove(wait->timer);
  g_signal_handlers_disconnect_by_data(wait->message, wait);
  g_object_unref(wait->message);
  g_free(wait);
}

static void
answer_wait(SimWait *wait)
{
  if (!wait->gone) {
    g_autoptr(SimReply) reply = get_log(wait->sim, NULL, NULL);
    sim_server_send(wait->sim, wait->message, reply);
    soup_server_message_unpause(wait->message);
  }
  g_ptr_array_remove(wait->sim->waits, wait);
}

static gboolean
on_wait_over(gpointer data)
{
  SimWait *wait = data;
  wait->timer = 0;
  answer_wait(wait);
  return G_SOURCE_REMOVE;
}

void
sim_log_changed(Sim *sim)
{
  for (guint i = sim->waits->len; i > 0; i--) {
    SimWait *wait = sim->waits->pdata[i - 1];
    if (sim->log->len >= wait->count)
      answer_wait(wait);
  }
}

static gboolean
start_wait(Sim *sim, SoupServerMessage *message, const SimRequest *request)
{
  g_autofree char *count = sim_request_param(request, "wait");
  g_autofree char *timeout = sim_request_param(request, "timeout_ms");
  if (count == NULL || !g_str_equal(request->path, "/_sim/log") ||
      g_ascii_strtoull(count, NULL, 10) <= sim->log->len)
    return FALSE;
  SimWait *wait = g_new0(SimWait, 1);
  wait->sim = sim;
  wait->message = g_object_ref(message);
  wait->count = (guint)g_ascii_strtoull(count, NULL, 10);
  wait->timer =
      g_timeout_add(timeout != NULL ? (guint)g_ascii_strtoull(timeout, NULL, 10) : 10000, on_wait_over, wait);
  g_signal_connect_swapped(message, "disconnected", G_CALLBACK(on_wait_gone), wait);
  g_signal_connect_swapped(message, "finished", G_CALLBACK(on_wait_gone), wait);
  g_ptr_array_add(sim->waits, wait);
  soup_server_message_pause(message);
  return TRUE;
}

gboolean
sim_control(Sim *sim, SoupServerMessage *message, const SimRequest *request)
{
  if (!g_str_has_prefix(request->path, "/_sim/"))
    return FALSE;
  if (start_wait(sim, message, request))
    return TRUE;
  g_autoptr(SimReply) reply = run(sim, request);
  sim_server_send(sim, message, reply);
  return TRUE;
}

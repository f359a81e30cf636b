/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-server.h"
#include "sim-gql.h"
#include "sim-leaks.h"

#include <string.h>

#define URL_MAX 16384

/* One request on its way through latency, a fault, and the answer. */
typedef struct {
  Sim *sim;                   /* (unowned) */
  SoupServerMessage *message; /* (owned) */
  SimRequest *request;        /* (owned) */
  SimFault *fault;            /* (owned) (nullable) */
  guint n;                    /* in the log */
  gboolean gone;              /* the client left */
} Job;

static void
on_gone(Job *job)
{
  job->gone = TRUE;
}

static void
job_free(Job *job)
{
  g_signal_handlers_disconnect_by_data(job->message, job);
  g_object_unref(job->message);
  sim_request_free(job->request);
  g_clear_pointer(&job->fault, sim_fault_free);
  g_free(job);
}

void
sim_server_send(Sim *sim, SoupServerMessage *message, const SimReply *reply)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers(message);
  g_autofree char *date = sim_time_http(sim_now(sim));
  soup_message_headers_replace(headers, "Date", date);
  soup_server_message_set_status(message, reply->status, NULL);
  if (reply->location != NULL)
    soup_message_headers_replace(headers, "Location", reply->location);
  if (reply->tag != NULL)
    soup_message_headers_replace(headers, "ETag", reply->tag);
  if (reply->no_store)
    soup_message_headers_replace(headers, "Cache-Control", "no-cache, no-store, must-revalidate");
  if (reply->body != NULL)
    soup_server_message_set_response(message, reply->type, SOUP_MEMORY_COPY, reply->body,
                                     strlen(reply->body));
}

static void
note_status(Job *job, guint status)
{
  SimLogEntry *entry = sim_log_find(job->sim, job->n);
  if (entry != NULL)
    entry->status = status;
  sim_log_changed(job->sim);
}

static void
finish(Job *job, SimReply *reply)
{
  note_status(job, reply->status);
  if (!job->gone) {
    sim_server_send(job->sim, job->message, reply);
    soup_server_message_unpause(job->message);
  }
  sim_reply_free(reply);
  job_free(job);
}

/* The client sees the connection end without an answer. */
static void
hang_up(Job *job)
{
  GSocket *socket = job->gone ? NULL : soup_server_message_get_socket(job->message);
  if (socket != NULL) {
    g_socket_shutdown(socket, TRUE, TRUE, NULL);
    soup_server_message_set_status(job->message, 500, NULL);
    soup_server_message_unpause(job->message);
  }
  job_free(job);
}

static gboolean
on_hung(gpointer data)
{
  Job *job = data;
  if (g_str_equal(job->fault->kind, "hang-then-execute")) {
    SimReply *reply = sim_dispatch(job->sim, job->request, FALSE);
    note_status(job, reply->status);
    sim_reply_free(reply);
  }
  hang_up(job);
  return G_SOURCE_REMOVE;
}

static gboolean
job_run(gpointer data)
{
  Job *job = data;
  const char *kind = job->fault != NULL ? job->fault->kind : "";
  if (g_str_has_prefix(kind, "hang")) {
    g_timeout_add((guint)job->fault->arg, on_hung, job);
    return G_SOURCE_REMOVE;
  }
  if (g_str_equal(kind, "drop-request")) {
    hang_up(job);
    return G_SOURCE_REMOVE;
  }
  SimReply *reply = job->fault != NULL ? sim_fault_answer(job->fault, job->request) : NULL;
  if (reply != NULL) {
    sim_reply_tag(reply, job->request);
    finish(job, reply);
    return G_SOURCE_REMOVE;
  }
  if (g_str_equal(kind, "duplicate"))
    sim_reply_free(sim_dispatch(job->sim, job->request, FALSE));
  reply = sim_dispatch(job->sim, job->request, g_str_equal(kind, "stale-read"));
  if (job->fault != NULL)
    sim_fault_spoil(job->fault, reply);
  if (g_str_equal(kind, "drop-reply")) {
    note_status(job, reply->status);
    sim_reply_free(reply);
    hang_up(job);
  } else {
    finish(job, reply);
  }
  return G_SOURCE_REMOVE;
}

static char *
inflate(const char *data, gsize length, gsize *out_length)
{
  g_autoptr(GInputStream) raw = g_memory_input_stream_new_from_data(data, (gssize)length, NULL);
  g_autoptr(GConverter) zip = G_CONVERTER(g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP));
  g_autoptr(GInputStream) plain = g_converter_input_stream_new(raw, zip);
  g_autoptr(GOutputStream) out = g_memory_output_stream_new_resizable();
  g_output_stream_splice(out, plain, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, NULL, NULL);
  *out_length = g_memory_output_stream_get_data_size(G_MEMORY_OUTPUT_STREAM(out));
  return g_memory_output_stream_steal_data(G_MEMORY_OUTPUT_STREAM(out));
}

static SimRequest *
read_request(SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers(message);
  SoupMessageBody *body = soup_server_message_get_request_body(message);
  GUri *uri = soup_server_message_get_uri(message);
  const char *encoding = soup_message_headers_get_one(headers, "Content-Encoding");
  SimRequest *request = g_new0(SimRequest, 1);
  request->method = g_strdup(soup_server_message_get_method(message));
  request->path = g_strdup(g_uri_get_path(uri));
  request->query = g_strdup(g_uri_get_query(uri));
  request->body_length = (gsize)body->length;
  const char *data = body->data != NULL ? body->data : "";
  gsize length = (gsize)body->length;
  g_autofree char *plain = g_strcmp0(encoding, "gzip") == 0 ? inflate(data, length, &length) : NULL;
  request->body = g_utf8_make_valid(plain != NULL ? plain : data, (gssize)length);
  request->content_type = g_strdup(soup_message_headers_get_one(headers, "Content-Type"));
  request->authorization = g_strdup(soup_message_headers_get_one(headers, "Authorization"));
  request->none_match = g_strdup(soup_message_headers_get_one(headers, "If-None-Match"));
  return request;
}

static void
on_request(SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  (void)server;
  (void)path;
  (void)query;
  Sim *sim = data;
  if (soup_server_message_get_status(message) != 0) /* refused by its URL */
    return;
  SimRequest *request = read_request(message);
  if (sim_control(sim, message, request)) {
    sim_request_free(request);
    return;
  }
  Job *job = g_new0(Job, 1);
  job->sim = sim;
  job->message = g_object_ref(message);
  job->request = request;
  job->fault = sim_fault_take(sim, request);
  job->n = sim_log_add(sim, request, job->fault)->n;
  g_signal_connect_swapped(message, "disconnected", G_CALLBACK(on_gone), job);
  g_signal_connect_swapped(message, "finished", G_CALLBACK(on_gone), job);
  soup_server_message_pause(message);
  guint wait = sim->config.latency_ms;
  if (job->fault != NULL && g_str_equal(job->fault->kind, "delay"))
    wait += (guint)job->fault->arg;
  if (wait > 0)
    g_timeout_add(wait, job_run, job);
  else
    job_run(job);
  sim_log_changed(sim);
}

static void
on_headers(SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  (void)server;
  (void)path;
  (void)query;
  (void)data;
  sim_leak_known(soup_server_message_get_socket(message));
  g_autofree char *url = g_uri_to_string(soup_server_message_get_uri(message));
  if (strlen(url) <= URL_MAX)
    return;
  soup_message_headers_replace(soup_server_message_get_response_headers(message), "Connection", "close");
  soup_server_message_set_status(message, 431, NULL);
}

void
sim_server_attach(Sim *sim, SoupServer *server)
{
  soup_server_add_early_handler(server, NULL, on_headers, sim, NULL);
  soup_server_add_handler(server, NULL, on_request, sim, NULL);
}

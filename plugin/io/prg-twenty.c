/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-error.h"
#include "prg-twenty-private.h"

#include <glib/gi18n-lib.h>
#include <libsoup/soup.h>
#include <string.h>

#define DEFAULT_TIMEOUT_S 30
#define IDLE_TIMEOUT_S \
  50 /* the server drops an idle connection after 65 s; never write into one that is closing */
#define MAX_ANSWER (8 * 1024 * 1024)
#define CHUNK (64 * 1024)
#define MAX_TOKEN 16384
#define MAX_RETRY_AFTER_S 86400

struct _PrgTwenty {
  GObject parent_instance;
  char *origin;         /* (owned) (nullable) NULL = refused */
  char *token;          /* (owned) wiped when freed; "" = refused */
  char *fault;          /* (owned) (nullable) why nothing may be sent */
  guint fault_status;   /* what is told instead of an answer */
  SoupSession *session; /* (owned) */
  PrgRules *rules;      /* (owned) (nullable) */
  guint timeout_s;
  guint n_sends; /* requests under way */
  gboolean is_resting;
  GMainContext *context; /* (owned) */
  GSource *rest;         /* (owned) (nullable) closes idle connections */
};

G_DEFINE_FINAL_TYPE(PrgTwenty, prg_twenty, G_TYPE_OBJECT)

/* --- life --- */

static void
wipe(char *secret)
{
  if (secret != NULL)
    explicit_bzero(secret, strlen(secret));
  g_free(secret);
}

static void stop_rest(PrgTwenty *self);

static void
prg_twenty_finalize(GObject *object)
{
  PrgTwenty *self = PRG_TWENTY(object);
  stop_rest(self);
  g_main_context_unref(self->context);
  soup_session_abort(self->session);
  g_object_unref(self->session);
  g_clear_pointer(&self->rules, prg_rules_unref);
  wipe(self->token);
  g_free(self->origin);
  g_free(self->fault);
  G_OBJECT_CLASS(prg_twenty_parent_class)->finalize(object);
}

static void
prg_twenty_class_init(PrgTwentyClass *klass)
{
  G_OBJECT_CLASS(klass)->finalize = prg_twenty_finalize;
}

/* No cookies, no login dialog, no stored passwords, no decompression (the server does none; a bomb could).
 * (transfer full) */
static SoupSession *
session_new(PrgTwenty *self)
{
  /* The timeout is for the socket alone; the whole exchange has a timer of its own, which a trickle of bytes does
   * not reset. */
  SoupSession *session = soup_session_new_with_options(
      "max-conns", 2, "max-conns-per-host", 2, "idle-timeout", IDLE_TIMEOUT_S, "timeout", self->timeout_s + 1,
      "user-agent", "lids-progression/" PRG_VERSION, NULL);
  soup_session_remove_feature_by_type(session, SOUP_TYPE_AUTH_MANAGER);
  soup_session_remove_feature_by_type(session, SOUP_TYPE_CONTENT_DECODER);
  g_autoptr(GUri) uri = self->origin == NULL ? NULL : g_uri_parse(self->origin, SOUP_HTTP_URI_FLAGS, NULL);
  if (uri != NULL && prg_twenty_is_loopback(g_uri_get_host(uri))) {
    g_autoptr(GProxyResolver) direct = g_simple_proxy_resolver_new(NULL, NULL);
    soup_session_set_proxy_resolver(session, direct);
  }
  return session;
}

/* A session remembers the addresses of a name for as long as it is used, dead ones too: after a failure to reach
 * the server the next request asks for the name again. What is under way keeps the old session. */
static void
renew_session(PrgTwenty *self)
{
  g_clear_object(&self->session);
  self->session = session_new(self);
}

static void
prg_twenty_init(PrgTwenty *self)
{
  self->timeout_s = DEFAULT_TIMEOUT_S;
  self->context = g_main_context_ref_thread_default();
}

/* Visible ASCII only: nothing that could end the header line. */
static gboolean
is_token(const char *token)
{
  gsize length = strlen(token);
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isgraph(token[i]))
      return FALSE;
  return length > 0 && length <= MAX_TOKEN;
}

static void
refuse_all(PrgTwenty *self, guint status, const char *why)
{
  g_free(self->fault);
  self->fault = g_strdup(why);
  self->fault_status = status;
}

PrgTwenty *
prg_twenty_new(const char *origin, const char *token)
{
  PrgTwenty *self = g_object_new(PRG_TYPE_TWENTY, NULL);
  g_autoptr(GError) error = NULL;
  self->token = g_strstrip(g_strdup(token == NULL ? "" : token));
  self->origin = prg_twenty_parse_origin(origin, &error);
  if (!is_token(self->token))
    refuse_all(self, 401, _("The key holds signs that no key has"));
  if (self->origin == NULL)
    refuse_all(self, 0, error->message);
  self->session = session_new(self);
  return self;
}

void
prg_twenty_set_timeout(PrgTwenty *self, guint seconds)
{
  self->timeout_s = MAX(seconds, 1);
  soup_session_set_timeout(self->session, self->timeout_s + 1);
}

void
prg_twenty_set_rules(PrgTwenty *self, PrgRules *rules)
{
  PrgRules *old = self->rules;
  self->rules = rules == NULL ? NULL : prg_rules_ref(rules);
  g_clear_pointer(&old, prg_rules_unref);
}

const PrgRules *
prg_twenty_get_rules(PrgTwenty *self)
{
  return self->rules;
}

char *
prg_twenty_redact(PrgTwenty *self, const char *text)
{
  g_autoptr(GString) out = g_string_new(text);
  if (*self->token != '\0')
    g_string_replace(out, self->token, "*", 0);
  return g_string_free(g_steal_pointer(&out), FALSE);
}

PrgWireAnswer *
prg_wire_answer_new(guint status, const char *failure)
{
  PrgWireAnswer *self = g_new0(PrgWireAnswer, 1);
  self->status = status;
  self->failure = g_strdup(failure);
  self->body = g_byte_array_new();
  return self;
}

void
prg_wire_answer_free(PrgWireAnswer *self)
{
  if (self == NULL)
    return;
  g_byte_array_unref(self->body);
  g_free(self->failure);
  g_free(self);
}

/* --- one request --- */

typedef struct {
  PrgTwenty *twenty;    /* (owned) */
  SoupMessage *message; /* (owned) */
  GInputStream *stream; /* (owned) (nullable) */
  GByteArray *body;     /* (owned) */
  GCancellable *own;    /* (owned) ends the request, whoever wants it ended */
  GCancellable *caller; /* (owned) (nullable) */
  SoupSession *session; /* (owned) */
  gulong caller_id;
  GSource *timer; /* (owned) */
  gboolean timed_out, is_obsolete, too_large;
  guint8 chunk[CHUNK];
} Send;

static void
send_disarm(Send *self)
{
  if (self->timer != NULL)
    g_source_destroy(self->timer);
  g_clear_pointer(&self->timer, g_source_unref);
  if (self->caller_id != 0)
    g_cancellable_disconnect(self->caller, self->caller_id);
  self->caller_id = 0;
}

static void
stop_rest(PrgTwenty *self)
{
  if (self->rest != NULL)
    g_source_destroy(self->rest);
  g_clear_pointer(&self->rest, g_source_unref);
}

static gboolean
on_rest(gpointer data)
{
  PrgTwenty *self = data;

  g_clear_pointer(&self->rest, g_source_unref);
  soup_session_abort(self->session);
  return G_SOURCE_REMOVE;
}

/* From the loop, when libsoup has taken the connection of the last request back; and only idle connections are left, because
 * an abort would cancel a request under way too. */
static void
close_idle(PrgTwenty *self)
{
  if (!self->is_resting || self->n_sends > 0 || self->rest != NULL)
    return;
  self->rest = g_idle_source_new();
  g_source_set_callback(self->rest, on_rest, self, NULL);
  g_source_attach(self->rest, self->context);
}

void
prg_twenty_rest(PrgTwenty *self)
{
  self->is_resting = TRUE;
  close_idle(self);
}

static void
send_free(Send *self)
{
  send_disarm(self);
  g_clear_object(&self->stream);
  g_signal_handlers_disconnect_by_data(self->message, self);
  g_clear_object(&self->message);
  g_clear_object(&self->session);
  g_clear_object(&self->own);
  g_clear_object(&self->caller);
  g_byte_array_unref(self->body);
  self->twenty->n_sends--;
  close_idle(self->twenty);
  g_object_unref(self->twenty);
  g_free(self);
}

static gboolean
on_timeout(gpointer data)
{
  Send *send = data;
  send->timed_out = TRUE;
  g_cancellable_cancel(send->own);
  return G_SOURCE_REMOVE;
}

static void
on_caller_cancelled(GCancellable *caller, GCancellable *own)
{
  g_cancellable_cancel(own);
}

static gint64
parse_http_date(const char *text)
{
  g_autoptr(GDateTime) date = text == NULL ? NULL : soup_date_time_new_from_http_string(text);
  return date == NULL ? 0 : g_date_time_to_unix(date) * G_USEC_PER_SEC;
}

/* Seconds, or a date by the server's own clock. */
static gint64
parse_retry_after(const char *text, gint64 server_time)
{
  guint64 seconds = 0;
  if (text == NULL)
    return 0;
  if (g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT32, &seconds, NULL))
    return (gint64)MIN(seconds, MAX_RETRY_AFTER_S) * G_USEC_PER_SEC;
  gint64 at = parse_http_date(text);
  gint64 now = server_time != 0 ? server_time : g_get_real_time();
  return at > now ? MIN(at - now, (gint64)MAX_RETRY_AFTER_S * G_USEC_PER_SEC) : 0;
}

static void
return_answer(GTask *task, guint status, const char *failure)
{
  Send *send = g_task_get_task_data(task);
  PrgWireAnswer *answer = prg_wire_answer_new(status, failure);
  SoupMessageHeaders *headers = soup_message_get_response_headers(send->message);
  answer->reached = soup_message_get_status(send->message) != SOUP_STATUS_NONE;
  answer->too_large = send->too_large;
  answer->server_time = parse_http_date(soup_message_headers_get_one(headers, "Date"));
  answer->retry_after =
      parse_retry_after(soup_message_headers_get_one(headers, "Retry-After"), answer->server_time);
  if (status != 0) {
    g_byte_array_unref(answer->body);
    answer->body = g_byte_array_ref(send->body);
  }
  send_disarm(send);
  g_task_return_pointer(task, answer, (GDestroyNotify)prg_wire_answer_free);
}

static char *
describe_tls(SoupMessage *message)
{
  static const struct {
    GTlsCertificateFlags flag;
    const char *words;
  } reasons[] = {
    { G_TLS_CERTIFICATE_UNKNOWN_CA, N_("issued by nobody this computer trusts") },
    { G_TLS_CERTIFICATE_BAD_IDENTITY, N_("made for another server") },
    { G_TLS_CERTIFICATE_NOT_ACTIVATED, N_("not valid yet") },
    { G_TLS_CERTIFICATE_EXPIRED, N_("expired") },
    { G_TLS_CERTIFICATE_REVOKED, N_("revoked") },
    { G_TLS_CERTIFICATE_INSECURE, N_("too weak") },
  };
  GTlsCertificateFlags flags = soup_message_get_tls_peer_certificate_errors(message);
  g_autoptr(GString) text = g_string_new(NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(reasons); i++)
    if (flags & reasons[i].flag)
      g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", _(reasons[i].words));
  return g_strdup(text->len > 0 ? text->str : _("not acceptable"));
}

static char *
describe_failure(PrgTwenty *self, const Send *send, const GError *error)
{
  gsize length = strlen(error->message);
  g_autofree char *said = g_strndup(error->message, length - g_str_has_suffix(error->message, "."));
  if (send->timed_out)
    return g_strdup_printf(
        _("No complete answer within %u seconds: the network or the server is slow, or stuck. "
          "Check the network"),
        self->timeout_s);
  if (send->is_obsolete)
    return g_strdup(
        _("No encrypted connection: the server speaks only an obsolete version of TLS. It must speak "
          "TLS 1.2 or newer: tell its administrator"));
  if (g_error_matches(error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE)) {
    g_autofree char *why = describe_tls(send->message);
    return g_strdup_printf(
        _("The server's TLS certificate is refused: %s. Check the server's address and this "
          "computer's clock, or have the certificate renewed"),
        why);
  }
  if (error->domain == G_TLS_ERROR)
    return g_strdup_printf(_("No encrypted connection: %s. Check the server's address, and that "
                             "nothing stands in between"),
                           said);
  if (error->domain == G_RESOLVER_ERROR)
    return g_strdup_printf(
        _("The server's name cannot be resolved: %s. Check the network and the server's address"), said);
  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT))
    return g_strdup(_("No complete answer: the connection was cut off. Check the network"));
  return g_strdup_printf(_("No answer from the server: %s. Check the network and the server's address"),
                         said);
}

static void
return_failure(GTask *task, const GError *error)
{
  PrgTwenty *self = g_task_get_source_object(task);
  Send *send = g_task_get_task_data(task);
  if (!send->timed_out && !send->is_obsolete && send->caller != NULL &&
      g_cancellable_is_cancelled(send->caller)) {
    send_disarm(send);
    g_task_return_new_error(task, PRG_ERROR, PRG_ERROR_CANCELLED, _("Cancelled"));
    return;
  }
  g_autofree char *text = describe_failure(self, send, error);
  if (soup_message_get_status(send->message) == SOUP_STATUS_NONE)
    renew_session(self);
  return_answer(task, 0, text);
}

static void read_more(GTask *task);

static void
read_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  Send *send = g_task_get_task_data(task);
  g_autoptr(GError) error = NULL;
  gssize length = g_input_stream_read_finish(G_INPUT_STREAM(source), result, &error);
  if (length < 0) {
    return_failure(task, error);
    return;
  }
  if (length == 0) {
    return_answer(task, soup_message_get_status(send->message), "");
    return;
  }
  if (send->body->len + (gsize)length > MAX_ANSWER) {
    g_cancellable_cancel(send->own);
    send->too_large = TRUE;
    return_answer(
        task, 0, _("The server's answer is larger than 8 MiB: no Twenty server? Check the server's address"));
    return;
  }
  g_byte_array_append(send->body, send->chunk, (guint)length);
  read_more(g_steal_pointer(&task));
}

/* Takes @task. */
static void
read_more(GTask *task)
{
  Send *send = g_task_get_task_data(task);
  g_input_stream_read_async(send->stream, send->chunk, CHUNK, G_PRIORITY_DEFAULT, send->own, read_cb, task);
}

static void
send_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  Send *send = g_task_get_task_data(task);
  g_autoptr(GError) error = NULL;
  send->stream = soup_session_send_finish(SOUP_SESSION(source), result, &error);
  if (send->stream == NULL)
    return_failure(task, error);
  else
    read_more(g_steal_pointer(&task));
}

/* GnuTLS still accepts TLS 1.0 and 1.1, which RFC 8996 forbids, and GLib has no switch for it but a variable of the
 * whole process. This is told before the request, and with it the token, is written. */
static void
on_network_event(SoupMessage *message, GSocketClientEvent event, GIOStream *connection, gpointer user_data)
{
  Send *send = user_data;
  if (event != G_SOCKET_CLIENT_TLS_HANDSHAKED || !G_IS_TLS_CONNECTION(connection))
    return;
  GTlsProtocolVersion version = g_tls_connection_get_protocol_version(G_TLS_CONNECTION(connection));
  send->is_obsolete = version >= G_TLS_PROTOCOL_VERSION_SSL_3_0 && version < G_TLS_PROTOCOL_VERSION_TLS_1_2;
  if (send->is_obsolete)
    g_cancellable_cancel(send->own);
}

static SoupMessage *
build_message(PrgTwenty *self, const PrgWireRequest *request)
{
  g_autofree char *address = g_strconcat(self->origin, request->path, NULL);
  SoupMessage *message = soup_message_new(request->method, address);
  if (message == NULL)
    return NULL;
  soup_message_add_flags(message, SOUP_MESSAGE_NO_REDIRECT | SOUP_MESSAGE_DO_NOT_USE_AUTH_CACHE);
  SoupMessageHeaders *headers = soup_message_get_request_headers(message);
  soup_message_headers_replace(headers, "Accept", "application/json");
  char *bearer = g_strconcat("Bearer ", self->token, NULL);
  soup_message_headers_replace(headers, "Authorization", bearer);
  wipe(bearer);
  if (request->body != NULL) {
    g_autoptr(GBytes) body = g_bytes_new(request->body, strlen(request->body));
    soup_message_set_request_body_from_bytes(message, "application/json", body);
  }
  return message;
}

static Send *
send_new(PrgTwenty *self, SoupMessage *message, GCancellable *caller)
{
  Send *send = g_new0(Send, 1);
  send->twenty = g_object_ref(self);
  self->n_sends++;
  self->is_resting = FALSE;
  stop_rest(self);
  send->message = message;
  send->session = g_object_ref(self->session);
  g_signal_connect(message, "network-event", G_CALLBACK(on_network_event), send);
  send->body = g_byte_array_new();
  send->own = g_cancellable_new();
  send->timer = g_timeout_source_new_seconds(self->timeout_s);
  g_source_set_callback(send->timer, on_timeout, send, NULL);
  g_source_attach(send->timer, g_main_context_get_thread_default());
  if (caller != NULL) {
    send->caller = g_object_ref(caller);
    send->caller_id = g_cancellable_connect(caller, G_CALLBACK(on_caller_cancelled), g_object_ref(send->own),
                                            g_object_unref);
  }
  return send;
}

void
prg_twenty_send_async(PrgTwenty *self,
                      const PrgWireRequest *request,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);
  g_task_set_source_tag(task, prg_twenty_send_async);
  g_task_set_check_cancellable(task, FALSE); /* an answer that arrived is not thrown away */
  if (g_cancellable_is_cancelled(cancellable)) {
    g_task_return_new_error(task, PRG_ERROR, PRG_ERROR_CANCELLED, _("Cancelled"));
    return;
  }
  SoupMessage *message = self->fault == NULL ? build_message(self, request) : NULL;
  if (message == NULL) {
    const char *why = self->fault != NULL ? self->fault : _("The request has no valid address");
    g_task_return_pointer(task, prg_wire_answer_new(self->fault_status, why),
                          (GDestroyNotify)prg_wire_answer_free);
    return;
  }
  Send *send = send_new(self, message, cancellable);
  g_task_set_task_data(task, send, (GDestroyNotify)send_free);
  soup_session_send_async(send->session, send->message, G_PRIORITY_DEFAULT, send->own, send_cb,
                          g_steal_pointer(&task));
}

PrgWireAnswer *
prg_twenty_send_finish(PrgTwenty *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail(g_task_is_valid(result, self), NULL);
  return g_task_propagate_pointer(G_TASK(result), error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "raw-server.h"

#include <string.h>

struct _RawServer {
  RawHandler handler;
  gpointer user_data;
  GTlsCertificate *certificate; /* (owned) (nullable) */
  GSocketListener *listener;    /* (owned) */
  GCancellable *cancellable;    /* (owned) */
  GThread *acceptor;            /* (owned) */
  guint16 port;
  GMutex lock;
  GPtrArray *threads;  /* (owned) (element-type GThread) guarded */
  GPtrArray *requests; /* (owned) (element-type utf8) guarded */
  guint connections;   /* guarded */
};

typedef struct {
  RawServer *server;
  GIOStream *stream; /* (owned) */
} Connection;

/* Headers and as much body as they announce; NULL at the end. */
static char *
read_request(RawServer *self, GInputStream *in)
{
  g_autoptr(GString) text = g_string_new(NULL);
  gsize wanted = 0;
  while (wanted == 0 || text->len < wanted) {
    char chunk[4096];
    gssize length = g_input_stream_read(in, chunk, sizeof chunk, self->cancellable, NULL);
    if (length <= 0)
      return NULL;
    g_string_append_len(text, chunk, length);
    const char *end = strstr(text->str, "\r\n\r\n");
    if (end == NULL)
      continue;
    const char *announced = strstr(text->str, "Content-Length: ");
    gsize body = announced != NULL && announced < end ? (gsize)g_ascii_strtoull(announced + 16, NULL, 10) : 0;
    wanted = (gsize)(end + 4 - text->str) + body;
  }
  return g_string_free(g_steal_pointer(&text), FALSE);
}

static guint
log_request(RawServer *self, const char *request)
{
  g_mutex_lock(&self->lock);
  guint index = self->requests->len;
  g_ptr_array_add(self->requests, g_strdup(request));
  g_mutex_unlock(&self->lock);
  return index;
}

static GIOStream *
wrap(RawServer *self, GIOStream *plain)
{
  if (self->certificate == NULL)
    return g_object_ref(plain);
  GIOStream *tls = g_tls_server_connection_new(plain, self->certificate, NULL);
  g_assert_nonnull(tls);
  return tls;
}

static gpointer
serve(gpointer data)
{
  Connection *connection = data;
  RawServer *self = connection->server;
  g_autoptr(GIOStream) stream = wrap(self, connection->stream);
  gboolean open = TRUE;
  while (open) {
    g_autofree char *request = read_request(self, g_io_stream_get_input_stream(stream));
    open = request != NULL;
    if (open)
      open = self->handler(self, g_io_stream_get_output_stream(stream), request, log_request(self, request),
                           self->user_data);
  }
  g_io_stream_close(stream, NULL, NULL);
  g_io_stream_close(connection->stream, NULL, NULL);
  g_object_unref(connection->stream);
  g_free(connection);
  return NULL;
}

static gpointer
accept_all(gpointer data)
{
  RawServer *self = data;
  for (;;) {
    GSocketConnection *stream = g_socket_listener_accept(self->listener, NULL, self->cancellable, NULL);
    if (stream == NULL)
      return NULL;
    Connection *connection = g_new0(Connection, 1);
    connection->server = self;
    connection->stream = G_IO_STREAM(stream);
    g_mutex_lock(&self->lock);
    self->connections++;
    g_ptr_array_add(self->threads, g_thread_new("connection", serve, connection));
    g_mutex_unlock(&self->lock);
  }
}

RawServer *
raw_server_new(RawHandler handler, gpointer user_data, GTlsCertificate *certificate)
{
  RawServer *self = g_new0(RawServer, 1);
  g_autoptr(GError) error = NULL;
  self->handler = handler;
  self->user_data = user_data;
  self->certificate = certificate == NULL ? NULL : g_object_ref(certificate);
  self->cancellable = g_cancellable_new();
  self->threads = g_ptr_array_new();
  self->requests = g_ptr_array_new_with_free_func(g_free);
  self->listener = g_socket_listener_new();
  g_mutex_init(&self->lock);
  g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
  g_autoptr(GSocketAddress) any_port = g_inet_socket_address_new(loopback, 0);
  g_autoptr(GSocketAddress) effective = NULL;
  g_socket_listener_add_address(self->listener, any_port, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL,
                                &effective, &error);
  g_assert_no_error(error);
  self->port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(effective));
  self->acceptor = g_thread_new("acceptor", accept_all, self);
  return self;
}

void
raw_server_free(RawServer *self)
{
  g_cancellable_cancel(self->cancellable);
  g_thread_join(self->acceptor);
  for (guint i = 0; i < self->threads->len; i++)
    g_thread_join(g_ptr_array_index(self->threads, i));
  g_socket_listener_close(self->listener);
  g_object_unref(self->listener);
  g_object_unref(self->cancellable);
  g_clear_object(&self->certificate);
  g_ptr_array_unref(self->threads);
  g_ptr_array_unref(self->requests);
  g_mutex_clear(&self->lock);
  g_free(self);
}

char *
raw_server_dup_origin(RawServer *self)
{
  return g_strdup_printf("%s://127.0.0.1:%u", self->certificate == NULL ? "http" : "https", self->port);
}

GCancellable *
raw_server_get_cancellable(RawServer *self)
{
  return self->cancellable;
}

guint
raw_server_n_connections(RawServer *self)
{
  g_mutex_lock(&self->lock);
  guint n = self->connections;
  g_mutex_unlock(&self->lock);
  return n;
}

guint
raw_server_n_requests(RawServer *self)
{
  g_mutex_lock(&self->lock);
  guint n = self->requests->len;
  g_mutex_unlock(&self->lock);
  return n;
}

char *
raw_server_dup_request(RawServer *self, guint index)
{
  g_mutex_lock(&self->lock);
  g_assert_cmpuint(index, <, self->requests->len);
  char *request = g_strdup(g_ptr_array_index(self->requests, index));
  g_mutex_unlock(&self->lock);
  return request;
}

gboolean
raw_server_write(RawServer *self, GOutputStream *out, const char *bytes)
{
  return g_output_stream_write_all(out, bytes, strlen(bytes), NULL, self->cancellable, NULL);
}

gboolean
raw_server_answer(RawServer *self,
                  GOutputStream *out,
                  const char *status,
                  const char *headers,
                  const char *body)
{
  g_autofree char *text = g_strdup_printf(
      "HTTP/1.1 %s\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %u\r\n%s\r\n%s",
      status, (guint)strlen(body), headers, body);
  return raw_server_write(self, out, text);
}

void
raw_server_hang(RawServer *self)
{
  GPollFD fd;
  if (!g_cancellable_make_pollfd(self->cancellable, &fd))
    return;
  g_poll(&fd, 1, -1);
  g_cancellable_release_fd(self->cancellable);
}

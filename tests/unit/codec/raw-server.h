/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A server that speaks bytes, not HTTP: it reads whole requests and lets the test write whatever it likes.
 * One thread a connection. */
typedef struct _RawServer RawServer;

/* Runs in a thread of the connection. @index counts the requests of the whole server from 0. FALSE = close
 * the connection. */
typedef gboolean (
    *RawHandler)(RawServer *self, GOutputStream *out, const char *request, guint index, gpointer user_data);

/* @certificate: (nullable) speak TLS with it. */
RawServer *raw_server_new(RawHandler handler, gpointer user_data, GTlsCertificate *certificate);
void raw_server_free(RawServer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RawServer, raw_server_free)

char *raw_server_dup_origin(RawServer *self);              /* "http://127.0.0.1:port" */
GCancellable *raw_server_get_cancellable(RawServer *self); /* cancelled when the server goes */
guint raw_server_n_connections(RawServer *self);
guint raw_server_n_requests(RawServer *self);
char *raw_server_dup_request(RawServer *self, guint index);

/* FALSE once the other side or the server is gone. */
gboolean raw_server_write(RawServer *self, GOutputStream *out, const char *bytes);
/* A whole answer with Content-Length; @headers: lines with their ends, or "". */
gboolean raw_server_answer(RawServer *self,
                           GOutputStream *out,
                           const char *status,
                           const char *headers,
                           const char *body);
/* Blocks until the server goes. */
void raw_server_hang(RawServer *self);

G_END_DECLS

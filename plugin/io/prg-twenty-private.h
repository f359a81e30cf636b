/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-codec.h"
#include "prg-twenty.h"

G_BEGIN_DECLS

/* Shared by the files of the client; free of libsoup's types. */

/* What came back for one wire request. */
typedef struct {
  guint status;       /* HTTP status, 0 = no complete answer */
  gboolean reached;   /* at least the head of an answer came */
  gboolean too_large; /* there is more of it than is read */
  GByteArray *body;   /* (owned) */
  char *failure;      /* (owned) "" or, for people, why there is no answer */
  gint64 server_time; /* µs UTC, 0 = none */
  gint64 retry_after; /* µs, 0 = not said */
} PrgWireAnswer;
PrgWireAnswer *prg_wire_answer_new(guint status, const char *failure);
void prg_wire_answer_free(PrgWireAnswer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgWireAnswer, prg_wire_answer_free)

/* Sends one wire request with the token. Finishing fails only with PRG_ERROR_CANCELLED. */
void prg_twenty_send_async(PrgTwenty *self,
                           const PrgWireRequest *request,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);
PrgWireAnswer *prg_twenty_send_finish(PrgTwenty *self, GAsyncResult *result, GError **error);

const PrgRules *prg_twenty_get_rules(PrgTwenty *self); /* (nullable) */
/* @text without the token, should a server repeat it. (transfer full) */
char *prg_twenty_redact(PrgTwenty *self, const char *text);

/* TRUE for 127.0.0.0/8, ::1 and "localhost". */
gboolean prg_twenty_is_loopback(const char *host);

G_END_DECLS

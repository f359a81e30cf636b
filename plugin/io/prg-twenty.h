/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-exchange.h"
#include "prg-rules.h"
#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * PrgTwenty: the client of one Twenty server with one token. The only user of libsoup.
 *
 * All calls are asynchronous and cancellable, with a timeout (default 30 s for the whole exchange) and a size limit for answers
 * (default 8 MiB). Plain http is refused except to loopback. Redirects are not followed. The token is sent to its own origin only.
 */
#define PRG_TYPE_TWENTY (prg_twenty_get_type())
G_DECLARE_FINAL_TYPE(PrgTwenty, prg_twenty, PRG, TWENTY, GObject)

/* "https://crm.example.com/", "crm.example.com:8443", "http://127.0.0.1:3000" → normalised origin without trailing slash; a bare host gets
 * https, a bare loopback host gets http. PRG_ERROR_INVALID_ARGUMENT says what is wrong. (transfer full) */
char *prg_twenty_parse_origin(const char *text, GError **error);

/* @origin as from prg_twenty_parse_origin(). (transfer full) */
PrgTwenty *prg_twenty_new(const char *origin, const char *token);
void prg_twenty_set_timeout(PrgTwenty *self, guint seconds);
void prg_twenty_set_rules(PrgTwenty *self, PrgRules *rules);
/* Nothing is to be sent for a while: closes idle connections, as soon as no request is under way. Each would wake the process when it
 * is closed later. */
void prg_twenty_rest(PrgTwenty *self);

/* Sync protocol: one exchange. Finishing fails only with PRG_ERROR_CANCELLED; everything else is the answer's outcome. */
void prg_twenty_exchange_async(PrgTwenty *self,
                               const PrgRequest *request,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
PrgAnswer *prg_twenty_exchange_finish(PrgTwenty *self, GAsyncResult *result, GError **error);

/* Sign-in: does the token work, does @member exist, what is its display name, which workspace is it. Errors:
 * AUTHENTICATION_FAILED, PERMISSION_DENIED, UNKNOWN_ID (no such member), OFFLINE, SERVER_ERROR. */
void prg_twenty_verify_async(PrgTwenty *self,
                             const char *member,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean prg_twenty_verify_finish(PrgTwenty *self,
                                  GAsyncResult *result,
                                  char **name,
                                  char **workspace_id,
                                  GError **error);

/* Creates what is missing of the schema. (transfer full) (element-type utf8) what was (or, dry, would be) created, in order */
void prg_twenty_provision_async(PrgTwenty *self,
                                gboolean dry_run,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
GPtrArray *prg_twenty_provision_finish(PrgTwenty *self, GAsyncResult *result, GError **error);

G_END_DECLS

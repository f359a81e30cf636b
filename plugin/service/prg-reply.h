/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-session.h"

G_BEGIN_DECLS

/**
 * PrgReply: a method call whose work may outlast its answer.
 *
 * At the call's deadline (prg-gate.h) the caller gets StillRunning with @message, and the work goes on. If it fails later, LastError tells
 * of it; if not, what it has changed does. It
 * counts as one of the caller's until it ends, so that a disk that stands still cannot be given more and more to do.
 */
typedef struct _PrgReply PrgReply;

/* Takes @invocation (transfer full). */
PrgReply *prg_reply_new(PrgSession *session, GDBusMethodInvocation *invocation, const char *message);
/* A later failure is told in another way, or of no use to anybody. (transfer full) Returns: (transfer full) @self */
PrgReply *prg_reply_forget_failure(PrgReply *self);
/* What goes on after StillRunning waits for the server, not for the disk, and for all callers at once: it no longer counts as one of the
 * caller's. (transfer full) Returns: (transfer full) @self */
PrgReply *prg_reply_wait_for_server(PrgReply *self);
/* Each frees @self. @value: (transfer floating) (nullable) the out arguments. */
void prg_reply_return_value(PrgReply *self, GVariant *value);
void prg_reply_return_error(PrgReply *self, GError *error); /* @error: (transfer full) */

G_END_DECLS

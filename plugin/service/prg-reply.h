/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-jobs.h"

G_BEGIN_DECLS

#define PRG_REPLY_DEADLINE_MS 19000

/**
 * PrgReply: a method call whose work may outlast its answer.
 *
 * After PRG_REPLY_DEADLINE_MS the caller gets StillRunning with @message; what comes later is dropped and the
 * work goes on.
 */
typedef struct _PrgReply PrgReply;

/* Takes @invocation (transfer full). */
PrgReply *prg_reply_new(PrgJobs *jobs, GDBusMethodInvocation *invocation, const char *message);
/* Each frees @self. @value: (transfer floating) (nullable) the out arguments. */
void prg_reply_return_value(PrgReply *self, GVariant *value);
void prg_reply_return_error(PrgReply *self, GError *error); /* @error: (transfer full) */

G_END_DECLS

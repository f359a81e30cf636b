/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-jobs.h"

G_BEGIN_DECLS

/**
 * PrgBusName: a well-known name on a message bus, asked for and released without blocking (g_bus_unown_name()
 * waits for the bus).
 *
 * If another process owns the name we stand in its queue; @acquired runs when our turn has come, at most
 * once.
 */
typedef struct _PrgBusName PrgBusName;
typedef void (*PrgBusNameFunc)(gpointer user_data);

PrgBusName *prg_bus_name_new(PrgJobs *jobs,
                             GDBusConnection *connection,
                             const char *name,
                             PrgBusNameFunc acquired,
                             PrgBusNameFunc lost,
                             gpointer user_data);
/* Neither function runs afterwards. The release is one of the jobs. */
void prg_bus_name_release(PrgBusName *self); /* frees */
gboolean prg_bus_name_is_owned(PrgBusName *self);

/* Whether another process stands in the queue for the name that we own. A bus that is closed or does not answer soon: no. */
void prg_bus_name_is_awaited_async(PrgBusName *self, GAsyncReadyCallback callback, gpointer user_data);
gboolean prg_bus_name_is_awaited_finish(GAsyncResult *result);

G_END_DECLS

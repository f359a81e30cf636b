/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define PRG_SERVICE_NAME "org.lids.Progression"
#define PRG_SERVICE_PATH "/org/lids/Progression"

/**
 * PrgService: the composition root: bus name, interfaces, session.
 *
 * Everything runs on one main context, whose thread makes all calls. The store is opened only while the bus
 * name is owned; until then, and when another process owns it, the service is passive.
 */
typedef struct _PrgService PrgService;

/* @connection: to a message bus. @context: iterated by the calling thread. @schema_dir: (nullable) where the
 * settings schema is installed, if not where GSettings looks. Returns: (transfer full) (nullable) */
PrgService *
prg_service_start(GDBusConnection *connection, GMainContext *context, const char *schema_dir, GError **error);

typedef void (*PrgServiceStopped)(gpointer user_data);
/* Sends what is pending for at most @timeout_ms, unless another process waits for the name and will do so; closes the store, releases the name, frees @self. @callback
 * is the last thing that runs. */
void prg_service_stop(PrgService *self, guint timeout_ms, PrgServiceStopped callback, gpointer user_data);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-session.h"

G_BEGIN_DECLS

/**
 * PrgElsewhere: what waits in the same account's store of another installation on this machine (the Flatpak beside a native one).
 *
 * Only one of them runs at a time, so what waits in the other is not sent. It is looked at when the account is opened: until then the
 * other one may have had the bus name. Its store is never changed; when it runs again, Twenty tells it what is there already.
 */
typedef struct _PrgElsewhere PrgElsewhere;

/* @directory: where the other installation keeps its stores. @changed: the count may be another. */
PrgElsewhere *prg_elsewhere_new(PrgSession *session,
                                const char *directory,
                                void (*changed)(gpointer user_data),
                                gpointer user_data);
void prg_elsewhere_free(PrgElsewhere *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgElsewhere, prg_elsewhere_free)
/* No callback any more. */
void prg_elsewhere_stop(PrgElsewhere *self);

/* How many operations wait there that the account in use does not have. */
guint prg_elsewhere_count(PrgElsewhere *self);

/* Reads it again and queues what is not known here, all or nothing. STORAGE_FAILED, TOO_LARGE, CANCELLED. */
void prg_elsewhere_import_async(PrgElsewhere *self,
                                PrgEngine *engine,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
/* @added: (out) how many were queued */
gboolean prg_elsewhere_import_finish(GAsyncResult *result, guint *added, GError **error);

G_END_DECLS

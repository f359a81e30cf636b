/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * PrgKeyringWatch: follows the secret service, or what stands for it, on the session bus. Knows the bus only; a part of PrgKeyring.
 */
typedef struct _PrgKeyringWatch PrgKeyringWatch;

/* @replaced: the service vanished, so that proxies to it are dead and its answers will not come; told at once. A change, which that is too, is told a
 * little later by a call of its own with @replaced FALSE: once for the several signals that belong to one change. */
typedef void (*PrgKeyringWatchFunc)(gboolean replaced, gpointer user_data);

/* (transfer full) Calls @func in the thread-default main context, and never after it was freed. */
PrgKeyringWatch *prg_keyring_watch_new(GDBusConnection *connection,
                                       const char *name,
                                       PrgKeyringWatchFunc func,
                                       gpointer user_data);
void prg_keyring_watch_free(PrgKeyringWatch *self);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * PrgNetworkAsk: waits until NetworkManager has answered once, or is known to be absent. It does so in a thread, with a connection of its
 * own, so that it can be given up at any moment.
 *
 * GLib's monitor asks NetworkManager while it is made and waits for the answer, up to 25 seconds; meanwhile all other defaults of GIO (proxies,
 * TLS, settings) are locked in the whole process. So it must not be made before NetworkManager answers, in no thread. The monitor is not made in
 * this thread either: a monitor speaks in the context of the thread that made it, and there is one for the process.
 */
typedef struct _PrgNetworkAsk PrgNetworkAsk;

/* Sets @wake (prg-wake.h) once it is answered. Returns: (transfer full) (nullable) NULL: GLib will not ask NetworkManager */
PrgNetworkAsk *prg_network_ask_new(GSource *wake);
gboolean prg_network_ask_is_answered(PrgNetworkAsk *self);
/* Answered or not: its thread has ended afterwards. */
void prg_network_ask_free(PrgNetworkAsk *self);

G_END_DECLS

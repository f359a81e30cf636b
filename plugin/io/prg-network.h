/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * PrgNetwork: GNetworkMonitor as a hint. Emits `changed` only when a value really changed. The only user of the monitor.
 *
 * Until NetworkManager has answered once, or is known to be absent, there is no monitor: a network counts as there, and as not metered. Then the
 * monitor is made in the context of the PrgNetwork, which takes a few round trips over the bus. Only a NetworkManager that stops answering just between
 * these two, or a sandbox's portal that the bus has to start first, could still hold the thread up.
 */
#define PRG_TYPE_NETWORK (prg_network_get_type())
G_DECLARE_FINAL_TYPE(PrgNetwork, prg_network, PRG, NETWORK, GObject)

PrgNetwork *prg_network_new(void);
gboolean prg_network_get_online(PrgNetwork *self); /* a network is there; says nothing about the server */
gboolean prg_network_get_metered(PrgNetwork *self);
const char *
prg_network_get_backend(PrgNetwork *self); /* type name of the monitor, "" = none yet; for diagnosis */

G_END_DECLS

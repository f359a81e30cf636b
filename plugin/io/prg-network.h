/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * PrgNetwork: GNetworkMonitor as a hint. Emits `changed` only when a value really changed. The only user of the monitor.
 */
#define PRG_TYPE_NETWORK (prg_network_get_type())
G_DECLARE_FINAL_TYPE(PrgNetwork, prg_network, PRG, NETWORK, GObject)

PrgNetwork *prg_network_new(void);
gboolean prg_network_get_online(PrgNetwork *self); /* a network is there; says nothing about the server */
gboolean prg_network_get_metered(PrgNetwork *self);
const char *prg_network_get_backend(PrgNetwork *self); /* type name of the monitor, for diagnosis */

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * A constructor for classes derived from proxies that another library makes. It gives them the connection of their g-connection where the parent
 * would choose GLib's shared one, and as few match rules as can be: none at all where the proxy has another proxy, its `service`, whose
 * owner it then calls by its unique name. GLib complains of a match rule for a connection that has just been closed. Knows GDBusProxy
 * only; a part of PrgKeyring.
 */
GObject *prg_keyring_quiet_constructor(GType type, guint n_properties, GObjectConstructParam *properties);

G_END_DECLS

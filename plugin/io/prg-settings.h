/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * PrgSettings: the GSettings schema `org.lids.Progression`. The only user of GSettings; emits `changed` (no arguments) after any change.
 */
#define PRG_TYPE_SETTINGS (prg_settings_get_type())
G_DECLARE_FINAL_TYPE(PrgSettings, prg_settings, PRG, SETTINGS, GObject)

/* @schema_dir (nullable): where else to look for compiled schemas (a plugin installed outside the system). A missing schema is
 * PRG_ERROR_INVALID_ARGUMENT, never an abort: the host stays unharmed. */
PrgSettings *prg_settings_new(const char *schema_dir, GError **error);

/* Whether GSettings, here and in libraries, uses GLib's shared connection to the session bus: dconf does. */
gboolean prg_settings_use_shared_bus(void);

/* Whether this process may open connections. GIO's module for the desktop's proxies (glib-networking) reads a schema of the desktop and
 * ends the process where that is missing, whatever resolver a connection was given. @error: G_IO_ERROR_NOT_FOUND. It loads GIO's
 * modules. */
gboolean prg_settings_check_proxy(GError **error);

char *
prg_settings_get_server_url(PrgSettings *self); /* (transfer full) the setting, else $BACKEND_HOST, else "" */
guint prg_settings_get_sync_interval(PrgSettings *self); /* s, 15–86400 */
guint prg_settings_get_push_delay(PrgSettings *self);    /* ms */
gboolean prg_settings_get_sync_on_metered(PrgSettings *self);
char *prg_settings_get_rules_file(PrgSettings *self); /* (transfer full) "" = built in */

G_END_DECLS

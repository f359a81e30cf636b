/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * The plugin's ABI: what the shared object `lids-progression.so` exports for hosts that load it themselves. docs/hosts.md
 * explains it and holds a worked example.
 *
 * A host calls lids_progression_query(), checks @abi_version, and then lids_progression_start() from the
 * thread that iterates the main context it hands over. All work happens on that context, without blocking it;
 * the host's default main context and thread-default context stay as they are, and so does its locale, whose
 * language the plugin speaks. The object stays in memory after dlclose(): GLib types cannot be unregistered.
 */

/* Raised when a function here changes its meaning. Functions and fields are only ever added within a version.
 */
#define LIDS_PROGRESSION_ABI_VERSION 1

#ifndef PRG_EXPORT
#define PRG_EXPORT
#endif

typedef struct {
  guint32 abi_version;     /* LIDS_PROGRESSION_ABI_VERSION of the object */
  guint32 size;            /* sizeof (PrgPluginInfo) in the object: fields beyond it do not exist */
  const char *name;        /* "lids-progression" */
  const char *version;     /* of the release, "0.1.0" */
  const char *bus_name;    /* the name that a started plugin owns or waits for */
  const char *object_path; /* where its interfaces are */
} PrgPluginInfo;

typedef struct _PrgPlugin PrgPlugin;

/* Returns: (transfer none) static, valid for ever. Safe from any thread, and before anything else. */
PRG_EXPORT const PrgPluginInfo *lids_progression_query(void);

/**
 * lids_progression_start:
 * @connection: to the session bus, open; a reference is kept until the plugin has stopped
 * @context: (nullable) the main context for everything, NULL = the default one; iterated by the calling
 * thread, now or later. Another one than the default must also be that thread's default context as long as it is iterated
 * (g_main_context_push_thread_default()): libsoup looks for it there
 * @error: why not, in the domain %G_IO_ERROR: %G_IO_ERROR_CLOSED the connection is closed; %G_IO_ERROR_EXISTS the object path
 * is taken on this connection; %G_IO_ERROR_BUSY another thread iterates @context; %G_IO_ERROR_INVALID_ARGUMENT @connection is
 * none to a message bus; %G_IO_ERROR_NOT_SUPPORTED another copy of the plugin worked in this process before;
 * %G_IO_ERROR_NOT_FOUND the desktop's GSettings schemas are missing, without which GLib itself would end the process later
 *
 * Exports the interfaces and asks for the bus name. If another process owns the name, the plugin stays
 * passive, opens no file, and takes over when that process leaves. Returns at once. After an error nothing is left behind.
 *
 * Returns: (transfer full) (nullable) free it with lids_progression_stop()
 */
PRG_EXPORT PrgPlugin *
lids_progression_start(GDBusConnection *connection, GMainContext *context, GError **error);

typedef void (*PrgPluginStopped)(gpointer user_data);

/**
 * lids_progression_stop:
 * @plugin: (transfer full) not to be used any more
 * @callback: (nullable) runs once, on the plugin's context and never from within this function, as the very last thing of
 * this plugin
 * @user_data: for @callback
 *
 * Tries for at most 3 seconds to send what is pending (it is on disk in any case), unless another process waits for the name and
 * will send it; closes the store and releases the name. The host keeps iterating the context until @callback has run; afterwards no callback, timer, thread or
 * bus name of this plugin is left, and lids_progression_start() may be called again. Safe from any thread.
 *
 * A host that cannot iterate the context any more just ends: nothing is lost, and the next start sends what is pending.
 */
PRG_EXPORT void lids_progression_stop(PrgPlugin *plugin, PrgPluginStopped callback, gpointer user_data);

/* What g_module_symbol() or dlsym() gives for the three names. */
typedef const PrgPluginInfo *(*PrgPluginQueryFunc)(void);
typedef PrgPlugin *(*PrgPluginStartFunc)(GDBusConnection *connection, GMainContext *context, GError **error);
typedef void (*PrgPluginStopFunc)(PrgPlugin *plugin, PrgPluginStopped callback, gpointer user_data);

G_END_DECLS

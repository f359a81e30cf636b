/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * A wake: a source that runs once after each call, or several, of prg_wake_set(), which is safe from any thread. For signals of
 * objects that belong to the whole process: they are emitted in whichever thread their object's context runs.
 */

/* @context: (transfer none) where @callback runs; it says G_SOURCE_CONTINUE. Returns: (transfer full) destroy and unref it */
GSource *prg_wake_new(GMainContext *context, GSourceFunc callback, gpointer user_data);
void prg_wake_set(GSource *self);
/* Sets it at each emission of @signal, whatever its arguments. The handler keeps a reference. Returns: its id */
gulong prg_wake_connect(GSource *self, gpointer object, const char *signal);

G_END_DECLS

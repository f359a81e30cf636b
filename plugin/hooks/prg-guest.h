/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * The plugin in a program that loads it by hooks of its own and lends it nothing: the session bus is GLib's shared
 * connection, and the work is done in the main loop of the thread that calls first.
 *
 * Callers are counted, so that a host may activate once for each of its windows: the plugin works from the first
 * prg_guest_enter() to the last prg_guest_leave(). All are called from one thread.
 */

/* Returns at once. What goes wrong is a warning in the host's log; the host goes on. */
void prg_guest_enter(void);

/* In a running main loop it returns at once, and the plugin stops as lids_progression_stop() says. Outside of one the host
 * is ending, and nobody would go on with the stop: then it is brought to its end here, without iterating the host's context,
 * for a few seconds at most. */
void prg_guest_leave(void);

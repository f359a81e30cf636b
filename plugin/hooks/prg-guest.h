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

/* Returns at once. The plugin stops as lids_progression_stop() says. What of that is left when the program calls exit() or returns
 * from main() is done there, without iterating the host's own context, for a few seconds at most: also the whole stop, if the
 * host never called. */
void prg_guest_leave(void);

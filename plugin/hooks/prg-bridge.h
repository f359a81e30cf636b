/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * prg_bridge_new:
 * @inner: the main context to iterate; the calling thread acquires it for good
 *
 * A source that iterates @inner whenever the context that it is attached to is iterated: work that shall live on another
 * program's main loop, and that can still be brought to its end alone when that loop has ended.
 *
 * Returns: (transfer full) to be attached in the calling thread, and never destroyed while @inner is in use
 */
GSource *prg_bridge_new(GMainContext *inner);

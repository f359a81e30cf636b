/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <gio/gunixfdlist.h>

G_BEGIN_DECLS

/* The descriptor number @index of a method call, the caller's to close; -1 with INVALID_ARGUMENT if there is
 * none. */
int prg_handle_take(GUnixFDList *list, gint32 index, const char *name, gboolean to_write, GError **error);

G_END_DECLS

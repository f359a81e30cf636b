/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * PrgFileWatch: what happens to a file that is named by others, and to the way to it. The only user of file monitors; nothing is polled.
 *
 * Signal `changed` (): the file may hold something else now, because it, or a folder or a symbolic link on the way to it, was written,
 * replaced, moved, made or removed. It may come several times for one change, also while a writer has not finished. Nothing is
 * watched before the first prg_file_watch_renew_async().
 *
 * Not seen: what another machine does on a network file system, what is mounted over a folder, a change of a folder right below "/".
 */
#define PRG_TYPE_FILE_WATCH (prg_file_watch_get_type())
G_DECLARE_FINAL_TYPE(PrgFileWatch, prg_file_watch, PRG, FILE_WATCH, GObject)

PrgFileWatch *prg_file_watch_new(const char *path); /* absolute */
const char *prg_file_watch_get_path(PrgFileWatch *self);

/* Looks the way up in a worker thread and watches it as it is now; to be called after each `changed`, because another way may be the right
 * one since. Of what changes after it has finished `changed` tells. One call at a time. Fails only if cancelled. */
void prg_file_watch_renew_async(PrgFileWatch *self,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
gboolean prg_file_watch_renew_finish(PrgFileWatch *self, GAsyncResult *result, GError **error);

G_END_DECLS

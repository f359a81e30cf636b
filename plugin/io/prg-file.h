/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * A small file that is there as a whole and for good, or not at all, whenever the process or the power ends. It is written
 * under a temporary name in the same folder; what a crash leaves there is worthless and is written over the next time.
 * Blocking: for worker threads. Errors: PRG_ERROR_STORAGE_FAILED; the message says path, cause and what to do.
 */

/* Returns: a file descriptor to write to, readable by its owner only; -1 on failure. */
int prg_file_begin(const char *temporary, GError **error);
/* Takes @fd over; the file is at @path when this has succeeded, what was there before is replaced. */
gboolean prg_file_end(const char *temporary, int fd, const char *path, GError **error);
/* The same for a file that will not be: closes @fd and removes what was written. */
void prg_file_abandon(const char *temporary, int fd);
/* All at once. */
gboolean prg_file_replace(const char *path, const char *text, gsize length, GError **error);

/**
 * Reads the whole of @path, which must be a regular file of at most @limit bytes: what a setting or a link names may be a
 * device that never ends, or a pipe at which nobody stands. In a worker thread.
 *
 * Finish: (transfer full) the text with a 0 after its end; @length: (out) (nullable). STORAGE_FAILED, TOO_LARGE;
 * UNKNOWN_ID: there is no such file.
 */
void prg_file_read_async(const char *path,
                         gsize limit,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
char *prg_file_read_finish(GAsyncResult *result, gsize *length, GError **error);
const char *prg_file_read_get_path(GAsyncResult *result); /* (transfer none) what was to be read */

G_END_DECLS

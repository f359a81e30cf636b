/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-book.h"
#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * Operations in and out as JSON lines. The first line is a header:
 * {"format":"org.lids.Progression.export","version":1,"member":…}. Reading and writing run in a worker
 * thread, in pieces, so that a slow pipe stops nobody.
 */
#define PRG_TRANSFER_MAX_BYTES (64 * 1024 * 1024)
/* Ten times what the largest catalogue can make of one event: sums stay far below what can be counted. */
#define PRG_TRANSFER_MAX_AMOUNT 1000000000
#define PRG_TRANSFER_MAX_WORDS 1000

/* What an export holds: the own operations that are not in the ledger. (transfer full) (element-type
 * PrgOperation) */
GPtrArray *prg_transfer_pick(PrgBook *book);

/* What an import adds: those of @operations (each id once) that @book does not hold, NEW, or SENT if the ledger has held them. TOO_LARGE: there is no room for them.
 * (transfer full) (nullable) (element-type PrgChange) */
GPtrArray *prg_transfer_plan(PrgBook *book, GPtrArray *operations, GError **error);

/* Writes to @fd, which is closed at the end. PRG_ERROR_STORAGE_FAILED. */
void prg_transfer_write_async(int fd,
                              const char *member,
                              GPtrArray *operations,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
gboolean prg_transfer_write_finish(GAsyncResult *result, GError **error);

/* Writes to a new file in @directory (0700), which only its owner can read. Returns (finish): (transfer full)
 * its path */
void prg_transfer_save_async(const char *directory,
                             const char *member,
                             GPtrArray *operations,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
char *prg_transfer_save_finish(GAsyncResult *result, GError **error);

/* Reads @fd to its end and closes it. All or nothing: INVALID_ARGUMENT names the line; TOO_LARGE. STORAGE_FAILED.
 * Returns (finish): (transfer full) (element-type PrgOperation) each id once */
void prg_transfer_read_async(int fd,
                             const char *member,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
GPtrArray *prg_transfer_read_finish(GAsyncResult *result, GError **error);

/* Reads a token: to the end of @fd (closed), at most 16 KiB, without one trailing newline. INVALID_ARGUMENT.
 * Returns (finish): (transfer full) free with prg_transfer_wipe() */
void prg_transfer_read_token_async(int fd,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
char *prg_transfer_read_token_finish(GAsyncResult *result, GError **error);
void prg_transfer_wipe(char *token); /* (nullable) */

/* Pure parts, for tests. @text need not end with 0. */
GPtrArray *prg_transfer_parse(const char *text, gsize length, const char *member, GError **error);
char *prg_transfer_header(const char *member); /* (transfer full) without the newline */
char *prg_transfer_parse_token(const char *bytes, gsize length, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-change.h"
#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * PrgStore: one account's SQLite file: outbox, ledger replica, base, account values, audit.
 *
 * All work is done by one worker thread of its own, in the order of the calls; the caller's main loop never
 * waits for a disk. A commit is durable (WAL, synchronous=FULL, fsync) before its callback runs. One process
 * at a time: an exclusive lock is held.
 */
#define PRG_TYPE_STORE (prg_store_get_type())
G_DECLARE_FINAL_TYPE(PrgStore, prg_store, PRG, STORE, GObject)

/* What opening found out of the ordinary. */
typedef struct {
  gboolean damaged;    /* the file was damaged and set aside */
  char *set_aside;     /* (owned) (nullable) its new path */
  char *reason;        /* (owned) (nullable) what SQLite said */
  guint saved;         /* operations that could be read from it and were taken over */
  guint migrated_from; /* schema version before the migration, 0 = none was needed */
} PrgStoreReport;
void prg_store_report_clear(PrgStoreReport *report);

/* Opens (creates) `<directory>/<account>.db`, directory mode 0700, file 0600. @account is already a safe file
 * name. Errors: PRG_ERROR_STORAGE_FAILED; the message says path and cause, and names the other process when
 * the lock is held. */
void prg_store_open_async(const char *directory,
                          const char *account,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data);
/* @snapshot: (out) (transfer full); @report: (out caller-allocates). Returns: (transfer full) */
PrgStore *
prg_store_open_finish(GAsyncResult *result, PrgSnapshot **snapshot, PrgStoreReport *report, GError **error);
/* The same, blocking: for tests and tools without a main loop. */
PrgStore *prg_store_open(const char *directory,
                         const char *account,
                         PrgSnapshot **snapshot,
                         PrgStoreReport *report,
                         GError **error);

/* Commits @changes (element-type PrgChange; the store takes a reference) in one transaction: all or nothing.
 */
void prg_store_commit_async(PrgStore *self,
                            GPtrArray *changes,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
gboolean prg_store_commit_finish(PrgStore *self, GAsyncResult *result, GError **error);
gboolean prg_store_commit(PrgStore *self, GPtrArray *changes, GError **error);

/* One entry of the audit: what was decided about XP that cannot be proven, or was seen and could not be read. */
typedef struct {
  gint64 at; /* µs UTC */
  char
      *text; /* (owned) a JSON object with "event" and, where something may have been lost, "flagged": true */
} PrgStoreAudit;
void prg_store_audit_free(PrgStoreAudit *self);

/* At most @limit entries, newest first. Returns (finish): (transfer full) (element-type PrgStoreAudit) */
void prg_store_audit_async(PrgStore *self,
                           guint limit,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);
GPtrArray *prg_store_audit_finish(PrgStore *self, GAsyncResult *result, GError **error);

/* Waits for what was queued, checkpoints, closes, releases the lock. No callback of this store runs
 * afterwards but this one. */
void prg_store_close_async(PrgStore *self, GAsyncReadyCallback callback, gpointer user_data);
gboolean prg_store_close_finish(PrgStore *self, GAsyncResult *result, GError **error);
gboolean prg_store_close(PrgStore *self, GError **error);

/* A folder that only its owner can look into (0700), with the folders above it, or one that is there and is
 * made so; another user's is refused. Blocking. STORAGE_FAILED. */
gboolean prg_store_make_directory(const char *directory, GError **error);

/* The operations that wait (new, sent, quarantined) in the same @account's file in @beside, another installation's
 * directory on this machine. That file is not changed. There are none when there is no such file, when @beside is
 * @directory (our own), or while its owner has it open. STORAGE_FAILED.
 * Returns (finish): (transfer full) (element-type PrgOperation) each id once */
void prg_store_read_beside_async(const char *directory,
                                 const char *beside,
                                 const char *account,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
GPtrArray *prg_store_read_beside_finish(GAsyncResult *result, GError **error);

/* Reads an account's values without taking its lock or opening it for writing (to find accounts on this
 * disk). Returns: (transfer full) (element-type utf8) account names in @directory */
GPtrArray *prg_store_list(const char *directory);

G_END_DECLS

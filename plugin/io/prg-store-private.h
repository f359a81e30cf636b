/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-store.h"

#include <sqlite3.h> /* the only place: nothing outside the store's own files sees SQLite */

G_BEGIN_DECLS

/*
 * The files of one account in its directory:
 *   <account>.db, -wal, -journal   what is in use
 *   <account>.lock                 locked while a process has the account open; holds that process's id
 *   <account>.fresh                a new file being built; worthless after a crash
 *   <account>.ready                a finished new file on its way to <account>.db: it wins over what is there
 *   <account>.damaged-<UTC>.db     a damaged file set aside, with its -wal and -journal
 */

#define PRG_STORE_PAGE_SIZE 4096
#define PRG_STORE_LOG_HEADER 32 /* bytes; and of each frame's header: */
#define PRG_STORE_LOG_FRAME_HEADER 24
#define PRG_STORE_TEXT_LIMIT \
  (64 * 1024 * 1024) /* bytes: longer texts are refused, and are damage when met \
                      */

typedef enum {
  PRG_STORE_BEGIN,
  PRG_STORE_COMMIT,
  PRG_STORE_ROLLBACK,
  PRG_STORE_FIND,
  PRG_STORE_PUT,
  PRG_STORE_BASE_SET,
  PRG_STORE_BASE_REMOVE,
  PRG_STORE_META_SET,
  PRG_STORE_META_REMOVE,
  PRG_STORE_AUDIT_ADD,
  PRG_STORE_AUDIT_LIST,
  PRG_STORE_N_STATEMENTS,
} PrgStoreStatement;

/* An open database file. Used by one thread at a time. */
typedef struct {
  char *path;                                       /* (owned) */
  sqlite3 *db;                                      /* (owned) */
  sqlite3_stmt *statements[PRG_STORE_N_STATEMENTS]; /* (owned) prepared once, kept */
  char *damage; /* (owned) (nullable) the first sign that the file itself is damaged, as SQLite or a check
                   said it */
  guint migrated_from;                     /* 0 = no migration was needed */
  int log_frames;                          /* in the WAL after the last commit, -1 = not known */
  guint8 log_header[PRG_STORE_LOG_HEADER]; /* of the WAL at that time */
  gboolean in_doubt;                       /* the WAL may hold a commit that was refused */
} PrgStoreDb;

/* The columns of the table of operations, in the order of the table, which is also their order in a stored
 * record. */
enum {
  PRG_STORE_POSITION,
  PRG_STORE_ID,
  PRG_STORE_DEVICE,
  PRG_STORE_SEQ,
  PRG_STORE_KIND,
  PRG_STORE_AMOUNT,
  PRG_STORE_REF,
  PRG_STORE_OCCURRED_AT,
  PRG_STORE_LOCAL_DAY,
  PRG_STORE_ZONE,
  PRG_STORE_DETAILS,
  PRG_STORE_CAUSE,
  PRG_STORE_CREATED_AT,
  PRG_STORE_STATE,
  PRG_STORE_IN_BASE,
  PRG_STORE_NOTE,
  PRG_STORE_ANSWER,
  PRG_STORE_SUM,
  PRG_STORE_N_COLUMNS,
};

#define PRG_STORE_COLUMNS                                                                                 \
  "id, device, seq, kind, amount, ref, occurred_at, local_day, zone, details, cause, created_at, state, " \
  "in_base, "                                                                                             \
  "note, answer, sum"

typedef enum {
  PRG_STORE_NULL,
  PRG_STORE_INTEGER,
  PRG_STORE_TEXT,
  PRG_STORE_OTHER, /* REAL, BLOB: never written by us */
} PrgStoreType;

/* One stored value, wherever it was read from. */
typedef struct {
  PrgStoreType type;
  gint64 number;
  const char *text; /* (not owned) not terminated */
  gsize length;     /* bytes of @text */
} PrgStoreValue;

/* --- prg-store-schema.c: one open database file --- */

/* Opens @path, checks all of it, brings its schema up to date and prepares the statements. @create: an empty
 * file becomes a store, else it is damage. On failure *@damage (nullable) says whether and how the file is
 * damaged; NULL means that the system refused it or that a newer version wrote it: then the file is as it
 * was. Returns: (transfer full) (nullable) */
PrgStoreDb *prg_store_db_open(const char *path, gboolean create, char **damage, GError **error);
/* Opens @path as far as possible, for reading only, and without changing any of its files. (transfer full)
 * (nullable) */
PrgStoreDb *prg_store_db_open_damaged(const char *path);
/* Closes without touching the WAL. */
void prg_store_db_free(PrgStoreDb *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgStoreDb, prg_store_db_free)
/* Brings the WAL into the file and removes it. */
gboolean prg_store_db_checkpoint(PrgStoreDb *self, GError **error);
/* The error for SQLite's result @code while @doing ("write to"), with path, cause and what to do. Always
 * returns FALSE. */
gboolean prg_store_db_fail(PrgStoreDb *self, int code, const char *doing, GError **error);
/* The same for a system call's @code on @path. Always returns FALSE. */
gboolean prg_store_fail_errno(const char *path, int code, const char *doing, GError **error);
/* Notes that the file is damaged. Always returns FALSE. */
gboolean prg_store_db_set_damage(PrgStoreDb *self, const char *reason, GError **error);

/* --- prg-store-rows.c: rows ⇄ entries --- */

/* Returns: (transfer full) (nullable); fails on the first row that is not as it was written. */
PrgSnapshot *prg_store_rows_load(PrgStoreDb *self, GError **error);
GPtrArray *prg_store_rows_audit(PrgStoreDb *self, guint limit, GError **error);
/* NULL if the values are not exactly as they were written (each row carries a check sum). (transfer full)
 * (nullable) */
PrgEntry *prg_store_rows_entry(const PrgStoreValue values[PRG_STORE_N_COLUMNS]);
/* TRUE if @key and @value are exactly as they were written. */
gboolean
prg_store_rows_meta_is_sound(const PrgStoreValue *key, const PrgStoreValue *value, const PrgStoreValue *sum);
/* The check sums of a row of operations, and of a value with its key (the base's key is "base"). */
gint64 prg_store_rows_sum(const PrgEntry *entry);
gint64 prg_store_rows_sum_pair(const char *key, const char *value);
/* The columns of the row that @statement stands on. */
void prg_store_rows_values(sqlite3_stmt *statement, PrgStoreValue *values, guint n);

/* --- prg-store-changes.c: change sets into rows --- */

gboolean prg_store_changes_prepare(PrgStoreDb *self, GError **error);
/* All of @changes in one transaction, or nothing. */
gboolean prg_store_changes_commit(PrgStoreDb *self, GPtrArray *changes, GError **error);

/* --- prg-store-log.c: commits that were refused --- */

/* From now on the end of the WAL is known after each commit. Always returns TRUE. */
gboolean prg_store_log_watch(PrgStoreDb *self);
/* Takes out of the WAL what a refused commit may have written, so that no later start believes it. FALSE: the disk does not
 * let it; nothing may be committed behind it before this has succeeded. */
gboolean prg_store_log_take_back(PrgStoreDb *self, GError **error);

/* --- prg-store-rescue.c: what a damaged file still holds --- */

/* Reads every operation and account value that can be read from the damaged @path and its WAL, by SQLite and
 * then page by page. Operations come back in order, outside any base. Replicated rows of other devices are
 * left: Twenty has them. Changes no file. Returns: (transfer full) (nullable): NULL if the system does not
 * let it read. */
PrgSnapshot *prg_store_rescue(const char *path, GError **error);

/* --- prg-store-pages.c: SQLite's file format, read without SQLite --- */

/* @rowid and the @n values of one row found in a leaf page of some table. */
typedef void (*PrgStorePageFunc)(gint64 rowid, const PrgStoreValue *values, guint n, gpointer user_data);

/* Hands over every row of every table leaf that can be made out, newest pages of the WAL first. */
gboolean prg_store_pages_foreach(const char *path, PrgStorePageFunc func, gpointer user_data, GError **error);
/* *@damage (out) (transfer full) (nullable): what is wrong with the header of the file or with the chain of
 * its WAL, as far as SQLite would not notice it (it would drop the rest of a broken WAL without a word, and
 * it deletes the WAL of an empty file). FALSE if the files cannot be read. */
gboolean prg_store_pages_check(const char *path, char **damage, GError **error);

/* --- prg-store-files.c: directory, lock, names --- */

typedef struct {
  char *directory; /* (owned) absolute */
  char *account;   /* (owned) */
  char *path;      /* (owned) <directory>/<account>.db */
  int lock;        /* (owned) file descriptor, -1 = not locked */
} PrgStoreFiles;

/* Makes the directory and takes the lock. Returns: (transfer full) (nullable) */
PrgStoreFiles *prg_store_files_open(const char *directory, const char *account, GError **error);
void prg_store_files_free(PrgStoreFiles *self); /* releases the lock */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrgStoreFiles, prg_store_files_free)
/* Opens the account's database: creates it, or repairs it when it is damaged. (transfer full) (nullable) */
PrgStoreDb *
prg_store_files_open_db(PrgStoreFiles *self, PrgSnapshot **snapshot, PrgStoreReport *report, GError **error);

G_END_DECLS

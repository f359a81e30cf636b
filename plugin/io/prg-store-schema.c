/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-store-private.h"

#include "prg-error.h"
#include "prg-store-steps.h"

#include <errno.h>
#include <glib/gi18n-lib.h>

/* Of a database; and the version. */
#define APPLICATION_ID 0x50524700
#define BUSY_TIMEOUT 2000 /* ms: a curious sqlite3 shell may hold the file for a moment */

static const char *
advice(int code, int system_errno)
{
  const char *text = prg_error_disk_advice(code == SQLITE_FULL ? ENOSPC : system_errno);

  if (text != NULL)
    return text;
  if (code == SQLITE_READONLY || code == SQLITE_PERM || code == SQLITE_AUTH)
    return prg_error_disk_advice(EROFS);
  if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
    return _("Another program has this file open; close it.");
  if (code == SQLITE_IOERR)
    return prg_error_disk_advice(EIO);
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
    return _("The file is damaged; restart the service to have it repaired.");
  if (code == SQLITE_CANTOPEN)
    return _("Check that the folder exists and is writable for this user.");
  return _("Restart the service; if it stays so, report it.");
}

/* SQLITE_ERROR here means that a table is not as its version says, or a format that no SQLite wrote: the SQL
 * is ours. */
static gboolean
is_damage(int code)
{
  switch (code & 0xff) {
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
  case SQLITE_ERROR:
  case SQLITE_SCHEMA:
  case SQLITE_MISMATCH:
  case SQLITE_TOOBIG:
  case SQLITE_FORMAT:
  case SQLITE_RANGE:
    return TRUE;
  default:
    return FALSE;
  }
}

gboolean
prg_store_fail_errno(const char *path, int code, const char *doing, GError **error)
{
  g_set_error(error, PRG_ERROR, PRG_ERROR_STORAGE_FAILED, _("Could not %s “%s”: %s. %s"),
              g_dpgettext2(GETTEXT_PACKAGE, "could not", doing), path, g_strerror(code), advice(0, code));
  return FALSE;
}

gboolean
prg_store_db_fail(PrgStoreDb *self, int code, const char *doing, GError **error)
{
  /* SQLite does not keep the cause of a COMMIT's failure; the caller has cleared errno before. */
  const int last_errno = errno, kept_errno = self->db != NULL ? sqlite3_system_errno(self->db) : 0;
  const int system_errno = kept_errno != 0 ? kept_errno : last_errno;
  const gboolean system_said =
      system_errno != 0 && ((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN);
  const char *said = self->db != NULL ? sqlite3_errmsg(self->db) : sqlite3_errstr(code);

  if (is_damage(code) && self->damage == NULL)
    self->damage = g_strdup(said);
  g_autofree char *why =
      g_strconcat(said, system_said ? ": " : "", system_said ? g_strerror(system_errno) : "", NULL);
  g_set_error(error, PRG_ERROR, PRG_ERROR_STORAGE_FAILED, _("Could not %s “%s”: %s. %s"),
              g_dpgettext2(GETTEXT_PACKAGE, "could not", doing), self->path, why,
              advice(code & 0xff, system_said ? system_errno : 0));
  return FALSE;
}

gboolean
prg_store_db_set_damage(PrgStoreDb *self, const char *reason, GError **error)
{
  if (self->damage == NULL)
    self->damage = g_strdup(reason);
  g_set_error(error, PRG_ERROR, PRG_ERROR_STORAGE_FAILED, _("“%s” is damaged: %s. %s"), self->path, reason,
              advice(SQLITE_CORRUPT, 0));
  return FALSE;
}

/* Runs one of our own constant texts. */
static gboolean
run(PrgStoreDb *self, const char *sql, GError **error)
{
  int code;

  errno = 0;
  code = sqlite3_exec(self->db, sql, NULL, NULL, NULL);
  return code == SQLITE_OK || prg_store_db_fail(self, code, NC_("could not", "use"), error);
}

static gboolean
read_number(PrgStoreDb *self, const char *sql, gint64 *number, GError **error)
{
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2(self->db, sql, -1, &statement, NULL);

  if (code == SQLITE_OK)
    code = sqlite3_step(statement);
  if (code == SQLITE_ROW)
    *number = sqlite3_column_int64(statement, 0);
  else
    prg_store_db_fail(self, code, NC_("could not", "read"), error);
  sqlite3_finalize(statement);
  return code == SQLITE_ROW;
}

/* The WAL stays as it is whatever happens, until the file is known to be sound and ours: see checkpoint. */
static gboolean
connect_to(PrgStoreDb *self, GError **error)
{
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(self->path, &self->db, flags, NULL);

  if (code != SQLITE_OK)
    return prg_store_db_fail(self, code, NC_("could not", "open"), error);
  sqlite3_busy_timeout(self->db, BUSY_TIMEOUT);
  sqlite3_limit(self->db, SQLITE_LIMIT_LENGTH, PRG_STORE_TEXT_LIMIT);
  sqlite3_db_config(self->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  sqlite3_db_config(self->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config(self->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  /* Before the first access: then the index of the WAL is kept in memory, and no -shm file is needed. */
  return run(self, "PRAGMA locking_mode = EXCLUSIVE", error);
}

/* Reads every page, every index entry and every constraint. *@finding (nullable): the first that is not
 * right. */
static gboolean
check_once(PrgStoreDb *self, char **finding, GError **error)
{
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2(self->db, "PRAGMA integrity_check(1)", -1, &statement, NULL);
  const gboolean done = code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW;

  *finding = NULL;
  if (!done)
    prg_store_db_fail(self, code, NC_("could not", "check"), error);
  else if (g_strcmp0((const char *)sqlite3_column_text(statement, 0), "ok") != 0)
    *finding = g_strdup((const char *)sqlite3_column_text(statement, 0));
  sqlite3_finalize(statement);
  return done;
}

/* A page that could not be read just now is a finding like any other, so it takes two. (When the disk fails
 * for good, the rescue cannot read the file either, and refuses.) */
static gboolean
check(PrgStoreDb *self, GError **error)
{
  g_autofree char *first = NULL, *second = NULL;

  if (!check_once(self, &first, error) || (first != NULL && !check_once(self, &second, error)))
    return FALSE;
  return second == NULL || prg_store_db_set_damage(self, second, error);
}

static gboolean
read_version(PrgStoreDb *self, int *version, GError **error)
{
  const int known = prg_store_steps_version();
  gint64 user_version = 0, application_id = 0, tables = 0;

  if (!read_number(self, "PRAGMA user_version", &user_version, error) ||
      !read_number(self, "PRAGMA application_id", &application_id, error) ||
      !read_number(self, "SELECT count(*) FROM sqlite_schema", &tables, error))
    return FALSE;
  *version = (int)user_version;
  if (user_version == 0 && application_id == 0 && tables == 0)
    return TRUE;
  if (user_version < 1 || user_version > 0xff || application_id != (APPLICATION_ID | user_version))
    return prg_store_db_set_damage(self, _("it does not say which version of the store it is"), error);
  if (user_version <= known)
    return TRUE;
  g_set_error(error, PRG_ERROR, PRG_ERROR_STORAGE_FAILED,
              _("“%s” was written by a newer version of this program (its format is %d, this version knows "
                "%d). It was left "
                "as it is. Install the newer version again."),
              self->path, *version, known);
  return FALSE;
}

/* One transaction per step: a crash leaves a whole version. */
static gboolean
migrate(PrgStoreDb *self, int version, GError **error)
{
  const int last = prg_store_steps_version();

  for (int i = version; i < last; i++) {
    g_autofree char *stamp = g_strdup_printf("PRAGMA user_version = %d; PRAGMA application_id = %d", i + 1,
                                             APPLICATION_ID | (i + 1));

    if (run(self, "BEGIN IMMEDIATE", error) && run(self, prg_store_steps_from(i), error) &&
        run(self, stamp, error) && run(self, "COMMIT", error))
      continue;
    sqlite3_exec(self->db, "ROLLBACK", NULL, NULL, NULL);
    return FALSE;
  }
  self->migrated_from = version < last ? (guint)version : 0;
  return TRUE;
}

/* Nothing is written before the file is known to be sound and of a version that this program knows. */
static gboolean
set_up(PrgStoreDb *self, gboolean create, GError **error)
{
  int version = 0;

  if (create && !run(self, "PRAGMA page_size = " G_STRINGIFY(PRG_STORE_PAGE_SIZE), error))
    return FALSE;
  if (!check(self, error) || !read_version(self, &version, error))
    return FALSE;
  if (!create && version == 0)
    return prg_store_db_set_damage(self, _("it is empty"), error);
  return run(self, "PRAGMA journal_mode = WAL", error) && run(self, "PRAGMA synchronous = FULL", error) &&
         run(self, "PRAGMA foreign_keys = ON", error) && migrate(self, version, error) &&
         prg_store_changes_prepare(self, error) && prg_store_log_watch(self);
}

static PrgStoreDb *
db_new(const char *path)
{
  PrgStoreDb *self = g_new0(PrgStoreDb, 1);

  self->path = g_strdup(path);
  return self;
}

PrgStoreDb *
prg_store_db_open(const char *path, gboolean create, char **damage, GError **error)
{
  g_autoptr(PrgStoreDb) self = db_new(path);

  *damage = NULL;
  if (connect_to(self, error) && set_up(self, create, error))
    return g_steal_pointer(&self);
  *damage = g_steal_pointer(&self->damage);
  return NULL;
}

PrgStoreDb *
prg_store_db_open_damaged(const char *path)
{
  g_autoptr(PrgStoreDb) self = db_new(path);

  if (!connect_to(self, NULL))
    return NULL;
  sqlite3_db_config(self->db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
  /* A file shorter than its header says is refused without this. */
  sqlite3_exec(self->db, "PRAGMA writable_schema = ON; PRAGMA query_only = ON; PRAGMA cell_size_check = ON",
               NULL, NULL, NULL);
  return g_steal_pointer(&self);
}

gboolean
prg_store_db_checkpoint(PrgStoreDb *self, GError **error)
{
  int code;

  errno = 0;
  code = sqlite3_wal_checkpoint_v2(self->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
  if (code != SQLITE_OK)
    return prg_store_db_fail(self, code, NC_("could not", "write to"), error);
  sqlite3_db_config(self->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
  return TRUE;
}

void
prg_store_db_free(PrgStoreDb *self)
{
  for (guint i = 0; i < PRG_STORE_N_STATEMENTS; i++)
    sqlite3_finalize(self->statements[i]);
  sqlite3_close_v2(self->db);
  g_free(self->path);
  g_free(self->damage);
  g_free(self);
}

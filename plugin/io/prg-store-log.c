/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-store-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>

/*
 * When the disk refuses to write or to sync, the frames of the refused commit may stand in the WAL all the same: whole, with
 * the mark of a commit. This process does not believe them, because SQLite did not take them into its index. The next one
 * would: it only sees sound frames, and a call that was refused, and perhaps repeated, would count.
 *
 * SQLite itself would only write the next commit over them. So they are cut off at once. That needs no space and no sync, and
 * works on most disks that refuse both.
 */

#define FRAME (PRG_STORE_LOG_FRAME_HEADER + PRG_STORE_PAGE_SIZE)
#define CHECKPOINT_FRAMES 1000 /* as SQLite does by itself where nobody watches */

/* (nullable) */
static sqlite3_file *
log_file(PrgStoreDb *self)
{
  sqlite3_file *file = NULL;

  if (sqlite3_file_control(self->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file) != SQLITE_OK)
    return NULL;
  return file != NULL && file->pMethods != NULL ? file : NULL;
}

/* Zeros where there is no header yet: SQLite fills up what it cannot read. */
static gboolean
read_header(PrgStoreDb *self, guint8 header[PRG_STORE_LOG_HEADER])
{
  sqlite3_file *file = log_file(self);
  int code;

  memset(header, 0, PRG_STORE_LOG_HEADER);
  if (file == NULL)
    return TRUE;
  code = file->pMethods->xRead(file, header, PRG_STORE_LOG_HEADER, 0);
  return code == SQLITE_OK || code == SQLITE_IOERR_SHORT_READ;
}

static void
note_end(PrgStoreDb *self, int frames)
{
  self->log_frames = read_header(self, self->log_header) ? frames : -1;
}

/* SQLite calls this after each commit, in place of its own automatic checkpoint. That one's failure is nobody's: the WAL
 * holds everything, and the next commit tries again. */
static int
on_committed(void *user_data, sqlite3 *db, const char *name, int frames)
{
  PrgStoreDb *self = user_data;

  note_end(self, frames);
  if (frames >= CHECKPOINT_FRAMES)
    (void)sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
  return SQLITE_OK;
}

gboolean
prg_store_log_watch(PrgStoreDb *self)
{
  int frames = -1;

  /* What the last process left is brought into the file; only so SQLite says how much it was. On a disk that refuses that, the
   * end is not known before the first commit. */
  (void)sqlite3_wal_checkpoint_v2(self->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &frames, NULL);
  note_end(self, frames);
  (void)sqlite3_wal_hook(self->db, on_committed, self);
  return TRUE;
}

/* A header that changed means that the refused commit began the WAL anew: all that was in it before is in the file. */
static gboolean
cut_off(PrgStoreDb *self)
{
  guint8 header[PRG_STORE_LOG_HEADER];
  sqlite3_file *file = log_file(self);
  sqlite3_int64 length = 0;

  if (file == NULL || !read_header(self, header))
    return FALSE;
  if (memcmp(header, self->log_header, sizeof header) == 0) {
    if (self->log_frames < 0)
      return FALSE;
    length = self->log_frames == 0 ? 0 : PRG_STORE_LOG_HEADER + (sqlite3_int64)self->log_frames * FRAME;
  }
  if (file->pMethods->xTruncate(file, length) != SQLITE_OK)
    return FALSE;
  /* For a power cut; a disk that does not sync has refused the next commit too. */
  (void)file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
  return TRUE;
}

gboolean
prg_store_log_take_back(PrgStoreDb *self, GError **error)
{
  int code = SQLITE_OK;

  errno = 0;
  if (!cut_off(self))
    code = sqlite3_wal_checkpoint_v2(self->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
  self->in_doubt = code != SQLITE_OK;
  return code == SQLITE_OK ||
         prg_store_db_fail(self, code, NC_("could not", "undo a refused change of"), error);
}

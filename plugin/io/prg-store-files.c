/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-store-private.h"

#include "prg-error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIRECTORY_MODE 0700
#define FILE_MODE 0600
#define DAMAGED ".damaged-"

static const char *const companions[] = { "", "-wal", "-journal", "-shm" };

static char *
path_of(PrgStoreFiles *self, const char *suffix)
{
  return g_strdup_printf("%s/%s%s", self->directory, self->account, suffix);
}

static gboolean
exists(const char *path)
{
  struct stat info;

  return lstat(path, &info) == 0;
}

/* --- directory and lock --- */

static gboolean
name_is_safe(const char *account)
{
  return account != NULL && *account != '\0' && *account != '.' && strchr(account, '/') == NULL &&
         strstr(account, DAMAGED) == NULL && strlen(account) < 200;
}

/* A new or renamed file is there after a power cut only when its directory was synced too. */
static gboolean
sync_directory(const char *directory, GError **error)
{
  const int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const gboolean done = fd >= 0 && fsync(fd) == 0;
  const int code = errno;

  if (fd >= 0)
    close(fd);
  return done || prg_store_fail_errno(directory, code, NC_("could not", "sync"), error);
}

static gboolean
check_private(const char *directory, GError **error)
{
  struct stat info;

  if (stat(directory, &info) != 0)
    return prg_store_fail_errno(directory, errno, NC_("could not", "open"), error);
  if (info.st_uid != geteuid()) {
    g_set_error(
        error, PRG_ERROR, PRG_ERROR_STORAGE_FAILED,
        _("“%s” belongs to another user (%u), who could read and change what is kept in it. Remove it, "
          "or make it your own."),
        directory, (guint)info.st_uid);
    return FALSE;
  }
  if ((info.st_mode & (S_ISVTX | 0777)) != DIRECTORY_MODE && !(info.st_mode & S_ISVTX) &&
      g_chmod(directory, DIRECTORY_MODE) != 0)
    return prg_store_fail_errno(directory, errno, NC_("could not", "make private"), error);
  return TRUE;
}

/* Whatever the umask is: a new directory is private, and one of ours that was opened up is made private
 * again. */
gboolean
prg_store_make_directory(const char *directory, GError **error)
{
  g_autofree char *parent = g_path_get_dirname(directory);

  if (g_mkdir_with_parents(parent, DIRECTORY_MODE) != 0)
    return prg_store_fail_errno(parent, errno, NC_("could not", "create"), error);
  if (g_mkdir(directory, DIRECTORY_MODE) == 0) {
    if (!sync_directory(parent, error))
      return FALSE;
  } else if (errno != EEXIST) {
    return prg_store_fail_errno(directory, errno, NC_("could not", "create"), error);
  }
  return check_private(directory, error);
}

static int
open_private(const char *path)
{
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);

  if (fd >= 0 && fchmod(fd, FILE_MODE) != 0) {
    const int code = errno;

    close(fd);
    errno = code;
    fd = -1;
  }
  return fd;
}

static gboolean
fail_locked(PrgStoreFiles *self, int fd, GError **error)
{
  char text[32] = "";
  const ssize_t length = pread(fd, text, sizeof text - 1, 0);
  const gint64 pid = length > 0 ? g_ascii_strtoll(text, NULL, 10) : 0;

  if (pid == getpid())
    g_set_error(error, PRG_ERROR, PRG_ERROR_STORAGE_FAILED, _("“%s” is already open in this process (%d)"),
                self->path, (int)pid);
  else if (pid > 0)
    g_set_error(error, PRG_ERROR, PRG_ERROR_STORAGE_FAILED,
                _("“%s” is in use by the process %d: only one may use it at a time. Quit that one first."),
                self->path, (int)pid);
  else
    g_set_error(error, PRG_ERROR, PRG_ERROR_STORAGE_FAILED,
                _("“%s” is in use by another process: only one may use it at a time. Quit that one first."),
                self->path);
  return FALSE;
}

/* The kernel drops the lock with the last descriptor, however the process ends. The file stays: removing it
 * would let two processes lock two files. */
static gboolean
lock(PrgStoreFiles *self, GError **error)
{
  g_autofree char *path = path_of(self, ".lock");
  g_autofree char *pid = g_strdup_printf("%d\n", (int)getpid());
  const int fd = open_private(path);
  int code;

  if (fd < 0)
    return prg_store_fail_errno(path, errno, NC_("could not", "open"), error);
  do
    code = flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
  while (code == EINTR);
  if (code != 0) {
    (void)(code == EWOULDBLOCK ? fail_locked(self, fd, error)
                               : prg_store_fail_errno(path, code, NC_("could not", "lock"), error));
    close(fd);
    return FALSE;
  }
  self->lock = fd;
  /* Only for the message to another process: on a full disk the lock holds without it. */
  if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, strlen(pid), 0) < 0)
    g_debug("The lock file %s could not be written", path);
  return TRUE;
}

PrgStoreFiles *
prg_store_files_open(const char *directory, const char *account, GError **error)
{
  g_autoptr(PrgStoreFiles) self = g_new0(PrgStoreFiles, 1);

  self->lock = -1;
  if (!name_is_safe(account)) {
    g_set_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT, _("Not the name of an account: “%s”"),
                account != NULL ? account : "");
    return NULL;
  }
  self->directory = g_canonicalize_filename(directory, NULL);
  self->account = g_strdup(account);
  self->path = path_of(self, ".db");
  if (prg_store_make_directory(self->directory, error) && lock(self, error))
    return g_steal_pointer(&self);
  return NULL;
}

void
prg_store_files_free(PrgStoreFiles *self)
{
  if (self->lock >= 0)
    close(self->lock);
  g_free(self->directory);
  g_free(self->account);
  g_free(self->path);
  g_free(self);
}

/* --- new files, and damaged ones --- */

static void
remove_all(const char *path)
{
  for (guint i = 0; i < G_N_ELEMENTS(companions); i++) {
    g_autofree char *one = g_strconcat(path, companions[i], NULL);

    (void)g_unlink(one);
  }
}

static GPtrArray *
changes_from_snapshot(PrgSnapshot *snapshot)
{
  GPtrArray *changes = prg_changes_new();
  GHashTableIter iter;
  gpointer key, value;

  for (guint i = 0; i < snapshot->entries->len; i++) {
    const PrgEntry *entry = g_ptr_array_index(snapshot->entries, i);
    PrgChange *change = prg_changes_put(changes, entry->operation, entry->state, entry->in_base);

    change->note = g_strdup(entry->note);
    change->answer = g_strdup(entry->answer);
  }
  g_hash_table_iter_init(&iter, snapshot->meta);
  while (g_hash_table_iter_next(&iter, &key, &value))
    prg_changes_meta(changes, key, value);
  return changes;
}

static gboolean
fill(const char *path, PrgSnapshot *content, GError **error)
{
  g_autofree char *damage = NULL;
  g_autoptr(PrgStoreDb) db = prg_store_db_open(path, TRUE, &damage, error);
  g_autoptr(GPtrArray) changes = NULL;

  if (db == NULL)
    return FALSE;
  changes = changes_from_snapshot(content);
  return prg_store_changes_commit(db, changes, error) && prg_store_db_checkpoint(db, error);
}

/* Builds <account>.ready with @content. It is whole or not there, whenever the power fails. */
static gboolean
build(PrgStoreFiles *self, PrgSnapshot *content, GError **error)
{
  g_autofree char *fresh = path_of(self, ".fresh");
  g_autofree char *ready = path_of(self, ".ready");
  int fd;

  remove_all(fresh);
  fd = open_private(fresh);
  if (fd < 0)
    return prg_store_fail_errno(fresh, errno, NC_("could not", "create"), error);
  close(fd);
  if (!fill(fresh, content, error)) {
    remove_all(fresh);
    return FALSE;
  }
  if (g_rename(fresh, ready) != 0)
    return prg_store_fail_errno(fresh, errno, NC_("could not", "rename"), error);
  return sync_directory(self->directory, error);
}

/* A path under which nothing is kept yet. */
static char *
aside_path(PrgStoreFiles *self)
{
  g_autoptr(GDateTime) now = g_date_time_new_now_utc();
  g_autofree char *stamp = g_date_time_format(now, "%Y%m%dT%H%M%SZ");

  for (guint i = 0;; i++) {
    g_autofree char *more = i == 0 ? g_strdup("") : g_strdup_printf("-%u", i);
    g_autofree char *path =
        g_strdup_printf("%s/%s" DAMAGED "%s%s.db", self->directory, self->account, stamp, more);
    gboolean taken = FALSE;

    for (guint j = 0; j < G_N_ELEMENTS(companions); j++) {
      g_autofree char *one = g_strconcat(path, companions[j], NULL);

      taken = taken || exists(one);
    }
    if (!taken)
      return g_steal_pointer(&path);
  }
}

/* *@aside (nullable): where the old file went. SQLite finds the WAL again under the new name. */
static gboolean
set_aside(PrgStoreFiles *self, char **aside, GError **error)
{
  g_autofree char *path = aside_path(self);
  gboolean moved = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS(companions); i++) {
    g_autofree char *from = g_strconcat(self->path, companions[i], NULL);
    g_autofree char *to = g_strconcat(path, companions[i], NULL);

    if (!exists(from))
      continue;
    if (g_rename(from, to) != 0)
      return prg_store_fail_errno(from, errno, NC_("could not", "set aside"), error);
    moved = TRUE;
  }
  *aside = moved ? g_steal_pointer(&path) : NULL;
  return TRUE;
}

/* Puts <account>.ready in the place of whatever is there. */
static gboolean
swap(PrgStoreFiles *self, char **aside, GError **error)
{
  g_autofree char *ready = path_of(self, ".ready");

  if (!set_aside(self, aside, error))
    return FALSE;
  if (g_rename(ready, self->path) != 0)
    return prg_store_fail_errno(ready, errno, NC_("could not", "rename"), error);
  return sync_directory(self->directory, error);
}

static gboolean
create(PrgStoreFiles *self, GError **error)
{
  g_autoptr(PrgSnapshot) nothing = prg_snapshot_new();
  g_autofree char *aside = NULL;

  return build(self, nothing, error) && swap(self, &aside, error);
}

/* The new file is complete before the old one is touched. */
static gboolean
repair(PrgStoreFiles *self, const char *reason, PrgStoreReport *report, GError **error)
{
  g_autoptr(PrgSnapshot) rescued = prg_store_rescue(self->path, error);

  if (rescued == NULL || !build(self, rescued, error) || !swap(self, &report->set_aside, error))
    return FALSE;
  report->damaged = TRUE;
  report->reason = g_strdup(reason);
  report->saved = rescued->entries->len;
  return TRUE;
}

/* A crash between the two renames of a repair (or of a creation: then there was nothing to set aside). */
static gboolean
finish_swap(PrgStoreFiles *self, PrgStoreReport *report, GError **error)
{
  g_autofree char *ready = path_of(self, ".ready");

  if (!exists(ready))
    return TRUE;
  if (!swap(self, &report->set_aside, error))
    return FALSE;
  report->damaged = report->set_aside != NULL;
  report->reason = report->damaged ? g_strdup(_("the repair of a damaged file had been interrupted")) : NULL;
  return TRUE;
}

/* *@damage (nullable): what is wrong with the file as it lies there. Creates it if there is none. */
static gboolean
prepare_file(PrgStoreFiles *self, char **damage, GError **error)
{
  g_autofree char *wal = g_strconcat(self->path, "-wal", NULL);
  struct stat info;
  int fd;

  if (!exists(self->path) && !exists(wal))
    return create(self, error);
  if (lstat(self->path, &info) == 0) {
    if (!S_ISREG(info.st_mode))
      return prg_store_fail_errno(self->path, ELOOP, NC_("could not", "open"), error);
    fd = open_private(self->path);
    if (fd < 0)
      return prg_store_fail_errno(self->path, errno, NC_("could not", "open"), error);
    close(fd);
  }
  return prg_store_pages_check(self->path, damage, error);
}

static PrgStoreDb *
open_and_load(PrgStoreFiles *self, PrgSnapshot **snapshot, char **damage, GError **error)
{
  g_autoptr(PrgStoreDb) db = prg_store_db_open(self->path, FALSE, damage, error);

  if (db == NULL)
    return NULL;
  *snapshot = prg_store_rows_load(db, error);
  if (*snapshot != NULL)
    return g_steal_pointer(&db);
  *damage = g_steal_pointer(&db->damage);
  return NULL;
}

PrgStoreDb *
prg_store_files_open_db(PrgStoreFiles *self, PrgSnapshot **snapshot, PrgStoreReport *report, GError **error)
{
  g_autofree char *damage = NULL;
  g_autoptr(GError) local_error = NULL;
  PrgStoreDb *db = NULL;

  if (!finish_swap(self, report, error) || !prepare_file(self, &damage, error))
    return NULL;
  if (damage == NULL)
    db = open_and_load(self, snapshot, &damage, &local_error);
  if (db == NULL && damage != NULL) {
    g_autofree char *again = NULL;

    g_clear_error(&local_error);
    if (repair(self, damage, report, error))
      db = open_and_load(self, snapshot, &again, error);
    return db;
  }
  if (db == NULL)
    g_propagate_error(error, g_steal_pointer(&local_error));
  else if (report->damaged)
    report->saved = (*snapshot)->entries->len;
  if (db != NULL)
    report->migrated_from = db->migrated_from;
  return db;
}

GPtrArray *
prg_store_list(const char *directory)
{
  GPtrArray *accounts = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
    g_autofree char *account = NULL;

    if (!g_str_has_suffix(name, ".db"))
      continue;
    account = g_strndup(name, strlen(name) - strlen(".db"));
    if (name_is_safe(account))
      g_ptr_array_add(accounts, g_steal_pointer(&account));
  }
  return accounts;
}

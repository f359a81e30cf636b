/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The same account's file of another installation on this machine: read, never written. */
#include "prg-store-private.h"

#include "prg-error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
  char *directory; /* (owned) our own */
  char *beside;    /* (owned) the other installation's */
  char *account;   /* (owned) */
} Reading;

static void
reading_free(gpointer data)
{
  Reading *self = data;

  g_free(self->directory);
  g_free(self->beside);
  g_free(self->account);
  g_free(self);
}

/* An app in its sandbox finds its own folder under the name that it has outside. */
static gboolean
is_our_own(const Reading *self)
{
  struct stat ours, theirs;

  return stat(self->directory, &ours) == 0 && stat(self->beside, &theirs) == 0 &&
         ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

static char *
path_of(const Reading *self, const char *suffix)
{
  g_autofree char *name = g_strconcat(self->account, suffix, NULL);

  return g_build_filename(self->beside, name, NULL);
}

/* Its owner's lock, shared while we read. *@fd: -1 where no lock file is. FALSE: its owner has it open, and sends it. */
static gboolean
lock(const Reading *self, int *fd)
{
  g_autofree char *path = path_of(self, ".lock");

  *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (*fd < 0 || flock(*fd, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK)
    return TRUE;
  close(*fd);
  *fd = -1;
  return FALSE;
}

/* (transfer full) (nullable) (element-type PrgOperation) */
static GPtrArray *
read_waiting(const char *path, GError **error)
{
  GPtrArray *operations = g_ptr_array_new_with_free_func((GDestroyNotify)prg_operation_unref);
  g_autoptr(PrgSnapshot) snapshot = NULL;
  struct stat info;

  if (lstat(path, &info) != 0 || !S_ISREG(info.st_mode))
    return operations;
  snapshot = prg_store_rescue(path, error);
  if (snapshot == NULL) {
    g_ptr_array_unref(operations);
    return NULL;
  }
  for (guint i = 0; i < snapshot->entries->len; i++) {
    const PrgEntry *entry = g_ptr_array_index(snapshot->entries, i);
    if (prg_operation_state_is_unsettled(entry->state))
      g_ptr_array_add(operations, prg_operation_ref(entry->operation));
  }
  return operations;
}

static void
read_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Reading *self = task_data;
  g_autofree char *path = path_of(self, ".db");
  GPtrArray *operations;
  GError *error = NULL;
  int fd = -1;

  if (is_our_own(self) || !lock(self, &fd))
    operations = g_ptr_array_new_with_free_func((GDestroyNotify)prg_operation_unref);
  else
    operations = read_waiting(path, &error);
  if (fd >= 0)
    close(fd);
  if (operations)
    g_task_return_pointer(task, operations, (GDestroyNotify)g_ptr_array_unref);
  else
    g_task_return_error(task, error);
}

void
prg_store_read_beside_async(const char *directory,
                            const char *beside,
                            const char *account,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user_data);
  Reading *self = g_new0(Reading, 1);

  self->directory = g_strdup(directory);
  self->beside = g_strdup(beside);
  self->account = g_strdup(account);
  g_task_set_source_tag(task, prg_store_read_beside_async);
  g_task_set_task_data(task, self, reading_free);
  g_task_run_in_thread(task, read_in_thread);
}

GPtrArray *
prg_store_read_beside_finish(GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer(G_TASK(result), error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-error.h"
#include "prg-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
  char *path; /* (owned) */
  gsize limit;
} Reading;

static void
reading_free(Reading *self)
{
  g_free(self->path);
  g_free(self);
}

static void
text_free(GString *text)
{
  g_string_free(text, TRUE);
}

static GString *
fail(const Reading *self, int code, const char *what, GError **error)
{
  g_set_error(error, PRG_ERROR, code, "“%s” %s", self->path, what);
  return NULL;
}

static GString *
read_regular(const Reading *self, int fd, GError **error)
{
  g_autoptr(GString) text = g_string_new(NULL);
  struct stat info;
  char piece[16 * 1024];
  ssize_t got;

  if (fstat(fd, &info) != 0)
    return fail(self, PRG_ERROR_STORAGE_FAILED, g_strerror(errno), error);
  if (!S_ISREG(info.st_mode))
    return fail(self, PRG_ERROR_STORAGE_FAILED, _("is no regular file"), error);
  /* Its size is no promise: it may grow, and is 0 for a file of the kernel's. */
  while (text->len <= self->limit && (got = TEMP_FAILURE_RETRY(read(fd, piece, sizeof piece))) != 0) {
    if (got < 0)
      return fail(self, PRG_ERROR_STORAGE_FAILED, g_strerror(errno), error);
    g_string_append_len(text, piece, got);
  }
  if (text->len <= self->limit)
    return g_steal_pointer(&text);
  g_set_error(error, PRG_ERROR, PRG_ERROR_TOO_LARGE, _("“%s” may be %zu bytes long"), self->path,
              self->limit);
  return NULL;
}

static void
read_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Reading *self = task_data;
  GError *error = NULL;
  GString *text = NULL;
  /* O_NONBLOCK: the opening of a pipe waits for a writer otherwise. */
  int fd = open(self->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

  if (fd < 0)
    fail(self, errno == ENOENT ? PRG_ERROR_UNKNOWN_ID : PRG_ERROR_STORAGE_FAILED, g_strerror(errno), &error);
  else
    text = read_regular(self, fd, &error);
  if (fd >= 0)
    close(fd);
  if (text)
    g_task_return_pointer(task, text, (GDestroyNotify)text_free);
  else
    g_task_return_error(task, error);
}

void
prg_file_read_async(const char *path,
                    gsize limit,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user_data);
  Reading *self = g_new0(Reading, 1);

  self->path = g_strdup(path);
  self->limit = limit;
  g_task_set_source_tag(task, prg_file_read_async);
  g_task_set_task_data(task, self, (GDestroyNotify)reading_free);
  g_task_run_in_thread(task, read_in_thread);
}

char *
prg_file_read_finish(GAsyncResult *result, gsize *length, GError **error)
{
  GString *text = g_task_propagate_pointer(G_TASK(result), error);

  if (text == NULL)
    return NULL;
  if (length)
    *length = text->len;
  return g_string_free(text, FALSE);
}

const char *
prg_file_read_get_path(GAsyncResult *result)
{
  const Reading *self = g_task_get_task_data(G_TASK(result));

  return self->path;
}

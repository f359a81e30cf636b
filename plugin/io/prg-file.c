/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-file.h"
#include "prg-error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <unistd.h>

/*
 * Neither of GLib's ways is used. g_file_replace() removes the old file first when its temporary one cannot be made, so a full
 * disk loses both. g_file_set_contents_full() does not sync the folder, so a new name may be gone after a power cut.
 */

static gboolean
fail(const char *path, int code, const char *doing, GError **error)
{
  const char *advice = prg_error_disk_advice(code);

  g_set_error(error, PRG_ERROR, PRG_ERROR_STORAGE_FAILED, _("Could not %s “%s”: %s. %s"),
              g_dpgettext2(GETTEXT_PACKAGE, "could not", doing), path, g_strerror(code),
              advice ? advice : _("Check that the folder exists."));
  return FALSE;
}

static gboolean
sync_folder_of(const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname(path);
  const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const gboolean done = fd >= 0 && fsync(fd) == 0;
  const int code = errno;

  if (fd >= 0)
    close(fd);
  return done || fail(folder, code, NC_("could not", "sync"), error);
}

int
prg_file_begin(const char *temporary, GError **error)
{
  const int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

  if (fd < 0)
    fail(temporary, errno, NC_("could not", "create"), error);
  return fd;
}

void
prg_file_abandon(const char *temporary, int fd)
{
  close(fd);
  (void)g_unlink(temporary);
}

gboolean
prg_file_end(const char *temporary, int fd, const char *path, GError **error)
{
  if (fsync(fd) != 0) {
    fail(path, errno, NC_("could not", "write"), error);
    prg_file_abandon(temporary, fd);
    return FALSE;
  }
  close(fd);
  if (g_rename(temporary, path) != 0) {
    fail(path, errno, NC_("could not", "write"), error);
    (void)g_unlink(temporary);
    return FALSE;
  }
  return sync_folder_of(path, error);
}

static gboolean
write_all(int fd, const char *text, gsize length)
{
  while (length > 0) {
    const ssize_t written = write(fd, text, length);

    if (written < 0 && errno != EINTR)
      return FALSE;
    text += MAX(written, 0);
    length -= (gsize)MAX(written, 0);
  }
  return TRUE;
}

gboolean
prg_file_replace(const char *path, const char *text, gsize length, GError **error)
{
  g_autofree char *temporary = g_strconcat(path, ".new", NULL);
  const int fd = prg_file_begin(temporary, error);

  if (fd < 0)
    return FALSE;
  if (write_all(fd, text, length))
    return prg_file_end(temporary, fd, path, error);
  fail(path, errno, NC_("could not", "write"), error);
  prg_file_abandon(temporary, fd);
  return FALSE;
}

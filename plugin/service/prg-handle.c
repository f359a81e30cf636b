/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-handle.h"
#include "prg-error.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <unistd.h>

int
prg_handle_take(GUnixFDList *list, gint32 index, const char *name, gboolean to_write, GError **error)
{
  int fd = -1;

  if (list && index >= 0 && index < g_unix_fd_list_get_length(list))
    fd = g_unix_fd_list_get(list, index, NULL);
  if (fd < 0)
    g_set_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT,
                _("“%s” must be an open file descriptor sent with the call"), name);
  if (fd < 0)
    return -1;
  /* Waiting for the wrong end of a pipe would never end. */
  if ((fcntl(fd, F_GETFL) & O_ACCMODE) != (to_write ? O_RDONLY : O_WRONLY))
    return fd;
  close(fd);
  g_set_error(error, PRG_ERROR, PRG_ERROR_INVALID_ARGUMENT,
              to_write ? _("“%s” is not open for writing") : _("“%s” is not open for reading"), name);
  return -1;
}

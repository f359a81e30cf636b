/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-error.h"

#include <errno.h>
#include <glib/gi18n-lib.h>

GQuark
prg_error_quark(void)
{
  return g_quark_from_static_string("prg-error-quark");
}

const char *
prg_error_disk_advice(int system_errno)
{
  switch (system_errno) {
  case ENOSPC:
  case EDQUOT:
  case EFBIG:
    return _("Free some space on this disk; nothing is lost and the next attempt may succeed.");
  case EACCES:
  case EPERM:
  case EROFS:
    return _("Make the folder and its files writable for this user.");
  case EIO:
    return _("The disk reported an error; look at the system's log and check the disk.");
  default:
    return NULL;
  }
}

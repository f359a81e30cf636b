/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * PrgError:
 *
 * Every way in which this project fails, in the order of the D-Bus error table in
 * `plugin/service/prg-dbus-error.c`. Layers below the bus never invent another domain.
 */
typedef enum {
  PRG_ERROR_NOT_SIGNED_IN,
  PRG_ERROR_INVALID_ARGUMENT,
  PRG_ERROR_UNKNOWN_EVENT_TYPE,
  PRG_ERROR_UNKNOWN_ID,
  PRG_ERROR_ID_REUSED,
  PRG_ERROR_NOT_ELIGIBLE,
  PRG_ERROR_OFFLINE,
  PRG_ERROR_STILL_RUNNING,
  PRG_ERROR_AUTHENTICATION_FAILED,
  PRG_ERROR_PERMISSION_DENIED,
  PRG_ERROR_SCHEMA_MISSING,
  PRG_ERROR_RATE_LIMITED,
  PRG_ERROR_SERVER_ERROR,
  PRG_ERROR_KEYRING_LOCKED,
  PRG_ERROR_KEYRING_UNAVAILABLE,
  PRG_ERROR_STORAGE_FAILED,
  PRG_ERROR_PENDING_OPERATIONS,
  PRG_ERROR_TOO_LARGE,
  PRG_ERROR_CANCELLED,
} PrgError;

#define PRG_N_ERRORS (PRG_ERROR_CANCELLED + 1)

#define PRG_ERROR (prg_error_quark())
GQuark prg_error_quark(void);

/* What to do about a disk that answered with @system_errno; a sentence for people. (nullable): nothing to advise */
const char *prg_error_disk_advice(int system_errno);

G_END_DECLS

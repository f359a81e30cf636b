/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <lids-progression/lids-macros.h>

G_BEGIN_DECLS

/**
 * LidsProgressionError:
 * @LIDS_PROGRESSION_ERROR_NOT_SIGNED_IN: no account is known on this machine
 * @LIDS_PROGRESSION_ERROR_INVALID_ARGUMENT: an argument or option is wrong; the message names it
 * @LIDS_PROGRESSION_ERROR_UNKNOWN_EVENT_TYPE: the catalogue does not know this event type
 * @LIDS_PROGRESSION_ERROR_UNKNOWN_ID: the catalogue, or the history, does not know this id
 * @LIDS_PROGRESSION_ERROR_ID_REUSED: the caller's id was used before with other arguments
 * @LIDS_PROGRESSION_ERROR_NOT_ELIGIBLE: a condition does not hold: a score, a level, a state
 * @LIDS_PROGRESSION_ERROR_OFFLINE: the server was not reached
 * @LIDS_PROGRESSION_ERROR_STILL_RUNNING: the work goes on and ends with a signal
 * @LIDS_PROGRESSION_ERROR_AUTHENTICATION_FAILED: the server refuses the key
 * @LIDS_PROGRESSION_ERROR_PERMISSION_DENIED: the key's role may not do this
 * @LIDS_PROGRESSION_ERROR_SCHEMA_MISSING: the server lacks an object or a field
 * @LIDS_PROGRESSION_ERROR_RATE_LIMITED: too many calls of this program, or too many requests to the server
 * @LIDS_PROGRESSION_ERROR_SERVER_ERROR: the server answered with a failure
 * @LIDS_PROGRESSION_ERROR_KEYRING_LOCKED: the system keyring is locked
 * @LIDS_PROGRESSION_ERROR_KEYRING_UNAVAILABLE: there is no system keyring
 * @LIDS_PROGRESSION_ERROR_STORAGE_FAILED: this machine's disk failed; nothing was recorded, unless the message says that this is open
 * @LIDS_PROGRESSION_ERROR_PENDING_OPERATIONS: sign-out was refused, as something is not sent yet
 * @LIDS_PROGRESSION_ERROR_TOO_LARGE: a limit of the service
 * @LIDS_PROGRESSION_ERROR_CANCELLED: the service is being stopped
 * @LIDS_PROGRESSION_ERROR_UNAVAILABLE: the service is not there and cannot be started, or there is no session bus; nothing was done
 * @LIDS_PROGRESSION_ERROR_NO_ANSWER: the service ended, or stood still, before it answered: the call may have been carried out or
 *   not. An earning call is repeated by the library before this error is given; repeat it with the same id when the service is back.
 *
 * Why a call failed. All but the last two are answers of the service, named `org.lids.Progression.Error.…` on the bus; their
 * message is a sentence for people. A [class@Gio.Cancellable] gives %G_IO_ERROR_CANCELLED instead. New errors may be added.
 */
typedef enum {
  LIDS_PROGRESSION_ERROR_NOT_SIGNED_IN,
  LIDS_PROGRESSION_ERROR_INVALID_ARGUMENT,
  LIDS_PROGRESSION_ERROR_UNKNOWN_EVENT_TYPE,
  LIDS_PROGRESSION_ERROR_UNKNOWN_ID,
  LIDS_PROGRESSION_ERROR_ID_REUSED,
  LIDS_PROGRESSION_ERROR_NOT_ELIGIBLE,
  LIDS_PROGRESSION_ERROR_OFFLINE,
  LIDS_PROGRESSION_ERROR_STILL_RUNNING,
  LIDS_PROGRESSION_ERROR_AUTHENTICATION_FAILED,
  LIDS_PROGRESSION_ERROR_PERMISSION_DENIED,
  LIDS_PROGRESSION_ERROR_SCHEMA_MISSING,
  LIDS_PROGRESSION_ERROR_RATE_LIMITED,
  LIDS_PROGRESSION_ERROR_SERVER_ERROR,
  LIDS_PROGRESSION_ERROR_KEYRING_LOCKED,
  LIDS_PROGRESSION_ERROR_KEYRING_UNAVAILABLE,
  LIDS_PROGRESSION_ERROR_STORAGE_FAILED,
  LIDS_PROGRESSION_ERROR_PENDING_OPERATIONS,
  LIDS_PROGRESSION_ERROR_TOO_LARGE,
  LIDS_PROGRESSION_ERROR_CANCELLED,
  LIDS_PROGRESSION_ERROR_UNAVAILABLE,
  LIDS_PROGRESSION_ERROR_NO_ANSWER,
} LidsProgressionError;

#define LIDS_PROGRESSION_ERROR (lids_progression_error_quark())
LIDS_API GQuark lids_progression_error_quark(void);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-dbus-error.h"

#define PREFIX "org.lids.Progression.Error."

static const char *const error_names[] = {
  [PRG_ERROR_NOT_SIGNED_IN] = PREFIX "NotSignedIn",
  [PRG_ERROR_INVALID_ARGUMENT] = PREFIX "InvalidArgument",
  [PRG_ERROR_UNKNOWN_EVENT_TYPE] = PREFIX "UnknownEventType",
  [PRG_ERROR_UNKNOWN_ID] = PREFIX "UnknownId",
  [PRG_ERROR_ID_REUSED] = PREFIX "IdReused",
  [PRG_ERROR_NOT_ELIGIBLE] = PREFIX "NotEligible",
  [PRG_ERROR_OFFLINE] = PREFIX "Offline",
  [PRG_ERROR_STILL_RUNNING] = PREFIX "StillRunning",
  [PRG_ERROR_AUTHENTICATION_FAILED] = PREFIX "AuthenticationFailed",
  [PRG_ERROR_PERMISSION_DENIED] = PREFIX "PermissionDenied",
  [PRG_ERROR_SCHEMA_MISSING] = PREFIX "SchemaMissing",
  [PRG_ERROR_RATE_LIMITED] = PREFIX "RateLimited",
  [PRG_ERROR_SERVER_ERROR] = PREFIX "ServerError",
  [PRG_ERROR_KEYRING_LOCKED] = PREFIX "KeyringLocked",
  [PRG_ERROR_KEYRING_UNAVAILABLE] = PREFIX "KeyringUnavailable",
  [PRG_ERROR_STORAGE_FAILED] = PREFIX "StorageFailed",
  [PRG_ERROR_PENDING_OPERATIONS] = PREFIX "PendingOperations",
  [PRG_ERROR_TOO_LARGE] = PREFIX "TooLarge",
  [PRG_ERROR_CANCELLED] = PREFIX "Cancelled",
};
G_STATIC_ASSERT(G_N_ELEMENTS(error_names) == PRG_N_ERRORS);

const char *
prg_dbus_error_name(int code)
{
  if (code < 0 || code >= (int)PRG_N_ERRORS)
    return error_names[PRG_ERROR_SERVER_ERROR];
  return error_names[code];
}

const char *
prg_dbus_error_name_for(const GError *error)
{
  if (error->domain == PRG_ERROR)
    return prg_dbus_error_name(error->code);
  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return error_names[PRG_ERROR_CANCELLED];
  return error_names[PRG_ERROR_SERVER_ERROR];
}

char *
prg_dbus_error_message_for(const GError *error)
{
  return g_utf8_make_valid(error->message, -1);
}

void
prg_dbus_error_return(GDBusMethodInvocation *invocation, GError *error)
{
  g_autofree char *message = prg_dbus_error_message_for(error);

  g_dbus_method_invocation_return_dbus_error(invocation, prg_dbus_error_name_for(error), message);
  g_error_free(error);
}

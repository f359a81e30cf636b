/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lids-progression-error-private.h"

#include "lids-outcome.h"
#include <glib/gi18n-lib.h>

#define PREFIX "org.lids.Progression.Error."

/* The names on the bus. A test compares them with the service's own table. */
static const GDBusErrorEntry entries[] = {
  { LIDS_PROGRESSION_ERROR_NOT_SIGNED_IN, PREFIX "NotSignedIn" },
  { LIDS_PROGRESSION_ERROR_INVALID_ARGUMENT, PREFIX "InvalidArgument" },
  { LIDS_PROGRESSION_ERROR_UNKNOWN_EVENT_TYPE, PREFIX "UnknownEventType" },
  { LIDS_PROGRESSION_ERROR_UNKNOWN_ID, PREFIX "UnknownId" },
  { LIDS_PROGRESSION_ERROR_ID_REUSED, PREFIX "IdReused" },
  { LIDS_PROGRESSION_ERROR_NOT_ELIGIBLE, PREFIX "NotEligible" },
  { LIDS_PROGRESSION_ERROR_OFFLINE, PREFIX "Offline" },
  { LIDS_PROGRESSION_ERROR_STILL_RUNNING, PREFIX "StillRunning" },
  { LIDS_PROGRESSION_ERROR_AUTHENTICATION_FAILED, PREFIX "AuthenticationFailed" },
  { LIDS_PROGRESSION_ERROR_PERMISSION_DENIED, PREFIX "PermissionDenied" },
  { LIDS_PROGRESSION_ERROR_SCHEMA_MISSING, PREFIX "SchemaMissing" },
  { LIDS_PROGRESSION_ERROR_RATE_LIMITED, PREFIX "RateLimited" },
  { LIDS_PROGRESSION_ERROR_SERVER_ERROR, PREFIX "ServerError" },
  { LIDS_PROGRESSION_ERROR_KEYRING_LOCKED, PREFIX "KeyringLocked" },
  { LIDS_PROGRESSION_ERROR_KEYRING_UNAVAILABLE, PREFIX "KeyringUnavailable" },
  { LIDS_PROGRESSION_ERROR_STORAGE_FAILED, PREFIX "StorageFailed" },
  { LIDS_PROGRESSION_ERROR_PENDING_OPERATIONS, PREFIX "PendingOperations" },
  { LIDS_PROGRESSION_ERROR_TOO_LARGE, PREFIX "TooLarge" },
  { LIDS_PROGRESSION_ERROR_CANCELLED, PREFIX "Cancelled" },
};
G_STATIC_ASSERT(G_N_ELEMENTS(entries) == LIDS_PROGRESSION_ERROR_UNAVAILABLE);

/**
 * lids_progression_error_quark:
 *
 * Gets the error domain of this library. With the first call the service's errors are registered with GDBus.
 *
 * Returns: the domain
 */
GQuark
lids_progression_error_quark(void)
{
  static gsize quark = 0;

  g_dbus_error_register_error_domain("lids-progression-error-quark", &quark, entries, G_N_ELEMENTS(entries));
  return (GQuark)quark;
}

static gboolean
is_unavailable(const GError *error)
{
  static const int codes[] = { G_DBUS_ERROR_SERVICE_UNKNOWN, G_DBUS_ERROR_NAME_HAS_NO_OWNER,
                               G_DBUS_ERROR_UNKNOWN_OBJECT, G_DBUS_ERROR_UNKNOWN_INTERFACE };

  /* The bus's reasons why it could not start a service stand together in the enumeration. */
  return lids_outcome_is_one_of(error, codes, G_N_ELEMENTS(codes)) ||
         (error->domain == G_DBUS_ERROR && error->code >= G_DBUS_ERROR_SPAWN_EXEC_FAILED &&
          error->code <= G_DBUS_ERROR_SPAWN_NO_MEMORY);
}

static gboolean
is_unanswered(const GError *error)
{
  static const int codes[] = { G_DBUS_ERROR_NO_REPLY, G_DBUS_ERROR_DISCONNECTED, G_DBUS_ERROR_TIMEOUT,
                               G_DBUS_ERROR_TIMED_OUT };

  return lids_outcome_is_one_of(error, codes, G_N_ELEMENTS(codes)) ||
         g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) ||
         g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

GError *
lids_progression_error_convert(GError *error)
{
  g_autoptr(GError) owned = error;

  g_dbus_error_strip_remote_error(owned);
  if (is_unavailable(owned))
    return g_error_new(LIDS_PROGRESSION_ERROR, LIDS_PROGRESSION_ERROR_UNAVAILABLE,
                       _("The progression service cannot be reached: %s. Is lids-progression installed?"),
                       owned->message);
  if (is_unanswered(owned))
    return g_error_new(
        LIDS_PROGRESSION_ERROR, LIDS_PROGRESSION_ERROR_NO_ANSWER,
        _("The progression service did not answer (%s). It may have done what was asked; repeat it "
          "with the same id."),
        owned->message);
  return g_steal_pointer(&owned);
}

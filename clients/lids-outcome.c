/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lids-outcome.h"

#define PREFIX "org.lids.Progression.Error."

gboolean
lids_outcome_is_one_of(const GError *error, const int *codes, guint n_codes)
{
  for (guint i = 0; i < n_codes; i++)
    if (g_error_matches(error, G_DBUS_ERROR, codes[i]))
      return TRUE;
  return FALSE;
}

LidsOutcome
lids_outcome_of(const GError *error)
{
  /* Who answers so has not begun: nobody was there, or a host that is just leaving the bus. */
  static const int not_done[] = { G_DBUS_ERROR_SPAWN_CHILD_EXITED, G_DBUS_ERROR_SPAWN_CHILD_SIGNALED,
                                  G_DBUS_ERROR_UNKNOWN_OBJECT, G_DBUS_ERROR_UNKNOWN_INTERFACE,
                                  G_DBUS_ERROR_UNKNOWN_METHOD };
  static const int lost[] = { G_DBUS_ERROR_NO_REPLY, G_DBUS_ERROR_DISCONNECTED };
  g_autofree char *name = g_dbus_error_get_remote_error(error);

  if (lids_outcome_is_one_of(error, not_done, G_N_ELEMENTS(not_done)))
    return LIDS_OUTCOME_NOT_DONE;
  if (lids_outcome_is_one_of(error, lost, G_N_ELEMENTS(lost)) || g_strcmp0(name, PREFIX "Cancelled") == 0)
    return LIDS_OUTCOME_UNKNOWN;
  /* Most say that nothing was recorded, and one that this is open. */
  if (g_strcmp0(name, PREFIX "StorageFailed") == 0)
    return LIDS_OUTCOME_UNKNOWN;
  if (g_strcmp0(name, PREFIX "StillRunning") == 0)
    return LIDS_OUTCOME_GOES_ON;
  return LIDS_OUTCOME_FINAL;
}

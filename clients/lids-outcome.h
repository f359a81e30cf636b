/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What an error says of a call to the service, for those who repeat calls: the client library and the command line. */
typedef enum {
  LIDS_OUTCOME_FINAL,    /* an answer, or nobody who could give one */
  LIDS_OUTCOME_NOT_DONE, /* it was not begun: may be repeated */
  LIDS_OUTCOME_UNKNOWN,  /* it may have been carried out or not */
  LIDS_OUTCOME_GOES_ON,  /* likewise, as it is being carried out: what is repeated waits for that */
} LidsOutcome;

/* The service answers within 20 s, StillRunning if need be. Starting it comes on top. */
#define LIDS_TIMEOUT_MS 30000
/* A service that ends at each of so many attempts is broken, not replaced. */
#define LIDS_MAX_ATTEMPTS 3

/* Whether it is one of these codes of G_DBUS_ERROR. */
gboolean lids_outcome_is_one_of(const GError *error, const int *codes, guint n_codes);

/* @error: as it came from GDBus, not stripped */
LidsOutcome lids_outcome_of(const GError *error);

G_END_DECLS

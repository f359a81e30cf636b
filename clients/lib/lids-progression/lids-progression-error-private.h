/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lids-progression-error.h"
#include <gio/gio.h>

G_BEGIN_DECLS

/* What an error of the bus says about the call. */
typedef enum {
  LIDS_OUTCOME_FINAL,    /* an answer, or nobody who could give one */
  LIDS_OUTCOME_NOT_DONE, /* it was not begun: may be repeated */
  LIDS_OUTCOME_UNKNOWN,  /* it may have been carried out or not */
} LidsOutcome;

/* @error: as it came from GDBus */
LidsOutcome lids_progression_error_get_outcome(const GError *error);
/* The error as a caller of this library gets it. @error: (transfer full). (transfer full) */
GError *lids_progression_error_convert(GError *error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lids-progression-error.h"
#include <gio/gio.h>

G_BEGIN_DECLS

/* The error as a caller of this library gets it. @error: (transfer full). (transfer full) */
GError *lids_progression_error_convert(GError *error);

G_END_DECLS

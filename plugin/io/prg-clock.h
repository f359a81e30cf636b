/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The outside world's time and chance, in one place. */
gint64 prg_clock_wall(void);      /* µs UTC */
gint64 prg_clock_monotonic(void); /* µs; never goes back, and goes on while the machine sleeps */
GTimeZone *prg_clock_zone(void);  /* (transfer full) the system's zone, read anew at each call */
char *prg_clock_zone_name(void);  /* (transfer full) IANA name, "UTC" if it cannot be told */
/* Ready at the instant @at (µs UTC) of the wall clock, also if the machine slept over it, and at once when somebody sets the
 * clock: the callback (a GSourceFunc) looks what time it is. Nothing runs before. (transfer full) */
GSource *prg_clock_alarm_new(gint64 at);
guint64 prg_clock_random(void); /* 64 random bits */
char *prg_clock_uuid(void);     /* (transfer full) UUID v4 */

G_END_DECLS

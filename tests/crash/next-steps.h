/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define NEXT_STEPS 2 /* that next-steps.c has more than the shipped release */

/* A program with next-steps.c is the shipped release for as long as this is set. No store may be opened meanwhile. */
extern gboolean next_steps_off;

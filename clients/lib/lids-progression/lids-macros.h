/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What the library exports; all else is hidden. (The symbols' version is given by liblids-progression.map.) */
#ifndef LIDS_API
#define LIDS_API __attribute__((visibility("default"))) extern
#endif

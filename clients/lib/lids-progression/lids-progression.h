/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The one header to include. */
#include <lids-progression/lids-dbus.h>
#include <lids-progression/lids-enum-types.h>
#include <lids-progression/lids-macros.h>
#include <lids-progression/lids-progression-client.h>
#include <lids-progression/lids-progression-error.h>
#include <lids-progression/lids-progression-types.h>

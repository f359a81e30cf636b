/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-load.h"

/**
 * prg_guest_load:
 * @error: what is wrong, in words that go on after “cannot start in this program: ”
 *
 * Loads `lids-progression.so` from beside the module that calls, wherever a link to that one led from, or else from where it
 * was installed. It stays in memory.
 *
 * Returns: (transfer none) (nullable) valid for ever
 */
const PrgLoaded *prg_guest_load(GError **error);

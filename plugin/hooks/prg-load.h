/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "prg-plugin.h"

typedef struct {
  PrgPluginStartFunc start;
  PrgPluginStopFunc stop;
} PrgLoaded;

/**
 * prg_load:
 * @path: of the shared object
 * @loaded: (out caller-allocates): its functions, valid for ever
 *
 * For our own hosts: loads the object, which stays in memory, and looks at its ABI before anything else of it is used. Errors:
 * G_IO_ERROR_NOT_FOUND, G_IO_ERROR_NOT_SUPPORTED for another ABI.
 */
gboolean prg_load(const char *path, PrgLoaded *loaded, GError **error);

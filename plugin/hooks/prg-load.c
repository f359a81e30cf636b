/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-load.h"

#include <glib/gi18n-lib.h>
#include <gmodule.h>

gboolean
prg_load(const char *path, PrgLoaded *loaded, GError **error)
{
  PrgPluginQueryFunc query = NULL;
  GModule *module = g_module_open(path, G_MODULE_BIND_LOCAL);

  if (module == NULL || !g_module_symbol(module, "lids_progression_query", (gpointer *)&query) ||
      !g_module_symbol(module, "lids_progression_start", (gpointer *)&loaded->start) ||
      !g_module_symbol(module, "lids_progression_stop", (gpointer *)&loaded->stop)) {
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "%s", g_module_error());
    return FALSE;
  }
  if (query()->abi_version == LIDS_PROGRESSION_ABI_VERSION)
    return TRUE;
  g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
              _("%s speaks ABI %u and this host %d; install both from one release"), path,
              query()->abi_version, LIDS_PROGRESSION_ABI_VERSION);
  return FALSE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plugin of some other time, which no host of today may start. */
#define PRG_EXPORT __attribute__((visibility("default")))
#include "prg-plugin.h"

#include <stdlib.h>

const PrgPluginInfo *
lids_progression_query(void)
{
  static const PrgPluginInfo info = { .abi_version = LIDS_PROGRESSION_ABI_VERSION + 1, .size = sizeof info };

  return &info;
}

PrgPlugin *
lids_progression_start(GDBusConnection *connection, GMainContext *context, GError **error)
{
  abort();
}

void
lids_progression_stop(PrgPlugin *plugin, PrgPluginStopped callback, gpointer user_data)
{
  abort();
}

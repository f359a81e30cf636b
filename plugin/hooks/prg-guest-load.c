/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-guest-load.h"

#include <dlfcn.h>
#include <stdlib.h>

#define OBJECT "lids-progression.so"

/* libsoup 3 ends a process that holds libsoup 2: a host shall rather be without us. */
static gboolean
check_host(GError **error)
{
  if (dlsym(RTLD_DEFAULT, "soup_uri_new") == NULL)
    return TRUE;
  g_set_error_literal(
      error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
      "it uses libsoup 2, and libsoup 3 cannot live beside that; use another program, or none: the "
      "session bus starts the service by itself");
  return FALSE;
}

/* Returns: (transfer full) */
static char *
find_object(void)
{
  Dl_info info;
  char *module = dladdr(&find_object, &info) != 0 ? realpath(info.dli_fname, NULL) : NULL;
  g_autofree char *folder = module ? g_path_get_dirname(module) : g_strdup(".");
  char *path = g_build_filename(folder, OBJECT, NULL);

  free(module);
  if (g_file_test(path, G_FILE_TEST_EXISTS))
    return path;
  g_free(path);
  return g_strdup(PRG_PLUGIN_PATH);
}

const PrgLoaded *
prg_guest_load(GError **error)
{
  static PrgLoaded loaded;
  g_autofree char *path = find_object();

  return check_host(error) && prg_load(path, &loaded, error) ? &loaded : NULL;
}

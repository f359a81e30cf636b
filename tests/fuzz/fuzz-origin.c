/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server's address: what is taken is the same to every reader, and a key never goes out in the clear. */
#include "fuzz.h"

#include "prg-twenty-private.h"

#include <string.h>

static void
check_origin(const char *origin)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *again = prg_twenty_parse_origin(origin, &error);
  g_autoptr(GUri) uri = g_uri_parse(origin, G_URI_FLAGS_NONE, NULL);

  g_assert_no_error(error);
  g_assert_cmpstr(again, ==, origin);
  for (const char *p = origin; *p != '\0'; p++)
    g_assert_true(g_ascii_isgraph(*p) && strchr("@\\%?#", *p) == NULL);
  g_assert_nonnull(uri);
  g_assert_null(g_uri_get_userinfo(uri));
  g_assert_cmpstr(g_uri_get_path(uri), ==, "");
  g_assert_true(g_str_equal(g_uri_get_scheme(uri), "https") || prg_twenty_is_loopback(g_uri_get_host(uri)));
  g_assert_cmpint(g_uri_get_port(uri), !=, 0);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup((const char *)data, size);
  g_autoptr(GError) error = NULL;
  g_autofree char *origin = prg_twenty_parse_origin(text, &error);

  fuzz_check_error(origin != NULL, error);
  if (origin != NULL)
    check_origin(origin);
  return 0;
}

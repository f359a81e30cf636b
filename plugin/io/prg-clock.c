/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-clock.h"

#include <errno.h>
#include <sys/random.h>

#define ZONE_DIR "/usr/share/zoneinfo/"

gint64
prg_clock_wall(void)
{
  return g_get_real_time();
}

gint64
prg_clock_monotonic(void)
{
  return g_get_monotonic_time();
}

GTimeZone *
prg_clock_zone(void)
{
  return g_time_zone_new_local();
}

/* Whether @name stands in the zone database. $TZ and /etc/timezone hold what people typed there: a POSIX rule
 * such as "CET-1CEST", a path, or nothing. */
static gboolean
is_iana_name(const char *name)
{
  g_autofree char *path = NULL;

  if (name == NULL || !g_ascii_isalpha(name[0]) || strstr(name, "..") != NULL)
    return FALSE;
  path = g_build_filename(ZONE_DIR, name, NULL);
  return g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

/* (transfer full) (nullable) */
static char *
debian_zone_name(void)
{
  g_autofree char *text = NULL;

  if (!g_file_get_contents("/etc/timezone", &text, NULL, NULL))
    return NULL;
  return g_strdup(g_strstrip(text));
}

/* (transfer full) (nullable): what /etc/localtime links to */
static char *
linked_zone_name(void)
{
  g_autofree char *target = g_file_read_link("/etc/localtime", NULL);
  const char *zone = target == NULL ? NULL : strstr(target, "/zoneinfo/");

  return zone == NULL ? NULL : g_strdup(zone + strlen("/zoneinfo/"));
}

char *
prg_clock_zone_name(void)
{
  const char *environment = g_getenv("TZ");
  g_autofree char *linked = linked_zone_name();
  g_autofree char *written = debian_zone_name();

  /* A set TZ decides alone, as it does for the C library: the system's zone must not name days that it does
   * not count. */
  if (environment != NULL) {
    environment += environment[0] == ':' ? 1 : 0;
    return g_strdup(is_iana_name(environment) ? environment : "UTC");
  }
  if (is_iana_name(linked))
    return g_steal_pointer(&linked);
  if (is_iana_name(written))
    return g_steal_pointer(&written);
  return g_strdup("UTC");
}

guint64
prg_clock_random(void)
{
  guint64 bits = 0;
  ssize_t n;

  do
    n = getrandom(&bits, sizeof bits, 0);
  while (n < 0 && errno == EINTR);
  /* Only a kernel without getrandom() or a filter of system calls gets here. */
  if (n != sizeof bits)
    bits = ((guint64)g_random_int() << 32) | g_random_int();
  return bits;
}

char *
prg_clock_uuid(void)
{
  return g_uuid_string_random();
}

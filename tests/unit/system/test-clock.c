/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "prg-clock.h"

#include <time.h>

/* The exact clock: time() may be a tick behind, and thus a second. */
static gint64
system_clock(void)
{
  struct timespec now;

  g_assert_cmpint(clock_gettime(CLOCK_REALTIME, &now), ==, 0);
  return (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static void
test_wall(void)
{
  gint64 before = system_clock();
  gint64 wall = prg_clock_wall();

  g_assert_cmpint(wall, >=, before);
  g_assert_cmpint(wall, <=, system_clock());
}

static void
test_monotonic(void)
{
  gint64 last = prg_clock_monotonic();

  for (int i = 0; i < 1000; i++) {
    gint64 now = prg_clock_monotonic();

    g_assert_cmpint(now, >=, last);
    last = now;
  }
}

/* 2026-07-01T00:00:00Z in hours east of Greenwich */
static int
summer_offset_hours(void)
{
  g_autoptr(GTimeZone) zone = prg_clock_zone();
  int interval = g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, G_GINT64_CONSTANT(1782864000));

  return g_time_zone_get_offset(zone, interval) / 3600;
}

static void
test_zone_is_read_anew(void)
{
  g_setenv("TZ", "Asia/Tokyo", TRUE);
  g_assert_cmpint(summer_offset_hours(), ==, 9);
  g_setenv("TZ", "America/New_York", TRUE);
  g_assert_cmpint(summer_offset_hours(), ==, -4);
  g_setenv("TZ", "UTC", TRUE);
  g_assert_cmpint(summer_offset_hours(), ==, 0);
}

static void
test_zone_name(void)
{
  static const struct {
    const char *tz, *name;
  } cases[] = {
    { "Europe/Berlin", "Europe/Berlin" },
    { ":America/New_York", "America/New_York" },
    { "America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires" },
    { "CET-1CEST,M3.5.0,M10.5.0/3", "UTC" },
    { "/etc/localtime", "UTC" },
    { "Europe/../../../../etc/passwd", "UTC" },
    { "Europe", "UTC" },
    { "Mars/Olympus", "UTC" },
    { "", "UTC" },
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *name = NULL;

    g_setenv("TZ", cases[i].tz, TRUE);
    name = prg_clock_zone_name();
    g_assert_cmpstr(name, ==, cases[i].name);
  }
}

static void
test_system_zone_name(void)
{
  g_autofree char *name = NULL;
  g_autoptr(GTimeZone) zone = NULL;

  g_unsetenv("TZ");
  name = prg_clock_zone_name();
  zone = g_time_zone_new_identifier(name);
  g_assert_nonnull(zone);
}

static gboolean
on_alarm(gpointer user_data)
{
  *(gint64 *)user_data = prg_clock_wall();
  return G_SOURCE_REMOVE;
}

static gint64
wait_for_alarm(gint64 at)
{
  g_autoptr(GMainContext) context = g_main_context_new();
  g_autoptr(GSource) alarm = prg_clock_alarm_new(at);
  gint64 rang = 0;

  g_source_set_callback(alarm, on_alarm, &rang, NULL);
  g_source_attach(alarm, context);
  while (rang == 0)
    g_main_context_iteration(context, TRUE);
  g_assert_true(g_source_is_destroyed(alarm));
  return rang;
}

/* Setting the clock and sleeping are the kernel's part; here: not before its time, and at once if that is past. */
static void
test_alarm(void)
{
  gint64 at = prg_clock_wall() + 50 * 1000;

  g_assert_cmpint(wait_for_alarm(at), >=, at);
  g_assert_cmpint(wait_for_alarm(prg_clock_wall() - G_USEC_PER_SEC), >, 0);
  g_assert_cmpint(wait_for_alarm(0), >, 0);
}

static void
test_alarm_that_is_given_up(void)
{
  g_autoptr(GMainContext) context = g_main_context_new();
  g_autoptr(GSource) alarm = prg_clock_alarm_new(prg_clock_wall());
  gint64 rang = 0;

  g_source_set_callback(alarm, on_alarm, &rang, NULL);
  g_source_attach(alarm, context);
  g_source_destroy(alarm);
  while (g_main_context_iteration(context, FALSE))
    continue;
  g_assert_cmpint(rang, ==, 0);
}

static void
test_random(void)
{
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
  guint64 ones = 0, zeros = 0;

  for (int i = 0; i < 1000; i++) {
    guint64 bits = prg_clock_random();

    ones |= bits;
    zeros |= ~bits;
    g_assert_true(g_hash_table_add(seen, g_memdup2(&bits, sizeof bits)));
  }
  g_assert_cmphex(ones, ==, G_MAXUINT64);
  g_assert_cmphex(zeros, ==, G_MAXUINT64);
}

static void
test_uuid(void)
{
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

  for (int i = 0; i < 1000; i++) {
    char *uuid = prg_clock_uuid();

    g_assert_true(g_uuid_string_is_valid(uuid));
    g_assert_cmpint(uuid[14], ==, '4');
    g_assert_true(g_hash_table_add(seen, uuid));
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/clock/wall", test_wall);
  g_test_add_func("/clock/monotonic", test_monotonic);
  g_test_add_func("/clock/zone-is-read-anew", test_zone_is_read_anew);
  g_test_add_func("/clock/zone-name", test_zone_name);
  g_test_add_func("/clock/system-zone-name", test_system_zone_name);
  g_test_add_func("/clock/alarm", test_alarm);
  g_test_add_func("/clock/alarm-given-up", test_alarm_that_is_given_up);
  g_test_add_func("/clock/random", test_random);
  g_test_add_func("/clock/uuid", test_uuid);
  return g_test_run();
}
